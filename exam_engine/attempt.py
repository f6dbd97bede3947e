"""One go of one physician at one sitting: what may happen to it, and what follows.

    decide(attempt, command, by, now) -> events      may refuse; changes nothing
    evolve(attempt, event, at) -> attempt            never refuses

`decide` first lets time act: what time demands comes back before anything else, as events of its own, and the
caller appends those and asks again. Then it matches the *positive list* of (command, phase) pairs; every pair
not listed is refused. All values are frozen; the clock comes in as an argument. Rules: domain.md §3.9.

Numbering. A device numbers its commands 1, 2, 3 … (`seq`) and never leaves a gap. The next number is taken, an
old number is a retry (and told to be `already` there, if it says the same as the first time), a higher one is
refused with the number expected, so that answers can't overtake each other. Only a *temporary* refusal (paused,
locked) leaves the command waiting on the device; a permanent one is dropped there and its number used again.
"""

from datetime import datetime
from sys import intern
from typing import assert_never
from zlib import crc32

import msgspec
from msgspec.structs import replace

from exam_engine import timing
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
)
from exam_engine.sitting import IdentityCheck, Policy
from proctor.identity import Verdict
from scoring.result import LegOutcome, leg_outcome, line

LATE_MAX = 1000  # late answers kept per attempt; a device that sends more is broken or hostile
NOTICES_MAX = 200
PORTRAITS_MAX = 100
EXTENSION_S_MAX = 24 * 3600  # in sum, per attempt
TRY_AGAIN = "try_again"  # the reason of a refusal by the model: the browser has the sentence
_PRINT_BYTES = 4

# Attempts of a sitting share one policy: it is the same value, so it may as well be the same object.
_POLICIES: dict[Policy, Policy] = {}
_FINAL = frozenset({Phase.SUBMITTED, Phase.MARKED, Phase.RELEASED, Phase.ANNULLED})
_BEFORE_START = frozenset({Phase.ENTERED, Phase.IDENTITY, Phase.READY})


