"""What counts as a document: told by its first bytes, never by its name; what its name becomes; how a cleaning ends."""

import unicodedata
from typing import Final, Literal
from urllib.parse import quote

import msgspec

Purpose = Literal["evidence", "photo"]

DOCUMENT_BYTES_MAX: Final = 5 * 1024 * 1024
CLEANED_BYTES_MAX: Final = 8 * 1024 * 1024  # encoded anew, some grow
SCANS_MAX: Final = 100  # a progressive JPEG has about ten
TITLE_MAX: Final = 120
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
PDF: Final = "application/pdf"
BEGINNINGS: Final = {JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n", PDF: b"%PDF-"}
ENDINGS: Final = {JPEG: (".jpg", ".jpeg"), PNG: (".png",), PDF: (".pdf",)}
# Control signs, what turns the direction of writing, half signs, signs without a meaning, line ends.
UNWRITABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class BadDocument(Exception):
    """Not a document that can be kept; `code` is for the person, `detail` for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Cleaned(msgspec.Struct, frozen=True, tag=True):
    """A document as it may be kept: nothing of the file that was sent is in it but what it shows."""

    media: str
    data: bytes
    pages: int = 1


class NotCleaned(msgspec.Struct, frozen=True, tag=True):
    """See BadDocument."""

    code: str
    detail: str = ""


def media_of(data: bytes) -> str:
    """What this is by its first bytes. Raises BadDocument."""
    for media, beginning in BEGINNINGS.items():
        if data.startswith(beginning):
            return media
    raise BadDocument("document_kind")


def must_have_few_scans(jpeg: bytes) -> None:
    """Raises BadDocument over a JPEG of thousands of tiny scans, each of which costs a walk over the whole picture."""
    if jpeg.count(b"\xff\xda") > SCANS_MAX:
        raise BadDocument("document_broken", "scans")


def clean_title(name: str) -> str:
    """What a document is called: the name of its file, without folders and unseen signs; "" if nothing is left."""
    base = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in unicodedata.normalize("NFC", base) if unicodedata.category(sign) not in UNWRITABLE)
    return " ".join(seen.split())[:TITLE_MAX].strip()


def disposition(title: str, media: str) -> str:
    """A Content-Disposition header (RFC 6266, RFC 5987): shown, under a name whose ending fits the content."""
    endings = ENDINGS[media]
    name = title if title.lower().endswith(endings) else title + endings[0]
    return f"inline; filename=\"document{endings[0]}\"; filename*=UTF-8''{quote(name, safe='')}"
