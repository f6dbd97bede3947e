"""【去考试】 with the paper in the same answer: on either line, after the start is committed, only to its device."""

import asyncio
from typing import Any

import pytest

from tests.candidate import Candidate, LiveSocket
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = {"type": "start", "paper": True}


async def ready(candidate: Candidate, sitting_id: int) -> None:
    """Everything up to the button."""
    await candidate.enter(sitting_id)
    await candidate.portrait()


def papers_seen(socket: LiveSocket) -> list[dict[str, Any]]:
    return [frame for frame in socket.seen if frame["type"] == "paper"]


async def test_over_http_the_paper_comes_with_the_start_that_asks_for_it(server: Server) -> None:
    async with server.candidate() as candidate:
        await ready(candidate, await server.five_items())
        outcome = await candidate.commands(START)
        assert outcome["paper"] == await candidate.paper()
        assert (await candidate.commands(START))["paper"] == outcome["paper"]  # its answer may have been lost
        assert (await candidate.commands({"type": "start"}))["paper"] is None
        assert (await candidate.commands())["paper"] is None


async def test_over_the_socket_the_paper_follows_the_acknowledgement(server: Server) -> None:
    async with server.candidate() as candidate:
        await ready(candidate, await server.five_items())
        socket = await candidate.socket()
        await socket.until("welcome")
        await socket.send(START)
        paper = await socket.until("paper")
        assert "ack" in [frame["type"] for frame in socket.seen]
        assert {name: paper[name] for name in ("attempt_id", "items")} == await candidate.paper()


async def test_a_start_that_is_refused_brings_no_paper(server: Server) -> None:
    async with server.candidate() as candidate:
        await candidate.enter(await server.five_items())
        outcome = await candidate.commands(START)
        assert (outcome["results"][0]["code"], outcome["paper"]) == ("portrait_needed", None)
        socket = await candidate.socket()
        await socket.until("welcome")
        await socket.send(START)
        await socket.until("rejected", code="portrait_needed")
        await socket.send({"type": "ping"})
        await socket.until("pong")
        assert not papers_seen(socket)


async def test_another_device_gets_no_paper_by_starting_what_runs(server: Server) -> None:
    async with server.candidate() as candidate:
        await candidate.begin(await server.five_items())
        candidate.device = "device-two"
        outcome = await candidate.commands(START)
        assert (outcome["results"][0]["code"], outcome["paper"]) == ("superseded", None)


async def test_who_hands_in_with_the_same_batch_has_no_use_for_the_paper(server: Server) -> None:
    async with server.candidate() as candidate:
        await ready(candidate, await server.five_items())
        outcome = await candidate.commands(START, {"type": "hand_in", "seq": 1})
        assert [line["result"] for line in outcome["results"]] == ["saved", "saved"]
        assert outcome["paper"] is None


async def test_of_many_who_start_together_each_has_his_own_paper(server: Server) -> None:
    sitting_id = await server.five_items()
    candidates = [server.candidate() for _ in range(3)]
    try:
        for candidate in candidates:
            await candidate.__aenter__()
            await ready(candidate, sitting_id)
        outcomes = await asyncio.gather(*(candidate.commands(START) for candidate in candidates))
        for candidate, outcome in zip(candidates, outcomes, strict=True):
            assert outcome["paper"]["attempt_id"] == candidate.attempt_id
            assert outcome["paper"] == await candidate.paper()
    finally:
        for candidate in candidates:
            await candidate.__aexit__(None, None, None)


async def test_what_a_device_without_a_socket_has_taken_in_is_on_record(server: Server) -> None:
    async def taken_in() -> int:
        asked = "SELECT taken_in FROM exam.attempts WHERE attempt_id = $1"
        return int(await server.house.pool.fetchval(asked, candidate.attempt_id))

    async with server.candidate() as candidate:
        await candidate.begin(await server.five_items())
        assert await taken_in() == 0
        version = (await candidate.commands())["version"]
        await candidate.commands(since=version)
        assert await taken_in() == version
        await candidate.commands(since=2)
        await candidate.commands(since=10**6)  # what nobody has said yet, nobody can have heard
        assert await taken_in() == version


async def test_who_polls_hears_what_another_process_wrote_meanwhile(server: Server) -> None:
    """The attempt stays in memory between polls: that must not hide what was written past this memory."""
    async with server.candidate() as candidate, server.staff("chief") as desk:
        sitting_id = await server.five_items()
        await candidate.begin(sitting_id)
        before = await candidate.commands()
        house = server.house
        known = house.service.held(candidate.attempt_id)
        assert known is not None
        assert known.version == before["version"]
        house.service._known.pop(candidate.attempt_id)  # the desk's word goes past what the poll remembers
        await desk.act(sitting_id, {"type": "warn", "text": "请安静"}, candidate.attempt_id)
        house.service._known[candidate.attempt_id] = known
        after = await candidate.commands(since=before["version"])
        assert [told["event"]["type"] for told in after["events"]] == ["warned"]
        assert after["version"] == before["version"] + 1 == known.version
