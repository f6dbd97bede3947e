"""Making sittings: a draft, announced to those it is for, changed until somebody has entered."""

from typing import Final

import asyncpg
import msgspec

from exam_engine import blueprint_store, plan_store
from exam_engine import sitting_store as store
from exam_engine.edge.accounts import audit
from exam_engine.edge.blueprints import reading_scope, rows
from exam_engine.edge.deciding import plain
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.paper_shapes import (
    AgencyRow,
    BlueprintAtVersion,
    NewSitting,
    SaveSitting,
    SittingBody,
    SittingChoices,
    SittingDetail,
    SittingPage,
    SittingRow,
)
from exam_engine.edge.provincial import WINDOW_AROUND
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.registration import province_store
from exam_engine.registration.dictionaries import ALL_SPECIALTIES, PROVINCES
from exam_engine.sitting import Kind, Policy
from exam_engine.store import Row, Runner
from proctor.policy import Proctoring
from question_bank.blueprint import decode, points_max

MAKERS: Final = frozenset({"agency", "province", "nation"})
FIXED: Final = ("cycle", "kind", "round", "agency_id", "by_invitation")  # once it is announced

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings/made", roles=MAKERS, answer=SittingPage, query=("cycle",))
async def see_sittings(call: Call) -> SittingPage:
    """The sittings of the scope with what was decided of them."""
    text = call.request.query.get("cycle", "")
    if text and not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Invalid("wrong_shape")
    return await _page(call, int(text) if text else None)


async def _page(call: Call, cycle: int | None = None) -> SittingPage:
    found = await call.house.pool.fetch(store.LIST, *_scope(call), cycle)
    return SittingPage(sittings=[_row(call, row) for row in found])


@endpoints.add("GET", "/api/desk/sittings/choices", roles=MAKERS, answer=SittingChoices)
async def see_choices(call: Call) -> SittingChoices:
    """What a new sitting may be made of."""
    pool = call.house.pool
    agencies = await pool.fetch(store.AGENCIES, *_scope(call))
    cycles = await pool.fetch(province_store.CYCLES)
    return SittingChoices(
        agencies=[AgencyRow(**dict(row)) for row in agencies],
        blueprints=[row for row in await rows(call) if row.published],
        cycles=[row["cycle"] for row in cycles],
        policy=Policy(),
    )


@endpoints.add("POST", "/api/desk/sittings", roles=MAKERS, body=NewSitting, answer=SittingDetail)
async def add_sitting(call: Call) -> SittingDetail:
    """Make a sitting; a draft, until it is announced."""
    asked = call.body
    assert isinstance(asked, NewSitting)
    province = _province(call, asked.province)
    async with call.house.pool.acquire() as connection, connection.transaction():
        values = await _values(call, connection, asked.body, province)
        sitting_id = await connection.fetchval(store.ADD, *values)
        facts = {"province": province, **_said(asked.body)}
        await audit(call, call.me, "sitting_added", f"sitting {sitting_id}", runner=connection, **facts)
        return await _detail(call, connection, sitting_id)


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}", roles=MAKERS, answer=SittingDetail)
async def see_sitting(call: Call) -> SittingDetail:
    """One sitting with its policy and blueprint."""
    return await _detail(call, call.house.pool, call.path["sitting_id"])


@endpoints.add("PUT", "/api/desk/sittings/{sitting_id}", roles=MAKERS, body=SaveSitting, answer=SittingDetail)
async def save_sitting(call: Call) -> SittingDetail:
    """Change a sitting nobody has entered."""
    asked = call.body
    assert isinstance(asked, SaveSitting)
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _locked(call, connection, asked.version)
        if row["entered"]:
            raise Refused("exam_entered")
        if not row["draft"] and row["closes_at"] <= call.house.clock.now():
            raise Refused("exam_over")
        if not row["draft"] and any(row[name] != getattr(asked.body, name) for name in FIXED):
            raise Refused("announced_already")
        moved = (row["opens_at"], row["closes_at"]) != (asked.body.opens_at, asked.body.closes_at)
        if moved and await connection.fetchval(store.IN_MAKEUP_PLAN, row["sitting_id"]):
            raise Refused("makeup_planned")
        values = await _values(call, connection, asked.body, row["province"])
        await connection.execute(store.SAVE, row["sitting_id"], *values)
        if _papers(row) != (values[13], asked.body.points_per_item, asked.body.pass_points):
            await connection.execute(store.OUTDATE_PLANS, row["sitting_id"])
        if not row["draft"]:
            await connection.execute(province_store.UNSETTLE, row["cycle"], row["province"])
        facts = {"province": row["province"], "from": _before(row), "to": _said(asked.body)}
        subject = f"sitting {row['sitting_id']}"
        await audit(call, call.me, "sitting_saved", subject, runner=connection, **facts)
        return await _detail(call, connection, row["sitting_id"])


