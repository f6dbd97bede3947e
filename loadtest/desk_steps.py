"""What people at desks do, as data, in the manner of `steps.py`: an invigilator's acts, a reviewer's works.

`at_s` counts from the script's `begin_s`, never from the step before. Desks are not sped up with the physicians.
"""

import msgspec


class _Step(msgspec.Struct, frozen=True, tag_field="do", gc=False):
    at_s: float


class Warn(_Step, frozen=True, tag="warn"):
    """`rank`: whom, by the board's own order; 0 is the top of the queue."""

    rank: int


class Extend(_Step, frozen=True, tag="extend"):
    rank: int
    minutes: int


class Look(_Step, frozen=True, tag="look"):
    """Open one candidate: his story and his pictures."""

    rank: int


Act = Warn | Extend | Look


class InvigilatorScript(msgspec.Struct, frozen=True):
    """`desk` is a place in the cast. `boards` are open from `begin_s` for `for_s`, each in a socket of its own."""

    desk: int
    begin_s: float
    for_s: float
    boards: int
    acts: list[Act]


class TurnPage(_Step, frozen=True, tag="turn_page"):
    """The next page of the queue; after the last one its first again."""


class OpenFile(_Step, frozen=True, tag="open_file"):
    """`rank`: which line of the page that is shown."""

    rank: int


class Decide(_Step, frozen=True, tag="decide"):
    """About the file opened last: it passes, or goes back with a reason."""

    passes: bool


Work = TurnPage | OpenFile | Decide


class ReviewerScript(msgspec.Struct, frozen=True):
    """`desk` is a place in the cast; the queue is open from `begin_s` for `for_s`."""

    desk: int
    begin_s: float
    for_s: float
    works: list[Work]
