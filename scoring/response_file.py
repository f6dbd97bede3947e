"""Responses from a file of any program: a line for each person, a cell for each item.

The separator (comma, semicolon, tab, bar or spaces) and the encoding are found. The first line names the items. What is
read is either 0 and 1 (also 1.0, TRUE), or, with a key, the options that were chosen, in any case; letters of an answer
with several are put in order. Empty cells, NA, NaN, "." and "-" are missing answers.

The first column holds the persons when the key does not name it or, without a key, when it is called like such a column
or holds anything but 0 and 1. Columns the key does not name are ignored and listed; nothing is left out in silence.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from scoring.response_cells import BAD, CELL_LENGTH_MAX, Cells
from scoring.response_columns import Layout, Places, names_in, places_of
from scoring.response_text import Row, UnreadableResponses, rows_in
from scoring.responses import Codes, Column, Responses, with_not_reached

REFUSED_MAX: Final = 0.5  # of the rows: beyond it the file is something else than we think
CHUNK: Final = 4096  # rows
SAMPLE: Final = 200  # rows, to find out what the columns are
FIT_MIN: Final = 5  # people, before a key that nobody has anything right by is doubted


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that does not count. `row`: the line in the file on which it ends, the header is line 1."""

    row: int
    reason: str


@dataclass(frozen=True, eq=False)
class ResponseFile:
    """What was read. `extras`: the columns asked for besides items, a value for each person."""

    responses: Responses
    refused: tuple[RefusedRow, ...]
    left_out: tuple[RefusedRow, ...]  # nothing wrong with them, but they hold no answer, or not all if all are wanted
    ignored: tuple[str, ...]  # columns
    keys_unused: tuple[str, ...]  # items of the key that the file does not have
    extras: Mapping[str, tuple[str, ...]]


def read_responses(data: bytes, key: Mapping[str, frozenset[str]] | None, layout: Layout | None = None) -> ResponseFile:
    """The table in `data`. Raises UnreadableResponses when it is none, or when more than half of its rows are bad."""
    layout = layout or Layout()
    rows = rows_in(data)
    header = next(rows, None)
    if header is None:
        raise UnreadableResponses("The file is empty.")
    sample = list(itertools.islice(rows, SAMPLE))
    names = names_in(header.cells, sample)
    place = places_of(names, key, layout, sample)
    table = Cells([names[number] for number in place.items], key)
    reading = _Reading(place, table, len(names), layout.whole_only)
    for chunk in _chunks(itertools.chain(sample, rows)):
        reading.take(chunk)
    return reading.end(names, key)


class _Reading:
    """Rows as they come, in chunks."""

    def __init__(self, place: Places, table: Cells, width: int, whole_only: bool) -> None:
        self.place, self.table, self.width, self.whole_only = place, table, width, whole_only
        self.refused: list[RefusedRow] = []
        self.left_out: list[RefusedRow] = []
        self.persons: dict[str, int] = {}  # -> line
        self.extras: dict[str, list[str]] = {name: [] for name in place.extras}
        self.parts: list[Codes] = []

    def take(self, rows: Sequence[Row]) -> None:
        good = [row for row in rows if self._shaped(row)]
        if not good:
            return
        cells = list(zip(*(row.cells for row in good), strict=True))
        codes = self.table.codes([cells[number] for number in self.place.items])
        bad, some, whole = np.any(codes == BAD, axis=0), np.any(codes, axis=0), np.all(codes, axis=0)
        kept = []
        for number, (row, is_bad, has_some, is_whole) in enumerate(
            zip(good, bad.tolist(), some.tolist(), whole.tolist(), strict=True)
        ):
            if is_bad:
                self._refuse(row, codes[:, number])
            elif not has_some:
                self.left_out.append(RefusedRow(row.line, "not one answer"))
            elif self.whole_only and not is_whole:
                self.left_out.append(RefusedRow(row.line, "answers are missing"))
            elif self._new(row):
                kept.append(number)
        self.parts.append(codes[:, kept])
        for name, number in self.place.extras.items():
            self.extras[name] += [good[each].cells[number].strip() for each in kept]

    def end(self, names: Sequence[str], key: Mapping[str, frozenset[str]] | None) -> ResponseFile:
        if len(self.refused) > REFUSED_MAX * (len(self.refused) + len(self.persons) + len(self.left_out)):
            raise UnreadableResponses(
                f"{len(self.refused)} rows can't be read, the first on line {self.refused[0].row}: "
                f"{self.refused[0].reason}."
                + (" Options need a key, and what is no item has to be ignored." if key is None else "")
            )
        codes = np.concatenate(self.parts, axis=1) if self.parts else np.zeros((len(self.table.names), 0), np.uint8)
        columns, codes = self.table.finish(codes)
        if (
            key
            and len(self.persons) >= FIT_MIN
            and not any(_some_right(*pair) for pair in zip(columns, codes, strict=True))
        ):
            raise UnreadableResponses("Nobody has anything right: the key does not fit these answers.")
        used = {*self.place.items, *self.place.extras.values(), self.place.person}
        return ResponseFile(
            Responses(tuple(self.persons), columns, with_not_reached(codes)),
            tuple(sorted(self.refused, key=lambda refused: refused.row)),
            tuple(self.left_out),
            tuple(name for number, name in enumerate(names) if number not in used),
            tuple(item for item in key or () if item not in self.table.names),
            {name: tuple(values) for name, values in self.extras.items()},
        )

    def _shaped(self, row: Row) -> bool:
        """Make it as wide as the header if only empty cells are in the way; else refuse it."""
        if len(row.cells) > self.width and not any(cell.strip() for cell in row.cells[self.width :]):
            del row.cells[self.width :]
        if len(row.cells) != self.width:
            reason = f"{len(row.cells)} cells where the header has {self.width}"
            if row.lines > 1:  # whoever stands on these lines is not counted, and must hear of it
                began = row.line - row.lines + 1
                reason += f": lines {began} to {row.line} are one row, a quotation mark is open"
            self.refused.append(RefusedRow(row.line, reason))
        return len(row.cells) == self.width

    def _refuse(self, row: Row, codes: Codes) -> None:
        item = int((codes == BAD).argmax())
        cell = row.cells[self.place.items[item]].strip()[:CELL_LENGTH_MAX]
        said = "neither 0 nor 1" if self.table.coders[item].right is None else "no answer"
        self.refused.append(RefusedRow(row.line, f'"{cell}" in {self.table.names[item]} is {said}'))

    def _new(self, row: Row) -> bool:
        person = row.cells[self.place.person].strip() if self.place.person is not None else f"line {row.line}"
        if person in self.persons:
            self.refused.append(RefusedRow(row.line, f"the person of line {self.persons[person]} again"))
            return False
        self.persons[person] = row.line
        return True


def _some_right(column: Column, codes: Codes) -> bool:
    return bool(np.isin(codes, [n for n in range(1, len(column.options) + 1) if column.right(n)]).any())


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk
