"""Which evidence has been kept long enough: by the end of the attempt, its cases and the sitting's policy."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from exam_engine import retiring
from exam_engine.retiring import attempts_of, due_evidence
from proctor.policy import Proctoring
from proctor.sweeping import Attempts, Due
from tests.exam_engine.exam_rows import CLOSED, POLICY, Rows

Pool = asyncpg.Pool

KEPT = timedelta(days=15 + 90)  # the time to appeal, then keep_days
MOMENT = timedelta(seconds=1)
NAMES = tuple(f"{number:064x}" for number in range(1, 4))


@pytest.fixture
async def rows(database_url: str) -> AsyncIterator[Rows]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        yield Rows(pool)
        # the next test finds only its own
        await pool.execute("UPDATE proctor.pictures SET deleted_at = now() WHERE deleted_at IS NULL")
        await pool.execute("UPDATE proctor.photos SET deleted_at = now() WHERE deleted_at IS NULL")


async def due(rows: Rows, now: datetime) -> list[Due]:
    return [one async for chunk in due_evidence(rows.pool, now) for one in chunk]


async def attempt_with_pictures(
    rows: Rows, phase: str = "released", ended_at: datetime | None = CLOSED
) -> tuple[int, int]:
    sitting_id = await rows.sitting()
    person_id = await rows.person(sitting_id)
    attempt_id = await rows.attempt(sitting_id, person_id, phase, ended_at)
    for name in NAMES:
        await rows.picture(attempt_id, name)
    return person_id, attempt_id


@pytest.mark.parametrize("phase", ["submitted", "marked", "released", "annulled"])
async def test_the_pictures_of_an_attempt_are_due_when_its_time_is_over(rows: Rows, phase: str) -> None:
    person_id, attempt_id = await attempt_with_pictures(rows, phase=phase)

    assert await due(rows, CLOSED + KEPT - MOMENT) == []
    assert await due(rows, CLOSED + KEPT) == [Due(attempt_id, person_id, NAMES, "retention")]


async def test_the_policy_of_the_sitting_says_how_long(rows: Rows) -> None:
    brief = msgspec.structs.replace(POLICY, proctoring=Proctoring(appeal_days=1, keep_days=2))
    sitting_id = await rows.sitting(brief)
    person_id = await rows.person(sitting_id)
    await rows.picture(await rows.attempt(sitting_id, person_id), NAMES[0])

    assert await due(rows, CLOSED + timedelta(days=3) - MOMENT) == []
    assert len(await due(rows, CLOSED + timedelta(days=3))) == 1


async def test_an_attempt_that_runs_is_never_due(rows: Rows) -> None:
    await attempt_with_pictures(rows, phase="running")

    assert await due(rows, CLOSED + 10 * KEPT) == []


@pytest.mark.parametrize("phase", ["entered", "identity", "ready"])
async def test_an_attempt_that_never_started_ends_when_its_sitting_closes(rows: Rows, phase: str) -> None:
    _, attempt_id = await attempt_with_pictures(rows, phase=phase, ended_at=None)

    assert await due(rows, CLOSED - MOMENT) == []
    assert await due(rows, CLOSED + KEPT - MOMENT) == []
    assert [one.attempt_id for one in await due(rows, CLOSED + KEPT)] == [attempt_id]


@pytest.mark.parametrize("phase", ["open", "notified", "replied", "appealed"])
async def test_while_a_case_is_undecided_nothing_is_due(rows: Rows, phase: str) -> None:
    person_id, attempt_id = await attempt_with_pictures(rows)
    await rows.photo(person_id, NAMES[0])
    await rows.case(attempt_id, phase, None)

    assert await due(rows, CLOSED + 40 * KEPT) == []


async def test_a_case_keeps_the_evidence_as_long_as_its_outcome_says(rows: Rows) -> None:
    _, dismissed = await attempt_with_pictures(rows)
    _, confirmed = await attempt_with_pictures(rows)
    decided_at = CLOSED + timedelta(days=200)
    await rows.case(dismissed, "dismissed", decided_at)
    await rows.case(confirmed, "upheld", decided_at)

    def days_after(days: int) -> datetime:
        return decided_at + timedelta(days=days)

    assert await due(rows, days_after(90) - MOMENT) == []
    assert [(one.attempt_id, one.reason) for one in await due(rows, days_after(90))] == [
        (dismissed, "retention_after_case")
    ]
    assert {one.attempt_id for one in await due(rows, days_after(1096) - MOMENT)} == {dismissed}
    assert {one.attempt_id for one in await due(rows, days_after(1096))} == {dismissed, confirmed}


async def test_what_is_deleted_is_not_due_again(rows: Rows) -> None:
    _, attempt_id = await attempt_with_pictures(rows)
    await rows.pool.execute("UPDATE proctor.pictures SET deleted_at = now() WHERE name = ANY($1)", list(NAMES[:2]))
    assert [one.names for one in await due(rows, CLOSED + KEPT)] == [NAMES[2:]]

    await rows.pool.execute("UPDATE proctor.pictures SET deleted_at = now() WHERE attempt_id = $1", attempt_id)
    assert await due(rows, CLOSED + KEPT) == []


async def test_all_are_found_however_small_the_chunks(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retiring, "CHUNK", 2)
    made = [await attempt_with_pictures(rows) for _ in range(5)]
    for person_id, _ in made:
        await rows.photo(person_id, NAMES[0])
    running = await attempt_with_pictures(rows, phase="running")

    found = await due(rows, CLOSED + KEPT)

    assert [one.attempt_id for one in found] == [*(attempt_id for _, attempt_id in made), *[None] * 5]
    assert running[0] not in {one.person_id for one in found}


# --- photos ------------------------------------------------------------------------------------------------------


async def test_a_photo_is_due_with_the_evidence_of_the_last_attempt(rows: Rows) -> None:
    sitting_id = await rows.sitting()
    person_id = await rows.person(sitting_id)
    await rows.attempt(sitting_id, person_id, ended_at=CLOSED + timedelta(hours=1))
    await rows.photo(person_id, NAMES[0])

    assert await due(rows, CLOSED + KEPT + timedelta(hours=1) - MOMENT) == []
    assert await due(rows, CLOSED + KEPT + timedelta(hours=1)) == [Due(None, person_id, NAMES[:1], "photo_unused")]


async def test_a_photo_is_kept_while_its_person_may_still_sit(rows: Rows) -> None:
    first, makeup = await rows.sitting(), await rows.sitting(closes_at=CLOSED + timedelta(days=300))
    person_id = await rows.person(first, makeup)
    await rows.attempt(first, person_id)
    await rows.photo(person_id, NAMES[0])

    assert await due(rows, CLOSED + timedelta(days=300) + KEPT - MOMENT) == []
    assert len(await due(rows, CLOSED + timedelta(days=300) + KEPT)) == 1


async def test_a_photo_of_somebody_who_runs_is_not_due(rows: Rows) -> None:
    sitting_id = await rows.sitting()
    person_id = await rows.person(sitting_id)
    await rows.attempt(sitting_id, person_id, phase="running")
    await rows.photo(person_id, NAMES[0])

    assert await due(rows, CLOSED + 10 * KEPT) == []


async def test_a_photo_nobody_ever_needed_is_due_after_the_usual_time(rows: Rows) -> None:
    person_id = await rows.person()
    await rows.photo(person_id, NAMES[0], CLOSED)
    usual = Proctoring()
    kept = timedelta(days=usual.appeal_days + usual.keep_days)

    assert await due(rows, CLOSED + kept - MOMENT) == []
    assert [one.person_id for one in await due(rows, CLOSED + kept)] == [person_id]


# --- whose attempts ----------------------------------------------------------------------------------------------


async def test_it_knows_whose_attempts_are_whose_and_which_are_open(rows: Rows) -> None:
    sitting_id = await rows.sitting()
    over, ready, running, nobody = [await rows.person(sitting_id) for _ in range(4)]
    attempts = {
        over: (await rows.attempt(sitting_id, over), await rows.attempt(sitting_id, over, phase="annulled")),
        ready: (await rows.attempt(sitting_id, ready, phase="ready", ended_at=None),),
        running: (await rows.attempt(sitting_id, running, phase="running"),),
    }
    persons = [over, ready, running, nobody]

    before = await attempts_of(rows.pool, CLOSED - MOMENT)(persons)
    after = await attempts_of(rows.pool, CLOSED)(persons)

    assert before == {
        over: Attempts(attempts[over], open=False),
        ready: Attempts(attempts[ready], open=True),
        running: Attempts(attempts[running], open=True),
    }
    assert after == {**before, ready: Attempts(attempts[ready], open=False)}
