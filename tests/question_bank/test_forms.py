"""Parallel forms: counted by somebody else, alike, and never better than the bound."""

import time
from itertools import combinations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.aim import aim
from question_bank.blueprint import Blueprint, load
from question_bank.checking import broken, sets_of
from question_bank.forms import BAND, ImpossibleForms, Made, Wish, bound, make_forms
from question_bank.item import Item
from question_bank.parameters import Known, Parameters
from question_bank.pool import Pool
from question_bank.supply import Supply, supply
from tests.question_bank.big_pool import big_pool
from tests.question_bank.test_assembly import pools, some_items, wishes

PAPER = load("professional")
ITEMS, KNOWN = big_pool(900, 3)


def made(items: list[Item], known: Known, blueprint: Blueprint, wish: Wish) -> tuple[Supply, Made]:
    stock = supply(blueprint, Pool(items), known)
    return stock, make_forms(stock, wish, time.monotonic)


def wish_of(items: list[Item], known: Known, blueprint: Blueprint, forms: int, **rest: int) -> Wish | None:
    found = aim(supply(blueprint, Pool(items), known), None, 0.6)
    if found is None:
        return None
    return Wish(forms, 1, found.target, found.cut, rest.pop("overlap", 0), **rest)


def rules_broken(blueprint: Blueprint, items: list[Item], stock: Supply, found: Made) -> list[str]:
    sets, wrong = sets_of(items), []
    for form in found.forms:
        drawn = [item for place in form for item in stock.units[place].items]
        wrong += broken(blueprint, drawn, sets)
    return wrong


@pytest.fixture(scope="module")
def four() -> tuple[Supply, Made, Wish]:
    wish = wish_of(ITEMS, KNOWN, PAPER, 4)
    assert wish is not None
    return *made(ITEMS, KNOWN, PAPER, wish), wish


def test_every_form_keeps_every_rule(four: tuple[Supply, Made, Wish]) -> None:
    stock, found, _ = four
    assert rules_broken(PAPER, ITEMS, stock, found) == []


def test_any_two_forms_are_equally_hard_and_share_nothing(four: tuple[Supply, Made, Wish]) -> None:
    stock, found, _ = four
    for one, other in combinations(found.forms, 2):
        assert abs(stock.points[list(one)].sum() - stock.points[list(other)].sum()) <= 2 * BAND
        assert not set(one) & set(other)


def test_every_form_has_nearly_the_information_that_none_can_exceed(four: tuple[Supply, Made, Wish]) -> None:
    stock, found, wish = four
    worths = stock.gauge.information(wish.cut)
    measured = [worths[list(form)].sum() for form in found.forms]
    assert min(measured) >= 0.95 * found.bound
    assert sum(measured) / len(measured) <= found.bound * (1 + 1e-9)
    assert max(measured) <= bound(stock, wish._replace(forms=1, uses_max=1), 60)


def test_the_same_seed_gives_the_same_forms_and_another_seed_others(four: tuple[Supply, Made, Wish]) -> None:
    stock, found, wish = four
    assert make_forms(stock, wish, time.monotonic).forms == found.forms
    assert make_forms(stock, wish._replace(seed=2), time.monotonic).forms != found.forms


def test_where_the_pool_is_too_small_for_disjoint_forms_items_come_twice_within_the_overlap() -> None:
    items, known = big_pool(700, 5)
    wish = wish_of(items, known, PAPER, 8, overlap=25)
    assert wish is not None
    stock, found = made(items, known, PAPER, wish)
    assert found.uses_max == 2
    assert rules_broken(PAPER, items, stock, found) == []
    for one, other in combinations(found.forms, 2):
        assert sum(stock.sizes[place] for place in set(one) & set(other)) <= 25


def test_what_gives_way_is_named() -> None:
    wish = wish_of(ITEMS, KNOWN, PAPER, 20, uses_max=1)
    assert wish is not None
    with pytest.raises(ImpossibleForms, match="20 forms need"):
        made(ITEMS, KNOWN, PAPER, wish)


def test_time_that_is_up_is_an_error_and_no_forms() -> None:
    wish = wish_of(ITEMS, KNOWN, PAPER, 4)
    assert wish is not None
    ticks = iter(range(0, 10**6, 200))
    stock = supply(PAPER, Pool(ITEMS), KNOWN)
    with pytest.raises(TimeoutError, match="of 4 forms"):
        make_forms(stock, wish, lambda: float(next(ticks)))


@settings(max_examples=40, deadline=None)
@given(pools(), wishes(), st.integers(1, 3), st.data())
def test_forms_of_any_pool_keep_every_rule_or_are_refused(
    items: list[Item], blueprint: Blueprint, forms: int, data: st.DataObject
) -> None:
    items = with_enemies(items, data)
    known = {(item.item_id, 1): Parameters(1.0, data.draw(st.floats(-2, 2)), 9) for item in items[::2]}
    wish = wish_of(items, known, blueprint, forms, overlap=blueprint.item_count // 3)
    if wish is None:
        return
    try:
        stock, found = made(items, known, blueprint, wish)
    except (ImpossibleForms, TimeoutError):
        return
    assert rules_broken(blueprint, items, stock, found) == []
    scores = [stock.points[list(form)].sum() for form in found.forms]
    assert max(scores) - min(scores) <= 2 * BAND + 1e-6


def with_enemies(items: list[Item], data: st.DataObject) -> list[Item]:
    """Some pairs of different units that must not meet."""
    for _ in range(data.draw(st.integers(0, 3))):
        one, other = (data.draw(st.integers(0, len(items) - 1)) for _ in range(2))
        if items[one].set_code != items[other].set_code or (one != other and not items[one].set_code):
            items[one] = msgspec.structs.replace(items[one], enemies=(items[other].code,))
    return items


def test_two_enemies_that_the_quotas_need_both_are_refused() -> None:
    items = some_items(3)
    items[0] = msgspec.structs.replace(items[0], enemies=("c2",))
    blueprint = Blueprint(code="b", pool="p", item_count=3, types={"A1": 3})
    wish = wish_of(items, {}, blueprint, 1)
    assert wish is not None
    with pytest.raises(ImpossibleForms):
        made(items, {}, blueprint, wish)


def test_forms_that_may_share_too_little_name_the_rules_that_lack_items() -> None:
    wish = wish_of(ITEMS, KNOWN, PAPER, 12)
    assert wish is not None
    with pytest.raises(ImpossibleForms) as raised:
        made(ITEMS, KNOWN, PAPER, wish)
    said = {problem.text for problem in raised.value.problems}
    assert "topic 专业/内科/血液风湿: 12 forms of which two share at most 0 items need 24, pool has 17" in said
    assert {problem.code for problem in raised.value.problems} == {"quota_short"}
