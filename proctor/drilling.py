"""The spoof drill: attacks and real turns, judged as the entry check judges them, and counted.

A model looks at every frame, and `liveness.progress` at all frames so far, until the try is accepted or lost. An
attack only proves something if the check began at all, so shares are of those whose first look ahead was taken.
Whether a photograph is of the right person is not asked: an impostor's would be.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from proctor import quality
from proctor.liveness import FRONTAL_MAX, LEFT, RIGHT, TURN_MIN, Frame, challenge, progress
from proctor.looking import Eyes
from proctor.photographs import coded, read
from proctor.picture_lists import Portrait
from proctor.policy import Proctoring
from proctor.shares import between, percent, wilson
from proctor.sight import Sight
from proctor.spoofs import Kind, Photo, scene, shots

ATTACKS: Final = (Kind.HELD, Kind.TURNED, Kind.FROZEN, Kind.FILM)
TURNS: Final = (Kind.REPLAY, Kind.REAL, Kind.MIRRORED)
EVERY: Final = timedelta(seconds=0.5)
BEGIN: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)  # any time will do: only the time between frames counts
TRIES_EACH: Final = 4  # of one person, with other pictures
NOT_MEASURABLE: Final = "not measurable with these pictures"


class Looked(msgspec.Struct, frozen=True):
    """What a model saw in a picture as it is."""

    portrait: Portrait
    sight: Sight


class Shown(msgspec.Struct, frozen=True):
    """A picture to be held before the camera, and where its face is (before it is mirrored)."""

    file: Path
    box: tuple[float, float, float, float]
    mirrored: bool = False


class Try(msgspec.Struct, frozen=True):
    """One try to be made; `photos` by what they show: ahead, left, right."""

    kind: Kind
    photos: dict[str, Shown]
    steps: tuple[str, ...]
    seed: tuple[int, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a try.

    `moved` is the largest |turn - baseline| of the frames that counted, `moved_seen` that of all with one face, also
    those that were refused for blur or for looking like somebody else.
    """

    kind: Kind
    begun: bool
    accepted: bool
    steps_done: int
    frames: int
    moved: float
    moved_seen: float
    degrees: float
    frozen: bool
    hint: str


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """The tries of a kind: how many got one side done, were seen to stand still, were accepted.

    `accepted_share` is of those begun, with its Wilson 95 % interval; None without any.
    """

    kind: Kind
    tried: int
    begun: int
    one_side: int
    frozen: int
    accepted: int
    accepted_share: float | None
    interval: tuple[float, float] | None
    moved_max: float | None
    moved_p95: float | None
    moved_seen_max: float | None


class RealTurns(msgspec.Struct, frozen=True, kw_only=True):
    """How many real turns pass. `persons` are those named, `persons_posed` those with pictures of every pose.

    `note` says why there is no share, when there is none; `interval` is Wilson's for the share.
    """

    persons: int
    persons_posed: int
    tried: int
    passed: int
    pass_share: float | None
    interval: tuple[float, float] | None
    note: str


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """The result. `usable` pictures are those an attack can be made of; `not_covered` is what the check is not for.

    `mirrored` are turns of persons with pictures of one side only, mirrored for the other: nearly real ones.
    """

    seed: int
    model: str
    pictures: int
    usable: int
    turn_min: float
    attacks: tuple[Count, ...]
    not_covered: Count
    real: RealTurns
    mirrored: RealTurns


def look(eyes: Eyes, portrait: Portrait) -> Looked:
    """The picture as it is. Raises NotAPicture."""
    return Looked(portrait, eyes.look(coded(read(portrait.file))))


def is_ahead(sight: Sight) -> bool:
    """Whether the entry check would begin with this picture."""
    frontal = sight.turn is not None and abs(sight.turn) <= FRONTAL_MAX
    return frontal and bool(sight.vector) and not quality.hints(sight)


