"""From labelled pairs to figures: each picture looked at once per condition, the second of a pair made worse.

So a pair stands for a good reference photo against what a camera gives. Two distances are taken of each: L2 between
vectors as the network gives them (as face_recognition does, 0.60 being its threshold), and the cosine distance of
the exam.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf, sqrt
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from proctor import identity
from proctor.degrading import DEGRADATIONS
from proctor.evaluation import Distances, Figures, figures
from proctor.looking import Eyes, Seen
from proctor.photographs import read
from proctor.picture_lists import Pair
from proctor.policy import Proctoring

CLEAN: Final = "clean"
_POLICY: Final = Proctoring()
L2_RUNNING: Final = (("l2_0.60", 0.6),)
# The first is for one picture against one, as these pairs are; the others judge fused frames, and are strict here.
COSINE_RUNNING: Final = (
    ("single_max", identity.SINGLE_MAX),
    ("accept_max", _POLICY.accept_max),
    ("doubt_max", _POLICY.doubt_max),
)


class Job(msgspec.Struct, frozen=True):
    """A picture and the conditions to look at it in."""

    file: Path
    conditions: tuple[str, ...]


class Missed(msgspec.Struct, frozen=True):
    """Pairs in which a face was not found, and the pictures that are to blame."""

    pairs: int
    same: int
    different: int
    files: tuple[str, ...]


class Condition(Figures, frozen=True, kw_only=True):
    """The figures in one condition: by L2, and under `cosine` the same by the exam's distance."""

    condition: str
    pairs: int
    same: int
    different: int
    missed: Missed
    cosine: Figures


class Compared(msgspec.Struct, frozen=True):
    """A condition's figures, and the distances they are of."""

    condition: Condition
    l2: Distances
    cosine: Distances


def jobs(pairs: Sequence[Pair], degradations: Iterable[str]) -> list[Job]:
    """What has to be looked at: every picture as it is, and the second of each pair in every condition."""
    wanted: dict[Path, dict[str, None]] = {}
    for pair in pairs:
        wanted.setdefault(pair.a, {})[CLEAN] = None
        wanted.setdefault(pair.b, {}).update(dict.fromkeys((CLEAN, *degradations)))
    return [Job(file, tuple(conditions)) for file, conditions in wanted.items()]


def see(eyes: Eyes, job: Job) -> dict[tuple[Path, str], Seen]:
    """The faces of one picture. Raises NotAPicture."""
    rgb = read(job.file)
    return {(job.file, name): eyes.face(rgb if name == CLEAN else DEGRADATIONS[name](rgb)) for name in job.conditions}


def compared(name: str, pairs: Sequence[Pair], seen: Mapping[tuple[Path, str], Seen]) -> Compared:
    """The figures of one condition."""
    both = [(seen[pair.a, CLEAN], seen[pair.b, name]) for pair in pairs]
    same = np.array([pair.same for pair in pairs])
    found = np.array([bool(a.vector and b.vector) for a, b in both])
    l2 = Distances(same, np.array([_l2(a, b) for a, b in both]))
    cosine = Distances(same, np.array([_cosine(a, b) for a, b in both]))
    by_l2 = figures(l2, L2_RUNNING)
    blamed = {pair.a: None for pair in pairs if not seen[pair.a, CLEAN].vector}
    blamed |= {pair.b: None for pair in pairs if not seen[pair.b, name].vector}
    condition = Condition(
        **{field: getattr(by_l2, field) for field in Figures.__struct_fields__},
        condition=name,
        pairs=len(pairs),
        same=int(same.sum()),
        different=int((~same).sum()),
        missed=Missed(
            pairs=int((~found).sum()),
            same=int((~found & same).sum()),
            different=int((~found & ~same).sum()),
            files=tuple(str(file) for file in sorted(blamed)),
        ),
        cosine=figures(cosine, COSINE_RUNNING),
    )
    return Compared(condition, l2, cosine)


def _cosine(a: Seen, b: Seen) -> float:
    return identity.distance(a.vector, b.vector) if a.vector and b.vector else inf


def _l2(a: Seen, b: Seen) -> float:
    """By the law of cosines, from the lengths the vectors had."""
    if not a.vector or not b.vector:
        return inf
    return sqrt((a.length - b.length) ** 2 + 2 * a.length * b.length * _cosine(a, b))