@endpoints.add(
    "POST", "/api/desk/sittings/{sitting_id}/announce", roles=MAKERS, body=BlueprintAtVersion, answer=SittingDetail
)
async def announce_sitting(call: Call) -> SittingDetail:
    """Announce a draft: those it is for may sit it."""
    asked = call.body
    assert isinstance(asked, BlueprintAtVersion)
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _locked(call, connection, asked.version)
        if not row["draft"]:
            raise Refused("announced_already")
        if row["closes_at"] <= call.house.clock.now():
            raise Refused("exam_over")
        await connection.execute(store.ANNOUNCE, row["sitting_id"])
        await connection.execute(province_store.UNSETTLE, row["cycle"], row["province"])
        subject = f"sitting {row['sitting_id']}"
        await audit(call, call.me, "sitting_announced", subject, runner=connection, province=row["province"])
        return await _detail(call, connection, row["sitting_id"])


@endpoints.add("DELETE", "/api/desk/sittings/{sitting_id}", roles=MAKERS, answer=SittingPage)
async def delete_sitting(call: Call) -> SittingPage:
    """Delete a sitting nobody is entitled to."""
    try:
        async with call.house.pool.acquire() as connection, connection.transaction():
            row = await _locked(call, connection, None)
            if row["entered"]:
                raise Refused("exam_entered")
            if row["entitled"]:
                raise Refused("exam_entitled", entitled=row["entitled"])
            sitting_id = row["sitting_id"]
            await connection.execute(plan_store.DROP_OF_SITTING, sitting_id)
            await connection.execute(store.DROP_STAFF, sitting_id)
            await connection.execute(store.DELETE, sitting_id)
            facts = {"province": row["province"], **_before(row)}
            await audit(call, call.me, "sitting_deleted", f"sitting {sitting_id}", runner=connection, **facts)
    except asyncpg.ForeignKeyViolationError as error:  # a make-up, a paper exam or an entitlement hangs on it
        raise Refused("exam_entitled", entitled=0) from error
    return await _page(call)


# --- helpers -----------------------------------------------------------------------------------------------------


def _scope(call: Call) -> tuple[int | None, str | None]:
    """Agency and province whose sittings the caller makes; 0 or "" where an account has none."""
    me = call.me
    agency = (me.organisation_id or 0) if me.role == "agency" else None
    province = (me.province or "") if me.role == "province" else None
    return agency, province


def _province(call: Call, named: str | None) -> str:
    own = None if call.me.role == "nation" else call.me.province or ""
    if own is None and not named:
        raise Invalid("province_missing")
    province = named or own or ""
    if province not in PROVINCES or own not in (None, province):
        raise NotFound("no_such_province")
    return province


