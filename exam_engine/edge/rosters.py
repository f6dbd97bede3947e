"""定考账号 as institutions keep them: made, imported, reset, moved."""

import asyncio
import io
import re
from datetime import date
from typing import Final

import msgspec
from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.agency import XLSX
from exam_engine.edge.deciding import before, like, plain, reason_of, sought
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.review_shapes import (
    AddAssessment,
    AssessmentPage,
    AssessmentRow,
    ImportReport,
    InstitutionFound,
    Institutions,
    Transfer,
    WithReason,
)
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.registration import account_store, id_numbers, names, province_store, roster, roster_store
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.id_numbers import WrongNumber
from exam_engine.registration.inbox_store import tell
from exam_engine.registration.names import WrongName
from exam_engine.registration.sheet_lines import BadSheet
from exam_engine.registration.sheets import Report, Sheet
from exam_engine.store import Row, Runner

KEEPERS: Final = frozenset({"institution", "province"})
SHEET_BYTES_MAX: Final = 10 * 1024 * 1024
IMPORTS_MAX, IMPORTS_S = 30, 3_600
STATES: Final = frozenset({"", "unbound", "bound", "transferred"})
TAIL_MIN: Final = 3  # signs of an ID number that are looked for
# A registration file that has not been handed in, or was given back, goes with its physician; any other stays.
GOES_ALONG: Final = frozenset({None, "draft", "org_returned", "agy_returned"})

_NUMBER: Final = re.compile(r"(?=.*[0-9])[0-9A-Z]{1,18}")
_VIEW: Final = tuple(field for field in AssessmentRow.__struct_fields__ if field != "id_number")

endpoints = Endpoints()


# --- lists -------------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/physicians", roles=KEEPERS, answer=AssessmentPage, query=("q", "state", "before"))
async def see_physicians(call: Call) -> AssessmentPage:
    """Assessment accounts of the caller's scope."""
    state = call.request.query.get("state", "")
    if state not in STATES:
        raise Invalid("wrong_shape")
    name, tail = _wanted(sought(call))
    pool = call.house.pool
    cycle = await _cycle(pool)
    found = await roster_store.page(pool, cycle, _scope(call), before=before(call), state=state, name=name, tail=tail)
    rows = [_view(row) for row in found[: roster_store.PAGE]]
    return AssessmentPage(rows=rows, next=rows[-1].assessment_id if len(found) > len(rows) else None)


def _wanted(text: str) -> tuple[str, str]:
    """What is looked for: the beginning of a name, or the last signs of an ID number."""
    number = id_numbers.plain(text)
    if not _NUMBER.fullmatch(number):
        return names.plain(text), ""
    if len(number) < TAIL_MIN:
        raise Invalid("query_too_short", min=TAIL_MIN)
    return "", number


def _view(row: Row) -> AssessmentRow:
    return AssessmentRow(id_number=masked_number(row["id_number"]), **{field: row[field] for field in _VIEW})


async def _cycle(runner: Runner) -> int:
    """The cycle whose files are looked at; 0 before there is any."""
    try:
        return (await province_store.current_cycle(runner)).cycle
    except Refused:
        return 0


def _scope(call: Call) -> int | str:
    """Whose accounts the caller keeps: of an institution, or of a province."""
    scope = call.me.organisation_id if call.me.role == "institution" else call.me.province
    if scope is None:
        raise NotFound("no_such_institution")
    return scope


@endpoints.add("GET", "/api/desk/institutions", roles=KEEPERS, answer=Institutions, query=("q",))
async def find_institutions(call: Call) -> Institutions:
    """Open institutions of the caller's province by a part of their name."""
    rows = await call.house.pool.fetch(roster_store.INSTITUTIONS_NAMED, call.me.province, like(sought(call)))
    return Institutions(rows=[InstitutionFound(**dict(row)) for row in rows])


