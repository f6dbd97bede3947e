"""`exam-load compare` and `exam-load report`: from the folders of runs that are over."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from loadtest.compare import Comparison, compare
from loadtest.compare_page import METHOD, compare_page, figure_shown, missed_words, word_of
from loadtest.outcome import Run, read_run, write_run
from loadtest.report import write_report
from loadtest.targets import BadTargets, judge, passed, read_targets

Folder = Annotated[Path, typer.Argument(file_okay=False, help="The folder of a run, with its result.json.")]
Out = Annotated[Path | None, typer.Option("--out", dir_okay=False, help="The page. Beside the folder of B by default.")]
TargetsName = Annotated[str | None, typer.Option("--targets", help="Judge again, by this file or the name of one.")]


def compare_command(a: Folder, b: Folder, out: Out = None) -> None:
    """Compare two runs; exit code 1 if B misses a target that A met."""
    of_a, of_b = _read(a), _read(b)
    found = compare(of_a, of_b)
    console = Console()
    _tell(console, found)
    path = out or b / f"compared-with-{a.resolve().name}.html"
    try:
        path.write_text(compare_page(of_a, of_b, found, (str(a), str(b))), encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"the page can't be written: {error}") from error
    console.print(str(path), markup=False)
    if found.missed:
        raise typer.Exit(1)


def report_command(run_dir: Folder, targets: TargetsName = None) -> None:
    """Draw the report of a run again; exit code 1 if it did not pass."""
    run = _read(run_dir)
    if targets is not None:
        try:
            run.targets = judge(run, read_targets(targets))
        except BadTargets as error:
            raise typer.BadParameter(str(error)) from error
    try:
        if targets is not None:
            write_run(run, run_dir)
        path = write_report(run, run_dir)
    except OSError as error:
        raise typer.BadParameter(f"the report can't be written: {error}") from error
    Console().print(str(path), markup=False)
    if not passed(run):
        raise typer.Exit(1)


def _read(folder: Path) -> Run:
    try:
        return read_run(folder)
    except (OSError, msgspec.MsgspecError) as error:
        raise typer.BadParameter(f"{folder}: {error}") from error


def _tell(console: Console, found: Comparison) -> None:
    for warning in found.warnings:
        console.print(warning.en, style="bold yellow", markup=False)
    table = Table("figure", "A", "B", "B / A", "verdict")
    for row in found.rows:
        values = (figure_shown(row.name, row.a), figure_shown(row.name, row.b))
        style = {True: "red", False: "green", None: ""}[row.worse]
        table.add_row(row.name, *values, "–" if row.ratio is None else f"{row.ratio:.2f}", word_of(row).en, style=style)
    console.print(table)
    console.print(METHOD.en, markup=False)
    for target in found.missed:
        console.print(missed_words(target).en, style="bold red", markup=False)
