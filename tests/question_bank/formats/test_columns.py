"""Which column holds which field."""

import pytest

from question_bank.formats.columns import columns_of
from question_bank.formats.reading import Unreadable

PLAIN = ["stem", "options", "answer"]


def test_columns_named_like_a_field_need_no_mapping() -> None:
    assert columns_of(["Stem", " options", "answer", "year"], {}) == {
        "Stem": "stem",
        " options": "options",
        "answer": "answer",
    }


def test_a_mapped_column_stands_for_the_one_named_like_the_field() -> None:
    assert columns_of([*PLAIN, "question"], {"question": "stem"}) == {
        "options": "options",
        "answer": "answer",
        "question": "stem",
    }


def test_a_column_named_like_one_field_may_hold_another() -> None:
    assert columns_of(["case", "options", "answer"], {"case": "stem"})["case"] == "stem"


@pytest.mark.parametrize(
    ("names", "mapping", "words"),
    [
        (PLAIN, {"stem": "title"}, "names no field"),
        (PLAIN, {"question": "stem"}, "does not have"),
        ([*PLAIN, "a", "b"], {"a": "case", "b": "case"}, "2 columns: a, b"),
        (["stem", "Stem", "options", "answer"], {}, "2 columns: stem, Stem"),
        (["options", "answer"], {}, "--map COLUMN=stem"),
        (["stem", "options"], {}, "--map COLUMN=answer"),
        (["stem", "answer", "option_a"], {}, "COLUMN=option_a"),
    ],
)
def test_columns_that_make_no_sense_are_unreadable(names: list[str], mapping: dict[str, str], words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        columns_of(names, mapping)


def test_columns_in_chinese_need_no_mapping() -> None:
    assert columns_of(["题干", "选项A", "B选项", "正确答案", "题型", "难度", "序号"], {}) == {
        "题干": "stem",
        "选项A": "option_a",
        "B选项": "option_b",
        "正确答案": "answer",
        "题型": "type",
        "难度": "difficulty",
    }


def test_bare_letters_are_options_only_together_and_where_no_column_is_named_so() -> None:
    assert columns_of(["stem", "A", "b", "answer"], {})["b"] == "option_b"
    assert "A" not in columns_of([*PLAIN, "A", "B"], {})


def test_a_chinese_name_gives_way_to_a_field_and_to_a_mapping_and_the_second_of_two_is_not_read() -> None:
    assert "题干" not in columns_of([*PLAIN, "题干"], {})
    assert "题干" not in columns_of(["题干", "问", "options", "answer"], {"问": "stem"})
    assert "考点" not in columns_of([*PLAIN, "知识点", "考点"], {})
    with pytest.raises(Unreadable, match="2 columns: 题干, 题目"):
        columns_of(["题干", "题目", "options", "answer"], {})
