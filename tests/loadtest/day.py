"""Exam days for the checker: the product's own core decides, an honest phone remembers, and lines may break.

A phone here does what the pages do: numbers its commands, keeps each until it hears what became of it, sends again in
order after a reconnect. Whatever is done to its line, its history and the journal must agree.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from exam_engine.attempt import Attempt
from exam_engine.chain import GENESIS
from exam_engine.chain import Entry as ProductEntry
from exam_engine.edge.views import clock_of
from exam_engine.messages import (
    Answer,
    Clear,
    Command,
    Entered,
    Extend,
    HandIn,
    Layout,
    MarkForLater,
    Pause,
    RecordMark,
    Resume,
    Start,
    TakePortrait,
    Tick,
)
from exam_engine.papers import bank_ids
from exam_engine.service import Known, _Draft, make_entry, row_of
from exam_engine.sitting import Policy
from loadtest.check_end import Marking
from loadtest.checker import check_attempt
from loadtest.history import ClockWord, History, Sent
from loadtest.marks import Scheme
from loadtest.records import Entry, Kept, Paid, Row, Score
from loadtest.rules import Rules
from question_bank.paper import Paper, PaperEntry
from scoring import marking

ATTEMPT = 7_000_000_000_001
PERSON = 4
DESK = 900
T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ORDERS = ("abcde", "edcba", "bcdea", "cabed", "abcde", "edcba", "bcdea", "cabed", "abcde", "ba")
PAPER = Paper(1, tuple(PaperEntry(no, 1, order, multiple=no in (4, 5)) for no, order in enumerate(ORDERS, 1)))
PAPER_TEXT = msgspec.json.encode(PAPER).decode()
LAYOUT = Layout(options="eeeeeeeeeb", multiple="---xx-----", chain="-" * 10)
KEYS = {(no, 1): "acd" if no in (4, 5) else "a" for no in range(1, 11)}
PRODUCT_SCHEME = marking.Scheme(points_per_item=2)
MARKING = Marking(Scheme(points_per_item=2), KEYS)
OWN = frozenset({"answered", "cleared", "marked_for_later", "came_late"})
HIDDEN = frozenset({"marked", "held", "hold_ended"})
TEMPORARY = ("paused", "identity_locked", "seq_gap")


class Day:
    """One attempt from its entering on. `now` moves only by `wait`."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.now = T0
        closes_at = T0 + timedelta(days=1)
        paper = sha256(PAPER_TEXT.encode()).hexdigest()
        entered = Entered(3, PERSON, closes_at, 0, policy or Policy(minutes=10), LAYOUT, paper)
        first = make_entry(GENESIS, ATTEMPT, 1, entered, self.now)
        self.entries: list[ProductEntry] = [first]
        self.known = Known(ATTEMPT, first)
        self.scores: list[Score] = []
        self.history = History(0, ATTEMPT, "honest", [], [], [-1], [], entered_at=self.at)
        self.phone = Phone(self, "phone-0001")

    @property
    def at(self) -> float:
        return self.now.timestamp()

    @property
    def attempt(self) -> Attempt:
        return self.known.attempt

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def do(self, command: Command, by: int = 0, device: str | None = None) -> Any:
        """The service in short: decide, seal, keep, tell the phone."""
        draft = _Draft(self.known, self.now)
        result = draft.take(command, by, device)
        self.entries += draft.entries
        if draft.entries:
            last = draft.entries[-1]
            self.known.attempt, self.known.version, self.known.digest = draft.attempt, last.version, last.digest
        self.phone.hear(draft.entries)
        return result

    def begin(self) -> None:
        """Portrait and 【去考试】."""
        self.do(TakePortrait(self.phone.name, "a" * 64))
        self.wait(1)
        self.do(Start(), device=self.phone.name)
        self.history.started_at = self.at

    def ring(self, late_s: float = 0.2) -> None:
        """Wait until the bell, and ring it, unless it is over already."""
        while self.attempt.phase == "running":
            assert self.attempt.deadline_at is not None
            self.now = max(self.now, self.attempt.deadline_at + timedelta(seconds=5 + late_s))
            self.do(Tick())
            if self.attempt.paused_at is not None:
                self.do(Resume(), by=DESK)
        if self.phone.online:
            self.history.ended_at = self.at
            self.history.outcome = "bell" if self.attempt.submitted.ending == "time" else "handed_in"  # type: ignore[union-attr]

    def mark(self) -> None:
        """What the marker does."""
        self.wait(1)
        answers = {no: bank_ids(PAPER.entries[no - 1], choice) for no, choice in self.attempt.answers.items() if choice}
        score = marking.mark(PAPER.entries, answers, KEYS, PRODUCT_SCHEME)
        marks = tuple(Paid(each.chosen, each.points) for each in score.marks)
        counts = (score.points, score.points_max, score.correct, score.wrong, score.unanswered)
        self.scores.append(Score(marks, 1, *counts))
        self.do(RecordMark(1, score.points, score.points_max))

    def kept(self) -> Kept:
        """What the product has on record."""
        row = row_of(self.attempt)
        return Kept(
            [Entry(e.version, e.seq, e.kind, e.body, e.at, e.digest) for e in self.entries],
            Row(PERSON, row.phase, row.deadline_at, row.points, self.known.version),
            PAPER_TEXT,
            list(self.scores),
        )

    def rules(self) -> Rules:
        """The servers are at work until now."""
        return Rules(until=self.at)