def tries(looked: Sequence[Looked], count: int, seed: int) -> list[Try]:
    """Everything to be tried; the same for the same pictures, count and seed. Empty: no picture is usable."""
    attacking = list(attacks(looked, count, seed))
    return attacking and [*attacking, *(one for kind in TURNS for one in turns(looked, seed, kind))]


def attacks(looked: Sequence[Looked], count: int, seed: int, kinds: Sequence[Kind] = ATTACKS) -> Iterator[Try]:
    """`count` of each kind, from the pictures that look ahead, each used about as often as any other."""
    usable = [one for one in looked if is_ahead(one.sight)]
    for number, kind in enumerate(kinds if usable else ()):
        rng = np.random.default_rng((seed, number))
        for index in range(count):
            if index % len(usable) == 0:
                order = rng.permutation(len(usable))
            photos = {"ahead": _photo(usable[int(order[index % len(usable)])])}
            yield Try(kind, photos, challenge(rng.random(), turn=True), (seed, number, index))


def turns(looked: Sequence[Looked], seed: int, kind: Kind = Kind.REAL) -> Iterator[Try]:
    """Tries with pictures of one person ahead and turned to both sides, of all who have them."""
    number = list(Kind).index(kind)
    rng = np.random.default_rng((seed, number))
    for place, poses in enumerate(posed(looked, mirrored=kind is Kind.MIRRORED).values()):
        for index, photos in enumerate(poses):
            yield Try(kind, photos, challenge(rng.random(), turn=True), (seed, number, place, index))


def posed(looked: Sequence[Looked], *, mirrored: bool) -> dict[str, list[dict[str, Shown]]]:
    """The persons with usable poses: ahead, and TURN_MIN or more to either side, for up to TRIES_EACH tries.

    Who turns goes on until it is far enough; the pictures stand for where he arrives. Whether he is then still taken
    for the same person, by pictures taken on other days, is what a try shows. `mirrored`: those who are turned to one
    side only, and whose picture of it is mirrored for the other; without it, those who need no such help.
    """
    persons = defaultdict[str, list[Looked]](list)
    for one in looked:
        if one.portrait.person and one.sight.vector and one.sight.turn is not None:
            persons[one.portrait.person].append(one)
    found = {person: list(_poses(pictures, mirrored)) for person, pictures in sorted(persons.items())}
    return {person: poses for person, poses in found.items() if poses}


def make(eyes: Eyes, one: Try) -> Outcome:
    """Make the try."""
    rng, policy = np.random.default_rng(one.seed), Proctoring()
    photos = {name: _held(shown) for name, shown in one.photos.items()}
    look = cache(eyes.look)  # a film that comes round again is seen again
    frames, degrees = list[Frame](), 0.0
    come = progress(one.steps, frames, policy)
    for shot in shots(one.kind, scene(photos, rng), one.steps, rng):
        frames.append(Frame(BEGIN + EVERY * len(frames), look(coded(shot.rgb, shot.quality))))
        degrees = max(degrees, abs(shot.degrees))
        come = progress(one.steps, frames, policy)
        if come.complete or come.hint == "again":
            break
    return Outcome(
        kind=one.kind,
        begun=bool(come.usable),
        accepted=come.complete,
        steps_done=come.steps_done,
        frames=len(frames),
        moved=_moved([frames[index].sight for index in come.usable]),
        moved_seen=_moved([frame.sight for frame in frames[come.usable[0] :]] if come.usable else []),
        degrees=degrees,
        frozen=come.frozen,
        hint=come.hint,
    )


def count(kind: Kind, outcomes: Sequence[Outcome]) -> Count:
    """The figures of one kind."""
    of_kind = [one for one in outcomes if one.kind is kind]
    begun = [one for one in of_kind if one.begun]
    accepted = sum(one.accepted for one in begun)
    moved = [one.moved for one in begun]
    return Count(
        kind=kind,
        tried=len(of_kind),
        begun=len(begun),
        one_side=sum(one.steps_done > 0 for one in begun),
        frozen=sum(one.frozen for one in begun),
        accepted=accepted,
        accepted_share=accepted / len(begun) if begun else None,
        interval=wilson(accepted, len(begun)) if begun else None,
        moved_max=max(moved, default=None),
        moved_p95=float(np.quantile(moved, 0.95)) if moved else None,
        moved_seen_max=max((one.moved_seen for one in begun), default=None),
    )


