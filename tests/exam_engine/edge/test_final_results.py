"""Final results from the proposal to the notice, the recheck and the archive, over the API."""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
import pytest_asyncio

from exam_engine.demo import CYCLE
from exam_engine.edge.verifying import CHECKS_MAX
from exam_engine.results import store, tending
from exam_engine.results.checking import check
from tests.candidate import Person, Refusal
from tests.exam_engine.edge.graduates import (
    Boards,
    boards_of,
    graduate,
    looked_at,
    physician_of,
    published,
    result_of,
    scored,
)
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

RESULTS = "/api/desk/final-results"
WORDS = "对人文医学的评定结果有异议，申请对成绩和评定依据进行复核。"
REASON = "经核对，维持原评定"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def boards(server: Server) -> AsyncIterator[Boards]:
    async with boards_of(server) as people:
        yield people


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sitting_id(server: Server) -> int:
    return await server.five_items()


async def refusal(asking: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await asking
    return caught.value.status, caught.value.code


async def checked(server: Server, number: str, code: str) -> Any:
    async with Person(server.base_url, "agency", "Kaohe-2026") as somebody:
        return await somebody.get(f"/api/verify/notice?number={number}&code={code}")


async def test_a_result_is_proposed_by_its_legs_and_seen_by_its_physician_only_when_published(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    row = await result_of(server, person)
    path = f"{RESULTS}/{row['result_id']}"
    async with physician_of(server, person, "19800000001") as somebody:
        steps = [(await somebody.get("/api/home"))["steps"][-1]]
        before = (await somebody.get("/api/result"))["current"]
        listed = await boards.agency.get(f"{RESULTS}?mine=1")
        agreed = await boards.agency.post(
            f"{RESULTS}/agree", {"results": [{"result_id": row["result_id"], "version": row["version"]}]}
        )
        decided = (await somebody.get("/api/result"))["current"]
        again = await refusal(boards.agency.post(f"{path}/decide", {"version": row["version"], "outcome": "qualified"}))
        order = await boards.agency.post(f"{RESULTS}/publish", {"cycle": CYCLE, "results": [row["result_id"]]})
        await tending.publish_some(server.house)
        after = (await somebody.get("/api/result"))["current"]
        steps.append((await somebody.get("/api/home"))["steps"][-1])
        notice = await somebody.get("/api/result/notice")
        told = [each for each in (await somebody.get("/api/inbox"))["messages"] if each["code"] == "M34"]

    assert (row["state"], row["outcome"]) == ("proposed", "qualified")
    assert row["result_id"] in [each["result_id"] for each in listed["rows"]]
    assert [line["refused"] for line in agreed["lines"]] == [""]
    for seen in (before, decided):
        assert (seen["state"], seen["outcome"], seen["notified_at"], seen["moves"]) == ("pending", "", None, [])
    assert again == (409, "changed_meanwhile")
    assert order["total"] == 1
    assert (after["state"], after["outcome"], after["may_print"], after["may_recheck"]) == (
        "notified", "qualified", True, True
    )  # fmt: skip
    assert after["exams"][0]["points"] == 72
    assert (notice["number"], notice["humanities_points"], notice["professional"]) == (
        after["notice_number"], 72, "exempt"
    )  # fmt: skip
    assert notice["id_number"].count("*") == 8
    assert [each["facts"]["result"] for each in told] == ["qualified"]
    assert [(each["code"], each["state"], each["status"]) for each in steps] == [
        ("result", "current", "pending"), ("result", "done", "qualified")
    ]  # fmt: skip


async def test_a_notice_is_verified_by_number_and_code_and_says_no_more_than_that(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    await published(server, boards, person)
    notice = await boards.agency.get(f"{RESULTS}/{(await result_of(server, person))['result_id']}/notice")
    url = urlsplit(notice["url"])

    right = await checked(server, url.path.rpartition("/")[2], parse_qs(url.query)["c"][0])
    typed = await checked(server, notice["number"].lower(), notice["code"].lower().replace("-", " "))
    wrong = await checked(server, notice["number"], "0000-0000-0000")
    unknown = await checked(server, "DK20261100000300000172", notice["code"])

    assert right == typed == {"validity": "valid", "name": "测" + "*" * (len(notice["name"]) - 1)}
    assert wrong == unknown == {"validity": "unknown", "name": ""}
    assert "<svg" in notice["qr"]


async def test_whoever_tries_numbers_is_slowed_down(server: Server) -> None:
    await server.house.throttle.forget("verify:127.0.0.1")
    for number in range(CHECKS_MAX):
        await checked(server, "DK20261100000300000172", f"{number}")

    assert await refusal(checked(server, "DK20261100000300000172", "x")) == (429, "too_many_tries")

    await server.house.throttle.forget("verify:127.0.0.1")


async def test_a_notice_stays_as_it_was_printed_whatever_becomes_of_the_file(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    await published(server, boards, person)
    path = f"{RESULTS}/{(await result_of(server, person))['result_id']}/notice"
    before = await boards.agency.get(path)

    await server.house.pool.execute("UPDATE people.persons SET name = '测试改名' WHERE person_id = $1", person)
    await server.house.pool.execute("UPDATE reg.applications SET procedure = 'simple' WHERE person_id = $1", person)

    assert await boards.agency.get(path) == before


async def test_a_body_that_was_changed_in_the_database_no_longer_matches_its_code(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    await published(server, boards, person)
    pool = server.house.pool
    number = (await result_of(server, person))["notice_number"]
    notice = await boards.agency.get(f"{RESULTS}/{(await result_of(server, person))['result_id']}/notice")
    async with pool.acquire() as connection:
        await connection.execute("ALTER TABLE result.notices DISABLE TRIGGER notices_never_changed")
        await connection.execute(
            "UPDATE result.notices SET body = replace(body::text, '\"unqualified\"', '\"qualified\"')::json, "
            "outcome = 'unqualified' WHERE number = $1 AND outcome = 'x'", number,
        )  # fmt: skip
        await connection.execute(
            "UPDATE result.notices SET body = replace(body::text, 'exempt', 'passed')::json WHERE number = $1", number
        )
        await connection.execute("ALTER TABLE result.notices ENABLE TRIGGER notices_never_changed")

    assert (await checked(server, number, notice["code"]))["validity"] == "unknown"


async def test_of_two_who_decide_at_once_one_wins(server: Server, boards: Boards, sitting_id: int) -> None:
    row = await result_of(server, await graduate(server, sitting_id=sitting_id))
    body = {"version": row["version"], "outcome": "qualified"}

    answers = await asyncio.gather(
        *(who.post(f"{RESULTS}/{row['result_id']}/decide", body) for who in (boards.agency, boards.second)),
        return_exceptions=True,
    )

    codes = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert codes == ["changed_meanwhile"]


async def test_what_was_decided_is_taken_back_before_it_is_published_and_not_after(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    row = await result_of(server, await graduate(server, sitting_id=sitting_id))
    path = f"{RESULTS}/{row['result_id']}"
    facts = {"outcome": "unqualified", "reasons": ["U05"], "text": "索取财物，查证属实"}
    done = await boards.agency.post(f"{path}/decide", {"version": row["version"], **facts})
    undone = await boards.agency.post(f"{path}/undo", {"version": done["version"], "reason": "误点，重新评定"})
    await boards.agency.post(f"{path}/decide", {"version": undone["version"], "outcome": "qualified"})
    await boards.agency.post(f"{RESULTS}/publish", {"cycle": CYCLE, "results": [row["result_id"]]})
    await tending.publish_some(server.house)
    version = (await result_of(server, row["person_id"]))["version"]

    late = await refusal(boards.agency.post(f"{path}/undo", {"version": version, "reason": "误点，重新评定"}))

    assert (done["state"], done["may_undo"], undone["state"], undone["outcome"]) == (
        "unqualified", True, "proposed", "qualified"
    )  # fmt: skip
    assert late == (409, "illegal_move")


async def test_a_recheck_is_decided_by_somebody_else_and_upheld_or_changed(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id, points=58)
    await server.house.pool.execute(
        "UPDATE reg.policies SET body = jsonb_set(body::jsonb, '{makeup}', 'false')::json"
    )  # the first failure is the last
    await looked_at(server, person)
    await published(server, boards, person)
    row = await result_of(server, person)
    async with physician_of(server, person, "19800000002") as somebody:
        short = await refusal(somebody.post("/api/result/recheck", {"version": row["version"], "text": "不服" * 5}))
        foreign = {"version": row["version"], "text": WORDS, "documents": [2**40]}
        other = await refusal(somebody.post("/api/result/recheck", foreign))
        mine = await somebody.post("/api/result/recheck", {"version": row["version"], "text": WORDS})
        twice = await refusal(somebody.post("/api/result/recheck", {"version": row["version"], "text": WORDS}))
        recheck = next(
            each for each in (await boards.second.get("/api/desk/rechecks"))["rows"] if each["name"] == row["name"]
        )
        path = f"/api/desk/rechecks/{recheck['recheck_id']}/decision"
        body = {"version": recheck["version"], "verdict": "upheld", "reason": REASON}
        own = await refusal(boards.agency.post(path, body))
        failing = await refusal(boards.second.post(path, body | {"verdict": "changed"}))
        await server.house.pool.execute(
            "UPDATE exam.attempts SET points = 61, passed = true WHERE person_id = $1", person
        )  # a rescore
        await looked_at(server, person)
        version = (await result_of(server, person))["version"]
        changed = await boards.second.post(path, body | {"verdict": "changed", "version": version})
        after = (await somebody.get("/api/result"))["current"]
        told = [each["facts"] for each in (await somebody.get("/api/inbox"))["messages"] if each["code"] == "M36"]
    await server.house.pool.execute("UPDATE reg.policies SET body = jsonb_set(body::jsonb, '{makeup}', 'true')::json")
    rows = await server.house.pool.fetch(store.NOTICES_OF, row["result_id"])

    assert (row["state"], row["outcome"], row["reasons"]) == ("notified", "unqualified", ["humanities_failed"])
    assert (short, other, twice) == (
        (400, "wrong_shape"), (400, "no_such_document"), (409, "rechecked_already")
    )  # fmt: skip
    assert (mine["current"]["state"], mine["current"]["recheck"]["text"]) == ("recheck", WORDS)
    assert (own, failing) == ((403, "own_decision"), (409, "legs_fail"))
    assert (changed["state"], changed["outcome"]) == ("changed", "qualified")
    assert (after["outcome"], after["refused_by"], after["recheck"]["state"]) == (
        "qualified", "rechecked_already", "changed"
    )  # fmt: skip
    assert [each["result"] for each in told] == ["changed"]
    assert [each["revision"] for each in rows] == [1, 2]
    assert rows[0]["replaced_by"] == rows[1]["number"] == after["notice_number"]


async def test_a_score_that_changes_after_publishing_is_flagged_and_changes_nothing_by_itself(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    await published(server, boards, person)
    before = await result_of(server, person)
    number, path = before["notice_number"], f"{RESULTS}/{before['result_id']}"
    code = (await boards.agency.get(f"{path}/notice"))["code"]

    await server.house.pool.execute(
        "UPDATE exam.attempts SET phase = 'annulled', barred = true WHERE person_id = $1", person
    )
    await looked_at(server, person)
    flagged = await result_of(server, person)
    detail = await boards.agency.get(path)
    body = {"version": flagged["version"], "outcome": "unqualified"}
    own = await refusal(boards.agency.post(f"{path}/correct", body))
    still = await refusal(boards.second.post(f"{path}/correct", body | {"outcome": "qualified"}))
    corrected = await boards.second.post(f"{path}/correct", body)
    old = await checked(server, number, code)

    assert (flagged["state"], flagged["outcome"], flagged["doubts"]) == ("notified", "qualified", ["legs_changed"])
    assert (detail["legs_now"]["humanities"], detail["outcome_now"]) == ("barred", "unqualified")
    assert (own, still) == ((403, "own_decision"), (409, "legs_fail"))
    assert (corrected["state"], corrected["outcome"]) == ("changed", "unqualified")
    assert old["validity"] == "void"
    facts = await server.house.pool.fetchval(
        "SELECT facts FROM people.audit WHERE act = 'result_correct' AND subject = $1", f"result {before['result_id']}"
    )
    assert json.loads(facts)["notice"] not in ("", number)


async def test_legs_that_changed_can_be_let_stand(server: Server, boards: Boards, sitting_id: int) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    await published(server, boards, person)
    await server.house.pool.execute("UPDATE exam.attempts SET passed = false, points = 59 WHERE person_id = $1", person)
    await looked_at(server, person)
    row = await result_of(server, person)

    kept = await boards.second.post(
        f"{RESULTS}/{row['result_id']}/keep", {"version": row["version"], "reason": "已公布的合格不予收回"}
    )
    await looked_at(server, person)
    after = await result_of(server, person)

    assert (kept["state"], kept["outcome"], after["doubts"], after["legs_now"]) == ("notified", "qualified", [], None)


async def test_an_unqualified_result_is_followed_by_suspension_and_re_assessment(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id, rating="unqualified")
    row = await result_of(server, person)
    await published(server, boards, person)
    path = f"{RESULTS}/{row['result_id']}"
    today = server.house.clock.now().date()
    version = (await result_of(server, person))["version"]
    days = {"from_on": str(today), "until_on": str(today + timedelta(days=91)), "reason": "暂停执业三个月"}
    early = await refusal(boards.province.post(f"{path}/suspend", {"version": version, **days}))
    await server.house.pool.execute(
        "UPDATE result.results SET notified_at = notified_at - interval '31 days' WHERE person_id = $1", person
    )
    suspended = await boards.province.post(f"{path}/suspend", {"version": version, **days})
    arranged = {"version": suspended["version"], "arrangement": "再次考核定于下月，请按通知参加"}
    soon = await refusal(boards.agency.post(f"{path}/reassess", arranged))
    with server.later(days=92):
        again = await boards.agency.post(f"{path}/reassess", arranged)
        late = await boards.agency.post(
            f"{path}/reassessed", {"version": again["version"], "passed": True, "reason": "再次考核合格"}
        )
    codes = [row["code"] for row in await server.house.pool.fetch(
        "SELECT code FROM reg.messages WHERE person_id = $1 ORDER BY message_id", person)]  # fmt: skip

    assert (row["state"], row["outcome"], row["reasons"]) == ("proposed", "unqualified", ["work"])
    assert (early, soon) == ((409, "recheck_still_open"), (409, "suspension_not_over"))
    assert [suspended["state"], again["state"], late["state"]] == ["suspended", "reassess", "qualified_late"]
    assert codes[-2:] == ["M34", "M37"]


async def test_a_proposal_with_doubts_is_not_agreed_to_in_bulk(server: Server, boards: Boards, sitting_id: int) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    await server.house.pool.execute(
        "INSERT INTO reg.conduct (id_number, good, kind, at, fact, province) "
        "SELECT id_number, false, 'penalty', '2025-03-01', '行政处罚', '11' FROM people.persons WHERE person_id = $1",
        person,
    )
    await looked_at(server, person)
    row = await result_of(server, person)

    agreed = await boards.agency.post(
        f"{RESULTS}/agree", {"results": [{"result_id": row["result_id"], "version": row["version"]}]}
    )

    assert row["doubts"] == ["bad_records"]
    assert [line["refused"] for line in agreed["lines"]] == ["needs_a_look"]


async def test_the_report_holds_no_formula_and_whole_numbers_only_for_who_reports(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person = await graduate(server, sitting_id=sitting_id)
    await server.house.pool.execute("UPDATE result.results SET name = '=1+1' WHERE person_id = $1", person)
    number = (await result_of(server, person))["id_number"]

    masked = await raw(boards.nation, f"{RESULTS}/export?form=csv")
    whole = await raw(boards.agency, f"{RESULTS}/export?form=xlsx&numbers=full")
    refused = await refusal(boards.nation.get(f"{RESULTS}/export?numbers=full"))

    lines = list(csv.reader(io.StringIO(masked.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(whole)).worksheets[0]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[1].value == number)
    assert "'=1+1" in [line[0] for line in lines]
    assert number not in masked.decode()
    assert (row[0].value, row[0].data_type) == ("=1+1", "s")
    assert refused == (403, "numbers_masked")
    await server.house.pool.execute("UPDATE result.results SET name = '测试' WHERE person_id = $1", person)


async def raw(who: Person, path: str) -> bytes:
    async with who.http.get(who.base_url + path) as response:
        assert response.status == 200, await response.text()
        return await response.read()


async def test_a_cycle_is_archived_when_nothing_is_open_and_its_digest_can_be_checked(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    pool = server.house.pool
    open_ = await boards.province.get("/api/desk/archives")
    refused = await refusal(boards.province.post("/api/desk/archives", {"cycle": CYCLE}))
    await pool.execute("DELETE FROM result.due")
    await pool.execute(
        "UPDATE result.results SET state = 'upheld', outcome = 'qualified', legs_now = NULL, doubts = '{}', "
        "notified_at = now() - interval '40 days' WHERE state NOT IN ('qualified_late', 'changed', 'upheld')"
    )
    files = await pool.fetch(
        "SELECT person_id FROM reg.applications a WHERE NOT EXISTS "
        "(SELECT FROM result.results r WHERE r.application_id = a.application_id)"
    )
    await pool.execute("UPDATE reg.files SET state = 'closed' WHERE person_id = ANY ($1)", [row[0] for row in files])
    for row in files:
        await looked_at(server, row["person_id"])

    done = await boards.province.post("/api/desk/archives", {"cycle": CYCLE})
    twice = await refusal(boards.province.post("/api/desk/archives", {"cycle": CYCLE}))
    archive = done["archived"][0]
    kept = zipfile.ZipFile(io.BytesIO(await raw(boards.province, f"/api/desk/archives/{archive['archive_id']}/file")))
    manifest = json.loads(kept.read("manifest.json"))
    lines = kept.read("results.jsonl")

    assert {each["what"] for each in open_["open"]} >= {"proposed", "recheck_open"}
    assert (refused, twice) == ((409, "matters_open"), (409, "archived"))
    assert done["open"] == []
    assert archive["root"] == manifest["root"] == sha256(lines).hexdigest()
    assert {name: sha256(kept.read(name)).hexdigest() for name in manifest["files"]} == {
        name: each["sha256"] for name, each in manifest["files"].items()
    }
    assert len(lines.splitlines()) == archive["results"] > 5


async def test_what_was_changed_behind_the_backs_of_all_is_found(server: Server) -> None:
    pool = server.house.pool
    before = await check(pool)
    row = await pool.fetchrow("SELECT result_id FROM result.results WHERE state = 'archived' AND notice_number <> ''")
    assert row is not None
    changed = "UPDATE result.results SET outcome = 'unqualified', reasons = '{work}' WHERE result_id = $1"
    await pool.execute(changed, row["result_id"])

    after = await check(pool)
    number = await pool.fetchval("SELECT archive_id FROM result.archives")

    assert (before.results > 5, before.notices > 5, before.archives) == (True, True, 1)
    assert [problem for problem in before.problems if "history was changed" in problem] == []
    assert set(after.problems) - set(before.problems) == {
        f"archive {number}: its results are not those that were archived"
    }


async def test_a_released_failure_waits_for_the_make_up_and_a_pass_there_counts(
    server: Server, sitting_id: int
) -> None:
    again = await server.five_items()
    await server.house.pool.execute("UPDATE exam.sittings SET round = 'makeup' WHERE sitting_id = $1", again)
    person = await graduate(server, sitting_id=sitting_id, points=40)
    waiting = await result_of(server, person)
    await scored(server, person, again, 80)
    await looked_at(server, person)
    row = await result_of(server, person)

    assert (waiting["state"], waiting["missing"]) == ("pending", ["humanities_makeup"])
    assert (row["state"], row["outcome"]) == ("proposed", "qualified")
