"""Seats of a make-up plan that change: the solver's, a closed room, people moved by hand, and taking a change back."""

from collections import Counter
from collections.abc import Sequence

import asyncpg
import msgspec

from exam_engine.errors import NotFound, Refused
from exam_engine.makeup import makeup_store as store
from exam_engine.makeup.arranging import (
    TRIES_MAX,
    Doing,
    Plan,
    Proposal,
    Seat,
    load,
    must_be_current,
    must_give_notice,
    place,
    propose,
    record,
    set_slots,
)
from exam_engine.makeup.slots import WindowSpec
from exam_engine.store import Row, Runner

Pool = asyncpg.Pool


async def solve(
    pool: "Pool[asyncpg.Record]", plan_id: int, province: str | None, version: int, doing: Doing, *, everybody: bool
) -> Proposal:
    """Give seats by the solver; if the plan changes while it works, it looks again. Raises Refused, NotFound."""
    return await _worked_out(pool, plan_id, province, version, doing, everybody=everybody, closing=None)


async def close_slot(
    pool: "Pool[asyncpg.Record]", plan_id: int, province: str | None, version: int, doing: Doing, *, slot_id: int
) -> Proposal:
    """Close a slot and seat its people elsewhere; raises Refused if they don't all fit."""
    return await _worked_out(pool, plan_id, province, version, doing, everybody=False, closing=slot_id)


async def _worked_out(
    pool: "Pool[asyncpg.Record]",
    plan_id: int,
    province: str | None,
    version: int,
    doing: Doing,
    *,
    everybody: bool,
    closing: int | None,
) -> Proposal:
    for _ in range(TRIES_MAX):
        plan = await load(pool, plan_id, province)
        must_be_current(plan, version)
        if closing is not None:
            await must_be_closable(pool, plan, closing, doing)
        proposal = await propose(pool, plan, doing.now, everybody=everybody, closing=closing)
        must_be_fine(plan, proposal, doing)
        async with pool.acquire() as connection, connection.transaction():
            now = await load(connection, plan_id, province, lock=True)
            must_be_current(now, version)
            if now.stirred != plan.stirred or await _entered_meanwhile(connection, plan, proposal.seats):
                continue
            what = "solved" if closing is None else "closed"
            facts: dict[str, object] = {"everybody": everybody} if closing is None else {"slot_id": closing}
            await record(connection, plan_id, what, doing, proposal.seats, facts=facts)
            if closing is not None:
                await connection.execute(store.CLOSE_SLOTS, plan_id, [closing], True)
            await place(connection, plan, proposal.seats, doing.now)
            await connection.execute(store.DECIDED, plan_id)
        return proposal
    raise Refused("changed_meanwhile")


async def must_be_closable(runner: Runner, plan: Plan, slot_id: int, doing: Doing) -> None:
    """Raise unless the slot is open to be closed."""
    slot = await _slot(runner, plan, slot_id)
    if slot["closed"]:
        raise Refused("slot_closed", place=slot["place"])
    if slot["opens_at"] <= doing.now:
        raise Refused("slot_opened", place=slot["place"])


def must_be_fine(plan: Plan, proposal: Proposal, doing: Doing) -> None:
    """Raise for what a published plan may not do: tell people late, or take a seat away without another."""
    if plan.published_at is None:
        return
    unseated = {seat.person_id for seat in proposal.seats if seat.to_slot is None} & set(proposal.found.unplaced)
    if unseated:
        raise Refused("seats_missing", people=len(unseated))
    must_give_notice(plan, proposal.opens, doing)


async def _entered_meanwhile(runner: Runner, plan: Plan, seats: Sequence[Seat]) -> bool:
    moved = {seat.person_id for seat in seats}
    return any(row["entered"] and row["person_id"] in moved for row in await runner.fetch(store.SEATED, plan.plan_id))


async def _slot(runner: Runner, plan: Plan, slot_id: int) -> Row:
    for row in await runner.fetch(store.SLOTS, plan.plan_id):
        if row["slot_id"] == slot_id:
            return row
    raise NotFound("no_such_slot")


