"""Indexes of near-equal items, by pool: made when first asked for, then brought up to date by what has changed.

They live in one process and may be lost. One at a time works on a pool: the index changes, and comparing a whole pool
takes seconds of a core, in a thread.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from exam_engine.store import Row, Runner
from question_bank import finding_store as store
from question_bank.duplicates import Index, Text
from question_bank.item import Item

POOLS_MAX: Final = 4  # kept
OVERLAP: Final = timedelta(seconds=60)  # what was written then may have come to light later
AT_ONCE: Final = 2_000  # texts a thread takes in at a time
NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Card(msgspec.Struct, frozen=True):
    """What is shown of an item that is near."""

    code: str
    status: str


@dataclass
class Known:
    """A pool as far as it is known."""

    index: Index = field(default_factory=Index)
    cards: dict[int, Card] = field(default_factory=dict)
    seen: dict[int, datetime] = field(default_factory=dict)
    until: datetime = NEVER
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Near:
    """One per application."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._known: dict[str, Known] = {}

    @contextlib.asynccontextmanager
    async def known(self, pool: str) -> AsyncIterator[Known]:
        """The pool as it is now; nobody else has it meanwhile."""
        known = self._known.pop(pool, None) or Known()
        self._known[pool] = known
        while len(self._known) > POOLS_MAX:
            del self._known[next(iter(self._known))]
        async with known.lock:
            await self._refresh(pool, known)
            yield known

    async def _refresh(self, pool: str, known: Known) -> None:
        since = known.until - OVERLAP if known.until != NEVER else NEVER
        rows = [
            row
            for row in await self._runner.fetch(store.TEXTS, pool, since)
            if known.seen.get(row["item_id"]) != row["changed_at"]
        ]
        for start in range(0, len(rows), AT_ONCE):
            await asyncio.to_thread(_take, known, rows[start : start + AT_ONCE])
        gone = set(known.cards)
        state = await self._runner.fetchrow(store.POOL_STATE, pool)
        if state is not None and len(known.cards) != state["items"]:
            gone -= {row["item_id"] for row in await self._runner.fetch(store.IDS_OF_POOL, pool)}
            for item_id in gone:
                _forget(known, item_id)


def _take(known: Known, rows: list[Row]) -> None:
    for row in rows:
        item_id = row["item_id"]
        known.until = max(known.until, row["changed_at"])
        known.seen[item_id] = row["changed_at"]
        if row["status"] == "retired" or row["body"] is None:
            _forget(known, item_id)
            continue
        item = msgspec.structs.replace(msgspec.json.decode(row["body"], type=Item), item_id=item_id)
        known.index.put(Text.of(item))
        known.cards[item_id] = Card(row["code"], row["status"])


def _forget(known: Known, item_id: int) -> None:
    known.index.drop(item_id)
    known.cards.pop(item_id, None)
