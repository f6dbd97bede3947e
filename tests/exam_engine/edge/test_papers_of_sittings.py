"""A blueprint is written and published, an exam made of it, its papers planned, approved, and handed out."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from exam_engine import plan_jobs
from exam_engine.papers import read_paper
from question_bank import exposure_store
from question_bank.blueprint import load
from question_bank.checking import broken, sets_of
from question_bank.serving import choose_form
from question_bank.store import active_items, by_reference
from tests.candidate import Refusal
from tests.exam_engine.edge.deciders import REASON, Deciders, deciders, last_record, put
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY: dict[str, Any] = {
    "code": "five", "pool": "humanities", "item_count": 6, "types": {"A1": 4, "A2": 2},
    "topics": [{"topic": "卫生法律法规", "min": 1}],
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Deciders]:
    async with deciders(server) as made:
        yield made


async def refused(request: Awaitable[Any]) -> tuple[int, str]:
    """Status and code of a request that is refused."""
    with pytest.raises(Refusal) as caught:
        await request
    return caught.value.status, caught.value.code


async def published(cast: Deciders, code: str, body: dict[str, Any] | None = None) -> int:
    """The number of a blueprint of the province, published."""
    asked = {"name": "测试蓝图", "body": {**(body or BODY), "code": code}}
    row = (await cast.province.post("/api/desk/blueprints", asked))["row"]
    await cast.province.post(f"/api/desk/blueprints/{row['blueprint_id']}/publish", {"version": 1})
    return int(row["blueprint_id"])


async def an_exam(server: Server, cast: Deciders, blueprint_id: int, **changes: Any) -> dict[str, Any]:
    """A body for a new exam that is open now."""
    agency = await server.house.pool.fetchval(
        "SELECT organisation_id FROM people.organisations WHERE name = '测试考核机构'"
    )
    now = server.house.clock.now()
    window = {"opens_at": now - timedelta(minutes=1), "closes_at": now + timedelta(days=1)}
    return {
        "cycle": 1, "kind": "humanities", "round": "first", "title": "人文医学测评", "agency_id": agency,
        "blueprint_id": blueprint_id, "points_per_item": 5, "pass_points": 18, "by_invitation": True,
        **{name: at.isoformat() for name, at in window.items()}, **changes,
    }  # fmt: skip


async def made_plan(cast: Deciders, sitting_id: int, **wish: Any) -> dict[str, Any]:
    """A plan, when its making has come to an end."""
    plan = await cast.province.post(f"/api/desk/sittings/{sitting_id}/plans", wish)
    async with asyncio.timeout(60):
        while True:
            detail: dict[str, Any] = await cast.province.get(f"/api/desk/plans/{plan['plan_id']}")
            if detail["plan"]["state"] != "making":
                return detail
            await asyncio.sleep(0.1)


# --- blueprints --------------------------------------------------------------------------------------------------


async def test_the_national_blueprints_come_with_the_program_and_are_not_a_provinces_to_write(cast: Deciders) -> None:
    rows = (await cast.province.get("/api/desk/blueprints"))["blueprints"]
    national = {row["code"]: row for row in rows if row["province"] == "00"}
    assert set(national) == {"humanities", "practice", "professional"}
    assert [(row["published"], row["changed"], row["mine"]) for row in national.values()] == [(1, False, False)] * 3
    saved = {"version": 1, "name": "测试", "body": BODY}
    path = f"/api/desk/blueprints/{national['practice']['blueprint_id']}"
    assert await refused(put(cast.province, path, saved)) == (404, "no_such_blueprint")


async def test_a_draft_may_be_wrong_but_is_not_published_until_it_is_right(server: Server, cast: Deciders) -> None:
    wrong = {**BODY, "code": "draft", "item_count": 9}
    made = await cast.province.post("/api/desk/blueprints", {"name": "测试蓝图", "body": wrong})
    path = f"/api/desk/blueprints/{made['row']['blueprint_id']}"
    assert await refused(cast.province.post(f"{path}/publish", {"version": 1})) == (409, "blueprint_wrong")
    await put(cast.province, path, {"version": 1, "name": "测试蓝图", "body": {**wrong, "item_count": 6}})
    assert await refused(cast.province.post(f"{path}/publish", {"version": 1})) == (409, "changed_meanwhile")
    shown = await cast.province.post(f"{path}/publish", {"version": 2})
    assert [number["number"] for number in shown["numbers"]] == [1]
    assert await refused(cast.province.post(f"{path}/publish", {"version": 2})) == (409, "nothing_changed")
    act, _, facts = await last_record(server)
    assert act == "blueprint_published"
    assert '"number": 1' in facts


async def test_what_was_never_published_can_be_dropped_and_what_was_can_not(cast: Deciders) -> None:
    made = await cast.province.post("/api/desk/blueprints", {"name": "测试", "body": {**BODY, "code": "gone"}})
    path = f"/api/desk/blueprints/{made['row']['blueprint_id']}"
    async with cast.province.http.delete(cast.province.base_url + path) as answer:
        assert answer.status == 200
    assert await refused(cast.province.get(path)) == (404, "no_such_blueprint")
    kept = await published(cast, "kept")
    async with cast.province.http.delete(f"{cast.province.base_url}/api/desk/blueprints/{kept}") as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "blueprint_published")


async def test_the_check_says_what_the_pool_has_and_what_clashes(cast: Deciders) -> None:
    body = {**BODY, "topics": [{"topic": "医学心理", "count": 5}, {"topic": "卫生法律法规", "count": 500}]}
    found = await cast.province.post("/api/desk/blueprints/check", {"body": body})
    assert {each["code"] for each in found["troubles"]} == {"topic_sum"}
    found = await cast.province.post("/api/desk/blueprints/check", {"body": {**BODY, "types": {"A1": 4, "X": 2}}})
    assert found["fits"]
    assert found["expected_least"] <= found["expected"] <= found["expected_most"]
    found = await cast.province.post("/api/desk/blueprints/check", {"body": {**BODY, "pool": "nothing"}})
    assert (found["fits"], found["troubles"][0]["code"]) == (False, "pool_empty")


async def test_the_outline_counts_topics_and_shows_no_text(cast: Deciders) -> None:
    found = await cast.province.get("/api/desk/blueprints/outline?pool=humanities")
    assert sum(topic["items"] for topic in found["topics"]) == found["items"] > 100
    assert {"humanities", "professional"} <= set(found["pools"])


# --- sittings ----------------------------------------------------------------------------------------------------


async def test_a_draft_is_nobodys_exam_until_it_is_announced(server: Server, cast: Deciders) -> None:
    exam = await an_exam(server, cast, await published(cast, "announced"), by_invitation=False)
    made = await cast.province.post("/api/desk/sittings", {"body": exam})
    sitting_id = made["row"]["sitting_id"]
    assert (made["row"]["state"], made["row"]["points_max"], made["row"]["item_count"]) == ("draft", 30, 6)
    pool = server.house.pool
    await pool.execute("DELETE FROM exam.unsettled")
    assert (await cast.province.post(f"/api/desk/sittings/{sitting_id}/announce", {"version": 1}))["row"][
        "state"
    ] == "open"
    assert await refused(cast.province.post(f"/api/desk/sittings/{sitting_id}/announce", {"version": 2})) == (
        409, "announced_already",
    )  # fmt: skip
    applicants = await pool.fetchval("SELECT count(*) FROM reg.applications WHERE cycle = 1 AND province = '11'")
    unsettled = await pool.fetchval("SELECT count(*) FROM exam.unsettled WHERE cycle = 1")
    settled = await pool.fetchval("SELECT count(*) FROM exam.entitlements WHERE sitting_id = $1", sitting_id)
    assert unsettled == applicants or settled  # a loop of the server may have been quicker
    act, subject, _ = await last_record(server)
    assert (act, subject) == ("sitting_announced", f"sitting {sitting_id}")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"opens_at": "2026-05-02T00:00:00Z", "closes_at": "2026-05-01T00:00:00Z"}, (400, "window_wrong")),
        ({"opens_at": "2001-05-02T00:00:00Z", "closes_at": "2001-06-01T00:00:00Z"}, (409, "window_outside")),
        ({"pass_points": 31}, (400, "pass_points")),
        ({"audience": ["astrology"]}, (400, "no_such_specialty")),
        ({"agency_id": 1}, (404, "no_such_agency")),
        ({"blueprint_id": 999}, (404, "no_such_blueprint")),
        ({"cycle": 77}, (404, "no_such_cycle")),
        ({"policy": {"minutes": 0}}, (400, "wrong_shape")),
        ({"title": "  "}, (400, "text_short")),
    ],
)
async def test_an_exam_that_can_not_be_is_refused(
    server: Server, cast: Deciders, change: dict[str, Any], answer: tuple[int, str]
) -> None:
    rows = (await cast.province.get("/api/desk/blueprints"))["blueprints"]
    known = next(row["blueprint_id"] for row in rows if row["code"] == "practice")
    exam = {**await an_exam(server, cast, known), "pass_points": 15, **change}
    before = await server.house.pool.fetchval("SELECT count(*) FROM exam.sittings")
    assert await refused(cast.province.post("/api/desk/sittings", {"body": exam})) == answer
    assert await server.house.pool.fetchval("SELECT count(*) FROM exam.sittings") == before


async def test_an_exam_is_changed_until_somebody_enters_and_deleted_while_nobody_may(
    server: Server, cast: Deciders
) -> None:
    exam = await an_exam(server, cast, await published(cast, "changed"))
    path = f"/api/desk/sittings/{(await cast.province.post('/api/desk/sittings', {'body': exam}))['row']['sitting_id']}"
    longer = {**exam, "policy": {"minutes": 90}, "title": "更长的测评"}
    shown = await put(cast.province, path, {"version": 1, "body": longer})
    assert (shown["policy"]["minutes"], shown["row"]["title"], shown["row"]["version"]) == (90, "更长的测评", 2)
    assert await refused(put(cast.province, path, {"version": 1, "body": exam})) == (409, "changed_meanwhile")
    async with cast.province.http.delete(cast.province.base_url + path) as answer:
        assert answer.status == 200
    assert await refused(cast.province.get(path)) == (404, "no_such_sitting")


# --- plans -------------------------------------------------------------------------------------------------------


async def sitting_of(server: Server, cast: Deciders, code: str, **changes: Any) -> int:
    exam = await an_exam(server, cast, await published(cast, code), **changes)
    made = await cast.province.post("/api/desk/sittings", {"body": exam})
    sitting_id = int(made["row"]["sitting_id"])
    await cast.province.post(f"/api/desk/sittings/{sitting_id}/announce", {"version": 1})
    return sitting_id


async def test_forms_are_planned_approved_and_handed_out_by_person(server: Server, cast: Deciders) -> None:
    sitting_id = await sitting_of(server, cast, "forms")
    detail = await made_plan(cast, sitting_id, mode="forms", forms=3, seed=4)
    plan, certificate = detail["plan"], detail["certificate"]
    assert (plan["state"], plan["failed"], certificate["broken"]) == ("draft", "", [])
    assert [len(form["codes"]) for form in detail["forms"]] == [6, 6, 6]
    approve = f"/api/desk/plans/{plan['plan_id']}/approve"
    assert await refused(cast.province.post(approve, {"digest": "0" * 64})) == (409, "changed_meanwhile")
    reason = {} if plan["goals_met"] else {"reason": REASON}
    shown = await cast.province.post(approve, {"digest": plan["digest"], **reason})
    assert shown["plan"]["state"] == "current"
    assert await refused(cast.province.post(approve, {"digest": plan["digest"]})) == (409, "already_current")
    pool = server.house.pool
    bodies = plan_jobs.read_forms(
        await pool.fetchval("SELECT forms FROM exam.plans WHERE plan_id = $1", plan["plan_id"])
    )
    handed: set[int] = set()
    for _ in range(6):
        async with server.candidate() as candidate:
            person = await server.person_id(candidate.login)
            await pool.execute(
                "INSERT INTO exam.entitlements (sitting_id, person_id) VALUES ($1, $2)", sitting_id, person
            )
            await candidate.enter(sitting_id)
            paper = read_paper(
                await pool.fetchval("SELECT body FROM exam.papers WHERE attempt_id = $1", candidate.attempt_id)
            )
        assert isinstance(paper.form, int)
        refs = sorted((entry.item_id, entry.version) for entry in paper.entries)
        assert refs == sorted(bodies[paper.form - 1].refs)
        assert paper.form == choose_form(bodies, frozenset(), 4, person).number
        handed.add(paper.form)
    assert len(handed) > 1
    wish = {"mode": "fly"}
    assert await refused(cast.province.post(f"/api/desk/sittings/{sitting_id}/plans", wish)) == (409, "papers_locked")
    exam = await an_exam(server, cast, 1)
    assert await refused(put(cast.province, f"/api/desk/sittings/{sitting_id}", {"version": 2, "body": exam})) == (
        409, "exam_entered",
    )  # fmt: skip


async def test_a_certificate_shows_no_text_of_an_item_and_stands_alone_as_a_page(
    server: Server, cast: Deciders
) -> None:
    sitting_id = await sitting_of(server, cast, "page")
    detail = await made_plan(cast, sitting_id, mode="fly", sample=100)
    items = await active_items(server.house.pool, "humanities")
    page = (await cast.province.get_bytes(f"/api/desk/plans/{detail['plan']['plan_id']}/certificate.html")).decode()
    told = msgspec.json.encode(detail).decode()
    for item in items:
        assert item.stem not in told
        assert item.stem not in page
    assert detail["plan"]["digest"] in page
    assert "公平性证书" in page
    assert "Fairness certificate" in page
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="http', page)


async def test_what_no_pool_can_give_fails_with_its_reason_and_leaves_room_for_another(
    server: Server, cast: Deciders
) -> None:
    sitting_id = await sitting_of(server, cast, "short")
    detail = await made_plan(cast, sitting_id, mode="forms", forms=20, uses_max=1)
    assert (detail["plan"]["state"], detail["plan"]["failed"]) == ("failed", "impossible_blueprint")
    assert "20 forms need" in detail["plan"]["said"]
    assert detail["certificate"] is None
    assert (await made_plan(cast, sitting_id, mode="fly", sample=100))["plan"]["state"] == "draft"


async def test_items_of_too_many_papers_are_left_out(server: Server, cast: Deciders) -> None:
    pool = server.house.pool
    sitting_id = await sitting_of(server, cast, "worn")
    worn = [
        row[0]
        for row in await pool.fetch("SELECT item_id FROM bank.items WHERE pool = 'humanities' ORDER BY 1 LIMIT 40")
    ]
    now = server.house.clock.now()
    async with pool.acquire() as connection, connection.transaction():
        await exposure_store.add(connection, [(item_id, 1, 9000, 0, now) for item_id in worn])
    detail = await made_plan(cast, sitting_id, mode="forms", forms=2, papers_max=8999)
    codes = {row[0] for row in await pool.fetch("SELECT code FROM bank.items WHERE item_id = ANY ($1::bigint[])", worn)}
    assert detail["plan"]["state"] == "draft"
    assert not codes & {code for form in detail["forms"] for code in form["codes"]}


async def test_two_who_begin_a_plan_at_once_make_one(server: Server, cast: Deciders) -> None:
    sitting_id = await sitting_of(server, cast, "twice")
    path, wish = f"/api/desk/sittings/{sitting_id}/plans", {"mode": "fly", "sample": 100}
    both = await asyncio.gather(*(cast.province.post(path, wish) for _ in range(2)), return_exceptions=True)
    refusals = [each for each in both if isinstance(each, Refusal)]
    assert [each.code for each in refusals] == ["plan_being_made"]
    assert len((await cast.province.get(path))["plans"]) == 1


async def test_a_change_of_the_blueprint_outdates_the_plan(server: Server, cast: Deciders) -> None:
    sitting_id = await sitting_of(server, cast, "old-plan")
    plan = (await made_plan(cast, sitting_id, mode="fly", sample=100))["plan"]
    exam = await an_exam(server, cast, await published(cast, "new-plan", {**BODY, "types": {"A1": 6}}))
    await put(cast.province, f"/api/desk/sittings/{sitting_id}", {"version": 2, "body": exam})
    answer = cast.province.post(f"/api/desk/plans/{plan['plan_id']}/approve", {"digest": plan["digest"]})
    assert await refused(answer) == (409, "plan_outdated")


async def test_papers_on_the_fly_keep_the_rules_of_the_sitting(server: Server) -> None:
    sitting_id = server.sitting("professional")
    items = await active_items(server.house.pool, "professional")
    sitting = await server.house.registry.sitting(sitting_id)
    paper = await server.house.papers.draw(sitting, 1, server.house.clock.now())
    found = await by_reference(server.house.pool, {(entry.item_id, entry.version) for entry in paper.entries})
    assert broken(load("professional"), list(found.values()), sets_of(items)) == []
