"""Physicians whose legs are decided, for tests of final results: files and exams as they are after a cycle."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from exam_engine.demo import CYCLE, PASSWORD
from exam_engine.registration.filing import Wake
from exam_engine.results import tending
from tests.applicant import Reviewer
from tests.candidate import Person
from tests.exam_engine.edge import deciders
from tests.exam_engine.edge.people import organisation, reviewer
from tests.exam_engine.edge.server import Server

SERIAL = iter(range(900_000, 999_999))
ADD_ATTEMPT = """
INSERT INTO exam.attempts (attempt_id, sitting_id, person_id, number, phase, entered_at, points, passed)
VALUES ($1, $2, $3, $6, 'released', now(), $4, $5)
"""


class Boards(NamedTuple):
    """Who deals with results: two of the same agency, the province and the nation."""

    agency: Reviewer
    second: Reviewer
    province: Reviewer
    nation: Reviewer


@contextlib.asynccontextmanager
async def boards_of(server: Server) -> AsyncIterator[Boards]:
    """They, logged in."""
    await server.add_staff("agency-two", "agency", await organisation(server, "测试考核机构"))
    async with AsyncExitStack() as stack:
        names = ("agency", "agency-two", "province", "nation")
        yield Boards(*[await stack.enter_async_context(reviewer(server, name)) for name in names])


async def graduate(server: Server, *, sitting_id: int, points: int = 72, rating: str = "qualified") -> int:
    """Somebody rated so, exempted from the professional exam, with a released score in humanities; the person."""
    pool = server.house.pool
    place, agency = await organisation(server, "测试医院"), await organisation(server, "测试考核机构")
    states = {"profile": "approved", "evaluation": "approved" if rating == "qualified" else "rejected",
              "exemption": "approved"}  # fmt: skip
    person = await deciders.physician(server, place, agency_id=agency, **states)
    await pool.execute("UPDATE reg.applications SET procedure = 'general' WHERE person_id = $1", person)
    opinion = f'{{"work": "{rating}", "ethics": "qualified", "reason_code": "U07"}}'
    await pool.execute(
        "UPDATE reg.files SET agy_opinion = $2::json WHERE person_id = $1 AND subject = 'evaluation'", person, opinion
    )
    await scored(server, person, sitting_id, points)
    await looked_at(server, person)
    return person


async def scored(server: Server, person: int, sitting_id: int, points: int) -> None:
    """A released score in this sitting, of 100."""
    pool = server.house.pool
    number = await pool.fetchval("SELECT count(*) + 1 FROM exam.attempts WHERE person_id = $1", person)
    await pool.execute(ADD_ATTEMPT, CYCLE * 10**12 + next(SERIAL), sitting_id, person, points, points >= 60, number)


async def looked_at(server: Server, person: int) -> None:
    """What the loop would do sooner or later."""
    async with server.house.pool.acquire() as acquired, acquired.transaction():
        connection: Any = acquired
        await tending.look_at(connection, person, CYCLE, server.house.clock.now(), Wake())


async def result_of(server: Server, person: int) -> Any:
    """The row of his result."""
    return await server.house.pool.fetchrow("SELECT * FROM result.results WHERE person_id = $1", person)


async def published(server: Server, boards: Boards, *persons: int) -> None:
    """Decided as proposed by the agency's first, and published."""
    for person in persons:
        row = await result_of(server, person)
        body = {"version": row["version"], "outcome": row["outcome"]}
        await boards.agency.post(f"/api/desk/final-results/{row['result_id']}/decide", body)
    rows = [(await result_of(server, person))["result_id"] for person in persons]
    await boards.agency.post("/api/desk/final-results/publish", {"cycle": CYCLE, "results": rows})
    await tending.publish_some(server.house)  # the loop does so too: either finds what the other left


@contextlib.asynccontextmanager
async def physician_of(server: Server, person: int, phone: str) -> AsyncIterator[Person]:
    """He himself, logged in."""
    await deciders.app_account(server, phone, person=person)
    async with Person(server.base_url, phone, PASSWORD) as somebody:
        yield somebody
