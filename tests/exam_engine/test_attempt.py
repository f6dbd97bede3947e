"""The core machine: the positive list, numbering, time, identity, the takeover; and laws that hold for any story."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exam_engine.attempt import (
    EXTENSION_S_MAX,
    LATE_MAX,
    NOTICES_MAX,
    PORTRAITS_MAX,
    TRY_AGAIN,
    Attempt,
    begin,
    decide,
    due,
    evolve,
    fence,
    next_check_at,
)
from exam_engine.errors import Refused
from exam_engine.messages import (
    AcceptIdentity,
    Acknowledge,
    Acknowledged,
    Annul,
    Annulled,
    Answer,
    Answered,
    AskForPerson,
    CameLate,
    Clear,
    Cleared,
    Command,
    Correct,
    Corrected,
    DeviceTaken,
    EndHold,
    Ending,
    Entered,
    Event,
    Extend,
    Extended,
    ForceHandIn,
    HandIn,
    Held,
    Hold,
    HoldEnded,
    IdentityAccepted,
    IdentityLocked,
    IdentityRefused,
    IdentityUnlocked,
    Layout,
    LockIdentity,
    Marked,
    MarkedForLater,
    MarkForLater,
    NoticeLevel,
    Notify,
    Pause,
    Paused,
    Phase,
    PortraitTaken,
    RecordMark,
    RefuseIdentity,
    Release,
    Released,
    Resume,
    Resumed,
    Start,
    Started,
    Submitted,
    TakePortrait,
    Tick,
    TimeUp,
    UnlockIdentity,
    Warn,
    Warned,
    read_event,
    write,
)
from exam_engine.sitting import IdentityCheck, Policy
from proctor.identity import Verdict
from tests.exam_engine.samples import (
    CANDIDATE,
    DESK,
    ONE_HOUR,
    PERSON,
    PHONE,
    PICTURES,
    T0,
    TABLET,
    UNCOMPENSATED,
    after,
    at,
    entered,
    fold,
    in_every_state,
    new,
    ready,
    running,
)

STATES = in_every_state()
DEADLINE = at(minutes=60)


def refusal(attempt: Attempt, command: Command, now: datetime = T0, by: int = CANDIDATE) -> str:
    """The code with which the command is refused, or what it made instead."""
    try:
        events = decide(attempt, command, by, now)
    except Refused as refused:
        return refused.code
    return f"accepted: {[type(event).__name__ for event in events]}"


# --- the positive list -------------------------------------------------------------------------------------------

# Every command as it makes sense to the samples: the next number is 3 while the attempt runs, 4 after the hand-in.
COMMANDS: dict[str, Command] = {
    "start": Start(),
    "answer": Answer(3, 3, "c"),
    "clear": Clear(3, 1),
    "mark_for_later": MarkForLater(3, 1, on=True),
    "hand_in": HandIn(3),
    "late_answer": Answer(4, 3, "c"),
    "late_clear": Clear(4, 1),
    "late_mark_for_later": MarkForLater(4, 1, on=True),
    "late_hand_in": HandIn(4),
    "acknowledge": Acknowledge(1),
    "time_up": TimeUp(),
    "tick": Tick(),
    "take_portrait": TakePortrait(TABLET, PICTURES[9]),
    "accept_identity": AcceptIdentity(),
    "refuse_identity": RefuseIdentity("照片模糊"),
    "warn": Warn("请正对摄像头"),
    "pause": Pause("火警演习"),
    "resume": Resume(),
    "extend": Extend(600, "停电"),
    "lock_identity": LockIdentity("三次不符"),
    "unlock_identity": UnlockIdentity(),
    "force_hand_in": ForceHandIn("传递纸条"),
    "record_mark": RecordMark(1, 2, 10),
    "record_mark_again": RecordMark(2, 3, 10),
    "release": Release(6),
    "correct": Correct(2, 7, 10, 6, keep_pass=True, proposal=4),
    "annul": Annul("设备故障"),
    "annul_for_good": Annul("替考，经复核属实", barred=True),
    "ask_for_person": AskForPerson(TABLET, "no_camera"),
    "notify": Notify("left_page:3:2", "请保持在考试页面作答。"),
    "hold": Hold(7),
    "end_hold": EndHold(7),
}
DOOR = ("portrait_taken", "identity_accepted", "device_taken")
NOTHING: tuple[str, ...] = ()
# What follows, as kinds of events, for every pair that is allowed; () is a harmless repetition.
_ANY_TIME: dict[str, tuple[str, ...]] = {
    "time_up": NOTHING,
    "tick": NOTHING,
    "annul": ("annulled",),
    "annul_for_good": ("annulled",),
    "notify": NOTHING,  # when it is over there is nobody to tell any more
    "hold": ("held",),
    "end_hold": NOTHING,
}
_OPEN: dict[str, tuple[str, ...]] = {
    **_ANY_TIME,
    "take_portrait": DOOR,
    "ask_for_person": ("portrait_taken",),
    "warn": ("warned",),
    "notify": ("warned",),
}
_RUNNING: dict[str, tuple[str, ...]] = {
    **_OPEN,
    "start": NOTHING,
    "answer": ("answered",),
    "clear": ("cleared",),
    "mark_for_later": ("marked_for_later",),
    "hand_in": ("submitted",),
    "pause": ("paused",),
    "resume": NOTHING,
    "extend": ("extended",),
    "lock_identity": ("identity_locked",),
    "unlock_identity": NOTHING,
    "force_hand_in": ("submitted",),
}
_COVERED = {"answer", "clear", "mark_for_later"}  # what a pause or a lock holds back
_UNCOVERED = {kind: follows for kind, follows in _RUNNING.items() if kind not in _COVERED}
# After the end number 3 is the hand-in itself: anything else under it is a reuse, handing in again is a retry.
_ENDED: dict[str, tuple[str, ...]] = {
    **_ANY_TIME,
    "hand_in": NOTHING,
    "late_answer": ("came_late",),
    "late_clear": ("came_late",),
}
ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "entered": _OPEN,
    "identity": {
        **_OPEN,
        "take_portrait": ("portrait_taken",),
        "accept_identity": ("identity_accepted", "device_taken"),
        "refuse_identity": ("identity_refused",),
    },
    "ready": {**_OPEN, "start": ("started",)},
    "running": _RUNNING,
    "paused": {**_UNCOVERED, "pause": NOTHING, "resume": ("resumed",)},
    "locked": {**_UNCOVERED, "lock_identity": NOTHING, "unlock_identity": ("identity_unlocked",)},
    "extended": _RUNNING,
    "submitted": {**_ENDED, "record_mark": ("marked",), "record_mark_again": ("marked",)},
    "marked": {**_ENDED, "record_mark": NOTHING, "record_mark_again": ("marked",), "release": ("released",)},
    "held": {
        **_ENDED,
        "record_mark": NOTHING,
        "record_mark_again": ("marked",),
        "hold": NOTHING,
        "end_hold": ("hold_ended",),
    },
    "released": {**_ENDED, "record_mark": NOTHING, "release": NOTHING, "correct": ("corrected",)},
    "annulled": {**_ANY_TIME, "annul": NOTHING},
    "barred": {**_ANY_TIME, "annul": NOTHING, "annul_for_good": NOTHING, "record_mark": NOTHING, "hand_in": NOTHING},
}
# The refusal of every other pair, by command; where it depends on the state, by both.
CODES: dict[str, str] = {
    "start": "not_ready",
    "late_answer": "seq_gap",
    "late_clear": "seq_gap",
    "late_mark_for_later": "seq_gap",
    "late_hand_in": "seq_gap",
    "acknowledge": "no_such_notice",
    "take_portrait": "already_submitted",
    "ask_for_person": "already_submitted",
    "accept_identity": "no_portrait_waiting",
    "refuse_identity": "no_portrait_waiting",
    "warn": "already_submitted",
    "pause": "not_running",
    "resume": "not_running",
    "extend": "not_running",
    "lock_identity": "not_running",
    "unlock_identity": "not_running",
    "force_hand_in": "not_running",
    "record_mark": "not_submitted",
    "record_mark_again": "not_submitted",
    "release": "not_marked",
    "correct": "not_released",
}
_NUMBERED = ("answer", "clear", "mark_for_later", "hand_in")
_LATE = ("late_answer", "late_clear", "late_mark_for_later", "late_hand_in")


def expected_code(state: str, command: str) -> str:
    if command in (*_NUMBERED, *_LATE):
        if state in ("entered", "identity", "ready"):
            return "not_started"
        if state in ("annulled", "barred"):
            # Numbers taken before are still told from new ones: this one's third was the hand-in.
            return "seq_reused" if state == "barred" and command in _NUMBERED else "annulled"
        if state in ("submitted", "marked", "held", "released"):
            return "already_submitted" if command in _LATE else "seq_reused"
        if state in ("paused", "locked") and command in _NUMBERED:
            return "paused" if state == "paused" else "identity_locked"
    return "case_open" if (state, command) == ("held", "release") else CODES[command]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_pair_not_on_the_positive_list_is_refused_with_its_code(state: str, command: str) -> None:
    attempt, given_command = STATES[state], COMMANDS[command]

    if command in ALLOWED[state]:
        events = decide(attempt, given_command, DESK, T0)
        assert tuple(event.__struct_config__.tag for event in events) == ALLOWED[state][command]
    else:
        assert refusal(attempt, given_command, by=DESK) == expected_code(state, command)


def test_the_table_of_commands_names_every_command_there_is() -> None:
    asked = {type(command) for command in COMMANDS.values()}

    assert asked == set(Command.__args__)


def test_the_states_of_the_table_cover_every_phase() -> None:
    assert {attempt.phase for attempt in STATES.values()} == set(Phase)


# --- numbering ---------------------------------------------------------------------------------------------------


def test_the_next_number_is_taken_and_the_answer_is_kept_with_it() -> None:
    attempt = after(running(), Answer(1, 3, "d"), Answer(2, 4, "ace"), Clear(3, 3))

    assert attempt.answers == {3: "", 4: "ace"}
    assert (attempt.last_seq, attempt.answered_count, attempt.unanswered_count) == (3, 1, 9)


@pytest.mark.parametrize("seq", [2, 3, 500])
def test_a_number_beyond_the_next_is_refused_with_the_number_expected(seq: int) -> None:
    with pytest.raises(Refused) as refused:
        decide(running(), Answer(seq, 1, "a"), CANDIDATE, T0)

    assert (refused.value.code, refused.value.facts) == ("seq_gap", {"expected": 1})


@pytest.mark.parametrize(
    "command", [Answer(1, 1, "a"), Clear(2, 1), MarkForLater(3, 2, on=True), Answer(4, 5, "bd"), HandIn(5)]
)
def test_the_same_number_with_the_same_words_is_a_harmless_retry(command: Command) -> None:
    story = (Answer(1, 1, "a"), Clear(2, 1), MarkForLater(3, 2, on=True), Answer(4, 5, "bd"), HandIn(5))

    assert decide(after(running(), *story), command, CANDIDATE, at(30)) == ()


@pytest.mark.parametrize(
    "command",
    [
        Answer(1, 1, "b"),
        Clear(1, 1),
        Answer(2, 1, "a"),
        Answer(2, 7, "a"),
        MarkForLater(3, 9, on=False),
        MarkForLater(4, 9, on=True),
        HandIn(2),
    ],
)
def test_a_taken_number_with_other_words_is_told_to_be_reused(command: Command) -> None:
    attempt = after(
        running(),
        Answer(1, 1, "a"),
        Answer(2, 2, "b"),
        MarkForLater(3, 9, on=True),
        Answer(4, 3, "a"),
        Answer(5, 3, "b"),
    )

    assert refusal(attempt, command) == "seq_reused"


def test_an_old_number_whose_item_was_answered_again_since_counts_as_a_retry() -> None:
    attempt = after(running(), Answer(1, 1, "a"), Answer(2, 1, "b"))

    assert decide(attempt, Answer(1, 1, "a"), CANDIDATE, T0) == ()
    assert attempt.answers == {1: "b"}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Answer(1, 11, "a"), "no_such_item"),
        (Answer(1, 10, "c"), "no_such_option"),
        (Answer(1, 4, "ca"), "no_such_option"),
        (Answer(1, 4, "aa"), "no_such_option"),
        (Answer(1, 1, "ab"), "one_option_only"),
        (Clear(1, 11), "no_such_item"),
        (MarkForLater(1, 11, on=True), "no_such_item"),
    ],
)
def test_a_permanent_refusal_leaves_the_number_free_for_the_next_command(command: Command, code: str) -> None:
    attempt = running()

    assert refusal(attempt, command) == code
    assert decide(attempt, Answer(1, 2, "b"), CANDIDATE, T0) == (Answered(1, 2, "b"),)


@pytest.mark.parametrize(
    ("hold", "code", "end"),
    [(Pause("停电"), "paused", Resume()), (LockIdentity("不符"), "identity_locked", UnlockIdentity())],
)
def test_a_temporary_refusal_leaves_the_same_number_to_be_sent_again(hold: Command, code: str, end: Command) -> None:
    held = after(running(), hold, by=DESK)

    assert refusal(held, Answer(1, 1, "a")) == code
    assert decide(after(held, end, by=DESK), Answer(1, 1, "a"), CANDIDATE, T0) == (Answered(1, 1, "a"),)


def test_a_wrong_answer_during_a_pause_is_refused_for_good_and_does_not_wait() -> None:
    assert refusal(after(running(), Pause("停电"), by=DESK), Answer(1, 11, "a")) == "no_such_item"


def test_a_mark_for_later_is_set_and_taken_off() -> None:
    attempt = after(running(), MarkForLater(1, 3, on=True), MarkForLater(2, 5, on=True), MarkForLater(3, 3, on=False))

    assert attempt.marks == {5: 2}
    assert decide(attempt, MarkForLater(3, 3, on=False), CANDIDATE, T0) == ()


def test_all_options_of_an_item_of_several_answers_may_be_chosen() -> None:
    assert after(running(), Answer(1, 4, "abcde")).answers == {4: "abcde"}


# --- no way back in an unfolding case (A4) -----------------------------------------------------------------------

NO_BACK = Policy(a4_no_back=True)


def test_inside_an_unfolding_case_who_has_gone_on_can_not_change_what_came_before() -> None:
    attempt = after(running(NO_BACK), Answer(1, 7, "a"), Answer(2, 8, "b"))

    assert refusal(attempt, Answer(3, 7, "c")) == "no_way_back"
    assert refusal(attempt, Clear(3, 7)) == "no_way_back"


def test_the_last_question_answered_of_an_unfolding_case_may_still_be_changed() -> None:
    attempt = after(running(NO_BACK), Answer(1, 7, "a"), Answer(2, 8, "b"), Answer(3, 8, "c"))

    assert attempt.answers[8] == "c"


def test_clearing_the_later_question_does_not_open_the_way_back() -> None:
    attempt = after(running(NO_BACK), Answer(1, 7, "a"), Answer(2, 8, "b"), Clear(3, 8))

    assert refusal(attempt, Answer(4, 7, "c")) == "no_way_back"


def test_marking_for_later_and_items_outside_the_case_know_no_way_back() -> None:
    attempt = after(running(NO_BACK), Answer(1, 6, "a"), Answer(2, 9, "b"), Answer(3, 10, "a"))

    attempt = after(attempt, MarkForLater(4, 7, on=True), Answer(5, 6, "c"))

    assert (attempt.marks, attempt.answers[6]) == ({7: 4}, "c")


def test_of_two_neighbouring_cases_each_knows_only_its_own_way() -> None:
    layout = Layout(options="eeee", multiple="----", chain="aabb")
    attempt = after(running(NO_BACK, layout=layout), Answer(1, 2, "a"), Answer(2, 3, "b"))

    assert after(attempt, Answer(3, 2, "c")).answers[2] == "c"
    assert refusal(attempt, Answer(3, 1, "c")) == "no_way_back"


def test_without_the_rule_one_may_go_back_everywhere() -> None:
    attempt = after(running(), Answer(1, 9, "a"), Answer(2, 7, "b"))

    assert attempt.answers == {9: "a", 7: "b"}


# --- the start ---------------------------------------------------------------------------------------------------


def test_the_deadline_is_set_at_the_start_with_the_persons_extra_minutes() -> None:
    events = decide(ready(extra_minutes=15), Start(), CANDIDATE, at(100))

    assert events == (Started(deadline_at=at(100, minutes=75)),)


def test_nobody_starts_after_the_window_has_closed_but_who_starts_in_its_last_instant_has_his_full_time() -> None:
    attempt = ready()
    closes_at = attempt.closes_at

    assert refusal(attempt, Start(), closes_at) == "window_closed"
    (started,) = decide(attempt, Start(), CANDIDATE, closes_at - (closes_at - at(86_399)))
    assert started == Started(deadline_at=at(86_399, minutes=60))


def test_starting_twice_is_one_start() -> None:
    assert decide(running(), Start(), CANDIDATE, at(5)) == ()


# --- the bell ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "counts"),
    [(3599, True), (3600, True), (3604.999999, True), (3605, True), (3605.000001, False), (3700, False)],
)
def test_an_answer_counts_until_the_grace_after_the_deadline_is_over(second: float, counts: bool) -> None:
    attempt = after(running(), Answer(1, 1, "a"), now=at(second))

    assert (attempt.phase, attempt.late_count) == ((Phase.RUNNING, 0) if counts else (Phase.SUBMITTED, 1))
    assert attempt.answers == ({1: "a"} if counts else {})


def test_the_bell_counts_as_of_the_deadline_however_late_somebody_looks() -> None:
    attempt = after(running(), Answer(1, 1, "a"))

    rung = [due(attempt, at(second)) for second in (3605, 3605.000001, 9000)]

    bell = Submitted(as_of=DEADLINE, ending=Ending.TIME, unanswered=9)
    assert rung == [(), (bell,), (bell,)]


@pytest.mark.parametrize("command", [Tick(), TimeUp(), Answer(1, 1, "a"), Extend(600, "停电"), Resume(), HandIn(1)])
def test_whatever_is_asked_after_the_bell_the_bell_comes_first(command: Command) -> None:
    events = decide(running(), command, DESK, at(4000))

    assert events == (Submitted(as_of=DEADLINE, ending=Ending.TIME, unanswered=10),)


def test_an_answer_after_the_bell_is_kept_but_not_counted() -> None:
    attempt = after(running(), Answer(1, 1, "a"), Answer(2, 2, "b"))
    attempt = after(attempt, Answer(3, 1, "c"), Clear(4, 2), now=at(4000))

    assert attempt.answers == {1: "a", 2: "b"}
    assert (attempt.late_count, attempt.last_seq) == (2, 4)


def test_a_late_answer_sent_again_is_kept_once() -> None:
    attempt = after(running(), Answer(1, 1, "a"), HandIn(2), Answer(3, 2, "b"))

    assert decide(attempt, Answer(3, 2, "b"), CANDIDATE, at(60)) == ()


def test_after_the_bell_an_old_number_with_other_words_is_still_told_to_be_reused() -> None:
    attempt = after(running(), Answer(1, 1, "a"), Answer(2, 2, "b"))
    attempt = after(attempt, Tick(), now=at(4000))

    assert refusal(attempt, Answer(1, 1, "e"), at(4001)) == "seq_reused"
    assert refusal(attempt, Answer(2, 9, "e"), at(4001)) == "seq_reused"


def test_a_device_that_sends_late_answers_without_end_is_stopped() -> None:
    attempt = replace(after(running(), HandIn(1)), late_count=LATE_MAX)

    assert refusal(attempt, Answer(2, 1, "a")) == "too_many_late"


@pytest.mark.parametrize("second", [0, 1800, 3600])
def test_handing_in_counts_as_of_the_moment_it_was_done(second: int) -> None:
    (submitted,) = decide(running(), HandIn(1), CANDIDATE, at(second))

    assert submitted == Submitted(as_of=at(second), ending=Ending.CANDIDATE, unanswered=10, seq=1)


@pytest.mark.parametrize("second", [3600.000001, 3605])
def test_handing_in_during_the_grace_counts_as_of_the_deadline(second: float) -> None:
    (submitted,) = decide(running(), HandIn(1), CANDIDATE, at(second))

    assert submitted == Submitted(as_of=DEADLINE, ending=Ending.CANDIDATE, unanswered=10, seq=1)


def test_a_forced_hand_in_says_who_and_why() -> None:
    (submitted,) = decide(running(), ForceHandIn("传递纸条"), DESK, at(60))

    assert submitted == Submitted(as_of=at(60), ending=Ending.INVIGILATOR, unanswered=10, reason="传递纸条", by=DESK)


@pytest.mark.parametrize("state", ["paused", "locked"])
def test_a_paused_or_locked_attempt_may_be_handed_in(state: str) -> None:
    attempt = after(STATES[state], HandIn(3), now=at(30))

    assert (attempt.phase, attempt.locked, attempt.paused_at) == (Phase.SUBMITTED, False, None)


# --- pauses ------------------------------------------------------------------------------------------------------


def test_a_compensated_pause_moves_the_deadline_by_its_length() -> None:
    paused = after(running(), Pause("火警演习"), now=at(600), by=DESK)

    assert decide(paused, Resume(), DESK, at(1500)) == (Resumed(deadline_at=at(3600 + 900), by=DESK),)


def test_while_a_compensated_pause_lasts_no_bell_rings() -> None:
    paused = after(running(), Pause("火警演习"), now=at(3000), by=DESK)

    assert [due(paused, at(second)) for second in (3605.5, 5000, 6599.999999)] == [(), (), ()]
    assert next_check_at(paused) == at(3000 + 3600)


def test_a_forgotten_pause_ends_by_itself_and_gives_back_what_it_took() -> None:
    paused = after(running(), Pause("火警演习"), now=at(3000), by=DESK)

    assert due(paused, at(6600)) == (Resumed(deadline_at=at(3600 + 3600), by=0),)
    resumed = after(paused, Tick(), now=at(6600))
    assert (resumed.phase, resumed.paused_at, next_check_at(resumed)) == (Phase.RUNNING, None, at(7205))


def test_a_forgotten_pause_noticed_too_late_ends_and_then_the_bell_rings() -> None:
    paused = after(running(), Pause("火警演习"), now=at(3000), by=DESK)

    attempt = after(paused, Tick(), now=at(9000))

    assert attempt.submitted == Submitted(as_of=at(7200), ending=Ending.TIME, unanswered=10)


def test_a_pause_without_compensation_moves_nothing() -> None:
    paused = after(running(UNCOMPENSATED), Pause("巡查"), now=at(600), by=DESK)

    assert decide(paused, Resume(), DESK, at(1500)) == (Resumed(deadline_at=DEADLINE, by=DESK),)


def test_during_a_pause_without_compensation_the_bell_rings() -> None:
    paused = after(running(UNCOMPENSATED), Pause("巡查"), now=at(3000), by=DESK)

    assert due(paused, at(3605)) == ()
    assert due(paused, at(3605.000001)) == (Submitted(as_of=DEADLINE, ending=Ending.TIME, unanswered=10),)
    assert next_check_at(paused) == at(3605)


def test_handing_in_while_the_clock_stands_counts_as_of_the_moment_it_stopped() -> None:
    paused = after(running(), Pause("火警演习"), now=at(600), by=DESK)

    (by_candidate,) = decide(paused, HandIn(1), CANDIDATE, at(2000))
    (by_desk,) = decide(paused, ForceHandIn("离场"), DESK, at(2000))

    assert [getattr(event, "as_of", None) for event in (by_candidate, by_desk)] == [at(600), at(600)]


def test_handing_in_during_a_pause_that_began_in_the_grace_still_counts_as_of_the_deadline() -> None:
    paused = after(running(), Pause("停电"), now=at(3603), by=DESK)

    (submitted,) = decide(paused, HandIn(1), CANDIDATE, at(3700))

    assert submitted == Submitted(as_of=DEADLINE, ending=Ending.CANDIDATE, unanswered=10, seq=1)


def test_pausing_twice_is_one_pause_and_its_first_reason_stands() -> None:
    paused = after(running(), Pause("火警演习"), Pause("停电"), now=at(10), by=DESK)

    assert (paused.paused_at, paused.pause_reason) == (at(10), "火警演习")


# --- extensions --------------------------------------------------------------------------------------------------


def test_an_extension_moves_the_deadline_and_says_by_whom() -> None:
    (extended,) = decide(running(), Extend(600, "停电", 7), DESK, at(60))

    assert extended == Extended(seconds=600, reason="停电", deadline_at=at(minutes=70), by=DESK, act=7)


def test_the_same_act_extends_once_and_another_act_again() -> None:
    attempt = after(running(), Extend(600, "停电", 7), Extend(600, "停电", 7), Extend(600, "停电", 8), by=DESK)

    assert (attempt.deadline_at, attempt.extended_s, attempt.acts) == (at(minutes=80), 1200, frozenset({7, 8}))


def test_extensions_without_an_act_are_each_their_own() -> None:
    assert after(running(), Extend(60, "补时"), Extend(60, "补时"), by=DESK).deadline_at == at(minutes=62)


def test_an_extension_during_a_pause_adds_to_what_the_pause_gives_back() -> None:
    attempt = after(running(), Pause("火警演习"), Extend(600, "停电"), now=at(60), by=DESK)

    assert after(attempt, Resume(), now=at(360), by=DESK).deadline_at == at(3600 + 600 + 300)


def test_an_extension_given_within_the_grace_still_keeps_the_attempt_open() -> None:
    attempt = after(running(), Extend(60, "补时"), now=at(3605), by=DESK)

    assert (attempt.deadline_at, due(attempt, at(3665))) == (at(3660), ())


def test_nobody_can_extend_without_end() -> None:
    attempt = after(running(), Extend(EXTENSION_S_MAX - 60, "停电"), by=DESK)

    assert after(attempt, Extend(60, "停电"), by=DESK).extended_s == EXTENSION_S_MAX
    assert refusal(attempt, Extend(61, "停电"), by=DESK) == "extension_too_long"


# --- identity and the takeover -----------------------------------------------------------------------------------


def test_where_the_policy_accepts_at_once_the_portrait_opens_the_door() -> None:
    events = decide(new(), TakePortrait(PHONE, PICTURES[0]), CANDIDATE, T0)

    assert events == (PortraitTaken(PHONE, PICTURES[0]), IdentityAccepted(by=0), DeviceTaken(PHONE))
    assert ready().phase is Phase.READY


def test_where_a_person_judges_the_portrait_waits_for_him() -> None:
    waiting = after(new(PERSON), TakePortrait(PHONE, PICTURES[0]))

    assert (waiting.phase, waiting.device, waiting.candidate_device) == (Phase.IDENTITY, "", PHONE)
    assert decide(waiting, AcceptIdentity(), DESK, T0) == (IdentityAccepted(by=DESK), DeviceTaken(PHONE))


def test_a_refused_portrait_leads_back_to_the_door_with_its_reason() -> None:
    refused = after(new(PERSON), TakePortrait(PHONE, PICTURES[0]), RefuseIdentity("照片模糊"), by=DESK)

    assert (refused.phase, refused.refusal, refused.candidate_device) == (Phase.ENTERED, "照片模糊", "")
    again = after(refused, TakePortrait(PHONE, PICTURES[1]))
    assert (again.phase, again.refusal) == (Phase.IDENTITY, "")


def test_the_same_portrait_from_the_same_device_is_one_portrait() -> None:
    assert decide(ready(), TakePortrait(PHONE, PICTURES[0]), CANDIDATE, T0) == ()
    waiting = after(new(PERSON), TakePortrait(PHONE, PICTURES[0]))
    assert decide(waiting, TakePortrait(PHONE, PICTURES[0]), CANDIDATE, T0) == ()


def test_a_new_portrait_of_the_holding_device_takes_nothing_over() -> None:
    events = decide(running(), TakePortrait(PHONE, PICTURES[1]), CANDIDATE, T0)

    assert events == (PortraitTaken(PHONE, PICTURES[1]), IdentityAccepted(by=0))


def test_another_device_takes_over_with_a_portrait_and_keeps_clock_and_answers() -> None:
    before = after(running(), Answer(1, 1, "a"))

    taken = after(before, TakePortrait(TABLET, PICTURES[1]), now=at(500))

    assert taken.device == TABLET
    assert (taken.phase, taken.deadline_at, taken.answers, taken.last_seq) == (
        Phase.RUNNING,
        DEADLINE,
        before.answers,
        1,
    )


def test_a_takeover_judged_by_a_person_waits_and_the_old_device_holds_on() -> None:
    policy = Policy(identity_again=IdentityCheck.PERSON)
    waiting = after(running(policy), TakePortrait(TABLET, PICTURES[1]))

    assert (waiting.phase, waiting.device, waiting.candidate_device) == (Phase.RUNNING, PHONE, TABLET)
    assert after(waiting, AcceptIdentity(), by=DESK).device == TABLET
    refused = after(waiting, RefuseIdentity("不是本人"), by=DESK)
    assert (refused.phase, refused.device, refused.refusal) == (Phase.RUNNING, PHONE, "不是本人")


@pytest.mark.parametrize(
    ("verdict", "phase", "waits", "reason"),
    [
        (Verdict.ACCEPT, Phase.READY, False, ""),
        (Verdict.RETRY, Phase.ENTERED, False, TRY_AGAIN),
        (Verdict.ASK_A_PERSON, Phase.IDENTITY, True, ""),
    ],
)
def test_where_a_model_judges_its_word_counts_and_its_doubt_asks_a_person(
    verdict: Verdict, phase: Phase, waits: bool, reason: str
) -> None:
    judged = after(new(Policy(identity=IdentityCheck.MODEL)), TakePortrait(PHONE, PICTURES[0], verdict))

    assert (judged.phase, bool(judged.candidate_device), judged.refusal) == (phase, waits, reason)


def test_a_model_is_not_heard_where_the_policy_does_not_ask_it() -> None:
    judged = after(new(Policy(identity=IdentityCheck.PERSON)), TakePortrait(PHONE, PICTURES[0], Verdict.ACCEPT))

    assert judged.phase is Phase.IDENTITY


def test_a_device_that_takes_portraits_without_end_is_stopped() -> None:
    attempt = replace(running(), portrait_count=PORTRAITS_MAX)

    assert refusal(attempt, TakePortrait(TABLET, PICTURES[1])) == "too_many_portraits"


def test_only_the_device_that_holds_the_attempt_is_heard() -> None:
    fence(running(), PHONE)
    codes = []
    for attempt, device in ((running(), TABLET), (new(), PHONE)):
        with pytest.raises(Refused) as refused:
            fence(attempt, device)
        codes.append(refused.value.code)

    assert codes == ["superseded", "portrait_needed"]


def test_a_lock_holds_answers_back_and_the_clock_runs_on() -> None:
    locked = after(running(), LockIdentity("三次不符"), by=DESK)

    assert (locked.locked, locked.lock_reason, next_check_at(locked)) == (True, "三次不符", at(3605))
    assert due(locked, at(3605.1)) == (Submitted(as_of=DEADLINE, ending=Ending.TIME, unanswered=10),)


# --- notices -----------------------------------------------------------------------------------------------------


def test_notices_are_numbered_and_each_is_acknowledged_once() -> None:
    warned = after(running(), Warn("请正对摄像头"), Warn("还有十分钟", NoticeLevel.MESSAGE), now=at(10), by=DESK)

    assert [(n.notice, n.level, n.at, n.acknowledged) for n in warned.notices] == [
        (1, NoticeLevel.WARNING, at(10), False),
        (2, NoticeLevel.MESSAGE, at(10), False),
    ]
    acknowledged = after(warned, Acknowledge(2))
    assert [notice.acknowledged for notice in acknowledged.notices] == [False, True]
    assert decide(acknowledged, Acknowledge(2), CANDIDATE, T0) == ()


def test_the_same_act_warns_once() -> None:
    attempt = after(running(), Warn("请安静", act=5), Warn("请安静", act=5), Warn("请安静", act=6), by=DESK)

    assert len(attempt.notices) == 2


def test_an_act_that_warned_can_not_also_extend() -> None:
    assert decide(after(running(), Warn("请安静", act=5), by=DESK), Extend(60, "补时", 5), DESK, T0) == ()


def test_there_is_an_end_to_warnings() -> None:
    attempt = running()
    notice = after(attempt, Warn("请安静"), by=DESK).notices[0]

    assert refusal(replace(attempt, notices=(notice,) * NOTICES_MAX), Warn("请安静")) == "too_many_notices"


def test_a_notice_may_be_acknowledged_after_the_hand_in() -> None:
    attempt = after(after(running(), Warn("请安静"), by=DESK), HandIn(1), Acknowledge(1))

    assert attempt.notices[0].acknowledged


# --- marks and release -------------------------------------------------------------------------------------------


def test_a_mark_is_recorded_once_per_revision_and_an_older_one_changes_nothing() -> None:
    marked = after(STATES["submitted"], RecordMark(1, 4, 10), RecordMark(1, 9, 10), RecordMark(2, 5, 10))

    assert marked.marked == Marked(revision=2, points=5, points_max=10)
    assert decide(marked, RecordMark(1, 4, 10), CANDIDATE, T0) == ()


@pytest.mark.parametrize(("pass_points", "passed"), [(1, True), (2, True), (3, False)])
def test_who_has_the_pass_points_has_passed(pass_points: int, passed: bool) -> None:
    (released,) = decide(STATES["marked"], Release(pass_points), DESK, T0)

    assert released == Released(pass_points=pass_points, passed=passed, by=DESK)


@pytest.mark.parametrize(
    ("points", "keep_pass", "passed"), [(6, True, True), (5, True, True), (5, False, False), (6, False, True)]
)
def test_a_corrected_score_takes_a_told_pass_away_only_if_that_was_chosen(
    points: int, keep_pass: bool, passed: bool
) -> None:
    told = after(STATES["marked"], Release(2))
    assert told.released is not None
    assert told.released.passed

    corrected = after(told, Correct(2, points, 9, 6, keep_pass=keep_pass, proposal=4), by=DESK)

    assert corrected.phase is Phase.RELEASED
    assert corrected.marked == Marked(2, points, 9)
    assert corrected.released == Released(pass_points=6, passed=passed, by=DESK)
    assert decide(corrected, Correct(2, 1, 9, 6, keep_pass=False, proposal=5), DESK, T0) == ()


def test_who_failed_and_was_corrected_upwards_has_passed() -> None:
    corrected = after(STATES["released"], Correct(2, 6, 10, 6, keep_pass=True, proposal=4))

    assert corrected.released is not None
    assert corrected.released.passed


def test_the_pass_line_of_a_paper_with_void_items_follows_its_maximum() -> None:
    (released,) = decide(STATES["marked"], Release(3, points_full=12), DESK, T0)  # 10 of 12 points are left

    assert released == Released(pass_points=3, passed=False, by=DESK)
    (released,) = decide(STATES["marked"], Release(3, points_full=20), DESK, T0)
    assert released == Released(pass_points=2, passed=True, by=DESK)


def test_an_annulled_attempt_keeps_its_evidence_and_nothing_more_happens_to_it() -> None:
    annulled = STATES["annulled"]

    assert annulled.answers == {1: "a", 2: "b"}
    assert (annulled.phase, annulled.paused_at, annulled.locked, next_check_at(annulled)) == (
        Phase.ANNULLED,
        None,
        False,
        None,
    )


# --- when the sweeper must look ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_the_sweeper_looks_at_running_attempts_only(state: str) -> None:
    attempt = STATES[state]

    assert (next_check_at(attempt) is not None) == (attempt.phase is Phase.RUNNING)


def test_nothing_is_due_at_the_very_instant_the_sweeper_was_told_and_something_right_after() -> None:
    for attempt in (running(), STATES["extended"], after(running(UNCOMPENSATED), Pause("巡查"), by=DESK)):
        check_at = next_check_at(attempt)
        assert check_at is not None
        assert due(attempt, check_at) == () or attempt.paused_at is not None
        assert due(attempt, check_at + (at(0.000001) - T0)) != ()


def test_a_second_entered_in_a_journal_is_our_own_error() -> None:
    with pytest.raises(AssertionError):
        evolve(new(), entered(), T0)


# --- what proctoring asks for ------------------------------------------------------------------------------------


def test_a_rule_tells_the_candidate_once_and_a_worse_level_is_another_word() -> None:
    attempt = after(running(), Notify("camera_away:1:2", "请检查摄像头"))

    assert decide(attempt, Notify("camera_away:1:2", "请检查摄像头，已二次提示"), CANDIDATE, T0) == ()
    events = decide(attempt, Notify("camera_away:1:3", "情况已记录"), CANDIDATE, T0)
    assert events == (Warned(2, NoticeLevel.WARNING, "情况已记录", 0, rule="camera_away:1:3"),)


def test_rules_that_tell_without_end_are_stopped_without_an_error() -> None:
    attempt = after(running(), *(Notify(f"paste:{n}:2", "请直接作答") for n in range(NOTICES_MAX)))

    assert len(attempt.notices) == NOTICES_MAX
    assert decide(attempt, Notify("paste:900:2", "请直接作答"), CANDIDATE, T0) == ()


def test_a_rule_hands_in_under_its_own_name_and_a_person_under_his() -> None:
    assert [after(running(), ForceHandIn("离开"), by=by).submitted.ending for by in (CANDIDATE, DESK)] == [  # type: ignore[union-attr]
        Ending.RULE,
        Ending.INVIGILATOR,
    ]


@pytest.mark.parametrize("policy", [ONE_HOUR, PERSON])
def test_without_a_picture_a_person_is_asked_whatever_the_policy_and_asking_again_changes_nothing(
    policy: Policy,
) -> None:
    attempt = after(new(policy), AskForPerson(PHONE, "no_consent"))

    assert (attempt.phase, attempt.picture, attempt.candidate_device) == (Phase.IDENTITY, "", PHONE)
    assert decide(attempt, AskForPerson(PHONE, "no_consent"), CANDIDATE, T0) == ()
    assert after(attempt, AcceptIdentity(), by=DESK).phase is Phase.READY


def test_the_score_waits_until_the_last_case_is_decided() -> None:
    attempt = after(running(), HandIn(1), RecordMark(1, 8, 10), Hold(7), Hold(8), EndHold(7))

    assert refusal(attempt, Release(6)) == "case_open"
    assert after(attempt, EndHold(8), Release(6)).phase is Phase.RELEASED


def test_a_case_may_be_opened_before_the_exam_is_over_and_holds_from_then_on() -> None:
    attempt = after(running(), Hold(7), HandIn(1), RecordMark(1, 8, 10))

    assert refusal(attempt, Release(6)) == "case_open"


def test_who_is_annulled_for_a_failure_may_still_be_barred_for_cheating_but_never_the_other_way_round() -> None:
    annulled = after(running(), Annul("设备故障"), by=DESK)
    barred = after(annulled, Annul("替考", barred=True), by=DESK)

    assert (annulled.barred, barred.barred) == (False, True)
    assert decide(barred, Annul("设备故障"), DESK, T0) == ()


# --- laws --------------------------------------------------------------------------------------------------------

POLICIES = st.builds(
    Policy,
    minutes=st.integers(1, 4),
    grace_s=st.integers(0, 60),
    a4_no_back=st.booleans(),
    identity=st.sampled_from(IdentityCheck),
    identity_again=st.sampled_from(IdentityCheck),
    pause_compensated=st.booleans(),
    pause_s_max=st.integers(60, 120),
    cut_at_close=st.booleans(),
)
_SEQ = st.integers(1, 12)
_NO = st.integers(1, 11)
_CHOICE = st.sets(st.sampled_from("abcde"), min_size=1, max_size=3).map(lambda letters: "".join(sorted(letters)))
_ACT = st.integers(0, 2)
ANY_COMMAND: st.SearchStrategy[Command] = st.one_of(
    st.builds(Answer, _SEQ, _NO, _CHOICE),
    st.builds(Clear, _SEQ, _NO),
    st.builds(MarkForLater, _SEQ, _NO, st.booleans()),
    st.builds(HandIn, _SEQ),
    st.builds(TakePortrait, st.sampled_from([PHONE, TABLET]), st.sampled_from(PICTURES[:3])),
    st.builds(Acknowledge, st.integers(1, 2)),
    st.builds(Warn, st.just("请安静"), st.sampled_from(NoticeLevel), _ACT),
    st.builds(Notify, st.sampled_from(["left_page:3:2", "paste:3:2"]), st.just("请保持在考试页面作答。")),
    st.builds(AskForPerson, st.sampled_from([PHONE, TABLET]), st.just("no_camera")),
    st.builds(Hold, st.integers(1, 2)),
    st.builds(EndHold, st.integers(1, 2)),
    st.builds(Extend, st.sampled_from([60, 90]), st.just("补时"), _ACT),
    st.builds(RecordMark, st.integers(1, 2), st.integers(0, 10), st.just(10)),
    st.sampled_from(
        [
            Start(),
            Tick(),
            TimeUp(),
            Pause("停电"),
            Resume(),
            LockIdentity("不符"),
            UnlockIdentity(),
            AcceptIdentity(),
            RefuseIdentity("模糊"),
            Release(6),
        ]
    ),
    st.sampled_from([ForceHandIn("作弊"), Annul("故障"), Annul("替考", barred=True), Start(), Start()]),
)


class _Next:
    """A step that uses the number the server expects, so that stories get somewhere."""

    def __init__(self, command: Command) -> None:
        self.command = command

    def of(self, attempt: Attempt) -> Command:
        if isinstance(self.command, Answer | Clear | MarkForLater | HandIn):
            return replace(self.command, seq=attempt.last_seq + 1)
        return self.command


STEPS = st.lists(st.tuples(st.booleans(), ANY_COMMAND, st.sampled_from([0, 0.5, 3, 20, 61])), min_size=1, max_size=40)
LAWS = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


class Story:
    """What happened when the steps were played on a new attempt that was let in at T0."""

    def __init__(self, policy: Policy, steps: list[tuple[bool, Command, float]]) -> None:
        first = entered(policy)
        self.journal: list[tuple[Event, datetime]] = [(first, T0)]
        self.states: list[Attempt] = [begin(first)]
        self.refused: list[Refused] = []
        self._do(TakePortrait(PHONE, PICTURES[0]), T0)
        self._do(AcceptIdentity(), T0)
        self._do(Start(), T0)
        second = 0.0
        for next_number, command, later_s in steps:
            second += later_s
            self._do(_Next(command).of(self.state) if next_number else command, at(second))

    @property
    def state(self) -> Attempt:
        return self.states[-1]

    def _do(self, command: Command, now: datetime) -> None:
        while overdue := due(self.state, now):
            self._follow(overdue, now)
        try:
            events = decide(self.state, command, DESK, now)
        except Refused as refused:
            self.refused.append(refused)
            return
        self._follow(events, now)

    def _follow(self, events: tuple[Event, ...], now: datetime) -> None:
        for event in events:
            self.journal.append((event, now))
            self.states.append(evolve(self.state, event, now))


@LAWS
@given(POLICIES, STEPS)
def test_the_fold_of_the_journal_is_the_state_also_after_it_was_written_and_read(
    policy: Policy, steps: list[tuple[bool, Command, float]]
) -> None:
    story = Story(policy, steps)

    first, rest = story.journal[0][0], story.journal[1:]
    assert isinstance(first, Entered)
    state = begin(first)
    for event, instant in rest:
        state = evolve(state, read_event(write(event)), instant)
    assert state == story.state


@LAWS
@given(POLICIES, STEPS, ANY_COMMAND)
def test_the_same_question_has_the_same_answer_and_asking_changes_nothing(
    policy: Policy, steps: list[tuple[bool, Command, float]], command: Command
) -> None:
    state = Story(policy, steps).state
    kept = write(state)

    answers = []
    for _ in range(2):
        try:
            answers.append(str(decide(state, command, DESK, at(90))))
        except Refused as refused:
            answers.append(f"{refused.code} {refused.facts}")

    assert answers[0] == answers[1]
    assert write(state) == kept


@LAWS
@given(POLICIES, STEPS)
def test_numbers_never_fall_and_never_leave_a_gap(policy: Policy, steps: list[tuple[bool, Command, float]]) -> None:
    story = Story(policy, steps)

    numbers = [state.last_seq for state in story.states]
    assert all(0 <= b - a <= 1 for a, b in pairwise(numbers))
    taken = [event.seq for event, _ in story.journal if getattr(event, "seq", 0)]  # type: ignore[union-attr]
    assert taken == list(range(1, len(taken) + 1))


@LAWS
@given(POLICIES, STEPS)
def test_only_the_start_the_desk_and_the_end_of_a_pause_say_a_deadline(
    policy: Policy, steps: list[tuple[bool, Command, float]]
) -> None:
    story = Story(policy, steps)

    for (event, _), before, now in zip(story.journal[1:], story.states, story.states[1:], strict=False):
        if before.deadline_at != now.deadline_at:
            assert isinstance(event, Started | Extended | Resumed)
        if before.deadline_at and now.deadline_at:
            assert before.deadline_at <= now.deadline_at


@LAWS
@given(POLICIES, STEPS)
def test_nothing_counts_after_the_hand_in_and_there_is_one(
    policy: Policy, steps: list[tuple[bool, Command, float]]
) -> None:
    events = [event for event, _ in Story(policy, steps).journal]

    ends = [index for index, event in enumerate(events) if isinstance(event, Submitted)]
    counted = [i for i, event in enumerate(events) if isinstance(event, Answered | Cleared | MarkedForLater)]
    assert len(ends) <= 1
    assert not ends or all(index < ends[0] for index in counted)
    assert all(index > ends[0] for index, event in enumerate(events) if isinstance(event, CameLate))


@LAWS
@given(POLICIES, STEPS)
def test_who_handed_in_never_has_more_time_than_the_deadline(
    policy: Policy, steps: list[tuple[bool, Command, float]]
) -> None:
    state = Story(policy, steps).state

    if state.submitted is not None:
        assert state.deadline_at is not None
        assert state.started_at is not None
        assert state.started_at <= state.submitted.as_of <= state.deadline_at
        assert state.submitted.unanswered == state.unanswered_count


@LAWS
@given(POLICIES, STEPS)
def test_after_time_has_acted_it_has_nothing_more_to_say(
    policy: Policy, steps: list[tuple[bool, Command, float]]
) -> None:
    state = Story(policy, steps).state
    for second in (0.0, 60.0, 121.5, 10_000.0):
        for _ in range(3):
            state = fold(state, due(state, at(second)), at(second))
        assert due(state, at(second)) == ()
        check_at = next_check_at(state)
        assert check_at is None or check_at >= at(second)


def test_the_events_of_the_tests_above_are_all_there_are() -> None:
    seen = {
        Acknowledged,
        Annulled,
        Answered,
        CameLate,
        Cleared,
        Corrected,
        DeviceTaken,
        Entered,
        Extended,
        Held,
        HoldEnded,
        IdentityAccepted,
        IdentityLocked,
        IdentityRefused,
        IdentityUnlocked,
        Marked,
        MarkedForLater,
        Paused,
        PortraitTaken,
        Released,
        Resumed,
        Started,
        Submitted,
        Warned,
    }
    assert seen == set(Event.__args__)
    assert ONE_HOUR.minutes == 60
