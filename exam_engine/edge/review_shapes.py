"""What travels between the desks of reviewers and administrators and the server."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from exam_engine.edge.registration_shapes import (
    DocumentView,
    Id,
    IdNumber,
    MoveView,
    Name,
    Province,
    Reason,
    Version,
)
from exam_engine.edge.shapes import Login, _Shape
from exam_engine.messages import TEXT_PATTERN
from exam_engine.registration.forms import Complaint, Form
from exam_engine.registration.policy import ProvincePolicy

# --- reviews -----------------------------------------------------------------------------------------------------


class ReviewRow(_Shape, frozen=True, kw_only=True):
    """One file in a queue. `mine`: this account's level decides it now. `opened_by`: who has it on the screen."""

    file_id: int
    subject: str
    state: str
    version: int
    name: str
    id_number: str
    institution: str
    department: str
    category: str
    procedure: str
    flags: list[str]
    submitted_at: datetime | None
    moved_at: datetime
    due_at: datetime | None
    opened_by: str
    mine: bool
    refused_by: str


class ReviewPage(_Shape, frozen=True, kw_only=True):
    """`next`: the `after` of the next page, null at the end."""

    rows: list[ReviewRow]
    next: str | None


class StateCount(_Shape, frozen=True, kw_only=True):
    subject: str
    state: str
    count: int


class ReviewCounts(_Shape, frozen=True, kw_only=True):
    """`waiting`: how many this account's level has to decide."""

    waiting: int
    counts: list[StateCount]


class Change(_Shape, frozen=True, kw_only=True):
    """A value that differs from what was handed in the time before."""

    field: str
    before: Any
    after: Any


class Opinion(_Shape, frozen=True, kw_only=True):
    """What a level said. `conditions_met` only where the simple procedure was applied for."""

    by: str
    at: datetime
    work: str | None
    ethics: str | None
    conditions_met: bool | None
    comment: str
    reason_code: str


class ConductRow(_Shape, frozen=True, kw_only=True):
    """What authorities reported of this person."""

    good: bool
    kind: str
    at: date
    fact: str
    source: str


class ReviewDetail(_Shape, frozen=True, kw_only=True):
    """One file as its reviewer sees it; looking at it is on record, since the numbers are whole.

    `acts`: what this account may do now (approve, return, refuse, undo, reopen, close). `refused_by`: why it may do
    nothing (own_file, reviewed_before, not_your_turn). `procedure_values`: ticks and evidence, with an evaluation.
    """

    row: ReviewRow
    id_number: str
    phone: str
    form: Form
    values: dict[str, Any]
    shown: dict[str, str]
    changes: list[Change]
    problems: list[Complaint]
    computed: dict[str, int]
    procedure_form: Form | None
    procedure_values: dict[str, Any]
    conduct: list[ConductRow]
    registry: dict[str, str]
    documents: list[DocumentView]
    shared_documents: list[int]
    org_opinion: Opinion | None
    agy_opinion: Opinion | None
    moves: list[MoveView]
    acts: list[str]
    refused_by: str
    eligible: bool
    reason: str


class Rating(_Shape, frozen=True, kw_only=True):
    """`work`, `ethics`: qualified or unqualified. `reason_code`: U01 to U14, with an unqualified of the agency."""

    work: str
    ethics: str
    comment: Annotated[str, Meta(min_length=5, max_length=500, pattern=TEXT_PATTERN)]
    conditions_met: bool | None = None
    reason_code: Annotated[str, Meta(max_length=3)] = ""


class DecideReview(_Shape, frozen=True, kw_only=True):
    """`act`: approve, return, refuse. An evaluation is approved with its `rating`, whatever that says."""

    version: Version
    act: str
    reason: Reason = ""
    rating: Rating | None = None


class Undo(_Shape, frozen=True, kw_only=True):
    version: Version
    reason: Reason


class Decided(_Shape, frozen=True, kw_only=True):
    """`may_undo`: until the next level opens it."""

    file_id: int
    state: str
    version: int
    may_undo: bool


