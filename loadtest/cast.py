"""The cast: who plays, made by `exam cast` and read from its file. Test data only."""

from datetime import datetime
from pathlib import Path

import msgspec


class Player(msgspec.Struct, frozen=True, gc=False):
    """A physician of test data who may sit the exam.

    `token` is a session made for him, so that a rush of a hundred thousand needs no hundred thousand password checks;
    with `password` he can also log in as anybody does. `attempt_id` is 0 unless his attempt was begun beforehand:
    entered, portrayed and started by `device`.
    """

    person_id: int
    login: str
    token: str
    password: str = ""
    province: str = ""
    attempt_id: int = 0
    device: str = ""


class Desk(msgspec.Struct, frozen=True, gc=False):
    """Somebody at a desk. `role` as the product names it: invigilator, agency, province and so on."""

    role: str
    login: str
    password: str


class Cast(msgspec.Struct, frozen=True):
    """`minutes` of an attempt; `grace_s` after its deadline answers still count."""

    sitting_id: int
    kind: str
    item_count: int
    minutes: int
    grace_s: float
    opens_at: datetime
    closes_at: datetime
    players: list[Player]
    desks: list[Desk]


def read_cast(path: Path) -> Cast:
    """Raises OSError, msgspec.DecodeError, msgspec.ValidationError."""
    return msgspec.json.decode(path.read_bytes(), type=Cast)
