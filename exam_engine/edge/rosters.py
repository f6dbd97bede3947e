"""定考账号 as institutions keep them: made, imported, reset, moved."""

from typing import Final

from aiohttp import web

from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.review_shapes import (
    AddAssessment,
    AssessmentPage,
    AssessmentRow,
    ImportReport,
    Transfer,
    WithReason,
)
from exam_engine.errors import Unavailable

KEEPERS: Final = frozenset({"institution", "province"})
SHEET_BYTES_MAX: Final = 10 * 1024 * 1024

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/physicians", roles=KEEPERS, answer=AssessmentPage, query=("q", "state", "before"))
async def see_physicians(call: Call) -> AssessmentPage:
    """Assessment accounts of the caller's scope."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/physicians", roles=KEEPERS, body=AddAssessment, answer=AssessmentRow)
async def add_physician(call: Call) -> AssessmentRow:
    """Make an assessment account."""
    raise Unavailable("try_again", retry_after_s=5)


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
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/physicians/template", roles=KEEPERS, media="application/octet-stream")
async def physicians_template(call: Call) -> web.Response:
    """The empty spreadsheet for the import."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add(
    "POST", "/api/desk/physicians/{assessment_id}/reset", roles=KEEPERS, body=WithReason, answer=AssessmentRow
)
async def reset_physician(call: Call) -> AssessmentRow:
    """Reset an assessment account to the initial password; whoever was bound is not any more."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add(
    "POST", "/api/desk/physicians/{assessment_id}/transfer", roles=KEEPERS, body=Transfer, answer=AssessmentRow
)
async def transfer_physician(call: Call) -> AssessmentRow:
    """Move a physician to another institution."""
    raise Unavailable("try_again", retry_after_s=5)
