"""The life of an item, draft → review by another person → active → suspended / retired, as one table of moves.

An item has a status, and beside it perhaps a working copy. What is in force (active, suspended) stays so while its
working copy is written and reviewed; when another person approves that, it becomes the version in force. While nothing
of an item was ever in force its status is that of its working copy. Retired is final: it can be copied, not revived.

"Another person" is another account of another human than anyone who wrote the version (domain.md §6.6). A reviewer of
the nation is bound by that as an author is. Nothing here reads or writes anything.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec

from question_bank.item import ItemStatus

REASON_MIN: Final = 5  # characters


class Draft(StrEnum):
    """The working copy of an item: there is none, it is being written, or it is with a reviewer."""

    NONE = ""
    OPEN = "draft"
    REVIEW = "review"


class Event(StrEnum):
    """`EDIT` opens a working copy, or goes on with it; its content is kept by whoever carries the move out."""

    EDIT = "edit"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    RETURN = "return"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    RETIRE = "retire"
    DISCARD = "discard"


class NotAllowed(Exception):
    """A move that is not possible now, or never for this person: `code`, and `facts` about it.

    `kind`: refused (not now), forbidden (not this person), invalid (something is missing).
    """

    def __init__(self, code: str, kind: str = "refused", **facts: str | int) -> None:
        super().__init__(code)
        self.code, self.kind, self.facts = code, kind, facts


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An item as its moves see it.

    `writers`, `accounts`: the humans and accounts behind the working copy; `wrote`: the humans behind the version in
    force. `suspended_by`: the human who did. `base_changed`: another version came into force since the
    working copy was begun. `changed`: the working copy says something else than what is in force. `problems`: how many
    keep it, or its set, from being handed in.
    """

    status: ItemStatus
    draft: Draft = Draft.NONE
    writers: Collection[int] = ()
    accounts: Collection[int] = ()
    wrote: Collection[int] = ()
    suspended_by: int | None = None
    base_changed: bool = False
    changed: bool = True
    problems: int = 0
    first_problem: str = ""

    @property
    def state(self) -> str:
        """Status and working copy in one word, for the history: draft, review, active, active_review."""
        apart = self.draft is not Draft.NONE and self.status not in NEW
        return f"{self.status}_{self.draft}" if apart else self.status.value


class Actor(msgspec.Struct, frozen=True):
    """Who moves: his role (author, nation), the account and the human behind it."""

    role: str
    account_id: int
    person_id: int


class Move(msgspec.Struct, frozen=True):
    """Where a move leads."""

    event: Event
    status: ItemStatus
    draft: Draft
    reason: str = ""


NEW: Final = frozenset({ItemStatus.DRAFT, ItemStatus.REVIEW})  # nothing was ever in force
IN_FORCE: Final = (ItemStatus.ACTIVE, ItemStatus.SUSPENDED)
AUTHOR: Final = frozenset({"author"})
EITHER: Final = frozenset({"author", "nation"})
_State = tuple[ItemStatus, Draft]

