"""The statistics of a sitting: the test as a whole, each item, what looks wrong.

One call for what a desk shows during a window and a report prints after it. It is pure and quick (tests/bench), so that
it is simply made anew from the answers there are; nothing is kept between two calls.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from scoring import leaks
from scoring.alarms import Alarm, item_alarms
from scoring.distractors import Discrimination, Option, discriminations
from scoring.reliability import Reliability, reliability
from scoring.responses import Reals, Responses


@dataclass(frozen=True, eq=False)
class Circumstances:
    """What else is known about the people, each optional; `began` in any unit, NaN where not known."""

    began: Reals | None = None  # [person]
    groups: Sequence[str] | None = None  # [person]
    seconds: npt.NDArray[np.float32] | None = None  # [item, person], NaN where not known


class Seconds(msgspec.Struct, frozen=True):
    """How long an item took: the middle, and the quick and slow tenth."""

    count: int
    p10: float
    median: float
    p90: float


class ItemStatistics(msgspec.Struct, frozen=True):
    """See `scoring.distractors.Discrimination`; `options` is its distractor table."""

    item: str
    count: int
    p: float | None
    p_reached: float | None
    rest_correlation: float | None
    omitted: int
    not_reached: int
    omitted_rest_mean: float | None
    options: tuple[Option, ...]
    seconds: Seconds | None
    alarms: tuple[Alarm, ...]


class Statistics(msgspec.Struct, frozen=True):
    """Of one table. `histogram`: (points, people) for each total that occurs. See also scoring/reliability.py."""

    persons: int
    items: tuple[ItemStatistics, ...]
    points_max: int
    mean: float | None
    sd: float | None
    kr20: float | None
    alpha: float | None
    sem: float | None
    histogram: tuple[tuple[int, int], ...]


def statistics(responses: Responses, known: Circumstances | None = None) -> Statistics:
    """All but likeness (scoring/likeness.py), which compares pairs and takes its time.

    Tables that are empty, tiny or constant are fine: what can't be said of them is None.
    """
    known = known or Circumstances()
    whole: Reliability = reliability(responses)
    suspicions = _suspicions(responses, known)
    found = discriminations(responses)
    return Statistics(
        persons=len(responses.persons),
        items=tuple(_item(responses, known, number, one, suspicions[number]) for number, one in enumerate(found)),
        points_max=sum(column.points_max for column in responses.columns),
        mean=whole.mean,
        sd=whole.sd,
        kr20=whole.kr20,
        alpha=whole.alpha,
        sem=whole.sem,
        histogram=tuple(sorted(Counter(responses.totals.tolist()).items())),
    )


def _suspicions(responses: Responses, known: Circumstances) -> list[tuple[Alarm, ...]]:
    found: list[tuple[Alarm, ...]] = [()] * len(responses.columns)
    if known.began is not None:
        found = _joined(found, leaks.over_time(responses, known.began))
    if known.groups is not None:
        found = _joined(found, leaks.in_group(responses, known.groups))
    if known.began is not None and known.seconds is not None:
        found = _joined(found, leaks.odd_speed(known.seconds, known.began))
    return found


def _joined(one: Sequence[tuple[Alarm, ...]], other: Sequence[tuple[Alarm, ...]]) -> list[tuple[Alarm, ...]]:
    return [first + second for first, second in zip(one, other, strict=True)]


def _item(
    responses: Responses, known: Circumstances, number: int, one: Discrimination, suspicions: tuple[Alarm, ...]
) -> ItemStatistics:
    column = responses.columns[number]
    return ItemStatistics(
        item=column.name,
        count=one.count,
        p=one.p,
        p_reached=one.p_reached,
        rest_correlation=one.rest_correlation,
        omitted=one.omitted,
        not_reached=one.not_reached,
        omitted_rest_mean=one.omitted_rest_mean,
        options=one.options,
        seconds=None if known.seconds is None else _seconds(known.seconds[number]),
        alarms=item_alarms(column, one) + suspicions,
    )


def _seconds(spent: npt.NDArray[np.float32]) -> Seconds | None:
    given = spent[np.isfinite(spent)]
    if not len(given):
        return None
    p10, median, p90 = (round(float(value), 2) for value in np.percentile(given, [10, 50, 90]))
    return Seconds(len(given), p10, median, p90)
