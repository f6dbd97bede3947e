"""Blueprints as data, and whether they contradict themselves."""

import msgspec
import pytest

from question_bank.blueprint import NAMES, Blueprint, Difficulty, TopicQuota, check, decode, load

PLAIN = Blueprint(code="b", pool="p", item_count=10, types={"A1": 6, "A3/A4": 4})


def codes(**changes: object) -> list[str]:
    return [problem.code for problem in check(msgspec.structs.replace(PLAIN, **changes))]


@pytest.mark.parametrize("name", NAMES)
def test_the_national_blueprints_agree_with_themselves(name: str) -> None:
    assert check(load(name)) == []


def test_the_national_blueprints_have_the_sizes_of_the_real_exams() -> None:
    assert [(load(name).pool, load(name).item_count) for name in NAMES] == [
        ("humanities", 50),
        ("professional", 100),
        ("humanities", 5),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_blueprint_comes_back_from_its_json(name: str) -> None:
    assert decode(msgspec.json.encode(load(name))) == load(name)


def test_an_unknown_field_of_a_blueprint_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError, match="minutes"):
        decode(b'{"code":"b","pool":"p","item_count":1,"types":{"A1":1},"minutes":60}')


@pytest.mark.parametrize(
    ("types", "code"),
    [
        ({"A1": 9}, "type_sum"),
        ({"A1": 5, "A9": 5}, "type_unknown"),
        ({"A3": 5, "A3/A4": 5}, "type_twice"),
        ({"A1": 11, "X": -1}, "type_negative"),
    ],
)
def test_types_that_make_no_paper_are_named(types: dict[str, int], code: str) -> None:
    assert codes(types=types) == [code]


def test_a_paper_has_at_least_one_item() -> None:
    assert codes(item_count=0, types={}) == ["item_count"]


@pytest.mark.parametrize(
    ("topics", "code"),
    [
        ([TopicQuota("a", count=5), TopicQuota("a", count=5)], "topic_twice"),
        ([TopicQuota("a", count=5, max=6)], "topic_both"),
        ([TopicQuota("a", min=5, max=4)], "topic_range"),
        ([TopicQuota("a", min=-1)], "topic_range"),
        ([TopicQuota("a", count=6), TopicQuota("b", count=5)], "topic_sum"),
        ([TopicQuota("a", count=5), TopicQuota("a/b", count=3), TopicQuota("a/c", min=3)], "topic_inner"),
    ],
)
def test_topics_that_make_no_paper_are_named(topics: list[TopicQuota], code: str) -> None:
    assert codes(topics=tuple(topics)) == [code]


def test_quotas_may_lie_inside_each_other() -> None:
    topics = (TopicQuota("a", count=6), TopicQuota("a/b", min=1, max=3), TopicQuota("a/b/c", count=1))
    assert codes(topics=topics) == []


def test_inner_quotas_count_for_an_outer_one_that_asks_for_less() -> None:
    topics = (TopicQuota("a", min=1), TopicQuota("a/b", count=6), TopicQuota("c", count=5))
    assert codes(topics=topics) == ["topic_sum"]


def test_a_topic_covers_what_is_below_it_and_not_what_only_begins_like_it() -> None:
    quota = TopicQuota("公共", count=1)
    assert [quota.covers(topic) for topic in ("公共", "公共/内科", "公共卫生", "专业")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("item_count", "tolerance", "bounds"),
    [
        (100, 5, ((25, 35), (45, 55), (15, 25))),
        (100, 0, ((30, 30), (50, 50), (20, 20))),
        (7, 1, ((2, 3), (3, 4), (1, 2))),  # 2.1, 3.5, 1.4 each give or take 1
        (3, 9, ((0, 3), (0, 3), (0, 3))),
    ],
)
def test_difficulty_bounds_are_whole_items_within_the_tolerance(
    item_count: int, tolerance: int, bounds: tuple[tuple[int, int], ...]
) -> None:
    assert Difficulty((3, 5, 2), tolerance).bounds(item_count) == bounds


@pytest.mark.parametrize(
    ("difficulty", "code"),
    [
        (Difficulty((0, 0, 0), 1), "difficulty_shares"),
        (Difficulty((1, -1, 1), 1), "difficulty_shares"),
        (Difficulty((1, 1, 1), -1), "difficulty_shares"),
        (Difficulty((1, 1, 1), 0), "difficulty_tolerance"),  # thirds of ten items
    ],
)
def test_shares_that_no_paper_can_have_are_named(difficulty: Difficulty, code: str) -> None:
    assert codes(difficulty=difficulty) == [code]
