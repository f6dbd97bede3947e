"""A server program as a child process: started, revived and ended; and what a killed run left behind, ended too."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import structlog

from exam_engine.embedded_account import Account
from exam_engine.settings import CannotStart, ExitCode

POLL_S = 0.02
SLOW_START_S = 5  # then a word about it
STOP_S_MAX = 30  # for an orderly end, before a harder signal
KILL_S_MAX = 5
REVIVE_POLL_S = 0.25
REVIVE_PAUSE_S = 1
LOG_TAIL_CHARS = 300

log = structlog.get_logger()


@dataclass(frozen=True)
class Child:
    """One running server program."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self.popen.pid

    async def ready(self, is_ready: Callable[[], bool], wait_s_max: float) -> "Child":
        """Wait until `is_ready()`; raises `CannotStart` with the server's last words when it ends instead.

        Whatever keeps it from getting ready, a Ctrl-C too, no server is left running.
        """
        try:
            await self._wait(is_ready, wait_s_max)
        except BaseException:
            await self.stop(signal.SIGTERM)
            raise
        return self

    async def _wait(self, is_ready: Callable[[], bool], wait_s_max: float) -> None:
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        patient = True
        while not is_ready():
            if self.popen.poll() is not None:
                raise CannotStart(f"{self.name} did not start: {self._last_words()}", ExitCode.NO_SERVERS)
            waited_s = loop.time() - began_at
            if patient and waited_s > SLOW_START_S:
                patient = False
                log.warning("embedded_server_starts_slowly", server=self.name, why="it may be recovering from a crash")
            if waited_s > wait_s_max:
                raise CannotStart(f"{self.name} was not ready after {wait_s_max:.0f} s", ExitCode.NO_SERVERS)
            await asyncio.sleep(POLL_S)

    async def finished(self) -> None:
        """Wait for the end of a program that ends by itself; raises `CannotStart` when it fails."""
        try:
            await asyncio.to_thread(self.popen.wait)
        finally:
            await self.stop(signal.SIGTERM)
        if self.popen.returncode != 0:
            raise CannotStart(f"{self.name} failed: {self._last_words()}", ExitCode.NO_SERVERS)

    async def stop(self, *signals: signal.Signals) -> None:
        """End the server: each of `signals` is given time to work, and SIGKILL ends what is left."""
        for number in (*signals, signal.SIGKILL):
            if self.popen.poll() is not None:
                return
            self.popen.send_signal(number)
            try:
                await asyncio.to_thread(self.popen.wait, STOP_S_MAX if number is signals[0] else KILL_S_MAX)
            except subprocess.TimeoutExpired:
                continue

    def _last_words(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        return text[-LOG_TAIL_CHARS:] or f"exit code {self.popen.returncode}"


def start(name: str, command: Sequence[str | Path], *, folder: Path, log: Path, account: Account | None) -> Child:
    """Start `command` in `folder` as `account`; what it prints replaces the file `log`.

    It gets a session of its own, so that Ctrl-C in a terminal reaches this program alone, which then ends the
    server in its turn, after the last answer has been stored.
    """
    if log.exists():
        log.replace(log.with_suffix(".log.1"))  # one older log is kept: the one with the reason of a crash
    try:
        # A server may quote data when it complains: the log is not for other users.
        with open(log, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
            popen = subprocess.Popen(  # noqa: S603  our own arguments
                [str(part) for part in command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else [],
                env=None if account is None else os.environ | {"HOME": "/", "USER": account.name},
            )
    except OSError as problem:
        raise CannotStart(f"{name} can't be started here: {problem}", ExitCode.NO_SERVERS) from problem
    return Child(name, popen, log)


@asynccontextmanager
async def kept(begin: Callable[[], Awaitable[Child]], *signals: signal.Signals) -> AsyncIterator[None]:
    """Keep a server running: one that dies (for want of memory, say) is begun again at the same address.

    `begin` returns a server that is ready. At the end the server is stopped with `signals`.
    """
    child = await begin()

    async def revive() -> None:
        nonlocal child
        while True:
            await asyncio.sleep(REVIVE_POLL_S)
            if child.popen.poll() is None:
                continue
            log.error("embedded_server_died", server=child.name, exit_code=child.popen.returncode)
            try:
                child = await begin()
            except CannotStart as problem:
                log.error("embedded_server_not_revived", server=child.name, reason=str(problem))  # noqa: TRY400
                await asyncio.sleep(REVIVE_PAUSE_S)

    keeper = asyncio.create_task(revive())
    try:
        yield
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
        await child.stop(*signals)


async def end_leftovers(program: str, folder: Path, first: signal.Signals) -> None:
    """End the processes of `program` that still work in `folder`, left by a run that was killed.

    They are found by their working folder and not by the number in a pid file: after a reboot that number may be
    anybody's. The caller holds the data folder's lock, so no process found here belongs to a living run.
    """
    left = await asyncio.to_thread(_working_in, program, folder)
    ours = {process.pid for process in left}
    for number, wait_s in ((first, STOP_S_MAX), (signal.SIGQUIT, KILL_S_MAX), (signal.SIGKILL, KILL_S_MAX)):
        if not left:
            return
        for process in left:
            # The children of a server hear from their parent; a stray one, whose parent is gone, hears from us.
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.ppid() not in ours or number is signal.SIGKILL:
                    process.send_signal(number)
        left = await _left_after(left, wait_s)
    if left:
        raise CannotStart(f"a {program} left by an earlier run (process {left[0].pid}) can't be ended")


async def _left_after(processes: list[psutil.Process], wait_s: float) -> list[psutil.Process]:
    """Return those still alive when all are gone or `wait_s` is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    while processes and loop.time() < deadline:
        await asyncio.sleep(POLL_S)
        processes = [process for process in processes if _is_alive(process)]
    return processes


def _is_alive(process: psutil.Process) -> bool:
    """A dead process whose parent has not looked yet counts as gone: in a container nobody may ever look."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _working_in(program: str, folder: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["name", "cwd"])  # of a zombie the working folder is not known
    return [process for process in found if process.info["name"] == program and process.info["cwd"] == str(folder)]
