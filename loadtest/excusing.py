"""Which errors of the phones a fault of the plan explains. Pure. Any other error is the server's own."""

from collections.abc import Sequence
from typing import Final

from loadtest.outcome import BUG, Fault

ALLOWANCE_S: Final = 5.0  # after it is over: what still waits, and phones that come back
BEFORE_S: Final = 0.5  # of two clocks' readings: an error seen this little earlier is still the fault's
HARMLESS: Final = frozenset({"net", "clock", "vision"})  # a slow line, a wrong clock, slow models explain no error
FULL_DISK: Final = frozenset({"http:503", "refused:try_again"})  # all that a full disk may do


def excuses(faults: Sequence[Fault], at_s: float, *, since_s: float | None = None, error: str = "") -> bool:
    """Whether an error at `at_s` of something sent at `since_s` is explained.

    `error` is its kind, as in `outcome.Second.errors`, or empty. What waited long is explained by any fault in between.
    A failure of our own is explained by none.
    """
    if error.startswith(BUG):
        return False
    sent_s = at_s if since_s is None else since_s
    return any(
        fault.s - BEFORE_S <= at_s and sent_s <= _over_s(fault)
        for fault in faults
        if fault.kind not in HARMLESS and (fault.kind != "disk" or not error or error in FULL_DISK)
    )


def _over_s(fault: Fault) -> float:
    return fault.s + fault.for_s + (fault.recovered_s or 0.0) + ALLOWANCE_S
