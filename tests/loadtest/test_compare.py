from pathlib import Path

import pytest
from typer.testing import CliRunner

from loadtest.__main__ import app
from loadtest.compare import Comparison, Word, compare
from loadtest.compare_page import compare_page
from loadtest.outcome import Run, write_run
from loadtest.targets import Limit, Targets, judge
from tests.loadtest.made_runs import made_run

ACTIONS = {"answer": 1.0, "heartbeat": 1.0}
TARGETS: Targets = {"answer.p99_s": Limit(at_most=0.025), "peak_open": Limit(at_least=100)}
PERCENTILES = [f"{action}.{last}" for action in ACTIONS for last in ("p50_s", "p95_s", "p99_s")]


def run_of(seed: int, *, length_s: int = 120, median_s: float = 0.004, people: int = 600, targets: bool = True) -> Run:
    run = made_run(length_s, people=people, seed=seed, median_s=median_s, actions=ACTIONS)
    run.targets = judge(run, TARGETS) if targets else []
    return run


A = run_of(1)


def words(found: Comparison) -> dict[str, Word]:
    return {row.name: row.word for row in found.rows}


@pytest.mark.parametrize("seed", [2, 3])
def test_two_runs_that_differ_by_chance_only_show_no_difference(seed: int) -> None:
    found = compare(A, run_of(seed))
    assert Word.DIFFERENT not in words(found).values()
    assert {words(found)[name] for name in PERCENTILES} == {Word.SAME}
    assert (found.warnings, found.missed) == ([], [])


def test_a_run_with_itself_has_ratios_of_one() -> None:
    found = compare(A, A)
    assert {row.ratio for row in found.rows if row.ratio is not None} == {1.0}


@pytest.mark.parametrize(("median_s", "worse"), [(0.008, True), (0.002, False)])
def test_twice_as_slow_or_quick_is_found(median_s: float, worse: bool) -> None:
    found = {row.name: row for row in compare(A, run_of(2, median_s=median_s)).rows}
    for name in PERCENTILES:
        row = found[name]
        assert (row.word, row.worse) == (Word.DIFFERENT, worse)
        assert row.ratio is not None
        assert row.low is not None
        assert row.high is not None
        assert row.ratio == pytest.approx(median_s / 0.004, rel=0.35)
        assert row.low <= row.ratio <= row.high
    assert found["answer.rate_per_s"].word is Word.SAME


def test_a_difference_smaller_than_the_buckets_is_none() -> None:
    assert words(compare(A, run_of(2, median_s=0.0041)))["answer.p50_s"] is Word.SAME


def test_more_done_is_neither_better_nor_worse() -> None:
    (row,) = [row for row in compare(A, run_of(2, people=1200)).rows if row.name == "answer.rate_per_s"]
    assert (row.word, row.worse) == (Word.DIFFERENT, None)


def test_a_short_run_says_nothing_of_noise() -> None:
    found = words(compare(run_of(1, length_s=20), run_of(2, length_s=20, median_s=0.1)))
    assert {found[name] for name in PERCENTILES} == {Word.SHORT}


def test_a_target_that_only_the_second_misses_is_told() -> None:
    slower = run_of(2, median_s=0.02)
    assert [target.name for target in compare(A, slower).missed] == ["answer.p99_s"]
    assert compare(slower, A).missed == []
    unasked = run_of(2, median_s=0.02, targets=False)
    assert [target.name for target in compare(A, unasked).missed] == ["answer.p99_s"]


def test_another_machine_and_other_orders_are_warned_of() -> None:
    other = run_of(2)
    other.machine["cores"] = 64
    other.orders |= {"candidates": 7, "out": "elsewhere"}
    assert other.violations is not None
    other.violations.counts["lost"] = 1
    told = [warning.en for warning in compare(A, other).warnings]
    assert told == [
        "Another machine, not comparable: cores: 2 / 64",
        "Other orders, not comparable: candidates: 600 / 7",
        "The checker found violations in B.",
    ]


@pytest.mark.parametrize("other", [Run({}, {}, 0.0, []), made_run(3, people=0)], ids=["nothing", "nobody"])
def test_an_empty_run_can_be_compared(other: Run) -> None:
    for found in (compare(A, other), compare(other, A), compare(other, other)):
        assert Word.DIFFERENT not in words(found).values()
        assert "</html>" in compare_page(A, other, found, ("a", "b"))


def test_the_page_tells_every_row_and_names_of_folders_are_text() -> None:
    found = compare(A, run_of(2, median_s=0.02))
    page = compare_page(A, run_of(2), found, ("<b>a", "b"))
    for row in found.rows:
        assert f"<code>{row.name}</code>" in page
    assert "<b>a" not in page.partition('<script type="application/json"')[0]
    assert "B misses targets that A met" in page


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name, median_s in (("a", 0.004), ("b", 0.02)):
        (tmp_path / name).mkdir()
        write_run(run_of(1, length_s=40, median_s=median_s, people=100), tmp_path / name)
    return tmp_path / "a", tmp_path / "b"


def test_the_command_fails_when_the_second_misses_what_the_first_met(folders: tuple[Path, Path]) -> None:
    a, b = map(str, folders)
    runner = CliRunner()
    worse = runner.invoke(app, ["compare", a, b])
    assert worse.exit_code == 1
    assert "answer.p99_s" in worse.output
    assert (folders[1] / "compared-with-a.html").exists()
    assert runner.invoke(app, ["compare", b, a]).exit_code == 0


def test_a_report_can_be_drawn_and_judged_again(folders: tuple[Path, Path], tmp_path: Path) -> None:
    targets = tmp_path / "mine.json"
    targets.write_text('{"peak_open": {"at_least": 101}}')
    runner = CliRunner()
    assert runner.invoke(app, ["report", str(folders[0])]).exit_code == 0
    assert (folders[0] / "report.html").exists()
    assert runner.invoke(app, ["report", str(folders[0]), "--targets", str(targets)]).exit_code == 1


@pytest.mark.parametrize("words", [["report", "{}"], ["report", "nowhere"], ["compare", "{}", "{}"]])
def test_a_folder_without_a_run_is_told_in_words(words: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [word.format(tmp_path) for word in words])
    assert done.exit_code == 2
    assert "result.json" in done.output or "nowhere" in done.output


def test_a_page_that_can_not_be_kept_is_said_in_a_line(tmp_path: Path) -> None:
    write_run(made_run(20, people=5), tmp_path)
    result = CliRunner().invoke(app, ["compare", str(tmp_path), str(tmp_path), "--out", str(tmp_path / "no" / "page")])
    assert result.exit_code == 2
    assert "be written" in result.output
