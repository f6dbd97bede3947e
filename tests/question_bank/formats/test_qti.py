"""QTI items: choices, sets in one item, what is right, and everything else refused by name."""

import pytest

from question_bank.formats import Reading, Unreadable, qti, read
from question_bank.formats.markup import tree
from question_bank.formats.qti3 import as_qti2
from question_bank.item import Item, ItemType
from tests.question_bank.formats.qti_samples import choice, item


def reading(text: str) -> Reading:
    return qti.read(text.encode(), {}, "p")


def one(text: str) -> Item:
    found = reading(text)
    assert found.refused == ()
    assert len(found.items) == 1
    return found.items[0]


def refusal(text: str) -> tuple[str, str]:
    found = reading(text)
    assert found.items == ()
    return found.refused[0].code, found.refused[0].reason


def doubts(text: str) -> list[str]:
    return [doubt.code for doubt in reading(text).doubts]


MAPPING = (
    '<responseDeclaration identifier="R2" cardinality="{}" baseType="identifier"><mapping>'
    '<mapEntry mapKey="A" mappedValue="{}"/><mapEntry mapKey="B" mappedValue="{}"/></mapping></responseDeclaration>'
)


def test_a_single_choice_is_an_a1_item_with_the_text_before_it() -> None:
    found = one(item(f"<p>看 <i>图</i></p>{choice()}"))
    assert (found.type, found.stem, found.key, found.fixed_order) == (ItemType.A1, "看 图\n正确的是？", "b", False)
    assert [option.text for option in found.options] == ["甲", "乙", "丙"]


def test_a_multiple_choice_is_an_x_item() -> None:
    found = one(item(choice(), "A|C", kind="multiple"))
    assert (found.type, found.key) == (ItemType.X, "ac")
    assert doubts(item(choice(), "A", kind="multiple")) == ["one_right"]


def test_choices_that_may_not_move_keep_their_order() -> None:
    assert one(item(choice(shuffle="false"))).fixed_order
    fixed = (
        '<simpleChoice identifier="A">甲</simpleChoice><simpleChoice identifier="B" fixed="true">以上</simpleChoice>'
    )
    assert one(item(choice(choices=fixed))).fixed_order


def test_without_a_correct_response_the_mapping_says_what_is_right() -> None:
    assert one(item(choice(name="R2"), more=MAPPING.format("multiple", 1, 1))).key == "ab"
    assert one(item(choice(name="R2"), more=MAPPING.format("single", 0.5, 2))).key == "b"
    assert doubts(item(choice(name="R2"), more=MAPPING.format("single", 0.5, 2))) == ["partial_credit"]
    assert doubts(item(choice(name="R2"), more=MAPPING.format("multiple", 1, 3))) == ["partial_credit"]
    assert refusal(item(choice(name="R2"), more=MAPPING.format("single", 0, -1)))[0] == "key_empty"
    assert refusal(item(choice(name="R2")))[0] == "key_empty"


def test_answers_and_choices_that_do_not_fit_are_refused() -> None:
    assert refusal(item(choice(), "A|Z", kind="multiple"))[0] == "key_unknown"
    twice = '<simpleChoice identifier="A">甲</simpleChoice><simpleChoice identifier="A">乙</simpleChoice>'
    assert refusal(item(choice(choices=twice), "A"))[0] == "choice_twice"
    assert refusal(item(choice(), "A|B"))[0] == "key_several"


def test_feedback_is_the_explanation() -> None:
    given = (
        '<simpleChoice identifier="A">甲<feedbackInline identifier="A">不对</feedbackInline></simpleChoice>'
        '<simpleChoice identifier="B">乙</simpleChoice>'
    )
    text = item(choice(choices=given)).replace("</itemBody>", "</itemBody><modalFeedback>总之</modalFeedback>")
    assert one(text).explanation == "总之\nA：不对"
    assert [option.text for option in one(text).options] == ["甲", "乙"]


def test_several_choices_after_a_common_text_are_a_case_set() -> None:
    body = f"<p>男，70岁。</p>{choice('诊断？')}{choice('治疗？', name='R2')}"
    found = reading(item(body, more=MAPPING.format("single", 1, 0)))
    assert [(each.type, each.case, each.stem, each.key) for each in found.items] == [
        (ItemType.A3, "男，70岁。", "诊断？", "b"),
        (ItemType.A3, "男，70岁。", "治疗？", "a"),
    ]
    assert len({each.set_code for each in found.items}) == 1
    assert refusal(item(f"<p>x</p>{choice('')}{choice('b')}"))[0] == "several_interactions"


def match(pairs: str, kind: str = "matchInteraction") -> str:
    sets = (
        '<simpleMatchSet><simpleAssociableChoice identifier="p">肺炎</simpleAssociableChoice>'
        '<simpleAssociableChoice identifier="q">结核</simpleAssociableChoice></simpleMatchSet>'
        '<simpleMatchSet><simpleAssociableChoice identifier="x">甲</simpleAssociableChoice>'
        '<simpleAssociableChoice identifier="y">乙</simpleAssociableChoice>'
        '<simpleAssociableChoice identifier="z">丙</simpleAssociableChoice></simpleMatchSet>'
    )
    inside = (
        sets if kind == "matchInteraction" else sets.replace("<simpleMatchSet>", "").replace("</simpleMatchSet>", "")
    )
    return item(f'<{kind} responseIdentifier="RESPONSE"><prompt>配伍</prompt>{inside}</{kind}>', pairs, kind="multiple")


