"""Is a living head before the camera? It turns when asked to, and stays the same person all the way.

Left and right are the physician's own. The camera looks at him and pictures are sent as taken, not mirrored (the
page mirrors only what it shows him). So when he turns to HIS left, his nose goes to the picture's RIGHT and
`Sight.turn` grows; to his right, it falls.

Why this holds off a photo: a flat photo, turned and tilted up to 60 degrees, rarely moves `Sight.turn` by .28 (10 of
2,000 did in `exam vision spoof-drill`, the most by .41), while real heads reach it well before a profile. Both sides
are asked for from one baseline: 3 of the 2,000 passed one side, none both. It does not hold off a video of the right
person that turns the right way at the right time, nor a live deepfake; the random order only makes it harder.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import numpy as np

from proctor.identity import SINGLE_MAX, distance
from proctor.policy import Proctoring
from proctor.quality import hints
from proctor.sight import Sight

LEFT: Final = "left"
RIGHT: Final = "right"
TURN_MIN: Final = 0.28  # of a step, from the baseline; already .22 let none of 583 flat photos through
FRONTAL_MAX: Final = 0.12  # of the baseline: jitter is .03, the rest is for faces that aren't even and cameras aside
SIDE_MIN: Final = 0.12  # from the baseline: the head is moving, and a little blur is no fault
STEP_MAX: Final = timedelta(seconds=12)  # to turn a head takes 2 or 3 seconds; longer is time to fetch a trick
SAME_PERSON_MAX: Final = SINGLE_MAX  # frame against frame; a turn to near-profile hardly raises it (vision.md §4)

# Grey levels, mean over a thumb. The same picture encoded twice gives 0. Measured on a photo with camera noise added:
# noise of 1 level gives .10 when nothing moves at all, a head that moves by half a pixel .30, by two pixels .87.
FROZEN_MAX: Final = 0.1
# Of 255. Black video is 16; a face lit by nothing but a screen gives 30 and more.
DARK_MAX: Final = 20.0
# Of the whole picture's brightness. A finger or tape on the lens is nearly even; a room with anything in it gives 30.
EVEN_MAX: Final = 8.0


class Frame(msgspec.Struct, frozen=True):
    """One picture of a try; `at` is when it was taken."""

    at: datetime
    sight: Sight


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a try has come. `step` is the index of the step awaited: -1 first a look ahead, len(steps) none more.

    `hint` is what the last frame lacked: a code of `proctor.quality`, or look_ahead, other_face, other_way, frozen, or
    again (a step took too long: this try is lost, another needs a new challenge), else "". `usable` are the indices
    of the `frames_good` frames to fuse. `frozen` says that the feed stood still at least once, whatever came after.
    """

    step: int
    hint: str
    frames_good: int
    steps_done: int
    complete: bool
    usable: tuple[int, ...]
    frozen: bool


class _Try(msgspec.Struct):
    """What is known while the frames of one try are gone through."""

    since: datetime
    ahead: Sight | None = None
    done: int = 0
    usable: tuple[int, ...] = ()
    frozen: bool = False
    late: bool = False


def challenge(coin: float, turn: bool) -> tuple[str, ...]:
    """The steps to ask for; `coin` is a random number from 0 to below 1, `turn` the policy's wish for a turn."""
    if not turn:
        return ()
    return (LEFT, RIGHT) if coin < 0.5 else (RIGHT, LEFT)


