"""What a person says about how the program runs: the command line first, then the environment, then the defaults.

| option          | environment         | default                                                       |
| --------------- | ------------------- | ------------------------------------------------------------- |
| `--data`        | `EXAM_DATA`         | `./exam-data` (see `default_data`)                            |
| `--host`        | `EXAM_HOST`         | 127.0.0.1: nobody else can reach it until somebody says so    |
| `--port`        | `EXAM_PORT`         | 8080                                                          |
| `--processes`   | `EXAM_PROCESSES`    | 1                                                             |
| `--vision`      | `EXAM_VISION`       | 1: processes that look for faces, per serving process         |
| `--vision-rate` | `EXAM_VISION_RATE`  | 0: of the pictures taken at intervals, as many as they manage |
|                 | `EXAM_DATABASE_URL` | the PostgreSQL in the data folder                             |
|                 | `EXAM_REDIS_URL`    | the Valkey in the data folder                                 |
|                 | `EXAM_SECRET_KEY`   | `secret.key` in the data folder, made once                    |

Everything that is wrong is said here, before anything has been started, as `CannotStart`.
"""

import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from urllib.parse import urlsplit

PROCESSES_MAX = 64
VISION_MAX = 64
VISION_RATE_MAX = 10_000  # pictures a second, per serving process
DEMO_MINUTES_MAX = 24 * 60
SECRET_BYTES = 32
DATABASE_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss", "unix")


class ExitCode(IntEnum):
    """What the shell is told; 0 is success and 2 is also what a misspelt option gives."""

    FAILED = 1
    SETTINGS = 2
    PORT_TAKEN = 3
    FOLDER_IN_USE = 4
    NO_SERVERS = 5
    UNREACHABLE = 6
    SCHEMA_NEWER = 7


class CannotStart(Exception):
    """The program can't do its work here; `str()` is one line for a person, `exit_code` is for the shell."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Checked settings: whoever holds one needs to check nothing again."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    processes: int = 1
    vision: int = 1
    vision_rate: int = 0
    demo: bool = False
    demo_minutes: int | None = None
    ready_file: Path | None = None
    secret_key: bytes = field(repr=False)


def read_settings(
    *,
    data: Path | None = None,
    host: str | None = None,
    port: int | None = None,
    processes: int | None = None,
    vision: int | None = None,
    vision_rate: int | None = None,
    demo: bool = False,
    demo_minutes: int | None = None,
    ready_file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Put together what was said; `None` means that the command line said nothing.

    Makes the data folder, and in it the secret key when `EXAM_SECRET_KEY` gives none. Raises `CannotStart`.
    """
    if port is None:
        port = _whole_number(environ, "EXAM_PORT", Settings.port)
    if processes is None:
        processes = _whole_number(environ, "EXAM_PROCESSES", Settings.processes)
    if vision is None:
        vision = _whole_number(environ, "EXAM_VISION", Settings.vision)
    if vision_rate is None:
        vision_rate = _whole_number(environ, "EXAM_VISION_RATE", Settings.vision_rate)
    _within("the number of vision processes", vision, 0, VISION_MAX)
    _within("the number of pictures looked at in a second", vision_rate, 0, VISION_RATE_MAX)
    _within("the port", port, 0, 65535)
    _within("the number of processes", processes, 1, PROCESSES_MAX)
    if demo_minutes is not None:
        _within("--demo-minutes", demo_minutes, 1, DEMO_MINUTES_MAX)
        if not demo:
            raise CannotStart("--demo-minutes shortens the demonstration's exams: it needs --demo", ExitCode.SETTINGS)
    if ready_file is not None and not ready_file.absolute().parent.is_dir():
        raise CannotStart(f"the folder of --ready-file {ready_file} does not exist", ExitCode.SETTINGS)
    database_url = _url(environ, "EXAM_DATABASE_URL", DATABASE_SCHEMES)
    redis_url = _url(_with_redis_scheme(environ), "EXAM_REDIS_URL", REDIS_SCHEMES)
    folder = data_folder(data, environ)
    return Settings(
        data=folder,
        host=host or environ.get("EXAM_HOST") or Settings.host,
        port=port,
        database_url=database_url,
        redis_url=redis_url,
        processes=processes,
        vision=vision,
        vision_rate=vision_rate,
        demo=demo,
        demo_minutes=demo_minutes,
        ready_file=None if ready_file is None else ready_file.absolute(),
        secret_key=_secret_key(folder, environ),
    )


def database_url_of(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the checked `EXAM_DATABASE_URL`, for commands that need nothing else."""
    return _url(environ, "EXAM_DATABASE_URL", DATABASE_SCHEMES)


def data_folder(data: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder, absolute and made if need be; whether it can be written to is checked too."""
    given = data or (Path(environ["EXAM_DATA"]) if environ.get("EXAM_DATA") else default_data())
    folder = given.expanduser().absolute()
    try:
        # As root, PostgreSQL runs as another system user, who must be able to pass through here: 711, not 700.
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise CannotStart(
            f"the data folder {folder} can't be written to: {problem.strerror}; choose another with --data",
            ExitCode.SETTINGS,
        ) from problem
    return folder


def default_data(here: Callable[[], Path] = Path.cwd, *, root: bool | None = None) -> Path:
    """Return `./exam-data`, or for root in a folder closed to others: `/var/lib/physician-exam`.

    PostgreSQL refuses to run as root, so as root it runs as a system user of its own. That user can't enter a
    folder below /root, nor any other that is closed to others; opening them all (as some tools do) would show
    root's files to everybody. Hence a place where the system keeps such data anyway.
    """
    folder = here()
    is_root = os.geteuid() == 0 if root is None else root
    if is_root and not all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents)):
        return Path("/var/lib/physician-exam")
    return folder / "exam-data"


def _secret_key(folder: Path, environ: Mapping[str, str]) -> bytes:
    text = environ.get("EXAM_SECRET_KEY")
    name = "EXAM_SECRET_KEY"
    if text is None:
        path = folder / "secret.key"
        name = str(path)
        if not path.exists():
            _make_secret(path)
        try:
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as problem:
            raise CannotStart(f"{path} can't be read: {problem}", ExitCode.SETTINGS) from problem
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != SECRET_BYTES:
        raise CannotStart(f"{name} must be {SECRET_BYTES * 2} hexadecimal digits", ExitCode.SETTINGS)
    return key


def _make_secret(path: Path) -> None:
    """Write a new key so that nobody ever sees half of one, and the first of two writers wins."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as draft:  # made with mode 0600
        draft.write(secrets.token_hex(SECRET_BYTES) + "\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return  # somebody else was first: theirs counts


def _whole_number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise CannotStart(f"{name} must be a whole number, not {text!r}", ExitCode.SETTINGS) from None


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise CannotStart(f"{name} must be between {low} and {high}, not {value}", ExitCode.SETTINGS)


def _with_redis_scheme(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Valkey's own schemes mean the same, but our client knows them by the old names only."""
    said = environ.get("EXAM_REDIS_URL", "").strip()
    return {"EXAM_REDIS_URL": "redis" + said.removeprefix("valkey") if said.startswith("valkey") else said}


def _url(environ: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    """Return the URL or None; the message never repeats it, because it may hold a password."""
    text = environ.get(name, "").strip()
    if not text:
        return None
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        scheme = ""
    if scheme not in schemes:
        raise CannotStart(f"{name} must start with one of {', '.join(f'{s}://' for s in schemes)}", ExitCode.SETTINGS)
    return text
