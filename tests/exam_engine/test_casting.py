"""`exam cast`: the people of a load test, and attempts begun beforehand that are like any other."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from exam_engine import casting
from exam_engine.__main__ import app
from exam_engine.commands.journal import app as journal_app
from exam_engine.settings import CannotStart
from loadtest.cast import Cast, read_cast


@pytest.fixture(autouse=True)
def servers(database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)
    monkeypatch.setenv("EXAM_REDIS_URL", redis_url)
    monkeypatch.setenv("EXAM_DATA", str(tmp_path))


def cast(path: Path, *words: str) -> Cast:
    result = CliRunner().invoke(app, ["cast", "--out", str(path), *words])
    assert result.exit_code == 0, result.output
    return read_cast(path)


def ask(database_url: str, query: str, *values: object) -> list[dict[str, Any]]:
    async def fetch() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(database_url)
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def test_the_cast_may_sit_an_exam_of_its_own(database_url: str, tmp_path: Path) -> None:
    found = cast(
        tmp_path / "cast.json", "--physicians", "7", "--kind", "professional", "--minutes", "30", "--desks", "2"
    )
    assert (found.item_count, found.minutes, len(found.players)) == (100, 30, 7)
    assert len({player.token for player in found.players}) == 7
    assert {player.attempt_id for player in found.players} == {0}
    assert [desk.role for desk in found.desks].count("invigilator") == 2
    (row,) = ask(
        database_url,
        "SELECT count(*) AS entitled, bool_and(p.is_test) AS test FROM exam.entitlements e JOIN people.persons p"
        " USING (person_id) WHERE sitting_id = $1",
        found.sitting_id,
    )
    assert row == {"entitled": 7, "test": True}
    assert (tmp_path / "cast.json").stat().st_mode & 0o077 == 0  # it holds sessions


def test_attempts_begun_beforehand_run_and_their_journals_are_intact(database_url: str, tmp_path: Path) -> None:
    found = cast(tmp_path / "cast.json", "--physicians", "5", "--begun")
    assert {player.device for player in found.players} == {casting.DEVICE}
    rows = ask(database_url, "SELECT * FROM exam.attempts WHERE sitting_id = $1", found.sitting_id)
    assert {row["attempt_id"] for row in rows} == {player.attempt_id for player in found.players}
    assert {row["phase"] for row in rows} == {"running"}
    assert all(row["deadline_at"] > row["entered_at"] for row in rows)
    verified = _verify()
    assert verified.exit_code == 0, verified.output
    assert "intact" in verified.output


def test_attempts_entered_beforehand_wait_for_their_start(database_url: str, tmp_path: Path) -> None:
    found = cast(tmp_path / "cast.json", "--physicians", "3", "--entered", "--closes-in", "600")
    rows = ask(database_url, "SELECT phase, deadline_at FROM exam.attempts WHERE sitting_id = $1", found.sitting_id)
    assert rows == [{"phase": "ready", "deadline_at": None}] * 3
    assert isinstance(found.closes_at, datetime)
    assert (found.closes_at - found.opens_at).total_seconds() == pytest.approx(660)


def test_reviewers_find_files_in_their_queues(database_url: str, tmp_path: Path) -> None:
    cast(tmp_path / "cast.json", "--physicians", "1", "--files", "200")

    rows = ask(database_url, "SELECT state, count(*) FROM reg.files GROUP BY state")
    waiting = {row["state"]: row["count"] for row in rows}
    assert min(waiting["org_review"], waiting["agy_review"]) > 20


def _verify() -> Result:
    return CliRunner().invoke(journal_app, ["verify"])


def test_a_file_that_can_not_be_written_is_said_before_anybody_is_made(database_url: str, tmp_path: Path) -> None:
    people = "SELECT count(*) AS people FROM people.persons WHERE name LIKE '压测%'"
    before = ask(database_url, people)
    for out in (tmp_path, tmp_path / "no" / "cast.json"):
        result = CliRunner().invoke(app, ["cast", "--physicians", "3", "--out", str(out)])
        assert isinstance(result.exception, CannotStart)
        assert "can't be written" in str(result.exception)
    assert ask(database_url, people) == before
    assert [path.name for path in tmp_path.iterdir()] == []


def test_attempts_are_entered_or_begun_and_not_both(tmp_path: Path) -> None:
    words = ["--physicians", "3", "--out", str(tmp_path / "cast.json"), "--begun", "--entered"]
    result = CliRunner().invoke(app, ["cast", *words])
    assert isinstance(result.exception, CannotStart)
    assert "exclude each other" in str(result.exception)


def test_a_data_folder_that_is_mistyped_does_not_come_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXAM_REDIS_URL")
    words = ["--physicians", "3", "--out", str(tmp_path / "cast.json"), "--data", str(tmp_path / "typo")]
    result = CliRunner().invoke(app, ["cast", *words])
    assert isinstance(result.exception, CannotStart)
    assert "no data folder" in str(result.exception)
    assert not (tmp_path / "typo").exists()
