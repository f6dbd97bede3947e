"""Moodle XML: kinds, places, HTML, weights, matching as B1, and what is not kept."""

import pytest

from question_bank.formats import Reading, Unreadable, moodle_xml
from question_bank.item import ItemStatus, ItemType


def answer(fraction: str, text: str, feedback: str = "") -> str:
    said = f"<feedback><text>{feedback}</text></feedback>" if feedback else ""
    return f'<answer fraction="{fraction}" format="html"><text><![CDATA[{text}]]></text>{said}</answer>'


def question(inside: str, kind: str = "multichoice", stem: str = "<p>正确的是？</p>") -> str:
    text = f"<text><![CDATA[{stem}]]></text>"
    return f'<question type="{kind}">\n<questiontext format="html">{text}</questiontext>{inside}</question>\n'


CHOICES = answer("0", "甲") + answer("100", "乙") + answer("0", "丙")


def read(*questions: str) -> Reading:
    return moodle_xml.read(f"<?xml version='1.0'?>\n<quiz>\n{''.join(questions)}</quiz>".encode(), {}, "p")


def doubts(*questions: str) -> list[str]:
    return [doubt.code for doubt in read(*questions).doubts]


def test_multiple_choice_becomes_an_item_with_its_topic_and_explanation() -> None:
    category = "<question type='category'><category><text>$course$/top/专业/内科</text></category></question>"
    inside = "<idnumber>Q1</idnumber><single>true</single><shuffleanswers>false</shuffleanswers>"
    feedback = "<generalfeedback><text>总之</text></generalfeedback>"
    found = read(category, question(inside + feedback + answer("100", "甲", "对") + answer("0", "乙"))).items[0]
    assert (found.code, found.type, found.stem, found.key) == ("Q1", ItemType.A1, "正确的是？", "a")
    assert (found.topic, found.fixed_order, found.explanation) == ("专业/内科", True, "总之\nA：对")


def test_several_right_answers_are_an_x_item() -> None:
    inside = "<single>false</single>" + answer("50", "甲") + answer("-100", "乙") + answer("50", "丙")
    assert [(found.type, found.key) for found in read(question(inside)).items] == [(ItemType.X, "ac")]
    assert doubts(question(inside)) == []
    assert doubts(question(inside.replace("-100", "-10"))) == ["penalty"]


def test_difficulty_comes_from_a_tag_and_other_tags_are_named() -> None:
    tags = "<tags><tag><text>hard</text></tag><tag><text>2024</text></tag></tags>"
    reading = read(question(CHOICES + tags))
    assert (reading.items[0].difficulty, reading.ignored) == (3, ("tag 2024",))


@pytest.mark.parametrize(
    "kind", ["essay", "shortanswer", "numerical", "cloze", "description", "calculated", "ddwtos", "gapselect", "random"]
)
def test_other_kinds_are_refused_by_name_and_place(kind: str) -> None:
    reading = read(question(CHOICES), question("<name><text>N7</text></name>", kind))
    assert [(each.row, each.code, each.place) for each in reading.refused] == [
        (5, "unsupported", "line 5, question 2 (N7)")
    ]
    assert kind in reading.refused[0].reason
    assert len(reading.items) == 1


def test_true_false_is_a_choice_of_two() -> None:
    inside = answer("0", "true", "不对") + answer("100", "false")
    found = read(question(inside, "truefalse"))
    assert [(item.key, item.fixed_order, item.explanation) for item in found.items] == [("b", True, "A：不对")]
    assert [doubt.code for doubt in found.doubts] == ["true_false"]


def pair(stem: str, option: str) -> str:
    return f"<subquestion format='html'><text>{stem}</text><answer><text>{option}</text></answer></subquestion>"


def test_a_matching_question_is_a_b1_set() -> None:
    pairs = pair("肺炎", "甲") + pair("结核", "乙") + pair("流感", "甲") + pair("", "丙")
    reading = read(question(pairs, "matching", "配伍"))
    assert [(found.type, found.stem, found.key) for found in reading.items] == [
        (ItemType.B1, "肺炎", "a"),
        (ItemType.B1, "结核", "b"),
        (ItemType.B1, "流感", "a"),
    ]
    assert {tuple(option.text for option in found.options) for found in reading.items} == {("甲", "乙", "丙")}
    assert len({found.set_code for found in reading.items}) == 1
    assert [doubt.code for doubt in reading.doubts] == ["matching", "html"] * 3
    assert "配伍" in reading.doubts[1].reason


