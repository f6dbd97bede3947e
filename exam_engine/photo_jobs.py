"""Imports that go on after their upload was answered: a few at a time, and how far they are for whoever may ask.

The file is one without a name in the data folder: gone with whatever ends the work, also a killed process. How far an
import is stands in Redis, so that every process can say it, and here, for when Redis is away. Both may be lost: then
nobody can be told the lines any more, but every photo that was taken is in the database. An import ends with its
process ("stopped"); the same file again goes on where it was.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec
import structlog
from redis.exceptions import RedisError

from exam_engine.errors import TooLarge, TooMany, Unavailable
from exam_engine.house import House
from exam_engine.photo_files import BadImport, ZipPhotos
from exam_engine.photo_import import PhotoImport, Report
from exam_engine.store import Account

IMPORTS_MAX: Final = 2  # in one process, from the first byte of the upload
UPLOAD_BYTES_MAX: Final = 512 * 1024 * 1024
UPLOAD_S_MAX: Final = 3_600
PIECE: Final = 1024 * 1024
TELL_S: Final = 1.0  # how often the others are told
KEEP_S: Final = 86_400
SILENT_S: Final = 60  # nothing heard for so long: its process is gone
JOBS_MAX: Final = 20  # reports kept in this process

log = structlog.get_logger()


class Job(msgspec.Struct, kw_only=True):
    """An import, whose it is, and when it was last heard of."""

    import_id: str
    account_id: int
    province: str
    heard_at: datetime
    report: Report


Ended = Callable[[Job], Awaitable[None]]


class Enrolment:
    """The imports of this process, and the faces it knows. One per application."""

    def __init__(self, house: House) -> None:
        self.known = house.known
        self._house = house
        self._jobs: dict[str, Job] = {}
        self._busy = 0

    @contextlib.contextmanager
    def place(self) -> "Iterator[contextlib.ExitStack]":
        """One of the few imports at a time; what is pushed on the stack is undone, unless it was taken over."""
        if self._busy >= IMPORTS_MAX:
            raise TooMany("too_many_imports", retry_after_s=60)
        self._busy += 1
        with contextlib.ExitStack() as stack:
            stack.callback(self._leave)
            yield stack

    def _leave(self) -> None:
        self._busy -= 1

    async def receive(self, stack: contextlib.ExitStack, pieces: AsyncIterator[bytes]) -> tuple[BinaryIO, int]:
        """The upload in a file without a name, which `stack` closes, and its length. Raises TooLarge, Unavailable."""
        try:
            file = await asyncio.to_thread(_nameless, self._house.settings.data / "imports")
            stack.callback(file.close)
        except OSError as error:
            raise _no_room(error) from error
        size, held = 0, bytearray()
        async for piece in pieces:
            size += len(piece)
            if size > UPLOAD_BYTES_MAX:
                raise TooLarge("body_too_large", limit=UPLOAD_BYTES_MAX)
            held += piece
            if len(held) >= PIECE:
                await _write(file, bytes(held))
                held.clear()
        await _write(file, bytes(held))
        return file, size

    def new_id(self) -> str:
        """A number no other import has; not a secret."""
        return f"{self._house.rng.getrandbits(64):016x}"

    def begin(self, import_id: str, stack: contextlib.ExitStack, file: BinaryIO, account: Account, ended: Ended) -> Job:
        """Go through a received ZIP after this; everything on `stack` is undone at the end of it."""
        house = self._house
        job = Job(
            import_id=import_id,
            account_id=account.account_id,
            province=account.province or "",
            heard_at=house.clock.now(),
            report=Report(),
        )
        while len(self._jobs) >= JOBS_MAX:
            del self._jobs[next(iter(self._jobs))]
        self._jobs[job.import_id] = job
        house.later(self._run(job, file, stack.pop_all(), ended))
        return job

    async def _run(self, job: Job, file: BinaryIO, stack: contextlib.ExitStack, ended: Ended) -> None:
        report = job.report
        work = asyncio.create_task(self._read(job, file))
        try:
            while not work.done():
                # A task of its own: redis-py finishes a command it is cancelled in, and the cancelling would be lost.
                await asyncio.wait({asyncio.create_task(self._tell(job))})
                await asyncio.wait({work}, timeout=TELL_S)
            await work
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            report.problem = report.problem or "stopped"
            raise
        except BadImport as error:
            report.problem = error.problem
        except Exception:
            log.exception("photo_import_failed", import_id=job.import_id)
            report.problem = "bug"
        finally:
            stack.close()
            try:
                await ended(job)
            finally:
                report.finished = True
                await self._tell(job)

    async def _read(self, job: Job, file: BinaryIO) -> None:
        photos = await asyncio.to_thread(ZipPhotos, file)
        await PhotoImport(
            self._house,
            photos,
            job.report,
            province=job.province,
            by=job.account_id,
            known=self.known,
            replace=True,
            stopping=lambda: self._house.closing,
        ).run()

    async def _tell(self, job: Job) -> None:
        job.heard_at = self._house.clock.now()
        with contextlib.suppress(RedisError, OSError):
            await self._house.redis.set(_key(job.import_id), msgspec.json.encode(job), ex=KEEP_S)

    async def find(self, import_id: str, account: Account) -> Job | None:
        """How far this import is, if the account may see it: its own, or its province's. Raises Unavailable."""
        job = self._jobs.get(import_id) or await self._heard(import_id)
        if job is None or (account.account_id != job.account_id and not _same_province(account, job)):
            return None
        return job

    async def _heard(self, import_id: str) -> Job | None:
        try:
            text = await self._house.redis.get(_key(import_id))
        except (RedisError, OSError) as error:
            raise Unavailable("try_again", retry_after_s=5) from error
        if text is None:
            return None
        job = msgspec.json.decode(cast("bytes", text), type=Job)
        silent_s = (self._house.clock.now() - job.heard_at).total_seconds()
        if not job.report.finished and silent_s > SILENT_S:
            job.report.finished, job.report.problem = True, "stopped"
        return job


def _key(import_id: str) -> str:
    return f"exam:photos:{import_id}"


def _same_province(account: Account, job: Job) -> bool:
    return bool(account.province) and account.province == job.province


def _nameless(folder: Path) -> BinaryIO:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cast("BinaryIO", tempfile.TemporaryFile(dir=folder))


async def _write(file: BinaryIO, data: bytes) -> None:
    try:
        await asyncio.to_thread(file.write, data)
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> Unavailable:
    log.warning("no_room_for_upload", reason=error.strerror)
    return Unavailable("try_again", retry_after_s=60)
