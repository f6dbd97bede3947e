"""The checker is believed because it is tried: honest days are clean, planted violations found for what they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exam_engine.chain import GENESIS, seal
from exam_engine.messages import Extend, Pause, Resume, Tick
from exam_engine.sitting import Policy
from loadtest.checker import CLASSES, Checked, Tally, check_attempt
from loadtest.marks import worth
from loadtest.records import Entry, Kept, read_paper
from loadtest.story import tell
from tests.loadtest.day import ATTEMPT, DESK, MARKING, Day, after_the_bell, found, handed_in, usual_day
from tests.loadtest.forging import body, last, sealed

# --- honest days ------------------------------------------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(st.just("answer"), st.integers(1, 9), st.sampled_from("abcde")),
    st.tuples(st.just("answer"), st.sampled_from([4, 5]), st.sampled_from(["ac", "acd", "bcde"])),
    st.tuples(st.just("clear"), st.integers(1, 10), st.just("")),
    st.tuples(st.just("mark"), st.integers(1, 10), st.sampled_from(["on", "off"])),
    st.tuples(st.sampled_from(["unanswered", "lost"]), st.integers(1, 9), st.sampled_from("abcde")),
    st.tuples(st.sampled_from(["come_back", "swap", "ping", "pause", "resume", "hand_in"]), st.just(0), st.just("")),
    st.tuples(st.just("extend"), st.integers(60, 300), st.just("")),
    st.tuples(st.just("wait"), st.integers(1, 200), st.just("")),
)


def play(day: Day, moves: list[tuple[str, int, str]]) -> None:
    """What these moves make of a day; what can't be done at the time is refused by the product, and told."""
    for kind, number, choice in moves:
        match kind:
            case "extend":
                day.do(Extend(number, "x"), by=DESK)
            case "pause":
                day.do(Pause("x"), by=DESK)
            case "resume":
                day.do(Resume(), by=DESK)
            case "wait":
                wait(day, number)
            case _:
                play_phone(day, kind, number, choice)


def wait(day: Day, seconds: int) -> None:
    """Time passes for the server too: a bell that is due it rings late, but not later than an honest one may."""
    for begin in range(0, seconds, 10):
        day.wait(min(10, seconds - begin))
        deadline_at = day.attempt.deadline_at
        if day.attempt.phase == "running" and deadline_at is not None and day.now > deadline_at + timedelta(seconds=15):
            day.do(Tick())


def play_phone(day: Day, kind: str, number: int, choice: str) -> None:
    phone = day.phone
    match kind:
        case "unanswered":
            phone.answer(number, choice, answered=False)
        case "lost":
            phone.answer(number, choice, arrives=False)
        case "come_back":
            phone.come_back()
        case "swap" if day.attempt.phase == "running":
            phone.swap(f"phone-{len(day.entries):04d}")
        case "ping":
            phone.ping()
        case "answer" | "clear" | "mark" | "hand_in":
            phone.say(kind, number, choice)


@settings(max_examples=50)
@example([("wait", 36, ""), *[("wait", 200, "")] * 3], False, False)  # past the bell, while nobody does anything
@given(st.lists(MOVES, max_size=40), st.booleans(), st.booleans())
def test_an_honest_day_is_clean_whatever_happens_on_it(
    moves: list[tuple[str, int, str]], compensated: bool, comes_back: bool
) -> None:
    day = Day(Policy(minutes=10, pause_compensated=compensated, pause_s_max=120))
    day.begin()
    play(day, moves)
    if comes_back:
        day.phone.come_back()
    day.ring()
    day.phone.answer(1, "b")
    day.mark()

    assert found(day) == {}


@pytest.mark.parametrize("day", [after_the_bell, handed_in, usual_day])
def test_the_usual_day_is_clean(day: Callable[[], Day]) -> None:
    played = day()

    assert found(played) == {}
    checked = check_attempt(played.history, ATTEMPT, played.kept(), MARKING, played.rules())
    assert checked.acknowledged >= 10
    assert checked.entries == len(played.entries)


