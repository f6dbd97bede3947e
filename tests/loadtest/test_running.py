"""Before and after a run: how long it is, how many processes, what a fault excuses."""

import pytest
from typer.testing import CliRunner

from loadtest.__main__ import app
from loadtest.outcome import Fault, Second
from loadtest.running import PLAYERS_A_PROCESS, Options, excuse


@pytest.mark.parametrize(
    ("candidates", "asked", "wanted"), [(1, 0, 1), (PLAYERS_A_PROCESS, 0, 1), (100_000, 0, 7), (100_000, 3, 3)]
)
def test_processes_are_as_many_as_files_allow_or_as_asked(candidates: int, asked: int, wanted: int) -> None:
    assert Options(candidates=candidates, shape="steady", out="", processes=asked).generators() == wanted


@pytest.mark.parametrize(
    ("shape", "speedup", "hold_s", "wanted"),
    [("national", 1, 60, 60), ("national", 20, 60, 3), ("rush", 1000, 60, 1), ("steady", 20, 600, 13)],
)
def test_an_attempt_is_as_short_as_people_are_quick_but_outlasts_a_level(
    shape: str, speedup: float, hold_s: float, wanted: int
) -> None:
    options = Options(candidates=1, shape=shape, out="", speedup=speedup, hold_s=hold_s, ramp_s=20)
    assert options.real_minutes() == wanted


def test_errors_that_a_fault_explains_are_excused_and_no_others() -> None:
    seconds = [Second(s=s, errors={"cut": 2, "timeout": 1}) for s in (5, 11, 40)]
    excuse(seconds, [Fault(s=10.0, kind="kill", words="", recovered_s=2.0)])
    assert [second.errors for second in seconds] == [{"cut": 2, "timeout": 1}, {}, {"cut": 2}]
    assert [second.excused for second in seconds] == [{}, {"cut": 2, "timeout": 1}, {"timeout": 1}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--url", "http://127.0.0.1:1"], "belong together"),
        (["--faults", "flood"], "there is no fault"),
        (["--processes", "many"], "auto or 1 to 64"),
        (["--targets", "no such"], "no such"),
        (["--shape", "square"], "square"),
        (["--candidates", "0"], "greater than"),
    ],
)
def test_orders_that_make_no_sense_are_refused_before_anything_starts(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["run", "--candidates", "5", "--out", "/nowhere", *words])
    assert result.exit_code == 2
    assert said in result.output
