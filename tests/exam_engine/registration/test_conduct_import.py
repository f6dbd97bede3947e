"""Penalties and awards as they are reported."""

import io
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import TypeAlias

import asyncpg
import pytest
import pytest_asyncio

from exam_engine import store
from exam_engine.registration import conduct_import, roster_store
from exam_engine.registration.conduct_import import COLUMNS, import_conduct, read_kind
from exam_engine.registration.sheets import Report, Sheet
from tests.exam_engine.registration.sheet_samples import as_xlsx, number

TODAY = date(2026, 11, 23)
HEAD = tuple(column.heading for column in COLUMNS)
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("行政处罚", (False, "penalty")),
        ("处分", (False, "sanction")),
        ("医疗事故", (False, "accident")),
        ("accident", (False, "accident")),
        ("奖励", (True, "award")),
        ("表彰", (True, "commendation")),
        ("政府指令性任务", (True, "mandated_task")),
        ("良好", (True, "other")),
        ("不良", (False, "other")),
        ("良好-技术成果", (True, "achievement")),
        ("不良（处分）", (False, "sanction")),
        ("良好：处分", None),
        ("奖励 表彰", None),
        ("良好-别的", None),
        ("别的", None),
        ("", None),
        ("-", None),
    ],
)
def test_the_kind_is_read_from_words(text: str, kind: tuple[bool, str] | None) -> None:
    assert read_kind(text) == kind


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    """With three physicians registered: 1 and 2 in Beijing, 3 in Fujian; 4 has an assessment account in Fujian."""
    made = await asyncpg.connect(database_url)
    await made.execute("TRUNCATE reg.conduct, reg.registry, reg.assessment_accounts")
    await made.executemany(
        "INSERT INTO reg.registry (id_number, name, practice_place, province) VALUES ($1, '测试甲', '测试医院', $2)",
        [(number(1), "11"), (number(2), "11"), (number(3), "35"), (number(4), "11")],
    )
    place = await made.fetchval(store.ADD_ORGANISATION, "institution", "测试医院", "35")
    await made.execute(roster_store.ADD_PERSONS, ["测试甲"], [number(4)], place)
    person = await made.fetchval("SELECT person_id FROM people.persons WHERE id_number = $1", number(4))
    await made.execute(roster_store.ADD_ASSESSMENTS, [person], ["测试甲"], [number(4)], [""], "35", place)
    yield made
    await made.close()


async def bring(connection: Connection, rows: Sequence[Sequence[object]], province: str | None = None) -> Report:
    sheet = Sheet(io.BytesIO(as_xlsx([HEAD, *rows])), COLUMNS, 1_000)
    async with connection.transaction():
        return await import_conduct(connection, sheet, province, TODAY)


def counts(report: Report) -> tuple[int, ...]:
    return report.total, report.added, report.changed, report.same, report.wrong


async def test_records_come_in_and_the_same_again_changes_nothing(connection: Connection) -> None:
    rows = [
        (number(1), "行政处罚", date(2025, 3, 1), "测试事实一", "测试机关"),
        (number(1), "表彰", "2025年4月1日", "测试事实二", ""),
        (number(3), "医疗事故", "20250501", "测试事实三", ""),
    ]
    assert counts(await bring(connection, rows)) == (3, 3, 0, 0, 0)
    assert counts(await bring(connection, rows)) == (3, 0, 0, 3, 0)
    rows[1] = (*rows[1][:4], "测试机关")
    assert counts(await bring(connection, rows)) == (3, 0, 1, 2, 0)
    found = await connection.fetch("SELECT good, kind, at, fact, source, province FROM reg.conduct ORDER BY at")
    assert [tuple(row) for row in found] == [
        (False, "penalty", date(2025, 3, 1), "测试事实一", "测试机关", "11"),
        (True, "commendation", date(2025, 4, 1), "测试事实二", "测试机关", "11"),
        (False, "accident", date(2025, 5, 1), "测试事实三", "", "35"),
    ]


async def test_a_province_reports_of_its_own_physicians_only(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conduct_import, "BATCH", 2)
    rows = [
        (number(1), "处分", "2025-01-01", "测试事实", ""),
        (number(3), "处分", "2025-01-01", "测试事实", ""),  # registered elsewhere
        (number(4), "处分", "2025-01-01", "测试事实", ""),  # his account is elsewhere, and that counts
        (number(5), "处分", "2025-01-01", "测试事实", ""),
        (number(1), "处分", "2025-01-01", "测试事实", "again"),
        (number(2), "处分", "2026-11-24", "", ""),
    ]
    report = await bring(connection, rows, "11")
    assert counts(report) == (6, 1, 0, 0, 5)
    assert [(each.row, each.column, each.code) for each in report.problems] == [
        (3, "身份证号", "other_province"),
        (4, "身份证号", "other_province"),
        (5, "身份证号", "not_registered"),
        (6, "身份证号", "twice"),
        (7, "事实", "missing"),
        (7, "日期", "date_future"),
    ]
    assert await connection.fetchval("SELECT count(*) FROM reg.conduct") == 1
