"""Tables people.* and exam.* apart from the journal: accounts, sittings, entitlements, rows of attempts, acts.

Every function takes what it runs on (a pool or a connection inside the caller's transaction). All SQL stands here
in the open; a test prepares every statement against the migrated schema.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import asyncpg
import msgspec

from exam_engine.chain import Entry
from exam_engine.sitting import Kind, Policy, Round, Sitting
from scoring.marking import Scheme

# What a statement runs on: the pool, or a connection inside somebody's transaction.
Runner: TypeAlias = (
    "asyncpg.Pool[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"
    " | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Row = asyncpg.Record
ATTEMPT_ID_BASE: Final = 10**12

# What a member of staff may see: $1 account, $2 role, $3 organisation, $4 province.
SCOPE: Final = """(
    ($2 IN ('invigilator', 'chief')
        AND EXISTS (SELECT FROM exam.sitting_staff t WHERE t.sitting_id = s.sitting_id AND t.account_id = $1))
    OR ($2 = 'agency' AND s.agency_id = $3)
    OR ($2 = 'province' AND s.province = $4)
    OR $2 = 'nation')"""


class Account(msgspec.Struct, frozen=True):
    """Somebody logged in: who, as what, and for which organisation (its GB/T 2260 province)."""

    account_id: int
    person_id: int
    name: str
    role: str
    organisation_id: int | None
    organisation: str | None
    province: str | None


# --- people ------------------------------------------------------------------------------------------------------

_ACCOUNT_OF = """
FROM people.accounts a JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o ON o.organisation_id = a.organisation_id
"""
_ACCOUNT = f"""
SELECT a.account_id, a.person_id, p.name, a.role, a.organisation_id, o.name, o.province {_ACCOUNT_OF}
"""
LOG_IN = f"""
WITH found AS ({_ACCOUNT} WHERE a.login = $1 AND NOT a.disabled)
SELECT found.*, a.password_hash FROM found JOIN people.accounts a USING (account_id)
"""
SESSIONS = f"""
SELECT s.token_hash, a.account_id, a.person_id, p.name, a.role, a.organisation_id, o.name, o.province {_ACCOUNT_OF}
JOIN people.sessions s USING (account_id)
WHERE s.token_hash = ANY ($1::bytea[]) AND s.expires_at > now() AND NOT a.disabled
"""
OPENING_SOON = """
SELECT sitting_id FROM exam.sittings
WHERE NOT draft AND opens_at > now() AND opens_at < now() + make_interval(secs => $1) ORDER BY opens_at LIMIT 100
"""
ADD_SESSION = """
INSERT INTO people.sessions (token_hash, account_id, kind, expires_at, user_agent, address)
VALUES ($1, $2, $3, now() + make_interval(secs => $4), $5, $6)
"""
DROP_SESSION = "DELETE FROM people.sessions WHERE token_hash = $1"
DROP_EXPIRED_SESSIONS = "DELETE FROM people.sessions WHERE expires_at < now()"
AUDIT = """
INSERT INTO people.audit (account_id, role, address, act, subject, facts) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
"""
ADD_ORGANISATION = """
INSERT INTO people.organisations (kind, name, province) VALUES ($1, $2, $3)
ON CONFLICT (kind, province, name) DO UPDATE SET name = excluded.name RETURNING organisation_id
"""
ADD_PERSON = """
INSERT INTO people.persons (name, id_number, organisation_id, is_test) VALUES ($1, $2, $3, $4) RETURNING person_id
"""
ADD_ACCOUNT = """
INSERT INTO people.accounts (person_id, login, password_hash, role, organisation_id)
VALUES ($1, $2, $3, $4, $5) RETURNING account_id
"""
ACCOUNT_NAMES = """
SELECT a.account_id, p.name FROM people.accounts a JOIN people.persons p USING (person_id)
WHERE a.account_id = ANY ($1::bigint[])
"""
# $2: the province somebody may act for, or null for all of them.
PERSON_BY_NUMBER = """
SELECT p.person_id, p.name FROM people.persons p LEFT JOIN people.organisations o USING (organisation_id)
WHERE p.id_number = $1 AND ($2::text IS NULL OR o.province = $2)
"""
# $3: the agency that asks, or null; another agency's institutions are not its own.
PERSONS_WITHIN = """
SELECT p.person_id, p.name, p.id_number FROM people.persons p JOIN people.organisations o USING (organisation_id)
WHERE p.person_id = ANY ($1::bigint[]) AND o.province = $2 AND ($3::bigint IS NULL OR NOT EXISTS (
    SELECT FROM reg.assignments g WHERE g.institution_id = p.organisation_id AND g.agency_id <> $3))
