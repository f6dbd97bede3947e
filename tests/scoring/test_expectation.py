"""What a total lets expect."""

import numpy as np

from scoring.expectation import expected
from tests.scoring.simulated import sitting


def test_no_score_and_the_full_score_leave_no_choice() -> None:
    table = expected(sitting(300, 10, 1).right)
    assert not table[0].any()
    assert (table[10] == 1).all()


def test_what_is_expected_in_all_is_what_was_seen() -> None:
    right = sitting(2000, 30, 2, unequal=0.3).right
    scores = right.sum(axis=0)
    assert np.allclose(expected(right)[scores].sum(axis=0), right.sum(axis=1), atol=1e-3)


def test_it_follows_what_people_with_a_score_did() -> None:
    right = sitting(20_000, 20, 3, unequal=0.4).right
    scores, table = right.sum(axis=0), expected(right)
    for score in (6, 10, 14, 17):
        assert np.abs(right[:, scores == score].mean(axis=1) - table[score]).max() < 0.08


def test_an_item_all_or_nobody_had_right_stays_finite() -> None:
    right = sitting(200, 10, 4).right.copy()
    right[0], right[1] = True, False
    table = expected(right)
    assert np.isfinite(table).all()
    assert table[5, 0] > 0.99
    assert table[5, 1] < 0.01


def test_only_extreme_scores_or_nobody_are_tables_too() -> None:
    right = np.array([[True, False], [True, False]])
    assert expected(right).tolist() == [[0, 0], [0, 0], [1, 1]]
    assert expected(right[:, :0]).tolist() == [[0, 0], [0, 0], [1, 1]]
