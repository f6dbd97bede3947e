"""What authors and reviewers do with items: read, write, hand in, decide, suspend, retire."""

import json
from typing import Final

import msgspec

from exam_engine import authoring
from exam_engine.authoring import Fault
from exam_engine.edge.accounts import audit
from exam_engine.edge.bank_desk import AUTHOR, BANK, by, content_of, item_of, note, pool_of, rows_of, scope_of
from exam_engine.edge.bank_shapes import (
    AlarmRow,
    BankItemDetail,
    BankItemRow,
    BankPreview,
    BankTasks,
    EnemyRow,
    ExposureRow,
    ItemMove,
    ItemProblem,
    MovedItems,
    MovedLine,
    MoveItem,
    MoveItems,
    NewItem,
    PreviewAsked,
    SaveItem,
    SetEnemies,
    VersionDetail,
    VersionRow,
)
from exam_engine.edge.http import Call, Endpoints
from exam_engine.errors import Invalid, NotFound, PersonError
from exam_engine.papers import item_view
from exam_engine.store import ACCOUNT_NAMES
from question_bank import finding_store, pictures_store
from question_bank import life_store as store
from question_bank.item import IN_SETS, Item, ItemType, doubts
from question_bank.life import Event, acts
from question_bank.life_store import Held
from question_bank.paper import PaperEntry
from question_bank.store import Connection

CODE_BITS: Final = 32
VERSION_MAX: Final = 2**31 - 1

endpoints = Endpoints()


@endpoints.add("GET", "/api/bank/tasks", roles=BANK, answer=BankTasks)
async def bank_tasks(call: Call) -> BankTasks:
    """What waits for the caller, of all his pools."""
    row = await call.house.pool.fetchrow(finding_store.TASKS, await scope_of(call), call.me.person_id)
    assert row is not None
    return BankTasks(**dict(row))


# --- reading ---------------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/bank/items/{item_id}", roles=BANK, answer=BankItemDetail)
async def see_item(call: Call) -> BankItemDetail:
    """All of an item: contents, history, exposure, and what the caller may do."""
    return await _detail(call, call.path["item_id"])


async def _detail(call: Call, item_id: int) -> BankItemDetail:
    pool, me = call.house.pool, call.me
    one, members = await authoring.look(pool, item_id, await scope_of(call))
    rows = {row.item_id: row for row in await rows_of(call, [member.item_id for member in members])}
    found = authoring.faults(members)
    stands = authoring.standing(one, members)
    may, refused_by = acts(stands, by(call).actor())
    enemies = await pool.fetch(store.ENEMIES, one.pool, one.code)
    return BankItemDetail(
        row=rows[item_id],
        content=content_of(one.in_force) if one.in_force else None,
        draft_content=content_of(one.working) if one.working else None,
        draft_version=one.draft_version,
        base_changed=stands.base_changed,
        reason=one.reason,
        problems=[_problem(fault) for fault in found] if one.working else [],
        doubts=[ItemProblem(item_id=item_id, code=each.code, text=each.text) for each in doubts(one.latest)],
        set=[row for row in rows.values() if row.item_id != item_id],
        enemies=[EnemyRow(**dict(row)) for row in enemies],
        moves=await _moves(call, item_id),
        versions=await _versions(call, one),
        exposure=[ExposureRow(**dict(row)) for row in await pool.fetch(finding_store.EXPOSURE, item_id)],
        alarms=[_alarm(dict(row)) for row in await pool.fetch(store.ALARMS, item_id)],
        acts=may if me.role == "author" else [act for act in may if act != Event.EDIT],
        refused_by=refused_by,
    )


def _problem(fault: Fault) -> ItemProblem:
    return ItemProblem(item_id=fault.item_id, code=fault.problem.code, text=fault.problem.text)


def _alarm(row: dict[str, object]) -> AlarmRow:
    return msgspec.convert(row | {"evidence": json.loads(str(row["evidence"]))}, AlarmRow)


async def _moves(call: Call, item_id: int) -> list[ItemMove]:
    rows = [dict(row) for row in await call.house.pool.fetch(store.MOVES, item_id)]
    accounts = sorted({row["account_id"] for row in rows if row["account_id"]})
    names = {row["account_id"]: row["name"] for row in await call.house.pool.fetch(ACCOUNT_NAMES, accounts)}
    return [ItemMove(by=names.get(row.pop("account_id"), ""), **row) for row in rows]


