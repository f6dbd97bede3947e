"""The physician, watched: consent, entry checks, captures and signals of his exam page, and the pairing of a phone."""

import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple, get_args

import segno

from exam_engine.captures import ready_for_capture
from exam_engine.captures import take_capture as keep_capture
from exam_engine.edge.faces import CONSENT_VERSION, must_have_agreed, refused_picture
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints, hash_token
from exam_engine.edge.physician import UNFINISHED, device_asking, own_attempt, snapshot
from exam_engine.edge.proctor_shapes import (
    AskPerson,
    CameraCode,
    CameraState,
    Captured,
    CheckBegun,
    Consent,
    FrameSeen,
    OwnIncident,
    SignalBatch,
    SignalSent,
    SignalsTaken,
    Watching,
)
from exam_engine.edge.shapes import AttemptView
from exam_engine.edge.views import identity_of
from exam_engine.entry_checks import Framed, begin_check, check_of, take_frame
from exam_engine.errors import Invalid, Refused
from exam_engine.house import House
from exam_engine.messages import AGO_MS_MAX, AskForPerson, CaptureWhy
from exam_engine.proctoring import take_signals as keep_signals
from exam_engine.service import Known
from exam_engine.sitting import IdentityCheck
from proctor import store
from proctor.pictures import JPEG_BYTES_MAX, BadPicture, StoreAway, check_head
from proctor.policy import Proctoring
from proctor.rules import Incident, notice_text
from proctor.signals import Signal, SignalKind

CAPTURE_REASONS: Final = frozenset(get_args(CaptureWhy))
CODE_S: Final = 300
CODE_BYTES: Final = 9
_SERVER_KINDS: Final = frozenset({SignalKind.DEVICE_CHANGED})

endpoints = Endpoints()


# --- how it is watched, and consent to it ------------------------------------------------------------------------


@endpoints.add("GET", "/api/attempts/{attempt_id}/watching", roles=PHYSICIAN, answer=Watching)
async def see_watching(call: Call) -> Watching:
    """How this attempt is watched."""
    await own_attempt(call)
    known = await call.house.service.look(call.path["attempt_id"])
    return await watching_of(call.house, known, call.me.person_id)


async def watching_of(house: House, known: Known, person_id: int) -> Watching:
    """The rules of this attempt's watching, as its device needs them."""
    attempt = known.attempt
    policy = attempt.policy.proctoring
    agreed = await store.consent(house.pool, person_id, CONSENT_VERSION)
    return Watching(
        consent=agreed,
        consent_version=CONSENT_VERSION,
        face=check_of(attempt) is IdentityCheck.MODEL,
        turn=policy.turn,
        frames=policy.frames,
        span_s=policy.span_s,
        captures=policy.captures and agreed != "refused",
        next_in_s=next_capture_s(house, policy),
        has_photo=bool(await house.pool.fetchval(store.HAS_PHOTO, person_id)),
        leave_s=policy.leave_s,
        leaves=await leaves_of(house, known.attempt_id),
        leaves_max=policy.leaves_max,
        leaves_force=policy.leaves_force,
        camera_warn_s=policy.camera_warn_s,
        idle_s=policy.idle_s,
        gap_s=policy.gap_s,
    )


def next_capture_s(house: House, policy: Proctoring) -> int:
    """When the next picture is due: the server throws the dice, so that nobody can know it beforehand."""
    return house.rng.randint(policy.every_min_s, policy.every_max_s)


async def leaves_of(house: House, attempt_id: int) -> int:
    """How often the page was left so far."""
    return int(await house.pool.fetchval(store.COUNT_OF_RULE, attempt_id, "left_page"))


@endpoints.add("POST", "/api/attempts/{attempt_id}/consent", roles=PHYSICIAN, body=Consent, answer=Watching)
async def give_consent(call: Call) -> Watching:
    """单独同意: agree to face capture, or refuse and go the way without a face."""
    await own_attempt(call)
    asked = call.body
    assert isinstance(asked, Consent)
    if asked.version != CONSENT_VERSION:
        raise Refused("consent_changed", version=CONSENT_VERSION)
    await call.house.pool.execute(store.ADD_CONSENT, call.me.person_id, asked.version, asked.agreed)
    known = await call.house.service.look(call.path["attempt_id"])
    return await watching_of(call.house, known, call.me.person_id)


@endpoints.add("POST", "/api/attempts/{attempt_id}/ask-person", roles=PHYSICIAN, body=AskPerson, answer=AttemptView)
async def ask_person(call: Call) -> AttemptView:
    """The way without a face: a person at the desk looks at the papers."""
    owner = await own_attempt(call)
    asked = call.body
    assert isinstance(asked, AskPerson)
    await call.house.service.handle(call.path["attempt_id"], AskForPerson(device=asked.device, why=asked.why))
    return await snapshot(call, owner, asked.device)


