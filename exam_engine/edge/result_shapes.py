"""What travels about final results, notices, rechecks, paper exams and the archive (domain.md §3.10, §4.6-4.9, P15)."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from exam_engine.edge.registration_shapes import DocumentView, Id, IdNumber, Province, Reason, Version
from exam_engine.messages import TEXT_PATTERN
from exam_engine.registration.policy import Cycle
from exam_engine.sitting import Kind, Round

Codes = Annotated[list[Annotated[str, Meta(pattern="^U(0[1-9]|1[0-4])$(?!\\n)")]], Meta(max_length=14)]
Words = Annotated[str, Meta(max_length=500, pattern=TEXT_PATTERN)]
Application = Annotated[str, Meta(min_length=20, max_length=1000, pattern=TEXT_PATTERN)]
SheetDigest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$(?!\\n)")]


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


# --- legs --------------------------------------------------------------------------------------------------------


class ExamRow(_Shape, frozen=True, kw_only=True):
    """One sat exam of the cycle. `status`: in_progress, submitted, released, annulled, barred; points when released.

    `paper`: it was sat on paper.
    """

    kind: Kind
    round: Round
    status: str
    at: datetime | None
    points: int | None
    points_max: int | None
    pass_points: int | None
    passed: bool | None
    attempt_id: int | None
    paper: bool


class LegsView(_Shape, frozen=True, kw_only=True):
    """The legs of a result.

    `work`, `ethics`: qualified, unqualified, waiting, absent. `humanities`, `professional`: passed, exempt, failed,
    absent, barred, blocked (the order's first exam failed), waiting, not_required. `took_part`: he registered at all.
    """

    work: str
    ethics: str
    humanities: str
    professional: str
    took_part: bool


class ResultMoveView(_Shape, frozen=True, kw_only=True):
    """A line of a result's history; `by` is empty for the physician's own view and for the system."""

    at: datetime
    event: str
    from_state: str
    to_state: str
    role: str
    by: str
    reason: str


# --- the physician -----------------------------------------------------------------------------------------------


class RecheckView(_Shape, frozen=True, kw_only=True):
    """`state`: waiting, upheld, changed. `due_at`: until when it is decided."""

    recheck_id: int
    state: str
    text: str
    documents: list[DocumentView]
    at: datetime
    due_at: datetime
    decided_at: datetime | None
    reason: str


class SuspensionView(_Shape, frozen=True, kw_only=True):
    """暂停执业 and 再次考核, as recorded. `arrangement`: what the physician was told (M37)."""

    from_on: date
    until_on: date
    arrangement: str


class OwnResult(_Shape, frozen=True, kw_only=True):
    """The result of this cycle as its physician sees it.

    `state`: pending (考核中, also while the agency decides), notified, recheck, upheld, changed, suspended, reassess,
    qualified_late, cancelled, archived. `outcome`: "" until published, then qualified or unqualified. `missing`: what
    is waited for (the list stands in `FinalRow`). `may_print`, `may_recheck`: what he may do now; `recheck_until`:
    until when; `refused_by`: why no recheck (not_notified, recheck_over, rechecked_already).
    """

    result_id: int | None
    version: int
    cycle: Cycle
    procedure: str
    state: str
    outcome: str
    reasons: list[str]
    text: str
    legs: LegsView
    missing: list[str]
    exams: list[ExamRow]
    agency: str
    notified_at: datetime | None
    notice_number: str
    may_print: bool
    may_recheck: bool
    recheck_until: datetime | None
    refused_by: str
    recheck: RecheckView | None
    suspension: SuspensionView | None
    moves: list[ResultMoveView]


class PastResult(_Shape, frozen=True, kw_only=True):
    """A former cycle's result; `outcome` as published."""

    cycle: Cycle
    state: str
    outcome: str
    notified_at: datetime | None
    notice_number: str


class OwnResults(_Shape, frozen=True, kw_only=True):
    """查看考核结果. `current` null: there is no registration file of this cycle."""

    now: datetime
    current: OwnResult | None
    history: list[PastResult]


class AskRecheck(_Shape, frozen=True, kw_only=True):
    """复核申请: 20 to 1000 characters, with own documents (uploaded by POST /api/documents)."""

    version: Version
    text: Application
    documents: Annotated[list[Id], Meta(max_length=9)] = []


class ResultNotice(_Shape, frozen=True, kw_only=True):
    """考核结果通知书, for the A4 page: what was frozen when it was published (P15).

    `code` is the 校验码, `url` what the QR says (of this server's own address), `qr` its picture as SVG.
    `professional_points`, `humanities_points`: null where there is none (免考, or the exam was not sat).
    `recheck_until`: null on a notice that followed a recheck or a correction. `void`: 作废, replaced by `replaced_by`.
    """

    number: str
    code: str
    url: str
    qr: str
    name: str
    sex: str
    id_number: str
    level: str
    category: str
    specialty: str
    licence_code: str
    institution: str
    cycle: Cycle
    procedure: str
    work: str
    ethics: str
    professional: str
    professional_points: int | None
    professional_max: int | None
    humanities: str
    humanities_points: int | None
    humanities_max: int | None
    outcome: str
    reasons: list[str]
    text: str
    agency: str
    issued_on: date
    recheck_until: datetime | None
    revision: int
    void: bool
    replaced_by: str


class NoticeCheck(_Shape, frozen=True, kw_only=True):
    """What anybody is told of a notice. `validity`: valid, void (作废), unknown (a wrong code too); masked name."""

    validity: str
    name: str


# --- the desk ----------------------------------------------------------------------------------------------------


class FinalRow(_Shape, frozen=True, kw_only=True):
    """One result in a list.

    `state`: pending, excluded (not assessed in this cycle), proposed, qualified, unqualified, notified, recheck,
    upheld, changed, suspended, reassess, qualified_late, cancelled, archived. `outcome`: what is decided, before that
    what is proposed ("" while pending). `missing`: profile, evaluation, exemption, humanities, humanities_release,
    humanities_case, humanities_makeup,
    humanities_absence, humanities_paper and the same of professional. `doubts`: what somebody should look at before
    agreeing in bulk (bad_records, ethics_poor, absent_twice, legs_changed). `reasons`: of an unqualified: work, ethics,
    humanities_failed, humanities_absent, humanities_barred, humanities_blocked, the same of professional,
    not_taking_part, U01 … U14. `publishing`: it stands in an order.
    """

    result_id: int
    cycle: int
    version: int
    state: str
    outcome: str
    reasons: list[str]
    missing: list[str]
    doubts: list[str]
    name: str
    id_number: str
    institution: str
    department: str
    procedure: str
    legs: LegsView
    notice_number: str
    publishing: bool
    notified_at: datetime | None
    recheck_due_at: datetime | None
    moved_at: datetime


class FinalPage(_Shape, frozen=True, kw_only=True):
    """`next`: the `after` of the next page, null at the end."""

    rows: list[FinalRow]
    next: str | None


class FinalCount(_Shape, frozen=True, kw_only=True):
    state: str
    outcome: str
    count: int


class PublishOrder(_Shape, frozen=True, kw_only=True):
    """An order to publish, carried out in the background: `done` of `total`, `failed` were taken back meanwhile."""

    order_id: int
    at: datetime
    by: str
    total: int
    done: int
    failed: int


class FinalCounts(_Shape, frozen=True, kw_only=True):
    """`plain`: proposals that may be agreed to in bulk; `doubtful`: those to be looked at.

    `changed`: decided or published ones whose legs have changed since; `batch_max`: of one bulk decision; `orders`: the
    newest publications.
    """

    cycle: Cycle
    counts: list[FinalCount]
    plain: int
    doubtful: int
    decided: int
    changed: int
    rechecks: int
    batch_max: int
    orders: list[PublishOrder]


class IssuedNotice(_Shape, frozen=True, kw_only=True):
    number: str
    revision: int
    outcome: str
    issued_at: datetime
    void: bool


class FinalConduct(_Shape, frozen=True, kw_only=True):
    """A bad record the authorities reported."""

    kind: str
    at: date
    fact: str
    source: str


class FinalDetail(_Shape, frozen=True, kw_only=True):
    """One result whole; looking at it is on record, since the number is whole.

    `legs_now`: what the legs are today where they differ from those decided upon, else null. `acts`: what this account
    may do now (decide, undo, publish, keep, correct, decide_recheck, suspend, reassess, reassessed, cancel);
    `refused_by`: why nothing (own_file, reviewed_before, only_looking, not_your_turn). `conduct`: bad records on file.
    """

    row: FinalRow
    id_number: str
    phone: str
    text: str
    legs_now: LegsView | None
    outcome_now: str
    exams: list[ExamRow]
    conduct: list[FinalConduct]
    history: list[PastResult]
    notices: list[IssuedNotice]
    recheck: RecheckView | None
    suspension: SuspensionView | None
    moves: list[ResultMoveView]
    acts: list[str]
    refused_by: str


class DecideFinal(_Shape, frozen=True, kw_only=True):
    """评定. `reasons`: facts of Art. 27 (U01 to U14) that make it unqualified although the legs don't; then `text`."""

    version: Version
    outcome: str
    reasons: Codes = []
    text: Words = ""


class FinalVersion(_Shape, frozen=True, kw_only=True):
    result_id: Id
    version: Version


class AgreeFinals(_Shape, frozen=True, kw_only=True):
    """Agree with these proposals; those with doubts are refused (needs_a_look)."""

    results: Annotated[list[FinalVersion], Meta(min_length=1, max_length=500)]


class FinalLine(_Shape, frozen=True, kw_only=True):
    """What became of one of many; `refused`: the code of why nothing did."""

    result_id: int
    state: str
    version: int
    refused: str


class FinalLines(_Shape, frozen=True, kw_only=True):
    lines: list[FinalLine]


class FinalActed(_Shape, frozen=True, kw_only=True):
    """Where an act has led."""

    result_id: int
    state: str
    outcome: str
    version: int
    may_undo: bool


class FinalReason(_Shape, frozen=True, kw_only=True):
    """`reason`: at least 5 characters."""

    version: Version
    reason: Reason


class PublishFinals(_Shape, frozen=True, kw_only=True):
    """Publish these decided results; none named: all decided ones of the cycle within the caller's agency."""

    cycle: Annotated[int, Meta(ge=1, le=8999)]
    results: Annotated[list[Id], Meta(max_length=5000)] = []


class Suspend(_Shape, frozen=True, kw_only=True):
    """暂停执业 of 3 to 6 months, as the health authority ordered it."""

    version: Version
    from_on: date
    until_on: date
    reason: Reason


class Reassess(_Shape, frozen=True, kw_only=True):
    """再次考核: what the physician is told (M37)."""

    version: Version
    arrangement: Annotated[str, Meta(min_length=5, max_length=300, pattern=TEXT_PATTERN)]


class Reassessed(_Shape, frozen=True, kw_only=True):
    """How it went: passed → qualified_late, else the registration is cancelled."""

    version: Version
    passed: bool
    reason: Reason


# --- rechecks ----------------------------------------------------------------------------------------------------


class RecheckRow(_Shape, frozen=True, kw_only=True):
    """`mine`: this account may decide it; `refused_by`: why not (own_file, own_decision, decided)."""

    recheck_id: int
    result_id: int
    version: int
    state: str
    name: str
    id_number: str
    institution: str
    outcome: str
    reasons: list[str]
    text: str
    at: datetime
    due_at: datetime
    decided_at: datetime | None
    mine: bool
    refused_by: str


class RecheckPage(_Shape, frozen=True, kw_only=True):
    rows: list[RecheckRow]


class DecideRecheck(_Shape, frozen=True, kw_only=True):
    """`verdict`: upheld, or changed to the other outcome (`reasons` of Art. 27 where that is unqualified).

    Changed to qualified while the legs still fail is refused (legs_fail): a score is changed by a rescore first.
    """

    version: Version
    verdict: str
    reasons: Codes = []
    reason: Reason


# --- paper exams -------------------------------------------------------------------------------------------------


class PaperPerson(_Shape, frozen=True, kw_only=True):
    """Somebody on the list for a paper exam (R-901). `state`: listed, scored, removed; `points` once confirmed."""

    paper_id: int
    cycle: int
    kind: Kind
    round: Round
    state: str
    name: str
    id_number: str
    institution: str
    reason: str
    by: str
    at: datetime
    points: int | None
    passed: bool | None


class PaperPeople(_Shape, frozen=True, kw_only=True):
    rows: list[PaperPerson]
    next: int | None


class ListPaper(_Shape, frozen=True, kw_only=True):
    """Put somebody on the list: his online entitlement to this kind and round closes (why: paper_exam)."""

    id_number: IdNumber
    kind: Kind
    round: Round = Round.FIRST
    reason: Reason


class PaperReason(_Shape, frozen=True, kw_only=True):
    reason: Reason


class PaperLine(_Shape, frozen=True, kw_only=True):
    """A line of an import; `problem`: why it is left out (not_listed, scored_already, points_wrong, twice …)."""

    line: int
    name: str
    id_number: str
    kind: str
    round: str
    points: int | None
    passed: bool | None
    sheet_no: str
    batch: str
    column: str
    problem: str


class PaperImportView(_Shape, frozen=True, kw_only=True):
    """One import. `state`: waiting (for a second person), confirmed, discarded.

    `digest` of the file, named when it is confirmed. `mine`: this account may confirm it; `refused_by`: why not
    (own_import, decided, nothing_in_it, only_looking).
    """

    import_id: int
    cycle: int
    title: str
    digest: str
    pass_points: int
    points_max: int
    state: str
    by: str
    at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    total: int
    right: int
    wrong: int
    mine: bool
    refused_by: str
    lines: list[PaperLine]


class PaperImports(_Shape, frozen=True, kw_only=True):
    """The newest imports of the caller's scope, without their lines."""

    rows: list[PaperImportView]


class ConfirmPaper(_Shape, frozen=True, kw_only=True):
    digest: SheetDigest


# --- the archive -------------------------------------------------------------------------------------------------


class OpenMatter(_Shape, frozen=True, kw_only=True):
    """What keeps a cycle from being archived: a state or kind of thing, how many, and the first few names.

    `what`: pending, proposed, decided, publishing, recheck, recheck_open (published less than 30 days ago), suspended,
    reassess, legs_changed, paper_waiting, no_result (files without a result yet).
    """

    what: str
    count: int
    names: list[str]


class ArchivedCycle(_Shape, frozen=True, kw_only=True):
    """`root`: the digest over all results and their histories; the same stands in the export's manifest."""

    archive_id: int
    cycle: int
    province: str
    at: datetime
    by: str
    results: int
    counts: list[FinalCount]
    root: str


class ArchiveView(_Shape, frozen=True, kw_only=True):
    """归档备案 of a cycle in a province: what is open, and what was archived."""

    cycle: Cycle
    province: str
    counts: list[FinalCount]
    open: list[OpenMatter]
    archived: list[ArchivedCycle]


class ArchiveNow(_Shape, frozen=True, kw_only=True):
    """`province`: named by the nation only."""

    cycle: Annotated[int, Meta(ge=1, le=8999)]
    province: Province | None = None
