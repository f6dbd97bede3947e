"""The figures, against tables worked out by hand and against slow, obvious ways to count the same."""

from itertools import pairwise
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.evaluation import At, Distances, RocPoint, at, at_far, auc, best, figures, folded, rates, roc
from proctor.shares import between, percent, wilson

RUNNING = (("in_use", 0.5),)


def distances(own: list[float], strange: list[float]) -> Distances:
    """Pairs of one person, then pairs of two, in this order."""
    return Distances(np.array([True] * len(own) + [False] * len(strange)), np.array([*own, *strange]))


# own:      .1 .2 .4 .6        strange: .3 .5 .7 .9
MIXED = distances([0.6, 0.1, 0.4, 0.2], [0.9, 0.3, 0.7, 0.5])


def test_the_mixed_pairs_give_what_was_worked_out_by_hand() -> None:
    found = figures(MIXED, RUNNING)
    # Of 16 comparisons own is nearer in: .1 4, .2 4, .4 3, .6 2.
    assert found.auc == pytest.approx(13 / 16)
    # Right of 8 with nothing, .1, .2, .3, .4, .5, .6, .7, .9 let through: 4 5 6 5 6 5 6 5 4.
    assert (found.accuracy, found.best_threshold) == pytest.approx((0.75, 0.25))
    assert (found.far, found.frr) == (0.5, 0.25)
    assert [point.threshold for point in found.roc] == [None, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9]
    assert [(point.far, point.tpr) for point in found.roc] == [
        (0, 0), (0, 0.5), (0.25, 0.5), (0.25, 0.75), (0.5, 0.75), (0.5, 1), (1, 1),
    ]  # fmt: skip
    assert found.accuracy_10fold is None


@pytest.mark.parametrize(
    ("own", "strange", "accuracy", "area"),
    [
        ([0.1, 0.2], [0.8, 0.9], 1.0, 1.0),  # apart
        ([0.8, 0.9], [0.1, 0.2], 0.5, 0.0),  # the wrong way round: letting all through, or nobody, is right for half
        ([0.5, 0.5], [0.5, 0.5], 0.5, 0.5),  # all alike
        ([0.1, 0.5], [0.5, 0.9], 0.75, 0.875),  # a tie counts half
        ([inf, inf], [inf, inf], 0.5, 0.5),  # no face found anywhere
        ([0.1, inf], [0.9, inf], 0.75, 0.625),  # .1 is nearer than both, inf as near as one of two
    ],
)
def test_cases_at_the_edge(own: list[float], strange: list[float], accuracy: float, area: float) -> None:
    found = figures(distances(own, strange), RUNNING)
    assert (found.accuracy, found.auc) == pytest.approx((accuracy, area))


def test_a_missed_face_keeps_its_pair_out_at_every_threshold() -> None:
    found = distances([0.1, inf], [0.2, inf])
    far, frr = rates(found, np.array([0.0, 0.15, 2.0]))
    assert far.tolist() == [0, 0, 0.5]
    assert frr.tolist() == [1, 0.5, 0.5]
    # At every threshold half of each kind stays out; only what lets everything through lets them through.
    assert roc(found)[-2:] == (RocPoint(0.5, 0.5, 0.2), RocPoint(1.0, 1.0, None))


@pytest.mark.parametrize("same", [[True, True], [False, False], []])
def test_one_kind_of_pairs_alone_has_no_figures(same: list[bool]) -> None:
    with pytest.raises(ValueError, match="pairs of two"):
        Distances(np.array(same, bool), np.zeros(len(same)))


def test_what_is_no_number_or_not_one_for_each_pair_has_no_figures() -> None:
    for apart in ([0.1, nan], [0.1]):
        with pytest.raises(ValueError, match="each a number"):
            Distances(np.array([True, False]), np.array(apart))


def test_the_threshold_for_a_far_lets_that_share_through_and_not_one_more() -> None:
    found = distances([0.005, 0.105, 0.995], [n / 100 for n in range(1, 101)])
    tenth = at_far(found, 0.1)
    assert (tenth.far, tenth.frr, tenth.threshold) == pytest.approx((0.1, 1 / 3, 0.105))
    assert tenth.resolved
    thousandth = at_far(found, 1e-3)  # 100 pairs can't show one in a thousand: none is let through, and that is said
    assert (thousandth.far, thousandth.resolved, thousandth.threshold) == (0.0, False, 0.005)
    assert thousandth.far_interval[1] > 0.03


