"""Whose items a paper is made of, and what stands in where a specialty has too few."""

import msgspec
import pytest

from question_bank.audience import Person, share, step_of
from question_bank.blueprint import Audience, Blueprint, PaperSection, TopicQuota, check
from question_bank.checking import broken
from question_bank.fair_plan import prepare_fair
from question_bank.item import Item
from question_bank.pool import Pool
from question_bank.recipes import ImpossibleBlueprint
from tests.question_bank.test_assembly import ids, some_items

DOCTOR = Person("clinical", "internal", "physician")


def marked(items: list[Item], **marks: object) -> list[Item]:
    return [msgspec.structs.replace(item, **marks) for item in items]


def pool_of(common: int, category: int, specialty: int) -> list[Item]:
    """Items for everybody, for clinicians, for internists; and some that are for nobody of these."""
    return [
        *some_items(common),
        *marked(some_items(category, first=101), category="clinical"),
        *marked(some_items(specialty, first=201), category="clinical", specialties=("internal",)),
        *marked(some_items(30, first=301), category="dental"),
        *marked(some_items(30, first=401), category="clinical", specialties=("surgery",)),
        *marked(some_items(30, first=501), level="assistant"),
    ]


def paper_of(**rule: object) -> Blueprint:
    audience = Audience(6, 4, **rule)  # type: ignore[arg-type]
    return Blueprint(code="b", pool="p", item_count=10, types={"A1": 10}, audience=audience)


@pytest.mark.parametrize(
    ("marks", "step"),
    [
        ({}, "common"),
        ({"category": "clinical"}, "category"),
        ({"category": "clinical", "specialties": ("internal", "surgery")}, "specialty"),
        ({"specialties": ("internal",)}, "specialty"),
        ({"specialties": ("surgery",)}, ""),
        ({"category": "dental"}, ""),
        ({"level": "physician"}, "common"),
        ({"level": "assistant"}, ""),
    ],
)
def test_an_item_is_of_the_narrowest_step_that_names_the_person(marks: dict[str, object], step: str) -> None:
    assert step_of(marked(some_items(1), **marks)[0], DOCTOR) == step


@pytest.mark.parametrize(
    ("pool", "rule", "step", "problem"),
    [
        ((30, 30, 12), {}, "specialty", False),  # three times the four it needs
        ((30, 30, 11), {}, "category", False),
        ((30, 11, 11), {}, "common", False),
        ((11, 10, 9), {}, "common", False),  # none has enough to spare: the largest
        ((11, 10, 9), {"short": "refuse"}, "common", True),
        ((30, 30, 11), {"times_min": 2.0}, "specialty", False),
        ((30, 30, 0), {"order": ("specialty", "common")}, "common", False),
        ((3, 3, 3), {}, "specialty", True),
    ],
)
def test_the_first_step_with_items_to_spare_is_taken(
    pool: tuple[int, int, int], rule: dict[str, object], step: str, problem: bool
) -> None:
    found = share(paper_of(**rule), Pool(pool_of(*pool)), DOCTOR)
    assert found is not None
    assert (found.step, bool(found.problem)) == (step, problem)
    assert found.fell_back == (step != "specialty")


@pytest.mark.parametrize("pool", [(30, 30, 12), (30, 30, 5), (30, 5, 5)])
def test_papers_hold_only_what_is_for_the_person_in_the_shares_of_the_blueprint(pool: tuple[int, int, int]) -> None:
    items, blueprint = pool_of(*pool), paper_of()
    part = share(blueprint, Pool(items), DOCTOR)
    by_id = {item.item_id: item for item in items}
    plan = prepare_fair(blueprint, Pool(items), {}, 0.6, part)
    for seed in range(20):
        drawn = [by_id[number] for number in ids(plan.draw(seed))]
        assert broken(blueprint, drawn, {}, part) == []
        assert {item.category for item in drawn} <= {"", "clinical"}
        if part and part.step == "specialty":
            assert sum(item.specialties == ("internal",) for item in drawn) == 4


def test_a_pool_that_is_too_small_and_may_not_fall_back_makes_no_papers() -> None:
    items, blueprint = pool_of(30, 30, 5), paper_of(order=("specialty",), short="refuse")
    part = share(blueprint, Pool(items), DOCTOR)
    with pytest.raises(ImpossibleBlueprint, match="own items for internal: needs 4, the pool has specialty 5"):
        prepare_fair(blueprint, Pool(items), {}, 0.6, part)


def test_quotas_of_a_specialty_hold_only_while_its_own_items_are_used() -> None:
    rule = {"own_topics": {"internal": (TopicQuota("x", min=1),)}}
    topics = [share(paper_of(**rule), Pool(pool_of(30, 30, own)), DOCTOR) for own in (12, 5)]
    assert [len(found.topics) if found else -1 for found in topics] == [1, 0]


def test_sections_tell_own_and_common_items_apart() -> None:
    sections = (PaperSection("公共", {"A1": 6}, source="common"), PaperSection("专业", {"A1": 4}, source="own"))
    blueprint = msgspec.structs.replace(paper_of(), types={}, sections=sections)
    assert check(blueprint) == []
    for pool in ((30, 30, 12), (60, 5, 5)):  # in the second the parts share the items for everybody
        items = pool_of(*pool)
        part = share(blueprint, Pool(items), DOCTOR)
        by_id = {item.item_id: item for item in items}
        paper = prepare_fair(blueprint, Pool(items), {}, 0.6, part).draw(3)
        assert [entry.section_no for entry in paper.entries] == [1] * 6 + [2] * 4
        assert broken(blueprint, [by_id[number] for number in ids(paper)], {}, part) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"audience": Audience(5, 4)}, "audience_sum"),
        ({"audience": Audience(6, 4, order=("own",))}, "audience_order"),
        ({"audience": Audience(6, 4, times_min=0.5)}, "audience_rule"),
        ({"sections": (PaperSection("", {"A1": 10}),), "types": {}}, "section_title"),
        ({"sections": (PaperSection("一", {"A1": 10}),)}, "type_outside"),
        ({"sections": (PaperSection("一", {"A1": 5}), PaperSection("二", {"A1": 5})), "types": {}}, "section_overlap"),
        ({"sections": (PaperSection("一", {"A1": 10}, points_per_item=0),), "types": {}}, "section_points"),
        (
            {"audience": None, "sections": (PaperSection("一", {"A1": 10}, source="own"),), "types": {}},
            "section_source",
        ),
        ({"expected": 100.0}, "expected_range"),
    ],
)
def test_what_contradicts_itself_is_named(change: dict[str, object], code: str) -> None:
    wrong = check(msgspec.structs.replace(paper_of(), **change))
    assert code in {problem.code for problem in wrong}
