"""Pictures taken during the exam: uploads a second against a bare endpoint that reads as much, and what they cost."""

import asyncio
import contextlib
import json
import statistics
import sys
from typing import NamedTuple

import psutil

from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.house import House
from proctor import store as proctor_store
from tests.bench.populate import DEVICE, people, running, sitting_like
from tests.bench.server import Server

CONNECTIONS = 64
LINE_BYTES_MAX = 64 * 1024 * 1024
HELLO = json.dumps({"type": "hello", "device": DEVICE, "since": 0})

Rows = list[list[str]]
Targets = list[dict[str, str]]


async def captures(server: Server, bare: str, house: House, count: int, seconds: float, rounds: int) -> Rows:
    """`count` candidates send as fast as they are answered, over HTTP and over live sockets, in turn with the bare one.

    Over HTTP nobody has a socket open, as with a paired phone that is the camera.
    """
    sitting_id = await sitting_like(house.pool, "humanities", "bench captures")
    persons = await people(house.pool, count, sitting_id)
    ids = await running(house, sitting_id, [person for person, _ in persons])
    consents = [(person, CONSENT_VERSION, True) for person, _ in persons]
    await house.pool.executemany(proctor_store.ADD_CONSENT, consents)
    who = [
        (f"{server.base}/api/attempts/{attempt_id}", token) for attempt_id, (_, token) in zip(ids, persons, strict=True)
    ]
    ways = {
        "over HTTP": [{"url": f"{url}/captures?device={DEVICE}&why=interval", "token": token} for url, token in who],
        "over the socket": [{"url": f"{url}/live", "token": token, "hello": HELLO} for url, token in who],
    }
    await _sent(server, ways["over HTTP"], 3.0, 0)  # keys and folders of persons are made once
    echoes = list[float]()
    tries: dict[str, list[Try]] = {way: [] for way in ways}
    for number in range(1, rounds + 1):
        echo = await _sent(server, [{"url": bare, "token": ""}], seconds, 0)
        echoes.append(echo.rate)
        for place, way in enumerate(ways):
            tries[way].append(await _sent(server, ways[way], seconds, (2 * number + place) * 1_000_000))
    written = await house.pool.fetchval(
        "SELECT count(*) FROM proctor.captures WHERE attempt_id = ANY ($1::bigint[])", ids
    )
    acknowledged = sum(each.taken for done in tries.values() for each in done)
    refused = sum(each.refused for done in tries.values() for each in done)
    return [
        [f"bare aiohttp that reads a picture of {echo.kilobytes:.0f} KB", _spread(echoes, "/s")],
        *(row for way, done in tries.items() for row in _rows(server, way, done, echoes)),
        ["sent too soon after one's last; acknowledged without a row", f"{refused}; {max(0, acknowledged - written)}"],
    ]


def _rows(server: Server, way: str, done: "list[Try]", echoes: list[float]) -> Rows:
    ratios = [each.rate / echo for each, echo in zip(done, echoes, strict=True)]
    return [
        [
            f"pictures kept {way}, {server.processes} processes, {CONNECTIONS} at once",
            _spread(_all(done, "rate"), "/s"),
        ],
        [f"pictures kept {way} ÷ bare", _spread(ratios, "", 2)],
        *(
            [f"processor time of one {way}, {part}", _spread([each.costs_ms[part] for each in done], "ms", 2)]
            for part in done[0].costs_ms
        ),
        [f"from sending to kept {way}, p99", _spread(_all(done, "wait_ms"), "ms")],
    ]


def _all(done: "list[Try]", figure: str) -> list[float]:
    return [getattr(each, figure) for each in done]


class Try(NamedTuple):
    """What came of sending for some seconds. `costs_ms` of one picture, by who had them; `wait_ms` is the p99."""

    taken: int
    refused: int
    rate: float
    wait_ms: float
    kilobytes: float
    costs_ms: dict[str, float]


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


async def _sent(server: Server, targets: Targets, seconds: float, first: int, per_s: float = 0) -> Try:
    """What a client in a process of its own saw, and what it cost while it was sending."""
    orders: dict[str, object] = {"targets": targets, "seconds": seconds, "first": first, "per_s": per_s}
    orders["connections"] = CONNECTIONS
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.sender",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES_MAX,
    )  # fmt: skip
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(json.dumps(orders).encode() + b"\n")
    await client.stdout.readline()
    before_s = _spent(server)
    client.stdin.write(b"\n")
    figures = json.loads(await client.stdout.readline())
    after_s = _spent(server)
    await client.communicate(b"\n")
    taken = figures["statuses"].get("200", 0)
    return Try(
        taken=taken,
        refused=sum(figures["statuses"].values()) - taken,
        rate=taken / figures["seconds"],
        wait_ms=figures["waits_s"][int(len(figures["waits_s"]) * 0.99) - 1] * 1000,
        kilobytes=figures["bytes"] / 1024,
        costs_ms={part: (after_s[part] - before_s[part]) / max(1, taken) * 1000 for part in after_s},
    )


def _spread(values: list[float], unit: str, digits: int = 0) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} {unit} ({least:,.{digits}f} … {most:,.{digits}f})".replace("  ", " ")
