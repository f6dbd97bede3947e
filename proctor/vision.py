"""What the exam needs of a face model; which one is there is decided where the house is built.

The models run in worker processes (`vision_pool.py`): a crash, a hang or the memory of one never touches the exam.
Without one, `NoVision` says so honestly, and a person judges.
"""

import asyncio
from typing import Protocol

import msgspec

from proctor.sight import Sight


class VisionAway(Exception):
    """Nothing was seen. `reason`: none (no model is installed), down, slow, full, superseded, unreadable."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class VisionState(msgspec.Struct, frozen=True, kw_only=True):
    """How the models are, for the desk and the doctor. `waited_s`: how long the picture begun last had to wait.

    `per_s`: how many pictures a second they manage, 0 as long as nobody knows.
    """

    model: str
    workers: int
    workers_alive: int
    urgent: int
    periodic: int
    waited_s: float
    per_s: float = 0.0
    reason: str = ""  # why nothing can be seen, as in VisionAway


class Vision(Protocol):
    """Three methods, so that every backend and its tests are alike."""

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        """Look at a picture of attempt `key`. Raises VisionAway.

        Urgent ones (entry) go first. A newer periodic picture of the same key replaces one not yet begun, which
        then raises VisionAway("superseded"); who has waited `wait_s` raises VisionAway("slow").
        """
        ...

    def state(self) -> VisionState:
        """How things stand now."""
        ...

    async def run(self) -> None:
        """Keep it working until cancelled."""
        ...


class NoVision:
    """No model is installed."""

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        """Nothing was seen."""
        del jpeg, key, urgent, wait_s
        raise VisionAway("none")

    async def run(self) -> None:
        """There is nothing to keep working."""
        await asyncio.Event().wait()

    def state(self) -> VisionState:
        """There is nothing."""
        return VisionState(model="none", workers=0, workers_alive=0, urgent=0, periodic=0, waited_s=0.0, reason="none")
