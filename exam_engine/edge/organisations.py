"""Institutions and agencies: added, renamed, closed, and who reviews for whom."""

import re
from collections.abc import Sequence
from typing import Final

import asyncpg

from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import DECIDERS, PAGE, before, like, plain, province_of, scope_of, sought
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.review_shapes import (
    AddOrganisation,
    AssignAgency,
    ChangeOrganisation,
    Organisation,
    Organisations,
)
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.registration import people_store as store
from exam_engine.registration.province_store import current_cycle
from exam_engine.store import Row, Runner

KINDS: Final = ("institution", "agency", "province", "nation")
# The kinds that somebody of a role adds and changes.
KEPT: Final = {"province": ("institution", "agency"), "nation": ("institution", "agency", "province")}
CORPS: Final = "66"  # 新疆生产建设兵团 lies within other areas' codes

endpoints = Endpoints()


@endpoints.add(
    "GET",
    "/api/desk/organisations",
    roles=DECIDERS,
    answer=Organisations,
    query=("q", "kind", "unassigned", "before"),
)
async def see_organisations(call: Call) -> Organisations:
    """Institutions and agencies, and who reviews for whom."""
    kind = call.request.query.get("kind", "")
    if kind not in ("", *KINDS):
        raise Invalid("wrong_shape")
    pool, scope = call.house.pool, scope_of(call)
    wanted = (kind, like(sought(call)), PAGE + 1, call.request.query.get("unassigned") == "1")
    rows = await pool.fetch(store.ORGANISATIONS, scope, before(call), *wanted)
    page = await _views(pool, rows[:PAGE])
    return Organisations(
        rows=page,
        next=page[-1].organisation_id if len(rows) > PAGE else None,
        unassigned=await pool.fetchval(store.UNASSIGNED, scope),
    )


async def _views(runner: Runner, rows: Sequence[Row]) -> list[Organisation]:
    """The rows with their numbers of people."""
    ids = [row["organisation_id"] for row in rows]
    physicians = {row["organisation_id"]: row["number"] for row in await runner.fetch(store.PHYSICIANS_OF, ids)}
    staff = {row["organisation_id"]: row["number"] for row in await runner.fetch(store.STAFF_OF, ids)}
    return [
        Organisation(**dict(row), physicians=physicians.get(number, 0), staff=staff.get(number, 0))
        for number, row in zip(ids, rows, strict=True)
    ]


async def _view(runner: Runner, organisation_id: int) -> Organisation:
    return (await _views(runner, await runner.fetch(store.ORGANISATION, organisation_id)))[0]


@endpoints.add("POST", "/api/desk/organisations", roles=DECIDERS, body=AddOrganisation, answer=Organisation)
async def add_organisation(call: Call) -> Organisation:
    """Add an institution or agency."""
    asked = call.body
    assert isinstance(asked, AddOrganisation)
    if asked.kind not in KEPT[call.me.role]:
        raise Invalid("organisation_kind")
    province, name = province_of(call, asked.province), plain(asked.name, least=2)
    area = _area(asked.area, province)
    try:
        async with call.house.pool.acquire() as connection, connection.transaction():
            added = await connection.fetchval(store.ADD_ORGANISATION, asked.kind, name, province, area)
            facts = {"kind": asked.kind, "name": name, "province": province, "area": area or ""}
            await audit(call, call.me, "organisation_added", f"organisation {added}", runner=connection, **facts)
            return await _view(connection, added)
    except asyncpg.UniqueViolationError as error:
        raise Refused("organisation_exists", name=name) from error


def _area(text: str, province: str) -> str | None:
    """A GB/T 2260 code within the province, or none; raises Invalid."""
    area = text.strip()
    if not area:
        return None
    if not re.fullmatch(r"[0-9]{6}", area, re.ASCII) or (province != CORPS and not area.startswith(province)):
        raise Invalid("area_wrong")
    return area


