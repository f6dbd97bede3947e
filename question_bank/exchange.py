"""Exchanges of units inside one paper: until it is as hard as all others, measures as well, and no enemies meet.

A paper starts as random units that keep every quota. Then single units are exchanged: for one of the same kind, which
no quota notices, or for one of the same type where all quotas still hold. While something is missing, only exchanges
that help are taken. Before that the paper is shaken: exchanges that quotas allow, whatever they do to the score, so
that papers that began alike drift apart. What comes in is drawn by the shares that items should have (rates), so
exposure stays what it was planned to be.
"""

import math
import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from question_bank.supply import Counts, Supply

STEPS_MAX: Final = 4000  # to mend a paper; some dozens do
SHAKES: Final = 150  # exchanges tried across kinds before that: papers of one recipe drift apart
MEET_COST: Final = 1000.0  # of enemies that meet: more than any score or information missing


class Target(NamedTuple):
    """Expected score inside target ± band, information at least `worth`."""

    points: float
    band: float
    worth: float


class Deck:
    """Units to draw from, with the weights they are drawn by."""

    def __init__(self, places: Sequence[int], weights: Sequence[float]) -> None:
        self.places = tuple(places)
        self._sums = list(accumulate(weights[place] for place in places))
        self._whole = self._sums[-1]

    def one(self, rng: random.Random) -> int:
        """One unit."""
        return self.places[min(bisect(self._sums, rng.random() * self._whole), len(self.places) - 1)]

    def some(self, count: int, rng: random.Random, barred: "frozenset[int] | set[int]") -> list[int]:
        """`count` different units outside `barred`, by weight."""
        if 2 * (count + len(barred)) < len(self.places):
            found: dict[int, None] = {}
            for _ in range(20 * count):
                place = self.one(rng)
                if place not in barred:
                    found[place] = None
                    if len(found) == count:
                        return list(found)
        free = [place for place in self.places if place not in barred]
        return sorted(free, key=lambda place: self._key(place, rng))[:count]  # the one that comes first in a race

    def _key(self, place: int, rng: random.Random) -> float:
        index = bisect_place(self.places, place)
        weight = self._sums[index] - (self._sums[index - 1] if index else 0.0)
        return -math.log(max(rng.random(), 1e-300)) / max(weight, 1e-9)


def bisect_place(places: Sequence[int], place: int) -> int:
    """Where `place` stands among sorted `places`."""
    return bisect(places, place) - 1


class Exchanges:
    """What exchanges of a supply need to know, worked out once."""

    def __init__(self, supply: Supply, worths: Sequence[float], weights: Sequence[float]) -> None:
        self.counts = supply.counts
        self.points = [float(value) for value in supply.points]
        self.worths = [float(value) for value in worths]
        self.enemies = supply.enemies
        self.bounds = [(limit.least, limit.most) for limit in supply.limits]
        kinds: dict[Counts, list[int]] = {}
        types: dict[tuple[int, int], list[int]] = {}
        for place, counts in enumerate(supply.counts):
            kinds.setdefault(counts, []).append(place)
            types.setdefault(counts[0], []).append(place)
        self.kinds = {counts: Deck(places, weights) for counts, places in kinds.items()}
        types_ = {first: Deck(places, weights) for first, places in types.items()}
        self.kind_of = [self.kinds[counts] for counts in supply.counts]
        self.type_of = [types_[counts[0]] for counts in supply.counts]
        self.loose = bool(len(self.kinds) > 1)

    def meets(self, place: int, members: "set[int] | frozenset[int]") -> int:
        """How many enemies the unit has among `members`."""
        foes = self.enemies.get(place)
        return len(foes & members) if foes else 0

    def mend(
        self,
        picked: list[int],
        target: Target,
        barred: "frozenset[int] | set[int]",
        rng: random.Random,
        *,
        across: bool,
    ) -> bool:
        """Exchange units of `picked` until nothing is missing; whether that was reached.

        `barred` never comes in. Without `across` units change places with their own kind only.
        """
        paper = _Paper(self, picked, target)
        if across and self.loose:
            self._shake(paper, barred, rng)
        for step in range(STEPS_MAX):
            if paper.missing <= 0:
                return True
            at = int(rng.random() * len(picked))
            into = (self.type_of if across and step % 2 else self.kind_of)[picked[at]].one(rng)
            if into not in paper.members and into not in barred:
                paper.exchange(at, into)
        return paper.missing <= 0

    def _shake(self, paper: "_Paper", barred: "frozenset[int] | set[int]", rng: random.Random) -> None:
        picked = paper.picked
        for _ in range(SHAKES):
            at = int(rng.random() * len(picked))
            into = self.type_of[picked[at]].one(rng)
            if into not in paper.members and into not in barred:
                paper.shake(at, into)


