"""The command line: `exam …`, or `python -m exam_engine …`.

What goes wrong here is one line on standard error and an exit code (`settings.ExitCode`), never a traceback.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from exam_engine.commands import bank, enrol, evidence, journal, papers, receipt, registry, results, stats, vision
from exam_engine.commands.cast import cast_command
from exam_engine.commands.demo import demo_command
from exam_engine.commands.doctor import can_hold_an_exam, doctor, print_findings
from exam_engine.commands.openapi import openapi
from exam_engine.commands.serving import serve_one
from exam_engine.commands.up import raise_file_limit, up
from exam_engine.settings import CannotStart, read_settings

app = typer.Typer(
    help="Online proctored examinations for the periodic assessment of physicians.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(bank.app, name="bank")
app.add_typer(evidence.app, name="evidence")
app.add_typer(journal.app, name="journal")
app.add_typer(receipt.app, name="receipt")
app.add_typer(papers.app, name="papers")
app.add_typer(registry.app, name="registry")
app.add_typer(results.app, name="results")
app.add_typer(stats.app, name="stats")
vision.app.command("enrol")(enrol.enrol_command)
app.add_typer(vision.app, name="vision")
app.command("demo")(demo_command)
app.command("cast")(cast_command)
app.command("openapi")(openapi)

Data = Annotated[Path | None, typer.Option(help="The data folder (EXAM_DATA; default ./exam-data).")]
Host = Annotated[str | None, typer.Option(help="The address to serve on (EXAM_HOST; default 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(help="The port to serve on; 0 finds a free one (EXAM_PORT; default 8080).")]
Processes = Annotated[int | None, typer.Option(help="How many processes serve (EXAM_PROCESSES; default 1).")]
Vision = Annotated[
    int | None, typer.Option(help="Face-model processes per serving process; 0: none (EXAM_VISION; default 1).")
]
VisionRate = Annotated[
    int | None,
    typer.Option(
        help="Pictures taken at intervals that a serving process looks at in a second, at most; "
        "0: as many as it manages (EXAM_VISION_RATE; default 0)."
    ),
]
Demo = Annotated[bool, typer.Option("--demo", help="Make accounts and exams to try out.")]
DemoMinutes = Annotated[int | None, typer.Option(help="Shorten the exams of the demonstration.")]
ReadyFile = Annotated[Path | None, typer.Option(help="Write here, as JSON, where it serves and who can log in.")]


@app.command("up")
def up_command(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    processes: Processes = None,
    vision: Vision = None,
    vision_rate: VisionRate = None,
    demo: Demo = False,  # noqa: FBT002  a flag
    demo_minutes: DemoMinutes = None,
    ready_file: ReadyFile = None,
) -> None:
    """Serve pages, API and sockets on one port until SIGTERM or Ctrl-C.

    Without EXAM_DATABASE_URL and EXAM_REDIS_URL it runs its own PostgreSQL and Valkey in the data folder.
    """
    from exam_engine import app as application  # noqa: PLC0415  only serving needs all of it

    settings = read_settings(
        data=data,
        host=host,
        port=port,
        processes=processes,
        vision=vision,
        vision_rate=vision_rate,
        demo=demo,
        demo_minutes=demo_minutes,
        ready_file=ready_file,
    )
    uvloop.run(up(settings, application))


@app.command("serve-one", hidden=True)
def serve_one_command(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    processes: Processes = None,
    vision: Vision = None,
    vision_rate: VisionRate = None,
    demo: Demo = False,  # noqa: FBT002  a flag
    demo_minutes: DemoMinutes = None,
) -> None:
    """Be one of the processes of `exam up --processes N`; it alone calls this."""
    from exam_engine import app as application  # noqa: PLC0415  only serving needs all of it

    settings = read_settings(
        data=data,
        host=host,
        port=port,
        processes=processes,
        vision=vision,
        vision_rate=vision_rate,
        demo=demo,
        demo_minutes=demo_minutes,
    )
    raise_file_limit()
    uvloop.run(serve_one(settings, application))


@app.command("doctor")
def doctor_command(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,  # noqa: FBT002  a flag
) -> None:
    """Check this installation: READY, WARNING or NOT READY, with the reason for each.

    Exit code 0 when an exam can be held, with or without warnings; 1 when not.
    """
    findings = uvloop.run(doctor(read_settings(data=data, host=host, port=port)))
    print_findings(findings, as_json=as_json)
    raise typer.Exit(0 if can_hold_an_exam(findings) else 1)


def main() -> None:
    """Run the command line; the entry point of the program `exam`."""
    # A command that is told to end ends in order: the servers it started are stopped. `exam up` does as it likes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except CannotStart as problem:
        print(f"exam: {problem}", file=sys.stderr)  # noqa: T201  what a person is told
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
