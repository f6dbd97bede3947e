"""`exam vision enrol` on a real database, folder and model."""

import asyncio
import csv
import itertools
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer
from typer.testing import CliRunner, Result

from exam_engine.commands.enrol import enrol_command
from exam_engine.settings import CannotStart
from tests.exam_engine.photo_samples import blurred, jpeg_of, photograph, portrait, zipped

NUMBERS = itertools.count(1)


class Installation:
    def __init__(self, data: Path, database_url: str) -> None:
        self.data, self.database_url = data, database_url

    def run(self, *arguments: object) -> Result:
        program = typer.Typer()
        program.command("enrol")(enrol_command)
        program.command("other")(lambda: None)
        return CliRunner().invoke(program, ["enrol", *map(str, arguments), "--data", str(self.data)])

    def say(self, *arguments: object, code: int = 0) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async def fetch() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return await connection.fetch(query, *arguments)
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def person(self) -> str:
        number = f"11010519110101{next(NUMBERS):04}"
        self.rows("INSERT INTO people.persons (name, id_number) VALUES ('测试甲', $1)", number)
        return number


@pytest.fixture
def installation(reachable_folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)
    made = Installation(reachable_folder, database_url)
    made.rows("DELETE FROM proctor.photos")
    return made


def outcomes(report: Any) -> dict[str, str]:
    return {line["file"]: line["problem"] or line["outcome"] for line in report["files"]}


def test_a_folder_gets_a_line_per_file_and_a_table_for_a_spreadsheet(
    installation: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    one, two, three, four = [installation.person() for _ in range(4)]
    pictures = {
        f"{one}.jpg": jpeg_of(photograph("astronaut")),
        f"{two}.jpg": jpeg_of(photograph("coffee")),
        f"{three}.jpg": jpeg_of(blurred()),
        f"{four}.jpg": jpeg_of(portrait()),
        "=cmd().jpg": b"",
    }
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
    out = tmp_path / "report.csv"
    report = installation.say(folder, "--out", out, code=1)
    assert {name: outcome for name, outcome in outcomes(report).items() if outcome != "kept"} == {
        f"{two}.jpg": "no_face",
        f"{three}.jpg": "hold_still",
        f"{one if outcomes(report)[f'{one}.jpg'] == 'pending' else four}.jpg": "pending",
        "=cmd().jpg": "bad_name",
    }
    with out.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["file", "person", "outcome", "problem", "doubts"]
    assert ["'=cmd().jpg", "", "refused", "bad_name", ""] in lines
    assert [line[4] for line in lines if line[2] == "pending"] == ["same_as_other"]
    (row,) = installation.rows(
        "SELECT role, facts FROM people.audit WHERE act = 'photos_enrolled' ORDER BY at DESC LIMIT 1"
    )
    assert (row["role"], json.loads(row["facts"])["refused"]) == ("", 3)


def test_a_zip_again_changes_nothing_and_another_photo_needs_to_be_asked_for(
    installation: Installation, tmp_path: Path
) -> None:
    number = installation.person()
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    first.write_bytes(zipped({f"{number}.jpg": jpeg_of(photograph("astronaut"))}))
    second.write_bytes(zipped({f"{number}.jpg": jpeg_of(portrait())}))
    for _ in range(2):
        assert outcomes(installation.say(first)) == {f"{number}.jpg": "kept"}
    assert outcomes(installation.say(second, code=1)) == {f"{number}.jpg": "has_photo"}
    assert outcomes(installation.say(second, "--replace")) == {f"{number}.jpg": "kept"}
    rows = installation.rows("SELECT status, added_by FROM proctor.photos ORDER BY photo_id")
    assert [tuple(row) for row in rows] == [("replaced", 0), ("approved", 0)]


def test_the_table_names_what_was_not_simply_taken(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "E00000099.jpg").write_bytes(b"")
    result = installation.run(tmp_path)
    assert result.exit_code == 1
    assert "E00000099.jpg" in result.stdout
    assert "no_such_person" in result.stdout


def test_what_can_not_be_read_ends_with_code_2(installation: Installation, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"nothing")
    assert installation.say(broken, code=2)["problem"] == "not_a_zip"
    missing = installation.run(tmp_path / "none")
    assert isinstance(missing.exception, CannotStart)
    assert installation.run(tmp_path, "--out", tmp_path / "none" / "report.csv").exit_code == 2
