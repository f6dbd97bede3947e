"""Entitlements follow the file: rows of exam.entitlements for every sitting of a physician's province and cycle.

Called within the transaction of whatever changed: a move of the file, a released result, a window that was moved. It
computes everything anew (`exam_engine/entitlement.py`) and is harmless when repeated. A row is taken away only while no
attempt hangs on it. Whoever has no registration file (invited by staff) is only told.
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
# What was sat, at the computer or on paper: the view is the one list of it (0011_makeup).
OUTCOMES = """
SELECT o.kind, o.round, o.attempt_id, o.phase, o.passed, o.barred, o.points
FROM exam.outcomes o WHERE o.person_id = $1 AND o.cycle = $2 ORDER BY o.attempt_id
"""
# What he sits on paper he can't enter here.
ON_PAPER = """
SELECT kind, round FROM result.paper_list WHERE person_id = $1 AND cycle = $2 AND removed_at IS NULL
"""
ABSENCES = "SELECT kind, round, state FROM makeup.absences WHERE person_id = $1 AND cycle = $2"
# The published make-up plans of his province, and his seat in each.
SEATS = """
SELECT l.plan_id, l.kind, k.sitting_id, s.slot_id, s.room, s.place, s.opens_at, s.closes_at, g.revision, g.told
FROM makeup.plans l LEFT JOIN makeup.assignments g ON g.plan_id = l.plan_id AND g.person_id = $1
LEFT JOIN makeup.slots s ON s.slot_id = g.slot_id
LEFT JOIN makeup.sittings k ON k.plan_id = l.plan_id AND k.source_id = g.source_id AND k.opens_at = s.opens_at
    AND k.closes_at = s.closes_at
WHERE l.cycle = $2 AND l.province = $3 AND l.published_at IS NOT NULL
"""
# $5: sittings he has a seat in, whosever they are.
SITTINGS = """
SELECT s.sitting_id, s.kind, s.round, s.opens_at, s.closes_at FROM exam.sittings s
WHERE s.cycle = $1 AND s.province = $2 AND NOT s.by_invitation AND NOT s.draft AND (s.sitting_id = ANY ($5::bigint[])
    OR (($3::bigint IS NULL OR s.agency_id = $3) AND (s.audience = '{}' OR $4 = ANY (s.audience))))
ORDER BY s.sitting_id
"""
# $5: the room he has a seat in, or null.
SET_ENTITLEMENT = """
INSERT INTO exam.entitlements (sitting_id, person_id, state, why, room) VALUES ($1, $2, $3, $4, coalesce($5, 1))
ON CONFLICT (sitting_id, person_id) DO UPDATE
SET state = excluded.state, why = excluded.why, room = coalesce($5, entitlements.room)
    WHERE (entitlements.state, entitlements.why, entitlements.room)
        <> (excluded.state, excluded.why, coalesce($5, entitlements.room))
RETURNING sitting_id
"""
TOLD = "UPDATE makeup.assignments SET told = revision WHERE plan_id = $1 AND person_id = $2 AND told < revision"
DROP_ENTITLEMENTS = """
DELETE FROM exam.entitlements e USING exam.sittings s
WHERE e.sitting_id = s.sitting_id AND e.person_id = $1 AND s.cycle = $2 AND NOT s.by_invitation
  AND NOT e.sitting_id = ANY ($3::bigint[])
  AND NOT EXISTS (SELECT FROM exam.attempts a WHERE a.sitting_id = e.sitting_id AND a.person_id = e.person_id)
"""
# With the locks of their files, so that what is computed here can't overwrite what a move computes at the same time.
# Whose file is being moved just now is left for the next time: exams that end wait for nothing that waits here.
# Not FOR UPDATE: whoever writes a row that refers to a file (`results/tending.py`) would wait for it, and it for him.
UNSETTLED = """
WITH filed AS MATERIALIZED (
    SELECT u.person_id, u.cycle FROM exam.unsettled u JOIN reg.applications a USING (person_id, cycle)
    LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED),
invited AS MATERIALIZED (
    SELECT u.person_id, u.cycle FROM exam.unsettled u
    WHERE NOT EXISTS (SELECT FROM reg.applications a WHERE a.person_id = u.person_id AND a.cycle = u.cycle)
    LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)
