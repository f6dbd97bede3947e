"""The servers a run needs: those named by URL, and for the rest PostgreSQL and Valkey from wheels, in the data folder.

One process at a time owns a data folder. It holds the file `up.lock`, which the kernel lets go of however the
process ends, and tells the others in `run.json` where its servers are. So a stale `run.json` needs no cleaning: it
counts only while somebody holds the lock. Commands work beside an `exam up` by reading it; without one they own the
folder for as long as they take.
"""

import asyncio
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from redis import asyncio as redis
from redis.exceptions import RedisError

from exam_engine.embedded_account import Account, own_folder, server_account
from exam_engine.embedded_postgres import SOCKET_NAME, postgres
from exam_engine.embedded_valkey import valkey
from exam_engine.migrating import migrate
from exam_engine.settings import CannotStart, ExitCode, Settings, data_folder, database_url_of

Owner = Literal["exam up", "a command"]

SOCKET_PATH_BYTES_MAX = 103  # of a socket's whole path: macOS allows a little less than Linux
OWNER_WAIT_S_MAX = 0.5  # for `exam up`: somebody may just be looking at the lock
COMMAND_WAIT_S_MAX = 60  # for a command: `exam up` may just be starting, or another command be at work
FOLDER_POLL_S = 0.1
ANSWER_S_MAX = 5


@dataclass(frozen=True)
class Servers:
    """Where the servers are."""

    database_url: str
    redis_url: str


@asynccontextmanager
async def servers(settings: Settings) -> AsyncIterator[Servers]:
    """Own the data folder and have both servers, for `exam up`; the embedded ones are stopped at the end.

    Raises `CannotStart`, without much waiting when somebody else owns the folder. Nothing is migrated yet.
    """
    data = settings.data
    async with AsyncExitStack() as stack:
        await _own_or_find(stack, data, "exam up", OWNER_WAIT_S_MAX, find=False)
        database_url, redis_url = settings.database_url, settings.redis_url
        if redis_url is not None:
            await _answers(redis_url)
        if database_url is None or redis_url is None:
            account = server_account(data)
            sockets = stack.enter_context(_socket_folder(data, account))
            if redis_url is None:
                redis_url = await stack.enter_async_context(valkey(data, sockets, account))
            if database_url is None:
                database_url = await stack.enter_async_context(postgres(data, sockets, account))
        found = Servers(database_url, redis_url)
        stack.enter_context(_told(data, found))
        yield found


@asynccontextmanager
async def connected(data: Path | None) -> AsyncIterator[str]:
    """Yield the URL of a migrated database, for a command: `EXAM_DATABASE_URL`, or that of the data folder.

    Beside a running `exam up` on the folder its server is used; else one is started and stopped at the end.
    Raises `CannotStart`.
    """
    async with database(data) as database_url:
        await migrate(database_url)
        yield database_url


@asynccontextmanager
async def database(data: Path | None) -> AsyncIterator[str]:
    """Do as `connected` does, but leave the database as it is."""
    given = database_url_of()
    if given is not None:
        yield given
        return
    folder = data_folder(data)
    async with AsyncExitStack() as stack:
        found = await _own_or_find(stack, folder, "a command", COMMAND_WAIT_S_MAX, find=True)
        if found is not None:
            yield found.database_url
            return
        account = server_account(folder)
        sockets = stack.enter_context(_socket_folder(folder, account))
        yield await stack.enter_async_context(postgres(folder, sockets, account))


def running(data: Path) -> Servers | None:
    """Return the servers of the `exam up` that owns the folder now and is past its start, or None."""
    try:
        with (data / "up.lock").open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _read_told(data)
    return None


async def _own_or_find(
    stack: AsyncExitStack, data: Path, owner: Owner, wait_s_max: float, *, find: bool
) -> Servers | None:
    """Let `stack` own the folder and return None, or with `find` return the servers of the `exam up` that does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s_max
    while True:
        try:
            stack.enter_context(_owned(data, owner))
        except CannotStart:
            found = _read_told(data) if find else None
            if found is not None:
                return found
            if loop.time() > deadline:
                raise
            await asyncio.sleep(FOLDER_POLL_S)
        else:
            return None


@contextmanager
def _owned(data: Path, owner: Owner) -> Iterator[None]:
    """Hold the folder alone. The file stays: removing it would let two processes hold two files of one name."""
    with (data / "up.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(
                f"the data folder {data} is in use by {file.read() or 'another process'}", ExitCode.FOLDER_IN_USE
            ) from None
        # Whoever owned it before may have been killed: what it told is no longer true.
        (data / "run.json").unlink(missing_ok=True)
        file.truncate(0)
        file.write(f"{owner} (process {os.getpid()})")
        file.flush()
        yield


@contextmanager
def _told(data: Path, found: Servers) -> Iterator[None]:
    """Tell commands where the servers are. The file is whole or absent, and nobody else's to read."""
    path = data / "run.json"
    with tempfile.NamedTemporaryFile("w", dir=data, encoding="utf-8", delete=False) as draft:
        json.dump(asdict(found), draft)
    Path(draft.name).replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _read_told(data: Path) -> Servers | None:
    try:
        return Servers(**json.loads((data / "run.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


async def _answers(redis_url: str) -> None:
    client = redis.from_url(redis_url, socket_timeout=ANSWER_S_MAX, socket_connect_timeout=ANSWER_S_MAX)
    try:
        await client.ping()
    except (RedisError, OSError) as problem:
        raise CannotStart(f"EXAM_REDIS_URL can't be reached: {problem}", ExitCode.UNREACHABLE) from problem
    finally:
        await client.aclose()


@contextmanager
def _socket_folder(data: Path, account: Account | None) -> Iterator[Path]:
    """Yield a folder for the sockets that only the servers' account can enter.

    It is in the data folder, unless that makes the path of a socket too long for the system; then in /tmp, under a
    name that nobody can guess and take before us.
    """
    folder = data / "sockets"
    if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        yield own_folder(folder, account)
        return
    short = own_folder(Path(tempfile.mkdtemp(prefix="exam-", dir="/tmp")), account)
    try:
        yield short
    finally:
        shutil.rmtree(short, ignore_errors=True)
