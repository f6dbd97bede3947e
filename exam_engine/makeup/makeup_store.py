"""Tables makeup.*: who waits for a make-up, plans with their slots and people, absences, and what was done by whom."""

from typing import Final

# --- who waits -----------------------------------------------------------------------------------------------------

# How a kind ($3) has ended for everybody of a cycle ($1), a line for each person: of a round the last go decides, but a
# pass stays a pass. What a round is not in is null.
_SAT: Final = """
    SELECT o.person_id, bool_or(o.phase = 'released' AND o.passed AND NOT o.barred) AS passed,
        (array_agg(CASE WHEN o.barred THEN 'barred' WHEN o.phase = 'released' THEN 'failed'
            WHEN o.phase = 'annulled' THEN 'annulled' ELSE 'pending' END ORDER BY o.attempt_id DESC)
            FILTER (WHERE o.round = 'first'))[1] AS first,
        (array_agg(CASE WHEN o.barred THEN 'barred' WHEN o.phase = 'annulled' THEN 'annulled' ELSE 'sat' END
            ORDER BY o.attempt_id DESC) FILTER (WHERE o.round = 'makeup'))[1] AS makeup,
        (array_agg(o.sitting_id ORDER BY o.attempt_id DESC)
            FILTER (WHERE o.round = 'first' AND o.sitting_id IS NOT NULL))[1] AS sitting_id
    FROM exam.outcomes o WHERE o.cycle = $1 AND o.kind = $3 GROUP BY 1
"""
_MISSED: Final = """
    SELECT x.person_id, max(x.state) FILTER (WHERE x.round = 'first') AS first,
        max(x.state) FILTER (WHERE x.round = 'makeup') AS makeup,
        max(x.sitting_id) FILTER (WHERE x.round = 'first') AS sitting_id
    FROM makeup.absences x WHERE x.cycle = $1 AND x.kind = $3 GROUP BY 1
"""
# Everybody of a province ($2) who is due a make-up (domain.md §3.10), as the gates of exam_engine/entitlement.py have
# it: a released failure or an accepted absence; enrolled and rated, not exempt, not barred; no make-up sat before. The
# source is the sitting he sat or missed; where he sat on paper, one of the first round that was for him.
_DUE: Final = f"""
WITH sat AS MATERIALIZED ({_SAT}), missed AS MATERIALIZED ({_MISSED}),
ended AS MATERIALIZED (
    SELECT person_id, CASE WHEN s.first = 'failed' THEN 'failed' ELSE 'excused' END AS why,
        coalesce(s.sitting_id, x.sitting_id) AS sitting_id
    FROM sat s FULL JOIN missed x USING (person_id)
    WHERE NOT coalesce(s.passed, false)
    AND (s.first = 'failed' OR (coalesce(s.first, 'annulled') = 'annulled' AND x.first = 'accepted'))
    AND coalesce(s.makeup, 'annulled') = 'annulled' AND coalesce(x.makeup, 'accepted') = 'accepted'),
due AS MATERIALIZED (
    SELECT a.person_id, a.institution_id, a.agency_id, i.name AS institution, coalesce(i.area, '') AS area, d.why,
        coalesce(d.sitting_id, (SELECT min(s.sitting_id) FROM exam.sittings s
            WHERE s.cycle = $1 AND s.province = $2 AND s.kind = $3 AND s.round = 'first'
            AND (s.agency_id = a.agency_id OR a.agency_id IS NULL)
            AND (s.audience = '{{}}' OR coalesce(p.body, p.draft) ->> 'exam_specialty' = ANY (s.audience)))
        ) AS source_id
    FROM ended d JOIN reg.applications a ON a.person_id = d.person_id AND a.cycle = $1 AND a.province = $2
    JOIN people.organisations i ON i.organisation_id = a.institution_id
    JOIN reg.files p ON p.application_id = a.application_id AND p.subject = 'profile' AND p.state = 'approved'
    JOIN reg.files e ON e.application_id = a.application_id AND e.subject = 'evaluation' AND e.state = 'approved'
    LEFT JOIN reg.policies y ON y.cycle = a.cycle AND y.province = a.province
    WHERE coalesce((y.body ->> 'makeup')::boolean, true)
    AND ($3 <> 'professional' OR (a.procedure = 'general' AND NOT EXISTS (SELECT FROM reg.files q
        WHERE q.application_id = a.application_id AND q.subject = 'exemption' AND q.state = 'approved'))))
"""
DUE: Final = f"""{_DUE}
SELECT due.person_id, due.institution_id, due.area, due.source_id, g.slot_id, coalesce(g.asked, false) AS asked
FROM due LEFT JOIN makeup.plans l ON l.cycle = $1 AND l.province = $2 AND l.kind = $3
LEFT JOIN makeup.assignments g ON g.plan_id = l.plan_id AND g.person_id = due.person_id ORDER BY due.person_id
"""
# $4: the agency that asks, or null. `placed`: has a seat in the plan.
DUE_COUNTS: Final = f"""{_DUE}
SELECT due.institution_id, due.institution, due.area, due.why, count(*)::integer AS people,
    count(g.person_id)::integer AS placed, count(*) FILTER (WHERE due.source_id IS NULL)::integer AS sourceless
FROM due LEFT JOIN makeup.plans l ON l.cycle = $1 AND l.province = $2 AND l.kind = $3
LEFT JOIN makeup.assignments g ON g.plan_id = l.plan_id AND g.person_id = due.person_id
WHERE $4::bigint IS NULL OR due.agency_id = $4 GROUP BY 1, 2, 3, 4 ORDER BY people DESC, 1, 4
"""

