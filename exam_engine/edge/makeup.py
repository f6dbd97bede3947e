"""The desk of the unified make-up: who waits, absences, the plan with its slots, seats by the solver, publishing.

The province decides for its own; the nation reads everything, an agency what its own people have to do with.
"""

from datetime import timedelta
from time import perf_counter
from typing import Final

from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import like, province_of, reason_of, scope_of
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.makeup_shapes import (
    AbsenceRow,
    Absences,
    AbsencesDecided,
    AskRow,
    Asks,
    CloseSlot,
    DecideAbsences,
    DecideAsk,
    Exclude,
    Invigilators,
    InvigilatorView,
    MakeMakeupPlan,
    MakeupOverview,
    MakeupPlan,
    MakeupSeats,
    MovePeople,
    PublishMakeup,
    SeatRow,
    SetSlots,
    Solved,
    SolvedPlan,
    SolveMakeup,
    UndoMakeup,
)
from exam_engine.edge.makeup_views import far_of, plan_view, solved_view, waiting
from exam_engine.edge.masks import masked_number
from exam_engine.errors import Invalid, NotFound, PersonError
from exam_engine.makeup import absences, arranging, asking, moving
from exam_engine.makeup import makeup_store as store
from exam_engine.makeup.arranging import Doing, Plan
from exam_engine.registration.province_store import current_cycle, policy
from exam_engine.registration.province_store import cycle as cycle_of
from exam_engine.store import Runner

READERS: Final = frozenset({"agency", "province", "nation"})
PLANNERS: Final = frozenset({"province"})
KINDS: Final = ("humanities", "professional")
STATES: Final = ("open", "accepted", "refused")
PAGE: Final = 100
CYCLE_MAX: Final = 8999

endpoints = Endpoints()


# --- who waits -----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/makeup", roles=READERS, answer=MakeupOverview, query=("cycle", "province"))
async def see_waiting(call: Call) -> MakeupOverview:
    """Who is due a make-up, by kind."""
    cycle, province = await _cycle(call), _province(call)
    pool, agency = call.house.pool, _agency(call)
    return MakeupOverview(kinds=[await waiting(pool, cycle, province, kind, agency) for kind in KINDS])


@endpoints.add(
    "GET",
    "/api/desk/makeup/absences",
    roles=READERS,
    answer=Absences,
    query=("cycle", "province", "kind", "state", "after"),
)
async def see_absences(call: Call) -> Absences:
    """Who was absent, and what was decided of it."""
    cycle, province, kind = await _cycle(call), _province(call), _one_of(call, "kind", KINDS)
    state = _one_of(call, "state", STATES) if call.request.query.get("state") else None
    after = _number(call, "after")
    key = (cycle, province, kind, _agency(call), state)
    rows = await call.house.pool.fetch(store.ABSENCES, *key, after, PAGE + 1)
    _, decided = await policy(call.house.pool, cycle, province)
    shown = [
        AbsenceRow(
            **{name: row[name] for name in ("absence_id", "person_id", "name", "institution", "round", "closed_at")},
            id_number=masked_number(row["id_number"]),
            until_at=row["closed_at"] + timedelta(days=decided.absence_days),
            state=row["state"],
            said=row["said"],
            reason=row["reason"],
        )
        for row in rows[:PAGE]
    ]
    return Absences(
        rows=shown,
        total=rows[0]["total"] if rows else 0,
        next=shown[-1].absence_id if len(rows) > PAGE else None,
    )


@endpoints.add("POST", "/api/desk/makeup/absences/decide", roles=PLANNERS, body=DecideAbsences, answer=AbsencesDecided)
async def decide_absences(call: Call) -> AbsencesDecided:
    """Accept a reason for absences, or none."""
    asked = call.body
    assert isinstance(asked, DecideAbsences)
    doing = _doing(call, reason_of(asked.reason))
    async with call.house.pool.acquire() as connection, connection.transaction():
        ids = sorted(set(asked.absence_ids))
        persons = await absences.decide(connection, province_of(call, None), ids, doing, accept=asked.accept)
        facts = {"absences": ids, "accept": asked.accept, "reason": doing.reason}
        await audit(call, call.me, "absences_decided", f"{len(ids)} absences", runner=connection, **facts)
    call.house.bus.wake_inbox(persons=persons)
    return AbsencesDecided(decided=len(persons))


