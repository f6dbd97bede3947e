"""Every move of an item, and every one that is none."""

import itertools

import pytest
from msgspec.structs import replace

from question_bank.item import ItemStatus
from question_bank.life import TABLE, Actor, Draft, Event, NotAllowed, Standing, acts, decide

WHY = "核对教材后确认"
WRITER, OTHER, NATION = Actor("author", 1, 11), Actor("author", 2, 12), Actor("nation", 3, 13)
S, D = ItemStatus, Draft


def standing(status: ItemStatus, draft: Draft = Draft.NONE, **changes: object) -> Standing:
    plain = Standing(status=status, draft=draft, writers=(11,), accounts=(1,), wrote=(11,))
    return replace(plain, **changes)


MOVES = [
    (S.DRAFT, D.OPEN, Event.SUBMIT, WRITER, S.REVIEW, D.REVIEW),
    (S.REVIEW, D.REVIEW, Event.WITHDRAW, WRITER, S.DRAFT, D.OPEN),
    (S.REVIEW, D.REVIEW, Event.APPROVE, OTHER, S.ACTIVE, D.NONE),
    (S.REVIEW, D.REVIEW, Event.APPROVE, NATION, S.ACTIVE, D.NONE),
    (S.REVIEW, D.REVIEW, Event.RETURN, OTHER, S.DRAFT, D.OPEN),
    (S.DRAFT, D.OPEN, Event.DISCARD, WRITER, S.RETIRED, D.NONE),
    (S.ACTIVE, D.NONE, Event.EDIT, OTHER, S.ACTIVE, D.OPEN),
    (S.ACTIVE, D.OPEN, Event.SUBMIT, WRITER, S.ACTIVE, D.REVIEW),
    (S.ACTIVE, D.REVIEW, Event.APPROVE, OTHER, S.ACTIVE, D.NONE),
    (S.ACTIVE, D.REVIEW, Event.RETURN, NATION, S.ACTIVE, D.OPEN),
    (S.ACTIVE, D.OPEN, Event.DISCARD, OTHER, S.ACTIVE, D.NONE),
    (S.ACTIVE, D.REVIEW, Event.SUSPEND, WRITER, S.SUSPENDED, D.REVIEW),
    (S.SUSPENDED, D.REVIEW, Event.APPROVE, OTHER, S.ACTIVE, D.NONE),
    (S.SUSPENDED, D.NONE, Event.REINSTATE, OTHER, S.ACTIVE, D.NONE),
    (S.SUSPENDED, D.NONE, Event.RETIRE, NATION, S.RETIRED, D.NONE),
    (S.ACTIVE, D.OPEN, Event.RETIRE, WRITER, S.RETIRED, D.NONE),
]


@pytest.mark.parametrize(("status", "draft", "event", "actor", "to", "copy"), MOVES)
def test_a_move_leads_where_the_table_says(
    status: ItemStatus, draft: Draft, event: Event, actor: Actor, to: ItemStatus, copy: Draft
) -> None:
    move = decide(standing(status, draft), event, actor, WHY)
    assert (move.status, move.draft) == (to, copy)


def test_whatever_is_not_in_the_table_is_refused() -> None:
    for status, draft, event in itertools.product(ItemStatus, Draft, Event):
        if (event, status, draft) not in TABLE:
            with pytest.raises(NotAllowed) as caught:
                decide(standing(status, draft), event, OTHER, WHY)
            assert caught.value.code == "illegal_move"


def test_nothing_leads_out_of_retired_and_nothing_becomes_active_but_by_another_person() -> None:
    for (event, status, draft), ((to, _), _) in TABLE.items():
        assert status is not ItemStatus.RETIRED
        if to is ItemStatus.ACTIVE and status is not ItemStatus.ACTIVE:
            with pytest.raises(NotAllowed) as caught:
                decide(standing(status, draft), event, WRITER, WHY)
            assert (caught.value.code, caught.value.kind) == ("own_version", "forbidden")


@pytest.mark.parametrize("same", [Actor("author", 9, 11), Actor("author", 1, 99), Actor("nation", 9, 11)])
def test_neither_the_human_nor_the_account_that_wrote_may_decide(same: Actor) -> None:
    for event in (Event.APPROVE, Event.RETURN):
        with pytest.raises(NotAllowed) as caught:
            decide(standing(S.REVIEW, D.REVIEW), event, same, WHY)
        assert caught.value.code == "own_version"


REFUSED = [
    (standing(S.REVIEW, D.REVIEW), Event.RETURN, OTHER, "短", "reason_missing", "invalid"),
    (standing(S.ACTIVE), Event.SUSPEND, OTHER, "", "reason_missing", "invalid"),
    (standing(S.ACTIVE), Event.EDIT, NATION, "", "wrong_role", "forbidden"),
    (standing(S.DRAFT, D.OPEN), Event.SUBMIT, NATION, "", "wrong_role", "forbidden"),
    (standing(S.DRAFT, D.OPEN, problems=2), Event.SUBMIT, WRITER, "", "incomplete", "refused"),
    (standing(S.REVIEW, D.REVIEW, problems=1), Event.APPROVE, OTHER, "", "incomplete", "refused"),
    (standing(S.ACTIVE, D.OPEN, changed=False), Event.SUBMIT, WRITER, "", "nothing_changed", "refused"),
    (standing(S.ACTIVE, D.OPEN, base_changed=True), Event.SUBMIT, WRITER, "", "base_changed", "refused"),
    (standing(S.ACTIVE, D.REVIEW, base_changed=True), Event.APPROVE, OTHER, "", "base_changed", "refused"),
    (standing(S.REVIEW, D.REVIEW), Event.WITHDRAW, OTHER, "", "not_your_version", "forbidden"),
    (standing(S.SUSPENDED, suspended_by=12), Event.REINSTATE, OTHER, WHY, "own_suspension", "forbidden"),
]  # fmt: skip


@pytest.mark.parametrize(("stands", "event", "actor", "reason", "code", "kind"), REFUSED)
def test_a_move_that_is_refused_says_why(
    stands: Standing, event: Event, actor: Actor, reason: str, code: str, kind: str
) -> None:
    with pytest.raises(NotAllowed) as caught:
        decide(stands, event, actor, reason)
    assert (caught.value.code, caught.value.kind) == (code, kind)


def test_what_somebody_may_do_is_what_would_not_be_refused() -> None:
    assert acts(standing(S.REVIEW, D.REVIEW), WRITER) == (["withdraw"], "own_version")
    assert acts(standing(S.REVIEW, D.REVIEW), OTHER) == (["approve", "return"], "")
    assert acts(standing(S.REVIEW, D.REVIEW), NATION) == (["approve", "return"], "")
    assert acts(standing(S.ACTIVE), NATION) == (["suspend", "retire"], "")
    assert acts(standing(S.RETIRED), WRITER) == ([], "")


@pytest.mark.parametrize(
    ("status", "draft", "state"),
    [(S.DRAFT, D.OPEN, "draft"), (S.ACTIVE, D.NONE, "active"), (S.SUSPENDED, D.REVIEW, "suspended_review")],
)
def test_a_state_is_one_word(status: ItemStatus, draft: Draft, state: str) -> None:
    assert standing(status, draft).state == state