class Phone:
    """The device that holds the attempt, or held it until it was swapped."""

    def __init__(self, day: Day, name: str) -> None:
        self.day, self.name = day, name
        self.online = True
        self.waiting: list[Sent] = []
        self.next = day.known.attempt.last_seq + 1
        self.have = day.known.version

    def answer(self, no: int, choice: str, **line: bool) -> None:
        self.say("answer", no, choice, **line)

    def say(self, kind: str, no: int = 0, choice: str = "", *, arrives: bool = True, answered: bool = True) -> None:
        """A numbered command. It may not arrive, or its answer may not; either way the line is gone then."""
        sent = Sent(self.next, kind, no, choice, self.name, self.day.at)
        self.next += 1
        if self.online and self.attempt_over():
            return
        self.waiting.append(sent)
        self.day.history.sent.append(sent)
        if self.online and self.waiting == [sent]:
            self._deliver(sent, arrives=arrives, answered=answered)

    def attempt_over(self) -> bool:
        return self.day.history.ended_at > 0

    def _deliver(self, sent: Sent, *, arrives: bool = True, answered: bool = True) -> None:
        if not arrives:
            self.online = False
            return
        result = self.day.do(command_of(sent), device=self.name)
        self.day.wait(0.05)
        if not answered:
            self.online = False
        elif result.refusal is None:
            sent.result, sent.version, sent.acked_at = result.result, result.version, self.day.at
            self.waiting.remove(sent)
        else:
            self._refused(sent, result.refusal.code)

    def _refused(self, sent: Sent, code: str) -> None:
        sent.result, sent.acked_at = f"refused:{code}", self.day.at
        if code not in TEMPORARY:
            self.waiting = []
            self.next = self.day.attempt.last_seq + 1

    def come_back(self) -> None:
        """Connect again: what was missed comes down, what waits is sent again in its order."""
        self.online = True
        self.hear([entry for entry in self.day.entries if entry.version > self.have], own=True)
        for sent in list(self.waiting):
            if not self.online or sent not in self.waiting:
                return
            sent.times += 1
            self._deliver(sent)
            if sent in self.waiting:
                return

    def hear(self, entries: list[ProductEntry], *, own: bool = False) -> None:
        """Events come down, but for those this phone has said itself."""
        for entry in entries:
            if (
                self.online
                and entry.kind not in HIDDEN
                and (own or entry.kind not in OWN)
                and entry.version > self.have
            ):
                self.day.history.told_versions.append(entry.version)
                self.have = entry.version

    def ping(self) -> None:
        """The clock, as it is told now; the line took its time."""
        clock = clock_of(self.day.attempt, self.day.now)
        self.day.wait(0.1)
        if clock is not None and self.online:
            self.day.history.clock.append(ClockWord(self.day.at, 0.2, clock.remaining_ms / 1000, clock.ticking))

    def swap(self, name: str) -> "Phone":
        """Another phone takes over; what waited on this one stays unsaid."""
        day = self.day
        self.online = False
        day.phone = phone = Phone(day, name)
        phone.online = False
        day.do(TakePortrait(name, sha256(name.encode()).hexdigest()))
        phone.online, phone.have, phone.next = True, day.known.version, day.attempt.last_seq + 1
        day.history.told_versions.append(-day.known.version)
        return phone


def command_of(sent: Sent) -> Command:
    """What travels."""
    match sent.kind:
        case "answer":
            return Answer(sent.seq, sent.no, sent.choice)
        case "clear":
            return Clear(sent.seq, sent.no)
        case "mark":
            return MarkForLater(sent.seq, sent.no, on=sent.choice == "on")
        case _:
            return HandIn(sent.seq)


def usual_day() -> Day:
    """One of everything that is allowed: changes, clearings, marks, an extension, a pause, lost words, two phones."""
    day = Day()
    day.begin()
    phone = day.phone
    phone.ping()
    for no, choice in ((1, "a"), (2, "b"), (2, "e"), (3, "c"), (4, "bcd"), (10, "b")):
        phone.answer(no, choice)
        day.wait(20)
    phone.say("mark", 3, "on")
    phone.say("clear", 3)
    day.do(Extend(120, "停电"), by=DESK)
    phone.ping()
    phone.answer(5, "acd", answered=False)
    day.wait(5)
    phone.come_back()
    day.do(Pause("换座位"), by=DESK)
    phone.ping()
    day.wait(30)
    day.do(Resume(), by=DESK)
    phone.answer(6, "e", arrives=False)
    phone = phone.swap("phone-0002")
    phone.ping()
    phone.answer(6, "a")
    phone.answer(7, "e")
    day.wait(10)
    phone.ping()
    return day


def after_the_bell(prepare: Callable[[Day], None] | None = None) -> Day:
    """The usual day, closed by time and marked."""
    day = usual_day()
    if prepare is not None:
        prepare(day)
    day.ring()
    day.mark()
    return day


def handed_in() -> Day:
    """The usual day, handed in by the candidate and marked."""
    day = usual_day()
    day.phone.say("hand_in")
    day.history.ended_at, day.history.outcome = day.at, "handed_in"
    day.mark()
    return day


def found(day: Day, kept: Kept | None = None) -> dict[str, int]:
    """How many violations of each class the checker reports."""
    checked = check_attempt(day.history, ATTEMPT, kept or day.kept(), MARKING, day.rules())
    counts: dict[str, int] = {}
    for kind, _ in checked.findings:
        counts[kind] = counts.get(kind, 0) + 1
    return counts
