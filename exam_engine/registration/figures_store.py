"""How far everybody is, what is exported, and the audit log: read only.

One statement for each scope and not one with "or null" in it, so that each has a plan of its own: an institution's is
a few index look-ups, a province's a pass over everything. $1 is the cycle, $2 whose scope it is.
"""

from typing import Final

DAYS: Final = 30  # today among them

# --- steps: live assessment accounts by how their profile and evaluation stand --------------------------------------

_STANDINGS = """, a.state, p.state AS profile, e.state AS evaluation, count(*) AS number
FROM reg.assessment_accounts a
LEFT JOIN reg.files p ON p.cycle = $1 AND p.subject = 'profile' AND p.person_id = a.person_id
LEFT JOIN reg.files e ON e.cycle = $1 AND e.subject = 'evaluation' AND e.person_id = a.person_id
WHERE a.state <> 'transferred'"""
_BY_INSTITUTION = f"SELECT a.institution_id AS place{_STANDINGS}"
STEPS_OF_INSTITUTION = f"{_BY_INSTITUTION} AND a.institution_id = $2 GROUP BY 1, 2, 3, 4"
STEPS_OF_AGENCY = f"""{_BY_INSTITUTION}
    AND a.institution_id IN (SELECT institution_id FROM reg.assignments WHERE agency_id = $2) GROUP BY 1, 2, 3, 4"""
STEPS_OF_PROVINCE = f"{_BY_INSTITUTION} AND a.province = $2 GROUP BY 1, 2, 3, 4"
STEPS_OF_NATION = f"SELECT a.province AS place{_STANDINGS} GROUP BY 1, 2, 3, 4"
STEPS: Final = {
    "institution": STEPS_OF_INSTITUTION,
    "agency": STEPS_OF_AGENCY,
    "province": STEPS_OF_PROVINCE,
    "nation": STEPS_OF_NATION,
}
INSTITUTIONS = """
SELECT o.organisation_id, o.name, coalesce(a.name, '') AS agency FROM people.organisations o
LEFT JOIN reg.assignments g ON g.institution_id = o.organisation_id
LEFT JOIN people.organisations a ON a.organisation_id = g.agency_id
WHERE o.organisation_id = ANY ($1::bigint[]) ORDER BY o.name, o.organisation_id
"""
OFFICES = """
SELECT DISTINCT ON (province) province, organisation_id, name FROM people.organisations
WHERE kind = 'province' AND NOT disabled ORDER BY province, organisation_id
"""

# --- days: what happened on each, in Shanghai; from $1 to before $2 ---------------------------------------------------

_HAPPENED = """
SELECT (m.at AT TIME ZONE 'Asia/Shanghai')::date AS day, m.event, count(*) AS number FROM reg.moves m"""
_WHEN = "m.at >= $1 AND m.at < $2 AND m.event IN ('submit', 'approve', 'return')"
_OF_APPLICATION = f"{_HAPPENED} JOIN reg.applications a USING (application_id) WHERE {_WHEN}"
DAYS_OF_INSTITUTION = f"{_OF_APPLICATION} AND a.institution_id = $3 GROUP BY 1, 2"
DAYS_OF_AGENCY = f"{_OF_APPLICATION} AND a.agency_id = $3 GROUP BY 1, 2"
DAYS_OF_PROVINCE = f"{_OF_APPLICATION} AND a.province = $3 GROUP BY 1, 2"
DAYS_OF_NATION = f"{_HAPPENED} WHERE {_WHEN} GROUP BY 1, 2"
DAYS_OF: Final = {
    "institution": DAYS_OF_INSTITUTION,
    "agency": DAYS_OF_AGENCY,
    "province": DAYS_OF_PROVINCE,
    "nation": DAYS_OF_NATION,
}

# --- export: $2 and $3 are a subject and a state, or empty for all; $4 is whose scope it is --------------------------

