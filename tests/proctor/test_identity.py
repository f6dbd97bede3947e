"""What comparisons say: accept, try again, or let a person look; a machine never refuses anybody for good."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.identity import Verdict, distance, fuse, judge, nearest, similarity
from proctor.policy import Proctoring

POLICY = Proctoring()
ACCEPT, DOUBT, TRIES = POLICY.accept_max, POLICY.doubt_max, POLICY.tries_max


def vector(*numbers: float) -> bytes:
    return np.array([*numbers, *[0.0] * (128 - len(numbers))], "<f4").tobytes()


def at(wanted: float) -> bytes:
    """A vector at this cosine distance from vector(1)."""
    cosine = 1 - wanted
    return vector(cosine, (1 - cosine**2) ** 0.5)


numbers = st.lists(st.floats(-1, 1, width=32), min_size=128, max_size=128).filter(
    lambda n: sum(x * x for x in n) > 0.01
)
vectors = numbers.map(lambda n: vector(*n))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (vector(1), vector(1), 0.0),
        (vector(1), vector(7), 0.0),
        (vector(1), vector(0, 1), 1.0),
        (vector(1), vector(-3), 2.0),
        (vector(1), vector(1, 1), 1 - 0.5**0.5),
        (vector(1), at(0.064), 0.064),
    ],
)
def test_the_distance_is_that_of_directions_whatever_the_lengths(a: bytes, b: bytes, expected: float) -> None:
    assert distance(a, b) == pytest.approx(expected, abs=1e-6)


@given(vectors, vectors)
def test_a_distance_is_the_same_both_ways_and_nothing_is_nearer_than_oneself(a: bytes, b: bytes) -> None:
    assert distance(a, b) == distance(b, a)
    assert 0 <= distance(a, b) <= 2
    assert distance(a, a) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (b"", b""),
        (vector(1), b""),
        (vector(1), vector(1)[:-4]),
        (b"abc", b"abc"),
        (vector(0), vector(1)),
        (vector(1), vector(float("nan"))),
        (vector(float("inf")), vector(1)),
    ],
)
def test_what_is_no_vector_is_not_compared(a: bytes, b: bytes) -> None:
    with pytest.raises(ValueError, match="vector"):
        distance(a, b)


def test_fused_frames_each_count_the_same_however_long_their_vectors_are() -> None:
    fused = np.frombuffer(fuse([vector(10), vector(0, 0.1)]), "<f4")

    assert fused[:2] == pytest.approx([0.5**0.5, 0.5**0.5])
    assert np.linalg.norm(fused) == pytest.approx(1)


@given(st.lists(vectors, min_size=1, max_size=4), vectors)
def test_fusing_again_and_again_changes_nothing(several: list[bytes], one: bytes) -> None:
    assert distance(fuse([one] * len(several)), one) == pytest.approx(0, abs=1e-6)
    assert distance(fuse([fuse([one, one]), one]), fuse([one])) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("bad", [[], [vector(1), b""], [vector(1), vector(1)[:8]], [vector(1), vector(-1)]])
def test_nothing_can_be_fused_of_nothing_of_odd_sizes_or_of_opposites(bad: list[bytes]) -> None:
    with pytest.raises(ValueError, match="vector"):
        fuse(bad)


def test_the_gallery_is_compared_as_one_and_without_either_side_there_is_no_distance() -> None:
    assert nearest(vector(1, 1), [vector(1), vector(0, 1)]) == pytest.approx(0, abs=1e-6)
    assert nearest(vector(1), [vector(0, 1)]) == pytest.approx(1)
    assert nearest(vector(1), []) is None
    assert nearest(b"", [vector(1)]) is None


@pytest.mark.parametrize(
    ("distance", "verdict"),
    [
        (0.0, Verdict.ACCEPT),
        (ACCEPT, Verdict.ACCEPT),
        (ACCEPT + 1e-6, Verdict.ASK_A_PERSON),
        (DOUBT, Verdict.ASK_A_PERSON),
        (DOUBT + 1e-6, Verdict.RETRY),
        (1.0, Verdict.RETRY),
        (float("nan"), Verdict.RETRY),
        (None, Verdict.ASK_A_PERSON),
    ],
)
def test_a_near_face_is_accepted_a_doubtful_one_is_seen_by_a_person_and_a_far_one_tries_again(
    distance: float | None, verdict: Verdict
) -> None:
    assert judge(distance, 0, POLICY) is verdict


@pytest.mark.parametrize("tries", range(TRIES + 2))
def test_after_the_last_try_a_person_is_asked(tries: int) -> None:
    expected = Verdict.RETRY if tries + 1 < TRIES else Verdict.ASK_A_PERSON

    assert judge(0.5, tries, POLICY) is expected


def test_a_near_face_is_accepted_also_on_the_last_try() -> None:
    assert judge(0.01, TRIES + 3, POLICY) is Verdict.ACCEPT


@given(st.floats(0, 2), st.integers(0, 10), st.floats(0.01, 0.5))
def test_nobody_is_let_in_beyond_the_limit_of_the_policy(distance: float, tries: int, limit: float) -> None:
    policy = Proctoring(accept_max=limit, doubt_max=max(limit, 0.3))

    assert (judge(distance, tries, policy) is Verdict.ACCEPT) == (distance <= limit)


@pytest.mark.parametrize(
    ("distance", "shown"),
    [(0.0, 100), (ACCEPT, 75), (ACCEPT + 1e-9, 74), (DOUBT, 60), (DOUBT + 1e-9, 59), (0.17, 19), (0.6, 0), (2.0, 0)],
)
def test_people_read_75_where_the_machine_accepts_and_60_where_doubt_ends(distance: float, shown: int) -> None:
    assert similarity(distance) == shown


@given(st.lists(st.floats(0, 2), min_size=2, max_size=20), st.floats(0.001, 0.9), st.floats(0, 0.9))
def test_a_farther_face_never_reads_liker(distances: list[float], accept: float, doubt: float) -> None:
    policy = Proctoring(accept_max=accept, doubt_max=accept + doubt)
    shown = [similarity(distance, policy) for distance in sorted(distances)]

    assert all(0 <= far <= near <= 100 for near, far in pairwise(shown))
    assert [value >= 75 for value in shown] == [distance <= accept for distance in sorted(distances)]
