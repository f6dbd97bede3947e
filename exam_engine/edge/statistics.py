"""Figures, exports, imports of records, and the audit log, for provinces, the nation and auditors."""

from typing import Final

from aiohttp import web

from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.review_shapes import AuditPage, ImportReport, Statistics
from exam_engine.errors import Unavailable

COUNTERS: Final = frozenset({"institution", "agency", "province", "nation"})
DECIDERS: Final = frozenset({"province", "nation"})
AUDITORS: Final = frozenset({"auditor", "province", "nation"})
SHEET_BYTES_MAX: Final = 200 * 1024 * 1024

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/statistics", roles=COUNTERS, answer=Statistics)
async def see_statistics(call: Call) -> Statistics:
    """How far everybody is, by institution and step."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/export", roles=COUNTERS, query=("subject", "state"), media="application/octet-stream")
async def export_files(call: Call) -> web.Response:
    """The files of the caller's scope as a spreadsheet."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add(
    "POST",
    "/api/desk/registry",
    roles=DECIDERS,
    body=bytes,
    answer=ImportReport,
    media="application/octet-stream",
    bytes_max=SHEET_BYTES_MAX,
)
async def import_registry(call: Call) -> ImportReport:
    """Import a snapshot of the electronic registration (XLSX or CSV)."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add(
    "POST",
    "/api/desk/conduct",
    roles=DECIDERS,
    body=bytes,
    answer=ImportReport,
    media="application/octet-stream",
    bytes_max=SHEET_BYTES_MAX,
)
async def import_conduct(call: Call) -> ImportReport:
    """Import penalties, accidents and awards (XLSX or CSV)."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/audit", roles=AUDITORS, answer=AuditPage, query=("q", "before"))
async def see_audit(call: Call) -> AuditPage:
    """What was decided, by whom, the newest first."""
    raise Unavailable("try_again", retry_after_s=5)
