import pytest

from loadtest.excusing import excuses
from loadtest.outcome import Fault

KILL = Fault(100.0, "kill", "", recovered_s=2.0)
POSTGRES = Fault(200.0, "postgres", "", for_s=5.0, recovered_s=1.0)
DISK = Fault(300.0, "disk", "", for_s=10.0)
NET = Fault(0.0, "net", "", for_s=600.0)
CLOCK = Fault(400.0, "clock", "", for_s=20.0)
ALL = [NET, KILL, POSTGRES, DISK, CLOCK]


@pytest.mark.parametrize(
    ("at_s", "since_s", "error", "excused"),
    [
        (99.0, None, "cut", False),
        (99.6, None, "cut", True),
        (107.0, None, "cut", True),
        (107.1, None, "cut", False),
        (150.0, 106.0, "timeout", True),
        (150.0, 108.0, "timeout", False),
        (99.0, 90.0, "timeout", False),
        (210.9, None, "http:503", True),
        (211.1, None, "http:503", False),
        (305.0, None, "http:503", True),
        (305.0, None, "refused:try_again", True),
        (305.0, None, "closed:1011", False),
        (305.0, None, "", True),
        (410.0, None, "http:500", False),
        (50.0, None, "timeout", False),
        (105.0, None, "bug:RuntimeError", False),
    ],
)
def test_a_fault_explains_what_happened_until_a_little_after_its_recovery(
    at_s: float, since_s: float | None, error: str, excused: bool
) -> None:
    assert excuses(ALL, at_s, since_s=since_s, error=error) is excused


def test_without_faults_nothing_is_excused() -> None:
    assert not excuses([], 1.0)
