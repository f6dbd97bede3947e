"""Scripts: what holds for every physician of every seed, and what all of them together come to."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.habits import HABITS
from loadtest.persona import (
    WHOLE,
    Exam,
    Pace,
    Part,
    habit_of,
    held,
    scale,
    scaled,
    script_of,
    steps_from,
    unthinking,
    without_thinking,
    write_script,
)
from loadtest.steps import Answer, Clear, HandIn, LeavePage, LoseNetwork, Mark, Snapshot, Step, SwapPhone

HUNDRED = Exam(item_count=100, minutes=60)
FIFTY = Exam(item_count=50, minutes=60)
MANY = 500

exams = st.builds(
    Exam,
    item_count=st.integers(1, 100),
    minutes=st.floats(1, 120),
    item_chars=st.just(()),
)
parts = st.one_of(
    st.just(WHOLE),
    st.builds(Part, from_s=st.floats(0, 3600), for_s=st.floats(0, 3600), keep_open=st.booleans()),
)
players, seeds = st.integers(0, 100_000), st.integers(0, 2**32)


def opened_s(steps: list[Step], exam: Exam) -> float:
    return steps[-1].at_s if steps and isinstance(steps[-1], HandIn) else exam.s


@settings(max_examples=50, deadline=None)
@given(players, seeds, exams, parts)
def test_any_script_is_in_order_within_its_part_and_ends_with_the_hand_in(
    player: int, seed: int, exam: Exam, part: Part
) -> None:
    steps = list(steps_from(player, exam, seed=seed, part=part))
    assert [step.at_s for step in steps] == sorted(step.at_s for step in steps)
    assert all(0 <= step.at_s < exam.s for step in steps)
    if part.for_s:
        assert all(step.at_s < part.for_s for step in steps)
    assert all(1 <= step.no <= exam.item_count for step in steps if isinstance(step, Answer | Clear | Mark))
    assert all(0 <= step.pick < 1 and 0 <= step.several < 1 for step in steps if isinstance(step, Answer))
    assert not any(isinstance(step, HandIn) for step in steps[:-1])
    if part.keep_open:
        assert not any(isinstance(step, HandIn) for step in steps)


@settings(max_examples=50, deadline=None)
@given(players, seeds, exams)
def test_mishaps_never_overlap_and_the_hand_in_comes_after_them(player: int, seed: int, exam: Exam) -> None:
    steps = list(steps_from(player, exam, seed=seed))
    mishaps = [step for step in steps if isinstance(step, LoseNetwork | LeavePage | SwapPhone)]
    for before, after in pairwise(mishaps):
        assert before.at_s + getattr(before, "for_s", 0) < after.at_s
    if steps and isinstance(steps[-1], HandIn):
        assert all(step.at_s + getattr(step, "for_s", 0) < steps[-1].at_s for step in mishaps)
    assert all(step.for_s > 0 for step in mishaps if isinstance(step, LoseNetwork | LeavePage))
    assert sum(isinstance(step, LeavePage) for step in steps) <= 5


@settings(max_examples=50, deadline=None)
@given(players, seeds, exams)
def test_items_are_answered_in_order_first_and_only_those_marked_or_all_again(
    player: int, seed: int, exam: Exam
) -> None:
    steps = list(steps_from(player, exam, seed=seed))
    seen: set[int] = set()
    marked: set[int] = set()
    for step in steps:
        match step:
            case Answer() if step.no not in seen:
                assert step.no == len(seen) + 1
                seen.add(step.no)
            case Answer() | Clear():
                assert step.no in seen
            case Mark():
                assert step.on is (step.no not in marked)
                marked ^= {step.no}


def test_while_the_page_is_left_or_the_phone_swapped_nothing_is_done() -> None:
    for player in range(250):
        away_until = 0.0
        for step in steps_from(player, HUNDRED, seed=2):
            if isinstance(step, Answer | Clear | Mark | Snapshot):
                assert step.at_s >= away_until
            if isinstance(step, LeavePage):
                away_until = step.at_s + step.for_s
            if isinstance(step, SwapPhone):
                away_until = step.at_s + 90


def test_the_same_seed_gives_the_same_script_and_others_differ() -> None:
    def script(player: int, seed: int) -> object:
        return write_script(player, 5.0, HUNDRED, seed=seed)

    assert script(7, 1) == script(7, 1)
    assert script(7, 1) != script(7, 2)
    assert script(7, 1) != script(8, 1)


def test_steps_come_as_they_stand_in_the_whole_script() -> None:
    for player in range(20):
        script = write_script(player, 1.0, FIFTY, seed=3)
        assert list(steps_from(player, FIFTY, seed=3)) == script.steps
        bare = script_of(player, 1.0, seed=3)
        assert (bare.habit, bare.seed, bare.read_rules_s) == (script.habit, script.seed, script.read_rules_s)
        assert script.habit == habit_of(player, 3).name


@pytest.mark.parametrize(
    ("exam", "pace", "every_s"),
    [(HUNDRED, Pace(), 36), (FIFTY, Pace(), 72), (FIFTY, Pace(answer_every_s=30), 30)],
)
def test_all_together_answer_at_the_pace_that_was_asked_for(exam: Exam, pace: Pace, every_s: float) -> None:
    answers, open_s = 0, 0.0
    for player in range(MANY):
        steps = list(steps_from(player, exam, pace, seed=11))
        answers += sum(isinstance(step, Answer | Clear) for step in steps)
        open_s += opened_s(steps, exam)
    assert open_s / answers == pytest.approx(every_s, rel=0.06)


def test_a_held_run_has_the_same_load_in_its_first_minute_as_in_its_last() -> None:
    at_s = np.array(
        [
            step.at_s
            for player in range(MANY)
            for step in steps_from(player, HUNDRED, seed=4, part=held(player, HUNDRED, 4, 600))
            if isinstance(step, Answer | Clear)
        ]
    )
    by_minute = np.histogram(at_s, bins=10, range=(0, 600))[0]
    assert by_minute == pytest.approx(MANY * 60 / 36, rel=0.12)


def test_a_held_run_lies_within_the_exam_and_keeps_everybody_in() -> None:
    for player in range(100):
        part = held(player, HUNDRED, 9, 600)
        assert part.keep_open
        assert 0 <= part.from_s <= HUNDRED.s - 600
    assert held(1, HUNDRED, 9, 7200).from_s == 0


def test_longer_items_take_longer() -> None:
    exam = Exam(item_count=2, minutes=600, item_chars=(100, 500))
    took = np.zeros(2)
    for player in range(MANY):
        answers = [
            step.at_s for step in steps_from(player, exam, Pace(answer_every_s=60), seed=1) if isinstance(step, Answer)
        ]
        took += (answers[0], answers[1] - answers[0])
    assert took[1] / took[0] == pytest.approx((500 / 450 * 60 + 12) / (100 / 450 * 60 + 12), rel=0.15)


def test_snapshots_come_at_the_servers_spacing_unevenly() -> None:
    times = [
        [step.at_s for step in steps_from(player, HUNDRED, seed=6) if isinstance(step, Snapshot)]
        for player in range(200)
        if habit_of(player, 6).name == "steady"
    ]
    gaps = np.concatenate([np.diff(each) for each in times])
    assert gaps.mean() == pytest.approx(120, rel=0.05)
    assert gaps.std() > 20
    assert not any(isinstance(step, Snapshot) for step in steps_from(1, HUNDRED, Pace(snapshot_every_s=0), seed=6))


def test_habits_come_by_their_shares_which_are_a_whole() -> None:
    assert sum(habit.share for habit in HABITS) == pytest.approx(1)
    found = Counter(habit_of(player, 1).name for player in range(4000))
    for habit in HABITS:
        assert found[habit.name] / 4000 == pytest.approx(habit.share, abs=0.02)


def test_each_habit_shows() -> None:
    days: dict[str, list[list[Step]]] = {}
    for player in range(MANY):
        days.setdefault(habit_of(player, 1).name, []).append(list(steps_from(player, HUNDRED, seed=1)))

    def mean(name: str, kind: type) -> float:
        return sum(isinstance(step, kind) for steps in days[name] for step in steps) / len(days[name])

    assert mean("unlucky_network", LoseNetwork) > 10 * mean("steady", LoseNetwork)
    assert mean("page_leaver", LeavePage) > 10 * mean("steady", LeavePage)
    assert mean("phone_swapper", SwapPhone) > 0.6
    assert mean("steady", SwapPhone) == 0
    assert mean("doubter", Mark) > 2 * mean("steady", Mark)
    assert mean("hasty", HandIn) > 0.8
    assert mean("bell_ringer", HandIn) == 0


def test_some_who_wait_for_the_bell_lose_the_network_over_it() -> None:
    cut = [
        step.at_s + step.for_s > HUNDRED.s
        for player in range(1500)
        if habit_of(player, 1).waits
        for step in steps_from(player, HUNDRED, seed=1)
        if isinstance(step, LoseNetwork) and step.at_s > HUNDRED.s - 20
    ]
    assert len(cut) > 20
    assert all(cut)


def test_a_script_is_sped_up_in_all_its_times_but_when_it_begins() -> None:
    script = write_script(3, 50.0, HUNDRED, seed=2)
    fast = scale(script, 10)
    assert fast.begin_s == 50
    assert (fast.heartbeat_s, fast.read_rules_s) == (3, script.read_rules_s / 10)
    assert list(scaled(script.steps, 10)) == fast.steps
    for before, after in zip(script.steps, fast.steps, strict=True):
        assert type(before) is type(after)
        assert after.at_s == before.at_s / 10
        assert getattr(after, "for_s", 0) == getattr(before, "for_s", 0) / 10


def test_the_closed_loop_has_the_same_answers_and_no_times() -> None:
    script = write_script(3, 50.0, HUNDRED, seed=2)
    hurried = without_thinking(script)
    assert hurried.steps == list(unthinking(script.steps))
    assert {step.at_s for step in hurried.steps} == {0}
    assert hurried.read_rules_s == 0
    wanted = [step for step in script.steps if isinstance(step, Answer | Clear | Mark | HandIn)]
    assert [getattr(step, "no", 0) for step in hurried.steps] == [getattr(step, "no", 0) for step in wanted]


def test_so_many_log_in_with_their_password() -> None:
    scripts = [script_of(player, 0.0, Pace(logs_in=0.25), seed=1) for player in range(2000)]
    assert sum(script.logs_in for script in scripts) / 2000 == pytest.approx(0.25, abs=0.03)
