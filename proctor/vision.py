"""What the exam needs of a face model; which one is there is decided where the house is built.

No model is part of this version: `NoVision` says so honestly, and identity is then judged by the sitting's policy or
by a person (`identity.py`). A real one runs in worker processes behind the same Protocol.
"""

from typing import Protocol

import msgspec


class Look(msgspec.Struct, frozen=True):
    """What a model saw in one picture: the distance of the best face to the reference, and the model's name.

    `face_count` None: no model has looked. `distance` None: nothing to compare with, or no usable face.
    """

    face_count: int | None
    distance: float | None
    model: str


class Vision(Protocol):
    """One method, so that every backend and its tests are alike."""

    async def look(self, jpeg: bytes, reference: bytes | None) -> Look:
        """Find faces in `jpeg` and compare the largest with `reference` (a JPEG too)."""
        ...


class NoVision:
    """No model is installed."""

    async def look(self, jpeg: bytes, reference: bytes | None) -> Look:
        """Nothing was looked at."""
        del jpeg, reference
        return Look(face_count=None, distance=None, model="none")
