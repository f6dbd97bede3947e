"""Cases at the desk: opened by a rule or an invigilator, decided by a second person, appealed to a third."""

from typing import Final

from msgspec import Raw

from exam_engine import casework
from exam_engine import store as exam_store
from exam_engine.edge.accounts import audit
from exam_engine.edge.desk import check_scope
from exam_engine.edge.http import ACTORS, Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.proctor_shapes import (
    Attach,
    CaseEventRow,
    CaseList,
    CaseRow,
    CaseView,
    Decide,
    DecideAppeal,
    OpenCase,
)
from exam_engine.edge.wall import incident_rows, scoped_owner
from exam_engine.errors import Invalid, NotFound
from exam_engine.house import House
from exam_engine.store import Account
from proctor import case_store, cases, store
from proctor.cases import Case, CasePhase
from proctor.store import Row

CASE_READERS: Final = frozenset({"invigilator", "chief", "agency", "province"})
DECIDERS: Final = frozenset({"chief", "agency"})
APPEALS: Final = frozenset({"agency", "province"})
PAGE: Final = 200
NEWEST: Final = 2**63 - 1

endpoints = Endpoints()


@endpoints.add("POST", "/api/desk/attempts/{attempt_id}/cases", roles=ACTORS, body=OpenCase, answer=CaseView)
async def open_case(call: Call) -> CaseView:
    """Open a case about a candidate, with evidence."""
    await scoped_owner(call)
    house, attempt_id, asked = call.house, call.path["attempt_id"], call.body
    assert isinstance(asked, OpenCase)
    keys, pictures = await _evidence(call, attempt_id, asked.incident_ids, asked.pictures)
    command = cases.OpenCase(allegation=asked.allegation, text=asked.text, incidents=keys, pictures=pictures)
    async with house.service.holding(attempt_id) as known:
        request = f"{call.me.account_id} {asked.request_id}"
        case_id, new = await casework.open_case(house, known, command, by=call.me.account_id, request=request)
    if new:
        await audit(call, call.me, "open_case", f"attempt {attempt_id}", case=case_id, allegation=asked.allegation)
    return await _view(call, case_id)


