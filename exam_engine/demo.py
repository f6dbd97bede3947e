"""The demonstration: one province's people, the sample bank and three sittings, seeded once.

Everybody here is test data and says so: names are 测试…, ID numbers carry birth years before 1920.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec

from exam_engine import demo_bank, demo_registration, store
from exam_engine.demo_registration import id_number
from exam_engine.edge.accounts import hasher
from exam_engine.sitting import IdentityCheck, Policy
from proctor.policy import Proctoring
from question_bank import blueprint as blueprints
from question_bank import store as bank
from question_bank.sample import load_sample

LOCK_KEY: Final = 0x65786D10
CYCLE: Final = 1
PHYSICIANS: Final = 40
PASSWORD: Final = "Kaohe-2026"  # noqa: S105  the demonstration's, printed at every start
WINDOW: Final = timedelta(days=11)
PROVINCE: Final = "11"


@dataclass(frozen=True)
class DemoAccount:
    role: str
    login: str
    password: str
    name: str


@dataclass(frozen=True)
class DemoSitting:
    id: int
    kind: str
    title: str


@dataclass(frozen=True)
class Demo:
    """What there is to try out."""

    accounts: tuple[DemoAccount, ...] = ()
    sittings: tuple[DemoSitting, ...] = ()


# role, login, name, organisation kind
STAFF: Final = (
    ("invigilator", "invigilator", "测试监考员", "agency"),
    ("chief", "chief", "测试主监考", "agency"),
    ("agency", "agency", "测试考核机构复核员", "agency"),
    ("institution", "institution", "测试卫生机构审核员", "institution"),
    ("author", "author", "测试命题员", "nation"),
    ("author", "author2", "测试审题员", "nation"),
    ("province", "province", "测试省级管理员", "province"),
    ("nation", "nation", "测试国家管理员", "nation"),
    ("auditor", "auditor", "测试审计员", "nation"),
)
ORGANISATIONS: Final = (
    ("nation", "测试国家考核办公室"),
    ("province", "测试省定考办"),
    ("agency", "测试考核机构"),
    ("institution", "测试医院"),
)
# kind, title, blueprint, minutes, points per item, pass points
SITTINGS: Final = (
    ("humanities", "人文医学测评（演示）", "humanities", 60, 2, 60),
    ("professional", "业务水平测评（演示·临床内科）", "professional", 60, 1, 60),
    ("practice", "模拟练习（5题）", "practice", 10, 20, 60),
    ("humanities", "人文医学测评（人脸核验演示）", "humanities", 60, 2, 60),
)
INVITED: Final = "人文医学测评（演示）"  # for the demonstration's 40; who registered sits the one that checks faces
CHECKED: Final = "人文医学测评（人脸核验演示）"  # here a face model judges the entry, with a turn of the head


async def seed(database_url: str, minutes: int | None) -> Demo:
    """Make the demonstration if it is not there, and describe it. `minutes` shortens all its exams."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK_KEY)
            if await connection.fetchval("SELECT count(*) FROM exam.sittings") == 0:
                await _seed(connection)
            await _refresh(connection, minutes)
        return await _describe(connection)
    finally:
        await connection.close()


