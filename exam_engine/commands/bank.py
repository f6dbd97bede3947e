"""`exam bank`: what goes into the item bank from the command line."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exam_engine.embedded import connected
from question_bank.formats import Reading, Unreadable, read
from question_bank.formats.reading import FILE_BYTES_MAX
from question_bank.item import Item
from question_bank.store import SaveReport, save

REFUSED_EXIT: Final = 1  # a row was refused and therefore nothing written
UNREADABLE_EXIT: Final = 2
AUTHOR: Final = "command line"

app = typer.Typer(help="The item bank.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .xlsx, .jsonl or .json file of items.")]
PoolName = Annotated[str, typer.Option("--pool", help="The pool the items are for: humanities, professional, ...")]
Maps = Annotated[list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="A column that holds a field.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and report, write nothing.")]
KeepGood = Annotated[bool, typer.Option("--keep-good", help="Write the good rows although others are refused.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")]


@app.callback()
def bank() -> None:
    """Keep `import` a command of its own: typer would else make the only command the whole program."""


@app.command("import")
def import_command(
    file: File,
    pool: PoolName = "professional",
    maps: Maps = None,
    dry_run: DryRun = False,  # noqa: FBT002  a flag of the command line
    keep_good: KeepGood = False,  # noqa: FBT002  a flag of the command line
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
    data: Data = None,
) -> None:
    """Bring the items of FILE into the bank: all of them, or, when a row is refused, none.

    An item whose code is already in the pool becomes its new version if its content differs. Exit code 1: a row was
    refused and nothing was written; 2: the file can't be read.
    """
    try:
        reading = read(file.name, _bytes(file), _mapping(maps or []), pool)
    except Unreadable as error:
        _fail(str(error), as_json=as_json)
    stopped = bool(reading.refused) and not keep_good
    report = None
    if reading.items and not stopped and not dry_run:
        report = asyncio.run(_write(data, reading.items))
    imported = 0 if stopped else len(reading.items)  # a dry run says what the real one would
    if as_json:
        _print_json(reading, report, imported, dry_run=dry_run)
    else:
        _print_tables(reading, report, imported, dry_run=dry_run)
    raise typer.Exit(REFUSED_EXIT if stopped else 0)


async def _write(data: Path | None, items: tuple[Item, ...]) -> SaveReport:
    async with connected(data) as database_url:
        connection = await asyncpg.connect(database_url)
        try:
            return await save(connection, items, AUTHOR)
        finally:
            await connection.close()


def _bytes(file: Path) -> bytes:
    """The content of the file, without filling the memory with one that is refused for its size anyway."""
    try:
        with file.open("rb") as opened:
            return opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Unreadable(f"{file} can't be opened: {error.strerror}.") from None


def _mapping(maps: list[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for text in maps:
        column, equals, field = (part.strip() for part in text.rpartition("="))
        if not (column and equals and field) or column in mapping:
            raise Unreadable(f"--map {text} is not COLUMN=FIELD, each column once.")
        mapping[column] = field
    return mapping


def _fail(sentence: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"imported": 0, "refused": [], "error": sentence}, ensure_ascii=False))
    typer.echo(f"exam: {sentence}", err=True)
    raise typer.Exit(UNREADABLE_EXIT)


def _print_json(reading: Reading, report: SaveReport | None, imported: int, *, dry_run: bool) -> None:
    said = {
        "imported": imported,
        "refused": [msgspec.to_builtins(refused) for refused in reading.refused],
        "doubts": [msgspec.to_builtins(doubt) for doubt in reading.doubts],
        "ignored_columns": reading.ignored,
        "dry_run": dry_run,
        **(msgspec.to_builtins(report) if report else {}),
    }
    typer.echo(json.dumps(said, ensure_ascii=False))


def _print_tables(reading: Reading, report: SaveReport | None, imported: int, *, dry_run: bool) -> None:
    console = Console()
    for title, rows in (("Refused", reading.refused), ("Taken, but look at them", reading.doubts)):
        if rows:
            table = Table("row", "reason", title=title)
            for row in rows:
                table.add_row(str(row.row), escape(row.reason))
            console.print(table)
    if reading.ignored:
        console.print(f"Columns not asked for: {escape(', '.join(reading.ignored))}")
    counts = Table("read", "refused", "would be imported" if dry_run else "imported", "new", "new version", "unchanged")
    numbers = (report.added, report.changed, report.unchanged) if report else ("", "", "")
    counts.add_row(*map(str, (len(reading.items) + len(reading.refused), len(reading.refused), imported, *numbers)))
    console.print(counts)
    if reading.refused and not imported:
        console.print("Nothing was written. Mend these rows, or take the others with --keep-good.")
