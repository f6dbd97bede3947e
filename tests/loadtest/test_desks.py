"""Desks before a real server: what a reviewer decides is decided, whatever kind of file it is."""

import time

import asyncpg
import pytest

from exam_engine.commands.demo import write_files
from loadtest.desk_steps import Decide, OpenFile, ReviewerScript, TurnPage, Work
from loadtest.desks import Reviewer
from tests.exam_engine.edge.server import Server
from tests.loadtest.crowd import cast_of, scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = 200
OPENED = 30  # by each desk, the same again after the last of its page
PASSED = """
SELECT m.subject, f.procedure, count(*) FROM reg.moves m JOIN reg.files f USING (application_id, subject)
WHERE m.event = 'approve' AND m.move_id > $1 GROUP BY 1, 2
"""


async def test_what_two_desks_pass_goes_on_whatever_its_kind(server: Server, database_url: str) -> None:
    cast = await cast_of(server, 1)
    connection = await asyncpg.connect(database_url)
    try:
        assert await write_files(connection, FILES, lambda _done: None)
        last = await connection.fetchval("SELECT max(move_id) FROM reg.moves")
        async with scene(server, cast) as play:
            for number, desk in enumerate(one for one in cast.desks if one.role in ("institution", "agency")):
                works: list[Work] = [TurnPage(0.0)]
                for rank in range(OPENED):
                    works += [OpenFile(0.0, rank), Decide(0.0, passes=True)]
                script = ReviewerScript(number, 0.0, 60.0, works)
                await Reviewer(play.stage, desk, script, number).work(time.monotonic())
            second = play.stage.tally.turn(0, 0.0)
        passed = {(row[0], row[1]): row[2] for row in await connection.fetch(PASSED, last)}
    finally:
        await connection.close()
    assert second.errors == {}
    assert sum(second.actions["review_decide"].served.values()) == sum(passed.values())
    assert {("profile", "none"), ("evaluation", "simple_applied"), ("evaluation", "general")} <= set(passed), passed
