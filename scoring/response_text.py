"""The lines of a file that any program may have written, and one spelling for one answer."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

import msgspec

FILE_BYTES_MAX: Final = 256 * 1024 * 1024
MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", ".", "-"})
_LETTERS: Final = re.compile(r"[A-H](?:[\s,;、]*[A-H])+")
_WHOLE: Final = re.compile(r"\d+\.0")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class UnreadableResponses(Exception):
    """The file as a whole can't be read; `str()` is one sentence for a person."""


class Row(msgspec.Struct, frozen=True):
    """`line`: the line of the file on which it ends; the header is on line 1."""

    line: int
    cells: list[str]


def rows_in(data: bytes) -> Iterator[Row]:
    """The lines that are not empty. Separator and encoding are found. Raises UnreadableResponses."""
    text = _text(data)
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    separator = max(",;\t|", key=first.count)
    if separator not in first:
        text, separator = re.sub(r"[ \u3000]+", " ", text), " "
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for cells in reader:
            if any(cells) and any(cell.strip() for cell in cells):
                yield Row(reader.line_num, cells)
    except csv.Error as error:
        raise UnreadableResponses(f"Line {reader.line_num} can't be taken apart: {error}.") from None


def answer(cell: str) -> str:
    """One spelling for one answer: "dca", "A, C, D" and "ACD" are the same, and so are 1.0 and 1."""
    text = cell.strip().upper()
    if _LETTERS.fullmatch(text):
        return "".join(sorted(set(re.sub(r"[\s,;、]", "", text))))
    return text[:-2] if _WHOLE.fullmatch(text) else text


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
