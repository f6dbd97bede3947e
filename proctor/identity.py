"""Is this the person? Judges what the comparisons say; a person has the last word."""

from collections.abc import Sequence
from enum import StrEnum

from proctor.vision import Look

ACCEPT_DISTANCE_MAX = 0.064  # cosine, fused frames: one stranger in 1,000 (vision.md §6)
DOUBT_DISTANCE_MAX = 0.081  # between the two a person looks
TRIES_MAX = 5  # domain.md §7.2


class Verdict(StrEnum):
    ACCEPT = "accept"
    RETRY = "retry"
    ASK_A_PERSON = "ask_a_person"


def judge(looks: Sequence[Look], tries: int) -> Verdict:
    """`looks` are the comparisons of one try, `tries` how many were made before it.

    Without a comparison nobody can be accepted or refused by a machine: a person is asked.
    """
    distances = [look.distance for look in looks if look.distance is not None]
    if not distances:
        seen = any(look.face_count is not None for look in looks)
        return Verdict.RETRY if seen and tries + 1 < TRIES_MAX else Verdict.ASK_A_PERSON
    mean = sum(distances) / len(distances)
    if mean <= ACCEPT_DISTANCE_MAX:
        return Verdict.ACCEPT
    if mean <= DOUBT_DISTANCE_MAX or tries + 1 >= TRIES_MAX:
        return Verdict.ASK_A_PERSON
    return Verdict.RETRY
