"""The cast of a load test: people of test data who may sit an exam of their own, in any number, and its desks.

What a province does in weeks is done here at once, by the same code where there is a rule to keep: papers are drawn as
they are for anybody, and attempts begun beforehand are decided by the core and sealed into their journals.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from exam_engine import attempt as core
from exam_engine import demo, store
from exam_engine.chain import GENESIS, Entry
from exam_engine.edge.accounts import hasher
from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.edge.http import hash_token
from exam_engine.entering import first_event
from exam_engine.house import House
from exam_engine.messages import Command, Start, TakePortrait
from exam_engine.papers import write_paper
from exam_engine.service import make_entry, row_of
from exam_engine.sitting import IdentityCheck, Policy
from proctor.identity import Verdict
from proctor.policy import Proctoring

CHUNK: Final = 1_000
DEVICE: Final = "cast-phone-1"
SESSION_S: Final = 7 * 86_400
DESK_ROLES: Final = ("invigilator", "chief", "agency", "institution", "province")

Connection = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

ADD_PERSONS: Final = """
INSERT INTO people.persons (name, is_test) SELECT '压测医师', true FROM generate_series(1, $1) RETURNING person_id
"""
ADD_ACCOUNTS: Final = """
INSERT INTO people.accounts (person_id, login, password_hash, role)
SELECT id, 'load-' || id, $2, 'physician' FROM unnest($1::bigint[]) AS id RETURNING account_id
"""
ADD_CONSENTS: Final = """
INSERT INTO proctor.consents (person_id, version, agreed) SELECT id, $2, true FROM unnest($1::bigint[]) AS id
"""
ADD_SESSIONS: Final = """
INSERT INTO people.sessions (token_hash, account_id, kind, expires_at, user_agent, address)
SELECT t, a, 'bearer', now() + make_interval(secs => $3), 'load test', ''
FROM unnest($1::bytea[], $2::bigint[]) AS c (t, a)
"""
AGENCY: Final = "SELECT agency_id FROM exam.sittings WHERE cycle = $1 ORDER BY sitting_id LIMIT 1"
BLUEPRINT: Final = """
SELECT blueprint, pool, item_count, points_per_item, pass_points FROM exam.sittings
WHERE cycle = $1 AND kind = $2 ORDER BY sitting_id LIMIT 1
"""
INVITE: Final = "UPDATE exam.sittings SET by_invitation = true WHERE sitting_id = $1"
SERIALS: Final = "SELECT nextval('exam.attempt_serial') FROM generate_series(1, $1)"


async def make_sitting(
    pool: "asyncpg.Pool[asyncpg.Record]", kind: str, title: str, minutes: int, closes_in_s: float | None
) -> int:
    """An exam of the cast alone, open now. `closes_in_s`: its window ends then and cuts who still writes: one bell."""
    source = await pool.fetchrow(BLUEPRINT, demo.CYCLE, kind)
    assert source is not None, "the demonstration has an exam of each kind"
    now: datetime = await pool.fetchval("SELECT now()")
    closes_at = now + (demo.WINDOW if closes_in_s is None else timedelta(seconds=closes_in_s))
    check = IdentityCheck.AT_ONCE
    policy = Policy(
        minutes=minutes, cut_at_close=closes_in_s is not None, identity=check, identity_again=check,
        proctoring=Proctoring(captures=True),
    )  # fmt: skip
    sitting_id = int(
        await pool.fetchval(
            store.ADD_SITTING, demo.CYCLE, kind, "first", title, demo.PROVINCE,
            await pool.fetchval(AGENCY, demo.CYCLE), now - timedelta(minutes=1), closes_at,
            source["pool"], source["item_count"], source["points_per_item"], source["pass_points"],
            msgspec.json.encode(policy).decode(), source["blueprint"],
        )
    )  # fmt: skip
    await pool.execute(INVITE, sitting_id)
    return sitting_id


async def add_people(pool: "asyncpg.Pool[asyncpg.Record]", count: int, sitting_id: int) -> list[tuple[int, str]]:
    """New physicians who may sit it, with a session each: (person_id, bearer token). Their password is the demo's."""
    password_hash = await asyncio.to_thread(hasher.hash, demo.PASSWORD)
    async with pool.acquire() as connection, connection.transaction():
        ids = [row[0] for row in await connection.fetch(ADD_PERSONS, count)]
        tokens = [secrets.token_urlsafe(32) for _ in ids]
        accounts = [row[0] for row in await connection.fetch(ADD_ACCOUNTS, ids, password_hash)]
        await connection.execute(ADD_SESSIONS, [hash_token(token) for token in tokens], accounts, SESSION_S)
        await connection.execute(store.ENTITLE, sitting_id, ids)
    return list(zip(ids, tokens, strict=True))


