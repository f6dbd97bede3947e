"""Carries out the plan of faults on the system under test, and says of each what it was and when all was well again.

Faults of different kinds meet as they fall; those of one kind follow each other. However it ends, everything is put
right: the servers run, the disk has room, the clocks are true, the models awake, the line calm.
"""

import asyncio
import contextlib
import os
import random
import signal
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import psutil

from loadtest.fault_plan import Due, Plan
from loadtest.instance import Instance
from loadtest.outcome import Fault
from loadtest.programs import CannotRun
from loadtest.proxied import Proxied
from loadtest.proxy import Order
from loadtest.under_test import UnderTest
from loadtest.weather import CALM, Weather

POLL_S: Final = 0.05
RECOVERY_S_MAX: Final = 60.0  # then it has not recovered, and that is what is told
NICE: Final = 19
# A cut by its turn: what share of the connections, and whether they hear of it.
CUTS: Final = ((0.3, "reset"), (0.5, "silent"), (1.0, "reset"), (1.0, "silent"))

Tell = Callable[[Fault], None]
Clock = Callable[[], float]
Broken = Callable[[], Awaitable[float | None]]  # waits for the recovery; returns how long it took


class NotPrepared(Exception):
    """The system under test was started without what a fault of the plan needs; `str()` says which."""


async def run_faults(plan: Plan, under_test: UnderTest, tell: Tell, clock: Clock) -> None:
    """Do what is due, until all of it is done and recovered. `clock` counts seconds of the run.

    `tell` gets each fault once it is over. Raises NotPrepared before anything is broken.
    """
    _check_prepared(plan, under_test)
    breaking = Breaking(under_test, plan.seed)
    async with _weather(plan, under_test.proxy, tell), _slow_models(plan, under_test), asyncio.TaskGroup() as kinds:
        for kind in sorted({due.kind for due in plan.due}):
            due = [each for each in plan.due if each.kind == kind]
            kinds.create_task(_one_after_the_other(due, breaking, tell, clock))


async def _one_after_the_other(due: list[Due], breaking: "Breaking", tell: Tell, clock: Clock) -> None:
    for each in due:
        await asyncio.sleep(max(each.at_s - clock(), 0.0))
        at_s = clock()
        async with getattr(breaking, each.kind)(each) as (words, recovered):
            await asyncio.sleep(each.for_s)
        over_s = clock()
        tell(Fault(at_s, each.kind, words, max(over_s - at_s, 0.0) if each.for_s else 0.0, await recovered()))


class Breaking:
    """One method for each kind: inside of it something is broken; it gives words, and how to wait for recovery."""

    def __init__(self, under_test: UnderTest, seed: int) -> None:
        self._under_test = under_test
        self._rng = random.Random(seed)  # noqa: S311  guards nothing
        self._postgres_back_at = 0.0  # of the event loop's clock

    @asynccontextmanager
    async def kill(self, _due: Due) -> AsyncIterator[tuple[str, Broken]]:
        """A serving process ends at once. Recovered when its successor listens and the service answers."""
        found = [(instance, pid) for instance in self._under_test.instances for pid in instance.serving()]
        if not found:
            yield "nobody was left to be killed", _nobody_away
            return
        instance, pid = found[self._rng.randrange(len(found))]
        count = len(instance.serving())
        at = asyncio.get_running_loop().time()
        os.kill(pid, signal.SIGKILL)

        async def succeeded() -> bool:
            there = set(instance.serving())
            return pid not in there and len(there) >= count and (await instance.health()).ready

        async def recovered() -> float | None:
            """Without the database nobody can recover: if it was away, it counts from its return."""
            took = await _recovery(succeeded, at)
            return min(took, asyncio.get_running_loop().time() - self._postgres_back_at)

        yield f"process {pid} of instance {instance.number} killed", recovered

    @asynccontextmanager
    async def postgres(self, due: Due) -> AsyncIterator[tuple[str, Broken]]:
        """Stopped in order and at once, by turns."""
        at_once = due.turn % 2 == 1
        postgres = self._under_test.postgres
        try:
            await postgres.stop(at_once=at_once)
            yield f"PostgreSQL stopped {'at once' if at_once else 'in order'}", self._all_ready
        finally:
            await _started_again(postgres.start)
            self._postgres_back_at = asyncio.get_running_loop().time()

    @asynccontextmanager
    async def valkey(self, _due: Due) -> AsyncIterator[tuple[str, Broken]]:
        """Killed; what it held is gone."""
        valkey = self._under_test.valkey
        try:
            await valkey.kill()
            yield "Valkey killed and emptied", self._all_ready
        finally:
            await _started_again(valkey.start)

    @asynccontextmanager
    async def cut(self, due: Due) -> AsyncIterator[tuple[str, Broken]]:
        """Connections end, or fall silent for a while; how long anybody was away his phone knows."""
        assert self._under_test.proxy is not None
        share, how = CUTS[due.turn % len(CUTS)]
        before = (await self._under_test.proxy.order(Order())).cut
        order = Order(cut=share, how=how, for_s=due.for_s)  # type: ignore[arg-type]
        figures = await self._under_test.proxy.order(order)
        yield f"{figures.cut - before} connections: {how}", _nobody_away

    @asynccontextmanager
    async def clock(self, due: Due) -> AsyncIterator[tuple[str, Broken]]:
        """The wall clock of a serving process is wrong; nobody should notice."""
        found = [pid for instance in self._under_test.instances for pid in instance.serving()]
        if not found:
            yield "nobody was left whose clock could be stepped", _nobody_away
            return
        pid = found[self._rng.randrange(len(found))]
        try:
            stepped = step_clock(self._under_test, pid, due.by)
            words = f"stepped by {due.by:+g} s" if stepped else "not stepped: it is gone"
            yield f"clock of process {pid} {words}", _nobody_away
        finally:
            step_clock(self._under_test, pid, 0.0)

    @asynccontextmanager
    async def disk(self, _due: Due) -> AsyncIterator[tuple[str, Broken]]:
        """No picture can be kept."""
        disk = self._under_test.disk
        assert disk is not None
        try:
            await asyncio.to_thread(disk.fill)
            yield f"disk of the pictures {'full' if disk.mounted else 'away'}", _nobody_away
        finally:
            await asyncio.to_thread(disk.empty)

    @asynccontextmanager
    async def vision(self, due: Due) -> AsyncIterator[tuple[str, Broken]]:
        """Half of the models' processes stand still, the other half the next time."""
        models = sorted(self._under_test.vision())
        stopped = models[due.turn % 2 :: 2] or models  # of a single one there is no other half
        try:
            _signal(stopped, signal.SIGSTOP)
            yield f"{len(stopped)} processes of the face models stopped", _nobody_away
        finally:
            _signal(stopped, signal.SIGCONT)

    async def _all_ready(self) -> float | None:
        """Until every instance says that all it needs is there."""

        async def ready(instance: Instance) -> bool:
            health = await instance.health()
            return health.ready and health.redis

        async def all_are() -> bool:
            return all([await ready(instance) for instance in self._under_test.instances])

        return await _recovery(all_are, asyncio.get_running_loop().time())


