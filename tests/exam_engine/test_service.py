"""load, decide, append, announce: one process alone, and two that know different things."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from exam_engine.chain import Entry, first_broken
from exam_engine.errors import NotFound, Refused
from exam_engine.journal import Row
from exam_engine.messages import (
    Answer,
    Clear,
    Command,
    Ending,
    Extend,
    HandIn,
    LockIdentity,
    MarkForLater,
    Pause,
    Phase,
    RecordMark,
    Release,
    Resume,
    Start,
    Submitted,
    TakePortrait,
    Tick,
    TimeUp,
    UnlockIdentity,
    Warn,
)
from exam_engine.service import TRIES_MAX, Known, Service, make_entry, row_of
from tests.contract.fake_journal import FakeJournal
from tests.exam_engine.samples import DESK, PHONE, PICTURES, T0, TABLET, at, entered, journal_of

ATTEMPT, OTHER = 1_000_000_000_001, 1_000_000_000_002


class Heard:
    """An announcer that remembers."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.versions: list[int] = []

    def announce(self, known: Known, entries: Sequence[Entry]) -> None:
        self.entries.extend(entries)
        self.versions.append(known.version)


class Exam:
    """One journal, as many processes as wanted, one clock for all of them."""

    def __init__(self, journal: FakeJournal | None = None) -> None:
        self.journal = journal or FakeJournal()
        self.now = T0
        self.heard: list[Heard] = []
        for attempt_id in (ATTEMPT, OTHER):
            self.journal.journals[attempt_id] = journal_of(attempt_id, (entered(), T0))

    def process(self) -> Service:
        self.heard.append(Heard())
        return Service(self.journal, lambda: self.now, self.heard[-1])

    async def running(self) -> Service:
        """A process in which the attempt runs since T0, held by the phone."""
        service = self.process()
        await service.hold(ATTEMPT)
        await service.handle(ATTEMPT, TakePortrait(PHONE, PICTURES[0]))
        await service.handle(ATTEMPT, Start(), device=PHONE)
        return service

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.journal.journals[ATTEMPT]]


async def code_of(service: Service, command: Command, device: str | None = None) -> str:
    try:
        result = await service.handle(ATTEMPT, command, by=DESK, device=device)
    except Refused as refused:
        return refused.code
    return f"accepted: {result.result}"


# --- one process -------------------------------------------------------------------------------------------------


async def test_an_answer_is_in_the_journal_when_the_call_comes_back() -> None:
    exam = Exam()
    service = await exam.running()

    result = await service.handle(ATTEMPT, Answer(1, 3, "d"), device=PHONE)

    last = exam.journal.journals[ATTEMPT][-1]
    assert (result.result, result.version) == ("saved", 6)
    assert (last.version, last.seq, last.kind, last.body) == (
        6,
        1,
        "answered",
        '{"type":"answered","seq":1,"no":3,"choice":"d"}',
    )


async def test_the_same_answer_again_is_told_to_be_there_already_and_nothing_is_written() -> None:
    exam = Exam()
    service = await exam.running()
    await service.handle(ATTEMPT, Answer(1, 3, "d"), device=PHONE)

    again = await service.handle(ATTEMPT, Answer(1, 3, "d"), device=PHONE)

    assert (again.result, again.version) == ("already", 6)
    assert exam.kinds().count("answered") == 1


async def test_a_refusal_changes_nothing() -> None:
    exam = Exam()
    service = await exam.running()
    before = list(exam.journal.journals[ATTEMPT])

    assert await code_of(service, Answer(7, 3, "d"), PHONE) == "seq_gap"
    assert await code_of(service, Answer(1, 3, "d"), TABLET) == "superseded"

    assert exam.journal.journals[ATTEMPT] == before


async def test_an_attempt_nobody_has_entered_is_not_found() -> None:
    service = Exam().process()

    for ask in (service.handle(77, Tick()), service.hold(77), service.look(77)):
        with pytest.raises(NotFound):
            await ask


