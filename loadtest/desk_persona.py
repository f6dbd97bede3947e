"""Invigilators and reviewers as seeded scripts: how often they act, and on whom.

All figures here are our estimates: nobody publishes how often an invigilator of online exams acts.
"""

import random
from typing import Final

from loadtest.desk_steps import (
    Act,
    Decide,
    Extend,
    InvigilatorScript,
    Look,
    OpenFile,
    ReviewerScript,
    TurnPage,
    Warn,
    Work,
)

WARNS: Final = 0.7  # of an invigilator's acts
EXTENDS: Final = 0.1  # the others open a candidate and look
TOP: Final = 0.75  # how likely each line of the queue is taken before the next one
EXTRA_MINUTES: Final = (5, 10)
PAGE_LINES: Final = 10  # of a page of the queue a reviewer works on before he turns it
OPENS_IN_S: Final = 3.0
PASSES: Final = 0.9


def write_invigilator(
    desk: int, begin_s: float, for_s: float, seed: int, *, boards: int = 1, acts_per_minute: float = 1.0
) -> InvigilatorScript:
    """Acts come at random moments (exponential gaps), mostly on the top of the queue."""
    rng = random.Random(f"invigilator/{seed}/{desk}")  # noqa: S311  guards nothing
    acts: list[Act] = []
    at_s = rng.expovariate(acts_per_minute / 60) if acts_per_minute > 0 else for_s
    while at_s < for_s:
        acts.append(_act(rng, at_s))
        at_s += rng.expovariate(acts_per_minute / 60)
    return InvigilatorScript(desk, begin_s, for_s, boards, acts)


def write_reviewer(
    desk: int, begin_s: float, for_s: float, seed: int, *, files_per_minute: float = 2.0
) -> ReviewerScript:
    """Page after page: opens a line, reads, decides; a file takes `60 / files_per_minute` in the mean."""
    rng = random.Random(f"reviewer/{seed}/{desk}")  # noqa: S311  guards nothing
    works: list[Work] = [TurnPage(0.0)]
    at_s, rank = OPENS_IN_S * rng.random(), 0
    while True:
        decides_at = at_s + OPENS_IN_S + rng.expovariate(1 / max(60 / files_per_minute - 2 * OPENS_IN_S, 0.1))
        if decides_at >= for_s:
            return ReviewerScript(desk, begin_s, for_s, works)
        works += [OpenFile(at_s, rank), Decide(decides_at, rng.random() < PASSES)]
        at_s, rank = decides_at + OPENS_IN_S, rank + 1
        if rank == PAGE_LINES:
            works.append(TurnPage(at_s - OPENS_IN_S / 2))
            rank = 0


def _act(rng: random.Random, at_s: float) -> Act:
    kind, rank = rng.random(), 0
    while rng.random() > TOP:
        rank += 1
    if kind < WARNS:
        return Warn(at_s, rank)
    return Extend(at_s, rank, rng.choice(EXTRA_MINUTES)) if kind < WARNS + EXTENDS else Look(at_s, rank)
