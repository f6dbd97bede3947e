"""A board among processes: what it needs to stay true, one thing at a time and in fair weather."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from exam_engine.chain import GENESIS, Entry
from exam_engine.messages import Answer, HandIn, Release, Start, TakePortrait
from exam_engine.service import make_entry
from tests.contract.fake_database import FakeDatabase
from tests.exam_engine.samples import PHONE, PICTURES, T0, entered
from tests.simulation.fake_redis import FakeRedis
from tests.simulation.process import Process
from tests.simulation.virtual_time import VirtualLoop, run
from tests.simulation.weather import FAIR
from tests.simulation.world import stage

ATTEMPT = 1_000_000_000_001
LONG_ENOUGH_S = 12.0  # two rounds of the repair


class Two:
    """Two processes on one database; `here` is watched, the candidate is connected `elsewhere`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.database = FakeDatabase(clock=lambda: T0 + timedelta(seconds=loop.time()))
        self.redis = FakeRedis(Random(0), FAIR)
        self.database.open_attempt(make_entry(GENESIS, ATTEMPT, 1, entered(), T0))
        self.here, self.elsewhere = (
            Process(name, self.database, self.redis, Random(0), FAIR) for name in ("here", "elsewhere")
        )

    async def begin(self) -> None:
        await self.here.start()
        await self.elsewhere.start()
        await self.elsewhere.service.handle(ATTEMPT, TakePortrait(PHONE, PICTURES[0]))
        await self.elsewhere.service.handle(ATTEMPT, Start(), device=PHONE)
        await asyncio.sleep(2)

    async def answer(self, seq: int) -> None:
        await self.elsewhere.service.handle(ATTEMPT, Answer(seq, 1, "a"), device=PHONE)

    def seen(self) -> tuple[int, int]:
        """Up to where the board is, and up to where it should be."""
        return self.here.board._candidates[ATTEMPT].version, len(self.database.journals[ATTEMPT])


def played(story: Callable[[Two], Awaitable[None]]) -> Two:
    async def play(loop: VirtualLoop) -> Two:
        two = Two(loop)
        await two.begin()
        await story(two)
        await asyncio.sleep(LONG_ENOUGH_S)
        return two

    with stage():
        return run(play)


def _is_up_to_date(two: Two) -> bool:
    version, right = two.seen()
    return version == right


def test_what_happens_in_another_process_is_seen() -> None:
    assert _is_up_to_date(played(lambda two: two.answer(1)))


def test_without_wake_ups_the_repair_brings_it() -> None:
    async def story(two: Two) -> None:
        two.redis.deaf = True
        await two.answer(1)

    assert _is_up_to_date(played(story))


def test_without_redis_the_repair_brings_it() -> None:
    async def story(two: Two) -> None:
        two.redis.down = True
        await two.answer(1)

    assert _is_up_to_date(played(story))


def test_what_comes_late_after_the_release_is_seen_though_no_wake_up_arrived() -> None:
    async def story(two: Two) -> None:
        await two.elsewhere.service.handle(ATTEMPT, HandIn(1), device=PHONE)
        await asyncio.sleep(5)
        await two.elsewhere.service.handle(ATTEMPT, Release(1), by=900)
        await asyncio.sleep(5)
        two.redis.deaf = True
        await two.answer(2)

    two = played(story)

    assert two.database.journals[ATTEMPT][-1].kind == "came_late"
    assert _is_up_to_date(two)


def test_a_board_lives_through_a_database_that_is_away_for_a_moment() -> None:
    async def story(two: Two) -> None:
        tails = two.here.house.journal.tails
        left = [ConnectionResetError()]

        async def away_once(known: dict[int, int]) -> dict[int, list[Entry]]:
            if left:
                raise left.pop()
            return await tails(known)

        two.here.house.journal.tails = away_once  # type: ignore[method-assign]  # the weather of one moment
        await two.answer(1)

    two = played(story)

    assert _is_up_to_date(two)
    assert two.here.boards_lost == 0, "who watched it before would see it stand still and not be told"
