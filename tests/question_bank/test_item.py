"""What makes an item, and a set of items, valid."""

import msgspec
import pytest

from question_bank.item import STEM_LENGTH_MAX, Item, ItemType, Option, normal, problems, set_problems


def an_item(**changes: object) -> Item:
    options = tuple(Option(letter, f"text {letter}") for letter in "abcde")
    item = Item(code="A-1", pool="humanities", type=ItemType.A1, topic="医学心理", stem="?", options=options, key="b")
    return msgspec.structs.replace(item, **changes)


def a_set(kind: ItemType, size: int) -> list[Item]:
    case = "" if kind is ItemType.B1 else "男，70岁。"
    return [an_item(code=f"S-{n}", type=kind, stem=f"{n}?", set_code="S", case=case) for n in range(size)]


def codes(item: Item) -> list[str]:
    return [problem.code for problem in problems(item)]


def set_codes(items: list[Item]) -> list[str]:
    return [problem.code for problem in set_problems(items)]


def test_a_plain_item_is_valid() -> None:
    assert problems(an_item()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": ""}, "code_bad"),
        ({"code": " A"}, "code_bad"),
        ({"pool": "p" * 81}, "pool_bad"),
        ({"topic": ""}, "topic_bad"),
        ({"topic": "专业//心血管"}, "topic_bad"),
        ({"topic": "/专业"}, "topic_bad"),
        ({"difficulty": 0}, "difficulty_bad"),
        ({"difficulty": 4}, "difficulty_bad"),
        ({"stem": " \n"}, "stem_empty"),
        ({"stem": "x" * (STEM_LENGTH_MAX + 1)}, "stem_long"),
        ({"explanation": "x" * 4_001}, "explanation_long"),
        ({"key": ""}, "key_empty"),
        ({"key": "f"}, "key_unknown"),
        ({"key": "ab"}, "key_several"),
        ({"type": ItemType.X, "key": "a"}, "key_single"),
        ({"type": ItemType.X, "key": "ca"}, "key_order"),
        ({"type": ItemType.X, "key": "aa"}, "key_order"),
        ({"type": ItemType.B1}, "set_missing"),
        ({"set_code": "S"}, "set_not_allowed"),
        ({"type": ItemType.A3, "set_code": "S"}, "case_missing"),
    ],
)
def test_one_fault_is_named_by_one_code(changes: dict[str, object], code: str) -> None:
    assert codes(an_item(**changes)) == [code]


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["yes"], "option_count"),
        ([f"text {n}" for n in range(27)], "option_count"),
        (["yes", " "], "option_empty"),
        (["yes", "x" * 1_001], "option_long"),
        (["a b", "no", "ab"], "option_twice"),
        (["１０％", "10%"], "option_twice"),
    ],
)
def test_bad_options_are_named(texts: list[str], code: str) -> None:
    options = tuple(Option(chr(97 + n), text) for n, text in enumerate(texts))
    assert code in codes(an_item(options=options, key="a"))


def test_option_ids_must_follow_the_alphabet() -> None:
    assert codes(an_item(options=(Option("a", "1"), Option("c", "2")), key="a")) == ["option_ids"]


def test_an_item_tells_all_its_faults_at_once() -> None:
    assert codes(an_item(stem="", key="", difficulty=9)) == ["difficulty_bad", "stem_empty", "key_empty"]


def test_what_means_something_else_in_medicine_is_not_the_same_text() -> None:
    assert normal("f波") != normal("F波")
    assert normal("10²") != normal("102")
    assert normal("Ａ 型") == normal("A型")


@pytest.mark.parametrize(("kind", "least", "most"), [(ItemType.A3, 2, 3), (ItemType.A4, 2, 6), (ItemType.B1, 2, 10)])
def test_a_set_has_as_many_items_as_its_type_allows(kind: ItemType, least: int, most: int) -> None:
    assert set_codes(a_set(kind, least - 1)) == ["set_size"]
    assert set_codes(a_set(kind, least)) == []
    assert set_codes(a_set(kind, most)) == []
    assert set_codes(a_set(kind, most + 1)) == ["set_size"]


def test_a_set_does_not_mix_types_pools_or_set_codes() -> None:
    first, second = a_set(ItemType.A3, 2)
    assert set_codes([first, msgspec.structs.replace(second, type=ItemType.A4)]) == ["set_mixed"]
    assert set_codes([first, msgspec.structs.replace(second, pool="professional")]) == ["set_mixed"]
    assert set_codes([first, msgspec.structs.replace(second, set_code="T")]) == ["set_mixed"]


def test_a_case_set_shares_its_case_and_a_b1_set_its_options() -> None:
    first, second = a_set(ItemType.A4, 2)
    assert set_codes([first, msgspec.structs.replace(second, case="女")]) == ["set_case"]
    assert set_codes([first, msgspec.structs.replace(second, options=first.options[:3])]) == []
    first, second = a_set(ItemType.B1, 2)
    assert set_codes([first, msgspec.structs.replace(second, options=first.options[:3])]) == ["set_options"]
    assert set_codes([first, msgspec.structs.replace(second, fixed_order=True)]) == ["set_options"]


def test_a_set_asks_no_question_twice_and_is_not_empty() -> None:
    first, second = a_set(ItemType.B1, 2)
    assert set_codes([first, msgspec.structs.replace(second, stem=first.stem)]) == ["set_stem_twice"]
    assert set_codes([]) == ["set_empty"]
