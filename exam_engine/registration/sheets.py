"""Spreadsheets that come in: .xlsx and .csv as rows under known headings, and what is wrong with each row.

The headings stand in one of the first lines, in any order; columns nobody asked for are left alone. A row that is wrong
is named and left out; only a file that can't be read to its end is refused as a whole.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, islice
from typing import BinaryIO, Final, NamedTuple

import msgspec

from exam_engine.registration.sheet_csv import CsvLines
from exam_engine.registration.sheet_lines import BadSheet, Line
from exam_engine.registration.sheet_xlsx import XlsxLines

PROBLEMS_MAX: Final = 1_000  # told of a file
HEAD_LINES: Final = 10  # titles may stand above the headings
HEADING_CHARS_MAX: Final = 40
UNPACKED_MAX: Final = 768 * 1024 * 1024  # bytes, of an .xlsx file

_ZIP: Final = b"PK\x03\x04"
_OLD_XLS: Final = b"\xd0\xcf\x11\xe0"
_BROKEN_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_DAY: Final = re.compile(
    r"([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))(?: 00:00(:00)?)?"
)
_IN_HEADINGS: Final = re.compile(r"[\s_*＊-]|[(（]必填[)）]")


class Column(NamedTuple):
    """A column that is asked for, by its heading and what else it is called. `chars_max` of a cell."""

    code: str
    heading: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    chars_max: int = 100


class Problem(msgspec.Struct, frozen=True):
    """`row` as the spreadsheet numbers it; `column` its heading there. The browser has words for `code`."""

    row: int
    column: str
    code: str


class Report(msgspec.Struct, kw_only=True):
    """What became of a file's rows; `problems` of the first wrong ones."""

    total: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    problems: list[Problem] = []

    def refuse(self, problems: Sequence[Problem]) -> None:
        """One row is wrong, for these reasons."""
        self.wrong += 1
        self.problems += problems[: PROBLEMS_MAX - len(self.problems)]


class Row:
    """A row by the codes of its columns: "" for an empty cell. Whoever reads it adds its problems."""

    __slots__ = ("_headings", "number", "problems", "values")

    def __init__(self, number: int, values: dict[str, str], headings: dict[str, str]) -> None:
        self.number = number
        self.values = values
        self.problems: list[Problem] = []
        self._headings = headings

    def wrong(self, column: str, code: str) -> None:
        """Its cell in the column of this code can't be taken."""
        self.problems.append(Problem(self.number, self._headings[column], code))

    def day(self, column: str, today: date) -> date | None:
        """The cell as a day; None if it is empty or a problem."""
        text = self.values[column]
        if not text:
            return None
        day = read_day(text)
        if day is None or day.year < 1900:
            self.wrong(column, "date_wrong")
        elif day > today:
            self.wrong(column, "date_future")
        return day


class Sheet:
    """An opened file and where its columns are. `rows_max`: of a larger one nothing is taken."""

    def __init__(
        self, file: BinaryIO, columns: Sequence[Column], rows_max: int, unpacked_max: int = UNPACKED_MAX
    ) -> None:
        """Raises BadSheet."""
        self._rows_max = rows_max
        self._reader = _reader(file, unpacked_max)
        self._lines = self._reader.lines()
        head = list(islice(self._lines, HEAD_LINES))
        place, places = _find_headings(head, columns)
        self._wanted = [(column, places[column.code]) for column in columns if column.code in places]
        written = head[place].values
        self.headings = {column.code: column.heading for column in columns} | {
            code: _clean(written[index])[:HEADING_CHARS_MAX] for code, index in places.items()
        }
        self._rest = chain(head[place + 1 :], self._lines)

    def rows(self) -> Iterator[Row]:
        """Every row below the headings that holds anything; raises BadSheet."""
        for count, line in enumerate(self._rest, 1):
            if count > self._rows_max:
                raise BadSheet("sheet_too_many_rows", limit=self._rows_max)
            row = self._row(line)
            if row is not None:
                yield row

    def fraction(self) -> float:
        """How much of the file was gone through, from 0 to 1."""
        return self._reader.fraction()

    def _row(self, line: Line) -> Row | None:
        row = Row(line.number, dict.fromkeys(self.headings, ""), self.headings)
        cells, troubles, width = line.values, line.troubles, len(line.values)
        filled = False
        for column, place in self._wanted:
            text = cells[place].strip() if place < width else ""
            filled = filled or text != ""
            trouble = _trouble(column, text)
            if troubles and place in troubles:
                trouble, filled = troubles[place], True
            if trouble:
                row.wrong(column.code, trouble)
            else:
                row.values[column.code] = text if text.isprintable() else _clean(text)
        return row if filled else None


def _trouble(column: Column, text: str) -> str:
    """What is wrong with the text of a cell as such, "" for nothing."""
    if not text:
        return "missing" if column.required else ""
    if len(text) > column.chars_max:
        return "too_long"
    return "" if text.isprintable() or not _BROKEN_TEXT.search(text) else "text_broken"


@lru_cache(maxsize=10_000)
def read_day(text: str) -> date | None:
    """The day of 2020-01-31, 2020/1/31, 2020.1.31, 2020年1月31日 or 20200131."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.group(1, 2, 3) if part) if found[2] else _solid(found)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _solid(found: re.Match[str]) -> tuple[int, int, int]:
    return int(found[1]), int(found[4]), int(found[5])


def _reader(file: BinaryIO, unpacked_max: int) -> CsvLines | XlsxLines:
    """By what the file is, not by what it is called."""
    file.seek(0)
    begin = file.read(len(_ZIP))
    file.seek(0)
    if begin == _ZIP:
        return XlsxLines(file, unpacked_max)
    if begin == _OLD_XLS:
        raise BadSheet("sheet_old_format")
    if not begin:
        raise BadSheet("sheet_empty")
    return CsvLines(file)


def _find_headings(head: Sequence[Line], columns: Sequence[Column]) -> tuple[int, dict[str, int]]:
    """Which of the first lines holds the headings, and the place of each column in it. Raises BadSheet."""
    if not head:
        raise BadSheet("sheet_empty")
    found = [_places(line.values, columns) for line in head]
    best = max(range(len(head)), key=lambda index: (len(found[index]), -index))
    missing = next((column for column in columns if column.required and column.code not in found[best]), None)
    if missing is not None:
        raise BadSheet("sheet_heading_missing", column=missing.heading)
    twice = next((column for column in columns if len(found[best].get(column.code, ())) > 1), None)
    if twice is not None:
        raise BadSheet("sheet_heading_twice", column=twice.heading)
    return best, {code: places[0] for code, places in found[best].items()}


def _places(cells: Sequence[str], columns: Sequence[Column]) -> dict[str, list[int]]:
    codes = {_plain(name): column.code for column in columns for name in (column.code, column.heading, *column.aliases)}
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        code = codes.get(_plain(cell[: 4 * HEADING_CHARS_MAX]))
        if code is not None:
            found.setdefault(code, []).append(place)
    return found


def _plain(heading: str) -> str:
    return _IN_HEADINGS.sub("", unicodedata.normalize("NFKC", heading)).lower()


def _clean(text: str) -> str:
    return " ".join(text.split())
