"""Evidence pictures: written once, sealed by the key of their person, named by their hash.

A picture is accepted as JPEG by its content, not its name, decoded within limits (so that a bomb stays shut) and
encoded anew: what people see holds no metadata and nothing hidden behind the image. Files are sealed (`sealing.py`)
for one person and name: a file put in the place of another does not open. The same picture of two persons is two files.

Of pictures that come by the hundred each second (`keep_many`) only the markers are read; they are sealed as they came,
many in one job of a thread, with one wait for the disk. The seal says so, and whoever gets one from here to show it
gets it cleaned then: no bytes as they were sent ever reach a browser.

A folder per person, `ab/cd/<person>/<name>`, spread by the hash of the person's number: four million persons are 61 in
each of 65,536 folders. A full, read-only or missing disk is a `StoreAway`: a picture is lost, the exam goes on.
"""

import asyncio
import contextlib
import io
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from ctypes import CDLL, get_errno
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

from proctor import jpeg_head, sealing
from proctor.keys import KeyUnreadable, PersonKeys
from proctor.sealing import DataKey

JPEG_BYTES_MAX: Final = 1024 * 1024
SIDE_MIN: Final = 120  # pixels
SIDE_MAX: Final = 4096
SENT_SIDE_MAX: Final = 1920  # of one kept as it came: a page sends 640, a phone's camera as large as its screen at most
KEPT_SIDE_MAX: Final = 960  # a face check needs no more
QUALITY: Final = 80
DECODERS: Final = 2  # pictures decoded at the same time
WRITERS: Final = 3  # files written at the same time: a slow disk must leave threads for everything else
NAME: Final = re.compile(r"[0-9a-f]{64}")


class BadPicture(Exception):
    """Not a picture that can be evidence; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StoreAway(Exception):
    """Pictures can't be written or read just now; `str()` says why, for the log."""


class Kept(msgspec.Struct, frozen=True):
    """A picture on the disk: its name (64 hex digits), and the clean JPEG, which is what a face model should see."""

    name: str
    jpeg: bytes


@dataclass(frozen=True, eq=False, slots=True)
class Sent:
    """A picture to be kept as it came, checked by `check_head`."""

    person_id: int
    jpeg: bytes


class Freed(msgspec.Struct, frozen=True):
    """What a deletion removes."""

    files: int
    bytes: int


class Pictures:
    """The pictures below one folder."""

    def __init__(self, folder: Path, keys: PersonKeys) -> None:
        self._folder = folder
        self._keys = keys
        self._decoding = asyncio.Semaphore(DECODERS)
        self._writing = asyncio.Semaphore(WRITERS)

    async def put(self, person_id: int, jpeg: bytes) -> Kept:
        """Check, clean and keep a picture; the same again changes nothing. Raises BadPicture, StoreAway."""
        async with self._decoding:
            clean = await asyncio.to_thread(clean_jpeg, jpeg)
        name = sha256(clean).hexdigest()
        if (await self._open(person_id, name))[0] is None:
            try:
                sealed = await self._keys.seal(person_id, name, clean)
            except KeyUnreadable as error:
                raise StoreAway(str(error)) from error
            async with self._writing:
                await asyncio.to_thread(write_whole, self._path(person_id, name), sealed)
        return Kept(name, clean)

    async def keep_many(self, sent: Sequence[Sent]) -> list[str | StoreAway]:
        """Keep pictures as they came; of each its name, once it is safe, or why it could not be kept."""
        keys: list[DataKey | StoreAway] = []
        found = await self._keys.of_many([one.person_id for one in sent], make=True)
        for one in sent:
            try:
                key = found[one.person_id]
            except KeyUnreadable as error:
                keys.append(StoreAway(str(error)))
            else:
                assert key is not None, "a key was made"
                keys.append(key)
        return await asyncio.to_thread(self._write_many, sent, keys)

    def _write_many(self, sent: Sequence[Sent], keys: Sequence[DataKey | StoreAway]) -> list[str | StoreAway]:
        """Every file, then one wait for the disk: a wait costs it as much for one as for all that are new."""
        done: list[str | StoreAway] = []
        for one, key in zip(sent, keys, strict=True):
            try:
                done.append(key if isinstance(key, StoreAway) else self._write_sent(one, key))
            except StoreAway as error:
                done.append(error)
        try:
            if any(isinstance(each, str) for each in done):
                sync_folder(self._folder)
        except StoreAway as error:
            return [error] * len(done)
        return done

    def _write_sent(self, one: Sent, key: DataKey) -> str:
        name = sha256(one.jpeg).hexdigest()
        nonce = os.urandom(sealing.NONCE_BYTES)
        sealed = sealing.seal(key, one.person_id, name, one.jpeg, nonce, as_sent=True)
        write_new(self._path(one.person_id, name), sealed)
        return name

    async def get(self, person_id: int, name: str) -> bytes | None:
        """The JPEG of this person and name, clean; None if there is none, or it does not open.

        Raises StoreAway, and BadPicture if it was kept as it came and is none.
        """
        jpeg, as_sent = await self._open(person_id, name)
        if jpeg is None or not as_sent:
            return jpeg
        async with self._decoding:
            return await asyncio.to_thread(clean_jpeg, jpeg)

    async def get_as_kept(self, person_id: int, name: str) -> bytes | None:
        """The same, as it is stored: for a face model, which has a process of its own. Raises StoreAway."""
        return (await self._open(person_id, name))[0]

    async def _open(self, person_id: int, name: str) -> tuple[bytes | None, bool]:
        sealed = await asyncio.to_thread(read_file, self._path(person_id, name))
        if sealed is None:
            return None, False
        try:
            return await self._keys.unseal(person_id, name, sealed), sealing.is_as_sent(sealed)
        except KeyUnreadable:
            return None, False

    async def sizes(self, person_id: int, names: Sequence[str]) -> Freed:
        """What `delete` would remove. Raises StoreAway."""
        return await asyncio.to_thread(self._measure, [self._path(person_id, name) for name in names])

    async def delete(self, person_id: int, names: Sequence[str]) -> Freed:
        """Remove pictures of a person; those that are gone already don't count. Raises StoreAway."""
        return await asyncio.to_thread(self._remove, person_id, [self._path(person_id, name) for name in names])

    async def clear(self, person_id: int) -> Freed:
        """Remove every file of a person, also what a killed process left and no row names. Raises StoreAway."""
        return await asyncio.to_thread(self._clear, person_id)

    def _measure(self, paths: list[Path]) -> Freed:
        """A store that is not there at all is away (not mounted, another data folder): its files are not gone."""
        with disk():
            if not self._folder.is_dir():
                raise StoreAway("there is no folder of pictures")
            sizes = [path.stat().st_size for path in paths if path.exists()]
        return Freed(len(sizes), sum(sizes))

    def _remove(self, person_id: int, paths: list[Path]) -> Freed:
        there = self._measure(paths)
        with disk():
            for path in paths:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty, or gone
            self._folder_of(person_id).rmdir()
        return there

    def _clear(self, person_id: int) -> Freed:
        folder = self._folder_of(person_id)
        with disk():
            paths = list(folder.iterdir()) if folder.is_dir() else []
        return self._remove(person_id, paths)

    def _folder_of(self, person_id: int) -> Path:
        return folder_of(self._folder, person_id)

    def _path(self, person_id: int, name: str) -> Path:
        assert NAME.fullmatch(name), "names are hex digests, never paths"
        return self._folder_of(person_id) / name


