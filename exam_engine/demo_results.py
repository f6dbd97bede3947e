"""The demonstration's results: a few physicians at the end of the road, with notices, a recheck and paper exams.

Their files are made as `exam demo` makes files; everything of the results is done by the product's own functions, in
the order in which people would do it: paper exams are listed, brought in and confirmed, results proposed by their legs,
decided, published, and one is to be rechecked.
"""

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

import asyncpg

from exam_engine import demo, demo_files, store
from exam_engine.demo_files import RATED, SIGNED, Person, Step
from exam_engine.demo_registration import id_number
from exam_engine.registration.filing import Wake
from exam_engine.registration.settling import settle
from exam_engine.results import list_store, paper_store, tending
from exam_engine.results import store as results
from exam_engine.results.final import RECHECK_FOR, Act, Event, Level
from exam_engine.results.moving import By, move

LOCK_KEY: Final = 0x65786D11
SECOND: Final = "agency2"  # decides; so that `agency` may decide the recheck
PASS_POINTS: Final = 60
REFUSED: Final[tuple[Step, ...]] = (*SIGNED, ("evaluation", "approve", "agy_review", "rejected", "agency"))
REASON: Final = "年长，不使用智能手机（演示）"
OBJECTION: Final = "本人对工作成绩的评定结果有异议，认为与实际工作情况不符，申请复核。（演示）"
THERE: Final = "SELECT EXISTS (SELECT FROM people.accounts WHERE login = $1)"
OWN: Final = "SELECT organisation_id FROM people.organisations WHERE kind = $1 AND name = $2 AND province = $3"
STAFF: Final = "SELECT account_id, person_id, password_hash FROM people.accounts WHERE login = $1"
PERSON: Final = "SELECT person_id FROM people.persons WHERE id_number = $1"


class Graduate(NamedTuple):
    """`points` of the paper exam in humanities; `until`: how far his result has come."""

    name: str
    login: str
    path: tuple[Step, ...]
    points: int | None
    until: str


GRADUATES: Final = (
    Graduate("测试结果甲", "graduate1", RATED, 86, "published"),
    Graduate("测试结果乙", "graduate2", RATED, 64, "published"),
    Graduate("测试结果丙", "graduate3", REFUSED, None, "published"),
    Graduate("测试结果丁", "graduate4", REFUSED, None, "recheck"),
    Graduate("测试结果戊", "graduate5", RATED, 91, "decided"),
    Graduate("测试结果己", "graduate6", RATED, 75, "proposed"),
    Graduate("测试结果庚", "graduate7", RATED, 48, "pending"),
)


async def seed(database_url: str) -> None:
    """Make them where the demonstration is and they are not."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK_KEY)
            if not await connection.fetchval(THERE, SECOND):
                await add(connection, await connection.fetchval("SELECT now()"))
    finally:
        await connection.close()


async def add(connection: "asyncpg.Connection[asyncpg.Record]", now: datetime) -> None:
    """Make them, in the caller's transaction; the demonstration is there already."""
    agency = await connection.fetchval(OWN, "agency", "测试考核机构", demo.PROVINCE)
    institution = await connection.fetchval(OWN, "institution", "测试医院", demo.PROVINCE)
    first = await connection.fetchrow(STAFF, "agency")
    assert first is not None
    person = await connection.fetchval(store.ADD_PERSON, "测试考核机构复核员二", None, agency, True)
    second = await connection.fetchval(store.ADD_ACCOUNT, person, SECOND, first["password_hash"], "agency", agency)
    by = By(level=Level.AGENCY, account_id=second, person_id=person, organisation_id=agency)
    await demo_files.write(
        connection,
        [(_person(n, graduate), institution, agency) for n, graduate in enumerate(GRADUATES, 1)],
        demo.PROVINCE,
        demo.CYCLE,
        now,
    )
    persons = [await connection.fetchval(PERSON, _person(n, g).id_number) for n, g in enumerate(GRADUATES, 1)]
    for graduate, person_id in zip(GRADUATES, persons, strict=True):
        await connection.fetchval(
            store.ADD_ACCOUNT, person_id, graduate.login, first["password_hash"], "physician", institution
        )
    await _on_paper(connection, persons, by, first["account_id"], first["person_id"], now)
    for graduate, person_id in zip(GRADUATES, persons, strict=True):
        await settle(connection, person_id, demo.CYCLE, now)
        await tending.look_at(connection, person_id, demo.CYCLE, now - timedelta(hours=3), Wake())
        await _decide(connection, graduate, person_id, by, now)


