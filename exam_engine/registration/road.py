"""定考个人首页 as a function: the step tracker, the one main button, and whom one waits for (domain.md §5 P5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from exam_engine.registration import application as core
from exam_engine.registration.application import GENERAL, NONE, Application
from exam_engine.registration.review import EDITABLE, WAITING, State, Subject

STEPS: Final = ("registration", "procedure", "evaluation", "exemption", "exam", "result")
ENDED: Final = frozenset({State.REJECTED, State.DEFERRED, State.CLOSED, State.NOT_ENROLLED})


class Step(NamedTuple):
    """`state`: done, current, todo, skipped or failed; `status`: the finer word."""

    code: str
    state: str
    status: str


class ResultLine(NamedTuple):
    """His result of the cycle: its state (exam_engine.results.final), and the outcome as published ("" before)."""

    state: str
    outcome: str


class ExamLine(NamedTuple):
    """One exam he is entitled to: the gate's state, and how far his latest attempt is (None: not entered)."""

    kind: str
    round: str
    gate: str
    phase: str | None
    passed: bool | None


def steps(app: Application, exams: Sequence[ExamLine], result: ResultLine | None) -> list[Step]:
    """报名 → 程序 → 自评 → 免考 → 测评 → 结果."""
    own, rating = app.state(Subject.PROFILE), app.state(Subject.EVALUATION)
    enrolled, rated = own is State.APPROVED, rating is State.APPROVED
    return [
        _of_part("registration", own, current=True),
        _procedure(app, enrolled=enrolled),
        _of_part("evaluation", rating, current=enrolled and app.procedure != NONE),
        _exemption(app, rated=rated),
        _exam(exams, rated=rated),
        _result(result),
    ]


def _of_part(code: str, state: State | None, *, current: bool) -> Step:
    if state is None:
        return Step(code, "current" if current else "todo", "none")
    if state is State.APPROVED:
        return Step(code, "done", state)
    return Step(code, "failed" if state in ENDED else ("current" if current else "todo"), state)


def _procedure(app: Application, *, enrolled: bool) -> Step:
    if app.procedure == NONE:
        return Step("procedure", "current" if enrolled else "todo", "simple_refused" if app.simple_refused else "none")
    return Step("procedure", "done", app.procedure)


def _exemption(app: Application, *, rated: bool) -> Step:
    if app.procedure in (core.SIMPLE, core.SIMPLE_APPLIED):
        return Step("exemption", "skipped", "skipped")
    state = app.state(Subject.EXEMPTION)
    if state is None or (state is State.DRAFT and app.parts[Subject.EXEMPTION].submitted_at is None):
        return Step("exemption", "skipped" if "professional" in app.begun else "todo", "not_applied")
    if state is State.APPROVED:
        return Step("exemption", "done", state)
    return Step("exemption", "failed" if state is State.REJECTED else ("current" if rated else "todo"), state)


def _exam(exams: Sequence[ExamLine], *, rated: bool) -> Step:
    if not rated:
        return Step("exam", "todo", "locked")
    sat = [line for line in exams if line.gate != "exempt"]
    passed = {line.kind for line in sat if line.passed and line.phase == "released"}
    if sat and all(line.kind in passed for line in sat):
        return Step("exam", "done", "passed")
    if any(line.phase == "running" for line in sat):
        return Step("exam", "current", "in_progress")
    if any(line.gate == "open" and line.phase in (None, "entered", "identity", "ready") for line in sat):
        return Step("exam", "current", "ready")
    if any(line.phase in ("submitted", "marked") for line in sat):
        return Step("exam", "current", "submitted")
    if any(line.phase == "released" for line in sat):
        return Step("exam", "failed", "failed")
    return Step("exam", "current", "held" if any(line.gate == "held" for line in sat) else "waiting")


def _result(result: ResultLine | None) -> Step:
    """Neither what is proposed nor what is decided shows: only that all legs are known."""
    if result is None or result.state == "pending":
        return Step("result", "todo", "pending")
    if result.outcome:
        good = result.outcome == "qualified" or result.state == "qualified_late"
        return Step("result", "done" if good else "failed", "qualified" if good else "unqualified")
    if result.state in ("excluded", "archived"):
        return Step("result", "skipped", "skipped")
    return Step("result", "current", "pending")


def button(app: Application, now: datetime) -> tuple[str, str]:
    """The one main action, or "none" and for whom one waits: institution, agency, province, window or nobody."""
    own, rating = app.state(Subject.PROFILE), app.state(Subject.EVALUATION)
    if own is not State.APPROVED:
        return _or_wait(app, Subject.PROFILE, "confirm_profile", now)
    if app.procedure == NONE:
        refused = core.may_choose(app, now)
        return ("none", "window") if refused else ("choose_procedure", "")
    if rating is not State.APPROVED:
        return _or_wait(app, Subject.EVALUATION, "self_evaluate", now)
    return "details", ""


def _or_wait(app: Application, subject: Subject, action: str, now: datetime) -> tuple[str, str]:
    state = app.state(subject)
    if state is None or state in EDITABLE:
        return ("none", "window") if core.refused_by(app, subject, now) else (action, "")
    level = WAITING.get(state)
    return "none", level.value if level else "nobody"


def may_exempt(app: Application, now: datetime) -> bool:
    """Whether 【免考申请】 is offered: also to read one that is under review or decided."""
    return Subject.EXEMPTION in app.parts or (
        app.procedure == GENERAL and not core.refused_by(app, Subject.EXEMPTION, now)
    )


def may_defer(app: Application, now: datetime) -> bool:
    """Whether 延考申请 is offered."""
    return Subject.DEFERRAL in app.parts or not core.refused_by(app, Subject.DEFERRAL, now)


def may_change(app: Application, now: datetime) -> bool:
    """Whether 变更申请 is offered."""
    return Subject.CHANGE in app.parts or not core.refused_by(app, Subject.CHANGE, now)
