"""One device of one candidate, behaving as the protocol says, on a line that does not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import msgspec

from exam_engine.chain import Entry
from exam_engine.errors import PersonError
from exam_engine.messages import (
    Ack,
    Acknowledge,
    Answer,
    Clear,
    DeviceCommand,
    HandIn,
    Hello,
    MarkForLater,
    Ping,
    Rejected,
    Start,
    TakePortrait,
    TimeUp,
    read_frame,
    write,
)
from exam_engine.service import Known
from tests.simulation.outbox import Numbered, Outbox
from tests.simulation.process import Process, away

LINE_S_MAX: Final = 0.3  # one way
GARBAGE: Final = (b"", b"{}", b"\xff", b'{"type":"tick"}', b'{"type":"answer","seq":0,"no":1,"choice":"a"}', b"[1]")
OWN: Final = frozenset({"answered", "cleared", "marked_for_later", "came_late"})


@dataclass(frozen=True)
class Acked:
    """What a device was promised."""

    device: str
    command: Numbered
    result: str


class Line:
    """A connection: frames arrive in order and late; when it breaks, what is under way up may still arrive."""

    def __init__(self, rng: Random, down: Callable[[bytes], None]) -> None:
        self._rng = rng
        self._down = down
        self._arrives_s = {"up": 0.0, "down": 0.0}
        self.up: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.broken = False

    def send_up(self, frame: bytes) -> None:
        if not self.broken:
            self._later("up", lambda: self.up.put_nowait(frame))

    def send_down(self, frame: bytes) -> None:
        self._later("down", lambda: None if self.broken else self._down(frame))

    def break_(self) -> None:
        if not self.broken:
            self.broken = True
            self._later("up", lambda: self.up.put_nowait(None))

    def _later(self, way: str, arrive: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        # Strictly one after the other: of two timers for the same moment either may come first.
        self._arrives_s[way] = max(self._arrives_s[way] + 1e-6, loop.time() + self._rng.uniform(0.002, LINE_S_MAX))
        loop.call_at(self._arrives_s[way], arrive)


async def serve(process: Process, line: Line, attempt_id: int) -> None:
    """The server's end of a line: frames up, acknowledgements and events down (exam_engine/edge/live.py)."""
    service, bus = process.service, process.house.bus
    data = await line.up.get()
    hello = read_frame(data) if data is not None else None
    if not isinstance(hello, Hello):
        return
    device = hello.device

    def hear(known: Known, entries: "list[Entry] | Any") -> None:
        for entry in entries:
            if not (known.attempt.device == device and entry.kind in OWN):
                line.send_down(_told(entry))

    try:
        known = await service.hold(attempt_id)
    except Exception as error:
        line.break_()
        if away(error):
            return
        raise
    try:
        bus.add_listener(attempt_id, hear)
        await service.look(attempt_id)
        line.send_down(_welcome(known))
        bus.present(known.attempt.sitting, attempt_id, connected=True)
        while (data := await line.up.get()) is not None:
            await _take(process, line, known, device, data)
    except Exception as error:
        if not away(error):
            raise
    finally:
        bus.remove_listener(attempt_id, hear)
        line.break_()
        service.let_go(known)
        bus.present(known.attempt.sitting, attempt_id, known.holders > 0)


