"""The loops, on a fake database in virtual time: nobody's client is needed for the bell, the mark and the release."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from structlog.testing import capture_logs

from exam_engine import workers
from exam_engine.bus import Bus
from exam_engine.chain import GENESIS
from exam_engine.house import House
from exam_engine.journal import Journal
from exam_engine.leading import Leads
from exam_engine.messages import Answer, Command, Extend, HandIn, Pause, Start, Submitted, TakePortrait, read_event
from exam_engine.service import Service, make_entry
from exam_engine.settings import Settings
from exam_engine.sitting import Policy
from proctor.vision import NoVision
from scoring.marking import Scheme, Score
from tests.contract.fake_database import FakeDatabase, FakePool
from tests.contract.fake_receipts import SECRET
from tests.exam_engine.samples import DESK, PHONE, PICTURES, T0, at, entered
from tests.simulation.virtual_time import VirtualLoop, run

ATTEMPT, OTHER = 1_000_000_000_001, 1_000_000_000_002


class Papers:
    """One point per item answered."""

    async def of_attempts(self, attempt_ids: list[int]) -> dict[int, None]:
        return dict.fromkeys(attempt_ids)

    async def score(self, _paper: None, answers: dict[int, str], _scheme: Scheme) -> Score:
        return Score(len(answers), 10, 0, 0, 0, ())


class Registry:
    async def sitting(self, _sitting_id: int) -> Any:
        return SimpleNamespace(points_per_item=1)


class Clock:
    """The loop's time, which starts at T0."""

    def now(self) -> datetime:
        return T0 + timedelta(seconds=asyncio.get_running_loop().time())

    async def follow(self) -> None:
        return


class Day:
    """One database, any number of processes, everything until the story is over."""

    def __init__(self, policy: Policy) -> None:
        self.database = FakeDatabase(released=False, clock=Clock().now)
        self._tasks: list[asyncio.Task[Any]] = []
        for attempt_id in (ATTEMPT, OTHER):
            self.database.open_attempt(make_entry(GENESIS, attempt_id, 1, entered(policy), T0))

    def house(self) -> House:
        """A process of which no loop runs yet but the one that commits."""
        pool: Any = FakePool(self.database)
        journal = Journal(pool)
        self.start(journal.run())
        clock: Any = Clock()
        bus = Bus(cast("Any", None), cast("Any", None), "process", clock.now)  # nobody sends what it gathers
        parts: dict[str, Any] = dict.fromkeys(
            (
                "redis",
                "keys",
                "pictures",
                "sms",
                "documents",
                "known",
                "rng",
                "throttle",
                "hashing",
                "version",
            )
        )
        return House(
            pool=pool,
            clock=clock,
            bus=bus,
            vision=NoVision(),
            journal=journal,
            service=Service(journal, clock.now, bus),
            papers=cast("Any", Papers()),
            registry=cast("Any", Registry()),
            settings=Settings(data=Path(), secret_key=SECRET),
            **parts,
        )

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.ensure_future(coroutine)
        self._tasks.append(task)
        return task

    async def begin(self, house: House, attempt_id: int = ATTEMPT) -> None:
        await house.service.handle(attempt_id, TakePortrait(PHONE, PICTURES[0]))
        await house.service.handle(attempt_id, Start(), device=PHONE)

    def kinds(self, attempt_id: int = ATTEMPT) -> list[str]:
        return [entry.kind for entry in self.database.journals[attempt_id]]

    def phase(self, attempt_id: int = ATTEMPT) -> str:
        return self.database.rows[attempt_id].phase


def day(story: Callable[[Day], Awaitable[None]], policy: Policy | None = None) -> Day:
    """The day after the story was played to its end."""
    made = Day(policy or Policy(minutes=1, pause_s_max=60))

    async def play(_loop: VirtualLoop) -> None:
        await story(made)

    run(play)
    return made


# --- the bell ----------------------------------------------------------------------------------------------------


def test_the_sweeper_rings_the_bell_though_no_client_is_alive() -> None:
    async def story(day: Day) -> None:
        await day.begin(day.house())
        day.start(workers.Sweeper(day.house()).run())
        await asyncio.sleep(64)
        assert day.phase() == "running"
        await asyncio.sleep(3)

    played = day(story)

    submitted = read_event(played.database.journals[ATTEMPT][-1].body)
    assert isinstance(submitted, Submitted)
    assert (submitted.as_of, submitted.ending) == (at(60), "time")
    assert played.database.journals[ATTEMPT][-1].at < at(66.5)


