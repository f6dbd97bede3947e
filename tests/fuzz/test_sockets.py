"""What a broken or hostile device may send, over sockets and as bodies: refused with a code, and nothing is changed."""

import asyncio
import gzip
import io
import json
import struct
import zlib
from collections.abc import Coroutine, Iterator
from typing import Any, Final, NamedTuple, TypeVar

import aiohttp
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from PIL import Image

from exam_engine.edge.http import BODY_BYTES_MAX
from exam_engine.messages import FRAME_BYTES_MAX, PIECE_BYTES_MAX
from proctor.pictures import SIDE_MAX
from tests.candidate import Candidate, LiveSocket, Staff, jpeg
from tests.exam_engine.edge.server import Server
from tests.fuzz.conftest import EXAMPLES, Portal

T = TypeVar("T")
DEEP: Final = 3_000  # levels of nesting; a frame has room for them

# The service drops a line that is not HTTP any more, and with it the connection under a test's own client.
LOST: Final = (aiohttp.ClientConnectionError, ConnectionError)


class World(NamedTuple):
    """One who misbehaves, one who only sits his exam, and the desk that watches both."""

    server: Server
    hostile: Candidate
    honest: Candidate
    socket: LiveSocket
    desk: Staff
    sitting_id: int

    async def refused(self, *frames: str | bytes, hello: bool = True) -> list[dict[str, Any]]:
        """Send these on a new socket; what comes back, to the end or to the pong after them.

        Nothing of them may reach the journal of the hostile, whatever is answered.
        """
        before = await self.server.journal(self.hostile.attempt_id)
        socket = await self.hostile.connect(f"/api/attempts/{self.hostile.attempt_id}/live")
        try:
            if hello:
                await socket.send({"type": "hello", "device": self.hostile.device, "since": before[-1].version})
                await socket.until("welcome")
                socket.seen.clear()
            for frame in frames:
                if isinstance(frame, bytes):
                    await socket.socket.send_bytes(frame)
                else:
                    await socket.socket.send_str(frame)
            await socket.send({"type": "ping"})
            while (await socket.receive())["type"] not in ("pong", "closed"):
                pass
        except ConnectionError:
            socket.seen.append({"type": "closed"})  # the server had ended it while we were still sending
        finally:
            await socket.close()
        assert await self.server.journal(self.hostile.attempt_id) == before
        return socket.seen

    async def others_go_on(self) -> None:
        """The honest one's socket, the server and the board work as before."""
        await self.socket.send(self.honest.answer(1 + self.honest.seq % 5, "a"))
        assert (await self.socket.until("ack", seq=self.honest.seq))["result"] == "saved"
        assert (await self.honest.get("/api/health"))["ready"]
        board = await self.desk.get(f"/api/desk/sittings/{self.sitting_id}/board")
        assert len(board["tiles"]) == 2


@pytest.fixture(scope="module")
def world(server: Server, portal: Portal) -> Iterator[World]:
    async def prepare() -> World:
        sitting_id = await server.five_items()
        hostile, honest, desk = server.candidate(), server.candidate(), server.staff("invigilator")
        for person in (hostile, honest, desk):
            await person.__aenter__()
        await hostile.begin(sitting_id)
        await hostile.commands(hostile.answer(1, "a"))
        await honest.begin(sitting_id)
        socket = await honest.socket()
        await socket.until("welcome")
        return World(server, hostile, honest, socket, desk, sitting_id)

    async def leave(world: World) -> None:
        for person in (world.hostile, world.honest, world.desk):
            await person.__aexit__(None, None, None)

    made = portal.call(prepare())
    yield made
    portal.call(leave(made))


def answered_or_ended(seen: list[dict[str, Any]], codes: set[str]) -> None:
    """Each frame was refused with one of these codes, or the socket was ended with a bye."""
    kinds = [frame["type"] for frame in seen]
    assert kinds[-1:] != ["closed"] or "bye" in kinds, f"ended without a word: {seen}"
    said = {frame["code"] for frame in seen if frame["type"] in ("rejected", "bye")}
    assert said, "neither refused nor ended"
    assert said <= codes, said


