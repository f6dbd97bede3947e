"""A linear or integer program, put together row by row and solved by HiGHS.

One thread and a fixed seed: the same program has the same answer on every machine of one version of HiGHS.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import highspy
import numpy as np

from question_bank.parameters import Reals

INFINITE: Final[float] = highspy.kHighsInf


class Solved(NamedTuple):
    """`values` of the columns; `bound`: no solution has a better (for least: lower) objective than this. Proven."""

    values: Reals
    objective: float
    bound: float
    reduced: Reals  # reduced costs of a linear program; empty for an integer one


class Program:
    """Columns with costs to be made least, and rows between two bounds."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float]] = []
        self._columns: list[Sequence[tuple[int, float]]] = []
        self._costs: list[float] = []
        self._ranges: list[tuple[float, float]] = []
        self._whole: list[bool] = []

    def row(self, least: float, most: float) -> int:
        """A new row; its number."""
        self._rows.append((least, most))
        return len(self._rows) - 1

    def rows(self, bounds: Iterable[tuple[float, float]]) -> int:
        """New rows; the number of the first."""
        first = len(self._rows)
        self._rows.extend(bounds)
        return first

    def column(
        self,
        entries: Sequence[tuple[int, float]],
        most: float,
        *,
        cost: float = 0.0,
        least: float = 0.0,
        whole: bool = False,
    ) -> int:
        """A new column that counts `entries` (row, value); its number."""
        self._columns.append(entries)
        self._costs.append(cost)
        self._ranges.append((least, most))
        self._whole.append(whole)
        return len(self._columns) - 1

    def solve(self, seconds_max: float, gap: float = 0.0) -> Solved | None:
        """The best solution, to a relative `gap`; None when it is proven that there is none.

        Raises TimeoutError when none was found in time.
        """
        solver = highspy.Highs()  # type: ignore[no-untyped-call]  # its stubs leave the constructor bare
        options = {"output_flag": False, "threads": 1, "random_seed": 0, "time_limit": seconds_max, "mip_rel_gap": gap}
        for option, value in options.items():
            solver.setOptionValue(option, value)
        solver.passModel(self._model())
        solver.run()
        status, information = solver.getModelStatus(), solver.getInfo()
        if status in _NONE:
            return None
        if information.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            raise TimeoutError(solver.modelStatusToString(status))
        found = solver.getSolution()
        whole = any(self._whole)
        bound = information.mip_dual_bound if whole else information.objective_function_value
        reduced = np.array([] if whole else found.col_dual)
        return Solved(np.array(found.col_value), information.objective_function_value, bound, reduced)

    def _model(self) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self._columns), len(self._rows)
        model.col_cost_ = np.array(self._costs)
        model.col_lower_ = np.array([least for least, _ in self._ranges])
        model.col_upper_ = np.array([most for _, most in self._ranges])
        model.row_lower_ = np.array([least for least, _ in self._rows])
        model.row_upper_ = np.array([most for _, most in self._rows])
        kinds = highspy.HighsVarType
        if any(self._whole):
            model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self._whole]
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.start_ = np.array([0, *accumulate(map(len, self._columns))], dtype=np.int32)
        matrix.index_ = np.array([row for column in self._columns for row, _ in column], dtype=np.int32)
        matrix.value_ = np.array([value for column in self._columns for _, value in column], dtype=np.float64)
        return model


_NONE: Final = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
