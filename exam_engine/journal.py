"""Group-commit append, load and tail of exam.journal. An append is told only after its commit.

The primary key (attempt_id, version) is the only lock in the system. Appends of all attempts in this process
meet in one INSERT per turn: while one turn commits, the next one gathers. What can go wrong, and the idea:

- *Somebody else took the number.* `ON CONFLICT DO NOTHING` leaves his row; then a row with our number but
  another digest is there, and that append has lost. The digest chains the whole history, so an equal digest can
  only be our own row.
- *The connection breaks during the commit*: nobody knows whether it happened. The same turn is simply done
  again; rows that had made it are there already, with our digest, and count as ours.
- *An append of several entries loses only its first number.* Then the rest must not stand: turns that hold such
  appends run in a transaction, and a half-lost one rolls the turn back and is left out of the next try.

Events that change phase or deadline carry a `Row`: the line of exam.attempts, written in the same transaction.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
import structlog

from exam_engine.chain import Entry
from exam_engine.errors import Unavailable
from exam_engine.gathering import Gathered

TURN_ENTRIES_MAX = 2_000  # entries in one INSERT
WAITING_MAX = 100_000  # appends in the queue; beyond, the process is drowning and says so
GATHER_S = 0.04  # turns that keep coming closer than this wait to take more along: a commit costs more than a row
AT_ONCE = 8  # turns in a row that may be closer: who does some things one after the other is not held up
LANES = 2  # turns under way at once: one commits while the next is gathered and sent
SHARE_FROM = 64  # entries waiting: from here on a turn takes only half, so that the lanes stay out of step
RETRY_S = (0.05, 0.2, 0.5, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0)  # pauses between tries while the database is away
# The database can't be reached, is starting, stopping or full, or gave up a deadlock: the same again may succeed.
# InternalClientError: it ended a connection that lay idle, and the driver has read its last word but not yet its end.
DATABASE_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InsufficientResourcesError,
)

_INSERT = """
INSERT INTO exam.journal (attempt_id, version, seq, kind, body, at, digest)
SELECT * FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::json[], $6::timestamptz[], $7::bytea[])
ON CONFLICT DO NOTHING
"""
_STANDING = """
SELECT j.attempt_id, j.version, j.digest
FROM unnest($1::bigint[], $2::integer[]) AS asked (attempt_id, version)
JOIN exam.journal j USING (attempt_id, version)
"""
_UPDATE_ROWS = """
UPDATE exam.attempts AS a
SET phase = c.phase, deadline_at = c.deadline_at, next_check_at = c.next_check_at, points = c.points, passed = c.passed,
    held = c.held, barred = c.barred, version = c.version
FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::integer[], $6::boolean[], $7::boolean[],
    $8::boolean[], $9::integer[])
  AS c (attempt_id, phase, deadline_at, next_check_at, points, passed, held, barred, version)
