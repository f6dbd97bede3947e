"""The board as a fold: it agrees with the attempt on all that both know, and knows nothing more."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from exam_engine.attempt import Attempt
from exam_engine.messages import Command, Event, write
from exam_engine.sitting import Policy
from proctor.board import FLAG_WEIGHTS, IDLE_S, Candidate, attention, flags, fold
from tests.exam_engine.samples import PHONE, PICTURES, T0, at, entered
from tests.exam_engine.test_attempt import POLICIES, STEPS, Story

ENTERED: dict[str, Any] = msgspec.json.decode(write(entered()))


def told(*steps: tuple[str, dict[str, Any]], second: float = 0, on: Candidate | None = None) -> Candidate:
    """The candidate after these kinds and bodies, one version after the other."""
    candidate = on or Candidate()
    for kind, body in steps:
        candidate = fold(candidate, candidate.version + 1, kind, body, at(second))
    return candidate


def running(second: float = 0) -> Candidate:
    return told(
        ("entered", ENTERED),
        ("portrait_taken", {"device": PHONE, "picture": PICTURES[0]}),
        ("identity_accepted", {"by": 0}),
        ("device_taken", {"device": PHONE}),
        ("started", {"deadline_at": "2026-03-02T02:00:00Z"}),
        second=second,
    )


def body_of(event: Event) -> tuple[str, dict[str, Any]]:
    body = msgspec.json.decode(write(event))
    return body["type"], body


def shown(attempt: Attempt) -> dict[str, Any]:
    """What a tile says, as the attempt has it."""
    waiting = "waiting" if attempt.candidate_device else None
    return {
        "phase": attempt.phase.value,
        "item_count": attempt.item_count,
        "answered": {no for no, given_ in attempt.answers.items() if given_},
        "deadline_at": attempt.deadline_at,
        "paused_at": attempt.paused_at,
        "locked": attempt.locked,
        "picture": attempt.picture,
        "late": attempt.late_count,
        "open": {notice.notice for notice in attempt.notices if not notice.acknowledged},
        "ending": attempt.submitted.ending.value if attempt.submitted else None,
        "waiting": waiting,
    }


def drawn(candidate: Candidate) -> dict[str, Any]:
    return {
        "phase": candidate.phase,
        "item_count": candidate.item_count,
        "answered": {no for no in range(1, 20) if candidate.answered >> no & 1},
        "deadline_at": candidate.deadline_at,
        "paused_at": candidate.paused_at,
        "locked": candidate.locked,
        "picture": candidate.picture,
        "late": candidate.late,
        "open": set(candidate.notices_open),
        "ending": candidate.ending,
        "waiting": "waiting" if candidate.identity == "waiting" else None,
    }


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(POLICIES, STEPS)
def test_the_board_agrees_with_the_attempt_after_every_event(
    policy: Policy, steps: list[tuple[bool, Command, float]]
) -> None:
    story = Story(policy, steps)
    candidate = Candidate()

    for version, ((event, instant), attempt) in enumerate(zip(story.journal, story.states, strict=True), start=1):
        candidate = fold(candidate, version, *body_of(event), instant)
        assert drawn(candidate) == shown(attempt)


@settings(max_examples=50, deadline=None)
@given(POLICIES, STEPS)
def test_what_was_folded_already_changes_nothing(policy: Policy, steps: list[tuple[bool, Command, float]]) -> None:
    story = Story(policy, steps)
    once = twice = Candidate()
    for version, (event, instant) in enumerate(story.journal, start=1):
        once = fold(once, version, *body_of(event), instant)
    for end in range(1, len(story.journal) + 1):
        for version, (event, instant) in enumerate(story.journal[:end], start=1):
            twice = fold(twice, version, *body_of(event), instant)

    assert twice == once


def test_the_board_knows_that_somebody_answered_and_not_what() -> None:
    first = told(("answered", {"seq": 1, "no": 3, "choice": "a"}), on=running())
    second = told(("answered", {"seq": 1, "no": 3, "choice": "e"}), on=running())

    assert first == second
    assert first.answered.bit_count() == 1


def test_answering_twice_is_one_answer_and_clearing_takes_it_back() -> None:
    answer = ("answered", {"seq": 1, "no": 3, "choice": "a"})
    cleared = ("cleared", {"seq": 3, "no": 3})

    counts = [
        told(*steps, on=running()).answered.bit_count() for steps in ((answer,), (answer, answer), (answer, cleared))
    ]

    assert counts == [1, 1, 0]


def test_a_kind_the_board_does_not_know_still_moves_its_version() -> None:
    candidate = told(("marked_for_later", {"seq": 1, "no": 1, "on": True}), ("something_new", {}), on=running())

    assert candidate == msgspec.structs.replace(running(), version=7)


def test_every_event_the_core_has_is_known_or_meant_to_be_unknown() -> None:
    from exam_engine.messages import EVENT_BY_KIND  # noqa: PLC0415
    from proctor.board import _CHANGES  # noqa: PLC0415

    # Cases have a line of their own, which says more than that a score is held back.
    assert set(EVENT_BY_KIND) - set(_CHANGES) == {"marked_for_later", "held", "hold_ended"}
    assert set(_CHANGES) <= set(EVENT_BY_KIND)


# --- who deserves attention --------------------------------------------------------------------------------------

NOW = at(10)


@pytest.mark.parametrize(
    ("step", "flag"),
    [
        (("portrait_taken", {"device": PHONE, "picture": PICTURES[1]}), "identity_waiting"),
        (("identity_refused", {"by": 9, "reason": "照片模糊"}), "identity_refused"),
        (("identity_locked", {"reason": "不符", "by": 9}), "locked"),
        (("paused", {"reason": "停电", "by": 9}), "paused"),
        (("warned", {"notice": 1}), "notice_open"),
        (("device_taken", {"device": "tablet-0002"}), "second_device"),
        (("came_late", {"seq": 1, "no": 1, "choice": "a"}), "late_answers"),
    ],
)
def test_each_thing_that_stands_out_is_a_flag(step: tuple[str, dict[str, Any]], flag: str) -> None:
    assert flags(running(), connected=True, now=NOW) == ()
    assert flags(told(step, on=running()), connected=True, now=NOW) == (flag,)


@pytest.mark.parametrize(
    ("kind", "body", "after"),
    [
        ("identity_locked", {"reason": "不符", "by": 9}, ("identity_unlocked", {"by": 9})),
        ("paused", {"reason": "停电", "by": 9}, ("resumed", {"deadline_at": "2026-03-02T02:00:00Z", "by": 9})),
        ("warned", {"notice": 1}, ("acknowledged", {"notice": 1})),
        ("portrait_taken", {"device": PHONE, "picture": PICTURES[1]}, ("identity_accepted", {"by": 9})),
    ],
)
def test_a_flag_goes_when_its_cause_is_gone(kind: str, body: dict[str, Any], after: tuple[str, dict[str, Any]]) -> None:
    assert flags(told((kind, body), after, on=running()), connected=True, now=NOW) == ()


def test_offline_is_said_of_those_who_were_seen_and_are_gone_while_the_clock_runs() -> None:
    assert flags(running(), connected=False, now=NOW) == ("offline",)
    assert flags(running(), connected=None, now=NOW) == ()
    assert flags(told(("entered", ENTERED)), connected=False, now=NOW) == ()


@pytest.mark.parametrize(("second", "idle"), [(IDLE_S, False), (IDLE_S + 0.001, True)])
def test_who_has_not_answered_for_ten_minutes_is_idle(second: float, idle: bool) -> None:
    assert flags(running(), connected=True, now=at(second)) == (("idle",) if idle else ())
    assert flags(
        told(("answered", {"seq": 1, "no": 1, "choice": "a"}), second=60, on=running()), True, at(second + 60)
    ) == (("idle",) if idle else ())


def test_nothing_of_who_has_finished_stands_out_but_late_answers() -> None:
    troubled = told(
        ("warned", {"notice": 1}),
        ("identity_locked", {"reason": "不符", "by": 9}),
        ("submitted", {"ending": "time"}),
        on=running(),
    )

    assert flags(troubled, connected=False, now=at(99_999)) == ()
    late = told(("came_late", {"seq": 1, "no": 1, "choice": "a"}), on=troubled)
    assert flags(late, connected=False, now=at(99_999)) == ("late_answers",)


def test_flags_come_most_urgent_first_and_add_up() -> None:
    troubled = told(
        ("paused", {"reason": "停电", "by": 9}), ("warned", {"notice": 1}),
        ("identity_locked", {"by": 9, "reason": "x"}), on=running(),
    )  # fmt: skip

    found = flags(troubled, connected=False, now=NOW)

    assert found == ("locked", "offline", "notice_open", "paused")
    assert attention(found) == 90 + 60 + 40 + 20
    assert attention(()) == 0


def test_who_waits_to_be_let_in_comes_before_everybody_with_one_other_trouble() -> None:
    assert max(FLAG_WEIGHTS, key=lambda name: FLAG_WEIGHTS[name]) == "identity_waiting"


def test_the_deadline_on_the_board_is_the_one_last_said() -> None:
    moved = told(("extended", {"deadline_at": "2026-03-02T02:10:00.000001Z"}), on=running())

    assert moved.deadline_at == T0 + timedelta(minutes=70, microseconds=1)
