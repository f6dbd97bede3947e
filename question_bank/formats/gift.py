"""GIFT, the text format of Moodle: questions between empty lines, answers in braces, signs escaped by a backslash.

    // [id:Q1] [tag:exam:type=A1]
    ::name::[plain]Question{=right#why ~wrong ####explanation}

Read as Moodle reads it (docs.moodle.org, GIFT format): `$CATEGORY:` lines are the topic of what follows, comments may
name an id and tags, `=`/`~`/`~%50%` begin an answer. One thing is stricter: in a question whose answers are set apart
by spaces, a sign right after a letter ("PaO2=60", "3~5天") is most likely text that was not escaped. Moodle would
make an answer of it, perhaps the right one; here the question is refused and says so.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from question_bank.formats.plain import Plain, looks_like_html, plain_auto, plain_html
from question_bank.formats.question import (
    ALL,
    Choice,
    Note,
    Question,
    refused,
    row_of,
    topic_of,
    true_false,
    unsupported,
)
from question_bank.formats.reading import Reading, Row, Unreadable
from question_bank.formats.rows import collect_questions
from question_bank.formats.tags import read_tags
from question_bank.formats.text import text_in

GAP: Final = "_____"  # where the answers stood inside a sentence
BLOCK_LENGTH_MAX: Final = 200_000  # characters of one question

_SIGN: Final = re.compile(r"\\.|[{}]", re.DOTALL)
_NAME: Final = re.compile(r"\s*::((?:\\.|[^\\:]|:(?!:))*+)::", re.DOTALL)
_KIND: Final = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_GENERAL: Final = re.compile(r"(?:\\.|[^\\#]|#(?!###))*+", re.DOTALL)
_ANSWER: Final = re.compile(r"([=~])((?:\\.|[^\\=~])*+)", re.DOTALL)
_WEIGHT: Final = re.compile(r"\s*%\s*(-?\d{1,4}(?:\.\d{1,8})?)\s*%")
_BODY: Final = re.compile(r"(?:\\.|[^\\#])*+", re.DOTALL)
_TRUTH: Final = re.compile(r"\s*(TRUE|T|FALSE|F)\s*(?=#|$)", re.IGNORECASE)
_ID: Final = re.compile(r"\[id:((?:\\.|[^\\\[\]])*+)\]")
_TAG: Final = re.compile(r"\[tag:((?:\\.|[^\\\[\]])*+)\]")
_ESCAPED: Final = re.compile(r"\\([~=#{}:\\n])")
_FOLDED: Final = re.compile(r"[ \t\n\r\f\v]+")  # not the wide space of Chinese texts: （　　） is where the answer goes
_MARKDOWN: Final = re.compile(r"\*\*|__|`|^#+ |!\[|\]\(", re.MULTILINE)


class Block(NamedTuple):
    """The lines of one question, the line it begins at, and what the comments before it and the categories say."""

    number: int
    text: str
    code: str
    tags: tuple[str, ...]
    topic: str


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The choice questions of the file as items, the others refused by their kind. Raises Unreadable."""
    if mapping:
        raise Unreadable("GIFT has no columns: --map is for tables.")
    ignored: list[str] = []
    rows = [_row(block, ignored) for block in _blocks(text_in(data))]
    if not rows:
        raise Unreadable("The file has no GIFT questions.")
    return collect_questions(rows, pool, ignored)


def looks_like(text: str) -> bool:
    """Whether a text is GIFT: somewhere an answer begins in braces."""
    return re.search(r"(?<!\\)\{\s*(?:[=~#}]|T\b|F\b|TRUE\b|FALSE\b)", text) is not None


