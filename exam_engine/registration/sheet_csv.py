"""Lines of a text table (.csv): UTF-8 with or without its mark, or GB18030 as Chinese spreadsheets save it.

Whatever a cell begins with, `=` or `@`, it is text: nothing is ever calculated. A quote that is never closed would
swallow the rest of the file, so quotes are read strictly and a broken file is none.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from exam_engine.registration.sheet_lines import CELL_CHARS_MAX, COLUMNS_MAX, LINES_MAX, BadSheet, Line

CHUNK: Final = 1024 * 1024
LINE_CHARS_MAX: Final = 1024 * 1024
ENCODINGS: Final = ("utf-8-sig", "gb18030")  # UTF-8 first: hardly any text in GB18030 happens to be right UTF-8
SEPARATORS: Final = ",;\t"

_LOST: Final = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+", re.IGNORECASE)  # how a spreadsheet saves 18 digits


class CsvLines:
    """One file; it is gone through once for its encoding, and once for its lines."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises BadSheet."""
        self._file = file
        self._size = max(1, file.seek(0, io.SEEK_END))
        self._encoding = next((encoding for encoding in ENCODINGS if _is_in(file, encoding)), "")
        if not self._encoding:
            raise BadSheet("sheet_not_text")

    def lines(self) -> Iterator[Line]:
        """The lines that hold anything; raises BadSheet."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self._encoding, newline="")
        number = 0
        try:
            reader = csv.reader(_bounded(text), delimiter=self._separator(), strict=True)
            for number, cells in enumerate(reader, 1):
                if number > LINES_MAX:
                    raise BadSheet("sheet_too_many_rows", limit=LINES_MAX)
                if any(cells):
                    yield _line(number, cells[:COLUMNS_MAX])
        except csv.Error as error:
            raise BadSheet("sheet_broken", row=number + 1) from error
        finally:
            if not self._file.closed:  # whoever opened it may be done before the last line
                text.detach()

    def _separator(self) -> str:
        """What there is most of in the first line that has any."""
        place = self._file.tell()
        head = self._file.read(CHUNK).decode(self._encoding, "ignore")
        self._file.seek(place)
        for line in head.splitlines():
            best = max(SEPARATORS, key=line.count)
            if best in line:
                return best
        return SEPARATORS[0]

    def fraction(self) -> float:
        """How much of the file was gone through."""
        return min(1.0, self._file.tell() / self._size)


def _is_in(file: BinaryIO, encoding: str) -> bool:
    """Whether the whole file is text in this encoding; raises BadSheet for what is none in any."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(CHUNK):
            if b"\0" in chunk:
                raise BadSheet("sheet_not_text")
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a text; none is read into memory beyond a limit."""
    while line := text.readline(LINE_CHARS_MAX):
        if len(line) == LINE_CHARS_MAX:
            raise BadSheet("sheet_cell_too_long", limit=CELL_CHARS_MAX)
        yield line


def _line(number: int, cells: list[str]) -> Line:
    if max(map(len, cells)) > CELL_CHARS_MAX:
        raise BadSheet("sheet_cell_too_long", limit=CELL_CHARS_MAX)
    lost = {place: "number_lost_digits" for place, cell in enumerate(cells) if "+" in cell and _LOST.fullmatch(cell)}
    return Line(number, cells, lost)
