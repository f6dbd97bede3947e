"""Files named by ID number: whose is whose, and ZIPs that were made to do harm."""

import io
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from exam_engine.photo_files import (
    DIRECTORY_BYTES_MAX,
    FILES_MAX,
    INFLATED_MAX,
    PHOTO_BYTES_MAX,
    BadFile,
    BadImport,
    FolderPhotos,
    ZipPhotos,
    number_in,
)
from tests.exam_engine.photo_samples import zipped

NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("11010519491231002X.jpg", NUMBER),
        ("11010519491231002x.JPEG", NUMBER),
        ("110105194912310 02X.jpg", NUMBER),
        ("１１０１０５１９４９１２３１００２Ｘ.jpg", NUMBER),
        ("2026/北京/11010519491231002X.jpg", NUMBER),
        ("D:\\照片\\11010519491231002X.jpg", NUMBER),
        ("11010519491231002X", NUMBER),
        ("E12345678.jpg", "E12345678"),
        ("../../etc/E12345678.jpg", "E12345678"),
        ("11010519491231002X (2).jpg", None),
        ("测试甲.jpg", None),
        ("11010519491231002X.old.jpg", None),
        ("12345.jpg", None),
        ("1101051949123100211.jpg", None),
        (".jpg", None),
        ("", None),
        ("11010519491231002X/", None),
    ],
)
def test_a_file_is_named_by_the_number_and_nothing_else(name: str, number: str | None) -> None:
    assert number_in(name) == number


# --- folders -----------------------------------------------------------------------------------------------------


