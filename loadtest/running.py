"""A whole run: the system under test, the cast, the generators, the faults; then marking, the checker, the targets."""

import asyncio
import contextlib
import math
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from loadtest.bell import Bell, watching_bell
from loadtest.cast import Cast, read_cast
from loadtest.checking import check_run
from loadtest.echo import NoEcho, echo_per_s
from loadtest.excusing import excuses
from loadtest.fault_plan import Plan, read_plan
from loadtest.faults import run_faults
from loadtest.found_server import Found, look_for, processes_of
from loadtest.generators import END_S, Generators, generating
from loadtest.measure import Taken, machine, sampling
from loadtest.orders import Orders
from loadtest.outcome import BUG, NOT_CHECKED, Fault, Run, Second, Violations
from loadtest.own_database import SYSTEM
from loadtest.rules import Rules, outage_s
from loadtest.seconds import merge
from loadtest.showing import Screen
from loadtest.targets import Targets, judge
from loadtest.under_test import UnderTest, started

PLAYERS_A_PROCESS: Final = 15_000  # a process may hold 20,000 files; the rest is for HTTP
BEGIN_IN_S: Final = 1.0
AFTER_BELL_S: Final = 60.0  # phones that are not told of their end by then are cut off
MARKED_WITHIN_S: Final = 120.0
LATE_S: Final = 0.25
# How long before an error what it is about may have happened: an answer that was waited for; a server that heard
# nothing for 40 s of a phone whose pings are 30 s apart.
PATIENCE_S: Final = {"timeout": 30.0, "closed:silent": 40.0}
FILES_A_REVIEWER: Final = 500  # in whatever state: some 25 wait in the queue of the one institution
RESULTS: Final = ("result.json", "report.html", "seconds.csv")
ADDRESSES: Final = 2  # own ones of each process: 28,000 ports each
UNMARKED: Final = "SELECT count(*) FROM exam.attempts WHERE sitting_id = $1 AND phase = 'submitted'"


class Options(msgspec.Struct, kw_only=True):
    """Of `exam-load run`, as they stand in `Run.orders`."""

    candidates: int
    shape: str
    out: str
    speedup: float = 1.0
    processes: int = 0
    seed: int = 1
    url: str = ""
    cast: str = ""
    data: str = ""
    database_url: str = ""
    serve_processes: int = 1
    instances: int = 1
    vision: int = 0
    kind: str = "professional"
    minutes: int = 60
    closes_in: float = 0.0
    hours: float = 4.0
    hold_s: float = 60.0
    ramp_s: float = 20.0
    within_s: float = 10.0
    after_s: float = 0.0
    closed: bool = False
    boards: int = 0
    reviewers: int = 0
    logs_in: float = 0.0
    faults: str = ""
    targets: str = ""
    pictures: bool = True
    begun: bool = False
    echo: bool = False

    def generators(self) -> int:
        """How many processes play physicians."""
        return self.processes or max(1, math.ceil(self.candidates / PLAYERS_A_PROCESS))

    def real_minutes(self) -> int:
        """Of an attempt as the server counts them; a level that is held must not be ended by the bell."""
        least = math.ceil((self.ramp_s + self.hold_s) / 60) + 2 if self.shape == "steady" else 1
        return max(least, round(self.minutes / self.speedup))

    def entered(self) -> bool:
        """Who all press 【去考试】 at once have come in before."""
        return self.shape == "synchronised" and not self.begun

    def lead_s(self) -> float:
        """So long before everybody presses 【去考试】 the first opens the app."""
        if self.shape != "synchronised":
            return 0.0
        return max(5.0, self.candidates / (60 if self.cast else 250))


class Finding(msgspec.Struct):
    """What a run is about: where it is served, by whom, and who plays."""

    url: str
    cast: Cast
    cast_path: Path
    database_url: str | None
    processes: Callable[[], Iterable[tuple[str, int]]]
    under_test: UnderTest | None = None


