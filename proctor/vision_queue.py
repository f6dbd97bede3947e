"""The pictures that wait to be looked at: who is next, who is replaced, who no longer fits.

Urgent ones (entry checks: a person stands and waits) go first, in the order they came. Of the others, which are taken
during an exam, only the newest of each candidate waits, in the place of the one it replaced, so that nobody loses his
turn by being photographed again. Numbers and bytes are bounded. Everything takes the same time however many wait.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from proctor.sight import Sight
from proctor.vision import VisionAway

URGENT_MAX: Final = 1_000
PERIODIC_MAX: Final = 2_000
BYTES_MAX: Final = 256 << 20  # a picture has some 40 KB


class Waiting:
    """One picture on its way. `done` is what the one who asked waits for; the rest is the pool's and the queue's."""

    __slots__ = ("done", "jpeg", "key", "put_s", "tries", "urgent")

    def __init__(self, jpeg: bytes, key: int, *, urgent: bool, put_s: float, done: "asyncio.Future[Sight]") -> None:
        self.jpeg = jpeg
        self.key = key
        self.urgent = urgent
        self.put_s = put_s
        self.done = done
        self.tries = 0

    def fail(self, reason: str) -> None:
        """Tell that nothing was seen, unless something was, or nobody waits any more."""
        if not self.done.done():
            self.done.set_exception(VisionAway(reason))


class VisionQueue:
    """What waits. Whoever is pushed out is told why."""

    def __init__(self, urgent_max: int, periodic_max: int, bytes_max: int = BYTES_MAX) -> None:
        self._urgent_max = urgent_max
        self._periodic_max = periodic_max
        self._bytes_max = bytes_max
        self._urgent: OrderedDict[Waiting, None] = OrderedDict()
        self._periodic: OrderedDict[int, Waiting] = OrderedDict()
        self._bytes = 0

    @property
    def urgent(self) -> int:
        return len(self._urgent)

    @property
    def periodic(self) -> int:
        return len(self._periodic)

    def oldest_s(self) -> float | None:
        """When the one that waits longest was put here; None if nobody waits."""
        firsts = [next(iter(queue)) for queue in (self._urgent, self._periodic.values()) if queue]
        return min((one.put_s for one in firsts), default=None)

    def put(self, waiting: Waiting) -> None:
        """Raises VisionAway("full"); the oldest of those that are not urgent makes room first."""
        before = None if waiting.urgent else self._periodic.get(waiting.key)
        if before is not None:
            self._bytes -= len(before.jpeg)
            before.fail("superseded")
            self._periodic[waiting.key] = waiting
        elif waiting.urgent:
            if len(self._urgent) >= self._urgent_max:
                raise VisionAway("full")
            self._urgent[waiting] = None
        else:
            if len(self._periodic) >= self._periodic_max:
                self._drop_oldest()
            self._periodic[waiting.key] = waiting
        self._bytes += len(waiting.jpeg)
        while self._bytes > self._bytes_max and self._periodic:
            self._drop_oldest()
        if self._bytes > self._bytes_max:
            self.remove(waiting)
            raise VisionAway("full")

    def put_first(self, waiting: Waiting) -> None:
        """Back to where it came from, because its worker was lost: it has waited already, and is never too many."""
        if waiting.done.done():
            return
        if not waiting.urgent and waiting.key in self._periodic:
            waiting.fail("superseded")
            return
        self._bytes += len(waiting.jpeg)
        if waiting.urgent:
            self._urgent[waiting] = None
            self._urgent.move_to_end(waiting, last=False)
        else:
            self._periodic[waiting.key] = waiting
            self._periodic.move_to_end(waiting.key, last=False)

    def pop(self) -> Waiting | None:
        """The next one, which then waits no longer."""
        if self._urgent:
            waiting, _ = self._urgent.popitem(last=False)
        elif self._periodic:
            _, waiting = self._periodic.popitem(last=False)
        else:
            return None
        self._bytes -= len(waiting.jpeg)
        return waiting

    def remove(self, waiting: Waiting) -> None:
        """Forget one that nobody waits for; nothing happens if it is not here any more."""
        if waiting.urgent and waiting in self._urgent:
            del self._urgent[waiting]
        elif not waiting.urgent and self._periodic.get(waiting.key) is waiting:
            del self._periodic[waiting.key]
        else:
            return
        self._bytes -= len(waiting.jpeg)

    def fail_all(self, reason: str) -> None:
        """Tell everybody, and be empty."""
        while (waiting := self.pop()) is not None:
            waiting.fail(reason)

    def _drop_oldest(self) -> None:
        _, oldest = self._periodic.popitem(last=False)
        self._bytes -= len(oldest.jpeg)
        oldest.fail("full")
