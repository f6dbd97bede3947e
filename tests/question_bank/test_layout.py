"""The order of items and options on a paper."""

import random
from collections.abc import Sequence

import msgspec

from question_bank.item import CASED, IN_SETS, Item, ItemType, Option
from question_bank.layout import lay_out
from question_bank.paper import PaperEntry
from question_bank.pool import Unit


def an_item(item_id: int, kind: ItemType = ItemType.A1, options: int = 5, *, fixed_order: bool = False) -> Item:
    return Item(
        item_id=item_id,
        version=item_id % 7 + 1,
        code=f"c{item_id}",
        pool="p",
        type=kind,
        topic="t",
        stem=f"s{item_id}",
        options=tuple(Option(chr(97 + place), str(place)) for place in range(options)),
        key="ab" if kind is ItemType.X else "a",
        fixed_order=fixed_order,
        set_code="S" if kind in IN_SETS else "",
        case="a case" if kind in CASED else "",
    )


def units(*items: Item) -> list[Unit]:
    return [Unit(place, (item,)) for place, item in enumerate(items)]


def a_set(place: int, kind: ItemType, *item_ids: int) -> Unit:
    return Unit(place, tuple(an_item(item_id, kind) for item_id in item_ids))


def laid_out(
    drawn: Sequence[Unit], seed: int = 1, *, items: bool = True, options: bool = True
) -> tuple[PaperEntry, ...]:
    return lay_out(drawn, random.Random(seed), shuffle_items=items, shuffle_options=options)


MIXED = [
    *units(*(an_item(n, ItemType.X) for n in (1, 2)), *(an_item(n) for n in (3, 4, 5)), an_item(6, ItemType.A2)),
    *(a_set(6, ItemType.B1, 7, 8), a_set(7, ItemType.A4, 9, 10, 11), a_set(8, ItemType.A3, 12, 13)),
]


def test_types_come_in_blocks_in_the_order_people_know() -> None:
    blocks = {3: 0, 4: 0, 5: 0, 6: 1, 9: 2, 10: 2, 11: 2, 12: 2, 13: 2, 7: 3, 8: 3, 1: 4, 2: 4}
    for seed in range(50):
        found = [blocks[entry.item_id] for entry in laid_out(MIXED, seed)]
        assert found == sorted(blocks.values())


def test_sets_stay_together_and_in_their_order_and_are_numbered_as_they_come() -> None:
    for seed in range(50):
        entries = laid_out(MIXED, seed)
        groups = [entry.group for entry in entries if entry.group]
        assert groups == sorted(groups)
        assert set(groups) == {1, 2, 3}
        for members in ([7, 8], [9, 10, 11], [12, 13]):
            assert [entry.item_id for entry in entries if entry.item_id in members] == members
            assert len({entry.group for entry in entries if entry.item_id in members}) == 1


def test_an_entry_says_its_version_whether_it_is_a_chain_and_whether_several_answers_are_right() -> None:
    entries = {entry.item_id: entry for entry in laid_out(MIXED)}
    assert all(entry.version == item_id % 7 + 1 for item_id, entry in entries.items())
    assert {item_id for item_id, entry in entries.items() if entry.chain} == {9, 10, 11}
    assert {item_id for item_id, entry in entries.items() if entry.multiple} == {1, 2}
    assert {item_id for item_id, entry in entries.items() if not entry.group} == {1, 2, 3, 4, 5, 6}


def test_without_shuffling_items_stand_as_in_the_pool_and_options_as_the_author_wrote_them() -> None:
    entries = laid_out(MIXED[::-1], items=False, options=False)
    assert [entry.item_id for entry in entries] == [3, 4, 5, 6, 9, 10, 11, 12, 13, 7, 8, 1, 2]
    assert {entry.order for entry in entries} == {"abcde"}


def test_an_item_of_fixed_order_is_never_shuffled() -> None:
    entries = laid_out(units(*(an_item(n, fixed_order=n % 2 == 0) for n in range(20))))
    assert all(entry.order == "abcde" for entry in entries if entry.item_id % 2 == 0)
    assert any(entry.order != "abcde" for entry in entries)


def test_every_order_shows_every_option_once_and_every_option_comes_first_somewhere() -> None:
    for count in (2, 3, 4, 5, 6, 7, 12):
        letters = "abcdefghijkl"[:count]
        orders = [entry.order for entry in laid_out(units(*(an_item(n, options=count) for n in range(400))))]
        assert {"".join(sorted(order)) for order in orders} == {letters}
        assert {order[0] for order in orders} == set(letters)


def test_the_stems_of_a_b1_set_show_one_order_and_those_of_a_case_set_their_own() -> None:
    b1, a4 = (
        [laid_out([a_set(0, kind, 1, 2, 3, 4)], seed) for seed in range(20)] for kind in (ItemType.B1, ItemType.A4)
    )
    assert all(len({entry.order for entry in entries}) == 1 for entries in b1)
    assert len({entries[0].order for entries in b1}) > 1
    assert any(len({entry.order for entry in entries}) > 1 for entries in a4)


def test_a_fixed_order_holds_for_a_whole_b1_set() -> None:
    members = [msgspec.structs.replace(an_item(n, ItemType.B1), fixed_order=True) for n in (1, 2)]
    assert [entry.order for entry in laid_out([Unit(0, tuple(members))])] == ["abcde"] * 2
