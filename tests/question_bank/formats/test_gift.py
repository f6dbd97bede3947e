"""GIFT: what becomes an item, what is refused by its kind, and where."""

from contextlib import suppress

import pytest

from question_bank.formats import Reading, Unreadable, gift
from question_bank.item import Item, ItemStatus, ItemType


def read(text: str) -> Reading:
    return gift.read(text.encode(), {}, "p")


def item(text: str) -> Item:
    reading = read(text)
    assert reading.refused == ()
    assert len(reading.items) == 1
    return reading.items[0]


def refusal(text: str) -> tuple[int, str]:
    reading = read(text)
    assert reading.items == ()
    return reading.refused[0].row, reading.refused[0].code


def doubts(text: str) -> list[str]:
    return [doubt.code for doubt in read(text).doubts]


def test_a_choice_of_one_is_an_a1_item() -> None:
    found = item("下列哪项正确？{~甲 =乙 ~丙}")
    assert (found.type, found.stem, found.key) == (ItemType.A1, "下列哪项正确？", "b")
    assert [option.text for option in found.options] == ["甲", "乙", "丙"]


def test_weights_without_a_right_answer_are_an_x_item() -> None:
    found = item("哪些？{~%33.333%甲 ~%33.333%乙 ~%-100%丙 ~%33.333%丁}")
    assert (found.type, found.key) == (ItemType.X, "abd")
    assert doubts("哪些？{~%50%甲 ~%50%乙 ~%-100%丙}") == []


def test_weights_that_an_item_has_no_place_for_are_said() -> None:
    assert doubts("?{=甲 ~%50%乙 ~丙}") == ["partial_credit"]
    assert doubts("?{~%70%甲 ~%30%乙 ~丙}") == ["partial_credit"]
    assert doubts("?{~%50%甲 ~%50%乙 ~%-25%丙}") == ["penalty"]
    assert doubts("?{~%100%甲 ~乙}") == ["one_right"]


def test_two_right_answers_of_one_choice_are_refused() -> None:
    assert refusal("?{=甲 =乙 ~丙}") == (1, "key_several")


def test_escaped_signs_are_text() -> None:
    found = item(r"PaO2\=60\: \{x\} \#1 \\ \~ \[x\] a\nb{=\=1 ~\~2}")
    assert found.stem == "PaO2=60: {x} #1 \\ ~ \\[x\\] a\nb"
    assert [option.text for option in found.options] == ["=1", "~2"]


def test_a_sign_that_may_be_text_or_begin_an_answer_is_refused_where_spaces_set_answers_apart() -> None:
    assert refusal("病程？{=3~5天 ~一周 ~一月}") == (1, "gift_sign")
    assert item("病程？{=一天~一周~一月}").key == "a"


def test_feedback_is_the_explanation() -> None:
    found = item("?{=甲#对 ~乙#不对：{}####总之}".replace("{}", ""))
    assert found.explanation == "总之\nA：对\nB：不对："


def test_a_gap_in_a_sentence_is_shown_as_a_gap() -> None:
    assert item("Grant is {~buried =entombed} here.").stem == "Grant is _____ here."
    assert item("首选{~甲 =乙}治疗。").stem == "首选_____治疗。"


def test_names_comments_and_categories_are_read() -> None:
    start = "// note\n$CATEGORY: $course$/top/专业/内 科//外科\n\n"
    reading = read(f"{start}// [id:Q\\]1] [tag:难度:难] [tag:rare]\n::t::?{{=1 ~2}}\n// end\n")
    found = reading.items[0]
    assert (found.code, found.topic, found.difficulty) == ("Q]1", "专业/内 科／外科", 3)
    assert reading.ignored == ("the names of questions (::name::)", "tag rare")


def test_a_category_directly_after_a_question_is_that_of_the_next() -> None:
    assert [found.topic for found in read("a{=1 ~2}\n$CATEGORY: T\nb{=1 ~2}").items] == ["未分类", "T"]


