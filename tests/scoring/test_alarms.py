"""What is raised, what is not, and how often without cause."""

import numpy as np
import pytest

from scoring.alarms import item_alarms
from scoring.distractors import discriminations
from scoring.responses import Column, Responses
from tests.scoring.lsat import LSAT6, LSAT7, responses, scored
from tests.scoring.simulated import LETTERS, sitting


def alarms(table: Responses) -> dict[str, list[str]]:
    found = zip(table.columns, discriminations(table), strict=True)
    return {column.name: [alarm.code for alarm in item_alarms(column, item)] for column, item in found}


def wrong_keys(table: Responses) -> dict[str, object]:
    """Item -> the option suspected to be right."""
    return {
        column.name: alarm.facts.get("option")
        for column, item in zip(table.columns, discriminations(table), strict=True)
        for alarm in item_alarms(column, item)
        if alarm.code == "wrong_key"
    }


def with_key(table: Responses, item: int, key: str) -> Responses:
    columns = list(table.columns)
    columns[item] = Column(columns[item].name, tuple(LETTERS), tuple(int(letter == key) for letter in LETTERS))
    return Responses(table.persons, tuple(columns), table.codes)


def test_a_wrong_key_is_found_with_the_option_that_should_be_it() -> None:
    for key in "BCDE":
        assert wrong_keys(with_key(sitting(500, 40, 1), 6, key)) == {"Q7": "A"}


def test_a_key_that_nobody_chose_is_found_too() -> None:
    table = sitting(500, 40, 2)
    codes = table.codes.copy()
    codes[6][codes[6] == 4] = 5
    assert wrong_keys(with_key(Responses(table.persons, table.columns, codes), 6, "D")) == {"Q7": "A"}


def test_two_wrong_keys_do_not_hide_each_other() -> None:
    assert wrong_keys(with_key(with_key(sitting(500, 40, 3), 6, "C"), 20, "E")) == {"Q7": "A", "Q21": "A"}


def test_the_evidence_is_in_the_alarm() -> None:
    table = with_key(sitting(500, 40, 1), 6, "B")
    (first, *_) = item_alarms(table.columns[6], discriminations(table)[6])
    assert float(first.facts["rest_mean"]) > float(first.facts["key_rest_mean"])
    assert first.facts["count"] == (table.codes[6] == 1).sum()
    assert first.facts["key_count"] == (table.codes[6] == 2).sum()


@pytest.mark.parametrize(("people", "found_min"), [(100, 10), (300, 16), (1000, 18)])
def test_how_often_a_sound_key_is_suspected_and_a_wrong_one_found(people: int, found_min: int) -> None:
    """20 sittings of 40 items that differ in discrimination and whose wrong options tempt by ability.

    With 40 sittings of 50 items: none of 2,000 sound keys suspected; of the wrong keys 40 % found with 50 people,
    68 % with 100, 93 % with 300 and all with 1,000.
    """
    false = found = 0
    for seed in range(20):
        table = sitting(people, 40, seed, unequal=0.3, tempting=0.5)
        false += len(wrong_keys(table))
        found += wrong_keys(with_key(table, seed, "BCDE"[seed % 4])).get(f"Q{seed + 1}") == "A"
    assert false <= 1
    assert found >= found_min


@pytest.mark.parametrize("table", [LSAT6, LSAT7])
def test_sound_published_items_raise_nothing(table: dict[str, int]) -> None:
    assert alarms(responses(table)) == {f"Q{number}": [] for number in range(1, 6)}


def test_an_item_the_good_get_wrong_is_suspected_where_options_are_not_known() -> None:
    rows = (sitting(300, 20, 4).right.T).astype(np.uint8)
    rows[:, 3] = 1 - rows[:, 3]
    assert alarms(scored(rows))["Q4"] == ["wrong_key", "negative_correlation"]


def test_what_everybody_or_nobody_has_right_is_too_easy_or_too_hard() -> None:
    table = sitting(200, 20, 5)
    codes = table.codes.copy()
    codes[0] = 1
    codes[1] = np.where(np.arange(200) % 8 == 0, 1, np.arange(200) % 4 + 2)
    found = alarms(Responses(table.persons, table.columns, codes))
    assert found["Q1"] == ["too_easy"]
    assert "too_hard" in found["Q2"]


def test_a_handful_of_people_raises_nothing() -> None:
    table = with_key(sitting(12, 10, 6), 3, "B")
    assert all(not codes for codes in alarms(table).values())
