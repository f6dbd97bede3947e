"""A random walk over the recipes that a blueprint allows.

The solver finds one recipe, always the same and always an extreme one. Papers should instead differ as much as the
blueprint lets them, so that every item has its chance. `walk` starts at the solver's recipe and repeats: *heat* (swap
random units within their type, rules or not), then *cool* (more swaps, of which those that break the rules further are
mostly refused) until every rule holds again. Heating is what crosses from one region of the allowed recipes to another,
as two fixed topic quotas can only change together. It costs milliseconds, so it is done beforehand. `stroll` takes only
swaps that keep every rule; it explores a region, costs a tenth of that, and so every single paper can afford it.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import repeat
from math import exp
from typing import Final, NamedTuple

from question_bank.recipe import Recipe, Space

HEAT_STEPS: Final = 20
COOL_STEPS_PER_ITEM_MAX: Final = 20
STROLL_STEPS: Final = 50
COOLNESS: Final = 3.0  # a step that misses the rules by one item more is taken with exp(-COOLNESS)
AIMED_SHARE: Final = 0.3  # of the cooling steps go for a broken rule; the others keep them from getting stuck
AIMS_MAX: Final = 10  # tries to find a unit that helps
SWAP_SHARE: Final = 0.5  # of the steps where units have different sizes; the others add or remove
FROZEN: Final = 1_000.0  # no step that misses the rules by more is taken


def walk(space: Space, start: Recipe, rng: random.Random) -> Iterator[Recipe]:
    """Endless allowed recipes from the allowed recipe `start`."""
    good = start
    while True:
        state = _State(space, space.stock, good, rng)
        state.steps(HEAT_STEPS, 0.0)
        if state.cool():  # else back to the last good recipe: the walk never leaves the truth
            good = state.recipe()
        yield good


def visit(space: Space, start: Recipe, kind: int, rng: random.Random) -> Recipe | None:
    """An allowed recipe near `start` that uses `kind`, which `start` does not; None when cooling lost it again."""
    state = _State(space, space.stock, start, rng)
    state.bring(kind)
    return state.recipe() if state.cool() and state.recipe()[kind] else None


def stroll(
    space: Space, stock: Sequence[int], start: Recipe, rng: random.Random, fixed: Recipe | None = None
) -> Recipe:
    """An allowed recipe near the allowed recipe `start`.

    `stock`: units it may take of each kind. `fixed`: units beside those of `start` that stay in the paper.
    """
    state = _State(space, stock, start, rng)
    if fixed:
        state.totals = list(map(sum, zip(state.totals, space.totals(fixed), strict=True)))
    state.steps(STROLL_STEPS, FROZEN)
    return state.recipe()


class _Type(NamedTuple):
    """The units of one type: in the paper, left over, and how many items a unit may have."""

    used: list[int]
    left: list[int]
    sizes: set[int]


class _State:
    """Units in the paper and units left over, by type and each written as its kind, and the items under every limit."""

    def __init__(self, space: Space, stock: Sequence[int], recipe: Recipe, rng: random.Random) -> None:
        self.space, self.rng = space, rng
        self.totals = space.totals(recipe)
        self.bounds = [(limit.least, limit.most) for limit in space.limits]
        self.missing = 0  # items that the rules are missed by, all limits together
        self.touches = [{limit for limit, _ in kind.counts} for kind in space.kinds]
        self.types = {kind.group: _Type([], [], set()) for kind in space.kinds}
        for place, (kind, taken, there) in enumerate(zip(space.kinds, recipe, stock, strict=True)):
            kept = self.types[kind.group]
            kept.used.extend([place] * taken)
            kept.left.extend([place] * (there - taken))
            kept.sizes.add(kind.size)
        self.turns = [kept for group, kept in self.types.items() for _ in range(space.limits[group].least)]

    def recipe(self) -> Recipe:
        counts = [0] * len(self.space.kinds)
        for kept in self.types.values():
            for place in kept.used:
                counts[place] += 1
        return tuple(counts)

    def bring(self, kind: int) -> None:
        """Swap a unit of `kind` in for any other of its type, rules or not."""
        kept = self.types[self.space.kinds[kind].group]
        if kept.used and kind in kept.left:
            self._swap(kept, self._place(kept.used), kept.left.index(kind), 0.0)

    def steps(self, count: int, coolness: float) -> None:
        for _ in repeat(None, count if self.turns else 0):
            self.step(coolness)

    def cool(self) -> bool:
        """Step until every rule holds; False when that took too long."""
        for _ in repeat(None, COOL_STEPS_PER_ITEM_MAX * len(self.turns)):
            if not self.missing:
                return True
            if self.rng.random() < AIMED_SHARE:
                self._aimed_step()
            else:
                self.step(COOLNESS)
        return False

    def step(self, coolness: float) -> None:
        """Swap two units, or add or remove one where units have different sizes (2 + 2 + 2 items for 3 + 3)."""
        kept = self.rng.choice(self.turns)
        if len(kept.sizes) == 1 or self.rng.random() < SWAP_SHARE:
            if kept.used and kept.left:
                self._swap(kept, self._place(kept.used), self._place(kept.left), coolness)
        elif self.rng.random() < SWAP_SHARE:
            self._add(kept, coolness)
        else:
            self._remove(kept, coolness)

    def _aimed_step(self) -> None:
        """Swap out a unit that counts under a limit with too many items, or in one under a limit with too few."""
        pairs = enumerate(zip(self.space.limits, self.totals, strict=True))
        limit = self.rng.choice([place for place, (rule, total) in pairs if not rule.least <= total <= rule.most])
        too_many = self.totals[limit] > self.space.limits[limit].most
        kept = self.rng.choice(self.turns)
        units = kept.used if too_many else kept.left
        for _ in repeat(None, AIMS_MAX if kept.used and kept.left else 0):
            out, into = self._place(kept.used), self._place(kept.left)
            if limit in self.touches[units[out if too_many else into]]:
                self._swap(kept, out, into, COOLNESS)
                return

    def _swap(self, kept: _Type, out: int, into: int, coolness: float) -> None:
        old, new = kept.used[out], kept.left[into]
        if old != new and self._accept(old, new, coolness):
            kept.used[out], kept.left[into] = new, old

    def _add(self, kept: _Type, coolness: float) -> None:
        if kept.left and self._accept(None, kept.left[into := self._place(kept.left)], coolness):
            kept.used.append(kept.left.pop(into))

    def _remove(self, kept: _Type, coolness: float) -> None:
        if kept.used and self._accept(kept.used[out := self._place(kept.used)], None, coolness):
            kept.left.append(kept.used.pop(out))

    def _place(self, units: Sequence[int]) -> int:
        return int(self.rng.random() * len(units))

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
            least, most = self.bounds[limit]
            before = self.totals[limit]
            after = before + count
            worse += max(0, least - after, after - most) - max(0, least - before, before - most)
        return worse
