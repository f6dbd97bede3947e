"""What a pool of the bank holds, whatever its status: for exports. Papers are drawn with `store.active_items`."""

from collections.abc import Collection, Sequence
from typing import Final

from question_bank.item import Item, ItemStatus
from question_bank.store import Runner, read_item

HELD: Final = "SELECT item_id FROM bank.items WHERE pool = $1 AND status = ANY($2::text[]) ORDER BY item_id"
# What an item says: its version in force, or its working copy where nothing was ever in force.
LATEST: Final = """
SELECT i.item_id, coalesce(v.version, 1) AS version, i.status, coalesce(CASE WHEN i.status IN ('draft', 'review')
        THEN d.body::text END, v.body::text, d.body::text) AS body,
    ARRAY (SELECT e.enemy FROM bank.enemies e WHERE e.pool = i.pool AND e.code = i.code
        ORDER BY e.enemy COLLATE "C") AS enemies
FROM bank.items i LEFT JOIN bank.item_versions v USING (item_id, version) LEFT JOIN bank.drafts d USING (item_id)
WHERE i.item_id = ANY ($1::bigint[]) ORDER BY i.item_id
"""


async def held_items(runner: Runner, pool: str, statuses: Collection[ItemStatus]) -> list[Item]:
    """The items of `pool` with one of `statuses`, as they are now, by item_id."""
    rows = await runner.fetch(HELD, pool, [status.value for status in statuses])
    return await held_by_id(runner, [row["item_id"] for row in rows])


async def held_by_id(runner: Runner, item_ids: Sequence[int]) -> list[Item]:
    """These items as they are now, by item_id."""
    rows = await runner.fetch(LATEST, list(item_ids))
    return [read_item(row) for row in rows if row["body"] is not None]
