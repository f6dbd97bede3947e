"""A case: something serious is said of a physician, and people decide it, with due process (domain.md §7.3).

    decide(case, command, by, now, policy) -> events      may refuse (CaseRefused); changes nothing
    evolve(case, event, at) -> case                        never refuses

    open --notify--> notified --reply--> replied      dismissed: from any of the three, at any time
      ^--- attach ------'  `----(reply_h)--+--'       confirmed: after the reply, or when the time for it is over
    confirmed --appeal--> appealed --> upheld or overturned

The physician hears of it before anybody confirms anything, answers once, and may appeal once. Who opened or reported
it never decides it, and who decided it does not judge the appeal. What is attached after the notification sends the
case back to `open`: he must be told of that too. Only a person decides; nothing here happens by time alone.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, assert_never

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from proctor.policy import Proctoring

TEXT_CHARS_MAX: Final = 2000
ATTACHMENTS_MAX: Final = 100  # per case
_TEXT_PATTERN: Final = (
    "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f]*$"  # lines and tabs, no other control characters
)

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX, pattern=_TEXT_PATTERN)]
Note = Annotated[str, Meta(max_length=TEXT_CHARS_MAX, pattern=_TEXT_PATTERN)]
PictureName = Annotated[str, Meta(min_length=64, max_length=64, pattern="^[0-9a-f]+$(?!\\n)")]
Pictures = Annotated[tuple[PictureName, ...], Meta(max_length=200)]
IncidentKeys = Annotated[tuple[tuple[str, int], ...], Meta(max_length=200)]  # rule, ordinal


class CaseRefused(Exception):
    """It can't be done; `code` says why, `facts` what belongs to it.

    Codes: no_such_case, already_open, nothing_alleged, person_needed, own_case, own_decision, already_decided,
    already_replied, already_appealed, not_notified, reply_pending (until), too_much_evidence (limit),
    evidence_closed, measure_without_confirmation, not_confirmed, appeal_too_late (until), not_appealed.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class CasePhase(StrEnum):
    OPEN = "open"
    NOTIFIED = "notified"
    REPLIED = "replied"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    APPEALED = "appealed"
    UPHELD = "upheld"
    OVERTURNED = "overturned"


class Allegation(StrEnum):
    """What a case is about: 替考, 他人协助, 查阅资料, 离开考试, 遮挡摄像头, 泄露试题, 组织作弊, 其他."""

    SUBSTITUTION = "substitution"
    HELPER = "helper"
    MATERIALS = "materials"
    LEAVING = "leaving"
    CAMERA = "camera"
    LEAKING = "leaking"
    ORGANISED = "organised"
    OTHER = "other"


class Ruling(StrEnum):
    CONFIRM = "confirm"
    DISMISS = "dismiss"


class Measure(StrEnum):
    """What a confirmed case comes to; carried out elsewhere, by people."""

    NONE = "none"
    WARNING = "warning"
    VOID = "void"


class AppealRuling(StrEnum):
    UPHOLD = "uphold"
    OVERTURN = "overturn"


UNDECIDED: Final = frozenset({CasePhase.OPEN, CasePhase.NOTIFIED, CasePhase.REPLIED})
PENDING: Final = UNDECIDED | {CasePhase.APPEALED}  # somebody still has to say something


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True, gc=False):
    pass


# --- commands ------------------------------------------------------------------------------------------------


class OpenCase(_Message, frozen=True, tag="open"):
    """By a rule (account 0, with the incidents) or by an account (with words). `reporter`: whose report it rests on."""

    allegation: Allegation
    text: Note = ""
    incidents: IncidentKeys = ()
    pictures: Pictures = ()
    reporter: Annotated[int, Meta(ge=0)] = 0


class Attach(_Message, frozen=True, tag="attach"):
    """More evidence, with a word on what it shows."""

    text: Note = ""
    incidents: IncidentKeys = ()
    pictures: Pictures = ()


