"""How drawn units stand on the paper: in which order items are numbered and options are shown (domain.md §6.6)."""

import random
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Final

from question_bank.item import LETTERS, Item, ItemType
from question_bank.paper import PaperEntry
from question_bank.pool import Unit

BLOCKS: Final = {ItemType.A1: 0, ItemType.A2: 1, ItemType.A3: 2, ItemType.A4: 2, ItemType.B1: 3, ItemType.X: 4}

# All orders of up to six options, written once: to pick one is ten times faster than to shuffle.
_ORDERS: Final = {count: tuple(map("".join, permutations(LETTERS[:count]))) for count in range(2, 7)}


def lay_out(
    units: Iterable[Unit], rng: random.Random, *, shuffle_items: bool, shuffle_options: bool
) -> tuple[PaperEntry, ...]:
    """The entries of a paper: type block by type block, sets together and inside in their own order.

    Without `shuffle_items` the units of a block stand in the order of the pool. Without `shuffle_options`, and where an
    item has a fixed order, options are shown as the author wrote them.
    """
    blocks: list[list[Unit]] = [[] for _ in range(1 + max(BLOCKS.values()))]
    for unit in units:
        blocks[BLOCKS[unit.items[0].type]].append(unit)
    for block in blocks:
        if shuffle_items:
            rng.shuffle(block)
        else:
            block.sort()
    ordered = (unit for block in blocks for unit in block)
    return tuple(_entries(ordered, rng if shuffle_options else None))


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
