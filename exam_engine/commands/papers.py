"""`exam papers`: plan the papers of a sitting, and say in figures how equal they are."""

import asyncio
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated, Final, NamedTuple, NoReturn

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from exam_engine import plan_jobs
from exam_engine import plan_store as store
from exam_engine.edge.paper_shapes import PlanAsked
from exam_engine.embedded import connected
from exam_engine.settings import CannotStart, ExitCode
from question_bank.certificate import Certificate, digest
from question_bank.fairness import met
from question_bank.plan_worker import PlanJob, PlanNews
from question_bank.planning import Clocks, Planned, plan_papers
from question_bank.pool import Pool
from question_bank.recipes import ImpossibleBlueprint

NOT_MET_EXIT: Final = 1  # a goal is missed, or there are no such papers
UNUSABLE_EXIT: Final = 2
SEED_BITS: Final = 53
LISTED_MAX: Final = 20  # forms whose overlap is shown as a matrix

app = typer.Typer(help="The papers of a sitting.", no_args_is_help=True)

SittingId = Annotated[int, typer.Argument(metavar="SITTING", min=1, help="The number of the sitting.")]
Forms = Annotated[int | None, typer.Option("--forms", min=1, max=20, help="So many parallel forms.")]
OnTheFly = Annotated[bool, typer.Option("--on-the-fly", help="Each physician a paper of his own.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, max=2**53 - 1, help="The same seed, the same papers.")]
Overlap = Annotated[
    float, typer.Option("--overlap", min=0, max=1, help="Share of a form two forms may have in common.")
]
Uses = Annotated[int, typer.Option("--uses", min=0, max=20, help="Forms an item may be in; 0: as few as possible.")]
PapersMax = Annotated[int, typer.Option("--papers-max", min=0, help="Leave out items of more papers; 0: none.")]
Sample = Annotated[int, typer.Option("--sample", min=100, max=5000, help="Papers drawn on the fly to judge by.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the certificate as one JSON object.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the certificate as a page here.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Keep nothing.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data folder (EXAM_DATA; default ./exam-data).")]


class _Done(NamedTuple):
    planned: Planned
    plan_id: int | None
    digest: str


@app.callback()
def papers() -> None:
    """Keep `plan` a command of its own: typer would else make the only command the whole program."""


@app.command("plan")
def plan_command(
    sitting: SittingId,
    forms: Forms = None,
    on_the_fly: OnTheFly = False,  # noqa: FBT002  a flag of the command line
    seed: Seed = None,
    overlap: Overlap = 0.25,
    uses: Uses = 0,
    papers_max: PapersMax = 0,
    sample: Sample = 2000,
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
    html: Html = None,
    dry_run: DryRun = False,  # noqa: FBT002  a flag of the command line
    data: Data = None,
) -> None:
    """Plan the papers of SITTING and certify how equal they are.

    The plan is kept as a draft that a person puts in force at the desk. Exit code 1: a goal is missed, or there are no
    such papers; 2: no such sitting, or neither or both of --forms and --on-the-fly.
    """
    if (forms is None) == (not on_the_fly):
        _fail("say either --forms N or --on-the-fly.", as_json=as_json)
    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise CannotStart(f"{html} can't be written", ExitCode.SETTINGS)
    mode = "fly" if on_the_fly else "forms"
    wish = PlanAsked(forms or 0, overlap, uses, sample, papers_max)
    number = secrets.randbits(SEED_BITS) if seed is None else seed
    try:
        done = asyncio.run(_plan(data, sitting, mode, number, wish, keep=not dry_run))
    except (ImpossibleBlueprint, TimeoutError) as error:
        _fail(str(error), as_json=as_json, code=NOT_MET_EXIT)
    certificate = done.planned.certificate
    if html is not None:
        _write(html, str(sitting) if done.plan_id is None else f"#{sitting} / {done.plan_id}", certificate, done.digest)
    if as_json:
        said = {
            **msgspec.to_builtins(certificate),
            "digest": done.digest,
            "plan": done.plan_id,
            "met": met(certificate),
        }
        typer.echo(json.dumps(said, ensure_ascii=False, allow_nan=False))
    else:
        _print(certificate, done)
    raise typer.Exit(0 if met(certificate) else NOT_MET_EXIT)


async def _plan(data: Path | None, sitting: int, mode: str, seed: int, wish: PlanAsked, *, keep: bool) -> _Done:
    async with connected(data) as database_url:
        pool = await asyncpg.create_pool(database_url, min_size=1, max_size=2)
        try:
            if await pool.fetchval(store.SITTING, None, None, sitting) is None:
                _fail(f"there is no sitting {sitting}.", as_json=False)
            if keep and await pool.fetchval(store.ENTERED, sitting):
                _fail("somebody has entered: its papers stay (--dry-run plans without keeping).", as_json=False)
            wish = await plan_jobs.wish_of(pool, sitting, wish)
            job = await plan_jobs.gather(pool, sitting, mode, seed, wish)
            planned = await asyncio.to_thread(_work, job)
            plan_id = await _keep(pool, sitting, mode, seed, wish, planned) if keep else None
        finally:
            await pool.close()
    return _Done(planned, plan_id, digest(planned.certificate))


def _work(job: PlanJob) -> Planned:
    known = {(item_id, version): found for item_id, version, found in job.known}
    clocks = Clocks(time.monotonic, time.process_time)
    with Progress(console=Console(file=sys.stderr), transient=True) as shown:
        task = shown.add_task("planning", total=100)
        return plan_papers(
            job.order, Pool(job.items), known, job.people, clocks, lambda done: shown.update(task, completed=done)
        )


async def _keep(
    pool: "asyncpg.Pool[asyncpg.Record]", sitting: int, mode: str, seed: int, wish: PlanAsked, planned: Planned
) -> int:
    await pool.execute(store.GIVE_UP, sitting, store.SILENT_S)
    plan_id = await pool.fetchval(store.ADD, sitting, mode, seed, msgspec.json.encode(wish).decode(), None)
    if plan_id is None:
        _fail("another plan of this sitting is just being made.", as_json=False)
    await plan_jobs.write(pool, plan_id, PlanNews(100, planned.forms, planned.certificate))
    return int(plan_id)


def _write(html: Path, name: str, certificate: Certificate, of: str) -> None:
    from exam_engine.fairness_page import fairness_page  # noqa: PLC0415  plotly takes a while to load

    try:
        html.write_text(fairness_page(name, certificate, of), encoding="utf-8")
    except OSError as problem:
        raise CannotStart(f"{html} can't be written: {problem.strerror}", ExitCode.SETTINGS) from None


def _fail(sentence: str, *, as_json: bool, code: int = UNUSABLE_EXIT) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"error": sentence}, ensure_ascii=False))
    typer.echo(f"exam: {sentence}", err=True)
    raise typer.Exit(code)


