"""The faults of one run, all drawn from its seed."""

import asyncio
from dataclasses import dataclass
from random import Random

import asyncpg

from tests.contract.fake_database import Weather


@dataclass(frozen=True)
class Climate:
    """How bad it is; probabilities, and lengths in seconds."""

    lost_before: float = 0.004  # of everything sent to the database
    lost_after: float = 0.004
    orphaned: float = 0.01  # commits that happen although their line broke
    stalled: float = 0.004
    stall_s_max: float = 6.0
    wake_lost: float = 0.1
    wake_twice: float = 0.1
    wake_late_s_max: float = 2.0
    kills_max: int = 3
    redis_down: float = 0.3  # of the runs: Redis is away for a while
    frame_echoed: float = 0.02  # a frame of a device arrives once more, later, by another way


FAIR = Climate(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


class Storm(Weather):
    """Between one process and the database. `over` ends the faults, `dead` ends everything."""

    def __init__(self, rng: Random, climate: Climate) -> None:
        self._rng = rng
        self._climate = climate
        self.over = False
        self.dead = False

    async def going(self, kind: str) -> None:
        self._die()
        await asyncio.sleep(self._rng.expovariate(300))
        await self._pass(self._climate.lost_before)

    async def coming(self, kind: str) -> None:
        await self._pass(self._climate.lost_after)

    def orphaned(self) -> float | None:
        if self.over or self._rng.random() >= self._climate.orphaned:
            return None
        return self._rng.uniform(0.0, 1.0)

    async def _pass(self, lost: float) -> None:
        if not self.over and self._rng.random() < self._climate.stalled:
            await asyncio.sleep(self._rng.uniform(0.2, self._climate.stall_s_max))
        self._die()
        if not self.over and self._rng.random() < lost:
            raise self._broken()

    def _die(self) -> None:
        """A killed process does nothing more, not even tidy up."""
        if self.dead:
            raise asyncio.CancelledError

    def _broken(self) -> Exception:
        return self._rng.choice(
            [
                ConnectionResetError("reset"),
                asyncpg.ConnectionDoesNotExistError("gone"),
                asyncpg.InterfaceError("closed"),
                asyncpg.AdminShutdownError("terminating"),
            ]
        )
