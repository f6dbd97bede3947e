"""`exam-load run`: one command for a whole run, from an empty folder to a report and an exit code."""

import asyncio
import signal
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from loadtest.arrival import Shape
from loadtest.fault_plan import BadPlan, read_plan
from loadtest.figures import count, percentile, total
from loadtest.outcome import Run, write_run
from loadtest.programs import CannotRun
from loadtest.report import write_report
from loadtest.running import Options, Stopping, length_s, run
from loadtest.seconds import actions_of, added, slices
from loadtest.showing import Screen, showing
from loadtest.targets import BadTargets, Targets, passed, read_targets
from loadtest.under_test import CommandFailed
from loadtest.worker import raise_file_limit

MISSED: Final = 1
CANNOT: Final = 2
CLOSED_HELP: Final = "Closed loop, to compare with others' figures: no step before the last is answered."


class Kind(StrEnum):
    """Of the paper, by the product's names."""

    HUMANITIES = "humanities"
    PROFESSIONAL = "professional"
    PRACTICE = "practice"


console = Console(stderr=True)


def run_command(
    candidates: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many physicians.")],
    out: Annotated[Path, typer.Option(help="The folder of this run; as root, others must be able to enter it.")],
    shape: Annotated[Shape, typer.Option(help="How they come.")] = Shape.STEADY,
    speedup: Annotated[float, typer.Option(min=0.1, max=1000, help="How many times faster people and window are.")] = 1,
    processes: Annotated[str, typer.Option(help="Generator processes, or auto: one for 15,000 candidates.")] = "auto",
    seed: Annotated[int, typer.Option(help="The same seed, the same scripts.")] = 1,
    url: Annotated[str, typer.Option(help="A system that is up already (with --cast); else one is started.")] = "",
    cast: Annotated[Path | None, typer.Option(help="Its cast, as `exam cast` wrote it.")] = None,
    data: Annotated[Path | None, typer.Option(help="Its data folder, if it is on this machine.")] = None,
    database_url: Annotated[str, typer.Option(help="Its database, for the checker; --data finds it too.")] = "",
    serve_processes: Annotated[int, typer.Option(min=1, max=64, help="Serving processes of an instance.")] = 1,
    instances: Annotated[int, typer.Option(min=1, max=16, help="Separate instances behind one address.")] = 1,
    vision: Annotated[int, typer.Option(min=0, max=8, help="Face-model processes per serving process.")] = 0,
    kind: Annotated[
        Kind, typer.Option(help="The paper: 50 items, 100, or the few of the practice.")
    ] = Kind.PROFESSIONAL,
    minutes: Annotated[int, typer.Option(min=1, max=600, help="An attempt's length, before --speedup.")] = 60,
    closes_in: Annotated[
        float, typer.Option(min=0, help="So many seconds after the cast is made one bell ends all.")
    ] = 0,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How much of the last day (national).")] = 4,
    hold_s: Annotated[float, typer.Option(min=1, help="How long the level is held (steady).")] = 60,
    ramp_s: Annotated[float, typer.Option(min=0, help="In how long all come (steady).")] = 20,
    within_s: Annotated[float, typer.Option(min=0, help="In how long all press start (synchronised).")] = 10,
    after_s: Annotated[
        float, typer.Option(min=0, help="Ends so long after the last pressed it (synchronised); 0: at the bell.")
    ] = 0,
    closed: Annotated[bool, typer.Option("--closed", help=CLOSED_HELP)] = False,  # noqa: FBT002
    boards: Annotated[int, typer.Option(min=0, max=200, help="Open boards of invigilators who act.")] = 0,
    reviewers: Annotated[int, typer.Option(min=0, max=200, help="Reviewers who work their queues.")] = 0,
    logs_in: Annotated[float, typer.Option(min=0, max=1, help="Share who log in with their password.")] = 0,
    faults: Annotated[str, typer.Option(help="What is broken when: kill:20,postgres:60+5,valkey,net,… or all.")] = "",
    targets: Annotated[
        str, typer.Option(help="What must be reached: a file, or a name that comes with the tool.")
    ] = "",
    pictures: Annotated[bool, typer.Option(help="Pictures taken during the exam.")] = True,  # noqa: FBT002  a flag
    begun: Annotated[bool, typer.Option("--begun", help="All attempts are begun beforehand.")] = False,  # noqa: FBT002
    echo: Annotated[bool, typer.Option("--echo", help="First measure what a bare aiohttp echoes here.")] = False,  # noqa: FBT002
) -> None:
    """Simulate a window and judge it: 0 all reached and nothing lost, 1 not so, 2 it could not be run.

    Ctrl-C ends it in order, with what there is.
    """
    if bool(url) != bool(cast):
        raise typer.BadParameter("--url and --cast belong together")
    if url and faults:
        raise typer.BadParameter("--faults need a system that this command starts itself")
    if not url and (data or database_url):
        raise typer.BadParameter("--data and --database-url are of a system that is up already: they need --url")
    options = Options(
        candidates=candidates,
        shape=shape.value,
        out=str(out),
        speedup=speedup,
        processes=_number(processes),
        seed=seed,
        url=url,
        cast=str(cast or ""),
        data=str(data or ""),
        database_url=database_url,
        serve_processes=serve_processes,
        instances=instances,
        vision=vision,
        kind=kind.value,
        minutes=minutes,
        closes_in=closes_in,
        hours=hours,
        hold_s=hold_s,
        ramp_s=ramp_s,
        within_s=within_s,
        after_s=after_s,
        closed=closed,
        boards=boards,
        reviewers=reviewers,
        logs_in=logs_in,
        faults=faults,
        targets=targets,
        pictures=pictures,
        begun=begun,
        echo=echo,
    )
    try:
        read_plan(faults, length_s=length_s(options), seed=seed, vision=vision > 0)
        limits = read_targets(targets) if targets else {}
    except (BadPlan, BadTargets) as error:
        raise typer.BadParameter(str(error)) from error
    raise typer.Exit(uvloop.run(_run(options, limits)))


