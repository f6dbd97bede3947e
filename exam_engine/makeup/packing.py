"""Seats of classes become seats of people: colleagues together, the largest institutions first.

Within a class everybody costs the same in a slot, so who takes which of its seats is free to choose: best fit, the
largest first. Afterwards the smaller parts of divided institutions move to their colleagues where seats are free and
the move costs less than being apart: it may cost some distance or load, and it always makes the whole cheaper.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from exam_engine.makeup.flow import Shares
from exam_engine.makeup.load import Room, load_cost

PASSES_MAX: Final = 10


class Party(NamedTuple):
    """An institution's people of one class, and what one of them costs in each slot they may be given."""

    institution_id: int
    of_class: int
    persons: tuple[int, ...]
    costs: tuple[tuple[int, int], ...]


class Part(NamedTuple):
    """Those of a party that sit together."""

    party: int
    slot_id: int
    persons: tuple[int, ...]


def pack(parties: Sequence[Party], shares: Shares, rooms: Mapping[int, Room], apart_cost: int) -> dict[int, int]:
    """The slot of each person who has a seat."""
    left = [dict(share) for share in shares.of_class]
    at_home: dict[int, set[int]] = defaultdict(set)  # the slots an institution sits in already
    parts: list[Part] = []
    for number in sorted(range(len(parties)), key=lambda n: (-len(parties[n].persons), parties[n].institution_id, n)):
        party = parties[number]
        for part in _seated(number, party, left[party.of_class], at_home[party.institution_id]):
            at_home[party.institution_id].add(part.slot_id)
            parts.append(part)
    gathered = _Gathering(parties, parts, rooms, apart_cost).run()
    return {person: part.slot_id for part in gathered for person in part.persons}


def _seated(number: int, party: Party, left: dict[int, int], at_home: set[int]) -> list[Part]:
    """Take the party's seats out of what is left for its class."""
    waiting, parts = party.persons, []
    while waiting and left:
        slot_id = _best(len(waiting), left, at_home)
        together, waiting = waiting[: left[slot_id]], waiting[left[slot_id] :]
        left[slot_id] -= len(together)
        if not left[slot_id]:
            del left[slot_id]
        parts.append(Part(number, slot_id, together))
    return parts


def _best(people: int, left: Mapping[int, int], at_home: set[int]) -> int:
    """Where all fit, with the fewest seats to spare; else where most fit; colleagues first."""
    return min(left, key=lambda slot: (left[slot] < people, slot not in at_home, abs(left[slot] - people), slot))


class _Gathering:
    """Moves of small parts to their colleagues, as long as one makes the whole cheaper."""

    def __init__(self, parties: Sequence[Party], parts: list[Part], rooms: Mapping[int, Room], apart_cost: int) -> None:
        self._parties, self._parts, self._rooms, self._apart_cost = parties, parts, rooms, apart_cost
        self._costs = [dict(party.costs) for party in parties]
        self._loads = Counter({slot_id: room.taken for slot_id, room in rooms.items()})
        self._of: dict[int, list[int]] = defaultdict(list)
        for index, part in enumerate(parts):
            self._loads[part.slot_id] += len(part.persons)
            self._of[parties[part.party].institution_id].append(index)

    def run(self) -> list[Part]:
        """The parts after all moves."""
        divided = [indexes for indexes in self._of.values() if len(indexes) > 1]
        for _ in range(PASSES_MAX):
            moved = [self._gather(indexes) for indexes in divided]
            if not any(moved):
                break
        return self._parts

    def _gather(self, indexes: Sequence[int]) -> bool:
        moved = False
        for index in sorted(indexes, key=lambda each: (len(self._parts[each].persons), each)):
            part = self._parts[index]
            others = {self._parts[other].slot_id for other in indexes if other != index} - {part.slot_id}
            alone = all(self._parts[other].slot_id != part.slot_id for other in indexes if other != index)
            offers = [(self._price(part, slot_id), slot_id) for slot_id in sorted(others) if self._fits(part, slot_id)]
            price, slot_id = min(offers, default=(0, 0))
            if alone and offers and price < self._apart_cost:
                self._loads[part.slot_id] -= len(part.persons)
                self._loads[slot_id] += len(part.persons)
                self._parts[index] = part._replace(slot_id=slot_id)
                moved = True
        return moved

    def _fits(self, part: Part, slot_id: int) -> bool:
        free = self._rooms[slot_id].capacity - self._loads[slot_id]
        return free >= len(part.persons) and slot_id in self._costs[part.party]

    def _price(self, part: Part, slot_id: int) -> int:
        """What the move costs in distance and load."""
        costs, people = self._costs[part.party], len(part.persons)
        old, new = self._rooms[part.slot_id], self._rooms[slot_id]
        before = load_cost(old, self._loads[part.slot_id]) + load_cost(new, self._loads[slot_id])
        after = load_cost(old, self._loads[part.slot_id] - people) + load_cost(new, self._loads[slot_id] + people)
        return (costs[slot_id] - costs[part.slot_id]) * people + after - before
