"""The units a paper is drawn from."""

import msgspec
import pytest

from question_bank.item import Item, ItemStatus, ItemType, Option
from question_bank.pool import Pool


def an_item(item_id: int, kind: ItemType = ItemType.A1, set_code: str = "") -> Item:
    return Item(
        item_id=item_id,
        code=f"c{item_id}",
        pool="p",
        type=kind,
        topic="t",
        stem=f"s{item_id}",
        options=(Option("a", "1"), Option("b", "2")),
        key="a",
        set_code=set_code,
        status=ItemStatus.ACTIVE,
    )


def ids(pool: Pool) -> list[list[int]]:
    return [[item.item_id for item in unit.items] for unit in pool.units]


def test_a_set_is_one_unit_in_the_order_of_its_item_ids() -> None:
    pool = Pool([an_item(3, ItemType.B1, "S"), an_item(2), an_item(1, ItemType.B1, "S")])
    assert ids(pool) == [[1, 3], [2]]
    assert pool.item_count == 3


def test_two_sets_of_different_names_stay_apart() -> None:
    assert ids(Pool([an_item(n, ItemType.B1, "ST"[n % 2]) for n in range(1, 5)])) == [[1, 3], [2, 4]]


@pytest.mark.parametrize("status", [status for status in ItemStatus if status is not ItemStatus.ACTIVE])
def test_an_item_that_is_not_active_is_left_out_and_takes_its_set_along(status: ItemStatus) -> None:
    items = [an_item(1), an_item(2), *(an_item(n, ItemType.B1, "S") for n in (3, 4, 5))]
    items[1] = msgspec.structs.replace(items[1], status=status)
    items[4] = msgspec.structs.replace(items[4], status=status)
    assert ids(Pool(items)) == [[1]]


def test_a_set_that_is_not_valid_is_left_out() -> None:
    assert ids(Pool([an_item(1, ItemType.B1, "S"), an_item(2)])) == [[2]]


def test_items_without_numbers_of_their_own_make_no_pool() -> None:
    with pytest.raises(ValueError, match="different item ids"):
        Pool([an_item(0), an_item(0)])
