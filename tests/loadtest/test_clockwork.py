"""One heap for everything that is due."""

import asyncio
import time

from loadtest.clockwork import BATCH, Clockwork


async def test_calls_come_in_their_order_whenever_they_were_asked_for() -> None:
    clockwork, called, now_s = Clockwork(), [], time.monotonic()
    for number in (3, 1, 2):
        clockwork.at(now_s + number / 1000, lambda number=number: called.append(number))  # type: ignore[misc]
    await clockwork.until(now_s + 0.004)
    assert called == [1, 2, 3]


async def test_what_is_asked_for_inside_a_call_is_called_too() -> None:
    clockwork, called = Clockwork(), asyncio.Event()
    clockwork.at(0.0, lambda: clockwork.at(0.0, called.set))
    await called.wait()
    assert len(clockwork) == 0


async def test_more_than_a_batch_is_done_in_several_turns() -> None:
    clockwork, called = Clockwork(), []
    for number in range(3 * BATCH):
        clockwork.at(0.0, lambda number=number: called.append(number))  # type: ignore[misc]
    await clockwork.until(1.0)  # long ago, and after all of them
    assert called == list(range(3 * BATCH))


async def test_it_knows_how_late_it_was() -> None:
    clockwork, seen = Clockwork(), []
    clockwork.at(time.monotonic() + 0.01, lambda: seen.append(clockwork.late_s))
    time.sleep(0.11)
    await clockwork.until(time.monotonic())
    assert seen[0] >= 0.1
    assert clockwork.worst_lag() >= 0.1
    assert clockwork.worst_lag() < 0.1


async def test_what_is_overdue_now_counts_as_lag_before_it_is_called() -> None:
    clockwork = Clockwork()
    clockwork.at(time.monotonic(), lambda: None)
    time.sleep(0.1)
    assert clockwork.worst_lag() >= 0.1
    clockwork.stop()


async def test_what_is_asked_for_when_it_is_over_is_late_but_no_lag_of_the_loop() -> None:
    clockwork, seen = Clockwork(), []
    clockwork.at(time.monotonic() - 5.0, lambda: seen.append(clockwork.late_s))
    await clockwork.until(time.monotonic())
    assert seen[0] >= 5.0
    assert clockwork.worst_lag() < 5.0


async def test_stopped_it_calls_nothing() -> None:
    clockwork, called = Clockwork(), []
    clockwork.at(0.0, lambda: called.append(1))
    clockwork.stop()
    clockwork.at(0.0, lambda: called.append(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert called == []
