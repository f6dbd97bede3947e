"""What-if: what other rulings would do to the papers of a sitting. Nothing is changed here.

Each paper is marked by its own items with the scheme that holds and with the one proposed, to the same points as
`scoring.marking.mark` gives; its pass line follows its maximum (`scoring.result.line`). A pass that was released is
never taken away by itself: with `keep_passes` it stands below the line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from scoring.marking import Ref, Scheme
from scoring.responses import Counts
from scoring.sheets import Sheets, worth_by

Flags = npt.NDArray[np.bool_]
BINS: Final = 50  # of 2 percent


class Change(StrEnum):
    """What becomes of somebody's pass."""

    GAINS = "gains"  # below the line before, passes now
    LOSES = "loses"  # would fail, or fails although the pass was released
    KEPT = "kept"  # below the line now, but the pass was released and stands


class Line(msgspec.Struct, frozen=True):
    """The pass line of the sitting: `pass_points` of `points_full`, the maximum of a whole paper."""

    pass_points: int
    points_full: int


@dataclass(frozen=True, eq=False)
class Standing:
    """How people stand by a scheme, in the order of `Sheets.persons`."""

    points: Counts
    points_max: Counts
    line: Counts
    passing: Flags


class Case(msgspec.Struct, frozen=True):
    """One person whose pass changes. `row`: in `Sheets.persons`."""

    row: int
    change: Change
    points_before: int
    points_after: int
    points_max_after: int
    pass_points_after: int


class FormCase(msgspec.Struct, frozen=True):
    """A form whose people were touched."""

    form: int
    persons: int
    passing_before: int
    passing_after: int
    mean_before: float
    mean_after: float


class Outcome(msgspec.Struct, frozen=True):
    """Of all people: `touched` have a ruled item, `up` and `down` have other points; bins are of 2 percent."""

    counted: int
    touched: int
    up: int
    down: int
    passing_before: int
    passing_after: int
    mean_before: float | None
    mean_after: float | None
    before: tuple[int, ...]
    after: tuple[int, ...]
    forms: tuple[FormCase, ...]
    cases: tuple[Case, ...]


def what_if(
    sheets: Sheets,
    keys: Mapping[Ref, str],
    schemes: tuple[Scheme, Scheme],
    line: Line,
    released: Mapping[int, bool],
    *,
    keep_passes: bool,
) -> Outcome:
    """From the scheme that holds to the one proposed. `released`: by person, whether a released result is a pass."""
    before, marked = (standing(sheets, keys, scheme, line) for scheme in schemes)
    told = np.array([released.get(person, False) for person in sheets.persons.tolist()], dtype=np.bool_)
    failed = np.array([not released.get(person, True) for person in sheets.persons.tolist()], dtype=np.bool_)
    # What was told holds, whatever an earlier rescore made of the points; for the others the points decide.
    passing = (before.passing | told) & ~failed
    touched = sheets.has(ruled(sheets, *schemes))
    after = np.where(touched, marked.passing | (told & keep_passes), passing)
    points = before.points.astype(np.int64), marked.points.astype(np.int64)
    return Outcome(
        counted=len(sheets.persons),
        touched=int(touched.sum()),
        up=int((points[1] > points[0]).sum()),
        down=int((points[1] < points[0]).sum()),
        passing_before=int(passing.sum()),
        passing_after=int(after.sum()),
        mean_before=float(points[0].mean()) if len(touched) else None,
        mean_after=float(points[1].mean()) if len(touched) else None,
        before=histogram(before),
        after=histogram(marked),
        forms=_forms(sheets, touched, points, passing, after),
        cases=_cases(passing, after, told & ~marked.passing & keep_passes & touched, before, marked),
    )


def standing(sheets: Sheets, keys: Mapping[Ref, str], scheme: Scheme, line: Line) -> Standing:
    """Everybody by one scheme."""
    worth, most = worth_by(sheets, keys, scheme)
    points_max = sheets.points(np.repeat(most[:, np.newaxis].astype(np.int32), worth.shape[1], axis=1))
    own = -(-line.pass_points * points_max // max(1, line.points_full))  # scoring.result.line, of all at once
    points = sheets.points(worth)
    return Standing(points, points_max, own, points >= own)


def ruled(sheets: Sheets, before: Scheme, after: Scheme) -> list[int]:
    """The columns that the two schemes do not rule alike."""
    old, new = ({(each.item_id, each.version): each for each in scheme.rulings} for scheme in (before, after))
    return [place for place, asked in enumerate(sheets.asked) if old.get(asked.ref) != new.get(asked.ref)]


def histogram(standing: Standing) -> tuple[int, ...]:
    """People in bins of 2 percent of their own maximum; a full score is in the last."""
    share = standing.points * BINS // np.maximum(1, standing.points_max)
    return tuple(np.bincount(np.minimum(share, BINS - 1), minlength=BINS).tolist())


def _forms(
    sheets: Sheets, touched: Flags, points: tuple[Counts, Counts], before: Flags, after: Flags
) -> tuple[FormCase, ...]:
    """The forms with touched people; papers that only one person had are no forms."""
    form = sheets.form
    count = int(form.max(initial=-1)) + 1
    people = np.bincount(form, minlength=count)
    with_item = np.bincount(form[touched], minlength=count)
    sums = [np.bincount(form, weights=each, minlength=count) for each in (before, after, *points)]
    return tuple(
        FormCase(
            form=number,
            persons=int(people[number]),
            passing_before=int(sums[0][number]),
            passing_after=int(sums[1][number]),
            mean_before=float(sums[2][number] / people[number]),
            mean_after=float(sums[3][number] / people[number]),
        )
        for number in np.flatnonzero((with_item > 0) & (people > 1)).tolist()
    )


def _cases(before: Flags, after: Flags, kept: Flags, was: Standing, will: Standing) -> tuple[Case, ...]:
    found = []
    for change, rows in (
        (Change.LOSES, np.flatnonzero(before & ~after)),
        (Change.KEPT, np.flatnonzero(kept)),
        (Change.GAINS, np.flatnonzero(after & ~before)),
    ):
        for row in rows.tolist():
            points = (int(was.points[row]), int(will.points[row]), int(will.points_max[row]), int(will.line[row]))
            found.append(Case(row, change, *points))
    return tuple(found)
