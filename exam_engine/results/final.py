"""The life of a final result: every move it can make, as one table (domain.md §3.10).

`decide` says where an act leads, what it sets and who is told; whoever calls it holds the result's lock, so that of two
at once one wins and the other is told. Nothing here reads or writes anything.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from exam_engine.errors import Forbidden, Invalid, Refused
from exam_engine.registration.dictionaries import UNQUALIFIED_REASONS
from scoring.result import Outcome, Verdict

REASON_MIN: Final = 5
RECHECK_FOR: Final = timedelta(days=30)  # domain.md §4.2: to ask, and as long again to decide
SUSPENSION_DAYS: Final = range(89, 185)  # 3 to 6 months, of whatever length they are


class State(StrEnum):
    PENDING = "pending"  # 考核中
    EXCLUDED = "excluded"  # not assessed in this cycle: deferred, closed, not eligible
    PROPOSED = "proposed"  # 待评定
    QUALIFIED = "qualified"  # 合格, decided
    UNQUALIFIED = "unqualified"  # 不合格, decided
    NOTIFIED = "notified"  # 已告知
    RECHECK = "recheck"  # 复核中
    UPHELD = "upheld"  # 维持
    CHANGED = "changed"  # 变更
    SUSPENDED = "suspended"  # 暂停执业
    REASSESS = "reassess"  # 再次考核
    QUALIFIED_LATE = "qualified_late"
    CANCELLED = "cancelled"  # 注销注册
    ARCHIVED = "archived"  # 归档备案


class Event(StrEnum):
    PROPOSE = "propose"
    WITHDRAW = "withdraw"
    EXCLUDE = "exclude"
    DECIDE = "decide"
    UNDO = "undo"
    PUBLISH = "publish"
    KEEP = "keep"
    CORRECT = "correct"
    ASK = "ask"
    UPHOLD = "uphold"
    CHANGE = "change"
    SUSPEND = "suspend"
    REASSESS = "reassess"
    LATE = "pass_late"
    CANCEL = "cancel"
    ARCHIVE = "archive"


class Level(StrEnum):
    """Who acts; the roles of accounts of the same name, and the system itself."""

    PHYSICIAN = "physician"
    AGENCY = "agency"
    PROVINCE = "province"
    NATION = "nation"
    SYSTEM = "system"


OPEN: Final = (State.PENDING, State.PROPOSED)
DECIDED: Final = (State.QUALIFIED, State.UNQUALIFIED)
STANDING: Final = (State.NOTIFIED, State.UPHELD, State.CHANGED)  # published, and nothing going on
FINAL: Final = (*STANDING, State.QUALIFIED_LATE, State.CANCELLED)
PUBLISHED: Final = frozenset(State) - {State.PENDING, State.EXCLUDED, State.PROPOSED, *DECIDED}
P, A, V, N, S = Level.PHYSICIAN, Level.AGENCY, Level.PROVINCE, Level.NATION, Level.SYSTEM

_ROWS: Final[tuple[tuple[State, Event, Level, State], ...]] = (
    # what the legs say
    *((state, Event.PROPOSE, S, State.PROPOSED) for state in (*OPEN, State.EXCLUDED)),
    (State.PROPOSED, Event.WITHDRAW, S, State.PENDING),
    (State.EXCLUDED, Event.WITHDRAW, S, State.PENDING),
    *((state, Event.EXCLUDE, S, State.EXCLUDED) for state in OPEN),
    # the agency decides, and publishes; `decide` leads to the outcome it names
    (State.PROPOSED, Event.DECIDE, A, State.QUALIFIED),
    *((state, Event.UNDO, A, State.PROPOSED) for state in DECIDED),
    *((state, Event.PUBLISH, A, State.NOTIFIED) for state in DECIDED),
    # legs that changed after publishing
    *((state, Event.KEEP, A, state) for state in STANDING),
    *((state, Event.CORRECT, A, State.CHANGED) for state in STANDING),
    # the recheck
    (State.NOTIFIED, Event.ASK, P, State.RECHECK),
    (State.RECHECK, Event.UPHOLD, A, State.UPHELD),
    (State.RECHECK, Event.CHANGE, A, State.CHANGED),
    # what follows an unqualified
    *((state, Event.SUSPEND, V, State.SUSPENDED) for state in STANDING),
    (State.SUSPENDED, Event.REASSESS, A, State.REASSESS),
    (State.REASSESS, Event.LATE, A, State.QUALIFIED_LATE),
    (State.REASSESS, Event.CANCEL, A, State.CANCELLED),
    *((state, Event.CANCEL, V, State.CANCELLED) for state in STANDING),
    # the end
    *((state, Event.ARCHIVE, level, State.ARCHIVED) for state in (*FINAL, State.EXCLUDED) for level in (V, N)),
)
TABLE: Final = {(state, event, level): to for state, event, level, to in _ROWS}
NEEDS_REASON: Final = frozenset({
    Event.UNDO, Event.KEEP, Event.UPHOLD, Event.CHANGE, Event.SUSPEND, Event.LATE, Event.CANCEL,
})  # fmt: skip
BY_ANOTHER: Final = frozenset({Event.KEEP, Event.CORRECT, Event.UPHOLD, Event.CHANGE})


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever acts: the level of his role, and the human behind the account (0: the system)."""

    level: Level
    person_id: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A result as it stands, and what its guards need to know.

    `said`: what the legs say now. `legs_changed`: they are others than those decided upon. `ordered`: its publication
    was ordered. `rechecked`: a recheck was asked for. `decided_by`: the human of the last decision. `org_person`: who
    reviewed its self-evaluation for the institution. `absent_twice`: R-604.
    """

    state: State
    person_id: int
    outcome: Outcome | None = None
    said: Verdict = Verdict(None)
    legs_changed: bool = False
    ordered: bool = False
    rechecked: bool = False
    decided_by: int | None = None
    org_person: int | None = None
    notified_at: datetime | None = None
    suspended_until: date | None = None
    absent_twice: bool = False


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """`outcome`, `facts` (U01 to U14), `text`: of a decision. `days`: of a suspension."""

    event: Event
    outcome: Outcome | None = None
    facts: tuple[str, ...] = ()
    text: str = ""
    reason: str = ""
    from_on: date | None = None
    until_on: date | None = None


class Told(msgspec.Struct, frozen=True):
    """Who hears of it, by which message."""

    whom: Level
    code: str


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What an act leads to. `outcome`, `reasons`, `text`: the result's from now on, None where they stay.

    `notice`: a notice is issued (the old one, if any, is void from then on).
    """

    event: Event
    to: State
    reason: str = ""
    outcome: Outcome | None = None
    reasons: tuple[str, ...] | None = None
    text: str | None = None
    notice: bool = False
    told: tuple[Told, ...] = ()


