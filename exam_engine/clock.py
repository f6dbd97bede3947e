"""The one authority of time: the database's clock, carried by this process's monotonic clock.

Why: two hosts never agree on the time, and an administrator or NTP may step a host's clock in the middle of
an exam. Each process asks the database for its time at the start and then counts on its own monotonic clock,
which nothing can step. It asks again now and then, and follows only small differences (drift): a sudden one
means that the *database's* host was stepped, and following it would move every deadline. Such a step is kept
out and shown (`stepped_s`) for `exam doctor` and the metrics to report.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

STEP_S = 2.0  # a difference above this is a stepped clock, not drift
PROBES = 5  # the quickest answer of so many is the truest


class DatabaseClock:
    """`ask` returns the database's clock_timestamp(); call `follow` at the start and every half minute."""

    def __init__(self, ask: Callable[[], Awaitable[datetime]]) -> None:
        self._ask = ask
        self._base: datetime | None = None
        self._base_s = 0.0
        self.stepped_s = 0.0

    def now(self) -> datetime:
        """The database's time, aware UTC, never backwards within a process but for drift."""
        assert self._base is not None, "the clock is followed before anything asks it"
        return self._base + timedelta(seconds=time.monotonic() - self._base_s)

    async def follow(self) -> None:
        """Measure the offset; take it over at first and whenever it differs by no more than drift."""
        measured, at_s = await self._measure()
        if self._base is not None:
            difference_s = (measured - self.now()).total_seconds() + (time.monotonic() - at_s)
            self.stepped_s = difference_s if abs(difference_s) > STEP_S else 0.0
            if self.stepped_s:
                return
        self._base, self._base_s = measured, at_s

    async def _measure(self) -> tuple[datetime, float]:
        best: tuple[float, datetime, float] | None = None
        for _ in range(PROBES):
            before_s = time.monotonic()
            answer = await self._ask()
            after_s = time.monotonic()
            if best is None or after_s - before_s < best[0]:
                best = (after_s - before_s, answer, (before_s + after_s) / 2)
        assert best is not None
        return best[1], best[2]