# --- plans ---------------------------------------------------------------------------------------------------------

_PLAN: Final = """SELECT plan_id, cycle, province, kind, version, stirred, reach, made_at, published_at
FROM makeup.plans"""
# The second value: the province whose plans the caller knows, or null for all.
PLAN: Final = f"{_PLAN} WHERE plan_id = $1 AND ($2::text IS NULL OR province = $2)"
PLAN_LOCKED: Final = f"{_PLAN} WHERE plan_id = $1 AND ($2::text IS NULL OR province = $2) FOR UPDATE"
PLAN_OF: Final = f"{_PLAN} WHERE cycle = $1 AND province = $2 AND kind = $3"
ADD_PLAN: Final = """
INSERT INTO makeup.plans (cycle, province, kind) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING plan_id
"""
DECIDED: Final = """
UPDATE makeup.plans SET version = version + 1, stirred = stirred + 1 WHERE plan_id = $1 RETURNING version
"""
STIRRED: Final = "UPDATE makeup.plans SET stirred = stirred + 1 WHERE plan_id = $1"
SET_REACH: Final = "UPDATE makeup.plans SET reach = $2 WHERE plan_id = $1"
PUBLISHED: Final = "UPDATE makeup.plans SET published_at = $2 WHERE plan_id = $1 AND published_at IS NULL"
MINUTES: Final = """
SELECT coalesce(max((policy ->> 'minutes')::integer), 60) FROM exam.sittings
WHERE cycle = $1 AND province = $2 AND kind = $3 AND round = 'first'
"""
FIRST_ROUND: Final = """
SELECT EXISTS (SELECT FROM exam.sittings WHERE cycle = $1 AND province = $2 AND kind = $3 AND round = 'first')
"""

# --- windows and slots ---------------------------------------------------------------------------------------------

