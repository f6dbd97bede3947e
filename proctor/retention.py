"""How long the pictures and vectors of an attempt are kept: as short as possible (domain.md §7.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from proctor.cases import PENDING, CasePhase
from proctor.policy import Proctoring


def keep_until(
    ended_at: datetime, cases: Sequence[tuple[CasePhase, datetime | None]], policy: Proctoring
) -> datetime | None:
    """When they are to be deleted; None: not while a case is open. `cases` are (phase, `Case.closed_at`).

    Without a case: `keep_days` after the time to object to the exam is over, which is `appeal_days` after its end. A
    case dismissed or overturned later than that is the end of it, with the same `keep_days`. A confirmed case keeps
    everything for `keep_case_days` after it became final: when nobody appealed in time, or the appeal was decided.
    """
    until = ended_at + timedelta(days=policy.appeal_days + policy.keep_days)
    for phase, closed_at in cases:
        if phase in PENDING:
            return None
        assert closed_at is not None, "a decided case says when it was decided"
        until = max(until, _case_until(phase, closed_at, policy))
    return until


def _case_until(phase: CasePhase, closed_at: datetime, policy: Proctoring) -> datetime:
    if phase is CasePhase.CONFIRMED:
        return closed_at + timedelta(days=policy.appeal_days + policy.keep_case_days)
    days = policy.keep_case_days if phase is CasePhase.UPHELD else policy.keep_days
    return closed_at + timedelta(days=days)
