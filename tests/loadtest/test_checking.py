"""The checker on the real thing: attempts sat through the real server, then journals edited behind its back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace
from typer.testing import CliRunner

from exam_engine.chain import seal
from exam_engine.sitting import Policy
from loadtest import journal_rows
from loadtest.__main__ import app
from loadtest.cast import Cast, Player
from loadtest.checker import CLASSES
from loadtest.checking import check_run
from loadtest.history import History
from loadtest.outcome import Run, Second, Violations, read_run, write_run
from loadtest.records import Entry
from loadtest.rules import Rules
from tests.exam_engine.edge.server import Server, forget, running, settings_in
from tests.loadtest.forging import body, last, sealed
from tests.loadtest.recording_phone import RecordingPhone

pytestmark = pytest.mark.asyncio(loop_scope="module")
WINDOW_S = 6  # of the sitting, which its end cuts: a bell that really rings
TABLES = ("exam.journal", "exam.papers", "score.scores")


@dataclass
class Exam:
    """What is left of a small exam whose server is gone."""

    database_url: str
    folder: Path
    cast: Cast
    histories: list[History]

    def rules(self, later_s: float = 0) -> Rules:
        return Rules(until=datetime.now(UTC).timestamp() + later_s)

    async def check(self, **changes: Any) -> Violations:
        rules = replace(self.rules(), **changes)
        return await check_run(self.folder, self.database_url, self.cast, rules=rules)

    def write(self, histories: list[History]) -> None:
        lines = b"".join(msgspec.json.encode(history) + b"\n" for history in histories)
        (self.folder / "histories-0.jsonl").write_bytes(lines)


def now() -> float:
    return datetime.now(UTC).timestamp()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exam(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exam]:
    """Three physicians: one hands in, one is closed by the bell, one loses his line and is closed by the bell."""
    await forget(redis_url)
    async with AsyncExitStack() as stack:
        settings = settings_in(tmp_path_factory.mktemp("data"))
        server = await stack.enter_async_context(running(database_url, redis_url, settings))
        policy = Policy(cut_at_close=True, grace_s=1)
        sitting_id = await server.five_items(policy, closes=timedelta(seconds=WINDOW_S))
        phones = [await phone(stack, server, player) for player in range(3)]
        await asyncio.gather(*(each.begin(sitting_id) for each in phones))
        await asyncio.gather(hands_in(phones[0]), waits(phones[1]), loses_the_line(phones[2]))
        await asyncio.gather(*(server.written(each.history.attempt_id, "marked") for each in phones))
        persons = [await server.person_id(each.candidate.login) for each in phones]
        opens_at = await opened_at(database_url, sitting_id)
    folder = tmp_path_factory.mktemp("run")
    players = [Player(person, f"login{person}", "") for person in persons]
    made = Exam(database_url, folder, Cast(sitting_id, "x", 5, 60, 1, opens_at, opens_at, players, []), [])
    made.histories = [each.history for each in phones]
    made.write(made.histories)
    (folder / "cast.json").write_bytes(msgspec.json.encode(made.cast))
    yield made
    await forget(redis_url)


async def opened_at(database_url: str, sitting_id: int) -> datetime:
    connection = await asyncpg.connect(database_url)
    try:
        found: datetime = await connection.fetchval(journal_rows.OPENS, sitting_id)
    finally:
        await connection.close()
    return found


async def phone(stack: AsyncExitStack, server: Server, player: int) -> RecordingPhone:
    candidate = await stack.enter_async_context(server.candidate(f"device-{player:04d}"))
    return RecordingPhone(player, candidate, now)


async def hands_in(phone: RecordingPhone) -> None:
    await answers(phone)
    await phone.say(phone.candidate.hand_in())
    await phone.over()


async def waits(phone: RecordingPhone) -> None:
    await answers(phone)
    await phone.say(phone.candidate.clear(2))
    await phone.over()


async def loses_the_line(phone: RecordingPhone) -> None:
    await answers(phone)
    unheard = phone.candidate.answer(5, "a")
    await phone.say(unheard, heard=False)
    await phone.connect()
    await phone.say(unheard)
    await phone.over()


async def answers(phone: RecordingPhone) -> None:
    for no, choice in ((1, "a"), (2, "b"), (3, "c"), (1, "d")):
        await phone.say(phone.candidate.answer(no, choice))
    await phone.say(phone.candidate.mark(4))
    await phone.ping()


# --- honest -----------------------------------------------------------------------------------------------------------


async def test_a_real_exam_is_clean(exam: Exam) -> None:
    violations = await exam.check()

    assert violations.counts == dict.fromkeys(CLASSES, 0), violations.examples
    assert violations.attempts == 3
    assert violations.acknowledged == 18
    assert violations.figures["bells"] == 2
    assert 0 <= violations.figures["bell_late_max_s"] < 30
    assert violations.figures["unmarked"] == 0


async def test_the_reader_can_not_write(exam: Exam) -> None:
    async with journal_rows.reading(exam.database_url) as rows:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await rows._connection.execute("UPDATE exam.attempts SET points = 1")


@pytest.mark.parametrize("name", ["SITTING", "ATTEMPTS", "JOURNALS", "ROWS", "PAPERS", "SCORES", "KEYS", "NOW"])
async def test_the_statement_fits_the_schema(exam: Exam, name: str) -> None:
    connection = await asyncpg.connect(exam.database_url)
    try:
        await connection.prepare(getattr(journal_rows, name))
    finally:
        await connection.close()


async def test_a_sitting_that_is_not_there_is_said_so(exam: Exam) -> None:
    with pytest.raises(journal_rows.NoSuchSitting):
        await check_run(exam.folder, exam.database_url, replace(exam.cast, sitting_id=99_999))


# --- edited behind the server's back ----------------------------------------------------------------------------------


class Editor:
    """A superuser who goes past the triggers that keep journals, papers and scores from being changed."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", histories: list[History]) -> None:
        self.connection = connection
        self.handed_in, self.belled, self.lost_line = (history.attempt_id for history in histories)
        self.histories = histories

    async def journal(self, attempt_id: int) -> list[Entry]:
        rows = await self.connection.fetch(journal_rows.JOURNALS, [attempt_id])
        return [Entry(*tuple(row)[1:]) for row in rows]

    async def put(self, attempt_id: int, entries: list[Entry], *, seal: bool = True) -> None:
        """This as the whole journal of the attempt."""
        await self.connection.execute("DELETE FROM exam.journal WHERE attempt_id = $1", attempt_id)
        await self.connection.executemany(
            """INSERT INTO exam.journal (attempt_id, version, seq, kind, body, at, digest)
               VALUES ($1, $2, $3, $4, $5::json, $6, $7)""",
            [
                (attempt_id, e.version, e.seq, e.kind, e.body, e.at, e.digest)
                for e in (sealed(attempt_id, entries) if seal else entries)
            ],
        )


