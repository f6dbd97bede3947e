"""The processes of an `exam up` that runs already on this machine, found by its data folder."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

_OWNER: Final = re.compile(r"exam up \(process (\d+)\)")
_SERVERS: Final = {"postgres": "postgres", "valkey-server": "valkey", "redis-server": "valkey"}
_VISION: Final = "proctor.vision_worker"


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