def step_clock(under_test: UnderTest, pid: int, by_s: float) -> bool:
    """Make the wall clock of this serving process wrong by so much. A process that is gone has none."""
    with contextlib.suppress(FileNotFoundError), (under_test.clocks / str(pid)).open("r+b", buffering=0) as file:
        file.write(struct.pack("d", by_s))
        return True
    return False


async def _recovery(recovered: Callable[[], Awaitable[bool]], since: float) -> float:
    loop = asyncio.get_running_loop()
    while not await recovered():
        if loop.time() - since > RECOVERY_S_MAX:
            return RECOVERY_S_MAX
        await asyncio.sleep(POLL_S)
    return loop.time() - since


async def _nobody_away() -> float | None:
    return None


async def _started_again(start: Callable[[], Awaitable[None]]) -> None:
    """Even if the run is just being broken off."""
    starting = asyncio.ensure_future(start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await starting
        raise


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@asynccontextmanager
async def _weather(plan: Plan, proxy: Proxied | None, tell: Tell) -> AsyncIterator[None]:
    if plan.weather == CALM:
        yield
        return
    assert proxy is not None
    tell(Fault(0.0, "net", _in_words(plan.weather), plan.length_s))
    try:
        await proxy.order(Order(weather=plan.weather))
        yield
    finally:
        with contextlib.suppress(CannotRun):
            await proxy.order(Order(weather=CALM))


def _in_words(weather: Weather) -> str:
    rate = f", {weather.rate * 8 / 1e6:g} Mbit/s" if weather.rate else ""
    delay = f"{weather.latency_s * 1000:g} to {(weather.latency_s + weather.jitter_s) * 1000:g} ms"
    return f"{delay} each way, {weather.loss:.1%} of packets lost{rate}"


@asynccontextmanager
async def _slow_models(plan: Plan, under_test: UnderTest) -> AsyncIterator[None]:
    """All of the models' processes get little of the processor throughout; only root could give it back."""
    if "vision" in plan.kinds:
        for pid in under_test.vision():
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).nice(NICE)
    yield


def _check_prepared(plan: Plan, under_test: UnderTest) -> None:
    lacking = {
        "net": under_test.proxy is None,
        "cut": under_test.proxy is None,
        "disk": under_test.disk is None,
        "clock": not under_test.clocks.is_dir(),
        "vision": "vision" in plan.kinds and not under_test.vision(),
    }
    for kind in plan.kinds:
        if lacking.get(kind):
            raise NotPrepared(f"the system under test was not started for the fault {kind}")
