"""Windows, deadlines, extensions, pauses, grace: all the arithmetic of time, and nothing else.

Why a file of its own: every dispute after an exam is about minutes. The rules (domain.md §3.9, §6.6):

- Entry is allowed while `opens_at <= now < closes_at`.
- The deadline is set once, at the start: started + minutes + the person's extra minutes. With
  `cut_at_close` (explicit, off by default) the window's end cuts it; everybody else keeps his full time.
- What people at the desk give afterwards (extensions, compensated pauses) is added to that and is never
  cut, since somebody decided it for this very attempt.
- Answers count up to and including deadline + grace; the attempt is closed as of the *deadline*.
- While paused with compensation the clock stands still; a pause ends by itself after `pause_s_max`, so that a
  forgotten pause can't hold an attempt open for ever.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from exam_engine.sitting import Policy


class Window(StrEnum):
    BEFORE = "before"
    OPEN = "open"
    AFTER = "after"


def window(opens_at: datetime, closes_at: datetime, now: datetime) -> Window:
    """Where `now` lies: the opening instant is inside, the closing instant is not."""
    assert opens_at < closes_at
    if now < opens_at:
        return Window.BEFORE
    return Window.OPEN if now < closes_at else Window.AFTER


def first_deadline(policy: Policy, extra_minutes: int, started_at: datetime, closes_at: datetime) -> datetime:
    """The deadline given at the start; extra minutes are the person's own accommodation."""
    full = started_at + timedelta(minutes=policy.minutes + extra_minutes)
    return min(full, closes_at) if policy.cut_at_close else full


def pause_ends_at(policy: Policy, paused_at: datetime) -> datetime:
    """When a pause nobody ended ends by itself."""
    return paused_at + timedelta(seconds=policy.pause_s_max)


def after_pause(policy: Policy, deadline_at: datetime, paused_at: datetime, resumed_at: datetime) -> datetime:
    """The deadline after a pause: moved by its length if the policy compensates, else as it was."""
    assert paused_at <= resumed_at
    return deadline_at + (resumed_at - paused_at) if policy.pause_compensated else deadline_at


def last_counted_at(policy: Policy, deadline_at: datetime) -> datetime:
    """The last instant at which an answer still counts."""
    return deadline_at + timedelta(seconds=policy.grace_s)


def remaining_ms(deadline_at: datetime, now: datetime) -> int:
    """What the device draws, never below zero."""
    return max(0, round((deadline_at - now) / timedelta(milliseconds=1)))


def seconds(count: int) -> timedelta:
    """A length of `count` seconds."""
    return timedelta(seconds=count)
