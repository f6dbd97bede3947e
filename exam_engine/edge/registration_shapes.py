"""What travels between the physician's app and the registration module. Instants are UTC, personal numbers masked."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from exam_engine.edge.shapes import Password, _Shape
from exam_engine.messages import TEXT_PATTERN
from exam_engine.registration.forms import Complaint, Form
from exam_engine.registration.policy import Window
from exam_engine.registration.procedure import Condition

Phone = Annotated[str, Meta(min_length=5, max_length=30)]
Code = Annotated[str, Meta(pattern="^[0-9]{6}$(?!\\n)")]
Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=TEXT_PATTERN)]
IdNumber = Annotated[str, Meta(min_length=6, max_length=30, pattern=TEXT_PATTERN)]
Province = Annotated[str, Meta(pattern="^[0-9]{2}$(?!\\n)")]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Reason = Annotated[str, Meta(max_length=500, pattern=TEXT_PATTERN)]
Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]


# --- sign-up -----------------------------------------------------------------------------------------------------


class AskCode(_Shape, frozen=True, kw_only=True):
    """`purpose`: register or reset."""

    phone: Phone
    purpose: str


class CodeSent(_Shape, frozen=True, kw_only=True):
    """`shown`: the code itself, in the demonstration only; elsewhere it comes by SMS."""

    retry_after_s: int
    valid_s: int
    shown: str | None


class SignUp(_Shape, frozen=True, kw_only=True):
    """`terms`: the version of the service agreement that was ticked."""

    phone: Phone
    code: Code
    password: Password
    terms: Annotated[str, Meta(max_length=20)]


class ResetPassword(_Shape, frozen=True, kw_only=True):
    phone: Phone
    code: Code
    password: Password


# --- who somebody is ---------------------------------------------------------------------------------------------


class Certify(_Shape, frozen=True, kw_only=True):
    """`id_type`: id_card, hk_macao_permit, taiwan_permit, passport, foreign_permanent, officer."""

    name: Name
    id_type: str
    id_number: IdNumber
    practice_place: Name
    title: Annotated[str, Meta(max_length=40)]


class Certification(_Shape, frozen=True, kw_only=True):
    """`state`: registered, cert_failed, certified. `failed_fields` of name, id_number, practice_place, title."""

    state: str
    name: str
    id_number: str
    failed_fields: list[str]
    tries_left: int


class Places(_Shape, frozen=True, kw_only=True):
    """Practice places that match what was typed, for the pick list."""

    places: list[str]


class Bind(_Shape, frozen=True, kw_only=True):
    """定考账号绑定: all four must be right; which one is wrong is never said."""

    province: Province
    id_number: IdNumber
    name: Name
    password: Password


class ChangePassword(_Shape, frozen=True, kw_only=True):
    """The assessment account's password; `old` is the initial one the first time."""

    old: Password
    new: Password


class Notice(_Shape, frozen=True, kw_only=True):
    """《用户告知书》 in force. `agreed_at` null: not agreed to this version. `face`: agreed to face capture too."""

    notice_id: int
    version: int
    title: str
    body: str
    digest: str
    published_at: datetime
    agreed_at: datetime | None
    face: bool | None
    face_version: str
    read_s: int


class AgreeNotice(_Shape, frozen=True, kw_only=True):
    """`face`: the separate consent to face capture (of text `face_version`); false takes the way without a face."""

    notice_id: Id
    digest: Annotated[str, Meta(max_length=64)]
    face: bool
    face_version: Annotated[str, Meta(max_length=20)]


# --- 定考个人首页 ------------------------------------------------------------------------------------------------


class HomeStep(_Shape, frozen=True, kw_only=True):
    """`code`: registration, procedure, evaluation, exemption, exam, result.

    `state`: done, current, todo, skipped, failed. `status`: the finer word under it, of the step's own file
    (`reg.status.<code>.<status>`).
    """

    code: str
    state: str
    status: str


class NamedWindow(_Shape, frozen=True, kw_only=True):
    """`code`: registration, evaluation, exemption, humanities, professional. `window` null: not announced."""

    code: str
    window: Window | None


class FileStanding(_Shape, frozen=True, kw_only=True):
    """How one part stands. `reason`: why it was returned or refused; `due_at`: until when it may be handed in again."""

    subject: str
    state: str
    version: int
    reason: str
    due_at: datetime | None
    moved_at: datetime


