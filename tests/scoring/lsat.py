"""Two published tables: how many of 1,000 people gave each pattern of answers to five items (Bock & Lieberman 1970)."""

import numpy as np

from scoring.responses import Column, Responses

LSAT6 = {
    "00000": 3, "00001": 6, "00010": 2, "00011": 11, "00100": 1, "00101": 1, "00110": 3, "00111": 4,
    "01000": 1, "01001": 8, "01011": 16, "01101": 3, "01110": 2, "01111": 15, "10000": 10, "10001": 29,
    "10010": 14, "10011": 81, "10100": 3, "10101": 28, "10110": 15, "10111": 80, "11000": 16, "11001": 56,
    "11010": 21, "11011": 173, "11100": 11, "11101": 61, "11110": 28, "11111": 298,
}  # fmt: skip
LSAT7 = {
    "00000": 12, "00001": 19, "00010": 1, "00011": 7, "00100": 3, "00101": 19, "00110": 3, "00111": 17,
    "01000": 10, "01001": 5, "01010": 3, "01011": 7, "01100": 7, "01101": 23, "01110": 8, "01111": 28,
    "10000": 7, "10001": 39, "10010": 11, "10011": 34, "10100": 14, "10101": 51, "10110": 15, "10111": 90,
    "11000": 6, "11001": 25, "11010": 7, "11011": 35, "11100": 18, "11101": 136, "11110": 32, "11111": 308,
}  # fmt: skip


def responses(table: dict[str, int]) -> Responses:
    rows = [[int(digit) for digit in pattern] for pattern, count in table.items() for _ in range(count)]
    return scored(np.array(rows, dtype=np.uint8))


def scored(rows: "np.typing.NDArray[np.uint8]") -> Responses:
    """Of 0 and 1, a row for each person."""
    columns = tuple(Column(f"Q{number}", ("0", "1"), (0, 1), scored=True) for number in range(1, rows.shape[1] + 1))
    persons = tuple(f"测试{number}" for number in range(len(rows)))
    return Responses(persons, columns, np.ascontiguousarray(rows.T + 1).astype(np.uint8))


def csv(table: dict[str, int], separator: str = ",") -> str:
    lines = [separator.join(("rownames", "Q1", "Q2", "Q3", "Q4", "Q5"))]
    patterns = [pattern for pattern, count in table.items() for _ in range(count)]
    lines += [separator.join((str(number), *pattern)) for number, pattern in enumerate(patterns, 1)]
    return "\n".join(lines) + "\n"
