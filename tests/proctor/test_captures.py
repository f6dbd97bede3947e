"""Captures in a row become incidents: patience with one, and the right word for many."""

from datetime import UTC, datetime, timedelta

import pytest

from proctor.captures import about_captures, covered_stretches, in_order
from proctor.policy import Proctoring
from proctor.watching import Kind, Seen

T0 = datetime(2026, 3, 1, 9, tzinfo=UTC)
WORDS = {
    "s": Kind.SAME,
    "o": Kind.OTHER,
    "n": Kind.NO_FACE,
    "m": Kind.SEVERAL,
    "c": Kind.COVERED,
    "f": Kind.FROZEN,
    "p": Kind.POOR,
    "u": Kind.UNJUDGED,
    "b": Kind.UNREADABLE,
}


def minutes(n: float) -> datetime:
    return T0 + timedelta(minutes=n)


def film(words: str) -> list[tuple[str, Seen]]:
    """One capture a minute, a letter each."""
    return [(f"p{n}", Seen(minutes(n), WORDS[word])) for n, word in enumerate(words)]


def told(words: str, policy: Proctoring | None = None) -> list[tuple[str, int, int, int, bool]]:
    """Rule, ordinal, level, minute and lock of every incident."""
    found = about_captures(policy or Proctoring(), in_order(film(words)))
    return [(i.rule, i.ordinal, i.level, (i.at - T0) // timedelta(minutes=1), i.lock) for i in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", []),
        ("ssssssss", []),
        ("snsnsns", []),
        ("nn", [("no_face", 1, 1, 1, False)]),
        ("nun", [("no_face", 1, 1, 2, False)]),
        ("npn", []),
        ("nnn", [("no_face", 1, 1, 1, False)]),
        ("nnnn", [("no_face", 1, 1, 1, False), ("no_face", 2, 2, 3, False)]),
        ("nnsnn", [("no_face", 1, 1, 1, False), ("no_face", 2, 2, 4, False)]),
        ("fsf", []),
        ("ffsff", [("frozen_picture", 1, 2, 1, False), ("frozen_picture", 2, 3, 4, False)]),
        ("pp", []),
        ("ppp", [("poor_picture", 1, 1, 2, False)]),
        ("pppppp", [("poor_picture", 1, 1, 2, False), ("poor_picture", 2, 1, 5, False)]),
        ("b", []),
        ("bsb", []),
        ("sbbs", []),
        ("bbb", [("poor_picture", 1, 1, 2, False)]),
        ("pbp", [("poor_picture", 1, 1, 2, False)]),
        ("bub", []),
        ("nbn", [("no_face", 1, 1, 2, False)]),
        ("fbf", [("frozen_picture", 1, 2, 2, False)]),
        ("mbbm", [("several_faces", 1, 2, 3, False)]),
        ("uuuu", []),
        ("nuuuun", [("no_face", 1, 1, 5, False)]),
        ("nuusuun", []),
        ("puupuup", [("poor_picture", 1, 1, 6, False)]),
        ("muumuuum", [("several_faces", 1, 2, 3, False)]),
        ("mssm", []),
        ("msm", [("several_faces", 1, 2, 2, False)]),
        ("mm", [("several_faces", 1, 2, 1, False)]),
        ("mmm", [("several_faces", 1, 2, 1, False)]),
        ("mmssmsm", [("several_faces", 1, 2, 1, False), ("several_faces", 2, 3, 6, False)]),
        ("cccc", []),
    ],
)
def test_one_is_nothing_two_are_a_word_and_again_is_a_stronger_one(
    words: str, expected: list[tuple[str, int, int, int, bool]]
) -> None:
    assert told(words) == expected


@pytest.mark.parametrize(
    ("words", "lock_after", "expected"),
    [
        ("o", 1, []),
        ("oso", 1, []),
        ("oo", 1, [(1, 3, 1, True)]),
        ("oo", 3, [(1, 2, 1, False)]),
        ("ooo", 3, [(1, 2, 1, False), (2, 3, 2, True)]),
        ("onpuo", 3, [(1, 2, 4, False)]),
        ("oosoo", 3, [(1, 2, 1, False), (2, 3, 4, False)]),
        ("oooooo", 3, [(1, 2, 1, False), (2, 3, 2, True), (3, 3, 5, True)]),
        ("oooo", 0, [(1, 2, 1, False), (2, 3, 3, False)]),
        ("ooo", 2, [(1, 3, 1, True)]),
        ("oosooo", 4, [(1, 2, 1, False), (2, 3, 4, False)]),
    ],
)
def test_another_person_needs_two_windows_and_a_lock_as_many_as_the_policy_says(
    words: str, lock_after: int, expected: list[tuple[int, int, int, bool]]
) -> None:
    found = told(words, Proctoring(lock_after=lock_after))

    assert found == [("other_person", *row) for row in expected]


def test_an_incident_shows_the_pictures_it_rests_on() -> None:
    first, second = about_captures(Proctoring(), in_order(film("sooo")))

    assert (first.pictures, first.for_ms, first.case) == (("p1", "p2"), 60_000, False)
    assert (second.pictures, second.for_ms, second.case) == (("p1", "p2", "p3"), 120_000, True)


def test_the_right_person_seen_in_between_takes_a_row_apart() -> None:
    doubtful = [("a", Seen(minutes(0), Kind.OTHER)), ("c", Seen(minutes(2), Kind.OTHER))]
    cleared = [*doubtful, ("b", Seen(minutes(1), Kind.SAME))]

    assert list(about_captures(Proctoring(), in_order(doubtful)))
    assert not list(about_captures(Proctoring(), in_order(cleared)))


def test_a_picture_judged_later_counts_once_with_its_judgement() -> None:
    seen = [("a", Seen(minutes(0), Kind.NO_FACE)), ("a", Seen(minutes(0), Kind.UNJUDGED))]

    assert in_order(seen) == in_order(reversed(seen)) == [("a", Seen(minutes(0), Kind.NO_FACE))]


@pytest.mark.parametrize(
    ("words", "stretches"),
    [("c", []), ("csc", []), ("cc", [(0, 1)]), ("cuc", [(0, 1)]), ("cccs", [(0, 1), (1, 2)])],
)
def test_two_covered_captures_in_a_row_vouch_for_a_minute_at_most(words: str, stretches: list[tuple[int, int]]) -> None:
    found = [(begin, end) for begin, end, _ in covered_stretches(in_order(film(words)))]

    assert found == [(minutes(begin), minutes(end)) for begin, end in stretches]
