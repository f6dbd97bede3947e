"""Two runs side by side: each figure with its ratio, and whether the difference is more than the noise within them.

The noise is found by resampling (a block bootstrap): the part that is compared is cut into blocks of some seconds,
because neighbouring seconds are alike; both runs are put together anew many times from blocks drawn with replacement,
and the ratio of each pair is noted. A difference is called one if nearly all of these ratios are on the same side of 1
and it is larger than the buckets of latencies can hide. It does not know what differs from run to run though nothing
was changed (another day, another neighbour on the host): only repeating both tells that.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadtest.bottleneck import Word as Bottleneck
from loadtest.bottleneck import generator
from loadtest.figures import count, percentile, seconds_of, total
from loadtest.outcome import Run, Sample, Second, Target
from loadtest.report_words import Both
from loadtest.seconds import actions_of, slices, steady
from loadtest.targets import figure

Floats = NDArray[np.float64]

BLOCK_S: Final = 5
BLOCKS_MIN: Final = 6  # fewer say nothing of noise
DRAWS: Final = 1000
SURE: Final = 0.99  # of the ratios
RATIO_MIN: Final = 1.05  # buckets are 2 % wide, on both sides
PERCENTILES: Final = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}
SINGLE: Final = ("violations", "errors", "excused", "peak_open", "memory_per_attempt_kb", "recovery_s", "marked_s")
OF_NO_MATTER: Final = frozenset(
    {"out", "targets", "url", "port", "cast", "seed", "data", "database_url"}
)  # among the orders


class Word(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    SINGLE = "single"  # one number for each run: nothing is known of its noise
    SHORT = "short"  # too short to know the noise


class Compared(msgspec.Struct, frozen=True):
    """A figure of both; `low` and `high` bound the ratio B / A as far as noise goes. `worse`: B, if it differs."""

    name: str
    a: float | None
    b: float | None
    ratio: float | None
    low: float | None
    high: float | None
    word: Word
    worse: bool | None = None


class Comparison(msgspec.Struct, frozen=True):
    """`missed`: targets that A met and B does not. With `warnings` the two may not be comparable at all."""

    rows: list[Compared]
    warnings: list[Both]
    missed: list[Target]


def compare(a: Run, b: Run, seed: int = 1) -> Comparison:
    """Of the steady parts, or the whole runs if one of them has hardly any."""
    draws = _Draws(seed)
    parts = _parts(a, b)
    actions = actions_of(parts[0] + parts[1])
    rows = [row for name in actions for row in _action(name, parts, draws)]
    rows += _machine(a, b, parts, draws)
    rows += [_single(name, a, b) for name in SINGLE]
    told = [row for row in rows if row.a is not None or row.b is not None]
    return Comparison(told, warnings(a, b), missed(a, b))


def missed(a: Run, b: Run) -> list[Target]:
    """Targets that A met and B does not; judged by the limits of A where B was not asked."""
    met = {target.name: target for target in a.targets if target.met}
    asked = {target.name: target for target in b.targets}
    found = []
    for name, target in met.items():
        reached = figure(b, name)
        again = reached is not None and (reached <= target.limit if target.at_most else reached >= target.limit)
        judged = asked.get(name) or Target(name, target.limit, target.at_most, reached, again)
        found += [] if judged.met else [judged]
    return found


def warnings(a: Run, b: Run) -> list[Both]:
    """Why they may not be comparable."""
    told = [
        *_differing(a.machine, b.machine, Both("机器不同，不可比较：", "Another machine, not comparable: ")),
        *_differing(_orders(a), _orders(b), Both("命令选项不同，不可比较：", "Other orders, not comparable: ")),
    ]
    for name, run in (("A", a), ("B", b)):
        if generator(run).word is Bottleneck.YES:
            told.append(
                Both(
                    f"{name} 的压测程序自己跟不上，其延迟是上限。",
                    f"The generator of {name} could not keep up: upper bounds.",
                )
            )
        if figure(run, "violations"):
            told.append(Both(f"{name} 核对发现问题。", f"The checker found violations in {name}."))
    if len(a.faults) != len(b.faults):
        told.append(
            Both(f"故障数不同：{len(a.faults)} 与 {len(b.faults)}。", f"Faults: {len(a.faults)} and {len(b.faults)}.")
        )
    return told


class _Draws:
    """Which blocks make up a run, `DRAWS` times; the same for all figures of a run with so many blocks."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: dict[tuple[int, int], Floats] = {}

    def weights(self, blocks: int, run: int) -> Floats:
        """How often each block is taken: a row for each draw."""
        if (blocks, run) not in self._made:
            source = np.random.default_rng((self._seed, run, blocks))
            drawn = source.multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS)
            self._made[blocks, run] = drawn.astype(float)
        return self._made[blocks, run]


Parts = tuple[list[Second], list[Second]]


def _parts(a: Run, b: Run) -> Parts:
    long_enough = min(len(steady(run.seconds)) for run in (a, b)) >= BLOCKS_MIN * BLOCK_S
    return (steady(a.seconds), steady(b.seconds)) if long_enough else (a.seconds, b.seconds)


