"""A second count: whether papers keep every rule, without a word of the code that made them.

It takes items and a blueprint, nothing prepared, and reads the rules as a person would. What is certified was counted
here.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from question_bank.audience import Share
from question_bank.blueprint import Blueprint, TopicQuota, group_types
from question_bank.item import DIFFICULTIES, Item

Sets = Mapping[str, frozenset[int]]


def broken(blueprint: Blueprint, items: Sequence[Item], sets: Sets, share: Share | None = None) -> list[str]:
    """The rules that a paper of these items breaks. `sets`: which items of the pool each set code has."""
    return list(_broken(blueprint, items, sets, share))


def sets_of(items: Collection[Item]) -> dict[str, frozenset[int]]:
    """The items of each set."""
    found: dict[str, set[int]] = {}
    for item in items:
        if item.set_code:
            found.setdefault(item.set_code, set()).add(item.item_id)
    return {code: frozenset(members) for code, members in found.items()}


def _broken(blueprint: Blueprint, items: Sequence[Item], sets: Sets, share: Share | None) -> Iterator[str]:
    numbers = {item.item_id for item in items}
    if len(numbers) < len(items):
        yield "an item twice"
    if len(items) != blueprint.item_count:
        yield f"{len(items)} items"
    yield from _enemies(items)
    yield from _sets(items, numbers, sets)
    yield from _types(blueprint, items, share)
    yield from _topics(blueprint.topics, items, "")
    for place, part in enumerate(blueprint.sections, 1):
        mine = [item for item in items if _inside(blueprint, place, item, share)]
        yield from _topics(part.topics, mine, f"section {place} ")
    yield from _levels(blueprint, items)
    yield from _audience(blueprint, items, share)


def _enemies(items: Sequence[Item]) -> Iterator[str]:
    by_code = {item.code: item for item in items}
    for item in items:
        for code in item.enemies:
            if code in by_code and not (item.set_code and by_code[code].set_code == item.set_code):
                yield f"enemies {item.code} and {code}"


def _sets(items: Sequence[Item], numbers: set[int], sets: Sets) -> Iterator[str]:
    for code in sorted({item.set_code for item in items} - {""}):
        if not sets[code] <= numbers:
            yield f"set {code} in parts"


def _types(blueprint: Blueprint, items: Sequence[Item], share: Share | None) -> Iterator[str]:
    for place, group, count in blueprint.groups:
        kinds = group_types(group)
        found = sum(item.type in kinds and (not place or _inside(blueprint, place, item, share)) for item in items)
        if found != count:
            yield f"type {group}: {found} for {count}"


def _inside(blueprint: Blueprint, place: int, item: Item, share: Share | None) -> bool:
    """Whether the item belongs to the section; sections never share items, so the first that fits is the one."""
    part = blueprint.sections[place - 1]
    fits = any(item.type in group_types(group) for group in part.types)
    return fits and part.draws(item.topic, share.source(item) if share else "")


def _topics(quotas: Sequence[TopicQuota], items: Sequence[Item], where: str) -> Iterator[str]:
    for quota in quotas:
        count = sum(f"{item.topic}/".startswith(f"{quota.topic}/") for item in items)
        if count < quota.least or (quota.most is not None and count > quota.most):
            yield f"{where}topic {quota.topic}: {count}"


def _levels(blueprint: Blueprint, items: Sequence[Item]) -> Iterator[str]:
    if blueprint.difficulty is None:
        return
    levels, bounds = Counter(item.difficulty for item in items), blueprint.difficulty.bounds(blueprint.item_count)
    for level, (least, most) in zip(DIFFICULTIES, bounds, strict=True):
        if not least <= levels[level] <= most:
            yield f"difficulty {level}: {levels[level]}"


def _audience(blueprint: Blueprint, items: Sequence[Item], share: Share | None) -> Iterator[str]:
    if share is None or blueprint.audience is None:
        return
    found = Counter(share.source(item) for item in items)
    if found[""]:
        yield f"{found['']} items not for this person"
    if share.apart and found["own"] != blueprint.audience.own:
        yield f"{found['own']} own items for {blueprint.audience.own}"
    yield from _topics(share.topics, items, "own ")
