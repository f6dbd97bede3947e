"""Deleting evidence on time: files first, then rows and the record of it; a person's key when nothing is left.

Each step may be the last one before a kill, and each may be done twice:

- files gone, rows not marked: the next sweep finds the rows due again, no files, and marks them (`missing` says so);
- rows marked and deletion noted: one transaction, so neither without the other, and never noted twice;
- everything gone but the key: the second round looks through all living keys, not only at what this sweep deleted;
- files that no row names (a process died between writing and recording) go with the person's folder and key.

A picture that another attempt or photo of the person names too stays until the last of them goes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec
import structlog

from proctor import evidence_store as store
from proctor.evidence_store import Deletion
from proctor.keys import PersonKeys
from proctor.pictures import Freed, Pictures, StoreAway

PERSONS_CHUNK: Final = 1_000
KEY_AGE_MIN: Final = timedelta(days=1)  # a newer key may belong to a picture whose row is just being written
NOBODY: Final = -1

log = structlog.get_logger()


class Due(msgspec.Struct, frozen=True):
    """Pictures of an attempt that may not be kept longer; without attempt, photos of the person. `reason`: the rule."""

    attempt_id: int | None
    person_id: int
    names: tuple[str, ...]
    reason: str


class Attempts(msgspec.Struct, frozen=True):
    """All attempts of a person; `open`: in one of them pictures may still be taken."""

    ids: tuple[int, ...]
    open: bool


AttemptsOf = Callable[[Sequence[int]], Awaitable[Mapping[int, Attempts]]]  # by person; who has none may be left out
NO_ATTEMPTS: Final = Attempts((), open=False)


class Report(msgspec.Struct, frozen=True):
    """What a sweep did. `failed`: attempts, photos and keys that are still there because the disk said no."""

    deletions: int = 0
    pictures: int = 0
    missing: int = 0
    bytes: int = 0
    shredded: int = 0
    failed: int = 0

    def __add__(self, other: "Report") -> "Report":
        mine, others = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Report(*(a + b for a, b in zip(mine, others, strict=True)))


class Sweeper:
    """Deletes what is due. `attempts_of` knows whose attempts are whose, and which are still open."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", pictures: Pictures, keys: PersonKeys, attempts_of: AttemptsOf
    ) -> None:
        self._pool = pool
        self._pictures = pictures
        self._keys = keys
        self._attempts_of = attempts_of

    async def sweep(self, due: Sequence[Due], now: datetime) -> Report:
        """Delete what is due; harmless when repeated."""
        attempts = await self._attempts_of(sorted({one.person_id for one in due}))
        report = Report()
        for one in due:
            try:
                report += await self._delete(one, attempts.get(one.person_id, NO_ATTEMPTS), now)
            except StoreAway as error:
                log.warning("evidence_not_deleted", attempt_id=one.attempt_id, reason=str(error))
                report += Report(failed=1)
        return report

    async def shred_where_nothing_is_left(self, now: datetime) -> Report:
        """Shred the keys of persons of whom no picture, photo or open attempt is left, and remove their folders."""
        report, last = Report(), NOBODY
        while rows := await self._pool.fetch(store.LIVING_PERSONS, last, now - KEY_AGE_MIN, PERSONS_CHUNK):
            persons = [row["person_id"] for row in rows]
            last = persons[-1]
            for person_id in await self._nothing_left(persons):
                try:
                    report += await self._shred(person_id, "nothing_left", "", now)
                except StoreAway as error:
                    log.warning("evidence_not_shredded", person_id=person_id, reason=str(error))
                    report += Report(failed=1)
        return report

    async def forget(self, person_id: int, reason: str, now: datetime) -> Report:
        """Delete everything of a person at once, by order: the key first, so that nothing opens from here on.

        Raises StoreAway; what is left then goes when it is repeated.
        """
        report = await self._shred_key(person_id, "ordered", reason, now, Freed(0, 0))
        attempts = (await self._attempts_of([person_id])).get(person_id, NO_ATTEMPTS)
        for one in await self._everything(person_id, attempts):
            report += await self._delete(one, attempts, now, reason)
        if await self._pool.fetchval(store.NEXT_KEY_VERSION, person_id) > 1:  # who never had a key has no files
            await self._pictures.clear(person_id)
        return report

    async def _delete(self, one: Due, attempts: Attempts, now: datetime, reason: str = "") -> Report:
        elsewhere = await self._pool.fetch(
            store.NAMED_ELSEWHERE, one.person_id, attempts.ids, one.names, one.attempt_id
        )
        names = sorted(set(one.names) - {row["name"] for row in elsewhere})
        freed = await self._pictures.delete(one.person_id, names)
        missing = len(names) - freed.files
        async with self._pool.acquire() as connection, connection.transaction():
            marked = await store.mark_deleted(connection, one.person_id, one.attempt_id, one.names, now)
            if not marked:
                return Report()
            kind = "photos" if one.attempt_id is None else "pictures"
            deletion = Deletion(
                now, one.person_id, one.attempt_id, kind, one.reason, reason, marked, missing, freed.bytes
            )
            await store.note_deletion(connection, deletion)
        return Report(deletions=1, pictures=marked, missing=missing, bytes=freed.bytes)

    async def _nothing_left(self, persons: list[int]) -> list[int]:
        attempts = await self._attempts_of(persons)
        ids = [number for one in attempts.values() for number in one.ids]
        kept = {row["attempt_id"] for row in await self._pool.fetch(store.STILL_KEPT, ids)}
        photos = {row["person_id"] for row in await self._pool.fetch(store.PHOTOS_KEPT, persons)}

        def holds_on(person_id: int) -> bool:
            his = attempts.get(person_id, NO_ATTEMPTS)
            return person_id in photos or his.open or not kept.isdisjoint(his.ids)

        return [person_id for person_id in persons if not holds_on(person_id)]

    async def _shred(self, person_id: int, rule: str, reason: str, now: datetime) -> Report:
        """The folder before the key: whoever is killed in between finds the key, and both, again."""
        freed = await self._pictures.clear(person_id)
        return await self._shred_key(person_id, rule, reason, now, freed)

    async def _shred_key(self, person_id: int, rule: str, reason: str, now: datetime, freed: Freed) -> Report:
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._keys.shred(person_id, connection):
                return Report()
            deletion = Deletion(now, person_id, None, "key", rule, reason, freed.files, 0, freed.bytes)
            await store.note_deletion(connection, deletion)
        self._keys.let_go(person_id)
        return Report(deletions=1, pictures=freed.files, bytes=freed.bytes, shredded=1)

    async def _everything(self, person_id: int, attempts: Attempts) -> list[Due]:
        pictures = await self._pool.fetch(store.NAMES_KEPT, attempts.ids)
        photos = await self._pool.fetch(store.PHOTOS_KEPT, [person_id])
        return [
            *(Due(row["attempt_id"], person_id, tuple(row["names"]), "ordered") for row in pictures),
            *(Due(None, person_id, tuple(row["names"]), "ordered") for row in photos),
        ]
