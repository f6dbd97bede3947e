"""A make-up plan as it stands, and what is done to it as a whole: slots, seats by the solver, publishing.

Every change locks the plan's row, is written down with whom it moved (makeup.changes, makeup.moves), and is told to
those it moves once the plan is published: their entitlements are settled anew (`registration/settling.py`). Whoever has
entered his make-up is never moved, and nobody who sits in a slot that has opened.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.makeup import makeup_store as store
from exam_engine.makeup.planning import Arrangement, Candidate, Slot, arrange
from exam_engine.makeup.slots import WindowSpec, check, told_in_time
from exam_engine.registration.policy import ProvincePolicy
from exam_engine.registration.province_store import policy as policy_of
from exam_engine.store import Row, Runner

TRIES_MAX: Final = 3  # of a plan that others change while it is worked out


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The row of a plan; `decided`: what the province decided for the cycle."""

    plan_id: int
    cycle: int
    province: str
    kind: str
    version: int
    stirred: int
    reach: int
    made_at: datetime
    published_at: datetime | None
    decided: ProvincePolicy

    @property
    def key(self) -> tuple[int, str, str]:
        """Cycle, province and kind."""
        return self.cycle, self.province, self.kind


class Seat(msgspec.Struct, frozen=True):
    """Somebody's seat, to be changed: from where (None: he had none) to where (None: he needs none any more)."""

    person_id: int
    from_slot: int | None
    to_slot: int | None
    source_id: int


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """Who does it (None: the physician himself), why, and why it may be done at shorter notice."""

    now: datetime
    account_id: int | None
    reason: str = ""
    override: str = ""


async def load(runner: Runner, plan_id: int, province: str | None, *, lock: bool = False) -> Plan:
    """A plan of this province (None: of any); raises NotFound."""
    row = await runner.fetchrow(store.PLAN_LOCKED if lock else store.PLAN, plan_id, province)
    if row is None:
        raise NotFound("no_such_plan")
    _, decided = await policy_of(runner, row["cycle"], row["province"])
    return Plan(**dict(row), decided=decided)


async def locked(runner: Runner, plan_id: int, province: str | None, version: int) -> Plan:
    """The same, for a change by the desk; raises Refused if it has been changed since it was looked at."""
    plan = await load(runner, plan_id, province, lock=True)
    must_be_current(plan, version)
    return plan


def must_be_current(plan: Plan, version: int) -> None:
    """Raise unless the plan is as it was looked at."""
    if plan.version != version:
        raise Refused("changed_meanwhile")


async def make(runner: Runner, cycle: int, province: str, kind: str, doing: Doing) -> int:
    """A new, empty plan; raises Refused if there is one, or nothing to make up."""
    if not await runner.fetchval(store.FIRST_ROUND, cycle, province, kind):
        raise Refused("no_first_round")
    plan_id = await runner.fetchval(store.ADD_PLAN, cycle, province, kind)
    if plan_id is None:
        raise Refused("plan_exists")
    await record(runner, plan_id, "made", doing)
    return int(plan_id)


async def record(
    runner: Runner,
    plan_id: int,
    what: str,
    doing: Doing,
    seats: Sequence[Seat] = (),
    *,
    undoes: int | None = None,
    facts: Mapping[str, object] | None = None,
) -> int:
    """Write down what was done and whom it moved; the number of the change."""
    kept = dict(facts or {}) | ({"override": doing.override} if doing.override else {})
    body = msgspec.json.encode(kept).decode()
    change = (plan_id, what, doing.now, doing.account_id, doing.reason, undoes, body)
    change_id = int(await runner.fetchval(store.ADD_CHANGE, *change))
    if seats:
        columns = [[getattr(seat, name) for seat in seats] for name in Seat.__struct_fields__]
        await runner.execute(store.ADD_MOVES, change_id, *columns)
    return change_id


# --- windows and slots ---------------------------------------------------------------------------------------------


