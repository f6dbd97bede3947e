"""The two sides of a comparison as processes of their own: the product as its users start it, and a bare echo."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil


class Server:
    """A real `exam up --demo`, of so many serving processes."""

    def __init__(self, data: Path, processes: int = 1) -> None:
        self.data = data
        self.processes = processes
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        ready = data / "ready.json"
        command = [sys.executable, "-m", "exam_engine", "up", "--demo", "--data", str(data), "--port", str(self.port)]
        command += ["--processes", str(processes), "--ready-file", str(ready)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not ready.exists():
            if self.process.poll() is not None:
                raise SystemExit("exam up did not start")
            time.sleep(0.1)
        run = json.loads((data / "run.json").read_text())
        self.database_url, self.redis_url = run["database_url"], run["redis_url"]

    def stop(self) -> None:
        """As a person would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def rss(self) -> int:
        """Resident bytes of the process that serves; with several, of the one that starts them."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def cpu_s(self) -> float:
        """Processor seconds so far of all that belongs to it: serving processes, PostgreSQL, Valkey."""
        spent = 0.0
        for process in (root := psutil.Process(self.process.pid), *root.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                spent += times.user + times.system
        return spent


@contextlib.contextmanager
def echo_server() -> Iterator[str]:
    """The baseline."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.echo", str(port)])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
