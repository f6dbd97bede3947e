"""The fairness certificate: how equal the papers of a sitting are, in figures that anybody can check again.

It holds numbers and codes of items, never a text or a key. Expected scores are points of 100 of an average physician
(ability 0 of a standard normal population); information is Fisher's, of the whole paper, at the cut: the ability whose
expected score is the pass line.
"""

import hashlib

import msgspec

GRID = (-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)  # abilities of `PlannedForm.curve`


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Of one figure over all papers; `difference`: the largest less the smallest."""

    least: float
    p05: float
    mean: float
    p95: float
    most: float
    sd: float
    difference: float


class PlannedForm(msgspec.Struct, frozen=True, kw_only=True):
    """One parallel form. `error`: standard error of the ability at the cut. `curve`: points of 100 over `GRID`."""

    number: int
    items: int
    expected: float
    information: float
    error: float
    curve: tuple[float, ...]


class PoolFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn from. `usable`: items the blueprint has a use for; `ratio`: those by the items of a paper.

    `calibrated`: usable items with parameters from answers; for the others the author's difficulty stands in.
    """

    items: int
    usable: int
    calibrated: int
    ratio: float
    digest: str


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Items that two papers share. `matrix` of forms (its diagonal: items of each); `counts[n]`: pairs that share n.

    `mean`, `p99`, `most` are shares of a paper.
    """

    matrix: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    pairs: int
    mean: float
    p99: float
    most: float


class Bar(msgspec.Struct, frozen=True):
    """`items` items are in more than `above` and at most `to` of all papers (shares; the first bar: in none)."""

    above: float
    to: float
    items: int


class Used(msgspec.Struct, frozen=True):
    item_id: int
    code: str
    share: float


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """In which share of the papers items are. `even`: the share of an item if all usable ones were used alike."""

    even: float
    most: float
    unused: int
    bars: tuple[Bar, ...]
    most_used: tuple[Used, ...]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """Where physicians of one kind draw their own part from (question_bank/audience.py).

    `step`: specialty, category or common; `fell_back`: not the first of the order. `own`: items there for `needs`.
    """

    category: str
    specialty: str
    level: str
    step: str
    fell_back: bool
    own: int
    common: int
    needs: int
    problem: str


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """`reached` has to be at most (`upper`) or at least `wanted`. Not `applies`: the goal's condition is not given."""

    code: str
    wanted: float
    reached: float
    upper: bool
    met: bool
    applies: bool


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `papers`: forms, or papers of the sample that was drawn; `broken`: rules a second count found broken.

    `bound`: no paper set with these quotas and limits of exposure has a higher mean information at the cut (proven);
    `single_bound`: no single paper has. `ratio`: the least information of a paper by `bound`; `mean_ratio`: the mean.
    `expected_bound`, `overlap_bound`: what the assembly guarantees; 0 where it guarantees nothing.
    """

    mode: str
    seed: int
    blueprint: str
    item_count: int
    papers: int
    cut: float
    pass_share: float
    target: float
    pool: PoolFigures
    forms: tuple[PlannedForm, ...]
    expected: Spread
    information: Spread
    bound: float
    single_bound: float
    ratio: float
    mean_ratio: float
    expected_bound: float
    overlap_bound: int
    overlap: Overlap
    exposure: Exposure
    audience: tuple[Drawn, ...]
    goals: tuple[Goal, ...]
    broken: tuple[str, ...]
    made_in_s: float
    papers_per_s: float


def digest(certificate: Certificate) -> str:
    """SHA-256, 64 hex digits, over its canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(certificate, order="deterministic")).hexdigest()
