"""The one client of both sides of the comparison: closed loop over many sockets, one message under way on each.

Run as a process of its own: `python -m tests.bench.client` with its orders as JSON on standard input, the figures
as JSON on standard output. `library` says which client library speaks: websockets (the one our load tests use) or
aiohttp (leaner, so that the server's own cost weighs more in the ratio).
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvloop
import websockets.asyncio.client

LETTERS = "abcd"
Line = tuple[Callable[[str], Awaitable[Any]], Callable[[], Awaitable[str]]]


class Gate:
    """Opens for everybody at once; then tells how long it has been open."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.ready = 0
        self.begin_s = 0.0

    def open(self) -> None:
        """Now."""
        self.begin_s = time.perf_counter()
        self.opened.set()

    def seconds(self) -> float:
        """Since it opened."""
        return time.perf_counter() - self.begin_s


@asynccontextmanager
async def by_aiohttp(http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> AsyncIterator[Line]:
    """A line through aiohttp's client."""
    async with http.ws_connect(url, headers=headers, max_msg_size=0) as socket:
        yield socket.send_str, socket.receive_str


@asynccontextmanager
async def by_websockets(_http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> AsyncIterator[Line]:
    """A line through the websockets library."""
    address = url.replace("http://", "ws://")
    async with websockets.asyncio.client.connect(
        address, additional_headers=headers, compression=None, ping_interval=None
    ) as socket:

        async def receive() -> str:
            return str(await socket.recv())

        yield socket.send, receive


LIBRARIES = {"aiohttp": by_aiohttp, "websockets": by_websockets}


async def talk(http: aiohttp.ClientSession, library: str, target: dict[str, Any], seconds: float, gate: Gate) -> int:
    """One socket: send a message, wait for the answer, again, until the time is up; returns how many."""
    headers = {"Authorization": f"Bearer {target['token']}"} if target.get("token") else {}
    begin = seq = int(target.get("seq", 0))
    async with LIBRARIES[library](http, target["url"], headers) as (send, receive):
        if target.get("hello"):
            await send(target["hello"])
            await receive()
        gate.ready += 1
        await gate.opened.wait()
        while gate.seconds() < seconds:
            seq += 1
            await send(f'{{"type":"answer","seq":{seq},"no":{seq % 50 + 1},"choice":"{LETTERS[seq % 4]}"}}')
            answer = await receive()
            if '"rejected"' in answer or '"bye"' in answer:
                raise RuntimeError(f"unexpected answer: {answer}")
    target["seq"] = seq
    return seq - begin


async def main() -> None:
    """All sockets first, then the gate opens for all."""
    orders = json.loads(sys.stdin.read())
    gate = Gate()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        tasks = [
            asyncio.create_task(talk(http, orders["library"], target, orders["seconds"], gate))
            for target in orders["targets"]
        ]
        while gate.ready < len(tasks):
            await asyncio.sleep(0.05)
            for task in tasks:
                if task.done():
                    task.result()
        begin_cpu_s = time.process_time()
        gate.open()
        counts = await asyncio.gather(*tasks)
        figures = {
            "messages": sum(counts),
            "seconds": gate.seconds(),
            "cpu_s": time.process_time() - begin_cpu_s,
            "seqs": [target.get("seq", 0) for target in orders["targets"]],
        }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    uvloop.run(main())