def _number(processes: str) -> int:
    if processes == "auto":
        return 0
    if not processes.isdecimal() or not 1 <= int(processes) <= 64:
        raise typer.BadParameter("--processes is auto or 1 to 64")
    return int(processes)


async def _run(options: Options, limits: Targets) -> int:
    raise_file_limit()
    screen, stopping = Screen(), Stopping()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.ask)
    try:
        with showing(screen, console):
            result = await run(options, limits, screen, stopping)
    except (CannotRun, CommandFailed, OSError, TimeoutError, ValueError) as error:
        console.print(f"exam-load: {str(error) or type(error).__name__}", style="red", markup=False)
        return CANNOT
    except asyncio.CancelledError:
        console.print("exam-load: ended at once; nothing was checked", style="red")
        return CANNOT
    console.print(_summary(result))
    for note in result.notes:
        console.print(f"· {note}", markup=False)
    folder = Path(options.out)
    try:
        write_run(result, folder)
        console.print(f"{write_report(result, folder)}", markup=False)
    except OSError as error:
        console.print(f"exam-load: the result can't be kept: {error}", style="red", markup=False)
        return CANNOT
    return 0 if passed(result) and not stopping.unchecked else MISSED


def _summary(result: Run) -> Table:
    table = Table(
        "action", "done", "failed", "p50 ms", "p99 ms", "served p99 ms", title="latencies from the moment meant"
    )
    for action in actions_of(result.seconds):
        whole = total(slices(result.seconds, action))
        shares = [percentile(whole.late, 0.5), percentile(whole.late, 0.99), percentile(whole.served, 0.99)]
        shown = ["-" if share is None else f"{share * 1000:,.1f}" for share in shares]
        table.add_row(action, f"{count(whole.late):,}", f"{whole.failed:,}", *shown)
    errors = added(second.errors for second in result.seconds)
    excused = added(second.excused for second in result.seconds)
    table.add_section()
    table.add_row("errors", ", ".join(f"{kind} {number:,}" for kind, number in errors.items()) or "none")
    table.add_row("excused", ", ".join(f"{kind} {number:,}" for kind, number in excused.items()) or "none")
    if result.faults:
        done = Counter(fault.kind for fault in result.faults)
        table.add_row("faults done", ", ".join(f"{kind} {number:,}" for kind, number in done.items()))
    table.add_row("outcomes", ", ".join(f"{kind} {number:,}" for kind, number in result.outcomes.items()))
    if result.violations is not None:
        wrong = {name: number for name, number in result.violations.counts.items() if number}
        table.add_row("violations", ", ".join(f"{name} {number:,}" for name, number in wrong.items()) or "none")
    for target in result.targets:
        reached = "not measured" if target.reached is None else f"{target.reached:,.4g}"
        sign = "≤" if target.at_most else "≥"
        table.add_row(f"{target.name} {sign} {target.limit:g}", reached, "" if target.met else "MISSED")
    return table
