"""The wall: links to pictures, looking and claiming, reviews, flags, rooms and hand-overs, one candidate's evidence.

Faces are for those assigned to the attempt: its invigilators, its chief, its agency (domain.md §7.5). A picture is
opened by a link made for one account and a few minutes, and every opening is put on record before it is shown.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from exam_engine import store as exam_store
from exam_engine.edge.accounts import audit
from exam_engine.edge.desk import PROCTORS, check_scope
from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.edge.http import ACTORS, WATCHERS, Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.proctor_shapes import (
    AssignRoom,
    CandidateView,
    CaptureRow,
    CheckRow,
    Divide,
    FlagAttempts,
    HandOver,
    HandoverView,
    IncidentRow,
    LinksAsked,
    LookOutcome,
    PictureLink,
    PictureLinks,
    Proctored,
    Review,
    Reviewed,
    RoomView,
    RulePrecision,
    SignalRow,
    VisionView,
    Watcher,
)
from exam_engine.edge.shapes import Done
from exam_engine.errors import NotFound, Refused
from exam_engine.house import House
from exam_engine.registry import Owner
from proctor import case_store, store
from proctor.case_store import Taken
from proctor.cases import CasePhase
from proctor.identity import similarity
from proctor.links import LINK_S, sign
from proctor.precision import Flag, precision
from proctor.store import Row

CHIEFS: Final = frozenset({"chief"})
ROOM_HOLDERS: Final = frozenset({"invigilator", "chief"})
CLAIM_S: Final = 45  # the page says it again while the invigilator stays
WAITING_LONG_S: Final = 5.0
TRIES_MAX: Final = 10

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/proctoring", roles=WATCHERS, answer=Proctored)
async def see_proctoring(call: Call) -> Proctored:
    """What the wall needs beside its tiles."""
    await check_scope(call, call.path["sitting_id"])
    return await _proctored(call)


async def _proctored(call: Call) -> Proctored:
    house, sitting_id, me = call.house, call.path["sitting_id"], call.me
    ids = [row["attempt_id"] for row in await house.pool.fetch(exam_store.ATTEMPT_IDS, sitting_id)]
    looked = await house.pool.fetch(store.LOOKED_AT, me.account_id, ids)
    rooms = await house.pool.fetch(exam_store.ROOMS, sitting_id)
    watchers = await house.pool.fetch(exam_store.ROOM_WATCHERS, sitting_id)
    handovers = await house.pool.fetch(exam_store.HANDOVERS, sitting_id)
    staff = await house.pool.fetch(exam_store.STAFF_OF, sitting_id)
    return Proctored(
        now=house.clock.now(),
        vision=vision_of(house),
        rules=await _precision(house, ids),
        rooms=[
            RoomView(
                room=row["room"],
                people=row["people"],
                watchers=[
                    Watcher(account_id=w["account_id"], name=w["name"]) for w in watchers if w["room"] == row["room"]
                ],
            )
            for row in rooms
        ],
        mine=[w["room"] for w in watchers if w["account_id"] == me.account_id],
        staff=[Watcher(account_id=row["account_id"], name=row["name"]) for row in staff],
        handovers=[
            HandoverView(
                at=row["at"], room=row["room"], from_name=row["from_name"], to_name=row["to_name"], note=row["note"]
            )
            for row in handovers
        ],
        looked={row["attempt_id"]: row["at"] for row in looked},
    )


def vision_of(house: House) -> VisionView:
    """How the face models of this process are."""
    state = house.vision.state()
    reason = state.reason or ("slow" if state.waited_s > WAITING_LONG_S else "")
    return VisionView(
        model=state.model,
        workers=state.workers,
        workers_alive=state.workers_alive,
        waiting=state.urgent + state.periodic,
        waited_s=round(state.waited_s, 2),
        reason=reason,
        share=house.sampler.share(asyncio.get_running_loop().time()),
    )


async def _precision(house: House, attempt_ids: list[int]) -> list[RulePrecision]:
    rows = await house.pool.fetch(store.VERDICTS, attempt_ids)
    reviews = {"real": True, "fine": False}
    flags = [
        Flag(row["rule"], reviews.get(row["verdict"] or ""), CasePhase(row["decided"]) if row["decided"] else None)
        for row in rows
    ]
    return [
        RulePrecision(
            rule=each.rule,
            real=each.real,
            fine=each.fine,
            open=each.open,
            share=each.share,
            low=each.interval[0] if each.interval else None,
            high=each.interval[1] if each.interval else None,
        )
        for each in precision(flags)
    ]


# --- pictures ----------------------------------------------------------------------------------------------------


@endpoints.add(
    "POST", "/api/desk/sittings/{sitting_id}/picture-links", roles=PROCTORS, body=LinksAsked, answer=PictureLinks
)
async def picture_links(call: Call) -> PictureLinks:
    """Short-lived links to pictures of this sitting's candidates."""
    house, sitting_id, asked = call.house, call.path["sitting_id"], call.body
    assert isinstance(asked, LinksAsked)
    await check_scope(call, sitting_id)
    owners = await _owners(house, sitting_id, {each.attempt_id for each in asked.pictures})
    mine = [each for each in asked.pictures if each.attempt_id in owners]
    rows = await house.pool.fetch(
        store.BELONG,
        [each.attempt_id for each in mine],
        [owners[each.attempt_id].person_id for each in mine],
        [each.picture for each in mine],
    )
    until = house.clock.now() + timedelta(seconds=LINK_S)
    secret, account = house.settings.secret_key, call.me.account_id
    links = [
        PictureLink(
            attempt_id=row["attempt_id"],
            picture=row["name"],
            url=f"/api/desk/attempts/{row['attempt_id']}/pictures/{row['name']}"
            f"?link={sign(secret, account, row['attempt_id'], row['name'], until)}",
        )
        for row in rows
    ]
    return PictureLinks(until=until, links=links)


