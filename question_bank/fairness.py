"""The certificate of papers: worked out from what was drawn, counted anew, compared with the goals.

Everything is computed from a table with a row for each paper and a column for each unit, 1 where the unit is in.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from question_bank.certificate import (
    GRID,
    Bar,
    Certificate,
    Drawn,
    Exposure,
    Goal,
    Overlap,
    PlannedForm,
    PoolFigures,
    Spread,
    Used,
)
from question_bank.parameters import Reals
from question_bank.supply import Supply

DIFFERENCE_MAX: Final = 0.5  # points of 100 between any two papers
OVERLAP_MAX: Final = 0.25  # of a paper
OVERLAP_POOL: Final = 8.0  # papers in the pool from which that goal holds
INFORMATION_MIN: Final = 0.95  # of the proven bound
RATE_MIN: Final = 500.0  # papers a second and core, on the fly
BARS: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
MOST_USED: Final = 20
BLOCK: Final = 500  # papers compared with all others at a time
DIGITS: Final = 6

Table: TypeAlias = NDArray[np.float32]


class Story(NamedTuple):
    """What the figures alone do not say."""

    mode: str
    seed: int
    blueprint: str
    pass_share: float
    cut: float
    target: float
    pool_items: int
    pool_digest: str
    bound: float
    single_bound: float
    expected_bound: float
    overlap_bound: int
    audience: tuple[Drawn, ...]
    broken: tuple[str, ...]
    made_in_s: float
    papers_per_s: float


def certify(supply: Supply, papers: Sequence[Sequence[int]], story: Story) -> Certificate:
    """The certificate of these papers, each the places of its units. `mode` "forms" lists every one of them."""
    table = np.zeros((len(papers), len(supply.units)), dtype=np.float32)
    for row, paper in enumerate(papers):
        table[row, list(paper)] = 1
    worths = supply.gauge.information(story.cut)
    scores, worth = table @ supply.points, table @ worths
    ratio = float(supply.sizes.sum()) / supply.item_count
    overlap = _overlap(table, supply.sizes, supply.item_count, matrix=story.mode == "forms")
    found = Certificate(
        mode=story.mode,
        seed=story.seed,
        blueprint=story.blueprint,
        item_count=supply.item_count,
        papers=len(papers),
        cut=_round(story.cut),
        pass_share=_round(story.pass_share),
        target=_round(story.target),
        pool=PoolFigures(
            items=story.pool_items,
            usable=int(supply.sizes.sum()),
            calibrated=supply.gauge.calibrated,
            ratio=_round(ratio),
            digest=story.pool_digest,
        ),
        forms=_forms(supply, table, scores, worth) if story.mode == "forms" else (),
        expected=_spread(scores),
        information=_spread(worth),
        bound=_round(story.bound),
        single_bound=_round(story.single_bound),
        ratio=_round(float(worth.min()) / story.bound),
        mean_ratio=_round(float(worth.mean()) / story.bound),
        expected_bound=story.expected_bound,
        overlap_bound=story.overlap_bound,
        overlap=overlap,
        exposure=_exposure(supply, table),
        audience=story.audience,
        goals=(),
        broken=story.broken,
        made_in_s=round(story.made_in_s, 3),
        papers_per_s=round(story.papers_per_s, 1),
    )
    return _with_goals(found)


def met(certificate: Certificate) -> bool:
    """Whether every goal that applies is met, and no rule is broken."""
    return not certificate.broken and all(goal.met for goal in certificate.goals if goal.applies)


def _with_goals(found: Certificate) -> Certificate:
    by_forms = found.mode == "forms"
    overlap = found.overlap.most if by_forms else found.overlap.p99
    goals = (
        _goal("expected_difference", DIFFERENCE_MAX, found.expected.difference, upper=True, applies=found.papers > 1),
        _goal(
            "overlap" if by_forms else "overlap_p99",
            OVERLAP_MAX,
            overlap,
            upper=True,
            applies=found.papers > 1 and found.pool.ratio >= OVERLAP_POOL,
        ),
        _goal("information", INFORMATION_MIN, found.ratio, upper=False, applies=True),
        _goal("papers_per_s", RATE_MIN, found.papers_per_s, upper=False, applies=not by_forms),
    )
    return msgspec.structs.replace(found, goals=goals)


def _goal(code: str, wanted: float, reached: float, *, upper: bool, applies: bool) -> Goal:
    met_ = reached <= wanted + 1e-9 if upper else reached >= wanted - 1e-9
    return Goal(code=code, wanted=wanted, reached=_round(reached), upper=upper, met=met_, applies=applies)


def _forms(supply: Supply, table: Table, scores: Reals, worths: Reals) -> tuple[PlannedForm, ...]:
    share = 100.0 / supply.item_count
    curves = np.array([table @ supply.gauge.score(ability) * share for ability in GRID]).T
    return tuple(
        PlannedForm(
            number=row + 1,
            items=round(float(table[row] @ supply.sizes)),
            expected=_round(scores[row]),
            information=_round(worths[row]),
            error=_round(float(worths[row]) ** -0.5) if worths[row] > 0 else 0.0,
            curve=tuple(_round(value) for value in curves[row]),
        )
        for row in range(len(table))
    )


def _spread(values: Reals) -> Spread:
    low, high = np.quantile(values, [0.05, 0.95])
    return Spread(
        least=_round(values.min()),
        p05=_round(low),
        mean=_round(values.mean()),
        p95=_round(high),
        most=_round(values.max()),
        sd=_round(values.std()),
        difference=_round(values.max() - values.min()),
    )


def _overlap(table: Table, sizes: Reals, item_count: int, *, matrix: bool) -> Overlap:
    """Items shared by any two papers, block by block: the whole table of pairs would not be small."""
    counts = np.zeros(item_count + 1, dtype=np.int64)
    weighted = (table * sizes).astype(np.float32)
    shown: tuple[tuple[int, ...], ...] = ()
    for first in range(0, len(table), BLOCK):
        shared = np.rint(weighted[first : first + BLOCK] @ table.T).astype(np.int64)
        if matrix:
            shown += tuple(tuple(int(value) for value in row) for row in shared)
        for offset, row in enumerate(shared):
            counts += np.bincount(row[first + offset + 1 :], minlength=item_count + 1)
    pairs = int(counts.sum())
    if not pairs:
        return Overlap(matrix=shown, counts=(), pairs=0, mean=0.0, p99=0.0, most=0.0)
    most = int(np.flatnonzero(counts)[-1])
    return Overlap(
        matrix=shown,
        counts=tuple(int(count) for count in counts[: most + 1]),
        pairs=pairs,
        mean=_round(float(counts @ np.arange(item_count + 1)) / pairs / item_count),
        p99=_round(float(np.searchsorted(np.cumsum(counts), 0.99 * pairs)) / item_count),
        most=_round(most / item_count),
    )


def _exposure(supply: Supply, table: Table) -> Exposure:
    shares = table.mean(axis=0)
    sizes = supply.sizes.astype(np.int64)
    edges = list(pairwise(BARS))
    bars = [Bar(0.0, 0.0, int(sizes[shares == 0].sum()))]
    bars += [Bar(low, high, int(sizes[(shares > low) & (shares <= high + 1e-9)].sum())) for low, high in edges]
    worn = np.argsort(-shares, kind="stable")
    used = [
        Used(item.item_id, item.code, _round(shares[place]))
        for place in worn[:MOST_USED]
        for item in supply.units[place].items
    ]
    return Exposure(
        even=_round(supply.item_count / float(sizes.sum())),
        most=_round(shares.max()) if len(shares) else 0.0,
        unused=bars[0].items,
        bars=tuple(bars),
        most_used=tuple(used[:MOST_USED]),
    )


def _round(value: float) -> float:
    return round(float(value), DIGITS)
