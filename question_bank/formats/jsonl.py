"""JSON Lines: one object a line. Rows are numbered as lines are, from 1; empty lines count but say nothing."""

from collections.abc import Mapping

from question_bank.formats.reading import ROW_COUNT_MAX, Reading, Row, Unreadable
from question_bank.formats.rows import collect
from question_bank.formats.text import json_in, text_in


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The items of the lines; a line that is no JSON object is refused. Raises Unreadable."""
    lines = text_in(data).split("\n")  # not splitlines(): it also splits at characters that JSON allows in a string
    if len(lines) > 2 * ROW_COUNT_MAX:
        raise Unreadable(f"The file has more than {ROW_COUNT_MAX} rows.")
    rows = [_row(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if all(row.trouble for row in rows):
        raise Unreadable("The file is not JSON Lines: no line of it is a JSON object.")
    return collect(rows, mapping, pool)


def _row(number: int, line: str) -> Row:
    try:
        value = json_in(line)
    except ValueError:
        return Row(number, {}, ("not_json", "The line is not JSON."))
    return row_of(number, value)


def row_of(number: int, value: object) -> Row:
    """A JSON value as a row; one that is no object is a row in trouble."""
    if isinstance(value, dict):
        return Row(number, value)
    return Row(number, {}, ("not_object", "This is not a JSON object with the fields of an item."))