"""


async def log_in(runner: Runner, login: str) -> tuple[Account, str] | None:
    """The account of a login that is not disabled, and its password hash."""
    row = await runner.fetchrow(LOG_IN, login.strip().lower())
    return None if row is None else (Account(*tuple(row)[:7]), row[7])


async def sessions(runner: Runner, token_hashes: Sequence[bytes]) -> dict[bytes, Account]:
    """Who is logged in with these tokens; those that have run out, or are none, are left out."""
    rows = await runner.fetch(SESSIONS, token_hashes)
    return {row[0]: Account(*row[1:]) for row in rows}


# --- sittings ----------------------------------------------------------------------------------------------------

_SITTING = """s.sitting_id, s.cycle, s.kind, s.round, s.title, s.province, s.agency_id, s.opens_at, s.closes_at, s.pool,
    s.item_count, s.points_per_item, s.pass_points, s.policy, s.scheme,
    exam.section_points(s.blueprint) AS section_points,
    exam.points_full(s.blueprint, s.item_count, s.points_per_item, s.scheme) AS points_full"""
GET_SITTING = f"SELECT {_SITTING} FROM exam.sittings s WHERE s.sitting_id = $1"
BLUEPRINT = "SELECT blueprint FROM exam.sittings WHERE sitting_id = $1"
ADD_SITTING = """
INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool, item_count,
    points_per_item, pass_points, policy, blueprint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::json, $14::json) RETURNING sitting_id
