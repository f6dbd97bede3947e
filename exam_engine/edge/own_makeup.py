"""A physician's make-up: where and when he sits, asking once for another slot, and why he did not come."""

from exam_engine.edge.accounts import audit
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.makeup_shapes import AskSlot, OwnMakeup, SayWhy
from exam_engine.edge.makeup_views import own_absence, own_seat
from exam_engine.makeup import absences, asking
from exam_engine.makeup import makeup_store as store
from exam_engine.makeup.arranging import Doing
from exam_engine.registration.province_store import policy

endpoints = Endpoints()


@endpoints.add("GET", "/api/makeup", roles=PHYSICIAN, answer=OwnMakeup)
async def see_own(call: Call) -> OwnMakeup:
    """补考: his slot, and what he may still ask or say."""
    return await _own(call)


async def _own(call: Call) -> OwnMakeup:
    pool, now, person_id = call.house.pool, call.house.clock.now(), call.me.person_id
    seats = [await own_seat(pool, row, now) for row in await pool.fetch(store.OWN, person_id)]
    shown = []
    for row in await pool.fetch(store.OWN_ABSENCES, person_id):
        _, decided = await policy(pool, row["cycle"], row["province"])
        shown.append(own_absence(row, now, decided.absence_days))
    placed = {seat.kind for seat in seats}
    due = [row["kind"] for row in await pool.fetch(store.OWN_DUE, person_id)]
    return OwnMakeup(now=now, seats=seats, waiting=[kind for kind in due if kind not in placed], absences=shown)


@endpoints.add("POST", "/api/makeup/{makeup_id}/move", roles=PHYSICIAN, body=AskSlot, answer=OwnMakeup)
async def ask_to_move(call: Call) -> OwnMakeup:
    """Ask, once, for another slot."""
    asked, plan_id = call.body, call.path["makeup_id"]
    assert isinstance(asked, AskSlot)
    doing = Doing(now=call.house.clock.now(), account_id=call.me.account_id, reason=asked.reason.strip())
    person_id = call.me.person_id
    state = await asking.ask(call.house.pool, person_id, plan_id, asked.slot_id, doing, wait=asked.wait)
    said = {"state": state, "reason": doing.reason}
    await audit(call, call.me, "makeup_asked", f"makeup plan {plan_id}", runner=None, slot=asked.slot_id, **said)
    return await _own(call)


@endpoints.add("POST", "/api/makeup/absences/{absence_id}", roles=PHYSICIAN, body=SayWhy, answer=OwnMakeup)
async def say_why(call: Call) -> OwnMakeup:
    """Say why one did not come."""
    asked, absence_id = call.body, call.path["absence_id"]
    assert isinstance(asked, SayWhy)
    doing = Doing(now=call.house.clock.now(), account_id=call.me.account_id)
    async with call.house.pool.acquire() as connection, connection.transaction():
        await absences.say_why(connection, call.me.person_id, absence_id, asked.text.strip(), doing)
        await audit(call, call.me, "absence_said", f"absence {absence_id}", runner=connection)
    return await _own(call)
