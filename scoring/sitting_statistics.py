"""Statistics of a sitting from its papers, whether everybody had the same items, one of several forms, or his own.

What holds where papers differ:

- **p** of an item is that of the people who were given it, its **rest correlation** is with the rest of their papers.
  Papers of a sitting are made equal in difficulty, so their rest scores are of one scale.
- **KR-20 and alpha** are figures of one table of the same items: they are given for each form. Of the whole sitting
  alpha is given where there is one form only; else a **marginal** estimate: k/(k−1) · (1 − mean of Σ v / Var D), with
  v the variances of the items on a paper and D its points less what its items bring on average, so that a paper of
  easier items is no better physician. It is alpha where all had the same items, and rests on the average covariance of
  pairs of items that were asked together.
- **Leaks** are looked for among the people who were given the item, by what their totals let expect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from scoring.alarms import Alarm, item_alarms
from scoring.distractors import KINDS, discrimination
from scoring.expectation import expected_where_given
from scoring.leaks import GROUP_MIN, PEOPLE_MIN, dip_of, eased, favoured, quicker
from scoring.reliability import reliability
from scoring.responses import Column, Counts, Reals
from scoring.sheets import NOTHING, Places, Sheets, chunks
from scoring.statistics import ItemStatistics, Seconds

FORM_MIN: Final = 50  # people, before a form has figures of its own
FORMS_TOLD_MAX: Final = 50

Spent = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Known:
    """What else is known of the people, NaN and "" where it is not; `seconds` lies like `Sheets.places`."""

    began: Reals
    groups: Sequence[str]
    seconds: Spent | None = None


class FormStatistics(msgspec.Struct, frozen=True):
    """Of the people who had the same items; `form` as `Sheets.form` numbers it. See scoring/reliability.py."""

    form: int
    persons: int
    items: int
    mean: float | None
    sd: float | None
    kr20: float | None
    alpha: float | None
    sem: float | None


class SittingFigures(msgspec.Struct, frozen=True):
    """`items` in the order of the columns; `reliability_by`: alpha, marginal, or "" where nothing can be said."""

    persons: int
    items: tuple[ItemStatistics, ...]
    mean: float | None
    sd: float | None
    sem: float | None
    reliability: float | None
    reliability_by: str
    forms: tuple[FormStatistics, ...]
    form_count: int


def sitting_statistics(sheets: Sheets, columns: tuple[Column, ...], known: Known | None = None) -> SittingFigures:
    """All but likeness. Sheets that are empty, tiny or constant are fine: what can't be said of them is None."""
    worth = _worth(columns)
    totals = sheets.points(worth.astype(np.int32))
    counts, sums, squares = _tables(sheets, totals, len(columns))
    found = [
        discrimination(column, counts[place], sums[place], int(squares[place])) for place, column in enumerate(columns)
    ]
    suspicions = _suspicions(sheets, columns, known)
    spent = _seconds(sheets, known, len(columns))
    items = tuple(
        ItemStatistics(
            item=column.name,
            count=one.count,
            p=one.p,
            p_reached=one.p_reached,
            rest_correlation=one.rest_correlation,
            omitted=one.omitted,
            not_reached=one.not_reached,
            omitted_rest_mean=one.omitted_rest_mean,
            options=one.options,
            seconds=spent[place],
            alarms=item_alarms(column, one) + suspicions[place],
        )
        for place, (column, one) in enumerate(zip(columns, found, strict=True))
    )
    forms = _forms(sheets, columns)
    form_count = int(sheets.form.max(initial=-1)) + 1
    whole, sd_within = _marginal(sheets, worth, totals, counts)
    sd = float(totals.std(ddof=1)) if len(totals) > 1 else None
    return SittingFigures(
        persons=len(totals),
        items=items,
        mean=float(totals.mean()) if len(totals) else None,
        sd=sd,
        sem=None if whole is None or sd_within is None else sd_within * max(0.0, 1 - whole) ** 0.5,
        reliability=whole,
        reliability_by="" if whole is None else "alpha" if form_count == 1 else "marginal",
        forms=forms,
        form_count=form_count,
    )


def _worth(columns: Sequence[Column]) -> Counts:
    """`[column, code]` points by the codes of `Sheets.small`."""
    worth = np.zeros((len(columns), KINDS), dtype=np.int64)
    for row, column in zip(worth, columns, strict=True):
        row[1 : len(column.points) + 1] = column.points
    return worth


