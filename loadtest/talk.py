"""A phone's live line to the server, as the real page keeps it: hello and welcome, heartbeats, coming back, the twin.

The socket first. After a break it is tried again, later each time and never all at once; when it can't be had for a
while the same commands go by HTTP, until the socket is back. Whoever uses it needn't know which of the two it was.
"""

import asyncio
import time
from typing import Final, Protocol

import msgspec

from loadtest.carrying import QUICK_S, Carrying
from loadtest.stage import Stage, address_of
from loadtest.wire import Line
from loadtest.words import Clock, Event, Frame, Outcome, Paper, View, code_of, read_frame, read_outcome, read_paper

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 15.0
DEAD_AFTER_S: Final = 8.0  # something was asked and nothing at all was heard: the line is dead
CARRY_S: Final = 20.0  # a picture nobody has said a word on by then goes the other way
TWIN_AFTER_S: Final = 1.5
TWIN_EVERY_S: Final = 5.0
TWIN_SLOWEST_S: Final = 15.0
DESK_EVENTS: Final = frozenset({"warned", "paused", "resumed", "extended", "identity_locked", "identity_unlocked"})
OVER: Final = frozenset({401, 403, 404})


class Phone(Protocol):
    """Who talks: what he has to say, and what he is told."""

    player: int
    attempt_id: int
    device: str
    token: str

    def say(self) -> list[bytes]:
        """Commands that may go now, as JSON; they count as under way."""

    def unsay(self) -> None:
        """What was under way may be lost."""

    def ack(self, seq: int, result: str, version: int) -> None: ...
    def refused(self, seq: int, code: str, expected: int | None) -> None: ...
    def told(self, version: int, event: Event) -> None: ...
    def viewed(self, view: View, since: int) -> None:
        """A snapshot, asked for when the device had this version."""

    def greets(self) -> None:
        """The hello goes out now: the welcome tells how things stand from here on."""

    def aligned(self, last_seq: int, version: int) -> None:
        """The server's numbers stand here, said by the welcome."""

    def papered(self, paper: Paper) -> None:
        """The paper, which came along with the start."""

    def stale(self) -> None:
        """Too much was missed: look again."""

    def clock(self, clock: Clock, at_s: float, rtt_s: float) -> None: ...
    def shut_out(self, code: str) -> None:
        """It makes no sense to go on: superseded, logged_out, http:404."""


