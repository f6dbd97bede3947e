"""The database's clock: drift is followed, a step is kept out, nothing depends on this host's own clock."""

from datetime import datetime, timedelta

import pytest

from exam_engine import clock as clock_module
from exam_engine.clock import PROBES, STEP_S, DatabaseClock
from tests.exam_engine.samples import at


class World:
    """A host whose monotonic clock only moves when told, and a database that is `off_s` from it."""

    def __init__(self) -> None:
        self.monotonic_s = 1000.0
        self.off_s = 0.0
        self.way_s: list[tuple[float, float]] = []  # there and back, for the next questions
        self.asked = 0

    def monotonic(self) -> float:
        return self.monotonic_s

    def truth(self) -> datetime:
        return at(self.monotonic_s - 1000.0 + self.off_s)

    async def ask(self) -> datetime:
        self.asked += 1
        there_s, back_s = self.way_s.pop(0) if self.way_s else (0.0, 0.0)
        self.monotonic_s += there_s
        answer = self.truth()
        self.monotonic_s += back_s
        return answer


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(clock_module, "time", made)
    return made


async def followed(world: World) -> DatabaseClock:
    clock = DatabaseClock(world.ask)
    await clock.follow()
    return clock


async def test_the_clock_is_the_databases_and_runs_on_by_itself(world: World) -> None:
    world.off_s = 77.0
    clock = await followed(world)

    world.monotonic_s += 12.5

    assert clock.now() == world.truth() == at(89.5)
    assert world.asked == PROBES


def test_nobody_may_ask_the_time_before_it_was_measured(world: World) -> None:
    with pytest.raises(AssertionError):
        DatabaseClock(world.ask).now()


@pytest.mark.parametrize("drift_s", [0.001, -0.001, 0.9, -0.9, STEP_S, -STEP_S])
async def test_drift_is_followed(world: World, drift_s: float) -> None:
    clock = await followed(world)

    world.monotonic_s += 30
    world.off_s += drift_s
    await clock.follow()

    assert (clock.now(), clock.stepped_s) == (world.truth(), 0.0)


@pytest.mark.parametrize("step_s", [STEP_S + 0.01, -STEP_S - 0.01, 3600.0, -86_400.0])
async def test_a_stepped_database_clock_is_kept_out_and_shown(world: World, step_s: float) -> None:
    clock = await followed(world)

    world.monotonic_s += 30
    world.off_s += step_s
    await clock.follow()

    assert clock.now() == world.truth() - timedelta(seconds=step_s)
    assert clock.stepped_s == pytest.approx(step_s)


async def test_a_step_that_is_taken_back_is_forgotten(world: World) -> None:
    clock = await followed(world)
    world.off_s += 60
    await clock.follow()

    world.off_s -= 60
    await clock.follow()

    assert (clock.now(), clock.stepped_s) == (world.truth(), 0.0)


async def test_slow_drift_is_followed_as_far_as_it_goes(world: World) -> None:
    clock = await followed(world)

    for _ in range(20):
        world.monotonic_s += 30
        world.off_s += 0.5
        await clock.follow()

    assert clock.now() == world.truth() == at(600 + 10)


async def test_the_quickest_of_the_answers_is_believed(world: World) -> None:
    world.way_s = [(3.0, 0.0), (0.0, 5.0), (0.001, 0.001), (0.0, 4.0), (2.0, 0.0)]

    clock = await followed(world)

    assert clock.now() == world.truth()


async def test_an_answer_is_taken_as_of_the_middle_of_its_way(world: World) -> None:
    world.way_s = [(0.0, 0.4)] * PROBES

    clock = await followed(world)

    assert world.truth() - clock.now() == timedelta(seconds=0.2)


async def test_a_slow_network_alone_is_no_step(world: World) -> None:
    clock = await followed(world)

    world.way_s = [(0.5, 0.5)] * PROBES
    await clock.follow()

    assert (clock.now(), clock.stepped_s) == (world.truth(), 0.0)


async def test_a_database_that_does_not_answer_leaves_the_clock_running(world: World) -> None:
    clock = await followed(world)

    async def gone() -> datetime:
        raise ConnectionRefusedError

    clock._ask = gone
    world.monotonic_s += 10
    with pytest.raises(ConnectionRefusedError):
        await clock.follow()

    assert clock.now() == world.truth()
