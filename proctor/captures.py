"""Captures in a row become incidents: the rules about what the pictures showed.

One capture alone is never enough. "In a row" means neighbours by the time taken, with those nobody could judge
(`unjudged`) left out: they speak neither for nor against. Captures taken later never change an incident. One taken
earlier that comes in late may: if it shows the right person between two doubtful captures, they are no longer in a
row, and rightly so. Numbers without another source are those of domain.md §7.2 and vision.md §6.

Not every picture is looked at (`sampling.py`): those that were not are `unjudged` too. What is no picture at all
(`unreadable`) speaks of nobody either, but three in a row are a camera that shows nothing, as poor pictures are.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Final

from proctor.policy import Proctoring
from proctor.rules import NOTICE_LEVEL, Incident
from proctor.watching import Kind, Seen

Look = tuple[str, Seen]  # the picture's name and what was seen in it

IN_A_ROW: Final = 2  # the least that counts; `lock_after` 1 means 2 as well
SEVERAL_OF: Final = 3  # two of three captures with several people: the other one looks away now and then
POOR_IN_A_ROW: Final = 3  # a cloud or a lamp may spoil two; nobody is judged while pictures stay poor
# Captures come minutes apart and nobody knows what lay between: two covered ones vouch for a minute at most, so that
# the warning comes with the second (default `camera_warn_s`) and the case not before the third.
COVERED_MAX: Final = timedelta(seconds=60)


def in_order(seen: Iterable[Look]) -> list[Look]:
    """Those that were judged, by time; of two words on the same picture of the same moment, one."""
    best: dict[tuple[datetime, str], Seen] = {}
    for name, look in seen:
        key = look.at, name
        best[key] = max(best.get(key, look), look, key=_rank)
    return [(key[1], best[key]) for key in sorted(best) if best[key].kind is not Kind.UNJUDGED]


def about_captures(policy: Proctoring, looks: Sequence[Look]) -> Iterator[Incident]:
    """The incidents of captures `in_order`, rule by rule."""
    for ordinal, group in enumerate(_groups(_alike(looks), Kind.POOR, POOR_IN_A_ROW), start=1):
        yield _incident("poor_picture", ordinal, 1, group)
    looks = _readable(looks)
    for ordinal, group in enumerate(_groups(looks, Kind.NO_FACE, IN_A_ROW), start=1):
        yield _incident("no_face", ordinal, 1 if ordinal == 1 else 2, group)
    for ordinal, group in enumerate(_groups(looks, Kind.FROZEN, IN_A_ROW), start=1):
        yield _incident("frozen_picture", ordinal, 2 if ordinal == 1 else 3, group)
    for ordinal, group in enumerate(_near_pairs(looks), start=1):
        yield _incident("several_faces", ordinal, 2 if ordinal == 1 else 3, group)
    for ordinal, (group, lock) in enumerate(_others(policy, looks), start=1):
        yield _incident("other_person", ordinal, 2 if ordinal == 1 and not lock else 3, group, lock=lock)


def covered_stretches(looks: Sequence[Look]) -> Iterator[tuple[datetime, datetime, tuple[str, str]]]:
    """From when to when the lens was surely covered, and the two pictures that say so."""
    for run in _runs(_readable(looks), Kind.COVERED):
        for (name_a, a), (name_b, b) in pairwise(run):
            yield a.at, min(b.at, a.at + COVERED_MAX), (name_a, name_b)


def _readable(looks: Sequence[Look]) -> list[Look]:
    """Nobody breaks a row of others by sending what is no picture."""
    return [look for look in looks if look[1].kind is not Kind.UNREADABLE]


def _alike(looks: Sequence[Look]) -> list[Look]:
    """Useless is useless: a poor picture and one that is none count together."""
    return [(name, Seen(look.at, Kind.POOR) if look.kind is Kind.UNREADABLE else look) for name, look in looks]


def _rank(look: Seen) -> tuple[bool, str, float]:
    return look.kind is not Kind.UNJUDGED, look.kind, -1.0 if look.distance is None else look.distance


def _runs(looks: Sequence[Look], kind: Kind) -> Iterator[list[Look]]:
    for found, run in groupby(looks, key=lambda look: look[1].kind):
        if found is kind:
            yield list(run)


def _groups(looks: Sequence[Look], kind: Kind, size: int) -> Iterator[list[Look]]:
    """Each `size` captures of a run are one time: who is away for ten captures was away five times."""
    for run in _runs(looks, kind):
        for begin in range(0, len(run) - size + 1, size):
            yield run[begin : begin + size]


def _near_pairs(looks: Sequence[Look]) -> Iterator[list[Look]]:
    """Two captures with several people among three neighbours; each capture counts once."""
    first: int | None = None
    for index, (_, look) in enumerate(looks):
        if look.kind is not Kind.SEVERAL:
            continue
        if first is not None and index - first < SEVERAL_OF:
            yield [looks[first], looks[index]]
            first = None
        else:
            first = index


def _others(policy: Proctoring, looks: Sequence[Look]) -> Iterator[tuple[list[Look], bool]]:
    """Windows of another person in a row, and whether they lock; only windows count, whatever else was seen.

    The second in a row is the first suspicion; every `lock_after` of them lock (again, after somebody unlocked).
    Without a lock every further two are another time.
    """
    every = max(IN_A_ROW, policy.lock_after) if policy.lock_after else IN_A_ROW
    judged = [look for look in looks if look[1].kind in (Kind.SAME, Kind.OTHER)]
    for run in _runs(judged, Kind.OTHER):
        for count in range(IN_A_ROW, len(run) + 1):
            if count % every == 0:
                yield run[count - every : count], policy.lock_after > 0
            elif count == IN_A_ROW:
                yield run[:count], False


def _incident(rule: str, ordinal: int, level: int, looks: Sequence[Look], *, lock: bool = False) -> Incident:
    begin, end = looks[0][1].at, looks[-1][1].at
    return Incident(
        rule=rule,
        ordinal=ordinal,
        level=level,
        at=end,
        for_ms=(end - begin) // timedelta(milliseconds=1),
        pictures=tuple(name for name, _ in looks),
        notice=level >= NOTICE_LEVEL,
        case=level > NOTICE_LEVEL,
        lock=lock,
    )