async def _owners(house: House, sitting_id: int, attempt_ids: set[int]) -> dict[int, Owner]:
    found = {}
    for attempt_id in attempt_ids:
        try:
            owner = await house.registry.owner(attempt_id)
        except NotFound:
            continue
        if owner.sitting_id == sitting_id:
            found[attempt_id] = owner
    return found


# --- looking -----------------------------------------------------------------------------------------------------


async def scoped_owner(call: Call) -> Owner:
    """Whose the attempt of the path is; raises NotFound outside the caller's scope."""
    owner = await call.house.registry.owner(call.path["attempt_id"])
    await check_scope(call, owner.sitting_id)
    return owner


@endpoints.add("POST", "/api/desk/attempts/{attempt_id}/look", roles=PROCTORS, answer=LookOutcome)
async def look_at_candidate(call: Call) -> LookOutcome:
    """I am looking at this candidate: note it, and claim him for a while."""
    owner = await scoped_owner(call)
    pool, attempt_id, me = call.house.pool, call.path["attempt_id"], call.me
    looked_at = await pool.fetchval(store.LOOKED, me.account_id, attempt_id)
    until = await pool.fetchval(store.CLAIM, attempt_id, me.account_id, me.name, CLAIM_S)
    call.house.bus.stir(owner.sitting_id, attempt_id)
    if until is not None:
        return LookOutcome(claimed=True, by=me.name, until=until, looked_at=looked_at)
    row = await pool.fetchrow(store.CLAIMED, attempt_id)
    if row is None:  # it ran out between the two questions
        return LookOutcome(claimed=False, by="", until=looked_at, looked_at=looked_at)
    return LookOutcome(claimed=False, by=row["name"], until=row["until"], looked_at=looked_at)


@endpoints.add("DELETE", "/api/desk/attempts/{attempt_id}/look", roles=PROCTORS, answer=Done)
async def look_away(call: Call) -> Done:
    """I have done with this candidate."""
    owner = await scoped_owner(call)
    await call.house.pool.execute(store.UNCLAIM, call.path["attempt_id"], call.me.account_id)
    call.house.bus.stir(owner.sitting_id, call.path["attempt_id"])
    return Done()


