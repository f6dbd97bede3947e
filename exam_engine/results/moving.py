"""Moves of a final result, carried out: decided by `final.py`, written here in the caller's transaction.

Everything a move brings with it is written in one piece: the result, the line of its history, a notice, the messages.
Whom to wake at open pages comes back, for after the commit.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from exam_engine.errors import Refused
from exam_engine.registration import inbox_store
from exam_engine.registration.filing import Wake
from exam_engine.results import notices, store
from exam_engine.results.final import Act, Actor, Event, Level, Move, Standing, State, Told, decide
from exam_engine.results.legs import Looked
from exam_engine.results.store import ABSENT_TWICE, LEGS_CHANGED, Result
from exam_engine.store import Runner
from scoring.result import Legs, Verdict, verdict

DECISIONS: Final = frozenset({Event.DECIDE, Event.CORRECT, Event.UPHOLD, Event.CHANGE})
SETTLING: Final = frozenset({Event.KEEP, Event.CORRECT, Event.CHANGE, Event.UNDO})  # the legs of today are taken over


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who moves: the account and the human behind it, as what, for whom, from where."""

    level: Level
    account_id: int | None = None
    person_id: int = 0
    organisation_id: int | None = None
    address: str = ""

    def actor(self) -> Actor:
        """As the table of moves knows him."""
        return Actor(level=self.level, person_id=self.person_id)

    def signature(self) -> tuple[int | None, str, int | None, str]:
        """As a line of the history has him."""
        return self.account_id, self.level.value, self.organisation_id, self.address


SYSTEM: Final = By(level=Level.SYSTEM)


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    result: Result
    wake: Wake


def said(result: Result) -> Verdict:
    """What the legs say today."""
    if result.state in (State.PENDING, State.EXCLUDED):
        return Verdict(None, missing=result.missing)
    return verdict(result.legs_now or result.legs)


def standing(result: Result) -> Standing:
    """What the table of moves needs to know of a result."""
    return Standing(
        state=result.state,
        person_id=result.person_id,
        outcome=result.decided(),
        said=said(result),
        legs_changed=result.legs_now is not None,
        ordered=result.order_id is not None,
        rechecked=result.recheck_state is not None,
        decided_by=result.decided_by,
        org_person=result.org_person,
        notified_at=result.notified_at,
        suspended_until=result.suspended_until,
        absent_twice=ABSENT_TWICE in result.doubts,
    )


async def move(
    runner: Runner,
    result: Result,
    act: Act,
    version: int | None,
    by: By,
    now: datetime,
    *,
    looked: Looked | None = None,
) -> Moved:
    """Carry out an act on a result whose lock is held; `looked`: with these legs, of a proposal.

    Raises what `decide` raises, and changed_meanwhile.
    """
    if version is not None and result.version != version:
        raise Refused("changed_meanwhile", version=result.version, state=result.state)
    stands = standing(result)
    if looked is not None:
        stands = msgspec.structs.replace(stands, said=looked.verdict())
    decided = decide(stands, act, by.actor(), now)
    changed = _after(result, decided, act, by, now, looked)
    if decided.notice:
        changed = await notices.issue(runner, changed, now)
    await store.save(runner, changed)
    facts: dict[str, Any] = {"version": changed.version, "outcome": changed.outcome, "reasons": list(changed.reasons),
                             "text": changed.text, "legs": msgspec.to_builtins(changed.legs)}  # fmt: skip
    if decided.notice:
        facts["notice"] = changed.notice_number
    if act.event is Event.SUSPEND:
        facts |= {"from_on": str(act.from_on), "until_on": str(act.until_on)}
    states = (result.state.value, decided.to.value)
    await store.add_move(
        runner, result.result_id, decided.event.value, states, now, by.signature(), decided.reason, facts
    )
    if decided.event is Event.UNDO:
        await runner.execute(store.DUE_AGAIN, result.person_id, result.cycle)  # the proposal follows the legs again
    return Moved(result=changed, wake=await _tell(runner, changed, decided))


def _after(result: Result, decided: Move, act: Act, by: By, now: datetime, looked: Looked | None) -> Result:
    """The result as it is after the move."""
    new: dict[str, Any] = {"state": decided.to, "version": result.version + 1, "moved_at": now}
    if decided.outcome is not None:
        new |= {"outcome": decided.outcome.value, "reasons": decided.reasons, "text": decided.text}
    if looked is not None:
        new |= {"legs": looked.legs, "legs_now": None, "missing": looked.missing, "look_at": looked.look_at,
                "took_part": took_part(looked.legs)}  # fmt: skip
    if decided.event in SETTLING:
        new |= _settled(result, decided)
    if decided.event in DECISIONS:
        new |= {"decided_by": by.person_id, "decided_at": now}
    match decided.event:
        case Event.WITHDRAW | Event.EXCLUDE:
            new |= {"outcome": "", "reasons": (), "text": ""}
        case Event.PUBLISH:
            new |= {"notified_at": now}
        case Event.SUSPEND:
            new |= {"suspended_from": act.from_on, "suspended_until": act.until_on}
        case Event.REASSESS:
            new |= {"arrangement": act.text}
        case Event.ARCHIVE:
            new |= {"final_state": result.state.value, "look_at": None}
        case _:
            pass
    return msgspec.structs.replace(result, **new)


def _settled(result: Result, decided: Move) -> dict[str, Any]:
    """The legs of today are what it stands on from now on; an undone decision is a proposal by them again."""
    new: dict[str, Any] = {
        "legs": result.legs_now or result.legs,
        "legs_now": None,
        "doubts": tuple(doubt for doubt in result.doubts if doubt != LEGS_CHANGED),
    }
    if decided.event is Event.UNDO:
        again = said(result)
        new |= {"reasons": again.reasons, "text": "", "decided_by": None, "decided_at": None}
        new |= {"outcome": again.outcome.value} if again.outcome else {}
    return new


def took_part(legs: Legs) -> bool:
    """R-603, R-604: whoever registered and handed anything in took part."""
    return legs.took_part and legs.work.value != "absent"


async def _tell(runner: Runner, result: Result, decided: Move) -> Wake:
    wake = Wake()
    for told in decided.told:
        if told.whom is Level.PHYSICIAN:
            await inbox_store.tell(runner, result.person_id, told.code, await _facts(runner, result, told))
            wake.persons.append(result.person_id)
        elif result.agency_id is not None:
            await inbox_store.tell_organisation(runner, result.agency_id, told.code, {"name": result.name})
            wake.organisations.append(result.agency_id)
    return wake


async def _facts(runner: Runner, result: Result, told: Told) -> dict[str, object]:
    match told.code:
        case "M34":
            return {"cycle": await runner.fetchval(CYCLE_NAME, result.cycle), "result": result.outcome}
        case "M36":
            return {"result": "upheld" if result.state is State.UPHELD else "changed"}
        case _:
            return {"text": result.arrangement}


CYCLE_NAME: Final = "SELECT name FROM exam.cycles WHERE cycle = $1"
