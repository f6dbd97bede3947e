"""Phones before a real server: what they did is in the journal, and they remember it rightly."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from loadtest.checking import check_run
from loadtest.generators import generating
from loadtest.history import History, read_histories
from loadtest.orders import Orders
from loadtest.outcome import Second
from loadtest.phone import Phone
from loadtest.stage import Stage
from loadtest.steps import Answer, Clear, HandIn, LeavePage, LoseNetwork, Mark, Script, Snapshot, Step, SwapPhone
from loadtest.talk import Talk
from loadtest.words import Frame
from tests.exam_engine.edge.server import Server
from tests.loadtest.crowd import cast_of, scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


def answers(*numbers: int, at_s: float = 0.0) -> list[Step]:
    """One after the other at once."""
    return [Answer(at_s=at_s, no=no, pick=0.3 * (no % 4), several=0.0) for no in numbers]


DAYS: dict[str, list[Step]] = {
    "hands in": [*answers(1, 2, 3), Mark(0.0, 2, on=True), Clear(0.0, 3), HandIn(0.1)],
    "loses the network": [*answers(1, 2), LoseNetwork(0.05, 0.2), *answers(3, 4, at_s=0.1), HandIn(0.5)],
    "swaps the phone": [*answers(1, 2), SwapPhone(0.1), *answers(3, 4, at_s=0.1), HandIn(0.3)],
    "leaves the page": [*answers(1), LeavePage(0.0, 0.1), Snapshot(0.1), HandIn(0.6)],
}


class Settled(Phone):
    """Before he takes another phone, this one has heard of all it said, however long the server took."""

    async def _swap(self, meant_s: float) -> None:
        while self.outbox.queue:  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.01)
        await super()._swap(meant_s)


async def test_a_whole_day_is_as_the_journal_has_it(server: Server, tmp_path: Path, database_url: str) -> None:
    cast = await cast_of(server, len(DAYS), begun=False)
    async with scene(server, cast) as play:
        for player, steps in enumerate(DAYS.values()):
            play.stage.later(play.phone(player, steps, Settled, logs_in=player == 0).play(time.monotonic()))
        await play.over(len(DAYS))
        second = play.stage.tally.turn(0, 0.0)
        play.write(tmp_path)
    assert second.errors == {}
    assert {history.outcome for history in play.histories.values()} == {"handed_in"}
    wanted = {"log_in", "papers", "enter", "portrait", "start", "paper", "connect", "resume", "answer", "snapshot"}
    assert wanted | {"signals", "hand_in", "mark", "clear", "result"} <= second.actions.keys()
    assert (second.open, second.sockets) == (0, 0)
    assert len({sent.device for sent in play.histories[2].sent}) == 2
    violations = await check_run(tmp_path, database_url, cast)
    assert {name: number for name, number in violations.counts.items() if number} == {}
    assert violations.acknowledged == sum(len(history.sent) for history in play.histories.values())


class Cut(Phone):
    """Its line breaks right after the third answer: what the server says of them is never heard."""

    def say(self) -> list[bytes]:
        out = super().say()
        if len(self.history.sent) == 3 and self.history.sent[2].times == 1:
            line = self._talk._line
            assert line is not None
            assert line._transport is not None
            self._stage.clockwork.at(0.0, line._transport.abort)
        return out


async def test_what_is_unacknowledged_goes_again_in_order(server: Server) -> None:
    cast = await cast_of(server, 1)
    async with scene(server, cast) as play:
        await play.phone(0, [*answers(1, 2, 3), HandIn(1.0)], Cut).play(time.monotonic())
        await play.over(1)
        assert play.errors() == {"cut": 1}
    history = play.histories[0]
    assert [sent.seq for sent in history.sent] == [1, 2, 3, 4]
    assert history.sent[2].times == 2
    assert {sent.result for sent in history.sent} <= {"saved", "already"}
    assert history.lies == []
    entries = await server.journal(history.attempt_id)
    assert [entry.seq for entry in entries if entry.seq] == [1, 2, 3, 4]


class Counted(Phone):
    """It counts what goes over HTTP. `posts` by player."""

    posts: ClassVar[dict[int, int]] = {}

    async def _post(self, jpeg: bytes, taken_s: float, meant_s: float) -> None:
        self.posts[self.player] = self.posts.get(self.player, 0) + 1
        await super()._post(jpeg, taken_s, meant_s)


class CutTalk(Talk):
    """Its line breaks when the server asks for the second piece of its first picture."""

    def _of_picture(self, frame: Frame) -> None:
        if self._pictures == 1 and frame.type == "next_piece":
            assert self._line is not None
            assert self._line._transport is not None
            self._line._transport.abort()
        else:
            super()._of_picture(frame)


class CutOff(Counted):
    """Of it."""

    def __init__(self, stage: Stage, script: Script, steps: Iterator[Step]) -> None:
        super().__init__(stage, script, steps)
        self._talk = CutTalk(stage, self, script.heartbeat_s)


async def captures_of(server: Server, history: History) -> int:
    count = "SELECT count(*) FROM proctor.captures WHERE attempt_id = $1"
    return int(await server.house.pool.fetchval(count, history.attempt_id))


async def test_pictures_go_over_the_socket_and_over_http_when_it_breaks(server: Server) -> None:
    shots: list[Step] = [Snapshot(0.0), *answers(1, 2), Snapshot(0.1), HandIn(4.0)]
    cast = await cast_of(server, 2)
    Counted.posts.clear()
    async with scene(server, cast) as play:
        for player, kind in enumerate((Counted, CutOff)):
            play.stage.later(play.phone(player, shots, kind).play(time.monotonic()))
        await play.over(2)
        second = play.stage.tally.turn(0, 0.0)
    assert Counted.posts == {1: 1}
    assert [await captures_of(server, play.histories[player]) for player in (0, 1)] == [2, 2]
    assert sum(second.actions["snapshot"].served.values()) == 4
    assert second.errors == {"cut": 2}, "of the picture, and of the line"


async def test_without_a_socket_the_same_goes_over_http(server: Server) -> None:
    cast = await cast_of(server, 1)
    async with scene(server, cast) as play:
        play.stage.sources.append("192.0.2.1")  # an address this machine does not have: no socket comes from it
        await play.phone(0, [Snapshot(0.0), *answers(1, 2), HandIn(4.0)]).play(time.monotonic())
        await play.over(1)
        second = play.stage.tally.turn(0, 0.0)
    history = play.histories[0]
    assert await captures_of(server, history) == 1
    assert history.outcome == "handed_in"
    assert [sent.kind for sent in history.sent] == ["answer", "answer", "hand_in"]
    assert "twin" in second.actions
    assert second.errors["cut"] > 0
    assert history.lies == []


async def test_a_process_of_players_says_its_seconds_and_writes_its_histories(
    server: Server, tmp_path: Path, database_url: str
) -> None:
    count = 20
    cast = await cast_of(server, count)
    (tmp_path / "cast.json").write_bytes(msgspec.json.encode(cast))
    orders = Orders(
        process=0, processes=1, cast=str(tmp_path / "cast.json"), url=server.base_url, out=str(tmp_path),
        shape="synchronised", candidates=count, seed=3, end_s=4.0, within_s=0.5, closed=True,
        sources=["127.0.1.2", "127.0.2.2"],
    )  # fmt: skip
    heard: list[Second] = []
    async with generating([orders], lambda _process, second: heard.append(second)) as generators:
        await generators.ready()
        generators.begin(time.time())
        await generators.over()
        done = generators.all[0].done
    assert done is not None
    assert done.bugs == []
    assert sum(done.outcomes.values()) == sum(done.habits.values()) == count
    assert set(done.outcomes) <= {"handed_in", "cut_off"}
    assert done.outcomes["handed_in"] > 0
    assert [second.s for second in heard] == sorted({second.s for second in heard})
    assert {kind for second in heard for kind in second.errors} == set()
    assert heard[-1].sockets == heard[-1].open == 0
    histories: list[History] = list(read_histories(tmp_path))
    assert sorted(history.player for history in histories) == list(range(count))
    violations = await check_run(tmp_path, database_url, cast)
    assert {name: number for name, number in violations.counts.items() if number} == {}
    assert violations.acknowledged > count
