"""Expected scores, information and the cut, against values worked out another way."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.parameters import (
    DEFAULT_P,
    Gauge,
    Parameters,
    difficulty_of,
    expected,
    information,
    parameters,
    right,
)
from question_bank.pool import Pool
from tests.question_bank.test_assembly import some_items

GRID = np.linspace(-9, 9, 180_001)
NORMAL = np.exp(-GRID * GRID / 2) / np.exp(-GRID * GRID / 2).sum()


@settings(max_examples=40, deadline=None)
@given(st.floats(0.2, 3.0), st.floats(-4, 4))
def test_the_mean_over_all_physicians_is_that_of_a_fine_grid(a: float, b: float) -> None:
    fine = float((NORMAL / (1 + np.exp(-a * (GRID - b)))).sum())
    assert expected(np.array([a]), np.array([b]))[0] == pytest.approx(fine, abs=1e-5)


@pytest.mark.parametrize(("level", "p"), DEFAULT_P.items())
def test_an_item_that_nobody_answered_has_the_share_its_author_thinks_of(level: int, p: float) -> None:
    item = msgspec.structs.replace(some_items(1)[0], difficulty=level)
    found = parameters(item, {})
    assert (found.a, found.n) == (1.0, 0)
    assert expected(np.array([found.a]), np.array([found.b]))[0] == pytest.approx(p, abs=1e-9)


def test_what_answers_have_shown_goes_before_what_the_author_thought() -> None:
    item = some_items(1)[0]
    assert parameters(item, {(item.item_id, 1): Parameters(1.3, 0.2, 400)}) == Parameters(1.3, 0.2, 400)
    assert parameters(item, {(item.item_id, 2): Parameters(1.3, 0.2, 400)}).n == 0  # another version


def test_information_is_the_squared_slope_over_the_variance() -> None:
    a, b, step = np.array([0.7, 1.9]), np.array([-0.4, 1.1]), 1e-6
    slope = (right(a, b, 0.3 + step) - right(a, b, 0.3 - step)) / (2 * step)
    p = right(a, b, 0.3)
    assert information(a, b, 0.3) == pytest.approx(slope**2 / (p * (1 - p)), rel=1e-6)


def test_the_cut_is_where_the_expected_score_is_the_pass_line() -> None:
    units = Pool(some_items(30)).units
    gauge = Gauge(units, {})
    uses = np.linspace(0.1, 1.0, len(units))
    cut = gauge.cut(uses, 0.6)
    assert uses @ gauge.score(cut) / uses.sum() == pytest.approx(0.6, abs=1e-9)


def test_a_share_of_right_answers_has_its_difficulty() -> None:
    for p in (0.05, 0.5, 0.95):
        b = difficulty_of(p, 1.7)
        assert expected(np.array([1.7]), np.array([b]))[0] == pytest.approx(p, abs=1e-9)
