"""`exam-load check`: the histories of a run against the database, attempt by attempt."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from loadtest.cast import Cast, read_cast
from loadtest.check_end import Marking
from loadtest.checker import CLASSES, Tally, check_attempt
from loadtest.found_server import database_of
from loadtest.history import History
from loadtest.journal_rows import CHUNK, NoSuchSitting, Rows, reading
from loadtest.outcome import NOT_CHECKED, Run, Violations, read_run, write_run
from loadtest.own_database import own_database
from loadtest.programs import CannotRun
from loadtest.report import write_report
from loadtest.rules import Rules, outage_s
from loadtest.targets import judged_again

Told = Callable[[int, int], None]  # (attempts checked, attempts in all as far as is known)

DEFAULT: Final = Rules()
CAN_NOT_CHECK: Final = (
    OSError,
    ValueError,
    msgspec.MsgspecError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    NoSuchSitting,
    CannotRun,
)


def quiet(_done: int, _total: int) -> None:
    """For who does not want to be told."""


async def check_run(
    run_dir: Path, database_url: str, cast: Cast, tell: Told = quiet, *, rules: Rules = DEFAULT
) -> Violations:
    """Every history of the run, and every attempt of its sitting, against the database.

    Raises NoSuchSitting, OSError and asyncpg's errors. A history cut off in the middle of its line, as a killed
    generator leaves it, is noted; any other that can't be read raises ValueError.
    """
    async with reading(database_url) as rows:
        if not rules.until:
            rules = msgspec.structs.replace(rules, until=await rows.now())
        checking = _Checking(rows, cast, rules, tell)
        await checking.run(run_dir)
        return checking.tally.violations()


class _Checking:
    """One check under way."""

    def __init__(self, rows: Rows, cast: Cast, rules: Rules, tell: Told) -> None:
        self._rows, self._cast, self._rules, self._tell = rows, cast, rules, tell
        self.tally = Tally()
        self._seen: set[int] = set()
        self._never_told: set[int] = set()  # persons who were never told of an attempt

    async def run(self, run_dir: Path) -> None:
        """First what phones know, then what nobody's phone knows of."""
        await self._rows.expect(self._cast)
        scheme = await self._rows.scheme(self._cast.sitting_id)
        self._marking = Marking(scheme, self._rows.keys)
        histories = read_whole(run_dir, self.tally.notes)
        while chunk := list(itertools.islice(histories, CHUNK)):
            await self._check([history for history in chunk if self._is_new(history)])
        left_over = 0
        async for attempts in self._rows.attempts(self._cast.sitting_id):
            alone = [attempt_id for attempt_id in attempts if attempt_id not in self._seen]
            left_over += self._unaccounted({attempt_id: attempts[attempt_id] for attempt_id in alone})
            await self._check_alone(alone)
        if left_over and not self._rules.all_recorded:
            self.tally.notes.append(f"{left_over} attempts have no history: they were held against themselves only")

    def _is_new(self, history: History) -> bool:
        """Whether there is an attempt to look at, that was not looked at before. Raises ValueError."""
        if not 0 <= history.player < len(self._cast.players):
            raise ValueError(f"the cast has no player {history.player}, of whom there is a history: it is another one")
        if not history.attempt_id:
            self._never_told.add(self._cast.players[history.player].person_id)
            for lie in history.lies:
                self.tally.found("lies", f"player {history.player}: {lie}")
            return False
        if history.attempt_id in self._seen:
            self.tally.found("unaccounted", f"attempt {history.attempt_id} has a second history")
            return False
        self._seen.add(history.attempt_id)
        return True

    async def _check(self, histories: list[History]) -> None:
        kept = await self._rows.kept([history.attempt_id for history in histories])
        for history in histories:
            mine, attempt_id = kept[history.attempt_id], history.attempt_id
            name = f"player {history.player}, attempt {attempt_id}"
            self.tally.add(name, check_attempt(history, attempt_id, mine, self._marking, self._rules))
            person_id = self._cast.players[history.player].person_id
            if mine.row is not None and mine.row.person_id != person_id:
                self.tally.found("lies", f"{name}: this attempt is somebody else's")
        self._tell(self.tally.attempts, max(len(self._cast.players), self.tally.attempts))

    async def _check_alone(self, attempt_ids: list[int]) -> None:
        """Nobody's history: their records must still agree among themselves."""
        for attempt_id, mine in (await self._rows.kept(attempt_ids)).items():
            name = f"attempt {attempt_id}"
            self.tally.add(name, check_attempt(None, attempt_id, mine, self._marking, self._rules))
        self._tell(self.tally.attempts, max(len(self._cast.players), self.tally.attempts))

    def _unaccounted(self, attempts: dict[int, int]) -> int:
        """How many have no history; that a player was never told of his attempt accounts for it."""
        missing = [attempt_id for attempt_id, person_id in attempts.items() if person_id not in self._never_told]
        if self._rules.all_recorded:
            for attempt_id in missing:
                self.tally.found("unaccounted", f"attempt {attempt_id} has no history")
        return len(missing)


def read_whole(run_dir: Path, notes: list[str]) -> Iterator[History]:
    """The histories of a run, one by one; what a killed generator left half written is noted and left out."""
    decoder = msgspec.json.Decoder(History)
    for path in sorted(run_dir.glob("histories-*.jsonl")):
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith(b"\n"):
                    try:
                        yield decoder.decode(line)
                    except msgspec.MsgspecError as error:
                        raise ValueError(f"{path}, line {number}: {error}") from error
                else:
                    notes.append(f"{path.name} ends in the middle of a history: its generator was killed")