class FileAtVersion(_Shape, frozen=True, kw_only=True):
    file_id: Id
    version: Version


class ApproveMany(_Shape, frozen=True, kw_only=True):
    files: Annotated[list[FileAtVersion], Meta(min_length=1, max_length=500)]


class ApprovedLine(_Shape, frozen=True, kw_only=True):
    """`refused`: the code why not, "" if it went through."""

    file_id: int
    state: str
    version: int
    refused: str


class ApprovedMany(_Shape, frozen=True, kw_only=True):
    lines: list[ApprovedLine]


# --- assessment accounts -----------------------------------------------------------------------------------------


class AssessmentRow(_Shape, frozen=True, kw_only=True):
    """定考账号. `initial`: its password is still the initial one. `file_state`: how this cycle's profile stands."""

    assessment_id: int
    person_id: int
    name: str
    id_number: str
    department: str
    institution: str
    institution_id: int
    state: str
    initial: bool
    bound_at: datetime | None
    version: int
    file_state: str


class AssessmentPage(_Shape, frozen=True, kw_only=True):
    rows: list[AssessmentRow]
    next: int | None


class InstitutionFound(_Shape, frozen=True, kw_only=True):
    """`agency`: who reviews for it, "" while nobody does."""

    organisation_id: int
    name: str
    agency: str


class Institutions(_Shape, frozen=True, kw_only=True):
    """At most 20; those whose names begin with what was looked for come first."""

    rows: list[InstitutionFound]


class AddAssessment(_Shape, frozen=True, kw_only=True):
    """`institution_id` is asked of a province only; an institution adds its own."""

    name: Name
    id_number: IdNumber
    department: Annotated[str, Meta(max_length=40)] = ""
    institution_id: Id | None = None


class WithReason(_Shape, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(min_length=5, max_length=500)]


class Transfer(_Shape, frozen=True, kw_only=True):
    institution_id: Id
    reason: Annotated[str, Meta(min_length=5, max_length=500)]


class RowProblem(_Shape, frozen=True, kw_only=True):
    """`row` as the spreadsheet numbers it; `column` its heading. `code` is of `reg.row.*`."""

    row: int
    column: str
    code: str


class ImportReport(_Shape, frozen=True, kw_only=True):
    """What became of a file; at most 1,000 problems are listed of `wrong`."""

    total: int
    added: int
    changed: int
    same: int
    wrong: int
    problems: list[RowProblem]


# --- province and nation -----------------------------------------------------------------------------------------


class CycleView(_Shape, frozen=True, kw_only=True):
    cycle: int
    name: str
    starts_on: date
    ends_on: date


class Cycles(_Shape, frozen=True, kw_only=True):
    cycles: list[CycleView]


class SittingWindow(_Shape, frozen=True, kw_only=True):
    """An exam's window as the province may move it. `audience`: 报考专业 it is for; empty: everybody."""

    sitting_id: int
    kind: str
    round: str
    title: str
    opens_at: datetime
    closes_at: datetime
    audience: list[str]
    entered: int


class MoveWindow(_Shape, frozen=True, kw_only=True):
    opens_at: datetime
    closes_at: datetime
    audience: Annotated[list[str], Meta(max_length=60)] = msgspec.field(default_factory=list)
    reason: Annotated[str, Meta(min_length=5, max_length=500)]


class PolicyView(_Shape, frozen=True, kw_only=True):
    """`version` 0: nothing was decided yet, these are the defaults."""

    cycle: int
    province: str
    version: int
    policy: ProvincePolicy
    sittings: list[SittingWindow]


class SetPolicy(_Shape, frozen=True, kw_only=True):
    """`version`: of the policy that was changed; `province` is asked of the nation only."""

    version: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    policy: ProvincePolicy
    province: Province | None = None


class NoticeRow(_Shape, frozen=True, kw_only=True):
    notice_id: int
    province: str
    version: int
    title: str
    body: str
    digest: str
    published_at: datetime
    by: str
    agreed: int