class Notify(_Message, frozen=True, tag="notify"):
    """Tell the physician; by the system, when his exam is over or at once."""


class Reply(_Message, frozen=True, tag="reply"):
    """The physician's own account: once, until it is decided."""

    text: Text


class Decide(_Message, frozen=True, tag="decide"):
    ruling: Ruling
    reason: Text
    measure: Measure = Measure.NONE


class Appeal(_Message, frozen=True, tag="appeal"):
    """The physician objects: once, within `appeal_days` of the confirmation."""

    text: Text


class DecideAppeal(_Message, frozen=True, tag="decide_appeal"):
    ruling: AppealRuling
    reason: Text


CaseCommand = OpenCase | Attach | Notify | Reply | Decide | Appeal | DecideAppeal


# --- events --------------------------------------------------------------------------------------------------


class CaseOpened(_Message, frozen=True, tag="opened"):
    by: int
    reporter: int
    allegation: Allegation
    text: str
    incidents: tuple[tuple[str, int], ...]
    pictures: tuple[str, ...]


class EvidenceAttached(_Message, frozen=True, tag="evidence_attached"):
    by: int
    text: str
    incidents: tuple[tuple[str, int], ...]
    pictures: tuple[str, ...]


class Notified(_Message, frozen=True, tag="notified"):
    """He was told; until `reply_until` nobody confirms without his reply."""

    reply_until: datetime


class Replied(_Message, frozen=True, tag="replied"):
    text: str


class Decided(_Message, frozen=True, tag="decided"):
    """`appeal_until` is set for a confirmation only."""

    by: int
    ruling: Ruling
    measure: Measure
    reason: str
    appeal_until: datetime | None


class Appealed(_Message, frozen=True, tag="appealed"):
    text: str


class AppealDecided(_Message, frozen=True, tag="appeal_decided"):
    by: int
    ruling: AppealRuling
    reason: str


CaseEvent = CaseOpened | EvidenceAttached | Notified | Replied | Decided | Appealed | AppealDecided


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of one case's events."""

    opened_by: int
    reporter: int
    allegation: Allegation
    opened_at: datetime
    phase: CasePhase = CasePhase.OPEN
    text: str = ""
    incidents: tuple[tuple[str, int], ...] = ()
    pictures: tuple[str, ...] = ()
    attachments: tuple[EvidenceAttached, ...] = ()
    notified_at: datetime | None = None
    reply_until: datetime | None = None
    reply: str = ""
    decided_by: int = 0
    measure: Measure = Measure.NONE
    reason: str = ""
    appeal_until: datetime | None = None
    appeal: str = ""
    appeal_decided_by: int = 0
    appeal_reason: str = ""
    closed_at: datetime | None = None  # of the last decision; None while somebody still has to decide


def holds_score(case: Case) -> bool:
    """Whether the score must wait: while undecided, and again while appealed."""
    return case.phase in PENDING


def every_incident(case: Case) -> frozenset[tuple[str, int]]:
    """The incidents put forward in a case, at its opening and later."""
    return frozenset(case.incidents).union(*(attached.incidents for attached in case.attachments))


def every_picture(case: Case) -> list[str]:
    """The pictures put forward in a case, each once, in the order put forward."""
    return list(dict.fromkeys([*case.pictures, *(name for one in case.attachments for name in one.pictures)]))


def ruling_of(case: Case) -> str:
    """What was decided, as in `Ruling`; "" while nothing is."""
    if not case.decided_by:
        return ""
    return Ruling.DISMISS if case.phase is CasePhase.DISMISSED else Ruling.CONFIRM


# --- deciding ------------------------------------------------------------------------------------------------


