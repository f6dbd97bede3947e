"""Deadlines that moved, and what counted after the bell."""

from collections.abc import Iterator
from typing import Final

from loadtest.check_words import ACKNOWLEDGED, Finding, Words, counted, says
from loadtest.history import ClockWord, History
from loadtest.records import Row, unix
from loadtest.rules import Rules
from loadtest.story import Line, State, Story

SAME_S: Final = 0.001  # two writings of one instant


def check_deadlines(story: Story, row: Row | None) -> Iterator[Finding]:
    """The deadline is given once, at the start; only the desk moves it: extensions, and pauses that compensate."""
    acts: set[int] = set()
    extra_minutes = story.lines[0].facts.extra_minutes
    for line in story.lines:
        if line.kind not in _RIGHT:
            continue
        if line.kind != "started" and line.before.phase != "running":
            yield "moved", f"version {line.version}: {line.kind} while the attempt was {line.before.phase}"
            continue
        right = _RIGHT[line.kind](line, story, extra_minutes)
        told = None if line.facts.deadline_at is None else unix(line.facts.deadline_at)
        if told is None or right is None or abs(told - right) > SAME_S:
            yield "moved", f"version {line.version} ({line.kind}): the deadline is off by {_off(told, right)}"
        if line.facts.act and line.facts.act in acts:
            yield "moved", f"version {line.version}: act {line.facts.act} of the desk extended it a second time"
        acts.add(line.facts.act)
    yield from _row_deadline(story, row)


def _started(line: Line, story: Story, extra_minutes: int) -> float | None:
    full = line.at + 60 * (story.policy.minutes + extra_minutes)
    closes_at = story.lines[0].facts.closes_at
    return min(full, unix(closes_at)) if story.policy.cut_at_close and closes_at is not None else full


def _extended(line: Line, _story: Story, _extra_minutes: int) -> float | None:
    return None if line.before.deadline is None else line.before.deadline + line.facts.seconds


def _resumed(line: Line, story: Story, _extra_minutes: int) -> float | None:
    """A pause that nobody ended (`by` 0) ended by itself when it was as long as one may be."""
    before = line.before
    if before.deadline is None or before.paused_at is None or not story.policy.pause_compensated:
        return before.deadline
    ended_at = line.at if line.facts.by else before.paused_at + story.policy.pause_s_max
    return before.deadline + (ended_at - before.paused_at)


_RIGHT: Final = {"started": _started, "extended": _extended, "resumed": _resumed}


def _off(told: float | None, right: float | None) -> str:
    return "all" if told is None or right is None else f"{told - right:+.3f} s"


def _row_deadline(story: Story, row: Row | None) -> Iterator[Finding]:
    kept = None if row is None or row.deadline_at is None else unix(row.deadline_at)
    deadline = story.end.deadline
    if row is None or (kept is None and deadline is None):
        return
    if kept is None or deadline is None or abs(kept - deadline) > SAME_S:
        yield "moved", f"the row of the attempt has another deadline than its journal, off by {_off(kept, deadline)}"


# --- what phones were shown ------------------------------------------------------------------------------------------


def check_clock(history: History, story: Story, rules: Rules) -> Iterator[Finding]:
    """Each time that was said to remain fits a deadline that the journal has for that moment."""
    for word in history.clock:
        low, high = word.at - word.rtt_s - rules.stale_s, word.at + rules.tolerance_s
        if not any(_agrees(word, state, story, rules) for state in _in_force(story, low, high)):
            yield "moved", f"the phone was told {word.remaining_s:.1f} s at {word.at:.1f}: no deadline of the journal"


def _in_force(story: Story, low: float, high: float) -> Iterator[State]:
    """What held at some moment between these, the last first."""
    for state in reversed(story.states):
        if state.since <= high:
            yield state
        if state.since < low:
            return


def _agrees(word: ClockWord, state: State, story: Story, rules: Rules) -> bool:
    running = state.phase == "running" and state.deadline is not None
    if not running or state.deadline is None:
        return not word.ticking and word.remaining_s <= 0
    if story.clock_stands(state) and state.paused_at is not None:
        left = max(0.0, state.deadline - state.paused_at)
        return not word.ticking and abs(left - word.remaining_s) <= rules.tolerance_s
    low = word.at - word.rtt_s + word.remaining_s - rules.tolerance_s
    high = word.at + word.remaining_s + rules.tolerance_s
    return word.ticking and state.deadline <= high and (low <= state.deadline or word.remaining_s <= 0)


def check_instants(words: Words, rules: Rules) -> Iterator[Finding]:
    """What was saved bears an instant between its sending and its acknowledgement, by the phone's clock."""
    for seq, all_sent in words.sent.items():
        for sent in all_sent:
            line = next((line for line in words.written.get(seq, ()) if says(line, sent)), None)
            if line is None or sent.result not in ACKNOWLEDGED:
                continue
            if line.at > sent.acked_at + rules.tolerance_s or line.at < sent.first_at - rules.tolerance_s:
                early, late = line.at - sent.first_at, line.at - sent.acked_at
                yield "moved", f"seq {seq}: written {early:+.1f} s from its sending, {late:+.1f} s from its ack"


# --- the bell --------------------------------------------------------------------------------------------------------


def check_bell(story: Story, words: Words, rules: Rules) -> Iterator[Finding]:
    """Nothing counts that came after deadline + grace, and the attempt is closed in time, by nobody's client."""
    for line in story.lines:
        if counted(line):
            yield from _counted(line, story, words, rules)
        elif line.kind == "submitted":
            late_s = bell_late_s(line, story)
            if late_s is not None and late_s > (rules.sweep_s if line.facts.ending == "time" else SAME_S):
                yield "after_bell", f"handed in ({line.facts.ending}) {late_s:.1f} s after deadline and grace"
        elif line.kind == "started":
            closes_at = story.lines[0].facts.closes_at
            if closes_at is not None and line.at >= unix(closes_at):
                yield "after_bell", f"begun {line.at - unix(closes_at):.1f} s after the window had closed"


def _counted(line: Line, story: Story, words: Words, rules: Rules) -> Iterator[Finding]:
    if line.before.phase != "running":
        if line.before.phase not in ("submitted", "marked", "released", "annulled"):  # those: `check_end`
            yield "reordered", f"version {line.version}: {line.kind} before the start"
        return
    if line.before.paused_at is not None:
        yield "after_bell", f"version {line.version}: {line.kind} counted while the attempt was paused"
        return
    bell_at = story.bell_at(line.before)
    if bell_at is None:
        return
    senders = [sent for sent in words.sent.get(line.facts.seq, ()) if says(line, sent)]
    sent_late_s = min((sent.first_at - bell_at for sent in senders), default=0.0)
    if line.at > bell_at + SAME_S:
        yield "after_bell", f"version {line.version}: {line.kind} counted {line.at - bell_at:.1f} s after the bell"
    elif sent_late_s > rules.tolerance_s:
        yield "after_bell", f"version {line.version}: {line.kind} counted, sent {sent_late_s:.1f} s after the bell"


def bell_late_s(line: Line, story: Story) -> float | None:
    """How long after deadline + grace the attempt was handed in; None when no bell was due."""
    bell_at = story.bell_at(line.before)
    return None if bell_at is None else line.at - bell_at
