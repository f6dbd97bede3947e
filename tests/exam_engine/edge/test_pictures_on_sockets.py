"""Pictures that come over the live socket in pieces: kept, refused and seen as those that come over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from exam_engine.edge.live import close_silent
from tests.candidate import LiveSocket, Refusal, jpeg
from tests.exam_engine.edge.server import Server
from tests.exam_engine.edge.watched import Eyes, Watched, door_open, evidence, seeing, settled, watched

pytestmark = pytest.mark.asyncio(loop_scope="module")

PARTS = 3
NEVER_ASKED = 99


@pytest.fixture(scope="module")
def eyes(server: Server) -> Iterator[Eyes]:
    """What the module's server looks with."""
    with seeing(server) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(server: Server, eyes: Eyes) -> AsyncIterator[Watched]:
    """A physician who sits one exam after the other."""
    assert server.house.vision is eyes
    async with watched(server) as person:
        yield person


async def sitting(server: Server, person: Watched) -> LiveSocket:
    """He has begun a new exam, and his line is open."""
    await person.begin(await server.five_items(door_open()))
    return await line(person)


async def line(person: Watched) -> LiveSocket:
    socket = await person.socket()
    await socket.until("welcome")
    return socket


def cut(n: int, picture: bytes, parts: int = PARTS, **more: Any) -> list[bytes]:
    """The binary frames of a picture."""
    size = -(-len(picture) // parts)
    return [
        json.dumps({"n": n, "part": part, "parts": parts, **more}).encode() + b"\n" + picture[at : at + size]
        for part, at in enumerate(range(0, len(picture), size))
    ]


async def send(socket: LiveSocket, *frames: bytes) -> None:
    for frame in frames:
        await socket.socket.send_bytes(frame)


async def word_on(socket: LiveSocket, n: int) -> dict[str, Any]:
    """What the server says of a whole picture."""
    while True:
        frame = await socket.receive()
        assert frame["type"] != "closed", socket.seen
        if frame["type"] in ("captured", "capture_refused") and frame["n"] == n:
            return frame


async def captures_of(person: Watched) -> list[Any]:
    found: list[Any] = (await person.log())["captures"]
    return found


async def test_a_picture_over_the_socket_is_kept_and_seen_as_one_over_http(server: Server, one: Watched) -> None:
    socket = await sitting(server, one)
    await send(socket, *cut(7, jpeg(10), why="back", ago_ms=900_000))  # as of the start, since the exam is younger
    kept = await word_on(socket, 7)
    with server.later(minutes=10):
        over_http = await one.capture(why="back", ago_ms=300_000, shade=60)
    await settled(server)
    async with server.staff("invigilator") as desk:
        seen = await evidence(desk, one.attempt_id)
        asked = {"pictures": [{"attempt_id": one.attempt_id, "picture": kept["picture"]}]}
        (link,) = (await desk.post(f"/api/desk/sittings/{seen['sitting_id']}/picture-links", asked))["links"]
        assert (await desk.get_bytes(link["url"])).startswith(b"\xff\xd8\xff")

    policy = door_open().proctoring
    assert policy.every_min_s <= kept["next_in_s"] <= policy.every_max_s
    assert [frame["part"] for frame in socket.seen if frame["type"] == "next_piece"] == [1, 2]
    rows = seen["captures"]
    assert {row.pop("picture") for row in rows} == {kept["picture"], over_http["picture"]}
    assert len({row.pop("at") for row in rows}) == 2
    assert rows[0] == rows[1]
    assert (rows[0]["why"], rows[0]["state"], rows[0]["kind"]) == ("back", "seen", "same")
    await socket.close()


async def test_the_same_picture_over_both_ways_is_one(server: Server, one: Watched) -> None:
    socket = await sitting(server, one)
    await send(socket, *cut(1, jpeg(20)))
    kept = await word_on(socket, 1)
    with server.later(seconds=5):
        again = await one.capture(ago_ms=5_000, shade=20)
        await send(socket, *cut(2, jpeg(20), ago_ms=5_000))
        once_more = await word_on(socket, 2)
    assert kept["picture"] == again["picture"] == once_more["picture"]
    assert len(await captures_of(one)) == 1
    await socket.close()


async def test_an_answer_between_two_pieces_is_acknowledged_before_the_picture(server: Server, one: Watched) -> None:
    socket = await sitting(server, one)
    first, *others = cut(1, jpeg(30))
    await send(socket, first)
    await socket.send(one.answer(1, "a"))
    await send(socket, *others)
    await word_on(socket, 1)
    kinds = [frame["type"] for frame in socket.seen if frame["type"] not in ("welcome", "told")]
    assert kinds == ["next_piece", "ack", "next_piece", "captured"]
    await socket.close()


async def test_a_hand_in_between_two_pieces_does_not_make_the_picture_late(server: Server, one: Watched) -> None:
    socket = await sitting(server, one)
    first, *others = cut(1, jpeg(31), why="hand_in")
    await send(socket, first)
    await socket.until("next_piece")
    await socket.send(one.hand_in())
    await send(socket, *others)
    assert (await word_on(socket, 1))["type"] == "captured"
    await socket.close()


async def test_of_two_pictures_at_once_one_is_kept(server: Server, one: Watched) -> None:
    socket = await sitting(server, one)
    await send(socket, *cut(1, jpeg(40)), *cut(2, jpeg(41)))
    said = sorted([await word_on_any(socket), await word_on_any(socket)], key=lambda frame: frame["n"])
    assert [frame["type"] for frame in said] == ["captured", "capture_refused"]
    assert (said[1]["code"], said[1]["status"], said[1]["facts"]) == ("too_many_captures", 429, {"retry_after_s": 2})
    assert len(await captures_of(one)) == 1
    await socket.close()


async def word_on_any(socket: LiveSocket) -> dict[str, Any]:
    while (frame := await socket.receive())["type"] not in ("captured", "capture_refused"):
        assert frame["type"] != "closed", socket.seen
    return frame


@pytest.mark.parametrize(
    ("frames", "refused"),
    [
        (cut(1, jpeg(50))[1:], (1, "wrong_shape")),
        (cut(1, jpeg(50))[::2], (1, "wrong_shape")),
        ([cut(1, jpeg(50))[0], cut(2, jpeg(50))[1]], (2, "wrong_shape")),
        (cut(1, jpeg(50), why="because"), (1, "wrong_shape")),
        ([b"\xff\xd8\xff"], (0, "wrong_shape")),
        (cut(1, b"\x89PNG not at all"), (1, "not_a_jpeg")),
        (cut(1, jpeg(50)[:300]), (1, "picture_broken")),
        (cut(1, bytes(1024 * 1024 + 1), 65), (1, "body_too_large")),
    ],
    ids=[
        "no beginning", "one left out", "of another", "no reason", "no head", "no picture", "half a picture", "large"
    ],
)  # fmt: skip
async def test_what_is_no_picture_is_refused_leaves_nothing_and_the_line_goes_on(
    server: Server, one: Watched, frames: list[bytes], refused: tuple[int, str]
) -> None:
    socket = await sitting(server, one)
    await send(socket, *frames)
    said = await word_on(socket, refused[0])
    assert (said["n"], said["code"]) == refused
    assert (await captures_of(one), server.house.captures.room.held) == ([], 0)
    await socket.send(one.answer(1, "a"))
    assert (await socket.until("ack", seq=one.seq))["result"] == "saved"
    await send(socket, *cut(NEVER_ASKED, jpeg(51)))
    assert (await word_on(socket, NEVER_ASKED))["type"] == "captured"
    await socket.close()


async def both_ways(person: Watched, socket: LiveSocket, shade: int) -> list[tuple[int, str]]:
    """Status and code of the same refusal, over HTTP and over the socket."""
    with pytest.raises(Refusal) as caught:
        await person.capture(shade=shade)
    await send(socket, *cut(1, jpeg(shade)))
    said = await word_on(socket, 1)
    return [(caught.value.status, caught.value.code), (said["status"], said["code"])]


async def test_the_rules_say_no_with_the_same_words_whichever_way_it_comes(server: Server, one: Watched) -> None:
    await one.enter(await server.five_items(door_open()))
    await one.portrait()
    early = await line(one)
    assert await both_ways(one, early, 70) == [(409, "not_started")] * 2
    await one.commands({"type": "start"})
    async with watched(server, login=one.login, device="device-two") as tablet:
        tablet.attempt_id = one.attempt_id
        other = await line(tablet)
        assert await both_ways(tablet, other, 71) == [(409, "superseded")] * 2
        await other.close()
    await one.consent(agreed=False)
    assert await both_ways(one, early, 72) == [(409, "no_consent")] * 2
    await one.consent()
    await one.commands(one.hand_in())
    assert await both_ways(one, early, 73) == [(409, "already_submitted")] * 2
    assert await captures_of(one) == []
    await early.close()


async def test_a_line_that_breaks_between_pieces_leaves_nothing_behind(server: Server, one: Watched) -> None:
    socket = await sitting(server, one)
    await send(socket, *cut(1, jpeg(80))[:2])
    await socket.until("next_piece", part=2)
    assert server.house.captures.room.held > 0
    await socket.close()
    again = await line(one)
    await send(again, *cut(1, jpeg(80))[2:])
    assert (await word_on(again, 1))["code"] == "wrong_shape"
    assert (await captures_of(one), server.house.captures.room.held) == ([], 0)
    await send(again, *cut(1, jpeg(80)))
    assert (await word_on(again, 1))["type"] == "captured"
    await again.close()


async def test_half_a_picture_does_not_lie_for_ever(server: Server, one: Watched) -> None:
    socket = await sitting(server, one)
    await send(socket, cut(1, jpeg(81))[0])
    await socket.until("next_piece")
    with server.later(minutes=2):
        await close_silent(server.house)
    assert server.house.captures.room.held == 0
    await socket.close()


async def test_a_frame_far_too_large_ends_the_line_with_a_word_or_none_and_nobody_elses(
    server: Server, one: Watched
) -> None:
    socket = await sitting(server, one)
    await send(socket, b"x" * 100_000)
    with pytest.raises(AssertionError, match="closed"):
        await asyncio.wait_for(socket.until("pong"), 10)
    again = await line(one)
    await send(again, *cut(1, jpeg(82)))
    assert (await word_on(again, 1))["type"] == "captured"
    await again.close()
