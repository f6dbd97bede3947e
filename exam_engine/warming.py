"""Papers of exams that open soon: what they are drawn by takes seconds, which nobody shall wait for at the start."""

from typing import Final

import structlog

from exam_engine import store
from exam_engine.errors import Refused
from exam_engine.house import House

WARM_S: Final = 60.0
AHEAD_S: Final = 600.0

log = structlog.get_logger()


async def warm_papers(house: House) -> None:
    """Prepare the papers of every exam that opens within `AHEAD_S`; who can't be served is said in the log in time."""
    for row in await house.pool.fetch(store.OPENING_SOON, AHEAD_S):
        sitting = await house.registry.sitting(row["sitting_id"])
        try:
            await house.papers.warm(sitting, house.clock.now())
        except Refused as error:
            log.warning("no_paper_ahead", sitting=sitting.sitting_id, code=error.code, **error.facts)
