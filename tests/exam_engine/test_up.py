"""`exam up` as a person meets it: a program that starts, serves, stops, and says what is wrong in one line."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from exam_engine.embedded import Servers
from exam_engine.settings import ExitCode

PROGRAM = [sys.executable, str(Path(__file__).with_name("small_app.py")), "up"]
READY_S_MAX = 40


@dataclass(frozen=True)
class Run:
    """A running `exam up` and what its ready file says."""

    process: "subprocess.Popen[bytes]"
    ready_file: Path
    told: dict[str, Any]

    @property
    def base_url(self) -> str:
        return str(self.told["base_url"])

    def get(self, path: str = "/") -> dict[str, Any]:
        with urllib.request.urlopen(self.base_url + path, timeout=10) as answer:
            return dict(json.load(answer))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def running_up(folder: Path, *options: str, **environ: str) -> Iterator[Run]:
    ready_file = folder / "ready.json"
    ready_file.unlink(missing_ok=True)
    command = [*PROGRAM, "--data", str(folder), "--ready-file", str(ready_file), *options]
    process = subprocess.Popen(command, env=os.environ | environ, stdout=subprocess.DEVNULL, start_new_session=True)
    with process:
        try:
            until(ready_file.exists, READY_S_MAX, or_else=lambda: process.poll() is not None)
            yield Run(process, ready_file, json.loads(ready_file.read_text()))
        finally:
            process.terminate()


def refused_up(folder: Path, *options: str, **environ: str) -> tuple[int, str]:
    """The exit code of an `exam up` that can't start, and the one line it says."""
    done = subprocess.run(
        [*PROGRAM, "--data", str(folder), *options],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=READY_S_MAX,
        check=False,
    )
    said = done.stderr.splitlines()
    assert len(said) == 1, done.stderr
    return done.returncode, said[0]


