"""Links to evidence that are good for one account, one attempt, one picture, and minutes.

A link is `until | mac` in URL-safe base64: 32 characters. Whoever passes it on passes on nothing: it counts only with
a session of the account it was made for, and the scope is checked again when it is used.
"""

import base64
import hmac
import struct
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from proctor.sealing import derived

LINK_S: Final = 300
MAC_BYTES: Final = 16
LINK_LENGTH: Final = 32  # (8 + 16) bytes x 4 / 3
UNTIL: Final = struct.Struct(">Q")  # seconds since 1970


def sign(secret: bytes, account_id: int, attempt_id: int, name: str, until: datetime) -> str:
    """A link for this account to this picture of this attempt, good before `until` (whole seconds)."""
    end = UNTIL.pack(int(until.timestamp()))
    said = end + struct.pack(">QQ", account_id, attempt_id) + name.encode()
    mac = hmac.digest(derived(secret, "evidence links 1"), said, sha256)[:MAC_BYTES]
    return base64.urlsafe_b64encode(end + mac).decode()


def check(secret: bytes, link: str, account_id: int, attempt_id: int, name: str, now: datetime) -> bool:
    """Whether this is the link that was made for them, and still good. Any text may be given as a link."""
    if len(link) != LINK_LENGTH or not link.isascii():
        return False
    try:
        (end,) = UNTIL.unpack(base64.urlsafe_b64decode(link)[: UNTIL.size])
        until = datetime.fromtimestamp(end, UTC)
    except (ValueError, OverflowError, OSError, struct.error):
        return False
    expected = sign(secret, account_id, attempt_id, name, until)
    return hmac.compare_digest(expected.encode(), link.encode()) and now < until
