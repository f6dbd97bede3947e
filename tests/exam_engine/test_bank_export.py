"""`exam bank export` and the way back: the same items in another pool, from every format."""

import asyncio
import json
import stat
from pathlib import Path

import asyncpg
import pytest
import typer
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from exam_engine.commands.bank import app
from question_bank.item import Item, ItemStatus, ItemType, Option
from question_bank.sample import load_sample
from question_bank.store import active_items, save

OWN = ("item_id", "version", "pool")


@pytest.fixture(autouse=True)
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_DATABASE_URL", database_url)


def run(*arguments: str) -> Result:
    program = typer.Typer()
    program.add_typer(app, name="bank")
    return CliRunner().invoke(program, ["bank", *arguments])


def put(database_url: str, items: list[Item]) -> None:
    async def act() -> None:
        connection = await asyncpg.connect(database_url)
        await save(connection, items, "author")
        await connection.close()

    asyncio.run(act())


def stored(database_url: str, pool: str) -> list[Item]:
    async def ask() -> list[Item]:
        connection = await asyncpg.connect(database_url)
        try:
            return await active_items(connection, pool)
        finally:
            await connection.close()

    return [replace(item, item_id=0, version=1, pool="") for item in asyncio.run(ask())]


def some(pool: str) -> list[Item]:
    """Items of every type of the sample bank: single ones and whole sets."""
    found = [item for items in load_sample().values() for item in items]
    sets = {item.set_code: None for item in found if item.set_code}
    singles = [item for item in found if not item.set_code][:20]
    return [replace(item, pool=pool) for item in [*singles, *(i for i in found if i.set_code in list(sets)[:8])]]


@pytest.mark.parametrize("name", ["b.xlsx", "b.jsonl", "b.gift", "b.xml", "b.zip"])
def test_what_is_exported_is_imported_as_it_was(name: str, tmp_path: Path, database_url: str) -> None:
    pool = f"from-{name}"
    put(database_url, some(pool))
    file = tmp_path / name
    out = run("export", str(file), "--pool", pool, "--json")
    assert (out.exit_code, json.loads(out.stdout)) == (0, {"exported": len(some(pool)), "left": [], "lost": []})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    back = run("import", str(file), "--pool", f"to-{name}", "--json")
    said = json.loads(back.stdout)
    assert (back.exit_code, said["added"], said["refused"], said["ignored_columns"]) == (0, len(some(pool)), [], [])
    assert stored(database_url, f"to-{name}") == stored(database_url, pool) == [replace(i, pool="") for i in some(pool)]
    again = run("import", str(file), "--pool", pool, "--json")
    assert json.loads(again.stdout)["unchanged"] == len(some(pool))


def made(pool: str, code: str, status: ItemStatus, kind: ItemType = ItemType.A1, key: str = "a") -> Item:
    options = (Option("a", "甲"), Option("b", "乙"))
    return Item(code=code, pool=pool, type=kind, topic="t", stem=code, options=options, key=key, status=status)


def test_only_items_of_the_wanted_status_are_exported_and_keep_it(tmp_path: Path, database_url: str) -> None:
    put(database_url, [made("life", status, status) for status in ItemStatus])
    file = tmp_path / "b.jsonl"
    assert json.loads(run("export", str(file), "--pool", "life", "--json").stdout)["exported"] == 1
    assert json.loads(file.read_text().splitlines()[0])["code"] == "active"
    both = run("export", str(file), "--pool", "life", "--status", "draft", "--status", "retired", "--json")
    assert json.loads(both.stdout)["exported"] == 2
    assert run("import", str(file), "--pool", "life-again").exit_code == 0
    assert stored(database_url, "life-again") == []


def test_items_that_a_format_can_not_hold_keep_the_file_from_being_written(tmp_path: Path, database_url: str) -> None:
    active = ItemStatus.ACTIVE
    put(database_url, [made("aiken", "single", active), made("aiken", "several", active, ItemType.X, "ab")])
    file = tmp_path / "b.txt"
    stopped = run("export", str(file), "--pool", "aiken", "--json")
    said = json.loads(stopped.stdout)
    assert (stopped.exit_code, said["exported"], [each["item"] for each in said["left"]]) == (1, 0, ["several"])
    assert not file.exists()
    kept = run("export", str(file), "--pool", "aiken", "--keep-good")
    assert (kept.exit_code, file.read_text()) == (0, "single\nA. 甲\nB. 乙\nANSWER: A\n")
    assert "no place for: code of 1, topic of 1" in " ".join(kept.stdout.split())


def test_the_format_is_told_by_the_name_or_named(tmp_path: Path, database_url: str) -> None:
    put(database_url, [made("named", "c", ItemStatus.ACTIVE)])
    file = tmp_path / "bank"
    unsaid = run("export", str(file), "--pool", "named")
    assert (unsaid.exit_code, "does not say the format" in unsaid.stderr) == (2, True)
    assert run("export", str(file), "--pool", "named", "--format", "gift").exit_code == 0
    assert run("import", str(file), "--pool", "named-again", "--format", "gift").exit_code == 0
    for command in ("export", "import"):
        assert run(command, str(file), "--pool", "named", "--format", "nonsense").exit_code == 2


def test_an_empty_pool_and_a_folder_that_is_not_there_are_said_so(tmp_path: Path, database_url: str) -> None:
    nothing = run("export", str(tmp_path / "b.gift"), "--pool", "nothing", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)["exported"]) == (2, 0)
    put(database_url, [made("nowhere", "c", ItemStatus.ACTIVE)])
    nowhere = run("export", "/nowhere/b.gift", "--pool", "nowhere")
    assert (nowhere.exit_code, "can't be written" in nowhere.stderr) == (2, True)


def test_unsupported_questions_are_told_with_their_places(tmp_path: Path) -> None:
    file = tmp_path / "b.gift"
    file.write_text("好{=甲 ~乙}\n\nWho?{=no one =nobody}\n")
    result = run("import", str(file), "--pool", "places", "--json")
    refused = json.loads(result.stdout)["refused"]
    assert (result.exit_code, [(each["row"], each["code"], each["place"]) for each in refused]) == (
        1,
        [(3, "unsupported", "line 3")],
    )
    table = run("import", str(file), "--pool", "places", "--keep-good")
    assert (table.exit_code, "line 3" in table.stdout, "short answer" in table.stdout) == (0, True, True)
