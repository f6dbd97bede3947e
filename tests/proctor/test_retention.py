"""Pictures go as early as they may, and not before everybody has had his say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.cases import PENDING, CasePhase
from proctor.policy import Proctoring
from proctor.retention import keep_until

ENDED = datetime(2026, 3, 1, 10, tzinfo=UTC)
POLICY = Proctoring()


def days(n: int) -> datetime:
    return ENDED + timedelta(days=n)


@pytest.mark.parametrize(
    ("cases", "kept_days"),
    [
        ([], 15 + 90),
        ([(CasePhase.DISMISSED, 3)], 15 + 90),
        ([(CasePhase.DISMISSED, 40)], 40 + 90),
        ([(CasePhase.OVERTURNED, 40)], 40 + 90),
        ([(CasePhase.CONFIRMED, 4)], 4 + 15 + 1096),
        ([(CasePhase.UPHELD, 30)], 30 + 1096),
        ([(CasePhase.UPHELD, 30), (CasePhase.DISMISSED, 2), (CasePhase.CONFIRMED, 20)], 20 + 15 + 1096),
    ],
)
def test_ninety_days_without_guilt_three_years_with(cases: list[tuple[CasePhase, int]], kept_days: int) -> None:
    assert keep_until(ENDED, [(phase, days(closed)) for phase, closed in cases], POLICY) == days(kept_days)


@pytest.mark.parametrize("phase", sorted(PENDING))
def test_nothing_is_deleted_while_a_case_is_open(phase: CasePhase) -> None:
    assert keep_until(ENDED, [(CasePhase.UPHELD, ENDED), (phase, None)], POLICY) is None


@given(
    st.lists(st.tuples(st.sampled_from(sorted(set(CasePhase) - PENDING)), st.integers(0, 400)), max_size=5),
    st.integers(0, 30),
    st.integers(0, 100),
)
def test_a_case_more_never_makes_it_shorter(
    rows: list[tuple[CasePhase, int]], appeal_days: int, keep_days: int
) -> None:
    policy = Proctoring(appeal_days=appeal_days, keep_days=keep_days)
    kept = [keep_until(ENDED, [(p, days(n)) for p, n in rows[:count]], policy) for count in range(len(rows) + 1)]

    assert kept[0] == days(appeal_days + keep_days)
    assert [date for date in kept if date is not None] == kept
    assert kept == sorted(date for date in kept if date is not None)
