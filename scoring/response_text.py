"""The lines of a file that any program may have written, and one spelling for one answer."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import msgspec

FILE_BYTES_MAX: Final = 256 * 1024 * 1024
MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", ".", "-"})
_LETTERS: Final = re.compile(r"[A-H](?:[\s,;、]*[A-H])+")
_DRESSED: Final = re.compile(r"[(\[]?([A-Z]+)[)\].]?")  # (A), A. and A) say A
_WHOLE: Final = re.compile(r"(\d+)[.,]0+")  # 1.00, in a German spreadsheet 1,0
_SEPARATOR: Final = re.compile(r"\s*\"?sep=(.)\"?\r?\n", re.IGNORECASE)  # a first line for spreadsheet programs
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class UnreadableResponses(Exception):
    """The file as a whole can't be read; `str()` is one sentence for a person."""


class Row(msgspec.Struct, frozen=True):
    """`line`: the line of the file on which it ends; the header is on line 1. `lines`: how many it takes up."""

    line: int
    cells: list[str]
    lines: int = 1


def rows_in(data: bytes) -> Iterator[Row]:
    """The lines that are not empty. Separator and encoding are found. Raises UnreadableResponses."""
    text = _text(data)
    said = _SEPARATOR.match(text)
    lines = io.StringIO(text[said.end() :] if said else text, newline="")
    first = next((line for line in io.StringIO(lines.getvalue()) if line.strip()), "")
    separator = said[1] if said else _separator(first)
    if separator == " ":
        lines = io.StringIO(re.sub(r"[ \u3000]+", " ", lines.getvalue()), newline="")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    before = after = 1 if said else 0
    try:
        for cells in reader:
            before, after = after, reader.line_num + (1 if said else 0)
            if any(cells) and any(cell.strip() for cell in cells):
                yield Row(after, cells, after - before)
    except csv.Error as error:
        raise UnreadableResponses(f"Line {reader.line_num} can't be taken apart: {error}.") from None


def _separator(first: str) -> str:
    """The sign between the cells of the first line: signs inside quotation marks are text."""
    bare = re.sub(r'"[^"]*"', "", first)
    found = max(",;\t|", key=bare.count)
    return found if found in bare else " "


def answer(cell: str) -> str:
    """One spelling for one answer: "dca", "A, C, D" and "ACD" are the same, so are 1.0 and 1, (B) and b, Ｂ and B."""
    text = unicodedata.normalize("NFKC", cell).strip().upper()
    if dressed := _DRESSED.fullmatch(text):
        text = dressed[1]
    if _LETTERS.fullmatch(text):
        return "".join(sorted(set(re.sub(r"[\s,;、]", "", text))))
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _text(data: bytes) -> str:
    if len(data) > FILE_BYTES_MAX:
        raise UnreadableResponses(f"The file is larger than {FILE_BYTES_MAX // 1024 // 1024} MB.")
    for encoding in ("utf-16",) if data.startswith(_UTF_16) else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableResponses("The file is no text: neither UTF-8 nor GB 18030.")
