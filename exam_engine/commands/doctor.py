"""`exam doctor`: can an exam be held on this installation, and if not, why not.

Each check looks at one thing and returns findings; a finding names what it looked at, its state, and the reason in
words that say what to do. Numbers are compared in small functions without I/O, so that tests can name every case.
"""

import asyncio
import json
import resource
import shutil
import signal
import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import asyncpg
from redis import asyncio as redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exam_engine.commands.port import base_url, bind
from exam_engine.embedded import database, running
from exam_engine.migrating import POSTGRES_VERSION_MIN
from exam_engine.settings import CannotStart, Settings

POSTGRES_VERSION_MAX = 18  # the newest it was tried with
DISK_BYTES_MIN = 1 << 30
DISK_BYTES_GOOD = 10 << 30
CONNECTIONS_MIN = 20
CONNECTIONS_GOOD = 100
CLOCK_OFFSET_S_GOOD = 1.0
FILES_MIN = 1024
FILES_GOOD = 8192
ANSWER_S_MAX = 5
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
VISION_BACKENDS = ("fast", "reference")
VISION_S_MAX = 60


class State(StrEnum):
    """How it stands."""

    READY = "READY"
    WARNING = "WARNING"
    NOT_READY = "NOT READY"


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    check: str
    state: State
    reason: str


def can_hold_an_exam(findings: list[Finding]) -> bool:
    """Tell whether nothing stands in the way; warnings don't."""
    return all(finding.state is not State.NOT_READY for finding in findings)


def overall(findings: list[Finding]) -> State:
    """Return the worst of the states."""
    order = list(State)
    return max((finding.state for finding in findings), key=order.index)


