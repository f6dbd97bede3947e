"""Which papers of a sitting are compared with which (scoring/likeness.py), so that it stays feasible.

Only papers of the same items can be compared. In a form of up to `EVERYBODY_MAX` people everybody is compared with
everybody; a hundred thousand would be five thousand million pairs, so in a larger one people are compared who sat in
the same room, and people of the same institution. Who had a paper of his own is compared with nobody.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from exam_engine.sitting_sheets import Reading
from scoring.likeness import Alike, alike
from scoring.responses import Column
from scoring.sitting_statistics import FORM_MIN, SittingFigures

EVERYBODY_MAX: Final = 5_000
TOLD_MAX: Final = 200


class Compared(msgspec.Struct, frozen=True):
    """`within`: form, room_institution, or "" where no two had the same paper."""

    within: str
    compared: int
    found: int
    pairs: tuple[Alike, ...]


def compare(reading: Reading, columns: tuple[Column, ...], figures: SittingFigures) -> Compared:
    """All forms of at least FORM_MIN people; items with a suspected wrong key are left out."""
    doubtful = {one.item for one in figures.items if any(alarm.code == "wrong_key" for alarm in one.alarms)}
    sizes = np.bincount(reading.sheets.form) if len(reading.people) else np.zeros(0, dtype=np.int64)
    within, compared, found, pairs = "", 0, 0, dict[tuple[str, str], Alike]()
    for form in np.flatnonzero(sizes >= FORM_MIN).tolist():
        rows = np.flatnonzero(reading.sheets.form == form)
        large = len(rows) > EVERYBODY_MAX
        within = "room_institution" if large or within == "room_institution" else "form"
        _, responses = reading.sheets.table(rows, columns)
        for groups in _groups(reading, rows.tolist()) if large else [None]:
            one = alike(responses, groups, doubtful)
            compared, found = compared + one.compared, found + one.found
            pairs |= {pair.persons: pair for pair in one.pairs if pair.persons not in pairs}
    told = sorted(pairs.values(), key=lambda pair: (pair.chance, pair.persons))
    return Compared(within, compared, found, tuple(told[:TOLD_MAX]))


def _groups(reading: Reading, rows: Sequence[int]) -> list[list[str]]:
    """By room where there are several, and by institution. Whose institution is not known is a group of his own."""
    people = [reading.people[row] for row in rows]
    rooms = [str(each.room) for each in people]
    institutions = [each.institution or f"#{each.attempt_id}" for each in people]
    return [groups for groups in (rooms, institutions) if len(set(groups)) > 1]
