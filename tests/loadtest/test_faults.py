"""The system under test as real processes, broken on purpose."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import asyncpg
import msgspec
import pytest
import pytest_asyncio

from loadtest.data_servers import Postgres, socket_folder, system_user
from loadtest.fault_plan import Due, Plan
from loadtest.faults import Breaking, NotPrepared, run_faults, step_clock
from loadtest.minder import Minder
from loadtest.outcome import Fault
from loadtest.own_database import CONNECTIONS, SYSTEM, own_database
from loadtest.programs import CannotRun
from loadtest.under_test import UnderTest, started
from loadtest.weather import Weather
from tests.candidate import Candidate, Refusal

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERYTHING = Plan(tuple(Due(0.0, kind, 1.0, 0) for kind in ("kill", "postgres", "valkey", "clock", "disk", "cut")))
WAIT_S = 60
SHORT = "practice"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def under_test() -> AsyncIterator[UnderTest]:
    folder = Path(tempfile.mkdtemp(prefix="exam-faults-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        async with started(folder, processes=2, faults=EVERYTHING, demo=True) as running:
            yield running
        assert not (folder / "postgres" / "postmaster.pid").exists(), "PostgreSQL was stopped in order"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def physician(under_test: UnderTest) -> AsyncIterator[Candidate]:
    """One who sits the demonstration's short exam."""
    told = msgspec.json.decode((under_test.data / "ready.json").read_bytes(), type=dict[str, Any])
    account = next(each for each in told["accounts"] if each["role"] == "physician")
    sitting = next(each["id"] for each in told["sittings"] if each["kind"] == SHORT)
    async with Candidate(under_test.base_url, account["login"], account["password"]) as candidate:
        await candidate.begin(sitting)
        yield candidate


async def broken(under_test: UnderTest, plan: Plan) -> list[Fault]:
    """What is told when it is all over."""
    told: list[Fault] = []
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await run_faults(plan, under_test, told.append, lambda: loop.time() - begun)
    return told


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110  of processes nobody tells us
            await asyncio.sleep(0.01)


def one(kind: str, for_s: float = 0.0, turn: int = 0, by: float = 0.0) -> Plan:
    return Plan((Due(0.0, kind, for_s, turn, by),))


async def said_of(physician: Candidate, command: dict[str, Any]) -> str:
    """What becomes of an answer: the server's word, or the code of its refusal."""
    try:
        told = await physician.commands(command)
    except Refusal as refusal:
        return refusal.code
    except aiohttp.ClientError as error:
        return type(error).__name__
    return str(told["results"][0]["result"])


async def saved_at_last(physician: Candidate, command: dict[str, Any] | None = None) -> None:
    """Sent again and again, as the pages do, it is saved: this answer, or a new one."""
    command = command or physician.answer(1, "a")
    async with asyncio.timeout(WAIT_S):
        while await said_of(physician, command) not in {"saved", "already"}:  # noqa: ASYNC110  asking is the wait
            await asyncio.sleep(0.05)


async def test_its_processes_are_told_by_part(under_test: UnderTest) -> None:
    parts = [part for part, _ in under_test.processes()]
    assert parts.count("valkey") == 1
    assert parts.count("postgres") > 5
    assert len(under_test.instances[0].serving()) == 2
    assert {pid for part, pid in under_test.processes() if part == "serving"} >= set(under_test.instances[0].serving())


@pytest.mark.parametrize("turn", [0, 1])
async def test_without_postgresql_an_answer_is_not_saved_and_with_it_again(
    under_test: UnderTest, physician: Candidate, turn: int
) -> None:
    breaking = asyncio.create_task(broken(under_test, one("postgres", 2.0, turn)))
    await until(lambda: not under_test.postgres.running)
    answer = physician.answer(1, "b")
    meanwhile = await said_of(physician, answer)
    (fault,) = await breaking
    assert meanwhile in {"try_again", "saved"}  # saved if the server's own tries lasted until PostgreSQL was back
    assert fault.words == ("PostgreSQL stopped in order", "PostgreSQL stopped at once")[turn]
    assert fault.for_s >= 2.0
    assert fault.recovered_s is not None
    await saved_at_last(physician, answer)


async def test_valkey_killed_comes_back_and_no_answer_waits_for_it(under_test: UnderTest, physician: Candidate) -> None:
    assert under_test.valkey.program is not None
    before = under_test.valkey.program.pid
    (fault,) = await broken(under_test, one("valkey", 0.5))
    assert under_test.valkey.running
    assert under_test.valkey.program.pid != before
    assert fault.recovered_s is not None
    await saved_at_last(physician)


async def test_a_killed_process_has_a_successor_and_how_long_that_took_is_told(
    under_test: UnderTest, physician: Candidate
) -> None:
    before = set(under_test.instances[0].serving())
    (fault,) = await broken(under_test, one("kill"))
    after = set(under_test.instances[0].serving())
    assert len(after) == 2
    assert len(after & before) == 1
    assert fault.recovered_s is not None
    assert fault.recovered_s > 0
    await saved_at_last(physician)


