"""Counts of how often items are shown, kept up as papers come.

Every paper leaves a row in exam.papers_uncounted, in its own transaction. Here rows are taken out and counted, again in
one transaction: no paper is counted twice or missed, with two leaders or none for a while, or after a kill.
"""

from typing import Final

from exam_engine.house import House
from question_bank import exposure_store

BATCH: Final = 500
COUNT_S: Final = 2.0

TAKE: Final = """
DELETE FROM exam.papers_uncounted WHERE attempt_id IN
    (SELECT attempt_id FROM exam.papers_uncounted ORDER BY attempt_id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING attempt_id
"""
# When somebody entered is when the paper was drawn: the journal's first entry.
SHOWN: Final = """
SELECT (entry ->> 'item_id')::bigint AS item_id, s.cycle, count(*)::integer AS papers,
    max(coalesce(j.at, now())) AS last_at
FROM exam.papers p JOIN exam.attempts a USING (attempt_id) JOIN exam.sittings s USING (sitting_id)
LEFT JOIN exam.journal j ON j.attempt_id = p.attempt_id AND j.version = 1
CROSS JOIN LATERAL json_array_elements(p.body -> 'entries') AS entry
WHERE p.attempt_id = ANY ($1::bigint[]) GROUP BY 1, 2
"""


async def count_some(house: House) -> int:
    """Count the next papers; returns how many."""
    async with house.pool.acquire() as connection, connection.transaction():
        taken = [row["attempt_id"] for row in await connection.fetch(TAKE, BATCH)]
        if taken:
            rows = await connection.fetch(SHOWN, taken)
            counted = [(row["item_id"], row["cycle"], row["papers"], 0, row["last_at"]) for row in rows]
            await exposure_store.add(connection, counted)
    return len(taken)


async def count_all(house: House) -> None:
    """Count until there is nothing left for now."""
    while await count_some(house):
        pass
