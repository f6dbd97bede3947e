"""Organisations, who reviews for whom, members of staff and app accounts, as provinces and the nation keep them.

In all of them $1 (or the parameter named in a comment) is the province somebody decides for, null for all of them.
"""

# --- organisations -----------------------------------------------------------------------------------------------

_ORGANISATION = """
SELECT o.organisation_id, o.kind, o.name, o.province, coalesce(o.area, '') AS area, o.disabled, g.agency_id,
    coalesce(a.name, '') AS agency
FROM people.organisations o LEFT JOIN reg.assignments g ON g.institution_id = o.organisation_id
LEFT JOIN people.organisations a ON a.organisation_id = g.agency_id
"""
# A province sees what lies in it; the nation's own office has an address there, but is not of the province.
ORGANISATIONS = f"""{_ORGANISATION}
WHERE o.organisation_id < $2 AND ($1::text IS NULL OR (o.province = $1 AND o.kind <> 'nation'))
    AND ($3 = '' OR o.kind = $3) AND ($4 = '' OR o.name ILIKE '%' || $4 || '%')
    AND (NOT $6 OR (o.kind = 'institution' AND g.agency_id IS NULL AND NOT o.disabled))
ORDER BY o.organisation_id DESC LIMIT $5
"""
UNASSIGNED = """
SELECT count(*) FROM people.organisations o LEFT JOIN reg.assignments g ON g.institution_id = o.organisation_id
WHERE o.kind = 'institution' AND NOT o.disabled AND g.agency_id IS NULL AND ($1::text IS NULL OR o.province = $1)
"""
ORGANISATION = f"{_ORGANISATION} WHERE o.organisation_id = $1"
PHYSICIANS_OF = """
SELECT institution_id AS organisation_id, count(*) AS number FROM reg.assessment_accounts
WHERE institution_id = ANY ($1::bigint[]) AND state <> 'transferred' GROUP BY 1
UNION ALL
SELECT g.agency_id, count(*) FROM reg.assignments g JOIN reg.assessment_accounts a USING (institution_id)
WHERE g.agency_id = ANY ($1::bigint[]) AND a.state <> 'transferred' GROUP BY 1
"""
STAFF_OF = """
SELECT organisation_id, count(*) AS number FROM people.accounts
WHERE organisation_id = ANY ($1::bigint[]) AND role <> 'physician' AND NOT disabled GROUP BY 1
"""
ADD_ORGANISATION = """
INSERT INTO people.organisations (kind, name, province, area) VALUES ($1, $2, $3, $4) RETURNING organisation_id
"""
# $3: the kinds that may be changed.
ORGANISATION_LOCKED = """
SELECT o.kind, o.name, o.province, coalesce(o.area, '') AS area, o.disabled FROM people.organisations o
WHERE o.organisation_id = $2 AND ($1::text IS NULL OR o.province = $1) AND o.kind = ANY ($3::text[]) FOR UPDATE
"""
SET_ORGANISATION = "UPDATE people.organisations SET name = $2, area = $3, disabled = $4 WHERE organisation_id = $1"
# What keeps an organisation from being closed: its physicians, those it reviews for, its exams, its province; and who
# works there, because an account is disabled for itself, with a reason and its sessions ended.
STAFF_LEFT = """
SELECT count(*) FROM people.accounts WHERE organisation_id = $1 AND role <> 'physician' AND NOT disabled
"""
IN_USE = """
SELECT EXISTS (SELECT FROM reg.assessment_accounts WHERE institution_id = $1 AND state <> 'transferred')
    OR EXISTS (SELECT FROM reg.assignments WHERE agency_id = $1)
    OR EXISTS (SELECT FROM exam.sittings WHERE agency_id = $1 AND kind <> 'practice' AND closes_at > now())
    OR EXISTS (SELECT FROM people.organisations p JOIN people.organisations o USING (province)
        WHERE p.organisation_id = $1 AND p.kind = 'province' AND o.kind IN ('institution', 'agency') AND NOT o.disabled)
"""
AGENCY_HELD = """
SELECT name, disabled FROM people.organisations
WHERE organisation_id = $1 AND kind = 'agency' AND province = $2 FOR SHARE
"""
ASSIGNED = "SELECT agency_id FROM reg.assignments WHERE institution_id = $1 FOR UPDATE"
ASSIGN = """
INSERT INTO reg.assignments (institution_id, agency_id) VALUES ($1, $2)
ON CONFLICT (institution_id) DO UPDATE SET agency_id = excluded.agency_id
"""
# Applications that can still bring something to review follow, with every part that is not past its agency. They are
# locked in the order of their numbers: a reviewer holds one of them, and two assignments meet in the same order.
APPLICATIONS_LOCKED = """
SELECT p.application_id FROM reg.applications p
WHERE p.institution_id = $1 AND p.cycle = $2 AND NOT EXISTS (SELECT FROM reg.files f
    WHERE f.application_id = p.application_id AND f.subject = 'profile'
    AND f.state IN ('rejected', 'deferred', 'closed', 'not_enrolled'))
ORDER BY p.application_id FOR UPDATE
"""
MOVE_APPLICATIONS = """
UPDATE reg.applications SET agency_id = $2
WHERE application_id = ANY ($1::bigint[]) AND agency_id IS DISTINCT FROM $2 RETURNING application_id
"""
# Another agency has other exams: what they may sit is looked at again.
UNSETTLE_MOVED = """
INSERT INTO exam.unsettled (person_id, cycle) SELECT person_id, cycle FROM reg.applications
WHERE application_id = ANY ($1::bigint[]) ORDER BY person_id ON CONFLICT DO NOTHING
"""
MOVE_FILES = """
UPDATE reg.files SET agency_id = $2,
    opened_by = CASE WHEN state = 'agy_review' THEN NULL ELSE opened_by END,
    opened_at = CASE WHEN state = 'agy_review' THEN NULL ELSE opened_at END
WHERE application_id = ANY ($1::bigint[]) AND agency_id IS DISTINCT FROM $2
    AND state IN ('draft', 'org_review', 'org_returned', 'agy_returned', 'agy_review') RETURNING file_id
"""

