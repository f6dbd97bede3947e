"""What PostgreSQL writes: commits, rows and WAL since the last look, and how large it is. Faults may stop it."""

import asyncio
from collections.abc import Callable
from typing import Final

import asyncpg
import msgspec

ANSWER_S_MAX: Final = 0.8  # else this second goes without
SIZE_EVERY: Final = 5  # looks: the size of a database is counted file by file

WRITTEN: Final = """SELECT xact_commit AS commits, tup_inserted + tup_updated + tup_deleted AS rows_written,
       (pg_current_wal_lsn() - '0/0')::bigint AS wal_bytes
  FROM pg_stat_database WHERE datname = current_database()"""
SIZE: Final = "SELECT pg_database_size(current_database())"


class Written(msgspec.Struct, frozen=True):
    """A second: of the counted, how many since the look before."""

    commits: float = 0.0
    rows_written: float = 0.0
    wal_bytes: float = 0.0
    database_bytes: int = 0


class DatabaseLoad:
    """A connection that is made again whenever it broke, to the address that holds then."""

    def __init__(self, url: Callable[[], str | None]) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._before: tuple[float, tuple[int, int, int]] | None = None
        self._bytes = 0
        self._looks = 0

    async def look(self, now: float) -> Written:
        """Zeros while the database is away; `now` in seconds of any clock that does not jump."""
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                told = await self._ask()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError):
            await self.close()
            told = None
        before, self._before = self._before, (now, told) if told else None
        if told is None or before is None:
            return Written(database_bytes=self._bytes)
        passed = max(now - before[0], 1e-3)
        # The statistics begin anew after a crash: less than before is nothing known.
        commits, rows, wal = (max(0, new - old) / passed for new, old in zip(told, before[1], strict=True))
        return Written(commits, rows, wal, self._bytes)

    async def close(self) -> None:
        """At once: a server that was stopped answers no goodbye."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _ask(self) -> tuple[int, int, int] | None:
        url = self._url()
        if url is None:
            return None
        if self._connection is None:
            self._connection = await asyncpg.connect(url, timeout=ANSWER_S_MAX, server_settings={"jit": "off"})
        if self._looks % SIZE_EVERY == 0:
            self._bytes = await self._connection.fetchval(SIZE)
        self._looks += 1
        row = await self._connection.fetchrow(WRITTEN)
        return None if row is None else (row["commits"], row["rows_written"], row["wal_bytes"])
