"""`exam journal verify`: walk the digests and compare each fold with the stored rows."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import msgspec
import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from exam_engine import attempt as core
from exam_engine import store
from exam_engine.chain import Entry, first_broken
from exam_engine.embedded import connected
from exam_engine.journal import Journal, Row
from exam_engine.messages import Entered, read_event
from exam_engine.papers import paper_digest, read_paper
from exam_engine.service import row_of

CHUNK: Final = 200

app = typer.Typer(help="The journals of attempts.", no_args_is_help=True)
Data = Annotated[Path | None, typer.Option(help="The data folder (EXAM_DATA; default ./exam-data).")]


class Finding(msgspec.Struct, frozen=True):
    """The first thing wrong with one attempt. `version` 0: the row or the paper, not an event."""

    attempt_id: int
    version: int
    problem: str


class Verdict(msgspec.Struct, frozen=True):
    attempts: int
    events: int
    broken: list[Finding]


@app.callback()
def journal() -> None:
    """The journals of attempts."""


@app.command("verify")
def verify_command(
    attempt: Annotated[int | None, typer.Option(help="Only this attempt.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,  # noqa: FBT002  a flag
    data: Data = None,
) -> None:
    """Check that no history was changed: exit code 1 and the first broken event of each attempt if one was."""
    verdict = uvloop.run(_verify(data, attempt, quiet=as_json))
    if as_json:
        sys.stdout.write(msgspec.json.encode(verdict).decode() + "\n")
    else:
        _print(verdict)
    raise typer.Exit(1 if verdict.broken else 0)


async def _verify(data: Path | None, attempt_id: int | None, *, quiet: bool) -> Verdict:
    async with connected(data) as database_url, asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        return await verify(pool, attempt_id, quiet=quiet)


async def verify(pool: "asyncpg.Pool[asyncpg.Record]", attempt_id: int | None = None, *, quiet: bool = True) -> Verdict:
    """Every attempt, or one. An attempt that does not exist is a finding."""
    attempts = events = 0
    broken: list[Finding] = []
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        bar = progress.add_task("attempts", total=None)
        async for ids in _chunks(pool, attempt_id):
            journals = await Journal(pool).load_many(ids)
            for number in ids:
                entries = journals.get(number, [])
                attempts += 1
                events += len(entries)
                finding = await _check(pool, number, entries)
                if finding is not None:
                    broken.append(finding)
            progress.advance(bar, len(ids))
    return Verdict(attempts, events, broken)


async def _chunks(pool: "asyncpg.Pool[asyncpg.Record]", attempt_id: int | None) -> AsyncIterator[list[int]]:
    if attempt_id is not None:
        yield [attempt_id]
        return
    last = 0
    while rows := await pool.fetch(store.ALL_ATTEMPT_IDS, last, CHUNK):
        last = rows[-1][0]
        yield [row[0] for row in rows]


async def _check(pool: "asyncpg.Pool[asyncpg.Record]", attempt_id: int, entries: list[Entry]) -> Finding | None:
    if not entries:
        return Finding(attempt_id, 0, "there is no journal of this attempt")
    version = first_broken(entries)
    if version is not None:
        return Finding(attempt_id, version, "the digest does not follow from what was written before")
    try:
        first = read_event(entries[0].body)
        assert isinstance(first, Entered)
        state = core.begin(first)
        for entry in entries[1:]:
            version = entry.version
            state = core.evolve(state, read_event(entry.body), entry.at)
    except (msgspec.DecodeError, AssertionError) as error:
        return Finding(attempt_id, version or 1, f"the event can't be read: {error}")
    return await _compare(pool, attempt_id, state)


async def _compare(pool: "asyncpg.Pool[asyncpg.Record]", attempt_id: int, state: core.Attempt) -> Finding | None:
    stored = await pool.fetchrow(store.ROW_OF, attempt_id)
    if stored is None:
        return Finding(attempt_id, 0, "exam.attempts has no row of this attempt")
    if Row(*stored) != row_of(state):
        return Finding(attempt_id, 0, f"exam.attempts says {tuple(stored)}, the journal says otherwise")
    body = await pool.fetchval(store.PAPER, attempt_id)
    if body is None or paper_digest(read_paper(body)) != state.paper:
        return Finding(attempt_id, 1, "the paper is not the one the journal names")
    return None


def _print(verdict: Verdict) -> None:
    console = Console()
    for finding in verdict.broken:
        where = f"event {finding.version}" if finding.version else "row"
        console.print(f"[red]BROKEN[/red] attempt {finding.attempt_id}, {where}: {finding.problem}", soft_wrap=True)
    state = "[red]not intact[/red]" if verdict.broken else "[green]intact[/green]"
    console.print(f"{verdict.attempts} attempts, {verdict.events} events: {state}")
