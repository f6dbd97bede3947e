"""Paper exams: the list, the gate it closes, and results that two people bring in."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from exam_engine.demo import CYCLE
from exam_engine.demo_registration import id_number
from exam_engine.registration.settling import settle
from tests.applicant import Reviewer
from tests.candidate import Refusal
from tests.exam_engine.edge.graduates import Boards, boards_of, graduate, looked_at, result_of
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIST, IMPORTS = "/api/desk/paper-exams", "/api/desk/paper-imports"
REASON = "年长，不使用智能手机"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def boards(server: Server) -> AsyncIterator[Boards]:
    await server.add_organisation("agency", "另一考核机构")
    await server.add_staff("far-agency", "agency", await server.add_organisation("agency", "另一考核机构"))
    async with boards_of(server) as people:
        yield people


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sitting_id(server: Server) -> int:
    return await server.five_items(kind="humanities")


async def waiting(server: Server, index: int) -> tuple[int, str]:
    """Somebody enrolled and rated who has sat nothing yet; person and ID number."""
    pool = server.house.pool
    person = await graduate(server, sitting_id=server.sitting("practice"))
    number = id_number(400 + index)
    await pool.execute("UPDATE people.persons SET id_number = $2 WHERE person_id = $1", person, number)
    await pool.execute("DELETE FROM exam.attempts WHERE person_id = $1", person)
    await settled(server, person)
    return person, number


async def settled(server: Server, person: int) -> None:
    async with server.house.pool.acquire() as acquired, acquired.transaction():
        connection: Any = acquired
        await connection.execute("DELETE FROM exam.unsettled WHERE person_id = $1", person)
        await settle(connection, person, CYCLE, server.house.clock.now())
    await looked_at(server, person)


async def brought_in(who: Reviewer, text: str, query: str = "?title=第一批") -> Any:
    async with who.http.post(who.base_url + IMPORTS + query, data=text.encode()) as response:
        return await who._answer(response)


async def refusal(asking: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await asking
    return caught.value.status, caught.value.code


async def gate(server: Server, person: int, sitting_id: int) -> tuple[str, str]:
    row = await server.house.pool.fetchrow(
        "SELECT state, why FROM exam.entitlements WHERE person_id = $1 AND sitting_id = $2", person, sitting_id
    )
    assert row is not None
    return row["state"], row["why"]


async def test_a_paper_result_counts_when_a_second_person_has_confirmed_it(
    server: Server, boards: Boards, sitting_id: int
) -> None:
    person, number = await waiting(server, 1)
    open_ = await gate(server, person, sitting_id)
    asked = {"id_number": number, "kind": "humanities", "reason": REASON}
    listed = await boards.agency.post(LIST, asked)
    await settled(server, person)
    closed, missing = await gate(server, person, sitting_id), (await result_of(server, person))["missing"]
    again = await refusal(boards.agency.post(LIST, asked))
    text = f"证件号,科目,成绩,答卷号,扫描批次\n{number},人文医学,74,S-1,B-1\n{id_number(499)},人文医学,74,,"
    view = await brought_in(boards.agency, text)
    path = f"{IMPORTS}/{view['import_id']}"
    own = await refusal(boards.agency.post(f"{path}/confirm", {"digest": view["digest"]}))
    other = await refusal(boards.second.post(f"{path}/confirm", {"digest": "0" * 64}))
    answers = await asyncio.gather(
        *(who.post(f"{path}/confirm", {"digest": view["digest"]}) for who in (boards.second, boards.province)),
        return_exceptions=True,
    )
    await settled(server, person)
    row = await result_of(server, person)
    told = await server.house.pool.fetchval(
        "SELECT facts FROM reg.messages WHERE person_id = $1 AND code = 'M31'", person
    )
    gone = await refusal(boards.agency.post(f"{LIST}/{listed['paper_id']}/remove", {"reason": REASON}))
    once_more = await brought_in(boards.agency, text)

    assert (open_[0], closed, missing) == ("open", ("locked", "paper_exam"), ["humanities_paper"])
    assert again == (409, "listed_already")
    assert (view["total"], view["right"], view["state"], view["refused_by"]) == (2, 1, "waiting", "own_import")
    assert [(line["problem"], line["passed"]) for line in view["lines"]] == [("", True), ("not_listed", None)]
    assert (own, other) == ((403, "own_import"), (409, "changed_meanwhile"))
    assert [answer.code for answer in answers if isinstance(answer, Refusal)] == ["decided"]
    assert (row["state"], row["outcome"]) == ("proposed", "qualified")
    assert '"points": 74' in told
    assert gone == (409, "scored_already")
    assert [line["problem"] for line in once_more["lines"]] == ["scored_already", "not_listed"]


async def test_who_is_taken_off_the_list_may_enter_again(server: Server, boards: Boards, sitting_id: int) -> None:
    person, number = await waiting(server, 2)
    listed = await boards.agency.post(LIST, {"id_number": number, "kind": "humanities", "reason": REASON})
    await settled(server, person)
    view = await brought_in(boards.agency, f"证件号,科目,成绩\n{number},人文医学,50")
    removed = await boards.province.post(f"{LIST}/{listed['paper_id']}/remove", {"reason": REASON})
    await settled(server, person)

    late = await refusal(boards.second.post(f"{IMPORTS}/{view['import_id']}/confirm", {"digest": view["digest"]}))
    discarded = await boards.agency.post(f"{IMPORTS}/{view['import_id']}/discard", {"reason": "名单已变更"})

    assert removed["state"] == "removed"
    assert await gate(server, person, sitting_id) == ("open", "")
    assert late == (409, "list_changed")
    assert discarded["state"] == "discarded"
    assert (
        await server.house.pool.fetchval("SELECT count(*) FROM result.paper_scores WHERE person_id = $1", person) == 0
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"kind": "professional"}, ""),
        ({"round": "makeup"}, "no_makeup_due"),
        ({"kind": "practice"}, "wrong_shape"),
        ({"id_number": id_number(499)}, "no_such_physician"),
        ({"reason": "无"}, "reason_missing"),
    ],
)
async def test_only_who_has_to_sit_an_exam_can_sit_it_on_paper(
    server: Server, boards: Boards, changed: dict[str, str], expected: str
) -> None:
    _, number = await waiting(server, 10 + len(str(changed)))
    asked = {"id_number": number, "kind": "humanities", "reason": REASON} | changed
    if not expected:
        assert (await boards.agency.post(LIST, asked))["state"] == "listed"
    else:
        assert (await refusal(boards.agency.post(LIST, asked)))[1] == expected


async def test_another_agency_sees_and_touches_none_of_it(server: Server, boards: Boards) -> None:
    _, number = await waiting(server, 60)
    listed = await boards.agency.post(LIST, {"id_number": number, "kind": "humanities", "reason": REASON})
    view = await brought_in(boards.agency, f"证件号,科目,成绩\n{number},人文医学,80")
    async with Reviewer(server.base_url, "far-agency", "Kaohe-2026") as far:
        theirs = await brought_in(far, f"证件号,科目,成绩\n{number},人文医学,80")
        refused = [
            await refusal(asking)
            for asking in (
                far.get(f"{IMPORTS}/{view['import_id']}"),
                far.post(f"{IMPORTS}/{view['import_id']}/confirm", {"digest": view["digest"]}),
                far.post(f"{LIST}/{listed['paper_id']}/remove", {"reason": REASON}),
                far.post(LIST, {"id_number": number, "kind": "professional", "reason": REASON}),
            )
        ]
        people = (await far.get(LIST))["rows"]

    assert people == []
    assert [line["problem"] for line in theirs["lines"]] == ["not_listed"]
    assert {status for status, _ in refused} == {404}


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "sheet_empty"), ("姓名,成绩\n甲,1".encode(), "sheet_heading_missing"), (b"PK\x03\x04broken", "")],
)
async def test_a_file_that_can_not_be_read_changes_nothing(
    server: Server, boards: Boards, data: bytes, code: str
) -> None:
    before = await server.house.pool.fetchval("SELECT count(*) FROM result.paper_imports")
    async with boards.agency.http.post(boards.agency.base_url + IMPORTS, data=io.BytesIO(data)) as response:
        answer = await response.json()
    assert response.status == 400
    assert answer["code"] == code or (not code and answer["code"].startswith("sheet_"))
    assert await server.house.pool.fetchval("SELECT count(*) FROM result.paper_imports") == before