class Notice(msgspec.Struct, frozen=True, gc=False):
    notice: int
    level: NoticeLevel
    text: str
    at: datetime
    acknowledged: bool = False
    rule: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of one journal. `answers` maps positions (from 1) to the last word on them, "" once cleared."""

    sitting: int
    person: int
    policy: Policy
    layout: Layout
    closes_at: datetime
    extra_minutes: int
    paper: str
    phase: Phase = Phase.ENTERED
    device: str = ""
    candidate_device: str = ""
    refusal: str = ""  # why the last portrait was refused
    picture: str = ""
    portrait_count: int = 0
    deadline_at: datetime | None = None
    started_at: datetime | None = None
    paused_at: datetime | None = None
    pause_reason: str = ""
    lock_reason: str = ""
    extended_s: int = 0
    last_seq: int = 0
    said: bytes = b""  # the print of each number's command, in their order
    answers: dict[int, str] = {}
    marks: dict[int, int] = {}  # position -> seq while marked for later
    late_count: int = 0
    notices: tuple[Notice, ...] = ()
    acts: frozenset[int] = frozenset()  # acts of the desk that must not happen twice
    held_by: frozenset[int] = frozenset()  # cases that hold the score back
    barred: bool = False
    submitted: Submitted | None = None
    marked: Marked | None = None
    released: Released | None = None

    @property
    def locked(self) -> bool:
        return bool(self.lock_reason)

    @property
    def item_count(self) -> int:
        return len(self.layout.options)

    @property
    def answered_count(self) -> int:
        return sum(1 for choice in self.answers.values() if choice)

    @property
    def unanswered_count(self) -> int:
        return self.item_count - self.answered_count


# --- deciding ------------------------------------------------------------------------------------------------


def decide(attempt: Attempt, command: Command, by: int, now: datetime) -> tuple[Event, ...]:
    """What follows from `command`, given by account `by` (0: the system or the candidate himself).

    Returns no events when the command is a harmless repetition. Raises Refused; changes nothing.
    When time has something to say (`due`), only that is returned: append it and ask again.
    """
    overdue = due(attempt, now)
    if overdue:
        return overdue
    match command:
        case Tick() | TimeUp():
            return ()
        case Answer() | Clear() | MarkForLater() | HandIn():
            return _numbered(attempt, command, now)
        case Start():
            return _start(attempt, now)
        case Acknowledge():
            return _acknowledge(attempt, command)
        case TakePortrait():
            return _take_portrait(attempt, command)
        case AskForPerson():
            return _ask_for_person(attempt, command)
        case AcceptIdentity() | RefuseIdentity():
            return _judge_identity(attempt, command, by)
        case Warn():
            return _warn(attempt, command, by)
        case Notify():
            return _notify(attempt, command)
        case Hold():
            return () if command.case in attempt.held_by else (Held(case=command.case),)
        case EndHold():
            return (HoldEnded(case=command.case),) if command.case in attempt.held_by else ()
        case Pause() | Resume() | Extend() | LockIdentity() | UnlockIdentity() | ForceHandIn():
            return _steer(attempt, command, by, now)
        case RecordMark():
            return _record_mark(attempt, command)
        case Release():
            return _release(attempt, command, by)
        case Correct():
            return _correct(attempt, command, by)
        case Annul():
            return _annul(attempt, command, by)
        case _:
            assert_never(command)


def fence(attempt: Attempt, device: str) -> None:
    """Refuse every word of a device that does not hold the attempt (domain.md §3.9 I-2)."""
    if attempt.device != device:
        raise Refused("superseded" if attempt.device else "portrait_needed")


def due(attempt: Attempt, now: datetime) -> tuple[Event, ...]:
    """What time alone demands at `now`: the end of a forgotten pause, or the closing bell.

    The bell rings when deadline + grace has passed, and counts as of the deadline: so answers that were
    under way at the deadline still count, and nobody is given more than the grace by a slow server.
    """
    if attempt.phase is not Phase.RUNNING:
        return ()
    assert attempt.deadline_at is not None
    if attempt.paused_at is not None:
        ends_at = timing.pause_ends_at(attempt.policy, attempt.paused_at)
        if _clock_stands(attempt) and now < ends_at:
            return ()
        if now >= ends_at:
            return (_resumed(attempt, attempt.paused_at, ends_at, by=0),)
    if now <= attempt.deadline_at or now <= timing.last_counted_at(attempt.policy, attempt.deadline_at):
        return ()
    return (_submitted(attempt, attempt.deadline_at, Ending.TIME),)


def next_check_at(attempt: Attempt) -> datetime | None:
    """When the sweeper must look at this attempt, if nothing else happens; None: never."""
    if attempt.phase is not Phase.RUNNING:
        return None
    assert attempt.deadline_at is not None
    bell_at = timing.last_counted_at(attempt.policy, attempt.deadline_at)
    if attempt.paused_at is None:
        return bell_at
    ends_at = timing.pause_ends_at(attempt.policy, attempt.paused_at)
    return ends_at if _clock_stands(attempt) else min(ends_at, bell_at)


def _clock_stands(attempt: Attempt) -> bool:
    return attempt.paused_at is not None and attempt.policy.pause_compensated


def _numbered(attempt: Attempt, command: Answer | Clear | MarkForLater | HandIn, now: datetime) -> tuple[Event, ...]:
    if command.seq <= attempt.last_seq:
        return _retry(attempt, command)
    if attempt.phase in _BEFORE_START:
        raise Refused("not_started")
    if attempt.phase is Phase.ANNULLED:
        raise Refused("annulled")
    if command.seq != attempt.last_seq + 1:
        raise Refused("seq_gap", expected=attempt.last_seq + 1)
    if attempt.phase is not Phase.RUNNING:
        return _after_the_end(attempt, command)
    if isinstance(command, HandIn):
        return (_submitted(attempt, now, Ending.CANDIDATE, seq=command.seq),)
    _check_item(attempt, command)
    if attempt.paused_at is not None:
        raise Refused("paused")
    if attempt.locked:
        raise Refused("identity_locked")
    return (_answer_event(command),)


def _retry(attempt: Attempt, command: Answer | Clear | MarkForLater | HandIn) -> tuple[Event, ...]:
    """A number already taken: harmless if it says what it said then, else a broken device is told so."""
    if not _consistent(attempt, command):
        raise Refused("seq_reused")
    return ()


def _consistent(attempt: Attempt, command: Answer | Clear | MarkForLater | HandIn) -> bool:
    """Whether the taken number was this very command: its print was kept when the number was taken."""
    if isinstance(command, HandIn):
        said = _print("hand_in", 0, "")
    elif isinstance(command, MarkForLater):
        said = _print("mark", command.no, "on" if command.on else "off")
    else:
        said = _print("answer", command.no, command.choice if isinstance(command, Answer) else "")
    begin = (command.seq - 1) * _PRINT_BYTES
    return attempt.said[begin : begin + _PRINT_BYTES] == said


def _print(kind: str, no: int, text: str) -> bytes:
    """Four bytes that tell one numbered command from another. A device errs, it does not forge: CRC-32 is enough."""
    return crc32(f"{kind} {no} {text}".encode()).to_bytes(_PRINT_BYTES, "big")


def _after_the_end(attempt: Attempt, command: Answer | Clear | MarkForLater | HandIn) -> tuple[Event, ...]:
    """Too late to count: answers are kept and shown as late; the rest has no meaning any more."""
    if not isinstance(command, Answer | Clear):
        raise Refused("already_submitted")
    _check_item(attempt, command)
    if attempt.late_count >= LATE_MAX:
        raise Refused("too_many_late", limit=LATE_MAX)
    choice = command.choice if isinstance(command, Answer) else ""
    return (CameLate(seq=command.seq, no=command.no, choice=choice),)


def _check_item(attempt: Attempt, command: Answer | Clear | MarkForLater) -> None:
    layout, index = attempt.layout, command.no - 1
    if command.no > attempt.item_count:
        raise Refused("no_such_item", no=command.no, item_count=attempt.item_count)
    if isinstance(command, Answer):
        choice = command.choice
        if choice[-1] > layout.options[index]:
            raise Refused("no_such_option", no=command.no)
        if len(choice) > 1:
            _check_several(choice, layout.multiple[index], command.no)
    if attempt.policy.a4_no_back and not isinstance(command, MarkForLater) and _chain_went_on(attempt, command.no):
        raise Refused("no_way_back", no=command.no)


def _check_several(choice: str, multiple: str, no: int) -> None:
    if list(choice) != sorted(set(choice)):
        raise Refused("no_such_option", no=no)
    if multiple != "x":
        raise Refused("one_option_only", no=no)


def _chain_went_on(attempt: Attempt, no: int) -> bool:
    """Inside an A4 chain new information unfolds: who has answered further on can't change what came before."""
    chain = attempt.layout.chain
    letter = chain[no - 1]
    later = no + 1
    while letter != "-" and later <= len(chain) and chain[later - 1] == letter:
        if later in attempt.answers:
            return True
        later += 1
    return False


