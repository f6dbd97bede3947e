"""What PostgreSQL is to the journal and the loops, in memory, with room for bad weather.

The real `exam_engine.journal.Journal` runs on a `FakePool`, so that the simulation tries the code that commits and
not a copy of it. Statements are known by their text: an unknown one is an error of the test. Promises kept, and tried
by the same suite as on the real PostgreSQL:

- a transaction is seen by others as a whole or not at all, and is undone when its block is left by an error;
- INSERT … ON CONFLICT DO NOTHING waits for a writer that is not through yet (here: for any writer);
- an advisory lock belongs to one connection and is free when that connection is gone.

`Weather` is asked before and after everything that crosses the network. The default is fair.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import asyncpg

from exam_engine import journal, leading, store
from exam_engine.chain import Entry
from exam_engine.journal import Row
from exam_engine.messages import Phase
from tests.contract import fake_proctoring, fake_receipts, fake_registration, fake_scoring
from tests.contract.fake_proctoring import FakeProctoring, Named
from tests.contract.fake_receipts import FakeReceipts
from tests.contract.fake_registration import FakeRegistration
from tests.contract.fake_scoring import FakeScoring

NEW_ROW: Final = Row(Phase.ENTERED, None, None, None, None)


class Weather:
    """Fair: everything arrives at once. `kind` is read, write or commit."""

    async def going(self, kind: str) -> None:
        """On the way to the database; raising here means that it never arrived."""

    async def coming(self, kind: str) -> None:
        """On the way back; raising here means that it was done and nobody was told."""

    def orphaned(self) -> float | None:
        """Seconds until a commit happens whose client has just lost its line; None: it is told as usual."""
        return None


@dataclass
class FakeDatabase:
    """The tables. `rows` are the lines of exam.attempts."""

    journals: dict[int, list[Entry]] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    row_versions: dict[int, int] = field(default_factory=dict)
    released: bool = True
    clock: Callable[[], datetime] | None = None
    leaders: dict[int, "FakeConnection"] = field(default_factory=dict)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    registration: FakeRegistration = field(default_factory=FakeRegistration)
    proctoring: FakeProctoring = field(init=False)
    scoring: FakeScoring = field(init=False)
    receipts: FakeReceipts = field(init=False)

    def __post_init__(self) -> None:
        self.scoring = FakeScoring(self.rows)
        self.receipts = FakeReceipts(self.rows)
        self.proctoring = FakeProctoring(self._now, self.rows)

    def _now(self) -> datetime:
        assert self.clock is not None
        return self.clock()

    def open_attempt(self, first: Entry) -> None:
        """A new attempt with its first entry, as entering writes it."""
        self.rows[first.attempt_id] = NEW_ROW
        self.journals[first.attempt_id] = [first]

    def insert(self, entries: Sequence[Entry]) -> list[Entry]:
        """What of these entries is new; numbers already taken are passed over."""
        fresh: dict[tuple[int, int], Entry] = {}
        for entry in entries:
            key = (entry.attempt_id, entry.version)
            if self.standing(*key) is None and key not in fresh:
                fresh[key] = entry
        return list(fresh.values())

    def standing(self, attempt_id: int, version: int) -> Entry | None:
        entries = self.journals.get(attempt_id, ())
        return entries[version - 1] if version <= len(entries) else None

    def keep(self, entries: Sequence[Entry], rows: dict[int, tuple[Row, int]]) -> None:
        """The commit. A line follows from a version of the journal, and never goes back to an earlier one."""
        for entry in sorted(entries, key=lambda entry: (entry.attempt_id, entry.version)):
            entries_of = self.journals.setdefault(entry.attempt_id, [])
            assert entry.version == len(entries_of) + 1, "a gap in a journal"
            entries_of.append(entry)
        for attempt_id, (row, version) in rows.items():
            if attempt_id in self.rows and version > self.row_versions.get(attempt_id, 1):
                self.registration.moved(attempt_id, self.rows[attempt_id], row)
                self.rows[attempt_id], self.row_versions[attempt_id] = row, version

    # --- what is asked -------------------------------------------------------------------------------------------

    def answer(self, sql: str, args: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The rows of one reading statement."""
        if sql in fake_proctoring.READS:
            return fake_proctoring.READS[sql](self.proctoring, *args)
        if sql in fake_registration.READS:
            return list(fake_registration.READS[sql](self.registration, *args))
        if sql in fake_scoring.READS:
            return fake_scoring.READS[sql](self.scoring, *args)
        if sql in fake_receipts.READS:
            return fake_receipts.READS[sql](self.receipts, *args)
        return _READS[sql](self, *args)

    def write(self, sql: str, args: tuple[Any, ...]) -> tuple[list[tuple[Any, ...]], Callable[[], None]]:
        """What a statement of WRITES returns, and what the commit does."""
        if sql in fake_registration.WRITES:
            return fake_registration.WRITES[sql](self.registration, *args)
        if sql in fake_scoring.WRITES:
            return fake_scoring.WRITES[sql](self.scoring, *args)
        if sql in fake_receipts.WRITES:
            return fake_receipts.WRITES[sql](self.receipts, *args)
        return fake_proctoring.WRITES[sql](self.proctoring, *args)

    def _load(self, attempt_id: int, after: int) -> list[tuple[Any, ...]]:
        return [_columns(entry) for entry in self.journals.get(attempt_id, ())[after:]]

    def _load_many(self, attempt_ids: Sequence[int]) -> list[tuple[Any, ...]]:
        return [row for attempt_id in sorted(set(attempt_ids)) for row in self._load(attempt_id, 0)]

    def _tails(self, attempt_ids: Sequence[int], versions: Sequence[int]) -> list[tuple[Any, ...]]:
        known = sorted(zip(attempt_ids, versions, strict=True))
        return [row for attempt_id, version in known for row in self._load(attempt_id, version)]

    def _due_soon(self, until: datetime, limit: int) -> list[tuple[Any, ...]]:
        due = [
            (row.next_check_at, attempt_id)
            for attempt_id, row in self.rows.items()
            if row.phase == Phase.RUNNING and row.next_check_at is not None and row.next_check_at <= until
        ]
        return [(attempt_id, at) for at, attempt_id in sorted(due)[:limit]]

    def _in_phase(self, phase: Phase, limit: int) -> list[int]:
        return sorted(attempt_id for attempt_id, row in self.rows.items() if row.phase == phase)[:limit]

    def _unmarked(self, limit: int) -> list[tuple[Any, ...]]:
        return [(attempt_id,) for attempt_id in self._in_phase(Phase.SUBMITTED, limit)]

    def _attempt_ids(self, _sitting_id: int) -> list[tuple[Any, ...]]:
        return [Named(attempt_id=attempt_id) for attempt_id in sorted(self.rows)]

    def _device_changes(self, attempt_id: int) -> list[tuple[Any, ...]]:
        entries = self.journals.get(attempt_id, ())
        begun = next((entry.version for entry in entries if entry.kind == "started"), None)
        changes = [e for e in entries if e.kind == "device_taken" and begun is not None and e.version > begun]
        return [Named(version=entry.version, at=entry.at) for entry in changes]

    def _roster(self, _sitting_id: int) -> list[tuple[Any, ...]]:
        return self._roster_some(_sitting_id, sorted(self.rows))

    def _roster_some(self, _sitting_id: int, attempt_ids: Sequence[int]) -> list[tuple[Any, ...]]:
        """All attempts here are of one sitting."""
        return [
            Named(
                attempt_id=a, person_id=a % 10**6, name="测试", id_number=None, phase=self.rows[a].phase, room=1,
                organisation="测试医院",
            )
            for a in attempt_ids
            if a in self.rows
        ]  # fmt: skip

    def _releasable(self, limit: int) -> list[tuple[Any, ...]]:
        if not self.released or self.scoring.applying:
            return []
        return [(a, self.scoring.pass_points, 900, 10**6) for a in self._in_phase(Phase.MARKED, limit)]