class Stopping:
    """Ctrl-C: the first ends in order what is being played, the second at once. Made in the task that runs it.

    Only what is `playing` has anything to save by ending in order; whatever else is under way is ended at once.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.playing = False
        self.unchecked = False  # the checker was ended by hand: nobody knows whether anything was lost
        self._task = asyncio.current_task()

    def ask(self) -> None:
        """It was pressed."""
        if (self.asked.is_set() or not self.playing) and self._task is not None:
            self._task.cancel()
        self.asked.set()


async def run(options: Options, targets: Targets, screen: Screen, stopping: Stopping) -> Run:
    """From nothing to `Run`; histories and the cast are in the folder `out`. Raises what the parts raise.

    What an earlier run left in the folder is touched only once it is clear that this one can begin.
    """
    plan = read_plan(options.faults, length_s=length_s(options), seed=options.seed, vision=options.vision > 0)
    there = await _looked_for(options) if options.url else None
    _prepare(Path(options.out))
    async with _found(options, plan, screen, there) as found:
        played = _Played(options, plan, found, screen, stopping)
        result = await played.play()
        screen.enter("checking")
        try:
            result.violations = await played.check(result)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None:
                task.uncancel()  # what was played is not thrown away with the check
            stopping.unchecked = True
            result.notes.append(f"{NOT_CHECKED}: ended by hand")
    result.targets = judge(result, targets)
    return result


async def _looked_for(options: Options) -> Found:
    """The system that is up already, held against its cast. Raises CannotRun."""
    return await look_for(
        options.url,
        Path(options.cast),
        candidates=options.candidates,
        begun=options.begun,
        data=Path(options.data) if options.data else None,
        database_url=options.database_url,
    )


def _prepare(out: Path) -> None:
    """The folder, without what an earlier run found: should this one break off, nobody takes that for its result."""
    out.mkdir(mode=0o711, parents=True, exist_ok=True)
    for old in (*out.glob("histories-*.jsonl"), *(out / name for name in RESULTS)):
        old.unlink(missing_ok=True)


# --- what it is about --------------------------------------------------------------------------------------------


@asynccontextmanager
async def _found(options: Options, plan: Plan, screen: Screen, there: Found | None) -> AsyncIterator[Finding]:
    cast_path = Path(options.out) / "cast.json"
    if there is not None:
        data = Path(options.data) if options.data else None
        with contextlib.suppress(shutil.SameFileError):  # a run once more, with its own cast
            shutil.copy(options.cast, cast_path)  # with its mode: it holds sessions

        def processes() -> list[tuple[str, int]]:
            return processes_of(data) if data else []

        yield Finding(options.url, there.cast, cast_path, there.database_url, processes)
        return
    screen.enter("starting the servers")
    folder = Path(options.out) / SYSTEM
    async with started(
        folder, processes=options.serve_processes, instances=options.instances, vision=options.vision, faults=plan
    ) as under_test:
        screen.enter("making the cast")
        await under_test.exam(*_cast_words(options, cast_path))
        cast = read_cast(cast_path)
        yield Finding(
            under_test.base_url, cast, cast_path, under_test.database_url, under_test.processes, under_test=under_test
        )


def _cast_words(options: Options, path: Path) -> list[str]:
    words = ["cast", "--physicians", str(options.candidates), "--out", str(path), "--kind", options.kind]
    words += ["--minutes", str(options.real_minutes()), "--desks", str(max(1, min(options.boards, 50)))]
    if options.reviewers:
        words += ["--files", str(options.reviewers * FILES_A_REVIEWER)]
    if options.closes_in:
        words += ["--closes-in", str(options.closes_in)]
    if options.begun or options.entered():
        words.append("--begun" if options.begun else "--entered")
    return words


def length_s(options: Options) -> float:
    """How long it takes at most, from its second 0."""
    minutes_s = options.real_minutes() * 60
    match options.shape:
        case "steady":
            return options.ramp_s + options.hold_s
        case "synchronised":
            return options.lead_s() + options.within_s + (options.after_s or minutes_s + AFTER_BELL_S)
        case "rush":
            return 7200 / options.speedup + minutes_s + AFTER_BELL_S
        case _:
            return options.hours * 3600 / options.speedup + minutes_s + AFTER_BELL_S


# --- playing it --------------------------------------------------------------------------------------------------


class _Played:
    """One run under way."""

    def __init__(self, options: Options, plan: Plan, found: Finding, screen: Screen, stopping: Stopping) -> None:
        self._options, self._plan, self._found = options, plan, found
        self._screen, self._stopping = screen, stopping
        self._faults: list[Fault] = []
        self._notes: list[str] = []
        self._begin_at = 0.0
        self._bell: Bell | None = None
        self._yardstick: dict[str, float] = {}
        self._whole = options.candidates == len(found.cast.players)  # every attempt of the cast has its history

    def _clock(self) -> float:
        return time.time() - self._begin_at

    async def play(self) -> Run:
        """The load, the faults and what was measured meanwhile."""
        options, found = self._options, self._found
        if options.echo:
            await self._measure_echo()
        self._screen.enter("starting the generators")
        async with AsyncExitStack() as stack:
            generators = await stack.enter_async_context(generating(self._orders(), self._screen.heard))
            await generators.ready()
            self._begin_at = time.time() + BEGIN_IN_S
            taken = await stack.enter_async_context(self._sampling(generators))
            if found.database_url is not None:
                watching = watching_bell(
                    database_url=lambda: found.database_url,
                    sitting_id=found.cast.sitting_id,
                )
                self._bell = await stack.enter_async_context(watching)
            generators.begin(self._begin_at)
            self._stopping.playing = True
            self._screen.begins(time.monotonic() + BEGIN_IN_S, self._end_s())
            await self._until_over(generators)
            self._screen.enter("marking")
            await self._wait_until_marked()
            self._stopping.playing = False
            return self._result(generators, taken, options)

    async def _measure_echo(self) -> None:
        """Of this machine, while nobody else needs it."""
        self._screen.enter("measuring a bare echo")
        try:
            self._yardstick = {"echo_per_s": await echo_per_s()}
        except NoEcho as error:
            self._notes.append(str(error))

    def _sampling(self, generators: Generators) -> AbstractAsyncContextManager[Taken]:
        return sampling(
            began=time.monotonic() + self._begin_at - time.time(),
            processes=self._found.processes,
            generators=lambda: [each.pid for each in generators.all],
            database_url=lambda: self._found.database_url,
        )

    def _end_s(self) -> float:
        if self._options.closes_in:
            return self._found.cast.closes_at.timestamp() - self._begin_at + self._found.cast.grace_s + AFTER_BELL_S
        return length_s(self._options)

    def _orders(self) -> list[Orders]:
        options, count = self._options, self._options.generators()
        closes_s = self._found.cast.closes_at.timestamp() - time.time() + self._found.cast.grace_s + AFTER_BELL_S
        local = "//127." in self._found.url or "//localhost" in self._found.url
        desks = [count] if options.boards or options.reviewers else []
        return [
            Orders(
                process=process,
                processes=count,
                cast=str(self._found.cast_path),
                url=self._found.url,
                out=options.out,
                shape=options.shape,
                candidates=options.candidates,
                seed=options.seed,
                end_s=closes_s if options.closes_in else length_s(options),
                speedup=options.speedup,
                within_s=options.within_s,
                ramp_s=options.ramp_s,
                hold_s=options.hold_s,
                hours=options.hours,
                lead_s=options.lead_s(),
                logs_in=options.logs_in,
                item_minutes=float(options.minutes),
                closed=options.closed,
                snapshots=options.pictures,
                begun=options.begun,
                sources=[f"127.0.{1 + place}.{2 + process}" for place in range(ADDRESSES)] if local else [],
                desks=process == count,
                boards=options.boards if process == count else 0,
                reviewers=options.reviewers if process == count else 0,
            )
            for process in [*range(count), *desks]
        ]

    async def _until_over(self, generators: Generators) -> None:
        self._screen.enter("playing")
        under_test = self._found.under_test
        work: list[Awaitable[None]] = []
        if under_test is not None and self._plan.kinds:
            work.append(run_faults(self._plan, under_test, self._told, self._clock))
        faulting = [asyncio.ensure_future(each) for each in work]
        over = asyncio.create_task(generators.over())
        asked = asyncio.create_task(self._stopping.asked.wait())
        await asyncio.wait({over, asked}, timeout=self._end_s() + END_S, return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            self._screen.enter("ending in order")
            how = "by hand" if asked.done() else "because the generators did not end"
            self._notes.append(f"ended {how} after {self._clock():.0f} s")
            self._whole = False
            generators.end()
            await asyncio.wait({over}, timeout=END_S)
        asked.cancel()
        for each in faulting:
            each.cancel()
        for error in await asyncio.gather(*faulting, return_exceptions=True):
            if isinstance(error, Exception):
                self._notes.append(f"the faults ended early: {error!r}")
        if over.done():
            over.result()
        over.cancel()  # who still does not end is killed, and counted among the dead

    def _told(self, fault: Fault) -> None:
        self._faults.append(fault)
        self._screen.faults = self._faults

    # --- what came of it -----------------------------------------------------------------------------------------

    def _result(self, generators: Generators, taken: Taken, options: Options) -> Run:
        outcomes: Counter[str] = Counter()
        habits: Counter[str] = Counter()
        for each in generators.all:
            if each.done is not None:
                outcomes.update(each.done.outcomes)
                habits.update(each.done.habits)
                self._notes += [f"generator {each.orders.process}: {bug}" for bug in each.done.bugs]
        self._notes += [f"generator {each.orders.process} died" for each in generators.dead()]
        self._whole = self._whole and not generators.dead()
        seconds = merge(each.seconds for each in generators.all)
        if dead := len(generators.dead()):
            seconds = seconds or [Second(0, actions={}, errors={}, excused={})]
            seconds[-1].errors[f"{BUG}generator died"] = dead
        excuse(seconds, self._faults)
        self._lag_note(seconds)
        return Run(
            orders=_orders_of(options),
            machine=machine(),
            begun_at=self._begin_at,
            seconds=seconds,
            samples=taken.samples,
            faults=self._faults,
            outcomes=dict(outcomes),
            habits=dict(habits),
            figures={**self._yardstick, **(self._bell.figures() if self._bell is not None else {})},
            notes=[*self._notes, *taken.notes],
            whole=self._whole,
        )

    def _lag_note(self, seconds: list[Second]) -> None:
        late = [second for second in seconds if second.lag_s > LATE_S]
        if late:
            worst = max(second.lag_s for second in late)
            words = f"the generator was late in {len(late)} s of the run, {worst:.2f} s at worst"
            self._notes.append(f"{words}: figures of those seconds are of the generator")

    async def _wait_until_marked(self) -> None:
        """Nobody who handed in is left unmarked, or it took too long."""
        found = self._found
        if found.database_url is None:
            return
        connection = await asyncpg.connect(found.database_url)
        try:
            begin_s = time.monotonic()
            while left := await connection.fetchval(UNMARKED, found.cast.sitting_id):
                if self._stopping.asked.is_set():
                    self._notes.append(f"{left} attempts were not marked yet when it was ended by hand")
                    break
                if time.monotonic() > begin_s + MARKED_WITHIN_S:
                    self._notes.append(f"{left} attempts were not marked {MARKED_WITHIN_S:.0f} s after the run")
                    break
                await asyncio.sleep(0.5)
        finally:
            await connection.close()

    async def check(self, result: Run) -> Violations | None:
        """Histories against the journal."""
        found = self._found
        if found.database_url is None:
            result.notes.append(f"{NOT_CHECKED}: neither --data nor --database-url says where the journal is")
            return None
        rules = Rules(sweep_s=Rules().sweep_s + outage_s(self._faults), all_recorded=self._whole)
        violations = await check_run(Path(self._options.out), found.database_url, found.cast, rules=rules)
        result.figures |= violations.figures
        result.notes += violations.notes
        return violations


def excuse(seconds: list[Second], faults: list[Fault]) -> None:
    """Move what a fault explains from errors to excused."""
    for second in seconds:
        for kind in list(second.errors):
            since_s = second.s - PATIENCE_S.get(kind, 0.0)
            if excuses(faults, second.s + 1.0, since_s=since_s, error=kind):
                second.excused[kind] = second.excused.get(kind, 0) + second.errors.pop(kind)


def _orders_of(options: Options) -> dict[str, str | int | float | bool]:
    orders: dict[str, str | int | float | bool] = msgspec.to_builtins(options)
    return orders | {"database_url": without_password(options.database_url)}


def without_password(url: str) -> str:
    """A result is shown to others."""
    head, at, tail = url.rpartition("@")
    scheme, slashes, account = head.partition("://")
    user, colon, _ = account.partition(":")
    return f"{scheme}{slashes}{user}{colon and ':…'}{at}{tail}"
