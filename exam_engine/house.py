"""What the process is made of: built once by `app.py`, handed to every edge file."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

from exam_engine.bus import Bus, Keys
from exam_engine.clock import DatabaseClock
from exam_engine.edge.throttle import Throttle
from exam_engine.journal import Journal
from exam_engine.papers import Papers
from exam_engine.registry import Registry
from exam_engine.service import Service
from exam_engine.settings import Settings
from proctor.pictures import Pictures
from proctor.vision import Vision


class Device(Protocol):
    """A connected device of a candidate, as far as closing the house needs it."""

    heard: bool
    attempt_id: int
    session: str

    async def bye(self, code: str, retry_after_ms: int = 0) -> None: ...


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
    pictures: Pictures
    vision: Vision
    throttle: Throttle
    hashing: asyncio.Semaphore
    version: str
    closing: bool = False
    devices: dict[int, list[Device]] = field(default_factory=dict)  # of each attempt, in the order they came

    def all_devices(self) -> list[Device]:
        """Every connected device."""
        return [device for devices in self.devices.values() for device in devices]
