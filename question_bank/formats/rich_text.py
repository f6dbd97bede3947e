"""What a spreadsheet shows in a cell, as plain text: raised and lowered signs, formatted numbers, signs in code.

10⁹ is often a 9 that is only formatted as raised; taken without its format it would be 109. A number is taken as the
author sees it: 0.05 in the format 0% is 5%.
"""

import math
import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, NamedTuple

from question_bank.formats.plain import shifted
from question_bank.formats.question import Note

_CODED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")  # a sign that XML can't hold, or an author's own _x0041_
_PLACED: Final = re.compile(r"\[[^\]]*\]|[_*].|\\(?=.)|\"")  # colours, room and quotation marks: no digits of their own
_DIGITS: Final = re.compile(r"(#,##)?(0+)(?:\.(0+))?(%?)")
_AS_IT_IS: Final = frozenset(("General", "@", ""))


class Run(NamedTuple):
    """A piece of a cell's text with one format; `shift` is "sup", "sub" or ""."""

    text: str
    shift: str = ""
    struck: bool = False
    strong: bool = False


def coded(text: str) -> str:
    """A text of a cell with the signs that are written in code, lines ended as everywhere."""
    if "_x" in text:
        text = _CODED.sub(lambda found: chr(int(found[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def text_of_runs(runs: Iterable[Run]) -> tuple[str, list[Note]]:
    """The runs as one text, and what of their format it does not hold."""
    pieces: list[str] = []
    lost: dict[str, None] = {}
    for run in _joined(runs):
        text, odd = shifted(run.text, run.shift) if run.shift else (run.text, "")
        pieces.append(text)
        if odd:
            lost[odd] = None
        if run.text.strip() and run.struck:
            lost["that a text is struck through"] = None
        if run.text.strip() and run.strong:
            lost["emphasis"] = None
    return "".join(pieces), [("html", f"Not kept of the text: {each}.") for each in lost]


def number_text(value: float, number_format: str) -> str | None:
    """A number as its cell shows it; None when the format is one that is not understood."""
    bare = _PLACED.sub("", number_format.partition(";")[0]).strip()
    if number_format in _AS_IT_IS or bare in _AS_IT_IS or not math.isfinite(value):
        return _general(value)
    found = _DIGITS.fullmatch(bare)
    if found is None:
        return None
    thousands, whole, places, percent = found.groups()
    shown = Decimal(repr(value)) * (100 if percent else 1)
    try:
        rounded = shown.quantize(Decimal(1).scaleb(-len(places or "")), ROUND_HALF_UP)
    except InvalidOperation:  # more digits than a spreadsheet has
        return None
    said = f"{rounded:,f}" if thousands else f"{rounded:f}"
    return said.zfill(len(whole) + len(places or "") + bool(places) + (rounded < 0)) + percent


def _general(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    """Neighbours of one format as one, so that a raised 2+ is not ²⁺ by two rules."""
    last: Run | None = None
    for run in runs:
        if last is not None and run[1:] == last[1:]:
            last = last._replace(text=last.text + run.text)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last
