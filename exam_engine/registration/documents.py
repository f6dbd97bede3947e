"""Documents on the disk: cleaned in a process of their own, sealed for their person, written once, named by their hash.

They are sealed by a key of the installation, not by that of the person (`proctor/keys.py`): that one is shredded with
the exam's evidence, and a registration file outlives it. A file opens for its person and name only. The layout is that
of `proctor/pictures.py`: a folder per person, spread by the hash of its number.
"""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import structlog

from exam_engine.registration.document_kinds import (
    CLEANED_BYTES_MAX,
    DOCUMENT_BYTES_MAX,
    BadDocument,
    Cleaned,
    NotCleaned,
    Purpose,
)
from proctor.pictures import NAME, StoreAway, disk, folder_of, read_file, write_whole
from proctor.sealing import NONCE_BYTES, DataKey, derived, seal, unseal

CLEANER: Final = "exam_engine.registration.document_cleaner"
CLEANERS: Final = 2  # documents cleaned at the same time
CLEANING_S_MAX: Final = 30.0  # on a busy machine; of the processor's time it may take 5 s
WRITERS: Final = 3  # files written at the same time: a slow disk must leave threads and connections for everything else
ANSWER_BYTES_MAX: Final = CLEANED_BYTES_MAX + 1024
PIECE: Final = 256 * 1024
# The secrets of an installation come in by its environment: what hostile files are read by gets none of it.
ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")

log = structlog.get_logger()


class CleanerAway(Exception):
    """Documents can't be cleaned just now, and the document is not to blame."""


class Documents:
    """The documents below one folder."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder = folder
        self._key = DataKey(1, derived(secret, "documents 1"))
        self._cleaning = asyncio.Semaphore(CLEANERS)
        self._writing = asyncio.Semaphore(WRITERS)
        self.uploads: Counter[int] = Counter()  # being read into memory just now, by person

    async def clean(self, data: bytes, purpose: Purpose) -> Cleaned:
        """The document as it may be kept. Raises BadDocument, CleanerAway."""
        assert len(data) <= DOCUMENT_BYTES_MAX
        async with self._cleaning:
            answer = await _cleaned(data, purpose)
        if isinstance(answer, NotCleaned):
            raise BadDocument(answer.code, answer.detail)
        return answer

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Whoever writes or deletes with a transaction open has to be inside: few connections wait for a disk."""
        async with self._writing:
            yield

    async def put(self, person_id: int, data: bytes) -> str:
        """Keep a cleaned document; the same again changes nothing. Returns its name. Raises StoreAway."""
        return await asyncio.to_thread(self._put, person_id, data)

    def _put(self, person_id: int, data: bytes) -> str:
        name = sha256(data).hexdigest()
        if self._get(person_id, name) is None:
            sealed = seal(self._key, person_id, name, data, os.urandom(NONCE_BYTES))
            write_whole(self._path(person_id, name), sealed)
        return name

    async def get(self, person_id: int, name: str) -> bytes | None:
        """The document of this person and name; None if there is none, or it does not open. Raises StoreAway."""
        return await asyncio.to_thread(self._get, person_id, name)

    def _get(self, person_id: int, name: str) -> bytes | None:
        sealed = read_file(self._path(person_id, name))
        return None if sealed is None else unseal(self._key, person_id, name, sealed)

    async def delete(self, files: Iterable[tuple[int, str]]) -> None:
        """Remove the files of these persons and names; those that are gone already don't matter. Raises StoreAway."""
        await asyncio.to_thread(self._delete, [self._path(person_id, name) for person_id, name in files])

    def _delete(self, paths: list[Path]) -> None:
        with disk():
            if paths and not self._folder.is_dir():  # not mounted, another data folder: its files are not gone
                raise StoreAway("there is no folder of documents")
            for path in paths:
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # not empty, or gone
                    path.parent.rmdir()

    def _path(self, person_id: int, name: str) -> Path:
        assert NAME.fullmatch(name), "names are hex digests, never paths"
        return folder_of(self._folder, person_id) / name


async def _cleaned(data: bytes, purpose: Purpose) -> Cleaned | NotCleaned:
    """Ask a cleaner of its own. Raises CleanerAway."""
    pipe = asyncio.subprocess.PIPE
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", CLEANER, purpose, stdin=pipe, stdout=pipe, env=environment
        )
    except OSError as error:
        raise CleanerAway(error.strerror or type(error).__name__) from error
    try:
        async with asyncio.timeout(CLEANING_S_MAX):
            answer = await _ask(process, data)
    except TimeoutError:
        return NotCleaned("document_broken", "time")
    finally:
        await _end(process)
    return _understood(answer, process.returncode)


async def _ask(process: asyncio.subprocess.Process, data: bytes) -> bytes:
    """Everything the process says, until it has ended; nothing if that is more than an answer can be."""
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = asyncio.create_task(_feed(process.stdin, data))
    said = bytearray()
    try:
        while len(said) <= ANSWER_BYTES_MAX and (piece := await process.stdout.read(PIECE)):
            said += piece
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
    if len(said) > ANSWER_BYTES_MAX:
        return b""
    await process.wait()
    return bytes(said)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    assert process.stdout is not None
    while await process.stdout.read(PIECE):  # asyncio does not call it ended before its last word is read
        pass
    await process.wait()


async def _feed(stdin: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended: its answer or its end will tell
        stdin.write(data)
        await stdin.drain()
        stdin.close()


def _understood(answer: bytes, code: int | None) -> Cleaned | NotCleaned:
    """What the cleaner said; if the document was the end of it, that. Raises CleanerAway."""
    if code is not None and code < 0:
        return NotCleaned("document_broken", f"signal {-code}")
    try:
        understood: Cleaned | NotCleaned = msgspec.msgpack.decode(answer, type=Cleaned | NotCleaned)
    except msgspec.DecodeError as error:
        log.error("document_cleaner_failed", code=code)  # noqa: TRY400  the traceback is the cleaner's, on stderr
        raise CleanerAway("the cleaner did not answer") from error
    return understood
