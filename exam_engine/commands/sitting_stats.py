"""`exam stats sitting` and `exam stats calibrate`: the figures of the desk's page, for the terminal and for files."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import asyncpg
import msgspec
import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exam_engine import store
from exam_engine.calibrating import Report, calibrate_sitting
from exam_engine.embedded import connected
from exam_engine.errors import NotFound
from exam_engine.sitting import Sitting
from exam_engine.sitting_sheets import Reading, SittingSheets
from scoring.sheets import columns_by
from scoring.sitting_statistics import SittingFigures, sitting_statistics

NOWHERE = 2  # exit code: there is no such sitting

SittingId = Annotated[int, typer.Argument(metavar="SITTING", help="The number of the sitting.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Data = Annotated[Path | None, typer.Option(help="The data folder (EXAM_DATA; default ./exam-data).")]


def sitting_command(sitting: SittingId, as_json: AsJson = False, data: Data = None) -> None:  # noqa: FBT002  a flag
    """Reliability, items, distractors and alarms of the papers of SITTING that are marked."""
    found = uvloop.run(_statistics(data, sitting))
    if found is None:
        _nowhere(sitting)
    if as_json:
        sys.stdout.write(json.dumps(as_plain(*found), ensure_ascii=False, allow_nan=False) + "\n")
    else:
        _print(*found)


def calibrate_command(sitting: SittingId, as_json: AsJson = False, data: Data = None) -> None:  # noqa: FBT002  a flag
    """Calibrate the items of SITTING (two-parameter logistic model) and write them to the bank."""
    report = uvloop.run(_calibrate(data, sitting))
    if report is None:
        _nowhere(sitting)
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        _print_report(report)


def _nowhere(sitting: int) -> NoReturn:
    typer.echo(f"exam: there is no sitting {sitting}.", err=True)
    raise typer.Exit(NOWHERE)


async def _statistics(data: Path | None, sitting_id: int) -> tuple[Sitting, Reading, SittingFigures] | None:
    async with connected(data) as url, asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        return await read_statistics(pool, sitting_id)


async def read_statistics(
    pool: "asyncpg.Pool[asyncpg.Record]", sitting_id: int
) -> tuple[Sitting, Reading, SittingFigures] | None:
    """None: there is no such sitting."""
    sitting = await store.sitting(pool, sitting_id)
    if sitting is None:
        return None
    now: datetime = await pool.fetchval("SELECT now()")
    reading = await SittingSheets(pool).read(sitting_id, now)
    columns = columns_by(reading.sheets, reading.keys, sitting.scheme)
    return sitting, reading, sitting_statistics(reading.sheets, columns, reading.known)


async def _calibrate(data: Path | None, sitting_id: int) -> Report | None:
    async with connected(data) as url, asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        try:
            return await calibrate_sitting(pool, sitting_id, await pool.fetchval("SELECT now()"))
        except NotFound:
            return None


def as_plain(sitting: Sitting, reading: Reading, figures: SittingFigures) -> dict[str, Any]:
    """For --json: KR-20 and alpha of the whole only where everybody had the same items."""
    said: dict[str, Any] = msgspec.to_builtins(figures)
    only = said["forms"][0] if figures.form_count == 1 and said["forms"] else {}
    for form in said["forms"]:
        form["form"] = reading.forms[form["form"]]
    for asked, item in zip(reading.sheets.asked, said["items"], strict=True):
        item.update(item=reading.items[asked.ref].code, item_id=asked.item_id, version=asked.version)
    head = {"sitting": sitting.sitting_id, "title": sitting.title, "entered": len(reading.everybody)}
    return {**head, "kr20": only.get("kr20"), "alpha": only.get("alpha"), "timed": reading.timed, **said}


def _print(sitting: Sitting, reading: Reading, figures: SittingFigures) -> None:
    console = Console()
    whole = Table("entered", "counted", "mean", "sd", "SEM", "reliability", "forms", title=escape(sitting.title))
    by = f" ({figures.reliability_by})" if figures.reliability_by else ""
    whole.add_row(
        str(len(reading.everybody)),
        str(figures.persons),
        _number(figures.mean),
        _number(figures.sd),
        _number(figures.sem),
        _number(figures.reliability) + by,
        str(figures.form_count),
    )
    console.print(whole)
    items = Table("item", "people", "p", "rest r", "median s", "alarms", title="Items")
    for asked, item in zip(reading.sheets.asked, figures.items, strict=True):
        seconds = "–" if item.seconds is None else f"{item.seconds.median:.0f}"
        alarms = ", ".join(alarm.code for alarm in item.alarms)
        figures_of = (str(item.count), _number(item.p), _number(item.rest_correlation), seconds, alarms)
        items.add_row(escape(reading.items[asked.ref].code), *figures_of)
    console.print(items)


def _print_report(report: Report) -> None:
    console = Console()
    table = Table("item", "answers", "p", "a", "b", title=f"{report.persons:,} papers, {report.rounds} rounds")
    for one in report.kept:
        table.add_row(escape(one.code), str(one.n), _number(one.p), _number(one.a), _number(one.b))
    console.print(table)
    for skipped in report.skipped:
        console.print(f"{escape(skipped.code)}: {skipped.why}")


def _number(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"
