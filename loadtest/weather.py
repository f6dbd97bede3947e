"""The weather on a line, as arithmetic: when what is sent now arrives. Pure: times and randomness come in.

A line keeps order as TCP does. A lost packet therefore holds up all that follows it on its connection until it was
sent again: `STALL_S` (the least time-out of TCP), twice that if it is lost again, and so on.
"""

import random
from typing import Final

import msgspec

PACKET: Final = 1460  # bytes
STALL_S: Final = 0.2
STALL_S_MAX: Final = 25.6


class Weather(msgspec.Struct, frozen=True):
    """Of each direction. `loss` is the share of packets; `rate` is in bytes/s and of one connection, 0: no limit."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    rate: float = 0.0


CALM: Final = Weather()


class Lane:
    """One direction of one connection."""

    __slots__ = ("_arrived", "_free", "_rng")

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._free = 0.0  # when the sender's end can take the next byte
        self._arrived = 0.0

    def arrives(self, now: float, size: int, weather: Weather) -> float:
        """The moment at which `size` bytes sent `now` are all there; never before those sent earlier."""
        sent = max(self._free, now)
        if weather.rate:
            sent = self._free = sent + size / weather.rate
        late = weather.latency_s + (weather.jitter_s * self._rng.random() if weather.jitter_s else 0.0)
        if weather.loss:
            late += sum(stall(self._rng, weather.loss) for _ in range(-(-size // PACKET)))
        self._arrived = max(self._arrived, sent + late)
        return self._arrived

    def open(self, at: float) -> None:
        """Nothing can be sent before `at`: hands are still being shaken."""
        self._free = at

    def hold(self, until: float) -> None:
        """Nothing arrives before `until`."""
        self._arrived = max(self._arrived, until)

    def held(self, now: float) -> bool:
        """Whether something sent `now` has to wait behind what was sent before."""
        return self._arrived > now


def stall(rng: random.Random, loss: float) -> float:
    """How long a packet is held up by being lost, perhaps several times."""
    waited, again = 0.0, STALL_S
    while rng.random() < loss and waited < STALL_S_MAX:
        waited += again
        again *= 2
    return waited
