"""How drawn units stand on the paper: in which order items are numbered and options are shown (domain.md §6.6)."""

import random
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from typing import Final

from msgspec import UNSET, UnsetType

from question_bank.item import LETTERS, Item, ItemType
from question_bank.paper import PaperEntry
from question_bank.pool import Unit

BLOCKS: Final = {ItemType.A1: 0, ItemType.A2: 1, ItemType.A3: 2, ItemType.A4: 2, ItemType.B1: 3, ItemType.X: 4}

BLOCK_COUNT: Final = 1 + max(BLOCKS.values())

# All orders of up to six options, written once: to pick one is ten times faster than to shuffle.
_ORDERS: Final = {count: tuple(map("".join, permutations(LETTERS[:count]))) for count in range(2, 7)}


def lay_out(
    units: Iterable[Unit],
    rng: random.Random,
    *,
    shuffle_items: bool,
    shuffle_options: bool,
    sections: Mapping[int, int] | None = None,
) -> tuple[PaperEntry, ...]:
    """The entries of a paper: type block by type block, sets together and inside in their own order.

    Without `shuffle_items` the units of a block stand in the order of the pool. Without `shuffle_options`, and where an
    item has a fixed order, options are shown as the author wrote them. `sections`: of each unit by its place in the
    pool, from 1; the blocks of a section come together.
    """
    first = 0 if sections is None else max(sections.values(), default=0)
    blocks: list[list[Unit]] = [[] for _ in range((1 + first) * BLOCK_COUNT)]
    for unit in units:
        section = 0 if sections is None else sections[unit.place]
        blocks[section * BLOCK_COUNT + BLOCKS[unit.items[0].type]].append(unit)
    for block in blocks:
        if shuffle_items:
            rng.shuffle(block)
        else:
            block.sort()
    ordered = (unit for block in blocks for unit in block)
    return tuple(_entries(ordered, rng if shuffle_options else None, sections))


def _entries(
    units: Iterator[Unit], rng: random.Random | None, sections: Mapping[int, int] | None
) -> Iterator[PaperEntry]:
    group = 0
    for unit in units:
        section = UNSET if sections is None else sections[unit.place]
        alone = len(unit.items) == 1
        group += not alone
        order = _order(unit.items[0], rng)
        for place, item in enumerate(unit.items):
            if place and item.type is not ItemType.B1:  # a B1 set shows its options once, above all its stems
                order = _order(item, rng)
            yield _entry(item, order, 0 if alone else group, section)


def _entry(item: Item, order: str, group: int, section: int | UnsetType) -> PaperEntry:
    multiple, chain = item.type is ItemType.X, item.type is ItemType.A4
    return PaperEntry(item.item_id, item.version, order, multiple, group, chain, section)


def _order(item: Item, rng: random.Random | None) -> str:
    count = len(item.options)
    if rng is None or item.fixed_order:
        return LETTERS[:count]
    if orders := _ORDERS.get(count):
        return orders[int(rng.random() * len(orders))]
    return "".join(rng.sample(LETTERS[:count], count))
