"""A JSON file that holds one list of objects. Rows are numbered by their place in the list, from 1."""

from collections.abc import Mapping

from question_bank.formats.jsonl import row_of
from question_bank.formats.reading import Reading, Unreadable
from question_bank.formats.rows import collect
from question_bank.formats.text import json_in, text_in


def read(data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The items of the list; an element that is no object is refused. Raises Unreadable."""
    try:
        values = json_in(text_in(data))
    except ValueError as error:
        raise Unreadable(f"The file is not JSON: {error}.") from None
    if not isinstance(values, list):
        raise Unreadable("The file is not a JSON list of items.")
    return collect([row_of(number, value) for number, value in enumerate(values, 1)], mapping, pool)
