"""Blueprint: what a paper is made of, as data.

A blueprint counts items (numbered questions), never sets: 20 items of A3/A4 may be any mix of whole sets that adds up
to 20. A topic quota covers its topic and everything below it, so quotas may lie inside each other: 公共 60, of which
公共/法规与三基 10. The national defaults are the JSON files beside this module (domain.md §6.4, §6.5).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import chain
from typing import Final

import msgspec

from question_bank.item import DIFFICULTIES, ItemType, Problem

ITEM_COUNT_MAX: Final = 1_000
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


class Blueprint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a paper is made of. `types` maps a group of item types ("A1", "A3/A4") to its exact number of items."""

    code: str
    pool: str
    item_count: int
    types: dict[str, int]
    topics: tuple[TopicQuota, ...] = ()
    difficulty: Difficulty | None = None


def load(name: str) -> Blueprint:
    """One of the national blueprints by its name in `NAMES`."""
    assert name in NAMES, name
    return decode((resources.files(__package__) / "blueprints" / f"{name}.json").read_bytes())


def decode(data: bytes) -> Blueprint:
    """The blueprint in a JSON document, whose sums `check` judges; raises msgspec.DecodeError for another shape."""
    return msgspec.json.decode(data, type=Blueprint)


def check(blueprint: Blueprint) -> list[Problem]:
    """Every reason why no pool at all could serve this blueprint; empty when some pool can."""
    found = (_types(blueprint), _ranges(blueprint), _sums(blueprint), _difficulty(blueprint))
    return [Problem(code, text) for code, text in chain(*found)]


def group_types(group: str) -> tuple[str, ...]:
    """The item types that a key of `Blueprint.types` counts: "A3/A4" counts A3 and A4."""
    return tuple(group.split("/"))


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
    named = Counter(chain.from_iterable(map(group_types, blueprint.types)))
    for name, times in named.items():
        if name not in ItemType.__members__:
            yield "type_unknown", f"{name} is not an item type."
        if times > 1:
            yield "type_twice", f"Type {name} is counted {times} times."
    if any(count < 0 for count in blueprint.types.values()):
        yield "type_negative", "A type can't have fewer than 0 items."
    if (total := sum(blueprint.types.values())) != blueprint.item_count:
        yield "type_sum", f"The types add up to {total}, the paper has {blueprint.item_count} items."


def _ranges(blueprint: Blueprint) -> _Found:
    for topic, times in Counter(quota.topic for quota in blueprint.topics).items():
        if times > 1:
            yield "topic_twice", f"Topic {topic} has {times} quotas."
    for quota in blueprint.topics:
        if quota.count is not None and (quota.min is not None or quota.max is not None):
            yield "topic_both", f"Topic {quota.topic} has a count and a range."
        if quota.least < 0 or (quota.most is not None and quota.most < quota.least):
            yield "topic_range", f"Topic {quota.topic} asks for {quota.least} to {quota.most}."


def _sums(blueprint: Blueprint) -> _Found:
    if (least := needed(outermost(blueprint.topics), blueprint.topics)) > blueprint.item_count:
        yield "topic_sum", f"The topics need {least} items, the paper has {blueprint.item_count}."
    for quota in blueprint.topics:
        need = needed(inner(quota, blueprint.topics), blueprint.topics)
        if quota.most is not None and need > quota.most:
            yield "topic_inner", f"The topics inside {quota.topic} need {need} items, it has at most {quota.most}."


def _difficulty(blueprint: Blueprint) -> _Found:
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
