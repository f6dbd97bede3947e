"""The system under test as real processes, in a folder of its own: servers of the data, serving processes, the line.

PostgreSQL and Valkey belong to the load test, so that it can stop them under the product's feet; the product is one or
several `exam up` on the same database, pictures and secret key. All of it is behind one address.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import psutil

from loadtest.data_servers import Postgres, Valkey, socket_folder, system_user
from loadtest.fault_plan import Plan
from loadtest.instance import Instance
from loadtest.minder import Minder
from loadtest.picture_disk import PictureDisk
from loadtest.programs import CannotRun
from loadtest.proxied import Proxied
from loadtest.proxy import Order

STEPPED: Final = Path(__file__).parent / "stepped"
CONNECTIONS_A_PROCESS: Final = 20  # a little more than the product's pool has
CONNECTIONS_BESIDE: Final = 60  # commands, the sampler, the checker, loops of their own
SHARED: Final = ("pictures", "documents", "sms")  # folders that all instances have in common
PROGRAMS: Final = {"serve-one": "serving", "proctor.vision_worker": "vision"}


class CommandFailed(Exception):
    """A command `exam …` failed; `str()` is the end of what it said."""


class UnderTest:
    """What runs, and where. `data` is the data folder for commands, `environ` their environment."""

    def __init__(self, folder: Path, postgres: Postgres, valkey: Valkey, environ: dict[str, str]) -> None:
        self.folder = folder
        self.data = folder / "data-0"
        self.postgres = postgres
        self.valkey = valkey
        self.environ = environ
        self.clocks = folder / "clocks"
        self.disk: PictureDisk | None = None
        self.proxy: Proxied | None = None
        self.instances: list[Instance] = []
        self._parts: dict[int, str] = {}

    @property
    def base_url(self) -> str:
        """The one address."""
        return f"http://127.0.0.1:{self.instances[0].port if self.proxy is None else self.proxy.port}"

    @property
    def database_url(self) -> str:
        """For asyncpg."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """For redis-py."""
        return self.valkey.url

    async def exam(self, *words: str) -> str:
        """Run `exam …` beside it; returns what it printed. Raises CommandFailed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "exam_engine", *words,
            env=self.environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            said, complaint = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            raise
        if process.returncode:
            raise CommandFailed(f"exam {' '.join(words)}: {complaint.decode(errors='replace')[-600:].strip()}")
        return said.decode()

    def processes(self) -> list[tuple[str, int]]:
        """(part, number) of all processes now; parts as in `outcome.Process`."""
        found = [(self._part(pid), pid) for instance in self.instances for pid in instance.family()]
        for part, server in (("postgres", self.postgres), ("valkey", self.valkey)):
            if server.running and server.program is not None:
                found.append((part, server.program.pid))
                found += [(part, pid) for pid in _children(server.program.pid)]
        if self.proxy is not None:
            found.append(("other", self.proxy.pid))
        return found

    def vision(self) -> list[int]:
        """The processes of the face models."""
        return [pid for part, pid in self.processes() if part == "vision"]

    def _part(self, pid: int) -> str:
        if pid not in self._parts:
            self._parts[pid] = self._look_at(pid)
        return self._parts[pid]

    def _look_at(self, pid: int) -> str:
        try:
            words = psutil.Process(pid).cmdline()
        except psutil.Error:
            return "other"
        if "up" in words:
            return "other" if "--processes" in words and words[words.index("--processes") + 1] != "1" else "serving"
        return next((part for word, part in PROGRAMS.items() if word in words), "other")


@asynccontextmanager
async def started(
    folder: Path,
    *,
    processes: int = 2,
    instances: int = 1,
    vision: int = 0,
    through_proxy: bool = False,
    faults: Plan | None = None,
    port: int = 0,
    demo: bool = False,
) -> AsyncIterator[UnderTest]:
    """All of it, running; ended in order at the end, and by the minder if we are killed. Raises CannotRun.

    `faults` says what is to be prepared for: clocks that can be stepped, a disk that can be filled, a line.
    """
    plan = faults or Plan()
    async with AsyncExitStack() as stack:
        minder = Minder()
        stack.callback(minder.close)
        under_test = _prepared(folder, minder, processes * instances, steppable="clock" in plan.kinds)
        for server in (under_test.postgres, under_test.valkey):
            stack.push_async_callback(server.stop)
            await server.start()
        if "disk" in plan.kinds:
            under_test.disk = PictureDisk(under_test.folder / "pictures", minder)
            under_test.disk.prepare()
            stack.callback(under_test.disk.close)
        with_proxy = through_proxy or instances > 1 or bool(plan.kinds & {"net", "cut"})
        options = ["--processes", str(processes), "--vision", str(vision)]
        for number in range(instances):
            said = [*options, *(["--demo"] if demo and not number else [])]
            data = _data_folder(under_test.folder, number)
            first_port = 0 if with_proxy else port
            instance = Instance(number, data, said, under_test.environ, minder, first_port)
            under_test.instances.append(instance)
            stack.push_async_callback(instance.stop)
            await instance.start()
        if with_proxy:
            under_test.proxy = Proxied(under_test.folder / "proxy.log", plan.seed, port)
            stack.push_async_callback(under_test.proxy.stop)
            await under_test.proxy.start()
            await under_test.proxy.order(Order(backends=[each.port for each in under_test.instances]))
        yield under_test


def _prepared(folder: Path, minder: Minder, serving: int, *, steppable: bool) -> UnderTest:
    folder = folder.absolute()
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    user = system_user()
    closed = next((each for each in (folder, *folder.parents) if user and not each.stat().st_mode & 0o001), None)
    if closed is not None:
        raise CannotRun(
            f"as root, PostgreSQL runs as the user {user}, who may not enter {closed}: choose another folder"
        )
    sockets = socket_folder(folder, user, minder)
    connections = CONNECTIONS_BESIDE + CONNECTIONS_A_PROCESS * serving
    postgres = Postgres(folder / "postgres", sockets, minder, user, connections)
    valkey = Valkey(folder / "valkey", sockets, minder, user)
    return UnderTest(folder, postgres, valkey, _environ(folder, postgres.url, valkey.url, steppable=steppable))


def _environ(folder: Path, database_url: str, redis_url: str, *, steppable: bool) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EXAM_")}
    environ |= {
        "EXAM_DATABASE_URL": database_url,
        "EXAM_REDIS_URL": redis_url,
        "EXAM_SECRET_KEY": _secret_key(folder),
        "EXAM_DATA": str(folder / "data-0"),
    }
    if steppable:
        (folder / "clocks").mkdir(exist_ok=True)
        paths = [str(STEPPED), *filter(None, [os.environ.get("PYTHONPATH")])]
        environ |= {"EXAM_LOAD_CLOCKS": str(folder / "clocks"), "PYTHONPATH": os.pathsep.join(paths)}
    return environ


def _secret_key(folder: Path) -> str:
    """Of this folder's data, also in a later run."""
    path = folder / "secret.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def _data_folder(folder: Path, number: int) -> Path:
    """Each `exam up` owns its data folder; what they share is one folder that all see in it."""
    data = folder / f"data-{number}"
    data.mkdir(mode=0o711, exist_ok=True)
    for name in SHARED:
        (folder / name).mkdir(exist_ok=True)
        if not (data / name).exists():
            (data / name).symlink_to(folder / name)
    return data


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.NoSuchProcess:
        return []