"""
ADD_STAFF = "INSERT INTO exam.sitting_staff (sitting_id, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
ENTITLE = """
INSERT INTO exam.entitlements (sitting_id, person_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING
"""
ENTITLEMENT = "SELECT extra_minutes, state, why FROM exam.entitlements WHERE sitting_id = $1 AND person_id = $2"
SET_EXTRA_MINUTES = """
UPDATE exam.entitlements SET extra_minutes = $3 WHERE sitting_id = $1 AND person_id = $2
AND NOT EXISTS (SELECT FROM exam.attempts a WHERE a.sitting_id = $1 AND a.person_id = $2 AND a.phase <> 'annulled')
RETURNING person_id
"""
AWAITED = """
SELECT p.person_id, p.name, p.id_number, e.extra_minutes, count(*) OVER () AS total
FROM exam.entitlements e JOIN people.persons p USING (person_id)
WHERE e.sitting_id = $1 AND e.state = 'open' AND NOT EXISTS (SELECT FROM exam.attempts a
    WHERE a.sitting_id = e.sitting_id AND a.person_id = e.person_id AND a.phase <> 'annulled')
ORDER BY p.name, p.person_id LIMIT 5000
"""
ROOMS = (
    "SELECT room, count(*)::integer AS people FROM exam.entitlements WHERE sitting_id = $1 GROUP BY room ORDER BY room"
)
ROOM_WATCHERS = """
SELECT w.room, w.account_id, p.name FROM exam.room_watchers w JOIN people.accounts a USING (account_id)
JOIN people.persons p USING (person_id) WHERE w.sitting_id = $1 ORDER BY w.room, p.name
"""
STAFF_OF = """
SELECT s.account_id, p.name FROM exam.sitting_staff s JOIN people.accounts a USING (account_id)
JOIN people.persons p USING (person_id) WHERE s.sitting_id = $1 AND NOT a.disabled ORDER BY p.name
"""
HANDOVERS = """
SELECT h.at, h.room, f.name AS from_name, t.name AS to_name, h.note FROM exam.handovers h
JOIN people.accounts fa ON fa.account_id = h.from_account JOIN people.persons f ON f.person_id = fa.person_id
JOIN people.accounts ta ON ta.account_id = h.to_account JOIN people.persons t ON t.person_id = ta.person_id
WHERE h.sitting_id = $1 ORDER BY h.handover_id DESC LIMIT 100
"""
DIVIDE = """
UPDATE exam.entitlements e SET room = n.room FROM (
    SELECT person_id, ntile($2) OVER (ORDER BY p.name, person_id) AS room
    FROM exam.entitlements JOIN people.persons p USING (person_id) WHERE sitting_id = $1) n
WHERE e.sitting_id = $1 AND e.person_id = n.person_id AND e.room <> n.room
"""
DROP_ROOMS_ABOVE = "DELETE FROM exam.room_watchers WHERE sitting_id = $1 AND room > $2"
EMPTY_ROOM = "DELETE FROM exam.room_watchers WHERE sitting_id = $1 AND room = $2"
LEAVE_ROOM = """
DELETE FROM exam.room_watchers WHERE sitting_id = $1 AND room = $2 AND account_id = $3 RETURNING account_id
"""
WATCH_ROOM = """
INSERT INTO exam.room_watchers (sitting_id, room, account_id) SELECT $1, $2, unnest($3::bigint[]) ON CONFLICT DO NOTHING
"""
ADD_HANDOVER = """
INSERT INTO exam.handovers (sitting_id, room, from_account, to_account, note) VALUES ($1, $2, $3, $4, $5)
"""
OPEN_SITTINGS = "SELECT sitting_id FROM exam.sittings WHERE opens_at <= $1 AND closes_at > $2"
EXPECTED_BY_PLACE = """
SELECT e.sitting_id, s.province, coalesce(o.name, ''), count(*)::integer
FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id) JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o USING (organisation_id)
WHERE e.sitting_id = ANY ($1::bigint[]) AND e.state = 'open' GROUP BY 1, 2, 3
"""
ATTEMPTS_BY_PLACE = """
SELECT a.attempt_id, a.sitting_id, a.phase, s.province, coalesce(o.name, '') AS institution
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id) JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o USING (organisation_id) WHERE a.sitting_id = ANY ($1::bigint[])
"""
OPEN_CYCLE = "SELECT exam.open_cycle($1, $2)"
SITTINGS_OF_STAFF = f"""
SELECT {_SITTING},
    (SELECT count(*) FROM exam.entitlements e WHERE e.sitting_id = s.sitting_id
        AND e.state = 'open') AS expected,
    coalesce((SELECT json_object_agg(phase, n) FROM
        (SELECT phase, count(*) AS n FROM exam.attempts a WHERE a.sitting_id = s.sitting_id GROUP BY phase) c), '{{}}')
        AS phases,
    EXISTS (SELECT FROM exam.releases r WHERE r.sitting_id = s.sitting_id) AS ordered
FROM exam.sittings s WHERE {SCOPE} ORDER BY s.closes_at DESC, s.sitting_id LIMIT 500
"""
MAY_SEE_SITTING = f"SELECT EXISTS (SELECT FROM exam.sittings s WHERE s.sitting_id = $5 AND {SCOPE})"
PAPER_LIST = f"""
SELECT {_SITTING}, e.extra_minutes, e.state, e.why, a.attempt_id, a.phase, a.points, a.passed,
    r.pass_points AS released_pass_points
FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
LEFT JOIN LATERAL (SELECT * FROM exam.attempts a WHERE a.sitting_id = s.sitting_id AND a.person_id = e.person_id
    ORDER BY a.number DESC LIMIT 1) a ON true
