"""The bare baseline: aiohttp that sends every text message back, and answers an HTTP request with nothing."""

import sys

import uvloop
from aiohttp import WSMsgType, web


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Send back."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def empty(request: web.Request) -> web.Response:
    """Answer."""
    del request
    return web.Response()


async def swallow(request: web.Request) -> web.Response:
    """Read it all, and answer as little as an upload is answered."""
    await request.read()
    return web.json_response({"picture": "0" * 64, "next_in_s": 120})


if __name__ == "__main__":
    uvloop.install()
    app = web.Application()
    app.router.add_get("/", echo)
    app.router.add_get("/empty", empty)
    app.router.add_post("/swallow", swallow)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
