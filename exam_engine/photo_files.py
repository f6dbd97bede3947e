"""Photos named by ID number, in a folder or a ZIP: what they are called, and their bytes one at a time.

Nothing of a ZIP is ever written to disk, and nothing it says of itself is believed: its directory is read within
DIRECTORY_BYTES_MAX, each entry is inflated up to a limit whatever length it claims, and all of them together up to
INFLATED_MAX (photos hardly shrink in a ZIP, so what grows much is no photo). Folders inside do not matter, only what a
file is called; what systems add for themselves (`__MACOSX`, hidden files, Thumbs.db) is no file of the import.
"""

import io
import os
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final, Protocol

PHOTO_BYTES_MAX: Final = 8 * 1024 * 1024
FILES_MAX: Final = 20_000  # in one ZIP
FOLDER_FILES_MAX: Final = 200_000
DIRECTORY_BYTES_MAX: Final = 6 * 1024 * 1024
PIECE: Final = 256 * 1024
INFLATED_MAX: Final = 2 * 1024 * 1024 * 1024  # a ZIP of 512 MB of photos stays far below
NAME_MAX: Final = 200
NUMBER: Final = re.compile(r"[0-9A-Z]{6,18}")  # as people.persons.id_number
METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED: Final = 0x1
UTF_8: Final = 0x800
LITTER: Final = frozenset({"thumbs.db", "desktop.ini"})
# What zipfile and zlib raise over a damaged or hostile file.
BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, ValueError, NotImplementedError, RuntimeError,
    OverflowError, IndexError,
)  # fmt: skip


class BadImport(Exception):
    """The whole can't be read; `problem` says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class BadFile(Exception):
    """One file can't be read; `problem` says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class PhotoFiles(Protocol):
    """Files in their order. `names` are for people to read; `number_in` finds the ID number in one."""

    @property
    def names(self) -> Sequence[str]: ...

    def read(self, index: int) -> bytes:
        """The content of a file, at most one byte more than a photo may have. Raises BadFile, BadImport."""
        ...


def number_in(name: str) -> str | None:
    """The ID number a file is named by; None if its name is no number.

    Exactly the number and an ending: whose picture "110105194912310021 (2).jpg" is, nobody should guess. Blanks within
    it and a small x are how people write numbers, and full-width digits are how a Chinese keyboard does.
    """
    stem = base_name(name).rpartition(".")[0] or base_name(name)
    number = "".join(unicodedata.normalize("NFKC", stem).split()).upper()
    return number if NUMBER.fullmatch(number) else None


def base_name(name: str) -> str:
    """The name without folders, of whichever system made it."""
    return re.split(r"[/\\]", name)[-1]


class FolderPhotos:
    """The files below a folder, by path. Links to folders are not followed."""

    def __init__(self, folder: Path) -> None:
        """Raises BadImport."""
        if not folder.is_dir():
            raise BadImport("no_such_folder")
        self._paths: list[Path] = []
        for parent, folders, files in os.walk(folder):
            folders.sort()
            self._paths += [Path(parent) / name for name in sorted(files) if not _is_litter(name)]
            if len(self._paths) > FOLDER_FILES_MAX:
                raise BadImport("too_many_files")
        self.names: Sequence[str] = [_readable(str(path.relative_to(folder))) for path in self._paths]

    def read(self, index: int) -> bytes:
        """See PhotoFiles."""
        path = self._paths[index]
        if not path.is_file():  # a pipe would never end
            raise BadFile("unreadable_file")
        try:
            with path.open("rb") as file:
                return file.read(PHOTO_BYTES_MAX + 1)
        except OSError as error:
            raise BadFile("unreadable_file") from error


class ZipPhotos:
    """The files in a ZIP. `file` stays the caller's to close. Not for two threads at once."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises BadImport."""
        try:
            self._zip = zipfile.ZipFile(_Narrow(file))
        except TooMuch as error:
            raise BadImport("too_many_files") from error
        except BROKEN as error:
            raise BadImport("not_a_zip") from error
        self._entries = [info for info in self._zip.infolist() if not info.is_dir() and not _is_litter(info.filename)]
        if len(self._entries) > FILES_MAX:
            raise BadImport("too_many_files")
        self.names: Sequence[str] = [_readable(_name_of(info)) for info in self._entries]
        self._inflated = 0

    def read(self, index: int) -> bytes:
        """See PhotoFiles."""
        info = self._entries[index]
        if info.flag_bits & ENCRYPTED:
            raise BadFile("file_encrypted")
        if info.compress_type not in METHODS:
            raise BadFile("file_compression")
        data = bytearray()
        try:
            with self._zip.open(info) as entry:
                while len(data) <= PHOTO_BYTES_MAX and (piece := entry.read(PIECE)):
                    data += piece
                    self._count(len(piece))
        except BROKEN as error:
            raise BadFile("file_broken") from error
        return bytes(data[: PHOTO_BYTES_MAX + 1])

    def _count(self, more: int) -> None:
        self._inflated += more
        if self._inflated > INFLATED_MAX:
            raise BadImport("zip_bomb")


class TooMuch(Exception):
    """More was asked of the file at once than any honest ZIP needs."""


class _Narrow(io.RawIOBase):
    """The file, but never much of it at once: `zipfile` reads a directory of whatever size it claims into memory."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > DIRECTORY_BYTES_MAX:
            raise TooMuch
        if size is not None and size >= 0:
            return self._file.read(size)
        data = self._file.read(DIRECTORY_BYTES_MAX + 1)
        if len(data) > DIRECTORY_BYTES_MAX:
            raise TooMuch
        return data


def _name_of(info: zipfile.ZipInfo) -> str:
    """Old Chinese tools write names in GBK and don't say so; `zipfile` takes them for those of an American PC."""
    if info.flag_bits & UTF_8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _readable(name: str) -> str:
    """A name fit for a report: nothing that moves a terminal's cursor, no half characters, no novel."""
    whole = name.encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in whole)[-NAME_MAX:]


def _is_litter(name: str) -> bool:
    base = base_name(name)
    return base.startswith(".") or base.lower() in LITTER or "__MACOSX" in re.split(r"[/\\]", name)
