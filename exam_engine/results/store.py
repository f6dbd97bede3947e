"""Tables result.results, result.moves and result.notices, and what the legs of a result are read from.

Whoever moves a result reads its row `FOR UPDATE` first: that row is the lock. Statements stand here in the open; a test
prepares them all.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from exam_engine.registration.policy import ProvincePolicy
from exam_engine.registration.store import link, policy
from exam_engine.results.final import State
from exam_engine.results.legs import Absence, Known, Sat, Seat
from exam_engine.sitting import Kind, Round
from exam_engine.store import Row, Runner
from scoring.result import Legs, Outcome

LEGS_CHANGED: Final = "legs_changed"
ABSENT_TWICE: Final = "absent_twice"

# --- what the legs are read from ---------------------------------------------------------------------------------

FILE: Final = """
SELECT a.application_id, a.person_id, a.cycle, a.province, a.institution_id, a.agency_id, a.procedure, p.name,
    coalesce(p.id_number, '') AS id_number, y.body AS policy, f.state AS profile,
    coalesce(f.department, '') AS department, coalesce(e.state, '') AS evaluation, e.agy_opinion, e.due_at,
    coalesce(e.flags, '{}') AS flags,
    coalesce(x.state, '') AS exemption, c.starts_on, c.ends_on
FROM reg.applications a JOIN people.persons p USING (person_id) JOIN exam.cycles c USING (cycle)
LEFT JOIN reg.policies y ON y.cycle = a.cycle AND y.province = a.province
LEFT JOIN reg.files f ON f.application_id = a.application_id AND f.subject = 'profile'
LEFT JOIN reg.files e ON e.application_id = a.application_id AND e.subject = 'evaluation'
LEFT JOIN reg.files x ON x.application_id = a.application_id AND x.subject = 'exemption'
WHERE a.person_id = $1 AND a.cycle = $2
"""
EXAMS: Final = """
SELECT s.kind, s.round, a.attempt_id, a.phase, a.passed, a.held, a.barred, a.points, a.entered_at AS at,
    coalesce((SELECT m.points_max FROM score.scores m WHERE m.attempt_id = a.attempt_id
        ORDER BY m.revision DESC LIMIT 1), s.item_count * s.points_per_item) AS points_max,
    coalesce(r.pass_points, s.pass_points) AS pass_points
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id) LEFT JOIN exam.releases r USING (sitting_id)
WHERE a.person_id = $1 AND s.cycle = $2 AND s.kind <> 'practice' AND a.phase NOT IN ('entered', 'identity', 'ready')
UNION ALL
SELECT kind, round, -score_id, 'released', passed, false, false, points, at, 100, pass_points
FROM result.paper_scores WHERE person_id = $1 AND cycle = $2
ORDER BY at
"""
SEATS: Final = """
SELECT s.kind, s.round, e.state, e.why, s.closes_at FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
WHERE e.person_id = $1 AND s.cycle = $2 AND s.kind <> 'practice'
"""
ABSENCES: Final = "SELECT kind, round, state, closed_at FROM makeup.absences WHERE person_id = $1 AND cycle = $2"
BAD_RECORDS: Final = """
SELECT kind, at, fact, source FROM reg.conduct WHERE id_number = $1 AND NOT good AND at BETWEEN $2 AND $3
ORDER BY at DESC LIMIT 100
"""
# The cycle before this one in which he had a file: did he take no part in it either?
ABSENT_BEFORE: Final = """
SELECT NOT r.took_part FROM result.results r JOIN exam.cycles c USING (cycle)
WHERE r.person_id = $1 AND c.ends_on < $2 AND r.state NOT IN ('pending', 'excluded') ORDER BY c.ends_on DESC LIMIT 1
"""

# --- results -----------------------------------------------------------------------------------------------------

_RESULT: Final = """
SELECT r.result_id, r.application_id, r.person_id, r.cycle, r.province, r.institution_id, r.agency_id, r.name,
    r.id_number, r.department, r.procedure, r.state, r.final_state, r.version, r.outcome, r.reasons, r.text, r.legs,
    r.legs_now, r.missing, r.doubts, r.took_part, r.look_at, r.decided_by, r.decided_at, r.order_id, r.notified_at,
    r.notice_number, r.suspended_from, r.suspended_until, r.arrangement, r.moved_at, o.name AS institution,
    coalesce(g.name, '') AS agency, k.state AS recheck_state, k.due_at AS recheck_due_at,
    (SELECT e.org_person FROM reg.files e WHERE e.application_id = r.application_id AND e.subject = 'evaluation')
        AS org_person
