"""The eight invariants of domain.md §3.9, each where it can be seen with the least around it."""

import asyncio
from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest

from exam_engine.attempt import decide
from exam_engine.chain import first_broken
from exam_engine.errors import PersonError, Refused
from exam_engine.messages import (
    Answer,
    Clear,
    DeviceCommand,
    Extend,
    Extended,
    FrameUp,
    HandIn,
    Phase,
    Resumed,
    Started,
    TakePortrait,
    Tick,
    TimeUp,
    read_frame,
    write,
)
from exam_engine.papers import layout_of, paper_digest, read_paper, write_paper
from question_bank.item import Item
from question_bank.paper import Paper, PaperEntry
from scoring.marking import Multiple, Scheme, mark
from tests.exam_engine.samples import DESK, PHONE, PICTURES, T0, TABLET, at, in_every_state, running
from tests.exam_engine.test_attempt import COMMANDS
from tests.exam_engine.test_service import ATTEMPT, Exam


def test_i_1_the_deadline_is_the_servers_and_no_word_of_a_device_can_move_it() -> None:
    """No frame of a device carries an instant or a length, and none of its commands makes an event that does."""
    carried = {name for frame in get_args(FrameUp) for name in frame.__struct_fields__}
    made = set()
    for attempt in in_every_state().values():
        for command in COMMANDS.values():
            if isinstance(command, DeviceCommand | TakePortrait):
                try:
                    made |= {type(event) for event in decide(attempt, command, 0, T0)}
                except Refused:
                    continue

    assert carried == {"seq", "no", "choice", "on", "notice", "device", "since", "have", "paper"}
    assert made & {Started, Extended, Resumed} == {Started}  # the start itself, from the server's clock
    with pytest.raises(msgspec.ValidationError):
        read_frame(b'{"type":"start","deadline_at":"2030-01-01T00:00:00Z"}')


async def test_i_1_only_the_desk_extends_with_a_reason_and_the_reason_is_kept() -> None:
    exam = Exam()
    service = await exam.running()
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"type":"extend","seconds":600,"reason":""}', type=Extend)

    await service.handle(ATTEMPT, Extend(600, "停电"), by=DESK)

    body = msgspec.json.decode(exam.journal.journals[ATTEMPT][-1].body)
    assert (body["reason"], body["by"], body["deadline_at"]) == ("停电", DESK, "2026-03-02T02:10:00Z")


async def test_i_2_the_device_that_came_last_holds_the_attempt_and_the_one_before_is_heard_no_more() -> None:
    exam = Exam()
    service = await exam.running()
    await service.handle(ATTEMPT, TakePortrait(TABLET, PICTURES[1]))

    await service.handle(ATTEMPT, Answer(1, 1, "a"), device=TABLET)

    for command in (Answer(2, 2, "b"), Clear(2, 1), HandIn(2), TimeUp()):
        with pytest.raises(Refused) as refused:
            await service.handle(ATTEMPT, command, device=PHONE)
        assert refused.value.code == "superseded"
    assert exam.kinds().count("answered") == 1


async def test_i_3_an_answer_that_was_acknowledged_is_there_after_the_process_was_killed() -> None:
    exam = Exam()
    service = await exam.running()
    result = await service.handle(ATTEMPT, Answer(1, 1, "c"), device=PHONE)
    del service

    after_the_kill = await exam.process().look(ATTEMPT)

    assert (result.result, after_the_kill.attempt.answers[1]) == ("saved", "c")


async def test_i_3_a_late_answer_is_told_to_be_late_and_kept_never_silently_dropped() -> None:
    exam = Exam()
    service = await exam.running()
    exam.now = at(3605) + timedelta(microseconds=1)

    result = await service.handle(ATTEMPT, Answer(1, 1, "c"), device=PHONE)

    assert (result.result, exam.kinds()[-1]) == ("late", "came_late")
    assert (await service.look(ATTEMPT)).attempt.answers == {}


async def test_i_4_a_double_click_on_the_hand_in_is_one_submission() -> None:
    exam = Exam()
    await exam.running()
    here, there = exam.process(), exam.process()
    await asyncio.gather(here.hold(ATTEMPT), there.hold(ATTEMPT))

    results = await asyncio.gather(
        *(service.handle(ATTEMPT, HandIn(1), device=PHONE) for service in (here, there, here, there))
    )

    # Two processes at the same microsecond write the very same entry: then both have saved it.
    assert {result.result for result in results} == {"already", "saved"}
    assert exam.kinds().count("submitted") == 1