fuzz = examples.get_profile("fuzz") if "fuzz" in examples._profiles else examples()
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
TAGS: Final = ("hello", "ping", "start", "answer", "clear", "mark_for_later", "acknowledge", "hand_in", "time_up")
DEFAULTS: Final[dict[str, Any]] = {"seq": 2, "no": 1, "choice": "a", "on": True, "notice": 1, "have": 0, "since": 0}
STAFF: Final = (
    {"type": "warn", "text": "x"}, {"type": "pause", "reason": "x"}, {"type": "resume"},
    {"type": "extend", "seconds": 600, "reason": "x"}, {"type": "lock_identity", "reason": "x"},
    {"type": "unlock_identity"}, {"type": "force_hand_in", "reason": "x"}, {"type": "accept_identity"},
    {"type": "refuse_identity", "reason": "x"}, {"type": "annul", "reason": "x"},
    {"type": "take_portrait", "device": "device-one", "picture": "a" * 64},
    {"type": "record_mark", "revision": 1, "points": 100, "points_max": 100},
    {"type": "release", "pass_points": 0}, {"type": "tick"}, {"type": "submitted"}, {"type": "answered"},
)  # fmt: skip


@examples(parent=fuzz, max_examples=4 * EXAMPLES)
@given(st.text(max_size=200) | values.map(json.dumps))
def test_garbage_is_refused_and_the_socket_stays(world: World, portal: Portal, text: str) -> None:
    seen = portal.call(world.refused(text))
    answered_or_ended(seen, {"wrong_shape"})


@examples(parent=fuzz, max_examples=4 * EXAMPLES)
@given(
    st.sampled_from(TAGS),
    st.dictionaries(st.sampled_from((*DEFAULTS, "device", "extra")), values, min_size=1, max_size=3),
)
def test_wrong_values_in_known_frames_are_refused(
    world: World, portal: Portal, tag: str, fields: dict[str, Any]
) -> None:
    frame = {"type": tag, "seq": 9_999} | fields  # a number far ahead: even a well-formed one can't be taken
    if tag in ("time_up", "start", "ping", "hello"):
        frame["extra"] = 1
    seen = portal.call(world.refused(json.dumps(frame)))
    answered_or_ended(seen, {"wrong_shape", "seq_gap", "seq_reused", "no_such_notice"})


@examples(parent=fuzz, max_examples=2 * EXAMPLES)
@given(st.binary(max_size=100))
def test_binary_frames_that_are_no_pieces_are_refused_and_the_socket_stays(
    world: World, portal: Portal, data: bytes
) -> None:
    seen = portal.call(world.refused(data))
    assert [(frame["type"], frame.get("code")) for frame in seen] == [
        ("capture_refused", "wrong_shape"),
        ("pong", None),
    ]


heads = st.fixed_dictionaries(
    {"n": st.integers(1, 2), "part": st.integers(0, 3), "parts": st.integers(1, 4)},
    optional={"why": st.sampled_from(("back", "because")), "ago_ms": st.integers(-1, 100_000_000), "extra": values},
)
pieces = st.tuples(heads | values, st.sampled_from((b"", b"x", b"\n", b"\xff\xd8\xff", bytes(PIECE_BYTES_MAX + 1))))


@examples(parent=fuzz, max_examples=4 * EXAMPLES)
@given(st.lists(pieces, min_size=1, max_size=8))
def test_pieces_without_rhyme_or_reason_are_no_picture_and_leave_nothing(
    world: World, portal: Portal, sent: list[tuple[Any, bytes]]
) -> None:
    frames = [json.dumps(head).encode() + b"\n" + piece for head, piece in sent]
    seen = portal.call(world.refused(*frames))
    assert {frame["type"] for frame in seen} <= {"next_piece", "capture_refused", "pong"}
    portal.call(world.others_go_on())
    kept = world.server.house.pool.fetchval("SELECT count(*) FROM proctor.captures")
    assert (portal.call(kept), world.server.house.captures.room.held) == (0, 0)


