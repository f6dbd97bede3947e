"""How things are sealed: AES-256-GCM, and what each seal is bound to, so that nothing opens in another's place.

Two kinds of seal. A **person's key** (32 random bytes) is wrapped by the installation's: `nonce 12 | key 32 | tag 16`,
bound to the person and the key's version. **Data** is sealed by the person's key:
`format 1 | key version 2 | nonce 12 | data | tag 16`, bound to those three first bytes, the person and a label.
The format also says whether the data is clean, or as somebody sent it and nobody has looked into it yet.
Randomness comes in as an argument; nonces are 12 random bytes, which is safe for 2^32 seals by one key.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FORMAT: Final = 1
FORMAT_AS_SENT: Final = 2
HEADER: Final = struct.Struct(">BH")  # format, version of the person's key
START: Final = HEADER.size + NONCE_BYTES


@dataclass(frozen=True)
class DataKey:
    """The living key of one person; its bytes never get into a log."""

    version: int
    key: bytes = field(repr=False)


def derived(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, from the installation's secret."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"exam {purpose}".encode()).derive(secret)


def wrap(wrapper: bytes, person_id: int, key: DataKey, nonce: bytes) -> bytes:
    """The person's key as it is stored."""
    return nonce + AESGCM(wrapper).encrypt(nonce, key.key, struct.pack(">QH", person_id, key.version))


def unwrap(wrapper: bytes, person_id: int, version: int, wrapped: bytes) -> DataKey | None:
    """The person's key; None if another secret wrapped it, or it is another person's or version's."""
    bound = struct.pack(">QH", person_id, version)
    try:
        return DataKey(version, AESGCM(wrapper).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound))
    except (InvalidTag, ValueError):
        return None


def seal(key: DataKey, person_id: int, label: str, data: bytes, nonce: bytes, *, as_sent: bool = False) -> bytes:
    """`data` as it may lie on a disk; it opens for this person and label only."""
    header = HEADER.pack(FORMAT_AS_SENT if as_sent else FORMAT, key.version)
    return header + nonce + AESGCM(key.key).encrypt(nonce, data, _bound(header, person_id, label))


def unseal(key: DataKey, person_id: int, label: str, sealed: bytes) -> bytes | None:
    """What was sealed; None if it was sealed otherwise, or changed by as little as a bit."""
    bound = _bound(sealed[: HEADER.size], person_id, label)
    try:
        return AESGCM(key.key).decrypt(sealed[HEADER.size : START], sealed[START:], bound)
    except (InvalidTag, ValueError):
        return None


def key_version(sealed: bytes) -> int | None:
    """The version of the key that this was sealed with; None if it is no seal of ours."""
    if len(sealed) < START:
        return None
    format_, version = HEADER.unpack_from(sealed)
    return int(version) if format_ in (FORMAT, FORMAT_AS_SENT) else None


def is_as_sent(sealed: bytes) -> bool:
    """Whether what was sealed is as somebody sent it; a changed word on this does not open."""
    return sealed[:1] == bytes([FORMAT_AS_SENT])


def _bound(header: bytes, person_id: int, label: str) -> bytes:
    return header + struct.pack(">Q", person_id) + label.encode()
