"""Plans of a sitting's papers at the desks: make one, look at its certificate, approve it.

Whoever decides sees codes of items and figures, never a text or a key.
"""

import secrets
from typing import Final

import asyncpg
import msgspec
from aiohttp import web

from exam_engine import plan_jobs
from exam_engine import plan_store as store
from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import reason_of
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.paper_shapes import (
    ApprovePlan,
    FormItems,
    MakePlan,
    PlanAsked,
    PlanDetail,
    PlanList,
    PlanRow,
)
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.fairness_page import fairness_page
from exam_engine.store import Row, Runner
from question_bank import exposure_store
from question_bank import store as bank
from question_bank.certificate import Certificate

PLANNERS: Final = frozenset({"agency", "province", "nation"})
MODES: Final = ("forms", "fly")
SEED_BITS: Final = 53

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/plans", roles=PLANNERS, answer=PlanList)
async def see_plans(call: Call) -> PlanList:
    """The plans of a sitting's papers, the newest first."""
    return await _plans(call, call.house.pool, call.path["sitting_id"])


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/plans", roles=PLANNERS, body=MakePlan, answer=PlanRow)
async def make_plan(call: Call) -> PlanRow:
    """Begin to make a plan; it goes on after this answer."""
    asked, sitting_id = call.body, call.path["sitting_id"]
    assert isinstance(asked, MakePlan)
    if asked.mode not in MODES:
        raise Invalid("plan_mode")
    seed = secrets.randbits(SEED_BITS) if asked.seed is None else asked.seed
    wish = PlanAsked(
        asked.forms if asked.mode == "forms" else 0, asked.overlap_max, asked.uses_max, asked.sample, asked.papers_max
    )
    pool = call.house.pool
    async with pool.acquire() as connection, connection.transaction():
        await _sitting(call, connection, sitting_id, store.SITTING_LOCKED)
        if await connection.fetchval(store.ENTERED, sitting_id):
            raise Refused("papers_locked")
        await connection.execute(store.GIVE_UP, sitting_id, store.SILENT_S)
        wish = await plan_jobs.wish_of(connection, sitting_id, wish)
        body = msgspec.json.encode(wish).decode()
        plan_id = await connection.fetchval(store.ADD, sitting_id, asked.mode, seed, body, call.me.account_id)
        if plan_id is None:
            raise Refused("plan_being_made")
        facts = {"sitting": sitting_id, "mode": asked.mode, **msgspec.to_builtins(wish)}
        await audit(call, call.me, "plan_begun", f"plan {plan_id}", runner=connection, **facts)
        row = await connection.fetchrow(store.ONE, *_scope(call), plan_id)
        assert row is not None
    call.house.later(_work(pool, plan_id, sitting_id, asked.mode, seed, wish))
    return _row(row)


async def _work(
    pool: "asyncpg.Pool[asyncpg.Record]", plan_id: int, sitting_id: int, mode: str, seed: int, wish: PlanAsked
) -> None:
    """The plan is made by a process of its own; whatever happens, it does not stay in the making."""
    done = False
    try:
        await plan_jobs.make(pool, plan_id, await plan_jobs.gather(pool, sitting_id, mode, seed, wish))
        done = True
    finally:
        if not done:
            await pool.execute(store.FAILED, plan_id, "interrupted", "")


@endpoints.add("GET", "/api/desk/plans/{plan_id}", roles=PLANNERS, answer=PlanDetail)
async def see_plan(call: Call) -> PlanDetail:
    """One plan and its certificate."""
    return await _detail(call, call.house.pool)


@endpoints.add("GET", "/api/desk/plans/{plan_id}/certificate.html", roles=PLANNERS, media="text/html")
async def see_certificate(call: Call) -> web.Response:
    """The certificate as a page that stands alone, to keep or print."""
    row = await _plan(call, call.house.pool)
    if row["certificate"] is None:
        raise Refused("plan_not_made")
    certificate = msgspec.json.decode(row["certificate"], type=Certificate)
    page = fairness_page(f"#{row['sitting_id']} / {row['plan_id']}", certificate, row["digest"])
    name = f"fairness-{row['sitting_id']}-{row['plan_id']}.html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(text=page, content_type="text/html", headers=headers)


