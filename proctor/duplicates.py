"""Does this face look like somebody else's photo? One person under two numbers, or a file with the wrong name.

All known vectors stand in one matrix of unit rows, so one question is one product: 100,000 photos take a few ms and
51 MB. Only vectors of one model may meet here.

**How alike is too alike** depends on how many there are to be like. One photo against one photo, cosine distance, share
of strangers that are nearer (vision.md §4, 1.07 million comparisons): 1e-2 .0922, 1e-3 .0731, 1e-4 .0585, 1e-5 .0479.
Against N persons a right photo meets N strangers: at .0479 and 100,000 persons it would look like somebody else nearly
every time, and nobody would read that doubt any more. So the share is chosen as 1 / (100 N), but never more than 1e-5:
of a hundred right photos about one raises the doubt, whatever N is. Beyond 1e-5 nothing was measured; every tenth of
the share brought the distance down to .79, .80 and .82 of what it was, and we go on with .80.

What that costs: of two different photos of one person (153 pairs, LFW and portraits) 52 % are nearer than the limit
for 1,000 persons, 30 % for 10,000, 16 % for 100,000; of 153 pairs of strangers none. The same picture, or one of the
same minute, is found always. It is a net with wide meshes that asks a person to look; it proves nothing, either way.
"""

from math import log10
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

LIMIT_MAX: Final = 0.0479
LIMIT_SHARE: Final = 1e-5  # of strangers nearer than LIMIT_MAX
ALARMS: Final = 0.01  # right photos that may look like somebody else's
PER_TENTH: Final = 0.80
VECTOR_BYTES: Final = 512
ROOM: Final = 1_024  # rows to begin with; doubled when full
_NUMBER: Final = np.dtype("<f4")
_SIZE: Final = VECTOR_BYTES // _NUMBER.itemsize


class Alike(msgspec.Struct, frozen=True):
    """A known photo of another person, and how far away it is (cosine distance)."""

    photo_id: int
    person_id: int
    distance: float


def limit(persons: int) -> float:
    """The distance up to which a photo looks like somebody else's, with so many persons known."""
    share = ALARMS / max(1, persons)
    return LIMIT_MAX if share >= LIMIT_SHARE else float(LIMIT_MAX * PER_TENTH ** log10(LIMIT_SHARE / share))


class Likenesses:
    """Every known photo as a row. Not for two tasks at once, except that `nearest` may run in a thread."""

    def __init__(self) -> None:
        self._rows: NDArray[np.float32] = np.zeros((ROOM, _SIZE), np.float32)
        self._photos: NDArray[np.int64] = np.zeros(ROOM, np.int64)
        self._persons: NDArray[np.int64] = np.zeros(ROOM, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, photo_id: int, person_id: int, vector: bytes) -> None:
        """One more. ValueError: not a vector of 128 numbers with a direction."""
        row = _unit(vector)
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
            self._photos = np.concatenate([self._photos, np.zeros_like(self._photos)])
            self._persons = np.concatenate([self._persons, np.zeros_like(self._persons)])
        self._rows[self._count] = row
        self._photos[self._count], self._persons[self._count] = photo_id, person_id
        self._count += 1  # last: a question asked meanwhile sees whole rows only

    def forget(self, photo_id: int) -> None:
        """That photo counts no more: a row of zeros is like nobody."""
        self._rows[: self._count][self._photos[: self._count] == photo_id] = 0

    def nearest(self, person_id: int, vector: bytes) -> Alike | None:
        """The known photo of somebody other than `person_id` that is most like it; None if there is none."""
        count = self._count
        likeness = self._rows[:count] @ _unit(vector)
        likeness[self._persons[:count] == person_id] = -np.inf
        if not count or likeness.max() == -np.inf:
            return None
        best = int(likeness.argmax())
        distance = min(2.0, max(0.0, 1.0 - float(likeness[best])))
        return Alike(int(self._photos[best]), int(self._persons[best]), distance)


def _unit(vector: bytes) -> NDArray[np.float32]:
    if len(vector) != VECTOR_BYTES:
        raise ValueError(f"{len(vector)} bytes are no vector of {_SIZE} numbers")
    numbers = np.frombuffer(vector, _NUMBER)
    length = float(np.linalg.norm(numbers))
    if not 1e-6 < length < float("inf"):  # also false for NaN
        raise ValueError("a vector without a direction")
    return np.asarray(numbers / length, np.float32)
