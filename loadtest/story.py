"""A journal told from its beginning: what held before each entry, and at the end.

The checker's own fold. It believes every entry (whether it should stand there is for the checks to say) and keeps only
what they judge by: the phase, the deadline, a pause, who held the attempt, and the answers.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from loadtest.records import Entry, Facts, Policy, micros, read_facts, unix

COUNTED: Final = frozenset({"answered", "cleared", "marked_for_later"})
NUMBERED: Final = COUNTED | {"came_late"}
_PHASES: Final = {
    "entered": "entered",
    "started": "running",
    "submitted": "submitted",
    "marked": "marked",
    "released": "released",
    "annulled": "annulled",
}
_BEFORE_START: Final = ("entered", "identity", "ready")
FINAL: Final = ("submitted", "marked", "released", "annulled")


class State(msgspec.Struct, frozen=True, gc=False):
    """What holds from `since` on. `paused_at` only while the clock of a running attempt was stopped by the desk."""

    since: float
    phase: str = ""
    deadline: float | None = None
    paused_at: float | None = None
    device: str = ""


class Line(msgspec.Struct, gc=False):
    """An entry and what held before it."""

    entry: Entry
    kind: str
    version: int
    facts: Facts
    at: float
    before: State


class Story(msgspec.Struct):
    """`states`: each thing that held, in order; the last is how the attempt stands. `answers`: those that count.

    `layout` has a character for each question.
    """

    lines: list[Line]
    states: list[State]
    answers: dict[int, str]
    policy: Policy
    layout: str
    last_version: int

    @property
    def end(self) -> State:
        """How the attempt stands."""
        return self.states[-1]

    def first(self, kind: str) -> Line | None:
        """The first entry of this kind."""
        return next((line for line in self.lines if line.kind == kind), None)

    def clock_stands(self, state: State) -> bool:
        """Whether a pause stops the clock."""
        return state.paused_at is not None and self.policy.pause_compensated

    def bell_at(self, state: State) -> float | None:
        """The last instant at which an answer counts, unless something changes; None: no bell is due."""
        if state.phase != "running" or state.deadline is None or self.clock_stands(state):
            return None
        return state.deadline + self.policy.grace_s


def tell(journal: Sequence[Entry]) -> Story:
    """The story of a journal that has at least one entry, in the order given; raises msgspec.DecodeError."""
    state = State(0.0)
    story = Story([], [], {}, Policy(60), "", 0)
    for entry in journal:
        at, facts = micros(entry.at) / 1_000_000, read_facts(entry.body)
        story.lines.append(Line(entry, entry.kind, entry.version, facts, at, state))
        if entry.kind in NUMBERED:
            if state.phase not in FINAL:  # what comes after the end never counts, whatever it is called
                _answer(story.answers, entry.kind, facts)
            continue
        if facts.policy is not None:
            story.policy = facts.policy
        if facts.layout is not None:
            story.layout = facts.layout.options
        after = _after(state, entry.kind, facts, at)
        if after is not state:
            story.states.append(after)
            state = after
    story.states = story.states or [state]
    story.last_version = max((entry.version for entry in journal), default=0)
    return story


def _answer(answers: dict[int, str], kind: str, facts: Facts) -> None:
    if kind == "answered":
        answers[facts.no] = facts.choice
    elif kind == "cleared":
        answers.pop(facts.no, None)


def _after(state: State, kind: str, facts: Facts, at: float) -> State:
    """What holds after an event that is no answer; the same state if nothing changed that is judged by."""
    deadline = state.deadline if facts.deadline_at is None else unix(facts.deadline_at)
    match kind:
        case "device_taken":
            after = replace(state, since=at, device=facts.device)
        case "paused":
            after = replace(state, since=at, paused_at=at)
        case "resumed":
            after = replace(state, since=at, deadline=deadline, paused_at=None)
        case "extended":
            after = replace(state, since=at, deadline=deadline)
        case "portrait_taken" | "identity_accepted" | "identity_refused":
            after = replace(state, since=at, phase=_phase_of_identity(state.phase, kind))
        case _:
            phase = _PHASES.get(kind)
            after = state if phase is None else State(at, phase, deadline, None, state.device)
    return after


def _phase_of_identity(phase: str, kind: str) -> str:
    """Before the start a portrait moves the attempt on; later it does not."""
    if kind == "portrait_taken":
        return "identity" if phase in _BEFORE_START else phase
    if phase != "identity":
        return phase
    return "ready" if kind == "identity_accepted" else "entered"
