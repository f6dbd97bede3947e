"""Table exam.plans: plans of papers with their certificates. Everything here goes by the scope of the sitting."""

from typing import Final

# $1 agency or null, $2 province or null: whose sittings they are.
_SCOPE: Final = "($1::bigint IS NULL OR s.agency_id = $1) AND ($2::text IS NULL OR s.province = $2)"
_PLAN: Final = """
p.plan_id, p.sitting_id, p.mode, p.seed, p.asked, p.state, p.progress, p.failed, p.said, p.digest, p.at, p.approved_at,
    coalesce(made.name, '') AS by, coalesce(said.name, '') AS approved_by, p.heard_at,
    (SELECT bool_and((g ->> 'met')::boolean OR NOT (g ->> 'applies')::boolean)
        AND json_array_length(p.certificate -> 'broken') = 0 FROM json_array_elements(p.certificate -> 'goals') g)
        AS goals_met"""
_FROM: Final = """
FROM exam.plans p JOIN exam.sittings s USING (sitting_id)
LEFT JOIN people.accounts am ON am.account_id = p.account_id
LEFT JOIN people.persons made ON made.person_id = am.person_id
LEFT JOIN people.accounts aa ON aa.account_id = p.approved_by
LEFT JOIN people.persons said ON said.person_id = aa.person_id"""
SITTING: Final = f"SELECT s.sitting_id FROM exam.sittings s WHERE {_SCOPE} AND s.sitting_id = $3"  # noqa: S608
SITTING_LOCKED: Final = f"{SITTING} FOR UPDATE"
LIST: Final = f"SELECT {_PLAN} {_FROM} WHERE {_SCOPE} AND p.sitting_id = $3 ORDER BY p.plan_id DESC LIMIT 50"
ONE: Final = f"SELECT {_PLAN}, p.forms, p.certificate {_FROM} WHERE {_SCOPE} AND p.plan_id = $3"
ENTERED: Final = "SELECT EXISTS (SELECT FROM exam.attempts WHERE sitting_id = $1)"
SILENT_S: Final = 60
# Whoever made it is gone: its process was stopped. Nothing waits for it any longer.
GIVE_UP: Final = """
UPDATE exam.plans SET state = 'failed', failed = 'interrupted'
WHERE sitting_id = $1 AND state = 'making' AND heard_at < now() - make_interval(secs => $2)
"""
ADD: Final = """
INSERT INTO exam.plans (sitting_id, mode, seed, asked, account_id) VALUES ($1, $2, $3, $4::json, $5)
ON CONFLICT (sitting_id) WHERE state = 'making' DO NOTHING RETURNING plan_id
"""
HEARD: Final = "UPDATE exam.plans SET progress = $2, heard_at = now() WHERE plan_id = $1 AND state = 'making'"
ALIVE: Final = "UPDATE exam.plans SET heard_at = now() WHERE plan_id = $1 AND state = 'making'"
MADE: Final = """
UPDATE exam.plans SET state = 'draft', progress = 100, forms = $2::json, certificate = $3::json, digest = $4
WHERE plan_id = $1 AND state = 'making'
"""
FAILED: Final = """
UPDATE exam.plans SET state = 'failed', failed = $2, said = $3 WHERE plan_id = $1 AND state = 'making'
"""
REPLACE: Final = "UPDATE exam.plans SET state = 'replaced' WHERE sitting_id = $1 AND state = 'current'"
APPROVE: Final = """
UPDATE exam.plans SET state = 'current', approved_by = $2, approved_at = now(), reason = $3 WHERE plan_id = $1
"""
DROP: Final = "DELETE FROM exam.plans WHERE plan_id = $1 AND state <> 'current'"
DROP_OF_SITTING: Final = "DELETE FROM exam.plans WHERE sitting_id = $1"
# $2: more papers than that are too many. A set of which one item is worn out is left out as a whole by the pool.
WORN: Final = """
SELECT e.item_id FROM bank.exposure e JOIN bank.items i USING (item_id) JOIN exam.sittings s ON s.pool = i.pool
WHERE s.sitting_id = $1 GROUP BY e.item_id HAVING sum(e.papers) > $2 ORDER BY e.item_id
"""
LEFT_OUT: Final = "SELECT asked FROM exam.plans WHERE sitting_id = $1 AND state = 'current'"
CYCLE: Final = "SELECT cycle FROM exam.sittings WHERE sitting_id = $1"
CURRENT: Final = "SELECT plan_id FROM exam.plans WHERE sitting_id = $1 AND state = 'current'"
BODY: Final = "SELECT mode, seed, forms FROM exam.plans WHERE plan_id = $1"
# What first-round forms of the same exam hold: a make-up's forms leave it out.
FIRST_FORMS: Final = """
SELECT p.forms FROM exam.plans p JOIN exam.sittings f USING (sitting_id) JOIN exam.sittings s ON s.sitting_id = $1
WHERE p.state = 'current' AND s.round = 'makeup' AND f.round = 'first' AND f.cycle = s.cycle AND f.kind = s.kind
    AND f.province = s.province
"""
TO_PLAN: Final = """
SELECT s.pool, s.blueprint, s.pass_points, s.points_per_item, s.item_count, s.audience, s.kind, s.round
FROM exam.sittings s WHERE s.sitting_id = $1
"""
# For whom its papers are: category, specialty and level of the profiles entitled to it.
PEOPLE: Final = """
SELECT DISTINCT coalesce(f.body ->> 'category', '') AS category, coalesce(f.body ->> 'exam_specialty', '') AS specialty,
    coalesce(f.body ->> 'level', '') AS level
FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
JOIN reg.applications a ON a.person_id = e.person_id AND a.cycle = s.cycle
JOIN reg.files f ON f.application_id = a.application_id AND f.subject = 'profile'
WHERE e.sitting_id = $1 ORDER BY 1, 2, 3 LIMIT 200
"""
PERSON: Final = """
SELECT coalesce(f.body ->> 'category', '') AS category, coalesce(f.body ->> 'exam_specialty', '') AS specialty,
    coalesce(f.body ->> 'level', '') AS level
FROM exam.sittings s JOIN reg.applications a ON a.person_id = $2 AND a.cycle = s.cycle
JOIN reg.files f ON f.application_id = a.application_id AND f.subject = 'profile'
WHERE s.sitting_id = $1
"""
