"""Parallel forms: k papers of one blueprint that are equally hard and measure equally well where it matters.

**Bound.** Add k papers up: unit u is used y[u] times, at most as often as its exposure allows, every quota holds k
times, and no pair of papers may share more than so many items. Without asking for whole numbers this is one linear
program; its optimum divided by k is more information than the average of any k papers can have. No k forms can beat it:
that is the bound the certificate compares with.

**Forms.** One after the other, each by an integer program: quotas, sets as whole units, enemies, an expected score
inside the band around the target, at most so many items in common with each form before, and as much information as
there is without having more than its part of it. What the forms still to come need stands in the same program as a
*shadow* (continuous, added up), so that no form takes what the later ones can't do without. Whole numbers are asked for
of the kinds (units that count the same); then quotas hold exactly, and all but a handful of units come out whole. Which
of those few are taken is settled by exchanges inside a kind (levelling), which also make the forms alike. Every rule
and both bounds are counted again at the end: forms that miss one are searched for anew with whole numbers for every
unit, and if that does not do either, the error names what gave way. Nothing is handed out that breaks a rule.
"""

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb
from typing import Final, NamedTuple

import numpy as np

from question_bank.item import Problem
from question_bank.levelling import Level, level
from question_bank.parameters import Reals
from question_bank.program import Program, Solved
from question_bank.supply import Counts, Supply

BAND: Final = 0.25  # of 100 points, each way: two forms differ by at most twice that
MARGIN: Final = 0.9  # of the band is used: what the solver calls zero is not quite
CANDIDATES: Final = 1.7  # times the items needed: the others are tried only if these do not do
GAP: Final = 0.01  # of the information of a form may be missed for the sake of time
DIE: Final = 0.02  # by which information is thrown about, so that other seeds give other forms
SLACK: Final = 0.01  # of the information: by so much forms may differ before exchanges try to mend it