def test_an_answer_never_acknowledged_may_be_there_or_not() -> None:
    for arrives in (True, False):
        day = usual_day()
        day.phone.answer(8, "c", arrives=arrives, answered=False)
        day.ring()
        day.mark()

        assert found(day) == {}


def test_what_the_servers_numbering_alone_acknowledged_has_no_version_to_be_held_against() -> None:
    day = after_the_bell()
    sent = day.history.sent[-1]
    sent.result, sent.version = "already", 0

    assert found(day) == {}


def test_without_a_history_the_records_are_held_against_themselves() -> None:
    day = after_the_bell()

    assert not check_attempt(None, ATTEMPT, day.kept(), MARKING, day.rules()).findings


# --- days that are wrong by themselves -------------------------------------------------------------------------------


def acts_twice() -> Day:
    def extend(day: Day) -> None:
        for act in (5, 6):
            day.do(Extend(60, "x", act=act), by=DESK)

    day = after_the_bell(extend)
    second = [place for place, entry in enumerate(day.entries) if entry.kind == "extended"][-1]
    entry = day.kept().journal[second]
    day.entries[second] = msgspec.structs.replace(day.entries[second], body=body(entry, act=5).body)
    return sealed_day(day)


def sealed_day(day: Day) -> Day:
    journal = sealed(ATTEMPT, day.kept().journal)
    day.entries = [
        msgspec.structs.replace(old, digest=new.digest) for old, new in zip(day.entries, journal, strict=True)
    ]
    return day


def after_the_bell_an_answer() -> Day:
    day = usual_day()
    day.ring()
    day.history.ended_at = 0.0  # its page has not noticed yet
    day.phone.answer(8, "a")
    day.mark()
    return day


def rung_late() -> Day:
    day = usual_day()
    day.ring(late_s=60)
    day.mark()
    return day


# --- planted violations -----------------------------------------------------------------------------------------------

Plant = Callable[[Day, Kept], None]
PLANTED: list[tuple[str, str, Callable[[], Day], Plant]] = []


def planted(kind: str, words: str, day: Callable[[], Day] = after_the_bell) -> Callable[[Plant], Plant]:
    """A row of the table: the class it must be reported in, and in no other."""

    def add(plant: Plant) -> Plant:
        PLANTED.append((kind, words, day, plant))
        return plant

    return add


def edit(kept: Kept, entries: list[Entry]) -> None:
    """Put this in place of the journal, numbered and sealed as if it had always been so."""
    kept.journal = sealed(ATTEMPT, entries)


def change(kept: Kept, kind: str, **changes: Any) -> None:
    """Other words in the last entry of this kind."""
    place = last(kept.journal, kind)
    edit(kept, [*kept.journal[:place], body(kept.journal[place], **changes), *kept.journal[place + 1 :]])


def before_the_bell(kept: Kept, *entries: Entry) -> None:
    """Put these in just before the hand-in, where no acknowledged version is moved by it."""
    place = last(kept.journal, "submitted")
    edit(kept, [*kept.journal[:place], *entries, *kept.journal[place:]])


def no_bell(day: Day) -> None:
    """The phone was away when the bell rang: it was told nothing of it."""
    day.history.ended_at, day.history.outcome = 0.0, "cut_off"
    day.history.told_versions.pop()


@planted("lost", "the last acknowledged answer is left out")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    place = last(kept.journal, "answered")
    entry = msgspec.json.decode(kept.journal[place].body)
    assert (entry["no"], entry["choice"]) == (7, "e")
    edit(kept, [*kept.journal[:place], *kept.journal[place + 1 :]])
    fit(kept)


@planted("lost", "another phone's word stands under the number that was acknowledged")
def _(day: Day, kept: Kept) -> None:
    sent = next(sent for sent in day.history.sent if sent.seq == day.attempt.last_seq)
    day.history.sent.append(replace(sent, choice="d", result="", version=0, acked_at=0.0))
    change(kept, "answered", choice="d")
    fit(kept)


