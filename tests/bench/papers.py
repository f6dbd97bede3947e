"""Papers: forms against one bare paper by HiGHS, papers on the fly against the plainest draw, in the same run.

`python -m tests.bench.papers` runs this part alone. The bare model is what a textbook writes: one binary for each
unit, quotas, expected score in the band, the most information. The plainest draw is a random choice inside each kind
that looks at no score, no information and no enemies.
"""

import argparse
import random
import statistics as middle
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from question_bank.aim import Aim, aim
from question_bank.audience import Person
from question_bank.blueprint import load
from question_bank.fair_plan import FairPlan, prepare_fair
from question_bank.feasibility import outlook
from question_bank.forms import BAND, Wish, make_forms
from question_bank.layout import lay_out
from question_bank.parameters import Known
from question_bank.planning import Clocks, Order, plan_papers
from question_bank.pool import Pool
from question_bank.program import Program
from question_bank.supply import Supply, supply
from tests.question_bank.big_pool import big_pool

Rows = list[list[str]]
PAPER = load("professional")
DRAWS_S = 2.0
GAP = 0.01  # of the bare model too: proving the last hundredth is not what anybody waits for


def papers(rounds: int = 3, pools: tuple[int, ...] = (1000, 8000), forms: int = 8) -> Rows:
    """Forms, papers on the fly and the editor's check over pools of these sizes."""
    rows: Rows = []
    for size in pools:
        items, known = big_pool(size)
        pool = Pool(items)
        stock = supply(PAPER, pool, known)
        aimed = aim(stock, None, 0.6)
        assert aimed is not None
        rows += _forms(stock, aimed, size, forms, rounds)
        rows += _fly(prepare_fair(PAPER, pool, known, 0.6), size, rounds)
        rows += _check(pool, known, size, rounds)
    return rows


def _check(pool: Pool, known: Known, size: int, rounds: int) -> Rows:
    took = [1000 * _took(lambda: outlook(PAPER, pool, known, None, 0.6)) for _ in range(rounds)]
    return [[f"check of a blueprint, {size:,} items (goal 300 ms)", _spread(took, "ms", 0)]]


def certified(size: int = 1000) -> Rows:
    """The goals of a certificate, by a plan made as the desk makes it."""
    items, known = big_pool(size)
    clocks = Clocks(time.monotonic, time.process_time)
    rows = []
    for mode in ("forms", "fly"):
        order = Order(PAPER, mode, 1, 0.6, forms=8)
        found = plan_papers(order, Pool(items), known, [Person()], clocks, lambda _done: None).certificate
        for goal in (goal for goal in found.goals if goal.applies):
            wanted = f"goal {'≤' if goal.upper else '≥'} {goal.wanted:g}"
            rows.append([f"{mode}, {size:,} items: {goal.code} ({wanted})", f"{goal.reached:.4g}"])
    return rows


def _forms(stock: Supply, aimed: Aim, size: int, forms: int, rounds: int) -> Rows:
    ours, bare = [], []
    share = 0.0
    for seed in range(rounds):
        wish = Wish(forms, seed, aimed.target, aimed.cut, 25)
        begun = time.perf_counter()
        made = make_forms(stock, wish, time.monotonic)
        ours.append(time.perf_counter() - begun)
        worths = stock.gauge.information(aimed.cut)
        share = min(float(worths[list(form)].sum()) for form in made.forms) / made.bound
        bare.append(_took(lambda: _bare(stock, aimed)))
    ratio = middle.median(ours) / middle.median(bare) / forms
    return [
        [f"{forms} parallel forms, {size:,} items", _spread(ours, "s")],
        [f"one bare paper by HiGHS, {size:,} items", _spread(bare, "s")],
        [f"a form by a bare paper, {size:,} items", f"{ratio:.2f} ×"],
        [f"least information by the proven bound, {size:,} items (goal 95 %)", f"{share:.1%}"],
    ]


def _bare(stock: Supply, aimed: Aim) -> None:
    program = Program()
    program.rows((limit.least, limit.most) for limit in stock.limits)
    row = program.row(aimed.target - BAND, aimed.target + BAND)
    worths = stock.gauge.information(aimed.cut)
    for counts, points, worth in zip(stock.counts, stock.points, worths, strict=True):
        entries = [*((limit, float(count)) for limit, count in counts), (row, float(points))]
        program.column(entries, 1.0, cost=-float(worth), whole=True)
    assert program.solve(120.0, GAP) is not None


def _fly(plan: FairPlan, size: int, rounds: int) -> Rows:
    seeds = iter(range(10**9))
    ours = [_rate(lambda: plan.draw(next(seeds))) for _ in range(rounds)]
    decks = [deck.places for deck in plan.decks]
    recipe = plan.recipes[0]
    dice = random.Random(1)

    def plain() -> None:
        picked = [plan.supply.units[p] for deck, n in zip(decks, recipe, strict=True) for p in dice.sample(deck, n)]
        lay_out(picked, dice, shuffle_items=True, shuffle_options=True)

    theirs = [_rate(plain) for _ in range(rounds)]
    ratio = middle.median(ours) / middle.median(theirs)
    return [
        [f"papers on the fly, {size:,} items (goal 500)", _spread(ours, "/s per core", 0)],
        [f"plainest draw, {size:,} items", _spread(theirs, "/s per core", 0)],
        [f"equal papers by plain ones, {size:,} items", f"{ratio:.2f} ×"],
    ]


def _rate(work: Callable[[], object]) -> float:
    """How often a second of computing does it."""
    begun, count = time.process_time(), 0
    while time.process_time() - begun < DRAWS_S / 4:
        work()
        count += 1
    return count / (time.process_time() - begun)


def _took(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _spread(values: list[float], unit: str, digits: int = 2) -> str:
    return f"{middle.median(values):,.{digits}f} {unit} ({min(values):,.{digits}f} … {max(values):,.{digits}f})"


def main() -> None:
    """Run this part alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.papers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pools", type=int, nargs="+", default=[1000, 8000])
    parser.add_argument("--forms", type=int, default=8)
    options = parser.parse_args()
    table = Table("figure", "median (least … most)")
    for row in papers(options.rounds, tuple(options.pools), options.forms) + certified():
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
