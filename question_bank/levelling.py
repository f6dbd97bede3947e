"""Making forms alike by exchanges: units that count the same change places, so no quota ever notices.

A form gives a unit to another form, or back to those nobody uses, for one of the same kind. Each exchange is the best
of all there are for the form that is furthest off; it ends when every form is inside the band and alike in information,
or when no exchange helps any more. Enemies, uses and overlap are kept by every single exchange.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from question_bank.parameters import Reals
from question_bank.supply import Counts, Supply

TRIES_MAX: Final = 200  # of the best exchanges looked at in detail
STEPS_PER_FORM: Final = 40
NEAR: Final = 0.02  # squared distance at which a form is good: a seventh of the band, and of the information's slack


class Level(NamedTuple):
    """What the forms should all have, and what counts as one step away from it."""

    target: float
    band: float
    worth: float
    slack: float
    overlap_max: int
    uses_max: int


def level(
    supply: Supply, forms: Sequence[Sequence[int]], worths: Reals, want: Level, places: Sequence[int]
) -> list[tuple[int, ...]]:
    """The forms, levelled; `places` are the units that may be used."""
    state = _State(supply, forms, worths, want, places)
    for _ in range(STEPS_PER_FORM * len(forms)):
        worst = max(range(len(forms)), key=state.off)
        if state.good(worst) and not any(map(state.broken, range(len(forms)))):
            break
        if not any(
            state.improve(form) for form in sorted(range(len(forms)), key=lambda form: -state.urgency(form))[:3]
        ):
            break
    return [tuple(sorted(form)) for form in state.forms]


class _State:
    def __init__(
        self, supply: Supply, forms: Sequence[Sequence[int]], worths: Reals, want: Level, places: Sequence[int]
    ) -> None:
        self.forms = [set(form) for form in forms]
        self._supply, self._want = supply, want
        self._points, self._worths = supply.points, worths
        self._uses = np.zeros(len(supply.units), dtype=np.int64)
        for form in self.forms:
            self._uses[list(form)] += 1
        alike: dict[Counts, list[int]] = {}
        for place in places:
            alike.setdefault(supply.counts[place], []).append(place)
        self._alike = {counts: np.array(found) for counts, found in alike.items()}
        self._score = [float(self._points[list(form)].sum()) for form in self.forms]
        self._worth = [float(worths[list(form)].sum()) for form in self.forms]

    def off(self, form: int) -> float:
        """How far the form is from what all should have, squared."""
        return float(self._off(self._score[form], self._worth[form]))

    def good(self, form: int) -> bool:
        return self.off(form) < NEAR

    def broken(self, form: int) -> int:
        """Enemies that meet in it, and items above the overlap."""
        members, enemies = self.forms[form], self._supply.enemies
        met = sum(len(enemies[place] & members) for place in members if place in enemies)
        return met + sum(self._over(members, other) for each, other in enumerate(self.forms) if each != form)

    def urgency(self, form: int) -> float:
        return self.off(form) + 1000.0 * self.broken(form)

    def improve(self, form: int) -> bool:
        """Make the best exchange for this form; False when none helps."""
        found = self._exchanges(form)
        found.sort()
        return any(self._try(form, out, into, other) for _, out, into, other in found[:TRIES_MAX])

    def _off(self, score: Reals | float, worth: Reals | float) -> Reals | float:
        want = self._want
        return ((score - want.target) / want.band) ** 2 + ((worth - want.worth) / want.slack) ** 2

    def _over(self, one: set[int], other: set[int]) -> int:
        shared = sum(int(self._supply.sizes[place]) for place in one & other)
        return max(0, shared - self._want.overlap_max)

    def _exchanges(self, form: int) -> list[tuple[float, int, int, int]]:
        """(gain, out, into, form that gives it or -1) of the promising ones, the best being the least."""
        found: list[tuple[float, int, int, int]] = []
        mine, bad = self.off(form), self.broken(form)
        for out in sorted(self.forms[form]):
            others = self._alike.get(self._supply.counts[out], np.zeros(0, dtype=np.int64))
            others = others[[int(place) not in self.forms[form] for place in others]]
            if not len(others):
                continue
            points = self._points[others] - self._points[out]
            worths = self._worths[others] - self._worths[out]
            after = np.asarray(self._off(self._score[form] + points, self._worth[form] + worths))
            free = self._uses[others] < self._want.uses_max
            helpful = np.flatnonzero(free & ((after < mine) | (bad > 0)))
            found += [(float(after[index]) - mine, out, int(others[index]), -1) for index in helpful]
            if len(self.forms) > 1 and not bad:
                found += self._trades(form, out, others[~free], after[~free] - mine, points[~free], worths[~free])
        return found

    def _trades(
        self,
        form: int,
        out: int,
        others: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]",
        mine: Reals,
        points: Reals,
        worths: Reals,
    ) -> list[tuple[float, int, int, int]]:
        found = []
        for place, gain, point, worth in zip(others, mine, points, worths, strict=True):
            for other, members in enumerate(self.forms):
                if other != form and int(place) in members and out not in members:
                    theirs = self._off(self._score[other] - point, self._worth[other] - worth)
                    total = float(gain + theirs - self.off(other))
                    if total < -1e-9:
                        found.append((total, out, int(place), other))
        return found

    def _try(self, form: int, out: int, into: int, other: int) -> bool:
        """Make the exchange if it breaks nothing that held."""
        touched = [form] if other < 0 else [form, other]
        before = sum(map(self.broken, touched))
        gain = sum(map(self.off, touched))
        self._exchange(form, out, into, other)
        after = sum(map(self.broken, touched))
        if after < before or (after == before and sum(map(self.off, touched)) < gain - 1e-12):
            return True
        self._exchange(form, into, out, other)
        return False

    def _exchange(self, form: int, out: int, into: int, other: int) -> None:
        self._move(form, out, into)
        if other >= 0:
            self._move(other, into, out)

    def _move(self, form: int, out: int, into: int) -> None:
        self.forms[form].remove(out)
        self.forms[form].add(into)
        self._uses[out] -= 1
        self._uses[into] += 1
        self._score[form] += float(self._points[into] - self._points[out])
        self._worth[form] += float(self._worths[into] - self._worths[out])
