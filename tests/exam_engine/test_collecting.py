"""When the garbage collector looks through everything."""

import gc
import time
import weakref
from collections.abc import Iterator

import pytest

from exam_engine.collecting import FEW, LONGEST_S, THRESHOLDS, Collector, calm_collector


class Knot:
    """Holds itself: only the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_with_few_devices_everything_is_looked_through() -> None:
    calm_collector()
    assert gc.get_threshold() == THRESHOLDS
    knot = weakref.ref(Knot())

    assert Collector().look(FEW - 1, time.monotonic())
    assert knot() is None


def test_with_many_only_after_a_long_time() -> None:
    collector, begun_s = Collector(), time.monotonic()

    assert not collector.look(FEW, begun_s + LONGEST_S / 2)
    assert collector.look(FEW, begun_s + LONGEST_S + 1)
    assert not collector.look(FEW, begun_s + LONGEST_S + 2)
    assert collector.look(FEW, begun_s + 2 * LONGEST_S + 3)


def test_what_dies_young_is_found_without_a_look_at_everything() -> None:
    calm_collector()
    knots = [weakref.ref(Knot()) for _ in range(2 * THRESHOLDS[0])]

    assert sum(knot() is not None for knot in knots) <= THRESHOLDS[0]
