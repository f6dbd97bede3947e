"""A tiny phone of the real thing: public API and live socket, with the memory that the checker asks for."""

from collections.abc import Callable
from typing import Any

from loadtest.history import ClockWord, History, Sent
from tests.candidate import Candidate, LiveSocket


class RecordingPhone:
    """One physician at one device. `now` is the generator's clock, Unix time."""

    def __init__(self, player: int, candidate: Candidate, now: Callable[[], float]) -> None:
        self.candidate, self._now = candidate, now
        self.history = History(player, 0, "tiny", [], [], [], [])
        self._socket: LiveSocket | None = None
        self._have = 0

    async def begin(self, sitting_id: int) -> None:
        """Enter, portrait, connect, 【去考试】."""
        await self.candidate.enter(sitting_id)
        self.history.attempt_id, self.history.entered_at = self.candidate.attempt_id, self._now()
        await self.candidate.portrait()
        await self.connect()
        await self._line.send({"type": "start"})
        await self._until("started")
        self.history.started_at = self._now()

    @property
    def _line(self) -> LiveSocket:
        assert self._socket is not None
        return self._socket

    async def connect(self) -> None:
        """Hello, and what was missed."""
        asked_at = self._now()
        self._socket = await self.candidate.socket(self._have)
        welcome = await self._until("welcome")
        self._clock(welcome["clock"], asked_at)

    async def ping(self) -> None:
        """The clock as the server has it."""
        asked_at = self._now()
        await self._line.send({"type": "ping", "have": self._have})
        self._clock((await self._until("pong"))["clock"], asked_at)

    async def say(self, command: dict[str, Any], *, heard: bool = True) -> None:
        """A numbered command over the socket; not `heard`: the line breaks before its answer."""
        kind = {"mark_for_later": "mark"}.get(command["type"], command["type"])
        choice = {"mark": "on" if command.get("on") else "off"}.get(kind, command.get("choice", ""))
        seq, no = command["seq"], command.get("no", 0)
        sent = next((one for one in self.history.sent if one.seq == seq), None)
        if sent is None:
            sent = Sent(seq, kind, no, choice, self.candidate.device, self._now(), times=0)
            self.history.sent.append(sent)
        sent.times += 1
        await self._line.send(command)
        if not heard:
            await self._line.close()
            return
        answer = await self._until("ack", seq=seq)
        sent.acked_at, sent.result, sent.version = self._now(), answer["result"], answer["version"]

    async def over(self) -> None:
        """Read on until the server says that it is handed in."""
        if "submitted" not in self._kinds:
            await self._until("submitted")
        self.history.ended_at = self._now()
        self.history.outcome = "handed_in" if self.history.sent[-1].kind == "hand_in" else "bell"

    def _clock(self, clock: dict[str, Any] | None, asked_at: float) -> None:
        if clock is not None:
            at = self._now()
            self.history.clock.append(ClockWord(at, at - asked_at, clock["remaining_ms"] / 1000, clock["ticking"]))

    @property
    def _kinds(self) -> set[str]:
        return {frame["event"]["type"] for frame in self._line.seen if frame["type"] == "told"}

    async def _until(self, kind: str, **fields: object) -> dict[str, Any]:
        """Read on to a frame of this type, or a told event of it; every numbered word on the way is remembered."""
        while True:
            frame = await self._line.receive()
            assert frame["type"] != "closed", f"closed while waiting for {kind}"
            if frame["type"] == "told":
                self.history.told_versions.append(frame["version"])
                self._have = max(self._have, frame["version"])
            elif frame["type"] == "welcome" and frame["view"] is not None:
                self.history.told_versions.append(-frame["version"])
                self._have = frame["version"]
            inner = frame["event"]["type"] if frame["type"] == "told" else frame["type"]
            if inner == kind and all(frame.get(name) == value for name, value in fields.items()):
                return frame
