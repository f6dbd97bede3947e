"""Many desks on one board at national pace, spread by chance over the serving processes as their candidates are.

`python -m tests.bench.desks --help`. The candidates who answer, the desks and the baseline are processes of their own.
What the board costs is the processor time of the serving processes with the desks less that without them; the baseline
is a bare aiohttp process that sends as many bytes (as packed on the line) as often to as many sockets.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import aiohttp
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from exam_engine import store
from exam_engine.edge.http import hash_token
from exam_engine.house import House
from tests.bench.populate import DEVICE, build, people, running, settings, sitting_like
from tests.bench.server import Server, free_port

ROOMS = 200
ROOMS_HELD = 8
SITTERS = 1000  # of the candidates are connected and answer for all of them
SETTLE_S = 2.0
CHUNK_S = 0.25
HELLO = json.dumps({"type": "hello", "device": DEVICE, "since": 0})
PHOTOGRAPHED = """
INSERT INTO proctor.captures (attempt_id, name, why, at, state, kind, face_count, distance, model)
SELECT id, encode(sha256((id::text || clock_timestamp()::text)::bytea), 'hex'), 'interval', now(), 'seen', 'same', 1,
    0.03, 'bench' FROM unnest($1::bigint[]) AS id
"""
STAFF = """
WITH made AS (INSERT INTO people.persons (name, is_test) SELECT '压测监考', true FROM generate_series(1, $2)
    RETURNING person_id),
accounts AS (INSERT INTO people.accounts (person_id, login, password_hash, role)
    SELECT person_id, 'bench-desk' || person_id, 'none', 'invigilator' FROM made RETURNING account_id)
INSERT INTO exam.sitting_staff SELECT $1, account_id FROM accounts RETURNING account_id
"""


class Helper:
    """A process that is told what to do line by line."""

    def __init__(self, module: str, orders: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.tell(json.dumps(orders))

    def tell(self, line: str) -> None:
        """One line to it."""
        stdin = cast("IO[str]", self._process.stdin)
        stdin.write(line + "\n")
        stdin.flush()

    async def hear(self) -> str:
        """Its next line."""
        stdout = cast("IO[str]", self._process.stdout)
        line = await asyncio.to_thread(stdout.readline)
        if not line:
            raise SystemExit("a helping process ended early")
        return line

    def end(self) -> None:
        """It is not needed any more."""
        self._process.kill()
        self._process.wait(10)


class Spent:
    """Processor seconds of some processes since this was made."""

    def __init__(self, pids: list[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self._begin, self._begin_s = self._now(), time.monotonic()

    def _now(self) -> float:
        times = [process.cpu_times() for process in self._processes]
        return sum(each.user + each.system for each in times)

    def share(self) -> float:
        """Of one core."""
        return (self._now() - self._begin) / (time.monotonic() - self._begin_s)

    def seconds(self) -> float:
        """All of it."""
        return self._now() - self._begin


class Laid(NamedTuple):
    """What is set up: the sitting, (attempt, token) of who answers, all attempts, and (url, token) of the desks."""

    sitting_id: int
    candidates: list[tuple[int, str]]
    attempts: list[int]
    desks: list[tuple[str, str]]


async def laid(house: House, options: argparse.Namespace) -> Laid:
    """Everybody runs, is in a room and has been photographed; half of the desks hold rooms, half see everybody."""
    pool = house.pool
    sitting_id = await sitting_like(pool, "humanities", "压测监考席")
    persons = await people(pool, options.candidates, sitting_id)
    attempts = await running(house, sitting_id, [person_id for person_id, _ in persons])
    await pool.execute(PHOTOGRAPHED, attempts)
    await pool.execute(store.DIVIDE, sitting_id, ROOMS)
    accounts = [row["account_id"] for row in await pool.fetch(STAFF, sitting_id, options.desks)]
    tokens = [secrets.token_urlsafe(32) for _ in accounts]
    await pool.executemany(
        store.ADD_SESSION,
        [(hash_token(t), account, "bearer", 86_400, "bench", "") for t, account in zip(tokens, accounts, strict=True)],
    )
    holders = accounts[::2]
    for number, account in enumerate(holders):
        for n in range(ROOMS_HELD):
            room = (number * ROOMS_HELD + n) % ROOMS + 1
            await pool.execute(store.WATCH_ROOM, sitting_id, room, [account])
    await pool.execute("ANALYZE")
    path = f"/api/desk/sittings/{sitting_id}/live"
    desks = [(path + ("?rooms=mine" if n % 2 == 0 else ""), token) for n, token in enumerate(tokens)]
    candidates = [(a, token) for a, (_, token) in zip(attempts, persons, strict=True)][:SITTERS]
    return Laid(sitting_id, candidates, attempts, desks)


async def photograph(house: House, table: Laid, per_s: float) -> None:
    """Captures at national pace: their rows, and the news of them."""
    rng, begin_s, done = random.Random(2), time.monotonic(), 0
    while True:
        count = int((time.monotonic() - begin_s) * per_s) - done
        some = rng.sample(table.attempts, min(count, len(table.attempts)))
        await house.pool.execute(PHOTOGRAPHED, some)
        for attempt_id in some:
            house.bus.stir(table.sitting_id, attempt_id)
        done += count
        await asyncio.sleep(CHUNK_S)


@contextlib.asynccontextmanager
async def probing(base: str) -> AsyncIterator[list[float]]:
    """How long somebody else waits for something small; each time by a new connection, at either process by chance."""
    waits = [0.0]

    async def ask() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
            while True:
                begun_s = time.perf_counter()
                async with http.get(f"{base}/api/session") as answer:
                    await answer.read()
                waits.append(time.perf_counter() - begun_s)
                await asyncio.sleep(0.02)

    task = asyncio.create_task(ask())
    try:
        yield waits
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def serving(server: Server) -> list[int]:
    """The processes that serve."""
    children = psutil.Process(server.process.pid).children()
    return [child.pid for child in children if "serve-one" in child.cmdline()] or [server.process.pid]


def ages(sent: list[list[float]], seen: list[list[float]], from_s: float, till_s: float) -> tuple[list[float], int]:
    """Seconds from sending an answer to each desk's frame that shows it; and how many no desk was shown."""
    shown: dict[int, dict[int, list[tuple[float, int]]]] = {}
    for desk, attempt, version, at_s in seen:
        shown.setdefault(int(attempt), {}).setdefault(int(desk), []).append((at_s, int(version)))
    found, missing = [], 0
    for attempt, version, at_s in sent:
        if not from_s <= at_s <= till_s:
            continue
        firsts = [
            min((t for t, v in frames if v >= version), default=None) for frames in shown.get(int(attempt), {}).values()
        ]
        found += [first - at_s for first in firsts if first is not None]
        missing += not any(first is not None for first in firsts)
    return found, missing


