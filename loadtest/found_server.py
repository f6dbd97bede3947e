"""A system that runs already: whether it is there and is that of the cast, and its processes on this machine."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import psutil

from loadtest.asking import Asking
from loadtest.cast import Cast, read_cast
from loadtest.journal_rows import NoSuchSitting, reading
from loadtest.programs import CannotRun
from loadtest.stage import address_of, host_and_port

_OWNER: Final = re.compile(r"exam up \(process (\d+)\)")
_SERVERS: Final = {"postgres": "postgres", "valkey-server": "valkey", "redis-server": "valkey"}
_VISION: Final = "proctor.vision_worker"
PATIENCE_S: Final = 10.0
OK: Final = 200
UNKNOWN: Final = 401


class Found(msgspec.Struct, frozen=True):
    """Without a database nothing can be checked."""

    cast: Cast
    database_url: str | None


async def look_for(
    url: str, cast_path: Path, *, candidates: int, begun: bool, data: Path | None, database_url: str
) -> Found:
    """The system behind `url` with its cast, before anything is begun. Raises CannotRun, which says what is wrong."""
    try:
        cast = read_cast(cast_path)
    except (OSError, msgspec.MsgspecError) as error:
        raise CannotRun(f"the cast {cast_path} can't be read: {error}") from error
    if candidates > len(cast.players):
        raise CannotRun(f"the cast has {len(cast.players)} players only")
    if begun and not all(player.attempt_id for player in cast.players[:candidates]):
        raise CannotRun("--begun needs a cast whose attempts are begun: `exam cast --begun`")
    if data is not None and not database_url:
        database_url = database_of(data) or ""
        if not database_url:
            raise CannotRun(f"no `exam up` runs on the data folder {data}")
    await _ask(url, cast)
    if database_url:
        await _look_into(database_url, cast)
    return Found(cast, database_url or None)


async def _ask(url: str, cast: Cast) -> None:
    """Whether somebody is there who knows the first player."""
    try:
        asking = Asking(*host_and_port(url), limit=1)
    except ValueError as error:
        raise CannotRun(str(error)) from error
    try:
        status, _answer = await asking.ask(
            "GET", "/api/papers", token=cast.players[0].token, address=address_of(0), within_s=PATIENCE_S
        )
    except TimeoutError as error:
        raise CannotRun(f"{url} does not answer within {PATIENCE_S:g} s") from error
    except OSError as error:
        raise CannotRun(f"{url} can't be reached: {error}") from error
    finally:
        asking.close()
    if status == UNKNOWN:
        raise CannotRun(f"{url} does not know the sessions of this cast: it is another system's, or they have run out")
    if status != OK:
        raise CannotRun(f"{url} answers {status} to a player who asks for his papers")


async def _look_into(database_url: str, cast: Cast) -> None:
    """Whether the checker will find there what is played."""
    try:
        async with reading(database_url) as rows:
            await rows.expect(cast)
            played = await rows.played(cast.sitting_id)
    except NoSuchSitting as error:
        raise CannotRun(str(error)) from error
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotRun(f"the database can't be read: {error}") from error
    if played:  # nobody of this run will have sent what already stands in its journals
        raise CannotRun("this cast has played already: make a new one with `exam cast`")


def processes_of(data: Path) -> list[tuple[str, int]]:
    """(part, pid) of all it started; none if nothing runs there."""
    try:
        owner = _OWNER.search((data / "up.lock").read_text(encoding="utf-8"))
        above = psutil.Process(int(owner[1])) if owner else None
        family = [above, *above.children(recursive=True)] if above else []
    except (OSError, psutil.Error):
        return []
    parts = [(_part(process), process.pid) for process in family]
    # With children that serve, the one above them only watches over them.
    return [("other", parts[0][1]), *parts[1:]] if any(part == "serving" for part, _ in parts[1:]) else parts


def database_of(data: Path) -> str | None:
    """Where its database is."""
    try:
        return str(json.loads((data / "run.json").read_text(encoding="utf-8"))["database_url"])
    except (OSError, ValueError, KeyError):
        return None


def part_of(words: Sequence[str]) -> str:
    """By its command line."""
    program = Path(words[0].partition(":")[0]).name  # PostgreSQL's say what they do after a colon
    if program in _SERVERS:
        return _SERVERS[program]
    if _VISION in words:
        return "vision"
    return "serving" if {"serve-one", "up"} & set(words) else "other"


def _part(process: psutil.Process) -> str:
    try:
        return part_of(process.cmdline() or [process.name()])
    except psutil.Error:
        return "other"
