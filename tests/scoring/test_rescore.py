"""What-if: who passes then, who would fail, and the pass that stands."""

import pytest

from scoring.marking import Ruling, Scheme
from scoring.rescore import Change, Line, Outcome, what_if
from scoring.result import line
from tests.scoring.sheeted import gathered, keys_of

# Items p to t, the key is a throughout; the line is 3 of 5. Person 4 had u in the place of p.
SHEETS = gathered((1, "pqrst", "aaaab"), (2, "pqrst", "aaabb"), (3, "pqrst", "baabb"), (4, "uqrst", "baabb"))
LINE = Line(3, 5)


def rulings(*ruled: Ruling, released: dict[int, bool] | None = None, keep: bool = True) -> Outcome:
    after = Scheme(rulings=ruled, edition=1)
    return what_if(SHEETS, keys_of(SHEETS), (Scheme(), after), LINE, released or {}, keep_passes=keep)


def changes(outcome: Outcome) -> dict[int, Change]:
    return {int(SHEETS.persons[case.row]): case.change for case in outcome.cases}


def test_full_credit_lets_pass_who_lacked_one_point() -> None:
    outcome = rulings(Ruling(1, 1, full_credit=True))
    assert changes(outcome) == {3: Change.GAINS}
    assert (outcome.counted, outcome.touched, outcome.up, outcome.down) == (4, 3, 1, 0)
    assert (outcome.passing_before, outcome.passing_after) == (2, 3)


def test_another_key_takes_points_from_who_had_the_old_one() -> None:
    outcome = rulings(Ruling(1, 1, key="b"))
    assert changes(outcome) == {2: Change.LOSES, 3: Change.GAINS}
    assert (outcome.up, outcome.down) == (1, 2)


def test_a_void_item_moves_the_line_of_the_papers_that_have_it_only() -> None:
    (case,) = rulings(Ruling(1, 1, void=True)).cases
    assert (case.change, case.points_after, case.points_max_after, case.pass_points_after) == ("loses", 2, 4, 3)
    assert changes(rulings(Ruling(6, 1, void=True))) == {}


@pytest.mark.parametrize(
    ("released", "keep", "wanted"),
    [
        ({}, True, {2: Change.LOSES}),  # nobody was told anything yet
        ({2: True}, True, {2: Change.KEPT}),
        ({2: True}, False, {2: Change.LOSES}),
        ({1: True, 3: False}, True, {2: Change.LOSES}),
        ({2: False}, True, {}),  # failed before, fails after
    ],
)
def test_a_released_pass_stands_unless_it_was_chosen_otherwise(
    released: dict[int, bool], keep: bool, wanted: dict[int, Change]
) -> None:
    assert changes(rulings(Ruling(1, 1, key="c"), released=released, keep=keep)) == wanted


def test_a_pass_kept_by_an_earlier_rescore_is_not_touched_by_one_of_other_items() -> None:
    assert changes(rulings(Ruling(6, 1, void=True), released={3: True}, keep=False)) == {}


def test_forms_and_histograms_count_everybody_once() -> None:
    outcome = rulings(Ruling(1, 1, full_credit=True))
    assert sum(outcome.before) == sum(outcome.after) == 4
    (form,) = outcome.forms
    assert (form.persons, form.passing_before, form.passing_after) == (3, 2, 3)
    assert [form.mean_before, form.mean_after] == pytest.approx([3, 10 / 3])


@pytest.mark.parametrize(
    ("pass_points", "points_max", "points_full", "wanted"),
    [
        (60, 100, 100, 60),
        (60, 99, 100, 60),
        (60, 98, 100, 59),
        (60, 90, 100, 54),
        (3, 4, 5, 3),
        (0, 5, 5, 0),
        (1, 0, 0, 1),
    ],
)
def test_the_line_of_a_paper_follows_its_maximum_rounded_up(
    pass_points: int, points_max: int, points_full: int, wanted: int
) -> None:
    assert line(pass_points, points_max, points_full) == wanted
