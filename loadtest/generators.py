"""The generator processes of a run: started, told when to begin, listened to, ended in order."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from loadtest.orders import Done, Orders, Said
from loadtest.outcome import Second

LINE_MAX: Final = 64 * 1024 * 1024  # a second of a busy process with all its buckets
READY_S: Final = 120.0
END_S: Final = 120.0  # after the last second, to say goodbye and write histories

Heard = Callable[[int, Second], None]


class Generator:
    """One process. `seconds` as it told them; `done` its last word, None if it died before."""

    def __init__(self, process: asyncio.subprocess.Process, orders: Orders, heard: Heard) -> None:
        self._process, self.orders, self._heard = process, orders, heard
        self.seconds: list[Second] = []
        self.done: Done | None = None
        self.ready = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def write(self, line: str) -> None:
        """Tell it something; one that has died hears nothing."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(f"{line}\n".encode())

    async def over(self) -> None:
        """Return when it has said its last word, or died."""
        await asyncio.shield(self._listening)
        await self._process.wait()

    async def kill(self) -> None:
        """At once."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = msgspec.json.decode(line, type=Said)
            if said.ready:
                self.ready.set()
            elif said.second is not None:
                self.seconds.append(said.second)
                self._heard(self.orders.process, said.second)
            elif said.done is not None:
                self.done = said.done
        self.ready.set()


class Generators:
    """All of them."""

    def __init__(self, all_: list[Generator]) -> None:
        self.all = all_

    async def ready(self) -> None:
        """Return when all have read their cast. Raises TimeoutError."""
        async with asyncio.timeout(READY_S):
            for each in self.all:
                await each.ready.wait()

    def begin(self, begin_at: float) -> None:
        """The run's second 0 is at this Unix time."""
        for each in self.all:
            each.write(repr(begin_at))

    def end(self) -> None:
        """Whoever still plays is cut off."""
        for each in self.all:
            each.write("end")

    async def over(self) -> None:
        """Return when all have written their histories; desks end with the last physician."""
        players = [each for each in self.all if not each.orders.desks]
        await asyncio.gather(*(each.over() for each in players))
        self.end()
        await asyncio.gather(*(each.over() for each in self.all))

    def dead(self) -> list[Generator]:
        """Who never said a last word."""
        return [each for each in self.all if each.done is None]


@asynccontextmanager
async def generating(orders: list[Orders], heard: Heard) -> AsyncIterator[Generators]:
    """One process for each of these orders; none is left behind."""
    made: list[Generator] = []
    try:
        for each in orders:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "loadtest.worker",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_MAX,
                start_new_session=True,  # Ctrl-C is for the driver: it ends them in order
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            made.append(Generator(process, each, heard))
            made[-1].write(msgspec.json.encode(each).decode())
        yield Generators(made)
    finally:
        await asyncio.gather(*(each.kill() for each in made))
