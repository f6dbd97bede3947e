"""A key for each person, so that deleting the key shreds everything of that person at once.

Table proctor.keys holds the keys, wrapped by a key that is derived from the installation's secret. A person has at
most one living key. Shredding overwrites it with NULL: what it sealed opens nowhere any more, on no disk and in no
backup of the pictures. Pictures taken later get a key of the next version; each seal says its version.

**How processes forget.** Keys are held in memory, because 800 captures a second should not ask the database for a key
each. A process asks at most FORGET_S after the last time which keys have been shredded since by another process,
before it uses any of those it holds: so none is used for longer than FORGET_S after its shredding.

**What shredding can't reach.** PostgreSQL keeps the old row until its page is used again, and in the write-ahead log
and in backups of the database. All of these hold the wrapped key: worth nothing without the installation's secret, but
with it as good as the key. A backup of the database must therefore not be kept longer than the evidence may be.
"""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import asyncpg

from proctor import evidence_store as store
from proctor import sealing
from proctor.sealing import DataKey

FORGET_S: Final = 30.0
LATE_S: Final = 600.0  # a shredding is dated when its transaction began: none takes so long
HELD_MAX: Final = 100_000  # keys in memory: about 25 MB; fewer than candidates in one process would ask for each anew
TRIES_MAX: Final = 5  # at making a key, while others make and shred the same


class KeyUnreadable(Exception):
    """The stored key was not wrapped by this installation's secret: EXAM_SECRET_KEY is another than it was."""


class PersonKeys:
    """The keys of all persons. `secret` is the installation's; `clock` counts seconds that never go back."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", secret: bytes, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._wrapper = sealing.derived(secret, "evidence keys 1")
        self._clock = clock
        self._held: OrderedDict[int, DataKey] = OrderedDict()
        self._asked_s = clock()
        self._asking = asyncio.Lock()

    async def seal(self, person_id: int, label: str, data: bytes) -> bytes:
        """Seal something of a person, with a key made now if he has none. Raises KeyUnreadable."""
        key = await self.of(person_id, make=True)
        assert key is not None, "a key was made"
        return sealing.seal(key, person_id, label, data, os.urandom(sealing.NONCE_BYTES))

    async def unseal(self, person_id: int, label: str, sealed: bytes) -> bytes | None:
        """What was sealed under this label; None if it is shredded, another's or changed. Raises KeyUnreadable."""
        version = sealing.key_version(sealed)
        if version is None:
            return None
        key = await self.of(person_id, make=False)
        if key is not None and key.version < version:  # shredded and made anew by another process
            self.let_go(person_id)
            key = await self.of(person_id, make=False)
        return sealing.unseal(key, person_id, label, sealed) if key is not None and key.version == version else None

    async def of(self, person_id: int, *, make: bool) -> DataKey | None:
        """The living key of a person; if there is none, a new one or None, as `make` says. Raises KeyUnreadable."""
        await self._forget_shredded()
        held = self._held.get(person_id)
        if held is None:
            stored = await self._pool.fetchrow(store.LIVING_KEY, person_id)
            if stored is None:
                stored = await self._make(person_id) if make else None
            if stored is None:
                return None
            held = self._unwrapped(person_id, stored)
            self._held[person_id] = held
        self._held.move_to_end(person_id)
        while len(self._held) > HELD_MAX:
            self._held.popitem(last=False)
        return held

    async def shred(self, person_id: int, runner: store.Runner | None = None) -> bool:
        """Overwrite the person's key for ever; False if there is none. `runner`: a connection with a transaction."""
        version = await (runner or self._pool).fetchval(store.SHRED_KEY, person_id)
        self.let_go(person_id)
        return version is not None

    def let_go(self, person_id: int) -> None:
        """Forget this person's key in memory now; for after the transaction in which it was shredded."""
        self._held.pop(person_id, None)

    async def _make(self, person_id: int) -> store.Row:
        """A new key, or the one of whoever was faster: the database lets one living key in."""
        for _ in range(TRIES_MAX):
            version = await self._pool.fetchval(store.NEXT_KEY_VERSION, person_id)
            key = DataKey(version, os.urandom(sealing.KEY_BYTES))
            wrapped = sealing.wrap(self._wrapper, person_id, key, os.urandom(sealing.NONCE_BYTES))
            await self._pool.execute(store.ADD_KEY, person_id, version, wrapped)
            stored = await self._pool.fetchrow(store.LIVING_KEY, person_id)
            if stored is not None:
                return stored
        raise AssertionError("nobody shreds a key as often as that")

    def _unwrapped(self, person_id: int, stored: store.Row) -> DataKey:
        key = sealing.unwrap(self._wrapper, person_id, stored["version"], stored["wrapped"])
        if key is None:
            raise KeyUnreadable(f"the key of person {person_id} was wrapped by another secret")
        return key

    async def _forget_shredded(self) -> None:
        if self._clock() - self._asked_s < FORGET_S:
            return
        async with self._asking:
            began_s = self._clock()
            if began_s - self._asked_s < FORGET_S:
                return  # somebody else asked while we waited
            rows = await self._pool.fetch(store.SHREDDED, began_s - self._asked_s + LATE_S)
            for row in rows:
                self.let_go(row["person_id"])
            self._asked_s = began_s
