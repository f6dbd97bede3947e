"""Pictures taken during the exam: uploads a second against a bare endpoint that reads as much, and what they cost."""

import asyncio
import contextlib
import json
import statistics
import sys
from typing import Any

import psutil

from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.house import House
from proctor import store as proctor_store
from tests.bench.populate import DEVICE, people, running, sitting_like
from tests.bench.server import Server

CONNECTIONS = 64

Rows = list[list[str]]


async def captures(server: Server, bare: str, house: House, count: int, seconds: float, rounds: int) -> Rows:
    """`count` candidates send as fast as they are answered, in turn with the bare endpoint."""
    sitting_id = await sitting_like(house.pool, "humanities", "bench captures")
    persons = await people(house.pool, count, sitting_id)
    ids = await running(house, sitting_id, [person for person, _ in persons])
    consents = [(person, CONSENT_VERSION, True) for person, _ in persons]
    await house.pool.executemany(proctor_store.ADD_CONSENT, consents)
    targets = [
        {"url": f"{server.base}/api/attempts/{attempt_id}/captures?device={DEVICE}&why=interval", "token": token}
        for attempt_id, (_, token) in zip(ids, persons, strict=True)
    ]
    await _sent(targets, 3.0, 0)  # keys and folders of persons are made once
    echoes, rates, waits = list[float](), list[float](), list[float]()
    costs: dict[str, list[float]] = {part: [] for part in _spent(server)}
    acknowledged = refused = 0
    for number in range(1, rounds + 1):
        echo = await _sent([{"url": bare, "token": ""}], seconds, 0)
        before_s = _spent(server)
        done = await _sent(targets, seconds, number * 1_000_000)
        taken = done["statuses"].get("200", 0)
        for part, spent_s in _spent(server).items():
            costs[part].append((spent_s - before_s[part]) / taken * 1000)
        echoes.append(echo["statuses"]["200"] / echo["seconds"])
        rates.append(taken / done["seconds"])
        waits.append(done["waits_s"][int(len(done["waits_s"]) * 0.99) - 1] * 1000)
        acknowledged += taken
        refused += sum(done["statuses"].values()) - taken
    written = await house.pool.fetchval(
        "SELECT count(*) FROM proctor.captures WHERE attempt_id = ANY ($1::bigint[])", ids
    )
    missing = acknowledged - written if acknowledged > written else 0
    ratios = [rate / echo for rate, echo in zip(rates, echoes, strict=True)]
    kilobytes = done["bytes"] / 1024
    return [
        [f"bare aiohttp that reads a picture of {kilobytes:.0f} KB", _spread(echoes, "/s")],
        [f"pictures kept, {server.processes} processes, {CONNECTIONS} connections", _spread(rates, "/s")],
        ["pictures kept ÷ bare", _spread(ratios, "", 2)],
        *([f"processor time of one, {part}", _spread(spent, "ms", 2)] for part, spent in costs.items()),
        ["from sending to kept, p99", _spread(waits, "ms")],
        ["sent too soon after one's last; acknowledged without a row", f"{refused}; {missing}"],
    ]


def _spent(server: Server) -> dict[str, float]:
    """Processor seconds so far: of what keeps pictures (goal: under 1 ms for each), and of what looks at some."""
    spent = {"serving": 0.0, "PostgreSQL and Valkey": 0.0, "face models, at some of them": 0.0}
    root = psutil.Process(server.process.pid)
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            command, times = " ".join(process.cmdline()), process.cpu_times()
            looks = "vision_worker" in command
            part = "face models, at some of them" if looks else "PostgreSQL and Valkey"
            spent["serving" if "exam_engine" in command and not looks else part] += times.user + times.system
    return spent


async def _sent(targets: list[dict[str, str]], seconds: float, first: int) -> dict[str, Any]:
    """What a client in a process of its own saw."""
    orders = {"targets": targets, "seconds": seconds, "first": first, "connections": CONNECTIONS}
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.sender",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await client.communicate(json.dumps(orders).encode())
    figures: dict[str, Any] = json.loads(out)
    return figures


def _spread(values: list[float], unit: str, digits: int = 0) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} {unit} ({least:,.{digits}f} … {most:,.{digits}f})".replace("  ", " ")
