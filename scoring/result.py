"""From points to pass or fail, for one leg of an assessment."""

from enum import StrEnum


class LegOutcome(StrEnum):
    """合格 or 不合格 of one leg."""

    PASSED = "passed"
    FAILED = "failed"


def leg_outcome(points: int, pass_score: int) -> LegOutcome:
    """Pass when the points reach the pass line; the line itself is a pass (domain.md §4.8, R-801)."""
    return LegOutcome.PASSED if points >= pass_score else LegOutcome.FAILED
