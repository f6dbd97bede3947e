"""One generator process: `python -m loadtest.worker`, orders as JSON on standard input, seconds as JSON on output.

Arrivals do not wait for anything: each player begins when the plan says so. How late this process itself woke is part
of every second, so that a generator that could not keep up is seen and not taken for a slow server.
"""

import asyncio
import gc
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import BinaryIO, Final

import msgspec
import uvloop

from loadtest import arrival, persona
from loadtest.asking import Asking
from loadtest.cast import read_cast
from loadtest.clockwork import Clockwork
from loadtest.desk_persona import write_invigilator, write_reviewer
from loadtest.desks import Invigilator, Reviewer
from loadtest.history import History
from loadtest.orders import Done, Orders, Said
from loadtest.phone import Phone
from loadtest.pictures import Pictures
from loadtest.stage import Stage, host_and_port
from loadtest.steps import Script, Step
from loadtest.tally import Tally

GC_THRESHOLDS: Final = (50_000, 50, 1_000_000)  # everything never: it would stop all phones at once
WATCHERS: Final = frozenset({"invigilator", "chief"})
REVIEWERS: Final = frozenset({"institution", "agency", "province"})
DESKS_APART_S: Final = 0.25
FOREVER_S: Final = 4 * 3600.0
GOODBYES: Final = 200  # phones put away between two turns of the loop
LAST_WORDS_S: Final = 2.0  # so long what is under way may still be answered when the run ends


class Ledger:
    """Histories, written as soon as their phone is done."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb", buffering=1 << 20)
        self._encode = msgspec.json.Encoder().encode
        self.outcomes: Counter[str] = Counter()
        self.habits: Counter[str] = Counter()

    def write(self, history: History) -> None:
        """One line."""
        self._file.write(self._encode(history) + b"\n")
        self.outcomes[history.outcome] += 1
        self.habits[history.habit] += 1

    def close(self) -> None:
        """All of it is on the disk."""
        self._file.close()


class Worker:
    """The players of one process."""

    def __init__(self, orders: Orders, stage: Stage, ledger: Ledger) -> None:
        self._orders, self._stage, self._ledger = orders, stage, ledger
        self._playing: dict[int, Phone] = {}
        self._begin_s = 0.0
        self._players = _players(orders, stage.cast.item_count)
        self._next: tuple[Script, Iterator[Step]] | None = None
        self._s = 0
        self._ended = asyncio.Event()
        stage.written = self._written

    async def run(self, begin_at: float) -> Done:
        """Until all are done, the time is up or the driver says so."""
        stage, orders = self._stage, self._orders
        self._begin_s = time.monotonic() + (begin_at - time.time())
        stage.clockwork.at(self._begin_s + 1.0, self._turn)
        if orders.desks:
            self._open_desks()
        else:
            self._plan_next()
        if orders.end_s:
            stage.clockwork.at(self._begin_s + orders.end_s, self.end)
        await self._ended.wait()
        stage.over = True
        await asyncio.sleep(LAST_WORDS_S)
        for count, phone in enumerate(list(self._playing.values())):
            phone.cut_off()
            if count % GOODBYES == 0:
                await asyncio.sleep(0)
        await stage.cancel()
        self._say_second()
        stage.clockwork.stop()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return Done(
            outcomes=dict(self._ledger.outcomes),
            habits=dict(self._ledger.habits),
            bugs=stage.bugs[:20],
            cpu_s=usage.ru_utime + usage.ru_stime,
            rss=usage.ru_maxrss * 1024,
        )

    def end(self) -> None:
        """Enough."""
        self._ended.set()

    # --- desks and arrivals -----------------------------------------------------------------------------------------

    def _open_desks(self) -> None:
        """Boards are shared out among the invigilators there are; reviewers take turns at the desks of theirs."""
        orders, stage, desks = self._orders, self._stage, self._stage.cast.desks
        long_s = orders.end_s or FOREVER_S
        watchers = [place for place, desk in enumerate(desks) if desk.role in WATCHERS]
        for number, place in enumerate(watchers[: orders.boards]):
            share = len(range(number, orders.boards, len(watchers)))
            shift = write_invigilator(place, 0.0, long_s, orders.seed, boards=share)
            invigilator = Invigilator(stage, desks[place], shift, number)
            stage.later(invigilator.work(self._begin_s + DESKS_APART_S * number))
        reviewers = [place for place, desk in enumerate(desks) if desk.role in REVIEWERS]
        for number in range(orders.reviewers if reviewers else 0):
            place = reviewers[number % len(reviewers)]
            queue = write_reviewer(place, 0.0, long_s, orders.seed + number)
            reviewer = Reviewer(stage, desks[place], queue, len(watchers) + number)
            stage.later(reviewer.work(self._begin_s + DESKS_APART_S * number))

    def _plan_next(self) -> None:
        self._next = next(self._players, None)
        if self._next is not None:
            self._stage.clockwork.at(self._begin_s + self._next[0].begin_s, self._arrive)
        elif not self._playing:
            self.end()

    def _arrive(self) -> None:
        if self._next is None or self._stage.over:
            return
        script, steps = self._next
        phone = Phone(self._stage, script, steps)
        self._playing[script.player] = phone
        self._stage.later(phone.play(self._begin_s + script.begin_s))
        self._plan_next()

    def _written(self, history: History) -> None:
        self._ledger.write(history)
        self._playing.pop(history.player, None)
        if not self._playing and self._next is None:
            self.end()

    # --- seconds ----------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._say_second()
        self._stage.clockwork.at(self._begin_s + self._s + 1.0, self._turn)

    def _say_second(self) -> None:
        second = self._stage.tally.turn(self._s, self._stage.clockwork.worst_lag())
        self._s = max(self._s + 1, int(time.monotonic() - self._begin_s))
        say(Said(second=second))


def _players(orders: Orders, item_count: int) -> Iterator[tuple[Script, Iterator[Step]]]:
    """Scripts of this process's players, in the order they come; made one at a time, for there are many."""
    course = arrival.Course(
        speedup=orders.speedup, hours=orders.hours, within_s=orders.within_s, ramp_s=orders.ramp_s, hold_s=orders.hold_s
    )
    shape = arrival.Shape(orders.shape)
    arrivals = arrival.arrivals(shape, orders.candidates, seed=orders.seed, course=course)
    exam = persona.Exam(item_count=item_count, minutes=orders.item_minutes)
    pace = persona.Pace(answer_every_s=orders.answer_every_s, logs_in=orders.logs_in)
    for player in range(orders.process, orders.candidates, orders.processes):
        begin_s = float(arrivals.begin_s[player])
        part = persona.WHOLE
        if shape is arrival.Shape.STEADY:
            part = persona.held(player, exam, orders.seed, (orders.ramp_s + orders.hold_s) * orders.speedup)
        script = persona.script_of(player, begin_s, pace, orders.seed, part)
        script = persona.scale(script, orders.speedup)
        steps = persona.scaled(persona.steps_from(player, exam, pace, orders.seed, part), orders.speedup)
        if orders.closed:
            script, steps = persona.without_thinking(script), persona.unthinking(steps)
        if orders.lead_s:
            script = _led_in(script, player / max(1, orders.candidates), orders.lead_s)
        yield script, steps