WINDOWS: Final = """
SELECT window_id, title, opens_at, closes_at FROM makeup.windows WHERE plan_id = $1 ORDER BY opens_at, window_id
"""
ADD_WINDOW: Final = """
INSERT INTO makeup.windows (plan_id, title, opens_at, closes_at) VALUES ($1, $2, $3, $4) RETURNING window_id
"""
SET_WINDOW: Final = """
UPDATE makeup.windows SET title = $3, opens_at = $4, closes_at = $5 WHERE plan_id = $1 AND window_id = $2
RETURNING window_id
"""
DROP_WINDOWS: Final = """
DELETE FROM makeup.windows w WHERE w.plan_id = $1 AND NOT w.window_id = ANY ($2::bigint[])
AND NOT EXISTS (SELECT FROM makeup.slots s WHERE s.window_id = w.window_id)
"""
SLOTS: Final = """
SELECT s.slot_id, s.window_id, s.room, s.place, s.online, s.area, s.capacity, s.opens_at, s.closes_at, s.invigilators,
    s.closed, (SELECT count(*)::integer FROM makeup.assignments g WHERE g.slot_id = s.slot_id) AS people
FROM makeup.slots s WHERE s.plan_id = $1 ORDER BY s.opens_at, s.room
"""
ADD_SLOT: Final = """
INSERT INTO makeup.slots (plan_id, window_id, room, place, online, area, capacity, opens_at, closes_at, invigilators)
SELECT $1, $2, coalesce(max(room), 0) + 1, $3, $4, $5, $6, $7, $8, $9 FROM makeup.slots WHERE plan_id = $1
RETURNING slot_id
"""
SET_SLOT: Final = """
UPDATE makeup.slots SET window_id = $3, place = $4, online = $5, area = $6, capacity = $7, opens_at = $8,
    closes_at = $9, invigilators = $10, closed = false WHERE plan_id = $1 AND slot_id = $2
"""
CLOSE_SLOTS: Final = "UPDATE makeup.slots SET closed = $3 WHERE plan_id = $1 AND slot_id = ANY ($2::bigint[])"
DROP_SLOTS: Final = "DELETE FROM makeup.slots WHERE plan_id = $1 AND slot_id = ANY ($2::bigint[])"
# Those who may watch: staff of the province's organisations, and who watched the first round.
INVIGILATORS: Final = """
SELECT c.account_id, p.name, c.role, coalesce(o.name, '') AS organisation
FROM people.accounts c JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o ON o.organisation_id = c.organisation_id
WHERE c.role IN ('invigilator', 'chief') AND NOT c.disabled AND (o.province = $1 OR EXISTS (
    SELECT FROM exam.sitting_staff t JOIN exam.sittings s USING (sitting_id)
    WHERE t.account_id = c.account_id AND s.province = $1)) ORDER BY p.name, c.account_id LIMIT 2000
"""

# --- who sits where ------------------------------------------------------------------------------------------------

# Entered: an exam of this plan that is not annulled hangs on him; nobody moves him any more.
_ENTERED: Final = """EXISTS (SELECT FROM exam.attempts t JOIN makeup.sittings k ON k.sitting_id = t.sitting_id
    WHERE k.plan_id = g.plan_id AND t.person_id = g.person_id AND (t.phase <> 'annulled' OR t.barred))"""
SEATED: Final = f"""
SELECT g.person_id, g.slot_id, g.source_id, g.asked, {_ENTERED} AS entered FROM makeup.assignments g
WHERE g.plan_id = $1 ORDER BY g.person_id
"""
SEAT_OF: Final = f"""
SELECT g.person_id, g.slot_id, g.source_id, g.asked, g.placed_at, {_ENTERED} AS entered FROM makeup.assignments g
WHERE g.plan_id = $1 AND g.person_id = $2
"""
# Each of these people into the slot beside his number. $6: he asked for it himself.
SEAT: Final = """
INSERT INTO makeup.assignments (plan_id, person_id, slot_id, source_id, placed_at, asked)
SELECT $1, n.person_id, n.slot_id, n.source_id, $5, $6
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS n (person_id, slot_id, source_id)
ON CONFLICT (plan_id, person_id) DO UPDATE SET slot_id = excluded.slot_id, revision = assignments.revision + 1,
    asked = excluded.asked, placed_at = CASE WHEN $6 THEN assignments.placed_at ELSE excluded.placed_at END
"""
UNSEAT: Final = "DELETE FROM makeup.assignments WHERE plan_id = $1 AND person_id = ANY ($2::bigint[])"
TELL_SLOTS_AGAIN: Final = """
UPDATE makeup.assignments SET revision = revision + 1 WHERE plan_id = $1 AND slot_id = ANY ($2::bigint[])
"""
# Before the seats are changed, and locked till then: whoever settles somebody meanwhile must look at him once more.
UNSETTLE: Final = """
INSERT INTO exam.unsettled (person_id, cycle) SELECT unnest($1::bigint[]) AS person_id, $2 ORDER BY 1
ON CONFLICT (person_id, cycle) DO UPDATE SET cycle = excluded.cycle
"""
UNTOLD: Final = "SELECT count(*)::integer FROM makeup.assignments WHERE plan_id = $1 AND told < revision"
# $2: a slot or null; $3: the agency that asks, or null; $4: the beginning of a name; $5: the last person of the page
# before.
PEOPLE: Final = f"""
SELECT g.person_id, p.name, p.id_number, i.name AS institution, coalesce(i.area, '') AS area, g.slot_id, g.asked,
    g.told = g.revision AS told, {_ENTERED} AS entered
FROM makeup.assignments g JOIN people.persons p USING (person_id) JOIN makeup.plans l USING (plan_id)
JOIN reg.applications a ON a.person_id = g.person_id AND a.cycle = l.cycle
JOIN people.organisations i ON i.organisation_id = a.institution_id
WHERE g.plan_id = $1 AND ($2::bigint IS NULL OR g.slot_id = $2) AND ($3::bigint IS NULL OR a.agency_id = $3)
AND p.name LIKE $4 AND g.person_id > $5 ORDER BY g.person_id LIMIT $6
"""
# How far people are sent, by what their institution's area and the slot's share.
SPREAD: Final = """
SELECT g.slot_id, coalesce(i.area, '') AS area, count(*)::integer AS people
FROM makeup.assignments g JOIN makeup.plans l USING (plan_id)
JOIN reg.applications a ON a.person_id = g.person_id AND a.cycle = l.cycle
JOIN people.organisations i ON i.organisation_id = a.institution_id
WHERE g.plan_id = $1 AND ($2::bigint IS NULL OR a.agency_id = $2) GROUP BY 1, 2 ORDER BY 1, 2
"""

