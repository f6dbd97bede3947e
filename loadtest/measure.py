"""The sampler: what the processes of a run and the database need, once a second.

It runs beside the run and never disturbs it: a process that died or a database that was stopped by a fault are simply
not there, and are looked for again at the next moment. A moment that comes too late is left out, not made up for.
"""

import asyncio
import os
import platform
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import msgspec
import psutil

from loadtest.database_load import DatabaseLoad, Written
from loadtest.outcome import Process, Sample

Parts = Iterable[tuple[str, int]]  # (part, pid)


class Taken(msgspec.Struct):
    """What was seen so far."""

    samples: list[Sample]
    notes: list[str]


@asynccontextmanager
async def sampling(
    *,
    began: float,
    processes: Callable[[], Parts],
    generators: Callable[[], Iterable[int]],
    database_url: Callable[[], str | None],
    every_s: float = 1.0,
) -> AsyncIterator[Taken]:
    """Look every `every_s` until the context is left; `began` is `time.monotonic()` at the run's begin."""
    taken = Taken([], [])
    looking = asyncio.create_task(_look(taken, began, processes, generators, database_url, every_s))
    try:
        yield taken
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        taken.notes += _notes(taken.samples)


def machine() -> dict[str, str | int | float]:
    """What the run was made on."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
    }


class Processes:
    """The processes of a run, each with what it used of the processors since it was last looked at."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def look(self, parts: Parts) -> list[Process]:
        """All that are alive. One that was not seen before has used nothing yet."""
        seen: dict[int, psutil.Process] = {}
        found = []
        for part, pid in parts:
            try:
                process = self._known.get(pid) or psutil.Process(pid)
                found.append((_looked_at(part, process), process))
                seen[pid] = process
            except psutil.Error:
                continue
        self._known = seen
        return _shared_once(found)


def _looked_at(part: str, process: psutil.Process) -> Process:
    with process.oneshot():
        if not process.is_running():  # its number may be another's by now
            raise psutil.NoSuchProcess(process.pid)
        return Process(part, process.pid, process.cpu_percent() / 100, process.memory_info().rss)


def _shared_once(found: list[tuple[Process, psutil.Process]]) -> list[Process]:
    """PostgreSQL's processes hold the same buffers: what they share counts once, at the one with most of it."""
    shared = {process.pid: _shared(handle) for process, handle in found if process.part == "postgres"}
    most = max(shared, key=lambda pid: shared[pid], default=None)
    for process, _ in found:
        if process.pid != most:
            process.rss -= min(shared.get(process.pid, 0), process.rss)
    return [process for process, _ in found]


def _shared(process: psutil.Process) -> int:
    try:
        return int(getattr(process.memory_info(), "shared", 0))
    except psutil.Error:
        return 0


async def _look(
    taken: Taken,
    began: float,
    processes: Callable[[], Parts],
    generators: Callable[[], Iterable[int]],
    database_url: Callable[[], str | None],
    every_s: float,
) -> None:
    known, load = Processes(), DatabaseLoad(database_url)
    known.look([*processes(), *_generating(generators)])  # from here on processor time is counted
    psutil.cpu_percent()
    try:
        while True:
            now = time.monotonic()
            await asyncio.sleep(every_s - (now - began) % every_s)
            written = await load.look(time.monotonic())
            found = known.look([*processes(), *_generating(generators)])
            taken.samples.append(_sample(time.monotonic() - began, found, written))
    finally:
        await load.close()


def _generating(generators: Callable[[], Iterable[int]]) -> Parts:
    return (("generator", pid) for pid in {os.getpid(), *generators()})


def _sample(s: float, found: list[Process], written: Written) -> Sample:
    used = psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1)
    return Sample(
        round(s, 3),
        found,
        used,
        os.getloadavg()[0],
        written.commits,
        written.rows_written,
        written.wal_bytes,
        written.database_bytes,
    )


def _notes(samples: list[Sample]) -> list[str]:
    if not any(process.part == "serving" for sample in samples for process in sample.processes):
        return ["The processes under test were not measured: they are not on this machine, or were not named."]
    return []


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
