"""App accounts, codes by SMS, certification, binding and the notice: tables reg.app_accounts to reg.agreements."""

from typing import Final

ADD_CODE: Final = """
INSERT INTO reg.codes (phone, purpose, code_hash, sent_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (phone, purpose) DO UPDATE SET code_hash = excluded.code_hash, sent_at = excluded.sent_at, tries = 0
    WHERE codes.sent_at <= $5 RETURNING phone
"""
SENT_AT: Final = "SELECT sent_at FROM reg.codes WHERE phone = $1 AND purpose = $2"
CODE_LOCKED: Final = "SELECT code_hash, sent_at, tries FROM reg.codes WHERE phone = $1 AND purpose = $2 FOR UPDATE"
TRIED: Final = "UPDATE reg.codes SET tries = tries + 1 WHERE phone = $1 AND purpose = $2"
DROP_CODE: Final = "DELETE FROM reg.codes WHERE phone = $1 AND purpose = $2"
DROP_OLD_CODES: Final = "DELETE FROM reg.codes WHERE sent_at < $1"

ADD_APP_ACCOUNT: Final = """
INSERT INTO reg.app_accounts (account_id, phone, stand_in_id, terms_version) VALUES ($1, $2, $3, $4)
"""
ACCOUNT_OF_PHONE: Final = """
SELECT w.account_id, a.person_id, a.disabled FROM reg.app_accounts w JOIN people.accounts a USING (account_id)
WHERE w.phone = $1
"""
SET_HASH: Final = "UPDATE people.accounts SET password_hash = $2 WHERE account_id = $1"
DROP_SESSIONS: Final = "DELETE FROM people.sessions WHERE account_id = $1 RETURNING token_hash"
PERSON_OF_LOGIN: Final = "SELECT person_id FROM people.accounts WHERE login = $1 AND role = 'physician'"

APP_ACCOUNT: Final = """
SELECT account_id, phone, state, name, id_type, id_number, practice_place, title, failed_fields, stand_in_id
FROM reg.app_accounts WHERE account_id = $1
"""
APP_ACCOUNT_LOCKED: Final = f"{APP_ACCOUNT} FOR UPDATE"
CERTIFIED: Final = """
UPDATE reg.app_accounts SET state = 'certified', name = $2, id_type = $3, id_number = $4, practice_place = $5,
    title = $6, failed_fields = '{}', certified_at = $7 WHERE account_id = $1
"""
NOT_CERTIFIED: Final = """
UPDATE reg.app_accounts SET state = 'cert_failed', name = $2, id_type = $3, id_number = $4, practice_place = $5,
    title = $6, failed_fields = $7 WHERE account_id = $1
"""
REGISTERED_AS: Final = "SELECT name, practice_place, title FROM reg.registry WHERE id_number = $1"
PLACES: Final = """
SELECT name FROM (SELECT DISTINCT practice_place AS name FROM reg.registry WHERE practice_place LIKE $1
    UNION SELECT name FROM people.organisations WHERE kind = 'institution' AND NOT disabled AND name LIKE $1) found
ORDER BY length(name), name LIMIT 20
"""

ASSESSMENT_TO_BIND: Final = """
SELECT assessment_id, person_id, name, password_hash, state, institution_id, province FROM reg.assessment_accounts
WHERE province = $1 AND id_number = $2 AND state <> 'transferred' FOR UPDATE
"""
BIND: Final = """
UPDATE reg.assessment_accounts SET state = 'bound', account_id = $2, bound_at = $3, version = version + 1
WHERE assessment_id = $1
"""
BECOME: Final = "UPDATE people.accounts SET person_id = $2, organisation_id = $3 WHERE account_id = $1"
OTHER_ACCOUNT: Final = """
SELECT account_id FROM people.accounts WHERE person_id = $1 AND role = 'physician' AND account_id <> $2 LIMIT 1
"""
ASSESSMENT_OF: Final = """
SELECT s.assessment_id, s.person_id, s.province, s.institution_id, s.password_hash, i.name AS institution,
    g.organisation_id AS agency_id, g.name AS agency
FROM reg.assessment_accounts s JOIN people.organisations i ON i.organisation_id = s.institution_id
LEFT JOIN reg.assignments n ON n.institution_id = s.institution_id
LEFT JOIN people.organisations g ON g.organisation_id = n.agency_id
WHERE s.account_id = $1 AND s.state = 'bound'
"""
# While a file is begun its physician is not moved, and his institution is not given to another agency.
ASSESSMENT_OF_HELD: Final = f"{ASSESSMENT_OF} FOR SHARE OF s, i"
SET_ASSESSMENT_HASH: Final = """
UPDATE reg.assessment_accounts SET password_hash = $2, version = version + 1 WHERE assessment_id = $1
"""
ASSESSMENT_HASH_LOCKED: Final = """
SELECT assessment_id, password_hash FROM reg.assessment_accounts WHERE account_id = $1 AND state = 'bound' FOR UPDATE
"""

AGREEMENT: Final = """
SELECT at, face FROM reg.agreements WHERE person_id = $1 AND notice_id = $2 ORDER BY agreement_id DESC LIMIT 1
"""
ADD_AGREEMENT: Final = """
INSERT INTO reg.agreements (person_id, notice_id, face, at, address) VALUES ($1, $2, $3, $4, $5)
"""
EXAM_WINDOWS: Final = """
SELECT s.kind, min(s.opens_at) AS opens_at, max(s.closes_at) AS closes_at FROM exam.sittings s
WHERE s.cycle = $1 AND s.province = $2 AND s.round = 'first' AND s.kind <> 'practice'
    AND NOT s.by_invitation AND ($3::bigint IS NULL OR s.agency_id = $3) GROUP BY s.kind
"""
EXAM_STANDS: Final = """
SELECT s.kind, s.round, e.state, a.phase, a.passed FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
LEFT JOIN LATERAL (SELECT phase, passed FROM exam.attempts a WHERE a.sitting_id = s.sitting_id
    AND a.person_id = e.person_id ORDER BY a.number DESC LIMIT 1) a ON true
WHERE e.person_id = $1 AND s.cycle = $2 AND s.kind <> 'practice'
UNION ALL
SELECT kind, round, 'open', 'released', passed FROM result.paper_scores WHERE person_id = $1 AND cycle = $2
"""
RESULT_STANDS: Final = """
SELECT coalesce(nullif(final_state, ''), state) AS state,
    CASE WHEN notified_at IS NULL THEN '' ELSE outcome END AS outcome
FROM result.results WHERE person_id = $1 AND cycle = $2
"""
PHONE_OF: Final = """
SELECT w.phone FROM reg.assessment_accounts s JOIN reg.app_accounts w USING (account_id)
WHERE s.person_id = $1 AND s.state = 'bound'
"""
ORGANISATION_NAME: Final = "SELECT name FROM people.organisations WHERE organisation_id = $1"
