"""Queues of reviewers over hundreds of files: each once, in order, found by name or last digits, numbers masked."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from exam_engine.registration.review_store import PAGE
from tests.applicant import Reviewer
from tests.candidate import Refusal
from tests.exam_engine.edge.people import Desks, desks_of, many_files
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

PERSONAL = re.compile(r"(?<!\d)(?:\d{17}[\dX]|1[3-9]\d{9})(?!\d)")  # a whole ID number or phone


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(server: Server) -> AsyncIterator[Desks]:
    await many_files(server, 500)
    async with desks_of(server) as people:
        yield people


async def pages(desk: Reviewer, query: str = "") -> list[list[Any]]:
    """Every page of a queue."""
    found: list[list[Any]] = []
    after = ""
    while True:
        page = await desk.get(f"/api/desk/reviews?{query}&after={quote(after)}")
        found.append(page["rows"])
        if page["next"] is None:
            return found
        after = page["next"]
        assert len(found) < 100


async def ids(server: Server, where: str, *values: object) -> set[int]:
    rows = await server.house.pool.fetch(f"SELECT file_id FROM reg.files WHERE {where}", *values)
    return {row["file_id"] for row in rows}


WHOLE = "institution_id = (SELECT organisation_id FROM people.organisations WHERE name = '测试医院')"


@pytest.mark.parametrize(
    ("role", "where"),
    [
        ("institution", WHOLE),
        ("agency", "agency_id = (SELECT organisation_id FROM people.organisations WHERE name = '测试考核机构')"),
        ("province", "province = '11'"),
    ],
)
async def test_page_by_page_every_file_of_the_scope_comes_once_the_newest_first(
    server: Server, desks: Desks, role: str, where: str
) -> None:
    found = await pages(getattr(desks, role))
    rows = [row for page in found for row in page]
    assert [len(page) for page in found[:-1]] == [PAGE] * (len(found) - 1)
    assert len(found) > 2
    assert len(rows) == len({row["file_id"] for row in rows})
    assert {row["file_id"] for row in rows} == await ids(server, where)
    keys = [(row["moved_at"], row["file_id"]) for row in rows]
    assert keys == sorted(keys, reverse=True)


async def test_what_waits_for_me_comes_the_longest_waiting_first(server: Server, desks: Desks) -> None:
    rows = [row for page in await pages(desks.agency, "mine=1") for row in page]
    assert {row["file_id"] for row in rows} == await ids(
        server, "state = 'agy_review' AND agency_id = (SELECT min(agency_id) FROM reg.assignments)"
    )
    keys = [(row["moved_at"], row["file_id"]) for row in rows]
    assert keys == sorted(keys)
    assert all(row["mine"] for row in rows)
    counts = await desks.agency.get("/api/desk/reviews/counts")
    assert counts["waiting"] == len(rows)
    assert sum(each["count"] for each in counts["counts"]) == len([r for p in await pages(desks.agency) for r in p])


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("subject=evaluation", "subject = 'evaluation'"),
        ("state=agy_returned", "state = 'agy_returned'"),
        ("state=approved&subject=profile", "state = 'approved' AND subject = 'profile'"),
        ("category=tcm", "category = 'tcm'"),
        (f"department={quote('外科')}", "department = '外科'"),
        ("procedure=general", "procedure = 'general'"),
        ("flag=warnings", "flags @> '{warnings}'"),
        ("flag=warnings&state=org_review", "flags @> '{warnings}' AND state = 'org_review'"),
    ],
)
async def test_a_filter_shows_what_it_says_and_all_of_it(server: Server, desks: Desks, query: str, where: str) -> None:
    rows = [row for page in await pages(desks.province, query) for row in page]
    expected = await ids(server, where)
    assert expected
    assert [row["file_id"] for row in rows] == list(dict.fromkeys(row["file_id"] for row in rows))
    assert {row["file_id"] for row in rows} == expected


async def test_a_person_is_found_by_the_beginning_of_the_name_or_the_last_signs(server: Server, desks: Desks) -> None:
    one = await server.house.pool.fetchrow(f"SELECT * FROM reg.files WHERE {WHOLE} AND id_number LIKE '%X' LIMIT 1")
    assert one is not None
    number = one["id_number"]
    for text in (one["name"], number[-4:], number[-4:].lower(), number[-6:], number):
        rows = [row for page in await pages(desks.institution, f"q={quote(text)}") for row in page]
        assert one["file_id"] in {row["file_id"] for row in rows}, text
        assert {row["file_id"] for row in rows} == await ids(
            server, f"{WHOLE} AND (name LIKE $1 OR id_number LIKE $2)", f"{text}%", f"%{text.upper()}"
        )
    elsewhere = await server.house.pool.fetchval(f"SELECT id_number FROM reg.files WHERE NOT {WHOLE} LIMIT 1")
    assert await pages(desks.institution, f"q={elsewhere}") == [[]]


async def test_a_search_does_not_depend_on_how_it_was_typed_or_pasted(server: Server, desks: Desks) -> None:
    pool = server.house.pool
    one = await pool.fetchrow(f"SELECT file_id, name, id_number, id_reversed FROM reg.files WHERE {WHOLE} LIMIT 1")
    assert one is not None
    change = "UPDATE reg.files SET name = $2, id_number = $3, id_reversed = $4 WHERE file_id = $1"
    number = "E12345678"
    await pool.execute(change, one["file_id"], "测试古丽·阿依", number, number[::-1])
    try:
        for text in (
            "E12345678",
            "e1234 5678",
            "Ｅ１２３４５６７８",
            "345678",
            "３４５６７８",
            "测试古丽.阿依",
            "测试 古丽•",
        ):
            rows = [row for page in await pages(desks.institution, f"q={quote(text)}") for row in page]
            assert [row["file_id"] for row in rows] == [one["file_id"]], text
    finally:
        await pool.execute(change, *one.values())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=1X", "search_too_short"),
        ("state=lost", "no_such_state"),
        ("after=x", "no_such_page"),
        ("q=%00a", "wrong_value"),
    ],
)
async def test_a_query_that_can_not_be_is_refused(desks: Desks, query: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        await desks.institution.get(f"/api/desk/reviews?{query}")
    assert (refusal.value.status, refusal.value.code) == (400, code)


async def test_no_list_shows_a_whole_number(server: Server, desks: Desks) -> None:
    async with server.staff("nation") as nation:
        for desk, paths in (
            (desks.institution, ("reviews", "physicians", "statistics", "institutions")),
            (desks.agency, ("reviews", "statistics")),
            (
                desks.province,
                ("reviews", "physicians", "app-accounts", "staff", "organisations", "statistics", "audit"),
            ),
            (nation, ("reviews", "app-accounts", "staff", "organisations", "statistics", "audit")),
        ):
            for path in paths:
                text = (await desk.get_bytes(f"/api/desk/{path}")).decode()
                assert PERSONAL.findall(text) == [], path
                if path in ("reviews", "physicians"):
                    assert re.search(r'"id_number":"\d{3,6}\*+', text), path
