"""What papers of a pool aim at: the expected score all should have, and the ability where they should measure best.

The target is what the pool gives when it is used as evenly as the quotas allow, unless the blueprint names one: papers
near it exist in the greatest number, and items wear out alike. The cut is the ability whose expected score, on such a
paper, is the pass line: there it is decided who passes.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from question_bank.item import Problem
from question_bank.parameters import Reals
from question_bank.program import Program
from question_bank.supply import Counts, Supply

NEAR: Final = 1e-3  # points of 100
VALUES_MAX: Final = 60  # different scores of units: more, and sums of them lie close together
STEPS: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 4.0)  # times its fair share; each step costs more
SECONDS_MAX: Final = 20.0


class Aim(NamedTuple):
    """`uses`: how often each unit is used in an average paper. `reach`: the least and the most expected score."""

    target: float
    cut: float
    reach: tuple[float, float]
    uses: Reals


def aim(supply: Supply, expected: float | None, pass_share: float) -> Aim | None:
    """The aim of a supply; None when not even papers in parts exist. `expected`: as the blueprint has it."""
    kinds = kinds_of(supply)
    reach = _reach(supply, kinds)
    if reach is None:
        return None
    uses = _even(supply, kinds, None)
    assert uses is not None, "what can be reached can be reached evenly"
    target = float(uses @ supply.points)
    if expected is not None:
        target = min(max(expected, reach[0]), reach[1])
        near = _even(supply, kinds, target)
        uses = uses if near is None else near
    else:
        target = _attained(supply, target)
    return Aim(target, supply.gauge.cut(uses, pass_share), reach, uses)


def problems(found: Aim, expected: float | None) -> list[Problem]:
    """What is wrong with the score that a blueprint wants."""
    if expected is None or abs(found.target - expected) < 1e-9:
        return []
    least, most = found.reach
    return [Problem("expected_reach", f"A score of {expected:g} is wanted, papers have {least:.1f} to {most:.1f}.")]


def _attained(supply: Supply, target: float) -> float:
    """The score nearest to `target` that a paper really has.

    While items have only the three difficulties of their authors, scores of papers are far apart; with calibrated
    items there is one everywhere, and nothing to look for.
    """
    cells: dict[tuple[Counts, float], int] = {}
    for counts, points in zip(supply.counts, supply.points, strict=True):
        key = counts, round(float(points), 6)
        cells[key] = cells.get(key, 0) + 1
    if len({points for _, points in cells}) > VALUES_MAX:
        return target
    program = Program()
    program.rows((limit.least, limit.most) for limit in supply.limits)
    row = program.row(target, target)
    for (counts, points), there in cells.items():
        entries = [*((limit, float(count)) for limit, count in counts), (row, points)]
        program.column(entries, float(there), whole=True)
    low = program.column([(row, 1.0)], np.inf, cost=1.0)
    high = program.column([(row, -1.0)], np.inf, cost=1.0)
    try:
        found = program.solve(SECONDS_MAX)
    except TimeoutError:
        return target
    return target if found is None else float(target - found.values[low] + found.values[high])


def near(target: float) -> tuple[float, float]:
    """A row's bounds for papers that have this score: as near as sums of rounded numbers come."""
    return target - NEAR, target + NEAR


def mean(values: Sequence[float], places: Sequence[int]) -> float:
    """Of the values at these places."""
    return sum(map(values.__getitem__, places)) / len(places)


def parts(kinds: dict[Counts, list[int]], by: Sequence[float]) -> list[tuple[Counts, list[int]]]:
    """Every kind cut into a few parts whose units are alike by a figure: the easier ones, the harder ones."""
    return [(counts, part) for counts, places in kinds.items() for part in _cut(sorted(places, key=by.__getitem__))]


def _cut(places: list[int]) -> list[list[int]]:
    """The outermost alone, then twos, fours, ...: whoever looks for extremes looks there."""
    low, high = [], []
    size = 1
    while len(places) > 2 * size:
        low.append(places[:size])
        high.append(places[-size:])
        places, size = places[size:-size], 2 * size
    return [*low, places, *high]


def kinds_of(supply: Supply) -> dict[Counts, list[int]]:
    """Places of the units that count the same."""
    kinds: dict[Counts, list[int]] = {}
    for place, counts in enumerate(supply.counts):
        kinds.setdefault(counts, []).append(place)
    return kinds


def _reach(supply: Supply, kinds: dict[Counts, list[int]]) -> tuple[float, float] | None:
    """By linear programs over parts of the kinds."""
    ends = []
    values = supply.points.tolist()
    cells = parts(kinds, values)
    for sign in (1.0, -1.0):
        program = Program()
        program.rows((limit.least, limit.most) for limit in supply.limits)
        for counts, places in cells:
            entries = [(limit, float(count)) for limit, count in counts]
            program.column(entries, len(places), cost=sign * mean(values, places))
        found = program.solve(SECONDS_MAX) if kinds else None
        if found is None:
            return None
        ends.append(sign * found.objective)
    return ends[0], ends[1]


def _even(supply: Supply, kinds: dict[Counts, list[int]], target: float | None) -> Reals | None:
    """Uses of each unit, alike inside a kind, with steeper and steeper costs for what is used more."""
    program = Program()
    program.rows((limit.least, limit.most) for limit in supply.limits)
    points = program.row(*((-np.inf, np.inf) if target is None else near(target)))
    fair = supply.item_count / float(supply.sizes.sum())
    columns, values = [], supply.points.tolist()
    for counts, places in kinds.items():
        stock = len(places)
        entries = [*((limit, float(count)) for limit, count in counts), (points, mean(values, places))]
        below, size = 0.0, float(supply.sizes[places[0]])
        for step in (*STEPS, np.inf):
            upto = min(1.0, step * fair)
            if upto > below:  # the costs are the slope of the square: it is least where all are alike
                cost = size * (below + upto)
                columns.append((program.column(entries, stock * (upto - below), cost=cost), places))
            below = max(below, upto)
    found = program.solve(SECONDS_MAX)
    if found is None:
        return None
    uses = np.zeros(len(supply.units))
    for column, places in columns:
        uses[places] += found.values[column] / len(places)
    return uses