@planted("lost", "acknowledged, and never sent to the database")
def _(day: Day, _kept: Kept) -> None:
    sent = replace(day.history.sent[-1], seq=day.attempt.last_seq + 1, no=8, version=day.known.version + 1)
    day.history.sent.append(sent)


@planted("lost", "an event came down that is nowhere")
def _(day: Day, _kept: Kept) -> None:
    day.history.told_versions.append(day.known.version + 1)


@planted("lost", "the exam began, the phone was told", handed_in)
def _(day: Day, kept: Kept) -> None:
    kept.journal = []


@planted("invented", "a choice is another")
def _(_day: Day, kept: Kept) -> None:
    change(kept, "answered", choice="a")
    fit(kept)


@planted("invented", "an answer to another question")
def _(_day: Day, kept: Kept) -> None:
    change(kept, "answered", no=8)
    fit(kept)


@planted("invented", "a mark is on that was taken off")
def _(_day: Day, kept: Kept) -> None:
    change(kept, "marked_for_later", on=False)


@planted("invented", "an answer that nobody sent")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    entry = kept.journal[last(kept.journal, "answered")]
    before_the_bell(kept, body(entry, seq=day.attempt.last_seq + 1, no=9, choice="b"))
    fit(kept)


@planted("invented", "an answer without a number")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    entry = kept.journal[last(kept.journal, "answered")]
    before_the_bell(kept, body(entry, seq=0, no=9, choice="b"))
    fit(kept)


@planted("invented", "a phone that was superseded is heard")
def _(day: Day, kept: Kept) -> None:
    day.history.sent[-1].device = "phone-0001"


@planted("invented", "a refused answer is written")
def _(day: Day, kept: Kept) -> None:
    sent = day.history.sent[-1]
    sent.result, sent.version = "refused:paused", 0


@planted("invented", "handed in by the candidate, who did not", after_the_bell)
def _(day: Day, kept: Kept) -> None:
    submitted = kept.journal[last(kept.journal, "submitted")]
    deadline = msgspec.json.decode(submitted.body)["as_of"]
    kept.journal[last(kept.journal, "submitted")] = replace(
        submitted, at=msgspec.convert(deadline, type=type(submitted.at), strict=False)
    )
    change(kept, "submitted", seq=day.attempt.last_seq + 1, ending="candidate")


@planted("duplicated", "an answer stands twice")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    before_the_bell(kept, kept.journal[last(kept.journal, "answered")])


@planted("duplicated", "a version stands twice")
def _(_day: Day, kept: Kept) -> None:
    place = last(kept.journal, "portrait_taken")
    kept.journal.insert(place, kept.journal[place])
    kept.journal = reseal_only(kept.journal)


@planted("duplicated", "a gap in the versions")
def _(_day: Day, kept: Kept) -> None:
    kept.journal[-1] = replace(kept.journal[-1], version=kept.journal[-1].version + 1)
    kept.journal = reseal_only(kept.journal)


@planted("reordered", "two versions are swapped")
def _(_day: Day, kept: Kept) -> None:
    place = last(kept.journal, "answered")
    one, two = kept.journal[place - 1], kept.journal[place]
    assert one.kind == two.kind == "answered"
    edit(kept, [*kept.journal[: place - 1], two, replace(one, at=two.at), *kept.journal[place + 1 :]])


@planted("reordered", "the version that was told is another")
def _(day: Day, _kept: Kept) -> None:
    day.history.sent[-1].version -= 1


@planted("reordered", "told to be there already, before it came")
def _(day: Day, _kept: Kept) -> None:
    sent = next(sent for sent in day.history.sent if sent.result == "already")
    sent.version = 3


@planted("reordered", "a number was jumped over")
def _(day: Day, kept: Kept) -> None:
    day.history.sent[-1].seq += 1
    change(kept, "answered", seq=day.attempt.last_seq + 1)


@planted("reordered", "events came down in the wrong order")
def _(day: Day, _kept: Kept) -> None:
    told = day.history.told_versions
    told[1], told[2] = told[2], told[1]


