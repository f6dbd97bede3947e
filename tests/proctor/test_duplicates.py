"""Somebody else's face among many: found when it is there, not suspected when it is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.duplicates import ALARMS, LIMIT_MAX, ROOM, Alike, Likenesses, limit
from proctor.identity import distance

RNG = np.random.default_rng(7)


def vector(*near: float) -> bytes:
    """A direction of its own, or one close to the first axis."""
    numbers = np.zeros(128, np.float32)
    if near:
        numbers[0], numbers[1] = 1.0, near[0]
    else:
        numbers = RNG.standard_normal(128).astype(np.float32)
    return numbers.astype("<f4").tobytes()


def test_nothing_is_like_anything_while_nobody_is_known() -> None:
    assert Likenesses().nearest(1, vector()) is None


def test_the_most_alike_photo_of_somebody_else_is_found() -> None:
    known = Likenesses()
    for number, near in enumerate((0.5, 0.1, 0.3), start=1):
        known.add(number, 10 + number, vector(near))
    found = known.nearest(99, vector(0.0))
    assert found is not None
    assert (found.photo_id, found.person_id) == (2, 12)
    assert found.distance == pytest.approx(distance(vector(0.1), vector(0.0)), abs=1e-6)


def test_a_persons_own_photos_are_not_somebody_elses() -> None:
    known = Likenesses()
    known.add(1, 5, vector(0.0))
    known.add(2, 5, vector(0.1))
    assert known.nearest(5, vector(0.0)) is None
    assert known.nearest(6, vector(0.0)) == Alike(1, 5, 0.0)


def test_length_says_nothing_only_direction_does() -> None:
    known = Likenesses()
    known.add(1, 5, (np.frombuffer(vector(0.2), "<f4") * 40).astype("<f4").tobytes())
    found = known.nearest(6, vector(0.2))
    assert found is not None
    assert found.distance < 1e-6


def test_a_forgotten_photo_is_like_nobody() -> None:
    known = Likenesses()
    known.add(1, 5, vector(0.0))
    known.add(2, 6, vector(0.3))
    known.forget(1)
    found = known.nearest(9, vector(0.0))
    assert found is not None
    assert found.photo_id == 2


def test_rows_added_beyond_the_first_room_are_all_found() -> None:
    known = Likenesses()
    vectors = [vector() for _ in range(ROOM * 2 + 3)]
    for number, one in enumerate(vectors):
        known.add(number, number, one)
    assert len(known) == len(vectors)
    for number in (0, ROOM - 1, ROOM, ROOM * 2 + 2):
        found = known.nearest(-1, vectors[number])
        assert found is not None
        assert found.photo_id == number
        assert found.distance < 1e-6


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"1234",
        b"\0" * 512,
        b"\0" * 508,
        np.full(128, np.nan, "<f4").tobytes(),
        np.full(128, np.inf, "<f4").tobytes(),
    ],
    ids=["empty", "short", "without direction", "odd size", "nan", "inf"],
)
def test_what_is_no_vector_gets_neither_in_nor_an_answer(broken: bytes) -> None:
    known = Likenesses()
    known.add(1, 1, vector())
    with pytest.raises(ValueError):
        known.add(2, 2, broken)
    with pytest.raises(ValueError):
        known.nearest(2, broken)
    assert len(known) == 1


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 3))
def test_the_answer_is_that_of_comparing_with_each(persons: list[int], asking: int) -> None:
    known, vectors = Likenesses(), []
    for number, person in enumerate(persons):
        vectors.append(vector())
        known.add(number, person, vectors[-1])
    probe = vector()
    apart = [(distance(probe, one), n) for n, one in enumerate(vectors) if persons[n] != asking]
    found = known.nearest(asking, probe)
    assert (found is None) == (not apart)
    if found is not None:
        assert found.photo_id == min(apart)[1]
        assert found.distance == pytest.approx(min(apart)[0], abs=1e-6)


def test_the_more_are_known_the_more_alike_one_must_be() -> None:
    limits = [limit(persons) for persons in (0, 1, 1_000, 10_000, 100_000, 1_000_000)]
    assert limits[:3] == [LIMIT_MAX] * 3
    assert limits[3:] == pytest.approx([0.0383, 0.0307, 0.0245], abs=1e-4)


def test_few_right_photos_raise_a_doubt_however_many_are_known() -> None:
    """Strangers' distances drawn as measured: a share of 1e-5 within .0479, a tenth of it per factor .8."""
    for persons in (1_000, 20_000, 300_000):
        share = 1e-5 * 0.1 ** (np.log(limit(persons) / LIMIT_MAX) / np.log(0.8))
        alarms = RNG.binomial(persons, share, 20_000)
        assert (alarms > 0).mean() == pytest.approx(ALARMS, abs=0.004)
