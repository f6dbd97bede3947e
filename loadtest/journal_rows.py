"""What the product kept, read from its PostgreSQL by statements of our own, on one connection that can't write.

Some hundred attempts at a time: their journals, rows, papers and scores in one snapshot, so that an attempt is never
seen half before and half after somebody's commit, and a hundred thousand of them take no more memory than those.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import msgspec

from loadtest.cast import Cast
from loadtest.marks import Scheme
from loadtest.records import Entry, Kept, Ref, Row, Score, read_marks, read_paper

CHUNK: Final = 250  # attempts read in one go
COMMAND_S_MAX: Final = 600.0

NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
# What was decided for the sitting, else what it was made with: the points of its blueprint's sections, and of an item.
SITTING: Final = """
SELECT s.scheme::text AS scheme, s.points_per_item,
    ARRAY (SELECT coalesce((part ->> 'points_per_item')::integer, 0)
        FROM json_array_elements(coalesce(s.blueprint -> 'sections', '[]')) WITH ORDINALITY AS parts (part, place)
        ORDER BY place) AS section_points
FROM exam.sittings s WHERE s.sitting_id = $1
"""
OPENS: Final = "SELECT opens_at FROM exam.sittings WHERE sitting_id = $1"
PLAYED: Final = """
SELECT EXISTS (
    SELECT FROM exam.attempts a JOIN exam.journal j USING (attempt_id) WHERE a.sitting_id = $1 AND j.seq IS NOT NULL
)
"""
ATTEMPTS: Final = """
SELECT attempt_id, person_id FROM exam.attempts WHERE sitting_id = $1 AND attempt_id > $2 ORDER BY attempt_id LIMIT $3
"""
JOURNALS: Final = """
SELECT attempt_id, version, seq, kind, body::text, at, digest FROM exam.journal
WHERE attempt_id = ANY ($1::bigint[]) ORDER BY attempt_id, version
"""
ROWS: Final = """
SELECT attempt_id, person_id, phase, deadline_at, points, version FROM exam.attempts
WHERE attempt_id = ANY ($1::bigint[])
"""
PAPERS: Final = "SELECT attempt_id, body::text FROM exam.papers WHERE attempt_id = ANY ($1::bigint[])"
SCORES: Final = """
SELECT attempt_id, marks::text, revision, points, points_max, correct, wrong, unanswered
FROM score.scores
WHERE attempt_id = ANY ($1::bigint[]) ORDER BY attempt_id, revision
"""
KEYS: Final = """
SELECT v.item_id, v.version, v.body ->> 'key' FROM unnest($1::bigint[], $2::integer[]) AS asked (item_id, version)
JOIN bank.item_versions v USING (item_id, version)
"""


class NoSuchSitting(Exception):
    """The database has no sitting of this number: it is another one than the run's."""


class Rows:
    """One reader; `keys` are the right options of all item versions met so far."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self.keys: dict[Ref, str] = {}

    async def now(self) -> float:
        """The database's clock, Unix time."""
        return float(await self._connection.fetchval(NOW))

    async def expect(self, cast: Cast) -> None:
        """Raises NoSuchSitting if this is not the database the cast was made in: numbers alone are the same in many."""
        opens_at = await self._connection.fetchval(OPENS, cast.sitting_id)
        if opens_at is None:
            raise NoSuchSitting(f"the database is not that of this cast: it has no sitting {cast.sitting_id}")
        if opens_at != cast.opens_at:
            raise NoSuchSitting(
                f"the database is not that of this cast: its sitting {cast.sitting_id} opened at {opens_at}, "
                f"the cast's at {cast.opens_at}"
            )

    async def played(self, sitting_id: int) -> bool:
        """Whether somebody has answered there already."""
        return bool(await self._connection.fetchval(PLAYED, sitting_id))

    async def scheme(self, sitting_id: int) -> Scheme:
        """By what the sitting is marked; raises NoSuchSitting."""
        row = await self._connection.fetchrow(SITTING, sitting_id)
        if row is None:
            raise NoSuchSitting(f"no sitting {sitting_id}")
        if row["scheme"] is not None:
            return msgspec.json.decode(row["scheme"], type=Scheme)
        return Scheme(points_per_item=row["points_per_item"], section_points=tuple(row["section_points"]))

    async def attempts(self, sitting_id: int) -> AsyncIterator[dict[int, int]]:
        """All attempts of the sitting with their persons, some at a time."""
        last = 0
        while rows := await self._connection.fetch(ATTEMPTS, sitting_id, last, CHUNK):
            last = rows[-1][0]
            yield {row[0]: row[1] for row in rows}

    async def kept(self, attempt_ids: Sequence[int]) -> dict[int, Kept]:
        """What is kept of each of these attempts, in one snapshot; an attempt nobody knows has an empty journal."""
        found = {attempt_id: Kept([], scores=[]) for attempt_id in attempt_ids}
        fetch = self._connection.fetch
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            for attempt_id, *entry in await fetch(JOURNALS, attempt_ids):
                found[attempt_id].journal.append(Entry(*entry))
            for attempt_id, *row in await fetch(ROWS, attempt_ids):
                found[attempt_id].row = Row(*row)
            for attempt_id, body in await fetch(PAPERS, attempt_ids):
                found[attempt_id].paper = body
            for attempt_id, marks, *counts in await fetch(SCORES, attempt_ids):
                found[attempt_id].scores.append(Score(read_marks(marks), *counts))
        await self._find_keys(kept.paper for kept in found.values() if kept.paper is not None)
        return found

    async def _find_keys(self, papers: Iterable[str]) -> None:
        asked: set[Ref] = {question.ref for paper in papers for question in read_paper(paper)}
        missing: Collection[Ref] = asked - self.keys.keys()
        if missing:
            ids, versions = [ref[0] for ref in missing], [ref[1] for ref in missing]
            self.keys |= {(row[0], row[1]): row[2] for row in await self._connection.fetch(KEYS, ids, versions)}


@asynccontextmanager
async def reading(database_url: str) -> AsyncIterator[Rows]:
    """A reader; raises OSError and asyncpg's errors when the database can't be reached."""
    connection = await asyncpg.connect(
        database_url,
        command_timeout=COMMAND_S_MAX,
        server_settings={"default_transaction_read_only": "on", "application_name": "exam-load check"},
    )
    try:
        yield Rows(connection)
    finally:
        await connection.close()