def _tables(sheets: Sheets, totals: Counts, columns: int) -> tuple[Counts, Counts, Counts]:
    """`[column, code]` people and sums of their totals; `[column]` sums of the totals² of who was given it."""
    counts, sums = (np.zeros(columns * KINDS, dtype=np.int64) for _ in range(2))
    squares = np.zeros(columns, dtype=np.int64)
    for part in chunks(len(totals)):
        given = sheets.places[part] != NOTHING
        places, codes = sheets.places[part][given].astype(np.int64), sheets.small[part][given]
        each = np.broadcast_to(totals[part, np.newaxis], given.shape)[given].astype(np.float64)
        cells = places * KINDS + codes
        counts += np.bincount(cells, minlength=len(counts))
        # Whole numbers below 2^53, so nothing is lost to the floating point they are summed in.
        sums += np.rint(np.bincount(cells, weights=each, minlength=len(sums))).astype(np.int64)
        squares += np.rint(np.bincount(places, weights=each**2, minlength=columns)).astype(np.int64)
    return counts.reshape(columns, KINDS), sums.reshape(columns, KINDS), squares


# --- reliability -------------------------------------------------------------------------------------------------


def _forms(sheets: Sheets, columns: tuple[Column, ...]) -> tuple[FormStatistics, ...]:
    sizes = np.bincount(sheets.form) if len(sheets.persons) else np.zeros(0, dtype=np.int64)
    large = [form for form in np.argsort(-sizes, kind="stable").tolist() if sizes[form] >= FORM_MIN]
    return tuple(_form(sheets, columns, form) for form in large[:FORMS_TOLD_MAX])


def _form(sheets: Sheets, columns: tuple[Column, ...], form: int) -> FormStatistics:
    rows = np.flatnonzero(sheets.form == form)
    had, responses = sheets.table(rows, columns)
    found = reliability(responses)
    return FormStatistics(form, len(rows), len(had), found.mean, found.sd, found.kr20, found.alpha, found.sem)


def _marginal(sheets: Sheets, worth: Counts, totals: Counts, counts: Counts) -> tuple[float | None, float | None]:
    """The estimate of the docstring, and the standard deviation of D that its standard error is made of."""
    if len(totals) < 2:
        return None, None
    given = np.maximum(1, counts.sum(axis=1))
    mean = (counts * worth).sum(axis=1) / given
    variance = (counts * worth**2).sum(axis=1) / given - mean**2
    items = (sheets.places != NOTHING).sum(axis=1)
    k, parts = float(items.mean()), _over(sheets.places, variance)
    apart = totals - _over(sheets.places, mean)
    spread = float(apart.var())
    if k < 2 or spread <= 0:
        return None, None
    return k / (k - 1) * (1 - float(parts.mean()) / spread), float(apart.std(ddof=1))


def _over(places: Places, values: Reals) -> Reals:
    """The sum of an item's value over the items of each paper."""
    padded = np.append(values, 0.0)
    sums = np.empty(len(places))
    for part in chunks(len(places)):
        sums[part] = padded.take(places[part], mode="wrap").sum(axis=1)  # NOTHING is the last
    return sums


# --- leaks and speed ---------------------------------------------------------------------------------------------


def _suspicions(sheets: Sheets, columns: tuple[Column, ...], known: Known | None) -> list[tuple[Alarm, ...]]:
    none: list[tuple[Alarm, ...]] = [()] * len(columns)
    lengths = (sheets.places != NOTHING).sum(axis=1)
    if known is None or not len(lengths) or lengths.min() != lengths.max():
        return none  # what a total lets expect is asked of papers of one length
    right = np.zeros((len(columns) + 1, KINDS), dtype=np.bool_)
    for row, column in zip(right, columns, strict=False):
        row[1 : len(column.points) + 1] = [column.right(code) for code in range(1, len(column.points) + 1)]
    flags = _Given(sheets.places, right[sheets.places, sheets.small], len(columns))
    names, number, size = np.unique(np.array(known.groups, np.str_), return_inverse=True, return_counts=True)
    pace = _Pace(known.seconds) if known.seconds is not None else None
    asked = len(columns) * max(1, int((size >= GROUP_MIN).sum()))
    found = []
    for place in range(len(columns)):
        one = flags.of(place)
        found.append(
            _over_time(one, known.began, len(columns))
            + (_in_groups(one, number, names, asked) if len(names) > 1 else ())
            + (pace.alarms(one, known.began, len(columns)) if pace else ())
        )
    return found


