"""Assembly: a paper from a blueprint, a pool and a seed.

`prepare` does the work that is the same for every physician: it finds an allowed recipe or proves that there is none
(solver), and from there many different ones (walk). A draw picks one of them, varies it a little (stroll) and picks
random units for it, which takes less than a millisecond, can't fail, and keeps every quota by construction.

A make-up paper *avoids* the items of an earlier one: a draw first looks for a recipe that has enough other units of
every kind. If there is none, the solver finds the recipe that repeats the fewest items, counting a set with a repeated
item as a whole; that draw takes tens of milliseconds.
"""

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from question_bank.blueprint import Blueprint, check, decode
from question_bank.fair_plan import FairPlan, prepare_fair
from question_bank.layout import lay_out
from question_bank.paper import Paper
from question_bank.pool import Pool, Unit
from question_bank.recipe import Recipe, Space, space
from question_bank.recipes import ImpossibleBlueprint, recipes_of
from question_bank.solver import search
from question_bank.supply import enemies
from question_bank.walk import stroll

PASS_SHARE: Final = 0.6  # of the points; nobody has said anything else
__all__ = ["ImpossibleBlueprint", "Plan", "assemble", "prepare"]

PLANS_MAX: Final = 4  # kept by `assemble`, each with its pool


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


def prepare(blueprint: Blueprint, pool: Pool) -> Plan | FairPlan:
    """The plan to draw papers from. Raises ImpossibleBlueprint, also when the blueprint contradicts itself.

    Where items exclude each other, or a paper has sections, the plan is one of equally hard papers (fair_plan).
    Takes about a second of computing, so it is nothing for an event loop; a pool that differs from an earlier one in no
    number that matters to the blueprint takes some ten milliseconds.
    """
    if problems := check(blueprint):
        raise ImpossibleBlueprint(problems)
    if blueprint.sections or enemies(pool.units):
        return prepare_fair(blueprint, pool, {}, PASS_SHARE)
    in_order = msgspec.structs.replace(blueprint, types=dict(sorted(blueprint.types.items())))
    allowed, units = space(in_order, pool)  # the same space however the author ordered the types
    return Plan(allowed, units, recipes_of(allowed))


@lru_cache(maxsize=PLANS_MAX)
def _prepared(encoded: bytes, pool: Pool) -> Plan | FairPlan:
    return prepare(decode(encoded), pool)
