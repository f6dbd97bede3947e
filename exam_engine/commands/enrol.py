"""`exam vision enrol`: reference photos of a whole folder or ZIP, named by ID number, with a line per file."""

import asyncio
import contextlib
import csv
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

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
from exam_engine.enrolment import Eyes
from exam_engine.known_faces import KnownFaces
from exam_engine.photo_files import BadImport, FolderPhotos, PhotoFiles, ZipPhotos
from exam_engine.photo_import import Line, PhotoImport, Report
from exam_engine.settings import CannotStart, read_settings
from proctor.keys import PersonKeys
from proctor.pictures import Pictures
from proctor.sight import Sight
from proctor.vision import VisionAway, VisionState

REFUSED_EXIT: Final = 1  # some were refused; what was not is in use or waits
UNREADABLE_EXIT: Final = 2
COMMAND_LINE: Final = 0  # no account
SHOW_S: Final = 0.5
LINES_MAX: Final = 200  # in the table; all are in --json and --out
HEAD: Final = ("file", "person", "outcome", "problem", "doubts")


@dataclass(frozen=True)
class Workshop:
    """What enrolling needs of a house."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    pictures: Pictures
    vision: Eyes


class OwnVision:
    """The model in this process, one picture at a time: nobody's exam hangs on it, and the order does not matter."""

    def __init__(self) -> None:
        """Raises CannotStart."""
        from proctor.faces import load  # noqa: PLC0415  half a second and 180 MB: only when it is used

        try:
            self._faces = load("fast")
        except (ImportError, OSError, RuntimeError) as error:
            raise CannotStart(f"the face model can't be loaded: {error}; see `exam doctor`") from error
        self._thread = ThreadPoolExecutor(1)

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        """See proctor/vision.py."""
        del key, urgent, wait_s
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._faces.look, jpeg)
        except ValueError as error:
            raise VisionAway("unreadable") from error

    def state(self) -> VisionState:
        """See proctor/vision.py."""
        return VisionState(model=self._faces.model, workers=1, workers_alive=1, urgent=0, periodic=0, waited_s=0.0)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown()


def enrol_command(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder or a ZIP of JPEG photos named by ID number.")],
    replace: Annotated[  # noqa: FBT002  a flag
        bool, typer.Option("--replace", help="Also take the place of photos that are in use already.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the line of every file to this CSV.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,  # noqa: FBT002  a flag
    data: Annotated[
        Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")
    ] = None,
) -> None:
    """Bring in reference photos. What is doubtful waits for somebody at the desk; the same again changes nothing.

    Exit code 1: some files were refused; 2: PATH can't be read, or the work ended before the last file.
    """
    if out is not None and not out.absolute().parent.is_dir():
        raise typer.BadParameter("its folder does not exist", param_hint="--out")
    report = Report()
    try:
        with _files(path) as files:
            uvloop.run(_enrol(data, files, report, replace=replace, quiet=as_json))
    except BadImport as error:
        report.problem = error.problem
    report.finished = True
    if out is not None:
        _write_csv(out, report)
    _say(report, as_json=as_json)
    raise typer.Exit(UNREADABLE_EXIT if report.problem else REFUSED_EXIT if report.refused else 0)


@contextlib.contextmanager
def _files(path: Path) -> Iterator[PhotoFiles]:
    if path.is_dir():
        yield FolderPhotos(path)
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise CannotStart(f"{path} can't be opened: {error.strerror}") from error
    with file:
        yield ZipPhotos(file)


async def _enrol(data: Path | None, files: PhotoFiles, report: Report, *, replace: bool, quiet: bool) -> None:
    settings = read_settings(data=data)
    async with connected(data) as database_url, asyncpg.create_pool(database_url, min_size=1, max_size=4) as pool:
        pictures = Pictures(settings.data / "pictures", PersonKeys(pool, settings.secret_key))
        with contextlib.closing(OwnVision()) as vision:
            work = PhotoImport(
                Workshop(pool, pictures, vision),
                files,
                report,
                province=None,
                by=COMMAND_LINE,
                known=KnownFaces(),
                replace=replace,
            )
            await _shown(asyncio.create_task(work.run()), report, quiet=quiet)
        facts = {name: getattr(report, name) for name in ("total", "kept", "pending", "refused", "problem")}
        said = msgspec.json.encode(facts).decode()
        await pool.execute(store.AUDIT, None, "", "command line", "photos_enrolled", "", said)


async def _shown(work: "asyncio.Task[None]", report: Report, *, quiet: bool) -> None:
    """Wait for it, with a bar on the terminal."""
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        bar = progress.add_task("photos", total=None)
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=SHOW_S)
                progress.update(bar, total=report.total or None, completed=report.done)
        finally:
            work.cancel()
    await work


def _say(report: Report, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    console = Console()
    told = [line for line in report.files if line.outcome != "kept"]
    if told:
        table = Table(*HEAD, title="Not simply taken")
        for line in told[:LINES_MAX]:
            table.add_row(*map(escape, _cells(line)))
        console.print(table)
        if len(told) > LINES_MAX:
            console.print(f"... and {len(told) - LINES_MAX} more: --out FILE.csv writes all of them")
    counts = Table("files", "in use", "to be approved", "refused")
    counts.add_row(*map(str, (report.total, report.kept, report.pending, report.refused)))
    console.print(counts)
    if report.problem:
        typer.echo(f"exam: not all of it was read: {report.problem}", err=True)


def _write_csv(out: Path, report: Report) -> None:
    try:
        with out.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells spreadsheets that it is UTF-8
            writer = csv.writer(file)
            writer.writerow(HEAD)
            writer.writerows([_plain(cell) for cell in _cells(line)] for line in report.files)
    except OSError as error:
        typer.echo(f"exam: {out} can't be written: {error.strerror}", err=True)


def _cells(line: Line) -> tuple[str, ...]:
    return (line.file, line.person, line.outcome, line.problem, " ".join(line.doubts))


def _plain(cell: str) -> str:
    """File names come from outside: one that a spreadsheet would take for a formula stays text."""
    return f"'{cell}" if cell[:1] in tuple("=+-@\t\r") else cell
