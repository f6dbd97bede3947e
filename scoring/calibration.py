"""How hard items are and how well they tell people apart: the two-parameter logistic model, from answers.

The chance of a person of ability θ to have an item right is 1 / (1 + exp(−a(θ − b))), with abilities of the sitting
distributed as N(0, 1): that fixes the scale. Estimated by marginal maximum likelihood with the EM algorithm (Bock &
Aitkin 1981): given the items, every person's ability is a distribution over a few `POINTS` of the scale; given those,
every item is a logistic regression on them. Whoever was not given an item says nothing about it, so papers may differ,
as long as they overlap.

Answers count as right or wrong, left out as wrong, as marking has it; a part of the points is wrong.

Why not a library: `mirt` (PyPI, MIT) agrees with this to the third digit on LSAT6 and LSAT7, but wants a table with a
cell for every item and person, which a pool of thousands of items makes gigabytes of; `girth` (last release 2021) and
`py-irt` (variational, by a deep-learning framework) are no lighter.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from scoring.responses import Column, Counts, Reals
from scoring.sheets import NOTHING, Sheets

MODEL: Final = "2PL"
POINTS: Final = 31
WIDTH: Final = 5.0  # standard deviations of ability to each side
CHUNK: Final = 4096  # papers at a time
ROUNDS_MAX: Final = 500
CLOSE: Final = 2e-4  # change of a slope or an intercept
NEWTON_MAX: Final = 8
STEP_MAX: Final = 1.0
PERSONS_MAX: Final = 50_000  # more add little: at 1,000 answers to an item the standard error of its a is 0.1

ANSWERS_MIN: Final = 100
A_MIN, A_MAX = 0.1, 4.0
B_MAX: Final = 6.0

Floats = npt.NDArray[np.float64]


class Parameters(msgspec.Struct, frozen=True):
    """Of one item; `n` answers, `p` the share of right ones among them."""

    a: float
    b: float
    p: float
    n: int


class Calibrated(msgspec.Struct, frozen=True):
    """`found` by column; `skipped` by column why not: few_answers, all_alike, odd_slope, odd_level."""

    persons: int
    rounds: int
    found: dict[int, Parameters]
    skipped: dict[int, str]


def calibrate(sheets: Sheets, columns: tuple[Column, ...], answers_min: int = ANSWERS_MIN) -> Calibrated:
    """The items of a sitting; of more than PERSONS_MAX people every second, third … is asked."""
    step = -(-len(sheets.persons) // PERSONS_MAX) or 1
    few = sheets.some(np.arange(0, len(sheets.persons), step))
    right = _right(few, columns)
    given, had = _sums(few, right, len(columns))
    skipped = dict.fromkeys(np.flatnonzero(given < answers_min).tolist(), "few_answers")
    skipped |= {place: "all_alike" for place in np.flatnonzero((had == 0) | (had == given)).tolist() if given[place]}
    skipped = {place: skipped[place] for place in sorted(skipped)}
    used = np.array([place for place in range(len(columns)) if place not in skipped], dtype=np.int64)
    if not len(used):
        return Calibrated(len(few.persons), 0, {}, skipped)
    slope, level, rounds = _fit(few, right, used, had[used] / given[used])
    found: dict[int, Parameters] = {}
    for place, a, d in zip(used.tolist(), slope.tolist(), level.tolist(), strict=True):
        why = "odd_slope" if not A_MIN <= a <= A_MAX else "odd_level" if abs(d / a) > B_MAX else ""
        if why:
            skipped[place] = why
        else:
            p = float(had[place] / given[place])
            found[place] = Parameters(round(a, 4), round(-d / a, 4), round(p, 4), int(given[place]))
    return Calibrated(len(few.persons), rounds, found, skipped)


def _right(sheets: Sheets, columns: tuple[Column, ...]) -> npt.NDArray[np.bool_]:
    """Whether each answer of a paper was worth all the points, shaped like its places."""
    right = np.zeros((len(columns) + 1, 256), dtype=np.bool_)
    for row, column in zip(right, columns, strict=False):
        row[1 : len(column.points) + 1] = [column.right(code) for code in range(1, len(column.points) + 1)]
    return np.asarray(right[sheets.places, sheets.small])


def _sums(sheets: Sheets, right: npt.NDArray[np.bool_], columns: int) -> tuple[Counts, Counts]:
    given = np.bincount(sheets.places[sheets.places != NOTHING], minlength=columns)
    return given, np.bincount(sheets.places[right], minlength=columns)


def _fit(sheets: Sheets, right: npt.NDArray[np.bool_], used: Counts, p: Reals) -> tuple[Floats, Floats, int]:
    """Slopes and intercepts of the columns in `used`, and the rounds it took."""
    theta = np.linspace(-WIDTH, WIDTH, POINTS)
    prior = np.exp(-(theta**2) / 2)
    prior /= prior.sum()
    row_of = np.full(len(sheets.asked) + 1, len(used))
    row_of[used] = np.arange(len(used))
    places = row_of[sheets.places]
    slope, level = np.ones(len(used)), np.log(p / (1 - p)) * 1.2
    rounds, change = 0, CLOSE
    while change >= CLOSE and rounds < ROUNDS_MAX:
        given, had = _expect(places, right, slope, level, theta, np.log(prior))
        new = _maximise(given, had, slope, level, theta)
        change = max(float(np.abs(new[0] - slope).max()), float(np.abs(new[1] - level).max()))
        (slope, level), rounds = new, rounds + 1
    return slope, level, rounds


def _expect(
    places: Counts, right: npt.NDArray[np.bool_], slope: Floats, level: Floats, theta: Floats, log_prior: Floats
) -> tuple[Floats, Floats]:
    """`[item, point]`: how many people of each ability were given the item, and how many had it right."""
    odds = np.outer(slope, theta) + level[:, np.newaxis]
    wrong = -np.logaddexp(0.0, odds)
    given, had = np.zeros((len(slope) + 1, len(theta))), np.zeros((len(slope) + 1, len(theta)))
    # A row of nothing for items that are not calibrated. Single precision: ten thousand people are summed, not logs.
    of_right, of_all = (np.vstack([each, np.zeros((1, len(theta)))]).astype(np.float32) for each in (odds, wrong))
    for start in range(0, len(places), CHUNK):
        part, hits = places[start : start + CHUNK], right[start : start + CHUNK]
        seen, hit = (np.zeros((len(part), len(of_all)), dtype=np.float32) for _ in range(2))
        np.put_along_axis(seen, part, 1.0, axis=1)
        rows, cells = np.nonzero(hits)
        hit[rows, part[rows, cells]] = 1.0
        weight = seen @ of_all + hit @ of_right + log_prior.astype(np.float32)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        given += seen.T @ weight
        had += hit.T @ weight
    return given[:-1], had[:-1]


def _maximise(given: Floats, had: Floats, slope: Floats, level: Floats, theta: Floats) -> tuple[Floats, Floats]:
    """Newton's method for all items at once."""
    for _ in range(NEWTON_MAX):
        chance = 1 / (1 + np.exp(-np.clip(np.outer(slope, theta) + level[:, np.newaxis], -35, 35)))
        off, weight = had - given * chance, given * chance * (1 - chance)
        pull, lean = off.sum(axis=1), off @ theta
        w, wx, wxx = weight.sum(axis=1), weight @ theta, weight @ theta**2
        size = np.maximum(w * wxx - wx**2, 1e-9)
        by_level, by_slope = (wxx * pull - wx * lean) / size, (w * lean - wx * pull) / size
        level = level + np.clip(by_level, -STEP_MAX, STEP_MAX)
        slope = slope + np.clip(by_slope, -STEP_MAX, STEP_MAX)
        if max(float(np.abs(by_level).max()), float(np.abs(by_slope).max())) < CLOSE / 10:
            break
    return slope, level
