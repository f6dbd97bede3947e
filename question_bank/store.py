"""Tables bank.*: items and their versions.

An item is found again by its pool and code. Its content is never changed: other content under the same code is a new
version, and papers go on naming the one they were drawn with. The status belongs to the item, not to a version, and so
do its enemies: they are pairs of items, and change nothing of what is asked.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import asyncpg
import msgspec

from question_bank.item import Item, ItemStatus

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Runner: TypeAlias = "asyncpg.Pool[asyncpg.Record] | Connection"
Ref = tuple[int, int]  # (item_id, version)

# Two imports at once would both find a code missing. Reading is not held up by this lock.
LOCK: Final = "LOCK TABLE bank.items IN SHARE ROW EXCLUSIVE MODE"
# `version` is NULL where all there is is a working copy; `last` also counts versions that a reviewer sent back.
KNOWN: Final = """
SELECT i.pool, i.code, i.item_id, i.version, v.digest,
    coalesce((SELECT max(version) FROM bank.item_versions o WHERE o.item_id = i.item_id), 0) AS last
FROM unnest($1::text[], $2::text[]) AS wanted (pool, code)
JOIN bank.items i USING (pool, code) LEFT JOIN bank.item_versions v USING (item_id, version)
"""
ADD_POOLS: Final = """
INSERT INTO bank.pools (pool, title, kind)
SELECT pool, CASE pool WHEN 'humanities' THEN '人文医学' WHEN 'professional' THEN '业务水平'
    WHEN 'practice' THEN '模拟练习' ELSE pool END,
    CASE WHEN pool IN ('humanities', 'professional', 'practice') THEN pool ELSE '' END
FROM unnest($1::text[]) AS new (pool) ON CONFLICT DO NOTHING
"""
ADD_ITEMS: Final = """
INSERT INTO bank.items (pool, code, set_code, status, version)
SELECT pool, code, set_code, status, 1
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS new (pool, code, set_code, status, place)
ORDER BY place
RETURNING item_id, pool, code
"""
ADD_VERSIONS: Final = """
INSERT INTO bank.item_versions (item_id, version, body, digest, author)
SELECT item_id, version, body::jsonb, digest, $5
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bytea[]) AS new (item_id, version, body, digest)
"""
SET_VERSIONS: Final = """
UPDATE bank.items i SET version = new.version, set_code = new.set_code, revision = i.revision + 1, changed_at = now()
FROM unnest($1::bigint[], $2::integer[], $3::text[]) AS new (item_id, version, set_code)
WHERE i.item_id = new.item_id
"""
# Both sides of each pair; what is known stays.
ADD_ENEMIES: Final = """
INSERT INTO bank.enemies (pool, code, enemy)
SELECT pool, code, enemy FROM unnest($1::text[], $2::text[], $3::text[]) AS new (pool, code, enemy)
UNION SELECT pool, enemy, code FROM unnest($1::text[], $2::text[], $3::text[]) AS new (pool, code, enemy)
ON CONFLICT DO NOTHING
"""
DESCRIBE: Final = "SELECT bank.describe($1::bigint[])"
_ITEM: Final = """
SELECT v.item_id, v.version, i.status, v.body::text AS body,
    ARRAY (SELECT e.enemy FROM bank.enemies e WHERE e.pool = i.pool AND e.code = i.code
        ORDER BY e.enemy COLLATE "C") AS enemies
FROM bank.items i JOIN bank.item_versions v
"""
# A set of which one item may not be shown is left out as a whole.
ACTIVE: Final = f"""{_ITEM} USING (item_id, version)
WHERE i.pool = $1 AND i.status = 'active' AND (i.set_code = '' OR NOT EXISTS (
    SELECT FROM bank.items other
    WHERE other.pool = i.pool AND other.set_code = i.set_code AND other.status <> 'active'))
