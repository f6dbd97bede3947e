"""Every command and event, and every frame on the candidate's socket, as JSON and back.

Commands go up, numbered events come down. A command is imperative (`Start`), an event is past tense
(`Started`). Both are msgspec tagged unions: the tag travels as `type`. Unknown tags, unknown fields and wrong
types are refused when decoding, so that the pure core only ever sees well-formed values.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from exam_engine.sitting import Policy
from proctor.identity import Verdict

TEXT_CHARS_MAX: Final = 500
BATCH_MAX: Final = 500  # commands in one batch: a whole offline exam fits
FRAME_BYTES_MAX: Final = 16 * 1024  # one frame from a candidate's device
PIECE_BYTES_MAX: Final = 16 * 1024  # of a picture in one frame: all of it that an answer ever waits behind
PIECES_MAX: Final = 256
AGO_MS_MAX: Final = 86_400_000  # a picture that waited longer for the network is of no use to anybody

# Python's $ also matches before a closing line feed, which the look-ahead forbids; browsers read it the same.
# Lines and tabs are text, other control characters are not: PostgreSQL can't even keep a zero.
TEXT_PATTERN: Final = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f]*$"
Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX, pattern=TEXT_PATTERN)]
No = Annotated[int, Meta(ge=1, le=1000)]  # position in this physician's paper, from 1
Seq = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Choice = Annotated[str, Meta(min_length=1, max_length=26, pattern="^[a-z]+$(?!\\n)")]
Device = Annotated[str, Meta(min_length=8, max_length=64, pattern="^[A-Za-z0-9_-]+$(?!\\n)")]
PictureName = Annotated[str, Meta(min_length=64, max_length=64, pattern="^[0-9a-f]+$(?!\\n)")]
Seconds = Annotated[int, Meta(ge=60, le=24 * 3600)]


class Phase(StrEnum):
    """Where an attempt is. Paused and identity-locked are facts of a running one, not phases."""

    ENTERED = "entered"
    IDENTITY = "identity"
    READY = "ready"
    RUNNING = "running"
    SUBMITTED = "submitted"
    MARKED = "marked"
    RELEASED = "released"
    ANNULLED = "annulled"


class Ending(StrEnum):
    """Why an attempt was handed in."""

    CANDIDATE = "candidate"
    TIME = "time"
    INVIGILATOR = "invigilator"
    RULE = "rule"


class NoticeLevel(StrEnum):
    MESSAGE = "message"
    WARNING = "warning"


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True, gc=False):
    pass


# --- commands of the candidate's device --------------------------------------------------------------------


class Start(_Message, frozen=True, tag="start"):
    """【去考试】: the clock begins. `paper`: send the paper along, so that nobody has to ask for it."""

    paper: bool = False


class Answer(_Message, frozen=True, tag="answer"):
    """Choose: `choice` is the set of option ids as sorted letters, "b" or "acd"."""

    seq: Seq
    no: No
    choice: Choice


class Clear(_Message, frozen=True, tag="clear"):
    """Take an answer back."""

    seq: Seq
    no: No


class MarkForLater(_Message, frozen=True, tag="mark_for_later"):
    """【标记】 on or off."""

    seq: Seq
    no: No
    on: bool


class Acknowledge(_Message, frozen=True, tag="acknowledge"):
    """【我知道了】 for one notice."""

    notice: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class HandIn(_Message, frozen=True, tag="hand_in"):
    """【交卷】. It has a seq, so that no answer typed before it can be left behind."""

    seq: Seq


class TimeUp(_Message, frozen=True, tag="time_up"):
    """The device's clock drew zero: the server decides."""


# --- commands of staff: `act` is the desk's act they belong to; the same act happens to an attempt once --------


class Warn(_Message, frozen=True, tag="warn"):
    """Put a notice on the candidate's screen that he must acknowledge."""

    text: Text
    level: NoticeLevel = NoticeLevel.WARNING
    act: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0


