"""Uploaded evidence: taken in by content, sealed, shown by short-lived links."""

from typing import Final

from aiohttp import web

from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.registration_shapes import DocumentView
from exam_engine.edge.shapes import Done
from exam_engine.errors import Unavailable

SEERS: Final = frozenset({"physician", "institution", "agency", "province", "nation"})
DOCUMENT_BYTES_MAX: Final = 5 * 1024 * 1024

endpoints = Endpoints()


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
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/documents/{document_id}", roles=SEERS, query=("link",), media="*/*")
async def see_document(call: Call) -> web.Response:
    """A document, by a link that is good for minutes and for this account."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("DELETE", "/api/documents/{document_id}", roles=PHYSICIAN, answer=Done)
async def drop_document(call: Call) -> Done:
    """Take a document away that was never handed in."""
    raise Unavailable("try_again", retry_after_s=5)