# --- making ------------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/physicians", roles=KEEPERS, body=AddAssessment, answer=AssessmentRow)
async def add_physician(call: Call) -> AssessmentRow:
    """Make an assessment account."""
    asked = call.body
    assert isinstance(asked, AddAssessment)
    try:
        entry = roster.entry_of(asked.name, asked.id_number, plain(asked.department, 0), _today(call))
    except (WrongName, WrongNumber) as error:
        raise Invalid(error.code) from error
    async with call.house.pool.acquire() as connection, connection.transaction():
        place = await _institution(call, connection, asked.institution_id)
        outcome = (await roster.put(connection, [entry], place["organisation_id"], place["province"]))[0]
        if outcome != "added":
            raise Refused("name_differs" if outcome == "name_differs" else "account_exists")
        made = await connection.fetchrow(roster_store.ACCOUNT_OF_NUMBER, entry.id_number)
        assert made is not None
        subject = f"assessment {made['assessment_id']}"
        await audit(call, call.me, "assessment_added", subject, runner=connection, institution=place["organisation_id"])
        return _view(await _row(connection, made["assessment_id"]))


def _today(call: Call) -> date:
    return call.house.clock.now().astimezone(SHANGHAI).date()


async def _institution(call: Call, runner: Runner, asked: int | None) -> Row:
    """The institution an account is made for: an institution's own, or the one a province names in its province."""
    institution = call.me.role == "institution"
    if not institution and asked is None:
        raise Invalid("institution_missing")
    row = await runner.fetchrow(roster_store.INSTITUTION_HELD, call.me.organisation_id if institution else asked)
    if row is None or not (institution or row["province"] == call.me.province):
        raise NotFound("no_such_institution")
    return row


async def _row(runner: Runner, assessment_id: int) -> Row:
    row = await runner.fetchrow(roster_store.ASSESSMENT, await _cycle(runner), assessment_id)
    assert row is not None
    return row


@endpoints.add(
    "POST",
    "/api/desk/physicians/import",
    roles=KEEPERS,
    body=bytes,
    answer=ImportReport,
    query=("institution",),
    media="application/octet-stream",
    bytes_max=SHEET_BYTES_MAX,
)
async def import_physicians(call: Call) -> ImportReport:
    """Make assessment accounts from a spreadsheet; a wrong row is named and changes nothing."""
    asked = call.request.query.get("institution", "")
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) <= 15):
        raise Invalid("wrong_shape")
    await call.house.throttle.take(f"roster:{call.me.account_id}", IMPORTS_MAX, IMPORTS_S)
    await _institution(call, call.house.pool, int(asked) if asked else None)  # before a large file is read
    try:
        report, entries = await asyncio.to_thread(_read, call.body, _today(call))
    except BadSheet as error:
        raise Invalid(error.code, **error.facts) from error
    async with call.house.pool.acquire() as connection, connection.transaction():
        place = await _institution(call, connection, int(asked) if asked else None)
        await roster.import_roster(connection, report, entries, place["organisation_id"], place["province"])
        counts = {name: getattr(report, name) for name in ("total", "added", "changed", "same", "wrong")}
        subject = f"institution {place['organisation_id']}"
        await audit(call, call.me, "assessments_imported", subject, runner=connection, **counts)
    return msgspec.convert(msgspec.to_builtins(report), ImportReport)


def _read(data: bytes, today: date) -> tuple[Report, list[roster.Entry]]:
    sheet = Sheet(io.BytesIO(data), roster.COLUMNS, roster.ROWS_MAX, roster.UNPACKED_MAX)
    return roster.read_roster(sheet, today)


@endpoints.add("GET", "/api/desk/physicians/template", roles=KEEPERS, media=XLSX)
async def physicians_template(call: Call) -> web.Response:
    """The empty spreadsheet for the import."""
    del call
    data = await asyncio.to_thread(roster.template)
    named = {"Content-Disposition": 'attachment; filename="physicians.xlsx"', "Cache-Control": "no-store"}
    return web.Response(body=data, content_type=XLSX, headers=named)


# --- resetting and moving ----------------------------------------------------------------------------------------


