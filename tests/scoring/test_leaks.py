"""Leaks are found, and good people who come later are not taken for one."""

import numpy as np
import pytest

from scoring.leaks import in_group, odd_speed, over_time
from scoring.responses import Responses
from tests.scoring.simulated import sitting


def leaked(table: Responses, item: int, who: "np.typing.NDArray[np.bool_]") -> Responses:
    codes = table.codes.copy()
    codes[item, who] = 1
    return Responses(table.persons, table.columns, codes)


def test_an_item_that_got_out_is_found_with_the_moment_it_did() -> None:
    began = np.arange(600.0)
    (hard,) = [int(sitting(600, 40, 1).right.mean(axis=1).argmin())]
    found = over_time(leaked(sitting(600, 40, 1), hard, began >= 400), began)
    assert [number for number, alarms in enumerate(found) if alarms] == [hard]
    facts = found[hard][0].facts
    assert 370 <= float(facts["from"]) <= 430
    assert float(facts["p_before"]) < 0.4
    assert facts["p_after"] == pytest.approx(1.0, abs=0.05)
    assert int(facts["people_before"]) + int(facts["people_after"]) == 600


def test_the_order_of_the_rows_does_not_matter() -> None:
    table = leaked(sitting(600, 40, 1), 5, np.arange(600) >= 400)
    shuffled = np.random.default_rng(1).permutation(600)
    again = Responses(tuple(table.persons[n] for n in shuffled), table.columns, table.codes[:, shuffled])
    assert over_time(table, np.arange(600.0)) == over_time(again, shuffled.astype(float))


@pytest.mark.parametrize(("unequal", "better_later"), [(0.0, False), (0.0, True), (0.5, False), (0.5, True)])
def test_how_often_honest_sittings_are_suspected(unequal: float, better_later: bool) -> None:
    """Meant: 1 of 100 for each kind. Of 100 sittings of 500 people and 60 items 0 or 1, better later or not."""
    alarms = 0
    for seed in range(20):
        table = sitting(400, 40, seed, unequal=unequal, better_later=better_later)
        alarms += any(over_time(table, np.arange(400.0)))
        alarms += any(in_group(table, [f"第{number // 40}考场" for number in range(400)]))
    assert alarms <= 1


def test_a_room_that_knew_an_item_is_found() -> None:
    table = sitting(600, 40, 2)
    rooms = [f"第{number % 20}考场" for number in range(600)]
    hard = int(table.right.mean(axis=1).argmin())
    found = in_group(leaked(table, hard, np.array([room == "第7考场" for room in rooms])), rooms)
    assert [(number, alarm.facts["group"]) for number, alarms in enumerate(found) for alarm in alarms] == [
        (hard, "第7考场")
    ]
    assert found[hard][0].facts["p"] == 1.0
    assert float(found[hard][0].facts["expected"]) < 0.4


def test_an_item_answered_at_once_from_some_moment_on_is_found() -> None:
    rng = np.random.default_rng(3)
    pace = rng.normal(3.5, 0.3, 400) + rng.normal(0, 0.3, 30)[:, None]
    seconds = np.exp(pace + rng.normal(0, 0.4, (30, 400))).astype(np.float32)
    began = np.arange(400.0)
    assert not any(odd_speed(seconds, began))
    seconds[4, 300:] *= 0.4
    seconds[9, :50] = np.nan
    found = odd_speed(seconds, began)
    assert [number for number, alarms in enumerate(found) if alarms] == [4]
    facts = found[4][0].facts
    assert 280 <= float(facts["from"]) <= 320
    assert float(facts["median_s_after"]) < float(facts["median_s_before"])


def test_few_people_or_unknown_times_raise_nothing() -> None:
    table = sitting(600, 10, 4)
    assert not any(over_time(table, np.full(600, np.nan)))
    assert not any(in_group(table, ["第1考场"] * 600))
    few = sitting(30, 10, 5)
    assert not any(over_time(leaked(few, 3, np.arange(30) > 20), np.arange(30.0)))
    assert not any(odd_speed(np.ones((10, 30), np.float32), np.arange(30.0)))
