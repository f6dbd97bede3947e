"""Attempts asked about over HTTP stay in memory for a while, and then go."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from exam_engine.chain import GENESIS
from exam_engine.edge.lingering import Lingering
from exam_engine.errors import NotFound
from exam_engine.journal import Journal
from exam_engine.messages import TakePortrait
from exam_engine.service import Service, make_entry
from tests.contract.fake_database import FakeDatabase, FakePool
from tests.exam_engine.samples import PHONE, PICTURES, T0, entered
from tests.simulation.virtual_time import VirtualLoop, run

ATTEMPT = 1_000_000_000_001


class Silent:
    def announce(self, known: object, entries: object) -> None:
        return


class House:
    """A process with one attempt in its database."""

    def __init__(self, database: FakeDatabase) -> None:
        journal = Journal(FakePool(database))  # type: ignore[arg-type]
        self.running = asyncio.ensure_future(journal.run())
        self.service = Service(journal, lambda: T0, Silent())
        self.lingering = Lingering(self.service, linger_s=20)


def day(story: Callable[[House, House], Awaitable[None]]) -> None:
    """Two processes on one database, in virtual time."""

    async def play(_loop: VirtualLoop) -> None:
        database = FakeDatabase(clock=lambda: T0)
        database.open_attempt(make_entry(GENESIS, ATTEMPT, 1, entered(), T0))
        await story(House(database), House(database))

    run(play)


def test_it_stays_for_twenty_seconds_after_the_last_time_it_was_asked_about() -> None:
    async def story(house: House, _other: House) -> None:
        for _ in range(3):
            await house.lingering.look(ATTEMPT)
            await asyncio.sleep(19)
        assert house.service.held(ATTEMPT) is not None
        await asyncio.sleep(2)
        assert house.service.held(ATTEMPT) is None

    day(story)


def test_what_another_process_wrote_is_seen_though_it_stayed() -> None:
    async def story(house: House, other: House) -> None:
        assert (await house.lingering.look(ATTEMPT)).version == 1
        await other.service.handle(ATTEMPT, TakePortrait(PHONE, PICTURES[0]))
        stay, read = await house.lingering.stay(ATTEMPT)
        assert (stay.known.version, read) == (1, False)
        assert (await house.lingering.look(ATTEMPT)).version > 1

    day(story)


def test_only_who_read_it_himself_is_told_that_it_is_up_to_date() -> None:
    async def story(house: House, other: House) -> None:
        stays = await asyncio.gather(*(house.lingering.stay(ATTEMPT) for _ in range(3)))
        assert len({id(stay) for stay, _ in stays}) == 1
        assert sum(read for _, read in stays) <= 1
        await other.service.hold(ATTEMPT)
        assert (await other.lingering.stay(ATTEMPT))[1] is False
        await asyncio.sleep(60)
        assert house.service.held_versions() == {}

    day(story)


def test_what_does_not_exist_does_not_stay() -> None:
    async def story(house: House, _other: House) -> None:
        with pytest.raises(NotFound):
            await house.lingering.look(7)

    day(story)