async def doctor(settings: Settings) -> list[Finding]:
    """Check everything; beside a running `exam up` its servers, else those it would use."""
    return [
        camera_page(settings.host),
        _port(settings),
        _folder(settings.data),
        disk(shutil.disk_usage(settings.data).free),
        file_limit(resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        vision(await _vision()),
        await _redis(settings),
        *await _database(settings),
    ]


def print_findings(findings: list[Finding], *, as_json: bool) -> None:
    """Say it as a table, or as JSON: `{"state", "findings": [{"check", "state", "reason"}]}`."""
    state = overall(findings)
    if as_json:
        told = {"state": state, "findings": [asdict(finding) for finding in findings]}
        json.dump(told, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    colours = {State.READY: "green", State.WARNING: "yellow", State.NOT_READY: "red"}
    table = Table("check", "state", "reason", title=f"exam doctor: {state}", title_justify="left")
    for finding in findings:
        table.add_row(finding.check, f"[{colours[finding.state]}]{finding.state}[/]", escape(finding.reason))
    Console().print(table)


def camera_page(host: str) -> Finding:
    """Browsers give a page the camera only over HTTPS or from the machine itself."""
    if host in LOCAL_HOSTS:
        return Finding("camera page", State.READY, "served on this machine, or to a proxy on it that speaks HTTPS")
    return Finding(
        "camera page",
        State.WARNING,
        f"pages served on {host} get no camera without HTTPS: put a proxy with a certificate in front",
    )


def disk(free_bytes: int) -> Finding:
    """Answers and pictures need room for the whole exam."""
    reason = f"{free_bytes / (1 << 30):.1f} GiB free"
    if free_bytes < DISK_BYTES_MIN:
        return Finding("disk", State.NOT_READY, f"{reason}; at least {DISK_BYTES_MIN >> 30} GiB is needed")
    if free_bytes < DISK_BYTES_GOOD:
        return Finding("disk", State.WARNING, f"{reason}; pictures of a large exam need {DISK_BYTES_GOOD >> 30} GiB")
    return Finding("disk", State.READY, reason)


def file_limit(files: int) -> Finding:
    """Every connected device is an open file; `exam up` raises the limit as far as it may, which is looked at."""
    if files == resource.RLIM_INFINITY or files >= FILES_GOOD:
        return Finding("open files", State.READY, "unlimited" if files == resource.RLIM_INFINITY else f"up to {files}")
    state = State.NOT_READY if files < FILES_MIN else State.WARNING
    return Finding("open files", state, f"only {files} (ulimit -Hn): about as many devices can be connected at once")


def vision(problems: Mapping[str, str]) -> Finding:
    """Judge what each backend said of itself (nothing: it works). Exams need `fast`; `reference` is to compare with."""
    told = "; ".join(f"{name}: {problem or 'works'}" for name, problem in problems.items())
    if problems["fast"]:
        mend = "install the versions of requirements.lock (make does); until then people compare faces"
        return Finding("vision models", State.WARNING, f"{told}: {mend}")
    return Finding("vision models", State.READY, told)


def database_settings(said: Mapping[str, str]) -> list[Finding]:
    """Judge what PostgreSQL says of itself: the values of `SHOW`, by name."""
    return [
        _version(int(said["server_version_num"]) // 10_000),
        _durable("fsync", said["fsync"], {"on"}),
        _durable("full_page_writes", said["full_page_writes"], {"on"}),
        _durable("synchronous_commit", said["synchronous_commit"], {"on", "local", "remote_write", "remote_apply"}),
        _encoding(said["server_encoding"]),
        _connections(int(said["max_connections"])),
    ]


def clock(offset_s: float) -> Finding:
    """Deadlines go by the database's clock; a host that is off only makes logs and certificates wrong."""
    reason = f"this host is {abs(offset_s):.3f} s {'behind' if offset_s > 0 else 'ahead of'} the database"
    if abs(offset_s) < CLOCK_OFFSET_S_GOOD:
        return Finding("clock", State.READY, reason)
    return Finding("clock", State.WARNING, f"{reason}: synchronise both (deadlines follow the database)")


def _version(major: int) -> Finding:
    known = f"{POSTGRES_VERSION_MIN} to {POSTGRES_VERSION_MAX}"
    if major < POSTGRES_VERSION_MIN:
        return Finding("database version", State.NOT_READY, f"PostgreSQL {major}; {known} are known to work")
    if major > POSTGRES_VERSION_MAX:
        return Finding("database version", State.WARNING, f"PostgreSQL {major}; {known} are known to work")
    return Finding("database version", State.READY, f"PostgreSQL {major}")


def _durable(name: str, value: str, safe: set[str]) -> Finding:
    if value in safe:
        return Finding(f"database {name}", State.READY, value)
    return Finding(f"database {name}", State.NOT_READY, f"{value}: an answer that was acknowledged could be lost")


def _encoding(value: str) -> Finding:
    if value == "UTF8":
        return Finding("database encoding", State.READY, value)
    return Finding("database encoding", State.NOT_READY, f"{value}: names and items need UTF8")


def _connections(count_max: int) -> Finding:
    reason = f"max_connections is {count_max}"
    if count_max < CONNECTIONS_MIN:
        return Finding("database connections", State.NOT_READY, f"{reason}; at least {CONNECTIONS_MIN} are needed")
    if count_max < CONNECTIONS_GOOD:
        return Finding("database connections", State.WARNING, f"{reason}; several processes want {CONNECTIONS_GOOD}")
    return Finding("database connections", State.READY, reason)


def _port(settings: Settings) -> Finding:
    where = base_url(settings.host, settings.port)
    try:
        bind(settings.host, settings.port, shared=False).close()
    except CannotStart as problem:
        if running(settings.data) is not None:
            return Finding("port", State.READY, f"in use while exam up runs ({where})")
        return Finding("port", State.NOT_READY, str(problem))
    return Finding("port", State.READY, f"free ({where})")


def _folder(data: Path) -> Finding:
    """The key and the servers' folders are for their owner; the folder itself was written to a moment ago."""
    for path in (data / "secret.key", data / "postgres", data / "sockets"):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return Finding("data folder", State.NOT_READY, f"{path} is open to other users: chmod go= {path}")
    if data.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return Finding("data folder", State.NOT_READY, f"other users may write in {data}: chmod go-w {data}")
    return Finding("data folder", State.READY, str(data))


async def _vision() -> dict[str, str]:
    """Why a backend can't work; each is tried in a process of its own, which a library may end or crash."""
    told = await asyncio.gather(*(_vision_backend(name) for name in VISION_BACKENDS))
    return dict(zip(VISION_BACKENDS, told, strict=True))


async def _vision_backend(name: str) -> str:
    command = [sys.executable, "-m", "proctor.vision_worker", "--backend", name, "--check"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(VISION_S_MAX):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        return f"no answer after {VISION_S_MAX} s"
    return vision_answer(process.returncode or 0, out)


def vision_answer(status: int, out: bytes) -> str:
    """What the process of a backend said before it ended: why it can't work, nothing if it can."""
    if status < 0:
        return f"crashed ({signal.strsignal(-status)})"
    try:
        return str(json.loads(out))
    except ValueError:
        return f"ended without an answer (status {status})"


async def _redis(settings: Settings) -> Finding:
    found = running(settings.data)
    url = settings.redis_url or ("" if found is None else found.redis_url)
    if not url:
        return Finding("redis", State.READY, "exam up starts its own Valkey")
    client = redis.from_url(url, socket_timeout=ANSWER_S_MAX, socket_connect_timeout=ANSWER_S_MAX)
    try:
        await client.ping()
    except (RedisError, OSError) as problem:
        return Finding("redis", State.NOT_READY, f"can't be reached: {problem}")
    finally:
        await client.aclose()
    return Finding("redis", State.READY, "answers")


async def _database(settings: Settings) -> list[Finding]:
    try:
        async with database(settings.data) as url, asyncio.timeout(ANSWER_S_MAX):
            connection = await asyncpg.connect(url)
            try:
                said = {row["name"]: row["setting"] for row in await connection.fetch("SHOW ALL")}
                return [Finding("database", State.READY, "answers"), *database_settings(said), await _clock(connection)]
            finally:
                await connection.close()
    except (CannotStart, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        return [Finding("database", State.NOT_READY, f"can't be reached: {str(problem) or type(problem).__name__}")]


async def _clock(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    before_s = time.time()
    database_s = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return clock(database_s - (before_s + time.time()) / 2)
