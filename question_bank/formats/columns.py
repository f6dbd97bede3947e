"""Which column of a file holds which field."""

from collections import Counter
from collections.abc import Iterable, Mapping

from question_bank.formats.reading import FIELDS, Unreadable

Columns = dict[str, str]  # column in the file -> field


def columns_of(found: Iterable[str], mapping: Mapping[str, str]) -> Columns:
    """The columns that are read: those that are mapped, and those named like a field that no mapped one stands for.

    Raises Unreadable for a mapping that makes no sense, and when a field without which there is no item is missing.
    """
    names = list(dict.fromkeys(found))
    _check(mapping, names)
    taken = set(mapping.values())
    plain = {name: name.strip().lower() for name in names if name not in mapping}
    columns = {name: field for name, field in plain.items() if field in FIELDS and field not in taken}
    columns.update(mapping)
    _check_twice(columns)
    _check_missing(set(columns.values()))
    return columns


def _check(mapping: Mapping[str, str], names: list[str]) -> None:
    for column, field in mapping.items():
        if field not in FIELDS:
            raise Unreadable(f"The mapping {column}={field} names no field; the fields are {', '.join(FIELDS)}.")
        if column not in names:
            raise Unreadable(f"The mapping {column}={field} names a column that the file does not have.")


def _check_twice(columns: Columns) -> None:
    for field, times in Counter(columns.values()).items():
        if times > 1:
            names = ", ".join(name for name, other in columns.items() if other == field)
            raise Unreadable(f"The field {field} comes from {times} columns: {names}.")


def _check_missing(fields: set[str]) -> None:
    for field in ("stem", "answer"):
        if field not in fields:
            raise Unreadable(f"No column holds the {field}; map one: --map COLUMN={field}.")
    if "options" not in fields and not {"option_a", "option_b"} <= fields:
        raise Unreadable("No column holds the options; map one: --map COLUMN=options, or COLUMN=option_a and so on.")
