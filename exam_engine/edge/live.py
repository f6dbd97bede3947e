"""The candidate's live socket: frames up, acknowledgements and numbered events down; pictures up in pieces.

A socket has one reader. It decodes, hands to the service, and sends the acknowledgement after the commit. News from
elsewhere (a warning, an extension, the bell) arrive through the bus and go out by a pump of their own, so that a
slow phone never holds anybody up. What a device has said itself is not told to it again: it has the ack.

The welcome closes the race between reading and listening: listen first, then read the state, then send.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from exam_engine.bus import OWN_KINDS
from exam_engine.captures import TOO_SOON_S
from exam_engine.chain import Entry
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints, same_origin, session_of
from exam_engine.edge.physician import HIDDEN_KINDS, own_attempt, started_paper
from exam_engine.edge.pieces import Picture, Pieces, refused
from exam_engine.edge.shapes import PaperFrame, Welcome
from exam_engine.edge.views import attempt_view, clock_of, device_of
from exam_engine.edge.watching import Shot, keep_picture
from exam_engine.errors import Forbidden, PersonError, TooMany, Unavailable
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.messages import (
    FRAME_BYTES_MAX,
    Ack,
    Bye,
    Clock,
    DeviceCommand,
    Hello,
    PictureKept,
    PictureRefused,
    Ping,
    Pong,
    Rejected,
    Start,
    read_frame,
    write,
)
from exam_engine.registry import Owner
from exam_engine.service import Known

HELLO_S: Final = 10  # a socket that says nothing is closed
LISTEN_S: Final = 5.0  # how often silence is looked for
SILENT_MAX: Final = 8  # times in a row nothing was heard: 40 s, when devices ping every 25 s
FRAMES_MAX: Final = 3_000  # frames in FRAMES_S; a person makes a handful, a replayed exam some hundred
FRAMES_S: Final = 10
SOCKETS_PER_ATTEMPT_MAX: Final = 4
WAITING_MAX: Final = 1_000  # frames a slow device may be behind before it must come back for a snapshot
BACKLOG_MAX: Final = 500  # missing events told one by one; more is cheaper as a snapshot
LAST: Final = 2**31  # no version comes after it
RESTART_SPREAD_MS: Final = 5_000
AWAY_MS: Final = 2_000  # the database is away: come back in this time and say the same again

log = structlog.get_logger()
endpoints = Endpoints()


@endpoints.add("GET", "/api/attempts/{attempt_id}/live", roles=PHYSICIAN)
async def live(call: Call) -> web.StreamResponse:
    """The candidate's socket (WebSocket; frames as in FrameUp, Told, Ack …)."""
    if not same_origin(call.request):
        raise Forbidden("foreign_page")
    owner = await own_attempt(call)
    socket = web.WebSocketResponse(compress=False, max_msg_size=4 * FRAME_BYTES_MAX, autoping=True, timeout=2.0)
    if not socket.can_prepare(call.request):
        raise Forbidden("socket_only")
    await socket.prepare(call.request)
    session = session_of(call.request)
    await Device(call.house, owner, call.path["attempt_id"], session, socket).serve()
    return socket


