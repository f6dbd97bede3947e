"""The entry check at work: frames in, the pure judges asked, and the verdict into the attempt's journal.

Frames of one check may reach any process, so all that is known of a check stands in the database. A check ends once
(`END_CHECK` says whether it was this call that ended it); only who ended it writes the verdict into the journal.
When the model is away or slow the physician does not wait for it: a person at the desk is asked, and told why.
"""

from datetime import datetime
from typing import Final

import msgspec

from exam_engine.attempt import Attempt
from exam_engine.errors import NotFound, Refused
from exam_engine.house import House
from exam_engine.messages import Phase, TakePortrait
from exam_engine.service import Known
from exam_engine.sitting import IdentityCheck
from proctor import identity, store
from proctor.case_store import Taken
from proctor.identity import Verdict
from proctor.liveness import Frame, Progress, challenge, progress
from proctor.sight import Sight
from proctor.vision import VisionAway

FRAMES_MAX: Final = 60  # of one check: half a minute at two a second
TRIES_MAX: Final = 10
WHY_AWAY: Final = {"none": "no_model", "down": "model_down", "slow": "model_slow", "full": "model_slow"}


class Begun(msgspec.Struct, frozen=True):
    """`mode`: turn (a model looks, with or without turns) or person (`why`)."""

    check_id: int
    mode: str
    why: str
    steps: tuple[str, ...]


class Framed(msgspec.Struct, frozen=True):
    """What became of a frame, as in FrameSeen."""

    progress: Progress | None
    hint: str
    outcome: str
    why: str


def check_of(attempt: Attempt) -> IdentityCheck:
    """How the identity is checked now: at entry, or by another device during the exam."""
    policy = attempt.policy
    return policy.identity_again if attempt.phase is Phase.RUNNING else policy.identity


async def begin_check(house: House, known: Known, person_id: int, device: str) -> Begun:
    """Begin a check for `device`; without a model or a photo a person will judge the one frame that follows."""
    policy = known.attempt.policy.proctoring
    why = WHY_AWAY.get(house.vision.state().reason, "")
    if not why and not await house.pool.fetchval(store.HAS_PHOTO, person_id):
        why = "no_photo"
    steps = () if why else challenge(house.rng.random(), policy.turn)
    check_id = await house.pool.fetchval(store.BEGIN_CHECK, known.attempt_id, device, list(steps))
    return Begun(int(check_id), "person" if why else "turn", why, steps)


async def take_frame(house: House, known: Known, person_id: int, device: str, check_id: int, jpeg: bytes) -> Framed:
    """One frame of a check. Raises NotFound, Refused, BadPicture, StoreAway."""
    check = await house.pool.fetchrow(store.CHECK, check_id, known.attempt_id)
    if check is None or check["device"] != device:
        raise NotFound("no_such_check")
    if check["ended_at"] is not None:
        raise Refused("check_over")
    kept = await house.pictures.put(person_id, jpeg)
    at = house.clock.now()
    policy = known.attempt.policy.proctoring
    purpose = "again" if known.attempt.phase is Phase.RUNNING else "entry"
    await store.add_picture(house.pool, known.attempt_id, kept.name, purpose)
    why, sight = "", None
    try:
        sight = await house.vision.see(kept.jpeg, key=known.attempt_id, urgent=True, wait_s=policy.wait_s)
    except VisionAway as away:
        why = WHY_AWAY.get(away.reason, "")
        if not why:  # this one picture can't be read: the next one may be better
            return Framed(None, "hold_still", "going", "")
    coded = None if sight is None else msgspec.msgpack.encode(sight)
    await _add_frame(house, check_id, kept.name, at, coded)
    if sight is None or not await house.pool.fetchval(store.HAS_PHOTO, person_id):
        return await _ask_a_person(house, known, device, check_id, kept.name, why or "no_photo")
    return await _go_on(house, known, person_id, device, check_id, tuple(check["steps"]))


