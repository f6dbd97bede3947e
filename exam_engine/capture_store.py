"""What captures ask of the database: all that is to be known before one is taken in, and the taking itself, for many.

Table proctor.capture_turns orders the uploads of an attempt, whichever processes they reach: its line is written first
and only by who is not too soon, not one too many, and not there already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from proctor.store import Runner

# Of each attempt: the person's last word on the consent, its last upload, and what its journal says since a version;
# `matters` unless it is only of kinds ($5) that change nothing for pictures.
BEFORE: Final = """
SELECT a.attempt_id, c.agreed, t.received_at, coalesce(t.count, 0) AS count, n.version, n.matters
FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS a (attempt_id, person_id, version)
LEFT JOIN proctor.capture_turns t USING (attempt_id)
LEFT JOIN LATERAL (SELECT k.agreed FROM proctor.consents k
    WHERE k.person_id = a.person_id AND k.version = $4 ORDER BY k.consent_id DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT max(j.version) AS version, bool_or(j.kind <> ALL ($5::text[])) AS matters
    FROM exam.journal j WHERE j.attempt_id = a.attempt_id AND j.version > a.version) n ON true
"""
# One upload of each attempt at most. Answers with all of them: `capture_id` of those taken in, `known` for those that
# are there already (the same picture within $6 seconds). In the order of attempts, so that processes never wait for
# each other in a circle. The line's own condition sees what another process has just committed.
TAKE: Final = """
WITH asked AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
        AS u (attempt_id, name, why, at, reason)),
known AS (
    SELECT attempt_id FROM asked WHERE EXISTS (SELECT FROM proctor.captures c
        WHERE c.attempt_id = asked.attempt_id AND c.name = asked.name
          AND c.at BETWEEN asked.at - make_interval(secs => $6) AND asked.at + make_interval(secs => $6))),
turns AS (
    INSERT INTO proctor.capture_turns AS t (attempt_id, count, name, at, received_at)
    SELECT attempt_id, 1, name, at, now() FROM asked
    WHERE attempt_id NOT IN (SELECT attempt_id FROM known) ORDER BY attempt_id
    ON CONFLICT (attempt_id) DO UPDATE
    SET count = t.count + 1, name = excluded.name, at = excluded.at, received_at = excluded.received_at
    WHERE t.count < $7 AND t.received_at <= $8::timestamptz - make_interval(secs => $9)
        AND NOT (t.name = excluded.name
            AND t.at BETWEEN excluded.at - make_interval(secs => $6) AND excluded.at + make_interval(secs => $6))
    RETURNING t.attempt_id),
pictures AS (
    INSERT INTO proctor.pictures (attempt_id, name, purpose, model)
    SELECT attempt_id, name, 'capture', 'none' FROM asked JOIN turns USING (attempt_id)
    ON CONFLICT (attempt_id, name) DO UPDATE SET deleted_at = NULL),
captures AS (
    INSERT INTO proctor.captures (attempt_id, name, why, at, state, reason)
    SELECT attempt_id, name, why, at, CASE reason WHEN '' THEN 'waiting' ELSE 'not_seen' END, reason
    FROM asked JOIN turns USING (attempt_id) RETURNING attempt_id, capture_id)
SELECT asked.attempt_id, captures.capture_id, known.attempt_id IS NOT NULL AS known
FROM asked LEFT JOIN captures USING (attempt_id) LEFT JOIN known USING (attempt_id)
"""


class Before(msgspec.Struct, frozen=True, gc=False):
    """What stands before an upload: `count` pictures so far, the last of them received at `last_at`.

    `version` is that of the journal's last entry that its asker does not know yet, None without one.
    """

    agreed: bool
    last_at: datetime | None
    count: int
    version: int | None
    matters: bool


class Asked(msgspec.Struct, frozen=True, gc=False):
    """`version`: how far the asker knows the journal."""

    attempt_id: int
    person_id: int
    version: int


@dataclass(frozen=True, eq=False, slots=True)
class Upload:
    """A picture whose file is safe. `reason`: why nobody will look at it, "" if somebody will."""

    attempt_id: int
    name: str
    why: str
    at: datetime
    reason: str


class Taken(msgspec.Struct, frozen=True, gc=False):
    """What became of an upload. Neither `capture_id` nor `known`: it came too soon, or was one too many."""

    capture_id: int | None
    known: bool


async def before(
    runner: Runner, asked: Sequence[Asked], consent_version: str, quiet: Sequence[str]
) -> dict[Asked, Before]:
    """For each what there is to know."""
    rows = await runner.fetch(
        BEFORE,
        [one.attempt_id for one in asked],
        [one.person_id for one in asked],
        [one.version for one in asked],
        consent_version,
        quiet,
    )
    found = {
        row["attempt_id"]: Before(
            bool(row["agreed"]), row["received_at"], row["count"], row["version"], bool(row["matters"])
        )
        for row in rows
    }
    return {one: found[one.attempt_id] for one in asked}


async def take(
    runner: Runner, uploads: Sequence[Upload], *, same_s: float, count_max: int, now: datetime, apart_s: float
) -> dict[Upload, Taken]:
    """Write all of these uploads that may be, in one statement; there is one of each attempt at most."""
    rows = await runner.fetch(
        TAKE,
        [one.attempt_id for one in uploads],
        [one.name for one in uploads],
        [one.why for one in uploads],
        [one.at for one in uploads],
        [one.reason for one in uploads],
        same_s,
        count_max,
        now,
        apart_s,
    )
    found = {row["attempt_id"]: Taken(row["capture_id"], row["known"]) for row in rows}
    return {one: found[one.attempt_id] for one in uploads}
