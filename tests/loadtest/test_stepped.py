"""A process whose wall clock is wrong without its knowing."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from loadtest.under_test import STEPPED

LOOK = """
import datetime, json, sys, time
import msgspec, uvloop
def seen():
    aware = datetime.datetime.now(datetime.timezone.utc)
    assert type(aware) is datetime.datetime and msgspec.json.encode(aware)
    utc, local = datetime.timezone.utc, datetime.datetime
    return {
        "time": time.time(),
        "time_ns": time.time_ns() / 1e9,
        "clock_gettime": time.clock_gettime(time.CLOCK_REALTIME),
        "now_aware": aware.timestamp(),
        "now": local.now().timestamp(),
        "utcnow": local.utcnow().replace(tzinfo=utc).timestamp(),
        "today": local.today().timestamp(),
        "date": datetime.date.today().toordinal() * 86400.0,
        "gmtime": float(__import__("calendar").timegm(time.gmtime())),
        "strftime": time.mktime(time.strptime(time.strftime("%Y %m %d %H %M"), "%Y %m %d %H %M")),
        "monotonic": time.monotonic(),
        "perf_counter": time.perf_counter(),
        "given": float(time.gmtime(86400)[2]),
    }
for line in sys.stdin:
    print(json.dumps(seen()), flush=True)
"""
STEADY = {"monotonic", "perf_counter", "given"}


def looking(environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", LOOK], env=os.environ | environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def seen(process: "subprocess.Popen[bytes]") -> dict[str, float]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    return msgspec.json.decode(process.stdout.readline(), type=dict[str, float])


@pytest.mark.parametrize("days", [1, -1])
def test_every_wall_clock_of_the_process_is_stepped_and_no_other(tmp_path: Path, days: int) -> None:
    with looking({"PYTHONPATH": str(STEPPED), "EXAM_LOAD_CLOCKS": str(tmp_path)}) as process:
        before = seen(process)
        (tmp_path / str(process.pid)).write_bytes(struct.pack("d", days * 86400.0))
        stepped = seen(process)
        (tmp_path / str(process.pid)).write_bytes(struct.pack("d", 0.0))
        after = seen(process)
        process.communicate()
    for name, was in before.items():
        by = 0.0 if name in STEADY else days * 86400.0
        assert stepped[name] - was == pytest.approx(by, abs=600 if name == "strftime" else 60), name
        assert after[name] - was == pytest.approx(0.0, abs=600 if name == "strftime" else 60), name


def test_without_a_folder_for_clocks_nothing_is_changed(tmp_path: Path) -> None:
    with looking({"PYTHONPATH": str(STEPPED), "EXAM_LOAD_CLOCKS": str(tmp_path / "missing")}) as process:
        assert seen(process)["time"] > 1e9
        process.communicate()
