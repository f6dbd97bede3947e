"""As whom the embedded servers run, and how that account gets at what it needs.

PostgreSQL refuses to run as root. When `exam` runs as root (in a container, say) both servers run as the system
user of the PostgreSQL wheel instead. That user must be able to enter the data folder and to read the programs;
nothing is made readable that was not: a data folder out of its reach is refused, programs out of its reach (a
virtual environment below /root) are copied into the data folder.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from exam_engine.settings import CannotStart, ExitCode

SYSTEM_USER = "pgserver"


@dataclass(frozen=True)
class Account:
    """A system user."""

    name: str
    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """Return the account of the servers, made if need be; None when they run as ourselves.

    Raises `CannotStart` when that account can't enter `data`.
    """
    if os.geteuid() != 0:
        return None
    account = _system_user()
    closed = next((parent for parent in (data, *data.parents) if not _may(parent, account, stat.S_IXOTH)), None)
    if closed is not None:
        raise CannotStart(
            f"as root, PostgreSQL runs as the user {SYSTEM_USER}, who may not enter {closed}; "
            "choose another data folder with --data",
            ExitCode.SETTINGS,
        )
    return account


def own_folder(path: Path, account: Account | None) -> Path:
    """Make `path` if need be, closed to everybody but `account` (and root)."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path


def within_reach(program: Path, package: Path, account: Account | None, copies: Path) -> Path:
    """Return where `account` can run `program`, a file of `package`: there, or in the copy of the package in `copies`.

    Libraries that a wheel keeps beside its package (`NAME.libs`) are copied too.
    """
    if account is None or _can_run(program, account):
        return program
    if not copies.exists():
        draft = copies.with_name(copies.name + ".draft")  # a copy that was interrupted must not pass for a whole one
        shutil.rmtree(draft, ignore_errors=True)
        for source in (package, package.with_name(package.name + ".libs")):
            if source.exists():
                shutil.copytree(source, draft / source.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))
        draft.replace(copies)
    return copies / package.name / program.relative_to(package)


def _system_user() -> Account:
    found = _look_up(SYSTEM_USER)
    if found is None:
        # Where it is differs by system, and no option of it comes from outside.
        command = ["useradd", "--system", "--no-create-home", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as problem:
            raise CannotStart(
                f"PostgreSQL can't run as root, and the system user {SYSTEM_USER} can't be made ({problem}); "
                "run as an ordinary user, or set EXAM_DATABASE_URL",
                ExitCode.NO_SERVERS,
            ) from problem
        found = _look_up(SYSTEM_USER)
        assert found is not None
    return found


def _look_up(name: str) -> Account | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def _can_run(program: Path, account: Account) -> bool:
    return _may(program, account, stat.S_IROTH | stat.S_IXOTH) and all(
        _may(parent, account, stat.S_IXOTH) for parent in program.resolve().parents
    )


def _may(path: Path, account: Account, others: int) -> bool:
    """Tell whether `account` has the rights on `path` that are written `others` for everybody else."""
    about = path.stat()
    if about.st_uid == account.uid:
        return about.st_mode & (others << 6) == others << 6
    if about.st_gid == account.gid:
        return about.st_mode & (others << 3) == others << 3
    return about.st_mode & others == others
