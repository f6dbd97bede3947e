"""The values of one row as the author wrote them, read into an item.

Authors write the same thing in many ways: "b", "B", "A、C", "opb"; 易 or 1; options in one cell or in six. What can
mean only one thing is understood; what could mean two is refused. `NoItem` says why.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from question_bank.formats.columns import Columns
from question_bank.formats.lists import NoList, codes_in, pictures_in
from question_bank.formats.reading import CELL_LENGTH_MAX, LETTERED
from question_bank.item import CATEGORIES, LETTERS, LEVELS, Item, ItemStatus, ItemType, Option, normal

TOPIC_DEFAULT: Final = "未分类"
DIFFICULTY_DEFAULT: Final = 2

_DIFFICULTIES: Final = {
    **dict.fromkeys(("1", "易", "容易", "简单", "easy"), 1),
    **dict.fromkeys(("2", "中", "中等", "medium"), 2),
    **dict.fromkeys(("3", "难", "困难", "hard"), 3),
    "": DIFFICULTY_DEFAULT,
}
_TYPES: Final = {
    **{name: name for name in ItemType.__members__},
    **dict.fromkeys(("单选", "单项", "判断"), "A1"),  # a true/false question: see `_true_false`
    **dict.fromkeys(("多选", "多项"), "X"),
    "B": "B1",
}
_TYPE_ENDS: Final = re.compile(r"(?:型选择题|型题|型|题)$")
_CATEGORIES: Final = {
    **{code: code for code in ("", *CATEGORIES)},
    "临床": "clinical",
    "口腔": "dental",
    "公共卫生": "public_health",
    "公卫": "public_health",
    "中医": "tcm",
}
_LEVELS: Final = {
    **{code: code for code in ("", *LEVELS)},
    "执业医师": "physician",
    "医师": "physician",
    "执业助理医师": "assistant",
    "助理医师": "assistant",
}
_WORDS: Final = {"category": _CATEGORIES, "level": _LEVELS}
_Member = TypeVar("_Member")
_YES: Final = frozenset({"1", "true", "yes", "是"})
_NO: Final = frozenset({"", "0", "false", "no", "否"})
_TRUE: Final = frozenset({"对", "正确", "√", "✓", "✔", "是", "t", "true"})
_FALSE: Final = frozenset({"错", "错误", "×", "✗", "✘", "否", "f", "false"})
_TRUTHS: Final = (["正确", "错误"], ["True", "False"])
_LABEL: Final = re.compile(r"\s*(?:[(（]\s*([A-Za-z])\s*[)）]|([A-Za-z])(?=[\s.．、:：]))\s*[.．、:：]?\s*")
_MARK: Final = re.compile(
    r"[(（]\s*([A-Za-z])\s*[)）]\s*[.．、:：]?[ \t\u3000]*|([A-Za-z])\s*[.．、:：)）][ \t\u3000]*"
)
_SPLIT: Final = re.compile(r"(?:(?<=[\s;；|])|^)(?:" + _MARK.pattern + ")", re.MULTILINE)
_BETWEEN_ANSWERS: Final = re.compile(r"[\s,;/|、]+")  # after NFKC, which turns ，； into ,;
_AROUND_ANSWERS: Final = "()[]【】.。"


class NoItem(Exception):
    """This row is no item: a code for programs, a short sentence for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def item_of(values: Mapping[str, Any], columns: Columns, pool: str) -> Item:
    """The item in `values` (by column), not yet judged by `question_bank.item.problems`. Raises NoItem.

    Defaults: type X when several answers are right, else A1; topic 未分类; difficulty 2; a code made from the content.
    An imported item is active, unless its `item_status` says otherwise: a bank comes reviewed, from the office that is
    responsible for it.
    """
    fields = {field: values.get(column) for column, field in columns.items()}
    said = _options(fields)
    options = said or _true_false(fields)
    key = _key(fields.get("answer"), columns, options)
    texts = {name: text_of(fields.get(name), name) for name in ("stem", "explanation", "topic", "set", "case", "code")}
    return Item(
        code=texts["code"] or made_code(pool, [texts["stem"], texts["case"], *options]),
        pool=pool,
        type=_type(text_of(fields.get("type"), "type"), key),
        topic=texts["topic"] or TOPIC_DEFAULT,
        difficulty=_difficulty(text_of(fields.get("difficulty"), "difficulty")),
        stem=texts["stem"],
        options=tuple(Option(letter, text) for letter, text in zip(LETTERS, options, strict=False)),
        key=key,
        explanation=texts["explanation"],
        fixed_order=_flag(text_of(fields.get("fixed_order"), "fixed_order")) or said != options,
        set_code=texts["set"],
        case=texts["case"],
        status=_status(text_of(fields.get("item_status"), "item_status")),
        category=_word(fields, "category", _CATEGORIES),
        specialties=_list(fields, "specialties", codes_in),
        level=_word(fields, "level", _LEVELS),
        enemies=_list(fields, "enemies", codes_in),
        pictures=_list(fields, "pictures", pictures_in),
    )