FROM result.results r JOIN people.organisations o ON o.organisation_id = r.institution_id
LEFT JOIN people.organisations g ON g.organisation_id = r.agency_id
LEFT JOIN result.rechecks k USING (result_id)
"""
RESULT: Final = f"{_RESULT} WHERE r.result_id = $1"
RESULT_LOCKED: Final = f"{RESULT} FOR UPDATE OF r"
RESULT_OF: Final = f"{_RESULT} WHERE r.person_id = $1 AND r.cycle = $2"
RESULT_OF_LOCKED: Final = f"{RESULT_OF} FOR UPDATE OF r"
ADD_RESULT: Final = """
INSERT INTO result.results (application_id, person_id, cycle, province, institution_id, agency_id, name, id_number,
    id_reversed, department, procedure, legs, missing, look_at, moved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, reverse($8), $9, $10, $11::json, $12, $13, $14)
ON CONFLICT (person_id, cycle) DO NOTHING
"""
SAVE: Final = """
UPDATE result.results SET state = $2, final_state = $3, version = $4, outcome = $5, reasons = $6, text = $7,
    legs = $8::json, legs_now = $9::json, missing = $10, doubts = $11, took_part = $12, look_at = $13, decided_by = $14,
    decided_at = $15, order_id = $16, notified_at = $17, notice_number = $18, suspended_from = $19,
    suspended_until = $20, arrangement = $21, moved_at = $22
WHERE result_id = $1
"""
PLACE: Final = """
UPDATE result.results SET province = $2, institution_id = $3, agency_id = $4, name = $5, id_number = $6,
    id_reversed = reverse($6), department = $7, procedure = $8 WHERE result_id = $1
"""
PAST: Final = """
SELECT r.cycle, c.name AS cycle_name, c.starts_on, c.ends_on, r.state, r.final_state, r.outcome, r.notified_at,
    r.notice_number
FROM result.results r JOIN exam.cycles c USING (cycle) WHERE r.person_id = $1 AND r.cycle <> $2
ORDER BY c.ends_on DESC LIMIT 20
"""
DUE_AGAIN: Final = "INSERT INTO result.due (person_id, cycle) VALUES ($1, $2)"

# --- their history -----------------------------------------------------------------------------------------------

LAST_DIGEST: Final = "SELECT digest FROM result.moves WHERE result_id = $1 ORDER BY move_id DESC LIMIT 1"
ADD_MOVE: Final = """
INSERT INTO result.moves (result_id, event, from_state, to_state, at, account_id, role, organisation_id, reason, facts,
    address, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12)
