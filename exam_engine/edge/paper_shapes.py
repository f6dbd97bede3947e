"""What travels between desks and the server about blueprints, plans of papers and the making of sittings."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from exam_engine.edge.registration_shapes import Id, Province, Reason, Version
from exam_engine.edge.shapes import _Shape
from exam_engine.messages import TEXT_PATTERN
from exam_engine.sitting import Kind, Policy, Round
from question_bank.blueprint import Blueprint
from question_bank.certificate import Certificate, Drawn

Title = Annotated[str, Meta(min_length=1, max_length=120, pattern=TEXT_PATTERN)]
Code = Annotated[str, Meta(max_length=40, pattern="^[A-Za-z0-9_-]*$(?!\\n)")]
Seed = Annotated[int, Meta(ge=0, le=2**53 - 1)]

# --- blueprints --------------------------------------------------------------------------------------------------


class BlueprintRow(_Shape, frozen=True, kw_only=True):
    """`province` "00": the nation's. `version` of the draft, for saving; `published`: the newest number, 0: none yet.

    `changed`: the draft is not what was published last. `mine`: this account may write it.
    """

    blueprint_id: int
    province: str
    code: str
    name: str
    pool: str
    item_count: int
    version: int
    published: int
    changed: bool
    mine: bool
    at: datetime
    by: str


class BlueprintList(_Shape, frozen=True, kw_only=True):
    blueprints: list[BlueprintRow]


class BlueprintNumber(_Shape, frozen=True, kw_only=True):
    """What was published once and stays: sittings name it."""

    number: int
    digest: str
    at: datetime
    by: str


class BlueprintDetail(_Shape, frozen=True, kw_only=True):
    row: BlueprintRow
    body: Blueprint
    numbers: list[BlueprintNumber]


class NewBlueprint(_Shape, frozen=True, kw_only=True):
    """`province` is for the nation to name ("" or "00": the nation's own). `body.code` names it, once in a province."""

    name: Title
    body: Blueprint
    province: Annotated[str, Meta(max_length=2)] = ""


class SaveBlueprint(_Shape, frozen=True, kw_only=True):
    version: Version
    name: Title
    body: Blueprint


class BlueprintAtVersion(_Shape, frozen=True, kw_only=True):
    version: Version


class Asked(_Shape, frozen=True, kw_only=True):
    """A blueprint to look at. For papers with an audience also for whom; "" everywhere: items for everybody."""

    body: Blueprint
    category: Code = ""
    specialty: Code = ""
    level: Code = ""
    pass_share: Annotated[float, Meta(gt=0, lt=1)] = 0.6


class QuotaLine(_Shape, frozen=True, kw_only=True):
    """One rule: `needs` to `most` items; the pool `has` so many; the best paper `gives` so many.

    `rule`: type, topic, difficulty, audience or section; `section` from 1, 0: the whole paper. `state`: ok, short (the
    pool has too few), clash (too few or too many together with the other rules).
    """

    rule: str
    name: str
    section: int
    needs: int
    most: int
    has: int
    gives: int
    state: str


class Trouble(_Shape, frozen=True, kw_only=True):
    """Why there is no paper. `code` is of the blueprint's own checks, or quota_short, quota_over; `text` in English."""

    code: str
    text: str


class Feasibility(_Shape, frozen=True, kw_only=True):
    """What a blueprint gives with the pool as it is now.

    `expected_least`, `expected_most`: scores (of 100) that papers can be made to have; `expected`: the target in force.
    `information`: the most a paper can have at `cut`. `disjoint_max`: no more papers without a common item (proven).
    Where there is no paper, these are 0.
    """

    fits: bool
    troubles: list[Trouble]
    quotas: list[QuotaLine]
    pool_items: int
    usable: int
    calibrated: int
    expected_least: float
    expected_most: float
    expected: float
    cut: float
    information: float
    disjoint_max: int
    audience: list[Drawn]
    pool_digest: str
    took_ms: int


class TopicCount(_Shape, frozen=True, kw_only=True):
    """Active items of exactly this topic, by type and by difficulty 1, 2, 3."""

    topic: str
    items: int
    types: dict[str, int]
    difficulties: list[int]


class PoolOutline(_Shape, frozen=True, kw_only=True):
    """What the editor offers to choose from: no text of any item."""

    pool: str
    items: int
    calibrated: int
    topics: list[TopicCount]
    audience: dict[str, int]
    pools: list[str]


# --- plans of papers ---------------------------------------------------------------------------------------------


class MakePlan(_Shape, frozen=True, kw_only=True):
    """`mode`: forms or fly. `seed` None: one is drawn. `overlap_max`: of a paper, between forms.

    `uses_max`: an item is in at most so many forms; 0: in one, or in as many as the pool makes necessary.
    `papers_max`: items that have been in more papers than that are left out; 0: none.
    """

    mode: str
    forms: Annotated[int, Meta(ge=1, le=20)] = 4
    seed: Seed | None = None
    overlap_max: Annotated[float, Meta(ge=0, le=1)] = 0.25
    uses_max: Annotated[int, Meta(ge=0, le=20)] = 0
    papers_max: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    sample: Annotated[int, Meta(ge=100, le=5000)] = 2000


class PlanRow(_Shape, frozen=True, kw_only=True):
    """`state`: making, failed, draft, current, replaced. `progress` 0 to 100 while making. `goals_met` null: not made.

    `failed`: the code why not, `said` what the assembly said of it.
    """

    plan_id: int
    sitting_id: int
    mode: str
    forms: int
    seed: int
    state: str
    progress: int
    failed: str
    said: str
    digest: str
    goals_met: bool | None
    at: datetime
    by: str
    approved_at: datetime | None
    approved_by: str


class PlanList(_Shape, frozen=True, kw_only=True):
    """`locked`: somebody has entered, so the plan in force stays. `may_approve`: this account may."""

    plans: list[PlanRow]
    locked: bool
    may_approve: bool


class FormItems(_Shape, frozen=True, kw_only=True):
    """The items of a form by their codes, in no order a candidate sees."""

    number: int
    codes: list[str]


class PlanDetail(_Shape, frozen=True, kw_only=True):
    plan: PlanRow
    certificate: Certificate | None
    forms: list[FormItems]


class ApprovePlan(_Shape, frozen=True, kw_only=True):
    """`digest` of the certificate that was looked at. `reason` where a goal is not met."""

    digest: Annotated[str, Meta(min_length=64, max_length=64)]
    reason: Reason = ""


# --- sittings ----------------------------------------------------------------------------------------------------


class SittingBody(_Shape, frozen=True, kw_only=True):
    """What is decided about an exam. `number` 0: the blueprint's newest. `points_per_item` where a section has none.

    `policy`: minutes, identity check, proctoring and so on, as the attempts will be run by.
    """

    cycle: Annotated[int, Meta(ge=1, le=8999)]
    kind: Kind
    round: Round
    title: Title
    agency_id: Id
    opens_at: datetime
    closes_at: datetime
    blueprint_id: Id
    number: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    points_per_item: Annotated[int, Meta(ge=1, le=100)]
    pass_points: Annotated[int, Meta(ge=0, le=100_000)]
    policy: Policy = Policy()
    audience: Annotated[list[Code], Meta(max_length=60)] = msgspec.field(default_factory=list)
    by_invitation: bool = False


class NewSitting(_Shape, frozen=True, kw_only=True):
    """`province` is for the nation to name. A draft is seen by nobody but its makers until it is announced."""

    body: SittingBody
    province: Province | None = None


class SaveSitting(_Shape, frozen=True, kw_only=True):
    version: Version
    body: SittingBody


class SittingRow(_Shape, frozen=True, kw_only=True):
    """`state`: draft, announced, open, closed. `may_change`: still; `plan`: of its papers: none, draft, current.

    `blueprint_id` null: made before blueprints had numbers.
    """

    sitting_id: int
    version: int
    province: str
    cycle: int
    kind: Kind
    round: Round
    title: str
    agency_id: int
    agency: str
    opens_at: datetime
    closes_at: datetime
    pool: str
    item_count: int
    points_per_item: int
    points_max: int
    pass_points: int
    blueprint_id: int | None
    blueprint: str
    number: int
    audience: list[str]
    by_invitation: bool
    state: str
    entitled: int
    entered: int
    plan: str
    may_change: bool
    may_delete: bool


class SittingDetail(_Shape, frozen=True, kw_only=True):
    row: SittingRow
    policy: Policy
    blueprint: Blueprint


class SittingPage(_Shape, frozen=True, kw_only=True):
    sittings: list[SittingRow]


class AgencyRow(_Shape, frozen=True, kw_only=True):
    agency_id: int
    name: str
    province: str


class SittingChoices(_Shape, frozen=True, kw_only=True):
    """What a new exam may be made of: agencies of the scope, published blueprints, cycles, and the default policy."""

    agencies: list[AgencyRow]
    blueprints: list[BlueprintRow]
    cycles: list[int]
    policy: Policy


class PlanAsked(msgspec.Struct, frozen=True):
    """What a plan was asked with, as it is stored. `left_out`: items that had been in too many papers by then."""

    forms: int
    overlap_max: float
    uses_max: int
    sample: int
    papers_max: int = 0
    left_out: tuple[int, ...] = ()
