"""Rows of exam.sittings as those see them who make them; `store.py` has what the exam itself needs of them."""

from typing import Final

# $1 agency or null, $2 province or null: whose sittings they are.
_SCOPE: Final = "($1::bigint IS NULL OR s.agency_id = $1) AND ($2::text IS NULL OR s.province = $2)"
_MADE: Final = """
SELECT s.sitting_id, s.version, s.province, s.cycle, s.kind, s.round, s.title, s.agency_id, o.name AS agency,
    s.opens_at, s.closes_at, s.pool, s.item_count, s.points_per_item, s.pass_points, s.blueprint_id, s.draft,
    coalesce(b.name, s.blueprint ->> 'code') AS blueprint_name, coalesce(s.blueprint_number, 0) AS number, s.audience,
    s.by_invitation, s.policy, s.blueprint,
    (SELECT count(*) FROM exam.entitlements e WHERE e.sitting_id = s.sitting_id) AS entitled,
    (SELECT count(*) FROM exam.attempts a WHERE a.sitting_id = s.sitting_id) AS entered,
    coalesce((SELECT min(p.state) FROM exam.plans p WHERE p.sitting_id = s.sitting_id
        AND p.state IN ('current', 'draft')), 'none') AS plan
FROM exam.sittings s JOIN people.organisations o ON o.organisation_id = s.agency_id
LEFT JOIN exam.blueprints b USING (blueprint_id)"""
_ORDER: Final = "ORDER BY s.opens_at DESC, s.sitting_id DESC LIMIT 500"
LIST: Final = f"{_MADE} WHERE {_SCOPE} AND ($3::integer IS NULL OR s.cycle = $3) {_ORDER}"
ONE: Final = f"{_MADE} WHERE {_SCOPE} AND s.sitting_id = $3"
# Whoever enters takes a share of this lock: nobody enters while something of the exam is decided.
LOCK: Final = f"SELECT s.sitting_id FROM exam.sittings s WHERE {_SCOPE} AND s.sitting_id = $3 FOR UPDATE"  # noqa: S608  of constants
ADD: Final = """
INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool, item_count,
    points_per_item, pass_points, policy, blueprint, audience, by_invitation, blueprint_id, blueprint_number, draft)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::json, $14::json, $15, $16, $17, $18, true)
RETURNING sitting_id
"""
SAVE: Final = """
UPDATE exam.sittings SET cycle = $2, kind = $3, round = $4, title = $5, province = $6, agency_id = $7, opens_at = $8,
    closes_at = $9, pool = $10, item_count = $11, points_per_item = $12, pass_points = $13, policy = $14::json,
    blueprint = $15::json, audience = $16, by_invitation = $17, blueprint_id = $18, blueprint_number = $19,
    version = version + 1
WHERE sitting_id = $1
"""
IN_MAKEUP_PLAN: Final = "SELECT EXISTS (SELECT FROM makeup.sittings WHERE sitting_id = $1)"
ANNOUNCE: Final = "UPDATE exam.sittings SET draft = false, version = version + 1 WHERE sitting_id = $1"
OUTDATE_PLANS: Final = """
UPDATE exam.plans SET state = 'replaced' WHERE sitting_id = $1 AND state IN ('draft', 'current')
"""
DROP_STAFF: Final = "DELETE FROM exam.sitting_staff WHERE sitting_id = $1"
DELETE: Final = "DELETE FROM exam.sittings WHERE sitting_id = $1"
AGENCIES: Final = """
SELECT organisation_id AS agency_id, name, province FROM people.organisations
WHERE kind = 'agency' AND NOT disabled AND ($1::bigint IS NULL OR organisation_id = $1)
    AND ($2::text IS NULL OR province = $2) ORDER BY province, name LIMIT 1000
"""
AGENCY: Final = """
SELECT organisation_id FROM people.organisations
WHERE organisation_id = $1 AND kind = 'agency' AND NOT disabled AND province = $2
"""
