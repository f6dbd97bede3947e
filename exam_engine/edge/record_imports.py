"""Records of the authorities, imported by provinces and the nation: the registry snapshot and conduct records.

A national snapshot has hundreds of thousands of rows: what comes in goes to a file without a name first, and is read in
a thread, so that exams on this process go on. The answer comes when everything is in; until then nothing is.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import BinaryIO, Final

import msgspec
from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import DECIDERS, scope_of
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.photos import ENROLMENT
from exam_engine.edge.review_shapes import ImportReport
from exam_engine.errors import Invalid, TooLarge
from exam_engine.registration import conduct_import, registry_import
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.registry_import import RegistryImport
from exam_engine.registration.sheet_lines import BadSheet
from exam_engine.registration.sheets import Column, Report, Sheet
from exam_engine.store import Runner

SHEET_BYTES_MAX: Final = 200 * 1024 * 1024
UPLOAD_S_MAX: Final = 1_800
UPLOADS_MAX, UPLOADS_S = 30, 3_600

Work = Callable[[Runner, Sheet, str | None, date], Awaitable[Report]]

endpoints = Endpoints()


@endpoints.add(
    "POST", "/api/desk/registry", roles=DECIDERS, stream=True, answer=ImportReport, media="application/octet-stream"
)
async def import_registry(call: Call) -> ImportReport:
    """Import a snapshot of the electronic registration (XLSX or CSV)."""
    return await _import(call, "registry_imported", registry_import.COLUMNS, registry_import.ROWS_MAX, _registry)


async def _registry(runner: Runner, sheet: Sheet, province: str | None, today: date) -> Report:
    return await RegistryImport(sheet, province, today).run(runner)


@endpoints.add(
    "POST", "/api/desk/conduct", roles=DECIDERS, stream=True, answer=ImportReport, media="application/octet-stream"
)
async def import_conduct(call: Call) -> ImportReport:
    """Import penalties, accidents and awards (XLSX or CSV)."""
    work = conduct_import.import_conduct
    return await _import(call, "conduct_imported", conduct_import.COLUMNS, conduct_import.ROWS_MAX, work)


async def _import(call: Call, act: str, columns: tuple[Column, ...], rows_max: int, work: Work) -> ImportReport:
    province, today = scope_of(call), call.house.clock.now().astimezone(SHANGHAI).date()
    if (call.request.content_length or 0) > SHEET_BYTES_MAX:
        raise TooLarge("body_too_large", limit=SHEET_BYTES_MAX)
    await call.house.throttle.take(f"records:{call.me.account_id}", UPLOADS_MAX, UPLOADS_S)
    with call.request.app[ENROLMENT].place() as stack:
        file = await _received(call.request.app[ENROLMENT].receive(stack, _pieces(call.request)))
        try:
            sheet = await asyncio.to_thread(Sheet, file, columns, rows_max)
            async with call.house.pool.acquire() as connection, connection.transaction():
                report = await work(connection, sheet, province, today)
                counts = {name: getattr(report, name) for name in ("total", "added", "changed", "same", "wrong")}
                await audit(call, call.me, act, f"province {province or 'all'}", runner=connection, **counts)
        except BadSheet as error:
            raise Invalid(error.code, **error.facts) from error
    return msgspec.convert(msgspec.to_builtins(report), ImportReport)


async def _received(upload: Awaitable[tuple[BinaryIO, int]]) -> BinaryIO:
    """The upload as a file; raises Invalid for one that breaks off or never ends."""
    try:
        async with asyncio.timeout(UPLOAD_S_MAX):
            return (await upload)[0]
    except (TimeoutError, web.RequestPayloadError) as error:
        raise Invalid("body_broken") from error


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > SHEET_BYTES_MAX:
            raise TooLarge("body_too_large", limit=SHEET_BYTES_MAX)
        yield piece
