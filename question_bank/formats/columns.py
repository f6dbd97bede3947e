"""Which column of a file holds which field."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from question_bank.formats.reading import FIELDS, Unreadable
from question_bank.item import LETTERS

Columns = dict[str, str]  # column in the file -> field

NEEDED: Final = ("stem", "answer")
NAMES_SHOWN_MAX: Final = 200  # characters

# What Chinese authors call a field and nothing else; words that mean other things too (题号, 类别, 状态) are not here.
CHINESE: Final = {
    **dict.fromkeys(("题干", "题目", "试题", "题目内容", "试题内容", "题干内容"), "stem"),
    **dict.fromkeys(("选项", "备选项", "备选答案", "选项内容"), "options"),
    **dict.fromkeys(("答案", "正确答案", "标准答案", "参考答案"), "answer"),
    **dict.fromkeys(("解析", "答案解析", "试题解析", "题目解析"), "explanation"),
    **dict.fromkeys(("题型", "试题类型", "题目类型"), "type"),
    **dict.fromkeys(("知识点", "考点"), "topic"),
    **dict.fromkeys(("难度", "难易度", "难易程度"), "difficulty"),
    **dict.fromkeys(("套题", "套题编号", "题组"), "set"),
    **dict.fromkeys(("病例", "案例", "共用题干"), "case"),
    **dict.fromkeys(("试题编号", "题目编号"), "code"),
    **dict.fromkeys(("固定顺序", "选项顺序固定"), "fixed_order"),
    "执业类别": "category",
    "执业级别": "level",
    "报考专业": "specialties",
    "互斥题": "enemies",
    **{f"{word}{letter}": f"option_{letter}" for letter in LETTERS for word in ("选项", "备选答案", "备选项")},
    **{f"{letter}{word}": f"option_{letter}" for letter in LETTERS for word in ("选项", "项")},
}


def columns_of(found: Iterable[str], mapping: Mapping[str, str]) -> Columns:
    """The columns that are read: those that are mapped, and those named like a field that no mapped one stands for.

    A name in Chinese stands for a field that no column is named like; so do bare letters, A and B at the least. Raises
    Unreadable for a mapping that makes no sense, and when a field without which there is no item is missing.
    """
    names = list(dict.fromkeys(found))
    _check(mapping, names)
    taken = set(mapping.values())
    plain = {name: name.strip().lower() for name in names if name not in mapping}
    columns = {name: field for name, field in plain.items() if field in FIELDS and field not in taken}
    columns.update(_guessed(plain, taken | set(columns.values())))
    columns.update(mapping)
    _check_twice(columns)
    _check_missing(set(columns.values()), names)
    return columns


def _guessed(plain: Mapping[str, str], taken: set[str]) -> Columns:
    """The columns whose names mean a field that is not `taken` yet. `plain`: each name, without spaces and small."""
    bare = {"a", "b"} <= set(plain.values()) and not taken & {"options", "option_a", "option_b"}
    letters = {letter: f"option_{letter}" for letter in LETTERS} if bare else {}
    found: Columns = {}
    for name, word in plain.items():
        field = CHINESE.get("".join(word.split()), letters.get(word, ""))
        twice = field in found.values() and field not in NEEDED  # 知识点 beside 考点: the second is named as not read
        if field and field not in taken and not twice:
            found[name] = field
    return found


def _check(mapping: Mapping[str, str], names: list[str]) -> None:
    for column, field in mapping.items():
        if field not in FIELDS:
            raise Unreadable(f"The mapping {column}={field} names no field; the fields are {', '.join(FIELDS)}.")
        if column not in names:
            raise Unreadable(f"The mapping {column}={field} names a column that the file does not have.")


def _check_twice(columns: Columns) -> None:
    for field, times in Counter(columns.values()).items():
        if times > 1:
            names = ", ".join(name for name, other in columns.items() if other == field)
            raise Unreadable(f"The field {field} comes from {times} columns: {names}.")


def _check_missing(fields: set[str], names: list[str]) -> None:
    there = f" The columns are {', '.join(names)[:NAMES_SHOWN_MAX]}." if names else ""
    for field in NEEDED:
        if field not in fields:
            raise Unreadable(f"No column holds the {field}; map one: --map COLUMN={field}.{there}")
    if "options" not in fields and not {"option_a", "option_b"} <= fields:
        raise Unreadable(
            f"No column holds the options; map one: --map COLUMN=options, or COLUMN=option_a and so on.{there}"
        )
