"""Plans of a sitting's papers at the desks: make one, look at its certificate, approve it."""

from typing import Final

from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.paper_shapes import ApprovePlan, MakePlan, PlanDetail, PlanList, PlanRow
from exam_engine.errors import Unavailable

PLANNERS: Final = frozenset({"agency", "province", "nation"})

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/plans", roles=PLANNERS, answer=PlanList)
async def see_plans(call: Call) -> PlanList:
    """The plans of a sitting's papers, the newest first."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/plans", roles=PLANNERS, body=MakePlan, answer=PlanRow)
async def make_plan(call: Call) -> PlanRow:
    """Begin to make a plan; it goes on after this answer."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("GET", "/api/desk/plans/{plan_id}", roles=PLANNERS, answer=PlanDetail)
async def see_plan(call: Call) -> PlanDetail:
    """One plan and its certificate."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("GET", "/api/desk/plans/{plan_id}/certificate.html", roles=PLANNERS, media="text/html")
async def see_certificate(call: Call) -> PlanDetail:
    """The certificate as a page that stands alone, to keep or print."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("POST", "/api/desk/plans/{plan_id}/approve", roles=PLANNERS, body=ApprovePlan, answer=PlanDetail)
async def approve_plan(call: Call) -> PlanDetail:
    """Put a plan in force."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("DELETE", "/api/desk/plans/{plan_id}", roles=PLANNERS, answer=PlanList)
async def drop_plan(call: Call) -> PlanList:
    """Drop a plan that is not in force."""
    raise Unavailable("try_again", retry_after_s=60)