def decide(standing: Standing, act: Act, actor: Actor, now: datetime) -> Move:
    """Where this act leads. Raises Refused (nothing was changed), Forbidden (never by this person), Invalid."""
    to = TABLE.get((standing.state, act.event, actor.level))
    if to is None:
        raise Refused("illegal_move", state=standing.state, event=act.event)
    reason = act.reason.strip()
    if act.event in NEEDS_REASON and len(reason) < REASON_MIN:
        raise Invalid("reason_missing", min=REASON_MIN)
    _guard_person(standing, act, actor)
    _guard(standing, act, actor, now)
    move = Move(event=act.event, to=to, reason=reason, told=_told(act.event, standing.state))
    match act.event:
        case Event.PROPOSE:
            return msgspec.structs.replace(move, outcome=standing.said.outcome, reasons=standing.said.reasons, text="")
        case Event.DECIDE | Event.CORRECT | Event.CHANGE:
            return _as_decided(standing, act, move)
        case Event.PUBLISH:
            return msgspec.structs.replace(move, notice=True)
        case _:
            return move


def _guard_person(standing: Standing, act: Act, actor: Actor) -> None:
    """P-2: nobody decides on himself, nor twice on the same, nor after he reviewed it for the institution."""
    if actor.level in (Level.PHYSICIAN, Level.SYSTEM):
        return
    if actor.person_id == standing.person_id and act.event not in (Event.PUBLISH, Event.ARCHIVE):
        raise Forbidden("own_file")
    if actor.level is not Level.AGENCY:
        return
    if act.event in BY_ANOTHER and actor.person_id == standing.decided_by:
        raise Forbidden("own_decision")
    if act.event is not Event.PUBLISH and actor.person_id == standing.org_person:
        raise Forbidden("reviewed_before")