@pytest.mark.parametrize("command", STAFF, ids=lambda command: command["type"])
def test_a_candidate_can_not_give_the_commands_of_others(world: World, portal: Portal, command: dict[str, Any]) -> None:
    answered_or_ended(portal.call(world.refused(json.dumps(command))), {"wrong_shape"})
    body = {"device": world.hostile.device, "commands": [command]}
    status, code = portal.call(post(world, json.dumps(body).encode()))
    assert (status, code) == (400, "wrong_shape")


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(['{"type":"answer","seq":1,"no":1,"choice":"b"}'], id="a number said otherwise"),
        pytest.param(['{"type":"answer","seq":3,"no":1,"choice":"b"}'], id="a number left out"),
        pytest.param(['{"type":"answer","seq":0,"no":1,"choice":"b"}'], id="no number at all"),
        pytest.param(['{"type":"answer","seq":-1,"no":1,"choice":"b"}'], id="a number below nothing"),
        pytest.param(['{"type":"answer","seq":2147483648,"no":1,"choice":"b"}'], id="a number too large"),
        pytest.param(['{"type":"answer","seq":2,"no":6,"choice":"b"}'], id="an item that is not there"),
        pytest.param(['{"type":"answer","seq":2,"no":1,"choice":"z"}'], id="an option that is not there"),
        pytest.param(['{"type":"answer","seq":2,"no":1,"choice":"ba"}'], id="options out of order"),
        pytest.param(['{"type":"answer","seq":2,"no":1,"choice":"aa"}'], id="an option twice"),
        pytest.param(['{"type":"answer","seq":2,"no":1,"choice":""}'], id="no option"),
        pytest.param(['{"type":"hand_in","seq":9}', '{"type":"hand_in","seq":1}'], id="a hand-in out of order"),
        pytest.param(['{"type":"clear","seq":1,"no":1}'], id="a number of another command"),
        pytest.param(['{"type":"acknowledge","notice":-1}'], id="a notice never given"),
        pytest.param([f'{{"type":"acknowledge","notice":{2**63}}}'], id="a notice beyond 63 bits"),
        pytest.param(['{"type":"acknowledge","notice":1' + "0" * 4000 + "}"], id="a notice of 4,000 digits"),
        pytest.param(['{"type":"ping","have":1e400}'], id="a number beyond all"),
        pytest.param(['{"type":"ping","have":NaN}'], id="not a number"),
        pytest.param(['{"type":"unheard_of"}'], id="an unknown type"),
        pytest.param(['{"type":["ping"]}'], id="a list for a type"),
        pytest.param(['{"seq":1}'], id="no type"),
        pytest.param(["[" * DEEP], id="lists in lists"),
        pytest.param(['{"a":' + "[" * DEEP + "]" * DEEP + ',"type":"ping"}'], id="lists in lists before the type"),
        pytest.param(['{"type":"ping","a":' + '{"a":' * DEEP + "1" + "}" * DEEP + "}"], id="objects in objects"),
        pytest.param(['{"type":"ping","have":"\\ud800"}'], id="half a character"),
        pytest.param([""], id="nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, portal: Portal, frames: list[str]) -> None:
    seen = portal.call(world.refused(*frames))
    answered_or_ended(
        seen,
        {
            "wrong_shape",
            "seq_gap",
            "seq_reused",
            "no_such_item",
            "no_such_option",
            "one_option_only",
            "no_such_notice",
            "protocol",
        },
    )
    portal.call(world.others_go_on())


@pytest.mark.parametrize("size", [FRAME_BYTES_MAX + 1, 300_000])
def test_a_huge_frame_ends_the_socket(world: World, portal: Portal, size: int) -> None:
    seen = portal.call(world.refused('{"type":"ping","have":' + "1" * size + "}"))
    assert seen[-1]["type"] == "closed"
    portal.call(world.others_go_on())


def test_a_large_frame_within_the_limit_is_read_and_refused(world: World, portal: Portal) -> None:
    seen = portal.call(world.refused('"' + "x" * (FRAME_BYTES_MAX - 10) + '"'))
    answered_or_ended(seen, {"wrong_shape"})


@examples(parent=fuzz, max_examples=EXAMPLES)
@given(
    st.sampled_from([json.dumps({"type": tag} | DEFAULTS) for tag in TAGS])
    | st.text(max_size=40)
    | st.just(b'{"n":1,"part":0,"parts":1}\n\xff\xd8\xff')
)
def test_whoever_does_not_say_hello_first_is_sent_away(world: World, portal: Portal, first: str | bytes) -> None:
    seen = portal.call(world.refused(first, hello=False))
    answered_or_ended(seen, {"protocol"})
    assert seen[-1]["type"] == "closed"


@pytest.mark.parametrize(
    "hello",
    [
        '{"type":"hello"}',
        '{"type":"hello","device":"short"}',
        '{"type":"hello","device":"device-one","since":-1}',
        '{"type":"hello","device":"device one!"}',
        '{"type":"hello","device":"device-one","since":"1"}',
        '{"a":' + "[" * DEEP + "]" * DEEP + ',"type":"hello","device":"device-one"}',
    ],
    ids=["no device", "short device", "since below nothing", "spaces", "since as text", "deep"],
)
def test_a_hello_that_is_none_ends_the_socket_with_a_word(world: World, portal: Portal, hello: str) -> None:
    seen = portal.call(world.refused(hello, hello=False))
    answered_or_ended(seen, {"protocol"})


@pytest.mark.parametrize("since", [2**31, 2**63, 10**40])
def test_a_hello_from_a_number_beyond_all_ends_the_socket(world: World, portal: Portal, since: int) -> None:
    seen = portal.call(world.refused(f'{{"type":"hello","device":"device-one","since":{since}}}', hello=False))
    answered_or_ended(seen, {"protocol"})


@pytest.mark.parametrize("since", [10**6, 2**31 - 1])
def test_a_hello_from_a_number_that_was_never_given_gets_a_snapshot(world: World, portal: Portal, since: int) -> None:
    async def say() -> dict[str, Any]:
        socket = await world.hostile.socket(since)
        welcome = await socket.until("welcome")
        await socket.close()
        return welcome

    assert portal.call(say())["view"]["version"] < 100


def test_a_second_hello_is_refused_or_ends_the_socket(world: World, portal: Portal) -> None:
    seen = portal.call(world.refused('{"type":"hello","device":"device-two","since":0}'))
    answered_or_ended(seen, {"wrong_shape", "protocol"})


def test_a_second_hello_does_not_make_it_another_device(world: World, portal: Portal) -> None:
    async def say() -> None:
        before = await world.server.journal(world.hostile.attempt_id)
        socket = await world.hostile.connect(f"/api/attempts/{world.hostile.attempt_id}/live")
        await socket.send({"type": "hello", "device": "device-two"})
        await socket.until("welcome")
        await socket.send({"type": "hello", "device": world.hostile.device})
        await socket.send({"type": "answer", "seq": 2, "no": 2, "choice": "a"})
        while (await socket.receive())["type"] not in ("rejected", "closed"):
            pass
        await socket.close()
        assert await world.server.journal(world.hostile.attempt_id) == before

    portal.call(say())


def test_after_a_bye_nothing_is_heard(world: World, portal: Portal) -> None:
    taken = '{"type":"answer","seq":2,"no":2,"choice":"a"}'  # well-formed: on an open socket it would be saved
    seen = portal.call(world.refused('{"type":"hello","device":"device-two"}', taken, taken))
    assert [frame["type"] for frame in seen] == ["bye", "closed"]


def test_more_sockets_of_one_attempt_than_anybody_needs_are_sent_away(world: World, portal: Portal) -> None:
    async def open_many() -> list[str]:
        sockets = []
        for _ in range(12):
            sockets.append(await world.hostile.socket())
            await sockets[-1].until("welcome")
        for old in sockets[:8]:
            await old.until("bye", code="too_many")
        for young in sockets[8:]:
            await young.send({"type": "ping"})
            await young.until("pong")
            await young.close()
        return [socket.seen[0]["type"] for socket in sockets]

    assert set(portal.call(open_many())) == {"welcome"}
    portal.call(world.others_go_on())


def test_a_flood_of_frames_is_ended_and_the_others_go_on(world: World, portal: Portal) -> None:
    seen = portal.call(world.refused(*['{"type":"ping"}'] * 100, *['{"type":"x"}'] * 100))
    assert [frame["type"] for frame in seen].count("rejected") in (100, 0) or seen[-1]["type"] == "closed"
    portal.call(world.others_go_on())


def test_a_line_cut_in_the_middle_of_a_frame_hurts_nobody(world: World, portal: Portal) -> None:
    async def cut() -> None:
        for _ in range(5):
            socket = await world.hostile.socket()
            await socket.until("welcome")
            transport = socket.socket._response.connection
            assert transport is not None
            assert transport.transport is not None
            transport.transport.abort()
            await socket.close()

    portal.call(cut())
    portal.call(world.others_go_on())


def test_the_boards_socket_takes_no_huge_frames_nor_binary(world: World, portal: Portal) -> None:
    async def shout(data: str | bytes) -> str:
        board = await world.desk.watch(world.sitting_id)
        await board.until("board")
        if isinstance(data, bytes):
            await board.socket.send_bytes(data)
        else:
            await board.socket.send_str(data)
        while (kind := (await board.receive())["type"]) == "tiles":
            pass
        await board.close()
        return str(kind)

    assert portal.call(shout("x" * 100_000)) == "closed"
    assert portal.call(shout(b"\x00")) == "closed"
    assert portal.call(shout("[" * 900)) == "pong"
    portal.call(world.others_go_on())


# --- bodies --------------------------------------------------------------------------------------------------------


async def post(world: World, data: bytes, path: str = "", **headers: str) -> tuple[int, str]:
    """Status and code of a body as it is."""
    url = world.hostile.base_url + (path or f"/api/attempts/{world.hostile.attempt_id}/commands")
    try:
        async with world.hostile.http.post(
            url, data=io.BytesIO(data), headers={"Content-Type": "application/json"} | headers
        ) as response:
            answer = await response.json() if response.content_type == "application/json" else {}
            return response.status, answer.get("code", "")
    except LOST:
        return 0, "hung up"


async def unchanged(world: World, asking: Coroutine[Any, Any, T]) -> T:
    """What comes of it; the journal must stay as it was."""
    before = await world.server.journal(world.hostile.attempt_id)
    answer = await asking
    assert await world.server.journal(world.hostile.attempt_id) == before
    return answer


def batch(*commands: str, since: str = "0") -> bytes:
    return f'{{"device":"device-one","since":{since},"commands":[{",".join(commands)}]}}'.encode()


@pytest.mark.parametrize(
    ("data", "status", "codes"),
    [
        pytest.param(b"", 400, {"not_json"}, id="nothing"),
        pytest.param(b"{", 400, {"not_json"}, id="half an object"),
        pytest.param(b"null", 400, {"wrong_shape"}, id="null"),
        pytest.param(b'{"device":"device-one\xff\xfe"}', 400, {"not_json", "wrong_shape"}, id="not UTF-8"),
        pytest.param(b'{"device":"\\ud800\\ud800xx"}', 400, {"not_json", "wrong_shape"}, id="half a character"),
        pytest.param(b'{"device":"device\\u0000one"}', 400, {"wrong_shape"}, id="a zero in the device"),
        pytest.param(b"\xef\xbb\xbf" + batch(), 400, {"not_json", "wrong_shape"}, id="a byte order mark"),
        pytest.param(b'{"device":"device-one","since":NaN}', 400, {"not_json"}, id="NaN"),
        pytest.param(b'{"device":"device-one","since":Infinity}', 400, {"not_json"}, id="Infinity"),
        pytest.param(b'{"device":"device-one","since":1.5}', 400, {"wrong_shape"}, id="half a version"),
        pytest.param(batch(since=str(2**31)), 400, {"wrong_shape"}, id="a version beyond 31 bits"),
        pytest.param(batch(since=str(2**63)), 400, {"wrong_shape"}, id="a version beyond 63 bits"),
        pytest.param(batch(since="9" * 4000), 400, {"wrong_shape"}, id="a version of 4,000 digits"),
        pytest.param(batch(*['{"type":"time_up"}'] * 501), 400, {"wrong_shape"}, id="501 commands"),
        pytest.param(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, {"wrong_shape", "not_json"}, id="deep"),
        pytest.param(
            batch('{"a":' + "[" * 50_000 + "]" * 50_000 + ',"type":"time_up"}'),
            400, {"wrong_shape", "not_json"}, id="deep before the type",
        ),
        pytest.param(b'{"device":"' + b"x" * BODY_BYTES_MAX + b'"}', 413, {"body_too_large"}, id="just too large"),
        pytest.param(b" " * 10_000_000, 413, {"body_too_large", "hung up"}, id="10 MB"),
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(
    world: World, portal: Portal, data: bytes, status: int, codes: set[str]
) -> None:
    answered, code = portal.call(unchanged(world, post(world, data)))
    assert code in codes
    assert answered == status or code == "hung up"
    portal.call(world.others_go_on())


def test_a_notice_number_beyond_all_in_a_batch_is_refused(world: World, portal: Portal) -> None:
    huge = batch(f'{{"type":"acknowledge","notice":{10**40}}}')
    status, code = portal.call(unchanged(world, post(world, huge)))
    assert (status, code) in ((200, ""), (400, "wrong_shape"))


def test_of_a_name_given_twice_the_server_takes_one(world: World, portal: Portal) -> None:
    data = b'{"device":"device-two","device":"device-one","commands":[{"type":"time_up","type":"time_up"}]}'
    status, code = portal.call(unchanged(world, post(world, data)))
    assert (status, code) in ((200, ""), (400, "wrong_shape"))


@pytest.mark.parametrize("zipped", [gzip.compress(b" " * 50_000_000), zlib.compress(b" " * 50_000_000)])
def test_a_zipped_bomb_stays_shut(world: World, portal: Portal, zipped: bytes) -> None:
    encoding = "gzip" if zipped.startswith(b"\x1f\x8b") else "deflate"
    status, code = portal.call(unchanged(world, post(world, zipped, **{"Content-Encoding": encoding})))
    assert (status, code) in ((413, "body_too_large"), (400, "not_json"), (0, "hung up"))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "unheard-of"])
def test_a_body_that_is_not_zipped_as_it_says_is_no_bug_of_ours(world: World, portal: Portal, encoding: str) -> None:
    status, _ = portal.call(unchanged(world, post(world, b"not zipped at all", **{"Content-Encoding": encoding})))
    assert status < 500
    portal.call(world.others_go_on())


@pytest.mark.parametrize(
    "attempt", ["-1", "0", "1.5", "9" * 16, "9" * 17, "9" * 5000, "1e3", "٣", "%00", "1%2F2", "NaN"]
)
def test_ids_that_are_none_lead_nowhere(world: World, portal: Portal, attempt: str) -> None:
    status, _ = portal.call(post(world, batch(), f"/api/attempts/{attempt}/commands"))
    assert status in (400, 404, 405)

    async def look() -> int:
        url = f"{world.hostile.base_url}/api/attempts/{attempt}?device=device-one"
        async with world.hostile.http.get(url) as response:
            return response.status

    assert portal.call(look()) in (400, 404)


@pytest.mark.parametrize("device", ["", "x", "a" * 65, "device one", "%00" * 8, "../../etc", "设备设备设备设备设备"])
def test_devices_that_are_none_are_refused(world: World, portal: Portal, device: str) -> None:
    path = f"/api/attempts/{world.hostile.attempt_id}/portrait?device={device}"
    status, code = portal.call(unchanged(world, post(world, jpeg(), path)))
    assert (status, code) == (400, "device_missing")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/session", {"login": "\x00", "password": "x"}),
        ("/api/session", {"login": "physician01\x00", "password": "x"}),
        ("/api/session", {"login": "nobody-here", "password": "\x00\uffff"}),
    ],
)
def test_a_zero_in_a_text_is_a_wrong_login_and_no_bug(
    world: World, portal: Portal, path: str, body: dict[str, str]
) -> None:
    status, _ = portal.call(post(world, json.dumps(body).encode(), path))
    assert status in (400, 401)


