"""卫生机构审核 → 考核机构复核: every move a part of a registration file can make, as one table (domain.md §3.4-§3.7).

A file has five parts that are reviewed alike (`Subject`); each is in one state, and every state has one owner who may
move it on. `decide` says where an act leads and who is told; whoever calls it holds the file's lock, so that of two
reviewers at once one wins and the other is told. Nothing here reads or writes anything.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from exam_engine.errors import Forbidden, Invalid, Refused
from exam_engine.registration.dictionaries import RATINGS, UNQUALIFIED_REASONS

REASON_MIN: Final = 5
UNDO_FOR: Final = timedelta(minutes=30)  # what an agency passed by mistake; later only the province opens it again


class Subject(StrEnum):
    PROFILE = "profile"  # 报名: 个人信息
    EVALUATION = "evaluation"  # 考核程序与自评, one package
    EXEMPTION = "exemption"  # 免考申请
    DEFERRAL = "deferral"  # 延考申请
    CHANGE = "change"  # 变更申请 after enrolment


class State(StrEnum):
    """Approved is ENROLLED, RATED_PASS, EX_APPROVED …, rejected NOT_ELIGIBLE, RATED_FAIL, EX_REJECTED of domain.md."""

    DRAFT = "draft"
    ORG_REVIEW = "org_review"
    AGY_REVIEW = "agy_review"
    ESCALATED = "escalated"
    ORG_RETURNED = "org_returned"
    AGY_RETURNED = "agy_returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    CLOSED = "closed"
    NOT_ENROLLED = "not_enrolled"


class Event(StrEnum):
    SAVE = "save"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    OPEN = "open"
    APPROVE = "approve"
    RETURN = "return"
    REFUSE = "refuse"
    CONDITIONS_NOT_MET = "conditions_not_met"
    UNDO = "undo"
    REOPEN = "reopen"
    CLOSE = "close"
    ESCALATE = "escalate"
    WINDOW_CLOSED = "window_closed"
    DEFER = "defer"


class Level(StrEnum):
    """Who acts. The roles of accounts of the same name, and the system itself."""

    PHYSICIAN = "physician"
    INSTITUTION = "institution"
    AGENCY = "agency"
    PROVINCE = "province"
    SYSTEM = "system"


EDITABLE: Final = frozenset({State.DRAFT, State.ORG_RETURNED, State.AGY_RETURNED})
WAITING: Final = {State.ORG_REVIEW: Level.INSTITUTION, State.AGY_REVIEW: Level.AGENCY, State.ESCALATED: Level.PROVINCE}
ALL: Final = tuple(Subject)
AGAIN: Final = (Subject.EXEMPTION, Subject.DEFERRAL, Subject.CHANGE)  # may be applied for anew
P, I, A, V, S = Level.PHYSICIAN, Level.INSTITUTION, Level.AGENCY, Level.PROVINCE, Level.SYSTEM  # noqa: E741

_ROWS: Final[tuple[tuple[tuple[Subject, ...], State, Event, Level, State], ...]] = (
    *((ALL, state, Event.SAVE, P, state) for state in sorted(EDITABLE)),
    *((ALL, state, Event.SUBMIT, P, State.ORG_REVIEW) for state in sorted(EDITABLE)),
    (ALL, State.ORG_REVIEW, Event.WITHDRAW, P, State.DRAFT),
    (AGAIN, State.REJECTED, Event.SAVE, P, State.DRAFT),
    ((Subject.CHANGE,), State.APPROVED, Event.SAVE, P, State.DRAFT),
    # the institution
    (ALL, State.ORG_REVIEW, Event.OPEN, I, State.ORG_REVIEW),
    (ALL, State.ORG_REVIEW, Event.APPROVE, I, State.AGY_REVIEW),
    (ALL, State.ORG_REVIEW, Event.RETURN, I, State.ORG_RETURNED),
    (AGAIN, State.ORG_REVIEW, Event.REFUSE, I, State.REJECTED),
    (ALL, State.AGY_REVIEW, Event.UNDO, I, State.ORG_REVIEW),
    (ALL, State.ORG_RETURNED, Event.UNDO, I, State.ORG_REVIEW),
    (AGAIN, State.REJECTED, Event.UNDO, I, State.ORG_REVIEW),
    # the agency
    (ALL, State.AGY_REVIEW, Event.OPEN, A, State.AGY_REVIEW),
    (ALL, State.AGY_REVIEW, Event.APPROVE, A, State.APPROVED),
    (ALL, State.AGY_REVIEW, Event.RETURN, A, State.AGY_RETURNED),
    (ALL, State.AGY_REVIEW, Event.REFUSE, A, State.REJECTED),
    (ALL, State.AGY_RETURNED, Event.UNDO, A, State.AGY_REVIEW),
    (ALL, State.APPROVED, Event.UNDO, A, State.AGY_REVIEW),
    (ALL, State.REJECTED, Event.UNDO, A, State.AGY_REVIEW),
    # the package of procedure and self-evaluation, whose condition a reviewer does not see met (§3.5)
    ((Subject.EVALUATION,), State.ORG_REVIEW, Event.CONDITIONS_NOT_MET, I, State.DRAFT),
    ((Subject.EVALUATION,), State.AGY_REVIEW, Event.CONDITIONS_NOT_MET, A, State.DRAFT),
    # the province: what nobody decided in time, and what was decided wrongly
    *(
        ((Subject.EXEMPTION,), state, Event.ESCALATE, S, State.ESCALATED)
        for state in (State.ORG_REVIEW, State.AGY_REVIEW)
    ),
    ((Subject.EXEMPTION,), State.ESCALATED, Event.OPEN, V, State.ESCALATED),
    ((Subject.EXEMPTION,), State.ESCALATED, Event.APPROVE, V, State.APPROVED),
    ((Subject.EXEMPTION,), State.ESCALATED, Event.REFUSE, V, State.REJECTED),
    (ALL, State.APPROVED, Event.REOPEN, V, State.AGY_REVIEW),
    (ALL, State.REJECTED, Event.REOPEN, V, State.AGY_REVIEW),
    ((Subject.PROFILE,), State.NOT_ENROLLED, Event.REOPEN, V, State.DRAFT),
    # the end of a profile
    *(
        ((Subject.PROFILE,), state, Event.CLOSE, level, State.CLOSED)
        for state in (State.DRAFT, State.ORG_RETURNED, State.AGY_RETURNED, State.APPROVED)
        for level in (I, V)
    ),
    ((Subject.PROFILE,), State.APPROVED, Event.DEFER, S, State.DEFERRED),
    *(((Subject.PROFILE,), state, Event.WINDOW_CLOSED, S, State.NOT_ENROLLED) for state in sorted(EDITABLE)),
)
TABLE: Final = {
    (subject, state, event, level): to for subjects, state, event, level, to in _ROWS for subject in subjects
}
NEEDS_REASON: Final = frozenset({
    Event.RETURN, Event.REFUSE, Event.CONDITIONS_NOT_MET, Event.UNDO, Event.REOPEN, Event.CLOSE,
})  # fmt: skip
REVIEWING: Final = frozenset({
    Event.OPEN, Event.APPROVE, Event.RETURN, Event.REFUSE, Event.CONDITIONS_NOT_MET, Event.UNDO,
})  # fmt: skip


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What a level says of a self-evaluation; `conditions_met` where the simple procedure was applied for."""

    work: str
    ethics: str
    comment: str
    conditions_met: bool | None = None
    reason_code: str = ""

    def qualified(self) -> bool:
        """工作成绩、职业道德评定合格."""
        return self.work == self.ethics == "qualified"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever acts: the level of his role, and the human behind the account (0: the system)."""

    level: Level
    person_id: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One part as it stands, and what its guards need to know.

    `refused_by`: why its physician can't edit or hand it in now. `problems`: how many hard ones its values have.
    `decided_by`: the human of the last decision, `org_person` the one who passed it at the first level. `touched`: its
    physician has changed it since. `settled`: something was built on it (a procedure chosen, an exam begun). `stuck`:
    why it can't be approved any more. `lost`: why it could not be handed in again if it was taken back now.
    """

    subject: Subject
    state: State
    person_id: int
    refused_by: str = ""
    problems: int = 0
    first_problem: str = ""
    opened: bool = False
    org_person: int | None = None
    decided_by: int | None = None
    decided_at: datetime | None = None
    touched: bool = False
    settled: bool = False
    stuck: str = ""
    lost: str = ""
    eligible: bool = True
    simple_applied: bool = False


