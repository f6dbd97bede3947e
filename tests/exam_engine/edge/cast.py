"""The people of the matrix: one of each role, the same roles of other scopes, and what they ask about."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import msgspec

from exam_engine import blueprint_store, plan_store
from exam_engine.demo_registration import WALKERS, id_number
from exam_engine.edge.http import Endpoint
from exam_engine.edge.stats_shapes import WhatIf
from exam_engine.makeup import makeup_store
from exam_engine.registration.filing import Wake
from exam_engine.results.tending import look_at
from proctor import store as proctor
from scoring import rulings_store
from scoring.marking import Ruling, Scheme
from tests.applicant import Applicant
from tests.candidate import Candidate, Person
from tests.exam_engine.edge.role_table import BODIES, PAPER, QUERIES, REGISTRATION, ROLES
from tests.exam_engine.edge.server import Server

A_PICTURE = "1" * 64
PLAN = '{"forms": 0, "overlap_max": 0.25, "uses_max": 0, "sample": 2000}'


class Cast(NamedTuple):
    """`strangers`: of the same roles, but of other scopes. `numbers`: what stands in paths, queries and bodies."""

    by_role: dict[str, Person]
    strangers: dict[str, Person]
    candidate: Candidate
    applicant: Applicant
    other_applicant: Applicant
    sitting_id: int
    numbers: dict[str, int | str]

    def own(self, role: str, endpoint: Endpoint) -> Person:
        """Who of this role asks about his own."""
        if role != "physician":
            return self.by_role[role]
        return self.applicant if endpoint.path.startswith(REGISTRATION) else self.candidate

    def stranger(self, role: str, endpoint: Endpoint) -> Person:
        """Somebody of this role who has no part in what the cast asks about."""
        if role == "physician" and endpoint.path.startswith(REGISTRATION):
            return self.other_applicant
        # Reference photos are the province's: any of its agencies may enrol its physicians.
        return self.strangers["far agency" if role == "agency" and "/photos/" in endpoint.path else role]


@contextlib.asynccontextmanager
async def gathered(server: Server) -> AsyncIterator[Cast]:
    """The cast, logged in."""
    await _add_strangers(server)
    async with AsyncExitStack() as stack:
        by_role: dict[str, Person] = {}
        for role in ROLES:
            login = server.login() if role == "physician" else role
            by_role[role] = await stack.enter_async_context(server.person(login))
        strangers: dict[str, Person] = {"physician": by_role["physician"]}
        for role in ("institution", "invigilator", "chief", "agency", "province", "author"):
            strangers[role] = await stack.enter_async_context(server.person(f"other-{role}"))
        strangers["far agency"] = await stack.enter_async_context(server.person("far-agency"))
        candidate = await stack.enter_async_context(server.candidate())
        applicant = await stack.enter_async_context(walker(server, 0))
        other = await stack.enter_async_context(walker(server, 1))
        sitting_id, numbers = await _exam(server, candidate, stack)
        numbers |= await _registration(server, applicant, other)
        yield Cast(by_role, strangers, candidate, applicant, other, sitting_id, numbers)


def walker(server: Server, which: int) -> Applicant:
    """One of the demonstration's people on the road, who has not signed up yet; use with `async with`."""
    outbox = server.house.settings.data / "sms" / "outbox.jsonl"
    return Applicant(server.base_url, WALKERS[which], f"1990000000{which}", outbox)


async def _add_strangers(server: Server) -> None:
    elsewhere = await server.add_organisation("institution", "另一医院")
    await server.add_staff("other-institution", "institution", elsewhere)
    await server.add_staff("other-invigilator", "invigilator")
    await server.add_staff("other-chief", "chief")
    await server.add_staff("other-agency", "agency", await server.add_organisation("agency", "另一考核机构"))
    await server.add_staff("far-agency", "agency", await server.add_organisation("agency", "外省考核机构", "35"))
    other_province = await server.add_organisation("province", "另一省", "35")
    await server.add_staff("other-province", "province", other_province)
    await server.add_staff("other-author", "author", other_province)


async def _exam(server: Server, candidate: Candidate, stack: AsyncExitStack) -> tuple[int, dict[str, int | str]]:
    pool = server.house.pool
    desk = await stack.enter_async_context(server.staff("invigilator"))
    sitting_id = await server.five_items()
    await candidate.begin(sitting_id)
    act = await desk.act(sitting_id, {"type": "warn", "text": "欢迎参加考试"}, candidate.attempt_id)
    asked = {"request_id": "case-of-the-cast", "allegation": "leaving", "text": "多次离开考试页面"}
    case = await desk.post(f"/api/desk/attempts/{candidate.attempt_id}/cases", asked)
    person_id = await server.person_id(candidate.login)
    photo: tuple[object, ...] = (person_id, A_PICTURE, None, "none", "self", "pending", [], 0)
    return sitting_id, {
        "sitting_id": sitting_id,
        "attempt_id": candidate.attempt_id,
        "act_id": act["act_id"],
        "case_id": case["case"]["case_id"],
        "check_id": await pool.fetchval(proctor.BEGIN_CHECK, candidate.attempt_id, candidate.device, []),
        "photo_id": await pool.fetchval(proctor.ADD_PHOTO, *photo),
        "blueprint_id": await blueprint(server),
        "plan_id": await pool.fetchval(plan_store.ADD, sitting_id, "fly", 1, PLAN, None),
        "proposal_id": await proposal(server, sitting_id),
        "job": "job-of-nobody",
        "item_id": await pool.fetchval("SELECT item_id FROM bank.items WHERE code = 'P-I-001'"),
        "item_code": "P-I-001",
        "version_id": 1,
        "picture": A_PICTURE,
    }


