"""What a run has to reach: a file of names with limits, and the figures that the names stand for.

    {"answer.p99_s": {"at_most": 0.5}, "peak_open": {"at_least": 100000}}

A name is that of a whole run (`peak_open`, `violations`) or an action and a figure (`answer.p99_s`); before it may
stand `steady.`, for the part of the run with nearly all attempts open. What could not be measured is missed: silence is
not success. Latencies count from the moment an action was meant to happen; those named `served_` from its sending.
"""

import math
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from loadtest.figures import Slice, count, percentile, total
from loadtest.outcome import BUG, Run, Second, Target
from loadtest.seconds import slices, steady

STEADY: Final = "steady."
ACTIONS: Final = (
    *("log_in", "papers", "enter", "portrait", "start", "paper", "connect", "resume", "answer", "clear", "mark"),
    *("heartbeat", "snapshot", "signals", "hand_in", "board_open", "board_frame", "act", "act_received"),
    *("review_page", "review_decide"),
)
ALIASES: Final = {"board": "board_frame"}
GIVEN: Final = (
    *("bell.final_p999_s", "bell.final_max_s", "bell.attempts", "bell.overdue", "marked_s", "echo_per_s"),
    *("bells", "bell_late_max_s", "bell_late_p999_s", "unmarked"),
)  # measured apart: in `Run.figures`, the second line by the checker


class BadTargets(Exception):
    """The file cannot be used; says why."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the two."""

    at_most: float | None = None
    at_least: float | None = None


Targets = dict[str, Limit]


def read_targets(name: str) -> Targets:
    """By path, or by the name of one that comes with the tool. Raises BadTargets."""
    shipped = resources.files("loadtest") / "targets" / f"{name}.json"
    try:
        content = shipped.read_bytes() if shipped.is_file() else Path(name).read_bytes()
        targets = msgspec.json.decode(content, type=Targets)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadTargets(f"{name}: {error}") from error
    if wrong := [target for target in targets if not is_known(target)]:
        raise BadTargets(f"{name}: unknown {', '.join(wrong)}. Known are {known()}")
    if wrong := [target for target, limit in targets.items() if (limit.at_most is None) == (limit.at_least is None)]:
        raise BadTargets(f"{name}: {', '.join(wrong)}: either at_most or at_least")
    return targets


def judge(run: Run, targets: Targets) -> list[Target]:
    """Each target with what was reached."""
    return [_judged(name, limit, figure(run, name)) for name, limit in targets.items()]


def judged_again(run: Run) -> list[Target]:
    """The run's targets, by what it holds now."""
    return [
        _judged(
            target.name,
            Limit(at_most=target.limit) if target.at_most else Limit(at_least=target.limit),
            figure(run, target.name),
        )
        for target in run.targets
    ]


def passed(run: Run) -> bool:
    """Whether every target was met, the checker, if it looked, found nothing, and the load test itself did not fail.

    Where nobody had an exam there was nothing to be lost: that is no success either.
    """
    return (
        all(target.met for target in run.targets)
        and not any(run.violations.counts.values() if run.violations else ())
        and not failures(run)
        and not nobody_came(run)
    )


def failures(run: Run) -> int:
    """How often the load test itself failed."""
    return sum(n for second in run.seconds for error, n in second.errors.items() if error.startswith(BUG))


def nobody_came(run: Run) -> bool:
    """Whether something was tried, and no attempt was ever open."""
    return any(second.actions for second in run.seconds) and not any(second.open for second in run.seconds)


def is_known(name: str) -> bool:
    """Whether the name stands for a figure."""
    if name in GIVEN or name in _WHOLE or name.startswith("violations."):
        return True
    plain = name.removeprefix(STEADY)
    action, _, last = plain.rpartition(".")
    return plain in _PART or (ALIASES.get(action, action) in ACTIONS and last in _OF_ACTION)


def known() -> str:
    """All names, in words."""
    of_run = ", ".join(sorted({*_WHOLE, *GIVEN}))
    return (
        f"{of_run}, violations.CLASS; [steady.]{{{','.join(_PART)}}}; "
        f"[steady.]ACTION.{{{','.join(_OF_ACTION)}}} with ACTION one of {', '.join(ACTIONS)}, board"
    )


def figure(run: Run, name: str) -> float | None:
    """What the run reached; None if that was not measured. The name is a known one."""
    apart = {**(run.violations.figures if run.violations else {}), **run.figures}
    if name in apart:
        return apart[name]
    if name in _WHOLE:
        return _WHOLE[name](run)
    if name in GIVEN:
        return None
    if name.startswith("violations."):
        return run.violations.counts.get(name.removeprefix("violations.")) if run.violations else None
    plain = name.removeprefix(STEADY)
    seconds = steady(run.seconds) if plain != name else run.seconds
    if plain in _PART:
        return _PART[plain](seconds)
    action, _, last = plain.rpartition(".")
    return _OF_ACTION[last](total(slices(seconds, ALIASES.get(action, action))), len(seconds))


