"""Which process does what only one should, on the real database."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg

from exam_engine.leading import Leads

KEYS = (0x1EAD01, 0x1EAD02, 0x1EAD03)
HOLDERS = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = ANY ($1::bigint[])
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def work(name: str, done: Counter[str]) -> Callable[[], Awaitable[None]]:
    async def go_on() -> None:
        done[name] += 1
        await asyncio.Event().wait()

    return go_on


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not look():  # noqa: ASYNC110  what is looked at is a count
            await asyncio.sleep(0.02)


async def end(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_all_works_of_a_process_are_led_by_one_connection_and_the_next_process_takes_over(
    database_url: str,
) -> None:
    done: Counter[str] = Counter()
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool, asyncpg.create_pool(
        database_url, min_size=1, max_size=2
    ) as other_pool:  # fmt: skip
        async with Leads(pool) as leads:
            tasks = [asyncio.create_task(leads.lead(key, work(f"first {key}", done))) for key in KEYS]
            await until(lambda: len(done) == len(KEYS))
            pids = [row[0] for row in await pool.fetch(HOLDERS, KEYS)]
            assert len(pids) == len(KEYS)
            assert len(set(pids)) == 1
            async with Leads(other_pool) as others:
                waiting = [asyncio.create_task(others.lead(key, work(f"second {key}", done))) for key in KEYS]
                await asyncio.sleep(1.5)
                assert len(done) == len(KEYS), "two led at once"
                await end(*tasks)
                await until(lambda: len(done) == 2 * len(KEYS))
                await end(*waiting)
        assert await pool.fetch(HOLDERS, KEYS) == []


async def test_when_the_connection_breaks_every_work_is_taken_up_again(database_url: str) -> None:
    done: Counter[str] = Counter()
    async with asyncpg.create_pool(database_url, min_size=2, max_size=3) as pool, Leads(pool) as leads:
        tasks = [asyncio.create_task(leads.lead(key, work(str(key), done))) for key in KEYS]
        await until(lambda: len(done) == len(KEYS))
        (pid,) = {row[0] for row in await pool.fetch(HOLDERS, KEYS)}
        await pool.fetchval("SELECT pg_terminate_backend($1)", pid)
        await until(lambda: all(done[str(key)] == 2 for key in KEYS))
        assert len({row[0] for row in await pool.fetch(HOLDERS, KEYS)}) == 1
        await end(*tasks)


async def test_a_work_is_not_led_twice_by_the_same_process(database_url: str) -> None:
    done: Counter[str] = Counter()
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool, Leads(pool) as leads:
        tasks = [asyncio.create_task(leads.lead(KEYS[0], work(name, done))) for name in ("one", "two")]
        await until(lambda: bool(done))
        await asyncio.sleep(1.2)
        assert sum(done.values()) == 1
        await end(*tasks)