async def _seed(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    for items in load_sample().values():
        await bank.save(connection, items, "sample")
    await connection.execute(store.OPEN_CYCLE, CYCLE, "演示考核周期")
    organisations = {
        kind: await connection.fetchval(store.ADD_ORGANISATION, kind, name, PROVINCE) for kind, name in ORGANISATIONS
    }
    password_hash = await asyncio.to_thread(hasher.hash, PASSWORD)
    staff, authors = {}, []
    for role, login, name, kind in STAFF:
        person = await connection.fetchval(store.ADD_PERSON, name, None, organisations[kind], True)
        staff[role] = await connection.fetchval(
            store.ADD_ACCOUNT, person, login, password_hash, role, organisations[kind]
        )
        if role == "author":
            authors.append((staff[role], person, name))
    physicians = []
    for index in range(1, PHYSICIANS + 1):
        person = await connection.fetchval(
            store.ADD_PERSON, f"测试医师{index:02d}", id_number(index), organisations["institution"], True
        )
        await connection.execute(
            store.ADD_ACCOUNT, person, f"physician{index:02d}", password_hash, "physician", organisations["institution"]
        )
        physicians.append(person)
    now = await connection.fetchval("SELECT now()")
    for kind, title, name, _, points, pass_points in SITTINGS:
        sitting_id = await _add_sitting(
            connection, kind, title, name, points, pass_points, organisations["agency"], now
        )
        await connection.execute(store.ENTITLE, sitting_id, physicians)
        for role in ("invigilator", "chief"):
            await connection.execute(store.ADD_STAFF, sitting_id, staff[role])
    await demo_bank.seed(connection, authors[0], authors[1], now)
    await demo_registration.seed(connection, PROVINCE, CYCLE, organisations, now)


async def _add_sitting(
    connection: "asyncpg.Connection[asyncpg.Record]",
    kind: str,
    title: str,
    name: str,
    points: int,
    pass_points: int,
    agency: int,
    now: datetime,
) -> int:
    blueprint = blueprints.load(name)
    practice = kind == "practice"
    check = IdentityCheck.MODEL if title == CHECKED else IdentityCheck.AT_ONCE
    policy = Policy(
        identity=check,
        identity_again=check,
        release_at_once=practice,
        proctoring=Proctoring(captures=not practice),
    )
    sitting_id = int(
        await connection.fetchval(
            store.ADD_SITTING,
            CYCLE,
            kind,
            "first",
            title,
            PROVINCE,
            agency,
            now - timedelta(minutes=1),
            now + WINDOW,
            blueprint.pool,
            blueprint.item_count,
            points,
            pass_points,
            msgspec.json.encode(policy).decode(),
            msgspec.json.encode(blueprint).decode(),
        )
    )
    if title == INVITED:
        await connection.execute(INVITE, sitting_id)
    return sitting_id


INVITE: Final = "UPDATE exam.sittings SET by_invitation = true WHERE sitting_id = $1"


async def _refresh(connection: "asyncpg.Connection[asyncpg.Record]", minutes: int | None) -> None:
    """At every start: the windows are open again, and as long as was asked for this time."""
    by_title = {title: default for _, title, _, default, _, _ in SITTINGS}
    for row in await connection.fetch("SELECT sitting_id, title, policy FROM exam.sittings WHERE cycle = $1", CYCLE):
        if row["title"] not in by_title:
            continue
        policy = msgspec.json.decode(row["policy"], type=Policy)
        policy = msgspec.structs.replace(policy, minutes=minutes or by_title[row["title"]])
        await connection.execute(
            """UPDATE exam.sittings SET policy = $2::json,
               closes_at = CASE WHEN closes_at < now() + interval '1 day' THEN now() + $3 ELSE closes_at END
               WHERE sitting_id = $1""",
            row["sitting_id"],
            msgspec.json.encode(policy).decode(),
            WINDOW,
        )


async def _describe(connection: "asyncpg.Connection[asyncpg.Record]") -> Demo:
    accounts = await connection.fetch(
        """SELECT a.role, a.login, p.name FROM people.accounts a JOIN people.persons p USING (person_id)
           WHERE p.is_test AND NOT EXISTS (SELECT FROM reg.app_accounts w WHERE w.account_id = a.account_id)
           ORDER BY a.role <> 'physician' DESC, a.account_id"""  # who signed up has a password of his own
    )
    sittings = await connection.fetch("SELECT sitting_id, kind, title FROM exam.sittings ORDER BY sitting_id")
    return Demo(
        tuple(DemoAccount(row["role"], row["login"], PASSWORD, row["name"]) for row in accounts),
        tuple(DemoSitting(row["sitting_id"], row["kind"], row["title"]) for row in sittings),
    )
