"""`exam bank`: what goes into the item bank from the command line, and comes out of it."""

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Final, NoReturn

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exam_engine.embedded import connected
from question_bank import pictures_store
from question_bank.duplicates import LEAST, Index, Report, Text
from question_bank.formats import READERS, Reading, Unreadable, read
from question_bank.formats.reading import FILE_BYTES_MAX
from question_bank.formats.writing import WRITERS, Writing, write
from question_bank.holdings_store import held_items
from question_bank.item import Item, ItemStatus
from question_bank.store import SaveReport, save

REFUSED_EXIT: Final = 1  # a row was refused, or an item left out, and therefore nothing written
UNREADABLE_EXIT: Final = 2
ENDS: Final = {".aiken": "aiken", ".ndjson": "jsonl"}  # besides the usual ends of the formats' files
AUTHOR: Final = "command line"
SHOWN_MAX: Final = 200  # pairs in a table; --json has them all

app = typer.Typer(help="The item bank.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A file of items: .xlsx, .jsonl, .json, .gift, .txt, .xml, .zip.")
]
Out = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")]
PoolName = Annotated[str, typer.Option("--pool", help="The pool the items are for: humanities, professional, ...")]
Maps = Annotated[list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="A column that holds a field.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and report, write nothing.")]
KeepGood = Annotated[bool, typer.Option("--keep-good", help="Write the good rows although others are refused.")]
InFormat = Annotated[str, typer.Option("--format", metavar="FORMAT", help=f"What it is: {', '.join(READERS)}.")]
OutFormat = Annotated[str, typer.Option("--format", metavar="FORMAT", help=f"What to write: {', '.join(WRITERS)}.")]
Statuses = Annotated[list[ItemStatus] | None, typer.Option("--status", help="Items of this status; default: active.")]
LeaveOut = Annotated[bool, typer.Option("--keep-good", help="Write the file although items are left out of it.")]
Least = Annotated[int, typer.Option("--least", min=30, max=100, help="Percent of the stem that a pair shares.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")]


@app.command("import")
def import_command(
    file: File,
    pool: PoolName = "professional",
    maps: Maps = None,
    kind: InFormat = "",
    dry_run: DryRun = False,  # noqa: FBT002  a flag of the command line
    keep_good: KeepGood = False,  # noqa: FBT002  a flag of the command line
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
    data: Data = None,
) -> None:
    """Bring the items of FILE into the bank: all of them, or, when a row is refused, none.

    Read are XLSX, JSON, JSON Lines, GIFT, Aiken, Moodle XML, and items and packages of QTI 2.1, 2.2 and 3.0. An item
    whose code is already in the pool becomes its new version if its content differs. Exit code 1: a row was refused
    and nothing was written; 2: the file can't be read.
    """
    try:
        reading = read(file.name, _bytes(file), _mapping(maps or []), pool, _known(kind, READERS))
    except Unreadable as error:
        _fail(str(error), as_json=as_json)
    stopped = bool(reading.refused) and not keep_good
    report = None
    if reading.items and not stopped and not dry_run:
        try:
            report = asyncio.run(_write(data, reading.items))
        except Unreadable as error:
            _fail(str(error), as_json=as_json)
    imported = 0 if stopped else len(reading.items)  # a dry run says what the real one would
    if as_json:
        _print_json(reading, report, imported, dry_run=dry_run)
    else:
        _print_tables(reading, report, imported, dry_run=dry_run)
    raise typer.Exit(REFUSED_EXIT if stopped else 0)


@app.command("export")
def export_command(
    file: Out,
    pool: PoolName = "professional",
    statuses: Statuses = None,
    kind: OutFormat = "",
    keep_good: LeaveOut = False,  # noqa: FBT002  a flag of the command line
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
    data: Data = None,
) -> None:
    """Write the items of a pool to FILE, so that an import of it gives the same items: all of them or none.

    The format is told by the name (.xlsx, .jsonl, .gift, .txt for Aiken, .xml for Moodle XML, .zip for a QTI 2.1
    package) or by --format. Exit code 1: the format can't hold an item, and nothing was written; 2: nothing to write.
    """
    try:
        kind = _known(kind, WRITERS) or _kind_by_name(file)
        writing = write(kind, asyncio.run(_held(data, pool, statuses or [ItemStatus.ACTIVE])))
        stopped = not writing.written or bool(writing.left and not keep_good)
        if not stopped:
            _save_file(file, writing.data)
    except Unreadable as error:
        _fail(str(error), as_json=as_json, counted="exported")
    _say_export(writing, 0 if stopped else writing.written, as_json=as_json)
    raise typer.Exit(REFUSED_EXIT if stopped else 0)


@app.command("duplicates")
def duplicates_command(
    pool: PoolName = "professional",
    least: Least = LEAST,
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
    data: Data = None,
) -> None:
    """Find items of a pool that ask nearly the same, and what differs in them: numbers and negations above all.

    Retired items are left out. Exit code 0, also when there are some: they are for a person to look at.
    """
    try:
        items = asyncio.run(_held(data, pool, [status for status in ItemStatus if status is not ItemStatus.RETIRED]))
    except Unreadable as error:
        _fail(str(error), as_json=as_json, counted="compared")
    report = Index(Text.of(item) for item in items).report(least)
    codes = {item.item_id: item.code for item in items}
    if as_json:
        typer.echo(json.dumps(_duplicates(report, codes), ensure_ascii=False))
    else:
        _print_duplicates(report, codes)


