"""Pictures taken during the exam: kept at once, looked at as far as the model has time; what they show becomes a fact.

Whoever sends a picture is answered as soon as it is kept; the exam never waits for a model. A picture nobody looked
at stays evidence and says why: captures are never silently missing. Which ones are looked at when there are too many
is said by `proctor/sampling.py`, and written down with the picture.
"""

import asyncio
from datetime import datetime
from typing import Final

import structlog

from exam_engine.briefs import Brief, brief_of
from exam_engine.capture_store import Upload
from exam_engine.capture_turns import APART_S, CAPTURES_MAX
from exam_engine.errors import Refused, TooMany
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.proctoring import derive
from proctor import store
from proctor.pictures import StoreAway
from proctor.sight import Sight
from proctor.vision import VisionAway
from proctor.watching import Kind, Seen, judge_capture

LOOK_S: Final = 60.0  # how long one may wait for the model
AGAIN_S: Final = 90  # one that still waits after this lost its process
TOO_OLD_S: Final = 900  # after this it is history: nobody would act on it any more
AGAIN_MAX: Final = 50
NEWEST: Final = 2**31 - 1  # of an attempt held here the journal has nothing to say
SAMPLED_OUT: Final = "sampled_out"
TOO_SOON_S: Final = 2

HARMLESS: Final = frozenset({Kind.SAME, Kind.UNJUDGED})  # nothing can follow from one more of these

log = structlog.get_logger()


async def ready_for_capture(house: House, attempt_id: int, person_id: int) -> Brief:
    """The attempt, to which one more picture may be added by now. Raises Refused, TooMany, NotFound.

    That this picture comes too soon, or is one too many, is said here before anything is written; that no other
    process takes in one at the same moment, by `take_capture`.
    """
    held = house.service.held(attempt_id)
    brief = house.briefs.get(attempt_id) if held is None else brief_of(held)
    version = NEWEST if held is not None else 0 if brief is None else brief.version
    before = await house.captures.before(attempt_id, person_id, version)
    if not before.agreed:
        raise Refused("no_consent")
    if brief is None or before.matters:
        brief = brief_of(await house.service.look(attempt_id))
    if held is None:
        house.briefs.keep(brief)
    if brief.started_at is None:
        raise Refused("not_started")
    if before.count >= CAPTURES_MAX:
        raise Refused("too_many_captures", limit=CAPTURES_MAX)
    if before.last_at is not None and (house.clock.now() - before.last_at).total_seconds() < APART_S:
        raise TooMany("too_many_captures", retry_after_s=TOO_SOON_S)
    return brief


async def take_capture(house: House, brief: Brief, person_id: int, jpeg: bytes, why: str, at: datetime) -> str:
    """Keep a picture, whose head was checked, and have it looked at or not; its name. Raises TooMany, StoreAway."""
    attempt_id = brief.attempt_id
    name = await house.captures.keep(person_id, jpeg)
    reason = _not_looked_at(house, attempt_id, why)
    taken = await house.captures.take(Upload(attempt_id, name, why, at, reason))
    if taken.known:
        return name
    if taken.capture_id is None:
        raise TooMany("too_many_captures", retry_after_s=TOO_SOON_S)
    house.bus.stir(brief.sitting, attempt_id)
    if not reason:
        house.later(look_at(house, brief, taken.capture_id, person_id, jpeg, at))
    return name


def _not_looked_at(house: House, attempt_id: int, why: str) -> str:
    """Why nobody will look at this picture, or "" if somebody will."""
    state = house.vision.state()
    if state.reason:
        return state.reason
    taken = house.sampler.takes(attempt_id, why, asyncio.get_running_loop().time(), state.per_s)
    return "" if taken else SAMPLED_OUT


async def look_at(house: House, brief: Brief, capture_id: int, person_id: int, jpeg: bytes, at: datetime) -> None:
    """Have a model look at a kept picture, write down what it shows, and see what follows."""
    attempt_id = brief.attempt_id
    try:
        try:
            sight: Sight | None = await house.vision.see(jpeg, key=attempt_id, urgent=False, wait_s=LOOK_S)
        except VisionAway as away:
            if away.reason != "unreadable":
                await house.pool.execute(store.CAPTURE_NOT_SEEN, capture_id, away.reason)
                return
            sight = None
        seen = await _judged(house, brief, capture_id, person_id, sight, at)
        house.bus.stir(brief.sitting, attempt_id)
        if seen.kind not in HARMLESS:
            house.sampler.doubt(attempt_id, asyncio.get_running_loop().time())
            async with house.service.holding(attempt_id) as known:
                await derive(house, known)
    except DATABASE_AWAY as error:
        log.warning("capture_waits", capture=capture_id, reason=type(error).__name__)  # `look_again` takes it up


async def _judged(
    house: House, brief: Brief, capture_id: int, person_id: int, sight: Sight | None, at: datetime
) -> Seen:
    """What a picture shows, written down; without a sight there was no picture in what was sent."""
    if sight is None:
        row = (Kind.UNREADABLE, None, None, "", None, None)
        await house.pool.fetchval(store.CAPTURE_SEEN, capture_id, *row)
        return Seen(at, Kind.UNREADABLE)
    gallery = await store.gallery(house.pool, brief.attempt_id, person_id, sight.model)
    before = await store.captures_before(house.pool, brief.attempt_id, at, capture_id)
    seen = judge_capture(sight, before, gallery, brief.policy, at=at)
    await house.pool.fetchval(
        store.CAPTURE_SEEN, capture_id, seen.kind, len(sight.faces), seen.distance, sight.model,
        sight.vector or None, sight.thumb or None,
    )  # fmt: skip
    return seen


async def look_again(house: House) -> int:
    """Pictures whose process ended before they were looked at; returns how many were taken up."""
    rows = await house.pool.fetch(store.CAPTURES_WAITING, AGAIN_S, TOO_OLD_S, AGAIN_MAX)
    for row in rows:
        attempt_id = row["attempt_id"]
        owner = await house.registry.owner(attempt_id)
        try:
            jpeg = None if row["old"] else await house.pictures.get_as_kept(owner.person_id, row["name"])
        except StoreAway:
            continue
        if jpeg is None:
            await house.pool.execute(store.CAPTURE_NOT_SEEN, row["capture_id"], "down")
        else:
            brief = brief_of(await house.service.look(attempt_id))
            await look_at(house, brief, row["capture_id"], owner.person_id, jpeg, row["at"])
    return len(rows)