def _answer_event(command: Answer | Clear | MarkForLater) -> Event:
    match command:
        case Answer():
            return Answered(seq=command.seq, no=command.no, choice=command.choice)
        case Clear():
            return Cleared(seq=command.seq, no=command.no)
        case MarkForLater():
            return MarkedForLater(seq=command.seq, no=command.no, on=command.on)
        case _:
            assert_never(command)


def _start(attempt: Attempt, now: datetime) -> tuple[Event, ...]:
    if attempt.phase is Phase.RUNNING:
        return ()
    if attempt.phase is not Phase.READY:
        raise Refused("not_ready", phase=attempt.phase)
    if now >= attempt.closes_at:
        raise Refused("window_closed")
    deadline_at = timing.first_deadline(attempt.policy, attempt.extra_minutes, now, attempt.closes_at)
    return (Started(deadline_at=deadline_at),)


def _acknowledge(attempt: Attempt, command: Acknowledge) -> tuple[Event, ...]:
    for notice in attempt.notices:
        if notice.notice == command.notice:
            return () if notice.acknowledged else (Acknowledged(notice=command.notice),)
    raise Refused("no_such_notice", notice=command.notice)


def _take_portrait(attempt: Attempt, command: TakePortrait) -> tuple[Event, ...]:
    """A portrait opens the door before the start, and hands a running attempt over to another device."""
    if attempt.phase in _FINAL:
        raise Refused("already_submitted")
    if command.picture == attempt.picture and command.device in (attempt.device, attempt.candidate_device):
        return ()
    if attempt.portrait_count >= PORTRAITS_MAX:
        raise Refused("too_many_portraits", limit=PORTRAITS_MAX)
    taken = PortraitTaken(device=command.device, picture=command.picture, why=command.why)
    check = attempt.policy.identity_again if attempt.phase is Phase.RUNNING else attempt.policy.identity
    judged = command.verdict if check is IdentityCheck.MODEL else None
    if check is IdentityCheck.AT_ONCE or judged is Verdict.ACCEPT:
        return (taken, *_accepted(attempt, command.device, by=0))
    if judged is Verdict.RETRY:
        return (taken, IdentityRefused(by=0, reason=TRY_AGAIN))
    return (taken,)


