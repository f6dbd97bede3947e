"""The promises of the Journal Protocol, kept alike by the fake, the real code on a fake database, and PostgreSQL."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Protocol

import asyncpg
import pytest
import pytest_asyncio

from exam_engine import store
from exam_engine.chain import GENESIS, Entry, first_broken
from exam_engine.journal import TURN_ENTRIES_MAX, Journal, Row
from exam_engine.messages import Answered, Ending, Event, Extended, Started, Submitted
from exam_engine.service import Journal as JournalProtocol
from exam_engine.service import make_entry
from tests.contract.fake_database import NEW_ROW, BreakingPool, FakeDatabase, FakePool, RefusingPool
from tests.contract.fake_journal import FakeJournal
from tests.exam_engine.samples import DESK, at, entered

Breaks = Callable[[], Awaitable[Exception | None]]
IDS = itertools.count(1_000_000_000_001)
RUNNING = Row("running", at(3600), at(3605), None, None)
EXTENDED = Row("running", at(4200), at(4205), None, None)
SUBMITTED = Row("submitted", at(4200), None, None, None)


class Kept(Protocol):
    """Where journals of several processes meet."""

    async def attempt(self) -> int:
        """A new attempt, of which the row is there and the journal is empty."""

    def journal(self) -> JournalProtocol:
        """The journal of one more process."""

    async def row(self, attempt_id: int) -> Row | None:
        """The line of exam.attempts."""


class InMemory:
    def __init__(self) -> None:
        self._kept = FakeJournal()

    async def attempt(self) -> int:
        attempt_id = next(IDS)
        self._kept.rows[attempt_id] = NEW_ROW
        return attempt_id

    def journal(self) -> JournalProtocol:
        return self._kept

    async def row(self, attempt_id: int) -> Row | None:
        return self._kept.rows.get(attempt_id)


class OnFakeDatabase:
    """The real code, and nothing real below it."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.database = FakeDatabase()

    async def attempt(self) -> int:
        attempt_id = next(IDS)
        self.database.rows[attempt_id] = NEW_ROW
        return attempt_id

    def journal(self, breaks: Breaks | None = None) -> Journal:
        pool: Any = FakePool(self.database)
        return _run(self._stack, pool if breaks is None else BreakingPool(pool, breaks))

    def refused(self, errors: list[Exception], meanwhile: Callable[[], Awaitable[object]] | None = None) -> Journal:
        return _run(self._stack, RefusingPool(FakePool(self.database), errors, meanwhile))

    async def row(self, attempt_id: int) -> Row | None:
        return self.database.rows.get(attempt_id)


class OnPostgres:
    def __init__(self, stack: AsyncExitStack, pool: "asyncpg.Pool[asyncpg.Record]", sitting: int, person: int) -> None:
        self._stack = stack
        self.pool = pool
        self._sitting = sitting
        self._person = person

    async def attempt(self) -> int:
        attempt_id = next(IDS)
        await self.pool.execute(
            "INSERT INTO exam.attempts (attempt_id, sitting_id, person_id, number, phase, entered_at)"
            " VALUES ($1, $2, $3, $4, 'entered', $5)",
            attempt_id, self._sitting, self._person, attempt_id % 10**9, at(0),
        )  # fmt: skip
        return attempt_id

    def journal(self, breaks: Breaks | None = None) -> Journal:
        return _run(self._stack, self.pool if breaks is None else BreakingPool(self.pool, breaks))

    def refused(self, errors: list[Exception], meanwhile: Callable[[], Awaitable[object]] | None = None) -> Journal:
        return _run(self._stack, RefusingPool(self.pool, errors, meanwhile))

    async def row(self, attempt_id: int) -> Row | None:
        found = await self.pool.fetchrow(
            "SELECT phase, deadline_at, next_check_at, points, passed FROM exam.attempts WHERE attempt_id = $1",
            attempt_id,
        )
        return None if found is None else Row(*found)


def _run(stack: AsyncExitStack, pool: Any) -> Journal:
    journal = Journal(pool)
    task = asyncio.create_task(journal.run())

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return journal


@pytest_asyncio.fixture
async def postgres(database_url: str) -> AsyncIterator[OnPostgres]:
    async with on_postgres(database_url) as kept:
        yield kept


@contextlib.asynccontextmanager
async def on_postgres(database_url: str) -> AsyncIterator[OnPostgres]:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(asyncpg.create_pool(database_url, min_size=4, max_size=8))
        sitting, person = await _sitting_and_person(pool)
        yield OnPostgres(stack, pool, sitting, person)


