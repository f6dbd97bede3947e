"""What the desks of statistics and rescoring ask of exam.* and bank.*."""

from typing import Final

from exam_engine.store import SCOPE

# $1 to $4: whose scope (exam_engine/store.py). The nation's authors look into all sittings, those of a province into
# its sittings of its own pools.
_SCOPE: Final = f"""({SCOPE} OR ($2 = 'author' AND EXISTS (SELECT FROM people.organisations o
    WHERE o.organisation_id = $3 AND (o.kind = 'nation' OR (o.kind = 'province' AND o.province = s.province
        AND EXISTS (SELECT FROM bank.pools b WHERE b.pool = s.pool AND b.province = o.province))))))"""
MAY_LOOK: Final = f"SELECT EXISTS (SELECT FROM exam.sittings s WHERE s.sitting_id = $5 AND {_SCOPE})"
NATIONAL: Final = "SELECT kind = 'nation' FROM people.organisations WHERE organisation_id = $1"
SITTINGS: Final = f"""
SELECT s.sitting_id, s.title, s.kind, s.round, s.province, s.opens_at, s.closes_at,
    count(a.attempt_id) FILTER (WHERE a.phase <> 'annulled')::integer AS entered,
    count(a.attempt_id) FILTER (WHERE a.phase IN ('marked', 'released'))::integer AS marked,
    EXISTS (SELECT FROM exam.releases r WHERE r.sitting_id = s.sitting_id) AS released,
    coalesce((s.scheme ->> 'edition')::integer, 0) AS edition
FROM exam.sittings s LEFT JOIN exam.attempts a USING (sitting_id) WHERE {_SCOPE}
GROUP BY s.sitting_id ORDER BY s.closes_at DESC, s.sitting_id LIMIT 500
"""
SITTING_IDS: Final = f"""
SELECT s.sitting_id, s.title, coalesce((s.scheme ->> 'edition')::integer, 0) AS edition
FROM exam.sittings s WHERE {_SCOPE} AND ($5::bigint IS NULL OR s.sitting_id = $5) ORDER BY s.sitting_id DESC LIMIT 2000
"""
SECTION_COUNT: Final = """
SELECT json_array_length(coalesce(blueprint -> 'sections', '[]')) FROM exam.sittings WHERE sitting_id = $1
"""
MARKING_BEGUN: Final = """
SELECT EXISTS (SELECT FROM exam.attempts WHERE sitting_id = $1 AND phase IN ('marked', 'released'))
"""
# Locked, so that of two who change it one sees what the other did.
SCHEME_LOCKED: Final = """
SELECT coalesce((scheme ->> 'edition')::integer, 0) AS edition FROM exam.sittings WHERE sitting_id = $1 FOR UPDATE
"""
SET_SCHEME: Final = "UPDATE exam.sittings SET scheme = $2::json WHERE sitting_id = $1"
TO_RESCORE: Final = """
SELECT count(*)::integer FROM exam.attempts WHERE sitting_id = $1 AND phase IN ('marked', 'released')
"""
PARAMETERS: Final = "SELECT a, b, p, n, model, at FROM bank.parameters WHERE item_id = $1 AND version = $2"
NAMES: Final = """
SELECT a.attempt_id, p.name FROM exam.attempts a JOIN people.persons p USING (person_id)
WHERE a.attempt_id = ANY ($1::bigint[])
"""
