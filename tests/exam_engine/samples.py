"""Values for the tests of the exam core: one attempt in each of its states, built by the core itself."""

from datetime import UTC, datetime, timedelta

from exam_engine.attempt import Attempt, begin, decide, due, evolve
from exam_engine.chain import GENESIS, Entry
from exam_engine.messages import (
    AcceptIdentity,
    Annul,
    Answer,
    Command,
    Entered,
    Event,
    Extend,
    HandIn,
    Hold,
    Layout,
    LockIdentity,
    Pause,
    RecordMark,
    Release,
    Start,
    TakePortrait,
)
from exam_engine.service import make_entry
from exam_engine.sitting import IdentityCheck, Policy

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # the clock begins
PHONE, TABLET = "phone-0001", "tablet-0002"
PICTURES = tuple(f"{digit}" * 64 for digit in "abcdef0123456789")
CANDIDATE, DESK = 0, 900  # who gives a command: nobody by name, an account
# Ten items of five options: two of several answers (4, 5), an A4 chain (7, 8, 9), one of two options (10).
LAYOUT = Layout(options="eeeeeeeeeb", multiple="---xx-----", chain="------aaa-")
ONE_HOUR = Policy(minutes=60, grace_s=5)
PERSON = Policy(identity=IdentityCheck.PERSON, identity_again=IdentityCheck.PERSON)
UNCOMPENSATED = Policy(pause_compensated=False)


def at(seconds: float = 0, *, minutes: float = 0) -> datetime:
    """An instant so long after the clock of the attempt began."""
    return T0 + timedelta(seconds=seconds, minutes=minutes)


def entered(policy: Policy = ONE_HOUR, *, extra_minutes: int = 0, layout: Layout = LAYOUT) -> Entered:
    return Entered(
        sitting=3,
        person=4,
        closes_at=T0 + timedelta(days=1),
        extra_minutes=extra_minutes,
        policy=policy,
        layout=layout,
        paper="f" * 64,
    )


def fold(attempt: Attempt, events: tuple[Event, ...], now: datetime) -> Attempt:
    for event in events:
        attempt = evolve(attempt, event, now)
    return attempt


def after(attempt: Attempt, *commands: Command, now: datetime = T0, by: int = CANDIDATE) -> Attempt:
    """The attempt after these commands, each decided once time has had its say."""
    for command in commands:
        while overdue := due(attempt, now):
            attempt = fold(attempt, overdue, now)
        attempt = fold(attempt, decide(attempt, command, by, now), now)
    return attempt


def new(policy: Policy = ONE_HOUR, *, extra_minutes: int = 0, layout: Layout = LAYOUT) -> Attempt:
    return begin(entered(policy, extra_minutes=extra_minutes, layout=layout))


def ready(policy: Policy = ONE_HOUR, *, extra_minutes: int = 0, layout: Layout = LAYOUT) -> Attempt:
    """The portrait was taken, and accepted by whoever has to."""
    attempt = after(new(policy, extra_minutes=extra_minutes, layout=layout), TakePortrait(PHONE, PICTURES[0]))
    return after(attempt, AcceptIdentity(), by=DESK) if policy.identity is IdentityCheck.PERSON else attempt


def running(policy: Policy = ONE_HOUR, *, extra_minutes: int = 0, layout: Layout = LAYOUT) -> Attempt:
    """The clock began at T0, the phone holds the attempt, nothing is answered."""
    return after(ready(policy, extra_minutes=extra_minutes, layout=layout), Start())


def in_every_state() -> dict[str, Attempt]:
    """One attempt for each phase, and for the facts that a running one can have."""
    identity = after(new(PERSON), TakePortrait(PHONE, PICTURES[0]))
    answered = after(running(), Answer(1, 1, "a"), Answer(2, 2, "b"))
    submitted = after(answered, HandIn(3))
    marked = after(submitted, RecordMark(1, 2, 10))
    return {
        "entered": new(),
        "identity": identity,
        "ready": ready(),
        "running": answered,
        "paused": after(answered, Pause("火警演习"), by=DESK),
        "locked": after(answered, LockIdentity("三次不符"), by=DESK),
        "extended": after(answered, Extend(600, "停电", 5), by=DESK),
        "submitted": submitted,
        "marked": marked,
        "held": after(marked, Hold(7)),
        "released": after(marked, Release(6)),
        "annulled": after(answered, Annul("设备故障"), by=DESK),
        "barred": after(marked, Annul("替考，经复核属实", barred=True), by=DESK),
    }


def journal_of(attempt_id: int, *steps: tuple[Event, datetime]) -> list[Entry]:
    """These events, each at its instant, sealed into a journal."""
    entries: list[Entry] = []
    for version, (event, instant) in enumerate(steps, start=1):
        previous = entries[-1].digest if entries else GENESIS
        entries.append(make_entry(previous, attempt_id, version, event, instant))
    return entries
