"""Paper exams (domain.md R-901): who sits on paper, and results brought in by two people."""

import asyncio
import io
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import PAGE, before, like, plain, reason_of, sought
from exam_engine.edge.http import RELEASERS, Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.result_desks import SEERS, cycle_of, scope_of
from exam_engine.edge.result_shapes import (
    ConfirmPaper,
    ListPaper,
    PaperImports,
    PaperImportView,
    PaperLine,
    PaperPeople,
    PaperPerson,
    PaperReason,
)
from exam_engine.errors import Forbidden, Invalid, NotFound, Refused
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.id_numbers import WrongNumber, read_number
from exam_engine.registration.sheet_lines import BadSheet
from exam_engine.registration.sheets import Sheet
from exam_engine.results import exporting, list_store, paper
from exam_engine.results import paper_store as store
from exam_engine.results.paper import Line, Listed
from exam_engine.sitting import Kind, Round
from exam_engine.store import Row, Runner

SHEET_BYTES_MAX: Final = 20 * 1024 * 1024
IMPORTS_MAX, IMPORTS_S = 60, 3_600
PASS_POINTS: Final = 60  # R-801 (default)
STATES: Final = ("", "listed", "scored", "removed")

endpoints = Endpoints()


# --- the list ----------------------------------------------------------------------------------------------------


@endpoints.add(
    "GET", "/api/desk/paper-exams", roles=SEERS, answer=PaperPeople, query=("cycle", "kind", "state", "q", "before")
)
async def paper_people(call: Call) -> PaperPeople:
    """Who sits on paper, the newest first."""
    query, cycle = call.request.query, await cycle_of(call)
    kind, state = query.get("kind", ""), query.get("state", "")
    if kind not in ("", Kind.HUMANITIES, Kind.PROFESSIONAL) or state not in STATES:
        raise Invalid("wrong_shape")
    limits = _limits(call)
    rows = await call.house.pool.fetch(
        store.PEOPLE, cycle.cycle, *limits, before(call), kind, state, like(sought(call)), PAGE + 1
    )
    shown = [_person(row) for row in rows[:PAGE]]
    return PaperPeople(rows=shown, next=shown[-1].paper_id if len(rows) > PAGE else None)


def _limits(call: Call) -> tuple[int | None, str | None]:
    return list_store.limits(call.me.role, scope_of(call))


def _person(row: Row) -> PaperPerson:
    kinds = {"kind": Kind(row["kind"]), "round": Round(row["round"])}
    return PaperPerson(**dict(row) | kinds | {"id_number": masked_number(row["id_number"])})


@endpoints.add("POST", "/api/desk/paper-exams", roles=RELEASERS, body=ListPaper, answer=PaperPerson)
async def list_paper(call: Call) -> PaperPerson:
    """Put somebody on the list for a paper exam."""
    asked: ListPaper = call.body
    now, reason, cycle = call.house.clock.now(), reason_of(asked.reason), await cycle_of(call)
    async with call.house.pool.acquire() as connection, connection.transaction():
        who = await _listable(call, connection, asked, cycle.cycle)
        paper_id = await connection.fetchval(
            store.ADD_PERSON, who["person_id"], cycle.cycle, who["province"], who["institution_id"], who["agency_id"],
            asked.kind, asked.round, reason, call.me.account_id, now,
        )  # fmt: skip
        if paper_id is None:
            raise Refused("listed_already")
        await connection.execute(store.UNSETTLE, who["person_id"], cycle.cycle)
        facts = {"kind": asked.kind.value, "round": asked.round.value, "reason": reason}
        subject = f"person {who['person_id']} paper {paper_id}"
        await audit(call, call.me, "paper_listed", subject, runner=connection, of=facts)
    return await _one(call, paper_id)


async def _listable(call: Call, runner: Runner, asked: ListPaper, cycle: int) -> Row:
    """The file of who is to be listed. Raises NotFound, Refused."""
    today = call.house.clock.now().astimezone(SHANGHAI).date()
    try:
        number = read_number(asked.id_number, today)
    except WrongNumber as error:
        raise Invalid(error.code) from error
    who = await runner.fetchrow(store.PERSON, number, cycle, *_limits(call))
    if who is None:
        raise NotFound("no_such_physician")
    if asked.kind is Kind.PRACTICE:
        raise Invalid("wrong_shape")
    if who["profile"] != "approved":
        raise Refused("not_enrolled")
    if asked.kind is Kind.PROFESSIONAL and who["procedure"] != "general":
        raise Refused("simple_procedure")
    key = who["person_id"], cycle, asked.kind
    if await runner.fetchval(store.BEGUN, *key, asked.round):
        raise Refused("exam_begun")
    if asked.round is Round.MAKEUP and not await runner.fetchval(store.MAKEUP_DUE, *key):
        raise Refused("no_makeup_due")
    return who


