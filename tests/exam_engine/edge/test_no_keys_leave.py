"""Keys and explanations never reach a candidate, nor a desk: every byte is kept and searched (domain.md §3.9 I-6)."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from exam_engine.app import ENDPOINTS
from exam_engine.demo import PASSWORD, PHYSICIANS
from exam_engine.edge.http import PHYSICIAN
from exam_engine.papers import read_paper
from exam_engine.sitting import Policy
from proctor.policy import Proctoring
from question_bank import store as bank
from question_bank.item import Item
from question_bank.paper import Paper
from tests.candidate import Candidate, LiveSocket, Refusal, Staff
from tests.exam_engine.edge.recorder import Recorder, recorded
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Field names a candidate may ever meet, written out: a new one is thought about here before it leaves.
CLOCK: Final = {"remaining_ms", "ticking"}
PROCTORING: Final = set(Proctoring.__struct_fields__)  # his own exam's rules of being watched: no secret, no key
PROBLEM: Final = {"code", "facts", "phase", "role", "no", "item_count", "expected", "limit", "notice", "status"}
VIEW: Final = {
    "attempt_id", "sitting_id", "kind", "title", "person_name", "watermark", "phase", "version", "last_seq", "device",
    "identity", "identity_reason", "item_count", "minutes", "grace_s", "a4_no_back", "started_at", "deadline_at",
    "clock", "paused", "pause_reason", "identity_locked", "lock_reason", "answers", "no", "choice", "marks", "notices",
    "notice", "level", "text", "at", "acknowledged", "rule", "submitted", "ending", "unanswered", "late_count",
    "reason", "score",
} | CLOCK  # fmt: skip
WATCHING: Final = {
    "consent", "consent_version", "face", "turn", "frames", "span_s", "captures", "next_in_s", "has_photo", "leave_s",
    "leaves", "leaves_max", "leaves_force", "camera_warn_s", "idle_s", "gap_s",
}  # fmt: skip
SCORE: Final = {"points", "points_max", "pass_points", "passed"}
PAPER: Final = {
    "attempt_id", "items", "no", "type", "stem", "case", "group", "chain", "multiple", "options", "id", "text",
    "pictures", "name", "alt",
}  # fmt: skip
PAPERS: Final = {
    "now", "papers", "sitting_id", "kind", "round", "title", "item_count", "minutes", "opens_at", "closes_at", "status",
    "can_enter", "attempt_id", "why",  # of a closed gate
} | SCORE  # fmt: skip
POLICY: Final = {
    "minutes", "grace_s", "cut_at_close", "shuffle_items", "shuffle_options", "a4_no_back", "identity",
    "identity_again", "pause_compensated", "pause_s_max", "release_at_once", "proctoring",
} | PROCTORING  # fmt: skip
EVENTS: Final[dict[str, set[str]]] = {
    "entered": {"sitting", "person", "closes_at", "extra_minutes", "policy", "layout", "paper", "options", "multiple",
                "chain"} | POLICY,
    "portrait_taken": {"device", "picture", "why"},
    "identity_accepted": {"by"},
    "identity_refused": {"by", "reason"},
    "device_taken": {"device"},
    "started": {"deadline_at"},
    "answered": {"seq", "no", "choice"},
    "cleared": {"seq", "no"},
    "marked_for_later": {"seq", "no", "on"},
    "came_late": {"seq", "no", "choice"},
    "warned": {"notice", "level", "text", "by", "act", "rule"},
    "acknowledged": {"notice"},
    "paused": {"reason", "by"},
    "resumed": {"deadline_at", "by"},
    "extended": {"seconds", "reason", "deadline_at", "by", "act"},
    "identity_locked": {"reason", "by"},
    "identity_unlocked": {"by"},
    "submitted": {"as_of", "ending", "unanswered", "seq", "reason", "by"},
    "released": {"pass_points", "passed", "by"},
    "annulled": {"reason", "by", "barred"},
}  # fmt: skip
FRAMES: Final[dict[str, set[str]]] = {
    "welcome": {"view", "version", "last_seq"} | VIEW,
    "told": {"version", "at", "event", "clock"} | CLOCK,
    "ack": {"seq", "version", "result"},
    "rejected": {"last_seq", "seq"} | PROBLEM,
    "pong": {"clock"} | CLOCK,
    "bye": {"code", "retry_after_ms"},
    "paper": PAPER,
}
ANSWERS: Final[dict[str, set[str]]] = {
    "papers": PAPERS,
    "enter": {"attempt_id"},
    "portrait": {"picture", "phase", "identity", "version"},
    "paper": PAPER,
    "commands": {"results", "result", "version", "seq", "events", "at", "event", "last_seq", "clock", "paper"}
    | CLOCK
    | PROBLEM
    | PAPER,
    "attempt": VIEW,
    "watching": WATCHING,
    "consent": WATCHING,
    "session": {"account_id", "name", "role", "organisation", "token"},
}


def names(value: Any) -> set[str]:
    """Every field name in plain data, but for those of numbered events, which are looked at by themselves."""
    if isinstance(value, dict):
        return set(value).union(*(names(inner) for name, inner in value.items() if name != "event"))
    return set().union(*map(names, value)) if isinstance(value, list) else set()


def events_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every numbered event in plain data."""
    if isinstance(value, dict):
        if isinstance(value.get("event"), dict):
            yield value["event"]
        for inner in value.values():
            yield from events_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from events_of(inner)


