"""Entitlements follow the file: rows of exam.entitlements for every sitting of a physician's province and cycle.

Called within the transaction of whatever changed: a move of the file, a released result, a window that was moved. It
computes everything anew (`exam_engine/entitlement.py`) and is harmless when repeated. A row is taken away only while no
attempt hangs on it. Whoever has no registration file (invited by staff) is left alone.
"""

from datetime import datetime
from typing import Final

from exam_engine.entitlement import Facts, Gate, Outcome, gate
from exam_engine.registration import inbox_store
from exam_engine.registration.store import policy
from exam_engine.sitting import Kind, Round
from exam_engine.store import Row, Runner

STANDS = """
SELECT a.application_id, a.province, a.agency_id, a.procedure, y.body AS policy,
    coalesce((SELECT coalesce(f.body, f.draft) ->> 'exam_specialty' FROM reg.files f
        WHERE f.application_id = a.application_id AND f.subject = 'profile'), '') AS specialty,
    (SELECT f.state FROM reg.files f WHERE f.application_id = a.application_id AND f.subject = 'profile') AS profile,
    (SELECT f.state FROM reg.files f WHERE f.application_id = a.application_id AND f.subject = 'evaluation') AS rating,
    (SELECT f.state FROM reg.files f WHERE f.application_id = a.application_id AND f.subject = 'exemption') AS exemption
FROM reg.applications a LEFT JOIN reg.policies y ON y.cycle = a.cycle AND y.province = a.province
WHERE a.person_id = $1 AND a.cycle = $2
"""
OUTCOMES = """
SELECT s.kind, s.round, a.attempt_id, a.phase, a.passed, a.barred, a.points
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id)
WHERE a.person_id = $1 AND s.cycle = $2 AND s.kind <> 'practice' AND a.phase IN ('submitted', 'marked', 'released',
    'annulled') ORDER BY a.attempt_id
"""
SITTINGS = """
SELECT s.sitting_id, s.kind, s.round, s.opens_at, s.closes_at FROM exam.sittings s
WHERE s.cycle = $1 AND s.province = $2 AND NOT s.by_invitation AND ($3::bigint IS NULL OR s.agency_id = $3)
  AND (s.audience = '{}' OR $4 = ANY (s.audience)) ORDER BY s.sitting_id
"""
SET_ENTITLEMENT = """
INSERT INTO exam.entitlements (sitting_id, person_id, state, why) VALUES ($1, $2, $3, $4)
ON CONFLICT (sitting_id, person_id) DO UPDATE SET state = excluded.state, why = excluded.why
    WHERE (entitlements.state, entitlements.why) <> (excluded.state, excluded.why)
RETURNING sitting_id
"""
DROP_ENTITLEMENTS = """
DELETE FROM exam.entitlements e USING exam.sittings s
WHERE e.sitting_id = s.sitting_id AND e.person_id = $1 AND s.cycle = $2 AND NOT s.by_invitation
  AND NOT e.sitting_id = ANY ($3::bigint[])
  AND NOT EXISTS (SELECT FROM exam.attempts a WHERE a.sitting_id = e.sitting_id AND a.person_id = e.person_id)
"""
# With the locks of their files, so that what is computed here can't overwrite what a move computes at the same time.
# Whose file is being moved just now is left for the next time: exams that end wait for nothing that waits here.
UNSETTLED = """
WITH filed AS MATERIALIZED (
    SELECT u.person_id, u.cycle FROM exam.unsettled u JOIN reg.applications a USING (person_id, cycle)
    LIMIT $1 FOR UPDATE SKIP LOCKED),
invited AS MATERIALIZED (
    SELECT u.person_id, u.cycle FROM exam.unsettled u
    WHERE NOT EXISTS (SELECT FROM reg.applications a WHERE a.person_id = u.person_id AND a.cycle = u.cycle)
    LIMIT $1 FOR UPDATE SKIP LOCKED)
DELETE FROM exam.unsettled u USING (SELECT * FROM filed UNION ALL SELECT * FROM invited) few
WHERE u.person_id = few.person_id AND u.cycle = few.cycle RETURNING u.person_id, u.cycle
"""
PENDING: Final = frozenset({"org_review", "agy_review", "org_returned", "agy_returned"})


