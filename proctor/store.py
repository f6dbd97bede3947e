"""Tables proctor.*: pictures, reference photos, entry checks, captures, signals, incidents, claims and counts.

Cases have a file of their own (`case_store.py`), the keys and views of evidence too (`evidence_store.py`). Every
function takes what it runs on. All SQL stands here in the open; a test prepares every statement.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
import msgspec

from proctor.rules import Incident
from proctor.sight import Sight
from proctor.signals import Signal, SignalKind
from proctor.watching import Capture, Kind, Seen

Runner: TypeAlias = (
    "asyncpg.Pool[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"
    " | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Row = asyncpg.Record

# --- pictures ----------------------------------------------------------------------------------------------------

ADD_PICTURE: Final = """
INSERT INTO proctor.pictures (attempt_id, name, purpose, face_count, distance, model)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (attempt_id, name) DO UPDATE SET deleted_at = NULL
"""
# A picture of a candidate is one of his attempt, or his reference photo.
BELONGS: Final = """
SELECT EXISTS (SELECT FROM proctor.pictures WHERE attempt_id = $1 AND name = $3 AND deleted_at IS NULL)
    OR EXISTS (SELECT FROM proctor.photos WHERE person_id = $2 AND name = $3 AND deleted_at IS NULL)
"""
BELONG: Final = """
SELECT asked.attempt_id, asked.name
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS asked (attempt_id, person_id, name)
WHERE EXISTS (SELECT FROM proctor.pictures p
        WHERE p.attempt_id = asked.attempt_id AND p.name = asked.name AND p.deleted_at IS NULL)
    OR EXISTS (SELECT FROM proctor.photos f
        WHERE f.person_id = asked.person_id AND f.name = asked.name AND f.deleted_at IS NULL)
"""


async def add_picture(
    runner: Runner,
    attempt_id: int,
    name: str,
    purpose: str,
    sight: Sight | None = None,
    distance: float | None = None,
) -> None:
    """Put a stored picture on record, once. `purpose`: entry, again, capture or case."""
    faces = None if sight is None else len(sight.faces)
    model = "none" if sight is None else sight.model
    await runner.execute(ADD_PICTURE, attempt_id, name, purpose, faces, distance, model)


async def belongs(runner: Runner, attempt_id: int, person_id: int, name: str) -> bool:
    """Whether this picture is evidence of this attempt, or the reference photo of its person."""
    return bool(await runner.fetchval(BELONGS, attempt_id, person_id, name))


# --- consents ----------------------------------------------------------------------------------------------------

ADD_CONSENT: Final = "INSERT INTO proctor.consents (person_id, version, agreed) VALUES ($1, $2, $3)"
CONSENT: Final = """
SELECT agreed FROM proctor.consents WHERE person_id = $1 AND version = $2 ORDER BY consent_id DESC LIMIT 1
"""


async def consent(runner: Runner, person_id: int, version: str) -> str:
    """The physician's last word on this text: "" (none yet), agreed or refused."""
    agreed = await runner.fetchval(CONSENT, person_id, version)
    return "" if agreed is None else "agreed" if agreed else "refused"


# --- entry checks ------------------------------------------------------------------------------------------------

BEGIN_CHECK: Final = """
INSERT INTO proctor.checks (attempt_id, device, steps) VALUES ($1, $2, $3::text[]) RETURNING check_id
"""
CHECK: Final = """
SELECT check_id, attempt_id, device, steps, begun_at, ended_at, verdict, why FROM proctor.checks
WHERE check_id = $1 AND attempt_id = $2
"""
ADD_FRAME: Final = """
INSERT INTO proctor.frames (check_id, n, name, at, hint, sight)
SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5 FROM proctor.frames WHERE check_id = $1
"""
FRAMES: Final = "SELECT n, name, at, sight FROM proctor.frames WHERE check_id = $1 ORDER BY n"
SET_HINT: Final = """
UPDATE proctor.frames SET hint = $2 WHERE check_id = $1 AND n = (SELECT max(n) FROM proctor.frames WHERE check_id = $1)
"""
END_CHECK: Final = """
UPDATE proctor.checks SET ended_at = now(), verdict = $2, why = $3, distance = $4, model = $5, vector = $6
WHERE check_id = $1 AND ended_at IS NULL RETURNING check_id
"""
CHECKS_FAILED: Final = "SELECT count(*) FROM proctor.checks WHERE attempt_id = $1 AND verdict = 'retry'"
CHECKS: Final = """
SELECT c.check_id, c.begun_at, c.ended_at, c.device, c.steps, c.verdict, c.why, c.distance,
    (SELECT array_agg(f.name ORDER BY f.n) FROM proctor.frames f WHERE f.check_id = c.check_id) AS names
FROM proctor.checks c WHERE c.attempt_id = $1 ORDER BY c.check_id
"""
# What is known of a person's face: the reference photo, and the fused frames of this attempt's accepted entry.
GALLERY: Final = """
SELECT vector, model FROM proctor.photos
WHERE person_id = $2 AND status = 'approved' AND deleted_at IS NULL AND vector IS NOT NULL
UNION ALL
(SELECT vector, model FROM proctor.checks WHERE attempt_id = $1 AND vector IS NOT NULL ORDER BY check_id LIMIT 1)
"""


