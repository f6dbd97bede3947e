"""What a paper is worth, worked out anew: the rules of the field in code of its own, so that it can contradict.

The rules (domain.md §6.2, §6.6): A1, A2, A3, A4 and B1 have one right option and are worth all or nothing, every
question of a set for itself; X has several, and is worth something only for exactly those, unless the sitting pays a
share (nothing once one is wrong, rounded down). Nothing is taken away for a wrong answer. Two persons may rule after
the exam that an item counts by another key too, by another key instead, for everybody, or not at all.
"""

from collections.abc import Mapping, Sequence

import msgspec

from loadtest.records import Asked, Paid, Ref


class Ruling(msgspec.Struct, frozen=True):
    """What was decided on one item version."""

    item_id: int
    version: int
    also: tuple[str, ...] = ()
    full_credit: bool = False
    key: str = ""
    void: bool = False


class Scheme(msgspec.Struct, frozen=True):
    """How the papers of a sitting are marked. `section_points` of sections 1, 2 …, 0: `points_per_item`."""

    points_per_item: int = 1
    multiple: str = "exact"
    rulings: tuple[Ruling, ...] = ()
    section_points: tuple[int, ...] = ()
    edition: int = 0


class Worth(msgspec.Struct, frozen=True):
    """A marked paper. A credited question is correct, a void one unanswered, one paid in part wrong.

    `marks[0]` is question 1.
    """

    points: int
    points_max: int
    correct: int
    wrong: int
    unanswered: int
    marks: tuple[Paid, ...] = ()


def worth(paper: Sequence[Asked], answers: Mapping[int, str], keys: Mapping[Ref, str], scheme: Scheme) -> Worth:
    """The score of one paper.

    `answers`: number from 1 -> letters by place, "b" is the second option shown ("" or absent: not answered).
    `keys`: the right option ids of every item version. Raises KeyError for an item without a key, and IndexError for
    an option that was not shown.
    """
    rulings = {(ruling.item_id, ruling.version): ruling for ruling in scheme.rulings}
    points = points_max = correct = wrong = unanswered = 0
    marks = []
    for no, asked in enumerate(paper, 1):
        chosen = frozenset(asked.order[ord(letter) - ord("a")] for letter in answers.get(no, ""))
        one = _one(asked, chosen, keys[asked.ref], rulings.get(asked.ref), scheme)
        points, points_max, correct = points + one.points, points_max + one.points_max, correct + one.correct
        wrong, unanswered = wrong + one.wrong, unanswered + one.unanswered
        marks.append(Paid("".join(sorted(chosen)), one.points))
    return Worth(points, points_max, correct, wrong, unanswered, tuple(marks))


def _one(asked: Asked, chosen: frozenset[str], key: str, ruling: Ruling | None, scheme: Scheme) -> Worth:
    """One question."""
    ruling = ruling or Ruling(*asked.ref)
    full = _full(asked.section, scheme)
    if ruling.void:
        return Worth(0, 0, 0, 0, 1)
    if ruling.full_credit:
        return Worth(full, full, 1, 0, 0)
    if not chosen:
        return Worth(0, full, 0, 0, 1)
    share = asked.multiple and scheme.multiple == "partial"
    points = max(_points(chosen, frozenset(right), full, share) for right in (ruling.key or key, *ruling.also))
    return Worth(points, full, 1, 0, 0) if points == full else Worth(points, full, 0, 1, 0)


def _full(section: int, scheme: Scheme) -> int:
    """What a question of this section is worth at most."""
    of_sections = dict(enumerate(scheme.section_points, 1))
    return of_sections.get(section, 0) or scheme.points_per_item


def _points(chosen: frozenset[str], right: frozenset[str], full: int, share: bool) -> int:
    if chosen == right:
        return full
    return full * len(chosen) // len(right) if share and chosen < right else 0
