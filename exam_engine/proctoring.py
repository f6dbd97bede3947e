"""What follows from watching: facts become incidents, incidents become notices, locks and cases.

`derive` is the one path. Whatever brings a new fact (a signal of the device, a judged capture) writes the fact and
calls it. It makes the incidents anew from all facts of the attempt, writes what changed, and carries out what is not
yet done: everything it does is harmless when done twice, so a process that died in the middle is simply repeated.
"""

import asyncio
from typing import Final

from exam_engine import store as exam_store
from exam_engine.casework import ask, open_by_rule
from exam_engine.house import House
from exam_engine.messages import ForceHandIn, LockIdentity, NoticeLevel, Notify
from exam_engine.service import Known
from exam_engine.sitting import Policy
from proctor import store
from proctor.rules import NOTICE_LEVEL, RULES, Incident, notice_text
from proctor.signals import Signal, SignalKind, incidents

SIGNALS_MAX: Final = 3_000  # per attempt; a device that sends more is broken or hostile
UNDONE_S: Final = 15
UNDONE_MAX: Final = 100
SERVER: Final = "server"  # the device name of facts the server itself notices


async def take_signals(house: House, known: Known, signals: list[Signal]) -> list[Incident]:
    """Keep raw facts and see what follows; returns the incidents that are new or changed."""
    room = SIGNALS_MAX - int(await house.pool.fetchval(store.SIGNAL_COUNT, known.attempt_id))
    await store.add_signals(house.pool, known.attempt_id, signals[: max(0, room)])
    return await derive(house, known)


async def derive(house: House, known: Known) -> list[Incident]:
    """Make the incidents of an attempt from all its facts and carry out what follows; returns what changed."""
    attempt_id, policy = known.attempt_id, known.attempt.policy
    facts = [*await store.signals(house.pool, attempt_id), *await _device_changes(house, attempt_id)]
    seen = await store.seen(house.pool, attempt_id)
    found = incidents(policy.proctoring, facts, seen)
    changed = await store.put_incidents(house.pool, attempt_id, found)
    undone = {(row["rule"], row["ordinal"]) for row in await house.pool.fetch(store.UNDONE, attempt_id)}
    todo = [incident for incident in found if (incident.rule, incident.ordinal) in undone]
    for incident in todo:
        await _carry_out(house, known, incident, policy)
    if todo:
        rules, ordinals = [i.rule for i in todo], [i.ordinal for i in todo]
        await house.pool.execute(store.INCIDENTS_DONE, attempt_id, rules, ordinals)
    if changed:
        house.sampler.doubt(attempt_id, asyncio.get_running_loop().time())
    if changed or todo:
        house.bus.stir(known.attempt.sitting, attempt_id)
    return [incident for incident in found if (incident.rule, incident.ordinal) in changed]


async def _device_changes(house: House, attempt_id: int) -> list[Signal]:
    """Other devices that took the running attempt over: the journal knows them, nobody has to report them."""
    rows = await house.pool.fetch(exam_store.DEVICE_CHANGES, attempt_id)
    return [Signal(device=SERVER, n=row["version"], kind=SignalKind.DEVICE_CHANGED, at=row["at"]) for row in rows]


async def derive_again(house: House) -> int:
    """Incidents whose process ended before their consequences were carried out; returns how many attempts it were."""
    rows = await house.pool.fetch(store.UNDONE_SOMEWHERE, UNDONE_S, UNDONE_MAX)
    for row in rows:
        async with house.service.holding(row["attempt_id"]) as known:
            await derive(house, known)
    return len(rows)


async def _carry_out(house: House, known: Known, incident: Incident, policy: Policy) -> None:
    """Notice, lock, case, handing in: in this order, so that the physician reads why before the page changes."""
    attempt_id = known.attempt_id
    rule = f"{incident.rule}:{incident.ordinal}:{incident.level}"
    text = notice_text(incident, policy.proctoring)
    if text and incident.level >= NOTICE_LEVEL:
        await ask(house, attempt_id, Notify(rule=rule, text=text, level=NoticeLevel.WARNING))
    if incident.lock:
        await ask(house, attempt_id, LockIdentity(reason=RULES[incident.rule].name))
    if incident.case:
        await open_by_rule(house, known, incident)
    if incident.hand_in:
        await ask(house, attempt_id, ForceHandIn(reason=RULES[incident.rule].name))
