"""Migrations: in order, once, by one process at a time, and never backwards."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from exam_engine.embedded import Servers
from exam_engine.migrating import LOCK_KEY, MIGRATIONS, migrate
from exam_engine.settings import CannotStart, ExitCode
from tests.conftest import url_of

FIRST = """\
-- A comment with a semicolon; and a quote: it's here, 100 % of it.
CREATE SCHEMA s;
CREATE TABLE s.t (n int);
DO $$ BEGIN INSERT INTO s.t VALUES (1); INSERT INTO s.t VALUES (2); END $$;
CREATE FUNCTION s.total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM s.t; SELECT sum(n) FROM s.t; END;
CREATE FUNCTION s.no() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE words text := 'not; this';
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $body$;
"""
SECOND = "INSERT INTO s.t VALUES (3);"


@pytest.fixture
def empty(embedded: Servers) -> Iterator[str]:
    name = f"empty_{uuid.uuid4().hex}"
    with psycopg.connect(embedded.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield url_of(embedded.database_url, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text(FIRST)
    return tmp_path


def value(database_url: str, query: str) -> object:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query.encode()).fetchone()
        return None if row is None else row[0]


async def test_the_products_migrations_apply_to_an_empty_database_and_then_nothing_is_left(empty: str) -> None:
    assert await migrate(empty) == sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
    assert await migrate(empty) == []


async def test_a_file_may_hold_blocks_and_functions(empty: str, folder: Path) -> None:
    assert await migrate(empty, folder) == ["0001_first"]
    assert value(empty, "SELECT s.total()") == 3


async def test_only_what_is_missing_is_applied(empty: str, folder: Path) -> None:
    await migrate(empty, folder)
    (folder / "0002_second.sql").write_text(SECOND)
    assert await migrate(empty, folder) == ["0002_second"]
    assert value(empty, "SELECT s.total()") == 6


async def test_of_many_at_once_one_works_and_the_others_find_nothing_to_do(empty: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text(SECOND + "SELECT pg_sleep(0.2);")
    done = await asyncio.gather(*(migrate(empty, folder) for _ in range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, 2]
    assert value(empty, "SELECT s.total()") == 6


async def test_a_file_that_fails_leaves_nothing_behind_and_is_tried_again(empty: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text(SECOND + "SELECT 1/0;")
    with pytest.raises(CannotStart, match=r"migration 0002_second failed: division by zero") as refused:
        await migrate(empty, folder)
    assert refused.value.exit_code == ExitCode.FAILED
    assert value(empty, "SELECT s.total()") == 3
    (folder / "0002_second.sql").write_text(SECOND)
    assert await migrate(empty, folder) == ["0002_second"]


async def test_a_killed_migration_leaves_no_lock_behind(empty: str, folder: Path) -> None:
    with psycopg.connect(empty, autocommit=True) as killed, psycopg.connect(empty, autocommit=True) as other:
        killed.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        waiting = asyncio.create_task(migrate(empty, folder))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        other.execute("SELECT pg_terminate_backend(%s)", [killed.info.backend_pid])
        assert await waiting == ["0001_first"]


async def test_a_database_newer_than_the_program_is_refused(empty: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text(SECOND)
    await migrate(empty, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(CannotStart, match=r"schema newer than the program: the database has 0002_second") as refused:
        await migrate(empty, folder)
    assert refused.value.exit_code == ExitCode.SCHEMA_NEWER


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1:1/exam",
        "postgresql://postgres@/exam?host=/nowhere",
        "postgresql://nobody.invalid/exam?connect_timeout=2",
    ],
)
async def test_a_database_that_can_not_be_reached_is_one_line(url: str) -> None:
    with pytest.raises(CannotStart, match=r"the database can't be reached") as refused:
        await migrate(url)
    assert refused.value.exit_code == ExitCode.UNREACHABLE
    assert "\n" not in str(refused.value)
