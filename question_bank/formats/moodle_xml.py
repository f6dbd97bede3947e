"""Moodle XML: the `question` elements of a `quiz`, read one after another.

Multiple choice and true/false become items; a matching question is what a B1 set is (stems that share their options),
and becomes one. Everything else is refused by its kind. Lines and the number of the question say where.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from question_bank.formats.cells import made_code
from question_bank.formats.markup import Node, each_part
from question_bank.formats.plain import Plain, plain_auto, plain_html
from question_bank.formats.question import (
    LOST_SHOWN_MAX,
    Choice,
    Note,
    Question,
    refused,
    row_of,
    topic_of,
    true_false,
    unsupported,
)
from question_bank.formats.reading import ROW_COUNT_MAX, Reading, Row, Unreadable
from question_bank.formats.rows import collect_questions
from question_bank.formats.tags import read_tags
from question_bank.item import OPTION_COUNT_MAX, SET_SIZES, ItemType

ROOT: Final = "quiz"
READ: Final = frozenset(
    (
        *("name", "questiontext", "generalfeedback", "idnumber", "single", "shuffleanswers", "answer", "subquestion"),
        *("tags", "hidden", "defaultgrade"),
    )
)
SAYS_NOTHING: Final = frozenset(("penalty", "answernumbering", "shownumcorrect", "showstandardinstruction"))
YES: Final = frozenset(("1", "true"))
NO: Final = frozenset(("0", "false"))


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The choice questions of the file as items, the others refused by their kind. Raises Unreadable."""
    if mapping:
        raise Unreadable("Moodle XML has no columns: --map is for tables.")
    quiz = _Quiz()
    root = each_part(data, "The file", quiz.take)
    if root.name != ROOT:
        raise Unreadable(f"The file is no Moodle XML: its root is {root.name}, not {ROOT}.")
    if not quiz.rows:
        raise Unreadable("The file has no questions.")
    return collect_questions(quiz.rows, pool, quiz.ignored)


