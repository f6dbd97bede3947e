"""Commands, events and frames as JSON and back; whatever is not exactly one of them is refused."""

from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.messages import (
    EVENT_BY_KIND,
    Ack,
    Acknowledge,
    Acknowledged,
    Annulled,
    Answer,
    Answered,
    Bye,
    CameLate,
    Clear,
    Cleared,
    Clock,
    Corrected,
    DeviceTaken,
    Ending,
    Event,
    Extended,
    FrameUp,
    HandIn,
    Held,
    Hello,
    HoldEnded,
    IdentityAccepted,
    IdentityLocked,
    IdentityRefused,
    IdentityUnlocked,
    Layout,
    Marked,
    MarkedForLater,
    MarkForLater,
    NoticeLevel,
    Paused,
    Ping,
    PortraitTaken,
    Rejected,
    Released,
    Resumed,
    StaffCommand,
    Start,
    Started,
    Submitted,
    TimeUp,
    Told,
    Warned,
    read_event,
    read_frame,
    write,
)
from tests.exam_engine.samples import PHONE, PICTURES, at, entered

FRAMES: tuple[FrameUp, ...] = (
    Hello(PHONE),
    Hello(PHONE, 12),
    Ping(),
    Ping(40),
    Start(),
    Answer(1, 1, "b"),
    Answer(2**31 - 1, 1000, "abcdefghijklmnopqrstuvwxyz"),
    Clear(2, 7),
    MarkForLater(3, 7, on=True),
    Acknowledge(1),
    HandIn(9),
    TimeUp(),
)
EVENTS: tuple[Event, ...] = (
    entered(),
    PortraitTaken(PHONE, PICTURES[0]),
    PortraitTaken(PHONE, "", "no_consent"),
    IdentityAccepted(by=0),
    IdentityRefused(by=9, reason="照片模糊"),
    DeviceTaken(PHONE),
    Started(at(3600)),
    Answered(1, 2, "ac"),
    Cleared(2, 2),
    MarkedForLater(3, 2, on=False),
    CameLate(4, 2, ""),
    Warned(1, NoticeLevel.MESSAGE, "还有十分钟", 9, 5),
    Warned(2, NoticeLevel.WARNING, "请正对摄像头", 0, rule="no_face:2:2"),
    Acknowledged(1),
    Paused("停电", 9),
    Resumed(at(3700.000001), 0),
    Extended(60, "补时", at(3760), 9, 6),
    IdentityLocked("不符", 9),
    IdentityUnlocked(9),
    Submitted(at(3760), Ending.TIME, 3),
    Submitted(at(3760), Ending.INVIGILATOR, 3, seq=7, reason="离场", by=9),
    Marked(1, 6, 10),
    Released(6, passed=True, by=9),
    Corrected(2, 5, 10, 6, passed=True, proposal=4, by=9),
    Annulled("故障", 9),
    Annulled("替考", 9, barred=True),
    Held(7),
    HoldEnded(7),
)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_comes_back_as_it_was_sent(frame: FrameUp) -> None:
    assert read_frame(write(frame)) == frame


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_from_the_journal_as_it_was_written(event: Event) -> None:
    assert read_event(write(event)) == event
    assert read_event(write(event).decode()) == event


def test_every_kind_of_event_is_known_by_its_tag_and_tried_here() -> None:
    assert {type(event) for event in EVENTS} == set(EVENT_BY_KIND.values())
    assert {tag: kind.__struct_config__.tag for tag, kind in EVENT_BY_KIND.items()} == {t: t for t in EVENT_BY_KIND}


def test_the_tags_are_what_the_journal_and_the_pages_call_them() -> None:
    tags = [msgspec.json.decode(write(message))["type"] for message in (Answer(1, 1, "a"), Answered(1, 1, "a"))]

    assert tags == ["answer", "answered"]


