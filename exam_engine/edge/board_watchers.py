"""Who looks at a board: which rooms each sees, and what each has still to be shown."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from exam_engine.edge.shared_frames import Frame, Line

OPENING_KEEP_S: Final = 2.0

Scope = frozenset[int] | None
"""The rooms somebody sees; None: everybody."""


class Watcher:
    """One desk. `behind`: tiles that changed since its last frame. `anew`: it has to be shown everything first.

    `account_id` 0: sees everybody; else the rooms this account holds, all of them if it holds none.
    """

    __slots__ = ("account_id", "anew", "behind", "busy", "line", "scope")

    def __init__(self, line: Line, account_id: int, scope: Scope) -> None:
        self.line = line
        self.account_id = account_id
        self.scope = scope
        self.behind: set[int] = set()
        self.anew = True
        self.busy = True


class Opening:
    """Everything of one scope, for all who open it within a moment. `behind`: what changed since it was begun."""

    __slots__ = ("behind", "frames", "made_s")

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.behind: set[int] = set()
        self.made_s = math.inf

    def is_old(self, now_s: float) -> bool:
        """Whether it had better be made again; never while it is being made."""
        return now_s - self.made_s > OPENING_KEEP_S


def scopes(rows: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    """By account the rooms it holds, from (room, account_id)."""
    found: dict[int, set[int]] = {}
    for room, account_id in rows:
        found.setdefault(account_id, set()).add(room)
    return {account_id: frozenset(rooms) for account_id, rooms in found.items()}


class News:
    """What changed, by room: each scope takes out its own."""

    __slots__ = ("_all", "_by_room")

    def __init__(self, room_of: Mapping[int, int]) -> None:
        """`room_of`: the rooms of the attempts that changed."""
        self._all = room_of.keys()
        self._by_room: dict[int, list[int]] = {}
        for attempt_id, room in room_of.items():
            self._by_room.setdefault(room, []).append(attempt_id)

    def within(self, scope: Scope) -> Iterable[int]:
        """The attempts of these rooms."""
        if scope is None:
            return self._all
        return [attempt_id for room in scope for attempt_id in self._by_room.get(room, ())]
