"""From points to pass or fail of one leg, and from the legs of an assessment to its final result."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec


class LegOutcome(StrEnum):
    """合格 or 不合格 of one leg."""

    PASSED = "passed"
    FAILED = "failed"


def leg_outcome(points: int, pass_score: int) -> LegOutcome:
    """Pass when the points reach the pass line; the line itself is a pass (domain.md §4.8, R-801)."""
    return LegOutcome.PASSED if points >= pass_score else LegOutcome.FAILED


def line(pass_points: int, points_max: int, points_full: int) -> int:
    """The pass line of a paper of which void items were taken off: `pass_points` of `points_full`, rounded up."""
    assert 0 <= points_max <= points_full, "items can only be taken off"
    return -(-pass_points * points_max // points_full) if points_full else pass_points


# --- the legs of an assessment -> the final result ---------------------------------------------------------------


class Leg(StrEnum):
    """How one leg stands: 工作成绩 and 职业道德 are (un)qualified, the exams passed, failed and so on."""

    QUALIFIED = "qualified"
    UNQUALIFIED = "unqualified"
    PASSED = "passed"
    EXEMPT = "exempt"  # 免考, counts as passed
    NOT_REQUIRED = "not_required"
    FAILED = "failed"
    ABSENT = "absent"  # without an accepted reason
    BARRED = "barred"  # 成绩无效
    BLOCKED = "blocked"  # never admitted: the exam that comes first was failed
    WAITING = "waiting"


GOOD: Final = frozenset({Leg.QUALIFIED, Leg.PASSED, Leg.EXEMPT, Leg.NOT_REQUIRED})
BAD: Final = frozenset(Leg) - GOOD - {Leg.WAITING}
LEGS: Final = ("work", "ethics", "humanities", "professional")


class Legs(msgspec.Struct, frozen=True, kw_only=True):
    """The legs of one physician and cycle (domain.md §3.10). `took_part`: he registered at all."""

    work: Leg
    ethics: Leg
    humanities: Leg
    professional: Leg
    took_part: bool = True


class Outcome(StrEnum):
    """There are only two results (domain.md §0, 1)."""

    QUALIFIED = "qualified"
    UNQUALIFIED = "unqualified"


class Verdict(msgspec.Struct, frozen=True):
    """`outcome` None: undecided, by the legs in `missing`. `reasons` of an unqualified, in the order of the legs."""

    outcome: Outcome | None
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def verdict(legs: Legs, facts: Sequence[str] = ()) -> Verdict:
    """合格 iff every leg is good and no fact of Art. 27 (`facts`, U01 to U14) stands against it (§3.10, R-601…603).

    Who was not rated qualified sits no exam (§3.6 RATED_FAIL): then nothing else is waited for.
    """
    reasons = (*_against(legs), *facts)
    rated = legs.work in GOOD and legs.ethics in GOOD
    over = not legs.took_part or {legs.work, legs.ethics} & BAD
    waiting = tuple(name for name in LEGS if getattr(legs, name) is Leg.WAITING)
    if waiting and not over:
        return Verdict(None, missing=waiting)
    assert over or rated
    return Verdict(Outcome.UNQUALIFIED, reasons) if reasons else Verdict(Outcome.QUALIFIED)


def _against(legs: Legs) -> list[str]:
    """Why the legs make it unqualified, as codes; the first to be said is that he took no part."""
    if not legs.took_part:
        return ["not_taking_part"]
    said = [name for name in ("work", "ethics") if getattr(legs, name) in BAD]
    exams = [(name, getattr(legs, name)) for name in ("humanities", "professional")]
    return said + [f"{name}_{leg}" for name, leg in exams if leg in BAD]
