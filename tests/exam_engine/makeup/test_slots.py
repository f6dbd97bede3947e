"""Windows and slots of a plan: what can't be, and the days of notice and moving."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from exam_engine.errors import PersonError
from exam_engine.makeup.slots import SLOTS_MAX, SlotSpec, WindowSpec, ask_until, check, told_in_time

OPENS = datetime(2026, 12, 7, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOM = SlotSpec(place="测试考点一号教室", capacity=30, area="110105", invigilators=[7])
DAY = WindowSpec(title="第一天", opens_at=OPENS, closes_at=OPENS + 8 * HOUR, slots=[ROOM])


def room(**changed: Any) -> SlotSpec:
    return msgspec.structs.replace(ROOM, **changed)


def window(*slots: SlotSpec, **changed: Any) -> WindowSpec:
    return msgspec.structs.replace(DAY, slots=list(slots) or DAY.slots, **changed)


BATCH = {"opens_at": OPENS, "closes_at": OPENS + 2 * HOUR}
LATER = {"opens_at": OPENS + 2 * HOUR, "closes_at": OPENS + 4 * HOUR}
WRONG = [
    ("a window that ends before it begins", [window(closes_at=OPENS)], "window_wrong"),
    ("a window without an offset", [window(opens_at=OPENS.replace(tzinfo=None))], "window_wrong"),
    ("a batch without an offset", [window(room(opens_at=OPENS.replace(tzinfo=None)))], "window_wrong"),
    ("a batch before its window", [window(room(opens_at=OPENS - HOUR))], "slot_outside"),
    ("a batch after its window", [window(room(closes_at=OPENS + 9 * HOUR))], "slot_outside"),
    ("a batch that ends before it begins", [window(room(opens_at=OPENS + HOUR, closes_at=OPENS))], "slot_outside"),
    ("a batch shorter than the exam", [window(room(closes_at=OPENS + timedelta(minutes=59)))], "batch_short"),
    ("a room without an area", [window(room(area=None))], "area_missing"),
    ("a room in another province", [window(room(area="350102"))], "area_elsewhere"),
    ("an online room in another province", [window(room(area="350102", online=True))], "area_elsewhere"),
    ("one slot named twice", [window(room(slot_id=5, **BATCH), room(slot_id=5, **LATER))], "wrong_shape"),
    ("one window named twice", [window(window_id=5), window(room(invigilators=[]), window_id=5)], "wrong_shape"),
    ("an invigilator in two rooms at once", [window(room(), room(place="二号教室"))], "invigilator_busy"),
    ("in a room and online at once", [window(room(), room(online=True, area=None))], "invigilator_busy"),
    ("in two windows at once", [window(), window(title="另一窗口")], "invigilator_busy"),
    ("too many slots", [window(*[room(invigilators=[])] * (SLOTS_MAX + 1))], "too_many_slots"),
    ("too many windows", [window(room(invigilators=[]))] * 21, "too_many_slots"),
]
RIGHT = [
    ("one room for the whole window", [window()]),
    ("two batches of one room, by the same invigilator", [window(room(**BATCH), room(**LATER))]),
    ("two online rooms at once, by the same invigilator", [window(*[room(online=True, area=None)] * 2)]),
    ("nothing yet", []),
]


@pytest.mark.parametrize(("what", "windows", "code"), WRONG, ids=[case[0] for case in WRONG])
def test_what_can_not_be_is_refused(what: str, windows: list[WindowSpec], code: str) -> None:
    with pytest.raises(PersonError) as refused:
        check(windows, "11", 60)
    assert refused.value.code == code


@pytest.mark.parametrize(("what", "windows"), RIGHT, ids=[case[0] for case in RIGHT])
def test_what_can_be_is_taken(what: str, windows: list[WindowSpec]) -> None:
    check(windows, "11", 60)


def test_notice_and_asking_end_so_many_days_before() -> None:
    now = OPENS - timedelta(days=7)
    assert told_in_time(OPENS, now, 7)
    assert not told_in_time(OPENS, now + timedelta(seconds=1), 7)
    assert ask_until(OPENS, 3) == OPENS - timedelta(days=3)
