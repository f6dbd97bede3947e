import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.weather import CALM, STALL_S, Lane, Weather, stall


def lane() -> Lane:
    return Lane(random.Random(1))


def test_on_a_calm_line_everything_is_there_at_once() -> None:
    assert lane().arrives(5.0, 10_000, CALM) == 5.0


def test_latency_is_added_and_jitter_stays_within_its_bounds() -> None:
    assert lane().arrives(5.0, 1, Weather(latency_s=0.08)) == pytest.approx(5.08)
    late = [lane().arrives(0.0, 1, Weather(latency_s=0.08, jitter_s=0.02)) for _ in range(20)]
    assert all(0.08 <= each <= 0.1 for each in late)


def test_a_rate_lets_bytes_through_one_after_the_other() -> None:
    one = lane()
    slow = Weather(rate=1000)
    assert [one.arrives(0.0, 500, slow), one.arrives(0.0, 500, slow), one.arrives(9.0, 500, slow)] == [0.5, 1.0, 9.5]


def test_a_lost_packet_stalls_for_the_least_time_out_doubled_each_time() -> None:
    rng = random.Random(3)
    waits = [stall(rng, 0.3) for _ in range(2_000)]
    assert {round(each / STALL_S) for each in waits} >= {0, 1, 3, 7}
    assert waits.count(0.0) == pytest.approx(1400, abs=100)
    assert [stall(rng, 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 2), st.integers(0, 20_000)), max_size=20),
    st.floats(0, 0.5),
    st.floats(0, 0.2),
    st.floats(0, 0.5),
)
def test_nothing_overtakes_on_a_line(
    sent: list[tuple[float, int]], latency_s: float, jitter_s: float, loss: float
) -> None:
    one, now, before = lane(), 0.0, 0.0
    weather = Weather(latency_s, jitter_s, loss, rate=50_000)
    for pause_s, size in sent:
        now += pause_s
        arrives = one.arrives(now, size, weather)
        assert arrives >= max(before, now + latency_s)
        before = arrives


def test_what_is_held_holds_up_what_follows() -> None:
    one = lane()
    one.hold(9.0)
    assert one.held(8.9)
    assert not one.held(9.0)
    assert one.arrives(1.0, 10, CALM) == 9.0
