"""Which of several processes does what only one should: whoever holds the advisory lock of that work leads it.

If a process dies, PostgreSQL gives its locks to the next that asks. All locks of a process are held by one connection
of its pool: a dozen kinds of work must not take a dozen connections from those who serve. Two leaders for a moment do
no harm anywhere: versions decide.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self

import asyncpg
import structlog

from exam_engine.errors import Unavailable
from exam_engine.journal import DATABASE_AWAY

PAUSE_S: Final = 1.0  # between asking for a lock, and between looking whether it is still held

TAKE: Final = "SELECT pg_try_advisory_lock($1)"
GIVE_BACK: Final = "SELECT pg_advisory_unlock($1)"

log = structlog.get_logger()


class Leads:
    """The works led by this process; used as a context, at whose end the connection goes back."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._acquired: Any = None
        self._connection: Any = None
        self._speaking = asyncio.Lock()  # a connection answers one question at a time
        self._held: set[int] = set()
        self._heard_at_s = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._speaking:
            await self._let_go()

    async def lead(self, key: int, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` for as long as this process holds the lock; ask again whenever it does not."""
        while True:
            try:
                connection = await self._take(key)
                if connection is not None:
                    try:
                        await self._while_held(connection, work)
                    finally:
                        await self._give_back(key, connection)
            except (*DATABASE_AWAY, Unavailable) as error:
                log.warning("work_interrupted", key=hex(key), reason=str(error))
            await asyncio.sleep(PAUSE_S)

    async def _take(self, key: int) -> Any:
        """The connection that holds the lock now, or None. A session may take its own lock twice: not from here."""
        async with self._speaking:
            if key in self._held:
                return None
            if self._connection is None:
                self._acquired = self._pool.acquire()
                self._connection = await self._acquired.__aenter__()
            try:
                taken = await self._connection.fetchval(TAKE, key)
            except DATABASE_AWAY:
                await self._let_go()
                raise
            if taken:
                self._held.add(key)
            return self._connection if taken else None

    async def _while_held(self, connection: Any, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(work())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=PAUSE_S)
                await self._still_there(connection)
            task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _still_there(self, connection: Any) -> None:
        """Raise if the connection that holds the lock is gone; asked once a second for all works together."""
        async with self._speaking:
            if connection is not self._connection:
                raise ConnectionResetError("the connection that held the lock was lost")
            now_s = asyncio.get_running_loop().time()
            if now_s - self._heard_at_s < PAUSE_S / 2:
                return
            try:
                await connection.fetchval("SELECT 1")
            except DATABASE_AWAY:
                await self._let_go()
                raise
            self._heard_at_s = now_s

    async def _give_back(self, key: int, connection: Any) -> None:
        async with self._speaking:
            self._held.discard(key)
            if connection is not self._connection:
                return  # then the lock is gone with it
            try:
                await connection.fetchval(GIVE_BACK, key)
            except DATABASE_AWAY:
                await self._let_go()

    async def _let_go(self) -> None:
        """Back to the pool, without any lock: what still runs finds that its connection is another."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            with contextlib.suppress(*DATABASE_AWAY):  # then the locks are gone with it
                await connection.execute("SELECT pg_advisory_unlock_all()")
        finally:
            await self._acquired.__aexit__(None, None, None)
