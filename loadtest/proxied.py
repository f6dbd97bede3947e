"""The proxy's handle in the load test: its process, and what it is told."""

import asyncio
import sys
from pathlib import Path

import msgspec

from loadtest.link import Figures
from loadtest.programs import CannotRun
from loadtest.proxy import Order


class Proxied:
    """Use `start`, then `order`; orders of several tasks wait for one another."""

    def __init__(self, log: Path, seed: int, port: int = 0) -> None:
        self._log = log
        self._seed = seed
        self._asking = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self.port = port

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Until it listens. Raises CannotRun. It ends by itself when we do."""
        command = [sys.executable, "-m", "loadtest.proxy", "--port", str(self.port), "--seed", str(self._seed)]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.port = msgspec.json.decode(await self._said(), type=dict[str, int])["port"]

    async def order(self, order: Order) -> Figures:
        """Have it done; returns the proxy's figures after it. Raises CannotRun."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._asking:
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            return msgspec.json.decode(await self._said(), type=Figures)

    async def stop(self) -> None:
        """Everybody is cut off."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    async def _said(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise CannotRun(f"the proxy ended: {self._log.read_text(encoding='utf-8')[-600:]}")
        return line
