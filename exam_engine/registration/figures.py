"""How far somebody is: the one step of the road that his account, profile and evaluation say together."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

STEPS: Final = (
    "unbound", "not_started", "profile_draft", "profile_org", "profile_agy", "profile_returned", "enrolled",
    "evaluation_org", "evaluation_agy", "evaluation_returned", "rated_pass", "rated_fail", "ended",
)  # fmt: skip
_PROFILE: Final = {
    "draft": "profile_draft",
    "org_review": "profile_org",
    "agy_review": "profile_agy",
    "escalated": "profile_agy",
    "org_returned": "profile_returned",
    "agy_returned": "profile_returned",
}
_EVALUATION: Final = {
    "org_review": "evaluation_org",
    "agy_review": "evaluation_agy",
    "escalated": "evaluation_agy",
    "org_returned": "evaluation_returned",
    "agy_returned": "evaluation_returned",
    "approved": "rated_pass",
    "rejected": "rated_fail",
}


def step_of(account: str, profile: str | None, evaluation: str | None) -> str:
    """The step; None where there is no such part yet.

    A profile that came to an end is the end, whatever else there is; one that was approved leads on to the evaluation.
    """
    if profile is None:
        return "not_started" if account == "bound" else "unbound"
    if profile != "approved":
        return _PROFILE.get(profile, "ended")
    return _EVALUATION.get(evaluation or "", "enrolled")


def by_place(rows: Iterable[tuple[object, str, str | None, str | None, int]]) -> dict[object, Counter[str]]:
    """Steps of each place, of rows of (place, state of the account, of the profile, of the evaluation, how many)."""
    found: dict[object, Counter[str]] = {}
    for place, account, profile, evaluation, number in rows:
        found.setdefault(place, Counter())[step_of(account, profile, evaluation)] += number
    return found