@planted("reordered", "an event never came down")
def _(day: Day, _kept: Kept) -> None:
    del day.history.told_versions[2]


@planted("reordered", "time goes back")
def _(day: Day, kept: Kept) -> None:
    place = last(kept.journal, "marked")
    kept.journal[place] = replace(kept.journal[place], at=kept.journal[place].at - timedelta(seconds=10))
    edit(kept, kept.journal)


@planted("moved", "the first deadline is 5 s later than it should be")
def _(day: Day, kept: Kept) -> None:
    shift(kept, from_kind="started", seconds=5)
    for word in day.history.clock:
        word.remaining_s += 5


@planted("moved", "an extension gave 5 s more than it says")
def _(day: Day, kept: Kept) -> None:
    shift(kept, from_kind="extended", seconds=5)
    for word in day.history.clock[1:]:
        word.remaining_s += 5


@planted("moved", "the end of a pause gave 5 s more than the pause took")
def _(day: Day, kept: Kept) -> None:
    shift(kept, from_kind="resumed", seconds=5)
    for word in day.history.clock[3:]:
        word.remaining_s += 5


@planted("moved", "the row has another deadline than the journal")
def _(_day: Day, kept: Kept) -> None:
    assert kept.row is not None
    assert kept.row.deadline_at is not None
    kept.row.deadline_at += timedelta(seconds=1)


@planted("moved", "the phone was shown 5 s more than it had")
def _(day: Day, _kept: Kept) -> None:
    day.history.clock[-1].remaining_s += 5


@planted("moved", "the phone was shown 5 s less than it had")
def _(day: Day, _kept: Kept) -> None:
    day.history.clock[-1].remaining_s -= 5


@planted("moved", "a clock that stood was shown to run")
def _(day: Day, _kept: Kept) -> None:
    still = next(word for word in day.history.clock if not word.ticking)
    still.remaining_s += 300


@planted("moved", "the desk's act extended it twice", acts_twice)
def _(_day: Day, _kept: Kept) -> None:
    """The day itself has it: the same act, twice, each by the book."""


@planted("moved", "the bell rang early")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    place = last(kept.journal, "submitted")
    early = kept.journal[place].at - timedelta(seconds=60)
    kept.journal[place] = replace(kept.journal[place], at=early)
    change(kept, "submitted", as_of=early.isoformat())


@planted("moved", "an answer bears another instant than that of its sending")
def _(day: Day, _kept: Kept) -> None:
    day.history.sent[-1].first_at += 60
    day.history.sent[-1].acked_at += 60


@planted("after_bell", "an answer counted after the bell")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    sent, place = day.history.sent[-1], last(kept.journal, "answered")
    late = kept.journal[last(kept.journal, "submitted")].at
    sent.first_at = sent.acked_at = late.timestamp()
    kept.journal[place] = replace(kept.journal[place], at=late)
    edit(kept, kept.journal)


@planted("after_bell", "an answer sent after the bell bears an earlier instant")
def _(day: Day, kept: Kept) -> None:
    sent = day.history.sent[-1]
    sent.first_at = kept.journal[last(kept.journal, "submitted")].at.timestamp() + 20
    sent.result, sent.acked_at, sent.version = "", 0.0, 0


@planted("after_bell", "told saved, kept as late", after_the_bell_an_answer)
def _(day: Day, _kept: Kept) -> None:
    assert day.history.sent[-1].result == "late"
    day.history.sent[-1].result = "saved"


@planted("after_bell", "told late, and counted")
def _(day: Day, _kept: Kept) -> None:
    day.history.sent[-1].result = "late"


@planted("after_bell", "the bell rang a minute late", rung_late)
def _(_day: Day, _kept: Kept) -> None:
    """The day itself has it."""


@planted("after_bell", "begun after the window had closed")
def _(_day: Day, kept: Kept) -> None:
    kept.journal[0] = body(kept.journal[0], closes_at=kept.journal[0].at.isoformat())
    edit(kept, kept.journal)


@planted("hand_ins", "handed in twice")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    before_the_bell(kept, kept.journal[last(kept.journal, "submitted")])


