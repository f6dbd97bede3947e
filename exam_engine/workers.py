"""Loops that need nobody's client: the bell, marking, release, and keeping things tidy.

Each kind of work is led by one process at a time, whoever holds its advisory lock; if that process dies,
PostgreSQL gives the lock to the next that asks. Two leaders for a moment would do no harm: versions decide.

**The bell.** When thousands of attempts end together there is no time left to read their journals. So the sweeper
reads those that end within WARM_S ahead of time, and at the bell only has to decide and append; the journal's
versions tell it if something changed since. First all are closed, then they are told. **Marking** comes after: frozen
first, marked when there is time.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from exam_engine import attempt as core
from exam_engine import item_imports, store
from exam_engine.calibrating import calibrate_some
from exam_engine.captures import look_again
from exam_engine.casework import mend, notify_some
from exam_engine.counting import COUNT_S, write_counts
from exam_engine.enrolment import reembed_some
from exam_engine.errors import PersonError, Unavailable
from exam_engine.exposing import COUNT_S as COUNT_ITEMS_S
from exam_engine.exposing import count_all
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.leading import Leads
from exam_engine.messages import RecordMark, Release, Tick
from exam_engine.proctoring import derive_again
from exam_engine.receipt_office import Office
from exam_engine.registration import evidence
from exam_engine.registration.sending import SEND_S, send_due
from exam_engine.registration.tending import TEND_S, settle_some, tend
from exam_engine.rescoring import rescore_some
from exam_engine.results import tending as results
from exam_engine.retiring import attempts_of, due_evidence
from exam_engine.service import Known
from exam_engine.sitting import Sitting
from proctor.sweeping import Report
from proctor.sweeping import Sweeper as Sweeping
from question_bank.paper import Paper
from scoring.store import Kept, Scored, keep_scores

WARM_S: Final = 15
LOOK_AHEAD_S: Final = 1.0
TICK_S: Final = 0.05
DUE_MAX: Final = 20_000
WARM_CHUNK: Final = 50  # journals folded without a pause: some 10 ms in which nobody else is served
RING_CHUNK: Final = 50  # attempts closed without a pause, while the turns of the journal go on beside it
OVERDUE_S: Final = 5.0  # an attempt that could not be closed for so long holds nobody else up
MARK_PAUSE_S: Final = 0.5
MARK_CHUNK: Final = 100
LEAD_PAUSE_S: Final = 1.0
REPAIR_S: Final = 5.0
REPAIR_CHUNK: Final = 1_000
REPAIR_CALM_S: Final = 1.0  # between two chunks
CLOCK_S: Final = 30.0
TIDY_S: Final = 600.0
SWEEPER_KEY: Final = 0x65786D01
MARKER_KEY: Final = 0x65786D02
RELEASER_KEY: Final = 0x65786D03
PROCTORING_KEY: Final = 0x65786D04
SETTLER_KEY: Final = 0x65786D05
REGISTRATION_KEY: Final = 0x65786D06
RESULTS_KEY: Final = 0x65786D09
RECEIPTS_KEY: Final = 0x65786D0D
CALIBRATOR_KEY: Final = 0x65786D0E
DOCUMENTS_S: Final = 3600.0
RECEIPTS_S: Final = 1.0
CALIBRATE_S: Final = 5.0
CASES_S: Final = 2.0
LEFT_OVER_S: Final = 10.0
EVIDENCE_S: Final = 3600.0

log = structlog.get_logger()


async def run(house: House) -> None:
    """All loops of this process, until cancelled. None of them can end another."""
    async with Leads(house.pool) as leads:
        await _run(house, leads)


async def _run(house: House, leads: Leads) -> None:
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "bell": lambda: leads.lead(SWEEPER_KEY, Sweeper(house).run),
        "marking": lambda: leads.lead(MARKER_KEY, lambda: _repeat(house, mark_and_rescore)),
        "release": lambda: leads.lead(RELEASER_KEY, lambda: _repeat(house, release_some)),
        "repair": lambda: every(REPAIR_S, lambda: repair(house)),
        "clock": lambda: every(CLOCK_S, house.clock.follow),
        "proctoring": lambda: leads.lead(PROCTORING_KEY, lambda: _proctoring(house)),
        "entitlements": lambda: leads.lead(SETTLER_KEY, lambda: _repeat(house, settle_when_frozen)),
        "registration": lambda: leads.lead(REGISTRATION_KEY, lambda: every(TEND_S, lambda: tend(house))),
        "receipts": lambda: leads.lead(RECEIPTS_KEY, lambda: make_receipts(house)),
        "results": lambda: leads.lead(RESULTS_KEY, lambda: _results(house)),
        "calibration": lambda: leads.lead(CALIBRATOR_KEY, lambda: every(CALIBRATE_S, lambda: calibrate_some(house))),
        "sms": lambda: every(SEND_S, lambda: send_due(house)),
        "documents": lambda: every(DOCUMENTS_S, lambda: evidence.sweep_unused(house, house.clock.now())),
        "bank": lambda: every(DOCUMENTS_S, lambda: item_imports.sweep(house)),
        "exposure": lambda: every(COUNT_ITEMS_S, lambda: count_all(house)),
        "sessions": lambda: every(TIDY_S, lambda: house.pool.execute(store.DROP_EXPIRED_SESSIONS)),
    }
    async with asyncio.TaskGroup() as tasks:
        for name, work in loops.items():
            tasks.create_task(forever(name, work))


async def forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Keep a loop going: what ends it is our own error, which must not end the exam."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("loop_ended", loop=name)
        await asyncio.sleep(LEAD_PAUSE_S)


async def every(pause_s: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` again and again; a lost database interrupts it once, not for ever."""
    while True:
        await asyncio.sleep(pause_s)
        try:
            await work()
        except (*DATABASE_AWAY, Unavailable) as error:
            log.warning("loop_interrupted", reason=str(error))


