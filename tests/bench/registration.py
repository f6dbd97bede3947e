"""The desks of registration: how fast queues, searches, figures and decisions answer, against a bare baseline.

Each figure is taken in turn with the baseline: a SELECT of as many files as a page has, by primary key, and an HTTP
endpoint that does nothing. The ratios are what to compare between machines.
"""

import asyncio
import contextlib
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import asyncpg

from exam_engine import demo
from exam_engine.commands.demo import write_files
from exam_engine.house import House
from exam_engine.registration.review_store import PAGE

ROUNDS = 100
DEEP_PAGE = 200
AT_ONCE = 8
DECISIONS_MAX = 300
STATISTICS_ROUNDS = 20
BARE = "SELECT * FROM reg.files WHERE file_id = ANY ($1::bigint[])"
Timed = Callable[[], Awaitable[object]]


async def registration(base: str, bare: str, house: House, database_url: str, count: int) -> list[list[str]]:
    """Seed `count` physicians with their files, then look at them as their desks do and decide some."""
    await _seed(database_url, count)
    files: list[int] = [row[0] for row in await house.pool.fetch("SELECT file_id FROM reg.files")]
    async with _desk(base, "province") as province, _desk(base, "institution") as institution:
        rows = await _looking(base, bare, house, province, files)
        rows += await _statistics(base, province)
        rows += await _deciding(base, institution)
    return [[f"registration, {len(files):,} files: {name}", said] for name, said in rows]


async def _seed(database_url: str, count: int) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await write_files(connection, count, lambda _: None), "the database is new"
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _desk(base: str, login: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        body = {"login": login, "password": demo.PASSWORD, "bearer": True}
        async with http.post(f"{base}/api/session", json=body, headers={"X-Exam": "1"}) as answer:
            answer.raise_for_status()
            http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
        yield http


async def _read(http: aiohttp.ClientSession, url: str) -> Any:
    async with http.get(url) as answer:
        answer.raise_for_status()
        return await answer.json() if answer.content_type == "application/json" else await answer.read()


async def _post(http: aiohttp.ClientSession, url: str, body: object = None) -> Any:
    async with http.post(url, json=body) as answer:
        answer.raise_for_status()
        return await answer.json()


# --- looking -----------------------------------------------------------------------------------------------------


async def _looking(
    base: str, bare: str, house: House, http: aiohttp.ClientSession, files: list[int]
) -> list[tuple[str, str]]:
    rng, queue = random.Random(1), f"{base}/api/desk/reviews"
    page, after = await _deep(http, queue)
    somebody = await house.pool.fetchval("SELECT id_number FROM reg.files ORDER BY file_id DESC LIMIT 1")
    asked = {
        "queue, first page": queue,
        f"queue, page {page} by key": f"{queue}?after={after}",
        "search by name": f"{queue}?q=测试安博",
        "search by last digits": f"{queue}?q={somebody[-5:]}",
        "search by flag": f"{queue}?flag=warnings",
        "counts": f"{queue}/counts",
    }

    def select() -> Awaitable[object]:
        return house.pool.fetch(BARE, rng.sample(files, min(PAGE, len(files))))

    rows: list[tuple[str, str]] = []
    for name, url in asked.items():
        product, row, nothing = await _in_turn(lambda url=url: _read(http, url), select, lambda: _read(http, bare))  # type: ignore[misc]
        ratios = [statistics.median(product) / statistics.median(each) for each in (row, nothing)]
        rows.append((name, f"{_spread(product)}; {ratios[0]:.1f} × bare SELECT, {ratios[1]:.1f} × empty endpoint"))
    return [("bare SELECT of a page", _spread(row)), ("empty endpoint", _spread(nothing)), *rows]


async def _deep(http: aiohttp.ClientSession, queue: str) -> tuple[int, str]:
    """A page far down, or the last: its number and the key it begins after."""
    page, after = 1, ""
    found = (await _read(http, queue))["next"]
    while found is not None and page < DEEP_PAGE:
        page, after = page + 1, found
        found = (await _read(http, f"{queue}?after={after}"))["next"]
    return page, after


async def _in_turn(*works: Timed) -> list[list[float]]:
    """Milliseconds of each, one after the other in every round; the first round of all is for what is cold."""
    spent: list[list[float]] = [[] for _ in works]
    for each in range(ROUNDS + 1):
        for work, times in zip(works, spent, strict=True):
            took_ms = await _ms(work)
            if each:
                times.append(took_ms)
    return spent


async def _ms(work: Timed) -> float:
    begun = time.perf_counter()
    await work()
    return (time.perf_counter() - begun) * 1000


def _spread(times: list[float]) -> str:
    return f"p50 {statistics.median(times):.1f} ms, p99 {sorted(times)[int(len(times) * 0.99) - 1]:.1f} ms"


async def _statistics(base: str, http: aiohttp.ClientSession) -> list[tuple[str, str]]:
    def ask() -> Awaitable[object]:
        return _read(http, f"{base}/api/desk/statistics")

    first_ms = await _ms(ask)
    kept = [await _ms(ask) for _ in range(STATISTICS_ROUNDS)]
    return [("statistics of a province", f"counted {first_ms:.0f} ms, kept {_spread(kept)}")]


# --- deciding ----------------------------------------------------------------------------------------------------


async def _deciding(base: str, http: aiohttp.ClientSession) -> list[tuple[str, str]]:
    """Profiles that wait at the first level, opened and approved: by one reviewer after the other, and at once."""
    waiting: list[int] = []
    url = f"{base}/api/desk/reviews?mine=1&subject=profile"
    page = await _read(http, url)
    while True:
        waiting += [row["file_id"] for row in page["rows"]]
        if page["next"] is None or len(waiting) >= DECISIONS_MAX:
            break
        page = await _read(http, f"{url}&after={page['next']}")

    async def decide(some: list[int]) -> None:
        for file_id in some:
            detail = await _post(http, f"{base}/api/desk/reviews/{file_id}/open")
            body = {"version": detail["row"]["version"], "act": "approve"}
            await _post(http, f"{base}/api/desk/reviews/{file_id}/decide", body)

    half = len(waiting) // 2
    alone, together = waiting[:half], waiting[half:]
    alone_ms = await _ms(lambda: decide(alone))
    lots = [together[n::AT_ONCE] for n in range(AT_ONCE)]
    together_ms = await _ms(lambda: asyncio.gather(*map(decide, lots)))
    return [
        ("opened and decided by one", f"{len(alone) / alone_ms * 1000:,.0f} /s ({len(alone)} files)"),
        (f"opened and decided by {AT_ONCE}", f"{len(together) / together_ms * 1000:,.0f} /s ({len(together)} files)"),
    ]
