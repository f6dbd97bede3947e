"""Uploaded evidence: taken in by content, sealed, shown by short-lived links."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints, read_bytes
from exam_engine.edge.registration_shapes import DocumentView
from exam_engine.edge.shapes import Done
from exam_engine.errors import Forbidden, Invalid, NotFound, TooLarge, TooMany, Unavailable
from exam_engine.house import House
from exam_engine.registration import document_store, evidence
from exam_engine.registration.document_kinds import DOCUMENT_BYTES_MAX, disposition
from exam_engine.store import Account, Row
from proctor.links import LINK_S, check, sign

SEERS: Final = frozenset({"physician", "institution", "agency", "province", "nation"})
UPLOADS_MAX, UPLOADS_S = 90, 600  # of one person
UPLOAD_S_MAX: Final = 120.0  # 5 MB at 340 kbit/s
PLACES_MAX: Final = 64  # uploads in memory at the same time
OWN_PLACES_MAX: Final = 9  # of one person: all the files of one field
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
HEADERS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}

endpoints = Endpoints()


# --- for other endpoints -----------------------------------------------------------------------------------------


async def views_of(house: House, account: Account, person_id: int, document_ids: Sequence[int]) -> list[DocumentView]:
    """These documents of this person for `account`, in this order; what is not his is left out. Once per id.

    Whoever calls this has checked that `account` may see what is the person's: the links are good without asking again.
    """
    rows = await house.pool.fetch(document_store.OF_PERSON, person_id, list(document_ids))
    found = {row["document_id"]: row for row in rows}
    return [view_of(house, account, found[number]) for number in dict.fromkeys(document_ids) if number in found]


def view_of(house: House, account: Account, row: Row) -> DocumentView:
    """A document with a fresh link for this account."""
    document_id = row["document_id"]
    until = house.clock.now() + timedelta(seconds=LINK_S)
    link = sign(house.settings.secret_key, account.account_id, document_id, _signed_name(row), until)
    return DocumentView(
        document_id=document_id,
        title=row["title"],
        media=row["media"],
        bytes=row["bytes"],
        pages=row["pages"],
        added_at=row["added_at"],
        url=f"/api/documents/{document_id}?link={link}",
    )


def _signed_name(row: Row) -> str:
    """Links to pictures of attempts are signed by the same key: none of them must open a document of that number."""
    return f"document {row['name']}"


async def read_document(call: Call) -> bytes:
    """The document in the body, as it comes. Raises TooLarge without reading further, Invalid."""
    try:
        async with asyncio.timeout(UPLOAD_S_MAX):
            return await read_bytes(call.request, DOCUMENT_BYTES_MAX)
    except TooLarge as error:
        raise TooLarge("document_too_large", limit=DOCUMENT_BYTES_MAX) from error
    except TimeoutError as error:
        raise Invalid("body_broken") from error


# --- endpoints ---------------------------------------------------------------------------------------------------


@endpoints.add(
    "POST",
    "/api/documents",
    roles=PHYSICIAN,
    answer=DocumentView,
    query=("title",),
    media="application/octet-stream",
    stream=True,
)
async def upload_document(call: Call) -> DocumentView:
    """Upload a piece of evidence: jpg, png or pdf by content, at most 5 MB."""
    house, person_id = call.house, call.me.person_id
    await house.throttle.take(f"documents:{person_id}", UPLOADS_MAX, UPLOADS_S)
    with _place(house.documents.uploads, person_id):
        data = await read_document(call)
        title = call.request.query.get("title", "")
        row = await evidence.keep(house, person_id, data, title=title, purpose="evidence")
    return view_of(house, call.me, row)


@contextlib.contextmanager
def _place(uploads: Counter[int], person_id: int) -> Iterator[None]:
    """Room in memory for one upload of this person. Raises TooMany, Unavailable."""
    if uploads[person_id] >= OWN_PLACES_MAX:
        raise TooMany("too_many_tries", retry_after_s=5)
    if uploads.total() >= PLACES_MAX:
        raise Unavailable("try_again", retry_after_s=5)
    uploads[person_id] += 1
    try:
        yield
    finally:
        uploads[person_id] -= 1
        if uploads[person_id] == 0:
            del uploads[person_id]


@endpoints.add("GET", "/api/documents/{document_id}", roles=SEERS, query=("link",), media="*/*")
async def see_document(call: Call) -> web.Response:
    """A document, by a link that is good for minutes and for this account."""
    row = await _linked(call)
    data = await evidence.opened(call.house, row)
    if call.me.role != "physician":
        await audit(call, call.me, "document_seen", f"document {row['document_id']} person {row['person_id']}")
    named = {"Content-Disposition": disposition(row["title"], row["media"])}
    return web.Response(body=data, content_type=row["media"], headers=HEADERS | named)


async def _linked(call: Call) -> Row:
    """The document of the path and link. Raises Forbidden if the link is over, NotFound if it never was one."""
    house, me, document_id = call.house, call.me, call.path["document_id"]
    row = await house.pool.fetchrow(document_store.BY_ID, document_id)
    if row is None or (me.role == "physician" and row["person_id"] != me.person_id):
        raise NotFound("no_such_document")
    link, secret, name = call.request.query.get("link", ""), house.settings.secret_key, _signed_name(row)
    if not check(secret, link, me.account_id, document_id, name, LONG_AGO):
        raise NotFound("no_such_document")
    if not check(secret, link, me.account_id, document_id, name, house.clock.now()):
        raise Forbidden("link_over")
    return row


@endpoints.add("DELETE", "/api/documents/{document_id}", roles=PHYSICIAN, answer=Done)
async def drop_document(call: Call) -> Done:
    """Take a document away that was never handed in."""
    await evidence.drop(call.house, call.me.person_id, call.path["document_id"])
    return Done()
