"""Table bank.parameters: how hard item versions have proved (written after a calibration)."""

from collections.abc import Collection
from typing import Final

from question_bank.parameters import Parameters, Ref
from question_bank.store import Runner

OF_POOL: Final = """
SELECT p.item_id, p.version, p.a, p.b, p.n FROM bank.parameters p JOIN bank.items i USING (item_id, version)
WHERE i.pool = $1
"""
OF_VERSIONS: Final = """
SELECT p.item_id, p.version, p.a, p.b, p.n FROM bank.parameters p
JOIN unnest($1::bigint[], $2::integer[]) AS wanted (item_id, version) USING (item_id, version)
"""


async def of_pool(runner: Runner, pool: str) -> dict[Ref, Parameters]:
    """Of the current versions of the items of `pool` that have been calibrated."""
    return {(row[0], row[1]): Parameters(*row[2:]) for row in await runner.fetch(OF_POOL, pool)}


async def of_versions(runner: Runner, refs: Collection[Ref]) -> dict[Ref, Parameters]:
    """Of these item versions, as far as they have been calibrated."""
    columns = [[ref[0] for ref in refs], [ref[1] for ref in refs]]
    return {(row[0], row[1]): Parameters(*row[2:]) for row in await runner.fetch(OF_VERSIONS, *columns)}
