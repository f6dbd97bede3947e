"""Who sends pictures: `python -m tests.bench.sender`; a line of JSON on standard input are its orders.

It says that it is ready, waits for a line, sends, says its figures as a line of JSON, and waits for another line: so
the server's cost can be read without that of opening and closing connections.

A closed loop of so many at once, or so many a second whatever becomes of them (`per_s`). Each upload is another picture
(a number in a comment), of the next target in turn, so that nobody's come too close after each other. Targets with a
`hello` have a live socket each, opened beforehand, and their pictures go over it in pieces, as a phone sends them; the
others share connections over HTTP.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import uvloop

from loadtest.carrying import Carrying
from loadtest.words import read_frame
from tests.proctor.astronaut import frame, jpeg

QUALITY = 85
COMMENT = b"\xff\xfe"

Target = dict[str, str]
Send = Callable[[bytes], Awaitable[int]]  # the status of this picture


def numbered(picture: bytes, number: int) -> bytes:
    """The same picture with a number hidden in it."""
    text = f"{number:012d}".encode()
    return picture[:2] + COMMENT + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


def by_http(http: aiohttp.ClientSession, target: Target) -> Send:
    """A request for each."""

    async def send(picture: bytes) -> int:
        headers = {"Authorization": f"Bearer {target['token']}", "Content-Type": "image/jpeg"}
        async with http.post(target["url"], data=picture, headers=headers) as response:
            await response.read()
            return response.status

    return send


async def by_socket(stack: AsyncExitStack, http: aiohttp.ClientSession, target: Target) -> Send:
    """Over a live socket of its own."""
    headers = {"Authorization": f"Bearer {target['token']}"}
    line = await stack.enter_async_context(http.ws_connect(target["url"], headers=headers, max_msg_size=0))
    await line.send_str(target["hello"])
    await line.receive_str()
    numbers = itertools.count(1)

    async def send(picture: bytes) -> int:
        carrying = Carrying(next(numbers), picture, 0, quick=True)
        for piece in carrying.begin():
            await line.send_bytes(piece)
        while not carrying.answer.done():
            carrying.heard(read_frame(await line.receive_str()))
        word = carrying.answer.result()
        return 200 if word.type == "captured" else word.status

    return send


async def main() -> None:
    """Send until the time is up."""
    orders: dict[str, Any] = json.loads(sys.stdin.readline())
    picture = jpeg(frame(), QUALITY)
    turn, waits, statuses = itertools.count(), list[float](), dict[int, int]()
    under_way = list[asyncio.Task[None]]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http, AsyncExitStack() as stack:
        sends = [
            await by_socket(stack, http, target) if "hello" in target else by_http(http, target)
            for target in orders["targets"]
        ]
        say("ready")
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()

        async def one() -> None:
            number = next(turn)
            sent_s = time.perf_counter()
            status = await sends[number % len(sends)](numbered(picture, orders["first"] + number))
            statuses[status] = statuses.get(status, 0) + 1
            waits.append(time.perf_counter() - sent_s)

        async def one_by_one() -> None:
            while time.perf_counter() - begun_s < orders["seconds"]:
                await one()

        if orders["per_s"]:
            for due in range(int(orders["per_s"] * orders["seconds"])):
                await asyncio.sleep(begun_s + due / orders["per_s"] - time.perf_counter())
                under_way.append(asyncio.create_task(one()))
        else:
            under_way += [asyncio.create_task(one_by_one()) for _ in range(orders["connections"])]
        await asyncio.gather(*under_way)
        figures = {
            "statuses": statuses, "seconds": time.perf_counter() - begun_s, "waits_s": sorted(waits),
            "bytes": len(picture), "cpu_s": time.process_time() - begun_cpu_s,
        }  # fmt: skip
        say(json.dumps(figures))


def say(line: str) -> None:
    """Tell who gave the orders, and wait for a word."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    uvloop.run(main())
