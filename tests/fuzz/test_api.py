"""Every operation of the API under requests made from its own document, as each kind of person and as nobody."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from exam_engine import demo_results, plan_store
from exam_engine.app import ENDPOINTS, version
from exam_engine.demo import PASSWORD
from exam_engine.edge.http import Endpoint
from exam_engine.edge.openapi import document
from exam_engine.makeup import makeup_store
from proctor import store
from tests.applicant import APP_PASSWORD
from tests.candidate import HEADERS, jpeg
from tests.exam_engine.edge.cast import PLAN, blueprint, proposal, walker
from tests.exam_engine.edge.role_table import REGISTRATION
from tests.exam_engine.edge.server import Server, forget
from tests.fuzz.conftest import EXAMPLES, Portal

ROLES: Final = ("physician", "invigilator", "agency", "province", "nobody")
ALLOWED: Final = ("institution", "nation", "author", "applicant")  # these ask only what they may
ASKING: Final = ("province", "agency", "author", "applicant", "physician", "chief", "nation", "nobody")
CHECKS: Final = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
REFUSED_EXAMPLES: Final = max(2, EXAMPLES // 6)  # for a role that is refused before anything else is looked at
TIMEOUT_S: Final = 30
schemathesis.serializer.alias("application/zip", "application/octet-stream")
REFUSALS: Final = ["400", "401", "403", "404", "405", "409", "413", "415", "429"]  # a body far too large is one too
WITHOUT_LOG_INS: Final = schemathesis.Config.from_dict(
    {
        "generation": {"with-security-parameters": False},
        "checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}},
    }
)
SCHEMA: Final = schemathesis.openapi.from_dict(
    json.loads(msgspec.json.encode(document(ENDPOINTS, version()))), config=WITHOUT_LOG_INS
)

ADD_ABSENCE: Final = """
INSERT INTO makeup.absences (person_id, cycle, kind, round, sitting_id, closed_at)
SELECT $1, 1, 'humanities', 'first', sitting_id, closes_at FROM exam.sittings WHERE sitting_id = $2 RETURNING absence_id
"""


class World(NamedTuple):
    """Who asks, and about what that is really there."""

    base_url: str
    sessions: dict[str, requests.Session]
    ids: dict[str, Any]


@pytest.fixture(scope="module")
def world(server: Server, portal: Portal) -> Iterator[World]:
    async def prepare() -> tuple[str, dict[str, Any]]:
        sitting_id = await server.five_items()
        async with server.candidate() as candidate, server.staff("invigilator") as desk:
            await candidate.begin(sitting_id)
            picture = (await candidate.portrait(33))["picture"]
            await candidate.commands(candidate.answer(1, "a"))
            act = await desk.act(sitting_id, {"type": "warn", "text": "请安静"}, candidate.attempt_id)
            asked = {"request_id": "case-of-the-world", "allegation": "leaving", "text": "多次离开考试页面"}
            case = await desk.post(f"/api/desk/attempts/{candidate.attempt_id}/cases", asked)
            pool, person_id = server.house.pool, await server.person_id(candidate.login)
            check_id = await pool.fetchval(store.BEGIN_CHECK, candidate.attempt_id, candidate.device, ["left", "right"])
            kept = await server.house.pictures.put(person_id, jpeg(34))
            photo: tuple[object, ...] = (person_id, kept.name, None, "none", "self", "pending", [], 0)
            ids = {"sitting_id": sitting_id, "attempt_id": candidate.attempt_id, "act_id": act["act_id"]}
            ids |= {"case_id": case["case"]["case_id"], "check_id": check_id, "job": "job-of-nobody"}
            ids["receipt"] = "0000-0000-0000-0000"
            ids |= {"photo_id": await pool.fetchval(store.ADD_PHOTO, *photo), "picture": picture}
            ids |= await registration(server) | await papers(server, sitting_id)
            return candidate.login, ids | await makeup(server, ids) | await results(server)

    login, ids = portal.call(prepare())
    sessions = {role: requests.Session() for role in (*ROLES, *ALLOWED, "chief")}
    for role, session in sessions.items():
        session.headers.update(HEADERS)
        if role != "nobody":
            who = {"login": {"physician": login, "applicant": ids["phone"]}.get(role, role), "password": PASSWORD}
            who |= {"password": APP_PASSWORD} if role == "applicant" else {}
            assert session.post(f"{server.base_url}/api/session", json=who, timeout=TIMEOUT_S).status_code == 200
    yield World(server.base_url, sessions, ids)
    for session in sessions.values():
        session.close()


async def registration(server: Server) -> dict[str, Any]:
    """A file under review, and beside it accounts and a hospital that may be reset, disabled and closed."""
    pool = server.house.pool
    async with walker(server, 0) as applicant, walker(server, 1) as another:
        await applicant.arrive()
        view = await applicant.hand_in("profile", await applicant.profile())
        await another.sign_up()
        phones = applicant.phone, another.phone
    hospital = await server.add_organisation("institution", "测试另一医院")
    await server.add_staff("spare", "institution", hospital)
    return {
        "phone": phones[0],
        "subject": "profile",
        "document_id": view["documents"][0]["document_id"],
        "file_id": await pool.fetchval("SELECT min(file_id) FROM reg.files"),
        "assessment_id": await pool.fetchval("SELECT max(assessment_id) FROM reg.assessment_accounts"),
        "organisation_id": hospital,
        "cycle_id": 1,
        "account_id": await pool.fetchval("SELECT account_id FROM people.accounts WHERE login = 'spare'"),
        "app_account_id": await pool.fetchval("SELECT account_id FROM people.accounts WHERE login = $1", phones[1]),
    }


async def papers(server: Server, sitting_id: int) -> dict[str, Any]:
    """An item that is in force, a blueprint, a plan of papers, and a proposal to mark anew."""
    pool = server.house.pool
    return {
        "item_id": await pool.fetchval("SELECT item_id FROM bank.items WHERE code = 'P-I-001'"),
        "version_id": 1,
        "blueprint_id": await blueprint(server),
        "plan_id": await pool.fetchval(plan_store.ADD, sitting_id, "fly", 1, PLAN, None),
        "proposal_id": await proposal(server, sitting_id),
    }


async def makeup(server: Server, ids: dict[str, Any]) -> dict[str, Any]:
    """The applicant was absent, has a seat in a make-up that is announced, and asks for the other one."""
    pool, now = server.house.pool, server.house.clock.now()
    opens_at, closes_at = now + timedelta(days=9), now + timedelta(days=9, hours=4)
    person_id, sitting_id = await server.person_id(ids["phone"]), ids["sitting_id"]
    plan_id = await pool.fetchval(makeup_store.ADD_PLAN, 1, "11", "humanities")
    await pool.execute(makeup_store.PUBLISHED, plan_id, now)
    window_id = await pool.fetchval(makeup_store.ADD_WINDOW, plan_id, "统一补考", opens_at, closes_at)
    room: tuple[object, ...] = (plan_id, window_id, "测试考点", False, "110105", 30, opens_at, closes_at, [])
    slots = [await pool.fetchval(makeup_store.ADD_SLOT, *room) for _ in range(2)]
    await pool.execute(makeup_store.SEAT, plan_id, [person_id], slots[:1], [sitting_id], now, False)
    asked = (plan_id, person_id, now, *slots, "与值班冲突，申请调整", now, "waiting")
    return {
        "makeup_id": plan_id,
        "slot_id": slots[0],
        "ask_id": await pool.fetchval(makeup_store.ADD_ASK, *asked),
        "absence_id": await pool.fetchval(ADD_ABSENCE, person_id, sitting_id),
    }


async def results(server: Server) -> dict[str, Any]:
    """Results of every kind, a recheck that waits, and paper exams."""
    pool = server.house.pool
    async with pool.acquire() as acquired, acquired.transaction():
        connection: Any = acquired
        await demo_results.add(connection, server.house.clock.now())
    return {
        "result_id": await pool.fetchval("SELECT result_id FROM result.rechecks"),
        "recheck_id": await pool.fetchval("SELECT recheck_id FROM result.rechecks"),
        "paper_id": await pool.fetchval("SELECT max(paper_id) FROM result.paper_list"),
        "import_id": await pool.fetchval("SELECT max(import_id) FROM result.paper_imports"),
        "archive_id": 1,
    }


def real_path(world: World, endpoint: Endpoint, names: Iterable[str]) -> dict[str, Any]:
    """The numbers of this path, of what is really there."""
    ids = world.ids
    if "/app-accounts/" in endpoint.path:
        ids = ids | {"account_id": ids["app_account_id"]}
    return {name: ids[name] for name in names}


def pairs() -> list[Any]:
    """Who asks what. The public operations are asked by nobody: with a session, one of them would end it."""
    return [
        pytest.param(endpoint, role, id=f"{role} {endpoint.method} {endpoint.path}")
        for endpoint in ENDPOINTS
        for role in (*ROLES, *ALLOWED)
        if (endpoint.roles or role == "nobody") and (role in ROLES or may(role, endpoint))
        # A stream of events that somebody may have does not end (tests/exam_engine/edge/test_inbox.py reads them).
        if endpoint.media != "text/event-stream" or not may(role, endpoint)
    ]


def may(role: str, endpoint: Endpoint) -> bool:
    """Whether the endpoint is for this role; the applicant is the physician of the registration's endpoints."""
    if role == "applicant":
        return "physician" in endpoint.roles and endpoint.path.startswith(REGISTRATION)
    return role in endpoint.roles or not endpoint.roles