# --- the plan ------------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/makeup/plans", roles=PLANNERS, body=MakeMakeupPlan, answer=MakeupPlan)
async def make_makeup_plan(call: Call) -> MakeupPlan:
    """Begin the plan of a cycle and kind."""
    asked = call.body
    assert isinstance(asked, MakeMakeupPlan)
    if await cycle_of(call.house.pool, asked.cycle) is None:
        raise NotFound("no_such_cycle")
    async with call.house.pool.acquire() as connection, connection.transaction():
        province = province_of(call, None)
        plan_id = await arranging.make(connection, asked.cycle, province, asked.kind, _doing(call))
        await _audit(call, connection, "makeup_plan_made", plan_id, cycle=asked.cycle, kind=asked.kind)
    return await plan_view(call.house.pool, plan_id)


@endpoints.add("GET", "/api/desk/makeup/plans/{makeup_id}", roles=READERS, answer=MakeupPlan)
async def see_makeup_plan(call: Call) -> MakeupPlan:
    """A plan as it stands."""
    plan = await _plan(call)
    return await plan_view(call.house.pool, plan.plan_id, _agency(call))


@endpoints.add("GET", "/api/desk/makeup/plans/{makeup_id}/invigilators", roles=READERS, answer=Invigilators)
async def see_invigilators(call: Call) -> Invigilators:
    """Who may watch in its rooms."""
    plan = await _plan(call)
    rows = await call.house.pool.fetch(store.INVIGILATORS, plan.province)
    return Invigilators(people=[InvigilatorView(**dict(row)) for row in rows])


@endpoints.add("PUT", "/api/desk/makeup/plans/{makeup_id}/slots", roles=PLANNERS, body=SetSlots, answer=MakeupPlan)
async def set_slots(call: Call) -> MakeupPlan:
    """Say which windows and slots there are."""
    asked = call.body
    assert isinstance(asked, SetSlots)
    doing = _doing(call, override=asked.override)
    async with call.house.pool.acquire() as connection, connection.transaction():
        plan = await _locked(call, connection, asked.version)
        await arranging.set_slots(connection, plan, asked.windows, asked.reach, doing)
        slots = sum(len(window.slots) for window in asked.windows)
        await _audit(call, connection, "makeup_slots_set", plan.plan_id, slots=slots, override=doing.override)
    return await plan_view(call.house.pool, plan.plan_id)


@endpoints.add("POST", "/api/desk/makeup/plans/{makeup_id}/exclusions", roles=PLANNERS, body=Exclude, answer=MakeupPlan)
async def exclude(call: Call) -> MakeupPlan:
    """Days on which somebody can't come."""
    asked = call.body
    assert isinstance(asked, Exclude)
    async with call.house.pool.acquire() as connection, connection.transaction():
        plan = await _locked(call, connection, asked.version)
        await _exclude(connection, plan, asked)
        facts = {"institution": asked.institution_id, "person": asked.person_id, "days": asked.days, "drop": asked.drop}
        await arranging.record(connection, plan.plan_id, "exclusions", _doing(call, asked.reason), facts=facts)
        await connection.execute(store.DECIDED, plan.plan_id)
        await _audit(call, connection, "makeup_exclusions", plan.plan_id, **facts)
    return await plan_view(call.house.pool, plan.plan_id)