class Act(msgspec.Struct, frozen=True, kw_only=True):
    event: Event
    reason: str = ""
    rating: Rating | None = None


class Told(msgspec.Struct, frozen=True):
    """Who hears of a move, by which message (domain.md §3.11; C… are this module's own)."""

    whom: Level
    code: str


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What an act leads to. `simple`: what becomes of the simple procedure that was applied for (fixed, refused)."""

    event: Event
    to: State
    reason: str = ""
    rating: Rating | None = None
    told: tuple[Told, ...] = ()
    simple: str = ""


def owner(subject: Subject, state: State) -> Level | None:
    """Who has to move it on; None: it is decided, and stays unless somebody takes that back."""
    if state in EDITABLE:
        return Level.PHYSICIAN
    if state is State.ESCALATED and subject is not Subject.EXEMPTION:
        return None
    return WAITING.get(state)


def decide(standing: Standing, act: Act, actor: Actor, now: datetime) -> Move:
    """Where this act leads. Raises Refused (nothing was changed), Forbidden (never by this person), Invalid."""
    act = _as_rated(standing, act, actor)
    to = TABLE.get((standing.subject, standing.state, act.event, actor.level))
    if to is None:
        raise Refused("illegal_move", state=standing.state, event=act.event)
    reason = act.reason.strip()
    if act.event in NEEDS_REASON and len(reason) < REASON_MIN:
        raise Invalid("reason_missing", min=REASON_MIN)
    _guard(standing, act, actor, now)
    if standing.subject is Subject.EVALUATION and act.event is Event.APPROVE and actor.level is Level.AGENCY:
        assert act.rating is not None
        to = State.APPROVED if act.rating.qualified() else State.REJECTED
    return Move(
        event=act.event,
        to=to,
        reason=reason,
        rating=act.rating,
        told=_told(standing, act.event, to),
        simple=_simple(standing, act.event, to),
    )


def _as_rated(standing: Standing, act: Act, actor: Actor) -> Act:
    """An evaluation is decided by its rating; one that finds a condition not met sends the file back to its choice."""
    if standing.subject is not Subject.EVALUATION or act.event is not Event.APPROVE:
        return act
    rating = act.rating
    if rating is None:
        raise Invalid("rating_missing")
    if rating.work not in RATINGS or rating.ethics not in RATINGS or len(rating.comment.strip()) < REASON_MIN:
        raise Invalid("rating_incomplete")
    if standing.simple_applied != (rating.conditions_met is not None):
        raise Invalid("rating_incomplete")
    if rating.conditions_met is False:
        return Act(event=Event.CONDITIONS_NOT_MET, reason=rating.comment, rating=rating)
    if actor.level is Level.AGENCY and not rating.qualified() and rating.reason_code not in UNQUALIFIED_REASONS:
        raise Invalid("reason_code_missing")
    return act


def _guard(standing: Standing, act: Act, actor: Actor, now: datetime) -> None:
    if act.event in (Event.SAVE, Event.SUBMIT) and standing.refused_by:
        raise Refused(standing.refused_by)
    if act.event is Event.SUBMIT and standing.problems:
        raise Refused("form_incomplete", count=standing.problems, field=standing.first_problem)
    if act.event is Event.WITHDRAW and standing.opened:
        raise Refused("opened_already")
    if act.event is Event.WITHDRAW and standing.lost:
        raise Refused(standing.lost)
    if actor.level not in (Level.PHYSICIAN, Level.SYSTEM) and actor.person_id == standing.person_id:
        raise Forbidden("own_file")
    if act.event in REVIEWING and actor.level is Level.AGENCY and actor.person_id == standing.org_person:
        raise Forbidden("reviewed_before")
    if act.event is Event.APPROVE and standing.stuck:
        raise Refused(standing.stuck)
    if act.event is Event.APPROVE and standing.subject is Subject.PROFILE and not standing.eligible:
        if actor.level is Level.AGENCY:
            raise Refused("not_eligible")
    elif act.event is Event.UNDO:
        _guard_undo(standing, actor, now)
    elif act.event is Event.REOPEN and standing.settled:
        raise Refused("built_upon")


def _guard_undo(standing: Standing, actor: Actor, now: datetime) -> None:
    """One's own last act, one step back, while nobody has gone on from there."""
    if standing.decided_by != actor.person_id:
        raise Refused("not_your_act")
    if standing.opened or standing.touched or standing.settled:
        raise Refused("gone_on")
    decided = standing.state in (State.APPROVED, State.REJECTED)
    if decided and (standing.decided_at is None or now - standing.decided_at > UNDO_FOR):
        raise Refused("undo_over", minutes=int(UNDO_FOR.total_seconds() // 60))


def _simple(standing: Standing, event: Event, to: State) -> str:
    if event is Event.CONDITIONS_NOT_MET:
        return "refused"
    fixed = standing.subject is Subject.EVALUATION and standing.simple_applied and to is State.APPROVED
    return "fixed" if fixed else ""


_APPROVED: Final = {
    Subject.PROFILE: "M13",
    Subject.EVALUATION: "M21",
    Subject.EXEMPTION: "M23",
    Subject.DEFERRAL: "M16",
    Subject.CHANGE: "C03",
}
_REJECTED: Final = {
    Subject.PROFILE: "M15",
    Subject.EVALUATION: "M22",
    Subject.EXEMPTION: "M24",
    Subject.DEFERRAL: "C02",
    Subject.CHANGE: "C04",
}


def _told(standing: Standing, event: Event, to: State) -> tuple[Told, ...]:
    physician = Level.PHYSICIAN
    match event, to:
        case Event.SUBMIT, _:
            return (Told(Level.INSTITUTION, "M10"),)
        case Event.APPROVE, State.AGY_REVIEW:
            return (Told(Level.AGENCY, "M11"),)
        case Event.RETURN, State.ORG_RETURNED:
            return (Told(physician, "M12"),)
        case Event.RETURN, _:
            return (Told(physician, "M14"), Told(Level.INSTITUTION, "M14"))
        case Event.CONDITIONS_NOT_MET, _:
            return (Told(physician, "M18"),)
        case ((Event.APPROVE | Event.REFUSE), State.APPROVED):
            return (Told(physician, _APPROVED[standing.subject]),)
        case ((Event.APPROVE | Event.REFUSE), State.REJECTED):
            return (Told(physician, _REJECTED[standing.subject]),)
        case Event.ESCALATE, _:
            return (Told(physician, "M25"), Told(Level.PROVINCE, "M25"))
        case Event.WINDOW_CLOSED, _:
            return (Told(physician, "M17"),)
        case Event.CLOSE, _:
            return (Told(physician, "C05"),)
        case Event.REOPEN, _:
            return (Told(physician, "C01"), Told(Level.AGENCY, "M11"))
        case Event.UNDO, _ if standing.state is not State.AGY_REVIEW:
            return (Told(physician, "C01"),)
        case _:
            return ()


def may(standing: Standing, actor: Actor, now: datetime) -> tuple[list[str], str]:
    """The acts this actor has now, and if there are none, why. A rating is asked for only when it is given."""
    found, why = [], "not_your_turn"
    for event in Event:
        if event is Event.OPEN or (standing.subject, standing.state, event, actor.level) not in TABLE:
            continue
        try:
            _guard(standing, Act(event=event), actor, now)
        except (Refused, Forbidden) as error:
            why = error.code
        else:
            found.append(event.value)
    return found, "" if found else why
