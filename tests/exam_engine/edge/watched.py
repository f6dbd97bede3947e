"""What a watched exam needs beside a server: eyes that see what the test says, and a candidate before a camera."""

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from itertools import count
from random import Random
from typing import Any, Final

import numpy as np
import pytest

from exam_engine.demo import PASSWORD
from exam_engine.sitting import IdentityCheck, Policy
from proctor import store
from proctor.policy import Proctoring
from proctor.sight import Face, Quality, Sight
from proctor.vision import Vision, VisionAway, VisionState
from tests.candidate import Candidate, Refusal, Staff, jpeg
from tests.exam_engine.edge.server import Server

MODEL: Final = "model-of-tests"
LANDMARKS: Final = (300.0, 200.0, 340.0, 200.0, 320.0, 230.0, 305.0, 260.0, 335.0, 260.0)
GOOD: Final = Quality(face_px=190, luma=120, clipped=0.0, sharpness=3.0)
FACE: Final = Face((200.0, 100.0, 190.0, 230.0), 0.99, LANDMARKS)
BESIDE: Final = Face((20.0, 100.0, 150.0, 190.0), 0.99, LANDMARKS)
_numbers = count(1)


def vector(apart: float = 0.0, side: int = 1) -> bytes:
    """A face at this cosine distance from the right person's, away in direction `side`."""
    numbers = np.zeros(128, "<f4")
    numbers[0] = 1 - apart
    numbers[side] = (1 - (1 - apart) ** 2) ** 0.5
    return numbers.tobytes()


def thumb() -> bytes:
    """The picture as the frozen-feed rule sees it: never the same twice."""
    return Random(next(_numbers)).randbytes(1024)


def sight(
    apart: float = 0.0,
    *,
    turn: float = 0.0,
    faces: tuple[Face, ...] = (FACE,),
    quality: Quality = GOOD,
    luma: float = 120.0,
    spread: float = 50.0,
    still: bytes = b"",
) -> Sight:
    """One look at the right person (`apart` 0) or at somebody else; `still`: this very picture, once more."""
    return Sight(
        width=640,
        height=480,
        model=MODEL,
        faces=faces,
        quality=quality if faces else None,
        turn=turn if faces else None,
        vector=vector(apart) if faces else b"",
        luma=luma,
        spread=spread,
        thumb=still or thumb(),
    )


STRANGER: Final = 0.5  # how far another person's face is


class Eyes:
    """A `Vision` that sees what it was told to see, in the order told; else the right person."""

    def __init__(self) -> None:
        self._told: defaultdict[int, deque[Sight | VisionAway]] = defaultdict(deque)
        self.open = asyncio.Event()  # cleared: a queue that does not move
        self.open.set()
        self.reason = ""
        self.looked: list[tuple[int, bool]] = []  # key and urgency of everything looked at

    def tell(self, attempt_id: int, *sights: Sight | VisionAway) -> None:
        """What the next pictures of this attempt show."""
        self._told[attempt_id].extend(sights)

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        """As the Protocol says."""
        assert jpeg.startswith(b"\xff\xd8\xff")
        assert wait_s > 0
        self.looked.append((key, urgent))
        told = self._told[key].popleft() if self._told[key] else sight()
        await self.open.wait()
        if isinstance(told, VisionAway):
            raise told
        return told

    def state(self) -> VisionState:
        """As the Protocol says."""
        return VisionState(
            model=MODEL, workers=1, workers_alive=0 if self.reason else 1, urgent=0, periodic=0, waited_s=0.0,
            per_s=1_000.0, reason=self.reason,
        )  # fmt: skip

    async def run(self) -> None:
        """Nothing has to be kept working."""
        await asyncio.Event().wait()


@contextlib.contextmanager
def seeing(server: Server) -> Iterator[Eyes]:
    """Inside, the server looks with these eyes."""
    before: Vision = server.house.vision
    eyes = Eyes()
    server.house.vision = eyes
    try:
        yield eyes
    finally:
        eyes.open.set()
        server.house.vision = before


def watched_policy(identity: IdentityCheck = IdentityCheck.MODEL, **proctoring: Any) -> Policy:
    """Three frames are enough, however fast they come; the rest of the rules as they are by default."""
    rules = {"frames": 3, "span_s": 0.0} | proctoring
    return Policy(identity=identity, identity_again=identity, release_at_once=True, proctoring=Proctoring(**rules))


def door_open(**proctoring: Any) -> Policy:
    """The portrait lets in, for tests of what comes after."""
    return watched_policy(IdentityCheck.AT_ONCE, **proctoring)