def unescape(text: str) -> str:
    """A text without its backslashes; one before any other sign is text (LaTeX)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def _unescape_tag(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def _blocks(text: str) -> Iterator[Block]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    gathered: list[str] = []
    start, depth, topic, code, tags = 0, 0, "", "", list[str]()
    for number, line in enumerate([*lines, ""], 1):
        category = not depth and line.startswith("$CATEGORY:")
        if line.lstrip().startswith("//"):
            code, tags = _comment(line, code, tags)
        elif line.strip() and not category:
            start = start if gathered else number
            gathered.append(line)
            depth = _depth(line, depth)
        elif not (depth and _goes_on(lines, number)):
            if gathered:
                yield Block(start, "\n".join(gathered), code, tuple(tags), topic)
            gathered, depth, code, tags = [], 0, "", []
        topic = topic_of(line.removeprefix("$CATEGORY:")) if category else topic


def _depth(line: str, depth: int) -> int:
    """How many braces are open after the line."""
    for sign in _SIGN.finditer(line):
        depth += {"{": 1, "}": -1}.get(sign[0], 0)
    return max(depth, 0)


def _goes_on(lines: Sequence[str], number: int) -> bool:
    """Whether after an empty line inside braces another answer follows: then the author only made room."""
    following = next((line.lstrip() for line in lines[number : number + 20] if line.strip()), "")
    return following.startswith(("=", "~", "}", "#"))


def _comment(line: str, code: str, tags: list[str]) -> tuple[str, list[str]]:
    named = _ID.search(line)
    found = [_unescape_tag(tag[1]) for tag in _TAG.finditer(line)]
    return (_unescape_tag(named[1]) if named else code), [*tags, *found]


def _row(block: Block, ignored: list[str]) -> Row:
    place = f"line {block.number}"
    name = _NAME.match(block.text)
    title = unescape(name[1]).strip() if name else ""
    if title and title != block.code.strip():
        ignored.append("the names of questions (::name::)")
    ignored.extend(f"tag {tag[:80]}" for tag in read_tags(block.tags).others)
    if len(block.text) > BLOCK_LENGTH_MAX:
        return refused(block.number, place, "cell_long", f"The question has more than {BLOCK_LENGTH_MAX} characters.")
    where = f"{place} ({title[:60]})" if title else place
    return _question(block, where, block.text[name.end() :] if name else block.text)


def _question(block: Block, place: str, text: str) -> Row:
    braces = [sign for sign in _SIGN.finditer(text) if sign[0] in "{}"]
    if not braces:
        return unsupported(block.number, place, "description (a text without answers)")
    if [brace[0] for brace in braces] != ["{", "}"]:
        reason = "Its braces are not one pair. In a text they need a backslash, between questions an empty line."
        return refused(block.number, place, "gift_braces", reason)
    opened, closed = braces
    answers = text[opened.end() : closed.start()]
    stem = _around(text[: opened.start()], text[closed.end() :])
    general = _GENERAL.match(answers)
    inside = general[0] if general else ""
    if kind := _other_kind(inside):
        return unsupported(block.number, place, kind)
    return _choice_question(block, place, stem, inside, answers[len(inside) + 4 :])


def _around(before: str, after: str) -> str:
    """The stem: with a gap for the answers if the sentence goes on after them."""
    if not after.strip():
        return before
    left, right = before.rstrip(), after.strip()
    return f"{left}{'' if _is_chinese(left[-1:]) else ' '}{GAP}{'' if _is_chinese(right[0]) else ' '}{right}"


def _is_chinese(sign: str) -> bool:
    """Whether a sign stands without spaces around it."""
    return unicodedata.east_asian_width(sign) in ("W", "F") if sign else True


def _other_kind(answers: str) -> str:
    """What kind of question these answers make, if it is none that is taken. In the order in which Moodle asks."""
    bare = re.sub(r"\\.", "", answers)
    if not answers.strip():
        return "essay"
    if answers.lstrip().startswith("#"):
        return "numeric"
    if "~" in bare or _TRUTH.match(answers):
        return ""
    return "matching" if "=" in bare and "->" in bare else "short answer" if "=" in bare else "unknown to GIFT"


def _choice_question(block: Block, place: str, stem: str, answers: str, general: str) -> Row:
    literal = read_tags(block.tags).literal
    kind, text, notes = _plain(stem, "moodle", literal=literal)
    explanation = _plain(general, kind, literal=literal)
    values = {"code": block.code, "topic": block.topic}
    if _TRUTH.match(answers) and "~" not in re.sub(r"\\.", "", answers):
        choices, note = _truth(answers, text, kind)
        notes = [*notes, note]
        single = True
    else:
        if trouble := _unclear(answers):
            return refused(block.number, place, *trouble)
        found = list(_choices(answers, kind, literal=literal))
        choices = [choice for _, choice, _ in found]
        notes = [*notes, *(note for *_, each in found for note in each)]
        single = any(sign == "=" for sign, *_ in found)
    notes = list(dict.fromkeys([*notes, *explanation[2]]))
    return row_of(
        Question(
            number=block.number,
            place=place,
            stem=text,
            choices=choices,
            single=single,
            explanation=explanation[1],
            tags=block.tags,
            values={name: value for name, value in values.items() if value},
            notes=tuple(notes),
        )
    )


def _unclear(answers: str) -> Note | None:
    """Why it can't be said where the answers begin; None when it can."""
    found = list(_ANSWER.finditer(answers))
    lead = answers[: found[0].start()] if found else answers
    if lead.strip():
        return "gift_answers", f"The answers begin with {lead.strip()[:40]!r}, which is neither = nor ~."
    glued = [each for each in found[1:] if not answers[each.start() - 1].isspace()]
    if glued and len(glued) < len(found) - 1:
        text = answers[max(0, glued[0].start() - 20) : glued[0].start() + 20].strip()
        return "gift_sign", f"In {text!r} a sign = or ~ may be text or begin an answer: in a text it needs a backslash."
    return None