def _ask_for_person(attempt: Attempt, command: AskForPerson) -> tuple[Event, ...]:
    """Without a camera, or without consent to it, a person at the desk is always asked."""
    if attempt.phase in _FINAL:
        raise Refused("already_submitted")
    if not attempt.picture and command.device in (attempt.device, attempt.candidate_device):
        return ()
    if attempt.portrait_count >= PORTRAITS_MAX:
        raise Refused("too_many_portraits", limit=PORTRAITS_MAX)
    return (PortraitTaken(device=command.device, picture="", why=command.why),)


def _accepted(attempt: Attempt, device: str, by: int) -> tuple[Event, ...]:
    accepted: tuple[Event, ...] = (IdentityAccepted(by=by),)
    return accepted if device == attempt.device else (*accepted, DeviceTaken(device=device))


def _judge_identity(attempt: Attempt, command: AcceptIdentity | RefuseIdentity, by: int) -> tuple[Event, ...]:
    if attempt.phase not in (Phase.IDENTITY, Phase.RUNNING) or not attempt.candidate_device:
        raise Refused("no_portrait_waiting", phase=attempt.phase)
    if isinstance(command, RefuseIdentity):
        return (IdentityRefused(by=by, reason=command.reason),)
    return _accepted(attempt, attempt.candidate_device, by)


def _warn(attempt: Attempt, command: Warn, by: int) -> tuple[Event, ...]:
    if attempt.phase in _FINAL:
        raise Refused("already_submitted")
    if command.act and command.act in attempt.acts:
        return ()
    if len(attempt.notices) >= NOTICES_MAX:
        raise Refused("too_many_notices", limit=NOTICES_MAX)
    notice = len(attempt.notices) + 1
    return (Warned(notice=notice, level=command.level, text=command.text, by=by, act=command.act),)


def _notify(attempt: Attempt, command: Notify) -> tuple[Event, ...]:
    """As `_warn`, but nobody waits for an answer: when it can't be said any more, there is nothing to do."""
    if attempt.phase in _FINAL or len(attempt.notices) >= NOTICES_MAX:
        return ()
    if any(notice.rule == command.rule for notice in attempt.notices):
        return ()
    notice = len(attempt.notices) + 1
    return (Warned(notice=notice, level=command.level, text=command.text, by=0, rule=command.rule),)


def _steer(
    attempt: Attempt,
    command: Pause | Resume | Extend | LockIdentity | UnlockIdentity | ForceHandIn,
    by: int,
    now: datetime,
) -> tuple[Event, ...]:
    if attempt.phase is not Phase.RUNNING:
        raise Refused("not_running", phase=attempt.phase)
    assert attempt.deadline_at is not None
    match command:
        case Pause():
            return () if attempt.paused_at is not None else (Paused(reason=command.reason, by=by),)
        case Resume():
            return () if attempt.paused_at is None else (_resumed(attempt, attempt.paused_at, now, by),)
        case Extend():
            return _extend(attempt, command, attempt.deadline_at, by)
        case LockIdentity():
            return () if attempt.locked else (IdentityLocked(reason=command.reason, by=by),)
        case UnlockIdentity():
            return (IdentityUnlocked(by=by),) if attempt.locked else ()
        case ForceHandIn():
            ending = Ending.INVIGILATOR if by else Ending.RULE
            return (_submitted(attempt, now, ending, reason=command.reason, by=by),)
        case _:
            assert_never(command)


def _extend(attempt: Attempt, command: Extend, deadline_at: datetime, by: int) -> tuple[Event, ...]:
    if command.act and command.act in attempt.acts:
        return ()
    if attempt.extended_s + command.seconds > EXTENSION_S_MAX:
        raise Refused("extension_too_long", limit_s=EXTENSION_S_MAX)
    moved = deadline_at + timing.seconds(command.seconds)
    return (Extended(seconds=command.seconds, reason=command.reason, deadline_at=moved, by=by, act=command.act),)


