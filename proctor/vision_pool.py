"""The face models in worker processes, and the queue before them.

A crash, a hang or the memory of a worker never touches the exam: it is killed and started anew, and its picture is
tried once more elsewhere. Entry checks (urgent) go first, because a person stands and waits. Of the pictures taken
during an exam only the newest of each candidate waits; the queue is bounded, and who waits too long is told so.
"""

import asyncio
import contextlib
import os
import sys
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from proctor.sight import Sight
from proctor.vision import VisionAway, VisionState
from proctor.vision_worker import HEAD_BYTES, THREADS, Answer, Job, framed

URGENT_MAX: Final = 1_000  # 40 KB each
PERIODIC_MAX: Final = 2_000
TRIES_MAX: Final = 2
BACK_OFF_S: Final = (0.2, 1.0, 5.0)  # before a worker that failed to start is started again
ANSWER_BYTES_MAX: Final = 1 << 20
RECENT_S: Final = 10.0  # how long the last wait says something about the next

log = structlog.get_logger()


class _Waiting:
    """One picture on its way. `done` is what `see` waits for."""

    __slots__ = ("begun", "done", "jpeg", "key", "put_s", "tries", "urgent")

    def __init__(self, jpeg: bytes, key: int, *, urgent: bool, put_s: float) -> None:
        self.jpeg = jpeg
        self.key = key
        self.urgent = urgent
        self.put_s = put_s
        self.tries = 0
        self.begun = False
        self.done: asyncio.Future[Sight] = asyncio.get_running_loop().create_future()

    def fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(VisionAway(reason))


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
        self._urgent_max = urgent_max
        self._periodic_max = periodic_max
        self._urgent: OrderedDict[int, _Waiting] = OrderedDict()
        self._periodic: OrderedDict[int, _Waiting] = OrderedDict()
        self._serial = 0
        self._something = asyncio.Event()
        self._alive: dict[int, asyncio.subprocess.Process] = {}
        self._failing: set[int] = set()
        self._model = ""
        self._last_wait = (0.0, 0.0)  # when a picture was begun last, and how long it had waited

    # --- asking ----------------------------------------------------------------------------------------------

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        """Look at a picture; raises VisionAway as the Protocol says."""
        if self._down():
            raise VisionAway("down")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(jpeg, key, urgent=urgent, put_s=loop.time())
        self._put(waiting)
        timer = loop.call_later(wait_s, self._give_up, waiting)
        try:
            return await waiting.done
        finally:
            timer.cancel()
            self._forget(waiting)

    def state(self) -> VisionState:
        """How things stand now."""
        now_s = asyncio.get_running_loop().time()
        begun_s, waited_s = self._last_wait
        oldest = [next(iter(queue.values())).put_s for queue in (self._urgent, self._periodic) if queue]
        waits = [now_s - put_s for put_s in oldest]
        if now_s - begun_s < RECENT_S:
            waits.append(waited_s)
        return VisionState(
            model=self._model,
            workers=self._workers,
            workers_alive=self._alive_count(),
            urgent=len(self._urgent),
            periodic=len(self._periodic),
            waited_s=max(waits, default=0.0),
            reason="down" if self._down() else "",
        )

    def _alive_count(self) -> int:
        return sum(1 for process in self._alive.values() if process.returncode is None)

    def _down(self) -> bool:
        """Nobody can look, and the last try to change that failed for every worker."""
        return not self._alive_count() and len(self._failing) >= self._workers

    def _put(self, waiting: _Waiting) -> None:
        if waiting.urgent:
            if len(self._urgent) >= self._urgent_max:
                raise VisionAway("full")
            self._serial += 1
            self._urgent[self._serial] = waiting
        else:
            before = self._periodic.get(waiting.key)
            if before is not None:
                before.fail("superseded")
            elif len(self._periodic) >= self._periodic_max:
                self._periodic.popitem(last=False)[1].fail("full")
            self._periodic[waiting.key] = waiting  # in the place of the one before: who waits keeps his turn
        self._something.set()

    def _give_up(self, waiting: _Waiting) -> None:
        if not waiting.begun:
            waiting.fail("slow")

    def _forget(self, waiting: _Waiting) -> None:
        """Whoever no longer waits leaves nothing behind."""
        if not waiting.begun and not waiting.urgent and self._periodic.get(waiting.key) is waiting:
            del self._periodic[waiting.key]
        elif not waiting.begun and waiting.urgent:
            for serial in [serial for serial, each in self._urgent.items() if each is waiting]:
                del self._urgent[serial]

    # --- working ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Start the workers, watch them, start them again; end them when cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._workers):
                tasks.create_task(self._work(number))

    async def _work(self, number: int) -> None:
        failures = 0
        while True:
            process: asyncio.subprocess.Process | None = None
            try:
                process = await self._start(number)
                failures = 0
                while True:
                    await self._serve(process, await self._next(process))
            except (_WorkerLost, OSError) as error:
                log.warning("vision_worker_lost", worker=number, reason=str(error))
                if process is None:
                    self._failing.add(number)
                    self._fail_all_if_down()
            finally:
                self._alive.pop(number, None)
                if process is not None:
                    await _end(process)
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    def _fail_all_if_down(self) -> None:
        if self._down():
            for waiting in (*self._urgent.values(), *self._periodic.values()):
                waiting.fail("down")

    async def _start(self, number: int) -> asyncio.subprocess.Process:
        """A worker whose models are loaded."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(THREADS, "1")},
        )
        try:
            async with asyncio.timeout(self._start_s):
                self._model = msgspec.msgpack.decode(await _frame(process), type=str)
        except (TimeoutError, _WorkerLost, msgspec.DecodeError) as error:
            await _end(process)
            raise _WorkerLost(f"it did not start: {type(error).__name__}") from error
        except BaseException:
            await _end(process)
            raise
        self._alive[number] = process
        self._failing.discard(number)
        return process

    async def _next(self, process: asyncio.subprocess.Process) -> _Waiting:
        """The next picture to look at, urgent ones first; raises _WorkerLost if the worker ends meanwhile."""
        ended = asyncio.ensure_future(process.wait())
        try:
            while True:
                waiting = self._pop()
                if waiting is not None:
                    return waiting
                self._something.clear()
                something = asyncio.ensure_future(self._something.wait())
                await asyncio.wait({ended, something}, return_when=asyncio.FIRST_COMPLETED)
                something.cancel()
                if ended.done():
                    self._something.set()  # for another worker
                    raise _WorkerLost("it ended while idle")
        finally:
            ended.cancel()

    def _pop(self) -> _Waiting | None:
        for queue in (self._urgent, self._periodic):
            while queue:
                waiting = queue.popitem(last=False)[1]
                if not waiting.done.done():
                    return waiting
        return None

    async def _serve(self, process: asyncio.subprocess.Process, waiting: _Waiting) -> None:
        """Have one picture looked at; a lost worker costs it a try."""
        now_s = asyncio.get_running_loop().time()
        waiting.begun = True
        waiting.tries += 1
        self._last_wait = (now_s, now_s - waiting.put_s)
        try:
            async with asyncio.timeout(self._job_s):
                answer = await _ask(process, Job(waiting.tries, waiting.jpeg))
        except (TimeoutError, _WorkerLost, msgspec.DecodeError, OSError) as error:
            self._again(waiting)
            raise _WorkerLost(f"it failed on a picture: {type(error).__name__}") from error
        except asyncio.CancelledError:
            waiting.fail("down")
            raise
        if answer.sight is None:
            waiting.fail("unreadable")
        elif not waiting.done.done():
            waiting.done.set_result(answer.sight)

    def _again(self, waiting: _Waiting) -> None:
        if waiting.tries >= TRIES_MAX or (not waiting.urgent and waiting.key in self._periodic):
            waiting.fail("down" if waiting.tries >= TRIES_MAX else "superseded")
            return
        waiting.begun = False
        self._put(waiting)
        queue, name = (self._urgent, self._serial) if waiting.urgent else (self._periodic, waiting.key)
        queue.move_to_end(name, last=False)  # it has waited already


async def _ask(process: asyncio.subprocess.Process, job: Job) -> Answer:
    assert process.stdin is not None
    process.stdin.write(framed(job))
    await process.stdin.drain()
    answer = msgspec.msgpack.decode(await _frame(process), type=Answer)
    if answer.number != job.number:
        raise _WorkerLost("it answered something else")
    return answer


async def _frame(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    try:
        size = int.from_bytes(await process.stdout.readexactly(HEAD_BYTES), "big")
        if size > ANSWER_BYTES_MAX:
            raise _WorkerLost("it talks nonsense")
        return await process.stdout.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise _WorkerLost("it ended") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    """Whatever state it is in."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            await process.stdin.wait_closed()
    await process.wait()
