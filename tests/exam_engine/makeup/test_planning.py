"""Who sits where: laws of every plan, the cheapest by trying everything, and what the province is told."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.makeup.load import Room, load_cost
from exam_engine.makeup.places import STEPS, Distance, distance, within
from exam_engine.makeup.planning import SEAT_COST, STEP_COST, Arrangement, Candidate, Slot, arrange

MONDAY = datetime(2026, 12, 7, 1, tzinfo=UTC)  # nine in the morning in China
AREAS = ("110101", "110102", "110201", "110301", "")


def slot(number: int, capacity: int, area: str = "110101", *, day: int = 0, online: bool = False, by: int = 1) -> Slot:
    opens_at = MONDAY + timedelta(days=day)
    return Slot(
        slot_id=number, capacity=capacity, opens_at=opens_at, closes_at=opens_at + timedelta(hours=2), area=area,
        online=online, invigilators=by,
    )  # fmt: skip


def people(institution: int, count: int, area: str = "110101", away: frozenset[date] = frozenset()) -> list[Candidate]:
    return [Candidate(institution * 1000 + n, institution, area, away) for n in range(count)]


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Candidate], list[Slot], dict[int, int], int]:
    slots = [
        slot(number, draw(st.integers(1, 12)), draw(st.sampled_from(AREAS[:4])), day=draw(st.integers(0, 2)),
             online=draw(st.booleans()), by=draw(st.integers(1, 3)))
        for number in range(1, draw(st.integers(1, 6)) + 1)
    ]  # fmt: skip
    days = [frozenset[date](), frozenset([MONDAY.date()]), frozenset([MONDAY.date() + timedelta(days=1)])]
    found: list[Candidate] = []
    for institution in range(1, draw(st.integers(0, 6)) + 1):
        area, away = draw(st.sampled_from(AREAS)), draw(st.sampled_from(days))
        found += people(institution, draw(st.integers(1, 9)), area, away)
    pinned = {each.slot_id: draw(st.integers(0, each.capacity)) for each in slots}
    return found, slots, pinned, draw(st.sampled_from([2, 4, 6]))


@given(questions(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_every_plan_keeps_the_rules(
    question: tuple[list[Candidate], list[Slot], dict[int, int], int], rng: Random
) -> None:
    candidates, slots, pinned, reach = question

    plan = arrange(candidates, slots, pinned, reach)

    by_id = {each.slot_id: each for each in slots}
    loads = Counter(plan.seats.values())
    assert sorted([*plan.seats, *plan.unplaced]) == sorted(each.person_id for each in candidates)  # all, once each
    assert plan.loads == {number: pinned[number] + loads[number] for number in by_id}
    assert all(plan.loads[number] <= each.capacity for number, each in by_id.items())
    for each in candidates:
        if each.person_id in plan.seats:
            given_slot = by_id[plan.seats[each.person_id]]
            assert given_slot.open_to(each.away)
            assert within(distance(each.area, given_slot.area, online=given_slot.online), reach)
    assert plan.bound <= plan.cost
    assert sum(plan.distances.values()) == len(plan.seats)
    assert sum(plan.short.values()) == len(plan.unplaced)
    rng.shuffle(candidates)
    assert arrange(candidates, slots[::-1], pinned, reach) == plan  # the order they come in is nobody's advantage


def cheapest_by_trying(candidates: Sequence[Candidate], slots: Sequence[Slot], reach: int) -> int:
    """The least that place, load and missing seats can cost: every way there is."""
    choices = [
        [None, *(each for each in slots if each.open_to(person.away)
                 and within(distance(person.area, each.area, online=each.online), reach))]
        for person in candidates
    ]  # fmt: skip
    rooms = {each.slot_id: Room(each.capacity, each.invigilators) for each in slots}
    best = SEAT_COST * len(candidates)
    for way in itertools.product(*choices):
        loads = Counter(each.slot_id for each in way if each is not None)
        if any(loads[number] > room.capacity for number, room in rooms.items()):
            continue
        cost = sum(load_cost(room, loads[number]) for number, room in rooms.items())
        for person, each in zip(candidates, way, strict=True):
            far = None if each is None else distance(person.area, each.area, online=each.online)
            cost += SEAT_COST if far is None else STEPS[far] * STEP_COST
        best = min(best, cost)
    return best


@st.composite
def tiny(draw: st.DrawFn) -> tuple[list[Candidate], list[Slot], int]:
    slots = [
        slot(number, draw(st.integers(1, 3)), draw(st.sampled_from(AREAS[:4])), online=draw(st.booleans()))
        for number in range(1, draw(st.integers(1, 3)) + 1)
    ]
    found: list[Candidate] = []
    for institution in range(1, draw(st.integers(1, 3)) + 1):
        found += people(institution, draw(st.integers(1, 2)), draw(st.sampled_from(AREAS)))
    return found, slots, draw(st.sampled_from([2, 4]))


@given(tiny())
@settings(max_examples=40, deadline=None)
def test_the_bound_is_what_trying_everything_finds(question: tuple[list[Candidate], list[Slot], int]) -> None:
    candidates, slots, reach = question

    plan = arrange(candidates, slots, {}, reach)

    assert plan.bound == cheapest_by_trying(candidates, slots, reach)


def loads_of(plan: Arrangement) -> list[int]:
    return [plan.loads[number] for number in sorted(plan.loads)]


def test_everybody_sits_in_his_own_district_while_there_are_seats() -> None:
    plan = arrange(people(1, 8) + people(2, 8, "110102"), [slot(1, 10), slot(2, 10, "110102")])

    assert plan.distances == {Distance.DISTRICT: 16}
    assert (plan.apart, plan.gap, plan.unplaced) == (0, plan.gap, ())


def test_colleagues_sit_together_though_evener_loads_would_divide_them() -> None:
    plan = arrange(people(1, 7) + people(2, 6) + people(3, 7), [slot(1, 14), slot(2, 14)])

    assert plan.apart == 0
    assert sorted(loads_of(plan)) in ([6, 14], [7, 13])


def test_an_institution_larger_than_every_room_is_no_more_divided_than_it_has_to_be() -> None:
    plan = arrange(people(1, 30), [slot(number, 12) for number in range(1, 6)])

    assert plan.unplaced == ()
    assert len(set(plan.seats.values())) >= 3
    assert plan.cost >= plan.bound


def test_rooms_are_loaded_evenly_by_seats_and_invigilators() -> None:
    singles = [each for number in range(1, 61) for each in people(number, 1)]

    assert loads_of(arrange(singles, [slot(1, 60), slot(2, 60)])) == [30, 30]
    assert loads_of(arrange(singles, [slot(1, 60), slot(2, 60, by=3)]))[1] > 33


def test_a_day_somebody_is_away_is_left_out_but_an_online_window_of_more_days_is_not() -> None:
    away = frozenset([MONDAY.date()])
    online = Slot(
        slot_id=3, capacity=9, opens_at=MONDAY, closes_at=MONDAY + timedelta(days=2), online=True, invigilators=1
    )

    assert set(arrange(people(1, 3, away=away), [slot(1, 9), slot(2, 9, day=1)]).seats.values()) == {2}
    assert len(arrange(people(1, 3, away=away), [slot(1, 9)]).unplaced) == 3
    assert len(arrange(people(1, 3, away=away), [slot(1, 9), online]).seats) == 3


def test_who_is_pinned_keeps_his_seat_from_the_others() -> None:
    plan = arrange(people(1, 6), [slot(1, 10)], {1: 7})

    assert plan.loads == {1: 10}
    assert plan.short == {"1101": 3}


def test_the_missing_seats_are_said_by_city() -> None:
    found = arrange(people(1, 6) + people(2, 9, "110201"), [slot(1, 20), slot(2, 4, "110201")], reach=4)

    assert found.short == {"1102": 5}


@pytest.mark.parametrize("candidates", [[], people(1, 2)])
def test_without_slots_nobody_is_placed(candidates: list[Candidate]) -> None:
    plan = arrange(candidates, [])

    assert (plan.seats, len(plan.unplaced)) == ({}, len(candidates))
