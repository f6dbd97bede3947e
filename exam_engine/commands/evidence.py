"""`exam evidence`: delete what has been kept long enough, or everything of a person, and say what was deleted."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

import asyncpg
import msgspec
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from exam_engine import retiring
from exam_engine.embedded import connected
from exam_engine.settings import CannotStart, read_settings
from proctor import evidence_store
from proctor.evidence_store import RuleTotal, Standing
from proctor.keys import PersonKeys
from proctor.pictures import Pictures, StoreAway
from proctor.sweeping import Report, Sweeper

FILING_PERSONS: Final = 100_000  # from here on the store of faces is filed with the province (domain.md §7.5)
REPORT_DAYS: Final = 365
FAILED_EXIT: Final = 1

Answer = TypeVar("Answer")

app = typer.Typer(help="Evidence: retention, shredding and what was deleted.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


class DueTotal(msgspec.Struct, frozen=True):
    """What a sweep would delete by one rule."""

    rule: str
    deletions: int
    pictures: int
    missing: int
    bytes: int


class Stock(msgspec.Struct, frozen=True):
    """The report: what is kept now, and what was deleted `since` … `until`."""

    now: Standing
    filing_due: bool
    since: datetime
    until: datetime
    deleted: list[RuleTotal]


class Desk(msgspec.Struct, frozen=True):
    """What a command works with; `now` is the database's time."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    pictures: Pictures
    sweeper: Sweeper
    now: datetime


@app.callback()
def evidence() -> None:
    """Evidence: retention, shredding and what was deleted."""


@app.command("sweep")
def sweep_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due, delete nothing.")] = False,  # noqa: FBT002  a flag
    as_json: AsJson = False,  # noqa: FBT002  a flag
    data: Data = None,
) -> None:
    """Delete the pictures and photos that have been kept long enough, and the keys of whom nothing is left.

    Exit code 1: something is due and still there, because the disk said no. What was interrupted goes on when repeated.
    """
    if dry_run:
        _say_due(uvloop.run(_with_desk(data, _due_totals)), as_json=as_json)
        return
    report = uvloop.run(_with_desk(data, _sweep))
    _say_report(report, as_json=as_json)
    raise typer.Exit(FAILED_EXIT if report.failed else 0)