@planted("hand_ins", "the phone was told that it is over", handed_in)
def _(day: Day, kept: Kept) -> None:
    day.history.told_versions.pop()
    nothing_after(kept, last(kept.journal, "submitted"))


@planted("hand_ins", "long after the bell nobody has closed it")
def _(day: Day, kept: Kept) -> None:
    no_bell(day)
    nothing_after(kept, last(kept.journal, "submitted"))
    day.wait(60)


@planted("hand_ins", "an answer after the hand-in", handed_in)
def _(day: Day, kept: Kept) -> None:
    place = last(kept.journal, "submitted")
    number = day.attempt.last_seq + 1
    written = replace(kept.journal[last(kept.journal, "answered")], at=kept.journal[place].at)
    after = body(written, seq=number, no=9, choice="a")
    day.history.sent.append(replace(day.history.sent[0], seq=number, no=9, choice="a", result="", first_at=day.at))
    day.history.sent[-1].device = "phone-0002"
    edit(kept, [*kept.journal[: place + 1], after, *kept.journal[place + 1 :]])


@planted("hand_ins", "the row does not know of it")
def _(_day: Day, kept: Kept) -> None:
    assert kept.row is not None
    kept.row.phase = "running"


@planted("hand_ins", "it counts other unanswered questions")
def _(_day: Day, kept: Kept) -> None:
    change(kept, "submitted", unanswered=0)


@planted("marks", "a point more in the journal")
def _(_day: Day, kept: Kept) -> None:
    change(kept, "marked", points=kept.scores[0].points + 1)


@planted("marks", "a point more everywhere")
def _(_day: Day, kept: Kept) -> None:
    set_points(kept, kept.scores[0].points + 1)


@planted("marks", "another maximum")
def _(_day: Day, kept: Kept) -> None:
    change(kept, "marked", points_max=100)


@planted("marks", "the kept score is another")
def _(_day: Day, kept: Kept) -> None:
    kept.scores[0] = replace(kept.scores[0], correct=kept.scores[0].correct - 1, wrong=kept.scores[0].wrong + 1)


@planted("marks", "two questions' points are exchanged, the sum is right")
def _(_day: Day, kept: Kept) -> None:
    first, *others = kept.scores[0].marks
    other = next(place for place, each in enumerate(others) if each.points != first.points)
    others[other], first = replace(others[other], points=first.points), replace(first, points=others[other].points)
    kept.scores[0] = replace(kept.scores[0], marks=(first, *others))


@planted("marks", "a score that forgot a question")
def _(_day: Day, kept: Kept) -> None:
    kept.scores[0] = replace(kept.scores[0], marks=kept.scores[0].marks[1:])


@planted("marks", "the row has other points")
def _(_day: Day, kept: Kept) -> None:
    assert kept.row is not None
    kept.row.points = 0


@planted("marks", "marked twice")
def _(_day: Day, kept: Kept) -> None:
    edit(kept, [*kept.journal, kept.journal[-1]])


@planted("marks", "two scores of one marking")
def _(_day: Day, kept: Kept) -> None:
    kept.scores.append(replace(kept.scores[0], revision=2))


@planted("marks", "never marked")
def _(day: Day, kept: Kept) -> None:
    assert kept.row is not None
    kept.journal, kept.scores = kept.journal[:-1], []
    kept.row.phase, kept.row.points = "submitted", None
    day.wait(120)


@planted("chain", "one digest is another")
def _(_day: Day, kept: Kept) -> None:
    kept.journal[-1] = replace(kept.journal[-1], digest=bytes(32))


@planted("chain", "a body was changed and not sealed again")
def _(_day: Day, kept: Kept) -> None:
    place = last(kept.journal, "paused")
    kept.journal[place] = body(kept.journal[place], reason="别的")


@planted("chain", "the paper is not the one that was sealed")
def _(_day: Day, kept: Kept) -> None:
    assert kept.paper is not None
    kept.paper = kept.paper.replace('"seed":1', '"seed":2')