def progress(steps: Sequence[str], frames: Sequence[Frame], policy: Proctoring) -> Progress:
    """Go through the frames of one try, in the order taken.

    First comes a good frontal frame, the baseline; then the steps in order, each within STEP_MAX of the one before.
    Only frames with one face, the baseline's person, good enough and not frozen count for anything; at least
    `policy.frames` of them over `policy.span_s` are needed. Coming back to the middle between steps is not. What has
    been reached stays: more frames never undo it.
    """
    if not frames:
        return Progress(step=-1, hint="", frames_good=0, steps_done=0, complete=False, usable=(), frozen=False)
    state = _Try(since=frames[0].at)
    hint = ""
    for index, frame in enumerate(frames):
        thumb_before = frames[index - 1].sight.thumb if index else b""
        hint = _take(state, steps, index, frame, thumb_before)
    usable = state.usable
    span_s = (frames[usable[-1]].at - frames[usable[0]].at).total_seconds() if usable else 0.0
    enough = len(usable) >= policy.frames and span_s >= policy.span_s
    return Progress(
        step=-1 if state.ahead is None else state.done,
        hint=hint,
        frames_good=len(usable),
        steps_done=state.done,
        complete=enough and state.done == len(steps),
        usable=usable,
        frozen=state.frozen,
    )


def looks_frozen(thumb_a: bytes, thumb_b: bytes) -> bool:
    """Whether two thumbs are one picture: no two live ones ever are, for noise alone makes them differ."""
    if not thumb_a or len(thumb_a) != len(thumb_b):
        return False
    grey_a, grey_b = (np.frombuffer(thumb, np.uint8).astype(np.int16) for thumb in (thumb_a, thumb_b))
    return float(np.abs(grey_a - grey_b).mean()) < FROZEN_MAX


def looks_covered(sight: Sight) -> bool:
    """Whether something is over the lens: no face, and the picture dark or all of one brightness."""
    return not sight.faces and (sight.luma < DARK_MAX or sight.spread < EVEN_MAX)


def _take(state: _Try, steps: Sequence[str], index: int, frame: Frame, thumb_before: bytes) -> str:
    """Let one frame count for what it is worth; returns its hint."""
    if looks_frozen(thumb_before, frame.sight.thumb):
        state.frozen = True
        return "again" if state.late else "frozen"
    waiting = state.ahead is not None and state.done < len(steps)
    if waiting and frame.at - state.since > STEP_MAX:
        state.late = True
    if state.late:
        return "again"
    if state.ahead is None:
        return _begin(state, bool(steps), index, frame)
    hint = _fault(frame.sight, state.ahead)
    if hint:
        return hint
    state.usable = (*state.usable, index)
    return _step(state, steps[state.done], frame) if waiting else ""


def _begin(state: _Try, frontal: bool, index: int, frame: Frame) -> str:
    sight = frame.sight
    found = hints(sight)
    if found:
        return found[0]
    if not sight.vector:
        return "hold_still"
    if frontal and (sight.turn is None or abs(sight.turn) > FRONTAL_MAX):
        return "look_ahead"
    state.ahead, state.since, state.usable = sight, frame.at, (index,)
    return ""


def _fault(sight: Sight, ahead: Sight) -> str:
    """Why this frame can't count, or "". A moving head may be a little blurred; everything else holds for it too."""
    moving = abs(_moved(sight, ahead)) > SIDE_MIN
    found = [hint for hint in hints(sight) if not (moving and hint == "hold_still")]
    if found:
        return found[0]
    if not sight.vector:
        return "hold_still"
    same = sight.model == ahead.model and distance(sight.vector, ahead.vector) <= SAME_PERSON_MAX
    return "" if same else "other_face"


def _step(state: _Try, wanted: str, frame: Frame) -> str:
    assert state.ahead is not None
    moved = _moved(frame.sight, state.ahead)
    towards = moved if wanted == LEFT else -moved
    if towards >= TURN_MIN:
        state.done += 1
        state.since = frame.at
        return ""
    # The way back from the step before also lies on the other side: nobody is told off for that.
    return "other_way" if towards <= -TURN_MIN and state.done == 0 else ""


def _moved(sight: Sight, ahead: Sight) -> float:
    """How far the head is turned from the baseline: above 0 towards the physician's own left."""
    return 0.0 if sight.turn is None or ahead.turn is None else sight.turn - ahead.turn
