"""A phone as the camera of an attempt that runs on another device: paired by a one-time code, known by its token.

The token opens nothing but this attempt's pictures. Pairing another phone ends the one before.
"""

import secrets
from typing import Final

from exam_engine.edge.http import PUBLIC, Call, Endpoints, hash_token
from exam_engine.edge.physician import UNFINISHED
from exam_engine.edge.proctor_shapes import CameraPaired, CameraView, Captured, CheckBegun, FrameSeen, PairCamera
from exam_engine.edge.views import identity_of
from exam_engine.edge.watching import captured, check_begun, frame_seen, watching_of
from exam_engine.errors import NotLoggedIn, Refused
from exam_engine.registry import Owner
from proctor import store
from proctor.pictures import JPEG_BYTES_MAX

TOKEN_BYTES: Final = 32
TRIES_MAX: Final = 20
TRIES_S: Final = 600
HEADER: Final = "X-Camera"

endpoints = Endpoints()


@endpoints.add("POST", "/api/camera/pair", roles=PUBLIC, body=PairCamera, answer=CameraPaired)
async def pair_camera(call: Call) -> CameraPaired:
    """Use a one-time code; the token comes back once."""
    house, asked = call.house, call.body
    assert isinstance(asked, PairCamera)
    await house.throttle.take(f"pair:{call.address()}", TRIES_MAX, TRIES_S)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with house.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(store.PAIR_CAMERA, hash_token(asked.code), hash_token(token))
        if row is None:
            raise Refused("code_used_or_old")
        await connection.execute(store.END_CAMERAS, row["attempt_id"], row["camera_id"])
    await house.throttle.forget(f"pair:{call.address()}")
    owner = await house.registry.owner(row["attempt_id"])
    sitting = await house.registry.sitting(owner.sitting_id)
    return CameraPaired(token=token, attempt_id=row["attempt_id"], person_name=owner.name, title=sitting.title)


async def _camera(call: Call) -> tuple[int, str, Owner]:
    """The attempt, the device it runs on, and whose it is; raises NotLoggedIn for an unknown or ended phone."""
    token = call.request.headers.get(HEADER, "")
    row = None
    if 20 <= len(token) <= 100:
        row = await call.house.pool.fetchrow(store.CAMERA, hash_token(token))
    if row is None:
        raise NotLoggedIn("not_paired")
    return row["attempt_id"], row["device"], await call.house.registry.owner(row["attempt_id"])


@endpoints.add("GET", "/api/camera", roles=PUBLIC, answer=CameraView)
async def see_own_camera(call: Call) -> CameraView:
    """What the paired phone should do now."""
    attempt_id, _, owner = await _camera(call)
    known = await call.house.service.look(attempt_id)
    if known.attempt.phase not in UNFINISHED:
        await call.house.pool.execute(store.END_CAMERAS, attempt_id, 0)
    sitting = await call.house.registry.sitting(owner.sitting_id)
    return CameraView(
        attempt_id=attempt_id,
        person_name=owner.name,
        title=sitting.title,
        phase=known.attempt.phase,
        identity=identity_of(known.attempt),
        watching=await watching_of(call.house, known, owner.person_id),
    )


@endpoints.add("POST", "/api/camera/checks", roles=PUBLIC, answer=CheckBegun)
async def begin_camera_check(call: Call) -> CheckBegun:
    """Begin an entry check with the phone's camera."""
    attempt_id, device, owner = await _camera(call)
    return await check_begun(call.house, attempt_id, owner.person_id, device)


@endpoints.add(
    "POST",
    "/api/camera/checks/{check_id}/frames",
    roles=PUBLIC,
    body=bytes,
    media="image/jpeg",
    bytes_max=JPEG_BYTES_MAX,
    answer=FrameSeen,
)
async def take_camera_frame(call: Call) -> FrameSeen:
    """One frame of an entry check, from the paired phone."""
    attempt_id, device, owner = await _camera(call)
    return await frame_seen(call, attempt_id, owner.person_id, device, call.path["check_id"])


@endpoints.add(
    "POST",
    "/api/camera/captures",
    roles=PUBLIC,
    body=bytes,
    media="image/jpeg",
    bytes_max=JPEG_BYTES_MAX,
    answer=Captured,
    query=("why", "ago_ms"),
)
async def take_camera_capture(call: Call) -> Captured:
    """One picture taken during the exam, from the paired phone."""
    attempt_id, device, owner = await _camera(call)
    return await captured(call, attempt_id, owner.person_id, device)
