"""What the make-up's pages show, put together from a plan's rows."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Final

import msgspec

from exam_engine.edge.makeup_shapes import (
    CityShort,
    ExclusionView,
    FreeSlot,
    MakeupChange,
    MakeupPlan,
    MakeupSlot,
    MakeupWaiting,
    MakeupWindow,
    OwnAbsence,
    OwnSeat,
    SlotLoad,
    Solved,
    WaitingRow,
)
from exam_engine.makeup import makeup_store as store
from exam_engine.makeup.arranging import Plan, Proposal, load
from exam_engine.makeup.places import Distance, distance
from exam_engine.makeup.slots import ask_until, told_in_time
from exam_engine.registration.province_store import policy
from exam_engine.store import Row, Runner

FAR: Final = frozenset({Distance.PROVINCE, Distance.FAR})  # not in his own city


async def waiting(runner: Runner, cycle: int, province: str, kind: str, agency: int | None) -> MakeupWaiting:
    """Who is due a make-up of a kind, by institution and reason."""
    rows = await runner.fetch(store.DUE_COUNTS, cycle, province, kind, agency)
    absences = await runner.fetch(store.ABSENCE_COUNTS, cycle, province, kind, agency)
    plan = await runner.fetchrow(store.PLAN_OF, cycle, province, kind)
    return MakeupWaiting(
        cycle=cycle,
        province=province,
        kind=kind,
        plan_id=None if plan is None else plan["plan_id"],
        published_at=None if plan is None else plan["published_at"],
        people=sum(row["people"] for row in rows),
        placed=sum(row["placed"] for row in rows),
        sourceless=sum(row["sourceless"] for row in rows),
        absences={row["state"]: row["people"] for row in absences},
        rows=[WaitingRow(**{name: row[name] for name in WaitingRow.__struct_fields__}) for row in rows],
    )


async def plan_view(runner: Runner, plan_id: int, agency: int | None = None) -> MakeupPlan:
    """A plan as it stands; `agency`: of its people only how far they are sent."""
    plan = await load(runner, plan_id, None)
    spread = await runner.fetch(store.SPREAD, plan_id, agency)
    slots = await runner.fetch(store.SLOTS, plan_id)
    due = await runner.fetch(store.DUE_COUNTS, *plan.key, agency)
    asks = await runner.fetch(store.ASKS, plan_id, agency)
    return MakeupPlan(
        plan_id=plan_id,
        cycle=plan.cycle,
        province=plan.province,
        kind=plan.kind,
        version=plan.version,
        reach=plan.reach,
        made_at=plan.made_at,
        published_at=plan.published_at,
        notice_days=plan.decided.makeup_notice_days,
        move_days=plan.decided.makeup_move_days,
        minutes=await runner.fetchval(store.MINUTES, *plan.key),
        people=sum(row["people"] for row in spread),
        new=sum(row["people"] - row["placed"] for row in due),
        untold=await runner.fetchval(store.UNTOLD, plan_id) if plan.published_at else 0,
        asks=sum(row["state"] == "waiting" for row in asks),
        distances=_distances(slots, spread),
        windows=await _windows(runner, plan, slots, spread),
        exclusions=[ExclusionView(**dict(row)) for row in await runner.fetch(store.EXCLUSIONS, plan_id)],
        changes=await _changes(runner, plan),
    )


def far_of(slot: Row, area: str) -> Distance:
    """How far people of an area are sent by a slot."""
    return distance(area, slot["area"] or "", online=slot["online"])


def _distances(slots: list[Row], spread: list[Row]) -> dict[str, int]:
    by_id, found = {slot["slot_id"]: slot for slot in slots}, Counter[str]()
    for row in spread:
        found[far_of(by_id[row["slot_id"]], row["area"]).name.lower()] += row["people"]
    return dict(found)


async def _windows(runner: Runner, plan: Plan, slots: list[Row], spread: list[Row]) -> list[MakeupWindow]:
    by_id, far = {slot["slot_id"]: slot for slot in slots}, Counter[int]()
    for row in spread:
        if far_of(by_id[row["slot_id"]], row["area"]) in FAR:
            far[row["slot_id"]] += row["people"]
    within: dict[int, list[MakeupSlot]] = defaultdict(list)
    for slot in slots:
        within[slot["window_id"]].append(MakeupSlot(**dict(slot), far=far[slot["slot_id"]]))
    return [
        MakeupWindow(**dict(row), slots=within[row["window_id"]])
        for row in await runner.fetch(store.WINDOWS, plan.plan_id)
    ]


async def _changes(runner: Runner, plan: Plan) -> list[MakeupChange]:
    latest = await runner.fetchval(store.LATEST_CHANGE, plan.plan_id)
    return [
        MakeupChange(
            change_id=row["change_id"],
            what=row["what"],
            at=row["at"],
            by=row["by"],
            reason=row["reason"],
            override=msgspec.json.decode(row["facts"]).get("override", ""),
            moved=row["moved"],
            undone=row["undone"],
            can_undo=row["change_id"] == latest,
        )
        for row in await runner.fetch(store.CHANGES, plan.plan_id)
    ]


def solved_view(plan: Plan, proposal: Proposal, now: datetime, took_ms: int) -> Solved:
    """What the solver found."""
    found = proposal.found
    unplaced = set(found.unplaced)
    soonest = min(proposal.opens, default=None)
    return Solved(
        placed=sum(seat.from_slot is None for seat in proposal.seats),
        moved=sum(seat.from_slot is not None and seat.to_slot is not None for seat in proposal.seats),
        freed=sum(seat.to_slot is None and seat.person_id not in unplaced for seat in proposal.seats),
        short=[CityShort(city=city, seats=seats) for city, seats in sorted(found.short.items())],
        apart=found.apart,
        gap=found.gap,
        took_ms=took_ms,
        distances={far.name.lower(): people for far, people in sorted(found.distances.items())},
        loads=[SlotLoad(slot_id=slot_id, people=people) for slot_id, people in sorted(found.loads.items())],
        sourceless=proposal.sourceless,
        soonest_at=soonest,
        in_time=soonest is None or told_in_time(soonest, now, plan.decided.makeup_notice_days),
    )


async def own_seat(runner: Runner, row: Row, now: datetime) -> OwnSeat:
    """A physician's seat, and where else he may ask to sit."""
    _, decided = await policy(runner, row["cycle"], row["province"])
    slots = await runner.fetch(store.SLOTS, row["plan_id"])
    places = {slot["slot_id"]: slot["place"] for slot in slots}
    until = ask_until(row["opens_at"], decided.makeup_move_days)
    may = row["ask_state"] is None and not row["entered"] and now < until
    others = [
        slot
        for slot in slots
        if may
        and not slot["closed"]
        and slot["slot_id"] != row["slot_id"]
        and now < ask_until(slot["opens_at"], decided.makeup_move_days)
    ]
    return OwnSeat(
        plan_id=row["plan_id"],
        kind=row["kind"],
        sitting_id=row["sitting_id"],
        place=row["place"],
        online=row["online"],
        room=row["room"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        ask=row["ask_state"] or "none",
        ask_place=places.get(row["ask_slot"], ""),
        ask_reason=row["ask_reason"] or "",
        can_ask=may and bool(others),
        ask_until=until,
        slots=[_free(slot) for slot in others],
    )


def _free(slot: Row) -> FreeSlot:
    named = {name: slot[name] for name in ("slot_id", "place", "online", "opens_at", "closes_at")}
    return FreeSlot(**named, free=max(0, slot["capacity"] - slot["people"]))


def own_absence(row: Row, now: datetime, days: int) -> OwnAbsence:
    """A physician's absence, and whether he may still say why."""
    until = row["closed_at"] + timedelta(days=days)
    named = {name: row[name] for name in ("absence_id", "kind", "round", "closed_at", "state", "said", "reason")}
    return OwnAbsence(**named, until_at=until, can_say=row["state"] == "open" and now < until)