LEFT JOIN exam.releases r ON r.sitting_id = s.sitting_id
WHERE e.person_id = $1 ORDER BY s.closes_at, s.sitting_id
"""


def read_sitting(row: Iterable[object]) -> Sitting:
    """The first 17 columns of a row selected with the sitting's columns."""
    (
        sitting_id,
        cycle,
        kind,
        round_,
        title,
        province,
        agency_id,
        opens_at,
        closes_at,
        pool,
        item_count,
        points_per_item,
        pass_points,
        policy,
        scheme,
        section_points,
        points_full,
    ) = tuple(row)[:17]
    return msgspec.convert(
        {
            "sitting_id": sitting_id,
            "cycle": cycle,
            "kind": Kind(str(kind)),
            "round": Round(str(round_)),
            "title": title,
            "province": province,
            "agency_id": agency_id,
            "opens_at": opens_at,
            "closes_at": closes_at,
            "pool": pool,
            "item_count": item_count,
            "points_per_item": points_per_item,
            "pass_points": pass_points,
            "policy": msgspec.json.decode(str(policy), type=Policy),
            "scheme": _scheme(scheme, points_per_item, section_points),
            "points_full": points_full,
        },
        Sitting,
    )


def _scheme(kept: object, points_per_item: object, section_points: object) -> Scheme:
    """What was decided for the sitting, else what its blueprint says."""
    if kept is not None:
        return msgspec.json.decode(str(kept), type=Scheme)
    return msgspec.convert({"points_per_item": points_per_item, "section_points": section_points}, Scheme)


async def sitting(runner: Runner, sitting_id: int) -> Sitting | None:
    """One sitting by id."""
    row = await runner.fetchrow(GET_SITTING, sitting_id)
    return None if row is None else read_sitting(row)


async def may_see_sitting(runner: Runner, account: Account, sitting_id: int) -> bool:
    """Whether the sitting is inside this account's scope."""
    return bool(
        await runner.fetchval(
            MAY_SEE_SITTING, account.account_id, account.role, account.organisation_id, account.province, sitting_id
        )
    )


# --- attempts ----------------------------------------------------------------------------------------------------