async def _take(process: Process, line: Line, known: Known, device: str, data: bytes) -> None:
    try:
        frame = read_frame(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        line.send_down(write(Rejected("wrong_shape", known.attempt.last_seq)))
        return
    if isinstance(frame, Ping):
        line.send_down(_welcome(known))
    elif not isinstance(frame, Hello):
        seq = getattr(frame, "seq", 0)
        try:
            result = await process.service.handle(known.attempt_id, frame, device=device)
        except PersonError as error:
            line.send_down(write(Rejected(error.code, known.attempt.last_seq, seq, dict(error.facts))))
            return
        line.send_down(write(Ack(seq, result.version, result.result)))


def _welcome(known: Known) -> bytes:
    attempt = known.attempt
    view = {"type": "welcome", "phase": attempt.phase, "device": attempt.device, "last_seq": attempt.last_seq}
    held = attempt.paused_at is not None or attempt.locked
    return msgspec.json.encode({**view, "version": known.version, "held": held, "notices": len(attempt.notices)})


def _told(entry: Entry) -> bytes:
    return msgspec.json.encode({"type": "told", "version": entry.version, "event": msgspec.Raw(entry.body.encode())})


class Phone:
    """A device from its first look until the end of the story. After being superseded it takes a new name."""

    def __init__(self, attempt_id: int, index: int, rng: Random, world: Any) -> None:
        self.attempt_id = attempt_id
        self.acks: list[Acked] = []
        self.ended = False
        self._index = index
        self._rng = rng
        self._world = world
        self._generation = 0
        self._line: Line | None = None
        self._new_name()

    def _new_name(self) -> None:
        self._generation += 1
        self.name = f"phone-{self.attempt_id % 1000:03d}-{self._index}-{self._generation:02d}"
        self._outbox: Outbox | None = None
        self._sent: dict[int, Numbered] = {}
        self._phase = ""
        self._holds = False
        self._held_once = False
        self._notices = 0

    async def live(self) -> None:
        """Connect, work, lose the line, come back."""
        rng = self._rng
        await asyncio.sleep(rng.uniform(0, 3) + (rng.uniform(5, 60) if self._index else 0))
        while not self._world.closing:
            process = self._world.process(rng)
            if process is not None:
                if self._outbox is not None and self._outbox.queue and self._holds and rng.random() < 0.25:
                    await self._by_http(process)
                else:
                    await self._by_line(process)
            await asyncio.sleep(rng.choice([0.05, 0.3, 1, 3, 12]))

    async def _by_line(self, process: Process) -> None:
        rng, loop = self._rng, asyncio.get_running_loop()
        line = self._line = Line(rng, self._hear)
        process.spawn(serve(process, line, self.attempt_id))
        line.send_up(write(Hello(self.name)))
        until_s = loop.time() + rng.choice([0.5, 5, 20, 60, 200])
        while loop.time() < until_s and not line.broken and process.alive:
            await asyncio.sleep(rng.expovariate(1.2))
            if self._world.closing:
                if not self._world.calm:
                    break
                line.send_up(write(Ping()))
                continue
            await self._act(line, process)
        line.break_()
        if self._outbox is not None:
            self._outbox.disconnected()

    async def _act(self, line: Line, process: Process) -> None:
        """One thing a person or his page does."""
        rng = self._rng
        if not self._holds:
            if self._phase and rng.random() < self._eagerness():
                await self._portrait(process)
        elif self._phase == "ready":
            self._say(line, Start())
        elif self._phase == "running" or self.ended:
            self._work(line)
        if rng.random() < 0.02:
            line.send_up(rng.choice(GARBAGE))
        if rng.random() < 0.05:
            self._say(line, TimeUp())
        if self._notices and rng.random() < 0.3:
            self._say(line, Acknowledge(rng.randint(1, self._notices)))
        if rng.random() < 0.2:
            line.send_up(write(Ping()))
        if self._outbox is not None and rng.random() < 0.3:
            self._outbox.release()
        self._send(line)

    def _eagerness(self) -> float:
        """How likely it takes a portrait now: the first device at once, one that was superseded or is new seldom."""
        if self._phase in ("entered", "identity"):
            return 0.5 if self._index == 0 else 0.02
        return 0.04

    def _work(self, line: Line) -> None:
        rng, outbox = self._rng, self._outbox
        if outbox is None or (self.ended and rng.random() < 0.8):
            return
        for _ in range(rng.choice([1, 1, 1, 2, 6])):
            outbox.add(self._anything())
        if rng.random() < 0.01:
            outbox.add(HandIn(1))
        self._send(line)

    def _anything(self) -> Numbered:
        rng = self._rng
        no, draw = rng.randint(1, 10), rng.random()
        if draw < 0.03:
            return rng.choice([Answer(1, 99, "a"), Answer(1, 10, "e"), Answer(1, 1, "ab")])
        if draw < 0.15:
            return Clear(1, no)
        if draw < 0.25:
            return MarkForLater(1, no, on=rng.random() < 0.6)
        return Answer(1, no, rng.choice("ab" if no == 10 else "abcde"))

    def _send(self, line: Line) -> None:
        for command in self._outbox.take() if self._outbox is not None else ():
            self._sent[command.seq] = command
            self._say(line, command)

    def _say(self, line: Line, command: DeviceCommand) -> None:
        line.send_up(write(command))
        self._world.echo(self.attempt_id, self.name, command)

    async def _portrait(self, process: Process) -> None:
        if self._held_once:
            self._new_name()
            if self._line is not None:
                self._line.break_()
        picture = f"{self._rng.getrandbits(64):064x}"
        await self._ask(process, process.service.handle(self.attempt_id, TakePortrait(self.name, picture)))

    async def _by_http(self, process: Process) -> None:
        """The socket's twin: a batch, of which the answer may be lost."""
        outbox = self._outbox
        assert outbox is not None
        outbox.disconnected()
        commands = outbox.take()
        if not commands:
            return
        self._sent.update({command.seq: command for command in commands})
        results = await self._ask(
            process, process.service.handle_all(self.attempt_id, commands, device=self.name), lost=0.1
        )
        for command, result in zip(commands, results or (), strict=False):
            if result.refusal is None:
                self._acknowledged(command.seq, result.result)
            else:
                self._rejected(result.refusal.code, command.seq, dict(result.refusal.facts))
        outbox.disconnected()

    async def _ask(self, process: Process, asked: Any, lost: float = 0.0) -> Any:
        """One request over HTTP: None when nobody knows what became of it."""
        task = process.spawn(asked)
        await asyncio.wait({task})
        await asyncio.sleep(self._rng.uniform(0.002, LINE_S_MAX))
        if task.cancelled() or self._rng.random() < lost:
            return None
        error = task.exception()
        if error is not None and not isinstance(error, PersonError) and not away(error):
            raise error
        return None if error is not None else task.result()

    # --- what comes down ---------------------------------------------------------------------------------------

    def _hear(self, data: bytes) -> None:
        frame = msgspec.json.decode(data)
        match frame["type"]:
            case "welcome":
                self._welcomed(frame)
            case "ack" if frame["seq"]:
                self._acknowledged(frame["seq"], frame["result"])
            case "rejected":
                self._rejected(frame["code"], frame.get("seq", 0), frame.get("facts", {}))
            case "told":
                self._told(frame["event"])

    def _welcomed(self, frame: dict[str, Any]) -> None:
        self._phase, self._notices = frame["phase"], frame["notices"]
        self.ended = self._phase in ("submitted", "marked", "released", "annulled")
        self._take_hold(frame["device"] == self.name, frame["last_seq"])
        if self._outbox is not None:
            if self._holds:
                self._outbox.align(frame["last_seq"])
            if not frame["held"]:
                self._outbox.release()

    def _take_hold(self, holds: bool, last_seq: int) -> None:
        self._holds = holds
        if holds and self._outbox is None:
            self._outbox, self._held_once = Outbox(last_seq), True

    def _told(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "device_taken":
                self._holds = event["device"] == self.name
            case "started":
                self._phase = "running"
            case "submitted":
                self._phase, self.ended = "submitted", True
            case "warned":
                self._notices = event["notice"]
            case "resumed" | "identity_unlocked" if self._outbox is not None:
                self._outbox.release()

    def _acknowledged(self, seq: int, result: str) -> None:
        command = self._sent.get(seq)
        if command is not None and self._outbox is not None:
            self.acks.append(Acked(self.name, command, result))
            self._outbox.acknowledged(seq)

    def _rejected(self, code: str, seq: int, facts: dict[str, Any]) -> None:
        if code in ("superseded", "portrait_needed"):
            self._holds = False
        if seq and self._outbox is not None:
            self._outbox.rejected(code, seq, facts)
