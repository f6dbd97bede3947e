"""The figures of a nationwide window: what is run for each, and the page that tells of all."""

import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from loadtest.__main__ import app
from loadtest.driver import run_command
from loadtest.national import STAGES, Stage, index_page, words_of
from loadtest.outcome import Run, Target, Violations, write_run
from loadtest.targets import read_targets


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_run_is_asked_for_in_words_that_the_command_knows(stage: Stage, tmp_path: Path) -> None:
    program = typer.Typer()
    heard: dict[str, object] = {}
    program.command()(_heard(run_command, heard))
    _python, m, loadtest, run, *words = words_of(stage, 7, tmp_path)
    assert (m, loadtest, run) == ("-m", "loadtest", "run")
    result = CliRunner().invoke(program, words)
    assert result.exit_code == 0, result.output
    assert heard["candidates"] == 7
    assert heard["out"] == tmp_path
    assert read_targets(str(heard["targets"]))


def _heard(command: Callable[..., None], heard: dict[str, object]) -> Callable[..., None]:
    """The same options, and nothing done."""

    def hear(**options: object) -> None:
        heard.update(options)

    hear.__signature__ = inspect.signature(command)  # type: ignore[attr-defined]
    hear.__annotations__ = command.__annotations__
    return hear


def a_run(*, met: bool, lost: int = 0) -> Run:
    target = Target("answer.p99_s", 0.5, at_most=True, reached=0.4 if met else 0.6, met=met)
    return Run({}, {}, 0.0, [], violations=Violations({"lost": lost}), targets=[target])


@pytest.mark.parametrize(
    ("runs", "good"),
    [
        ([a_run(met=True)] * 4, True),
        ([a_run(met=True)] * 3 + [a_run(met=False)], False),
        ([a_run(met=True)] * 3 + [a_run(met=True, lost=1)], False),
        ([a_run(met=True)] * 3 + [None], False),
        ([None] * 4, False),
    ],
)
def test_the_page_says_whether_every_figure_was_reached(runs: list[Run | None], good: bool) -> None:
    page = index_page({stage.name: run for stage, run in zip(STAGES, runs, strict=True)})
    assert ('class="verdict good"' in page) is good
    assert page.count("report.html") == sum(run is not None for run in runs)
    assert page.count("not run") == sum(run is None for run in runs)


def test_a_figure_that_does_not_exist_is_refused_in_words(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["national", "--out", str(tmp_path), "--only", "weather"])
    assert result.exit_code == 2
    assert "synchronised" in result.output


def test_an_earlier_result_is_not_told_as_that_of_a_run_that_did_not_come_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bell").mkdir()
    write_run(a_run(met=True), tmp_path / "bell")
    monkeypatch.setattr("loadtest.national.words_of", lambda *_: [sys.executable, "-c", "raise SystemExit(2)"])
    result = CliRunner().invoke(app, ["national", "--out", str(tmp_path), "--only", "bell"])
    assert result.exit_code == 1
    assert json.loads((tmp_path / "index.json").read_bytes())["bell"] is None


def test_a_folder_that_is_none_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, ["national", "--out", str(tmp_path / "file"), "--only", "bell"])
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "Invalid value: --out" in result.output
