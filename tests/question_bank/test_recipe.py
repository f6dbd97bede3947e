"""From a blueprint and a pool to limits and kinds."""

from question_bank.blueprint import Blueprint, Difficulty, TopicQuota
from question_bank.item import Item, ItemStatus, ItemType, Option
from question_bank.pool import Pool
from question_bank.recipe import Kind, Limit, space


def an_item(item_id: int, topic: str, kind: ItemType = ItemType.A1, difficulty: int = 2, set_code: str = "") -> Item:
    return Item(
        item_id=item_id,
        code=f"c{item_id}",
        pool="p",
        type=kind,
        topic=topic,
        difficulty=difficulty,
        stem=f"s{item_id}",
        options=(Option("a", "1"), Option("b", "2")),
        key="a",
        set_code=set_code,
        status=ItemStatus.ACTIVE,
    )


ITEMS = [
    an_item(1, "x"),
    an_item(2, "x"),
    an_item(3, "x/y", difficulty=3),
    an_item(4, "z"),
    an_item(5, "x", ItemType.B1, 1, "S"),
    an_item(6, "x/y", ItemType.B1, 3, "S"),
    an_item(7, "x", ItemType.A2),
]
BLUEPRINT = Blueprint(
    code="b",
    pool="p",
    item_count=4,
    types={"A1": 2, "B1": 2},
    topics=(TopicQuota("x", min=1), TopicQuota("x/y", max=3)),
    difficulty=Difficulty((1, 2, 1), 1),
)


def test_limits_are_the_types_then_the_topics_then_the_difficulties() -> None:
    found, _ = space(BLUEPRINT, Pool(ITEMS))
    assert found.limits == (
        Limit("type A1", 2, 2, "type", "A1"),
        Limit("type B1", 2, 2, "type", "B1"),
        Limit("topic x", 1, 4, "topic", "x"),
        Limit("topic x/y", 0, 3, "topic", "x/y"),
        Limit("difficulty 1", 0, 2, "difficulty", "1"),
        Limit("difficulty 2", 1, 3, "difficulty", "2"),
        Limit("difficulty 3", 0, 2, "difficulty", "3"),
    )


def test_units_that_count_the_same_are_one_kind_and_a_set_counts_all_its_items() -> None:
    found, units = space(BLUEPRINT, Pool(ITEMS))
    assert found.kinds == (
        Kind(((0, 1), (2, 1), (5, 1)), 2),
        Kind(((0, 1), (2, 1), (3, 1), (6, 1)), 1),
        Kind(((0, 1), (5, 1)), 1),
        Kind(((1, 2), (2, 2), (3, 1), (4, 1), (6, 1)), 1),
    )
    assert [[unit.items[0].item_id for unit in alike] for alike in units] == [[1, 2], [3], [4], [5]]


def test_where_the_topics_fill_the_paper_other_items_are_left_out() -> None:
    full = Blueprint(code="b", pool="p", item_count=2, types={"A1": 2}, topics=(TopicQuota("x", count=2),))
    _, units = space(full, Pool(ITEMS))
    assert [[unit.items[0].item_id for unit in alike] for alike in units] == [[1, 2, 3]]


def test_a_unit_too_large_for_a_limit_is_left_out() -> None:
    small = Blueprint(code="b", pool="p", item_count=2, types={"A1": 1, "B1": 1})
    found, _ = space(small, Pool(ITEMS))
    assert [kind.size for kind in found.kinds] == [1]


def test_a_recipe_is_allowed_when_every_limit_is_kept() -> None:
    found, _ = space(BLUEPRINT, Pool(ITEMS))
    assert found.totals((1, 1, 0, 1)) == [2, 2, 4, 2, 1, 1, 2]
    assert found.allows((1, 1, 0, 1))
    assert not found.allows((2, 1, 0, 1))
