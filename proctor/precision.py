"""How often a rule is right, from what people said: a rule that cries wolf should be seen to do so."""

from collections.abc import Iterable
from math import sqrt
from typing import Final

import msgspec

from proctor.cases import CasePhase

_Z: Final = 1.959964  # of the normal distribution, 95 % two-sided


class Flag(msgspec.Struct, frozen=True):
    """One incident and what people said of it. `review`: real, fine, or None (nobody looked); `case`: its case."""

    rule: str
    review: bool | None = None
    case: CasePhase | None = None


class Precision(msgspec.Struct, frozen=True):
    """Of one rule: how many were real, how many fine (false alarms), how many nobody has judged yet."""

    rule: str
    real: int
    fine: int
    open: int

    @property
    def share(self) -> float | None:
        """Of those judged, which share was real; None: none judged."""
        judged = self.real + self.fine
        return self.real / judged if judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true share lies with 95 % (Wilson's interval: honest also for few, and near 0 and 1)."""
        share, judged = self.share, self.real + self.fine
        if share is None:
            return None
        over = _Z * _Z / judged
        middle = (share + over / 2) / (1 + over)
        half = _Z * sqrt(share * (1 - share) / judged + over / (4 * judged)) / (1 + over)
        return max(0.0, middle - half), min(1.0, middle + half)


def precision(flags: Iterable[Flag]) -> list[Precision]:
    """Per rule that flagged anything, by name. A case's verdict beats the review of a single invigilator."""
    counts: dict[str, dict[bool | None, int]] = {}
    for flag in flags:
        of_rule = counts.setdefault(flag.rule, {True: 0, False: 0, None: 0})
        of_rule[_said(flag)] += 1
    return [Precision(rule, of[True], of[False], of[None]) for rule, of in sorted(counts.items())]


def _said(flag: Flag) -> bool | None:
    match flag.case:
        case CasePhase.CONFIRMED | CasePhase.UPHELD:
            return True
        case CasePhase.DISMISSED | CasePhase.OVERTURNED:
            return False
        case _:
            return flag.review