@pytest.mark.parametrize("message", [*FRAMES, *EVENTS], ids=lambda message: type(message).__name__)
def test_a_field_too_many_is_refused(message: Event | FrameUp) -> None:
    fields: dict[str, Any] = msgspec.json.decode(write(message))
    data = msgspec.json.encode({**fields, "deadline_at_please": 1})

    with pytest.raises(msgspec.ValidationError):
        (read_frame if message in FRAMES else read_event)(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"type":"answer"}',
        b'{"type":"answer","seq":1,"no":1,"choice":"a"} trailing',
        b'{"type":"warn","text":"x"}',  # a command of the desk is no word of a device
        b'{"type":"extend","seconds":600,"reason":"x"}',
        b'{"type":"take_portrait","device":"phone-0001","picture":"x"}',
        b'{"type":"tick"}',
        b'{"type":"notify","rule":"left_page:1:2","text":"x"}',  # of the system alone, as those that follow
        b'{"type":"ask_for_person","device":"phone-0001","why":"no_camera"}',
        b'{"type":"hold","case":1}',
        b'{"type":"end_hold","case":1}',
        b'{"type":"answered","seq":1,"no":1,"choice":"a"}',
        b'{"type":"answer","seq":0,"no":1,"choice":"a"}',
        b'{"type":"answer","seq":2147483648,"no":1,"choice":"a"}',
        b'{"type":"answer","seq":-1,"no":1,"choice":"a"}',
        b'{"type":"answer","seq":1.5,"no":1,"choice":"a"}',
        b'{"type":"answer","seq":"1","no":1,"choice":"a"}',
        b'{"type":"answer","seq":true,"no":1,"choice":"a"}',
        b'{"type":"answer","seq":1,"no":0,"choice":"a"}',
        b'{"type":"answer","seq":1,"no":1001,"choice":"a"}',
        b'{"type":"answer","seq":1,"no":1,"choice":""}',
        b'{"type":"answer","seq":1,"no":1,"choice":"A"}',
        b'{"type":"answer","seq":1,"no":1,"choice":"a\\n"}',
        b'{"type":"answer","seq":1,"no":1,"choice":"abcdefghijklmnopqrstuvwxyza"}',
        b'{"type":"hello","device":"short"}',
        b'{"type":"hello","device":"phone-0001\\n"}',
        b'{"type":"hello","device":"phone-0001","since":-1}',
        b'{"type":"hello","device":"' + b"x" * 65 + b'"}',
        b"\xff\xfe",
    ],
)
def test_what_is_not_exactly_a_frame_of_a_device_is_refused(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        read_frame(data)


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_never_anything_worse(data: bytes) -> None:
    try:
        frame = read_frame(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    assert read_frame(write(frame)) == frame


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"extend","seconds":59,"reason":"x"}',
        b'{"type":"extend","seconds":86401,"reason":"x"}',
        b'{"type":"warn","text":""}',
        b'{"type":"warn","text":"' + b"x" * 501 + b'"}',
        b'{"type":"warn","text":"x","level":"shout"}',
        b'{"type":"pause","reason":""}',
        b'{"type":"record_mark","revision":1,"points":1,"points_max":1}',
        b'{"type":"notify","rule":"left_page:1:2","text":"x"}',
        b'{"type":"end_hold","case":1}',
    ],
)
def test_a_command_of_the_desk_outside_its_limits_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data, type=StaffCommand)


def test_equal_values_give_equal_bytes_and_a_layout_keeps_its_order() -> None:
    assert write(Answered(1, 2, "a")) == b'{"type":"answered","seq":1,"no":2,"choice":"a"}'
    assert write(Answered(1, 2, "a")) == write(read_event(write(Answered(1, 2, "a"))))


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b'{"type":"portrait_taken","device":"phone-0001","picture":"x"}', PortraitTaken("phone-0001", "x", "")),
        (b'{"type":"warned","notice":1,"level":"warning","text":"x","by":9}', Warned(1, NoticeLevel.WARNING, "x", 9)),
        (b'{"type":"annulled","reason":"x","by":9}', Annulled("x", 9, barred=False)),
    ],
)
def test_what_was_written_before_proctoring_had_more_to_say_is_still_read(body: bytes, event: Event) -> None:
    assert read_event(body) == event


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    shanghai = timezone(timedelta(hours=8))

    assert read_event(write(Started(at(0).astimezone(shanghai)))) == Started(at(0))


def test_a_layout_says_one_character_per_item_in_each_string() -> None:
    with pytest.raises(ValueError, match="one character"):
        Layout(options="ee", multiple="-", chain="--")
    body = msgspec.json.decode(write(entered()))
    body["layout"]["chain"] = "-"
    with pytest.raises(msgspec.ValidationError):
        read_event(msgspec.json.encode(body))


def test_an_entered_with_an_impossible_policy_is_refused() -> None:
    body = msgspec.json.decode(write(entered()))
    for field, value in (("minutes", 0), ("grace_s", 61), ("pause_s_max", 59)):
        spoiled = {**body, "policy": {**body["policy"], field: value}}
        with pytest.raises(msgspec.ValidationError):
            read_event(msgspec.json.encode(spoiled))


def test_frames_down_carry_their_type_and_the_event_as_the_journal_has_it() -> None:
    event = msgspec.Raw(write(Answered(1, 2, "a")))
    told = Told(version=4, at=at(1), event=event, clock=Clock(5, ticking=True))

    down = [
        msgspec.json.decode(write(frame)) for frame in (told, Ack(1, 4, "saved"), Rejected("paused", 3), Bye("restart"))
    ]

    assert [frame["type"] for frame in down] == ["told", "ack", "rejected", "bye"]
    assert down[0]["event"] == {"type": "answered", "seq": 1, "no": 2, "choice": "a"}
