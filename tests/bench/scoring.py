"""Statistics, what-if, calibration and marking of a large sitting, each against the plain way in the same run.

`python -m tests.bench.scoring` runs this part alone. What is compared is checked to be equal first.
"""

import argparse
import statistics as middle
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from question_bank.paper import PaperEntry
from scoring.calibration import calibrate
from scoring.marking import Ruling, Scheme, mark
from scoring.rescore import Line, what_if
from scoring.sheets import Sheets
from scoring.sitting_statistics import Known, sitting_statistics
from tests.bench.statistics import straightforward
from tests.bench.timed import spread, took
from tests.scoring.sheeted import keys_of, of_table, own_papers
from tests.scoring.simulated import sitting

Rows = list[list[str]]
POOL: Final = 1000
CALIBRATED: Final = 10_000  # people
PAPERS: Final = 5_000  # marked


def scoring(people: int, items: int, rounds: int) -> Rows:
    """Everybody the same items, then everybody his own."""
    return [*same_items(people, items, rounds), *own_items(people, items, rounds), *marking(items, rounds)]


def same_items(people: int, items: int, rounds: int) -> Rows:
    table = sitting(people, items, 1)
    sheets = of_table(table)
    known = Known(np.arange(float(people)), [str(number % 1000) for number in range(people)])
    ours = [took(lambda: sitting_statistics(_fresh(sheets), table.columns)) for _ in range(rounds)]
    plain = [
        took(lambda: straightforward(type(table)(table.persons, table.columns, table.codes))) for _ in range(rounds)
    ]
    alpha, correlations, means = plain[0][1]
    found = ours[0][1]
    assert found.reliability is not None
    assert abs(found.reliability - alpha) < 1e-9
    assert np.allclose(np.array([item.rest_correlation for item in found.items], dtype=float), correlations)
    means_found = [[option.rest_mean for option in item.options] for item in found.items]
    assert np.allclose(np.array(means_found, dtype=float), means)
    leaks = [took(lambda: sitting_statistics(_fresh(sheets), table.columns, known)) for _ in range(rounds)]
    after = Scheme(rulings=(Ruling(3, 1, full_credit=True),), edition=1)
    line, keys = Line(items * 6 // 10, items), keys_of(sheets)
    ifs = [
        took(lambda: what_if(_fresh(sheets), keys, (Scheme(), after), line, {}, keep_passes=True))
        for _ in range(rounds)
    ]
    what = f"{people:,} papers × {items}"
    return [
        [f"statistics of a sitting, {what} (goal 5 s)", spread([took for took, _ in ours])],
        ["the same by straightforward numpy, in a table", spread([took for took, _ in plain])],
        ["with leaks over time and in 1,000 groups", spread([took for took, _ in leaks])],
        ["what-if of one item", spread([took for took, _ in ifs])],
    ]


def own_items(people: int, items: int, rounds: int) -> Rows:
    sheets, columns, _, _ = own_papers(people, POOL, items, 2)
    ours = [took(lambda: sitting_statistics(_fresh(sheets), columns))[0] for _ in range(rounds)]
    few = sheets.some(np.arange(min(people, CALIBRATED)))
    fit = [took(lambda: calibrate(_fresh(few), columns))[0] for _ in range(rounds)]
    return [
        [f"statistics where everybody had {items} of {POOL:,} items", spread(ours)],
        [f"calibration (2PL) of {POOL:,} items from {len(few.persons):,} of them", spread(fit)],
    ]


def marking(items: int, rounds: int) -> Rows:
    """Papers marked per second, against the bare loop that compares letters."""
    entries = [PaperEntry(number, 1, "abcde") for number in range(1, items + 1)]
    keys = {(number, 1): "abcde"[number % 5] for number in range(1, items + 1)}
    answers = [{no: "abcde"[(no + paper) % 5] for no in range(1, items + 1)} for paper in range(10)]
    scheme = Scheme(rulings=(Ruling(1, 1, also=("b",)),))
    bare_keys = {number: keys[number, 1] for number in range(1, items + 1)}

    def ours() -> int:
        return sum(mark(entries, answers[paper % 10], keys, scheme).points for paper in range(PAPERS))

    def bare() -> int:
        total = 0
        for paper in range(PAPERS):
            for no, choice in answers[paper % 10].items():
                total += choice == bare_keys[no]
        return total

    marked = [PAPERS / took(ours)[0] for _ in range(rounds)]
    compared = [PAPERS / took(bare)[0] for _ in range(rounds)]
    return [
        [f"papers of {items} marked, a verdict for each question", f"{middle.median(marked):,.0f} papers/s"],
        ["letters compared in a bare loop", f"{middle.median(compared):,.0f} papers/s"],
    ]


def _fresh(sheets: Sheets) -> Sheets:
    """The same without anything worked out before."""
    return sheets.some(np.arange(len(sheets.persons)))


def main() -> None:
    """Run this part alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scoring", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    table = Table("figure", "median (least … most)")
    for row in scoring(options.people, options.items, options.rounds):
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
