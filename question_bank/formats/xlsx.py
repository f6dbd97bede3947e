"""Spreadsheets (.xlsx): the first sheet, column names in row 1, rows numbered as the spreadsheet does.

A spreadsheet is a ZIP archive of XML, made by a stranger. So its unpacked size is looked at before anything is
unpacked, and whatever the library raises about its inside becomes `Unreadable`. Cells are read twice side by side, as
values and as formulas: a formula that was never calculated has no value, and must not pass for an empty cell.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from question_bank.formats.reading import (
    COLUMN_COUNT_MAX,
    FILE_BYTES_MAX,
    ROW_COUNT_MAX,
    Reading,
    Row,
    Unreadable,
    check_size,
)
from question_bank.formats.rows import collect

UNPACKED_BYTES_MAX: Final = 4 * FILE_BYTES_MAX
SHEET_ROWS_MAX: Final = 1_048_576  # of the format; a row number beyond it would be read as that many empty rows

_Cells = Sequence[Any]  # of one row; openpyxl has a class for full and one for empty cells, with nothing in common


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The items of the first sheet; a row with an error or an uncalculated formula is refused. Raises Unreadable."""
    check_size(data)
    try:
        _check_unpacked(data)
        rows = _rows(data)
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001  the libraries raise anything on a broken file, from KeyError to their own
        raise Unreadable(f"The file is not a spreadsheet that can be read ({type(error).__name__}).") from None
    return collect(rows, mapping, pool)


def _check_unpacked(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > UNPACKED_BYTES_MAX:
        raise Unreadable(f"The spreadsheet unpacks to more than {UNPACKED_BYTES_MAX // 1024**2} MiB.")


def _rows(data: bytes) -> list[Row]:
    """The rows that are not empty, under the column names of row 1."""
    numbered = enumerate(zip_longest(_sheet(data, values=True), _sheet(data, values=False), fillvalue=()), 1)
    header: list[str] = []
    rows: list[Row] = []
    for number, (values, formulas) in numbered:
        if number == 1:
            header = _header(values)
        elif any(cell.value is not None for cell in (*values, *formulas)):
            rows.append(_row(number, header, values, formulas))
        if len(rows) > ROW_COUNT_MAX or number > SHEET_ROWS_MAX:
            raise Unreadable(f"The file has more than {ROW_COUNT_MAX} rows.")
    return rows


def _sheet(data: bytes, *, values: bool) -> Iterator[_Cells]:
    """The rows of the first sheet, empty ones included, with the values of formulas or with the formulas."""
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=values)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what a sheet says of its own size is often wrong
    return sheet.iter_rows()


def _header(cells: _Cells) -> list[str]:
    if len(cells) > COLUMN_COUNT_MAX:
        raise Unreadable(f"The sheet has more than {COLUMN_COUNT_MAX} columns.")
    names = ["" if cell.value is None else str(cell.value).strip() for cell in cells]
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise Unreadable(f"Two columns are called {twice}.")
    return names


def _row(number: int, header: Sequence[str], values: _Cells, formulas: _Cells) -> Row:
    found: dict[str, Any] = dict.fromkeys(filter(None, header))
    for place, (cell, formula) in enumerate(zip_longest(values, formulas)):
        name = (header[place] if place < len(header) else "") or f"(column {get_column_letter(place + 1)})"
        if cell is not None and cell.value is not None:
            found[name] = cell.value
            if cell.data_type == "e":
                return Row(number, found, ("cell_error", f"Column {name} holds the error {cell.value}."))
        elif formula is not None and formula.value is not None:
            return Row(
                number, found, ("formula", f"Column {name} holds a formula without a value: save it calculated.")
            )
    return Row(number, found)
