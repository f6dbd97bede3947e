"""The bare baseline: aiohttp that sends every text message back, and answers an HTTP request with nothing."""

import sys

import uvloop
from aiohttp import web

from loadtest.echo import send_back


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
    app.router.add_get("/", send_back)
    app.router.add_get("/empty", empty)
    app.router.add_post("/swallow", swallow)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
