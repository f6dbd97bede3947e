"""Files of items at the desk: read in a thread and reported, then, when that is confirmed, written as drafts.

What was read waits in bank.imports, compressed: any process may be asked to confirm it, also after a restart. All of a
file is written in one transaction, so that nothing is half done; how far it is stands in the row of the import, which
others may read meanwhile. A process that dies leaves an import that is not heard of any more: it counts as stopped.
"""

import asyncio
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final

import msgspec
import structlog
from msgspec.structs import replace

from exam_engine.authoring import By
from exam_engine.errors import NotFound, Refused
from exam_engine.house import House
from exam_engine.store import Row
from question_bank import imports_store as store
from question_bank import life_store, pictures_store
from question_bank.formats import Reading, Unreadable, kind_of, read
from question_bank.item import Item, ItemStatus
from question_bank.store import Connection, add_enemies, body, columns, digest

LINES_MAX: Final = 1_000  # of each kind in a report
ITEMS_MAX: Final = 50_000
BATCH: Final = 500
SILENT_S: Final = 60  # nothing heard for so long: its process is gone
HEARTBEAT_S: Final = 5.0
KEEP: Final = timedelta(days=2)

log = structlog.get_logger()


class Line(msgspec.Struct, frozen=True):
    """A line of a report."""

    row: int
    place: str
    code: str
    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds, and what would become of it."""

    total: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    blocked: int = 0
    refused_count: int = 0
    doubt_count: int = 0
    refused: list[Line] = []
    doubts: list[Line] = []
    blocked_lines: list[Line] = []
    ignored: list[str] = []


class Sorted(msgspec.Struct, frozen=True):
    """The items of a file by what would become of them; `changed` with the numbers of the items they are drafts of."""

    new: list[Item]
    changed: list[tuple[int, Item]]
    same: list[Item]
    blocked: list[Line]


# --- reading ---------------------------------------------------------------------------------------------------------


async def begin(house: House, import_id: str, pool: str, name: str, by: By) -> None:
    """The row of an upload that is about to be read."""
    await house.pool.execute(store.ADD, import_id, pool, by.account_id, by.person_id, by.name, name, by.now)


async def read_file(house: House, import_id: str, pool: str, name: str, kind: str, file: BinaryIO) -> None:
    """Read an upload and keep what it holds, with its report."""
    try:
        async with _heartbeat(house, import_id):
            kind, reading = await asyncio.to_thread(_read, name, kind, pool, file)
            report = await _report(house, pool, reading)
            items = await asyncio.to_thread(_packed, reading.items)
        text = msgspec.json.encode(report).decode()
        await house.pool.execute(store.READ, import_id, kind, text, items, house.clock.now())
    except Unreadable as error:
        await _end(house, import_id, "failed", str(error))
    except Exception:
        log.exception("item_import_failed", import_id=import_id)
        await _end(house, import_id, "failed", "")


def _read(name: str, kind: str, pool: str, file: BinaryIO) -> tuple[str, Reading]:
    file.seek(0)
    data = file.read()
    kind = kind or kind_of(name, data)
    reading = read(name, data, {}, pool, kind)
    if len(reading.items) > ITEMS_MAX:
        raise Unreadable(f"The file has more than {ITEMS_MAX} items: bring it in by parts, or by the command line.")
    return kind, reading


def _packed(items: Sequence[Item]) -> bytes:
    return zlib.compress(msgspec.json.encode(items), 6)


def _unpacked(data: bytes) -> list[Item]:
    return msgspec.json.decode(zlib.decompress(data), type=list[Item])


async def _report(house: House, pool: str, reading: Reading) -> Report:
    async with house.pool.acquire() as connection:
        parts = await sort(connection, pool, reading.items)
    return Report(
        total=len(reading.items),
        new=len(parts.new),
        changed=len(parts.changed),
        same=len(parts.same),
        blocked=len(parts.blocked),
        refused_count=len(reading.refused),
        doubt_count=len(reading.doubts),
        refused=[Line(each.row, each.place, each.code, each.reason) for each in reading.refused[:LINES_MAX]],
        doubts=[Line(each.row, each.place, each.code, each.reason) for each in reading.doubts[:LINES_MAX]],
        blocked_lines=parts.blocked[:LINES_MAX],
        ignored=list(reading.ignored[:LINES_MAX]),
    )


async def sort(connection: Connection, pool: str, items: Sequence[Item]) -> Sorted:
    """What would become of these items in the pool as it is now. A set comes in whole, or not at all."""
    known: dict[str, Row] = {}
    for start in range(0, len(items), 10 * BATCH):
        codes = [item.code for item in items[start : start + 10 * BATCH]]
        known |= {row["code"]: row for row in await connection.fetch(store.STANDING, pool, codes)}
    why = {item.code: reason for item in items if (reason := _why_blocked(item, known.get(item.code)))}
    why |= dict.fromkeys(await _without_pictures(connection, items), "picture_missing")
    sets = {item.set_code for item in items if item.code in why and item.set_code}
    found = Sorted([], [], [], [])
    for item in items:
        code = why.get(item.code) or ("set_blocked" if item.set_code and item.set_code in sets else "")
        row = known.get(item.code)
        if code:
            found.blocked.append(Line(0, item.code, code, REASONS[code]))
        elif row is None:
            found.new.append(item)
        elif _says(row) == digest(item):
            found.same.append(item)
        else:
            found.changed.append((row["item_id"], item))
    return found


async def _without_pictures(connection: Connection, items: Sequence[Item]) -> set[str]:
    """The codes of items with a picture that the bank does not have: a file names pictures, it does not hold them."""
    names = sorted({picture.name for item in items for picture in item.pictures})
    known = {row["name"] for row in await connection.fetch(pictures_store.KNOWN, names)} if names else set()
    return {item.code for item in items if any(picture.name not in known for picture in item.pictures)}


REASONS: Final = {
    "picture_missing": "A picture of it is not in the bank: upload it first.",
    "retired": "The item is retired.",
    "draft_open": "Somebody has a working copy of the item open.",
    "in_review": "The item is with a reviewer.",
    "set_fixed": "The item is in force in another set.",
    "set_blocked": "Another item of its set can't come in.",
}


def _says(row: Row) -> bytes | None:
    """The digest of what the item says, or would say."""
    if row["draft_body"] is not None:
        return digest(msgspec.json.decode(row["draft_body"], type=Item))
    said: bytes | None = row["digest"]
    return said


def _why_blocked(item: Item, row: Row | None) -> str:
    if row is None or _says(row) == digest(item):
        return ""
    if row["status"] == ItemStatus.RETIRED:
        return "retired"
    if row["draft"]:
        return "in_review" if row["draft"] == "review" else "draft_open"
    return "set_fixed" if row["set_code"] != item.set_code else ""


# --- writing ---------------------------------------------------------------------------------------------------------


async def take(house: House, import_id: str, account_id: int) -> list[Item]:
    """Claim an import for writing; its items. Raises NotFound, Refused."""
    row = await house.pool.fetchrow(store.TAKE, import_id, account_id, house.clock.now(), SILENT_S)
    if row is not None and row["items"] is not None:
        return await asyncio.to_thread(_unpacked, bytes(row["items"]))
    if await house.pool.fetchrow(store.ONE, import_id, account_id) is None:
        raise NotFound("no_such_import")
    raise Refused("not_read")


async def write(house: House, import_id: str, pool: str, items: Sequence[Item], by: By) -> Sorted | None:
    """Bring the items in as drafts, all in one transaction. None: it failed, nothing was written."""
    done = 0
    try:
        async with house.pool.acquire() as connection, connection.transaction():
            parts = await _locked(connection, pool, items)
            for batch in _batches(parts):
                done += await _write_some(connection, pool, batch, by)
                await house.pool.execute(store.HEARD, import_id, house.clock.now(), done)
            await add_enemies(connection, [*parts.new, *(item for _, item in parts.changed)])
    except Exception:
        log.exception("item_import_failed", import_id=import_id)
        await _end(house, import_id, "failed", "")
        return None
    await _end(house, import_id, "done", "", done)
    return parts


async def _locked(connection: Connection, pool: str, items: Sequence[Item]) -> Sorted:
    """The items as they stand now, held until the end: since the report somebody may have begun a working copy."""
    for start in range(0, len(items), 10 * BATCH):
        await connection.execute(store.LOCK, pool, sorted(item.code for item in items[start : start + 10 * BATCH]))
    return await sort(connection, pool, items)


_Batch = tuple[list[Item], list[tuple[int, Item]]]


def _batches(parts: Sorted) -> list[_Batch]:
    found: list[_Batch] = [(parts.new[at : at + BATCH], []) for at in range(0, len(parts.new), BATCH)]
    found += [([], parts.changed[at : at + BATCH]) for at in range(0, len(parts.changed), BATCH)]
    return found


async def _write_some(
    connection: Connection, pool: str, batch: tuple[list[Item], list[tuple[int, Item]]], by: By
) -> int:
    new, changed = batch
    if new:
        rows = columns([(item.code, item.set_code) for item in new], 2)
        ids = {row["code"]: row["item_id"] for row in await connection.fetch(store.ADD_ITEMS, pool, *rows, by.now)}
        pairs = [(ids[item.code], item) for item in new]
    else:
        pairs = changed
        await connection.execute(store.TOUCH, [item_id for item_id, _ in changed], by.now)
    texts = [(item_id, body(replace(item, pool=pool)).decode()) for item_id, item in pairs]
    who = (by.name, [by.person_id], [by.account_id], by.now)
    await connection.execute(store.ADD_DRAFTS, *columns(texts, 2), *who)
    await connection.execute(life_store.DESCRIBE, [item_id for item_id, _ in pairs])
    return len(pairs)


async def _end(house: House, import_id: str, state: str, problem: str, done: int = 0) -> None:
    await house.pool.execute(store.END, import_id, state, problem, done, house.clock.now(), None)


# --- how far it is ---------------------------------------------------------------------------------------------------


def _heartbeat(house: House, import_id: str) -> "Heartbeat":
    return Heartbeat(house, import_id)


class Heartbeat:
    """Says now and then that its process is alive, while a long reading goes on."""

    def __init__(self, house: House, import_id: str) -> None:
        self._house, self._import_id = house, import_id
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._beat())

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self._house.pool.execute(store.HEARD, self._import_id, self._house.clock.now(), 0)


def state_of(row: Row, now: datetime) -> str:
    """The state of an import; stopped when its process is not heard of any more."""
    silent = now - row["heard_at"] > timedelta(seconds=SILENT_S)
    return "stopped" if silent and row["state"] in ("reading", "writing") else str(row["state"])


def report_of(row: Row) -> dict[str, Any]:
    """The report of an import as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.json.decode(row["report"], type=Report))
    return plain


async def sweep(house: House) -> None:
    """Forget what was read and never confirmed, and pictures that never came into an item."""
    before = house.clock.now() - KEEP
    await house.pool.execute(store.SWEEP, before)
    await house.pool.execute(pictures_store.SWEEP, before)
