"""Who sends pictures: `python -m tests.bench.sender`, orders as JSON on standard input, figures on standard output.

A closed loop over so many connections. Each upload is another picture (a number in a comment), of the next target in
turn, so that nobody's come too close after each other.
"""

import asyncio
import itertools
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop

from tests.proctor.astronaut import frame, jpeg

QUALITY = 85
COMMENT = b"\xff\xfe"


def numbered(picture: bytes, number: int) -> bytes:
    """The same picture with a number hidden in it."""
    text = f"{number:012d}".encode()
    return picture[:2] + COMMENT + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


async def main() -> None:
    """Send until the time is up."""
    orders: dict[str, Any] = json.loads(sys.stdin.read())
    picture = jpeg(frame(), QUALITY)
    turn, waits, statuses = itertools.count(), list[float](), dict[int, int]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()

        async def one() -> None:
            while time.perf_counter() - begun_s < orders["seconds"]:
                number = next(turn)
                target = orders["targets"][number % len(orders["targets"])]
                headers = {"Authorization": f"Bearer {target['token']}", "Content-Type": "image/jpeg"}
                sent_s = time.perf_counter()
                body = numbered(picture, orders["first"] + number)
                async with http.post(target["url"], data=body, headers=headers) as response:
                    await response.read()
                    statuses[response.status] = statuses.get(response.status, 0) + 1
                waits.append(time.perf_counter() - sent_s)

        await asyncio.gather(*(one() for _ in range(orders["connections"])))
        seconds = time.perf_counter() - begun_s
    figures = {
        "statuses": statuses, "seconds": seconds, "waits_s": sorted(waits), "bytes": len(picture),
        "cpu_s": time.process_time() - begun_cpu_s,
    }  # fmt: skip
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    uvloop.run(main())
