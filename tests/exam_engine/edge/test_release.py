"""The release of a sitting: what each line would do, what a case holds back, and that everybody hears of his score."""

import pytest

from exam_engine.edge.agency import histogram, preview
from tests.exam_engine.edge.people import until
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_preview_says_how_many_would_pass_at_each_line_and_how_many_of_them_are_held() -> None:
    scores = [57, 58, 59, 60, 61, 62, 80, 100]

    lines = {each.pass_points: (each.passing, each.held) for each in preview(scores, 100, held=[59, 62])}

    assert [lines[line] for line in (58, 60, 62)] == [(7, 2), (5, 1), (3, 1)]
    assert min(lines) == 40
    assert max(lines) == 80
    assert sum(histogram(scores, 100)) == len(scores)


async def test_a_release_goes_past_who_has_an_open_case_and_reaches_him_when_it_is_closed(server: Server) -> None:
    sitting_id = await server.five_items()
    agency, chief, invigilator = server.staff("agency"), server.staff("chief"), server.staff("invigilator")
    async with agency, chief, invigilator, server.candidate() as plain, server.candidate() as doubtful:
        for candidate in (plain, doubtful):
            await candidate.begin(sitting_id)
            await candidate.commands(candidate.hand_in())
            await server.written(candidate.attempt_id, "marked")
        asked = {"request_id": "case-of-release", "allegation": "leaving", "text": "多次离开考试页面"}
        case = (await invigilator.post(f"/api/desk/attempts/{doubtful.attempt_id}/cases", asked))["case"]
        before = await agency.get(f"/api/desk/sittings/{sitting_id}/results")
        await agency.post(f"/api/desk/sittings/{sitting_id}/release", {"pass_points": 0})
        await server.written(plain.attempt_id, "released")
        during = await agency.get(f"/api/desk/sittings/{sitting_id}/results")
        dismissed = {"verdict": "dismiss", "reason": "经核实不属于违纪"}
        await chief.post(f"/api/desk/cases/{case['case_id']}/decision", dismissed)
        await server.written(doubtful.attempt_id, "released")
        after = await agency.get(f"/api/desk/sittings/{sitting_id}/results")
        for candidate in (plain, doubtful):
            person_id = await server.person_id(candidate.login)

            async def is_told(person_id: int = person_id) -> bool:
                query = "SELECT count(*) FROM reg.messages WHERE person_id = $1 AND code = 'M31'"
                return bool(await server.house.pool.fetchval(query, person_id))

            await until(server, person_id, is_told)

    rows = {row["attempt_id"]: row["held_by"] for row in before["rows"]}
    assert (before["releasable"], before["held"]) == (1, 1)
    assert rows == {plain.attempt_id: None, doubtful.attempt_id: [case["case_id"]]}
    assert {(line["passing"], line["held"]) for line in before["preview"]} == {(0, 0)}
    assert (during["released"], during["releasable"], during["held"]) == (1, 0, 1)
    assert (after["released"], after["held"]) == (2, 0)