class ImpossibleForms(Exception):
    """No such forms; `problems` say what gave way."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = tuple(problems)


class Wish(NamedTuple):
    """What the forms should be. `overlap_max` in items; `uses_max` 0: as often as the pool makes necessary."""

    forms: int
    seed: int
    target: float
    cut: float
    overlap_max: int
    uses_max: int = 0
    seconds_max: float = 300.0


class Made(NamedTuple):
    """`forms`: places of units. `bound`: of the mean information at the cut, proven."""

    forms: tuple[tuple[int, ...], ...]
    bound: float
    uses_max: int


Progress = Callable[[int, int], None]  # forms made, forms wanted
Clock = Callable[[], float]  # seconds


def make_forms(supply: Supply, wish: Wish, clock: Clock, progress: Progress = lambda _done, _all: None) -> Made:
    """The forms of `wish`; the same for the same arguments as long as time does not run out.

    Raises ImpossibleForms, and TimeoutError when nothing was found in time.
    """
    ends = clock() + wish.seconds_max
    uses_max, found = _bound(supply, wish, ends - clock())
    bound = -found.objective / wish.forms
    chosen = _candidates(supply, wish, found, uses_max)
    everybody = list(range(len(supply.units)))
    for places, exact in [(chosen, False), (everybody, False), (everybody, True)]:
        search = _Search(supply, wish, uses_max, bound, places, exact=exact)
        forms = search.all(lambda: ends - clock(), progress) if places else None
        if forms is not None and not broken(supply, wish, uses_max, forms):
            return Made(tuple(forms), bound, uses_max)
    raise ImpossibleForms([Problem("forms_apart", f"{wish.forms} forms exist added up, but not one by one.")])


def broken(supply: Supply, wish: Wish, uses_max: int, forms: Sequence[Sequence[int]]) -> list[str]:
    """The rules that these forms break, counted from nothing."""
    found = []
    for number, form in enumerate(forms, 1):
        uses = np.bincount(list(form), minlength=len(supply.units)).astype(np.float64)
        totals = zip(supply.limits, supply.totals(uses), strict=True)
        found += [f"form {number}: {limit.name}" for limit, total in totals if not limit.least <= total <= limit.most]
        if abs(uses @ supply.points - wish.target) > BAND:
            found.append(f"form {number}: expected score")
        if any(supply.enemies.get(place, frozenset()) & set(form) for place in form):
            found.append(f"form {number}: enemies")
    for one, other in combinations(range(len(forms)), 2):
        if sum(supply.sizes[place] for place in set(forms[one]) & set(forms[other])) > wish.overlap_max:
            found.append(f"forms {one + 1} and {other + 1}: overlap")
    used = Counter(place for form in forms for place in form)
    return found + [f"unit {place}: uses" for place, times in used.items() if times > uses_max]


def bound(supply: Supply, wish: Wish, seconds_max: float) -> float:
    """The mean information at the cut that no forms of this wish can exceed; raises ImpossibleForms."""
    return -_bound(supply, wish, seconds_max)[1].objective / wish.forms


def _bound(supply: Supply, wish: Wish, seconds_max: float) -> tuple[int, Solved]:
    """How often an item has to be used, and the program of all forms added up."""
    worths = supply.gauge.information(wish.cut)
    tries = [wish.uses_max] if wish.uses_max else range(1, wish.forms + 1)
    for uses_max in tries:
        found = _together(supply, wish, uses_max, worths).solve(seconds_max)
        if found is not None:
            return uses_max, found
    raise ImpossibleForms(_explain(supply, wish, tries[-1]))


def _together(supply: Supply, wish: Wish, uses_max: int, worths: Reals) -> Program:
    """Columns: the first, second ... use of every unit; rows: limits, expected score, items shared."""
    forms, program = wish.forms, Program()
    program.rows((forms * limit.least, forms * limit.most) for limit in supply.limits)
    points = program.row(forms * (wish.target - BAND), forms * (wish.target + BAND))
    shared = program.row(0.0, comb(forms, 2) * wish.overlap_max)
    for counts, point, worth, size in zip(supply.counts, supply.points, worths, supply.sizes, strict=True):
        base = [*((limit, float(count)) for limit, count in counts), (points, float(point))]
        for use in range(uses_max):
            program.column([*base, (shared, use * float(size))], 1.0, cost=-float(worth))
    return program


def _candidates(supply: Supply, wish: Wish, found: Solved, uses_max: int) -> list[int]:
    """The units that the bound uses or nearly uses; empty: all are needed anyway."""
    first = found.values.reshape(-1, uses_max)[:, 0], found.reduced.reshape(-1, uses_max)[:, 0]
    order = np.lexsort((first[1] / supply.sizes, -first[0]))
    wanted = CANDIDATES * wish.forms * supply.item_count
    enough = int(np.searchsorted(np.cumsum(supply.sizes[order]), wanted))
    return sorted(int(place) for place in order[:enough]) if enough < len(order) else []


def _explain(supply: Supply, wish: Wish, uses_max: int) -> list[Problem]:
    """The rules for which the pool falls short, be they alone or, if none does alone, together."""
    short = [
        Problem(
            "quota_short",
            f"{limit.name}: {wish.forms} forms need {limit.least * wish.forms}, "
            f"pool has {there:.0f}" + (f" for {uses_max} uses each" if uses_max > 1 else ""),
        )
        for limit, there in zip(supply.limits, supply.stock, strict=True)
        if there * uses_max < limit.least * wish.forms
    ]
    return short or _shared_too_often(supply, wish) or [_gave_way(supply, wish, uses_max)]


def _shared_too_often(supply: Supply, wish: Wish) -> list[Problem]:
    """The rules whose items alone, however evenly used, make two forms share more than they may."""
    allowed, found = comb(wish.forms, 2) * wish.overlap_max, []
    for limit, there in zip(supply.limits, supply.stock, strict=True):
        needs = _stock_for(wish.forms * limit.least, allowed)
        if there < needs:
            said = f"{wish.forms} forms of which two share at most {wish.overlap_max} items need {needs}"
            found.append(Problem("quota_short", f"{limit.name}: {said}, pool has {there:.0f}"))
    return found


def _stock_for(uses: int, allowed: int) -> int:
    """The fewest items that can be used so often with no more than `allowed` pairs of uses of one item."""
    return bisect_left(range(1, uses + 1), -allowed, key=lambda items: -_pairs(uses, items)) + 1 if uses else 0


def _pairs(uses: int, items: int) -> int:
    """Pairs of uses of one item when all are used as evenly as can be."""
    times, more = divmod(uses, items)
    return more * comb(times + 1, 2) + (items - more) * comb(times, 2)


def _gave_way(supply: Supply, wish: Wish, uses_max: int) -> Problem:
    """Which rule falls shortest when all others are kept as well as can be."""
    forms, program = wish.forms, Program()
    names = [limit.name for limit in supply.limits] + ["expected score", "overlap"]
    program.rows((forms * limit.least, forms * limit.most) for limit in supply.limits)
    points = program.row(forms * (wish.target - BAND), forms * (wish.target + BAND))
    shared = program.row(0.0, comb(forms, 2) * wish.overlap_max)
    for counts, point, size in zip(supply.counts, supply.points, supply.sizes, strict=True):
        base = [*((limit, float(count)) for limit, count in counts), (points, float(point))]
        for use in range(uses_max):
            program.column([*base, (shared, use * float(size))], 1.0)
    slacks = [
        (program.column([(row, sign)], np.inf, cost=1.0), name)
        for row, name in enumerate(names)
        for sign in (1.0, -1.0)
    ]
    found = program.solve(60.0)
    assert found is not None, "with a slack on every row there is always an answer"
    worst, name = max(slacks, key=lambda slack: found.values[slack[0]])
    text = f"{name}: {forms} forms miss it by {found.values[worst]:.1f} together, beside the other quotas"
    return Problem("expected_reach" if name == "expected score" else "quota_short", text)


class _Search:
    """The forms one after the other, each with the shadow of those to come."""

    def __init__(
        self, supply: Supply, wish: Wish, uses_max: int, bound: float, places: Sequence[int], *, exact: bool
    ) -> None:
        self._exact = exact
        self._supply, self._wish, self._uses_max, self._bound = supply, wish, uses_max, bound
        self._places = places
        self._worths = supply.gauge.information(wish.cut)
        self._points = supply.points
        self._used = [0] * len(supply.units)
        self._forms: list[tuple[int, ...]] = []
        self._rng = random.Random(wish.seed)  # noqa: S311  the same forms for the same seed

    def all(self, left: Callable[[], float], progress: Progress) -> list[tuple[int, ...]] | None:
        """All forms; None when these units do not do. Raises TimeoutError."""
        for done in range(self._wish.forms):
            seconds = left()
            if seconds <= 0:
                raise TimeoutError(f"{done} of {self._wish.forms} forms were made in time")
            form = self._next(seconds)
            if form is None:
                return None
            for place in form:
                self._used[place] += 1
            self._forms.append(form)
            progress(done + 1, self._wish.forms)
        worth = float(np.mean([self._worths[list(form)].sum() for form in self._forms]))
        return level(self._supply, self._forms, self._worths, self._want(worth), self._places)

    def _want(self, worth: float) -> Level:
        return Level(self._wish.target, BAND, worth, SLACK * self._bound, self._wish.overlap_max, self._uses_max)

    def _next(self, seconds: float) -> tuple[int, ...] | None:
        places = [place for place in self._places if self._used[place] < self._uses_max]
        kinds: dict[Counts, list[int]] = {}
        for place in places:
            kinds.setdefault(self._supply.counts[place], []).append(place)
        program, first = self._program(places, kinds)
        found = program.solve(seconds, GAP)
        if found is None:
            return None
        values = dict(zip(places, found.values[first:], strict=False))
        picked: list[int] = []
        for number, alike in enumerate(kinds.values()):
            best = sorted(alike, key=lambda place: -values[place])
            picked += best[: round(found.values[number])]
        return tuple(sorted(picked))

    def _program(self, places: Sequence[int], kinds: dict[Counts, list[int]]) -> tuple[Program, int]:
        """Columns: units of each kind, whether the form takes each unit, how often the later forms do together.

        Whole numbers are asked for of the kinds only: then the quotas hold exactly, and all but a few units come out
        whole by themselves.
        """
        program, later = Program(), self._wish.forms - len(self._forms) - 1
        own = self._rules(program, 1)
        shadow = self._rules(program, later) if later else []
        rooms = program.rows((0.0, self._uses_max - self._used[place]) for place in places) if later else 0
        met = self._enemies(program, places)
        kind_of: dict[int, int] = {}
        for counts, alike in kinds.items():
            row = program.row(0.0, 0.0)
            kind_of.update(dict.fromkeys(alike, row))
            entries = [(own[limit], float(count)) for limit, count in counts]
            program.column([*entries, (row, -1.0)], float(len(alike)), whole=True)
        for index, place in enumerate(places):
            entries = [*self._figures(place, own), *met.get(place, []), (kind_of[place], 1.0)]
            room = [(rooms + index, 1.0)] if later else []
            die = 1.0 + DIE * self._rng.random()
            program.column(entries + room, 1.0, cost=-float(self._worths[place]) * die, whole=self._exact)
        for index, place in enumerate(places if later else ()):
            most = min(later, self._uses_max - self._used[place])
            entries = [(shadow[limit], float(count)) for limit, count in self._supply.counts[place]]
            entries += [*self._figures(place, shadow), (rooms + index, 1.0)]
            program.column(entries, float(most), cost=-float(self._worths[place]))
        return program, len(kinds)

    def _rules(self, program: Program, forms: int) -> list[int]:
        """Rows for `forms` forms added up: limits, expected score, information, overlap with each form before."""
        wish, limits = self._wish, self._supply.limits
        first = program.rows((forms * limit.least, forms * limit.most) for limit in limits)
        band = MARGIN * BAND
        program.row(forms * (wish.target - band), forms * (wish.target + band))
        program.row(0.0, self._bound if forms == 1 else np.inf)
        overlap = min(wish.overlap_max, self._supply.item_count)
        program.rows((0.0, forms * overlap) for _ in self._forms)
        return list(range(first, first + len(limits) + 2 + len(self._forms)))

    def _figures(self, place: int, rows: Sequence[int]) -> list[tuple[int, float]]:
        limits = len(self._supply.limits)
        entries = [(rows[limits], float(self._points[place])), (rows[limits + 1], float(self._worths[place]))]
        size = float(self._supply.sizes[place])
        return entries + [
            (rows[limits + 2 + earlier], size) for earlier, form in enumerate(self._forms) if place in form
        ]

    def _enemies(self, program: Program, places: Sequence[int]) -> dict[int, list[tuple[int, float]]]:
        """A row for each two units that must not meet, and what they count in it."""
        there, met = set(places), dict[int, list[tuple[int, float]]]()
        for place in places:
            for other in self._supply.enemies.get(place, ()):
                if place < other and other in there:
                    row = program.row(0.0, 1.0)
                    met.setdefault(place, []).append((row, 1.0))
                    met.setdefault(other, []).append((row, 1.0))
        return met
