"""Papers keep every quota, come again from their seed, and spread over the pool."""

from collections import Counter
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.assembly import ImpossibleBlueprint, assemble, prepare
from question_bank.blueprint import Blueprint, Difficulty, TopicQuota, group_types, load
from question_bank.item import IN_SETS, Item, ItemStatus, ItemType, Option
from question_bank.paper import Paper, digest
from question_bank.pool import Pool

TOPICS = ("x", "x/y", "z")
GROUPS = {ItemType.A3: "A3/A4", ItemType.A4: "A3/A4"}


def some_items(count: int, kind: ItemType = ItemType.A1, topic: str = "x", size: int = 1, first: int = 1) -> list[Item]:
    """`count` items from number `first` on, in sets of `size` where the type has sets."""
    return [
        Item(
            item_id=number,
            code=f"c{number}",
            pool="p",
            type=kind,
            topic=topic,
            difficulty=1 + number % 3,
            stem=f"s{number}",
            options=tuple(Option(letter, f"text {letter}") for letter in "abcde"),
            key="ac" if kind is ItemType.X else "a",
            set_code=f"S{first}-{(number - first) // size}" if kind in IN_SETS else "",
            case="a case" if kind in {ItemType.A3, ItemType.A4} else "",
            status=ItemStatus.ACTIVE,
        )
        for number in range(first, first + count)
    ]


def a_blueprint(types: dict[str, int], *topics: TopicQuota, difficulty: Difficulty | None = None) -> Blueprint:
    count = sum(types.values())
    return Blueprint(code="b", pool="p", item_count=count, types=types, topics=topics, difficulty=difficulty)


def ids(paper: Paper) -> list[int]:
    return [entry.item_id for entry in paper.entries]


def broken(blueprint: Blueprint, items: list[Item], paper: Paper) -> list[str]:
    """The rules that the paper breaks, counted anew and without a word of the code under test."""
    by_id = {item.item_id: item for item in items}
    drawn = [by_id[number] for number in ids(paper)]
    found = ["an item twice"] if len(set(ids(paper))) < len(drawn) else []
    found += [
        f"type {group}"
        for group, count in blueprint.types.items()
        if sum(item.type in group_types(group) for item in drawn) != count
    ]
    for quota in blueprint.topics:
        count = sum(f"{item.topic}/".startswith(f"{quota.topic}/") for item in drawn)
        if not quota.least <= count <= (len(drawn) if quota.most is None else quota.most):
            found.append(f"topic {quota.topic}")
    if rule := blueprint.difficulty:
        for level, share in zip((1, 2, 3), rule.shares, strict=True):
            count = sum(item.difficulty == level for item in drawn)
            if abs(count * sum(rule.shares) - len(drawn) * share) > rule.tolerance * sum(rule.shares):
                found.append(f"difficulty {level}")
    for name in {item.set_code for item in drawn} - {""}:
        places = [place for place, item in enumerate(drawn) if item.set_code == name]
        whole = sorted(item.item_id for item in items if item.set_code == name)
        if [drawn[place].item_id for place in places] != whole or places[-1] - places[0] + 1 != len(places):
            found.append(f"set {name}")
    return found


@st.composite
def pools(draw: st.DrawFn) -> list[Item]:
    items: list[Item] = []
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(ItemType))
        size = draw(st.integers(2, 3)) if kind in IN_SETS else 1
        unit = some_items(size, kind, draw(st.sampled_from(TOPICS)), size, first=len(items) + 1)
        items += [msgspec.structs.replace(item, difficulty=draw(st.integers(1, 3))) for item in unit]
    return items


@st.composite
def wishes(draw: st.DrawFn) -> Blueprint:
    types = draw(st.dictionaries(st.sampled_from(["A1", "A2", "A3/A4", "B1", "X"]), st.integers(1, 5), min_size=1))
    total = sum(types.values())
    ranges = st.tuples(st.integers(0, total), st.integers(0, total)).map(sorted)
    quotas = [TopicQuota(topic, min=least, max=most) for topic in TOPICS for least, most in [draw(ranges)]]
    topics = [quota for quota in quotas if draw(st.booleans())]
    difficulty = Difficulty((3, 5, 2), draw(st.integers(1, 4))) if draw(st.booleans()) else None
    return a_blueprint(types, *topics, difficulty=difficulty)


@settings(max_examples=120, deadline=None)
@given(pools(), wishes(), st.integers(0, 2**63))
def test_a_paper_keeps_every_quota_or_the_blueprint_is_impossible(
    items: list[Item], blueprint: Blueprint, seed: int
) -> None:
    with suppress(ImpossibleBlueprint):
        assert broken(blueprint, items, assemble(blueprint, Pool(items), seed)) == []


@settings(max_examples=120, deadline=None)
@given(pools(), st.data())
def test_what_some_selection_of_the_pool_satisfies_is_never_called_impossible(
    items: list[Item], data: st.DataObject
) -> None:
    units = Pool(items).units
    chosen = [item for unit in units if data.draw(st.booleans()) for item in unit.items] or list(units[0].items)
    types = Counter(GROUPS.get(item.type, item.type.value) for item in chosen)
    topics = [TopicQuota(t, count=sum(f"{item.topic}/".startswith(f"{t}/") for item in chosen)) for t in TOPICS]
    levels = Counter(item.difficulty for item in chosen)
    blueprint = a_blueprint(dict(types), *topics, difficulty=Difficulty((levels[1], levels[2], levels[3]), 0))
    assert broken(blueprint, items, assemble(blueprint, Pool(items), data.draw(st.integers(0, 99)))) == []