async def _evidence(
    call: Call, attempt_id: int, incident_ids: list[int], pictures: list[str]
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """The incidents' keys, and all pictures; raises Invalid for what is not of the attempt."""
    pool = call.house.pool
    rows = await pool.fetch(store.INCIDENTS_BY_ID, attempt_id, incident_ids)
    if len(rows) < len(set(incident_ids)):
        raise Invalid("no_such_incident")
    owner = await call.house.registry.owner(attempt_id)
    for name in pictures:
        if not await store.belongs(pool, attempt_id, owner.person_id, name):
            raise Invalid("no_such_picture")
    named = dict.fromkeys([*pictures, *(name for row in rows for name in row["pictures"])])
    return tuple((row["rule"], row["ordinal"]) for row in rows), tuple(named)


@endpoints.add("GET", "/api/desk/cases", roles=CASE_READERS, answer=CaseList, query=("sitting", "state", "before"))
async def see_cases(call: Call) -> CaseList:
    """Cases in this account's scope; state is open, closed or empty for all."""
    me, pool, query = call.me, call.house.pool, call.request.query
    rows = await pool.fetch(exam_store.SITTINGS_OF_STAFF, me.account_id, me.role, me.organisation_id, me.province)
    titles = {row["sitting_id"]: row["title"] for row in rows}
    wanted = _number(query.get("sitting", ""), 0)
    sittings = [sitting for sitting in titles if wanted in (0, sitting)]
    state = {"open": True, "closed": False}.get(query.get("state", ""))
    before = _number(query.get("before", ""), NEWEST)
    found = await pool.fetch(case_store.OF_SITTINGS, sittings, state, before, PAGE)
    lines = await _lines(call.house, found, titles)
    return CaseList(cases=lines, next=found[-1]["case_id"] if len(found) == PAGE else 0)


def _number(text: str, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 16:
        raise Invalid("wrong_shape")
    return int(text)


async def _lines(house: House, rows: list[Row], titles: dict[int, str]) -> list[CaseRow]:
    accounts = sorted({row["opened_by"] for row in rows if row["opened_by"]})
    names = {row["account_id"]: row["name"] for row in await house.pool.fetch(exam_store.ACCOUNT_NAMES, accounts)}
    lines = []
    for row in rows:
        owner = await house.registry.owner(row["attempt_id"])
        lines.append(
            CaseRow(
                case_id=row["case_id"],
                attempt_id=row["attempt_id"],
                sitting_id=row["sitting_id"],
                title=titles.get(row["sitting_id"], ""),
                name=owner.name,
                id_number=masked_number(owner.id_number),
                allegation=row["allegation"],
                phase=row["phase"],
                holds=row["holds"],
                opened_at=row["opened_at"],
                opened_by=names.get(row["opened_by"], ""),
                closed_at=row["closed_at"],
            )
        )
    return lines


@endpoints.add("GET", "/api/desk/cases/{case_id}", roles=CASE_READERS, answer=CaseView)
async def see_case(call: Call) -> CaseView:
    """One case with its evidence and history."""
    await _scoped(call)
    return await _view(call, call.path["case_id"])


async def _scoped(call: Call) -> Row:
    line = await casework.line_of(call.house, call.path["case_id"])
    try:
        await check_scope(call, line["sitting_id"])
    except NotFound as error:
        raise NotFound("no_such_case") from error
    return line


@endpoints.add("POST", "/api/desk/cases/{case_id}/evidence", roles=CASE_READERS, body=Attach, answer=CaseView)
async def attach_evidence(call: Call) -> CaseView:
    """Attach evidence."""
    line, asked = await _scoped(call), call.body
    assert isinstance(asked, Attach)
    keys, pictures = await _evidence(call, line["attempt_id"], asked.incident_ids, asked.pictures)
    command = cases.Attach(text=asked.text, incidents=keys, pictures=pictures)
    await casework.give(call.house, line["case_id"], command, by=call.me.account_id)
    await audit(call, call.me, "attach_evidence", f"case {line['case_id']}")
    return await _view(call, line["case_id"])


@endpoints.add("POST", "/api/desk/cases/{case_id}/decision", roles=DECIDERS, body=Decide, answer=CaseView)
async def decide_case(call: Call) -> CaseView:
    """Confirm or dismiss; never by who opened it."""
    line, asked = await _scoped(call), call.body
    assert isinstance(asked, Decide)
    command = cases.Decide(ruling=asked.verdict, reason=asked.reason, measure=asked.measure)
    await casework.give(call.house, line["case_id"], command, by=call.me.account_id)
    subject = f"case {line['case_id']}"
    await audit(call, call.me, "decide_case", subject, verdict=asked.verdict, measure=asked.measure)
    return await _view(call, line["case_id"])


@endpoints.add("POST", "/api/desk/cases/{case_id}/appeal-decision", roles=APPEALS, body=DecideAppeal, answer=CaseView)
async def decide_appeal(call: Call) -> CaseView:
    """Uphold or overturn; by neither of the two before."""
    line, asked = await _scoped(call), call.body
    assert isinstance(asked, DecideAppeal)
    command = cases.DecideAppeal(ruling=asked.verdict, reason=asked.reason)
    await casework.give(call.house, line["case_id"], command, by=call.me.account_id)
    await audit(call, call.me, "decide_appeal", f"case {line['case_id']}", verdict=asked.verdict)
    return await _view(call, line["case_id"])


async def _view(call: Call, case_id: int) -> CaseView:
    house = call.house
    loaded = await case_store.load(house.pool, case_id)
    line = await casework.line_of(house, case_id)
    assert loaded is not None, "a line has events"
    case, _, rows = loaded
    sitting = await house.registry.sitting(line["sitting_id"])
    (row,) = await _lines(house, [line], {line["sitting_id"]: sitting.title})
    keys = cases.every_incident(case)
    incidents = await house.pool.fetch(store.INCIDENTS, line["attempt_id"])
    photo = await house.pool.fetchrow(store.PHOTOS_OF, [line["person_id"]])
    can, why_not = _may(call, case)
    return CaseView(
        case=row,
        text=case.text,
        incidents=await incident_rows(house, [r for r in incidents if (r["rule"], r["ordinal"]) in keys]),
        pictures=cases.every_picture(case),
        photo="" if photo is None else photo["name"],
        reply=case.reply,
        decision=cases.ruling_of(case),
        reason=case.reason,
        measure=case.measure,
        appeal=case.appeal,
        appeal_reason=case.appeal_reason,
        reply_until=case.reply_until,
        appeal_until=case.appeal_until,
        can=can,
        why_not=why_not,
        events=await _events(house, rows),
    )


async def _events(house: House, rows: list[Row]) -> list[CaseEventRow]:
    accounts = sorted({row["by"] for row in rows if row["by"]})
    names = {row["account_id"]: row["name"] for row in await house.pool.fetch(exam_store.ACCOUNT_NAMES, accounts)}
    found = []
    for row in rows:
        event = cases.read_event(row["body"])
        kind = event.__struct_config__.tag
        assert isinstance(kind, str)
        found.append(
            CaseEventRow(
                version=row["version"],
                at=row["at"],
                kind=kind,
                by=names.get(row["by"], ""),
                event=Raw(row["body"].encode()),
            )
        )
    return found


def _may(call: Call, case: Case) -> tuple[list[str], str]:
    """What this account may do with the case now, and what stands in the way of its deciding."""
    can = ["attach"] if case.phase in (CasePhase.OPEN, CasePhase.NOTIFIED) else []
    appealed = case.phase is CasePhase.APPEALED
    why_not = _not_for(call.me, case, appealed=appealed)
    if why_not:
        return can, why_not
    if appealed:
        return ["decide_appeal"], ""
    can.append("dismiss")
    if case.phase is CasePhase.OPEN:
        return can, "not_notified"
    until = case.reply_until
    if case.phase is CasePhase.NOTIFIED and until is not None and call.house.clock.now() < until:
        return can, "reply_pending"
    return [*can, "confirm"], ""


def _not_for(me: Account, case: Case, *, appealed: bool) -> str:
    """Why this account never decides this case as it stands, or ""."""
    if case.phase not in cases.PENDING:
        return "closed"
    if me.role not in (APPEALS if appealed else DECIDERS):
        return "wrong_role"
    if me.account_id in (case.opened_by, case.reporter):
        return "own_case"
    return "own_decision" if appealed and me.account_id == case.decided_by else ""