WHERE a.attempt_id = c.attempt_id AND a.version < c.version
"""
_LOAD_MANY = """
SELECT attempt_id, version, seq, kind, body, at, digest FROM exam.journal
WHERE attempt_id = ANY ($1::bigint[]) ORDER BY attempt_id, version
"""
_TAILS = """
SELECT j.attempt_id, j.version, j.seq, j.kind, j.body, j.at, j.digest
FROM unnest($1::bigint[], $2::integer[]) AS known (attempt_id, version)
JOIN exam.journal j ON j.attempt_id = known.attempt_id AND j.version > known.version
ORDER BY j.attempt_id, j.version
"""

_COLUMNS = ("attempt_id", "version", "seq", "kind", "body", "at", "digest")

log = structlog.get_logger()


class Row(msgspec.Struct, frozen=True, gc=False):
    """What exam.attempts says of an attempt after an append."""

    phase: str
    deadline_at: datetime | None
    next_check_at: datetime | None
    points: int | None
    passed: bool | None
    held: bool = False
    barred: bool = False


class _Append:
    __slots__ = ("committed", "entries", "row")

    def __init__(self, entries: Sequence[Entry], row: Row | None, committed: "asyncio.Future[bool]") -> None:
        self.entries = entries
        self.row = row
        self.committed = committed


class Journal:
    """One per process. `run` must be running for `append` to come back."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._waiting: list[_Append] = []
        self._wake = asyncio.Event()
        self._loads = Gathered(self._load_some)
        self._turns_at_s: deque[float] = deque([-60.0] * AT_ONCE, AT_ONCE)
        self.turns = 0
        self.entries = 0

    async def append(self, entries: Sequence[Entry], row: Row | None = None) -> bool:
        """True once committed; False if another writer holds one of the numbers: then nothing was written."""
        assert entries
        if len(self._waiting) >= WAITING_MAX:
            raise RuntimeError("journal queue full")
        committed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Append(entries, row, committed))
        self._wake.set()
        return await committed

    async def load(self, attempt_id: int, after: int = 0) -> list[Entry]:
        """Entries of one attempt with a version above `after`, in order."""
        return await self._loads.get((attempt_id, after)) or []

    async def _load_some(self, asked: Sequence[tuple[int, int]]) -> dict[tuple[int, int], list[Entry]]:
        least: dict[int, int] = {}
        for attempt_id, after in asked:
            least[attempt_id] = min(after, least.get(attempt_id, after))
        found = await self.tails(least)
        return {
            (attempt_id, after): [entry for entry in found.get(attempt_id, ()) if entry.version > after]
            for attempt_id, after in asked
        }

    async def load_many(self, attempt_ids: Sequence[int]) -> dict[int, list[Entry]]:
        """Whole journals, by attempt; attempts without one are left out."""
        return _by_attempt(await self._pool.fetch(_LOAD_MANY, attempt_ids))

    async def tails(self, known: dict[int, int]) -> dict[int, list[Entry]]:
        """For each attempt the entries above the version known."""
        return _by_attempt(await self._pool.fetch(_TAILS, list(known), list(known.values())))

    async def run(self) -> None:
        """Commit turns until cancelled; what waits then is still committed."""
        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(LANES):
                    lanes.create_task(self._lane())
        finally:
            while self._waiting:
                await self._turn()

    async def _lane(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._wake.wait()
            early_s = self._turns_at_s[0] + AT_ONCE * GATHER_S - clock()
            if early_s > 0 and len(self._waiting) < SHARE_FROM:
                await asyncio.sleep(min(early_s, GATHER_S))
            self._turns_at_s.append(clock())
            await self._turn()

    async def _turn(self) -> None:
        turn = self._take_turn()
        if not turn:
            return
        for pause_s in (*RETRY_S, None):
            try:
                await self._commit(turn)
            except DATABASE_AWAY as error:
                log.warning("journal_turn_repeated", reason=type(error).__name__, appends=len(turn))
                if pause_s is None:
                    _fail(turn, Unavailable("try_again", retry_after_s=5))
                    return
                await asyncio.sleep(pause_s)
            except Exception as error:  # noqa: BLE001  whatever it is, the lane must go on
                await self._single_out(turn, error)
                return
            else:
                return

    async def _single_out(self, turn: list[_Append], error: Exception) -> None:
        """Something in this turn can't be written, which is our own error: it must not cost the others theirs."""
        log.error("journal_turn_failed", appends=len(turn), exc_info=error)
        if len(turn) == 1:
            _fail(turn, error)
            return
        for append in turn:
            try:
                await self._commit([append])
            except Exception as alone:
                log.exception("journal_append_failed", attempt=append.entries[0].attempt_id)
                _fail([append], alone)

    def _take_turn(self) -> list[_Append]:
        waiting = self._waiting
        size_max = len(waiting) if len(waiting) < SHARE_FROM else len(waiting) // 2 + 1
        count = size = 0
        for append in waiting[:size_max]:
            count += len(append.entries)
            if count > TURN_ENTRIES_MAX and size:
                break
            size += 1
        turn, self._waiting = waiting[:size], waiting[size:]
        if not self._waiting:
            self._wake.clear()
        return turn

    async def _commit(self, turn: list[_Append]) -> None:
        """Write the turn; leave out what is half lost and do it again until the rest stands as a whole."""
        if all(len(append.entries) == 1 and append.row is None for append in turn):
            async with self._pool.acquire() as connection:
                self._tell(turn, await _write(connection, turn))
            return
        lost: set[_Append] = set()
        while len(lost) < len(turn):
            try:
                await self._commit_whole([append for append in turn if append not in lost])
                break
            except _HalfLost as half:
                lost |= half.appends
        self._tell(turn, lost)

    async def _commit_whole(self, turn: list[_Append]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            lost = await _insert(connection, turn)
            if lost:
                raise _HalfLost(lost)
            await _update_rows(connection, turn)

    def _tell(self, turn: list[_Append], lost: set[_Append]) -> None:
        self.turns += 1
        for append in turn:
            if not append.committed.done():
                append.committed.set_result(append not in lost)
            self.entries += len(append.entries)


class _HalfLost(Exception):
    """Rolls a turn back: these appends lost a number to another writer."""

    def __init__(self, appends: set[_Append]) -> None:
        super().__init__()
        self.appends = appends


async def _write(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", turn: list[_Append]) -> set[_Append]:
    """Write single entries in the quickest way there is; returns the appends that lost.

    COPY knows no ON CONFLICT: if one number is taken, nothing is written and the INSERT below finds out which.
    """
    try:
        await connection.copy_records_to_table(
            "journal", schema_name="exam", columns=_COLUMNS, records=[_record(append.entries[0]) for append in turn]
        )
    except asyncpg.UniqueViolationError:
        return await _insert(connection, turn)
    return set()


def _record(entry: Entry) -> tuple[object, ...]:
    return entry.attempt_id, entry.version, entry.seq, entry.kind, entry.body, entry.at, entry.digest


async def _insert(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", turn: list[_Append]) -> set[_Append]:
    """Insert all entries of the turn; returns the appends of which a number belongs to somebody else."""
    # Sorted, so that two processes that meet on the same attempts wait for each other in the same order.
    entries = sorted((e for append in turn for e in append.entries), key=lambda e: (e.attempt_id, e.version))
    status = await connection.execute(
        _INSERT,
        [e.attempt_id for e in entries],
        [e.version for e in entries],
        [e.seq for e in entries],
        [e.kind for e in entries],
        [e.body for e in entries],
        [e.at for e in entries],
        [e.digest for e in entries],
    )
    if int(status.rsplit(" ", 1)[1]) == len(entries):
        return set()
    rows = await connection.fetch(_STANDING, [e.attempt_id for e in entries], [e.version for e in entries])
    standing = {(row[0], row[1]): row[2] for row in rows}
    return {
        append for append in turn if any(standing.get((e.attempt_id, e.version)) != e.digest for e in append.entries)
    }


async def _update_rows(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", turn: list[_Append]) -> None:
    """Write the lines that changed. A turn done again after somebody went on must not turn his line back."""
    rows: dict[int, tuple[Row, int]] = {}
    for append in turn:
        last = append.entries[-1]
        if append.row is not None and last.version > rows.get(last.attempt_id, (append.row, 0))[1]:
            rows[last.attempt_id] = (append.row, last.version)
    if not rows:
        return
    ordered = sorted(rows.items())
    await connection.execute(
        _UPDATE_ROWS,
        [attempt_id for attempt_id, _ in ordered],
        [row.phase for _, (row, _) in ordered],
        [row.deadline_at for _, (row, _) in ordered],
        [row.next_check_at for _, (row, _) in ordered],
        [row.points for _, (row, _) in ordered],
        [row.passed for _, (row, _) in ordered],
        [row.held for _, (row, _) in ordered],
        [row.barred for _, (row, _) in ordered],
        [version for _, (_, version) in ordered],
    )


def _fail(turn: list[_Append], error: Exception) -> None:
    for append in turn:
        if not append.committed.done():
            append.committed.set_exception(error)


def _by_attempt(rows: list[asyncpg.Record]) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Entry(*row))
    return found
