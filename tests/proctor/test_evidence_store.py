"""The records of evidence: what was looked at and what was deleted, written once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from proctor import evidence_store as store
from proctor.evidence_store import (
    NEWEST,
    Deletion,
    RuleTotal,
    deletions_by_rule,
    deletions_of_person,
    note_deletion,
    record_view,
    standing,
    views_of_attempt,
    views_of_person,
)

Connection = asyncpg.Connection

T0 = datetime(2020, 5, 1, tzinfo=UTC)
NAME, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


def deletion(person_id: int, at: datetime = T0, **changes: object) -> Deletion:
    plain = Deletion(at, person_id, person_id * 10, "pictures", "retention", "", pictures=3, missing=1, bytes=500)
    return msgspec.structs.replace(plain, **changes)


async def test_views_come_back_newest_first_by_attempt_and_by_person(connection: Connection) -> None:
    await record_view(connection, 5, 1, NAME, 10)
    await record_view(connection, 6, 1, NAME, 11)
    await record_view(connection, 7, 1, OTHER)
    await record_view(connection, 5, 2, NAME, 20)

    mine = await views_of_person(connection, 1)
    assert [(view.account_id, view.attempt_id, view.name) for view in mine] == [
        (7, None, OTHER),
        (6, 11, NAME),
        (5, 10, NAME),
    ]
    assert [view.account_id for view in await views_of_attempt(connection, 10)] == [5]
    assert all(view.at.tzinfo is not None for view in mine)


async def test_views_are_read_page_by_page(connection: Connection) -> None:
    for account_id in range(1, 8):
        await record_view(connection, account_id, 3, NAME, 30)

    seen: list[int] = []
    before = NEWEST
    while page := await views_of_attempt(connection, 30, before, 3):
        seen += [view.account_id for view in page]
        before = page[-1].view_id
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE proctor.views SET account_id = 99",
        "DELETE FROM proctor.views",
        "TRUNCATE proctor.views",
        "UPDATE proctor.deletions SET pictures = 0",
        "DELETE FROM proctor.deletions",
        "TRUNCATE proctor.deletions",
        "TRUNCATE proctor.keys",
    ],
)
async def test_nobody_takes_back_what_is_on_record(connection: Connection, change: str) -> None:
    await record_view(connection, 5, 4, NAME, 40)
    await note_deletion(connection, deletion(4))

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="written once"):
        await connection.execute(change)


async def test_a_view_of_something_that_is_no_picture_is_refused(connection: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await record_view(connection, 5, 1, "../secret", 10)


async def test_an_order_without_a_reason_is_refused(connection: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await note_deletion(connection, deletion(5, rule="ordered"))


async def test_deletions_come_back_as_they_were_noted_and_are_summed_by_rule(connection: Connection) -> None:
    later = T0 + timedelta(days=1)
    noted = [
        deletion(6),
        deletion(6, later, pictures=4, bytes=100, missing=0),
        deletion(6, later, kind="key", rule="ordered", reason="测试"),
    ]
    for one in noted:
        await note_deletion(connection, one)
    await note_deletion(connection, deletion(6, T0 + timedelta(days=2)))

    assert (await deletions_of_person(connection, 6))[:3] == noted
    since, until = later - timedelta(hours=1), T0 + timedelta(days=2)
    assert await deletions_by_rule(connection, since, until) == [
        RuleTotal("key", "ordered", 1, 3, 1, 500, later, later),
        RuleTotal("pictures", "retention", 1, 4, 0, 100, later, later),
    ]


async def test_what_stands_in_the_store_is_counted(connection: Connection) -> None:
    before = await standing(connection)
    await connection.execute(
        "INSERT INTO proctor.pictures (attempt_id, name, purpose, model, taken_at, deleted_at) "
        "VALUES (70, $1, 'entry', 'none', $3, NULL), (70, $2, 'entry', 'none', $3, now())",
        NAME,
        OTHER,
        T0 - timedelta(days=900),
    )
    await connection.execute(store.ADD_KEYS, [70, 71], [1, 1], [bytes(60)] * 2)
    await connection.execute(store.SHRED_KEY, 71)
    now = await standing(connection)

    assert now.pictures - before.pictures == 1
    assert now.oldest_at == T0 - timedelta(days=900)
    assert (now.persons - before.persons, now.shredded - before.shredded) == (1, 1)


async def test_whose_keys_were_shredded_lately_is_told(connection: Connection) -> None:
    await connection.execute(store.ADD_KEYS, [80, 81, 82], [1] * 3, [bytes(60)] * 3)
    for person_id in (81, 82):
        await connection.execute(store.SHRED_KEY, person_id)
    await connection.execute(store.ADD_KEYS, [82], [2], [bytes(60)])

    rows = await connection.fetch(store.SHREDDED, 60.0)
    assert {80, 81, 82} & {row["person_id"] for row in rows} == {81, 82}
    assert await connection.fetch(store.SHREDDED, -60.0) == []