def _print(found: Certificate, done: _Done) -> None:
    console = Console()
    goals = Table("goal", "wanted", "reached", "", title=f"{found.blueprint}: {found.papers} papers, {found.mode}")
    for goal in found.goals:
        verdict = ("met" if goal.met else "NOT MET") if goal.applies else "does not apply"
        goals.add_row(goal.code, f"{'≤' if goal.upper else '≥'} {goal.wanted:g}", f"{goal.reached:.4g}", verdict)
    console.print(goals)
    if found.forms:
        forms = Table("form", "expected", "information", "error at the cut")
        for form in found.forms:
            forms.add_row(str(form.number), f"{form.expected:.3f}", f"{form.information:.3f}", f"{form.error:.4f}")
        console.print(forms)
    pool, overlap, exposure = found.pool, found.overlap, found.exposure
    console.print(
        f"Pool: {pool.usable} usable items, {pool.ratio:.1f} papers; {pool.usable - pool.calibrated} not calibrated.\n"
        f"Expected score {found.expected.least:.3f} to {found.expected.most:.3f}, aimed at {found.target:.3f}; "
        f"information {found.ratio:.1%} of the proven bound {found.bound:.3f} at ability {found.cut:.3f}.\n"
        f"Overlap of two papers: mean {overlap.mean:.1%}, 99 % {overlap.p99:.1%}, most {overlap.most:.1%}. "
        f"Exposure: at most {exposure.most:.1%}, {exposure.unused} items unused.\n"
        f"Made in {found.made_in_s:.1f} s. Certificate {done.digest}."
    )
    for line in found.audience:
        whom = " ".join(filter(None, (line.category, line.specialty, line.level))) or "everybody"
        note = " (fell back)" if line.fell_back else ""
        console.print(f"{escape(whom)}: own items from {line.step}{note}, {line.own} for {line.needs}")
    for rule in found.broken:
        console.print(f"[red]BROKEN[/red] {escape(rule)}")
    if done.plan_id is not None:
        console.print(f"Kept as plan {done.plan_id}; put it in force at the desk.")
