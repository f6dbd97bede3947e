"""The live board: one fold per sitting and process, shared by all who watch.

*Subscribe first, then read, then drain*: the first watcher makes the board listen, then reads every journal of the
sitting, then folds what arrived meanwhile. Appends in this process come with their entries; those of other processes
come as wake-ups, and the board reads the journal from its own numbers, of all who have news at once. Changes go out
at most four times a second.

A tile is written as JSON once for each change, whoever looks: frames are put together from written tiles, and who
sees the same rooms and missed the same changes gets the same bytes (`shared_frames.py`).
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from aiohttp import WSMsgType, web

from exam_engine import store
from exam_engine.bus import PRESENCE_S, Wake
from exam_engine.chain import Entry
from exam_engine.edge.board_tiles import UNWATCHED, Person, Presence, Watched, flags_of, rank_of, read_watched, tile_of
from exam_engine.edge.board_watchers import News, Opening, Scope, Watcher, scopes
from exam_engine.edge.masks import masked_number
from exam_engine.edge.shapes import BoardDelta, BoardPart, BoardPong, BoardSnapshot
from exam_engine.edge.shared_frames import Frame, Line, say
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.messages import Bye, write
from exam_engine.service import Known
from proctor import board
from proctor import store as proctoring
from proctor.board import Candidate

TICK_S: Final = 0.25
REPAIR_S: Final = 5.0
WATCHED_CHUNK: Final = 500
PART: Final = 250  # tiles in a frame, and tiles written between two turns of the event loop
SLICE_MIN: Final = 50  # candidates looked at in a turn, at least
RANK_STEP: Final = 10  # a rank that fell by less is not worth a frame
LOAD_CHUNK: Final = 200  # journals folded between two turns of the event loop
WATCHERS_MAX: Final = 200  # per board and process
AWAY_MS: Final = 2_000
SLOW_S: Final = 5.0  # a watcher that takes longer to receive is let go; it comes back by itself

log = structlog.get_logger()


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
        self._written: dict[int, bytes] = {}
        self._flags: dict[int, tuple[str, ...]] = {}
        self._watched: dict[int, Watched] = {}
        self._stirred: set[int] = set()
        self._ranks: dict[int, int] = {}
        self.ready = asyncio.Event()
        self._round: list[int] = []
        self.watchers: set[Watcher] = set()
        self._openings: dict[Scope, Opening] = {}
        self._opening = asyncio.Lock()

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

    async def snapshot(self, scope: Scope = None) -> bytes:
        """A BoardSnapshot of every tile of these rooms."""
        pieces = [piece async for piece in self._pieces(scope)]
        return self._whole_head() + b",".join(pieces) + b"]}"

    async def _pieces(self, scope: Scope) -> AsyncIterator[bytes]:
        """The tiles of these rooms, PART by PART: thousands at once would hold up everybody else."""
        ids = list(self._candidates)
        for start in range(0, len(ids), PART):
            now = self._house.clock.now()
            chunk = [each for each in ids[start : start + PART] if scope is None or self._people[each].room in scope]
            if chunk:
                yield self._joined(chunk, now)
            await asyncio.sleep(0)

    def _joined(self, attempt_ids: Collection[int], now: datetime) -> bytes:
        return b",".join([self._written.get(each) or self._write(each, now) for each in attempt_ids])

    def _whole_head(self) -> bytes:
        empty = BoardSnapshot(now=self._house.clock.now(), sitting_id=self.sitting_id, tiles=[])
        return msgspec.json.encode(empty).removesuffix(b"]}")

    def _touch(self, attempt_id: int) -> None:
        """This tile is not as it was written."""
        self._dirty.add(attempt_id)
        self._written.pop(attempt_id, None)

    def _hear(self, _known: Known, entries: Sequence[Entry]) -> None:
        self._arrived.extend(entries)

    def _hear_presence(self, attempt_id: int, connected: bool) -> None:
        if self._connected.get(attempt_id) != connected:
            self._touch(attempt_id)
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
        self._dirty.clear()  # nobody has been shown anything yet

    async def _look_again(self) -> None:
        """What proctoring says of those it has news of."""
        stirred = list(self._stirred)
        self._stirred.clear()
        for start in range(0, len(stirred), WATCHED_CHUNK):
            chunk = stirred[start : start + WATCHED_CHUNK]
            if self.ready.is_set():  # rooms and photos change too
                await self._know(await self._house.pool.fetch(store.ROSTER_SOME, self.sitting_id, chunk))
            for row in await self._house.pool.fetch(proctoring.WATCHED, chunk):
                self._watched[row["attempt_id"]] = read_watched(row)
                self._touch(row["attempt_id"])

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
            flags = self._flags_now(attempt_id, now)
            fallen = abs(rank_of(flags, watched, now) - self._ranks.get(attempt_id, 0)) >= RANK_STEP
            if fallen or flags != self._flags.get(attempt_id):
                self._touch(attempt_id)
            if watched.claimed_until is not None and watched.claimed_until < now:
                self._stirred.add(attempt_id)
        self._behind.update(some)

    async def _begin_round(self) -> None:
        rows = await self._house.pool.fetch(store.ATTEMPT_IDS, self.sitting_id)
        await self._meet({row["attempt_id"] for row in rows})
        presence = await self._house.bus.presence(self.sitting_id)
        written_at = self._house.clock.now() - timedelta(seconds=2 * PRESENCE_S)
        for attempt_id, connected in presence.items():
            # What was heard since is newer than what is written, and would be shown as a flicker.
            heard_since = self._seen_at.get(attempt_id, written_at) > written_at
            if self._connected.get(attempt_id) != connected and not heard_since:
                self._connected[attempt_id] = connected
                self._touch(attempt_id)
        self._round = list(self._candidates)
        await self._narrow()

    async def _meet(self, attempt_ids: set[int]) -> None:
        """Learn the names of attempts that were not there when the board was read."""
        new = [attempt_id for attempt_id in attempt_ids if attempt_id not in self._people]
        if new:
            await self._know(await self._house.pool.fetch(store.ROSTER_SOME, self.sitting_id, new))

    async def _know(self, rows: Sequence[store.Row]) -> None:
        persons = [row["person_id"] for row in rows]
        photos = {row["person_id"]: row["name"] for row in await self._house.pool.fetch(proctoring.PHOTOS_OF, persons)}
        for row in rows:
            attempt_id = row["attempt_id"]
            number, photo = masked_number(row["id_number"]), photos.get(row["person_id"], "")
            person = Person(row["person_id"], row["name"], number, row["room"], row["organisation"], photo)
            before = self._people.get(attempt_id)
            if before != person:
                self._people[attempt_id] = person
                if before is not None and before.room != person.room:
                    self._moved(before.room)
                self._touch(attempt_id)
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
        self._touch(entry.attempt_id)

    # --- those who watch -----------------------------------------------------------------------------------

    async def _send(self) -> None:
        """To each watcher what he has not seen; who is still busy with the frame before gets it with the next."""
        self._forget_openings()
        dirty, self._dirty = self._dirty, set()
        if not self.watchers:
            return
        for start in range(0, len(some := [each for each in dirty if each in self._candidates]), PART):
            self._joined(some[start : start + PART], self._house.clock.now())
            await asyncio.sleep(0)
        news = News({each: self._people[each].room for each in some})
        for opening_scope, opening in self._openings.items():
            opening.behind.update(news.within(opening_scope))
        made: dict[frozenset[int], list[Frame]] = {}
        for watcher in tuple(self.watchers):
            watcher.behind.update(news.within(watcher.scope))
            if not watcher.busy and (watcher.anew or watcher.behind):
                self._send_to(watcher, made)

    def _send_to(self, watcher: Watcher, made: dict[frozenset[int], list[Frame]]) -> None:
        watcher.busy = True
        if watcher.anew:
            self._house.later(self.show_all(watcher))
            return
        wanted = frozenset(watcher.behind)
        watcher.behind = set()
        if wanted not in made:
            made[wanted] = list(self._deltas(list(wanted)))
        self._house.later(self._show(watcher, made[wanted]))

    def _deltas(self, wanted: Sequence[int]) -> Iterator[Frame]:
        now = self._house.clock.now()
        head = msgspec.json.encode(BoardDelta(now=now, tiles=[])).removesuffix(b"]}")
        for start in range(0, len(wanted), PART):
            yield Frame(head + self._joined(wanted[start : start + PART], now) + b"]}")

    async def show_all(self, watcher: Watcher) -> None:
        """Everything it may see, then what changed meanwhile with the next turns."""
        watcher.anew = False
        watcher.behind.clear()
        try:
            opening = await self._opened(watcher.scope)
            watcher.behind |= opening.behind
            await self._show(watcher, opening.frames)
        finally:
            watcher.busy = False

    async def _opened(self, scope: Scope) -> Opening:
        """The one that was made a moment ago, or a new one: fifty desks that open at once share it."""
        async with self._opening:
            opening = self._openings.get(scope)
            if opening is None:
                opening = self._openings[scope] = Opening()
                try:
                    await self._fill(opening, scope)
                except BaseException:
                    self._openings.pop(scope, None)
                    raise
            return opening

    async def _fill(self, opening: Opening, scope: Scope) -> None:
        pieces = [piece async for piece in self._pieces(scope)]
        head = msgspec.json.encode(BoardPart(tiles=[])).removesuffix(b"]}")
        opening.frames = [Frame(head + piece + b"]}") for piece in pieces[:-1]]
        opening.frames.append(Frame(self._whole_head() + b"".join(pieces[-1:]) + b"]}"))
        opening.made_s = asyncio.get_running_loop().time()

    def _forget_openings(self) -> None:
        now_s = asyncio.get_running_loop().time()
        self._openings = {scope: each for scope, each in self._openings.items() if not each.is_old(now_s)}

    async def _show(self, watcher: Watcher, frames: Sequence[Frame]) -> None:
        try:
            for frame in frames:
                async with asyncio.timeout(SLOW_S):
                    await watcher.line.send(frame)
                if frame is not frames[-1]:
                    await asyncio.sleep(0)
        except (ConnectionError, TimeoutError):
            self.watchers.discard(watcher)
            await say_bye(watcher.line.socket, "too_slow")
        finally:
            watcher.busy = False

    async def scope_of(self, account_id: int) -> Scope:
        """The rooms this account holds; who holds none sees all of them."""
        return (await self._held_rooms()).get(account_id)

    async def _held_rooms(self) -> dict[int, frozenset[int]]:
        rows = await self._house.pool.fetch(store.ROOM_WATCHERS, self.sitting_id)
        return scopes((row["room"], row["account_id"]) for row in rows)

    async def _narrow(self) -> None:
        """Rooms are given and taken: whoever sees his own gets to see what he holds now."""
        if not any(watcher.account_id for watcher in self.watchers):
            return
        held = await self._held_rooms()
        for watcher in self.watchers:
            if watcher.account_id and watcher.scope != (scope := held.get(watcher.account_id)):
                watcher.scope, watcher.anew = scope, True

    def _moved(self, room: int) -> None:
        """Somebody left this room: who sees it but not everybody is shown anew who is in it."""
        self._openings = {scope: each for scope, each in self._openings.items() if scope is None or room not in scope}
        for watcher in self.watchers:
            if watcher.scope is not None and room in watcher.scope:
                watcher.anew = True

    # --- tiles ---------------------------------------------------------------------------------------------

    def _flags_now(self, attempt_id: int, now: datetime) -> tuple[str, ...]:
        watched = self._watched.get(attempt_id, UNWATCHED)
        return flags_of(self._candidates[attempt_id], watched, self._connected.get(attempt_id), now)

    def _write(self, attempt_id: int, now: datetime) -> bytes:
        """The tile as JSON, as of now; what it says of flags and rank is kept for the next look round."""
        watched = self._watched.get(attempt_id, UNWATCHED)
        flags = self._flags[attempt_id] = self._flags_now(attempt_id, now)
        rank = self._ranks[attempt_id] = rank_of(flags, watched, now)
        candidate, person = self._candidates[attempt_id], self._people[attempt_id]
        presence = Presence(self._connected.get(attempt_id), self._seen_at.get(attempt_id))
        tile = tile_of(attempt_id, candidate, person, watched, presence, flags, rank)
        written = self._written[attempt_id] = msgspec.json.encode(tile)
        return written


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
            asyncio.get_running_loop().create_task(say_bye(watcher.line.socket, "restart", AWAY_MS))

    def now(self) -> datetime:
        """The server's time, for the desk's clock."""
        return self._house.clock.now()

    def _woken(self, wake: Wake) -> None:
        for board_, _ in self._boards.values():
            board_.woken(wake)

    async def say_goodbye(self) -> None:
        """Tell all watchers to come back."""
        sockets = [watcher.line.socket for board_, _ in self._boards.values() for watcher in board_.watchers]
        await asyncio.gather(*(say_bye(socket, "restart", 1_000) for socket in sockets), return_exceptions=True)


async def watch(boards: Boards, sitting_id: int, line: Line, account_id: int = 0) -> None:
    """Serve one watcher until he leaves; with `account_id` he sees the rooms this account holds."""
    socket = line.socket
    async with boards.board(sitting_id) as board_:
        if len(board_.watchers) >= WATCHERS_MAX:
            await say_bye(socket, "too_many")
            return
        watcher = Watcher(line, account_id, await board_.scope_of(account_id) if account_id else None)
        board_.watchers.add(watcher)
        try:
            await board_.show_all(watcher)
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    return
                await say(socket, msgspec.json.encode(BoardPong(now=boards.now())))
        except ConnectionError:
            return
        finally:
            board_.watchers.discard(watcher)


async def say_bye(socket: web.WebSocketResponse, code: str, retry_after_ms: int = 0) -> None:
    """Say why, then close."""
    with contextlib.suppress(ConnectionError):
        await say(socket, write(Bye(code=code, retry_after_ms=retry_after_ms)))
    await socket.close()