async def _sitting_and_person(pool: "asyncpg.Pool[asyncpg.Record]") -> tuple[int, int]:
    found = await pool.fetchrow("SELECT sitting_id FROM exam.sittings")
    if found is None:
        await pool.execute("SELECT exam.open_cycle(1, 'test')")
        agency = await pool.fetchval(
            "INSERT INTO people.organisations (kind, name, province) VALUES ('agency', '测试考核机构', '11')"
            " RETURNING organisation_id"
        )
        await pool.execute("INSERT INTO people.persons (name) VALUES ('测试医师')")
        await pool.execute(
            "INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool,"
            " item_count, points_per_item, pass_points, policy, blueprint)"
            " VALUES (1, 'practice', 'first', '测试', '11', $1, $2, $3, 'p', 10, 1, 6, '{}', '{}')",
            agency, at(-60), at(86_400),
        )  # fmt: skip
    return (
        int(await pool.fetchval("SELECT sitting_id FROM exam.sittings")),
        int(await pool.fetchval("SELECT person_id FROM people.persons")),
    )


@pytest.fixture(params=["in memory", "real code on a fake database", "PostgreSQL"])
def where(request: pytest.FixtureRequest) -> str:
    """Which of the three; for PostgreSQL its URL (the servers are started before the test has a loop)."""
    return str(request.getfixturevalue("database_url") if request.param == "PostgreSQL" else request.param)


@pytest_asyncio.fixture
async def kept(where: str) -> AsyncIterator[Kept]:
    if where == "in memory":
        yield InMemory()
        return
    async with open_breakable(where) as kept:
        yield kept


@pytest.fixture(params=["real code on a fake database", "PostgreSQL"])
def where_lines_break(request: pytest.FixtureRequest) -> str:
    """Only the real code has connections that can break."""
    return str(request.getfixturevalue("database_url") if request.param == "PostgreSQL" else request.param)


@pytest_asyncio.fixture
async def breakable(where_lines_break: str) -> AsyncIterator[OnFakeDatabase | OnPostgres]:
    async with open_breakable(where_lines_break) as kept:
        yield kept


@contextlib.asynccontextmanager
async def open_breakable(where: str) -> AsyncIterator[OnFakeDatabase | OnPostgres]:
    if where.startswith("postgresql"):
        async with on_postgres(where) as kept:
            yield kept
        return
    async with AsyncExitStack() as stack:
        yield OnFakeDatabase(stack)


def chain(attempt_id: int, *events: Event, after: Sequence[Entry] = (), second: float = 0) -> list[Entry]:
    """These events as the entries that follow `after`."""
    entries = list(after)
    for event in events:
        previous = entries[-1].digest if entries else GENESIS
        entries.append(make_entry(previous, attempt_id, len(entries) + 1, event, at(second)))
    return entries[len(after) :]


def answers(*choices: str) -> list[Event]:
    return [Answered(seq, seq, choice) for seq, choice in enumerate(choices, start=1)]


# --- one process -------------------------------------------------------------------------------------------------


async def test_what_was_appended_is_read_back_as_it_was(kept: Kept) -> None:
    attempt_id = await kept.attempt()
    journal = kept.journal()
    entries = chain(attempt_id, entered(), *answers("a", "b"), second=1.000001)

    assert [await journal.append([entry]) for entry in entries] == [True, True, True]

    assert await journal.load(attempt_id) == entries
    assert first_broken(await journal.load(attempt_id)) is None


async def test_an_attempt_nobody_wrote_to_has_an_empty_journal(kept: Kept) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()

    assert await journal.load(attempt_id) == []
    assert await journal.load_many([attempt_id]) == {}
    assert await journal.tails({attempt_id: 0}) == {}
    assert await journal.load_many([]) == {}
    assert await journal.tails({}) == {}


async def test_reading_after_a_number_gives_what_came_since(kept: Kept) -> None:
    first, second = await kept.attempt(), await kept.attempt()
    journal = kept.journal()
    of_first, of_second = chain(first, entered(), *answers("a", "b")), chain(second, entered(), *answers("c"))
    assert await journal.append(of_first)
    assert await journal.append(of_second)

    assert [await journal.load(first, after) for after in range(5)] == [of_first[n:] for n in range(5)]
    assert await journal.load_many([second, first]) == {first: of_first, second: of_second}
    assert await journal.tails({first: 1, second: 2}) == {first: of_first[1:]}
    assert await journal.tails({first: 3, second: 0}) == {second: of_second}