class _Paper:
    def __init__(self, deck: Exchanges, picked: list[int], target: Target) -> None:
        self.deck, self.picked, self.target = deck, picked, target
        self.members = set(picked)
        self.points = sum(deck.points[place] for place in picked)
        self.worth = sum(deck.worths[place] for place in picked)
        self.met = sum(deck.meets(place, self.members) for place in picked) // 2
        self.totals = [0] * len(deck.bounds)
        for place in picked:
            for limit, count in deck.counts[place]:
                self.totals[limit] += count
        self.missing = self._missing(self.points, self.worth, self.met)

    def _missing(self, points: float, worth: float, met: int) -> float:
        """0 when nothing is: points outside the band, information short (in hundredths), enemies that meet."""
        want = self.target
        off = abs(points - want.points) - want.band
        short = want.worth - worth
        missing = off if off > 0 else 0.0
        if short > 0:
            missing += 100.0 * short / want.worth
        return missing + MEET_COST * met

    def exchange(self, at: int, into: int) -> None:
        """Make the exchange if it keeps the quotas and leaves no more missing than before."""
        deck, out = self.deck, self.picked[at]
        same = deck.kind_of[out] is deck.kind_of[into]
        if not same and not self._fits(out, into):
            return
        points = self.points + deck.points[into] - deck.points[out]
        worth = self.worth + deck.worths[into] - deck.worths[out]
        met = self.met
        if deck.enemies:
            self.members.remove(out)
            met += deck.meets(into, self.members) - deck.meets(out, self.members)
            self.members.add(out)
        missing = self._missing(points, worth, met)
        if missing >= self.missing:
            return
        self._take(at, into, points, worth, met)
        self.missing = missing

    def shake(self, at: int, into: int) -> None:
        """Make the exchange if it keeps the quotas and brings no enemies together."""
        deck, out = self.deck, self.picked[at]
        if deck.enemies and deck.meets(into, self.members):
            return
        if deck.kind_of[out] is not deck.kind_of[into] and not self._fits(out, into):
            return
        points = self.points + deck.points[into] - deck.points[out]
        worth = self.worth + deck.worths[into] - deck.worths[out]
        self._take(at, into, points, worth, self.met - deck.meets(out, self.members))
        self.missing = self._missing(self.points, self.worth, self.met)

    def _take(self, at: int, into: int, points: float, worth: float, met: int) -> None:
        out, deck = self.picked[at], self.deck
        self.picked[at] = into
        self.points, self.worth, self.met = points, worth, met
        self.members.remove(out)
        self.members.add(into)
        if deck.kind_of[out] is not deck.kind_of[into]:
            self._count(out, -1)
            self._count(into, 1)

    def _fits(self, out: int, into: int) -> bool:
        change = dict(self.deck.counts[into])
        for limit, count in self.deck.counts[out]:
            change[limit] = change.get(limit, 0) - count
        for limit, count in change.items():
            if count:
                least, most = self.deck.bounds[limit]
                if not least <= self.totals[limit] + count <= most:
                    return False
        return True

    def _count(self, place: int, sign: int) -> None:
        for limit, count in self.deck.counts[place]:
            self.totals[limit] += sign * count
