"""Who chose what: the answers of many people to the same items, as small numbers in one table.

A column of the table is an item, and its options are numbered from 1 in the order of `Column.options`; an answer to an
item with several right options is one option here ("acd"). The table lies by items, so that everything asked about one
item is read in one sweep; a hundred thousand papers of a hundred items are ten megabytes.

**Missing answers.** Marking gives nothing for them (scoring/marking.py), so here too they count as wrong. Three kinds
are told apart all the same: left out (`OMITTED`), behind the last answer and therefore perhaps never seen
(`NOT_REACHED`), and not on this person's paper at all (`NOT_GIVEN`), which is no answer and counts nowhere.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

OMITTED: Final = 0
OPTION_COUNT_MAX: Final = 250  # different answers to one item
NOT_REACHED: Final = 254
NOT_GIVEN: Final = 255

Codes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]


class Column(msgspec.Struct, frozen=True):
    """An item: its options, and what each is worth. A right one is worth the most; something is worth more than 0."""

    name: str
    options: tuple[str, ...]
    points: tuple[int, ...]
    scored: bool = False  # only right or wrong is known ("1", "0"), not what was chosen

    def __post_init__(self) -> None:
        if not (len(self.options) == len(self.points) <= OPTION_COUNT_MAX and max(self.points, default=0) > 0):
            raise ValueError(f"{self.name}: options and their points, at least one of them worth something")

    @property
    def points_max(self) -> int:
        return max(self.points)

    def right(self, option: int) -> bool:
        """Whether option number `option`, from 1, is worth all the points."""
        return self.points[option - 1] == self.points_max


@dataclass(frozen=True, eq=False)
class Responses:
    """`codes[j, i]`: what person `i` answered to item `j`, an option's number from 1 or one of the three above."""

    persons: tuple[str, ...]
    columns: tuple[Column, ...]
    codes: Codes

    def __post_init__(self) -> None:
        assert self.codes.shape == (len(self.columns), len(self.persons)), "a row for each item, a column for a person"
        assert self.codes.dtype == np.uint8

    @cached_property
    def points(self) -> Codes:
        """Points of each answer, shaped like `codes`."""
        worth = np.zeros((len(self.columns), 256), dtype=np.uint8)
        for row, column in zip(worth, self.columns, strict=True):
            row[1 : len(column.points) + 1] = column.points
        points = np.empty_like(self.codes)
        for row, codes, out in zip(worth, self.codes, points, strict=True):
            np.take(row, codes, out=out)
        return points

    @cached_property
    def totals(self) -> Counts:
        """Points of each person."""
        return np.asarray(self.points.sum(axis=0, dtype=np.int64))

    @cached_property
    def right(self) -> Flags:
        """Whether each answer was worth all the points, shaped like `codes`."""
        most = np.array([column.points_max for column in self.columns], dtype=np.uint8)
        return np.asarray(self.points == most[:, np.newaxis])

    @cached_property
    def complete(self) -> bool:
        """Whether everybody was given every item."""
        return not bool((self.codes == NOT_GIVEN).any())


def with_not_reached(codes: Codes) -> Codes:
    """Call the unanswered items behind a person's last answer not reached; the rows are in the order of the paper."""
    behind = np.logical_and.accumulate(codes[::-1] == OMITTED, axis=0)[::-1]
    return np.where(behind, np.uint8(NOT_REACHED), codes)
