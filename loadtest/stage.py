"""What all players of a generator process share: the clock, the network, the counting, the pictures."""

import asyncio
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.uri import WebSocketURI

from loadtest.asking import Asking
from loadtest.cast import Cast
from loadtest.clockwork import Clockwork
from loadtest.history import History
from loadtest.outcome import BUG
from loadtest.pictures import Pictures
from loadtest.tally import Tally

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


@dataclass
class Stage:
    """`sources`: own addresses sockets come from, in turn; none towards another machine.

    `written` takes the history of a phone that is done. `over`: the run has ended, nobody begins anything any more.
    """

    cast: Cast
    host: str
    port: int
    clockwork: Clockwork
    tally: Tally
    asking: Asking
    rng: Random
    written: Callable[[History], None]
    pictures: Pictures
    snapshots: bool = True
    begun: bool = False  # who plays has begun already, and has his paper
    sources: list[str] = field(default_factory=list)
    closed: bool = False
    linger_s: float = 3.0  # after the end a person reads what it says
    over: bool = False
    bugs: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _wall_s: float = 0.0

    def __post_init__(self) -> None:
        self._wall_s = time.time() - time.monotonic()

    def wall(self, monotonic_s: float) -> float:
        """The wall clock's reading at a moment of the monotonic one; it never jumps within a run."""
        return self._wall_s + monotonic_s

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside everything else; held until it is done, and what it raises is not lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.tally.error(f"{BUG}{type(error).__name__}")
            self.bugs.append("".join(traceback.format_exception(error)))

    async def cancel(self) -> None:
        """End what is still under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def uri(self, path: str) -> WebSocketURI:
        """Of a socket."""
        return WebSocketURI(False, self.host, self.port, path, "", None, None)

    def source(self, player: int) -> str:
        """The own address of this player's sockets."""
        return self.sources[player % len(self.sources)] if self.sources else ""


def address_of(player: int) -> str:
    """A player's own address, as the proxy before the server would tell it."""
    return f"10.{player >> 16 & 255}.{player >> 8 & 255}.{player & 255}"


def host_and_port(url: str) -> tuple[str, int]:
    """Of http://host:port. Raises ValueError for anything else: the generator does not encrypt."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"not an address of the kind http://host:port: {url}")
    host = "127.0.0.1" if parts.hostname in LOOPBACK else parts.hostname
    return host, parts.port or 80
