"""Attempts asked about over HTTP stay in memory for a while: whoever asks once soon asks again.

A device without a socket polls, and before the start every device comes with a picture, a look and a command one
after the other: the journal is folded for the first of them and only followed for the rest. What stays may be behind
another process like everything in memory, and is followed by the same wake-ups.
"""

import asyncio
from typing import Final

from exam_engine.service import Known, Service

LINGER_S: Final = 20.0  # a device without a socket asks every 5 to 15 s


class Stay:
    """An attempt that stays. `taken_in`: the version up to which its device is on record to have the events."""

    __slots__ = ("known", "taken_in", "until_s")

    def __init__(self, known: Known, until_s: float) -> None:
        self.known = known
        self.taken_in = 0
        self.until_s = until_s


class Lingering:
    """One per process."""

    def __init__(self, service: Service, linger_s: float = LINGER_S) -> None:
        self._service = service
        self._linger_s = linger_s
        self._stays: dict[int, Stay] = {}

    async def stay(self, attempt_id: int) -> tuple[Stay, bool]:
        """Keep it from now on, and whether it was read for this: then it is up to date. Raises NotFound."""
        now_s = asyncio.get_running_loop().time()
        stay = self._stays.get(attempt_id)
        if stay is not None:
            stay.until_s = now_s + self._linger_s
            return stay, False
        held = self._service.held(attempt_id) is not None
        known = await self._service.hold(attempt_id)
        if attempt_id in self._stays:  # two asked at the same time, and the other's read may have begun before
            self._service.let_go(known)
            return self._stays[attempt_id], False
        stay = self._stays[attempt_id] = Stay(known, now_s + self._linger_s)
        self._go_later(stay)
        return stay, not held and known.holders == 1

    async def look(self, attempt_id: int) -> Known:
        """The attempt as it is now, kept from now on; raises NotFound."""
        stay, read = await self.stay(attempt_id)
        return stay.known if read else await self._service.look(attempt_id)

    def _go_later(self, stay: Stay) -> None:
        asyncio.get_running_loop().call_at(stay.until_s, self._go, stay)

    def _go(self, stay: Stay) -> None:
        if stay.until_s > asyncio.get_running_loop().time():
            self._go_later(stay)  # asked about again meanwhile
            return
        self._stays.pop(stay.known.attempt_id, None)
        self._service.let_go(stay.known)
