"""The bare baseline of a board: aiohttp that sends so many bytes so often to each socket, and does nothing else.

`python -m tests.bench.same_bytes PORT`; each socket says how much it wants: /?first=BYTES&bytes=BYTES&per_s=RATE.
"""

import asyncio
import sys

import uvloop
from aiohttp import web


async def feed(request: web.Request) -> web.WebSocketResponse:
    """The first message, then the others by the clock."""
    first, size = (b"x" * int(request.query[name]) for name in ("first", "bytes"))
    pause_s = 1 / float(request.query["per_s"])
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    await socket.send_bytes(first)
    reading = asyncio.ensure_future(socket.receive())
    while not (await asyncio.wait([reading], timeout=pause_s))[0]:
        await socket.send_bytes(size)
    return socket


if __name__ == "__main__":
    uvloop.install()
    app = web.Application()
    app.router.add_get("/", feed)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
