"""What travels between the author's desk and the server. Whoever gets any of this sees keys: authors and the nation."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from exam_engine.edge.registration_shapes import Id, Reason
from exam_engine.edge.shapes import ItemView, _Shape
from exam_engine.messages import TEXT_PATTERN

Code = Annotated[str, Meta(min_length=1, max_length=80, pattern=TEXT_PATTERN)]
MaybeCode = Annotated[str, Meta(max_length=80, pattern=TEXT_PATTERN)]
Codes = Annotated[list[Code], Meta(max_length=50)]
Revision = Annotated[int, Meta(ge=1, le=2**31 - 1)]
PictureName = Annotated[str, Meta(pattern="^[0-9a-f]{64}$(?!\\n)")]
ItemKind = Literal["A1", "A2", "A3", "A4", "B1", "X"]
MoveEvent = Literal["submit", "withdraw", "approve", "return", "suspend", "reinstate", "retire", "discard"]


# --- pools and topics ------------------------------------------------------------------------------------------------


class PoolRow(_Shape, frozen=True, kw_only=True):
    """A pool. `kind`: humanities, professional, practice or "". `province` "00": national. `fallback`: a pool or "".

    `counts`: items by status (draft, review, active, suspended, retired). `open_drafts`: of items in force, too.
    `waiting`: handed in and not decided. `mine`: whether the caller may write in it.
    """

    pool: str
    title: str
    kind: str
    category: str
    specialty: str
    province: str
    fallback: str
    counts: dict[str, int]
    open_drafts: int
    waiting: int
    mine: bool


class Pools(_Shape, frozen=True, kw_only=True):
    pools: list[PoolRow]


class SetPool(_Shape, frozen=True, kw_only=True):
    """`province` is looked at when the nation adds one; an author's pools are those of his organisation."""

    pool: Code
    title: Annotated[str, Meta(min_length=1, max_length=120, pattern=TEXT_PATTERN)]
    kind: Literal["", "humanities", "professional", "practice"] = ""
    category: MaybeCode = ""
    specialty: MaybeCode = ""
    fallback: MaybeCode = ""
    province: Annotated[str, Meta(pattern="^[0-9]{2}$(?!\\n)")] = "00"


class TopicRow(_Shape, frozen=True, kw_only=True):
    """One topic and all below it. `own`: items just here, by status; `counts`: with those below."""

    topic: str
    own: dict[str, int]
    counts: dict[str, int]


class Topics(_Shape, frozen=True, kw_only=True):
    """Every step of every path, in order: a parent comes before its children."""

    pool: str
    topics: list[TopicRow]


class SharedCode(_Shape, frozen=True, kw_only=True):
    """How often something occurs in a pool."""

    value: str
    count: int


class Facets(_Shape, frozen=True, kw_only=True):
    """What filters may offer: values that occur among the items of a pool. `authors` are names."""

    pool: str
    types: list[SharedCode]
    difficulties: list[SharedCode]
    categories: list[SharedCode]
    specialties: list[SharedCode]
    levels: list[SharedCode]
    authors: list[SharedCode]


# --- items -----------------------------------------------------------------------------------------------------------


class PictureRef(_Shape, frozen=True, kw_only=True):
    """A picture below the stem; served at /api/bank/pictures/{name}."""

    name: PictureName
    alt: Annotated[str, Meta(max_length=300, pattern=TEXT_PATTERN)]


class ItemContent(_Shape, frozen=True, kw_only=True):
    """What an item says. A draft may be incomplete: what is missing stands in `ItemDetail.problems`.

    `options`: texts in the order a, b, c. `key`: letters of the right ones, "b", "acd". `set_code`: of a case or shared
    options; `case` (A3, A4) and the options of B1 are shared by all items of the set, and are changed in all of them.
    """

    type: ItemKind
    topic: Annotated[str, Meta(max_length=200, pattern=TEXT_PATTERN)] = ""
    difficulty: Literal[1, 2, 3] = 2
    stem: Annotated[str, Meta(max_length=2_000, pattern=TEXT_PATTERN)] = ""
    options: Annotated[list[Annotated[str, Meta(max_length=1_000, pattern=TEXT_PATTERN)]], Meta(max_length=26)] = field(
        default_factory=list
    )
    key: Annotated[str, Meta(max_length=26, pattern="^[a-z]*$(?!\\n)")] = ""
    explanation: Annotated[str, Meta(max_length=4_000, pattern=TEXT_PATTERN)] = ""
    fixed_order: bool = False
    set_code: MaybeCode = ""
    case: Annotated[str, Meta(max_length=4_000, pattern=TEXT_PATTERN)] = ""
    category: MaybeCode = ""
    specialties: Annotated[list[Code], Meta(max_length=30)] = field(default_factory=list)
    level: MaybeCode = ""
    pictures: Annotated[list[PictureRef], Meta(max_length=4)] = field(default_factory=list)