async def proposal(server: Server, sitting_id: int) -> int:
    """A wish to mark the sitting again, by somebody who is none of the cast's."""
    pool = server.house.pool
    by = await pool.fetchrow("SELECT account_id, person_id, role FROM people.accounts WHERE login = 'auditor'")
    assert by is not None
    foreseen = WhatIf(
        sitting_id=sitting_id, edition=0, counted=0, touched=0, up=0, down=0, passing_before=0, passing_after=0,
        gains=0, loses=0, loses_released=0, kept=0, mean_before=None, mean_after=None, before=[], after=[], forms=[],
        affected=[],
    )  # fmt: skip
    item_id = await pool.fetchval("SELECT item_id FROM bank.items WHERE code = 'P-I-001'")
    scheme = Scheme(rulings=(Ruling(item_id, 1, void=True),), edition=1)
    json_of = [msgspec.json.encode(each).decode() for each in (scheme, [(item_id, 1)], foreseen)]
    wish = (*json_of[:2], "题目有误，作废处理", True, "", json_of[2], *by)
    return int(await pool.fetchval(rulings_store.PROPOSE, sitting_id, 0, *wish))


async def blueprint(server: Server) -> int:
    """A blueprint of the province, published."""
    pool = server.house.pool
    body = msgspec.json.encode(PAPER).decode()
    blueprint_id = await pool.fetchval(blueprint_store.ADD, "11", "table", "测试蓝图", body, None)
    await pool.execute(blueprint_store.PUBLISH, blueprint_id, 1, "测试蓝图", body, blueprint_store.digest(body), None)
    return int(blueprint_id)


async def _registration(server: Server, applicant: Applicant, other: Applicant) -> dict[str, int | str]:
    """A profile at the institution; an account nobody has bound, and one of staff for its password to be renewed."""
    pool = server.house.pool
    await applicant.arrive()
    await other.arrive()
    values = await applicant.profile()
    view = await applicant.hand_in("profile", values)
    document = next(each for each in view["documents"] if each["document_id"] == values["licence_scan"][0])
    institution = await pool.fetchval("SELECT organisation_id FROM people.organisations WHERE name = '测试医院'")
    await server.add_staff("spare", "institution", institution)
    person_id = await server.person_id(applicant.phone)
    return {
        "file_id": await pool.fetchval("SELECT file_id FROM reg.files WHERE person_id = $1", person_id),
        "subject": "profile",
        "photo": values["photo"],
        "document_id": document["document_id"],
        "link": document["url"].partition("link=")[2],
        "message_id": await pool.fetchval("SELECT max(message_id) FROM reg.messages WHERE person_id = $1", person_id),
        "organisation_id": institution,
        "agency_id": await pool.fetchval(
            "SELECT agency_id FROM reg.assignments WHERE institution_id = $1", institution
        ),
        "assessment_id": await pool.fetchval(
            "SELECT assessment_id FROM reg.assessment_accounts WHERE id_number = $1", id_number(WALKERS[4].number)
        ),
        "account_id": await pool.fetchval("SELECT account_id FROM people.accounts WHERE login = 'spare'"),
        "app_account_id": await pool.fetchval(
            "SELECT account_id FROM people.accounts WHERE login = $1", applicant.phone
        ),
        "cycle_id": 1,
        "makeup_id": await pool.fetchval(makeup_store.ADD_PLAN, 1, "11", "humanities"),
        "slot_id": 1,
        "ask_id": 1,
        "absence_id": 1,
        "result_id": await result_of(server, person_id),
        "recheck_id": 1,
        "paper_id": 1,
        "import_id": 1,
        "archive_id": 1,
    }


async def result_of(server: Server, person_id: int) -> int:
    """The number of his result of the cycle, which is pending."""
    async with server.house.pool.acquire() as acquired, acquired.transaction():
        connection: Any = acquired
        await look_at(connection, person_id, 1, server.house.clock.now(), Wake())
        found = await connection.fetchval("SELECT result_id FROM result.results WHERE person_id = $1", person_id)
    return int(found)


async def ask(person: Person, endpoint: Endpoint, cast: Cast, **headers: str) -> tuple[int, str, Mapping[str, str]]:
    """Status, code and headers of a well-formed request to this endpoint about the cast's candidate and applicant."""
    numbers = cast.numbers
    if "/app-accounts/" in endpoint.path:
        numbers = numbers | {"account_id": numbers["app_account_id"]}
    query = "?device=device-one" if "device" in endpoint.query else QUERIES.get(endpoint.path, "")
    url = person.base_url + (endpoint.path + query).format(**numbers)
    body = filled(body_of(endpoint), numbers)
    sent: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
    if endpoint.path.endswith("_id}/live"):
        headers |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip
    async with person.http.request(endpoint.method, url, headers=headers, **sent) as it:
        answer = json.loads(await it.read() or b"{}") if it.content_type == "application/json" else {}
        return it.status, code_of(answer), it.headers


def body_of(endpoint: Endpoint) -> Any:
    """What is sent to it, before the numbers are filled in."""
    if endpoint.method == "GET":
        return None
    return BODIES.get(named(endpoint), BODIES.get(endpoint.path))


def code_of(answer: dict[str, Any]) -> str:
    """The code of a refusal, also of one line in a batch of one; "" for an answer."""
    lines = answer.get("lines") or [{}]
    return str(answer["code"] if "facts" in answer else lines[0].get("refused", ""))


def filled(body: Any, numbers: dict[str, int | str]) -> Any:
    """The body with its numbers for {names}."""
    if isinstance(body, dict):
        return {name: filled(value, numbers) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, numbers) for value in body]
    return numbers[body[1:-1]] if isinstance(body, str) and body.startswith("{") else body


def named(endpoint: Endpoint) -> str:
    """As the table has it."""
    return f"{endpoint.method} {endpoint.path}"
