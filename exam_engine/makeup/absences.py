"""缺考: who never began an exam whose window is over, and the reasons a province accepts (domain.md §3.8, §3.10)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from exam_engine.errors import NotFound, Refused
from exam_engine.house import House
from exam_engine.makeup import makeup_store as store
from exam_engine.makeup.arranging import Doing
from exam_engine.registration import inbox_store
from exam_engine.registration.province_store import policy
from exam_engine.store import Row, Runner

CLOSINGS_MAX: Final = 20  # windows of one round

log = structlog.get_logger()


async def notice(house: House) -> int:
    """Look through the windows that have ended since; how many people were found to have been absent.

    No exam begins after its window (`attempt.py` refuses), so who has not begun by then was absent. A window that was
    opened again takes back what was noted at its first end.
    """
    now, found = house.clock.now(), 0
    async with house.pool.acquire() as connection, connection.transaction():
        back = await connection.fetch(store.UNDO_ABSENCES, now)
        for row in back:
            await connection.execute(store.UNSETTLE, [row["person_id"]], row["cycle"])
    for sitting in await house.pool.fetch(store.ENDED, now):
        found += await _close(house, sitting)
    return found


async def _close(house: House, sitting: Row) -> int:
    now = house.clock.now()
    async with house.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(store.ADD_CLOSING, sitting["sitting_id"], sitting["closes_at"]) is None:
            return 0
        rows = await connection.fetch(store.ADD_ABSENCES, sitting["sitting_id"], now)
        persons = [row["person_id"] for row in rows]
        _, decided = await policy(connection, sitting["cycle"], sitting["province"])
        until_at = sitting["closes_at"] + timedelta(days=decided.absence_days)
        await connection.execute(store.UNSETTLE, persons, sitting["cycle"])
        if now < until_at:
            await inbox_store.tell_many(connection, persons, "C06", {"kind": sitting["kind"], "until_at": until_at})
    if persons:
        log.info("absences", sitting=sitting["sitting_id"], people=len(persons))
        house.bus.wake_inbox(persons=persons)
    return len(persons)


async def decide(runner: Runner, province: str, absence_ids: Sequence[int], doing: Doing, *, accept: bool) -> list[int]:
    """Accept a reason for these absences, or none, all or nothing; the persons. Raises NotFound, Refused.

    An accepted one may be refused again, and the other way round, until the days for it are over.
    """
    rows = await runner.fetch(store.ABSENCES_LOCKED, list(absence_ids), province)
    if len(rows) != len(set(absence_ids)):
        raise NotFound("no_such_absence")
    state = "accepted" if accept else "refused"
    for row in rows:
        await _must_be_in_time(runner, row, doing)
        if row["state"] == state:
            raise Refused("absence_decided", absence_id=row["absence_id"])
    for row in rows:
        await runner.execute(store.UNSETTLE, [row["person_id"]], row["cycle"])
        await runner.execute(store.DECIDE_ABSENCE, row["absence_id"], state, doing.reason, doing.account_id, doing.now)
        await _tell(runner, row, doing, accept=accept)
        if accept and row["round"] == "makeup":
            await runner.execute(store.UNSEAT_ABSENT, row["cycle"], row["kind"], [row["person_id"]])
    return [row["person_id"] for row in rows]


async def _must_be_in_time(runner: Runner, row: Row, doing: Doing) -> None:
    _, decided = await policy(runner, row["cycle"], row["province"])
    until = row["closed_at"] + timedelta(days=decided.absence_days)
    if doing.now >= until:
        raise Refused("absence_too_old", days=decided.absence_days)


async def _tell(runner: Runner, row: Row, doing: Doing, *, accept: bool) -> None:
    once = f"absence:{row['absence_id']}:{doing.now.isoformat()}"
    facts: dict[str, object] = {"kind": row["kind"]}
    if not accept:
        facts["reason"] = doing.reason
    await inbox_store.tell(runner, row["person_id"], "C08" if accept else "C09", facts, once=once)


async def say_why(runner: Runner, person_id: int, absence_id: int, text: str, doing: Doing) -> None:
    """What the physician says of his own absence, as long as it can be accepted. Raises NotFound, Refused."""
    own = {row["absence_id"]: row for row in await runner.fetch(store.OWN_ABSENCES, person_id)}
    row = own.get(absence_id)
    if row is None:
        raise NotFound("no_such_absence")
    await _must_be_in_time(runner, row, doing)
    if await runner.fetchval(store.SAY_WHY, absence_id, person_id, text) is None:
        raise Refused("absence_decided", absence_id=absence_id)