def test_an_attempt_that_was_handed_in_before_the_bell_is_left_alone() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        day.start(workers.Sweeper(house).run())
        await asyncio.sleep(55)
        await house.service.handle(ATTEMPT, HandIn(1), device=PHONE)
        await asyncio.sleep(30)

    assert day(story).kinds().count("submitted") == 1


def test_an_extension_given_while_the_sweeper_had_the_attempt_ready_is_honoured() -> None:
    async def story(day: Day) -> None:
        await day.begin(day.house())
        day.start(workers.Sweeper(day.house()).run())
        await asyncio.sleep(58)
        await day.house().service.handle(ATTEMPT, Extend(60, "停电"), by=DESK)
        await asyncio.sleep(60)
        assert day.phase() == "running"
        await asyncio.sleep(12)

    played = day(story)

    submitted = read_event(played.database.journals[ATTEMPT][-1].body)
    assert isinstance(submitted, Submitted)
    assert submitted.as_of == at(120)


def test_a_forgotten_pause_is_ended_and_the_bell_rings_after_what_it_took() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        day.start(workers.Sweeper(day.house()).run())
        await asyncio.sleep(10)
        await house.service.handle(ATTEMPT, Pause("停电"), by=DESK)
        await asyncio.sleep(130)

    played = day(story)

    assert played.kinds()[-3:] == ["paused", "resumed", "submitted"]
    submitted = read_event(played.database.journals[ATTEMPT][-1].body)
    assert isinstance(submitted, Submitted)
    assert submitted.as_of == at(120)


def test_all_that_end_together_are_closed_and_two_sweepers_do_no_harm() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        await day.begin(house, OTHER)
        for _ in range(2):
            day.start(workers.Sweeper(day.house()).run())
        await asyncio.sleep(70)

    played = day(story)

    assert [played.kinds(a).count("submitted") for a in (ATTEMPT, OTHER)] == [1, 1]


def test_who_listens_is_told_of_the_bell() -> None:
    told: list[tuple[int, str]] = []

    async def story(day: Day) -> None:
        house = day.house()
        for attempt_id in (ATTEMPT, OTHER):
            await day.begin(house, attempt_id)
            house.bus.add_listener(attempt_id, lambda known, news: told.append((known.attempt_id, news[-1].kind)))
        day.start(workers.Sweeper(house).run())
        await asyncio.sleep(70)

    day(story)

    assert told == [(ATTEMPT, "submitted"), (OTHER, "submitted")]


def test_a_sweeper_that_stops_lets_go_of_what_it_had_ready() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        sweeping = day.start(workers.Sweeper(house).run())
        await asyncio.sleep(55)
        assert house.service.held_versions() == {ATTEMPT: 5}
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        assert house.service.held_versions() == {}

    day(story)


# --- marking and release -----------------------------------------------------------------------------------------


def test_every_submitted_attempt_is_marked_once() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        for command in (Answer(1, 1, "a"), Answer(2, 2, "b"), HandIn(3)):
            await house.service.handle(ATTEMPT, command, device=PHONE)
        assert await workers.mark_some(day.house()) == 1
        assert await workers.mark_some(day.house()) == 0

    played = day(story)

    assert played.kinds().count("marked") == 1
    assert (played.phase(), played.database.rows[ATTEMPT].points) == ("marked", 2)
    assert {revision: points for revision, (points, *_) in played.database.scoring.kept[ATTEMPT].items()} == {1: 2}


def test_two_markers_at_once_mark_once() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        await house.service.handle(ATTEMPT, HandIn(1), device=PHONE)
        await asyncio.gather(workers.mark_some(day.house()), workers.mark_some(day.house()))

    assert day(story).kinds().count("marked") == 1


def test_the_mark_is_made_from_the_journal_and_not_from_what_this_process_happened_to_know() -> None:
    async def story(day: Day) -> None:
        marker, elsewhere = day.house(), day.house()
        await day.begin(elsewhere)
        await marker.service.hold(ATTEMPT)  # an old socket of the candidate is still open here
        commands: list[Command] = [Answer(1, 1, "a"), Answer(2, 2, "b"), HandIn(3)]
        for command in commands:  # his new one is elsewhere, and no wake-up arrives
            await elsewhere.service.handle(ATTEMPT, command, device=PHONE)
        await workers.mark_some(marker)

    played = day(story)

    assert {revision: points for revision, (points, *_) in played.database.scoring.kept[ATTEMPT].items()} == {1: 2}
    assert played.database.rows[ATTEMPT].points == 2


