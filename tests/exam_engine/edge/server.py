"""A whole server in this process: the house, its HTTP on a free port, and what a test may do behind its back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from aiohttp import web
from redis.asyncio import Redis

from exam_engine import app, store
from exam_engine.chain import Entry
from exam_engine.demo import PASSWORD, PHYSICIANS, PROVINCE, Demo, seed
from exam_engine.edge import desk, live
from exam_engine.house import House
from exam_engine.service import Known
from exam_engine.settings import Settings
from exam_engine.sitting import Policy
from tests.candidate import Candidate, Person, Staff

WAIT_S = 30  # how long a test waits for what must come; none comes near it
FIVE_ITEMS = "practice"  # the demonstration's short sitting, of which others are made


@dataclass
class Server:
    """One process as it is in production, but for its port."""

    house: House
    app: web.Application
    base_url: str
    demo: Demo
    _physicians: Iterator[int] = field(default_factory=lambda: iter(range(1, PHYSICIANS + 1)))

    def login(self) -> str:
        """The login of a physician whom no other test of this server has met."""
        return f"physician{next(self._physicians):02d}"

    def candidate(self, device: str = "device-one", login: str = "") -> Candidate:
        """A new physician, or the one of this login at another device; use with `async with`."""
        return Candidate(self.base_url, login or self.login(), PASSWORD, device)

    def staff(self, role: str) -> Staff:
        """The demonstration's member of staff of this role; use with `async with`."""
        return Staff(self.base_url, role, PASSWORD)

    def person(self, login: str) -> Person:
        """Anybody with the demonstration's password; use with `async with`."""
        return Person(self.base_url, login, PASSWORD)

    def sitting(self, kind: str) -> int:
        """The demonstration's sitting of this kind."""
        return next(sitting.id for sitting in self.demo.sittings if sitting.kind == kind)

    async def five_items(
        self,
        policy: Policy | None = None,
        *,
        opens: timedelta = timedelta(minutes=-1),
        closes: timedelta = timedelta(days=1),
        province: str = PROVINCE,
        agency_id: int | None = None,
        kind: str = "humanities",
    ) -> int:
        """A new sitting of five items for all physicians and the demonstration's staff, its window from now."""
        pool = self.house.pool
        sitting_id = await pool.fetchval(
            """INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool,
                   item_count, points_per_item, pass_points, policy, blueprint)
               SELECT cycle, $2, round, '五题', $3, coalesce($4, agency_id), now() + $5, now() + $6, pool,
                   item_count, points_per_item, pass_points, $7::json, blueprint
               FROM exam.sittings WHERE sitting_id = $1 RETURNING sitting_id""",
            self.sitting(FIVE_ITEMS), kind, province, agency_id, opens, closes,
            msgspec.json.encode(policy or Policy()).decode(),
        )  # fmt: skip
        await pool.execute(
            "INSERT INTO exam.entitlements SELECT $1, person_id FROM people.accounts WHERE role = 'physician'",
            sitting_id,
        )
        await pool.execute(
            """INSERT INTO exam.sitting_staff SELECT $1, account_id FROM people.accounts
               WHERE login IN ('invigilator', 'chief')""",
            sitting_id,
        )
        return int(sitting_id)

    async def add_staff(self, login: str, role: str, organisation_id: int | None = None) -> None:
        """Another member of staff with the demonstration's password, assigned to nothing."""
        pool = self.house.pool
        person_id = await pool.fetchval(store.ADD_PERSON, f"测试{login}", None, organisation_id, True)
        known_hash = await pool.fetchval("SELECT password_hash FROM people.accounts WHERE login = 'invigilator'")
        await pool.fetchval(store.ADD_ACCOUNT, person_id, login, known_hash, role, organisation_id)

    async def add_organisation(self, kind: str, name: str, province: str = PROVINCE) -> int:
        """Another organisation."""
        return int(await self.house.pool.fetchval(store.ADD_ORGANISATION, kind, name, province))

    async def person_id(self, login: str) -> int:
        """Whose login it is."""
        found = await self.house.pool.fetchval("SELECT person_id FROM people.accounts WHERE login = $1", login)
        return int(found)

    async def journal(self, attempt_id: int) -> list[Entry]:
        """The whole journal of one attempt."""
        return await self.house.journal.load(attempt_id)

    async def written(self, attempt_id: int, kind: str) -> dict[str, Any]:
        """Wait until the journal holds an event of this kind; its body. Somebody else of this process writes it."""
        news = asyncio.Event()

        def hear(_known: Known, _entries: Sequence[Entry]) -> None:
            news.set()

        self.house.bus.add_listener(attempt_id, hear)
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    news.clear()
                    for entry in await self.journal(attempt_id):
                        if entry.kind == kind:
                            body: dict[str, Any] = msgspec.json.decode(entry.body)
                            return body
                    await news.wait()
        finally:
            self.house.bus.remove_listener(attempt_id, hear)

    @contextlib.contextmanager
    def later(self, **length: float) -> Iterator[Callable[[], None]]:
        """Inside, it is so much later for this process; what is called goes back before the end."""
        clock, moved = self.house.clock, timedelta(**length)
        assert clock._base is not None
        clock._base += moved
        back = [moved]

        def restore() -> None:
            assert clock._base is not None
            if back:
                clock._base -= back.pop()

        try:
            yield restore
        finally:
            restore()


@contextlib.asynccontextmanager
async def running(database_url: str, redis_url: str, settings: Settings) -> AsyncIterator[Server]:
    """A server on a migrated database, with the demonstration in it; what other servers left in Valkey is gone."""
    demo = await seed(database_url, None)
    async with app.build(settings, database_url, redis_url) as house:
        application = app.application(house)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1, handler_cancellation=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            yield Server(house, application, f"http://{host}:{port}", demo)
        finally:
            house.closing = True
            await asyncio.gather(live.say_goodbye(house), application[desk.BOARDS].say_goodbye())
            await runner.cleanup()


def settings_in(folder: Path, vision: int = 0) -> Settings:
    """Of a server that keeps its pictures in `folder`; without face models unless a test is about them."""
    return Settings(data=folder, secret_key=b"k" * 32, vision=vision)


async def forget(redis_url: str) -> None:
    """Throw away what earlier servers wrote into the shared Valkey: tries of logins, presence of attempts."""
    redis = Redis.from_url(redis_url)
    try:
        names = [name async for name in redis.scan_iter("exam:*")]
        if names:
            await redis.delete(*names)
    finally:
        await redis.aclose()


async def tables(database_url: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    """One query on a connection of its own."""
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()
