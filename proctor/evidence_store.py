"""Tables proctor.keys, .views and .deletions, and what a deletion changes in the other tables of proctor.*."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import asyncpg
import msgspec

Row = asyncpg.Record

# --- keys (used by keys.py alone) ----------------------------------------------------------------------------------

# Of each person the newest key's version, 0 without one, and the living key, if there is one.
KEYS: Final = """
SELECT p.person_id, coalesce(max(k.version), 0) AS newest,
    max(k.version) FILTER (WHERE k.shredded_at IS NULL) AS version,
    (array_agg(k.wrapped) FILTER (WHERE k.shredded_at IS NULL))[1] AS wrapped
FROM unnest($1::bigint[]) AS p (person_id) LEFT JOIN proctor.keys k USING (person_id) GROUP BY p.person_id
"""
NEXT_KEY_VERSION: Final = "SELECT coalesce(max(version), 0) + 1 FROM proctor.keys WHERE person_id = $1"
# Of several processes one wins, by the primary key and by keys_one_living; the others do nothing. Answers with whose
# keys are the new ones. In the order of persons, so that no two wait for each other in a circle.
ADD_KEYS: Final = """
INSERT INTO proctor.keys (person_id, version, wrapped)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bytea[]) AS n (person_id, version, wrapped) ORDER BY person_id
ON CONFLICT DO NOTHING RETURNING person_id
"""
SHRED_KEY: Final = """
UPDATE proctor.keys SET wrapped = NULL, shredded_at = now()
WHERE person_id = $1 AND shredded_at IS NULL RETURNING version
"""
# Whose keys were shredded in the last so many seconds: few, where the keys that a process holds are many.
SHREDDED: Final = """
SELECT DISTINCT person_id FROM proctor.keys WHERE shredded_at > now() - make_interval(secs => $1)
"""
LIVING_PERSONS: Final = """
SELECT person_id FROM proctor.keys WHERE shredded_at IS NULL AND person_id > $1 AND made_at < $2
ORDER BY person_id LIMIT $3
"""

# --- views ---------------------------------------------------------------------------------------------------------

ADD_VIEW: Final = "INSERT INTO proctor.views (account_id, person_id, attempt_id, name) VALUES ($1, $2, $3, $4)"
VIEWS_OF_ATTEMPT: Final = """
SELECT view_id, account_id, person_id, attempt_id, name, at FROM proctor.views
WHERE attempt_id = $1 AND view_id < $2 ORDER BY view_id DESC LIMIT $3
"""
VIEWS_OF_PERSON: Final = """
SELECT view_id, account_id, person_id, attempt_id, name, at FROM proctor.views
WHERE person_id = $1 AND view_id < $2 ORDER BY view_id DESC LIMIT $3
"""

# --- what is kept --------------------------------------------------------------------------------------------------

ATTEMPTS_KEPT: Final = """
SELECT DISTINCT attempt_id FROM proctor.pictures WHERE deleted_at IS NULL AND attempt_id > $1
ORDER BY attempt_id LIMIT $2
"""
STILL_KEPT: Final = """
SELECT DISTINCT attempt_id FROM proctor.pictures WHERE deleted_at IS NULL AND attempt_id = ANY($1::bigint[])
"""
NAMES_KEPT: Final = """
SELECT attempt_id, array_agg(name ORDER BY name) AS names FROM proctor.pictures
WHERE deleted_at IS NULL AND attempt_id = ANY($1::bigint[]) GROUP BY attempt_id
"""
PHOTO_PERSONS_KEPT: Final = """
SELECT DISTINCT person_id FROM proctor.photos WHERE deleted_at IS NULL AND person_id > $1
ORDER BY person_id LIMIT $2
"""
PHOTOS_KEPT: Final = """
SELECT person_id, array_agg(name ORDER BY name) AS names, max(added_at) AS added_at FROM proctor.photos
WHERE deleted_at IS NULL AND person_id = ANY($1::bigint[]) GROUP BY person_id
"""
# Names among $3 that are named by something else of the person too: by another attempt of his ($2) than $4, or, unless
# the photos themselves are meant ($4 is null), by a photo.
NAMED_ELSEWHERE: Final = """
SELECT name FROM proctor.pictures
WHERE attempt_id = ANY($2::bigint[]) AND name = ANY($3::text[]) AND deleted_at IS NULL
  AND attempt_id IS DISTINCT FROM $4::bigint
UNION SELECT name FROM proctor.photos
WHERE person_id = $1 AND name = ANY($3::text[]) AND deleted_at IS NULL AND $4::bigint IS NOT NULL
"""

# --- deleting ------------------------------------------------------------------------------------------------------

MARK_PICTURES: Final = """
WITH marked AS (UPDATE proctor.pictures SET deleted_at = $3
                WHERE attempt_id = $1 AND name = ANY($2::text[]) AND deleted_at IS NULL RETURNING 1)
SELECT count(*) FROM marked
"""
MARK_PHOTOS: Final = """
WITH marked AS (UPDATE proctor.photos SET deleted_at = $3, vector = NULL
                WHERE person_id = $1 AND name = ANY($2::text[]) AND deleted_at IS NULL RETURNING 1)
