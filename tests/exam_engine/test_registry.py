"""Facts that hardly change: kept for a while, on the real database."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from exam_engine import registry as registry_module
from exam_engine import store
from exam_engine.errors import NotFound
from exam_engine.registry import SITTING_KEEP, Owner, Registry
from exam_engine.sitting import Kind, Policy, Round
from tests.exam_engine.samples import T0, at

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class Clock:
    def __init__(self) -> None:
        self.at = T0

    def now(self) -> datetime:
        return self.at


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as made:
        yield made


async def add_sitting(pool: Pool, title: str) -> int:
    await pool.execute(store.OPEN_CYCLE, 1, "测试周期")
    agency = await pool.fetchval(store.ADD_ORGANISATION, "agency", "测试考核机构", "11")
    policy = msgspec.json.encode(Policy(minutes=45)).decode()
    added: int = await pool.fetchval(
        store.ADD_SITTING,
        1,
        "humanities",
        "first",
        title,
        "11",
        agency,
        at(0),
        at(86_400),
        "p",
        50,
        2,
        60,
        policy,
        "{}",
    )
    return added


async def add_attempt(pool: Pool, sitting: int, attempt_id: int, name: str, id_number: str | None) -> int:
    person: int = await pool.fetchval(store.ADD_PERSON, name, id_number, None, True)
    await pool.fetchval(store.ADD_ATTEMPT, attempt_id, sitting, person, 1, at(0))
    return person


async def test_a_sitting_is_read_as_it_was_written(pool: Pool) -> None:
    sitting_id = await add_sitting(pool, "人文医学")

    sitting = await Registry(pool, Clock().now).sitting(sitting_id)

    assert (sitting.sitting_id, sitting.title, sitting.kind, sitting.round) == (
        sitting_id,
        "人文医学",
        Kind.HUMANITIES,
        Round.FIRST,
    )
    assert (sitting.opens_at, sitting.closes_at, sitting.policy) == (at(0), at(86_400), Policy(minutes=45))


async def test_a_sitting_is_kept_for_a_while_and_then_read_again(pool: Pool) -> None:
    sitting_id, clock = await add_sitting(pool, "一"), Clock()
    registry = Registry(pool, clock.now)
    titles = [(await registry.sitting(sitting_id)).title]
    await pool.execute("UPDATE exam.sittings SET title = '二' WHERE sitting_id = $1", sitting_id)

    for later in (SITTING_KEEP - timedelta(microseconds=1), SITTING_KEEP):
        clock.at = T0 + later
        titles.append((await registry.sitting(sitting_id)).title)

    assert titles == ["一", "一", "二"]


async def test_what_is_not_there_is_not_found_and_not_remembered_as_missing(pool: Pool) -> None:
    registry, sitting = Registry(pool, Clock().now), await add_sitting(pool, "一")
    with pytest.raises(NotFound) as no_sitting:
        await registry.sitting(10**9)
    with pytest.raises(NotFound) as no_attempt:
        await registry.owner(1_000_000_000_041)

    person = await add_attempt(pool, sitting, 1_000_000_000_041, "测试医师", "11010519010101001X")

    assert (no_sitting.value.code, no_attempt.value.code) == ("no_such_sitting", "no_such_attempt")
    assert await registry.owner(1_000_000_000_041) == Owner(person, sitting, "测试医师", "11010519010101001X")


async def test_whose_an_attempt_is_never_changes_and_is_read_once(pool: Pool) -> None:
    registry, sitting = Registry(pool, Clock().now), await add_sitting(pool, "一")
    person = await add_attempt(pool, sitting, 1_000_000_000_042, "测试医师二", None)
    first = await registry.owner(1_000_000_000_042)
    await pool.execute("UPDATE people.persons SET name = '改名' WHERE person_id = $1", person)

    assert first == await registry.owner(1_000_000_000_042) == Owner(person, sitting, "测试医师二", "")


async def test_memory_for_owners_has_an_end(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "OWNERS_MAX", 2)
    registry, sitting = Registry(pool, Clock().now), await add_sitting(pool, "一")
    for attempt_id in range(1_000_000_000_050, 1_000_000_000_054):
        await add_attempt(pool, sitting, attempt_id, f"测试{attempt_id}", None)
        await registry.owner(attempt_id)

    assert len(registry._owners) <= 2
