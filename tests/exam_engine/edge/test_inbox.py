"""站内消息 over a real server: read by whom they are for, and live until the session, the account or the house ends."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from exam_engine.demo import PASSWORD
from exam_engine.edge import inbox
from exam_engine.edge.inbox import STREAMS, STREAMS_MAX
from exam_engine.registration.inbox_store import tell, tell_organisation
from exam_engine.settings import Settings
from tests.candidate import Person, Refusal
from tests.exam_engine.edge.server import WAIT_S, Server, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
DUE = {"subject": "profile", "reason": "照片不清晰", "due_at": None}


class Events:
    """A stream as a browser reads it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next event and its data; ("closed", {}) at the end, ("", {}) for a comment."""
        name, data, seen = "", {}, False
        async with asyncio.timeout(WAIT_S):
            while line := (await self.response.content.readline()).decode():
                if line.startswith("event: "):
                    name = line[7:].strip()
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                elif line.startswith("retry: "):
                    seen = True
                elif line == "\n" and not seen:
                    return name, data
                elif line == "\n":
                    seen = False
        return "closed", {}

    async def until_unread(self, number: int) -> dict[str, Any]:
        """Read on to news with so many unread."""
        while True:
            name, data = await self.next()
            assert name in ("inbox", ""), f"{name} while waiting for news"
            if data.get("unread") == number:
                return data

    async def until_closed(self) -> None:
        """Read on to the end."""
        while (await self.next())[0] != "closed":
            pass


@contextlib.asynccontextmanager
async def live(person: Person) -> AsyncIterator[Events]:
    """The person's stream."""
    async with person.http.get(f"{person.base_url}/api/inbox/live") as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        yield Events(response)


async def give(server: Server, person_id: int, code: str = "M12", **facts: object) -> None:
    """A message as the rest of the house tells one: in a transaction, then a wake-up."""
    async with server.house.pool.acquire() as connection, connection.transaction():
        await tell(connection, person_id, code, facts or DUE)
    server.house.bus.wake_inbox(persons=[person_id])


async def organisation_of(server: Server, login: str) -> int:
    found = await server.house.pool.fetchval("SELECT organisation_id FROM people.accounts WHERE login = $1", login)
    return int(found)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other(database_url: str, redis_url: str, settings: Settings, server: Server) -> AsyncIterator[Server]:
    """A second process on the same database and Valkey."""
    async with running(database_url, redis_url, settings) as started:
        heard = asyncio.Event()
        with started.house.bus.listen_inbox([0], [], heard.set):
            async with asyncio.timeout(WAIT_S):
                while not heard.is_set():
                    server.house.bus.wake_inbox(persons=[0])
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(heard.wait(), 0.1)
        yield started


async def test_a_physician_reads_his_own_messages_and_marks_them(server: Server) -> None:
    async with server.person(server.login()) as one, server.person(server.login()) as stranger:
        me = await server.person_id(one.login)
        await give(server, me)
        await give(server, me, "M13")
        await give(server, await server.person_id(stranger.login))
        box = await one.get("/api/inbox")
        assert (box["unread"], [m["code"] for m in box["messages"]], box["next"]) == (2, ["M13", "M12"], None)
        assert box["messages"][1]["facts"] == DUE
        theirs = (await stranger.get("/api/inbox"))["messages"][0]["message_id"]
        own = box["messages"][1]["message_id"]
        box = await one.post("/api/inbox/read", {"message_ids": [own, theirs]})
        assert (box["unread"], [m["read_at"] is None for m in box["messages"]]) == (1, [True, False])
        assert (await one.post("/api/inbox/read", {}))["unread"] == 0
        assert (await stranger.get("/api/inbox"))["unread"] == 1


async def test_older_messages_come_by_their_number(server: Server) -> None:
    async with server.person(server.login()) as one:
        me = await server.person_id(one.login)
        await server.house.pool.execute(
            "INSERT INTO reg.messages (person_id, code) SELECT $1, 'M01' FROM generate_series(1, 65)", me
        )
        ids: list[int] = []
        path = "/api/inbox"
        while True:
            box = await one.get(path)
            ids += [message["message_id"] for message in box["messages"]]
            if box["next"] is None:
                break
            path = f"/api/inbox?before={box['next']}"
        assert len(ids) == 65
        assert ids == sorted(set(ids), reverse=True)
        for wrong in ("0", "-1", "x", "1e3", "٣", str(2**53), "9" * 40):
            with pytest.raises(Refusal) as refusal:
                await one.get(f"/api/inbox?before={wrong}")
            assert (refusal.value.status, refusal.value.code) == (400, "wrong_shape")


async def test_staff_share_the_inbox_of_their_organisation_and_read_no_other(server: Server) -> None:
    institution, agency = [await organisation_of(server, login) for login in ("institution", "agency")]
    await server.add_staff("institution2", "institution", institution)
    async with server.person("institution") as one, server.person("institution2") as two:
        for name in ("测试一", "测试二"):
            await tell_organisation(server.house.pool, institution, "M10", {"name": name, "subject": "profile"})
        await tell_organisation(server.house.pool, agency, "M33")
        box = await two.get("/api/inbox")
        assert [(m["code"], m["count"], m["facts"]["name"]) for m in box["messages"]] == [("M10", 2, "测试二")]
        await one.post("/api/inbox/read", {})
        assert (await two.get("/api/inbox"))["unread"] == 0
        async with server.person("agency") as reviewer:
            assert [m["code"] for m in (await reviewer.get("/api/inbox"))["messages"]] == ["M33"]


