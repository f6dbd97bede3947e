"""The one client of both sides of the comparison: closed loop over many sockets, one message under way on each.

Run as a process of its own: `python -m tests.bench.client` with its orders as JSON on standard input, the figures
as JSON on standard output.
"""

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop

LETTERS = "abcd"


async def talk(
    http: aiohttp.ClientSession,
    target: dict[str, Any],
    until_s: float,
    counts: list[int],
    gate: asyncio.Event,
    ready: list[int],
) -> None:
    """One socket: send a message, wait for the answer, again, until the time is up."""
    headers = {"Authorization": f"Bearer {target['token']}"} if target.get("token") else {}
    async with http.ws_connect(target["url"], headers=headers, max_msg_size=0) as socket:
        seq = int(target.get("seq", 0))
        if target.get("hello"):
            await socket.send_str(target["hello"])
            await socket.receive()
        ready.append(1)
        await gate.wait()
        while time.perf_counter() < until_s + gate.begin_s:  # type: ignore[attr-defined]  # set by the starter
            seq += 1
            frame = f'{{"type":"answer","seq":{seq},"no":{seq % 50 + 1},"choice":"{LETTERS[seq % 4]}"}}'
            await socket.send_str(frame)
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT or '"rejected"' in message.data:
                raise RuntimeError(f"unexpected answer: {message}")
            counts[0] += 1
        target["seq"] = seq


async def main() -> None:
    """All sockets first, then the gate opens for all."""
    orders = json.loads(sys.stdin.read())
    counts, ready, gate = [0], [], asyncio.Event()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        tasks = [
            asyncio.create_task(talk(http, target, orders["seconds"], counts, gate, ready))
            for target in orders["targets"]
        ]
        while len(ready) < len(tasks):
            await asyncio.sleep(0.05)
            for task in tasks:
                if task.done():
                    task.result()
        gate.begin_s = time.perf_counter()  # type: ignore[attr-defined]
        begin_cpu_s = time.process_time()
        gate.set()
        await asyncio.gather(*tasks)
        spent_s = time.perf_counter() - gate.begin_s  # type: ignore[attr-defined]
    print(
        json.dumps(
            {
                "messages": counts[0],
                "seconds": spent_s,
                "cpu": time.process_time() - begin_cpu_s,
                "seqs": [t.get("seq", 0) for t in orders["targets"]],
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(main())