def _action(name: str, parts: Parts, draws: _Draws) -> list[Compared]:
    counted = [np.array([_count(second, name) for second in part], dtype=float) for part in parts]
    rows = [_means(f"{name}.rate_per_s", counted, draws, more_is_worse=None)]
    whole = [total(slices(part, name)).late for part in parts]
    drawn = [_drawn_percentiles(part, name, draws, run) for run, part in enumerate(parts)]
    for place, (last, share) in enumerate(PERCENTILES.items()):
        of_draws = [each[place] if each else None for each in drawn]
        rows.append(
            _judged(f"{name}.{last}", [percentile(each, share) for each in whole], of_draws, more_is_worse=True)
        )
    return rows


def _count(second: Second, name: str) -> int:
    return count(second.actions[name].late) if name in second.actions else 0


def _histograms(part: Sequence[Second], name: str) -> tuple[Floats, Floats]:
    """How many of each latency, a row for each block; and the latencies, in seconds."""
    blocks = [total(slices(part[at : at + BLOCK_S], name)).late for at in range(0, len(part), BLOCK_S)]
    buckets = sorted({bucket for block in blocks for bucket in block})
    numbers = np.array([[block.get(bucket, 0) for bucket in buckets] for block in blocks], dtype=float)
    return numbers, np.array([seconds_of(bucket) for bucket in buckets])


def _drawn_percentiles(part: Sequence[Second], name: str, draws: _Draws, run: int) -> list[Floats] | None:
    """Each of `PERCENTILES` in every draw; None if there are too few blocks."""
    numbers, latencies = _histograms(part, name)
    if len(numbers) < BLOCKS_MIN or not latencies.size:
        return None
    passed = np.cumsum(draws.weights(len(numbers), run) @ numbers, axis=1)
    wanted = [np.ceil(passed[:, -1:] * share) for share in PERCENTILES.values()]
    return [latencies[np.argmax(passed >= enough, axis=1)] for enough in wanted]


def _means(name: str, values: Sequence[Floats], draws: _Draws, *, more_is_worse: bool | None) -> Compared:
    now = [float(each.mean()) if each.size else None for each in values]
    drawn = [_drawn_means(each, draws, run) for run, each in enumerate(values)]
    return _judged(name, now, drawn, more_is_worse=more_is_worse)


def _drawn_means(values: Floats, draws: _Draws, run: int) -> Floats | None:
    whole = len(values) // BLOCK_S
    if whole < BLOCKS_MIN:
        return None
    blocks = values[: whole * BLOCK_S].reshape(whole, BLOCK_S).mean(axis=1)
    drawn: Floats = draws.weights(whole, run) @ blocks / whole
    return drawn


def _judged(
    name: str, now: Sequence[float | None], drawn: Sequence[Floats | None], *, more_is_worse: bool | None
) -> Compared:
    a, b = now
    ratio = b / a if a and b is not None else None
    if a == b == 0:
        return Compared(name, a, b, None, None, None, Word.SAME)
    if ratio is None or drawn[0] is None or drawn[1] is None or not drawn[0].all():
        return Compared(name, a, b, ratio, None, None, Word.SHORT)
    ratios = drawn[1] / drawn[0]
    low, high = (float(bound) for bound in np.quantile(ratios, ((1 - SURE) / 2, (1 + SURE) / 2)))
    apart = (low > 1 or high < 1) and not 1 / RATIO_MIN < ratio < RATIO_MIN
    worse = more_is_worse if ratio > 1 or more_is_worse is None else not more_is_worse
    return Compared(name, a, b, ratio, low, high, Word.DIFFERENT if apart else Word.SAME, worse if apart else None)


def _machine(a: Run, b: Run, parts: Parts, draws: _Draws) -> list[Compared]:
    looks: dict[str, Callable[[Sample], float]] = {
        "cores.serving": lambda sample: _cores(sample, "serving"),
        "cores.postgres": lambda sample: _cores(sample, "postgres"),
        "commits_per_s": lambda sample: sample.commits,
        "rows_written_per_s": lambda sample: sample.rows_written,
        "wal_bytes_per_s": lambda sample: sample.wal_bytes,
    }
    during = [_during(run, part) for run, part in zip((a, b), parts, strict=True)]
    return [
        _means(name, [np.array([get(sample) for sample in each]) for each in during], draws, more_is_worse=True)
        for name, get in looks.items()
        if all(during)
    ]


def _during(run: Run, part: Sequence[Second]) -> list[Sample]:
    return [sample for sample in run.samples if part and part[0].s <= sample.s <= part[-1].s + 1]


def _cores(sample: Sample, part: str) -> float:
    return sum(process.cpu for process in sample.processes if process.part == part)


def _single(name: str, a: Run, b: Run) -> Compared:
    of_a, of_b = figure(a, name), figure(b, name)
    ratio = of_b / of_a if of_a and of_b is not None else None
    return Compared(name, of_a, of_b, ratio, None, None, Word.SINGLE)


def _orders(run: Run) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in run.orders.items() if name not in OF_NO_MATTER}


def _differing(
    a: dict[str, str | int | float | bool] | dict[str, str | int | float],
    b: dict[str, str | int | float | bool] | dict[str, str | int | float],
    words: Both,
) -> list[Both]:
    names = [name for name in {**a, **b} if a.get(name) != b.get(name)]
    if not names:
        return []
    told = "; ".join(f"{name}: {a.get(name, '–')} / {b.get(name, '–')}" for name in names)
    return [Both(words.zh + told, words.en + told)]
