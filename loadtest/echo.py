"""What a bare aiohttp sends back on this machine: the yardstick that makes figures of two machines comparable.

Closed loop over a few hundred sockets, with the generator's own line, for some seconds before the run begins.
`python -m loadtest.echo` is the server: it says its port on standard output and ends with its standard input.
"""

import asyncio
import contextlib
import sys
import threading
from typing import Final

import uvloop
from aiohttp import WSMsgType, web
from websockets.uri import parse_uri

from loadtest.wire import Line

SOCKETS: Final = 300
SECONDS: Final = 3.0
START_S_MAX: Final = 20.0
MESSAGE: Final = b'{"type":"answer","seq":17,"no":17,"choice":"a"}'


class NoEcho(Exception):
    """The bare server did not start, or hung up; says what it said."""


class Echoer:
    """One socket: says the next when the last has come back."""

    def __init__(self, come: asyncio.Semaphore) -> None:
        self._come = come
        self.line: Line | None = None
        self.heard_back = 0
        self.broken = ""

    def opened(self) -> None:
        """Ready; the others may not be."""
        self._come.release()

    def heard(self, text: bytes) -> None:
        """And again."""
        del text
        self.heard_back += 1
        self.say()

    def gone(self, why: str) -> None:
        """It never should."""
        self.broken = why
        self._come.release()

    def say(self) -> None:
        """One message."""
        assert self.line is not None
        self.line.send(MESSAGE)


async def echo_per_s(sockets: int = SOCKETS, seconds: float = SECONDS) -> float:
    """Messages a second that came back. Raises NoEcho."""
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "loadtest.echo", stdin=pipe, stdout=pipe)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_S_MAX):
                if port := (await server.stdout.readline()).strip():
                    return await _measured(int(port), sockets, seconds)
        raise NoEcho("the bare server for comparison did not start")
    finally:
        server.stdin.close()
        await server.wait()


async def _measured(port: int, sockets: int, seconds: float) -> float:
    come, uri = asyncio.Semaphore(0), parse_uri(f"ws://127.0.0.1:{port}/")
    all_of_them = [Echoer(come) for _ in range(sockets)]
    for each in all_of_them:
        each.line = Line(each, uri, {})
        await each.line.reach("")
    for _ in all_of_them:
        await come.acquire()
    begin_s = asyncio.get_running_loop().time()
    for each in all_of_them:
        each.say()
    await asyncio.sleep(seconds)
    heard, took_s = sum(each.heard_back for each in all_of_them), asyncio.get_running_loop().time() - begin_s
    broken = next((each.broken for each in all_of_them if each.broken), "")
    for each in all_of_them:
        assert each.line is not None
        each.line.close()
    if broken:
        raise NoEcho(f"the bare server for comparison hung up: {broken}")
    return heard / took_s


# --- the server ------------------------------------------------------------------------------------------------------


async def send_back(request: web.Request) -> web.WebSocketResponse:
    """Every text message, as it came."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def _serve() -> None:
    app = web.Application()
    app.router.add_get("/", send_back)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    over, loop = asyncio.Event(), asyncio.get_running_loop()

    def until_input_ends() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=until_input_ends, daemon=True).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await over.wait()
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(_serve())
