"""HTTP for all players of a process, before a server that does as the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from loadtest.asking import Asking

Answering = Callable[[int, bytes], bytes | None]  # (which request of the connection, the request): None hangs up


class Server:
    """What it was asked, and by how many connections."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.requests: list[bytes] = []
        self.connections = self.open = self.open_most = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.connections += 1
        self.open += 1
        self.open_most = max(self.open_most, self.open)
        number = 0
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
                self.requests.append(head + await reader.readexactly(length))
                answer = self._answering(number, self.requests[-1])
                if answer is None:
                    break
                writer.write(answer)
                number += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


@asynccontextmanager
async def asking(answering: Answering, limit: int = 4) -> AsyncIterator[tuple[Asking, Server]]:
    """Somebody who asks it."""
    served = Server(answering)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    asker = Asking("127.0.0.1", server.sockets[0].getsockname()[1], limit)
    try:
        yield asker, served
    finally:
        asker.close()
        server.close()
        await served.close()
        await server.wait_closed()


def answer(body: bytes, status: int = 200, more: str = "") -> bytes:
    """As a server writes it."""
    return f"HTTP/1.1 {status} Words\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


async def test_who_asks_and_what_is_in_the_request() -> None:
    async with asking(lambda _number, _request: answer(b"{}", 409)) as (asker, served):
        got = await asker.ask("POST", "/api/x", token="t" * 20, address="10.0.0.7", body=b"[1]")
    assert got == (409, b"{}")
    (request,) = served.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/x HTTP/1.1\r\n")
    assert {b"Authorization: Bearer " + b"t" * 20, b"X-Forwarded-For: 10.0.0.7", b"Content-Length: 3"} <= set(
        head.split(b"\r\n")
    )
    assert body == b"[1]"


async def test_connections_are_kept_and_no_more_than_the_limit() -> None:
    async with asking(lambda _number, request: answer(request[4:8]), limit=3) as (asker, served):
        bodies = await asyncio.gather(*(asker.ask("GET", f"/{number:03d}") for number in range(30)))
    assert [body for _, body in bodies] == [f"/{number:03d}".encode() for number in range(30)]
    assert served.connections == served.open_most == 3


async def test_a_kept_line_that_was_closed_meanwhile_is_made_anew() -> None:
    async with asking(lambda number, _request: answer(b"ok") if number == 0 else None) as (asker, served):
        assert [await asker.ask("GET", "/") for _ in range(3)] == [(200, b"ok")] * 3
    assert served.connections == 3


async def test_a_fresh_line_that_breaks_is_an_error() -> None:
    async with asking(lambda _number, _request: None) as (asker, _served):
        with pytest.raises(ConnectionResetError):
            await asker.ask("GET", "/")


async def test_who_says_that_it_closes_is_not_asked_again() -> None:
    async with asking(lambda _number, _request: answer(b"ok", more="Connection: close\r\n")) as (asker, served):
        await asker.ask("GET", "/")
        await asker.ask("GET", "/")
    assert served.connections == 2


@pytest.mark.parametrize("words", [b"HTTP/1.1 200 OK\r\n\r\n", b"nonsense\r\ncontent-length: 2\r\n\r\nab"])
async def test_what_is_no_answer_is_an_error(words: bytes) -> None:
    async with asking(lambda _number, _request: words) as (asker, _served):
        with pytest.raises(OSError, match="no answer of HTTP"):
            await asker.ask("GET", "/")


async def test_nobody_there_is_an_error_and_leaves_the_limit_whole() -> None:
    async with asking(lambda _number, _request: answer(b"ok"), limit=1) as (asker, _served):
        here, asker._port = asker._port, 1
        for _ in range(3):
            with pytest.raises(OSError, match="1"):
                await asker.ask("GET", "/")
        asker._port = here
        assert await asker.ask("GET", "/") == (200, b"ok")


async def test_silence_is_given_up() -> None:
    async with asking(lambda _number, _request: b"HTTP/1.1 200", limit=1) as (asker, _served):
        with pytest.raises(TimeoutError):
            await asker.ask("GET", "/", within_s=0.05)
        with pytest.raises(TimeoutError):
            await asker.ask("GET", "/", within_s=0.05)
