"""What travels over HTTP and the board's socket, apart from the messages of an attempt (`exam_engine.messages`).

These structs are the contract: the OpenAPI document is made from them and the browser's client from that.
Instants are ISO 8601 UTC; lengths carry their unit in the name; personal numbers are masked.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from exam_engine.messages import (
    TEXT_PATTERN,
    AcceptIdentity,
    Annul,
    Clock,
    Device,
    DeviceCommand,
    Ending,
    Extend,
    ForceHandIn,
    LockIdentity,
    NoticeLevel,
    Pause,
    Phase,
    RefuseIdentity,
    Resume,
    UnlockIdentity,
    Warn,
)
from exam_engine.sitting import Kind, Round

Login = Annotated[str, Meta(min_length=1, max_length=60, pattern=TEXT_PATTERN)]
Password = Annotated[str, Meta(min_length=1, max_length=200)]
RequestId = Annotated[str, Meta(min_length=8, max_length=64, pattern="^[A-Za-z0-9_-]+$(?!\\n)")]
AttemptId = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Problem(_Shape, frozen=True, kw_only=True):
    """Every error of this API. `code` is from a closed set; the browser owns the sentence."""

    code: str
    facts: dict[str, str | int | float | bool | None] = {}


# --- logging in ------------------------------------------------------------------------------------------------


class LogIn(_Shape, frozen=True, kw_only=True):
    """`bearer` true: answer with a token for the native app instead of setting the cookie."""

    login: Login
    password: Password
    bearer: bool = False


class Me(_Shape, frozen=True, kw_only=True):
    """Who is logged in. `role`: physician, invigilator, chief, agency, province, author, institution and so on."""

    account_id: int
    name: str
    role: str
    organisation: str | None
    token: str | None = None


# --- the physician's side --------------------------------------------------------------------------------------


class PaperListEntry(_Shape, frozen=True, kw_only=True):
    """One row of 试卷列表. `status`: not_yet_open, ready, in_progress, submitted, released, absent, annulled.

    Or what the registration file says, and `why`: locked, held (免考审核中), exempt (免考).

    `can_enter` is the button 【进入】 (enter or go on); for practice it may be true again after a hand-in.
    """

    sitting_id: int
    kind: Kind
    round: Round
    title: str
    item_count: int
    minutes: int
    opens_at: datetime
    closes_at: datetime
    status: str
    why: str
    can_enter: bool
    attempt_id: int | None
    points: int | None
    points_max: int | None
    pass_points: int | None
    passed: bool | None


class PaperList(_Shape, frozen=True, kw_only=True):
    now: datetime
    papers: list[PaperListEntry]


class EnteredAttempt(_Shape, frozen=True, kw_only=True):
    attempt_id: int


class GivenAnswer(_Shape, frozen=True, kw_only=True):
    no: int
    choice: str


class NoticeView(_Shape, frozen=True, kw_only=True):
    """`rule`: the incident it is about ("left_page:3"), so that the page can say it in its own language; else ""."""

    notice: int
    level: NoticeLevel
    text: str
    at: datetime
    acknowledged: bool
    rule: str


class ScoreView(_Shape, frozen=True, kw_only=True):
    points: int
    points_max: int
    pass_points: int
    passed: bool


class SubmittedView(_Shape, frozen=True, kw_only=True):
    at: datetime
    ending: Ending
    unanswered: int
    late_count: int
    reason: str


class AttemptView(_Shape, frozen=True, kw_only=True):
    """The whole of an attempt as its physician may see it: the snapshot a device resumes from.

    `device` says how the server sees the asking device: mine (it holds the attempt), other (another one does:
    take a portrait to take over), none (nobody does yet). `identity`: none, waiting (for a person), refused,
    accepted. `marks` are the positions marked for later.
    """

    attempt_id: int
    sitting_id: int
    kind: Kind
    title: str
    person_name: str
    watermark: str
    phase: Phase
    version: int
    last_seq: int
    device: str
    identity: str
    identity_reason: str
    item_count: int
    minutes: int
    grace_s: int
    a4_no_back: bool
    started_at: datetime | None
    deadline_at: datetime | None
    clock: Clock | None
    paused: bool
    pause_reason: str
    identity_locked: bool
    lock_reason: str
    answers: list[GivenAnswer]
    marks: list[int]
    notices: list[NoticeView]
    submitted: SubmittedView | None
    score: ScoreView | None


class Welcome(msgspec.Struct, frozen=True, tag="welcome", tag_field="type"):
    """First frame down. `view` None: the device is told what it missed instead."""

    view: AttemptView | None
    version: int
    last_seq: int
    clock: Clock | None


class OptionView(_Shape, frozen=True, kw_only=True):
    id: str
    text: str


class PictureView(_Shape, frozen=True, kw_only=True):
    """A picture below a stem: served at /api/attempts/{attempt_id}/pictures/{name}; `alt` says what is on it."""

    name: str
    alt: str


class ItemView(_Shape, frozen=True, kw_only=True):
    """One item without its key. `group` > 0: neighbours with the same number are one set (A3, A4, B1).

    `case` is the shared case of a set; `chain` true: an A4 chain; `multiple`: several options may be chosen.
    Options come in the order to show; letters A, B, C … are drawn by position, answers name the `id`.
    """

    no: int
    type: str
    stem: str
    case: str
    group: int
    chain: bool
    multiple: bool
    options: list[OptionView]
    pictures: list[PictureView] = []


class PaperView(_Shape, frozen=True, kw_only=True):
    attempt_id: int
    items: list[ItemView]


class PaperFrame(msgspec.Struct, frozen=True, tag="paper", tag_field="type"):
    """The paper on the live socket, to the device that started with `paper` true."""

    attempt_id: int
    items: list[ItemView]


class Portrait(_Shape, frozen=True, kw_only=True):
    """What became of a portrait: the phase after it, and `identity` as in AttemptView."""

    picture: str
    phase: Phase
    identity: str
    version: int


class CommandBatch(_Shape, frozen=True, kw_only=True):
    """The socket's twin: the same commands, in order, from `device`; `since` is the last version it has."""

    device: Device
    since: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    commands: Annotated[list[DeviceCommand], Meta(max_length=500)] = []


