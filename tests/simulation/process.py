"""One process of the product, made of its own parts: journal, bus, service, loops, a board; only the edges are fake."""

import asyncio
import zlib
from collections.abc import Coroutine
from contextvars import copy_context
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final, cast

from exam_engine import workers
from exam_engine.app import _refresher
from exam_engine.bus import Bus, Wake
from exam_engine.clock import DatabaseClock
from exam_engine.edge.boards import Board
from exam_engine.errors import PersonError
from exam_engine.house import House
from exam_engine.journal import Journal
from exam_engine.service import Service
from exam_engine.settings import Settings
from exam_engine.sitting import Policy
from proctor.vision import NoVision
from scoring.marking import Scheme, Score
from tests.contract.fake_database import FakeDatabase, FakePool
from tests.contract.fake_receipts import SECRET
from tests.contract.fake_scoring import REF
from tests.simulation.fake_redis import FakeRedis
from tests.simulation.virtual_time import OWNER
from tests.simulation.weather import Climate, Storm

SITTING: Final = 3
POINTS_MAX: Final = 10**6


def worth(answers: dict[int, str], edition: int = 0) -> int:
    """A score that other answers, or other schemes, would hardly give."""
    return zlib.crc32(repr((sorted(answers.items()), edition)).encode()) % POINTS_MAX


class _Papers:
    """Marks without items: the score says which answers it was made from."""

    async def of_attempts(self, attempt_ids: list[int]) -> dict[int, SimpleNamespace]:
        (item_id, version) = REF
        entry = SimpleNamespace(item_id=item_id, version=version)
        return dict.fromkeys(attempt_ids, SimpleNamespace(entries=(entry,)))

    async def score(self, _paper: object, answers: dict[int, str], scheme: Scheme) -> Score:
        return Score(worth(answers, scheme.edition), POINTS_MAX, 0, 0, 0, ())


class _Registry:
    """One sitting, and attempts whose last digits are their person's number."""

    async def sitting(self, _sitting_id: int) -> Any:
        return SimpleNamespace(points_per_item=1, policy=Policy())

    async def owner(self, attempt_id: int) -> Any:
        return SimpleNamespace(person_id=attempt_id % 1000, sitting_id=SITTING)


class Process:
    """Alive from the moment it is made until `kill`, after which nothing it knew is left."""

    def __init__(self, name: str, database: FakeDatabase, redis: FakeRedis, rng: Random, climate: Climate) -> None:
        self.name = name
        self.alive = True
        self.storm = Storm(rng, climate)
        self._tasks: list[asyncio.Task[Any]] = []
        self._context = copy_context()
        self._context.run(OWNER.set, self._tasks)
        pool: Any = FakePool(database, self.storm)
        skew = timedelta(seconds=rng.uniform(-0.2, 0.2))

        async def ask() -> datetime:
            asked: datetime = await pool.fetchval("SELECT clock_timestamp()")
            return asked + skew

        clock = DatabaseClock(ask)
        journal = Journal(pool)
        keys: Any = redis
        bus = Bus(keys, keys, name, clock.now)
        self.service = Service(journal, clock.now, bus)
        nothing: Any = None
        self.house = House(
            settings=Settings(data=Path(), secret_key=SECRET),
            pool=pool,
            redis=keys,
            clock=clock,
            journal=journal,
            bus=bus,
            service=self.service,
            papers=cast("Any", _Papers()),
            registry=cast("Any", _Registry()),
            keys=nothing,
            pictures=nothing,
            vision=NoVision(),
            sms=nothing,
            documents=nothing,
            known=nothing,
            rng=rng,
            throttle=nothing,
            hashing=nothing,
            version="",
        )
        self.board = Board(self.house, SITTING)
        self.boards_lost = 0

    async def start(self) -> None:
        """Measure the clock, then run everything."""
        while True:
            try:
                await self.house.clock.follow()
            except Exception as error:
                if not away(error):
                    raise
            else:
                break
        bus = self.house.bus
        bus.heard.append(_refresher(self.house))
        bus.heard.append(self._woken)
        self.spawn(self.house.journal.run())
        self.spawn(bus.run())
        self.spawn(workers.run(self.house))
        self.spawn(self._watch())

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """A task of this process."""
        return self._context.run(asyncio.get_running_loop().create_task, coroutine)

    def broken(self) -> list[BaseException]:
        """What its tasks raised that no database, no Redis and no person is to blame for."""
        ended = [task for task in self._tasks if task.done() and not task.cancelled()]
        errors = [error for task in ended if (error := task.exception()) is not None]
        return [error for error in errors if not away(error) and not isinstance(error, PersonError)]

    async def _watch(self) -> None:
        """Somebody watches the board all the time, and comes back when it is gone."""
        while True:
            try:
                await self.board.run()
            except Exception as error:
                if not away(error):
                    raise
                self.boards_lost += 1
                await asyncio.sleep(1)
                self.board = Board(self.house, SITTING)

    def _woken(self, wake: Wake) -> None:
        self.board.woken(wake)

    def kill(self) -> None:
        """kill -9: no goodbye, nothing is written any more, all memory is gone."""
        self.alive = False
        self.storm.dead = True
        for task in self._tasks:
            task.cancel()


def away(error: BaseException) -> bool:
    """Whether this is what a database or Redis that can't be reached raises."""
    return isinstance(error, OSError) or type(error).__module__.startswith(("asyncpg", "redis"))
