"""Papers on the fly that are equally hard: each physician his own, all inside one band of expected scores.

Prepared once: what papers aim at (aim), in which share of the papers each item should be (rates), and some hundreds of
recipes (walk) of which each was mended until a paper of it is inside the band and measures well (exchange). A draw
picks a recipe and random units by their shares, and mends those; that takes about a millisecond. It is a function of
its seed.

Where a pool can't give what is asked (a score in the band for these few items), papers come as near as they can:
quotas, whole sets and enemies always hold, and the certificate says what was reached.
"""

import random
from collections.abc import Sequence
from typing import Final

import numpy as np

from question_bank.aim import Aim, aim
from question_bank.aim import problems as wrong_score
from question_bank.audience import Share
from question_bank.blueprint import Blueprint, check
from question_bank.exchange import Exchanges, Target
from question_bank.item import Problem
from question_bank.layout import lay_out
from question_bank.paper import Paper
from question_bank.parameters import Known
from question_bank.pool import Pool
from question_bank.program import Program
from question_bank.rates import Rates, rates
from question_bank.recipe import Kind, Recipe, Space
from question_bank.recipes import ImpossibleBlueprint, recipes_of, shortage
from question_bank.solver import search
from question_bank.supply import Counts, Supply, supply

BAND: Final = 0.25  # points of 100, each way
MARGIN: Final = 0.98  # of the band is used, so that no rounding leads out of it
WORTH_MIN: Final = 0.955  # of the bound, in every single paper
YIELDS: Final = ((1.0, WORTH_MIN), (1.0, 0.9), (1.0, 0.8), (1.0, 0.0), (2.0, 0.0), (4.0, 0.0), (400.0, 0.0))
TRIED: Final = 24  # recipes that show what can be reached
REACHED_MIN: Final = 0.75  # of them have to
RESTARTS: Final = 4
SECONDS_MAX: Final = 20.0
WEIGHT_MIN: Final = 0.02  # of the mean: an item that is not needed still comes now and then


