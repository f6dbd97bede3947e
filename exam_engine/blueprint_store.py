"""Tables exam.blueprints and exam.blueprint_numbers: drafts, and what was published of them."""

from hashlib import sha256
from typing import Final

import msgspec

from exam_engine.store import Runner
from question_bank.blueprint import NAMES, Blueprint, load

NATION: Final = "00"
_ROW: Final = """
SELECT b.blueprint_id, b.province, b.code, b.name, b.version, b.body, b.at, coalesce(p.name, '') AS by,
    coalesce(n.number, 0) AS published, coalesce(n.digest, '') AS digest
FROM exam.blueprints b LEFT JOIN people.accounts a USING (account_id) LEFT JOIN people.persons p USING (person_id)
LEFT JOIN LATERAL (SELECT number, digest FROM exam.blueprint_numbers n WHERE n.blueprint_id = b.blueprint_id
    ORDER BY number DESC LIMIT 1) n ON true"""
# $1: the province whose blueprints are seen beside the nation's, or null for all.
LIST: Final = f"{_ROW} WHERE $1::text IS NULL OR b.province IN ($1, '00') ORDER BY b.province, b.code LIMIT 500"
ONE: Final = f"{_ROW} WHERE b.blueprint_id = $2 AND ($1::text IS NULL OR b.province IN ($1, '00'))"
LOCKED: Final = f"{ONE} FOR UPDATE OF b"
ADD: Final = """
INSERT INTO exam.blueprints (province, code, name, body, account_id) VALUES ($1, $2, $3, $4::json, $5)
ON CONFLICT (province, code) DO NOTHING RETURNING blueprint_id
"""
SAVE: Final = """
UPDATE exam.blueprints SET code = $2, name = $3, body = $4::json, account_id = $5, at = now(), version = version + 1
WHERE blueprint_id = $1
"""
PUBLISH: Final = """
INSERT INTO exam.blueprint_numbers (blueprint_id, number, name, body, digest, account_id)
VALUES ($1, $2, $3, $4::json, $5, $6)
"""
NUMBERS: Final = """
SELECT n.number, n.digest, n.at, coalesce(p.name, '') AS by FROM exam.blueprint_numbers n
LEFT JOIN people.accounts a USING (account_id) LEFT JOIN people.persons p USING (person_id)
WHERE n.blueprint_id = $1 ORDER BY n.number DESC LIMIT 100
"""
DELETE: Final = "DELETE FROM exam.blueprints WHERE blueprint_id = $1"
# $3 0: the newest.
PUBLISHED: Final = """
SELECT n.number, n.body, b.province FROM exam.blueprint_numbers n JOIN exam.blueprints b USING (blueprint_id)
WHERE n.blueprint_id = $2 AND ($1::text IS NULL OR b.province IN ($1, '00')) AND ($3::integer = 0 OR n.number = $3)
ORDER BY n.number DESC LIMIT 1
"""
NAMES_OF: Final = {"humanities": "人文医学", "professional": "业务水平", "practice": "模拟练习"}
LOCK_DEFAULTS: Final = "SELECT pg_advisory_xact_lock(hashtext('exam.blueprints'))"
HAS_NATIONAL: Final = "SELECT EXISTS (SELECT FROM exam.blueprints WHERE province = '00')"


async def add_defaults(runner: Runner) -> None:
    """The national blueprints that come with the program, once; the caller is in a transaction."""
    if await runner.fetchval(HAS_NATIONAL):
        return
    await runner.execute(LOCK_DEFAULTS)
    for name in NAMES:
        body = encoded(load(name))
        blueprint_id = await runner.fetchval(ADD, NATION, name, NAMES_OF[name], body, None)
        if blueprint_id is not None:
            await runner.execute(PUBLISH, blueprint_id, 1, NAMES_OF[name], body, digest(body), None)


def encoded(blueprint: Blueprint) -> str:
    """As it is stored: canonical, so that equal blueprints have equal digests."""
    return msgspec.json.encode(blueprint, order="deterministic").decode()


def digest(body: str) -> str:
    """SHA-256 of a stored body, in hex."""
    return sha256(body.encode()).hexdigest()