async def _versions(call: Call, one: Held) -> list[VersionRow]:
    rows = await call.house.pool.fetch(store.VERSIONS, one.item_id)
    in_force = one.version if one.in_force else None
    return [VersionRow(in_force=row["version"] == in_force, **dict(row)) for row in rows]


@endpoints.add("GET", "/api/bank/items/{item_id}/versions/{version_id}", roles=BANK, answer=VersionDetail)
async def see_version(call: Call) -> VersionDetail:
    """A version as it was frozen."""
    one, _ = await authoring.look(call.house.pool, call.path["item_id"], await scope_of(call))
    number = call.path["version_id"]
    row = await call.house.pool.fetchrow(store.VERSION, one.item_id, number) if number <= VERSION_MAX else None
    if row is None:
        raise NotFound("no_such_version")
    content = content_of(msgspec.json.decode(row["body"], type=Item))
    return VersionDetail(version=row["version"], author=row["author"], at=row["at"], content=content)


@endpoints.add("GET", "/api/bank/items/{item_id}/preview", roles=BANK, answer=BankPreview, query=("in_force",))
async def preview_item(call: Call) -> BankPreview:
    """The item as a candidate sees it, with its set: the working copy, or with in_force=1 what is drawn."""
    one, members = await authoring.look(call.house.pool, call.path["item_id"], await scope_of(call))
    if call.request.query.get("in_force") == "1":
        items = [member.in_force for member in members if member.in_force is not None]
    else:
        items = [member.latest for member in members]
    places = [item.item_id for item in items]
    if one.item_id not in places:
        raise NotFound("no_such_version")
    return _preview(items, places.index(one.item_id) + 1)


@endpoints.add("POST", "/api/bank/preview", roles=BANK, body=PreviewAsked, answer=BankPreview)
async def preview_content(call: Call) -> BankPreview:
    """What is being typed, as a candidate would see it."""
    asked = call.body
    assert isinstance(asked, PreviewAsked)
    if asked.at > len(asked.contents):
        raise Invalid("wrong_shape")
    return _preview([item_of(content, "?", "?") for content in asked.contents], asked.at)


def _preview(items: list[Item], at: int) -> BankPreview:
    """Through the very function that shows papers; options in the author's order, since a preview is no paper."""
    views = [item_view(no, _entry(item, len(items)), item) for no, item in enumerate(items, 1)]
    return BankPreview(items=views, at=at)


def _entry(item: Item, count: int) -> PaperEntry:
    group = 1 if item.type in IN_SETS and count > 1 else 0
    return PaperEntry(
        item_id=item.item_id,
        version=item.version,
        order="".join(option.id for option in item.options),
        group=group,
        chain=item.type is ItemType.A4,
        multiple=item.type is ItemType.X,
    )


# --- writing ---------------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/bank/items", roles=AUTHOR, body=NewItem, answer=BankItemDetail)
async def add_item(call: Call) -> BankItemDetail:
    """Begin a new item as a draft."""
    asked = call.body
    assert isinstance(asked, NewItem)
    await pool_of(call, asked.pool)
    code = asked.code or _new_code(call)
    if code != code.strip():
        raise Invalid("item_code_wrong")
    item = item_of(asked.content, asked.pool, code)
    async with call.house.pool.acquire() as connection, connection.transaction():
        await _must_have_pictures(connection, [item])
        item_id = await authoring.begin(connection, item, by(call))
        await audit(call, call.me, "item_added", f"item {item_id}", runner=connection, pool=item.pool, code=code)
    return await _detail(call, item_id)


def _new_code(call: Call) -> str:
    day = call.house.clock.now().strftime("%Y%m%d")
    return f"{day}-{call.house.rng.getrandbits(CODE_BITS):08x}"


async def _must_have_pictures(connection: Connection, items: list[Item]) -> None:
    names = sorted({picture.name for item in items for picture in item.pictures})
    known = {row["name"] for row in await connection.fetch(pictures_store.KNOWN, names)} if names else set()
    if missing := [name for name in names if name not in known]:
        raise Invalid("no_such_picture", picture=missing[0])


@endpoints.add("PUT", "/api/bank/items/{item_id}", roles=AUTHOR, body=SaveItem, answer=BankItemDetail)
async def save_item(call: Call) -> BankItemDetail:
    """Keep a working copy; what is in force stays until another person approves it."""
    asked = call.body
    assert isinstance(asked, SaveItem)
    async with call.house.pool.acquire() as connection, connection.transaction():
        one, members = await authoring.hold(connection, call.path["item_id"], await scope_of(call))
        authoring.must_be(one, asked.revision)
        content = item_of(asked.content, one.pool, one.code, one.item_id)
        await _must_have_pictures(connection, [content])
        moved = await authoring.save(connection, one, members, content, by(call))
        await note(call, connection, [line for line in moved if line.was != line.now])
    return await _detail(call, one.item_id)


