"""Tables result.paper_list, paper_imports, paper_lines and paper_scores: exams sat on paper (domain.md R-901)."""

from typing import Final

# $3, $4: the agency and the province that are limited to; null: not.
PERSON: Final = """
SELECT a.person_id, a.application_id, a.province, a.institution_id, a.agency_id, a.procedure, p.name, f.state AS profile
FROM people.persons p JOIN reg.applications a USING (person_id)
LEFT JOIN reg.files f ON f.application_id = a.application_id AND f.subject = 'profile'
WHERE p.id_number = $1 AND a.cycle = $2 AND ($3::bigint IS NULL OR a.agency_id = $3)
  AND ($4::text IS NULL OR a.province = $4) FOR NO KEY UPDATE OF a
"""
BEGUN: Final = """
SELECT EXISTS (SELECT FROM exam.attempts t JOIN exam.sittings s USING (sitting_id)
        WHERE t.person_id = $1 AND s.cycle = $2 AND s.kind = $3 AND s.round = $4
          AND t.phase IN ('running', 'submitted', 'marked', 'released'))
    OR EXISTS (SELECT FROM result.paper_scores c
        WHERE c.person_id = $1 AND c.cycle = $2 AND c.kind = $3 AND c.round = $4)
"""
MAKEUP_DUE: Final = """
SELECT EXISTS (SELECT FROM exam.outcomes o WHERE o.person_id = $1 AND o.cycle = $2 AND o.kind = $3 AND o.round = 'first'
        AND o.phase = 'released' AND NOT o.passed)
    OR EXISTS (SELECT FROM makeup.absences b WHERE b.person_id = $1 AND b.cycle = $2 AND b.kind = $3
        AND b.round = 'first' AND b.state = 'accepted')
"""
ADD_PERSON: Final = """
INSERT INTO result.paper_list (person_id, cycle, province, institution_id, agency_id, kind, round, reason, account_id,
    at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (person_id, cycle, kind, round) WHERE removed_at IS NULL DO NOTHING RETURNING paper_id
"""
UNSETTLE: Final = "INSERT INTO exam.unsettled (person_id, cycle) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_PEOPLE: Final = """
SELECT l.paper_id, l.cycle, l.kind, l.round, p.name, p.id_number, o.name AS institution, l.reason, w.name AS by, l.at,
    CASE WHEN l.removed_at IS NOT NULL THEN 'removed' WHEN c.score_id IS NOT NULL THEN 'scored' ELSE 'listed' END
        AS state, c.points, c.passed
FROM result.paper_list l JOIN people.persons p USING (person_id)
JOIN people.organisations o ON o.organisation_id = l.institution_id
JOIN people.accounts a ON a.account_id = l.account_id JOIN people.persons w ON w.person_id = a.person_id
LEFT JOIN result.paper_scores c USING (paper_id)
"""
PEOPLE: Final = f"""
SELECT * FROM ({_PEOPLE} WHERE l.cycle = $1 AND ($2::bigint IS NULL OR l.agency_id = $2)
    AND ($3::text IS NULL OR l.province = $3) AND l.paper_id < $4 AND ($5::text = '' OR l.kind = $5)
    AND (p.name LIKE $7 || '%' OR p.id_number LIKE '%' || $7)) e
WHERE $6::text = '' OR e.state = $6 ORDER BY e.paper_id DESC LIMIT $8
"""
ONE: Final = f"{_PEOPLE} WHERE l.paper_id = $1"
LOCKED: Final = """
SELECT l.paper_id, l.person_id, l.cycle, l.province, l.agency_id, l.removed_at,
    EXISTS (SELECT FROM result.paper_scores c WHERE c.paper_id = l.paper_id) AS scored
FROM result.paper_list l WHERE l.paper_id = $1 FOR UPDATE
"""
REMOVE: Final = """
UPDATE result.paper_list SET removed_at = $2, removed_by = $3, removed_why = $4 WHERE paper_id = $1
"""

# --- imports -----------------------------------------------------------------------------------------------------

LISTED: Final = """
SELECT p.id_number, p.name, l.kind, l.round, l.paper_id,
    EXISTS (SELECT FROM result.paper_scores c WHERE c.paper_id = l.paper_id) AS scored
FROM result.paper_list l JOIN people.persons p USING (person_id)
WHERE l.cycle = $1 AND ($2::bigint IS NULL OR l.agency_id = $2) AND ($3::text IS NULL OR l.province = $3)
  AND l.removed_at IS NULL AND p.id_number = ANY ($4::text[])
"""
ADD_IMPORT: Final = """
INSERT INTO result.paper_imports (cycle, province, agency_id, account_id, person_id, title, digest, pass_points, total,
    at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING import_id
"""
ADD_LINES: Final = """
INSERT INTO result.paper_lines (import_id, line, paper_id, name, id_number, kind, round, points, sheet_no, batch,
    column_name, problem)
SELECT $1, * FROM unnest($2::integer[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[],
    $9::text[], $10::text[], $11::text[], $12::text[])
"""
_IMPORT: Final = """
SELECT i.import_id, i.cycle, i.province, i.agency_id, i.person_id, i.title, i.digest, i.pass_points, i.total, i.at,
    i.state, i.decided_at, i.reason, w.name AS by, coalesce(d.name, '') AS decided_by,
    (SELECT count(*) FROM result.paper_lines l WHERE l.import_id = i.import_id AND l.problem = '')::integer AS right
FROM result.paper_imports i JOIN people.accounts a ON a.account_id = i.account_id
JOIN people.persons w ON w.person_id = a.person_id
LEFT JOIN people.persons d ON d.person_id = i.decided_by
"""
IMPORT: Final = f"{_IMPORT} WHERE i.import_id = $1"
IMPORT_LOCKED: Final = f"{IMPORT} FOR UPDATE OF i"
IMPORTS: Final = f"""{_IMPORT} WHERE i.cycle = $1 AND ($2::bigint IS NULL OR i.agency_id = $2)
  AND ($3::text IS NULL OR i.province = $3) ORDER BY i.import_id DESC LIMIT 100"""
LINES: Final = """
SELECT line, name, id_number, kind, round, points, sheet_no, batch, column_name, problem FROM result.paper_lines
WHERE import_id = $1 ORDER BY line
"""
# Only what is still listed and has no score; the caller compares how many.
ADD_SCORES: Final = """
INSERT INTO result.paper_scores (paper_id, person_id, cycle, kind, round, points, pass_points, passed, sheet_no, batch,
    import_id, at)
SELECT l.paper_id, p.person_id, p.cycle, l.kind, l.round, l.points, $2, l.points >= $2, l.sheet_no, l.batch, $1, $3
FROM result.paper_lines l JOIN result.paper_list p USING (paper_id)
WHERE l.import_id = $1 AND l.problem = '' AND p.removed_at IS NULL ORDER BY l.paper_id
ON CONFLICT DO NOTHING RETURNING person_id
"""
UNSETTLE_MANY: Final = """
INSERT INTO exam.unsettled (person_id, cycle) SELECT DISTINCT unnest($1::bigint[]), $2::integer ORDER BY 1
ON CONFLICT DO NOTHING
"""
DECIDE: Final = """
UPDATE result.paper_imports SET state = $2, decided_account = $3, decided_by = $4, decided_at = $5, reason = $6
WHERE import_id = $1
"""