@endpoints.add(
    "PUT", "/api/desk/organisations/{organisation_id}", roles=DECIDERS, body=ChangeOrganisation, answer=Organisation
)
async def change_organisation(call: Call) -> Organisation:
    """Rename an organisation, or close it."""
    asked, organisation_id = call.body, call.path["organisation_id"]
    assert isinstance(asked, ChangeOrganisation)
    name = plain(asked.name, least=2)
    try:
        async with call.house.pool.acquire() as connection, connection.transaction():
            known = await _locked(call, connection, KEPT[call.me.role])
            area = _area(asked.area, known["province"])
            if asked.disabled and not known["disabled"]:
                await _check_unused(connection, organisation_id)
            await connection.execute(store.SET_ORGANISATION, organisation_id, name, area, asked.disabled)
            old = {name: known[name] for name in ("name", "area", "disabled")}
            new = {"name": name, "area": area or "", "disabled": asked.disabled}
            if old != new:
                facts = {"province": known["province"], "from": old, "to": new}
                subject = f"organisation {organisation_id}"
                await audit(call, call.me, "organisation_changed", subject, runner=connection, **facts)
            return await _view(connection, organisation_id)
    except asyncpg.UniqueViolationError as error:
        raise Refused("organisation_exists", name=name) from error


async def _check_unused(runner: Runner, organisation_id: int) -> None:
    """Raise unless nobody is here, works here or is reviewed by it."""
    if await runner.fetchval(store.IN_USE, organisation_id):
        raise Refused("organisation_in_use")
    staff = await runner.fetchval(store.STAFF_LEFT, organisation_id)
    if staff:
        raise Refused("organisation_staffed", staff=staff)


async def _locked(call: Call, runner: Runner, kinds: Sequence[str]) -> Row:
    """The organisation of the path, held until the end of the transaction; raises NotFound."""
    row = await runner.fetchrow(store.ORGANISATION_LOCKED, scope_of(call), call.path["organisation_id"], list(kinds))
    if row is None:
        raise NotFound("no_such_organisation")
    return row


@endpoints.add(
    "PUT", "/api/desk/organisations/{organisation_id}/agency", roles=DECIDERS, body=AssignAgency, answer=Organisation
)
async def assign_agency(call: Call) -> Organisation:
    """Say which agency reviews for an institution."""
    asked, institution_id = call.body, call.path["organisation_id"]
    assert isinstance(asked, AssignAgency)
    async with call.house.pool.acquire() as connection, connection.transaction():
        institution = await _locked(call, connection, ("institution",))
        agency = await connection.fetchrow(store.AGENCY_HELD, asked.agency_id, institution["province"])
        if agency is None:
            raise NotFound("no_such_agency")
        if agency["disabled"] or institution["disabled"]:
            raise Refused("organisation_closed")
        old = await connection.fetchval(store.ASSIGNED, institution_id)
        await connection.execute(store.ASSIGN, institution_id, asked.agency_id)
        applications, files = await _follow(connection, institution_id, asked.agency_id)
        if old != asked.agency_id or applications or files:
            facts = {"province": institution["province"], "from": old, "to": asked.agency_id}
            facts |= {"applications": applications, "files": files}
            await audit(call, call.me, "agency_assigned", f"organisation {institution_id}", runner=connection, **facts)
        return await _view(connection, institution_id)


async def _follow(runner: Runner, institution_id: int, agency_id: int) -> tuple[int, int]:
    """What of the current cycle is not past its agency goes to the new one: how many applications, and parts."""
    cycle = (await current_cycle(runner)).cycle
    held = await runner.fetch(store.APPLICATIONS_LOCKED, institution_id, cycle)
    ids = [row["application_id"] for row in held]
    applications = await runner.fetch(store.MOVE_APPLICATIONS, ids, agency_id)
    await runner.execute(store.UNSETTLE_MOVED, [row["application_id"] for row in applications])
    return len(applications), len(await runner.fetch(store.MOVE_FILES, ids, agency_id))
