"""The bank in PostgreSQL: all or nothing, and no version ever changes."""

import inspect
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from question_bank import store
from question_bank.item import Item, ItemStatus, ItemType, Option
from question_bank.store import SaveReport, active_items, by_reference, counts, save

Connection = asyncpg.Connection


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


def some_items(pool: str, count: int, **changes: object) -> list[Item]:
    """Items for a pool that no other test uses, so that tests do not see each other's."""
    plain = [
        Item(
            code=f"c{number}",
            pool=pool,
            type=ItemType.A1,
            topic="卫生法律法规",
            stem=f"第{number}题",
            options=(Option("a", "是"), Option("b", "否")),
            key="b",
            status=ItemStatus.ACTIVE,
        )
        for number in range(count)
    ]
    return [msgspec.structs.replace(item, **changes) for item in plain]


async def test_new_items_are_numbered_in_their_order_and_come_back_as_they_were(connection: Connection) -> None:
    items = some_items("new", 50)
    assert await save(connection, items, "author") == SaveReport(added=50, changed=0, unchanged=0)
    found = await active_items(connection, "new")
    assert [item.item_id for item in found] == sorted(item.item_id for item in found)
    assert [msgspec.structs.replace(item, item_id=0) for item in found] == items


async def test_the_same_content_again_changes_nothing(connection: Connection) -> None:
    await save(connection, some_items("again", 3), "author")
    before = await active_items(connection, "again")
    assert await save(connection, before, "author") == SaveReport(added=0, changed=0, unchanged=3)
    assert await active_items(connection, "again") == before


async def test_other_content_is_a_new_version_and_the_old_one_stays(connection: Connection) -> None:
    await save(connection, some_items("versions", 2), "author")
    old = await active_items(connection, "versions")
    mended = [msgspec.structs.replace(old[0], stem="更正"), old[1], *some_items("versions", 3)[2:]]
    assert await save(connection, mended, "author") == SaveReport(added=1, changed=1, unchanged=1)
    new = await active_items(connection, "versions")
    assert [(item.version, item.stem) for item in new[:2]] == [(2, "更正"), (1, "第1题")]
    refs = [(old[0].item_id, 1), (old[0].item_id, 2), (old[0].item_id, 3), (10**9, 1)]
    assert await by_reference(connection, refs) == {refs[0]: old[0], refs[1]: new[0]}


async def test_an_import_does_not_bring_back_what_was_suspended(connection: Connection) -> None:
    await save(connection, some_items("suspended", 1, status=ItemStatus.SUSPENDED), "author")
    assert await save(connection, some_items("suspended", 1, stem="更正"), "author") == SaveReport(0, 1, 0)
    assert await active_items(connection, "suspended") == []


async def test_a_set_with_an_item_that_is_not_active_is_left_out(connection: Connection) -> None:
    pair = some_items("sets", 2, type=ItemType.B1, set_code="S")
    other = some_items("sets", 4, type=ItemType.B1, set_code="T")[2:]
    broken = [pair[0], msgspec.structs.replace(pair[1], status=ItemStatus.RETIRED)]
    await save(connection, [*broken, *other], "author")
    assert [item.code for item in await active_items(connection, "sets")] == ["c2", "c3"]


async def test_one_bad_item_keeps_all_of_them_out(connection: Connection) -> None:
    items = [*some_items("whole", 2), *some_items("whole", 1, code="x" * 81)]
    with pytest.raises(asyncpg.CheckViolationError):
        await save(connection, items, "author")
    assert await active_items(connection, "whole") == []


async def test_two_items_of_one_code_are_refused_before_anything_is_written(connection: Connection) -> None:
    with pytest.raises(ValueError, match="same pool and code"):
        await save(connection, some_items("twice", 1) * 2, "author")


async def test_codes_are_apart_from_pool_to_pool_and_pools_are_counted(connection: Connection) -> None:
    await save(connection, [*some_items("one", 2), *some_items("two", 3)], "author")
    found = await counts(connection)
    assert (found["one"], found["two"]) == (2, 3)


async def test_nothing_to_save_is_saved_and_nothing_to_find_is_found(connection: Connection) -> None:
    assert await save(connection, [], "author") == SaveReport(0, 0, 0)
    assert await by_reference(connection, []) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank.item_versions SET body = body",
        "DELETE FROM bank.item_versions",
        "TRUNCATE bank.item_versions CASCADE",
    ],
)
async def test_what_was_once_written_is_never_changed(connection: Connection, statement: str) -> None:
    await save(connection, some_items("fixed", 1), "author")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="written once"):
        await connection.execute(statement)


async def test_an_item_can_not_name_a_version_that_is_not_there(connection: Connection) -> None:
    await save(connection, some_items("pointer", 1), "author")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await connection.execute("UPDATE bank.items SET version = 9 WHERE pool = 'pointer'")


async def test_every_statement_fits_the_schema(connection: Connection) -> None:
    statements = {name: text for name, text in inspect.getmembers(store) if name.isupper() and isinstance(text, str)}
    assert len(statements) >= 7
    for name, text in statements.items():
        if not name.startswith("_"):
            await connection.prepare(text)
