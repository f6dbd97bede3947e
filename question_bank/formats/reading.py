"""What comes out of reading a file, and how much of a file is read at all."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from question_bank.item import LETTERS, Item

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
ROW_COUNT_MAX: Final = 200_000
COLUMN_COUNT_MAX: Final = 200
CELL_LENGTH_MAX: Final = 20_000  # characters

LETTERED: Final = tuple(f"option_{letter}" for letter in LETTERS)
FIELDS: Final = (
    *("stem", "options", *LETTERED, "answer", "explanation", "type", "topic", "difficulty"),
    *("set", "case", "code", "fixed_order", "item_status"),
    *("category", "specialties", "level", "enemies", "pictures"),
)


class Unreadable(Exception):
    """The file as a whole can't be read; `str()` is one sentence for a person."""


class Refused(msgspec.Struct, frozen=True):
    """A row that did not become an item. `row` is its number in the file as its author counts.

    In a text or XML file that is the line it begins at; `place` says more where a number is not enough: the element,
    the file inside a package. "" in a table.
    """

    row: int
    code: str
    reason: str
    place: str = ""


class Doubt(msgspec.Struct, frozen=True):
    """A row that became an item and that its author should look at all the same. `row`, `place`: as of Refused."""

    row: int
    code: str
    reason: str
    place: str = ""


class Reading(msgspec.Struct, frozen=True):
    """The items in the order of their rows, the refused rows in theirs, and the columns nobody asked about.

    Where a format has no columns `ignored` names what else of the file was passed over: elements, tags, files.

    `doubts` are rows among the items, not among the refused.
    """

    items: tuple[Item, ...]
    refused: tuple[Refused, ...]
    ignored: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class Row(NamedTuple):
    """One row of any format. `trouble` is the reason why a format could not even take it apart.

    `notes` are what its author should look at if it becomes an item: what the format had and an item has no place for.
    """

    number: int
    values: Mapping[str, Any]  # by column
    trouble: tuple[str, str] | None = None  # (code, reason)
    place: str = ""
    notes: tuple[tuple[str, str], ...] = ()  # (code, reason)


def check_size(data: bytes) -> None:
    """Raise Unreadable for a file that is empty or too large to be looked at."""
    if not data.strip():
        raise Unreadable("The file is empty.")
    if len(data) > FILE_BYTES_MAX:
        raise Unreadable(f"The file is larger than {FILE_BYTES_MAX // 1024**2} MiB.")
