"""load -> decide -> append -> announce: the one path by which anything happens to an attempt.

Socket, HTTP batch, desk, sweeper and marker all end in `Service.handle`. The idea in five lines:

1. The attempt is in memory while a device is connected here or the bell is near, else folded from its journal.
2. Commands are decided one after the other on that state; what follows is sealed into entries.
3. The entries are appended. The journal says whether the numbers were still free.
4. If not, somebody else was quicker: read what is new and decide again, at most TRIES_MAX times.
5. Only after the commit the new state is kept, and told.

A refusal, and "there is nothing to do", are only said on fresh state (but to those who merely ask whether time is
up): a state from memory may be behind another process, so before such a word it is brought up to date once (an append
proves by its number that it was not). The mutex of an attempt keeps this process from racing itself; it locks out
nobody else and no truth depends on it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

import msgspec

from exam_engine import attempt as core
from exam_engine.attempt import Attempt
from exam_engine.chain import Entry, seal
from exam_engine.errors import NotFound, PersonError, Refused
from exam_engine.journal import Row
from exam_engine.messages import (
    Answer,
    Answered,
    CameLate,
    Clear,
    Cleared,
    Command,
    Entered,
    Event,
    HandIn,
    MarkedForLater,
    MarkForLater,
    TimeUp,
    read_event,
    write,
)

TRIES_MAX = 5
# Tuples made once: these checks are on the path of every answer.
_NUMBERED = (Answer, Clear, MarkForLater, HandIn)
_KEEP_THE_ROW = (Answered, Cleared, MarkedForLater, CameLate)


class Journal(Protocol):
    """Where entries are kept; `append` comes back after the commit, False if a number was taken."""

    async def append(self, entries: Sequence[Entry], row: Row | None = None) -> bool: ...
    async def load(self, attempt_id: int, after: int = 0) -> list[Entry]: ...
    async def load_many(self, attempt_ids: Sequence[int]) -> dict[int, list[Entry]]: ...
    async def tails(self, known: dict[int, int]) -> dict[int, list[Entry]]: ...


class Announcer(Protocol):
    """Who wants to know what was committed: sockets here, other processes, the boards."""

    def announce(self, known: "Known", entries: Sequence[Entry]) -> None: ...


class Known:
    """An attempt as this process knows it: the fold, up to `version` whose seal is `digest`."""

    __slots__ = ("attempt", "attempt_id", "digest", "holders", "last_at", "mutex", "version")

    def __init__(self, attempt_id: int, first: Entry) -> None:
        event = read_event(first.body)
        assert isinstance(event, Entered), "a journal begins with Entered"
        self.attempt_id = attempt_id
        self.attempt: Attempt = core.begin(event)
        self.version = 1
        self.digest = first.digest
        self.last_at = first.at
        self.holders = 0
        self.mutex = asyncio.Lock()

    def follow(self, entries: Sequence[Entry]) -> None:
        """Apply what others wrote; entries already known are passed over."""
        for entry in entries:
            if entry.version <= self.version:
                continue
            assert entry.version == self.version + 1, "a journal has no gap"
            self.attempt = core.evolve(self.attempt, read_event(entry.body), entry.at)
            self.version, self.digest, self.last_at = entry.version, entry.digest, entry.at


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one command. `result`: saved, already, late or refused."""

    result: str
    version: int
    refusal: PersonError | None = None


