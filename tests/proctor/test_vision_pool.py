"""The pool: whatever becomes of its workers, everybody who asks gets an answer or is told why not."""

import asyncio
import contextlib
import gc
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from importlib.resources import files
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop
from PIL import Image

from proctor.sight import Sight
from proctor.vision import VisionAway
from proctor.vision_pool import JPEG_BYTES_MAX, VisionPool, _Worker

SCRIPTED = [sys.executable, str(Path(__file__).parent / "scripted_worker.py")]
WAIT_S = 60.0


def scripted(started_as: str = "", workers: int = 1, job_s: float = 30.0, start_s: float = 30.0) -> VisionPool:
    return VisionPool(workers, command=[*SCRIPTED, started_as], job_s=job_s, start_s=start_s)


@contextlib.asynccontextmanager
async def running(pool: VisionPool) -> AsyncIterator[VisionPool]:
    work = asyncio.create_task(pool.run())
    try:
        yield pool
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


def asked(pool: VisionPool, order: str, key: int = 1, *, urgent: bool = True) -> "asyncio.Task[Sight]":
    return asyncio.create_task(pool.see(order.encode(), key=key, urgent=urgent, wait_s=WAIT_S))


async def reason(asking: "asyncio.Task[Sight]") -> str:
    try:
        return f"seen {(await asking).model}"
    except VisionAway as away:
        return away.reason


async def until(asking: "asyncio.Task[Sight]", order: list[str], name: str) -> None:
    await asking
    order.append(name)


def photograph() -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO((files("skimage") / "data" / "astronaut.png").read_bytes())) as picture:
        picture.convert("RGB").crop((64, 14, 384, 254)).resize((640, 480)).save(out, "JPEG", quality=80)
    return out.getvalue()


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


# --- the real worker ---------------------------------------------------------------------------------------------


async def test_the_real_worker_sees_a_face_says_its_model_and_ends_with_the_pool() -> None:
    before = children()
    async with running(VisionPool(1)) as pool:
        sight = await pool.see(photograph(), key=1, urgent=True, wait_s=WAIT_S)
        state = pool.state()
        (worker,) = children() - before
        assert psutil.Process(worker).nice() == psutil.Process().nice() + 5
    assert (sight.width, sight.height, len(sight.faces), len(sight.vector)) == (640, 480, 1, 512)
    assert sight.model == state.model
    assert (state.workers, state.workers_alive, state.urgent, state.periodic, state.reason) == (1, 1, 0, 0, "")
    assert not psutil.pid_exists(worker)


async def test_what_is_no_picture_is_unreadable_and_the_next_picture_is_seen() -> None:
    async with running(VisionPool(1)) as pool:
        for broken in (b"", b"GIF89a", photograph()[:200], b"x" * (JPEG_BYTES_MAX + 1)):
            with pytest.raises(VisionAway, match="unreadable"):
                await pool.see(broken, key=1, urgent=True, wait_s=WAIT_S)
        assert (await pool.see(photograph(), key=1, urgent=False, wait_s=WAIT_S)).faces


async def test_nobody_notices_when_workers_are_killed_in_the_middle_of_a_queue() -> None:
    before, picture = children(), photograph()
    async with running(VisionPool(2)) as pool:
        first = await asked_for(pool, picture, 0)
        asking = [asyncio.create_task(asked_for(pool, picture, key)) for key in range(24)]
        await asking[2]
        for worker in children() - before:
            os.kill(worker, signal.SIGKILL)
        sights = await asyncio.gather(*asking)
    assert {sight.vector for sight in sights} == {first.vector}


async def asked_for(pool: VisionPool, picture: bytes, key: int) -> Sight:
    return await pool.see(picture, key=key, urgent=key % 2 == 0, wait_s=WAIT_S)


def test_it_works_the_same_on_the_loop_of_the_server() -> None:
    async def story() -> tuple[str, str, str]:
        async with running(scripted()) as pool:
            return await reason(asked(pool, "see")), await reason(asked(pool, "die")), await reason(asked(pool, "see"))

    assert uvloop.run(story()) == ("seen see", "down", "seen see")


# --- order -------------------------------------------------------------------------------------------------------


async def test_urgent_pictures_are_seen_before_the_others_though_they_came_later() -> None:
    pool, order = scripted(), list[str]()
    asking = [
        until(asked(pool, f"{name}", key, urgent=name.startswith("u")), order, name)
        for key, name in enumerate(["p1", "p2", "u1", "u2"])
    ]
    waiting = asyncio.gather(*asking)
    await asyncio.sleep(0)
    async with running(pool):
        await waiting
    assert order == ["u1", "u2", "p1", "p2"]


async def test_only_the_newest_of_a_candidate_is_seen() -> None:
    pool = scripted()
    asking = [asked(pool, name, urgent=False) for name in ("first", "second", "third")]
    await asyncio.sleep(0)
    assert pool.state().periodic == 1
    async with running(pool):
        assert [await reason(one) for one in asking] == ["superseded", "superseded", "seen third"]


