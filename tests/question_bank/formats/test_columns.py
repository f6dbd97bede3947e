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
