"""Facts that hardly change, kept in memory for a while: sittings, and whose an attempt is."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import asyncpg

from exam_engine import store
from exam_engine.errors import NotFound
from exam_engine.gathering import Gathered
from exam_engine.sitting import Sitting

SITTING_KEEP: Final = timedelta(seconds=10)
OWNERS_MAX: Final = 200_000


class Owner(NamedTuple):
    """Whose an attempt is; this never changes."""

    person_id: int
    sitting_id: int
    name: str
    id_number: str


class Registry:
    """One per process. Sittings are read again after SITTING_KEEP, owners are kept."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._now = now
        self._sittings: dict[int, tuple[datetime, Sitting]] = {}
        self._owners: dict[int, Owner] = {}
        self._asked = Gathered(self._owners_of)

    async def sitting(self, sitting_id: int) -> Sitting:
        """One sitting; raises NotFound."""
        kept = self._sittings.get(sitting_id)
        if kept is not None and self._now() - kept[0] < SITTING_KEEP:
            return kept[1]
        found = await store.sitting(self._pool, sitting_id)
        if found is None:
            raise NotFound("no_such_sitting")
        self._sittings[sitting_id] = (self._now(), found)
        return found

    async def owner(self, attempt_id: int) -> Owner:
        """Whose this attempt is; raises NotFound."""
        kept = self._owners.get(attempt_id)
        if kept is not None:
            return kept
        found = await self._asked.get(attempt_id)
        if found is None:
            raise NotFound("no_such_attempt")
        if len(self._owners) >= OWNERS_MAX:
            self._owners.clear()
        return self._owners.setdefault(attempt_id, found)

    async def _owners_of(self, attempt_ids: Sequence[int]) -> dict[int, Owner]:
        rows = await self._pool.fetch(store.OWNERS, attempt_ids)
        return {row[0]: Owner(row[1], row[2], row[3], row[4] or "") for row in rows}
