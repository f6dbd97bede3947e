"""Latencies that can be added up: buckets 2 % wide, so that percentiles of many processes are those of the whole."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

WIDTH: Final = math.log(1.02)
LEAST_S: Final = 1e-5  # all that is quicker falls into the first bucket


def bucket_of(seconds: float) -> int:
    """The bucket of a latency."""
    return 0 if seconds <= LEAST_S else int(math.log(seconds / LEAST_S) / WIDTH) + 1


def seconds_of(bucket: int) -> float:
    """The upper edge of a bucket: a percentile is never told smaller than it was."""
    return LEAST_S * math.exp(bucket * WIDTH)


class Slice(msgspec.Struct, gc=False):
    """One action in one second of the run.

    `late` counts latencies from the moment the action was meant to happen, `served` from the moment it was sent. The
    first does not hide a server that stalls its own load (coordinated omission): it is the one that counts.
    """

    late: dict[int, int] = {}
    served: dict[int, int] = {}
    failed: int = 0

    def took(self, late_s: float, served_s: float) -> None:
        """Count one that succeeded."""
        for buckets, value in ((self.late, late_s), (self.served, served_s)):
            bucket = bucket_of(value)
            buckets[bucket] = buckets.get(bucket, 0) + 1

    def add(self, other: "Slice") -> None:
        """Take in what another process counted."""
        for mine, theirs in ((self.late, other.late), (self.served, other.served)):
            for bucket, count in theirs.items():
                mine[bucket] = mine.get(bucket, 0) + count
        self.failed += other.failed


def total(slices: Iterable[Slice]) -> Slice:
    """All of them as one."""
    whole = Slice(late={}, served={})
    for each in slices:
        whole.add(each)
    return whole


def count(buckets: dict[int, int]) -> int:
    """How many were counted."""
    return sum(buckets.values())


def percentile(buckets: dict[int, int], share: float) -> float | None:
    """Seconds that `share` (0 to 1) of the latencies did not exceed; None if there are none."""
    return percentiles(buckets, (share,))[0]


def percentiles(buckets: dict[int, int], shares: Sequence[float]) -> list[float | None]:
    """Several of them, of shares that grow, in one go."""
    whole, passed, found = count(buckets), 0, list[float | None]()
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        while len(found) < len(shares) and passed >= math.ceil(whole * shares[len(found)]):
            found.append(seconds_of(bucket))
    return found + [None] * (len(shares) - len(found))
