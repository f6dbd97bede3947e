"""The wall at ten thousand candidates: how long it takes to open, and how old what it shows is."""

import asyncio
import json
import random
import statistics
import time
from typing import Any

import aiohttp

from exam_engine.house import House
from exam_engine.messages import Answer
from exam_engine.service import Known
from tests.bench.populate import DEVICE, people, running, sitting_like

ANSWERS = 40  # of each candidate before the wall is opened
BATCH = 200
WATCHERS = 5
ACTIVE = 1000  # of them answer while the desks look on
EVENTS_PER_S = 280  # 10,000 candidates, an answer each 36 s
SEEN = """
INSERT INTO proctor.captures (attempt_id, name, why, at, state, kind, face_count, distance, model)
SELECT id, encode(sha256(id::text::bytea), 'hex'), 'interval', now(), 'seen', 'same', 1, 0.03, 'bench'
FROM unnest($1::bigint[]) AS id
"""
FLAGGED = """
INSERT INTO proctor.incidents (attempt_id, rule, ordinal, level, at, done)
SELECT id, 'left_page', 1, 1, now(), true FROM unnest($1::bigint[]) AS id
"""


async def wall(base: str, house: House, count: int, seconds: float) -> list[list[str]]:
    """Open the wall of `count` running candidates from several desks, then let them answer at national pace."""
    pool = house.pool
    sitting_id = await sitting_like(pool, "humanities", "压测监考墙")
    persons = await people(pool, count, sitting_id)
    attempts = await running(house, sitting_id, [person_id for person_id, _ in persons])
    await _answered(house, attempts)
    await pool.execute(SEEN, attempts)
    await pool.execute(FLAGGED, attempts[: count // 50])
    await pool.execute("ANALYZE")
    await pool.execute(
        """INSERT INTO exam.sitting_staff SELECT $1, account_id FROM people.accounts
           WHERE login IN ('invigilator', 'chief')""",
        sitting_id,
    )
    token = await _log_in(base)
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        first_s, megabytes, stall_ms = await _open(http, base, sitting_id)
        ages, stalls = await _watch(http, base, sitting_id, house, attempts, seconds)
    p50, p99 = statistics.median(ages), sorted(ages)[int(len(ages) * 0.99) - 1]
    return [
        [f"wall of {count}: first open", f"{first_s:.1f} s, {megabytes:.1f} MB; a request waited ≤ {stall_ms:.0f} ms"],
        [
            f"wall of {count}: event to {WATCHERS} desks at {EVENTS_PER_S}/s",
            f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms; a request waited ≤ {max(stalls) * 1000:.0f} ms",
        ],
    ]


async def _answered(house: House, attempts: list[int]) -> None:
    commands = [Answer(seq=n, no=n, choice="a") for n in range(1, ANSWERS + 1)]
    for start in range(0, len(attempts), BATCH):
        chunk = attempts[start : start + BATCH]
        await asyncio.gather(*(house.service.handle_all(each, commands, device=DEVICE) for each in chunk))


async def _log_in(base: str) -> str:
    body = {"login": "chief", "password": "Kaohe-2026", "bearer": True}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{base}/api/session", json=body, headers={"X-Exam": "1"}) as r,
    ):
        return str((await r.json())["token"])


async def _open(http: aiohttp.ClientSession, base: str, sitting_id: int) -> tuple[float, float, float]:
    """Seconds until the whole wall is there, its megabytes, and how long another request waited meanwhile at most."""
    waits = [0.0]
    probing = asyncio.create_task(_probe(http, base, waits))
    begun = time.perf_counter()
    async with http.ws_connect(f"{base}/api/desk/sittings/{sitting_id}/live", max_msg_size=0) as socket:
        parts = [(await socket.receive(300)).data]
        while not parts[-1].startswith('{"type":"board"'):  # the last part has another name
            parts.append((await socket.receive(300)).data)
        took = time.perf_counter() - begun
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    return took, sum(len(part) for part in parts) / 1e6, max(waits) * 1000


async def _probe(http: aiohttp.ClientSession, base: str, waits: list[float]) -> None:
    """Ask for something small all the time: a server whose loop is busy keeps it waiting."""
    while True:
        begun = time.perf_counter()
        async with http.get(f"{base}/api/session") as answer:
            await answer.read()
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(0.02)


async def _watch(
    http: aiohttp.ClientSession, base: str, sitting_id: int, house: House, attempts: list[int], seconds: float
) -> tuple[list[float], list[float]]:
    """Ages of what the desks were shown: from the commit to the frame."""
    done_at: dict[tuple[int, int], float] = {}
    ages: list[float] = []

    async def desk(*, reads: bool) -> None:
        async with http.ws_connect(f"{base}/api/desk/sittings/{sitting_id}/live", max_msg_size=0) as socket:
            async for message in socket:
                now = time.perf_counter()
                if not reads or not message.data.startswith('{"type":"tiles"'):
                    continue
                frame: dict[str, Any] = json.loads(message.data)
                for tile in frame["tiles"]:
                    told_at = done_at.pop((tile["attempt_id"], tile["version"]), None)
                    if told_at is not None:
                        ages.append(now - told_at)

    # Those who answer are held in memory here, so that this process has time for its clock.
    active = attempts[:ACTIVE]
    held = [await house.service.hold(attempt_id) for attempt_id in active]
    desks = [asyncio.create_task(desk(reads=number == 0)) for number in range(WATCHERS)]
    await asyncio.sleep(5)
    waits = [0.0]
    probing = asyncio.create_task(_probe(http, base, waits))
    rng, end = random.Random(1), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        for known in rng.sample(held, EVENTS_PER_S // 20):
            house.later(_one(house, known, done_at))
        await asyncio.sleep(max(0.0, 0.05 - (time.perf_counter() - begun)))
    await asyncio.sleep(2)
    for task in (*desks, probing):
        task.cancel()
    await asyncio.gather(*desks, probing, return_exceptions=True)
    for known in held:
        house.service.let_go(known)
    return ages, waits


async def _one(house: House, known: Known, done_at: dict[tuple[int, int], float]) -> None:
    command = Answer(seq=known.attempt.last_seq + 1, no=1, choice="b")
    result = await house.service.handle(known.attempt_id, command, device=DEVICE)
    done_at[known.attempt_id, result.version] = time.perf_counter()