@pytest.mark.parametrize(
    "command",
    [
        {"type": "warn", "text": "前\x00后"},
        {"type": "warn", "text": "请安静", "act": 10**30},
        {"type": "extend", "seconds": 60, "reason": "停电", "act": -(10**30)},
        {"type": "lock_identity", "reason": "\x00"},
        {"type": "warn", "text": "\u202e\u2066" * 100},
    ],
    ids=["a zero in a notice", "an act beyond all", "an act below all", "a zero as a reason", "text turned round"],
)
def test_odd_acts_of_a_desk_are_no_bugs(world: World, portal: Portal, command: dict[str, Any]) -> None:
    async def act() -> list[int]:
        sitting_id = await world.server.five_items()
        async with world.server.candidate() as candidate:
            await candidate.begin(sitting_id)
            body = {"request_id": "odd-request", "command": command, "attempt_ids": [candidate.attempt_id]}
            base = f"{world.desk.base_url}/api/desk/sittings/{sitting_id}"
            async with world.desk.http.post(f"{base}/acts", json=body) as response:
                await response.read()
            notices = (await candidate.view())["notices"]
            await candidate.commands(*({"type": "acknowledge", "notice": n["notice"]} for n in notices))
            afterwards = []
            for url in (
                f"{base}/acts",
                f"{base}/board",
                f"{world.desk.base_url}/api/desk/attempts/{candidate.attempt_id}/timeline",
            ):
                async with world.desk.http.get(url) as again:
                    await again.read()
                    afterwards.append(again.status)
            return [response.status, *afterwards]

    answered, *afterwards = portal.call(act())
    assert answered in (200, 400, 409)
    assert afterwards == [200, 200, 200], "past acts, board and timeline can still be read"