class Service:
    """One per process; `now` is the database's clock."""

    def __init__(self, journal: Journal, now: Callable[[], datetime], announcer: Announcer) -> None:
        self._journal = journal
        self._now = now
        self._announcer = announcer
        self._known: dict[int, Known] = {}

    # --- knowing ---------------------------------------------------------------------------------------------

    async def hold(self, attempt_id: int) -> Known:
        """Keep an attempt in memory until `let_go`; raises NotFound."""
        known = self._known.get(attempt_id) or await self._load(attempt_id)
        known = self._known.setdefault(attempt_id, known)
        known.holders += 1
        return known

    def let_go(self, known: Known) -> None:
        """The counterpart of `hold`."""
        known.holders -= 1
        if known.holders == 0:
            self._known.pop(known.attempt_id, None)

    @asynccontextmanager
    async def holding(self, attempt_id: int) -> AsyncIterator[Known]:
        """`hold` for the length of a request, so that the journal is read once and not once a step."""
        known = await self.hold(attempt_id)
        try:
            yield known
        finally:
            self.let_go(known)

    async def hold_many(self, attempt_ids: Sequence[int]) -> list[Known]:
        """`hold` for many at once, one read for all that are not in memory."""
        missing = [attempt_id for attempt_id in attempt_ids if attempt_id not in self._known]
        for attempt_id, entries in (await self._journal.load_many(missing)).items() if missing else ():
            self._known.setdefault(attempt_id, _fold(attempt_id, entries))
        held = [self._known[attempt_id] for attempt_id in attempt_ids if attempt_id in self._known]
        for known in held:
            known.holders += 1
        return held

    async def look(self, attempt_id: int) -> Known:
        """The attempt as it is now, brought up to date from the journal; raises NotFound."""
        known = self._known.get(attempt_id)
        if known is None:
            return await self._load(attempt_id)
        await self._catch_up(known)
        return known

    async def refresh(self, versions: dict[int, int]) -> None:
        """Others wrote up to these versions: bring the attempts held here up to date and tell their sockets."""
        await self.catch_up_many(
            [a for a, version in versions.items() if (k := self._known.get(a)) is not None and k.version < version]
        )

    async def catch_up_many(self, attempt_ids: Sequence[int]) -> None:
        """Bring those of these attempts that are held here up to date, in one read."""
        behind = {a: self._known[a].version for a in attempt_ids if a in self._known}
        if not behind:
            return
        for attempt_id, entries in (await self._journal.tails(behind)).items():
            known = self._known.get(attempt_id)
            if known is not None:
                async with known.mutex:
                    self._follow(known, entries)

    def held(self, attempt_id: int) -> Known | None:
        """The attempt as it is in memory, if it is there: it may be behind another process by a moment."""
        return self._known.get(attempt_id)

    def held_versions(self) -> dict[int, int]:
        """What is in memory, and how far."""
        return {attempt_id: known.version for attempt_id, known in self._known.items()}

    # --- handling --------------------------------------------------------------------------------------------

    async def handle(self, attempt_id: int, command: Command, by: int = 0, device: str | None = None) -> Result:
        """One command. `device` is given for commands of a candidate's device and must hold the attempt.

        Returns after the commit; raises PersonError if it is refused, with nothing changed.
        """
        known = self._known.get(attempt_id)
        if known is None:
            (result,) = await self.handle_all(attempt_id, (command,), by, device)
        else:
            # The path of nearly every answer: known here, one command. Fewer calls, the same steps.
            async with known.mutex:
                (result,) = await self._handle_all(known, (command,), by, device, fresh=False)
        if result.refusal is not None:
            raise result.refusal
        return result

    async def handle_all(
        self, attempt_id: int, commands: Sequence[Command], by: int = 0, device: str | None = None
    ) -> list[Result]:
        """A batch in its order, in one append. A refused command does not stop those after it."""
        known = self._known.get(attempt_id)
        fresh = known is None
        if known is None:
            known = await self._load(attempt_id)
        async with known.mutex:
            return await self._handle_all(known, commands, by, device, fresh)

    async def _handle_all(
        self, known: Known, commands: Sequence[Command], by: int, device: str | None, fresh: bool
    ) -> list[Result]:
        for _ in range(TRIES_MAX):
            draft = _Draft(known, max(self._now(), known.last_at))
            results = [draft.take(command, by, device) for command in commands]
            if not fresh and draft.uncertain(commands, results):
                await self._catch_up_held(known)
                fresh = True
                continue
            if not draft.entries or await self._journal.append(draft.entries, draft.row()):
                self._keep(known, draft)
                return results
            await self._catch_up_held(known)
            fresh = True
        raise Refused("busy")

    def _keep(self, known: Known, draft: "_Draft") -> None:
        if not draft.entries:
            return
        last = draft.entries[-1]
        known.attempt, known.version, known.digest, known.last_at = draft.attempt, last.version, last.digest, last.at
        self._announcer.announce(known, draft.entries)

    async def _load(self, attempt_id: int) -> Known:
        entries = await self._journal.load(attempt_id)
        if not entries:
            raise NotFound("no_such_attempt")
        return _fold(attempt_id, entries)

    async def _catch_up(self, known: Known) -> None:
        async with known.mutex:
            await self._catch_up_held(known)

    async def _catch_up_held(self, known: Known) -> None:
        self._follow(known, await self._journal.load(known.attempt_id, known.version))

    def _follow(self, known: Known, entries: Sequence[Entry]) -> None:
        news = [entry for entry in entries if entry.version > known.version]
        if news:
            known.follow(news)
            self._announcer.announce(known, news)


