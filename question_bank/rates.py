"""How often each item should come when every physician draws a paper of his own.

Two wishes pull apart: items that measure best at the cut, and items used alike so that two papers share little. First a
linear program finds the most information a paper can have on average if no item is in more than a certain share of the
papers: no way of drawing can beat it, that is the bound. Then a second one gives up a little of it and, of all ways
that keep the rest, takes the most even. Its solution says for every unit in which share of the papers it should be.
"""

from typing import Final, NamedTuple

import numpy as np

from question_bank.aim import Aim, near
from question_bank.parameters import Reals
from question_bank.program import Program
from question_bank.supply import Supply

SHARE_MAX: Final = 0.14  # of the papers an item is in: two papers share no more than that on average
TIMES_MAX: Final = 2.0  # what it would be in if all items were used alike; the smaller of both holds
ROOM: Final = 1.1  # times its even use an item may always have: small topics can't be used less
ROOMS: Final = (1.0, 2.0, 1000.0)
KEPT: Final = 0.97  # of the most information
STEPS: Final = (0.25, 0.5, 0.75, 1.0)  # of what a unit may have at most; each step costs more
SECONDS_MAX: Final = 60.0


class Rates(NamedTuple):
    """`shares`: of papers each unit should be in. `bound`: of the mean information, proven for these limits."""

    shares: Reals
    limits: Reals
    bound: float


def rates(supply: Supply, aimed: Aim) -> Rates | None:
    """The shares of a supply; None when not even papers in parts exist."""
    worths = supply.gauge.information(aimed.cut)
    even = supply.item_count / float(supply.sizes.sum())
    limits = np.minimum(1.0, np.maximum(min(SHARE_MAX, TIMES_MAX * even), ROOM * aimed.uses))
    best = None
    for room in ROOMS:  # a score far from what the pool gives by itself needs some items more often
        limits = np.minimum(1.0, room * limits)
        best = _program(supply, aimed, worths, limits).solve(SECONDS_MAX)
        if best is not None:
            break
    else:
        return None
    evenly = _evenly(supply, aimed, worths, limits, KEPT * -best.objective).solve(SECONDS_MAX)
    values = best.values if evenly is None else evenly.values.reshape(len(limits), -1).sum(axis=1)
    return Rates(np.clip(values, 0.0, 1.0), limits, -best.objective)


def _program(supply: Supply, aimed: Aim, worths: Reals, limits: Reals) -> Program:
    program = Program()
    program.rows((limit.least, limit.most) for limit in supply.limits)
    points = program.row(*near(aimed.target))
    for counts, point, worth, most in zip(supply.counts, supply.points, worths, limits, strict=True):
        entries = [*((limit, float(count)) for limit, count in counts), (points, float(point))]
        program.column(entries, float(most), cost=-float(worth))
    return program


def _evenly(supply: Supply, aimed: Aim, worths: Reals, limits: Reals, least: float) -> Program:
    program = Program()
    program.rows((limit.least, limit.most) for limit in supply.limits)
    points, worth_row = program.row(*near(aimed.target)), program.row(least, np.inf)
    columns = zip(supply.counts, supply.points, worths, limits, supply.sizes, strict=True)
    for counts, point, worth, most, size in columns:
        entries = [*((limit, float(count)) for limit, count in counts), (points, float(point))]
        entries.append((worth_row, float(worth)))
        for step in STEPS:
            program.column(entries, float(most) / len(STEPS), cost=float(size) * float(most) * step)
    return program
