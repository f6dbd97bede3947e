"""Tables bank.drafts, bank.moves and the rows of bank.items: what an item is now, and every move it makes.

Whoever moves an item holds the rows of its whole set `FOR UPDATE` first, in the order of their numbers: of two people
at once one waits and then sees what the other did. Statements stand here in the open; a test prepares them all.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import asyncpg
import msgspec

from question_bank.item import Item, ItemStatus
from question_bank.life import NEW, Draft, Standing
from question_bank.store import Connection, Runner, body, digest

# $2: the province whose pools somebody may see; null: all of them.
SET_OF: Final = """
SELECT s.item_id FROM bank.items i JOIN bank.pools p USING (pool)
JOIN bank.items s ON s.item_id = i.item_id
    OR (i.set_code <> '' AND s.pool = i.pool AND s.set_code = i.set_code AND s.status <> 'retired')
WHERE i.item_id = $1 AND ($2::text IS NULL OR p.province = $2) ORDER BY s.item_id
"""
LOCK: Final = "SELECT item_id FROM bank.items WHERE item_id = ANY ($1::bigint[]) ORDER BY item_id FOR UPDATE"
WHOLE: Final = """
SELECT i.item_id, i.pool, i.code, i.set_code, i.status, i.version, i.revision, i.returned, i.reason, i.suspended_by,
    v.body::text AS body, v.writers AS wrote, v.author AS version_author,
    d.state, d.base, d.version AS draft_version, d.body::text AS draft_body, d.writers, d.accounts, d.author
FROM bank.items i LEFT JOIN bank.item_versions v USING (item_id, version) LEFT JOIN bank.drafts d USING (item_id)
WHERE i.item_id = ANY ($1::bigint[]) ORDER BY i.item_id
"""
ADD: Final = """
INSERT INTO bank.items (pool, code, set_code, status, changed_at) VALUES ($1, $2, $3, 'draft', $4)
ON CONFLICT DO NOTHING RETURNING item_id
"""
KEEP_DRAFT: Final = """
INSERT INTO bank.drafts (item_id, state, base, version, body, author, writers, accounts, begun_at, saved_at)
VALUES ($1, $2, $3, $4, $5::json, $6, $7, $8, $9, $9)
ON CONFLICT (item_id) DO UPDATE SET state = excluded.state, base = excluded.base, version = excluded.version,
    body = excluded.body, author = excluded.author, writers = excluded.writers, accounts = excluded.accounts,
    saved_at = excluded.saved_at
"""
DROP_DRAFT: Final = "DELETE FROM bank.drafts WHERE item_id = $1"
DROP_ITEM: Final = """
DELETE FROM bank.items i WHERE item_id = $1 AND NOT EXISTS (SELECT FROM bank.item_versions v WHERE v.item_id = $1)
RETURNING pool, code
"""
DROP_ENEMIES_OF: Final = "DELETE FROM bank.enemies WHERE pool = $1 AND (code = $2 OR enemy = $2)"
# The statuses of an item and of its working copy change together: a check of the table holds them to it.
SET_ITEM: Final = """
UPDATE bank.items SET status = $2, draft = $3, version = $4, set_code = $5, returned = $6, reason = $7,
    suspended_by = $8, revision = revision + 1, changed_at = $9 WHERE item_id = $1
