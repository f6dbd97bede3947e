"""Who sits where: thousands of physicians into rooms and batches, by place, load and institution.

**What is asked for**, in this order: a seat for everybody; as near to his institution as there are seats; rooms and
their invigilators loaded evenly; colleagues together. Capacities are never exceeded, days on which somebody can't come
are left out, whoever is pinned (a move that was granted, an exam already entered) stays where he is.

**How.** The cost of a seat depends on the area somebody comes from and the slots he may be given, not on who he is. So
people of the same area and the same possible slots are one *class*, and seats for classes are a small min-cost flow
with convex costs of load, solved exactly (`flow.py`). Its optimum is a proven bound: no plan costs less. An extreme
point of such a flow shares out few classes, and `packing.py` fills each class's seats institution by institution, the
largest first, so that few are divided; then it gathers colleagues where that is worth more than what it costs in place
and load. What is reported is the cost of the plan, the bound, and so the gap: how far from any better plan it can be.

Everything is in integers and in the order of ids: the same question has the same answer.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Final

import msgspec

from exam_engine.makeup.flow import Class, cheapest
from exam_engine.makeup.load import Room, load_cost
from exam_engine.makeup.packing import Party, pack
from exam_engine.makeup.places import STEPS, Distance, city, distance, within

CHINA: Final = timezone(timedelta(hours=8))
STEP_COST: Final = 1_000  # of one person, one step farther: more than any evenness of load
APART_COST: Final = 2_000  # of one more slot that an institution is divided over
SEAT_COST: Final = 1_000_000  # of one person without a seat: more than everything else of him


class Candidate(msgspec.Struct, frozen=True):
    """Somebody to be placed. `area`: of his institution, "" if not known. `away`: days (China's) he can't come."""

    person_id: int
    institution_id: int
    area: str = ""
    away: frozenset[date] = frozenset()


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A room for a batch, as far as planning needs it."""

    slot_id: int
    capacity: int
    opens_at: datetime
    closes_at: datetime
    area: str = ""
    online: bool = False
    invigilators: int = 1

    def days(self) -> frozenset[date]:
        """The days (China's) somebody has to be free on: of a batch, those it touches; online, any one will do."""
        first, last = self.opens_at.astimezone(CHINA).date(), self.closes_at.astimezone(CHINA).date()
        return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))

    def open_to(self, away: frozenset[date]) -> bool:
        """Whether somebody away on these days can sit here: an online batch of several days leaves a choice."""
        return not self.days() <= away if self.online else not self.days() & away


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """`seats`: the slot of each person who was to be placed. `short`: people without a seat by city ("" unknown).

    `cost` of what was placed now; no plan can cost less than `bound`. `apart`: institutions divided over more slots
    than their size demands.
    """

    seats: dict[int, int]
    unplaced: tuple[int, ...]
    short: dict[str, int]
    cost: int
    bound: int
    apart: int
    distances: dict[Distance, int]
    loads: dict[int, int]

    @property
    def gap(self) -> float:
        """How much cheaper a plan could be at most, as a share of what this one's seats cost.

        Missing seats are missing in any plan, so they don't count; they would hide everything else.
        """
        seats = self.cost - SEAT_COST * len(self.unplaced)
        return 0.0 if self.cost == self.bound else (self.cost - self.bound) / seats


def arrange(
    people: Sequence[Candidate], slots: Sequence[Slot], pinned: Mapping[int, int] | None = None, reach: int = 2
) -> Arrangement:
    """Seats for `people`; `pinned`: how many already sit in each slot and stay. `reach`: digits a place must share."""
    taken, slots = dict(pinned or {}), sorted(slots, key=lambda slot: slot.slot_id)
    rooms = {
        slot.slot_id: Room(slot.capacity, slot.invigilators, min(taken.get(slot.slot_id, 0), slot.capacity))
        for slot in slots
    }
    ordered = sorted(people, key=lambda each: each.person_id)
    kinds = _classes(ordered, slots, reach)
    shares = cheapest([Class(len(members), costs) for costs, members in kinds], rooms, SEAT_COST)
    parties = [
        Party(institution, which, tuple(each.person_id for each in members), kinds[which][0])
        for which, (_, all_members) in enumerate(kinds)
        for institution, members in _by_institution(all_members).items()
    ]
    packed = pack(parties, shares, rooms, APART_COST)
    return _said(ordered, slots, rooms, packed, shares.cost)


Costs = tuple[tuple[int, int], ...]  # of one person, by the slots he may be given, in their order


def _classes(people: Sequence[Candidate], slots: Sequence[Slot], reach: int) -> list[tuple[Costs, list[Candidate]]]:
    found: dict[Costs, list[Candidate]] = defaultdict(list)
    known: dict[tuple[str, frozenset[date]], Costs] = {}
    for person in people:
        key = person.area, person.away
        if key not in known:
            known[key] = _costs(person, slots, reach)
        found[known[key]].append(person)
    return list(found.items())


def _costs(person: Candidate, slots: Sequence[Slot], reach: int) -> Costs:
    """Of every slot he may be given."""
    far = [(slot, distance(person.area, slot.area, online=slot.online)) for slot in slots]
    return tuple(
        (slot.slot_id, STEPS[found] * STEP_COST)
        for slot, found in far
        if within(found, reach) and slot.open_to(person.away)
    )


def _by_institution(people: Sequence[Candidate]) -> dict[int, list[Candidate]]:
    found: dict[int, list[Candidate]] = defaultdict(list)
    for person in people:
        found[person.institution_id].append(person)
    return found


def _said(
    people: Sequence[Candidate], slots: Sequence[Slot], rooms: Mapping[int, Room], seats: Mapping[int, int], bound: int
) -> Arrangement:
    by_id = {slot.slot_id: slot for slot in slots}
    loads = {slot_id: room.taken for slot_id, room in rooms.items()}
    distances: dict[Distance, int] = defaultdict(int)
    short: dict[str, int] = defaultdict(int)
    used: dict[int, set[int]] = defaultdict(set)
    size: dict[int, int] = defaultdict(int)
    unplaced = []
    cost = 0
    for person in people:
        slot_id = seats.get(person.person_id)
        if slot_id is None:
            unplaced.append(person.person_id)
            short[city(person.area)] += 1
            cost += SEAT_COST
            continue
        slot = by_id[slot_id]
        found = distance(person.area, slot.area, online=slot.online)
        loads[slot_id] += 1
        distances[found] += 1
        used[person.institution_id].add(slot_id)
        size[person.institution_id] += 1
        cost += STEPS[found] * STEP_COST
    cost += sum(load_cost(room, loads[slot_id]) - load_cost(room, room.taken) for slot_id, room in rooms.items())
    largest = max((room.capacity for room in rooms.values()), default=1)
    extra = {place: len(slots_of) - -(-size[place] // largest) for place, slots_of in used.items()}
    return Arrangement(
        seats={person.person_id: seats[person.person_id] for person in people if person.person_id in seats},
        unplaced=tuple(unplaced),
        short=dict(short),
        cost=cost + APART_COST * sum(extra.values()),
        bound=bound,
        apart=sum(more > 0 for more in extra.values()),
        distances=dict(distances),
        loads=loads,
    )