@endpoints.add("POST", "/api/bank/items/{item_id}/move", roles=BANK, body=MoveItem, answer=BankItemDetail)
async def move_item(call: Call) -> BankItemDetail:
    """Move an item, with its set, through its life."""
    asked, item_id = call.body, call.path["item_id"]
    assert isinstance(asked, MoveItem)
    before = await _detail(call, item_id) if asked.event == "discard" else None
    await _move(call, item_id, asked.revision, asked.event, asked.reason)
    try:
        return await _detail(call, item_id)
    except NotFound:
        if before is None:
            raise
        return before  # it never was anything to anybody else, and is gone: as it was


async def _move(call: Call, item_id: int, revision: int, event: str, reason: str) -> None:
    async with call.house.pool.acquire() as connection, connection.transaction():
        one, members = await authoring.hold(connection, item_id, await scope_of(call))
        authoring.must_be(one, revision)
        moved = await authoring.move(connection, one, members, Event(event), reason, by(call))
        await note(call, connection, moved, **({"reason": reason.strip()} if reason.strip() else {}))


@endpoints.add("POST", "/api/bank/moves", roles=BANK, body=MoveItems, answer=MovedItems)
async def move_items(call: Call) -> MovedItems:
    """The same move of many items; each line says what became of it."""
    asked = call.body
    assert isinstance(asked, MoveItems)
    refused: dict[int, str] = {}
    done: set[int] = set()
    for line in asked.items:
        if line.item_id in done:
            continue
        try:
            one, members = await authoring.look(call.house.pool, line.item_id, await scope_of(call))
            await _move(call, one.item_id, line.revision, asked.event, asked.reason)
            done |= {member.item_id for member in members}
        except PersonError as error:
            refused[line.item_id] = error.code
    wanted = [line.item_id for line in asked.items]
    rows = {row.item_id: row for row in await rows_of(call, sorted(set(wanted) - _hidden(refused)))}
    return MovedItems(lines=[_line(item_id, rows, refused) for item_id in dict.fromkeys(wanted)])


def _hidden(refused: dict[int, str]) -> set[int]:
    return {item_id for item_id, code in refused.items() if code == "no_such_bank_item"}


def _line(item_id: int, rows: dict[int, BankItemRow], refused: dict[int, str]) -> MovedLine:
    row = rows.get(item_id)
    return MovedLine(
        item_id=item_id,
        status=row.status if row else "",
        draft=row.draft if row else "",
        revision=row.revision if row else 0,
        refused=refused.get(item_id, ""),
    )


@endpoints.add("POST", "/api/bank/items/{item_id}/copy", roles=AUTHOR, answer=BankItemDetail)
async def copy_item(call: Call) -> BankItemDetail:
    """A new draft with the same content; a set is copied whole."""
    async with call.house.pool.acquire() as connection, connection.transaction():
        one, members = await authoring.hold(connection, call.path["item_id"], await scope_of(call))
        set_code = _new_code(call) if one.set_code else ""
        made: dict[int, int] = {}
        for member in members:
            item = msgspec.structs.replace(member.latest, code=_new_code(call), set_code=set_code)
            made[member.item_id] = await authoring.begin(connection, item, by(call))
            facts = {"pool": item.pool, "code": item.code, "copy_of": member.item_id}
            await audit(call, call.me, "item_added", f"item {made[member.item_id]}", runner=connection, **facts)
    return await _detail(call, made[one.item_id])


@endpoints.add("PUT", "/api/bank/items/{item_id}/enemies", roles=AUTHOR, body=SetEnemies, answer=BankItemDetail)
async def set_enemies(call: Call) -> BankItemDetail:
    """Say which items must never be in one paper with this."""
    asked = call.body
    assert isinstance(asked, SetEnemies)
    async with call.house.pool.acquire() as connection, connection.transaction():
        one, _ = await authoring.hold(connection, call.path["item_id"], await scope_of(call))
        authoring.must_be(one, asked.revision)
        await authoring.set_enemies(connection, one, asked.enemies, by(call))
        facts = {"enemies": sorted(set(asked.enemies))}
        await audit(call, call.me, "item_enemies_set", f"item {one.item_id}", runner=connection, **facts)
    return await _detail(call, one.item_id)
