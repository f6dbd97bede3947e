"""`exam-load plan` as people type it."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from loadtest.__main__ import app
from loadtest.assumptions import SHARES
from loadtest.costs import read_costs
from loadtest.outcome import Run, write_run
from loadtest.plan_charts import by_action, cores, evidence, inside, last_day
from loadtest.plan_words import FIGURES
from loadtest.planner import Plan


def said(*words: str) -> Result:
    return CliRunner().invoke(app, ["plan", *words])


def test_a_plan_is_written_as_a_page_and_as_json(tmp_path: Path) -> None:
    done = said("--physicians", "4000000", "--window-days", "11", "--out", str(tmp_path / "new"))
    assert done.exit_code == 0, done.output
    assert "machines in all" in done.output
    plan = msgspec.json.decode((tmp_path / "new" / "plan.json").read_bytes(), type=Plan)
    assert plan.physicians == 4_000_000
    assert "4\u202f000\u202f000" in (tmp_path / "new" / "plan.html").read_text(encoding="utf-8")


def test_figures_come_as_json_too_and_follow_the_assumptions(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path), "--json", "--physicians", "300000", "--provinces", "35, 42,35", "--window-days", "3"]
    plain = json.loads(said(*out).stdout)
    other = json.loads(said(*out, "--assume", "snapshot.every_s=60", "--assume", "headroom=1").stdout)
    assert other["peak.snapshots_per_s"] == pytest.approx(2 * plain["peak.snapshots_per_s"])
    assert other["peak.open"] == plain["peak.open"]


def test_costs_come_from_a_run_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    write_run(Run({}, {}, 0.0, []), tmp_path / "run")
    costs = msgspec.structs.replace(read_costs(), vision_ms=31.2)
    (tmp_path / "costs.json").write_bytes(msgspec.json.encode(costs))
    out = ["--out", str(tmp_path / "plan"), "--json", "--costs"]
    by_run, by_file = (json.loads(said(*out, str(tmp_path / name)).stdout) for name in ("run", "costs.json"))
    assert by_file["cores.vision"] == pytest.approx(by_run["cores.vision"] * 31.2 / read_costs().vision_ms)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--provinces", "99"], "no such province: 99"),
        (["--assume", "nonsense=1"], "no such assumption: nonsense=1"),
        (["--assume", "headroom"], "no such assumption: headroom"),
        (["--assume", "headroom=much"], "not a number"),
        (["--assume", "headroom=nan"], "out of range"),
        (["--assume", "headroom=-1"], "out of range"),
        (["--assume", "machine.cores=0"], "out of range"),
        (["--assume", "heartbeat.every_s=0"], "out of range"),
        (["--assume", "humanities.stay_min=61"], "out of range"),
        (["--costs", "/nowhere"], "/nowhere"),
    ],
)
def test_what_cannot_be_planned_is_said(tmp_path: Path, words: list[str], why: str) -> None:
    done = said("--out", str(tmp_path), *words)
    assert done.exit_code == 2
    assert why in done.output
    assert not (tmp_path / "plan.html").exists()


def test_a_costs_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "costs.json").write_text('{"measured_on": "here"}')
    done = said("--out", str(tmp_path), "--costs", str(tmp_path / "costs.json"))
    assert done.exit_code == 2
    assert "cannot plan" in done.output


@pytest.mark.parametrize("words", [["--physicians", "1"], ["--physicians", "1000", "--window-days", "1"]])
def test_the_smallest_window_has_all_its_charts(tmp_path: Path, words: list[str]) -> None:
    done = said("--out", str(tmp_path), *words)
    assert done.exit_code == 0, done.output
    plan = msgspec.json.decode((tmp_path / "plan.json").read_bytes(), type=Plan)
    seconds = 60 * sum(plan.curve.starts_per_s)
    attempts = plan.physicians * 1.405
    assert seconds == pytest.approx(attempts, rel=0.01)
    charts = [by_action(plan), cores(plan), evidence(plan), inside(plan), last_day(plan)]
    assert all(any(any(line["y"]) for line in chart.lines) for chart in charts)
    assert "0.0" not in [shown(plan.figures[name]) for name, (_, shown) in FIGURES.items()]


def test_a_window_nobody_comes_to_can_be_drawn(tmp_path: Path) -> None:
    shares = ["--assume", "humanities.share=0", "--assume", "professional.share=0"]
    assert said("--out", str(tmp_path), *shares).exit_code == 0


@pytest.mark.parametrize("name", sorted(SHARES))
def test_a_share_is_at_most_the_whole(tmp_path: Path, name: str) -> None:
    done = said("--out", str(tmp_path), "--assume", f"{name}=1.01")
    assert done.exit_code == 2
    assert "out of range" in done.output


def test_a_costs_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "costs.json").write_text("no JSON")
    done = said("--out", str(tmp_path), "--costs", str(tmp_path / "costs.json"))
    assert done.exit_code == 2
    assert "costs.json" in done.output
