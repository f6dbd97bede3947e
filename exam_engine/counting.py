"""How many are where: per sitting for its chart, and by province and institution for the command centre."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from exam_engine import store as exam_store
from exam_engine.house import House
from proctor import store

COUNT_S: Final = 15.0  # how often a point is put on the charts
AFTER: Final = timedelta(minutes=30)  # after its end a sitting is counted a little longer
LIVE: Final = frozenset({"entered", "identity", "ready", "running"})


class Tally(msgspec.Struct):
    """How many of one group. `offline` and `flagged` are among those who are there."""

    expected: int = 0
    entered: int = 0
    running: int = 0
    offline: int = 0
    flagged: int = 0
    handed_in: int = 0

    def add(self, other: "Tally") -> None:
        """Put another group's figures on top."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Place(msgspec.Struct, frozen=True):
    """Where somebody belongs."""

    sitting_id: int
    province: str
    institution: str


async def count(house: House, sitting_ids: Sequence[int]) -> Mapping[Place, Tally]:
    """Everybody who has entered these sittings, by place; `expected` is left to `count_all`."""
    found: dict[Place, Tally] = {}
    rows = await house.pool.fetch(exam_store.ATTEMPTS_BY_PLACE, list(sitting_ids))
    flagged = {row[0] for row in await house.pool.fetch(store.FLAGGED, [row["attempt_id"] for row in rows])}
    present = {sitting_id: await house.bus.presence(sitting_id) for sitting_id in sitting_ids}
    for row in rows:
        tally = found.setdefault(Place(row["sitting_id"], row["province"], row["institution"]), Tally())
        running = row["phase"] == "running"
        tally.entered += 1
        tally.running += running
        tally.offline += running and present[row["sitting_id"]].get(row["attempt_id"]) is False
        tally.flagged += row["attempt_id"] in flagged
        tally.handed_in += row["phase"] not in LIVE
    return found


async def count_all(house: House, sitting_ids: Sequence[int]) -> Mapping[Place, Tally]:
    """As `count`, with those who are still expected: looking through all who may sit takes its time."""
    found = dict(await count(house, sitting_ids))
    for row in await house.pool.fetch(exam_store.EXPECTED_BY_PLACE, list(sitting_ids)):
        found.setdefault(Place(row[0], row[1], row[2]), Tally()).expected += row[3]
    return found


async def write_counts(house: House) -> None:
    """Put a point on the chart of every sitting that is open now."""
    now = house.clock.now()
    ids = [row[0] for row in await house.pool.fetch(exam_store.OPEN_SITTINGS, now, now - AFTER)]
    if not ids:
        return
    totals = {sitting_id: Tally() for sitting_id in ids}
    for place, tally in (await count(house, ids)).items():
        totals[place.sitting_id].add(tally)
    there = {sitting_id: tally for sitting_id, tally in totals.items() if tally.entered}
    columns = [
        [getattr(tally, name) for tally in there.values()]
        for name in ("entered", "running", "offline", "flagged", "handed_in")
    ]
    await house.pool.execute(store.ADD_COUNTS, now, list(there), *columns)