@endpoints.add(
    "POST", "/api/desk/physicians/{assessment_id}/reset", roles=KEEPERS, body=WithReason, answer=AssessmentRow
)
async def reset_physician(call: Call) -> AssessmentRow:
    """Reset an assessment account to the initial password; whoever was bound is not any more."""
    reason, told, sessions = reason_of(call.body.reason), None, []
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _locked(call, connection)
        if row["state"] == "unbound" and row["initial"]:
            raise Refused("reset_already")
        await connection.execute(roster_store.UNBIND, row["assessment_id"])
        if row["account_id"] is not None:
            told = await connection.fetchval(roster_store.BACK_TO_STAND_IN, row["account_id"])
            sessions = await connection.fetch(account_store.DROP_SESSIONS, row["account_id"])
        if told is not None:  # the account is his stand-in's again: there he reads it
            await tell(connection, told, "M08", {"organisation": row["institution"]})
        subject = f"assessment {row['assessment_id']}"
        bound = {"account_id": row["account_id"], "person_id": row["person_id"]}
        await audit(call, call.me, "assessment_reset", subject, runner=connection, reason=reason, **bound)
        view = _view(await _row(connection, row["assessment_id"]))
    for session in sessions:  # what is open on a device was opened as somebody he is not any more
        call.house.bus.end_session(session["token_hash"].hex())
    call.house.bus.wake_inbox(persons=[told] if told is not None else [])
    return view


async def _locked(call: Call, runner: Runner) -> Row:
    """The account of the path, locked; raises NotFound outside the caller's scope, Refused if it can't change now."""
    scope = _scope(call)
    row = await runner.fetchrow(roster_store.ASSESSMENT_LOCKED, await _cycle(runner), call.path["assessment_id"])
    if row is None or scope != row["institution_id" if isinstance(scope, int) else "province"]:
        raise NotFound("no_such_physician")
    if row["state"] == "transferred":
        raise Refused("transferred_already")
    if await runner.fetchval(roster_store.RUNNING, row["person_id"]):
        raise Refused("exam_running")
    return row


@endpoints.add(
    "POST", "/api/desk/physicians/{assessment_id}/transfer", roles=KEEPERS, body=Transfer, answer=AssessmentRow
)
async def transfer_physician(call: Call) -> AssessmentRow:
    """Move a physician to another institution."""
    asked = call.body
    assert isinstance(asked, Transfer)
    reason = reason_of(asked.reason)
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(roster_store.LOCK_PERSON_OF, call.path["assessment_id"])
        row = await _locked(call, connection)
        place = await _destination(call, connection, asked.institution_id)
        if place["organisation_id"] == row["institution_id"]:
            raise Refused("same_institution")
        await _move_application(connection, row["person_id"], place)
        made = await _move(connection, row, place)
        if row["account_id"] is not None:
            await tell(connection, row["person_id"], "M09", {"organisation": place["name"]})
        facts = {"reason": reason, "to": place["organisation_id"], "as": made}
        await audit(
            call, call.me, "assessment_transferred", f"assessment {row['assessment_id']}", runner=connection, **facts
        )
        view = _view(await _row(connection, row["assessment_id"]))
    if row["account_id"] is not None:
        call.house.bus.wake_inbox(persons=[row["person_id"]])
    return view


async def _destination(call: Call, runner: Runner, institution_id: int) -> Row:
    """Where to: an institution sends its physicians anywhere, a province within itself."""
    row = await runner.fetchrow(roster_store.INSTITUTION_HELD, institution_id)
    if row is None or (call.me.role == "province" and row["province"] != call.me.province):
        raise NotFound("no_such_institution")
    return row


async def _move_application(runner: Runner, person_id: int, place: Row) -> None:
    """This cycle's file goes along as long as nobody has it to review; raises Refused otherwise."""
    application = await runner.fetchrow(roster_store.PROFILE_LOCKED, person_id, await _cycle(runner))
    if application is None:
        return
    if application["state"] not in GOES_ALONG:
        raise Refused("enrolled_stays", state=application["state"])
    number = application["application_id"]
    await runner.execute(roster_store.MOVE_APPLICATION, number, place["province"], place["organisation_id"])
    await runner.execute(roster_store.MOVE_FILES, number)


async def _move(runner: Runner, row: Row, place: Row) -> int:
    """The account ends here and stands there, with its password and whoever is bound to it; its new number."""
    to, assessment_id, account_id = place["organisation_id"], row["assessment_id"], row["account_id"]
    await runner.execute(roster_store.MOVE_AWAY, assessment_id)
    made = await runner.fetchval(roster_store.MOVE_IN, assessment_id, place["province"], to, account_id)
    await runner.execute(roster_store.BELONG, [row["person_id"]], to)
    await runner.execute(roster_store.ACCOUNT_BELONGS, account_id, to)
    return int(made)
