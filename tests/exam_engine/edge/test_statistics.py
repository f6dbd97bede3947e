"""Figures, exports and the audit log on a real server: every scope sees its own, and the log can only be read."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import pytest
import pytest_asyncio
from openpyxl import load_workbook

from exam_engine.edge import statistics
from exam_engine.edge.statistics import FIGURES, KEEP, OLD, without_numbers
from tests.candidate import Refusal, Staff
from tests.exam_engine.edge.deciders import (
    ELSEWHERE,
    Deciders,
    app_account,
    deciders,
    everything,
    last_record,
    physician,
    put,
    refused,
)
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIGURES_PATH, EXPORT, AUDIT = "/api/desk/statistics", "/api/desk/export", "/api/desk/audit"
PROVINCE = "62"  # of this module alone: the demonstration may have files of its own


class Cast(NamedTuple):
    deciders: Deciders
    province: Staff
    institution: Staff
    second: Staff
    agency: Staff
    ids: dict[str, int]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Cast]:
    """A province with an agency that reviews for one of its two institutions, and files in many states."""
    ids = {
        "office": await server.add_organisation("province", "测试六二定考办", PROVINCE),
        "agency": await server.add_organisation("agency", "测试六二机构", PROVINCE),
        "institution": await server.add_organisation("institution", "测试六二甲医院", PROVINCE),
        "second": await server.add_organisation("institution", "测试六二乙医院", PROVINCE),
    }
    await server.house.pool.execute("INSERT INTO reg.assignments VALUES ($1, $2)", ids["institution"], ids["agency"])
    kinds = {"office": "province", "agency": "agency", "institution": "institution", "second": "institution"}
    for name, number in ids.items():
        await server.add_staff(f"of-{name}", kinds[name], number)
    await people(server, ids)
    async with deciders(server) as made, AsyncExitStack() as stack:
        office, agency, institution, second = [
            await stack.enter_async_context(server.staff(f"of-{name}")) for name in ids
        ]
        yield Cast(made, office, institution, second, agency, ids)


async def people(server: Server, ids: dict[str, int]) -> None:
    async def one(place: str = "institution", **states: str) -> int:
        agency = ids["agency"] if place == "institution" else None
        return await physician(server, ids[place], province=PROVINCE, agency_id=agency, **states)

    await one()
    bound = await one()
    await app_account(server, "13900000001", person=bound)
    for _ in range(2):
        await one(profile="draft")
    await one(profile="org_review")
    await one(profile="approved")
    await one(profile="approved", evaluation="agy_review")
    await one(profile="approved", evaluation="approved", exemption="org_review")
    await one("second", profile="not_enrolled")
    gone = await one("second", profile="draft")
    pool = server.house.pool
    await pool.execute("UPDATE reg.assessment_accounts SET state = 'transferred' WHERE person_id = $1", gone)
    await pool.execute("DELETE FROM reg.files WHERE person_id = $1", gone)


STEPS = {
    "unbound": 1, "not_started": 1, "profile_draft": 2, "profile_org": 1, "enrolled": 1, "evaluation_agy": 1,
    "rated_pass": 1,
}  # fmt: skip


async def fresh(server: Server, person: Staff) -> Any:
    """The figures, counted now."""
    forget(server)
    return await person.get(FIGURES_PATH)


def forget(server: Server) -> None:
    """Nothing was ever counted."""
    server.app[FIGURES]._kept.clear()
    server.app[FIGURES]._past.clear()


# --- figures -----------------------------------------------------------------------------------------------------


async def test_an_institution_sees_its_own_people_and_nobody_elses(server: Server, cast: Cast) -> None:
    seen = await fresh(server, cast.institution)

    assert (seen["total"], seen["steps"]) == (8, STEPS)
    assert seen["institutions"] == [
        {
            "organisation_id": cast.ids["institution"], "name": "测试六二甲医院", "agency": "测试六二机构", "total": 8,
            "steps": STEPS,
        }
    ]  # fmt: skip
    assert (await fresh(server, cast.second))["steps"] == {"ended": 1}


async def test_an_agency_sees_the_institutions_it_reviews_for(server: Server, cast: Cast) -> None:
    assert (await fresh(server, cast.agency))["institutions"] == (await fresh(server, cast.institution))["institutions"]


async def test_a_province_sees_all_of_its_institutions(server: Server, cast: Cast) -> None:
    seen = await fresh(server, cast.province)

    assert (seen["total"], seen["steps"]) == (9, STEPS | {"ended": 1})
    assert [(line["name"], line["total"]) for line in seen["institutions"]] == [
        ("测试六二乙医院", 1), ("测试六二甲医院", 8)
    ]  # fmt: skip


async def test_the_nation_sees_a_line_for_each_province(server: Server, cast: Cast) -> None:
    await physician(server, await server.add_organisation("institution", "测试三五医院", ELSEWHERE), province=ELSEWHERE)

    seen = await fresh(server, cast.deciders.nation)

    lines = {line["name"]: line for line in seen["institutions"]}
    assert lines["甘肃"] == {
        "organisation_id": cast.ids["office"], "name": "甘肃", "agency": "测试六二定考办", "total": 9,
        "steps": STEPS | {"ended": 1},
    }  # fmt: skip
    assert lines["福建"]["steps"] == {"unbound": 1}
    assert seen["total"] == sum(line["total"] for line in seen["institutions"])


async def test_days_count_what_happened_in_shanghai(server: Server, cast: Cast) -> None:
    pool = server.house.pool
    for place, event, at in (
        ("institution", "submit", "17 hours"), ("institution", "submit", "1 hour"), ("second", "return", "1 hour"),
        ("second", "approve", "1 hour"), ("second", "save", "1 hour"), ("second", "submit", "45 days"),
    ):  # fmt: skip
        await pool.execute(
            """INSERT INTO reg.moves (application_id, subject, event, from_state, to_state, at, role, digest)
               SELECT min(application_id), 'profile', $2, 'draft', 'draft',
                   date_trunc('day', now(), 'Asia/Shanghai') - $3::text::interval,
                   'physician', sha256('x') FROM reg.applications WHERE institution_id = $1""",
            cast.ids[place], event, at,
        )  # fmt: skip
    today = await pool.fetchval("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")

    days = (await fresh(server, cast.province))["days"]

    assert (len(days), days[-1]["day"]) == (30, today.isoformat())
    assert days[-2] == {
        "day": (today - timedelta(days=1)).isoformat(), "submitted": 2, "approved": 1, "returned": 1
    }  # fmt: skip
    assert sum(day["submitted"] + day["approved"] + day["returned"] for day in days) == 4
    own = (await fresh(server, cast.institution))["days"]
    assert (own[-2]["submitted"], own[-2]["returned"]) == (2, 0)
    assert (await fresh(server, cast.agency))["days"] == own
    assert (await fresh(server, cast.deciders.nation))["days"][-2]["approved"] >= 1


async def test_days_before_yesterday_are_counted_once_a_day(server: Server, cast: Cast) -> None:
    async def move(days: int) -> None:
        await server.house.pool.execute(
            """INSERT INTO reg.moves (application_id, subject, event, from_state, to_state, at, role, digest)
               SELECT min(application_id), 'profile', 'submit', 'draft', 'draft',
                   date_trunc('day', now(), 'Asia/Shanghai') - make_interval(days => $2), 'physician', sha256('x')
               FROM reg.applications WHERE institution_id = $1""",
            cast.ids["second"], days,
        )  # fmt: skip

    before = [day["submitted"] for day in (await fresh(server, cast.second))["days"]]
    await move(0)
    await move(1)
    await move(2)
    server.app[FIGURES]._kept.clear()

    after = [day["submitted"] for day in (await cast.second.get(FIGURES_PATH))["days"]]

    assert after[:-2] == before[:-2]
    assert after[-2:] == [before[-2] + 1, before[-1] + 1]
    with server.later(days=1):
        tomorrow = [day["submitted"] for day in (await cast.second.get(FIGURES_PATH))["days"]]
    assert tomorrow == [*before[1:-3], before[-3] + 1, *after[-2:], 0]


async def test_figures_are_kept_for_a_moment_for_each_scope(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "PATIENCE_S", 60)
    first = await fresh(server, cast.institution)
    person = await physician(server, cast.ids["institution"], province=PROVINCE)

    assert await cast.institution.get(FIGURES_PATH) == first
    assert (await cast.second.get(FIGURES_PATH))["total"] == 1
    with server.later(seconds=KEEP.total_seconds()):
        assert (await cast.institution.get(FIGURES_PATH))["total"] == first["total"] + 1
    await server.house.pool.execute("DELETE FROM reg.assessment_accounts WHERE person_id = $1", person)
    forget(server)


async def test_nobody_waits_for_figures_who_can_be_shown_those_of_a_little_before(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "PATIENCE_S", 0)
    figures, pool = server.app[FIGURES], server.house.pool
    first = await fresh(server, cast.second)
    person = await physician(server, cast.ids["second"], province=PROVINCE)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK reg.assessment_accounts")  # counting takes as long as this
        with server.later(seconds=KEEP.total_seconds()):
            shown = [await cast.second.get(FIGURES_PATH) for _ in range(3)]
            assert [each["at"] for each in shown] == [first["at"]] * 3
            assert len(figures._counting) == 1
            counting = next(iter(figures._counting.values()))
    assert (await counting).total == first["total"] + 1
    await pool.execute("DELETE FROM reg.assessment_accounts WHERE person_id = $1", person)

    with server.later(seconds=(KEEP + OLD).total_seconds()):
        assert (await cast.second.get(FIGURES_PATH))["total"] == first["total"]
    forget(server)


async def test_an_account_without_a_place_counts_nobody(server: Server, cast: Cast) -> None:
    await server.add_staff("placeless", "institution")
    async with server.staff("placeless") as person:
        seen = await person.get(FIGURES_PATH)

    assert (seen["total"], seen["institutions"]) == (0, [])


# --- export ------------------------------------------------------------------------------------------------------


async def exported(person: Staff, query: str = "") -> list[tuple[Any, ...]]:
    """The rows of the spreadsheet, without their headings."""
    book = load_workbook(io.BytesIO(await person.get_bytes(EXPORT + query)))
    return list(book.worksheets[0].iter_rows(min_row=2, values_only=True))


async def test_everybody_exports_his_own_scope_with_masked_numbers(server: Server, cast: Cast) -> None:
    own = await exported(cast.institution)

    assert len(own) == 9
    assert {row[3] for row in own} == {"测试六二甲医院"}
    assert all(row[1][6:14] == "*" * 8 for row in own)
    assert len(await exported(cast.agency)) == 9
    assert len(await exported(cast.province)) == 10
    assert {row[2] for row in await exported(cast.province)} == {"甘肃"}
    everybody = await exported(cast.deciders.nation)
    assert set(await exported(cast.province)) <= set(everybody)
    assert await exported(cast.deciders.other) == [row for row in everybody if row[2] == "福建"]


async def test_an_export_is_of_what_was_asked_for_and_on_record(server: Server, cast: Cast) -> None:
    rows = await exported(cast.province, "?subject=profile&state=draft")

    assert [(row[8], row[9]) for row in rows] == [("个人信息", "草稿")] * 2
    act, subject, facts = await last_record(server)
    assert (act, subject, json.loads(facts)) == (
        "files_exported",
        "cycle 1",
        {"of": "profile", "state": "draft", "rows": 2},
    )
    for wrong in ("subject=photo", "state=open"):
        async with refused(server, "wrong_shape", 400):
            await cast.province.get(f"{EXPORT}?{wrong}")


async def test_a_name_that_is_a_formula_is_exported_as_text(server: Server, cast: Cast) -> None:
    person = await physician(server, cast.ids["second"], province=PROVINCE, profile="draft")
    await server.house.pool.execute("UPDATE reg.files SET name = '=1+1' WHERE person_id = $1", person)

    book = load_workbook(io.BytesIO(await cast.second.get_bytes(f"{EXPORT}?state=draft")))

    cell = book.worksheets[0].cell(2, 1)
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    await server.house.pool.execute("DELETE FROM reg.files WHERE person_id = $1", person)
    await server.house.pool.execute("DELETE FROM reg.assessment_accounts WHERE person_id = $1", person)


async def test_more_rows_than_a_batch_come_whole_and_in_order(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await exported(cast.province)
    monkeypatch.setattr(statistics, "BATCH", 3)
    monkeypatch.setattr(statistics, "CHUNK_BYTES", 100)

    assert await exported(cast.province) == whole


# --- the audit log -----------------------------------------------------------------------------------------------


async def test_the_auditor_reads_everything_by_pages(server: Server, cast: Cast) -> None:
    for number in range(60):
        await server.house.pool.execute(
            "INSERT INTO people.audit (act, subject, facts) VALUES ('paged', $1, '{\"n\": 1}')", f"page {number:02d}"
        )
    first = await cast.deciders.auditor.get(f"{AUDIT}?q=paged")
    second = await cast.deciders.auditor.get(f"{AUDIT}?q=paged&before={first['next']}")

    subjects = [row["subject"] for row in first["rows"] + second["rows"]]
    assert subjects == [f"page {number:02d}" for number in reversed(range(60))]
    assert (len(first["rows"]), second["next"]) == (50, None)
    assert first["rows"][0]["facts"] == {"n": 1}
    whole = await cast.deciders.auditor.get(AUDIT)
    assert whole["rows"][0]["audit_id"] > first["rows"][0]["audit_id"] - 60
    assert len(whole["rows"]) == 50


async def test_a_line_is_found_by_act_subject_login_or_name(server: Server, cast: Cast) -> None:
    auditor = cast.deciders.auditor
    account = await server.house.pool.fetchval("SELECT account_id FROM people.accounts WHERE login = 'of-second'")
    await server.house.pool.execute(
        "INSERT INTO people.audit (account_id, role, act, subject) VALUES ($1, 'institution', 'sought_act', 'thing 7')",
        account,
    )

    for sought in ("sought_act", "thing", "of-sec", "测试of-second"):
        rows = (await auditor.get(f"{AUDIT}?q={sought}"))["rows"]
        assert "sought_act" in {row["act"] for row in rows}, sought
    row = (await auditor.get(f"{AUDIT}?q=sought_act"))["rows"][0]
    assert (row["by"], row["organisation"], row["role"]) == ("测试of-second", "测试六二乙医院", "institution")
    assert (await auditor.get(f"{AUDIT}?q=sought"))["rows"] == []  # an act is named whole
    assert (await auditor.get(f"{AUDIT}?q=%25"))["rows"] == []


async def test_a_province_reads_what_its_own_people_did(server: Server, cast: Cast) -> None:
    def who(page: dict[str, Any]) -> set[str]:
        return {row["organisation"] for row in page["rows"]}

    own = who(await cast.province.get(AUDIT))
    assert own <= {"测试六二定考办", "测试六二机构", "测试六二甲医院", "测试六二乙医院"}
    assert own
    assert (await cast.province.get(f"{AUDIT}?q=paged"))["rows"] == []  # of nobody: not the province's
    assert "测试国家考核办公室" not in who(await cast.deciders.province.get(AUDIT))
    found = (await cast.province.get(f"{AUDIT}?q=files_exported"))["rows"]
    assert found
    assert who({"rows": found}) <= own


async def test_a_province_reads_what_the_nation_did_to_it_by_name(server: Server, cast: Cast) -> None:
    async def seen(person: Staff, query: str) -> set[str]:
        return {row["subject"] for row in (await person.get(f"{AUDIT}?q={query}"))["rows"]}

    nation, number = cast.deciders.nation, await server.add_organisation("institution", "测试六二丙医院", PROVINCE)
    await put(nation, f"/api/desk/organisations/{number}", {"name": "测试六二丁医院"})
    notice = await nation.post("/api/desk/notices", {"title": "测试告知书", "body": "测试告知书的正文，" * 5})

    assert f"organisation {number}" in await seen(cast.province, "organisation_changed")
    assert f"organisation {number}" not in await seen(cast.deciders.other, "organisation_changed")
    for province in (cast.province, cast.deciders.other):  # the nation's text is everybody's
        assert f"notice {notice['notice_id']}" in await seen(province, "notice_published")
    log = (await cast.province.get(AUDIT))["rows"]
    assert [row["audit_id"] for row in log] == sorted((row["audit_id"] for row in log), reverse=True)
    assert {"organisation_changed", "notice_published"} <= {row["act"] for row in log}
    assert "logged_in" not in {row["act"] for row in log if row["role"] == "nation"}


async def test_numbers_of_people_are_masked_in_the_log(server: Server, cast: Cast) -> None:
    await server.house.pool.execute(
        "INSERT INTO people.audit (act, subject, facts) VALUES ('masked', '13812345678', $1)",
        json.dumps({"who": ["110105190101010018"], "attempt": 13812345678}),
    )

    row = (await cast.deciders.auditor.get(f"{AUDIT}?q=masked"))["rows"][0]

    assert row["subject"] == "138****5678"
    assert row["facts"] == {"who": ["110105********0018"], "attempt": 13812345678}


async def test_only_whole_numbers_of_people_are_masked() -> None:
    plain = {"a": "attempt 1000000000001", "b": ["2026-03-01", 13812345678, None], "c": "file 138123456789"}

    assert without_numbers(plain) == plain
    assert without_numbers("log in 13812345678, 11010519010101001X") == "log in 138****5678, 110105********001X"


async def test_looking_at_figures_and_the_log_changes_nothing(server: Server, cast: Cast) -> None:
    before = await everything(server)
    await fresh(server, cast.province)
    await cast.province.get(AUDIT)
    assert await everything(server) == before
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await server.house.pool.execute("UPDATE people.audit SET act = 'other'")


async def test_who_has_no_part_in_it_sees_none_of_it(server: Server, cast: Cast) -> None:
    async with server.staff("invigilator") as person:
        for path in (FIGURES_PATH, EXPORT, AUDIT):
            with pytest.raises(Refusal, match="wrong_role"):
                await person.get(path)
    for path in (FIGURES_PATH, EXPORT):
        with pytest.raises(Refusal, match="wrong_role"):
            await cast.deciders.auditor.get(path)
    with pytest.raises(Refusal, match="wrong_role"):
        await cast.agency.get(AUDIT)