@pytest.mark.parametrize("person_id", [-(10**30), -1, 0, 2**53, 10**30])
def test_extra_time_for_nobody_is_refused(world: World, portal: Portal, person_id: int) -> None:
    assert portal.call(give_extra_time(world, person_id, "听力障碍证明")) in (400, 404, 409)


def test_extra_time_is_not_given_without_being_put_on_record(world: World, portal: Portal) -> None:
    person_id = portal.call(world.server.person_id(world.hostile.login))
    assert portal.call(give_extra_time(world, person_id, "\x00" * 6)) in (200, 400)


async def give_extra_time(world: World, person_id: int, reason: str) -> int:
    """The status; what was given is on record, and what was refused is not given."""
    pool, sitting_id = world.server.house.pool, await world.server.five_items()
    body = {"person_id": person_id, "minutes": 10, "reason": reason}
    async with world.server.staff("province") as province:
        url = f"{province.base_url}/api/desk/sittings/{sitting_id}/extra-time"
        async with province.http.post(url, json=body) as response:
            await response.read()
    given = await pool.fetchval("SELECT max(extra_minutes) FROM exam.entitlements WHERE sitting_id = $1", sitting_id)
    recorded = await pool.fetchval(
        "SELECT count(*) FROM people.audit WHERE act = 'extra_time' AND subject LIKE $1", f"sitting {sitting_id} %"
    )
    assert (given, recorded) in ((0, 0), (10, 1))
    return response.status


