"""Assembly: a paper from a blueprint, a pool and a seed.

`prepare` does the work that is the same for every physician: it finds an allowed recipe or proves that there is none
(solver), and from there many different ones (walk). A draw picks one of them, varies it a little (stroll) and picks
random units for it, which takes less than a millisecond, can't fail, and keeps every quota by construction.

A make-up paper *avoids* the items of an earlier one: a draw first looks for a recipe that has enough other units of
every kind. If there is none, the solver finds the recipe that repeats the fewest items, counting a set with a repeated
item as a whole; that draw takes tens of milliseconds.
"""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

import msgspec

from question_bank.blueprint import Blueprint, check, decode
from question_bank.item import Problem
from question_bank.layout import lay_out
from question_bank.paper import Paper
from question_bank.pool import Pool, Unit
from question_bank.recipe import Recipe, Space, space
from question_bank.solver import Miss, search
from question_bank.walk import stroll, visit, walk

RECIPE_COUNT: Final = 256  # kept for a plan
RARE_MAX: Final = 200  # kinds that the walk has missed and that are visited one by one
PLANS_MAX: Final = 4  # kept by `assemble`, each with its pool
SPACES_MAX: Final = 64  # whose recipes are kept; only numbers


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
        units = self._choose(avoid, rng)
        return Paper(seed, lay_out(units, rng, shuffle_items=shuffle_items, shuffle_options=shuffle_options))

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
    """`prepare` (once for the last few blueprints and pools) and `Plan.draw`; raises ImpossibleBlueprint."""
    plan = _prepared(msgspec.json.encode(blueprint, order="deterministic"), pool)
    return plan.draw(seed, avoid, shuffle_items=shuffle_items, shuffle_options=shuffle_options)


def prepare(blueprint: Blueprint, pool: Pool) -> Plan:
    """The plan to draw papers from. Raises ImpossibleBlueprint, also when the blueprint contradicts itself.

    Takes about a second of computing, so it is nothing for an event loop; a pool that differs from an earlier one in no
    number that matters to the blueprint takes some ten milliseconds.
    """
    if problems := check(blueprint):
        raise ImpossibleBlueprint(problems)
    in_order = msgspec.structs.replace(blueprint, types=dict(sorted(blueprint.types.items())))
    allowed, units = space(in_order, pool)  # the same space however the author ordered the types
    return Plan(allowed, units, _recipes(allowed))


@lru_cache(maxsize=PLANS_MAX)
def _prepared(encoded: bytes, pool: Pool) -> Plan:
    return prepare(decode(encoded), pool)


@lru_cache(maxsize=SPACES_MAX)
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