def _led_in(script: Script, place: float, lead_s: float) -> Script:
    """He comes some time before, and `begin_s` is when he presses 【去考试】."""
    press_s, come_s = lead_s + script.begin_s, 0.8 * lead_s * place
    return msgspec.structs.replace(script, begin_s=come_s, read_rules_s=press_s - come_s)


def say(words: Said) -> None:
    """To the driver."""
    sys.stdout.buffer.write(msgspec.json.encode(words) + b"\n")
    sys.stdout.buffer.flush()


def raise_file_limit() -> None:
    """As many files as the system allows a process: each socket is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def work(orders: Orders) -> Done:
    """Do what the orders say."""
    host, port = host_and_port(orders.url)
    ledger = Ledger(Path(orders.out) / f"histories-{orders.process}.jsonl")
    asking = Asking(host, port)
    stage = Stage(
        cast=read_cast(Path(orders.cast)),
        host=host,
        port=port,
        clockwork=Clockwork(),
        tally=Tally(),
        asking=asking,
        rng=Random(f"{orders.seed}-{orders.process}"),  # noqa: S311  spreads reconnects, guards nothing
        written=ledger.write,
        pictures=Pictures(orders.seed),
        snapshots=orders.snapshots,
        begun=orders.begun,
        sources=orders.sources,
        closed=orders.closed,
    )
    try:
        worker = Worker(orders, stage, ledger)
        say(Said(ready=True))
        begin_at = float(await asyncio.to_thread(read_line) or time.time())
        listening = asyncio.create_task(_listen(worker))
        done = await worker.run(begin_at)
        listening.cancel()
        return done
    finally:
        asking.close()
        ledger.close()


async def _listen(worker: Worker) -> None:
    """Any further line, or the end of them: the driver has gone or wants no more."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.readline()
    worker.end()


def read_line() -> bytes:
    """One line and no byte more: what follows is for whoever listens later."""
    line = bytearray()
    while (byte := os.read(sys.stdin.fileno(), 1)) not in (b"", b"\n"):
        line += byte
    return bytes(line)


def calm_collector() -> None:
    """Phones live as long as the run: looking through all of them again and again is waste."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def main() -> None:
    """Read the orders, work, say the last word."""
    raise_file_limit()
    calm_collector()
    orders = msgspec.json.decode(read_line(), type=Orders)
    say(Said(done=uvloop.run(work(orders))))


if __name__ == "__main__":
    main()
