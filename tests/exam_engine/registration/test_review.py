"""Every move of a registration file against the tables of domain.md §3.4 to §3.7, and every guard."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import msgspec
import pytest

from exam_engine.errors import Forbidden, Invalid, PersonError, Refused
from exam_engine.registration.review import (
    Act,
    Actor,
    Event,
    Level,
    Rating,
    Standing,
    State,
    Subject,
    decide,
    may,
    owner,
)

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
OWNER, ORG_REVIEWER, AGY_REVIEWER, OFFICE = 1, 20, 30, 40
HUMANS = {
    Level.PHYSICIAN: OWNER,
    Level.INSTITUTION: ORG_REVIEWER,
    Level.AGENCY: AGY_REVIEWER,
    Level.PROVINCE: OFFICE,
    Level.SYSTEM: 0,
}
GOOD = Rating(work="qualified", ethics="qualified", comment="同意评定合格")
REASON = "材料需要补充"

# What may happen, as the tables say it: state, event, who, where to. Everything else is refused.
EVERYBODY = """
draft         save      physician    draft
org_returned  save      physician    org_returned
agy_returned  save      physician    agy_returned
draft         submit    physician    org_review
org_returned  submit    physician    org_review
agy_returned  submit    physician    org_review
org_review    withdraw  physician    draft
org_review    open      institution  org_review
org_review    approve   institution  agy_review
org_review    return    institution  org_returned
agy_review    undo      institution  org_review
org_returned  undo      institution  org_review
agy_review    open      agency       agy_review
agy_review    approve   agency       approved
agy_review    return    agency       agy_returned
agy_review    refuse    agency       rejected
agy_returned  undo      agency       agy_review
approved      undo      agency       agy_review
rejected      undo      agency       agy_review
approved      reopen    province     agy_review
rejected      reopen    province     agy_review
"""
OWN = {
    Subject.PROFILE: """
        draft         close          institution  closed
        draft         close          province     closed
        org_returned  close          institution  closed
        org_returned  close          province     closed
        agy_returned  close          institution  closed
        agy_returned  close          province     closed
        approved      close          institution  closed
        approved      close          province     closed
        approved      defer          system       deferred
        draft         window_closed  system       not_enrolled
        org_returned  window_closed  system       not_enrolled
        agy_returned  window_closed  system       not_enrolled
        not_enrolled  reopen         province     draft
    """,
    Subject.EVALUATION: """
        org_review  conditions_not_met  institution  draft
        agy_review  conditions_not_met  agency       draft
    """,
    Subject.EXEMPTION: """
        rejected    save      physician    draft
        org_review  refuse    institution  rejected
        rejected    undo      institution  org_review
        org_review  escalate  system       escalated
        agy_review  escalate  system       escalated
        escalated   open      province     escalated
        escalated   approve   province     approved
        escalated   refuse    province     rejected
    """,
    Subject.DEFERRAL: """
        rejected    save    physician    draft
        org_review  refuse  institution  rejected
        rejected    undo    institution  org_review
    """,
    Subject.CHANGE: """
        approved    save    physician    draft
        rejected    save    physician    draft
        org_review  refuse  institution  rejected
        rejected    undo    institution  org_review
    """,
}
LEGAL = {
    (subject, State(state), Event(event), Level(level)): State(to)
    for subject, own in OWN.items()
    for state, event, level, to in (line.split() for line in (EVERYBODY + own).splitlines() if line.strip())
}
ALL = list(product(Subject, State, Event, Level))


def standing(subject: Subject, state: State, **changed: Any) -> Standing:
    """A part that lets everything through the table allows."""
    decided_by = AGY_REVIEWER if state in (State.AGY_RETURNED, State.APPROVED, State.REJECTED) else ORG_REVIEWER
    plain = Standing(subject=subject, state=state, person_id=OWNER, decided_by=decided_by, decided_at=NOW)
    return msgspec.structs.replace(plain, **changed)


def act(subject: Subject, event: Event, **changed: Any) -> Act:
    rating = GOOD if subject is Subject.EVALUATION and event is Event.APPROVE else None
    return Act(event=event, **({"reason": REASON, "rating": rating} | changed))


def done(subject: Subject, state: State, event: Event, level: Level, **changed: Any) -> State:
    decided_by = HUMANS[level] if event is Event.UNDO else None
    stands = standing(subject, state, **({"decided_by": decided_by} if decided_by else {}) | changed)
    return decide(stands, act(subject, event), Actor(level=level, person_id=HUMANS[level]), NOW).to


@pytest.mark.parametrize("subject", Subject)
def test_exactly_the_moves_of_the_tables_are_possible(subject: Subject) -> None:
    wrong = []
    for case in ALL:
        if case[0] is not subject:
            continue
        try:
            to: object = done(*case)
        except PersonError as error:
            to = error.code
        if to != LEGAL.get(case, "illegal_move"):
            # An evaluation leaves for its choice by the rating that says so, never by an act of that name.
            wrong.append((*case, to))
    assert wrong == []


@pytest.mark.parametrize(("subject", "state"), list(product(Subject, State)))
def test_a_state_that_waits_has_one_owner_and_only_he_moves_it_on(subject: Subject, state: State) -> None:
    going_on = {Event.SUBMIT, Event.APPROVE, Event.RETURN, Event.REFUSE, Event.CONDITIONS_NOT_MET}
    movers = {level for s, st, event, level in LEGAL if (s, st) == (subject, state) and event in going_on}

    expected = owner(subject, state)
    assert movers == ({expected} if expected else set())


@pytest.mark.parametrize("event", [Event.RETURN, Event.REFUSE, Event.UNDO, Event.REOPEN, Event.CLOSE])
@pytest.mark.parametrize("reason", ["", "    ", "不行", "\n\t短\n"])
def test_what_needs_a_reason_is_refused_without_one(event: Event, reason: str) -> None:
    subject, state, _, level = next(case for case in LEGAL if case[2] is event)
    actor = Actor(level=level, person_id=HUMANS[level])

    with pytest.raises(Invalid) as refusal:
        decide(standing(subject, state, decided_by=HUMANS[level]), act(subject, event, reason=reason), actor, NOW)

    assert refusal.value.code == "reason_missing"


@pytest.mark.parametrize("level", [Level.INSTITUTION, Level.AGENCY])
@pytest.mark.parametrize("event", [Event.OPEN, Event.APPROVE, Event.RETURN])
def test_nobody_reviews_himself(level: Level, event: Event) -> None:
    state = State.ORG_REVIEW if level is Level.INSTITUTION else State.AGY_REVIEW
    own = standing(Subject.PROFILE, state, person_id=HUMANS[level])

    with pytest.raises(Forbidden) as refusal:
        decide(own, act(Subject.PROFILE, event), Actor(level=level, person_id=HUMANS[level]), NOW)

    assert refusal.value.code == "own_file"


@pytest.mark.parametrize("event", [Event.OPEN, Event.APPROVE, Event.RETURN, Event.REFUSE])
def test_nobody_reviews_both_levels(event: Event) -> None:
    with pytest.raises(Forbidden) as refusal:
        decide(
            standing(Subject.PROFILE, State.AGY_REVIEW, org_person=AGY_REVIEWER),
            act(Subject.PROFILE, event),
            Actor(level=Level.AGENCY, person_id=AGY_REVIEWER),
            NOW,
        )

    assert refusal.value.code == "reviewed_before"


@pytest.mark.parametrize(
    ("changed", "event", "code"),
    [
        ({"refused_by": "window_closed"}, Event.SUBMIT, "window_closed"),
        ({"refused_by": "window_closed"}, Event.SAVE, "window_closed"),
        ({"problems": 3, "first_problem": "school"}, Event.SUBMIT, "form_incomplete"),
    ],
)
def test_a_draft_is_handed_in_only_when_it_may_be(changed: dict[str, Any], event: Event, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        done(Subject.PROFILE, State.DRAFT, event, Level.PHYSICIAN, **changed)

    assert refusal.value.code == code


def test_what_a_reviewer_has_opened_is_not_withdrawn() -> None:
    with pytest.raises(Refused) as refusal:
        done(Subject.PROFILE, State.ORG_REVIEW, Event.WITHDRAW, Level.PHYSICIAN, opened=True)

    assert refusal.value.code == "opened_already"


def test_an_agency_passes_nobody_who_is_not_eligible() -> None:
    with pytest.raises(Refused) as refusal:
        done(Subject.PROFILE, State.AGY_REVIEW, Event.APPROVE, Level.AGENCY, eligible=False)

    assert refusal.value.code == "not_eligible"
    assert done(Subject.PROFILE, State.ORG_REVIEW, Event.APPROVE, Level.INSTITUTION, eligible=False)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"decided_by": 99}, "not_your_act"),
        ({"opened": True}, "gone_on"),
        ({"touched": True}, "gone_on"),
        ({"settled": True}, "gone_on"),
        ({"decided_at": NOW - timedelta(minutes=31)}, "undo_over"),
    ],
)
def test_an_act_is_taken_back_by_who_did_it_while_nobody_went_on(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        done(Subject.PROFILE, State.APPROVED, Event.UNDO, Level.AGENCY, **changed)

    assert refusal.value.code == code


def test_an_institution_takes_back_what_waits_at_the_agency_however_long() -> None:
    long_ago = NOW - timedelta(days=3)

    to = done(Subject.PROFILE, State.AGY_REVIEW, Event.UNDO, Level.INSTITUTION, decided_at=long_ago)

    assert to is State.ORG_REVIEW


def rated(level: Level, *, simple: bool = False, **rating: Any) -> State:
    state = State.ORG_REVIEW if level is Level.INSTITUTION else State.AGY_REVIEW
    given = msgspec.structs.replace(GOOD, **rating)
    stands = standing(Subject.EVALUATION, state, simple_applied=simple)
    return decide(stands, Act(event=Event.APPROVE, rating=given), Actor(level=level, person_id=HUMANS[level]), NOW).to


@pytest.mark.parametrize("leg", ["work", "ethics"])
def test_an_agency_that_rates_one_leg_unqualified_ends_it_with_a_reason_code(leg: str) -> None:
    assert rated(Level.AGENCY, **dict[str, Any]({leg: "unqualified", "reason_code": "U12"})) is State.REJECTED
    with pytest.raises(Invalid) as refusal:
        rated(Level.AGENCY, **dict[str, Any]({leg: "unqualified"}))
    assert refusal.value.code == "reason_code_missing"


def test_an_institution_proposes_and_the_agency_decides() -> None:
    assert rated(Level.INSTITUTION, work="unqualified") is State.AGY_REVIEW


@pytest.mark.parametrize("level", [Level.INSTITUTION, Level.AGENCY])
def test_conditions_that_are_not_met_send_the_physician_back_to_choose(level: Level) -> None:
    state = State.ORG_REVIEW if level is Level.INSTITUTION else State.AGY_REVIEW
    stands = standing(Subject.EVALUATION, state, simple_applied=True)
    given = msgspec.structs.replace(GOOD, conditions_met=False, comment="执业年限不足五年")

    move = decide(stands, Act(event=Event.APPROVE, rating=given), Actor(level=level, person_id=HUMANS[level]), NOW)

    assert (move.to, move.simple, move.reason) == (State.DRAFT, "refused", "执业年限不足五年")
    assert [told.code for told in move.told] == ["M18"]


@pytest.mark.parametrize(
    "rating",
    [
        {"work": ""},
        {"ethics": "excellent"},
        {"comment": "同意"},
        {"conditions_met": True},
    ],
)
def test_an_incomplete_rating_decides_nothing(rating: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        rated(Level.AGENCY, **rating)

    assert refusal.value.code == "rating_incomplete"


def test_where_the_simple_procedure_was_applied_for_the_rating_says_whether_its_conditions_are_met() -> None:
    with pytest.raises(Invalid):
        rated(Level.AGENCY, simple=True)

    assert rated(Level.AGENCY, simple=True, conditions_met=True) is State.APPROVED


MESSAGES = [
    (Subject.PROFILE, State.DRAFT, Event.SUBMIT, Level.PHYSICIAN, ["institution M10"]),
    (Subject.PROFILE, State.ORG_REVIEW, Event.APPROVE, Level.INSTITUTION, ["agency M11"]),
    (Subject.PROFILE, State.ORG_REVIEW, Event.RETURN, Level.INSTITUTION, ["physician M12"]),
    (Subject.PROFILE, State.AGY_REVIEW, Event.APPROVE, Level.AGENCY, ["physician M13"]),
    (Subject.PROFILE, State.AGY_REVIEW, Event.RETURN, Level.AGENCY, ["physician M14", "institution M14"]),
    (Subject.PROFILE, State.AGY_REVIEW, Event.REFUSE, Level.AGENCY, ["physician M15"]),
    (Subject.PROFILE, State.DRAFT, Event.WINDOW_CLOSED, Level.SYSTEM, ["physician M17"]),
    (Subject.EVALUATION, State.AGY_REVIEW, Event.APPROVE, Level.AGENCY, ["physician M21"]),
    (Subject.EXEMPTION, State.AGY_REVIEW, Event.APPROVE, Level.AGENCY, ["physician M23"]),
    (Subject.EXEMPTION, State.AGY_REVIEW, Event.REFUSE, Level.AGENCY, ["physician M24"]),
    (Subject.EXEMPTION, State.ORG_REVIEW, Event.REFUSE, Level.INSTITUTION, ["physician M24"]),
    (Subject.EXEMPTION, State.ORG_REVIEW, Event.ESCALATE, Level.SYSTEM, ["physician M25", "province M25"]),
    (Subject.DEFERRAL, State.AGY_REVIEW, Event.APPROVE, Level.AGENCY, ["physician M16"]),
    (Subject.PROFILE, State.DRAFT, Event.SAVE, Level.PHYSICIAN, []),
    (Subject.PROFILE, State.ORG_REVIEW, Event.OPEN, Level.INSTITUTION, []),
    (Subject.PROFILE, State.AGY_REVIEW, Event.UNDO, Level.INSTITUTION, []),
    (Subject.PROFILE, State.APPROVED, Event.UNDO, Level.AGENCY, ["physician C01"]),
]


@pytest.mark.parametrize(("subject", "state", "event", "level", "told"), MESSAGES)
def test_who_hears_of_a_move(subject: Subject, state: State, event: Event, level: Level, told: list[str]) -> None:
    stands = standing(subject, state, decided_by=HUMANS[level])
    move = decide(stands, act(subject, event), Actor(level=level, person_id=HUMANS[level]), NOW)

    assert [f"{each.whom} {each.code}" for each in move.told] == told


@pytest.mark.parametrize(
    ("subject", "state", "level", "acts", "why"),
    [
        (Subject.PROFILE, State.ORG_REVIEW, Level.INSTITUTION, ["approve", "return"], ""),
        (Subject.PROFILE, State.ORG_REVIEW, Level.AGENCY, [], "not_your_turn"),
        (Subject.PROFILE, State.AGY_REVIEW, Level.AGENCY, ["approve", "return", "refuse"], ""),
        (Subject.EXEMPTION, State.ORG_REVIEW, Level.INSTITUTION, ["approve", "return", "refuse"], ""),
        (Subject.EXEMPTION, State.ESCALATED, Level.PROVINCE, ["approve", "refuse"], ""),
    ],
)
def test_the_desk_offers_what_may_be_done(
    subject: Subject, state: State, level: Level, acts: list[str], why: str
) -> None:
    actor = Actor(level=level, person_id=HUMANS[level])

    assert may(standing(subject, state, decided_by=99), actor, NOW) == (acts, why)


def test_the_desk_says_why_nothing_may_be_done() -> None:
    own = standing(Subject.PROFILE, State.ORG_REVIEW, person_id=ORG_REVIEWER)

    assert may(own, Actor(level=Level.INSTITUTION, person_id=ORG_REVIEWER), NOW) == ([], "own_file")
