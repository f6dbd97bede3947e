"""A sitting's scheme, calibration, pairs too alike, figures for the terminal; and work that was interrupted."""

import json
from typing import Any

import msgspec
import pytest

from exam_engine import store
from exam_engine.calibrating import calibrate_some
from exam_engine.chain import GENESIS
from exam_engine.commands.sitting_stats import as_plain, read_statistics
from exam_engine.messages import Entered, Layout
from exam_engine.service import make_entry
from question_bank.paper import Paper, PaperEntry
from scoring.marking import Multiple, Scheme
from scoring.store import latest
from tests.candidate import Refusal
from tests.exam_engine.edge.sat import mark_all, physicians, release, rescore_all, same_five, sit
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

RELEASED = "UPDATE exam.attempts SET phase = 'released', passed = false WHERE attempt_id = $1"
TOLD = "SELECT facts FROM reg.messages WHERE code = 'C20' AND person_id = ANY ($1::bigint[])"


async def put(person: Any, path: str, body: object) -> Any:
    async with person.http.put(person.base_url + path, json=body) as response:
        return await person._answer(response)


async def test_a_scheme_may_be_set_until_something_is_marked(server: Server) -> None:
    sitting_id = await same_five(server)
    path = f"/api/desk/sittings/{sitting_id}/scheme"
    async with server.staff("province") as province, server.staff("agency") as agency:
        asked = {"edition": 0, "points_per_item": 2, "multiple": "partial"}
        assert (await agency.get(path))["points_max"] == 5
        assert await put(province, path, asked) == await province.get(path)
        seen = await agency.get(path)
        assert (seen["edition"], seen["points_max"], seen["multiple"], seen["open"]) == (1, 10, "partial", True)
        with pytest.raises(Refusal) as old:
            await put(province, path, asked)
        assert old.value.code == "changed_meanwhile"
        with pytest.raises(Refusal) as sections:
            await put(province, path, {**asked, "edition": 1, "section_points": [1, 2]})
        assert (sections.value.code, sections.value.facts["sections"]) == ("section_points_wrong", 0)
        attempt_id = await sit(server, sitting_id, (await physicians(server))[0], lambda _, item: item.key)
        await server.written(attempt_id, "marked")
        marked = (await latest(server.house.pool, [attempt_id]))[attempt_id]
        assert (marked.score.points, marked.score.points_max) == (10, 10)
        assert marked.scheme == Scheme(2, Multiple.PARTIAL, edition=1)
        with pytest.raises(Refusal) as late:
            await put(province, path, {**asked, "edition": 1})
        assert late.value.code == "marking_begun"


async def test_points_of_sections_come_from_the_blueprint_until_a_scheme_says_otherwise(server: Server) -> None:
    sitting_id = await same_five(server)
    pool = server.house.pool
    parts = [{"title": "一", "types": {"A1": 3}}, {"title": "二", "types": {"A1": 2}, "points_per_item": 4}]
    await pool.execute(
        "UPDATE exam.sittings SET blueprint = $2::json WHERE sitting_id = $1",
        sitting_id,
        json.dumps({"sections": parts}),
    )
    before = await store.sitting(pool, sitting_id)
    assert before is not None
    assert (before.scheme.section_points, before.points_full) == ((0, 4), 11)
    async with server.staff("nation") as nation:
        asked = {"edition": 0, "points_per_item": 2, "section_points": [3, 1]}
        assert (await put(nation, f"/api/desk/sittings/{sitting_id}/scheme", asked))["points_max"] == 11
    after = await store.sitting(pool, sitting_id)
    assert after is not None
    assert (after.scheme.section_points, after.points_full) == ((3, 1), 11)


async def crowd(server: Server, sitting_id: int, people: int) -> None:
    """As many marked papers as it takes, written at once: everybody has the five items, and answers by his number."""
    pool = server.house.pool
    sitting = await store.sitting(pool, sitting_id)
    assert sitting is not None
    refs = await pool.fetch("SELECT item_id, version FROM bank.items WHERE pool = 'same-five' ORDER BY item_id")
    entries = tuple(PaperEntry(row[0], row[1], "abcde") for row in refs)
    for number in range(people):
        person_id = await pool.fetchval(store.ADD_PERSON, f"测试考生{number}", None, None, True)
        attempt_id = await store.next_attempt_id(pool, sitting.cycle)
        event = Entered(
            sitting_id, person_id, sitting.closes_at, 0, sitting.policy, Layout("eeeee", "-----", "-----"), "0" * 64
        )
        first = make_entry(GENESIS, attempt_id, 1, event, sitting.opens_at)
        paper = msgspec.json.encode(Paper(1, entries)).decode()
        await store.open_attempt(pool, sitting_id, person_id, 1, paper, first)
        able = (number * 7919 % people) / people
        chosen = [
            "c" if (able + (number * (place + 3) % 11) / 11) / 2 > 0.15 + 0.12 * place else "a" for place in range(5)
        ]
        marks = [{"chosen": choice, "verdict": "wrong", "points": 0} for choice in chosen]
        await pool.execute(
            """INSERT INTO score.scores (attempt_id, revision, points, points_max, correct, wrong, unanswered, marks)
               VALUES ($1, 1, 0, 5, 0, 5, 0, $2::text::jsonb)""",
            attempt_id, json.dumps(marks),
        )  # fmt: skip
        await pool.execute(
            "UPDATE exam.attempts SET phase = 'released', passed = false WHERE attempt_id = $1", attempt_id
        )