async def settle(runner: Runner, person_id: int, cycle: int, now: datetime) -> bool:
    """Bring a person's entitlements of a cycle up to date; whether he was told of something.

    The caller holds the lock of his file, if he has one.
    """
    row = await runner.fetchrow(STANDS, person_id, cycle)
    if row is None:
        return False
    ended = await runner.fetch(OUTCOMES, person_id, cycle)
    facts = _facts(row, ended)
    sittings = await runner.fetch(SITTINGS, cycle, row["province"], row["agency_id"], row["specialty"])
    kept, told = [], await _tell_results(runner, person_id, ended)
    for sitting in sittings:
        kind, round_ = Kind(sitting["kind"]), Round(sitting["round"])
        state, why = _state(row, kind, round_, facts)
        if state is Gate.NONE:
            continue
        kept.append(sitting["sitting_id"])
        changed = await runner.fetchval(SET_ENTITLEMENT, sitting["sitting_id"], person_id, state, why)
        if changed and state is Gate.OPEN and kind is not Kind.PRACTICE and now < sitting["closes_at"]:
            told = await _tell_window(runner, person_id, sitting) or told
    await runner.execute(DROP_ENTITLEMENTS, person_id, cycle, kept)
    return told


def _state(row: Row, kind: Kind, round_: Round, facts: Facts) -> tuple[Gate, str]:
    """Before he is enrolled nothing is listed; afterwards practice is open all the time."""
    if row["profile"] != "approved":
        return Gate.NONE, ""
    return gate(kind, round_, facts)


def _facts(row: Row, ended: list[Row]) -> Facts:
    decided = policy(row["policy"])
    outcomes: dict[tuple[Kind, Round], Outcome] = {}
    for attempt in ended:
        key = Kind(attempt["kind"]), Round(attempt["round"])
        outcome = _outcome(attempt)
        if outcome is None:
            outcomes.pop(key, None)  # annulled: it counts as never sat
        elif outcomes.get(key) is not Outcome.PASSED:
            outcomes[key] = outcome
    exemption = row["exemption"] or "none"
    return Facts(
        rated=row["rating"] == "approved",
        procedure=row["procedure"],
        exemption="approved" if exemption == "approved" else ("pending" if exemption in PENDING else "none"),
        order=decided.exam_order,
        makeup=decided.makeup,
        outcomes=outcomes,
    )


def _outcome(attempt: Row) -> Outcome | None:
    if attempt["barred"]:
        return Outcome.BARRED
    if attempt["phase"] != "released":
        return None
    return Outcome.PASSED if attempt["passed"] else Outcome.FAILED


async def _tell_results(runner: Runner, person_id: int, ended: list[Row]) -> bool:
    """M27 when an exam was handed in, M31 when its score is released: once each."""
    told = False
    for attempt in ended:
        attempt_id, kind = attempt["attempt_id"], attempt["kind"]
        facts = {"reason": "handed_in", "kind": kind}
        told |= await inbox_store.tell(runner, person_id, "M27", facts, once=f"M27:{attempt_id}")
        if attempt["phase"] == "released" and attempt["points"] is not None:
            facts = {"kind": kind, "points": attempt["points"], "passed": attempt["passed"]}
            told |= await inbox_store.tell(runner, person_id, "M31", facts, once=f"M31:{attempt_id}")
    return told


async def _tell_window(runner: Runner, person_id: int, sitting: Row) -> bool:
    """M26, or M32 of the unified make-up: from when to when, again if the window is another."""
    code = "M32" if sitting["round"] == Round.MAKEUP else "M26"
    facts = {"kind": sitting["kind"], "opens_at": sitting["opens_at"], "closes_at": sitting["closes_at"]}
    once = f"{code}:{sitting['sitting_id']}:{sitting['closes_at'].isoformat()}"
    return await inbox_store.tell(runner, person_id, code, facts, once=once)