# event, from, to, who
_ROWS: Final[tuple[tuple[Event, _State, _State, frozenset[str]], ...]] = (
    (Event.EDIT, (ItemStatus.DRAFT, Draft.OPEN), (ItemStatus.DRAFT, Draft.OPEN), AUTHOR),
    (Event.SUBMIT, (ItemStatus.DRAFT, Draft.OPEN), (ItemStatus.REVIEW, Draft.REVIEW), AUTHOR),
    (Event.WITHDRAW, (ItemStatus.REVIEW, Draft.REVIEW), (ItemStatus.DRAFT, Draft.OPEN), AUTHOR),
    (Event.RETURN, (ItemStatus.REVIEW, Draft.REVIEW), (ItemStatus.DRAFT, Draft.OPEN), EITHER),
    (Event.APPROVE, (ItemStatus.REVIEW, Draft.REVIEW), (ItemStatus.ACTIVE, Draft.NONE), EITHER),
    (Event.DISCARD, (ItemStatus.DRAFT, Draft.OPEN), (ItemStatus.RETIRED, Draft.NONE), AUTHOR),
    *(
        row
        for status in IN_FORCE
        for row in (
            (Event.EDIT, (status, Draft.NONE), (status, Draft.OPEN), AUTHOR),
            (Event.EDIT, (status, Draft.OPEN), (status, Draft.OPEN), AUTHOR),
            (Event.SUBMIT, (status, Draft.OPEN), (status, Draft.REVIEW), AUTHOR),
            (Event.WITHDRAW, (status, Draft.REVIEW), (status, Draft.OPEN), AUTHOR),
            (Event.RETURN, (status, Draft.REVIEW), (status, Draft.OPEN), EITHER),
            # The reviewed version comes into force; of a suspended item that is what its suspension waited for.
            (Event.APPROVE, (status, Draft.REVIEW), (ItemStatus.ACTIVE, Draft.NONE), EITHER),
            (Event.DISCARD, (status, Draft.OPEN), (status, Draft.NONE), AUTHOR),
        )
    ),
    *((Event.SUSPEND, (ItemStatus.ACTIVE, d), (ItemStatus.SUSPENDED, d), EITHER) for d in Draft),
    *((Event.REINSTATE, (ItemStatus.SUSPENDED, d), (ItemStatus.ACTIVE, d), EITHER) for d in Draft),
    *(
        (Event.RETIRE, (status, d), (ItemStatus.RETIRED, Draft.NONE), EITHER)
        for status in IN_FORCE
        for d in (Draft.NONE, Draft.OPEN)
    ),
)
TABLE: Final = {(event, *was): (to, who) for event, was, to, who in _ROWS}
NEEDS_REASON: Final = frozenset({Event.RETURN, Event.SUSPEND, Event.REINSTATE, Event.RETIRE})


def decide(standing: Standing, event: Event, actor: Actor, reason: str = "") -> Move:
    """Where `event` leads. Raises NotAllowed; then nothing is to be changed."""
    found = TABLE.get((event, standing.status, standing.draft))
    if found is None:
        raise NotAllowed("illegal_move", state=standing.state, event=event.value)
    (status, draft), who = found
    if actor.role not in who:
        raise NotAllowed("wrong_role", "forbidden", role=actor.role)
    reason = reason.strip()
    if event in NEEDS_REASON and len(reason) < REASON_MIN:
        raise NotAllowed("reason_missing", "invalid", min=REASON_MIN)
    _guard(standing, event, actor)
    return Move(event, status, draft, reason)


def _guard(standing: Standing, event: Event, actor: Actor) -> None:
    wrote = actor.person_id in standing.writers or actor.account_id in standing.accounts
    if event in (Event.APPROVE, Event.RETURN) and wrote:
        raise NotAllowed("own_version", "forbidden")
    if event is Event.REINSTATE and actor.person_id in standing.wrote:
        raise NotAllowed("own_version", "forbidden")
    if event is Event.REINSTATE and standing.suspended_by == actor.person_id:
        raise NotAllowed("own_suspension", "forbidden")
    if event is Event.WITHDRAW and standing.writers and not wrote:
        raise NotAllowed("not_your_version", "forbidden")
    if event in (Event.SUBMIT, Event.APPROVE):
        if standing.base_changed:
            raise NotAllowed("base_changed")
        if standing.problems:
            raise NotAllowed("incomplete", count=standing.problems, first=standing.first_problem)
    if event is Event.SUBMIT and not standing.changed:
        raise NotAllowed("nothing_changed")


def acts(standing: Standing, actor: Actor) -> tuple[list[str], str]:
    """What this person may do now, and why he may not decide of it, where it waits for a decision ("" if he may)."""
    found, why = [], ""
    for event in Event:
        if (event, standing.status, standing.draft) not in TABLE:
            continue
        try:
            decide(standing, event, actor, "?" * REASON_MIN)
        except NotAllowed as no:
            if event in (Event.APPROVE, Event.REINSTATE):
                why = no.code
        else:
            found.append(event.value)
    return found, why
