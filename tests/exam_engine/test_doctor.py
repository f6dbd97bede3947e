"""The doctor: every number on both sides of its limit, and a real installation."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exam_engine.commands.doctor import (
    DISK_BYTES_GOOD,
    DISK_BYTES_MIN,
    Finding,
    State,
    camera_page,
    can_hold_an_exam,
    clock,
    database_settings,
    disk,
    doctor,
    file_limit,
    overall,
    vision,
    vision_answer,
)
from exam_engine.settings import read_settings
from tests.conftest import make_durable

GOOD = {
    "server_version_num": "160014",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
    "max_connections": "200",
}


@pytest.mark.parametrize(
    ("host", "state"),
    [("127.0.0.1", State.READY), ("localhost", State.READY), ("0.0.0.0", State.WARNING), ("10.0.0.5", State.WARNING)],
)
def test_a_page_gets_the_camera_on_this_machine_or_by_https(host: str, state: State) -> None:
    assert camera_page(host).state is state


@pytest.mark.parametrize(
    ("free_bytes", "state"),
    [
        (DISK_BYTES_MIN - 1, State.NOT_READY),
        (DISK_BYTES_MIN, State.WARNING),
        (DISK_BYTES_GOOD - 1, State.WARNING),
        (DISK_BYTES_GOOD, State.READY),
    ],
)
def test_room_on_the_disk(free_bytes: int, state: State) -> None:
    assert disk(free_bytes).state is state


@pytest.mark.parametrize(
    ("files", "state"),
    [(1023, State.NOT_READY), (1024, State.WARNING), (8191, State.WARNING), (8192, State.READY), (-1, State.READY)],
)
def test_every_device_is_an_open_file(files: int, state: State) -> None:
    assert file_limit(files).state is state


def test_without_the_models_people_compare_faces() -> None:
    missing = vision({"fast": "ImportError: no onnxruntime", "reference": ""})
    assert missing.state is State.WARNING
    assert "ImportError: no onnxruntime" in missing.reason
    assert "requirements.lock" in missing.reason
    assert vision({"fast": "", "reference": "ImportError: no face_recognition"}).state is State.READY
    assert "no face_recognition" in vision({"fast": "", "reference": "ImportError: no face_recognition"}).reason


@pytest.mark.parametrize(
    ("status", "out", "problem"),
    [
        (0, b'""', ""),
        (0, b'"ImportError: no cv2"', "ImportError: no cv2"),
        (0, b"", "ended without an answer (status 0)"),
        (1, b"", "ended without an answer (status 1)"),
        (-4, b"", "crashed (Illegal instruction)"),
        (-11, b'"', "crashed (Segmentation fault)"),
    ],
)
def test_whatever_ends_the_process_of_a_backend_is_a_reason(status: int, out: bytes, problem: str) -> None:
    assert vision_answer(status, out) == problem


@pytest.mark.parametrize(("offset_s", "state"), [(0.9, State.READY), (-0.9, State.READY), (-1.1, State.WARNING)])
def test_a_host_clock_that_is_off_is_a_warning(offset_s: float, state: State) -> None:
    assert clock(offset_s).state is state


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("server_version_num", "140099", State.NOT_READY),
        ("server_version_num", "150000", State.READY),
        ("server_version_num", "180099", State.READY),
        ("server_version_num", "190000", State.WARNING),
        ("fsync", "off", State.NOT_READY),
        ("full_page_writes", "off", State.NOT_READY),
        ("synchronous_commit", "off", State.NOT_READY),
        ("synchronous_commit", "remote_apply", State.READY),
        ("server_encoding", "LATIN1", State.NOT_READY),
        ("max_connections", "19", State.NOT_READY),
        ("max_connections", "20", State.WARNING),
        ("max_connections", "100", State.READY),
    ],
)
def test_a_database_that_could_lose_an_answer_is_not_ready(name: str, value: str, state: State) -> None:
    assert overall(database_settings(GOOD)) is State.READY
    assert overall(database_settings(GOOD | {name: value})) is state


def test_warnings_do_not_stop_an_exam() -> None:
    warned = [Finding("a", State.READY, ""), Finding("b", State.WARNING, "")]
    assert can_hold_an_exam(warned)
    assert not can_hold_an_exam([*warned, Finding("c", State.NOT_READY, "")])


async def test_servers_that_can_not_be_reached_are_findings(
    reachable_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAM_DATABASE_URL", "postgresql://127.0.0.1:1/exam")
    monkeypatch.setenv("EXAM_REDIS_URL", "redis://127.0.0.1:1")
    found = {one.check: one for one in await doctor(read_settings(data=reachable_folder))}
    assert found["database"].state is State.NOT_READY
    assert found["redis"].state is State.NOT_READY


async def test_a_key_that_others_can_read_and_a_port_in_use_are_findings(
    reachable_folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = read_settings(data=reachable_folder, port=taken.getsockname()[1])
        (reachable_folder / "secret.key").chmod(0o644)
        found = {one.check: one for one in await doctor(settings)}
    assert found["port"].state is State.NOT_READY
    assert found["data folder"].state is State.NOT_READY
    assert "secret.key is open to other users" in found["data folder"].reason
    assert found["database"].state is State.READY
    assert found["clock"].state is State.READY


@pytest.fixture
def durable_url(database_url: str) -> Iterator[str]:
    """A database on a server that is set up as an installation's."""
    make_durable(database_url, "on")
    yield database_url
    make_durable(database_url, "off")


def test_a_fresh_installation_can_hold_an_exam(reachable_folder: Path, durable_url: str, redis_url: str) -> None:
    command = [sys.executable, "-m", "exam_engine", "doctor", "--data", str(reachable_folder), "--port", "0"]
    environ = os.environ | {"EXAM_DATABASE_URL": durable_url, "EXAM_REDIS_URL": redis_url}
    done = subprocess.run([*command, "--json"], env=environ, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert told["state"] in ("READY", "WARNING")
    assert {"check", "state", "reason"} == set(told["findings"][0])
    (models,) = (finding for finding in told["findings"] if finding["check"] == "vision models")
    assert (models["state"], models["reason"]) == ("READY", "fast: works; reference: works")
    table = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert table.returncode == 0
    assert "camera page" in table.stdout
