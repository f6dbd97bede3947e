"""Made-up sittings in which nobody cheats: right by a logistic model, wrong by chance or by temptation."""

import numpy as np

from scoring.responses import Column, Responses

LETTERS = "ABCDE"


def sitting(
    people: int, items: int, seed: int, *, unequal: float = 0.0, tempting: float = 0.0, better_later: bool = False
) -> Responses:
    """The key is A throughout.

    `unequal`: standard deviation of the logarithm of discrimination, 0 is a 1PL. `tempting`: how much the choice among
    the wrong options goes by ability. `better_later`: people come in the order of their ability, roughly.
    """
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1, people)
    if better_later:
        ability = ability[np.argsort(ability + rng.normal(0, 0.5, people))]
    difficulty, discrimination = rng.normal(-1, 1, items), np.exp(rng.normal(0, 1, items) * unequal)
    right = rng.random((items, people)) < 1 / (1 + np.exp(-discrimination[:, None] * (ability - difficulty[:, None])))
    codes = np.empty((items, people), dtype=np.uint8)
    for row, had in zip(codes, right, strict=True):
        attraction = np.log(rng.dirichlet(np.full(4, 1.5)))
        attraction = attraction + tempting * np.outer(ability, rng.permutation(np.linspace(-1, 1, 4)))
        row[:] = np.where(had, 1, 2 + (attraction + rng.gumbel(size=(people, 4))).argmax(axis=1))
    return Responses(tuple(f"测试{number:05}" for number in range(people)), columns(items), codes)


def columns(items: int) -> tuple[Column, ...]:
    return tuple(Column(f"Q{number}", tuple(LETTERS), (1, 0, 0, 0, 0)) for number in range(1, items + 1))
