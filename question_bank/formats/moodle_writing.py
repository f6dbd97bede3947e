"""Items as Moodle XML.

Each is one multiple choice question: those of a set one after another, with the set in a tag and a case before its
stem. Code: idnumber and name; topic: category; type, difficulty and whatever else Moodle has no field for: tags.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from question_bank.formats.plain import CASE_CLASS, as_html
from question_bank.formats.question import category_of, topic_of
from question_bank.formats.tags import tags_of
from question_bank.item import Item

WEIGHT_DIGITS: Final = 5  # 33.33333: what Moodle knows


def write(items: Sequence[Item]) -> bytes:
    """The file, UTF-8. Raises nothing: what XML can't hold is kept from it by `writing`."""
    return "".join(('<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n', *_questions(items), "</quiz>\n")).encode()


def _questions(items: Sequence[Item]) -> Iterable[str]:
    topic = ""
    for item in items:
        if item.topic != topic and topic_of(category_of(item.topic)) == item.topic:
            topic = item.topic
            yield f'<question type="category"><category>{_text(category_of(topic))}</category></question>\n'
        yield _question(item, besides=() if item.topic == topic else ("topic",))


def _question(item: Item, besides: Sequence[str]) -> str:
    tags = "".join(f"<tag>{_text(tag)}</tag>" for tag in tags_of(item, besides=besides))
    stem = as_html(item.stem)
    if item.case:
        stem = as_html(item.case, "div", CASE_CLASS) + as_html(item.stem, "div")
    explanation = as_html(item.explanation) if item.explanation else ""
    lines = (
        f"<name>{_text(item.code)}</name>",
        f'<questiontext format="html">{_text(stem)}</questiontext>',
        f'<generalfeedback format="html">{_text(explanation)}</generalfeedback>',
        "<defaultgrade>1</defaultgrade><penalty>0</penalty><hidden>0</hidden>",
        f"<idnumber>{escape(item.code, quote=False)}</idnumber>",
        f"<single>{str(len(item.key) == 1).lower()}</single>",
        f"<shuffleanswers>{str(not item.fixed_order).lower()}</shuffleanswers><answernumbering>ABCD</answernumbering>",
        *(_answer(item, option.id, option.text) for option in item.options),
        f"<tags>{tags}</tags>",
    )
    return '<question type="multichoice">\n' + "\n".join(lines) + "\n</question>\n"


def _answer(item: Item, option: str, text: str) -> str:
    share = round(100 / len(item.key), WEIGHT_DIGITS)
    wrong = 0 if len(item.key) == 1 else -100
    weight = share if option in item.key else wrong
    return f'<answer fraction="{weight:g}" format="html">{_text(as_html(text))}</answer>'


def _text(text: str) -> str:
    return f"<text>{escape(text, quote=False)}</text>"
