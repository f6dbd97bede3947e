"""Costs per action from a run: what was spent in each second, divided over what was done in it.

How: for each part (processor time of serving processes, PostgreSQL and Valkey; rows; WAL) the spending of every sample
is explained by the actions counted since the sample before, each times its cost. The costs asked for are those of the
costs file times a factor. All factors start as one common factor, by which the file's costs add up to what the run
spent; where the mix of actions varied enough over the run, least squares move them apart, held back by a ridge of
`DOUBT` around the common factor. So a run at a steady rate, in which no second differs from the next, only scales the
file (attribution by known weights), and a run with a beginning, a steady part and a bell measures the actions
themselves. In the end all is scaled once more, so that costs times counts are exactly what was spent.

What a run did that the file does not name (a consent, a look at the attempt) is borne by what was done with it. Bytes
on the wire are not in a run's result; they stay as the file has them.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadtest.assumptions import Assumption, Origin
from loadtest.costs import Costs, numbers_of
from loadtest.figures import count
from loadtest.outcome import Run, Sample

Floats = NDArray[np.float64]

DOUBT: Final = 0.5  # how far, relatively, an action's factor may be from the common one before it takes much evidence
ROUNDS: Final = 4  # of estimating the noise anew
FACTORS: Final = (0.05, 20.0)
ROOM: Final = 0.2  # attempts must have varied by so much of their most before memory is told from what was there before


def costs_from(
    run: Run, base: Costs, vision_sampling: float = 1.0, portrait_frames: float = 1.0
) -> dict[str, Assumption]:
    """All of the planner's costs: measured by this run where it tells, as in `base` where it does not.

    `vision_sampling`, `portrait_frames`: which of the pictures the run's server looked at.
    """
    numbers = numbers_of(base)
    actions = [name for name in base.actions if any(name in second.actions for second in run.seconds)]
    moments = sorted(run.samples, key=lambda sample: sample.s)
    if len(moments) < 2 or not actions:
        return numbers
    done = _done(run, actions, moments)
    for resource, of_sample in _SPENT.items():
        spent = _spent(moments, of_sample)
        weights = np.array([getattr(base.actions[action], resource) for action in actions])
        for action, factor in zip(actions, _factors(done * weights, spent), strict=True):
            _measured(numbers, f"{action}.{resource}", float(factor))
    _see(numbers, "attempt.memory_bytes", _memory(run, moments))
    _see(numbers, "vision.ms", _vision_ms(done, actions, moments, vision_sampling, portrait_frames))
    return numbers


def _cpu_ms(part: str) -> Callable[[Sample], float]:
    return lambda sample: 1000 * sum(process.cpu for process in sample.processes if process.part == part)


_SPENT: Final[dict[str, Callable[[Sample], float]]] = {  # per second
    "server_ms": _cpu_ms("serving"),
    "database_ms": _cpu_ms("postgres"),
    "valkey_ms": _cpu_ms("valkey"),
    "rows": lambda sample: sample.rows_written,
    "wal_bytes": lambda sample: sample.wal_bytes,
}


def _done(run: Run, actions: Sequence[str], moments: Sequence[Sample]) -> Floats:
    """How often each action (columns) was done before each sample but the first (rows), since the one before."""
    ends = np.array([sample.s for sample in moments[1:]])
    rows = np.zeros((len(ends), len(actions)))
    for second in run.seconds:
        place = int(np.searchsorted(ends, second.s + 0.5))
        if moments[0].s <= second.s + 0.5 and place < len(ends):
            for column, action in enumerate(actions):
                if action in second.actions:
                    counted = second.actions[action]
                    rows[place, column] += count(counted.served) + counted.failed
    return rows


def _spent(moments: Sequence[Sample], of_sample: Callable[[Sample], float]) -> Floats:
    return np.array([of_sample(after) * (after.s - before.s) for before, after in pairwise(moments)])


def _factors(expected: Floats, spent: Floats) -> Floats:
    """Of each column of what would have been spent by the file's costs."""
    actions = expected.shape[1]
    if expected.sum() <= 0 or spent.sum() <= 0:
        return np.ones(actions)
    common = spent.sum() / expected.sum()
    factors = np.ones(actions)
    for _ in range(ROUNDS):
        noise = max(float(np.std(spent - common * expected @ factors)), 1e-3 * float(spent.mean()))
        rows = np.vstack((common * expected / noise, np.eye(actions) / DOUBT))
        found = np.linalg.lstsq(rows, np.concatenate((spent / noise, np.ones(actions) / DOUBT)), rcond=None)[0]
        factors = np.clip(found, *FACTORS)
    return np.asarray(factors * spent.sum() / (expected @ factors).sum(), dtype=np.float64)


def _memory(run: Run, moments: Sequence[Sample]) -> float | None:
    """The slope of resident memory over open attempts, while they come; None if they were there all along."""
    opened = {second.s: second.open for second in run.seconds}
    pairs = [(opened[int(sample.s)], _rss(sample)) for sample in moments if int(sample.s) in opened and _rss(sample)]
    most = max((attempts for attempts, _ in pairs), default=0)
    upto = next((place for place, (attempts, _) in enumerate(pairs) if attempts >= 0.98 * most), 0) + 1
    coming = np.array(pairs[:upto], dtype=np.float64)
    if len(coming) < 3 or np.ptp(coming[:, 0]) < ROOM * most:
        return None
    return max(float(np.polyfit(coming[:, 0], coming[:, 1], 1)[0]), 0.0) or None


def _rss(sample: Sample) -> int:
    return sum(process.rss for process in sample.processes if process.part == "serving")


def _vision_ms(
    done: Floats, actions: Sequence[str], moments: Sequence[Sample], sampling: float, frames: float
) -> float | None:
    share = {"snapshot": sampling, "portrait": frames}
    looked = sum(float(done[:, actions.index(name)].sum()) * part for name, part in share.items() if name in actions)
    spent = float(_spent(moments, _cpu_ms("vision")).sum())
    return spent / looked if looked > 0 and spent > 0 else None


def _measured(numbers: dict[str, Assumption], name: str, factor: float) -> None:
    if numbers[name].value > 0:
        _see(numbers, name, numbers[name].value * factor)


def _see(numbers: dict[str, Assumption], name: str, value: float | None) -> None:
    if value is not None:
        numbers[name] = msgspec.structs.replace(numbers[name], value=value, origin=Origin.RUN, source="")
