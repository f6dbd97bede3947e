"""Table bank.exposure: how often items were in papers of physicians, and in prepared forms, by cycle.

Papers are counted by `exam_engine.exposing` as they come; whoever prepares forms counts them with `add_forms`, in the
transaction that keeps them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from question_bank.store import Connection, columns

ADD: Final = """
INSERT INTO bank.exposure AS e (item_id, cycle, papers, forms, last_at)
SELECT item_id, cycle, papers, forms, last_at
FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::timestamptz[])
    AS new (item_id, cycle, papers, forms, last_at) ORDER BY item_id, cycle
ON CONFLICT (item_id, cycle) DO UPDATE SET papers = e.papers + excluded.papers, forms = e.forms + excluded.forms,
    last_at = greatest(e.last_at, excluded.last_at)
"""
USED: Final = """
SELECT item_id, sum(papers)::integer AS papers FROM bank.exposure
WHERE item_id = ANY ($1::bigint[]) AND ($2::integer IS NULL OR cycle = $2) GROUP BY item_id
"""

Counted = tuple[int, int, int, int, datetime]  # item_id, cycle, papers, forms, last_at


async def add(connection: Connection, counted: Sequence[Counted]) -> None:
    """Count these, each item and cycle once; in the order of their keys, so that two never wait in a ring."""
    if counted:
        await connection.execute(ADD, *columns(sorted(counted), 5))


async def add_forms(connection: Connection, cycle: int, forms: Iterable[Iterable[int]], at: datetime) -> None:
    """Count prepared forms: of each the item ids in it."""
    found: dict[int, int] = {}
    for form in forms:
        for item_id in set(form):
            found[item_id] = found.get(item_id, 0) + 1
    await add(connection, [(item_id, cycle, 0, number, at) for item_id, number in found.items()])
