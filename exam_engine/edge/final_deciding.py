"""Acts on final results: 评定, publishing, correcting, rechecks, and what follows an unqualified one."""

from datetime import datetime
from typing import Final

from exam_engine.edge.accounts import audit
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.result_desks import (
    AGENCY,
    PROVINCE,
    acted,
    by_staff,
    carry_out,
    cycle_of,
    on_record,
    scope_of,
    scoped,
    wake,
)
from exam_engine.edge.result_shapes import (
    AgreeFinals,
    DecideFinal,
    DecideRecheck,
    FinalActed,
    FinalLine,
    FinalLines,
    FinalReason,
    PublishFinals,
    PublishOrder,
    Reassess,
    Reassessed,
    Suspend,
)
from exam_engine.errors import Invalid, NotFound, PersonError, Refused
from exam_engine.registration import province_store
from exam_engine.results import list_store
from exam_engine.results.final import Act, Event
from exam_engine.results.moving import move
from scoring.result import Outcome

VERDICTS: Final = {"upheld": Event.UPHOLD, "changed": Event.CHANGE}

endpoints = Endpoints()


def _outcome(text: str) -> Outcome:
    try:
        return Outcome(text)
    except ValueError as error:
        raise Invalid("no_such_outcome") from error


def _decision(event: Event, asked: DecideFinal) -> Act:
    return Act(event=event, outcome=_outcome(asked.outcome), facts=tuple(asked.reasons), text=asked.text)


@endpoints.add("POST", "/api/desk/final-results/{result_id}/decide", roles=AGENCY, body=DecideFinal, answer=FinalActed)
async def decide_final(call: Call) -> FinalActed:
    """评定: decide a proposed result."""
    return await carry_out(call, _decision(Event.DECIDE, call.body), call.body.version)


@endpoints.add("POST", "/api/desk/final-results/agree", roles=AGENCY, body=AgreeFinals, answer=FinalLines)
async def agree_finals(call: Call) -> FinalLines:
    """Agree with proposals without doubts together: each for itself, so that one that can't holds up no other."""
    asked: AgreeFinals = call.body
    lines = []
    for each in {one.result_id: one for one in asked.results}.values():
        try:
            lines.append(await _agree(call, each.result_id, each.version, len(asked.results)))
        except PersonError as error:
            lines.append(FinalLine(result_id=each.result_id, state="", version=each.version, refused=error.code))
    return FinalLines(lines=lines)


async def _agree(call: Call, result_id: int, version: int, together: int) -> FinalLine:
    now = call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        result = await scoped(call, connection, result_id, lock=True)
        _, decided = await province_store.policy(connection, result.cycle, result.province)
        if together > decided.batch_max:
            raise Refused("batch_too_large", max=decided.batch_max)
        if result.version != version:
            raise Refused("changed_meanwhile", version=result.version)
        if result.doubts:
            raise Refused("needs_a_look")
        act = Act(event=Event.DECIDE, outcome=result.decided())
        moved = await move(connection, result, act, version, by_staff(call), now)
        await on_record(call, connection, act, result, moved)
    return FinalLine(result_id=result_id, state=moved.result.state.value, version=moved.result.version, refused="")


@endpoints.add("POST", "/api/desk/final-results/{result_id}/undo", roles=AGENCY, body=FinalReason, answer=FinalActed)
async def undo_final(call: Call) -> FinalActed:
    """Take a decision back before it is published."""
    return await carry_out(call, Act(event=Event.UNDO, reason=call.body.reason), call.body.version)


# --- publishing --------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/final-results/publish", roles=AGENCY, body=PublishFinals, answer=PublishOrder)
async def publish_finals(call: Call) -> PublishOrder:
    """Order the publication of decided results; it goes on in the background, also after a restart."""
    asked: PublishFinals = call.body
    agency, cycle, now = scope_of(call), await cycle_of(call, asked.cycle), call.house.clock.now()
    named = sorted(set(asked.results))
    async with call.house.pool.acquire() as connection, connection.transaction():
        if named and await connection.fetchval(list_store.OF_AGENCY, agency, named) != len(named):
            raise NotFound("no_such_result")
        rows = await connection.fetch(list_store.ORDERABLE, agency, cycle.cycle, named or None)
        if not rows:
            raise Refused("nothing_to_publish")
        order_id = await connection.fetchval(
            list_store.ADD_ORDER, agency, cycle.cycle, call.me.account_id, call.address(), len(rows), now
        )
        await connection.execute(list_store.SET_ORDER, [row["result_id"] for row in rows], order_id)
        await audit(
            call, call.me, "results_publish", f"cycle {cycle.cycle}", runner=connection, order=order_id, rows=len(rows)
        )
    return PublishOrder(order_id=order_id, at=now, by=call.me.name, total=len(rows), done=0, failed=0)


