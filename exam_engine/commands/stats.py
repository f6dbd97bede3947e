"""`exam stats`: reliability, items, distractors and alarms of any table of answers; of a sitting: sitting_stats.py."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exam_engine.commands.sitting_stats import calibrate_command, sitting_command
from scoring.alarms import Alarm
from scoring.likeness import Likeness, alike
from scoring.response_columns import Layout
from scoring.response_file import ResponseFile, read_responses
from scoring.response_key import read_key, read_seconds
from scoring.response_text import FILE_BYTES_MAX, MISSING, UnreadableResponses
from scoring.responses import Reals
from scoring.statistics import Circumstances, ItemStatistics, Statistics, statistics

REFUSED_EXIT: Final = 1  # rows were refused; the statistics are those of the others
UNREADABLE_EXIT: Final = 2
ALIKE_PERSONS_MAX: Final = 5000  # compared without being asked: a second or two
LINES_MAX: Final = 20  # of refused rows and of pairs in the tables; all are in --json

app = typer.Typer(help="Statistics of answers.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A line for each person, a column for each item.")]
Key = Annotated[Path | None, typer.Option("--key", help="item,key lines; without it the answers are 0 and 1.")]
Times = Annotated[Path | None, typer.Option("--times", help="Seconds, in a table like FILE.")]
PersonColumn = Annotated[str | None, typer.Option("--person", metavar="COLUMN", help="The persons (default: found).")]
GroupColumn = Annotated[str | None, typer.Option("--group", metavar="COLUMN", help="Room or school of each person.")]
BeganColumn = Annotated[str | None, typer.Option("--began", metavar="COLUMN", help="When each began: number or time.")]
Ignore = Annotated[list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="Not an item.")]
WholeOnly = Annotated[bool, typer.Option("--whole-only", help="Leave out who has missing answers (default: wrong).")]
Pairs = Annotated[bool | None, typer.Option("--alike/--no-alike", help="Compare answers of pairs (within --group).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


app.command("sitting")(sitting_command)
app.command("calibrate")(calibrate_command)


@app.command("responses")
def responses_command(
    file: File,
    key: Key = None,
    times: Times = None,
    person: PersonColumn = None,
    group: GroupColumn = None,
    began: BeganColumn = None,
    ignore: Ignore = None,
    whole_only: WholeOnly = False,  # noqa: FBT002  a flag of the command line
    pairs: Pairs = None,
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Reliability, difficulty, discrimination, distractors, and what looks wrong, in FILE.

    Exit code 1: some rows were refused, the statistics are those of the others; 2: a file can't be read.
    """
    layout = Layout(person, tuple(name for name in (group, began) if name), tuple(ignore or ()), whole_only)
    try:
        reading = read_responses(_bytes(file), read_key(_bytes(key)) if key else None, layout)
        known = _circumstances(reading, group, began, times)
    except UnreadableResponses as error:
        _fail(str(error), as_json=as_json)
    found = statistics(reading.responses, known)
    compared = _compare(reading, found, known.groups, wanted=pairs)
    if as_json:
        _print_json(reading, found, compared)
    else:
        _print_tables(reading, found, compared)
    raise typer.Exit(REFUSED_EXIT if reading.refused else 0)


def _bytes(file: Path) -> bytes:
    """The content, without filling the memory with what is refused for its size anyway."""
    try:
        with file.open("rb") as opened:
            return opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UnreadableResponses(f"{file} can't be opened: {error.strerror}.") from None


def _circumstances(reading: ResponseFile, group: str | None, began: str | None, times: Path | None) -> Circumstances:
    responses = reading.responses
    items = [column.name for column in responses.columns]
    return Circumstances(
        began=_instants(reading.extras[began]) if began else None,
        groups=reading.extras[group] if group else None,
        seconds=read_seconds(_bytes(times), responses.persons, items) if times else None,
    )


def _instants(cells: Sequence[str]) -> Reals:
    """Numbers as they are, times as seconds since 1970 (without a zone: UTC), missing ones as NaN."""
    return np.array([_instant(cell) for cell in cells], dtype=np.float64)


