"""What the author sees while he writes: needs, has, gives, and what papers can reach."""

import msgspec
import pytest

from question_bank.aim import aim
from question_bank.audience import Person, share
from question_bank.blueprint import Blueprint, TopicQuota, load
from question_bank.fair_plan import prepare_fair
from question_bank.feasibility import Outlook, disjoint, outlook
from question_bank.forms import ImpossibleForms, Wish, bound
from question_bank.parameters import Parameters
from question_bank.pool import Pool
from question_bank.supply import supply
from tests.question_bank.big_pool import big_pool
from tests.question_bank.test_assembly import BIG, WISH
from tests.question_bank.test_audience import paper_of, pool_of

ITEMS, KNOWN = big_pool(900, 3)


def look(blueprint: Blueprint, items: list[object] | None = None) -> Outlook:
    return outlook(blueprint, Pool(items or BIG), {}, None, 0.6)  # type: ignore[arg-type]


def test_every_rule_says_what_it_needs_has_and_gives() -> None:
    found = look(WISH)
    assert found.fits
    for quota in found.quotas:
        assert quota.limit.least <= quota.gives <= min(quota.limit.most, quota.has)
        assert quota.state == "ok"


def test_a_quota_the_pool_is_too_small_for_is_short() -> None:
    found = look(msgspec.structs.replace(WISH, topics=(TopicQuota("x/y", count=19),)))
    short = [quota for quota in found.quotas if quota.state == "short"]
    assert [(quota.limit.what, quota.limit.least, quota.has) for quota in short] == [("x/y", 19, 18)]
    assert [problem.text for problem in found.troubles] == ["topic x/y: needs 19, pool has 18"]


def test_quotas_that_only_together_are_impossible_clash() -> None:
    found = look(Blueprint(code="b", pool="p", item_count=10, types={"A4": 10}))  # 20 items, in sets of four
    assert not found.fits
    assert [(quota.has, quota.gives, quota.state) for quota in found.quotas] == [(20, 8, "clash")]


def test_a_blueprint_that_contradicts_itself_or_an_empty_pool_is_said_and_nothing_raised() -> None:
    assert [each.code for each in look(msgspec.structs.replace(WISH, item_count=7)).troubles][:1] == ["type_sum"]
    assert outlook(WISH, Pool([]), {}, None, 0.6).troubles[0].code == "pool_empty"


def test_what_is_shown_as_reachable_is_reached_by_the_papers() -> None:
    paper = load("professional")
    found = outlook(paper, Pool(ITEMS), KNOWN, None, 0.6)
    plan = prepare_fair(paper, Pool(ITEMS), KNOWN, 0.6)
    assert found.expected == pytest.approx(plan.aim.target)
    assert found.cut == pytest.approx(plan.aim.cut)
    assert found.reach[0] < found.expected < found.reach[1]
    assert found.information >= plan.rates.bound * 0.95


def test_there_are_not_more_papers_without_a_common_item_than_is_said() -> None:
    stock = supply(load("professional"), Pool(ITEMS), KNOWN)
    most = disjoint(stock)
    aimed = aim(stock, None, 0.6)
    assert aimed is not None
    assert bound(stock, Wish(most, 1, aimed.target, aimed.cut, 0, 1), 60) > 0
    with pytest.raises(ImpossibleForms):
        bound(stock, Wish(most + 1, 1, aimed.target, aimed.cut, 0, 1), 60)


def test_a_score_out_of_reach_is_a_trouble() -> None:
    found = look(msgspec.structs.replace(WISH, expected=95.0))
    assert (found.fits, [each.code for each in found.troubles]) == (False, ["expected_reach"])


def test_the_own_part_of_a_specialty_is_looked_at_as_it_falls_back() -> None:
    person = Person("clinical", "internal", "physician")
    for own, step in ((12, "specialty"), (5, "category")):
        pool, blueprint = Pool(pool_of(30, 30, own)), paper_of()
        part = share(blueprint, pool, person)
        assert part is not None
        found = outlook(blueprint, pool, {(1, 1): Parameters(1.2, 0.1, 50)}, part, 0.6)
        assert (found.fits, part.step) == (True, step)
