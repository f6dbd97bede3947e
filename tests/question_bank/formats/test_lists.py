"""Codes and pictures in one text."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.formats import read
from question_bank.formats.lists import NoList, codes_in, joined, pictures_in, shown
from question_bank.item import Picture
from tests.question_bank.formats.made_items import TEXT

NAME = "ab" * 32


@settings(max_examples=50, deadline=None)
@given(st.sets(TEXT, max_size=5))
def test_codes_come_back_whatever_signs_they_hold(codes: set[str]) -> None:
    assert codes_in(joined(sorted(codes))) == tuple(sorted(codes))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ()),
        ("internal;surgery", ("internal", "surgery")),
        ("surgery；internal、internal", ("internal", "surgery")),
        ('["a;b", "c"]', ("a;b", "c")),
        (["x", "a"], ("a", "x")),
        (None, ()),
    ],
)
def test_codes_are_read_as_authors_write_them(text: object, codes: tuple[str, ...]) -> None:
    assert codes_in(text) == codes


@pytest.mark.parametrize("value", ["[", "[1]", 7, [1], {"a": 1}])
def test_what_is_no_list_of_codes_is_said_to_be_none(value: object) -> None:
    with pytest.raises(NoList):
        codes_in(value)


def test_pictures_come_back_and_what_is_none_is_refused() -> None:
    pictures = (Picture(NAME, "心电图；II 导联"),)
    assert pictures_in(shown(pictures)) == pictures
    for value in ("photo.png", ["photo.png"], '[{"name": "x"}]', '[{"name": 1, "alt": "a"}]'):
        with pytest.raises(NoList):
            pictures_in(value)


def test_a_category_of_another_kind_is_doubted_and_not_kept() -> None:
    line = {"stem": "题干", "options": ["甲", "乙"], "answer": "A", "category": "口腔", "level": "执业医师"}
    lines = [line, line | {"stem": "另题", "category": "内科学", "level": 3}]
    reading = read("b.jsonl", "\n".join(map(json.dumps, lines)).encode(), {}, "p")
    assert [(item.category, item.level) for item in reading.items] == [("dental", "physician"), ("", "")]
    assert [(doubt.row, doubt.code) for doubt in reading.doubts] == [(2, "category_unknown"), (2, "level_unknown")]


def test_an_item_whose_picture_a_file_does_not_hold_is_refused() -> None:
    line = {"stem": "题干", "options": ["甲", "乙"], "answer": "A", "pictures": ["ecg.png"]}
    reading = read("b.jsonl", json.dumps(line).encode(), {}, "p")
    assert [refused.code for refused in reading.refused] == ["pictures_bad"]
