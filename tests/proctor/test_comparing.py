"""Every picture is looked at once per condition, and distances are those of the vectors as the network gave them."""

from math import inf
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from proctor.comparing import compared, jobs
from proctor.looking import Seen
from proctor.picture_lists import Pair

A, B, C, D = (Path(name) for name in "abcd")
PAIRS = [Pair(A, B, same=True), Pair(A, C, same=False), Pair(B, C, same=False), Pair(A, D, same=True)]
NOBODY = Seen(b"", 0.0)


def raw(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 0.12, 128)


def seen(vector: NDArray[np.float64]) -> Seen:
    length = float(np.linalg.norm(vector))
    return Seen((vector / length).astype("<f4").tobytes(), length)


def test_each_picture_is_looked_at_once_and_made_worse_only_if_it_comes_second() -> None:
    made = {job.file: job.conditions for job in jobs(PAIRS, ["blur", "dark"])}
    assert made == {
        A: ("clean",),
        B: ("clean", "blur", "dark"),
        C: ("clean", "blur", "dark"),
        D: ("clean", "blur", "dark"),
    }
    assert len(jobs(PAIRS, [])) == 4


def test_distances_are_those_of_the_vectors_before_they_were_brought_to_length_1() -> None:
    vectors = {A: raw(1), B: raw(1) + raw(9) / 5, C: raw(3), D: raw(1) * 1.3}
    found = compared("clean", PAIRS, {(file, "clean"): seen(vector) for file, vector in vectors.items()})
    slow = [float(np.linalg.norm(vectors[pair.a] - vectors[pair.b])) for pair in PAIRS]
    assert found.l2.apart == pytest.approx(slow, abs=1e-3)
    assert found.cosine.apart[3] == pytest.approx(0, abs=1e-6)  # only longer: the same direction
    assert found.condition.accuracy == 1.0


def test_a_face_missed_only_when_dark_is_missed_only_there_and_its_file_is_named() -> None:
    views = {(file, "clean"): seen(raw(number)) for number, file in enumerate((A, B, C, D))}
    views |= {(file, "dark"): views[file, "clean"] for file in (B, C)} | {(D, "dark"): NOBODY}
    assert compared("clean", PAIRS, views).condition.missed.pairs == 0
    dark = compared("dark", PAIRS, views)
    assert dark.l2.apart[3] == dark.cosine.apart[3] == inf
    missed = dark.condition.missed
    assert (missed.pairs, missed.same, missed.different, missed.files) == (1, 1, 0, ("d",))
