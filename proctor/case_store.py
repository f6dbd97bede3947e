"""Tables proctor.cases and proctor.case_events: the events are the truth, the line follows from them for lists."""

from datetime import datetime
from typing import Final

import asyncpg

from proctor.cases import Case, CaseEvent, CaseOpened, CasePhase, Measure, evolve, holds_score, read_event, write
from proctor.store import Row, Runner

ADD_CASE: Final = """
INSERT INTO proctor.cases (attempt_id, sitting_id, person_id, request, allegation, phase, version, holds, opened_at,
    opened_by)
VALUES ($1, $2, $3, $4, $5, 'open', 0, true, $6, $7) ON CONFLICT (request) DO NOTHING RETURNING case_id
"""
BY_REQUEST: Final = "SELECT case_id FROM proctor.cases WHERE request = $1"
ADD_EVENT: Final = """
INSERT INTO proctor.case_events (case_id, version, body, by, at) VALUES ($1, $2, $3::json, $4, $5)
"""
SET_LINE: Final = """
UPDATE proctor.cases SET phase = $2, version = $3, holds = $4, closed_at = $5, void_at = $6 WHERE case_id = $1
"""
DUE_TO_VOID: Final = """
SELECT case_id, attempt_id, sitting_id FROM proctor.cases WHERE holds AND void_at <= $1 ORDER BY case_id LIMIT $2
"""
VOIDED: Final = "UPDATE proctor.cases SET holds = false, void_at = NULL WHERE case_id = $1"
HOLDING: Final = "SELECT case_id, attempt_id FROM proctor.cases WHERE holds ORDER BY case_id LIMIT $1"
OF_ATTEMPTS: Final = "SELECT case_id, attempt_id, holds FROM proctor.cases WHERE attempt_id = ANY ($1::bigint[])"
LINE: Final = """
SELECT case_id, attempt_id, sitting_id, person_id, allegation, phase, holds, opened_at, opened_by, closed_at
FROM proctor.cases WHERE case_id = $1
"""
EVENTS: Final = "SELECT version, body, by, at FROM proctor.case_events WHERE case_id = $1 ORDER BY version"
_LIST: Final = """
SELECT case_id, attempt_id, sitting_id, person_id, allegation, phase, holds, opened_at, opened_by, closed_at
FROM proctor.cases
"""
# $2 open (true), closed (false) or both (null); $3 cases before this one.
OF_SITTINGS: Final = f"""{_LIST} WHERE sitting_id = ANY ($1::bigint[])
AND ($2::boolean IS NULL OR (closed_at IS NULL) = $2) AND case_id < $3 ORDER BY case_id DESC LIMIT $4"""
OF_PERSON: Final = f"{_LIST} WHERE person_id = $1 ORDER BY case_id DESC LIMIT 200"
OF_ATTEMPT: Final = "SELECT case_id FROM proctor.cases WHERE attempt_id = $1 ORDER BY case_id"
TO_NOTIFY: Final = """
SELECT case_id, attempt_id FROM proctor.cases WHERE phase = 'open' AND version > 0 AND case_id > $1
ORDER BY case_id LIMIT $2
"""
COUNT_OPEN: Final = "SELECT count(*) FROM proctor.cases WHERE sitting_id = ANY ($1::bigint[]) AND closed_at IS NULL"
LINK_INCIDENTS: Final = """
UPDATE proctor.incidents SET case_id = $2
WHERE attempt_id = $1 AND (rule, ordinal) IN (SELECT * FROM unnest($3::text[], $4::integer[]))
"""


async def begin(
    connection: Runner, request: str, attempt_id: int, sitting_id: int, person_id: int, event: CaseOpened, at: datetime
) -> int | None:
    """Write a new case with its first event, inside the caller's transaction; None: this request opened one already."""
    case_id = await connection.fetchval(
        ADD_CASE, attempt_id, sitting_id, person_id, request, event.allegation, at, event.by
    )
    if case_id is None:
        return None
    await append(connection, int(case_id), None, 0, event, event.by, at)
    return int(case_id)


async def append(
    connection: Runner, case_id: int, case: Case | None, version: int, event: CaseEvent, by: int, at: datetime
) -> Case:
    """Write the event after `version`; asyncpg.UniqueViolationError when somebody else was quicker."""
    after = evolve(case, event, at)
    await connection.execute(ADD_EVENT, case_id, version + 1, write(event).decode(), by, at)
    void_at = void_at_of(after)
    holds = holds_score(after) or void_at is not None
    await connection.execute(SET_LINE, case_id, after.phase, version + 1, holds, after.closed_at, void_at)
    return after


def void_at_of(case: Case) -> datetime | None:
    """When a confirmed case makes the attempt void: not before the time for an appeal is over, or it was upheld.

    What is void can't be made whole again, so until then the score is only held back.
    """
    if case.measure is not Measure.VOID:
        return None
    if case.phase is CasePhase.CONFIRMED:
        return case.appeal_until
    return case.closed_at if case.phase is CasePhase.UPHELD else None


async def load(runner: Runner, case_id: int) -> tuple[Case, int, list[Row]] | None:
    """A case as it stands, its version, and its events as rows (version, body, by, at)."""
    rows = await runner.fetch(EVENTS, case_id)
    case: Case | None = None
    for row in rows:
        case = evolve(case, read_event(row["body"]), row["at"])
    return None if case is None else (case, rows[-1]["version"], rows)


Taken = asyncpg.UniqueViolationError