async def test_a_burst_of_urgent_pictures_and_many_candidates_all_get_their_turn_or_are_told() -> None:
    pool = VisionPool(2, command=[*SCRIPTED, ""], urgent_max=500, periodic_max=1_000)
    periodic = [asked(pool, "see", key, urgent=False) for key in range(3_000)]
    urgent = [asked(pool, "see", key) for key in range(501)]
    await asyncio.sleep(0)
    state = pool.state()
    assert (state.urgent, state.periodic) == (500, 1_000)
    assert state.waited_s >= 0
    async with running(pool):
        told = [await reason(one) for one in (*urgent, *periodic)]
    assert told == ["seen see"] * 500 + ["full"] + ["full"] * 2_000 + ["seen see"] * 1_000
    assert (pool.state().urgent, pool.state().periodic) == (0, 0)


# --- patience ----------------------------------------------------------------------------------------------------


async def test_who_has_waited_long_enough_is_told_so_and_leaves_the_queue() -> None:
    pool = scripted()  # nobody runs it
    for urgent in (True, False):
        with pytest.raises(VisionAway, match="slow"):
            await pool.see(b"see", key=1, urgent=urgent, wait_s=0.01)
    assert (pool.state().urgent, pool.state().periodic) == (0, 0)


async def test_patience_ends_while_the_picture_is_looked_at_too(tmp_path: Path) -> None:
    async with running(scripted()) as pool:
        assert await reason(asked(pool, "see")) == "seen see"
        with pytest.raises(VisionAway, match="slow"):
            await pool.see(b"hang", key=1, urgent=True, wait_s=0.05)


async def test_who_goes_away_leaves_nothing_behind() -> None:
    pool = scripted()
    asking = [asked(pool, "see", 1), asked(pool, "see", 1, urgent=False), asked(pool, "see", 2, urgent=False)]
    await asyncio.sleep(0)
    for one in asking[:2]:
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
    assert (pool.state().urgent, pool.state().periodic) == (0, 1)
    async with running(pool):
        assert await reason(asking[2]) == "seen see"


# --- accidents ---------------------------------------------------------------------------------------------------


async def test_a_picture_that_cost_a_worker_is_tried_once_more(tmp_path: Path) -> None:
    async with running(scripted()) as pool:
        assert await reason(asked(pool, f"die-once {tmp_path / 'died'}")) == f"seen die-once {tmp_path / 'died'}"


async def test_a_picture_that_costs_every_worker_is_given_up_and_the_next_one_seen() -> None:
    async with running(scripted(workers=2)) as pool:
        asking = [asked(pool, order) for order in ("die", "see", "die", "see")]
        assert [await reason(one) for one in asking] == ["down", "seen see", "down", "seen see"]


async def test_a_worker_that_hangs_is_killed_and_its_picture_tried_once_more(tmp_path: Path) -> None:
    before = children()
    async with running(scripted(job_s=1.0)) as pool:
        await asked(pool, "see")
        (hanging,) = children() - before
        assert await reason(asked(pool, f"hang-once {tmp_path / 'hung'}")) == f"seen hang-once {tmp_path / 'hung'}"
        assert not psutil.pid_exists(hanging)


async def test_a_worker_that_is_killed_while_idle_is_replaced() -> None:
    async with running(scripted()) as pool:
        first = await asked(pool, "see")
        os.kill(first.width, signal.SIGKILL)
        second = await asked(pool, "see")
        assert second.width != first.width
        assert pool.state().workers_alive == 1


async def test_a_picture_that_can_not_be_read_costs_nobody_anything() -> None:
    async with running(scripted()) as pool:
        first = await asked(pool, "see")
        assert await reason(asked(pool, "unreadable")) == "unreadable"
        assert (await asked(pool, "see")).width == first.width


@pytest.mark.parametrize("started_as", ["broken", "babbling", "silent"])
async def test_when_no_worker_can_start_everybody_is_told_at_once(started_as: str) -> None:
    pool = scripted(started_as, workers=2, start_s=1.0)
    asking = [asked(pool, "see"), asked(pool, "see", urgent=False)]
    async with running(pool):
        assert [await reason(one) for one in asking] == ["down", "down"]
        assert await reason(asked(pool, "see")) == "down"
        assert (pool.state().reason, pool.state().workers_alive) == ("down", 0)


async def test_a_worker_that_does_not_exist_is_no_more_than_that() -> None:
    async with running(VisionPool(1, command=["/nowhere/worker"])) as pool:
        assert await reason(asked(pool, "see")) == "down"


async def test_a_worker_that_is_ended_is_gone_however_often_the_wait_for_it_is_cancelled() -> None:
    before = children()
    worker = _Worker(["cat"], lambda: None)
    await insistently_cancelled(worker.start())
    await insistently_cancelled(worker.end())
    assert worker.ended
    assert children() == before
    gc.collect()


async def insistently_cancelled(work: Coroutine[Any, Any, object]) -> None:
    """Begin it, and cancel it again at every turn until it ends."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert task.cancelled()


async def test_when_the_pool_ends_everybody_is_told_and_no_process_is_left() -> None:
    before, pool = children(), scripted(workers=2)
    async with running(pool):
        await asked(pool, "see")
        asking = [asked(pool, "hang", key) for key in range(3)]
        await asyncio.sleep(0)
    assert [await reason(one) for one in asking] == ["down"] * 3
    assert await reason(asked(pool, "see")) == "down"
    assert children() == before
    async with running(pool):  # and it can be started again
        asking = [asked(pool, "see")]
        assert await reason(asking[0]) == "seen see"
    gc.collect()
