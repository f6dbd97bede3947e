"""Table score.scores: every score an attempt ever had. Marking again adds a revision, nothing is changed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import asyncpg
import msgspec

from scoring.marking import Mark, Scheme, Score

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Runner: TypeAlias = "asyncpg.Pool[asyncpg.Record] | Connection"
TRIES_MAX: Final = 5

ADD: Final = """
INSERT INTO score.scores
    (attempt_id, revision, points, points_max, correct, wrong, unanswered, marks, scheme, reason, marked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9::text::jsonb, $10, coalesce($11, now()))
ON CONFLICT (attempt_id, revision) DO NOTHING
RETURNING revision
"""
ADD_FIRST: Final = """
INSERT INTO score.scores
    (attempt_id, revision, points, points_max, correct, wrong, unanswered, marks, scheme, reason, marked_at)
SELECT attempt_id, 1, points, points_max, correct, wrong, unanswered, marks::jsonb, scheme::jsonb, '', now()
FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::text[],
    $8::text[]) AS s (attempt_id, points, points_max, correct, wrong, unanswered, marks, scheme)
ON CONFLICT (attempt_id, revision) DO NOTHING
RETURNING attempt_id
"""
LATEST: Final = """
SELECT DISTINCT ON (attempt_id) attempt_id, revision, points, points_max, correct, wrong, unanswered,
    marks::text AS marks, scheme::text AS scheme, reason, marked_at
FROM score.scores WHERE attempt_id = ANY ($1::bigint[])
ORDER BY attempt_id, revision DESC
"""


class StoredScore(msgspec.Struct, frozen=True):
    """A score of an attempt; `scheme` is None where nobody said by which it was marked."""

    attempt_id: int
    revision: int
    score: Score
    scheme: Scheme | None
    reason: str  # why it was marked again; "" for the first time
    marked_at: datetime


async def save_score(
    runner: Runner,
    attempt_id: int,
    revision: int,
    score: Score,
    *,
    scheme: Scheme | None = None,
    reason: str = "",
    marked_at: datetime | None = None,
) -> bool:
    """Keep `score`; False, and nothing is changed, when the attempt already has this revision. Safe to repeat.

    `marked_at` is aware UTC; without it the clock of the database is asked.
    """
    counts = (score.points, score.points_max, score.correct, score.wrong, score.unanswered)
    marks = msgspec.json.encode(score.marks).decode()
    by = None if scheme is None else msgspec.json.encode(scheme).decode()
    added = await runner.fetchval(ADD, attempt_id, revision, *counts, marks, by, reason, marked_at)
    return added is not None


class Kept(NamedTuple):
    """The score that holds, and its revision."""

    revision: int
    score: Score


async def keep_score(runner: Runner, attempt_id: int, score: Score, scheme: Scheme, *, reason: str = "") -> Kept:
    """This score as a new revision, or the one there is if it is of this edition of the scheme or a later one.

    So marking the same answers by the same scheme again, after a crash or by two at once, adds nothing.
    """
    revision = 1
    for _ in range(TRIES_MAX):
        if await save_score(runner, attempt_id, revision, score, scheme=scheme, reason=reason):
            return Kept(revision, score)
        known = (await latest(runner, [attempt_id]))[attempt_id]
        if known.scheme is not None and known.scheme.edition >= scheme.edition:
            return Kept(known.revision, known.score)
        revision = known.revision + 1
    raise AssertionError(f"attempt {attempt_id}: somebody marks it again and again")


class Scored(NamedTuple):
    """A score, and by which scheme."""

    score: Score
    scheme: Scheme


async def keep_scores(runner: Runner, scored: Mapping[int, Scored]) -> dict[int, Kept]:
    """`keep_score` for many attempts, by attempt: those that have no score yet in one statement."""
    if not scored:
        return {}
    rows = sorted(scored.items())  # in one order, so that two who mark the same wait for each other
    first = await runner.fetch(
        ADD_FIRST,
        [attempt_id for attempt_id, _ in rows],
        [score.points for _, (score, _) in rows],
        [score.points_max for _, (score, _) in rows],
        [score.correct for _, (score, _) in rows],
        [score.wrong for _, (score, _) in rows],
        [score.unanswered for _, (score, _) in rows],
        [msgspec.json.encode(score.marks).decode() for _, (score, _) in rows],
        [msgspec.json.encode(scheme).decode() for _, (_, scheme) in rows],
    )
    kept = {row[0]: Kept(1, scored[row[0]].score) for row in first}
    for attempt_id, (score, scheme) in rows:
        if attempt_id not in kept:
            kept[attempt_id] = await keep_score(runner, attempt_id, score, scheme)
    return kept


async def latest(runner: Runner, attempt_ids: Collection[int]) -> dict[int, StoredScore]:
    """The newest score of each attempt that has one."""
    return {row["attempt_id"]: _stored(row) for row in await runner.fetch(LATEST, list(attempt_ids))}


def _stored(row: asyncpg.Record) -> StoredScore:
    marks = msgspec.json.decode(row["marks"], type=tuple[Mark, ...])
    score = Score(row["points"], row["points_max"], row["correct"], row["wrong"], row["unanswered"], marks)
    scheme = msgspec.json.decode(row["scheme"], type=Scheme) if row["scheme"] else None
    return StoredScore(row["attempt_id"], row["revision"], score, scheme, row["reason"], row["marked_at"])
