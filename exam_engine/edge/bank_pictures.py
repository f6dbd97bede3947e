"""Pictures of items: taken in clean, shown to authors, and to whose paper has them."""

import asyncio
from typing import Final

from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.bank_desk import AUTHOR, BANK, scope_of
from exam_engine.edge.bank_shapes import BankPicture
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.physician import see_paper
from exam_engine.errors import Invalid, NotFound
from exam_engine.item_pictures import PICTURE_BYTES_MAX, BadPicture, clean
from question_bank import pictures_store as store

UPLOADS_MAX, UPLOADS_S = 300, 3_600
CLEANED_MAX: Final = 2  # at a time: a picture may take a tenth of a gigabyte while it is decoded
# Named by its content, it never changes; nobody but this browser may keep it.
FOR_AUTHORS: Final = {"Cache-Control": "private, max-age=86400, immutable"}
FOR_CANDIDATES: Final = {"Cache-Control": "no-store"}  # the page keeps it itself, as long as the paper

CLEANING: Final = web.AppKey("cleaning", asyncio.Semaphore)
endpoints = Endpoints()


@endpoints.add(
    "POST",
    "/api/bank/pictures",
    roles=AUTHOR,
    body=bytes,
    answer=BankPicture,
    media="image/*",
    bytes_max=PICTURE_BYTES_MAX,
)
async def add_picture(call: Call) -> BankPicture:
    """Take in a PNG, JPEG or WebP; what is kept is encoded anew."""
    await call.house.throttle.take(f"bank-pictures:{call.me.account_id}", UPLOADS_MAX, UPLOADS_S)
    try:
        async with call.request.app[CLEANING]:
            kept = await asyncio.to_thread(clean, call.body)
    except BadPicture as bad:
        raise Invalid(bad.code) from bad
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.ADD, kept.name, kept.media, kept.width, kept.height, kept.data)
        await connection.execute(store.ADD_UPLOAD, kept.name, call.me.account_id)
        await audit(call, call.me, "item_picture_added", f"picture {kept.name[:16]}", runner=connection)
    return BankPicture(name=kept.name, media=kept.media, width=kept.width, height=kept.height, bytes=len(kept.data))


@endpoints.add("GET", "/api/bank/pictures/{picture}", roles=BANK, media="image/*")
async def see_bank_picture(call: Call) -> web.Response:
    """A picture of an item, or one the caller has just uploaded."""
    name = call.request.match_info["picture"]
    row = await call.house.pool.fetchrow(store.SEE, name, await scope_of(call), call.me.account_id)
    if row is None:
        raise NotFound("no_such_picture")
    return web.Response(body=row["data"], content_type=row["media"], headers=FOR_AUTHORS)


@endpoints.add(
    "GET", "/api/attempts/{attempt_id}/pictures/{picture}", roles=PHYSICIAN, query=("device",), media="image/*"
)
async def see_item_picture(call: Call) -> web.Response:
    """A picture of an item of one's own running paper."""
    paper = await see_paper(call)
    name = call.request.match_info["picture"]
    if not any(picture.name == name for item in paper.items for picture in item.pictures):
        raise NotFound("no_such_picture")
    row = await call.house.pool.fetchrow(store.GET, name)
    if row is None:
        raise NotFound("no_such_picture")
    return web.Response(body=row["data"], content_type=row["media"], headers=FOR_CANDIDATES)
