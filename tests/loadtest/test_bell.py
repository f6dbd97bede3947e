import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from exam_engine.migrating import migrate
from loadtest.bell import Bell, look, refine
from loadtest.data_servers import Postgres, own_folder, system_user
from loadtest.minder import Minder
from loadtest.targets import GIVEN
from tests.exam_engine.exam_rows import Rows


def test_before_any_bell_there_are_no_figures() -> None:
    bell = Bell()
    bell.saw(0.0, {}, [], 0)
    bell.saw(1.0, {1: 3.0}, [], 0)
    assert bell.figures() == {}
    assert not over(bell)


def test_an_attempt_is_final_at_the_look_that_misses_it() -> None:
    bell = Bell()
    bell.saw(9.5, {1: 10.0, 2: 10.0, 3: 10.0}, [], 0)
    assert bell.missing(9.9, {1: 10.0, 2: 10.0}) == []  # handed in before the bell: none of the bell's
    bell.saw(9.9, {1: 10.0, 2: 10.0}, [], 1)
    assert bell.missing(10.2, {2: 10.0}) == [1]
    bell.saw(10.2, {2: 10.0}, [1], 1)
    assert not over(bell)
    assert bell.missing(10.7, {}) == [2]
    bell.saw(10.7, {}, [2], 2)
    assert bell.figures() == pytest.approx(
        {"bell.attempts": 2, "bell.overdue": 0, "bell.final_p999_s": 0.7, "bell.final_max_s": 0.7}
    )
    bell.saw(14.0, {}, [], 0)
    bell.saw(15.0, {}, [], 0)
    assert over(bell)
    assert bell.figures()["marked_s"] == pytest.approx(4.0)
    assert bell.figures().keys() <= set(GIVEN)


def test_what_never_became_final_leaves_the_figures_open() -> None:
    bell = Bell()
    bell.saw(9.5, {1: 10.0, 2: 10.0}, [], 0)
    bell.saw(60.0, {2: 10.0}, [1], 0)
    assert bell.figures() == {"bell.attempts": 2, "bell.overdue": 1}
    assert not over(bell)


def test_one_of_thousands_that_is_late_is_not_among_the_first_999_of_1000() -> None:
    bell = Bell()
    due = dict.fromkeys(range(2000), 10.0)
    bell.saw(9.0, due, [], 0)
    bell.saw(10.5, {0: 10.0}, range(1, 2000), 0)
    assert bell.figures()["bell.final_p999_s"] == pytest.approx(0.5)
    assert "bell.final_max_s" not in bell.figures()


def test_a_second_bell_waits_for_its_marks_again() -> None:
    bell = Bell()
    bell.saw(9.0, {1: 10.0}, [], 0)
    bell.saw(10.5, {}, [1], 0)
    assert over(bell)
    bell.saw(19.0, {2: 20.0}, [], 0)
    assert not over(bell)
    bell.saw(20.5, {}, [2], 1)
    bell.saw(23.0, {}, [], 0)
    assert bell.figures()["marked_s"] == pytest.approx(3.0)


def test_the_time_of_the_commit_replaces_that_of_the_look() -> None:
    bell = Bell()
    bell.saw(9.5, dict.fromkeys((1, 2, 3, 4), 10.0), [], 0)
    bell.saw(10.5, {4: 10.0}, [1, 2, 3], 0)
    assert bell.inexact() == []  # somebody is due still: first the bell
    bell.saw(11.5, {}, [4], 0)
    assert bell.inexact() == [1, 2, 3, 4]
    bell.refine({1: 10.2, 2: 9.9, 4: 10.8}, [1, 2, 3, 4])  # 2 handed in between the looks, before the bell
    assert bell.inexact() == []
    assert bell.figures() == pytest.approx(
        {
            "bell.attempts": 3,
            "bell.overdue": 0,
            "bell.final_p999_s": 0.8,
            "bell.final_max_s": 0.8,
            "marked_s": 1.5,
        }
    )


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as made:
        yield made


async def test_the_database_shows_the_bell_of_a_sitting(pool: asyncpg.Pool, database_url: str) -> None:
    rows, bell, passed = Rows(pool), Bell(), datetime.now(UTC) - timedelta(seconds=30)
    sitting, other = await rows.sitting(), await rows.sitting()
    ends, extended, later, elsewhere = [
        await rows.attempt(of, await rows.person(of), "running", ended_at)
        for of, ended_at in (
            (sitting, passed),
            (sitting, passed),
            (sitting, passed + timedelta(hours=1)),
            (other, passed),
        )
    ]
    async with connected(database_url) as connection:
        await look(bell, connection, sitting)
        assert bell.figures() == {"bell.attempts": 2, "bell.overdue": 2}
        await pool.execute(
            "UPDATE exam.attempts SET next_check_at = now() + interval '1 hour' WHERE attempt_id = $1", extended
        )
        await phase(pool, ends, "submitted")
        await look(bell, connection, sitting)
        assert bell.figures()["bell.attempts"] == 1
        assert bell.figures()["bell.final_max_s"] == pytest.approx(30, abs=20)
        assert not over(bell)
        await phase(pool, ends, "marked")
        await look(bell, connection, sitting)
        assert over(bell)
        assert {later, elsewhere} <= set(await running(pool))


@pytest_asyncio.fixture
async def keeps_times(reachable_folder: Path) -> AsyncIterator[str]:
    """The load test's own server, with the product's tables."""
    minder, user = Minder(), system_user()
    sockets = own_folder(reachable_folder / "sockets", user)
    postgres = Postgres(reachable_folder / "postgres", sockets, minder, user, connections=20)
    try:
        await postgres.start()
        await migrate(postgres.url)
        yield postgres.url
    finally:
        await postgres.stop()
        minder.close()


async def test_the_load_tests_own_server_says_when_a_hand_in_was_committed(keeps_times: str) -> None:
    async with asyncpg.create_pool(keeps_times, min_size=1, max_size=2) as pool, connected(keeps_times) as connection:
        rows, bell = Rows(pool), Bell()
        sitting = await rows.sitting()
        bell_at = datetime.now(UTC) - timedelta(seconds=100)
        ends = await rows.attempt(sitting, await rows.person(sitting), "running", bell_at)
        await look(bell, connection, sitting)
        async with pool.acquire() as other, other.transaction():
            await submit(other, ends)
        before_at = time.time()
        await pool.execute("SELECT pg_sleep(0.5)")
        await look(bell, connection, sitting)
        seen_s = bell.figures()["bell.final_max_s"]
        await refine(bell, connection)
        assert bell.figures()["bell.final_max_s"] <= before_at - bell_at.timestamp() < seen_s


@asynccontextmanager
async def connected(database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def over(bell: Bell) -> bool:
    return bell.over


async def phase(pool: asyncpg.Pool, attempt_id: int, name: str) -> None:
    await pool.execute(
        "UPDATE exam.attempts SET phase = $2, next_check_at = NULL WHERE attempt_id = $1", attempt_id, name
    )


async def submit(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", attempt_id: int) -> None:
    await connection.execute(
        "UPDATE exam.attempts SET phase = 'submitted', next_check_at = NULL WHERE attempt_id = $1", attempt_id
    )
    await connection.execute(
        "INSERT INTO exam.journal (attempt_id, version, kind, body, at, digest) "
        "VALUES ($1, 1, 'submitted', '{}', now(), sha256('made up'))",
        attempt_id,
    )


async def running(pool: asyncpg.Pool) -> list[int]:
    rows = await pool.fetch("SELECT attempt_id FROM exam.attempts WHERE phase = 'running'")
    return [row["attempt_id"] for row in rows]
