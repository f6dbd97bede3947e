"""Two papers too alike: identical *wrong* answers beyond what chance explains.

Right answers are shared for the best of reasons; the same wrong option again and again is not. The statistic is M, the
number of items to which two people gave the same wrong answer, held against this model (a relative of Wollack's ω and
of van der Linden & Sotaridona's generalised binomial test, on the wrong answers only, as the K-index is):

- a person with score s has item j wrong with the chance q = 1 − table[s, j] of scoring/expectation.py;
- whoever is wrong chooses option o with its share d among the wrong answers to j of people about as good (`LAYERS` of
  them, drawn towards the share among all), for some wrong options tempt the weak and others the strong;
- independent of each other. So two people with scores s and t match on j with q_sj · q_tj · Σ d_s · d_t, and M is a sum
  of independent unequal yes-or-noes (Poisson-binomial), whose upper tail is computed exactly.

Everything depends on the two *scores* only: for 100 items there are 5,050 distributions, and from them one whole number
for each pair of scores, the M from which a pair is alarming. What is left for the people is counting matches, which is
the product of a 0/1 matrix (persons × wrong options) with itself, done block by block and never kept.

**False alarms.** A pair alarms when its tail times the number of pairs compared is at most `ALPHA` (Bonferroni), so
`ALPHA` = 0.01 means one false alarm in a hundred sittings, if the model holds. Fixing both scores makes real M vary a
little less than the model's, which errs on the safe side: of 60 simulated 1PL sittings of 1,000 people and 100 items
none raised an alarm, and with `ALPHA` = 1 none of 30 did. Unequal discrimination and wrong options that tempt by
ability bring it nearer to what is meant (tests/scoring/test_likeness.py). A whole copied paper was found at any score
(400 people, 100 items, 20 tries each), 70 % of a weak or middling one too, half of a weak one in 16 of 20; of a good
one, which has few wrong answers to be copied, 70 % in 6 of 20.
Comparing only within groups (a room) asks fewer questions and therefore sees more.

An item with a suspected wrong key is best left out: its "wrong" answer is what good people have in common.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from scoring.expectation import expected
from scoring.responses import NOT_REACHED, OMITTED, Codes, Counts, Flags, Reals, Responses

ALPHA: Final = 0.01
BLOCK: Final = 2048  # people; a block of counts is 16 MB
LAYERS: Final = 5  # of people by their score
DRAWN: Final = 10.0  # answers: how many of the whole are mixed into those of a layer
PAIRS_TOLD_MAX: Final = 1000  # an institution that shared one list is a finding, not a million findings


class Alike(msgspec.Struct, frozen=True):
    """Two people. `chance`: of a pair with these scores having as many, times the number of pairs compared."""

    persons: tuple[str, str]
    scores: tuple[int, int]
    same_wrong: int
    expected: float
    chance: float
    items: tuple[str, ...]


class Likeness(msgspec.Struct, frozen=True):
    """`found` pairs of `compared`; `pairs`: PAIRS_TOLD_MAX of them at most, the most striking of those first."""

    compared: int
    found: int
    pairs: tuple[Alike, ...]


def alike(responses: Responses, groups: Sequence[str] | None = None, leave_out: Collection[str] = ()) -> Likeness:
    """Compare everybody with everybody, or, with `groups` (one name a person), within each group.

    `leave_out`: names of items. Options have to be known, and everybody must have been given the same items: papers of
    different forms are compared form by form. Raises ValueError when that is not so.
    """
    if not responses.complete or any(column.scored for column in responses.columns):
        raise ValueError("likeness needs the same paper for everybody, and the options they chose")
    rows = [number for number, column in enumerate(responses.columns) if column.name not in leave_out]
    right = responses.right[rows]
    wrong = np.where(right | (responses.codes[rows] == NOT_REACHED), np.uint8(OMITTED), responses.codes[rows])
    scores = right.sum(axis=0)
    parts = _parts(scores, groups)
    compared = sum(len(part) * (len(part) - 1) // 2 for part in parts)
    if not rows or not compared:
        return Likeness(0, 0, ())
    match = _Match(right, wrong, scores)
    limits = _limits(match, np.unique(scores), ALPHA / compared)
    hits = _Hits(wrong, scores, limits)
    for part in parts:
        hits.look(part)
    names = [responses.columns[row].name for row in rows]
    told = [_tell(pair, responses.persons, names, wrong, scores, match, compared) for pair in hits.pairs]
    return Likeness(compared, hits.found, tuple(sorted(told, key=lambda each: (each.chance, each.persons))))


def _parts(scores: Counts, groups: Sequence[str] | None) -> list[Counts]:
    """People to be compared with each other, by their numbers, the weak first: blocks then are of one kind."""
    order = np.argsort(scores, kind="stable")
    if groups is None:
        return [order]
    number = np.unique(np.array(groups, dtype=np.str_), return_inverse=True)[1][order]
    together = order[np.argsort(number, kind="stable")]
    return np.split(together, np.cumsum(np.bincount(number))[:-1])


class _Match:
    """How likely two people with these scores give the same wrong answer to each item."""

    def __init__(self, right: Flags, wrong: Codes, scores: Counts) -> None:
        self._wrong = 1 - expected(right)  # [score, item]
        cuts = np.quantile(scores, np.arange(1, LAYERS) / LAYERS)
        self._layer = np.searchsorted(cuts, np.arange(len(right) + 1))  # [score]
        layer = self._layer[scores]
        self._same = np.stack([_same(row, layer, missed) for row, missed in zip(wrong, ~right, strict=True)], axis=2)

    def chance(self, score: int, others: Counts) -> Reals:
        """`[other, item]`: for one score and several others."""
        same = self._same[self._layer[score], self._layer[others]]
        return np.asarray(self._wrong[score] * self._wrong[others] * same)


def _same(wrong: Codes, layer: Counts, missed: Flags) -> Reals:
    """`[layer, layer]`: the chance that two who are wrong on this item chose the same, by the layers they are in."""
    options = int(wrong.max(initial=0)) + 1
    counts = np.bincount(layer[missed] * options + wrong[missed], minlength=LAYERS * options)
    chosen = counts.reshape(LAYERS, options).astype(np.float64)
    everybody = chosen.sum(axis=0) / max(1.0, chosen.sum())
    share = (chosen + DRAWN * everybody) / (chosen.sum(axis=1, keepdims=True) + DRAWN)
    share[:, OMITTED] = 0.0  # to leave out the same item is no match
    return np.asarray(share @ share.T)


def _tails(chances: Reals) -> Reals:
    """`[pair, m]`: the chance of m matches or more, from the chance of a match `[pair, item]`."""
    pairs, count = chances.shape
    exactly = np.zeros((pairs, count + 1))
    exactly[:, 0] = 1.0
    for number in range(count):
        chance = chances[:, number : number + 1]
        filled = number + 2
        exactly[:, 1:filled] = exactly[:, 1:filled] * (1 - chance) + exactly[:, : filled - 1] * chance
        exactly[:, :1] *= 1 - chance
    return np.asarray(np.cumsum(exactly[:, ::-1], axis=1)[:, ::-1])


def _limits(match: _Match, scores: Counts, limit: float) -> npt.NDArray[np.float32]:
    """`[s, t]`: the least number of matches that alarms for these two scores; above all items if none does."""
    most = int(scores.max()) + 1
    limits = np.full((most, most), np.inf, dtype=np.float32)
    for place, score in enumerate(scores.tolist()):
        others = scores[place:]
        enough = (_tails(match.chance(score, others)) > limit).sum(axis=1)
        limits[score, others] = limits[others, score] = enough
    return limits


class _Hits:
    """Pairs at or above their limit, block by block."""

    def __init__(self, wrong: Codes, scores: Counts, limits: npt.NDArray[np.float32]) -> None:
        self.found = 0
        self.pairs: list[tuple[int, int]] = []
        self._wrong, self._scores, self._limits = wrong, scores, limits
        options = wrong.max(axis=1).astype(np.int64)
        self._starts = np.concatenate([[0], np.cumsum(options)])

    def look(self, part: Counts) -> None:
        """Compare the people of `part`, who are in the order of their scores."""
        blocks = [part[start : start + BLOCK] for start in range(0, len(part), BLOCK)]
        for place, block in enumerate(blocks):
            first = self._chosen(block)
            for other in blocks[place:]:
                limits = self._limits[np.ix_(self._scores[block], self._scores[other])]
                possible = len(self._wrong) - self._scores[other]  # they are the stronger: fewer wrong answers
                if (limits <= possible).any():
                    second = first if other is block else self._chosen(other)
                    self._keep(block, other, first @ second.T >= limits)

    def _chosen(self, block: Counts) -> npt.NDArray[np.float32]:
        """A row for each person, a column for each wrong option there is; single precision counts these exactly."""
        nowhere = self._starts[-1]
        codes = self._wrong[:, block].T.astype(np.int64)
        places = np.where(codes == OMITTED, nowhere, self._starts[:-1] + codes - 1)
        chosen = np.zeros((len(block), nowhere + 1), dtype=np.float32)
        np.put_along_axis(chosen, places, 1.0, axis=1)
        return chosen[:, :nowhere]

    def _keep(self, block: Counts, other: Counts, over: Flags) -> None:
        if other is block:
            over = np.triu(over, 1)
        one, two = np.nonzero(over)
        self.found += len(one)
        room = PAIRS_TOLD_MAX - len(self.pairs)
        self.pairs += zip(block[one[:room]].tolist(), other[two[:room]].tolist(), strict=True)


def _tell(
    pair: tuple[int, int],
    persons: Sequence[str],
    names: Sequence[str],
    wrong: Codes,
    scores: Counts,
    model: "_Match",
    compared: int,
) -> Alike:
    one, two = sorted(pair)
    same = np.flatnonzero((wrong[:, one] == wrong[:, two]) & (wrong[:, one] != OMITTED))
    match = model.chance(int(scores[one]), scores[[two]])
    return Alike(
        persons=(persons[one], persons[two]),
        scores=(int(scores[one]), int(scores[two])),
        same_wrong=len(same),
        expected=round(float(match.sum()), 3),
        chance=min(1.0, float(_tails(match)[0, len(same)]) * compared),
        items=tuple(names[item] for item in same.tolist()),
    )
