"""Windows and slots of a make-up plan: what is wrong with a draft of them, and what notice and moving ask for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from exam_engine.errors import Invalid, Refused
from exam_engine.messages import TEXT_PATTERN

WINDOWS_MAX: Final = 20
SLOTS_MAX: Final = 600
INVIGILATORS_MAX: Final = 50

Id = Annotated[int, Meta(ge=1, lt=2**53)]


class SlotSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room for a batch, as it is asked for. No `slot_id`: a new one. No instants: as long as its window is open."""

    place: Annotated[str, Meta(min_length=1, max_length=120, pattern=TEXT_PATTERN)]
    capacity: Annotated[int, Meta(ge=1, le=10_000)]
    slot_id: Id | None = None
    online: bool = False
    area: Annotated[str, Meta(pattern="^[0-9]{6}$")] | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    invigilators: Annotated[list[Id], Meta(max_length=INVIGILATORS_MAX)] = []


class WindowSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window of the unified make-up and the slots in it."""

    title: Annotated[str, Meta(min_length=1, max_length=60, pattern=TEXT_PATTERN)]
    opens_at: datetime
    closes_at: datetime
    window_id: Id | None = None
    slots: Annotated[list[SlotSpec], Meta(max_length=SLOTS_MAX)]

    def times(self, slot: SlotSpec) -> tuple[datetime, datetime]:
        """When a slot is open: its own batch, or the whole window."""
        return slot.opens_at or self.opens_at, slot.closes_at or self.closes_at


def check(windows: Sequence[WindowSpec], province: str, minutes: int) -> None:
    """Raise for what can't be: `minutes` is the length of the exam, which every batch has to hold."""
    slots = [(window, slot) for window in windows for slot in window.slots]
    if len(windows) > WINDOWS_MAX or len(slots) > SLOTS_MAX:
        raise Invalid("too_many_slots", windows_max=WINDOWS_MAX, slots_max=SLOTS_MAX)
    _once([window.window_id for window in windows])
    _once([slot.slot_id for _, slot in slots])
    for window in windows:
        _check_window(window)
    for window, slot in slots:
        _check_slot(window, slot, province, minutes)
    _check_invigilators(slots)


def _once(ids: Sequence[int | None]) -> None:
    named = [number for number in ids if number is not None]
    if len(named) != len(set(named)):
        raise Invalid("wrong_shape", detail="named twice")


def _check_window(window: WindowSpec) -> None:
    if window.opens_at.tzinfo is None or window.closes_at.tzinfo is None or window.opens_at >= window.closes_at:
        raise Invalid("window_wrong")


def _check_slot(window: WindowSpec, slot: SlotSpec, province: str, minutes: int) -> None:
    if any(at is not None and at.tzinfo is None for at in (slot.opens_at, slot.closes_at)):
        raise Invalid("window_wrong")
    opens_at, closes_at = window.times(slot)
    if opens_at < window.opens_at or closes_at > window.closes_at or opens_at >= closes_at:
        raise Invalid("slot_outside", place=slot.place)
    if closes_at - opens_at < timedelta(minutes=minutes):
        raise Invalid("batch_short", place=slot.place, minutes=minutes)
    if slot.area is None and not slot.online:
        raise Invalid("area_missing", place=slot.place)
    if slot.area is not None and slot.area[:2] != province:
        raise Invalid("area_elsewhere", place=slot.place)


def _check_invigilators(slots: Iterable[tuple[WindowSpec, SlotSpec]]) -> None:
    """Nobody is in two places at once; who watches online may watch several rooms."""
    busy: dict[int, list[tuple[datetime, datetime, SlotSpec]]] = defaultdict(list)
    for window, slot in slots:
        opens_at, closes_at = window.times(slot)
        for account_id in set(slot.invigilators):
            for other_opens, other_closes, other in busy[account_id]:
                overlap = opens_at < other_closes and other_opens < closes_at
                if overlap and not (slot.online and other.online):
                    raise Refused("invigilator_busy", account_id=account_id, place=slot.place, other=other.place)
            busy[account_id].append((opens_at, closes_at, slot))


def told_in_time(opens_at: datetime, now: datetime, notice_days: int) -> bool:
    """Whether who is told now is told `notice_days` before."""
    return opens_at - now >= timedelta(days=notice_days)


def ask_until(opens_at: datetime, move_days: int) -> datetime:
    """Until when somebody may ask to move from, or to, a slot that opens then."""
    return opens_at - timedelta(days=move_days)
