"""Runs as they might have been, made from a seed: nobody played them."""

import math
import random
from collections.abc import Sequence

from loadtest.figures import Slice
from loadtest.outcome import Fault, Process, Run, Sample, Second, Violations

FAULTS = [
    Fault(60.0, "kill", "killed the serving process 4711", 0.0, 1.3),
    Fault(150.0, "postgres", "stopped PostgreSQL", 6.0, 2.2),
    Fault(230.0, "valkey", "killed Valkey and emptied it", 2.0, None),
    Fault(300.0, "net", "latency 200 ms, loss 2 %", 40.0, None),
    Fault(380.0, "cut", "cut every line", 3.0, 1.0),
    Fault(450.0, "clock", "stepped the clock of a serving process by 300 s", 30.0, None),
    Fault(455.0, "disk", "filled the disk of the pictures", 20.0, 0.4),
    Fault(520.0, "vision", "slow vision workers", 30.0, None),
]
SHARES = {"answer": 0.7, "heartbeat": 1.0, "snapshot": 0.25, "mark": 0.05, "resume": 0.01, "board_frame": 0.02}


def made_run(
    length_s: int = 600,
    *,
    people: int = 2000,
    seed: int = 1,
    median_s: float = 0.004,
    faults: Sequence[Fault] = (),
    actions: dict[str, float] | None = None,
) -> Run:
    """Comes up in the first tenth and goes down in the last; in a fault everything is slow and some fails."""
    draw = random.Random(seed)
    shares = SHARES if actions is None else actions
    seconds = [_second(draw, s, length_s, people, median_s, faults, shares) for s in range(length_s)]
    return Run(
        orders={"candidates": people, "shape": "national", "seed": seed},
        machine={"processor": "of a test", "cores": 2, "memory_gib": 24.0},
        begun_at=1_790_000_000.0,
        seconds=seconds,
        samples=[_sample(draw, second) for second in seconds],
        faults=list(faults),
        outcomes={"handed_in": people // 2, "bell": people - people // 2, "refused:window_closed": 3},
        habits={"steady": people // 2, "hasty": people // 4, "bell_ringer": people // 4},
        violations=Violations({"lost": 0, "duplicated": 0, "moved": 0}, {}, people, people * 40, people * 44),
    )


def _second(
    draw: random.Random,
    s: int,
    length_s: int,
    people: int,
    median_s: float,
    faults: Sequence[Fault],
    shares: dict[str, float],
) -> Second:
    ramp = max(1, length_s // 10)
    share = min(1.0, s / ramp, (length_s - s) / ramp)
    wrong = [fault for fault in faults if fault.s <= s <= fault.s + fault.for_s + (fault.recovered_s or 0)]
    hard = [fault for fault in wrong if fault.kind in {"kill", "postgres", "cut"}]
    second = Second(s, open=round(people * share), lag_s=abs(draw.gauss(0.004, 0.002)), boards=5 if people else 0)
    second.sockets = round(second.open * (0.5 if hard else 0.99))
    for action, rate in shares.items():
        second.actions[action] = _slice(draw, round(people * share * rate / 30), median_s, 1.5 if hard else 0)
    if hard:
        second.excused = {"cut": draw.randrange(5, 40), "http:503": draw.randrange(3), "timeout": draw.randrange(4)}
    if wrong and not hard and draw.random() < 0.05:
        second.errors = {"refused:too_many": 1}
    return second


def _slice(draw: random.Random, number: int, median_s: float, stall_s: float) -> Slice:
    counted = Slice(late={}, served={}, failed=number // 10 if stall_s else 0)
    for _ in range(number):
        served = draw.lognormvariate(math.log(median_s), 0.5)
        counted.took(served + draw.random() * stall_s, served)
    return counted


def _sample(draw: random.Random, second: Second) -> Sample:
    load = second.open / 2000
    parts = (("serving", 100), ("serving", 101), ("postgres", 200), ("valkey", 300), ("generator", 400))
    sizes = {"serving": 150_000_000 + second.open * 10_000, "postgres": 300_000_000, "valkey": 9_000_000}
    return Sample(
        second.s + 0.5,
        [Process(part, pid, 0.2 * load + draw.random() * 0.05, sizes.get(part, 250_000_000)) for part, pid in parts],
        host_cpu=1.2 * load + 0.1,
        load1=1.0,
        commits=80 * load,
        rows_written=400 * load,
        wal_bytes=90_000 * load,
        database_bytes=50_000_000 + second.s * 60_000,
    )