class CommandResult(_Shape, frozen=True, kw_only=True):
    """One per command: `result` saved, already, late or refused (then `code` and `facts`)."""

    result: str
    version: int
    seq: int = 0
    code: str = ""
    facts: dict[str, str | int | float | bool | None] = {}


class ToldEvent(_Shape, frozen=True, kw_only=True):
    version: int
    at: datetime
    event: msgspec.Raw


class BatchOutcome(_Shape, frozen=True, kw_only=True):
    """`events` are those after `since`, the batch's own included; null: too many, fetch the attempt anew.

    `paper` comes with a start that asks for it.
    """

    results: list[CommandResult]
    events: list[ToldEvent] | None
    version: int
    last_seq: int
    clock: Clock | None
    paper: PaperView | None = None


# --- the desk --------------------------------------------------------------------------------------------------


class DeskSitting(_Shape, frozen=True, kw_only=True):
    """A sitting this account may see, with how many attempts are in each phase. `expected`: entitled people."""

    sitting_id: int
    kind: Kind
    round: Round
    title: str
    opens_at: datetime
    closes_at: datetime
    item_count: int
    minutes: int
    pass_points: int
    points_max: int
    expected: int
    phases: dict[str, int]
    released: bool


class DeskSittings(_Shape, frozen=True, kw_only=True):
    now: datetime
    sittings: list[DeskSitting]


class Tile(_Shape, frozen=True, kw_only=True):
    """One candidate on the board. `connected` null: never seen. `notices_open`: told but not yet acknowledged.

    `identity`: none, waiting, accepted, refused. `attention` is the rank: higher first. `flags`: short codes such
    as identity_waiting, late_answers, offline, second_device, notice_open, idle, locked, paused, incident, case_open.
    `why`: why a person has to judge the identity (no_model, model_slow, no_photo, doubtful, tries_over, no_consent,
    no_camera). `incidents` are those nobody has reviewed yet, `worst` the highest level among them, `changed_at` when
    proctoring last had news. `capture` is the newest picture, `face` what it showed (CaptureRow.kind, "" none yet),
    `similarity` 0-100; `photo` the reference picture. `claimed_by` is busy with the candidate until `claimed_until`.
    """

    attempt_id: int
    person_id: int
    name: str
    id_number: str
    phase: str
    version: int
    answered: int
    item_count: int
    deadline_at: datetime | None
    paused_at: datetime | None
    ticking: bool
    identity: str
    locked: bool
    connected: bool | None
    seen_at: datetime | None
    last_answer_at: datetime | None
    picture: str
    notices_open: int
    last_notice: int
    last_notice_acknowledged: bool
    late: int
    devices: int
    ending: str | None
    flags: list[str]
    attention: int
    why: str
    room: int
    organisation: str
    incidents: int
    worst: int
    changed_at: datetime | None
    capture: str
    capture_at: datetime | None
    face: str
    similarity: int | None
    photo: str
    claimed_by: str
    claimed_until: datetime | None
    case_open: bool


