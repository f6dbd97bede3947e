"""Tables reg.registry, reg.conduct and reg.assessment_accounts: snapshots brought in, and 定考账号 as they are kept.

Whoever changes an assessment account locks its row first; whoever makes one, as an import or a transfer does, locks the
row of the person before that.
"""

from typing import Final

from exam_engine.store import Row, Runner

REGISTRY_LOCK: Final = 0x65786D52
CONDUCT_LOCK: Final = 0x65786D43
PAGE: Final = 50
INSTITUTIONS_MAX: Final = 20  # as many as somebody reads through
LAST_SIGN: Final = "\U0010ffff"

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock($1)"

# --- the registry snapshot ---------------------------------------------------------------------------------------

REGISTERED_ELSEWHERE = """
SELECT id_number FROM reg.registry WHERE id_number = ANY ($1::text[]) AND province NOT IN ('', $2)
"""
_REGISTERED: Final = """name, sex, province, practice_place, title, level, category, specialty, qualification_code,
    qualified_on, licence_code, licensed_on"""
PUT_REGISTERED = f"""
WITH put AS (
    INSERT INTO reg.registry AS r (id_number, {_REGISTERED})
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::date[], $12::text[], $13::date[])
    ON CONFLICT (id_number) DO UPDATE SET ({_REGISTERED}, imported_at) = (excluded.name, excluded.sex,
        excluded.province, excluded.practice_place, excluded.title, excluded.level, excluded.category,
        excluded.specialty, excluded.qualification_code, excluded.qualified_on, excluded.licence_code,
        excluded.licensed_on, now())
    WHERE (r.name, r.sex, r.province, r.practice_place, r.title, r.level, r.category, r.specialty,
        r.qualification_code, r.qualified_on, r.licence_code, r.licensed_on) IS DISTINCT FROM (excluded.name,
        excluded.sex, excluded.province, excluded.practice_place, excluded.title, excluded.level, excluded.category,
        excluded.specialty, excluded.qualification_code, excluded.qualified_on, excluded.licence_code,
        excluded.licensed_on)
    RETURNING xmax = 0 AS new)
SELECT count(*) FILTER (WHERE new)::integer AS added, count(*) FILTER (WHERE NOT new)::integer AS changed FROM put
"""

# --- conduct records ---------------------------------------------------------------------------------------------

# Where somebody belongs: where his assessment account is, else where he is registered.
PLACES = """
SELECT n.id_number, coalesce(s.province, r.province) AS province FROM unnest($1::text[]) n(id_number)
LEFT JOIN people.persons p USING (id_number)
LEFT JOIN reg.assessment_accounts s ON s.person_id = p.person_id AND s.state <> 'transferred'
LEFT JOIN reg.registry r ON r.id_number = n.id_number
WHERE s.person_id IS NOT NULL OR r.id_number IS NOT NULL
"""
PUT_CONDUCT = """
WITH put AS (
    INSERT INTO reg.conduct AS c (id_number, good, kind, at, fact, source, province)
    SELECT * FROM unnest($1::text[], $2::boolean[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[])
    ON CONFLICT (id_number, good, kind, at, fact) DO UPDATE SET source = excluded.source
    WHERE c.source <> excluded.source AND excluded.source <> ''
    RETURNING xmax = 0 AS new)
SELECT count(*) FILTER (WHERE new)::integer AS added, count(*) FILTER (WHERE NOT new)::integer AS changed FROM put
"""

# --- assessment accounts: lists ----------------------------------------------------------------------------------