def test_ten_folds_take_each_tenth_by_the_threshold_of_the_others() -> None:
    rng = np.random.default_rng(1)
    found = distances(rng.normal(0.05, 0.02, 200).tolist(), rng.normal(0.15, 0.02, 200).tolist())
    accuracy = folded(found)
    assert accuracy is not None
    assert 0.97 < accuracy <= best(found)[0]


def test_ten_folds_see_what_only_one_tenth_does() -> None:
    """The last tenth's own pairs lie at .51: the other nine would put the threshold at .5, and lose all ten of them."""
    found = distances([0.1] * 90 + [0.51] * 10, [0.9] * 100)
    assert best(found) == pytest.approx((1.0, 0.705))
    assert folded(found) == pytest.approx((9 * 1.0 + 0.5) / 10)


def test_fewer_than_a_hundred_pairs_are_not_cut_into_folds() -> None:
    assert folded(distances([0.1] * 49, [0.9] * 50)) is None
    assert folded(distances([0.1] * 50, [0.9] * 50)) == 1.0


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [  # by hand: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (0, 500, 0.0, 0.0076),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_wilson(count: int, of: int, low: float, high: float) -> None:
    assert wilson(count, of) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("count", "of"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_has_no_interval(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(count, of)


def test_shares_in_words() -> None:
    assert (percent(0.01234), percent(None), between((0, 0.5)), between(None)) == ("1.23 %", "–", "0.00–50.00 %", "–")


apart = st.one_of(st.floats(0, 2), st.sampled_from([0.25, 0.5]), st.just(inf))
lists = st.lists(apart, min_size=1, max_size=30)


@given(lists, lists)
def test_auc_is_what_comparing_every_pair_with_every_other_gives(own: list[float], strange: list[float]) -> None:
    slow = sum((mine < other) + (mine == other) / 2 for mine in own for other in strange) / (len(own) * len(strange))
    assert auc(distances(own, strange)) == pytest.approx(slow)


@given(lists, lists)
def test_no_threshold_is_better_than_the_best(own: list[float], strange: list[float]) -> None:
    accuracy, threshold = best(distances(own, strange))

    def right(limit: float) -> float:
        return (sum(one <= limit for one in own) + sum(one > limit for one in strange)) / (len(own) + len(strange))

    assert max(right(limit) for limit in [-1.0, *[one for one in (*own, *strange) if one < inf]]) == accuracy
    assert right(threshold) == accuracy


@given(lists, lists)
def test_the_roc_rises_from_nothing_to_everything_and_has_the_area(own: list[float], strange: list[float]) -> None:
    found = distances(own, strange)
    points = roc(found)
    assert (points[0].far, points[0].tpr, points[-1].far, points[-1].tpr) == (0, 0, 1, 1)
    for before, after in pairwise(points):
        assert before.far <= after.far
        assert before.tpr <= after.tpr
    area = sum((b.far - a.far) * (a.tpr + b.tpr) / 2 for a, b in pairwise(points))
    assert area == pytest.approx(auc(found))


@given(lists, lists, st.floats(0, 2), st.floats(0, 2))
def test_a_wider_threshold_lets_more_of_both_kinds_through(
    own: list[float], strange: list[float], one: float, other: float
) -> None:
    found = distances(own, strange)
    narrow, wide = (at(found, "", limit) for limit in sorted((one, other)))
    assert narrow.far <= wide.far
    assert narrow.frr >= wide.frr
    for seen in (narrow, wide):
        assert seen.far_interval[0] <= seen.far <= seen.far_interval[1]
        assert seen.frr_interval[0] <= seen.frr <= seen.frr_interval[1]


@given(lists, lists, st.sampled_from([1e-2, 1e-3, 0.2]))
def test_no_threshold_for_a_far_lets_more_through(own: list[float], strange: list[float], target: float) -> None:
    found: At = at_far(distances(own, strange), target)
    assert found.far <= target
