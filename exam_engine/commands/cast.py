"""`exam cast --physicians N --out FILE`: an exam and its people for a load test."""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from errno import EISDIR
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import typer
from rich.console import Console
from rich.progress import Progress

from exam_engine import casting, demo
from exam_engine.app import build
from exam_engine.commands.demo import write_files
from exam_engine.embedded import connected, running
from exam_engine.settings import CannotStart, ExitCode, default_data, read_settings

COUNT_MAX: Final = 1_000_000
DESKS_MAX: Final = 200
KINDS: Final = ("humanities", "professional", "practice")
NOT_RUNNING: Final = "`exam up` must be running on the data folder, or EXAM_REDIS_URL be set"
KIND_HELP: Final = "humanities (50 items), professional (100) or practice (the few of the practice)."


def cast_command(
    physicians: Annotated[int, typer.Option("--physicians", min=1, max=COUNT_MAX, help="How many may sit it.")],
    out: Annotated[Path, typer.Option("--out", help="Write the cast here, as JSON (it holds sessions: mode 0600).")],
    kind: Annotated[str, typer.Option("--kind", help=KIND_HELP)] = "humanities",
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=600, help="Length of an attempt.")] = 60,
    closes_in: Annotated[
        float | None, typer.Option("--closes-in", min=10, help="Seconds until one bell ends everybody's attempt.")
    ] = None,
    begun: Annotated[bool, typer.Option("--begun", help="Enter and start all attempts beforehand.")] = False,  # noqa: FBT002
    entered: Annotated[bool, typer.Option("--entered", help="Enter them: only 【去考试】 is left.")] = False,  # noqa: FBT002
    desks: Annotated[int, typer.Option("--desks", min=0, max=DESKS_MAX, help="How many invigilators.")] = 1,
    files: Annotated[
        int, typer.Option("--files", min=0, max=COUNT_MAX, help="Registration files in the reviewers' queues.")
    ] = 0,
    data: Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA).")] = None,
) -> None:
    """Make an exam of test data for a load test, beside a running `exam up` or a database named by EXAM_DATABASE_URL.

    Everybody in it is plainly test data (压测医师). Never do this to a system with real people in it.
    """
    if kind not in KINDS:
        raise CannotStart(f"--kind must be one of {', '.join(KINDS)}, not {kind!r}", ExitCode.SETTINGS)
    if begun and entered:
        raise CannotStart(
            "--begun and --entered exclude each other: who has begun is past his entry", ExitCode.SETTINGS
        )
    _must_be_running(data)
    _must_be_writable(out)
    asyncio.run(_make(data, physicians, out, kind, minutes, closes_in, desks, files, begun=begun, entered=entered))
    Console(stderr=True).print(f"{physicians} physicians: {out}", markup=False)


async def _make(
    data: Path | None,
    count: int,
    out: Path,
    kind: str,
    minutes: int,
    closes_in: float | None,
    desks: int,
    files: int,
    *,
    begun: bool,
    entered: bool,
) -> None:
    settings = read_settings(data=data, vision=0)
    redis_url = settings.redis_url
    if redis_url is None and (found := running(settings.data)) is not None:
        redis_url = found.redis_url
    if redis_url is None:
        raise CannotStart(NOT_RUNNING, ExitCode.UNREACHABLE)
    async with connected(data) as database_url:
        await demo.seed(database_url, None)
        async with build(settings, database_url, redis_url, idle=True) as house:
            sitting_id = await casting.make_sitting(house.pool, kind, "压力测试（测试数据）", minutes, closes_in)
            people: list[tuple[int, str]] = []
            attempts: list[int] = []
            with Progress(console=Console(stderr=True)) as progress:
                task = progress.add_task("people", total=count)
                while len(people) < count:
                    people += await casting.add_people(
                        house.pool, min(casting.CHUNK * 10, count - len(people)), sitting_id
                    )
                    progress.update(task, completed=len(people))
                if begun or entered:
                    task = progress.add_task("attempts", total=count)
                    attempts = await casting.begin_attempts(
                        house, sitting_id, [person for person, _ in people],
                        lambda done: progress.advance(task, done), start=begun,
                    )  # fmt: skip
            logins = await casting.add_desks(house.pool, desks, sitting_id)
            if files:
                connection = await asyncpg.connect(database_url)
                try:
                    await write_files(connection, files, lambda _done: None)
                finally:
                    await connection.close()
            await house.pool.execute("ANALYZE people.sessions, people.persons, exam.attempts, exam.entitlements")
            _write(out, await casting.describe(house.pool, sitting_id, people, attempts, logins))


def _must_be_running(data: Path | None, environ: Mapping[str, str] = os.environ) -> None:
    """Before anything is made: a data folder that was mistyped must not come to be. Raises `CannotStart`."""
    named = data or (Path(environ["EXAM_DATA"]) if environ.get("EXAM_DATA") else default_data())
    if not (named.expanduser().is_dir() or (environ.get("EXAM_REDIS_URL") and environ.get("EXAM_DATABASE_URL"))):
        raise CannotStart(f"there is no data folder {named}: {NOT_RUNNING}", ExitCode.UNREACHABLE)


def _must_be_writable(out: Path) -> None:
    """Before an exam and its people are made for a file that can't be. Raises `CannotStart`."""
    try:
        if out.is_dir():
            raise IsADirectoryError(EISDIR, "it is a folder")
        with tempfile.TemporaryFile(dir=out.absolute().parent):
            pass
    except OSError as problem:
        raise CannotStart(f"--out {out} can't be written: {problem.strerror}", ExitCode.SETTINGS) from problem


def _write(out: Path, told: bytes) -> None:
    """Whole or not at all, for our own eyes only: it holds sessions. Raises `CannotStart`."""
    with tempfile.NamedTemporaryFile("wb", dir=out.absolute().parent, delete=False) as draft:  # made with mode 0600
        pass
    path = Path(draft.name)
    try:
        path.write_bytes(told)
        path.replace(out)
    except OSError as problem:
        path.unlink(missing_ok=True)
        raise CannotStart(f"--out {out} can't be written: {problem.strerror}", ExitCode.SETTINGS) from problem