# --- exclusions ----------------------------------------------------------------------------------------------------

EXCLUSIONS: Final = """
SELECT x.exclusion_id, x.institution_id, x.person_id, coalesce(i.name, p.name) AS name, x.day, x.reason
FROM makeup.exclusions x LEFT JOIN people.organisations i ON i.organisation_id = x.institution_id
LEFT JOIN people.persons p ON p.person_id = x.person_id WHERE x.plan_id = $1 ORDER BY x.day, x.exclusion_id
"""
ADD_EXCLUSIONS: Final = """
INSERT INTO makeup.exclusions (plan_id, institution_id, person_id, day, reason)
SELECT $1, $2, $3, unnest($4::date[]), $5 ON CONFLICT DO NOTHING
"""
DROP_EXCLUSION: Final = "DELETE FROM makeup.exclusions WHERE plan_id = $1 AND exclusion_id = $2 RETURNING day"
INSTITUTION_IN: Final = """
SELECT organisation_id FROM people.organisations WHERE organisation_id = $1 AND kind = 'institution' AND province = $2
"""
PERSON_IN: Final = "SELECT person_id FROM reg.applications WHERE person_id = $1 AND cycle = $2 AND province = $3"

# --- sittings that carry it out ------------------------------------------------------------------------------------

# The batches people of each source sit in, whether they have their sitting, and who is there.
BATCHES: Final = """
SELECT n.source_id, n.opens_at, n.closes_at, k.sitting_id FROM (
    SELECT DISTINCT g.source_id, s.opens_at, s.closes_at FROM makeup.assignments g JOIN makeup.slots s USING (slot_id)
    WHERE g.plan_id = $1) n
LEFT JOIN makeup.sittings k ON k.plan_id = $1 AND k.source_id = n.source_id AND k.opens_at = n.opens_at
    AND k.closes_at = n.closes_at ORDER BY 1, 2, 3
"""
# Sittings of batches in which nobody sits any more, and nobody ever did.
SPARE: Final = """
SELECT k.source_id, k.opens_at, k.closes_at, k.sitting_id FROM makeup.sittings k
WHERE k.plan_id = $1 AND k.opens_at > $2 AND NOT EXISTS (SELECT FROM exam.attempts t WHERE t.sitting_id = k.sitting_id)
AND NOT EXISTS (SELECT FROM makeup.assignments g JOIN makeup.slots s USING (slot_id) WHERE g.plan_id = $1
    AND g.source_id = k.source_id AND s.opens_at = k.opens_at AND s.closes_at = k.closes_at) ORDER BY k.sitting_id
"""
# What of the first round stays the same for the make-up: everything but the window and the questions.
ADD_SITTING: Final = """
INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool, item_count,
    points_per_item, pass_points, policy, blueprint, audience, scheme)
SELECT cycle, kind, 'makeup', left(title, 116) || '（补考）', province, agency_id, $2, $3, pool, item_count,
    points_per_item, pass_points, policy, blueprint, audience, scheme FROM exam.sittings WHERE sitting_id = $1
RETURNING sitting_id
"""
ADD_BATCH: Final = """
INSERT INTO makeup.sittings (plan_id, source_id, opens_at, closes_at, sitting_id) VALUES ($1, $2, $3, $4, $5)
"""
MOVE_BATCH: Final = "UPDATE makeup.sittings SET opens_at = $2, closes_at = $3 WHERE sitting_id = $1"
MOVE_SITTING: Final = "UPDATE exam.sittings SET opens_at = $2, closes_at = $3 WHERE sitting_id = $1"
# Invigilators of the batch's rooms, and the chiefs of the first round.
STAFF: Final = """
INSERT INTO exam.sitting_staff (sitting_id, account_id)
SELECT k.sitting_id, unnest(s.invigilators) FROM makeup.sittings k JOIN makeup.slots s
    ON s.plan_id = k.plan_id AND s.opens_at = k.opens_at AND s.closes_at = k.closes_at AND NOT s.closed
WHERE k.plan_id = $1
UNION SELECT k.sitting_id, t.account_id FROM makeup.sittings k JOIN exam.sitting_staff t ON t.sitting_id = k.source_id
JOIN people.accounts c USING (account_id) WHERE k.plan_id = $1 AND c.role = 'chief'
ON CONFLICT DO NOTHING
"""
DROP_WATCHERS: Final = """
DELETE FROM exam.room_watchers w USING makeup.sittings k
WHERE k.plan_id = $1 AND w.sitting_id = k.sitting_id AND k.opens_at > $2
"""
WATCHERS: Final = """
INSERT INTO exam.room_watchers (sitting_id, room, account_id)
SELECT k.sitting_id, s.room, unnest(s.invigilators) FROM makeup.sittings k JOIN makeup.slots s
    ON s.plan_id = k.plan_id AND s.opens_at = k.opens_at AND s.closes_at = k.closes_at AND NOT s.closed
WHERE k.plan_id = $1 AND k.opens_at > $2 ON CONFLICT DO NOTHING
"""

