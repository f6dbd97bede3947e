"""The two-parameter model: published values, known truth, and what can't be calibrated."""

import numpy as np
import pytest

from scoring.calibration import calibrate
from scoring.sheets import Sheets
from tests.scoring.lsat import LSAT6, LSAT7
from tests.scoring.sheeted import own_papers, scored

# LSAT6: Rizopoulos, ltm (Journal of Statistical Software 17(5), 2006), `ltm(LSAT ~ z1)`: difficulty, discrimination.
# LSAT7: the model of the R package mirt, `mirt(LSAT7, 1)`, its intercepts d turned into b = -d/a.
PUBLISHED = {
    "LSAT6": (LSAT6, [(0.825, -3.360), (0.723, -1.370), (0.890, -0.280), (0.689, -1.866), (0.658, -3.124)]),
    "LSAT7": (LSAT7, [(0.988, -1.879), (1.081, -0.748), (1.706, -1.058), (0.765, -0.635), (0.736, -2.520)]),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values_are_met(name: str) -> None:
    table, wanted = PUBLISHED[name]
    rows = np.array([[int(digit) for digit in pattern] for pattern, n in table.items() for _ in range(n)], np.uint8)
    found = calibrate(*scored(rows))
    assert found.skipped == {}
    assert [one.a for one in found.found.values()] == pytest.approx([a for a, _ in wanted], abs=0.004)
    assert [one.b for one in found.found.values()] == pytest.approx([b for _, b in wanted], abs=0.01)
    assert {one.n for one in found.found.values()} == {1000}


def test_the_truth_is_found_again_though_everybody_had_items_of_his_own() -> None:
    sheets, columns, a, b = own_papers(3000, 80, 30, 5)
    found = calibrate(sheets, columns)
    assert len(found.found) == 80
    assert np.corrcoef([one.b for one in found.found.values()], b)[0, 1] > 0.99
    assert np.corrcoef([one.a for one in found.found.values()], a)[0, 1] > 0.85
    assert np.mean([one.a for one in found.found.values()] - a) == pytest.approx(0, abs=0.03)


def test_what_says_too_little_is_left_out_and_called_so() -> None:
    rng = np.random.default_rng(3)
    ability = rng.normal(0, 1, 400)
    rows = (rng.random((400, 8)) < 1 / (1 + np.exp(-(ability[:, None] - np.linspace(-1.5, 1, 8))))).astype(np.uint8)
    rows[:, 6] = 1
    rows[:, 7] = 1 - (rng.random(400) < 1 / (1 + np.exp(-2 * ability)))
    sheets, columns = scored(rows)
    found = calibrate(sheets, columns)
    assert found.skipped == {6: "all_alike", 7: "odd_slope"}
    assert sorted(found.found) == [0, 1, 2, 3, 4, 5]
    assert calibrate(sheets, columns, answers_min=401).found == {}


def test_nobody_is_nothing() -> None:
    sheets, columns = scored(np.zeros((3, 2), np.uint8))
    empty: Sheets = sheets.some(np.zeros(0, dtype=np.int64))
    assert calibrate(empty, columns).found == {}
