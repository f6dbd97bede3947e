"""What a loaded room costs: the fuller the room and the more people an invigilator has, the more the next one costs.

The cost of the next person grows with the load, so that even loads are the cheapest; it grows in steps, so that a flow
with an arc for each step can be solved exactly. A whole room costs a person less than one step of distance.
"""

from typing import Final, NamedTuple

STEPS_MAX: Final = 20  # of one room
FULL_COST: Final = 300  # of the last seat of a room
WATCH_COST: Final = 10  # of the next person, for each that every invigilator already has
WATCH_COST_MAX: Final = 600  # however few invigilators: still less than a step of distance


class Room(NamedTuple):
    """`taken`: seats of people who stay where they are."""

    capacity: int
    invigilators: int
    taken: int = 0

    @property
    def free(self) -> int:
        """Seats to give."""
        return self.capacity - self.taken


class Step(NamedTuple):
    """So many seats, each at this cost."""

    seats: int
    cost: int


def steps(room: Room) -> list[Step]:
    """The free seats of a room, from the cheapest to the dearest."""
    width = max(1, -(-room.capacity // STEPS_MAX))
    found: list[Step] = []
    for start in range(0, room.capacity, width):
        end = min(start + width, room.capacity)
        seats = end - max(start, room.taken)
        if seats > 0:
            found.append(Step(seats, _marginal(room, start)))
    return found


def _marginal(room: Room, load: int) -> int:
    """Of the next person where so many sit."""
    watched = WATCH_COST * load // max(1, room.invigilators)
    return FULL_COST * load // room.capacity + min(WATCH_COST_MAX, watched)


def load_cost(room: Room, load: int) -> int:
    """Of so many people in this room, whoever of them stays."""
    assert 0 <= load <= room.capacity, "more people than seats"
    total = 0
    for step in steps(room._replace(taken=0)):
        seats = min(step.seats, load)
        total += seats * step.cost
        load -= seats
    return total
