"""The desk of final results: lists, counts, one result whole, its notice, and the report to the health authority."""

from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from exam_engine.edge import result_views
from exam_engine.edge.accounts import audit
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.result_desks import SEERS, by_staff, cycle_of, legs_view, scope_of, scoped
from exam_engine.edge.result_shapes import (
    FinalConduct,
    FinalCount,
    FinalCounts,
    FinalDetail,
    FinalPage,
    FinalRow,
    IssuedNotice,
    PublishOrder,
    RecheckPage,
    RecheckRow,
    ResultNotice,
)
from exam_engine.errors import Forbidden, Invalid
from exam_engine.registration import account_store, province_store
from exam_engine.registration.review_store import key
from exam_engine.results import exporting, list_store, store
from exam_engine.results.final import Level, may
from exam_engine.results.moving import said, standing
from exam_engine.results.store import Result
from exam_engine.store import Row
from scoring.result import Legs

EXPORTS_MAX, EXPORTS_S = 30, 3_600
WHOLE_NUMBERS: Final = frozenset({"agency", "province"})  # who reports to the health authority
ACTS: Final = {"uphold": "decide_recheck", "change": "decide_recheck", "pass_late": "reassessed"}

endpoints = Endpoints()


# --- lists -------------------------------------------------------------------------------------------------------


async def _wanted(call: Call) -> list_store.Filter:
    query = call.request.query
    asked = {name: query.get(name, "")[:80] for name in ("state", "outcome", "flag", "q", "after")}
    if any("\0" in text for text in asked.values()):
        raise Invalid("wrong_value")
    return list_store.Filter(cycle=(await cycle_of(call)).cycle, mine=query.get("mine") == "1", **asked)


@endpoints.add(
    "GET",
    "/api/desk/final-results",
    roles=SEERS,
    answer=FinalPage,
    query=("cycle", "state", "outcome", "flag", "q", "mine", "after"),
)
async def final_results(call: Call) -> FinalPage:
    """Final results of the caller's scope, page by page."""
    sql, values = list_store.page(call.me.role, scope_of(call), await _wanted(call))
    rows = await call.house.pool.fetch(sql, *values)
    shown = rows[: list_store.PAGE]
    more = len(rows) > len(shown)
    return FinalPage(
        rows=[_row(row) for row in shown],
        next=key(shown[-1]["moved_at"], shown[-1]["result_id"]) if more else None,
    )


def _row(row: Row) -> FinalRow:
    return FinalRow(
        result_id=row["result_id"],
        cycle=row["cycle"],
        version=row["version"],
        state=row["state"],
        outcome=row["outcome"],
        reasons=list(row["reasons"]),
        missing=list(row["missing"]),
        doubts=list(row["doubts"]),
        name=row["name"],
        id_number=masked_number(row["id_number"]),
        institution=row["institution"],
        department=row["department"],
        procedure=row["procedure"],
        legs=legs_view(msgspec.json.decode(row["legs"], type=Legs)),
        notice_number=row["notice_number"],
        publishing=list_store.publishing(row),
        notified_at=row["notified_at"],
        recheck_due_at=row["recheck_due_at"] if row["recheck_state"] == "waiting" else None,
        moved_at=row["moved_at"],
    )


@endpoints.add("GET", "/api/desk/final-results/counts", roles=SEERS, answer=FinalCounts, query=("cycle",))
async def count_finals(call: Call) -> FinalCounts:
    """How many results are in which state, and how far publications are."""
    pool, role, scope = call.house.pool, call.me.role, scope_of(call)
    cycle = await cycle_of(call)
    counts_of = {"agency": list_store.COUNTS_OF_AGENCY, "province": list_store.COUNTS_OF_PROVINCE}
    counted = await pool.fetch(
        counts_of.get(role, list_store.COUNTS_OF_ALL), cycle.cycle, *(() if scope is None else (scope,))
    )
    limits = list_store.limits(role, scope)
    figures = await pool.fetchrow(list_store.FIGURES, cycle.cycle, *limits)
    assert figures is not None
    _, decided = await province_store.policy(pool, cycle.cycle, call.me.province or "")
    return FinalCounts(
        cycle=cycle,
        counts=[FinalCount(**dict(row)) for row in counted],
        batch_max=decided.batch_max,
        orders=[order_view(row) for row in await pool.fetch(list_store.ORDERS, cycle.cycle, *limits)],
        **dict(figures),
    )


def order_view(row: Row) -> PublishOrder:
    """How far an order is: what is neither done nor left was taken back meanwhile."""
    return PublishOrder(
        order_id=row["order_id"],
        at=row["at"],
        by=row["by"],
        total=row["total"],
        done=row["done"],
        failed=max(0, row["total"] - row["done"] - row["left"]),
    )


# --- the report --------------------------------------------------------------------------------------------------