async def test_a_stepped_clock_is_seen_by_the_process_and_moves_no_deadline(
    under_test: UnderTest, physician: Candidate
) -> None:
    true, left = await told_times(physician)
    for pid in under_test.instances[0].serving():
        step_clock(under_test, pid, -3600.0)
    stepped, left_then = await told_times(physician)
    assert -3700 < (stepped - true) < -3500
    assert left - 100 < left_then <= left
    for pid in under_test.instances[0].serving():
        step_clock(under_test, pid, 0.0)
    (fault,) = await broken(under_test, one("clock", 0.1, by=300.0))
    assert fault.words.endswith("stepped by +300 s")
    again, left_again = await told_times(physician)
    assert 0 <= again - true < 100
    assert left - 100 < left_again <= left_then


async def told_times(physician: Candidate) -> tuple[float, float]:
    """The wall clock of a serving process, as its answers are dated; and how much time it says remains."""
    async with physician.http.get(physician.base_url + "/api/health") as answer:
        dated = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    return dated, (await physician.view())["clock"]["remaining_ms"] / 1000


async def test_on_a_full_disk_pictures_are_refused_and_nothing_else_suffers(
    under_test: UnderTest, physician: Candidate
) -> None:
    disk = under_test.disk
    assert disk is not None
    breaking = asyncio.create_task(broken(under_test, one("disk", 2.0)))
    await until(lambda: disk.full)
    with pytest.raises(Refusal) as refused:
        await physician.portrait(77)
    assert (refused.value.status, refused.value.code) == (503, "try_again")
    assert await said_of(physician, physician.answer(2, "b")) == "saved"
    (fault,) = await breaking
    assert fault.kind == "disk"
    await physician.portrait(78)


async def test_weather_comes_and_goes_with_the_plan(under_test: UnderTest, physician: Candidate) -> None:
    plan = Plan((Due(0.3, "cut", 0.1, 2),), Weather(latency_s=0.01), 5.0)
    told = await broken(under_test, plan)
    assert [fault.kind for fault in told] == ["net", "cut"]
    assert told[0].for_s == 5.0
    await saved_at_last(physician)


async def test_broken_off_it_is_put_right(under_test: UnderTest, physician: Candidate) -> None:
    plan = Plan(tuple(Due(0.0, kind, 600.0, 0, 9.0) for kind in ("postgres", "valkey", "disk", "clock")))
    breaking = asyncio.create_task(broken(under_test, plan))
    disk = under_test.disk
    assert disk is not None
    await until(lambda: not under_test.postgres.running and not under_test.valkey.running and disk.full)
    breaking.cancel()
    await asyncio.wait({breaking})
    assert breaking.cancelled()
    assert under_test.postgres.running
    assert under_test.valkey.running
    assert not disk.full
    await saved_at_last(physician)


async def test_a_fault_that_was_not_prepared_for_is_refused_before_anything_is_broken(under_test: UnderTest) -> None:
    with pytest.raises(NotPrepared, match="vision"):
        await broken(under_test, Plan((Due(0.0, "kill", 0.0, 0), Due(0.0, "vision", 1.0, 0))))
    assert len(under_test.instances[0].serving()) == 2


async def test_commands_run_beside_it(under_test: UnderTest) -> None:
    assert "1" in await under_test.exam("journal", "verify")


async def test_a_run_s_own_database_can_be_asked_another_day() -> None:
    run = Path(tempfile.mkdtemp(prefix="exam-again-", dir="/tmp"))
    run.chmod(0o711)
    try:
        with pytest.raises(CannotRun, match="no database of its own"):
            async with own_database(run):
                pass
        (run / SYSTEM).mkdir(mode=0o711)
        minder = Minder()
        user = system_user()
        first = Postgres(run / SYSTEM / "postgres", socket_folder(run / SYSTEM, user, minder), minder, user, 8)
        await first.start()
        with pytest.raises(CannotRun, match="still at work"):
            async with own_database(run):
                pass
        await first.stop()
        minder.close()
        moved = run.with_name(f"{run.name}-moved")
        run = run.rename(moved)
        async with own_database(run) as url:
            connection = await asyncpg.connect(url)
            assert await connection.fetchval("SHOW max_connections") == str(CONNECTIONS)
            await connection.close()
    finally:
        shutil.rmtree(run, ignore_errors=True)


async def test_of_a_single_face_model_each_turn_stops_it() -> None:
    model = await asyncio.create_subprocess_exec("sleep", "60")
    alone = SimpleNamespace(vision=lambda: [model.pid])
    try:
        for turn in (0, 1):
            async with Breaking(alone, 1).vision(Due(0.0, "vision", 1.0, turn)) as (words, _):  # type: ignore[arg-type]
                assert words.startswith("1 processes")
    finally:
        model.kill()
        await model.wait()