@cache
def right_and_wrong(method: str, path: str) -> st.SearchStrategy[Case[Any]]:
    """Requests of this operation. Putting them together takes as long as asking, so all roles share them."""
    operation = SCHEMA[path][method]
    return st.one_of(operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE))


@pytest.mark.parametrize(("endpoint", "role"), pairs())
def test_no_request_breaks_the_server_and_every_answer_is_as_documented(
    world: World, portal: Portal, redis_url: str, endpoint: Endpoint, role: str
) -> None:
    allowed = may(role, endpoint)
    portal.call(forget(redis_url))  # or nearly everything would end at 429

    @examples(parent=examples.get_profile("fuzz"), max_examples=EXAMPLES if allowed else REFUSED_EXAMPLES)
    @given(
        case=right_and_wrong(endpoint.method, endpoint.path),
        real=st.sampled_from([True, True, True, False]),
    )
    def ask(case: Case[Any], real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters = real_path(world, endpoint, case.path_parameters)
        if endpoint.body is bytes and real:
            case.body = jpeg(7)
        response = case.call(world.base_url, session=world.sessions[role], timeout=TIMEOUT_S, allow_redirects=False)
        case.validate_response(response, checks=CHECKS)
        assert response.headers["x-content-type-options"]
        if not allowed:
            assert response.status_code in (401, 403, 404)

    ask()


@pytest.mark.parametrize(
    "endpoint",
    [pytest.param(e, id=f"{e.method} {e.path}") for e in ENDPOINTS if e.body not in (None, bytes)],
)
def test_a_body_that_is_not_as_documented_is_refused(
    world: World, portal: Portal, redis_url: str, endpoint: Endpoint
) -> None:
    operation = SCHEMA[endpoint.path][endpoint.method]
    role = next(role for role in ASKING if may(role, endpoint))
    portal.call(forget(redis_url))

    @examples(parent=examples.get_profile("fuzz"))
    @given(case=operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=None))
    def ask(case: Case[Any]) -> None:
        if case.path_parameters:
            case.path_parameters = real_path(world, endpoint, case.path_parameters)
        response = case.call(world.base_url, session=world.sessions[role], timeout=TIMEOUT_S, allow_redirects=False)
        case.validate_response(response, checks=[not_a_server_error, negative_data_rejection])

    ask()


def test_the_server_still_works_afterwards(server: Server, portal: Portal, world: World) -> None:
    async def work() -> str:
        async with server.candidate() as candidate:
            await candidate.begin(await server.five_items())
            outcome = await candidate.commands(candidate.answer(1, "a"), candidate.hand_in())
            return str([result["result"] for result in outcome["results"]])

    assert portal.call(work()) == "['saved', 'saved']"
    assert world.sessions["nobody"].get(f"{world.base_url}/api/health", timeout=TIMEOUT_S).json()["ready"]