def _resumed(attempt: Attempt, paused_at: datetime, resumed_at: datetime, by: int) -> Resumed:
    assert attempt.deadline_at is not None
    moved = timing.after_pause(attempt.policy, attempt.deadline_at, paused_at, resumed_at)
    return Resumed(deadline_at=moved, by=by)


def _submitted(
    attempt: Attempt, at: datetime, ending: Ending, *, seq: int = 0, reason: str = "", by: int = 0
) -> Submitted:
    """Handing in between deadline and grace counts as of the deadline: nobody's exam is longer than another's.

    While the clock stands, it counts as of the moment it stopped.
    """
    assert attempt.deadline_at is not None
    as_of = min(at, attempt.deadline_at)
    if attempt.paused_at is not None and attempt.policy.pause_compensated:
        as_of = min(attempt.paused_at, attempt.deadline_at)
    return Submitted(as_of=as_of, ending=ending, unanswered=attempt.unanswered_count, seq=seq, reason=reason, by=by)


def _record_mark(attempt: Attempt, command: RecordMark) -> tuple[Event, ...]:
    if attempt.marked is not None and command.revision <= attempt.marked.revision:
        return ()
    if attempt.phase not in (Phase.SUBMITTED, Phase.MARKED):
        raise Refused("not_submitted", phase=attempt.phase)
    return (Marked(revision=command.revision, points=command.points, points_max=command.points_max),)


def _release(attempt: Attempt, command: Release, by: int) -> tuple[Event, ...]:
    if attempt.phase is Phase.RELEASED:
        return ()
    if attempt.phase is not Phase.MARKED or attempt.marked is None:
        raise Refused("not_marked", phase=attempt.phase)
    if attempt.held_by:
        raise Refused("case_open")
    points_full = command.points_full or attempt.marked.points_max
    pass_points = line(command.pass_points, attempt.marked.points_max, points_full)
    passed = leg_outcome(attempt.marked.points, pass_points) is LegOutcome.PASSED
    return (Released(pass_points=pass_points, passed=passed, by=by),)


def _correct(attempt: Attempt, command: Correct, by: int) -> tuple[Event, ...]:
    """A released score is replaced, never taken back: a pass goes only where the two persons chose so (§6.6)."""
    if attempt.marked is not None and command.revision <= attempt.marked.revision:
        return ()
    if attempt.phase is not Phase.RELEASED or attempt.released is None:
        raise Refused("not_released", phase=attempt.phase)
    stands = command.keep_pass and attempt.released.passed
    return (
        Corrected(
            revision=command.revision,
            points=command.points,
            points_max=command.points_max,
            pass_points=command.pass_points,
            passed=stands or leg_outcome(command.points, command.pass_points) is LegOutcome.PASSED,
            proposal=command.proposal,
            by=by,
        ),
    )


def _annul(attempt: Attempt, command: Annul, by: int) -> tuple[Event, ...]:
    if attempt.phase is Phase.ANNULLED and (attempt.barred or not command.barred):
        return ()
    return (Annulled(reason=command.reason, by=by, barred=command.barred),)


# --- evolving ------------------------------------------------------------------------------------------------


def begin(event: Entered) -> Attempt:
    """The state after the first event of every journal."""
    return Attempt(
        sitting=event.sitting,
        person=event.person,
        policy=_POLICIES.setdefault(event.policy, event.policy),
        layout=event.layout,
        closes_at=event.closes_at,
        extra_minutes=event.extra_minutes,
        paper=event.paper,
    )


