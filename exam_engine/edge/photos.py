"""Reference photos: the physician's own, and the imports and approvals of staff."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

import msgspec
import structlog
from aiohttp import web

from exam_engine import store as exam_store
from exam_engine.edge.accounts import audit
from exam_engine.edge.faces import CONSENT_VERSION, must_have_agreed, refused_picture
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.proctor_shapes import (
    Consent,
    DecidePhoto,
    PhotoChecked,
    PhotoImport,
    PhotoRow,
    PhotoRows,
    PhotoState,
)
from exam_engine.edge.shapes import Done
from exam_engine.enrolment import NotEnrolled, cleaned, enrol, hints_of, judge_photo, look
from exam_engine.errors import Forbidden, Invalid, NotFound, PersonError, Refused, TooLarge, Unavailable
from exam_engine.journal import DATABASE_AWAY
from exam_engine.photo_jobs import UPLOAD_BYTES_MAX, UPLOAD_S_MAX, Enrolment, Job
from proctor import store
from proctor.evidence_store import record_view
from proctor.pictures import JPEG_BYTES_MAX, BadPicture, StoreAway

ENROLLERS: Final = frozenset({"agency", "province"})
CHECKS_MAX, CHECKS_S = 120, 600  # while somebody finds the right light
HAND_INS_MAX, HAND_INS_S = 10, 3_600
UPLOADS_MAX, UPLOADS_S = 30, 3_600
PENDING_MAX: Final = 200  # shown
WAITING_MAX: Final = 50_000  # looked through for those of the caller's province
IMPORT_ID: Final = re.compile(r"[0-9a-f]{16}")

ENROLMENT: Final = web.AppKey("enrolment", Enrolment)
endpoints = Endpoints()
log = structlog.get_logger()


# --- the physician -----------------------------------------------------------------------------------------------


@endpoints.add(
    "POST",
    "/api/photo/check",
    roles=PHYSICIAN,
    body=bytes,
    media="image/jpeg",
    bytes_max=JPEG_BYTES_MAX,
    answer=PhotoChecked,
)
async def check_photo(call: Call) -> PhotoChecked:
    """Would this picture do as the reference photo? Nothing is kept."""
    person_id = call.me.person_id
    await must_have_agreed(call.house, person_id)
    await call.house.throttle.take(f"photo-check:{person_id}", CHECKS_MAX, CHECKS_S)
    try:
        looked = await look(call.house, person_id, await cleaned(call.body), urgent=True)
    except NotEnrolled as error:
        if error.problem == "model_away":
            return PhotoChecked(looked=False, hints=[])
        raise _refusal(error.problem) from error
    if looked.sight is None:
        return PhotoChecked(looked=False, hints=[])
    return PhotoChecked(looked=True, hints=list(hints_of(looked)))


@endpoints.add("GET", "/api/photo", roles=PHYSICIAN, answer=PhotoState)
async def own_photo(call: Call) -> PhotoState:
    """How the caller's reference photo stands."""
    return await _state(call)


async def _state(call: Call) -> PhotoState:
    row = await call.house.pool.fetchrow(store.PHOTO, call.me.person_id)
    if row is None:
        return PhotoState(status="none", reason="", added_at=None)
    return PhotoState(status=row["status"], reason=row["reason"], added_at=row["added_at"])


@endpoints.add("POST", "/api/photo/consent", roles=PHYSICIAN, body=Consent, answer=PhotoState)
async def consent_to_photo(call: Call) -> PhotoState:
    """单独同意, before there is an attempt: agree to face capture, or refuse it."""
    asked = call.body
    assert isinstance(asked, Consent)
    if asked.version != CONSENT_VERSION:
        raise Refused("consent_changed", version=CONSENT_VERSION)
    await call.house.pool.execute(store.ADD_CONSENT, call.me.person_id, asked.version, asked.agreed)
    return await _state(call)


@endpoints.add(
    "POST",
    "/api/photo",
    roles=PHYSICIAN,
    body=bytes,
    media="image/jpeg",
    bytes_max=JPEG_BYTES_MAX,
    answer=PhotoState,
)
async def hand_in_photo(call: Call) -> PhotoState:
    """Hand in a reference photo; somebody of the agency approves it."""
    me = call.me
    await must_have_agreed(call.house, me.person_id)
    await call.house.throttle.take(f"photo:{me.person_id}", HAND_INS_MAX, HAND_INS_S)
    known = call.request.app[ENROLMENT].known
    enrolled = await enrol(
        call.house, me.person_id, call.body, source="self", by=me.account_id, known=known, urgent=True
    )
    if enrolled.outcome == "refused":
        raise _refusal(enrolled.problem)
    return await _state(call)


def _refusal(problem: str) -> PersonError:
    """What the physician is told: in what the picture is wrong, or that it may be right a little later."""
    if problem in {"model_away", "store_away"}:
        return Unavailable("try_again", retry_after_s=10)
    return refused_picture(BadPicture(problem))


# --- imports -----------------------------------------------------------------------------------------------------


