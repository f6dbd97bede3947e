"""Costs from a run: what was planted comes out again, and what a run does not tell stays as the file has it."""

from collections.abc import Mapping

import numpy as np
import pytest

from loadtest.assumptions import Origin
from loadtest.costing import costs_from
from loadtest.costs import Costs, numbers_of, read_costs
from loadtest.figures import Slice
from loadtest.outcome import Process, Run, Sample, Second

BASE = read_costs()
ACTIONS = ("start", "paper", "answer", "heartbeat", "hand_in")


def a_run(factors: Mapping[str, float], *, varied: bool, noise: float = 0.0, memory: float = 20_000) -> Run:
    """Three hundred seconds: a start, a steady part, a bell; or the same in every second."""
    rng = np.random.default_rng(1)
    seconds, samples = [], [Sample(0.0, [], 0.0, 0.0)]
    opened = 0
    for s in range(300):
        starting, ending = (s < 60, s >= 240) if varied else (True, True)
        opened = min(3000, (s + 1) * 50) if varied else 3000
        counts = {
            "start": 50 * starting, "paper": 50 * starting, "answer": opened // 30 + 7 * (s % 3),
            "heartbeat": opened // 30 + 40 * (s % 5) * varied, "hand_in": 50 * ending,
        }  # fmt: skip
        actions = {name: Slice(late={}, served={5: number}) for name, number in counts.items() if number}
        seconds.append(Second(s, open=opened, actions=actions))

        def spent(part: str, counts: dict[str, int] = counts) -> float:
            costs = (getattr(BASE.actions[name], part) * factors.get(name, 1) * n for name, n in counts.items())
            return float(sum(costs) * (1 + noise * rng.normal()))

        processes = [
            Process("serving", 1, spent("server_ms") / 1000, int(9e7 + memory * opened)),
            Process("postgres", 2, spent("database_ms") / 1000, 10**8),
            Process("vision", 3, 0.2, 10**8),
            Process("generator", 4, 0.9, 10**8),
        ]
        rows, wal = spent("rows"), spent("wal_bytes")
        samples.append(Sample(s + 1.0, processes, 1.5, 1.0, rows_written=rows, wal_bytes=wal))
    return Run({}, {}, 0.0, seconds, samples)


def found(run: Run, name: str) -> float:
    return costs_from(run, BASE)[name].value / max(numbers_of(BASE)[name].value, 1e-12)


def test_a_run_on_a_machine_half_as_fast_doubles_every_cost() -> None:
    run = a_run(dict.fromkeys(ACTIONS, 2.0), varied=True, noise=0.005)
    for action in ACTIONS:
        assert found(run, f"{action}.server_ms") == pytest.approx(2, rel=0.1)
    assert found(run, "answer.wal_bytes") == pytest.approx(2, rel=0.05)


def test_where_the_mix_of_actions_varies_each_has_its_own_cost() -> None:
    planted = {"answer": 3.0, "heartbeat": 0.5, "start": 2.0, "paper": 2.0, "hand_in": 0.7}
    run = a_run(planted, varied=True, noise=0.01)
    for action in ("answer", "heartbeat", "hand_in"):
        assert found(run, f"{action}.server_ms") == pytest.approx(planted[action], rel=0.15)
    # Starts and papers always come together: only their sum can be told.
    together = sum(costs_from(run, BASE)[f"{name}.server_ms"].value for name in ("start", "paper"))
    assert together == pytest.approx(2 * sum(BASE.actions[name].server_ms for name in ("start", "paper")), rel=0.1)


@pytest.mark.parametrize("varied", [True, False])
def test_costs_times_counts_are_what_was_spent(varied: bool) -> None:
    run = a_run({"answer": 5.0}, varied=varied, noise=0.05)
    numbers = costs_from(run, BASE)
    told = sum(
        numbers[f"{name}.server_ms"].value * sum(slice_.served.values())
        for second in run.seconds
        for name, slice_ in second.actions.items()
    )
    assert told == pytest.approx(1000 * sum(sample.processes[0].cpu for sample in run.samples[1:]), rel=0.001)


def test_what_was_measured_says_so_and_what_was_not_done_stays() -> None:
    numbers = costs_from(a_run({}, varied=True), BASE)
    assert numbers["answer.server_ms"].origin is Origin.RUN
    assert numbers["snapshot.server_ms"] == numbers_of(BASE)["snapshot.server_ms"]
    assert numbers["answer.up_bytes"] == numbers_of(BASE)["answer.up_bytes"]


def test_memory_is_the_slope_over_open_attempts() -> None:
    assert costs_from(a_run({}, varied=True, memory=31_000), BASE)["attempt.memory_bytes"].value == pytest.approx(
        31_000, rel=0.01
    )


def test_attempts_that_were_open_all_along_tell_nothing_of_memory() -> None:
    assert costs_from(a_run({}, varied=False), BASE)["attempt.memory_bytes"].value == BASE.memory_bytes


def test_pictures_looked_at_tell_the_cost_of_one() -> None:
    run = a_run({}, varied=True)
    for second in run.seconds:
        second.actions["snapshot"] = Slice(late={}, served={5: 40})
    assert costs_from(run, BASE, vision_sampling=0.25)["vision.ms"].value == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize("run", [Run({}, {}, 0.0, []), Run({}, {}, 0.0, [Second(0)], [Sample(0.0, [], 0.0, 0.0)])])
def test_a_run_without_samples_tells_nothing(run: Run) -> None:
    assert costs_from(run, BASE) == numbers_of(BASE)


def test_a_costs_file_that_estimates_what_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="estimated"):
        Costs("here", 1.0, 1.0, {"answer": type(BASE.actions["answer"])(estimated=("nonsense",))})