_ROW: Final = """
SELECT s.assessment_id, s.person_id, s.name, s.id_number, s.department, o.name AS institution, s.institution_id,
    s.province, s.state, s.password_hash IS NULL AS initial, s.account_id, s.bound_at, s.version,
    coalesce(f.state, '') AS file_state
FROM reg.assessment_accounts s JOIN people.organisations o ON o.organisation_id = s.institution_id
LEFT JOIN reg.applications a ON a.person_id = s.person_id AND a.cycle = $1
LEFT JOIN reg.files f ON f.application_id = a.application_id AND f.subject = 'profile'
"""
_OF_INSTITUTION: Final = "s.institution_id = $2"
_OF_PROVINCE: Final = "s.province = $2"
_LISTED: Final = """s.assessment_id < $3 AND CASE WHEN $4 = '' THEN s.state <> 'transferred' ELSE s.state = $4 END"""
_NAMED: Final = "s.name ~>=~ $5 AND s.name ~<~ $6"  # a range, which an index serves whatever is asked for
_ENDING: Final = "s.id_reversed ~>=~ $5 AND s.id_reversed ~<~ $6"
_NEWEST: Final = f"ORDER BY s.assessment_id DESC LIMIT {PAGE + 1}"
OF_INSTITUTION = f"{_ROW} WHERE {_OF_INSTITUTION} AND {_LISTED} {_NEWEST}"
OF_INSTITUTION_NAMED = f"{_ROW} WHERE {_OF_INSTITUTION} AND {_LISTED} AND {_NAMED} {_NEWEST}"
OF_INSTITUTION_ENDING = f"{_ROW} WHERE {_OF_INSTITUTION} AND {_LISTED} AND {_ENDING} {_NEWEST}"
OF_PROVINCE = f"{_ROW} WHERE {_OF_PROVINCE} AND {_LISTED} {_NEWEST}"
OF_PROVINCE_NAMED = f"{_ROW} WHERE {_OF_PROVINCE} AND {_LISTED} AND {_NAMED} {_NEWEST}"
OF_PROVINCE_ENDING = f"{_ROW} WHERE {_OF_PROVINCE} AND {_LISTED} AND {_ENDING} {_NEWEST}"
ASSESSMENT = f"{_ROW} WHERE s.assessment_id = $2"
ASSESSMENT_LOCKED = f"{ASSESSMENT} FOR UPDATE OF s"

# --- institutions ------------------------------------------------------------------------------------------------

# Open ones of a province with these signs in their names, those that begin with them first.
INSTITUTIONS_NAMED = f"""
SELECT o.organisation_id, o.name, coalesce(a.name, '') AS agency
FROM people.organisations o LEFT JOIN reg.assignments g ON g.institution_id = o.organisation_id
LEFT JOIN people.organisations a ON a.organisation_id = g.agency_id
WHERE o.kind = 'institution' AND o.province = $1 AND NOT o.disabled AND o.name ILIKE '%' || $2 || '%'
ORDER BY o.name NOT ILIKE $2 || '%', o.name, o.organisation_id LIMIT {INSTITUTIONS_MAX}
"""
# Held until the end of the transaction, so that it can't be closed before somebody is in it.
INSTITUTION_HELD = """
SELECT organisation_id, name, province FROM people.organisations
WHERE organisation_id = $1 AND kind = 'institution' AND NOT disabled FOR SHARE
"""

# --- assessment accounts: changes --------------------------------------------------------------------------------