async def _repeat(house: House, work: Callable[[House], Awaitable[int]]) -> None:
    while True:
        if await work(house) == 0:
            await asyncio.sleep(MARK_PAUSE_S)


class Sweeper:
    """Rings the bell for attempts nobody else closes."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._warm: dict[int, Known] = {}
        self._due: list[tuple[datetime, int]] = []

    async def run(self) -> None:
        """Look ahead once a second, ring twenty times a second."""
        loop = asyncio.get_running_loop()
        look_at_s = 0.0
        try:
            while True:
                if loop.time() >= look_at_s:
                    await self._look_ahead()
                    look_at_s = loop.time() + LOOK_AHEAD_S
                await self._ring()
                await asyncio.sleep(TICK_S)
        finally:
            for known in self._warm.values():
                self._house.service.let_go(known)
            self._warm.clear()
            self._due.clear()

    async def _look_ahead(self) -> None:
        until = self._house.clock.now() + timedelta(seconds=WARM_S)
        rows = await self._house.pool.fetch(store.DUE_SOON, until, DUE_MAX)
        new = [(row[1], row[0]) for row in rows if row[0] not in self._warm]
        for start in range(0, len(new), WARM_CHUNK):
            chunk = new[start : start + WARM_CHUNK]
            for known in await self._house.service.hold_many([attempt_id for _, attempt_id in chunk]):
                self._warm[known.attempt_id] = known
            for due_at, attempt_id in chunk:
                heapq.heappush(self._due, (due_at, attempt_id))
            await self._ring()

    async def _ring(self) -> None:
        now = self._house.clock.now()
        ringing = []
        while self._due and self._due[0][0] < now:
            ringing.append(heapq.heappop(self._due)[1])
        if ringing:
            with self._house.bus.holding_back():
                await self._ring_all(ringing)

    async def _ring_all(self, ringing: list[int]) -> None:
        closing = []
        for place, attempt_id in enumerate(ringing, 1):
            closing.append(asyncio.ensure_future(self._ring_one(attempt_id)))
            if place % RING_CHUNK == 0:
                await asyncio.sleep(0)  # what is decided goes to the journal, and the others get their turn
        await asyncio.gather(*closing)

    async def _ring_one(self, attempt_id: int) -> None:
        known = self._warm.pop(attempt_id, None)
        if known is None:
            return
        try:
            if core.next_check_at(known.attempt) is not None:
                await self._house.service.handle(attempt_id, Tick())
        except Unavailable:
            raise  # look ahead again when the database is back: the row still says that it is due
        except PersonError as error:
            log.warning("bell_refused", attempt=attempt_id, code=error.code)
        finally:
            self._house.service.let_go(known)


async def mark_and_rescore(house: House) -> int:
    """In turns and by one leader: so nothing is marked by the old scheme behind the back of a rescore."""
    return await mark_some(house) + await rescore_some(house)


async def mark_some(house: House) -> int:
    """Mark the next submitted attempts; returns how many. While a bell is being rung, none: frozen first."""
    if await _ringing(house):
        return 0
    ids = [row[0] for row in await house.pool.fetch(store.UNMARKED, MARK_CHUNK)]
    if not ids:
        return 0
    papers = await house.papers.of_attempts(ids)
    held = await house.service.hold_many(ids)
    try:
        await house.service.catch_up_many(ids)  # what is in memory may be behind another process
        # As they are now, not as they were kept: what two persons decided holds for the next paper that is marked.
        sittings = {number: await store.sitting(house.pool, number) for number in {k.attempt.sitting for k in held}}
        scored = await _scored(house, held, papers, sittings)
        kept = await keep_scores(house.pool, scored)
        marked = await asyncio.gather(*(_record(house, attempt_id, each) for attempt_id, each in kept.items()))
    finally:
        for known in held:
            house.service.let_go(known)
    return sum(marked)


async def settle_when_frozen(house: House) -> int:
    """Entitlements that follow from what was handed in; while a bell is being rung, none."""
    return 0 if await _ringing(house) else await settle_some(house)


async def _ringing(house: House) -> bool:
    """Whether attempts are due that are not closed yet."""
    now = house.clock.now()
    rows = await house.pool.fetch(store.DUE_SOON, now, 1)
    return bool(rows) and rows[0][1] > now - timedelta(seconds=OVERDUE_S)


async def _scored(
    house: House, held: list[Known], papers: dict[int, Paper], sittings: dict[int, Sitting | None]
) -> dict[int, Scored]:
    """Their scores. One that can't be marked is our own error; it must not hold up the others."""
    scored: dict[int, Scored] = {}
    for known in held:
        try:
            sitting = sittings[known.attempt.sitting]
            assert sitting is not None, "sittings are never deleted"
            answers = {no: choice for no, choice in known.attempt.answers.items() if choice}
            score = await house.papers.score(papers[known.attempt_id], answers, sitting.scheme)
            scored[known.attempt_id] = Scored(score, sitting.scheme)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("marking_failed", attempt=known.attempt_id)
        await asyncio.sleep(0)
    return scored