# --- entry -------------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/attempts/{attempt_id}/checks", roles=PHYSICIAN, answer=CheckBegun, query=("device",))
async def begin_own_check(call: Call) -> CheckBegun:
    """Begin an entry check with its turns in random order."""
    await own_attempt(call)
    return await check_begun(call.house, call.path["attempt_id"], call.me.person_id, device_asking(call))


async def check_begun(house: House, attempt_id: int, person_id: int, device: str) -> CheckBegun:
    """Begin an entry check for a device, or for the phone that is its camera."""
    await must_have_agreed(house, person_id)
    async with house.service.holding(attempt_id) as known:
        await house.service.look(attempt_id)
        if known.attempt.phase not in UNFINISHED:
            raise Refused("already_submitted")
        if check_of(known.attempt) is not IdentityCheck.MODEL:
            raise Refused("no_check_here")
        begun = await begin_check(house, known, person_id, device)
        policy = known.attempt.policy.proctoring
    return CheckBegun(
        check_id=begun.check_id,
        mode=begun.mode,
        why=begun.why,
        steps=list(begun.steps),
        frames=policy.frames,
        span_s=policy.span_s,
    )


@endpoints.add(
    "POST",
    "/api/attempts/{attempt_id}/checks/{check_id}/frames",
    roles=PHYSICIAN,
    body=bytes,
    media="image/jpeg",
    bytes_max=JPEG_BYTES_MAX,
    answer=FrameSeen,
    query=("device",),
)
async def take_own_frame(call: Call) -> FrameSeen:
    """One frame of an entry check."""
    await own_attempt(call)
    device = device_asking(call)
    return await frame_seen(call, call.path["attempt_id"], call.me.person_id, device, call.path["check_id"])


async def frame_seen(call: Call, attempt_id: int, person_id: int, device: str, check_id: int) -> FrameSeen:
    """One frame of an entry check, from the device or from the phone that is its camera."""
    house = call.house
    await must_have_agreed(house, person_id)
    async with house.service.holding(attempt_id) as known:
        await house.service.look(attempt_id)
        if known.attempt.phase not in UNFINISHED:
            raise Refused("already_submitted")
        try:
            framed = await take_frame(house, known, person_id, device, check_id, call.body)
        except (BadPicture, StoreAway) as error:
            raise refused_picture(error) from error
        return _frame_seen(known, check_id, framed)


def _frame_seen(known: Known, check_id: int, framed: Framed) -> FrameSeen:
    come = framed.progress
    return FrameSeen(
        check_id=check_id,
        hint=framed.hint,
        step=-1 if come is None else come.step,
        frames_good=0 if come is None else come.frames_good,
        outcome=framed.outcome,
        why=framed.why,
        identity=identity_of(known.attempt),
        version=known.version,
    )


# --- during the exam ---------------------------------------------------------------------------------------------


@endpoints.add(
    "POST",
    "/api/attempts/{attempt_id}/captures",
    roles=PHYSICIAN,
    body=bytes,
    media="image/jpeg",
    bytes_max=JPEG_BYTES_MAX,
    answer=Captured,
    query=("device", "why", "ago_ms"),
)
async def take_own_capture(call: Call) -> Captured:
    """One picture taken during the exam."""
    await own_attempt(call)
    return await captured(call, call.path["attempt_id"], call.me.person_id, device_asking(call))


async def captured(call: Call, attempt_id: int, person_id: int, device: str) -> Captured:
    """Keep a picture that came over HTTP, from the device or from the phone that is its camera."""
    # As of its arrival: a hand-in that overtakes it in here must not make it late.
    taken_at = call.house.clock.now() - timedelta(milliseconds=_ago_ms(call))
    why = call.request.query.get("why", "interval")
    if why not in CAPTURE_REASONS:
        raise Invalid("wrong_shape", detail="why")
    return await keep_picture(call.house, attempt_id, person_id, device, Shot(call.body, why, taken_at))


class Shot(NamedTuple):
    """A picture taken during the exam, as it came, and when it was taken by our clock."""

    jpeg: bytes
    why: str
    taken_at: datetime


async def keep_picture(house: House, attempt_id: int, person_id: int, device: str, shot: Shot) -> Captured:
    """Keep a picture taken during the exam, whichever way it came. Raises PersonError."""
    brief = await ready_for_capture(house, attempt_id, person_id)
    # A picture that waited for the network may come after the end, but none may be taken after it.
    if not brief.running and (brief.ended_at is None or shot.taken_at > brief.ended_at):
        raise Refused("already_submitted")
    if brief.device != device:
        raise Refused("superseded")
    assert brief.started_at is not None, "it is ready for captures"
    try:
        check_head(shot.jpeg)
        at = max(shot.taken_at, brief.started_at)
        name = await keep_capture(house, brief, person_id, shot.jpeg, shot.why, at)
    except (BadPicture, StoreAway) as error:
        raise refused_picture(error) from error
    return Captured(picture=name, next_in_s=next_capture_s(house, brief.policy))