Edit = Callable[[Editor], Any]
EDITS: dict[str, Edit] = {}


def edit(kind: str) -> Callable[[Edit], Edit]:
    def add(function: Edit) -> Edit:
        EDITS[kind] = function
        return function

    return add


@edit("lost")
async def _(editor: Editor) -> None:
    """The mark for later, told as saved, is gone; what is told of versions behind it was only the end."""
    journal = await editor.journal(editor.handed_in)
    place = last(journal, "marked_for_later")
    await editor.put(editor.handed_in, [*journal[:place], *journal[place + 1 :]])
    editor.histories[0].sent[-1].version -= 1
    editor.histories[0].told_versions.pop()


@edit("invented")
async def _(editor: Editor) -> None:
    journal = await editor.journal(editor.belled)
    place = last(journal, "marked_for_later")
    journal[place] = body(journal[place], no=5)
    await editor.put(editor.belled, journal)


@edit("duplicated")
async def _(editor: Editor) -> None:
    journal = await editor.journal(editor.handed_in)
    journal[-1] = replace(journal[-1], version=journal[-1].version + 1)
    await editor.put(editor.handed_in, renumbered(editor.handed_in, journal), seal=False)


@edit("reordered")
async def _(editor: Editor) -> None:
    journal = await editor.journal(editor.belled)
    place = last(journal, "answered")
    before = journal[place - 1]
    assert before.kind == "answered"
    swapped = [replace(journal[place], at=before.at), replace(before, at=journal[place].at)]
    await editor.put(editor.belled, [*journal[: place - 1], *swapped, *journal[place + 1 :]])