def drill(looked: Sequence[Looked], outcomes: Sequence[Outcome], seed: int) -> Drill:
    """All figures together."""
    return Drill(
        seed=seed,
        model=looked[0].sight.model,
        pictures=len(looked),
        usable=sum(is_ahead(one.sight) for one in looked),
        turn_min=TURN_MIN,
        attacks=tuple(count(kind, outcomes) for kind in ATTACKS),
        not_covered=count(Kind.REPLAY, outcomes),
        real=real_turns(Kind.REAL, looked, outcomes),
        mirrored=real_turns(Kind.MIRRORED, looked, outcomes),
    )


def real_turns(kind: Kind, looked: Sequence[Looked], outcomes: Sequence[Outcome]) -> RealTurns:
    """Of all tries, also those whose first look ahead was not good enough: here that is a fault."""
    told = [one.accepted for one in outcomes if one.kind is kind]
    return RealTurns(
        persons=len({one.portrait.person for one in looked if one.portrait.person}),
        persons_posed=len(posed(looked, mirrored=kind is Kind.MIRRORED)),
        tried=len(told),
        passed=sum(told),
        pass_share=sum(told) / len(told) if told else None,
        interval=wilson(sum(told), len(told)) if told else None,
        note="" if told else NOT_MEASURABLE,
    )


def real_words(result: Drill) -> str:
    """What a person is told about real turns."""
    real, mirrored = result.real, result.mirrored
    of = f"{real.persons_posed} of {real.persons} named persons have pictures ahead and turned to both sides"
    also = f"{mirrored.persons_posed} more to one side, which was mirrored for the other"
    return f"Real turns: {_passed(real)}; {of}. Nearly real ones: {_passed(mirrored)}; {also}."


def _passed(turns: RealTurns) -> str:
    if turns.pass_share is None:
        return turns.note
    return f"{turns.passed} of {turns.tried} passed ({percent(turns.pass_share)}, 95 %: {between(turns.interval)})"


def _poses(pictures: Sequence[Looked], mirrored: bool) -> Iterator[dict[str, Shown]]:
    ahead = min((one for one in pictures if is_ahead(one.sight)), key=lambda one: abs(_turn(one)), default=None)
    if ahead is None:
        return
    left = [_photo(one) for one in pictures if _turn(one) - _turn(ahead) >= TURN_MIN]
    right = [_photo(one) for one in pictures if _turn(one) - _turn(ahead) <= -TURN_MIN]
    if mirrored and bool(left) != bool(right):
        turned = [_photo(one) for one in pictures if abs(_turn(one)) - abs(_turn(ahead)) >= TURN_MIN]
        other = [msgspec.structs.replace(one, mirrored=True) for one in turned]
        left, right = (turned, other) if left else (other, turned)
    elif mirrored:
        return
    for index in range(min(TRIES_EACH, len(left) * len(right))):
        other_side = right[(index + index // len(left)) % len(right)]
        yield {"ahead": _photo(ahead), LEFT: left[index % len(left)], RIGHT: other_side}


def _photo(one: Looked) -> Shown:
    return Shown(one.portrait.file, one.sight.faces[0].box)


def _held(shown: Shown) -> Photo:
    rgb, (left, top, width, height) = read(shown.file), shown.box
    if not shown.mirrored:
        return Photo(rgb, shown.box)
    return Photo(np.ascontiguousarray(rgb[:, ::-1]), (rgb.shape[1] - left - width, top, width, height))


def _turn(one: Looked) -> float:
    assert one.sight.turn is not None
    return one.sight.turn


def _moved(sights: Sequence[Sight]) -> float:
    turned = [sight.turn for sight in sights if sight.turn is not None and not quality.several(sight)]
    return max((abs(turn - turned[0]) for turn in turned), default=0.0)
