"""One exam day from a seed: processes that die, devices that come and go, a desk that meddles, and bad weather."""

import asyncio
import hashlib
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, Final

import pytest
import structlog

from exam_engine import clock, workers
from exam_engine.chain import GENESIS
from exam_engine.errors import PersonError
from exam_engine.messages import (
    AcceptIdentity,
    Annul,
    DeviceCommand,
    Entered,
    Extend,
    ForceHandIn,
    Layout,
    LockIdentity,
    Pause,
    RefuseIdentity,
    Resume,
    StaffCommand,
    UnlockIdentity,
    Warn,
)
from exam_engine.service import make_entry
from exam_engine.sitting import IdentityCheck, Policy
from tests.contract.fake_database import FakeDatabase
from tests.contract.fake_scoring import PROPOSAL
from tests.exam_engine.samples import LAYOUT, T0
from tests.simulation.fake_redis import FakeRedis
from tests.simulation.phone import Phone
from tests.simulation.process import POINTS_MAX, SITTING, Process, away
from tests.simulation.virtual_time import StoodStill, VirtualLoop, run
from tests.simulation.weather import Climate

FIRST_ID: Final = 1_000_000_000_001
DESK: Final = 900
STORY_S: Final = 85.0  # in which everybody acts; the exams last a minute, and what the desk adds
CALM_S: Final = 16.0  # fair weather at the end, in which everything must come to rest
TICK_S: Final = 0.5  # of the sweeper: rarer than in life, which costs it nothing but half a second
REST_S_MAX: Final = 3_000.0  # until then the last bell has rung, whatever the desk added


@dataclass
class Asked:
    """One word of the desk: how much stood when it was said, and what came back (None: refused, or unknown)."""

    attempt_id: int
    command: StaffCommand
    standing: int
    version: int | None = None


