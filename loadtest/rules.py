"""By which tolerances the checker judges: each is a number somebody may ask about, so each is said with the result."""

from collections.abc import Sequence
from typing import Final

import msgspec

from loadtest.outcome import Fault

AWAY: Final = frozenset({"kill", "postgres", "valkey"})  # a bad line, a wrong clock or a full disk stop no bell


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All in seconds.

    `tolerance_s`: what two honest clocks and a network may make of one instant. `stale_s`: how long a serving process
    may not know yet what another one committed (a lost wake-up, a database that was away). `sweep_s`: how much later
    than deadline + grace the bell may ring; with faults, the longest outage and more. `marking_s`: how long marking
    may take. `until`: the last Unix time at which the servers were at work; 0: still are. `all_recorded`: every
    player's history is there, so that an attempt without one is itself wrong.
    """

    tolerance_s: float = 2.0
    stale_s: float = 30.0
    sweep_s: float = 30.0
    marking_s: float = 60.0
    until: float = 0.0
    all_recorded: bool = True


def outage_s(faults: Sequence[Fault]) -> float:
    """The longest that a server was away: for so long nobody may have been there to ring a bell."""
    return max((fault.for_s + (fault.recovered_s or 0.0) for fault in faults if fault.kind in AWAY), default=0.0)
