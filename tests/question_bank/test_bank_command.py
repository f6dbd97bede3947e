"""`exam bank import`: what it writes, what it says, and how it ends."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer
from typer.testing import CliRunner, Result

from exam_engine.commands.bank import app
from question_bank.item import Item
from question_bank.store import active_items

GOOD: list[dict[str, Any]] = [
    {"question": f"{number}?", "opa": "yes", "opb": "no", "answer": "opb"} for number in range(3)
]
BAD: list[dict[str, Any]] = [*GOOD, {"question": "?", "opa": "yes", "opb": "no", "answer": "opc"}]
MAPPED = ["--map", "question=stem", "--map", "opa=option_a", "--map", "opb=option_b"]


@pytest.fixture(autouse=True)
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)


def run(tmp_path: Path, rows: Any, pool: str, *options: str) -> Result:
    file = tmp_path / "bank.json"
    file.write_text(json.dumps(rows))
    program = typer.Typer()
    program.add_typer(app, name="bank")
    return CliRunner().invoke(program, ["bank", "import", str(file), "--pool", pool, *MAPPED, *options])


def stored(database_url: str, pool: str) -> list[Item]:
    async def ask() -> list[Item]:
        connection = await asyncpg.connect(database_url)
        try:
            return await active_items(connection, pool)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_good_file_is_imported_and_a_second_time_changes_nothing(tmp_path: Path, database_url: str) -> None:
    first, second = (run(tmp_path, GOOD, "good", "--json") for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert json.loads(first.stdout) == {
        "imported": 3,
        "refused": [],
        "doubts": [],
        "ignored_columns": [],
        "dry_run": False,
        "added": 3,
        "changed": 0,
        "unchanged": 0,
    }
    assert json.loads(second.stdout)["unchanged"] == 3
    assert [item.key for item in stored(database_url, "good")] == ["b", "b", "b"]


def test_one_bad_row_keeps_everything_out_and_is_named(tmp_path: Path, database_url: str) -> None:
    result = run(tmp_path, BAD, "bad", "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["imported"]) == (1, 0)
    assert [(refused["row"], refused["code"]) for refused in said["refused"]] == [(4, "key_unknown")]
    assert stored(database_url, "bad") == []


def test_good_rows_are_kept_when_asked_for(tmp_path: Path, database_url: str) -> None:
    result = run(tmp_path, BAD, "kept", "--keep-good", "--json")
    assert (result.exit_code, json.loads(result.stdout)["imported"]) == (0, 3)
    assert len(stored(database_url, "kept")) == 3


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path, database_url: str) -> None:
    result = run(tmp_path, GOOD, "dry", "--dry-run", "--json")
    assert (result.exit_code, json.loads(result.stdout)["imported"]) == (0, 3)
    assert run(tmp_path, BAD, "dry", "--dry-run").exit_code == 1
    assert stored(database_url, "dry") == []


def test_people_get_a_table_with_the_rows_and_their_reasons(tmp_path: Path) -> None:
    result = run(tmp_path, BAD, "table")
    assert "Nothing was written" in result.stdout
    assert "names an option that is not there" in " ".join(result.stdout.split())


def test_a_file_that_can_not_be_read_ends_with_two_and_one_sentence(tmp_path: Path) -> None:
    for rows, options in (({}, ()), (GOOD, ("--map", "nonsense")), (GOOD, ("--map", "x=stem"))):
        result = run(tmp_path, rows, "unreadable", *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("exam: ")
        assert "Traceback" not in result.stderr


def test_a_file_that_is_not_there_is_said_so() -> None:
    program = typer.Typer()
    program.add_typer(app, name="bank")
    result = CliRunner().invoke(program, ["bank", "import", "/nowhere/bank.json", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["refused"] == []