async def gallery(runner: Runner, attempt_id: int, person_id: int, model: str) -> list[bytes]:
    """Vectors of `model` to compare a candidate with; those of other models can't be compared."""
    rows = await runner.fetch(GALLERY, attempt_id, person_id)
    return [bytes(row["vector"]) for row in rows if row["model"] == model]


# --- captures ----------------------------------------------------------------------------------------------------

LAST_CAPTURE_AT: Final = "SELECT received_at FROM proctor.capture_turns WHERE attempt_id = $1"
CAPTURES_BEFORE: Final = """
SELECT kind, model, vector, thumb FROM proctor.captures
WHERE attempt_id = $1 AND state = 'seen' AND (at, capture_id) < ($2, $3) ORDER BY at DESC, capture_id DESC LIMIT 12
"""
CAPTURE_SEEN: Final = """
UPDATE proctor.captures SET state = 'seen', kind = $2, face_count = $3, distance = $4, model = $5, vector = $6,
    thumb = $7
WHERE capture_id = $1 AND state = 'waiting' RETURNING capture_id
"""
CAPTURE_NOT_SEEN: Final = """
UPDATE proctor.captures SET state = 'not_seen', reason = $2 WHERE capture_id = $1 AND state = 'waiting'
"""
CAPTURES: Final = """
SELECT name, why, at, state, reason, kind, face_count, distance FROM proctor.captures
WHERE attempt_id = $1 ORDER BY at, capture_id
"""
CAPTURES_WAITING: Final = """
SELECT c.capture_id, c.attempt_id, c.name, c.at, c.received_at < now() - make_interval(secs => $2) AS old
FROM proctor.captures c WHERE c.state = 'waiting' AND c.received_at < now() - make_interval(secs => $1)
ORDER BY c.received_at LIMIT $3
"""


async def captures_before(runner: Runner, attempt_id: int, at: datetime, capture_id: int) -> list[Capture]:
    """The candidate's last captures before this one, oldest first."""
    rows = await runner.fetch(CAPTURES_BEFORE, attempt_id, at, capture_id)
    return [
        Capture(
            kind=Kind(row["kind"]),
            model=row["model"],
            vector=bytes(row["vector"] or b""),
            thumb=bytes(row["thumb"] or b""),
        )
        for row in reversed(rows)
    ]


async def seen(runner: Runner, attempt_id: int) -> list[tuple[str, Seen]]:
    """Every judged capture as (picture, what it showed), in the order taken."""
    rows = await runner.fetch(CAPTURES, attempt_id)
    return [
        (row["name"], Seen(at=row["at"], kind=Kind(row["kind"]), distance=row["distance"]))
        for row in rows
        if row["state"] == "seen"
    ]


# --- signals and incidents ---------------------------------------------------------------------------------------