class Notify(_Message, frozen=True, tag="notify"):
    """A rule of proctoring tells the candidate something, once per incident (`rule` names it, as "left_page:3")."""

    rule: str
    text: Text
    level: NoticeLevel = NoticeLevel.WARNING


class Pause(_Message, frozen=True, tag="pause"):
    reason: Text


class Resume(_Message, frozen=True, tag="resume"):
    pass


class Extend(_Message, frozen=True, tag="extend"):
    seconds: Seconds
    reason: Text
    act: int = 0


class LockIdentity(_Message, frozen=True, tag="lock_identity"):
    reason: Text


class UnlockIdentity(_Message, frozen=True, tag="unlock_identity"):
    pass


class ForceHandIn(_Message, frozen=True, tag="force_hand_in"):
    reason: Text


class AcceptIdentity(_Message, frozen=True, tag="accept_identity"):
    pass


class RefuseIdentity(_Message, frozen=True, tag="refuse_identity"):
    reason: Text


class Annul(_Message, frozen=True, tag="annul"):
    """Void the attempt. `barred`: for cheating, without a second go at this sitting (domain.md §7.3 L4)."""

    reason: Text
    barred: bool = False


# --- commands of the system ----------------------------------------------------------------------------------


class TakePortrait(_Message, frozen=True, tag="take_portrait"):
    """A portrait was stored as `picture`; it comes from `device`. `verdict` is what the model said, if it was asked."""

    device: Device
    picture: PictureName
    verdict: Verdict = Verdict.ASK_A_PERSON
    why: str = ""  # why a person is asked: no_model, model_slow, no_photo, doubtful, tries_over


class AskForPerson(_Message, frozen=True, tag="ask_for_person"):
    """The way without a face: `why` is no_consent or no_camera; a person looks at the physician's papers instead."""

    device: Device
    why: str


class Hold(_Message, frozen=True, tag="hold"):
    """A case was opened: the score is held back until it is decided."""

    case: int


class EndHold(_Message, frozen=True, tag="end_hold"):
    """The case is decided."""

    case: int


class RecordMark(_Message, frozen=True, tag="record_mark"):
    revision: int
    points: int
    points_max: int


class Release(_Message, frozen=True, tag="release"):
    """`points_full`: the maximum the pass line is of, 0 that of this paper; void items move its line in proportion."""

    pass_points: int
    points_full: int = 0


class Correct(_Message, frozen=True, tag="correct"):
    """Another score after the release, by an approved proposal. `keep_pass`: a pass that was told stands."""

    revision: int
    points: int
    points_max: int
    pass_points: int
    keep_pass: bool
    proposal: int


class Tick(_Message, frozen=True, tag="tick"):
    """Nothing is asked: let time act (the closing bell, a forgotten pause)."""


DeviceCommand = Start | Answer | Clear | MarkForLater | Acknowledge | HandIn | TimeUp
StaffCommand = (
    Warn
    | Pause
    | Resume
    | Extend
    | LockIdentity
    | UnlockIdentity
    | ForceHandIn
    | AcceptIdentity
    | RefuseIdentity
    | Annul
)
SystemCommand = TakePortrait | AskForPerson | Notify | Hold | EndHold | RecordMark | Release | Correct | Tick
Command = DeviceCommand | StaffCommand | SystemCommand


