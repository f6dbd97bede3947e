"""The items a paper is drawn from, indexed once: single items and whole sets side by side as units."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from question_bank.item import IN_SETS, Item, ItemStatus, set_problems


class Unit(NamedTuple):
    """What is drawn as a whole: one item, or all items of a set in their order."""

    place: int  # in `Pool.units`
    items: tuple[Item, ...]


class Pool:
    """The drawable units of `items`, in an order that does not depend on the order of `items`.

    Left out, because they can't be drawn: items that are not active, and sets that miss a member or are not valid. The
    order inside a set is that of the item ids. Raises ValueError when two items have the same id: number them first.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        ordered = sorted(items, key=attrgetter("item_id"))
        if len({item.item_id for item in ordered}) < len(ordered):
            raise ValueError("the items of a pool need different item ids")
        self.units = tuple(Unit(place, members) for place, members in enumerate(_members(ordered)))
        self.unit_of = {item.item_id: unit for unit in self.units for item in unit.items}

    @property
    def item_count(self) -> int:
        """How many items can be drawn."""
        return len(self.unit_of)


def _members(ordered: Sequence[Item]) -> list[tuple[Item, ...]]:
    sets: dict[tuple[str, str], list[Item]] = {}
    for item in ordered:
        alone = item.type not in IN_SETS
        name = ("", str(item.item_id)) if alone else (f"set of {item.pool}", item.set_code)
        sets.setdefault(name, []).append(item)
    return [tuple(members) for members in sets.values() if _drawable(members)]


def _drawable(members: Sequence[Item]) -> bool:
    active = all(item.status is ItemStatus.ACTIVE for item in members)
    return active and (members[0].type not in IN_SETS or not set_problems(members))
