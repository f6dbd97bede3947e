"""What readers of spreadsheets have in common: a line of cells, the limits, and what is wrong with a whole file."""

from typing import Final, NamedTuple

LINES_MAX: Final = 1_048_576  # of the .xlsx format
COLUMNS_MAX: Final = 200  # further right nothing is looked at
CELL_CHARS_MAX: Final = 32_767  # of the .xlsx format


class BadSheet(Exception):
    """The file as a whole can't be read. `code` for the browser's sentence, filled by `facts`.

    sheet_unreadable, sheet_old_format, sheet_empty, sheet_not_text, sheet_too_large (limit), sheet_too_many_rows
    (limit), sheet_cell_too_long (limit), sheet_broken (row), sheet_heading_missing (column), sheet_heading_twice
    (column).
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Line(NamedTuple):
    """One line. `number` as the spreadsheet shows it; `troubles`: what is wrong with a cell, by its place from 0.

    Troubles: formula, cell_error, number_lost_digits.
    """

    number: int
    values: list[str]
    troubles: dict[int, str]
