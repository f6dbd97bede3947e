"""A case is decided by people, heard first, never by whoever reported it; and it can be undone."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from proctor.cases import (
    ATTACHMENTS_MAX,
    UNDECIDED,
    Allegation,
    Appeal,
    AppealDecided,
    AppealRuling,
    Attach,
    Case,
    CaseCommand,
    CaseEvent,
    CaseOpened,
    CasePhase,
    CaseRefused,
    Decide,
    DecideAppeal,
    Decided,
    Measure,
    Notify,
    OpenCase,
    Reply,
    Ruling,
    decide,
    evolve,
    holds_score,
    read_command,
    read_event,
    write,
)
from proctor.policy import Proctoring

T0 = datetime(2026, 3, 1, 10, tzinfo=UTC)
POLICY = Proctoring()
OPENER, REPORTER, CHIEF, SECOND = 11, 12, 21, 22
PICTURE = "ab" * 32

OPEN = OpenCase(Allegation.HELPER, "旁边有人说话", (("several_faces", 2),), (PICTURE,), REPORTER)
CONFIRM = Decide(Ruling.CONFIRM, "证据充分", Measure.VOID)
DISMISS = Decide(Ruling.DISMISS, "是家人路过")
UPHOLD = DecideAppeal(AppealRuling.UPHOLD, "维持")
OVERTURN = DecideAppeal(AppealRuling.OVERTURN, "撤销")
Step = tuple[CaseCommand, int, float]  # command, by whom, hours after T0


def hours(n: float) -> datetime:
    return T0 + timedelta(hours=n)


def told(*steps: Step, policy: Proctoring = POLICY) -> Case:
    case: Case | None = None
    for command, by, after_h in steps:
        for event in decide(case, command, by, hours(after_h), policy):
            case = evolve(case, event, hours(after_h))
    assert case is not None
    return case


def refusal(case: Case | None, command: CaseCommand, by: int, after_h: float) -> str:
    with pytest.raises(CaseRefused) as refused:
        decide(case, command, by, hours(after_h), POLICY)
    return refused.value.code


OPENED: Step = (OPEN, OPENER, 0)
NOTIFIED: Step = (Notify(), 0, 1)
REPLIED: Step = (Reply("是我母亲送水"), 0, 2)
CONFIRMED: Step = (CONFIRM, CHIEF, 3)
APPEALED: Step = (Appeal("请复核录像"), 0, 4)
HEARD = (OPENED, NOTIFIED, REPLIED)


@pytest.mark.parametrize(
    ("steps", "phase", "measure", "held"),
    [
        ((OPENED,), CasePhase.OPEN, Measure.NONE, True),
        ((OPENED, NOTIFIED), CasePhase.NOTIFIED, Measure.NONE, True),
        (HEARD, CasePhase.REPLIED, Measure.NONE, True),
        ((*HEARD, CONFIRMED), CasePhase.CONFIRMED, Measure.VOID, False),
        ((*HEARD, (DISMISS, CHIEF, 3)), CasePhase.DISMISSED, Measure.NONE, False),
        ((OPENED, (DISMISS, CHIEF, 0)), CasePhase.DISMISSED, Measure.NONE, False),
        ((OPENED, NOTIFIED, (CONFIRM, CHIEF, 73)), CasePhase.CONFIRMED, Measure.VOID, False),
        ((*HEARD, CONFIRMED, APPEALED), CasePhase.APPEALED, Measure.VOID, True),
        ((*HEARD, CONFIRMED, APPEALED, (UPHOLD, SECOND, 5)), CasePhase.UPHELD, Measure.VOID, False),
        ((*HEARD, CONFIRMED, APPEALED, (OVERTURN, SECOND, 5)), CasePhase.OVERTURNED, Measure.NONE, False),
        ((OPENED, NOTIFIED, (Attach("还有一张"), OPENER, 2)), CasePhase.OPEN, Measure.NONE, True),
    ],
)
def test_a_case_goes_its_way_and_the_score_waits_while_somebody_has_to_decide(
    steps: tuple[Step, ...], phase: CasePhase, measure: Measure, held: bool
) -> None:
    case = told(*steps)

    assert (case.phase, case.measure, holds_score(case)) == (phase, measure, held)
    assert (case.closed_at is None) == held


@pytest.mark.parametrize(
    ("steps", "command", "by", "after_h", "code"),
    [
        ((OPENED,), OPEN, OPENER, 1, "already_open"),
        # nobody decides his own report
        (HEARD, CONFIRM, OPENER, 3, "own_case"),
        (HEARD, DISMISS, REPORTER, 3, "own_case"),
        ((*HEARD, CONFIRMED, APPEALED), OVERTURN, OPENER, 5, "own_case"),
        ((*HEARD, CONFIRMED, APPEALED), UPHOLD, REPORTER, 5, "own_case"),
        ((*HEARD, CONFIRMED, APPEALED), UPHOLD, CHIEF, 5, "own_decision"),
        # nothing decides by itself
        (HEARD, CONFIRM, 0, 3, "person_needed"),
        (HEARD, DISMISS, 0, 3, "person_needed"),
        ((*HEARD, CONFIRMED, APPEALED), UPHOLD, 0, 5, "person_needed"),
        # nobody is found guilty unheard
        ((OPENED,), CONFIRM, CHIEF, 900, "not_notified"),
        ((OPENED, NOTIFIED), CONFIRM, CHIEF, 72.99, "reply_pending"),
        ((OPENED, NOTIFIED, (Attach("新"), OPENER, 70)), CONFIRM, CHIEF, 80, "not_notified"),
        # one reply, one appeal, in time
        ((OPENED,), Reply("?"), 0, 1, "not_notified"),
        (HEARD, Reply("另外"), 0, 3, "already_replied"),
        ((OPENED, NOTIFIED, (DISMISS, CHIEF, 2)), Reply("迟了"), 0, 3, "already_decided"),
        (HEARD, Appeal("?"), 0, 3, "not_confirmed"),
        ((*HEARD, (DISMISS, CHIEF, 3)), Appeal("?"), 0, 4, "not_confirmed"),
        ((*HEARD, CONFIRMED), Appeal("迟了"), 0, 3 + 15 * 24, "appeal_too_late"),
        ((*HEARD, CONFIRMED, APPEALED), Appeal("再次"), 0, 5, "already_appealed"),
        ((*HEARD, CONFIRMED, APPEALED, (UPHOLD, SECOND, 5)), Appeal("再次"), 0, 6, "already_appealed"),
        # what is decided is decided
        ((*HEARD, CONFIRMED), DISMISS, SECOND, 4, "already_decided"),
        ((*HEARD, CONFIRMED), UPHOLD, SECOND, 4, "not_appealed"),
        ((*HEARD, CONFIRMED, APPEALED, (UPHOLD, SECOND, 5)), OVERTURN, SECOND, 6, "already_decided"),
        (HEARD, Decide(Ruling.DISMISS, "无", Measure.WARNING), CHIEF, 3, "measure_without_confirmation"),
        (HEARD, Attach("新证据"), OPENER, 3, "evidence_closed"),
        ((OPENED,), Attach(), OPENER, 1, "nothing_alleged"),
    ],
)
def test_what_would_not_be_just_is_refused(
    steps: tuple[Step, ...], command: CaseCommand, by: int, after_h: float, code: str
) -> None:
    assert refusal(told(*steps), command, by, after_h) == code


@pytest.mark.parametrize(
    ("command", "by", "code"),
    [
        (Notify(), 0, "no_such_case"),
        (DISMISS, CHIEF, "no_such_case"),
        (OpenCase(Allegation.OTHER), 0, "nothing_alleged"),
        (OpenCase(Allegation.OTHER, "a rule has no words"), 0, "nothing_alleged"),
        (OpenCase(Allegation.OTHER, "", (("left_page", 6),)), OPENER, "nothing_alleged"),
    ],
)
def test_a_case_begins_with_an_allegation(command: CaseCommand, by: int, code: str) -> None:
    assert refusal(None, command, by, 0) == code


def test_a_case_opened_by_a_rule_may_be_decided_by_anybody_but_a_reporter() -> None:
    case = told((OpenCase(Allegation.LEAVING, "", (("left_page", 6),)), 0, 0), (DISMISS, OPENER, 1))

    assert (case.opened_by, case.decided_by, case.phase) == (0, OPENER, CasePhase.DISMISSED)


@pytest.mark.parametrize(
    ("steps", "again"),
    [
        ((OPENED, NOTIFIED), Notify()),
        (HEARD, Notify()),
        (HEARD, Reply("是我母亲送水")),
        ((*HEARD, CONFIRMED), Reply("是我母亲送水")),
        ((*HEARD, CONFIRMED, APPEALED), Appeal("请复核录像")),
        ((OPENED, (Attach("图", pictures=(PICTURE,)), OPENER, 1)), Attach("图", pictures=(PICTURE,))),
    ],
)
def test_the_same_again_is_harmless(steps: tuple[Step, ...], again: CaseCommand) -> None:
    assert decide(told(*steps), again, OPENER, hours(9), POLICY) == ()


def test_new_evidence_after_the_notice_must_be_told_too_and_gives_the_time_to_reply_again() -> None:
    case = told(OPENED, NOTIFIED, (Attach("又一张", pictures=(PICTURE,)), OPENER, 70), (Notify(), 0, 71))

    assert case.reply_until == hours(71 + 72)
    assert [one.text for one in case.attachments] == ["又一张"]


def test_evidence_has_a_limit() -> None:
    many: list[Step] = [(Attach(f"第{n}份"), OPENER, 1) for n in range(ATTACHMENTS_MAX)]

    assert refusal(told(OPENED, *many), Attach("又一份"), OPENER, 2) == "too_much_evidence"


def test_a_refusal_says_until_when() -> None:
    with pytest.raises(CaseRefused) as refused:
        decide(told(OPENED, NOTIFIED), CONFIRM, CHIEF, hours(2), POLICY)

    assert refused.value.facts == {"until": hours(73).isoformat()}


@pytest.mark.parametrize(
    "command",
    [OPEN, Attach("图", (("idle", 1),), (PICTURE,)), Notify(), Reply("回复\n第二行"), CONFIRM, Appeal("申诉"), UPHOLD],
)
def test_commands_survive_the_wire(command: CaseCommand) -> None:
    assert read_command(write(command)) == command


def test_every_kind_of_event_survives_the_journal() -> None:
    seen: set[type] = set()
    case: Case | None = None
    steps = [OPENED, (Attach("图"), OPENER, 0), *HEARD[1:], CONFIRMED, APPEALED, (UPHOLD, SECOND, 5)]
    for command, by, after_h in steps:
        for event in decide(case, command, by, hours(after_h), POLICY):
            assert read_event(write(event)) == event
            seen.add(type(event))
            case = evolve(case, event, hours(after_h))

    assert seen == set(get_args(CaseEvent))


@pytest.mark.parametrize(
    "body",
    [
        '{"type":"reply","text":""}',
        '{"type":"reply","text":"' + "字" * 2001 + '"}',
        '{"type":"reply","text":"a\\u0000b"}',
        '{"type":"decide","ruling":"convict","reason":"x"}',
        '{"type":"decide","ruling":"confirm"}',
        '{"type":"open","allegation":"rude","text":"x"}',
        '{"type":"attach","pictures":["../../etc"]}',
        '{"type":"notify","by":3}',
        '{"type":"execute"}',
    ],
)
def test_what_is_no_command_is_not_read(body: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read_command(body)


people = st.sampled_from([0, OPENER, REPORTER, CHIEF, SECOND])
texts = st.sampled_from(["一", "二"])
commands = st.one_of(
    st.just(OPEN),
    st.builds(OpenCase, st.sampled_from(Allegation), texts, st.just((("left_page", 6),)), reporter=people),
    st.builds(Attach, texts),
    st.just(Notify()),
    st.builds(Reply, texts),
    st.builds(Decide, st.sampled_from(Ruling), texts, st.sampled_from(Measure)),
    st.builds(Appeal, texts),
    st.builds(DecideAppeal, st.sampled_from(AppealRuling), texts),
)


class Hearing(RuleBasedStateMachine):
    """Everybody tries everything at any time; the books stay just."""

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.case: Case | None = None
        self.journal: list[tuple[datetime, CaseEvent]] = []
        self.seen: list[bytes] = []

    @rule(wait=st.sampled_from([1, 24, 72, 400]))
    def time_passes(self, wait: int) -> None:
        self.now += timedelta(hours=wait)

    @rule(command=commands, by=people)
    def somebody_wants_something(self, command: CaseCommand, by: int) -> None:
        try:
            events = decide(self.case, command, by, self.now, POLICY)
        except CaseRefused:
            return
        for event in events:
            self._judge(event)
            self.journal.append((self.now, event))
            self.case = evolve(self.case, event, self.now)

    @precondition(lambda self: self.case is not None)
    @rule()
    def everything_is_told_as_it_should(self) -> None:
        """A short cut to the later phases."""
        for command, by in ((Notify(), 0), (Reply("一"), 0), (CONFIRM, CHIEF), (Appeal("一"), 0)):
            self.somebody_wants_something(command, by)

    def _judge(self, event: CaseEvent) -> None:
        """What must be true when somebody decided."""
        case = self.case
        if not isinstance(event, Decided | AppealDecided):
            return
        assert case is not None
        assert event.by not in (0, case.opened_by, case.reporter)
        if isinstance(event, AppealDecided):
            assert case.appeal
            assert event.by != case.decided_by
        elif event.ruling is Ruling.CONFIRM:
            assert case.notified_at is not None
            assert case.reply or self.now - case.notified_at >= timedelta(hours=POLICY.reply_h)

    @invariant()
    def history_only_grows_and_tells_the_same_story(self) -> None:
        written = [write(event) for _, event in self.journal]
        assert written[: len(self.seen)] == self.seen
        self.seen = written
        again: Case | None = None
        for (at, event), body in zip(self.journal, written, strict=True):
            assert read_event(body) == event
            again = evolve(again, event, at)
        assert again == self.case
        assert sum(isinstance(event, CaseOpened) for _, event in self.journal) == (self.case is not None)
        assert sum(isinstance(event, Decided) for _, event in self.journal) <= 1

    @invariant()
    def only_who_was_found_guilty_has_a_measure(self) -> None:
        if self.case is None:
            return
        guilty = self.case.phase in (CasePhase.CONFIRMED, CasePhase.APPEALED, CasePhase.UPHELD)
        assert guilty or self.case.measure is Measure.NONE
        assert holds_score(self.case) == (self.case.phase in UNDECIDED or self.case.phase is CasePhase.APPEALED)
        assert holds_score(self.case) == (self.case.closed_at is None)


TestHearing = Hearing.TestCase
TestHearing.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