async def _exclude(runner: Runner, plan: Plan, asked: Exclude) -> None:
    if asked.drop is not None:
        if await runner.fetchval(store.DROP_EXCLUSION, plan.plan_id, asked.drop) is None:
            raise NotFound("no_such_exclusion")
        return
    if (asked.institution_id is None) == (asked.person_id is None) or not asked.days:
        raise Invalid("wrong_shape", detail="an institution or a person, and days")
    if asked.institution_id is not None:
        known = await runner.fetchval(store.INSTITUTION_IN, asked.institution_id, plan.province)
    else:
        known = await runner.fetchval(store.PERSON_IN, asked.person_id, plan.cycle, plan.province)
    if known is None:
        raise NotFound("no_such_institution" if asked.institution_id else "no_such_physician")
    who = asked.institution_id, asked.person_id
    await runner.execute(store.ADD_EXCLUSIONS, plan.plan_id, *who, sorted(set(asked.days)), asked.reason.strip())


@endpoints.add("POST", "/api/desk/makeup/plans/{makeup_id}/solve", roles=PLANNERS, body=SolveMakeup, answer=SolvedPlan)
async def solve(call: Call) -> SolvedPlan:
    """Seats by the solver, or a preview of them."""
    asked = call.body
    assert isinstance(asked, SolveMakeup)
    doing = _doing(call, asked.reason.strip(), asked.override)
    if asked.preview:
        return await _preview(call, asked.version, doing, everybody=asked.everybody, closing=None)
    begun, pool, plan = perf_counter(), call.house.pool, await _plan(call)
    if plan.published_at and asked.everybody:
        reason_of(asked.reason)
    found = await moving.solve(pool, plan.plan_id, scope_of(call), asked.version, doing, everybody=asked.everybody)
    return await _solved(call, plan, found, begun, "makeup_solved", doing, everybody=asked.everybody)


@endpoints.add(
    "POST",
    "/api/desk/makeup/plans/{makeup_id}/slots/{slot_id}/close",
    roles=PLANNERS,
    body=CloseSlot,
    answer=SolvedPlan,
)
async def close_slot(call: Call) -> SolvedPlan:
    """Close a slot and seat its people elsewhere."""
    asked, slot_id = call.body, call.path["slot_id"]
    assert isinstance(asked, CloseSlot)
    if asked.preview:
        return await _preview(call, asked.version, _doing(call), everybody=False, closing=slot_id)
    doing = _doing(call, reason_of(asked.reason), asked.override)
    begun, pool, plan = perf_counter(), call.house.pool, await _plan(call)
    found = await moving.close_slot(pool, plan.plan_id, scope_of(call), asked.version, doing, slot_id=slot_id)
    return await _solved(call, plan, found, begun, "makeup_slot_closed", doing, slot=slot_id)


async def _preview(call: Call, version: int, doing: Doing, *, everybody: bool, closing: int | None) -> SolvedPlan:
    """What would come of it; nothing is changed."""
    begun, pool = perf_counter(), call.house.pool
    async with pool.acquire() as connection, connection.transaction(readonly=True, isolation="repeatable_read"):
        plan = await arranging.load(connection, call.path["makeup_id"], scope_of(call))
        arranging.must_be_current(plan, version)
        if closing is not None:
            await moving.must_be_closable(connection, plan, closing, doing)
        found = await arranging.propose(connection, plan, doing.now, everybody=everybody, closing=closing)
    return SolvedPlan(
        solved=solved_view(plan, found, doing.now, round(1000 * (perf_counter() - begun))),
        plan=await plan_view(pool, plan.plan_id),
    )


async def _solved(
    call: Call, plan: Plan, found: arranging.Proposal, begun: float, act: str, doing: Doing, **facts: object
) -> SolvedPlan:
    solved: Solved = solved_view(plan, found, doing.now, round(1000 * (perf_counter() - begun)))
    said = {"placed": solved.placed, "moved": solved.moved, "reason": doing.reason, "override": doing.override}
    await _audit(call, call.house.pool, act, plan.plan_id, **said, **facts)
    return SolvedPlan(solved=solved, plan=await plan_view(call.house.pool, plan.plan_id))