def _duplicates(report: Report, codes: dict[int, str]) -> dict[str, object]:
    pairs = [
        {
            "ours": codes[pair.ours.item_id],
            "theirs": codes[pair.theirs.item_id],
            "verdict": pair.verdict,
            "stem_percent": pair.stem_percent,
            "options_percent": pair.options_percent,
            "differences": msgspec.to_builtins(pair.differences),
        }
        for pair in report.pairs
    ]
    return {"compared": len(codes), "complete": report.complete, "pairs": pairs}


def _print_duplicates(report: Report, codes: dict[int, str]) -> None:
    console = Console()
    table = Table("item", "item", "stem", "options", "verdict", "differs in")
    for pair in report.pairs[:SHOWN_MAX]:
        said = "; ".join(f"{each.kind} {each.ours or '-'} / {each.theirs or '-'}" for each in pair.differences)
        ours, theirs = codes[pair.ours.item_id], codes[pair.theirs.item_id]
        percents = (f"{pair.stem_percent} %", f"{pair.options_percent} %")
        table.add_row(escape(ours), escape(theirs), *percents, pair.verdict, escape(said))
    if report.pairs:
        console.print(table)
    more = f", {SHOWN_MAX} of them shown" if len(report.pairs) > SHOWN_MAX else ""
    console.print(f"{len(codes)} items compared, {len(report.pairs)} pairs nearly the same{more}.")
    if not report.complete:
        console.print("There are more: this is where the comparison ended.")


async def _held(data: Path | None, pool: str, statuses: list[ItemStatus]) -> list[Item]:
    async with connected(data) as database_url:
        connection = await asyncpg.connect(database_url)
        try:
            found = await held_items(connection, pool, statuses)
        finally:
            await connection.close()
    if not found:
        raise Unreadable(f"The pool {pool} has no such items.")
    return found


def _kind_by_name(file: Path) -> str:
    name = file.name.lower()
    ends = {**{f".{writer.suffix}": kind for kind, writer in WRITERS.items()}, **ENDS}
    found = next((kind for end, kind in ends.items() if name.endswith(end)), None)
    if found is None:
        raise Unreadable(f"The name {file.name} does not say the format: {', '.join(ends)}, or --format.")
    return found


def _known(kind: str, kinds: Collection[str]) -> str:
    if kind and kind not in kinds:
        raise Unreadable(f"--format {kind} is none of {', '.join(kinds)}.")
    return kind


def _save_file(file: Path, data: bytes) -> None:
    """The whole file or none: a full disk leaves what was there before. Only its owner may read it: it has the keys."""
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}", delete=False) as part:
            try:
                part.write(data)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).replace(file)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(part.name).unlink()
                raise
    except OSError as error:
        raise Unreadable(f"{file} can't be written: {error.strerror}.") from None


def _say_export(writing: Writing, exported: int, *, as_json: bool) -> None:
    if as_json:
        left = [msgspec.to_builtins(each) for each in writing.left]
        typer.echo(json.dumps({"exported": exported, "left": left, "lost": writing.lost}, ensure_ascii=False))
        return
    console = Console()
    if writing.left:
        table = Table("item", "reason", title="Left out")
        for each in writing.left:
            table.add_row(escape(each.item), escape(each.reason))
        console.print(table)
    if writing.lost:
        console.print(f"The format has no place for: {escape(', '.join(writing.lost))}")
    console.print(f"{exported} items written.")
    if writing.left and not exported:
        console.print(
            "No file was written. Choose a format that holds these items, or leave them out with --keep-good."
        )


async def _write(data: Path | None, items: tuple[Item, ...]) -> SaveReport:
    async with connected(data) as database_url:
        connection = await asyncpg.connect(database_url)
        try:
            await _must_have_pictures(connection, items)
            return await save(connection, items, AUTHOR)
        finally:
            await connection.close()


async def _must_have_pictures(connection: "asyncpg.Connection[asyncpg.Record]", items: tuple[Item, ...]) -> None:
    """Raise Unreadable for an item with a picture that the bank does not have: a file only names it."""
    names = {picture.name: item.code for item in items for picture in item.pictures}
    known = {row["name"] for row in await connection.fetch(pictures_store.KNOWN, list(names))} if names else set()
    if missing := [code for name, code in names.items() if name not in known]:
        raise Unreadable(f"A picture of {missing[0]} is not in the bank: upload it at the author's desk first.")


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


def _fail(sentence: str, *, as_json: bool, counted: str = "imported") -> NoReturn:
    if as_json:
        listed = "refused" if counted == "imported" else "left"
        typer.echo(json.dumps({counted: 0, listed: [], "error": sentence}, ensure_ascii=False))
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
                table.add_row(escape(row.place) or str(row.row), escape(row.reason))
            console.print(table)
    if reading.ignored:
        console.print(f"Not asked for: {escape(', '.join(reading.ignored))}")
    counts = Table("read", "refused", "would be imported" if dry_run else "imported", "new", "new version", "unchanged")
    numbers = (report.added, report.changed, report.unchanged) if report else ("", "", "")
    counts.add_row(*map(str, (len(reading.items) + len(reading.refused), len(reading.refused), imported, *numbers)))
    console.print(counts)
    if reading.refused and not imported:
        console.print("Nothing was written. Mend these rows, or take the others with --keep-good.")