SELECT count(*) FROM marked
"""
# A face as numbers, or as a thumb-nail, is a face: it goes with the pictures it was made from.
WIPE_CAPTURES: Final = """
UPDATE proctor.captures SET vector = NULL, thumb = NULL
WHERE attempt_id = $1 AND (vector IS NOT NULL OR thumb IS NOT NULL)
"""
WIPE_CHECKS: Final = "UPDATE proctor.checks SET vector = NULL WHERE attempt_id = $1 AND vector IS NOT NULL"
WIPE_FRAMES: Final = """
UPDATE proctor.frames f SET sight = NULL FROM proctor.checks c
WHERE c.check_id = f.check_id AND c.attempt_id = $1 AND f.sight IS NOT NULL
"""
CASES: Final = "SELECT attempt_id, phase, closed_at FROM proctor.cases WHERE attempt_id = ANY($1::bigint[])"
# Undecided, or decided against the person, who may still appeal or sue.
CASES_STANDING: Final = """
SELECT count(*) FROM proctor.cases
WHERE person_id = $1 AND (closed_at IS NULL OR phase IN ('confirmed', 'upheld'))
"""
ADD_DELETION: Final = """
INSERT INTO proctor.deletions (at, person_id, attempt_id, kind, rule, reason, pictures, missing, bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
DELETIONS_OF_PERSON: Final = """
SELECT at, person_id, attempt_id, kind, rule, reason, pictures, missing, bytes FROM proctor.deletions
WHERE person_id = $1 ORDER BY deletion_id
"""
DELETIONS_BY_RULE: Final = """
SELECT kind, rule, count(*) AS deletions, sum(pictures)::bigint AS pictures, sum(missing)::bigint AS missing,
       sum(bytes)::bigint AS bytes, min(at) AS first_at, max(at) AS last_at
FROM proctor.deletions WHERE at >= $1 AND at < $2 GROUP BY kind, rule ORDER BY kind, rule
"""
STANDING: Final = """
SELECT (SELECT count(*) FROM proctor.pictures WHERE deleted_at IS NULL) AS pictures,
       (SELECT min(taken_at) FROM proctor.pictures WHERE deleted_at IS NULL) AS oldest_at,
       (SELECT count(*) FROM proctor.photos WHERE deleted_at IS NULL) AS photos,
       (SELECT count(*) FROM proctor.keys WHERE shredded_at IS NULL) AS persons,
       (SELECT count(*) FROM proctor.keys WHERE shredded_at IS NOT NULL) AS shredded,
       (SELECT count(*) FROM proctor.views) AS views
"""

PAGE_MAX: Final = 500
NEWEST: Final = 2**63 - 1


class Runner(Protocol):
    """A pool, or a connection with a transaction of its own."""

    async def execute(self, query: str, *args: Any) -> str: ...
    async def fetch(self, query: str, *args: Any) -> list[Row]: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...


class View(msgspec.Struct, frozen=True):
    """Somebody looked at a picture. `attempt_id` None: at a photo, outside an attempt."""

    view_id: int
    account_id: int
    person_id: int
    attempt_id: int | None
    name: str
    at: datetime


class Deletion(msgspec.Struct, frozen=True):
    """One deletion: `kind` pictures, photos or key; `missing` of the `pictures` had been gone already."""

    at: datetime
    person_id: int
    attempt_id: int | None
    kind: str
    rule: str
    reason: str
    pictures: int
    missing: int
    bytes: int


class RuleTotal(msgspec.Struct, frozen=True):
    """What one rule deleted between two instants."""

    kind: str
    rule: str
    deletions: int
    pictures: int
    missing: int
    bytes: int
    first_at: datetime
    last_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """What is kept now. `persons`: who has a living key, and so maybe a face in store; `shredded`: keys, ever."""

    pictures: int
    oldest_at: datetime | None
    photos: int
    persons: int
    shredded: int
    views: int


async def record_view(
    runner: Runner, account_id: int, person_id: int, name: str, attempt_id: int | None = None
) -> None:
    """Note that somebody looks at a picture, before he sees it."""
    await runner.execute(ADD_VIEW, account_id, person_id, attempt_id, name)


async def views_of_attempt(runner: Runner, attempt_id: int, before: int = NEWEST, limit: int = PAGE_MAX) -> list[View]:
    """Newest first; the next page is `before` the last view_id of this one."""
    return [View(*row) for row in await runner.fetch(VIEWS_OF_ATTEMPT, attempt_id, before, limit)]


async def views_of_person(runner: Runner, person_id: int, before: int = NEWEST, limit: int = PAGE_MAX) -> list[View]:
    """Newest first, in all attempts and of the photos; pages as in `views_of_attempt`."""
    return [View(*row) for row in await runner.fetch(VIEWS_OF_PERSON, person_id, before, limit)]


async def mark_deleted(
    runner: Runner, person_id: int, attempt_id: int | None, names: Sequence[str], at: datetime
) -> int:
    """Mark an attempt's pictures (or, without attempt, the person's photos) and wipe the faces; how many were kept."""
    if attempt_id is None:
        return int(await runner.fetchval(MARK_PHOTOS, person_id, names, at))
    for wipe in (WIPE_CAPTURES, WIPE_CHECKS, WIPE_FRAMES):
        await runner.execute(wipe, attempt_id)
    return int(await runner.fetchval(MARK_PICTURES, attempt_id, names, at))


async def note_deletion(runner: Runner, deletion: Deletion) -> None:
    """Put a deletion on record, for good."""
    await runner.execute(ADD_DELETION, *msgspec.structs.astuple(deletion))


async def deletions_of_person(runner: Runner, person_id: int) -> list[Deletion]:
    """Oldest first."""
    return [Deletion(*row) for row in await runner.fetch(DELETIONS_OF_PERSON, person_id)]


async def deletions_by_rule(runner: Runner, since: datetime, until: datetime) -> list[RuleTotal]:
    """The deletion report of a span of time, `until` not included."""
    return [RuleTotal(*row) for row in await runner.fetch(DELETIONS_BY_RULE, since, until)]


async def standing(runner: Runner) -> Standing:
    """What is kept now."""
    (row,) = await runner.fetch(STANDING)
    return Standing(*row)
