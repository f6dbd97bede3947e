"""Whole exam days in virtual time, with faults drawn from a seed; the invariants must hold after every one.

make simulate SEEDS=5000        many seeds (SIM_SEEDS, from SIM_FIRST on)
make simulate SEED=123          one of them again, exactly as it was (SIM_SEED)
"""

import os
from functools import cache
from typing import Final

import pytest

from tests.simulation.checks import violations
from tests.simulation.weather import FAIR
from tests.simulation.world import World, play

SEEDS: Final = 80
PLAYED_ONCE: Final = 20  # the days of the first seeds, at which several tests look


def _seeds() -> range:
    if "SIM_SEED" in os.environ:
        seed = int(os.environ["SIM_SEED"])
        return range(seed, seed + 1)
    first = int(os.environ.get("SIM_FIRST", "0"))
    return range(first, first + int(os.environ.get("SIM_SEEDS", str(SEEDS))))


@cache
def day(seed: int) -> World:
    """The day of this seed, for whoever only looks at it."""
    assert seed < PLAYED_ONCE
    return play(seed)


@pytest.mark.parametrize("seed", _seeds())
def test_whatever_the_weather_the_invariants_hold(seed: int) -> None:
    found = violations(day(seed) if seed < PLAYED_ONCE else play(seed))

    assert not found, _report(seed, found)


@pytest.mark.parametrize("seed", range(3))
def test_in_fair_weather_the_day_is_quiet_and_nothing_is_lost(seed: int) -> None:
    world = play(seed, FAIR)

    assert sum(process.boards_lost for process in world.processes) == 0
    assert all(process.alive for process in world.processes)
    assert _acks(world) > 0


def test_the_same_seed_is_the_same_day_to_the_last_digest() -> None:
    first, second = day(17), play(17)

    assert (first.digest(), first.turns, _acks(first)) == (second.digest(), second.turns, _acks(second))


def test_another_seed_is_another_day() -> None:
    assert day(17).digest() != day(18).digest()


def test_the_days_are_full_of_what_they_are_meant_to_try() -> None:
    worlds = [day(seed) for seed in range(PLAYED_ONCE)]

    kinds = {entry.kind for world in worlds for entries in world.database.journals.values() for entry in entries}
    results = {ack.result for world in worlds for phone in world.phones for ack in phone.acks}
    killed = sum(not process.alive for world in worlds for process in world.processes)
    assert kinds >= {"answered", "cleared", "came_late", "paused", "resumed", "extended", "submitted", "marked"}
    assert kinds >= {"device_taken", "identity_locked", "identity_unlocked", "warned", "acknowledged", "released"}
    assert results == {"saved", "already", "late"}
    assert killed >= 10


def _acks(world: World) -> int:
    return sum(len(phone.acks) for phone in world.phones)


def _report(seed: int, found: list[str]) -> str:
    lines = "\n".join(f"  - {sentence}" for sentence in found[:20])
    return f"seed {seed}, again with: make simulate SEED={seed}\n{lines}"
