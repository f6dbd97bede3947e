"""The bell as the database shows it: when each attempt whose time is over is final, and when all are marked.

Nobody's phone is asked. Attempts that run although their last moment (deadline and grace) is near or past are looked
for, by the database's clock; one that is gone from there is final, at the latest at the look that misses it. What was
handed in before is none of the bell's.

A database that keeps the time of each commit (`track_commit_timestamp`, as the load test's own does) says afterwards
exactly when each hand-in stood, and is looked at rarely: ten looks a second at ten thousand rows would be part of what
they measure. Another is looked at often, and its figures are upper bounds by the time between two looks.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

SOON_S: Final = 3.0  # from then on an attempt is looked at
RARELY_S: Final = 1.0  # between two looks if the database keeps the times of its commits
OFTEN_S: Final = 0.1  # if it does not
CHUNK: Final = 500  # attempts asked about at once
ANSWER_S_MAX: Final = 5.0
AGAIN_S: Final = 0.5  # before a database that is away is asked again

NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
DUE: Final = """SELECT attempt_id, extract(epoch FROM next_check_at)::float8 AS bell_at
  FROM exam.attempts
 WHERE phase = 'running' AND next_check_at <= clock_timestamp() + make_interval(secs => $2) AND sitting_id = $1"""
ENDED: Final = "SELECT attempt_id FROM exam.attempts WHERE attempt_id = ANY($1::bigint[]) AND phase <> 'running'"
COMMITTED: Final = """SELECT attempt_id, extract(epoch FROM min(pg_xact_commit_timestamp(xmin)))::float8 AS at
  FROM exam.journal WHERE attempt_id = ANY($1::bigint[]) AND kind = 'submitted'
 GROUP BY attempt_id HAVING bool_and(pg_xact_commit_timestamp(xmin) IS NOT NULL)"""
KEEPS_TIMES: Final = "SELECT current_setting('track_commit_timestamp') = 'on'"
UNMARKED: Final = "SELECT count(*) FROM exam.attempts WHERE phase = 'submitted' AND sitting_id = $1"


class Bell:
    """What was seen so far. Instants are the database's, in Unix time."""

    def __init__(self) -> None:
        self._due: Mapping[int, float] = {}
        self._bell_at: dict[int, float] = {}  # of those that are final
        self._final_at: dict[int, float] = {}
        self._exact: set[int] = set()
        self._marked_at: float | None = None
        self._overdue = 0

    @property
    def over(self) -> bool:
        """The bell rang, and for everybody who was due: all final and marked."""
        return self._marked_at is not None

    def missing(self, at: float, due: Mapping[int, float]) -> list[int]:
        """Those whose time is over and who are not among the `due` any more."""
        return [attempt for attempt, bell_at in self._due.items() if attempt not in due and bell_at <= at]

    def saw(self, at: float, due: Mapping[int, float], ended: Collection[int], unmarked: int) -> None:
        """One look: who is due still, who of the missing is really final, how many wait to be marked."""
        for attempt in ended:
            self._bell_at[attempt] = self._due[attempt]
            self._final_at[attempt] = at
        self._due = due
        self._overdue = sum(bell_at <= at for bell_at in due.values())
        if ended or unmarked or due:
            self._marked_at = None
        if self._final_at and not unmarked and not due and self._marked_at is None:
            self._marked_at = at

    def inexact(self) -> list[int]:
        """Those of which only the look is known that missed them; while somebody is due, nobody: first the bell."""
        return [] if self._due else [attempt for attempt in self._final_at if attempt not in self._exact]

    def refine(self, committed: Mapping[int, float], asked: Collection[int]) -> None:
        """When the database committed what made these final. Of those it doesn't name, the look stays.

        Who turns out to have handed in before the bell, between two looks, is none of the bell's.
        """
        self._exact.update(asked)
        for attempt, at in committed.items():
            if at < self._bell_at[attempt]:
                del self._bell_at[attempt], self._final_at[attempt]
            else:
                self._final_at[attempt] = at

    def figures(self) -> dict[str, float]:
        """By the names of `targets.GIVEN`; none if no bell rang. What is not known to have happened is left out."""
        late = sorted(at - self._bell_at[attempt] for attempt, at in self._final_at.items())
        whole = len(late) + self._overdue
        if not whole:
            return {}
        found = {"bell.attempts": float(whole), "bell.overdue": float(self._overdue)}
        nearly_all = math.ceil(whole * 0.999)
        if nearly_all <= len(late):
            found["bell.final_p999_s"] = late[nearly_all - 1]
        if not self._overdue:
            found["bell.final_max_s"] = late[-1]
        return (
            found if self._marked_at is None else {**found, "marked_s": self._marked_at - max(self._bell_at.values())}
        )


@asynccontextmanager
async def watching_bell(*, database_url: Callable[[], str | None], sitting_id: int) -> AsyncIterator[Bell]:
    """Look until the context is left. A database that a fault stopped is asked again when it is back."""
    bell = Bell()
    watching = asyncio.create_task(_watch(bell, database_url, sitting_id))
    try:
        yield bell
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def look(bell: Bell, connection: "asyncpg.Connection[asyncpg.Record]", sitting_id: int) -> None:
    """Once. Raises what asyncpg raises."""
    due = {row["attempt_id"]: row["bell_at"] for row in await connection.fetch(DUE, sitting_id, SOON_S)}
    at = await connection.fetchval(NOW)  # after it: who is not among them was final by then
    missing = bell.missing(at, due)
    ended = [row["attempt_id"] for row in await connection.fetch(ENDED, missing)] if missing else []
    bell.saw(at, due, ended, await connection.fetchval(UNMARKED, sitting_id))


async def _watch(bell: Bell, database_url: Callable[[], str | None], sitting_id: int) -> None:
    while True:
        try:
            if url := database_url():
                await _look_on(bell, url, sitting_id)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError):
            pass
        await asyncio.sleep(AGAIN_S)


async def refine(bell: Bell, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Ask for the exact times that are not known yet. Raises what asyncpg raises."""
    inexact = bell.inexact()
    for start in range(0, len(inexact), CHUNK):
        chunk = inexact[start : start + CHUNK]
        bell.refine({row["attempt_id"]: row["at"] for row in await connection.fetch(COMMITTED, chunk)}, chunk)


async def _look_on(bell: Bell, url: str, sitting_id: int) -> None:
    """Until the connection breaks."""
    connection = await asyncpg.connect(url, timeout=ANSWER_S_MAX, command_timeout=ANSWER_S_MAX)
    try:
        keeps_times = await connection.fetchval(KEEPS_TIMES)
        while True:
            await look(bell, connection, sitting_id)
            if keeps_times:
                await refine(bell, connection)
            await asyncio.sleep(RARELY_S if keeps_times else OFTEN_S)
    finally:
        connection.terminate()