def _word(fields: Mapping[str, Any], field: str, words: Mapping[str, str]) -> str:
    """A word of a closed list, by its code or in Chinese; "" for everybody, and for what is none of them."""
    value = fields.get(field)
    return words.get(value.strip().lower(), "") if isinstance(value, str) else ""


def true_false_note(values: Mapping[str, Any], columns: Columns) -> list[tuple[str, str]]:
    """What an author is told of a true/false question: that it is taken as a choice of two."""
    fields = {field: values.get(column) for column, field in columns.items()}
    words = _true_false(fields) if not _options(fields) else []
    return [("true_false", f"A true/false question is taken as a choice of {' and '.join(words)}.")] if words else []


def unknown_words(values: Mapping[str, Any], columns: Columns) -> list[tuple[str, str]]:
    """What an author should look at: columns that are called like ours in many a bank and mean something else there."""
    found = []
    for column, field in columns.items():
        words, value = _WORDS.get(field), values.get(column)
        known = value is None or (isinstance(value, str) and words is not None and value.strip().lower() in words)
        if words is not None and not known:
            codes = ", ".join(sorted({code for code in words.values() if code}))
            found.append((f"{field}_unknown", f"The {field} {str(value)[:40]!r} is none of {codes}: it is not kept."))
    return found


def _list(fields: Mapping[str, Any], field: str, read: Callable[[Any], tuple[_Member, ...]]) -> tuple[_Member, ...]:
    value = fields.get(field)
    try:
        found = read(value if isinstance(value, list) else text_of(value, field))
    except NoList as error:
        raise NoItem(f"{field}_bad", f"The {field} can't be read: {error}") from None
    for each in found:
        text_of(each if isinstance(each, str) else getattr(each, "alt", ""), field)
    return found


