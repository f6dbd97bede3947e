"""A program as a child process of the load test: begun, watched, ended."""

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from loadtest.minder import Minder

POLL_S: Final = 0.02
STOP_S_MAX: Final = 20.0
TAIL_CHARS: Final = 600


class CannotRun(Exception):
    """A program did not start or failed; `str()` has its last words."""


class Program:
    """One running program, its output in `log`."""

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self._popen = popen
        self._log = log

    @property
    def pid(self) -> int:
        """Its number."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    async def ready(self, is_ready: Callable[[], bool], wait_s: float) -> None:
        """Wait until `is_ready()`. Raises CannotRun when it ends instead or takes longer; then it is ended."""
        try:
            async with asyncio.timeout(wait_s):
                while not is_ready():
                    if not self.alive:
                        raise CannotRun(f"{self.name} ended with {self._popen.returncode}: {self.last_words()}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            await self.stop(signal.SIGTERM)
            raise CannotRun(f"{self.name} was not ready after {wait_s:g} s: {self.last_words()}") from None

    async def ended(self) -> int:
        """Wait for its end; returns its exit code."""
        while self.alive:  # noqa: ASYNC110  no event of ours tells it
            await asyncio.sleep(POLL_S)
        return int(self._popen.returncode)

    async def stop(self, *signals: signal.Signals) -> None:
        """End it: each signal is given time, and SIGKILL ends what is left."""
        for number in (*signals, signal.SIGKILL):
            if not self.alive:
                break
            self._popen.send_signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S_MAX):
                    await self.ended()

    def last_words(self) -> str:
        """The end of its log."""
        with contextlib.suppress(FileNotFoundError):
            return self._log.read_text(encoding="utf-8", errors="replace")[-TAIL_CHARS:].strip()
        return ""


def begin(
    minder: Minder,
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    end_by: signal.Signals = signal.SIGTERM,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Program:
    """Start it, as the system user `user` if one is named. Raises CannotRun."""
    account = None if user is None else pwd.getpwnam(user)
    environ = os.environ if environ is None else environ
    try:
        with log.open("ab") as output:
            popen = subprocess.Popen(  # noqa: S603  our own programs
                [str(part) for part in command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=dict(environ) if account is None else {**environ, "HOME": "/", "USER": account.pw_name},
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else [],
            )
    except OSError as error:
        raise CannotRun(f"{name} can't be started: {error}") from error
    minder.mind_process(popen.pid, end_by)
    return Program(name, popen, log)
