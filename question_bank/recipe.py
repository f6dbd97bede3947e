"""Recipes: which papers a blueprint allows, without naming a single item.

Two units that count the same everywhere, such as two A1 items of 公共/内科 and difficulty 2, are of one *kind*. To a
blueprint a paper is only how many units of each kind it takes: its *recipe*. There are a few hundred kinds, so recipes
can be searched for once and completely, and a paper is then one recipe plus a random choice inside each kind.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from question_bank.audience import Share
from question_bank.blueprint import Blueprint, TopicQuota, group_types, needed, outermost
from question_bank.item import DIFFICULTIES, Item
from question_bank.pool import Pool, Unit

Recipe = tuple[int, ...]  # units to take of each kind of a space


class Limit(NamedTuple):
    """One rule of a blueprint: at least `least` and at most `most` items."""

    name: str  # as a person reads it: "type A3/A4", "topic 公共/内科"
    least: int
    most: int
    rule: str = ""  # type, topic, difficulty, audience
    what: str = ""  # of the rule: "A3/A4", "公共/内科"
    section: int = 0  # from 1; 0: of the whole paper


class Kind(NamedTuple):
    """Interchangeable units: `counts` says how many items one adds to which limit (its place in `Space.limits`)."""

    counts: tuple[tuple[int, int], ...]
    stock: int  # units there are

    @property
    def group(self) -> int:
        """The type limit of the kind: types come first among the limits, and a unit has one type."""
        return self.counts[0][0]

    @property
    def size(self) -> int:
        """Items in one unit."""
        return self.counts[0][1]


class Space(NamedTuple):
    """All that may go into a paper, and the rules for how much; only numbers, so equal pools have equal spaces."""

    limits: tuple[Limit, ...]
    kinds: tuple[Kind, ...]

    @property
    def stock(self) -> Recipe:
        """The units there are of each kind."""
        return tuple(kind.stock for kind in self.kinds)

    def totals(self, recipe: Recipe) -> list[int]:
        """Items that `recipe` takes under each limit."""
        totals = [0] * len(self.limits)
        for taken, kind in zip(recipe, self.kinds, strict=True):
            for limit, count in kind.counts:
                totals[limit] += taken * count
        return totals

    def allows(self, recipe: Recipe) -> bool:
        """Whether `recipe` keeps every limit."""
        return all(
            limit.least <= total <= limit.most for limit, total in zip(self.limits, self.totals(recipe), strict=True)
        )


def space(blueprint: Blueprint, pool: Pool, share: Share | None = None) -> tuple[Space, tuple[tuple[Unit, ...], ...]]:
    """The limits of `blueprint` and the kinds of `pool`, and beside it the units of each kind.

    `share`: which items are for everybody and which are the physician's own, where the blueprint has an audience.
    Units that the blueprint can't use at all are left out.
    """
    rules = Rules(blueprint, share)
    units: dict[tuple[tuple[int, int], ...], list[Unit]] = {}
    for unit in pool.units:
        if counts := rules.counts(unit):
            units.setdefault(counts, []).append(unit)
    kinds = tuple(Kind(counts, len(alike)) for counts, alike in units.items())
    return Space(rules.limits, kinds), tuple(map(tuple, units.values()))


class Rules:
    """The limits of a blueprint, types first, and what a unit counts under each of them."""

    def __init__(self, blueprint: Blueprint, share: Share | None = None) -> None:
        self._blueprint, self._share = blueprint, share
        self.limits = tuple(_limits(blueprint, share))
        self._group_of = {
            (section, name): place
            for place, (section, group, _) in enumerate(blueprint.groups)
            for name in group_types(group)
        }
        self._full = not blueprint.sections and _no_room_outside(blueprint)
        self._of_topic: dict[tuple[int, str], tuple[int, ...]] = {}
        self._known: dict[tuple[object, ...], tuple[tuple[int, int], ...]] = {}
        self._quotas = [
            (place, TopicQuota(limit.what), limit.section)
            for place, limit in enumerate(self.limits)
            if limit.rule == "topic"
        ]
        named = {(limit.rule, limit.what): place for place, limit in enumerate(self.limits) if not limit.section}
        self._levels = [named.get(("difficulty", str(level)), -1) for level in DIFFICULTIES]
        self._sources = {source: named[rule, source] for rule, source in named if rule == "audience"}

    def section(self, unit: Unit) -> int | None:
        """The section the unit belongs to, 0 in a paper without sections; None when it belongs to none."""
        if not self._blueprint.sections:
            return 0
        found = {self._section(item) for item in unit.items}
        return found.pop() if len(found) == 1 else None

    def counts(self, unit: Unit) -> tuple[tuple[int, int], ...]:
        """How many items it adds to which limit, in their order; empty when the blueprint has no use for it."""
        share = self._share
        key = tuple((i.type, i.topic, i.difficulty, share.source(i) if share else "") for i in unit.items)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self._counts(unit)
        return known

    def _counts(self, unit: Unit) -> tuple[tuple[int, int], ...]:
        section = self.section(unit)
        group = None if section is None else self._group_of.get((section, unit.items[0].type))
        if section is None or group is None or not self._for_him(unit):
            return ()
        found = Counter({group: len(unit.items)})
        for item in unit.items:
            topics = self._topics(section, item.topic)
            if not topics and self._full:
                return ()
            found.update(topics)
            if (level := self._levels[DIFFICULTIES.index(item.difficulty)]) >= 0:
                found[level] += 1
            if self._sources and self._share:
                found[self._sources[self._share.source(item)]] += 1
        if any(count > self.limits[limit].most for limit, count in found.items()):
            return ()
        return tuple(sorted(found.items()))

    def _for_him(self, unit: Unit) -> bool:
        return self._share is None or all(self._share.source(item) for item in unit.items)

    def _section(self, item: Item) -> int | None:
        source = self._share.source(item) if self._share else ""
        for place, part in enumerate(self._blueprint.sections, 1):
            if (place, item.type) in self._group_of and part.draws(item.topic, source):
                return place
        return None

    def _topics(self, section: int, topic: str) -> tuple[int, ...]:
        key = (section, topic)
        if (known := self._of_topic.get(key)) is None:
            known = tuple(
                place for place, quota, inside in self._quotas if inside in (0, section) and quota.covers(topic)
            )
            self._of_topic[key] = known
        return known


def _limits(blueprint: Blueprint, share: Share | None) -> Iterator[Limit]:
    for section, group, count in blueprint.groups:
        yield _limit("type", group, count, count, section)
    yield from _topic_limits(blueprint.topics, blueprint.item_count, 0)
    for place, part in enumerate(blueprint.sections, 1):
        yield from _topic_limits(part.topics, part.item_count, place)
    if blueprint.difficulty:
        bounds = blueprint.difficulty.bounds(blueprint.item_count)
        for level, (least, most) in zip(DIFFICULTIES, bounds, strict=True):
            yield _limit("difficulty", str(level), least, most, 0)
    if share and share.apart and blueprint.audience:
        yield _limit("audience", "common", blueprint.audience.common, blueprint.audience.common, 0)
        yield _limit("audience", "own", blueprint.audience.own, blueprint.audience.own, 0)
    if share:
        yield from _topic_limits(share.topics, blueprint.item_count, 0)


def _topic_limits(quotas: tuple[TopicQuota, ...], item_count: int, section: int) -> Iterator[Limit]:
    for quota in quotas:
        yield _limit("topic", quota.topic, quota.least, item_count if quota.most is None else quota.most, section)


def _limit(rule: str, what: str, least: int, most: int, section: int) -> Limit:
    return Limit(f"section {section} {rule} {what}" if section else f"{rule} {what}", least, most, rule, what, section)


def _no_room_outside(blueprint: Blueprint) -> bool:
    """Whether the quotas fill the paper, so that an item outside all of them can't be used."""
    return needed(outermost(blueprint.topics), blueprint.topics) == blueprint.item_count