"""
FREEZE: Final = """
INSERT INTO bank.item_versions (item_id, version, body, digest, author, writers)
SELECT $1, coalesce(max(version), 0) + 1, $2::jsonb, $3, $4, $5 FROM bank.item_versions WHERE item_id = $1
RETURNING version
"""
LAST_VERSION: Final = "SELECT max(version) FROM bank.item_versions WHERE item_id = $1"
DESCRIBE: Final = "SELECT bank.describe($1::bigint[])"
TOUCH: Final = "UPDATE bank.items SET revision = revision + 1, changed_at = $2 WHERE item_id = $1"
CODES: Final = "SELECT code FROM bank.items WHERE pool = $1 AND code = ANY ($2::text[])"
ENEMIES: Final = """
SELECT e.enemy AS code, i.item_id, coalesce(i.stem, '') AS stem
FROM bank.enemies e LEFT JOIN bank.items i ON i.pool = e.pool AND i.code = e.enemy
WHERE e.pool = $1 AND e.code = $2 ORDER BY e.enemy COLLATE "C"
"""
ADD_ENEMIES: Final = """
INSERT INTO bank.enemies (pool, code, enemy) SELECT $1, $2, unnest($3::text[])
UNION SELECT $1, unnest($3::text[]), $2 ON CONFLICT DO NOTHING
"""
DROP_ENEMIES: Final = """
DELETE FROM bank.enemies WHERE pool = $1
    AND ((code = $2 AND enemy <> ALL ($3::text[])) OR (enemy = $2 AND code <> ALL ($3::text[])))
"""
MOST_ENEMIES: Final = """
SELECT code FROM bank.enemies WHERE pool = $1 AND (code = $2 OR code = ANY ($3::text[]))
GROUP BY code HAVING count(*) > $4 LIMIT 1
"""
VERSION: Final = """
SELECT version, author, created_at AS at, body::text AS body FROM bank.item_versions WHERE item_id = $1 AND version = $2
"""
VERSIONS: Final = """
SELECT version, author, created_at AS at FROM bank.item_versions WHERE item_id = $1 ORDER BY version DESC LIMIT 100
"""
LAST_DIGEST: Final = "SELECT digest FROM bank.moves WHERE item_id = $1 ORDER BY move_id DESC LIMIT 1"
ADD_MOVE: Final = """
INSERT INTO bank.moves (item_id, version, event, from_state, to_state, at, account_id, person_id, role, reason, facts,
    address, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13)
"""
MOVES: Final = """
SELECT m.at, m.event, m.from_state, m.to_state, m.version, m.role, m.account_id, m.reason FROM bank.moves m
WHERE m.item_id = $1 ORDER BY m.move_id DESC LIMIT 200
"""
WHOLE_CHAIN: Final = """
SELECT item_id, version, event, from_state, to_state, at, account_id, person_id, role, reason, facts, address, digest
FROM bank.moves WHERE item_id = $1 ORDER BY move_id
"""
ITEMS_WITH_HISTORY: Final = """
SELECT DISTINCT item_id FROM bank.moves WHERE item_id > $1 ORDER BY item_id LIMIT $2
"""
ALARMS: Final = """
SELECT code, version, evidence::text AS evidence, at FROM bank.alarms
WHERE item_id = $1 AND closed_at IS NULL ORDER BY at DESC LIMIT 20
"""
RAISE_ALARM: Final = """
INSERT INTO bank.alarms (item_id, version, code, source, evidence) VALUES ($1, $2, $3, $4, $5::jsonb)
ON CONFLICT (item_id, version, code, source) DO UPDATE SET evidence = excluded.evidence, at = now(), closed_at = NULL
"""
CLOSE_ALARMS: Final = """
UPDATE bank.alarms SET closed_at = now() WHERE source = $1 AND closed_at IS NULL
    AND (item_id, version, code) NOT IN (SELECT * FROM unnest($2::bigint[], $3::integer[], $4::text[]))
"""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it is: its row, the version in force, its working copy.

    An item that came from the command line as a draft has no row of its own for the working copy (`apart` false): its
    version is that copy.
    """

    item_id: int
    pool: str
    code: str
    set_code: str
    status: ItemStatus
    version: int | None
    revision: int
    returned: bool
    reason: str
    suspended_by: int | None
    in_force: Item | None
    wrote: tuple[int, ...]
    apart: bool
    draft: Draft
    base: int | None
    draft_version: int | None
    working: Item | None
    author: str
    writers: tuple[int, ...]
    accounts: tuple[int, ...]

    @property
    def latest(self) -> Item:
        """What it says, or would say once its working copy is approved."""
        found = self.working or self.in_force
        assert found is not None, "every item says something"
        return found

    def standing(self, problems: Sequence[str] = ()) -> Standing:
        """As the table of moves sees it; `problems`: codes of what keeps it or its set from being handed in."""
        old = self.in_force
        same = self.working is not None and old is not None and digest(old) == digest(self.working)
        return Standing(
            status=self.status,
            draft=self.draft,
            writers=self.writers,
            accounts=self.accounts,
            wrote=self.wrote,
            suspended_by=self.suspended_by,
            base_changed=self.apart and self.base != self.version,
            changed=self.status in NEW or not same,
            problems=len(problems),
            first_problem=problems[0] if problems else "",
        )


