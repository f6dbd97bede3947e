"""A sitting's figures: the same as of a table where all had the same items, honest where they had not."""

import numpy as np
import pytest

from scoring.marking import Scheme
from scoring.responses import Responses
from scoring.sheets import columns_by
from scoring.sitting_statistics import Known, sitting_statistics
from scoring.statistics import Circumstances, statistics
from tests.scoring import simulated
from tests.scoring.sheeted import gathered, keys_of, of_table, own_papers


def test_where_all_had_the_same_items_it_is_what_the_table_says() -> None:
    table = simulated.sitting(400, 30, 1)
    table = Responses(table.persons, table.columns, np.where(table.codes == 3, np.uint8(0), table.codes))
    sheets = of_table(table)
    columns = tuple(type(c)(f"{n}.1", c.options, c.points) for n, c in enumerate(table.columns, 1))
    same = Responses(table.persons, columns, sheets.small.T.copy())
    began = np.arange(400.0)
    groups = [str(number % 7) for number in range(400)]
    seconds = np.exp(np.random.default_rng(2).normal(3, 0.5, (400, 30))).astype(np.float32)
    ours = sitting_statistics(sheets, columns, Known(began, groups, seconds))
    theirs = statistics(same, Circumstances(began, groups, np.ascontiguousarray(seconds.T)))
    assert ours.items == theirs.items
    assert (ours.mean, ours.sd) == pytest.approx((theirs.mean, theirs.sd))
    assert (ours.reliability, ours.sem) == pytest.approx((theirs.alpha, theirs.sem))
    assert (ours.reliability_by, ours.form_count) == ("alpha", 1)
    (form,) = ours.forms
    assert (form.persons, form.items, form.kr20, form.alpha) == (400, 30, theirs.kr20, theirs.alpha)


def test_the_marginal_estimate_is_near_alpha_of_papers_from_the_same_pool() -> None:
    sheets, columns, _, _ = own_papers(1500, 60, 30, 7)
    ours = sitting_statistics(sheets, columns)
    assert (ours.reliability_by, ours.forms) == ("marginal", ())
    whole, its_columns, _, _ = own_papers(1500, 60, 60, 7)  # everybody has all of them: Spearman-Brown makes it half
    alpha = sitting_statistics(whole, its_columns)
    assert alpha.reliability_by == "alpha"
    assert alpha.reliability is not None
    half = 0.5 * alpha.reliability / (1 - 0.5 * alpha.reliability)
    assert ours.reliability == pytest.approx(half, abs=0.03)


def test_of_several_forms_each_has_its_reliability_and_the_whole_an_estimate() -> None:
    table = simulated.sitting(160, 12, 4)
    papers = [("pqrstuvwxy" if person % 2 else "pqrstuvwz{", person) for person in range(160)]
    sheets = gathered(
        *(
            (person, items, "".join("abcde"[table.codes[ord(i) - ord("p"), person] - 1] for i in items))
            for items, person in papers
        )
    )
    ours = sitting_statistics(sheets, columns_by(sheets, keys_of(sheets), Scheme()))
    assert (ours.form_count, [form.persons for form in ours.forms]) == (2, [80, 80])
    assert ours.reliability_by == "marginal"
    assert all(form.kr20 == form.alpha is not None for form in ours.forms)


def test_a_leaked_item_is_found_though_everybody_had_a_paper_of_his_own() -> None:
    for leak in (True, False):
        sheets, columns, _, _ = own_papers(1200, 50, 25, 9, leak=leak)
        ours = sitting_statistics(sheets, columns, Known(np.arange(1200.0), [""] * 1200))
        leaked = [item.item for item in ours.items if any(alarm.code == "leak_over_time" for alarm in item.alarms)]
        assert leaked == (["1.1"] if leak else [])


def test_an_item_answered_quicker_from_some_moment_on_is_found_with_its_median() -> None:
    sheets, columns, _, _ = own_papers(600, 30, 20, 3, leak=True)
    seconds = np.exp(np.random.default_rng(2).normal(3.5, 0.4, (600, 20))).astype(np.float32)
    seconds[300:, 0] = 3.0
    ours = sitting_statistics(sheets, columns, Known(np.arange(600.0), [""] * 600, seconds))
    (alarm,) = [alarm for alarm in ours.items[0].alarms if alarm.code == "odd_speed"]
    assert alarm.facts["median_s_after"] == 3.0
    assert ours.items[0].seconds is not None
    assert not any(alarm.code == "odd_speed" for item in ours.items[1:] for alarm in item.alarms)


def test_sheets_that_are_empty_or_tiny_say_nothing_they_can_not() -> None:
    one = gathered((1, "pq", "ab"))
    empty = one.some(np.zeros(0, dtype=np.int64))
    columns = columns_by(one, keys_of(one), Scheme())
    for sheets in (empty, one):
        found = sitting_statistics(sheets, columns, Known(np.zeros(len(sheets.persons)), [""] * len(sheets.persons)))
        assert (found.reliability, found.reliability_by, found.sem) == (None, "", None)
    assert sitting_statistics(empty, columns).mean is None
