"""`exam up --demo` as a program of its own, with its own PostgreSQL and Valkey, that a test may kill."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from tests.candidate import Staff

READY_S_MAX = 90
STOP_S_MAX = 40
PASSWORD = "Kaohe-2026"


class ExamServer:
    """One data folder and, while it runs, the process that serves it; always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.base_url = ""
        self.sittings: dict[str, int] = {}
        self.titles: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it serves."""
        ready_file = self.folder / "ready.json"
        ready_file.unlink(missing_ok=True)
        options = ["--demo", "--demo-minutes", "1", "--port", str(self.port)]
        with (self.folder / "exam-up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_exam("up", self.folder), *options, "--ready-file", str(ready_file)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_S_MAX
        while not ready_file.exists():
            assert self._process.poll() is None, f"it ended instead:\n{self.said()}"
            assert time.monotonic() < deadline, f"not ready after {READY_S_MAX} s:\n{self.said()}"
            time.sleep(0.05)
        told = json.loads(ready_file.read_text(encoding="utf-8"))
        self.base_url = told["base_url"]
        self.port = int(self.base_url.rpartition(":")[2])
        self.sittings = {one["kind"]: one["id"] for one in reversed(told["sittings"])}  # the first of each kind
        self.titles = {one["title"]: one["id"] for one in told["sittings"]}

    def kill(self) -> None:
        """End the serving process as a power cut would: no signal it could hear, its servers left behind."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None and self.runs:
            self._process.terminate()
            self._process.wait(STOP_S_MAX)

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    async def give_minutes(self, kind: str, name: str, minutes: int) -> None:
        """The province gives somebody more time before he enters: these sittings are of one minute."""
        sitting = f"/api/desk/sittings/{self.sittings[kind]}"
        async with Staff(self.base_url, "province", PASSWORD) as province:
            people = (await province.get(f"{sitting}/people"))["people"]
            person_id = next(one["person_id"] for one in people if one["name"] == name)
            asked = {"person_id": person_id, "minutes": minutes, "reason": "按规定延长考试时间"}
            await province.post(f"{sitting}/extra-time", asked)

    def verdict_on(self, attempt_id: int) -> dict[str, Any]:
        """What `exam journal verify` says of an attempt."""
        command = [*_exam("journal", "verify", self.folder), "--attempt", str(attempt_id), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        verdict: dict[str, Any] = json.loads(done.stdout)
        assert (done.returncode == 0) == (verdict["broken"] == []), done.stderr
        return verdict

    def said(self) -> str:
        """The end of what it logged."""
        return (self.folder / "exam-up.log").read_text(encoding="utf-8", errors="replace")[-3000:]


def _exam(*words: str | Path) -> list[str]:
    *command, folder = map(str, words)
    return [sys.executable, "-m", "exam_engine", *command, "--data", folder]
