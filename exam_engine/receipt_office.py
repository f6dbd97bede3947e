"""Where receipts are made, kept, and looked up again.

A receipt is made by whoever comes first: the loop that follows everything that was handed in, or its physician who
asks for it at the end page. Both make the same bytes; the table takes them once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import asyncpg
import msgspec
import structlog

from exam_engine import receipt_store as store
from exam_engine import receipts
from exam_engine.chain import Entry, first_broken
from exam_engine.errors import NotFound, PersonError, Refused, Unavailable
from exam_engine.journal import Journal
from exam_engine.receipt_checks import Checked, by_journal, by_signature
from exam_engine.receipt_codes import code_of, typed
from exam_engine.receipt_keys import KeysUnreadable, ReceiptKeys
from exam_engine.store import Runner

CHUNK: Final = 100

log = structlog.get_logger()


class Kept(msgspec.Struct, frozen=True):
    """A receipt as it is stored. `signed`: 180 bytes; `salt` is for its owner."""

    code: str
    key_id: str
    signed: bytes
    salt: bytes


class Office:
    """One per process and kind of work; the truth is in the tables."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", secret: bytes, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._journal = Journal(pool)  # read only: nobody runs its appends
        self.keys = ReceiptKeys(pool, secret, clock=clock)
        self._after = 0

    async def of(self, attempt_id: int) -> Kept:
        """The receipt of an attempt, made now if need be. Raises NotFound, Refused, Unavailable."""
        row = await self._pool.fetchrow(store.RECEIPT, attempt_id)
        if row is None:
            entries = await self._journal.load(attempt_id)
            if not entries:
                raise NotFound("no_such_attempt")
            await self._keep([(attempt_id, await self._made(entries))])
            row = await self._pool.fetchrow(store.RECEIPT, attempt_id)
        assert row is not None
        return Kept(*row)

    async def make_some(self) -> int:
        """Make the next receipts nobody has asked for yet; returns how many attempts were looked at.

        What can't be signed is passed over and tried again when the rest is done.
        """
        ids = [row[0] for row in await self._pool.fetch(store.LACKING, self._after, CHUNK)]
        self._after = ids[-1] if ids else 0
        if not ids:
            return 0
        made: list[tuple[int, Kept]] = []
        for attempt_id, entries in (await self._journal.load_many(ids)).items():
            try:
                made.append((attempt_id, await self._made(entries)))
            except PersonError as error:
                log.error("receipt_not_made", attempt=attempt_id, code=error.code)  # noqa: TRY400  it is no bug of ours
        await self._keep(made)
        return len(ids)

    async def _made(self, entries: Sequence[Entry]) -> Kept:
        """Raises Refused, Unavailable: what does not hang together is not signed, and without a key nothing is."""
        what = receipts.saved(entries)
        if what is None:
            raise Refused("not_submitted")
        if first_broken(list(entries[: what.entry.version])):
            raise Refused("journal_broken")
        try:
            key = await self.keys.of(what.entry.at)
        except KeysUnreadable as error:
            raise Unavailable("receipt_key_unreadable") from error
        assert key.private is not None
        salt = key.salt(what.entry.attempt_id, what.entry.digest)
        signed = receipts.signed(receipts.made(what, key.key_id, salt), key.private)
        return Kept(code_of(signed), key.key_id, signed, salt)

    async def _keep(self, made: Sequence[tuple[int, Kept]]) -> None:
        if not made:
            return
        await self._pool.execute(
            store.ADD_RECEIPTS,
            [attempt_id for attempt_id, _ in made],
            [kept.code for _, kept in made],
            [kept.key_id for _, kept in made],
            [kept.signed for _, kept in made],
            [kept.salt for _, kept in made],
        )


# --- looking up ----------------------------------------------------------------------------------------------------


async def find(runner: Runner, text: str) -> bytes | None:
    """The signed receipt behind what somebody typed or scanned: a code, a whole receipt, or an address with both.

    A whole receipt is taken as it is, whether or not it is on record here.
    """
    for part in parts(text):
        whole = receipts.read_text(part)
        if whole is not None:
            return whole
    for part in parts(text):
        code = typed(part)
        found: bytes | None = None if code is None else await runner.fetchval(store.SIGNED_BY_CODE, code)
        if found is not None:
            return found
    return None


async def check(
    pool: "asyncpg.Pool[asyncpg.Record]", signed: bytes, keys: Mapping[str, bytes] | None = None
) -> Checked:
    """By these public keys, else those that are here, and by the journal that is here. Raises receipts.Broken."""
    known = keys or {row["key_id"]: row["public_key"] for row in await pool.fetch(store.KEYS)}
    checked = by_signature(signed, known)
    return by_journal(checked, await Journal(pool).load(checked.receipt.attempt_id))


def parts(text: str) -> list[str]:
    """What may be the whole receipt or its code: behind the # and the last / of an address, or the text itself."""
    address, _, fragment = text.strip().partition("#")
    return [part for part in (fragment, address.rstrip("/").rpartition("/")[2], text.strip()) if part]