@endpoints.add(
    "POST", "/api/desk/makeup/plans/{makeup_id}/publish", roles=PLANNERS, body=PublishMakeup, answer=MakeupPlan
)
async def publish(call: Call) -> MakeupPlan:
    """Announce the plan: its sittings are made, everybody is told."""
    asked = call.body
    assert isinstance(asked, PublishMakeup)
    doing = _doing(call, override=asked.override)
    async with call.house.pool.acquire() as connection, connection.transaction():
        plan = await _locked(call, connection, asked.version)
        await arranging.publish(connection, plan, doing)
        await _audit(call, connection, "makeup_published", plan.plan_id, override=doing.override)
    return await plan_view(call.house.pool, plan.plan_id)


@endpoints.add("POST", "/api/desk/makeup/plans/{makeup_id}/move", roles=PLANNERS, body=MovePeople, answer=MakeupPlan)
async def move_people(call: Call) -> MakeupPlan:
    """Move people into a slot by hand."""
    asked = call.body
    assert isinstance(asked, MovePeople)
    doing = _doing(call, reason_of(asked.reason), asked.override)
    async with call.house.pool.acquire() as connection, connection.transaction():
        plan = await _locked(call, connection, asked.version)
        moved = await moving.move(connection, plan, asked.person_ids, asked.slot_id, doing)
        facts = {"people": moved, "slot": asked.slot_id, "reason": doing.reason, "override": doing.override}
        await _audit(call, connection, "makeup_moved", plan.plan_id, **facts)
    return await plan_view(call.house.pool, plan.plan_id)


@endpoints.add("POST", "/api/desk/makeup/plans/{makeup_id}/undo", roles=PLANNERS, body=UndoMakeup, answer=MakeupPlan)
async def undo(call: Call) -> MakeupPlan:
    """Take the latest change back."""
    asked = call.body
    assert isinstance(asked, UndoMakeup)
    doing = _doing(call, reason_of(asked.reason), asked.override)
    async with call.house.pool.acquire() as connection, connection.transaction():
        plan = await _locked(call, connection, asked.version)
        moved = await moving.undo(connection, plan, asked.change_id, doing)
        facts = {"change": asked.change_id, "people": moved, "reason": doing.reason, "override": doing.override}
        await _audit(call, connection, "makeup_undone", plan.plan_id, **facts)
    return await plan_view(call.house.pool, plan.plan_id)


# --- people of a plan ----------------------------------------------------------------------------------------------


@endpoints.add(
    "GET",
    "/api/desk/makeup/plans/{makeup_id}/people",
    roles=READERS,
    answer=MakeupSeats,
    query=("slot", "q", "after"),
)
async def see_people(call: Call) -> MakeupSeats:
    """Who sits where."""
    plan, pool = await _plan(call), call.house.pool
    slot = _number(call, "slot") or None
    name = like(call.request.query.get("q", "").strip()[:60].replace("\0", "")) + "%"
    rows = await pool.fetch(store.PEOPLE, plan.plan_id, slot, _agency(call), name, _number(call, "after"), PAGE + 1)
    slots = {row["slot_id"]: row for row in await pool.fetch(store.SLOTS, plan.plan_id)}
    shown = [
        SeatRow(
            **{key: row[key] for key in ("person_id", "name", "institution", "slot_id", "asked", "told", "entered")},
            id_number=masked_number(row["id_number"]),
            distance=far_of(slots[row["slot_id"]], row["area"]).name.lower(),
        )
        for row in rows[:PAGE]
    ]
    return MakeupSeats(rows=shown, next=shown[-1].person_id if len(rows) > PAGE else None)


@endpoints.add("GET", "/api/desk/makeup/plans/{makeup_id}/asks", roles=READERS, answer=Asks)
async def see_asks(call: Call) -> Asks:
    """Who asked to move, those who wait for a word first."""
    plan = await _plan(call)
    rows = await call.house.pool.fetch(store.ASKS, plan.plan_id, _agency(call))
    return Asks(rows=[AskRow(**dict(row)) for row in rows])


