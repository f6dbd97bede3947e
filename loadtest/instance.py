"""One `exam up`: begun, begun again when it dies (as a service manager would), and looked at from outside."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
import psutil

from loadtest.minder import Minder
from loadtest.programs import CannotRun, Program, begin

START_S_MAX: Final = 120.0
AGAIN_S: Final = 0.5
POLL_S: Final = 0.05
HEALTH_S: Final = 3.0
LISTENING: Final = "0A"  # of /proc/net/tcp, where those that listen come first


class Health(msgspec.Struct):
    """What a serving process says of itself."""

    ready: bool = False
    database: bool = False
    redis: bool = False


class Instance:
    """`options` of `exam up`; its data folder is `data`. `port` is known once it serves, and kept."""

    def __init__(
        self, number: int, data: Path, options: list[str], environ: Mapping[str, str], minder: Minder, port: int = 0
    ) -> None:
        self.number = number
        self.data = data
        self.port = port
        self._options = options
        self._environ = environ
        self._minder = minder
        self._ready_file = data / "ready.json"
        self._log = data.parent / f"up-{number}.log"
        self._keeper: asyncio.Task[None] | None = None
        self.program: Program | None = None

    async def start(self) -> None:
        """Until it serves; from then on it is kept. Raises CannotRun."""
        await self._begin()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """In order."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self.program is not None:
            await self.program.stop(signal.SIGTERM)

    def serving(self) -> list[int]:
        """The processes that listen on its port now."""
        if self.program is None or not self.port:
            return []
        return [pid for pid in self.family() if _listens(pid, self.port)]

    def family(self) -> list[int]:
        """Its process and all that came of it."""
        assert self.program is not None
        try:
            whole = psutil.Process(self.program.pid)
            return [whole.pid, *(child.pid for child in whole.children(recursive=True))]
        except psutil.NoSuchProcess:
            return []

    async def health(self) -> Health:
        """What one of its processes says; all no when none answers."""
        limit = aiohttp.ClientTimeout(total=HEALTH_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(force_close=True)) as session,
                session.get(f"http://127.0.0.1:{self.port}/api/health") as answer,
            ):
                return msgspec.json.decode(await answer.read(), type=Health)
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError):
            return Health()

    async def _begin(self) -> None:
        self._ready_file.unlink(missing_ok=True)
        where = ["--data", str(self.data), "--port", str(self.port), "--ready-file", str(self._ready_file)]
        command = [sys.executable, "-m", "exam_engine", "up", *where, *self._options]
        self.program = begin(self._minder, f"exam up {self.number}", command, log=self._log, environ=self._environ)
        await self.program.ready(self._ready_file.exists, START_S_MAX)
        told = msgspec.json.decode(self._ready_file.read_bytes(), type=dict[str, object])
        self.port = int(str(told["base_url"]).rpartition(":")[2])

    async def _keep(self) -> None:
        while True:
            assert self.program is not None
            await self.program.ended()
            await asyncio.sleep(AGAIN_S)
            with contextlib.suppress(CannotRun):  # the database may be away just now
                await self._begin()


def _listens(pid: int, port: int) -> bool:
    """Whether this process holds a socket that listens on the port."""
    wanted = {f"socket:[{inode}]" for inode in _listening(port)}
    try:
        with os.scandir(f"/proc/{pid}/fd") as files:
            for file in files:
                with contextlib.suppress(OSError):  # closed meanwhile
                    if Path(file.path).readlink().name in wanted:
                        return True
    except OSError:
        return False
    return False


def _listening(port: int) -> set[str]:
    """The inodes of all sockets that listen on the port, one of each process. Only the table's head is read."""
    found = set()
    with Path("/proc/net/tcp").open(encoding="ascii") as table:
        next(table)
        for line in table:
            _, local, _, state, *rest = line.split()
            if state != LISTENING:
                break
            if int(local.rpartition(":")[2], 16) == port:
                found.add(rest[5])
    return found
