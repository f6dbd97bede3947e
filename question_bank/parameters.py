"""How hard items are: the two-parameter logistic model of an item version, and what follows from it for a paper.

An average physician has ability 0, and abilities are spread as a standard normal. Whoever has ability t answers an item
rightly with probability 1 / (1 + exp(-a (t - b))): `b` is its difficulty, `a` how sharply it tells people apart. An
item whose answers have been calibrated has its own numbers. For the others the author's difficulty stands in, with a =
1 and the b at which the share of right answers over all physicians is .85 (easy), .70 (medium) or .50 (hard). These
three shares are our own convention, no rule of the field: they are what makes 3 : 5 : 2 a paper of 70.5 points.

The mean over all abilities has no closed form; it is a Gauss-Hermite quadrature, exact to six digits for every a up to
3.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from question_bank.item import DIFFICULTIES, Item
from question_bank.pool import Unit

DEFAULT_P: Final = dict(zip(DIFFICULTIES, (0.85, 0.70, 0.50), strict=True))
DEFAULT_A: Final = 1.0
NODES: Final = 41
ABILITY_MAX: Final = 4.0  # where a cut is looked for: 3 in 100,000 lie beyond
HALVINGS: Final = 60

Reals: TypeAlias = NDArray[np.float64]
Ref = tuple[int, int]  # (item_id, version)


class Parameters(msgspec.Struct, frozen=True):
    """`n`: answers they come from; 0: none, the author's difficulty stands in."""

    a: float
    b: float
    n: int = 0


Known: TypeAlias = Mapping[Ref, Parameters]
_points, _weights = np.polynomial.hermite_e.hermegauss(NODES)
_WEIGHTS: Final[Reals] = _weights / _weights.sum()
_ABILITIES: Final[Reals] = _points


def parameters(item: Item, known: Known) -> Parameters:
    """Of this version of the item."""
    return known.get((item.item_id, item.version)) or _default(item.difficulty)


def right(a: Reals, b: Reals, ability: float) -> Reals:
    """Probability of a right answer at one ability."""
    return np.asarray(1.0 / (1.0 + np.exp(-a * (ability - b))))


def expected(a: Reals, b: Reals) -> Reals:
    """Share of right answers over all physicians."""
    return np.asarray((1.0 / (1.0 + np.exp(-np.outer(_ABILITIES, a) + a * b))).T @ _WEIGHTS)


def information(a: Reals, b: Reals, ability: float) -> Reals:
    """Fisher's information about the ability, at one ability."""
    p = right(a, b, ability)
    return np.asarray(a * a * p * (1.0 - p))


class Gauge:
    """Figures of units: one number for each, in their order, being the sum over the unit's items."""

    def __init__(self, units: Sequence[Unit], known: Known) -> None:
        found = [parameters(item, known) for unit in units for item in unit.items]
        self._a = np.array([each.a for each in found], dtype=np.float64)
        self._b = np.array([each.b for each in found], dtype=np.float64)
        self._starts = np.cumsum([0, *(len(unit.items) for unit in units)])[:-1]
        self.calibrated = sum(each.n > 0 for each in found)
        self.expected = self._sum(expected(self._a, self._b))

    def score(self, ability: float) -> Reals:
        """Points to expect of somebody with this ability."""
        return self._sum(right(self._a, self._b, ability))

    def information(self, ability: float) -> Reals:
        """At this ability."""
        return self._sum(information(self._a, self._b, ability))

    def cut(self, uses: Reals, share: float) -> float:
        """The ability whose expected score is `share` of a paper that uses each unit `uses` times.

        At most `ABILITY_MAX` away from the average.
        """
        full = float(uses @ self._sum(np.ones_like(self._a)))
        low, high = -ABILITY_MAX, ABILITY_MAX
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if uses @ self.score(middle) < share * full else (low, middle)
        return (low + high) / 2

    def _sum(self, of_items: Reals) -> Reals:
        return np.add.reduceat(of_items, self._starts) if len(self._starts) else np.zeros(0)


@lru_cache(maxsize=len(DIFFICULTIES))
def _default(difficulty: int) -> Parameters:
    return Parameters(DEFAULT_A, difficulty_of(DEFAULT_P[difficulty]))


def difficulty_of(p: float, a: float = DEFAULT_A) -> float:
    """The b at which the share of right answers over all physicians is `p`."""
    low, high = -20.0, 20.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        easier = expected(np.array([a]), np.array([middle]))[0] > p
        low, high = (middle, high) if easier else (low, middle)
    return (low + high) / 2