@endpoints.add(
    "POST", "/api/desk/photos/imports", roles=ENROLLERS, media="application/zip", stream=True, answer=PhotoImport
)
async def import_photos(call: Call) -> PhotoImport:
    """Import a ZIP of photos named by ID number."""
    enrolment, me = call.request.app[ENROLMENT], call.me
    if (call.request.content_length or 0) > UPLOAD_BYTES_MAX:
        raise TooLarge("body_too_large", limit=UPLOAD_BYTES_MAX)
    await call.house.throttle.take(f"photos:{me.account_id}", UPLOADS_MAX, UPLOADS_S)
    with enrolment.place() as stack:
        try:
            async with asyncio.timeout(UPLOAD_S_MAX):
                file, size = await enrolment.receive(stack, _pieces(call.request))
        except TimeoutError as error:
            raise Invalid("body_broken") from error
        except web.RequestPayloadError as error:
            raise Invalid("body_broken") from error
        import_id = enrolment.new_id()
        await audit(call, me, "photo_import_begun", f"import {import_id}", bytes=size)
        job = enrolment.begin(import_id, stack, file, me, lambda job: _note_end(call, job))
    return _import(job)


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    async for piece in request.content.iter_any():
        yield piece


async def _note_end(call: Call, job: Job) -> None:
    """Put the end on record. Without a database there is nowhere to put it, and nothing more was enrolled either."""
    facts = {name: getattr(job.report, name) for name in ("total", "kept", "pending", "refused", "problem")}
    try:
        await audit(call, call.me, "photo_import_ended", f"import {job.import_id}", **facts)
    except DATABASE_AWAY as error:
        log.warning("photo_import_end_unnoted", reason=type(error).__name__, **facts)


@endpoints.add("GET", "/api/desk/photos/imports/{job}", roles=ENROLLERS, answer=PhotoImport)
async def see_import(call: Call) -> PhotoImport:
    """How far an import is, with a line per file."""
    import_id = call.request.match_info["job"]
    job = None
    if IMPORT_ID.fullmatch(import_id):
        job = await call.request.app[ENROLMENT].find(import_id, call.me)
    if job is None:
        raise NotFound("no_such_import")
    return _import(job)


def _import(job: Job) -> PhotoImport:
    return msgspec.convert({"import_id": job.import_id} | msgspec.to_builtins(job.report), PhotoImport)


# --- approvals ---------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/photos/pending", roles=ENROLLERS, answer=PhotoRows)
async def pending_photos(call: Call) -> PhotoRows:
    """Reference photos that wait for approval, the oldest first."""
    pool = call.house.pool
    waiting = [row["person_id"] for row in await pool.fetch(store.PENDING_PERSONS, WAITING_MAX)]
    rows = await _within(call, waiting)
    persons = {row["person_id"]: row for row in rows}
    photos = await pool.fetch(store.PENDING_PHOTOS, list(persons), PENDING_MAX)
    return PhotoRows(total=len(persons), photos=[_photo_row(photo, persons[photo["person_id"]]) for photo in photos])


async def _within(call: Call, person_ids: list[int]) -> list[exam_store.Row]:
    """Those the caller answers for: of his province; an agency not for institutions another one reviews for (P-1)."""
    me = call.me
    agency_id = me.organisation_id if me.role == "agency" else None
    return await call.house.pool.fetch(exam_store.PERSONS_WITHIN, person_ids, me.province or "", agency_id)


def _photo_row(photo: store.Row, person: store.Row) -> PhotoRow:
    return PhotoRow(
        photo_id=photo["photo_id"],
        person_id=photo["person_id"],
        name=person["name"],
        id_number=masked_number(person["id_number"]),
        picture=photo["name"],
        doubts=photo["doubts"],
        added_at=photo["added_at"],
    )


@endpoints.add("POST", "/api/desk/photos/{photo_id}/decision", roles=ENROLLERS, body=DecidePhoto, answer=Done)
async def decide_photo(call: Call) -> Done:
    """Approve or refuse a reference photo."""
    asked, me, photo_id = call.body, call.me, call.path["photo_id"]
    assert isinstance(asked, DecidePhoto)
    await _scoped_photo(call)
    async with call.house.pool.acquire() as connection, connection.transaction():
        person_id = await judge_photo(
            connection,
            photo_id,
            approve=asked.approve,
            reason=asked.reason,
            by=me.account_id,
            person_of_judge=me.person_id,
        )
        act = "photo_approved" if asked.approve else "photo_refused"
        facts = {} if asked.approve else {"reason": asked.reason.strip()}
        await audit(call, me, act, f"photo {photo_id} person {person_id}", runner=connection, **facts)
    return Done()


@endpoints.add("GET", "/api/desk/photos/{photo_id}/picture", roles=ENROLLERS, media="image/jpeg")
async def see_photo(call: Call) -> web.Response:
    """A reference photo that waits for approval; the view is on record before it is shown."""
    house, row = call.house, await _scoped_photo(call)
    if row["status"] != "pending":
        raise NotFound("no_such_photo")
    try:
        picture = await house.pictures.get(row["person_id"], row["name"])
    except StoreAway as error:
        raise Unavailable("try_again", retry_after_s=10) from error
    if picture is None:
        raise NotFound("no_such_picture")
    await record_view(house.pool, call.me.account_id, row["person_id"], row["name"])
    return web.Response(body=picture, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def _scoped_photo(call: Call) -> store.Row:
    """The photo of the path; raises NotFound if it is not of the caller's province, Forbidden if his own."""
    pool = call.house.pool
    row = await pool.fetchrow(store.PHOTO_BY_ID, call.path["photo_id"])
    if row is None or not await _within(call, [row["person_id"]]):
        raise NotFound("no_such_photo")
    if row["person_id"] == call.me.person_id:
        raise Forbidden("own_photo")
    return row
