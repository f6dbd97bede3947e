"""What a pool of the bank holds, whatever its status: for exports. Papers are drawn with `store.active_items`."""

from collections.abc import Collection
from typing import Final

from question_bank.item import Item, ItemStatus
from question_bank.store import Runner, by_reference

HELD: Final = "SELECT item_id, version FROM bank.items WHERE pool = $1 AND status = ANY($2::text[]) ORDER BY item_id"


async def held_items(runner: Runner, pool: str, statuses: Collection[ItemStatus]) -> list[Item]:
    """The items of `pool` with one of `statuses`, in their current versions, by item_id."""
    refs = [(row["item_id"], row["version"]) for row in await runner.fetch(HELD, pool, [s.value for s in statuses])]
    found = await by_reference(runner, refs)
    return [found[ref] for ref in refs]
