"""Recipes found: one by the solver, or the proof that there is none; from it many by the walk."""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from question_bank.item import Problem
from question_bank.recipe import Recipe, Space
from question_bank.solver import Miss, search
from question_bank.walk import visit, walk

RECIPE_COUNT: Final = 256  # kept for a plan
RARE_MAX: Final = 200  # kinds that the walk has missed and that are visited one by one
SPACES_MAX: Final = 64  # whose recipes are kept; only numbers


class ImpossibleBlueprint(Exception):
    """No paper from this pool satisfies the blueprint; `problems` name the quotas that can't be met."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = tuple(problems)


@lru_cache(maxsize=SPACES_MAX)
def recipes_of(allowed: Space) -> tuple[Recipe, ...]:
    """Many allowed recipes, among which nearly every kind occurs that can occur at all."""
    rng = random.Random(0)  # noqa: S311  the same recipes for everybody
    first = _first(allowed)
    recipes = list(islice(walk(allowed, first, rng), RECIPE_COUNT))
    used = [any(column) for column in zip(*recipes, strict=True)]
    rare = [kind for kind, seen in enumerate(used) if not seen][:RARE_MAX]
    visits = (visit(allowed, recipes[kind % len(recipes)], kind, rng) for kind in rare)
    return (*recipes, *(recipe for recipe in visits if recipe))


def shortage(allowed: Space) -> list[Problem]:
    """Why there is no recipe; empty when there is one."""
    try:
        _first(allowed)
    except ImpossibleBlueprint as error:
        return list(error.problems)
    return []


def _first(allowed: Space) -> Recipe:
    """An allowed recipe, by the solver; raises ImpossibleBlueprint when it proves that there is none."""
    if problems := list(_shortages(allowed)):
        raise ImpossibleBlueprint(problems)
    best = search(allowed, allowed.stock, [0] * len(allowed.kinds))
    if best.misses:
        raise ImpossibleBlueprint([explain(miss) for miss in best.misses])
    return best.recipe


def _shortages(allowed: Space) -> Iterator[Problem]:
    """The quotas for which the pool has too few items even if there were no other quota."""
    for limit, there in zip(allowed.limits, allowed.totals(allowed.stock), strict=True):
        if there < limit.least:
            yield Problem("quota_short", f"{limit.name}: needs {limit.least}, pool has {there}")


def explain(miss: Miss) -> Problem:
    """A limit that gives way, in words."""
    limit, reached = miss
    if reached < limit.least:
        text = f"{limit.name}: needs {limit.least}, beside the other quotas the pool can give {reached}"
        return Problem("quota_short", text)
    return Problem("quota_over", f"{limit.name}: allows {limit.most}, the other quotas need {reached}")
