"""Desks in a process of their own: all open their board at the same moment, then note when they see what.

`python -m tests.bench.watchers`: orders as JSON in the first line of standard input; opens the boards with the line
after that and says as JSON how long each took; watches till the next line and says as JSON what it saw:
{"seen": [[desk, attempt, version, seconds of the monotonic clock], …], "frames", "bytes", "packed_bytes"}.
The bytes are those of the texts; packed: as the line has them, from every tenth.
"""

import asyncio
import json
import re
import sys
import time
import zlib
from typing import Any

import aiohttp
import uvloop

TILE = re.compile(r'"attempt_id":(\d+),[^\[]*?"version":(\d+),')
SAMPLED = 10


class Desk:
    """One board's socket."""

    def __init__(self, number: int, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.number = number
        self._socket = socket
        self.seen: list[tuple[int, int, int, float]] = []
        self.frames = self.bytes = 0
        self.packed = [0, 0]  # of the sampled: bytes before and after

    async def first(self) -> int:
        """Until the whole board is there: its bytes."""
        size = 0
        while True:
            text = (await self._socket.receive()).data
            size += len(text)
            if text.startswith('{"type":"board"'):
                return size

    async def watch(self) -> None:
        """Note what changes."""
        async for message in self._socket:
            now_s, text = time.monotonic(), message.data
            if not text.startswith('{"type":"tiles"'):
                raise RuntimeError(f"desk {self.number}: {text[:100]}")
            self.frames += 1
            self.bytes += len(text)
            if self.frames % SAMPLED == 0:
                self.packed[0] += len(text)
                self.packed[1] += len(zlib.compress(text.encode(), 1))
            self.seen += [(self.number, int(a), int(v), now_s) for a, v in TILE.findall(text)]


async def main() -> None:
    """Open, watch, stop."""
    loop = asyncio.get_running_loop()
    orders = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as http:
        await loop.run_in_executor(None, sys.stdin.readline)
        begin_s = time.monotonic()

        async def open_board(number: int, url: str, token: str) -> tuple[Desk, float, int]:
            headers = {"Authorization": f"Bearer {token}"}
            socket = await http.ws_connect(orders["base"] + url, headers=headers, compress=15, max_msg_size=0)
            desk = Desk(number, socket)
            size = await desk.first()
            return desk, time.monotonic() - begin_s, size

        opened = await asyncio.gather(*(open_board(n, url, token) for n, (url, token) in enumerate(orders["desks"])))
        desks = [desk for desk, _, _ in opened]
        say({"opened_s": [took for _, took, _ in opened], "bytes": sum(size for _, _, size in opened)})
        watching = [loop.create_task(desk.watch()) for desk in desks]
        stop = loop.run_in_executor(None, sys.stdin.readline)
        done, _ = await asyncio.wait([*watching, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
        say(found(desks))


def found(desks: list[Desk]) -> dict[str, Any]:
    """What all of them saw."""
    whole = sum(desk.bytes for desk in desks)
    before, after = (sum(desk.packed[n] for desk in desks) for n in (0, 1))
    return {
        "seen": [each for desk in desks for each in desk.seen],
        "frames": sum(desk.frames for desk in desks),
        "bytes": whole,
        "packed_bytes": whole * after // max(1, before),
    }


def say(fact: dict[str, Any]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
