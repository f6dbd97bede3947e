"""Frames for many sockets, over real sockets: whatever a socket takes packed, it reads the same words in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from exam_engine.edge.shared_frames import PACKED_MIN, UNSENT_MAX, Frame, Line, say

pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZES = (1, 60, PACKED_MIN - 1, PACKED_MIN, 3_000, 70_000, 400_000)


def texts(seed: int = 1) -> list[bytes]:
    """Much repeats, as in tiles, within a message and from one message to the next."""
    rng = Random(seed)
    words = [f'"name":"测试医师{rng.randrange(50)}"' for _ in range(200)]
    return [json.dumps("".join(rng.choices(words, k=size // 24 + 1))[:size]).encode() for size in SIZES]


@asynccontextmanager
async def serving(serve: Callable[[Line], Any]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=True)
        await socket.prepare(request)
        await serve(Line(socket, request.transport))
        return socket

    app = web.Application()
    app.router.add_get("/", handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


OFFERS: dict[int, list[ClientPerMessageDeflateFactory]] = {
    0: [],
    9: [ClientPerMessageDeflateFactory(server_max_window_bits=9)],
    12: [ClientPerMessageDeflateFactory(server_max_window_bits=12, server_no_context_takeover=True)],
    15: [ClientPerMessageDeflateFactory(client_max_window_bits=True)],  # as browsers do
}


@pytest.mark.parametrize("window", OFFERS)
async def test_shared_frames_and_own_words_arrive_in_order_whatever_window_was_agreed_on(window: int) -> None:
    shared = [Frame(text) for text in texts()]
    agreed = []

    async def serve(line: Line) -> None:
        agreed.append(int(line.socket.compress))
        for frame in (*shared, *shared):
            await line.send(frame)
            await say(line.socket, b'{"type":"pong","name":"\xe6\xb5\x8b\xe8\xaf\x95\xe5\x8c\xbb\xe5\xb8\x887"}')
        await line.socket.close()

    async with serving(serve) as url:

        async def read() -> list[str]:
            offer, address = OFFERS[window], url.replace("http://", "ws://")
            async with connect(address, compression=None, extensions=offer, max_size=None) as socket:
                return [str(message) async for message in socket]

        heard = await asyncio.gather(read(), read())

    wanted = []
    for text in (*texts(), *texts()):
        wanted += [text.decode(), '{"type":"pong","name":"测试医师7"}']
    assert list(heard) == [wanted, wanted]
    assert agreed == [window, window]


async def test_a_frame_is_packed_once_and_smaller() -> None:
    frame = Frame(b"".join(texts()))

    assert frame.packed() is frame.packed()
    assert len(frame.packed()) < len(frame.text) / 4


async def test_who_does_not_read_holds_up_his_own_line_only_and_little_is_kept_for_him() -> None:
    sent = 0
    full = asyncio.Event()
    frame = Frame(Random(1).randbytes(150_000).hex().encode())

    async def serve(line: Line) -> None:
        nonlocal sent
        transport = line._transport
        assert transport is not None
        try:
            while True:
                async with asyncio.timeout(1):
                    await line.send(frame)
                sent += 1
        except TimeoutError:
            waiting.append(transport.get_write_buffer_size())
            full.set()

    waiting: list[int] = []
    async with serving(serve) as url, aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=0):
        async with asyncio.timeout(20):
            await full.wait()

    assert sent * len(frame.text) < 50_000_000, "it would have been sent for ever"
    assert UNSENT_MAX < waiting[0] <= UNSENT_MAX + len(frame.text) + 20


async def test_a_line_that_is_gone_says_so() -> None:
    told = asyncio.get_running_loop().create_future()

    async def serve(line: Line) -> None:
        await line.socket.close()
        try:
            await line.send(Frame(b"x" * 10_000))
        except ConnectionError as error:
            told.set_result(error)

    async with serving(serve) as url, aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.receive()
        async with asyncio.timeout(10):
            assert isinstance(await told, ConnectionError)