"""
MOVES_OF: Final = """
SELECT m.at, m.event, m.from_state, m.to_state, m.role, coalesce(p.name, '') AS by, m.reason
FROM result.moves m LEFT JOIN people.accounts a USING (account_id) LEFT JOIN people.persons p USING (person_id)
WHERE m.result_id = $1 ORDER BY m.move_id LIMIT 500
"""
WHOLE_CHAIN: Final = """
SELECT result_id, event, from_state, to_state, at, account_id, role, organisation_id, reason, facts, address, digest
FROM result.moves WHERE result_id = $1 ORDER BY move_id
"""
IDS: Final = "SELECT result_id FROM result.results WHERE result_id > $1 ORDER BY result_id LIMIT $2"

# --- notices -----------------------------------------------------------------------------------------------------

NEXT_SERIAL: Final = """
INSERT INTO result.serials (agency_id, cycle, serial) VALUES ($1, $2, 1)
ON CONFLICT (agency_id, cycle) DO UPDATE SET serial = serials.serial + 1 RETURNING serial
"""
ADD_NOTICE: Final = """
INSERT INTO result.notices (number, result_id, revision, outcome, body, issued_at)
VALUES ($1, $2, $3, $4, $5::json, $6)
"""
VOID: Final = "INSERT INTO result.voided (number, replaced_by, at) VALUES ($1, $2, $3)"
_NOTICE: Final = """
SELECT n.number, n.result_id, n.revision, n.outcome, n.body, n.issued_at, v.replaced_by
FROM result.notices n LEFT JOIN result.voided v USING (number)
"""
NOTICE: Final = f"{_NOTICE} WHERE n.number = $1"
NOTICES_OF: Final = f"{_NOTICE} WHERE n.result_id = $1 ORDER BY n.revision"
SHOWN_ON_NOTICE: Final = """
SELECT c.name AS cycle_name, c.starts_on, c.ends_on, o.name AS institution, coalesce(g.name, '') AS agency, q.sex,
    q.level, q.category, q.specialty, q.licence_code,
    coalesce((SELECT coalesce(f.body, f.draft) FROM reg.files f WHERE f.application_id = r.application_id
        AND f.subject = 'profile'), '{}') AS profile
FROM result.results r JOIN exam.cycles c USING (cycle)
JOIN people.organisations o ON o.organisation_id = r.institution_id
LEFT JOIN people.organisations g ON g.organisation_id = r.agency_id
LEFT JOIN reg.registry q ON q.id_number = r.id_number
WHERE r.result_id = $1
"""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One result as it stands. `legs`: what `outcome` stands on; `legs_now`: of today, where they are others."""

    result_id: int
    application_id: int
    person_id: int
    cycle: int
    province: str
    institution_id: int
    agency_id: int | None
    name: str
    id_number: str
    department: str
    procedure: str
    state: State
    final_state: str
    version: int
    outcome: str
    reasons: tuple[str, ...]
    text: str
    legs: Legs
    legs_now: Legs | None
    missing: tuple[str, ...]
    doubts: tuple[str, ...]
    took_part: bool
    look_at: datetime | None
    decided_by: int | None
    decided_at: datetime | None
    order_id: int | None
    notified_at: datetime | None
    notice_number: str
    suspended_from: date | None
    suspended_until: date | None
    arrangement: str
    moved_at: datetime
    institution: str
    agency: str
    recheck_state: str | None
    recheck_due_at: datetime | None
    org_person: int | None

    def decided(self) -> Outcome | None:
        """The outcome, decided or proposed."""
        return Outcome(self.outcome) if self.outcome else None


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What a result is about: the file's place and person, and everything its legs depend on."""

    application_id: int
    person_id: int
    cycle: int
    province: str
    institution_id: int
    agency_id: int | None
    name: str
    id_number: str
    department: str
    procedure: str
    flags: tuple[str, ...]
    starts_on: date
    ends_on: date
    known: Known


def read(row: Row) -> Result:
    """A row of RESULT."""
    values = dict(row)
    legs_now = values.pop("legs_now")
    return Result(
        **values
        | {
            "state": State(row["state"]),
            "reasons": tuple(row["reasons"]),
            "missing": tuple(row["missing"]),
            "doubts": tuple(row["doubts"]),
            "legs": msgspec.json.decode(row["legs"], type=Legs),
            "legs_now": None if legs_now is None else msgspec.json.decode(legs_now, type=Legs),
        }
    )


async def load(runner: Runner, result_id: int, *, lock: bool = False) -> Result | None:
    """One result; `lock` holds it until the end of the caller's transaction."""
    row = await runner.fetchrow(RESULT_LOCKED if lock else RESULT, result_id)
    return None if row is None else read(row)


async def find(runner: Runner, person_id: int, cycle: int, *, lock: bool = False) -> Result | None:
    """The result of a person in a cycle."""
    row = await runner.fetchrow(RESULT_OF_LOCKED if lock else RESULT_OF, person_id, cycle)
    return None if row is None else read(row)


