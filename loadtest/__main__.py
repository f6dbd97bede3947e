"""The command line: `exam-load …`, or `python -m loadtest …`."""

import typer

from loadtest.checking import check_command
from loadtest.comparing import compare_command, report_command
from loadtest.driver import run_command
from loadtest.national import national_command
from loadtest.planning import plan_command

app = typer.Typer(
    help="A nationwide exam window on one machine: load, faults, and figures that can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _callback() -> None:
    """Keep commands by name even while there is only one."""


app.command("run")(run_command)
app.command("national")(national_command)
app.command("check")(check_command)
app.command("compare")(compare_command)
app.command("report")(report_command)
app.command("plan")(plan_command)


def main() -> None:
    """For the installed command."""
    app()


if __name__ == "__main__":
    main()
