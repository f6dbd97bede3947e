"""The unified make-up from the list of failures to the seat in the physician's hand, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from exam_engine.entitlement import Gate
from exam_engine.makeup import absences
from tests.candidate import Refusal
from tests.exam_engine.edge.makeups import DISTRICTS, ON_RECORD, REASON, Province, province, room
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def here(server: Server) -> AsyncIterator[Province]:
    async with server.staff("province") as desk:
        yield await province(server, desk)


async def refused(work: Any, code: str, status: int = 409) -> dict[str, Any]:
    with pytest.raises(Refusal) as caught:
        await work
    assert (caught.value.status, caught.value.code) == (status, code)
    return dict(caught.value.facts)


# --- who is collected ----------------------------------------------------------------------------------------------

CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("failed", {}, True),
    ("failed, by the simple procedure", {"procedure": "simple"}, True),
    ("absent with an accepted reason", {"ended": "absent_accepted"}, True),
    ("absent", {"ended": "absent"}, False),
    ("passed", {"ended": "passed"}, False),
    ("barred", {"ended": "barred"}, False),
    ("marked, not released", {"ended": "marked"}, False),
    ("never there", {"ended": "nothing"}, False),
    ("withdrew", {"profile": "closed"}, False),
]


async def test_those_due_are_those_whose_gate_opens(here: Province) -> None:
    """The list for the province and the gates of entitlement.py are two statements of one rule."""
    sitting = await here.pool.fetchval(
        "INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool, "
        "item_count, points_per_item, pass_points, policy, blueprint) SELECT cycle, kind, 'makeup', title, province, "
        "agency_id, now() - interval '1 day', now() + interval '1 day', pool, item_count, points_per_item, "
        "pass_points, policy, blueprint FROM exam.sittings WHERE sitting_id = $1 RETURNING sitting_id",
        here.sitting_id,
    )
    persons = [await here.person(**facts) for _, facts, _ in CASES]
    await here.pool.execute("INSERT INTO exam.unsettled SELECT unnest($1::bigint[]), $2", persons, here.cycle)
    await here.settled()

    for (what, _, due), person_id in zip(CASES, persons, strict=True):
        expected = [(sitting, Gate.OPEN, 1)] if due else []
        assert await here.entitled(person_id) == expected, what
    seen = await here.waiting()
    assert (seen["people"], seen["placed"]) == (sum(due for *_, due in CASES), 0)
    assert {row["why"]: row["people"] for row in seen["rows"]} == {"failed": 2, "excused": 1}


async def test_an_agency_sees_its_own_people_only(here: Province, server: Server) -> None:
    await here.people(3)
    plan = (await here.solved(await here.planned(here.window(room()))))["plan"]
    await server.add_staff(
        f"agency-{here.cycle}", "agency", await server.add_organisation("agency", f"别家{here.cycle}")
    )
    async with server.staff("agency") as own, server.staff(f"agency-{here.cycle}") as other:
        for who, expected in ((own, 3), (other, 0)):
            seen = await who.get(f"/api/desk/makeup?cycle={here.cycle}")
            assert seen["kinds"][0]["people"] == expected
            assert len((await who.get(f"/api/desk/makeup/plans/{plan['plan_id']}/people"))["rows"]) == expected
            assert (await who.get(f"/api/desk/makeup/plans/{plan['plan_id']}"))["people"] == expected


# --- planning and publishing ---------------------------------------------------------------------------------------


async def test_a_plan_from_the_list_to_the_message(here: Province, server: Server) -> None:
    near, far = await here.people(3), await here.people(2, place=1)
    passed = await here.person("passed")
    watcher = await here.pool.fetchval("SELECT account_id FROM people.accounts WHERE login = 'invigilator'")
    plan = await here.planned(
        here.window(room(capacity=4, invigilators=[watcher]), room("线上考场", 9, area=DISTRICTS[1])),
    )

    preview = await here.solved(plan, preview=True)
    assert (preview["solved"]["placed"], preview["plan"]["people"]) == (5, 0)
    solved = await here.solved(plan)
    seats = await here.seats(plan)
    first, second = (slot["slot_id"] for slot in solved["plan"]["windows"][0]["slots"])
    assert seats == dict.fromkeys(near, first) | dict.fromkeys(far, second)
    assert solved["solved"]["distances"] == {"district": 5}
    assert await here.entitled(near[0]) == []  # a draft is nobody's business

    published = await here.published(solved["plan"])

    assert published["published_at"] is not None
    [(sitting_id, state, number)] = await here.entitled(near[0])
    assert (state, number) == ("open", 1)
    assert (await here.entitled(far[0])) == [(sitting_id, "open", 2)]
    assert await here.entitled(passed) == []
    made = await here.pool.fetchrow("SELECT * FROM exam.sittings WHERE sitting_id = $1", sitting_id)
    source = await here.pool.fetchrow("SELECT * FROM exam.sittings WHERE sitting_id = $1", here.sitting_id)
    assert made is not None
    assert source is not None
    for name in ("kind", "pool", "blueprint", "pass_points", "policy", "agency_id", "points_per_item", "scheme"):
        assert made[name] == source[name], name
    assert made["round"] == "makeup"
    watched = await here.pool.fetch("SELECT room, account_id FROM exam.room_watchers WHERE sitting_id = $1", sitting_id)
    assert [tuple(row) for row in watched] == [(1, watcher)]
    staff = await here.pool.fetch("SELECT account_id FROM exam.sitting_staff WHERE sitting_id = $1", sitting_id)
    assert {row[0] for row in staff} > {watcher}  # and the chief of the first round
    [(code, facts)] = await here.messages(near[0])
    assert (code, facts["place"]) == ("M32", "测试考点一号教室")
    assert (await here.see(plan))["untold"] == 0
    async with await here.himself(near[0]) as physician:
        own = await physician.get("/api/makeup")
        papers = await physician.get("/api/papers")
    assert [(seat["place"], seat["sitting_id"], seat["can_ask"]) for seat in own["seats"]] == [
        ("测试考点一号教室", sitting_id, True)
    ]
    assert sitting_id in [paper["sitting_id"] for paper in papers["papers"]]


async def test_people_are_told_in_time_or_somebody_says_why_not(here: Province) -> None:
    await here.people(2)
    plan = (await here.solved(await here.planned(here.window(room(), days=5))))["plan"]

    facts = await refused(here.published(plan), "notice_too_short")
    assert facts["days"] == 7
    await refused(here.published(plan, override="急"), "reason_missing", 400)
    published = await here.published(plan, override=ON_RECORD)

    assert published["changes"][0]["override"] == ON_RECORD
    await refused(here.published(published, override=ON_RECORD), "published_already")


async def test_too_few_seats_are_said_by_city_and_nobody_is_lost(here: Province) -> None:
    await here.people(7)
    plan = await here.planned(here.window(room(capacity=4)))

    solved = (await here.solved(plan))["solved"]

    assert solved["short"] == [{"city": "1101", "seats": 3}]
    assert (solved["placed"], len(await here.seats(plan))) == (4, 4)


async def test_who_decides_on_an_old_plan_is_told_so_and_changes_nothing(here: Province) -> None:
    await here.people(2)
    plan = await here.planned(here.window(room()))
    await here.solved(plan)
    before = await here.seats(plan)

    for path, more in (("solve", {}), ("publish", {}), ("undo", {"change_id": 1, "reason": ON_RECORD})):
        await refused(
            here.call(f"/plans/{plan['plan_id']}/{path}", {"version": plan["version"], **more}), "changed_meanwhile"
        )
    seen = await here.see(plan)
    two = await asyncio.gather(*(here.solved(seen) for _ in range(2)), return_exceptions=True)

    codes = sorted(each.code if isinstance(each, Refusal) else "" for each in two)
    assert codes == ["", "changed_meanwhile"]
    assert await here.seats(plan) == before


async def test_a_day_an_institution_can_not_come_is_left_out(here: Province) -> None:
    await here.people(3)
    one, two = here.window(room(), days=10), here.window(room(), days=12)
    plan = await here.planned(one, two)
    day = (here.now + timedelta(days=10, hours=8)).date().isoformat()
    body = {"version": plan["version"], "institution_id": here.places[0], "days": [day], "reason": "巡回医疗"}
    plan = await here.call(f"/plans/{plan['plan_id']}/exclusions", body)

    await here.solved(plan)

    later = plan["windows"][1]["slots"][0]["slot_id"]
    assert set((await here.seats(plan)).values()) == {later}
    await refused(
        here.call(
            f"/plans/{plan['plan_id']}/exclusions", {**body, "version": plan["version"] + 1, "institution_id": 1}
        ),
        "no_such_institution",
        404,
    )


# --- after it was published ----------------------------------------------------------------------------------------


async def ready(
    here: Province, people: int = 4, *rooms: dict[str, Any], **when: Any
) -> tuple[dict[str, Any], list[int]]:
    """A published plan: everybody sits in the first room, which is in his district."""
    persons = await here.people(people)
    rooms = rooms or (room(capacity=6), room("二号教室", 6, area=DISTRICTS[1]))
    plan = (await here.solved(await here.planned(here.window(*rooms, **when))))["plan"]
    return await here.published(plan), persons


async def test_later_failures_are_added_without_moving_anybody(here: Province) -> None:
    plan, _ = await ready(here)
    before = await here.seats(plan)
    late = await here.person()

    assert (await here.see(plan))["new"] == 1
    solved = await here.solved(plan)
    await here.settled()

    assert (solved["solved"]["placed"], solved["solved"]["moved"]) == (1, 0)
    assert await here.seats(plan) == before | {late: next(iter(before.values()))}
    assert [code for code, _ in await here.messages(late)] == ["M32"]


async def test_who_passed_after_all_gives_his_seat_back(here: Province) -> None:
    plan, persons = await ready(here)
    await here.pool.execute("UPDATE exam.attempts SET passed = true WHERE person_id = $1", persons[0])

    solved = await here.solved(plan)
    await here.settled()

    assert solved["solved"]["freed"] == 1
    assert persons[0] not in await here.seats(plan)
    assert await here.entitled(persons[0]) == []


async def test_a_room_is_closed_its_people_are_told_and_it_can_be_taken_back(here: Province) -> None:
    plan, persons = await ready(here)
    first, second = (slot["slot_id"] for slot in plan["windows"][0]["slots"])
    path = f"/plans/{plan['plan_id']}/slots/{first}/close"

    closed = await here.call(path, {"version": plan["version"], "reason": ON_RECORD})
    await here.settled()
    assert set((await here.seats(plan)).values()) == {second}
    assert [(code, facts["place"]) for code, facts in await here.messages(persons[0])] == [
        ("M32", "测试考点一号教室"), ("C07", "二号教室"),
    ]  # fmt: skip
    change = next(each for each in closed["plan"]["changes"] if each["can_undo"])
    assert (change["what"], change["moved"]) == ("closed", 4)
    undo = {"version": closed["plan"]["version"], "change_id": change["change_id"], "reason": ON_RECORD}
    undone = await here.call(f"/plans/{plan['plan_id']}/undo", undo)
    await here.settled()

    assert set((await here.seats(plan)).values()) == {first}
    assert [code for code, _ in await here.messages(persons[0])] == ["M32", "C07", "C07"]
    assert (await here.entitled(persons[0]))[0][2] == 1
    again = undo | {"version": undone["version"]}
    await refused(here.call(f"/plans/{plan['plan_id']}/undo", again), "changed_since")


async def test_a_room_is_not_closed_over_the_heads_of_those_who_find_no_other(here: Province) -> None:
    plan, _ = await ready(here, 4, room(capacity=6), room("二号教室", 2))
    crowded = max(plan["windows"][0]["slots"], key=lambda slot: slot["people"])["slot_id"]

    body = {"version": plan["version"], "reason": ON_RECORD}
    await refused(here.call(f"/plans/{plan['plan_id']}/slots/{crowded}/close", body), "seats_missing")


async def test_nobody_who_has_entered_is_moved(here: Province) -> None:
    plan, persons = await ready(here)
    first, second = (slot["slot_id"] for slot in plan["windows"][0]["slots"])
    [(sitting_id, *_)] = await here.entitled(persons[0])
    await here.attempt(persons[0], sitting_id, "entered")

    move = {"version": plan["version"], "person_ids": persons[:2], "slot_id": second, "reason": ON_RECORD}
    await refused(here.call(f"/plans/{plan['plan_id']}/move", move), "entered_already")
    assert set((await here.seats(plan)).values()) == {first}
    closed = await here.call(
        f"/plans/{plan['plan_id']}/slots/{first}/close", {"version": plan["version"], "reason": ON_RECORD}
    )

    assert closed["solved"]["moved"] == 3
    assert await here.seats(plan) == {persons[0]: first} | dict.fromkeys(persons[1:], second)


async def test_a_move_to_where_they_sit_already_is_no_change_and_leaves_the_one_before_to_be_taken_back(
    here: Province,
) -> None:
    plan, persons = await ready(here)
    first, second = (slot["slot_id"] for slot in plan["windows"][0]["slots"])
    move = {"person_ids": persons[:1], "slot_id": second, "reason": ON_RECORD}
    moved = await here.call(f"/plans/{plan['plan_id']}/move", move | {"version": plan["version"]})
    latest = next(change["change_id"] for change in moved["changes"] if change["can_undo"])

    await refused(here.call(f"/plans/{plan['plan_id']}/move", move | {"version": moved["version"]}), "nothing_changed")
    undo = {"version": moved["version"], "change_id": latest, "reason": ON_RECORD}
    await here.call(f"/plans/{plan['plan_id']}/undo", undo)

    assert set((await here.seats(plan)).values()) == {first}


async def test_a_room_with_people_is_neither_dropped_nor_made_too_small(here: Province) -> None:
    plan, _ = await ready(here)
    window = plan["windows"][0]
    kept = {"window_id": window["window_id"]} | {name: window[name] for name in ("title", "opens_at", "closes_at")}
    first, second = (
        {name: slot[name] for name in ("slot_id", "place", "capacity", "area")} for slot in window["slots"]
    )

    await refused(here.slots(plan, {**kept, "slots": [second]}), "slot_has_people")
    await refused(here.slots(plan, {**kept, "slots": [{**first, "capacity": 3}, second]}), "slot_overfull")
    added = await here.slots(plan, {**kept, "slots": [first, second, room("三号教室", 5)]})

    assert [slot["place"] for slot in added["windows"][0]["slots"]] == ["测试考点一号教室", "二号教室", "三号教室"]


async def test_another_time_moves_the_sitting_and_is_told(here: Province) -> None:
    plan, persons = await ready(here)
    window = plan["windows"][0]
    [(sitting_id, *_)] = await here.entitled(persons[0])
    moved = here.window(days=11, window_id=window["window_id"])
    moved["slots"] = [
        {name: slot[name] for name in ("slot_id", "place", "capacity", "area")} for slot in window["slots"]
    ]

    await here.slots(plan, moved)
    await here.settled()

    assert (await here.entitled(persons[0]))[0][0] == sitting_id
    opens_at = await here.pool.fetchval("SELECT opens_at FROM exam.sittings WHERE sitting_id = $1", sitting_id)
    assert opens_at.isoformat() == moved["opens_at"]
    assert [code for code, _ in await here.messages(persons[0])] == ["M32", "C07"]


# --- asking to move ------------------------------------------------------------------------------------------------


async def test_a_physician_moves_once_and_the_solver_leaves_him_there(here: Province) -> None:
    plan, persons = await ready(here)
    _, second = (slot["slot_id"] for slot in plan["windows"][0]["slots"])
    async with await here.himself(persons[0]) as physician:
        path = f"/api/makeup/{plan['plan_id']}/move"
        own = await physician.post(path, {"slot_id": second, "reason": "值班"})
        await refused(physician.post(path, {"slot_id": plan["windows"][0]["slots"][0]["slot_id"]}), "asked_already")
    await here.settled()

    assert (own["seats"][0]["place"], own["seats"][0]["ask"], own["seats"][0]["can_ask"]) == (
        "二号教室",
        "granted",
        False,
    )
    assert (await here.entitled(persons[0]))[0][2] == 2
    solved = await here.solved(plan, everybody=True, reason=ON_RECORD)
    assert (await here.seats(plan))[persons[0]] == second
    assert solved["plan"]["changes"][1]["what"] == "asked"


async def test_of_two_who_ask_for_the_last_seat_one_wins_and_the_other_may_ask_again(here: Province) -> None:
    plan, persons = await ready(
        here, 4, room(capacity=6), room("二号教室", 1, area=DISTRICTS[1]), room("三号", 9, area=DISTRICTS[1])
    )
    _, second, third = (slot["slot_id"] for slot in plan["windows"][0]["slots"])
    path = f"/api/makeup/{plan['plan_id']}/move"
    async with AsyncExitStack() as stack:
        two = [await stack.enter_async_context(await here.himself(person)) for person in persons[:2]]
        found = await asyncio.gather(*(one.post(path, {"slot_id": second}) for one in two), return_exceptions=True)
        codes = [each.code if isinstance(each, Refusal) else "" for each in found]
        assert sorted(codes) == ["", "slot_full"]
        loser = two[codes.index("slot_full")]
        assert (await loser.post(path, {"slot_id": third}))["seats"][0]["place"] == "三号"
    assert sorted((await here.seats(plan)).values()).count(second) == 1


async def test_who_asks_for_a_full_room_waits_for_the_province(here: Province) -> None:
    plan, persons = await ready(here, 4, room(capacity=6), room("二号教室", 1, area=DISTRICTS[1]))
    _, second = (slot["slot_id"] for slot in plan["windows"][0]["slots"])
    path = f"/api/makeup/{plan['plan_id']}/move"
    async with AsyncExitStack() as stack:
        one, two, three = [await stack.enter_async_context(await here.himself(person)) for person in persons[:3]]
        await one.post(path, {"slot_id": second})
        for who in (two, three):
            assert (await who.post(path, {"slot_id": second, "wait": True}))["seats"][0]["ask"] == "waiting"
        asks = [row for row in (await here.call(f"/plans/{plan['plan_id']}/asks", None, "GET"))["rows"]
                if row["state"] == "waiting"]  # fmt: skip
        assert [row["person_id"] for row in asks] == persons[1:3]
        first_ask, second_ask = (f"/asks/{row['ask_id']}/decide" for row in asks)
        await refused(here.call(first_ask, {"grant": True}), "slot_full")
        await here.call(first_ask, {"grant": False, "reason": "该场次已满，请按原安排参加"})
        await refused(here.call(first_ask, {"grant": False, "reason": "该场次已满"}), "ask_decided")
        added = here.window(room("三号教室", 5), window_id=None)
        window = plan["windows"][0]
        kept = {name: window[name] for name in ("window_id", "title", "opens_at", "closes_at")}
        kept["slots"] = [
            {name: slot[name] for name in ("slot_id", "place", "capacity", "area")} for slot in window["slots"]
        ]
        seen = await here.slots(await here.see(plan), kept, added)
        third = next(
            slot["slot_id"] for each in seen["windows"] for slot in each["slots"] if slot["place"] == "三号教室"
        )
        await here.call(second_ask, {"grant": True, "slot_id": third})
        assert (await two.get("/api/makeup"))["seats"][0]["ask_reason"] == "该场次已满，请按原安排参加"
    assert (await here.seats(plan))[persons[2]] == third
    assert (await here.messages(persons[1]))[-1][0] == "C10"


async def test_it_is_too_late_to_ask_three_days_before(here: Province, server: Server) -> None:
    plan, persons = await ready(here, days=8)
    _, second = (slot["slot_id"] for slot in plan["windows"][0]["slots"])
    async with await here.himself(persons[0]) as physician, await here.himself(persons[1]) as other:
        with server.later(days=5, hours=1):
            asked = physician.post(f"/api/makeup/{plan['plan_id']}/move", {"slot_id": second})
            await refused(asked, "ask_too_late")
            assert not (await physician.get("/api/makeup"))["seats"][0]["can_ask"]
        await refused(other.post(f"/api/makeup/{plan['plan_id']}/move", {"slot_id": 2**40}), "no_such_slot", 404)


# --- absences ------------------------------------------------------------------------------------------------------


async def missed(here: Province, count: int) -> list[int]:
    """People entitled to the first round who never began it, found by the loop."""
    persons = await here.people(count, ended="nothing")
    await here.pool.execute("INSERT INTO exam.entitlements SELECT $1, unnest($2::bigint[])", here.sitting_id, persons)
    await here.pool.execute("DELETE FROM makeup.closings WHERE sitting_id = $1", here.sitting_id)
    await absences.notice(here.server.house)
    return persons


async def listed(here: Province, state: str = "open") -> list[dict[str, Any]]:
    query = f"cycle={here.cycle}&kind=humanities&state={state}"
    return list((await here.call(f"/absences?{query}", None, "GET"))["rows"])


async def test_who_never_began_is_absent_until_the_province_accepts_a_reason(here: Province) -> None:
    persons = await missed(here, 3)
    sat = await here.person("failed")

    rows = await listed(here)
    assert [row["person_id"] for row in rows] == persons
    assert [code for code, _ in await here.messages(persons[0])] == ["C06"]
    assert (await here.waiting())["people"] == 1
    async with await here.himself(persons[0]) as physician:
        own = (await physician.get("/api/makeup"))["absences"][0]
        await physician.post(f"/api/makeup/absences/{own['absence_id']}", {"text": REASON})
    assert (await listed(here))[0]["said"] == REASON
    body = {"absence_ids": [row["absence_id"] for row in rows[:2]], "accept": True, "reason": ON_RECORD}
    await here.call("/absences/decide", body)
    await refused(here.call("/absences/decide", body), "absence_decided")
    await here.settled()

    assert (await here.waiting())["people"] == 3
    assert [code for code, _ in await here.messages(persons[0])] == ["C06", "C08"]
    plan = (await here.solved(await here.planned(here.window(room()))))["plan"]
    await here.published(plan)
    assert set(await here.seats(plan)) == {persons[0], persons[1], sat}
    assert [code for code, _ in await here.messages(persons[0])] == ["C06", "C08", "C07"]
    assert await here.entitled(persons[2]) == []


async def test_an_absence_is_decided_in_time_and_whole_or_not_at_all(here: Province, server: Server) -> None:
    await missed(here, 2)
    ids = [row["absence_id"] for row in await listed(here)]
    ask = {"absence_ids": ids, "accept": True, "reason": ON_RECORD}

    await refused(here.call("/absences/decide", ask | {"absence_ids": [*ids, 2**40]}), "no_such_absence", 404)
    await refused(here.call("/absences/decide", ask | {"reason": "  "}), "reason_missing", 400)
    with server.later(days=16):
        await refused(here.call("/absences/decide", ask), "absence_too_old")
    assert [row["state"] for row in await listed(here)] == ["open", "open"]


async def test_a_window_that_is_opened_again_takes_the_absences_back(here: Province) -> None:
    persons = await missed(here, 2)
    await here.pool.execute(
        "UPDATE exam.sittings SET closes_at = now() + interval '1 day' WHERE sitting_id = $1", here.sitting_id
    )

    await absences.notice(here.server.house)
    await absences.notice(here.server.house)

    assert await listed(here) == []
    assert len(persons) == 2


async def test_who_misses_his_make_up_has_failed_unless_excused_and_then_is_placed_again(
    here: Province, server: Server
) -> None:
    plan, persons = await ready(here, 2)
    with server.later(days=11):
        await absences.notice(server.house)
        await here.settled()
        assert [row["round"] for row in await listed(here)] == ["makeup", "makeup"]
        assert (await here.waiting())["people"] == 0
        absence = (await listed(here))[0]
        await here.call(
            "/absences/decide", {"absence_ids": [absence["absence_id"]], "accept": True, "reason": ON_RECORD}
        )
        seen = await here.waiting()
        assert (seen["people"], seen["placed"]) == (1, 0)
    assert set(await here.seats(plan)) == {persons[1]}
