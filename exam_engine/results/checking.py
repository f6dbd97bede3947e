"""Whether results are what was decided: histories by their digests, notices by these, archives by their roots."""

import json
from typing import Any, Final, NamedTuple

from exam_engine.results import archive, numbers, store
from exam_engine.store import Row, Runner

BATCH: Final = 1_000
LAST_NOTICE: Final = """
SELECT n.number, n.result_id, n.outcome, n.body, n.revision, r.notice_number, v.replaced_by,
    (SELECT m.facts ->> 'outcome' FROM result.moves m WHERE m.result_id = n.result_id
        AND m.facts ->> 'notice' = n.number) AS said
FROM result.notices n JOIN result.results r USING (result_id) LEFT JOIN result.voided v USING (number)
WHERE n.number > $1 ORDER BY n.number LIMIT $2
"""
ALL_ARCHIVES: Final = "SELECT archive_id, cycle, province, results, root FROM result.archives ORDER BY archive_id"
FACTS: Final = """
SELECT r.state, r.outcome, (SELECT m.to_state FROM result.moves m WHERE m.result_id = r.result_id
    ORDER BY m.move_id DESC LIMIT 1) AS to_state FROM result.results r WHERE r.result_id = $1
"""


class Checked(NamedTuple):
    """How much was looked at, and what was found, one line each."""

    results: int
    notices: int
    archives: int
    problems: list[str]


async def check(runner: Runner) -> Checked:
    """All of the database."""
    problems: list[str] = []
    results = await _results(runner, problems)
    notices = await _notices(runner, problems)
    return Checked(results, notices, await _archives(runner, problems), problems)


async def _results(runner: Runner, problems: list[str]) -> int:
    count, last = 0, 0
    while rows := await runner.fetch(store.IDS, last, BATCH):
        for row in rows:
            last = row["result_id"]
            place = store.broken_at(await runner.fetch(store.WHOLE_CHAIN, last))
            if place is not None:
                problems.append(f"result {last}: its history was changed at move {place + 1}")
                continue
            stands: Any = await runner.fetchrow(FACTS, last)
            if stands["to_state"] is not None and stands["to_state"] != stands["state"]:
                problems.append(f"result {last}: it is {stands['state']}, its history says {stands['to_state']}")
        count += len(rows)
    return count


async def _notices(runner: Runner, problems: list[str]) -> int:
    count, last = 0, ""
    while rows := await runner.fetch(LAST_NOTICE, last, BATCH):
        problems += [problem for row in rows if (problem := _wrong(row))]
        count, last = count + len(rows), rows[-1]["number"]
    return count


def _wrong(row: Row) -> str:
    """What is wrong with a notice, "" for nothing."""
    number, body = row["number"], json.loads(row["body"])
    if numbers.read_number(number) != number:
        return f"notice {number}: its check digit is wrong"
    if body["outcome"] != row["outcome"] or row["said"] != row["outcome"]:
        return f"notice {number}: its outcome is not what its result's history says"
    if (row["replaced_by"] is None) != (row["notice_number"] == number):
        return f"notice {number}: whether it is void is not what its result says"
    return ""


async def _archives(runner: Runner, problems: list[str]) -> int:
    rows = await runner.fetch(ALL_ARCHIVES)
    for row in rows:
        lines = [archive.line_of(line) for line in await runner.fetch(archive.LINES, row["cycle"], row["province"])]
        if len(lines) != row["results"] or archive.root_of(lines) != row["root"]:
            problems.append(f"archive {row['archive_id']}: its results are not those that were archived")
    return len(rows)
