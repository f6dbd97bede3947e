"""Which column of a file is what: the persons, the items, what else was asked for."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from scoring.response_cells import FALSE, TRUE
from scoring.response_text import MISSING, Row, UnreadableResponses, answer

COLUMN_COUNT_MAX: Final = 2000
NAMES_SHOWN: Final = 5
NAMES_TOO: Final = frozenset({"y", "n"})  # answers that are also names of columns
PERSON_NAMES: Final = frozenset(
    {"", "id", "person", "person_id", "rownames", "row", "no", "name", "candidate", "student", "examinee", "subject"}
    | {"准考证号", "考号", "姓名", "身份证号", "编号", "序号", "考生"}
)


class Layout(msgspec.Struct, frozen=True):
    """What is known of the columns beforehand. `person`: a name, or None to find it."""

    person: str | None = None
    extras: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    whole_only: bool = False  # leave out who has missing answers, in place of counting them as wrong


class Places(msgspec.Struct, frozen=True):
    person: int | None
    items: tuple[int, ...]
    extras: dict[str, int]


def names_in(header: Sequence[str], sample: Sequence[Row]) -> list[str]:
    """The names of all columns. R writes no name for its row names, and some files have no header at all."""
    names = [name.strip() for name in header]
    if sample and all(len(row.cells) == len(names) + 1 for row in sample):
        names = ["", *names]
    if {answer(name).lower() for name in names[1:]} <= (TRUE | FALSE) - NAMES_TOO and len(names) > 1:
        raise UnreadableResponses("The first line has to name the items; here it holds answers.")
    if len(names) > COLUMN_COUNT_MAX:
        raise UnreadableResponses(f"More than {COLUMN_COUNT_MAX} columns.")
    twice = next((name for number, name in enumerate(names) if name and name in names[:number]), None)
    if twice is not None:
        raise UnreadableResponses(f'Two columns are called "{twice}"; the first line has to name the items.')
    return names


def places_of(
    names: Sequence[str], key: Mapping[str, frozenset[str]] | None, layout: Layout, sample: Sequence[Row]
) -> Places:
    """By what was asked for, what the key names, and what the first rows hold. Raises UnreadableResponses."""
    numbers = {name: number for number, name in enumerate(names)}
    for name in (*layout.extras, *layout.ignore, *([] if layout.person is None else [layout.person])):
        if name not in numbers:
            raise UnreadableResponses(f'There is no column "{name}".')
    extras = {name: numbers[name] for name in layout.extras}
    person = numbers[layout.person] if layout.person is not None else _person(names, key, sample)
    apart = {person, *extras.values(), *(numbers[name] for name in layout.ignore)}
    items = tuple(n for n, name in enumerate(names) if n not in apart and name and (key is None or name in key))
    if not items:
        raise UnreadableResponses("No column is an item" + (f" of the key{_both(names, key)}." if key else "."))
    return Places(person, items, extras)


def _both(names: Sequence[str], key: Mapping[str, frozenset[str]]) -> str:
    """What the file and the key call their first items: whoever sees both sees what is wrong."""
    file, said = (", ".join(filter(None, list(each)[:NAMES_SHOWN])) for each in (names, key))
    return f": the file has {file[:80]}, the key {said[:80]}"


def _person(names: Sequence[str], key: Mapping[str, frozenset[str]] | None, sample: Sequence[Row]) -> int | None:
    if key is not None:
        return None if names[0] in key else 0
    cells = {answer(row.cells[0]).lower() for row in sample if row.cells}
    return 0 if names[0].lower() in PERSON_NAMES or not cells <= MISSING | TRUE | FALSE else None