def check_events(value: Any) -> None:
    for event in events_of(value):
        assert names(event) - {"type"} <= EVENTS[event["type"]], event


def check_frames(socket: LiveSocket) -> None:
    for frame in socket.seen:
        allowed = FRAMES[frame["type"]] | (SCORE if frame["type"] == "welcome" else set())
        assert names(frame) - {"type"} <= allowed, frame
        check_events(frame)


class Curious(Candidate):
    """A candidate who looks at every answer he gets; what he has no business to know fails the test."""

    released = False

    async def get(self, path: str) -> Any:
        answer = await super().get(path)
        self._check(path, answer)
        return answer

    async def post(self, path: str, body: object = None) -> Any:
        answer = await super().post(path, body)
        self._check(path, answer)
        return answer

    def _check(self, path: str, answer: Any) -> None:
        last = path.partition("?")[0].rpartition("/")[2]
        kind = "attempt" if last.isdigit() else last
        allowed = ANSWERS[kind] | (SCORE if kind == "attempt" and self.released else set())
        assert names(answer) <= allowed, (path, names(answer) - allowed)
        check_events(answer)
        if kind == "papers" and not self.released:
            assert all(row[name] is None for row in answer["papers"] for name in SCORE)


async def paper_of(server: Server, attempt_id: int) -> tuple[Paper, list[Item]]:
    """What the server knows of a candidate's paper."""
    body = await server.house.pool.fetchval("SELECT body FROM exam.papers WHERE attempt_id = $1", attempt_id)
    paper = read_paper(body)
    items = await bank.by_reference(server.house.pool, {(e.item_id, e.version) for e in paper.entries})
    return paper, [items[entry.item_id, entry.version] for entry in paper.entries]


def search(received: bytes, paper: Paper, items: Sequence[Item]) -> None:
    """Nothing of the bank's own knowledge of this paper is in these bytes."""
    assert items
    assert all(item.explanation for item in items), "else the search would look for nothing"
    for item in items:
        for secret in (item.explanation, item.code, item.set_code):
            for written in (secret.encode(), json.dumps(secret)[1:-1].encode()):
                assert not written or written not in received, secret
    keys = [item.key for item in items]
    shown = [
        "".join(sorted("abcdefghij"[e.order.index(k)] for k in key)) for e, key in zip(paper.entries, keys, strict=True)
    ]
    for sequence in (keys, shown):
        for text in ("".join(sequence), ",".join(sequence), json.dumps(sequence), "".join(sequence).upper()):
            assert text.encode() not in received
    assert str(paper.seed).encode() not in received
    for name in (b'"key"', b'"keys"', b'"explanation"', b'"answer_key"', b'"topic"', b'"difficulty"', b'"item_id"'):
        assert name not in received, name