ORDER BY item_id
"""
BY_REFERENCE: Final = f"""{_ITEM} USING (item_id)
JOIN unnest($1::bigint[], $2::integer[]) AS wanted (item_id, version)
ON wanted.item_id = v.item_id AND wanted.version = v.version
"""
COUNTS: Final = "SELECT pool, count(*) AS items FROM bank.items WHERE status = 'active' GROUP BY pool ORDER BY pool"


class SaveReport(msgspec.Struct, frozen=True):
    """What `save` did: items new to the bank, items with a new version, items that were there just so."""

    added: int
    changed: int
    unchanged: int


async def save(connection: Connection, items: Sequence[Item], author: str) -> SaveReport:
    """Store valid items, all or none. Their item_id and version are not looked at; pool and code say which is which.

    An item that exists keeps its status, so that an import never brings back what was suspended, and gains the enemies
    named, so that a file without them takes none away. Items of a set are numbered in the order given. Raises
    ValueError when two of the items have the same pool and code.
    """
    wanted = {(item.pool, item.code): item for item in items}
    if len(wanted) < len(items):
        raise ValueError("two items have the same pool and code")
    async with connection.transaction():
        await connection.execute(LOCK)
        await connection.execute(ADD_POOLS, sorted({item.pool for item in items}))
        known = {(row["pool"], row["code"]): row for row in await connection.fetch(KNOWN, *columns(wanted, 2))}
        added = await _add(connection, [item for name, item in wanted.items() if name not in known], author)
        changed = [
            msgspec.structs.replace(item, item_id=known[name]["item_id"], version=known[name]["last"] + 1)
            for name, item in wanted.items()
            if name in known and known[name]["digest"] != digest(item)
        ]
        await _add_versions(connection, changed, author)
        rows = [(item.item_id, item.version, item.set_code) for item in changed]
        await connection.execute(SET_VERSIONS, *columns(rows, 3))
        await add_enemies(connection, items)
        await connection.execute(DESCRIBE, [*added, *(item.item_id for item in changed)])
    return SaveReport(len(added), len(changed), len(items) - len(added) - len(changed))


async def add_enemies(connection: Connection, items: Sequence[Item]) -> None:
    """Keep the pairs that these items name, from both sides."""
    pairs = [(item.pool, item.code, enemy) for item in items for enemy in item.enemies]
    if pairs:
        await connection.execute(ADD_ENEMIES, *columns(pairs, 3))


async def active_items(runner: Runner, pool: str) -> list[Item]:
    """The items of `pool` that may be drawn, in their current versions, by item_id."""
    return [read_item(row) for row in await runner.fetch(ACTIVE, pool)]


async def by_reference(runner: Runner, refs: Collection[Ref]) -> dict[Ref, Item]:
    """The item versions that `refs` name, whatever became of the items since; unknown ones are missing."""
    rows = await runner.fetch(BY_REFERENCE, *columns(refs, 2))
    return {(row["item_id"], row["version"]): read_item(row) for row in rows}


async def counts(runner: Runner) -> dict[str, int]:
    """Active items per pool."""
    return {row["pool"]: row["items"] for row in await runner.fetch(COUNTS)}


async def _add(connection: Connection, items: Sequence[Item], author: str) -> list[int]:
    rows = [(item.pool, item.code, item.set_code, item.status.value) for item in items]
    ids = {(row["pool"], row["code"]): row["item_id"] for row in await connection.fetch(ADD_ITEMS, *columns(rows, 4))}
    numbered = [msgspec.structs.replace(item, item_id=ids[item.pool, item.code], version=1) for item in items]
    await _add_versions(connection, numbered, author)
    return [item.item_id for item in numbered]


async def _add_versions(connection: Connection, items: Sequence[Item], author: str) -> None:
    rows = [(item.item_id, item.version, body(item).decode(), digest(item)) for item in items]
    await connection.execute(ADD_VERSIONS, *columns(rows, 4), author)


def columns(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    """Rows turned into one list per column, as `unnest` wants them."""
    return list(map(list, zip(*rows, strict=True))) or [[] for _ in range(width)]


def body(item: Item) -> bytes:
    """The content of an item: all of it but what the tables say.

    What came to items later is left out where it is empty: the same item has the same digest as before it came.
    """
    content = msgspec.to_builtins(item)
    left_out = _IN_TABLES | {name for name in _LATER if not content[name]}
    return msgspec.json.encode({name: content[name] for name in content if name not in left_out}, order="deterministic")


_IN_TABLES: Final = frozenset({"item_id", "version", "status", "enemies"})
_LATER: Final = frozenset({"category", "specialties", "level", "pictures"})


def digest(item: Item) -> bytes:
    """What tells two contents apart: SHA-256, 32 bytes."""
    return hashlib.sha256(body(item)).digest()


def read_item(row: asyncpg.Record) -> Item:
    """An item of its row: content, number, version, status, enemies."""
    item = msgspec.json.decode(row["body"], type=Item)
    return msgspec.structs.replace(
        item,
        item_id=row["item_id"],
        version=row["version"],
        status=ItemStatus(row["status"]),
        enemies=tuple(row["enemies"]),
    )