async def bare(desks: list[tuple[float, float]], per_s: float, seconds: float) -> tuple[float, float]:
    """The baseline's processor seconds for the opening, and its share of a core; `desks`: (first bytes, bytes)."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.same_bytes", str(port)])
    try:
        await asyncio.sleep(1.5)
        spent = Spent([process.pid])
        async with aiohttp.ClientSession() as http:

            async def read(first: float, size: float) -> None:
                url = f"http://127.0.0.1:{port}/?first={int(first)}&bytes={int(size)}&per_s={per_s}"
                async with http.ws_connect(url, max_msg_size=0) as socket:
                    await socket.receive()
                    opened.release()
                    async for _ in socket:
                        pass

            opened = asyncio.Semaphore(0)
            reading = [asyncio.create_task(read(*each)) for each in desks]
            for _ in desks:
                await opened.acquire()
            opening_s, steady = spent.seconds(), Spent([process.pid])
            await asyncio.sleep(seconds)
            share = steady.share()
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
        return opening_s, share
    finally:
        process.kill()
        process.wait(10)


async def measured(server: Server, house: House, options: argparse.Namespace) -> list[tuple[str, str]]:
    """All of it; the rows of the table."""
    table = await laid(house, options)
    pids, seconds = serving(server), options.seconds
    pace = {"answers_per_s": options.answers, "pings_per_s": options.pings}
    orders = {"base": server.base, "hello": HELLO, "candidates": table.candidates, **pace}
    sitters = Helper("tests.bench.sitters", orders)
    desks = Helper("tests.bench.watchers", {"base": server.base, "desks": table.desks})
    photographing = asyncio.create_task(photograph(house, table, options.captures))
    try:
        await sitters.hear()
        sitters.tell("go")
        await asyncio.sleep(SETTLE_S)
        alone = Spent(pids)
        await asyncio.sleep(seconds / 2)
        without = alone.share()
        opening = Spent(pids)
        async with probing(server.base) as opening_waits:
            opened_s = time.monotonic()
            desks.tell("go")
            opened = json.loads(await desks.hear())
            opening_s = opening.seconds()
        await asyncio.sleep(SETTLE_S)
        steady, from_s = Spent(pids), time.monotonic()
        async with probing(server.base) as waits:
            await asyncio.sleep(seconds)
        with_desks, till_s = steady.share(), time.monotonic()
        await asyncio.sleep(SETTLE_S)
        ended_s = time.monotonic()
        desks.tell("stop")
        saw = json.loads(await desks.hear())
        sitters.tell("stop")
        sent = json.loads(await sitters.hear())
    finally:
        photographing.cancel()
        await asyncio.gather(photographing, return_exceptions=True)
        sitters.end()
        desks.end()
    found, missing = ages(sent, saw["seen"], from_s, till_s)
    per_frame = saw["packed_bytes"] / saw["frames"]
    packed = opened["bytes"] * saw["packed_bytes"] / saw["bytes"] / options.desks
    rate = saw["frames"] / sum(ended_s - opened_s - took for took in opened["opened_s"])
    bare_opening_s, bare_share = await bare([(packed, per_frame)] * options.desks, rate, min(seconds, 8))
    first, text, cost = opened["opened_s"], saw["bytes"] / saw["frames"], with_desks - without
    many = f"{options.desks} desks open {options.candidates:,} candidates at once"
    return [
        (
            many,
            f"all after {max(first):.2f} s (median {statistics.median(first):.2f} s); {opened['bytes'] / 1e6:.0f} MB",
        ),
        ("another request waits meanwhile", f"≤ {max(opening_waits) * 1000:.0f} ms"),
        ("processor for opening", f"{opening_s:.2f} s; bare aiohttp, same bytes: {bare_opening_s:.2f} s"),
        (f"answer sent → frame at a desk, {options.answers:.0f}/s", quantiles(found)),
        ("answers no desk was shown", f"{missing} of {len(sent):,}"),
        ("another request waits meanwhile", quantiles(waits)),
        ("frames", f"{rate:.1f}/s at a desk, {text / 1000:.0f} kB of text, {per_frame / 1000:.1f} kB packed"),
        ("serving processes without desks, with", f"{without:.0%} of a core, {with_desks:.0%}"),
        (
            "the desks; bare aiohttp, same bytes",
            f"{cost:.1%}; {bare_share:.1%}: ratio {cost / max(bare_share, 1e-3):.1f}",
        ),
    ]


def quantiles(values: list[float]) -> str:
    """In milliseconds."""
    ordered = sorted(values) or [math.nan]
    parts = [(f"p{n}", ordered[int((len(ordered) - 1) * n / 100)]) for n in (50, 95, 99)] + [("most", ordered[-1])]
    return ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in parts) + f" ({len(values):,})"


async def run(options: argparse.Namespace, data: Path) -> list[tuple[str, str]]:
    """Server up, measure, server down."""
    server = await asyncio.to_thread(Server, data, options.processes)
    try:
        async with build(settings(data), server.database_url, server.redis_url) as house:
            return await measured(server, house, options)
    finally:
        await asyncio.to_thread(server.stop)


async def many_desks(data: Path, candidates: int, seconds: float) -> list[list[str]]:
    """As part of `make bench`, with a server of its own in this folder."""
    data.mkdir(mode=0o711)
    options = read(["--candidates", str(candidates), "--seconds", str(seconds)])
    return [list(row) for row in await run(options, data)]


def read(words: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.desks", description=__doc__)
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--desks", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--answers", type=float, default=280, help="per second")
    parser.add_argument("--pings", type=float, default=330, help="per second")
    parser.add_argument("--captures", type=float, default=83, help="per second")
    return parser.parse_args(words)


def main() -> None:
    """Read the options, run, print."""
    options = read()
    with tempfile.TemporaryDirectory(prefix="exam-desks-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL runs as another user who must pass through
        rows = uvloop.run(run(options, Path(folder)))
    table = Table("figure", "", title=f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for row in rows:
        table.add_row(*row)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
