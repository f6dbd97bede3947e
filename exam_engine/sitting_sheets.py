"""The answers of a sitting, read once and kept: what statistics, what-if and calibration are made from.

A paper never changes, and neither do the answers of one that is marked; so each look only reads what was marked since
the last one. Who may be counted (not annulled) and what was released is asked anew each time. Reading is done some
hundred papers at a time, and taken apart in a thread.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
import numpy as np

from exam_engine.papers import read_paper
from exam_engine.store import Row
from question_bank import store as bank
from question_bank.item import Item
from scoring.marking import Mark, Ref
from scoring.sheets import Asked, Gathering, Sheets
from scoring.sitting_statistics import Known, Spent

CHUNK: Final = 500  # papers read at a time: some megabytes
SITTINGS_MAX: Final = 4  # kept: a hundred megabytes each when they are large
TIMED_MAX: Final = 5_000  # papers whose seconds are looked up, a hundred journal entries each: quantiles need no more

PEOPLE: Final = """
SELECT a.attempt_id, a.person_id, p.name, a.phase, a.points, a.passed, a.entered_at, coalesce(e.room, 1) AS room,
    coalesce(o.name, '') AS institution
FROM exam.attempts a JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o USING (organisation_id)
LEFT JOIN exam.entitlements e ON e.sitting_id = a.sitting_id AND e.person_id = a.person_id
WHERE a.sitting_id = $1 AND a.phase <> 'annulled' ORDER BY a.attempt_id
"""
ANSWERS: Final = """
SELECT p.attempt_id, p.body AS paper, s.marks::text AS marks FROM exam.papers p
CROSS JOIN LATERAL (SELECT marks FROM score.scores s WHERE s.attempt_id = p.attempt_id ORDER BY revision LIMIT 1) s
WHERE p.attempt_id = ANY ($1::bigint[]) ORDER BY p.attempt_id
"""
# Seconds on an item: the pauses before the words about it, in sum. What came late in a batch took no time of its own.
SECONDS: Final = """
SELECT attempt_id, array_agg(no) AS numbers, array_agg(spent) AS spent FROM (
    SELECT attempt_id, no, sum(gap)::real AS spent FROM (
        SELECT j.attempt_id, j.kind, (j.body ->> 'no')::integer AS no,
            extract(epoch FROM j.at - lag(j.at) OVER (PARTITION BY j.attempt_id ORDER BY j.version)) AS gap
        FROM exam.journal j WHERE j.attempt_id = ANY ($1::bigint[])
          AND j.kind IN ('started', 'answered', 'cleared', 'marked_for_later', 'resumed')) gaps
    WHERE kind IN ('answered', 'cleared') GROUP BY 1, 2) items
GROUP BY attempt_id
"""

_marks: Final = msgspec.json.Decoder(tuple[Mark, ...])


class Person(msgspec.Struct, frozen=True, gc=False):
    """Whose paper it is. `passed` only once released."""

    attempt_id: int
    person_id: int
    name: str
    phase: str
    points: int | None
    passed: bool | None
    entered_at: datetime
    room: int
    institution: str

    @property
    def counted(self) -> bool:
        """Whether his paper is marked."""
        return self.phase in ("marked", "released")


@dataclass(frozen=True, eq=False)
class Reading:
    """A sitting as it stands: everybody, and the papers of those counted in the order of `people`."""

    at: datetime
    everybody: tuple[Person, ...]
    people: tuple[Person, ...]
    sheets: Sheets
    items: dict[Ref, Item]
    forms: dict[int, str]
    known: Known
    timed: int

    @property
    def keys(self) -> dict[Ref, str]:
        """The bank's keys."""
        return {ref: item.key for ref, item in self.items.items()}

    @property
    def released(self) -> dict[int, bool]:
        """By attempt, whether the released result is a pass."""
        return {each.attempt_id: bool(each.passed) for each in self.people if each.phase == "released"}


