"""A random walk over the recipes that a blueprint allows.

The solver finds one recipe, always the same and always an extreme one. Papers should instead differ as much as the
blueprint lets them, so that every item has its chance. The walk starts at the solver's recipe and repeats: *heat* (swap
random units within their type, rules or not, as if the paper were drawn at random), then *cool* (more swaps, of which
those that break the rules further are mostly refused) until every rule holds again. What it stops at is a paper near a
random one. If cooling takes too long the walk goes back to its last good recipe, so it never leaves the truth.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import repeat
from math import exp
from typing import Final

from question_bank.recipe import Recipe, Space

HEAT_SHARE: Final = 0.5  # of the paper's units are swapped in a heating
COOL_STEPS_MAX: Final = 4_000
COOLNESS: Final = 2.0  # a swap that misses the rules by one item more is accepted with exp(-COOLNESS)


def walk(space: Space, stock: Sequence[int], start: Recipe, rng: random.Random) -> Iterator[Recipe]:
    """Endless allowed recipes from the allowed recipe `start`; `stock`: units there are of each kind."""
    good = start
    while True:
        state = _State(space, stock, good, rng)
        for _ in repeat(None, 1 + int(HEAT_SHARE * len(state.used))):
            state.step(0.0)
        if state.cool():
            good = state.recipe()
        yield good


class _State:
    """Units in the paper and units left over, each written as its kind, and the items they put under every limit."""

    def __init__(self, space: Space, stock: Sequence[int], recipe: Recipe, rng: random.Random) -> None:
        self.space, self.rng = space, rng
        self.totals = space.totals(recipe)
        self.missing = 0  # items that the rules are missed by, all limits together
        self.used: list[int] = []
        self.left: dict[int, list[int]] = {}  # by type: a swap never changes the type
        for place, (kind, taken, there) in enumerate(zip(space.kinds, recipe, stock, strict=True)):
            self.used += [place] * taken
            self.left.setdefault(kind.group, []).extend([place] * (there - taken))
        self.uneven = _uneven_groups(space)

    def recipe(self) -> Recipe:
        counts = [0] * len(self.space.kinds)
        for place in self.used:
            counts[place] += 1
        return tuple(counts)

    def cool(self) -> bool:
        """Step until every rule holds; False when that took too long."""
        for _ in repeat(None, COOL_STEPS_MAX):
            if not self.missing:
                return True
            self.step(COOLNESS)
        return False

    def step(self, coolness: float) -> None:
        """Swap two units, or add or remove one where units have different sizes (2 + 2 + 2 items for 3 + 3)."""
        if self.uneven and self.rng.random() < 0.5:
            self._resize(self.rng.choice(self.uneven), coolness)
        elif self.used:
            place = int(self.rng.random() * len(self.used))
            left = self.left[self.space.kinds[self.used[place]].group]
            if left:
                self._swap(place, left, int(self.rng.random() * len(left)), coolness)

    def _swap(self, place: int, left: list[int], other: int, coolness: float) -> None:
        out, into = self.used[place], left[other]
        if out != into and self._accept(out, into, coolness):
            self.used[place], left[other] = into, out

    def _resize(self, group: int, coolness: float) -> None:
        left = self.left[group]
        if self.rng.random() < 0.5:
            other = int(self.rng.random() * len(left))
            if left and self._accept(None, left[other], coolness):
                self.used.append(left.pop(other))
        elif self.used:
            place = int(self.rng.random() * len(self.used))
            kind = self.used[place]
            if self.space.kinds[kind].group == group and self._accept(kind, None, coolness):
                self.used[place] = self.used[-1]
                self.used.pop()
                left.append(kind)

    def _accept(self, out: int | None, into: int | None, coolness: float) -> bool:
        """Decide about an exchange by what it does to the rules, and if it is accepted count it."""
        change: dict[int, int] = {}
        if out is not None:
            change = {limit: -count for limit, count in self.space.kinds[out].counts}
        if into is not None:
            for limit, count in self.space.kinds[into].counts:
                change[limit] = change.get(limit, 0) + count
        worse = self._worse(change)
        if worse > 0 and self.rng.random() >= exp(-coolness * worse):
            return False
        for limit, count in change.items():
            self.totals[limit] += count
        self.missing += worse
        return True

    def _worse(self, change: dict[int, int]) -> int:
        """By how many items more the rules are missed after `change` (fewer: negative)."""
        worse = 0
        for limit, count in change.items():
            _, least, most = self.space.limits[limit]
            before = self.totals[limit]
            after = before + count
            worse += max(0, least - after, after - most) - max(0, least - before, before - most)
        return worse


def _uneven_groups(space: Space) -> list[int]:
    """The types whose units have different sizes."""
    sizes: dict[int, set[int]] = {}
    for kind in space.kinds:
        sizes.setdefault(kind.group, set()).add(kind.size)
    return [group for group, found in sizes.items() if len(found) > 1]
