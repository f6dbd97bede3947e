"""Figures, exports and the audit log, for provinces, the nation and auditors."""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Any, Final

import asyncpg
import msgspec
import structlog
from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import PAGE, before, like, scope_of, sought
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.review_shapes import AuditPage, AuditRow, DayCount, InstitutionCount, Statistics
from exam_engine.errors import Invalid
from exam_engine.house import House
from exam_engine.registration import figures_store as store
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.exporting import PROVINCES, STATES, SUBJECTS, Book, cells
from exam_engine.registration.figures import STEPS, by_place
from exam_engine.registration.phone import masked_phone
from exam_engine.registration.province_store import current_cycle
from exam_engine.store import Account, Row

COUNTERS: Final = frozenset({"institution", "agency", "province", "nation"})
AUDITORS: Final = frozenset({"auditor", "province", "nation"})
KEEP: Final = timedelta(seconds=10)
OLD: Final = timedelta(minutes=30)  # figures older than this are shown to nobody
PATIENCE_S: Final = 0.3  # so long a request waits for new figures where there are others that are not old
COUNTS_MAX: Final = 2  # at a time: a morning on which every province looks takes no connection from anybody
SCOPES_MAX: Final = 1_000  # kept in memory
EXPORTS_MAX, EXPORTS_S = 30, 3_600
BATCH: Final = 500  # rows a thread writes at a time: a few milliseconds
CHUNK_BYTES: Final = 256 * 1024
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EVENTS: Final = {"submit": "submitted", "approve": "approved", "return": "returned"}
# Numbers that say who somebody is, in what was put on record: a login that is a phone, an ID number.
PERSONAL: Final = re.compile(r"(?<![0-9])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9X])(?![0-9])")

Scope = tuple[str, int | str | None]
Happened = tuple[date, str, int]  # what of moves happened how often on a day
log = structlog.get_logger()
endpoints = Endpoints()


# --- figures -----------------------------------------------------------------------------------------------------