class Notices(_Shape, frozen=True, kw_only=True):
    notices: list[NoticeRow]


class PublishNotice(_Shape, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    body: Annotated[str, Meta(min_length=20, max_length=50_000)]


class Organisation(_Shape, frozen=True, kw_only=True):
    """`kind`: institution, agency, province or nation. `agency_id`: who reviews for an institution."""

    organisation_id: int
    kind: str
    name: str
    province: str
    area: str
    disabled: bool
    agency_id: int | None
    agency: str
    physicians: int
    staff: int


class Organisations(_Shape, frozen=True, kw_only=True):
    """`unassigned`: how many open institutions of the caller's scope nobody reviews for."""

    rows: list[Organisation]
    next: int | None
    unassigned: int


class AddOrganisation(_Shape, frozen=True, kw_only=True):
    kind: str
    name: Annotated[str, Meta(min_length=2, max_length=200)]
    area: Annotated[str, Meta(max_length=6)] = ""
    province: Province | None = None


class ChangeOrganisation(_Shape, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=2, max_length=200)]
    area: Annotated[str, Meta(max_length=6)] = ""
    disabled: bool = False


class AssignAgency(_Shape, frozen=True, kw_only=True):
    agency_id: Id


class StaffRow(_Shape, frozen=True, kw_only=True):
    account_id: int
    name: str
    login: str
    role: str
    organisation: str
    organisation_id: int | None
    disabled: bool
    made_at: datetime


class StaffRows(_Shape, frozen=True, kw_only=True):
    rows: list[StaffRow]
    next: int | None


class AddStaff(_Shape, frozen=True, kw_only=True):
    """The answer holds a password to be handed over once; it has to be changed nowhere else."""

    name: Name
    login: Login
    role: str
    organisation_id: Id
    id_number: Annotated[str, Meta(max_length=18)] = ""


class StaffAdded(_Shape, frozen=True, kw_only=True):
    account_id: int
    login: str
    password: str


class Enable(_Shape, frozen=True, kw_only=True):
    disabled: bool
    reason: Annotated[str, Meta(min_length=5, max_length=500)]


class DisableAppAccount(_Shape, frozen=True, kw_only=True):
    """`disabled` false: the account may be used again, and is nobody until it is certified anew."""

    reason: Annotated[str, Meta(min_length=5, max_length=500)]
    disabled: bool = True


class AppAccountRow(_Shape, frozen=True, kw_only=True):
    account_id: int
    phone: str
    state: str
    name: str
    id_number: str
    made_at: datetime
    bound: bool


class AppAccounts(_Shape, frozen=True, kw_only=True):
    rows: list[AppAccountRow]
    next: int | None


class InstitutionCount(_Shape, frozen=True, kw_only=True):
    """How many files of an institution are where. `steps` by step code (see Statistics)."""

    organisation_id: int
    name: str
    agency: str
    total: int
    steps: dict[str, int]


class Statistics(_Shape, frozen=True, kw_only=True):
    """How far everybody is.

    Steps: unbound, not_started, profile_draft, profile_org, profile_agy, profile_returned, enrolled, evaluation_org,
    evaluation_agy, evaluation_returned, rated_pass, rated_fail, ended.
    """

    at: datetime
    total: int
    steps: dict[str, int]
    days: list["DayCount"]
    institutions: list[InstitutionCount]


class DayCount(_Shape, frozen=True, kw_only=True):
    """What happened on a day (Asia/Shanghai)."""

    day: date
    submitted: int
    approved: int
    returned: int


class AuditRow(_Shape, frozen=True, kw_only=True):
    """One line of the audit log."""

    audit_id: int
    at: datetime
    by: str
    role: str
    organisation: str
    act: str
    subject: str
    facts: dict[str, Any]
    address: str


class AuditPage(_Shape, frozen=True, kw_only=True):
    rows: list[AuditRow]
    next: int | None
