"""The exact search for a recipe, by HiGHS.

The question is a small integer program: a few hundred kinds, a few dozen limits. An exact solver answers it in
milliseconds *and* proves when there is no answer, which no amount of trying can. Every limit gets a slack that costs
more than everything else together, so that an impossible blueprint still has an answer: the limits that give way in it
are the ones to tell the author about.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import highspy

from question_bank.recipe import Limit, Recipe, Space

SEARCH_S_MAX: Final = 20.0
ITEM_COST: Final = 1.0  # of an item better avoided
MISS_COST: Final = 10_000.0  # of an item missing under a limit; more than a paper full of avoided items
EXCESS_COST: Final = 1.1 * MISS_COST  # of an item too many: that a quota falls short is easier to understand


class Miss(NamedTuple):
    """A limit that can't be kept together with the others, and how near one can get."""

    limit: Limit
    reached: int


class Found(NamedTuple):
    """The best recipe: `fresh` units and `stale` ones of each kind, and the limits it breaks (none: it is a paper)."""

    fresh: Recipe
    stale: Recipe
    misses: tuple[Miss, ...]

    @property
    def recipe(self) -> Recipe:
        """Fresh and stale together."""
        return tuple(map(sum, zip(self.fresh, self.stale, strict=True)))


def search(space: Space, fresh: Sequence[int], stale: Sequence[int]) -> Found:
    """The recipe that breaks the limits least and, of those, takes the fewest items of stale units.

    `fresh`, `stale`: units there are of each kind. Raises TimeoutError after `SEARCH_S_MAX` seconds, which no real
    pool comes near.
    """
    values = _solve(_program(space, fresh, stale))
    kinds = len(space.kinds)
    found = Found(tuple(values[:kinds]), tuple(values[kinds : 2 * kinds]), ())
    pairs = zip(space.limits, space.totals(found.recipe), strict=True)
    misses = tuple(Miss(limit, total) for limit, total in pairs if not limit.least <= total <= limit.most)
    return found._replace(misses=misses)


def _program(space: Space, fresh: Sequence[int], stale: Sequence[int]) -> highspy.HighsLp:
    """Columns: fresh units per kind, stale units per kind, items missing per limit, items too many per limit."""
    kinds, limits = len(space.kinds), len(space.limits)
    missing = [[(limit, 1)] for limit in range(limits)]
    too_many = [[(limit, -1)] for limit in range(limits)]
    columns = [list(kind.counts) for kind in space.kinds] * 2 + missing + too_many
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(columns), limits
    program.col_cost_ = (
        [0.0] * kinds + [ITEM_COST * kind.size for kind in space.kinds] + [MISS_COST] * limits + [EXCESS_COST] * limits
    )
    program.col_lower_ = [0.0] * len(columns)
    program.col_upper_ = [*map(float, fresh), *map(float, stale), *[highspy.kHighsInf] * 2 * limits]
    program.row_lower_ = [float(limit.least) for limit in space.limits]
    program.row_upper_ = [float(limit.most) for limit in space.limits]
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
    _fill(program.a_matrix_, columns)
    return program


def _fill(matrix: highspy.HighsSparseMatrix, columns: Sequence[Sequence[tuple[int, int]]]) -> None:
    """Write the columns, each a list of (row, value), in the compressed form that HiGHS reads."""
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_ = [0, *accumulate(map(len, columns))]
    matrix.index_ = [row for column in columns for row, _ in column]
    matrix.value_ = [float(value) for column in columns for _, value in column]


def _solve(program: highspy.HighsLp) -> list[int]:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # its stubs leave the constructor bare
    for option, value in _OPTIONS.items():
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise TimeoutError(f"no paper found or ruled out: {solver.modelStatusToString(solver.getModelStatus())}")
    return [round(value) for value in solver.getSolution().col_value]


_OPTIONS: Final[dict[str, bool | int | float]] = {
    "output_flag": False,
    "threads": 1,  # the same answer every time, and no cores taken from those who answer questions
    "mip_rel_gap": 0.0,  # the costs differ by orders of magnitude: a relative gap would hide avoided items
    "time_limit": SEARCH_S_MAX,
}
