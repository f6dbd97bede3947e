"""Reads that meet become one: who asks while a read is under way is answered, with all others, by the next one.

Nobody waits for company: a single question is asked at once. So a quiet server reads as quickly as before, and ten
thousand physicians who press the same button need some hundred reads instead of ten thousand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

TOGETHER_MAX: Final = 500


class Gathered(Generic[K, V]):
    """`read` is given keys, each once, and answers with what there is; it must not fail for one key's sake.

    `pause_s` is how long after an answer the next read begins at the earliest: where each costs much (a disk), so
    that more of them meet.
    """

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], pause_s: float = 0.0) -> None:
        self._read = read
        self._pause_s = pause_s
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What there is now for `key`: the read that answers begins after this call. Raises what `read` raises."""
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all())
        return await asyncio.shield(asked)  # others may wait for the same

    async def _read_all(self) -> None:
        try:
            while self._asked:
                keys = list(self._asked)[:TOGETHER_MAX]
                await self._answer({key: self._asked.pop(key) for key in keys})
                if self._pause_s:
                    await asyncio.sleep(self._pause_s)
        finally:
            self._reading = None

    async def _answer(self, asked: "dict[K, asyncio.Future[V | None]]") -> None:
        try:
            found = await self._read(list(asked))
        except Exception as error:  # noqa: BLE001  it is theirs who asked
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # if nobody waits any more, it is nobody's
        else:
            for key, future in asked.items():
                future.set_result(found.get(key))
