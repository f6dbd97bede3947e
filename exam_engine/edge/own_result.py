"""查看考核结果: the physician's own result, its notice, and the application for a recheck."""

from datetime import datetime
from typing import Final

from exam_engine.edge import result_views
from exam_engine.edge.accounts import audit
from exam_engine.edge.homes import current_cycle
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.result_desks import legs_view, wake
from exam_engine.edge.result_shapes import AskRecheck, OwnResult, OwnResults, ResultNotice
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.registration import evidence, province_store
from exam_engine.registration import store as files
from exam_engine.registration.application import Application
from exam_engine.results import list_store, store
from exam_engine.results.final import PUBLISHED, RECHECK_FOR, Act, Event, Level, State, asking
from exam_engine.results.moving import By, move, standing
from exam_engine.results.store import Result
from scoring.result import Leg, Legs

TEXT_MIN: Final = 20
NOTHING: Final = Legs(work=Leg.WAITING, ethics=Leg.WAITING, humanities=Leg.WAITING, professional=Leg.WAITING)

endpoints = Endpoints()


@endpoints.add("GET", "/api/result", roles=PHYSICIAN, answer=OwnResults)
async def own_result(call: Call) -> OwnResults:
    """The caller's result of this cycle, and those of former ones."""
    return await _own(call)


async def _own(call: Call) -> OwnResults:
    pool, now, person_id = call.house.pool, call.house.clock.now(), call.me.person_id
    number = await current_cycle(pool)
    app = None if number is None else await files.find(pool, person_id, number)
    result = None if number is None else await store.find(pool, person_id, number)
    return OwnResults(
        now=now,
        current=None if app is None else await _view(call, app, result, now),
        history=await result_views.past_of(pool, person_id, number or 0),
    )


async def _view(call: Call, app: Application, result: Result | None, now: datetime) -> OwnResult:
    """What was not published is 考核中: neither what is proposed nor what is decided is his to see."""
    pool = call.house.pool
    shown = result if result is not None and result.notified_at is not None else None
    refused = recheck_refused(result, now)
    return OwnResult(
        result_id=None if result is None else result.result_id,
        version=1 if result is None else result.version,
        cycle=app.cycle,
        procedure=app.procedure,
        state=_state(result),
        outcome=shown.outcome if shown else "",
        reasons=list(shown.reasons) if shown else [],
        text=shown.text if shown else "",
        legs=legs_view(NOTHING if result is None else result.legs),
        missing=list(result.missing) if result and result.state is State.PENDING else [],
        exams=await result_views.exams_of(pool, app.identity.person_id, app.cycle.cycle),
        agency="" if result is None else result.agency,
        notified_at=shown.notified_at if shown else None,
        notice_number=shown.notice_number if shown else "",
        may_print=shown is not None and app.policy.print_notice,
        may_recheck=not refused,
        recheck_until=shown.notified_at + RECHECK_FOR if shown and shown.notified_at else None,
        refused_by=refused,
        recheck=None if result is None else await result_views.recheck_of(call, result),
        suspension=None if result is None else result_views.suspension_of(result),
        moves=[] if result is None else await result_views.moves_of(pool, result.result_id, own=True),
    )


def _state(result: Result | None) -> str:
    if result is None:
        return State.PENDING.value
    return result.state.value if result.state in PUBLISHED or result.state is State.EXCLUDED else State.PENDING.value


def recheck_refused(result: Result | None, now: datetime) -> str:
    """Why no recheck can be asked for now; "" if it can."""
    if result is None or result.notified_at is None:
        return "not_notified"
    if result.recheck_state is not None:
        return "rechecked_already"
    if result.state is not State.NOTIFIED or not asking(standing(result), now):
        return "recheck_over"
    return ""


@endpoints.add("GET", "/api/result/notice", roles=PHYSICIAN, answer=ResultNotice)
async def own_result_notice(call: Call) -> ResultNotice:
    """考核结果通知书 of the caller, where his province has it printed."""
    pool = call.house.pool
    number = await current_cycle(pool)
    result = None if number is None else await store.find(pool, call.me.person_id, number)
    if result is None or result.notified_at is None:
        raise NotFound("no_such_notice")
    _, decided = await province_store.policy(pool, result.cycle, result.province)
    if not decided.print_notice:
        raise Refused("notice_not_printed")
    return await result_views.notice_view(call, result)


@endpoints.add("POST", "/api/result/recheck", roles=PHYSICIAN, body=AskRecheck, answer=OwnResults)
async def ask_recheck(call: Call) -> OwnResults:
    """复核申请: ask for a recheck, once, within 30 days."""
    asked: AskRecheck = call.body
    me, now, text = call.me, call.house.clock.now(), call.body.text.strip()
    if len(text) < TEXT_MIN:
        raise Invalid("text_short", min=TEXT_MIN)
    by = By(level=Level.PHYSICIAN, account_id=me.account_id, person_id=me.person_id, address=call.address())
    async with call.house.pool.acquire() as connection, connection.transaction():
        number = await current_cycle(connection)
        result = None if number is None else await store.find(connection, me.person_id, number, lock=True)
        if (refused := recheck_refused(result, now)) or result is None:
            raise Refused(refused)
        documents = list(dict.fromkeys(asked.documents))
        await evidence.must_be_own(connection, me.person_id, documents)
        await evidence.mark_used(connection, documents)
        moved = await move(connection, result, Act(event=Event.ASK, reason=text[:500]), asked.version, by, now)
        await connection.execute(list_store.ADD_RECHECK, result.result_id, text, documents, now, now + RECHECK_FOR)
        await audit(call, me, "recheck_asked", f"result {result.result_id}", runner=connection, documents=documents)
    wake(call, moved.wake)
    return await _own(call)
