"""Candidates at national pace, in a process of their own: they answer and are heard of, on a clock, till told to stop.

`python -m tests.bench.sitters`: orders as JSON in the first line of standard input; says `ready` when all are
connected, begins with the line after that, ends with the next, and says as JSON which answers it sent when:
[[attempt, version, seconds of the monotonic clock], …].
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import aiohttp
import uvloop

LETTERS = "abcd"
CONNECT_AT_ONCE = 50


class Sitter:
    """One candidate's line."""

    def __init__(self, attempt_id: int, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.attempt_id = attempt_id
        self._socket = socket
        self._seq = 0
        self._sent: dict[int, float] = {}

    async def read(self, sent: list[tuple[int, int, float]]) -> None:
        """Until the line ends."""
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame["type"] in ("rejected", "bye"):
                raise RuntimeError(message.data)
            if frame["type"] == "welcome":
                self._seq = frame["last_seq"]
            if frame["type"] == "ack":
                sent.append((self.attempt_id, frame["version"], self._sent.pop(frame["seq"])))

    async def answer(self) -> None:
        """One answer."""
        self._seq += 1
        self._sent[self._seq] = time.monotonic()
        no, letter = self._seq % 40 + 1, LETTERS[self._seq // 40 % 4]
        await self._socket.send_str(f'{{"type":"answer","seq":{self._seq},"no":{no},"choice":"{letter}"}}')

    async def ping(self) -> None:
        """One heartbeat."""
        await self._socket.send_str('{"type":"ping","have":0}')


async def pace(sitters: list[Sitter], orders: dict[str, Any]) -> None:
    """Open loop: by the clock, whatever the server does."""
    rng = random.Random(1)
    begin_s, answers, pings = time.monotonic(), 0, 0
    while True:
        spent_s = time.monotonic() - begin_s
        for _ in range(int(spent_s * orders["answers_per_s"]) - answers):
            answers += 1
            await rng.choice(sitters).answer()
        for _ in range(int(spent_s * orders["pings_per_s"]) - pings):
            pings += 1
            await rng.choice(sitters).ping()
        await asyncio.sleep(0.01)


async def main() -> None:
    """Connect, wait, answer, stop."""
    loop = asyncio.get_running_loop()
    orders = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    sent: list[tuple[int, int, float]] = []
    gate = asyncio.Semaphore(CONNECT_AT_ONCE)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def connect(attempt_id: int, token: str) -> Sitter:
            async with gate:
                url = f"{orders['base']}/api/attempts/{attempt_id}/live"
                socket = await http.ws_connect(url, headers={"Authorization": f"Bearer {token}"})
                await socket.send_str(orders["hello"])
                return Sitter(attempt_id, socket)

        sitters = await asyncio.gather(*(connect(attempt_id, token) for attempt_id, token in orders["candidates"]))
        work = [loop.create_task(sitter.read(sent)) for sitter in sitters]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await loop.run_in_executor(None, sys.stdin.readline)
        work.append(loop.create_task(pace(sitters, orders)))
        stop = loop.run_in_executor(None, sys.stdin.readline)
        done, _ = await asyncio.wait([*work, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
        sys.stdout.write(json.dumps(sent) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
