"""What a pool gives for a blueprint, rule by rule: for the author who is just writing it, within a blink.

For every rule it says how many items are needed, how many there are, and how many the best paper gives; if there is no
paper, which rules give way in the one that comes nearest. Then what papers can reach: expected scores, information at
the cut, and how many papers without a common item there can be at most.
"""

from typing import Final, NamedTuple

import numpy as np

from question_bank.aim import aim, kinds_of, mean, near, parts, problems
from question_bank.audience import Share
from question_bank.blueprint import Blueprint, check
from question_bank.fair_plan import space_of
from question_bank.item import Problem
from question_bank.parameters import Known
from question_bank.pool import Pool
from question_bank.program import Program
from question_bank.recipe import Limit
from question_bank.recipes import explain
from question_bank.solver import search
from question_bank.supply import Supply, supply

SECONDS_MAX: Final = 5.0


class QuotaState(NamedTuple):
    """One rule. `state`: ok, short (the pool has too few), clash (not together with the others)."""

    limit: Limit
    has: int
    gives: int
    state: str


class Outlook(NamedTuple):
    """All that can be said. `reach` and what follows are 0 where there is no paper."""

    fits: bool
    troubles: tuple[Problem, ...]
    quotas: tuple[QuotaState, ...]
    usable: int
    calibrated: int
    reach: tuple[float, float] = (0.0, 0.0)
    expected: float = 0.0
    cut: float = 0.0
    information: float = 0.0
    disjoint_max: int = 0


def outlook(blueprint: Blueprint, pool: Pool, known: Known, share: Share | None, pass_share: float) -> Outlook:
    """How a blueprint stands with this pool; nothing about it can be wrong enough to raise."""
    if wrong := check(blueprint):
        return Outlook(fits=False, troubles=tuple(wrong), quotas=(), usable=0, calibrated=0)
    stock = supply(blueprint, pool, known, share)
    quotas, troubles = _quotas(stock)
    if share and share.problem:
        troubles = (Problem("audience_short", share.problem), *troubles)
    if not pool.item_count:
        troubles = (Problem("pool_empty", f"The pool {blueprint.pool} has no items that may be drawn."), *troubles)
    found = Outlook(not troubles, troubles, quotas, int(stock.sizes.sum()), stock.gauge.calibrated)
    return _reached(found, stock, blueprint, pass_share) if found.fits else found


def _quotas(stock: Supply) -> tuple[tuple[QuotaState, ...], tuple[Problem, ...]]:
    space = space_of(stock)
    there = space.totals(space.stock)
    best = search(space, space.stock, [0] * len(space.kinds))
    missed = {miss.limit for miss in best.misses}
    states = []
    for limit, has, gives in zip(space.limits, there, space.totals(best.recipe), strict=True):
        state = "short" if has < limit.least else "clash" if limit in missed else "ok"
        states.append(QuotaState(limit, has, gives, state))
    short = [
        Problem("quota_short", f"{each.limit.name}: needs {each.limit.least}, pool has {each.has}")
        for each in states
        if each.state == "short"
    ]
    return tuple(states), tuple(short or [explain(miss) for miss in best.misses])


def _reached(found: Outlook, stock: Supply, blueprint: Blueprint, pass_share: float) -> Outlook:
    aimed = aim(stock, blueprint.expected, pass_share)
    if aimed is None:
        return found
    wrong = tuple(problems(aimed, blueprint.expected))
    worths = stock.gauge.information(aimed.cut)
    program = Program()
    program.rows((limit.least, limit.most) for limit in stock.limits)
    points = program.row(*near(aimed.target))
    scores, worth = stock.points.tolist(), worths.tolist()
    for counts, places in parts(kinds_of(stock), worth):
        entries = [*((limit, float(count)) for limit, count in counts), (points, mean(scores, places))]
        program.column(entries, len(places), cost=-mean(worth, places))
    best = program.solve(SECONDS_MAX)
    return found._replace(
        fits=not wrong,
        troubles=wrong,
        reach=aimed.reach,
        expected=aimed.target,
        cut=aimed.cut,
        information=0.0 if best is None else -best.objective,
        disjoint_max=disjoint(stock),
    )


def disjoint(stock: Supply) -> int:
    """No more papers than that without a common item: kinds added up, in parts, with as many papers as fit."""
    space, program = space_of(stock), Program()
    low = program.rows((0.0, np.inf) for _ in space.limits)
    high = program.rows((-np.inf, 0.0) for _ in space.limits)
    for kind in space.kinds:
        both = [(first + limit, float(count)) for first in (low, high) for limit, count in kind.counts]
        program.column(both, float(kind.stock))
    entries = [(low + row, -float(limit.least)) for row, limit in enumerate(space.limits)]
    entries += [(high + row, -float(limit.most)) for row, limit in enumerate(space.limits)]
    papers = program.column(entries, float(max(1, sum(space.stock))), cost=-1.0)
    found = program.solve(SECONDS_MAX)
    return 0 if found is None else int(found.values[papers] + 1e-6)