async def test_a_batch_is_written_in_one_append_and_a_refused_command_does_not_stop_the_rest() -> None:
    exam = Exam()
    service = await exam.running()
    batch: list[Command] = [
        Answer(1, 3, "d"),
        Answer(2, 99, "a"),
        Answer(2, 4, "ab"),
        Clear(3, 3),
        MarkForLater(5, 1, on=True),
        HandIn(4),
    ]

    results = await service.handle_all(ATTEMPT, batch, device=PHONE)

    assert [result.result for result in results] == ["saved", "refused", "saved", "saved", "refused", "saved"]
    assert [getattr(result.refusal, "code", None) for result in results] == [
        None, "no_such_item", None, None, "seq_gap", None,
    ]  # fmt: skip
    assert exam.kinds()[5:] == ["answered", "answered", "cleared", "submitted"]
    assert first_broken(exam.journal.journals[ATTEMPT]) is None


async def test_what_arrives_after_the_bell_is_late_and_the_bell_is_written_before_it() -> None:
    exam = Exam()
    service = await exam.running()
    exam.now = at(4000)

    result = await service.handle(ATTEMPT, Answer(1, 3, "d"), device=PHONE)

    assert result.result == "late"
    assert exam.kinds()[5:] == ["submitted", "came_late"]


async def test_a_tick_after_the_bell_closes_an_attempt_nobody_is_connected_to() -> None:
    exam = Exam()
    await exam.running()
    exam.now = at(3605.000001)

    await exam.process().handle(ATTEMPT, Tick())

    assert exam.kinds()[-1] == "submitted"
    assert exam.journal.rows[ATTEMPT] == Row("submitted", at(3600), None, None, None)


async def test_a_forgotten_pause_and_the_bell_after_it_are_written_by_one_tick() -> None:
    exam = Exam()
    service = await exam.running()
    await service.handle(ATTEMPT, Pause("停电"), by=DESK)
    exam.now = at(20_000)

    await service.handle(ATTEMPT, Tick())

    assert exam.kinds()[-3:] == ["paused", "resumed", "submitted"]


async def test_time_never_runs_backwards_within_a_journal() -> None:
    exam = Exam()
    service = await exam.running()
    exam.now = at(100)
    await service.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)
    exam.now = at(99.5)  # this process's clock, or another's, is a little behind

    await service.handle(ATTEMPT, Answer(2, 2, "b"), device=PHONE)

    instants = [entry.at for entry in exam.journal.journals[ATTEMPT]]
    assert instants == sorted(instants)
    assert instants[-1] == at(100)


async def test_the_row_is_written_only_by_what_changes_it() -> None:
    exam = Exam()
    service = await exam.running()
    rows = []
    for command in (
        Answer(1, 1, "a"),
        Extend(600, "停电"),
        Pause("停电"),
        Resume(),
        HandIn(2),
        RecordMark(1, 5, 10),
        Release(5),
    ):
        exam.journal.rows.clear()
        await service.handle(ATTEMPT, command, by=DESK)
        rows.append(exam.journal.rows.get(ATTEMPT))

    assert rows == [
        None,
        Row("running", at(4200), at(4205), None, None),
        Row("running", at(4200), at(3600), None, None),
        Row("running", at(4200), at(4205), None, None),
        Row("submitted", at(4200), None, None, None),
        Row("marked", at(4200), None, 5, None),
        Row("released", at(4200), None, 5, True),
    ]


async def test_everybody_is_told_after_the_commit_and_once() -> None:
    exam = Exam()
    await exam.running()

    assert exam.heard[0].entries == exam.journal.journals[ATTEMPT][1:]
    assert exam.heard[0].versions == [4, 5]


async def test_nobody_is_told_of_what_could_not_be_written_and_it_can_be_asked_again() -> None:
    class Lost(FakeJournal):
        away = False

        async def append(self, entries: Sequence[Entry], row: Row | None = None) -> bool:
            if self.away:
                raise ConnectionResetError
            return await super().append(entries, row)

    journal = Lost()
    exam = Exam(journal)
    service = await exam.running()
    told = len(exam.heard[0].entries)
    journal.away = True
    with pytest.raises(ConnectionResetError):
        await service.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)
    journal.away = False

    assert len(exam.heard[0].entries) == told
    assert (await service.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)).result == "saved"


async def test_an_answer_that_was_written_although_an_error_was_told_is_there_already_when_sent_again() -> None:
    class Told(FakeJournal):
        lies = False

        async def append(self, entries: Sequence[Entry], row: Row | None = None) -> bool:
            written = await super().append(entries, row)
            if self.lies:
                raise ConnectionResetError
            return written

    journal = Told()
    exam = Exam(journal)
    service = await exam.running()
    journal.lies = True
    with pytest.raises(ConnectionResetError):
        await service.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)
    journal.lies = False
    exam.now = at(1)

    again = await service.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)

    assert again.result == "already"
    assert exam.kinds().count("answered") == 1
    assert exam.heard[0].entries == exam.journal.journals[ATTEMPT][1:]


