from pathlib import Path

import msgspec
import pytest

from loadtest.figures import Slice
from loadtest.outcome import Fault, Process, Run, Sample, Second, Violations
from loadtest.targets import BadTargets, Limit, figure, is_known, judge, judged_again, known, passed, read_targets
from tests.loadtest.made_runs import made_run

SHIPPED = ("ci", "national", "synchronised", "bell", "faults")


def slice_of(*seconds: float, failed: int = 0) -> Slice:
    counted = Slice(late={}, served={}, failed=failed)
    for value in seconds:
        counted.took(value, value / 10)
    return counted


def a_run() -> Run:
    """Ten attempts open in its two middle seconds; answers of 0.1 s there, and one of 2 s before."""
    run = Run({"candidates": 20}, {"cores": 2}, 0.0, [])
    run.seconds = [
        Second(0, 0, actions={"answer": slice_of(2.0)}),
        Second(1, 10, 9, 1, 0.02, {"answer": slice_of(0.1, 0.1, failed=1)}, {"timeout": 1}),
        Second(2, 10, 8, 2, 0.5, {"answer": slice_of(0.1, 0.1), "board_frame": slice_of(0.3)}, {}, {"cut": 4}),
        Second(3, 0),
    ]
    run.samples = [serving(0.2, 100_000), serving(1.2, 150_000), serving(2.2, 350_000), serving(3.2, 900_000)]
    run.violations = Violations({"lost": 1, "moved": 0}, acknowledged=7, figures={"bells": 3.0})
    run.faults = [Fault(1.0, "kill", "", recovered_s=1.5), Fault(1.0, "clock", "")]
    run.figures = {"echo_per_s": 20.0, "marked_s": 4.0}
    return run


def serving(s: float, rss: int) -> Sample:
    half = rss // 2
    processes = [Process("serving", 1, 0.5, half), Process("serving", 2, 0.5, half), Process("postgres", 3, 0.1, 9)]
    return Sample(s, processes, 1.5, 1.0)


CASES = [
    ("answer.count", 5),
    ("answer.failed", 1),
    ("answer.failed_share", 1 / 6),
    ("answer.rate_per_s", 5 / 4),
    ("answer.p50_s", 0.1),
    ("answer.max_s", 2.0),
    ("answer.served_p999_s", 0.2),
    ("steady.answer.max_s", 0.1),
    ("steady.answer.rate_per_s", 2.0),
    ("board.p95_s", 0.3),
    ("errors", 1),
    ("excused", 4),
    ("error_share", 1 / 7),
    ("steady.errors", 1),
    ("lag_s", 0.5),
    ("answers_per_s", 5 / 4),
    ("violations", 1),
    ("violations.lost", 1),
    ("violations.moved", 0),
    ("acknowledged", 7),
    ("bells", 3),
    ("marked_s", 4),
    ("peak_open", 10),
    ("peak_open_share", 0.5),
    ("peak_sockets", 9),
    ("peak_boards", 2),
    ("memory_per_attempt_kb", 25.0),
    ("memory_peak_mb", 0.9),
    ("recovery_s", 1.5),
    ("answers_to_echo", 0.1),
    ("host_cpu", 1.5),
]


@pytest.mark.parametrize(("name", "reached"), CASES)
def test_a_name_stands_for_a_figure(name: str, reached: float) -> None:
    assert is_known(name)
    assert figure(a_run(), name) == pytest.approx(reached, rel=0.02)


@pytest.mark.parametrize("name", [name for name, _ in CASES if name != "errors"])
def test_what_an_empty_run_did_not_measure_is_no_number(name: str) -> None:
    run = Run({}, {}, 0.0, [])
    assert figure(run, name) in {None, 0}
    limits = {name: Limit(at_least=1)}
    assert [target.met for target in judge(run, limits)] == [False]


@pytest.mark.parametrize("name", ["start.p99_s", "marked_s", "violations", "recovery_s", "memory_per_attempt_kb"])
def test_what_was_not_measured_is_missed_however_wide_the_limit(name: str) -> None:
    (target,) = judge(Run({}, {}, 0.0, [Second(0, 5)]), {name: Limit(at_most=1e9)})
    assert (target.reached, target.met) == (None, False)


@pytest.mark.parametrize(
    ("limit", "met"),
    [
        (Limit(at_most=10), True),
        (Limit(at_most=9.9), False),
        (Limit(at_least=10), True),
        (Limit(at_least=10.1), False),
    ],
)
def test_a_limit_is_met_when_it_is_just_reached(limit: Limit, met: bool) -> None:
    (target,) = judge(a_run(), {"peak_open": limit})
    assert target.met is met
    assert target.at_most == (limit.at_most is not None)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_comes_with_the_tool_can_be_read_and_asks_for_nothing_lost(name: str) -> None:
    targets = read_targets(name)
    assert targets["violations"] == Limit(at_most=0)
    assert len(judge(a_run(), targets)) == len(targets)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"answer.p98_s": {"at_most": 1}}', "answer.p98_s"),
        ('{"anwser.p99_s": {"at_most": 1}}', "known are"),
        ('{"steady.peak_open": {"at_most": 1}}', "steady.peak_open"),
        ('{"p99_s": {"at_most": 1}}', "p99_s"),
        ('{"errors": {}}', "at_most or at_least"),
        ('{"errors": {"at_most": 1, "at_least": 0}}', "at_most or at_least"),
        ('{"errors": {"at_moist": 1}}', "at_moist"),
        ('{"errors": 1}', "object"),
        ("{", "truncated"),
    ],
)
def test_a_file_that_cannot_be_judged_by_says_why(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content)
    with pytest.raises(BadTargets) as refused:
        read_targets(str(path))
    text = str(refused.value).lower()
    assert str(path).lower() in text
    assert says in text


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"nothing": {"at_most": 1}}')
    with pytest.raises(BadTargets, match="peak_open"):
        read_targets(str(path))
    assert "steady" in known()


def test_a_file_that_is_not_there_says_so() -> None:
    with pytest.raises(BadTargets, match="nowhere"):
        read_targets("nowhere.json")


def test_a_run_has_passed_when_all_is_met_and_nothing_was_found() -> None:
    run = made_run(20, people=50)
    run.targets = judge(run, {"violations": Limit(at_most=0), "peak_open": Limit(at_least=50)})
    assert passed(run)
    assert run.violations is not None
    run.violations.counts["lost"] = 1
    assert not passed(run)
    run.violations.counts["lost"] = 0
    run.targets = judge(run, {"peak_open": Limit(at_least=51)})
    assert not passed(run)
    run.targets = []
    assert passed(run)
    run.seconds[3].errors["bug:RuntimeError"] = 1
    assert not passed(run)


def test_judged_targets_survive_the_file() -> None:
    run = a_run()
    run.targets = judge(run, {"start.p99_s": Limit(at_most=1)})
    assert msgspec.json.decode(msgspec.json.encode(run), type=Run) == run


def test_a_run_in_which_nobody_had_an_exam_has_not_passed() -> None:
    run = made_run(20, people=50)
    for second in run.seconds:
        second.open = 0
    assert not passed(run)


def test_targets_are_judged_again_by_what_the_run_holds_now() -> None:
    run = made_run(20, people=50)
    run.targets = judge(run, {"violations": Limit(at_most=0), "peak_open": Limit(at_least=50)})
    assert run.violations is not None
    run.violations.counts["lost"] = 2
    again = {target.name: target for target in judged_again(run)}
    assert (again["violations"].reached, again["violations"].met) == (2, False)
    assert again["peak_open"] == run.targets[1]
