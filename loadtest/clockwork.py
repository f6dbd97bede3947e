"""One heap for everything that is due: a hundred thousand phones need no task and no timer of their own.

Nothing is ever taken out of the heap: who asked looks, when he is called, whether it still concerns him.
"""

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable
from typing import Final

BATCH: Final = 500  # calls between two looks at the network
GRAIN_S: Final = 0.004  # what is due within the same of these is called together: waking up costs more than most calls


class Clockwork:
    """Calls what is due, by the monotonic clock, and knows how late it was itself (`lag_s`: the worst so far)."""

    def __init__(self) -> None:
        # When it is due, a number that keeps the order, since when it could be called, and the call.
        self._heap: list[tuple[float, int, float, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._armed_s = float("inf")
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self.lag_s = 0.0
        self.late_s = 0.0  # how late the call is that is being made

    def __len__(self) -> int:
        """How much is still due."""
        return len(self._heap)

    def at(self, due_s: float, call: Callable[[], None]) -> None:
        """Call it then; at the next turn of the loop if that is over already."""
        heapq.heappush(self._heap, (due_s, next(self._numbers), max(due_s, time.monotonic()), call))
        if due_s < self._armed_s:
            self._arm(due_s)

    async def until(self, due_s: float) -> None:
        """Return then."""
        waiting = asyncio.get_running_loop().create_future()
        self.at(due_s, lambda: None if waiting.done() else waiting.set_result(None))
        await waiting

    def worst_lag(self) -> float:
        """How late the worst call was since this was asked last."""
        worst, self.lag_s = self.lag_s, 0.0
        if self._heap:  # nothing was called at all: the loop is stuck elsewhere
            worst = max(worst, time.monotonic() - self._heap[0][2])
        return worst

    def stop(self) -> None:
        """Nothing is called any more."""
        self._stopped = True
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, due_s: float) -> None:
        if self._stopped:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_s = due_s
        now_s = time.monotonic()  # not the loop's own clock: uvloop's is as old as the turn it stands in
        wake_s = 0.0 if due_s <= now_s else math.ceil(due_s / GRAIN_S) * GRAIN_S - now_s
        self._timer = asyncio.get_running_loop().call_later(wake_s, self._run)

    def _run(self) -> None:
        self._timer, self._armed_s = None, float("-inf")  # whoever asks meanwhile arms nothing
        now_s = time.monotonic()
        for _ in range(BATCH):
            if not self._heap or self._heap[0][0] > now_s:
                break
            due_s, _number, could_s, call = heapq.heappop(self._heap)
            self.late_s = now_s - due_s
            self.lag_s = max(self.lag_s, now_s - could_s)  # what was asked for too late is not our own lateness
            call()
            now_s = time.monotonic()
        self._armed_s = float("inf")
        if self._heap:
            self._arm(self._heap[0][0])
