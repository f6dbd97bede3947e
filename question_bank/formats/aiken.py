"""Aiken, the simplest text format: a stem, options A to Z, one answer.

    Which?
    A. this
    B. that
    ANSWER: B

Read as authors write it: the stem may have several lines, the sign after a letter may be . ) 、 or :, several answers
(ANSWER: A, C) make an X item, and ANSWER_EXPLANATION: or FEEDBACK: after it is the explanation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from question_bank.formats.question import refused
from question_bank.formats.reading import Reading, Row, Unreadable
from question_bank.formats.rows import collect_questions
from question_bank.formats.tags import AUDIENCE
from question_bank.formats.text import text_in
from question_bank.item import IN_SETS, LETTERS, Item, ItemType

_OPTION: Final = re.compile(r"\s*([A-Za-z])\s*[.．)）、:：]\s*(.*)")
_ANSWER: Final = re.compile(r"\s*(?:ANSWER|答案)\s*[:：]\s*(.*)", re.IGNORECASE)
_EXPLANATION: Final = re.compile(
    r"\s*(?:ANSWER_EXPLANATION|EXPLANATION|FEEDBACK|解析)\s*[:：]\s*(.*)", re.IGNORECASE | re.DOTALL
)
_PASSED: Final = re.compile(r"\s*(SCORE|TAGS|DESCRIPTION)\s*[:：]", re.IGNORECASE)

Lines = list[tuple[int, str]]


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The questions of the file; what has no answer line is refused. Raises Unreadable."""
    if mapping:
        raise Unreadable("Aiken has no columns: --map is for tables.")
    ignored: list[str] = []
    rows = [_row(lines, ignored) for lines in _questions(text_in(data))]
    if not rows:
        raise Unreadable("The file has no questions.")
    return collect_questions(rows, pool, ignored)


def looks_like(text: str) -> bool:
    """Whether a text is Aiken: it has a line with an answer and one with an option A."""
    return re.search(r"^[ \t]*(?:ANSWER|答案)[ \t]*[:：]", text, re.MULTILINE | re.IGNORECASE) is not None and (
        re.search(r"^[ \t]*[Aa][ \t]*[.．)）、:：]", text, re.MULTILINE) is not None
    )


def write(items: Sequence[Item]) -> bytes:
    """The stems, options and answers of items that `why_not` has nothing against, UTF-8."""
    return "\n".join(_written(item) for item in items).encode()


def why_not(item: Item) -> str:
    """Why Aiken can't hold this item; "" when it can."""
    if item.type in IN_SETS or item.type is ItemType.X:
        return f"Aiken has single questions with one right option: {item.type} is none."
    if any("\n" in text for text in (item.stem, *(option.text for option in item.options))):
        return "Aiken has one line for each text, and a text of it has several."
    if (
        _OPTION.match(item.stem)
        or _ANSWER.match(item.stem)
        or _EXPLANATION.match(item.stem)
        or _PASSED.match(item.stem)
    ):
        return "Its stem begins like an option or an answer of Aiken."
    return ""


def lost(items: Sequence[Item]) -> list[str]:
    """What of these items Aiken has no place for."""
    fields = {
        "code": len(items),
        "topic": len(items),
        "type A2": sum(item.type is ItemType.A2 for item in items),
        "difficulty": sum(item.difficulty != 2 for item in items),
        "explanation": sum(bool(item.explanation) for item in items),
        "fixed_order": sum(item.fixed_order for item in items),
        **{name: sum(bool(getattr(item, name)) for item in items) for name in AUDIENCE},
    }
    return [f"{field} of {count}" for field, count in fields.items() if count]


def _written(item: Item) -> str:
    options = "".join(f"{option.id.upper()}. {option.text}\n" for option in item.options)
    return f"{item.stem}\n{options}ANSWER: {item.key.upper()}\n"


def _questions(text: str) -> Iterator[Lines]:
    """The lines of each question: up to its answer and what belongs to that.

    A question without an answer ends at the first empty line after its options, so that it does not take in the next.
    What follows an explanation up to an empty line is part of it, unless options stand there: then it is the next stem.
    """
    gathered: Lines = []
    answered = chosen = gap = False
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    told = _told(lines)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            gap = chosen
            continue
        if number in told:
            gathered[-1] = (gathered[-1][0], f"{gathered[-1][1]}\n{line.strip()}")
            continue
        after = bool(_EXPLANATION.match(line) or _PASSED.match(line))
        ended = answered or (gap and not _ANSWER.match(line) and not _OPTION.match(line))
        if gathered and ended and not after:
            yield gathered
            gathered, answered, chosen = [], False, False
        gathered.append((number, line))
        gap = False
        answered = answered or bool(_ANSWER.match(line))
        chosen = chosen or bool(_OPTION.match(line))
    if gathered:
        yield gathered


def _told(lines: Sequence[str]) -> set[int]:
    """The numbers of the lines that go on with an explanation."""
    found: set[int] = set()
    going: list[int] | None = None  # of the lines after an explanation that is not closed yet
    for number, line in enumerate((*lines, ""), 1):
        if _EXPLANATION.match(line):
            found.update(going or ())
            going = []
        elif not line.strip():
            found.update(going or ())
            going = None
        elif _OPTION.match(line) or _ANSWER.match(line) or _PASSED.match(line):
            going = None
        elif going is not None:
            going.append(number)
    return found


def _row(lines: Lines, ignored: list[str]) -> Row:
    number, place = lines[0][0], f"line {lines[0][0]}"
    stem: list[str] = []
    options: list[str] = []
    answer, explanation = "", ""
    for at, line in lines:
        if found := _ANSWER.match(line):
            answer = found[1].strip()
        elif found := _EXPLANATION.match(line):
            explanation = found[1].strip()
        elif found := _PASSED.match(line):
            ignored.append(found[1].upper())
        elif (found := _OPTION.match(line)) and found[1].lower() == LETTERS[len(options) : len(options) + 1]:
            options.append(found[2].strip())
        elif found and options:
            return refused(number, place, "option_gap", f"The option in line {at} is out of the order of letters.")
        elif answer:
            return refused(number, place, "aiken_line", f"Line {at} comes after the answer and is none of Aiken's.")
        elif options:
            options[-1] = f"{options[-1]}\n{line.strip()}"
        else:
            stem.append(line.strip())
    if not answer:
        return refused(number, place, "key_empty", "It has no line ANSWER.")
    values = {"stem": "\n".join(stem), "options": dict(zip(LETTERS, options, strict=False))}
    return Row(number, {**values, "answer": answer, "explanation": explanation}, None, place)