def _columns(entry: Entry) -> tuple[Any, ...]:
    return (entry.attempt_id, entry.version, entry.seq, entry.kind, entry.body, entry.at, entry.digest)


_READS: Final[dict[str, Callable[..., list[tuple[Any, ...]]]]] = {
    journal._LOAD_MANY: FakeDatabase._load_many,
    journal._TAILS: FakeDatabase._tails,
    store.DUE_SOON: FakeDatabase._due_soon,
    store.UNMARKED: FakeDatabase._unmarked,
    store.RELEASABLE: FakeDatabase._releasable,
    store.ATTEMPT_IDS: FakeDatabase._attempt_ids,
    store.DEVICE_CHANGES: FakeDatabase._device_changes,
    store.ROSTER: FakeDatabase._roster,
    store.ROSTER_SOME: FakeDatabase._roster_some,
}
WRITES: Final = frozenset(
    {*fake_proctoring.WRITES, *fake_receipts.WRITES, *fake_registration.WRITES, *fake_scoring.WRITES}
)
_INSERT, _STANDING, _UPDATE_ROWS = journal._INSERT, journal._STANDING, journal._UPDATE_ROWS


class FakePool:
    """The pool of one process."""

    def __init__(self, database: FakeDatabase, weather: Weather | None = None) -> None:
        self.database = database
        self.weather = weather or Weather()

    def acquire(self) -> "FakeConnection":
        return FakeConnection(self.database, self.weather)

    async def fetch(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        async with self.acquire() as connection:
            return await connection.fetch(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchrow(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        async with self.acquire() as connection:
            return await connection.execute(sql, *args)


class FakeConnection:
    """A connection while it is held; leaving the block gives its advisory locks back."""

    def __init__(self, database: FakeDatabase, weather: Weather) -> None:
        self._database = database
        self._weather = weather
        self._transaction: _Transaction | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._unlock_all()

    def _unlock_all(self) -> None:
        leaders = self._database.leaders
        for key in [key for key, leader in leaders.items() if leader is self]:
            del leaders[key]

    def transaction(self) -> "_Transaction":
        self._transaction = _Transaction(self._database, self._weather, self._ended)
        return self._transaction

    def _ended(self) -> None:
        self._transaction = None

    async def fetch(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        if sql in WRITES:
            return await self._write(sql, args)
        await self._weather.going("read")
        rows = self._standing(*args) if sql == _STANDING else self._database.answer(sql, args)
        await self._weather.coming("read")
        return rows

    def _standing(self, attempt_ids: Sequence[int], versions: Sequence[int]) -> list[tuple[Any, ...]]:
        """Own rows of the transaction are seen too."""
        own = {} if self._transaction is None else {(e.attempt_id, e.version): e for e in self._transaction.entries}
        found = [
            own.get((attempt_id, version)) or self._database.standing(attempt_id, version)
            for attempt_id, version in dict.fromkeys(zip(attempt_ids, versions, strict=True))
        ]
        return [(entry.attempt_id, entry.version, entry.digest) for entry in found if entry is not None]

    async def _write(self, sql: str, args: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """A write beside the journal: applied with the commit of its transaction, or at once when it stands alone."""
        await self._weather.going("write")
        rows, apply = self._database.write(sql, args)
        if self._transaction is None:
            apply()
        else:
            self._transaction.applied.append(apply)
        await self._weather.coming("write")
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> tuple[Any, ...] | None:
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *args: Any) -> Any:
        if sql in WRITES or sql in fake_proctoring.READS or sql in fake_scoring.READS:
            row = await self.fetchrow(sql, *args)
            return None if row is None else row[0]
        await self._weather.going("read" if sql.lstrip().startswith("SELECT") else "write")
        value = self._value(sql, args)
        await self._weather.coming("read")
        return value

    def _value(self, sql: str, args: tuple[Any, ...]) -> Any:
        if sql == "SELECT 1":
            return 1
        if sql == "SELECT clock_timestamp()":
            assert self._database.clock is not None
            return self._database.clock()
        if sql == leading.GIVE_BACK:
            return self._database.leaders.pop(args[0], None) is not None
        assert sql == leading.TAKE, sql
        return self._database.leaders.setdefault(args[0], self) is self

    async def copy_records_to_table(
        self, table: str, *, schema_name: str, columns: Sequence[str], records: Sequence[tuple[Any, ...]]
    ) -> str:
        """COPY: all or nothing, and a number that is taken is an error."""
        assert (schema_name, table, tuple(columns)) == ("exam", "journal", Entry.__struct_fields__)
        async with _Transaction(self._database, self._weather, self._ended) as alone:
            return await alone.copy([Entry(*record) for record in records])

    async def execute(self, sql: str, *args: Any) -> str:
        if sql in WRITES:
            return f"DONE {len(await self._write(sql, args))}"
        if sql == store.DROP_EXPIRED_SESSIONS:
            return "DELETE 0"
        if sql == "SELECT pg_advisory_unlock_all()":
            await self._weather.going("read")
            self._unlock_all()
            return "SELECT 1"
        if self._transaction is not None:
            return await self._transaction.execute(sql, args)
        async with _Transaction(self._database, self._weather, self._ended) as alone:
            return await alone.execute(sql, args)


class _Transaction:
    """Writes gathered until the commit. From its first write on, no other transaction writes."""

    def __init__(self, database: FakeDatabase, weather: Weather, ended: Callable[[], None]) -> None:
        self._database = database
        self._weather = weather
        self._ended = ended
        self._holds = False
        self.entries: list[Entry] = []
        self.rows: dict[int, tuple[Row, int]] = {}
        self.applied: list[Callable[[], None]] = []  # what was written beside the journal

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, args: tuple[Any, ...]) -> str:
        await self._begin()
        status = self._write(sql, args)
        await self._weather.coming("write")
        return status

    async def copy(self, entries: list[Entry]) -> str:
        await self._begin()
        fresh = self._database.insert(entries)
        if len(fresh) < len(entries):
            raise asyncpg.UniqueViolationError("duplicate key value violates unique constraint")
        self.entries.extend(fresh)
        await self._weather.coming("write")
        return f"COPY {len(entries)}"

    async def _begin(self) -> None:
        await self._weather.going("write")
        if not self._holds:
            await self._database.writing.acquire()
            self._holds = True

    def _write(self, sql: str, args: tuple[Any, ...]) -> str:
        if sql == _INSERT:
            asked = [Entry(*columns) for columns in zip(*args, strict=True)]
            fresh = self._database.insert(asked)
            self.entries.extend(fresh)
            return f"INSERT 0 {len(fresh)}"
        assert sql == _UPDATE_ROWS, sql
        for attempt_id, *values, version in zip(*args, strict=True):
            self.rows[attempt_id] = (Row(*values), version)
        return f"UPDATE {len(args[0])}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended()
        try:
            if kind is None:
                await self._commit()
        finally:
            self._let_go()

    async def _commit(self) -> None:
        await self._weather.going("commit")
        later_s = self._weather.orphaned()
        if later_s is not None:
            orphan = asyncio.get_running_loop().call_later(later_s, self._orphan, self._holds)
            self._holds = False
            raise ConnectionResetError(f"the line broke during a commit {orphan.when():.3f}")
        self._keep()
        self._let_go()
        await self._weather.coming("commit")

    def _keep(self) -> None:
        self._database.keep(self.entries, self.rows)
        for apply in self.applied:
            apply()

    def _orphan(self, holds: bool) -> None:
        self._holds = holds
        try:
            self._keep()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._holds:
            self._holds = False
            self._database.writing.release()


class BreakingPool:
    """A pool, fake or real, of which chosen connections break right after their work was committed.

    `breaks` is called with each connection given back and says what happens then: nothing, or an error to raise.
    """

    def __init__(self, pool: Any, breaks: Callable[[], Awaitable[Exception | None]]) -> None:
        self._pool = pool
        self._breaks = breaks

    def acquire(self) -> "_BreakingConnection":
        return _BreakingConnection(self._pool.acquire(), self._breaks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


class RefusingPool:
    """A pool, fake or real, that has no connection to give until `errors` are used up; `meanwhile` happens then."""

    def __init__(
        self, pool: Any, errors: list[Exception], meanwhile: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        self._pool = pool
        self._errors = errors
        self._meanwhile = meanwhile

    def acquire(self) -> Any:
        return self if self._errors else self._pool.acquire()

    async def __aenter__(self) -> Any:
        error = self._errors.pop(0)
        if self._meanwhile is not None:
            await self._meanwhile()
        raise error

    async def __aexit__(self, *_: object) -> None:
        raise AssertionError("there was no connection")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


class _BreakingConnection:
    def __init__(self, acquired: Any, breaks: Callable[[], Awaitable[Exception | None]]) -> None:
        self._acquired = acquired
        self._breaks = breaks

    async def __aenter__(self) -> Any:
        return await self._acquired.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._acquired.__aexit__(kind, error, trace)
        if kind is None and (broken := await self._breaks()) is not None:
            raise broken
