import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from loadtest.database_load import DatabaseLoad, Written
from loadtest.found_server import database_of, part_of, processes_of
from loadtest.measure import Processes, machine, sampling

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@contextmanager
def another() -> Iterator[int]:
    """A process that waits, and is there once this yields."""
    command = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_a_process_is_looked_at_until_it_is_gone() -> None:
    looking = Processes()
    with another() as pid:
        (seen,) = looking.look([("serving", pid)])
        assert (seen.part, seen.pid) == ("serving", pid)
        assert seen.rss == pytest.approx(psutil.Process(pid).memory_info().rss, rel=0.2)
    assert looking.look([("serving", pid)]) == []


def test_processor_time_is_counted_in_cores_since_the_look_before() -> None:
    looking = Processes()
    looking.look([("generator", os.getpid())])
    begin = time.process_time()
    while time.process_time() - begin < 0.05:
        pass
    (seen,) = looking.look([("generator", os.getpid())])
    assert 0 < seen.cpu <= (os.cpu_count() or 1) + 1


def test_what_postgresql_processes_share_is_counted_at_one_of_them() -> None:
    shared = psutil.Process().memory_info().shared
    with another() as pid:
        alone = sum(each.rss for each in Processes().look([("serving", os.getpid()), ("serving", pid)]))
        together = sum(each.rss for each in Processes().look([("postgres", os.getpid()), ("postgres", pid)]))
    assert 0 < alone - together < shared


async def test_samples_come_until_the_context_is_left_and_hold_every_process(database_url: str) -> None:
    with another() as pid:
        async with (
            asyncio.timeout(20),
            sampling(
                began=time.monotonic(),
                processes=lambda: [("serving", pid), ("vision", 2**22 + 1)],
                generators=list,
                database_url=lambda: database_url,
                every_s=0.05,
            ) as taken,
        ):
            await until(lambda: len(taken.samples) >= 3)
    number = len(taken.samples)
    assert {(each.part, each.pid) for each in taken.samples[-1].processes} == {
        ("serving", pid),
        ("generator", os.getpid()),
    }
    moments = [sample.s for sample in taken.samples]
    assert moments == sorted(moments)
    assert taken.samples[-1].database_bytes > 1_000_000
    assert taken.notes == []
    await asyncio.sleep(0)
    assert len(taken.samples) == number


async def test_without_processes_it_says_so() -> None:
    async with (
        asyncio.timeout(20),
        sampling(
            began=time.monotonic(),
            processes=list,
            generators=list,
            database_url=lambda: None,
            every_s=0.02,
        ) as taken,
    ):
        await until(lambda: bool(taken.samples))
    assert len(taken.notes) == 1
    assert "not measured" in taken.notes[0]


async def until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110  what is waited for tells nobody
        await asyncio.sleep(0.01)


async def test_what_the_database_wrote_is_told_by_the_second(database_url: str) -> None:
    load = DatabaseLoad(lambda: database_url)
    writer = await asyncpg.connect(database_url)
    assert await load.look(10.0) == Written(database_bytes=(await load.look(11.0)).database_bytes)
    await writer.execute("CREATE TABLE public.much AS SELECT generate_series(1, 5000) AS number")
    await writer.execute("UPDATE public.much SET number = 0")
    await writer.execute("SELECT pg_stat_force_next_flush()")
    written = await load.look(13.0)
    assert written.rows_written >= 10_000 / 2
    assert written.wal_bytes > 100_000
    assert 0 < written.commits < 100
    await writer.close()
    await load.close()


async def test_a_database_that_was_away_is_measured_again(database_url: str) -> None:
    urls = [database_url]
    load = DatabaseLoad(lambda: urls[0])
    known = (await load.look(0.0)).database_bytes
    assert known > 0
    killer = await asyncpg.connect(database_url)
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND datname = current_database() AND query LIKE '%pg_stat_database%'"
    )
    await killer.close()
    assert await load.look(1.0) == Written(database_bytes=known)
    urls[0] = NOWHERE
    assert await load.look(2.0) == Written(database_bytes=known)
    urls[0] = database_url
    assert (await load.look(3.0)).wal_bytes == 0  # nothing to compare with yet
    assert (await load.look(4.0)).database_bytes > 0
    await load.close()


def test_the_machine_is_told() -> None:
    told = machine()
    assert told.keys() == {"system", "processor", "cores", "memory_gib", "python"}
    assert all(told.values())


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["/x/bin/python3", "-m", "exam_engine", "serve-one", "--vision", "0"], "serving"),
        (["/x/bin/python3", "/x/bin/exam", "up", "--data", "/tmp/postgres"], "serving"),
        (["/x/bin/python3", "-m", "proctor.vision_worker", "--backend", "fast"], "vision"),
        (["/x/pginstall/bin/postgres", "-D", "/tmp/up"], "postgres"),
        (["postgres: walwriter "], "postgres"),
        (["/x/linux/valkey-server", "unixsocket:/tmp/v.sock"], "valkey"),
        (["sleep", "1"], "other"),
    ],
)
def test_a_part_is_known_by_its_command_line(words: list[str], part: str) -> None:
    assert part_of(words) == part


def test_the_processes_of_a_data_folder_are_found(tmp_path: Path) -> None:
    with another() as pid:
        (tmp_path / "up.lock").write_text(f"exam up (process {pid})")
        (tmp_path / "run.json").write_text('{"database_url": "postgresql://here", "redis_url": "-"}')
        assert processes_of(tmp_path) == [("other", pid)]
        assert database_of(tmp_path) == "postgresql://here"
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(("lock", "told"), [("a command (process 1)", "{}"), ("", "no JSON"), (None, None)])
def test_a_folder_where_nothing_runs_has_none(tmp_path: Path, lock: str | None, told: str | None) -> None:
    for name, content in (("up.lock", lock), ("run.json", told)):
        if content is not None:
            (tmp_path / name).write_text(content)
    assert processes_of(tmp_path) == []
    assert database_of(tmp_path) is None
