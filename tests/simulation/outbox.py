"""Numbered commands on their way to the server, as the pages keep them (exam_engine/web/app/exam/outbox.ts)."""

from typing import Any, Final

from msgspec.structs import replace

from exam_engine.messages import Answer, Clear, HandIn, MarkForLater

Numbered = Answer | Clear | MarkForLater | HandIn
WINDOW: Final = 20
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


class Outbox:
    """Every command stays until the server has said what became of it. `dropped` are the codes of those turned down."""

    def __init__(self, last_seq: int) -> None:
        self.queue: list[Numbered] = []
        self.last_seq = last_seq
        self.dropped: list[str] = []
        self.hold = ""
        self.stopped = False
        self._sent_up_to = last_seq
        self._under_way: set[int] = set()
        self._rewinding = False

    def add(self, command: Numbered) -> None:
        self.queue.append(replace(command, seq=self.last_seq + len(self.queue) + 1))

    def take(self) -> list[Numbered]:
        """What may be sent now; from here on it counts as under way."""
        if self.stopped or self.hold or self._rewinding:
            return []
        out = [one for one in self.queue if one.seq > self._sent_up_to][: WINDOW - len(self._under_way)]
        for command in out:
            self._under_way.add(command.seq)
            self._sent_up_to = command.seq
        return out

    def disconnected(self) -> None:
        """Nobody knows what arrived, so all of it is sent again."""
        self._under_way.clear()
        self._rewinding = False
        self._sent_up_to = self.last_seq

    def align(self, last_seq: int) -> None:
        """The server has everything up to `last_seq`."""
        if last_seq > self.last_seq:
            self._delivered(last_seq)
            self._settle()

    def acknowledged(self, seq: int) -> None:
        self._under_way.discard(seq)
        if seq > self.last_seq:
            self._delivered(seq)
        self._settle()

    def rejected(self, code: str, seq: int, facts: dict[str, Any]) -> None:
        self._under_way.discard(seq)
        if code in FENCED:
            self.stopped = True
            return
        self._rewinding = True
        command = next((one for one in self.queue if one.seq == seq), None)
        if code == "seq_gap":
            self._follow(int(facts["expected"]) - 1)
        elif code in PERMANENT:
            if command is not None:
                self.queue.remove(command)
                self.dropped.append(code)
                self._renumber()
        else:
            self.hold = code
        self._settle()

    def release(self) -> None:
        """What held the commands back may be over."""
        if self.hold:
            self.hold = ""
            self._settle()

    def _follow(self, last_seq: int) -> None:
        if last_seq > self.last_seq:
            self._delivered(last_seq)
        elif last_seq < self.last_seq:
            self.last_seq = last_seq
            self._renumber()

    def _delivered(self, up_to: int) -> None:
        self.queue = [one for one in self.queue if one.seq > up_to]
        self.last_seq = up_to
        self._sent_up_to = max(self._sent_up_to, up_to)

    def _renumber(self) -> None:
        self.queue = [replace(one, seq=self.last_seq + 1 + index) for index, one in enumerate(self.queue)]

    def _settle(self) -> None:
        if self._rewinding and not self._under_way:
            self._rewinding = False
            self._sent_up_to = self.last_seq
