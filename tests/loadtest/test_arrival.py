"""When physicians come: everybody once, provinces by their sizes, most of them late, the same seed the same moments."""

import numpy as np
import pytest

from loadtest.arrival import (
    DAY_MINUTES,
    PHYSICIANS,
    RUSH_MINUTES,
    WINDOW,
    Course,
    Shape,
    Spread,
    Window,
    arrivals,
    busiest,
    concurrency,
    density,
)

WINDOWS = (WINDOW, Window(days=1), Window(days=3, provinces=("35", "65")), Window(days=5, stagger_days=4))


@pytest.mark.parametrize("shape", Shape)
def test_so_many_come_as_are_expected_in_order_and_from_the_first_second_on(shape: Shape) -> None:
    come = arrivals(shape, 5000, seed=3)
    assert len(come.begin_s) == len(come.province) == 5000
    assert (np.diff(come.begin_s) >= 0).all()
    assert come.begin_s[0] >= 0
    assert set(come.province) <= set(PHYSICIANS)


@pytest.mark.parametrize("shape", Shape)
def test_the_same_seed_gives_the_same_moments_and_another_seed_others(shape: Shape) -> None:
    first, again, other = (arrivals(shape, 1000, seed=seed) for seed in (5, 5, 6))
    assert (first.begin_s == again.begin_s).all()
    assert (first.province == again.province).all()
    assert (first.begin_s != other.begin_s).any()


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_adds_up_to_everybody_and_each_province_to_its_size(window: Window) -> None:
    whole = density(window)
    assert whole.sum() == pytest.approx(1)
    of_all = sum(PHYSICIANS[code] for code in window.provinces)
    for code, row in zip(window.provinces, whole, strict=True):
        assert row.sum() == pytest.approx(PHYSICIANS[code] / of_all)


@pytest.mark.parametrize("shape", Shape)
def test_provinces_come_by_their_sizes(shape: Shape) -> None:
    come = arrivals(shape, 40_000, seed=1)
    for code in ("37", "44", "35"):
        share = (come.province == code).mean()
        assert share == pytest.approx(PHYSICIANS[code] / sum(PHYSICIANS.values()), rel=0.1)


def test_a_quarter_comes_on_the_last_day_and_a_seventh_of_these_in_its_busiest_hour() -> None:
    minutes = density(WINDOW).sum(axis=0)
    last = minutes[(WINDOW.days - 1) * DAY_MINUTES :]
    assert last.sum() == pytest.approx(WINDOW.last_day)
    assert 0.13 <= busiest(WINDOW, 1).sum() / last.sum() <= 0.16


def test_every_day_has_more_than_the_day_before_it_and_noon_and_night_are_low() -> None:
    minutes = density(WINDOW).sum(axis=0)
    days = [minutes[day * DAY_MINUTES : (day + 1) * DAY_MINUTES].sum() for day in range(WINDOW.days)]
    assert days == sorted(days)
    hours = minutes[DAY_MINUTES : 2 * DAY_MINUTES].reshape(24, 60).sum(axis=1)
    assert hours[10] > 2 * hours[13] < hours[19]
    assert hours[3] < hours[13] / 3


def test_the_last_hour_of_the_window_is_fuller_than_the_same_hour_the_day_before() -> None:
    minutes = density(WINDOW).sum(axis=0)
    assert minutes[-60:].sum() > 2 * minutes[-60 - DAY_MINUTES : -DAY_MINUTES].sum()
    assert minutes[-60:].sum() / minutes[-RUSH_MINUTES:].sum() > 0.4


def test_where_the_sun_is_late_people_come_later() -> None:
    whole = density(WINDOW)
    middle = {
        code: np.average(
            np.arange(DAY_MINUTES), weights=whole[WINDOW.provinces.index(code)][DAY_MINUTES:][:DAY_MINUTES]
        )
        for code in ("32", "65")
    }
    assert middle["65"] > middle["32"] + 30


def test_windows_that_are_staggered_have_a_lower_peak() -> None:
    assert busiest(Window(stagger_days=10), 1).sum() < 0.5 * busiest(WINDOW, 1).sum()


def test_a_window_before_it_opens_and_after_it_closes_lets_nobody_in() -> None:
    minutes = density(WINDOW).sum(axis=0)
    assert minutes[: 8 * 60].sum() == 0
    assert len(minutes) == (WINDOW.days - 1) * DAY_MINUTES + 22 * 60


def test_a_national_run_is_the_busiest_hours_compressed() -> None:
    plain = arrivals(Shape.NATIONAL, 3000, seed=2, course=Course(hours=4))
    fast = arrivals(Shape.NATIONAL, 3000, seed=2, course=Course(hours=4, speedup=6))
    assert plain.begin_s[-1] <= 4 * 3600
    assert fast.begin_s == pytest.approx(plain.begin_s / 6)


@pytest.mark.parametrize("spread", Spread)
def test_a_synchronised_start_is_over_in_time(spread: Spread) -> None:
    come = arrivals(Shape.SYNCHRONISED, 20_000, seed=4, course=Course(within_s=10, spread=spread))
    assert come.begin_s.min() >= 0
    assert come.begin_s.max() <= 10
    around_the_middle = ((come.begin_s > 4) & (come.begin_s < 6)).mean()
    assert around_the_middle == pytest.approx(0.2 if spread is Spread.UNIFORM else 0.45, abs=0.02)


def test_a_steady_run_ramps_up_evenly_and_says_until_when_it_is_held() -> None:
    come = arrivals(Shape.STEADY, 6000, seed=1, course=Course(ramp_s=60, hold_s=600))
    assert come.hold_until_s == 660
    assert np.histogram(come.begin_s, bins=6, range=(0, 60))[0] == pytest.approx(1000, rel=0.01)


def test_nobody_at_all_is_a_run_too() -> None:
    for shape in Shape:
        assert len(arrivals(shape, 0).begin_s) == 0


def test_the_most_that_are_inside_at_once() -> None:
    assert concurrency(np.array([0.0, 1, 2, 10]), 5.0) == 3
    assert concurrency(np.array([0.0, 5, 10]), 5.0) == 1
    assert concurrency(np.array([0.0, 1]), np.array([0.5, 5])) == 1
    assert concurrency(np.array([]), 5.0) == 0
