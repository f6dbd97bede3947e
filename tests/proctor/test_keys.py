"""A key for each person: made once whoever asks, forgotten everywhere when shredded."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from proctor import keys as module
from proctor.keys import FORGET_S, KeyUnreadable, PersonKeys

Pool = asyncpg.Pool

SECRET = b"a secret of thirty-two bytes....."
PERSONS = itertools.count(1)


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=8) as made:
        yield made


@pytest.fixture
def person() -> int:
    return next(PERSONS)


async def test_there_is_no_key_before_somebody_makes_one(pool: Pool, person: int) -> None:
    keys = PersonKeys(pool, SECRET)

    assert await keys.of(person, make=False) is None
    made = await keys.of(person, make=True)
    assert made is not None
    assert (made.version, len(made.key)) == (1, 32)
    assert await keys.of(person, make=False) == made


async def test_another_process_finds_the_same_key_and_another_person_has_another(pool: Pool, person: int) -> None:
    made = await PersonKeys(pool, SECRET).of(person, make=True)
    keys = PersonKeys(pool, SECRET)
    others = await keys.of(next(PERSONS), make=True)

    assert await keys.of(person, make=True) == made
    assert made is not None
    assert others is not None
    assert made.key != others.key


async def test_what_the_database_holds_is_not_the_key(pool: Pool, person: int) -> None:
    made = await PersonKeys(pool, SECRET).of(person, make=True)
    stored = await pool.fetchval("SELECT wrapped FROM proctor.keys WHERE person_id = $1", person)

    assert made is not None
    assert made.key not in stored


@pytest.mark.parametrize("round_", range(5))
async def test_of_many_processes_that_make_the_first_key_at_once_all_use_the_winner_s(
    database_url: str, person: int, round_: int
) -> None:
    async with (
        asyncpg.create_pool(database_url, min_size=8, max_size=8) as one,
        asyncpg.create_pool(database_url, min_size=8, max_size=8) as other,
    ):
        processes = [PersonKeys(pool, SECRET) for pool in (one, other) for _ in range(8)]
        found = await asyncio.gather(*(keys.of(person, make=True) for keys in processes))
        rows = await one.fetchval("SELECT count(*) FROM proctor.keys WHERE person_id = $1", person)

    assert rows == 1
    assert found == [found[0]] * 16


async def test_keys_of_many_are_made_in_two_statements_whatever_they_are_in(
    pool: Pool, database_url: str, person: int
) -> None:
    persons = [person, *(next(PERSONS) for _ in range(40))]
    keys = PersonKeys(pool, SECRET)
    shredded = await keys.of(persons[3], make=True)
    await keys.shred(persons[3])
    before = await PersonKeys(pool, SECRET).of(persons[5], make=True)
    asked: list[str] = []

    async def listen(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(lambda query: asked.append(query.query))

    async with asyncpg.create_pool(database_url, min_size=1, max_size=1, init=listen) as single:
        made = await PersonKeys(single, SECRET).of_many([*persons, person], make=True)

    assert len([each for each in asked if "proctor.keys" in each]) == 2
    assert made[persons[5]] == before
    assert shredded is not None
    assert (found := made[persons[3]]) is not None
    assert (found.version, found.key != shredded.key) == (2, True)
    assert len({key.key for each in persons if (key := made[each]) is not None}) == len(persons)
    for each in persons:
        assert await PersonKeys(pool, SECRET).of(each, make=False) == made[each]


async def test_one_key_that_can_not_be_read_spoils_no_other(pool: Pool, person: int) -> None:
    strange, fresh = next(PERSONS), next(PERSONS)
    mine = await PersonKeys(pool, SECRET).of(person, make=True)
    await PersonKeys(pool, b"another secret of 32 bytes.......").of(strange, make=True)

    found = await PersonKeys(pool, SECRET).of_many([strange, person, fresh], make=True)

    assert (found[person], found[fresh] is not None) == (mine, True)
    with pytest.raises(KeyUnreadable):
        found[strange]


async def test_a_held_key_is_used_without_asking_the_database(database_url: str, person: int) -> None:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        keys = PersonKeys(pool, SECRET, clock=Clock())
        sealed = await keys.seal(person, "a", b"data")
    # the pool is closed: whoever asked it now would fail
    assert await keys.unseal(person, "a", sealed) == b"data"
    assert await keys.unseal(person, "a", await keys.seal(person, "a", b"more")) == b"more"


async def test_no_more_keys_are_held_than_there_is_room_for(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_MAX", 3)
    keys = PersonKeys(pool, SECRET)
    persons = [next(PERSONS) for _ in range(6)]
    sealed = [await keys.seal(person, "a", b"%d" % person) for person in persons]

    assert list(keys._held) == persons[-3:]
    assert [await keys.unseal(p, "a", s) for p, s in zip(persons, sealed, strict=True)] == [b"%d" % p for p in persons]


async def test_shredding_ends_what_was_sealed_and_spares_others(pool: Pool, person: int) -> None:
    keys = PersonKeys(pool, SECRET)
    bystander = next(PERSONS)
    sealed, others = await keys.seal(person, "a", b"data"), await keys.seal(bystander, "a", b"other")

    assert await keys.shred(person)
    assert not await keys.shred(person)

    for process in (keys, PersonKeys(pool, SECRET)):
        assert await process.unseal(person, "a", sealed) is None
        assert await process.unseal(bystander, "a", others) == b"other"
    row = await pool.fetchrow("SELECT wrapped, shredded_at FROM proctor.keys WHERE person_id = $1", person)
    assert row is not None
    assert row["wrapped"] is None
    assert row["shredded_at"] is not None


async def test_after_shredding_there_is_a_new_key_for_new_things_and_never_one_for_the_old(
    pool: Pool, person: int
) -> None:
    keys = PersonKeys(pool, SECRET)
    old = await keys.seal(person, "a", b"old")
    await keys.shred(person)
    new = await keys.seal(person, "a", b"new")

    assert (await keys.unseal(person, "a", old), await keys.unseal(person, "a", new)) == (None, b"new")
    made = await keys.of(person, make=True)
    assert made is not None
    assert made.version == 2


async def test_another_process_uses_a_shredded_key_no_longer_than_it_says(pool: Pool, person: int) -> None:
    clock = Clock()
    other, keys = PersonKeys(pool, SECRET, clock=clock), PersonKeys(pool, SECRET)
    bystander = next(PERSONS)
    sealed, spared = await other.seal(person, "a", b"data"), await other.seal(bystander, "a", b"spared")
    await keys.shred(person)

    clock.at_s += FORGET_S - 0.1
    assert await other.unseal(person, "a", sealed) == b"data"
    clock.at_s += 0.1
    assert await other.unseal(person, "a", sealed) is None
    assert list(other._held) == [bystander]
    assert await other.unseal(bystander, "a", spared) == b"spared"
    assert FORGET_S < 60


async def test_a_process_that_holds_the_shredded_key_reads_what_another_sealed_with_the_new_one(
    pool: Pool, person: int
) -> None:
    slow, quick = PersonKeys(pool, SECRET, clock=Clock()), PersonKeys(pool, SECRET)
    await slow.seal(person, "a", b"old")
    await quick.shred(person)
    sealed = await quick.seal(person, "a", b"new")

    assert await slow.unseal(person, "a", sealed) == b"new"


async def test_when_the_database_can_not_say_what_was_shredded_no_key_is_used(database_url: str, person: int) -> None:
    clock = Clock()
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        keys = PersonKeys(pool, SECRET, clock=clock)
        sealed = await keys.seal(person, "a", b"data")
    clock.at_s += FORGET_S

    with pytest.raises(asyncpg.InterfaceError):
        await keys.unseal(person, "a", sealed)


async def test_a_shredding_that_was_rolled_back_did_not_happen(pool: Pool, person: int) -> None:
    keys = PersonKeys(pool, SECRET)
    sealed = await keys.seal(person, "a", b"data")
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert await keys.shred(person, connection)
        await transaction.rollback()

    assert await keys.unseal(person, "a", sealed) == b"data"


async def test_another_secret_is_told_apart_from_a_key_that_is_gone(pool: Pool, person: int) -> None:
    sealed = await PersonKeys(pool, SECRET).seal(person, "a", b"data")
    stranger = PersonKeys(pool, b"another secret of 32 bytes.......")

    with pytest.raises(KeyUnreadable):
        await stranger.unseal(person, "a", sealed)
    with pytest.raises(KeyUnreadable):
        await stranger.seal(person, "a", b"data")


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM proctor.keys WHERE person_id = $1",
        "UPDATE proctor.keys SET wrapped = wrapped WHERE person_id = $1",
        "UPDATE proctor.keys SET version = 9 WHERE person_id = $1",
        "UPDATE proctor.keys SET wrapped = NULL, shredded_at = now(), version = 9 WHERE person_id = $1",
    ],
)
async def test_the_database_lets_a_key_be_shredded_and_nothing_else(pool: Pool, person: int, change: str) -> None:
    await PersonKeys(pool, SECRET).of(person, make=True)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(change, person)


async def test_a_shredded_key_is_never_brought_back(pool: Pool, person: int) -> None:
    keys = PersonKeys(pool, SECRET)
    await keys.of(person, make=True)
    wrapped = await pool.fetchval("SELECT wrapped FROM proctor.keys WHERE person_id = $1", person)
    await keys.shred(person)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(
            "UPDATE proctor.keys SET wrapped = $2, shredded_at = NULL WHERE person_id = $1", person, wrapped
        )