async def sit(candidate: Curious, desk: Staff, sitting_id: int) -> LiveSocket:
    """Everything a candidate can do, from the list to the hand-in."""
    await candidate.get("/api/papers")
    await candidate.get("/api/session")
    await candidate.enter(sitting_id)
    await candidate.portrait()
    socket = await candidate.socket()
    await socket.until("welcome")
    await socket.send({"type": "start", "paper": True})
    await socket.until("paper")
    await candidate.commands({"type": "start", "paper": True})
    count = len((await candidate.paper())["items"])
    for no in range(1, count + 1):
        await socket.send(candidate.answer(no, "a"))
        await socket.until("ack", seq=candidate.seq)
    mine = candidate.attempt_id
    for command, told in (
        ({"type": "warn", "text": "请安静"}, "warned"),
        ({"type": "pause", "reason": "消防演习"}, "paused"),
        ({"type": "resume"}, "resumed"),
        ({"type": "extend", "seconds": 60, "reason": "消防演习"}, "extended"),
        ({"type": "lock_identity", "reason": "核验身份"}, "identity_locked"),
        ({"type": "unlock_identity"}, "identity_unlocked"),
    ):
        await desk.act(sitting_id, command, mine)
        await socket.until(told)
    for frame, reply in (
        ({"type": "acknowledge", "notice": 1}, "ack"),
        ({"type": "acknowledge", "notice": 7}, "rejected"),
        ({"type": "ping"}, "pong"),
        ({"type": "key"}, "rejected"),
        (candidate.clear(1), "ack"),
        (candidate.mark(2), "ack"),
    ):
        await socket.send(frame)
        await socket.until(reply)
    await candidate.view()
    await candidate.commands(since=0)
    again = await candidate.socket(since=1)
    await again.until("welcome")
    check_frames(again)
    await candidate.commands(candidate.hand_in())
    await candidate.commands(candidate.answer(1, "b"), since=0)
    await socket.until("submitted")
    return socket


class SomeNumbers(dict[str, Any]):
    """1 for every name that a path asks for, but for those that are known; a part of a file is the profile."""

    def __missing__(self, name: str) -> object:
        return "profile" if name == "subject" else 1


async def pry(candidate: Curious) -> None:
    """Ask for everything there is, with the physician's cookie and without his manners."""
    for endpoint in ENDPOINTS:
        if endpoint.path == "/api/openapi.json":  # the same for everybody: names of fields, nobody's paper
            continue
        path = endpoint.path.format_map(SomeNumbers(attempt_id=candidate.attempt_id, job="1", picture="a" * 64))
        async with candidate.http.get(candidate.base_url + path + f"?device={candidate.device}") as response:
            if response.content_type == "text/event-stream":
                await response.content.readany()  # what it begins with: it does not end
                continue
            data = await response.read()
            assert not endpoint.roles or endpoint.roles & PHYSICIAN or response.status in (403, 404), path
            assert response.content_type != "application/octet-stream", data[:100]
    for path in ("/", "/desk/", "/sw.js", "/api/items", "/api/bank", "/question_bank/sample"):
        async with candidate.http.get(candidate.base_url + path) as response:
            await response.read()
    with pytest.raises(Refusal):
        await candidate.paper()


def curious(line: Recorder, server: Server) -> Curious:
    """A new physician whose line is recorded."""
    return Curious(line.base_url, server.login(), PASSWORD)


async def test_a_candidate_who_does_everything_never_meets_a_key(server: Server) -> None:
    sitting_id = server.sitting("professional")
    async with recorded(server.base_url) as line, server.staff("chief") as chief, curious(line, server) as candidate:
        socket = await sit(candidate, chief, sitting_id)
        await server.written(candidate.attempt_id, "marked")
        await pry(candidate)
        async with server.staff("agency") as agency:
            await agency.post(f"/api/desk/sittings/{sitting_id}/release", {"pass_points": 60})
        await socket.until("released")
        candidate.released = True
        assert (await candidate.view())["score"] is not None
        await candidate.get("/api/papers")
        await candidate.commands(since=0)
        check_frames(socket)
        again = await candidate.socket()
        await again.until("welcome")
        check_frames(again)
        search(bytes(line.received), *await paper_of(server, candidate.attempt_id))