@app.command("shred")
def shred_command(
    person_id: Annotated[int, typer.Argument(metavar="PERSON_ID", help="Of whom everything is deleted.")],
    reason: Annotated[str, typer.Option("--reason", help="By whose order and why; it goes on record.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,  # noqa: FBT002  a flag
    despite_cases: Annotated[  # noqa: FBT002  a flag
        bool, typer.Option("--despite-cases", help="Even if it is evidence in a case that is undecided or confirmed.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002  a flag
    data: Data = None,
) -> None:
    """Delete every picture, photo and the key of a person now: nothing of it can be brought back."""
    if not 1 <= len(reason.strip()) <= 500:
        raise typer.BadParameter("say why, in up to 500 characters", param_hint="--reason")
    if not yes:
        typer.confirm(f"Delete all pictures of person {person_id} for ever?", abort=True, err=True)

    async def shred(desk: Desk) -> Report:
        if not despite_cases and await desk.pool.fetchval(evidence_store.CASES_STANDING, person_id):
            raise CannotStart(f"this is the evidence of a case about person {person_id} (--despite-cases deletes it)")
        try:
            return await desk.sweeper.forget(person_id, reason.strip(), desk.now)
        except StoreAway as error:
            raise CannotStart(f"the key is shredded, but files are left: {error}; say it again") from error

    _say_report(uvloop.run(_with_desk(data, shred)), as_json=as_json)


@app.command("report")
def report_command(
    since: Annotated[datetime | None, typer.Option(help="From this day on (default: a year ago).")] = None,
    as_json: AsJson = False,  # noqa: FBT002  a flag
    data: Data = None,
) -> None:
    """Say how much is kept, of how many persons, and what was deleted by which rule."""

    async def ask(desk: Desk) -> Stock:
        begin = since.replace(tzinfo=UTC) if since else desk.now - timedelta(days=REPORT_DAYS)
        until = desk.now + timedelta(seconds=1)
        now = await evidence_store.standing(desk.pool)
        deleted = await evidence_store.deletions_by_rule(desk.pool, begin, until)
        return Stock(now, now.persons >= FILING_PERSONS, begin, until, deleted)

    _say_stock(uvloop.run(_with_desk(data, ask)), as_json=as_json)


async def _with_desk(data: Path | None, work: Callable[[Desk], Awaitable[Answer]]) -> Answer:
    async with _desk(data) as desk:
        return await work(desk)


@asynccontextmanager
async def _desk(data: Path | None) -> AsyncIterator[Desk]:
    settings = read_settings(data=data)
    async with connected(data) as database_url, asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        now: datetime = await pool.fetchval("SELECT clock_timestamp()")
        keys = PersonKeys(pool, settings.secret_key)
        pictures = Pictures(settings.data / "pictures", keys)
        yield Desk(pool, pictures, Sweeper(pool, pictures, keys, retiring.attempts_of(pool, now)), now)


async def _sweep(desk: Desk) -> Report:
    report = Report()
    async for due in retiring.due_evidence(desk.pool, desk.now):
        report += await desk.sweeper.sweep(due, desk.now)
    return report + await desk.sweeper.shred_where_nothing_is_left(desk.now)


async def _due_totals(desk: Desk) -> list[DueTotal]:
    totals: dict[str, DueTotal] = {}
    async for chunk in retiring.due_evidence(desk.pool, desk.now):
        for due in chunk:
            try:
                there = await desk.pictures.sizes(due.person_id, due.names)
            except StoreAway as error:
                raise CannotStart(f"the pictures can't be read: {error}") from error
            old = totals.get(due.reason, DueTotal(due.reason, 0, 0, 0, 0))
            totals[due.reason] = DueTotal(
                due.reason,
                old.deletions + 1,
                old.pictures + len(due.names),
                old.missing + len(due.names) - there.files,
                old.bytes + there.bytes,
            )
    return [totals[rule] for rule in sorted(totals)]


def _say_due(totals: list[DueTotal], *, as_json: bool) -> None:
    if as_json:
        _say_json({"dry_run": True, "due": totals})
        return
    table = Table("rule", "deletions", "pictures", "gone already", "bytes", title="Due; nothing was deleted")
    for total in totals:
        table.add_row(*map(str, msgspec.structs.astuple(total)))
    Console().print(table)


def _say_report(report: Report, *, as_json: bool) -> None:
    if as_json:
        _say_json(report)
        return
    table = Table("deletions", "pictures", "gone already", "bytes", "keys shredded", "failed")
    table.add_row(*map(str, msgspec.structs.astuple(report)))
    Console().print(table)
    if report.failed:
        typer.echo("exam: what failed is still there; look at the disk and sweep again", err=True)


def _say_stock(stock: Stock, *, as_json: bool) -> None:
    if as_json:
        _say_json(stock)
        return
    console = Console()
    now = stock.now
    oldest = f"{now.oldest_at:%Y-%m-%d}" if now.oldest_at else ""
    kept = Table("pictures", "oldest", "photos", "persons", "keys shredded", "views", title="Kept now")
    kept.add_row(*map(str, (now.pictures, oldest, now.photos, now.persons, now.shredded, now.views)))
    console.print(kept)
    if stock.filing_due:
        console.print(f"Faces of {FILING_PERSONS:,} persons or more: to be filed within 30 working days.")
    deleted = Table("what", title=f"Deleted since {stock.since:%Y-%m-%d}")
    deleted.add_column("rule", no_wrap=True)
    for heading in ("deletions", "pictures", "gone already", "bytes", "last"):
        deleted.add_column(heading)
    for total in stock.deleted:
        numbers = (total.deletions, total.pictures, total.missing, total.bytes)
        deleted.add_row(total.kind, total.rule, *map(str, numbers), f"{total.last_at:%Y-%m-%d}")
    console.print(deleted)


def _say_json(said: object) -> None:
    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