def evolve(attempt: Attempt, event: Event, at: datetime) -> Attempt:
    """The state after `event`, which happened at `at`. Never refuses: what is in the journal has happened."""
    match event:
        case Answered():
            # The few choices there are, are kept once, not once per answer of a hundred thousand attempts.
            answers = {**attempt.answers, event.no: intern(event.choice)}
            said = attempt.said + _print("answer", event.no, event.choice)
            return replace(attempt, answers=answers, last_seq=event.seq, said=said)
        case Cleared():
            answers = {**attempt.answers, event.no: ""}
            said = attempt.said + _print("answer", event.no, "")
            return replace(attempt, answers=answers, last_seq=event.seq, said=said)
        case MarkedForLater():
            said = attempt.said + _print("mark", event.no, "on" if event.on else "off")
            return replace(attempt, marks=_with_mark(attempt.marks, event), last_seq=event.seq, said=said)
        case CameLate():
            said = attempt.said + _print("answer", event.no, event.choice)
            return replace(attempt, late_count=attempt.late_count + 1, last_seq=event.seq, said=said)
        case Started():
            return replace(attempt, phase=Phase.RUNNING, started_at=at, deadline_at=event.deadline_at)
        case Submitted():
            return _evolve_submitted(attempt, event)
        case PortraitTaken() | IdentityAccepted() | IdentityRefused() | DeviceTaken():
            return _evolve_identity(attempt, event)
        case Warned():
            notice = Notice(event.notice, event.level, event.text, at, rule=event.rule)
            return replace(attempt, notices=(*attempt.notices, notice), acts=_with_act(attempt.acts, event.act))
        case Acknowledged():
            notices = tuple(replace(n, acknowledged=True) if n.notice == event.notice else n for n in attempt.notices)
            return replace(attempt, notices=notices)
        case Paused():
            return replace(attempt, paused_at=at, pause_reason=event.reason)
        case Resumed():
            return replace(attempt, paused_at=None, pause_reason="", deadline_at=event.deadline_at)
        case Extended():
            total_s = attempt.extended_s + event.seconds
            acts = _with_act(attempt.acts, event.act)
            return replace(attempt, deadline_at=event.deadline_at, extended_s=total_s, acts=acts)
        case IdentityLocked():
            return replace(attempt, lock_reason=event.reason)
        case IdentityUnlocked():
            return replace(attempt, lock_reason="")
        case Marked():
            return replace(attempt, phase=Phase.MARKED, marked=event)
        case Released():
            return replace(attempt, phase=Phase.RELEASED, released=event)
        case Corrected():
            marked = Marked(revision=event.revision, points=event.points, points_max=event.points_max)
            released = Released(pass_points=event.pass_points, passed=event.passed, by=event.by)
            return replace(attempt, marked=marked, released=released)
        case Annulled():
            return replace(attempt, phase=Phase.ANNULLED, paused_at=None, lock_reason="", barred=event.barred)
        case Held():
            return replace(attempt, held_by=attempt.held_by | {event.case})
        case HoldEnded():
            return replace(attempt, held_by=attempt.held_by - {event.case})
        case Entered():
            raise AssertionError("a journal has exactly one Entered, and it comes first")
        case _:
            assert_never(event)


def _with_act(acts: frozenset[int], act: int) -> frozenset[int]:
    return acts | {act} if act else acts


def _with_mark(marks: dict[int, int], event: MarkedForLater) -> dict[int, int]:
    rest = {no: seq for no, seq in marks.items() if no != event.no}
    return {**rest, event.no: event.seq} if event.on else rest


def _evolve_submitted(attempt: Attempt, event: Submitted) -> Attempt:
    return replace(
        attempt,
        phase=Phase.SUBMITTED,
        submitted=event,
        paused_at=None,
        pause_reason="",
        lock_reason="",
        last_seq=max(attempt.last_seq, event.seq),
        said=attempt.said + _print("hand_in", 0, "") if event.seq else attempt.said,
    )


def _evolve_identity(
    attempt: Attempt, event: PortraitTaken | IdentityAccepted | IdentityRefused | DeviceTaken
) -> Attempt:
    match event:
        case PortraitTaken():
            phase = Phase.IDENTITY if attempt.phase in _BEFORE_START else attempt.phase
            return replace(
                attempt,
                phase=phase,
                candidate_device=event.device,
                refusal="",
                picture=event.picture,
                portrait_count=attempt.portrait_count + 1,
            )
        case IdentityAccepted():
            phase = Phase.READY if attempt.phase is Phase.IDENTITY else attempt.phase
            return replace(attempt, phase=phase, candidate_device="")
        case IdentityRefused():
            phase = Phase.ENTERED if attempt.phase is Phase.IDENTITY else attempt.phase
            return replace(attempt, phase=phase, candidate_device="", refusal=event.reason)
        case DeviceTaken():
            return replace(attempt, device=event.device)
        case _:
            assert_never(event)