ADD_SIGNALS: Final = """
INSERT INTO proctor.signals (attempt_id, device, n, kind, at, for_ms, episode)
SELECT $1, * FROM unnest($2::text[], $3::integer[], $4::text[], $5::timestamptz[], $6::integer[], $7::integer[])
ON CONFLICT DO NOTHING
"""
SIGNALS: Final = """
SELECT device, n, kind, at, for_ms, episode FROM proctor.signals WHERE attempt_id = $1 ORDER BY at, device, n
"""
SIGNAL_COUNT: Final = "SELECT count(*) FROM proctor.signals WHERE attempt_id = $1"
# What changed is written; a level that rose has consequences again.
PUT_INCIDENTS: Final = """
INSERT INTO proctor.incidents AS i (attempt_id, rule, ordinal, level, at, for_ms, pictures)
SELECT $1, rule, ordinal, level, at, for_ms, ARRAY(SELECT json_array_elements_text(pictures))
FROM unnest($2::text[], $3::integer[], $4::smallint[], $5::timestamptz[], $6::integer[], $7::json[])
  AS new (rule, ordinal, level, at, for_ms, pictures)
ON CONFLICT (attempt_id, rule, ordinal) DO UPDATE
SET level = excluded.level, at = excluded.at, for_ms = excluded.for_ms, pictures = excluded.pictures,
    done = i.done AND excluded.level <= i.level
WHERE (i.level, i.at, i.for_ms, i.pictures)
    IS DISTINCT FROM (excluded.level, excluded.at, excluded.for_ms, excluded.pictures)
RETURNING i.rule, i.ordinal, i.done
"""
UNDONE: Final = "SELECT rule, ordinal FROM proctor.incidents WHERE attempt_id = $1 AND NOT done"
UNDONE_SOMEWHERE: Final = """
SELECT DISTINCT attempt_id FROM proctor.incidents
WHERE NOT done AND raised_at < now() - make_interval(secs => $1) LIMIT $2
"""
INCIDENTS_DONE: Final = """
UPDATE proctor.incidents SET done = true
WHERE attempt_id = $1 AND (rule, ordinal) IN (SELECT * FROM unnest($2::text[], $3::integer[]))
"""
INCIDENTS: Final = """
SELECT incident_id, rule, ordinal, level, at, for_ms, pictures, note, raised_by, verdict, reviewed_by
FROM proctor.incidents WHERE attempt_id = $1 ORDER BY at, incident_id
"""
COUNT_OF_RULE: Final = "SELECT count(*) FROM proctor.incidents WHERE attempt_id = $1 AND rule = $2"
INCIDENTS_BY_ID: Final = """
SELECT incident_id, rule, ordinal, level, at, for_ms, pictures, note, raised_by, verdict, reviewed_by
FROM proctor.incidents WHERE attempt_id = $1 AND incident_id = ANY ($2::bigint[]) ORDER BY at, incident_id
"""
REVIEW: Final = """
UPDATE proctor.incidents SET verdict = $2, reviewed_by = $3, reviewed_at = now()
WHERE attempt_id = $1 AND (verdict IS NULL OR incident_id = ANY ($4::bigint[]))
    AND (cardinality($4::bigint[]) = 0 OR incident_id = ANY ($4::bigint[]))
RETURNING incident_id
"""
# An invigilator's flag: numbered on by itself, once per request.
FLAG: Final = """
INSERT INTO proctor.incidents (attempt_id, rule, ordinal, level, at, note, raised_by, done)
SELECT $1, 'flagged', coalesce(max(i.ordinal), 0) + 1, $2, now(), $3, $4, true
FROM proctor.incidents i WHERE i.attempt_id = $1 AND i.rule = 'flagged'
RETURNING incident_id
"""
# Verdicts by rule: what a case decided beats what an invigilator said on the wall (`precision.py`).
VERDICTS: Final = """
SELECT i.rule, i.verdict,
    (SELECT c.phase FROM proctor.cases c WHERE c.case_id = i.case_id) AS decided
FROM proctor.incidents i JOIN unnest($1::bigint[]) AS a (attempt_id) USING (attempt_id)
"""


def _columns(values: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*values, strict=True)] if values else [[] for _ in range(width)]


async def add_signals(runner: Runner, attempt_id: int, signals: Sequence[Signal]) -> None:
    """Keep raw facts; numbers already there stay as they are."""
    rows = [(s.device, s.n, s.kind, s.at, s.for_ms, s.episode) for s in signals]
    await runner.execute(ADD_SIGNALS, attempt_id, *_columns(rows, 6))


async def signals(runner: Runner, attempt_id: int) -> list[Signal]:
    """Every raw fact of an attempt."""
    return [
        Signal(row[0], row[1], SignalKind(row[2]), *tuple(row)[3:]) for row in await runner.fetch(SIGNALS, attempt_id)
    ]


async def put_incidents(runner: Runner, attempt_id: int, incidents: Sequence[Incident]) -> set[tuple[str, int]]:
    """Write what follows from the signals; returns the (rule, ordinal) that are new or changed."""
    rows = [(i.rule, i.ordinal, i.level, i.at, i.for_ms, msgspec.json.encode(i.pictures).decode()) for i in incidents]
    changed = await runner.fetch(PUT_INCIDENTS, attempt_id, *_columns(rows, 6))
    return {(row["rule"], row["ordinal"]) for row in changed}