# --- what was done -------------------------------------------------------------------------------------------------

ADD_CHANGE: Final = """
INSERT INTO makeup.changes (plan_id, what, at, account_id, reason, undoes, facts)
VALUES ($1, $2, $3, $4, $5, $6, $7::json) RETURNING change_id
"""
ADD_MOVES: Final = """
INSERT INTO makeup.moves (change_id, person_id, from_slot, to_slot, source_id)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
"""
CHANGES: Final = """
SELECT c.change_id, c.what, c.at, coalesce(p.name, '') AS by, c.reason, c.facts,
    (SELECT count(*)::integer FROM makeup.moves m WHERE m.change_id = c.change_id) AS moved, c.undoes,
    EXISTS (SELECT FROM makeup.changes u WHERE u.undoes = c.change_id) AS undone
FROM makeup.changes c LEFT JOIN people.accounts a USING (account_id) LEFT JOIN people.persons p USING (person_id)
WHERE c.plan_id = $1 ORDER BY c.change_id DESC LIMIT 200
"""
CHANGE: Final = "SELECT change_id, what, facts FROM makeup.changes WHERE plan_id = $1 AND change_id = $2"
# The newest that can be taken back: since the plan was published, and not what physicians asked for.
LATEST_CHANGE: Final = """
SELECT c.change_id FROM makeup.changes c WHERE c.plan_id = $1 AND c.what IN ('solved', 'moved', 'closed', 'slots')
AND NOT EXISTS (SELECT FROM makeup.changes u WHERE u.undoes = c.change_id)
AND NOT EXISTS (
    SELECT FROM makeup.changes u WHERE u.plan_id = $1 AND u.what = 'published' AND u.change_id > c.change_id)
ORDER BY c.change_id DESC LIMIT 1
"""
MOVES: Final = (
    "SELECT person_id, from_slot, to_slot, source_id FROM makeup.moves WHERE change_id = $1 ORDER BY person_id"
)

# --- asking to move ------------------------------------------------------------------------------------------------

