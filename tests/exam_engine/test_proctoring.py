"""What a process that was killed left undone is done by the next, once: notices, locks, cases, pictures, holds."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from exam_engine.captures import AGAIN_S, TOO_OLD_S, look_again
from exam_engine.casework import mend, notify_some
from exam_engine.proctoring import UNDONE_S, derive, derive_again
from exam_engine.workers import sweep_evidence
from proctor import store
from proctor.signals import Signal, SignalKind, incidents
from proctor.vision import VisionAway
from tests.exam_engine.edge.server import Server, forget, running, settings_in
from tests.exam_engine.edge.watched import (
    STRANGER,
    Eyes,
    Watched,
    door_open,
    incidents_of,
    notices_of,
    seeing,
    settled,
    sight,
    watched,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    folder: Path = tmp_path_factory.mktemp("data")
    await forget(redis_url)
    async with running(database_url, redis_url, settings_in(folder)) as started:
        yield started
    await forget(redis_url)


@pytest.fixture(scope="module")
def eyes(server: Server) -> Iterator[Eyes]:
    with seeing(server) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(server: Server, eyes: Eyes) -> AsyncIterator[Watched]:
    assert server.house.vision is eyes
    async with watched(server) as person:
        yield person


async def sitting(server: Server, person: Watched, **proctoring: Any) -> int:
    sitting_id = await server.five_items(door_open(**proctoring))
    await person.begin(sitting_id)
    return sitting_id


async def older(server: Server, table: str, column: str, seconds: float, attempt_id: int) -> None:
    """What stands there is so much older for the database."""
    await server.house.pool.execute(
        f"UPDATE proctor.{table} SET {column} = {column} - make_interval(secs => $1) WHERE attempt_id = $2",
        seconds, attempt_id,
    )  # fmt: skip


async def found_but_not_told(server: Server, person: Watched, leaves: int) -> None:
    """So many leaves, whose process was killed when it had written them and what follows, and had done nothing yet."""
    pool, known = server.house.pool, await server.house.service.look(person.attempt_id)
    started_at = known.attempt.started_at
    assert started_at is not None
    facts = [
        Signal(person.device, n, SignalKind.PAGE_HIDDEN, started_at + timedelta(minutes=n), for_ms=30_000)
        for n in range(1, leaves + 1)
    ]
    await store.add_signals(pool, person.attempt_id, facts)
    await store.put_incidents(pool, person.attempt_id, incidents(known.attempt.policy.proctoring, facts))


async def test_incidents_that_were_written_and_not_told_are_told_by_the_next_process(
    server: Server, one: Watched
) -> None:
    await sitting(server, one, leaves_warn=1, leaves_max=2)
    await found_but_not_told(server, one, 3)
    house = server.house
    assert await notices_of(server, one.attempt_id) == []
    await older(server, "incidents", "raised_at", UNDONE_S + 1, one.attempt_id)

    await derive_again(house)
    await derive_again(house)

    assert await notices_of(server, one.attempt_id) == ["left_page:1:2", "left_page:2:2", "left_page:3:3"]
    kinds = [entry.kind for entry in await server.journal(one.attempt_id)]
    assert (kinds.count("warned"), kinds.count("submitted"), kinds.count("held")) == (3, 1, 1)
    assert await house.pool.fetch(store.UNDONE, one.attempt_id) == []


async def test_what_was_told_half_way_is_told_to_the_end_and_nothing_twice(server: Server, one: Watched) -> None:
    await sitting(server, one, leaves_warn=1, leaves_max=1)
    await found_but_not_told(server, one, 2)
    house = server.house
    async with house.service.holding(one.attempt_id) as known:
        await derive(house, known)
    before = [entry.kind for entry in await server.journal(one.attempt_id)]
    await house.pool.execute("UPDATE proctor.incidents SET done = false WHERE attempt_id = $1", one.attempt_id)
    await older(server, "incidents", "raised_at", UNDONE_S + 1, one.attempt_id)

    await asyncio.gather(*(derive_again(house) for _ in range(3)))

    after = [entry.kind for entry in await server.journal(one.attempt_id)]
    assert [kind for kind in after if kind != "marked"] == [kind for kind in before if kind != "marked"]
    cases = await house.pool.fetch("SELECT 1 FROM proctor.cases WHERE attempt_id = $1", one.attempt_id)
    assert len(cases) == 1


async def test_young_incidents_are_left_to_the_process_that_found_them(server: Server, one: Watched) -> None:
    await sitting(server, one, leaves_warn=1)
    await found_but_not_told(server, one, 1)
    await derive_again(server.house)

    assert await notices_of(server, one.attempt_id) == []


async def left_over(server: Server, eyes: Eyes, person: Watched, count: int) -> None:
    """Captures that were kept, whose process was killed before anybody looked at them."""
    house = server.house
    eyes.open.clear()
    with server.later(minutes=30):
        for number in range(count):
            await person.capture(ago_ms=120_000 * (count - number))
    jobs = list(house.jobs)
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    eyes.open.set()


async def test_pictures_nobody_had_looked_at_are_looked_at_by_the_next_process(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await sitting(server, one)
    await left_over(server, eyes, one, 3)
    eyes.tell(one.attempt_id, sight(STRANGER), sight(STRANGER), sight(STRANGER))
    assert await look_again(server.house) == 0, "somebody may still be at it"
    await older(server, "captures", "received_at", AGAIN_S + 1, one.attempt_id)

    assert await look_again(server.house) == 3
    assert await look_again(server.house) == 0

    assert [row["kind"] for row in (await one.log())["captures"]] == ["other"] * 3
    assert [level for _, _, level in await incidents_of(server, one.attempt_id)] == [2, 3]
    assert (await one.view())["identity_locked"]


async def test_pictures_that_are_history_are_kept_without_a_look(server: Server, eyes: Eyes, one: Watched) -> None:
    await sitting(server, one)
    await left_over(server, eyes, one, 3)
    looked = len(eyes.looked)
    await older(server, "captures", "received_at", TOO_OLD_S + 1, one.attempt_id)

    await look_again(server.house)

    rows = await server.house.pool.fetch(store.CAPTURES, one.attempt_id)
    assert [(row["state"], row["reason"]) for row in rows] == [("not_seen", "down")] * 3
    assert len(eyes.looked) == looked
    assert await incidents_of(server, one.attempt_id) == []


async def test_a_picture_that_is_looked_at_twice_counts_once(server: Server, eyes: Eyes, one: Watched) -> None:
    await sitting(server, one)
    await left_over(server, eyes, one, 2)
    await older(server, "captures", "received_at", AGAIN_S + 1, one.attempt_id)
    eyes.tell(one.attempt_id, *(sight(STRANGER) for _ in range(2)), *(sight() for _ in range(6)))

    await asyncio.gather(*(look_again(server.house) for _ in range(3)))

    assert {row["state"] for row in await server.house.pool.fetch(store.CAPTURES, one.attempt_id)} == {"seen"}
    assert len(await incidents_of(server, one.attempt_id)) <= 1
    assert not (await one.view())["identity_locked"]


async def test_a_model_that_is_still_away_later_leaves_the_picture_and_says_so(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await sitting(server, one)
    await left_over(server, eyes, one, 1)
    await older(server, "captures", "received_at", AGAIN_S + 1, one.attempt_id)
    eyes.tell(one.attempt_id, VisionAway("slow"))
    await look_again(server.house)

    (row,) = await server.house.pool.fetch(store.CAPTURES, one.attempt_id)
    assert (row["state"], row["reason"]) == ("not_seen", "slow")


async def test_a_case_opened_by_a_process_that_died_holds_the_score_and_is_told_by_the_next(
    server: Server, one: Watched
) -> None:
    await sitting(server, one)
    async with server.staff("invigilator") as desk:
        asked = {"request_id": f"case-{one.attempt_id}", "allegation": "other", "text": "行为异常，请核实"}
        case = await desk.post(f"/api/desk/attempts/{one.attempt_id}/cases", asked)
    house, case_id = server.house, case["case"]["case_id"]
    # A case that was committed while its process died before the journal heard of it.
    other = await house.pool.fetchval(
        """INSERT INTO proctor.cases (attempt_id, sitting_id, person_id, request, allegation, phase, version, holds,
               opened_at, opened_by)
           SELECT attempt_id, sitting_id, person_id, 'orphan ' || case_id, allegation, phase, version, holds,
               opened_at, opened_by FROM proctor.cases WHERE case_id = $1 RETURNING case_id""",
        case_id,
    )
    await house.pool.execute(
        "INSERT INTO proctor.case_events SELECT $2, version, body, by, at FROM proctor.case_events WHERE case_id = $1",
        case_id, other,
    )  # fmt: skip
    await house.pool.execute("UPDATE exam.attempts SET held = false WHERE attempt_id = $1", one.attempt_id)
    await mend(house)
    await mend(house)
    known = await house.service.look(one.attempt_id)

    assert known.attempt.held_by == {case_id, other}
    await one.commands(one.hand_in())
    await notify_some(house)
    await notify_some(house)
    phases = await house.pool.fetch("SELECT phase FROM proctor.cases WHERE attempt_id = $1", one.attempt_id)
    assert [row["phase"] for row in phases] == ["notified", "notified"]
    events = await house.pool.fetch("SELECT case_id FROM proctor.case_events WHERE case_id IN ($1, $2)", case_id, other)
    assert len(events) == 4, "told once each"


async def test_nothing_of_an_open_case_is_swept_away_however_old(server: Server, eyes: Eyes, one: Watched) -> None:
    await sitting(server, one, keep_days=0)
    name = (await one.capture())["picture"]
    await settled(server)
    async with server.staff("invigilator") as desk:
        asked = {"request_id": f"case-{one.attempt_id}", "allegation": "other", "text": "行为异常，请核实",
                 "pictures": [name]}  # fmt: skip
        await desk.post(f"/api/desk/attempts/{one.attempt_id}/cases", asked)
    await one.commands(one.hand_in())
    with server.later(days=4_000):
        await sweep_evidence(server.house)

    assert await store.belongs(server.house.pool, one.attempt_id, -1, name)
