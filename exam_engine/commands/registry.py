"""`exam registry`: the snapshot of the electronic registration, and the histories of files, from the command line."""

import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import asyncpg
import msgspec
import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from exam_engine import store
from exam_engine.embedded import connected
from exam_engine.registration import store as file_store
from exam_engine.registration.dictionaries import PROVINCES
from exam_engine.registration.registry_import import COLUMNS, ROWS_MAX, RegistryImport
from exam_engine.registration.sheet_lines import BadSheet
from exam_engine.registration.sheets import Report, Sheet
from exam_engine.settings import CannotStart

WRONG_EXIT: Final = 1  # some rows were wrong; the others are in
UNREADABLE_EXIT: Final = 2  # nothing is in
LINES_MAX: Final = 200  # in the table; the first 1,000 are in --json
COUNTS: Final = ("total", "added", "changed", "same", "wrong")

app = typer.Typer(help="The snapshot of the electronic registration, and the histories of files.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .xlsx or .csv file, a physician a row.")]
Province = Annotated[str | None, typer.Option("--province", help="Take only rows of this province (11: Beijing).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")]


@app.command("import")
def import_command(
    file: File,
    province: Province = None,
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
    data: Data = None,
) -> None:
    """Bring in FILE. The same again changes nothing; wrong rows are named and left out, all others go in together.

    Exit code 1: some rows were wrong; 2: FILE can't be read to its end, and nothing was changed.
    """
    if province is not None and province not in PROVINCES:
        raise typer.BadParameter("is the code of no province", param_hint="--province")
    try:
        opened = file.open("rb")
    except OSError as error:
        raise CannotStart(f"{file} can't be opened: {error.strerror}") from error
    with closing(opened):
        try:
            report = uvloop.run(_import(data, opened, province, quiet=as_json))
        except BadSheet as error:
            _fail(error, as_json=as_json)
    _say(report, as_json=as_json)
    raise typer.Exit(WRONG_EXIT if report.wrong else 0)


async def _import(data: Path | None, file: BinaryIO, province: str | None, *, quiet: bool) -> Report:
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        bar = progress.add_task("reading", total=1.0)
        sheet = Sheet(file, COLUMNS, ROWS_MAX)
        async with connected(data) as database_url:
            connection = await asyncpg.connect(database_url)
            try:
                return await _write(connection, sheet, province, lambda done: progress.update(bar, completed=done))
            finally:
                await connection.close()


async def _write(
    connection: "asyncpg.Connection[asyncpg.Record]",
    sheet: Sheet,
    province: str | None,
    shown: Callable[[float], None],
) -> Report:
    async with connection.transaction():
        today: date = await connection.fetchval("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")
        report = await RegistryImport(sheet, province, today).run(connection, shown)
        facts = msgspec.json.encode({name: getattr(report, name) for name in COUNTS}).decode()
        subject = f"province {province or 'all'}"
        await connection.execute(store.AUDIT, None, "", "command line", "registry_imported", subject, facts)
    return report


def _fail(error: BadSheet, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode({"error": error.code, "facts": error.facts}).decode() + "\n")
    facts = ", ".join(f"{name} {value}" for name, value in error.facts.items())
    typer.echo(f"exam: the file can't be read: {error.code}" + (f" ({facts})" if facts else ""), err=True)
    raise typer.Exit(UNREADABLE_EXIT)


def _say(report: Report, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    console = Console()
    if report.problems:
        table = Table("row", "column", "problem", title="Left out")
        for problem in report.problems[:LINES_MAX]:
            table.add_row(str(problem.row), escape(problem.column), problem.code)
        console.print(table)
        if len(report.problems) > LINES_MAX:
            console.print(f"... and {len(report.problems) - LINES_MAX} more: --json has the first 1,000")
    counts = Table("rows", "added", "changed", "same", "wrong")
    counts.add_row(*(str(getattr(report, name)) for name in COUNTS))
    console.print(counts)


@app.command("verify")
def verify_command(data: Data = None) -> None:
    """Walk the history of every registration file by its digests. Exit code 1: one was changed."""
    walked, broken = uvloop.run(_verify(data))
    for application_id, place in broken:
        typer.echo(f"file {application_id}: its history was changed at move {place + 1}")
    typer.echo(f"{walked} histories walked, {len(broken)} changed")
    raise typer.Exit(WRONG_EXIT if broken else 0)


async def _verify(data: Path | None) -> tuple[int, list[tuple[int, int]]]:
    """How many histories there are, and file and place (from 0) of the first change in each that is broken."""
    walked, last, broken = 0, 0, []
    async with connected(data) as database_url:
        connection = await asyncpg.connect(database_url)
        try:
            while ids := await file_store.application_ids(connection, last):
                for last in ids:
                    place = await file_store.broken_link(connection, last)
                    if place is not None:
                        broken.append((last, place))
                walked += len(ids)
        finally:
            await connection.close()
    return walked, broken
