"""Receipts over the API: there at once, the same whoever makes them; they prove what was saved and tell no more."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from exam_engine import receipt_store as store
from exam_engine.commands.receipt import app as command
from exam_engine.edge.masks import masked_name
from exam_engine.edge.receipts import CHECKS_MAX
from exam_engine.receipt_codes import typed
from exam_engine.receipt_office import Office
from exam_engine.receipts import read_text, signature_holds
from tests.candidate import Candidate, Refusal
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADDRESS: Final = {"X-Forwarded-For": "203.0.113.7"}  # the tries of this module are counted for an address of its own


@pytest_asyncio.fixture(loop_scope="module")
async def anybody(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody without an account."""
    async with aiohttp.ClientSession(server.base_url, headers=ADDRESS) as http:
        yield http


async def handed_in(server: Server, candidate: Candidate) -> Any:
    """Three of five answered, one of them taken back; his receipt."""
    await candidate.begin(await server.five_items())
    answers = candidate.answer(1, "a"), candidate.answer(2, "b"), candidate.answer(3, "c"), candidate.clear(2)
    await candidate.commands(*answers, candidate.hand_in())
    return await candidate.get(f"/api/attempts/{candidate.attempt_id}/receipt")


async def verified(http: aiohttp.ClientSession, text: str) -> Any:
    async with http.get(f"/api/verify/receipt/{text}") as response:
        return {"status": response.status} | await response.json()


