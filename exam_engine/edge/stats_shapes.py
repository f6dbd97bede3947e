"""What travels about the statistics of a sitting, its marking scheme, what-if and rescoring.

Options are the bank's own ids. Whoever may not see keys gets no distractor tables at all: the share of the right option
is the difficulty of the item, so a table without the key mark would still tell it.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from exam_engine.edge.registration_shapes import Id, Reason, Version
from exam_engine.edge.shapes import _Shape
from exam_engine.messages import TEXT_PATTERN
from scoring.marking import Multiple

OptionIds = Annotated[str, Meta(min_length=1, max_length=26, pattern="^[a-z]+$(?!\\n)")]
Why = Annotated[str, Meta(min_length=5, max_length=300, pattern=TEXT_PATTERN)]
Edition = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Points = Annotated[int, Meta(ge=1, le=100)]

# --- statistics --------------------------------------------------------------------------------------------------


class StatisticsRow(_Shape, frozen=True, kw_only=True):
    """A sitting in the list of those with statistics. `proposals`: rescores that wait for a second person."""

    sitting_id: int
    title: str
    kind: str
    round: str
    province: str
    opens_at: datetime
    closes_at: datetime
    entered: int
    marked: int
    released: bool
    edition: int
    proposals: int


class StatisticsRows(_Shape, frozen=True, kw_only=True):
    """The newest first, at most 500."""

    rows: list[StatisticsRow]


class AlarmView(_Shape, frozen=True, kw_only=True):
    """A suggestion with its evidence, without facts that would tell a key to who may not see it.

    `code`: wrong_key, negative_correlation, too_easy, too_hard, leak_over_time, leak_in_group, odd_speed.
    """

    code: str
    facts: dict[str, str | int | float | bool]


class OptionFigures(_Shape, frozen=True, kw_only=True):
    """A line of the distractor table; `text` as it was asked, "" for a combination of several (type X)."""

    option: str
    text: str
    right: bool
    count: int
    share: float
    rest_mean: float | None
    rest_correlation: float | None


class SecondsView(_Shape, frozen=True, kw_only=True):
    """Seconds spent on an item, over `count` papers."""

    count: int
    p10: float
    median: float
    p90: float


class ItemFigures(_Shape, frozen=True, kw_only=True):
    """An item version of a sitting. `ruling`: "" or void, full_credit, also, key. `count`: people who were given it."""

    item_id: int
    version: int
    code: str
    type: str
    topic: str
    count: int
    p: float | None
    p_reached: float | None
    rest_correlation: float | None
    omitted: int
    not_reached: int
    seconds: SecondsView | None
    alarms: list[AlarmView]
    ruling: str


class FormFigures(_Shape, frozen=True, kw_only=True):
    """The people who had the same items. `form`: "1", "2" … in the order of their first item."""

    form: str
    persons: int
    items: int
    mean: float | None
    sd: float | None
    kr20: float | None
    alpha: float | None
    sem: float | None


class ScoreCount(_Shape, frozen=True, kw_only=True):
    """`percent`: of the maximum, the lower end of a bin of 2; the full score is in the last."""

    percent: int
    count: int


class SittingStatistics(_Shape, frozen=True, kw_only=True):
    """Of the papers marked so far. `counted` of `handed_in` of `entered`.

    `forms`: those of at least 50 people, the largest first; reliability is theirs. `reliability`: of the whole sitting;
    `reliability_by` says how: "alpha" where everybody had the same items, "marginal" an estimate from the average
    covariance of items where papers differ, "" where nothing can be said. `keys`: whether this account may see keys.
    """

    sitting_id: int
    title: str
    at: datetime
    closes_at: datetime
    edition: int
    entered: int
    handed_in: int
    counted: int
    timed: int
    points_max: int
    pass_points: int
    passing: int
    mean: float | None
    sd: float | None
    sem: float | None
    reliability: float | None
    reliability_by: str
    forms: list[FormFigures]
    form_count: int
    histogram: list[ScoreCount]
    items: list[ItemFigures]
    keys: bool


class ItemDetail(_Shape, frozen=True, kw_only=True):
    """One item with its text, key and distractor table; for who may not see keys all of that is empty."""

    figures: ItemFigures
    case: str
    stem: str
    key: str
    explanation: str
    options: list[OptionFigures]
    omitted_rest_mean: float | None
    parameters: "ItemParameters | None"


class AlikePair(_Shape, frozen=True, kw_only=True):
    """Two papers with more identical wrong answers than chance explains. Names are masked for who may not see them."""

    attempt_ids: list[int]
    names: list[str]
    institutions: list[str]
    rooms: list[int]
    scores: list[int]
    same_wrong: int
    expected: float
    chance: float
    items: list[str]


class Likenesses(_Shape, frozen=True, kw_only=True):
    """Pairs of papers too alike; `found` counts also those not listed.

    `within`: who was compared with whom: "form" everybody with the same items, "room_institution" those of the same
    room and those of the same institution (large sittings), "" nobody, since everybody had a paper of his own.
    """

    at: datetime
    within: str
    compared: int
    found: int
    pairs: list[AlikePair]


# --- calibration -------------------------------------------------------------------------------------------------


class ItemParameters(_Shape, frozen=True, kw_only=True):
    """Of the two-parameter logistic model; `n`: answers it rests on."""

    item_id: int
    version: int
    code: str
    a: float
    b: float
    p: float
    n: int
    model: str
    at: datetime


class SkippedItem(_Shape, frozen=True, kw_only=True):
    """`why`: few_answers, all_alike, odd_slope, odd_level."""

    item_id: int
    version: int
    code: str
    why: str


class Calibration(_Shape, frozen=True, kw_only=True):
    """`state`: none, running, done, failed. `kept`: written to the bank by the last run of this sitting."""

    state: str
    at: datetime | None
    persons: int
    rounds: int
    kept: list[ItemParameters]
    skipped: list[SkippedItem]


# --- schemes -----------------------------------------------------------------------------------------------------


class RulingShape(_Shape, frozen=True, kw_only=True):
    """A decision about an item version.

    `act`: void (off the maximum), full_credit (points for everybody), also (`keys` count like the original), key
    (`keys` in its place), restore (as the bank has it, whatever was ruled before).
    """

    item_id: Id
    version: Version
    act: str
    keys: Annotated[list[OptionIds], Meta(max_length=10)] = msgspec.field(default_factory=list)


class SchemeView(_Shape, frozen=True, kw_only=True):
    """How a sitting is marked. `edition` grows with each change; `open`: may still be set, nothing is marked yet."""

    sitting_id: int
    edition: int
    points_per_item: int
    section_points: list[int]
    multiple: Multiple
    points_max: int
    pass_points: int
    rulings: list[RulingShape]
    open: bool


class SetScheme(_Shape, frozen=True, kw_only=True):
    """`section_points`: of sections 1, 2 …; empty: `points_per_item` everywhere."""

    edition: Edition
    points_per_item: Points
    section_points: Annotated[list[Points], Meta(max_length=50)] = msgspec.field(default_factory=list)
    multiple: Multiple = Multiple.EXACT


# --- what-if and rescoring ---------------------------------------------------------------------------------------


class AskWhatIf(_Shape, frozen=True, kw_only=True):
    rulings: Annotated[list[RulingShape], Meta(min_length=1, max_length=100)]
    keep_passes: bool = True


class FormChange(_Shape, frozen=True, kw_only=True):
    """`persons` of it have a ruled item on their papers."""

    form: str
    persons: int
    passing_before: int
    passing_after: int
    mean_before: float
    mean_after: float


class Affected(_Shape, frozen=True, kw_only=True):
    """`change`: gains (passes now), loses (would fail), kept (below the line, but the released pass stands)."""

    attempt_id: int
    name: str
    institution: str
    released: bool
    points_before: int
    points_after: int
    points_max_after: int
    pass_points_after: int
    change: str


class WhatIf(_Shape, frozen=True, kw_only=True):
    """What the rulings would do to the papers marked so far.

    `touched`: papers with one of the items; `up`, `down`: whose points change. `gains`, `loses`, `kept` as `Affected`;
    `affected` lists them, at most 1,000. `loses_released`: among `loses`, passes that were told already.
    """

    sitting_id: int
    edition: int
    counted: int
    touched: int
    up: int
    down: int
    passing_before: int
    passing_after: int
    gains: int
    loses: int
    loses_released: int
    kept: int
    mean_before: float | None
    mean_after: float | None
    before: list[ScoreCount]
    after: list[ScoreCount]
    forms: list[FormChange]
    affected: list[Affected]


class Propose(_Shape, frozen=True, kw_only=True):
    """`keep_passes`: a released pass stands even below the line; without it `withdraw_reason` says why passes go."""

    edition: Edition
    rulings: Annotated[list[RulingShape], Meta(min_length=1, max_length=100)]
    reason: Why
    keep_passes: bool = True
    withdraw_reason: Annotated[str, Meta(max_length=300, pattern=TEXT_PATTERN)] = ""


class DecideProposal(_Shape, frozen=True, kw_only=True):
    """`loses_released`: how many released passes the approver has seen would go (0 while passes are kept)."""

    approve: bool
    reason: Reason = ""
    loses_released: Annotated[int, Meta(ge=0)] = 0


class WithdrawProposal(_Shape, frozen=True, kw_only=True):
    reason: Why


class ProposalMove(_Shape, frozen=True, kw_only=True):
    """`act`: proposed, approved, rejected, withdrawn."""

    act: str
    at: datetime
    by: str
    role: str
    reason: str


class Progress(_Shape, frozen=True, kw_only=True):
    """How far the work is. `looked` of `total` papers; `changed`: of the `touched`, whose points are others now.

    `failed`: papers that could not be marked again so far; they are tried every few minutes, also after `done_at`.
    """

    total: int
    looked: int
    touched: int
    changed: int
    gained: int
    lost: int
    kept: int
    failed: int
    done_at: datetime | None


class FailedPaper(_Shape, frozen=True, kw_only=True):
    """A paper that could not be marked again, `tries` times so far. The name is masked for who may not see it."""

    attempt_id: int
    name: str
    tries: int
    tried_at: datetime


class RuledItem(_Shape, frozen=True, kw_only=True):
    """A ruling with what is needed to judge it; agencies see neither keys nor texts. `key`: as the bank has it."""

    ruling: RulingShape
    code: str
    stem: str
    options: dict[str, str]
    key: str


class ProposalView(_Shape, frozen=True, kw_only=True):
    """A proposal to rescore. `state`: open, applying, done, rejected, withdrawn, stale (another was applied first).

    `edition`: the scheme it was made against. `acts`: what this account may do now: approve, reject, withdraw.
    `refused_by`: why it may not decide: own_proposal, wrong_role. `foreseen`: the what-if as it was proposed.
    `failures`: those of `progress.failed`, at most 100.
    """

    proposal_id: int
    sitting_id: int
    title: str
    edition: int
    state: str
    rulings: list[RuledItem]
    reason: str
    keep_passes: bool
    withdraw_reason: str
    moves: list[ProposalMove]
    progress: Progress | None
    failures: list[FailedPaper]
    foreseen: WhatIf
    acts: list[str]
    refused_by: str


class ProposalRow(_Shape, frozen=True, kw_only=True):
    proposal_id: int
    sitting_id: int
    title: str
    state: str
    by: str
    at: datetime
    reason: str
    items: int
    gains: int
    loses: int
    progress: Progress | None


class Proposals(_Shape, frozen=True, kw_only=True):
    """The newest first, at most 200."""

    rows: list[ProposalRow]