async def _record(house: House, attempt_id: int, kept: Kept) -> bool:
    command = RecordMark(revision=kept.revision, points=kept.score.points, points_max=kept.score.points_max)
    try:
        await house.service.handle(attempt_id, command)
    except (Unavailable, *DATABASE_AWAY):
        raise
    except PersonError as error:
        log.warning("mark_refused", attempt=attempt_id, code=error.code)
    except Exception:
        log.exception("marking_failed", attempt=attempt_id)
        return False
    return True


async def release_some(house: House) -> int:
    """Release the next marked attempts of sittings whose release was ordered; returns how many."""
    rows = await house.pool.fetch(store.RELEASABLE, MARK_CHUNK)

    async def release(attempt_id: int, pass_points: int, by: int, points_full: int) -> None:
        try:
            await house.service.handle(attempt_id, Release(pass_points=pass_points, points_full=points_full), by=by)
        except Unavailable:
            raise
        except PersonError as error:
            log.warning("release_refused", attempt=attempt_id, code=error.code)

    await asyncio.gather(*(release(*row) for row in rows))
    return len(rows)


async def make_receipts(house: House) -> None:
    """Sign what was handed in, also where nobody asks for it: the sooner a digest is signed, the more it proves.

    At a calm pace (CHUNK each RECEIPTS_S): who asks for his own does not wait for this, and after a bell others hurry.
    """
    office = Office(house.pool, house.settings.secret_key, clock=asyncio.get_running_loop().time)
    await every(RECEIPTS_S, office.make_some)


async def _results(house: House) -> None:
    """Final results follow their legs, and are published when that was ordered."""
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "legs": lambda: _repeat(house, results.look_some),
        "publishing": lambda: _repeat(house, results.publish_some),
        "results by time": lambda: every(results.TEND_S, lambda: results.tend_results(house)),
        "results missing": lambda: every(results.CATCH_UP_S, lambda: results.catch_up(house)),
    }
    async with asyncio.TaskGroup() as tasks:
        for name, work in loops.items():
            tasks.create_task(forever(name, work))


async def _proctoring(house: House) -> None:
    """What follows from watching when nobody asks: cases, pictures left over, charts, and what is kept too long."""
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "cases": lambda: every(CASES_S, lambda: _cases(house)),
        "captures": lambda: every(LEFT_OVER_S, lambda: look_again(house)),
        "incidents": lambda: every(LEFT_OVER_S, lambda: derive_again(house)),
        "photos": lambda: every(LEFT_OVER_S, lambda: reembed_some(house)),
        "counts": lambda: every(COUNT_S, lambda: write_counts(house)),
        "evidence": lambda: every(EVIDENCE_S, lambda: sweep_evidence(house)),
    }
    async with asyncio.TaskGroup() as tasks:
        for name, work in loops.items():
            tasks.create_task(forever(name, work))


async def _cases(house: House) -> None:
    await notify_some(house)
    await mend(house)


async def sweep_evidence(house: House) -> Report:
    """Delete what has been kept long enough (domain.md §7.5)."""
    now, report = house.clock.now(), Report()
    sweeper = Sweeping(house.pool, house.pictures, house.keys, attempts_of(house.pool, now))
    async for due in due_evidence(house.pool, now):
        report += await sweeper.sweep(due, now)
    return report + await sweeper.shred_where_nothing_is_left(now)


async def repair(house: House) -> None:
    """Lost wake-ups: bring what is held here up to date with what others wrote."""
    held = list(house.service.held_versions())
    # With Redis there is hardly anything to repair; without it, this is how news travel.
    pause_s = REPAIR_CALM_S if house.bus.connected else REPAIR_S / (1 + len(held) // REPAIR_CHUNK) / 2
    for start in range(0, len(held), REPAIR_CHUNK):
        await house.service.catch_up_many(held[start : start + REPAIR_CHUNK])
        await asyncio.sleep(pause_s)
