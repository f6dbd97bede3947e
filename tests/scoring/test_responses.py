"""The table of answers."""

import numpy as np
import pytest

from scoring.responses import NOT_GIVEN, NOT_REACHED, OMITTED, Column, Responses, with_not_reached

AB = Column("Q1", ("A", "B"), (1, 0))


def test_only_what_is_behind_the_last_answer_was_not_reached() -> None:
    codes = np.array([[1, 0, 0], [0, 2, 0], [1, 0, 0]], dtype=np.uint8)
    assert with_not_reached(codes).tolist() == [
        [1, OMITTED, NOT_REACHED],
        [OMITTED, 2, NOT_REACHED],
        [1, NOT_REACHED, NOT_REACHED],
    ]


def test_missing_answers_are_worth_nothing_and_are_not_right() -> None:
    codes = np.array([[1, 2, OMITTED, NOT_REACHED, NOT_GIVEN]], dtype=np.uint8)
    table = Responses(tuple("abcde"), (AB,), codes)
    assert table.points.tolist() == [[1, 0, 0, 0, 0]]
    assert table.right.tolist() == [[True, False, False, False, False]]
    assert not table.complete


def test_part_of_the_points_counts_in_the_total_and_is_not_right() -> None:
    column = Column("Q1", ("ab", "a", "c"), (2, 1, 0))
    table = Responses(tuple("abc"), (column, column), np.array([[1, 2, 3], [2, 2, 3]], dtype=np.uint8))
    assert table.totals.tolist() == [3, 2, 0]
    assert table.right.tolist() == [[True, False, False], [False, False, False]]


@pytest.mark.parametrize("points", [(0, 0), (1,), ()])
def test_an_item_needs_points_for_its_options(points: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        Column("Q1", ("A", "B"), points)
