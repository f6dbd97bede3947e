import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.figures import LEAST_S, Slice, bucket_of, count, percentile, percentiles, seconds_of, total

latencies = st.lists(st.floats(LEAST_S, 600), min_size=1, max_size=80)
shares = st.sampled_from([0.0, 0.5, 0.95, 0.99, 0.999, 1.0])


def counted(values: list[float]) -> Slice:
    made = Slice(late={}, served={})
    for value in values:
        made.took(value, value / 2)
    return made


@given(latencies, shares)
@settings(max_examples=50)
def test_a_percentile_is_never_too_small_and_at_most_two_percent_too_large(values: list[float], share: float) -> None:
    exact = sorted(values)[max(0, math.ceil(len(values) * share) - 1)]
    told = percentile(counted(values).late, share)
    assert told is not None
    assert exact * (1 - 1e-9) <= told <= max(exact, LEAST_S) * 1.02 * (1 + 1e-9)


@given(st.lists(latencies, min_size=1, max_size=5), shares)
@settings(max_examples=30)
def test_slices_of_many_processes_merged_are_the_slice_of_all(parts: list[list[float]], share: float) -> None:
    whole, merged = counted([value for part in parts for value in part]), total(map(counted, parts))
    assert merged == whole
    assert percentile(merged.late, share) == percentile(whole.late, share)


@given(latencies)
@settings(max_examples=30)
def test_several_percentiles_at_once_are_those_one_by_one(values: list[float]) -> None:
    late, wanted = counted(values).late, (0.0, 0.5, 0.99, 1.0)
    assert percentiles(late, wanted) == [percentile(late, share) for share in wanted]


def test_merging_leaves_what_it_was_merged_from_alone() -> None:
    one, other = counted([0.1]), counted([0.1])
    total([one, other])
    assert (one, other) == (counted([0.1]), counted([0.1]))


def test_failures_add_up() -> None:
    assert total([Slice(failed=2), Slice(failed=3)]).failed == 5


@pytest.mark.parametrize("seconds", [-1.0, 0.0, LEAST_S / 2, LEAST_S])
def test_what_is_quicker_than_the_least_falls_into_the_first_bucket(seconds: float) -> None:
    assert bucket_of(seconds) == 0
    assert seconds_of(0) == LEAST_S


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None
    assert percentiles({}, (0.5, 1)) == [None, None]
    assert count({}) == 0