class BankItemRow(_Shape, frozen=True, kw_only=True):
    """One item in a list.

    `status`: draft, review, active, suspended, retired; `draft` says of its working copy: "" none, draft, review.
    `stem` is cut to 120 characters. `exposed`: papers it was in; `last_at` the last of them. `mine`: the caller wrote
    the working copy. `returned`: a reviewer sent it back. `alarms`: codes of statistics, none when it is fine.
    """

    item_id: int
    pool: str
    code: str
    set_code: str
    type: str
    topic: str
    difficulty: int
    category: str
    specialties: list[str]
    level: str
    stem: str
    status: str
    draft: str
    version: int | None
    revision: int
    author: str
    changed_at: datetime
    pictures: int
    exposed: int
    last_at: datetime | None
    alarms: list[str]
    mine: bool
    returned: bool


class BankItemPage(_Shape, frozen=True, kw_only=True):
    """`next`: the `after` of the next page, null at the end. `total`: of all pages, null beyond the first."""

    rows: list[BankItemRow]
    next: str | None
    total: int | None


class ItemProblem(_Shape, frozen=True, kw_only=True):
    """Why a draft can't be handed in: a code and a sentence. `item_id`: which of the set; 0: the set as a whole."""

    item_id: int
    code: str
    text: str


class ItemMove(_Shape, frozen=True, kw_only=True):
    """A line of the history: `event`, and where from and to. `version`: the one it was about, null: the draft."""

    at: datetime
    event: str
    from_state: str
    to_state: str
    version: int | None
    role: str
    by: str
    reason: str


class VersionRow(_Shape, frozen=True, kw_only=True):
    """A frozen version. `in_force`: the one that is drawn."""

    version: int
    author: str
    at: datetime
    in_force: bool


class ExposureRow(_Shape, frozen=True, kw_only=True):
    """How often the item was in papers of physicians, and in prepared forms, in a cycle."""

    cycle: int
    papers: int
    forms: int
    last_at: datetime | None


class EnemyRow(_Shape, frozen=True, kw_only=True):
    """An item that must never be in one paper with this. `item_id` null: the pool has none of this code."""

    code: str
    item_id: int | None
    stem: str


class AlarmRow(_Shape, frozen=True, kw_only=True):
    """What statistics say of a version of it; a suggestion, with its evidence."""

    code: str
    version: int
    evidence: dict[str, Any]
    at: datetime


class BankItemDetail(_Shape, frozen=True, kw_only=True):
    """All of an item.

    `content`: in force, null if nothing ever was; `draft_content`: the working copy, null if there is none. `set`: the
    other items of its set. `acts`: what the caller may do now (edit, submit, withdraw, approve, return, suspend,
    reinstate, retire, discard). `refused_by`: why he may not decide (own_version, not_in_review …). `reason`: why it
    was returned or suspended. `base_changed`: another version came into force since the draft was begun.
    """

    row: BankItemRow
    content: ItemContent | None
    draft_content: ItemContent | None
    draft_version: int | None
    base_changed: bool
    reason: str
    problems: list[ItemProblem]
    doubts: list[ItemProblem]
    set: list[BankItemRow]
    enemies: list[EnemyRow]
    moves: list[ItemMove]
    versions: list[VersionRow]
    exposure: list[ExposureRow]
    alarms: list[AlarmRow]
    acts: list[str]
    refused_by: str


class NewItem(_Shape, frozen=True, kw_only=True):
    """`code` "": the server makes one."""

    pool: Code
    code: MaybeCode = ""
    content: ItemContent


class SaveItem(_Shape, frozen=True, kw_only=True):
    """`revision`: of the row as it was read."""

    revision: Revision
    content: ItemContent


class MoveItem(_Shape, frozen=True, kw_only=True):
    """`reason`: asked of return, suspend, reinstate and retire. A move of an item in a set moves the set."""

    revision: Revision
    event: MoveEvent
    reason: Reason = ""


class ItemAtRevision(_Shape, frozen=True, kw_only=True):
    item_id: Id
    revision: Revision


class MoveItems(_Shape, frozen=True, kw_only=True):
    items: Annotated[list[ItemAtRevision], Meta(min_length=1, max_length=200)]
    event: MoveEvent
    reason: Reason = ""


class MovedLine(_Shape, frozen=True, kw_only=True):
    """`refused`: the code why not, "" if it went through (also with another item of its set)."""

    item_id: int
    status: str
    draft: str
    revision: int
    refused: str


class MovedItems(_Shape, frozen=True, kw_only=True):
    lines: list[MovedLine]


class SetEnemies(_Shape, frozen=True, kw_only=True):
    """All enemies of the item, by code; the other side of each pair is kept as well."""

    revision: Revision
    enemies: Codes


class VersionDetail(_Shape, frozen=True, kw_only=True):
    """A version as it was frozen."""

    version: int
    author: str
    at: datetime
    content: ItemContent


