"""When the garbage collector looks through everything: while few are connected, and seldom otherwise.

A full look stops the process: 1.4 million bare objects took 0.17 s on a free core. Left to itself the collector takes
one whenever what it has seen has grown by a quarter: in the middle of the exam, again and again. What dies young is
found without it, attempts hold no cycles, and a socket that ends leaves little behind that only a full look can find.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

import structlog

# After so many new objects the youngest are looked through; after so many of these looks those of the last minutes;
# everything never by itself.
THRESHOLDS: Final = (20_000, 20, 1_000_000)
LOOK_S: Final = 60.0  # how often it is asked whether it may be
FEW: Final = 1_000  # connected devices: looking through everything takes less than a tenth of a second
LONGEST_S: Final = 1_800.0  # nobody may wait for ever: then it is done however many there are
SLOW_S: Final = 0.5

log = structlog.get_logger()


def calm_collector() -> None:
    """What is there at the start stays; everything that comes is looked through by `Collector` only."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


class Collector:
    """One per process."""

    def __init__(self) -> None:
        self._last_s = time.monotonic()

    async def run(self, connected: Callable[[], int]) -> None:
        """Until cancelled; `connected` counts the devices there are."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look(connected(), time.monotonic())

    def look(self, connected: int, now_s: float) -> bool:
        """Look through everything, if it is time; whether it was."""
        if connected >= FEW and now_s - self._last_s < LONGEST_S:
            return False
        gc.collect()
        took_s = time.monotonic() - now_s
        self._last_s = now_s
        if took_s >= SLOW_S:
            log.info("collected", took_s=round(took_s, 2), devices=connected)
        return True