@edit("moved")
async def _(editor: Editor) -> None:
    await editor.connection.execute(
        "UPDATE exam.attempts SET deadline_at = deadline_at + interval '5 s' WHERE attempt_id = $1", editor.belled
    )


@edit("after_bell")
async def _(editor: Editor) -> None:
    journal = await editor.journal(editor.belled)
    place, end = last(journal, "cleared"), last(journal, "submitted")
    for later in range(end, len(journal)):  # the bell may have rung within the millisecond
        journal[later] = replace(journal[later], at=journal[later].at + timedelta(milliseconds=100))
    journal[place] = replace(journal[place], at=journal[end].at)
    sent = editor.histories[1].sent[-1]
    sent.first_at = sent.acked_at = journal[end].at.timestamp()
    await editor.put(editor.belled, journal)


@edit("hand_ins")
async def _(editor: Editor) -> None:
    journal = await editor.journal(editor.handed_in)
    place = last(journal, "submitted")
    await editor.put(editor.handed_in, journal[:place])
    editor.histories[0].told_versions.pop()
    await editor.connection.execute(
        "UPDATE exam.attempts SET phase = 'running', next_check_at = deadline_at, points = NULL WHERE attempt_id = $1",
        editor.handed_in,
    )


@edit("marks")
async def _(editor: Editor) -> None:
    await editor.connection.execute(
        "UPDATE score.scores SET points = points_max - points WHERE attempt_id = $1", editor.lost_line
    )


@edit("chain")
async def _(editor: Editor) -> None:
    await editor.connection.execute(
        """UPDATE exam.journal SET body = replace(body::text, '"device":"', '"device":"x')::json
           WHERE attempt_id = $1 AND kind = 'portrait_taken'""",
        editor.belled,
    )


@edit("lies")
async def _(editor: Editor) -> None:
    await editor.connection.execute(
        "UPDATE exam.attempts SET person_id = (SELECT max(person_id) FROM people.persons) WHERE attempt_id = $1",
        editor.belled,
    )


@edit("unaccounted")
async def _(editor: Editor) -> None:
    editor.histories.pop()


def renumbered(attempt_id: int, entries: list[Entry]) -> list[Entry]:
    """The gap stays; the seals are as if it had always been there."""
    whole, e = sealed(attempt_id, entries[:-1]), entries[-1]
    return [*whole, replace(e, digest=seal(whole[-1].digest, attempt_id, e.version, e.seq, e.kind, e.body, e.at))]


async def test_every_class_is_edited_in() -> None:
    assert set(EDITS) == set(CLASSES)


@pytest.mark.parametrize("kind", EDITS)
async def test_an_edited_journal_is_reported_in_its_class(exam: Exam, kind: str) -> None:
    connection = await asyncpg.connect(exam.database_url)
    editor = Editor(connection, msgspec.convert(msgspec.to_builtins(exam.histories), type=list[History]))
    copies = {table: f"kept_{table.replace('.', '_')}" for table in (*TABLES, "exam.attempts")}
    try:
        await connection.execute("SET session_replication_role = replica")
        for table, copy in copies.items():
            await connection.execute(f"CREATE TABLE {copy} AS TABLE {table}")
        await EDITS[kind](editor)
        exam.write(editor.histories)

        violations = await exam.check()

        assert {name for name, number in violations.counts.items() if number} == {kind}, violations.examples
    finally:
        for table, copy in copies.items():
            await connection.execute(f"DELETE FROM {table}")
            await connection.execute(f"INSERT INTO {table} TABLE {copy}")
            await connection.execute(f"DROP TABLE {copy}")
        await connection.close()
        exam.write(exam.histories)


async def test_without_all_histories_an_attempt_is_told_and_not_counted(exam: Exam) -> None:
    exam.write(exam.histories[:2])
    try:
        violations = await exam.check(all_recorded=False)
    finally:
        exam.write(exam.histories)

    assert not any(violations.counts.values())
    assert violations.attempts == 3
    assert any("1 attempts have no history" in note for note in violations.notes)


async def test_a_history_cut_off_with_its_generator_is_noted(exam: Exam) -> None:
    whole = (exam.folder / "histories-0.jsonl").read_bytes()
    (exam.folder / "histories-0.jsonl").write_bytes(whole[:-40])
    try:
        violations = await exam.check(all_recorded=False)
    finally:
        exam.write(exam.histories)

    assert not any(violations.counts.values())
    assert any("ends in the middle" in note for note in violations.notes)


