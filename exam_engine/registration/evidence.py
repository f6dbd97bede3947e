"""A person's documents, rows and files together: kept, read, marked as used, dropped, swept."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from exam_engine.errors import Invalid, NotFound, Refused, TooLarge, Unavailable
from exam_engine.house import House
from exam_engine.registration import document_store as store
from exam_engine.registration.document_kinds import (
    DOCUMENT_BYTES_MAX,
    ENDINGS,
    BadDocument,
    Cleaned,
    Purpose,
    clean_title,
)
from exam_engine.registration.documents import CleanerAway
from exam_engine.store import Row, Runner
from proctor.pictures import StoreAway

DOCUMENTS_MAX: Final = 200  # of one person
UNUSED_KEPT: Final = timedelta(days=30)
SWEPT_MAX: Final = 500  # in one go
RETRY_S: Final = 10

log = structlog.get_logger()


async def keep(house: House, person_id: int, data: bytes, *, title: str, purpose: Purpose) -> Row:
    """Clean a document and keep it; the same bytes again are the same document. Returns its row.

    Raises TooLarge, Invalid (document_kind, _broken, _size, _pages, _locked, photo_size), Refused, Unavailable.
    """
    if len(data) > DOCUMENT_BYTES_MAX:
        raise TooLarge("document_too_large", limit=DOCUMENT_BYTES_MAX)
    digest = sha256(data).hexdigest()
    try:
        known = await house.pool.fetchrow(store.BY_DIGEST, person_id, digest, purpose)
        if known is not None and await house.documents.get(person_id, known["name"]) is not None:
            return known
        if known is None:
            await _must_have_room(house.pool, person_id)
        cleaned = await house.documents.clean(data, purpose)
        return await _kept(house, person_id, cleaned, digest, title, purpose)
    except BadDocument as bad:
        log.info("document_refused", person_id=person_id, code=bad.code, detail=bad.detail)
        raise _refusal(bad) from bad
    except (StoreAway, CleanerAway) as error:
        log.warning("documents_away", reason=str(error))
        raise Unavailable("try_again", retry_after_s=RETRY_S) from error


def _refusal(bad: BadDocument) -> Invalid | TooLarge:
    if bad.code == "document_too_large":
        return TooLarge(bad.code, limit=DOCUMENT_BYTES_MAX)
    return Invalid(bad.code)


async def _kept(house: House, person_id: int, cleaned: Cleaned, digest: str, title: str, purpose: Purpose) -> Row:
    """Row and file in one transaction; of two who send the same at once the second finds what the first kept."""
    async with house.documents.writing(), house.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.LOCK, person_id)
        row = await connection.fetchrow(store.BY_DIGEST, person_id, digest, purpose)
        if row is None:
            await _must_have_room(connection, person_id)
        name = await house.documents.put(person_id, cleaned.data)
        facts = (cleaned.media, len(cleaned.data), cleaned.pages)
        if row is None:
            title = clean_title(title) or f"document{ENDINGS[cleaned.media][0]}"
            row = await connection.fetchrow(store.ADD, person_id, name, *facts, digest, title, purpose)
        elif row["name"] != name:
            row = await connection.fetchrow(store.MEND, row["document_id"], name, *facts)
        assert row is not None
        return row


async def _must_have_room(runner: Runner, person_id: int) -> None:
    if await runner.fetchval(store.COUNT, person_id) >= DOCUMENTS_MAX:
        raise Refused("too_many_documents", limit=DOCUMENTS_MAX)


async def read(house: House, document_id: int) -> bytes:
    """What was kept. Raises NotFound, Unavailable."""
    row = await house.pool.fetchrow(store.BY_ID, document_id)
    if row is None:
        raise NotFound("no_such_document")
    return await opened(house, row)


async def opened(house: House, row: Row) -> bytes:
    """The content of a document. Raises NotFound, Unavailable."""
    try:
        data = await house.documents.get(row["person_id"], row["name"])
    except StoreAway as error:
        raise Unavailable("try_again", retry_after_s=RETRY_S) from error
    if data is None:
        log.error("document_lost", document_id=row["document_id"])
        raise NotFound("no_such_document")
    return data


async def must_be_own(runner: Runner, person_id: int, document_ids: Iterable[int]) -> None:
    """Raises Invalid unless all of them are documents of this person."""
    asked = set(document_ids)
    if asked and len(await runner.fetch(store.OF_PERSON, person_id, list(asked))) != len(asked):
        raise Invalid("no_such_document")


async def mark_used(runner: Runner, document_ids: Iterable[int]) -> None:
    """They were handed in and can't be dropped any more. Raises Invalid if one is gone."""
    asked = set(document_ids)
    if asked and len(await runner.fetch(store.MARK_USED, sorted(asked))) != len(asked):
        raise Invalid("no_such_document")


async def shared_with_others(runner: Runner, person_id: int, document_ids: Sequence[int]) -> list[int]:
    """Those of this person's documents that somebody else has uploaded too, in ascending order."""
    return [row["document_id"] for row in await runner.fetch(store.SHARED, person_id, list(document_ids))]


async def drop(house: House, person_id: int, document_id: int) -> None:
    """Take an own document away that was never handed in. Raises NotFound, Refused, Unavailable."""
    try:
        dropped = await _drop(house, person_id, document_id)
    except StoreAway as error:
        raise Unavailable("try_again", retry_after_s=RETRY_S) from error
    if not dropped:
        if await house.pool.fetch(store.OF_PERSON, person_id, [document_id]):
            raise Refused("document_used")
        raise NotFound("no_such_document")


async def _drop(house: House, person_id: int, document_id: int) -> bool:
    """Row and file, unless it is used; if the store is away both stay."""
    async with house.documents.writing(), house.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.LOCK, person_id)
        name = await connection.fetchval(store.DROP, document_id, person_id)
        if name is not None and not await connection.fetchval(store.NAME_KEPT, person_id, name):
            await house.documents.delete([(person_id, name)])
    return name is not None


async def sweep_unused(house: House, now: datetime) -> int:
    """Drop what was uploaded 30 days ago and never handed in, at most SWEPT_MAX; returns how many.

    Safe in several processes together: of two that drop the same, one finds it gone.
    """
    rows = await house.pool.fetch(store.UNUSED, now - UNUSED_KEPT, SWEPT_MAX)
    dropped = 0
    for row in rows:
        try:
            dropped += await _drop(house, row["person_id"], row["document_id"])
        except StoreAway as error:
            log.warning("documents_away", reason=str(error))
            break
    return dropped