# --- the wall ----------------------------------------------------------------------------------------------------

WATCHED: Final = """
SELECT a.attempt_id, i.rules, i.levels, i.raised, c.name, c.at, c.kind, c.distance, l.name AS claimed_by, l.until,
    EXISTS (SELECT FROM proctor.cases s WHERE s.attempt_id = a.attempt_id AND s.closed_at IS NULL) AS case_open
FROM unnest($1::bigint[]) AS a (attempt_id)
LEFT JOIN LATERAL (SELECT array_agg(rule) AS rules, array_agg(level) AS levels, array_agg(raised_at) AS raised
    FROM proctor.incidents n WHERE n.attempt_id = a.attempt_id AND n.verdict IS NULL) i ON true
LEFT JOIN LATERAL (SELECT * FROM proctor.captures p WHERE p.attempt_id = a.attempt_id
    ORDER BY p.at DESC, p.capture_id DESC LIMIT 1) c ON true
LEFT JOIN proctor.claims l ON l.attempt_id = a.attempt_id AND l.until > now()
"""
PHOTOS_OF: Final = """
SELECT person_id, name FROM proctor.photos
WHERE person_id = ANY ($1::bigint[]) AND status = 'approved' AND deleted_at IS NULL
"""
# A claim may be taken over when it ran out or was one's own; else the row that stands comes back.
CLAIM: Final = """
INSERT INTO proctor.claims AS c (attempt_id, account_id, name, until)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
ON CONFLICT (attempt_id) DO UPDATE SET account_id = excluded.account_id, name = excluded.name, until = excluded.until
WHERE c.until < now() OR c.account_id = excluded.account_id
RETURNING until
"""
CLAIMED: Final = "SELECT account_id, name, until FROM proctor.claims WHERE attempt_id = $1 AND until > now()"
UNCLAIM: Final = "DELETE FROM proctor.claims WHERE attempt_id = $1 AND account_id = $2"
LOOKED: Final = """
INSERT INTO proctor.looked (account_id, attempt_id, at) VALUES ($1, $2, now())
ON CONFLICT (account_id, attempt_id) DO UPDATE SET at = excluded.at RETURNING at
"""
LOOKED_AT: Final = """
SELECT l.attempt_id, l.at FROM proctor.looked l JOIN unnest($2::bigint[]) AS a (attempt_id) USING (attempt_id)
WHERE l.account_id = $1
"""

# --- counts ------------------------------------------------------------------------------------------------------

ADD_COUNTS: Final = """
INSERT INTO proctor.counts (sitting_id, at, entered, running, offline, flagged, handed_in)
SELECT sitting_id, $1, entered, running, offline, flagged, handed_in
FROM unnest($2::bigint[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[])
  AS c (sitting_id, entered, running, offline, flagged, handed_in)
ON CONFLICT DO NOTHING
"""
# At most $2 points, evenly thinned, the newest always among them.
COUNTS: Final = """
WITH numbered AS (
    SELECT c.*, row_number() OVER (PARTITION BY sitting_id ORDER BY at DESC) AS n,
        count(*) OVER (PARTITION BY sitting_id) AS total
    FROM proctor.counts c WHERE sitting_id = ANY ($1::bigint[]))
SELECT sitting_id, at, entered, running, offline, flagged, handed_in FROM numbered
WHERE (n - 1) % greatest(1, (total + $2 - 1) / $2) = 0 ORDER BY sitting_id, at
"""
FLAGGED: Final = """
SELECT DISTINCT i.attempt_id FROM proctor.incidents i JOIN unnest($1::bigint[]) AS a (attempt_id) USING (attempt_id)
WHERE i.verdict IS NULL AND i.level >= 2
"""
INCIDENT_KINDS: Final = """
SELECT i.rule, count(*) AS n FROM proctor.incidents i JOIN unnest($1::bigint[]) AS a (attempt_id) USING (attempt_id)
GROUP BY i.rule ORDER BY n DESC
"""

# --- a phone as the camera ---------------------------------------------------------------------------------------

