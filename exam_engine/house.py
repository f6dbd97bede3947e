"""What the process is made of: built once by `app.py`, handed to every edge file."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import asyncpg

from exam_engine import store
from exam_engine.briefs import Briefs
from exam_engine.bus import Bus, Keys
from exam_engine.capture_turns import CaptureTurns
from exam_engine.clock import DatabaseClock
from exam_engine.edge.throttle import Throttle
from exam_engine.gathering import Gathered
from exam_engine.journal import Journal
from exam_engine.known_faces import KnownFaces
from exam_engine.papers import Papers
from exam_engine.registration.documents import Documents
from exam_engine.registration.sms import SmsGateway
from exam_engine.registry import Registry
from exam_engine.service import Service
from exam_engine.settings import Settings
from proctor.keys import PersonKeys
from proctor.pictures import Pictures
from proctor.sampling import Sampler
from proctor.vision import Vision

TRIES_MAX: Final = 3


class Device(Protocol):
    """A connected device of a candidate, as far as closing the house needs it."""

    silent: int  # how often in a row nothing was heard of it
    attempt_id: int
    session: str

    async def bye(self, code: str, retry_after_ms: int = 0) -> None: ...
    def drop_old_pieces(self) -> None: ...


@dataclass(kw_only=True)
class House:
    """Everything an endpoint may use. `closing` is set when the process has been told to stop."""

    settings: Settings
    pool: "asyncpg.Pool[asyncpg.Record]"
    redis: Keys
    clock: DatabaseClock
    journal: Journal
    bus: Bus
    service: Service
    papers: Papers
    registry: Registry
    keys: PersonKeys
    pictures: Pictures
    documents: Documents
    vision: Vision
    sms: SmsGateway
    known: KnownFaces
    rng: random.Random  # seeded from the system: when the next picture is taken, which way the head is turned
    throttle: Throttle
    hashing: asyncio.Semaphore
    version: str
    sampler: Sampler = field(default_factory=Sampler)
    briefs: Briefs = field(default_factory=Briefs)
    closing: bool = False
    devices: dict[int, list[Device]] = field(default_factory=dict)  # of each attempt, in the order they came

    jobs: set[asyncio.Task[Any]] = field(default_factory=set)  # what goes on after its request was answered

    captures: CaptureTurns = field(init=False)
    sessions: Gathered[bytes, store.Account] = field(init=False)  # by the hashes of their tokens

    taken_in: Gathered[tuple[int, int], None] = field(init=False)  # to write: attempt, and the version its device has

    def __post_init__(self) -> None:
        self.taken_in = Gathered(self._write_taken_in)
        self.captures = CaptureTurns(self.pool, self.clock.now, lambda: self.pictures)
        self.sessions = Gathered(lambda hashes: store.sessions(self.pool, hashes))

    async def _write_taken_in(self, asked: Sequence[tuple[int, int]]) -> dict[tuple[int, int], None]:
        """What many devices say they have, in one statement: the furthest of each attempt."""
        furthest: dict[int, int] = {}
        for attempt_id, version in asked:
            furthest[attempt_id] = max(version, furthest.get(attempt_id, 0))
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                await self.pool.execute(store.TAKEN_IN, list(furthest), list(furthest.values()))
                break
            except asyncpg.DeadlockDetectedError:  # with a turn of the journal that met the same rows
                if not tries_left:
                    raise
        return {}

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` after this; `app.build` waits for what is under way before it closes anything."""
        task = asyncio.get_running_loop().create_task(work)
        self.jobs.add(task)
        task.add_done_callback(self.jobs.discard)

    def all_devices(self) -> list[Device]:
        """Every connected device."""
        return [device for devices in self.devices.values() for device in devices]
