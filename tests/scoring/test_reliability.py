"""Reliability against published values, and what can't be said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scoring.reliability import reliability
from scoring.responses import NOT_GIVEN, Column, Responses
from tests.scoring.lsat import LSAT6, LSAT7, responses, scored


@pytest.mark.parametrize(
    ("table", "kr20", "mean", "sd"), [(LSAT6, 0.295, 3.819, 1.0350), (LSAT7, 0.453, 3.707, 1.1986)]
)
def test_published_values_are_met(table: dict[str, int], kr20: float, mean: float, sd: float) -> None:
    found = reliability(responses(table))
    assert found.kr20 == found.alpha == pytest.approx(kr20, abs=0.0005)
    assert found.mean == pytest.approx(mean, abs=1e-9)
    assert found.sd == pytest.approx(sd, abs=0.00005)


def test_the_error_of_measurement_is_the_part_of_the_spread_that_is_not_reliable() -> None:
    assert reliability(responses(LSAT7)).sem == pytest.approx(1.1986 * (1 - 0.4534) ** 0.5, abs=0.0005)


tables = hnp.arrays(np.uint8, st.tuples(st.integers(2, 30), st.integers(2, 8)), elements=st.integers(0, 1))


@given(tables)
def test_it_is_the_formula_of_the_textbook(rows: "np.typing.NDArray[np.uint8]") -> None:
    found = reliability(scored(rows))
    totals, count = rows.sum(axis=1, dtype=float), rows.shape[1]
    if totals.var() == 0:
        assert found.kr20 is None
        return
    p = rows.mean(axis=0)
    assert found.kr20 == pytest.approx(count / (count - 1) * (1 - (p * (1 - p)).sum() / totals.var()), abs=1e-9)
    alpha = count / (count - 1) * (1 - rows.astype(float).var(axis=0, ddof=1).sum() / totals.var(ddof=1))
    assert found.alpha == pytest.approx(alpha, abs=1e-9)


def test_partial_points_have_an_alpha_and_no_kr20() -> None:
    column = Column("Q", ("ab", "a", "c"), (2, 1, 0))
    table = Responses(tuple("abcd"), (column,) * 2, np.array([[1, 2, 3, 1], [1, 2, 3, 2]], dtype=np.uint8))
    points = np.array([[2, 1, 0, 2], [2, 1, 0, 1]])
    found = reliability(table)
    assert found.kr20 is None
    assert found.alpha == pytest.approx(2 * (1 - points.var(axis=1).sum() / points.sum(axis=0).var()))


def test_items_worth_two_points_each_are_as_reliable_as_with_one() -> None:
    rows = np.array([[1, 2, 2], [1, 1, 2], [1, 1, 1], [2, 1, 2]], dtype=np.uint8)
    one, two = (
        reliability(Responses(tuple("abc"), tuple(Column(f"{k}", ("A", "B"), (worth, 0)) for k in range(4)), rows))
        for worth in (1, 2)
    )
    assert one.kr20 == two.kr20 is not None


@pytest.mark.parametrize(
    ("rows", "mean", "sd"), [([[1, 0]], 1.0, None), ([[1], [0]], 0.5, 0.5**0.5), ([[1, 0], [0, 1]], 1.0, 0.0)]
)
def test_what_cannot_be_said_is_none(rows: list[list[int]], mean: float, sd: float | None) -> None:
    found = reliability(scored(np.array(rows, dtype=np.uint8)))
    assert (found.kr20, found.alpha, found.sem) == (None, None, None)
    assert (found.mean, found.sd) == (mean, pytest.approx(sd) if sd is not None else None)


def test_nobody_is_a_table_too() -> None:
    found = reliability(scored(np.zeros((0, 3), dtype=np.uint8)))
    assert (found.mean, found.sd, found.kr20, found.sem) == (None, None, None, None)


def test_contradicting_items_have_a_negative_reliability() -> None:
    found = reliability(scored(np.array([[1, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]], dtype=np.uint8)))
    assert found.kr20 is not None
    assert found.kr20 < 0
    assert found.sem is not None


def test_different_papers_have_no_common_reliability() -> None:
    table = responses(LSAT6)
    codes = table.codes.copy()
    codes[0, 0] = NOT_GIVEN
    found = reliability(Responses(table.persons, table.columns, codes))
    assert (found.kr20, found.alpha, found.sem) == (None, None, None)
    assert found.sd is not None