@endpoints.add("POST", "/api/desk/plans/{plan_id}/approve", roles=PLANNERS, body=ApprovePlan, answer=PlanDetail)
async def approve_plan(call: Call) -> PlanDetail:
    """Put a plan in force."""
    asked = call.body
    assert isinstance(asked, ApprovePlan)
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _plan(call, connection)
        sitting_id = row["sitting_id"]
        await connection.fetchval(store.SITTING_LOCKED, *_scope(call), sitting_id)  # nobody enters meanwhile
        row = await _plan(call, connection)
        await _check_approval(connection, row, asked)
        await connection.execute(store.REPLACE, sitting_id)
        await connection.execute(store.APPROVE, row["plan_id"], call.me.account_id, asked.reason.strip())
        forms = [[item_id for item_id, _ in form.refs] for form in plan_jobs.read_forms(row["forms"])]
        cycle = await connection.fetchval(store.CYCLE, sitting_id)
        await exposure_store.add_forms(connection, cycle, forms, call.house.clock.now())
        facts = {"sitting": sitting_id, "mode": row["mode"], "digest": row["digest"], "reason": asked.reason.strip()}
        await audit(call, call.me, "plan_approved", f"plan {row['plan_id']}", runner=connection, **facts)
        return await _detail(call, connection)


async def _check_approval(runner: Runner, row: Row, asked: ApprovePlan) -> None:
    if row["state"] == "current":
        raise Refused("already_current")
    if row["certificate"] is None:
        raise Refused("plan_not_made")
    if row["digest"] != asked.digest:
        raise Refused("changed_meanwhile")
    if await runner.fetchval(store.ENTERED, row["sitting_id"]):
        raise Refused("papers_locked")
    if row["state"] != "draft":
        raise Refused("plan_outdated")
    if not row["goals_met"]:
        if not asked.reason.strip():
            raise Refused("goals_not_met")
        reason_of(asked.reason)


@endpoints.add("DELETE", "/api/desk/plans/{plan_id}", roles=PLANNERS, answer=PlanList)
async def drop_plan(call: Call) -> PlanList:
    """Drop a plan that is not in force."""
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.GIVE_UP, (await _plan(call, connection))["sitting_id"], store.SILENT_S)
        row = await _plan(call, connection)
        if row["state"] in ("making", "current"):
            raise Refused("plan_being_made" if row["state"] == "making" else "plan_current")
        await connection.execute(store.DROP, row["plan_id"])
        facts = {"sitting": row["sitting_id"], "digest": row["digest"]}
        await audit(call, call.me, "plan_dropped", f"plan {row['plan_id']}", runner=connection, **facts)
        return await _plans(call, connection, row["sitting_id"])


def _scope(call: Call) -> tuple[int | None, str | None]:
    """Agency and province whose sittings the caller plans for; 0 or "" where an account has none."""
    me = call.me
    agency = (me.organisation_id or 0) if me.role == "agency" else None
    province = (me.province or "") if me.role == "province" else None
    return agency, province


async def _sitting(call: Call, runner: Runner, sitting_id: int, query: str = store.SITTING) -> None:
    if await runner.fetchval(query, *_scope(call), sitting_id) is None:
        raise NotFound("no_such_sitting")


async def _plans(call: Call, runner: Runner, sitting_id: int) -> PlanList:
    await _sitting(call, runner, sitting_id)
    rows = await runner.fetch(store.LIST, *_scope(call), sitting_id)
    locked = await runner.fetchval(store.ENTERED, sitting_id)
    return PlanList(plans=[_row(row) for row in rows], locked=locked, may_approve=not locked)


async def _plan(call: Call, runner: Runner) -> Row:
    row = await runner.fetchrow(store.ONE, *_scope(call), call.path["plan_id"])
    if row is None:
        raise NotFound("no_such_plan")
    return row


async def _detail(call: Call, runner: Runner) -> PlanDetail:
    row = await _plan(call, runner)
    certificate = None if row["certificate"] is None else msgspec.json.decode(row["certificate"], type=Certificate)
    forms = plan_jobs.read_forms(row["forms"]) if row["forms"] else []
    found = await bank.by_reference(runner, {ref for form in forms for ref in form.refs})
    codes = {ref: item.code for ref, item in found.items()}
    shown = [FormItems(number=form.number, codes=sorted(codes[ref] for ref in form.refs)) for form in forms]
    return PlanDetail(plan=_row(row), certificate=certificate, forms=shown)


def _row(row: Row) -> PlanRow:
    asked = msgspec.json.decode(row["asked"], type=PlanAsked)
    made = bool(row["digest"])
    return PlanRow(
        plan_id=row["plan_id"],
        sitting_id=row["sitting_id"],
        mode=row["mode"],
        forms=asked.forms,
        seed=row["seed"],
        state=row["state"],
        progress=row["progress"],
        failed=row["failed"],
        said=row["said"],
        digest=row["digest"],
        goals_met=bool(row["goals_met"]) if made else None,
        at=row["at"],
        by=row["by"],
        approved_at=row["approved_at"],
        approved_by=row["approved_by"],
    )
