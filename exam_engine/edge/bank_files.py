"""Files of items at the desk: read and reported before anything is written, and written again."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import web

from exam_engine import item_imports
from exam_engine.authoring import By
from exam_engine.edge.accounts import audit
from exam_engine.edge.bank_desk import AUTHOR, by, pool_of, scope_of
from exam_engine.edge.bank_finding import query, wanted_of
from exam_engine.edge.bank_shapes import BankImport, BankImports, ConfirmImport, ExportReport, LeftOut
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.photos import ENROLMENT
from exam_engine.errors import Invalid, NotFound, Refused, TooLarge
from exam_engine.journal import DATABASE_AWAY
from exam_engine.store import Row
from question_bank import finding_store
from question_bank import imports_store as store
from question_bank.finding_store import BadFilter, Filter
from question_bank.formats import READERS
from question_bank.formats.reading import FILE_BYTES_MAX
from question_bank.formats.writing import WRITERS, Writing, write
from question_bank.holdings_store import held_by_id
from question_bank.item import Item

IMPORT_ID: Final = re.compile(r"[0-9a-f]{16}")
UPLOAD_S_MAX: Final = 600
UPLOADS_MAX, UPLOADS_S = 60, 3_600
EXPORTS_MAX, EXPORTS_S = 60, 3_600
EXPORTED_MAX: Final = 50_000
NAME_LENGTH_MAX: Final = 200

log = structlog.get_logger()
endpoints = Endpoints()


# --- in --------------------------------------------------------------------------------------------------------------


@endpoints.add(
    "POST",
    "/api/bank/imports",
    roles=AUTHOR,
    answer=BankImport,
    query=("pool", "name", "format"),
    stream=True,
    media="application/octet-stream",
)
async def upload_items(call: Call) -> BankImport:
    """Upload a file; it is read and reported, nothing is written yet."""
    pool, name, kind = (await pool_of(call, query(call, "pool")))["pool"], query(call, "name"), query(call, "format")
    if kind and kind not in READERS:
        raise Invalid("no_such_format")
    if (call.request.content_length or 0) > FILE_BYTES_MAX:
        raise TooLarge("body_too_large", limit=FILE_BYTES_MAX)
    await call.house.throttle.take(f"bank-imports:{call.me.account_id}", UPLOADS_MAX, UPLOADS_S)
    places = call.request.app[ENROLMENT]
    with places.place() as stack:
        try:
            async with asyncio.timeout(UPLOAD_S_MAX):
                file, size = await places.receive(stack, _pieces(call.request))
        except (TimeoutError, web.RequestPayloadError) as error:
            raise Invalid("body_broken") from error
        import_id, who = places.new_id(), by(call)
        await item_imports.begin(call.house, import_id, pool, name[:NAME_LENGTH_MAX], who)
        await audit(call, call.me, "item_import_read", f"import {import_id}", pool=pool, name=name, bytes=size)
        kept = stack.pop_all()

        async def work() -> None:
            with kept:
                await item_imports.read_file(call.house, import_id, pool, name, kind, file)

        call.house.later(work())
    return await _import(call, import_id)


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > FILE_BYTES_MAX:
            raise TooLarge("body_too_large", limit=FILE_BYTES_MAX)
        yield piece


@endpoints.add("GET", "/api/bank/imports", roles=AUTHOR, answer=BankImports)
async def see_item_imports(call: Call) -> BankImports:
    """The caller's last uploads."""
    rows = await call.house.pool.fetch(store.LAST, call.me.account_id)
    return BankImports(imports=[_shown(call, row) for row in rows])


@endpoints.add("GET", "/api/bank/imports/{job}", roles=AUTHOR, answer=BankImport)
async def see_item_import(call: Call) -> BankImport:
    """How far an import is, with its report."""
    return await _import(call, _id(call))


def _id(call: Call) -> str:
    import_id = call.request.match_info["job"]
    if not IMPORT_ID.fullmatch(import_id):
        raise NotFound("no_such_import")
    return import_id


async def _row(call: Call, import_id: str) -> Row:
    row = await call.house.pool.fetchrow(store.ONE, import_id, call.me.account_id)
    if row is None:
        raise NotFound("no_such_import")
    return row


async def _import(call: Call, import_id: str) -> BankImport:
    return _shown(call, await _row(call, import_id))


def _shown(call: Call, row: Row) -> BankImport:
    return BankImport(
        import_id=row["import_id"],
        pool=row["pool"],
        name=row["name"],
        format=row["format"],
        state=item_imports.state_of(row, call.house.clock.now()),
        problem=row["problem"],
        done=row["done"],
        made_at=row["made_at"],
        by=row["by_name"],
        **item_imports.report_of(row),
    )


