"""The capacity planner: what a window of N physicians needs, from the costs of single actions.

How many start in each minute comes from the model of the window (`arrival.py`), how many are inside from how long they
stay; both times the costs of what one does at the start, while inside and at the end give the load of each part in
each minute, and its peak, times the headroom, the machines. Every number comes from the `Book`, which writes it down.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from loadtest.arrival import DAY_MINUTES, Floats, Window, density
from loadtest.assumptions import STAY_MIN_MAX, Assumption, Book
from loadtest.costs import RESOURCES

KINDS: Final = ("humanities", "professional")
AT_START: Final = ("log_in", "papers", "enter", "portrait", "start", "paper", "connect")
JOURNALLED: Final = ("answer", "clear", "mark", "hand_in")  # their commits are those of the process's turns
FIGURES_KEPT: Final = 4  # at least, of a curve's highest point
AFTER_MIN: Final = round(STAY_MIN_MAX)  # after the close the last ones are still inside

Rates = dict[str, Floats]  # by action: how often a second, in each minute


class Curve(msgspec.Struct, frozen=True):
    """One value for each minute from midnight before the window opens."""

    open: dict[str, list[float]]  # attempts, by kind
    starts_per_s: list[float]
    cores: dict[str, list[float]]  # busy processor cores by part, without headroom


class Plan(msgspec.Struct, frozen=True):
    """`figures` by name (`plan_words.py` says what they are), `shares`: of the processor time at the peak by action.

    `rates` by action at their own peaks, a second.
    """

    physicians: int
    window: Window
    figures: dict[str, float]
    rates: dict[str, float]
    shares: dict[str, dict[str, float]]
    curve: Curve
    assumptions: dict[str, Assumption]


def plan(physicians: int, window: Window, numbers: Mapping[str, Assumption]) -> Plan:
    """What it takes. Raises KeyError if a number is missing."""
    book = Book(numbers)
    starts = {kind: _starts(physicians, window, book[f"{kind}.share"]) for kind in KINDS}
    inside = {kind: _inside(starts[kind], book[f"{kind}.stay_min"]) for kind in KINDS}
    rates = _rates(book, starts, inside)
    loads = {resource: _load(book, rates, resource) for resource in RESOURCES}
    cores = _cores(book, loads, rates)
    attempts = {kind: physicians * book[f"{kind}.share"] for kind in KINDS}
    figures = (
        _peaks(starts, inside, rates)
        | (needs := _needs(book, sum(inside.values(), np.zeros(1)), cores))
        | _database(book, loads, rates, needs["processes.serving"])
        | _network(book, loads)
        | _stored(book, attempts)
    )
    return Plan(
        physicians,
        window,
        figures,
        {action: float(rate.max()) for action, rate in rates.items()},
        _shares(book, rates, loads),
        _curve(starts, inside, cores),
        book.used,
    )


def _starts(physicians: int, window: Window, share: float) -> Floats:
    """A second, in each minute of the window and the hour after it."""
    of_all = density(window).sum(axis=0)
    return np.append(of_all, np.zeros(AFTER_MIN)) * physicians * share / 60


def _inside(starts: Floats, stay_min: float) -> Floats:
    """Who began within the last `stay_min` minutes is inside."""
    began = np.concatenate(([0.0], np.cumsum(starts * 60)))
    minutes = np.arange(1, len(began))
    return np.asarray(began[1:] - np.interp(minutes - stay_min, np.arange(len(began)), began), dtype=np.float64)


def _rates(book: Book, starts: Mapping[str, Floats], inside: Mapping[str, Floats]) -> Rates:
    pressed, total = sum(starts.values(), np.zeros(1)), sum(inside.values(), np.zeros(1))
    items = {kind: book[f"{kind}.items"] * inside[kind] / (60 * book[f"{kind}.stay_min"]) for kind in KINDS}
    read = sum(items.values(), np.zeros(1))  # items a second that somebody is through with
    ends = sum((inside[kind] / (60 * book[f"{kind}.stay_min"]) for kind in KINDS), np.zeros(1))
    boards = total / book["board.candidates"]
    return {
        **dict.fromkeys(AT_START, pressed),
        "answer": read * (1 + book["answer.changes"]),
        "clear": read * book["answer.clears"],
        "mark": read * book["mark.per_item"],
        "heartbeat": total / book["heartbeat.every_s"],
        "snapshot": total / book["snapshot.every_s"],
        "resume": ends * book["resume.per_attempt"],
        "signals": ends * book["signals.per_attempt"],
        "hand_in": ends,
        "board_frame": boards * book["board.frames_per_s"],
        "act": boards * book["board.acts_per_min"] / 60,
    }


def _load(book: Book, rates: Rates, resource: str) -> Floats:
    """Of one part of the costs, a second, in each minute. Pictures weigh what a picture weighs."""
    whole = sum((rate * book[f"{action}.{resource}"] for action, rate in rates.items()), np.zeros(1))
    if resource == "up_bytes":
        whole = whole + (rates["snapshot"] + rates["portrait"] * book["portrait.frames"]) * book["picture.bytes"]
    return whole


def _cores(book: Book, loads: Mapping[str, Floats], rates: Rates) -> dict[str, Floats]:
    """Busy cores of our machines, without headroom."""
    looked = rates["snapshot"] * book["vision.sampling"] + rates["portrait"] * book["portrait.frames"]
    spent = {
        "serving": loads["server_ms"],
        "postgres": loads["database_ms"],
        "valkey": loads["valkey_ms"],
        "vision": looked * book["vision.ms"],
    }
    return {part: ms / 1000 / book["machine.speed"] for part, ms in spent.items()}


def _peaks(starts: Mapping[str, Floats], inside: Mapping[str, Floats], rates: Rates) -> dict[str, float]:
    total = sum(inside.values(), np.zeros(1))
    minute = int(total.argmax())
    return {
        "peak.open": float(total.max()),
        **{f"peak.open.{kind}": float(inside[kind][minute]) for kind in KINDS},
        "peak.minute": float(minute),
        "peak.starts_per_s": float(sum(starts.values(), np.zeros(1)).max()),
        "peak.answers_per_s": float(rates["answer"].max()),
        "peak.heartbeats_per_s": float(rates["heartbeat"].max()),
        "peak.snapshots_per_s": float(rates["snapshot"].max()),
    }


def _needs(book: Book, inside: Floats, cores: Mapping[str, Floats]) -> dict[str, float]:
    """Cores with headroom, processes, memory and machines."""
    wanted = {part: float(busy.max()) * book["headroom"] for part, busy in cores.items()}
    attempts = float(inside.max()) * book["headroom"]
    serving = max(math.ceil(wanted["serving"]), math.ceil(attempts / book["process.attempts_max"]), 1)
    vision = math.ceil(wanted["vision"])
    memory = {
        "serving": attempts * book["attempt.memory_bytes"] + serving * book["process.memory_mib"] * 2**20,
        "vision": vision * book["vision.memory_mib"] * 2**20,
    }
    spare, usable = book["machine.spare"], book["machine.memory_gib"] * 2**30 * book["machine.memory_used"]
    machines = {
        part: max(math.ceil(wanted[part] / book["machine.cores"]), math.ceil(memory[part] / usable), 1) + spare
        for part in memory
    }
    cells = max(math.ceil(wanted["postgres"] / book["machine.cores"]), 1)
    # Valkey shares the first database's standby: it holds nothing that may not be lost.
    machines["postgres"] = cells * (1 + book["database.replicas"])
    return {
        **{f"cores.{part}": value for part, value in wanted.items()},
        "processes.serving": float(serving),
        "processes.vision": float(vision),
        **{f"memory.{part}_bytes": value for part, value in memory.items()},
        "database.cells": float(cells),
        **{f"machines.{part}": float(value) for part, value in machines.items()},
        "machines.total": float(sum(machines.values())),
    }


def _database(book: Book, loads: Mapping[str, Floats], rates: Rates, processes: float) -> dict[str, float]:
    appended = sum((rates[action] for action in JOURNALLED), np.zeros(1))
    turns = np.minimum(appended, processes * book["database.turns_per_s"])
    commits = turns + loads["commits"]
    pages = loads["rows"] * book["database.pages_per_row"]
    rows = float(loads["rows"].sum()) * 60
    return {
        "database.commits_per_s": float(commits.max()),
        "database.rows_per_s": float(loads["rows"].max()),
        "database.wal_bytes_per_s": float(loads["wal_bytes"].max()),
        "database.iops": float((commits + pages).max()) * book["headroom"],
        "database.memory_bytes": book["database.memory_gib"] * 2**30 + _hot_rows(loads) * book["database.row_bytes"],
        "storage.database_bytes": rows * book["database.row_bytes"],
        "storage.wal_bytes": float(loads["wal_bytes"].sum()) * 60,
    }


def _hot_rows(loads: Mapping[str, Floats]) -> float:
    """What was written within the fullest two hours: what is read again is among it."""
    return float(np.convolve(loads["rows"] * 60, np.ones(120), mode="valid").max())


def _network(book: Book, loads: Mapping[str, Floats]) -> dict[str, float]:
    return {
        f"network.{way}_bits_per_s": float(loads[f"{way}_bytes"].max())
        * 8
        * book["network.overhead"]
        * book["headroom"]
        for way in ("up", "down")
    }


def _stored(book: Book, attempts: Mapping[str, float]) -> dict[str, float]:
    """Evidence: all of it until the appeals are over and some, then of the cases only."""
    per_attempt = {
        kind: book[f"{kind}.stay_min"] * 60 / book["snapshot.every_s"] + book["portrait.frames"] for kind in KINDS
    }
    pictures = sum(attempts[kind] * per_attempt[kind] for kind in KINDS)
    whole = pictures * book["picture.bytes"] * book["picture.copies"]
    return {
        "evidence.pictures": pictures,
        "storage.evidence_bytes": whole,
        "storage.cases_bytes": whole * book["picture.case_share"],
        "evidence.all_days": book["picture.appeal_days"] + book["picture.keep_days"],
        "evidence.case_days": book["picture.appeal_days"] + book["picture.case_days"],
    }


def _shares(book: Book, rates: Rates, loads: Mapping[str, Floats]) -> dict[str, dict[str, float]]:
    """Of serving processes and PostgreSQL: cores by action in the minute of their peak."""
    shares: dict[str, dict[str, float]] = {}
    for part, resource in (("serving", "server_ms"), ("postgres", "database_ms")):
        minute = int(loads[resource].argmax())
        speed = 1000 * book["machine.speed"]
        shares[part] = {
            action: float(rate[minute]) * book[f"{action}.{resource}"] / speed for action, rate in rates.items()
        }
    return shares


def _curve(starts: Mapping[str, Floats], inside: Mapping[str, Floats], cores: Mapping[str, Floats]) -> Curve:
    return Curve(
        {kind: _rounded(values, 1) for kind, values in inside.items()},
        _rounded(sum(starts.values(), np.zeros(1)), 3),
        {part: _rounded(values, 4) for part, values in cores.items()},
    )


def _rounded(values: Floats, digits: int) -> list[float]:
    """To so many digits, or as many more as a small window needs to be seen at all."""
    most = float(values.max(initial=0.0))
    needed = FIGURES_KEPT - 1 - math.floor(math.log10(most)) if most > 0 else 0
    return [float(value) for value in np.round(values, max(digits, needed))]


def day_of(minute: float) -> float:
    """Days since the midnight before the window opens."""
    return minute / DAY_MINUTES