async def _one(call: Call, paper_id: int) -> PaperPerson:
    row = await call.house.pool.fetchrow(store.ONE, paper_id)
    assert row is not None
    return _person(row)


@endpoints.add("POST", "/api/desk/paper-exams/{paper_id}/remove", roles=RELEASERS, body=PaperReason, answer=PaperPerson)
async def remove_paper(call: Call) -> PaperPerson:
    """Take somebody off the list again, before there is a result."""
    paper_id, reason, now = call.path["paper_id"], reason_of(call.body.reason), call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(store.LOCKED, paper_id)
        if row is None or not _within(call, row):
            raise NotFound("no_such_paper")
        if row["removed_at"] is not None:
            raise Refused("removed_already")
        if row["scored"]:
            raise Refused("scored_already")
        await connection.execute(store.REMOVE, paper_id, now, call.me.account_id, reason)
        await connection.execute(store.UNSETTLE, row["person_id"], row["cycle"])
        await audit(call, call.me, "paper_removed", f"paper {paper_id}", runner=connection, reason=reason)
    return await _one(call, paper_id)


def _within(call: Call, row: Row) -> bool:
    scope, role = scope_of(call), call.me.role
    return role == "nation" or scope == (row["province"] if role == "province" else row["agency_id"])


# --- imports -----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/paper-imports", roles=SEERS, answer=PaperImports, query=("cycle",))
async def paper_imports(call: Call) -> PaperImports:
    """Imports of paper results, the newest first."""
    cycle = await cycle_of(call)
    rows = await call.house.pool.fetch(store.IMPORTS, cycle.cycle, *_limits(call))
    return PaperImports(rows=[_import(call, row, []) for row in rows])


def _import(call: Call, row: Row, lines: list[Row]) -> PaperImportView:
    refused = _refused(call, row)
    names = ("import_id", "cycle", "title", "digest", "pass_points", "state", "by", "at", "decided_by", "decided_at",
             "reason", "total", "right")  # fmt: skip
    return PaperImportView(
        points_max=paper.POINTS_MAX,
        wrong=row["total"] - row["right"],
        mine=not refused,
        refused_by=refused,
        lines=[_line(each, row["pass_points"]) for each in lines],
        **{name: row[name] for name in names},
    )


def _refused(call: Call, row: Row) -> str:
    """Why the caller can't confirm it; "" if he can."""
    if row["state"] != "waiting":
        return "decided"
    if call.me.role not in RELEASERS:
        return "only_looking"
    if row["person_id"] == call.me.person_id:
        return "own_import"
    return "" if row["right"] else "nothing_in_it"


def _line(row: Row, pass_points: int) -> PaperLine:
    names = ("line", "name", "kind", "round", "points", "sheet_no", "batch", "problem")
    return PaperLine(
        id_number=masked_number(row["id_number"]),
        column=row["column_name"],
        passed=None if row["points"] is None or row["problem"] else row["points"] >= pass_points,
        **{name: row[name] for name in names},
    )


@endpoints.add(
    "POST",
    "/api/desk/paper-imports",
    roles=RELEASERS,
    body=bytes,
    answer=PaperImportView,
    query=("title", "pass_points"),
    media="application/octet-stream",
    bytes_max=SHEET_BYTES_MAX,
)
async def import_paper(call: Call) -> PaperImportView:
    """Bring in results of paper exams (XLSX or CSV); they count when a second person has confirmed them."""
    me, now, cycle = call.me, call.house.clock.now(), await cycle_of(call)
    await call.house.throttle.take(f"paper:{me.account_id}", IMPORTS_MAX, IMPORTS_S)
    title, pass_points = plain(call.request.query.get("title", "")[:120] or "paper"), _pass_points(call)
    today, data = now.astimezone(SHANGHAI).date(), call.body
    try:
        sheet = await asyncio.to_thread(Sheet, io.BytesIO(data), paper.COLUMNS, paper.ROWS_MAX, paper.UNPACKED_MAX)
        read = await asyncio.to_thread(paper.read_lines, sheet, today)
    except BadSheet as error:
        raise Invalid(error.code, **error.facts) from error
    async with call.house.pool.acquire() as connection, connection.transaction():
        listed = await _listed(call, connection, cycle.cycle, read)
        lines = paper.judged(read, listed, sheet.headings)
        import_id = await connection.fetchval(
            store.ADD_IMPORT, cycle.cycle, me.province, me.organisation_id if me.role == "agency" else None,
            me.account_id, me.person_id, title, sha256(data).hexdigest(), pass_points, len(lines), now,
        )  # fmt: skip
        await connection.execute(store.ADD_LINES, import_id, *_columns(lines))
        right = sum(1 for line in lines if not line.problem)
        await audit(call, me, "paper_imported", f"import {import_id}", runner=connection, rows=len(lines), right=right)
    return await _see(call, import_id)


