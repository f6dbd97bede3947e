"""`exam up`: the port, the servers, the schema, the demonstration, the serving; then wait, and stop in order."""

import asyncio
import json
import resource
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exam_engine.commands.application import Account, Application, Prepared
from exam_engine.commands.port import addresses, base_url, take_port
from exam_engine.commands.serving import serve_here, serve_in_children
from exam_engine.embedded import servers
from exam_engine.migrating import migrate
from exam_engine.settings import Settings

SHOWN_OF_A_ROLE_MAX = 3
SERVE_ONE = (sys.executable, "-m", "exam_engine", "serve-one")


async def up(settings: Settings, application: Application, serve_one: Sequence[str] = SERVE_ONE) -> None:
    """Run until SIGTERM or SIGINT; raises `CannotStart` when it can't.

    `serve_one` is the command of one serving process, for `--processes`.
    """
    stop = asyncio.Event()
    starting = True
    task = asyncio.current_task()
    assert task is not None

    def on_signal() -> None:
        # While it starts there is nobody yet who would look at `stop`; a second signal must not break off the end.
        if starting and not stop.is_set():
            task.cancel()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    raise_file_limit()
    _forget_ready_file(settings)  # what it says of an earlier run is not true of this one
    try:
        with await take_port(settings.host, settings.port) as sock:
            port = sock.getsockname()[1]
            async with servers(settings) as found:
                await migrate(found.database_url)
                prepared = await application.prepare(settings, found.database_url)

                def on_ready() -> None:
                    nonlocal starting
                    starting = False
                    _tell(settings, port, prepared)

                if settings.processes == 1:
                    serving = application.serve(settings, found.database_url, found.redis_url, sock, stop, on_ready)
                    await serve_here(serving, stop)
                else:
                    command = [*serve_one, *_options(settings, port)]
                    await serve_in_children(settings.processes, command, found, stop, on_ready)
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
    finally:
        _forget_ready_file(settings)


def raise_file_limit() -> None:
    """Allow ourselves as many open files as the system lets us: every candidate is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS says "unlimited" and then refuses it
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _options(settings: Settings, port: int) -> list[str]:
    """Return the command line that gives a child these settings; the URLs and secrets go by the environment."""
    said = ["--data", str(settings.data), "--host", settings.host, "--port", str(port)]
    said += ["--processes", str(settings.processes), "--vision", str(settings.vision)]
    said += ["--vision-rate", str(settings.vision_rate)]
    said += ["--demo"] if settings.demo else []
    said += [] if settings.demo_minutes is None else ["--demo-minutes", str(settings.demo_minutes)]
    return said


def _tell(settings: Settings, port: int, prepared: Prepared) -> None:
    """Say where it serves and who can log in, to the person and, as JSON, to the ready file."""
    console = Console()
    table = Table("physicians", "desk", title="exam is up", title_justify="left")
    for address in addresses(settings.host, port):
        table.add_row(address, f"{address}/desk/")
    console.print(table)
    if prepared.accounts:
        console.print(_account_table(prepared.accounts))
    console.file.flush()
    if settings.ready_file is not None:
        _write_ready_file(settings.ready_file, base_url(settings.host, port), prepared)


def _account_table(accounts: Sequence[Account]) -> Table:
    table = Table("role", "login", "password", "name", title="demonstration accounts", title_justify="left")
    for role in dict.fromkeys(account.role for account in accounts):
        alike = [account for account in accounts if account.role == role]
        for account in alike[:SHOWN_OF_A_ROLE_MAX]:
            table.add_row(*map(escape, (account.role, account.login, account.password, account.name)))
        if len(alike) > SHOWN_OF_A_ROLE_MAX:
            table.add_row(escape(role), f"… to {escape(alike[-1].login)}", "", f"{len(alike)} in all")
    return table


def _write_ready_file(path: Path, url: str, prepared: Prepared) -> None:
    """Write it whole: whoever waits for it to appear finds everything in it."""
    told = {
        "base_url": url,
        "accounts": [
            {"role": one.role, "login": one.login, "password": one.password, "name": one.name}
            for one in prepared.accounts
        ],
        "sittings": [{"id": one.id, "kind": one.kind, "title": one.title} for one in prepared.sittings],
    }
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as draft:
        json.dump(told, draft, ensure_ascii=False, indent=2)
    Path(draft.name).replace(path)


def _forget_ready_file(settings: Settings) -> None:
    if settings.ready_file is not None:
        settings.ready_file.unlink(missing_ok=True)
