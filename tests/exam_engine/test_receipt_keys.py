"""The keys that sign: one for all processes, the next one when somebody says so, and the same one for the same hour."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from exam_engine.receipt_keys import LOOK_S, ROTATE_S, KeysUnreadable, ReceiptKeys
from exam_engine.receipts import key_id_of
from tests.exam_engine.samples import at

Pool = asyncpg.Pool
SECRET = b"a secret of thirty-two bytes....."


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=8) as made:
        async with made.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute("DELETE FROM exam.receipt_keys")
        yield made


async def test_processes_that_need_the_first_key_at_once_make_one(pool: Pool) -> None:
    processes = [ReceiptKeys(pool, SECRET) for _ in range(6)]

    made = await asyncio.gather(*(keys.of(at(0)) for keys in processes))

    assert len({key.key_id for key in made}) == 1
    assert len({key.salt(1, bytes(32)) for key in made}) == 1
    assert await pool.fetchval("SELECT count(*) FROM exam.receipt_keys") == 1


async def test_the_private_half_is_not_in_the_table_and_the_public_one_is(pool: Pool) -> None:
    key = await ReceiptKeys(pool, SECRET).of(at(0))
    assert key.private is not None
    row = await pool.fetchrow("SELECT key_id, public_key, wrapped FROM exam.receipt_keys")
    assert row is not None
    assert row["public_key"] == key.private.public_key().public_bytes_raw() == key.public
    assert row["key_id"] == key_id_of(key.public) == key.key_id
    assert key.private.private_bytes_raw() not in row["wrapped"]
    assert "private" not in repr(key)


async def test_a_new_key_signs_what_is_handed_in_later_and_the_old_one_what_was_before(pool: Pool) -> None:
    keys, other = ReceiptKeys(pool, SECRET), ReceiptKeys(pool, SECRET)
    first = await keys.of(at(0))
    one, two = await asyncio.gather(keys.rotate(), other.rotate())
    assert one.key_id == two.key_id != first.key_id
    assert one.since - one.made_at == timedelta(seconds=ROTATE_S) > timedelta(seconds=LOOK_S)
    assert (await keys.of(one.since - timedelta(microseconds=1))).key_id == first.key_id
    assert (await keys.of(one.since)).key_id == one.key_id
    assert [key.number for key in await ReceiptKeys(pool, SECRET).all()] == [1, 2]


async def test_a_key_that_another_process_makes_while_one_looks_is_taken(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ReceiptKeys(pool, SECRET)
    await keys.all()
    look, others = keys._look, [ReceiptKeys(pool, SECRET)]

    async def slowly() -> None:
        await look()
        if others:
            await others.pop().rotate()

    monkeypatch.setattr(keys, "_look", slowly)
    assert (await keys.rotate()).number == 2
    assert len(await ReceiptKeys(pool, SECRET).all()) == 2


async def test_a_process_hears_of_a_new_key_before_it_counts(pool: Pool) -> None:
    clock = Clock()
    keys = ReceiptKeys(pool, SECRET, clock=clock)
    await keys.all()
    await ReceiptKeys(pool, SECRET).rotate()
    assert len(await keys.all()) == 1
    clock.at_s += LOOK_S
    assert len(await keys.all()) == 2


async def test_another_secret_opens_no_key_and_makes_none_unasked(pool: Pool) -> None:
    first = await ReceiptKeys(pool, SECRET).of(at(0))
    strange = ReceiptKeys(pool, SECRET[::-1])
    with pytest.raises(KeysUnreadable):
        await strange.of(at(0))
    assert [key.public for key in await strange.all()] == [first.public]
    made = await strange.rotate()
    assert (await strange.of(at(0))).key_id == made.key_id, "the next that opens signs instead"
    assert (await ReceiptKeys(pool, SECRET).of(made.since)).key_id == first.key_id


async def test_looking_makes_no_key(pool: Pool) -> None:
    assert await ReceiptKeys(pool, SECRET).there() == []
    assert await pool.fetchval("SELECT count(*) FROM exam.receipt_keys") == 0


async def test_a_key_is_never_changed_or_taken_away(pool: Pool) -> None:
    await ReceiptKeys(pool, SECRET).all()
    for statement in ("DELETE FROM exam.receipt_keys", "UPDATE exam.receipt_keys SET since = now()",
                      "TRUNCATE exam.receipt_keys CASCADE"):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
