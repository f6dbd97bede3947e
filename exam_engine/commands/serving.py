"""The serving processes: one in here, or several children that share the port.

A child and its parent hold the two ends of a line (the child's is its standard input). The child says on it that it
is warm (everything is loaded), is told to serve, and says that it is ready; the end of the line tells it to stop. The
line ends when the parent wants to stop, and just as well when the parent is killed: no child outlives it.

One more child than serve is kept warm. Loading takes a core more than a second, and several when the others are busy:
that long nobody should wait whose process was killed.
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
from exam_engine.journal import DATABASE_AWAY
from exam_engine.settings import CannotStart, ExitCode, Settings

STOP_S_MAX = 10  # for serving to end by itself; it promises five
PAUSE_S = 0.25  # before a child is started again; doubled each time
PAUSE_S_MAX = 30
STEADY_S = 10  # a child that lived this long starts again with the short pause: it did not die of its start
PATIENCE_S = 30  # of a child that can't reach the servers of the data at its start
AGAIN_S = 0.25
WARM = b"w"
SERVE = b"s"
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
    spare = _Spare(command, environ)
    places = [_Place(spare) for _ in range(count)]
    try:
        await asyncio.gather(*(place.begin() for place in places))
        on_ready()
        spare.prepare()
        keepers = [asyncio.create_task(place.keep()) for place in places]
        await stop.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
    finally:
        await asyncio.gather(spare.end(), *(place.end() for place in places))


async def serve_one(settings: Settings, application: Application) -> None:
    """Be a child: once told to, serve on the shared port until the line on standard input ends."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    stop, begin = asyncio.Event(), asyncio.Event()

    def end() -> None:
        stop.set()
        begin.set()

    # A Ctrl-C is the parent's to hear; a service manager may well send SIGTERM to every process of ours.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=0))

    async def listen() -> None:
        with suppress(ConnectionError):
            if await reader.read(1) == SERVE:
                begin.set()
                await reader.read()
        end()

    listener = asyncio.create_task(listen())
    writer.write(WARM)
    await begin.wait()
    if not stop.is_set():
        await _serve_patiently(settings, application, stop, lambda: writer.write(READY))
    listener.cancel()
    writer.close()


async def _serve_patiently(
    settings: Settings, application: Application, stop: asyncio.Event, on_ready: Callable[[], None]
) -> None:
    """Serve; while the database or Redis is away just now, try again: to die and to load anew would take longer."""
    loop = asyncio.get_running_loop()
    patient_until = loop.time() + PATIENCE_S
    started = False

    def when_ready() -> None:
        nonlocal started
        started = True
        on_ready()

    while True:
        assert settings.database_url is not None
        assert settings.redis_url is not None
        try:
            with bind(settings.host, settings.port) as sock:
                serving = application.serve(settings, settings.database_url, settings.redis_url, sock, stop, when_ready)
                await serve_here(serving, stop)
        except (*DATABASE_AWAY, CannotStart) as problem:
            lasting = isinstance(problem, CannotStart) and problem.exit_code != ExitCode.UNREACHABLE
            if started or lasting or stop.is_set() or loop.time() > patient_until:
                raise
            log.warning("serving_waits", reason=f"{type(problem).__name__}: {problem}")
            await asyncio.sleep(AGAIN_S)
        else:
            return


class _Child:
    """A process that has started, and our end of its line."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, line: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self._reader = reader
        self._line: asyncio.StreamWriter | None = line

    @classmethod
    async def start(cls, command: Sequence[str], environ: dict[str, str]) -> "_Child":
        """Start one and wait until it is warm; raises `CannotStart` when it ends instead."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours)
            process = await asyncio.create_subprocess_exec(
                *command, stdin=theirs.fileno(), env=environ, start_new_session=True
            )
        child = cls(process, reader, writer)
        try:
            await child._says(WARM)
        except asyncio.CancelledError:  # it is still loading and does not listen: it has nothing to close either
            process.kill()
            await process.wait()
            raise
        return child

    async def serve(self) -> None:
        """Let it serve, and wait until it does; raises `CannotStart` when it ends instead."""
        if self._line is not None:
            self._line.write(SERVE)
        await self._says(READY)

    async def end(self) -> None:
        """End the line, and the child if it does not take the hint."""
        self.hang_up()
        try:
            async with asyncio.timeout(STOP_S_MAX + 1):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def hang_up(self) -> None:
        """End the line."""
        if self._line is not None:
            self._line.close()
            self._line = None

    async def _says(self, word: bytes) -> None:
        try:
            said = await self._reader.read(1)
        except ConnectionError:
            said = b""
        if said != word:
            self.hang_up()
            code = await self.process.wait()
            raise CannotStart(f"a serving process ended at its start with exit code {code}", ExitCode.FAILED)


class _Spare:
    """A warm child in waiting: the place of one that dies is taken in a moment, and not after seconds of loading."""

    def __init__(self, command: Sequence[str], environ: dict[str, str]) -> None:
        self._command = command
        self._environ = environ
        self._waiting: asyncio.Task[_Child] | None = None

    def prepare(self) -> None:
        """Have one, if there is none."""
        if self._waiting is None:
            self._waiting = asyncio.create_task(_Child.start(self._command, self._environ))

    async def take(self) -> _Child:
        """The child in waiting, or else a new one. Raises `CannotStart`."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            with suppress(CannotStart):
                child = await waiting
                if child.process.returncode is None:
                    return child
                child.hang_up()
        return await _Child.start(self._command, self._environ)

    async def end(self) -> None:
        """Nobody is needed any more."""
        if self._waiting is not None:
            self._waiting.cancel()
            with suppress(CannotStart, asyncio.CancelledError):
                await (await self._waiting).end()


class _Place:
    """One place among the serving processes, and the child that holds it now."""

    def __init__(self, spare: _Spare) -> None:
        self._spare = spare
        self._child: _Child | None = None

    async def begin(self) -> None:
        """Have a child serve; raises `CannotStart` when it ends instead."""
        self._child = await self._spare.take()
        await self._child.serve()

    async def keep(self) -> None:
        """Have a new child serve whenever one dies, for ever; slower and slower when they die at once."""
        loop = asyncio.get_running_loop()
        pause_s = PAUSE_S
        while True:
            assert self._child is not None
            began_at = loop.time()
            code = await self._child.process.wait()
            pause_s = PAUSE_S if loop.time() - began_at > STEADY_S else min(pause_s * 2, PAUSE_S_MAX)
            log.error("serving_process_died", pid=self._child.process.pid, exit_code=code, next_in_s=pause_s)
            self._child.hang_up()
            await asyncio.sleep(pause_s)
            with suppress(CannotStart):
                await self.begin()
            self._spare.prepare()

    async def end(self) -> None:
        """End the child."""
        if self._child is not None:
            await self._child.end()