@endpoints.add("POST", "/api/desk/makeup/asks/{ask_id}/decide", roles=PLANNERS, body=DecideAsk, answer=MakeupPlan)
async def decide_ask(call: Call) -> MakeupPlan:
    """Grant a move that had to wait, or refuse it."""
    asked, ask_id = call.body, call.path["ask_id"]
    assert isinstance(asked, DecideAsk)
    reason = asked.reason.strip() if asked.grant else reason_of(asked.reason)
    doing = _doing(call, reason, asked.override)
    async with call.house.pool.acquire() as connection, connection.transaction():
        plan_id = await connection.fetchval(store.PLAN_OF_ASK, ask_id)
        if plan_id is None:
            raise NotFound("no_such_ask")
        plan = await _locked_for_ask(call, connection, plan_id)
        row = await connection.fetchrow(store.ASK_LOCKED, ask_id, scope_of(call))
        assert row is not None, "the plan is of this province"
        await asking.decide(connection, plan, row, doing, grant=asked.grant, slot_id=asked.slot_id)
        facts = {"ask": ask_id, "grant": asked.grant, "slot": asked.slot_id, "reason": reason}
        await _audit(call, connection, "makeup_ask_decided", plan_id, **facts)
    call.house.bus.wake_inbox(persons=[row["person_id"]])
    return await plan_view(call.house.pool, plan_id)


async def _locked_for_ask(call: Call, runner: Runner, plan_id: int) -> Plan:
    try:
        return await arranging.load(runner, plan_id, scope_of(call), lock=True)
    except PersonError as error:
        raise NotFound("no_such_ask") from error


# --- helpers -------------------------------------------------------------------------------------------------------


async def _plan(call: Call) -> Plan:
    """The plan of the path, inside the caller's scope; raises NotFound."""
    return await arranging.load(call.house.pool, call.path["makeup_id"], _scope(call))


async def _locked(call: Call, runner: Runner, version: int) -> Plan:
    return await arranging.locked(runner, call.path["makeup_id"], scope_of(call), version)


def _scope(call: Call) -> str | None:
    """The province whose plans the caller sees; None: all."""
    if call.me.role != "agency":
        return scope_of(call)
    if call.me.province is None:
        raise NotFound("no_such_province")
    return call.me.province


def _province(call: Call) -> str:
    if call.me.role == "agency":
        return _scope(call) or ""
    return province_of(call, call.request.query.get("province"))


def _agency(call: Call) -> int | None:
    """The agency whose own people are shown; None: everybody."""
    return call.me.organisation_id if call.me.role == "agency" else None


async def _cycle(call: Call) -> int:
    """The cycle asked about, or the one it is."""
    number = _number(call, "cycle") or (await current_cycle(call.house.pool)).cycle
    if not 1 <= number <= CYCLE_MAX or await cycle_of(call.house.pool, number) is None:
        raise NotFound("no_such_cycle")
    return number


def _number(call: Call, name: str) -> int:
    text = call.request.query.get(name, "") or "0"
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise Invalid("wrong_shape")
    return int(text)


def _one_of(call: Call, name: str, known: tuple[str, ...]) -> str:
    text = call.request.query.get(name, "")
    if text not in known:
        raise Invalid("wrong_shape")
    return text


def _doing(call: Call, reason: str = "", override: str = "") -> Doing:
    """Who does it, and why. A reason for short notice has to say something."""
    kept = reason_of(override) if override.strip() else ""
    return Doing(now=call.house.clock.now(), account_id=call.me.account_id, reason=reason, override=kept)


async def _audit(call: Call, runner: Runner, act: str, plan_id: int, **facts: object) -> None:
    await audit(call, call.me, act, f"makeup plan {plan_id}", runner=runner, **facts)
