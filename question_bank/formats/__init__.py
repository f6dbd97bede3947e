"""Items from files. `read` finds the format by the file's name and content, and never fails on a bad row."""

from collections.abc import Mapping

from question_bank.formats import json_array, jsonl, xlsx
from question_bank.formats.reading import Reading, Refused, Unreadable

__all__ = ["Reading", "Refused", "Unreadable", "read"]

BEFORE_JSON = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"  # spaces and byte order marks, also of UTF-16
ZIP_START = b"PK\x03\x04"  # an .xlsx file is a ZIP archive


def read(name: str, data: bytes, mapping: Mapping[str, str], pool: str) -> Reading:
    """The items of the file called `name` for `pool`, and the rows refused, each with its reason.

    `mapping`: column in the file -> field (`reading.FIELDS`); columns named like a field need no mapping. Raises
    Unreadable, with one sentence for a person, when the file as a whole can't be read.
    """
    suffix = name.lower().rpartition(".")[2]
    if data.startswith(ZIP_START) or suffix in {"xlsx", "xlsm"}:
        return xlsx.read(data, mapping, pool)
    if data.lstrip(BEFORE_JSON).startswith(b"["):
        return json_array.read(data, mapping, pool)
    if suffix in {"jsonl", "ndjson", "json"}:
        return jsonl.read(data, mapping, pool)
    raise Unreadable(f"{name} is none of the formats that can be read: .xlsx, .jsonl, .json")
