"""A physician's day as a seeded script, whole or step by step; how an exam goes stands in `exam_day.py`.

All of a script is a function of (seed, player). A hundred thousand scripts of objects would not fit where the generator
runs: `steps_from` keeps columns of numbers (some 4 KB of a whole exam, 0.6 KB of ten minutes) and makes each step when
it is asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from loadtest.exam_day import THINKING, Columns, Exam, Pace, Part, cut, exam_day, factor, habit_from
from loadtest.habits import HABITS, Habit
from loadtest.steps import Answer, Clear, HandIn, LeavePage, LoseNetwork, Mark, Script, Snapshot, Step, SwapPhone

__all__ = [
    "HABITS", "PACE", "WHOLE", "Exam", "Habit", "Pace", "Part", "habit_of", "held", "scale", "scaled", "script_of",
    "steps_from", "unthinking", "without_thinking", "write_script",
]  # fmt: skip

PACE: Final = Pace()
WHOLE: Final = Part()


def habit_of(player: int, seed: int) -> Habit:
    """The same player is the same persona in all runs of a seed."""
    return habit_from(_rng(player, seed))


def held(player: int, exam: Exam, seed: int, for_s: float) -> Part:
    """For a run shorter than the exam: anywhere in it, so that the load is the same from the first second on."""
    most = max(exam.s - for_s, 0.0)
    return Part(from_s=float(np.random.default_rng((seed, player, 1)).random()) * most, for_s=for_s, keep_open=True)


def script_of(player: int, begin_s: float, pace: Pace = PACE, seed: int = 0, part: Part = WHOLE) -> Script:
    """All but the steps, which come from `steps_from` with the same player and seed: small enough to hold for all."""
    rng = np.random.default_rng((seed, player, 2))
    return Script(
        player=player,
        begin_s=begin_s,
        read_rules_s=0.0 if part.from_s else pace.read_rules_s * factor(rng, THINKING),
        habit=habit_of(player, seed).name,
        steps=[],
        heartbeat_s=pace.heartbeat_s,
        logs_in=bool(rng.random() < pace.logs_in),
        seed=int(rng.integers(2**53)),
    )


def write_script(
    player: int, begin_s: float, exam: Exam, pace: Pace = PACE, seed: int = 0, part: Part = WHOLE
) -> Script:
    """The whole of it at once."""
    steps = list(steps_from(player, exam, pace, seed, part))
    return msgspec.structs.replace(script_of(player, begin_s, pace, seed, part), steps=steps)


def steps_from(player: int, exam: Exam, pace: Pace = PACE, seed: int = 0, part: Part = WHOLE) -> Iterator[Step]:
    """Each step when it is asked for; the columns are made at once, in a quarter of a millisecond.

    `at_s` counts from the begin of the part.
    """
    return _told(cut(exam_day(_rng(player, seed), exam, pace, part), part))


def scale(script: Script, speedup: float) -> Script:
    """All times of it shorter by `speedup`; `begin_s` stays: arrivals have their own."""
    return msgspec.structs.replace(
        script,
        read_rules_s=script.read_rules_s / speedup,
        heartbeat_s=script.heartbeat_s / speedup,
        steps=list(scaled(script.steps, speedup)),
    )


def scaled(steps: Iterable[Step], speedup: float) -> Iterator[Step]:
    """The same for steps that come one by one."""
    for step in steps:
        if isinstance(step, LoseNetwork | LeavePage):
            yield msgspec.structs.replace(step, at_s=step.at_s / speedup, for_s=step.for_s / speedup)
        else:
            yield msgspec.structs.replace(step, at_s=step.at_s / speedup)


def without_thinking(script: Script) -> Script:
    """For the closed loop: what he does in the exam, each step as soon as the one before was answered."""
    return msgspec.structs.replace(script, read_rules_s=0.0, steps=list(unthinking(script.steps)))


def unthinking(steps: Iterable[Step]) -> Iterator[Step]:
    """The same for steps that come one by one: answers, marks and the hand-in, all meant to happen at once."""
    for step in steps:
        if isinstance(step, Answer | Clear | Mark | HandIn):
            yield msgspec.structs.replace(step, at_s=0.0)


def _told(columns: Columns) -> Iterator[Step]:
    for at, kind, no, value, several in zip(*columns, strict=True):
        yield _MADE[kind](float(at), int(no), float(value), float(several))


_MADE: Final[Sequence[Callable[[float, int, float, float], Step]]] = (  # in the order of Do
    Answer,
    lambda at, no, _value, _several: Clear(at, no),
    lambda at, no, _value, _several: Mark(at, no, True),
    lambda at, no, _value, _several: Mark(at, no, False),
    lambda at, _no, value, _several: LoseNetwork(at, value),
    lambda at, _no, _value, _several: SwapPhone(at),
    lambda at, _no, value, _several: LeavePage(at, value),
    lambda at, _no, _value, _several: Snapshot(at),
    lambda at, _no, _value, _several: HandIn(at),
)


def _rng(player: int, seed: int) -> np.random.Generator:
    return np.random.default_rng((seed, player))