def text_of(value: Any, field: str) -> str:
    """The text of a cell without spaces around it; a number as a person writes it; "" for nothing. Raises NoItem."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        raise NoItem("not_text", f"The {field} is not a text.")
    text = str(value).replace("\r\n", "\n").strip()
    if len(text) > CELL_LENGTH_MAX:
        raise NoItem("cell_long", f"The {field} has more than {CELL_LENGTH_MAX} characters.")
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in text):
        raise NoItem("text_broken", f"The {field} contains characters that are no text.")
    return text


def _options(fields: Mapping[str, Any]) -> list[str]:
    whole = fields.get("options")
    if isinstance(whole, dict):
        return _by_letter({str(letter).strip().lower(): text_of(text, "options") for letter, text in whole.items()})
    if isinstance(whole, list):
        return _unlabelled([text_of(text, "options") for text in whole])
    if text := text_of(whole, "options"):
        return _in_one_text(text)
    return _by_letter({field[-1]: text_of(fields.get(field), field) for field in LETTERED})


def _by_letter(options: Mapping[str, str]) -> list[str]:
    texts = {letter: text for letter, text in sorted(options.items()) if text}
    if list(texts) != list(LETTERS[: len(texts)]):
        raise NoItem("option_gap", "The options are not A, B, C and so on without a gap.")
    return list(texts.values())


def _in_one_text(text: str) -> list[str]:
    """The options in one cell: a line each, or each after its letter, also several on a line and over several lines."""
    by_line = [(found.start(), found.end(), _letter(found)) for found in _SPLIT.finditer(text) if _begins(text, found)]
    all_marks = [(found.start(), found.end(), _letter(found)) for found in _SPLIT.finditer(text)]
    cuts = [marks for marks in (by_line, all_marks) if _in_order(marks) and not text[: marks[0][0]].strip()]
    if len(cuts) > 1 and by_line != all_marks:
        raise NoItem("option_label", "Where its options begin can mean two things: give each a line or a column.")
    if cuts:
        return _pieces(text, cuts[0])
    return _unlabelled([line.strip() for line in text.split("\n") if line.strip()])


def _pieces(text: str, marks: Sequence[tuple[int, int, str]]) -> list[str]:
    """The options after their letters, without the sign that parts those of one line."""
    ends = [start for start, _, _ in marks[1:]] + [len(text)]
    pieces = [text[begin:end].rstrip(" \t\u3000") for (_, begin, _), end in zip(marks, ends, strict=True)]
    last = len(pieces) - 1
    parted = ["\n" not in pieces[place if place < last else last - 1] for place in range(len(pieces))]
    return [(piece.rstrip(";；|") if own else piece).strip() for piece, own in zip(pieces, parted, strict=True)]


def _begins(text: str, found: re.Match[str]) -> bool:
    """Whether a letter is the first of its line."""
    return not text[text.rfind("\n", 0, found.start()) + 1 : found.start()].strip()


def _letter(found: re.Match[str]) -> str:
    return (found[1] or found[2]).lower()


def _in_order(marks: Sequence[tuple[int, int, str]]) -> bool:
    return len(marks) > 1 and [letter for _, _, letter in marks] == list(LETTERS[: len(marks)])


def _unlabelled(lines: list[str]) -> list[str]:
    """The options without "A.", "B、", "(C)" before them, if every one has its own letter; else they are text.

    Raises NoItem where letters say another order than the lines: an answer B could mean either.
    """
    if said := clashing(lines):
        raise NoItem("option_label", f"The letters before its options are not in order: {said}.")
    labels = [_LABEL.match(line) for line in lines]
    letters = [_letter(label) if label else "" for label in labels]
    if letters == list(LETTERS[: len(lines)]):
        return [line[label.end() :] for line, label in zip(lines, labels, strict=True) if label]
    return lines


def clashing(lines: Sequence[str]) -> str:
    """The letters that stand before options when they say another order than the options themselves; else ""."""
    marks = [_letter(mark) if mark else "" for mark in map(_MARK.match, lines)]
    odd = any(mark not in ("", own) for mark, own in zip(marks, LETTERS, strict=False))
    return ", ".join(mark.upper() or "none" for mark in marks)[:80] if odd and {"a", "b"} <= set(marks) else ""


def _true_false(fields: Mapping[str, Any]) -> list[str]:
    """The options of a true/false question: there are none in its row, and its answer is right or wrong."""
    truth = _truth(fields.get("answer"))
    if truth is None:
        return []
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in text_of(fields.get("stem"), "stem"))
    return _TRUTHS[0] if chinese else _TRUTHS[1]


def _truth(answer: Any) -> bool | None:
    """What an answer such as 对 or × says; None when it says something else."""
    said = text_of(answer, "answer").lower() if isinstance(answer, str | bool) else ""
    return True if said in _TRUE else False if said in _FALSE else None


def _key(answer: Any, columns: Columns, options: Sequence[str]) -> str:
    """The right option ids, sorted, from letters ("B", "ACD", "A,C") or names of option columns ("opb").

    对 and × mean the option that says so, of two that are right and wrong.
    """
    named = {column.lower(): field[-1] for column, field in columns.items() if field in LETTERED}
    named.update({field: field[-1] for field in LETTERED})
    truths = [_truth(option) for option in options]
    if (said := _truth(answer)) is not None and truths in ([True, False], [False, True]):
        return LETTERS[truths.index(said)]
    parts = answer if isinstance(answer, list) else [answer]
    written = unicodedata.normalize("NFKC", " ".join(text_of(part, "answer") for part in parts)).lower()
    tokens = [token.strip(_AROUND_ANSWERS) for token in _BETWEEN_ANSWERS.split(written) if token]
    key = "".join(sorted(set("".join(named.get(token, token) for token in tokens))))
    if not all(letter in LETTERS for letter in key):
        raise NoItem("answer_unknown", f"The answer {written[:40]!r} is not written in letters such as B or A,C.")
    return key


def _type(text: str, key: str) -> ItemType:
    if not text:
        return ItemType.X if len(key) > 1 else ItemType.A1
    name = _TYPES.get(_TYPE_ENDS.sub("", text.strip().upper()).removesuffix("选择"))
    if name is None:
        raise NoItem("type_unknown", f"The type {text[:40]!r} is none of {', '.join(ItemType)}.")
    return ItemType(name)


def _status(text: str) -> ItemStatus:
    if text and text.lower() not in set(ItemStatus):
        raise NoItem("status_unknown", f"The item_status {text[:40]!r} is none of {', '.join(ItemStatus)}.")
    return ItemStatus(text.lower() or ItemStatus.ACTIVE)


def _difficulty(text: str) -> int:
    text = re.sub(r"^([123])\.0+$", r"\1", text)  # a number in the format 0.00
    if text.lower() not in _DIFFICULTIES:
        raise NoItem("difficulty_bad", f"The difficulty {text[:40]!r} is not 1 (easy), 2 or 3 (hard).")
    return _DIFFICULTIES[text.lower()]


def _flag(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise NoItem("fixed_order_bad", f"The fixed_order {text[:40]!r} is neither yes nor no.")


def made_code(name: str, texts: Sequence[str]) -> str:
    """A name that is the same whenever the same content is imported: into the same pool, as the same set."""
    content = "\x1f".join(map(normal, texts))
    return f"{name[:60]}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