@pytest.mark.parametrize(
    "head",
    [
        b"Authorization: Bearer \xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe",
        b"Cookie: exam_session=\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe",
        b"Origin: \xff\xfe",
        b"Content-Type: \xff; charset=\xff",
        b"Content-Length: -1",
    ],
    ids=["bearer", "cookie", "origin", "type", "a length below nothing"],
)
def test_heads_that_are_not_text_are_no_bugs(world: World, portal: Portal, head: bytes) -> None:
    assert portal.call(raw(world, b"GET /api/papers HTTP/1.1", head)) in (b"400", b"401", b"403")


def test_a_browser_that_names_itself_in_no_known_letters_may_log_in(world: World, portal: Portal) -> None:
    body = json.dumps({"login": "institution", "password": "Kaohe-2026"}).encode()
    head = b"User-Agent: \xff\xfe\xfd\r\nX-Exam: 1\r\nContent-Length: %d" % len(body)
    assert portal.call(raw(world, b"POST /api/session HTTP/1.1", head, body)) == b"200"


async def raw(world: World, line: bytes, head: bytes, body: bytes = b"") -> bytes:
    """The status of a request written by hand."""
    host, _, port = world.hostile.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            b"\r\n".join(
                (line, b"Host: " + host.encode() + b":" + port.encode(), head, b"Connection: close", b"", body)
            )
        )
        return (await reader.read()).split(b" ", 2)[1]
    finally:
        writer.close()


