"""The keys that sign receipts: one per installation, made when first needed, followed by another when somebody says so.

Table exam.receipt_keys holds them; the private halves are wrapped by a key derived from the installation's secret.
Whoever needs the first and finds none makes it: of several processes at once the database lets one in, and all use
that one. Which key signs is a function of when the attempt was handed in, so that a lost receipt can be made again by
the same key. A new key therefore counts from ROTATE_S after it was made, when every process has looked again.

An old key is never deleted: it only signs what was handed in in its time. If the secret is lost its private half is,
too; then the next key that opens signs instead.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from exam_engine import receipt_store as store
from exam_engine.receipts import SALT_BYTES, key_id_of
from proctor import sealing
from proctor.sealing import DataKey

LOOK_S: Final = 60.0  # a process looks for new keys when its list is older
ROTATE_S: Final = 300
_VERSION: Final = 1  # of the wrapping


class KeysUnreadable(Exception):
    """No stored key was wrapped by this installation's secret: EXAM_SECRET_KEY is another than it was."""


@dataclass(frozen=True)
class SigningKey:
    """One key. `private` is None where another secret wrapped it; its bytes never get into a log."""

    number: int
    key_id: str
    public: bytes
    since: datetime
    made_at: datetime
    private: Ed25519PrivateKey | None = field(repr=False)
    salts: bytes = field(repr=False)

    def salt(self, attempt_id: int, digest: bytes) -> bytes:
        """What hides the answers of this attempt: nobody guesses it, and it is the same when asked again."""
        mac = HMAC(self.salts, SHA256())
        mac.update(attempt_id.to_bytes(8) + digest)
        return mac.finalize()[:SALT_BYTES]


class ReceiptKeys:
    """The keys of the installation. `secret` is its own; `clock` counts seconds that never go back."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", secret: bytes, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._wrapper = sealing.derived(secret, "receipt keys 1")
        self._clock = clock
        self._keys: list[SigningKey] = []
        self._looked_s = 0.0

    async def all(self) -> Sequence[SigningKey]:
        """Every key there is, oldest first, as of at most LOOK_S ago; the first is made if there is none."""
        if not await self.there():
            await self._make(1)
        return self._keys

    async def there(self) -> Sequence[SigningKey]:
        """The same; but if there is none, none is made."""
        if not self._keys or self._clock() - self._looked_s >= LOOK_S:
            await self._look()
        return self._keys

    async def of(self, at: datetime) -> SigningKey:
        """The key for what was handed in at this instant. Raises KeysUnreadable."""
        keys = [key for key in await self.all() if key.private is not None]
        if not keys:
            raise KeysUnreadable
        earlier = [key for key in keys if key.since <= at]
        return earlier[-1] if earlier else keys[0]

    async def rotate(self) -> SigningKey:
        """The next key; if there is one already that does not count yet, that one: asking twice makes no two."""
        await self._look()
        waiting: int | None = await self._pool.fetchval(store.WAITING_KEY)
        if waiting is not None and waiting > len(self._keys):  # another process made it just now
            await self._look()
        if waiting is not None and self._keys[waiting - 1].private is not None:
            return self._keys[waiting - 1]
        return await self._make(len(self._keys) + 1)

    async def _make(self, number: int) -> SigningKey:
        private = Ed25519PrivateKey.from_private_bytes(os.urandom(sealing.KEY_BYTES))
        public = private.public_key().public_bytes_raw()
        seed = DataKey(_VERSION, private.private_bytes_raw())
        wrapped = sealing.wrap(self._wrapper, number, seed, os.urandom(sealing.NONCE_BYTES))
        await self._pool.execute(store.ADD_KEY, number, key_id_of(public), public, wrapped, float(ROTATE_S))
        await self._look()
        return self._keys[number - 1]

    async def _look(self) -> None:
        looked_s = self._clock()
        self._keys = [self._opened(*row) for row in await self._pool.fetch(store.KEYS)]
        self._looked_s = looked_s

    def _opened(
        self, number: int, key_id: str, public: bytes, wrapped: bytes, since: datetime, made_at: datetime
    ) -> SigningKey:
        seed = sealing.unwrap(self._wrapper, number, _VERSION, wrapped)
        private = None if seed is None else Ed25519PrivateKey.from_private_bytes(seed.key)
        salts = b"" if seed is None else sealing.derived(seed.key, "receipt salts 1")
        return SigningKey(number, key_id, public, since, made_at, private, salts)
