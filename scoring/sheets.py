"""The papers of a sitting as they were answered: everybody may have had other items.

A row is a paper, and its cells are the items in the order in which they were shown: `places` says which column an item
is, `codes` what was chosen there (0 nothing, else the number of the answer). So a pool of thousands of items, of which
everybody has a hundred, takes a hundred cells a paper; a table with a cell for each item and person would be nearly
empty. Whoever had the same items makes up a *form*; of one form such a table can be made.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.marking import NO_RULING, Ref, Ruling, Scheme, mark_one, rule
from scoring.responses import NOT_GIVEN, NOT_REACHED, OMITTED, OPTION_COUNT_MAX, Codes, Column, Counts, Responses

NOTHING: Final = -1  # in `places`, behind the end of a shorter paper
CHUNK: Final = 8192  # papers looked at in one go: some ten megabytes at a time

Places = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.uint16]
Worth = npt.NDArray[np.int32]


class Asked(NamedTuple):
    """An item version as it was asked: what is worth the same to everybody and marked by the same key."""

    item_id: int
    version: int
    section: int
    multiple: bool

    @property
    def ref(self) -> Ref:
        """What the bank knows it by."""
        return self.item_id, self.version


@dataclass(frozen=True, eq=False)
class Sheets:
    """`chosen[j]`: the answers to column j by their numbers from 1, "b" or "acd" in the bank's option ids.

    `reached[i]`: how many items person i has up to his last answer.
    """

    persons: Counts  # attempt ids
    asked: tuple[Asked, ...]
    chosen: tuple[tuple[str, ...], ...]
    places: Places
    codes: Numbers
    reached: Counts

    def __post_init__(self) -> None:
        assert self.places.shape == self.codes.shape, "a code for each place"
        assert len(self.places) == len(self.persons)

    @cached_property
    def form(self) -> Counts:
        """The form of each person, numbered from 0 in the order of their first person."""
        # Order does not matter to a sum, so papers of the same items in another order have the same sum of numbers
        # that stand for the items; that two other papers have it too has a chance of 1 in 10^9 with a million papers.
        names = np.random.default_rng(20260501).integers(0, 2**63, len(self.asked) + 1, dtype=np.uint64)
        names[NOTHING] = 0
        sums = np.empty(len(self.persons), dtype=np.uint64)
        for part in chunks(len(sums)):
            sums[part] = names.take(self.places[part], mode="wrap").sum(axis=1)
        _, first, number = np.unique(sums, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        return np.asarray(rank[number])

    @cached_property
    def small(self) -> Codes:
        """The codes of `scoring.responses`, shaped like `codes`; answers beyond the 250th to an item are all one."""
        small = np.minimum(self.codes, OPTION_COUNT_MAX).astype(np.uint8)
        number = np.arange(self.codes.shape[1])
        small[(number >= self.reached[:, np.newaxis]) & (self.places != NOTHING)] = NOT_REACHED
        small[self.places == NOTHING] = NOT_GIVEN
        return small

    def points(self, worth: Worth) -> Counts:
        """Points of each person, by `worth[column, code]`."""
        kinds = worth.shape[1]
        flat = np.concatenate([worth.ravel(), np.zeros(kinds, dtype=worth.dtype)])  # for NOTHING, the last column
        totals = np.empty(len(self.persons), dtype=np.int64)
        for part in chunks(len(totals)):
            places = self.places[part].astype(np.int64)
            places[places == NOTHING] = len(worth)
            totals[part] = flat.take(places * kinds + self.codes[part]).sum(axis=1, dtype=np.int64)
        return totals

    def has(self, columns: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Whether each person had one of these columns."""
        wanted = np.zeros(len(self.asked) + 1, dtype=np.bool_)
        wanted[list(columns)] = True
        return (
            np.asarray(wanted[self.places].any(axis=1)) if self.places.size else np.zeros(len(self.persons), np.bool_)
        )

    def some(self, rows: Counts) -> "Sheets":
        """The papers of these rows."""
        kept = (self.places[rows], self.codes[rows], self.reached[rows])
        return Sheets(self.persons[rows], self.asked, self.chosen, *kept)

    def table(self, rows: Counts, columns: tuple[Column, ...]) -> tuple[Counts, Responses]:
        """Which columns the people of one form had, and their answers as a whole table."""
        had = np.sort(self.places[rows[0]])
        had = had[had != NOTHING]
        row_of = np.full(len(self.asked) + 1, len(had), dtype=np.int64)
        row_of[had] = np.arange(len(had))
        codes = np.full((len(had) + 1, len(rows)), NOT_GIVEN, dtype=np.uint8)
        np.put_along_axis(codes, row_of[self.places[rows]].T, self.small[rows].T, axis=0)
        persons = tuple(map(str, self.persons[rows].tolist()))
        return had.astype(np.int64), Responses(persons, tuple(columns[place] for place in had), codes[:-1])


