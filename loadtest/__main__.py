"""The command line: `exam-load …`, or `python -m loadtest …`."""

import sys

import typer

app = typer.Typer(
    help="A nationwide exam window on one machine: load, faults, and figures that can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _callback() -> None:
    """Keep commands by name even while there is only one."""


def main() -> None:
    """For the installed command."""
    app()


if __name__ == "__main__":
    sys.exit(main())
