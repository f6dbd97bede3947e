"""Spreadsheets (.xlsx): the first sheet that is not hidden, column names in row 1, rows numbered as the sheet does.

A spreadsheet is a ZIP archive of XML, made by a stranger. So its unpacked size is looked at before anything is
unpacked, and whatever the library raises about its inside becomes `Unreadable`. Cells are read twice side by side, as
values and as formulas: a formula that was never calculated has no value, and must not pass for an empty cell. A cell is
taken as its author sees it (`rich_text`), a merged one for all its rows; other sheets, comments and drawings are named,
a row with a picture is refused.
"""

import io
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any, Final

from msgspec.structs import replace
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils import get_column_letter

from question_bank.formats.question import Note
from question_bank.formats.reading import (
    COLUMN_COUNT_MAX,
    FILE_BYTES_MAX,
    ROW_COUNT_MAX,
    Reading,
    Row,
    Unreadable,
    check_size,
)
from question_bank.formats.rich_text import Run, coded, number_text, text_of_runs
from question_bank.formats.rows import collect
from question_bank.formats.sheet_facts import SHIFTS, Facts, Merged, facts_of

UNPACKED_BYTES_MAX: Final = 4 * FILE_BYTES_MAX
SHEET_ROWS_MAX: Final = 1_048_576  # of the format; a row number beyond it would be read as that many empty rows
FILLED_MAX: Final = 2_000_000  # cells that merged ones stand for
LOOKED_AT_MAX: Final = 1_000  # rows of another sheet, and sheets, to see whether they hold anything
CHUNK: Final = 1 << 20
DOCTYPES: Final = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
CELL_PICTURE: Final = "DISPIMG("  # how WPS keeps a picture inside a cell

_Cells = Sequence[Any]  # of one row; openpyxl has a class for full and one for empty cells, with nothing in common


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The items of the sheet; a row with an error, a picture or a bare formula is refused. Raises Unreadable."""
    check_size(data)
    try:
        _check_unpacked(data)
        rows, aside = _Book(data).rows()
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001  the libraries raise anything on a broken file, from KeyError to their own
        raise Unreadable(f"The file is not a spreadsheet that can be read ({type(error).__name__}).") from None
    try:
        reading = collect(rows, mapping, pool)
    except Unreadable as error:
        others = [each for each in aside if each.startswith("sheet ")]
        raise Unreadable(f"{error} Not looked at: {', '.join(others)}." if others else str(error)) from None
    return replace(reading, ignored=(*reading.ignored, *aside))


def _check_unpacked(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > UNPACKED_BYTES_MAX:
            raise Unreadable(f"The spreadsheet unpacks to more than {UNPACKED_BYTES_MAX // 1024**2} MiB.")
        for member in archive.infolist():
            if member.filename.lower().endswith((".xml", ".rels")) and _declares_type(archive, member):
                said = f"{member.filename[:80]} declares a document type"
                raise Unreadable(f"{said}: such XML can hold entities and is not read.")


def _declares_type(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether a part of the workbook has a document type: the library would pass over its entities in silence."""
    with archive.open(member) as part:
        tail = b""
        while chunk := part.read(CHUNK):
            if any(sign in tail + chunk for sign in DOCTYPES):
                return True
            tail = chunk[-2 * len(DOCTYPES[0]) :]
    return False


class _Book:
    """A workbook being read."""

    def __init__(self, data: bytes) -> None:
        self._values = _opened(data, values=True)
        self._formulas = _opened(data, values=False)
        shown = (n for n, sheet in enumerate(self._values.worksheets) if sheet.sheet_state == "visible")
        self._number = next(shown, 0)
        path: str = getattr(self._values.worksheets[self._number], "_worksheet_path")  # noqa: B009  the library says it nowhere else
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self._facts = facts_of(archive, path)

    def rows(self) -> tuple[list[Row], tuple[str, ...]]:
        """The rows that are not empty, under the column names of row 1, and what of the workbook is not read."""
        numbered = enumerate(zip_longest(self._sheet(self._values), self._sheet(self._formulas), fillvalue=()), 1)
        header: list[str] = []
        rows: list[Row] = []
        for number, (values, formulas) in numbered:
            if number == 1:
                header = _header(values)
            elif any(cell.value is not None for cell in (*values, *formulas)):
                rows.append(_row(number, header, values, formulas, self._facts))
            if len(rows) > ROW_COUNT_MAX or number > SHEET_ROWS_MAX:
                raise Unreadable(f"The file has more than {ROW_COUNT_MAX} rows.")
        lost = sorted(self._facts.pictures - {row.number for row in rows})
        aside = (*self._other_sheets(), *self._facts.aside, *(f"picture in row {number}" for number in lost))
        return _filled(rows, header, self._facts.merged), aside

    def _sheet(self, book: Workbook) -> Iterator[_Cells]:
        """The rows of the sheet, empty ones included."""
        sheet = book.worksheets[self._number]
        sheet.reset_dimensions()  # what a sheet says of its own size is often wrong
        return sheet.iter_rows()

    def _other_sheets(self) -> Iterator[str]:
        """The names of the sheets that hold something and are not read."""
        for number, sheet in enumerate(islice(self._values.worksheets, LOOKED_AT_MAX)):
            sheet.reset_dimensions()
            first = islice(sheet.iter_rows(values_only=True), LOOKED_AT_MAX)
            if number != self._number and any(value is not None for row in first for value in row):
                yield f"sheet {sheet.title}"