# --- events --------------------------------------------------------------------------------------------------


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What the core must know of a paper to judge an answer, without knowing the paper.

    Each string has one character per item: `options` how many options it has, as the last option's letter
    ("e" = five); `multiple` "x" where several may be chosen, else "-"; `chain` "-" outside an A4 chain, else
    a letter that neighbours of the same chain share.
    """

    options: str
    multiple: str
    chain: str

    def __post_init__(self) -> None:
        if not len(self.options) == len(self.multiple) == len(self.chain):
            raise ValueError("one character per item in each string")


class Entered(_Message, frozen=True, tag="entered"):
    """The paper is drawn and frozen: `paper` is its digest, the layout is what the core needs of it."""

    sitting: int
    person: int
    closes_at: datetime
    extra_minutes: int
    policy: Policy
    layout: Layout
    paper: str


class PortraitTaken(_Message, frozen=True, tag="portrait_taken"):
    """`picture` is empty on the way without a face; `why` says why a person has to judge."""

    device: str
    picture: str
    why: str = ""


class IdentityAccepted(_Message, frozen=True, tag="identity_accepted"):
    """`by` is an account id, 0 when the policy accepts at once."""

    by: int


class IdentityRefused(_Message, frozen=True, tag="identity_refused"):
    by: int
    reason: str


class DeviceTaken(_Message, frozen=True, tag="device_taken"):
    """From now on only this device is heard; the one before is fenced off."""

    device: str


class Started(_Message, frozen=True, tag="started"):
    deadline_at: datetime


class Answered(_Message, frozen=True, tag="answered"):
    seq: int
    no: int
    choice: str


class Cleared(_Message, frozen=True, tag="cleared"):
    seq: int
    no: int


class MarkedForLater(_Message, frozen=True, tag="marked_for_later"):
    seq: int
    no: int
    on: bool


class CameLate(_Message, frozen=True, tag="came_late"):
    """An answer (or a clearing: choice "") that arrived when it could not count any more; kept as evidence."""

    seq: int
    no: int
    choice: str


class Warned(_Message, frozen=True, tag="warned"):
    notice: int
    level: NoticeLevel
    text: str
    by: int
    act: int = 0
    rule: str = ""


class Acknowledged(_Message, frozen=True, tag="acknowledged"):
    notice: int


class Paused(_Message, frozen=True, tag="paused"):
    reason: str
    by: int


class Resumed(_Message, frozen=True, tag="resumed"):
    """`by` 0: the pause ended by itself. The deadline is restated, moved or not."""

    deadline_at: datetime
    by: int


class Extended(_Message, frozen=True, tag="extended"):
    seconds: int
    reason: str
    deadline_at: datetime
    by: int
    act: int = 0


class IdentityLocked(_Message, frozen=True, tag="identity_locked"):
    reason: str
    by: int


class IdentityUnlocked(_Message, frozen=True, tag="identity_unlocked"):
    by: int


class Submitted(_Message, frozen=True, tag="submitted"):
    """Handed in. `as_of` is the instant it counts from: the deadline when time ended it."""

    as_of: datetime
    ending: Ending
    unanswered: int
    seq: int = 0
    reason: str = ""
    by: int = 0


class Marked(_Message, frozen=True, tag="marked"):
    revision: int
    points: int
    points_max: int


class Released(_Message, frozen=True, tag="released"):
    pass_points: int
    passed: bool
    by: int


class Corrected(_Message, frozen=True, tag="corrected"):
    """A released score was replaced; `pass_points` is the line of this paper, `passed` what counts from now on."""

    revision: int
    points: int
    points_max: int
    pass_points: int
    passed: bool
    proposal: int
    by: int


class Annulled(_Message, frozen=True, tag="annulled"):
    reason: str
    by: int
    barred: bool = False


class Held(_Message, frozen=True, tag="held"):
    case: int


class HoldEnded(_Message, frozen=True, tag="hold_ended"):
    case: int


Event = (
    Entered
    | PortraitTaken
    | IdentityAccepted
    | IdentityRefused
    | DeviceTaken
    | Started
    | Answered
    | Cleared
    | MarkedForLater
    | CameLate
    | Warned
    | Acknowledged
    | Paused
    | Resumed
    | Extended
    | IdentityLocked
    | IdentityUnlocked
    | Submitted
    | Marked
    | Released
    | Corrected
    | Annulled
    | Held
    | HoldEnded
)

EVENT_BY_KIND: Final[dict[str, type[Event]]] = {
    event.__struct_config__.tag: event for event in Event.__args__ if isinstance(event.__struct_config__.tag, str)
}


# --- frames: what travels on the candidate's socket ------------------------------------------------------------


class Hello(_Message, frozen=True, tag="hello"):
    """First frame of a device: who it is and the last journal number it has (0: nothing)."""

    device: Device
    since: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class Ping(_Message, frozen=True, tag="ping"):
    """Keeps the line open and the clock fresh. `have` is the last version the device has taken in."""

    have: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


FrameUp = Hello | Ping | DeviceCommand
CaptureWhy = Literal["interval", "start", "again", "back", "hand_in", "asked"]


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The head of a binary frame, which carries one piece of a picture taken during the exam.

    The frame is this as one line of JSON, a line feed, then at most PIECE_BYTES_MAX bytes of the JPEG. `n` numbers the
    device's pictures, `part` its pieces from 0 to `parts` - 1, sent in order. Who can't be sure that his line is quick
    asks for a word on each (`ask`: NextPiece; that on the last is PictureKept) and sends the next after it. Part 0
    begins a picture and ends another that is unfinished. `ago_ms` is how long before its part 0 was sent it was taken.
    """

    n: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    part: Annotated[int, Meta(ge=0, lt=PIECES_MAX)]
    parts: Annotated[int, Meta(ge=1, le=PIECES_MAX)]
    why: CaptureWhy = "interval"
    ago_ms: Annotated[int, Meta(ge=0, le=AGO_MS_MAX)] = 0
    ask: bool = True


