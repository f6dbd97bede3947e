"""What the comparisons say: accept, try again, or let a person look; a machine never refuses anybody for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.identity import ACCEPT_DISTANCE_MAX, DOUBT_DISTANCE_MAX, TRIES_MAX, Verdict, judge
from proctor.vision import Look, NoVision


def look(distance: float | None, faces: int | None = 1) -> Look:
    return Look(face_count=faces, distance=distance, model="test")


@pytest.mark.parametrize(
    ("distance", "verdict"),
    [
        (0.0, Verdict.ACCEPT),
        (ACCEPT_DISTANCE_MAX, Verdict.ACCEPT),
        (ACCEPT_DISTANCE_MAX + 1e-6, Verdict.ASK_A_PERSON),
        (DOUBT_DISTANCE_MAX, Verdict.ASK_A_PERSON),
        (DOUBT_DISTANCE_MAX + 1e-6, Verdict.RETRY),
        (1.0, Verdict.RETRY),
    ],
)
def test_a_near_face_is_accepted_a_doubtful_one_is_seen_by_a_person_and_a_far_one_tries_again(
    distance: float, verdict: Verdict
) -> None:
    assert judge([look(distance)], tries=0) is verdict


@pytest.mark.parametrize("tries", range(TRIES_MAX + 2))
def test_after_the_last_try_a_person_is_asked(tries: int) -> None:
    expected = Verdict.RETRY if tries + 1 < TRIES_MAX else Verdict.ASK_A_PERSON

    assert judge([look(0.5)], tries) is expected
    assert judge([look(None, faces=0)], tries) is expected


def test_a_near_face_is_accepted_also_on_the_last_try() -> None:
    assert judge([look(0.01)], tries=TRIES_MAX + 3) is Verdict.ACCEPT


def test_the_frames_of_one_try_are_judged_together_and_those_without_a_face_are_left_out() -> None:
    together = [look(0.02), look(0.10), look(None, faces=0)]

    assert judge(together, tries=0) is Verdict.ACCEPT
    assert judge([look(0.02), look(0.13)], tries=0) is Verdict.ASK_A_PERSON


async def test_without_a_model_a_person_is_asked_at_once() -> None:
    nothing = await NoVision().look(b"", None)

    assert judge([nothing], tries=0) is Verdict.ASK_A_PERSON
    assert judge([], tries=0) is Verdict.ASK_A_PERSON


@given(st.lists(st.one_of(st.none(), st.floats(0, 2)), max_size=6), st.integers(0, 10))
def test_nobody_is_let_in_whose_mean_distance_is_too_great(distances: list[float | None], tries: int) -> None:
    verdict = judge([look(distance) for distance in distances], tries)

    known = [distance for distance in distances if distance is not None]
    near = bool(known) and sum(known) / len(known) <= ACCEPT_DISTANCE_MAX
    assert (verdict is Verdict.ACCEPT) == near