async def move(runner: Runner, plan: Plan, person_ids: Sequence[int], slot_id: int, doing: Doing) -> int:
    """Move people by hand into a slot, all of them or none; how many were moved. The caller has locked the plan.

    Raises Refused, for one thing when all of them sit there already: a change that moves nobody would stand in the way
    of taking back the one before it.
    """
    slot = await open_slot(runner, plan, slot_id, doing)
    due = {row["person_id"]: row for row in await runner.fetch(store.DUE, *plan.key)}
    seated = {row["person_id"]: row for row in await runner.fetch(store.SEATED, plan.plan_id)}
    slots = {row["slot_id"]: row for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    seats = []
    for person_id in sorted(set(person_ids)):
        row, seat = due.get(person_id), seated.get(person_id)
        if row is None or row["source_id"] is None:
            raise Refused("not_due", person_id=person_id)
        if seat is not None and (seat["entered"] or slots[seat["slot_id"]]["opens_at"] <= doing.now):
            raise Refused("entered_already", person_id=person_id)
        if seat is None or seat["slot_id"] != slot_id:
            seats.append(Seat(person_id, None if seat is None else seat["slot_id"], slot_id, row["source_id"]))
    if not seats:
        raise Refused("nothing_changed")
    if len(seats) > slot["capacity"] - slot["people"]:
        raise Refused("slot_full", place=slot["place"], free=slot["capacity"] - slot["people"])
    if plan.published_at:
        must_give_notice(plan, [slot["opens_at"]], doing)
    await record(runner, plan.plan_id, "moved", doing, seats, facts={"slot_id": slot_id})
    await place(runner, plan, seats, doing.now)
    await runner.execute(store.DECIDED, plan.plan_id)
    return len(seats)


async def open_slot(runner: Runner, plan: Plan, slot_id: int, doing: Doing) -> Row:
    """A slot that people can still be put into; raises Refused, NotFound."""
    slot = await _slot(runner, plan, slot_id)
    if slot["closed"]:
        raise Refused("slot_closed", place=slot["place"])
    if slot["opens_at"] <= doing.now:
        raise Refused("slot_opened", place=slot["place"])
    return slot


async def undo(runner: Runner, plan: Plan, change_id: int, doing: Doing) -> int:
    """Take the latest change back, whole or not at all; how many people it moved. The caller has locked the plan.

    Raises Refused when something came after it, somebody it moved has moved on or entered, or a seat is taken.
    """
    change = await runner.fetchrow(store.CHANGE, plan.plan_id, change_id)
    if change is None:
        raise NotFound("no_such_change")
    if await runner.fetchval(store.LATEST_CHANGE, plan.plan_id) != change_id:
        raise Refused("changed_since")
    facts = msgspec.json.decode(change["facts"])
    if change["what"] == "slots":
        windows = msgspec.convert(facts["before"], list[WindowSpec])
        await set_slots(
            runner, plan, await _still_there(runner, plan, windows), facts["reach"], doing, undoes=change_id
        )
        return 0
    seats = await _reversed(runner, plan, change_id, doing)
    if change["what"] == "closed":
        await runner.execute(store.CLOSE_SLOTS, plan.plan_id, [facts["slot_id"]], False)
    await _must_fit(runner, plan, seats, doing)
    await record(runner, plan.plan_id, "undone", doing, seats, undoes=change_id)
    await place(runner, plan, seats, doing.now)
    await runner.execute(store.DECIDED, plan.plan_id)
    return len(seats)


async def _still_there(runner: Runner, plan: Plan, windows: list[WindowSpec]) -> list[WindowSpec]:
    """Windows and slots that a draft has dropped are made anew."""
    slots = {row["slot_id"] for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    kept = {row["window_id"] for row in await runner.fetch(store.WINDOWS, plan.plan_id)}

    def anew(window: WindowSpec) -> WindowSpec:
        changed = [
            slot if slot.slot_id in slots else msgspec.structs.replace(slot, slot_id=None) for slot in window.slots
        ]
        window_id = window.window_id if window.window_id in kept else None
        return msgspec.structs.replace(window, window_id=window_id, slots=changed)

    return [anew(window) for window in windows]


async def _reversed(runner: Runner, plan: Plan, change_id: int, doing: Doing) -> list[Seat]:
    seated = {row["person_id"]: row for row in await runner.fetch(store.SEATED, plan.plan_id)}
    seats = []
    for row in await runner.fetch(store.MOVES, change_id):
        seat = seated.get(row["person_id"])
        now_in = None if seat is None else seat["slot_id"]
        if now_in != row["to_slot"] or (seat is not None and seat["entered"]):
            raise Refused("changed_since")
        seats.append(Seat(row["person_id"], now_in, row["from_slot"], row["source_id"]))
    slots = {row["slot_id"]: row for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    for slot_id in {slot for seat in seats for slot in (seat.from_slot, seat.to_slot) if slot is not None}:
        if slot_id not in slots or (plan.published_at and slots[slot_id]["opens_at"] <= doing.now):
            raise Refused("changed_since")
    return seats


async def _must_fit(runner: Runner, plan: Plan, seats: Sequence[Seat], doing: Doing) -> None:
    slots = {row["slot_id"]: row for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    people = Counter({slot_id: slot["people"] for slot_id, slot in slots.items()})
    people.subtract(seat.from_slot for seat in seats if seat.from_slot is not None)
    people.update(seat.to_slot for seat in seats if seat.to_slot is not None)
    back = {seat.to_slot for seat in seats if seat.to_slot is not None}
    for slot_id in sorted(back):
        if slots[slot_id]["closed"]:
            raise Refused("slot_closed", place=slots[slot_id]["place"])
        if people[slot_id] > slots[slot_id]["capacity"]:
            raise Refused("slot_full", place=slots[slot_id]["place"], free=0)
    if plan.published_at:
        must_give_notice(plan, [slots[slot_id]["opens_at"] for slot_id in sorted(back)], doing)
