"""Plans and their certificates: figures that a second count confirms, for every kind of physician."""

from itertools import count

import msgspec
import numpy as np
import pytest

from question_bank.audience import Person
from question_bank.blueprint import load
from question_bank.certificate import Certificate, digest
from question_bank.fairness import met
from question_bank.item import ItemStatus
from question_bank.planning import Clocks, FormBody, Order, Planned, plan_papers
from question_bank.pool import Pool
from question_bank.recipes import ImpossibleBlueprint
from question_bank.serving import choose_form, form_paper
from tests.question_bank.big_pool import big_pool
from tests.question_bank.test_audience import paper_of, pool_of

ITEMS, KNOWN = big_pool(900, 3)
PAPER = load("professional")


def planned(order: Order, items: list[object] | None = None, people: list[Person] | None = None) -> Planned:
    ticks = count(0.0, 0.001)
    clocks = Clocks(lambda: next(ticks), lambda: next(ticks))
    pool = Pool(items or ITEMS)  # type: ignore[arg-type]
    return plan_papers(order, pool, KNOWN if items is None else {}, people or [Person()], clocks, lambda _done: None)


@pytest.fixture(scope="module")
def forms() -> Planned:
    return planned(Order(PAPER, "forms", 5, 0.6, forms=3))


@pytest.fixture(scope="module")
def fly() -> Planned:
    return planned(Order(PAPER, "fly", 5, 0.6, sample=200))


def goals(certificate: Certificate) -> dict[str, tuple[bool, bool]]:
    return {goal.code: (goal.met, goal.applies) for goal in certificate.goals}


def test_forms_meet_the_goals_and_no_rule_is_broken(forms: Planned) -> None:
    found = forms.certificate
    assert (found.broken, met(found)) == ((), True)
    assert goals(found)["papers_per_s"][1] is False  # a goal of papers on the fly
    assert found.overlap.matrix == ((100, 0, 0), (0, 100, 0), (0, 0, 100))


def test_papers_on_the_fly_meet_the_goals_of_score_and_information(fly: Planned) -> None:
    found = fly.certificate
    assert found.broken == ()
    assert goals(found)["expected_difference"] == goals(found)["information"] == (True, True)
    assert (found.papers, found.forms, fly.forms) == (200, (), ())
    assert sum(found.overlap.counts) == found.overlap.pairs == 200 * 199 // 2


def test_the_figures_are_those_of_the_forms_that_are_stored(forms: Planned) -> None:
    by_ref = {(item.item_id, item.version): item for item in ITEMS}
    for body, shown in zip(forms.forms, forms.certificate.forms, strict=True):
        a = np.array([KNOWN[ref].a if ref in KNOWN else 1.0 for ref in body.refs])
        assert len(a) == shown.items == len({by_ref[ref].code for ref in body.refs})
        assert shown.error == pytest.approx(shown.information**-0.5, abs=1e-5)
        assert list(shown.curve) == sorted(shown.curve)
    assert sum(bar.items for bar in forms.certificate.exposure.bars) == forms.certificate.pool.usable


def test_the_digest_is_of_every_figure(forms: Planned) -> None:
    found = forms.certificate
    assert digest(found) == digest(msgspec.json.decode(msgspec.json.encode(found), type=Certificate))
    assert digest(found) != digest(msgspec.structs.replace(found, target=found.target + 0.000001))


def test_items_of_the_first_round_do_not_come_in_forms(forms: Planned) -> None:
    first = frozenset(item_id for item_id, _ in forms.forms[0].refs)
    again = planned(Order(PAPER, "forms", 6, 0.6, forms=2, avoid=first))
    assert not any(item_id in first for form in again.forms for item_id, _ in form.refs)


def test_every_kind_of_physician_gets_forms_of_his_own_and_the_fall_back_is_said() -> None:
    people = [Person("clinical", "internal", "physician"), Person("clinical", "paediatrics", "physician")]
    found = planned(Order(paper_of(), "forms", 1, 0.6, forms=2), pool_of(40, 40, 14), people)  # type: ignore[arg-type]
    assert [(form.number, form.specialty) for form in found.forms] == [
        (1, "internal"), (2, "internal"), (3, "paediatrics"), (4, "paediatrics")
    ]  # fmt: skip
    assert [(line.step, line.fell_back) for line in found.certificate.audience] == [
        ("specialty", False), ("category", True)
    ]  # fmt: skip


def test_what_no_pool_can_give_is_refused_with_its_reasons() -> None:
    with pytest.raises(ImpossibleBlueprint, match="forms need"):
        planned(Order(PAPER, "forms", 1, 0.6, forms=20, uses_max=1))
    with pytest.raises(ImpossibleBlueprint, match="papers have"):
        planned(Order(msgspec.structs.replace(PAPER, expected=99.0), "fly", 1, 0.6, sample=100))


# --- handing out -------------------------------------------------------------------------------------------------

FORMS = [FormBody(1, ((1, 1), (2, 1))), FormBody(2, ((3, 1), (4, 1))), FormBody(3, ((5, 1), (6, 1)))]


def test_who_has_seen_items_gets_the_form_with_the_fewest_of_them() -> None:
    assert choose_form(FORMS, frozenset({1, 5, 6}), 7, 1).number == 2


def test_a_hash_of_person_and_plan_decides_among_equals_and_uses_all_alike() -> None:
    chosen = [choose_form(FORMS, frozenset(), 7, person).number for person in range(300)]
    assert chosen == [choose_form(FORMS, frozenset(), 7, person).number for person in range(300)]
    assert all(80 <= chosen.count(number) <= 120 for number in (1, 2, 3))
    assert chosen != [choose_form(FORMS, frozenset(), 8, person).number for person in range(300)]


def test_a_form_becomes_a_paper_of_its_items_though_one_was_suspended_since(forms: Planned) -> None:
    body = forms.forms[1]
    by_ref = {(item.item_id, item.version): item for item in ITEMS}
    items = [by_ref[ref] for ref in body.refs]
    items[0] = msgspec.structs.replace(items[0], status=ItemStatus.SUSPENDED)
    papers = [form_paper(body, items, seed, shuffle_items=True, shuffle_options=True) for seed in (1, 2)]
    for paper in papers:
        assert paper.form == 2
        assert sorted((entry.item_id, entry.version) for entry in paper.entries) == sorted(body.refs)
    assert papers[0].entries != papers[1].entries
