"""What a run found: `result.json`, from which the report is drawn and two runs are compared."""

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from loadtest.figures import Slice

BUG: Final = "bug:"  # how an error begins that is the load test's own failure

NOT_CHECKED: Final = "not checked"  # how a note begins that says why


class Second(msgspec.Struct):
    """One second of the run, all generator processes together. `lag_s`: how late the generator itself woke at most.

    `open`: attempts begun and not ended, as their phones know it; `sockets` that are connected. `actions` by name:
    log_in, papers, enter, portrait, start, paper, connect, resume, answer, clear, mark, heartbeat, snapshot, signals,
    hand_in, board_open, board_frame, act, act_received, review_page, review_decide. `errors` by kind: timeout, cut,
    refused:<code>, http:<status>, closed:<code>; those that a fault of the plan explains are counted in `excused`
    instead. A `bug:<name>` is the load test's own failure: nothing explains it, and no run with one has passed.
    """

    s: int
    open: int = 0
    sockets: int = 0
    boards: int = 0
    lag_s: float = 0.0
    actions: dict[str, Slice] = {}
    errors: dict[str, int] = {}
    excused: dict[str, int] = {}


class Process(msgspec.Struct, gc=False):
    """One process at one moment. `part`: serving, vision, postgres, valkey, generator, other."""

    part: str
    pid: int
    cpu: float  # cores
    rss: int  # bytes; shared pages of PostgreSQL are counted once


class Sample(msgspec.Struct):
    """The machine at one moment. Database figures are per second since the sample before."""

    s: float
    processes: list[Process]
    host_cpu: float  # cores in use, whoever uses them
    load1: float
    commits: float = 0.0
    rows_written: float = 0.0
    wal_bytes: float = 0.0
    database_bytes: int = 0


class Fault(msgspec.Struct):
    """One fault that was done: when, what, and how long those it concerned were away (None: nobody was)."""

    s: float
    kind: str
    words: str
    for_s: float = 0.0
    recovered_s: float | None = None


class Violations(msgspec.Struct):
    """The checker's word: each class with a number, and a few examples in words. Any number but 0 fails the run.

    `figures`: what it measured on the way (how late bells rang); `notes`: what it could not look at, in words.
    """

    counts: dict[str, int]
    examples: dict[str, list[str]] = {}
    attempts: int = 0
    acknowledged: int = 0
    journal_entries: int = 0
    figures: dict[str, float] = {}
    notes: list[str] = []


class Target(msgspec.Struct, gc=False):
    """One line of the targets file, judged. `reached` None: it could not be measured, which is a miss."""

    name: str
    limit: float
    at_most: bool
    reached: float | None
    met: bool


class Run(msgspec.Struct):
    """A whole run. `orders` are the options it was started with, `machine` what it ran on, `begun_at` Unix time.

    `figures` are single numbers that were measured apart, by the names of `targets.GIVEN`. `whole`: every attempt of
    the cast has its history, because all of it played, to the end.
    """

    orders: dict[str, str | int | float | bool]
    machine: dict[str, str | int | float]
    begun_at: float
    seconds: list[Second]
    samples: list[Sample] = []
    faults: list[Fault] = []
    outcomes: dict[str, int] = {}  # how attempts ended, as histories say
    habits: dict[str, int] = {}
    violations: Violations | None = None
    figures: dict[str, float] = {}
    targets: list[Target] = []
    notes: list[str] = []
    whole: bool = True


def write_run(run: Run, folder: Path) -> None:
    """To `result.json`, whole or not at all. Raises OSError."""
    write_whole(folder / "result.json", msgspec.json.encode(run))


def write_whole(path: Path, content: bytes) -> None:
    """The file as it was, or all of it as it shall be; no half of it stays on a full disk. Raises OSError."""
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def read_run(folder: Path) -> Run:
    """Raises OSError, msgspec.DecodeError, msgspec.ValidationError."""
    return msgspec.json.decode((folder / "result.json").read_bytes(), type=Run)