async def tampered(database_url: str, statement: str, *arguments: object) -> None:
    """As somebody with the database's password, past its triggers."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    assert (await connection.execute(statement, *arguments)).endswith(" 1")
    await connection.close()


async def run(database_url: str, *arguments: str) -> tuple[int, Any]:
    """`exam receipt … --json` beside the running server."""
    environment = {"EXAM_DATABASE_URL": database_url}
    result = await asyncio.to_thread(CliRunner().invoke, command, [*arguments, "--json"], env=environment)
    return result.exit_code, json.loads(result.stdout)


async def test_it_is_there_at_once_and_the_same_whenever_it_is_asked_for(server: Server) -> None:
    async with server.candidate() as candidate:
        first = await handed_in(server, candidate)
        path = f"/api/attempts/{candidate.attempt_id}/receipt"
        assert await asyncio.gather(*(candidate.get(path) for _ in range(5))) == [first] * 5
        submitted = await server.written(candidate.attempt_id, "submitted")

    assert (first["item_count"], first["answered"], first["unanswered"], first["late"]) == (5, 2, 3, 0)
    assert (first["ending"], first["submitted_at"]) == ("candidate", submitted["as_of"])
    entry = (await server.journal(candidate.attempt_id))[first["version"] - 1]
    assert (entry.kind, entry.digest.hex(), entry.at.isoformat()) == (
        "submitted", first["digest"], first["written_at"].replace("Z", "+00:00"),
    )  # fmt: skip
    assert first["url"] == f"{server.base_url}/verify/receipt/{first['code']}#{first['text']}"
    assert first["svg"].startswith("<svg")


async def test_anybody_may_check_it_by_its_code_or_as_a_whole(server: Server, anybody: aiohttp.ClientSession) -> None:
    async with server.candidate() as candidate:
        mine = await handed_in(server, candidate)
        name = await server.house.pool.fetchval(
            "SELECT name FROM people.persons WHERE person_id = $1", await server.person_id(candidate.login)
        )
    for text in (mine["code"], mine["code"].lower().replace("-", ""), mine["text"]):
        found = await verified(anybody, text)
        same = ("code", "key_id", "title", "cycle", "submitted_at", "written_at", "ending", "version", "digest",
                "item_count", "answered", "unanswered", "late")  # fmt: skip
        assert {field: found[field] for field in same} == {field: mine[field] for field in same}
        assert (found["verdict"], found["journal"], found["person"]) == ("valid", True, masked_name(name))
        assert not {"salt", "answers", "points", "passed", "attempt_id", "text"} & set(found)
        assert name not in json.dumps(found, ensure_ascii=False)


async def test_the_published_key_alone_is_enough(server: Server, anybody: aiohttp.ClientSession) -> None:
    async with server.candidate() as candidate:
        mine = await handed_in(server, candidate)
    async with anybody.get("/api/receipts/keys") as response:
        keys = {key["key_id"]: bytes.fromhex(key["public_key"]) for key in (await response.json())["public_keys"]}
    signed = read_text(mine["text"])
    assert signed is not None
    assert signature_holds(signed, keys[mine["key_id"]])


async def test_what_nobody_has_is_answered_like_what_nobody_can_have(anybody: aiohttp.ClientSession) -> None:
    nobodys = "NA4S-ZY3A-11ZE-BPPT"
    assert typed(nobodys)
    answers = [await verified(anybody, text) for text in (nobodys, "NA4S-ZY3A-11ZE-BPPA", "x", "1" * 300, "A" * 240)]
    assert answers == [{"status": 404, "code": "no_such_receipt", "facts": {}}] * 5


async def test_a_forged_one_is_told_from_a_genuine_one_and_says_nothing(
    server: Server, anybody: aiohttp.ClientSession
) -> None:
    async with server.candidate() as candidate:
        text = (await handed_in(server, candidate))["text"]
    flipped = "B" if text[60] == "A" else "A"
    forged = await verified(anybody, text[:60] + flipped + text[61:])
    assert (forged["verdict"], forged["title"], forged["person"], forged["digest"]) == ("signature_wrong", "", "", "")
    other_key = "B" if text[4] == "A" else "A"
    strange = await verified(anybody, text[:4] + other_key + text[5:])
    assert (strange["verdict"], strange["submitted_at"]) == ("unknown_key", None)


async def test_who_tries_too_often_has_to_wait(server: Server) -> None:
    async with aiohttp.ClientSession(server.base_url, headers={"X-Forwarded-For": "203.0.113.8"}) as http:
        statuses = [(await verified(http, "x"))["status"] for _ in range(CHECKS_MAX + 1)]
    assert statuses == [404] * CHECKS_MAX + [429]


async def test_an_attempt_that_others_ended_gets_one_though_nobody_asks(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("chief") as chief:
        sitting_id = await server.five_items()
        await candidate.begin(sitting_id)
        await chief.act(sitting_id, {"type": "force_hand_in", "reason": "替考，当场查实"}, candidate.attempt_id)
        await server.written(candidate.attempt_id, "submitted")
        office = Office(server.house.pool, server.house.settings.secret_key)
        while await office.make_some():
            pass
        row = await server.house.pool.fetchrow(store.RECEIPT, candidate.attempt_id)
        mine = await candidate.get(f"/api/attempts/{candidate.attempt_id}/receipt")
    assert row is not None
    assert (mine["ending"], typed(mine["code"]), mine["salt"]) == ("invigilator", row["code"], row["salt"].hex())
    assert await server.house.pool.fetchval(
        "SELECT receipted FROM exam.attempts WHERE attempt_id = $1", candidate.attempt_id
    )


async def test_there_is_none_before_hand_in_nor_for_what_was_annulled_before(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("province") as province:
        sitting_id = await server.five_items()
        await candidate.begin(sitting_id)
        path = f"/api/attempts/{candidate.attempt_id}/receipt"
        with pytest.raises(Refusal, match="not_submitted"):
            await candidate.get(path)
        await province.act(sitting_id, {"type": "annul", "reason": "考场停电"}, candidate.attempt_id)
        with pytest.raises(Refusal, match="not_submitted"):
            await candidate.get(path)


async def test_a_lost_one_is_made_again_to_the_byte(server: Server, database_url: str) -> None:
    async with server.candidate() as candidate:
        before = await handed_in(server, candidate)
        await tampered(database_url, "DELETE FROM exam.receipts WHERE attempt_id = $1", candidate.attempt_id)
        assert await candidate.get(f"/api/attempts/{candidate.attempt_id}/receipt") == before


async def test_a_row_is_never_changed_or_taken_away(server: Server) -> None:
    for statement in (
        "DELETE FROM exam.receipts",
        "UPDATE exam.receipts SET made_at = now()",
        "TRUNCATE exam.receipts",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await server.house.pool.execute(statement)


async def test_an_answer_changed_behind_the_trigger_is_found_and_where(
    server: Server, database_url: str, anybody: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with server.candidate() as candidate:
        mine = await handed_in(server, candidate)
        log = await candidate.get(f"/api/attempts/{candidate.attempt_id}/journal")
    file = tmp_path / "log.json"
    file.write_text(json.dumps({"receipt": mine, "journal": log}))
    kinds = [entry["kind"] for entry in log["entries"]]
    place = kinds.index("answered") + 1
    assert (await run(database_url, "verify", mine["code"]))[0] == 0

    await tampered(
        database_url,
        """UPDATE exam.journal SET body = replace(body::text, '"choice":"a"', '"choice":"e"')::json
           WHERE attempt_id = $1 AND version = $2""",
        candidate.attempt_id, place,
    )  # fmt: skip

    found = await verified(anybody, mine["code"])
    assert (found["verdict"], found["changed_at"]) == ("journal_changed", place)
    for shown in (mine["code"], mine["url"], mine["text"], str(file)):
        code, said = await run(database_url, "verify", shown)
        assert (code, said["verdict"], said["changed_at"]) == (11, "journal_changed", place)
    await tampered(database_url, "DELETE FROM exam.receipts WHERE attempt_id = $1", candidate.attempt_id)
    async with server.candidate(login=candidate.login) as again:
        with pytest.raises(Refusal, match="journal_broken"):
            await again.get(f"/api/attempts/{candidate.attempt_id}/receipt")


async def test_the_command_checks_a_downloaded_log_by_itself_and_against_the_database(
    server: Server, database_url: str, anybody: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with server.candidate() as candidate:
        mine = await handed_in(server, candidate)
        log = await candidate.get(f"/api/attempts/{candidate.attempt_id}/journal")
    files = {name: tmp_path / name for name in ("log", "keys", "lie", "more")}
    files["log"].write_text(json.dumps({"receipt": mine, "journal": log}))
    async with anybody.get("/api/receipts/keys") as response:
        files["keys"].write_bytes(await response.read())
    lie = json.dumps(log["entries"]).replace('\\"choice\\":\\"c\\"', '\\"choice\\":\\"d\\"')
    files["lie"].write_text(json.dumps({"receipt": mine, "journal": log | {"entries": json.loads(lie)}}))
    more = [*log["answers"], log["answers"][0] | {"no": 5}]
    files["more"].write_text(json.dumps({"receipt": mine, "journal": log | {"answers": more}}))

    offline = ("--public-key", str(files["keys"]))
    code, said = await run("postgresql://127.0.0.1:1/nowhere", "verify", str(files["log"]), *offline)
    assert (code, said["verdict"], said["journal"], said["answers"]) == (0, "valid", True, True)
    code, said = await run(database_url, "verify", str(files["log"]))
    assert (code, said["attempt_id"], said["answered"]) == (0, candidate.attempt_id, 2)
    code, said = await run(database_url, "verify", str(files["lie"]), *offline)
    assert (code, said["verdict"]) == (11, "journal_changed")
    code, said = await run(database_url, "verify", str(files["more"]), *offline)
    assert (code, said["verdict"]) == (15, "answers_wrong")
    code, said = await run(database_url, "verify", mine["code"], *offline)
    assert (code, said["verdict"]) == (13, "not_a_receipt"), "a code alone says nothing without the database"
    assert (await run(database_url, "verify", mine["code"], *offline, "--journal"))[0] == 0


# --- 我的答题日志 -----------------------------------------------------------------------------------------------------


async def test_the_log_opens_when_the_exam_is_over_and_tells_what_counted(server: Server) -> None:
    async with server.candidate() as candidate:
        await candidate.begin(await server.five_items())
        path = f"/api/attempts/{candidate.attempt_id}/journal"
        with pytest.raises(Refusal, match="not_submitted"):
            await candidate.get(path)
        await candidate.commands(
            candidate.answer(1, "a"), candidate.answer(1, "c"), candidate.answer(2, "b"), candidate.clear(2),
            candidate.mark(3), candidate.answer(4, "d"), candidate.hand_in(),
        )  # fmt: skip
        await candidate.commands(candidate.answer(5, "e"))
        log = await candidate.get(path)

    counted = {answer["no"]: (answer["choice"], answer["changes"]) for answer in log["answers"]}
    assert counted == {1: ("c", 1), 4: ("d", 0)}
    kinds = [entry["kind"] for entry in log["entries"]]
    assert kinds[0] == "entered"
    assert {"started", "answered", "cleared", "marked_for_later", "submitted", "came_late"} <= set(kinds)
    assert [entry["version"] for entry in log["entries"]] == list(range(1, len(kinds) + 1))
    assert (log["phase"], log["item_count"]) == ("submitted", 5)


async def test_the_mark_is_withheld_until_the_release_and_its_digest_too(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("agency") as agency:
        sitting_id = await server.five_items()
        await candidate.begin(sitting_id)
        await candidate.commands(candidate.answer(1, "a"), candidate.hand_in())
        await server.written(candidate.attempt_id, "marked")
        path = f"/api/attempts/{candidate.attempt_id}/journal"
        before = await candidate.get(path)
        await agency.post(f"/api/desk/sittings/{sitting_id}/release", {"pass_points": 60})
        await server.written(candidate.attempt_id, "released")
        after = await candidate.get(path)
    handed_in_at = next(entry["version"] for entry in before["entries"] if entry["kind"] == "submitted")
    for entry in before["entries"]:
        assert bool(entry["body"]) == (entry["kind"] != "marked")
        assert bool(entry["digest"]) == (entry["version"] <= handed_in_at)
    assert all(entry["body"] and entry["digest"] for entry in after["entries"])
    assert json.loads(after["entries"][handed_in_at]["body"])["points_max"] == 100