# --- portraits -----------------------------------------------------------------------------------------------------


def picture(kind: str, size: tuple[int, int] = (240, 320), **options: Any) -> bytes:
    """A real picture of this format."""
    out = io.BytesIO()
    Image.new("RGB", size, (120, 90, 140)).save(out, kind, **options)
    return out.getvalue()


def claiming(data: bytes, width: int, height: int) -> bytes:
    """The same JPEG, whose head says that it is so large."""
    start = data.index(b"\xff\xc0")
    return data[: start + 5] + struct.pack(">HH", height, width) + data[start + 9 :]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        pytest.param(b"", 400, "not_a_jpeg", id="nothing"),
        pytest.param(picture("PNG"), 400, "not_a_jpeg", id="a PNG"),
        pytest.param(picture("GIF"), 400, "not_a_jpeg", id="a GIF"),
        pytest.param(b"\xff\xd8\xff" + picture("PNG"), 400, "picture_broken", id="a PNG behind a JPEG's first bytes"),
        pytest.param(b"\xff\xd8\xff", 400, "picture_broken", id="the first bytes alone"),
        pytest.param(jpeg()[: len(jpeg()) // 2], 400, "picture_broken", id="half a JPEG"),
        pytest.param(jpeg()[:-40], 400, "picture_broken", id="a JPEG without its end"),
        pytest.param(picture("JPEG", (40, 40)), 400, "picture_size", id="too small"),
        pytest.param(picture("JPEG", (SIDE_MAX + 1, 200)), 400, "picture_size", id="too wide"),
        pytest.param(claiming(jpeg(), 65_000, 65_000), 400, None, id="a bomb"),
        pytest.param(claiming(jpeg(), 0, 0), 400, None, id="of no size"),
        pytest.param(jpeg() + b"\x00" * 2_000_000, 413, "body_too_large", id="2 MB"),
        pytest.param(b"\xff\xd8\xff" * 100_000, 400, "picture_broken", id="first bytes only"),
        pytest.param(b"<html><script>alert(1)</script>", 400, "not_a_jpeg", id="a page"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # outside tests a warning ends nothing
def test_what_is_no_portrait_is_refused(
    world: World, portal: Portal, data: bytes, status: int, code: str | None
) -> None:
    path = f"/api/attempts/{world.hostile.attempt_id}/portrait?device=device-one"
    answered, said = portal.call(unchanged(world, post(world, data, path)))
    assert (answered, said) == (status, code or said)
    portal.call(world.others_go_on())


@pytest.mark.parametrize(
    "behind", [b"PK\x03\x04evil", b"<script>alert(1)</script>", b"%PDF-1.7 evil"], ids=["zip", "page", "pdf"]
)
def test_of_a_picture_that_is_also_something_else_only_the_picture_is_kept(
    world: World, portal: Portal, behind: bytes
) -> None:
    exif = Image.Exif()
    exif[0x010E] = "evil description"
    data = picture("JPEG", exif=exif, comment=b"evil comment") + behind

    async def keep() -> bytes | None:
        async with world.server.candidate(login=world.hostile.login) as twin:
            twin.attempt_id = world.hostile.attempt_id
            name = (await twin.post(f"/api/attempts/{twin.attempt_id}/portrait?device=device-one", data))["picture"]
            return await world.server.house.pictures.get(await world.server.person_id(twin.login), name)

    kept = portal.call(keep())
    assert kept is not None
    assert kept.startswith(b"\xff\xd8\xff")
    assert b"evil" not in kept
    assert behind not in kept


@examples(parent=fuzz, max_examples=4 * EXAMPLES)
@given(st.lists(st.tuples(st.integers(3, len(jpeg()) - 1), st.integers(0, 255)), min_size=1, max_size=12))
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # outside tests a warning ends nothing
def test_a_damaged_portrait_is_taken_or_refused_but_breaks_nothing(
    world: World, portal: Portal, damage: list[tuple[int, int]]
) -> None:
    data = bytearray(jpeg())
    for place, value in damage:
        data[place] = value
    path = f"/api/attempts/{world.honest.attempt_id}/portrait?device={world.honest.device}"

    async def give() -> int:
        url = world.honest.base_url + path
        async with world.honest.http.post(url, data=bytes(data)) as response:
            return response.status

    assert portal.call(give()) in (200, 400, 409)
