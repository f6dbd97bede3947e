"""Cameras on bad lines, models that die, and a disk: what brings pictures to the product in a simulated exam."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from exam_engine.briefs import brief_of
from exam_engine.captures import take_capture
from exam_engine.errors import PersonError
from proctor.pictures import Sent, StoreAway
from proctor.policy import Proctoring
from proctor.sight import Face, Quality, Sight
from proctor.vision import VisionAway, VisionState
from tests.exam_engine.samples import T0
from tests.simulation.process import Process, away

if TYPE_CHECKING:
    from tests.simulation.exam_room import Room

MODEL: Final = "model-of-the-simulation"
LANDMARKS: Final = (300.0, 200.0, 340.0, 200.0, 320.0, 230.0, 305.0, 260.0, 335.0, 260.0)
FACE: Final = Face((200.0, 100.0, 190.0, 230.0), 0.99, LANDMARKS)
AWAY: Final = ("down", "slow", "full", "superseded", "unreadable")
STRANGER: Final = 0.4
# How far single pictures of one person lie from his photo: what other_max is measured for, and now and then more.
NEAR_MAX: Final = 0.05
DOUBTFUL_MAX: Final = 0.12
DOUBTFUL: Final = 0.03


def unit(rng: Random) -> NDArray[np.float64]:
    """Any direction."""
    numbers = np.array([rng.gauss(0, 1) for _ in range(128)])
    return np.asarray(numbers / np.linalg.norm(numbers))


def face_at(base: bytes, apart: float, rng: Random) -> bytes:
    """A vector at this cosine distance from another, in any direction."""
    mine = np.frombuffer(base, "<f4").astype(np.float64)
    aside = unit(rng)
    aside -= aside.dot(mine) * mine
    aside /= np.linalg.norm(aside)
    return np.asarray((1 - apart) * mine + (1 - (1 - apart) ** 2) ** 0.5 * aside, "<f4").tobytes()


@dataclass
class Eyes:
    """The face model of one process. What a picture shows is known by the picture; whether it is seen, by chance."""

    rng: Random
    shown: dict[bytes, Sight]
    lost: float  # how often a look comes to nothing
    dead_until_s: float = 0.0

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        """As the Protocol says; a dead worker takes a while to be noticed, a slow one as long as it may."""
        del key, urgent
        loop = asyncio.get_running_loop()
        if self.rng.random() < self.lost / 4:
            self.dead_until_s = loop.time() + self.rng.uniform(5, 60)
        if loop.time() < self.dead_until_s:
            await asyncio.sleep(self.rng.uniform(0, 5))
            raise VisionAway("down")
        if self.rng.random() < self.lost:
            reason = self.rng.choice(AWAY)
            await asyncio.sleep(wait_s if reason == "slow" else 0)
            raise VisionAway(reason)
        await asyncio.sleep(self.rng.expovariate(1 / 3))
        return self.shown[jpeg]

    def state(self) -> VisionState:
        """As the Protocol says."""
        return VisionState(model=MODEL, workers=1, workers_alive=1, urgent=0, periodic=0, waited_s=0.0)

    async def run(self) -> None:
        """Nothing has to be kept working."""
        await asyncio.Event().wait()


@dataclass
class Disk:
    """Where pictures are kept, for all processes; it is full or away now and then."""

    rng: Random
    away: float
    files: dict[tuple[int, str], bytes] = field(default_factory=dict)

    async def keep_many(self, sent: Sequence[Sent]) -> list[str | StoreAway]:
        """As `Pictures.keep_many`."""
        await asyncio.sleep(0.01)
        return [self._keep(one) for one in sent]

    def _keep(self, one: Sent) -> str | StoreAway:
        if self.rng.random() < self.away:
            return StoreAway("No space left on device")
        name = sha256(one.jpeg).hexdigest()
        self.files[one.person_id, name] = one.jpeg
        return name

    async def get_as_kept(self, person_id: int, name: str) -> bytes | None:
        """As `Pictures.get_as_kept`."""
        await asyncio.sleep(0.01)
        if self.rng.random() < self.away:
            raise StoreAway("Input/output error")
        return self.files.get((person_id, name))


class Camera:
    """Takes a picture now and then and sends it until somebody says that he has it, or it is lost for good."""

    def __init__(self, room: "Room", attempt_id: int, rng: Random, who: Callable[[int], float | None]) -> None:
        """`who` says, for each picture, how far its face is from the right person's; None: nobody is in it."""
        self._room, self._attempt_id, self._rng, self._who = room, attempt_id, rng, who
        self.taken = 0
        self.kept = 0

    async def run(self, policy: Proctoring) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as sending:
            while True:
                await asyncio.sleep(self._rng.uniform(policy.every_min_s, policy.every_max_s))
                self.taken += 1
                sending.create_task(self._send(self._take()))

    def _take(self) -> bytes:
        jpeg = f"picture {self._attempt_id} {self.taken}".encode()
        apart = self._who(self.taken)
        thumb = self._rng.randbytes(1024)
        if apart is None:
            self._room.shown[jpeg] = Sight(width=640, height=480, model=MODEL, luma=110.0, spread=50.0, thumb=thumb)
            return jpeg
        quality = Quality(face_px=190, luma=120, clipped=0.0, sharpness=3.0)
        vector = face_at(self._room.faces[self._attempt_id], apart, self._rng)
        self._room.shown[jpeg] = Sight(
            width=640, height=480, model=MODEL, faces=(FACE,), quality=quality, turn=0.0, vector=vector, luma=110.0,
            spread=50.0, thumb=thumb,
        )  # fmt: skip
        return jpeg

    async def _send(self, jpeg: bytes) -> None:
        """Again and again, by any process: the device knows only how long ago the picture was taken."""
        loop, climate = asyncio.get_running_loop(), self._room.climate
        taken_s = loop.time()
        while self._rng.random() >= climate.frame_lost:
            await asyncio.sleep(self._rng.expovariate(1 / 2) + self._rng.choice([0, 0, 0, climate.frame_late_s]))
            process = self._room.process(self._rng)
            if process is not None and await self._arrives(process, jpeg, loop.time() - taken_s):
                self.kept += 1
                if self._rng.random() >= climate.answer_lost:
                    return
            await asyncio.sleep(self._rng.uniform(1, 20))

    async def _arrives(self, process: Process, jpeg: bytes, ago_s: float) -> bool:
        """Whether it was taken in, as `edge/watching.py` does it; the device hears of it later, or never."""
        done = process.spawn(self._take_in(process, jpeg, timedelta(seconds=ago_s)))
        await asyncio.wait({done}, timeout=30)
        return done.done() and not done.cancelled() and done.exception() is None and done.result()

    async def _take_in(self, process: Process, jpeg: bytes, ago: timedelta) -> bool:
        # On the way it takes its time, of which the server knows nothing.
        at = process.house.clock.now() - ago
        await asyncio.sleep(self._rng.expovariate(2))
        try:
            async with process.service.holding(self._attempt_id) as known:
                started_at = known.attempt.started_at or T0
                person_id = known.attempt.person
                await take_capture(process.house, brief_of(known), person_id, jpeg, "interval", max(at, started_at))
        except (PersonError, StoreAway):
            return False
        except Exception as error:
            if not away(error):
                raise
            return False
        return True


def right_person(rng: Random) -> Callable[[int], float | None]:
    """Himself: mostly well to be seen, now and then doubtful, never twice in a row away from the camera."""
    left = [False]

    def apart(_number: int) -> float | None:
        left[0] = not left[0] and rng.random() < 0.05
        if left[0]:
            return None
        return rng.uniform(NEAR_MAX, DOUBTFUL_MAX) if rng.random() < DOUBTFUL else rng.uniform(0.0, NEAR_MAX)

    return apart
