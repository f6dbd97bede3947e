"""ZIP archives made by strangers: which files are in them, and a file's content, within limits.

Nothing is ever written to a disk: names are only names. All the same an archive whose names lead out of it, or that
holds links, was made to do harm, and is refused as a whole. What a member says of its size is not believed.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from typing import Final

from question_bank.formats.reading import FILE_BYTES_MAX, Unreadable, check_size

FILE_COUNT_MAX: Final = 20_000
NAME_LENGTH_MAX: Final = 400  # characters
UNPACKED_BYTES_MAX: Final = 4 * FILE_BYTES_MAX  # of all files, as they say themselves
MEMBER_BYTES_MAX: Final = 16 * 1024 * 1024  # of one file that is read
RATIO_MAX: Final = 200  # unpacked to packed, of a file of more than 1 MiB; XML packs to about a tenth
SMALL: Final = 1024 * 1024
BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(LookupError, ValueError, OSError, RuntimeError, OverflowError),
)

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # also C: of a disk


class Archive:
    """One archive. `names` are its files, without folders, as written in it."""

    def __init__(self, data: bytes) -> None:
        """Raises Unreadable."""
        check_size(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            members = self._zip.infolist()
        except BROKEN as error:
            raise Unreadable(f"The file is not a ZIP archive that can be read ({type(error).__name__}).") from None
        _check(members)
        self._members = {member.filename: member for member in members if not member.is_dir()}
        self._left = UNPACKED_BYTES_MAX
        self.names = tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The content of a file that is there. Raises Unreadable for a broken or too large one."""
        try:
            with self._zip.open(self._members[name]) as member:
                data = member.read(MEMBER_BYTES_MAX + 1)
        except BROKEN as error:
            raise Unreadable(f"{name} can't be unpacked ({type(error).__name__}).") from None
        self._left -= len(data)
        if len(data) > MEMBER_BYTES_MAX or self._left < 0:
            raise Unreadable(f"{name} unpacks to more than {MEMBER_BYTES_MAX // 1024**2} MiB.")
        return data


def joined(base: str, path: str) -> str:
    """The name of the file that `path` means inside the folder `base`; "" when it leads out of the archive."""
    if path.startswith("/") or "\\" in path or "\x00" in path or _SCHEME.match(path):
        return ""
    steps = [step for step in base.split("/") if step]
    for step in path.split("/"):
        if step == ".." and not steps:
            return ""
        if step == "..":
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def folder_of(name: str) -> str:
    """The folder a file of the archive is in; "" for the top."""
    return name.rpartition("/")[0]


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > FILE_COUNT_MAX:
        raise Unreadable(f"The archive holds more than {FILE_COUNT_MAX} files.")
    if len({member.filename for member in members}) < len(members):
        raise Unreadable("The archive holds two files of the same name.")
    for member in members:
        _check_member(member)
    if sum(member.file_size for member in members) > UNPACKED_BYTES_MAX:
        raise Unreadable(f"The archive unpacks to more than {UNPACKED_BYTES_MAX // 1024**2} MiB.")


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename[:80]
    written = member.orig_filename.removeprefix("./").rstrip("/")
    if len(written) > NAME_LENGTH_MAX or ".." in written.split("/") or joined("", written) != written:
        raise Unreadable(f"The archive holds a file whose name leads out of it or is none: {name!r}.")
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode) or (stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))):
        raise Unreadable(f"The archive holds a link or a device: {name!r}.")
    if member.flag_bits & 0x1:
        raise Unreadable(f"The archive holds an encrypted file: {name!r}.")
    if member.file_size > SMALL and member.file_size > RATIO_MAX * max(member.compress_size, 1):
        raise Unreadable(f"The archive holds a file that unpacks to {RATIO_MAX} times its size: {name!r}.")
