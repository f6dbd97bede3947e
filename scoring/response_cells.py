"""Cells of a file as numbers of a table: learnt as they come, put in order at the end."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from scoring.response_text import MISSING, answer
from scoring.responses import OMITTED, OPTION_COUNT_MAX, Codes, Column

CELL_LENGTH_MAX: Final = 40  # characters of an answer
BAD: Final = 253  # a cell that is no answer; never an option's number
TRUE: Final = frozenset({"1", "1.0", "true", "t", "yes", "y", "对", "正确", "√", "✓", "✔"})
FALSE: Final = frozenset({"0", "0.0", "false", "f", "no", "n", "错", "错误", "×", "✗", "✘"})


class Cells:
    """The columns of the items, and their cells as numbers."""

    def __init__(self, names: Sequence[str], key: Mapping[str, frozenset[str]] | None) -> None:
        self.names = names
        self.coders = [Coder(key[name] if key is not None else None) for name in names]

    def codes(self, cells: Sequence[Sequence[str]]) -> Codes:
        """`[item, row]` of `cells[item]`."""
        return np.stack(
            [
                np.frombuffer(bytes(map(coder.__getitem__, column)), dtype=np.uint8)
                for coder, column in zip(self.coders, cells, strict=True)
            ]
        )

    def finish(self, codes: Codes) -> tuple[tuple[Column, ...], Codes]:
        """Options in the order of the alphabet, and the numbers changed accordingly."""
        columns, ordered = [], np.empty_like(codes)
        for name, coder, row, out in zip(self.names, self.coders, codes, ordered, strict=True):
            options = sorted(coder.options)
            change = np.arange(256, dtype=np.uint8)
            for number, option in enumerate(options, 1):
                change[coder.options[option]] = number
            np.take(change, row, out=out)
            right = coder.right or frozenset({"1"})
            points = tuple(int(option in right) for option in options)
            columns.append(Column(name, tuple(options), points, scored=coder.right is None))
        return tuple(columns), ordered


class Coder(dict[str, int]):
    """A cell of one item, as it is written -> the number of its answer; learnt as cells come."""

    def __init__(self, right: frozenset[str] | None) -> None:
        super().__init__()
        self.options: dict[str, int] = {}
        self.right = right
        for option in sorted(right) if right else ("0", "1"):
            self.options[option] = len(self.options) + 1

    def __missing__(self, cell: str) -> int:
        number = self[cell] = self._number(cell.strip())
        return number

    def _number(self, cell: str) -> int:
        said = answer(cell)
        if cell.lower() in MISSING and said not in (self.right or ()):
            return OMITTED
        if self.right is None:
            return 2 if said.lower() in TRUE else 1 if said.lower() in FALSE else BAD
        if len(cell) > CELL_LENGTH_MAX or (said not in self.options and len(self.options) >= OPTION_COUNT_MAX):
            return BAD
        return self.options.setdefault(said, len(self.options) + 1)
