"""`exam vision`: how good the face check is, measured on pictures one has.

`evaluate` compares labelled pairs; its JSON is `{"backend", "list", ...the clean condition..., "conditions": {name:
condition}}`, and a condition (`proctor.comparing.Condition`) has `pairs same different missed accuracy best_threshold
accuracy_10fold auc far frr running at_far roc`, all by L2 distance, and the figures once more by cosine distance under
`cosine`. `spoof-drill` attacks the head turn; its JSON is a `Drill`. What can't be used ends with code 2 and one line.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from exam_engine.settings import CannotStart, ExitCode
from proctor.shares import between, percent

if TYPE_CHECKING:  # the models are heavy: only these commands load them
    from proctor.comparing import Condition
    from proctor.drilling import Drill

COUNT: Final = 500
SEED: Final = 1
NOTES: Final = (
    "* Too few pairs of two people for one of them to be that share: none passes.\n"
    "Pairs with a missed face count as kept out (in FRR, never in FAR). Intervals are Wilson's, 95 %. accept_max and "
    "doubt_max judge several fused frames in the exam; for one picture against one, as here, single_max is made."
)

Item = TypeVar("Item")

app = typer.Typer(help="The face check: how good it is on your pictures.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with charts here.")]
Backend = Annotated[str, typer.Option("--backend", help="fast, as in the exam, or reference (face_recognition).")]
Processes = Annotated[int | None, typer.Option("--processes", min=1, help="How many look (default: all cores).")]


@app.callback()
def vision() -> None:
    """The face check: how good it is on your pictures."""


@app.command("evaluate")
def evaluate_command(
    pairs_file: Annotated[Path, typer.Argument(metavar="PAIRS.csv", help="Columns file_a, file_b, same (1 or 0).")],
    as_json: AsJson = False,  # noqa: FBT002  a flag
    html: Html = None,
    backend: Backend = "fast",
    degrade: Annotated[
        str, typer.Option("--degrade", help="Also with worse pictures: blur,dark,bright,jpeg,small.")
    ] = "",
    root: Annotated[
        Path | None, typer.Option("--root", help="What paths are relative to (default: the CSV's folder).")
    ] = None,
    processes: Processes = None,
) -> None:
    """Compare labelled pairs of pictures: accuracy, ROC, false acceptances and rejections, faces not found."""
    from proctor import comparing  # noqa: PLC0415  only this command needs the models
    from proctor.looking import each  # noqa: PLC0415
    from proctor.picture_lists import read_pairs  # noqa: PLC0415

    with _one_line():
        names = _degradations(degrade)
        _check_page(html)
        pairs = read_pairs(pairs_file, root)
        _check_backend(backend)
        jobs, seen = comparing.jobs(pairs, names), dict[Any, Any]()
        for looked in _shown(
            "looking", each(comparing.see, jobs, backend=backend, processes=processes or _cores()), len(jobs)
        ):
            seen.update(looked)
    results = [comparing.compared(name, pairs, seen) for name in (comparing.CLEAN, *names)]
    if html is not None:
        from proctor.evaluation_report import evaluation_page  # noqa: PLC0415  plotly takes a while to load

        _write(html, evaluation_page(pairs_file.name, backend, results))
    conditions = {one.condition.condition: msgspec.to_builtins(one.condition) for one in results}
    if as_json:
        _print_json(
            {"backend": backend, "list": str(pairs_file), **conditions[comparing.CLEAN], "conditions": conditions}
        )
    else:
        _print_evaluation([one.condition for one in results])


@app.command("spoof-drill")
def spoof_drill_command(
    place: Annotated[
        Path | None, typer.Argument(metavar="[PICTURES]", help="A folder (Name_0001.jpg), or a CSV of person,file.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  a flag
    html: Html = None,
    backend: Backend = "fast",
    count: Annotated[int, typer.Option("--count", min=1, help="How many attacks of each kind.")] = COUNT,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed makes other attacks.")] = SEED,
    processes: Processes = None,
) -> None:
    """Attack the head turn of the entry check with photographs and films; see how many get by, and who does rightly."""
    from proctor import drilling  # noqa: PLC0415  only this command needs the models
    from proctor.looking import each  # noqa: PLC0415
    from proctor.picture_lists import read_portraits  # noqa: PLC0415

    workers = processes or _cores()
    with _one_line():
        _check_page(html)
        portraits = read_portraits(place)
        _check_backend(backend)
        looked = list(
            _shown("looking", each(drilling.look, portraits, backend=backend, processes=workers), len(portraits))
        )
        tries = list(drilling.tries(looked, count, seed))
        if not tries:
            raise CannotStart("no picture shows one good face looking ahead: nothing to attack with", ExitCode.SETTINGS)
        outcomes = list(_shown("attacking", each(drilling.make, tries, backend=backend, processes=workers), len(tries)))
    drill = drilling.drill(looked, outcomes, seed)
    if html is not None:
        from proctor.drill_report import drill_page  # noqa: PLC0415  plotly takes a while to load

        _write(html, drill_page(drill, outcomes))
    if as_json:
        _print_json({"backend": backend, **msgspec.to_builtins(drill)})
    else:
        _print_drill(drill)


@contextmanager
def _one_line() -> Iterator[None]:
    """What is wrong with what was given, or with the machine, is one line and no traceback."""
    from proctor.photographs import NotAPicture  # noqa: PLC0415  see the commands
    from proctor.picture_lists import BadList  # noqa: PLC0415

    try:
        yield
    except (BadList, NotAPicture) as problem:
        raise CannotStart(str(problem), ExitCode.SETTINGS) from None
    except BrokenProcessPool:
        raise CannotStart("a process that looked at pictures died; is there enough memory? (--processes 1)") from None


def _degradations(said: str) -> list[str]:
    from proctor.degrading import DEGRADATIONS  # noqa: PLC0415  see the commands

    names = list(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    unknown = [name for name in names if name not in DEGRADATIONS]
    if unknown:
        raise CannotStart(f"--degrade knows {', '.join(DEGRADATIONS)}; not {', '.join(unknown)}", ExitCode.SETTINGS)
    return names


def _check_backend(name: str) -> None:
    from proctor.faces import BACKENDS, why_not  # noqa: PLC0415  see the commands

    if name not in BACKENDS:
        raise CannotStart(f"--backend is {' or '.join(BACKENDS)}, not {name}", ExitCode.SETTINGS)
    reason = why_not(name)
    if reason:
        raise CannotStart(f"the backend {name} does not work here: {reason}", ExitCode.SETTINGS)


def _check_page(html: Path | None) -> None:
    """Nobody should look at pictures for long and then find that the page has no place."""
    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise CannotStart(f"{html} can't be written", ExitCode.SETTINGS)


def _write(html: Path, page: str) -> None:
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise CannotStart(f"{html} can't be written: {problem.strerror}", ExitCode.SETTINGS) from None


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _shown(words: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items as they come, with a bar on standard error."""
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(items, total=total)


