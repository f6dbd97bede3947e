"""Who is looked at when not everybody can be: everybody in turn, doubts and reasons first, never more than can be."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from proctor.sampling import BEHIND_MAX_S, HEARD_S, INTERVAL, SHARE_S, Sampler

EVERY_S = (60.0, 180.0)


def day(
    sampler: Sampler, people: int, *, per_s: float, seconds: float, doubted: frozenset[int] = frozenset()
) -> dict[int, list[float]]:
    """When each of so many people, photographed at random, was looked at."""
    rng = Random(1)
    due = [(rng.uniform(0, EVERY_S[1]), key) for key in range(people)]
    looked: dict[int, list[float]] = {key: [] for key in range(people)}
    while due:
        due.sort()
        now_s, key = due.pop(0)
        if now_s > seconds:
            break
        if key in doubted:
            sampler.doubt(key, now_s)
        if sampler.takes(key, INTERVAL, now_s, per_s):
            looked[key].append(now_s)
        due.append((now_s + rng.uniform(*EVERY_S), key))
    return looked


def test_who_has_time_for_all_looks_at_all() -> None:
    looked = day(Sampler(), 20, per_s=50, seconds=1_800)

    assert sum(map(len, looked.values())) == pytest.approx(20 * 1_800 / 120, rel=0.2)


@pytest.mark.parametrize(("people", "per_s"), [(100, 0.2), (200, 0.5), (300, 1.0)])
def test_who_has_not_looks_at_as_many_as_he_can_and_at_everybody_in_turn(people: int, per_s: float) -> None:
    seconds = 7_200
    looked = day(Sampler(), people, per_s=per_s, seconds=seconds)

    assert 0.85 * per_s * seconds <= sum(map(len, looked.values())) <= per_s * (seconds + BEHIND_MAX_S) + 1
    counts = [len(times) for times in looked.values()]
    assert min(counts) >= 0.5 * max(counts)
    round_s = people / per_s
    waits = [b - a for times in looked.values() for a, b in pairwise(times)]
    assert max(waits) < 1.5 * round_s + 2 * EVERY_S[1]


def test_a_rate_is_kept_however_much_the_model_could_do() -> None:
    looked = day(Sampler(0.5), 200, per_s=100, seconds=3_600)

    assert sum(map(len, looked.values())) == pytest.approx(0.5 * 3_600, rel=0.1)


def test_whoever_is_doubted_is_looked_at_every_time() -> None:
    looked = day(Sampler(), 200, per_s=0.5, seconds=3_600, doubted=frozenset({7}))

    others = Counter(len(times) for key, times in looked.items() if key != 7)
    assert len(looked[7]) >= 3_600 / EVERY_S[1]
    assert len(looked[7]) > 2 * others.most_common(1)[0][0]


def test_a_picture_with_a_reason_comes_before_those_at_intervals_but_not_without_end() -> None:
    sampler = Sampler()
    for key in range(6):
        assert sampler.takes(key, INTERVAL, 0.0, 1.0)
    assert not sampler.takes(0, INTERVAL, 0.5, 1.0), "it is behind, and he has just been looked at"
    taken = [sampler.takes(key, "back", 0.5, 1.0) for key in range(100)]

    assert taken[0]
    assert sum(taken) == BEHIND_MAX_S - 5
    assert not sampler.takes(200, INTERVAL, 0.5, 1.0), "far too much to do"
    assert sampler.takes(3, INTERVAL, BEHIND_MAX_S + 2, 1.0), "done with all of it"


def test_nobody_is_looked_at_again_before_those_who_wait_longer() -> None:
    sampler = Sampler()
    for key in range(50):
        sampler.takes(key, INTERVAL, 0.0, 10.0)
    assert not sampler.takes(0, INTERVAL, 1.0, 10.0)
    assert sampler.takes(99, INTERVAL, 1.0, 10.0), "of whom nobody has seen anything"


def test_those_who_are_gone_are_forgotten() -> None:
    sampler = Sampler()
    for key in range(100):
        sampler.takes(key, INTERVAL, 0.0, 10.0)
    sampler.takes(1, INTERVAL, HEARD_S + 1, 10.0)

    assert list(sampler._candidates) == [1]


def test_the_share_is_that_of_the_last_minutes() -> None:
    sampler = Sampler()
    assert sampler.share(0.0) is None
    for _ in range(4):
        sampler.takes(1, INTERVAL, 0.0, 1.0)
    assert sampler.share(1.0) == pytest.approx(1 / 4)
    assert sampler.share(SHARE_S + 61) is None
