"""What an upload of a picture needs to know of its attempt, kept without the attempt.

A picture comes every two minutes, often to a process that does not hold the attempt: then its journal would be read
and folded for four facts. They are kept instead, a few hundred bytes for each attempt, with the version they are of;
what the journal says since then is asked with everything else (`capture_store.py`), and nearly always it is only that
somebody answered.
"""

from collections import OrderedDict
from datetime import datetime
from typing import Final

import msgspec

from exam_engine.messages import Phase
from exam_engine.service import Known
from proctor.policy import Proctoring

BRIEFS_MAX: Final = 100_000
QUIET: Final = ("answered", "cleared", "marked_for_later", "came_late", "acknowledged")  # change none of the facts here


class Brief(msgspec.Struct, frozen=True, gc=False):
    """An attempt as of `version`. `ended_at`: up to when pictures may have been taken, once it is handed in."""

    attempt_id: int
    version: int
    sitting: int
    device: str
    started_at: datetime | None
    running: bool
    ended_at: datetime | None
    policy: Proctoring


def brief_of(known: Known) -> Brief:
    """The facts, of the attempt in memory."""
    attempt = known.attempt
    return Brief(
        attempt_id=known.attempt_id,
        version=known.version,
        sitting=attempt.sitting,
        device=attempt.device,
        started_at=attempt.started_at,
        running=attempt.phase is Phase.RUNNING,
        ended_at=None if attempt.submitted is None else attempt.submitted.as_of,
        policy=attempt.policy.proctoring,
    )


class Briefs:
    """Those used last. One per process."""

    def __init__(self, size_max: int = BRIEFS_MAX) -> None:
        self._size_max = size_max
        self._kept: OrderedDict[int, Brief] = OrderedDict()

    def get(self, attempt_id: int) -> Brief | None:
        """What is kept, if it is."""
        return self._kept.get(attempt_id)

    def keep(self, brief: Brief) -> None:
        """The newest word on an attempt."""
        self._kept[brief.attempt_id] = brief
        self._kept.move_to_end(brief.attempt_id)
        while len(self._kept) > self._size_max:
            self._kept.popitem(last=False)