@dataclass
class World:
    """All there is in one run. After `story` it is at rest and can be looked through."""

    seed: int
    climate: Climate
    database: FakeDatabase = field(default_factory=FakeDatabase)
    processes: list[Process] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    closing: bool = False  # devices and desk come to an end
    calm: bool = False  # no more faults
    turns: int = 0
    broken: list[BaseException] = field(default_factory=list)
    stuck: str = ""

    def process(self, rng: Random) -> Process | None:
        """Any process that is alive."""
        alive = [process for process in self.processes if process.alive]
        return rng.choice(alive) if alive else None

    def echo(self, attempt_id: int, device: str, command: DeviceCommand) -> None:
        """Now and then what a device said arrives once more, later, elsewhere; nobody hears the answer."""
        if self.calm or self._rng.random() >= self.climate.frame_echoed:
            return
        process = self.process(self._rng)
        if process is not None:
            asyncio.get_running_loop().call_later(
                self._rng.uniform(0, 8), lambda: self._echo(process, attempt_id, device, command)
            )

    def _echo(self, process: Process, attempt_id: int, device: str, command: DeviceCommand) -> None:
        async def again() -> None:
            try:
                await process.service.handle(attempt_id, command, device=device)
            except PersonError:
                pass
            except Exception as error:
                if not away(error):
                    raise

        if process.alive:
            process.spawn(again())

    # --- the story ---------------------------------------------------------------------------------------------

    async def story(self, loop: VirtualLoop, redis_is_deaf: bool) -> None:
        rng = self._rng = Random(f"world {self.seed}")
        self.database.clock = lambda: T0 + timedelta(seconds=loop.time())
        redis = self.redis = FakeRedis(Random(f"redis {self.seed}"), self.climate)
        redis.deaf = redis_is_deaf
        for index in range(rng.randint(2, 3)):
            await self._start(f"process-{index}")
        policy = _policy(rng)
        attempts = [self._enter(FIRST_ID + index, policy, rng) for index in range(rng.randint(1, 3))]
        for attempt_id in attempts:
            for index in range(rng.randint(2, 4)):
                self.phones.append(Phone(attempt_id, index, Random(f"phone {self.seed} {attempt_id} {index}"), self))
        actors = [asyncio.ensure_future(phone.live()) for phone in self.phones]
        actors.append(asyncio.ensure_future(self._meddle(attempts, Random(f"desk {self.seed}"))))
        faults = asyncio.ensure_future(self._faults(Random(f"faults {self.seed}")))
        await self._rule(Random(f"rulings {self.seed}"))
        self.closing = True
        faults.cancel()
        await asyncio.gather(faults, return_exceptions=True)
        await self._rest(loop)
        for actor in actors:
            actor.cancel()
        for result in await asyncio.gather(*actors, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                self.broken.append(result)
        self.turns = loop.turns
        for process in self.processes:
            self.broken.extend(process.broken())
        self.broken.extend(error for error in loop.broken if not away(error))

    async def _rule(self, rng: Random) -> None:
        """On some days two persons let the sitting be marked again, at any moment of it; then the rest of the day."""
        scoring = self.database.scoring
        scoring.pass_points = POINTS_MAX // 2
        when_s = rng.uniform(0, STORY_S)
        await asyncio.sleep(when_s)
        if rng.random() < 0.5:
            scoring.approve(keep_passes=rng.random() < 0.7)
        await asyncio.sleep(STORY_S - when_s)

    async def _rest(self, loop: VirtualLoop) -> None:
        """Fair weather, until nothing is open any more; then as long as the slowest repair takes."""
        self.calm = True
        self.redis.down = False
        self.redis.over = True
        for process in self.processes:
            process.storm.over = True
        if not any(process.alive for process in self.processes):
            await self._start("process-last")
        end_s = loop.time() + REST_S_MAX
        while loop.time() < end_s and (self._open() or self.database.scoring.applying):
            await asyncio.sleep(1)
            if any(process.broken() for process in self.processes):
                break  # what broke is reported; without it there may be no rest
        await asyncio.sleep(CALM_S)
        open_ = self._open() or ({PROPOSAL: "applying"} if self.database.scoring.applying else {})
        self.stuck = f"never came to rest: {open_}" if open_ else ""

    def _open(self) -> dict[int, str]:
        """Attempts that time or the loops still have something to do with, as their rows say."""
        rows = sorted(self.database.rows.items())
        return {attempt_id: row.phase for attempt_id, row in rows if row.phase in ("running", "submitted", "marked")}

    async def _start(self, name: str) -> None:
        process = Process(name, self.database, self.redis, Random(f"{name} {self.seed}"), self.climate)
        process.storm.over = self.calm
        await process.start()
        self.processes.append(process)

    def _enter(self, attempt_id: int, policy: Policy, rng: Random) -> int:
        event = Entered(
            sitting=SITTING,
            person=attempt_id % 1000,
            closes_at=T0 + timedelta(days=1),
            extra_minutes=0,
            policy=policy,
            layout=LAYOUT if rng.random() < 0.7 else Layout("eeeeeeeeee", "----------", "aaaa-bbb--"),
            paper="0" * 64,
        )
        self.database.open_attempt(make_entry(GENESIS, attempt_id, 1, event, T0))
        return attempt_id

    async def _faults(self, rng: Random) -> None:
        """Processes are killed and come back under another name; Redis goes away for a while."""
        kills = sorted(rng.uniform(5, STORY_S - 5) for _ in range(rng.randint(0, self.climate.kills_max)))
        away_s = rng.uniform(0, STORY_S - 20) if rng.random() < self.climate.redis_down else None
        plan: list[tuple[float, Callable[[], Any]]] = [(at_s, lambda: self._kill(rng)) for at_s in kills]
        if away_s is not None:
            plan.append((away_s, lambda: setattr(self.redis, "down", True)))
            plan.append((away_s + rng.uniform(1, 20), lambda: setattr(self.redis, "down", False)))
        loop = asyncio.get_running_loop()
        for at_s, what in sorted(plan, key=lambda entry: entry[0]):
            await asyncio.sleep(max(0.0, at_s - loop.time()))
            what()

    def _kill(self, rng: Random) -> None:
        process = self.process(rng)
        if process is None:
            return
        process.kill()
        name, pause_s = f"{process.name}'", rng.uniform(0.1, 15)

        async def again() -> None:
            await asyncio.sleep(pause_s)
            await self._start(name)

        self._starting = asyncio.ensure_future(again())

    async def _meddle(self, attempts: list[int], rng: Random) -> None:
        """People at the desk: by chance, sometimes the same act twice through different processes."""
        act = 0
        while not self.closing:
            await asyncio.sleep(rng.expovariate(0.35))
            attempt_id, process = rng.choice(attempts), self.process(rng)
            if process is None:
                continue
            act += 1
            command = _word_of_the_desk(rng, act)
            twice = 2 if isinstance(command, Warn | Extend) and rng.random() < 0.3 else 1
            for _ in range(twice):
                process = self.process(rng)
                if process is not None:
                    process.spawn(self._ask(process, attempt_id, command))

    async def _ask(self, process: Process, attempt_id: int, command: StaffCommand) -> None:
        asked = Asked(attempt_id, command, len(self.database.journals[attempt_id]))
        self.asked.append(asked)
        try:
            result = await process.service.handle(attempt_id, command, by=DESK)
        except PersonError:
            return
        except Exception as error:
            if not away(error):
                raise
            return
        asked.version = result.version

    def digest(self) -> str:
        """Equal for equal runs: every journal, and how often the loop went round."""
        ends = [
            (attempt_id, entries[-1].digest.hex()) for attempt_id, entries in sorted(self.database.journals.items())
        ]
        return hashlib.sha256(repr((ends, self.turns)).encode()).hexdigest()


def _policy(rng: Random) -> Policy:
    return Policy(
        minutes=1,
        grace_s=rng.choice([0, 2, 5]),
        a4_no_back=rng.random() < 0.3,
        identity=rng.choice([IdentityCheck.AT_ONCE, IdentityCheck.AT_ONCE, IdentityCheck.PERSON]),
        identity_again=rng.choice([IdentityCheck.AT_ONCE, IdentityCheck.AT_ONCE, IdentityCheck.PERSON]),
        pause_compensated=rng.random() < 0.7,
        pause_s_max=60,
    )


def _word_of_the_desk(rng: Random, act: int) -> StaffCommand:
    words: list[StaffCommand] = [
        AcceptIdentity(),
        Warn("请正对摄像头", act=act),
        Pause("停电"),
        Resume(),
        Extend(60, "补时", act),
        LockIdentity("不符"),
        UnlockIdentity(),
        RefuseIdentity("照片模糊"),
        ForceHandIn("作弊"),
        Annul("故障"),
    ]
    return rng.choices(words, weights=[8, 3, 3, 4, 1.5, 2, 4, 1, 0.4, 0.2])[0]


def no_error_of_ours(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What is logged with an error nobody else is to blame for is a bug, though the loop goes on: it ends the loop."""
    error = sys.exception()
    if line.get("exc_info") and error is not None and not away(error):
        raise error
    return line


@contextmanager
def stage() -> Iterator[None]:
    """What the product takes from the host is taken from the run; of the logs only errors are somebody's business."""
    config = structlog.get_config()
    host = SimpleNamespace(monotonic=lambda: asyncio.get_running_loop().time())
    structlog.configure(
        logger_factory=structlog.ReturnLoggerFactory(), processors=[no_error_of_ours], cache_logger_on_first_use=False
    )
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "time", host)
            patch.setattr(workers, "TICK_S", TICK_S)
            yield
    finally:
        structlog.configure(**config)


def play(
    seed: int, climate: Climate | None = None, *, database: FakeDatabase | None = None, redis_is_deaf: bool = False
) -> World:
    """The day of this seed, from beginning to rest."""
    world = World(seed, climate or Climate(), database or FakeDatabase())
    with stage():
        try:
            run(lambda loop: world.story(loop, redis_is_deaf))
        except StoodStill:
            world.stuck = "everybody waits for what never comes"
    return world
