"""The live board: one fold per sitting and process, shared by all who watch.

*Subscribe first, then read, then drain*: the first watcher makes the board listen, then reads every journal of the
sitting, then folds what arrived meanwhile. Appends in this process come with their entries; those of other processes
come as wake-ups, and the board reads the journal from its own numbers. Changes go out at most four times a second.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog
from aiohttp import WSMsgType, web

from exam_engine import store
from exam_engine.bus import Wake
from exam_engine.chain import Entry
from exam_engine.edge.masks import masked_number
from exam_engine.edge.shapes import BoardDelta, BoardPong, BoardSnapshot, Tile
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.messages import Bye, write
from exam_engine.service import Known
from proctor import board
from proctor import store as proctoring
from proctor.board import Candidate
from proctor.identity import similarity
from proctor.rules import risk

TICK_S: Final = 0.25
REPAIR_S: Final = 5.0
WATCHED_CHUNK: Final = 500
SNAPSHOT_CHUNK: Final = 500
SLICE_MIN: Final = 50  # candidates looked at in a turn, at least
RANK_STEP: Final = 10  # a rank that fell by less is not worth a frame
LOAD_CHUNK: Final = 200  # journals folded between two turns of the event loop
WATCHERS_MAX: Final = 200  # per board and process
AWAY_MS: Final = 2_000
SLOW_S: Final = 5.0  # a watcher that takes longer to receive is let go; it comes back by itself

log = structlog.get_logger()


class Person(msgspec.Struct, frozen=True):
    person_id: int
    name: str
    number: str
    room: int
    organisation: str
    photo: str


class Watched(msgspec.Struct, frozen=True):
    """What proctoring says of one candidate; `open` are the incidents nobody has reviewed, as (level, raised at)."""

    open: tuple[tuple[int, datetime], ...] = ()
    capture: str = ""
    capture_at: datetime | None = None
    face: str = ""
    similarity: int | None = None
    claimed_by: str = ""
    claimed_until: datetime | None = None
    case_open: bool = False

    @property
    def changed_at(self) -> datetime | None:
        """When it last had something to look at."""
        return max((at for _, at in self.open), default=None)


UNWATCHED: Final = Watched()


class Watcher:
    """One desk that looks at the board. `behind`: tiles that changed since its last frame."""

    __slots__ = ("behind", "busy", "socket")

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.behind: set[int] = set()
        self.busy = True  # with the snapshot that comes first


class Board:
    """One sitting's fold, alive while somebody watches."""

    def __init__(self, house: House, sitting_id: int) -> None:
        self._house = house
        self.sitting_id = sitting_id
        self._people: dict[int, Person] = {}
        self._candidates: dict[int, Candidate] = {}
        self._connected: dict[int, bool] = {}
        self._seen_at: dict[int, datetime] = {}
        self._arrived: list[Entry] = []
        self._behind: set[int] = set()
        self._dirty: set[int] = set()
        self._flags: dict[int, tuple[str, ...]] = {}
        self._watched: dict[int, Watched] = {}
        self._stirred: set[int] = set()
        self._ranks: dict[int, int] = {}
        self.ready = asyncio.Event()
        self._round: list[int] = []
        self.watchers: set[Watcher] = set()

    async def run(self) -> None:
        """Listen, read, drain; then send what changed until cancelled."""
        with self._house.bus.listen_sitting(self.sitting_id, self._hear, self._hear_presence, self._stirred.add):
            await self._load()
            self.ready.set()
            while True:
                await asyncio.sleep(TICK_S)
                try:
                    await self._repair_some()
                    await self._turn()
                except DATABASE_AWAY as error:
                    log.warning("board_waits", sitting=self.sitting_id, reason=type(error).__name__)
                    self._round = []  # what was under way is read again as soon as the database answers

    def woken(self, wake: Wake) -> None:
        """Another process wrote to this sitting."""
        self._behind.update(int(attempt) for attempt in wake.versions.get(str(self.sitting_id), ()))

    async def snapshot(self) -> bytes:
        """A BoardSnapshot of every tile, made in pieces: thousands of them at once would hold up everybody else."""
        ids = list(self._candidates)
        pieces = []
        for start in range(0, len(ids), SNAPSHOT_CHUNK):
            now = self._house.clock.now()
            tiles = [self._tile(attempt_id, now) for attempt_id in ids[start : start + SNAPSHOT_CHUNK]]
            pieces.append(msgspec.json.encode(tiles)[1:-1])
            await asyncio.sleep(0)
        empty = BoardSnapshot(now=self._house.clock.now(), sitting_id=self.sitting_id, tiles=[])
        head = msgspec.json.encode(empty).removesuffix(b"]}")
        return head + b",".join(pieces) + b"]}"

    def _hear(self, _known: Known, entries: Sequence[Entry]) -> None:
        self._arrived.extend(entries)

    def _hear_presence(self, attempt_id: int, connected: bool) -> None:
        if self._connected.get(attempt_id) != connected:
            self._dirty.add(attempt_id)
        self._connected[attempt_id] = connected
        self._seen_at[attempt_id] = self._house.clock.now()

    async def _load(self) -> None:
        rows = await self._house.pool.fetch(store.ROSTER, self.sitting_id)
        await self._know(rows)
        ids = [row["attempt_id"] for row in rows]
        for start in range(0, len(ids), LOAD_CHUNK):
            journals = await self._house.journal.load_many(ids[start : start + LOAD_CHUNK])
            for entries in journals.values():
                for entry in entries:
                    self._fold(entry)
        self._connected = {**await self._house.bus.presence(self.sitting_id), **self._connected}
        self._stirred.update(ids)
        await self._look_again()

    async def _look_again(self) -> None:
        """What proctoring says of those it has news of."""
        stirred = list(self._stirred)
        self._stirred.clear()
        for start in range(0, len(stirred), WATCHED_CHUNK):
            chunk = stirred[start : start + WATCHED_CHUNK]
            if self.ready.is_set():  # rooms and photos change too
                await self._know(await self._house.pool.fetch(store.ROSTER_SOME, self.sitting_id, chunk))
            for row in await self._house.pool.fetch(proctoring.WATCHED, chunk):
                self._watched[row["attempt_id"]] = _watched(row)
                self._dirty.add(row["attempt_id"])

    async def _turn(self) -> None:
        arrived, self._arrived = self._arrived, []
        await self._meet({entry.attempt_id for entry in arrived} | self._behind)
        for entry in arrived:
            self._fold(entry)
        if self._behind:
            behind, self._behind = self._behind, set()
            known = {a: c.version for a in behind if (c := self._candidates.get(a)) is not None}
            for entries in (await self._house.journal.tails(known)).values():
                for entry in entries:
                    self._fold(entry)
        if self._stirred:
            await self._look_again()
        await self._send()

    async def _repair_some(self) -> None:
        """A lost wake-up, an idle candidate, a rank that fell: look at everybody once in REPAIR_S, some in each turn.

        All at once would hold up everybody else for a moment when there are ten thousand.
        """
        if not self._round:
            await self._begin_round()
        size = max(SLICE_MIN, math.ceil(len(self._candidates) * TICK_S / REPAIR_S))
        some, self._round = self._round[:size], self._round[size:]
        now = self._house.clock.now()
        for attempt_id in some:
            watched = self._watched.get(attempt_id, UNWATCHED)
            fallen = abs(self._rank(attempt_id, now) - self._ranks.get(attempt_id, 0)) >= RANK_STEP
            if fallen or self._flags_of(attempt_id, now) != self._flags.get(attempt_id):
                self._dirty.add(attempt_id)
            if watched.claimed_until is not None and watched.claimed_until < now:
                self._stirred.add(attempt_id)
        self._behind.update(some)

    async def _begin_round(self) -> None:
        rows = await self._house.pool.fetch(store.ATTEMPT_IDS, self.sitting_id)
        await self._meet({row["attempt_id"] for row in rows})
        presence = await self._house.bus.presence(self.sitting_id)
        for attempt_id, connected in presence.items():
            if self._connected.get(attempt_id) != connected:
                self._connected[attempt_id] = connected
                self._dirty.add(attempt_id)
        self._round = list(self._candidates)

    async def _meet(self, attempt_ids: set[int]) -> None:
        """Learn the names of attempts that were not there when the board was read."""
        new = [attempt_id for attempt_id in attempt_ids if attempt_id not in self._people]
        if new:
            await self._know(await self._house.pool.fetch(store.ROSTER_SOME, self.sitting_id, new))
        for attempt_id in attempt_ids:
            if attempt_id in self._people:
                self._candidates.setdefault(attempt_id, Candidate())

    async def _know(self, rows: Sequence[store.Row]) -> None:
        persons = [row["person_id"] for row in rows]
        photos = {row["person_id"]: row["name"] for row in await self._house.pool.fetch(proctoring.PHOTOS_OF, persons)}
        for row in rows:
            attempt_id = row["attempt_id"]
            number, photo = masked_number(row["id_number"]), photos.get(row["person_id"], "")
            person = Person(row["person_id"], row["name"], number, row["room"], row["organisation"], photo)
            if self._people.get(attempt_id) != person:
                self._people[attempt_id] = person
                self._dirty.add(attempt_id)
            self._candidates.setdefault(attempt_id, Candidate())

    def _fold(self, entry: Entry) -> None:
        candidate = self._candidates.get(entry.attempt_id)
        if candidate is None or entry.version <= candidate.version:
            return
        if entry.version != candidate.version + 1:
            self._behind.add(entry.attempt_id)
            return
        body = msgspec.json.decode(entry.body)
        self._candidates[entry.attempt_id] = board.fold(candidate, entry.version, entry.kind, body, entry.at)
        self._dirty.add(entry.attempt_id)

    async def _send(self) -> None:
        """To each watcher what he has not seen; who is still busy with the frame before gets it with the next."""
        dirty, self._dirty = self._dirty, set()
        if not self.watchers:
            return
        now = self._house.clock.now()
        frames: dict[frozenset[int], str] = {}
        for watcher in tuple(self.watchers):
            watcher.behind |= dirty
            if watcher.busy or not watcher.behind:
                continue
            wanted = frozenset(watcher.behind)
            watcher.behind = set()
            if wanted not in frames:
                tiles = [self._tile(attempt_id, now) for attempt_id in wanted if attempt_id in self._candidates]
                frames[wanted] = msgspec.json.encode(BoardDelta(now=now, tiles=tiles)).decode() if tiles else ""
            if frames[wanted]:
                watcher.busy = True
                self._house.later(self._send_one(watcher, frames[wanted]))

    async def _send_one(self, watcher: "Watcher", frame: str) -> None:
        try:
            async with asyncio.timeout(SLOW_S):
                await watcher.socket.send_str(frame)
        except (ConnectionError, TimeoutError):
            self.watchers.discard(watcher)
            await say_bye(watcher.socket, "too_slow")
        finally:
            watcher.busy = False

    def _flags_of(self, attempt_id: int, now: datetime) -> tuple[str, ...]:
        flags = board.flags(self._candidates[attempt_id], self._connected.get(attempt_id), now)
        watched = self._watched.get(attempt_id, UNWATCHED)
        more = [("incident", bool(watched.open)), ("case_open", watched.case_open)]
        return (*flags, *(name for name, there in more if there))

    def _rank(self, attempt_id: int, now: datetime) -> int:
        """Who deserves a look: what stands out now, and what nobody has reviewed yet."""
        open_ = self._watched.get(attempt_id, UNWATCHED).open
        return board.attention(self._flags.get(attempt_id, ())) + risk(open_, now)

    def _tile(self, attempt_id: int, now: datetime) -> Tile:
        candidate, person = self._candidates[attempt_id], self._people[attempt_id]
        flags = self._flags[attempt_id] = self._flags_of(attempt_id, now)
        last = candidate.last_notice
        watched = self._watched.get(attempt_id, UNWATCHED)
        self._ranks[attempt_id] = self._rank(attempt_id, now)
        return Tile(
            attempt_id=attempt_id,
            person_id=person.person_id,
            name=person.name,
            id_number=person.number,
            phase=candidate.phase,
            version=candidate.version,
            answered=candidate.answered.bit_count(),
            item_count=candidate.item_count,
            deadline_at=candidate.deadline_at,
            paused_at=candidate.paused_at,
            ticking=board.ticking(candidate),
            identity=candidate.identity,
            locked=candidate.locked,
            connected=self._connected.get(attempt_id),
            seen_at=self._seen_at.get(attempt_id),
            last_answer_at=candidate.last_answer_at,
            picture=candidate.picture,
            notices_open=len(candidate.notices_open),
            last_notice=last,
            last_notice_acknowledged=bool(last) and last not in candidate.notices_open,
            late=candidate.late,
            devices=candidate.devices,
            ending=candidate.ending,
            flags=list(flags),
            attention=self._ranks[attempt_id],
            why=candidate.why,
            room=person.room,
            organisation=person.organisation,
            incidents=len(watched.open),
            worst=max((level for level, _ in watched.open), default=0),
            changed_at=watched.changed_at,
            capture=watched.capture,
            capture_at=watched.capture_at,
            face=watched.face,
            similarity=watched.similarity,
            photo=person.photo,
            claimed_by=watched.claimed_by,
            claimed_until=watched.claimed_until,
            case_open=watched.case_open,
        )


