"""From the fold of an attempt to what its physician's device may see."""

from datetime import datetime

from exam_engine import timing
from exam_engine.attempt import Attempt
from exam_engine.edge.shapes import AttemptView, GivenAnswer, NoticeView, ScoreView, SubmittedView
from exam_engine.messages import Clock, Phase
from exam_engine.sitting import Sitting


def clock_of(attempt: Attempt, now: datetime) -> Clock | None:
    """What the device draws; None when no clock runs (not started, or over)."""
    if attempt.phase is not Phase.RUNNING or attempt.deadline_at is None:
        return None
    if attempt.paused_at is not None and attempt.policy.pause_compensated:
        return Clock(timing.remaining_ms(attempt.deadline_at, attempt.paused_at), ticking=False)
    return Clock(timing.remaining_ms(attempt.deadline_at, now), ticking=True)


def identity_of(attempt: Attempt) -> str:
    """none, waiting, refused or accepted."""
    if attempt.candidate_device:
        return "waiting"
    if attempt.refusal:
        return "refused"
    return "none" if attempt.phase in (Phase.ENTERED, Phase.IDENTITY) else "accepted"


def device_of(attempt: Attempt, device: str) -> str:
    """How the server sees the asking device: mine, other or none."""
    if not attempt.device:
        return "none"
    return "mine" if attempt.device == device else "other"


def attempt_view(
    attempt_id: int,
    version: int,
    attempt: Attempt,
    sitting: Sitting,
    person: tuple[str, str],
    device: str,
    now: datetime,
) -> AttemptView:
    """The snapshot. `person` is (name, ID number): of the number only the last four are shown, in the watermark."""
    name, number = person
    submitted, marked, released = attempt.submitted, attempt.marked, attempt.released
    return AttemptView(
        attempt_id=attempt_id,
        sitting_id=sitting.sitting_id,
        kind=sitting.kind,
        title=sitting.title,
        person_name=name,
        watermark=f"{name} {number[-4:]}",
        phase=attempt.phase if attempt.phase is not Phase.MARKED else Phase.SUBMITTED,
        version=version,
        last_seq=attempt.last_seq,
        device=device_of(attempt, device),
        identity=identity_of(attempt),
        identity_reason=attempt.refusal,
        item_count=attempt.item_count,
        minutes=attempt.policy.minutes + attempt.extra_minutes,
        grace_s=attempt.policy.grace_s,
        a4_no_back=attempt.policy.a4_no_back,
        started_at=attempt.started_at,
        deadline_at=attempt.deadline_at,
        clock=clock_of(attempt, now),
        paused=attempt.paused_at is not None,
        pause_reason=attempt.pause_reason,
        identity_locked=attempt.locked,
        lock_reason=attempt.lock_reason,
        answers=[GivenAnswer(no=no, choice=choice) for no, choice in sorted(attempt.answers.items()) if choice],
        marks=sorted(attempt.marks),
        notices=[
            NoticeView(notice=n.notice, level=n.level, text=n.text, at=n.at, acknowledged=n.acknowledged, rule=n.rule)
            for n in attempt.notices
        ],
        submitted=None
        if submitted is None
        else SubmittedView(
            at=submitted.as_of,
            ending=submitted.ending,
            unanswered=submitted.unanswered,
            late_count=attempt.late_count,
            reason=submitted.reason,
        ),
        score=None
        if marked is None or released is None
        else ScoreView(
            points=marked.points,
            points_max=marked.points_max,
            pass_points=released.pass_points,
            passed=released.passed,
        ),
    )