def until(holds: Any, wait_s: float, or_else: Any = lambda: False) -> None:
    deadline = time.monotonic() + wait_s
    while not holds():
        assert not or_else(), "it ended instead"
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def processes_of(folder: Path) -> list[str]:
    """Whatever still works for a run on `folder`: its own processes and its servers."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"] and any(str(folder) in part for part in process.info["cmdline"])
    ]


def test_it_serves_tells_where_and_stops_without_a_trace(reachable_folder: Path) -> None:
    with running_up(reachable_folder, "--demo", "--demo-minutes", "7") as run:
        assert run.told["accounts"] == [
            {"role": "physician", "login": "zhang", "password": "demo", "name": "张伟"},
        ]
        assert run.told["sittings"] == [{"id": 1, "kind": "theory", "title": "7 分钟"}]
        assert run.get()["pid"] == run.process.pid
        assert run.end() == 0
    assert processes_of(reachable_folder) == []
    assert not run.ready_file.exists()


def test_ctrl_c_stops_it_too_and_what_was_stored_is_there_the_next_time(reachable_folder: Path) -> None:
    with running_up(reachable_folder) as run:
        first = run.get()
        assert run.end(signal.SIGINT) == 0
    with running_up(reachable_folder) as run:
        assert run.get()["visits"] == first["visits"] + 1


def test_after_kill_nine_the_next_start_recovers(reachable_folder: Path) -> None:
    with running_up(reachable_folder, "--processes", "2") as run:
        port = str(run.base_url.rpartition(":")[2])
        before = run.get()
        run.process.kill()
        run.process.wait()
    # The same port at once, beside servers that still run and children that are just noticing.
    with running_up(reachable_folder, "--port", port) as run:
        assert run.get()["visits"] == before["visits"] + 1
        assert run.end() == 0
    assert processes_of(reachable_folder) == []


def test_several_processes_share_the_port_and_a_dead_one_is_replaced_by_one_in_waiting(
    reachable_folder: Path, database_url: str, redis_url: str
) -> None:
    urls = {"EXAM_DATABASE_URL": database_url, "EXAM_REDIS_URL": redis_url}
    with running_up(reachable_folder, "--processes", "2", **urls) as run:
        pids: set[int] = set()

        def two_answer() -> bool:
            pids.add(run.get()["pid"])
            return len(pids) == 2

        until(two_answer, 10)
        assert run.process.pid not in pids
        assert run.get()["secret"] == (reachable_folder / "secret.key").read_text().strip()
        until(lambda: len(children_of(run) - pids) == 1, 10)
        in_waiting = children_of(run) - pids
        dead = run.get()["pid"]
        os.kill(dead, signal.SIGKILL)
        until(lambda: answering(run) == (pids - {dead}) | in_waiting, 20)
        until(lambda: len(children_of(run) - {dead}) == 3, 10)
        assert run.end() == 0
    assert processes_of(reachable_folder) == []


def children_of(run: Run) -> set[int]:
    return {child.pid for child in psutil.Process(run.process.pid).children()}


def answering(run: Run) -> set[int]:
    try:
        return {run.get()["pid"] for _ in range(12)}
    except OSError:
        return set()


def test_a_port_that_is_taken_is_one_line(reachable_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refused_up(reachable_folder, "--port", str(port))
    assert code == ExitCode.PORT_TAKEN
    assert said == f"exam: port {port} of 127.0.0.1 can't be used: Address already in use; choose another with --port"
    assert not (reachable_folder / "postgres").exists()  # nothing was started for it


def test_a_port_served_by_another_exam_up_is_taken_too(reachable_folder: Path, embedded: Servers) -> None:
    urls = {"EXAM_DATABASE_URL": embedded.database_url, "EXAM_REDIS_URL": embedded.redis_url}
    with running_up(reachable_folder, **urls) as run:
        other = reachable_folder / "other"
        code, _ = refused_up(other, "--port", run.base_url.rpartition(":")[2], **urls)
        assert code == ExitCode.PORT_TAKEN


def test_a_folder_in_use_is_one_line(reachable_folder: Path, embedded: Servers) -> None:
    urls = {"EXAM_DATABASE_URL": embedded.database_url, "EXAM_REDIS_URL": embedded.redis_url}
    with running_up(reachable_folder, **urls) as run:
        code, said = refused_up(reachable_folder)
        assert code == ExitCode.FOLDER_IN_USE
        assert said == f"exam: the data folder {reachable_folder} is in use by exam up (process {run.process.pid})"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"EXAM_DATABASE_URL": "postgresql://127.0.0.1:1/exam"}, "exam: the database can't be reached: "),
        ({"EXAM_REDIS_URL": "redis://127.0.0.1:1"}, "exam: EXAM_REDIS_URL can't be reached: "),
    ],
)
def test_servers_that_can_not_be_reached_are_one_line(
    reachable_folder: Path, embedded: Servers, environ: dict[str, str], message: str
) -> None:
    urls = {"EXAM_DATABASE_URL": embedded.database_url, "EXAM_REDIS_URL": embedded.redis_url}
    code, said = refused_up(reachable_folder, **(urls | environ))
    assert code == ExitCode.UNREACHABLE
    assert said.startswith(message)


def test_a_schema_newer_than_the_program_is_one_line(reachable_folder: Path, database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc)"
            " VALUES ('x', '9999_future', now())"
        )
    code, said = refused_up(reachable_folder, EXAM_DATABASE_URL=database_url, EXAM_REDIS_URL=redis_url)
    assert code == ExitCode.SCHEMA_NEWER
    assert "9999_future" in said


def test_told_to_stop_while_it_starts_it_stops(reachable_folder: Path) -> None:
    command = [*PROGRAM, "--data", str(reachable_folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as process:
        until((reachable_folder / "postgres.draft").exists, READY_S_MAX)
        process.terminate()
        _, said = process.communicate(timeout=20)
        assert (process.returncode, said) == (0, b"")
    assert processes_of(reachable_folder) == []
