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
from collections.abc import Callable, Mapping, Sequence
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


class KeysOf:
    """Keys of some persons, as `of_many` found them."""

    __slots__ = ("_found",)

    def __init__(self, found: Mapping[int, DataKey | KeyUnreadable | None]) -> None:
        self._found = found

    def __getitem__(self, person_id: int) -> DataKey | None:
        """The person's key, or None. Raises KeyUnreadable."""
        key = self._found[person_id]
        if isinstance(key, KeyUnreadable):
            raise key
        return key


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
        return (await self.of_many([person_id], make=make))[person_id]

    async def of_many(self, person_ids: Sequence[int], *, make: bool) -> "KeysOf":
        """The same for many persons, in a statement or two for all of them whose keys are not in memory.

        What is asked of the answer raises KeyUnreadable, or is None where there is no key.
        """
        await self._forget_shredded()
        found: dict[int, DataKey | KeyUnreadable | None] = {}
        for person_id in person_ids:
            held = found[person_id] = self._held.get(person_id)
            if held is not None:
                self._held.move_to_end(person_id)
        missing = [person_id for person_id, key in found.items() if key is None]
        if missing:
            fetched = await (self._made(missing) if make else self._stored(missing))
            found |= fetched
            self._held.update((person, key) for person, key in fetched.items() if isinstance(key, DataKey))
        while len(self._held) > HELD_MAX:
            self._held.popitem(last=False)
        return KeysOf(found)

    async def shred(self, person_id: int, runner: store.Runner | None = None) -> bool:
        """Overwrite the person's key for ever; False if there is none. `runner`: a connection with a transaction."""
        version = await (runner or self._pool).fetchval(store.SHRED_KEY, person_id)
        self.let_go(person_id)
        return version is not None

    def let_go(self, person_id: int) -> None:
        """Forget this person's key in memory now; for after the transaction in which it was shredded."""
        self._held.pop(person_id, None)

    async def _stored(self, person_ids: Sequence[int]) -> dict[int, DataKey | KeyUnreadable]:
        """The living keys there are."""
        rows = await self._pool.fetch(store.KEYS, person_ids)
        return {row["person_id"]: self._unwrapped(row) for row in rows if row["version"] is not None}

    async def _made(self, person_ids: Sequence[int]) -> dict[int, DataKey | KeyUnreadable]:
        """The living keys; who has none gets a new one, or the one of whoever was faster."""
        found: dict[int, DataKey | KeyUnreadable] = {}
        for _ in range(TRIES_MAX):
            rows = await self._pool.fetch(store.KEYS, [each for each in person_ids if each not in found])
            found |= {row["person_id"]: self._unwrapped(row) for row in rows if row["version"] is not None}
            found |= await self._added(
                {
                    row["person_id"]: DataKey(row["newest"] + 1, os.urandom(sealing.KEY_BYTES))
                    for row in rows
                    if row["version"] is None
                }
            )
            if len(found) == len(set(person_ids)):
                return found
        raise AssertionError("nobody shreds a key as often as that")

    async def _added(self, keys: Mapping[int, DataKey]) -> dict[int, DataKey]:
        """Those of these new keys that are now the living ones: the database lets one of each person in."""
        if not keys:
            return {}
        wrapped = [
            sealing.wrap(self._wrapper, person_id, key, os.urandom(sealing.NONCE_BYTES))
            for person_id, key in keys.items()
        ]
        versions = [key.version for key in keys.values()]
        rows = await self._pool.fetch(store.ADD_KEYS, list(keys), versions, wrapped)
        return {row["person_id"]: keys[row["person_id"]] for row in rows}

    def _unwrapped(self, stored: store.Row) -> DataKey | KeyUnreadable:
        key = sealing.unwrap(self._wrapper, stored["person_id"], stored["version"], stored["wrapped"])
        return key or KeyUnreadable(f"the key of person {stored['person_id']} was wrapped by another secret")

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
