"""Every move of a final result, and who may make it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from exam_engine.errors import Forbidden, PersonError, Refused
from exam_engine.results.final import (
    PUBLISHED,
    TABLE,
    Act,
    Actor,
    Event,
    Level,
    Standing,
    State,
    decide,
    may,
)
from scoring.result import Outcome, Verdict

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
GOOD, BAD = Verdict(Outcome.QUALIFIED), Verdict(Outcome.UNQUALIFIED, ("humanities_failed",))
DECIDER, OTHER, REVIEWER, PHYSICIAN = 7, 8, 9, 1
AGENCY = Actor(level=Level.AGENCY, person_id=OTHER)


def standing(state: State = State.PROPOSED, **changed: Any) -> Standing:
    values: dict[str, Any] = {"state": state, "person_id": PHYSICIAN, "outcome": Outcome.QUALIFIED, "said": GOOD,
                              "decided_by": DECIDER, "org_person": REVIEWER}  # fmt: skip
    return Standing(**values | changed)


def act(event: Event, **values: Any) -> Act:
    return Act(event=event, **{"reason": "经核对无误"} | values)


def test_every_state_but_the_archive_leads_on_and_only_through_the_table() -> None:
    actors = [Actor(level=level, person_id=OTHER) for level in Level]
    for state in State:
        for event in Event:
            for actor in actors:
                if (state, event, actor.level) in TABLE:
                    continue
                with pytest.raises(Refused) as refused:
                    decide(standing(state), act(event, outcome=Outcome.QUALIFIED), actor, NOW)
                assert refused.value.code == "illegal_move"
    assert {state for state, _, _ in TABLE} == set(State) - {State.ARCHIVED}


def test_nothing_that_was_published_goes_back_to_what_was_not() -> None:
    for (state, _, _), to in TABLE.items():
        assert state not in PUBLISHED or to in PUBLISHED


@pytest.mark.parametrize(
    ("said", "asked", "facts", "text", "expected"),
    [
        (GOOD, "qualified", (), "", "qualified"),
        (BAD, "unqualified", (), "", "unqualified"),
        (GOOD, "unqualified", ("U05",), "索取财物，查实", "unqualified"),
        (BAD, "unqualified", ("U05", "U01"), "索取财物，查实", "unqualified"),
        (GOOD, "unqualified", (), "看着不行", "legs_pass"),
        (BAD, "qualified", (), "", "legs_fail"),
        (GOOD, "qualified", ("U05",), "索取财物，查实", "facts_stand"),
        (GOOD, "unqualified", ("U05",), "查", "reason_missing"),
        (GOOD, "unqualified", ("U15",), "索取财物，查实", "reason_code_missing"),
        (Verdict(None, missing=("humanities",)), "qualified", (), "", "legs_undecided"),
    ],
)
def test_the_legs_decide_and_only_facts_of_the_law_can_turn_them(
    said: Verdict, asked: str, facts: tuple[str, ...], text: str, expected: str
) -> None:
    asks = act(Event.DECIDE, outcome=Outcome(asked), facts=facts, text=text)
    if expected not in ("qualified", "unqualified"):
        with pytest.raises(PersonError) as refused:
            decide(standing(said=said), asks, AGENCY, NOW)
        assert refused.value.code == expected
        return

    move = decide(standing(said=said), asks, AGENCY, NOW)

    assert (move.to, move.outcome, move.reasons) == (State(expected), Outcome(expected), (*said.reasons, *facts))
    assert not move.notice


@pytest.mark.parametrize(
    ("event", "state", "who", "code"),
    [
        (Event.DECIDE, State.PROPOSED, PHYSICIAN, "own_file"),
        (Event.UPHOLD, State.RECHECK, PHYSICIAN, "own_file"),
        (Event.UPHOLD, State.RECHECK, DECIDER, "own_decision"),
        (Event.CHANGE, State.RECHECK, DECIDER, "own_decision"),
        (Event.CORRECT, State.NOTIFIED, DECIDER, "own_decision"),
        (Event.KEEP, State.NOTIFIED, DECIDER, "own_decision"),
        (Event.DECIDE, State.PROPOSED, REVIEWER, "reviewed_before"),
    ],
)
def test_nobody_decides_on_himself_or_on_what_he_decided_before(
    event: Event, state: State, who: int, code: str
) -> None:
    with pytest.raises(Forbidden) as refused:
        decide(standing(state), act(event, outcome=Outcome.QUALIFIED), Actor(level=Level.AGENCY, person_id=who), NOW)
    assert refused.value.code == code


PUBLISHED_AT = {"notified_at": NOW - timedelta(days=29)}
OVER = {"notified_at": NOW - timedelta(days=30)}
PHY = Actor(level=Level.PHYSICIAN, person_id=PHYSICIAN)


@pytest.mark.parametrize(
    ("changed", "code"),
    [(PUBLISHED_AT, ""), (OVER, "recheck_over"), (PUBLISHED_AT | {"rechecked": True}, "rechecked_already")],
)
def test_a_recheck_is_asked_for_once_within_thirty_days(changed: dict[str, Any], code: str) -> None:
    stands = standing(State.NOTIFIED, **changed)
    if code:
        with pytest.raises(Refused) as refused:
            decide(stands, act(Event.ASK), PHY, NOW)
        assert refused.value.code == code
    else:
        assert decide(stands, act(Event.ASK), PHY, NOW).to is State.RECHECK


def test_a_recheck_changes_the_outcome_only_to_what_the_legs_allow() -> None:
    asked = standing(State.RECHECK, outcome=Outcome.UNQUALIFIED, said=BAD, rechecked=True)
    rescored = msgspec.structs.replace(asked, said=GOOD, legs_changed=True)

    with pytest.raises(Refused) as refused:
        decide(asked, act(Event.CHANGE), AGENCY, NOW)
    move = decide(rescored, act(Event.CHANGE), AGENCY, NOW)

    assert refused.value.code == "legs_fail"
    assert (move.to, move.outcome, move.reasons, move.notice) == (State.CHANGED, Outcome.QUALIFIED, (), True)
    assert [told.code for told in move.told] == ["M36"]


def test_legs_that_changed_after_publishing_are_kept_or_corrected_by_somebody_and_nothing_else() -> None:
    changed = standing(State.NOTIFIED, said=BAD, legs_changed=True, **OVER)

    corrected = decide(changed, act(Event.CORRECT, outcome=Outcome.UNQUALIFIED), AGENCY, NOW)

    assert (corrected.to, corrected.notice) == (State.CHANGED, True)
    assert decide(changed, act(Event.KEEP), AGENCY, NOW).to is State.NOTIFIED
    for event, actor in ((Event.KEEP, AGENCY), (Event.CORRECT, AGENCY)):
        with pytest.raises(Refused, match="legs_same"):
            decide(standing(State.NOTIFIED, **OVER), act(event, outcome=Outcome.QUALIFIED), actor, NOW)
    with pytest.raises(Refused, match="legs_changed"):
        decide(changed, act(Event.ARCHIVE), Actor(level=Level.PROVINCE), NOW)
    with pytest.raises(Refused, match="legs_changed"):
        decide(standing(State.QUALIFIED, legs_changed=True), act(Event.PUBLISH), AGENCY, NOW)


FAILED = {"outcome": Outcome.UNQUALIFIED, "said": BAD}
PROVINCE = Actor(level=Level.PROVINCE, person_id=OTHER)


@pytest.mark.parametrize(
    ("changed", "days", "code"),
    [
        (FAILED | OVER, 90, ""),
        (FAILED | OVER, 184, ""),
        (FAILED | OVER, 60, "suspension_length"),
        (FAILED | OVER, 200, "suspension_length"),
        (FAILED | PUBLISHED_AT, 120, "recheck_still_open"),
        (OVER, 120, "not_unqualified"),
    ],
)
def test_a_suspension_follows_an_unqualified_result_that_can_not_be_rechecked(
    changed: dict[str, Any], days: int, code: str
) -> None:
    start = date(2027, 4, 1)
    asked = act(Event.SUSPEND, from_on=start, until_on=start + timedelta(days=days))

    assert said(standing(State.NOTIFIED, **changed), asked, PROVINCE) == (code or "suspended")


def said(stands: Standing, asked: Act, actor: Actor) -> str:
    """The state it leads to, or the code of the refusal."""
    try:
        return decide(stands, asked, actor, NOW).to.value
    except PersonError as error:
        return error.code


def test_the_re_assessment_comes_after_the_suspension_and_ends_one_way_or_the_other() -> None:
    early = standing(State.SUSPENDED, suspended_until=date(2027, 3, 2), **FAILED)
    over = standing(State.SUSPENDED, suspended_until=date(2027, 3, 1), **FAILED)

    with pytest.raises(Refused, match="suspension_not_over"):
        decide(early, act(Event.REASSESS), AGENCY, NOW)

    assert decide(over, act(Event.REASSESS), AGENCY, NOW).to is State.REASSESS
    assert decide(standing(State.REASSESS), act(Event.LATE), AGENCY, NOW).to is State.QUALIFIED_LATE
    assert decide(standing(State.REASSESS), act(Event.CANCEL), AGENCY, NOW).to is State.CANCELLED


def test_a_registration_is_cancelled_by_the_province_only_after_two_cycles_without_taking_part() -> None:
    once = standing(State.NOTIFIED, **FAILED, **OVER)
    twice = msgspec.structs.replace(once, absent_twice=True)

    with pytest.raises(Refused, match="not_absent_twice"):
        decide(once, act(Event.CANCEL), PROVINCE, NOW)
    assert decide(twice, act(Event.CANCEL), PROVINCE, NOW).to is State.CANCELLED


def test_what_is_offered_can_be_done() -> None:
    for state in State:
        for changed in ({}, {"legs_changed": True}, FAILED, OVER, FAILED | OVER | {"absent_twice": True}):
            stands = standing(state, **changed)
            for level in (Level.AGENCY, Level.PROVINCE, Level.PHYSICIAN):
                person = PHYSICIAN if level is Level.PHYSICIAN else OTHER
                actor = Actor(level=level, person_id=person)
                found, why = may(stands, actor, NOW)
                assert bool(found) != bool(why)
                for name in found:
                    facts = {"outcome": stands.said.outcome, "from_on": date(2027, 1, 1), "until_on": date(2027, 6, 1)}
                    done = said(stands, act(Event(name), **facts), actor)
                    assert done in {
                        *State,
                        "legs_fail",
                        "legs_pass",
                    }  # what an act carries is asked for when it is done
