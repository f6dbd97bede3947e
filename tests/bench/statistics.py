"""Statistics of a national sitting, against the straightforward numpy of a textbook in the same run.

`python -m tests.bench.statistics` runs this part alone. Both sides start from the same table of numbers and give the
same figures, which is checked; reading the file is a figure of its own.
"""

import argparse
import statistics as middle
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from scoring.likeness import alike
from scoring.response_file import read_responses
from scoring.responses import Responses
from scoring.statistics import Circumstances, statistics
from tests.bench.timed import spread, took
from tests.scoring.simulated import LETTERS, sitting

Rows = list[list[str]]
ALIKE = 5000  # people, everybody with everybody
ALIKE_PLAIN = 200  # of them compared with all in the plain way, for the same time


def psychometrics(people: int, items: int, rounds: int) -> Rows:
    """`people` papers of `items` items: statistics, with leaks, reading, likeness."""
    table = sitting(people, items, 1)
    ours = [took(lambda: statistics(_fresh(table))) for _ in range(rounds)]
    plain = [took(lambda: straightforward(_fresh(table))) for _ in range(rounds)]
    _same(ours[0][1], plain[0][1])
    known = Circumstances(np.arange(float(people)), [str(number % 1000) for number in range(people)])
    leaks = [took(lambda: statistics(_fresh(table), known)) for _ in range(rounds)]
    what = f"{people:,} papers × {items}"
    return [
        [f"statistics of {what} (goal 5 s)", spread([took for took, _ in ours])],
        [f"the same by straightforward numpy, {what}", spread([took for took, _ in plain])],
        [f"with leaks over time and in 1,000 groups, {what}", spread([took for took, _ in leaks])],
        *reading(table, rounds),
        *likeness(items, rounds),
    ]


def reading(table: Responses, rounds: int) -> Rows:
    """From the bytes of a CSV with options to the table."""
    letters = np.array(["", *LETTERS])[table.codes.T]
    head = ",".join(("id", *(column.name for column in table.columns)))
    lines = (f"{person},{','.join(row)}" for person, row in zip(table.persons, letters, strict=True))
    data = "\n".join([head, *lines]).encode()
    key = {column.name: frozenset("A") for column in table.columns}
    took = [took(lambda: read_responses(data, key))[0] for _ in range(rounds)]
    return [[f"reading them from a CSV of {len(data) / 1e6:.0f} MB", spread(took)]]


def likeness(items: int, rounds: int) -> Rows:
    """Pairs compared per second, against comparing one person with all by one numpy expression."""
    table = sitting(ALIKE, items, 2)
    pairs = ALIKE * (ALIKE - 1) // 2
    wrong = np.where(table.right, 0, table.codes)

    def plain() -> None:
        for one in range(ALIKE_PLAIN):
            ((wrong == wrong[:, one : one + 1]) & (wrong > 0)).sum(axis=0)

    ours = [pairs / took(lambda: alike(table))[0] for _ in range(rounds)]
    theirs = [ALIKE_PLAIN * ALIKE / took(plain)[0] for _ in range(rounds)]
    return [
        [f"papers too alike, {ALIKE:,} people, chances included", f"{middle.median(ours):,.0f} pairs/s"],
        ["counting equal wrong answers alone, one with all", f"{middle.median(theirs):,.0f} pairs/s"],
    ]


def straightforward(table: Responses) -> tuple[float, list[float], list[list[float]]]:
    """KR-20, rest correlations, and rest means of options, as a textbook writes them."""
    right = table.right.astype(float)
    totals = right.sum(axis=0)
    p = right.mean(axis=1)
    kr20 = len(right) / (len(right) - 1) * (1 - (p * (1 - p)).sum() / totals.var())
    correlations, means = [], []
    for codes, row in zip(table.codes, right, strict=True):
        rest = totals - row
        correlations.append(float(np.corrcoef(row, rest)[0, 1]))
        options = range(1, 6)
        for option in options:
            np.corrcoef(codes == option, rest)
        means.append([float(rest[codes == option].mean()) for option in options])
    return float(kr20), correlations, means


def _fresh(table: Responses) -> Responses:
    """The same without anything worked out before."""
    return Responses(table.persons, table.columns, table.codes)


def _same(ours: Any, plain: tuple[float, list[float], list[list[float]]]) -> None:
    kr20, correlations, means = plain
    assert abs(ours.kr20 - kr20) < 1e-9
    assert np.allclose([item.rest_correlation for item in ours.items], correlations)
    assert np.allclose([[option.rest_mean for option in item.options] for item in ours.items], means)


def main() -> None:
    """Run this part alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.statistics", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    table = Table("figure", "median (least … most)")
    for row in psychometrics(options.people, options.items, options.rounds):
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
