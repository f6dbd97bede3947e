"""What belongs to a file of responses: the key, and how long each answer took."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.response_text import MISSING, Row, UnreadableResponses, answer, rows_in

ITEM_NAMES: Final = ("item", "题号", "题目")
KEY_NAMES: Final = ("key", "answer", "答案")


def read_key(data: bytes) -> dict[str, frozenset[str]]:
    """`item,key` lines, with or without that header -> the right answers of each item.

    An item on several lines, or with "A|C", has several right answers, each by itself. With a header there may be other
    columns. Raises UnreadableResponses.
    """
    rows = list(rows_in(data))
    item, right = _places(rows[0]) if rows else (0, 1)
    if rows and (item, right) != (-1, -1):
        rows = rows[1:]
    key: dict[str, frozenset[str]] = {}
    for row in rows:
        name, answers = _line(row, item, right)
        key[name] = key.get(name, frozenset()) | answers
    if not key:
        raise UnreadableResponses("The key is empty.")
    return key


def read_seconds(data: bytes, persons: Sequence[str], items: Sequence[str]) -> npt.NDArray[np.float32]:
    """`[item, person]`: seconds from a file with the persons in its first column and the items in its first line.

    NaN for whom and what it does not know. Raises UnreadableResponses for a cell that is no number of seconds.
    """
    spent = np.full((len(items), len(persons)), np.nan, dtype=np.float32)
    rows = rows_in(data)
    header = next(rows, None)
    item = {name: number for number, name in enumerate(items)}
    places = [item.get(name.strip()) for name in header.cells] if header else []
    if not any(place is not None for place in places):
        raise UnreadableResponses("The file of seconds names none of the items in its first line.")
    person = {name: number for number, name in enumerate(persons)}
    for row in rows:
        who = person.get(row.cells[0].strip())
        for place, cell in zip(places[1:], row.cells[1:], strict=False):
            if who is not None and place is not None:
                spent[place, who] = _seconds(cell, row.line)
    return spent


def _places(first: Row) -> tuple[int, int]:
    """Which columns hold item and key; -1, -1 when the first line is no header."""
    names = [cell.strip().lower() for cell in first.cells]
    item = next((names.index(name) for name in ITEM_NAMES if name in names), -1)
    right = next((names.index(name) for name in KEY_NAMES if name in names), -1)
    return (item, right) if item >= 0 and right >= 0 else (-1, -1)


def _line(row: Row, item: int, right: int) -> tuple[str, frozenset[str]]:
    cells = [cell.strip() for cell in row.cells]
    if item < 0:  # without a header it is two cells: of more, nobody could tell which
        item, right = 0, 1
        cells = cells if not any(cells[2:]) else []
    if max(item, right) >= len(cells) or not cells[item] or not cells[right]:
        raise UnreadableResponses(f"Line {row.line} of the key is not item,key.")
    return cells[item], frozenset(answer(each) for each in cells[right].split("|") if each.strip())


def _seconds(cell: str, line: int) -> float:
    if cell.strip().lower() in MISSING:
        return math.nan
    try:
        seconds = float(cell)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise UnreadableResponses(f'"{cell.strip()[:40]}" on line {line} is no number of seconds.')
    return seconds