async def held(connection: Runner, item_ids: Sequence[int]) -> list[Held]:
    """These items as they are, by number."""
    return [_held(row) for row in await connection.fetch(WHOLE, list(item_ids))]


def _held(row: asyncpg.Record) -> Held:
    status = ItemStatus(row["status"])
    apart = row["state"] is not None
    stored = _item(row, row["body"], row["version"])
    copy = _item(row, row["draft_body"], row["draft_version"]) if apart else None
    new = status in NEW
    return Held(
        **{name: row[name] for name in ("item_id", "pool", "code", "set_code", "version", "revision", "returned")},
        status=status,
        reason=row["reason"],
        suspended_by=row["suspended_by"],
        in_force=None if new else stored,
        wrote=tuple(row["wrote"] or ()),
        apart=apart,
        draft=Draft(row["state"] if apart else (status.value if new else "")),
        base=row["base"],
        draft_version=row["draft_version"] if apart else (row["version"] if new else None),
        working=copy if apart else (stored if new else None),
        author=(row["author"] if apart else row["version_author"]) or "",
        writers=tuple(row["writers"] if apart else row["wrote"] or ()),
        accounts=tuple(row["accounts"] or ()),
    )


def _item(row: asyncpg.Record, text: str | None, version: int | None) -> Item | None:
    if text is None:
        return None
    item = msgspec.json.decode(text, type=Item)
    return msgspec.structs.replace(
        item, item_id=row["item_id"], version=version or 0, pool=row["pool"], code=row["code"],
        status=ItemStatus(row["status"]),
    )  # fmt: skip


async def freeze(connection: Connection, item: Item, author: str, writers: Sequence[int]) -> int:
    """Keep a content for good; the number of its version."""
    text = body(item).decode()
    version: int = await connection.fetchval(FREEZE, item.item_id, text, digest(item), author, list(writers))
    return version


async def add_move(
    connection: Connection,
    item_id: int,
    version: int | None,
    event: str,
    states: tuple[str, str],
    at: datetime,
    by: tuple[int | None, int | None, str, str],
    reason: str,
    facts: Mapping[str, Any],
) -> None:
    """Put a move on record, chained to the one before. `by`: account, person, role, address."""
    before = await connection.fetchval(LAST_DIGEST, item_id) or bytes(32)
    account_id, person_id, role, address = by
    values = [
        item_id, version, event, *states, at, account_id, person_id, role, reason, dict(facts), address,
    ]  # fmt: skip
    sealed = link(bytes(before), values)
    values[10] = json.dumps(dict(facts), ensure_ascii=False)
    await connection.execute(ADD_MOVE, *values, sealed)


def link(before: bytes, values: Sequence[Any]) -> bytes:
    """The digest of a move: SHA-256 of the one before and all its columns."""
    plain = [each.isoformat() if isinstance(each, datetime) else each for each in values]
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(before + text.encode()).digest()


async def broken_link(runner: Runner, item_id: int) -> int | None:
    """The place (from 0) of the first move that is not what was written; None: the whole history is intact."""
    before = bytes(32)
    for place, row in enumerate(await runner.fetch(WHOLE_CHAIN, item_id)):
        values = list(row)[:-1]
        values[10] = json.loads(values[10])
        before = link(before, values)
        if before != row["digest"]:
            return place
    return None