class Home(_Shape, frozen=True, kw_only=True):
    """Everything the home page shows.

    `place`: where this account is on its way: certify, bind, password (must be changed), notice, home, or exams_only
    (an account made by staff for exams alone). `button`: the one main action: certify, bind, change_password,
    read_notice, confirm_profile, choose_procedure, self_evaluate, details, or none (`waiting` says for whom:
    institution, agency, province, window, nobody).
    """

    now: datetime
    place: str
    button: str
    waiting: str
    name: str
    phone: str
    certification: Certification | None
    province: str
    institution: str
    agency: str
    cycle: str
    cycle_starts_on: date | None
    cycle_ends_on: date | None
    windows: list[NamedWindow]
    steps: list[HomeStep]
    files: list[FileStanding]
    procedure: str
    simple_refused: bool
    faceless: bool
    may_exempt: bool
    may_defer: bool
    may_change: bool
    unread: int


class PastCycle(_Shape, frozen=True, kw_only=True):
    """One line of 历次考核."""

    cycle: str
    starts_on: date
    ends_on: date
    institution: str
    procedure: str
    files: list[FileStanding]


class PastCycles(_Shape, frozen=True, kw_only=True):
    cycles: list[PastCycle]


# --- the file ----------------------------------------------------------------------------------------------------


class DocumentView(_Shape, frozen=True, kw_only=True):
    """An uploaded document. `url` is good for five minutes and for this account."""

    document_id: int
    title: str
    media: str
    bytes: int
    pages: int
    added_at: datetime
    url: str


class MoveView(_Shape, frozen=True, kw_only=True):
    """One line of a file's history. `by` is the name of a member of staff for staff; for the physician the role."""

    at: datetime
    event: str
    from_state: str
    to_state: str
    role: str
    by: str
    reason: str


class FileView(_Shape, frozen=True, kw_only=True):
    """One part of the file as its physician may see it.

    `values`: the draft while it may be edited, else what was handed in. `shown`: read-only values by code. `problems`:
    what is wrong now; without a hard one it may be handed in. `computed`: years and months of practice. `refused_by`:
    why it can't be edited or handed in now (window_closed, not_enrolled, …), "" if it can.
    """

    subject: str
    state: str
    version: int
    form: Form
    values: dict[str, Any]
    shown: dict[str, str]
    problems: list[Complaint]
    computed: dict[str, int]
    editable: bool
    may_submit: bool
    may_withdraw: bool
    refused_by: str
    reason: str
    due_at: datetime | None
    saved_at: datetime
    documents: list[DocumentView]
    moves: list[MoveView]


class SaveFile(_Shape, frozen=True, kw_only=True):
    version: Version
    values: dict[str, Any]


class FileSaved(_Shape, frozen=True, kw_only=True):
    version: int
    saved_at: datetime
    problems: list[Complaint]
    computed: dict[str, int]


class AtVersion(_Shape, frozen=True, kw_only=True):
    """An act on what the page showed: refused (`changed_meanwhile`) if it has moved since."""

    version: Version


class ProcedureView(_Shape, frozen=True, kw_only=True):
    """选择考核程序. `procedure`: none, simple_applied, simple, general. `may_change`: simple may be taken back."""

    procedure: str
    version: int
    form: Form
    values: dict[str, Any]
    conditions: list[Condition]
    years: int
    months: int
    bad_records: int
    simple_refused: bool
    reason: str
    problems: list[Complaint]
    may_choose: bool
    may_change: bool
    refused_by: str
    documents: list[DocumentView]


class ChooseProcedure(_Shape, frozen=True, kw_only=True):
    """`choice`: simple (the ticks and evidence of `values`) or general."""

    version: Version
    choice: str
    values: dict[str, Any] = msgspec.field(default_factory=dict)


class PhotoHints(_Shape, frozen=True, kw_only=True):
    """A photo taken as document; `hints`: what is wrong with it as a reference. `looked`: a face model saw it."""

    document: DocumentView
    looked: bool
    hints: list[str]


# --- 站内消息 ----------------------------------------------------------------------------------------------------


class MessageView(_Shape, frozen=True, kw_only=True):
    """`code` M01 to M37 (domain.md §3.11) and C…: the browser owns the sentence, `facts` fill it."""

    message_id: int
    code: str
    facts: dict[str, str | int | bool | None]
    count: int
    at: datetime
    read_at: datetime | None


class Inbox(_Shape, frozen=True, kw_only=True):
    """The newest first; `next` is the `before` of the next page."""

    unread: int
    messages: list[MessageView]
    next: int | None


class ReadMessages(_Shape, frozen=True, kw_only=True):
    """No ids: all of them."""

    message_ids: Annotated[list[Id], Meta(max_length=500)] = msgspec.field(default_factory=list)


class InboxNews(msgspec.Struct, frozen=True, tag="inbox", tag_field="type"):
    """What comes down the stream of `/api/inbox/live`: how many are unread, and the newest message."""

    unread: int
    newest: MessageView | None
