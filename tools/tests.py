"""`make tests`: the tests of the program, the journeys beside the rest, because they mostly wait for a browser.

With arguments it is plain pytest with these arguments. The journeys' output is shown when the rest is done, so that
the two don't mix. The exit code is that of the first part that failed.
"""

import subprocess
import sys
import tempfile

JOURNEYS = "tests/journey"
PYTEST = (sys.executable, "-m", "pytest")


def main() -> int:
    """Run, show, and say whether all passed."""
    if len(sys.argv) > 1:
        return subprocess.call([*PYTEST, *sys.argv[1:]])  # noqa: S603  our own words
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        # Each keeps its own note of what failed last.
        with subprocess.Popen(  # noqa: S603  our own words
            [*PYTEST, JOURNEYS, "-o", "cache_dir=.pytest_cache/journeys"],
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as journeys:
            rest = subprocess.call([*PYTEST, f"--ignore={JOURNEYS}"])  # noqa: S603  our own words
            failed = journeys.wait()
        output.seek(0)
        sys.stdout.write(output.read())
    return rest or failed


if __name__ == "__main__":
    sys.exit(main())
