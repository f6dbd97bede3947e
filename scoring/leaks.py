"""Has an item got out? Sudden ease over time or in one group, and odd speed: three questions to the residuals.

A residual is what somebody got (0 or 1) less what his total let expect (scoring/expectation.py), so that better people
coming later, or a good school, do not look like a leak; what is left is *this item* being easier than the others.

- **Over time.** People in the order in which they began; the running sum of residuals, over its standard deviation at
  the end, is a Brownian bridge when nothing happened, for it ends at 0 by construction. Its deepest dip D (harder
  before, easier after) has P(D ≥ x) = exp(−2x²). The place of the dip is the likely moment of the leak.
- **In one group** (room, institution, province): the sum of its residuals t with variance V has
  P(≥ t) ≤ exp(−t² / (2(V + t/3))), Bernstein's bound. It holds for groups of any size, where a normal tail would not.
- **Odd speed**: the same bridge on the logarithm of the seconds spent, less the person's and the item's usual pace.

Every p is multiplied by the number of questions asked (Bonferroni), and `ALPHA` is the chance of one false alarm in the
whole paper per question kind, if the model holds.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.alarms import Alarm
from scoring.expectation import expected
from scoring.responses import Counts, Flags, Reals, Responses

ALPHA: Final = 0.01
PEOPLE_MIN: Final = 50  # in all, and before any bridge is looked at
GROUP_MIN: Final = 5  # people


def over_time(responses: Responses, began: Reals) -> tuple[tuple[Alarm, ...], ...]:
    """For each item whether it became easier. `began[i]`: when person `i` began, in any unit; NaN: not known."""
    known = np.flatnonzero(np.isfinite(began))
    if len(known) < PEOPLE_MIN or not responses.complete:
        return ((),) * len(responses.columns)
    order = known[np.argsort(began[known], kind="stable")]
    right = responses.right[:, order]
    table = expected(right)
    scores = right.sum(axis=0)
    found: list[tuple[Alarm, ...]] = []
    for item, row in enumerate(right):
        chance = table[scores, item]
        dip = dip_of(row - chance, float((chance * (1 - chance)).sum()), len(right))
        found.append((eased(dip, row, began[order]),) if dip else ())
    return tuple(found)


def in_group(responses: Responses, groups: Sequence[str]) -> tuple[tuple[Alarm, ...], ...]:
    """For each item the groups to which it was easier than to the others, the most striking first."""
    names, number, size = np.unique(np.array(groups, dtype=np.str_), return_inverse=True, return_counts=True)
    count = len(responses.columns)
    if len(responses.persons) < PEOPLE_MIN or len(names) < 2 or not responses.complete:
        return ((),) * count
    table, scores = expected(responses.right), responses.right.sum(axis=0)
    asked = count * int((size >= GROUP_MIN).sum())
    return tuple(
        favoured(row, table[scores, item], number, names, size, asked) for item, row in enumerate(responses.right)
    )


def favoured(
    right: Flags, chance: Reals, number: Counts, names: npt.NDArray[np.str_], size: Counts, asked: int
) -> tuple[Alarm, ...]:
    """The groups to which one item was easier than `chance`, of the people who were given it.

    `number[i]`: the group of person i in `names`; `size[g]` people in group g; `asked`: how many such questions in all.
    """
    over = np.bincount(number, weights=right - chance, minlength=len(names))
    spread = np.bincount(number, weights=chance * (1 - chance), minlength=len(names))
    tail = np.exp(-(over**2) / (2 * (spread + np.maximum(over, 0) / 3) + 1e-12))
    odd = np.flatnonzero((over > 0) & (size >= GROUP_MIN) & (tail * asked <= ALPHA))
    shares = np.bincount(number, weights=right, minlength=len(names)) / np.maximum(1, size)
    return tuple(
        Alarm(
            "leak_in_group",
            {
                "group": str(names[group]),
                "people": int(size[group]),
                "p": round(float(shares[group]), 4),
                "expected": round(float(shares[group] - over[group] / size[group]), 4),
                "chance": float(min(1.0, tail[group] * asked)),
            },
        )
        for group in sorted(odd.tolist(), key=lambda group: tail[group])
    )


def odd_speed(seconds: npt.NDArray[np.float32], began: Reals) -> tuple[tuple[Alarm, ...], ...]:
    """For each item whether it was answered faster from some moment on; `seconds[j, i]`, NaN where not known."""
    logs = np.log(np.where(seconds > 0, seconds, np.nan).astype(np.float64))
    residuals = _pace(logs)
    found: list[tuple[Alarm, ...]] = []
    for item, row in enumerate(residuals):
        known = np.flatnonzero(np.isfinite(row) & np.isfinite(began))
        order = known[np.argsort(began[known], kind="stable")]
        pace = -row[order]
        dip = dip_of(pace, float(pace.var() * len(pace)), len(seconds)) if len(order) >= PEOPLE_MIN else None
        found.append((quicker(dip, seconds[item, order], began[order]),) if dip else ())
    return tuple(found)


Place = tuple[int, float]  # how many people before, and the chance after Bonferroni


def dip_of(residuals: Reals, variance: float, asked: int) -> Place | None:
    """Where the bridge is deepest, if that is not chance."""
    if variance <= 0:
        return None
    walk = np.cumsum(residuals - residuals.mean())
    place = int(walk.argmin())
    depth = max(0.0, -float(walk[place])) / math.sqrt(variance)
    chance = asked * math.exp(-2 * depth**2)
    return (place + 1, min(1.0, chance)) if chance <= ALPHA and place + 1 < len(walk) else None


def eased(dip: Place, right: Flags, began: Reals) -> Alarm:
    """An item became easier at `dip`; the people in the order in which they began."""
    before, chance = dip
    return Alarm(
        "leak_over_time",
        {
            "from": float(began[before]),
            "people_before": before,
            "people_after": len(right) - before,
            "p_before": round(float(right[:before].mean()), 4),
            "p_after": round(float(right[before:].mean()), 4),
            "chance": chance,
        },
    )


def quicker(dip: Place, seconds: npt.NDArray[np.float32], began: Reals) -> Alarm:
    """An item was answered faster from `dip` on."""
    before, chance = dip
    return Alarm(
        "odd_speed",
        {
            "from": float(began[before]),
            "people_before": before,
            "people_after": len(seconds) - before,
            "median_s_before": round(float(np.median(seconds[:before])), 1),
            "median_s_after": round(float(np.median(seconds[before:])), 1),
            "chance": chance,
        },
    )


def _pace(logs: Reals) -> Reals:
    """What is left without the item's usual and the person's usual pace (log-normal model, van der Linden 2006)."""
    known = np.isfinite(logs)
    left = np.where(known, logs, 0.0)
    for axis in (1, 0, 1):
        means = left.sum(axis=axis, keepdims=True) / np.maximum(1, known.sum(axis=axis, keepdims=True))
        left = np.where(known, left - means, 0.0)
    return np.where(known, left, np.nan)