@endpoints.add("POST", "/api/desk/attempts/{attempt_id}/reviews", roles=PROCTORS, body=Review, answer=Reviewed)
async def review_incidents(call: Call) -> Reviewed:
    """Fine, or really so: the verdict on incidents."""
    owner = await scoped_owner(call)
    house, attempt_id, asked = call.house, call.path["attempt_id"], call.body
    assert isinstance(asked, Review)
    rows = await house.pool.fetch(store.REVIEW, attempt_id, asked.verdict, call.me.account_id, asked.incident_ids)
    if rows:
        done = [row["incident_id"] for row in rows]
        subject = f"attempt {attempt_id}"
        await audit(call, call.me, "review_incidents", subject, verdict=asked.verdict, incidents=done)
        house.bus.stir(owner.sitting_id, attempt_id)
    return Reviewed(reviewed=len(rows))


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/flags", roles=ACTORS, body=FlagAttempts, answer=Reviewed)
async def flag_candidates(call: Call) -> Reviewed:
    """An invigilator's own flag on one or many."""
    house, sitting_id, asked = call.house, call.path["sitting_id"], call.body
    assert isinstance(asked, FlagAttempts)
    await check_scope(call, sitting_id)
    meant = set(asked.attempt_ids)
    if len(await _owners(house, sitting_id, meant)) < len(meant):
        raise NotFound("no_such_attempt")
    for _ in range(TRIES_MAX):
        try:
            if not await _flag(call, sitting_id, asked, sorted(meant)):
                return Reviewed(reviewed=0)  # the same asking again
        except Taken:
            continue  # somebody flagged one of them at the same moment: number on after him
        for attempt_id in meant:
            house.bus.stir(sitting_id, attempt_id)
        return Reviewed(reviewed=len(meant))
    raise Refused("busy")


async def _flag(call: Call, sitting_id: int, asked: FlagAttempts, attempt_ids: list[int]) -> bool:
    """Write the flags, all or none; False: this request did so before. Raises Taken."""
    me, command = call.me, f'{{"type":"flag","level":{asked.level}}}'
    async with call.house.pool.acquire() as connection, connection.transaction():
        act_id = await connection.fetchval(
            exam_store.ADD_ACT, sitting_id, me.account_id, asked.request_id, command, False
        )
        if act_id is None:
            return False
        for attempt_id in attempt_ids:
            await connection.execute(store.FLAG, attempt_id, asked.level, asked.note, me.account_id)
        facts = {"level": asked.level, "note": asked.note, "attempts": attempt_ids}
        await audit(call, me, "flag", f"sitting {sitting_id}", runner=connection, **facts)
    return True


# --- one candidate -----------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/attempts/{attempt_id}/proctoring", roles=PROCTORS, answer=CandidateView)
async def see_candidate(call: Call) -> CandidateView:
    """Everything proctoring knows of one candidate."""
    owner = await scoped_owner(call)
    house, attempt_id = call.house, call.path["attempt_id"]
    pool = house.pool
    place = await pool.fetchrow(exam_store.PLACE, attempt_id)
    assert place is not None, "an attempt is never deleted"
    photo = await pool.fetchrow(store.PHOTOS_OF, [owner.person_id])
    captures = await pool.fetch(store.CAPTURES, attempt_id)
    return CandidateView(
        attempt_id=attempt_id,
        sitting_id=owner.sitting_id,
        name=owner.name,
        id_number=masked_number(owner.id_number),
        organisation=place["organisation"] or "",
        room=place["room"],
        photo="" if photo is None else photo["name"],
        consent=await store.consent(pool, owner.person_id, CONSENT_VERSION),
        taken_in=place["taken_in"],
        incidents=await incident_rows(house, await pool.fetch(store.INCIDENTS, attempt_id)),
        captures=[_capture_row(row) for row in captures],
        checks=[_check_row(row) for row in await pool.fetch(store.CHECKS, attempt_id)],
        signals=[
            SignalRow(kind=row["kind"], at=row["at"], for_ms=row["for_ms"], device=row["device"])
            for row in await pool.fetch(store.SIGNALS, attempt_id)
        ],
        cases=[row["case_id"] for row in await pool.fetch(case_store.OF_ATTEMPT, attempt_id)],
    )


async def incident_rows(house: House, rows: Sequence[Row]) -> list[IncidentRow]:
    """Incidents as the desk reads them, with the names of who flagged and who reviewed."""
    accounts = sorted({account for row in rows for account in (row["raised_by"], row["reviewed_by"]) if account})
    names = {row["account_id"]: row["name"] for row in await house.pool.fetch(exam_store.ACCOUNT_NAMES, accounts)}
    return [
        IncidentRow(
            incident_id=row["incident_id"],
            rule=row["rule"],
            ordinal=row["ordinal"],
            level=row["level"],
            at=row["at"],
            for_ms=row["for_ms"],
            pictures=row["pictures"],
            note=row["note"],
            by=names.get(row["raised_by"], ""),
            verdict=row["verdict"] or "",
            reviewed_by=names.get(row["reviewed_by"], ""),
        )
        for row in rows
    ]


