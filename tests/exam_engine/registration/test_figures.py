"""The one step of the road somebody is at."""

import itertools
from collections import Counter

import pytest

from exam_engine.registration.figures import STEPS, by_place, step_of
from exam_engine.registration.review import State


@pytest.mark.parametrize(
    ("account", "profile", "evaluation", "step"),
    [
        ("unbound", None, None, "unbound"),
        ("bound", None, None, "not_started"),
        ("bound", "draft", None, "profile_draft"),
        ("unbound", "draft", None, "profile_draft"),
        ("bound", "org_review", None, "profile_org"),
        ("bound", "agy_review", None, "profile_agy"),
        ("bound", "org_returned", None, "profile_returned"),
        ("bound", "agy_returned", None, "profile_returned"),
        ("bound", "approved", None, "enrolled"),
        ("bound", "approved", "draft", "enrolled"),
        ("bound", "approved", "org_review", "evaluation_org"),
        ("bound", "approved", "agy_review", "evaluation_agy"),
        ("bound", "approved", "org_returned", "evaluation_returned"),
        ("bound", "approved", "agy_returned", "evaluation_returned"),
        ("bound", "approved", "approved", "rated_pass"),
        ("bound", "approved", "rejected", "rated_fail"),
        ("bound", "rejected", None, "ended"),
        ("bound", "deferred", "draft", "ended"),
        ("bound", "closed", "approved", "ended"),
        ("bound", "not_enrolled", None, "ended"),
    ],
)
def test_the_step_follows_from_account_profile_and_evaluation(
    account: str, profile: str | None, evaluation: str | None, step: str
) -> None:
    assert step_of(account, profile, evaluation) == step


def test_everybody_is_at_exactly_one_known_step() -> None:
    states = (None, *(state.value for state in State))
    found = {step_of(*each) for each in itertools.product(("bound", "unbound"), states, states)}

    assert found == set(STEPS)


def test_steps_are_added_up_by_place() -> None:
    rows: list[tuple[object, str, str | None, str | None, int]] = [
        (7, "bound", "draft", None, 2),
        (7, "unbound", "draft", None, 3),
        (8, "bound", "approved", "approved", 4),
    ]

    assert by_place(rows) == {7: Counter(profile_draft=5), 8: Counter(rated_pass=4)}
