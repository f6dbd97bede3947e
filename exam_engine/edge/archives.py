"""归档备案: a cycle's results of a province, closed for good and kept as one file."""

import asyncio
import json
from typing import Final

from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import province_of
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.result_desks import by_staff, cycle_of
from exam_engine.edge.result_shapes import ArchivedCycle, ArchiveNow, ArchiveView, FinalCount, OpenMatter
from exam_engine.errors import NotFound, Refused
from exam_engine.results import archive, exporting
from exam_engine.store import Row

ARCHIVERS: Final = frozenset({"province", "nation"})

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/archives", roles=ARCHIVERS, answer=ArchiveView, query=("cycle", "province"))
async def see_archive(call: Call) -> ArchiveView:
    """What is open of a cycle, and what was archived."""
    return await _view(call, None, province_of(call, call.request.query.get("province")))


async def _view(call: Call, number: int | None, province: str) -> ArchiveView:
    pool, now, cycle = call.house.pool, call.house.clock.now(), await cycle_of(call, number)
    return ArchiveView(
        cycle=cycle,
        province=province,
        counts=[FinalCount(**dict(row)) for row in await pool.fetch(archive.COUNTS, cycle.cycle, province)],
        open=[
            OpenMatter(what=each.what, count=each.count, names=each.names)
            for each in await archive.open_matters(pool, cycle.cycle, province, now)
        ],
        archived=[_archived(row) for row in await pool.fetch(archive.ARCHIVES, cycle.cycle, province)],
    )


def _archived(row: Row) -> ArchivedCycle:
    counts = [FinalCount(**each) for each in json.loads(row["counts"])]
    return ArchivedCycle(**dict(row) | {"counts": counts})


@endpoints.add("POST", "/api/desk/archives", roles=ARCHIVERS, body=ArchiveNow, answer=ArchiveView)
async def archive_cycle(call: Call) -> ArchiveView:
    """归档备案: archive a cycle's results of a province; refused while anything is open."""
    asked: ArchiveNow = call.body
    province, cycle, now = province_of(call, asked.province), await cycle_of(call, asked.cycle), call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(archive.LOCK, cycle.cycle * 100 + int(province))
        if await connection.fetch(archive.ARCHIVES, cycle.cycle, province):
            raise Refused("archived")
        matters = await archive.open_matters(connection, cycle.cycle, province, now)
        if matters:
            first = matters[0]
            raise Refused("matters_open", what=first.what, count=sum(each.count for each in matters))
        done = await archive.archive(connection, cycle.cycle, province, by_staff(call), now)
        if done is None:
            raise Refused("archived")
        facts = {"province": province, "archive": done[0], "root": done[1], "results": done[2]}
        await audit(call, call.me, "cycle_archived", f"cycle {cycle.cycle}", runner=connection, **facts)
    return await _view(call, cycle.cycle, province)


@endpoints.add("GET", "/api/desk/archives/{archive_id}/file", roles=ARCHIVERS, media="application/zip")
async def archive_file(call: Call) -> web.StreamResponse:
    """The archive as a ZIP: spreadsheet, JSON lines and a manifest with their digests."""
    pool, me = call.house.pool, call.me
    row = await pool.fetchrow(archive.ARCHIVE, call.path["archive_id"])
    if row is None or (me.role == "province" and row["province"] != me.province):
        raise NotFound("no_such_archive")
    whole = me.role == "province"  # whose physicians they are
    rows = await pool.fetch(archive.LINES, row["cycle"], row["province"])
    data = await asyncio.to_thread(lambda: archive.packed(rows, row, whole=whole))
    await audit(call, me, "archive_taken", f"archive {row['archive_id']}", numbers="full" if whole else "masked")
    return exporting.attachment(data, f"archive-{row['cycle']}-{row['province']}.zip")
