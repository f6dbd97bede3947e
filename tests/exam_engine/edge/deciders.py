"""Who decides for provinces, and a look at everything that a refusal must leave as it was."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest

from exam_engine.registration.tending import settle_some, tend
from exam_engine.results.tending import look_some
from tests.candidate import Person, Refusal, Staff
from tests.exam_engine.edge.server import Server

REASON = "经省级研究决定调整"
HERE, ELSEWHERE = "11", "35"  # the demonstration's province, and another
TABLES = (
    "exam.cycles", "exam.sittings", "exam.unsettled", "reg.policies", "reg.notices", "reg.assignments",
    "reg.applications", "reg.files", "reg.app_accounts", "reg.assessment_accounts", "reg.messages",
    "people.organisations", "people.persons", "people.accounts", "people.audit",
)  # fmt: skip
WAITING = "SELECT EXISTS (SELECT FROM exam.unsettled) OR EXISTS (SELECT FROM result.due)"
DIGEST = (
    "SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (SELECT (to_jsonb(t) - 'sms')::text AS line FROM {table} t)"
)
NUMBERS = itertools.count(1)


class Deciders(NamedTuple):
    province: Staff
    other: Staff
    nation: Staff
    auditor: Staff


@contextlib.asynccontextmanager
async def deciders(server: Server) -> AsyncIterator[Deciders]:
    """The demonstration's province, another province, the nation and an auditor, logged in."""
    pool = server.house.pool
    office = await server.add_organisation("province", "测试另一省定考办", ELSEWHERE)
    nation = await pool.fetchval("SELECT organisation_id FROM people.organisations WHERE kind = 'nation'")
    await server.add_staff("province-two", "province", office)
    await server.add_staff("nation-two", "nation", nation)
    await server.add_staff("auditor-two", "auditor", nation)
    async with AsyncExitStack() as stack:
        names = ("province", "province-two", "nation-two", "auditor-two")
        yield Deciders(*[await stack.enter_async_context(server.staff(name)) for name in names])


async def put(person: Person, path: str, body: object) -> Any:
    """Replace something; the answer as plain data. Raises Refusal."""
    async with person.http.put(person.base_url + path, json=body) as response:
        return await person._answer(response)


@contextlib.asynccontextmanager
async def refused(server: Server, code: str, status: int = 409) -> AsyncIterator[None]:
    """Inside, the server says no with this code, and nothing is changed by it."""
    await at_rest(server)
    before = await everything(server)
    with pytest.raises(Refusal) as refusal:
        yield
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert await everything(server) == before


async def at_rest(server: Server) -> None:
    """Do what the loops would do sooner or later: afterwards they change nothing while a test looks."""
    await settled(server)
    await tend(server.house)


async def settled(server: Server) -> None:
    """Nobody is to be looked at any more; what a loop of the server has in hand is there until it has committed."""
    while await server.house.pool.fetchval(WAITING):
        await settle_some(server.house)
        await look_some(server.house)


async def everything(server: Server) -> dict[str, str | None]:
    """A digest of each table, but for what became of copies by SMS: they are sent whenever it is their turn."""
    return {table: await server.house.pool.fetchval(DIGEST.format(table=table)) for table in TABLES}


async def last_record(server: Server) -> tuple[str, str, str]:
    """Act, subject and facts of the newest line of the audit log."""
    row = await server.house.pool.fetchrow(
        "SELECT act, subject, facts FROM people.audit ORDER BY audit_id DESC LIMIT 1"
    )
    assert row is not None
    return tuple(row)


async def physician(
    server: Server, institution_id: int, *, province: str = HERE, agency_id: int | None = None, **states: str
) -> int:
    """Somebody with an assessment account here and, if `states` are given, parts of a file in them; the person."""
    pool, number = server.house.pool, next(NUMBERS)
    name, id_number = f"测试列表{number}", f"1101051901010{number:05d}"
    person = await pool.fetchval(
        "INSERT INTO people.persons (name, id_number, is_test) VALUES ($1, $2, true) RETURNING person_id",
        name, id_number,
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO reg.assessment_accounts (person_id, province, institution_id, name, id_number, id_reversed) "
        "VALUES ($1, $2, $3, $4, $5, reverse($5))",
        person, province, institution_id, name, id_number,
    )  # fmt: skip
    if states:
        application = await pool.fetchval(
            "INSERT INTO reg.applications (person_id, cycle, province, institution_id, agency_id) "
            "VALUES ($1, 1, $2, $3, $4) RETURNING application_id",
            person, province, institution_id, agency_id,
        )  # fmt: skip
        for subject, state in states.items():
            await pool.execute(
                "INSERT INTO reg.files (application_id, subject, state, cycle, province, institution_id, agency_id, "
                "person_id, name, id_number, id_reversed) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, reverse($9))",
                application, subject, state, province, institution_id, agency_id, person, name, id_number,
            )  # fmt: skip
    return int(person)


async def app_account(server: Server, phone: str, *, person: int | None = None, certified: str = "") -> int:
    """An app account; bound to this person's assessment account, or certified as this number, or neither."""
    pool = server.house.pool
    stand_in = await pool.fetchval(
        "INSERT INTO people.persons (name, is_test) VALUES ('测试', true) RETURNING person_id"
    )
    known_hash = await pool.fetchval("SELECT password_hash FROM people.accounts WHERE login = 'invigilator'")
    account = await pool.fetchval(
        "INSERT INTO people.accounts (person_id, login, password_hash, role) VALUES ($1, $2, $3, 'physician') "
        "RETURNING account_id",
        person or stand_in, phone, known_hash,
    )  # fmt: skip
    row = await pool.fetchrow("SELECT name, id_number FROM people.persons WHERE person_id = $1", person)
    number = row["id_number"] if row else certified or None
    await pool.execute(
        "INSERT INTO reg.app_accounts (account_id, phone, stand_in_id, terms_version, state, name, id_number, "
        "certified_at) VALUES ($1, $2, $3, '1', $4, $5, $6, $7)",
        account, phone, stand_in, "certified" if number else "registered",
        row["name"] if row else f"测试{phone[-4:]}" if number else None, number,
        server.house.clock.now() if number else None,
    )  # fmt: skip
    if person is not None:
        await pool.execute(
            "UPDATE reg.assessment_accounts SET state = 'bound', account_id = $2, password_hash = 'x' "
            "WHERE person_id = $1",
            person, account,
        )  # fmt: skip
    return int(account)
