"""Faces: frames per second of one core against stock face_recognition, and how long an entry check waits.

`python -m tests.bench.vision` runs this part alone. Speed is counted in the processor's time of this process, so it is
that of one core whatever else runs; waits are as a clock on the wall sees them.
"""

import argparse
import asyncio
import contextlib
import io
import os
import statistics
import time
from collections.abc import Callable

import cv2
import face_recognition
import uvloop
from rich.console import Console
from rich.table import Table

from proctor.faces import load
from proctor.vision_pool import VisionPool
from tests.proctor.astronaut import frame, jpeg

QUALITY = 60  # of the JPEG, about what a browser sends
FAST_FRAMES, STOCK_FRAMES = 40, 4  # of a round
ALONE = 100  # entry checks one after the other
WAIT_S = 120.0

Rows = list[list[str]]


async def vision(burst: int, rounds: int, workers: int) -> Rows:
    """Both parts."""
    picture = jpeg(frame(), QUALITY)
    return [*speed(picture, rounds), *await waits(picture, burst, workers)]


def speed(picture: bytes, rounds: int) -> Rows:
    """From JPEG to vector, in turn with what face_recognition does for the same."""
    cv2.setNumThreads(1)
    fast = load("fast")

    def stock() -> None:
        rgb = face_recognition.load_image_file(io.BytesIO(picture))
        assert face_recognition.face_encodings(rgb, face_recognition.face_locations(rgb))

    def ours() -> None:
        assert fast.look(picture).vector

    fast_rates, stock_rates = list[float](), list[float]()
    for _ in range(rounds):
        fast_rates.append(_rate(ours, FAST_FRAMES))
        stock_rates.append(_rate(stock, STOCK_FRAMES))
    ratios = [one / other for one, other in zip(fast_rates, stock_rates, strict=True)]
    return [
        ["faces, stock face_recognition, 640 x 480", _spread(stock_rates, "frames/s per core")],
        ["faces, the fast backend", _spread(fast_rates, "frames/s per core")],
        ["fast ÷ stock (goal 10)", _spread(ratios, "")],
    ]


async def waits(picture: bytes, burst: int, workers: int) -> Rows:
    """How long an entry check takes: alone, before pictures of running exams, and in a burst before those."""
    pool = VisionPool(workers)
    running = asyncio.create_task(pool.run())
    try:
        await asyncio.gather(*(_check(pool, picture, key) for key in range(2 * workers)))  # all of them are there
        alone = [await _check(pool, picture, 0) for _ in range(ALONE)]
        exams = asyncio.create_task(_exams(pool, picture))
        await asyncio.sleep(0)
        before = [await _check(pool, picture, 0) for _ in range(ALONE)]
        begin_s = time.perf_counter()
        crowd = await asyncio.gather(*(_check(pool, picture, key) for key in range(burst)))
        spent_s = time.perf_counter() - begin_s
        exams.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await exams
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    said = f"{workers} workers"
    return [
        [f"entry check at rest, {said}", _quantiles(alone)],
        [f"entry check before 1,000 exams' pictures, {said}", _quantiles(before)],
        [f"entry check in a burst of {burst}, the same after it, {said}", _quantiles(crowd)],
        [f"the burst, {said}", f"{burst / spent_s:,.0f} checks/s"],
    ]


async def _check(pool: VisionPool, picture: bytes, key: int) -> float:
    """Milliseconds until an urgent picture was seen."""
    begin_s = time.perf_counter()
    await pool.see(picture, key=key, urgent=True, wait_s=WAIT_S)
    return (time.perf_counter() - begin_s) * 1000


async def _exams(pool: VisionPool, picture: bytes) -> None:
    """A thousand candidates, each photographed again as soon as the one before was seen."""

    async def one(key: int) -> None:
        while True:
            await pool.see(picture, key=key, urgent=False, wait_s=WAIT_S)

    async with asyncio.TaskGroup() as tasks:
        for key in range(1_000):
            tasks.create_task(one(1_000_000 + key))


def _rate(work: Callable[[], None], count: int) -> float:
    work()  # the first one after something else is slower
    begin_s = time.process_time()
    for _ in range(count):
        work()
    return count / (time.process_time() - begin_s)


def _quantiles(values: list[float]) -> str:
    parts = statistics.quantiles(values, n=100)
    return f"{parts[49]:,.0f} ms p50, {parts[98]:,.0f} ms p99"


def _spread(values: list[float], unit: str) -> str:
    return f"{statistics.median(values):,.1f} {unit} ({min(values):,.1f} … {max(values):,.1f})".replace("  ", " ")


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.vision", description=__doc__)
    parser.add_argument("--burst", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    table = Table("figure", "median (least … most)", title=f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for row in uvloop.run(vision(options.burst, options.rounds, options.workers)):
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
