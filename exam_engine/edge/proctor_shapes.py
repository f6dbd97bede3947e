"""Bodies and answers of the proctoring endpoints: entry checks, captures, signals, incidents, cases, the wall."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from exam_engine.edge.shapes import AttemptId, RequestId
from exam_engine.messages import TEXT_PATTERN, Device, PictureName
from proctor.cases import Allegation, AppealRuling, Measure, Ruling

SIGNALS_MAX = 200  # in one batch
LINKS_MAX = 400  # picture links in one request: two wall pages
AccountId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Words = Annotated[str, Meta(min_length=5, max_length=2000, pattern=TEXT_PATTERN)]
ShortWords = Annotated[str, Meta(max_length=500, pattern=TEXT_PATTERN)]


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


# --- the physician: consent, entry, captures, signals ----------------------------------------------------------


class Consent(_Shape, frozen=True, kw_only=True):
    """Whether the physician agrees to his face being captured, to the text of this version."""

    agreed: bool
    version: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[0-9A-Za-z.-]+$(?!\\n)")]


class Watching(_Shape, frozen=True, kw_only=True):
    """How this attempt is watched, for its device.

    `consent`: "", agreed or refused; `consent_version`: the text that counts now. `face`: a model checks the entry
    with several frames (`turn`: and a head turn); else one portrait is sent. `captures`: pictures are taken during
    the exam, the next in `next_in_s`. `has_photo`: there is a reference photo.
    """

    consent: str
    consent_version: str
    face: bool
    turn: bool
    frames: int
    span_s: float
    captures: bool
    next_in_s: int
    has_photo: bool
    leave_s: float
    leaves: int
    leaves_max: int
    leaves_force: bool
    camera_warn_s: int
    idle_s: int
    gap_s: int


class AskPerson(_Shape, frozen=True, kw_only=True):
    """The way without a face: `why` is no_consent or no_camera."""

    device: Device
    why: Annotated[str, Meta(pattern="^(no_consent|no_camera)$(?!\\n)")]


class CheckBegun(_Shape, frozen=True, kw_only=True):
    """An entry check: turn the head as `steps` say ("left", "right": the physician's own), after a frontal look.

    `mode` "person": no model can look now (`why`: no_model, model_slow, no_photo); send one frame, a person judges.
    """

    check_id: int
    mode: str
    why: str
    steps: list[str]
    frames: int
    span_s: float


class FrameSeen(_Shape, frozen=True, kw_only=True):
    """What became of one frame. `hint`: what to change ("" nothing), codes of proctor/quality.py and liveness.py.

    `step`: index of the turn awaited, -1 while a frontal look is awaited, len(steps) when all turns are made.
    `outcome`: going (send more), accepted, retry (begin a new check), waiting (a person judges: `why`).
    """

    check_id: int
    hint: str
    step: int
    frames_good: int
    outcome: str
    why: str
    identity: str
    version: int


class Captured(_Shape, frozen=True, kw_only=True):
    """A picture was kept; the next one is due in `next_in_s`."""

    picture: str
    next_in_s: int


class SignalSent(_Shape, frozen=True, kw_only=True):
    """One raw fact. `n` numbers the signals of a device without gaps; `at_ms` is on the device's clock.

    `episode`: the n of the first signal of something that lasts; later ones of it carry a larger `for_ms`. 0: alone.
    """

    n: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    kind: Annotated[str, Meta(min_length=1, max_length=40, pattern="^[a-z_]+$(?!\\n)")]
    at_ms: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    for_ms: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    episode: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class SignalBatch(_Shape, frozen=True, kw_only=True):
    """`now_ms`: the device's clock while sending, so that its offset doesn't matter."""

    device: Device
    now_ms: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    signals: Annotated[list[SignalSent], Meta(min_length=1, max_length=SIGNALS_MAX)]


class OwnIncident(_Shape, frozen=True, kw_only=True):
    """What was recorded about the physician, as he may read it."""

    rule: str
    ordinal: int
    level: int
    at: datetime
    for_ms: int
    text: str


class SignalsTaken(_Shape, frozen=True, kw_only=True):
    """Kept up to `n`. `incidents`: new ones; those of level 1 are shown as a note, the others come as notices."""

    n: int
    leaves: int
    incidents: list[OwnIncident]


class OwnCapture(_Shape, frozen=True, kw_only=True):
    """`kind` as in CaptureRow; `why`: interval, start, again, back, hand_in, asked."""

    at: datetime
    why: str
    kind: str


class OwnNotice(_Shape, frozen=True, kw_only=True):
    at: datetime
    level: str
    text: str
    acknowledged: bool


class OwnCase(_Shape, frozen=True, kw_only=True):
    """A case about the physician: what is alleged, on which evidence, how it stands, what he may do.

    `phase`: open, notified, replied, confirmed, dismissed, appealed, upheld, overturned.
    `can_reply`/`can_appeal` until `until`.
    """

    case_id: int
    attempt_id: int
    title: str
    allegation: str
    text: str
    phase: str
    opened_at: datetime
    pictures: list[str]
    incidents: list[OwnIncident]
    reply: str
    decision: str
    reason: str
    measure: str
    appeal: str
    appeal_reason: str
    can_reply: bool
    can_appeal: bool
    until: datetime | None


class OwnLog(_Shape, frozen=True, kw_only=True):
    """我的监考记录: everything recorded about one attempt."""

    attempt_id: int
    incidents: list[OwnIncident]
    captures: list[OwnCapture]
    notices: list[OwnNotice]
    cases: list[OwnCase]


class OwnCases(_Shape, frozen=True, kw_only=True):
    cases: list[OwnCase]


class Speech(_Shape, frozen=True, kw_only=True):
    """A reply or an appeal."""

    text: Words


class CameraCode(_Shape, frozen=True, kw_only=True):
    """For pairing a phone: shown once. `svg` is the QR code of `url`."""

    code: str
    url: str
    svg: str
    expires_at: datetime


class PairCamera(_Shape, frozen=True, kw_only=True):
    code: Annotated[str, Meta(min_length=8, max_length=64, pattern="^[A-Za-z0-9_-]+$(?!\\n)")]


class CameraPaired(_Shape, frozen=True, kw_only=True):
    """The phone is this attempt's camera: the token goes with every picture (header X-Camera)."""

    token: str
    attempt_id: int
    person_name: str
    title: str


class CameraView(_Shape, frozen=True, kw_only=True):
    """What the paired phone should do now. `phase` and `identity` as in AttemptView."""

    attempt_id: int
    person_name: str
    title: str
    phase: str
    identity: str
    watching: Watching


class CameraState(_Shape, frozen=True, kw_only=True):
    """For the exam page: whether a phone is paired, and when it was last heard."""

    paired: bool
    seen_at: datetime | None


class PhotoChecked(_Shape, frozen=True, kw_only=True):
    """Whether a picture would do as the reference photo. `hints` as in proctor/quality.py; empty: it would."""

    looked: bool
    hints: list[str]


class PhotoState(_Shape, frozen=True, kw_only=True):
    """`status`: none, pending, approved or refused (then `reason`)."""

    status: str
    reason: str
    added_at: datetime | None


# --- the desk: the wall ----------------------------------------------------------------------------------------


class PictureAsked(_Shape, frozen=True, kw_only=True):
    attempt_id: AttemptId
    picture: PictureName


class LinksAsked(_Shape, frozen=True, kw_only=True):
    pictures: Annotated[list[PictureAsked], Meta(max_length=LINKS_MAX)]


class PictureLink(_Shape, frozen=True, kw_only=True):
    attempt_id: int
    picture: str
    url: str  # /api/desk/attempts/…/pictures/…?link=…


class PictureLinks(_Shape, frozen=True, kw_only=True):
    """Those of the pictures asked for that exist; each link is for this account and works until `until`."""

    until: datetime
    links: list[PictureLink]


class VisionView(_Shape, frozen=True, kw_only=True):
    """How the face models are. `reason`: "" fine, none, down or slow.

    `share`: how much of the pictures of the last ten minutes was looked at, 0 to 1; null if there were none.
    """

    model: str
    workers: int
    workers_alive: int
    waiting: int
    waited_s: float
    reason: str
    share: float | None


class RulePrecision(_Shape, frozen=True, kw_only=True):
    """How often this kind of flag was right so far. `share` = real / (real + fine), with its 95 % interval."""

    rule: str
    real: int
    fine: int
    open: int
    share: float | None
    low: float | None
    high: float | None


class Watcher(_Shape, frozen=True, kw_only=True):
    account_id: int
    name: str


class RoomView(_Shape, frozen=True, kw_only=True):
    room: int
    people: int
    watchers: list[Watcher]


class HandoverView(_Shape, frozen=True, kw_only=True):
    at: datetime
    room: int
    from_name: str
    to_name: str
    note: str


class Proctored(_Shape, frozen=True, kw_only=True):
    """What the wall needs beside its tiles. `mine`: rooms of this account (empty: all). `looked`: per attempt."""

    now: datetime
    vision: VisionView
    rules: list[RulePrecision]
    rooms: list[RoomView]
    mine: list[int]
    staff: list[Watcher]
    handovers: list[HandoverView]
    looked: dict[int, datetime]


class Divide(_Shape, frozen=True, kw_only=True):
    """Divide a sitting's people into `rooms` of about the same size, by name."""

    rooms: Annotated[int, Meta(ge=1, le=10_000)]


class AssignRoom(_Shape, frozen=True, kw_only=True):
    """Who watches a room."""

    room: Annotated[int, Meta(ge=1, le=10_000)]
    account_ids: Annotated[list[AccountId], Meta(max_length=50)]


class HandOver(_Shape, frozen=True, kw_only=True):
    """Give a room of mine to somebody else of this sitting, with what he should know."""

    room: Annotated[int, Meta(ge=1, le=10_000)]
    to_account_id: AccountId
    note: ShortWords = ""


class LookOutcome(_Shape, frozen=True, kw_only=True):
    """`claimed`: this account is busy with the candidate until `until`; else `by` is."""

    claimed: bool
    by: str
    until: datetime
    looked_at: datetime


class Review(_Shape, frozen=True, kw_only=True):
    """`fine`: nothing wrong; `real`: it was as flagged. Empty `incident_ids`: all open ones of the candidate."""

    verdict: Annotated[str, Meta(pattern="^(fine|real)$(?!\\n)")]
    incident_ids: Annotated[list[Annotated[int, Meta(ge=1, le=2**53 - 1)]], Meta(max_length=500)] = []


class Reviewed(_Shape, frozen=True, kw_only=True):
    reviewed: int


class FlagAttempts(_Shape, frozen=True, kw_only=True):
    """An invigilator's own flag (LTI "flag"): what he saw, and how severe (1-3)."""

    request_id: RequestId
    attempt_ids: Annotated[list[AttemptId], Meta(min_length=1, max_length=500)]
    level: Annotated[int, Meta(ge=1, le=3)]
    note: Annotated[str, Meta(min_length=2, max_length=500, pattern=TEXT_PATTERN)]


class IncidentRow(_Shape, frozen=True, kw_only=True):
    """`verdict`: "" (open), fine or real. `by`: who flagged it, "" when a rule did."""

    incident_id: int
    rule: str
    ordinal: int
    level: int
    at: datetime
    for_ms: int
    pictures: list[str]
    note: str
    by: str
    verdict: str
    reviewed_by: str


class CaptureRow(_Shape, frozen=True, kw_only=True):
    """`state`: waiting, seen, not_seen (`reason`).

    `kind`: same, other, no_face, several, covered, frozen, poor, unjudged, unreadable.
    `similarity` is 0-100 for people to read.
    """

    picture: str
    why: str
    at: datetime
    state: str
    reason: str
    kind: str
    face_count: int | None
    similarity: int | None


class CheckRow(_Shape, frozen=True, kw_only=True):
    """One entry check. `verdict`: "" (not ended), accept, retry, ask_a_person."""

    check_id: int
    begun_at: datetime
    ended_at: datetime | None
    device: str
    steps: list[str]
    verdict: str
    why: str
    similarity: int | None
    pictures: list[str]


class SignalRow(_Shape, frozen=True, kw_only=True):
    kind: str
    at: datetime
    for_ms: int
    device: str


class CandidateView(_Shape, frozen=True, kw_only=True):
    """Everything proctoring knows of one candidate; his journal is the Timeline. `photo`: the reference, "" if none."""

    attempt_id: int
    sitting_id: int
    name: str
    id_number: str
    organisation: str
    room: int
    photo: str
    consent: str
    taken_in: int
    incidents: list[IncidentRow]
    captures: list[CaptureRow]
    checks: list[CheckRow]
    signals: list[SignalRow]
    cases: list[int]


# --- the desk: cases -------------------------------------------------------------------------------------------


class OpenCase(_Shape, frozen=True, kw_only=True):
    """What is alleged, in words and with evidence."""

    request_id: RequestId
    allegation: Allegation
    text: Words
    incident_ids: Annotated[list[Annotated[int, Meta(ge=1, le=2**53 - 1)]], Meta(max_length=200)] = []
    pictures: Annotated[list[PictureName], Meta(max_length=50)] = []


class Attach(_Shape, frozen=True, kw_only=True):
    """More evidence, with what it shows."""

    text: Words
    incident_ids: Annotated[list[Annotated[int, Meta(ge=1, le=2**53 - 1)]], Meta(max_length=200)] = []
    pictures: Annotated[list[PictureName], Meta(max_length=50)] = []


class Decide(_Shape, frozen=True, kw_only=True):
    """`measure` only with confirm: none, warning or void (the attempt is annulled, without a second go)."""

    verdict: Ruling
    measure: Measure = Measure.NONE
    reason: Words


class DecideAppeal(_Shape, frozen=True, kw_only=True):
    verdict: AppealRuling
    reason: Words


class CaseRow(_Shape, frozen=True, kw_only=True):
    case_id: int
    attempt_id: int
    sitting_id: int
    title: str
    name: str
    id_number: str
    allegation: str
    phase: str
    holds: bool
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None


class CaseList(_Shape, frozen=True, kw_only=True):
    """Newest first, at most 200; `next` for the next page (0: none)."""

    cases: list[CaseRow]
    next: int


class CaseEventRow(_Shape, frozen=True, kw_only=True):
    """`kind`: opened, evidence_attached, notified, replied, decided, appealed, appeal_decided. `by` "": the system."""

    version: int
    at: datetime
    kind: str
    by: str
    event: msgspec.Raw


class CaseView(_Shape, frozen=True, kw_only=True):
    """One case. `can`: what this account may do now: attach, confirm, dismiss, decide_appeal.

    `why_not`: what stands in the way of deciding: own_case, own_decision, not_notified, reply_pending, wrong_role,
    closed. `reply_until`: from when on it may be confirmed without a reply. `allegation` of the row: substitution,
    helper, materials, leaving, camera, leaking, organised, other.
    """

    case: CaseRow
    text: str
    incidents: list[IncidentRow]
    pictures: list[str]
    photo: str
    reply: str
    decision: str
    reason: str
    measure: str
    appeal: str
    appeal_reason: str
    reply_until: datetime | None
    appeal_until: datetime | None
    can: list[str]
    why_not: str
    events: list[CaseEventRow]


# --- the desk: counts, centre, photos, retention ---------------------------------------------------------------


class CountsAt(_Shape, frozen=True, kw_only=True):
    at: datetime
    entered: int
    running: int
    offline: int
    flagged: int
    handed_in: int


class Counts(_Shape, frozen=True, kw_only=True):
    """One sitting over time, oldest first, at most 720 points (thinned evenly)."""

    sitting_id: int
    points: list[CountsAt]


class GroupCounts(_Shape, frozen=True, kw_only=True):
    """`key`: an institution's name, or a GB/T 2260 province. `expected`: entitled people."""

    key: str
    expected: int
    entered: int
    running: int
    offline: int
    flagged: int
    handed_in: int


class CentreSitting(_Shape, frozen=True, kw_only=True):
    sitting_id: int
    title: str
    closes_at: datetime
    now: GroupCounts
    points: list[CountsAt]


class Centre(_Shape, frozen=True, kw_only=True):
    """The command centre: everything in this account's scope that is open now, for a projector."""

    now: datetime
    vision: VisionView
    total: GroupCounts
    provinces: list[GroupCounts]
    institutions: list[GroupCounts]
    sittings: list[CentreSitting]
    cases_open: int
    incidents: dict[str, int]


class PhotoRow(_Shape, frozen=True, kw_only=True):
    """A reference photo that waits for somebody's approval. `doubts`: hints of quality, same_as_other."""

    photo_id: int
    person_id: int
    name: str
    id_number: str
    picture: str
    doubts: list[str]
    added_at: datetime


class PhotoRows(_Shape, frozen=True, kw_only=True):
    total: int
    photos: list[PhotoRow]


class DecidePhoto(_Shape, frozen=True, kw_only=True):
    approve: bool
    reason: ShortWords = ""


class ImportedPhoto(_Shape, frozen=True, kw_only=True):
    """One file of an import. `outcome`: kept, pending (`doubts`), refused (`problem`)."""

    file: str
    outcome: str
    problem: str
    doubts: list[str]
    person: str


class PhotoImport(_Shape, frozen=True, kw_only=True):
    """An import as it goes: `done` of `total` files. `problem` when the whole could not be read."""

    import_id: str
    total: int
    done: int
    kept: int
    pending: int
    refused: int
    finished: bool
    problem: str
    files: list[ImportedPhoto]


class DeletionRow(_Shape, frozen=True, kw_only=True):
    at: datetime
    reason: str
    attempts: int
    pictures: int
    bytes: int


class Retention(_Shape, frozen=True, kw_only=True):
    """What is kept and what was deleted, by rule."""

    pictures: int
    due: int
    keep_days: int
    keep_case_days: int
    deletions: list[DeletionRow]
