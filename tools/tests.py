"""`make tests`: the tests of the program in parts beside each other, each with servers of its own.

The journeys mostly wait for a browser; the rest is cut in two, so that two cores have something to do. What is in no
named part is in the last one: a new folder is run without being told of here. With arguments it is plain pytest with
these arguments. The last part is seen while it runs; what the others print is shown when it is done, so that they
don't mix. The exit code is that of the first part that failed.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from exam_engine.embedded_account import server_account

PARTS = {
    "journeys and fuzz": ("tests/journey", "tests/fuzz"),
    "desks": ("tests/exam_engine/edge",),
}
REST = "rest"
PYTEST = (sys.executable, "-m", "pytest", "--durations=12", "--durations-min=3")


def main() -> int:
    """Run, show, and say whether all passed."""
    if len(sys.argv) > 1:
        return subprocess.call([*PYTEST, *sys.argv[1:]])  # noqa: S603  our own words
    server_account(Path("/"))  # made here, or on a fresh machine every part would make it at the same moment
    began_at = time.monotonic()
    codes: dict[str, int] = {}
    with ExitStack() as stack:
        outputs = {name: stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for name in PARTS}
        running = {
            name: stack.enter_context(
                subprocess.Popen(  # noqa: S603  our own words
                    # Each keeps its own note of what failed last.
                    [*PYTEST, *folders, "-o", f"cache_dir=.pytest_cache/{name}"],
                    stdout=outputs[name],
                    stderr=subprocess.STDOUT,
                )
            )
            for name, folders in PARTS.items()
        }
        ignored = [f"--ignore={folder}" for folders in PARTS.values() for folder in folders]
        codes[REST] = subprocess.call([*PYTEST, *ignored])  # noqa: S603  our own words
        for name, process in running.items():
            codes[name] = process.wait()
            outputs[name].seek(0)
            _say(f"\n== {name}\n{outputs[name].read()}")
    failed = {name: code for name, code in codes.items() if code != 0}
    _say(
        f"== {', '.join(failed) + ' failed' if failed else 'every part passed'}, {time.monotonic() - began_at:.0f} s\n"
    )
    return next(iter(failed.values()), 0)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