def _instant(cell: str) -> float:
    if cell.lower() in MISSING:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(cell)
    except ValueError:
        raise UnreadableResponses(f'"{cell[:40]}" is neither a number nor a time like 2026-05-01T09:00.') from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _compare(
    reading: ResponseFile, found: Statistics, groups: Sequence[str] | None, *, wanted: bool | None
) -> Likeness | None:
    """None: not compared, because not wanted, too many to do it unasked, or the options chosen are not known."""
    responses = reading.responses
    if any(column.scored for column in responses.columns):
        return None
    if wanted is False or (wanted is None and len(responses.persons) > ALIKE_PERSONS_MAX):
        return None
    doubtful = {item.item for item in found.items if any(alarm.code == "wrong_key" for alarm in item.alarms)}
    return alike(responses, groups, doubtful)


def _fail(sentence: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": sentence}, ensure_ascii=False))
    typer.echo(f"exam: {sentence}", err=True)
    raise typer.Exit(UNREADABLE_EXIT)


def _print_json(reading: ResponseFile, found: Statistics, compared: Likeness | None) -> None:
    said: dict[str, Any] = {
        **msgspec.to_builtins(found),
        "alike": msgspec.to_builtins(compared),
        "refused": msgspec.to_builtins(reading.refused),
        "left_out": msgspec.to_builtins(reading.left_out),
        "ignored_columns": reading.ignored,
        "keys_unused": reading.keys_unused,
    }
    typer.echo(json.dumps(said, ensure_ascii=False, allow_nan=False))


def _print_tables(reading: ResponseFile, found: Statistics, compared: Likeness | None) -> None:
    console = Console()
    whole = Table("persons", "items", "points", "mean", "sd", "KR-20", "alpha", "SEM")
    figures = (found.mean, found.sd, found.kr20, found.alpha, found.sem)
    whole.add_row(str(found.persons), str(len(found.items)), str(found.points_max), *(_number(n) for n in figures))
    console.print(whole)
    items = Table("item", "p", "rest r", "left out", "not reached", "alarms", title="Items")
    for item in found.items:
        counts = (str(item.omitted), str(item.not_reached))
        alarms = ", ".join(alarm.code for alarm in item.alarms)
        items.add_row(escape(item.item), _number(item.p), _number(item.rest_correlation), *counts, alarms)
    console.print(items)
    for item in found.items:
        if item.alarms:
            _print_alarms(console, item)
    if compared is not None:
        _print_pairs(console, compared)
    _print_left(console, reading)


def _print_alarms(console: Console, item: ItemStatistics) -> None:
    table = Table("option", "chosen by", "share", "rest mean", "rest r", title=f"{escape(item.item)}: look at this one")
    for option in item.options:
        name = escape(option.option) + (" ✓" if option.right else "")
        figures = (option.share, option.rest_mean, option.rest_correlation)
        table.add_row(name, str(option.count), *(_number(figure) for figure in figures))
    console.print(table)
    for alarm in item.alarms:
        console.print(f"  {alarm.code}: {escape(_facts(alarm))}")


def _facts(alarm: Alarm) -> str:
    return ", ".join(f"{name} {value}" for name, value in alarm.facts.items())


def _print_pairs(console: Console, compared: Likeness) -> None:
    table = Table("persons", "scores", "same wrong", "expected", "chance", title="Too alike")
    for pair in compared.pairs[:LINES_MAX]:
        names, scores = " · ".join(pair.persons), " · ".join(map(str, pair.scores))
        table.add_row(escape(names), scores, str(pair.same_wrong), f"{pair.expected:.1f}", f"{pair.chance:.1e}")
    if compared.pairs:
        console.print(table)
    console.print(f"{compared.compared:,} pairs compared, {compared.found:,} too alike.")


def _print_left(console: Console, reading: ResponseFile) -> None:
    for title, rows in (("Refused", reading.refused), ("Left out", reading.left_out)):
        if rows:
            table = Table("line", "reason", title=f"{title}: {len(rows)}")
            for row in rows[:LINES_MAX]:
                table.add_row(str(row.row), escape(row.reason))
            console.print(table)
    if reading.ignored:
        console.print(f"Columns not looked at: {escape(', '.join(reading.ignored))}")
    if reading.keys_unused:
        console.print(f"Keys without a column: {escape(', '.join(reading.keys_unused))}")


def _number(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"
