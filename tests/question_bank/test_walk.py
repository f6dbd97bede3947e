"""The random walk never leaves what is allowed, and gets everywhere."""

import random
from itertools import islice

from question_bank.recipe import Kind, Limit, Space
from question_bank.walk import stroll, visit, walk

# Two types by two topics, all sums fixed: no single swap keeps the rules, only heating gets from one recipe to another.
CROSSED = Space(
    (Limit("type A1", 4, 4), Limit("type A2", 4, 4), Limit("topic x", 4, 4), Limit("topic y", 4, 4)),
    tuple(Kind(((kind, 1), (topic, 1)), 5) for kind in (0, 1) for topic in (2, 3)),
)
# Twelve items from sets of two and of three.
UNEVEN = Space((Limit("type A3/A4", 12, 12),), (Kind(((0, 2),), 6), Kind(((0, 3),), 4)))


def some(space: Space, start: tuple[int, ...], count: int) -> set[tuple[int, ...]]:
    return set(islice(walk(space, start, random.Random(1)), count))


def test_it_gets_from_recipe_to_recipe_although_two_quotas_can_only_change_together() -> None:
    seen = some(CROSSED, (4, 0, 0, 4), 200)
    assert all(map(CROSSED.allows, seen))
    assert seen >= {(1, 3, 3, 1), (2, 2, 2, 2), (3, 1, 1, 3)}  # the ends have a chance of one in a thousand


def test_it_changes_sets_of_two_for_sets_of_three() -> None:
    assert some(UNEVEN, (6, 0), 200) == {(6, 0), (3, 2), (0, 4)}


def test_a_stroll_keeps_every_rule_and_the_stock() -> None:
    space = Space((Limit("type A1", 3, 3), Limit("topic x", 1, 2)), (Kind(((0, 1), (1, 1)), 5), Kind(((0, 1),), 5)))
    ends = {stroll(space, (2, 5), (1, 2), random.Random(seed)) for seed in range(50)}
    assert ends == {(1, 2), (2, 1)}


def test_a_stroll_counts_what_is_fixed() -> None:
    space = Space((Limit("type A1", 3, 3), Limit("topic x", 1, 2)), (Kind(((0, 1), (1, 1)), 5), Kind(((0, 1),), 5)))
    ends = {stroll(space, (5, 5), (1, 1), random.Random(seed), (1, 0)) for seed in range(50)}
    assert ends == {(1, 1), (0, 2)}


def test_a_visit_uses_the_kind_it_is_asked_to_or_says_that_it_could_not() -> None:
    found = [visit(CROSSED, (4, 0, 0, 4), 1, random.Random(seed)) for seed in range(50)]
    assert any(found)
    assert all(recipe is None or (CROSSED.allows(recipe) and recipe[1]) for recipe in found)


def test_where_there_is_one_recipe_the_walk_stays_at_it() -> None:
    space = Space((Limit("type A1", 2, 2),), (Kind(((0, 1),), 2),))
    assert some(space, (2,), 20) == {(2,)}
