"""Messages in the database: who finds which, what is unread, and the row of a day that counts."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest
import pytest_asyncio

from exam_engine.registration import inbox_store
from exam_engine.registration.inbox_store import Reader, mark_read, page, reader, tell, tell_organisation, unread

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBERS = count(1)
DUE = {"subject": "profile", "reason": "照片不清晰", "due_at": None}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


async def physician(pool: asyncpg.Pool) -> Reader:
    return Reader(next(NUMBERS), persons=(1_000_000 + next(NUMBERS),))


async def staff(pool: asyncpg.Pool) -> Reader:
    name = f"测试机构{next(NUMBERS)}"
    made = await pool.fetchval(
        "INSERT INTO people.organisations (kind, name, province) VALUES ('institution', $1, '35') "
        "RETURNING organisation_id",
        name,
    )
    return Reader(next(NUMBERS), organisations=(made,))


async def test_a_message_is_in_the_inbox_of_its_person_and_of_nobody_else(pool: asyncpg.Pool) -> None:
    one, other = await physician(pool), await physician(pool)
    await tell(pool, one.persons[0], "M12", DUE)
    (row,) = await page(pool, one)
    assert (row["code"], row["count"], row["read_at"]) == ("M12", 1, None)
    assert await page(pool, other) == []
    assert (await unread(pool, one), await unread(pool, other)) == (1, 0)


async def test_what_is_told_in_a_transaction_that_fails_was_never_told(pool: asyncpg.Pool) -> None:
    who = await physician(pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await tell(connection, who.persons[0], "M01")
        await transaction.rollback()
    assert await page(pool, who) == []


async def test_pages_go_back_by_number_and_end(pool: asyncpg.Pool) -> None:
    who = await physician(pool)
    for _ in range(inbox_store.PAGE + 5):
        await tell(pool, who.persons[0], "M01")
    first = await page(pool, who)
    second = await page(pool, who, first[-1]["message_id"])
    ids = [row["message_id"] for row in [*first, *second]]
    assert (len(first), len(second)) == (inbox_store.PAGE, 5)
    assert ids == sorted(set(ids), reverse=True)


async def test_who_was_bound_finds_what_he_was_told_before_in_one_order(pool: asyncpg.Pool) -> None:
    before, after = await physician(pool), await physician(pool)
    for who in (before, after, before):
        await tell(pool, who.persons[0], "M01")
    both = Reader(1, persons=(*after.persons, *before.persons))
    rows = await page(pool, both)
    assert [row["message_id"] for row in rows] == sorted((row["message_id"] for row in rows), reverse=True)
    assert (len(rows), await unread(pool, both)) == (3, 3)


async def test_reading_touches_only_the_readers_own_messages(pool: asyncpg.Pool) -> None:
    one, other = await physician(pool), await physician(pool)
    for who in (one, one, other):
        await tell(pool, who.persons[0], "M01")
    ids = [row["message_id"] for who in (one, other) for row in await page(pool, who)]
    await mark_read(pool, one, ids[1:])
    assert (await unread(pool, one), await unread(pool, other)) == (1, 1)
    await mark_read(pool, one)
    assert (await unread(pool, one), await unread(pool, other)) == (0, 1)
    read_at = (await page(pool, one))[0]["read_at"]
    await mark_read(pool, one)
    assert (await page(pool, one))[0]["read_at"] == read_at, "read once"


async def test_unread_messages_are_counted_up_to_a_limit(pool: asyncpg.Pool) -> None:
    who = await physician(pool)
    await pool.execute(
        "INSERT INTO reg.messages (person_id, code) SELECT $1, 'M01' FROM generate_series(1, 150)", who.persons[0]
    )
    assert await unread(pool, who) == inbox_store.UNREAD_MAX


async def test_an_organisation_has_one_row_for_each_code_and_day_and_it_counts(pool: asyncpg.Pool) -> None:
    who = await staff(pool)
    for name in ("测试一", "测试二", "测试三"):
        await tell_organisation(pool, who.organisations[0], "M10", {"name": name, "subject": "profile"})
    await tell_organisation(pool, who.organisations[0], "M33")
    rows = await page(pool, who)
    assert [(row["code"], row["count"]) for row in rows] == [("M33", 1), ("M10", 3)]
    assert "测试三" in rows[1]["facts"]
    assert await unread(pool, who) == 2


async def test_a_digest_that_grows_is_unread_again_and_on_top_and_the_old_number_reads_nothing(
    pool: asyncpg.Pool,
) -> None:
    who = await staff(pool)
    facts = {"name": "测试一", "subject": "profile"}
    await tell_organisation(pool, who.organisations[0], "M10", facts)
    await tell_organisation(pool, who.organisations[0], "M33")
    seen = (await page(pool, who))[1]["message_id"]
    await mark_read(pool, who)
    assert await unread(pool, who) == 0
    await tell_organisation(pool, who.organisations[0], "M10", facts)
    await mark_read(pool, who, [seen])  # by somebody whose page still shows the row as it was
    rows = await page(pool, who)
    assert [(row["code"], row["count"], row["read_at"] is None) for row in rows] == [
        ("M10", 2, True),
        ("M33", 1, False),
    ]
    assert await unread(pool, who) == 1


async def test_the_next_day_of_china_begins_a_row_of_its_own(pool: asyncpg.Pool) -> None:
    who = await staff(pool)
    await tell_organisation(pool, who.organisations[0], "M33")
    await pool.execute("UPDATE reg.messages SET day = day - 1 WHERE organisation_id = $1", who.organisations[0])
    await tell_organisation(pool, who.organisations[0], "M33")
    rows = await page(pool, who)
    assert [row["count"] for row in rows] == [1, 1]


async def test_many_who_tell_one_organisation_at_once_are_all_counted(pool: asyncpg.Pool) -> None:
    who = await staff(pool)
    await asyncio.gather(*(tell_organisation(pool, who.organisations[0], "M33") for _ in range(20)))
    (row,) = await page(pool, who)
    assert row["count"] == 20


async def test_a_copy_is_due_by_sms_where_it_is_meant_and_may_be_left_out(pool: asyncpg.Pool) -> None:
    who = await physician(pool)
    person = who.persons[0]
    await tell(pool, person, "M13")
    await tell(pool, person, "M13", sms=False)
    await tell(pool, person, "M01")
    with pytest.raises(AssertionError, match="SMS"):
        await tell(pool, person, "M01", sms=True)
    found = await pool.fetch("SELECT code, sms FROM reg.messages WHERE person_id = $1 ORDER BY message_id", person)
    assert [tuple(row) for row in found] == [("M13", "due"), ("M13", "none"), ("M01", "none")]


@pytest.mark.parametrize("query", ["PAGE", "UNREAD", "READ"])
async def test_an_inbox_is_a_walk_along_an_index_however_many_messages_there_are(
    pool: asyncpg.Pool, query: str
) -> None:
    await pool.execute(
        """INSERT INTO reg.messages (person_id, code, read_at)
           SELECT 5000000 + n % 500, 'M01', CASE WHEN n > 1000 THEN now() END FROM generate_series(1, 20000) n"""
    )
    await pool.execute("ANALYZE reg.messages")
    arguments = {"PAGE": (2**62, 31), "UNREAD": (100,), "READ": (None,)}[query]
    text = getattr(inbox_store, f"{query}_OF_PERSONS")
    async with pool.acquire() as connection, connection.transaction():
        lines = await connection.fetch(f"EXPLAIN {text}", [5_000_001, 5_000_002], *arguments)
    plan = "\n".join(line[0] for line in lines)
    assert "Seq Scan on messages" not in plan, plan
    assert "messages_" in plan, plan


async def test_a_session_reads_for_its_person_for_who_stood_in_and_for_nobody_once_it_is_over(
    pool: asyncpg.Pool,
) -> None:
    stand_in, real = [
        await pool.fetchval(
            "INSERT INTO people.persons (name, is_test) VALUES ($1, true) RETURNING person_id", f"测试{next(NUMBERS)}"
        )
        for _ in range(2)
    ]
    account = await pool.fetchval(
        "INSERT INTO people.accounts (person_id, login, password_hash, role) VALUES ($1, 'reader', '', 'physician') "
        "RETURNING account_id",
        stand_in,
    )
    await pool.execute(
        "INSERT INTO reg.app_accounts (account_id, phone, stand_in_id, terms_version) VALUES ($1, $2, $3, 't')",
        account, "13800009999", stand_in,
    )  # fmt: skip
    token = b"t" * 32
    await pool.execute(
        "INSERT INTO people.sessions (token_hash, account_id, kind, expires_at) "
        "VALUES ($1, $2, 'cookie', now() + interval '1 hour')",
        token,
        account,
    )
    assert await reader(pool, token) == Reader(account, persons=(stand_in,))
    await pool.execute("UPDATE people.accounts SET person_id = $2 WHERE account_id = $1", account, real)
    assert await reader(pool, token) == Reader(account, persons=(real, stand_in))
    await pool.execute("UPDATE people.accounts SET disabled = true WHERE account_id = $1", account)
    assert await reader(pool, token) is None
    await pool.execute("UPDATE people.accounts SET disabled = false WHERE account_id = $1", account)
    await pool.execute("UPDATE people.sessions SET expires_at = now() WHERE account_id = $1", account)
    assert await reader(pool, token) is None
