"""Double and missing hand-ins, what came after one, and wrong marks."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from loadtest.check_words import Finding
from loadtest.history import History
from loadtest.marks import Scheme, Worth, worth
from loadtest.records import Kept, Ref, Row, Score, read_paper, unix
from loadtest.rules import Rules
from loadtest.story import FINAL, Line, Story

SAME_S: Final = 0.001
ENDED: Final = ("handed_in", "bell")
# What a candidate does; an answer that came late and 【我知道了】 may follow a hand-in.
CANDIDATES: Final = frozenset({"answered", "cleared", "marked_for_later", "portrait_taken", "device_taken", "started"})


class Marking(msgspec.Struct):
    """By what a sitting is marked: its scheme, and the right options of every item version asked."""

    scheme: Scheme
    keys: Mapping[Ref, str]


def check_hand_in(history: History | None, story: Story, row: Row | None, rules: Rules) -> Iterator[Finding]:
    """Every attempt that has ended was handed in once, and nothing of the candidate comes after."""
    ends = [line for line in story.lines if line.kind == "submitted"]
    for line in ends[1:]:
        yield "hand_ins", f"handed in again at version {line.version} ({line.facts.ending})"
    if ends:
        yield from _hand_in(ends[0], story)
        for line in story.lines:
            if line.kind in CANDIDATES and line.version > ends[0].version:
                yield "hand_ins", f"version {line.version}: {line.kind} after the hand-in"
    else:
        yield from _missing(history, story, rules)
    if row is not None and row.phase != story.end.phase:
        yield "hand_ins", f"the row of the attempt says {row.phase}, its journal {story.end.phase}"


def _hand_in(line: Line, story: Story) -> Iterator[Finding]:
    facts, before = line.facts, line.before
    if before.phase != "running" or before.deadline is None or facts.as_of is None:
        yield "hand_ins", f"handed in at version {line.version} while {before.phase}"
        return
    if bool(facts.seq) is not (facts.ending == "candidate"):
        yield "hand_ins", f"handed in by {facts.ending}, with seq {facts.seq}"
    bell_at = story.bell_at(before)
    if facts.ending == "time" and (bell_at is None or line.at <= bell_at - SAME_S):
        yield "moved", f"the bell rang early, at version {line.version}"
    stopped_at = before.paused_at if story.clock_stands(before) and before.paused_at is not None else line.at
    if abs(unix(facts.as_of) - min(stopped_at, before.deadline)) > SAME_S:
        yield "moved", f"the hand-in counts as of {unix(facts.as_of) - before.deadline:+.1f} s from the deadline"
    answered, items = len(story.answers), len(story.layout)
    if facts.unanswered + answered != items:
        yield "hand_ins", f"{facts.unanswered} unanswered, it says; {answered} of {items} were answered"


def _missing(history: History | None, story: Story, rules: Rules) -> Iterator[Finding]:
    """Somebody was told that it is over, or it is long over by the clock."""
    if story.end.phase == "annulled":
        return
    acknowledged = history is not None and any(
        sent.kind == "hand_in" and sent.result in ("saved", "already") for sent in history.sent
    )
    told = history is not None and history.ended_at > 0 and history.outcome in ENDED
    bell_at = story.bell_at(story.end)
    if acknowledged or told:
        yield "hand_ins", "the phone was told that it is handed in; the journal does not say so"
    elif story.end.phase in FINAL:
        yield "hand_ins", f"{story.end.phase}, and never handed in"
    elif bell_at is not None and rules.until > bell_at + rules.sweep_s:
        yield "hand_ins", f"not handed in {rules.until - bell_at:.0f} s after deadline and grace"


# --- marks -----------------------------------------------------------------------------------------------------------


def check_marks(story: Story, kept: Kept, marking: Marking, rules: Rules) -> Iterator[Finding]:
    """The points that count are those of the final answers; marked once, and in time."""
    submitted = story.first("submitted")
    if submitted is None or story.end.phase == "annulled" or kept.paper is None:
        return  # the first and the last are reported by those who look for that
    right = _worth(story, kept.paper, marking)
    if right is None:
        yield "marks", "the answers can't be marked: an item without a key, or an option that was not shown"
        return
    marks = [line for line in story.lines if line.kind in ("marked", "corrected")]
    yield from _once(marks, kept.scores, marking.scheme.edition)
    if not marks:
        if rules.until > submitted.at + rules.marking_s:
            yield "marks", f"not marked {rules.until - submitted.at:.0f} s after the hand-in"
        return
    facts = marks[-1].facts
    if (facts.points, facts.points_max) != (right.points, right.points_max):
        yield "marks", f"marked {facts.points} of {facts.points_max}, right is {right.points} of {right.points_max}"
    elif wrong := _wrong_in(_score(kept.scores, facts.revision), right):
        yield "marks", f"the score of revision {facts.revision} is not that of the answers: {wrong}"
    elif kept.row is not None and kept.row.points != right.points:
        yield "marks", f"the row of the attempt has {kept.row.points} points, right is {right.points}"


def _once(marks: list[Line], scores: list[Score], edition: int) -> Iterator[Finding]:
    """One mark, and one more for each time the scheme was changed; revisions rise."""
    revisions = [line.facts.revision for line in marks]
    if revisions != sorted(set(revisions)) or len(revisions) > 1 + edition:
        yield "marks", f"marked {len(revisions)} times, revisions {revisions}"
    elif len(scores) > 1 + edition:
        yield "marks", f"{len(scores)} scores are kept of {1 + edition} markings"


def _worth(story: Story, paper: str, marking: Marking) -> Worth | None:
    try:
        return worth(read_paper(paper), story.answers, marking.keys, marking.scheme)
    except (KeyError, IndexError):
        return None


def _score(scores: list[Score], revision: int) -> Score | None:
    return next((score for score in scores if score.revision == revision), None)


def _wrong_in(score: Score | None, right: Worth) -> str:
    """What is wrong with a kept score, in words; nothing if it is right."""
    if score is None:
        return "there is none"
    kept = Worth(score.points, score.points_max, score.correct, score.wrong, score.unanswered)
    if kept != replace(right, marks=()):
        return f"kept is {kept}, right is {replace(right, marks=())}"
    if len(score.marks) != len(right.marks):
        return f"{len(score.marks)} questions are kept of {len(right.marks)}"
    for no, (paid, worth_it) in enumerate(zip(score.marks, right.marks, strict=True), 1):
        if paid != worth_it:
            told = f"{worth_it.chosen!r} for {worth_it.points}"
            return f"question {no} is kept as {paid.chosen!r} for {paid.points}, right is {told}"
    return ""
