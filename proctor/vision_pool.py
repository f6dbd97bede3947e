"""The face models in worker processes: keeps them alive, and hands them the pictures that wait (`vision_queue.py`).

A crash, a hang or the memory of a worker never touches the exam: it is killed and started anew, and its picture is
tried once more elsewhere. A worker has one picture at a time.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec
import structlog

from proctor.sight import Sight
from proctor.vision import VisionAway, VisionState
from proctor.vision_queue import PERIODIC_MAX, URGENT_MAX, VisionQueue, Waiting
from proctor.vision_worker import HEAD_BYTES, Answer, Hello, Job, framed

TRIES_MAX: Final = 2
JPEG_BYTES_MAX: Final = 4 << 20  # what is no picture; cleaned ones have a hundredth of it
BACK_OFF_S: Final = (0.2, 1.0, 5.0, 30.0)  # before a worker is started again, by how often it failed to start
ANSWER_BYTES_MAX: Final = 1 << 20
RECENT_S: Final = 10.0  # how long the last wait says something about the next
LAST_ONE: Final = 0.05  # the share of the newest picture in how long one takes

Heard = TypeVar("Heard", Hello, Answer)
Done = TypeVar("Done")

log = structlog.get_logger()


class _WorkerLost(Exception):
    """The process ended, hangs or talks nonsense."""


class VisionPool:
    """`workers` processes of one backend. `run` keeps them working until cancelled.

    `command` replaces the worker's own; `job_s` is how long a picture may take, `start_s` how long loading may.
    """

    def __init__(
        self,
        workers: int,
        *,
        backend: str = "fast",
        command: Sequence[str] | None = None,
        job_s: float = 10.0,
        start_s: float = 60.0,
        urgent_max: int = URGENT_MAX,
        periodic_max: int = PERIODIC_MAX,
    ) -> None:
        self._workers = workers
        self._command = tuple(command or (sys.executable, "-m", "proctor.vision_worker", "--backend", backend))
        self._job_s = job_s
        self._start_s = start_s
        self._queue = VisionQueue(urgent_max, periodic_max)
        self._something = asyncio.Event()
        self._alive: set[_Worker] = set()
        self._failing: set[int] = set()
        self._model = ""
        self._look_s = 0.0  # how long a picture takes, the last ones foremost; 0: there was none
        self._last_wait = (0.0, 0.0)  # when a picture was begun last, and how long it had waited

    # --- asking ----------------------------------------------------------------------------------------------

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        """Look at a picture; raises VisionAway as the Protocol says."""
        if self._down():
            raise VisionAway("down")
        if len(jpeg) > JPEG_BYTES_MAX:
            raise VisionAway("unreadable")
        loop = asyncio.get_running_loop()
        waiting = Waiting(jpeg, key, urgent=urgent, put_s=loop.time(), done=loop.create_future())
        self._queue.put(waiting)
        self._something.set()
        timer = loop.call_later(wait_s, waiting.fail, "slow")
        try:
            return await waiting.done
        finally:
            timer.cancel()
            self._queue.remove(waiting)

    def state(self) -> VisionState:
        """How things stand now. The wait is that of the picture begun last or of the oldest, whichever is longer."""
        now_s = asyncio.get_running_loop().time()
        begun_s, waited_s = self._last_wait
        oldest_s = self._queue.oldest_s()
        return VisionState(
            model=self._model,
            workers=self._workers,
            workers_alive=self._alive_count(),
            urgent=self._queue.urgent,
            periodic=self._queue.periodic,
            waited_s=max(
                waited_s if now_s - begun_s < RECENT_S else 0.0, 0.0 if oldest_s is None else now_s - oldest_s
            ),
            per_s=self._alive_count() / self._look_s if self._look_s else 0.0,
            reason="down" if self._down() else "",
        )

    def _alive_count(self) -> int:
        return sum(1 for worker in self._alive if not worker.ended)

    def _down(self) -> bool:
        """Nobody can look, and the last try to change that failed for every worker, or `run` has ended."""
        return not self._alive_count() and len(self._failing) >= self._workers

    # --- working ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Start the workers, watch them, start them again; end them when cancelled."""
        self._failing.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                for number in range(self._workers):
                    tasks.create_task(self._keep(number))
        finally:
            self._failing.update(range(self._workers))
            self._queue.fail_all("down")

    async def _keep(self, number: int) -> None:
        """One worker after the other, whatever becomes of them."""
        failures = 0
        while True:
            worker = _Worker(self._command, self._something.set)
            try:
                await self._start(worker)
                failures = 0
                self._failing.discard(number)
                self._alive.add(worker)
                await self._serve(worker)
            except (_WorkerLost, OSError) as problem:
                log.warning("vision_worker_lost", worker=number, reason=str(problem))
            finally:
                if worker not in self._alive:
                    self._failing.add(number)
                self._alive.discard(worker)
                await worker.end()
            if self._down():
                self._queue.fail_all("down")
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    async def _start(self, worker: "_Worker") -> None:
        try:
            async with asyncio.timeout(self._start_s):
                self._model = await worker.start()
        except TimeoutError as problem:
            raise _WorkerLost(f"its models were not loaded after {self._start_s:g} s") from problem

    async def _serve(self, worker: "_Worker") -> None:
        """Hand it one picture after the other until it is lost."""
        while not worker.ended:
            waiting = self._queue.pop()
            if waiting is None:
                self._something.clear()
                await self._something.wait()  # for a picture, or an end: everybody looks which it was
            elif not waiting.done.done():
                await self._look(worker, waiting)
        raise _WorkerLost("it ended while idle")

    async def _look(self, worker: "_Worker", waiting: Waiting) -> None:
        """Have one picture looked at; a lost worker costs it a try."""
        now_s = asyncio.get_running_loop().time()
        self._last_wait = (now_s, now_s - waiting.put_s)
        waiting.tries += 1
        try:
            async with asyncio.timeout(self._job_s):
                sight = await worker.look(waiting.jpeg)
            took_s = asyncio.get_running_loop().time() - now_s
            self._look_s += (took_s - self._look_s) * (LAST_ONE if self._look_s else 1.0)
        except (TimeoutError, _WorkerLost, OSError) as problem:
            self._again(waiting)
            raise _WorkerLost(f"it failed on a picture: {str(problem) or type(problem).__name__}") from problem
        except asyncio.CancelledError:
            waiting.fail("down")
            raise
        if sight is None:
            waiting.fail("unreadable")
        elif not waiting.done.done():
            waiting.done.set_result(sight)

    def _again(self, waiting: Waiting) -> None:
        if waiting.tries >= TRIES_MAX:
            waiting.fail("down")
        else:
            self._queue.put_first(waiting)
            self._something.set()


