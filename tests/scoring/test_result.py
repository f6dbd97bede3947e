"""Pass or fail."""

import itertools

import pytest

from scoring.result import Leg, LegOutcome, Legs, Outcome, leg_outcome, verdict


@pytest.mark.parametrize(("points", "outcome"), [(0, "failed"), (59, "failed"), (60, "passed"), (100, "passed")])
def test_the_pass_line_itself_is_a_pass(points: int, outcome: str) -> None:
    assert leg_outcome(points, 60) is LegOutcome(outcome)


RATINGS = (Leg.QUALIFIED, Leg.UNQUALIFIED, Leg.ABSENT, Leg.WAITING)
HUMANITIES = (Leg.PASSED, Leg.FAILED, Leg.ABSENT, Leg.BARRED, Leg.BLOCKED, Leg.WAITING)
PROFESSIONAL = (*HUMANITIES, Leg.EXEMPT, Leg.NOT_REQUIRED)
GOOD = {"qualified", "passed", "exempt", "not_required"}


@pytest.mark.parametrize("work", RATINGS)
@pytest.mark.parametrize("ethics", RATINGS)
def test_every_combination_of_legs_has_the_result_of_the_law(work: Leg, ethics: Leg) -> None:
    for humanities, professional, facts in itertools.product(HUMANITIES, PROFESSIONAL, ((), ("U05",))):
        legs = Legs(work=work, ethics=ethics, humanities=humanities, professional=professional)
        four = [str(each) for each in (work, ethics, humanities, professional)]

        found = verdict(legs, facts)

        lost = any(each not in GOOD | {"waiting"} for each in four[:2])
        if "waiting" in four and not lost:
            assert found.outcome is None
            names = ("work", "ethics", "humanities", "professional")
            assert found.missing == tuple(n for n, each in zip(names, four, strict=True) if each == "waiting")
        elif set(four) <= GOOD and not facts:
            assert (found.outcome, found.reasons) == (Outcome.QUALIFIED, ())
        else:
            assert found.outcome is Outcome.UNQUALIFIED
            bad = sum(1 for each in four if each not in GOOD | {"waiting"})
            assert len(found.reasons) == bad + len(facts)
            assert found.reasons[bad:] == facts


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"work": Leg.UNQUALIFIED}, ("work",)),
        ({"ethics": Leg.UNQUALIFIED, "humanities": Leg.NOT_REQUIRED}, ("ethics",)),
        ({"humanities": Leg.FAILED, "professional": Leg.ABSENT}, ("humanities_failed", "professional_absent")),
        ({"professional": Leg.BARRED}, ("professional_barred",)),
        ({"took_part": False, "work": Leg.ABSENT, "ethics": Leg.ABSENT}, ("not_taking_part",)),
    ],
)
def test_an_unqualified_result_says_why_in_the_order_of_the_legs(
    changed: dict[str, Leg], reasons: tuple[str, ...]
) -> None:
    good = {"work": Leg.QUALIFIED, "ethics": Leg.QUALIFIED, "humanities": Leg.PASSED, "professional": Leg.EXEMPT}

    assert verdict(Legs(**good | changed)).reasons == reasons  # type: ignore[arg-type]