async def save(runner: Runner, result: Result) -> None:
    """Write a result whose lock is held."""
    await runner.execute(
        SAVE,
        result.result_id,
        result.state,
        result.final_state,
        result.version,
        result.outcome,
        list(result.reasons),
        result.text,
        as_text(result.legs),
        None if result.legs_now is None else as_text(result.legs_now),
        list(result.missing),
        list(result.doubts),
        result.took_part,
        result.look_at,
        result.decided_by,
        result.decided_at,
        result.order_id,
        result.notified_at,
        result.notice_number,
        result.suspended_from,
        result.suspended_until,
        result.arrangement,
        result.moved_at,
    )


def as_text(value: object) -> str:
    """A struct as a json column keeps it."""
    return msgspec.json.encode(value).decode()


async def file_of(runner: Runner, person_id: int, cycle: int) -> File | None:
    """What the legs of a person in a cycle depend on, as it is now."""
    row = await runner.fetchrow(FILE, person_id, cycle)
    if row is None:
        return None
    decided = policy(row["policy"])
    opinion = json.loads(row["agy_opinion"]) if row["agy_opinion"] else {}
    exams = await runner.fetch(EXAMS, person_id, cycle)
    seats = await runner.fetch(SEATS, person_id, cycle)
    days = timedelta(days=decided.absence_days)
    absences = {
        (Kind(each["kind"]), Round(each["round"])): Absence(state=each["state"], until=each["closed_at"] + days)
        for each in await runner.fetch(ABSENCES, person_id, cycle)
    }
    known = Known(
        profile=row["profile"] or "",
        evaluation=row["evaluation"],
        work=opinion.get("work") or "",
        ethics=opinion.get("ethics") or "",
        procedure=row["procedure"],
        exemption=row["exemption"],
        rating_until=_rating_until(decided, row["due_at"]),
        makeup=decided.makeup,
        absence=days,
        sat=tuple(_sat(each) for each in exams),
        seats=tuple(Seat(kind=Kind(s["kind"]), round=Round(s["round"]), state=s["state"], why=s["why"],
                         closes_at=s["closes_at"]) for s in seats),
        absences=absences,
    )  # fmt: skip
    names = set(File.__struct_fields__) - {"known", "flags"}
    return File(known=known, flags=tuple(row["flags"]), **{name: row[name] for name in names})


def _rating_until(decided: ProvincePolicy, due_at: datetime | None) -> datetime | None:
    """The window's end, or the end of the time for a correction if that is later."""
    if decided.evaluation is None:
        return due_at
    return max(decided.evaluation.closes_at, due_at) if due_at else decided.evaluation.closes_at


def _sat(row: Row) -> Sat:
    return Sat(
        kind=Kind(row["kind"]),
        round=Round(row["round"]),
        phase=row["phase"],
        passed=row["passed"],
        held=row["held"],
        barred=row["barred"],
    )


async def add_move(
    runner: Runner,
    result_id: int,
    event: str,
    states: tuple[str, str],
    at: datetime,
    by: tuple[int | None, str, int | None, str],
    reason: str,
    facts: Mapping[str, Any],
) -> None:
    """Put a move on record, chained to the one before. `by`: account, role, organisation, address."""
    before = await runner.fetchval(LAST_DIGEST, result_id) or bytes(32)
    account_id, role, organisation_id, address = by
    values: list[Any] = [result_id, event, *states, at, account_id, role, organisation_id, reason, dict(facts), address]
    digest = link(bytes(before), values)
    values[9] = json.dumps(facts, ensure_ascii=False)
    await runner.execute(ADD_MOVE, *values, digest)


def broken_at(moves: Sequence[Row]) -> int | None:
    """The place (from 0) of the first move of a whole chain that is not what was written; None: all are."""
    before = bytes(32)
    for place, row in enumerate(moves):
        values = list(row)[:-1]
        values[9] = json.loads(values[9])
        before = link(before, values)
        if before != bytes(row["digest"]):
            return place
    return None