NEXT_SERIAL = "SELECT nextval('exam.attempt_serial')"
LATEST_ATTEMPT = """
SELECT attempt_id, phase, number, barred FROM exam.attempts
WHERE sitting_id = $1 AND person_id = $2 ORDER BY number DESC LIMIT 1
"""
ADD_ATTEMPT = """
INSERT INTO exam.attempts (attempt_id, sitting_id, person_id, number, phase, entered_at)
VALUES ($1, $2, $3, $4, 'entered', $5) ON CONFLICT (sitting_id, person_id, number) DO NOTHING RETURNING attempt_id
"""
ADD_PAPER = "INSERT INTO exam.papers (attempt_id, body) VALUES ($1, $2::json)"
ADD_ENTRY = """
INSERT INTO exam.journal (attempt_id, version, seq, kind, body, at, digest) VALUES ($1, $2, $3, $4, $5::json, $6, $7)
"""
PAPER = "SELECT body FROM exam.papers WHERE attempt_id = $1"
PAPERS = "SELECT attempt_id, body FROM exam.papers WHERE attempt_id = ANY ($1::bigint[])"
OWNERS = """
SELECT a.attempt_id, a.person_id, a.sitting_id, p.name, p.id_number
FROM exam.attempts a JOIN people.persons p USING (person_id) WHERE a.attempt_id = ANY ($1::bigint[])
"""
ITEMS_SEEN = """
SELECT p.body FROM exam.papers p JOIN exam.attempts a USING (attempt_id) JOIN exam.sittings s USING (sitting_id)
WHERE a.person_id = $1 AND s.pool = $2 AND s.kind <> 'practice' AND a.phase <> 'entered'
"""
DUE_SOON = """
SELECT attempt_id, next_check_at FROM exam.attempts WHERE phase = 'running' AND next_check_at <= $1
ORDER BY next_check_at LIMIT $2
"""
UNMARKED = "SELECT attempt_id FROM exam.attempts WHERE phase = 'submitted' ORDER BY attempt_id LIMIT $1"
RELEASABLE = """
SELECT a.attempt_id, coalesce(r.pass_points, s.pass_points), coalesce(r.account_id, 0),
    exam.points_full(s.blueprint, s.item_count, s.points_per_item, s.scheme)
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id) LEFT JOIN exam.releases r USING (sitting_id)
WHERE a.phase = 'marked' AND NOT a.held AND (r.sitting_id IS NOT NULL OR (s.policy ->> 'release_at_once')::boolean)
  AND NOT EXISTS (SELECT FROM score.progress g JOIN score.proposals p USING (proposal_id)
    WHERE p.sitting_id = a.sitting_id AND g.done_at IS NULL) -- first what was decided, then the result
ORDER BY a.attempt_id LIMIT $1
"""
_ROSTER = """
SELECT a.attempt_id, a.person_id, p.name, p.id_number, a.phase, a.points, a.passed, coalesce(e.room, 1) AS room,
    coalesce(o.name, '') AS organisation
FROM exam.attempts a JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o USING (organisation_id)
LEFT JOIN exam.entitlements e ON e.sitting_id = a.sitting_id AND e.person_id = a.person_id
WHERE a.sitting_id = $1"""
ROSTER = f"{_ROSTER} ORDER BY a.attempt_id"
ROSTER_SOME = f"{_ROSTER} AND a.attempt_id = ANY ($2::bigint[])"
ATTEMPT_IDS = "SELECT attempt_id FROM exam.attempts WHERE sitting_id = $1 ORDER BY attempt_id"
PLACE = """
SELECT e.room, o.name AS organisation, a.taken_in FROM exam.attempts a JOIN people.persons p USING (person_id)
LEFT JOIN people.organisations o USING (organisation_id)
LEFT JOIN exam.entitlements e ON e.sitting_id = a.sitting_id AND e.person_id = a.person_id
WHERE a.attempt_id = $1
"""
ATTEMPTS_OPEN = """
SELECT attempt_id FROM exam.attempts
WHERE sitting_id = $1 AND phase IN ('entered', 'identity', 'ready', 'running') ORDER BY attempt_id
"""
SUBMITTED_FACTS = """
SELECT j.attempt_id, j.kind, j.body FROM exam.journal j JOIN exam.attempts a USING (attempt_id)
WHERE a.sitting_id = $1 AND j.kind IN ('submitted', 'marked', 'came_late')
"""
ALL_ATTEMPT_IDS = "SELECT attempt_id FROM exam.attempts WHERE attempt_id > $1 ORDER BY attempt_id LIMIT $2"
TAKEN_IN = """
UPDATE exam.attempts AS a SET taken_in = c.version
FROM (SELECT * FROM unnest($1::bigint[], $2::integer[]) AS u (attempt_id, version) ORDER BY attempt_id) AS c
WHERE a.attempt_id = c.attempt_id AND a.taken_in < c.version
"""
ROW_OF = """
SELECT phase, deadline_at, next_check_at, points, passed, held, barred FROM exam.attempts WHERE attempt_id = $1
"""


# Devices that took a running attempt over; the first took it before the start.
DEVICE_CHANGES = """
SELECT j.version, j.at FROM exam.journal j WHERE j.attempt_id = $1 AND j.kind = 'device_taken'
AND EXISTS (SELECT FROM exam.journal s WHERE s.attempt_id = $1 AND s.kind = 'started' AND s.version < j.version)
ORDER BY j.version
"""
HELD = "SELECT attempt_id FROM exam.attempts WHERE held ORDER BY attempt_id LIMIT $1"
PHASES_OF = "SELECT attempt_id, phase FROM exam.attempts WHERE attempt_id = ANY ($1::bigint[])"


