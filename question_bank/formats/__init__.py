"""Items from files, and to files: `read` never fails on a bad row, `writing.write` writes only what can be read again.

`read` finds the format by the file's content, and where that says too little by its name.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from question_bank.formats import aiken, gift, json_array, jsonl, moodle_xml, qti, qti_package, xlsx
from question_bank.formats.archive import Archive
from question_bank.formats.markup import root_of
from question_bank.formats.qti3 import as_qti2, is_qti3
from question_bank.formats.reading import Doubt, Reading, Refused, Unreadable
from question_bank.formats.text import text_in

__all__ = ["READERS", "Doubt", "Reading", "Refused", "Unreadable", "kind_of", "read"]

BEFORE_JSON: Final = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"  # spaces and byte order marks, also of UTF-16
ZIP_START: Final = b"PK\x03\x04"  # .xlsx files and QTI packages are ZIP archives
JSON_ENDS: Final = frozenset(("json", "jsonl", "ndjson"))
LIST_START: Final = re.compile(rb"\[[\s\x00]*[{\[\"\]]")  # of GIFT and Aiken a text may begin with [, but not so
READERS: Final[Mapping[str, Callable[[bytes, Mapping[str, str], str], Reading]]] = {
    "xlsx": xlsx.read,
    "json": json_array.read,
    "jsonl": jsonl.read,
    "gift": gift.read,
    "aiken": aiken.read,
    "moodle_xml": moodle_xml.read,
    "qti_item": qti.read,
    "qti": qti_package.read,
}


def read(name: str, data: bytes, mapping: Mapping[str, str], pool: str, kind: str = "") -> Reading:
    """The items of the file called `name` for `pool`, and what was refused of it, each with its place and reason.

    `mapping`: column in the file -> field (`reading.FIELDS`); columns named like a field need no mapping. `kind`: a key
    of READERS, where the content is not to decide. Raises Unreadable, with one sentence for a person, when the file as
    a whole can't be read.
    """
    return READERS[kind or kind_of(name, data)](data, mapping, pool)


def kind_of(name: str, data: bytes) -> str:
    """The format of a file, a key of READERS. Raises Unreadable when it is none of them."""
    suffix = name.lower().rpartition(".")[2] if "." in name else ""
    if data.startswith(ZIP_START) or suffix in {"xlsx", "xlsm", "zip"}:
        return _zip_kind(suffix, data)
    start = data.lstrip(BEFORE_JSON)
    if start.startswith(b"[") and (suffix in JSON_ENDS or (suffix != "gift" and LIST_START.match(start))):
        return "json"
    if suffix in JSON_ENDS:
        return "jsonl"
    if start.startswith(b"<"):
        return _xml_kind(data)
    return _text_kind(name, suffix, data)


def _zip_kind(suffix: str, data: bytes) -> str:
    """A package has a manifest; a spreadsheet is one for all that its own reader says."""
    if suffix in {"xlsx", "xlsm"}:
        return "xlsx"
    return "qti" if suffix == "zip" or qti_package.is_package(Archive(data).names) else "xlsx"


def _xml_kind(data: bytes) -> str:
    root = root_of(data, "The file")
    root = as_qti2(root) if is_qti3(root) else root
    if root.name == qti.ROOT:
        return "qti_item"
    if root.name == moodle_xml.ROOT:
        return "moodle_xml"
    if root.name == "questestinterop":
        raise Unreadable("The file is QTI 1.2, which is not read; QTI 2.1, 2.2 and 3.0 are.")
    raise Unreadable(f"The file is XML, but neither Moodle XML nor a QTI item: its root is {root.name[:40]}.")


def _text_kind(name: str, suffix: str, data: bytes) -> str:
    if suffix == "gift":
        return "gift"
    if suffix in {"txt", "aiken", "text", ""}:
        text = text_in(data)
        if aiken.looks_like(text):
            return "aiken"
        if gift.looks_like(text):
            return "gift"
    raise Unreadable(
        f"{name} is none of the formats that can be read: .xlsx, .jsonl, .json, .gift, .txt (Aiken, GIFT), "
        ".xml (Moodle, QTI), .zip (QTI package)"
    )