def _print_json(said: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")


def _print_evaluation(conditions: "Sequence[Condition]") -> None:
    console = Console()
    head = ("condition", "pairs", "missed", "accuracy", "10-fold", "AUC", "FAR", "FRR")
    table = Table(*head, title="L2, threshold .60", box=SIMPLE_HEAD)
    for one in conditions:
        tenfold = "–" if one.accuracy_10fold is None else f"{one.accuracy_10fold:.4f}"
        row = [one.condition, str(one.pairs), str(one.missed.pairs), f"{one.accuracy:.4f}", tenfold, f"{one.auc:.4f}"]
        table.add_row(*row, percent(one.far), percent(one.frr))
    console.print(table)
    for one in conditions:
        table = Table("threshold", "distance", "FAR, 95 %", "FRR, 95 %", title=one.condition, box=SIMPLE_HEAD)
        for measure, of in (("L2", one), ("cosine", one.cosine)):
            for at in (*of.running, *of.at_far):
                name = f"{measure} {at.name}" + ("" if at.resolved else " *")
                far = f"{percent(at.far)} ({between(at.far_interval)})"
                frr = f"{percent(at.frr)} ({between(at.frr_interval)})"
                table.add_row(name, f"{at.threshold:.4f}", far, frr)
        console.print(table)
    console.print(NOTES)
    for one in conditions:
        for file in one.missed.files:
            console.print(f"No face found ({one.condition}): {escape(file)}")


def _print_drill(drill: "Drill") -> None:
    from proctor.drilling import real_words  # noqa: PLC0415  see the commands

    head = ("attack", "begun", "one side", "frozen", "accepted", "at most", "turn")
    table = Table(*head, title="Spoof drill (at most: the upper end of the 95 % interval)", box=SIMPLE_HEAD)
    for one in (*drill.attacks, drill.not_covered):
        high = percent(one.interval[1] if one.interval else None)
        turn = "–" if one.moved_seen_max is None else f"{one.moved_seen_max:.3f}"
        counts = map(str, (one.one_side, one.frozen, one.accepted))
        table.add_row(one.kind, f"{one.begun} of {one.tried}", *counts, high, turn)
    console = Console()
    console.print(table)
    console.print(
        f"{drill.usable} of {drill.pictures} pictures were of use. A turn needs {drill.turn_min:g} to each side."
    )
    console.print(real_words(drill))
