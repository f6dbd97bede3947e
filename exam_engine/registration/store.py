"""Tables reg.applications, reg.files and reg.moves: the registration file, its parts, and every move of them.

Whoever moves anything reads the application `FOR UPDATE` first: that row is the lock, so that of two people at once one
waits and then sees what the other did. Statements stand here in the open; a test prepares them all.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from exam_engine.registration.application import Application, Identity, Part
from exam_engine.registration.policy import Cycle, ProvincePolicy
from exam_engine.registration.review import State, Subject
from exam_engine.store import Row, Runner

_APPLICATION: Final = """
SELECT a.application_id, a.person_id, a.cycle, c.name AS cycle_name, c.starts_on, c.ends_on, a.province,
    a.institution_id, a.agency_id, a.procedure, a.simple_refused, a.procedure_body, a.procedure_version, a.faceless,
    a.photo_id, p.name, p.id_number, coalesce(w.id_type, 'id_card') AS id_type, y.body AS policy
FROM reg.applications a JOIN exam.cycles c USING (cycle) JOIN people.persons p USING (person_id)
LEFT JOIN reg.policies y ON y.cycle = a.cycle AND y.province = a.province
LEFT JOIN reg.app_accounts w ON w.id_number = p.id_number AND w.state = 'certified'
"""
APPLICATION_OF = f"{_APPLICATION} WHERE a.person_id = $1 AND a.cycle = $2"
APPLICATION_OF_LOCKED = f"{APPLICATION_OF} FOR UPDATE OF a"
APPLICATION = f"{_APPLICATION} WHERE a.application_id = $1"
APPLICATION_LOCKED = f"{APPLICATION} FOR UPDATE OF a"
PARTS = """
SELECT file_id, subject, state, version, draft, body, before, submitted_at, moved_at, saved_at, due_at, reason,
    opened_by, opened_at, org_person, org_opinion, agy_opinion, decided_by, flags
FROM reg.files WHERE application_id = $1
"""
REGISTRY_OF = """
SELECT sex, practice_place, title, level, category, specialty, qualification_code, qualified_on, licence_code,
    licensed_on FROM reg.registry WHERE id_number = $1
"""
BAD_DAYS = "SELECT at FROM reg.conduct WHERE id_number = $1 AND NOT good ORDER BY at"
CONDUCT_OF = "SELECT good, kind, at, fact, source FROM reg.conduct WHERE id_number = $1 ORDER BY at DESC LIMIT 100"
BEGUN = """
SELECT DISTINCT s.kind FROM exam.attempts a JOIN exam.sittings s USING (sitting_id)
WHERE a.person_id = $1 AND s.cycle = $2 AND s.kind <> 'practice' AND a.phase NOT IN ('entered', 'identity', 'ready')
"""
ADD_APPLICATION = """
INSERT INTO reg.applications (person_id, cycle, province, institution_id, agency_id, faceless)
VALUES ($1, $2, $3, $4, (SELECT agency_id FROM reg.assignments WHERE institution_id = $4), $5)
ON CONFLICT (person_id, cycle) DO NOTHING RETURNING application_id
"""
ADD_FILE = """
INSERT INTO reg.files (application_id, subject, state, draft, moved_at, cycle, province, institution_id, agency_id,
    person_id, name, id_number, id_reversed, department, category, procedure)
SELECT a.application_id, $2, 'draft', $3::json, $4, a.cycle, a.province, a.institution_id, a.agency_id, a.person_id,
    p.name, coalesce(p.id_number, ''), reverse(coalesce(p.id_number, '')), $5, $6, a.procedure
FROM reg.applications a JOIN people.persons p USING (person_id) WHERE a.application_id = $1
ON CONFLICT (application_id, subject) DO NOTHING
"""
SAVE_DRAFT = """
UPDATE reg.files SET draft = $2::json, state = $3, version = version + 1, saved_at = $4,
    moved_at = CASE WHEN state = $3 THEN moved_at ELSE $4 END WHERE file_id = $1
