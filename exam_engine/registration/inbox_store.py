"""reg.messages: telling persons and organisations, reading an inbox, and the copies due by SMS.

Who tells does it inside his own transaction, so that a message is as true as what it tells of; after the commit he
wakes who may be looking: `house.bus.wake_inbox(persons=[...], organisations=[...])`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from exam_engine.registration import inbox
from exam_engine.store import Row, Runner

PAGE: Final = 30
UNREAD_MAX: Final = 100  # counted no further: the badge says 99+
NEWEST: Final = 2**63 - 1

TELL = """
INSERT INTO reg.messages (person_id, code, facts, sms, once) VALUES ($1, $2, $3::jsonb, $4, $5)
ON CONFLICT (person_id, once) WHERE once IS NOT NULL DO NOTHING RETURNING message_id
"""
TELL_MANY = """
INSERT INTO reg.messages (person_id, code, facts, sms) SELECT unnest($1::bigint[]), $2, $3::jsonb, $4
"""
# One row counts what happens on a day. It gets a new number with each: that puts it on top, and whoever marks the old
# one as read has not read the new.
TELL_ORGANISATION = """
INSERT INTO reg.messages (organisation_id, code, facts, day)
VALUES ($1, $2, $3::jsonb, (now() AT TIME ZONE 'Asia/Shanghai')::date)
ON CONFLICT (organisation_id, code, day) WHERE organisation_id IS NOT NULL DO UPDATE
SET message_id = DEFAULT, facts = excluded.facts, count = messages.count + 1, at = excluded.at, read_at = NULL
"""

# What a reader reads: of one or two persons, or of an organisation. Asked one by one, each is a walk along an index.
_PERSONS: Final = "m.person_id = r.id"
_ORGANISATIONS: Final = "m.organisation_id = r.id"
_PAGE: Final = """
SELECT m.message_id, m.code, m.facts, m.count, m.at, m.read_at FROM unnest($1::bigint[]) r(id) CROSS JOIN LATERAL (
    SELECT * FROM reg.messages m WHERE {whose} AND m.message_id < $2 ORDER BY m.message_id DESC LIMIT $3) m
ORDER BY m.message_id DESC LIMIT $3
"""
_UNREAD: Final = """
SELECT least(sum(n), $2)::integer FROM unnest($1::bigint[]) r(id) CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM
        (SELECT FROM reg.messages m WHERE {whose} AND m.read_at IS NULL LIMIT $2) u) c
"""
_READ: Final = """
UPDATE reg.messages m SET read_at = now() FROM unnest($1::bigint[]) r(id)
WHERE {whose} AND m.read_at IS NULL AND ($2::bigint[] IS NULL OR m.message_id = ANY ($2))
"""
PAGE_OF_PERSONS = _PAGE.format(whose=_PERSONS)
PAGE_OF_ORGANISATION = _PAGE.format(whose=_ORGANISATIONS)
UNREAD_OF_PERSONS = _UNREAD.format(whose=_PERSONS)
UNREAD_OF_ORGANISATION = _UNREAD.format(whose=_ORGANISATIONS)
READ_OF_PERSONS = _READ.format(whose=_PERSONS)
READ_OF_ORGANISATION = _READ.format(whose=_ORGANISATIONS)

# A physician reads for the person of his account, and for the one that stood in for it until it was bound: that is whom
# he signed up and was certified as. Staff read for their organisation.
READER = """
SELECT a.account_id, a.role, a.person_id, x.stand_in_id, a.organisation_id
FROM people.sessions s JOIN people.accounts a USING (account_id) LEFT JOIN reg.app_accounts x USING (account_id)
WHERE s.token_hash = $1 AND s.expires_at > now() AND NOT a.disabled
"""

# Taken means sent: a process that dies between taking and sending leaves a copy unsent, never sent twice. The message
# itself is in the inbox either way.
TAKE_SMS = """
WITH due AS MATERIALIZED (
    SELECT message_id FROM reg.messages WHERE sms = 'due' ORDER BY message_id LIMIT $1 FOR UPDATE SKIP LOCKED)
