"""How the journal gathers, on a fake database; what it promises is tried on all journals in tests/contract."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from exam_engine import journal as journal_module
from exam_engine.chain import GENESIS, Entry
from exam_engine.journal import RETRY_S, TURN_ENTRIES_MAX, Journal
from exam_engine.messages import Answered
from exam_engine.service import make_entry
from tests.contract.fake_database import FakeDatabase, FakePool, RefusingPool, Weather
from tests.exam_engine.samples import T0, entered
from tests.simulation.virtual_time import VirtualLoop, run


class Slow(Weather):
    """Everything takes a second there, and the number of commits is counted."""

    def __init__(self) -> None:
        self.commits = 0

    async def going(self, kind: str) -> None:
        await asyncio.sleep(1)
        self.commits += kind == "commit"


def first(attempt_id: int) -> Entry:
    return make_entry(GENESIS, attempt_id, 1, entered(), T0)


def second(attempt_id: int) -> Entry:
    return make_entry(first(attempt_id).digest, attempt_id, 2, Answered(1, 1, "a"), T0)


def on(pool: Any, story: Callable[[Journal], Coroutine[Any, Any, None]]) -> Journal:
    """The journal after the story, in virtual time, with its turns running."""

    async def play(_loop: VirtualLoop) -> Journal:
        journal = Journal(pool)
        running = asyncio.ensure_future(journal.run())
        await story(journal)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return journal

    return run(play)


def test_appends_that_come_together_are_committed_together() -> None:
    weather, database = Slow(), FakeDatabase()

    async def story(journal: Journal) -> None:
        assert all(await asyncio.gather(*(journal.append([first(n)]) for n in range(1, 501))))

    journal = on(FakePool(database, weather), story)

    assert len(database.journals) == journal.entries == 500
    assert weather.commits == journal.turns <= 20


def test_while_turns_commit_the_next_one_gathers() -> None:
    weather, database = Slow(), FakeDatabase()

    async def story(journal: Journal) -> None:
        waiting = []
        for n in range(1, 101):
            waiting.append(asyncio.ensure_future(journal.append([first(n)])))
            await asyncio.sleep(0.01)
        assert all(await asyncio.gather(*waiting))

    on(FakePool(database, weather), story)

    assert len(database.journals) == 100
    assert weather.commits <= 8


def test_a_turn_has_a_size_it_never_exceeds() -> None:
    database = FakeDatabase()
    sizes = []

    async def story(journal: Journal) -> None:
        take = journal._take_turn

        def counted() -> Any:
            turn = take()
            sizes.append(sum(len(append.entries) for append in turn))
            return turn

        journal._take_turn = counted  # type: ignore[method-assign]
        assert all(await asyncio.gather(*(journal.append([first(n), second(n)]) for n in range(1, 3_001))))

    on(FakePool(database), story)

    assert sum(sizes) == 6_000
    assert max(sizes) <= TURN_ENTRIES_MAX


def test_a_process_that_drowns_says_so_and_writes_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "WAITING_MAX", 3)
    database = FakeDatabase()

    async def story(journal: Journal) -> None:
        results = await asyncio.gather(*(journal.append([first(n)]) for n in range(1, 6)), return_exceptions=True)
        assert results[:3] == [True] * 3
        assert all(isinstance(result, Exception) for result in results[3:])

    on(FakePool(database), story)

    assert sorted(database.journals) == [1, 2, 3]


def test_what_waits_when_the_process_is_told_to_stop_is_still_written() -> None:
    database = FakeDatabase()
    told: list[bool] = []

    async def play(_loop: VirtualLoop) -> None:
        journal = Journal(FakePool(database, Slow()))  # type: ignore[arg-type]  # it passes the suite of the contract
        running = asyncio.ensure_future(journal.run())
        await asyncio.sleep(0.1)
        running.cancel()
        waiting = [asyncio.ensure_future(journal.append([first(n)])) for n in (1, 2)]
        await asyncio.gather(running, return_exceptions=True)
        told.extend(await asyncio.gather(*waiting))

    run(play)

    assert told == [True, True]
    assert sorted(database.journals) == [1, 2]


def test_a_database_that_stays_away_is_told_to_everybody_who_waits_and_the_next_append_tries_anew() -> None:
    database = FakeDatabase()
    errors: list[Exception] = [ConnectionRefusedError() for _ in range(len(RETRY_S) + 1)]

    async def story(journal: Journal) -> None:
        results = await asyncio.gather(journal.append([first(1)]), journal.append([first(2)]), return_exceptions=True)
        assert all(isinstance(result, Exception) for result in results)
        assert await journal.append([first(3)])

    on(RefusingPool(FakePool(database), errors), story)

    assert sorted(database.journals) == [3]


def test_whoever_asked_may_have_left_before_the_commit() -> None:
    database = FakeDatabase()

    async def story(journal: Journal) -> None:
        left = asyncio.ensure_future(journal.append([first(1)]))
        stays = asyncio.ensure_future(journal.append([first(2)]))
        await asyncio.sleep(0.5)
        left.cancel()
        assert await stays

    on(FakePool(database, Slow()), story)

    assert sorted(database.journals) == [1, 2]
