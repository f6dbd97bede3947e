"""What provinces and the nation decide, as rows: cycles, policies, windows of exams, texts of the notice."""

from typing import Final

import msgspec

from exam_engine.errors import Refused
from exam_engine.registration.policy import Cycle, ProvincePolicy
from exam_engine.store import Row, Runner

NATION: Final = "00"  # the province code of what the nation decides for everybody

# --- cycles ------------------------------------------------------------------------------------------------------

_CYCLE = "SELECT cycle, name, starts_on, ends_on FROM exam.cycles"
CYCLES = f"{_CYCLE} ORDER BY starts_on DESC, cycle DESC"
CYCLE = f"{_CYCLE} WHERE cycle = $1"
# The newest that has begun (in Shanghai); before the first has begun, the newest.
CURRENT_CYCLE = f"""
{_CYCLE} ORDER BY (starts_on <= (now() AT TIME ZONE 'Asia/Shanghai')::date) DESC, starts_on DESC, cycle DESC LIMIT 1
"""
OVERLAPPING = """
SELECT cycle FROM exam.cycles WHERE daterange(starts_on, ends_on, '[]') && daterange($1, $2, '[]') LIMIT 1
"""
LOCK_CYCLES = "SELECT pg_advisory_xact_lock(hashtext('exam.cycles'))"
SET_CYCLE_DAYS = "UPDATE exam.cycles SET starts_on = $2, ends_on = $3 WHERE cycle = $1"


async def current_cycle(runner: Runner) -> Cycle:
    """The cycle that registration and figures are about now; raises Refused when none was ever opened."""
    row = await runner.fetchrow(CURRENT_CYCLE)
    if row is None:
        raise Refused("no_cycle")
    return Cycle(*row)


async def cycle(runner: Runner, number: int) -> Cycle | None:
    """One cycle by its number."""
    row = await runner.fetchrow(CYCLE, number)
    return None if row is None else Cycle(*row)


# --- policies ----------------------------------------------------------------------------------------------------

POLICY = "SELECT version, body FROM reg.policies WHERE cycle = $1 AND province = $2"
POLICY_LOCKED = f"{POLICY} FOR UPDATE"
ADD_POLICY = """
INSERT INTO reg.policies (cycle, province, body) VALUES ($1, $2, $3::json) ON CONFLICT DO NOTHING RETURNING version
"""
SET_POLICY = """
UPDATE reg.policies SET body = $4::json, version = version + 1 WHERE cycle = $1 AND province = $2 AND version = $3
RETURNING version
"""
# Everybody of a province and cycle is looked at again; in order, so that two who do so never wait for each other.
UNSETTLE = """
INSERT INTO exam.unsettled (person_id, cycle)
SELECT person_id, cycle FROM reg.applications WHERE cycle = $1 AND province = $2 ORDER BY person_id
ON CONFLICT DO NOTHING
"""


async def policy(runner: Runner, cycle_number: int, province: str) -> tuple[int, ProvincePolicy]:
    """The version of what a province decided for a cycle, and what; version 0 is nothing yet, the defaults."""
    return read_policy(await runner.fetchrow(POLICY, cycle_number, province))


def read_policy(row: Row | None) -> tuple[int, ProvincePolicy]:
    """A row of POLICY, or none."""
    if row is None:
        return 0, ProvincePolicy()
    return row["version"], msgspec.json.decode(row["body"], type=ProvincePolicy)


# --- windows of exams --------------------------------------------------------------------------------------------

_WINDOW = """s.sitting_id, s.kind, s.round, s.title, s.opens_at, s.closes_at, s.audience,
    (SELECT count(*) FROM exam.attempts a WHERE a.sitting_id = s.sitting_id) AS entered
FROM exam.sittings s WHERE s.kind <> 'practice'"""
WINDOWS = f"SELECT {_WINDOW} AND s.cycle = $1 AND s.province = $2 ORDER BY s.opens_at, s.sitting_id"
WINDOW = f"SELECT {_WINDOW} AND s.sitting_id = $1"
# $2: the province somebody decides for, or null for all.
SITTING_LOCKED = """
SELECT s.cycle, s.province, s.opens_at, s.closes_at, s.audience,
    EXISTS (SELECT FROM makeup.sittings m WHERE m.sitting_id = s.sitting_id) AS planned FROM exam.sittings s
WHERE s.sitting_id = $1 AND s.kind <> 'practice' AND ($2::text IS NULL OR s.province = $2) FOR NO KEY UPDATE
"""
RUNNING = "SELECT count(*) FROM exam.attempts WHERE sitting_id = $1 AND phase = 'running'"
MOVE_WINDOW = "UPDATE exam.sittings SET opens_at = $2, closes_at = $3, audience = $4 WHERE sitting_id = $1"

# --- 用户告知书 --------------------------------------------------------------------------------------------------

# The text in force for a province: its own newest, or the nation's where it has none.
NOTICE_IN_FORCE = """
SELECT notice_id, province, version, title, body, digest, published_at FROM reg.notices
WHERE province IN ($1, '00') ORDER BY province = '00', version DESC LIMIT 1
"""
# $1: the province whose texts and the nation's are asked for, or null for all.
NOTICES = """
SELECT n.notice_id, n.province, n.version, n.title, n.body, n.digest, n.published_at, coalesce(p.name, '') AS by,
    (SELECT count(DISTINCT g.person_id) FROM reg.agreements g WHERE g.notice_id = n.notice_id) AS agreed
FROM reg.notices n LEFT JOIN people.accounts c USING (account_id) LEFT JOIN people.persons p USING (person_id)
WHERE $1::text IS NULL OR n.province IN ($1, '00') ORDER BY n.notice_id DESC LIMIT $2
"""
ADD_NOTICE = """
INSERT INTO reg.notices (province, version, title, body, digest, account_id)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5 FROM reg.notices WHERE province = $1
RETURNING notice_id, version, published_at
"""
