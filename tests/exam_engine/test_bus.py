"""Who is told what, and when, inside one process."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from exam_engine.bus import PRESENCE_S, PRESENCE_WHOLE, TELL_CHUNK, Bus
from exam_engine.chain import Entry
from exam_engine.service import Known
from tests.exam_engine.samples import T0
from tests.simulation.fake_redis import FakeRedis
from tests.simulation.virtual_time import VirtualLoop, run
from tests.simulation.weather import Climate

SITTING = 3


def bus() -> Bus:
    """Without Redis: nobody sends what it gathers."""
    return Bus(cast("Any", None), cast("Any", None), "process", lambda: T0)


def news(attempt_id: int, version: int) -> tuple[Known, list[Entry]]:
    known: Any = SimpleNamespace(attempt_id=attempt_id, version=version, attempt=SimpleNamespace(sitting=SITTING))
    return known, [Entry(attempt_id, version, None, "submitted", "{}", T0, b"")]


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[int, int]] = []

    def __call__(self, known: Known, entries: Sequence[Entry]) -> None:
        self.heard.extend((known.attempt_id, entry.version) for entry in entries)


async def test_what_is_held_back_is_told_in_its_order_a_few_at_a_time() -> None:
    made, ear, count = bus(), Ear(), 3 * TELL_CHUNK
    for attempt_id in range(count):
        made.add_listener(attempt_id, ear)
    with made.holding_back():
        for attempt_id in range(count):
            made.announce(*news(attempt_id, 2))
        await asyncio.sleep(0)
        assert ear.heard == []
    assert ear.heard == []
    await asyncio.sleep(0)
    assert ear.heard == [(attempt_id, 2) for attempt_id in range(TELL_CHUNK)]
    made.announce(*news(0, 3))
    assert len(ear.heard) == TELL_CHUNK, "what comes meanwhile waits for its turn"
    for _ in range(4):
        await asyncio.sleep(0)
    assert ear.heard == [*((attempt_id, 2) for attempt_id in range(count)), (0, 3)]
    made.announce(*news(0, 4))
    assert ear.heard[-1] == (0, 4), "and afterwards everything is told at once"


async def test_a_second_bell_stops_the_telling_of_the_first() -> None:
    made, ear = bus(), Ear()
    made.add_listener(1, ear)
    with made.holding_back():
        made.announce(*news(1, 2))
    with made.holding_back():
        await asyncio.sleep(0)
        with made.holding_back():
            made.announce(*news(1, 3))
        await asyncio.sleep(0)
        assert ear.heard == []
    for _ in range(2):
        await asyncio.sleep(0)
    assert ear.heard == [(1, 2), (1, 3)]


async def test_a_broken_listener_keeps_no_news_from_the_others() -> None:
    made, ear = bus(), Ear()

    def broken(known: Known, entries: Sequence[Entry]) -> None:
        raise RuntimeError("our own error")

    made.add_listener(1, broken)
    made.add_listener(2, ear)
    with capture_logs() as logs:
        with made.holding_back():
            made.announce(*news(1, 2))
            made.announce(*news(2, 2))
        await asyncio.sleep(0)
    assert ear.heard == [(2, 2)]
    assert [line["event"] for line in logs] == ["telling_failed"]


@pytest.mark.parametrize("down", [False, True], ids=["all the time", "but not when he left"])
@pytest.mark.parametrize("turn", range(PRESENCE_WHOLE - 2, PRESENCE_WHOLE + 2))
def test_who_left_is_written_as_gone_whenever_he_left(turn: int, down: bool) -> None:
    """Redis is there; the others ask it, and would show him as present as long as his mark is young."""
    redis = FakeRedis(Random(0), Climate())
    seen: list[dict[int, bool]] = []

    async def story(loop: VirtualLoop) -> None:
        here, elsewhere = (
            Bus(cast("Any", redis), cast("Any", redis), name, lambda: T0 + timedelta(seconds=loop.time()))
            for name in ("here", "elsewhere")
        )
        running = asyncio.ensure_future(here.run())
        here.present(SITTING, 1, True)
        here.present(SITTING, 2, True)
        await asyncio.sleep(PRESENCE_S * (turn + 0.5))
        seen.append(await elsewhere.presence(SITTING))
        redis.down = down
        here.present(SITTING, 1, False)
        await asyncio.sleep(PRESENCE_S)
        redis.down = False
        await asyncio.sleep(PRESENCE_S)
        seen.append(await elsewhere.presence(SITTING))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(story)

    assert seen == [{1: True, 2: True}, {1: False, 2: True}]