class _Quiz:
    """The questions so far, and the category they are in."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.ignored: list[str] = []
        self._topic = ""
        self._count = 0

    def take(self, root: Node, node: Node) -> None:
        if root.name != ROOT or len(self.rows) > ROW_COUNT_MAX:
            return  # the file is refused as a whole, once it is read
        if node.name != "question":
            self.ignored.append(f"element {node.name}")
        elif node.get("type") == "category":
            self._topic = topic_of(node.text_at("category", "text"))
            more = (each for each in node.nodes() if each.name != "category" and each.text().strip())
            self.ignored.extend(f"element {each.name[:40]} of a category" for each in more)
        else:
            self._count += 1
            self._question(node)

    def _question(self, node: Node) -> None:
        kind, place = node.get("type"), self._place(node)
        if kind in ("multichoice", "truefalse", "matching"):
            self.ignored.extend(_passed(node))
        odd = [answer.get("fraction") for answer in node.nodes("answer") if _weight(answer) is None]
        if odd and kind in ("multichoice", "truefalse"):
            reason = f"The weight of an answer, fraction {odd[0][:40]!r}, is no number."
            self.rows.append(refused(node.line, place, "fraction_bad", reason))
        elif kind == "multichoice":
            self.rows.append(row_of(_choice(node, place, self._topic)))
        elif kind == "truefalse":
            self.rows.append(row_of(_truth(node, place, self._topic)))
        elif kind == "matching":
            self.rows.extend(_matching(node, place, self._topic))
        else:
            self.rows.append(unsupported(node.line, place, kind[:40] or "without a type"))

    def _place(self, node: Node) -> str:
        name = _text(node.first("name")).text[:60]
        return f"line {node.line}, question {self._count}" + (f" ({name})" if name else "")


def _passed(node: Node) -> Iterator[str]:
    """What of a question is not read although it says something."""
    name, code = node.text_at("name", "text").strip(), node.text_at("idnumber").strip()
    if name and name != code:
        yield "the names of questions (name)"
    for each in node.nodes():
        if each.name not in READ | SAYS_NOTHING and each.text().strip():
            yield f"element {each.name[:40]}"
    if node.text_at("defaultgrade").strip() not in ("", "1", "1.0", "1.0000000"):
        yield "element defaultgrade (points come from the scheme of a sitting)"
    yield from (f"tag {tag[:80]}" for tag in read_tags(_tags(node)).others)


def _choice(node: Node, place: str, topic: str) -> Question:
    return _question(node, place, topic, _text(node.first("questiontext")), _answers(node))


def _question(node: Node, place: str, topic: str, stem: Plain, choices: list[Choice], *notes: Note) -> Question:
    hidden = node.text_at("hidden").strip() == "1"
    if hidden:
        notes = (*notes, ("hidden", "It was hidden and comes in suspended."))
    values: dict[str, Any] = {"topic": topic, "code": node.text_at("idnumber").strip()}
    values["item_status"] = "suspended" if hidden else ""
    values["fixed_order"] = "yes" if node.text_at("shuffleanswers").strip().lower() in NO else ""
    return Question(
        number=node.line,
        place=place,
        stem=stem,
        choices=choices,
        single=node.first("single") is None or node.text_at("single").strip().lower() in YES,
        explanation=_text(node.first("generalfeedback")),
        tags=_tags(node),
        values={name: value for name, value in values.items() if value},
        notes=(*notes, *_files(node)),
    )


def _truth(node: Node, place: str, topic: str) -> Question:
    stem = _text(node.first("questiontext"))
    given = {answer.text_at("text").strip().lower(): answer for answer in node.nodes("answer")}
    is_true = (_weight(given["true"]) or 0) > 0 if "true" in given else False
    choices, note = true_false(stem.text, is_true=is_true)
    said = [given[name].first("feedback") if name in given else None for name in ("true", "false")]
    told = [choice._replace(feedback=_text(feedback)) for choice, feedback in zip(choices, said, strict=True)]
    return _question(node, place, topic, stem, told, note)._replace(
        values={"topic": topic, "code": node.text_at("idnumber").strip(), "fixed_order": "yes"}
    )


def _answers(node: Node) -> list[Choice]:
    answers = node.nodes("answer")
    return [Choice(_text(answer), _weight(answer) or 0.0, _text(answer.first("feedback"))) for answer in answers]


def _matching(node: Node, place: str, topic: str) -> Iterator[Row]:
    """A matching question as a B1 set. Answers without a stem are options that no stem has as its right one."""
    pairs = [(_text(each), _text(each.first("answer"))) for each in node.nodes("subquestion")]
    stems = [(stem, answer) for stem, answer in pairs if stem.text or stem.pictures]
    options: dict[str, Plain] = {}
    for _, answer in pairs:
        options.setdefault(answer.text, answer)
    instruction = _text(node.first("questiontext"))
    least, most = SET_SIZES[ItemType.B1]
    if not least <= len(stems) <= most or len(options) > OPTION_COUNT_MAX:
        reason = f"A matching question is taken as a B1 set of {least} to {most} stems; this has {len(stems)} stems."
        yield refused(node.line, place, "set_size", reason)
        return
    code = node.text_at("idnumber").strip()
    set_code = made_code("set", [instruction.text, *options, *(stem.text for stem, _ in stems)])
    notes: list[Note] = [("matching", "A matching question is taken as a B1 set, each stem with its own point.")]
    if instruction.text:
        notes.append(("html", f"Not kept: the words above the set, {instruction.text[:LOST_SHOWN_MAX]!r}."))
    for number, (stem, answer) in enumerate(stems, 1):
        choices = [Choice(option, 100.0 * (text == answer.text)) for text, option in options.items()]
        question = _question(node, f"{place}, subquestion {number}", topic, stem, choices, *notes)
        values = {**question.values, "type": "B1", "set": set_code, "code": f"{code}-{number}" if code else ""}
        yield row_of(question._replace(values=values))


def _tags(node: Node) -> list[str]:
    return [tag.text_at("text") for tags in node.nodes("tags") for tag in tags.nodes("tag")]


def _files(node: Node) -> Iterator[Note]:
    for file in node.deep("file"):
        yield "file", f"The file {file.get('name')[:80]!r} inside it is not kept."


def _weight(answer: Node) -> float | None:
    """The weight in percent; None when what stands there is no number."""
    try:
        weight = float(answer.get("fraction", "0"))
    except ValueError:
        return None
    return weight if math.isfinite(weight) else None


def _text(node: Node | None) -> Plain:
    """The text of an element with a `text` inside, made plain by its format."""
    if node is None:
        return Plain("")
    text = node.text_at("text")
    if node.get("format", "html") == "moodle_auto_format":
        return plain_auto(text)
    if node.get("format", "html") == "html":
        return plain_html(text)
    return Plain(text.strip())
