"""The cheapest seats for classes of people, exactly, by HiGHS.

A min-cost flow: from each class to the slots it may be given and to "no seat", from each slot over the steps of its
load. Such a program has an integer optimum, and the simplex method ends in one of its extreme points: a forest, in
which few classes are divided. Its optimum is the proof that no plan is cheaper.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import highspy

from exam_engine.makeup.load import Room, Step, steps

SEARCH_S_MAX: Final = 60.0  # none comes near it
SOLVED: Final = 1e-6  # an integer optimum is this near to integers


class Class(NamedTuple):
    """So many people, and what one of them costs in each slot they may be given."""

    people: int
    costs: tuple[tuple[int, int], ...]


class Shares(NamedTuple):
    """Of each class: how many go to which slot; whoever is in none has no seat. `cost`: the proven least."""

    of_class: list[dict[int, int]]
    cost: int


class _Column(NamedTuple):
    cost: int
    upper: int
    rows: tuple[tuple[int, float], ...]


def cheapest(classes: Sequence[Class], rooms: Mapping[int, Room], seat_cost: int) -> Shares:
    """Seats for all classes at the least cost; `seat_cost`: of one person without any."""
    row_of = {slot_id: len(classes) + number for number, slot_id in enumerate(rooms)}
    pairs = [(which, slot_id) for which, each in enumerate(classes) for slot_id, _ in each.costs]
    columns = [
        _Column(cost, min(each.people, rooms[slot_id].free), ((which, 1.0), (row_of[slot_id], 1.0)))
        for which, each in enumerate(classes)
        for slot_id, cost in each.costs
    ]
    columns += [_Column(seat_cost, each.people, ((which, 1.0),)) for which, each in enumerate(classes)]
    columns += [_load(row_of[slot_id], step) for slot_id, room in rooms.items() for step in steps(room)]
    values = _solve(columns, [each.people for each in classes], len(rooms)) if classes else []
    shares: list[dict[int, int]] = [{} for _ in classes]
    for (which, slot_id), value in zip(pairs, values, strict=False):
        if value:
            shares[which][slot_id] = value
    return Shares(shares, sum(column.cost * value for column, value in zip(columns, values, strict=False)))


def _load(row: int, step: Step) -> _Column:
    return _Column(step.cost, step.seats, ((row, -1.0),))


def _solve(columns: Sequence[_Column], people: Sequence[int], slots: int) -> list[int]:
    program = highspy.HighsLp()
    sides = [*map(float, people), *[0.0] * slots]
    program.num_col_, program.num_row_ = len(columns), len(sides)
    program.col_cost_ = [float(column.cost) for column in columns]
    program.col_lower_ = [0.0] * len(columns)
    program.col_upper_ = [float(column.upper) for column in columns]
    program.row_lower_ = program.row_upper_ = sides
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = [0, *accumulate(len(column.rows) for column in columns)]
    program.a_matrix_.index_ = [row for column in columns for row, _ in column.rows]
    program.a_matrix_.value_ = [value for column in columns for _, value in column.rows]
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # its stubs leave the constructor bare
    for option, value in _OPTIONS.items():
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise TimeoutError(f"no plan found: {solver.modelStatusToString(solver.getModelStatus())}")
    found = solver.getSolution().col_value
    values = [round(value) for value in found]
    assert all(abs(value - whole) < SOLVED for value, whole in zip(found, values, strict=True)), "not a flow"
    return values


_OPTIONS: Final[dict[str, bool | int | float | str]] = {
    "output_flag": False,
    "threads": 1,  # the same answer every time, and no cores taken from those who answer questions
    "solver": "simplex",  # ends in an extreme point
    "time_limit": SEARCH_S_MAX,
}
