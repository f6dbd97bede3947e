"""Wake-ups and presence: who should look again, and who is connected. Nothing here may not be lost.

Every append is announced at once to listeners in this process, and as "attempt N is at version V" to the other
processes through one Redis channel, gathered for WAKE_S. A wake-up says *look*, never *what*: whoever is woken
reads the journal from its own number. A lost wake-up is repaired by a poll (`workers.py`). Without Redis the exam
goes on; other processes then hear of news by their poll.

While a bell is written nobody is told (`holding_back`): telling ten thousand phones, here and by way of the other
processes, takes the same processors as closing their exams and would hold up those still to be closed.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
import structlog
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisError

from exam_engine.chain import Entry
from exam_engine.service import Known

WAKE_S: Final = 0.03
LAZY_S: Final = 0.2  # what only boards want to know may wait so much longer, and then goes with the rest
WAKE_ALONE_S: Final = 0.25  # nobody but this process heard the last one: no hurry until somebody does
PRESENCE_S: Final = 2.0  # how often presence is written
PRESENCE_WHOLE: Final = 15  # every so many times everybody's presence is written
PRESENCE_KEEP_S: Final = 90  # a device unheard for so long is not connected, whatever was written
TELL_CHUNK: Final = 20  # of what was held back, told without a pause: about a millisecond
CHANNEL: Final = "exam:wake"
RECONNECT_S: Final = 1.0
KEEP_S: Final = 86_400  # presence of a sitting is forgotten after a day

log = structlog.get_logger()

Listener = Callable[[Known, Sequence[Entry]], None]
L = TypeVar("L")
Keys = Redis | RedisCluster

# Words of a candidate's own device that no other device waits for.
OWN_KINDS: Final = frozenset({"answered", "cleared", "marked_for_later", "came_late"})


class Wake(msgspec.Struct, frozen=True):
    """One message on the channel.

    `versions[sitting][attempt]` is news, `seen[sitting][attempt]` says who came or went, `stirred[sitting]` names
    attempts of which proctoring has news, and `ended` the sessions that were logged out (hashes of their tokens).
    `persons` and `organisations` have news in their inbox.
    """

    process: str
    versions: dict[str, dict[str, int]] = {}
    seen: dict[str, dict[str, bool]] = {}
    ended: list[str] = []
    stirred: dict[str, list[int]] = {}
    persons: list[int] = []
    organisations: list[int] = []


def _ignore(_attempt_id: int) -> None:
    """Nobody asked."""


class Bus:
    """One per process. `run` sends, receives and reconnects until cancelled."""

    def __init__(self, keys: Keys, channel: Redis, process: str, now: Callable[[], datetime]) -> None:
        """`keys` holds presence (one node or a cluster), `channel` is any one node: a cluster passes messages on."""
        self._keys = keys
        self._channel = channel
        self._process = process
        self._now = now
        self._attempt_listeners: dict[int, tuple[Listener, ...]] = {}
        self._sitting_listeners: dict[int, list[Listener]] = {}
        self._presence_listeners: dict[int, list[Callable[[int, bool], None]]] = {}
        self._stir_listeners: dict[int, list[Callable[[int], None]]] = {}
        self._stirred: dict[str, list[int]] = {}
        self._person_listeners: dict[int, list[Callable[[], None]]] = {}
        self._organisation_listeners: dict[int, list[Callable[[], None]]] = {}
        self._persons: set[int] = set()
        self._organisations: set[int] = set()
        self._versions: dict[str, dict[str, int]] = {}
        self._seen: dict[str, dict[str, bool]] = {}
        self._present: dict[int, set[int]] = {}
        self._dirty = asyncio.Event()
        self._hurry = asyncio.Event()
        self._back: deque[tuple[Known, Sequence[Entry]]] = deque()
        self._quiet = 0
        self._telling: asyncio.Task[None] | None = None
        self._ended: list[str] = []
        self.session_ended: list[Callable[[str], None]] = []
        self.heard: list[Callable[[Wake], None]] = []
        self.connected = False

    # --- announcing ----------------------------------------------------------------------------------------

    def announce(self, known: Known, entries: Sequence[Entry]) -> None:
        """Tell local listeners now and other processes soon; in its turn, if something is held back."""
        if self._quiet or self._back:
            self._back.append((known, entries))
        else:
            self._announce(known, entries)

    @contextlib.contextmanager
    def holding_back(self) -> Iterator[None]:
        """Announce nothing while this lasts; then everything in its order, a few at a time."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1
            if not self._quiet and self._back and (self._telling is None or self._telling.done()):
                self._telling = asyncio.get_running_loop().create_task(self._tell_back())

    async def _tell_back(self) -> None:
        while self._back and not self._quiet:
            for _ in range(min(TELL_CHUNK, len(self._back))):
                known, entries = self._back.popleft()
                try:
                    self._announce(known, entries)
                except Exception:  # our own error in one listener: the others wait to be told
                    log.exception("telling_failed", attempt=known.attempt_id)
            await asyncio.sleep(0)

    def _announce(self, known: Known, entries: Sequence[Entry]) -> None:
        attempt_id, sitting = known.attempt_id, known.attempt.sitting
        for listener in self._attempt_listeners.get(attempt_id, ()):
            listener(known, entries)
        for listener in tuple(self._sitting_listeners.get(sitting, ())):
            listener(known, entries)
        self._versions.setdefault(str(sitting), {})[str(attempt_id)] = known.version
        self._dirty.set()
        if any(entry.kind not in OWN_KINDS for entry in entries):
            self._hurry.set()

    def present(self, sitting: int, attempt_id: int, connected: bool) -> None:
        """A candidate's device is here, or gone; who was here already is no news."""
        attempts = self._present.setdefault(sitting, set())
        if connected == (attempt_id in attempts):
            return
        (attempts.add if connected else attempts.discard)(attempt_id)
        for listener in tuple(self._presence_listeners.get(sitting, ())):
            listener(attempt_id, connected)
        self._seen.setdefault(str(sitting), {})[str(attempt_id)] = connected
        self._dirty.set()

    def stir(self, sitting: int, attempt_id: int) -> None:
        """Proctoring has news of an attempt: whoever shows it looks again."""
        for listener in tuple(self._stir_listeners.get(sitting, ())):
            listener(attempt_id)
        self._stirred.setdefault(str(sitting), []).append(attempt_id)
        self._dirty.set()

    def wake_inbox(self, *, persons: Iterable[int] = (), organisations: Iterable[int] = ()) -> None:
        """These persons and organisations have news in their inbox, committed: whoever shows it looks again."""
        persons, organisations = set(persons), set(organisations)
        self._tell_inboxes(persons, organisations)
        self._persons |= persons
        self._organisations |= organisations
        self._dirty.set()
        self._hurry.set()

    def _tell_inboxes(self, persons: Iterable[int], organisations: Iterable[int]) -> None:
        for table, ids in ((self._person_listeners, persons), (self._organisation_listeners, organisations)):
            for each in ids:
                for listener in tuple(table.get(each, ())):
                    listener()

    def add_listener(self, attempt_id: int, listener: Listener) -> None:
        """Call `listener` for every append to one attempt; there is one per connected device, so it is kept lean."""
        self._attempt_listeners[attempt_id] = (*self._attempt_listeners.get(attempt_id, ()), listener)

    def remove_listener(self, attempt_id: int, listener: Listener) -> None:
        """The counterpart of `add_listener`."""
        left = tuple(each for each in self._attempt_listeners.get(attempt_id, ()) if each != listener)
        if left:
            self._attempt_listeners[attempt_id] = left
        else:
            self._attempt_listeners.pop(attempt_id, None)

    @contextlib.contextmanager
    def listen_sitting(
        self,
        sitting: int,
        listener: Listener,
        presence: Callable[[int, bool], None],
        stirred: Callable[[int], None] = _ignore,
    ) -> Iterator[None]:
        """Call `listener` for every append known here to any attempt of a sitting, `presence` for who comes and goes.

        `stirred` is called for every attempt of which proctoring has news.
        """
        with (
            _listening(self._sitting_listeners, sitting, listener),
            _listening(self._presence_listeners, sitting, presence),
            _listening(self._stir_listeners, sitting, stirred),
        ):
            yield

    @contextlib.contextmanager
    def listen_inbox(
        self, persons: Iterable[int], organisations: Iterable[int], listener: Callable[[], None]
    ) -> Iterator[None]:
        """Call `listener` whenever one of these has news in its inbox."""
        with contextlib.ExitStack() as stack:
            for table, ids in ((self._person_listeners, persons), (self._organisation_listeners, organisations)):
                for each in ids:
                    stack.enter_context(_listening(table, each, listener))
            yield

    def end_session(self, session: str) -> None:
        """Somebody logged out: what that session has open anywhere must close."""
        self._tell_ended(session)
        self._ended.append(session)
        self._dirty.set()
        self._hurry.set()

    def _tell_ended(self, session: str) -> None:
        for listener in self.session_ended:
            listener(session)

    # --- presence ------------------------------------------------------------------------------------------

    async def presence(self, sitting: int) -> dict[int, bool]:
        """Who is connected to any process, as far as Redis knows; who is not named has never been seen."""
        known = dict.fromkeys(self._present.get(sitting, ()), True)
        try:
            written = await self._keys.hgetall(f"exam:seen:{sitting}")
        except (RedisError, OSError):
            return known
        now_s = int(self._now().timestamp())
        for attempt, seen_s in written.items():
            known.setdefault(int(attempt), int(seen_s) > 0 and now_s - int(seen_s) < PRESENCE_KEEP_S)
        return known

    # --- running -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send and receive until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_forever())
            tasks.create_task(self._receive_forever())
            tasks.create_task(self._write_presence_forever())

    async def _send_forever(self) -> None:
        listening = 0
        while True:
            await self._dirty.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAZY_S):
                    await self._hurry.wait()
            await asyncio.sleep(WAKE_S if listening > 1 else WAKE_ALONE_S)
            self._dirty.clear()
            self._hurry.clear()
            wake = Wake(
                self._process,
                self._versions,
                self._seen,
                self._ended,
                self._stirred,
                sorted(self._persons),
                sorted(self._organisations),
            )
            self._versions, self._seen, self._ended, self._stirred = {}, {}, [], {}
            self._persons, self._organisations = set(), set()
            try:
                listening = await self._channel.publish(CHANNEL, msgspec.json.encode(wake))
            except (RedisError, OSError):
                await asyncio.sleep(RECONNECT_S)

    async def _receive_forever(self) -> None:
        while True:
            try:
                async with self._channel.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    self.connected = True
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._hear(message["data"])
            except (RedisError, OSError) as error:
                if self.connected:
                    log.warning("redis_lost", reason=str(error))
                self.connected = False
                await asyncio.sleep(RECONNECT_S)

    def _hear(self, data: bytes) -> None:
        try:
            wake = msgspec.json.decode(data, type=Wake)
        except msgspec.DecodeError:
            log.warning("wake_up_unreadable")
            return
        if wake.process == self._process:
            return
        for sitting, attempts in wake.seen.items():
            for attempt, connected in attempts.items():
                for listener in tuple(self._presence_listeners.get(int(sitting), ())):
                    listener(int(attempt), connected)
        self._hear_stirred(wake)
        self._tell_inboxes(wake.persons, wake.organisations)
        for session in wake.ended:
            self._tell_ended(session)
        for heard in self.heard:
            heard(wake)

    def _hear_stirred(self, wake: Wake) -> None:
        for sitting, stirred in wake.stirred.items():
            for listener in tuple(self._stir_listeners.get(int(sitting), ())):
                for attempt_id in stirred:
                    listener(attempt_id)

    async def _write_presence_forever(self) -> None:
        # By sitting, whose mark may say that he is here. After an error nobody knows, so nobody is taken out.
        marked: dict[int, set[int]] = {}
        turn = 0
        whole = False
        while True:
            await asyncio.sleep(PRESENCE_S)
            turn += 1
            try:
                await self._write_presence(marked, whole=whole or turn % PRESENCE_WHOLE == 0)
                whole = False
            except (RedisError, OSError):
                whole = True

    async def _write_presence(self, marked: dict[int, set[int]], *, whole: bool) -> None:
        """Who came and went since the last time; on a `whole` turn everybody who is here, so that no mark grows old."""
        now_s = int(self._now().timestamp())
        for sitting, attempts in list(self._present.items()):
            here, before = set(attempts), marked.setdefault(sitting, set())
            came = dict.fromkeys(here if whole else here - before, now_s)
            gone = dict.fromkeys(before - here, 0)
            before |= here
            await self._put(f"exam:seen:{sitting}", came | gone)
            before &= here

    async def _put(self, key: str, numbers: dict[int, int]) -> None:
        if not numbers:
            return
        fields: dict[bytes | bytearray | memoryview[int] | str | int | float, Any] = {
            str(name): number for name, number in numbers.items()
        }
        await self._keys.hset(key, mapping=fields)
        await self._keys.expire(key, KEEP_S)


@contextlib.contextmanager
def _listening(table: dict[int, list[L]], key: int, listener: L) -> Iterator[None]:
    listeners = table.setdefault(key, [])
    listeners.append(listener)
    try:
        yield
    finally:
        listeners.remove(listener)
        if not listeners:
            table.pop(key, None)