async def test_nobody_and_other_roles_have_no_inbox(server: Server) -> None:
    async with aiohttp.ClientSession() as nobody:
        for path in ("/api/inbox", "/api/inbox/live"):
            async with nobody.get(server.base_url + path) as response:
                assert response.status == 401
    async with server.person("invigilator") as watcher:
        for path in ("/api/inbox", "/api/inbox/live"):
            with pytest.raises(Refusal) as refusal:
                await watcher.get(path)
            assert refusal.value.status == 403


async def test_a_message_comes_down_the_stream_and_a_strangers_never_does(server: Server) -> None:
    async with server.person(server.login()) as one, server.person(server.login()) as stranger, live(one) as events:
        assert await events.next() == ("inbox", {"type": "inbox", "unread": 0, "newest": None})
        await give(server, await server.person_id(stranger.login), "M13")
        await give(server, await server.person_id(one.login))
        name, news = await events.next()
        assert (name, news["unread"], news["newest"]["code"]) == ("inbox", 1, "M12")
        await one.post("/api/inbox/read", {})  # on another page: the badge goes out here too
        assert (await events.next())[1]["unread"] == 0


async def test_what_came_before_the_stream_is_told_at_once(server: Server) -> None:
    async with server.person(server.login()) as one:
        await give(server, await server.person_id(one.login))
        async with live(one) as events:
            assert (await events.next())[1]["unread"] == 1


async def test_a_digest_that_grows_comes_down_to_every_member_of_staff(server: Server) -> None:
    province = await organisation_of(server, "province")
    async with (
        server.person("province") as one,
        server.person("province") as again,
        live(one) as events,
        live(again) as more,
    ):
        for stream in (events, more):
            await stream.until_unread(0)
        for number in (1, 2):
            await tell_organisation(server.house.pool, province, "M25", {"name": "测试一"})
            server.house.bus.wake_inbox(organisations=[province])
            for stream in (events, more):
                assert (await stream.until_unread(1))["newest"]["count"] == number
            await one.post("/api/inbox/read", {})
            for stream in (events, more):
                await stream.until_unread(0)


async def test_what_is_told_at_one_process_comes_down_at_the_other(server: Server, other: Server) -> None:
    async with Person(other.base_url, server.login(), PASSWORD) as one, live(one) as events:
        await events.until_unread(0)
        await give(server, await server.person_id(one.login))
        assert (await events.until_unread(1))["newest"]["code"] == "M12"


async def test_logging_out_at_one_process_ends_the_stream_at_the_other_and_only_that_sessions(
    server: Server, other: Server
) -> None:
    login = server.login()
    async with (
        Person(other.base_url, login, PASSWORD) as one,
        Person(other.base_url, login, PASSWORD) as again,
        live(one) as events,
        live(again) as more,
    ):
        await events.until_unread(0)
        await more.until_unread(0)
        async with one.http.delete(f"{server.base_url}/api/session") as response:
            assert response.status == 200
        await events.until_closed()
        await give(server, await server.person_id(login))
        await more.until_unread(1)


async def test_a_lost_wake_up_is_repaired_and_silence_is_broken(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "KEEP_S", 0.05)
    monkeypatch.setattr(inbox, "POLL_S", 0.1)
    async with server.person(server.login()) as one, live(one) as events:
        await events.until_unread(0)
        assert await events.next() == ("", {})  # a comment: this line is alive
        await tell(server.house.pool, await server.person_id(one.login), "M13")  # and nobody is woken
        await events.until_unread(1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people.accounts SET disabled = true WHERE login = $1",
        "DELETE FROM people.sessions USING people.accounts a WHERE a.account_id = sessions.account_id AND login = $1",
        "UPDATE people.accounts SET person_id = (SELECT min(person_id) FROM people.persons) WHERE login = $1",
    ],
)
async def test_a_stream_ends_when_its_reader_is_no_longer_who_he_was(
    server: Server, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr(inbox, "KEEP_S", 0.05)
    monkeypatch.setattr(inbox, "POLL_S", 0.1)
    async with server.person(server.login()) as one, live(one) as events:
        await events.until_unread(0)
        await server.house.pool.execute(statement, one.login)
        await events.until_closed()


async def test_the_oldest_of_too_many_streams_gives_way_and_is_told_not_to_come_back(server: Server) -> None:
    async with server.person(server.login()) as one, contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(live(one)) for _ in range(STREAMS_MAX)]
        for events in streams:
            await events.until_unread(0)
        newest = await stack.enter_async_context(live(one))
        assert await streams[0].next() == ("bye", {"code": "too_many"})
        await streams[0].until_closed()
        await give(server, await server.person_id(one.login))
        for events in (*streams[1:], newest):
            await events.until_unread(1)


async def test_streams_that_ended_leave_nothing_behind(server: Server) -> None:
    async with server.person(server.login()) as one, live(one) as events:
        await events.until_unread(0)
    person_id = await server.person_id(one.login)
    async with asyncio.timeout(WAIT_S):
        while person_id in server.house.bus._person_listeners:  # noticed when the server speaks into the dead line
            await give(server, person_id)
    account = await server.house.pool.fetchval("SELECT account_id FROM people.accounts WHERE login = $1", one.login)
    assert account not in {stream.account_id for stream in server.app[STREAMS].all()}


async def test_a_house_that_closes_ends_its_streams_at_once(
    database_url: str, redis_url: str, settings: Settings
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with running(database_url, redis_url, settings) as third:
            one = await stack.enter_async_context(third.person("physician40"))
            events = await stack.enter_async_context(live(one))
            await events.until_unread(0)
            third.house.closing = True
            with pytest.raises(Refusal) as refusal:
                await one.get("/api/inbox/live")
            assert refusal.value.status == 503
        await events.until_closed()