class Talk:
    """The line of one device. `since`: the highest version this device was told or saw in a snapshot."""

    __slots__ = (
        "_asked_s", "_asking", "_beat", "_born", "_carried", "_failures", "_heartbeat_s", "_line", "_lost_s",
        "_misses", "_phone", "_pictures", "_pinged_s", "_pings", "_quick", "_stage", "_twin_due_s", "_watching",
        "_welcomes", "back_s", "offline", "over", "since", "state",
    )  # fmt: skip

    def __init__(self, stage: Stage, phone: Phone, heartbeat_s: float) -> None:
        self._stage, self._phone, self._heartbeat_s = stage, phone, heartbeat_s
        self._line: Line | None = None
        self._failures = self._misses = 0
        self._lost_s = 0.0  # since when it wants a line
        self._born = False  # it was welcomed before
        self._pinged_s = 0.0  # when the hello went
        self._pings: tuple[tuple[float, float], ...] = ()  # without their pong: when sent, and how late
        self._asked_s = 0.0  # since when nothing at all was heard, though something was asked
        self._beat = 0.0  # when the next heartbeat is meant
        self._watching = self._asking = False
        self._twin_due_s = float("inf")
        self._welcomes = 0
        self._carried: Carrying | None = None  # a picture on its way
        self._pictures = 0
        self._quick = False  # the last one was kept soon
        self.back_s = time.monotonic()  # since when there is a network: what waited for it was not meant before
        self.since = 0
        self.state = "down"  # down, connecting, socket, twin
        self.offline = self.over = False

    # --- what the phone says ----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Want a line from now on."""
        self._lost_s = time.monotonic()
        self._twin(2 * TWIN_AFTER_S)
        self._connect()

    def kick(self) -> None:
        """There may be something to send."""
        if self.state == "socket":
            for text in self._phone.say():
                self._send(text)
        elif self.state == "twin":
            self._twin(0.0)

    def nudge(self) -> None:
        """Ask at once: for a fresh clock, and so that the desk sees that its word arrived."""
        if self.state == "socket":
            self._ping(time.monotonic())

    async def carry(self, jpeg: bytes, ago_ms: int) -> Frame:
        """Send a picture over the socket; the server's word on it. Raises OSError if the line breaks, TimeoutError.

        One at a time.
        """
        if self._line is None or self.state != "socket":
            raise ConnectionResetError("no line")
        self._pictures += 1
        carried = self._carried = Carrying(self._pictures, jpeg, ago_ms, quick=self._quick)
        begin_s, self._quick = time.monotonic(), False
        for piece in carried.begin():
            self._line.send_bytes(piece)
        try:
            async with asyncio.timeout(CARRY_S):
                word = await carried.answer
            self._quick = time.monotonic() - begin_s < QUICK_S
            return word
        finally:
            self._carried = None

    def lose_network(self, for_s: float) -> None:
        """The line is cut without a word, and nothing else gets through either."""
        self.offline = True
        self._drop(politely=False)
        self._twin_due_s = float("inf")
        self._phone.unsay()
        self._stage.clockwork.at(time.monotonic() + for_s, self._back)

    def close(self, *, politely: bool = True) -> None:
        """Enough."""
        self.over = True
        self._twin_due_s = float("inf")
        self._drop(politely=politely)

    def _back(self) -> None:
        if not self.over:
            self.offline = False
            self._failures = 0
            self.back_s = time.monotonic()
            self.open()

    # --- coming and going -------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self.over or self.offline or self._line is not None or self._stage.over:
            return
        phone = self._phone
        uri = self._stage.uri(f"/api/attempts/{phone.attempt_id}/live")
        if self.state == "down":
            self.state = "connecting"
        self._pinged_s = time.monotonic()
        self._expect(self._pinged_s)
        self._line = Line(self, uri, {"Authorization": f"Bearer {phone.token}"})
        self._stage.later(self._line.reach(self._stage.source(phone.player)))

    def opened(self) -> None:
        """The handshake is done: say who it is."""
        self._phone.greets()
        hello = {"type": "hello", "device": self._phone.device, "since": self.since}
        self._send(msgspec.json.encode(hello))

    def gone(self, why: str) -> None:
        """The line broke, or was never there."""
        self._line = None
        self._stage.tally.failed("resume" if self._born else "connect", why)
        if why.startswith("http:") and int(why[5:]) in OVER:
            self._phone.shut_out(why)
        else:
            self._lost(0.0)

    def _lost(self, wait_s: float) -> None:
        """Come back after a while: at least so long, and longer after each failure."""
        was_open = self.state == "socket"
        self._drop(politely=False)
        if self.over or self.offline:
            return
        now_s = time.monotonic()
        self._failures += 1
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (self._failures - 1))
        wait_s += longest / 2 + self._stage.rng.random() * longest / 2
        self._stage.clockwork.at(now_s + wait_s, self._connect)
        if was_open:
            self._lost_s = now_s
            self._phone.unsay()
            self._twin(TWIN_AFTER_S)
        elif self._twin_due_s == float("inf") and not self._asking:
            self._twin(TWIN_AFTER_S)

    def _drop(self, *, politely: bool) -> None:
        line, self._line = self._line, None
        if self._carried is not None:
            self._carried.broken()
        if self.state == "socket":
            self._stage.tally.sockets -= 1
        if self.state != "twin":
            self.state = "down"
        self._asked_s = self._pinged_s = 0.0
        self._pings = ()
        if line is not None and politely:
            line.close()
        elif line is not None:
            line.abort()

    # --- what comes -------------------------------------------------------------------------------------------------

    def heard(self, text: bytes) -> None:
        """One frame."""
        self._asked_s = 0.0
        at_s = time.monotonic()
        frame = read_frame(text)
        match frame.type:
            case "ack":
                self._phone.ack(frame.seq, frame.result, frame.version)
            case "paper":
                self._phone.papered(read_paper(text))
            case "pong":
                self._ponged(frame, at_s)
            case "told" if frame.event is not None:
                self._told(frame.version, frame.event)
            case "next_piece" | "captured" | "capture_refused":
                self._of_picture(frame)
            case "rejected":
                self._phone.refused(frame.seq, frame.code, frame.facts.expected)
            case "welcome":
                self._welcomed(frame, at_s)
            case "bye":
                self._bye(frame)
                return
        if self.state == "socket":
            self.kick()

    def _welcomed(self, frame: Frame, at_s: float) -> None:
        stage = self._stage
        rtt_s, self._pinged_s = at_s - self._pinged_s, 0.0
        self._failures = self._misses = 0
        self._welcomes += 1
        self._twin_due_s = float("inf")
        self._phone.unsay()
        self.state = "socket"
        stage.tally.sockets += 1
        stage.tally.took("resume" if self._born else "connect", at_s - self._lost_s, rtt_s)
        self._born = True
        if frame.view is not None:
            self._phone.viewed(frame.view, self.since)
        self._phone.aligned(frame.last_seq, frame.version)
        clock = frame.clock or (None if frame.view is None else frame.view.clock)
        if clock is not None:
            self._phone.clock(clock, at_s, rtt_s)
        self._beat = at_s + self._heartbeat_s
        stage.clockwork.at(self._beat, self._heartbeat)

    def _of_picture(self, frame: Frame) -> None:
        if self._carried is not None and (piece := self._carried.heard(frame)) and self._line is not None:
            self._line.send_bytes(piece)

    def _told(self, version: int, event: Event) -> None:
        self._phone.told(version, event)
        self.since = max(self.since, version)
        if event.type in DESK_EVENTS or event.type == "started":
            self.nudge()

    def _bye(self, frame: Frame) -> None:
        """The server ends it, and says why."""
        if frame.code in ("superseded", "logged_out"):
            self.close()
            self._phone.shut_out(frame.code)
            return
        self._stage.tally.error(f"closed:{frame.code}")
        wait_s = (frame.retry_after_ms or 1_000) / 1000
        self._failures = 0
        self._lost(wait_s + self._stage.rng.random() * max(1.0, wait_s))

    # --- heartbeats -------------------------------------------------------------------------------------------------

    def _heartbeat(self) -> None:
        """Of the line there is; one planned for a line before it finds another moment meant, and ends."""
        now_s = time.monotonic()
        if self.state != "socket" or self._beat > now_s:
            return
        self._ping(self._beat)
        self._beat += self._heartbeat_s
        self._stage.clockwork.at(self._beat, self._heartbeat)

    def _ping(self, meant_s: float) -> None:
        now_s = time.monotonic()
        self._pings = (*self._pings, (now_s, now_s - meant_s))
        self._send(b'{"type":"ping","have":%d}' % self.since)

    def _ponged(self, frame: Frame, at_s: float) -> None:
        if not self._pings:  # of a ping before the line was lost
            return
        (sent_s, late_s), *later = self._pings  # pongs come in the order of their pings
        self._pings = tuple(later)
        rtt_s = at_s - sent_s
        self._stage.tally.took("heartbeat", rtt_s + late_s, rtt_s)
        if frame.clock is not None:
            self._phone.clock(frame.clock, at_s, rtt_s)

    def _send(self, text: bytes) -> None:
        if self._line is not None:
            self._line.send(text)
            self._expect(time.monotonic())

    def _expect(self, now_s: float) -> None:
        if not self._asked_s:
            self._asked_s = now_s
        if not self._watching:
            self._watching = True
            self._stage.clockwork.at(self._asked_s + DEAD_AFTER_S, self._look)

    def _look(self) -> None:
        """Whether the line is dead; asked once for all that was expected meanwhile."""
        self._watching = False
        if not self._asked_s or self._line is None:
            return
        if time.monotonic() < self._asked_s + DEAD_AFTER_S:
            self._expect(self._asked_s)
            return
        self._stage.tally.failed("resume" if self._born else "connect", "timeout")
        self._lost(0.0)

    # --- the twin ---------------------------------------------------------------------------------------------------

    def _twin(self, wait_s: float) -> None:
        due_s = time.monotonic() + wait_s
        if due_s < self._twin_due_s or self._twin_due_s == float("inf"):
            self._twin_due_s = due_s
            self._stage.clockwork.at(due_s, self._ask_twin)

    def _ask_twin(self) -> None:
        if self._twin_due_s > time.monotonic() or self._asking or self.state == "socket" or self.over:
            return
        self._twin_due_s = float("inf")
        if not self.offline and not self._stage.over:
            self._asking = True
            self._stage.later(self._post())

    async def _post(self) -> None:
        """One batch. What it brings when the socket was back before is old news: the socket tells all of it."""
        phone, begin_s, welcomes = self._phone, time.monotonic(), self._welcomes
        commands = b",".join(phone.say())
        body = b'{"device":"%s","since":%d,"commands":[%s]}' % (phone.device.encode(), self.since, commands)
        try:
            path = f"/api/attempts/{phone.attempt_id}/commands"
            address = address_of(phone.player)
            status, answer = await self._stage.asking.ask("POST", path, token=phone.token, address=address, body=body)
        except (OSError, TimeoutError) as error:
            self._missed("timeout" if isinstance(error, TimeoutError) else "cut", 0, "")
            return
        finally:
            self._asking = False
        if self.over or self.offline or welcomes != self._welcomes:
            return
        if status == 200:
            self._misses = 0
            self.state = "twin"
            self._hear_batch(read_outcome(answer), begin_s)
            self._again()
        else:
            self._missed(f"http:{status}", status, code_of(answer))

    def _hear_batch(self, outcome: Outcome, begin_s: float) -> None:
        phone, at_s = self._phone, time.monotonic()
        self._stage.tally.took("twin", at_s - begin_s, at_s - begin_s)
        if outcome.events is None:
            phone.stale()
        for told in outcome.events or ():
            self._told(told.version, told.event)
        for each in outcome.results:
            if each.result == "refused":
                phone.refused(each.seq, each.code, each.facts.expected)
            else:
                phone.ack(each.seq, each.result, each.version)
        if outcome.paper is not None:
            phone.papered(outcome.paper)
        if outcome.clock is not None:
            phone.clock(outcome.clock, at_s, at_s - begin_s)

    def _missed(self, kind: str, status: int, code: str) -> None:
        self._stage.tally.failed("twin", kind)
        self._misses += 1
        if self.state != "socket":
            self._phone.unsay()
            self.state = "connecting" if self._line is not None else "down"
        if code in ("superseded", "portrait_needed"):
            self._phone.shut_out(code)
        elif status in OVER:
            self._phone.shut_out(kind)
        else:
            self._again()

    def _again(self) -> None:
        if self.state != "socket" and not self.over and not self.offline:
            self._twin(min(TWIN_SLOWEST_S, TWIN_EVERY_S * (1 + self._misses / 2)))
