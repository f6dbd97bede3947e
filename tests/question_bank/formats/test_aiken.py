"""Aiken as authors write it, and what it can't hold."""

import pytest
from msgspec.structs import replace

from question_bank.formats import Reading, Unreadable, aiken
from question_bank.item import Item, ItemType, Option

GOOD = "哪项？\nA. 甲\nB) 乙\nANSWER: B\n"
ITEM = Item(
    code="c",
    pool="p",
    type=ItemType.A1,
    topic="t",
    stem="?",
    options=(Option("a", "1"), Option("b", "2")),
    key="b",
)


def read(text: str) -> Reading:
    return aiken.read(text.encode(), {}, "p")


def refusals(text: str) -> list[tuple[int, str]]:
    return [(each.row, each.code) for each in read(text).refused]


def test_questions_are_read_with_or_without_empty_lines_between() -> None:
    reading = read(f"{GOOD}\n{GOOD.replace('哪项', '何者')}B 族维生素？\n\nA、甲\nB：乙\n答案：a\n")
    assert [(found.stem, found.key) for found in reading.items] == [
        ("哪项？", "b"),
        ("何者？", "b"),
        ("B 族维生素？", "a"),
    ]
    assert reading.refused == ()


def test_several_lines_several_answers_and_explanations_are_read() -> None:
    found = read("一\n二\nA. 甲\n续\nB. 乙\nC. 丙\nANSWER: A, C\nANSWER_EXPLANATION: 因为\nSCORE: 2\n")
    item = found.items[0]
    assert (item.stem, item.options[0].text, item.key, item.type) == ("一\n二", "甲\n续", "ac", ItemType.X)
    assert (item.explanation, found.ignored) == ("因为", ("SCORE",))


def test_a_question_without_an_answer_does_not_take_in_the_next() -> None:
    reading = read(f"没有答案\nA. 甲\nB. 乙\n\n{GOOD}")
    assert [(each.row, each.code) for each in reading.refused] == [(1, "key_empty")]
    assert [found.stem for found in reading.items] == ["哪项？"]


def test_what_is_out_of_order_is_refused_and_not_made_a_text() -> None:
    assert refusals("?\nA. 甲\nB. 乙\nD. 丁\nANSWER: A\n") == [(1, "option_gap")]
    assert refusals("?\nA. 甲\nB. 乙\nANSWER: C\n") == [(1, "key_unknown")]
    assert refusals("?\nA. 甲\nB. 乙\nANSWER: 乙\n") == [(1, "answer_unknown")]
    assert refusals("A. 甲\nB. 乙\nANSWER: A\n") == [(1, "stem_empty")]


def test_a_file_without_questions_or_with_a_mapping_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="empty"):
        read("\n")
    with pytest.raises(Unreadable, match="--map"):
        aiken.read(GOOD.encode(), {"a": "stem"}, "p")


def test_it_says_which_items_it_can_not_hold_and_what_it_loses_of_the_others() -> None:
    assert aiken.why_not(ITEM) == ""
    assert "right option" in aiken.why_not(replace(ITEM, type=ItemType.X, key="ab"))
    assert "several" in aiken.why_not(replace(ITEM, stem="a\nb"))
    assert "begins like" in aiken.why_not(replace(ITEM, stem="A. fumigatus?"))
    assert aiken.lost([ITEM, replace(ITEM, explanation="!", difficulty=3)]) == [
        "code of 2",
        "topic of 2",
        "difficulty of 1",
        "explanation of 1",
    ]


def test_a_file_of_empty_lines_is_looked_through_once() -> None:
    # Looking on from each of the lines anew would need hours; the limit of a test ends it.
    assert not aiken.looks_like("\n" * 3_000_000 + " " * 3_000_000)


def test_an_explanation_goes_on_to_the_next_empty_line_and_never_into_the_next_stem() -> None:
    options = "A. 甲\nB. 乙\nANSWER: A\n"
    told = f"{GOOD}解析：因为\n还因为\n\n何者？\n{options}FEEDBACK: 短\n谁？\n{options}解析：末\n尾"
    first, second, third = read(told).items
    assert (first.explanation, second.stem) == ("因为\n还因为", "何者？")
    assert (second.explanation, third.stem, third.explanation) == ("短", "谁？", "末\n尾")