class Figures:
    """Statistics by scope, kept for a moment: everybody who looks at the same time gets the same.

    Counting a province takes seconds, so nobody waits for it who can be shown how it was a little before: figures say
    when they were counted (`at`).
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: dict[Scope, Statistics] = {}
        self._counting: dict[Scope, asyncio.Task[Statistics]] = {}
        self._past: dict[Scope, tuple[date, list[Happened]]] = {}
        self._turns = asyncio.Semaphore(COUNTS_MAX)
        self.exporting = asyncio.Lock()  # one at a time: it keeps a core busy

    async def of(self, scope: Scope) -> Statistics:
        """How far everybody of this scope is."""
        now, kept = self._house.clock.now(), self._kept.get(scope)
        if kept is not None and now - kept.at < KEEP:
            return kept
        counting = self._counting.get(scope) or self._begin(scope)
        if kept is not None and now - kept.at < OLD:
            done, _ = await asyncio.wait({counting}, timeout=PATIENCE_S)
            if not done:
                return kept
        return await asyncio.shield(counting)  # others wait for it too

    def _begin(self, scope: Scope) -> asyncio.Task[Statistics]:
        task = asyncio.create_task(self._count(scope))
        self._counting[scope] = task
        self._house.jobs.add(task)
        task.add_done_callback(lambda ended: self._end(scope, ended))
        return task

    def _end(self, scope: Scope, ended: asyncio.Task[Statistics]) -> None:
        self._house.jobs.discard(ended)
        del self._counting[scope]
        if not ended.cancelled() and (error := ended.exception()) is not None:
            log.warning("figures_not_counted", scope=scope, reason=type(error).__name__)

    async def _count(self, scope: Scope) -> Statistics:
        async with self._turns:
            counted = await self._counted(scope, self._house.clock.now())
        if len(self._kept) >= SCOPES_MAX:
            self._kept.clear()
            self._past.clear()
        self._kept[scope] = counted
        return counted

    async def _counted(self, scope: Scope, now: datetime) -> Statistics:
        role, limit = scope
        pool, limits = self._house.pool, () if role == "nation" else (limit,)
        cycle = await current_cycle(pool)
        places = by_place([tuple(row) for row in await pool.fetch(store.STEPS[role], cycle.cycle, *limits)])
        rows = await (_provinces if role == "nation" else _institutions)(self._house, places)
        steps: Counter[str] = sum(places.values(), Counter())
        days = await self._days(scope, now.astimezone(SHANGHAI).date())
        return Statistics(at=now, total=steps.total(), steps=_in_order(steps), days=days, institutions=rows)

    async def _days(self, scope: Scope, today: date) -> list[DayCount]:
        """What happened on each day. Those before yesterday are counted once a day: nothing is added to them."""
        first, recent = today - timedelta(days=store.DAYS - 1), today - timedelta(days=1)
        counted_on, past = self._past.get(scope, (None, []))
        if counted_on != today:
            past = await self._happened(scope, first, recent)
            self._past[scope] = today, past
        return day_counts([*past, *await self._happened(scope, recent, date.max)], first, today)

    async def _happened(self, scope: Scope, since: date, until: date) -> list[Happened]:
        role, limit = scope
        ends = [datetime.combine(day, time(), SHANGHAI) for day in (since, until)]
        rows = await self._house.pool.fetch(store.DAYS_OF[role], *ends, *(() if role == "nation" else (limit,)))
        return [(row["day"], row["event"], row["number"]) for row in rows]


FIGURES: Final = web.AppKey("figures", Figures)


def whose(me: Account) -> Scope:
    """The role and what limits its rows: an organisation, a province, or for the nation nothing."""
    limits = {"institution": me.organisation_id, "agency": me.organisation_id, "province": me.province}
    return me.role, limits.get(me.role)


@endpoints.add("GET", "/api/desk/statistics", roles=COUNTERS, answer=Statistics)
async def see_statistics(call: Call) -> Statistics:
    """How far everybody is, by institution and step."""
    return await call.request.app[FIGURES].of(whose(call.me))


async def _institutions(house: House, places: dict[object, Counter[str]]) -> list[InstitutionCount]:
    rows = await house.pool.fetch(store.INSTITUTIONS, list(places))
    return [_line(row["organisation_id"], row["name"], row["agency"], places[row["organisation_id"]]) for row in rows]


async def _provinces(house: House, places: dict[object, Counter[str]]) -> list[InstitutionCount]:
    """A line for each province, with its own office in the place of the agency."""
    offices = {row["province"]: row for row in await house.pool.fetch(store.OFFICES)}
    lines = []
    for code in sorted(str(place) for place in places):
        office = offices.get(code)
        number, name = (office["organisation_id"], office["name"]) if office else (0, "")
        lines.append(_line(number, PROVINCES.get(code, code), name, places[code]))
    return lines


def _line(number: int, name: str, agency: str, steps: Counter[str]) -> InstitutionCount:
    return InstitutionCount(
        organisation_id=number, name=name, agency=agency, total=steps.total(), steps=_in_order(steps)
    )


def _in_order(steps: Counter[str]) -> dict[str, int]:
    return {step: steps[step] for step in STEPS if steps[step]}


def day_counts(rows: Sequence[Happened], first: date, last: date) -> list[DayCount]:
    """Every day from first to last, also those on which nothing happened."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    counts = {day: dict.fromkeys(EVENTS.values(), 0) for day in days}
    for day, event, number in rows:
        if day in counts:
            counts[day][EVENTS[event]] += number
    return [DayCount(day=day, **numbers) for day, numbers in counts.items()]


