"""Results follow the legs with nobody asking: proposed when all are decided, flagged when they change afterwards.

What made somebody due stands in result.due, written by the transaction that changed something; time alone makes due who
is to be looked at again (`look_at`). Each function does a bounded piece and says how much it did; all are harmless when
repeated, and led by one process at a time.
"""

from datetime import datetime
from typing import Final

import msgspec
import structlog

from exam_engine.errors import PersonError
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.registration import inbox_store
from exam_engine.registration.filing import Wake
from exam_engine.results import store
from exam_engine.results.final import Act, Event, Level, State
from exam_engine.results.legs import Looked, look
from exam_engine.results.moving import SYSTEM, By, move, took_part
from exam_engine.results.store import ABSENT_TWICE, LEGS_CHANGED, File, Result
from exam_engine.store import Runner

LOOK_MAX: Final = 50
PUBLISH_MAX: Final = 50
TIMED_MAX: Final = 1_000
TEND_S: Final = 20.0
CATCH_UP_S: Final = 600.0
NEW: Final = frozenset({State.PENDING, State.EXCLUDED, State.PROPOSED})
CHANGED: Final = "legs_changed"  # in the history

TAKE_DUE: Final = """
WITH few AS MATERIALIZED (SELECT due_id FROM result.due ORDER BY due_id LIMIT $1 FOR UPDATE SKIP LOCKED)
DELETE FROM result.due d USING few WHERE d.due_id = few.due_id RETURNING d.person_id, d.cycle
"""
TIMED: Final = """
INSERT INTO result.due (person_id, cycle) SELECT person_id, cycle FROM result.results r WHERE look_at <= $1
  AND NOT EXISTS (SELECT FROM result.due d WHERE d.person_id = r.person_id AND d.cycle = r.cycle)
ORDER BY look_at LIMIT $2
"""
# Files that were there before results were kept, or were written without a move.
MISSING: Final = """
INSERT INTO result.due (person_id, cycle) SELECT a.person_id, a.cycle FROM reg.applications a
WHERE NOT EXISTS (SELECT FROM result.results r WHERE r.application_id = a.application_id)
  AND NOT EXISTS (SELECT FROM result.due d WHERE d.person_id = a.person_id AND d.cycle = a.cycle)
ORDER BY a.application_id LIMIT $1
"""
TO_PUBLISH: Final = """
SELECT r.result_id, r.order_id, o.account_id, a.person_id, o.agency_id, o.address
FROM result.results r JOIN result.orders o USING (order_id) JOIN people.accounts a USING (account_id)
WHERE r.order_id IS NOT NULL AND r.state IN ('qualified', 'unqualified') ORDER BY r.order_id, r.result_id LIMIT $1
"""
COUNT_DONE: Final = "UPDATE result.orders SET done = done + 1 WHERE order_id = $1"
NOT_PUBLISHED: Final = "UPDATE result.results SET order_id = NULL WHERE result_id = $1 AND order_id = $2"

log = structlog.get_logger()


async def look_some(house: House) -> int:
    """Look at the legs of some who are due; how many."""
    now, wake = house.clock.now(), Wake()
    async with house.pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(TAKE_DUE, LOOK_MAX)
        for person_id, cycle in sorted({(row["person_id"], row["cycle"]) for row in rows}):
            try:
                async with connection.transaction():
                    await look_at(connection, person_id, cycle, now, wake)
            except DATABASE_AWAY:
                raise
            except Exception:  # our own error; it must not hold up the others
                log.exception("result_not_looked_at", person_id=person_id, cycle=cycle)
    house.bus.wake_inbox(persons=wake.persons, organisations=wake.organisations)
    return len(rows)


async def tend_results(house: House) -> int:
    """Make due whom time has changed; how many."""
    done = await house.pool.execute(TIMED, house.clock.now(), TIMED_MAX)
    return int(done.rpartition(" ")[2])


async def catch_up(house: House) -> int:
    """Make due who has a file and no result yet; how many."""
    done = await house.pool.execute(MISSING, TIMED_MAX)
    return int(done.rpartition(" ")[2])


async def look_at(runner: Runner, person_id: int, cycle: int, now: datetime, wake: Wake) -> None:
    """Bring the result of a person in a cycle up to date with his legs."""
    file = await store.file_of(runner, person_id, cycle)
    if file is None:
        return
    looked = look(file.known, now)
    result = await store.find(runner, person_id, cycle, lock=True) or await _begun(runner, file, looked, now)
    if result.state is State.ARCHIVED:
        return
    if result.state in NEW:
        result = await _placed(runner, result, file)
    result = await _doubted(runner, result, file, looked)
    moved = await (_proposed if result.state in NEW else _compared)(runner, result, looked, now)
    wake.persons += moved.persons
    wake.organisations += moved.organisations