def test_i_5_the_paper_is_kept_as_it_was_shown_and_marked_by_items_never_by_their_place() -> None:
    options = [{"id": letter, "text": f"选项{letter}"} for letter in "abcde"]
    items = {
        (n, 1): msgspec.convert(
            {
                "item_id": n,
                "version": 1,
                "pool": "p",
                "code": f"c{n}",
                "type": "A1",
                "topic": "t",
                "stem": "题干",
                "options": options,
            }
            | {"key": key},
            Item,
        )
        for n, key in ((7, "b"), (8, "d"))
    }
    shown = Paper(seed=5, entries=(PaperEntry(8, 1, "edcba"), PaperEntry(7, 1, "badce")))
    other = Paper(seed=6, entries=(PaperEntry(7, 1, "abcde"), PaperEntry(8, 1, "cdeab")))
    keys = {ref: item.key for ref, item in items.items()}
    scheme = Scheme(points_per_item=2, multiple=Multiple.EXACT)

    scores = [mark(shown.entries, {1: "d", 2: "a"}, keys, scheme), mark(other.entries, {2: "d", 1: "a"}, keys, scheme)]

    assert read_paper(write_paper(shown)) == shown
    assert paper_digest(read_paper(write_paper(shown))) == paper_digest(shown) != paper_digest(other)
    assert layout_of(shown, items) == layout_of(other, items)
    assert [score.points for score in scores] == [2, 2]


def test_i_6_nothing_a_device_is_sent_has_room_for_a_key_or_an_explanation() -> None:
    from exam_engine.edge import shapes  # noqa: PLC0415  the edge is nobody's business but this test's

    def names(kind: Any, seen: set[Any]) -> set[str]:
        if kind in seen or not isinstance(kind, type) or not issubclass(kind, msgspec.Struct):
            return set().union(*(names(inner, seen) for inner in get_args(kind))) if get_args(kind) else set()
        seen.add(kind)
        fields = msgspec.structs.fields(kind)
        return {field.name for field in fields}.union(*(names(field.type, seen) for field in fields))

    reachable = names(shapes.PaperView, set()) | names(shapes.AttemptView, set()) | names(shapes.BatchOutcome, set())

    assert {"stem", "options", "answers", "choice"} <= reachable
    assert not reachable & {"key", "keys", "explanation", "correct", "answer", "item_id", "marks_of_items"}


async def test_i_7_the_bell_rings_with_no_client_alive() -> None:
    exam = Exam()
    await exam.running()
    exam.now = at(86_400)

    await exam.process().handle(ATTEMPT, Tick())

    body = msgspec.json.decode(exam.journal.journals[ATTEMPT][-1].body)
    assert (body["ending"], body["as_of"]) == ("time", "2026-03-02T02:00:00Z")


async def test_i_8_an_illegal_transition_is_an_error_and_changes_nothing() -> None:
    exam = Exam()
    service = await exam.running()
    await service.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)
    await service.handle(ATTEMPT, HandIn(2), device=PHONE)
    before, known = list(exam.journal.journals[ATTEMPT]), await service.look(ATTEMPT)
    state = write(known.attempt)
    codes = set()

    for name in (
        "start",
        "pause",
        "resume",
        "extend",
        "lock_identity",
        "force_hand_in",
        "release",
        "warn",
        "take_portrait",
    ):
        with pytest.raises(PersonError) as refused:
            await service.handle(ATTEMPT, COMMANDS[name], by=DESK)
        codes.add(refused.value.code)

    assert codes == {"not_ready", "not_running", "not_marked", "already_submitted"}
    assert exam.journal.journals[ATTEMPT] == before
    assert write((await service.look(ATTEMPT)).attempt) == state
    assert first_broken(before) is None


def test_i_8_a_running_attempt_is_the_only_one_that_has_a_deadline_still_to_come() -> None:
    ends = {name: attempt.phase for name, attempt in in_every_state().items() if attempt.deadline_at is None}

    assert set(ends.values()) == {Phase.ENTERED, Phase.IDENTITY, Phase.READY}
    assert running().deadline_at == at(3600)