# --- export ------------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/export", roles=COUNTERS, query=("subject", "state"), media=XLSX)
async def export_files(call: Call) -> web.StreamResponse:
    """The files of the caller's scope as a spreadsheet."""
    me, query = call.me, call.request.query
    subject, state = query.get("subject", ""), query.get("state", "")
    if (subject and subject not in SUBJECTS) or (state and state not in STATES):
        raise Invalid("wrong_shape")
    await call.house.throttle.take(f"export:{me.account_id}", EXPORTS_MAX, EXPORTS_S)
    cycle = (await current_cycle(call.house.pool)).cycle
    with tempfile.TemporaryFile() as file:
        async with call.request.app[FIGURES].exporting:
            rows = await _write(call.house, file, (cycle, subject, state), whose(me))
        await audit(call, me, "files_exported", f"cycle {cycle}", of=subject, state=state, rows=rows)
        return await _send(call.request, file, f"files-{cycle}.xlsx")


async def _write(house: House, file: IO[bytes], asked: tuple[int, str, str], scope: Scope) -> int:
    """Write what was asked for into `file`; how many rows there were."""
    role, limit = scope
    limits = () if role == "nation" else (limit,)
    book = Book()
    try:
        async for batch in _batches(house.pool, store.LINES[role], *asked, *limits):
            await asyncio.to_thread(book.add, [cells(_masked(row)) for row in batch])
        await asyncio.to_thread(book.save, file)
    finally:
        book.discard()
    return book.rows


async def _batches(
    pool: "asyncpg.Pool[asyncpg.Record]", query: str, *arguments: object
) -> AsyncIterator[Sequence[Row]]:
    async with pool.acquire() as connection, connection.transaction():
        cursor = await connection.cursor(query, *arguments)
        while batch := await cursor.fetch(BATCH):
            yield batch


def _masked(row: Row) -> dict[str, Any]:
    return dict(row) | {"id_number": masked_number(row["id_number"])}


async def _send(request: web.Request, file: IO[bytes], name: str) -> web.StreamResponse:
    """The file piece by piece; it is never whole in memory."""
    answer = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    answer.content_type = XLSX
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.content_length = file.seek(0, 2)
    file.seek(0)
    await answer.prepare(request)
    while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
        await answer.write(piece)
    await answer.write_eof()
    return answer


# --- the audit log -----------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/audit", roles=AUDITORS, answer=AuditPage, query=("q", "before"))
async def see_audit(call: Call) -> AuditPage:
    """What was decided, by whom, the newest first."""
    pool, province, text = call.house.pool, scope_of(call), sought(call)
    limits: list[object] = [before(call), PAGE + 1] if province is None else [before(call), PAGE + 1, province]
    if text:
        named = [row["account_id"] for row in await pool.fetch(store.ACCOUNTS_NAMED, like(text))]
        query = store.RECORDS_SOUGHT if province is None else store.RECORDS_SOUGHT_OF_PROVINCE
        rows = await pool.fetch(query, *limits, text, like(text), named)
    else:
        rows = await pool.fetch(store.RECORDS if province is None else store.RECORDS_OF_PROVINCE, *limits)
    page = [_record(row) for row in rows[:PAGE]]
    return AuditPage(rows=page, next=page[-1].audit_id if len(rows) > PAGE else None)


def _record(row: Row) -> AuditRow:
    facts = msgspec.json.decode(row["facts"])
    return AuditRow(**dict(row) | {"subject": without_numbers(row["subject"]), "facts": without_numbers(facts)})


def without_numbers(value: Any) -> Any:
    """Texts, and those in lists and objects, with phones and ID numbers masked as in every list (domain.md P-4)."""
    if isinstance(value, str):
        return PERSONAL.sub(lambda found: _mask(found.group()), value)
    if isinstance(value, list):
        return [without_numbers(each) for each in value]
    if isinstance(value, dict):
        return {name: without_numbers(each) for name, each in value.items()}
    return value


def _mask(number: str) -> str:
    return masked_phone(number) if len(number) == 11 else masked_number(number)
