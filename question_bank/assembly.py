"""Assembly: a paper from a blueprint, a pool and a seed.

`prepare` does the work that is the same for every physician: it finds an allowed recipe or proves that there is none
(solver), and from there many different ones (walk). A draw picks one of them, varies it a little (stroll) and picks
random units for it, which takes less than a millisecond, can't fail, and keeps every quota by construction.

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
from question_bank.walk import stroll, visit, walk

RECIPE_COUNT: Final = 256  # kept for a plan
RARE_MAX: Final = 200  # kinds that the walk has missed and that are visited one by one
PLANS_MAX: Final = 16  # prepared plans kept by `assemble`
BLOCKS: Final = {ItemType.A1: 0, ItemType.A2: 1, ItemType.A3: 2, ItemType.A4: 2, ItemType.B1: 3, ItemType.X: 4}


class ImpossibleBlueprint(Exception):
    """No paper from this pool satisfies the blueprint; `problems` name the quotas that can't be met."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = tuple(problems)


class Plan:
    """A blueprint that a pool can serve, ready to draw from. Made by `prepare`."""

    def __init__(self, allowed: Space, units: Sequence[Sequence[Unit]], recipes: Sequence[Recipe]) -> None:
        self._space, self._units, self._recipes = allowed, units, tuple(recipes)
        self._place_of = {
            item.item_id: (kind, unit.place)
            for kind, alike in enumerate(units)
            for unit in alike
            for item in unit.items
        }

    def draw(
        self,
        seed: int,
        avoid: frozenset[int] = frozenset(),
        *,
        shuffle_items: bool = True,
        shuffle_options: bool = True,
    ) -> Paper:
        """The paper of `seed`; always the same for the same blueprint, pool content and arguments.

        `avoid`: item ids of an earlier paper; they come again only if there is no other way, and then as few as
        possible. Without `shuffle_items` the items of a type block stand in the order of their ids, without
        `shuffle_options` every item shows its options in the author's order.
        """
        rng = random.Random(seed)  # noqa: S311  repeatable is the point; the seed is what must not be guessed
        blocks: list[list[Unit]] = [[] for _ in range(1 + max(BLOCKS.values()))]
        for unit in self._choose(avoid, rng):
            blocks[BLOCKS[unit.items[0].type]].append(unit)
        for block in blocks:
            rng.shuffle(block) if shuffle_items else block.sort()
        ordered = (unit for block in blocks for unit in block)
        return Paper(seed, tuple(_entries(ordered, rng if shuffle_options else None)))

    def _choose(self, avoid: frozenset[int], rng: random.Random) -> list[Unit]:
        stale: dict[int, set[int]] = {}  # kind -> places of its units that hold an item to avoid
        for kind, unit in (self._place_of[item_id] for item_id in avoid if item_id in self._place_of):
            stale.setdefault(kind, set()).add(unit)
        again = [len(stale.get(kind, ())) for kind in range(len(self._space.kinds))]
        fresh = [there - count for there, count in zip(self._space.stock, again, strict=True)]
        first = rng.randrange(len(self._recipes))
        for recipe in self._recipes[first:] + self._recipes[:first]:
            if all(recipe[kind] <= fresh[kind] for kind in stale):
                return self._pick(stroll(self._space, fresh, recipe, rng), (), stale, rng)
        found = search(self._space, fresh, again)
        assert not found.misses, "a plan has at least one recipe"
        return self._pick(stroll(self._space, fresh, found.fresh, rng, found.stale), found.stale, stale, rng)

    def _pick(self, fresh: Recipe, again: Recipe, stale: dict[int, set[int]], rng: random.Random) -> list[Unit]:
        """Random units: `fresh` of each kind outside `stale`, `again` of each kind inside (empty: none)."""
        picked: list[Unit] = []
        for kind, taken in enumerate(fresh):
            if taken:
                units, known = self._units[kind], stale.get(kind)
                picked += rng.sample([unit for unit in units if unit.place not in known] if known else units, taken)
        for kind, taken in enumerate(again):
            if taken:
                picked += rng.sample([unit for unit in self._units[kind] if unit.place in stale[kind]], taken)
        return picked


def assemble(
    blueprint: Blueprint,
    pool: Pool,
    seed: int,
    avoid: frozenset[int] = frozenset(),
    *,
    shuffle_items: bool = True,
    shuffle_options: bool = True,
) -> Paper:
    """`prepare` (kept for the last few blueprints and pools) and `Plan.draw`; raises ImpossibleBlueprint."""
    return prepare(blueprint, pool).draw(seed, avoid, shuffle_items=shuffle_items, shuffle_options=shuffle_options)


def prepare(blueprint: Blueprint, pool: Pool) -> Plan:
    """The plan to draw papers from. Raises ImpossibleBlueprint, also when the blueprint contradicts itself.

    The first time takes about a second of computing, so not on an event loop; for the same pool object the plan is
    kept, and for a pool of equal make-up its recipes are.
    """
    return _prepared(msgspec.json.encode(blueprint, order="deterministic"), pool)


@lru_cache(maxsize=PLANS_MAX)
def _prepared(encoded: bytes, pool: Pool) -> Plan:
    blueprint = decode(encoded)  # with its types in one order, however the author wrote them
    if problems := check(blueprint):
        raise ImpossibleBlueprint(problems)
    allowed, units = space(blueprint, pool)
    return Plan(allowed, units, _recipes(allowed))


@lru_cache(maxsize=PLANS_MAX)
def _recipes(allowed: Space) -> tuple[Recipe, ...]:
    """Many allowed recipes, among which nearly every kind occurs that can occur at all."""
    rng = random.Random(0)  # noqa: S311  the same recipes for everybody
    first = _first(allowed)
    recipes = list(islice(walk(allowed, first, rng), RECIPE_COUNT))
    used = [any(column) for column in zip(*recipes, strict=True)]
    rare = [kind for kind, seen in enumerate(used) if not seen][:RARE_MAX]
    visits = (visit(allowed, recipes[kind % len(recipes)], kind, rng) for kind in rare)
    return (*recipes, *(recipe for recipe in visits if recipe))


def _first(allowed: Space) -> Recipe:
    """An allowed recipe, by the solver; raises ImpossibleBlueprint when it proves that there is none."""
    if problems := list(_shortages(allowed)):
        raise ImpossibleBlueprint(problems)
    best = search(allowed, allowed.stock, [0] * len(allowed.kinds))
    if best.misses:
        raise ImpossibleBlueprint([_explain(miss) for miss in best.misses])
    return best.recipe


def _shortages(allowed: Space) -> Iterator[Problem]:
    """The quotas for which the pool has too few items even if there were no other quota."""
    for limit, there in zip(allowed.limits, allowed.totals(allowed.stock), strict=True):
        if there < limit.least:
            yield Problem("quota_short", f"{limit.name}: needs {limit.least}, pool has {there}")


def _explain(miss: Miss) -> Problem:
    limit, reached = miss
    if reached < limit.least:
        text = f"{limit.name}: needs {limit.least}, beside the other quotas the pool can give {reached}"
        return Problem("quota_short", text)
    return Problem("quota_over", f"{limit.name}: allows {limit.most}, the other quotas need {reached}")


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