async def set_slots(
    runner: Runner, plan: Plan, windows: Sequence[WindowSpec], reach: int, doing: Doing, *, undoes: int | None = None
) -> None:
    """Replace the windows and slots of a plan; raises for what can't be.

    A slot that is left out goes: in a draft with the seats given in it; once published it is closed, which needs that
    nobody sits in it.
    """
    check(windows, plan.province, await runner.fetchval(store.MINUTES, *plan.key))
    known = {row["slot_id"]: row for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    before = await specs(runner, plan.plan_id)
    await _must_be_staff(runner, plan, windows)
    changed = _changed(plan, known, windows, doing)
    gone = sorted(set(known) - {slot.slot_id for window in windows for slot in window.slots})
    await _drop(runner, plan, [known[slot_id] for slot_id in gone])
    if plan.published_at and changed:
        await _unsettle_slots(runner, plan, changed)
    await _write(runner, plan.plan_id, windows, known)
    await runner.execute(store.SET_REACH, plan.plan_id, reach)
    facts = {"before": before, "reach": plan.reach}
    await record(runner, plan.plan_id, "undone" if undoes else "slots", doing, undoes=undoes, facts=facts)
    await carry_out(runner, plan, doing.now)
    await runner.execute(store.DECIDED, plan.plan_id)


async def specs(runner: Runner, plan_id: int) -> list[WindowSpec]:
    """Windows and slots as they could be asked for again; closed slots are left out."""
    slots = [row for row in await runner.fetch(store.SLOTS, plan_id) if not row["closed"]]
    return [
        msgspec.convert(
            {
                **dict(window),
                "slots": [
                    {name: row[name] for name in SPEC_COLUMNS}
                    for row in slots
                    if row["window_id"] == window["window_id"]
                ],
            },
            WindowSpec,
        )
        for window in await runner.fetch(store.WINDOWS, plan_id)
    ]


SPEC_COLUMNS: Final = (
    "slot_id", "place", "online", "area", "capacity", "opens_at", "closes_at", "invigilators",
)  # fmt: skip


async def _must_be_staff(runner: Runner, plan: Plan, windows: Sequence[WindowSpec]) -> None:
    named = {account for window in windows for slot in window.slots for account in slot.invigilators}
    if not named:
        return
    may = {row["account_id"] for row in await runner.fetch(store.INVIGILATORS, plan.province)}
    if missing := named - may:
        raise Invalid("no_such_invigilator", account_id=min(missing))


def _changed(plan: Plan, known: Mapping[int, Row], windows: Sequence[WindowSpec], doing: Doing) -> list[int]:
    """Slots with people whose time or place changes; raises for what those people can't be asked to bear."""
    changed = []
    for window in windows:
        for slot in window.slots:
            if slot.slot_id is None:
                continue
            row = known.get(slot.slot_id)
            if row is None:
                raise NotFound("no_such_slot")
            if slot.capacity < row["people"]:
                raise Refused("slot_overfull", place=slot.place, people=row["people"])
            times = window.times(slot)
            wanted = (*times, slot.place, slot.online, slot.area)
            stands = (row["opens_at"], row["closes_at"], row["place"], row["online"], row["area"])
            if wanted == stands or not row["people"]:
                continue
            changed.append(slot.slot_id)
            if plan.published_at:
                _must_be_ahead(row, doing.now)
                must_give_notice(plan, [times[0]], doing)
    return changed


def _must_be_ahead(slot: Row, now: datetime) -> None:
    if slot["opens_at"] <= now:
        raise Refused("slot_opened", place=slot["place"])


def must_give_notice(plan: Plan, opens: Sequence[datetime], doing: Doing) -> None:
    """Raise unless who is told now is told early enough, or a reason is given why not."""
    days = plan.decided.makeup_notice_days
    late = [opens_at for opens_at in opens if not told_in_time(opens_at, doing.now, days)]
    if late and not doing.override:
        raise Refused("notice_too_short", days=days, opens_at=min(late).isoformat())


async def _drop(runner: Runner, plan: Plan, slots: Sequence[Row]) -> None:
    ids = [slot["slot_id"] for slot in slots if not slot["closed"]]
    if not ids:
        return
    if plan.published_at:
        for slot in slots:
            if slot["people"]:
                raise Refused("slot_has_people", place=slot["place"], people=slot["people"])
        await runner.execute(store.CLOSE_SLOTS, plan.plan_id, ids, True)
        return
    people = [row["person_id"] for row in await runner.fetch(store.SEATED, plan.plan_id) if row["slot_id"] in ids]
    await runner.execute(store.UNSEAT, plan.plan_id, people)
    await runner.execute(store.DROP_SLOTS, plan.plan_id, ids)


async def _unsettle_slots(runner: Runner, plan: Plan, slots: Sequence[int]) -> None:
    seated = await runner.fetch(store.SEATED, plan.plan_id)
    persons = [row["person_id"] for row in seated if row["slot_id"] in slots]
    await runner.execute(store.UNSETTLE, persons, plan.cycle)
    await runner.execute(store.TELL_SLOTS_AGAIN, plan.plan_id, list(slots))


async def _write(runner: Runner, plan_id: int, windows: Sequence[WindowSpec], known: Mapping[int, Row]) -> None:
    kept = []
    for window in windows:
        values = (window.title, window.opens_at, window.closes_at)
        if window.window_id is None:
            window_id = await runner.fetchval(store.ADD_WINDOW, plan_id, *values)
        else:
            window_id = await runner.fetchval(store.SET_WINDOW, plan_id, window.window_id, *values)
            if window_id is None:
                raise NotFound("no_such_window")
        kept.append(window_id)
        for slot in window.slots:
            columns = (window_id, slot.place, slot.online, slot.area, slot.capacity, *window.times(slot))
            watchers = sorted(set(slot.invigilators))
            if slot.slot_id is None:
                await runner.fetchval(store.ADD_SLOT, plan_id, *columns, watchers)
            elif slot.slot_id in known:
                await runner.execute(store.SET_SLOT, plan_id, slot.slot_id, *columns, watchers)
    await runner.execute(store.DROP_WINDOWS, plan_id, kept)


# --- seats ---------------------------------------------------------------------------------------------------------


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What the solver would do: the seats that change, and how the plan would then stand."""

    seats: list[Seat]
    found: Arrangement
    waiting: int  # without a seat before
    sourceless: int  # no sitting of the first round tells what they would sit
    opens: list[datetime]  # of the slots people would newly sit in


async def propose(
    runner: Runner, plan: Plan, now: datetime, *, everybody: bool, closing: int | None = None
) -> Proposal:
    """Seats for who has none; with `everybody`, also for those who may still be moved; `closing`: a slot to empty.

    Nobody is moved who has entered, whose slot has opened, or who chose it himself.
    """
    rows = await runner.fetch(store.DUE, *plan.key)
    seated = {row["person_id"]: row for row in await runner.fetch(store.SEATED, plan.plan_id)}
    slots = {row["slot_id"]: row for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    ahead = {slot_id for slot_id, slot in slots.items() if slot["opens_at"] > now and not slot["closed"]}
    due = {row["person_id"]: row for row in rows if row["source_id"] is not None}
    free, staying = [], Counter[int]()
    for person_id, row in due.items():
        seat = seated.get(person_id)
        stays = seat is not None and _stays(seat, ahead, everybody=everybody, closing=closing)
        if seat is not None and stays:
            staying[seat["slot_id"]] += 1
        else:
            free.append(row)
    for person_id, seat in seated.items():
        if person_id not in due and seat["entered"]:
            staying[seat["slot_id"]] += 1
    away = await _away(runner, plan.plan_id)
    people = [_candidate(row, away) for row in free]
    open_slots = [_slot(slots[slot_id]) for slot_id in sorted(ahead - {closing})]
    found = await asyncio.to_thread(arrange, people, open_slots, dict(staying), plan.reach)
    loose = {row["person_id"] for row in free} | {
        person_id
        for person_id, seat in seated.items()
        if person_id not in due and not seat["entered"] and seat["slot_id"] in ahead
    }
    seats = _differences(loose, due, seated, found.seats)
    return Proposal(
        seats=seats,
        found=found,
        waiting=sum(person_id not in seated for person_id in due),
        sourceless=len(rows) - len(due),
        opens=[slots[seat.to_slot]["opens_at"] for seat in seats if seat.to_slot is not None],
    )


def _stays(seat: Row, ahead: set[int], *, everybody: bool, closing: int | None) -> bool:
    """Whether somebody who has a seat keeps it, whatever is planned."""
    if seat["entered"] or (seat["slot_id"] not in ahead and seat["slot_id"] != closing):
        return True
    if seat["slot_id"] == closing:
        return False
    return not everybody or seat["asked"]


def _candidate(row: Row, away: Mapping[tuple[str, int], frozenset[date]]) -> Candidate:
    days = away.get(("institution", row["institution_id"]), frozenset()) | away.get(
        ("person", row["person_id"]), frozenset()
    )
    return Candidate(row["person_id"], row["institution_id"], row["area"], days)


def _slot(row: Row) -> Slot:
    return Slot(
        slot_id=row["slot_id"],
        capacity=row["capacity"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        area=row["area"] or "",
        online=row["online"],
        invigilators=max(1, len(row["invigilators"])),
    )


async def _away(runner: Runner, plan_id: int) -> dict[tuple[str, int], frozenset[date]]:
    found: dict[tuple[str, int], frozenset[date]] = {}
    for row in await runner.fetch(store.EXCLUSIONS, plan_id):
        key = ("person", row["person_id"]) if row["person_id"] else ("institution", row["institution_id"])
        found[key] = found.get(key, frozenset()) | {row["day"]}
    return found


def _differences(
    loose: set[int], due: Mapping[int, Row], seated: Mapping[int, Row], found: Mapping[int, int]
) -> list[Seat]:
    """Of those who could be moved: who sits elsewhere than before, who newly, and who has no seat any more.

    Somebody needs none if he passed after all or withdrew; he gets none if there are too few.
    """
    seats = []
    for person_id in sorted(loose):
        seat, after = seated.get(person_id), found.get(person_id)
        before = None if seat is None else seat["slot_id"]
        if after != before:
            source_id = due[person_id]["source_id"] if seat is None or person_id in due else seat["source_id"]
            seats.append(Seat(person_id, before, after, source_id))
    return seats


async def place(runner: Runner, plan: Plan, seats: Sequence[Seat], now: datetime, *, asked: bool = False) -> None:
    """Change these seats; those of a published plan are told. The caller has locked the plan and written it down."""
    if not seats:
        return
    if plan.published_at:
        await runner.execute(store.UNSETTLE, [seat.person_id for seat in seats], plan.cycle)
    await runner.execute(store.UNSEAT, plan.plan_id, [seat.person_id for seat in seats if seat.to_slot is None])
    seating = [seat for seat in seats if seat.to_slot is not None]
    columns = [[getattr(seat, name) for seat in seating] for name in ("person_id", "to_slot", "source_id")]
    await runner.execute(store.SEAT, plan.plan_id, *columns, now, asked)
    await carry_out(runner, plan, now)


# --- carrying out --------------------------------------------------------------------------------------------------


async def publish(runner: Runner, plan: Plan, doing: Doing) -> None:
    """Announce a plan: its sittings are made, and everybody with a seat is told."""
    if plan.published_at:
        raise Refused("published_already")
    slots = {row["slot_id"]: row for row in await runner.fetch(store.SLOTS, plan.plan_id)}
    seated = await runner.fetch(store.SEATED, plan.plan_id)
    if not seated:
        raise Refused("plan_empty")
    opens = [slots[row["slot_id"]]["opens_at"] for row in seated]
    if min(opens) <= doing.now:
        raise Refused("slot_opened", place=min(slots.values(), key=lambda slot: slot["opens_at"])["place"])
    must_give_notice(plan, opens, doing)
    await runner.execute(store.PUBLISHED, plan.plan_id, doing.now)
    everybody = {row["person_id"] for row in seated} | {
        row["person_id"] for row in await runner.fetch(store.DUE, *plan.key)
    }
    await runner.execute(store.UNSETTLE, sorted(everybody), plan.cycle)
    await record(runner, plan.plan_id, "published", doing, facts={"people": len(seated)})
    await carry_out(runner, msgspec.structs.replace(plan, published_at=doing.now), doing.now)
    await runner.execute(store.DECIDED, plan.plan_id)


async def carry_out(runner: Runner, plan: Plan, now: datetime) -> None:
    """Make the sittings of a published plan what its slots and seats say; harmless when repeated."""
    if not plan.published_at:
        return
    spare: list[Any] = list(await runner.fetch(store.SPARE, plan.plan_id, now))
    for batch in await runner.fetch(store.BATCHES, plan.plan_id):
        if batch["sitting_id"] is None:
            await _give_sitting(runner, plan.plan_id, batch, spare)
    await runner.execute(store.DROP_WATCHERS, plan.plan_id, now)
    await runner.execute(store.STAFF, plan.plan_id)
    await runner.execute(store.WATCHERS, plan.plan_id, now)


async def _give_sitting(runner: Runner, plan_id: int, batch: Row, spare: list[Any]) -> None:
    """One that nobody sits in any more, moved to this time; else a new one."""
    source_id, opens_at, closes_at = batch["source_id"], batch["opens_at"], batch["closes_at"]
    left = next((each for each in spare if each["source_id"] == source_id), None)
    if left is not None:
        spare.remove(left)
        await runner.execute(store.MOVE_BATCH, left["sitting_id"], opens_at, closes_at)
        await runner.execute(store.MOVE_SITTING, left["sitting_id"], opens_at, closes_at)
        return
    sitting_id = await runner.fetchval(store.ADD_SITTING, source_id, opens_at, closes_at)
    await runner.execute(store.ADD_BATCH, plan_id, source_id, opens_at, closes_at, sitting_id)