async def _begun(runner: Runner, file: File, looked: Looked, now: datetime) -> Result:
    await runner.execute(
        store.ADD_RESULT, file.application_id, file.person_id, file.cycle, file.province, file.institution_id,
        file.agency_id, file.name, file.id_number, file.department, file.procedure, store.as_text(looked.legs),
        list(looked.missing), looked.look_at, now,
    )  # fmt: skip
    begun = await store.find(runner, file.person_id, file.cycle, lock=True)
    assert begun is not None
    return begun


async def _placed(runner: Runner, result: Result, file: File) -> Result:
    """Until it is decided, a result is where its file is."""
    names = ("province", "institution_id", "agency_id", "name", "id_number", "department", "procedure")
    now_at = {name: getattr(file, name) for name in names}
    if any(getattr(result, name) != value for name, value in now_at.items()):
        await runner.execute(store.PLACE, result.result_id, *now_at.values())
    return msgspec.structs.replace(result, **now_at)


async def _doubted(runner: Runner, result: Result, file: File, looked: Looked) -> Result:
    """What somebody should look at before he agrees."""
    doubts = [LEGS_CHANGED] if LEGS_CHANGED in result.doubts else []
    if await runner.fetch(store.BAD_RECORDS, file.id_number, file.starts_on, file.ends_on):
        doubts.append("bad_records")
    if "ethics_poor" in file.flags:
        doubts.append("ethics_poor")
    absent = not took_part(looked.legs)
    if absent and await runner.fetchval(store.ABSENT_BEFORE, file.person_id, file.starts_on):
        doubts.append(ABSENT_TWICE)
    changed = msgspec.structs.replace(result, doubts=tuple(doubts))
    if changed != result:
        await store.save(runner, changed)
    return changed


async def _proposed(runner: Runner, result: Result, looked: Looked, now: datetime) -> Wake:
    """Nothing is decided yet: it follows the legs."""
    event = _event(result, looked)
    if event is not None:
        return (await move(runner, result, Act(event=event), None, SYSTEM, now, looked=looked)).wake
    changed = msgspec.structs.replace(result, legs=looked.legs, missing=looked.missing, look_at=looked.look_at)
    if changed != result:
        await store.save(runner, changed)
    return Wake()


def _event(result: Result, looked: Looked) -> Event | None:
    if looked.excluded:
        return None if result.state is State.EXCLUDED else Event.EXCLUDE
    said = looked.verdict()
    if said.outcome is None:
        return None if result.state is State.PENDING else Event.WITHDRAW
    as_proposed = (result.outcome, result.reasons, result.legs) == (said.outcome, said.reasons, looked.legs)
    return None if result.state is State.PROPOSED and as_proposed else Event.PROPOSE


async def _compared(runner: Runner, result: Result, looked: Looked, now: datetime) -> Wake:
    """Somebody has decided it: nothing changes by itself, but its agency is told when the legs are others."""
    legs_now = None if looked.legs == result.legs or looked.excluded else looked.legs
    doubts = tuple(doubt for doubt in result.doubts if doubt != LEGS_CHANGED)
    changed = msgspec.structs.replace(
        result,
        legs_now=legs_now,
        doubts=doubts if legs_now is None else (LEGS_CHANGED, *doubts),
        look_at=looked.look_at,
    )
    if changed == result:
        return Wake()
    if changed.legs_now == result.legs_now:
        await store.save(runner, changed)
        return Wake()
    await store.save(runner, msgspec.structs.replace(changed, version=result.version + 1))
    facts = {"legs": msgspec.to_builtins(looked.legs)}
    states = (result.state.value, result.state.value)
    await store.add_move(runner, result.result_id, CHANGED, states, now, SYSTEM.signature(), "", facts)
    if legs_now is None or result.agency_id is None:
        return Wake()
    await inbox_store.tell_organisation(runner, result.agency_id, "M33", {})
    return Wake(organisations=[result.agency_id])


# --- publishing --------------------------------------------------------------------------------------------------


async def publish_some(house: House) -> int:
    """Publish some of what was ordered, one transaction each; how many were looked at."""
    rows = await house.pool.fetch(TO_PUBLISH, PUBLISH_MAX)
    for row in rows:
        by = By(
            level=Level.AGENCY,
            account_id=row["account_id"],
            person_id=row["person_id"],
            organisation_id=row["agency_id"],
            address=row["address"],
        )
        await _publish(house, row["result_id"], row["order_id"], by)
    return len(rows)


async def _publish(house: House, result_id: int, order_id: int, by: By) -> None:
    now = house.clock.now()
    try:
        async with house.pool.acquire() as connection, connection.transaction():
            result = await store.load(connection, result_id, lock=True)
            assert result is not None
            if result.order_id != order_id:
                return
            moved = await move(connection, result, Act(event=Event.PUBLISH), None, by, now)
            await connection.execute(COUNT_DONE, order_id)
    except PersonError as error:
        log.warning("result_not_published", result=result_id, reason=error.code)
        await house.pool.execute(NOT_PUBLISHED, result_id, order_id)
        return
    house.bus.wake_inbox(persons=moved.wake.persons, organisations=moved.wake.organisations)
