"""Shares of a count: what they are worth, and how a reader wants them."""

from math import sqrt
from typing import Final

Z: Final = 1.959964  # of a normal distribution: 95 %


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share: also for 0 and all, where it still has a width."""
    if not 0 <= count <= of or not of:
        raise ValueError(f"{count} of {of} is no share")
    share, square = count / of, Z * Z
    middle = share + square / (2 * of)
    half = Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    low, high = (middle - half) / (1 + square / of), (middle + half) / (1 + square / of)
    return (low if count else 0.0), (high if count < of else 1.0)


def percent(share: float | None) -> str:
    """With two digits after the point; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.2f} %"


def between(interval: tuple[float, float] | None) -> str:
    """An interval of shares."""
    return "–" if interval is None else f"{100 * interval[0]:.2f}–{100 * interval[1]:.2f} %"
