"""The live board: one fold per sitting and process, shared by all who watch.

*Subscribe first, then read, then drain*: the first watcher makes the board listen, then reads every journal of the
sitting, then folds what arrived meanwhile. Appends in this process come with their entries; those of other processes
come as wake-ups, and the board reads the journal from its own numbers. Changes go out at most four times a second.
"""

import asyncio
import contextlib
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
from proctor.board import Candidate

TICK_S: Final = 0.25
REPAIR_S: Final = 5.0
LOAD_CHUNK: Final = 200  # journals folded between two turns of the event loop
WATCHERS_MAX: Final = 200  # per board and process
AWAY_MS: Final = 2_000
SLOW_S: Final = 5.0  # a watcher that takes longer to receive is let go; it comes back by itself

log = structlog.get_logger()


class Person(msgspec.Struct, frozen=True):
    person_id: int
    name: str
    number: str


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
        self.ready = asyncio.Event()
        self.watchers: set[web.WebSocketResponse] = set()

    async def run(self) -> None:
        """Listen, read, drain; then send what changed until cancelled."""
        with self._house.bus.listen_sitting(self.sitting_id, self._hear, self._hear_presence):
            await self._load()
            self.ready.set()
            repair_s = REPAIR_S
            while True:
                await asyncio.sleep(TICK_S)
                repair_s -= TICK_S
                try:
                    if repair_s <= 0:
                        await self._repair()
                        repair_s = REPAIR_S
                    await self._turn()
                except DATABASE_AWAY as error:
                    log.warning("board_waits", sitting=self.sitting_id, reason=type(error).__name__)
                    repair_s = 0.0  # what was under way is read again as soon as the database answers

    def woken(self, wake: Wake) -> None:
        """Another process wrote to this sitting."""
        self._behind.update(int(attempt) for attempt in wake.versions.get(str(self.sitting_id), ()))

    def snapshot(self) -> BoardSnapshot:
        """Every tile as of now."""
        now = self._house.clock.now()
        tiles = [self._tile(attempt_id, now) for attempt_id in self._candidates]
        return BoardSnapshot(now=now, sitting_id=self.sitting_id, tiles=tiles)

    def _hear(self, _known: Known, entries: Sequence[Entry]) -> None:
        self._arrived.extend(entries)

    def _hear_presence(self, attempt_id: int, connected: bool) -> None:
        if self._connected.get(attempt_id) != connected:
            self._dirty.add(attempt_id)
        self._connected[attempt_id] = connected
        self._seen_at[attempt_id] = self._house.clock.now()

    async def _load(self) -> None:
        rows = await self._house.pool.fetch(store.ROSTER, self.sitting_id)
        self._know(rows)
        ids = [row["attempt_id"] for row in rows]
        for start in range(0, len(ids), LOAD_CHUNK):
            journals = await self._house.journal.load_many(ids[start : start + LOAD_CHUNK])
            for entries in journals.values():
                for entry in entries:
                    self._fold(entry)
        self._connected = {**await self._house.bus.presence(self.sitting_id), **self._connected}

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
        await self._send()

    async def _repair(self) -> None:
        """A lost wake-up, an idle candidate, a new entry elsewhere: look at everything that can still change."""
        rows = await self._house.pool.fetch(store.ROSTER, self.sitting_id)
        self._know(rows)
        self._behind.update(self._candidates)
        now = self._house.clock.now()
        for attempt_id in self._candidates:
            if self._flags_of(attempt_id, now) != self._flags.get(attempt_id):
                self._dirty.add(attempt_id)
        presence = await self._house.bus.presence(self.sitting_id)
        for attempt_id, connected in presence.items():
            if self._connected.get(attempt_id) != connected:
                self._connected[attempt_id] = connected
                self._dirty.add(attempt_id)

    async def _meet(self, attempt_ids: set[int]) -> None:
        """Learn the names of attempts that were not there when the board was read."""
        new = [attempt_id for attempt_id in attempt_ids if attempt_id not in self._people]
        if new:
            self._know(await self._house.pool.fetch(store.ROSTER_SOME, self.sitting_id, new))
        for attempt_id in attempt_ids:
            if attempt_id in self._people:
                self._candidates.setdefault(attempt_id, Candidate())

    def _know(self, rows: Sequence[store.Row]) -> None:
        for row in rows:
            person = Person(row["person_id"], row["name"], masked_number(row["id_number"]))
            self._people[row["attempt_id"]] = person
            self._candidates.setdefault(row["attempt_id"], Candidate())

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
        if not self._dirty:
            return
        now = self._house.clock.now()
        tiles = [self._tile(attempt_id, now) for attempt_id in self._dirty if attempt_id in self._candidates]
        self._dirty = set()
        if not self.watchers or not tiles:
            return
        frame = msgspec.json.encode(BoardDelta(now=now, tiles=tiles)).decode()
        await asyncio.gather(*(self._send_one(watcher, frame) for watcher in tuple(self.watchers)))

    async def _send_one(self, watcher: web.WebSocketResponse, frame: str) -> None:
        try:
            async with asyncio.timeout(SLOW_S):
                await watcher.send_str(frame)
        except (ConnectionError, TimeoutError):
            self.watchers.discard(watcher)
            asyncio.get_running_loop().create_task(say_bye(watcher, "too_slow"))

    def _flags_of(self, attempt_id: int, now: datetime) -> tuple[str, ...]:
        return board.flags(self._candidates[attempt_id], self._connected.get(attempt_id), now)

    def _tile(self, attempt_id: int, now: datetime) -> Tile:
        candidate, person = self._candidates[attempt_id], self._people[attempt_id]
        flags = self._flags[attempt_id] = self._flags_of(attempt_id, now)
        last = candidate.last_notice
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
            attention=board.attention(flags),
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
            asyncio.get_running_loop().create_task(say_bye(watcher, "restart", AWAY_MS))

    def now(self) -> datetime:
        """The server's time, for the desk's clock."""
        return self._house.clock.now()

    def _woken(self, wake: Wake) -> None:
        for board_, _ in self._boards.values():
            board_.woken(wake)

    async def say_goodbye(self) -> None:
        """Tell all watchers to come back."""
        watchers = [watcher for board_, _ in self._boards.values() for watcher in board_.watchers]
        await asyncio.gather(*(say_bye(watcher, "restart", 1_000) for watcher in watchers), return_exceptions=True)


async def watch(boards: Boards, sitting_id: int, socket: web.WebSocketResponse) -> None:
    """Serve one watcher until he leaves."""
    async with boards.board(sitting_id) as board_:
        if len(board_.watchers) >= WATCHERS_MAX:
            await say_bye(socket, "too_many")
            return
        board_.watchers.add(socket)
        try:
            await socket.send_str(msgspec.json.encode(board_.snapshot()).decode())
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    return
                pong = BoardPong(now=boards.now())
                await socket.send_str(msgspec.json.encode(pong).decode())
        except ConnectionError:
            return
        finally:
            board_.watchers.discard(socket)


async def say_bye(socket: web.WebSocketResponse, code: str, retry_after_ms: int = 0) -> None:
    """Say why, then close."""
    with contextlib.suppress(ConnectionError):
        await socket.send_str(write(Bye(code=code, retry_after_ms=retry_after_ms)).decode())
    await socket.close()