def chunks(count: int) -> Iterator[slice]:
    """The rows of so many papers, a chunk at a time."""
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))


class Gathering:
    """Papers as they come; nothing that was once put in is changed."""

    def __init__(self) -> None:
        self._columns: dict[Asked, int] = {}
        self._codes: list[dict[str, int]] = []
        self._persons: list[int] = []
        self._places: list[npt.NDArray[np.int32]] = []
        self._chosen: list[Numbers] = []
        self._reached: list[int] = []

    def __len__(self) -> int:
        return len(self._persons)

    @property
    def refs(self) -> set[Ref]:
        """The item versions that were asked."""
        return {asked.ref for asked in self._columns}

    def add(self, person: int, asked: Sequence[Asked], chosen: Sequence[str]) -> None:
        """A paper: its items in their order, and what was chosen ("" nothing)."""
        places, codes = [], []
        for item, choice in zip(asked, chosen, strict=True):
            place = self._columns.get(item)
            if place is None:
                place = self._columns[item] = len(self._codes)
                self._codes.append({"": OMITTED})
            known = self._codes[place]
            places.append(place)
            codes.append(known.setdefault(choice, len(known)))
        self._persons.append(person)
        self._places.append(np.array(places, dtype=np.int32))
        self._chosen.append(np.array(codes, dtype=np.uint16))
        self._reached.append(max((no for no, choice in enumerate(chosen, 1) if choice), default=0))

    def sheets(self) -> Sheets:
        """All papers so far."""
        width = max(map(len, self._places), default=0)
        places = np.full((len(self._persons), width), NOTHING, dtype=np.int32)
        codes = np.zeros((len(self._persons), width), dtype=np.uint16)
        for row, (own, chosen) in enumerate(zip(self._places, self._chosen, strict=True)):
            places[row, : len(own)] = own
            codes[row, : len(own)] = chosen
        answers = tuple(tuple(choice for choice in known if choice) for known in self._codes)
        persons, reached = (np.array(each, dtype=np.int64) for each in (self._persons, self._reached))
        return Sheets(persons, tuple(self._columns), answers, places, codes, reached)


def worth_by(sheets: Sheets, keys: Mapping[Ref, str], scheme: Scheme) -> tuple[Worth, Counts]:
    """`[column, code]` points of every answer and `[column]` the most there are, exactly as `scoring.marking` gives."""
    rulings = {(ruling.item_id, ruling.version): ruling for ruling in scheme.rulings}
    kinds = 1 + max(map(len, sheets.chosen), default=0)
    worth = np.zeros((len(sheets.asked), kinds), dtype=np.int32)
    most = np.zeros(len(sheets.asked), dtype=np.int64)
    for place, (asked, answers) in enumerate(zip(sheets.asked, sheets.chosen, strict=True)):
        ruling = rulings.get(asked.ref, NO_RULING)
        most[place] = full = 0 if ruling.void else scheme.worth(asked.section)
        by, key = rule(scheme, multiple=asked.multiple), keys[asked.ref]
        worth[place, : len(answers) + 1] = [mark_one(by, each, key, ruling, full).points for each in ("", *answers)]
    return worth, most


def columns_by(sheets: Sheets, keys: Mapping[Ref, str], scheme: Scheme) -> tuple[Column, ...]:
    """The items with their options, for figures about answers: what is void or credited is looked at by its key."""
    rulings = {(ruling.item_id, ruling.version): ruling for ruling in scheme.rulings}
    return tuple(
        _column(asked, answers, keys[asked.ref], rulings.get(asked.ref, NO_RULING), scheme)
        for asked, answers in zip(sheets.asked, sheets.chosen, strict=True)
    )


def _column(asked: Asked, answers: Sequence[str], key: str, ruling: Ruling, scheme: Scheme) -> Column:
    """Keys that nobody chose come behind the answers there are: those have their numbers.

    Of more than 250 different answers (an X item of eight options or more) the late-comers are one, worth the best of
    them: figures can live with that, points are made from `worth_by`.
    """
    by, full = rule(scheme, multiple=asked.multiple), scheme.worth(asked.section)
    counted = Ruling(*asked.ref, also=ruling.also, key=ruling.key)
    options = (*answers, *(right for right in dict.fromkeys(ruling.right(key)) if right not in answers))
    points = tuple(mark_one(by, choice, key, counted, full).points for choice in options)
    if len(options) > OPTION_COUNT_MAX:
        few = OPTION_COUNT_MAX - 1
        options, points = (*options[:few], "*"), (*points[:few], max(points[few:]))
    return Column(f"{asked.item_id}.{asked.version}", options, points)
