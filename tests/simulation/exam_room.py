"""Watched exams from a seed: pictures lost, late and sent again, models and processes that die, a line that breaks."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from exam_engine.chain import GENESIS
from exam_engine.messages import Entered, HandIn, Start, TakePortrait
from exam_engine.service import make_entry
from exam_engine.sitting import Policy
from proctor.policy import Proctoring
from proctor.sight import Sight
from tests.contract.fake_database import FakeDatabase
from tests.exam_engine.samples import LAYOUT, PHONE, PICTURES, T0
from tests.simulation.camera import MODEL, STRANGER, Camera, Disk, Eyes, right_person, unit
from tests.simulation.fake_redis import FakeRedis
from tests.simulation.process import SITTING, Process, away
from tests.simulation.virtual_time import StoodStill, VirtualLoop, run
from tests.simulation.weather import FAIR, Climate
from tests.simulation.world import stage

FIRST_ID: Final = 1_000_000_000_001
EXAM_S: Final = 600.0
REST_S: Final = 200.0  # longer than a picture may wait for a second look
POLICY: Final = Policy(minutes=60, proctoring=Proctoring(every_min_s=20, every_max_s=40))


@dataclass(frozen=True)
class Mishaps:
    """What happens to pictures; probabilities, and seconds."""

    frame_lost: float = 0.1  # for good, before every try
    frame_late_s: float = 90.0
    answer_lost: float = 0.3  # it was taken in, and the device sends it again
    unseen: float = 0.15  # the model is away, slow, full …
    disk_away: float = 0.03
    kills_max: int = 4


@dataclass
class Room:
    """Two processes, two candidates before their cameras. `stranger` sits in the first one's chair, if anybody does."""

    seed: int
    stranger: bool
    climate: Mishaps
    weather: Climate
    database: FakeDatabase = field(default_factory=FakeDatabase)
    processes: list[Process] = field(default_factory=list)
    cameras: list[Camera] = field(default_factory=list)
    shown: dict[bytes, Sight] = field(default_factory=dict)
    faces: dict[int, bytes] = field(default_factory=dict)
    broken: list[BaseException] = field(default_factory=list)
    stuck: bool = False

    def process(self, rng: Random) -> Process | None:
        """Any process that is alive."""
        alive = [process for process in self.processes if process.alive]
        return rng.choice(alive) if alive else None

    async def story(self, loop: VirtualLoop) -> None:
        rng = Random(f"room {self.seed}")
        self.database.clock = lambda: T0 + timedelta(seconds=loop.time())
        self.redis = FakeRedis(Random(f"redis {self.seed}"), self.weather)
        self.disk = Disk(Random(f"disk {self.seed}"), self.climate.disk_away)
        for index in range(2):
            await self._start(f"process-{index}")
        attempts = [await self._enter(FIRST_ID + index, rng) for index in range(2)]
        for index, attempt_id in enumerate(attempts):
            who = self._who(index, Random(f"who {self.seed} {index}"))
            self.cameras.append(Camera(self, attempt_id, Random(f"camera {self.seed} {index}"), who))
        running = [asyncio.ensure_future(camera.run(POLICY.proctoring)) for camera in self.cameras]
        faults = asyncio.ensure_future(self._faults(Random(f"faults {self.seed}")))
        await asyncio.sleep(EXAM_S)
        for task in (*running, faults):
            task.cancel()
        for result in await asyncio.gather(*running, faults, return_exceptions=True):
            if isinstance(result, Exception):
                self.broken.append(result)
        await self._rest(attempts)
        for process in self.processes:
            self.broken.extend(process.broken())
        self.broken.extend(error for error in loop.broken if not away(error))

    def _who(self, index: int, rng: Random) -> Callable[[int], float | None]:
        himself = right_person(rng)
        if index or not self.stranger:
            return himself
        return lambda number: himself(number) if number <= 3 else STRANGER

    async def _start(self, name: str) -> None:
        process = Process(name, self.database, self.redis, Random(f"{name} {self.seed}"), self.weather)
        eyes: Any = Eyes(Random(f"eyes {name} {self.seed}"), self.shown, self.climate.unseen)
        disk: Any = self.disk
        registry: Any = _Registry()
        process.house.vision, process.house.pictures, process.house.registry = eyes, disk, registry
        await process.start()
        self.processes.append(process)

    async def _enter(self, attempt_id: int, rng: Random) -> int:
        self.faces[attempt_id] = unit(rng).astype("<f4").tobytes()
        self.database.proctoring.photos[attempt_id % 1000] = (self.faces[attempt_id], MODEL)
        event = Entered(
            sitting=SITTING, person=attempt_id % 1000, closes_at=T0 + timedelta(days=1), extra_minutes=0,
            policy=POLICY, layout=LAYOUT, paper="0" * 64,
        )  # fmt: skip
        self.database.open_attempt(make_entry(GENESIS, attempt_id, 1, event, T0))
        for command in (TakePortrait(PHONE, PICTURES[0]), Start()):
            await self._certainly(attempt_id, command)
        return attempt_id

    async def _certainly(self, attempt_id: int, command: Any) -> None:
        """A device goes on asking until it is answered."""
        rng = Random(f"{self.seed} {attempt_id}")
        while True:
            process = self.process(rng)
            try:
                if process is not None:
                    device = None if isinstance(command, TakePortrait) else PHONE
                    await process.service.handle(attempt_id, command, device=device)
                    return
            except Exception as error:
                if not away(error) and type(error).__name__ != "Unavailable":
                    raise
            await asyncio.sleep(1)

    async def _faults(self, rng: Random) -> None:
        kills = sorted(rng.uniform(30, EXAM_S - 30) for _ in range(rng.randint(0, self.climate.kills_max)))
        for number, (before, at_s) in enumerate(zip([0.0, *kills], kills, strict=False)):
            await asyncio.sleep(at_s - before)
            process = self.process(rng)
            if process is not None:
                process.kill()
                await self._start(f"{process.name}.{number}")

    async def _rest(self, attempts: list[int]) -> None:
        """Fair weather, until what was left over is done; then they hand in and it is done with them."""
        for process in self.processes:
            process.storm.over = True
            house: Any = process.house
            house.vision.lost = house.pictures.away = 0.0
        await asyncio.sleep(REST_S)
        for attempt_id in attempts:
            await self._certainly(attempt_id, HandIn(1))
        await asyncio.sleep(20)

    def captures(self, attempt_id: int) -> list[dict[str, Any]]:
        """Every capture of one attempt."""
        return [row for row in self.database.proctoring.captures if row["attempt_id"] == attempt_id]

    def incidents(self, attempt_id: int) -> list[tuple[str, int, int]]:
        """Rule, ordinal and level of each incident."""
        return sorted(
            (rule, n, row["level"])
            for (a, rule, n), row in self.database.proctoring.incidents.items()
            if a == attempt_id
        )

    def kinds(self, attempt_id: int) -> list[str]:
        """The kinds of its events."""
        return [entry.kind for entry in self.database.journals[attempt_id]]


class _Registry:
    async def sitting(self, _sitting_id: int) -> Any:
        return SimpleNamespace(points_per_item=1, policy=POLICY)

    async def owner(self, attempt_id: int) -> Any:
        return SimpleNamespace(person_id=attempt_id % 1000, sitting_id=SITTING)


def watch(seed: int, *, stranger: bool = False, mishaps: Mishaps | None = None, weather: Climate = FAIR) -> Room:
    """The exams of this seed, from beginning to rest."""
    room = Room(seed, stranger, mishaps or Mishaps(), weather)
    with stage():
        try:
            run(room.story)
        except StoodStill:
            room.stuck = True
    return room