@settings(max_examples=60, deadline=None)
@given(pools(), wishes(), st.randoms(use_true_random=False))
def test_a_seed_gives_the_same_paper_however_the_pool_is_ordered(
    items: list[Item], blueprint: Blueprint, rng: object
) -> None:
    try:
        first = assemble(blueprint, Pool(items), 5)
    except ImpossibleBlueprint:
        return
    assert digest(assemble(blueprint, Pool(items[::-1]), 5)) == digest(first)


BIG = [
    *some_items(60, ItemType.A1, "x"),
    *some_items(40, ItemType.A2, "z", first=101),
    *some_items(18, ItemType.A3, "x/y", size=3, first=201),
    *some_items(20, ItemType.A4, "z", size=4, first=301),
    *some_items(20, ItemType.B1, "z", size=2, first=401),
    *some_items(12, ItemType.X, "x", first=501),
]
WISH = a_blueprint(
    {"X": 3, "A3/A4": 10, "A1": 12, "B1": 6, "A2": 9},
    TopicQuota("x", min=15, max=24),
    TopicQuota("x/y", min=3, max=9),
    difficulty=Difficulty((1, 1, 1), 4),
)


def test_two_seeds_give_two_papers_and_two_orders_of_items_and_options() -> None:
    papers = [assemble(WISH, Pool(BIG), seed) for seed in range(20)]
    assert len({tuple(ids(paper)) for paper in papers}) == len(papers)
    assert len({entry.order for paper in papers for entry in paper.entries}) > 100


@pytest.mark.parametrize(
    ("types", "topics", "text"),
    [
        ({"A1": 61}, (), "type A1: needs 61, pool has 60"),
        ({"A3": 20}, (), "type A3: needs 20, pool has 18"),
        ({"A1": 60}, (TopicQuota("w", min=1),), "topic w: needs 1, pool has 0"),
        ({"A4": 10}, (), "type A4: needs 10, beside the other quotas the pool can give 8"),  # sets of four
    ],
)
def test_an_impossible_quota_is_named_with_what_the_pool_has(
    types: dict[str, int], topics: tuple[TopicQuota, ...], text: str
) -> None:
    with pytest.raises(ImpossibleBlueprint, match=f"^{text}$"):
        prepare(a_blueprint(types, *topics), Pool(BIG))


def test_quotas_that_only_together_are_impossible_are_named_too() -> None:
    with pytest.raises(ImpossibleBlueprint) as raised:  # all A2 items are of topic z
        prepare(a_blueprint({"A2": 10}, TopicQuota("x", count=2)), Pool(some_items(9) + BIG[60:]))
    assert [problem.code for problem in raised.value.problems] == ["quota_short"]


def test_a_blueprint_that_contradicts_itself_is_impossible_for_every_pool() -> None:
    with pytest.raises(ImpossibleBlueprint, match="add up to 5"):
        prepare(msgspec.structs.replace(a_blueprint({"A1": 5}), item_count=6), Pool(BIG))


def test_the_items_of_an_earlier_paper_do_not_come_again_when_the_pool_allows() -> None:
    plan = prepare(a_blueprint({"A1": 20, "A2": 10, "A3/A4": 12, "B1": 8}), Pool(BIG))
    for seed in range(20):
        first = frozenset(ids(plan.draw(seed)))
        assert not first & set(ids(plan.draw(seed + 1000, first)))


def test_when_the_pool_is_too_small_as_few_items_as_possible_come_again() -> None:
    items = [*some_items(15), *some_items(10, ItemType.B1, "z", size=2, first=101)]
    blueprint = a_blueprint({"A1": 10, "B1": 6})
    plan = prepare(blueprint, Pool(items))
    for seed in range(20):
        first = frozenset(ids(plan.draw(seed)))
        second = plan.draw(seed + 1000, first)
        assert broken(blueprint, items, second) == []
        assert len(first & set(ids(second))) == 5 + 2


def test_avoiding_items_that_are_not_in_the_pool_changes_nothing() -> None:
    assert assemble(WISH, Pool(BIG), 4, frozenset({10**6})) == assemble(WISH, Pool(BIG), 4)


def test_every_item_gets_its_chance_and_none_is_in_every_paper() -> None:
    plan = prepare(WISH, Pool(BIG))
    seen = Counter(number for seed in range(1500) for number in ids(plan.draw(seed)))
    shares = {item.item_id: seen[item.item_id] / 1500 for item in BIG}
    by_type = {kind: [shares[item.item_id] for item in BIG if item.type is kind] for kind in ItemType}
    for kind, found in by_type.items():
        fair = sum(found) / len(found)
        assert all(fair / 3 < share < fair * 3 for share in found), kind


def test_papers_of_a_pool_with_every_type_and_topic_break_no_quota() -> None:
    topics = [quota.topic for quota in load("professional").topics if "/" in quota.topic and quota.topic != "专业/内科"]
    sizes = [
        (ItemType.A1, 70, 1),
        (ItemType.A2, 55, 1),
        (ItemType.A3, 18, 3),
        (ItemType.A4, 8, 4),
        (ItemType.B1, 16, 2),
    ]
    items: list[Item] = []
    for topic in topics:
        for kind, count, size in sizes:
            items += some_items(count, kind, topic, size, first=len(items) + 1)
    plan = prepare(load("professional"), Pool(items))
    papers = [plan.draw(seed) for seed in range(200)]
    assert len({tuple(ids(paper)) for paper in papers}) == len(papers)
    assert all(broken(load("professional"), items, paper) == [] for paper in papers)