@endpoints.add("POST", "/api/bank/imports/{job}/confirm", roles=AUTHOR, body=ConfirmImport, answer=BankImport)
async def confirm_import(call: Call) -> BankImport:
    """Bring the good items in, as drafts."""
    asked = call.body
    assert isinstance(asked, ConfirmImport)
    row = await _row(call, _id(call))
    await pool_of(call, row["pool"])  # his organisation may have changed since
    report = item_imports.report_of(row)
    if (report["refused_count"] or report["blocked"]) and not asked.keep_good:
        raise Refused("rows_refused", refused=report["refused_count"], blocked=report["blocked"])
    items = await item_imports.take(call.house, row["import_id"], call.me.account_id)
    call.house.later(_write(call, row, items, by(call)))
    return await _import(call, row["import_id"])


async def _write(call: Call, row: Row, items: list[Item], who: By) -> None:
    parts = await item_imports.write(call.house, row["import_id"], row["pool"], items, who)
    if parts is None:
        return
    facts = {"pool": row["pool"], "new": len(parts.new), "changed": len(parts.changed), "blocked": len(parts.blocked)}
    try:
        await audit(call, call.me, "items_imported", f"import {row['import_id']}", runner=None, **facts)
    except DATABASE_AWAY as error:
        log.warning("item_import_end_unnoted", reason=type(error).__name__, **facts)


@endpoints.add("DELETE", "/api/bank/imports/{job}", roles=AUTHOR, answer=BankImport)
async def drop_import(call: Call) -> BankImport:
    """Forget an upload that was not confirmed."""
    import_id = _id(call)
    await _row(call, import_id)
    now = call.house.clock.now()
    if await call.house.pool.fetchval(store.DROP, import_id, call.me.account_id, now) is None:
        raise Refused("not_read")
    return await _import(call, import_id)


# --- out -------------------------------------------------------------------------------------------------------------


@endpoints.add(
    "GET",
    "/api/bank/export/check",
    roles=AUTHOR,
    answer=ExportReport,
    query=("format", *Filter.__struct_fields__),
)
async def check_export(call: Call) -> ExportReport:
    """What a file of this format would hold and lose."""
    kind, found, writing = await _written(call)
    return ExportReport(
        format=kind,
        file_name=_file_name(call, kind),
        found=found,
        written=writing.written,
        left=[LeftOut(item=each.item, code=each.code, reason=each.reason) for each in writing.left[:1_000]],
        lost=list(writing.lost),
    )


@endpoints.add(
    "GET",
    "/api/bank/export",
    roles=AUTHOR,
    query=("format", *Filter.__struct_fields__),
    media="application/octet-stream",
)
async def export_items(call: Call) -> web.Response:
    """The found items as a file of this format; what it can't hold is left out (see the check)."""
    kind, found, writing = await _written(call)
    if not writing.written:
        raise Refused("nothing_to_export", found=found)
    name = _file_name(call, kind)
    pool = query(call, "pool")
    facts = {"format": kind, "items": writing.written, "left": len(writing.left)}
    await audit(call, call.me, "items_exported", f"pool {pool}", runner=None, **facts)
    ascii_name = f"items.{WRITERS[kind].suffix}"
    headers = {
        "Content-Disposition": f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
        "X-Items-Left": str(len(writing.left)),
    }
    return web.Response(body=writing.data, content_type="application/octet-stream", headers=headers)


def _file_name(call: Call, kind: str) -> str:
    day = call.house.clock.now().strftime("%Y%m%d")
    return f"{query(call, 'pool')}-{day}.{WRITERS[kind].suffix}"


async def _written(call: Call) -> tuple[str, int, Writing]:
    """The format, how many items were found, and the file of those it holds."""
    kind, wanted = query(call, "format"), wanted_of(call)
    if kind not in WRITERS:
        raise Invalid("no_such_format")
    await pool_of(call, wanted.pool)
    await call.house.throttle.take(f"bank-exports:{call.me.account_id}", EXPORTS_MAX, EXPORTS_S)
    try:
        sql, values = finding_store.ids(call.me.person_id, await scope_of(call), wanted, EXPORTED_MAX + 1)
    except BadFilter as bad:
        raise Invalid(str(bad)) from bad
    ids = [row["item_id"] for row in await call.house.pool.fetch(sql, *values)]
    if len(ids) > EXPORTED_MAX:
        raise Refused("too_many_items", max=EXPORTED_MAX)
    items = await held_by_id(call.house.pool, ids)
    return kind, len(ids), await asyncio.to_thread(write, kind, items)
