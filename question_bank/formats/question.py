"""A question as other programs hold it: choices with weights and feedback. The part that GIFT, Moodle and QTI share.

Here it becomes a `Row` of fields, and everything the item has no place for is noted: partial credit, penalties, what
HTML says beyond its text. What an item would be wrong without is a trouble, and the question is refused.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from question_bank.formats.cells import clashing
from question_bank.formats.plain import Plain
from question_bank.formats.reading import Row
from question_bank.formats.tags import read_tags
from question_bank.item import LETTERS, OPTION_COUNT_MAX, STEM_LENGTH_MAX

ALL: Final = 100.0  # the weight of a right answer, in percent
CLOSE: Final = 0.1  # 33.333 three times is all
TRUE_FALSE: Final = (("正确", "错误"), ("True", "False"))
LOST_SHOWN_MAX: Final = 200  # characters of a lost text that are repeated to its author

_TEX: Final = re.compile(r"\\\(.+?\\\)|\\\[.+?\\\]|\$\$[^$]+\$\$", re.DOTALL)  # as filters of Moodle look for it

Note = tuple[str, str]  # (code, reason)


class Choice(NamedTuple):
    """One option: its weight in percent of the points, and what is said to who takes it."""

    text: Plain
    weight: float
    feedback: Plain = Plain("")


class Question(NamedTuple):
    """A choice question, in the file at line `number` and called `place` for its author.

    `single`: one may be chosen. `values` are fields known from elsewhere (topic, code, set, case, fixed_order).
    """

    number: int
    place: str
    stem: Plain
    choices: Sequence[Choice]
    single: bool
    explanation: Plain = Plain("")
    tags: Sequence[str] = ()
    values: Mapping[str, Any] = {}
    notes: tuple[Note, ...] = ()


def row_of(question: Question) -> Row:
    """The question as a row for `rows.collect_questions`."""
    tagged = read_tags(question.tags)
    values: dict[str, Any] = {**question.values, **tagged.values}
    place = (question.number, question.place)
    if trouble := _trouble(question):
        return refused(*place, *trouble, values.get("set", ""))
    values["stem"], values["case"] = question.stem.text, question.stem.case or values.get("case", "")
    texts = [choice.text.text for choice in question.choices]
    # What is right stands at the choice itself, whatever letter its text begins with.
    literal = tagged.literal or clashing(texts)
    values["options"] = dict(zip(LETTERS, texts, strict=False)) if literal else texts
    right = right_letters(question)
    values["answer"] = list(right)
    values.setdefault("type", "X" if not question.single and len(right) > 1 else "A1")
    values["explanation"] = _explanation(question)
    return Row(
        question.number, values, None, question.place, (*question.notes, *_losses(question), *_weights(question))
    )


def refused(number: int, place: str, code: str, reason: str, set_code: str = "") -> Row:
    """A question that can't be taken; the rest of its set will not be either."""
    return Row(number, {"set": set_code}, (code, reason), place)


def unsupported(number: int, place: str, kind: str) -> Row:
    """A question of a kind that no item type is."""
    return refused(number, place, "unsupported", f"A question of the kind {kind} is not supported: it is not taken.")


def true_false(stem: str, *, is_true: bool) -> tuple[list[Choice], Note]:
    """A true/false question as a choice of two, in the language of its stem, and what its author is told."""
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in stem)
    words = TRUE_FALSE[0] if chinese else TRUE_FALSE[1]
    choices = [
        Choice(Plain(word), ALL if right else 0) for word, right in zip(words, (is_true, not is_true), strict=True)
    ]
    return choices, ("true_false", f"A true/false question is taken as a choice of {words[0]} and {words[1]}.")


def topic_of(category: str) -> str:
    """The topic in a path of categories: `$course$/top/专业/内科`. In such a path // is a / inside a name."""
    steps = [step.replace("//", "／").strip() for step in re.split(r"(?<!/)/(?!/)", category.strip())]
    if steps and re.fullmatch(r"\$[a-z0-9]+\$", steps[0]):
        steps = steps[2:] if steps[1:2] == ["top"] else steps[1:]
    return "/".join(filter(None, steps))


def category_of(topic: str) -> str:
    """The path of categories that `topic_of` turns into `topic`."""
    return f"$course$/top/{topic}"


def right_letters(question: Question) -> str:
    """Of a single choice what is worth all; of a multiple one what is worth something."""
    least = ALL - CLOSE if question.single else CLOSE
    return "".join(LETTERS[place] for place, choice in enumerate(question.choices) if choice.weight >= least)


def losses(plain: Plain) -> list[Note]:
    """What the reduction of one text to plain text lost."""
    return [("html", f"Not kept of the text: {lost}.") for lost in plain.lost]


def _trouble(question: Question) -> Note | None:
    texts = [question.stem, *(choice.text for choice in question.choices)]
    if pictures := [picture for text in texts for picture in text.pictures]:
        return "picture", f"It needs what is not supported yet, a picture, formula or recording: {', '.join(pictures)}."
    if len(question.choices) > OPTION_COUNT_MAX:
        return "option_count", f"It has {len(question.choices)} options, more than {OPTION_COUNT_MAX}."
    return None


def _explanation(question: Question) -> str:
    said = [
        f"{LETTERS[place].upper()}：{choice.feedback.text}"
        for place, choice in enumerate(question.choices)
        if choice.feedback.text
    ]
    return "\n".join([*([question.explanation.text] if question.explanation.text else []), *said])


def _losses(question: Question) -> list[Note]:
    choices = question.choices
    texts = [question.stem, question.explanation, *(c.text for c in choices), *(c.feedback for c in choices)]
    aside = [picture for text in (question.explanation, *(c.feedback for c in choices)) for picture in text.pictures]
    lost = [("html", f"Not kept of the explanation: the picture {picture}.") for picture in aside]
    if any(_TEX.search(text.text[:STEM_LENGTH_MAX]) for text in (question.stem, *(choice.text for choice in choices))):
        lost.append(("formula", "A formula in TeX is kept as it is written: nobody will see it set."))
    return list(dict.fromkeys([*(note for text in texts for note in losses(text)), *lost]))


def _weights(question: Question) -> Iterable[Note]:
    """What marks the question otherwise than all or nothing, or gives a multiple choice one right answer."""
    weights = [choice.weight for choice in question.choices]
    positive = [weight for weight in weights if weight >= CLOSE]
    if question.single and any(weight < ALL - CLOSE for weight in positive):
        yield "partial_credit", "Partial credit for other options is not kept: only the right one counts."
    if not question.single and positive and max(positive) - min(positive) > CLOSE:
        yield "partial_credit", "The right options had different weights: here they count alike."
    if any(weight < 0 and abs(weight + ALL) > CLOSE for weight in weights):
        yield "penalty", "Points taken off for wrong options are not kept."
    if not question.single and len(positive) == 1:
        yield "one_right", "A multiple choice with one right option is taken as a single choice."
