"""Items and their options against the rest score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scoring.distractors import discriminations
from scoring.responses import NOT_GIVEN, NOT_REACHED, OMITTED, Column, Responses
from tests.scoring.lsat import LSAT6, responses

# Made by hand: totals 3, 2, 2, 1, 0, and the rest without Q1 is 2, 1, 2, 1, 0.
COLUMNS = tuple(Column(name, ("A", "B", "C"), (1, 0, 0)) for name in ("Q1", "Q2", "Q3"))
BY_HAND = Responses(
    tuple("一二三四五"), COLUMNS, np.array([[1, 1, 2, 2, 0], [1, 1, 1, 1, 3], [1, 2, 1, 3, 254]], np.uint8)
)


def test_the_table_of_an_item_is_as_counted_by_hand() -> None:
    item = discriminations(BY_HAND)[0]
    assert (item.p, item.omitted, item.not_reached, item.omitted_rest_mean) == (0.4, 1, 0, 0.0)
    assert [(o.option, o.right, o.count, o.share, o.rest_mean) for o in item.options] == [
        ("A", True, 2, 0.4, 1.5),
        ("B", False, 2, 0.4, 1.5),
        ("C", False, 0, 0.0, None),
    ]
    assert item.rest_correlation == pytest.approx(np.corrcoef([1, 1, 0, 0, 0], [2, 1, 2, 1, 0])[0, 1])


def test_who_did_not_reach_an_item_has_it_wrong_and_is_told_apart() -> None:
    item = discriminations(BY_HAND)[2]
    assert (item.p, item.p_reached, item.not_reached, item.omitted) == (0.4, 0.5, 1, 0)


def test_rest_correlations_of_the_published_table() -> None:
    found = [item.rest_correlation for item in discriminations(responses(LSAT6))]
    assert found == pytest.approx([0.1128, 0.1532, 0.1728, 0.1444, 0.1216], abs=0.00005)


codes = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 6), st.integers(1, 30)),
    elements=st.sampled_from([OMITTED, 1, 2, 3, NOT_REACHED, NOT_GIVEN]),
)


@given(codes, st.sampled_from([(1, 0, 0), (2, 1, 0), (0, 3, 3)]))
def test_it_agrees_with_the_straightforward_way(codes: "np.typing.NDArray[np.uint8]", points: tuple[int, ...]) -> None:
    columns = tuple(Column(f"Q{number}", ("A", "B", "C"), points) for number in range(len(codes)))
    table = Responses(tuple(map(str, range(codes.shape[1]))), columns, codes)
    for found, row, worth in zip(discriminations(table), codes, table.points, strict=True):
        given_it = row != NOT_GIVEN
        rest = (table.totals - worth)[given_it].astype(float)
        assert found.count == given_it.sum()
        assert found.rest_correlation == correlation(worth[given_it].astype(float), rest)
        for number, option in enumerate(found.options, 1):
            chosen = row[given_it] == number
            assert option.count == chosen.sum()
            assert option.rest_mean == (pytest.approx(rest[chosen].mean()) if chosen.any() else None)
            assert option.rest_correlation == correlation(chosen.astype(float), rest)
        if found.count > 1:
            assert found.rest_sd == pytest.approx(rest.std(ddof=1), abs=1e-9)


def correlation(one: "np.typing.NDArray[np.float64]", other: "np.typing.NDArray[np.float64]") -> object:
    if len(one) < 2 or one.std() == 0 or other.std() == 0:
        return None
    return pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-9)


def test_shares_and_missing_answers_are_everybody() -> None:
    for item in discriminations(BY_HAND):
        assert sum(option.count for option in item.options) + item.omitted + item.not_reached == item.count
