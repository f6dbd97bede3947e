"""`exam papers plan`: what it says, what it keeps, and what it refuses."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from exam_engine.commands.papers import app
from exam_engine.demo import seed
from question_bank.certificate import Certificate, digest

PLANS = "SELECT plan_id, state, digest, json_array_length(forms) AS forms FROM exam.plans ORDER BY plan_id"


@pytest.fixture(autouse=True)
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)
    asyncio.run(seed(database_url, None))


def run(*arguments: str) -> Result:
    program = typer.Typer()
    program.add_typer(app, name="papers")
    return CliRunner().invoke(program, ["papers", "plan", *arguments])


def rows(database_url: str, query: str) -> list[dict[str, Any]]:
    async def ask() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(database_url)
        try:
            return [dict(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_forms_are_kept_as_a_draft_with_their_certificate(database_url: str, tmp_path: Path) -> None:
    page = tmp_path / "certificate.html"
    result = run("1", "--forms", "2", "--seed", "3", "--json", "--html", str(page))
    said = json.loads(result.stdout)
    assert result.exit_code == (0 if said["met"] else 1)
    (plan,) = rows(database_url, PLANS)
    assert (plan["state"], plan["forms"], plan["plan_id"]) == ("draft", 2, said["plan"])
    certificate = msgspec.convert({k: v for k, v in said.items() if k not in ("digest", "plan", "met")}, Certificate)
    assert digest(certificate) == plan["digest"] == said["digest"]
    assert certificate.broken == ()
    assert said["digest"] in page.read_text()


def test_a_dry_run_on_the_fly_says_the_same_twice_and_keeps_nothing(database_url: str) -> None:
    before = rows(database_url, PLANS)
    words = ("1", "--on-the-fly", "--seed", "3", "--sample", "100", "--dry-run", "--json")
    first, second = (json.loads(run(*words).stdout) for _ in range(2))
    took = ("made_in_s", "papers_per_s", "digest", "goals", "met")
    assert {k: v for k, v in first.items() if k not in took} == {k: v for k, v in second.items() if k not in took}
    assert first["plan"] is None
    assert rows(database_url, PLANS) == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("1",), 2, "either --forms N or --on-the-fly"),
        (("1", "--forms", "2", "--on-the-fly"), 2, "either --forms N or --on-the-fly"),
        (("999", "--forms", "2"), 2, "there is no sitting 999"),
        (("1", "--forms", "20", "--uses", "1"), 1, "20 forms need"),
    ],
)
def test_what_can_not_be_is_one_sentence_and_an_exit_code(words: tuple[str, ...], code: int, said: str) -> None:
    result = run(*words)
    assert (result.exit_code, said in result.stderr) == (code, True)
