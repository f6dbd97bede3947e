"""Numbered commands on their way: in order, several at a time, kept until the server has said what became of them.

The same rules as the page's own (no gaps; a temporary refusal leaves the command waiting; after a permanent one its
number is used again; after a broken line all that is unacknowledged goes again), so that a phone of the load test asks
of the server what a real one asks.
"""

from typing import Final

import msgspec

from loadtest.history import Sent

WINDOW: Final = 20  # under way at once
TEMPORARY: Final = frozenset({"paused", "identity_locked", "not_started"})
FENCED: Final = frozenset({"superseded", "portrait_needed", "annulled"})
PERMANENT: Final = frozenset(
    {
        "no_such_item",
        "no_such_option",
        "one_option_only",
        "no_way_back",
        "seq_reused",
        "already_submitted",
        "too_many_late",
    }
)


class Waiting(msgspec.Struct, gc=False):
    """One command. `meant_s`: when its physician meant it; `sent_s` of its first sending, 0 before (both monotonic).

    `sent.first_at` is 0 until it leaves under this number for the first time.
    """

    sent: Sent
    meant_s: float
    sent_s: float = 0.0


class Outbox:
    """`hold`: why nothing may go just now; `stopped`: why nothing ever will."""

    __slots__ = ("_rewinding", "_sent_up_to", "_under_way", "hold", "last_seq", "queue", "stopped")

    def __init__(self, last_seq: int = 0) -> None:
        self.queue: list[Waiting] = []
        self.last_seq = last_seq
        self._sent_up_to = last_seq
        self._under_way: set[int] = set()  # numbers as they were sent, whatever has become of their commands
        self._rewinding = False
        self.hold = ""
        self.stopped = ""

    def next_seq(self) -> int:
        """The number of the next command."""
        return self.last_seq + len(self.queue) + 1

    def add(self, waiting: Waiting) -> None:
        """A command numbered `next_seq`."""
        self.queue.append(waiting)

    def take(self) -> list[Waiting]:
        """What may be sent now; from here on it is under way."""
        if self.stopped or self.hold or self._rewinding:
            return []
        out = []
        for each in self.queue:
            if each.sent.seq <= self._sent_up_to:
                continue
            if len(self._under_way) >= WINDOW:
                break
            self._under_way.add(each.sent.seq)
            self._sent_up_to = each.sent.seq
            out.append(each)
        return out

    def disconnected(self) -> None:
        """The line broke: nobody knows what arrived, so all of it goes again. A retry is harmless."""
        self._under_way.clear()
        self._rewinding = False
        self._sent_up_to = self.last_seq

    def delivered(self, up_to: int) -> list[Waiting]:
        """The server has everything up to this number; returns what that settles."""
        if up_to <= self.last_seq:
            self._under_way.discard(up_to)
            self._settle()
            return []
        self._under_way = {seq for seq in self._under_way if seq > up_to}
        gone = [each for each in self.queue if each.sent.seq <= up_to]
        self.queue = self.queue[len(gone) :]
        self.last_seq = up_to
        self._sent_up_to = max(self._sent_up_to, up_to)
        self._settle()
        return gone

    def rejected(self, code: str, seq: int, expected: int | None) -> Waiting | None:
        """Turned down; returns the command if it is gone for good."""
        command = next((each for each in self.queue if each.sent.seq == seq), None)
        self._under_way.discard(seq)
        dropped = self._judge(code, command, expected)
        self._settle()
        return dropped

    def release(self) -> None:
        """What held the commands back is over."""
        if self.hold:
            self.hold = ""
            self._settle()

    def _judge(self, code: str, command: Waiting | None, expected: int | None) -> Waiting | None:
        if code in FENCED:
            self.stopped = code
            return None
        self._rewinding = True
        if code == "seq_gap":
            self._follow(self.last_seq if expected is None else expected - 1)
        elif code in PERMANENT:
            if command is not None:
                self.queue = [] if code == "too_many_late" else [each for each in self.queue if each is not command]
                self._renumber()
            return command
        else:
            self.hold = code
        return None

    def _follow(self, last_seq: int) -> None:
        if last_seq != self.last_seq:
            self.queue = [each for each in self.queue if each.sent.seq > last_seq]
            self.last_seq = last_seq
            self._renumber()

    def _renumber(self) -> None:
        """Under another number it is another thing to the server: the phone remembers both."""
        for place, each in enumerate(self.queue):
            seq, old = self.last_seq + 1 + place, each.sent
            if old.seq != seq:
                each.sent = Sent(seq=seq, kind=old.kind, no=old.no, choice=old.choice, device=old.device, first_at=0.0)

    def _settle(self) -> None:
        """When one is turned down, those sent after it are too: go back only when all answers are in."""
        if self._rewinding and not self._under_way:
            self._rewinding = False
            self._sent_up_to = self.last_seq
