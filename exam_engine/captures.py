"""Pictures taken during the exam: kept at once, looked at when the model has time, and what they show becomes a fact.

Whoever sends a picture is answered as soon as it is kept; the exam never waits for a model. A picture nobody could
look at stays evidence and says why it was not looked at: captures are never silently missing.
"""

from datetime import datetime
from typing import Final

import structlog

from exam_engine.errors import Refused, TooMany
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.proctoring import derive
from exam_engine.service import Known
from proctor import store
from proctor.pictures import StoreAway
from proctor.vision import VisionAway
from proctor.watching import Kind, judge_capture

CAPTURES_MAX: Final = 1_000  # per attempt
APART_S: Final = 1.0  # pictures closer than this are a broken device
SAME_S: Final = 30.0  # the same picture so little earlier or later is the same one, sent again on a bad line
LOOK_S: Final = 60.0  # how long one may wait for the model
AGAIN_S: Final = 90  # one that still waits after this lost its process
TOO_OLD_S: Final = 900  # after this it is history: nobody would act on it any more
AGAIN_MAX: Final = 50

HARMLESS: Final = frozenset({Kind.SAME, Kind.UNJUDGED})  # nothing can follow from one more of these

log = structlog.get_logger()


async def take_capture(house: House, known: Known, person_id: int, jpeg: bytes, why: str, at: datetime) -> str:
    """Keep a picture and have it looked at; returns its name. Raises TooMany, Refused, BadPicture, StoreAway."""
    attempt_id = known.attempt_id
    last_at, count = await house.pool.fetchrow(store.LAST_CAPTURE_AT, attempt_id) or (None, 0)
    if count >= CAPTURES_MAX:
        raise Refused("too_many_captures", limit=CAPTURES_MAX)
    if last_at is not None and (house.clock.now() - last_at).total_seconds() < APART_S:
        raise TooMany("too_many_captures", retry_after_s=2)
    kept = await house.pictures.put(person_id, jpeg)
    if await _is_known(house, attempt_id, kept.name, at):
        return kept.name
    async with house.pool.acquire() as connection, connection.transaction():
        await store.add_picture(connection, attempt_id, kept.name, "capture")
        capture_id = await connection.fetchval(store.ADD_CAPTURE, attempt_id, kept.name, why, at)
    house.bus.stir(known.attempt.sitting, attempt_id)
    house.later(look_at(house, int(capture_id), attempt_id, person_id, kept.jpeg, at))
    return kept.name


async def _is_known(house: House, attempt_id: int, name: str, at: datetime) -> bool:
    """Whether this picture of this moment is here: its answer got lost, and a device that asks again holds still.

    Later, the very same picture is another capture, and says that the feed stands still.
    """
    rows = await house.pool.fetch(store.CAPTURES_NAMED, attempt_id, name)
    return any(abs((row["at"] - at).total_seconds()) <= SAME_S for row in rows)


async def look_at(house: House, capture_id: int, attempt_id: int, person_id: int, jpeg: bytes, at: datetime) -> None:
    """Have a model look at a kept picture, write down what it shows, and see what follows."""
    try:
        try:
            sight = await house.vision.see(jpeg, key=attempt_id, urgent=False, wait_s=LOOK_S)
        except VisionAway as away:
            await house.pool.execute(store.CAPTURE_NOT_SEEN, capture_id, away.reason)
            return
        async with house.service.holding(attempt_id) as known:
            gallery = await store.gallery(house.pool, attempt_id, person_id, sight.model)
            before = await store.captures_before(house.pool, attempt_id, at, capture_id)
            seen = judge_capture(sight, before, gallery, known.attempt.policy.proctoring, at=at)
            await house.pool.fetchval(
                store.CAPTURE_SEEN, capture_id, seen.kind, len(sight.faces), seen.distance, sight.model,
                sight.vector or None, sight.thumb or None,
            )  # fmt: skip
            house.bus.stir(known.attempt.sitting, attempt_id)
            if seen.kind not in HARMLESS:
                await derive(house, known)
    except DATABASE_AWAY as error:
        log.warning("capture_waits", capture=capture_id, reason=type(error).__name__)  # `look_again` takes it up


async def look_again(house: House) -> int:
    """Pictures whose process ended before they were looked at; returns how many were taken up."""
    rows = await house.pool.fetch(store.CAPTURES_WAITING, AGAIN_S, TOO_OLD_S, AGAIN_MAX)
    for row in rows:
        owner = await house.registry.owner(row["attempt_id"])
        try:
            jpeg = None if row["old"] else await house.pictures.get(owner.person_id, row["name"])
        except StoreAway:
            continue
        if jpeg is None:
            await house.pool.execute(store.CAPTURE_NOT_SEEN, row["capture_id"], "down")
        else:
            await look_at(house, row["capture_id"], row["attempt_id"], owner.person_id, jpeg, row["at"])
    return len(rows)