@endpoints.add(
    "GET",
    "/api/desk/final-results/export",
    roles=SEERS,
    query=("cycle", "state", "outcome", "form", "numbers"),
    media=exporting.XLSX,
    media_too=(exporting.FORMS["csv"],),
)
async def export_finals(call: Call) -> web.StreamResponse:
    """Results as a spreadsheet or CSV, for the report to the health authority."""
    me, query = call.me, call.request.query
    form, whole = query.get("form", "xlsx"), query.get("numbers") == "full"
    if form not in exporting.FORMS:
        raise Invalid("wrong_shape")
    if whole and me.role not in WHOLE_NUMBERS:
        raise Forbidden("numbers_masked")
    await call.house.throttle.take(f"export:{me.account_id}", EXPORTS_MAX, EXPORTS_S)
    wanted = await _wanted(call)
    sql, values = list_store.whole(me.role, scope_of(call), wanted)
    with exporting.Writer(form, whole=whole) as writer:
        async with call.house.pool.acquire() as connection, connection.transaction():
            cursor = await connection.cursor(sql, *values)
            while batch := await cursor.fetch(list_store.EXPORT_BATCH):
                await writer.add(batch)
        data = await writer.saved()
    numbers, about = "full" if whole else "masked", f"cycle {wanted.cycle}"
    await audit(call, me, "results_reported", about, of=wanted.state, rows=writer.rows, numbers=numbers)
    return exporting.attachment(data, f"results-{wanted.cycle}.{form}")


# --- one result --------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/final-results/{result_id}", roles=SEERS, answer=FinalDetail)
async def see_final(call: Call) -> FinalDetail:
    """One result whole; looking at it is on record."""
    pool, now = call.house.pool, call.house.clock.now()
    result = await scoped(call, pool, call.path["result_id"])
    await audit(call, call.me, "result_opened", f"result {result.result_id} person {result.person_id}")
    row = await pool.fetchrow(list_store.ROW, result.result_id)
    assert row is not None
    acts, refused = _acts(call, result, now)
    cycle = await cycle_of(call, result.cycle)
    conduct = await pool.fetch(store.BAD_RECORDS, result.id_number, cycle.starts_on, cycle.ends_on)
    now_said = said(result).outcome
    return FinalDetail(
        row=_row(row),
        id_number=result.id_number,
        phone=await pool.fetchval(account_store.PHONE_OF, result.person_id) or "",
        text=result.text,
        legs_now=None if result.legs_now is None else legs_view(result.legs_now),
        outcome_now="" if now_said is None else now_said.value,
        exams=await result_views.exams_of(pool, result.person_id, result.cycle),
        conduct=[FinalConduct(**dict(each)) for each in conduct],
        history=await result_views.past_of(pool, result.person_id, result.cycle),
        notices=[_issued(each) for each in await pool.fetch(store.NOTICES_OF, result.result_id)],
        recheck=await result_views.recheck_of(call, result),
        suspension=result_views.suspension_of(result),
        moves=await result_views.moves_of(pool, result.result_id, own=False),
        acts=acts,
        refused_by=refused,
    )


def _acts(call: Call, result: Result, now: datetime) -> tuple[list[str], str]:
    if call.me.role == Level.NATION:
        return [], "only_looking"
    found, why = may(standing(result), by_staff(call).actor(), now)
    said_acts = list(dict.fromkeys(ACTS.get(each, each) for each in found if each != "archive"))
    if "reassessed" in said_acts and "cancel" in said_acts:
        said_acts.remove("cancel")  # the agency's is the other end of a re-assessment
    return said_acts, why if not said_acts else ""


def _issued(row: Row) -> IssuedNotice:
    return IssuedNotice(
        number=row["number"],
        revision=row["revision"],
        outcome=row["outcome"],
        issued_at=row["issued_at"],
        void=row["replaced_by"] is not None,
    )


@endpoints.add("GET", "/api/desk/final-results/{result_id}/notice", roles=SEERS, answer=ResultNotice)
async def see_notice_of(call: Call) -> ResultNotice:
    """The notice in force of one result."""
    result = await scoped(call, call.house.pool, call.path["result_id"])
    notice = await result_views.notice_view(call, result)
    await audit(call, call.me, "notice_opened", f"result {result.result_id}", number=notice.number)
    return notice


# --- rechecks ----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/rechecks", roles=SEERS, answer=RecheckPage, query=("cycle", "state"))
async def see_rechecks(call: Call) -> RecheckPage:
    """复核申请 of the caller's scope: those that wait first, the most urgent before the others."""
    limits = list_store.limits(call.me.role, scope_of(call))
    cycle, state = await cycle_of(call), call.request.query.get("state", "")
    if state not in ("", "waiting", "upheld", "changed"):
        raise Invalid("no_such_state")
    rows = await call.house.pool.fetch(list_store.RECHECKS, cycle.cycle, *limits, state)
    return RecheckPage(rows=[_recheck(call, row) for row in rows])


def _recheck(call: Call, row: Row) -> RecheckRow:
    refused = _refused(call, row)
    names = ("recheck_id", "result_id", "version", "state", "name", "institution", "outcome", "text", "at", "due_at",
             "decided_at")  # fmt: skip
    return RecheckRow(
        id_number=masked_number(row["id_number"]),
        reasons=list(row["reasons"]),
        mine=not refused,
        refused_by=refused,
        **{name: row[name] for name in names},
    )


def _refused(call: Call, row: Row) -> str:
    if row["state"] != "waiting":
        return "decided"
    if call.me.role != Level.AGENCY:
        return "only_looking"
    if row["person_id"] == call.me.person_id:
        return "own_file"
    return "own_decision" if row["decided_by"] == call.me.person_id else ""