# --- the command -----------------------------------------------------------------------------------------------------


def check_command(
    run_dir: Annotated[Path, typer.Argument(help="The folder of the run: histories-*.jsonl, cast.json, result.json.")],
    *,
    database_url: Annotated[
        str, typer.Option(help="The product's database; without it, that of the servers the run started itself.")
    ] = "",
    data: Annotated[Path | None, typer.Option(help="Or the data folder of an `exam up` that is running.")] = None,
    cast: Annotated[Path | None, typer.Option(help="The cast's file; cast.json of the run if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    tolerance: Annotated[float, typer.Option(min=0, help="Seconds two honest clocks may differ.")] = 2.0,
    sweep: Annotated[
        float, typer.Option(min=0, help="Seconds the bell may be late, beside the longest outage.")
    ] = 30.0,
    marking: Annotated[float, typer.Option(min=0, help="Seconds that marking may take.")] = 60.0,
) -> None:
    """Hold what phones know against the journal. Ends with 1 if anything is wrong, 2 if it could not be checked."""
    console = Console(stderr=True)
    try:
        players = _read_cast(cast or run_dir / "cast.json")
        if not any(run_dir.glob("histories-*.jsonl")):
            raise ValueError(f"there are no histories-*.jsonl in {run_dir}")
        run = _read_result(run_dir / "result.json")
        rules = _rules(run, tolerance_s=tolerance, sweep_s=sweep, marking_s=marking)
        with _progress(console) as tell:
            violations = asyncio.run(_check(run_dir, database_url, data, players, tell, rules))
        if run is not None:
            _tell_of(run, violations)
            write_run(run, run_dir)
            write_report(run, run_dir)
    except CAN_NOT_CHECK as error:
        console.print(f"cannot check: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(violations)).decode())
    else:
        out = Console()
        out.print(table_of(violations))
        for line in summary(violations, rules):
            out.print(line, markup=False, highlight=False)
    raise typer.Exit(1 if any(violations.counts.values()) else 0)


def _read_cast(path: Path) -> Cast:
    try:
        return read_cast(path)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path}: {error}") from error


def _read_result(path: Path) -> Run | None:
    try:
        return read_run(path.parent) if path.exists() else None
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path}: {error}") from error


async def _check(
    run_dir: Path, database_url: str, data: Path | None, cast: Cast, tell: Told, rules: Rules
) -> Violations:
    """With the database that is named, else with the run's own, started for the time of the check."""
    if database_url or data is not None:
        return await check_run(run_dir, database_url or _of_folder(data), cast, tell, rules=rules)
    async with own_database(run_dir) as url:
        return await check_run(run_dir, url, cast, tell, rules=rules)


def _of_folder(data: Path | None) -> str:
    """Where the database of a running `exam up` is. Raises ValueError."""
    url = None if data is None else database_of(data)
    if url is None:
        raise ValueError(f"no `exam up` runs on {data}: it has no run.json that names a database")
    return url


def _tell_of(run: Run, violations: Violations) -> None:
    """The result says what was found now, also where it was judged by what was found before."""
    run.violations = violations
    run.figures |= {name: value for name, value in violations.figures.items() if name in run.figures}
    run.targets = judged_again(run)
    run.notes = [note for note in run.notes if not note.startswith(NOT_CHECKED)]


def _rules(run: Run | None, *, tolerance_s: float, sweep_s: float, marking_s: float) -> Rules:
    """A run that was written down says when it ended: what was due later may have met servers already stopped.

    It says too how long a fault kept servers away from their bells, and whether all of its cast played to the end.
    Without one the servers count as up until now, and attempts without history are only told.
    """
    if run is None:
        return Rules(tolerance_s=tolerance_s, sweep_s=sweep_s, marking_s=marking_s, all_recorded=False)
    return Rules(
        tolerance_s=tolerance_s,
        sweep_s=sweep_s + outage_s(run.faults),
        marking_s=marking_s,
        until=run.begun_at + max((second.s for second in run.seconds), default=0),
        all_recorded=run.whole,
    )


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Told]:
    columns = (TextColumn("对账 checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("check", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def table_of(violations: Violations) -> Table:
    """Each class with its number, in both languages, and the first example."""
    table = Table(title="对账结果 / what the checker found")
    for title in ("类别", "class", "数 number", "例 example"):
        table.add_column(title, justify="right" if "number" in title else "left", overflow="fold")
    for kind, (chinese, english) in CLASSES.items():
        number = violations.counts[kind]
        colour = "red" if number else "green"
        example = Text(next(iter(violations.examples.get(kind, ())), ""))
        table.add_row(chinese, f"{kind}: {english}", f"[{colour}]{number}[/{colour}]", example)
    return table


def summary(violations: Violations, rules: Rules) -> list[str]:
    """What was looked at, by which tolerances, and what could not be."""
    figures = violations.figures
    looked_at = f"{violations.attempts} attempts, {violations.acknowledged} acknowledgements, "
    looked_at += f"{violations.journal_entries} journal entries; {figures['unmarked']:.0f} not marked yet"
    lines = [
        looked_at,
        f"tolerance {rules.tolerance_s:g} s, bell {rules.sweep_s:g} s, marking {rules.marking_s:g} s",
        *violations.notes,
    ]
    if "bell_late_max_s" in figures:
        worst, most = figures["bell_late_max_s"], figures["bell_late_p999_s"]
        lines.insert(1, f"{figures['bells']:.0f} bells, {worst:.3f} s late at most, 99.9 % within {most:.3f} s")
    return lines
