"""The desks of 卫生机构审核 and 考核机构复核: queue, file, decision."""

from typing import Final

from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.review_shapes import (
    ApprovedMany,
    ApproveMany,
    DecideReview,
    Decided,
    ReviewCounts,
    ReviewDetail,
    ReviewPage,
    Undo,
)
from exam_engine.errors import Unavailable

REVIEWERS: Final = frozenset({"institution", "agency", "province"})
SEERS: Final = REVIEWERS | {"nation"}
REOPENERS: Final = frozenset({"province"})
CLOSERS: Final = frozenset({"institution", "province"})

endpoints = Endpoints()


@endpoints.add(
    "GET",
    "/api/desk/reviews",
    roles=SEERS,
    answer=ReviewPage,
    query=("subject", "state", "q", "category", "department", "procedure", "flag", "mine", "after"),
)
async def review_queue(call: Call) -> ReviewPage:
    """Files of the caller's scope, page by page."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/reviews/counts", roles=SEERS, answer=ReviewCounts)
async def count_reviews(call: Call) -> ReviewCounts:
    """How many files are in which state."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/open", roles=SEERS, answer=ReviewDetail)
async def open_review(call: Call) -> ReviewDetail:
    """One file whole; opening it is on record."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/decide", roles=REVIEWERS, body=DecideReview, answer=Decided)
async def decide_review(call: Call) -> Decided:
    """通过, 退回 or 不通过."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/undo", roles=REVIEWERS, body=Undo, answer=Decided)
async def undo_review(call: Call) -> Decided:
    """Take one's own last act back, before the next level has opened it."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/reopen", roles=REOPENERS, body=Undo, answer=Decided)
async def reopen_review(call: Call) -> Decided:
    """Open again what an agency has passed or refused, with a reason."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/close", roles=CLOSERS, body=Undo, answer=Decided)
async def close_review(call: Call) -> Decided:
    """Close the file of who left the profession or died."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/reviews/approve", roles=REVIEWERS, body=ApproveMany, answer=ApprovedMany)
async def approve_many(call: Call) -> ApprovedMany:
    """Approve profiles without flags together."""
    raise Unavailable("try_again", retry_after_s=5)
