"""Blueprint: what a paper is made of, as data.

A blueprint counts items (numbered questions), never sets: 20 items of A3/A4 may be any mix of whole sets that adds up
to 20. A topic quota covers its topic and everything below it, so quotas may lie inside each other: 公共 60, of which
公共/法规与三基 10. The national defaults are the JSON files beside this module (domain.md §6.4, §6.5).

A paper may have sections: ordered parts with a title, item counts and points of their own. An item belongs to the one
section that draws from its type, topic and source, so sections must not draw from the same items. An audience says how
many items are for everybody and how many are for the physician's own specialty, and what stands in when a specialty has
too few (question_bank/audience.py).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import chain, combinations, product
from typing import Final

import msgspec

from question_bank.item import DIFFICULTIES, ItemType, Problem

ITEM_COUNT_MAX: Final = 1_000
SECTION_COUNT_MAX: Final = 20
QUOTA_COUNT_MAX: Final = 200
TITLE_LENGTH_MAX: Final = 80
POINTS_MAX: Final = 100  # of one item
STEPS: Final = ("specialty", "category", "common")  # whom items are for, the narrowest first
SOURCES: Final = ("", "common", "own")
NAMES: Final = ("humanities", "professional", "practice")


class TopicQuota(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many items come from `topic` and below: `count` exactly, or `min` to `max`. Without a max there is none."""

    topic: str
    count: int | None = None
    min: int | None = None
    max: int | None = None

    @property
    def least(self) -> int:
        """The fewest items this quota accepts."""
        return self.count if self.count is not None else self.min or 0

    @property
    def most(self) -> int | None:
        """The most items this quota accepts; None when it has no upper limit."""
        return self.count if self.count is not None else self.max

    def covers(self, topic: str) -> bool:
        """Whether an item of `topic` counts here: 公共 covers 公共 and 公共/内科, but not 公共卫生."""
        return topic == self.topic or topic.startswith(self.topic + "/")


class Difficulty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of the difficulties 1, 2, 3 (3 : 5 : 2), and by how many items each may miss its share."""

    shares: tuple[int, int, int]
    tolerance: int

    def bounds(self, item_count: int) -> tuple[tuple[int, int], ...]:
        """(least, most) items of difficulty 1, 2 and 3 in a paper of `item_count` items."""
        total = sum(self.shares)
        exact = [item_count * share for share in self.shares]  # times total: integers keep the rounding out
        slack = self.tolerance * total
        return tuple((max(0, -((slack - want) // total)), min(item_count, (want + slack) // total)) for want in exact)


class PaperSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a paper. `types` counts its items by group of types; `topics` are quotas inside the section.

    `within`: the topics it draws from (empty: all). `source`: "common" or "own" items of the audience ("": both).
    `points_per_item` None: what the sitting says.
    """

    title: str
    types: dict[str, int]
    within: tuple[str, ...] = ()
    source: str = ""
    topics: tuple[TopicQuota, ...] = ()
    points_per_item: int | None = None

    @property
    def item_count(self) -> int:
        """Items of the section."""
        return sum(self.types.values())

    def draws(self, topic: str, source: str) -> bool:
        """Whether an item of `topic`, which is `source` to the physician, is one of this section's."""
        inside = not self.within or any(TopicQuota(name).covers(topic) for name in self.within)
        return inside and self.source in ("", source)