@pytest.mark.parametrize("kind", ["matchInteraction", "associateInteraction"])
def test_stems_with_one_partner_each_are_a_b1_set(kind: str) -> None:
    found = reading(match("p y|q y", kind=kind))
    assert [(each.type, each.stem, each.key) for each in found.items] == [
        (ItemType.B1, "肺炎", "b"),
        (ItemType.B1, "结核", "b"),
    ]
    assert [option.text for option in found.items[0].options] == ["甲", "乙", "丙"]
    assert [doubt.code for doubt in found.doubts] == ["matching", "html"] * 2


def test_stems_may_be_the_second_set() -> None:
    found = reading(match("p x|q y|p z"))
    assert [(each.stem, each.key) for each in found.items] == [("甲", "a"), ("乙", "b"), ("丙", "a")]


def test_a_match_that_is_no_b1_set_is_refused() -> None:
    assert refusal(match("p x|p y|q x|q y"))[0] == "unsupported"
    assert refusal(match("p x"))[0] == "unsupported"
    assert refusal(match("p nonsense|q x"))[0] == "unsupported"


@pytest.mark.parametrize(
    "kind",
    [
        *("textEntry", "extendedText", "order", "inlineChoice", "gapMatch", "hottext", "hotspot", "slider", "upload"),
        *("graphicOrder", "selectPoint", "drawing", "media", "endAttempt", "custom", "portableCustom"),
    ],
)
def test_other_interactions_are_refused_by_name_and_line(kind: str) -> None:
    found = reading(item(f'<p>x</p>\n<{kind}Interaction responseIdentifier="RESPONSE"/>'))
    assert [(each.row, each.code) for each in found.refused] == [(4, "unsupported")]
    assert f"{kind}Interaction" in found.refused[0].reason
    assert "line 4" in found.refused[0].place


def test_an_interaction_next_to_another_is_not_dropped() -> None:
    found = reading(item(f'{choice()}<textEntryInteraction responseIdentifier="R2"/>'))
    assert (found.items, [each.code for each in found.refused]) == ((), ["unsupported", "unsupported"])


def test_items_that_ask_nothing_adapt_or_miss_their_text_are_refused() -> None:
    assert refusal(item("<p>x</p>"))[0] == "unsupported"
    assert refusal(item(choice(), attributes='adaptive="true"'))[0] == "unsupported"
    assert refusal(item(choice(), more='<assessmentStimulusRef href="s.xml"/>'))[0] == "stimulus_missing"
    assert refusal("<assessmentItem/>")[0] == "no_body"


def test_pictures_and_what_a_program_would_fill_in_are_named() -> None:
    assert refusal(item(f'<img src="a.png"/>{choice()}'))[0] == "picture"
    assert refusal(item(f'<p><printedVariable identifier="X"/> mg</p>{choice()}'))[0] == "picture"
    assert one(item(f'<p><img src="a.png" alt="心电图"/></p>{choice()}')).stem == "[心电图]\n正确的是？"


def test_what_is_not_kept_is_named() -> None:
    more = '<templateDeclaration identifier="t"/>'
    text = item(f"<rubricBlock view='scorer'>r</rubricBlock>{choice()}", more=more)
    found = reading(text.replace("</itemBody>", "</itemBody><responseProcessing><x/></responseProcessing>"))
    assert found.ignored == (
        "the identifiers and titles of items",
        "element templateDeclaration",
        "element rubricBlock",
    )
    assert [doubt.code for doubt in found.doubts] == ["processing"]


def test_qti_3_is_read_as_qti_2() -> None:
    text = (
        '<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="i" title="T">'
        '<qti-response-declaration identifier="RESPONSE" cardinality="multiple" base-type="identifier">'
        "<qti-correct-response><qti-value>A</qti-value><qti-value>B</qti-value></qti-correct-response>"
        "</qti-response-declaration><qti-item-body><p>一</p>"
        '<qti-choice-interaction response-identifier="RESPONSE" shuffle="true" max-choices="0">'
        '<qti-prompt>二</qti-prompt><qti-simple-choice identifier="A">甲</qti-simple-choice>'
        '<qti-simple-choice identifier="B">乙</qti-simple-choice></qti-choice-interaction></qti-item-body>'
        "</qti-assessment-item>"
    )
    found = read("x.xml", text.encode(), {}, "p").items[0]
    assert (found.type, found.stem, found.key, found.fixed_order) == (ItemType.X, "一\n二", "ab", False)
    other = text.replace("qti-choice-interaction", "qti-text-entry-interaction")
    assert "textEntryInteraction" in read("x.xml", other.encode(), {}, "p").refused[0].reason


def test_names_of_qti_3_are_translated_and_those_of_html_are_not() -> None:
    node = as_qti2(tree(b'<qti-simple-choice fixed="true" data-my-x="1"><span data-a="b"/></qti-simple-choice>', "x"))
    assert (node.name, node.attributes) == ("simpleChoice", {"fixed": "true", "data-my-x": "1"})
    assert next(node.nodes()).attributes == {"data-a": "b"}


def test_files_that_are_no_items_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="no QTI item: its root is quiz"):
        reading("<quiz/>")
    with pytest.raises(Unreadable, match=r"QTI 1\.2"):
        read("x.xml", b"<questestinterop/>", {}, "p")
    with pytest.raises(Unreadable, match="neither Moodle XML nor a QTI item"):
        read("x.xml", b"<html/>", {}, "p")
    with pytest.raises(Unreadable, match="--map"):
        qti.read(b"<x/>", {"a": "stem"}, "p")