async def _values(call: Call, runner: Runner, body: SittingBody, province: str) -> tuple[object, ...]:
    """What is stored of a sitting, checked: the columns of `store.ADD`."""
    title = plain(body.title, least=2)
    agency = await runner.fetchval(store.AGENCY, body.agency_id, province)
    if agency is None or _scope(call)[0] not in (None, agency):
        raise NotFound("no_such_agency")
    await _check_window(runner, body)
    row = await runner.fetchrow(blueprint_store.PUBLISHED, reading_scope(call), body.blueprint_id, body.number)
    if row is None:
        raise NotFound("no_such_blueprint")
    if unknown := set(body.audience) - set(ALL_SPECIALTIES):
        raise Invalid("no_such_specialty", specialty=min(unknown)[:40])
    blueprint = decode(row["body"].encode())
    if body.pass_points > (most := points_max(blueprint, body.points_per_item)):
        raise Invalid("pass_points", max=most)
    window = (body.opens_at, body.closes_at)
    audience = [code for code in ALL_SPECIALTIES if code in body.audience]
    policy = msgspec.json.encode(_policy(body)).decode()
    what = (body.cycle, body.kind.value, body.round.value, title, province, body.agency_id)
    paper = (blueprint.pool, blueprint.item_count, body.points_per_item, body.pass_points, policy, row["body"])
    return (*what, *window, *paper, audience, body.by_invitation, body.blueprint_id, row["number"])


def _policy(body: SittingBody) -> Policy:
    """Practice takes no pictures and tells the result at once, whatever was asked."""
    if body.kind is not Kind.PRACTICE:
        return body.policy
    unwatched: Proctoring = msgspec.structs.replace(body.policy.proctoring, captures=False)
    return msgspec.structs.replace(body.policy, release_at_once=True, proctoring=unwatched)


async def _check_window(runner: Runner, body: SittingBody) -> None:
    if body.opens_at.tzinfo is None or body.closes_at.tzinfo is None or body.opens_at >= body.closes_at:
        raise Invalid("window_wrong")
    cycle = await province_store.cycle(runner, body.cycle)
    if cycle is None:
        raise NotFound("no_such_cycle")
    earliest, latest = cycle.starts_on - WINDOW_AROUND, cycle.ends_on + WINDOW_AROUND
    if not earliest <= body.opens_at.date() <= body.closes_at.date() <= latest:
        raise Refused("window_outside", window="exam")


def _papers(row: Row) -> tuple[object, ...]:
    """What plans of its papers hang on."""
    return row["blueprint"], row["points_per_item"], row["pass_points"]


def _said(body: SittingBody) -> dict[str, object]:
    """What the audit keeps of it."""
    said: dict[str, object] = msgspec.to_builtins(body)
    return said


def _before(row: Row) -> dict[str, object]:
    names = ("cycle", "kind", "round", "title", "agency_id", "opens_at", "closes_at", "blueprint_id", "number")
    rest = ("points_per_item", "pass_points", "audience", "by_invitation", "draft")
    return {**{name: row[name] for name in (*names, *rest)}, "policy": msgspec.json.decode(row["policy"])}


async def _locked(call: Call, runner: Runner, version: int | None) -> Row:
    """The sitting of the path, while nobody enters it; raises NotFound, Refused when it is another version."""
    key = (*_scope(call), call.path["sitting_id"])
    await runner.fetchval(store.LOCK, *key)
    row = await runner.fetchrow(store.ONE, *key)
    if row is None:
        raise NotFound("no_such_sitting")
    if version not in (None, row["version"]):
        raise Refused("changed_meanwhile")
    return row


async def _detail(call: Call, runner: Runner, sitting_id: int) -> SittingDetail:
    row = await runner.fetchrow(store.ONE, *_scope(call), sitting_id)
    if row is None:
        raise NotFound("no_such_sitting")
    policy = msgspec.json.decode(row["policy"], type=Policy)
    return SittingDetail(row=_row(call, row), policy=policy, blueprint=decode(row["blueprint"].encode()))


def _row(call: Call, row: Row) -> SittingRow:
    now = call.house.clock.now()
    over, begun = row["closes_at"] <= now, row["opens_at"] <= now
    state = "draft" if row["draft"] else "closed" if over else "open" if begun else "announced"
    names = set(SittingRow.__struct_fields__) & set(row.keys())
    shown = {name: row[name] for name in names}
    return SittingRow(
        **shown | {"blueprint": row["blueprint_name"]},
        points_max=points_max(decode(row["blueprint"].encode()), row["points_per_item"]),
        state=state,
        may_change=not row["entered"] and (row["draft"] or not over),
        may_delete=not row["entered"] and not row["entitled"],
    )
