"""The serving processes: one in here, or several children that share the port.

A child and its parent hold the two ends of a line (the child's is its standard input). The child says on it that it
is ready; the end of the line tells it to stop. The line ends when the parent wants to stop, and just as well when
the parent is killed: no child outlives it.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

import structlog

from exam_engine.commands.application import Application
from exam_engine.commands.port import bind
from exam_engine.embedded import Servers
from exam_engine.settings import CannotStart, ExitCode, Settings

STOP_S_MAX = 10  # for serving to end by itself; it promises five
PAUSE_S = 0.5  # before a child is started again; doubled each time
PAUSE_S_MAX = 30
STEADY_S = 60  # a child that lived this long starts again with the short pause
READY = b"r"

log = structlog.get_logger()


async def serve_here(serving: Coroutine[None, None, None], stop: asyncio.Event) -> None:
    """Await `serving`, but not for longer than `STOP_S_MAX` after `stop`."""
    loop = asyncio.get_running_loop()

    async def limit_stop(limit: asyncio.Timeout) -> None:
        await stop.wait()
        limit.reschedule(loop.time() + STOP_S_MAX)

    try:
        async with asyncio.timeout(None) as limit:
            limiter = asyncio.create_task(limit_stop(limit))
            try:
                await serving
            finally:
                limiter.cancel()
    except TimeoutError:
        if not limit.expired():
            raise
        log.warning("serving_cut_short", after_s=STOP_S_MAX)


async def serve_in_children(
    count: int, command: Sequence[str], found: Servers, stop: asyncio.Event, on_ready: Callable[[], None]
) -> None:
    """Keep `count` children serving until `stop`; calls `on_ready` once, when all of them are.

    Raises `CannotStart` when one ends before it was ever ready: it would not fare better a second time.
    """
    environ = {**os.environ, "EXAM_DATABASE_URL": found.database_url, "EXAM_REDIS_URL": found.redis_url}
    lines = [_ChildLine(command, environ) for _ in range(count)]
    try:
        await asyncio.gather(*(line.begin() for line in lines))
        on_ready()
        keepers = [asyncio.create_task(line.keep()) for line in lines]
        await stop.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
    finally:
        await asyncio.gather(*(line.end() for line in lines))


async def serve_one(settings: Settings, application: Application) -> None:
    """Be a child: serve on the shared port until the line on standard input ends."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # A Ctrl-C is the parent's to hear; a service manager may well send SIGTERM to every process of ours.
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=0))

    async def listen() -> None:
        with suppress(ConnectionError):
            await reader.read()
        stop.set()

    listener = asyncio.create_task(listen())
    with bind(settings.host, settings.port) as sock:
        serving = application.serve(
            settings, settings.database_url, settings.redis_url, sock, stop, lambda: writer.write(READY)
        )
        await serve_here(serving, stop)
    listener.cancel()
    writer.close()


class _ChildLine:
    """One place among the serving processes, and the child that holds it now."""

    def __init__(self, command: Sequence[str], environ: dict[str, str]) -> None:
        self._command = command
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def begin(self) -> None:
        """Start a child and wait until it serves; raises `CannotStart` when it ends instead."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, self._writer = await asyncio.open_connection(sock=ours)
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=theirs.fileno(), env=self._environ, start_new_session=True
            )
        try:
            said = await reader.read(1)
        except ConnectionError:
            said = b""
        if said != READY:
            code = await self._process.wait()
            raise CannotStart(f"a serving process ended at its start with exit code {code}", ExitCode.FAILED)

    async def keep(self) -> None:
        """Start a new child whenever one dies, for ever; slower and slower when they die at once."""
        loop = asyncio.get_running_loop()
        pause_s = PAUSE_S
        while True:
            assert self._process is not None
            began_at = loop.time()
            code = await self._process.wait()
            pause_s = PAUSE_S if loop.time() - began_at > STEADY_S else min(pause_s * 2, PAUSE_S_MAX)
            log.error("serving_process_died", pid=self._process.pid, exit_code=code, next_in_s=pause_s)
            self._hang_up()
            await asyncio.sleep(pause_s)
            with suppress(CannotStart):
                await self.begin()

    async def end(self) -> None:
        """End the line, and the child if it does not take the hint."""
        self._hang_up()
        if self._process is None:
            return
        try:
            async with asyncio.timeout(STOP_S_MAX + 1):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