# --- the command ------------------------------------------------------------------------------------------------------


async def test_the_command_writes_its_word_into_the_result(exam: Exam) -> None:
    begun_at = exam.histories[0].entered_at
    notes = ["not checked: ended by hand", "another"]
    write_run(Run({"candidates": 3}, {}, begun_at, [Second(0), Second(60)], notes=notes), exam.folder)

    clean = await command(exam.folder, "--database-url", exam.database_url, "--json")
    after_clean = read_run(exam.folder).violations
    exam.write(exam.histories[:2])
    dirty = await command(exam.folder, "--database-url", exam.database_url)
    exam.write(exam.histories)

    assert clean.exit_code == 0
    assert json.loads(clean.stdout)["counts"] == dict.fromkeys(CLASSES, 0)
    assert after_clean is not None
    assert after_clean.attempts == 3
    assert dirty.exit_code == 1
    assert "unaccounted" in dirty.stdout
    stored = read_run(exam.folder).violations
    assert stored is not None
    assert stored.counts["unaccounted"] == 1
    assert read_run(exam.folder).notes == ["another"]
    assert "1 violations found" in (exam.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--database-url"),
        (("--data", "nowhere"), "run.json"),
        (("--database-url", "postgresql://x@127.0.0.1:1/x"), "127.0.0.1"),
    ],
)
async def test_what_can_not_be_checked_is_said_so(exam: Exam, words: tuple[str, ...], said: str) -> None:
    result = await command(exam.folder, *words)

    assert result.exit_code == 2
    assert said in result.stderr


async def command(folder: Path, *words: str) -> Any:
    """The command has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["check", str(folder), *words])


# --- another day, another database ------------------------------------------------------------------------------------


async def test_another_database_with_the_same_numbers_is_told_apart(exam: Exam) -> None:
    other = replace(exam.cast, opens_at=exam.cast.opens_at + timedelta(seconds=1))
    with pytest.raises(journal_rows.NoSuchSitting, match="not that of this cast"):
        await check_run(exam.folder, exam.database_url, other)


async def test_whether_a_cast_has_played_can_be_told(exam: Exam) -> None:
    async with journal_rows.reading(exam.database_url) as rows:
        assert await rows.played(exam.cast.sitting_id)
        assert not await rows.played(99_999)


async def test_a_run_that_was_not_whole_is_checked_as_such_another_day(exam: Exam) -> None:
    seconds = [Second(0, open=3), Second(60)]
    write_run(Run({"candidates": 3}, {}, exam.histories[0].entered_at, seconds, whole=False), exam.folder)
    exam.write(exam.histories[:2])
    try:
        result = await command(exam.folder, "--database-url", exam.database_url)
    finally:
        exam.write(exam.histories)
        (exam.folder / "result.json").unlink()

    assert result.exit_code == 0, result.output
    assert "1 attempts have no history" in result.output


async def test_a_line_that_is_no_history_is_named(exam: Exam) -> None:
    lines = (exam.folder / "histories-0.jsonl").read_bytes().splitlines(keepends=True)
    (exam.folder / "histories-0.jsonl").write_bytes(lines[0] + lines[1][:40] + b"\n" + lines[2])
    try:
        result = await command(exam.folder, "--database-url", exam.database_url)
    finally:
        exam.write(exam.histories)

    assert result.exit_code == 2
    assert "histories-0.jsonl, line 2" in result.stderr


async def test_a_history_of_nobody_in_the_cast_is_another_cast_s(exam: Exam) -> None:
    exam.write([replace(exam.histories[0], player=7)])
    try:
        result = await command(exam.folder, "--database-url", exam.database_url)
    finally:
        exam.write(exam.histories)

    assert result.exit_code == 2
    assert "no player 7" in result.stderr


async def test_where_nothing_was_kept_nothing_is_called_clean(exam: Exam, tmp_path: Path) -> None:
    (tmp_path / "cast.json").write_bytes((exam.folder / "cast.json").read_bytes())
    result = await command(tmp_path, "--database-url", exam.database_url)
    assert result.exit_code == 2
    assert "no histories" in result.stderr