# --- staff -------------------------------------------------------------------------------------------------------

_STAFF = """
SELECT c.account_id, p.name, c.login, c.role, coalesce(o.name, '') AS organisation, c.organisation_id, c.disabled,
    c.created_at AS made_at
FROM people.accounts c JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o ON o.organisation_id = c.organisation_id
"""
# $2: the roles the caller keeps.
_KEPT = """c.role = ANY ($2::text[])
    AND ($1::text IS NULL OR (o.province = $1 AND o.kind <> 'nation'))"""
STAFF = f"""{_STAFF} WHERE {_KEPT} AND c.account_id < $3 AND ($4 = '' OR c.role = $4)
    AND ($5 = '' OR p.name LIKE $5 || '%' OR c.login LIKE lower($5) || '%')
ORDER BY c.account_id DESC LIMIT $6
"""
MEMBER = f"{_STAFF} WHERE {_KEPT} AND c.account_id = $3"
MEMBER_LOCKED = f"{MEMBER} FOR UPDATE OF c"
# Held, so that it can't be closed before the account is there.
PLACE_HELD = """
SELECT kind, disabled FROM people.organisations o
WHERE o.organisation_id = $2 AND ($1::text IS NULL OR (o.province = $1 AND o.kind <> 'nation')) FOR SHARE
"""
PERSON_OF_NUMBER = "SELECT person_id, name FROM people.persons WHERE id_number = $1"
SET_DISABLED = "UPDATE people.accounts SET disabled = $2 WHERE account_id = $1"
SET_PASSWORD = "UPDATE people.accounts SET password_hash = $2 WHERE account_id = $1"  # noqa: S105  a statement
END_SESSIONS = "DELETE FROM people.sessions WHERE account_id = $1 RETURNING token_hash"

# --- app accounts ------------------------------------------------------------------------------------------------

# Of a province: bound in it, or certified as somebody whose registration is there; the nation keeps the rest.
_APP_ACCOUNT = """
FROM reg.app_accounts a JOIN people.accounts c USING (account_id)
LEFT JOIN reg.assessment_accounts b ON b.account_id = a.account_id
LEFT JOIN reg.registry r ON r.id_number = a.id_number AND a.state = 'certified'
WHERE ($1::text IS NULL OR b.province = $1 OR (b.province IS NULL AND r.province = $1))"""
# $3: a whole number, its last four digits, or how a name begins; $4 says which (phone, tail, name), or is empty.
APP_ACCOUNTS = f"""
SELECT a.account_id, a.phone, a.state, coalesce(a.name, '') AS name, a.id_number, c.created_at AS made_at,
    b.account_id IS NOT NULL AS bound
{_APP_ACCOUNT} AND a.account_id < $2 AND CASE $4 WHEN 'phone' THEN a.phone = $3 WHEN 'tail' THEN right(a.phone, 4) = $3
    WHEN 'name' THEN a.name LIKE $3 || '%' ELSE true END
ORDER BY a.account_id DESC LIMIT $5
"""
APP_ACCOUNT = f"SELECT a.account_id {_APP_ACCOUNT} AND a.account_id = $2"
# First the assessment account, then the app account: in the order of a reset or a transfer.
BOUND_LOCKED = "SELECT assessment_id FROM reg.assessment_accounts WHERE account_id = $1 FOR UPDATE"
APP_ACCOUNT_LOCKED = """
SELECT a.state, a.stand_in_id, c.person_id, b.assessment_id, b.province
FROM reg.app_accounts a JOIN people.accounts c USING (account_id)
LEFT JOIN reg.assessment_accounts b ON b.account_id = a.account_id
WHERE a.account_id = $1 FOR UPDATE OF a, c
"""
UNBIND = """
UPDATE reg.assessment_accounts SET state = 'unbound', account_id = NULL, bound_at = NULL, password_hash = NULL,
    version = version + 1 WHERE account_id = $1 AND state = 'bound' RETURNING assessment_id
"""
FORGET_IDENTITY = """
UPDATE reg.app_accounts SET state = $2, name = NULL, id_type = NULL, id_number = NULL, practice_place = NULL,
    title = NULL, failed_fields = '{}', certified_at = NULL WHERE account_id = $1
"""
STAND_IN = """
UPDATE people.accounts SET person_id = $2, organisation_id = NULL, disabled = $3 WHERE account_id = $1
"""