async def test_a_number_already_taken_is_a_conflict_and_the_first_writer_stands(kept: Kept) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()
    mine = chain(attempt_id, entered(), *answers("a"))
    assert await journal.append(mine)

    assert not await journal.append(chain(attempt_id, *answers("b"), after=mine[:1]))

    assert await journal.load(attempt_id) == mine


@pytest.mark.parametrize("ahead", [1, 2])
async def test_an_append_that_lost_any_of_its_numbers_leaves_nothing_behind(kept: Kept, ahead: int) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()
    first = chain(attempt_id, entered())
    theirs = chain(attempt_id, *answers(*"ab"[:ahead]), after=first)
    assert await journal.append([*first, *theirs])
    mine = chain(attempt_id, *answers("c", "d", "e"), after=first, second=9)

    assert not await journal.append(mine, RUNNING)

    assert await journal.load(attempt_id) == [*first, *theirs]
    assert await kept.row(attempt_id) == NEW_ROW


async def test_the_same_append_again_is_one_append(kept: Kept) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()
    entries = chain(attempt_id, entered(), *answers("a"))

    assert [await journal.append(entries) for _ in range(3)] == [True, True, True]

    assert await journal.load(attempt_id) == entries


async def test_the_row_is_written_with_the_entries_it_follows_from(kept: Kept) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()
    begun = chain(attempt_id, entered(), Started(at(3600)))
    ended = chain(attempt_id, Submitted(at(60), Ending.CANDIDATE, 10, seq=1), after=begun)
    rows = []

    for entries, row in ((begun, RUNNING), (ended, Row("marked", at(3600), None, 7, None))):
        assert await journal.append(entries, row)
        rows.append(await kept.row(attempt_id))

    assert rows == [RUNNING, Row("marked", at(3600), None, 7, None)]


async def test_an_append_without_a_row_leaves_the_row_as_it_was(kept: Kept) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()
    begun = chain(attempt_id, entered(), Started(at(3600)))
    assert await journal.append(begun, RUNNING)

    assert await journal.append(chain(attempt_id, *answers("a"), after=begun))

    assert await kept.row(attempt_id) == RUNNING


async def test_a_row_whose_entries_lost_is_not_written(kept: Kept) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()
    begun = chain(attempt_id, entered(), Started(at(3600)))
    assert await journal.append(begun, RUNNING)

    assert not await journal.append(chain(attempt_id, Started(at(9999)), after=begun[:1]), SUBMITTED)

    assert await kept.row(attempt_id) == RUNNING


async def test_a_row_repeated_after_somebody_wrote_on_does_not_turn_the_row_back(kept: Kept) -> None:
    attempt_id, journal = await kept.attempt(), kept.journal()
    begun = chain(attempt_id, entered(), Started(at(3600)))
    extended = chain(attempt_id, Extended(600, "停电", at(4200), DESK), after=begun)
    ended = chain(attempt_id, Submitted(at(60), Ending.CANDIDATE, 10, seq=1), after=[*begun, *extended])
    assert await journal.append(begun, RUNNING)
    assert await journal.append(extended, EXTENDED)
    assert await journal.append(ended, SUBMITTED)

    assert await journal.append(extended, EXTENDED)  # as a turn is repeated of which nobody knows whether it was done

    assert await kept.row(attempt_id) == SUBMITTED


# --- several at once ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2, 4])
async def test_of_many_writers_of_one_number_exactly_one_wins(kept: Kept, processes: int) -> None:
    attempt_id = await kept.attempt()
    journals = [kept.journal() for _ in range(processes)]
    first = chain(attempt_id, entered())
    assert await journals[0].append(first)
    drafts = [chain(attempt_id, *answers(choice), after=first, second=n) for n, choice in enumerate("abcde" * 4)]

    won = await asyncio.gather(*(journals[n % processes].append(draft) for n, draft in enumerate(drafts)))

    assert sum(won) == 1
    assert await journals[-1].load(attempt_id) == [*first, *drafts[won.index(True)]]


