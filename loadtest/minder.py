"""Puts things right when a load test is killed: a process of its own that hears the end of its standard input.

It is told, a JSON object a line, what there is: `{"pid", "begun", "signal"}` of a process, `{"mount"}` of a file
system, `{"folder"}` of a folder to remove. At the end what is still there is ended in the opposite order: processes by
their signal (one that was stopped is woken first), after `PATIENCE_S` with all their descendants by SIGKILL.
It knows a process by its number and the moment it began, so that it never meets another with the same number.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

PATIENCE_S: Final = 12.0
POLL_S: Final = 0.05


class Minder:
    """The driver's end of the line."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603

    def mind_process(self, pid: int, end_by: signal.Signals) -> None:
        """End this process, if it is still there."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._tell({"pid": pid, "begun": psutil.Process(pid).create_time(), "signal": int(end_by)})

    def mind_mount(self, path: Path) -> None:
        """Unmount this, if it is still mounted."""
        self._tell({"mount": str(path)})

    def mind_folder(self, path: Path) -> None:
        """Remove this folder, if it is still there."""
        self._tell({"folder": str(path)})

    def close(self) -> None:
        """Everything should be gone: wait until it has seen to that."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _tell(self, thing: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(thing) + b"\n")
        self._process.stdin.flush()


def put_right(things: list[dict[str, Any]]) -> None:
    """End and remove what is still there, the youngest first."""
    for thing in reversed(things):
        if "pid" in thing:
            _end(thing)
        elif "folder" in thing:
            shutil.rmtree(thing["folder"], ignore_errors=True)
        elif os.path.ismount(thing["mount"]):
            subprocess.run(["umount", "--lazy", thing["mount"]], check=False)  # noqa: S603, S607


def _end(thing: dict[str, Any]) -> None:
    try:
        process = psutil.Process(thing["pid"])
        if process.create_time() != thing["begun"]:
            return
        family = [process, *process.children(recursive=True)]
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGCONT)
        process.send_signal(thing["signal"])
    except psutil.NoSuchProcess:
        return
    patient_until = time.monotonic() + PATIENCE_S
    while any(_is_alive(member) for member in family) and time.monotonic() < patient_until:
        time.sleep(POLL_S)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()


def _is_alive(process: psutil.Process) -> bool:
    """A dead one that nobody collects counts as gone: in a container nobody may ever do it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def main() -> None:
    """Listen until nobody speaks any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C of the terminal is the driver's; we go when it has gone
    put_right([msgspec.json.decode(line) for line in sys.stdin.buffer])


if __name__ == "__main__":
    main()
