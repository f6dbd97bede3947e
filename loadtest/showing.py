"""What the screen shows while a run is under way: where it stands, how fast it is, what has gone wrong."""

import time
from collections import deque
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from loadtest.figures import Slice, percentile, total
from loadtest.outcome import Fault, Second

WINDOW: Final = 10  # seconds that rates and percentiles are of
LAG_S: Final = 0.25  # above it the figures are the generator's own


class Screen:
    """`heard` takes each second of each process; `phase` says what is done just now."""

    def __init__(self) -> None:
        self._begins_s = float("inf")
        self._gauges: dict[int, Second] = {}
        self._recent: deque[tuple[float, Second]] = deque()
        self.errors: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.phase = ""
        self.ends_s = 0.0
        self._phase_since_s = time.monotonic()

    def begins(self, begins_s: float, ends_s: float) -> None:
        """Second 0 by the monotonic clock, and how many there will be at most."""
        self._begins_s, self.ends_s = begins_s, ends_s

    def enter(self, phase: str) -> None:
        """What is done from now on."""
        self.phase, self._phase_since_s = phase, time.monotonic()

    def heard(self, process: int, second: Second) -> None:
        """One second of one process."""
        self._gauges[process] = second
        now_s = time.monotonic()
        self._recent.append((now_s, second))
        for kind, number in second.errors.items():
            self.errors[kind] = self.errors.get(kind, 0) + number
        while self._recent and self._recent[0][0] < now_s - WINDOW:
            self._recent.popleft()

    def __rich__(self) -> RenderableType:
        """The table of now."""
        now_s = time.monotonic() - self._begins_s
        table = Table.grid(padding=(0, 3))
        gauges = self._gauges.values()
        answers = self._all("answer")
        table.add_row("attempts open", f"{sum(each.open for each in gauges):,}")
        table.add_row("sockets, boards", f"{sum(e.sockets for e in gauges):,}, {sum(e.boards for e in gauges):,}")
        table.add_row("answers/s", f"{sum(answers.late.values()) / WINDOW:,.0f}")
        table.add_row("acknowledged p50, p99", f"{_ms(answers, 0.5)}, {_ms(answers, 0.99)}")
        table.add_row("errors", ", ".join(f"{kind} {number:,}" for kind, number in self.errors.items()) or "none")
        if self.faults:
            table.add_row("faults done", ", ".join(f"{fault.kind} at {fault.s:.0f} s" for fault in self.faults[-6:]))
        lag_s = max((each.lag_s for each in gauges), default=0.0)
        if lag_s > LAG_S:
            table.add_row("generator", Text(f"{lag_s:.2f} s late: figures are its own", style="bold red"))
        if now_s >= 0:
            left = f", {max(0.0, self.ends_s - now_s):,.0f} s left" if self.ends_s else ""
            table.add_row("time", f"{now_s:,.0f} s{left}")
        since_s = time.monotonic() - self._phase_since_s
        return Group(Text(f"{self.phase} ({since_s:.0f} s)", style="bold"), table)

    def _all(self, action: str) -> Slice:
        return total(second.actions[action] for _, second in self._recent if action in second.actions)


def showing(screen: Screen, console: Console) -> Live:
    """The screen as long as the context lasts, drawn twice a second."""
    return Live(screen, console=console, refresh_per_second=2, transient=True)


def _ms(slice_: Slice, share: float) -> str:
    found = percentile(slice_.late, share)
    return "-" if found is None else f"{found * 1000:,.0f} ms"
