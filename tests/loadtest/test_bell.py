from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from loadtest.bell import Bell, look
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


async def running(pool: asyncpg.Pool) -> list[int]:
    rows = await pool.fetch("SELECT attempt_id FROM exam.attempts WHERE phase = 'running'")
    return [row["attempt_id"] for row in rows]
