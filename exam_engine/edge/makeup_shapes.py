"""What travels between the make-up's pages and the server."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from exam_engine.edge.shapes import _Shape
from exam_engine.makeup.slots import Id, WindowSpec
from exam_engine.messages import TEXT_PATTERN

Text = Annotated[str, Meta(max_length=500, pattern=TEXT_PATTERN)]
MakeupKind = Literal["humanities", "professional"]
Version = Annotated[int, Meta(ge=0, lt=2**53)]

# --- who waits -----------------------------------------------------------------------------------------------------


class WaitingRow(_Shape, frozen=True, kw_only=True):
    """People of an institution who are due a make-up: `failed` or `excused`. `placed`: with a seat in the plan."""

    institution_id: int
    institution: str
    area: str
    why: str
    people: int
    placed: int


class MakeupWaiting(_Shape, frozen=True, kw_only=True):
    """`sourceless`: no sitting of the first round says what they would sit. `absences`: people by state of absence."""

    cycle: int
    province: str
    kind: str
    plan_id: int | None
    published_at: datetime | None
    people: int
    placed: int
    sourceless: int
    absences: dict[str, int]
    rows: list[WaitingRow]


class MakeupOverview(_Shape, frozen=True, kw_only=True):
    kinds: list[MakeupWaiting]


class AbsenceRow(_Shape, frozen=True, kw_only=True):
    """`said`: by the physician. `reason`: of the decision. `until_at`: till when it may be decided."""

    absence_id: int
    person_id: int
    name: str
    id_number: str
    institution: str
    round: str
    closed_at: datetime
    until_at: datetime
    state: str
    said: str
    reason: str


class Absences(_Shape, frozen=True, kw_only=True):
    """`next`: the `after` of the next page, null at the end."""

    rows: list[AbsenceRow]
    total: int
    next: int | None


class DecideAbsences(_Shape, frozen=True, kw_only=True):
    """All of these or none."""

    absence_ids: Annotated[list[Id], Meta(min_length=1, max_length=500)]
    accept: bool
    reason: Text


class AbsencesDecided(_Shape, frozen=True, kw_only=True):
    decided: int


# --- plans ---------------------------------------------------------------------------------------------------------


class MakeMakeupPlan(_Shape, frozen=True, kw_only=True):
    cycle: Annotated[int, Meta(ge=1, le=8999)]
    kind: MakeupKind


class MakeupSlot(_Shape, frozen=True, kw_only=True):
    """A room for a batch. `people`: with a seat in it; `far`: of them, not of its city (online: nobody)."""

    slot_id: int
    window_id: int
    room: int
    place: str
    online: bool
    area: str | None
    capacity: int
    opens_at: datetime
    closes_at: datetime
    invigilators: list[int]
    closed: bool
    people: int
    far: int


class MakeupWindow(_Shape, frozen=True, kw_only=True):
    window_id: int
    title: str
    opens_at: datetime
    closes_at: datetime
    slots: list[MakeupSlot]


class ExclusionView(_Shape, frozen=True, kw_only=True):
    """A day on which an institution's people, or one person, can't come."""

    exclusion_id: int
    institution_id: int | None
    person_id: int | None
    name: str
    day: date
    reason: str


class InvigilatorView(_Shape, frozen=True, kw_only=True):
    account_id: int
    name: str
    role: str
    organisation: str


class MakeupChange(_Shape, frozen=True, kw_only=True):
    """`by`: "" where a physician asked. `can_undo`: only the latest since the plan was published can be taken back."""

    change_id: int
    what: str
    at: datetime
    by: str
    reason: str
    override: str
    moved: int
    undone: bool
    can_undo: bool


class MakeupPlan(_Shape, frozen=True, kw_only=True):
    """A plan and how it stands. `distances`: how many are sent how far; `new`: due, without a seat in it.

    `untold`: whom the message has not reached yet; `asks`: who waits for the province's word.
    """

    plan_id: int
    cycle: int
    province: str
    kind: str
    version: int
    reach: int
    made_at: datetime
    published_at: datetime | None
    notice_days: int
    move_days: int
    minutes: int
    people: int
    new: int
    untold: int
    asks: int
    distances: dict[str, int]
    windows: list[MakeupWindow]
    exclusions: list[ExclusionView]
    changes: list[MakeupChange]


class Invigilators(_Shape, frozen=True, kw_only=True):
    people: list[InvigilatorView]


class SetSlots(_Shape, frozen=True, kw_only=True):
    """All windows and slots of the plan, as they shall be. `override`: why people are told at shorter notice."""

    version: Version
    reach: Literal[2, 4, 6] = 2
    windows: list[WindowSpec]
    override: Text = ""


class SolveMakeup(_Shape, frozen=True, kw_only=True):
    """Seats for who has none; `everybody`: also for those who may still be moved. `preview`: nothing is changed."""

    version: Version
    everybody: bool = False
    preview: bool = False
    reason: Text = ""
    override: Text = ""


class CloseSlot(_Shape, frozen=True, kw_only=True):
    version: Version
    reason: Text
    override: Text = ""
    preview: bool = False


class PublishMakeup(_Shape, frozen=True, kw_only=True):
    version: Version
    override: Text = ""


class MovePeople(_Shape, frozen=True, kw_only=True):
    version: Version
    person_ids: Annotated[list[Id], Meta(min_length=1, max_length=1000)]
    slot_id: Id
    reason: Text
    override: Text = ""


class UndoMakeup(_Shape, frozen=True, kw_only=True):
    version: Version
    change_id: Id
    reason: Text
    override: Text = ""


class Exclude(_Shape, frozen=True, kw_only=True):
    """Days for an institution or a person; or the number of one to take away."""

    version: Version
    institution_id: Id | None = None
    person_id: Id | None = None
    days: Annotated[tuple[date, ...], Meta(max_length=60)] = ()
    reason: Annotated[str, Meta(max_length=200, pattern=TEXT_PATTERN)] = ""
    drop: Id | None = None


class SlotLoad(_Shape, frozen=True, kw_only=True):
    slot_id: int
    people: int


class CityShort(_Shape, frozen=True, kw_only=True):
    """How many seats are missing for people of a city (four digits; "" not known)."""

    city: str
    seats: int


class Solved(_Shape, frozen=True, kw_only=True):
    """What the solver did, or would do. `gap`: how much cheaper any other plan could be at most (0: none is).

    `placed` newly, `moved` elsewhere, `freed`: need no seat any more. `distances` and `loads` as they then are.
    """

    placed: int
    moved: int
    freed: int
    short: list[CityShort]
    apart: int
    gap: float
    took_ms: int
    distances: dict[str, int]
    loads: list[SlotLoad]
    sourceless: int
    soonest_at: datetime | None
    in_time: bool


class SolvedPlan(_Shape, frozen=True, kw_only=True):
    solved: Solved
    plan: MakeupPlan


class SeatRow(_Shape, frozen=True, kw_only=True):
    """`asked`: he chose the slot himself. `told`: of this seat. `distance`: a name of `places.Distance`."""

    person_id: int
    name: str
    id_number: str
    institution: str
    slot_id: int
    distance: str
    asked: bool
    told: bool
    entered: bool


class MakeupSeats(_Shape, frozen=True, kw_only=True):
    rows: list[SeatRow]
    next: int | None


class AskRow(_Shape, frozen=True, kw_only=True):
    ask_id: int
    person_id: int
    name: str
    institution: str
    from_slot: int
    to_slot: int
    why: str
    at: datetime
    state: str
    reason: str


class Asks(_Shape, frozen=True, kw_only=True):
    rows: list[AskRow]


class DecideAsk(_Shape, frozen=True, kw_only=True):
    """`slot_id`: another slot than he asked for."""

    grant: bool
    slot_id: Id | None = None
    reason: Text = ""
    override: Text = ""


# --- the physician's own -------------------------------------------------------------------------------------------


class FreeSlot(_Shape, frozen=True, kw_only=True):
    """A slot he may ask for; without `free` seats the province decides."""

    slot_id: int
    place: str
    online: bool
    opens_at: datetime
    closes_at: datetime
    free: int


class OwnSeat(_Shape, frozen=True, kw_only=True):
    """His make-up of a kind. `ask`: none, granted, waiting or refused; `can_ask` until `ask_until`."""

    plan_id: int
    kind: str
    sitting_id: int | None
    place: str
    online: bool
    room: int
    opens_at: datetime
    closes_at: datetime
    ask: str
    ask_place: str
    ask_reason: str
    can_ask: bool
    ask_until: datetime
    slots: list[FreeSlot]


class OwnAbsence(_Shape, frozen=True, kw_only=True):
    """`can_say`: why he did not come, until `until_at`."""

    absence_id: int
    kind: str
    round: str
    closed_at: datetime
    until_at: datetime
    state: str
    said: str
    reason: str
    can_say: bool


class OwnMakeup(_Shape, frozen=True, kw_only=True):
    """`waiting`: kinds he is due a make-up in that has not been announced."""

    now: datetime
    seats: list[OwnSeat]
    waiting: list[str]
    absences: list[OwnAbsence]


class AskSlot(_Shape, frozen=True, kw_only=True):
    """`wait`: let the province decide if the slot is full."""

    slot_id: Id
    reason: Text = ""
    wait: bool = False


class SayWhy(_Shape, frozen=True, kw_only=True):
    text: Annotated[str, Meta(min_length=5, max_length=500, pattern=TEXT_PATTERN)]
