"""One client's connection and the one made for it, with a lane of weather in each direction (`proxy.py`)."""

import asyncio
import random
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

import msgspec

from loadtest.weather import CALM, Lane, Weather

FULL: Final = 256 * 1024  # bytes under way in one direction of one connection before its sender has to wait
RESET: Final = struct.pack("ii", 1, 0)  # of SO_LINGER: closed, it sends a reset and not an end


class Figures(msgspec.Struct):
    """`open` now, the others since the beginning. `up` and `down` are bytes from and to the clients."""

    open: int = 0
    accepted: int = 0
    refused: int = 0
    retried: int = 0
    cut: int = 0
    up: int = 0
    down: int = 0


class Line:
    """What all connections share."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  guards nothing
        self.loop = asyncio.get_running_loop()
        self.weather: Weather = CALM
        self.figures = Figures()


class Link:
    """`on_come` is called when the client is there, `on_over` once, when nothing is left of either connection."""

    __slots__ = ("_on_over", "back", "connecting", "front", "line", "on_come", "port")

    def __init__(self, line: Line, on_come: Callable[["Link"], None], on_over: Callable[["Link"], None]) -> None:
        self.line = line
        self.on_come = on_come
        self._on_over: Callable[[Link], None] | None = on_over
        self.port = 0  # of who serves it
        self.connecting: asyncio.Task[None] | None = None
        self.front = End(self, up=True)
        self.back = End(self, up=False)
        self.front.other, self.back.other = self.back, self.front

    def hold(self, until: float) -> None:
        """Silence in both directions."""
        for end in (self.front, self.back):
            end.lane.hold(until)
            end.delay(b"", until)

    def abort(self) -> None:
        """End both with a reset."""
        for end in (self.front, self.back):
            end.drop()
        self.check_over()

    def check_over(self) -> None:
        """Forget it once both ends are closed, or the second was never opened."""
        if self._on_over is None or not self.front.closed or not (self.back.closed or self.back.transport is None):
            return
        if self.connecting is not None:
            self.connecting.cancel()
        told, self._on_over = self._on_over, None
        told(self)


class End(asyncio.Protocol):
    """One of the two ends. What it receives travels along its lane and is written at the other end."""

    __slots__ = (
        "_bytes", "_choked", "_link", "_said_all", "_stopped", "_timer", "_under_way", "_up",
        "closed", "lane", "other", "transport",
    )  # fmt: skip
    other: "End"

    def __init__(self, link: Link, *, up: bool) -> None:
        self._link = link
        self._up = up
        self.transport: asyncio.Transport | None = None
        self.lane = Lane(link.line.rng)
        self.closed = False
        self._under_way: deque[tuple[float, bytes | None]] = deque()  # None: it has said all
        self._said_all = False
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False  # our reading
        self._choked = False  # the other's writing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        if self._up:
            self._link.on_come(self._link)
        elif self.other.closed:  # the client left meanwhile
            self.drop()
        else:
            self.other.flow()

    def data_received(self, data: bytes) -> None:
        line = self._link.line
        if self._up:
            line.figures.up += len(data)
        else:
            line.figures.down += len(data)
        now, there = line.loop.time(), self.other.transport
        if line.weather == CALM and not self._under_way and there is not None and not self.lane.held(now):
            there.write(data)
        else:
            self.delay(data, self.lane.arrives(now, len(data), line.weather))

    def eof_received(self) -> bool:
        self._end_of_line()
        return True  # the other direction may still be open

    def connection_lost(self, exc: Exception | None) -> None:
        if self.closed:
            return
        self.closed = True
        if exc is not None or self.other.transport is None:
            self.other.drop()
        else:
            self._end_of_line()
        self._link.check_over()

    def pause_writing(self) -> None:
        self.other._choked = True  # noqa: SLF001  the two ends are one thing
        self.other._throttle()  # noqa: SLF001

    def resume_writing(self) -> None:
        self.other._choked = False  # noqa: SLF001
        self.other.flow()

    def delay(self, data: bytes | None, until: float) -> None:
        """Have it arrive at the other end `until` then, after all that is under way."""
        self._under_way.append((until, data))
        self._bytes += len(data or b"")
        self._throttle()
        self._wait()

    def flow(self) -> None:
        """Write at the other end what has arrived."""
        self._timer = None
        there, now = self.other.transport, self._link.line.loop.time()
        while there is not None and self._under_way and self._under_way[0][0] <= now and not self._choked:
            _, data = self._under_way.popleft()
            if data is None:
                self._finish(there)
            elif not there.is_closing():
                self._bytes -= len(data)
                there.write(data)
        self._throttle()
        self._wait()

    def drop(self) -> None:
        """Close this end with a reset, if it was ever open."""
        self.closed = True
        self._under_way.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.transport is None:
            return
        sock = self.transport.get_extra_info("socket")
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    def _end_of_line(self) -> None:
        line = self._link.line
        self.delay(None, self.lane.arrives(line.loop.time(), 0, line.weather))

    def _finish(self, there: asyncio.Transport) -> None:
        """All it had to say has arrived. When both have said all, or this end is gone, nobody needs the other."""
        self._said_all = True
        if self.closed or self.other._said_all:  # noqa: SLF001
            there.close()
            if self.transport is not None:
                self.transport.close()
        elif not there.is_closing():
            with suppress(OSError):
                there.write_eof()

    def _wait(self) -> None:
        if self._under_way and self._timer is None and self.other.transport is not None and not self._choked:
            self._timer = self._link.line.loop.call_at(self._under_way[0][0], self.flow)

    def _throttle(self) -> None:
        """Read no more while too much is under way or the other end can't take it."""
        stop = self._choked or self._bytes > FULL
        if stop == self._stopped or self.transport is None or self.transport.is_closing():
            return
        self._stopped = stop
        if stop:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()
