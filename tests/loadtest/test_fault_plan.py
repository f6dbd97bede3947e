from itertools import pairwise

import pytest

from loadtest.fault_plan import QUIET_END_S, BadPlan, Plan, read_plan
from loadtest.weather import CALM, Weather


def test_nothing_is_asked_for_and_nothing_planned() -> None:
    assert read_plan("", length_s=600, seed=1) == Plan((), CALM, 600, 1)


@pytest.mark.parametrize(
    ("words", "kind", "every_s", "for_s"),
    [
        ("kill", "kill", 20, 0),
        ("kill:15", "kill", 15, 0),
        ("kill:1m", "kill", 60, 0),
        ("postgres", "postgres", 60, 5),
        ("postgres:50", "postgres", 50, 5),
        ("postgres:40s+500ms", "postgres", 40, 0.5),
        ("postgres:+3", "postgres", 60, 3),
        ("valkey:45", "valkey", 45, 2),
        ("clock:120", "clock", 60, 20),
        ("clock:120+7", "clock", 60, 7),
        ("clock:120@30+7", "clock", 30, 7),
        ("clock", "clock", 60, 20),
        ("disk:90+10", "disk", 90, 10),
        ("net:cut=30s", "cut", 30, 5),
        ("net:cut=4s", "cut", 4, 2),
    ],
)
def test_each_kind_comes_as_often_and_lasts_as_long_as_was_said(
    words: str, kind: str, every_s: float, for_s: float
) -> None:
    due = read_plan(words, length_s=1200, seed=3).due
    assert {each.kind for each in due} == {kind}
    assert {each.for_s for each in due} == {for_s}
    assert [each.turn for each in due] == list(range(len(due)))
    assert 0.5 * every_s <= due[0].at_s <= 0.9 * every_s
    apart = [later.at_s - earlier.at_s for earlier, later in pairwise(due)]
    assert all(every_s * 0.84 <= gap <= every_s * 1.16 for gap in apart)
    assert due[-1].at_s + for_s <= 1200 - QUIET_END_S


def test_a_clock_goes_ahead_and_behind_by_turns() -> None:
    assert [each.by for each in read_plan("clock:90", length_s=300, seed=1).due] == [90, -90, 90, -90]


@pytest.mark.parametrize(
    ("words", "weather"),
    [
        ("net:loss=2%", Weather(loss=0.02)),
        ("net:loss=0.01;latency=80ms;jitter=5ms", Weather(latency_s=0.08, jitter_s=0.005, loss=0.01)),
        ("net:rate=2mbit", Weather(rate=250_000)),
        ("net:rate=512kbit", Weather(rate=64_000)),
        ("net", Weather(latency_s=0.08, jitter_s=0.02, loss=0.02)),
        ("kill", CALM),
    ],
)
def test_the_line_has_the_weather_that_was_said(words: str, weather: Weather) -> None:
    assert read_plan(words, length_s=600, seed=1).weather == weather


@pytest.mark.parametrize("length_s", [30, 60, 100, 600])
@pytest.mark.parametrize("vision", [True, False])
def test_all_is_every_kind_however_long_the_run(length_s: float, vision: bool) -> None:
    plan = read_plan("all", length_s=length_s, seed=9, vision=vision)
    kinds = {"kill", "postgres", "valkey", "clock", "disk", "net", "cut"}
    assert plan.kinds == (kinds | {"vision"} if vision else kinds)
    often = {kind: [each.kind for each in plan.due].count(kind) for kind in plan.kinds}
    assert often["postgres"] >= 2
    assert often["kill"] >= 3


def test_all_leaves_what_was_said_beside_it() -> None:
    plan = read_plan("all,net:latency=10ms,kill:7", length_s=100, seed=1)
    assert plan.weather == Weather(latency_s=0.01)
    assert 11 <= [each.kind for each in plan.due].count("kill") <= 14


def test_a_seed_gives_the_same_plan_and_another_another() -> None:
    assert read_plan("all", length_s=300, seed=1) == read_plan("all", length_s=300, seed=1)
    assert read_plan("all", length_s=300, seed=1).due != read_plan("all", length_s=300, seed=2).due


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("kil:20", "there is no fault 'kil'"),
        ("kill,kill:5", "named twice"),
        ("kill:20+5", "no length"),
        ("kill:often", "'often' is not a time"),
        ("postgres:0", "'0' is not a time"),
        ("postgres:5+5", "not shorter"),
        ("postgres:600", "has no place in a run of 60 s"),
        ("clock:x", "'x' is not a time"),
        ("net:lag=3", "there is no 'lag'"),
        ("net:loss=80%", "not a loss"),
        ("net:loss=", "not a loss"),
        ("net:rate=3", "not a rate"),
        ("net:latency=fast", "not a time"),
        ("vision", "needs processes of the face models"),
    ],
)
def test_what_is_wrong_is_said(words: str, says: str) -> None:
    with pytest.raises(BadPlan) as error:
        read_plan(words, length_s=60, seed=1)
    assert says in str(error.value)