def _person(number: int, graduate: Graduate) -> Person:
    return Person(
        serial=number,
        name=graduate.name,
        id_number=id_number(920 + number),
        department="内科",
        category="clinical",
        specialty="internal",
        title="chief",
        licensed_on=date(1990, 6, 1),
        path=graduate.path,
        simple=True,
        flagged=False,
        hours=tuple(sorted((24 * n + number for n in range(1, len(graduate.path) + 1)), reverse=True)),
    )


async def _on_paper(
    connection: "asyncpg.Connection[asyncpg.Record]",
    persons: list[int],
    by: By,
    confirmer: int,
    confirmed_by: int,
    now: datetime,
) -> None:
    """Those with points sat on paper: listed and brought in by one, confirmed by the other."""
    sat = [(n, graduate, person) for n, (graduate, person) in enumerate(zip(GRADUATES, persons, strict=True), 1)]
    sat = [each for each in sat if each[1].points is not None]
    papers = []
    for number, _, person in sat:
        file = await connection.fetchrow(paper_store.PERSON, id_number(920 + number), demo.CYCLE, None, None)
        assert file is not None
        papers.append(
            await connection.fetchval(
                paper_store.ADD_PERSON, person, demo.CYCLE, file["province"], file["institution_id"],
                file["agency_id"], "humanities", "first", REASON, by.account_id, now,
            )
        )  # fmt: skip
    import_id = await connection.fetchval(
        paper_store.ADD_IMPORT, demo.CYCLE, demo.PROVINCE, by.organisation_id, by.account_id, by.person_id,
        "纸笔考试成绩（演示）", sha256(b"demonstration").hexdigest(), PASS_POINTS, len(sat), now,
    )  # fmt: skip
    numbers = list(range(2, len(sat) + 2))
    await connection.execute(
        paper_store.ADD_LINES, import_id, numbers, papers, [g.name for _, g, _ in sat],
        [id_number(920 + n) for n, _, _ in sat], ["humanities"] * len(sat), ["first"] * len(sat),
        [g.points for _, g, _ in sat], [f"S-{n:03d}" for n in numbers], ["B-1"] * len(sat), [""] * len(sat),
        [""] * len(sat),
    )  # fmt: skip
    await connection.fetch(paper_store.ADD_SCORES, import_id, PASS_POINTS, now)
    await connection.execute(paper_store.DECIDE, import_id, "confirmed", confirmer, confirmed_by, now, "")


async def _decide(
    connection: "asyncpg.Connection[asyncpg.Record]", graduate: Graduate, person_id: int, by: By, now: datetime
) -> None:
    if graduate.until in ("pending", "proposed"):
        return
    before = now - timedelta(hours=2)
    result = await results.find(connection, person_id, demo.CYCLE, lock=True)
    assert result is not None
    moved = await move(connection, result, Act(event=Event.DECIDE, outcome=result.decided()), None, by, before)
    if graduate.until == "decided":
        return
    moved = await move(connection, moved.result, Act(event=Event.PUBLISH), None, by, now - timedelta(hours=1))
    if graduate.until == "recheck":
        own = By(level=Level.PHYSICIAN, person_id=person_id)
        await move(connection, moved.result, Act(event=Event.ASK, reason=OBJECTION), None, own, now)
        await connection.execute(list_store.ADD_RECHECK, moved.result.result_id, OBJECTION, [], now, now + RECHECK_FOR)
