"""Carrying out an approved rescore: attempt by attempt, in the order of their numbers, from where the last one stopped.

What may happen at any moment, and why it does no harm: the process dies (the revision is kept by its edition, the
correction is on record before the journal hears of it, the journal refuses a revision it has, a message is sent once);
an attempt is released meanwhile (then it is corrected instead of marked); it is handed in meanwhile (it is marked by
the new scheme anyway, which holds since the approval).

A paper that can't be marked again does not hold up the others: it is on record as failed, for people to see, and is
tried again every few minutes until it can.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from exam_engine import store
from exam_engine.errors import PersonError, Unavailable
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.messages import Correct, Phase, RecordMark
from exam_engine.registration import inbox_store
from exam_engine.service import Known
from exam_engine.sitting import Sitting
from question_bank.paper import Paper
from scoring import rulings_store as rulings
from scoring.result import line
from scoring.store import Kept, keep_score

CHUNK: Final = 200  # attempts
TRIES_MAX: Final = 3
AFTER: Final = """
SELECT attempt_id FROM exam.attempts WHERE sitting_id = $1 AND attempt_id > $2 AND phase IN ('marked', 'released')
ORDER BY attempt_id LIMIT $3
"""

log = structlog.get_logger()


class Job(NamedTuple):
    """An approved proposal with what its work needs. `refs`: the item versions it rules."""

    proposal_id: int
    sitting: Sitting
    pass_points: int
    refs: frozenset[tuple[int, int]]
    reason: str
    keep_passes: bool
    by: int


async def rescore_some(house: House) -> int:
    """The next attempts of the oldest approved proposal that is not done, else what failed; returns how many."""
    row = await house.pool.fetchrow(rulings.NEXT)
    if row is None:
        return await _try_again(house)
    job = await _job(house, row)
    ids = [found[0] for found in await house.pool.fetch(AFTER, job.sitting.sitting_id, row["looked_to"], CHUNK)]
    if not ids:
        await house.pool.execute(rulings.FINISH, job.proposal_id)
        log.info("rescored", proposal=job.proposal_id, sitting=job.sitting.sitting_id)
        return 1
    await house.pool.execute(rulings.FAILED, job.proposal_id, await _rescore(house, job, ids))
    await house.pool.execute(rulings.ADVANCE, job.proposal_id, ids[-1], len(ids))
    return len(ids)


async def _try_again(house: House) -> int:
    """What failed a while ago, by the scheme that holds now; returns how many were tried."""
    row = await house.pool.fetchrow(rulings.AGAIN)
    if row is None:
        return 0
    job = await _job(house, row)
    ids = [found[0] for found in await house.pool.fetch(rulings.DUE, job.proposal_id, CHUNK)]
    failed = await _rescore(house, job, ids)
    await house.pool.execute(rulings.FAILED, job.proposal_id, failed)
    await house.pool.execute(rulings.MENDED, job.proposal_id, [number for number in ids if number not in failed])
    return len(ids)


async def _job(house: House, row: store.Row) -> Job:
    sitting = await store.sitting(house.pool, row["sitting_id"])
    assert sitting is not None, "sittings are never deleted"
    order = await house.pool.fetchrow(store.RELEASE_OF, sitting.sitting_id)
    return Job(
        proposal_id=row["proposal_id"],
        sitting=sitting,
        pass_points=order["pass_points"] if order else sitting.pass_points,
        refs=frozenset(msgspec.json.decode(row["refs"], type=list[tuple[int, int]])),
        reason=row["reason"],
        keep_passes=row["keep_passes"],
        by=row["decided_by"],
    )


async def _rescore(house: House, job: Job, ids: Sequence[int]) -> list[int]:
    """Returns those that could not be marked again."""
    papers = await house.papers.of_attempts(ids)
    touched = [number for number in ids if _has(papers[number], job)]
    held = await house.service.hold_many(touched)
    try:
        await house.service.catch_up_many(touched)
        return [
            known.attempt_id for known in held if not await _one_safely(house, job, known, papers[known.attempt_id])
        ]
    finally:
        for known in held:
            house.service.let_go(known)


def _has(paper: Paper, job: Job) -> bool:
    return any((entry.item_id, entry.version) in job.refs for entry in paper.entries)


async def _one_safely(house: House, job: Job, known: Known, paper: Paper) -> bool:
    """Whether it is done. One attempt that can't be marked again is our own error; it must not hold up the others."""
    try:
        await _one(house, job, known, paper)
    except (*DATABASE_AWAY, Unavailable):
        raise
    except Exception:
        log.exception("rescore_failed", attempt=known.attempt_id, proposal=job.proposal_id)
        return False
    return True


async def _one(house: House, job: Job, known: Known, paper: Paper) -> None:
    answers = {no: choice for no, choice in known.attempt.answers.items() if choice}
    score = await house.papers.score(paper, answers, job.sitting.scheme)
    kept = await keep_score(house.pool, known.attempt_id, score, job.sitting.scheme, reason=job.reason)
    own = line(job.pass_points, kept.score.points_max, job.sitting.points_full)
    for _ in range(TRIES_MAX):
        if known.attempt.phase not in (Phase.MARKED, Phase.RELEASED) or known.attempt.marked is None:
            return  # annulled meanwhile
        written = await _on_record(house, job, known, kept, own)
        try:
            await house.service.handle(known.attempt_id, _command(job, known, kept, own), by=job.by)
        except Unavailable:
            raise
        except PersonError as error:  # released between our look and the word: look again
            log.info("rescore_again", attempt=known.attempt_id, code=error.code)
            continue
        await _tell(house, job, known, kept, written)
        return
    raise AssertionError(f"attempt {known.attempt_id} changes faster than it can be marked")


def _command(job: Job, known: Known, kept: Kept, own: int) -> Correct | RecordMark:
    points, points_max = kept.score.points, kept.score.points_max
    if known.attempt.phase is not Phase.RELEASED:
        return RecordMark(kept.revision, points, points_max)
    return Correct(kept.revision, points, points_max, own, job.keep_passes, job.proposal_id)


async def _on_record(house: House, job: Job, known: Known, kept: Kept, own: int) -> store.Row:
    """What is about to be done to this attempt, before the journal hears of it; or what was said then."""
    marked, released = known.attempt.marked, known.attempt.released
    assert marked is not None
    passing = kept.score.points >= own
    stands = released is not None and released.passed and job.keep_passes
    await house.pool.execute(
        rulings.CORRECTED,
        job.proposal_id,
        known.attempt_id,
        kept.revision,
        marked.points,
        kept.score.points,
        marked.points >= line(job.pass_points, marked.points_max, job.sitting.points_full)
        if released is None
        else released.passed,
        passing or stands,
        released is not None,
        stands and not passing,
    )
    row = await house.pool.fetchrow(rulings.CORRECTION, job.proposal_id, known.attempt_id)
    assert row is not None
    return row


async def _tell(house: House, job: Job, known: Known, kept: Kept, written: store.Row) -> None:
    """C20, once, to whose released result is another now."""
    released = known.attempt.released
    changed = (written["points_before"], written["passed_before"]) != (kept.score.points, written["passed_after"])
    if released is None or not changed:
        return
    facts: dict[str, Any] = {
        "kind": job.sitting.kind,
        "points_before": written["points_before"],
        "points": kept.score.points,
        "passed": released.passed,
        "reason": job.reason,
    }
    once = f"C20:{known.attempt_id}:{kept.revision}"
    if await inbox_store.tell(house.pool, known.attempt.person, "C20", facts, once=once):
        house.bus.wake_inbox(persons=[known.attempt.person])
