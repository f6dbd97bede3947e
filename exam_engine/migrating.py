"""Bring a database to the schema this program was written for.

yoyo-migrations keeps the list of what has been applied; three things of it are replaced here, each for a reason:

- **its lock** is a row that outlives a killed process. Ours is an advisory lock: PostgreSQL lets go of it when the
  connection ends, however it ends.
- **applying and remembering** are two transactions there, so a kill between them makes the next start fail. Here a
  file and the note that it was applied are one transaction.
- **splitting a file into statements** is guesswork once function bodies are in it. Here a file goes to PostgreSQL
  whole, which reads its own language best; `DO $$ … $$` and `CREATE FUNCTION` need no care.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.migrations import Migration, MigrationList

from exam_engine.settings import CannotStart, ExitCode

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_KEY = 0x6578616D  # "exam": any number that nobody else uses in this database
LOCK_WAIT_S_MAX = 120
CONNECT_S_MAX = 10
POSTGRES_VERSION_MIN = 15


async def migrate(database_url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing, in the order of the file names, and return the names of what was applied.

    Many processes may call this at once: one works, the others wait and then find nothing to do. Raises
    `CannotStart` when the database can't be reached, or was migrated by a newer program, or a file fails.
    """
    return await asyncio.to_thread(_migrate, database_url, folder)


def _migrate(database_url: str, folder: Path) -> list[str]:
    try:
        backend = _Backend(_Address(database_url), "_yoyo_migration")
    except psycopg.Error as problem:
        raise CannotStart(f"the database can't be reached: {problem}", ExitCode.UNREACHABLE) from problem
    version = backend.connection.info.server_version
    if version < POSTGRES_VERSION_MIN * 10_000:
        raise CannotStart(f"PostgreSQL {POSTGRES_VERSION_MIN} or later is needed, this is {version // 10_000}")
    with backend, _alone(backend.connection):
        known = read_migrations(str(folder))
        _refuse_newer(backend, known)
        missing = backend.to_apply(known)
        for migration in missing:
            _apply(backend, migration)
        return [migration.id for migration in missing]


def _refuse_newer(backend: "_Backend", known: MigrationList) -> None:
    backend.ensure_internal_schema_updated()
    applied = {str(row[0]) for row in backend.execute("SELECT migration_id FROM _yoyo_migration").fetchall()}
    unknown = sorted(applied - {migration.id for migration in known})
    if unknown:
        raise CannotStart(
            f"schema newer than the program: the database has {', '.join(unknown)}, which this version "
            "does not know; start the newer version",
            ExitCode.SCHEMA_NEWER,
        )


def _apply(backend: "_Backend", migration: Migration) -> None:
    try:
        with backend.transaction():
            backend.connection.execute(Path(migration.path).read_bytes())
            backend.mark_one(migration)
    except psycopg.Error as problem:
        raise CannotStart(f"migration {migration.id} failed: {problem}") from problem


@contextmanager
def _alone(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Hold the advisory lock of migrations; closing the connection gives it back too."""
    try:
        # SET LOCAL and one transaction would give the lock back at the first commit; this one is the session's.
        connection.execute(f"SET lock_timeout = '{LOCK_WAIT_S_MAX}s'")
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        connection.execute("RESET lock_timeout")
    except psycopg.errors.LockNotAvailable as problem:
        raise CannotStart("another process has been migrating this database for too long") from problem
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


@dataclass(frozen=True)
class _Address:
    """What yoyo wants to know of an address; libpq reads all the rest from the URL itself."""

    url: str
    database: str = ""


class _Backend(PostgresqlPsycopgBackend):
    """yoyo's list of applied migrations, over a connection that libpq opens from the plain URL."""

    def connect(self, dburi: _Address) -> "psycopg.Connection[Any]":
        return psycopg.connect(dburi.url, autocommit=True, connect_timeout=CONNECT_S_MAX)

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:
        """Do nothing: the advisory lock is held already."""
        del timeout
        yield

    def log_migration(self, migration: Migration, operation: str) -> None:
        """Write no log: yoyo's asks for the user's and the host's name, which can hang or fail in a container."""
