"""`exam registry import` and `exam registry verify` on a real database."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from exam_engine import demo, demo_files
from exam_engine.commands.registry import app
from exam_engine.registration.registry_import import COLUMNS
from exam_engine.settings import CannotStart
from tests.exam_engine.registration.sheet_samples import as_csv, as_xlsx, number

HEAD = tuple(column.heading for column in COLUMNS[:5])


class Installation:
    def __init__(self, data: Path, database_url: str) -> None:
        self.data, self.database_url = data, database_url

    def run(self, *arguments: object) -> Result:
        return CliRunner().invoke(app, ["import", *map(str, arguments), "--data", str(self.data)])

    def say(self, *arguments: object, code: int = 0) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def rows(self, query: str) -> list[asyncpg.Record]:
        async def fetch() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return await connection.fetch(query)
            finally:
                await connection.close()

        return asyncio.run(fetch())


@pytest.fixture
def installation(reachable_folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)
    made = Installation(reachable_folder, database_url)
    made.rows("DELETE FROM reg.registry")
    return made


def snapshot(folder: Path, name: str, *rows: tuple[str, ...]) -> Path:
    path = folder / name
    path.write_bytes((as_xlsx if path.suffix == ".xlsx" else as_csv)([HEAD, *rows]))
    return path


def physician(serial: int, name: str = "测试甲", province: str = "北京") -> tuple[str, ...]:
    return name, number(serial), "", province, "测试医院"


@pytest.mark.parametrize("name", ["snapshot.csv", "snapshot.xlsx"])
def test_a_snapshot_comes_in_and_wrong_rows_are_named(installation: Installation, tmp_path: Path, name: str) -> None:
    file = snapshot(tmp_path, name, physician(1), physician(2, "测"), physician(3, province="福建"))
    report = installation.say(file, code=1)
    assert report == {
        "total": 3, "added": 2, "changed": 0, "same": 0, "wrong": 1,
        "problems": [{"row": 3, "column": "姓名", "code": "name_length"}],
    }  # fmt: skip
    assert len(installation.rows("SELECT FROM reg.registry")) == 2
    facts = installation.rows("SELECT facts::text FROM people.audit WHERE act = 'registry_imported'")[-1][0]
    assert json.loads(facts) == {"total": 3, "added": 2, "changed": 0, "same": 0, "wrong": 1}


def test_the_same_again_changes_nothing_and_is_no_failure(installation: Installation, tmp_path: Path) -> None:
    file = snapshot(tmp_path, "snapshot.csv", physician(1), physician(2))
    assert installation.say(file)["added"] == 2
    again = installation.say(file)
    assert (again["added"], again["changed"], again["same"]) == (0, 0, 2)


def test_only_rows_of_the_province_that_was_named_come_in(installation: Installation, tmp_path: Path) -> None:
    file = snapshot(tmp_path, "snapshot.csv", physician(1), physician(2, province="福建"), physician(3, province=""))
    report = installation.say(file, "--province", "35", code=1)
    assert (report["added"], report["wrong"]) == (2, 1)
    assert {row["province"] for row in installation.rows("SELECT province FROM reg.registry")} == {"35"}
    assert installation.run(file, "--province", "99").exit_code == 2


def test_a_table_is_printed_for_a_person(installation: Installation, tmp_path: Path) -> None:
    head = ("[red]", *HEAD)
    path = tmp_path / "snapshot.csv"
    path.write_bytes(as_csv([head, ("", *physician(1, "测")), ("", *physician(2))]))
    result = installation.run(path)
    assert result.exit_code == 1
    for word in ("Left out", "姓名", "name_length", "added", "wrong"):
        assert word in result.stdout


def test_a_file_that_can_not_be_read_changes_nothing(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.csv"
    path.write_bytes(as_csv([HEAD, *(physician(serial) for serial in range(30))]) + b'"broken')
    result = installation.run(path)
    assert (result.exit_code, "sheet_broken (row 32)" in result.output) == (2, True)
    assert installation.say(path, code=2) == {"error": "sheet_broken", "facts": {"row": 32}}
    assert installation.rows("SELECT FROM reg.registry") == []


def test_a_file_that_is_not_there_is_said_in_one_line(installation: Installation, tmp_path: Path) -> None:
    result = installation.run(tmp_path / "nothing.csv")
    assert isinstance(result.exception, CannotStart)
    assert "can't be opened" in str(result.exception)


def test_the_histories_of_files_are_walked_and_a_changed_one_is_named(installation: Installation) -> None:
    async def moves() -> None:
        await demo.seed(installation.database_url, None)
        connection = await asyncpg.connect(installation.database_url)
        institution, agency = [
            await connection.fetchval("SELECT organisation_id FROM people.organisations WHERE kind = $1", kind)
            for kind in ("institution", "agency")
        ]
        async with connection.transaction():
            await demo_files.add(
                connection,
                30,
                province=demo.PROVINCE,
                cycle=demo.CYCLE,
                institution_id=institution,
                agency_id=agency,
                seed=1,
                now=datetime(2026, 3, 1, tzinfo=UTC),
                tell=lambda _done: None,
            )
        await connection.close()

    def verify() -> Result:
        return CliRunner().invoke(app, ["verify", "--data", str(installation.data)])

    asyncio.run(moves())
    whole = verify()
    installation.rows("ALTER TABLE reg.moves DISABLE TRIGGER moves_never_changed")
    installation.rows("UPDATE reg.moves SET role = 'agency' WHERE move_id = (SELECT min(move_id) FROM reg.moves)")
    changed = verify()

    assert (whole.exit_code, changed.exit_code) == (0, 1)
    assert "0 changed" in whole.output
    assert "changed at move 1" in changed.output