@planted("lies", "a phone heard what no honest server says")
def _(day: Day, _kept: Kept) -> None:
    day.history.lies.append("an acknowledgement nobody asked for")


# --- what the table is made of ----------------------------------------------------------------------------------------


def shift(kept: Kept, from_kind: str, seconds: float) -> None:
    """From this event on the deadline is later, consistently: in every event after it, in the bell, in the row."""
    begin = last(kept.journal, from_kind)
    for place in range(begin, len(kept.journal)):
        entry = kept.journal[place]
        for name in ("deadline_at", "as_of"):
            told = msgspec.json.decode(entry.body).get(name)
            if told is not None:
                moved = msgspec.convert(told, type=type(entry.at), strict=False) + timedelta(seconds=seconds)
                entry = body(entry, **{name: moved.isoformat()})
        if entry.kind in ("submitted", "marked"):
            entry = replace(entry, at=entry.at + timedelta(seconds=seconds))
        kept.journal[place] = entry
    edit(kept, kept.journal)
    assert kept.row is not None
    assert kept.row.deadline_at is not None
    kept.row.deadline_at += timedelta(seconds=seconds)


def reseal_only(entries: list[Entry]) -> list[Entry]:
    """The digests of these entries as they are numbered, whatever is wrong with the numbers."""
    previous, journal = GENESIS, []
    for entry in entries:
        previous = seal(previous, ATTEMPT, entry.version, entry.seq, entry.kind, entry.body, entry.at)
        journal.append(replace(entry, digest=previous))
    return journal


def nothing_after(kept: Kept, place: int) -> None:
    assert kept.row is not None
    kept.journal, kept.scores = kept.journal[:place], []
    kept.row.phase, kept.row.points = "running", None


def set_points(kept: Kept, points: int) -> None:
    assert kept.row is not None
    kept.row.points = points
    kept.scores[0] = replace(kept.scores[0], points=points)
    change(kept, "marked", points=points)


def fit(kept: Kept) -> None:
    """Count and mark the edited answers rightly, so that nothing but the edit itself is wrong."""
    assert kept.paper is not None
    answers = tell(kept.journal).answers
    right = worth(read_paper(kept.paper), answers, MARKING.keys, MARKING.scheme)
    change(kept, "submitted", unanswered=10 - len(answers))
    counts = {"correct": right.correct, "wrong": right.wrong, "unanswered": right.unanswered}
    kept.scores = [replace(kept.scores[0], **counts, marks=right.marks)]
    set_points(kept, right.points)


# --- the trial --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "words", "make", "plant"), PLANTED, ids=[f"{p[0]}: {p[1]}" for p in PLANTED])
def test_a_planted_violation_is_reported_in_its_class_and_no_other(
    kind: str, words: str, make: Callable[[], Day], plant: Plant
) -> None:
    day = make()
    kept = day.kept()

    plant(day, kept)

    checked = check_attempt(day.history, ATTEMPT, kept, MARKING, day.rules())
    assert {found_kind for found_kind, _ in checked.findings} == {kind}, checked.findings


def test_every_class_that_one_attempt_can_show_is_planted() -> None:
    assert {kind for kind, *_ in PLANTED} == set(CLASSES) - {"unaccounted"}


# --- adding up --------------------------------------------------------------------------------------------------------


def test_the_tally_has_every_class_a_few_examples_and_how_late_bells_rang() -> None:
    tally = Tally()
    for late_s in range(1000):
        tally.add(f"attempt {late_s}", Checked([("lost", "seq 1")], 10, 20, bell_late_s=late_s / 1000))

    violations = tally.violations()

    assert violations.counts == dict.fromkeys(CLASSES, 0) | {"lost": 1000}
    assert violations.examples["lost"][0] == "attempt 0: seq 1"
    assert len(violations.examples["lost"]) == 5
    assert (violations.attempts, violations.acknowledged, violations.journal_entries) == (1000, 10_000, 20_000)
    assert violations.figures == {"unmarked": 0, "bells": 1000, "bell_late_max_s": 0.999, "bell_late_p999_s": 0.998}