def _guard(standing: Standing, act: Act, actor: Actor, now: datetime) -> None:
    match act.event:
        case Event.UNDO if standing.ordered:
            raise Refused("publishing")
        case Event.PUBLISH | Event.ARCHIVE if standing.legs_changed:
            raise Refused("legs_changed")
        case Event.KEEP | Event.CORRECT if not standing.legs_changed:
            raise Refused("legs_same")
        case Event.ASK:
            _guard_ask(standing, now)
        case Event.SUSPEND:
            _guard_unqualified(standing, now)
            _guard_suspension(act)
        case Event.REASSESS if standing.suspended_until is None or now.date() < standing.suspended_until:
            raise Refused("suspension_not_over")
        case Event.CANCEL if actor.level is Level.PROVINCE:
            _guard_unqualified(standing, now)
            if not standing.absent_twice:
                raise Refused("not_absent_twice")
        case Event.ARCHIVE if standing.state is State.NOTIFIED and asking(standing, now):
            raise Refused("recheck_still_open")
        case _:
            pass


def _guard_unqualified(standing: Standing, now: datetime) -> None:
    """Nothing follows from a result that may still be rechecked."""
    if standing.outcome is not Outcome.UNQUALIFIED:
        raise Refused("not_unqualified")
    if standing.state is State.NOTIFIED and asking(standing, now):
        raise Refused("recheck_still_open")


def asking(standing: Standing, now: datetime) -> bool:
    """Whether a recheck may still be asked for."""
    return not standing.rechecked and standing.notified_at is not None and now < standing.notified_at + RECHECK_FOR


def _guard_ask(standing: Standing, now: datetime) -> None:
    if standing.rechecked:
        raise Refused("rechecked_already")
    if not asking(standing, now):
        raise Refused("recheck_over")


def _guard_suspension(act: Act) -> None:
    if act.from_on is None or act.until_on is None or (act.until_on - act.from_on).days not in SUSPENSION_DAYS:
        raise Invalid("suspension_length")


def _as_decided(standing: Standing, act: Act, move: Move) -> Move:
    """The outcome is what the legs say; facts of Art. 27 alone can turn it, and only to 不合格 (R-601, R-602)."""
    said, facts = standing.said, tuple(dict.fromkeys(act.facts))
    if unknown := set(facts) - set(UNQUALIFIED_REASONS):
        raise Invalid("reason_code_missing", reason=min(unknown))
    outcome = act.outcome
    if act.event is Event.CHANGE:
        outcome = Outcome.QUALIFIED if standing.outcome is Outcome.UNQUALIFIED else Outcome.UNQUALIFIED
    if outcome is None or said.outcome is None:
        raise Refused("legs_undecided", missing=",".join(said.missing))
    text = (act.text or (act.reason if act.event is Event.CHANGE else "")).strip()
    if outcome is Outcome.QUALIFIED and (said.outcome is Outcome.UNQUALIFIED or facts):
        raise Refused("legs_fail" if said.outcome is Outcome.UNQUALIFIED else "facts_stand")
    if outcome is Outcome.UNQUALIFIED and said.outcome is Outcome.QUALIFIED and not facts:
        raise Refused("legs_pass")
    if facts and len(text) < REASON_MIN:
        raise Invalid("reason_missing", min=REASON_MIN)
    to = State(outcome.value) if act.event is Event.DECIDE else move.to
    reasons = (*said.reasons, *facts)
    return msgspec.structs.replace(
        move, to=to, outcome=outcome, reasons=reasons, text=text, notice=act.event is not Event.DECIDE
    )


def _told(event: Event, state: State) -> tuple[Told, ...]:
    match event:
        case Event.PROPOSE if state is not State.PROPOSED:
            return (Told(Level.AGENCY, "M33"),)
        case Event.PUBLISH:
            return (Told(Level.PHYSICIAN, "M34"),)
        case Event.ASK:
            return (Told(Level.AGENCY, "M35"),)
        case Event.UPHOLD | Event.CHANGE | Event.CORRECT:
            return (Told(Level.PHYSICIAN, "M36"),)
        case Event.REASSESS:
            return (Told(Level.PHYSICIAN, "M37"),)
        case _:
            return ()


def may(standing: Standing, actor: Actor, now: datetime) -> tuple[list[str], str]:
    """The acts this actor has now, and if there are none, why. What an act carries is asked for when it is done."""
    found, why = [], "not_your_turn"
    for event in Event:
        if (standing.state, event, actor.level) not in TABLE:
            continue
        act = Act(event=event, from_on=date(2000, 1, 1), until_on=date(2000, 6, 1))
        try:
            _guard_person(standing, act, actor)
            _guard(standing, act, actor, now)
        except (Refused, Forbidden) as error:
            why = error.code
        else:
            found.append(event.value)
    return found, "" if found else why