_LINES = """
SELECT f.name, f.id_number, f.province, o.name AS institution, coalesce(g.name, '') AS agency, f.department,
    f.category, f.procedure, f.subject, f.state, f.reason, f.submitted_at, f.moved_at, f.due_at
FROM reg.files f JOIN people.organisations o ON o.organisation_id = f.institution_id
LEFT JOIN people.organisations g ON g.organisation_id = f.agency_id
WHERE f.cycle = $1 AND ($2 = '' OR f.subject = $2) AND ($3 = '' OR f.state = $3)"""
_IN_ORDER = "ORDER BY f.institution_id, f.subject, f.file_id"
LINES_OF_INSTITUTION = f"{_LINES} AND f.institution_id = $4 {_IN_ORDER}"
LINES_OF_AGENCY = f"{_LINES} AND f.agency_id = $4 {_IN_ORDER}"
LINES_OF_PROVINCE = f"{_LINES} AND f.province = $4 {_IN_ORDER}"
LINES_OF_NATION = f"{_LINES} {_IN_ORDER}"
LINES: Final = {
    "institution": LINES_OF_INSTITUTION,
    "agency": LINES_OF_AGENCY,
    "province": LINES_OF_PROVINCE,
    "nation": LINES_OF_NATION,
}

# --- the audit log: $1 is the key a page begins after, $2 how many ----------------------------------------------------

_RECORD = """
SELECT l.audit_id, l.at, coalesce(p.name, '') AS by, l.role, coalesce(o.name, '') AS organisation, l.act, l.subject,
    l.facts, l.address
FROM page l LEFT JOIN people.accounts c USING (account_id) LEFT JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o ON o.organisation_id = c.organisation_id ORDER BY l.audit_id DESC"""
_NEWEST = "ORDER BY l.audit_id DESC LIMIT $2"
# A province reads what was done by whoever works or is enrolled in an organisation of its own, $3, and what the nation
# did about it by name, or about all of them ('00'); what nobody did is not the province's. The accounts come first: few
# of them are found by their index, of many a page is soon full.
_PROVINCE = """WITH own AS MATERIALIZED (SELECT c.account_id FROM people.accounts c
    JOIN people.organisations o USING (organisation_id) WHERE o.province = $3 AND o.kind <> 'nation'),
nation AS MATERIALIZED (SELECT c.account_id FROM people.accounts c
    JOIN people.organisations o USING (organisation_id) WHERE o.kind = 'nation'),
page AS ("""
_BY_OWN = "SELECT * FROM people.audit l WHERE l.audit_id < $1 AND l.account_id IN (SELECT account_id FROM own)"
_BY_NATION = """SELECT * FROM people.audit l WHERE l.audit_id < $1 AND l.account_id IN (SELECT account_id FROM nation)
    AND l.facts ->> 'province' IN ($3, '00')"""
_EITHER = f") l {_NEWEST}){_RECORD}"
_ALL = "WITH page AS (SELECT * FROM people.audit l WHERE l.audit_id < $1"
# What an act is, what a subject begins with, whose accounts are named.
_SOUGHT = "AND (l.act = $3 OR l.subject LIKE $4 || '%' OR l.account_id = ANY ($5::bigint[]))"
_SOUGHT_THERE = "AND (l.act = $4 OR l.subject LIKE $5 || '%' OR l.account_id = ANY ($6::bigint[]))"
RECORDS = f"{_ALL} {_NEWEST}){_RECORD}"
RECORDS_OF_PROVINCE = f"{_PROVINCE}SELECT * FROM (({_BY_OWN} {_NEWEST}) UNION ALL ({_BY_NATION} {_NEWEST}){_EITHER}"
RECORDS_SOUGHT = f"{_ALL} {_SOUGHT} {_NEWEST}){_RECORD}"
RECORDS_SOUGHT_OF_PROVINCE = (
    f"{_PROVINCE}SELECT * FROM (({_BY_OWN} {_SOUGHT_THERE} {_NEWEST}) UNION ALL "
    f"({_BY_NATION} {_SOUGHT_THERE} {_NEWEST}){_EITHER}"
)
ACCOUNTS_NAMED = """
SELECT c.account_id FROM people.accounts c JOIN people.persons p USING (person_id)
WHERE c.login LIKE lower($1) || '%' OR p.name LIKE $1 || '%' ORDER BY c.account_id LIMIT 1000
"""