UPDATE reg.messages m SET sms = 'sent' FROM due WHERE m.message_id = due.message_id
RETURNING m.message_id, m.code, m.facts, (
    SELECT x.phone FROM people.accounts a JOIN reg.app_accounts x USING (account_id)
    WHERE a.person_id = m.person_id AND NOT a.disabled AND x.state <> 'disabled' LIMIT 1) AS phone
"""
SET_SMS = "UPDATE reg.messages SET sms = $2 WHERE message_id = ANY ($1::bigint[]) AND sms = 'sent'"
DROP_OLD_SMS = """
UPDATE reg.messages SET sms = 'failed' WHERE sms = 'due' AND at <= now() - make_interval(secs => $1)
"""


class Reader(msgspec.Struct, frozen=True):
    """Who reads: for these persons, or for this organisation."""

    account_id: int
    persons: tuple[int, ...] = ()
    organisations: tuple[int, ...] = ()

    @property
    def ids(self) -> list[int]:
        """Of the persons or of the organisation."""
        return list(self.persons or self.organisations)


async def tell(
    runner: Runner,
    person_id: int,
    code: str,
    facts: Mapping[str, object] | None = None,
    *,
    sms: bool | None = None,
    once: str | None = None,
) -> bool:
    """Put a message into a person's inbox, in the caller's transaction; False: he was told this `once` before.

    `sms` None: a copy where domain.md has a ★.
    """
    kept = _json(inbox.KINDS, code, facts)
    has_copy = inbox.sent_by_sms(code)
    assert has_copy or not sms, f"{code} has no sentence for an SMS"
    copy = "due" if has_copy and sms is not False else "none"
    return await runner.fetchval(TELL, person_id, code, kept, copy, once) is not None


async def tell_many(
    runner: Runner, person_ids: Sequence[int], code: str, facts: Mapping[str, object] | None = None
) -> None:
    """The same message to many persons, in one statement of the caller's transaction; by SMS too where there is a ★."""
    copy = "due" if inbox.sent_by_sms(code) else "none"
    await runner.execute(TELL_MANY, list(person_ids), code, _json(inbox.KINDS, code, facts), copy)


async def tell_organisation(
    runner: Runner, organisation_id: int, code: str, facts: Mapping[str, object] | None = None
) -> None:
    """Tell an organisation's staff, in the caller's transaction: one row for each code and day (China's) counts.

    The row stays locked until the commit: call it late, and for several organisations in the order of their ids.
    """
    await runner.execute(TELL_ORGANISATION, organisation_id, code, _json(inbox.DIGESTS, code, facts))


def _json(kinds: Mapping[str, inbox.Kind], code: str, facts: Mapping[str, object] | None) -> str:
    return msgspec.json.encode(inbox.checked(kinds[code], facts or {})).decode()


async def reader(runner: Runner, token_hash: bytes) -> Reader | None:
    """For whom the holder of this session reads, now; None when it has ended or the account was disabled."""
    row = await runner.fetchrow(READER, token_hash)
    if row is None:
        return None
    if row["role"] != "physician":
        return Reader(row["account_id"], organisations=(row["organisation_id"],) if row["organisation_id"] else ())
    persons = dict.fromkeys((row["person_id"], row["stand_in_id"] or row["person_id"]))
    return Reader(row["account_id"], persons=tuple(persons))


async def page(runner: Runner, who: Reader, before: int | None = None, limit: int = PAGE) -> list[Row]:
    """Up to `limit` messages older than the number `before`, the newest first."""
    query = PAGE_OF_PERSONS if who.persons else PAGE_OF_ORGANISATION
    return await runner.fetch(query, who.ids, NEWEST if before is None else before, limit)


async def unread(runner: Runner, who: Reader) -> int:
    """How many are unread, counted up to UNREAD_MAX."""
    query = UNREAD_OF_PERSONS if who.persons else UNREAD_OF_ORGANISATION
    return int(await runner.fetchval(query, who.ids, UNREAD_MAX) or 0)


async def mark_read(runner: Runner, who: Reader, message_ids: Sequence[int] = ()) -> None:
    """Mark these of the reader's own messages as read, or all of them; others' numbers do nothing."""
    query = READ_OF_PERSONS if who.persons else READ_OF_ORGANISATION
    await runner.execute(query, who.ids, list(message_ids) or None)
