"""What the driver tells a generator process, and what that says in return: JSON, a line each."""

import msgspec

from loadtest.outcome import Second


class Orders(msgspec.Struct, frozen=True):
    """The first line a worker reads. The second, once it has said it is ready, is the Unix time of the run's second 0.

    Any further line, or the end of them: it ends in order. `end_s` counts from second 0: who is not done then is cut
    off; 0: never.
    Player i of the cast is played by process `i % processes`; `desks`: this process plays desks and no physician.
    `sources`: own addresses for its sockets. `lead_s`: so long before everybody presses 【去考试】 they come
    (synchronised). `item_minutes` is an attempt's length before `speedup` shortened it.
    """

    process: int
    processes: int
    cast: str
    url: str
    out: str
    shape: str
    candidates: int
    seed: int = 0
    end_s: float = 0.0
    speedup: float = 1.0
    within_s: float = 10.0
    ramp_s: float = 60.0
    hold_s: float = 600.0
    hours: float = 4.0
    lead_s: float = 0.0
    answer_every_s: float = 0.0
    logs_in: float = 0.0
    item_minutes: float = 60.0
    closed: bool = False
    snapshots: bool = True
    begun: bool = False
    sources: list[str] = []
    desks: bool = False
    boards: int = 0
    reviewers: int = 0


class Done(msgspec.Struct):
    """A worker's last word. `outcomes` and `habits` of its players; `bugs`: its own failures, in words."""

    outcomes: dict[str, int] = {}
    habits: dict[str, int] = {}
    bugs: list[str] = []
    cpu_s: float = 0.0
    rss: int = 0


class Said(msgspec.Struct):
    """One line of a worker: that it is ready, a second, or its last word."""

    ready: bool = False
    second: Second | None = None
    done: Done | None = None
