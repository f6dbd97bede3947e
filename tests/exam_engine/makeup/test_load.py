"""What a loaded room costs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.makeup.load import FULL_COST, STEPS_MAX, WATCH_COST_MAX, Room, load_cost, steps
from exam_engine.makeup.planning import STEP_COST

ROOMS = st.builds(Room, st.integers(1, 300), st.integers(1, 9)).flatmap(
    lambda room: st.integers(0, room.capacity).map(lambda taken: room._replace(taken=taken))
)


@given(ROOMS)
@settings(max_examples=50)
def test_the_steps_of_a_room_are_its_free_seats_and_never_get_cheaper(room: Room) -> None:
    found = steps(room)

    assert sum(step.seats for step in found) == room.free
    assert [step.cost for step in found] == sorted(step.cost for step in found)
    assert len(found) <= STEPS_MAX


@given(ROOMS)
@settings(max_examples=50)
def test_what_the_steps_cost_is_what_the_load_costs_more(room: Room) -> None:
    by_steps = sum(step.seats * step.cost for step in steps(room))

    assert by_steps == load_cost(room, room.capacity) - load_cost(room, room.taken)


def test_no_load_costs_a_person_as_much_as_one_step_of_distance() -> None:
    assert FULL_COST + WATCH_COST_MAX < STEP_COST


@pytest.mark.parametrize(
    ("even", "uneven", "what"),
    [
        ([(Room(40, 1), 20), (Room(40, 1), 20)], [(Room(40, 1), 36), (Room(40, 1), 4)], "rooms alike"),
        ([(Room(40, 1), 20), (Room(80, 2), 40)], [(Room(40, 1), 30), (Room(80, 2), 30)], "twice the seats and people"),
        (
            [(Room(40, 1), 16), (Room(40, 3), 24)],
            [(Room(40, 1), 20), (Room(40, 3), 20)],
            "three times the invigilators",
        ),
    ],
)
def test_even_loads_are_cheaper(even: list[tuple[Room, int]], uneven: list[tuple[Room, int]], what: str) -> None:
    assert sum(load_cost(*each) for each in even) < sum(load_cost(*each) for each in uneven), what
