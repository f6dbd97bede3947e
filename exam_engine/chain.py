"""The digest chain of a journal: each entry seals the one before, so nobody changes history unseen."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec

GENESIS: Final = sha256(b"exam.journal").digest()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One row of exam.journal. `body` is the event as JSON text, exactly as it was sealed; `at` is aware UTC."""

    attempt_id: int
    version: int
    seq: int | None
    kind: str
    body: str
    at: datetime
    digest: bytes


def seal(previous: bytes, attempt_id: int, version: int, seq: int | None, kind: str, body: str, at: datetime) -> bytes:
    """SHA-256 over the digest before and every field of the entry; 32 bytes."""
    micros = (at - _EPOCH) // _MICROSECOND
    head = f"{attempt_id}|{version}|{seq or 0}|{kind}|{micros}|"
    return sha256(previous + head.encode() + body.encode()).digest()


def first_broken(entries: list[Entry]) -> int | None:
    """Version of the first entry of one whole journal that does not follow from those before it; None: all hold."""
    previous = GENESIS
    for expected, entry in enumerate(entries, start=1):
        if entry.version != expected:
            return expected
        digest = seal(previous, entry.attempt_id, entry.version, entry.seq, entry.kind, entry.body, entry.at)
        if digest != entry.digest:
            return entry.version
        previous = digest
    return None