class Watched(Candidate):
    """A candidate before a camera, whose page notices things."""

    noticed = 0

    async def enter(self, sitting_id: int) -> None:
        """【进入】, with numbers of its own."""
        await super().enter(sitting_id)
        self.seq = self.noticed = 0

    async def begin_check(self) -> Any:
        """A new entry check."""
        return await self.post(f"/api/attempts/{self.attempt_id}/checks?device={self.device}")

    async def frame(self, check_id: int, shade: int | None = None) -> Any:
        """One frame of it."""
        path = f"/api/attempts/{self.attempt_id}/checks/{check_id}/frames?device={self.device}"
        return await self.post(path, jpeg(next(_numbers) if shade is None else shade))

    async def check(self, eyes: Eyes, apart: float = 0.0) -> Any:
        """A whole entry check with its turns, made by somebody so far from the right person; its last word."""
        begun = await self.begin_check()
        turns = [0.0, *({"left": 0.35, "right": -0.35}[step] for step in begun["steps"])]
        seen: Any = None
        for turn in [*turns, *[0.0] * begun["frames"]][: max(len(turns), begun["frames"])]:
            eyes.tell(self.attempt_id, sight(apart, turn=turn))
            seen = await self.frame(begun["check_id"])
        return seen

    async def capture(self, *, why: str = "interval", ago_ms: int = 0, shade: int | None = None) -> Any:
        """A picture during the exam, taken so long ago."""
        path = f"/api/attempts/{self.attempt_id}/captures?device={self.device}&why={why}&ago_ms={ago_ms}"
        return await self.post(path, jpeg(next(_numbers) if shade is None else shade))

    def signal(self, kind: str, *, ago_s: float = 0, for_s: float = 0, episode: int = 0) -> dict[str, Any]:
        """The next numbered fact, which began so long ago."""
        self.noticed += 1
        at_ms = NOW_MS - int(ago_s * 1000)
        return {"n": self.noticed, "kind": kind, "at_ms": at_ms, "for_ms": int(for_s * 1000), "episode": episode}

    async def signals(self, *signals: dict[str, Any]) -> Any:
        """A batch of them."""
        body = {"device": self.device, "now_ms": NOW_MS, "signals": list(signals)}
        return await self.post(f"/api/attempts/{self.attempt_id}/signals", body)

    async def log(self) -> Any:
        """我的监考记录."""
        return await self.get(f"/api/attempts/{self.attempt_id}/log")


NOW_MS: Final = 40_000_000_000  # the device's clock, of which nothing follows


@contextlib.asynccontextmanager
async def watched(
    server: Server, *, login: str = "", device: str = "device-one", photo: bool = True
) -> AsyncIterator[Watched]:
    """A new physician with a reference photo, or the one of this login at another device."""
    person = Watched(server.base_url, login or server.login(), PASSWORD, device)
    async with person:
        if photo and not login:
            await add_photo(server, await server.person_id(person.login))
        yield person


async def add_photo(server: Server, person_id: int) -> str:
    """A reference photo in use, as its import writes it; returns its name."""
    kept = await server.house.pictures.put(person_id, jpeg(next(_numbers)))
    row: tuple[object, ...] = (person_id, kept.name, vector(), MODEL, "import", "approved", [], 0)
    await server.house.pool.fetchval(store.ADD_PHOTO, *row)
    return kept.name


async def settled(server: Server) -> None:
    """Wait until everything that goes on after its request is done."""
    while server.house.jobs:
        await asyncio.gather(*server.house.jobs)


async def evidence(desk: Staff, attempt_id: int) -> Any:
    """Everything proctoring knows of this candidate, as the desk sees it."""
    return await desk.get(f"/api/desk/attempts/{attempt_id}/proctoring")


async def incidents_of(server: Server, attempt_id: int) -> list[tuple[str, int, int]]:
    """Rule, ordinal and level of each incident."""
    rows = await server.house.pool.fetch(store.INCIDENTS, attempt_id)
    return sorted((row["rule"], row["ordinal"], row["level"]) for row in rows)


async def notices_of(server: Server, attempt_id: int) -> list[str]:
    """The rule keys of what rules told this candidate, in the order told."""
    known = await server.house.service.look(attempt_id)
    return [notice.rule for notice in known.attempt.notices if notice.rule]


@contextlib.contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    """Inside, the server says no with this status and code."""
    with pytest.raises(Refusal) as caught:
        yield
    assert (caught.value.status, caught.value.code) == (status, code)
