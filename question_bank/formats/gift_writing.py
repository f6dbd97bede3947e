"""Items as GIFT.

Each is one choice question: those of a set one after another, with the set in a tag, a case before its stem as HTML.
In the comment before it are its id and its tags, as Moodle itself writes them; the topic is a category.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from question_bank.formats.plain import CASE_CLASS, as_html
from question_bank.formats.question import category_of, topic_of
from question_bank.formats.tags import tags_of
from question_bank.item import Item

RIGHT_WEIGHTS_DIGITS: Final = 5  # 33.33333: what Moodle knows
_SIGNS: Final = re.compile(r"[~=#{}:\\]")


def write(items: Sequence[Item]) -> bytes:
    """The file, UTF-8."""
    return "\n".join(_lines(items)).encode()


def _lines(items: Sequence[Item]) -> Iterable[str]:
    topic = ""
    for item in items:
        if item.topic != topic and _fits(item.topic):
            topic = item.topic
            yield f"$CATEGORY: {category_of(topic)}\n"
        yield _comment(item, besides=() if item.topic == topic else ("topic",))
        yield _question(item)


def _fits(topic: str) -> bool:
    return "\n" not in topic and topic_of(category_of(topic)) == topic


def _comment(item: Item, besides: Sequence[str]) -> str:
    tags = " ".join(f"[tag:{_escape_tag(tag)}]" for tag in tags_of(item, besides=besides))
    return f"// [id:{_escape_tag(item.code)}] {tags}"


def _question(item: Item) -> str:
    kind, stem = "plain", item.stem
    if item.case:
        kind, stem = "html", as_html(item.case, "div", CASE_CLASS) + as_html(item.stem, "div")
    answers = "".join(f"\n{_weight(item, option.id)}{_text(option.text, kind)}" for option in item.options)
    general = f"\n####{_text(item.explanation, kind)}" if item.explanation else ""
    return f"::{_escape(item.code)}::[{kind}]{_escape(stem)}{{{answers}{general}\n}}\n"


def _weight(item: Item, option: str) -> str:
    if len(item.key) == 1:
        return "=" if option in item.key else "~"
    share = round(100 / len(item.key), RIGHT_WEIGHTS_DIGITS)
    return f"~%{share:g}%" if option in item.key else "~%-100%"


def _text(text: str, kind: str) -> str:
    """A text of an answer; what could be taken for a weight or a kind is kept from it by a kind of its own."""
    prefix = "[plain]" if kind != "plain" or text.startswith(("[", "%")) else ""
    return prefix + _escape(text)


def _escape(text: str) -> str:
    return _SIGNS.sub(lambda sign: f"\\{sign[0]}", text).replace("\n", "\\n")


def _escape_tag(text: str) -> str:
    return re.sub(r"[\\\[\]]", lambda sign: f"\\{sign[0]}", text).replace("\n", "\\n")
