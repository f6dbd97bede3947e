"""An event loop whose clock only moves when nothing is left to do: an hour passes in a moment, always the same way."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
# Whose task this is: what a process starts, and what that starts again, dies with it.
OWNER: "ContextVar[list[asyncio.Task[Any]] | None]" = ContextVar("OWNER", default=None)


class StoodStill(Exception):
    """Nothing is ready and nothing will ever be: somebody waits for what never comes."""


class _NeverWaits(selectors.SelectSelector):
    """Instead of waiting it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.turns = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.turns += 1
        if timeout is None:
            raise StoodStill
        self.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual and starts at 0. `broken` gathers what tasks raised and nobody looked at."""

    def __init__(self) -> None:
        self._virtual = _NeverWaits()
        super().__init__(self._virtual)
        self.broken: list[BaseException] = []
        self.set_exception_handler(self._note)
        self.set_task_factory(_owned)

    def time(self) -> float:
        return self._virtual.now_s

    @property
    def turns(self) -> int:
        """How often the loop went round: equal runs have equal turns."""
        return self._virtual.turns

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.broken.append(context.get("exception") or RuntimeError(context["message"]))


def _owned(loop: asyncio.AbstractEventLoop, coroutine: Any, *, context: Context | None = None) -> "asyncio.Task[Any]":
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, context=context)
    owner = OWNER.get() if context is None else context.get(OWNER)
    if owner is not None:
        owner.append(task)
    return task


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run to the end in virtual time; what is left over is cancelled."""
    loop = VirtualLoop()
    loop.set_debug(False)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        left = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
