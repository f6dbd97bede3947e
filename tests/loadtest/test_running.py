"""Before and after a run: how long it is, how many processes, what a fault excuses."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from loadtest.__main__ import app
from loadtest.cast import Cast, Player
from loadtest.outcome import Fault, Second
from loadtest.rules import outage_s
from loadtest.running import PLAYERS_A_PROCESS, Options, Stopping, excuse, without_password

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DEAD = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("candidates", "asked", "wanted"), [(1, 0, 1), (PLAYERS_A_PROCESS, 0, 1), (100_000, 0, 7), (100_000, 3, 3)]
)
def test_processes_are_as_many_as_files_allow_or_as_asked(candidates: int, asked: int, wanted: int) -> None:
    assert Options(candidates=candidates, shape="steady", out="", processes=asked).generators() == wanted


@pytest.mark.parametrize(
    ("shape", "speedup", "hold_s", "wanted"),
    [("national", 1, 60, 60), ("national", 20, 60, 3), ("rush", 1000, 60, 1), ("steady", 20, 600, 13)],
)
def test_an_attempt_is_as_short_as_people_are_quick_but_outlasts_a_level(
    shape: str, speedup: float, hold_s: float, wanted: int
) -> None:
    options = Options(candidates=1, shape=shape, out="", speedup=speedup, hold_s=hold_s, ramp_s=20)
    assert options.real_minutes() == wanted


def test_errors_that_a_fault_explains_are_excused_and_no_others() -> None:
    seconds = [Second(s=s, errors={"cut": 2, "timeout": 1}) for s in (5, 11, 40)]
    excuse(seconds, [Fault(s=10.0, kind="kill", words="", recovered_s=2.0)])
    assert [second.errors for second in seconds] == [{"cut": 2, "timeout": 1}, {}, {"cut": 2}]
    assert [second.excused for second in seconds] == [{}, {"cut": 2, "timeout": 1}, {"timeout": 1}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--url", "http://127.0.0.1:1"], "belong together"),
        (["--faults", "flood"], "there is no fault"),
        (["--processes", "many"], "auto or 1 to 64"),
        (["--targets", "no such"], "no such"),
        (["--shape", "square"], "square"),
        (["--candidates", "0"], "greater than"),
        (["--kind", "art"], "art"),
        (["--data", "/nowhere"], "need --url"),
        (["--database-url", "postgresql://x"], "need --url"),
    ],
)
def test_orders_that_make_no_sense_are_refused_before_anything_starts(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["run", "--candidates", "5", "--out", "/nowhere", *words])
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("postgresql://exam:secret@db/exam", "postgresql://exam:…@db/exam"),
        ("postgresql://exam@db/exam", "postgresql://exam@db/exam"),
        ("postgresql:///exam?host=/tmp", "postgresql:///exam?host=/tmp"),
    ],
)
def test_a_result_tells_nobody_the_password_of_the_database(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize(("playing", "presses", "ended"), [(False, 1, True), (True, 1, False), (True, 2, True)])
async def test_ctrl_c_waits_only_for_what_is_being_played(*, playing: bool, presses: int, ended: bool) -> None:
    stopping: list[Stopping] = []

    async def work() -> None:
        stopping.append(Stopping())
        stopping[0].playing = playing
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    for _ in range(presses):
        stopping[0].ask()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled() is ended
    assert stopping[0].asked.is_set()


def test_a_bad_line_of_the_whole_run_gives_no_bell_more_time() -> None:
    net = Fault(s=0.0, kind="net", words="", for_s=600.0)
    gone = Fault(s=9.0, kind="postgres", words="", for_s=5.0, recovered_s=1.5)
    assert outage_s([net]) == 0
    assert outage_s([net, gone]) == 6.5


def test_what_a_run_left_is_kept_when_the_next_can_not_begin(tmp_path: Path) -> None:
    cast = Cast(1, "x", 5, 60, 1, NOON, NOON, [Player(1, "load-1", "token")], [])
    (tmp_path / "cast.json").write_bytes(msgspec.json.encode(cast))
    (tmp_path / "histories-0.jsonl").write_text("kept")
    words = ["--out", str(tmp_path), "--cast", str(tmp_path / "cast.json"), "--url"]
    for url, said in ((DEAD, "can't be reached"), ("localhost:1", "not an address")):
        result = CliRunner().invoke(app, ["run", "--candidates", "1", *words, url])
        assert result.exit_code == 2
        assert said in " ".join(result.output.split())
    many = CliRunner().invoke(app, ["run", "--candidates", "2", *words, DEAD])
    assert "1 players only" in many.output
    begun = CliRunner().invoke(app, ["run", "--candidates", "1", "--begun", *words, DEAD])
    assert "exam cast --begun" in begun.output
    assert (tmp_path / "histories-0.jsonl").read_text() == "kept"