def _judged(name: str, limit: Limit, reached: float | None) -> Target:
    at_most = limit.at_most is not None
    bound = limit.at_most if limit.at_most is not None else limit.at_least
    assert bound is not None
    met = reached is not None and (reached <= bound if at_most else reached >= bound)
    return Target(name, bound, at_most, reached, met)


def _late(share: float) -> Callable[[Slice, int], float | None]:
    return lambda whole, _: percentile(whole.late, share)


def _served(share: float) -> Callable[[Slice, int], float | None]:
    return lambda whole, _: percentile(whole.served, share)


def _failed_share(whole: Slice, _: int) -> float | None:
    tried = count(whole.late) + whole.failed
    return whole.failed / tried if tried else None


_OF_ACTION: Final[dict[str, Callable[[Slice, int], float | None]]] = {
    "count": lambda whole, _: count(whole.late),
    "failed": lambda whole, _: whole.failed,
    "failed_share": _failed_share,
    "rate_per_s": lambda whole, length: count(whole.late) / length if length else None,
    "p50_s": _late(0.5),
    "p95_s": _late(0.95),
    "p99_s": _late(0.99),
    "p999_s": _late(0.999),
    "max_s": _late(1),
    "served_p50_s": _served(0.5),
    "served_p95_s": _served(0.95),
    "served_p99_s": _served(0.99),
    "served_p999_s": _served(0.999),
}


def _errors(seconds: Sequence[Second]) -> float | None:
    return sum(sum(second.errors.values()) for second in seconds) if seconds else None


def _excused(seconds: Sequence[Second]) -> float | None:
    return sum(sum(second.excused.values()) for second in seconds) if seconds else None


def _error_share(seconds: Sequence[Second]) -> float | None:
    tried = sum(count(each.late) + each.failed for second in seconds for each in second.actions.values())
    return (_errors(seconds) or 0) / tried if tried else None


_PART: Final[dict[str, Callable[[Sequence[Second]], float | None]]] = {
    "errors": _errors,
    "excused": _excused,
    "error_share": _error_share,
    "lag_s": lambda seconds: max((second.lag_s for second in seconds), default=None),
    "answers_per_s": lambda seconds: _OF_ACTION["rate_per_s"](total(slices(seconds, "answer")), len(seconds)),
}


def _violations(run: Run) -> float | None:
    return sum(run.violations.counts.values()) if run.violations else None


def _acknowledged(run: Run) -> float | None:
    return run.violations.acknowledged if run.violations else None


def _most(of: Callable[[Second], int]) -> Callable[[Run], float | None]:
    return lambda run: max(map(of, run.seconds), default=None)


def _open_share(run: Run) -> float | None:
    wanted = run.orders.get("candidates")
    return max((second.open for second in run.seconds), default=0) / int(wanted) if wanted else None


def _recovery(run: Run) -> float | None:
    """The longest time that anybody was away because of a fault."""
    return max((fault.recovered_s or 0 for fault in run.faults), default=None)


def _to_echo(run: Run) -> float | None:
    """Saved answers a second over the steady part, as a share of what a bare server echoes in the same run."""
    echo, answers = run.figures.get("echo_per_s"), _PART["answers_per_s"](steady(run.seconds))
    return answers / echo if echo and answers is not None else None


def serving_memory(run: Run) -> list[tuple[float, int]]:
    """The bytes of the serving processes at each moment they were looked at."""
    told = []
    for sample in run.samples:
        sizes = [process.rss for process in sample.processes if process.part == "serving"]
        told += [(sample.s, sum(sizes))] if sizes else []
    return told


def _memory_per_attempt(run: Run) -> float | None:
    """The most that the serving processes held while nearly all attempts were open, less what they held before.

    In kB of 1000 bytes, for each attempt that was opened in between. A process that was new at the start of the run
    counts what it loads when first used, too: with few attempts that is most of the figure.
    """
    open_at, full, sizes = {second.s: second.open for second in run.seconds}, steady(run.seconds), serving_memory(run)
    if not full or not sizes:
        return None
    before_s, before = sizes[0]
    during = [size for s, size in sizes if full[0].s <= s < full[-1].s + 1]
    opened = max(second.open for second in full) - open_at.get(math.floor(before_s), 0)
    return max(0, max(during) - before) / opened / 1000 if during and opened > 0 else None


_WHOLE: Final[dict[str, Callable[[Run], float | None]]] = {
    "violations": _violations,
    "acknowledged": _acknowledged,
    "peak_open": _most(lambda second: second.open),
    "peak_open_share": _open_share,
    "peak_sockets": _most(lambda second: second.sockets),
    "peak_boards": _most(lambda second: second.boards),
    "memory_per_attempt_kb": _memory_per_attempt,
    "memory_peak_mb": lambda run: max((size / 1e6 for _, size in serving_memory(run)), default=None),
    "recovery_s": _recovery,
    "answers_to_echo": _to_echo,
    "host_cpu": lambda run: max((sample.host_cpu for sample in run.samples), default=None),
}