def _similarity(distance: float | None) -> int | None:
    return None if distance is None else similarity(distance)


def _capture_row(row: Row) -> CaptureRow:
    return CaptureRow(
        picture=row["name"],
        why=row["why"],
        at=row["at"],
        state=row["state"],
        reason=row["reason"],
        kind=row["kind"],
        face_count=row["face_count"],
        similarity=_similarity(row["distance"]),
    )


def _check_row(row: Row) -> CheckRow:
    return CheckRow(
        check_id=row["check_id"],
        begun_at=row["begun_at"],
        ended_at=row["ended_at"],
        device=row["device"],
        steps=row["steps"],
        verdict=row["verdict"] or "",
        why=row["why"],
        similarity=_similarity(row["distance"]),
        pictures=row["names"] or [],
    )


# --- rooms -------------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/rooms", roles=CHIEFS, body=Divide, answer=Proctored)
async def divide(call: Call) -> Proctored:
    """Divide the sitting into rooms."""
    sitting_id, asked = call.path["sitting_id"], call.body
    assert isinstance(asked, Divide)
    await check_scope(call, sitting_id)
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(exam_store.DIVIDE, sitting_id, asked.rooms)
        await connection.execute(exam_store.DROP_ROOMS_ABOVE, sitting_id, asked.rooms)
        await audit(call, call.me, "divide_rooms", f"sitting {sitting_id}", runner=connection, rooms=asked.rooms)
    await _stir_all(call.house, sitting_id)
    return await _proctored(call)


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/rooms/assign", roles=CHIEFS, body=AssignRoom, answer=Proctored)
async def assign_room(call: Call) -> Proctored:
    """Say who watches a room."""
    sitting_id, asked = call.path["sitting_id"], call.body
    assert isinstance(asked, AssignRoom)
    await check_scope(call, sitting_id)
    await _must_be_room(call.house, sitting_id, asked.room)
    await _must_be_staff(call.house, sitting_id, asked.account_ids)
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(exam_store.EMPTY_ROOM, sitting_id, asked.room)
        await connection.execute(exam_store.WATCH_ROOM, sitting_id, asked.room, asked.account_ids)
        facts = {"room": asked.room, "accounts": asked.account_ids}
        await audit(call, call.me, "assign_room", f"sitting {sitting_id}", runner=connection, **facts)
    return await _proctored(call)


@endpoints.add(
    "POST",
    "/api/desk/sittings/{sitting_id}/rooms/hand-over",
    roles=ROOM_HOLDERS,
    body=HandOver,
    answer=Proctored,
)
async def hand_over(call: Call) -> Proctored:
    """Hand a room over to somebody else."""
    sitting_id, asked, me = call.path["sitting_id"], call.body, call.me
    assert isinstance(asked, HandOver)
    await check_scope(call, sitting_id)
    await _must_be_staff(call.house, sitting_id, [asked.to_account_id])
    if asked.to_account_id == me.account_id:
        raise Refused("own_room")
    async with call.house.pool.acquire() as connection, connection.transaction():
        left = await connection.fetchval(exam_store.LEAVE_ROOM, sitting_id, asked.room, me.account_id)
        if left is None:
            raise Refused("not_your_room")
        await connection.execute(exam_store.WATCH_ROOM, sitting_id, asked.room, [asked.to_account_id])
        await connection.execute(
            exam_store.ADD_HANDOVER, sitting_id, asked.room, me.account_id, asked.to_account_id, asked.note
        )
    return await _proctored(call)


async def _must_be_room(house: House, sitting_id: int, room: int) -> None:
    rooms = {row["room"] for row in await house.pool.fetch(exam_store.ROOMS, sitting_id)}
    if room not in rooms:
        raise NotFound("no_such_room")


async def _must_be_staff(house: House, sitting_id: int, account_ids: list[int]) -> None:
    staff = {row["account_id"] for row in await house.pool.fetch(exam_store.STAFF_OF, sitting_id)}
    if not staff.issuperset(account_ids):
        raise Refused("not_staff")


async def _stir_all(house: House, sitting_id: int) -> None:
    for row in await house.pool.fetch(exam_store.ATTEMPT_IDS, sitting_id):
        house.bus.stir(sitting_id, row["attempt_id"])
