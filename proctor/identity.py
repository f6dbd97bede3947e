"""Is this the person? Compares vectors and judges what the comparison says; a person has the last word.

A vector is float32 numbers, little endian, as `Sight.vector`; only vectors of the same model may meet here. They are
brought to length 1 and compared by cosine distance (0 same direction, 2 opposite). Several pictures are fused before
they are compared, because the mean of vectors beats every mean of distances. What a distance is worth depends on how
many pictures stand behind each side (vision.md §4: LFW, 423 people, 1.07 million strangers' comparisons; FAR is the
share of strangers let through, FRR the share of right people turned away):

    gallery / probe   FAR 1e-2: distance, FRR   FAR 1e-3: distance, FRR
    1 / 1             .0922, 1.6 %              .0731, 8.0 %
    1 / 3             .0810, 0.4 %              .0638, 1.4 %     entry: `accept_max`, `doubt_max`
    2 / 3             .0719, 0.0 %              .0561, 0.12 %    during the exam: `other_max`

LFW is mostly adults in the Western press: the rates differ from group to group, which is one more reason for people.
"""

from collections.abc import Sequence
from enum import StrEnum
from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from proctor.policy import Proctoring

SINGLE_MAX: Final = 0.0922  # one picture against one: FAR 1e-2, FRR 1.6 %; never enough to accuse anybody
_NUMBER: Final = "<f4"
_DEFAULTS: Final = Proctoring()


class Verdict(StrEnum):
    ACCEPT = "accept"
    RETRY = "retry"
    ASK_A_PERSON = "ask_a_person"


def distance(a: bytes, b: bytes) -> float:
    """Cosine distance, 0 to 2. ValueError: of different sizes, empty, not numbers, or without a direction."""
    if len(a) != len(b):
        raise ValueError(f"vectors of {len(a)} and {len(b)} bytes can't be compared")
    cosine = float(np.dot(_unit(a), _unit(b)))
    return min(2.0, max(0.0, 1.0 - cosine))


def fuse(vectors: Sequence[bytes]) -> bytes:
    """The one vector (length 1) that stands for all of them: each counts the same, however long it was.

    ValueError as in `distance`, for no vectors at all, and for vectors that cancel each other out.
    """
    if len({len(vector) for vector in vectors}) != 1:
        raise ValueError("one or more vectors of one size")
    mean = np.mean([_unit(vector) for vector in vectors], axis=0)
    return _to_unit(mean).astype(_NUMBER).tobytes()


def nearest(vector: bytes, gallery: Sequence[bytes]) -> float | None:
    """The distance to what is known of the person: the renormalised mean of `gallery` (ID photo, entry).

    None: there is nothing to compare, on either side.
    """
    return distance(vector, fuse(gallery)) if vector and gallery else None


def judge(distance: float | None, tries: int, policy: Proctoring) -> Verdict:
    """`distance` of one try's fused frames, `tries` how many were made before it.

    Up to `accept_max` one stranger in 1,000 would pass, and 1.4 % of the right people need a second try or a person;
    between it and `doubt_max` (one stranger in 100) only a person can tell. With nothing to compare nobody can be
    accepted or refused by a machine, and a machine never refuses anybody for good: a person is asked.
    """
    if distance is None:
        return Verdict.ASK_A_PERSON
    if distance <= policy.accept_max:
        return Verdict.ACCEPT
    if distance <= policy.doubt_max or tries + 1 >= policy.tries_max:
        return Verdict.ASK_A_PERSON
    return Verdict.RETRY


def similarity(distance: float, policy: Proctoring = _DEFAULTS) -> int:
    """The distance as people here are used to reading it, 0 to 100, more is liker (domain.md §7.2).

    75 and above says what `accept_max` says, 60 to 74 what lies up to `doubt_max`, below 60 a mismatch: straight
    lines between 100, 75 and 60, then falling away as exp(-d), so that ordinary strangers (.17) read about 20.
    Whole numbers are rounded down: nothing reads like more than it is. It is for reading; verdicts use distances.
    """
    if distance <= policy.accept_max:
        return int(100 - 25 * distance / policy.accept_max)
    if distance <= policy.doubt_max:
        over = (distance - policy.accept_max) / (policy.doubt_max - policy.accept_max)
        return min(74, int(75 - 15 * over))
    return min(59, int(60 * exp(1 - distance / policy.doubt_max)))


def _unit(vector: bytes) -> NDArray[np.float64]:
    if not vector or len(vector) % 4:
        raise ValueError(f"{len(vector)} bytes are no vector of float32")
    return _to_unit(np.frombuffer(vector, _NUMBER).astype(np.float64))


def _to_unit(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(numbers))
    if not 1e-6 < length < float("inf"):  # also false for NaN
        raise ValueError("a vector without a direction")
    return np.asarray(numbers / length)