# The plans of one physician: his slot, as it was published.
OWN: Final = f"""
SELECT l.plan_id, l.kind, l.cycle, l.province, g.placed_at, g.asked, s.slot_id, s.place, s.online, s.room, s.opens_at,
    s.closes_at, {_ENTERED} AS entered, k.sitting_id, q.state AS ask_state, q.to_slot AS ask_slot,
    q.reason AS ask_reason
FROM makeup.assignments g JOIN makeup.plans l USING (plan_id) JOIN makeup.slots s USING (slot_id)
LEFT JOIN makeup.sittings k ON k.plan_id = g.plan_id AND k.source_id = g.source_id AND k.opens_at = s.opens_at
    AND k.closes_at = s.closes_at
LEFT JOIN makeup.asks q ON q.plan_id = g.plan_id AND q.person_id = g.person_id AND q.placed_at = g.placed_at
WHERE g.person_id = $1 AND l.published_at IS NOT NULL ORDER BY s.opens_at, l.plan_id
"""
# The kinds somebody failed, or missed with a reason, in the first round, and has no make-up behind him.
OWN_DUE: Final = """
SELECT k.kind, k.cycle FROM (
    SELECT o.kind, o.cycle, o.round, bool_or(o.phase = 'released' AND o.passed AND NOT o.barred) AS passed,
        (array_agg(CASE WHEN o.barred THEN 'barred' WHEN o.phase = 'released' THEN 'failed' ELSE '' END
            ORDER BY o.attempt_id DESC))[1] AS last
    FROM exam.outcomes o WHERE o.person_id = $1 GROUP BY 1, 2, 3
    UNION ALL SELECT x.kind, x.cycle, x.round, false, 'failed' FROM makeup.absences x
    WHERE x.person_id = $1 AND x.state = 'accepted' AND x.round = 'first') k
JOIN reg.applications a ON a.person_id = $1 AND a.cycle = k.cycle
LEFT JOIN reg.policies y ON y.cycle = a.cycle AND y.province = a.province
WHERE k.round = 'first' AND k.last = 'failed' AND NOT k.passed AND coalesce((y.body ->> 'makeup')::boolean, true)
AND NOT EXISTS (SELECT FROM exam.outcomes o WHERE o.person_id = $1 AND o.cycle = k.cycle AND o.kind = k.kind
    AND o.round = 'makeup' AND (o.phase <> 'annulled' OR o.barred))
AND NOT EXISTS (SELECT FROM makeup.absences x WHERE x.person_id = $1 AND x.cycle = k.cycle AND x.kind = k.kind
    AND x.round = 'makeup' AND x.state <> 'accepted') ORDER BY k.kind
"""
ADD_ASK: Final = """
INSERT INTO makeup.asks (plan_id, person_id, placed_at, from_slot, to_slot, why, at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING ask_id
"""
ASKS: Final = """
SELECT q.ask_id, q.person_id, p.name, i.name AS institution, q.from_slot, q.to_slot, q.why, q.at, q.state, q.reason
FROM makeup.asks q JOIN makeup.plans l USING (plan_id) JOIN people.persons p USING (person_id)
JOIN reg.applications a ON a.person_id = q.person_id AND a.cycle = l.cycle
JOIN people.organisations i ON i.organisation_id = a.institution_id
WHERE q.plan_id = $1 AND ($2::bigint IS NULL OR a.agency_id = $2) ORDER BY q.state = 'waiting' DESC, q.ask_id LIMIT 500
"""
ASK_LOCKED: Final = """
SELECT q.ask_id, q.plan_id, q.person_id, q.to_slot, q.state, q.placed_at FROM makeup.asks q
JOIN makeup.plans l USING (plan_id) WHERE q.ask_id = $1 AND ($2::text IS NULL OR l.province = $2) FOR UPDATE OF q
"""
PLAN_OF_ASK: Final = "SELECT plan_id FROM makeup.asks WHERE ask_id = $1"
DECIDE_ASK: Final = """
UPDATE makeup.asks SET state = $2, reason = $3, decided_by = $4, decided_at = $5 WHERE ask_id = $1
"""

# --- absences ------------------------------------------------------------------------------------------------------