# --- holding -----------------------------------------------------------------------------------------------------


async def test_an_attempt_is_in_memory_as_long_as_somebody_holds_it() -> None:
    exam = Exam()
    service = exam.process()
    first, second = await service.hold(ATTEMPT), await service.hold(ATTEMPT)

    assert first is second
    service.let_go(first)
    assert service.held_versions() == {ATTEMPT: 1}
    service.let_go(second)
    assert service.held_versions() == {}


async def test_two_who_come_at_once_hold_the_same() -> None:
    service = Exam().process()

    first, second = await asyncio.gather(service.hold(ATTEMPT), service.hold(ATTEMPT))

    assert first is second
    assert first.holders == 2


async def test_many_are_held_at_once_and_those_without_a_journal_are_left_out() -> None:
    service = Exam().process()
    known = await service.hold(ATTEMPT)

    held = await service.hold_many([OTHER, 77, ATTEMPT])

    assert [one.attempt_id for one in held] == [OTHER, ATTEMPT]
    assert known.holders == 2


async def test_an_attempt_not_held_is_folded_anew_for_each_command() -> None:
    exam = Exam()
    service = exam.process()

    await service.handle(ATTEMPT, TakePortrait(PHONE, PICTURES[0]))
    await service.handle(ATTEMPT, Start(), device=PHONE)

    assert service.held_versions() == {}
    assert (await service.look(ATTEMPT)).attempt.phase is Phase.RUNNING


# --- two processes -----------------------------------------------------------------------------------------------


async def behind(exam: Exam, *commands: Command, by_device: str | None = None) -> Service:
    """A process that holds the attempt as it was before these commands were given elsewhere."""
    here, elsewhere = exam.process(), exam.process()
    await here.hold(ATTEMPT)
    for command in commands:
        await elsewhere.handle(ATTEMPT, command, by=DESK, device=by_device)
    return here


async def test_who_lost_the_number_looks_again_and_writes_after_the_other() -> None:
    exam = Exam()
    await exam.running()
    here = await behind(exam, Warn("请安静"))

    result = await here.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)

    assert (result.result, result.version) == ("saved", 7)
    assert exam.kinds()[5:] == ["warned", "answered"]
    assert exam.heard[1].entries == exam.journal.journals[ATTEMPT][5:]


async def test_a_device_and_the_bell_race_for_the_number_and_the_answer_is_late_or_counts_never_both() -> None:
    exam = Exam()
    await exam.running()
    here, there = exam.process(), exam.process()
    await here.hold(ATTEMPT)
    exam.now = at(3605.5)

    answered, _ = await asyncio.gather(
        here.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE), there.handle(ATTEMPT, Tick())
    )

    assert answered.result == "late"
    assert exam.kinds()[5:] == ["submitted", "came_late"]


async def test_nobody_is_refused_on_old_knowledge() -> None:
    exam = Exam()
    service = await exam.running()
    await service.handle(ATTEMPT, Pause("停电"), by=DESK)
    here = await behind(exam, Resume())

    assert await code_of(here, Answer(1, 1, "a"), PHONE) == "accepted: saved"


async def test_a_device_that_was_superseded_elsewhere_is_refused_here() -> None:
    exam = Exam()
    await exam.running()
    here = await behind(exam, TakePortrait(TABLET, PICTURES[1]))

    assert await code_of(here, Answer(1, 1, "a"), PHONE) == "superseded"
    assert "answered" not in exam.kinds()


class Counting(FakeJournal):
    """Counts how often a journal is read."""

    reads = 0

    async def load(self, attempt_id: int, after: int = 0) -> list[Entry]:
        self.reads += 1
        return await super().load(attempt_id, after)


async def test_who_only_asks_whether_time_is_up_is_answered_from_memory_and_the_bell_is_not_missed() -> None:
    journal = Counting()
    exam = Exam(journal)
    service = await exam.running()
    before = journal.reads
    for _ in range(3):
        assert await code_of(service, TimeUp(), PHONE) == "accepted: saved"
    assert (journal.reads, exam.kinds()[-1]) == (before, "started")
    assert await code_of(service, TimeUp(), TABLET) == "superseded"
    assert journal.reads == before + 1  # a refusal is never said on old knowledge
    exam.now = at(3 * 3600)
    assert await code_of(service, TimeUp(), PHONE) == "accepted: saved"
    assert exam.kinds()[-1] == "submitted"


