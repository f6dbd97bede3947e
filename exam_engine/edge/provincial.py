"""What provinces and the nation decide: cycles, windows, policies, notices, organisations, people."""

from typing import Final

from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.review_shapes import (
    AddOrganisation,
    AddStaff,
    AppAccounts,
    AssignAgency,
    ChangeOrganisation,
    Cycles,
    CycleView,
    Enable,
    MoveWindow,
    NoticeRow,
    Notices,
    Organisation,
    Organisations,
    PolicyView,
    PublishNotice,
    SetPolicy,
    SittingWindow,
    StaffAdded,
    StaffRow,
    StaffRows,
    WithReason,
)
from exam_engine.edge.shapes import Done
from exam_engine.errors import Unavailable

DECIDERS: Final = frozenset({"province", "nation"})
NATION: Final = frozenset({"nation"})

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/cycles", roles=DECIDERS, answer=Cycles)
async def see_cycles(call: Call) -> Cycles:
    """The cycles, the newest first."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/cycles", roles=NATION, body=CycleView, answer=Cycles)
async def open_cycle(call: Call) -> Cycles:
    """Open a cycle."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/policies/{cycle_id}", roles=DECIDERS, answer=PolicyView, query=("province",))
async def see_policy(call: Call) -> PolicyView:
    """What a province decided for a cycle, and its exams' windows."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("PUT", "/api/desk/policies/{cycle_id}", roles=DECIDERS, body=SetPolicy, answer=PolicyView)
async def set_policy(call: Call) -> PolicyView:
    """Decide for a province and cycle."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("PUT", "/api/desk/sittings/{sitting_id}/window", roles=DECIDERS, body=MoveWindow, answer=SittingWindow)
async def move_window(call: Call) -> SittingWindow:
    """Move the window of an exam."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/notices", roles=DECIDERS, answer=Notices)
async def see_notices(call: Call) -> Notices:
    """The texts of the notice, the newest first."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/notices", roles=DECIDERS, body=PublishNotice, answer=NoticeRow)
async def publish_notice(call: Call) -> NoticeRow:
    """Publish a new text: everybody is asked again."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/organisations", roles=DECIDERS, answer=Organisations, query=("q", "kind", "before"))
async def see_organisations(call: Call) -> Organisations:
    """Institutions and agencies, and who reviews for whom."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/organisations", roles=DECIDERS, body=AddOrganisation, answer=Organisation)
async def add_organisation(call: Call) -> Organisation:
    """Add an institution or agency."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add(
    "PUT", "/api/desk/organisations/{organisation_id}", roles=DECIDERS, body=ChangeOrganisation, answer=Organisation
)
async def change_organisation(call: Call) -> Organisation:
    """Rename an organisation, or close it."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add(
    "PUT", "/api/desk/organisations/{organisation_id}/agency", roles=DECIDERS, body=AssignAgency, answer=Organisation
)
async def assign_agency(call: Call) -> Organisation:
    """Say which agency reviews for an institution."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/staff", roles=DECIDERS, answer=StaffRows, query=("q", "role", "before"))
async def see_staff(call: Call) -> StaffRows:
    """Members of staff and their roles."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/staff", roles=DECIDERS, body=AddStaff, answer=StaffAdded)
async def add_staff(call: Call) -> StaffAdded:
    """Add a member of staff; the answer holds the first password."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/staff/{account_id}/disabled", roles=DECIDERS, body=Enable, answer=StaffRow)
async def disable_staff(call: Call) -> StaffRow:
    """Disable or enable a member of staff."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/staff/{account_id}/password", roles=DECIDERS, body=WithReason, answer=StaffAdded)
async def renew_password(call: Call) -> StaffAdded:
    """A new first password for a member of staff."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/desk/app-accounts", roles=DECIDERS, answer=AppAccounts, query=("q", "before"))
async def see_app_accounts(call: Call) -> AppAccounts:
    """App accounts by phone or name."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/desk/app-accounts/{account_id}/disabled", roles=DECIDERS, body=WithReason, answer=Done)
async def disable_app_account(call: Call) -> Done:
    """Disable an app account; its identity becomes free for its owner."""
    raise Unavailable("try_again", retry_after_s=5)
