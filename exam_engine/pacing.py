"""Under load one wake-up serves many: the event loop is let sleep for a few milliseconds between its turns.

A loop that waits for the network wakes for each frame of each phone, and waking up costs more processor than most
frames do: 20,000 phones that answer every 36 s and ping every 30 s are 1,200 frames a second, and most of a serving
process's time went into waking. So, as network cards do with their interrupts, from FROM_PER_S frames a second on the
process sleeps out what is left of each GRAIN_S, and then serves all that came meanwhile in PASSES turns of the loop.
A busy process has nothing left of its grain and never sleeps; a quiet one waits for the network as ever. Nobody waits
longer than GRAIN_S for each of the hops of an answer (network, database, network).
"""

import asyncio
import time
from typing import Final

GRAIN_S: Final = 0.004
PASSES: Final = 3  # what came in, who waited for it, and what he sends on
FROM_PER_S: Final = 300
LOOK_S: Final = 0.25  # how often it is looked whether there is enough to do


class Pace:
    """One per process; `count` goes up with each frame and request taken."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            before = self.count
            await asyncio.sleep(LOOK_S)
            while self.count - before >= FROM_PER_S * LOOK_S:
                before = self.count
                await _sleep_between(time.monotonic() + LOOK_S)


async def _sleep_between(until_s: float) -> None:
    while (turn_s := time.monotonic()) < until_s:
        for _ in range(PASSES):
            await asyncio.sleep(0)
        left_s = turn_s + GRAIN_S - time.monotonic()
        if left_s > 0:
            time.sleep(left_s)  # noqa: ASYNC251  the whole loop is meant