def _choices(answers: str, kind: str, *, literal: bool) -> Iterator[tuple[str, Choice, list[Note]]]:
    for found in _ANSWER.finditer(answers):
        sign, rest = found[1], found[2]
        weight = _WEIGHT.match(rest)
        rest = rest[weight.end() :] if weight else rest
        body = _BODY.match(rest)
        said = body[0] if body else ""
        own, text, notes = _plain(said, kind, literal=literal)
        _, feedback, more = _plain(rest[len(said) + 1 :], own, literal=literal)
        value = float(weight[1]) if weight else ALL if sign == "=" else 0.0
        yield sign, Choice(text, value, feedback), [*notes, *more]


def _truth(answers: str, stem: Plain, kind: str) -> tuple[list[Choice], Note]:
    """A true/false question as choices: {T#said to who is wrong#said to who is right}."""
    truth = _TRUTH.match(answers)
    is_true = truth is not None and truth[1].upper().startswith("T")
    choices, note = true_false(stem.text, is_true=is_true)
    said = [_plain(part, kind, literal=False)[1] for part in re.split(r"(?<!\\)#", answers)[1:3]]
    right, wrong = (0, 1) if is_true else (1, 0)
    for place, feedback in zip((wrong, right), said, strict=False):
        choices[place] = choices[place]._replace(feedback=feedback)
    return choices, note


def _plain(text: str, inherited: str, *, literal: bool) -> tuple[str, Plain, list[Note]]:
    """The kind of a text ([html], …), the text as plain one, and what its author is told."""
    named = _KIND.match(text)
    kind = named[1].lower() if named else inherited
    bare = text[named.end() :] if named else text
    if literal and kind == "plain":
        return kind, Plain(unescape(bare.strip())), []
    folded = unescape(bare.strip() if literal else _FOLDED.sub(" ", bare).strip())
    if kind == "html":
        return kind, plain_html(folded), []
    if kind == "moodle" and looks_like_html(folded):
        return kind, plain_auto(folded), []
    markdown = kind == "markdown" and _MARKDOWN.search(folded)
    return kind, Plain(folded), [("markdown", "The signs of Markdown are kept as text.")] if markdown else []
