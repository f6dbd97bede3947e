"""Pools as the blueprint editor sees them: kept in memory while nothing in them changes."""

import asyncio
from collections import Counter
from typing import Final, NamedTuple

import asyncpg

from question_bank import parameter_store
from question_bank import store as bank
from question_bank.item import Item
from question_bank.parameters import Known
from question_bank.pool import Pool
from question_bank.supply import pool_digest

POOLS_MAX: Final = 8
# What a pool is made of, without reading a single item; another answer means that something has changed.
STATE: Final = """
SELECT count(*) AS items, coalesce(sum(hashint8(item_id * 1000003 + version)::bigint), 0) AS marks,
    (SELECT coalesce(sum(hashint8(p.item_id + p.n)::bigint), 0) FROM bank.parameters p JOIN bank.items j USING (item_id)
        WHERE j.pool = $1) AS proved
FROM bank.items WHERE pool = $1 AND status = 'active'
"""


class KeptPool(NamedTuple):
    """A pool as it was at one time."""

    pool: Pool
    known: Known
    digest: str
    calibrated: int


class Pools:
    """One per process; only those who write blueprints ask."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._kept: dict[str, tuple[tuple[int, ...], KeptPool]] = {}
        self._reading = asyncio.Lock()

    async def get(self, name: str) -> KeptPool:
        """The pool of this name as it is now; an unknown one is empty."""
        row = await self._pool.fetchrow(STATE, name)
        assert row is not None
        state = tuple(map(int, row))
        kept = self._kept.get(name)
        if kept is not None and kept[0] == state:
            return kept[1]
        async with self._reading:
            items = await bank.active_items(self._pool, name)
            known = await parameter_store.of_pool(self._pool, name)
            found = await asyncio.to_thread(_view, items, known)
            if len(self._kept) >= POOLS_MAX:
                self._kept.clear()
            self._kept[name] = (state, found)
            return found


def _view(items: list[Item], known: Known) -> KeptPool:
    pool = Pool(items)
    calibrated = sum((item.item_id, item.version) in known for item in items)
    return KeptPool(pool, known, pool_digest(pool, known), calibrated)


def steps(pool: Pool) -> dict[str, int]:
    """Items by whom they are for: "specialty:internal", "category:clinical", "level:assistant", "common"."""
    found: Counter[str] = Counter()
    for item in (item for unit in pool.units for item in unit.items):
        found.update(f"specialty:{code}" for code in item.specialties)
        if item.level:
            found[f"level:{item.level}"] += 1
        if not item.specialties:
            found[f"category:{item.category}" if item.category else "common"] += 1
    return dict(sorted(found.items()))