def _watched(row: store.Row) -> Watched:
    distance = row["distance"]
    return Watched(
        open=tuple(zip(row["levels"] or (), row["raised"] or (), strict=True)),
        capture=row["name"] or "",
        capture_at=row["at"],
        face=row["kind"] or "",
        similarity=None if distance is None else similarity(distance),
        claimed_by=row["claimed_by"] or "",
        claimed_until=row["until"],
        case_open=row["case_open"],
    )


class Boards:
    """The boards of this process; each runs from its first watcher to a while after its last."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._boards: dict[int, tuple[Board, asyncio.Task[None]]] = {}
        self._users: dict[Board, int] = {}
        house.bus.heard.append(self._woken)

    @contextlib.asynccontextmanager
    async def board(self, sitting_id: int) -> AsyncIterator[Board]:
        """The running, loaded board of a sitting."""
        if sitting_id not in self._boards:
            made = Board(self._house, sitting_id)
            task = asyncio.create_task(made.run())
            self._boards[sitting_id] = (made, task)
            task.add_done_callback(lambda _: self._ended(made))
        board_, task = self._boards[sitting_id]
        self._users[board_] = self._users.get(board_, 0) + 1
        try:
            loaded = asyncio.create_task(board_.ready.wait())
            await asyncio.wait({loaded, task}, return_when=asyncio.FIRST_COMPLETED)
            loaded.cancel()
            if task.done():
                task.result()
            yield board_
        finally:
            self._users[board_] -= 1
            if not self._users[board_]:
                del self._users[board_]
                task.cancel()
                if self._boards.get(sitting_id, (None,))[0] is board_:
                    self._boards.pop(sitting_id)

    def _ended(self, board_: Board) -> None:
        """A board that stopped by itself has no news any more: its watchers come back for a new one."""
        if self._boards.get(board_.sitting_id, (None,))[0] is board_:
            self._boards.pop(board_.sitting_id)
        for watcher in board_.watchers:
            asyncio.get_running_loop().create_task(say_bye(watcher.socket, "restart", AWAY_MS))

    def now(self) -> datetime:
        """The server's time, for the desk's clock."""
        return self._house.clock.now()

    def _woken(self, wake: Wake) -> None:
        for board_, _ in self._boards.values():
            board_.woken(wake)

    async def say_goodbye(self) -> None:
        """Tell all watchers to come back."""
        sockets = [watcher.socket for board_, _ in self._boards.values() for watcher in board_.watchers]
        await asyncio.gather(*(say_bye(socket, "restart", 1_000) for socket in sockets), return_exceptions=True)


async def watch(boards: Boards, sitting_id: int, socket: web.WebSocketResponse) -> None:
    """Serve one watcher until he leaves."""
    async with boards.board(sitting_id) as board_:
        if len(board_.watchers) >= WATCHERS_MAX:
            await say_bye(socket, "too_many")
            return
        watcher = Watcher(socket)
        board_.watchers.add(watcher)
        try:
            await socket.send_str((await board_.snapshot()).decode())
            watcher.busy = False
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    return
                pong = BoardPong(now=boards.now())
                await socket.send_str(msgspec.json.encode(pong).decode())
        except ConnectionError:
            return
        finally:
            board_.watchers.discard(watcher)


async def say_bye(socket: web.WebSocketResponse, code: str, retry_after_ms: int = 0) -> None:
    """Say why, then close."""
    with contextlib.suppress(ConnectionError):
        await socket.send_str(write(Bye(code=code, retry_after_ms=retry_after_ms)).decode())
    await socket.close()
