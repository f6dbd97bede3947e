"""`exam demo --physicians N`: people and files to try the desks out with."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import typer
from rich.console import Console
from rich.progress import Progress

from exam_engine import demo, demo_files
from exam_engine.demo_registration import WALKERS
from exam_engine.demo_results import GRADUATES
from exam_engine.embedded import connected

COUNT_MAX: Final = 1_000_000
SEED: Final = 20260101
OWN: Final = "SELECT organisation_id FROM people.organisations WHERE kind = $1 AND name = $2 AND province = $3"
THERE: Final = "SELECT count(*) FROM reg.applications a JOIN people.persons p USING (person_id) WHERE p.is_test"


Data = Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")]


def demo_command(
    physicians: Annotated[
        int, typer.Option("--physicians", min=1, max=COUNT_MAX, help="How many registration files to make.")
    ],
    data: Annotated[
        Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")
    ] = None,
) -> None:
    """Make the demonstration with N physicians in plausible states: test data, plainly marked as such.

    Exit code 1: there are such files already; nothing is done twice.
    """
    made = asyncio.run(_make(data, physicians))
    if not made:
        typer.echo("exam: there are files of test data already; nothing was changed.", err=True)
        raise typer.Exit(1)
    Console().print(f"{physicians} physicians. Log in at the desk as institution, agency or province: {demo.PASSWORD}")


async def _make(data: Path | None, count: int) -> bool:
    async with connected(data) as database_url:
        await demo.seed(database_url, None)
        connection = await asyncpg.connect(database_url)
        try:
            with Progress(console=Console(stderr=True)) as progress:
                task = progress.add_task("files", total=count)
                return await write_files(connection, count, lambda done: progress.advance(task, done))
        finally:
            await connection.close()


async def write_files(
    connection: "asyncpg.Connection[asyncpg.Record]", count: int, tell: Callable[[int], None]
) -> bool:
    """Registration files in the queues of the demonstration's desks; False, and nothing, if they are there already."""
    if await connection.fetchval(THERE) > len(WALKERS) + len(GRADUATES):
        return False
    async with connection.transaction():
        await demo_files.add(
            connection,
            count,
            province=demo.PROVINCE,
            cycle=demo.CYCLE,
            institution_id=await connection.fetchval(OWN, "institution", "测试医院", demo.PROVINCE),
            agency_id=await connection.fetchval(OWN, "agency", "测试考核机构", demo.PROVINCE),
            seed=SEED,
            now=datetime.now(UTC),
            tell=tell,
        )
    await connection.execute("VACUUM (ANALYZE) reg.files, reg.applications, reg.assessment_accounts, reg.moves")
    return True