class BankPreview(_Shape, frozen=True, kw_only=True):
    """Just what a candidate is shown (PaperView), set and all; `at`: which of the items was asked for. No keys."""

    items: list[ItemView]
    at: int


class PreviewAsked(_Shape, frozen=True, kw_only=True):
    """Contents in the order of the set; one alone is usual."""

    contents: Annotated[list[ItemContent], Meta(min_length=1, max_length=10)]
    at: Annotated[int, Meta(ge=1, le=10)] = 1


class BankTasks(_Shape, frozen=True, kw_only=True):
    """What waits for the caller. `to_review`: others' items he may decide; the rest are working copies of his own."""

    to_review: int
    drafts: int
    returned: int
    in_review: int
    alarms: int


# --- near-equal items ------------------------------------------------------------------------------------------------


class NearAsked(_Shape, frozen=True, kw_only=True):
    """A draft as it is typed; `item_id`: itself, which is no duplicate of itself; 0 when it is new."""

    pool: Code
    stem: Annotated[str, Meta(max_length=2_000, pattern=TEXT_PATTERN)]
    case: Annotated[str, Meta(max_length=4_000, pattern=TEXT_PATTERN)] = ""
    options: Annotated[list[Annotated[str, Meta(max_length=1_000, pattern=TEXT_PATTERN)]], Meta(max_length=26)] = field(
        default_factory=list
    )
    item_id: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0


class Difference(_Shape, frozen=True, kw_only=True):
    """What tells two texts apart although they look alike.

    `kind`: number, negation (or opposite), unit, key (of equal items other options are right), word.
    """

    kind: str
    ours: str
    theirs: str


class NearRow(_Shape, frozen=True, kw_only=True):
    """An item near to it. `stem_percent`, `options_percent`: how much of the texts they share.

    `verdict`: same, near, or differs (numbers, negations or the key differ: perhaps that was meant).
    """

    item_id: int
    code: str
    status: str
    stem: str
    stem_percent: int
    options_percent: int
    verdict: str
    differences: list[Difference]


class NearRows(_Shape, frozen=True, kw_only=True):
    """The nearest first, at most 20. `compared`: how many items were looked at."""

    compared: int
    rows: list[NearRow]


class DuplicatePair(_Shape, frozen=True, kw_only=True):
    """Two items of the pool; `ours` is the older."""

    ours: NearRow
    theirs: NearRow


class DuplicateReport(_Shape, frozen=True, kw_only=True):
    """The pairs of a pool, the nearest first; at most 1,000 of `total`. `took_ms`: the time of the comparison.

    `complete` false: the pool has more than 20,000 such pairs.
    """

    pool: str
    compared: int
    total: int
    same: int
    complete: bool
    took_ms: int
    pairs: list[DuplicatePair]


# --- pictures --------------------------------------------------------------------------------------------------------


class BankPicture(_Shape, frozen=True, kw_only=True):
    """A picture as it is kept: cleaned, its name the SHA-256 of what is served."""

    name: str
    media: str
    width: int
    height: int
    bytes: int


# --- files in and out ------------------------------------------------------------------------------------------------


class FileLine(_Shape, frozen=True, kw_only=True):
    """A line of a report. `row` and `place` say where in the file, `code` why for programs, `reason` for people."""

    row: int
    place: str
    code: str
    reason: str


class BankImport(_Shape, frozen=True, kw_only=True):
    """A file that was uploaded, and how far it is.

    `state`: reading, read (nothing is written yet: look at the report, then confirm), writing, done, failed, dropped,
    stopped (its process ended; upload again). `problem`: why it failed, a sentence. Of `total` good items `new` are new
    to the pool, `changed` become a draft of another version, `same` are there already, `blocked` can't come in (another
    draft of that item is open, or it is retired). `done` of them are written. At most 1,000 lines each are listed.
    """

    import_id: str
    pool: str
    name: str
    format: str
    state: str
    problem: str
    total: int
    new: int
    changed: int
    same: int
    blocked: int
    done: int
    refused_count: int
    doubt_count: int
    refused: list[FileLine]
    doubts: list[FileLine]
    blocked_lines: list[FileLine]
    ignored: list[str]
    made_at: datetime
    by: str


class BankImports(_Shape, frozen=True, kw_only=True):
    imports: list[BankImport]


class ConfirmImport(_Shape, frozen=True, kw_only=True):
    """`keep_good`: bring the good items in although rows were refused or blocked."""

    keep_good: bool = False


class LeftOut(_Shape, frozen=True, kw_only=True):
    item: str
    code: str
    reason: str


class ExportReport(_Shape, frozen=True, kw_only=True):
    """What a file of this format would hold: `left` items it can't hold whole, fields it has no place for (`lost`)."""

    format: str
    file_name: str
    found: int
    written: int
    left: list[LeftOut]
    lost: list[str]