async def test_the_score_is_not_on_the_line_before_the_release(server: Server) -> None:
    sitting_id = await server.five_items()
    async with recorded(server.base_url) as line, server.staff("chief") as chief, curious(line, server) as candidate:
        await sit(candidate, chief, sitting_id)
        marked = await server.written(candidate.attempt_id, "marked")
        assert marked["points_max"] == 100
        await candidate.get("/api/papers")
        await candidate.view()
        await candidate.commands(since=0)
        socket = await candidate.socket(since=1)
        await socket.until("welcome")
        check_frames(socket)
        assert b'"points":' + str(marked["points"]).encode() not in line.received
        assert b'"passed":true' not in line.received
        assert b'"passed":false' not in line.received


async def test_a_practice_released_at_once_shows_the_score_and_no_key(server: Server) -> None:
    async with recorded(server.base_url) as line, curious(line, server) as candidate:
        await candidate.begin(server.sitting("practice"))
        await candidate.paper()
        await candidate.commands(candidate.answer(1, "a"), candidate.hand_in())
        await server.written(candidate.attempt_id, "released")
        candidate.released = True
        assert (await candidate.view())["score"]["points_max"] == 100
        await candidate.commands(since=0)
        search(bytes(line.received), *await paper_of(server, candidate.attempt_id))


async def test_no_desk_meets_a_key_nor_what_somebody_chose(server: Server) -> None:
    sitting_id = await server.five_items()
    async with recorded(server.base_url) as line, server.candidate() as candidate:
        await candidate.begin(sitting_id)
        await candidate.commands(candidate.answer(1, "a"), candidate.answer(2, "b"), candidate.hand_in())
        await server.written(candidate.attempt_id, "marked")
        for role in ("invigilator", "chief", "agency", "province"):
            async with Staff(line.base_url, role, PASSWORD) as desk:
                board = await desk.watch(sitting_id)
                await board.receive()
                for path in (
                    "/api/desk/sittings",
                    f"/api/desk/sittings/{sitting_id}/board",
                    f"/api/desk/sittings/{sitting_id}/acts",
                    f"/api/desk/attempts/{candidate.attempt_id}/timeline",
                ):
                    await desk.get(path)
                if role in ("invigilator", "chief"):
                    assert b'"points":' not in line.received, "who watches does not see scores"
                else:
                    await desk.get(f"/api/desk/sittings/{sitting_id}/results")
        assert b'"choice"' not in line.received
        search(bytes(line.received), *await paper_of(server, candidate.attempt_id))


def unevenness(counts: Counter[int] | Counter[str], cells: int) -> float:
    """Pearson's chi square against the uniform distribution."""
    expected = counts.total() / cells
    return sum((count - expected) ** 2 for count in counts.values()) / expected + (cells - len(counts)) * expected


CHI_SQUARE_MAX: Final = 40.0  # with four degrees of freedom: one in twenty million


@pytest.mark.parametrize("kind", ["humanities", "professional"])
async def test_over_many_papers_the_right_option_stands_anywhere(server: Server, kind: str) -> None:
    house = server.house
    sitting = await house.registry.sitting(server.sitting(kind))
    active = {(item.item_id, item.version): item for item in await bank.active_items(house.pool, sitting.pool)}
    positions, ids, orders = Counter[int](), Counter[str](), Counter[str]()
    for person_id in range(1, PHYSICIANS + 1):
        paper = await house.papers.draw(sitting, 10**9 + person_id, house.clock.now())
        for entry in paper.entries:
            item = active[entry.item_id, entry.version]
            if len(item.options) == 5 and len(item.key) == 1 and not item.fixed_order:
                positions[entry.order.index(item.key)] += 1
                ids[item.key] += 1
                orders[entry.order] += 1
    assert positions.total() > 1000
    assert unevenness(positions, 5) < CHI_SQUARE_MAX, positions
    assert len(orders) > 100, "of 120"
    assert max(ids.values()) < 1.5 * ids.total() / 5, "an option keeps its id: that must not tell the key either"


async def test_without_shuffling_nothing_but_the_order_is_told(server: Server) -> None:
    sitting_id = await server.five_items(Policy(shuffle_options=False))
    async with recorded(server.base_url) as line, curious(line, server) as candidate:
        await candidate.begin(sitting_id)
        for item in (await candidate.paper())["items"]:
            assert [option["id"] for option in item["options"]] == sorted(option["id"] for option in item["options"])
        search(bytes(line.received), *await paper_of(server, candidate.attempt_id))
