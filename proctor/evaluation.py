"""How well a model tells people apart: figures from labelled pairs, with what they are worth.

A pair is let through when its distance is at or below a threshold. FAR is the share of pairs of two people let
through, FRR the share of pairs of one person not let through. A pair in which a face was missed is never let through:
its distance is infinite, so it counts in FRR, in the accuracy (as "different") and in both denominators.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from proctor.shares import wilson

L2: Final = "l2"  # between vectors as the network gives them, as face_recognition measures
COSINE: Final = "cosine"  # as the exam measures
FARS: Final = (1e-2, 1e-3)
FOLDS: Final = 10
FOLDED_MIN: Final = 100  # pairs; ten folds of fewer say nothing

Floats = NDArray[np.float64]


class At(msgspec.Struct, frozen=True, kw_only=True):
    """The rates at one threshold, each with its Wilson 95 % interval.

    `target`: the FAR the threshold was looked for; `resolved` is false when there are too few pairs of two people
    for one of them to be that share: the threshold then lets none through, and only the interval says how many may be.
    """

    name: str
    threshold: float
    far: float
    far_interval: tuple[float, float]
    frr: float
    frr_interval: tuple[float, float]
    target: float | None = None
    resolved: bool = True


class RocPoint(msgspec.Struct, frozen=True, gc=False):
    """`tpr` is 1 - FRR. No threshold: the ends, where nothing, and where everything, is let through."""

    far: float
    tpr: float
    threshold: float | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """By one measure of distance. `far` and `frr` are those of the first of the `running` thresholds.

    `accuracy` is that at `best_threshold`, chosen on the same pairs and therefore a little flattering;
    `accuracy_10fold` takes each tenth's threshold from the other nine (None below 100 pairs). `roc` has its corners.
    """

    accuracy: float
    best_threshold: float
    accuracy_10fold: float | None
    auc: float
    far: float
    frr: float
    running: tuple[At, ...]
    at_far: tuple[At, ...]
    roc: tuple[RocPoint, ...]


class Distances(msgspec.Struct, frozen=True):
    """Of all pairs, in the order given; `same` says which are of one person. Infinite where a face was missed."""

    same: NDArray[np.bool_]
    apart: Floats

    def __post_init__(self) -> None:
        if self.same.shape != self.apart.shape or np.isnan(self.apart).any():
            raise ValueError("one distance for each pair, and each a number")
        if self.same.all() or not self.same.any():
            raise ValueError("pairs of one person and pairs of two are needed")

    @property
    def own(self) -> Floats:
        """Of one person, nearest first."""
        return np.sort(self.apart[self.same])

    @property
    def strange(self) -> Floats:
        """Of two people, nearest first."""
        return np.sort(self.apart[~self.same])


def figures(distances: Distances, running: Sequence[tuple[str, float]]) -> Figures:
    """All figures of one measure; `running` are the thresholds in use, as (name, distance)."""
    accuracy, threshold = best(distances)
    used = tuple(at(distances, name, limit) for name, limit in running)
    return Figures(
        accuracy=accuracy,
        best_threshold=threshold,
        accuracy_10fold=folded(distances),
        auc=auc(distances),
        far=used[0].far,
        frr=used[0].frr,
        running=used,
        at_far=tuple(at_far(distances, target) for target in FARS),
        roc=roc(distances),
    )


def rates(distances: Distances, thresholds: Floats) -> tuple[Floats, Floats]:
    """FAR and FRR at each of the thresholds."""
    own, strange = distances.own, distances.strange
    far = np.searchsorted(strange, thresholds, side="right") / len(strange)
    frr = 1 - np.searchsorted(own, thresholds, side="right") / len(own)
    return far, frr


def at(distances: Distances, name: str, threshold: float, target: float | None = None) -> At:
    """The rates at a finite threshold."""
    own, strange = distances.own, distances.strange
    let_in = int(np.searchsorted(strange, threshold, side="right"))
    kept_out = len(own) - int(np.searchsorted(own, threshold, side="right"))
    return At(
        name=name,
        threshold=threshold,
        far=let_in / len(strange),
        far_interval=wilson(let_in, len(strange)),
        frr=kept_out / len(own),
        frr_interval=wilson(kept_out, len(own)),
        target=target,
        resolved=target is None or target * len(strange) >= 1,
    )


def at_far(distances: Distances, target: float) -> At:
    """The largest distance of a pair that, as a threshold, lets no more than this share of strangers through."""
    strange = distances.strange
    first_out = strange[int(target * len(strange))]
    below = distances.apart[distances.apart < first_out]  # all of these are finite
    threshold = below.max() if len(below) else _under(first_out)
    return at(distances, f"FAR {target:g}", float(threshold), target)


def best(distances: Distances) -> tuple[float, float]:
    """The highest accuracy, and a threshold that reaches it: midway to the next distance."""
    levels, right = _levels(distances)
    index = int(right.argmax())
    if index == 0:  # nothing let through
        return float(right[0] / len(distances.same)), _under(levels[0] if len(levels) else inf)
    here = levels[index - 1]
    threshold = (here + levels[index]) / 2 if index < len(levels) else here
    return float(right[index] / len(distances.same)), float(threshold)


def folded(distances: Distances) -> float | None:
    """The mean accuracy of ten tenths, each judged by the threshold that is best for the other nine.

    Both kinds are cut into ten runs in the order given, so that a list which comes in folds, as LFW's, keeps them.
    None below FOLDED_MIN pairs, or with fewer than two of a kind: some nine tenths would then lack it.
    """
    same = distances.same
    if len(same) < FOLDED_MIN or min(same.sum(), (~same).sum()) < 2:
        return None
    fold = np.empty(len(same), int)
    for kind in (same, ~same):
        fold[kind] = np.arange(kind.sum()) * FOLDS // kind.sum()
    shares = []
    for number in range(FOLDS):
        here = fold == number
        _, threshold = best(Distances(same[~here], distances.apart[~here]))
        shares.append(float(((distances.apart[here] <= threshold) == same[here]).mean()))
    return float(np.mean(shares))


def auc(distances: Distances) -> float:
    """How often a pair of one person is nearer than a pair of two; equally near counts half."""
    own, strange = distances.own, distances.strange
    nearer = np.searchsorted(strange, own, side="left")
    as_near = np.searchsorted(strange, own, side="right") - nearer
    return float(1 - (nearer + as_near / 2).sum() / (len(own) * len(strange)))


def roc(distances: Distances) -> tuple[RocPoint, ...]:
    """From (0, 0) to (1, 1), only the points where the curve turns."""
    levels = np.unique(distances.apart[np.isfinite(distances.apart)])
    far, frr = rates(distances, levels)
    points = [RocPoint(0.0, 0.0, None)]
    points += [RocPoint(float(f), float(1 - r), float(t)) for f, r, t in zip(far, frr, levels, strict=True)]
    if points[-1].far < 1 or points[-1].tpr < 1:
        points.append(RocPoint(1.0, 1.0, None))
    return tuple(_corners(points))


def _levels(distances: Distances) -> tuple[Floats, NDArray[np.intp]]:
    """The finite distances there are, and how many pairs are judged right with nothing, one, two, ... let through."""
    levels = np.unique(distances.apart[np.isfinite(distances.apart)])
    own, strange = distances.own, distances.strange
    let_in = np.searchsorted(own, levels, side="right") - np.searchsorted(strange, levels, side="right")
    return levels, len(strange) + np.concatenate([[0], let_in])


def _under(distance: float) -> float:
    """A threshold that lets nothing through when this is the nearest: below 0 if two pairs' pictures are the same."""
    return 0.0 if distance > 0 else float(np.nextafter(0.0, -1.0))


def _corners(points: list[RocPoint]) -> list[RocPoint]:
    """Without points in the middle of a straight line."""
    kept = points[:1]
    for point, after in zip(points[1:], [*points[2:], None], strict=True):
        if after is None or not _straight(kept[-1], point, after):
            kept.append(point)
    return kept


def _straight(a: RocPoint, b: RocPoint, c: RocPoint) -> bool:
    return abs((b.far - a.far) * (c.tpr - a.tpr) - (c.far - a.far) * (b.tpr - a.tpr)) < 1e-12