def test_nothing_is_marked_while_a_bell_is_being_rung_but_who_can_not_be_closed_holds_up_nobody() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        await day.begin(house, OTHER)
        await house.service.handle(OTHER, HandIn(1), device=PHONE)
        await asyncio.sleep(67)  # no sweeper runs: nobody closes the one that is due
        assert await workers.mark_some(house) == 0
        await asyncio.sleep(workers.OVERDUE_S)
        assert await workers.mark_some(house) == 1

    assert day(story).phase(OTHER) == "marked"


def test_one_that_can_not_be_marked_does_not_hold_up_the_others() -> None:
    class Stumbling(Papers):
        async def score(self, paper: None, answers: dict[int, str], scheme: Scheme) -> Score:
            if answers:
                raise KeyError(1)
            return await super().score(paper, answers, scheme)

    async def story(day: Day) -> None:
        house = day.house()
        house.papers = cast("Any", Stumbling())
        await day.begin(house)
        await day.begin(house, OTHER)
        await house.service.handle(ATTEMPT, Answer(1, 1, "a"), device=PHONE)
        for attempt_id, seq in ((ATTEMPT, 2), (OTHER, 1)):
            await house.service.handle(attempt_id, HandIn(seq), device=PHONE)
        assert await workers.mark_some(house) == 1

    with capture_logs() as logs:
        played = day(story)

    assert (played.phase(ATTEMPT), played.phase(OTHER)) == ("submitted", "marked")
    assert [line["attempt"] for line in logs if line["event"] == "marking_failed"] == [ATTEMPT]


def test_marked_attempts_are_released_when_the_agency_has_ordered_it() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)
        for command in (Answer(1, 1, "a"), HandIn(2)):
            await house.service.handle(ATTEMPT, command, device=PHONE)
        await workers.mark_some(house)
        assert await workers.release_some(house) == 0
        day.database.released = True
        assert await workers.release_some(house) == 1
        assert await workers.release_some(house) == 0

    played = day(story)

    assert played.kinds()[-2:] == ["marked", "released"]
    assert played.database.rows[ATTEMPT].passed is True


# --- keeping going -----------------------------------------------------------------------------------------------


def test_a_lost_wake_up_is_repaired() -> None:
    async def story(day: Day) -> None:
        here, elsewhere = day.house(), day.house()
        await here.service.hold(ATTEMPT)
        await day.begin(elsewhere)
        assert here.service.held_versions() == {ATTEMPT: 1}
        await workers.repair(here)
        assert here.service.held_versions() == {ATTEMPT: 5}

    day(story)


def test_one_process_leads_and_when_it_is_gone_another_does() -> None:
    async def story(day: Day) -> None:
        led: list[str] = []

        def work(name: str) -> Callable[[], Awaitable[None]]:
            async def lead() -> None:
                led.append(name)
                await asyncio.sleep(1_000_000)

            return lead

        first = day.start(Leads(day.house().pool).lead(7, work("first")))
        await asyncio.sleep(0.5)
        day.start(Leads(day.house().pool).lead(7, work("second")))
        await asyncio.sleep(20)
        assert led == ["first"]
        first.cancel()
        await asyncio.sleep(20)
        assert led == ["first", "second"]

    day(story)


def test_work_that_lost_the_database_is_taken_up_again() -> None:
    async def story(day: Day) -> None:
        tries = 0

        async def work() -> None:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise ConnectionResetError
            await asyncio.sleep(1_000_000)

        leading = day.start(Leads(day.house().pool).lead(7, work))
        await asyncio.sleep(20)
        assert tries == 3
        assert not leading.done()

    day(story)


def test_an_error_in_one_loop_does_not_end_the_others() -> None:
    async def story(day: Day) -> None:
        house = day.house()
        await day.begin(house)

        class Broken(Papers):
            async def of_attempts(self, attempt_ids: list[int]) -> dict[int, None]:
                raise KeyError(attempt_ids[0])

        house.papers = cast("Any", Broken())
        day.start(workers.run(house))
        await house.service.handle(ATTEMPT, HandIn(1), device=PHONE)  # whose marking stumbles
        await asyncio.sleep(5)
        await day.begin(house, OTHER)
        await asyncio.sleep(75)

    with capture_logs() as logs:
        played = day(story)

    assert {line["loop"] for line in logs if line["event"] == "loop_ended"} == {"marking"}
    assert played.kinds(OTHER)[-1] == "submitted"
