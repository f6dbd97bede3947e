"""Pages of items and the tree of topics, as far as they need no database."""

from datetime import UTC, datetime

import pytest

from question_bank.finding_store import BadFilter, Filter, conditions, key, read_key, tree


def test_a_key_comes_back_and_what_is_none_is_refused() -> None:
    at = datetime(2026, 11, 23, 8, 0, 0, 123456, UTC)
    assert read_key(key(at, 77)) == (at, 77)
    for text in ("?", "e30=", key(at, 2**60), key(at, -1), "////"):
        with pytest.raises(BadFilter):
            read_key(text)


def test_what_was_sent_is_a_value_and_never_part_of_the_statement() -> None:
    evil = "'; DROP TABLE bank.items; --"
    wanted = Filter(**dict.fromkeys(("pool", "q", "topic", "type", "author", "specialty"), evil))
    where, values = conditions(7, "11", wanted)
    assert "DROP" not in where
    assert values[:2] == [7, "11"]
    assert values.count(evil) == 5  # and its words, one by one


def test_a_topic_counts_what_is_below_it() -> None:
    counted = [
        ("专业/内科", "active", 3),
        ("专业/内科/心血管", "active", 2),
        ("专业/内科/心血管", "draft", 1),
        ("伦理", "active", 4),
    ]
    assert tree(counted) == {
        "专业": ({}, {"active": 5, "draft": 1}),
        "专业/内科": ({"active": 3}, {"active": 5, "draft": 1}),
        "专业/内科/心血管": ({"active": 2, "draft": 1}, {"active": 2, "draft": 1}),
        "伦理": ({"active": 4}, {"active": 4}),
    }
    assert list(tree([("乙/丙", "draft", 1), ("甲", "draft", 1)])) == ["乙", "乙/丙", "甲"]
