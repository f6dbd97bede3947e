"""A physician's exam as columns of numbers: reads, thinks, answers, changes his mind, loses the network, hands in.

How long an item takes: reading at `CHARS_PER_MIN` and `DECIDE_S` to decide, times a log-normal factor, all of it scaled
so that the mean over all habits is the pace asked for (one answer per 36 s is 100 items in 60 minutes). Items marked
are looked at again at the end, in half the time.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadtest.habits import HABITS, Habit, mean_rate

Floats = NDArray[np.float64]

CHARS_PER_MIN: Final = 450.0  # our estimate of careful silent reading; only its ratio to DECIDE_S matters, see above
DECIDE_S: Final = 12.0  # our estimate
THINKING: Final = 0.6  # sigma of the log-normal factor of an item
UNEVEN: Final = 0.35  # sigma of the lengths of items, where they are not known
PEOPLE: Final = 0.12  # sigma of how quick people of one habit are
LOOK: Final = 0.5  # a second look takes this much of the time of a first one
CLEARS: Final = 0.04  # of changes of mind: the answer is taken back
SWAP_S: Final = 90.0  # until he goes on with another phone
QUIET_S: Final = 20.0  # nothing happens to anybody so soon after the begin, and ends so shortly before the bell
APART_S: Final = 5.0  # between the end of one mishap and the next
SLOWED: Final = 1.025  # counted over 20,000 scripts: people idle, and the quick ones are gone sooner than the slow
OVER_BELL: Final = 0.3  # how likely the line of one who waits for the bell is cut while it rings
LEAVES_MAX: Final = 5  # one more, and the rules hand the exam in (domain.md §7.2)
CHECKS_S: Final = (5.0, 40.0)  # before he hands in


class Do(IntEnum):
    ANSWER = 0
    CLEAR = 1
    MARK = 2
    UNMARK = 3
    LOSE = 4
    SWAP = 5
    LEAVE = 6
    PICTURE = 7
    HAND_IN = 8
    IDLE = 9  # no step: he just does nothing


class Exam(msgspec.Struct, frozen=True):
    """`item_chars`: how many characters each item has, in the order of the paper; empty if they are not known."""

    item_count: int
    minutes: float
    item_chars: tuple[int, ...] = ()

    @property
    def s(self) -> float:
        return self.minutes * 60


class Pace(msgspec.Struct, frozen=True):
    """`answer_every_s` between two answers, mean of all; 0: so that the mean physician is through at the bell.

    `snapshot_every_s` in the mean, each interval between half and one and a half of it; 0: none. `logs_in`: the share
    who log in with their password.
    """

    answer_every_s: float = 0.0
    snapshot_every_s: float = 120.0
    heartbeat_s: float = 30.0
    read_rules_s: float = 20.0
    logs_in: float = 0.0


class Part(msgspec.Struct, frozen=True):
    """Which part of his exam is played: from `from_s`, for `for_s` (0: to its end).

    `keep_open`: nobody hands in; who is through goes on changing answers, so that the load stays what it is.
    """

    from_s: float = 0.0
    for_s: float = 0.0
    keep_open: bool = False


class Columns(NamedTuple):
    """Steps in order of time. `value`: what is picked, or for how long; `several` of an answer."""

    at: Floats
    kind: NDArray[np.uint8]
    no: NDArray[np.uint16]
    value: NDArray[np.float32]
    several: NDArray[np.float32]


class _Mishap(NamedTuple):
    at_s: float
    kind: Do
    for_s: float


def exam_day(rng: np.random.Generator, exam: Exam, pace: Pace, part: Part) -> Columns:
    """The whole exam, from its begin to the hand-in or the bell."""
    habit = habit_from(rng)
    stays = habit.waits or part.keep_open
    # Of people of one habit the rates, not the times, are to have the mean 1.
    every_s = (pace.answer_every_s or exam.s / exam.item_count) * habit.pace * mean_rate() / SLOWED
    every_s *= float(rng.lognormal(PEOPLE**2 / 2, PEOPLE))
    mishaps = list(_mishaps(rng, habit, exam.s))
    thoughts, done_s = _thoughts(rng, habit, exam, every_s, goes_on=stays)
    done_s = _put_off(thoughts.at, done_s, mishaps)
    end_s = exam.s if stays else min(done_s, exam.s)
    happened = [_until(mishap, end_s) for mishap in mishaps if mishap.at_s < end_s - APART_S]
    if habit.waits and not part.keep_open and rng.random() < OVER_BELL:
        happened.append(
            _Mishap(exam.s - rng.uniform(1, QUIET_S - APART_S), Do.LOSE, rng.uniform(*habit.loss_s) + QUIET_S)
        )
    day = [_before(thoughts, end_s), _columns_of(happened), _pictures(rng, pace, end_s, happened)]
    if end_s < exam.s:
        day.append(_columns_of([_Mishap(end_s, Do.HAND_IN, 0.0)]))
    return _in_order(day)


def _thoughts(
    rng: np.random.Generator, habit: Habit, exam: Exam, every_s: float, *, goes_on: bool
) -> tuple[Columns, float]:
    """Answers and marks as if nothing came between, and when he is through; far beyond the bell if he `goes_on`."""
    first = np.arange(1, exam.item_count + 1)
    marked = first[rng.random(exam.item_count) < habit.marks]
    turned = rng.random(len(marked)) < habit.changes
    more = rng.integers(1, exam.item_count + 1, _enough(exam.s, every_s) if goes_on else 0)
    weights = (
        _weights(exam.item_chars)
        if exam.item_chars
        else np.exp(UNEVEN * rng.standard_normal(len(first)) - UNEVEN**2 / 2)
    )
    took = every_s * np.concatenate((weights, np.full(len(marked), LOOK), np.ones(len(more))))
    took *= rng.lognormal(-(THINKING**2) / 2, THINKING, len(took))
    at = np.cumsum(took)
    looked = at[len(first) : len(first) + len(marked)]
    answers = np.concatenate((at[: len(first)], looked[turned], at[len(first) + len(marked) :]))
    again = np.concatenate((marked[turned], more))
    kinds = np.concatenate((np.zeros(len(first)), rng.random(len(again)) < CLEARS))
    marks_at = at[marked - 1] - rng.random(len(marked)) * 0.5 * took[marked - 1]  # while he thinks
    columns = [
        _columns(answers, kinds, np.concatenate((first, again)), rng.random(len(answers)), rng.random(len(answers))),
        _columns(marks_at, np.full(len(marked), Do.MARK), marked),
        _columns(looked, np.full(len(marked), Do.UNMARK), marked),
    ]
    return _joined(columns), float(at[len(first) + len(marked) - 1]) + rng.uniform(*CHECKS_S)


def _enough(exam_s: float, every_s: float) -> int:
    """So many more answers surely reach beyond the bell: twice the mean, and some."""
    return math.ceil(2 * exam_s / every_s) + 10


def _mishaps(rng: np.random.Generator, habit: Habit, exam_s: float) -> Iterator[_Mishap]:
    """In order, apart from each other, and all over before the bell."""
    wanted = [
        *((Do.LOSE, rng.uniform(*habit.loss_s)) for _ in range(rng.poisson(habit.losses))),
        *((Do.LEAVE, rng.uniform(*habit.leave_s)) for _ in range(min(rng.poisson(habit.leaves), LEAVES_MAX))),
        *((Do.IDLE, rng.uniform(*habit.idle_s)) for _ in range(rng.poisson(habit.idles))),
        *((Do.SWAP, SWAP_S) for _ in range(rng.random() < habit.swaps)),
    ]
    last_s = exam_s - QUIET_S
    starts = np.sort(rng.uniform(QUIET_S, last_s, len(wanted))) if last_s > QUIET_S else np.empty(0)
    order = rng.permutation(len(wanted))
    for place, at_s in enumerate(starts):
        do, for_s = wanted[order[place]]
        room = (starts[place + 1] if place + 1 < len(starts) else last_s) - at_s - APART_S
        if room >= (SWAP_S if do is Do.SWAP else 1.0):
            yield _Mishap(float(at_s), do, min(for_s, float(room)))


def _put_off(at: Floats, done_s: float, mishaps: Iterable[_Mishap]) -> float:
    """What he would have done meanwhile he does later, in place; a cut line puts nothing off. When he is through."""
    for mishap in mishaps:
        if mishap.kind is not Do.LOSE:
            at[at >= mishap.at_s] += mishap.for_s
            done_s += mishap.for_s if done_s >= mishap.at_s else 0.0
    return done_s


def _until(mishap: _Mishap, end_s: float) -> _Mishap:
    return mishap._replace(for_s=min(mishap.for_s, end_s - mishap.at_s - 1.0))


def _pictures(rng: np.random.Generator, pace: Pace, end_s: float, mishaps: Sequence[_Mishap]) -> Columns:
    """At random intervals; none while another app is in front or the phone is another one."""
    every_s = pace.snapshot_every_s
    if not every_s:
        return _columns_of([])
    gaps = rng.uniform(0.5, 1.5, math.ceil(2 * end_s / every_s) + 1) * every_s
    gaps[0] *= rng.random()
    at = np.cumsum(gaps)
    at = at[at < end_s]
    for mishap in mishaps:
        if mishap.kind in {Do.LEAVE, Do.SWAP}:
            at = at[(at < mishap.at_s) | (at >= mishap.at_s + mishap.for_s)]
    return _columns(at, np.full(len(at), Do.PICTURE), np.zeros(len(at)))


def _columns(at: Floats, kind: Any, no: Any, value: Any = None, several: Any = None) -> Columns:
    none = np.zeros(len(at))
    return Columns(
        at,
        np.asarray(kind, dtype=np.uint8),
        np.asarray(no, dtype=np.uint16),
        np.asarray(none if value is None else value, dtype=np.float32),
        np.asarray(none if several is None else several, dtype=np.float32),
    )


def _columns_of(mishaps: Iterable[_Mishap]) -> Columns:
    rows = [mishap for mishap in mishaps if mishap.kind is not Do.IDLE]
    at = np.array([row.at_s for row in rows], dtype=np.float64)
    return _columns(at, [row.kind for row in rows], np.zeros(len(rows)), [row.for_s for row in rows])


def _joined(parts: Sequence[Columns]) -> Columns:
    return Columns(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _chosen(columns: Columns, which: Any) -> Columns:
    return Columns(*(column[which] for column in columns))


def _before(columns: Columns, end_s: float) -> Columns:
    return _chosen(columns, columns.at < end_s)


def _in_order(parts: Sequence[Columns]) -> Columns:
    joined = _joined(parts)
    return _chosen(joined, np.argsort(joined.at, kind="stable"))


def habit_from(rng: np.random.Generator) -> Habit:
    """By the shares of the table."""
    left = rng.random()
    for habit in HABITS:
        left -= habit.share
        if left < 0:
            return habit
    return HABITS[0]


def factor(rng: np.random.Generator, sigma: float) -> float:
    """Log-normal around a mean of 1."""
    return float(rng.lognormal(-(sigma**2) / 2, sigma))


@lru_cache(maxsize=64)
def _weights(item_chars: tuple[int, ...]) -> Floats:
    """How long items take, in units of their mean."""
    took = np.array(item_chars, dtype=np.float64) / CHARS_PER_MIN * 60 + DECIDE_S
    return np.asarray(took / took.mean(), dtype=np.float64)


def cut(day: Columns, part: Part) -> Columns:
    """The part of the day that is played, its times from the part's begin."""
    if not part.from_s and not part.for_s:
        return day
    until_s = part.from_s + part.for_s if part.for_s else math.inf
    played = _chosen(day, (day.at >= part.from_s) & (day.at < until_s))
    return played._replace(at=played.at - part.from_s)