# --- after publishing --------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/final-results/{result_id}/keep", roles=AGENCY, body=FinalReason, answer=FinalActed)
async def keep_final(call: Call) -> FinalActed:
    """Let a published result stand although its legs have changed since."""
    return await carry_out(call, Act(event=Event.KEEP, reason=call.body.reason), call.body.version)


@endpoints.add("POST", "/api/desk/final-results/{result_id}/correct", roles=AGENCY, body=DecideFinal, answer=FinalActed)
async def correct_final(call: Call) -> FinalActed:
    """Correct a published result whose legs have changed: a new notice, the old one is void."""
    return await carry_out(call, _decision(Event.CORRECT, call.body), call.body.version)


@endpoints.add("POST", "/api/desk/rechecks/{recheck_id}/decision", roles=AGENCY, body=DecideRecheck, answer=FinalActed)
async def decide_recheck(call: Call) -> FinalActed:
    """Decide a recheck: by somebody else than who decided the result."""
    asked: DecideRecheck = call.body
    event = VERDICTS.get(asked.verdict)
    if event is None:
        raise Invalid("no_such_verdict")
    return await _decide_recheck(call, asked, event, call.house.clock.now())


async def _decide_recheck(call: Call, asked: DecideRecheck, event: Event, now: datetime) -> FinalActed:
    recheck_id = call.path["recheck_id"]
    act = Act(event=event, facts=tuple(asked.reasons), reason=asked.reason)
    async with call.house.pool.acquire() as connection, connection.transaction():
        result_id = await connection.fetchval(list_store.RESULT_OF_RECHECK, recheck_id)
        if result_id is None:
            raise NotFound("no_such_recheck")
        try:
            result = await scoped(call, connection, result_id, lock=True)
        except NotFound as error:
            raise NotFound("no_such_recheck") from error
        moved = await move(connection, result, act, asked.version, by_staff(call), now)
        decided = await connection.fetchval(
            list_store.DECIDE_RECHECK, recheck_id, asked.verdict, call.me.person_id, now, asked.reason.strip()
        )
        assert decided is not None, "the result was in recheck"
        await on_record(call, connection, act, result, moved)
    wake(call, moved.wake)
    return acted(moved)


# --- what follows an unqualified result --------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/final-results/{result_id}/suspend", roles=PROVINCE, body=Suspend, answer=FinalActed)
async def suspend(call: Call) -> FinalActed:
    """Record 暂停执业 after an unqualified result."""
    asked: Suspend = call.body
    act = Act(event=Event.SUSPEND, from_on=asked.from_on, until_on=asked.until_on, reason=asked.reason)
    return await carry_out(call, act, asked.version)


@endpoints.add("POST", "/api/desk/final-results/{result_id}/reassess", roles=AGENCY, body=Reassess, answer=FinalActed)
async def reassess(call: Call) -> FinalActed:
    """Arrange 再次考核 when the suspension is over."""
    return await carry_out(call, Act(event=Event.REASSESS, text=call.body.arrangement.strip()), call.body.version)


@endpoints.add(
    "POST", "/api/desk/final-results/{result_id}/reassessed", roles=AGENCY, body=Reassessed, answer=FinalActed
)
async def reassessed(call: Call) -> FinalActed:
    """Record how 再次考核 went."""
    event = Event.LATE if call.body.passed else Event.CANCEL
    return await carry_out(call, Act(event=event, reason=call.body.reason), call.body.version)


@endpoints.add(
    "POST", "/api/desk/final-results/{result_id}/cancel", roles=PROVINCE, body=FinalReason, answer=FinalActed
)
async def cancel_registration(call: Call) -> FinalActed:
    """Record 注销注册 after two cycles without taking part (R-604)."""
    return await carry_out(call, Act(event=Event.CANCEL, reason=call.body.reason), call.body.version)