class FairPlan:
    """A blueprint that a pool can serve, ready to draw equal papers from. Made by `prepare_fair`."""

    def __init__(self, stock: Supply, aimed: Aim, shared: Rates, recipes: Sequence[Recipe], space: Space) -> None:
        self.supply, self.aim, self.rates = stock, aimed, shared
        self.worths = stock.gauge.information(aimed.cut)
        self._space = space
        mean = float(shared.shares.mean()) if len(shared.shares) else 0.0
        weights = [float(value) for value in np.maximum(shared.shares, WEIGHT_MIN * mean)]
        self._deck = Exchanges(stock, [float(value) for value in self.worths], weights)
        self.decks = [self._deck.kinds[kind.counts] for kind in space.kinds]
        self._place_of = {item.item_id: place for place, unit in enumerate(stock.units) for item in unit.items}
        sections = {unit.place: part for unit, part in zip(stock.units, stock.sections, strict=True)}
        self._sections = sections if any(stock.sections) else None
        self.target = self._reachable(recipes)
        mended = (self._mended(recipe, number) for number, recipe in enumerate(recipes))
        self.recipes = tuple(found or recipe for found, recipe in zip(mended, recipes, strict=True))

    def draw(
        self,
        seed: int,
        avoid: frozenset[int] = frozenset(),
        *,
        shuffle_items: bool = True,
        shuffle_options: bool = True,
    ) -> Paper:
        """The paper of `seed`, as `assembly.Plan.draw` gives it, and as hard as all others of this plan."""
        rng = random.Random(seed)  # noqa: S311  repeatable is the point; the seed is what must not be guessed
        return self.paper(
            self.choose(avoid, rng), seed, rng, shuffle_items=shuffle_items, shuffle_options=shuffle_options
        )

    def paper(
        self, places: Sequence[int], seed: int, rng: random.Random, *, shuffle_items: bool, shuffle_options: bool
    ) -> Paper:
        """These units laid out."""
        units = (self.supply.units[place] for place in places)
        entries = lay_out(
            units, rng, shuffle_items=shuffle_items, shuffle_options=shuffle_options, sections=self._sections
        )
        return Paper(seed, entries)

    def choose(self, avoid: frozenset[int], rng: random.Random) -> list[int]:
        """The places of the units of a paper."""
        stale = {self._place_of[item_id] for item_id in avoid if item_id in self._place_of}
        best: list[int] = []
        for recipe in self._fresh(stale, rng):
            picked = self._pick(recipe, stale, rng)
            if self._deck.mend(picked, self.target, stale, rng, across=True):
                return picked
            best = best or picked
        return self._otherwise(best, stale, rng)

    def _fresh(self, stale: set[int], rng: random.Random) -> list[Recipe]:
        """Some recipes for which there are enough units outside `stale`."""
        first = int(rng.random() * len(self.recipes))
        order = self.recipes[first:] + self.recipes[:first]
        if not stale:
            return list(order[:RESTARTS])
        free = self._free(stale)
        found = []
        for recipe in order:
            if all(taken <= there for taken, there in zip(recipe, free, strict=True)):
                found.append(recipe)
                if len(found) == RESTARTS:
                    break
        return found

    def _free(self, stale: set[int]) -> list[int]:
        return [len(deck.places) - sum(place in stale for place in deck.places) for deck in self.decks]

    def _pick(self, recipe: Recipe, stale: set[int], rng: random.Random) -> list[int]:
        """Units of the recipe by their weights, enemies of those before avoided where that is easy."""
        picked: list[int] = []
        for deck, taken in zip(self.decks, recipe, strict=True):
            if taken:
                picked += deck.some(taken, rng, stale)
        return picked

    def _otherwise(self, best: list[int], stale: set[int], rng: random.Random) -> list[int]:
        """What to do when exchanges did not lead there: enemies must not meet, whatever the score."""
        if best and not self._met(best):
            return best
        found = self._exact(stale, rng)
        assert found is not None, "a plan has at least one paper"
        return found

    def _met(self, picked: list[int]) -> bool:
        members = set(picked)
        return any(self._deck.meets(place, members) for place in picked)

    def _exact(self, stale: set[int], rng: random.Random) -> list[int] | None:
        """A paper by an integer program: as few stale items as possible, then as near to the band as can be."""
        again = [len(deck.places) - free for deck, free in zip(self.decks, self._free(stale), strict=True)]
        if not self.supply.enemies:
            recipe = search(self._space, self._free(stale), again)
            assert not recipe.misses
            picked = []
            for deck, fresh, old in zip(self.decks, recipe.fresh, recipe.stale, strict=True):
                picked += deck.some(fresh, rng, stale) if fresh else []
                picked += deck.some(old, rng, set(deck.places) - stale) if old else []
            self._deck.mend(picked, self.target, stale, rng, across=False)
            return picked
        costs = [
            STALE_COST * float(size) * (place in stale) + rng.random() for place, size in enumerate(self.supply.sizes)
        ]
        return one_paper(self.supply, costs, self.target)

    def _reachable(self, recipes: Sequence[Recipe]) -> Target:
        """The strictest target that most papers reach: few items of few difficulties can't have any score.

        Information gives way first, then the band. What papers then have is in the certificate.
        """
        tried = recipes[:: max(1, len(recipes) // TRIED)]
        for times, worth in YIELDS:
            self.target = Target(self.aim.target, times * MARGIN * BAND, worth * self.rates.bound)
            reached = sum(self._mended(recipe, number) is not None for number, recipe in enumerate(tried))
            if reached >= REACHED_MIN * len(tried):
                break
        return self.target

    def _mended(self, recipe: Recipe, number: int) -> Recipe | None:
        """The recipe of a paper inside the band, near this one; None if exchanges did not lead to one."""
        rng = random.Random(number)  # noqa: S311  the same recipes for everybody
        picked = self._pick(recipe, set(), rng)
        if not self._deck.mend(picked, self.target, frozenset(), rng, across=True):
            return None
        kind_of = {kind.counts: place for place, kind in enumerate(self._space.kinds)}
        counts = [0] * len(self._space.kinds)
        for place in picked:
            counts[kind_of[self.supply.counts[place]]] += 1
        return tuple(counts)


STALE_COST: Final = 100.0


def one_paper(stock: Supply, costs: Sequence[float], target: Target | None) -> list[int] | None:
    """The cheapest paper that keeps quotas and enemies, near the target if there is one; None: there is no paper."""
    program = Program()
    program.rows((limit.least, limit.most) for limit in stock.limits)
    points = program.row(target.points - target.band, target.points + target.band) if target else -1
    met: dict[int, list[tuple[int, float]]] = {}
    for place, others in stock.enemies.items():
        for other in others:
            if place < other:
                row = program.row(0.0, 1.0)
                met.setdefault(place, []).append((row, 1.0))
                met.setdefault(other, []).append((row, 1.0))
    for place, counts in enumerate(stock.counts):
        entries = [*((limit, float(count)) for limit, count in counts), *met.get(place, [])]
        if target:
            entries.append((points, float(stock.points[place])))
        program.column(entries, 1.0, cost=costs[place], whole=True)
    if target:
        for sign in (1.0, -1.0):
            program.column([(points, sign)], np.inf, cost=STALE_COST / 10)
    found = program.solve(SECONDS_MAX, gap=1e-4)
    return None if found is None else [place for place in range(len(stock.units)) if found.values[place] > 0.5]


def prepare_fair(
    blueprint: Blueprint, pool: Pool, known: Known, pass_share: float, share: Share | None = None
) -> FairPlan:
    """The plan of equal papers. Raises ImpossibleBlueprint. Seconds of computing: nothing for an event loop."""
    if problems := check(blueprint):
        raise ImpossibleBlueprint(problems)
    if share and share.problem:
        raise ImpossibleBlueprint([Problem("audience_short", share.problem)])
    stock = supply(blueprint, pool, known, share)
    space = space_of(stock)
    recipes = recipes_of(space)
    aimed = aim(stock, blueprint.expected, pass_share)
    if aimed is None:
        raise ImpossibleBlueprint(shortage(space))
    shared = rates(stock, aimed)
    if wrong := wrong_score(aimed, blueprint.expected):
        raise ImpossibleBlueprint(wrong)
    assert shared is not None, "a target that was attained can be attained"
    if stock.enemies and one_paper(stock, [0.0] * len(stock.units), None) is None:
        raise ImpossibleBlueprint(
            [Problem("enemies_meet", "Every paper of this pool has two items that exclude each other.")]
        )
    return FairPlan(stock, aimed, shared, recipes, space)


def space_of(stock: Supply) -> Space:
    """The kinds of a supply."""
    kinds: dict[Counts, int] = {}
    for counts in stock.counts:
        kinds[counts] = kinds.get(counts, 0) + 1
    return Space(stock.limits, tuple(Kind(counts, number) for counts, number in kinds.items()))