def _pass_points(call: Call) -> int:
    text = call.request.query.get("pass_points", "") or str(PASS_POINTS)
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= paper.POINTS_MAX:
        raise Invalid("pass_line_too_high", points_max=paper.POINTS_MAX)
    return int(text)


async def _listed(call: Call, runner: Runner, cycle: int, lines: list[Line]) -> Mapping[tuple[str, str, str], Listed]:
    numbers = list({line.id_number for line in lines if not line.problem})
    rows = await runner.fetch(store.LISTED, cycle, *_limits(call), numbers)
    return {
        (row["id_number"], row["kind"], row["round"]): Listed(row["paper_id"], row["name"], row["scored"])
        for row in rows
    }


def _columns(lines: list[Line]) -> list[list[object]]:
    names = ("line", "paper_id", "name", "id_number", "kind", "round", "points", "sheet_no", "batch", "column",
             "problem")  # fmt: skip
    return [[getattr(line, name) for line in lines] for name in names]


@endpoints.add("GET", "/api/desk/paper-imports/template", roles=RELEASERS, media=exporting.XLSX)
async def paper_template(call: Call) -> web.Response:
    """An empty spreadsheet with the headings of an import."""
    del call
    return exporting.attachment(await asyncio.to_thread(paper.template), "paper-results.xlsx")


async def _scoped(call: Call, row: Row | None) -> Row:
    if row is None or not _within(call, row):
        raise NotFound("no_such_import")
    return row


@endpoints.add("GET", "/api/desk/paper-imports/{import_id}", roles=SEERS, answer=PaperImportView)
async def see_paper_import(call: Call) -> PaperImportView:
    """One import with its lines."""
    return await _see(call, call.path["import_id"])


async def _see(call: Call, import_id: int) -> PaperImportView:
    pool = call.house.pool
    row = await _scoped(call, await pool.fetchrow(store.IMPORT, import_id))
    return _import(call, row, await pool.fetch(store.LINES, import_id))


@endpoints.add(
    "POST",
    "/api/desk/paper-imports/{import_id}/confirm",
    roles=RELEASERS,
    body=ConfirmPaper,
    answer=PaperImportView,
)
async def confirm_paper(call: Call) -> PaperImportView:
    """Confirm an import that somebody else has made: its results count from now on."""
    import_id, now, me = call.path["import_id"], call.house.clock.now(), call.me
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _scoped(call, await connection.fetchrow(store.IMPORT_LOCKED, import_id))
        if refused := _refused(call, row):
            raise (Forbidden if refused == "own_import" else Refused)(refused)
        if row["digest"] != call.body.digest:
            raise Refused("changed_meanwhile")
        scored = await connection.fetch(store.ADD_SCORES, import_id, row["pass_points"], now)
        if len(scored) != row["right"]:  # somebody was taken off the list, or has a score by now
            raise Refused("list_changed")
        await connection.execute(store.DECIDE, import_id, "confirmed", me.account_id, me.person_id, now, "")
        await connection.execute(store.UNSETTLE_MANY, [each["person_id"] for each in scored], row["cycle"])
        await audit(call, me, "paper_confirmed", f"import {import_id}", runner=connection, rows=len(scored))
    return await _see(call, import_id)


@endpoints.add(
    "POST",
    "/api/desk/paper-imports/{import_id}/discard",
    roles=RELEASERS,
    body=PaperReason,
    answer=PaperImportView,
)
async def discard_paper(call: Call) -> PaperImportView:
    """Throw an unconfirmed import away."""
    import_id, reason, now, me = call.path["import_id"], reason_of(call.body.reason), call.house.clock.now(), call.me
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _scoped(call, await connection.fetchrow(store.IMPORT_LOCKED, import_id))
        if row["state"] != "waiting":
            raise Refused("decided")
        await connection.execute(store.DECIDE, import_id, "discarded", me.account_id, me.person_id, now, reason)
        await audit(call, me, "paper_discarded", f"import {import_id}", runner=connection, reason=reason)
    return await _see(call, import_id)
