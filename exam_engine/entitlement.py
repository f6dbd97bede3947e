"""Who may sit what and when: the gates between the registration file and the paper list (domain.md §3.8, §3.10, §6.6).

A physician is entitled to a sitting of his province by what his file says, and by what he has sat before. Nothing is
kept here that could go stale: states are computed from those facts whenever one of them has changed.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from exam_engine.registration.policy import ExamOrder
from exam_engine.sitting import Kind, Round


class Gate(StrEnum):
    OPEN = "open"  # 待测评
    LOCKED = "locked"  # 未开放
    HELD = "held"  # 免考审核中
    EXEMPT = "exempt"  # 免考
    NONE = "none"  # not his at all


class Outcome(StrEnum):
    """How an exam of a kind and round ended for a person, once released."""

    PASSED = "passed"
    FAILED = "failed"
    BARRED = "barred"  # 成绩无效: no make-up
    ABSENT = "absent"  # 缺考: the window is over and it was never begun; the leg is failed
    EXCUSED = "excused"  # the same, with a reason the province accepted (有正当理由)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """`exemption`: none, pending (somebody decides), approved. `outcomes` by kind and round, of this cycle."""

    rated: bool
    procedure: str
    exemption: str = "none"
    order: ExamOrder = ExamOrder.ANY
    makeup: bool = True
    outcomes: Mapping[tuple[Kind, Round], Outcome] = {}

    def passed(self, kind: Kind) -> bool:
        """First or make-up: the first pass wins (R-804)."""
        return Outcome.PASSED in (self.outcomes.get((kind, Round.FIRST)), self.outcomes.get((kind, Round.MAKEUP)))


GENERAL: Final = "general"
HUMANITIES, PROFESSIONAL = Kind.HUMANITIES, Kind.PROFESSIONAL


def gate(kind: Kind, round_: Round, facts: Facts, *, assigned: bool = True) -> tuple[Gate, str]:
    """Whether he may enter a sitting of this kind and round now, and if not, why (a code the page has a word for).

    `assigned`: whether the make-up's published plan has a seat for him in this sitting; none is needed without a plan.
    """
    if kind is Kind.PRACTICE:
        return Gate.OPEN, ""
    if kind is PROFESSIONAL and facts.procedure != GENERAL:
        return Gate.NONE, ""
    if not facts.rated:
        return (Gate.LOCKED, "not_rated") if round_ is Round.FIRST else (Gate.NONE, "")
    if kind is PROFESSIONAL and facts.exemption == "approved":
        return Gate.EXEMPT, "exempt"
    if round_ is Round.MAKEUP:
        return _makeup(kind, facts) if assigned else (Gate.NONE, "")
    if kind is PROFESSIONAL and facts.exemption == "pending":
        return Gate.HELD, "exemption_pending"
    return _in_order(kind, facts)


def _makeup(kind: Kind, facts: Facts) -> tuple[Gate, str]:
    """统一补考: once, after a released failure or an accepted absence; not for who was barred (§3.10)."""
    if facts.makeup and facts.outcomes.get((kind, Round.FIRST)) in (Outcome.FAILED, Outcome.EXCUSED):
        return Gate.OPEN, ""
    return Gate.NONE, ""


def _in_order(kind: Kind, facts: Facts) -> tuple[Gate, str]:
    if facts.outcomes.get((kind, Round.FIRST)) is not None:
        return Gate.OPEN, ""  # it was sat already: its line stays on the list
    if kind is PROFESSIONAL and facts.order is ExamOrder.HUMANITIES_FIRST and not facts.passed(HUMANITIES):
        return Gate.LOCKED, "humanities_first"
    professional = facts.procedure != GENERAL or facts.exemption == "approved" or facts.passed(PROFESSIONAL)
    if kind is HUMANITIES and facts.order is ExamOrder.PROFESSIONAL_FIRST and not professional:
        return Gate.LOCKED, "professional_first"
    return Gate.OPEN, ""