ADD_PERSONS = """
INSERT INTO people.persons (name, id_number, organisation_id)
SELECT name, id_number, $3 FROM unnest($1::text[], $2::text[]) n(name, id_number) ORDER BY id_number
ON CONFLICT (id_number) DO NOTHING
"""
PERSONS_LOCKED = """
SELECT person_id, name, id_number FROM people.persons WHERE id_number = ANY ($1::text[]) ORDER BY id_number
FOR NO KEY UPDATE
"""
LIVE_ACCOUNTS = """
SELECT assessment_id, person_id, institution_id, department FROM reg.assessment_accounts
WHERE person_id = ANY ($1::bigint[]) AND state <> 'transferred' ORDER BY assessment_id FOR UPDATE
"""
ADD_ASSESSMENTS = """
INSERT INTO reg.assessment_accounts (person_id, province, institution_id, name, id_number, id_reversed, department)
SELECT person_id, $5, $6, name, id_number, reverse(id_number), department
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) n(person_id, name, id_number, department)
"""
ACCOUNT_OF_NUMBER = """
SELECT s.assessment_id FROM reg.assessment_accounts s JOIN people.persons p USING (person_id)
WHERE p.id_number = $1 AND s.state <> 'transferred'
"""
LOCK_PERSON_OF = """
SELECT p.person_id FROM people.persons p JOIN reg.assessment_accounts s USING (person_id)
WHERE s.assessment_id = $1 FOR NO KEY UPDATE OF p
"""
SET_DEPARTMENTS = """
UPDATE reg.assessment_accounts s SET department = n.department, version = version + 1
FROM unnest($1::bigint[], $2::text[]) n(assessment_id, department) WHERE s.assessment_id = n.assessment_id
"""
BELONG = "UPDATE people.persons SET organisation_id = $2 WHERE person_id = ANY ($1::bigint[])"
RUNNING = "SELECT EXISTS (SELECT FROM exam.attempts WHERE person_id = $1 AND phase = 'running')"
UNBIND = """
UPDATE reg.assessment_accounts SET state = 'unbound', password_hash = NULL, account_id = NULL, bound_at = NULL,
    version = version + 1 WHERE assessment_id = $1
"""
# An app account that is bound to nothing belongs to its stand-in again.
BACK_TO_STAND_IN = """
UPDATE people.accounts a SET person_id = w.stand_in_id, organisation_id = NULL
FROM reg.app_accounts w WHERE w.account_id = a.account_id AND a.account_id = $1 RETURNING w.stand_in_id
"""
MOVE_AWAY = """
UPDATE reg.assessment_accounts SET state = 'transferred', account_id = NULL, version = version + 1
WHERE assessment_id = $1
"""
MOVE_IN = """
INSERT INTO reg.assessment_accounts (person_id, province, institution_id, state, password_hash, account_id, bound_at,
    name, id_number, id_reversed)
SELECT person_id, $2, $3, CASE WHEN $4::bigint IS NULL THEN 'unbound' ELSE 'bound' END, password_hash, $4, bound_at,
    name, id_number, id_reversed
FROM reg.assessment_accounts WHERE assessment_id = $1 RETURNING assessment_id
"""
ACCOUNT_BELONGS = "UPDATE people.accounts SET organisation_id = $2 WHERE account_id = $1"
PROFILE_LOCKED = """
SELECT a.application_id, (SELECT f.state FROM reg.files f
    WHERE f.application_id = a.application_id AND f.subject = 'profile') AS state
FROM reg.applications a WHERE a.person_id = $1 AND a.cycle = $2 FOR UPDATE OF a
"""
MOVE_APPLICATION = """
UPDATE reg.applications SET province = $2, institution_id = $3,
    agency_id = (SELECT agency_id FROM reg.assignments WHERE institution_id = $3) WHERE application_id = $1
"""
MOVE_FILES = """
UPDATE reg.files f SET province = a.province, institution_id = a.institution_id, agency_id = a.agency_id
FROM reg.applications a WHERE a.application_id = f.application_id AND a.application_id = $1
"""


async def page(
    runner: Runner,
    cycle: int,
    scope: int | str,
    *,
    before: int,
    state: str = "",
    name: str = "",
    tail: str = "",
) -> list[Row]:
    """A page of assessment accounts and one more, the newest first; `scope`: an institution, or the code of a province.

    `state` "" leaves out those who were transferred. `name`: a beginning; `tail`: the last signs of the ID number.
    """
    whole, named, ending = (
        (OF_INSTITUTION, OF_INSTITUTION_NAMED, OF_INSTITUTION_ENDING)
        if isinstance(scope, int)
        else (OF_PROVINCE, OF_PROVINCE_NAMED, OF_PROVINCE_ENDING)
    )
    wanted = (cycle, scope, before, state)
    if tail:
        return await runner.fetch(ending, *wanted, tail[::-1], tail[::-1] + LAST_SIGN)
    if name:
        return await runner.fetch(named, *wanted, name, name + LAST_SIGN)
    return await runner.fetch(whole, *wanted)