def _opened(data: bytes, *, values: bool) -> Workbook:
    """The workbook, with the values of formulas and the formats inside texts, or with the formulas."""
    return load_workbook(io.BytesIO(data), read_only=True, data_only=values, rich_text=values)


def _header(cells: _Cells) -> list[str]:
    if len(cells) > COLUMN_COUNT_MAX:
        raise Unreadable(f"The sheet has more than {COLUMN_COUNT_MAX} columns.")
    names = ["" if cell.value is None else str(cell.value).strip() for cell in cells]
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise Unreadable(f"Two columns are called {twice}.")
    return names


def _row(number: int, header: Sequence[str], values: _Cells, formulas: _Cells, facts: Facts) -> Row:
    found: dict[str, Any] = dict.fromkeys(filter(None, header))
    notes: list[Note] = [("row_hidden", "Its row is hidden in the sheet.")] if number in facts.hidden else []
    trouble: Note | None = None
    for place, (cell, formula) in enumerate(zip_longest(values, formulas)):
        name = _name(header, place)
        if cell is not None and cell.value is not None:
            found[name], more = _said(cell, name, facts.inline.get((number, place + 1)))
            notes += more
            trouble = trouble or _cell_trouble(cell, name)
        elif formula is not None and formula.value is not None:
            trouble = trouble or ("formula", f"Column {name} holds a formula without a value: save it calculated.")
    if number in facts.pictures:
        trouble = trouble or ("picture", "It needs what is not supported yet, a picture: one stands in its row.")
    return Row(number, found, trouble, "", tuple(dict.fromkeys(notes)))


def _name(header: Sequence[str], place: int) -> str:
    return (header[place] if place < len(header) else "") or f"(column {get_column_letter(place + 1)})"


def _cell_trouble(cell: Any, name: str) -> Note | None:
    if cell.data_type == "e":
        return "cell_error", f"Column {name} holds the error {cell.value}."
    if isinstance(cell.value, str) and CELL_PICTURE in cell.value:
        return "picture", f"It needs what is not supported yet, a picture: there is one in column {name}."
    return None


def _said(cell: Any, name: str, runs: Sequence[Run] | None) -> tuple[Any, list[Note]]:
    """The value of a cell as its author sees it, and what of its format it does not hold."""
    value = cell.value
    if isinstance(value, bool):
        return str(value).upper(), []
    if isinstance(value, int | float):
        return _number(cell, name)
    if isinstance(value, CellRichText):
        return text_of_runs(runs or [_run(piece) for piece in value])
    if not isinstance(value, str):
        return value, []
    if runs is None and cell.has_style:
        font = cell.font
        runs = [Run(coded(value), SHIFTS.get(font.vertAlign or "", ""), bool(font.strike))]
    return text_of_runs(runs) if runs else (coded(value), [])


def _run(piece: str | TextBlock) -> Run:
    if isinstance(piece, str):
        return Run(coded(piece))
    font = piece.font
    strong = bool(font.b or font.i or font.u)
    return Run(coded(piece.text), SHIFTS.get(font.vertAlign or "", ""), bool(font.strike), strong)


def _number(cell: Any, name: str) -> tuple[Any, list[Note]]:
    said = number_text(cell.value, cell.number_format if cell.has_style else "")
    if said is not None:
        return said, []
    seen = f"Column {name} holds the number {cell.value} in a format of its own, {cell.number_format[:40]}"
    return cell.value, [("number_format", f"{seen}: it is taken without it.")]


def _filled(rows: Sequence[Row], header: Sequence[str], merged: Sequence[Merged]) -> list[Row]:
    """The rows with the value of a merged cell in every row that it covers: it is one and the same for all of them."""
    found, numbers, left = list(rows), [row.number for row in rows], FILLED_MAX
    for each in merged:
        if each.row < 2 or each.row == each.last_row or each.column != each.last_column:  # of the header
            continue
        first = bisect_left(numbers, each.row)
        name = _name(header, each.column - 1)
        value = found[first].values.get(name) if numbers[first : first + 1] == [each.row] else None
        if value is None:
            continue
        note = ("merged", f"Column {name} is one merged cell with row {each.row}: its value is taken for this row too.")
        for place in range(first + 1, bisect_right(numbers, each.last_row)):
            left -= 1
            found[place] = _with(found[place], name, value, note)
        if left < 0:
            raise Unreadable(f"Merged cells of the sheet stand for more than {FILLED_MAX} cells.")
    return found


def _with(row: Row, name: str, value: Any, note: Note) -> Row:
    return row._replace(values={**row.values, name: value}, notes=(*row.notes, note))
