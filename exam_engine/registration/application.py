"""The registration file of a person in a cycle, whole.

Which form each part has, what is wrong with it, and what may be done with it now. Pure: `store.py` reads it,
`filing.py` writes what comes of it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from exam_engine.registration import exemption, procedure, profile, self_evaluation
from exam_engine.registration.forms import Complaint, Form, complaints, read_date
from exam_engine.registration.policy import Cycle, ProvincePolicy, Window
from exam_engine.registration.procedure import Practice
from exam_engine.registration.review import EDITABLE, WAITING, Standing, State, Subject

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
ENROLLED: Final = State.APPROVED
UPON_PROFILE: Final = (Subject.CHANGE, Subject.DEFERRAL)  # approved, they change the enrolled profile
GENERAL, SIMPLE, SIMPLE_APPLIED, NONE = "general", "simple", "simple_applied", "none"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who the file is about. `registry`: what the electronic registration has, by the profile's field codes."""

    person_id: int
    name: str
    id_type: str
    id_number: str
    registry: Mapping[str, str] = {}
    bad_days: tuple[date, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One reviewed part. `draft`: what is being written; `body`: what was handed in; `before`: the time before that."""

    file_id: int
    state: State
    version: int
    draft: dict[str, Any]
    body: dict[str, Any] | None
    before: dict[str, Any] | None
    submitted_at: datetime | None
    moved_at: datetime
    saved_at: datetime
    due_at: datetime | None
    reason: str
    opened_by: int | None
    opened_at: datetime | None
    org_person: int | None
    org_opinion: dict[str, Any] | None
    agy_opinion: dict[str, Any] | None
    decided_by: int | None
    flags: list[str]


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """`begun`: kinds of exams he has entered in this cycle."""

    application_id: int
    cycle: Cycle
    province: str
    institution_id: int
    agency_id: int | None
    procedure: str
    simple_refused: bool
    procedure_body: dict[str, Any]
    procedure_version: int
    faceless: bool
    photo_id: int | None
    policy: ProvincePolicy
    identity: Identity
    parts: Mapping[Subject, Part]
    begun: frozenset[str] = frozenset()

    def state(self, subject: Subject) -> State | None:
        """Where a part stands; None: there is none yet."""
        part = self.parts.get(subject)
        return part.state if part else None

    def profile_values(self) -> dict[str, Any]:
        """What counts of the profile: what was handed in, else the draft."""
        part = self.parts.get(Subject.PROFILE)
        return {} if part is None else (part.body if part.body is not None else part.draft)


def form_of(app: Application, subject: Subject) -> Form:
    """The form of a part, as this cycle and procedure have it."""
    match subject:
        case Subject.PROFILE:
            return profile.FORM
        case Subject.EVALUATION:
            return self_evaluation.form(app.cycle, report_required=_report_required(app))
        case Subject.EXEMPTION:
            return exemption.form(app.policy)
        case Subject.DEFERRAL:
            return exemption.DEFERRAL_FORM
        case Subject.CHANGE:
            return profile.CHANGE_FORM


def _report_required(app: Application) -> bool:
    return app.procedure in (SIMPLE, SIMPLE_APPLIED)


def problems(app: Application, subject: Subject, values: Mapping[str, Any], now: datetime) -> list[Complaint]:
    """Everything wrong with these values, hard and soft."""
    today = now.astimezone(SHANGHAI).date()
    match subject:
        case Subject.PROFILE:
            return profile.check(values, known(app), app.cycle, today)
        case Subject.EVALUATION:
            return self_evaluation.check(values, app.cycle, report_required=_report_required(app))
        case Subject.EXEMPTION:
            return exemption.check(values, app.cycle, app.policy, today)
        case Subject.DEFERRAL:
            return complaints(exemption.DEFERRAL_FORM, values)
        case Subject.CHANGE:
            return complaints(profile.CHANGE_FORM, values) + _change_problems(app, values, today)


def _change_problems(app: Application, values: Mapping[str, Any], today: date) -> list[Complaint]:
    """What the profile would contradict if the change were part of it; being incomplete is the form's own matter."""
    new = {code: value for code, value in values.items() if code in profile.CHANGEABLE}
    found = profile.check(app.profile_values() | new, known(app), app.cycle, today)
    return [each for each in found if each.field in new and each.code not in OWN_COMPLAINTS]


OWN_COMPLAINTS: Final = frozenset({"missing", "too_short", "too_long", "wrong_format", "not_a_choice", "not_a_date"})


def known(app: Application) -> profile.Known:
    """What is known of the person whatever he types."""
    who = app.identity
    return profile.Known(id_number=who.id_number, id_type=who.id_type, registry=who.registry)


def practice(app: Application) -> Practice:
    """Years of practice by the licence the profile names (R-305), and bad records on file."""
    licensed_on = read_date(app.profile_values().get("licensed_on"))
    return procedure.practice(licensed_on, app.cycle, app.identity.bad_days)


def eligible(app: Application) -> bool:
    """R-103: registered long enough by the cycle's end, or a volunteer where the province takes volunteers."""
    return registered_long_enough(app) or app.policy.allow_voluntary


def registered_long_enough(app: Application) -> bool:
    """R-103 without volunteers."""
    worked = practice(app)
    return worked.years * 12 + worked.months >= app.policy.min_registered_months


def flags(app: Application, subject: Subject, values: Mapping[str, Any], found: list[Complaint]) -> list[str]:
    """What reviewers should look at twice. A file without any may be approved in a batch."""
    said: list[str] = []
    if any(each.soft for each in found):
        differs = any(each.soft and each.code == "not_as_registered" for each in found)
        said.append("registry_differs" if differs else "warnings")
    if subject is Subject.PROFILE:
        if not registered_long_enough(app):
            said.append("voluntary" if app.policy.allow_voluntary else "not_eligible")
        if not app.identity.registry:
            said.append("not_registered")
        if app.faceless:
            said.append("faceless")
    if subject is Subject.EVALUATION:
        said += self_evaluation.flags(values, app.cycle, practice(app).bad_records)
    return said


def window_of(app: Application, subject: Subject) -> Window | None:
    """The window in which this part is handed in; None: not announced."""
    match subject:
        case Subject.PROFILE:
            return app.policy.registration
        case Subject.EVALUATION:
            return app.policy.evaluation
        case Subject.EXEMPTION:
            return app.policy.exemption
        case _:
            return None


def refused_by(app: Application, subject: Subject, now: datetime) -> str:
    """Why its physician can't edit or hand in this part now, whatever is in it; "" if he can."""
    part = app.parts.get(subject)
    if part is not None and part.state not in EDITABLE and not _anew(subject, part.state):
        return "under_review" if part.state not in (State.APPROVED, State.REJECTED) else "decided"
    if subject is not Subject.PROFILE and app.state(Subject.PROFILE) is not ENROLLED:
        return "not_enrolled"
    return _gate(app, subject) or _too_late(app, subject, now)


def _too_late(app: Application, subject: Subject, now: datetime) -> str:
    part = app.parts.get(subject)
    if part is not None and part.due_at is not None and now < part.due_at:
        return ""  # returned: it may be put right, also after the window
    return _window(app, subject, now)


def lost_by_withdrawal(app: Application, subject: Subject, now: datetime) -> str:
    """Why this part, once taken back, could not be handed in again; "" if it could, or if nobody needs it."""
    return _window(app, subject, now) if subject in (Subject.PROFILE, Subject.EVALUATION) else ""


def _anew(subject: Subject, state: State) -> bool:
    return (subject is Subject.CHANGE and state in (State.APPROVED, State.REJECTED)) or (
        subject in (Subject.EXEMPTION, Subject.DEFERRAL) and state is State.REJECTED
    )


def _gate(app: Application, subject: Subject) -> str:
    match subject:
        case Subject.EVALUATION if app.procedure == NONE:
            return "procedure_missing"
        case Subject.EXEMPTION if app.procedure != GENERAL:
            return "simple_procedure"
        case Subject.EXEMPTION if app.state(Subject.EVALUATION) is not State.APPROVED:
            return "not_rated"
        case Subject.EXEMPTION if "professional" in app.begun:
            return "exam_begun"
        case Subject.DEFERRAL if not app.policy.deferral:
            return "not_offered"
        case Subject.DEFERRAL if app.begun:
            return "exam_begun"
        case _:
            return ""


def _window(app: Application, subject: Subject, now: datetime) -> str:
    if subject in (Subject.DEFERRAL, Subject.CHANGE):
        return ""
    window = window_of(app, subject)
    if window is None:
        return "window_not_announced"
    if now < window.opens_at:
        return "window_not_open"
    return "" if now < window.closes_at else "window_closed"


def standing(app: Application, subject: Subject, now: datetime) -> Standing:
    """What the table of moves needs to know of a part."""
    part = app.parts[subject]
    hard = [each for each in problems(app, subject, part.draft, now) if not each.soft]
    return Standing(
        subject=subject,
        state=part.state,
        person_id=app.identity.person_id,
        refused_by=refused_by(app, subject, now),
        problems=len(hard),
        first_problem=hard[0].field if hard else "",
        opened=part.opened_by is not None,
        org_person=part.org_person,
        decided_by=part.decided_by,
        decided_at=part.moved_at,
        touched=part.state in EDITABLE and part.draft != part.body,
        settled=_settled(app, subject),
        stuck=_stuck(app, subject),
        lost=lost_by_withdrawal(app, subject, now),
        eligible=eligible(app),
        simple_applied=subject is Subject.EVALUATION and app.procedure in (SIMPLE, SIMPLE_APPLIED),
    )


def _settled(app: Application, subject: Subject) -> bool:
    """Whether something was built on the decision of this part, so that it can't simply be taken back."""
    if subject is Subject.PROFILE:
        return app.procedure != NONE or any(app.state(each) in WAITING for each in UPON_PROFILE)
    if subject is Subject.EVALUATION:
        return bool(app.begun) or Subject.EXEMPTION in app.parts
    if subject is Subject.CHANGE:
        return app.state(subject) is State.APPROVED  # its values are the profile's by now
    return bool(app.begun) if subject is Subject.EXEMPTION else app.state(Subject.PROFILE) is State.DEFERRED


def _stuck(app: Application, subject: Subject) -> str:
    """Why what the physician applied for can't be approved any more."""
    if subject in UPON_PROFILE and app.state(Subject.PROFILE) is not ENROLLED:
        return "not_enrolled"
    return "exam_begun" if subject is Subject.DEFERRAL and app.begun else ""


def may_choose(app: Application, now: datetime) -> str:
    """Why no procedure can be chosen now; "" if it can."""
    if app.state(Subject.PROFILE) is not ENROLLED:
        return "not_enrolled"
    if app.procedure != NONE:
        return "procedure_chosen"
    return _too_late(app, Subject.EVALUATION, now)


def may_take_back(app: Application) -> bool:
    """Whether the simple procedure that was applied for can be taken back: the package is not handed in yet."""
    state = app.state(Subject.EVALUATION)
    return app.procedure == SIMPLE_APPLIED and (state is None or state is State.DRAFT)
