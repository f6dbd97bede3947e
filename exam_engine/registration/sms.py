"""▪ SMS: a gateway is whatever takes a phone and a text. The default writes them to a file of the data folder.

A province connects its provider by a class of its own; nothing else knows how an SMS is sent.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

ROTATE_BYTES: Final = 10 * 1024 * 1024
OUTBOX: Final = "outbox.jsonl"
BEFORE: Final = "outbox.1.jsonl"  # what was full before; older ones are gone


class SmsAway(Exception):
    """The gateway did not take it: the same again later is right."""


class SmsGateway(Protocol):
    """Where an SMS goes out."""

    async def send(self, phone: str, text: str) -> None:
        """Hand over one SMS to a mobile number of eleven digits. Raises SmsAway."""
        ...


class Sent(msgspec.Struct, frozen=True):
    """A line of the file."""

    at: datetime
    phone: str
    text: str


class FileSms:
    """Writes every SMS as a line of JSON, on the disk when `send` returns. Several processes may share the folder."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now

    async def send(self, phone: str, text: str) -> None:
        """See SmsGateway."""
        line = msgspec.json.encode(Sent(self._now(), phone, text)) + b"\n"
        try:
            await asyncio.to_thread(self._write, line)
        except OSError as error:
            raise SmsAway(str(error)) from error

    def _write(self, line: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self._folder / "lock"):
            path = self._folder / OUTBOX
            if path.exists() and path.stat().st_size + len(line) > ROTATE_BYTES:
                path.replace(self._folder / BEFORE)
            _append(path, line)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The folder is this writer's alone until the end of the block; the system ends a dead process's claim."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _append(path: Path, line: bytes) -> None:
    path.touch(mode=0o600)
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