@dataclass
class _Kept:
    """What was read of one sitting."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    gathering: Gathering = field(default_factory=Gathering)
    row_of: dict[int, int] = field(default_factory=dict)
    form_of: dict[int, str] = field(default_factory=dict)
    spent: dict[int, Spent] = field(default_factory=dict)
    items: dict[Ref, Item] = field(default_factory=dict)


class SittingSheets:
    """One per process; the sittings last looked at are kept."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    async def read(self, sitting_id: int, now: datetime, *, timed: bool = True) -> Reading:
        """The sitting as it stands now; `timed`: with the seconds spent on items."""
        kept = self._kept.setdefault(sitting_id, _Kept())
        self._kept.move_to_end(sitting_id)
        while len(self._kept) > SITTINGS_MAX:
            self._kept.popitem(last=False)
        async with kept.turn:
            everybody = tuple(_person(row) for row in await self._pool.fetch(PEOPLE, sitting_id))
            people = [each for each in everybody if each.counted]
            await self._read_answers(kept, [p.attempt_id for p in people if p.attempt_id not in kept.row_of])
            people = [each for each in people if each.attempt_id in kept.row_of]
            if timed:
                await self._read_seconds(kept, people)
            return await asyncio.to_thread(_reading, kept, everybody, people, now)

    async def _read_answers(self, kept: _Kept, ids: Sequence[int]) -> None:
        for start in range(0, len(ids), CHUNK):
            rows = await self._pool.fetch(ANSWERS, ids[start : start + CHUNK])
            await asyncio.to_thread(_gather, kept, rows)
        if missing := kept.gathering.refs - set(kept.items):
            kept.items.update(await bank.by_reference(self._pool, missing))

    async def _read_seconds(self, kept: _Kept, people: Sequence[Person]) -> None:
        """Of all, or of every second, third … in the order in which they began."""
        step = -(-len(people) // TIMED_MAX) or 1
        chosen = sorted(people, key=lambda each: each.entered_at)[::step]
        ids = [each.attempt_id for each in chosen if each.attempt_id not in kept.spent]
        for start in range(0, len(ids), CHUNK):
            for row in await self._pool.fetch(SECONDS, ids[start : start + CHUNK]):
                spent = np.full(max(row["numbers"]), np.nan, dtype=np.float32)
                spent[np.array(row["numbers"]) - 1] = row["spent"]
                kept.spent[row["attempt_id"]] = spent


def _person(row: Row) -> Person:
    return Person(*row)


def _gather(kept: _Kept, rows: Sequence[Row]) -> None:
    for row in rows:
        paper, marks = read_paper(row["paper"]), _marks.decode(row["marks"])
        asked = [Asked(e.item_id, e.version, e.section_no, e.multiple) for e in paper.entries]
        kept.row_of[row["attempt_id"]] = len(kept.gathering)
        kept.gathering.add(row["attempt_id"], asked, [mark.chosen for mark in marks])
        if isinstance(paper.form, int):
            kept.form_of[row["attempt_id"]] = str(paper.form)


def _reading(kept: _Kept, everybody: tuple[Person, ...], people: Sequence[Person], now: datetime) -> Reading:
    rows = np.array([kept.row_of[each.attempt_id] for each in people], dtype=np.int64)
    sheets = kept.gathering.sheets().some(rows)
    return Reading(
        at=now,
        everybody=everybody,
        people=tuple(people),
        sheets=sheets,
        items=dict(kept.items),
        forms=_form_names(kept, sheets),
        known=Known(
            began=np.array([each.entered_at.timestamp() for each in people], dtype=np.float64),
            groups=[each.institution for each in people],
            seconds=_seconds(kept, sheets),
        ),
        timed=sum(each.attempt_id in kept.spent for each in people),
    )


def _form_names(kept: _Kept, sheets: Sheets) -> dict[int, str]:
    """By the number in the papers, else in the order of the first paper of each."""
    _, first = np.unique(sheets.form, return_index=True)
    persons = sheets.persons[first].tolist()
    return {form: kept.form_of.get(person, str(form + 1)) for form, person in enumerate(persons)}


def _seconds(kept: _Kept, sheets: Sheets) -> Spent | None:
    if not kept.spent:
        return None
    width = sheets.places.shape[1]
    spent = np.full((len(sheets.persons), width), np.nan, dtype=np.float32)
    for row, person in enumerate(sheets.persons.tolist()):
        own = kept.spent.get(person)
        if own is not None:
            spent[row, : len(own)] = own[:width]
    return spent
