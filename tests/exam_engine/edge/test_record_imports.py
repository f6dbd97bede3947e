"""Snapshots and conduct records over HTTP: whose rows a desk may bring in, and files that are none."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from exam_engine.edge import record_imports
from exam_engine.edge.photos import ENROLMENT
from exam_engine.photo_jobs import IMPORTS_MAX
from exam_engine.registration import conduct_import, registry_import
from tests.candidate import Person, Refusal, Staff
from tests.exam_engine.edge.server import Server
from tests.exam_engine.registration.sheet_samples import as_csv, as_xlsx, number

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTRY, CONDUCT = "/api/desk/registry", "/api/desk/conduct"
HEAD = tuple(column.heading for column in registry_import.COLUMNS[:5])
CONDUCT_HEAD = tuple(column.heading for column in conduct_import.COLUMNS)


@dataclass
class Deciders:
    nation: Person
    beijing: Staff
    fujian: Person


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deciders(server: Server) -> AsyncIterator[Deciders]:
    await server.add_staff("records-nation", "nation", await server.add_organisation("nation", "测试国家办公室"))
    await server.add_staff("records-35", "province", await server.add_organisation("province", "测试福建省", "35"))
    async with (
        server.person("records-nation") as nation,
        server.staff("province") as beijing,
        server.person("records-35") as fujian,
    ):
        yield Deciders(nation, beijing, fujian)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _empty(server: Server) -> None:
    await server.house.pool.execute("TRUNCATE reg.registry, reg.conduct")


def rows(*provinces: str) -> list[tuple[str, ...]]:
    each = (("测试甲", number(serial), "", province, "测试医院") for serial, province in enumerate(provinces))
    return [HEAD, *each]


async def refusal(work: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.status, caught.value.code


async def last_audit(server: Server, act: str) -> tuple[str, Any]:
    row = await server.house.pool.fetchrow(
        "SELECT subject, facts FROM people.audit WHERE act = $1 ORDER BY audit_id DESC LIMIT 1", act
    )
    assert row is not None
    return row["subject"], msgspec.json.decode(row["facts"])


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
async def test_the_nation_brings_in_everybody_and_a_province_its_own(
    server: Server, deciders: Deciders, write: Any
) -> None:
    data = write(rows("北京", "福建省", ""))
    report = await deciders.fujian.post(REGISTRY, data)
    assert report == {
        "total": 3, "added": 2, "changed": 0, "same": 0, "wrong": 1,
        "problems": [{"row": 2, "column": "省份", "code": "other_province"}],
    }  # fmt: skip
    counts = {"total": 3, "added": 2, "changed": 0, "same": 0, "wrong": 1}
    assert await last_audit(server, "registry_imported") == ("province 35", counts)
    report = await deciders.nation.post(REGISTRY, data)
    assert (report["added"], report["changed"], report["same"], report["wrong"]) == (1, 1, 1, 0)
    assert (await last_audit(server, "registry_imported"))[0] == "province all"
    kept = await server.house.pool.fetch("SELECT province FROM reg.registry ORDER BY id_number")
    assert sorted(row["province"] for row in kept) == ["", "11", "35"]


async def test_conduct_records_go_where_their_physician_is(server: Server, deciders: Deciders) -> None:
    await deciders.nation.post(REGISTRY, as_csv(rows("北京", "福建")))
    data = as_csv([CONDUCT_HEAD, *((number(serial), "行政处罚", "2025-01-01", "测试事实", "") for serial in range(3))])
    report = await deciders.beijing.post(CONDUCT, data)
    assert [(each["row"], each["code"]) for each in report["problems"]] == [
        (3, "other_province"),
        (4, "not_registered"),
    ]
    assert (report["added"], report["wrong"]) == (1, 2)
    report = await deciders.nation.post(CONDUCT, data)
    assert (report["added"], report["same"], report["wrong"]) == (1, 1, 1)
    assert (await last_audit(server, "conduct_imported"))[0] == "province all"


async def test_a_file_that_breaks_off_changes_nothing_and_says_where(server: Server, deciders: Deciders) -> None:
    data = as_csv(rows(*["北京"] * 30)) + b'"broken'
    with pytest.raises(Refusal) as caught:
        await deciders.nation.post(REGISTRY, data)
    assert (caught.value.status, caught.value.code, caught.value.facts) == (400, "sheet_broken", {"row": 32})
    assert await server.house.pool.fetchval("SELECT count(*) FROM reg.registry") == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheet_empty"),
        (b"\xd0\xcf\x11\xe0", "sheet_old_format"),
        (b"PK\x03\x04" + b"\0" * 99, "sheet_unreadable"),
        (b"\0", "sheet_not_text"),
        (as_csv([("姓名", "身份证号")]), "sheet_heading_missing"),
    ],
)
async def test_a_file_that_is_no_snapshot_is_refused(deciders: Deciders, data: bytes, code: str) -> None:
    assert await refusal(deciders.nation.post(REGISTRY, data)) == (400, code)


async def test_a_body_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is(
    deciders: Deciders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_imports, "SHEET_BYTES_MAX", 10_000)
    assert await refusal(deciders.nation.post(REGISTRY, b"x" * 20_000)) == (413, "body_too_large")

    async def unsized() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1_000

    http = deciders.nation.http
    async with http.post(deciders.nation.base_url + REGISTRY, data=unsized()) as response:
        assert (response.status, (await response.json())["code"]) == (413, "body_too_large")


async def test_a_few_imports_at_a_time_and_no_more(server: Server, deciders: Deciders) -> None:
    enrolment = server.app[ENROLMENT]
    with enrolment.place(), enrolment.place():
        assert IMPORTS_MAX == 2
        assert await refusal(deciders.nation.post(REGISTRY, as_csv(rows("北京")))) == (429, "too_many_imports")
    assert (await deciders.nation.post(REGISTRY, as_csv(rows("北京"))))["added"] == 1


async def test_two_desks_at_once_wait_for_each_other(server: Server, deciders: Deciders) -> None:
    data = as_csv(rows(*["福建"] * 200))
    one, two = await asyncio.gather(deciders.nation.post(REGISTRY, data), deciders.fujian.post(REGISTRY, data))
    assert sorted([one["added"], two["added"]]) == [0, 200]
    assert sorted([one["same"], two["same"]]) == [0, 200]


async def test_nobody_else_may_bring_in_records(server: Server) -> None:
    for role in ("institution", "agency", "invigilator", "author"):
        async with server.staff(role) as staff:
            for path in (REGISTRY, CONDUCT):
                assert await refusal(staff.post(path, b"")) == (403, "wrong_role")