class _Worker:
    """One process, from its start to its end. `on_end` is called when it ended by itself."""

    def __init__(self, command: Sequence[str], on_end: Callable[[], None]) -> None:
        self._command = command
        self._on_end = on_end
        self._process: asyncio.subprocess.Process | None = None
        self._end: asyncio.Task[int] | None = None
        self._jobs = 0

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def start(self) -> str:
        """Start it; returns its model once that is loaded. Raises _WorkerLost or OSError."""
        pipe = asyncio.subprocess.PIPE
        starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe))
        try:
            self._process = await _finished(starting)
        except asyncio.CancelledError:
            if starting.exception() is None:  # a process that has begun must be known, or nobody ends it
                self._process = starting.result()
            raise
        self._end = asyncio.create_task(self._process.wait())
        self._end.add_done_callback(lambda _: self._on_end())
        hello = await self._hear(Hello)
        if hello.problem:
            raise _WorkerLost(f"its models can't be loaded: {hello.problem}")
        return hello.model

    async def look(self, jpeg: bytes) -> Sight | None:
        """What it sees; None if the picture can't be read. Raises _WorkerLost or OSError."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._jobs += 1
        self._process.stdin.write(framed(Job(self._jobs, jpeg)))
        await self._process.stdin.drain()
        answer = await self._hear(Answer)
        if answer.number != self._jobs:
            raise _WorkerLost("it answered something else")
        return answer.sight

    async def end(self) -> None:
        """Kill it, in whatever state it is, and wait until it is gone; also when the pool ends meanwhile."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await _finished(asyncio.ensure_future(_gone(self._process)))

    async def _hear(self, kind: type[Heard]) -> Heard:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            size = int.from_bytes(await self._process.stdout.readexactly(HEAD_BYTES), "big")
            if size > ANSWER_BYTES_MAX:
                raise _WorkerLost("it talks nonsense")
            return msgspec.msgpack.decode(await self._process.stdout.readexactly(size), type=kind)
        except asyncio.IncompleteReadError as problem:
            raise _WorkerLost("it ended") from problem
        except msgspec.DecodeError as problem:
            raise _WorkerLost("it talks nonsense") from problem


async def _finished(work: "asyncio.Future[Done]") -> Done:
    """Its result. Who is cancelled while he waits, however often, waits all the same and is cancelled afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return work.result()


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Until a killed process is gone and its pipes are closed."""
    with contextlib.suppress(ConnectionError):
        await process.communicate()
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001  asyncio itself does it some turns later