def test_a_matching_question_that_is_no_b1_set_is_refused() -> None:
    assert read(question(pair("一", "甲"), "matching")).refused[0].code == "set_size"


def test_a_hidden_question_comes_in_suspended_and_said_so() -> None:
    reading = read(question("<hidden>1</hidden>" + CHOICES))
    assert reading.items[0].status is ItemStatus.SUSPENDED
    assert [doubt.code for doubt in reading.doubts] == ["hidden"]


def test_what_is_not_kept_is_named() -> None:
    extra = "<name><text>n</text></name><defaultgrade>2</defaultgrade><hint><text>h</text></hint><penalty>0.3</penalty>"
    reading = moodle_xml.read(f"<quiz>{question(CHOICES + extra)}<notes/></quiz>".encode(), {}, "p")
    assert reading.ignored == (
        "the names of questions (name)",
        "element hint",
        "element defaultgrade (points come from the scheme of a sitting)",
        "element notes",
    )


def test_pictures_are_named_and_their_words_take_their_place() -> None:
    with_words = question(CHOICES, stem='<img src="@@PLUGINFILE@@/a.png" alt="心电图">?')
    without = question(CHOICES, stem='<img src="@@PLUGINFILE@@/b.png">?')
    reading = read(with_words, without)
    assert [found.stem for found in reading.items] == ["[心电图]?"]
    assert [doubt.code for doubt in reading.doubts] == ["html"]
    assert [(each.code, "b.png" in each.reason) for each in reading.refused] == [("picture", True)]
    assert doubts(question(CHOICES + "<file name='x.png' encoding='base64'>AAAA</file>")) == ["file"]


def test_labels_of_options_are_taken_off_but_from_an_item_with_tags_of_ours() -> None:
    labelled = answer("0", "A. 甲") + answer("100", "B. 乙")
    assert [option.text for option in read(question(labelled)).items[0].options] == ["甲", "乙"]
    ours = labelled + "<tags><tag><text>exam:type=A1</text></tag></tags>"
    assert [option.text for option in read(question(ours)).items[0].options] == ["A. 甲", "B. 乙"]


@pytest.mark.parametrize("fraction", ["abc", "33,33333", "nan"])
def test_a_weight_that_is_no_number_is_refused_and_not_taken_for_nothing(fraction: str) -> None:
    reading = read(question(answer(fraction, "甲") + answer("100", "乙")))
    assert [(each.row, each.code) for each in reading.refused] == [(3, "fraction_bad")]
    assert fraction in reading.refused[0].reason


def test_lines_of_the_format_of_moodle_stay_lines() -> None:
    text = question(CHOICES, stem="一\n二<br>\n三\n<p>四</p>\n五").replace(
        'format="html"', 'format="moodle_auto_format"'
    )
    assert read(text).items[0].stem == "一\n二\n三\n四\n五"


def test_formulas_in_tex_and_emphasis_by_style_are_said() -> None:
    assert doubts(question(CHOICES, stem=r"\(x^2\)")) == ["formula"]
    assert doubts(question(CHOICES, stem='<span style="text-decoration: underline">不</span>是')) == ["html"]


def test_letters_of_options_in_another_order_stay_text_for_the_weight_says_which_is_right() -> None:
    found = read(question(answer("100", "B. 乙") + answer("0", "A. 甲"))).items[0]
    assert ([option.text for option in found.options], found.key) == (["B. 乙", "A. 甲"], "a")


def test_what_a_category_says_besides_its_path_is_named() -> None:
    inside = "<category><text>$course$/top/内科</text></category><info><text>说明</text></info>"
    reading = read(f"<question type='category'>{inside}</question>", question(CHOICES))
    assert (reading.items[0].topic, reading.ignored) == ("内科", ("element info of a category",))


def test_a_question_that_is_no_item_is_refused_with_its_reasons() -> None:
    reading = read(question(answer("0", "甲") + answer("0", "乙")), question(answer("100", "甲")), question(CHOICES))
    assert [(each.row, each.code) for each in reading.refused] == [(3, "key_empty"), (5, "option_count")]
    assert len(reading.items) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<quiz></quiz>", "no questions"),
        (b"<html><question/></html>", "its root is html"),
        (b"<quiz><question>", "not well-formed"),
        (b"<!DOCTYPE quiz [<!ENTITY a 'b'>]><quiz>&a;</quiz>", "document type"),
    ],
)
def test_a_file_that_is_none_is_unreadable(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        moodle_xml.read(data, {}, "p")
    with pytest.raises(Unreadable, match="--map"):
        moodle_xml.read(data, {"a": "stem"}, "p")