@pytest.mark.parametrize("processes", [1, 2, 3])
async def test_of_overlapping_appends_of_several_entries_one_stands_as_a_whole(kept: Kept, processes: int) -> None:
    attempt_id = await kept.attempt()
    journals = [kept.journal() for _ in range(processes)]
    first = chain(attempt_id, entered())
    assert await journals[0].append(first)
    drafts = [chain(attempt_id, *answers(*("abcde"[: 1 + n % 4])), after=first, second=n) for n in range(12)]

    won = await asyncio.gather(*(journals[n % processes].append(draft, RUNNING) for n, draft in enumerate(drafts)))

    assert sum(won) == 1
    assert await journals[-1].load(attempt_id) == [*first, *drafts[won.index(True)]]
    assert await kept.row(attempt_id) == RUNNING


async def test_a_conflict_of_one_attempt_hurts_no_other_that_commits_with_it(kept: Kept) -> None:
    ids = [await kept.attempt() for _ in range(30)]
    journal = kept.journal()
    firsts = {attempt_id: chain(attempt_id, entered()) for attempt_id in ids}
    assert all(await asyncio.gather(*(journal.append(first) for first in firsts.values())))
    taken = set(ids[::3])
    for attempt_id in taken:
        assert await journal.append(chain(attempt_id, *answers("a"), after=firsts[attempt_id]))
    drafts = [chain(a, *answers("b", "c"), after=firsts[a], second=1) for a in ids]

    won = await asyncio.gather(*(journal.append(draft, RUNNING) for draft in drafts))

    assert won == [attempt_id not in taken for attempt_id in ids]
    lengths = [len(entries) for entries in (await journal.load_many(ids)).values()]
    assert lengths == [2 if attempt_id in taken else 3 for attempt_id in ids]
    assert [await kept.row(a) for a in ids] == [NEW_ROW if a in taken else RUNNING for a in ids]


async def test_one_attempt_written_to_by_two_processes_in_turn_has_one_unbroken_journal(kept: Kept) -> None:
    attempt_id = await kept.attempt()
    journals = [kept.journal(), kept.journal()]
    assert await journals[0].append(chain(attempt_id, entered()))

    async def write(journal: JournalProtocol, count: int, second: float) -> None:
        written = 0
        while written < count:
            entries = await journal.load(attempt_id)
            draft = chain(attempt_id, Answered(len(entries), 1, "a"), after=entries, second=second)
            written += await journal.append(draft)

    await asyncio.gather(write(journals[0], 15, 1), write(journals[1], 15, 2))

    entries = await journals[0].load(attempt_id)
    assert [entry.version for entry in entries] == list(range(1, 32))
    assert first_broken(entries) is None


async def test_more_than_one_turn_can_hold_is_written_in_several(kept: Kept) -> None:
    attempt_id, other = await kept.attempt(), await kept.attempt()
    journal = kept.journal()
    long = chain(attempt_id, entered(), *(Answered(n, 1, "a") for n in range(1, TURN_ENTRIES_MAX + 10)))
    short = chain(other, entered())

    assert all(await asyncio.gather(journal.append(short), journal.append(long)))

    assert len(await journal.load(attempt_id)) == TURN_ENTRIES_MAX + 10
    assert await journal.load(other) == short


# --- connections that break ---------------------------------------------------------------------------------------

BROKEN: list[Exception] = [
    ConnectionResetError("reset"),
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.InterfaceError("closed"),
    asyncpg.AdminShutdownError("terminating"),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
]


def _once(error: Exception, meanwhile: Callable[[], Awaitable[object]] | None = None) -> Breaks:
    """The first connection given back breaks, after something else has happened."""
    left = [error]

    async def breaks() -> Exception | None:
        if not left:
            return None
        broken = left.pop()
        if meanwhile is not None:
            await meanwhile()
        return broken

    return breaks


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
async def test_a_commit_of_which_nobody_knows_the_outcome_is_done_again_and_stands_once(
    breakable: OnFakeDatabase | OnPostgres, error: Exception
) -> None:
    attempt_id = await breakable.attempt()
    journal = breakable.journal(_once(error))
    entries = chain(attempt_id, entered(), Started(at(3600)))

    assert await journal.append(entries, RUNNING)

    assert await journal.load(attempt_id) == entries
    assert await breakable.row(attempt_id) == RUNNING


