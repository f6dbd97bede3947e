"""What papers can be made of, in numbers: every unit a blueprint can use, what it counts, how hard it is.

The arrays have one entry for each unit, in the order of the pool. Enemies are items that must not meet in one paper;
the bank names them one-sidedly, here they are enemies both ways.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from question_bank.audience import Share
from question_bank.blueprint import Blueprint
from question_bank.parameters import Gauge, Known, Reals
from question_bank.pool import Pool, Unit
from question_bank.recipe import Limit, Rules

Counts = tuple[tuple[int, int], ...]


class Supply(NamedTuple):
    """`counts[u]`: how many items unit u adds to which limit. `enemies[u]`: units it must not be with."""

    item_count: int  # of a paper
    limits: tuple[Limit, ...]
    units: tuple[Unit, ...]
    counts: tuple[Counts, ...]
    sections: tuple[int, ...]
    sizes: Reals
    gauge: Gauge
    enemies: dict[int, frozenset[int]]

    @property
    def stock(self) -> Reals:
        """Items there are under each limit."""
        return self.totals(np.ones(len(self.units)))

    def totals(self, uses: Reals) -> Reals:
        """Items under each limit when unit u is used `uses[u]` times."""
        totals = np.zeros(len(self.limits))
        for used, counts in zip(uses, self.counts, strict=True):
            if used:
                for limit, count in counts:
                    totals[limit] += used * count
        return totals

    @property
    def points(self) -> Reals:
        """What each unit adds to the expected score of a paper, in points of 100."""
        return np.asarray(self.gauge.expected * (100.0 / self.item_count))


def supply(
    blueprint: Blueprint,
    pool: Pool,
    known: Known,
    share: Share | None = None,
    without: Collection[int] = frozenset(),
) -> Supply:
    """The usable units of `pool`, less those that hold an item of `without`."""
    rules = Rules(blueprint, share)
    found = [
        (unit, counts)
        for unit in pool.units
        if (counts := rules.counts(unit)) and not any(item.item_id in without for item in unit.items)
    ]
    units = tuple(unit for unit, _ in found)
    return Supply(
        item_count=blueprint.item_count,
        limits=rules.limits,
        units=units,
        counts=tuple(counts for _, counts in found),
        sections=tuple(rules.section(unit) or 0 for unit in units),
        sizes=np.array([len(unit.items) for unit in units], dtype=np.float64),
        gauge=Gauge(units, known),
        enemies=enemies(units),
    )


def enemies(units: Collection[Unit]) -> dict[int, frozenset[int]]:
    """By place among `units`; those of no enemies are left out. Items of one set are never enemies."""
    place_of = {item.code: place for place, unit in enumerate(units) for item in unit.items}
    found: dict[int, set[int]] = {}
    for place, unit in enumerate(units):
        for item in unit.items:
            for code in item.enemies:
                other = place_of.get(code, place)
                if other != place:
                    found.setdefault(place, set()).add(other)
                    found.setdefault(other, set()).add(place)
    return {place: frozenset(others) for place, others in found.items()}


def pool_digest(pool: Pool, known: Known) -> str:
    """SHA-256 over which item versions there are and what is known of them."""
    named = sha256()
    for unit in pool.units:
        for item in unit.items:
            of = known.get((item.item_id, item.version))
            named.update(f"{item.item_id}:{item.version}:{of.a!r}:{of.b!r};".encode() if of else b"-")
            named.update(f"{item.item_id}:{item.version};".encode())
    return named.hexdigest()
