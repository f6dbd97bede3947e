"""The synchronised start: how long from 【去考试】 to the paper, and what one start costs the server."""

import asyncio
import json
import statistics
import sys
from typing import Any

from exam_engine.house import House
from tests.bench.populate import people, running, sitting_like
from tests.bench.server import Server

Rows = list[list[str]]


async def starts(server: Server, house: House, count: int, over_s: float) -> Rows:
    """`count` physicians who are ready press evenly over `over_s`, in each way there is."""
    rows: Rows = []
    for line in ("socket", "asking", "http"):
        sitting_id = await sitting_like(house.pool, "humanities", f"bench starts {line}")
        persons = await people(house.pool, count, sitting_id)
        ids = await running(house, sitting_id, [person for person, _ in persons], start=False)
        targets = [{"attempt_id": a, "token": token} for a, (_, token) in zip(ids, persons, strict=True)]
        orders = {"base": server.base, "line": line, "over_s": over_s, "targets": targets}
        rows += _told(await _pressed(server, orders), line, server.processes)
    return rows


async def _pressed(server: Server, orders: dict[str, Any]) -> dict[str, Any]:
    """What the people of these orders saw, and the processor seconds the server spent on it."""
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.starter",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**26,
    )  # fmt: skip
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(json.dumps(orders).encode() + b"\n")
    if await client.stdout.readline() != b"open\n":
        raise SystemExit("not everybody's page could be opened")
    await asyncio.sleep(1)  # what opening the pages left to do
    before_s = server.cpu_s()
    client.stdin.write(b"press\n")
    figures: dict[str, Any] = json.loads(await client.stdout.readline())
    spent_s = server.cpu_s() - before_s
    await client.wait()
    return figures | {"server_s": spent_s, "over_s": orders["over_s"]}


def _told(figures: dict[str, Any], line: str, processes: int) -> Rows:
    waits = sorted(wait_s * 1000 for wait_s in figures["done_s"])
    count = len(waits)
    p99, name = waits[int(count * 0.99) - 1], f"{count:,} starts in {figures['over_s']:g} s over {line}"
    return [
        [
            f"{name}, {processes} processes: from the button to the paper (goal p99 1 s)",
            f"p50 {statistics.median(waits):,.0f} ms, p99 {p99:,.0f} ms, max {waits[-1]:,.0f} ms",
        ],
        [
            f"{name}: processor time of a start with its paper ({figures['paper_bytes'] / 1024:.1f} KB)",
            f"server {figures['server_s'] / count * 1000:.2f} ms, client {figures['cpu_s'] / count * 1000:.2f} ms",
        ],
    ]
