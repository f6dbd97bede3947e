"""`exam-load plan`: what machines a window needs, as a page and as JSON."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from loadtest.arrival import PHYSICIANS, Window
from loadtest.assumptions import NUMBERS, Assumption, Origin, allowed
from loadtest.costing import costs_from
from loadtest.costs import numbers_of, read_costs
from loadtest.outcome import read_run
from loadtest.plan_page import plan_page
from loadtest.plan_words import FIGURES
from loadtest.planner import Plan, plan

UNUSABLE_EXIT = 2

Physicians = Annotated[int, typer.Option(min=1, max=100_000_000, help="Who sit an exam in this window.")]
Days = Annotated[int, typer.Option(min=1, max=60, help="How long the window is open.")]
LastDay = Annotated[float, typer.Option(min=0.01, max=0.99, help="The share that comes on the last day.")]
Stagger = Annotated[int, typer.Option(min=0, max=60, help="Provinces begin spread over so many days.")]
Provinces = Annotated[str, typer.Option(help="Only these, by their codes: 35,42. Without it, all.")]
CostsOf = Annotated[
    Path | None, typer.Option("--costs", help="A run's folder (its result.json) or a costs file; without it, ours.")
]
Assumed = Annotated[
    list[str] | None, typer.Option("--assume", metavar="NAME=NUMBER", help="Another number for an assumption; repeat.")
]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Where plan.json and plan.html go.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")]


class Unusable(Exception):
    """What was asked for can't be planned; the message says why."""


def plan_command(
    out: Out,
    physicians: Physicians = 4_000_000,
    window_days: Days = 11,
    last_day: LastDay = 0.25,
    stagger_days: Stagger = 0,
    provinces: Provinces = "",
    costs: CostsOf = None,
    assume: Assumed = None,
    *,
    as_json: AsJson = False,
) -> None:
    """What a window of so many physicians needs: machines, memory, database, network, storage."""
    try:
        window = Window(days=window_days, last_day=last_day, stagger_days=stagger_days, provinces=_provinces(provinces))
        numbers = assumed(NUMBERS | costs_at(costs), assume or [])
        found = plan(physicians, window, numbers)
        page = plan_page(found)
        out.mkdir(parents=True, exist_ok=True)
        (out / "plan.json").write_bytes(msgspec.json.encode(found))
        (out / "plan.html").write_text(page, encoding="utf-8")
    except (Unusable, OSError, KeyError, ValueError) as error:  # msgspec's errors are ValueErrors
        typer.echo(f"cannot plan: {error}", err=True)
        raise typer.Exit(UNUSABLE_EXIT) from error
    if as_json:
        sys.stdout.write(msgspec.json.encode(found.figures).decode() + "\n")
    else:
        _show(found, out)


def costs_at(path: Path | None) -> dict[str, Assumption]:
    """Of a run, of a file, or ours. Raises OSError, Unusable."""
    try:
        if path is not None and path.is_dir():
            return costs_from(read_run(path), read_costs())
        return numbers_of(read_costs(path))
    except msgspec.MsgspecError as error:
        raise Unusable(f"{path}: {error}") from error


def assumed(numbers: dict[str, Assumption], said: list[str]) -> dict[str, Assumption]:
    """With the numbers said on the command line. Raises Unusable."""
    for line in said:
        name, sign, text = line.partition("=")
        if name not in numbers or not sign:
            raise Unusable(f"no such assumption: {line}")
        try:
            value = float(text)
        except ValueError:
            raise Unusable(f"not a number: {line}") from None
        if not allowed(name, value):
            raise Unusable(f"out of range: {line}")
        numbers = numbers | {name: msgspec.structs.replace(numbers[name], value=value, origin=Origin.ASKED, source="")}
    return numbers


def _provinces(text: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(code.strip() for code in text.split(",") if code.strip()))
    if unknown := [code for code in codes if code not in PHYSICIANS]:
        raise Unusable(f"no such province: {', '.join(unknown)}")
    return codes or tuple(PHYSICIANS)


def _show(found: Plan, out: Path) -> None:
    rows = Table("figure", "value", title=f"{found.physicians:,} physicians, {found.window.days} days")
    for name, (words, shown) in FIGURES.items():
        rows.add_row(words.en, shown(found.figures[name]))
    console = Console()
    console.print(rows)
    console.print(f"{out / 'plan.html'}, {out / 'plan.json'}: with all {len(found.assumptions)} assumptions")
