"""What somebody with this total should get right: the yardstick for leaks and for papers too alike.

The chance of having an item right is a logistic regression on the log-odds of the total, one for each item with a level
and a slope of its own: the matching of people in Swaminathan & Rogers' (1990) test for items that favour a group. It is
fitted to the few scores instead of the many people. A common slope (1PL) would do for leaks as long as equally good
people come at all times; when the better ones come later, it takes every item that discriminates well for leaked (seen
in 96 of 100 simulated sittings; with own slopes the rate is in tests/scoring/test_leaks.py).

This is an expectation, no calibration: totals stand in for abilities.
"""

from typing import Final

import numpy as np

from scoring.responses import Counts, Flags, Reals

ROUNDS_MAX: Final = 60
CLOSE: Final = 1e-6  # right answers
STEP_MAX: Final = 2.0  # in one round
SLOPE_MAX: Final = 6.0
LEVEL_MAX: Final = 15.0  # log-odds: an item that all or none had right stays finite


def expected(right: Flags) -> Reals:
    """`table[s, j]`: the chance of having item j right with s right in all, from `right[j, i]`.

    The row of score 0 is 0 and that of the full score 1. Everybody was given every item.
    """
    count = len(right)
    scores = right.sum(axis=0)
    people = np.bincount(scores, minlength=count + 1)
    table = np.zeros((count + 1, count))
    table[count] = 1.0
    if people[1:count].sum():
        had = np.stack([np.bincount(scores[row], minlength=count + 1) for row in right])
        table[1:count] = _fit(people[1:count, np.newaxis], had[:, 1:count].T.astype(np.float64))
    return table


def expected_where_given(given: Counts, had: Counts) -> Reals:
    """The same where people have items of their own, each the same number of them.

    Of `given[s, j]` people with s right who were given item j, `had[s, j]` had it right; s from 0 to that number.
    """
    count = len(given) - 1
    items = given.shape[1]
    table = np.zeros((count + 1, items))
    table[count] = 1.0
    if given[1:count].sum():
        table[1:count] = _fit(given[1:count], had[1:count].astype(np.float64))
    return table


def _fit(people: Counts, had: Reals) -> Reals:
    """Newton's method for all items at once; `had[s, j]` of `people[s, j]` had item j right, s from 1."""
    count = len(had) + 1
    score = np.arange(1, count, dtype=np.float64)
    odds = np.log(score / (count - score))[:, np.newaxis]
    level, slope = np.zeros(had.shape[1]), np.ones(had.shape[1])
    for _ in range(ROUNDS_MAX):
        chance = _logistic(level + slope * odds)
        off = had - people * chance
        weight = people * chance * (1 - chance)
        pull, lean = off.sum(axis=0), (off * odds).sum(axis=0)
        w, wx, wxx = weight.sum(axis=0), (weight * odds).sum(axis=0), (weight * odds**2).sum(axis=0)
        size = np.maximum(w * wxx - wx**2, 1e-9)
        level = np.clip(level + _step((wxx * pull - wx * lean) / size), -LEVEL_MAX, LEVEL_MAX)
        slope = np.clip(slope + _step((w * lean - wx * pull) / size), -SLOPE_MAX, SLOPE_MAX)
        if max(np.abs(pull).max(), np.abs(lean).max()) < CLOSE:
            break
    return _logistic(level + slope * odds)


def _step(change: Reals) -> Reals:
    return np.clip(change, -STEP_MAX, STEP_MAX)


def _logistic(odds: Reals) -> Reals:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))
