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
from loadtest.history import History
from loadtest.journal_rows import CHUNK, NoSuchSitting, Rows, reading
from loadtest.outcome import Run, Violations, read_run, write_run
from loadtest.rules import Rules

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
)


def quiet(_done: int, _total: int) -> None:
    """For who does not want to be told."""


async def check_run(
    run_dir: Path, database_url: str, cast: Cast, tell: Told = quiet, *, rules: Rules = DEFAULT
) -> Violations:
    """Every history of the run, and every attempt of its sitting, against the database.

    Raises NoSuchSitting, OSError and asyncpg's errors. A history cut off in the middle of its line, as a killed
    generator leaves it, is noted; any other that can't be read raises msgspec.DecodeError.
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
        """Whether there is an attempt to look at, that was not looked at before."""
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
            for line in lines:
                if line.endswith(b"\n"):
                    yield decoder.decode(line)
                else:
                    notes.append(f"{path.name} ends in the middle of a history: its generator was killed")


# --- the command -----------------------------------------------------------------------------------------------------


def check_command(
    run_dir: Annotated[Path, typer.Argument(help="The folder of the run: histories-*.jsonl, cast.json, result.json.")],
    *,
    database_url: Annotated[str, typer.Option(help="The product's database.")] = "",
    data: Annotated[Path | None, typer.Option(help="Or the data folder of an `exam up` that is running.")] = None,
    cast: Annotated[Path | None, typer.Option(help="The cast's file; cast.json of the run if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    tolerance: Annotated[float, typer.Option(help="Seconds two honest clocks may differ.")] = 2.0,
    sweep: Annotated[float, typer.Option(help="Seconds the bell may be late.")] = 30.0,
    marking: Annotated[float, typer.Option(help="Seconds that marking may take.")] = 60.0,
) -> None:
    """Hold what phones know against the journal. Ends with 1 if anything is wrong, 2 if it could not be checked."""
    console = Console(stderr=True)
    try:
        url = database_url or _of_folder(data)
        players = read_cast(cast or run_dir / "cast.json")
        run = read_run(run_dir) if (run_dir / "result.json").exists() else None
        rules = _rules(run, tolerance_s=tolerance, sweep_s=sweep, marking_s=marking)
        with _progress(console) as tell:
            violations = asyncio.run(check_run(run_dir, url, players, tell, rules=rules))
    except CAN_NOT_CHECK as error:
        console.print(f"{type(error).__name__}: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    if run is not None:
        run.violations = violations
        write_run(run, run_dir)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(violations)).decode())
    else:
        out = Console()
        out.print(table_of(violations))
        for line in summary(violations, rules):
            out.print(line, markup=False, highlight=False)
    raise typer.Exit(1 if any(violations.counts.values()) else 0)


def _of_folder(data: Path | None) -> str:
    """Where the database of a running `exam up` is; raises OSError, ValueError."""
    if data is None:
        raise ValueError("say --database-url, or --data of an `exam up` that is running")
    return msgspec.json.decode((data / "run.json").read_bytes(), type=_Servers).database_url


class _Servers(msgspec.Struct):
    database_url: str


def _rules(run: Run | None, *, tolerance_s: float, sweep_s: float, marking_s: float) -> Rules:
    """A run that was written down says when it ended: what was due later may have met servers already stopped.

    Without one the servers count as up until now, and attempts without history are only told: nobody says that all
    were recorded.
    """
    if run is None:
        return Rules(tolerance_s=tolerance_s, sweep_s=sweep_s, marking_s=marking_s, all_recorded=False)
    ended_at = run.begun_at + max((second.s for second in run.seconds), default=0)
    recorded = bool(run.orders.get("all_recorded", True))
    return Rules(tolerance_s=tolerance_s, sweep_s=sweep_s, marking_s=marking_s, until=ended_at, all_recorded=recorded)


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
