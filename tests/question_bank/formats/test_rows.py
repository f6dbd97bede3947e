"""Rules between the rows of a file."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.formats.reading import Reading, Row, Unreadable
from question_bank.formats.rows import collect
from question_bank.item import problems

WORDS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8)


def reading(*rows: dict[str, Any]) -> Reading:
    full = [{"stem": f"{number}?", "options": "yes\nno", "answer": "A", **row} for number, row in enumerate(rows, 1)]
    return collect([Row(number, row) for number, row in enumerate(full, 1)], {}, "p")


def refused(*rows: dict[str, Any]) -> list[tuple[int, str]]:
    return [(each.row, each.code) for each in reading(*rows).refused]


def test_good_rows_become_items_in_their_order() -> None:
    assert [item.stem for item in reading({}, {}, {}).items] == ["1?", "2?", "3?"]


def test_a_bad_row_is_refused_with_all_its_reasons_and_the_others_are_kept() -> None:
    found = reading({}, {"stem": "", "answer": "F"}, {})
    assert len(found.items) == 2
    assert [(each.row, each.code) for each in found.refused] == [(2, "stem_empty")]
    assert found.refused[0].reason == "The stem is empty. The answer F names an option that is not there."


def test_a_question_that_was_already_there_is_taken_doubted_and_the_first_row_named() -> None:
    found = reading({"stem": "Why ?"}, {}, {"stem": "Why?", "options": "no\nyes"})
    assert (len(found.items), found.refused) == (3, ())
    assert [(each.row, each.reason) for each in found.doubts] == [(3, "The same question is in row 1.")]
    assert reading({"stem": "Why?"}, {"stem": "Why?", "options": "yes\nnever"}).doubts == ()


def test_the_very_same_row_again_gets_a_code_of_its_own() -> None:
    found = reading({"stem": "Why?"}, {}, {"stem": "Why?"})
    first, _, again = found.items
    assert (again.code, [each.code for each in found.doubts]) == (f"{first.code}-2", ["duplicate"])


def test_two_wrong_options_that_say_the_same_are_taken_and_doubted() -> None:
    found = reading({"options": "yes\nno\nn o"}, {"options": "yes\nno\nyes"})
    assert [(each.row, each.code) for each in found.doubts] == [(1, "option_twice")]
    assert [(each.row, each.code) for each in found.refused] == [(2, "option_twice")]


def test_a_question_about_another_case_is_another_question() -> None:
    case = {"type": "A3", "stem": "?"}
    first = [{**case, "set": "S", "case": "one"}, {**case, "stem": "!", "set": "S", "case": "one"}]
    second = [{**row, "set": "T", "case": "two"} for row in first]
    assert refused(*first, *second) == []


def test_a_code_is_used_once() -> None:
    assert refused({"code": "Q1"}, {"code": "Q2"}, {"code": "Q1"}) == [(3, "code_twice")]


def test_a_set_with_a_bad_row_is_refused_as_a_whole() -> None:
    row = {"type": "B1", "set": "S"}
    assert refused(row, {}, {**row, "answer": "?"}, row) == [
        (1, "set_incomplete"),
        (3, "answer_unknown"),
        (4, "set_incomplete"),
    ]


def test_a_set_that_is_no_set_is_refused_row_by_row() -> None:
    assert refused({"type": "B1", "set": "S"}, {"type": "B1", "set": "S", "options": "a\nb"}) == [
        (1, "set_options"),
        (2, "set_options"),
    ]
    assert refused({"type": "B1", "set": "S"}) == [(1, "set_size")]


def test_columns_nobody_asked_for_are_named() -> None:
    assert reading({"year": 2017, "source": "?"}).ignored == ("year", "source")


def test_a_file_without_rows_or_with_too_many_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="no rows"):
        collect([], {}, "p")
    with pytest.raises(Unreadable, match="more than 200000 rows"):
        collect([Row(1, {})] * 200_001, {}, "p")


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(WORDS, max_size=5)
FIELDS = ["stem", "options", "answer", "type", "topic", "difficulty", "set", "case", "code", "fixed_order"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), ANYTHING), min_size=1, max_size=6))
def test_whatever_is_in_the_cells_every_row_becomes_an_item_or_a_refusal(rows: list[dict[str, Any]]) -> None:
    columns = dict.fromkeys(FIELDS)
    found = collect([Row(number, {**columns, **row}) for number, row in enumerate(rows, 1)], {}, "p")
    assert len(found.items) + len(found.refused) == len(rows)
    assert all(not problems(item) for item in found.items)
    assert all(each.reason for each in found.refused)
