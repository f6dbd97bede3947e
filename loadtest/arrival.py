"""When physicians come: a model of the window of an exam, and the part of it a run plays.

The window is open for about eleven days and everybody comes when he likes (domain.md §0.4), most of them late: a
quarter on the last day (§8). Within a day there are two humps, in the morning and, as the rules ask not to sit it
during working hours (§7.1), a larger one in the evening. How many start in a minute is the product of a province's
size, the weight of the day and the weight of the hour by the sun the province lives by.

Open loop: moments are fixed beforehand and wait for nobody. In the closed loop (`Loop.CLOSED`, to compare with figures
of others) physicians come by the same schedule, but their scripts are without thinking (`persona.without_thinking`):
the next action follows as soon as the last one was answered.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# 执业(助理)医师 by province, thousands, 2018; by GB/T 2260. Table 1 of "Equity analysis of Chinese physician
# allocation based on Gini coefficient and Theil index", BMC Health Services Research 2021 (s12913-021-06348-w);
# rounded. Xinjiang with the Production and Construction Corps.
PHYSICIANS: Final = {
    "11": 100, "12": 43, "13": 211, "14": 99, "15": 74, "21": 120, "22": 77, "23": 89, "31": 72, "32": 233,
    "33": 191, "34": 127, "35": 91, "36": 87, "37": 290, "41": 236, "42": 152, "43": 181, "44": 276, "45": 106,
    "46": 22, "50": 76, "51": 205, "52": 81, "53": 100, "54": 8, "61": 99, "62": 60, "63": 16, "64": 19, "65": 63,
}  # fmt: skip
LATER_H: Final = {"65": 2, "54": 1, "63": 1}  # where the sun, and so the day, is behind Beijing time (our estimate)

DAY_MINUTES: Final = 1440


class Shape(StrEnum):
    """Which part of a window a run plays."""

    NATIONAL = "national"
    RUSH = "rush"
    SYNCHRONISED = "synchronised"
    STEADY = "steady"


class Loop(StrEnum):
    """Whether physicians keep to their own clocks (open) or wait for the server before they think of the next thing."""

    OPEN = "open"
    CLOSED = "closed"


class Spread(StrEnum):
    UNIFORM = "uniform"
    NORMAL = "normal"


class Window(msgspec.Struct, frozen=True):
    """The whole window. Shares and humps but `last_day` are our estimates.

    `opens_h` of the first day and `closes_h` of the last are Beijing time. `last_day` is the share of all who come on
    it (domain.md §8); the days before it have `growth` times as many as the day before each. `rush` is how much denser
    arrivals are at the close than the hour of the day alone would have it, `rush_h` how fast that fades backwards.
    `stagger_days`: windows of the provinces begin spread over so many days instead of all together.
    """

    days: int = 11
    opens_h: float = 8.0
    closes_h: float = 22.0
    last_day: float = 0.25
    growth: float = 1.12
    rush: float = 1.0
    rush_h: float = 2.0
    provinces: tuple[str, ...] = tuple(PHYSICIANS)
    stagger_days: int = 0


class Course(msgspec.Struct, frozen=True):
    """How a run plays its part. `speedup` compresses time; the other figures belong to one shape each.

    `hours` of the last day, the busiest (national); `within_s` all press (synchronised), evenly or normally spread;
    over `ramp_s` phones connect, and `hold_s` that level is held (steady).
    """

    speedup: float = 1.0
    hours: float = 4.0
    within_s: float = 10.0
    spread: Spread = Spread.UNIFORM
    ramp_s: float = 60.0
    hold_s: float = 600.0


class Arrivals(msgspec.Struct, frozen=True):
    """One a physician, in order of `begin_s` (seconds from the run's begin). `hold_until_s` 0: until all are done."""

    begin_s: Floats
    province: NDArray[np.str_]
    hold_until_s: float = 0.0


WINDOW: Final = Window()
COURSE: Final = Course()
RUSH_MINUTES: Final = 120  # what the shape `rush` plays: the last of them before the close

_NIGHT: Final = 0.02  # of the height of a hump
_HUMPS: Final = ((10.0, 1.6, 0.7), (19.5, 2.2, 1.0))  # hour of the middle, spread in hours, height


def arrivals(shape: Shape, count: int, window: Window = WINDOW, seed: int = 0, course: Course = COURSE) -> Arrivals:
    """`count` physicians; the same arguments give the same moments. A run begins with nobody inside."""
    rng = np.random.default_rng((seed, count))
    match shape:
        case Shape.NATIONAL:
            return _sampled(busiest(window, course.hours), window, count, rng, course.speedup)
        case Shape.RUSH:
            return _sampled(density(window)[:, -RUSH_MINUTES:], window, count, rng, course.speedup)
        case Shape.SYNCHRONISED:
            return Arrivals(np.sort(_pressed(count, rng, course)), _anywhere(count, rng, window))
        case Shape.STEADY:
            ramp = (np.arange(count) + rng.random(count)) / max(count, 1) * course.ramp_s
            return Arrivals(ramp, _anywhere(count, rng, window), course.ramp_s + course.hold_s)


def concurrency(begin_s: Floats, stay_s: Floats | float) -> int:
    """The most that are inside at one moment, each of them for `stay_s`."""
    # Of one moment those who leave come first, and the sort keeps that.
    change = np.concatenate((-np.ones(len(begin_s)), np.ones(len(begin_s))))
    order = np.argsort(np.concatenate((begin_s + stay_s, begin_s)), kind="stable")
    return int(np.cumsum(change[order]).max(initial=0))


@lru_cache(maxsize=8)
def density(window: Window) -> Floats:
    """The share of all who start in each minute, by province (rows, in the order of the window's) and minute.

    Minute 0 is midnight (Beijing) before the first province's window, the last one is the minute of the last close.
    """
    sizes = np.array([PHYSICIANS[code] for code in window.provinces], dtype=np.float64)
    rows = np.zeros((len(sizes), window.stagger_days * DAY_MINUTES + _length(window)))
    for place, code in enumerate(window.provinces):
        begins = window.stagger_days * place // max(len(sizes) - 1, 1) * DAY_MINUTES
        own = _own(window, LATER_H.get(code, 0))
        rows[place, begins : begins + len(own)] = own * sizes[place] / sizes.sum()
    rows.setflags(write=False)
    return rows


def busiest(window: Window, hours: float) -> Floats:
    """The `hours` (in a row) of the window in which most start: those before the end of the last day."""
    minutes, whole = round(hours * 60), density(window)
    sums = np.convolve(whole.sum(axis=0), np.ones(minutes), mode="valid")
    first = int(sums.argmax())
    return whole[:, first : first + minutes]


def _length(window: Window) -> int:
    return (window.days - 1) * DAY_MINUTES + round(window.closes_h * 60)


def _own(window: Window, later_h: float) -> Floats:
    """A single province's minutes; they add up to 1."""
    hour = (np.arange(_length(window)) + 0.5) / 60
    weight = _of_hour(hour % 24 - later_h)
    weight[hour < window.opens_h] = 0
    last = hour >= (window.days - 1) * 24
    weight[last] *= 1 + window.rush * np.exp((hour[last] - hour[-1]) / window.rush_h)
    for day, share in enumerate(_of_days(window)):
        of_day = slice(day * DAY_MINUTES, (day + 1) * DAY_MINUTES)
        weight[of_day] *= share / weight[of_day].sum()
    return weight


def _of_hour(hour: Floats) -> Floats:
    humps = (height * np.exp(-0.5 * ((hour - middle) / spread) ** 2) for middle, spread, height in _HUMPS)
    return np.asarray(_NIGHT + sum(humps), dtype=np.float64)


def _of_days(window: Window) -> Floats:
    """Shares of the days; they add up to 1."""
    if window.days == 1:
        return np.ones(1)
    before = window.growth ** np.arange(window.days - 1)
    return np.append(before / before.sum() * (1 - window.last_day), window.last_day)


def _sampled(part: Floats, window: Window, count: int, rng: np.random.Generator, speedup: float) -> Arrivals:
    """Draw province and minute together: at each hour the provinces come in the shares of that hour."""
    upto = np.cumsum(part.ravel())
    cells = np.searchsorted(upto, rng.random(count) * upto[-1], side="right")
    province, minute = np.divmod(cells, part.shape[1])
    begin_s = (minute + rng.random(count)) * 60 / speedup
    order = np.argsort(begin_s, kind="stable")
    return Arrivals(begin_s[order], np.array(window.provinces)[province[order]])


def _pressed(count: int, rng: np.random.Generator, course: Course) -> Floats:
    anytime = rng.random(count) * course.within_s
    if course.spread is Spread.UNIFORM:
        return anytime
    at = rng.normal(course.within_s / 2, course.within_s / 6, count)
    return np.where((at >= 0) & (at <= course.within_s), at, anytime)


def _anywhere(count: int, rng: np.random.Generator, window: Window) -> NDArray[np.str_]:
    sizes = np.array([PHYSICIANS[code] for code in window.provinces], dtype=np.float64)
    return rng.choice(np.array(window.provinces), count, p=sizes / sizes.sum())