async def _add_frame(house: House, check_id: int, name: str, at: datetime, coded: bytes | None) -> None:
    """Give a frame the next number of its check; of two that come at the same moment one asks again."""
    for _ in range(TRIES_MAX):
        try:
            await house.pool.execute(store.ADD_FRAME, check_id, name, at, "", coded)
        except Taken:
            continue
        return
    raise Refused("busy")


async def _go_on(
    house: House, known: Known, person_id: int, device: str, check_id: int, steps: tuple[str, ...]
) -> Framed:
    policy = known.attempt.policy.proctoring
    rows = [row for row in await house.pool.fetch(store.FRAMES, check_id) if row["sight"] is not None]
    frames = [Frame(row["at"], msgspec.msgpack.decode(row["sight"], type=Sight)) for row in rows]
    come = progress(steps, frames, policy)
    await house.pool.execute(store.SET_HINT, check_id, come.hint)
    if come.complete:
        good = [frames[index].sight for index in come.usable]
        return await _judge(house, known, person_id, device, check_id, come, good, rows[come.usable[0]]["name"])
    if come.hint != "again" and len(frames) < FRAMES_MAX:
        return Framed(come, come.hint, "going", "")
    # Nobody was seen to be somebody else: the try failed for want of turns or light, and counts as a try.
    tries = int(await house.pool.fetchval(store.CHECKS_FAILED, known.attempt_id))
    if tries + 1 >= policy.tries_max:
        return await _ask_a_person(house, known, device, check_id, rows[-1]["name"], "tries_over", come)
    await house.pool.fetchval(store.END_CHECK, check_id, Verdict.RETRY, "again", None, frames[-1].sight.model, None)
    return Framed(come, "again", "retry", "")


async def _judge(
    house: House,
    known: Known,
    person_id: int,
    device: str,
    check_id: int,
    come: Progress,
    good: list[Sight],
    picture: str,
) -> Framed:
    """Compare what the frames fuse to with the reference photo; the best frame becomes the portrait."""
    policy, model = known.attempt.policy.proctoring, good[0].model
    fused = identity.fuse([sight.vector for sight in good if sight.vector and sight.model == model])
    photo = await store.gallery(house.pool, 0, person_id, model)
    apart = identity.nearest(fused, photo)
    tries = int(await house.pool.fetchval(store.CHECKS_FAILED, known.attempt_id))
    verdict = identity.judge(apart, tries, policy)
    why = ""
    if verdict is Verdict.ASK_A_PERSON:
        why = "no_photo" if apart is None else "doubtful" if apart <= policy.doubt_max else "tries_over"
    vector = fused if verdict is Verdict.ACCEPT else None
    ended = await house.pool.fetchval(store.END_CHECK, check_id, verdict, why, apart, model, vector)
    if ended is None:
        raise Refused("check_over")
    await _portrait(house, known, device, picture, verdict, why)
    outcome = {Verdict.ACCEPT: "accepted", Verdict.RETRY: "retry", Verdict.ASK_A_PERSON: "waiting"}[verdict]
    return Framed(come, "", outcome, why)


async def _ask_a_person(
    house: House, known: Known, device: str, check_id: int, picture: str, why: str, come: Progress | None = None
) -> Framed:
    ended = await house.pool.fetchval(store.END_CHECK, check_id, Verdict.ASK_A_PERSON, why, None, "", None)
    if ended is None:
        raise Refused("check_over")
    await _portrait(house, known, device, picture, Verdict.ASK_A_PERSON, why)
    return Framed(come, "", "waiting", why)


async def _portrait(house: House, known: Known, device: str, picture: str, verdict: Verdict, why: str) -> None:
    command = TakePortrait(device=device, picture=picture, verdict=verdict, why=why)
    await house.service.handle(known.attempt_id, command)
    house.bus.stir(known.attempt.sitting, known.attempt_id)