async def add_desks(pool: "asyncpg.Pool[asyncpg.Record]", count: int, sitting_id: int) -> list[str]:
    """New invigilators of it, as many as desks will be open; returns how they log in, with the demo's password."""
    password_hash = await asyncio.to_thread(hasher.hash, demo.PASSWORD)
    agency_id = await pool.fetchval(AGENCY, demo.CYCLE)
    logins = []
    async with pool.acquire() as connection, connection.transaction():
        for number in range(1, count + 1):
            login = f"desk-{sitting_id}-{number}"
            person = await connection.fetchval(store.ADD_PERSON, f"测试监考{number:02d}", None, agency_id, True)
            account = await connection.fetchval(
                store.ADD_ACCOUNT, person, login, password_hash, "invigilator", agency_id
            )
            await connection.execute(store.ADD_STAFF, sitting_id, account)
            logins.append(login)
    return logins


async def begin_attempts(
    house: House, sitting_id: int, persons: Sequence[int], tell: Callable[[int], None], *, start: bool = True
) -> list[int]:
    """Attempts of these persons, entered, portrayed and (if wanted) started by DEVICE, in their order."""
    made: list[int] = []
    for begin in range(0, len(persons), CHUNK):
        made += await _begin_chunk(house, sitting_id, persons[begin : begin + CHUNK], start=start)
        tell(len(persons[begin : begin + CHUNK]))
    return made


async def _begin_chunk(house: House, sitting_id: int, persons: Sequence[int], *, start: bool) -> list[int]:
    sitting = await house.registry.sitting(sitting_id)
    serials = [row[0] for row in await house.pool.fetch(SERIALS, len(persons))]
    ids = [sitting.cycle * store.ATTEMPT_ID_BASE + serial for serial in serials]
    rows, papers, journal = [], [], []
    for attempt_id, person_id in zip(ids, persons, strict=True):
        now = house.clock.now()
        paper = await house.papers.draw(sitting, person_id, now)
        entries, row = _begun(attempt_id, await first_event(house, sitting, person_id, 0, paper), now, start=start)
        rows.append((attempt_id, sitting_id, person_id, 1, *row, len(entries), len(entries)))
        papers.append((attempt_id, write_paper(paper)))
        journal += [(e.attempt_id, e.version, e.seq, e.kind, e.body, e.at, e.digest) for e in entries]
    async with house.pool.acquire() as connection, connection.transaction():
        await connection.execute(ADD_CONSENTS, list(persons), CONSENT_VERSION)
        for table, columns, records in (
            ("attempts", ATTEMPT_COLUMNS, rows),
            ("papers", ("attempt_id", "body"), papers),
            ("journal", JOURNAL_COLUMNS, journal),
        ):
            await connection.copy_records_to_table(table, schema_name="exam", columns=columns, records=records)
    return ids


ATTEMPT_COLUMNS: Final = (
    "attempt_id", "sitting_id", "person_id", "number", "phase", "entered_at", "deadline_at", "next_check_at",
    "taken_in", "version",
)  # fmt: skip
JOURNAL_COLUMNS: Final = ("attempt_id", "version", "seq", "kind", "body", "at", "digest")


def _begun(attempt_id: int, first: Any, now: datetime, *, start: bool) -> tuple[list[Entry], tuple[Any, ...]]:
    """The journal of an attempt up to its start, and phase, entering, deadline and next check of its row."""
    entries = [make_entry(GENESIS, attempt_id, 1, first, now)]
    attempt = core.begin(first)
    portrait = TakePortrait(device=DEVICE, picture=f"{attempt_id:064x}", verdict=Verdict.ACCEPT)
    commands: list[Command] = [portrait, Start()] if start else [portrait]
    for command in commands:
        for event in core.decide(attempt, command, 0, now):
            entries.append(make_entry(entries[-1].digest, attempt_id, len(entries) + 1, event, now))
            attempt = core.evolve(attempt, event, now)
    row = row_of(attempt)
    return entries, (row.phase, now, row.deadline_at, row.next_check_at)


async def describe(
    pool: "asyncpg.Pool[asyncpg.Record]",
    sitting_id: int,
    people: Sequence[tuple[int, str]],
    attempts: Sequence[int],
    desks: Sequence[str],
) -> bytes:
    """The cast as JSON, as `loadtest/cast.py` reads it."""
    sitting = await store.sitting(pool, sitting_id)
    assert sitting is not None
    begun = list(attempts) or [0] * len(people)
    told = {
        "sitting_id": sitting_id,
        "kind": sitting.kind,
        "item_count": sitting.item_count,
        "minutes": sitting.policy.minutes,
        "grace_s": sitting.policy.grace_s,
        "opens_at": sitting.opens_at.isoformat(),
        "closes_at": sitting.closes_at.isoformat(),
        "players": [
            {
                "person_id": person_id, "login": f"load-{person_id}", "token": token, "password": demo.PASSWORD,
                "province": sitting.province, "attempt_id": attempt_id, "device": DEVICE if attempt_id else "",
            }
            for (person_id, token), attempt_id in zip(people, begun, strict=True)
        ],
        "desks": [{"role": "invigilator", "login": login, "password": demo.PASSWORD} for login in desks]
        + [{"role": role, "login": role, "password": demo.PASSWORD} for role in DESK_ROLES if role != "invigilator"],
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode()
