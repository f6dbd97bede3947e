"""Time lines: each case is a row of labelled intervals, sampled near every boundary."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.sitting import GRACE_S_MAX, MINUTES_MAX, Policy
from exam_engine.timing import (
    Window,
    after_pause,
    first_deadline,
    last_counted_at,
    pause_ends_at,
    remaining_ms,
    seconds,
    window,
)
from tests.exam_engine.samples import T0, at

MICROSECOND = timedelta(microseconds=1)
# A line: (label, first instant, in seconds after T0); each label holds up to the instant before the next one.
Line = tuple[tuple[str, float], ...]


def samples(line: Line, end_s: float) -> Iterator[tuple[str, datetime]]:
    """Every label with instants inside it: both edges to the microsecond, a little further in, and the middle."""
    for (label, from_s), (_, to_s) in pairwise((*line, ("end", end_s))):
        first, last = at(from_s), at(to_s) - MICROSECOND
        middle = first + (last - first) / 2
        near = [first, first + MICROSECOND, first + timedelta(milliseconds=1), last, last - MICROSECOND, middle]
        yield from ((label, instant) for instant in near if first <= instant <= last)


def test_the_opening_instant_is_inside_the_window_and_the_closing_instant_is_not() -> None:
    line = (("before", -60.0), ("open", 0.0), ("after", 3600.0))

    found = [(label, window(at(0), at(3600), instant)) for label, instant in samples(line, 7200)]

    assert len(found) == 18
    assert found == [(label, Window(label)) for label, _ in found]


def test_a_window_of_one_microsecond_is_open_for_one_instant() -> None:
    found = [window(T0, T0 + MICROSECOND, instant) for instant in (T0 - MICROSECOND, T0, T0 + MICROSECOND)]

    assert found == [Window.BEFORE, Window.OPEN, Window.AFTER]


def test_a_window_that_closes_before_it_opens_is_our_own_error() -> None:
    with pytest.raises(AssertionError):
        window(at(60), at(60), at(0))


@pytest.mark.parametrize(
    ("policy", "extra_minutes", "started_s", "deadline_s"),
    [
        (Policy(minutes=60), 0, 0, 3600),
        (Policy(minutes=60), 30, 0, 5400),
        (Policy(minutes=1), 0, 0, 60),
        (Policy(minutes=MINUTES_MAX), 0, 0, MINUTES_MAX * 60),
        # The window closes at 7200: who begins late keeps his full time, unless the policy says otherwise.
        (Policy(minutes=60), 0, 7199, 7199 + 3600),
        (Policy(minutes=60, cut_at_close=True), 0, 0, 3600),
        (Policy(minutes=60, cut_at_close=True), 0, 3600, 7200),
        (Policy(minutes=60, cut_at_close=True), 0, 3601, 7200),
        (Policy(minutes=60, cut_at_close=True), 60, 7199, 7200),
    ],
)
def test_the_deadline_is_the_start_and_the_persons_minutes_cut_only_where_the_policy_says_so(
    policy: Policy, extra_minutes: int, started_s: int, deadline_s: int
) -> None:
    assert first_deadline(policy, extra_minutes, at(started_s), at(7200)) == at(deadline_s)


@pytest.mark.parametrize("grace_s", [0, 5, GRACE_S_MAX])
def test_an_answer_counts_up_to_and_including_the_last_instant_of_the_grace(grace_s: int) -> None:
    policy = Policy(grace_s=grace_s)
    last = last_counted_at(policy, at(3600))
    line = (("counts", 3590.0), ("late", 3600.0 + grace_s + MICROSECOND.total_seconds()))

    found = [(label, "counts" if instant <= last else "late") for label, instant in samples(line, 3700)]

    assert [label for label, _ in found] == [verdict for _, verdict in found]
    assert last == at(3600 + grace_s)


def test_a_compensated_pause_moves_the_deadline_by_its_length_and_another_one_does_not() -> None:
    lengths = (0.0, 0.000001, 1.0, 59.5, 3600.0)

    moved = [after_pause(Policy(pause_compensated=True), at(3600), at(100), at(100 + s)) for s in lengths]
    stood = [after_pause(Policy(pause_compensated=False), at(3600), at(100), at(100 + s)) for s in lengths]

    assert moved == [at(3600 + s) for s in lengths]
    assert stood == [at(3600)] * len(lengths)


def test_a_pause_can_not_end_before_it_began() -> None:
    with pytest.raises(AssertionError):
        after_pause(Policy(), at(3600), at(100), at(99))


def test_a_forgotten_pause_ends_by_itself_after_the_longest_time_allowed() -> None:
    assert pause_ends_at(Policy(pause_s_max=1800), at(100)) == at(1900)


def test_the_device_draws_milliseconds_and_never_less_than_none() -> None:
    instants = (0, 3599, 3599.9996, 3600, 3600.001, 9999)

    assert [remaining_ms(at(3600), at(s)) for s in instants] == [3_600_000, 1_000, 0, 0, 0, 0]


def test_a_length_of_seconds_is_what_it_says() -> None:
    assert seconds(90) == timedelta(minutes=1, seconds=30)


@given(
    minutes=st.integers(1, MINUTES_MAX),
    extra=st.integers(0, 600),
    started_s=st.integers(0, 86_399),
    cut=st.booleans(),
)
def test_nobody_gets_more_than_his_minutes_and_less_only_when_the_window_cuts(
    minutes: int, extra: int, started_s: int, cut: bool
) -> None:
    closes_at = at(86_400)

    deadline_at = first_deadline(Policy(minutes=minutes, cut_at_close=cut), extra, at(started_s), closes_at)

    full = at(started_s, minutes=minutes + extra)
    assert at(started_s) < deadline_at <= full
    assert deadline_at == (min(full, closes_at) if cut else full)


@given(paused_s=st.floats(0, 3600), length_s=st.floats(0, 3600), deadline_s=st.floats(0, 7200))
def test_what_remained_when_the_clock_stopped_remains_when_it_goes_on(
    paused_s: float, length_s: float, deadline_s: float
) -> None:
    paused_at, resumed_at = at(paused_s), at(paused_s) + timedelta(seconds=length_s)

    moved = after_pause(Policy(pause_compensated=True), at(deadline_s), paused_at, resumed_at)

    assert moved - resumed_at == at(deadline_s) - paused_at