"""
OPEN_FILE = "UPDATE reg.files SET opened_by = $2, opened_at = $3 WHERE file_id = $1"
MOVE_FILE = """
UPDATE reg.files SET state = $2, version = version + 1, moved_at = $3, draft = $4::json, body = $5::json,
    before = $6::json, submitted_at = $7, due_at = $8, reason = $9, opened_by = NULL, opened_at = NULL,
    org_person = $10, org_opinion = $11::json, agy_opinion = $12::json, decided_by = $13, flags = $14
WHERE file_id = $1
"""
DESCRIBE_FILES = """
UPDATE reg.files SET department = $2, category = $3, procedure = $4 WHERE application_id = $1
"""
SET_PROCEDURE = """
UPDATE reg.applications SET procedure = $2, simple_refused = $3, procedure_body = $4::json,
    procedure_version = procedure_version + 1 WHERE application_id = $1
"""
SET_PHOTO = "UPDATE reg.applications SET photo_id = $2, photo_due = $3 WHERE application_id = $1"
# Who agrees after he was enrolled has his photo put to use then; who takes it back before it was, not at all.
SET_FACELESS = """
UPDATE reg.applications a SET faceless = $3, photo_due = NOT $3 AND (photo_due OR (faceless AND photo_id IS NOT NULL
    AND EXISTS (SELECT FROM reg.files f WHERE f.application_id = a.application_id AND f.subject = 'profile'
        AND f.state = 'approved'))) WHERE person_id = $1 AND cycle = $2
"""
LAST_DIGEST = "SELECT digest FROM reg.moves WHERE application_id = $1 ORDER BY move_id DESC LIMIT 1"
ADD_MOVE = """
INSERT INTO reg.moves (application_id, subject, event, from_state, to_state, at, account_id, role, organisation_id,
    reason, facts, address, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13)
"""
MOVES_OF = """
SELECT m.at, m.event, m.from_state, m.to_state, m.role, coalesce(p.name, '') AS by, m.reason
FROM reg.moves m LEFT JOIN people.accounts a USING (account_id) LEFT JOIN people.persons p USING (person_id)
WHERE m.application_id = $1 AND m.subject = ANY ($2::text[]) ORDER BY m.move_id LIMIT 500
"""
WHOLE_CHAIN = """
SELECT application_id, subject, event, from_state, to_state, at, account_id, role, organisation_id, reason, facts,
    address, digest FROM reg.moves WHERE application_id = $1 ORDER BY move_id
"""
FILES_WITH_HISTORY = """
SELECT DISTINCT application_id FROM reg.moves WHERE application_id > $1 ORDER BY application_id LIMIT $2
"""
PAST_CYCLES = """
SELECT a.application_id, c.name, c.starts_on, c.ends_on, o.name AS institution, a.procedure
FROM reg.applications a JOIN exam.cycles c USING (cycle)
JOIN people.organisations o ON o.organisation_id = a.institution_id
WHERE a.person_id = $1 AND a.cycle IS DISTINCT FROM $2 ORDER BY c.ends_on DESC, a.cycle DESC LIMIT 20
"""


async def find(runner: Runner, person_id: int, cycle: int, *, lock: bool = False) -> Application | None:
    """The file of a person in a cycle; `lock` holds it until the end of the caller's transaction."""
    row = await runner.fetchrow(APPLICATION_OF_LOCKED if lock else APPLICATION_OF, person_id, cycle)
    return None if row is None else await _whole(runner, row)


async def load(runner: Runner, application_id: int, *, lock: bool = False) -> Application | None:
    """The same by its number."""
    row = await runner.fetchrow(APPLICATION_LOCKED if lock else APPLICATION, application_id)
    return None if row is None else await _whole(runner, row)


