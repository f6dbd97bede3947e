"""A rule is as good as people say it is, and a case's verdict is the last word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.cases import CasePhase
from proctor.precision import Flag, Precision, precision


@pytest.mark.parametrize(
    ("flag", "real", "fine", "waiting"),
    [
        (Flag("no_face"), 0, 0, 1),
        (Flag("no_face", review=True), 1, 0, 0),
        (Flag("no_face", review=False), 0, 1, 0),
        (Flag("no_face", review=False, case=CasePhase.CONFIRMED), 1, 0, 0),
        (Flag("no_face", review=False, case=CasePhase.UPHELD), 1, 0, 0),
        (Flag("no_face", review=True, case=CasePhase.DISMISSED), 0, 1, 0),
        (Flag("no_face", review=True, case=CasePhase.OVERTURNED), 0, 1, 0),
        (Flag("no_face", review=True, case=CasePhase.APPEALED), 1, 0, 0),
        (Flag("no_face", case=CasePhase.REPLIED), 0, 0, 1),
    ],
)
def test_a_decided_case_beats_the_review_and_an_undecided_one_says_nothing(
    flag: Flag, real: int, fine: int, waiting: int
) -> None:
    assert precision([flag]) == [Precision("no_face", real, fine, waiting)]


def test_rules_are_counted_apart() -> None:
    flags = [Flag("left_page", True), Flag("idle", False), Flag("left_page", False), Flag("left_page")]

    assert precision(flags) == [Precision("idle", 0, 1, 0), Precision("left_page", 1, 1, 1)]


@pytest.mark.parametrize(
    ("real", "fine", "share", "low", "high"),
    [
        # Wilson's interval, worked out by hand from its formula
        (0, 10, 0.0, 0.0, 0.2775),
        (10, 0, 1.0, 0.7225, 1.0),
        (5, 5, 0.5, 0.2366, 0.7634),
        (81, 19, 0.81, 0.7222, 0.8749),
    ],
)
def test_few_verdicts_leave_a_wide_interval(real: int, fine: int, share: float, low: float, high: float) -> None:
    of_rule = Precision("no_face", real, fine, 0)

    assert of_rule.share == pytest.approx(share)
    assert of_rule.interval == pytest.approx((low, high), abs=1e-4)


def test_without_a_verdict_there_is_no_share() -> None:
    assert Precision("no_face", 0, 0, 9).share is None
    assert Precision("no_face", 0, 0, 9).interval is None


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_interval_holds_the_share(real: int, fine: int) -> None:
    of_rule = Precision("no_face", real, fine, 0)
    if of_rule.interval is not None and of_rule.share is not None:
        low, high = of_rule.interval
        assert 0 <= low <= of_rule.share + 1e-12
        assert of_rule.share - 1e-12 <= high <= 1