def test_tags_of_ours_say_what_gift_has_no_field_for() -> None:
    tags = "[tag:exam:type=A2] [tag:exam:difficulty=1] [tag:exam:fixed_order=yes] [tag:exam:item_status=draft]"
    found = item(f"// [id:x] {tags}\n[plain]a  b{{=A. 1\n~B. 2\n}}")
    assert (found.type, found.difficulty, found.fixed_order, found.status) == (ItemType.A2, 1, True, ItemStatus.DRAFT)
    assert found.stem == "a  b"
    assert [option.text for option in found.options] == ["A. 1", "B. 2"]


def test_a_true_false_question_is_a_choice_of_two_and_said_so() -> None:
    found = item("地球是圆的。{T#不对#很好}")
    assert ([option.text for option in found.options], found.key) == (["正确", "错误"], "a")
    assert found.explanation == "A：很好\nB：不对"
    assert item("The earth is flat.{FALSE}").key == "b"
    assert doubts("x{T}") == ["true_false"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Who?{=no one =nobody}", "short answer"),
        ("When?{#1822:5}", "numeric"),
        ("Match.{=a -> b =c -> d =e -> f}", "matching"),
        ("Write.{}", "essay"),
        ("Write.{####hint}", "essay"),
        ("Only a text.", "description"),
    ],
)
def test_other_kinds_are_refused_by_their_name_and_line(text: str, word: str) -> None:
    reading = read(f"ok{{=1 ~2}}\n\n{text}\n")
    assert [(each.row, each.code, each.place) for each in reading.refused] == [(3, "unsupported", "line 3")]
    assert word in reading.refused[0].reason
    assert len(reading.items) == 1


def test_an_open_brace_does_not_swallow_the_next_question() -> None:
    reading = read("a{=1 ~2\n\nb{=1 ~2}\n\nc{=1\n\n~2}")
    assert [found.stem for found in reading.items] == ["b", "c"]
    assert [(each.row, each.code) for each in reading.refused] == [(1, "gift_braces")]


def test_html_becomes_text_and_what_it_loses_is_said() -> None:
    assert item("[html]10<sup>9</sup>/L &lt; x{=<p>甲</p> ~乙}").stem == "10⁹/L < x"
    assert item("K<5 and a<b{=1 ~2}").stem == "K<5 and a<b"
    assert doubts("[html]<b>不</b>是{=1 ~2}") == ["html"]
    assert doubts("[markdown]**不**是{=1 ~2}") == ["markdown"]
    assert refusal('[html]<img src\\="x.png">?{=1 ~2}') == (1, "picture")


def test_lines_of_a_question_are_one_text() -> None:
    assert item("a\nb{\n=1 2\n 3\n~4\n}").options[0].text == "1 2 3"


def test_room_for_the_answer_in_a_chinese_text_and_lines_that_are_meant_stay() -> None:
    assert item("正确的是（　　）{=甲 ~乙}").stem == "正确的是（　　）"
    assert item("一\\n10<sup>9</sup>{=甲 ~乙}").stem == "一\n10⁹"


def test_a_file_without_questions_or_with_a_mapping_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="no GIFT questions"):
        read("// nothing\n$CATEGORY: x\n")
    with pytest.raises(Unreadable, match="--map"):
        gift.read(b"a{=1 ~2}", {"a": "stem"}, "p")


def test_a_question_that_is_too_long_is_refused() -> None:
    assert refusal("a" * 200_001 + "{=1 ~2}") == (1, "cell_long")


@pytest.mark.parametrize(
    "hostile", ["// [tag:", "// [id:", "{ ", "a{=1\n\n", "::", "\\", "a{~%", "a{T ", "{####", "\n"]
)
def test_reading_a_hostile_file_takes_time_in_proportion(hostile: str) -> None:
    # A reader that looks on from each of the signs anew would need hours; the limit of a test ends it.
    with suppress(Unreadable):
        assert read("a" + hostile * (400_000 // len(hostile))).items == ()
