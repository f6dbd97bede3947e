"""Which evidence has been kept long enough: attempts that are over, with their cases and their sitting's policy.

A photo that a person is compared with has no attempt. It is kept while he may still sit an exam, and then as long as
the evidence of his attempts is, at least as the policy of his last sitting keeps pictures without a case.

An attempt ends at its deadline; one that never started ends when its sitting closes, because nobody hands it in.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from exam_engine.sitting import Policy
from proctor import evidence_store
from proctor.cases import CasePhase
from proctor.policy import Proctoring
from proctor.retention import keep_until
from proctor.sweeping import Attempts, AttemptsOf, Due

CHUNK: Final = 500
NOBODY: Final = -1

ATTEMPTS_OF_PERSONS: Final = """
SELECT a.person_id, array_agg(a.attempt_id ORDER BY a.attempt_id) AS ids,
       bool_or(a.phase = 'running' OR (a.phase IN ('entered', 'identity', 'ready') AND s.closes_at > $2)) AS open
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id)
WHERE a.person_id = ANY($1::bigint[]) GROUP BY a.person_id
"""
ENDED_ATTEMPTS: Final = """
SELECT a.attempt_id, a.person_id, s.policy,
       CASE WHEN a.phase IN ('entered', 'identity', 'ready') THEN s.closes_at
            ELSE coalesce(a.deadline_at, a.entered_at) END AS ended_at
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id)
WHERE a.attempt_id = ANY($1::bigint[])
  AND (a.phase IN ('submitted', 'marked', 'released', 'annulled')
       OR (a.phase IN ('entered', 'identity', 'ready') AND s.closes_at <= $2))
ORDER BY a.attempt_id
"""
LAST_SITTINGS: Final = """
SELECT DISTINCT ON (e.person_id) e.person_id, s.closes_at, s.policy
FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
WHERE e.person_id = ANY($1::bigint[]) ORDER BY e.person_id, s.closes_at DESC
"""

Cases = list[tuple[CasePhase, datetime | None]]


async def due_evidence(pool: "asyncpg.Pool[asyncpg.Record]", now: datetime) -> AsyncIterator[list[Due]]:
    """All that is due, CHUNK attempts or persons at a time; a chunk may be empty. Nothing is changed."""
    last = NOBODY
    while rows := await pool.fetch(evidence_store.ATTEMPTS_KEPT, last, CHUNK):
        ids = [row["attempt_id"] for row in rows]
        last = ids[-1]
        yield await _due_pictures(pool, ids, now)
    last = NOBODY
    while rows := await pool.fetch(evidence_store.PHOTO_PERSONS_KEPT, last, CHUNK):
        persons = [row["person_id"] for row in rows]
        last = persons[-1]
        yield await _due_photos(pool, persons, now)


def attempts_of(pool: "asyncpg.Pool[asyncpg.Record]", now: datetime) -> AttemptsOf:
    """What `proctor.sweeping` has to ask: whose attempts are whose, and in which pictures may still be taken."""

    async def ask(persons: Sequence[int]) -> Mapping[int, Attempts]:
        rows = await pool.fetch(ATTEMPTS_OF_PERSONS, persons, now)
        return {row["person_id"]: Attempts(tuple(row["ids"]), row["open"]) for row in rows}

    return ask


async def _due_pictures(pool: "asyncpg.Pool[asyncpg.Record]", ids: list[int], now: datetime) -> list[Due]:
    ended = await pool.fetch(ENDED_ATTEMPTS, ids, now)
    cases = await _cases(pool, ids)
    due = [row for row in ended if _is_over(_until(row, cases.get(row["attempt_id"], [])), now)]
    names = await pool.fetch(evidence_store.NAMES_KEPT, [row["attempt_id"] for row in due])
    names_of = {row["attempt_id"]: tuple(row["names"]) for row in names}
    return [
        Due(
            row["attempt_id"],
            row["person_id"],
            names_of[row["attempt_id"]],
            "retention_after_case" if row["attempt_id"] in cases else "retention",
        )
        for row in due
        if row["attempt_id"] in names_of  # another sweep may just have deleted them
    ]


async def _due_photos(pool: "asyncpg.Pool[asyncpg.Record]", persons: list[int], now: datetime) -> list[Due]:
    attempts = await attempts_of(pool, now)(persons)
    ids = [number for his in attempts.values() for number in his.ids]
    cases = await _cases(pool, ids)
    held = {person_id for person_id, his in attempts.items() if his.open}
    for row in await pool.fetch(ENDED_ATTEMPTS, ids, now):
        if not _is_over(_until(row, cases.get(row["attempt_id"], [])), now):
            held.add(row["person_id"])
    sittings = {row["person_id"]: row for row in await pool.fetch(LAST_SITTINGS, persons)}
    due = []
    for row in await pool.fetch(evidence_store.PHOTOS_KEPT, persons):
        person_id, sitting = row["person_id"], sittings.get(row["person_id"])
        policy = _proctoring(sitting["policy"]) if sitting else Proctoring()
        last_use = max(row["added_at"], sitting["closes_at"]) if sitting else row["added_at"]
        if person_id not in held and _is_over(keep_until(last_use, (), policy), now):
            due.append(Due(None, person_id, tuple(row["names"]), "photo_unused"))
    return due


async def _cases(pool: "asyncpg.Pool[asyncpg.Record]", ids: list[int]) -> dict[int, Cases]:
    cases: dict[int, Cases] = {}
    for row in await pool.fetch(evidence_store.CASES, ids):
        cases.setdefault(row["attempt_id"], []).append((CasePhase(row["phase"]), row["closed_at"]))
    return cases


def _until(row: asyncpg.Record, cases: Cases) -> datetime | None:
    return keep_until(row["ended_at"], cases, _proctoring(row["policy"]))


def _is_over(until: datetime | None, now: datetime) -> bool:
    """None: for as long as it takes (a case is open)."""
    return until is not None and until <= now


def _proctoring(policy: str) -> Proctoring:
    return msgspec.json.decode(policy, type=Policy).proctoring
