"""Pass or fail."""

import pytest

from scoring.result import LegOutcome, leg_outcome


@pytest.mark.parametrize(("points", "outcome"), [(0, "failed"), (59, "failed"), (60, "passed"), (100, "passed")])
def test_the_pass_line_itself_is_a_pass(points: int, outcome: str) -> None:
    assert leg_outcome(points, 60) is LegOutcome(outcome)
