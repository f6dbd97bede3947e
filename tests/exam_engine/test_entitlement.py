"""Who may sit what: every gate of domain.md §3.8, §3.10 and §6.6."""

from typing import Any

import msgspec
import pytest

from exam_engine.entitlement import Facts, Gate, Outcome, gate
from exam_engine.registration.policy import ExamOrder
from exam_engine.sitting import Kind, Round

HUM, PRO = Kind.HUMANITIES, Kind.PROFESSIONAL
FIRST, MAKEUP = Round.FIRST, Round.MAKEUP
PASSED, FAILED, BARRED = Outcome.PASSED, Outcome.FAILED, Outcome.BARRED
ABSENT, EXCUSED = Outcome.ABSENT, Outcome.EXCUSED


def facts(**changed: Any) -> Facts:
    plain = Facts(rated=True, procedure="general")
    return msgspec.structs.replace(plain, **changed)


CASES: list[tuple[str, Kind, Round, dict[str, Any], Gate, str]] = [
    ("not rated yet", HUM, FIRST, {"rated": False}, Gate.LOCKED, "not_rated"),
    ("not rated yet, the make-up", HUM, MAKEUP, {"rated": False}, Gate.NONE, ""),
    ("rated", HUM, FIRST, {}, Gate.OPEN, ""),
    ("rated, professional", PRO, FIRST, {}, Gate.OPEN, ""),
    ("simple procedure", PRO, FIRST, {"procedure": "simple"}, Gate.NONE, ""),
    ("simple procedure sits humanities", HUM, FIRST, {"procedure": "simple"}, Gate.OPEN, ""),
    ("no procedure yet", PRO, FIRST, {"procedure": "none", "rated": False}, Gate.NONE, ""),
    ("exemption under review", PRO, FIRST, {"exemption": "pending"}, Gate.HELD, "exemption_pending"),
    ("exemption under review, humanities", HUM, FIRST, {"exemption": "pending"}, Gate.OPEN, ""),
    ("exempt", PRO, FIRST, {"exemption": "approved"}, Gate.EXEMPT, "exempt"),
    ("exempt, the make-up too", PRO, MAKEUP, {"exemption": "approved"}, Gate.EXEMPT, "exempt"),
    ("humanities first", PRO, FIRST, {"order": ExamOrder.HUMANITIES_FIRST}, Gate.LOCKED, "humanities_first"),
    ("humanities first, humanities", HUM, FIRST, {"order": ExamOrder.HUMANITIES_FIRST}, Gate.OPEN, ""),
    (
        "humanities passed",
        PRO,
        FIRST,
        {"order": ExamOrder.HUMANITIES_FIRST, "outcomes": {(HUM, FIRST): PASSED}},
        Gate.OPEN,
        "",
    ),
    (
        "humanities failed",
        PRO,
        FIRST,
        {"order": ExamOrder.HUMANITIES_FIRST, "outcomes": {(HUM, FIRST): FAILED}},
        Gate.LOCKED,
        "humanities_first",
    ),
    (
        "humanities passed at the make-up",
        PRO,
        FIRST,
        {"order": ExamOrder.HUMANITIES_FIRST, "outcomes": {(HUM, FIRST): FAILED, (HUM, MAKEUP): PASSED}},
        Gate.OPEN,
        "",
    ),
    ("professional first", HUM, FIRST, {"order": ExamOrder.PROFESSIONAL_FIRST}, Gate.LOCKED, "professional_first"),
    (
        "professional first, exempt",
        HUM,
        FIRST,
        {"order": ExamOrder.PROFESSIONAL_FIRST, "exemption": "approved"},
        Gate.OPEN,
        "",
    ),
    (
        "professional first, simple procedure",
        HUM,
        FIRST,
        {"order": ExamOrder.PROFESSIONAL_FIRST, "procedure": "simple"},
        Gate.OPEN,
        "",
    ),
    (
        "professional passed",
        HUM,
        FIRST,
        {"order": ExamOrder.PROFESSIONAL_FIRST, "outcomes": {(PRO, FIRST): PASSED}},
        Gate.OPEN,
        "",
    ),
    ("make-up after a failure", HUM, MAKEUP, {"outcomes": {(HUM, FIRST): FAILED}}, Gate.OPEN, ""),
    ("make-up after a pass", HUM, MAKEUP, {"outcomes": {(HUM, FIRST): PASSED}}, Gate.NONE, ""),
    ("make-up never sat before", HUM, MAKEUP, {}, Gate.NONE, ""),
    ("make-up of who was barred", HUM, MAKEUP, {"outcomes": {(HUM, FIRST): BARRED}}, Gate.NONE, ""),
    ("make-up of who never came", HUM, MAKEUP, {"outcomes": {(HUM, FIRST): ABSENT}}, Gate.NONE, ""),
    ("make-up of who had a reason not to come", HUM, MAKEUP, {"outcomes": {(HUM, FIRST): EXCUSED}}, Gate.OPEN, ""),
    ("make-up of another exam", PRO, MAKEUP, {"outcomes": {(HUM, FIRST): FAILED}}, Gate.NONE, ""),
    ("the line of an exam that was missed", HUM, FIRST, {"outcomes": {(HUM, FIRST): ABSENT}}, Gate.OPEN, ""),
    ("no make-ups here", HUM, MAKEUP, {"makeup": False, "outcomes": {(HUM, FIRST): FAILED}}, Gate.NONE, ""),
    ("practice", Kind.PRACTICE, FIRST, {"rated": False, "procedure": "none"}, Gate.OPEN, ""),
    (
        "what was sat stays on the list",
        PRO,
        FIRST,
        {"order": ExamOrder.HUMANITIES_FIRST, "outcomes": {(PRO, FIRST): FAILED}},
        Gate.OPEN,
        "",
    ),
]


@pytest.mark.parametrize(
    ("kind", "round_", "known", "state", "why"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_gate(kind: Kind, round_: Round, known: dict[str, Any], state: Gate, why: str) -> None:
    assert gate(kind, round_, facts(**known)) == (state, why)


@pytest.mark.parametrize(("outcome", "expected"), [(FAILED, Gate.OPEN), (EXCUSED, Gate.OPEN), (PASSED, Gate.NONE)])
def test_under_a_plan_a_make_up_is_open_where_there_is_a_seat(outcome: Outcome, expected: Gate) -> None:
    known = Facts(rated=True, procedure="general", outcomes={(HUM, FIRST): outcome})

    assert gate(HUM, MAKEUP, known, assigned=True)[0] is expected
    assert gate(HUM, MAKEUP, known, assigned=False)[0] is Gate.NONE
    assert gate(HUM, FIRST, known, assigned=False)[0] is Gate.OPEN  # the plan says nothing of the first round
