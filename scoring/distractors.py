"""Each item and each of its options, against the rest of the paper.

The **rest score** is the total without the item itself: an item always goes along with a total it is part of, the more
the shorter the paper, and a discrimination that is not corrected for it flatters bad items. All of it comes from two
small tables, counts and sums of totals per option, in whole numbers, so that nothing is lost by cancellation.
"""

import math
from typing import Final, NamedTuple

import msgspec
import numpy as np

from scoring.responses import NOT_GIVEN, NOT_REACHED, OMITTED, Column, Counts, Responses

KINDS: Final = 256  # of codes


class Option(msgspec.Struct, frozen=True):
    """`rest_correlation` is that of having chosen it with the rest score."""

    option: str
    right: bool
    count: int
    share: float  # of those who were given the item
    rest_mean: float | None
    rest_correlation: float | None


class Discrimination(msgspec.Struct, frozen=True):
    """An item. None where nothing can be said: nobody was given it, everybody answered alike, all rest scores equal."""

    count: int  # people who were given it
    p: float | None  # share of the points that were to be had, missing answers counted as wrong
    p_reached: float | None  # the same of those who reached it
    rest_correlation: float | None
    rest_sd: float | None  # over n - 1
    omitted: int
    not_reached: int
    omitted_rest_mean: float | None
    options: tuple[Option, ...]


def discriminations(responses: Responses) -> tuple[Discrimination, ...]:
    """One for each column, in their order."""
    squares = responses.totals.astype(np.float64) ** 2
    whole = float(squares.sum())
    found = []
    for column, codes in zip(responses.columns, responses.codes, strict=True):
        counts = np.bincount(codes, minlength=KINDS)
        sums = np.rint(np.bincount(codes, weights=responses.totals, minlength=KINDS)).astype(np.int64)
        missing = float(squares[codes == NOT_GIVEN].sum()) if counts[NOT_GIVEN] else 0.0
        found.append(discrimination(column, counts, sums, round(whole - missing)))
    return tuple(found)


class _Moments(NamedTuple):
    """n, sum and n²·variance of the rest score."""

    n: int
    rest: int
    spread: int

    def mean(self, count: int, rest: int) -> float | None:
        return rest / count if count else None

    def correlation(self, count: int, rest: int) -> float | None:
        """That of belonging to `count` people, whose rest scores sum up to `rest`, with the rest score."""
        return _correlation(self.n * rest - count * self.rest, count * (self.n - count), self.spread)


def discrimination(column: Column, counts: Counts, sums: Counts, squares: int) -> Discrimination:
    """Of one item: by code how many answered so and the sum of their totals; `squares` sums the totals² of all given.

    The totals contain the item, by the points of `column`.
    """
    n = int(counts.sum() - counts[NOT_GIVEN])
    rows = [(int(counts[k]), int(sums[k]), worth) for k, worth in enumerate(column.points, 1)]
    x = sum(count * worth for count, _, worth in rows)
    xx = sum(count * worth**2 for count, _, worth in rows)
    xt = sum(total * worth for _, total, worth in rows)
    total = int(sums.sum() - sums[NOT_GIVEN])
    rest = total - x
    of_rest = _Moments(n, rest, n * (squares - 2 * xt + xx) - rest**2)
    reached = n - int(counts[NOT_REACHED])
    return Discrimination(
        count=n,
        p=x / (n * column.points_max) if n else None,
        p_reached=x / (reached * column.points_max) if reached else None,
        rest_correlation=_correlation(n * (xt - xx) - x * rest, n * xx - x**2, of_rest.spread),
        rest_sd=math.sqrt(of_rest.spread / (n * (n - 1))) if n > 1 else None,
        omitted=int(counts[OMITTED]),
        not_reached=int(counts[NOT_REACHED]),
        omitted_rest_mean=of_rest.mean(int(counts[OMITTED]), int(sums[OMITTED])),
        options=tuple(
            _option(column, number, count, total - count * worth, of_rest)
            for number, (count, total, worth) in enumerate(rows, 1)
        ),
    )


def _option(column: Column, number: int, count: int, rest: int, moments: _Moments) -> Option:
    return Option(
        option=column.options[number - 1],
        right=column.right(number),
        count=count,
        share=count / moments.n if moments.n else 0.0,
        rest_mean=moments.mean(count, rest),
        rest_correlation=moments.correlation(count, rest),
    )


def _correlation(together: int, one: int, other: int) -> float | None:
    """From n² times a covariance and two variances."""
    return together / math.sqrt(one * other) if one > 0 and other > 0 else None
