"""Sheets for tests: from tables, and made-up sittings where everybody has items of his own."""

import numpy as np
import numpy.typing as npt

from scoring.marking import Ref
from scoring.responses import Column, Responses
from scoring.sheets import Asked, Gathering, Sheets

KEY = "a"


def of_table(table: Responses) -> Sheets:
    """The same answers as sheets; everybody had the same items in the same order."""
    count, people = len(table.columns), len(table.persons)
    asked = tuple(Asked(number, 1, 0, False) for number in range(1, count + 1))
    codes = np.where(table.codes.T < 250, table.codes.T, 0).astype(np.uint16)
    reached = np.array([max((no for no, code in enumerate(row, 1) if code), default=0) for row in codes])
    places = np.tile(np.arange(count, dtype=np.int32), (people, 1))
    chosen = tuple(tuple(option.lower() for option in column.options) for column in table.columns)
    return Sheets(np.arange(1, people + 1), asked, chosen, places, codes, reached)


def scored(rows: "npt.NDArray[np.uint8]") -> tuple[Sheets, tuple[Column, ...]]:
    """From 0 and 1, a row for each person: options b (wrong) and a (right)."""
    people, count = rows.shape
    asked = tuple(Asked(number, 1, 0, False) for number in range(1, count + 1))
    places = np.tile(np.arange(count, dtype=np.int32), (people, 1))
    sheets = Sheets(
        np.arange(1, people + 1),
        asked,
        (("b", "a"),) * count,
        places,
        rows.astype(np.uint16) + 1,
        np.full(people, count),
    )
    return sheets, tuple(Column(f"{number}.1", ("b", "a"), (0, 1)) for number in range(1, count + 1))


def own_papers(
    people: int, pool: int, length: int, seed: int, *, leak: bool = False
) -> tuple[Sheets, tuple[Column, ...], "npt.NDArray[np.float64]", "npt.NDArray[np.float64]"]:
    """Everybody has `length` of `pool` items; also the true a and b. `leak`: item 1 is known from half-time on."""
    rng = np.random.default_rng(seed)
    ability, a, b = rng.normal(0, 1, people), np.exp(rng.normal(0, 0.25, pool)), rng.normal(-0.7, 0.9, pool)
    places = np.array([rng.choice(pool, length, replace=False) for _ in range(people)], dtype=np.int32)
    chance = 1 / (1 + np.exp(-a[places] * (ability[:, None] - b[places])))
    if leak:
        places[:, 0] = 0
        places[:, 1:][places[:, 1:] == 0] = pool - 1
        chance[people // 2 :, 0] = 0.97
    right = rng.random(places.shape) < chance
    asked = tuple(Asked(number, 1, 0, False) for number in range(1, pool + 1))
    sheets = Sheets(
        np.arange(1, people + 1), asked, (("b", "a"),) * pool, places, right.astype(np.uint16) + 1,
        np.full(people, length),
    )  # fmt: skip
    return sheets, tuple(Column(f"{number}.1", ("b", "a"), (0, 1)) for number in range(1, pool + 1)), a, b


def gathered(*papers: tuple[int, str, str]) -> Sheets:
    """Of (person, numbers of items as letters p, q, r …, what was chosen): (1, "pqr", "ab-"); "-" is nothing."""
    gathering = Gathering()
    for person, items, chosen in papers:
        asked = [Asked(ord(letter) - ord("p") + 1, 1, 0, False) for letter in items]
        gathering.add(person, asked, ["" if choice == "-" else choice for choice in chosen])
    return gathering.sheets()


def keys_of(sheets: Sheets) -> dict[Ref, str]:
    """The key is a throughout."""
    return {asked.ref: KEY for asked in sheets.asked}
