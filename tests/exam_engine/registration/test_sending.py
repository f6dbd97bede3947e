"""Copies by SMS: each goes out once, what the gateway did not take goes out later, and a crash sends nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from exam_engine.registration import inbox_store
from exam_engine.registration.inbox_store import tell
from exam_engine.registration.sending import AT_ONCE, send_due
from exam_engine.registration.sms import SmsAway

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBERS = count(1)
OPENS = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Post:
    """A gateway that remembers, and may be told to be away or to choke on a text."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.away = False
        self.chokes_on = "nothing"
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()

    async def send(self, phone: str, text: str) -> None:
        self.reached.set()
        await self.gate.wait()
        if self.away:
            raise SmsAway("no line")
        if self.chokes_on in text:
            raise ValueError("a sign it does not know")
        self.sent.append((phone, text))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


@pytest.fixture
def house(pool: asyncpg.Pool) -> Any:
    """What sending needs of a house."""
    return SimpleNamespace(pool=pool, sms=Post(), closing=False, jobs=set())


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_left(pool: asyncpg.Pool) -> None:
    await pool.execute("DELETE FROM reg.messages")


async def person(pool: asyncpg.Pool, phone: str = "") -> int:
    """Somebody with a phone, if one is given."""
    number = next(NUMBERS)
    made = await pool.fetchval(
        "INSERT INTO people.persons (name, is_test) VALUES ($1, true) RETURNING person_id", f"测试{number}"
    )
    account = await pool.fetchval(
        "INSERT INTO people.accounts (person_id, login, password_hash, role) VALUES ($1, $2, '', 'physician') "
        "RETURNING account_id",
        made,
        f"sms{number}",
    )
    if phone:
        await pool.execute(
            "INSERT INTO reg.app_accounts (account_id, phone, stand_in_id, terms_version) VALUES ($1, $2, $3, 't')",
            account, phone, made,
        )  # fmt: skip
    return int(made)


async def states(pool: asyncpg.Pool) -> list[str]:
    return [row[0] for row in await pool.fetch("SELECT sms FROM reg.messages ORDER BY message_id")]


async def test_what_is_due_goes_out_once_with_its_sentence(pool: asyncpg.Pool, house: Any) -> None:
    who = await person(pool, "13800000001")
    await tell(pool, who, "M26", {"kind": "humanities", "opens_at": OPENS, "closes_at": OPENS.replace(day=30)})
    await tell(pool, who, "M01")
    assert await send_due(house) == 1
    assert await send_due(house) == 0
    assert house.sms.sent == [("13800000001", "人文医学测评时间：2026-11-23 09:00至2026-11-30 09:00，请按时完成。")]
    assert await states(pool) == ["sent", "none"]


async def test_who_has_no_phone_or_lost_it_gets_none_and_holds_up_nobody(pool: asyncpg.Pool, house: Any) -> None:
    without, disabled, with_one = (
        await person(pool), await person(pool, "13800000002"), await person(pool, "13800000003"),
    )  # fmt: skip
    await pool.execute("UPDATE reg.app_accounts SET state = 'disabled' WHERE phone = '13800000002'")
    for who in (without, disabled, with_one):
        await tell(pool, who, "M13")
    assert await send_due(house) == 1
    assert await states(pool) == ["failed", "failed", "sent"]
    assert [phone for phone, _ in house.sms.sent] == ["13800000003"]


async def test_while_the_gateway_is_away_all_stays_due_and_goes_out_when_it_is_back(
    pool: asyncpg.Pool, house: Any
) -> None:
    who = await person(pool, "13800000004")
    for _ in range(3 * AT_ONCE):
        await tell(pool, who, "M13")
    house.sms.away = True
    assert await send_due(house) == 0
    assert await states(pool) == ["due"] * 3 * AT_ONCE
    house.sms.away = False
    assert await send_due(house) == 3 * AT_ONCE
    assert await states(pool) == ["sent"] * 3 * AT_ONCE


async def test_one_that_cannot_be_sent_fails_alone(pool: asyncpg.Pool, house: Any) -> None:
    who = await person(pool, "13800000005")
    await tell(pool, who, "M18", {"reason": "条件不符"})
    await tell(pool, who, "M13")
    house.sms.chokes_on = "条件不符"
    assert await send_due(house) == 1
    assert await states(pool) == ["failed", "sent"]


async def test_two_processes_share_the_work_and_send_each_once(pool: asyncpg.Pool, house: Any) -> None:
    who = await person(pool, "13800000006")
    for number in range(5 * AT_ONCE):
        await tell(pool, who, "M18", {"reason": f"原因{number}"})
    other = SimpleNamespace(pool=pool, sms=Post(), closing=False, jobs=set())
    await asyncio.gather(send_due(house), send_due(other), send_due(house))  # type: ignore[arg-type]
    texts = [text for gateway in (house.sms, other.sms) for _, text in gateway.sent]
    assert len(texts) == len(set(texts)) == 5 * AT_ONCE


async def test_a_process_that_dies_between_sending_and_marking_sends_nothing_twice(
    pool: asyncpg.Pool, house: Any
) -> None:
    who = await person(pool, "13800000007")
    await tell(pool, who, "M13")
    dying = await pool.fetch(inbox_store.TAKE_SMS, AT_ONCE)  # taken and perhaps sent; its process is no more
    assert [row["phone"] for row in dying] == ["13800000007"]
    assert await send_due(house) == 0
    assert house.sms.sent == []


async def test_a_loop_that_is_told_to_end_leaves_what_it_handed_over_to_the_closing_house(
    pool: asyncpg.Pool, house: Any
) -> None:
    who = await person(pool, "13800000008")
    await tell(pool, who, "M13")
    house.sms.gate.clear()
    house.sms.away = True
    loop = asyncio.create_task(send_due(house))
    await house.sms.reached.wait()
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    house.sms.gate.set()
    await asyncio.gather(*house.jobs)
    assert await states(pool) == ["due"], "it was not taken, so it goes out after the next start"


async def test_a_house_that_closes_takes_nothing_more(pool: asyncpg.Pool, house: Any) -> None:
    await tell(pool, await person(pool, "13800000009"), "M13")
    house.closing = True
    assert await send_due(house) == 0
    assert await states(pool) == ["due"]


async def test_a_reminder_that_could_not_be_sent_for_days_is_not_sent_at_all(pool: asyncpg.Pool, house: Any) -> None:
    await tell(pool, await person(pool, "13800000010"), "M13")
    await pool.execute("UPDATE reg.messages SET at = now() - interval '3 days 1 second'")
    assert await send_due(house) == 0
    assert (await states(pool), house.sms.sent) == (["failed"], [])
