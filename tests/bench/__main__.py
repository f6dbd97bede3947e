"""`make bench`: what the engine reaches here and now, against a bare baseline in the same run.

Absolute figures depend on the machine and on what else runs on it; the ratios are what to compare. Every figure is
taken in rounds, baseline and product in turn, and the median is printed with the least and the most.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from rich.console import Console
from rich.table import Table

from exam_engine.house import House
from tests.bench.bell import bell
from tests.bench.captures import captures
from tests.bench.desks import many_desks
from tests.bench.makeup import seats
from tests.bench.papers import certified, papers
from tests.bench.populate import DEVICE, build, people, running, settings, sitting_like
from tests.bench.registration import registration
from tests.bench.scoring import scoring
from tests.bench.server import Server, echo_server
from tests.bench.starts import starts
from tests.bench.statistics import psychometrics
from tests.bench.vision import vision
from tests.bench.wall import wall

PARTS = (
    "papers", "faces", "memory", "answers", "starts", "bell", "captures", "wall", "desks", "registration",
    "psychometrics", "scoring", "makeup",
)  # fmt: skip
HELLO = json.dumps({"type": "hello", "device": DEVICE, "since": 0})
console = Console()


def run_client(library: str, targets: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Rate of the closed-loop client over these targets."""
    orders = json.dumps({"library": library, "targets": targets, "seconds": seconds})
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.client"], input=orders, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


async def answers(server: Server, house: House, count: int, seconds: float, rounds: int) -> list[list[str]]:
    """Acknowledged durable answers through the socket, against a bare echo."""
    sitting_id = await sitting_like(house.pool, "humanities", "bench answers")
    persons = await people(house.pool, count, sitting_id)
    ids = await running(house, sitting_id, [person for person, _ in persons])
    targets = [
        {"url": f"{server.base}/api/attempts/{attempt_id}/live", "token": token, "hello": HELLO, "seq": 0}
        for attempt_id, (_, token) in zip(ids, persons, strict=True)
    ]
    rows: list[list[str]] = []
    with echo_server() as url:
        for library in ("websockets", "aiohttp"):
            echoes, answered, ratios = [], [], []
            for _ in range(rounds):
                echo = await asyncio.to_thread(run_client, library, [{"url": url} for _ in ids], seconds)
                answer = await asyncio.to_thread(run_client, library, targets, seconds)
                for target, seq in zip(targets, answer["seqs"], strict=True):
                    target["seq"] = seq
                echoes.append(echo["messages"] / echo["seconds"])
                answered.append(answer["messages"] / answer["seconds"])
                ratios.append(answered[-1] / echoes[-1])
            rows += [
                [f"bare aiohttp echo, client {library}", _spread(echoes, "messages/s")],
                [f"acknowledged durable answers, client {library}", _spread(answered, "answers/s")],
                [f"answers ÷ echo, client {library} (goal 0.5)", _spread(ratios, "", 3)],
            ]
    written = await house.pool.fetchval(
        "SELECT count(*) FROM exam.journal WHERE attempt_id = ANY ($1::bigint[]) AND kind = 'answered'", ids
    )
    acknowledged = sum(int(str(target["seq"])) for target in targets)
    return [*rows, ["acknowledged but not in the journal", str(acknowledged - written)]]


async def memory(server: Server, house: House, count: int) -> list[list[str]]:
    """Resident memory of the serving process per open attempt with its socket, beyond what it had without."""
    sitting_id = await sitting_like(house.pool, "humanities", "bench memory")
    persons = await people(house.pool, count, sitting_id)
    ids = await running(house, sitting_id, [person for person, _ in persons])
    before = server.rss()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        sockets = []
        for attempt_id, (_, token) in zip(ids, persons, strict=True):
            url = f"{server.base}/api/attempts/{attempt_id}/live"
            line = await http.ws_connect(url, headers={"Authorization": f"Bearer {token}"})
            await line.send_str(HELLO)
            await line.receive()
            sockets.append(line)
        for seq in range(1, 51):
            for line in sockets:
                await line.send_str(f'{{"type":"answer","seq":{seq},"no":{seq},"choice":"b"}}')
            for line in sockets:
                await line.receive()
        after = server.rss()
        for line in sockets:
            await line.close()
    return [
        ["memory per open attempt, 50 answers (goal 30 KB)", f"{(after - before) / count / 1024:.1f} KB ({count} open)"]
    ]


def _spread(values: list[float], unit: str, digits: int = 0) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} {unit} ({least:,.{digits}f} … {most:,.{digits}f})".replace("  ", " ")


async def _against_bare(
    options: argparse.Namespace, wanted: Callable[[str], bool], server: Server, house: House
) -> list[list[str]]:
    rows = []
    with echo_server() as bare:
        if wanted("captures"):
            url = f"{bare}swallow"
            rows += await captures(server, url, house, options.cameras, options.seconds, options.rounds)
        if wanted("registration"):
            rows += await registration(server.base, f"{bare}empty", house, server.database_url, options.files)
    return rows


async def run(options: argparse.Namespace, data: Path) -> list[list[str]]:
    """All of it, or what was asked for, one after the other: nothing else should be running."""

    def wanted(part: str) -> bool:
        if part in options.only:
            console.print(f"{part} …")
        return part in options.only

    alone: dict[str, Callable[[], list[list[str]]]] = {
        "papers": lambda: papers(options.rounds) + certified(),
        "psychometrics": lambda: psychometrics(100_000, 100, options.rounds),
        "scoring": lambda: scoring(100_000, 100, options.rounds),
        "makeup": lambda: seats(10_000, 60, options.rounds),
    }
    rows = [row for part, work in alone.items() if wanted(part) for row in work()]
    if wanted("desks"):
        rows += await many_desks(data / "desks", options.wall, options.seconds * 2)
    if wanted("faces"):
        rows += await vision(options.burst, options.rounds, options.workers)
    server = await asyncio.to_thread(Server, data, options.processes)
    try:
        async with build(settings(data), server.database_url, server.redis_url) as house:
            if wanted("memory"):
                rows += await memory(server, house, options.memory)
            if wanted("answers"):
                rows += await answers(server, house, options.sockets, options.seconds, options.rounds)
            if wanted("starts"):
                rows += await starts(server, house, options.starts, options.over)
            if wanted("bell"):
                rows += await bell(server, house, options.bell)
            if wanted("wall"):
                rows += await wall(server.base, house, options.wall, options.seconds * 2)
            rows += await _against_bare(options, wanted, server, house)
    finally:
        await asyncio.to_thread(server.stop)
    return rows


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--sockets", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=1, help="serving processes")
    parser.add_argument("--starts", type=int, default=2000)
    parser.add_argument("--over", type=float, default=10, help="seconds in which the starts are pressed")
    parser.add_argument("--cameras", type=int, default=2000)
    parser.add_argument("--bell", type=int, default=10_000)
    parser.add_argument("--burst", type=int, default=500)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--wall", type=int, default=10_000)
    parser.add_argument("--memory", type=int, default=1000)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="exam-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL runs as another user who must pass through
        rows = uvloop.run(run(options, Path(folder)))
    table = Table("figure", "median (least … most)", title=f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for row in rows:
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
