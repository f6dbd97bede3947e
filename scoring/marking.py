"""Marking: chosen options against the key, in whole points.

Nothing is taken away for a wrong answer (domain.md §6.2). A question whose key turned out wrong after the exam gets a
`Ruling`; the paper is then marked again with a scheme that holds the ruling, and both scores are kept (domain.md §6.6).

Two ways to make a question not count: `full_credit` gives everybody its points, maximum and pass line stay; `void`
takes it off the maximum of the papers that have it, and their pass line follows (`scoring.result.line`).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol, assert_never

import msgspec

POINTS_MAX: Final = 100  # of one item


class Entry(Protocol):
    """What marking must know of an entry of a paper; `question_bank.paper.PaperEntry` is one."""

    @property
    def item_id(self) -> int:
        """The item in the bank."""

    @property
    def version(self) -> int:
        """The version of it that was shown."""

    @property
    def multiple(self) -> bool:
        """Whether several options may be right (type X)."""

    @property
    def section_no(self) -> int:
        """The section it belongs to, from 1; 0 when the paper has none."""


class Multiple(StrEnum):
    """How a question with several right options is marked."""

    EXACT = "exact"  # all of them and no other, or nothing: our default (domain.md §6.2)
    PARTIAL = "partial"  # a share for the right ones, nothing as soon as one is wrong


class Verdict(StrEnum):
    """What became of one question. `credited` counts among the correct, `partial` among the wrong.

    `void` counts among the unanswered: as if it had not been asked.
    """

    CORRECT = "correct"
    PARTIAL = "partial"
    WRONG = "wrong"
    UNANSWERED = "unanswered"
    CREDITED = "credited"
    VOID = "void"


class Ruling(msgspec.Struct, frozen=True):
    """A decision about one item version after the exam: other keys, full points for everybody, or void."""

    item_id: int
    version: int
    also: tuple[str, ...] = ()  # keys that count like the original one
    full_credit: bool = False  # everybody gets its points, so the pass line need not move
    key: str = ""  # what is right in place of the original key
    void: bool = False  # it is worth nothing to anybody, and the maximum is less by it

    def __post_init__(self) -> None:
        if self.void and (self.also or self.key or self.full_credit):
            raise ValueError("a void item needs no other ruling")
        if not all(self.also):
            raise ValueError("a key can't be empty")

    def right(self, key: str) -> tuple[str, ...]:
        """The keys that count, `key` being the bank's."""
        return (self.key or key, *self.also)


class Scheme(msgspec.Struct, frozen=True):
    """How a paper is marked: humanities 2 points an item, professional 1, both of 100 (domain.md §6.1).

    `section_points`: of the items of sections 1, 2 …; 0 or not there: `points_per_item`. `edition` counts the changes
    of a sitting's scheme, so that a score tells whether it was marked by the one that holds now.
    """

    points_per_item: int = 1
    multiple: Multiple = Multiple.EXACT
    rulings: tuple[Ruling, ...] = ()
    section_points: tuple[int, ...] = ()
    edition: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.points_per_item <= POINTS_MAX:
            raise ValueError(f"points_per_item must be 1 to {POINTS_MAX}")
        if not all(0 <= points <= POINTS_MAX for points in self.section_points):
            raise ValueError(f"section_points must be 0 to {POINTS_MAX}")
        if len({(ruling.item_id, ruling.version) for ruling in self.rulings}) < len(self.rulings):
            raise ValueError("one ruling for an item version")

    def worth(self, section: int) -> int:
        """Points of an item of this section; 0 is a paper without sections."""
        own = self.section_points[section - 1] if 0 < section <= len(self.section_points) else 0
        return own or self.points_per_item


class Mark(msgspec.Struct, frozen=True, gc=False):
    """One question, marked. `chosen` is "" when it was not answered."""

    chosen: str
    verdict: Verdict
    points: int