class Clock(msgspec.Struct, frozen=True, gc=False):
    """What the device draws: milliseconds left as of this word, and whether they run."""

    remaining_ms: int
    ticking: bool


class Ack(_Message, frozen=True, tag="ack"):
    """It is committed. `result` is saved, already (a harmless retry) or late (kept, not counted)."""

    seq: int
    version: int
    result: str


class Rejected(_Message, frozen=True, tag="rejected"):
    """Nothing was changed. `last_seq` tells the device where the server's numbering stands."""

    code: str
    last_seq: int
    seq: int = 0
    facts: dict[str, str | int | float | bool | None] = {}


class Told(_Message, frozen=True, tag="told"):
    """A numbered event of this attempt, and the clock after it."""

    version: int
    at: datetime
    event: msgspec.Raw
    clock: Clock


class Pong(_Message, frozen=True, tag="pong"):
    clock: Clock


class NextPiece(_Message, frozen=True, tag="next_piece"):
    """The pieces of picture `n` up to here are there: `part` may come, behind whatever else there is to say."""

    n: int
    part: int


class PictureKept(_Message, frozen=True, tag="captured"):
    """Picture `n` is kept as `picture`; the next one is due in `next_in_s`."""

    n: int
    picture: str
    next_in_s: int


class PictureRefused(_Message, frozen=True, tag="capture_refused"):
    """Picture `n` (0: nobody can tell which) is not kept. Code, status and facts are those of the same over HTTP."""

    n: int
    code: str
    status: int
    facts: dict[str, str | int | float | bool | None] = {}


class Bye(_Message, frozen=True, tag="bye"):
    """The server ends this socket: superseded, restart, too_many, logged_out, protocol."""

    code: str
    retry_after_ms: int = 0


_frame_decoder: Final[msgspec.json.Decoder[FrameUp]] = msgspec.json.Decoder(FrameUp)
_piece_decoder: Final[msgspec.json.Decoder[Piece]] = msgspec.json.Decoder(Piece)
_event_decoder: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)
_encoder: Final = msgspec.json.Encoder()


def read_frame(data: str | bytes) -> FrameUp:
    """Decode one frame of a device; raises msgspec.DecodeError (ValidationError for a wrong shape)."""
    return _frame_decoder.decode(data)


def read_piece(head: bytes) -> Piece:
    """Decode the head of a binary frame; raises as `read_frame`."""
    return _piece_decoder.decode(head)


def read_event(body: str | bytes) -> Event:
    """Decode a journal body as written by `write`."""
    return _event_decoder.decode(body)


def write(message: object) -> bytes:
    """Encode a command, event or frame: fields in declared order, so equal values give equal bytes."""
    return _encoder.encode(message)