async def _whole(runner: Runner, row: Row) -> Application:
    number = row["id_number"] or ""
    registry = await runner.fetchrow(REGISTRY_OF, number)
    identity = Identity(
        person_id=row["person_id"],
        name=row["name"],
        id_type=row["id_type"],
        id_number=number,
        registry={} if registry is None else {code: str(value) for code, value in registry.items() if value},
        bad_days=tuple(each["at"] for each in await runner.fetch(BAD_DAYS, number)),
    )
    parts = {Subject(part["subject"]): _part(part) for part in await runner.fetch(PARTS, row["application_id"])}
    begun = await runner.fetch(BEGUN, row["person_id"], row["cycle"])
    return Application(
        application_id=row["application_id"],
        cycle=Cycle(row["cycle"], row["cycle_name"], row["starts_on"], row["ends_on"]),
        province=row["province"],
        institution_id=row["institution_id"],
        agency_id=row["agency_id"],
        procedure=row["procedure"],
        simple_refused=row["simple_refused"],
        procedure_body=json.loads(row["procedure_body"]),
        procedure_version=row["procedure_version"],
        faceless=row["faceless"],
        photo_id=row["photo_id"],
        policy=policy(row["policy"]),
        identity=identity,
        parts=parts,
        begun=frozenset(each["kind"] for each in begun),
    )


def policy(text: str | None) -> ProvincePolicy:
    """A province's decisions; the defaults where it made none."""
    return ProvincePolicy() if text is None else msgspec.json.decode(text, type=ProvincePolicy)


def _part(row: Row) -> Part:
    def read(name: str) -> dict[str, Any] | None:
        return None if row[name] is None else json.loads(row[name])

    return Part(
        file_id=row["file_id"],
        state=State(row["state"]),
        version=row["version"],
        draft=read("draft") or {},
        body=read("body"),
        before=read("before"),
        submitted_at=row["submitted_at"],
        moved_at=row["moved_at"],
        saved_at=row["saved_at"],
        due_at=row["due_at"],
        reason=row["reason"],
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        org_person=row["org_person"],
        org_opinion=read("org_opinion"),
        agy_opinion=read("agy_opinion"),
        decided_by=row["decided_by"],
        flags=list(row["flags"]),
    )


def as_text(values: Mapping[str, Any] | None) -> str | None:
    """Values as a json column keeps them."""
    return None if values is None else json.dumps(values, ensure_ascii=False, default=str)


async def save_part(runner: Runner, part: Part) -> None:
    """Write a part as it is after a move: its version grows, and nobody has it open."""
    await runner.execute(
        MOVE_FILE,
        part.file_id,
        part.state,
        part.moved_at,
        as_text(part.draft),
        as_text(part.body),
        as_text(part.before),
        part.submitted_at,
        part.due_at,
        part.reason,
        part.org_person,
        as_text(part.org_opinion),
        as_text(part.agy_opinion),
        part.decided_by,
        part.flags,
    )


async def add_move(
    runner: Runner,
    application_id: int,
    subject: str,
    event: str,
    states: tuple[str, str],
    at: datetime,
    by: tuple[int | None, str, int | None, str],
    reason: str,
    facts: Mapping[str, Any],
) -> None:
    """Put a move on record, chained to the one before. `by`: account, role, organisation, address."""
    before = await runner.fetchval(LAST_DIGEST, application_id) or bytes(32)
    account_id, role, organisation_id, address = by
    values = [
        application_id, subject, event, *states, at, account_id, role, organisation_id, reason, dict(facts), address,
    ]  # fmt: skip
    digest = link(bytes(before), values)
    values[10] = as_text(facts)
    await runner.execute(ADD_MOVE, *values, digest)


def link(before: bytes, values: Sequence[Any]) -> bytes:
    """The digest of a move: SHA-256 of the one before and all its columns."""
    plain = [each.isoformat() if isinstance(each, datetime) else each for each in values]
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(before + text.encode()).digest()


async def application_ids(runner: Runner, after: int, limit: int = 1_000) -> list[int]:
    """The numbers of files that have a history, in ascending order, from after `after` on."""
    return [row["application_id"] for row in await runner.fetch(FILES_WITH_HISTORY, after, limit)]


async def broken_link(runner: Runner, application_id: int) -> int | None:
    """The place (from 0) of the first move that is not what was written; None: the whole history is intact."""
    before = bytes(32)
    for place, row in enumerate(await runner.fetch(WHOLE_CHAIN, application_id)):
        values = list(row)[:-1]
        values[10] = json.loads(values[10])
        before = link(before, values)
        if before != bytes(row["digest"]):
            return place
    return None
