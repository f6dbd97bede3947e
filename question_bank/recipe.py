"""Recipes: which papers a blueprint allows, without naming a single item.

Two units that count the same everywhere, such as two A1 items of 公共/内科 and difficulty 2, are of one *kind*. To a
blueprint a paper is only how many units of each kind it takes: its *recipe*. There are a few hundred kinds, so recipes
can be searched for once and completely, and a paper is then one recipe plus a random choice inside each kind.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from question_bank.blueprint import Blueprint, group_types, needed, outermost
from question_bank.item import DIFFICULTIES, Item
from question_bank.pool import Pool, Unit

Recipe = tuple[int, ...]  # units to take of each kind of a space


class Limit(NamedTuple):
    """One rule of a blueprint: at least `least` and at most `most` items."""

    name: str  # as a person reads it: "type A3/A4", "topic 公共/内科"
    least: int
    most: int


class Kind(NamedTuple):
    """Interchangeable units: `counts` says how many items one adds to which limit (its place in `Space.limits`)."""

    counts: tuple[tuple[int, int], ...]
    stock: int  # units there are

    @property
    def group(self) -> int:
        """The type limit of the kind: types come first among the limits, and a unit has one type."""
        return self.counts[0][0]

    @property
    def size(self) -> int:
        """Items in one unit."""
        return self.counts[0][1]


class Space(NamedTuple):
    """All that may go into a paper, and the rules for how much; only numbers, so equal pools have equal spaces."""

    limits: tuple[Limit, ...]
    kinds: tuple[Kind, ...]

    @property
    def stock(self) -> Recipe:
        """The units there are of each kind."""
        return tuple(kind.stock for kind in self.kinds)

    def totals(self, recipe: Recipe) -> list[int]:
        """Items that `recipe` takes under each limit."""
        totals = [0] * len(self.limits)
        for taken, kind in zip(recipe, self.kinds, strict=True):
            for limit, count in kind.counts:
                totals[limit] += taken * count
        return totals

    def allows(self, recipe: Recipe) -> bool:
        """Whether `recipe` keeps every limit."""
        return all(
            limit.least <= total <= limit.most for limit, total in zip(self.limits, self.totals(recipe), strict=True)
        )


def space(blueprint: Blueprint, pool: Pool) -> tuple[Space, tuple[tuple[Unit, ...], ...]]:
    """The limits of `blueprint` and the kinds of `pool`, and beside it the units of each kind.

    Units that the blueprint can't use at all are left out.
    """
    limits = tuple(_limits(blueprint))
    units: dict[tuple[tuple[int, int], ...], list[Unit]] = {}
    for unit in pool.units:
        if (counts := _counts(unit, blueprint)) and all(count <= limits[limit].most for limit, count in counts):
            units.setdefault(counts, []).append(unit)
    kinds = tuple(Kind(counts, len(alike)) for counts, alike in units.items())
    return Space(limits, kinds), tuple(map(tuple, units.values()))


def _limits(blueprint: Blueprint) -> Iterator[Limit]:
    for group, count in blueprint.types.items():
        yield Limit(f"type {group}", count, count)
    for quota in blueprint.topics:
        most = blueprint.item_count if quota.most is None else quota.most
        yield Limit(f"topic {quota.topic}", quota.least, most)
    if blueprint.difficulty:
        bounds = blueprint.difficulty.bounds(blueprint.item_count)
        for level, (least, most) in zip(DIFFICULTIES, bounds, strict=True):
            yield Limit(f"difficulty {level}", least, most)


def _counts(unit: Unit, blueprint: Blueprint) -> tuple[tuple[int, int], ...]:
    """What the unit adds to each limit, in the order of `_limits`; empty when the blueprint has no use for it."""
    groups = [place for place, group in enumerate(blueprint.types) if unit.items[0].type in group_types(group)]
    topics = [_topics(item, blueprint) for item in unit.items]
    if not groups or (not all(topics) and _no_room_outside(blueprint)):
        return ()
    found = Counter(groups * len(unit.items))
    found.update(len(blueprint.types) + place for places in topics for place in places)
    if blueprint.difficulty:
        first = len(blueprint.types) + len(blueprint.topics)
        found.update(first + DIFFICULTIES.index(item.difficulty) for item in unit.items)
    return tuple(sorted(found.items()))


def _topics(item: Item, blueprint: Blueprint) -> list[int]:
    return [place for place, quota in enumerate(blueprint.topics) if quota.covers(item.topic)]


def _no_room_outside(blueprint: Blueprint) -> bool:
    """Whether the quotas fill the paper, so that an item outside all of them can't be used."""
    return needed(outermost(blueprint.topics), blueprint.topics) == blueprint.item_count
