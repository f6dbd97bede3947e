"""Making sittings: a draft, announced to those it is for, changed until somebody has entered."""

from typing import Final

from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.paper_shapes import (
    BlueprintAtVersion,
    NewSitting,
    SaveSitting,
    SittingChoices,
    SittingDetail,
    SittingPage,
)
from exam_engine.errors import Unavailable

MAKERS: Final = frozenset({"agency", "province", "nation"})

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings/made", roles=MAKERS, answer=SittingPage, query=("cycle",))
async def see_sittings(call: Call) -> SittingPage:
    """The sittings of the scope with what was decided of them."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("GET", "/api/desk/sittings/choices", roles=MAKERS, answer=SittingChoices)
async def see_choices(call: Call) -> SittingChoices:
    """What a new sitting may be made of."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("POST", "/api/desk/sittings", roles=MAKERS, body=NewSitting, answer=SittingDetail)
async def add_sitting(call: Call) -> SittingDetail:
    """Make a sitting; a draft, until it is announced."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}", roles=MAKERS, answer=SittingDetail)
async def see_sitting(call: Call) -> SittingDetail:
    """One sitting with its policy and blueprint."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("PUT", "/api/desk/sittings/{sitting_id}", roles=MAKERS, body=SaveSitting, answer=SittingDetail)
async def save_sitting(call: Call) -> SittingDetail:
    """Change a sitting nobody has entered."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add(
    "POST", "/api/desk/sittings/{sitting_id}/announce", roles=MAKERS, body=BlueprintAtVersion, answer=SittingDetail
)
async def announce_sitting(call: Call) -> SittingDetail:
    """Announce a draft: those it is for may sit it."""
    raise Unavailable("try_again", retry_after_s=60)


@endpoints.add("DELETE", "/api/desk/sittings/{sitting_id}", roles=MAKERS, answer=SittingPage)
async def delete_sitting(call: Call) -> SittingPage:
    """Delete a sitting nobody is entitled to."""
    raise Unavailable("try_again", retry_after_s=60)