# Windows that have ended and were not looked through yet.
ENDED: Final = """
SELECT s.sitting_id, s.cycle, s.province, s.kind, s.closes_at FROM exam.sittings s
WHERE s.kind <> 'practice' AND s.closes_at <= $1
AND NOT EXISTS (SELECT FROM makeup.closings c WHERE c.sitting_id = s.sitting_id AND c.closes_at = s.closes_at)
ORDER BY s.closes_at, s.sitting_id LIMIT 20
"""
ADD_CLOSING: Final = """
INSERT INTO makeup.closings (sitting_id, closes_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING sitting_id
"""
# Who was entitled to it and never began an exam of this kind and round, and can't begin one any more ($2: now). Whom
# only staff invited has no file in the cycle and nothing to lose by it.
ADD_ABSENCES: Final = """
INSERT INTO makeup.absences (person_id, cycle, kind, round, sitting_id, closed_at)
SELECT e.person_id, s.cycle, s.kind, s.round, s.sitting_id, s.closes_at
FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
JOIN reg.applications a ON a.person_id = e.person_id AND a.cycle = s.cycle
WHERE e.sitting_id = $1 AND e.state = 'open' AND NOT EXISTS (
    SELECT FROM exam.attempts t JOIN exam.sittings o USING (sitting_id)
    WHERE t.person_id = e.person_id AND o.cycle = s.cycle AND o.kind = s.kind AND o.round = s.round
    AND (t.barred OR t.phase IN ('running', 'submitted', 'marked', 'released')))
AND NOT EXISTS (SELECT FROM exam.outcomes v WHERE v.person_id = e.person_id AND v.cycle = s.cycle AND v.kind = s.kind
    AND v.round = s.round AND v.phase <> 'annulled')
AND NOT EXISTS (
    SELECT FROM exam.entitlements f JOIN exam.sittings o USING (sitting_id)
    WHERE f.person_id = e.person_id AND f.state = 'open' AND o.cycle = s.cycle AND o.kind = s.kind
    AND o.round = s.round AND o.closes_at > $2)
ORDER BY e.person_id
ON CONFLICT (person_id, cycle, kind, round) DO NOTHING RETURNING person_id
"""
# Absences that are none any more: the window was opened again, or he has sat meanwhile.
UNDO_ABSENCES: Final = """
DELETE FROM makeup.absences x USING exam.sittings s
WHERE s.sitting_id = x.sitting_id AND x.state = 'open' AND s.closes_at > $1 RETURNING x.person_id, x.cycle
"""
# $1 cycle, $2 province, $3 kind, $4 agency or null, $5 state or null, $6 the last of the page before.
ABSENCES: Final = """
SELECT x.absence_id, x.person_id, p.name, p.id_number, i.name AS institution, x.round, x.closed_at, x.state, x.said,
    x.reason, count(*) OVER ()::integer AS total
FROM makeup.absences x JOIN people.persons p USING (person_id)
JOIN reg.applications a ON a.person_id = x.person_id AND a.cycle = x.cycle
JOIN people.organisations i ON i.organisation_id = a.institution_id
WHERE x.cycle = $1 AND a.province = $2 AND x.kind = $3 AND ($4::bigint IS NULL OR a.agency_id = $4)
AND ($5::text IS NULL OR x.state = $5) AND x.absence_id > $6 ORDER BY x.absence_id LIMIT $7
"""
ABSENCE_COUNTS: Final = """
SELECT x.state, count(*)::integer AS people FROM makeup.absences x
JOIN reg.applications a ON a.person_id = x.person_id AND a.cycle = x.cycle
WHERE x.cycle = $1 AND a.province = $2 AND x.kind = $3 AND ($4::bigint IS NULL OR a.agency_id = $4) GROUP BY 1
"""
# $2: the province that decides, or null for the nation's look.
ABSENCES_LOCKED: Final = """
SELECT x.absence_id, x.person_id, x.cycle, x.kind, x.round, x.closed_at, x.state, a.province
FROM makeup.absences x JOIN reg.applications a ON a.person_id = x.person_id AND a.cycle = x.cycle
WHERE x.absence_id = ANY ($1::bigint[]) AND a.province = $2 ORDER BY x.absence_id FOR UPDATE OF x
"""
DECIDE_ABSENCE: Final = """
UPDATE makeup.absences SET state = $2, reason = $3, decided_by = $4, decided_at = $5 WHERE absence_id = $1
"""
# Who missed his make-up and was excused is placed again.
UNSEAT_ABSENT: Final = """
DELETE FROM makeup.assignments g USING makeup.plans l
WHERE g.plan_id = l.plan_id AND l.cycle = $1 AND l.kind = $2 AND g.person_id = ANY ($3::bigint[])
"""
OWN_ABSENCES: Final = """
SELECT x.absence_id, x.cycle, a.province, x.kind, x.round, x.closed_at, x.state, x.said, x.reason
FROM makeup.absences x JOIN reg.applications a ON a.person_id = x.person_id AND a.cycle = x.cycle
WHERE x.person_id = $1 ORDER BY x.absence_id DESC LIMIT 20
"""
SAY_WHY: Final = """
UPDATE makeup.absences SET said = $3 WHERE absence_id = $1 AND person_id = $2 AND state = 'open' RETURNING absence_id
"""
