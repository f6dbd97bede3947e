"""Papers on the fly: quotas, sets and enemies hold whatever the seed, and every paper is as hard as the others."""

from collections import Counter
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.assembly import prepare
from question_bank.blueprint import Blueprint, PaperSection, TopicQuota, load
from question_bank.checking import broken, sets_of
from question_bank.fair_plan import BAND, WORTH_MIN, FairPlan, prepare_fair
from question_bank.item import Item
from question_bank.paper import Paper
from question_bank.parameters import Parameters
from question_bank.pool import Pool
from question_bank.recipes import ImpossibleBlueprint
from tests.question_bank.big_pool import big_pool
from tests.question_bank.test_assembly import ids, pools, some_items, wishes
from tests.question_bank.test_forms import with_enemies

PAPER = load("professional")
ITEMS, KNOWN = big_pool(900, 3)
BY_ID = {item.item_id: item for item in ITEMS}


@pytest.fixture(scope="module")
def plan() -> FairPlan:
    return prepare_fair(PAPER, Pool(ITEMS), KNOWN, 0.6)


def items_of(paper: Paper, items: list[Item]) -> list[Item]:
    by_id = {item.item_id: item for item in items}
    return [by_id[number] for number in ids(paper)]


@settings(max_examples=30, deadline=None)
@given(pools(), wishes(), st.integers(0, 2**53), st.data())
def test_a_paper_of_any_pool_keeps_every_rule_and_is_a_function_of_its_seed(
    items: list[Item], blueprint: Blueprint, seed: int, data: st.DataObject
) -> None:
    items = with_enemies(items, data)
    known = {(item.item_id, 1): Parameters(1.0, data.draw(st.floats(-2, 2)), 9) for item in items[::2]}
    with suppress(ImpossibleBlueprint):
        paper = prepare_fair(blueprint, Pool(items), known, 0.6).draw(seed)
        assert broken(blueprint, items_of(paper, items), sets_of(items)) == []
        again = prepare_fair(blueprint, Pool(items[::-1]), known, 0.6).draw(seed)
        assert again == paper


@settings(max_examples=30, deadline=None)
@given(pools(), wishes(), st.data())
def test_avoiding_items_breaks_nothing_either(items: list[Item], blueprint: Blueprint, data: st.DataObject) -> None:
    items = with_enemies(items, data)
    with suppress(ImpossibleBlueprint):
        found = prepare_fair(blueprint, Pool(items), {}, 0.6)
        first = found.draw(1)
        second = found.draw(2, frozenset(ids(first)))
        assert broken(blueprint, items_of(second, items), sets_of(items)) == []


def test_every_paper_is_inside_the_band_and_measures_well(plan: FairPlan) -> None:
    place_of = {item.item_id: place for place, unit in enumerate(plan.supply.units) for item in unit.items}
    sets = sets_of(ITEMS)
    for seed in range(150):
        paper = plan.draw(seed)
        places = list({place_of[number] for number in ids(paper)})
        assert abs(plan.supply.points[places].sum() - plan.aim.target) <= BAND
        assert plan.worths[places].sum() >= WORTH_MIN * plan.rates.bound - 1e-9
        assert broken(PAPER, items_of(paper, ITEMS), sets) == []


def test_a_make_up_paper_shares_nothing_with_the_first_where_the_pool_allows(plan: FairPlan) -> None:
    for seed in range(20):
        first = frozenset(ids(plan.draw(seed)))
        second = plan.draw(seed + 1000, first)
        assert not first & set(ids(second))
        assert broken(PAPER, items_of(second, ITEMS), sets_of(ITEMS)) == []


def test_items_are_used_about_as_often_as_planned(plan: FairPlan) -> None:
    drawn = 600
    seen = Counter(number for seed in range(drawn) for number in ids(plan.draw(seed)))
    most = max(seen.values()) / drawn
    assert most < 3 * plan.rates.limits.max()
    assert sum(item.item_id in seen for item in ITEMS) > 0.8 * len(ITEMS)


def test_a_blueprint_may_name_the_score_and_is_told_when_it_is_out_of_reach() -> None:
    wanted = prepare_fair(msgspec.structs.replace(PAPER, expected=66.0), Pool(ITEMS), KNOWN, 0.6)
    assert wanted.aim.target == pytest.approx(66.0)
    assert wanted.aim.reach[0] < 66 < wanted.aim.reach[1]


def test_enemies_that_every_paper_needs_make_the_blueprint_impossible() -> None:
    items = some_items(3)
    items[2] = msgspec.structs.replace(items[2], enemies=("c1",))
    with pytest.raises(ImpossibleBlueprint, match="exclude each other"):
        prepare(Blueprint(code="b", pool="p", item_count=3, types={"A1": 3}), Pool(items))


def test_sections_come_in_their_order_with_their_own_items() -> None:
    items = [*some_items(20, topic="x"), *some_items(20, topic="z", first=101)]
    sections = (
        PaperSection("专业", {"A1": 4}, within=("z",), points_per_item=2),
        PaperSection("公共", {"A1": 6}, within=("x",), topics=(TopicQuota("x/y", max=0),)),
    )
    blueprint = Blueprint(code="b", pool="p", item_count=10, sections=sections)
    paper = prepare(blueprint, Pool(items)).draw(7)
    assert [entry.section_no for entry in paper.entries] == [1] * 4 + [2] * 6
    assert broken(blueprint, items_of(paper, items), {}) == []