class BoardSnapshot(_Shape, frozen=True, kw_only=True, tag="board", tag_field="type"):
    """First word on the board's socket, and the answer of its HTTP twin."""

    now: datetime
    sitting_id: int
    tiles: list[Tile]


class BoardPart(_Shape, frozen=True, kw_only=True, tag="part", tag_field="type"):
    """Tiles of a BoardSnapshot to come: a large board arrives in parts, the BoardSnapshot brings the last of them."""

    tiles: list[Tile]


class BoardDelta(_Shape, frozen=True, kw_only=True, tag="tiles", tag_field="type"):
    """Tiles that changed since the word before, at most four times a second."""

    now: datetime
    tiles: list[Tile]


class BoardPong(_Shape, frozen=True, kw_only=True, tag="pong", tag_field="type"):
    """Keeps the desk's clock fresh on a quiet board."""

    now: datetime


Act = (
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


class ActRequest(_Shape, frozen=True, kw_only=True):
    """Do `command` to the attempts named, or to `everybody` running (or not yet started, for a message).

    `request_id` is made by the desk: the same id again does nothing new and answers the same.
    """

    request_id: RequestId
    command: Act
    attempt_ids: Annotated[list[AttemptId], Meta(max_length=20_000)] = []
    everybody: bool = False


class ActTarget(_Shape, frozen=True, kw_only=True):
    """`version`: the journal number under which it was written ("sent"); `refused`: why not.

    `received`: the candidate's device has acknowledged it (a notice), or has it on its socket (all else).
    """

    attempt_id: int
    name: str
    version: int | None
    refused: str | None
    received: bool


class ActOutcome(_Shape, frozen=True, kw_only=True):
    act_id: int
    sent: int
    refused: int
    targets: list[ActTarget]


class PastAct(_Shape, frozen=True, kw_only=True):
    """One row of the list of past acts and announcements."""

    act_id: int
    at: datetime
    by: str
    everybody: bool
    command: msgspec.Raw
    sent: int
    refused: int
    received: int


class PastActs(_Shape, frozen=True, kw_only=True):
    acts: list[PastAct]


class TimelineEvent(_Shape, frozen=True, kw_only=True):
    version: int
    at: datetime
    kind: str
    by: str | None
    event: msgspec.Raw


class Timeline(_Shape, frozen=True, kw_only=True):
    """One candidate's journal as the desk may read it: choices are left out, the rest is whole."""

    attempt_id: int
    name: str
    id_number: str
    title: str
    phase: Phase
    events: list[TimelineEvent]


class ResultRow(_Shape, frozen=True, kw_only=True):
    attempt_id: int
    person_id: int
    name: str
    id_number: str
    phase: Phase
    points: int | None
    points_max: int | None
    unanswered: int | None
    ending: Ending | None
    late: int
    passed: bool | None
    held_by: list[int] | None = None


class PassPreview(_Shape, frozen=True, kw_only=True):
    """How many would pass at this line; `held` of them are held back by a case."""

    pass_points: int
    passing: int
    held: int = 0


class Results(_Shape, frozen=True, kw_only=True):
    """The release page. `histogram[i]` counts scores in [i*10, i*10+10) percent, the last one closed.

    `held`: attempts a case holds back, which no release reaches; their rows name the open cases (`held_by`, else null).
    """

    sitting_id: int
    title: str
    pass_points: int
    points_max: int
    phases: dict[str, int]
    ordered: bool
    released: int
    releasable: int
    histogram: list[int]
    preview: list[PassPreview]
    rows: list[ResultRow]
    held: int = 0


class ReleaseOrder(_Shape, frozen=True, kw_only=True):
    """Release every marked attempt of the sitting at this pass line, now and as the rest is marked."""

    pass_points: Annotated[int, Meta(ge=0, le=100_000)]


class ExtraTime(_Shape, frozen=True, kw_only=True):
    """Extra minutes of one person, before he enters (province only)."""

    person_id: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    minutes: Annotated[int, Meta(ge=0, le=600)]
    reason: Annotated[str, Meta(min_length=5, max_length=500, pattern=TEXT_PATTERN)]


class Awaited(_Shape, frozen=True, kw_only=True):
    """Somebody entitled who has not entered."""

    person_id: int
    name: str
    id_number: str
    extra_minutes: int


class People(_Shape, frozen=True, kw_only=True):
    """Who may sit and has not entered, by name, at most 5,000 of `total`."""

    total: int
    people: list[Awaited]


class Health(_Shape, frozen=True, kw_only=True):
    ready: bool
    version: str
    database: bool
    redis: bool


class Done(_Shape, frozen=True, kw_only=True):
    """It is done; nothing more to say."""
