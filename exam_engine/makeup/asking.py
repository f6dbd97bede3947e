"""A physician asks, once, for another slot: granted at once if a seat is free, else the province decides."""

import asyncpg

from exam_engine.errors import NotFound, Refused
from exam_engine.makeup import makeup_store as store
from exam_engine.makeup.arranging import Doing, Plan, Seat, load, must_give_notice, place, record
from exam_engine.makeup.moving import open_slot
from exam_engine.makeup.slots import ask_until
from exam_engine.registration import inbox_store
from exam_engine.store import Row, Runner

Pool = asyncpg.Pool


async def ask(
    pool: "Pool[asyncpg.Record]", person_id: int, plan_id: int, slot_id: int, doing: Doing, *, wait: bool
) -> str:
    """Granted or, where the slot is full and he is ready to `wait` for the province, waiting. Raises Refused.

    Two who ask for the last seat: the plan's row is locked, one gets it; the other is told `slot_full` and has not used
    up his one time.
    """
    async with pool.acquire() as connection, connection.transaction():
        plan = await load(connection, plan_id, None, lock=True)
        seat = await connection.fetchrow(store.SEAT_OF, plan_id, person_id)
        if plan.published_at is None or seat is None:
            raise NotFound("no_such_plan")
        slot = await _askable(connection, plan, seat, slot_id, doing)
        free = slot["capacity"] - slot["people"]
        if free <= 0 and not wait:
            raise Refused("slot_full", place=slot["place"], free=0)
        state = "granted" if free > 0 else "waiting"
        asked = (plan_id, person_id, seat["placed_at"], seat["slot_id"], slot_id, doing.reason, doing.now, state)
        if await connection.fetchval(store.ADD_ASK, *asked) is None:
            raise Refused("asked_already")
        if state == "granted":
            seats = [Seat(person_id, seat["slot_id"], slot_id, seat["source_id"])]
            await record(connection, plan_id, "asked", doing, seats)
            await place(connection, plan, seats, doing.now, asked=True)
            await connection.execute(store.STIRRED, plan_id)
    return state


async def _askable(runner: Runner, plan: Plan, seat: Row, slot_id: int, doing: Doing) -> Row:
    """The slot asked for; raises unless he may still leave his and may still come into it."""
    slots = {row["slot_id"]: row for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    wanted = slots.get(slot_id)
    if wanted is None or wanted["closed"]:
        raise NotFound("no_such_slot")
    if slot_id == seat["slot_id"]:
        raise Refused("same_slot")
    if seat["entered"]:
        raise Refused("entered_already")
    days = plan.decided.makeup_move_days
    until = min(ask_until(each["opens_at"], days) for each in (wanted, slots[seat["slot_id"]]))
    if doing.now >= until:
        raise Refused("ask_too_late", until_at=until.isoformat())
    return wanted


async def decide(runner: Runner, plan: Plan, asked: Row, doing: Doing, *, grant: bool, slot_id: int | None) -> None:
    """The province's word on who waits: this slot, or another one it offers. The caller has locked plan and ask."""
    if asked["state"] != "waiting":
        raise Refused("ask_decided")
    person_id = asked["person_id"]
    if grant:
        await _grant(runner, plan, asked, slot_id or asked["to_slot"], doing)
    else:
        once = f"C10:{asked['ask_id']}"
        await inbox_store.tell(runner, person_id, "C10", {"kind": plan.kind, "reason": doing.reason}, once=once)
    state = "granted" if grant else "refused"
    await runner.execute(store.DECIDE_ASK, asked["ask_id"], state, doing.reason, doing.account_id, doing.now)


async def _grant(runner: Runner, plan: Plan, asked: Row, slot_id: int, doing: Doing) -> None:
    seat = await runner.fetchrow(store.SEAT_OF, plan.plan_id, asked["person_id"])
    if seat is None or seat["placed_at"] != asked["placed_at"]:
        raise Refused("changed_since")
    if seat["entered"]:
        raise Refused("entered_already", person_id=asked["person_id"])
    slot = await open_slot(runner, plan, slot_id, doing)
    if slot["people"] >= slot["capacity"]:
        raise Refused("slot_full", place=slot["place"], free=0)
    must_give_notice(plan, [slot["opens_at"]], doing)
    seats = [Seat(asked["person_id"], seat["slot_id"], slot_id, seat["source_id"])]
    await record(runner, plan.plan_id, "granted", doing, seats, facts={"ask_id": asked["ask_id"]})
    await place(runner, plan, seats, doing.now, asked=True)
    await runner.execute(store.DECIDED, plan.plan_id)