def decide(
    case: Case | None, command: CaseCommand, by: int, now: datetime, policy: Proctoring
) -> tuple[CaseEvent, ...]:
    """What follows from `command` of account `by` (0: the system, or the physician for Reply and Appeal).

    That it is the right physician, and that an account may decide cases at all, the caller has seen to. `case` is None
    before it is opened. No events: a harmless repetition. Raises CaseRefused.
    """
    if case is None:
        return _open(command, by)
    match command:
        case OpenCase():
            raise CaseRefused("already_open")
        case Attach():
            return _attach(case, command, by)
        case Notify():
            return _notify(case, now, policy)
        case Reply() | Appeal():
            return _reply(case, command) if isinstance(command, Reply) else _appeal(case, command, now)
        case Decide():
            return _decide(case, command, by, now, policy)
        case DecideAppeal():
            return _decide_appeal(case, command, by)
        case _:
            assert_never(command)


def _open(command: CaseCommand, by: int) -> tuple[CaseEvent, ...]:
    if not isinstance(command, OpenCase):
        raise CaseRefused("no_such_case")
    if not (command.text if by else command.incidents):
        raise CaseRefused("nothing_alleged")
    reporter = command.reporter
    return (CaseOpened(by, reporter, command.allegation, command.text, command.incidents, command.pictures),)


def _attach(case: Case, command: Attach, by: int) -> tuple[CaseEvent, ...]:
    """Not after the reply: he has answered what he was shown, and gets no second word. New matter is a new case."""
    attached = EvidenceAttached(by, command.text, command.incidents, command.pictures)
    if attached in case.attachments:
        return ()
    if case.phase not in (CasePhase.OPEN, CasePhase.NOTIFIED):
        raise CaseRefused("evidence_closed", phase=case.phase)
    if not (command.text or command.incidents or command.pictures):
        raise CaseRefused("nothing_alleged")
    if len(case.attachments) >= ATTACHMENTS_MAX:
        raise CaseRefused("too_much_evidence", limit=ATTACHMENTS_MAX)
    return (attached,)


def _notify(case: Case, now: datetime, policy: Proctoring) -> tuple[CaseEvent, ...]:
    if case.phase is not CasePhase.OPEN:
        return ()
    return (Notified(now + timedelta(hours=policy.reply_h)),)


def _reply(case: Case, command: Reply) -> tuple[CaseEvent, ...]:
    if case.reply:
        if case.reply == command.text:
            return ()
        raise CaseRefused("already_replied")
    if case.phase is CasePhase.OPEN:
        raise CaseRefused("not_notified")
    if case.phase is not CasePhase.NOTIFIED:
        raise CaseRefused("already_decided", phase=case.phase)
    return (Replied(command.text),)


def _decide(case: Case, command: Decide, by: int, now: datetime, policy: Proctoring) -> tuple[CaseEvent, ...]:
    _uninvolved(case, by)
    if case.phase not in UNDECIDED:
        raise CaseRefused("already_decided", phase=case.phase)
    if command.ruling is Ruling.DISMISS:
        if command.measure is not Measure.NONE:
            raise CaseRefused("measure_without_confirmation")
        return (Decided(by, command.ruling, Measure.NONE, command.reason, None),)
    _heard(case, now)
    until = now + timedelta(days=policy.appeal_days)
    return (Decided(by, command.ruling, command.measure, command.reason, until),)


def _uninvolved(case: Case, by: int) -> None:
    if by <= 0:
        raise CaseRefused("person_needed")
    if by in (case.opened_by, case.reporter):
        raise CaseRefused("own_case")


def _heard(case: Case, now: datetime) -> None:
    """Nobody is found guilty unheard: he has replied, or had his time to."""
    if case.phase is CasePhase.OPEN:
        raise CaseRefused("not_notified")
    if case.phase is CasePhase.NOTIFIED:
        assert case.reply_until is not None
        if now < case.reply_until:
            raise CaseRefused("reply_pending", until=case.reply_until.isoformat())


