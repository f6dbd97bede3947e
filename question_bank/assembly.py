"""Assembly: a paper from a blueprint, a pool and a seed.

`prepare` does the work that is the same for every physician: it finds an allowed recipe or proves that there is none
(solver), and from there many different ones (walk). A draw picks one of them and random units within it, which takes
less than a millisecond. A draw therefore can't fail, and keeps every quota by construction.

A make-up paper *avoids* the items of an earlier one: a draw first looks for a recipe that has enough other units of
every kind. If there is none, the solver finds the recipe that repeats the fewest items, counting a set with a repeated
item as a whole; that draw takes some ten milliseconds.
"""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, permutations
from typing import Final

import msgspec

from question_bank.blueprint import Blueprint, check, decode
from question_bank.item import LETTERS, Item, ItemType, Problem
from question_bank.paper import Paper, PaperEntry
from question_bank.pool import Pool, Unit
from question_bank.recipe import Recipe, Space, space
from question_bank.solver import Miss, search
from question_bank.walk import walk

RECIPE_COUNT: Final = 128  # different recipes kept for a plan
PLANS_MAX: Final = 16  # prepared plans kept by `assemble`
BLOCKS: Final = {ItemType.A1: 0, ItemType.A2: 1, ItemType.A3: 2, ItemType.A4: 2, ItemType.B1: 3, ItemType.X: 4}


