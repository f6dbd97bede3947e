"""Seats of a make-up, against the plain way in the same run: one after the other, each into the nearest room.

`python -m tests.bench.makeup` runs this part alone. Both get the same question and are judged by the same costs.
"""

import argparse
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from exam_engine.makeup.load import Room, load_cost
from exam_engine.makeup.places import STEPS, distance
from exam_engine.makeup.planning import APART_COST, SEAT_COST, STEP_COST, Candidate, Slot, arrange
from tests.bench.timed import spread, took

Rows = list[list[str]]
T = TypeVar("T")
OPENS = datetime(2026, 12, 7, 1, tzinfo=UTC)
PEOPLE, SLOTS, INSTITUTIONS = 10_000, 60, 700


def seats(people: int, slots: int, rounds: int) -> Rows:
    """`people` physicians of 700 institutions in 16 cities, `slots` rooms with a twelfth more seats than people."""
    candidates, rooms = question(people, slots)
    ours = [took(lambda: arrange(candidates, rooms)) for _ in range(rounds)]
    plan = ours[0][1]
    assert len(plan.seats) == people, "nobody without a seat"
    plain = [took(lambda: nearest_first(candidates, rooms)) for _ in range(rounds)]
    greedy = plain[0][1]
    what = f"{people:,} physicians × {slots} slots"
    return [
        [
            f"seats for {what}, optimum proven within {plan.gap:.2%} (goal: seconds)",
            spread([took for took, _ in ours]),
        ],
        [f"the same one after the other, {what}", spread([took for took, _ in plain])],
        [
            "cost of place, load and divided institutions ÷ one after the other",
            _ratio(plan.seats, greedy, candidates, rooms),
        ],
        ["people sent to another city", f"{_far(plan.seats, candidates, rooms)} ÷ {_far(greedy, candidates, rooms)}"],
    ]


def question(people: int, slots: int) -> tuple[list[Candidate], list[Slot]]:
    """Institutions of very different sizes; rooms where the province happens to have them."""
    rng = random.Random(7)
    areas = [f"35{city:02d}{district:02d}" for city in range(1, 17) for district in range(1, 9)]
    places = [(number, rng.choice(areas), rng.paretovariate(1.2)) for number in range(1, INSTITUTIONS + 1)]
    chosen = rng.choices(places, weights=[size for *_, size in places], k=people)
    candidates = [Candidate(number, place, area) for number, (place, area, _) in enumerate(chosen, 1)]
    capacity = people * 13 // 12 // slots + 1
    rooms = [
        Slot(
            slot_id=number, capacity=capacity + rng.randint(-capacity // 4, capacity // 4), area=rng.choice(areas),
            opens_at=OPENS + timedelta(days=number % 5), closes_at=OPENS + timedelta(days=number % 5, hours=2),
            online=number % 15 == 0, invigilators=rng.randint(2, 6),
        )
        for number in range(1, slots + 1)
    ]  # fmt: skip
    short = people * 13 // 12 - sum(room.capacity for room in rooms)
    rooms.append(Slot(slot_id=slots + 1, capacity=max(1, short), opens_at=OPENS, closes_at=OPENS, area=areas[0]))
    return candidates, rooms


def nearest_first(candidates: Sequence[Candidate], rooms: Sequence[Slot]) -> dict[int, int]:
    """Institution by institution, each person into the nearest room that has a seat, the emptiest of equals."""
    found: dict[int, int] = {}
    loads = Counter[int]()
    for person in sorted(candidates, key=lambda each: (each.institution_id, each.person_id)):
        free = [room for room in rooms if loads[room.slot_id] < room.capacity]
        if not free:
            continue
        best = min(free, key=lambda room: (_steps(person, room), loads[room.slot_id] / room.capacity, room.slot_id))
        found[person.person_id] = best.slot_id
        loads[best.slot_id] += 1
    return found


def cost(given: Mapping[int, int], candidates: Sequence[Candidate], rooms: Sequence[Slot]) -> int:
    """What a plan costs, whoever made it."""
    by_id = {room.slot_id: room for room in rooms}
    loads = Counter(given.values())
    used = {(person.institution_id, given[person.person_id]) for person in candidates if person.person_id in given}
    size = Counter(person.institution_id for person in candidates)
    largest = max(room.capacity for room in rooms)
    apart = len(used) - sum(-(-count // largest) for count in size.values())
    far = sum(_steps(person, by_id[given[person.person_id]]) for person in candidates if person.person_id in given)
    load = sum(load_cost(Room(room.capacity, room.invigilators), loads[room.slot_id]) for room in rooms)
    return far * STEP_COST + load + apart * APART_COST + SEAT_COST * (len(candidates) - len(given))


def _steps(person: Candidate, room: Slot) -> int:
    return STEPS[distance(person.area, room.area, online=room.online)]


def _far(given: Mapping[int, int], candidates: Sequence[Candidate], rooms: Sequence[Slot]) -> int:
    by_id = {room.slot_id: room for room in rooms}
    return sum(_steps(person, by_id[given[person.person_id]]) > 1 for person in candidates if person.person_id in given)


def _ratio(
    ours: Mapping[int, int], plain: Mapping[int, int], candidates: Sequence[Candidate], rooms: Sequence[Slot]
) -> str:
    mine, theirs = cost(ours, candidates, rooms), cost(plain, candidates, rooms)
    return f"{mine / theirs:.2f} ({mine:,} ÷ {theirs:,})"


def main() -> None:
    """Run this part alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.makeup", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--slots", type=int, default=SLOTS)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    table = Table("figure", "median (least … most)")
    for row in seats(options.people, options.slots, options.rounds):
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
