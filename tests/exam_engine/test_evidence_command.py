"""`exam evidence`: sweep, shred and report on a real database and folder."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from exam_engine.commands.evidence import app
from exam_engine.settings import CannotStart, read_settings
from proctor.keys import PersonKeys
from proctor.pictures import Pictures
from tests.exam_engine.exam_rows import CLOSED, Rows

Pool = asyncpg.Pool


@dataclass(frozen=True)
class Owner:
    """A person, and the attempt whose one picture is kept."""

    person_id: int
    attempt_id: int
    name: str
    bytes: int


@dataclass(frozen=True)
class Installation:
    data: Path
    database_url: str

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        program = typer.Typer()
        program.add_typer(app, name="evidence")
        return CliRunner().invoke(program, ["evidence", *arguments, "--data", str(self.data)], input=answer)

    def say(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def do(self, work: Callable[[Pool, Pictures], Awaitable[Any]]) -> Any:
        async def done() -> Any:
            async with asyncpg.create_pool(self.database_url, min_size=1, max_size=2) as pool:
                keys = PersonKeys(pool, read_settings(data=self.data).secret_key)
                return await work(pool, Pictures(self.data / "pictures", keys))

        return asyncio.run(done())

    def owner(self, phase: str = "released") -> Owner:
        """Somebody with one picture; of an attempt that was over long ago, unless it still runs."""

        async def make(pool: Pool, pictures: Pictures) -> Owner:
            rows = Rows(pool)
            sitting_id = await rows.sitting()
            person_id = await rows.person(sitting_id)
            attempt_id = await rows.attempt(sitting_id, person_id, phase)
            out = BytesIO()
            Image.new("RGB", (160, 160), (person_id % 200, 90, 120)).save(out, "JPEG")
            kept = await pictures.put(person_id, out.getvalue())
            await rows.picture(attempt_id, kept.name)
            # No key may be shredded on the day it was made, and none can be made in the past but by its row.
            await pool.execute(
                "ALTER TABLE proctor.keys DISABLE TRIGGER keys_only_shredded;"
                "UPDATE proctor.keys SET made_at = made_at - interval '2 days';"
                "ALTER TABLE proctor.keys ENABLE TRIGGER keys_only_shredded"
            )
            return Owner(person_id, attempt_id, kept.name, (await pictures.sizes(person_id, [kept.name])).bytes)

        made: Owner = self.do(make)
        return made

    def case(self, attempt_id: int, phase: str) -> None:
        closed_at = None if phase == "open" else CLOSED

        async def make(pool: Pool, _pictures: Pictures) -> None:
            await Rows(pool).case(attempt_id, phase, closed_at)

        self.do(make)

    def can_be_seen(self, owner: Owner) -> bool:
        async def look(_pool: Pool, pictures: Pictures) -> bool:
            return await pictures.get(owner.person_id, owner.name) is not None

        return bool(self.do(look))


@pytest.fixture
def installation(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)
    made = Installation(tmp_path, database_url)
    # what the test before left belongs to its own folder
    made.do(lambda pool, _: pool.execute("UPDATE proctor.pictures SET deleted_at = now() WHERE deleted_at IS NULL"))
    made.do(
        lambda pool, _: pool.execute(
            "UPDATE proctor.keys SET wrapped = NULL, shredded_at = now() WHERE shredded_at IS NULL"
        )
    )
    return made


def test_a_sweep_deletes_what_is_due_and_a_second_finds_nothing(installation: Installation) -> None:
    over, running = installation.owner(), installation.owner("running")

    assert installation.say("sweep") == {
        "deletions": 2,
        "pictures": 1,
        "missing": 0,
        "bytes": over.bytes,
        "shredded": 1,
        "failed": 0,
    }
    assert set(installation.say("sweep").values()) == {0}
    assert not installation.can_be_seen(over)
    assert installation.can_be_seen(running)


def test_a_dry_run_says_what_is_due_and_deletes_nothing(installation: Installation) -> None:
    over = installation.owner()
    due = {
        "dry_run": True,
        "due": [{"rule": "retention", "deletions": 1, "pictures": 1, "missing": 0, "bytes": over.bytes}],
    }

    assert installation.say("sweep", "--dry-run") == due
    assert installation.say("sweep", "--dry-run") == due
    assert installation.can_be_seen(over)
    assert "retention" in installation.run("sweep", "--dry-run").output


def test_a_sweep_in_the_wrong_folder_deletes_nothing_and_says_so(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    over = installation.owner()
    elsewhere = Installation(tmp_path_factory.mktemp("elsewhere"), installation.database_url)

    result = elsewhere.run("sweep")

    assert result.exit_code == 1
    assert "still there" in result.stderr
    assert installation.can_be_seen(over)
    assert installation.say("sweep")["pictures"] == 1


def test_shredding_asks_first(installation: Installation) -> None:
    owner = installation.owner()

    refused = installation.run("shred", str(owner.person_id), "--reason", "测试", answer="n\n")
    assert refused.exit_code == 1
    assert installation.can_be_seen(owner)
    done = installation.run("shred", str(owner.person_id), "--reason", "测试", answer="y\n")
    assert done.exit_code == 0
    assert not installation.can_be_seen(owner)


def test_shredding_takes_everything_of_that_person_only_and_again_nothing(installation: Installation) -> None:
    owner, bystander = installation.owner(), installation.owner()
    arguments = ("shred", str(owner.person_id), "--reason", "本人撤回同意", "--yes")

    said = installation.say(*arguments)

    assert (said["pictures"], said["shredded"], said["bytes"]) == (1, 1, owner.bytes)
    assert not installation.can_be_seen(owner)
    assert installation.can_be_seen(bystander)
    assert set(installation.say(*arguments).values()) == {0}


def test_shredding_somebody_unknown_does_nothing_even_where_nothing_was_ever_kept(installation: Installation) -> None:
    assert set(installation.say("shred", "999999999", "--reason", "测试", "--yes").values()) == {0}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_shredding_wants_a_reason(installation: Installation, reason: str) -> None:
    owner = installation.owner()

    assert installation.run("shred", str(owner.person_id), "--reason", reason, "--yes").exit_code == 2
    assert installation.can_be_seen(owner)


@pytest.mark.parametrize("phase", ["open", "confirmed", "upheld"])
def test_the_evidence_of_a_case_is_not_shredded_by_accident(installation: Installation, phase: str) -> None:
    owner = installation.owner()
    installation.case(owner.attempt_id, phase)
    arguments = ("shred", str(owner.person_id), "--reason", "测试", "--yes")

    refused = installation.run(*arguments)

    assert isinstance(refused.exception, CannotStart)
    assert installation.can_be_seen(owner)
    assert installation.say(*arguments, "--despite-cases")["pictures"] == 1


def test_a_dismissed_case_does_not_stand_in_the_way(installation: Installation) -> None:
    owner = installation.owner()
    installation.case(owner.attempt_id, "dismissed")

    assert installation.say("shred", str(owner.person_id), "--reason", "测试", "--yes")["shredded"] == 1


def test_the_report_says_what_is_kept_and_what_was_deleted(installation: Installation) -> None:
    before = installation.say("report")
    over, running = installation.owner(), installation.owner("running")
    installation.say("sweep")
    installation.say("shred", str(running.person_id), "--reason", "测试", "--yes")
    installation.owner("running")

    said = installation.say("report")

    assert (said["now"]["pictures"], said["now"]["persons"], said["filing_due"]) == (1, 1, False)
    assert said["now"]["shredded"] - before["now"]["shredded"] == 2

    def freed(report: Any, kind: str, rule: str) -> int:
        return sum(row["bytes"] for row in report["deleted"] if (row["kind"], row["rule"]) == (kind, rule))

    assert freed(said, "pictures", "retention") - freed(before, "pictures", "retention") == over.bytes
    assert freed(said, "pictures", "ordered") - freed(before, "pictures", "ordered") == running.bytes
    assert installation.say("report", "--since", "2999-01-01")["deleted"] == []
    shown = installation.run("report")
    assert shown.exit_code == 0
    assert "nothing_left" in shown.output
