"""The receipt of an attempt that was handed in: what was saved and when, in 116 bytes that somebody signs.

It says nothing that does not follow from the journal up to its `Submitted`, so it can be made again at any time, and is
the same then. What makes it worth something is `digest`, that of the journal's entry `version`: every entry seals the
one before it (`chain.py`), so whoever changes, takes out or adds one answer later can't come to this digest any more.

It does not reveal the answers, but commits to them: with `salt`, which only he and the installation have, their owner
can prove which they were. And it fits a QR code as a whole, so the published key alone is enough to check it.

| bytes | what                                                    |
| ----- | ------------------------------------------------------- |
| 1     | format, 1                                               |
| 8     | key id: the first bytes of SHA-256 of the public key    |
| 8     | attempt                                                 |
| 8     | sitting                                                 |
| 8     | handed in as of, microseconds since 1970 UTC            |
| 8     | written into the journal at, the same                   |
| 1     | how it ended: its place in `ENDINGS`                    |
| 4     | number of the journal's entry `Submitted`               |
| 2 2 2 | items, of them answered, answers that came late         |
| 32    | digest of that entry                                    |
| 32    | SHA-256 over `LABEL_ANSWERS`, salt and answers          |
| 64    | Ed25519 signature over `LABEL_SIGNED` and all of these  |

All numbers are big-endian.
"""

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from exam_engine import attempt as core
from exam_engine.chain import Entry
from exam_engine.messages import Ending, Entered, read_event

FORMAT: Final = 1
LABEL_SIGNED: Final = b"exam receipt 1\0"
LABEL_ANSWERS: Final = b"exam answers 1\0"
ENDINGS: Final = (Ending.CANDIDATE, Ending.TIME, Ending.INVIGILATOR, Ending.RULE)  # places are for ever
KEY_ID_BYTES: Final = 8
SALT_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
_LAYOUT: Final = struct.Struct(">B8sQQqqBIHHH32s32s")
SIGNED_BYTES: Final = _LAYOUT.size + SIGNATURE_BYTES
TEXT_CHARS: Final = SIGNED_BYTES * 4 // 3  # in base64, which needs no padding for this length
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed. Instants are aware UTC; `digest` and `commitment` 32 bytes; `key_id` 16 hex digits."""

    key_id: str
    attempt_id: int
    sitting_id: int
    submitted_at: datetime
    written_at: datetime
    ending: Ending
    version: int
    item_count: int
    answered: int
    late: int
    digest: bytes
    commitment: bytes

    @property
    def unanswered(self) -> int:
        return self.item_count - self.answered


class Saved(msgspec.Struct, frozen=True):
    """What a journal says was handed in: the fold at its `Submitted`, and that entry."""

    attempt: core.Attempt
    entry: Entry


class Broken(Exception):
    """The bytes are no receipt of ours."""


# --- making ------------------------------------------------------------------------------------------------------


def saved(entries: Sequence[Entry]) -> Saved | None:
    """What was handed in by this journal; None if nothing was."""
    first = read_event(entries[0].body)
    assert isinstance(first, Entered), "a journal begins with Entered"
    state = core.begin(first)
    for entry in entries[1:]:
        state = core.evolve(state, read_event(entry.body), entry.at)
        if entry.kind == "submitted":
            return Saved(state, entry)
    return None


def made(what: Saved, key_id: str, salt: bytes) -> Receipt:
    """The receipt of it, to be signed by the key of this id."""
    attempt, submitted = what.attempt, what.attempt.submitted
    assert submitted is not None
    return Receipt(
        key_id=key_id,
        attempt_id=what.entry.attempt_id,
        sitting_id=attempt.sitting,
        submitted_at=submitted.as_of,
        written_at=what.entry.at,
        ending=submitted.ending,
        version=what.entry.version,
        item_count=attempt.item_count,
        answered=attempt.answered_count,
        late=attempt.late_count,
        digest=what.entry.digest,
        commitment=commitment(salt, attempt.answers),
    )


def commitment(salt: bytes, answers: Mapping[int, str]) -> bytes:
    """Binds to these answers (letters by place, "" for none) and, without the salt, reveals nothing of them."""
    assert len(salt) == SALT_BYTES
    lines = ",".join(f"{no}:{choice}" for no, choice in sorted(answers.items()) if choice)
    return sha256(LABEL_ANSWERS + salt + lines.encode()).digest()


def signed(receipt: Receipt, key: Ed25519PrivateKey) -> bytes:
    """The receipt and its signature, 180 bytes; the same receipt and key give the same bytes."""
    body = encode(receipt)
    return body + key.sign(LABEL_SIGNED + body)


def key_id_of(public_key: bytes) -> str:
    """The name of a public key."""
    return sha256(public_key).digest()[:KEY_ID_BYTES].hex()


# --- reading -----------------------------------------------------------------------------------------------------


def signature_holds(signed_bytes: bytes, public_key: bytes) -> bool:
    """Whether this key signed it and nothing was changed since."""
    body, signature = signed_bytes[: _LAYOUT.size], signed_bytes[_LAYOUT.size :]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, LABEL_SIGNED + body)
    except (InvalidSignature, ValueError):
        return False
    return True


def encode(receipt: Receipt) -> bytes:
    """The 116 bytes that are signed."""
    return _LAYOUT.pack(
        FORMAT,
        bytes.fromhex(receipt.key_id),
        receipt.attempt_id,
        receipt.sitting_id,
        (receipt.submitted_at - _EPOCH) // _MICROSECOND,
        (receipt.written_at - _EPOCH) // _MICROSECOND,
        ENDINGS.index(receipt.ending),
        receipt.version,
        receipt.item_count,
        receipt.answered,
        receipt.late,
        receipt.digest,
        receipt.commitment,
    )


def decode(signed_bytes: bytes) -> Receipt:
    """What signed bytes say, whoever signed them. Raises Broken."""
    if len(signed_bytes) != SIGNED_BYTES or signed_bytes[0] != FORMAT:
        raise Broken
    (_, key_id, attempt_id, sitting_id, submitted_us, written_us, ending, version, *counts, digest, bound) = (
        _LAYOUT.unpack(signed_bytes[: _LAYOUT.size])
    )
    try:
        return Receipt(
            key_id=key_id.hex(),
            attempt_id=attempt_id,
            sitting_id=sitting_id,
            submitted_at=_EPOCH + timedelta(microseconds=submitted_us),
            written_at=_EPOCH + timedelta(microseconds=written_us),
            ending=ENDINGS[ending],
            version=version,
            item_count=counts[0],
            answered=counts[1],
            late=counts[2],
            digest=digest,
            commitment=bound,
        )
    except (IndexError, OverflowError) as error:
        raise Broken from error


def write_text(signed_bytes: bytes) -> str:
    """The signed receipt as URLs and QR codes carry it."""
    return base64.urlsafe_b64encode(signed_bytes).decode()


def read_text(text: str) -> bytes | None:
    """The signed receipt of such a text; None if it is none."""
    if len(text) != TEXT_CHARS or not text.isascii():
        return None
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
