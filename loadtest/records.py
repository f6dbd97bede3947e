"""What the product keeps of an attempt, as the checker reads it: shapes of its own, none of the product's types.

Instants are seconds of Unix time. Bodies of events are read into one flat shape, `Facts`: whatever a kind of event
does not have stays at its default. What the checker does not judge by is left out.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

Ref = tuple[int, int]  # (item_id, version)


class Policy(msgspec.Struct, frozen=True, gc=False):
    """By which rules the attempt was entered, as its first event says."""

    minutes: int
    grace_s: int = 5
    cut_at_close: bool = False
    pause_compensated: bool = True
    pause_s_max: int = 3600


class Layout(msgspec.Struct, frozen=True, gc=False):
    """One character per question: how many options it has, as the letter of the last."""

    options: str


class Facts(msgspec.Struct, gc=False):
    """The body of any event."""

    type: str
    seq: int = 0
    no: int = 0
    choice: str = ""
    on: bool = False
    person: int = 0
    paper: str = ""
    policy: Policy | None = None
    layout: Layout | None = None
    extra_minutes: int = 0
    closes_at: datetime | None = None
    device: str = ""
    deadline_at: datetime | None = None
    seconds: int = 0
    act: int = 0
    by: int = 0
    as_of: datetime | None = None
    ending: str = ""
    unanswered: int = 0
    revision: int = 0
    points: int = 0
    points_max: int = 0


class Entry(msgspec.Struct, gc=False):
    """One row of exam.journal as it stands in the table."""

    version: int
    seq: int | None
    kind: str
    body: str
    at: datetime
    digest: bytes


class Row(msgspec.Struct, gc=False):
    """One row of exam.attempts."""

    person_id: int
    phase: str
    deadline_at: datetime | None
    points: int | None
    version: int


class Paid(msgspec.Struct, frozen=True, gc=False):
    """One question of a score: the option ids chosen in their order, "" for none, and what they brought."""

    chosen: str
    points: int


class Score(msgspec.Struct, gc=False):
    """One row of score.scores; `marks[0]` is question 1."""

    marks: tuple[Paid, ...]
    revision: int
    points: int
    points_max: int
    correct: int
    wrong: int
    unanswered: int


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One question of a frozen paper. `order`: the item's option ids in the order shown, "cadbe"."""

    item_id: int
    version: int
    order: str
    multiple: bool = False
    section: int = 0

    @property
    def ref(self) -> Ref:
        """Which item in which version."""
        return self.item_id, self.version


class _PaperBody(msgspec.Struct, gc=False):
    entries: tuple[Asked, ...]


class Kept(msgspec.Struct, gc=False):
    """All that is kept of one attempt, read in one snapshot. `paper` is the text it was frozen as."""

    journal: list[Entry]
    row: Row | None = None
    paper: str | None = None
    scores: list[Score] = []


_facts: Final = msgspec.json.Decoder(Facts)
_paper: Final = msgspec.json.Decoder(_PaperBody)
_marks: Final = msgspec.json.Decoder(tuple[Paid, ...])


def read_facts(body: str) -> Facts:
    """The body of an event; raises msgspec.DecodeError."""
    return _facts.decode(body)


def read_paper(body: str) -> tuple[Asked, ...]:
    """The questions of a frozen paper in their order; raises msgspec.DecodeError."""
    return _paper.decode(body).entries


def read_marks(body: str) -> tuple[Paid, ...]:
    """The questions of a score; raises msgspec.DecodeError."""
    return _marks.decode(body)


def micros(at: datetime) -> int:
    """Whole microseconds of Unix time."""
    return (at - EPOCH) // MICROSECOND


def unix(at: datetime) -> float:
    """Seconds of Unix time."""
    return micros(at) / 1_000_000