ADD_CAMERA: Final = """
INSERT INTO proctor.cameras (attempt_id, device, code_hash, expires_at)
VALUES ($1, $2, $3, now() + make_interval(secs => $4)) RETURNING expires_at
"""
END_CAMERAS: Final = """
UPDATE proctor.cameras SET ended_at = now() WHERE attempt_id = $1 AND ended_at IS NULL AND ($2 = 0 OR camera_id <> $2)
"""
PAIR_CAMERA: Final = """
UPDATE proctor.cameras SET token_hash = $2, paired_at = now()
WHERE code_hash = $1 AND token_hash IS NULL AND ended_at IS NULL AND expires_at > now()
RETURNING camera_id, attempt_id, device
"""
CAMERA: Final = """
SELECT camera_id, attempt_id, device FROM proctor.cameras WHERE token_hash = $1 AND ended_at IS NULL
"""
CAMERA_OF: Final = """
SELECT paired_at FROM proctor.cameras
WHERE attempt_id = $1 AND device = $2 AND paired_at IS NOT NULL AND ended_at IS NULL
"""

# --- reference photos --------------------------------------------------------------------------------------------

PHOTO: Final = """
SELECT photo_id, name, status, reason, added_at FROM proctor.photos
WHERE person_id = $1 AND status <> 'replaced' AND deleted_at IS NULL ORDER BY photo_id DESC LIMIT 1
"""
HAS_PHOTO: Final = """
SELECT EXISTS (SELECT FROM proctor.photos WHERE person_id = $1 AND status = 'approved' AND deleted_at IS NULL)
"""
# One after the other in the whole installation: who comes second sees the first one's photo, and photo_ids are in the
# order of commits, so that whoever has read up to one has missed none. Held until the transaction ends.
ENROL_ALONE: Final = "SELECT pg_advisory_xact_lock($1)"
ENROL_KEY: Final = 0x65786D20
PHOTO_IN_USE: Final = """
SELECT photo_id, name, model, vector FROM proctor.photos
WHERE person_id = $1 AND status = 'approved' AND deleted_at IS NULL
"""
SAME_PHOTO: Final = """
SELECT photo_id, status, doubts FROM proctor.photos WHERE person_id = $1 AND name = $2 AND deleted_at IS NULL
ORDER BY photo_id DESC LIMIT 1
"""
# A new approved photo takes the place of all others, a new pending one only that of those that wait.
REPLACE_PHOTOS: Final = """
UPDATE proctor.photos SET status = 'replaced'
WHERE person_id = $1 AND (status = $2 OR status = 'pending') AND deleted_at IS NULL
"""
ADD_PHOTO: Final = """
INSERT INTO proctor.photos (person_id, name, vector, model, source, status, doubts, added_by)
VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8) RETURNING photo_id
"""
PHOTO_BY_ID: Final = """
SELECT photo_id, person_id, name, status FROM proctor.photos WHERE photo_id = $1 AND deleted_at IS NULL
"""
REPLACE_FOR: Final = """
UPDATE proctor.photos SET status = 'replaced'
WHERE person_id = $1 AND photo_id <> $2 AND status IN ('approved', 'pending') AND deleted_at IS NULL
"""
DECIDE_PHOTO: Final = """
UPDATE proctor.photos SET status = $2, decided_at = now(), decided_by = $3, reason = $4 WHERE photo_id = $1
"""
PENDING_PHOTOS: Final = """
SELECT photo_id, person_id, name, doubts, added_at FROM proctor.photos
WHERE status = 'pending' AND deleted_at IS NULL AND person_id = ANY ($1::bigint[]) ORDER BY photo_id LIMIT $2
"""
PENDING_PERSONS: Final = """
SELECT person_id FROM proctor.photos WHERE status = 'pending' AND deleted_at IS NULL ORDER BY photo_id LIMIT $1
"""
VECTORS: Final = """
SELECT photo_id, person_id, vector FROM proctor.photos
WHERE photo_id > $1 AND model = $2 AND vector IS NOT NULL AND deleted_at IS NULL AND status IN ('approved', 'pending')
ORDER BY photo_id LIMIT $3
"""
STILL_COUNTS: Final = """
SELECT EXISTS (SELECT FROM proctor.photos
    WHERE photo_id = $1 AND status IN ('approved', 'pending') AND deleted_at IS NULL)
"""
# Photos in use that the model that runs now has not looked at.
OTHER_MODEL: Final = """
SELECT photo_id, person_id, name, model FROM proctor.photos
WHERE status = 'approved' AND deleted_at IS NULL AND model <> $1 ORDER BY photo_id LIMIT $2
"""
SET_VECTOR: Final = """
UPDATE proctor.photos SET vector = $3, model = $4
WHERE photo_id = $1 AND model = $2 AND status = 'approved' AND deleted_at IS NULL
"""