class Audience(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many items are for everybody (`common`) and for the physician himself (`own`), and the fall-back.

    `order`: whose items his own part is drawn from. The first of them that holds `times_min` times the items needed is
    taken (domain.md §6.5: 3 times); if none does, the one that holds the most ("largest") or none ("refuse"), by
    `short`. `own_topics`: quotas that hold for the papers of a specialty while its own items are used.
    """

    common: int
    own: int
    order: tuple[str, ...] = STEPS
    times_min: float = 3.0
    short: str = "largest"
    own_topics: dict[str, tuple[TopicQuota, ...]] = {}


class Blueprint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a paper is made of. `types` maps a group of item types ("A1", "A3/A4") to its exact number of items.

    With `sections` the types are theirs, and `types` is empty. `expected`: the score to expect of an average physician,
    in points of 100; None: what the pool gives when it is used evenly.
    """

    code: str
    pool: str
    item_count: int
    types: dict[str, int] = {}
    topics: tuple[TopicQuota, ...] = ()
    difficulty: Difficulty | None = None
    sections: tuple[PaperSection, ...] = ()
    audience: Audience | None = None
    expected: float | None = None

    @property
    def groups(self) -> list[tuple[int, str, int]]:
        """(section from 1, or 0 without sections; group of types; items) of every count of types, in order."""
        if not self.sections:
            return [(0, group, count) for group, count in self.types.items()]
        parts = enumerate(self.sections, 1)
        return [(place, group, count) for place, part in parts for group, count in part.types.items()]


def load(name: str) -> Blueprint:
    """One of the national blueprints by its name in `NAMES`."""
    assert name in NAMES, name
    return decode((resources.files(__package__) / "blueprints" / f"{name}.json").read_bytes())


def decode(data: bytes) -> Blueprint:
    """The blueprint in a JSON document, whose sums `check` judges; raises msgspec.DecodeError for another shape."""
    return msgspec.json.decode(data, type=Blueprint)


def check(blueprint: Blueprint) -> list[Problem]:
    """Every reason why no pool at all could serve this blueprint; empty when some pool can."""
    topics = (quotas for quotas in (blueprint.topics, *(part.topics for part in blueprint.sections)))
    found = (
        _types(blueprint),
        *map(_ranges, topics),
        _sums(blueprint.topics, blueprint.item_count),
        *(_sums(part.topics, part.item_count) for part in blueprint.sections),
        _difficulty(blueprint),
        _sections(blueprint),
        _audience(blueprint),
    )
    return [Problem(code, text) for code, text in chain(*found)]


def group_types(group: str) -> tuple[str, ...]:
    """The item types that a key of `Blueprint.types` counts: "A3/A4" counts A3 and A4."""
    return tuple(group.split("/"))


def points_max(blueprint: Blueprint, points_per_item: int) -> int:
    """The points of a whole paper; `points_per_item` where a section says nothing else."""
    own = {place: part.points_per_item or points_per_item for place, part in enumerate(blueprint.sections, 1)}
    return sum(own.get(place, points_per_item) * count for place, _, count in blueprint.groups)


def inner(quota: TopicQuota, quotas: Sequence[TopicQuota]) -> list[TopicQuota]:
    """The quotas directly inside `quota`."""
    return [other for other in quotas if outer(other, quotas) is quota]


def outer(quota: TopicQuota, quotas: Sequence[TopicQuota]) -> TopicQuota | None:
    """The closest quota around `quota`; None when it is an outermost one."""
    around = (other for other in quotas if other.topic != quota.topic and other.covers(quota.topic))
    return max(around, key=lambda other: len(other.topic), default=None)


def needed(quotas: Sequence[TopicQuota], within: Sequence[TopicQuota]) -> int:
    """The fewest items that satisfy `quotas`, none of which lies in another, and all quotas of `within` inside them."""
    return sum(max(quota.least, needed(inner(quota, within), within)) for quota in quotas)


def outermost(quotas: Sequence[TopicQuota]) -> list[TopicQuota]:
    """The quotas that lie in no other one."""
    return [quota for quota in quotas if outer(quota, quotas) is None]


_Found = Iterator[tuple[str, str]]


def _types(blueprint: Blueprint) -> _Found:
    if not 1 <= blueprint.item_count <= ITEM_COUNT_MAX:
        yield "item_count", f"A paper has 1 to {ITEM_COUNT_MAX} items, not {blueprint.item_count}."
    if blueprint.sections and blueprint.types:
        yield "type_outside", "A paper with sections counts its types in them only."
    for types in [part.types for part in blueprint.sections] or [blueprint.types]:
        yield from _type_names(types)
    if (total := sum(count for _, _, count in blueprint.groups)) != blueprint.item_count:
        yield "type_sum", f"The types add up to {total}, the paper has {blueprint.item_count} items."


def _type_names(types: dict[str, int]) -> _Found:
    for name, times in Counter(chain.from_iterable(map(group_types, types))).items():
        if name not in ItemType.__members__:
            yield "type_unknown", f"{name} is not an item type."
        if times > 1:
            yield "type_twice", f"Type {name} is counted {times} times."
    if any(count < 0 for count in types.values()):
        yield "type_negative", "A type can't have fewer than 0 items."


def _ranges(quotas: Sequence[TopicQuota]) -> _Found:
    if len(quotas) > QUOTA_COUNT_MAX:
        yield "topic_count", f"At most {QUOTA_COUNT_MAX} topics can have a quota."
    for topic, times in Counter(quota.topic for quota in quotas).items():
        if times > 1:
            yield "topic_twice", f"Topic {topic} has {times} quotas."
    for quota in quotas:
        if quota.count is not None and (quota.min is not None or quota.max is not None):
            yield "topic_both", f"Topic {quota.topic} has a count and a range."
        if quota.least < 0 or (quota.most is not None and quota.most < quota.least):
            yield "topic_range", f"Topic {quota.topic} asks for {quota.least} to {quota.most}."


def _sums(quotas: Sequence[TopicQuota], item_count: int) -> _Found:
    if (least := needed(outermost(quotas), quotas)) > item_count:
        yield "topic_sum", f"The topics need {least} items, the paper has {item_count}."
    for quota in quotas:
        need = needed(inner(quota, quotas), quotas)
        if quota.most is not None and need > quota.most:
            yield "topic_inner", f"The topics inside {quota.topic} need {need} items, it has at most {quota.most}."


def _difficulty(blueprint: Blueprint) -> _Found:
    if blueprint.expected is not None and not 0 < blueprint.expected < 100:
        yield "expected_range", "The score to expect lies between 0 and 100."
    rule = blueprint.difficulty
    if rule is None:
        return
    if min(rule.shares) < 0 or sum(rule.shares) == 0 or rule.tolerance < 0:
        yield "difficulty_shares", "The shares of difficulty can't be negative or all zero, nor the tolerance negative."
        return
    bounds = rule.bounds(blueprint.item_count)
    fits = sum(least for least, _ in bounds) <= blueprint.item_count <= sum(most for _, most in bounds)
    if any(least > most for least, most in bounds) or not fits:
        yield "difficulty_tolerance", f"No {len(DIFFICULTIES)} whole numbers keep these shares: widen the tolerance."


def _sections(blueprint: Blueprint) -> _Found:
    if len(blueprint.sections) > SECTION_COUNT_MAX:
        yield "section_count", f"A paper has at most {SECTION_COUNT_MAX} sections."
    for place, part in enumerate(blueprint.sections, 1):
        if not 1 <= len(part.title.strip()) <= TITLE_LENGTH_MAX:
            yield "section_title", f"Section {place} needs a title of 1 to {TITLE_LENGTH_MAX} characters."
        if part.item_count < 1:
            yield "section_empty", f"Section {place} has no items."
        if part.points_per_item is not None and not 1 <= part.points_per_item <= POINTS_MAX:
            yield "section_points", f"An item has 1 to {POINTS_MAX} points, in section {place} {part.points_per_item}."
        if part.source not in SOURCES or (part.source and blueprint.audience is None):
            yield "section_source", f"Section {place} draws from {part.source}, which the paper does not tell apart."
    for (first, one), (second, other) in combinations(enumerate(blueprint.sections, 1), 2):
        if _overlap(one, other):
            yield "section_overlap", f"Sections {first} and {second} draw from the same items: part them by topic."


def _overlap(one: PaperSection, other: PaperSection) -> bool:
    """Whether an item could belong to both sections."""
    types = {name for group in one.types for name in group_types(group)}
    if types.isdisjoint(name for group in other.types for name in group_types(group)):
        return False
    if one.source and other.source and one.source != other.source:
        return False
    if not one.within or not other.within:
        return True
    pairs = product(map(TopicQuota, one.within), map(TopicQuota, other.within))
    return any(a.covers(b.topic) or b.covers(a.topic) for a, b in pairs)


def _audience(blueprint: Blueprint) -> _Found:
    rule = blueprint.audience
    if rule is None:
        return
    if min(rule.common, rule.own) < 0 or rule.common + rule.own != blueprint.item_count:
        yield "audience_sum", f"{rule.common} and {rule.own} items do not add up to {blueprint.item_count}."
    if not rule.order or len(set(rule.order)) < len(rule.order) or not set(rule.order) <= set(STEPS):
        yield "audience_order", f"The order of the fall-back names each of {', '.join(STEPS)} at most once."
    if rule.times_min < 1 or rule.short not in ("largest", "refuse"):
        yield (
            "audience_rule",
            "A pool holds at least the items needed; too small ones are taken as the largest, or not.",
        )
    for quotas in rule.own_topics.values():
        yield from _ranges(quotas)
        yield from _sums(quotas, blueprint.item_count)
