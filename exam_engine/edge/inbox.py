"""站内消息: read, marked as read, and live while logged in.

A stream of server-sent events is told to *look*; what there is it reads itself: subscribe first, then read, then
send. Each read asks again whose session it is, so that one that ended, an account that was disabled or bound to
somebody else gets no more, and the read that comes with every POLL_S repairs wake-ups that were lost.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

import msgspec
from aiohttp import web

from exam_engine.edge.http import Call, Endpoints, hash_token, token_of
from exam_engine.edge.registration_shapes import Inbox, InboxNews, MessageView, ReadMessages
from exam_engine.errors import Invalid, Unavailable
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.registration import inbox_store
from exam_engine.registration.inbox_store import Reader
from exam_engine.store import Row

READERS: Final = frozenset({"physician", "institution", "agency", "province"})
STREAMS_MAX: Final = 8  # of one account in this process: the newest live
KEEP_S: Final = 20.0  # silence no longer than this: proxies hang up on lines they take for dead
POLL_S: Final = 30.0
GATHER_S: Final = 0.2  # a morning's queue is one event now and then, not one for each file
SLOW_S: Final = 5.0  # a reader that takes longer to receive is let go; it comes back by itself
BACK_MS: Final = (1_000, 5_000)  # in which time a browser comes back: not all at once after a restart
BEFORE_MAX: Final = 2**53

endpoints = Endpoints()


@endpoints.add("GET", "/api/inbox", roles=READERS, answer=Inbox, query=("before",))
async def see_inbox(call: Call) -> Inbox:
    """The caller's messages, the newest first."""
    return await _page(call.house, await _reader(call), _before(call))


@endpoints.add("POST", "/api/inbox/read", roles=READERS, body=ReadMessages, answer=Inbox)
async def read_messages(call: Call) -> Inbox:
    """Mark messages as read; without ids all of them."""
    who, asked = await _reader(call), call.body
    assert isinstance(asked, ReadMessages)
    await inbox_store.mark_read(call.house.pool, who, asked.message_ids)
    call.house.bus.wake_inbox(persons=who.persons, organisations=who.organisations)
    return await _page(call.house, who, None)


async def _reader(call: Call) -> Reader:
    who = await inbox_store.reader(call.house.pool, hash_token(token_of(call.request)))
    return who or Reader(call.me.account_id)  # logged out this very moment: nobody's inbox


def _before(call: Call) -> int | None:
    text = call.request.query.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or not 1 <= int(text) < BEFORE_MAX:
        raise Invalid("wrong_shape", detail="before")
    return int(text)


async def _page(house: House, who: Reader, before: int | None) -> Inbox:
    rows = await inbox_store.page(house.pool, who, before, inbox_store.PAGE + 1)
    shown = rows[: inbox_store.PAGE]
    return Inbox(
        unread=await inbox_store.unread(house.pool, who),
        messages=[_view(row) for row in shown],
        next=shown[-1]["message_id"] if len(rows) > len(shown) else None,
    )


def _view(row: Row) -> MessageView:
    return MessageView(
        message_id=row["message_id"],
        code=row["code"],
        facts=msgspec.json.decode(row["facts"]),
        count=row["count"],
        at=row["at"],
        read_at=row["read_at"],
    )


# --- live --------------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/inbox/live", roles=READERS, media="text/event-stream")
async def watch_inbox(call: Call) -> web.StreamResponse:
    """A stream of server-sent events: `inbox` whenever there is news.

    `bye` comes down one that has to give way to newer streams of the account: it shall not come back.
    """
    streams = call.request.app[STREAMS]
    if call.house.closing:
        raise Unavailable("try_again", retry_after_s=5)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
        }
    )
    with (
        streams.place(call.me.account_id, hash_token(token_of(call.request))) as stream,
        # Who hung up, or is too slow to receive, comes back by himself; so does everybody when the database does.
        contextlib.suppress(ConnectionError, TimeoutError, *DATABASE_AWAY),
    ):
        await response.prepare(call.request)
        await stream.run(response, call.house.rng.randrange(*BACK_MS))
    return response