def test_the_files_of_a_folder_come_by_path_and_without_what_systems_add(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("z.jpg", "b/a.jpg", "b/.hidden", "Thumbs.db", ".DS_Store"):
        (tmp_path / name).write_bytes(name.encode())
    photos = FolderPhotos(tmp_path)
    assert (photos.names, photos.read(1)) == (["z.jpg", "b/a.jpg"], b"b/a.jpg")


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "E12345678.jpg")
    (tmp_path / "E12345679.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    photos = FolderPhotos(tmp_path)
    assert len(photos.names) == 2
    for index in range(2):
        with pytest.raises(BadFile, match="unreadable_file"):
            photos.read(index)


def test_of_a_huge_file_no_more_is_read_than_shows_that_it_is_too_large(tmp_path: Path) -> None:
    with (tmp_path / "E12345678.jpg").open("wb") as file:
        file.truncate(PHOTO_BYTES_MAX * 100)
    assert len(FolderPhotos(tmp_path).read(0)) == PHOTO_BYTES_MAX + 1


def test_a_name_that_is_no_text_and_one_that_moves_the_cursor_can_be_reported(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg")).write_bytes(b"")
    (tmp_path / "a\x1b[2Jb.jpg").write_bytes(b"")
    names = FolderPhotos(tmp_path).names
    assert [name.encode() and name.isprintable() for name in names] == [True, True]


def test_there_is_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(BadImport, match="no_such_folder"):
        FolderPhotos(tmp_path / "none")


# --- ZIPs --------------------------------------------------------------------------------------------------------


def opened(data: bytes) -> ZipPhotos:
    return ZipPhotos(io.BytesIO(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zips_files_are_those_that_people_put_in(method: int) -> None:
    entries = {
        "photos/": b"",
        "photos/E12345678.jpg": b"one" * 1000,
        "__MACOSX/photos/._E12345678.jpg": b"litter",
        "photos/.DS_Store": b"litter",
        "E12345679.jpg": b"",
    }
    photos = opened(zipped(entries, method))
    assert photos.names == ["photos/E12345678.jpg", "E12345679.jpg"]
    assert [photos.read(0), photos.read(1)] == [b"one" * 1000, b""]


def test_a_name_in_gbk_is_read_as_chinese() -> None:
    data = zipped({"XXXX/E12345678.jpg": b"one"}).replace(b"XXXX", "照片".encode("gbk"))
    assert opened(data).names == ["照片/E12345678.jpg"]


def test_a_zip_with_a_beginning_that_is_none_is_still_a_zip() -> None:
    assert opened(b"#!/bin/sh\n" + zipped({"E12345678.jpg": b"one"})).read(0) == b"one"


def directory_of(data: bytes) -> int:
    """Where the central directory begins."""
    return data.index(b"PK\x01\x02")


def patched(data: bytes, at: int, *fields: int, shape: str) -> bytes:
    changed = bytearray(data)
    struct.pack_into(shape, changed, at, *fields)
    return bytes(changed)


def encrypted(data: bytes) -> bytes:
    return patched(patched(data, directory_of(data) + 8, 1, shape="<H"), 6, 1, shape="<H")


def of_method(number: int) -> Callable[[bytes], bytes]:
    return lambda data: patched(data, directory_of(data) + 10, number, shape="<H")


def bad_crc(data: bytes) -> bytes:
    return patched(data, directory_of(data) + 16, 0xDEADBEEF, shape="<I")


def claims_less(data: bytes) -> bytes:
    return patched(data, directory_of(data) + 24, 10, shape="<I")


def claims_more(data: bytes) -> bytes:
    return patched(data, directory_of(data) + 20, 2**31, 2**31, shape="<II")


def named_otherwise(data: bytes) -> bytes:
    return data.replace(b"E12345678", b"E99999999", 1)


def points_nowhere(data: bytes) -> bytes:
    return patched(data, directory_of(data) + 42, 2**31 - 5, shape="<I")


def garbage_inside(data: bytes) -> bytes:
    start = 30 + len("E12345678.jpg")
    return data[:start] + b"\xff" * 40 + data[start + 40 :]


@pytest.mark.parametrize(
    ("attack", "problem"),
    [
        (encrypted, "file_encrypted"),
        (of_method(zipfile.ZIP_LZMA), "file_compression"),
        (of_method(zipfile.ZIP_BZIP2), "file_compression"),
        (of_method(99), "file_compression"),
        (bad_crc, "file_broken"),
        (claims_less, "file_broken"),
        (named_otherwise, "file_broken"),
        (points_nowhere, "file_broken"),
        (garbage_inside, "file_broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_a_bad_entry_is_one_bad_line_and_the_next_is_read(attack: Callable[[bytes], bytes], problem: str) -> None:
    first = {"E12345678.jpg": bytes(range(256)) * 20, "E12345679.jpg": b"second"}
    photos = opened(attack(zipped(first, zipfile.ZIP_DEFLATED)))
    with pytest.raises(BadFile, match=problem):
        photos.read(0)
    assert photos.read(1) == b"second"


def test_a_length_that_is_not_true_is_not_believed() -> None:
    body = bytes(range(256)) * 20
    assert opened(claims_more(zipped({"E12345678.jpg": body}, zipfile.ZIP_DEFLATED))).read(0) == body


def test_of_a_zip_without_its_beginning_the_rest_is_read() -> None:
    photos = opened(zipped({"E12345678.jpg": b"one", "E12345679.jpg": b"two"})[20:])
    with pytest.raises(BadFile, match="file_broken"):
        photos.read(0)
    assert photos.read(1) == b"two"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not_a_zip"),
        (b"\xff\xd8\xff" * 100, "not_a_zip"),
        (zipped({"E12345678.jpg": b"one"})[:-30], "not_a_zip"),
        (b"PK\x05\x06" + b"\xff" * 18, "not_a_zip"),
        (zipped({f"{number}": b"" for number in range(FILES_MAX + 1)}), "too_many_files"),
    ],
    ids=["empty", "a picture", "cut off", "only an end", "too many"],
)
def test_what_can_not_be_read_as_a_whole_says_so(data: bytes, problem: str) -> None:
    with pytest.raises(BadImport, match=problem):
        opened(data)


def test_a_directory_that_claims_gigabytes_is_not_read_into_memory() -> None:
    """The end of the file says that its directory has half a gigabyte, and the file is that long."""
    size = 512 * 1024 * 1024
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 0, 0)
    file = Sparse(size, end)
    tracemalloc.start()
    try:
        with pytest.raises(BadImport, match="too_many_files"):
            ZipPhotos(file)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * DIRECTORY_BYTES_MAX


class Sparse(io.BytesIO):
    """Zeros, then `end`; takes no room."""

    def __init__(self, size: int, end: bytes) -> None:
        super().__init__()
        self._size, self._end, self._at = size, end, 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size + len(self._end)}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = self._size + len(self._end) - self._at
        count = left if size is None or size < 0 else min(size, left)
        zeros = max(0, min(count, self._size - self._at))
        tail = self._end[max(0, self._at - self._size) :][: count - zeros]
        self._at += count
        return bytes(zeros) + tail


def bomb(entries: int, size: int) -> bytes:
    """One deflated run of zeros that so many entries of the directory share."""
    one = zipped({"E00000000.jpg": bytes(size)}, zipfile.ZIP_DEFLATED)
    at, end = directory_of(one), one.index(b"PK\x05\x06")
    record = one[at:end]
    records = b"".join(record.replace(b"E00000000", f"E{number:08}".encode()) for number in range(entries))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, len(records), at, 0)
    return one[:at] + records + tail


def test_a_bomb_is_inflated_no_further_than_a_photo_may_be_long() -> None:
    data = zipped({"E12345678.jpg": bytes(PHOTO_BYTES_MAX * 8)}, zipfile.ZIP_DEFLATED)
    assert len(data) < 100_000
    assert len(opened(data).read(0)) == PHOTO_BYTES_MAX + 1


def test_entries_that_grow_beyond_all_photos_end_the_import() -> None:
    photos = opened(zipped({"E12345678.jpg": bytes(PHOTO_BYTES_MAX * 2)}, zipfile.ZIP_DEFLATED))
    photos._inflated = INFLATED_MAX - PHOTO_BYTES_MAX * 3
    assert [len(photos.read(0)) for _ in range(2)] == [PHOTO_BYTES_MAX + 1] * 2
    with pytest.raises(BadImport, match="zip_bomb"):
        photos.read(0)


def test_entries_that_share_one_body_are_read_as_broken_or_within_the_limits() -> None:
    photos = opened(bomb(50, 1000))
    assert len(photos.names) == 50
    for index in range(1, 50):
        with pytest.raises(BadFile, match="file_broken"):
            photos.read(index)