DELETE FROM exam.unsettled u USING (SELECT * FROM filed UNION ALL SELECT * FROM invited) few
WHERE u.person_id = few.person_id AND u.cycle = few.cycle RETURNING u.person_id, u.cycle
"""
PENDING: Final = frozenset({"org_review", "agy_review", "org_returned", "agy_returned"})


async def settle(runner: Runner, person_id: int, cycle: int, now: datetime) -> bool:
    """Bring a person's entitlements of a cycle up to date; whether he was told of something.

    The caller holds the lock of his file, if he has one.
    """
    row = await runner.fetchrow(STANDS, person_id, cycle)
    ended = await runner.fetch(OUTCOMES, person_id, cycle)
    if row is None:
        return await _tell_results(runner, person_id, ended)
    facts = _facts(row, ended, await runner.fetch(ABSENCES, person_id, cycle))
    seats = {seat["kind"]: seat for seat in await runner.fetch(SEATS, person_id, cycle, row["province"])}
    seated = [seat["sitting_id"] for seat in seats.values() if seat["sitting_id"]]
    sittings = await runner.fetch(SITTINGS, cycle, row["province"], row["agency_id"], row["specialty"], seated)
    on_paper = {(each["kind"], each["round"]) for each in await runner.fetch(ON_PAPER, person_id, cycle)}
    kept, told = [], await _tell_results(runner, person_id, ended)
    for sitting in sittings:
        kind, round_ = Kind(sitting["kind"]), Round(sitting["round"])
        seat = seats.get(kind) if round_ is Round.MAKEUP else None
        assigned = seat is None or seat["sitting_id"] == sitting["sitting_id"]
        state, why = _state(row, kind, round_, facts, assigned=assigned)
        if state in (Gate.OPEN, Gate.LOCKED) and (kind, round_) in on_paper:
            state, why = Gate.LOCKED, "paper_exam"
        if state is Gate.NONE:
            continue
        kept.append(sitting["sitting_id"])
        room = seat and seat["room"]
        changed = await runner.fetchval(SET_ENTITLEMENT, sitting["sitting_id"], person_id, state, why, room)
        if state is not Gate.OPEN or kind is Kind.PRACTICE or now >= sitting["closes_at"]:
            continue
        if seat is not None:
            told = await _tell_seat(runner, person_id, seat, facts) or told
        elif changed:
            told = await _tell_window(runner, person_id, sitting) or told
    await runner.execute(DROP_ENTITLEMENTS, person_id, cycle, kept)
    return told


def _state(row: Row, kind: Kind, round_: Round, facts: Facts, *, assigned: bool) -> tuple[Gate, str]:
    """Before he is enrolled nothing is listed; afterwards practice is open all the time."""
    if row["profile"] != "approved":
        return Gate.NONE, ""
    return gate(kind, round_, facts, assigned=assigned)


def _facts(row: Row, ended: list[Row], absences: list[Row]) -> Facts:
    decided = policy(row["policy"])
    outcomes: dict[tuple[Kind, Round], Outcome] = {}
    for attempt in ended:
        key = Kind(attempt["kind"]), Round(attempt["round"])
        outcome = _outcome(attempt)
        if outcome is None:
            outcomes.pop(key, None)  # annulled: it counts as never sat
        elif outcomes.get(key) is not Outcome.PASSED:
            outcomes[key] = outcome
    sat = {(attempt["kind"], attempt["round"]) for attempt in ended if attempt["phase"] != "annulled"}
    for absence in absences:
        if (absence["kind"], absence["round"]) in sat:
            continue  # whoever sat it in the end was not absent
        excused = absence["state"] == "accepted"
        key = Kind(absence["kind"]), Round(absence["round"])
        outcomes.setdefault(key, Outcome.EXCUSED if excused else Outcome.ABSENT)
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
        if attempt_id > 0:  # what was sat on paper was handed in there
            told |= await inbox_store.tell(runner, person_id, "M27", facts, once=f"M27:{attempt_id}")
        if attempt["phase"] == "released" and attempt["points"] is not None:
            facts = {"kind": kind, "points": attempt["points"], "passed": attempt["passed"]}
            told |= await inbox_store.tell(runner, person_id, "M31", facts, once=f"M31:{attempt_id}")
    return told


async def _tell_seat(runner: Runner, person_id: int, seat: Row, facts: Facts) -> bool:
    """M32 with the place, or where and when it is instead if he was told something else before (C07)."""
    if seat["told"] >= seat["revision"]:
        return False
    failed = facts.outcomes.get((Kind(seat["kind"]), Round.FIRST)) is Outcome.FAILED
    code = "M32" if failed and not seat["told"] else "C07"
    said = {name: seat[name] for name in ("kind", "opens_at", "closes_at", "place")}
    await runner.execute(TOLD, seat["plan_id"], person_id)
    once = f"{code}:plan:{seat['slot_id']}:{seat['revision']}:{seat['opens_at'].isoformat()}"
    return await inbox_store.tell(runner, person_id, code, said, once=once)


async def _tell_window(runner: Runner, person_id: int, sitting: Row) -> bool:
    """M26, or M32 of the unified make-up: from when to when, again if the window is another."""
    code = "M32" if sitting["round"] == Round.MAKEUP else "M26"
    facts = {"kind": sitting["kind"], "opens_at": sitting["opens_at"], "closes_at": sitting["closes_at"]}
    once = f"{code}:{sitting['sitting_id']}:{sitting['closes_at'].isoformat()}"
    return await inbox_store.tell(runner, person_id, code, facts, once=once)