async def test_items_are_calibrated_by_order_and_their_parameters_reach_the_bank(server: Server) -> None:
    sitting_id = await same_five(server)
    path = f"/api/desk/sittings/{sitting_id}/calibration"
    async with server.staff("author") as author:
        with pytest.raises(Refusal) as few:
            await author.post(path)
        assert (few.value.code, few.value.facts["limit"]) == ("too_few_papers", 100)
        await crowd(server, sitting_id, 120)
        assert (await author.post(path))["state"] == "running"
        with pytest.raises(Refusal) as twice:
            await author.post(path)
        assert twice.value.code == "calibration_running"
        await calibrate_some(server.house)
        done = await author.get(path)
        assert (done["state"], done["persons"]) == ("done", 120)
        assert len(done["kept"]) + len(done["skipped"]) == 5
        assert done["kept"]
        kept = await server.house.pool.fetch("SELECT item_id, a, b, n FROM bank.parameters ORDER BY item_id")
        ours = {row["item_id"]: (row["a"], row["b"], row["n"]) for row in kept}
        assert {one["item_id"]: (one["a"], one["b"], one["n"]) for one in done["kept"]} == ours
        one = done["kept"][0]["item_id"]
        detail = await author.get(f"/api/desk/sittings/{sitting_id}/statistics/items/{one}")
        assert detail["parameters"]["n"] == 120
        figures = await author.get(f"/api/desk/sittings/{sitting_id}/statistics")
        suspected = {(item["item_id"], alarm["code"]) for item in figures["items"] for alarm in item["alarms"]}
        raised = await server.house.pool.fetch(
            "SELECT item_id, code FROM bank.alarms WHERE source = $1 AND closed_at IS NULL", f"sitting {sitting_id}"
        )
        assert {(row["item_id"], row["code"]) for row in raised} == suspected
        assert suspected
        pairs = await agency_pairs(server, sitting_id)
        assert (pairs["within"], pairs["compared"]) == ("form", 120 * 119 // 2)


async def agency_pairs(server: Server, sitting_id: int) -> Any:
    async with server.staff("agency") as agency:
        return await agency.get(f"/api/desk/sittings/{sitting_id}/likeness")


async def test_the_terminal_has_the_figures_of_the_page(server: Server) -> None:
    sitting_id = await same_five(server)
    await crowd(server, sitting_id, 60)
    found = await read_statistics(server.house.pool, sitting_id)
    assert found is not None
    said = as_plain(*found)
    json.dumps(said, allow_nan=False)
    async with server.staff("nation") as nation:
        seen = await nation.get(f"/api/desk/sittings/{sitting_id}/statistics")
    assert (said["persons"], said["mean"], said["sd"]) == (seen["counted"], seen["mean"], seen["sd"])
    assert said["kr20"] == seen["forms"][0]["kr20"] == said["alpha"] == pytest.approx(seen["reliability"])
    assert {one["item"]: one["p"] for one in said["items"]} == {one["code"]: one["p"] for one in seen["items"]}
    assert await read_statistics(server.house.pool, 10**9) is None


async def test_a_rescore_that_died_in_the_middle_is_finished_without_doing_anything_twice(server: Server) -> None:
    sitting_id = await same_five(server)
    people = (await physicians(server))[5:8]
    ids = [await sit(server, sitting_id, person, lambda n, item: item.key if n < 3 else "a") for person in people]
    await mark_all(server)
    for attempt_id in ids:
        await server.written(attempt_id, "marked")
    await release(server, sitting_id, 3)
    for attempt_id in ids:
        await server.written(attempt_id, "released")
    async with server.staff("nation") as nation, server.staff("province") as province:
        items = (await nation.get(f"/api/desk/sittings/{sitting_id}/statistics"))["items"]
        ruling = {"item_id": items[4]["item_id"], "version": items[4]["version"], "act": "full_credit"}
        asked = {"edition": 0, "rulings": [ruling], "reason": "题目超纲，全部给分"}
        made = await nation.post(f"/api/desk/sittings/{sitting_id}/proposals", asked)
        await province.post(f"/api/desk/proposals/{made['proposal_id']}/decision", {"approve": True})
        await rescore_all(server)
        # As it would be had the process died before it said how far it was: all of it is done once more.
        pool = server.house.pool
        await pool.execute(
            "UPDATE score.progress SET looked_to = 0, looked = 0, done_at = NULL WHERE proposal_id = $1",
            made["proposal_id"],
        )
        versions = [(await server.journal(attempt_id))[-1].version for attempt_id in ids]
        await rescore_all(server)
        assert [(await server.journal(attempt_id))[-1].version for attempt_id in ids] == versions
        view = await nation.get(f"/api/desk/proposals/{made['proposal_id']}")
    assert view["state"] == "done"
    assert (view["progress"]["touched"], view["progress"]["gained"], view["progress"]["looked"]) == (3, 3, 3)
    assert [(await server.journal(attempt_id))[-1].kind for attempt_id in ids] == ["corrected"] * 3
    told = await pool.fetch(
        "SELECT facts FROM reg.messages WHERE code = 'C20' AND person_id = ANY ($1::bigint[])", people
    )
    assert len(told) == 3
    facts = json.loads(told[0]["facts"])
    assert (facts["points_before"], facts["points"], facts["passed"]) == (2, 3, True)