@dataclass(frozen=True, eq=False)
class _Item:
    """The people who were given an item: rows, places in their papers, whether right, the chance by their totals."""

    rows: Counts
    cells: Counts
    right: npt.NDArray[np.bool_]
    chance: Reals


class _Given:
    """Who was given which item, sorted once for all."""

    def __init__(self, places: Places, right: npt.NDArray[np.bool_], columns: int) -> None:
        self._width = places.shape[1]
        flat, hits = places.ravel(), right.ravel()
        # Numbers of 16 bits are sorted by their digits, many times faster.
        self._order = np.argsort(flat.astype(np.uint16) if columns < 2**16 else flat, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=columns))])
        self._right = hits
        self._score = right.sum(axis=1)
        cells = self._score.repeat(self._width) * columns + flat
        size = (self._width + 1) * columns
        given = np.bincount(cells, minlength=size).reshape(-1, columns)
        had = np.bincount(cells[hits], minlength=size).reshape(-1, columns)
        self._table = expected_where_given(given, had)

    def of(self, place: int) -> _Item:
        """The people who were given one item, in their order."""
        cells = self._order[self._starts[place] : self._starts[place + 1]]
        rows = cells // self._width
        return _Item(rows, cells, self._right[cells], self._table[self._score[rows], place])


def _over_time(one: _Item, began: Reals, asked: int) -> tuple[Alarm, ...]:
    known = np.flatnonzero(np.isfinite(began[one.rows]))
    if len(known) < PEOPLE_MIN:
        return ()
    order = known[np.argsort(began[one.rows][known], kind="stable")]
    right, chance = one.right[order], one.chance[order]
    dip = dip_of(right - chance, float((chance * (1 - chance)).sum()), asked)
    return (eased(dip, right, began[one.rows][order]),) if dip else ()


def _in_groups(one: _Item, number: Counts, names: npt.NDArray[np.str_], asked: int) -> tuple[Alarm, ...]:
    if len(one.rows) < PEOPLE_MIN:
        return ()
    of = number[one.rows]
    return favoured(one.right, one.chance, of, names, np.bincount(of, minlength=len(names)), asked)


class _Pace:
    """Seconds less the usual pace of the person; the mean that is taken off each item is its own."""

    def __init__(self, seconds: Spent) -> None:
        logs = np.log(np.where(seconds > 0, seconds, np.nan).astype(np.float64))
        known = np.isfinite(logs)
        means = np.where(known, logs, 0).sum(axis=1) / np.maximum(1, known.sum(axis=1))
        self._apart = np.exp(logs - means[:, np.newaxis]).ravel()
        self._seconds = seconds.ravel()

    def alarms(self, one: _Item, began: Reals, asked: int) -> tuple[Alarm, ...]:
        """Whether the item was answered faster from some moment on."""
        apart, start = self._apart[one.cells], began[one.rows]
        known = np.flatnonzero(np.isfinite(apart) & np.isfinite(start))
        if len(known) < PEOPLE_MIN:
            return ()
        order = known[np.argsort(start[known], kind="stable")]
        logs = -np.log(apart[order])
        dip = dip_of(logs - logs.mean(), float(logs.var() * len(logs)), asked)
        return (quicker(dip, self._seconds[one.cells][order], start[order]),) if dip else ()


def _seconds(sheets: Sheets, known: Known | None, columns: int) -> list[Seconds | None]:
    if known is None or known.seconds is None:
        return [None] * columns
    flat, spent = sheets.places.ravel(), known.seconds.ravel()
    timed = np.isfinite(spent) & (flat != NOTHING)
    order = np.argsort(flat[timed], kind="stable")
    parts = np.split(spent[timed][order], np.cumsum(np.bincount(flat[timed], minlength=columns))[:-1])
    return [_spread(part) for part in parts]


def _spread(spent: Spent) -> Seconds | None:
    if not len(spent):
        return None
    p10, median, p90 = (round(float(value), 2) for value in np.percentile(spent, [10, 50, 90]))
    return Seconds(len(spent), p10, median, p90)