class Device:
    """One connected device of one attempt."""

    __slots__ = (
        "_device", "_ending", "_frames", "_house", "_known", "_news", "_owner", "_pieces", "_pump", "_since_s",
        "_socket", "_taken_in", "_waiting", "_welcomed", "attempt_id", "session", "silent",
    )  # fmt: skip

    def __init__(
        self, house: House, owner: Owner, attempt_id: int, session: str, socket: web.WebSocketResponse
    ) -> None:
        self._house = house
        self._owner = owner
        self.attempt_id = attempt_id
        self._socket = socket
        self._device = ""
        self._known: Known | None = None
        self.session = session
        self._ending = False
        self._taken_in = self._news = 0
        # Version (of a goodbye: LAST) and frame; a list, since it is nearly always empty.
        self._waiting: list[tuple[int, bytes]] = []
        self._welcomed = False
        self._pump: asyncio.Task[None] | None = None
        self._pieces: Pieces | None = None  # once a picture has come
        self.silent = 0
        self._frames = 0
        self._since_s = 0.0

    async def serve(self) -> None:
        """Until the device, the server or the line ends it."""
        devices = self._house.devices.setdefault(self.attempt_id, [])
        devices.append(self)
        try:
            hello = await self._hello()
            if hello is not None:
                await self._serve(hello)
        except ConnectionError:
            pass  # the line broke while something was being sent: the device comes back by itself
        except (*DATABASE_AWAY, Unavailable):
            await self.bye("restart", AWAY_MS)
        finally:
            devices.remove(self)
            if not devices:
                self._house.devices.pop(self.attempt_id, None)
            if self._pump is not None:
                self._pump.cancel()
            if self._pieces is not None:
                self._pieces.drop()

    async def _hello(self) -> Hello | None:
        with contextlib.suppress(asyncio.TimeoutError, msgspec.DecodeError, RecursionError):
            message = await self._socket.receive(HELLO_S)
            if message.type is WSMsgType.TEXT and isinstance(frame := read_frame(message.data), Hello):
                return frame
        await self.bye("protocol")
        return None

    async def _serve(self, hello: Hello) -> None:
        house = self._house
        self._device = hello.device
        known = self._known = await house.service.hold(self.attempt_id)
        self._news = known.version
        try:
            await self._make_room()
            house.bus.add_listener(self.attempt_id, self._hear)
            await self._has(hello.since)
            await self._welcome(hello)
            self._present(True)
            await self._read()
        finally:
            house.bus.remove_listener(self.attempt_id, self._hear)
            house.service.let_go(known)
            others = len(self._house.devices.get(self.attempt_id, ())) > 1  # this one is still among them
            self._present(others)

    async def _make_room(self) -> None:
        """The newest socket is the one that lives: on a bad line those before it are likely dead already."""
        crowd = self._house.devices[self.attempt_id]
        for device in crowd[: max(0, len(crowd) - SOCKETS_PER_ATTEMPT_MAX)]:
            asyncio.get_running_loop().create_task(device.bye("too_many"))  # a dead line may take its time

    def _present(self, connected: bool) -> None:
        assert self._known is not None
        self._house.bus.present(self._owner.sitting_id, self.attempt_id, connected)

    async def _welcome(self, hello: Hello) -> None:
        """Events or a snapshot, `version` and `last_seq`, all as of one moment.

        An answer of the socket before, committed in between, would be named in `last_seq` and missing in the snapshot,
        and the device would take it for saved and show what was there before it.
        """
        house = self._house
        sitting = await house.registry.sitting(self._owner.sitting_id)
        known = await house.service.look(self.attempt_id)
        version, last_seq = known.version, known.attempt.last_seq
        self._news = version  # somebody may have said something meanwhile
        view = None
        if 0 < hello.since <= version and version - hello.since <= BACKLOG_MAX:
            self._forget_up_to(version)
            missed = await house.journal.load(self.attempt_id, hello.since)
            for entry in missed:
                if entry.version <= version:  # what came later is told later
                    await self._send(self._told(known, entry))
        else:
            person, now = (self._owner.name, self._owner.id_number), house.clock.now()
            self._forget_up_to(version)
            view = attempt_view(self.attempt_id, version, known.attempt, sitting, person, self._device, now)
        clock = clock_of(known.attempt, house.clock.now())
        await self._send(write(Welcome(view, version, last_seq, clock)))
        self._welcomed = True
        self._start_pump()

    def _forget_up_to(self, version: int) -> None:
        """What came in while the state was read is in it already; told once more after later news it would be lost."""
        self._waiting = [each for each in self._waiting if each[0] > version]

    async def _read(self) -> None:
        socket = self._socket
        while True:
            message = await socket.receive()
            if message.type is WSMsgType.TEXT:
                await self._take(message.data)
            elif message.type is WSMsgType.BINARY:
                await self._piece(message.data)
            elif message.type is WSMsgType.ERROR:
                await self.bye("protocol")
                return
            else:
                return

    async def _take(self, data: str) -> None:
        self.silent = 0
        if self._flooding():
            await self.bye("too_many")
            return
        if len(data) > FRAME_BYTES_MAX:  # far above it aiohttp hangs up without a word
            await self.bye("protocol")
            return
        try:
            frame = read_frame(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            assert self._known is not None
            await self._send(write(Rejected(code="wrong_shape", last_seq=self._known.attempt.last_seq)))
            return
        if isinstance(frame, Ping):
            await self._has(frame.have)
            await self._pong()
        elif isinstance(frame, Hello):
            await self.bye("protocol")
        else:
            await self._command(frame)

    async def _piece(self, data: bytes) -> None:
        """A piece of a picture. What the whole needs of disk and database is waited for elsewhere, never in here."""
        self.silent = 0
        if self._flooding():
            await self.bye("too_many")
            return
        pieces = self._pieces = self._pieces or Pieces(self._house.captures.room)
        come = pieces.take(data, self._house.clock.now())
        if isinstance(come, Picture) and pieces.busy:
            come = refused(come.n, TooMany("too_many_captures", retry_after_s=TOO_SOON_S))
        if isinstance(come, Picture):
            pieces.busy = True
            self._house.later(self._keep(pieces, come))
        elif come is not None:
            await self._send(write(come))

    async def _keep(self, pieces: Pieces, picture: Picture) -> None:
        shot = Shot(picture.jpeg, picture.why, picture.taken_at)
        try:
            kept = await keep_picture(self._house, self.attempt_id, self._owner.person_id, self._device, shot)
            frame: PictureKept | PictureRefused = PictureKept(picture.n, kept.picture, kept.next_in_s)
        except PersonError as error:
            frame = refused(picture.n, error)
        except DATABASE_AWAY:
            frame = refused(picture.n, Unavailable("try_again", retry_after_s=AWAY_MS // 1000))
        finally:
            pieces.busy = False
        with contextlib.suppress(ConnectionError):
            await self._send(write(frame))

    def drop_old_pieces(self) -> None:
        """Nobody lets half a picture lie here."""
        if self._pieces is not None:
            self._pieces.drop_old(self._house.clock.now())

    async def _has(self, version: int) -> None:
        """The device has taken in the events up to this version: the desk sees that its acts arrived.

        Written where it is news: while nobody but the device itself has said anything, there is nothing to have heard.
        """
        assert self._known is not None
        version = min(version, self._known.version)
        if self._taken_in < version and self._taken_in < self._news:
            self._taken_in = version
            await self._house.taken_in.get((self.attempt_id, version))

    def _flooding(self) -> bool:
        self._frames += 1
        if self._frames < FRAMES_MAX:
            return False
        now_s = asyncio.get_running_loop().time()
        flooding = now_s - self._since_s < FRAMES_S
        self._frames, self._since_s = 0, now_s
        return flooding

    async def _pong(self) -> None:
        assert self._known is not None
        clock = clock_of(self._known.attempt, self._house.clock.now())
        self._present(True)
        await self._send(write(Pong(clock=clock or Clock(0, ticking=False))))

    async def _command(self, command: DeviceCommand) -> None:
        seq: int = getattr(command, "seq", 0)
        try:
            result = await self._house.service.handle(self.attempt_id, command, device=self._device)
        except Unavailable:
            raise
        except PersonError as error:
            assert self._known is not None
            facts = dict(error.facts)
            frame = Rejected(code=error.code, last_seq=self._known.attempt.last_seq, seq=seq, facts=facts)
            await self._send(write(frame))
            return
        await self._send(write(Ack(seq=seq, version=result.version, result=result.result)))
        if isinstance(command, Start):
            await self._paper(command)

    async def _paper(self, start: Start) -> None:
        """After the start that asks for it, so that ten thousand who start together need not ask once more."""
        assert self._known is not None
        paper = await started_paper(self._house, self._known, (start,), self._device)
        if paper is not None:
            await self._send(write(PaperFrame(paper.attempt_id, paper.items)))

    def _hear(self, known: Known, entries: Sequence[Entry]) -> None:
        """News of this attempt. Its own numbered words are left out while this device holds the attempt.

        What was held back at a bell may come after a welcome that knew it: it is not told once more.
        """
        holds = device_of(known.attempt, self._device) == "mine"
        for entry in entries:
            if entry.version <= self._news:
                continue
            if entry.kind not in HIDDEN_KINDS and not (holds and entry.kind in OWN_KINDS):
                self._later(entry.version, self._told(known, entry))
                self._news = entry.version
            if entry.kind == "device_taken" and not holds:
                self._ending = True
                self._later(LAST, write(Bye(code="superseded")))

    def _told(self, known: Known, entry: Entry) -> bytes:
        clock = clock_of(known.attempt, self._house.clock.now()) or Clock(0, ticking=False)
        if entry.kind in HIDDEN_KINDS:
            return b""
        head = write(ToldHead(version=entry.version, at=entry.at, clock=clock))
        return head[:-1] + b',"event":' + entry.body.encode() + b"}"

    def _later(self, version: int, frame: bytes) -> None:
        self._waiting.append((version, frame))
        self._start_pump()

    def _start_pump(self) -> None:
        """News go out in order: nothing before the welcome, which tells what came before them."""
        if self._welcomed and self._waiting and (self._pump is None or self._pump.done()):
            self._pump = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self._waiting:
                if len(self._waiting) > WAITING_MAX:
                    await self.bye("too_slow")
                    return
                await self._send(self._waiting.pop(0)[1])
            if self._ending:
                await self._socket.close()

    async def _send(self, frame: bytes) -> None:
        if frame and not self._socket.closed:
            await self._socket.send_frame(frame, WSMsgType.TEXT)

    async def bye(self, code: str, retry_after_ms: int = 0) -> None:
        """Say why, then close."""
        with contextlib.suppress(ConnectionError):
            await self._send(write(Bye(code=code, retry_after_ms=retry_after_ms)))
        with contextlib.suppress(ConnectionError):
            await self._socket.close(code=WSCloseCode.OK, message=code.encode())


class ToldHead(msgspec.Struct, frozen=True, tag="told", tag_field="type"):
    """A Told frame without its event, which is put in as the journal has it."""

    version: int
    at: datetime
    clock: Clock


def end_session(house: House, session: str) -> None:
    """Somebody logged out: what that session has open here is closed."""
    for device in house.all_devices():
        if device.session == session:
            asyncio.get_running_loop().create_task(device.bye("logged_out"))


async def close_silent(house: House) -> None:
    """Close every device not heard for SILENT_MAX times in a row; call it every LISTEN_S.

    A phone whose network is gone can't say goodbye: without this it would stay "online" on the board until the
    operating system gives its connection up, minutes later.
    """
    for device in house.all_devices():
        device.drop_old_pieces()
        device.silent += 1
        if device.silent == SILENT_MAX:
            asyncio.get_running_loop().create_task(device.bye("silent"))  # a dead line may take its time


async def say_goodbye(house: House) -> None:
    """Tell every connected device to come back in a moment, spread so that they don't come all at once."""
    rng = random.Random(0)  # noqa: S311  # spreads reconnects, guards nothing
    devices = house.all_devices()
    await asyncio.gather(
        *(device.bye("restart", rng.randrange(200, RESTART_SPREAD_MS)) for device in devices),
        return_exceptions=True,
    )