async def phases_of(runner: Runner, attempt_ids: list[int]) -> dict[int, str]:
    """The phase of each of these attempts."""
    return {row["attempt_id"]: row["phase"] for row in await runner.fetch(PHASES_OF, attempt_ids)}


async def open_attempt(
    pool: "asyncpg.Pool[asyncpg.Record]", sitting_id: int, person_id: int, number: int, paper: str, first: Entry
) -> bool:
    """Write row, paper and first entry of a new attempt; False if this number of the person exists already."""
    async with pool.acquire() as connection, connection.transaction():
        added = await connection.fetchval(ADD_ATTEMPT, first.attempt_id, sitting_id, person_id, number, first.at)
        if added is None:
            return False
        await connection.execute(ADD_PAPER, first.attempt_id, paper)
        await connection.execute(
            ADD_ENTRY, first.attempt_id, first.version, first.seq, first.kind, first.body, first.at, first.digest
        )
        return True


async def next_attempt_id(runner: Runner, cycle: int) -> int:
    """A number never used: the cycle's range, then a serial."""
    return cycle * ATTEMPT_ID_BASE + int(await runner.fetchval(NEXT_SERIAL))


# --- acts and releases -------------------------------------------------------------------------------------------

ADD_ACT = """
INSERT INTO exam.acts (sitting_id, account_id, request_id, command, everybody) VALUES ($1, $2, $3, $4::json, $5)
ON CONFLICT (account_id, request_id) DO NOTHING RETURNING act_id
"""
ACT_BY_REQUEST = "SELECT act_id, sitting_id, command FROM exam.acts WHERE account_id = $1 AND request_id = $2"
ADD_TARGETS = """
INSERT INTO exam.act_targets (act_id, attempt_id, version, refused)
SELECT $1, * FROM unnest($2::bigint[], $3::integer[], $4::text[]) ON CONFLICT DO NOTHING
"""
ACT = "SELECT act_id, sitting_id, command FROM exam.acts WHERE act_id = $1"
TARGETS = """
SELECT t.attempt_id, p.name, t.version, t.refused, a.taken_in >= t.version AS taken_in
FROM exam.act_targets t JOIN exam.attempts a USING (attempt_id) JOIN people.persons p USING (person_id)
WHERE t.act_id = $1 ORDER BY t.attempt_id
"""
ACTS = """
SELECT c.act_id, c.at, p.name, c.everybody, c.command,
    count(t.version) AS sent, count(t.refused) AS refused
FROM exam.acts c JOIN people.accounts a USING (account_id) JOIN people.persons p USING (person_id)
LEFT JOIN exam.act_targets t USING (act_id)
WHERE c.sitting_id = $1 GROUP BY c.act_id, p.name ORDER BY c.act_id DESC LIMIT 200
"""
ACT_TARGETS_OF_SITTING = """
SELECT t.act_id, t.attempt_id, t.version, a.taken_in >= t.version AS taken_in
FROM exam.act_targets t JOIN exam.acts c USING (act_id) JOIN exam.attempts a USING (attempt_id)
WHERE c.sitting_id = $1 AND t.version IS NOT NULL
"""
# A notice is received when it is acknowledged; which notice an act made stands in the entry it was written as.
ACKNOWLEDGED = """
SELECT j.attempt_id, j.version FROM unnest($1::bigint[], $2::integer[]) AS sent (attempt_id, version)
JOIN exam.journal j USING (attempt_id, version)
WHERE j.kind = 'warned' AND EXISTS (SELECT FROM exam.journal k WHERE k.attempt_id = j.attempt_id
    AND k.version > j.version AND k.kind = 'acknowledged' AND k.body ->> 'notice' = j.body ->> 'notice')
"""
ADD_RELEASE = """
INSERT INTO exam.releases (sitting_id, account_id, pass_points) VALUES ($1, $2, $3)
ON CONFLICT (sitting_id) DO NOTHING RETURNING sitting_id
"""
RELEASE_OF = "SELECT pass_points, at FROM exam.releases WHERE sitting_id = $1"
