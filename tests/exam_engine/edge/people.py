"""People for tests of registration: newcomers of the registry, the desks that review them, and files by the hundred."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import date
from typing import Any, NamedTuple

from exam_engine import demo_files, store
from exam_engine.demo import CYCLE, PASSWORD, PROVINCE
from exam_engine.demo_registration import ADD_ASSESSMENT, ADD_REGISTERED, PLACE, Walker, id_number
from tests.applicant import Applicant, Reviewer
from tests.exam_engine.edge.deciders import settled
from tests.exam_engine.edge.server import WAIT_S, Server

NUMBERS = itertools.count(910)  # those of the demonstration's own people are below
DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")  # a name holds no numbers
REASON = "经核对与事实不符"
# Without what became of the copies by SMS: they are sent whenever it is their turn.
MESSAGES = "SELECT to_jsonb(m) - 'sms' FROM reg.messages m WHERE person_id = $1 ORDER BY message_id"


class Desks(NamedTuple):
    institution: Reviewer
    agency: Reviewer
    province: Reviewer


@contextlib.asynccontextmanager
async def desks_of(server: Server) -> AsyncIterator[Desks]:
    """The demonstration's reviewers, logged in."""
    async with AsyncExitStack() as stack:
        names = ("institution", "agency", "province")
        yield Desks(*[await stack.enter_async_context(reviewer(server, name)) for name in names])


def reviewer(server: Server, login: str) -> Reviewer:
    """A member of staff who reviews; use with `async with`."""
    return Reviewer(server.base_url, login, PASSWORD)


async def newcomer(
    server: Server, *, licensed_on: date = date(2023, 3, 1), title: str = "resident", bound: bool = True
) -> Applicant:
    """Somebody of the registry with an assessment account (unless not `bound`); use with `async with`."""
    number = next(NUMBERS)
    walker = Walker("测试路人" + str(number).translate(DIGITS), number, licensed_on, title)
    pool, id_ = server.house.pool, id_number(number)
    person_id = await pool.fetchval(store.ADD_PERSON, walker.name, id_, None, True)
    await pool.execute(
        ADD_REGISTERED, id_, walker.name, "male" if int(id_[16]) % 2 else "female", PROVINCE, PLACE, title,
        f"{licensed_on.year}{PROVINCE}110{id_}", licensed_on, f"110{PROVINCE}0105{number:06d}",
    )  # fmt: skip
    if bound:
        await pool.execute(ADD_ASSESSMENT, person_id, PROVINCE, await organisation(server, PLACE), walker.name, id_)
    outbox = server.house.settings.data / "sms" / "outbox.jsonl"
    return Applicant(server.base_url, walker, f"199{number:08d}", outbox)


async def organisation(server: Server, name: str) -> int:
    """Its number."""
    found = await server.house.pool.fetchval("SELECT organisation_id FROM people.organisations WHERE name = $1", name)
    return int(found)


async def enrolled(server: Server, desks: Desks, applicant: Applicant, **changed: Any) -> None:
    """From sign-up to 报名成功."""
    await applicant.arrive()
    await applicant.hand_in("profile", await applicant.profile(**changed))
    await passed(desks, applicant, "profile")


async def rated(server: Server, desks: Desks, applicant: Applicant) -> None:
    """From sign-up to an evaluation that passed, by the general procedure."""
    await enrolled(server, desks, applicant)
    await choose_general(applicant)
    await applicant.hand_in("evaluation", applicant.evaluation(report=False))
    await passed(desks, applicant, "evaluation", comment="同意评定合格")


async def choose_general(applicant: Applicant) -> None:
    """【不符合以上条件，执行一般程序】."""
    view = await applicant.get("/api/procedure")
    await applicant.post("/api/procedure", {"version": view["version"], "choice": "general"})


async def passed(desks: Desks, applicant: Applicant, subject: str, **rating: Any) -> None:
    """Approved by both levels."""
    await desks.institution.decide(applicant.walker.name, subject, **rating)
    await desks.agency.decide(applicant.walker.name, subject, **rating)


async def exempted_from(applicant: Applicant, number: str = "T-1") -> Any:
    """免考申请, handed in."""
    values = {"reason": "residency", "certificate": "住培合格证", "certificate_no": number, "obtained_on": "2025-06-01"}
    files = {"evidence": [await applicant.upload(96)], "licence": [await applicant.upload(97)]}
    return await applicant.hand_in("exemption", values | files)


async def decided(desk: Reviewer, **changed: Any) -> None:
    """The province decides something differently."""
    known = await desk.get(f"/api/desk/policies/{CYCLE}")
    body = {"version": known["version"], "policy": known["policy"] | changed}
    async with desk.http.put(f"{desk.base_url}/api/desk/policies/{CYCLE}", json=body) as response:
        await desk._answer(response)


async def many_files(server: Server, count: int) -> None:
    """So many files in all states; a fifth of them at the demonstration's institution."""
    pool = server.house.pool
    places = await organisation(server, PLACE), await organisation(server, "测试考核机构")
    async with pool.acquire() as acquired, acquired.transaction():
        connection: Any = acquired
        await demo_files.add(
            connection, count, province=PROVINCE, cycle=CYCLE, institution_id=places[0], agency_id=places[1], seed=7,
            now=server.house.clock.now(), tell=lambda _: None,
        )  # fmt: skip


async def rows_of(server: Server, file_id: int) -> object:
    """Everything about the person of a file, once the loops are through: a refusal must leave it as it was."""
    await settled(server)
    pool = server.house.pool
    row = await pool.fetchrow("SELECT application_id, person_id FROM reg.files WHERE file_id = $1", file_id)
    assert row is not None
    application, person = row
    return [
        *await pool.fetch("SELECT * FROM reg.applications WHERE application_id = $1", application),
        *await pool.fetch("SELECT * FROM reg.files WHERE application_id = $1 ORDER BY file_id", application),
        *await pool.fetch("SELECT * FROM reg.moves WHERE application_id = $1 ORDER BY move_id", application),
        *await pool.fetch(MESSAGES, person),
        *await pool.fetch("SELECT * FROM exam.entitlements WHERE person_id = $1 ORDER BY sitting_id", person),
        await pool.fetchval("SELECT count(*) FROM reg.messages WHERE organisation_id IS NOT NULL"),
    ]


async def until(server: Server, person_id: int, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what the loops do, woken by every message to this person."""
    news = asyncio.Event()
    with server.house.bus.listen_inbox([person_id], [], news.set):
        async with asyncio.timeout(WAIT_S):
            while not await holds():
                await news.wait()
                news.clear()
