"""The many ways in which authors write the same thing."""

from typing import Any

import pytest

from question_bank.formats.cells import NoItem, item_of
from question_bank.item import Item, ItemStatus, ItemType

COLUMNS = {name: name for name in ("stem", "options", "answer", "type", "topic", "difficulty", "code", "fixed_order")}
LETTERED = {"question": "stem", "opa": "option_a", "opb": "option_b", "opc": "option_c", "right": "answer"}


def read(**values: Any) -> Item:
    return item_of({"stem": "?", "options": "yes\nno\nperhaps", "answer": "A", **values}, COLUMNS, "humanities")


def texts(item: Item) -> list[str]:
    return [option.text for option in item.options]


def refusal(**values: Any) -> str:
    with pytest.raises(NoItem) as raised:
        read(**values)
    return raised.value.code


def test_what_is_not_said_has_a_default() -> None:
    item = read()
    assert (item.type, item.topic, item.difficulty, item.fixed_order) == (ItemType.A1, "未分类", 2, False)
    assert (item.set_code, item.case, item.explanation, item.status) == ("", "", "", ItemStatus.ACTIVE)


@pytest.mark.parametrize(
    "written", ["AC", "ca", "A,C", "A、C", "Ａ，Ｃ", "c / a", "A;C", ["A", "C"], "AAC", "option_a option_c"]
)
def test_an_answer_may_be_written_in_many_ways(written: Any) -> None:
    assert read(answer=written).key == "ac"


def test_an_answer_may_name_the_column_of_its_option() -> None:
    values = {"question": "?", "opa": "yes", "opb": "no", "opc": "", "right": "opb"}
    item = item_of(values, LETTERED, "p")
    assert (item.key, texts(item)) == ("b", ["yes", "no"])
    assert item_of({**values, "right": "OPA, opb"}, LETTERED, "p").key == "ab"


def test_several_right_answers_make_an_x_item_unless_the_type_is_said() -> None:
    assert read(answer="AC").type is ItemType.X
    assert read(answer="AC", type="a2").type is ItemType.A2


@pytest.mark.parametrize(
    "written",
    [
        "yes\nno\nperhaps",
        "A yes\nB no\nC perhaps",
        "A.yes\nB. no\r\nC．perhaps",
        "A、yes\n\nB、no\n C、perhaps ",
        "(A) yes\n(B)no\n（C） perhaps",
        "a: yes\nb: no\nc：perhaps",
        ["yes", "no", "perhaps"],
        ["A. yes", "B. no", "C. perhaps"],
        {"A": "yes", "B": "no", "C": "perhaps", "D": ""},
    ],
)
def test_options_may_be_written_in_many_ways(written: Any) -> None:
    assert texts(read(options=written)) == ["yes", "no", "perhaps"]


@pytest.mark.parametrize("lines", [["A型血", "B型血"], ["B 超", "A 超"], ["A 期", "Ⅱ期"], ["A. yes", "no"]])
def test_a_letter_that_is_no_label_stays(lines: list[str]) -> None:
    assert texts(read(options="\n".join(lines))) == lines


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("A. yes\nor so\nB. no", ["yes\nor so", "no"]),
        ("A.yes B.no C.perhaps", ["yes", "no", "perhaps"]),
        ("A. yes  B. no\nC. perhaps", ["yes", "no", "perhaps"]),
        ("A.yes;B.no;C.perhaps;", ["yes", "no", "perhaps"]),
        ("A. yes；\nB. no；", ["yes；", "no；"]),
        ("A) yes|B) no", ["yes", "no"]),
        ("A. as in B. below\nB. no", ["as in B. below", "no"]),
    ],
)
def test_options_in_one_cell_begin_at_their_letters(written: str, found: list[str]) -> None:
    assert texts(read(options=written)) == found


@pytest.mark.parametrize(
    "written", ["B. no\nA. yes", "A. yes\nB. no\nD. never", "A. yes\nB. no C. perhaps", ["B. no", "A. yes"]]
)
def test_letters_that_could_mean_another_option_are_refused(written: Any) -> None:
    assert refusal(options=written, answer="B") == "option_label"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("单选题", ItemType.A1),
        ("多选", ItemType.X),
        ("A2型题", ItemType.A2),
        ("B型题", ItemType.B1),
        ("X型", ItemType.X),
    ],
)
def test_the_type_may_be_called_as_authors_call_it(written: str, kind: ItemType) -> None:
    assert read(type=written, answer="AC").type is kind


@pytest.mark.parametrize(("answer", "key"), [("对", "a"), ("√", "a"), ("×", "b"), ("错误", "b"), ("F", "b")])
def test_a_true_false_question_without_options_is_a_choice_of_two(answer: str, key: str) -> None:
    item = read(stem="发热是症状", options="", answer=answer, type="判断题")
    assert (item.type, texts(item), item.key, item.fixed_order) == (ItemType.A1, ["正确", "错误"], key, True)


def test_right_and_wrong_name_the_options_that_say_so() -> None:
    assert read(options="错\n对", answer="√").key == "b"
    assert read(options="True\nFalse", answer="F").key == "b"
    assert read(options="a\nb\nc\nd\ne\ntrue", answer="F").key == "f"


@pytest.mark.parametrize("written", ["B.", "(B)", "【B】", "B。"])
def test_signs_around_an_answer_say_nothing(written: str) -> None:
    assert read(answer=written).key == "b"


def test_a_gap_between_the_options_is_refused() -> None:
    with pytest.raises(NoItem, match="without a gap"):
        item_of({"question": "?", "opa": "yes", "opb": "", "opc": "no", "right": "A"}, LETTERED, "p")


@pytest.mark.parametrize(("written", "level"), [(1, 1), (3.0, 3), ("2", 2), ("难", 3), ("easy", 1), (None, 2), ("", 2)])
def test_difficulty_is_a_number_or_a_word(written: Any, level: int) -> None:
    assert read(difficulty=written).difficulty == level


@pytest.mark.parametrize(("written", "fixed"), [(True, True), ("是", True), (1, True), ("No", False), (None, False)])
def test_fixed_order_is_yes_or_no(written: Any, *, fixed: bool) -> None:
    assert read(fixed_order=written).fixed_order is fixed


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"answer": "正确"}, "answer_unknown"),
        ({"answer": "1"}, "answer_unknown"),
        ({"type": "B2"}, "type_unknown"),
        ({"difficulty": "9"}, "difficulty_bad"),
        ({"fixed_order": "maybe"}, "fixed_order_bad"),
        ({"stem": ["?"]}, "not_text"),
        ({"options": ["yes", {"no": 1}]}, "not_text"),
        ({"options": {"A": "yes", "C": "no"}}, "option_gap"),
        ({"stem": "x" * 20_001}, "cell_long"),
        ({"stem": "a\x00b"}, "text_broken"),
        ({"stem": "\ud800"}, "text_broken"),
    ],
)
def test_what_can_not_be_understood_is_refused(values: dict[str, Any], code: str) -> None:
    assert refusal(**values) == code


def test_a_number_is_text_as_a_person_writes_it() -> None:
    assert texts(read(options=[30.0, 0.9, 7])) == ["30", "0.9", "7"]


def test_the_code_comes_from_pool_and_content_and_is_the_same_every_time() -> None:
    assert read().code == read(stem=" ？ ", difficulty=3).code
    assert len({read().code, read(stem="!").code, read(options="yes\nno").code}) == 3
    assert read().code.startswith("humanities-")
    assert read(code="H-1").code == "H-1"