def _ago_ms(call: Call) -> int:
    text = call.request.query.get("ago_ms", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > AGO_MS_MAX:
        raise Invalid("wrong_shape", detail="ago_ms")
    return int(text)


@endpoints.add("POST", "/api/attempts/{attempt_id}/signals", roles=PHYSICIAN, body=SignalBatch, answer=SignalsTaken)
async def take_signals(call: Call) -> SignalsTaken:
    """Raw facts of the exam page, numbered; the same again does nothing."""
    await own_attempt(call)
    house, attempt_id, batch = call.house, call.path["attempt_id"], call.body
    assert isinstance(batch, SignalBatch)
    async with house.service.holding(attempt_id) as known:
        if known.attempt.started_at is None:
            raise Refused("not_started")
        now = house.clock.now()
        signals = [signal for sent in batch.signals if (signal := _signal(now, known, batch, sent)) is not None]
        changed = await keep_signals(house, known, signals)
        policy = known.attempt.policy.proctoring
    return SignalsTaken(
        n=max(sent.n for sent in batch.signals),
        leaves=await leaves_of(house, attempt_id),
        incidents=[own_incident(incident, policy) for incident in changed],
    )


def _signal(now: datetime, known: Known, batch: SignalBatch, sent: SignalSent) -> Signal | None:
    """By the server's clock: the device's own counts only for how long ago it was. Nothing lies outside the exam.

    None: it began after the hand-in, when anybody may leave the page.
    """
    try:
        kind = SignalKind(sent.kind)
    except ValueError as error:
        raise Invalid("no_such_signal", kind=sent.kind) from error
    if kind in _SERVER_KINDS:
        raise Invalid("no_such_signal", kind=sent.kind)
    attempt = known.attempt
    assert attempt.started_at is not None
    ago = timedelta(milliseconds=max(0, min(batch.now_ms - sent.at_ms, AGO_MS_MAX)))
    end = attempt.submitted.as_of if attempt.submitted is not None else now
    at = max(attempt.started_at, now - ago)
    if at > end:
        return None
    for_ms = min(sent.for_ms, AGO_MS_MAX, int((end - at).total_seconds() * 1000) + 1000)
    return Signal(device=batch.device, n=sent.n, kind=kind, at=at, for_ms=for_ms, episode=sent.episode)


def own_incident(incident: Incident, policy: Proctoring) -> OwnIncident:
    """An incident as its physician may read it."""
    return OwnIncident(
        rule=incident.rule,
        ordinal=incident.ordinal,
        level=incident.level,
        at=incident.at,
        for_ms=incident.for_ms,
        text=notice_text(incident, policy),
    )


# --- a phone as the camera ---------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/attempts/{attempt_id}/camera", roles=PHYSICIAN, answer=CameraCode, query=("device",))
async def make_camera_code(call: Call) -> CameraCode:
    """A one-time code that makes a phone the camera of this attempt."""
    await own_attempt(call)
    house, attempt_id, device = call.house, call.path["attempt_id"], device_asking(call)
    await must_have_agreed(house, call.me.person_id)
    await house.throttle.take(f"camera:{attempt_id}", 30, 600)
    code = secrets.token_urlsafe(CODE_BYTES)
    expires_at = await house.pool.fetchval(store.ADD_CAMERA, attempt_id, device, hash_token(code), CODE_S)
    scheme = call.request.headers.get("X-Forwarded-Proto", call.request.scheme)
    url = f"{scheme}://{call.request.host}/camera#code={code}"  # what follows # stays in the browser
    svg = segno.make(url, error="m").svg_inline(scale=6, border=2)
    return CameraCode(code=code, url=url, svg=svg, expires_at=expires_at)


@endpoints.add("GET", "/api/attempts/{attempt_id}/camera", roles=PHYSICIAN, answer=CameraState, query=("device",))
async def see_camera(call: Call) -> CameraState:
    """Whether a phone is the camera of this attempt."""
    await own_attempt(call)
    attempt_id, pool = call.path["attempt_id"], call.house.pool
    paired_at = await pool.fetchval(store.CAMERA_OF, attempt_id, device_asking(call))
    seen_at = await pool.fetchval(store.LAST_CAPTURE_AT, attempt_id)
    return CameraState(paired=paired_at is not None, seen_at=seen_at or paired_at)
