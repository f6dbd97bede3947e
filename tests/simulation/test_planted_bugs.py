"""The simulation is worth something only if it sees what is wrong: bugs are planted, and each must be reported soon."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from exam_engine import attempt as core
from exam_engine import journal, timing, workers
from exam_engine.attempt import Attempt
from exam_engine.chain import Entry
from exam_engine.edge.boards import Board
from exam_engine.house import House
from exam_engine.journal import Journal, Row
from exam_engine.messages import Answer, Clear, Event, MarkForLater, Submitted
from exam_engine.sitting import Policy
from tests.contract.fake_database import FakeDatabase
from tests.simulation.checks import violations
from tests.simulation.world import World, play

SEEDS_MAX: Final = 40


def seeds_until(sees: Sequence[str], start: Callable[[int], World] = play) -> int:
    """How many seeds it takes until a violation that speaks of one of these things is reported."""
    for seed in range(SEEDS_MAX):
        try:
            found = violations(start(seed))
        except AssertionError as broken:  # the fold itself may stumble over what was planted
            found = [f"broken: {broken}"]
        if any(word in sentence for word in sees for sentence in found):
            return seed + 1
    return SEEDS_MAX + 1


class LastWriterWins(FakeDatabase):
    """A journal without its key."""

    def insert(self, entries: Sequence[Entry]) -> list[Entry]:
        return list(entries)

    def keep(self, entries: Sequence[Entry], rows: dict[int, tuple[Row, int]]) -> None:
        for entry in sorted(entries, key=lambda entry: (entry.attempt_id, entry.version)):
            entries_of = self.journals.setdefault(entry.attempt_id, [])
            entries_of[entry.version - 1 : entry.version] = [entry]
        self.rows.update({attempt_id: row for attempt_id, (row, _) in rows.items()})


def test_a_journal_whose_last_writer_overwrites_is_seen(planted: Callable[[int], None]) -> None:
    planted(seeds_until(["digest", "promised"], lambda seed: play(seed, database=LastWriterWins())))


def test_a_journal_that_tells_both_writers_they_won_is_seen(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]
) -> None:
    insert = journal._insert

    async def both_won(connection: Any, turn: Any) -> set[Any]:
        await insert(connection, turn)
        return set()

    monkeypatch.setattr(journal, "_insert", both_won)
    planted(seeds_until(["promised", "knows", "not the fold", "gap"]))


def test_a_bell_stamped_with_now_is_seen(monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]) -> None:
    due = core.due

    def stamped(attempt: Attempt, now: datetime) -> tuple[Event, ...]:
        return tuple(replace(e, as_of=now) if isinstance(e, Submitted) else e for e in due(attempt, now))

    monkeypatch.setattr(core, "due", stamped)
    planted(seeds_until(["the bell counts as of", "handed in as of"]))


def test_late_answers_that_count_are_seen(monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]) -> None:
    def generous(policy: Policy, deadline_at: datetime) -> datetime:
        return deadline_at + timedelta(seconds=policy.grace_s + 10)

    monkeypatch.setattr(timing, "last_counted_at", generous)
    planted(seeds_until(["counted at"]))


def test_an_acknowledgement_before_the_commit_is_seen(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]
) -> None:
    append = Journal.append

    async def hasty(self: Journal, entries: Sequence[Entry], row: Row | None = None) -> bool:
        task = asyncio.ensure_future(append(self, entries, row))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return True

    monkeypatch.setattr(Journal, "append", hasty)
    planted(seeds_until(["promised", "knows"]))


def test_a_number_accepted_twice_is_seen(monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]) -> None:
    retry = core._retry

    def again(attempt: Attempt, command: Any) -> tuple[Event, ...]:
        running = attempt.phase == "running" and isinstance(command, Answer | Clear | MarkForLater)
        return (core._answer_event(command),) if running else retry(attempt, command)

    monkeypatch.setattr(core, "_retry", again)
    planted(seeds_until(["numbers ["]))


def test_boards_that_hear_nothing_and_are_never_repaired_are_seen(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]
) -> None:
    async def no_repair(_board: Board) -> None:
        return

    monkeypatch.setattr(Board, "_repair_some", no_repair)
    planted(seeds_until(["the board of"], lambda seed: play(seed, redis_is_deaf=True)))


def test_an_act_that_happens_twice_is_seen(monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]) -> None:
    monkeypatch.setattr(core, "_with_act", lambda acts, act: acts)
    planted(seeds_until(["an act happened twice"]))


def test_a_device_that_is_heard_although_another_holds_the_attempt_is_seen(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]
) -> None:
    monkeypatch.setattr(core, "fence", lambda attempt, device: None)
    planted(seeds_until(["was heard while"]))


def test_an_extension_that_counts_from_now_is_seen(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]
) -> None:
    monkeypatch.setattr(timing, "after_pause", lambda policy, deadline_at, paused_at, resumed_at: resumed_at)
    planted(seeds_until(["the deadline should be", "moved the deadline"]))


def test_a_loop_that_stumbles_is_seen_though_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[[int], None]
) -> None:
    async def stumble(_house: House) -> int:
        raise LookupError("the planted one")

    monkeypatch.setattr(workers, "settle_some", stumble)
    planted(seeds_until(["the planted one"]))


def test_without_a_planted_bug_none_of_these_words_is_said() -> None:
    """Without a bug nothing of what is looked for above is found: the words are not merely always there."""
    words = ["digest", "counted at", "numbers [", "an act happened twice", "was heard while", "the bell counts as of"]
    words.append("a task broke")

    found = [sentence for seed in range(5) for sentence in violations(play(seed))]

    assert not [sentence for sentence in found if any(word in sentence for word in words)]


@pytest.fixture
def planted(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Takes after how many seeds a planted bug was seen; it must be soon."""

    def seen(seeds: int) -> None:
        record_property("seeds", seeds)
        print(f"seen after {seeds} seeds")  # noqa: T201  shown with `pytest -rP`
        assert seeds <= SEEDS_MAX

    return seen
