"""`make bench`: what the engine reaches here and now, against a bare baseline in the same run.

Absolute figures depend on the machine and on what else runs on it; the ratios are what to compare. Every figure is
taken in rounds, baseline and product in turn, and the median is printed with the least and the most.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from exam_engine.house import House
from tests.bench.makeup import seats
from tests.bench.papers import certified, papers
from tests.bench.populate import DEVICE, build, people, running, settings, sitting_like
from tests.bench.registration import registration
from tests.bench.scoring import scoring
from tests.bench.statistics import psychometrics
from tests.bench.vision import vision
from tests.bench.wall import wall

PARTS = (
    "papers", "faces", "memory", "answers", "starts", "bell", "wall", "registration", "psychometrics", "scoring",
    "makeup",
)  # fmt: skip
HELLO = json.dumps({"type": "hello", "device": DEVICE, "since": 0})
console = Console()


class Server:
    """A real `exam up --demo` in a process of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        ready = data / "ready.json"
        command = [sys.executable, "-m", "exam_engine", "up", "--demo", "--data", str(data), "--port", str(self.port)]
        self.process = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=subprocess.DEVNULL)
        while not ready.exists():
            if self.process.poll() is not None:
                raise SystemExit("exam up did not start")
            time.sleep(0.1)
        run = json.loads((data / "run.json").read_text())
        self.database_url, self.redis_url = run["database_url"], run["redis_url"]

    def stop(self) -> None:
        """As a person would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def rss(self) -> int:
        """Resident bytes of the serving process."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


@contextlib.contextmanager
def echo_server() -> Iterator[str]:
    """The baseline."""
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.echo", str(port)])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


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


async def starts(server: Server, house: House, count: int) -> list[list[str]]:
    """【去考试】 and the paper over HTTP, by people who are ready."""
    sitting_id = await sitting_like(house.pool, "humanities", "bench starts")
    persons = await people(house.pool, count, sitting_id)
    ids = await running(house, sitting_id, [person for person, _ in persons], start=False)
    gate = asyncio.Semaphore(64)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def one(attempt_id: int, token: str) -> None:
            headers = {"Authorization": f"Bearer {token}"}
            base = f"{server.base}/api/attempts/{attempt_id}"
            body = {"device": DEVICE, "commands": [{"type": "start"}]}
            async with gate:
                async with http.post(f"{base}/commands", json=body, headers=headers) as response:
                    assert response.status == 200
                async with http.get(f"{base}/paper?device={DEVICE}", headers=headers) as response:
                    assert response.status == 200
                    await response.read()

        begin_s = time.perf_counter()
        await asyncio.gather(*(one(a, token) for a, (_, token) in zip(ids, persons, strict=True)))
        spent_s = time.perf_counter() - begin_s
    return [["starts, each with its paper", f"{count / spent_s:,.0f} /s ({count} people)"]]


async def bell(house: House, count: int) -> list[list[str]]:
    """One bell for many attempts with no client alive: from deadline + grace to final, as the database sees it."""
    seconds = max(30, count // 60)
    sitting_id = await sitting_like(house.pool, "humanities", "bench bell", seconds)
    persons = await people(house.pool, count, sitting_id)
    ids = await running(house, sitting_id, [person for person, _ in persons])
    due_at = await house.pool.fetchval("SELECT max(next_check_at) FROM exam.attempts WHERE sitting_id = $1", sitting_id)
    left_s = (due_at - house.clock.now()).total_seconds()
    if left_s < 2:
        raise SystemExit("this machine was too slow to set the bell's table: try fewer attempts")
    await asyncio.sleep(left_s - 0.5)
    final: dict[str, float] = {}
    while len(final) < 3:
        row = await house.pool.fetchrow(
            """SELECT count(*) FILTER (WHERE phase = 'running') AS running,
                      count(*) FILTER (WHERE phase = 'marked') AS marked, clock_timestamp() AS at
               FROM exam.attempts WHERE sitting_id = $1""",
            sitting_id,
        )
        assert row is not None
        late_s = (row["at"] - due_at).total_seconds()
        if row["running"] <= len(ids) // 1000:
            final.setdefault("99.9 %", late_s)
        if row["running"] == 0:
            final.setdefault("all", late_s)
        if row["marked"] == len(ids):
            final.setdefault("marked", late_s)
        await asyncio.sleep(0.02)
    return [
        [f"bell of {count:,}: 99.9 % final", f"{final['99.9 %']:.2f} s after deadline + grace"],
        [f"bell of {count:,}: all final", f"{final['all']:.2f} s"],
        [f"bell of {count:,}: all marked", f"{final['marked']:.2f} s"],
    ]


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
    if wanted("faces"):
        rows += await vision(options.burst, options.rounds, options.workers)
    server = await asyncio.to_thread(Server, data)
    try:
        async with build(settings(data), server.database_url, server.redis_url) as house:
            if wanted("memory"):
                rows += await memory(server, house, options.memory)
            if wanted("answers"):
                rows += await answers(server, house, options.sockets, options.seconds, options.rounds)
            if wanted("starts"):
                rows += await starts(server, house, options.starts)
            if wanted("bell"):
                rows += await bell(house, options.bell)
            if wanted("wall"):
                rows += await wall(server.base, house, options.wall, options.seconds * 2)
            if wanted("registration"):
                with echo_server() as bare:
                    rows += await registration(server.base, f"{bare}empty", house, server.database_url, options.files)
    finally:
        await asyncio.to_thread(server.stop)
    return rows


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--sockets", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--starts", type=int, default=1000)
    parser.add_argument("--bell", type=int, default=5000)
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