class ImpossibleBlueprint(Exception):
    """No paper from this pool satisfies the blueprint; `problems` name the quotas that can't be met."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = tuple(problems)


class Plan:
    """A blueprint that a pool can serve, ready to draw from. Made by `prepare`."""

    def __init__(self, found: Space, recipes: Sequence[Recipe]) -> None:
        self._space = found
        self._recipes = tuple(recipes)
        self._kind_of = {
            item.item_id: (place, unit.place)
            for place, kind in enumerate(found.kinds)
            for unit in kind.units
            for item in unit.items
        }

    @property
    def reachable(self) -> frozenset[int]:
        """The ids of the items that some draw can show."""
        used = {place for recipe in self._recipes for place, taken in enumerate(recipe) if taken}
        return frozenset(item_id for item_id, (place, _) in self._kind_of.items() if place in used)

    def draw(
        self,
        seed: int,
        avoid: frozenset[int] = frozenset(),
        shuffle_items: bool = True,
        shuffle_options: bool = True,
    ) -> Paper:
        """The paper of `seed`; always the same for the same blueprint, pool content and arguments.

        `avoid`: item ids of an earlier paper; they come again only if there is no other way, and then as few as
        possible. Without `shuffle_items` the items of a type block stand in the order of their ids, without
        `shuffle_options` every item shows its options in the author's order.
        """
        rng = random.Random(seed)
        units = self._units(avoid, rng)
        blocks: list[list[Unit]] = [[] for _ in range(1 + max(BLOCKS.values()))]
        for unit in units:
            blocks[BLOCKS[unit.items[0].type]].append(unit)
        for block in blocks:
            rng.shuffle(block) if shuffle_items else block.sort()
        ordered = (unit for block in blocks for unit in block)
        return Paper(seed, tuple(_entries(ordered, rng if shuffle_options else None)))

    def _units(self, avoid: frozenset[int], rng: random.Random) -> list[Unit]:
        stale: dict[int, set[int]] = {}
        for kind, unit in (self._kind_of[item_id] for item_id in avoid if item_id in self._kind_of):
            stale.setdefault(kind, set()).add(unit)
        first = rng.randrange(len(self._recipes))
        for recipe in self._recipes[first:] + self._recipes[:first]:
            if all(recipe[kind] <= len(self._space.kinds[kind].units) - len(units) for kind, units in stale.items()):
                return self._pick(recipe, (), stale, rng)
        return self._pick(*self._closest(stale, rng), stale, rng)

    def _closest(self, stale: dict[int, set[int]], rng: random.Random) -> tuple[Recipe, Recipe]:
        """The fresh and the stale part of a recipe that repeats as little as possible."""
        again = [len(stale.get(place, ())) for place in range(len(self._space.kinds))]
        fresh = [len(kind.units) - count for kind, count in zip(self._space.kinds, again, strict=True)]
        found = search(self._space, fresh, again)
        assert not found.misses, "a plan has at least one recipe"
        if any(found.stale):
            return found.fresh, found.stale
        return next(walk(self._space, fresh, found.fresh, rng)), ()

    def _pick(self, fresh: Recipe, again: Recipe, stale: dict[int, set[int]], rng: random.Random) -> list[Unit]:
        """Random units: `fresh` of each kind outside `stale`, `again` of each kind inside (empty: none)."""
        picked: list[Unit] = []
        for place, taken in enumerate(fresh):
            if taken:
                units, known = self._space.kinds[place].units, stale.get(place)
                picked += rng.sample([unit for unit in units if unit.place not in known] if known else units, taken)
        for place, taken in enumerate(again):
            if taken:
                units = self._space.kinds[place].units
                picked += rng.sample([unit for unit in units if unit.place in stale[place]], taken)
        return picked


def assemble(
    blueprint: Blueprint,
    pool: Pool,
    seed: int,
    avoid: frozenset[int] = frozenset(),
    shuffle_items: bool = True,
    shuffle_options: bool = True,
) -> Paper:
    """`prepare` (kept for the last few blueprints and pools) and `Plan.draw`; raises ImpossibleBlueprint."""
    return prepare(blueprint, pool).draw(seed, avoid, shuffle_items, shuffle_options)


def prepare(blueprint: Blueprint, pool: Pool) -> Plan:
    """The plan to draw papers from; takes some tenths of a second, the second time for the same pool object nothing.

    Raises ImpossibleBlueprint when the blueprint contradicts itself or asks for what the pool can't give.
    """
    return _prepared(msgspec.json.encode(blueprint, order="deterministic"), pool)


@lru_cache(maxsize=PLANS_MAX)
def _prepared(encoded: bytes, pool: Pool) -> Plan:
    blueprint = decode(encoded)  # with its types in one order, however the author wrote them
    if problems := check(blueprint):
        raise ImpossibleBlueprint(problems)
    found = space(blueprint, pool)
    return Plan(found, _recipes(found, _first(found)))


def _first(found: Space) -> Recipe:
    """An allowed recipe, by the solver; raises ImpossibleBlueprint when it proves that there is none."""
    stock = [len(kind.units) for kind in found.kinds]
    if problems := list(_shortages(found)):
        raise ImpossibleBlueprint(problems)
    best = search(found, stock, [0] * len(stock))
    if best.misses:
        raise ImpossibleBlueprint([_explain(miss) for miss in best.misses])
    return best.recipe


def _shortages(found: Space) -> Iterator[Problem]:
    """The quotas for which the pool has too few items even if there were no other quota."""
    stock = found.totals(tuple(len(kind.units) for kind in found.kinds))
    for limit, there in zip(found.limits, stock, strict=True):
        if there < limit.least:
            yield Problem("quota_short", f"{limit.name}: needs {limit.least}, pool has {there}")


def _explain(miss: Miss) -> Problem:
    limit, reached = miss
    if reached < limit.least:
        return Problem("quota_short", f"{limit.name}: needs {limit.least}, with the other quotas only {reached} can be had")
    return Problem("quota_over", f"{limit.name}: allows {limit.most}, the other quotas can't do with less than {reached}")


def _recipes(found: Space, first: Recipe) -> list[Recipe]:
    """Many allowed recipes in which every kind occurs that can occur at all."""
    stock = [len(kind.units) for kind in found.kinds]
    recipes = list(islice(walk(found, stock, first, random.Random(0)), RECIPE_COUNT))
    used = [any(column) for column in zip(*recipes, strict=True)]
    for rare in (place for place, seen in enumerate(used) if not seen):
        best = search(found, stock, [0] * len(stock), must=rare)
        if not best.misses:
            recipes.append(best.recipe)
    return recipes


_ORDERS: Final = {count: tuple(map("".join, permutations(LETTERS[:count]))) for count in range(2, 7)}


def _entries(units: Iterator[Unit], rng: random.Random | None) -> Iterator[PaperEntry]:
    group = 0
    for unit in units:
        alone = len(unit.items) == 1
        group += not alone
        order = _order(unit.items[0], rng)
        for place, item in enumerate(unit.items):
            if place and item.type is not ItemType.B1:  # a B1 set shows its options once, above all its stems
                order = _order(item, rng)
            yield _entry(item, order, 0 if alone else group)


def _entry(item: Item, order: str, group: int) -> PaperEntry:
    multiple, chain = item.type is ItemType.X, item.type is ItemType.A4
    return PaperEntry(item.item_id, item.version, order, multiple, group, chain)


def _order(item: Item, rng: random.Random | None) -> str:
    count = len(item.options)
    if rng is None or item.fixed_order:
        return LETTERS[:count]
    if orders := _ORDERS.get(count):
        return orders[int(rng.random() * len(orders))]
    return "".join(rng.sample(LETTERS[:count], count))
