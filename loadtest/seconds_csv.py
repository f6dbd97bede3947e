"""The seconds of a run as a table for other programs."""

import csv
from io import StringIO

from loadtest.figures import count, percentiles
from loadtest.outcome import Run
from loadtest.seconds import actions_of

SHARES = (0.5, 0.95, 0.99, 0.999)


def seconds_csv(run: Run) -> str:
    """A line for each second; latencies in seconds, from the intended moment."""
    names = actions_of(run.seconds)
    rows = csv.writer(out := StringIO())
    head = ["s", "open", "sockets", "boards", "lag_s", "errors", "excused"]
    for name in names:
        head += [f"{name}_{figure}" for figure in ("count", "failed", "p50_s", "p95_s", "p99_s", "p999_s")]
    rows.writerow(head)
    for second in run.seconds:
        told = [sum(second.errors.values()), sum(second.excused.values())]
        row: list[float | str] = [second.s, second.open, second.sockets, second.boards, second.lag_s, *told]
        for name in names:
            each = second.actions.get(name)
            late = percentiles(each.late, SHARES) if each else [None] * len(SHARES)
            figures = ["" if value is None else f"{value:.4g}" for value in late]
            row += [count(each.late) if each else 0, each.failed if each else 0, *figures]
        rows.writerow(row)
    return out.getvalue()