def folder_of(root: Path, person_id: int) -> Path:
    """Where the files of a person are, below the folder of all."""
    spread = sha256(str(person_id).encode()).hexdigest()
    return root / spread[:2] / spread[2:4] / str(person_id)


def check_head(data: bytes, bytes_max: int = JPEG_BYTES_MAX) -> None:
    """Whether this can be kept as it came, as far as its markers say. Raises BadPicture."""
    if len(data) > bytes_max:
        raise BadPicture("picture_too_large")
    try:
        sides = jpeg_head.sides(data)
    except jpeg_head.NoJpeg as error:
        raise BadPicture(error.code) from error
    if not all(SIDE_MIN <= side <= SENT_SIDE_MAX for side in sides):
        raise BadPicture("picture_size")


def clean_jpeg(data: bytes, bytes_max: int = JPEG_BYTES_MAX) -> bytes:
    """The same picture as a fresh JPEG, upright, at most KEPT_SIDE_MAX on its longer side. Raises BadPicture."""
    if len(data) > bytes_max:
        raise BadPicture("picture_too_large")
    if not data.startswith(b"\xff\xd8\xff"):
        raise BadPicture("not_a_jpeg")
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            if not all(SIDE_MIN <= side <= SIDE_MAX for side in image.size):
                raise BadPicture("picture_size")
            image.draft("RGB", (KEPT_SIDE_MAX, KEPT_SIDE_MAX))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadPicture("picture_broken") from error
    picture.thumbnail((KEPT_SIDE_MAX, KEPT_SIDE_MAX))
    picture.info.clear()  # a comment would be written again
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


@contextlib.contextmanager
def disk() -> Iterator[None]:
    """What the disk says against it is a StoreAway; paths stay out of its text."""
    try:
        yield
    except OSError as error:
        raise StoreAway(error.strerror or type(error).__name__) from error


def read_file(path: Path) -> bytes | None:
    """What the file holds; None if there is none. Raises StoreAway."""
    with disk(), contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    return None


def write_new(path: Path, data: bytes) -> None:
    """Write a file whose name nobody knows yet; it is safe after `sync_folder`. Raises StoreAway.

    What a crash leaves of it is named by no row, and is written over by whoever comes with the same picture again.
    """
    with disk():
        try:
            handle = _open_new(path)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = _open_new(path)
        except FileExistsError:  # sent again, or sealed by a key that is gone
            _write_once(path, data)
            return
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                left = memoryview(data)
                while left:
                    left = left[file.write(left) :]
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _open_new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def sync_folder(folder: Path) -> None:
    """Wait until everything written to this folder's file system is safe, also the names. Raises StoreAway."""
    with disk():
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _LIBC.syncfs(handle) != 0:
                number = get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(handle)


_LIBC: Final = CDLL(None, use_errno=True)  # Python has no syncfs of its own


def write_whole(path: Path, data: bytes) -> None:
    """All or nothing: a half-written file never has its name. Raises StoreAway."""
    with disk():
        try:
            _write_once(path, data)
        except FileNotFoundError:  # a deletion removed the empty folder between our making and our using it
            _write_once(path, data)


def _write_once(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
