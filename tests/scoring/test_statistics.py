"""The statistics of a sitting as one value."""

import msgspec
import numpy as np

from scoring.responses import Column, Responses
from scoring.statistics import Circumstances, statistics
from tests.scoring.lsat import LSAT6, responses
from tests.scoring.simulated import sitting


def test_the_whole_and_its_items_are_together() -> None:
    found = statistics(responses(LSAT6))
    assert (found.persons, found.points_max, found.mean) == (1000, 5, 3.819)
    assert found.kr20 is not None
    assert round(found.kr20, 3) == 0.295
    assert [(item.item, item.p) for item in found.items] == [
        ("Q1", 0.924), ("Q2", 0.709), ("Q3", 0.553), ("Q4", 0.763), ("Q5", 0.87)
    ]  # fmt: skip
    assert found.histogram == ((0, 3), (1, 20), (2, 85), (3, 237), (4, 357), (5, 298))


def test_the_order_of_people_does_not_matter() -> None:
    table = sitting(300, 20, 1)
    order = np.random.default_rng(1).permutation(300)
    again = Responses(tuple(table.persons[n] for n in order), table.columns, table.codes[:, order])
    assert statistics(table) == statistics(again)


def test_seconds_are_summed_up_for_those_that_are_known() -> None:
    table = sitting(100, 3, 1)
    seconds = np.full((3, 100), np.nan, dtype=np.float32)
    seconds[0] = np.arange(1, 101)
    seconds[1, :3] = (10, 20, 30)
    first, second, third = (item.seconds for item in statistics(table, Circumstances(seconds=seconds)).items)
    assert first is not None
    assert (first.count, first.median) == (100, 50.5)
    assert second is not None
    assert (second.count, second.median) == (3, 20.0)
    assert third is None


def test_suspicions_join_the_alarms_of_their_item() -> None:
    table = sitting(600, 40, 1)
    hard = int(table.right.mean(axis=1).argmin())
    codes = table.codes.copy()
    codes[hard, 400:] = 1
    rooms = ["第1考场"] * 400 + ["第2考场"] * 200
    seconds = np.exp(np.random.default_rng(1).normal(3, 0.5, (40, 600))).astype(np.float32)
    seconds[hard, 400:] *= 0.3
    known = Circumstances(np.arange(600.0), rooms, seconds)
    found = statistics(Responses(table.persons, table.columns, codes), known)
    assert [alarm.code for alarm in found.items[hard].alarms] == ["leak_over_time", "leak_in_group", "odd_speed"]
    assert not any(item.alarms for number, item in enumerate(found.items) if number != hard)


def test_empty_tiny_and_constant_tables_become_json_without_nan() -> None:
    column = Column("Q1", ("A", "B"), (1, 0))
    for people in (0, 1, 2, 40):
        for code in (0, 1, 2, 254, 255):
            codes = np.full((2, people), code, dtype=np.uint8)
            table = Responses(tuple(map(str, range(people))), (column, column), codes)
            known = Circumstances(np.zeros(people), ["一"] * people, np.full((2, people), np.nan, np.float32))
            found = statistics(table, known)
            assert b"NaN" not in msgspec.json.encode(found)
            assert found.kr20 is None
            assert all(item.rest_correlation is None for item in found.items)
