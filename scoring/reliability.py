"""How far a total score can be trusted: KR-20, Cronbach's alpha and the standard error of measurement.

**Denominators.** KR-20 (Kuder & Richardson 1937) sets the sum of p·q, which are variances over n, against the variance
of the totals; that one is taken over n too, as in the original. Mixing n and n − 1 shifts it (LSAT6: .2960 for .2950).
Alpha is a ratio in which the denominators cancel. The standard deviation *shown* is over n − 1, an estimate for the
people who might have come, as published tables and R have it; the standard error of measurement is made from that.

What can't be said is None, never NaN: one item, fewer than two people, all totals equal. A negative value is said: it
means that the items contradict each other.
"""

import math

import msgspec

from scoring.responses import Responses


class Reliability(msgspec.Struct, frozen=True):
    """`kr20` is for items that are all worth the same, all or nothing; there it equals `alpha`."""

    mean: float | None
    sd: float | None  # over n - 1
    kr20: float | None
    alpha: float | None
    sem: float | None


def reliability(responses: Responses) -> Reliability:
    """Of the total points. KR-20 and alpha need everybody to have been given the same items."""
    n = len(responses.persons)
    total = int(responses.totals.sum())
    spread = n * int((responses.totals**2).sum()) - total**2  # n² times the variance over n, exactly
    sd = math.sqrt(spread / (n * (n - 1))) if n > 1 else None
    alpha = _alpha(responses, n, spread) if responses.complete else None
    worths = {worth for column in responses.columns for worth in column.points if worth}
    return Reliability(
        mean=total / n if n else None,
        sd=sd,
        kr20=alpha if len(worths) == 1 else None,
        alpha=alpha,
        sem=sd * math.sqrt(max(0.0, 1 - alpha)) if sd is not None and alpha is not None else None,
    )


def _alpha(responses: Responses, n: int, spread: int) -> float | None:
    count = len(responses.columns)
    if count < 2 or spread == 0:
        return None
    parts = 0
    for points in responses.points:
        worth = points.astype("int64")
        parts += n * int((worth**2).sum()) - int(worth.sum()) ** 2
    return count / (count - 1) * (1 - parts / spread)
