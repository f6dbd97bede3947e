"""`exam-load national`: the figures the engine must reach, each by a run of its own on servers of its own.

The runs follow each other, since they share the machine with what they measure. Each is an `exam-load run` with its
own folder, report and targets; what came of all of them stands in `index.html` and `index.json`.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from loadtest.outcome import Run, Target, read_run
from loadtest.report_page import Html, Page, Section, paragraph, told
from loadtest.report_tables import targets as targets_table
from loadtest.report_words import Both
from loadtest.targets import passed

MISSED: Final = 1


class Stage(msgspec.Struct, frozen=True):
    """One figure: what it is called, what is asked of it, and the options of its run."""

    name: str
    title: Both
    candidates: int
    words: tuple[str, ...]


STAGES: Final = (
    Stage(
        "open",
        Both("十万场考试同时进行十分钟", "100,000 attempts open at once, for ten minutes"),
        100_000,
        (
            "--shape", "steady", "--begun", "--ramp-s", "800", "--hold-s", "600", "--serve-processes", "6",
            "--targets", "national",
        ),
    ),
    Stage(
        "synchronised",
        Both("一万人十秒内同时开考", "10,000 press start within ten seconds"),
        10_000,
        (
            "--shape", "synchronised", "--within-s", "10", "--after-s", "40", "--kind", "humanities",
            "--serve-processes", "2", "--targets", "synchronised",
        ),
    ),
    Stage(
        "bell",
        Both("一声铃，一万份试卷", "one bell for 10,000 attempts"),
        10_000,
        (
            "--shape", "steady", "--begun", "--ramp-s", "30", "--hold-s", "60", "--closes-in", "150",
            "--serve-processes", "2", "--no-pictures", "--targets", "bell",
        ),
    ),
    Stage(
        "faults",
        Both("两千人，所有故障一起来", "2,000 candidates, every fault at once"),
        2_000,
        (
            "--shape", "steady", "--begun", "--ramp-s", "30", "--hold-s", "240", "--serve-processes", "2",
            "--instances", "2", "--faults", "all", "--targets", "faults",
        ),
    ),
)  # fmt: skip

console = Console(stderr=True)


def national_command(
    out: Annotated[Path, typer.Option(help="The folder for all of it; as root, others must be able to enter it.")],
    only: Annotated[list[str] | None, typer.Option(help="Of: open, synchronised, bell, faults.")] = None,
    candidates: Annotated[int, typer.Option(min=0, help="Fewer or more than the figure asks for; 0: as it asks.")] = 0,
) -> None:
    """Run the figures one after the other and judge them: 0 all reached and nothing lost, 1 not so.

    Takes about fifty minutes and the whole machine.
    """
    wanted = only or [stage.name for stage in STAGES]
    unknown = set(wanted) - {stage.name for stage in STAGES}
    if unknown:
        raise typer.BadParameter(f"--only knows {', '.join(stage.name for stage in STAGES)}, not {unknown.pop()!r}")
    try:
        out.mkdir(mode=0o711, parents=True, exist_ok=True)
        for name in wanted:  # of a run that does not come about, no earlier one's result may be told
            (out / name / "result.json").unlink(missing_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"--out {out}: {error.strerror}") from error
    for stage in STAGES:
        if stage.name in wanted:
            console.rule(f"{stage.title.en} · {stage.title.zh}")
            count = candidates or stage.candidates
            subprocess.run(words_of(stage, count, out / stage.name), check=False)  # noqa: S603  our own words
    found = {stage.name: _read(out / stage.name) for stage in STAGES}
    (out / "index.html").write_text(index_page(found), encoding="utf-8")
    (out / "index.json").write_bytes(msgspec.json.encode({name: _told(run) for name, run in found.items()}))
    console.print(_table(found))
    console.print(f"{out / 'index.html'}", markup=False)
    if not all((run := found[name]) is not None and passed(run) for name in wanted):
        raise typer.Exit(MISSED)


def words_of(stage: Stage, candidates: int, folder: Path) -> list[str]:
    """The command of one run."""
    options = ["--candidates", str(candidates), "--out", str(folder), *stage.words]
    return [sys.executable, "-m", "loadtest", "run", *options]


def _read(folder: Path) -> Run | None:
    """What that run found, now or another day; None if there is none that can be read."""
    try:
        return read_run(folder)
    except (OSError, msgspec.MsgspecError):
        return None


def index_page(found: dict[str, Run | None]) -> str:
    """All figures on one page, each leading to the report of its run."""
    sections = [Section(stage.title, _section(stage, found[stage.name])) for stage in STAGES]
    judged = [run for run in found.values() if run is not None]
    good = bool(judged) and len(judged) == len(STAGES) and all(passed(run) for run in judged)
    verdict = Both("全部达标", "every figure reached") if good else Both("未全部达标", "not every figure reached")
    head = [paragraph(verdict, "verdict good" if good else "verdict bad")]
    return Page().whole(Both("全国考试压力测试", "A nationwide exam window"), head, sections)


def _section(stage: Stage, run: Run | None) -> Sequence[Html]:
    if run is None:
        return [paragraph(Both("没有结果", "not run"))]
    words = told(Both("完整报告", "the whole report"))
    link = Html(f'<p><a href="{stage.name}/report.html">{words}</a></p>')
    return [targets_table(run.targets), link]


def _told(run: Run | None) -> dict[str, object] | None:
    if run is None:
        return None
    counts = {} if run.violations is None else run.violations.counts
    return {"passed": passed(run), "targets": msgspec.to_builtins(run.targets), "violations": counts}


def _table(found: dict[str, Run | None]) -> Table:
    table = Table("figure", "target", "limit", "reached", "")
    for stage in STAGES:
        run = found[stage.name]
        if run is None:
            table.add_row(stage.title.en, "", "", "not run", "")
            continue
        for target in run.targets:
            table.add_row(stage.title.en, target.name, _limit(target), _reached(target), "✓" if target.met else "✗")
    return table


def _limit(target: Target) -> str:
    return f"{'≤' if target.at_most else '≥'} {target.limit:g}"


def _reached(target: Target) -> str:
    return "not measured" if target.reached is None else f"{target.reached:.4g}"
