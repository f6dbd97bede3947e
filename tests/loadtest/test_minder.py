"""What a killed load test leaves behind: nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

DRIVER = """
import signal, subprocess, sys, time
from pathlib import Path
from loadtest.minder import Minder
minder = Minder()
Path(sys.argv[1]).mkdir()
minder.mind_folder(Path(sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
minder.mind_process(child.pid, signal.SIGTERM)
child.send_signal(signal.SIGSTOP)
gone = subprocess.Popen(["true"])
minder.mind_process(gone.pid, signal.SIGTERM)
gone.wait()
print(child.pid, minder._process.pid, flush=True)
time.sleep(600)
"""


def test_a_killed_driver_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(folder)], stdout=subprocess.PIPE) as driver:
        try:
            assert driver.stdout is not None
            child, minder = (psutil.Process(int(pid)) for pid in driver.stdout.readline().split())
            assert folder.is_dir()
            stopped(child)
        finally:
            os.kill(driver.pid, signal.SIGKILL)
    for process in (child, minder):
        ended(process)
    assert not folder.exists()


def stopped(process: psutil.Process) -> None:
    """Wait until the signal has done its work."""
    until_s = time.monotonic() + 20.0
    while process.status() != psutil.STATUS_STOPPED and time.monotonic() < until_s:
        time.sleep(0.01)
    assert process.status() == psutil.STATUS_STOPPED


def ended(process: psutil.Process) -> None:
    """Wait for its end; one whose parent is gone may stay as a name in the table, where nobody collects those."""
    deadline_s = 20.0
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and deadline_s > 0:
        try:
            process.wait(0.05)
        except psutil.TimeoutExpired:
            deadline_s -= 0.05
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
