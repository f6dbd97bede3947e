"""Lines on the loop that generators run on: whoever gives up, or is late, takes no other line with him."""

import asyncio
import gc
import socket
import time
from typing import Any

import pytest
import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.uri import parse_uri

from loadtest import wire
from loadtest.wire import Line

HERE = "127.0.0.1"
OTHERS = 8
WAIT_S = 20


class Ear:
    """What a line told its owner."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._news = asyncio.Event()

    def opened(self) -> None:
        self._tell("opened")

    def heard(self, text: bytes) -> None:
        self._tell(text.decode())

    def gone(self, why: str) -> None:
        self._tell(why)

    def _tell(self, word: str) -> None:
        self.told.append(word)
        self._news.set()

    async def said(self, word: str) -> None:
        async with asyncio.timeout(WAIT_S):
            while word not in self.told:
                self._news.clear()
                await self._news.wait()


async def echo(connection: ServerConnection) -> None:
    async for text in connection:
        await connection.send(text)


def line(port: int) -> tuple[Line, Ear]:
    ear = Ear()
    return Line(ear, parse_uri(f"ws://{HERE}:{port}/"), {}), ear


async def lines_that_speak(port: int) -> list[Line]:
    """So many open beside each other, each of which hears its own word."""
    made = [line(port) for _ in range(OTHERS)]
    for number, (each, ear) in enumerate(made):
        await each.reach(HERE)
        await ear.said("opened")
        each.send(b"%d" % number)
    for number, (_, ear) in enumerate(made):
        await ear.said(str(number))
        assert ear.told == ["opened", str(number)]
    return [each for each, _ in made]


def test_a_line_whose_time_ran_out_while_the_process_was_late_is_taken_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected = wire._connected

    async def late(source: str, host: str, port: int) -> socket.socket:
        made = await connected(source, host, port)
        time.sleep(0.3)  # as a process with too much to do
        return made

    async def play() -> None:
        async with serve(echo, HERE, 0) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setattr(wire, "_connected", late)
            slow, ear = line(port)
            await slow.reach(HERE, within_s=0.1)
            monkeypatch.setattr(wire, "_connected", connected)
            gc.collect()
            others = await lines_that_speak(port)
            await ear.said("opened")
            for each in (slow, *others):
                each.close()

    uvloop.run(play())


@pytest.mark.parametrize("source", ["", HERE])
def test_who_lets_go_while_his_line_is_made_closes_it_and_nobody_elses(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Line] = []
    connected = wire._connected

    async def left(*where: Any) -> socket.socket:
        made = await connected(*where)
        lines[-1].abort()
        return made

    async def play() -> None:
        async with serve(echo, HERE, 0) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setattr(wire, "_connected", left)
            for _ in range(OTHERS):
                hasty, ear = line(port)
                lines.append(hasty)
                reaching = asyncio.ensure_future(hasty.reach(source))
                if not source:
                    await asyncio.sleep(0)
                    hasty.abort()
                await reaching
            await asyncio.sleep(0.05)
            monkeypatch.setattr(wire, "_connected", connected)
            others = await lines_that_speak(port)  # some have a number that is free again
            lines.clear()
            gc.collect()
            others += await lines_that_speak(port)
            assert ear.told == []
            assert len(server.connections) == len(others)
            for each in others:
                each.send(b"again")
                each.close()

    uvloop.run(play())


def test_nobody_there_is_gone() -> None:
    async def play() -> None:
        with socket.socket() as closed:
            closed.bind((HERE, 0))
            for source in ("", HERE):
                nobody, ear = line(closed.getsockname()[1])
                await nobody.reach(source)
                assert ear.told == ["cut"]

    uvloop.run(play())