class Stream:
    """One browser that looks at its inbox."""

    def __init__(self, house: House, account_id: int, token_hash: bytes) -> None:
        self._house = house
        self.account_id = account_id
        self._token_hash = token_hash
        self._woken = asyncio.Event()
        self._ended = False
        self._bye = ""

    @property
    def session(self) -> str:
        """The name of its session, as the bus says it."""
        return self._token_hash.hex()

    def end(self, bye: str = "") -> None:
        """Nothing more goes out, but `bye` to one that shall not come back."""
        self._ended, self._bye = True, bye
        self._woken.set()

    async def run(self, response: web.StreamResponse, back_ms: int) -> None:
        """Until it is ended, its session is over or the line breaks."""
        await _write(response, f"retry: {back_ms}\n\n".encode())
        who = await inbox_store.reader(self._house.pool, self._token_hash)
        if who is not None:
            with self._house.bus.listen_inbox(who.persons, who.organisations, self._woken.set):
                await self._tell(response, who)
        if self._bye:
            await _write(response, f'event: bye\ndata: {{"code":"{self._bye}"}}\n\n'.encode())

    async def _tell(self, response: web.StreamResponse, who: Reader) -> None:
        told = None
        while not self._ended:
            self._woken.clear()
            news = await self._news(who)
            if news is None or self._ended:
                return
            if news != told:
                await _write(response, b"event: inbox\ndata: " + msgspec.json.encode(news) + b"\n\n")
                told = news
            await self._rest(response)

    async def _news(self, who: Reader) -> InboxNews | None:
        """None if this session no longer reads for those it began with."""
        pool = self._house.pool
        if await inbox_store.reader(pool, self._token_hash) != who:
            return None
        newest = await inbox_store.page(pool, who, None, 1)
        return InboxNews(await inbox_store.unread(pool, who), _view(newest[0]) if newest else None)

    async def _rest(self, response: web.StreamResponse) -> None:
        """Until somebody says look, at most POLL_S."""
        if not self._ended:
            await asyncio.sleep(GATHER_S)
        for pause_s in (KEEP_S, POLL_S - KEEP_S):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()
                    return
            await _write(response, b":\n\n")


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(SLOW_S):
        await response.write(data)


class Streams:
    """The open streams of this process, by account in the order they came."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._open: dict[int, list[Stream]] = {}

    @contextlib.contextmanager
    def place(self, account_id: int, token_hash: bytes) -> Iterator[Stream]:
        """A stream's place; when an account has too many, its oldest gives way: on a bad line it is likely dead."""
        crowd = self._open.setdefault(account_id, [])
        stream = Stream(self._house, account_id, token_hash)
        for old in crowd[: max(0, len(crowd) + 1 - STREAMS_MAX)]:
            old.end("too_many")
        crowd.append(stream)
        try:
            yield stream
        finally:
            crowd.remove(stream)
            if not crowd and self._open.get(account_id) is crowd:
                del self._open[account_id]

    def all(self) -> list[Stream]:
        """Every open stream."""
        return [stream for crowd in self._open.values() for stream in crowd]

    def end_session(self, session: str) -> None:
        """Somebody logged out."""
        for stream in self.all():
            if stream.session == session:
                stream.end()

    async def say_goodbye(self, _app: web.Application) -> None:
        """The house closes: every stream ends, and its browser comes back in a moment."""
        for stream in self.all():
            stream.end()


STREAMS: Final = web.AppKey("streams", Streams)


def open_streams(app: web.Application, house: House) -> None:
    """Give the application its streams, ended when their session ends and before the server closes."""
    streams = app[STREAMS] = Streams(house)
    house.bus.session_ended.append(streams.end_session)
    app.on_shutdown.append(streams.say_goodbye)
