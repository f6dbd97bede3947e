"""`exam results`: the histories, notices and archives of final results, checked from the command line."""

import json
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import typer
import uvloop

from exam_engine.embedded import connected
from exam_engine.results.checking import Checked, check

WRONG_EXIT: Final = 1

app = typer.Typer(help="Final results, their notices and archives.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def results() -> None:
    """Final results, their notices and archives."""


@app.command("verify")
def verify_command(
    data: Data = None,
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Walk the history of every result by its digests, look at every notice, and compute every archive's root anew.

    Exit code 1: something was changed.
    """
    found = uvloop.run(_check(data))
    if as_json:
        typer.echo(json.dumps(found._asdict(), ensure_ascii=False))
    else:
        for problem in found.problems:
            typer.echo(problem)
        looked = f"{found.results} results, {found.notices} notices, {found.archives} archives"
        typer.echo(f"{looked} looked at, {len(found.problems)} changed")
    raise typer.Exit(WRONG_EXIT if found.problems else 0)


async def _check(data: Path | None) -> Checked:
    async with connected(data) as database_url:
        connection = await asyncpg.connect(database_url)
        try:
            return await check(connection)
        finally:
            await connection.close()
