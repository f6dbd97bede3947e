"""Figures for the command centre and the charts, and what is kept how long."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from exam_engine import workers
from exam_engine.counting import write_counts
from exam_engine.demo import PHYSICIANS
from exam_engine.edge.centre import POINTS_MAX
from proctor import store
from tests.candidate import Staff
from tests.exam_engine.edge.server import Server
from tests.exam_engine.edge.watched import Watched, door_open, refused, settled, watched

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Cast(NamedTuple):
    invigilator: Staff
    agency: Staff
    province: Staff
    candidate: Watched
    other: Watched


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Cast]:
    async with AsyncExitStack() as stack:
        names = ("invigilator", "agency", "province")
        one, agency, province = [await stack.enter_async_context(server.staff(name)) for name in names]
        him, her = [await stack.enter_async_context(watched(server)) for _ in range(2)]
        yield Cast(one, agency, province, him, her)


def of(centre: Any, sitting_id: int) -> Any:
    """The line of one sitting."""
    return next(line for line in centre["sittings"] if line["sitting_id"] == sitting_id)


async def test_the_centre_counts_everybody_once_where_he_is(server: Server, cast: Cast) -> None:
    sitting_id = await server.five_items(door_open(leaves_warn=1))
    him, her = cast.candidate, cast.other
    await him.begin(sitting_id)
    await her.enter(sitting_id)
    with server.later(minutes=30):
        await him.signals(him.signal("page_hidden", ago_s=60, for_s=30))
    running = of(await cast.invigilator.get("/api/desk/centre"), sitting_id)["now"]
    await server.house.redis.hset(f"exam:seen:{sitting_id}", str(him.attempt_id), 0)  # he was there, and is gone
    away = of(await cast.invigilator.get("/api/desk/centre"), sitting_id)["now"]
    await him.commands(him.hand_in())
    done = of(await cast.invigilator.get("/api/desk/centre"), sitting_id)["now"]

    names = ("expected", "entered", "running", "offline", "flagged", "handed_in")
    assert [running[name] for name in names] == [PHYSICIANS, 2, 1, 0, 1, 0]
    assert [away[name] for name in names] == [PHYSICIANS, 2, 1, 1, 1, 0]
    assert [done[name] for name in names] == [PHYSICIANS, 2, 0, 0, 1, 1]


async def test_the_groups_add_up_to_the_whole_and_end_at_the_scope(server: Server, cast: Cast) -> None:
    elsewhere = await server.five_items(door_open(), province="35")
    centre = await cast.agency.get("/api/desk/centre")

    for name in ("expected", "entered", "running", "offline", "flagged", "handed_in"):
        total = centre["total"][name]
        for groups in (centre["provinces"], centre["institutions"], [line["now"] for line in centre["sittings"]]):
            assert sum(group[name] for group in groups) == total, name
    assert [group["key"] for group in centre["institutions"]] == ["测试医院"]
    seen = {line["sitting_id"] for line in (await cast.province.get("/api/desk/centre"))["sittings"]}
    assert elsewhere not in seen
    assert server.sitting("practice") not in seen, "practice is no exam"
    await server.add_staff("nobodys-invigilator", "invigilator")
    async with server.staff("nobodys-invigilator") as stranger:
        empty = await stranger.get("/api/desk/centre")
    assert (empty["sittings"], empty["total"]["expected"], empty["cases_open"]) == ([], 0, 0)


async def test_what_is_over_is_not_at_the_centre(server: Server, cast: Cast) -> None:
    past = await server.five_items(door_open(), opens=timedelta(days=-2), closes=timedelta(seconds=-1))
    future = await server.five_items(door_open(), opens=timedelta(hours=1))
    seen = {line["sitting_id"] for line in (await cast.agency.get("/api/desk/centre"))["sittings"]}

    assert not seen & {past, future}


async def test_open_cases_and_kinds_of_incidents_are_counted(server: Server, cast: Cast) -> None:
    before = await cast.agency.get("/api/desk/centre")
    await cast.candidate.begin(await server.five_items(door_open()))
    him = cast.candidate
    with server.later(minutes=30):
        await him.signals(*(him.signal("cut", ago_s=60 * n) for n in range(3)))
    asked = {"request_id": f"case-{him.attempt_id}", "allegation": "materials", "text": "多次剪切，请核实"}
    await cast.invigilator.post(f"/api/desk/attempts/{him.attempt_id}/cases", asked)
    after = await cast.agency.get("/api/desk/centre")

    assert after["cases_open"] - before["cases_open"] == 1
    assert after["incidents"]["cut"] - before["incidents"].get("cut", 0) == 3


async def test_a_chart_has_a_point_for_every_count_and_is_thinned_evenly(server: Server, cast: Cast) -> None:
    sitting_id = await server.five_items(door_open())
    await cast.candidate.begin(sitting_id)
    await write_counts(server.house)
    with server.later(seconds=15):
        await cast.candidate.commands(cast.candidate.hand_in())
        await write_counts(server.house)
    points = (await cast.invigilator.get(f"/api/desk/sittings/{sitting_id}/counts"))["points"]

    assert [(p["running"], p["handed_in"]) for p in (points[0], points[-1])] == [(1, 0), (0, 1)]
    assert [p["at"] for p in points] == sorted(p["at"] for p in points)
    await server.house.pool.execute(
        """INSERT INTO proctor.counts SELECT $1, now() + n * interval '15 seconds', n, 0, 0, 0, 0
           FROM generate_series(60, 60 + 3000) n""",
        sitting_id,
    )
    thinned = (await cast.invigilator.get(f"/api/desk/sittings/{sitting_id}/counts"))["points"]
    assert len(thinned) <= POINTS_MAX
    assert thinned[-1]["entered"] == 3060, "the newest is always there"
    steps = {b["entered"] - a["entered"] for a, b in pairwise(thinned[2:])}
    assert len(steps) == 1


async def test_a_sitting_nobody_has_entered_has_no_points(server: Server, cast: Cast) -> None:
    sitting_id = await server.five_items(door_open())
    await write_counts(server.house)

    assert (await cast.invigilator.get(f"/api/desk/sittings/{sitting_id}/counts"))["points"] == []


async def test_what_is_kept_too_long_is_due_and_after_the_sweep_on_the_report(server: Server, cast: Cast) -> None:
    sitting_id = await server.five_items(door_open(keep_days=1))
    him = cast.candidate
    await him.begin(sitting_id)
    names = {(await him.capture(shade=201))["picture"], (await him.portrait(202))["picture"]}
    await settled(server)
    await him.commands(him.hand_in())
    await server.written(him.attempt_id, "marked")
    with refused(403, "wrong_role"):
        await cast.invigilator.get("/api/desk/retention")
    before = await cast.agency.get("/api/desk/retention")
    with server.later(days=17):  # the time to object, and a day
        due = await cast.agency.get("/api/desk/retention")
        await workers.sweep_evidence(server.house)
        after = await cast.agency.get("/api/desk/retention")

    assert before["due"] == 0
    assert due["due"] >= len(names)
    assert before["pictures"] - after["pictures"] >= len(names)
    assert {row["reason"] for row in after["deletions"]} == {"retention"}
    assert sum(row["pictures"] for row in after["deletions"]) == before["pictures"] - after["pictures"]
    for name in names:
        assert not await store.belongs(server.house.pool, him.attempt_id, -1, name)