@pytest.mark.parametrize(
    ("first", "elsewhere", "here_said", "kind"),
    [
        ([], [Pause("停电")], Resume(), "resumed"),
        ([Pause("停电")], [Resume()], Pause("火警"), "paused"),
        ([], [LockIdentity("不符")], UnlockIdentity(), "identity_unlocked"),
        ([LockIdentity("不符")], [UnlockIdentity()], LockIdentity("又不符"), "identity_locked"),
    ],
)
async def test_the_desk_is_not_told_that_nothing_had_to_be_done_on_old_knowledge(
    first: list[Command], elsewhere: list[Command], here_said: Command, kind: str
) -> None:
    exam = Exam()
    service = await exam.running()
    for command in first:
        await service.handle(ATTEMPT, command, by=DESK)
    here = await behind(exam, *elsewhere)

    await here.handle(ATTEMPT, here_said, by=DESK)

    assert exam.kinds()[-1] == kind


async def test_who_loses_the_number_again_and_again_is_told_that_it_is_busy() -> None:
    class Crowded(FakeJournal):
        tries = 0

        async def append(self, entries: Sequence[Entry], row: Row | None = None) -> bool:
            self.tries += 1
            return False

    journal = Crowded()
    service = Exam(journal).process()

    assert await code_of(service, TakePortrait(PHONE, PICTURES[0])) == "busy"
    assert journal.tries == TRIES_MAX


async def test_five_processes_that_write_at_once_all_get_through() -> None:
    exam = Exam()
    await exam.running()
    services = [exam.process() for _ in range(4)]
    for service in services:
        await service.hold(ATTEMPT)

    await asyncio.gather(*(service.handle(ATTEMPT, Warn(f"第{n}次"), by=DESK) for n, service in enumerate(services)))

    assert exam.kinds()[5:] == ["warned"] * 4
    assert first_broken(exam.journal.journals[ATTEMPT]) is None
    assert len((await services[0].look(ATTEMPT)).attempt.notices) == 4


async def test_a_wake_up_brings_what_is_held_up_to_date_and_leaves_the_rest_alone() -> None:
    exam = Exam()
    await exam.running()
    here = await behind(exam, Warn("请安静"))

    await here.refresh({ATTEMPT: 6, OTHER: 9})
    await here.refresh({ATTEMPT: 6})
    await here.refresh({ATTEMPT: 3})

    assert here.held_versions() == {ATTEMPT: 6}
    assert [entry.kind for entry in exam.heard[1].entries] == ["warned"]


async def test_the_repair_brings_everything_held_up_to_date() -> None:
    exam = Exam()
    await exam.running()
    here = await behind(exam, Warn("请安静"), Warn("请正对摄像头"))

    await here.catch_up_many([ATTEMPT, OTHER])
    await here.catch_up_many([])

    assert here.held_versions() == {ATTEMPT: 7}


async def test_looking_always_sees_what_others_wrote() -> None:
    exam = Exam()
    await exam.running()
    here = await behind(exam, Answer(1, 1, "c"), by_device=PHONE)

    assert (await here.look(ATTEMPT)).attempt.answers == {1: "c"}


# --- entries and rows --------------------------------------------------------------------------------------------


def test_an_entry_carries_the_devices_number_where_there_is_one() -> None:
    entries = journal_of(ATTEMPT, (entered(), T0))

    numbered = make_entry(entries[0].digest, ATTEMPT, 2, _submitted(7), at(1))
    plain = make_entry(entries[0].digest, ATTEMPT, 2, _submitted(0), at(1))

    assert (numbered.seq, plain.seq) == (7, None)


def _submitted(seq: int) -> Submitted:
    return Submitted(as_of=at(1), ending=Ending.TIME, unanswered=0, seq=seq)


async def test_the_row_follows_from_the_state() -> None:
    exam = Exam()
    service = await exam.running()

    row = row_of((await service.look(ATTEMPT)).attempt)

    deadline: datetime = T0 + timedelta(hours=1)
    assert row == Row("running", deadline, deadline + timedelta(seconds=5), None, None)
