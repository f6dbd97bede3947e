"""The checker: what phones know against what the product kept, attempt by attempt.

It trusts neither side's code. The journal is folded, sealed and marked anew by the checker's own modules (`story`,
`sealing`, `marks`), and each phone's history is held against it: what it was promised, what it sent, what it was told
of the clock. What was sent and never acknowledged may be there or not: both are right.

Classes, and who looks for them:

    lost, invented, duplicated, reordered       check_words
    moved, after_bell                           check_time
    hand_ins, marks                             check_end
    chain                                       sealing
    lies                                        the phones themselves
    unaccounted                                 checking: attempts without a history
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from loadtest.check_end import Marking, check_hand_in, check_marks
from loadtest.check_time import bell_late_s, check_bell, check_clock, check_deadlines, check_instants
from loadtest.check_words import (
    ACKNOWLEDGED,
    Finding,
    check_numbers,
    check_origins,
    check_promises,
    check_told,
    words_of,
)
from loadtest.history import History
from loadtest.outcome import Violations
from loadtest.records import Kept
from loadtest.rules import Rules
from loadtest.sealing import broken_paper, broken_seals
from loadtest.story import Story, tell

CLASSES: Final = {
    "lost": ("已确认却丢失", "acknowledged and lost"),
    "invented": ("无人发送的作答", "nobody sent it"),
    "duplicated": ("重复或缺号", "twice, or a gap"),
    "reordered": ("顺序错乱", "out of order"),
    "moved": ("截止时间被移动", "a deadline moved"),
    "after_bell": ("打铃后仍计入", "counted after the bell"),
    "hand_ins": ("重复或缺失交卷", "double or missing hand-in"),
    "marks": ("评分错误", "wrong marks"),
    "chain": ("摘要链断裂", "broken digest chain"),
    "lies": ("服务器自相矛盾", "the server contradicted itself"),
    "unaccounted": ("作答无记录可对", "an attempt without its history"),
}
EXAMPLES_MAX: Final = 5


class Checked(msgspec.Struct):
    """What was found in one attempt, and what there was to find it in."""

    findings: list[Finding]
    acknowledged: int = 0
    entries: int = 0
    bell_late_s: float | None = None  # how long after deadline + grace time itself closed it
    unmarked: bool = False


def check_attempt(
    history: History | None, attempt_id: int, kept: Kept, marking: Marking | None, rules: Rules
) -> Checked:
    """Everything that is wrong with one attempt.

    Without a history only the product's own records are held against each other; without `marking` nothing is said of
    points.
    """
    acknowledged = 0 if history is None else sum(sent.result in ACKNOWLEDGED for sent in history.sent)
    if not kept.journal:
        return Checked(list(_gone(history)), acknowledged)
    try:
        story = tell(kept.journal)
    except msgspec.DecodeError as error:
        return Checked([("chain", f"a body can't be read: {error}")], acknowledged, len(kept.journal))
    findings = [*_of_records(attempt_id, story, kept, marking, rules), *_of_phones(history, story, kept, rules)]
    submitted = story.first("submitted")
    by_time = submitted is not None and submitted.facts.ending == "time"
    late_s = bell_late_s(submitted, story) if submitted is not None and by_time else None
    return Checked(findings, acknowledged, len(story.lines), late_s, story.end.phase == "submitted")


def _gone(history: History | None) -> Iterator[Finding]:
    """No journal at all: everything this phone was promised is lost, the attempt itself first."""
    if history is None:
        return
    yield "lost", "the phone was given this attempt; there is no journal of it"
    for sent in history.sent:
        if sent.result in ACKNOWLEDGED:
            yield "lost", f"seq {sent.seq} ({sent.kind} {sent.no}) was acknowledged; there is no journal at all"


def _of_records(attempt_id: int, story: Story, kept: Kept, marking: Marking | None, rules: Rules) -> Iterator[Finding]:
    """The product's own records against each other."""
    for words in broken_seals(attempt_id, story):
        yield "chain", words
    yield from check_deadlines(story, kept.row)
    if marking is not None:
        for words in broken_paper(story, kept.paper):
            yield "chain", words
        yield from check_marks(story, kept, marking, rules)
    if story.lines[0].kind != "entered" or any(line.kind == "entered" for line in story.lines[1:]):
        yield "reordered", "a journal begins with its entering, and has only one"


def _of_phones(history: History | None, story: Story, kept: Kept, rules: Rules) -> Iterator[Finding]:
    words = words_of(history, story)
    yield from check_numbers(story, words)
    yield from check_hand_in(history, story, kept.row, rules)
    yield from check_bell(story, words, rules)
    if history is None:
        return
    yield from check_promises(history, story, words)
    yield from check_told(history, story)
    yield from check_origins(story, words)
    yield from check_instants(words, rules)
    yield from check_clock(history, story, rules)
    for lie in history.lies:
        yield "lies", lie


class Tally:
    """Adds up what was found in many attempts."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: defaultdict[str, list[str]] = defaultdict(list)
        self._bells: list[float] = []
        self.attempts = self.acknowledged = self.entries = self.unmarked = 0
        self.notes: list[str] = []

    def add(self, name: str, checked: Checked) -> None:
        """Take in one attempt; `name` is how examples speak of it."""
        self.attempts += 1
        self.acknowledged += checked.acknowledged
        self.entries += checked.entries
        self.unmarked += checked.unmarked
        if checked.bell_late_s is not None:
            self._bells.append(checked.bell_late_s)
        for kind, words in checked.findings:
            self.found(kind, f"{name}: {words}")

    def found(self, kind: str, words: str) -> None:
        """One violation."""
        assert kind in CLASSES, kind
        self._counts[kind] += 1
        if len(self._examples[kind]) < EXAMPLES_MAX:
            self._examples[kind].append(words)

    def violations(self) -> Violations:
        """All classes with their numbers, also those that are 0."""
        return Violations(
            counts={kind: self._counts[kind] for kind in CLASSES},
            examples={kind: examples for kind, examples in self._examples.items() if examples},
            attempts=self.attempts,
            acknowledged=self.acknowledged,
            journal_entries=self.entries,
            figures=self._figures(),
            notes=self.notes,
        )

    def _figures(self) -> dict[str, float]:
        figures: dict[str, float] = {"unmarked": self.unmarked, "bells": len(self._bells)}
        if self._bells:
            late = sorted(self._bells)
            figures |= {"bell_late_max_s": late[-1], "bell_late_p999_s": late[math.ceil(len(late) * 0.999) - 1]}
        return figures