def _appeal(case: Case, command: Appeal, now: datetime) -> tuple[CaseEvent, ...]:
    if case.appeal:
        if case.appeal == command.text:
            return ()
        raise CaseRefused("already_appealed")
    if case.phase is not CasePhase.CONFIRMED:
        raise CaseRefused("not_confirmed", phase=case.phase)
    assert case.appeal_until is not None
    if now >= case.appeal_until:
        raise CaseRefused("appeal_too_late", until=case.appeal_until.isoformat())
    return (Appealed(command.text),)


def _decide_appeal(case: Case, command: DecideAppeal, by: int) -> tuple[CaseEvent, ...]:
    _uninvolved(case, by)
    if by == case.decided_by:
        raise CaseRefused("own_decision")
    if case.phase is not CasePhase.APPEALED:
        raise CaseRefused("already_decided" if case.appeal else "not_appealed", phase=case.phase)
    return (AppealDecided(by, command.ruling, command.reason),)


# --- evolving ------------------------------------------------------------------------------------------------


def begin(event: CaseOpened, at: datetime) -> Case:
    """The case after its first event."""
    return Case(
        opened_by=event.by,
        reporter=event.reporter,
        allegation=event.allegation,
        opened_at=at,
        text=event.text,
        incidents=event.incidents,
        pictures=event.pictures,
    )


def evolve(case: Case | None, event: CaseEvent, at: datetime) -> Case:
    """The case after `event`, which happened at `at`. Never refuses: what is written has happened."""
    if isinstance(event, CaseOpened):
        return begin(event, at)
    assert case is not None, "a case begins with CaseOpened"
    match event:
        case EvidenceAttached():
            attachments = (*case.attachments, event)
            return replace(case, phase=CasePhase.OPEN, attachments=attachments, notified_at=None, reply_until=None)
        case Notified():
            return replace(case, phase=CasePhase.NOTIFIED, notified_at=at, reply_until=event.reply_until)
        case Replied():
            return replace(case, phase=CasePhase.REPLIED, reply=event.text)
        case Appealed():
            return replace(case, phase=CasePhase.APPEALED, appeal=event.text, closed_at=None)
        case Decided() | AppealDecided():
            return _evolve_decided(case, event, at) if isinstance(event, Decided) else _evolve_appeal(case, event, at)
        case _:
            assert_never(event)


def _evolve_decided(case: Case, event: Decided, at: datetime) -> Case:
    return replace(
        case,
        phase=CasePhase.CONFIRMED if event.ruling is Ruling.CONFIRM else CasePhase.DISMISSED,
        decided_by=event.by,
        measure=event.measure,
        reason=event.reason,
        appeal_until=event.appeal_until,
        closed_at=at,
    )


def _evolve_appeal(case: Case, event: AppealDecided, at: datetime) -> Case:
    upheld = event.ruling is AppealRuling.UPHOLD
    return replace(
        case,
        phase=CasePhase.UPHELD if upheld else CasePhase.OVERTURNED,
        measure=case.measure if upheld else Measure.NONE,
        appeal_decided_by=event.by,
        appeal_reason=event.reason,
        closed_at=at,
    )


# --- on the wire ---------------------------------------------------------------------------------------------

_command_decoder: Final[msgspec.json.Decoder[CaseCommand]] = msgspec.json.Decoder(CaseCommand)
_event_decoder: Final[msgspec.json.Decoder[CaseEvent]] = msgspec.json.Decoder(CaseEvent)
_encoder: Final = msgspec.json.Encoder()


def read_command(data: str | bytes) -> CaseCommand:
    """Decode a command; raises msgspec.DecodeError (ValidationError for a wrong shape)."""
    return _command_decoder.decode(data)


def read_event(body: str | bytes) -> CaseEvent:
    """Decode an event as written by `write`."""
    return _event_decoder.decode(body)


def write(message: CaseCommand | CaseEvent) -> bytes:
    """Encode a command or event: fields in declared order, so equal values give equal bytes."""
    return _encoder.encode(message)