async def test_a_commit_repeated_after_another_process_wrote_on_does_not_turn_the_row_back(
    breakable: OnFakeDatabase | OnPostgres,
) -> None:
    attempt_id = await breakable.attempt()
    other = breakable.journal()
    begun = chain(attempt_id, entered(), Started(at(3600)))
    assert await other.append(begun, RUNNING)
    extended = chain(attempt_id, Extended(600, "停电", at(4200), DESK), after=begun)
    ended = chain(attempt_id, Submitted(at(60), Ending.CANDIDATE, 10, seq=1), after=[*begun, *extended])
    journal = breakable.journal(_once(ConnectionResetError("reset"), lambda: other.append(ended, SUBMITTED)))

    assert await journal.append(extended, EXTENDED)

    assert await other.load(attempt_id) == [*begun, *extended, *ended]
    assert await breakable.row(attempt_id) == SUBMITTED


async def test_a_commit_whose_number_was_taken_while_the_line_was_down_is_a_conflict(
    breakable: OnFakeDatabase | OnPostgres,
) -> None:
    attempt_id = await breakable.attempt()
    other = breakable.journal()
    first = chain(attempt_id, entered())
    assert await other.append(first)
    theirs = chain(attempt_id, *answers("a"), after=first)

    journal = breakable.refused([ConnectionRefusedError()], lambda: other.append(theirs))

    assert not await journal.append(chain(attempt_id, *answers("b"), after=first, second=1))

    assert await other.load(attempt_id) == [*first, *theirs]


async def test_a_database_that_is_away_for_a_moment_is_waited_for(breakable: OnFakeDatabase | OnPostgres) -> None:
    attempt_id = await breakable.attempt()
    journal = breakable.refused([asyncpg.CannotConnectNowError("starting up"), ConnectionRefusedError()])
    entries = chain(attempt_id, entered())

    assert await journal.append(entries)

    assert await journal.load(attempt_id) == entries


async def test_an_error_nobody_foresaw_costs_nobody_but_its_own_append(breakable: OnFakeDatabase | OnPostgres) -> None:
    attempt_id = await breakable.attempt()
    journal = breakable.refused([asyncpg.ProgramLimitExceededError("row is too big")])
    entries = chain(attempt_id, entered(), *answers("a"))

    with pytest.raises(asyncpg.ProgramLimitExceededError):
        await journal.append(entries[:1])

    assert await journal.append(entries)
    assert await journal.load(attempt_id) == entries


# --- PostgreSQL alone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE exam.journal SET body = '{}' WHERE attempt_id = $1",
        "UPDATE exam.journal SET at = now() WHERE attempt_id = $1",
        "DELETE FROM exam.journal WHERE attempt_id = $1",
        "DELETE FROM exam.journal_1 WHERE attempt_id = $1",
        "UPDATE exam.journal_1 SET kind = 'x' WHERE attempt_id = $1",
        "TRUNCATE exam.journal",
        "TRUNCATE exam.journal_1",
        "TRUNCATE exam.journal_rest",
        "TRUNCATE exam.attempts CASCADE; TRUNCATE exam.journal",
    ],
)
async def test_what_is_written_can_not_be_changed_by_anybody(postgres: OnPostgres, statement: str) -> None:
    attempt_id, journal = await postgres.attempt(), postgres.journal()
    entries = chain(attempt_id, entered())
    assert await journal.append(entries)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await postgres.pool.execute(statement.replace("$1", str(attempt_id)))

    assert await journal.load(attempt_id) == entries


async def test_the_table_refuses_what_the_core_would_never_write(postgres: OnPostgres) -> None:
    attempt_id, journal = await postgres.attempt(), postgres.journal()
    (entry,) = chain(attempt_id, entered())
    insert = store.ADD_ENTRY

    for version, seq, digest in ((0, None, entry.digest), (1, 0, entry.digest), (1, None, b"short")):
        with pytest.raises(asyncpg.CheckViolationError):
            await postgres.pool.execute(insert, attempt_id, version, seq, "entered", entry.body, entry.at, digest)

    assert await journal.load(attempt_id) == []


async def test_instants_are_kept_to_the_microsecond_and_bodies_to_the_letter(postgres: OnPostgres) -> None:
    attempt_id, journal = await postgres.attempt(), postgres.journal()
    events = [Extended(60, f"补时 {n} \\u4e2d \"'", at(n) + timedelta(microseconds=n), DESK) for n in range(1, 40)]
    entries = chain(attempt_id, entered(), *events, second=0.123457)
    assert await journal.append(entries)

    assert await journal.load(attempt_id) == entries
    assert first_broken(await journal.load(attempt_id)) is None
