"""The checker in the simulation's bad weather: no false alarm over killed processes, lost words and superseded phones.

The phones are those of the simulation, here with a memory; then some of its planted bugs, which must be seen.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import pytest

from exam_engine import attempt as core
from exam_engine import timing
from exam_engine.journal import Journal, Row
from exam_engine.messages import Answer, Clear, HandIn, MarkForLater
from loadtest.checker import check_attempt
from loadtest.history import History, Sent
from loadtest.records import Entry, Kept
from loadtest.records import Row as KeptRow
from loadtest.rules import Rules
from tests.exam_engine.samples import T0
from tests.simulation import world as simulation
from tests.simulation.outbox import Numbered
from tests.simulation.phone import Phone
from tests.simulation.world import World, play

SEEDS: Final = range(12)  # so many that some day has each kind of answer, also when a change of the product moves all
AGES_S: Final = 10_000.0  # longer than any day here


class Remembering(Phone):
    """Also keeps what the checker asks of a phone."""

    def __init__(self, *arguments: Any) -> None:
        self.remembered: dict[tuple[str, int, str, int, str], Sent] = {}
        self._told_version = 0
        self._of_batch: deque[int] = deque()
        super().__init__(*arguments)

    def _take_hold(self, holds: bool, last_seq: int) -> None:
        super()._take_hold(holds, last_seq)
        outbox: Any = self._outbox
        if outbox is None or "take" in vars(outbox):
            return
        take = outbox.take

        def remembering() -> list[Numbered]:
            taken: list[Numbered] = take()
            for command in taken:
                self._remember(command)
            return taken

        outbox.take = remembering

    def _remember(self, command: Numbered) -> None:
        kind, no, choice = words(command)
        key = (self.name, command.seq, kind, no, choice)
        if key not in self.remembered:
            self.remembered[key] = Sent(command.seq, kind, no, choice, self.name, now())
        # The simulation's network repeats a frame now and then by itself: never was it surely said only once.
        self.remembered[key].times += 1

    def _hear(self, data: bytes) -> None:
        if b'"ack"' in data:
            self._told_version = int(data.partition(b'"version":')[2].split(b",")[0])
        super()._hear(data)

    async def _ask(self, process: Any, asked: Any, lost: float = 0.0) -> Any:
        results = await super()._ask(process, asked, lost)
        if isinstance(results, list):
            self._of_batch = deque(result.version for result in results)
        return results

    def _acknowledged(self, seq: int, result: str) -> None:
        version = self._of_batch.popleft() if self._of_batch else self._told_version
        command = self._sent.get(seq)
        if command is not None:
            sent = self.remembered[self.name, seq, *words(command)]
            if sent.result not in ("saved", "late"):
                sent.result, sent.version, sent.acked_at = result, version, now()
        super()._acknowledged(seq, result)

    def _rejected(self, code: str, seq: int, facts: dict[str, Any]) -> None:
        if self._of_batch:
            self._of_batch.popleft()
        super()._rejected(code, seq, facts)


def words(command: Numbered) -> tuple[str, int, str]:
    match command:
        case Answer():
            return "answer", command.no, command.choice
        case Clear():
            return "clear", command.no, ""
        case MarkForLater():
            return "mark", command.no, "on" if command.on else "off"
        case HandIn():
            return "hand_in", 0, ""


def now() -> float:
    return T0.timestamp() + asyncio.get_running_loop().time()


def day(seed: int) -> World:
    """The day of this seed with phones that remember."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "Phone", Remembering)
        return play(seed)


def checked(world: World) -> list[tuple[str, str]]:
    """What the checker finds in all attempts of a day. The simulation marks by sums of its own: marks are left out."""
    findings: list[tuple[str, str]] = []
    for attempt_id, entries in world.database.journals.items():
        mine = [phone for phone in world.phones if phone.attempt_id == attempt_id]
        sent = [each for phone in mine if isinstance(phone, Remembering) for each in phone.remembered.values()]
        row = world.database.rows[attempt_id]
        kept = Kept(
            [Entry(e.version, e.seq, e.kind, e.body, e.at, e.digest) for e in entries],
            KeptRow(0, row.phase, row.deadline_at, row.points, len(entries)),
        )
        history = History(0, attempt_id, "", sent, [], [], [])
        rules = Rules(until=T0.timestamp() + AGES_S)
        findings += check_attempt(history, attempt_id, kept, None, rules).findings
    return findings


@cache
def quiet_day(seed: int) -> World:
    """A day without planted bugs, for whoever only looks at it."""
    return day(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_bad_weather_raises_no_false_alarm(seed: int) -> None:
    assert checked(quiet_day(seed)) == []


def test_the_days_have_what_could_raise_one() -> None:
    worlds = [quiet_day(seed) for seed in SEEDS]

    sent = [each for world in worlds for phone in world.phones for each in getattr(phone, "remembered", {}).values()]
    assert {each.result for each in sent} >= {"", "saved", "already"}
    assert sum(not process.alive for world in worlds for process in world.processes) >= 2
    assert len(sent) > 300


def seen(kind: str) -> bool:
    """Whether a planted bug is reported in this class on one of the first days."""
    for seed in SEEDS:
        try:
            found = checked(day(seed))
        except AssertionError:  # the product itself may stumble over what was planted
            continue
        if any(each == kind for each, _ in found):
            return True
    return False


def test_an_acknowledgement_before_the_commit_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    append = Journal.append

    async def hasty(self: Journal, entries: Sequence[Any], row: Row | None = None) -> bool:
        task = asyncio.ensure_future(append(self, entries, row))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return True

    monkeypatch.setattr(Journal, "append", hasty)

    assert seen("lost") or seen("reordered")


def no_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "fence", lambda attempt, device: None)


def pauses_that_give_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "after_pause", lambda policy, deadline_at, paused_at, resumed_at: resumed_at)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [(no_fence, "invented"), (pauses_that_give_time, "moved")],
)
def test_a_bug_planted_in_the_product_is_seen(
    plant: Callable[[pytest.MonkeyPatch], None], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)

    assert seen(kind)