class Score(msgspec.Struct, frozen=True):
    """A marked paper; correct + wrong + unanswered = the number of questions; `marks[0]` is question 1."""

    points: int
    points_max: int
    correct: int
    wrong: int
    unanswered: int
    marks: tuple[Mark, ...]


Ref = tuple[int, int]  # (item_id, version)
Rule = Callable[[str, str, int], int]  # (chosen, key, points of the item) -> points


def mark(entries: Sequence[Entry], answers: Mapping[int, str], keys: Mapping[Ref, str], scheme: Scheme) -> Score:
    """The score of one paper.

    `answers`: position from 1 -> chosen option ids ("b", "acd"; "" or absent: not answered); the order of the letters
    and the order in which options were shown do not matter. `keys`: (item_id, version) -> right option ids, for every
    entry. An answer outside the paper or an entry without a key is our own error and raises.
    """
    assert all(1 <= position <= len(entries) for position in answers), "an answer to a question that is not there"
    rulings = {(ruling.item_id, ruling.version): ruling for ruling in scheme.rulings}
    several = rule(scheme, multiple=True)
    marks, points_max = [], 0
    for position, entry in enumerate(entries, 1):
        ref = (entry.item_id, entry.version)
        ruling = rulings.get(ref, NO_RULING)
        full = 0 if ruling.void else scheme.worth(entry.section_no)
        chosen = answers.get(position, "")
        if len(chosen) > 1:
            chosen = "".join(sorted(set(chosen)))
        marks.append(mark_one(several if entry.multiple else single, chosen, keys[ref], ruling, full))
        points_max += full
    return _sum(tuple(marks), points_max)


def single(chosen: str, key: str, points: int) -> int:
    """A1, A2, A3, A4, B1: the one right option, or nothing."""
    return points if chosen == key else 0


def multiple_exact(chosen: str, key: str, points: int) -> int:
    """X by default: one too many, one too few or one wrong is worth nothing (多选、少选、错选均不得分)."""
    return points if chosen == key else 0


def multiple_partial(chosen: str, key: str, points: int) -> int:
    """X where a province pays part: nothing once one is wrong, else the share of right ones, rounded down."""
    return points * len(chosen) // len(key) if set(chosen) <= set(key) else 0


NO_RULING: Final = Ruling(0, 0)


def rule(scheme: Scheme, *, multiple: bool) -> Rule:
    """By which rule an item of one or of several right options is marked."""
    if not multiple:
        return single
    match scheme.multiple:
        case Multiple.EXACT:
            return multiple_exact
        case Multiple.PARTIAL:
            return multiple_partial
        case never:
            assert_never(never)


def mark_one(rule: Rule, chosen: str, key: str, ruling: Ruling, full: int) -> Mark:
    """One question worth `full` points; `chosen` is in order, "" when it was not answered."""
    assert key, "a key can't be empty"
    if ruling.void:
        return Mark(chosen, Verdict.VOID, 0)
    if ruling.full_credit:
        return Mark(chosen, Verdict.CREDITED, full)
    if not chosen:
        return Mark(chosen, Verdict.UNANSWERED, 0)
    points = rule(chosen, ruling.key or key, full)
    for right in ruling.also:
        points = max(points, rule(chosen, right, full))
    return Mark(chosen, _verdict(points, full), points)


def _verdict(points: int, full: int) -> Verdict:
    if points == full:
        return Verdict.CORRECT
    return Verdict.PARTIAL if points else Verdict.WRONG


def _sum(marks: tuple[Mark, ...], points_max: int) -> Score:
    verdicts = [each.verdict for each in marks]
    unanswered = verdicts.count(Verdict.UNANSWERED) + verdicts.count(Verdict.VOID)
    correct = verdicts.count(Verdict.CORRECT) + verdicts.count(Verdict.CREDITED)
    wrong = len(marks) - correct - unanswered
    return Score(sum(each.points for each in marks), points_max, correct, wrong, unanswered, marks)