class _Draft:
    """What a batch would write: decided, sealed, not yet committed."""

    def __init__(self, known: Known, now: datetime) -> None:
        self._known = known
        self._now = now
        self.attempt = known.attempt
        self._digest = known.digest
        self._version = known.version
        self._moved = False
        self.entries: list[Entry] = []

    def take(self, command: Command, by: int, device: str | None) -> Result:
        self._let_time_act()
        try:
            if device is not None:
                core.fence(self.attempt, device)
            events = core.decide(self.attempt, command, by, self._now)
        except PersonError as refusal:
            return Result("refused", self._version, refusal)
        for event in events:
            self._add(event)
        return Result(_result(command, events), self._version)

    def uncertain(self, commands: Sequence[Command], results: Sequence[Result]) -> bool:
        """Whether this may only be said of fresh state: a refusal, or that there is nothing to do.

        Whoever only asks whether time is up has lost nothing by hearing it a moment later: after a bell that is
        thousands at once, and not one of them shall read the journal.
        """
        if any(result.refusal is not None for result in results):
            return True
        return not self.entries and not all(isinstance(command, TimeUp) for command in commands)

    def row(self) -> Row | None:
        """The new line of exam.attempts, if phase, deadline, next check or score differ from before."""
        if not self._moved:
            return None
        before, after = row_of(self._known.attempt), row_of(self.attempt)
        return after if before != after else None

    def _let_time_act(self) -> None:
        while events := core.due(self.attempt, self._now):
            for event in events:
                self._add(event)

    def _add(self, event: Event) -> None:
        self._version += 1
        entry = make_entry(self._digest, self._known.attempt_id, self._version, event, self._now)
        self._digest = entry.digest
        self.entries.append(entry)
        self._moved = self._moved or not isinstance(event, _KEEP_THE_ROW)
        self.attempt = core.evolve(self.attempt, event, self._now)


def make_entry(previous: bytes, attempt_id: int, version: int, event: Event, at: datetime) -> Entry:
    """Seal one event into the next entry of its journal."""
    body = write(event).decode()
    seq = getattr(event, "seq", 0) or None
    kind = event.__struct_config__.tag
    assert isinstance(kind, str)
    digest = seal(previous, attempt_id, version, seq, kind, body, at)
    return Entry(attempt_id, version, seq, kind, body, at, digest)


def _fold(attempt_id: int, entries: Sequence[Entry]) -> Known:
    known = Known(attempt_id, entries[0])
    known.follow(entries[1:])
    return known


def row_of(attempt: Attempt) -> Row:
    """The line of exam.attempts that follows from a state."""
    marked, released = attempt.marked, attempt.released
    return Row(
        phase=attempt.phase,
        deadline_at=attempt.deadline_at,
        next_check_at=core.next_check_at(attempt),
        points=None if marked is None else marked.points,
        passed=None if released is None else released.passed,
        held=bool(attempt.held_by),
        barred=attempt.barred,
    )


def _result(command: Command, events: Sequence[Event]) -> str:
    if not events:
        return "already" if isinstance(command, _NUMBERED) else "saved"
    return "late" if isinstance(events[-1], CameLate) else "saved"
