"""站内消息: read, marked as read, and live while logged in."""

from typing import Final

from aiohttp import web

from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.registration_shapes import Inbox, ReadMessages
from exam_engine.errors import Unavailable

READERS: Final = frozenset({"physician", "institution", "agency", "province"})

endpoints = Endpoints()


@endpoints.add("GET", "/api/inbox", roles=READERS, answer=Inbox, query=("before",))
async def see_inbox(call: Call) -> Inbox:
    """The caller's messages, the newest first."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("POST", "/api/inbox/read", roles=READERS, body=ReadMessages, answer=Inbox)
async def read_messages(call: Call) -> Inbox:
    """Mark messages as read; without ids all of them."""
    raise Unavailable("try_again", retry_after_s=5)


@endpoints.add("GET", "/api/inbox/live", roles=READERS, media="text/event-stream")
async def watch_inbox(call: Call) -> web.Response:
    """A stream of server-sent events: `inbox` whenever there is news."""
    raise Unavailable("try_again", retry_after_s=5)
