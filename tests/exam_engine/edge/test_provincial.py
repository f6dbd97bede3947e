"""Cycles, policies, windows of exams and texts of the notice: who decides what, and what a refusal leaves as it was."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from exam_engine.registration.policy import ProvincePolicy
from exam_engine.registration.province_store import NOTICE_IN_FORCE, current_cycle
from tests.candidate import Refusal
from tests.exam_engine.edge.deciders import (
    ELSEWHERE,
    HERE,
    REASON,
    Deciders,
    deciders,
    last_record,
    physician,
    put,
    refused,
)
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "请仔细阅读本告知书。" * 3
NEXT = {"cycle": 2, "name": "2027—2029考核周期", "starts_on": "2027-01-01", "ends_on": "2029-12-31"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Deciders]:
    async with deciders(server) as made:
        yield made


def window(opens: str, closes: str) -> dict[str, str]:
    return {"opens_at": f"{opens}T00:00:00Z", "closes_at": f"{closes}T00:00:00Z"}


def decision(version: int, **policy: Any) -> dict[str, Any]:
    return {"version": version, "policy": policy}


# --- cycles ------------------------------------------------------------------------------------------------------


async def test_the_nation_opens_a_cycle_with_a_journal_of_its_own(server: Server, cast: Deciders) -> None:
    opened = await cast.nation.post("/api/desk/cycles", NEXT)

    assert opened["cycles"][0] == NEXT
    assert await cast.province.get("/api/desk/cycles") == opened
    assert await server.house.pool.fetchval("SELECT to_regclass('exam.journal_2') IS NOT NULL")
    act, subject, facts = await last_record(server)
    assert (act, subject) == ("cycle_opened", "cycle 2")
    assert json.loads(facts) == {key: value for key, value in NEXT.items() if key != "cycle"}


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({"cycle": 1, "starts_on": "2033-01-01", "ends_on": "2035-12-31"}, "cycle_exists", 409),
        ({"cycle": 3, "starts_on": "2026-12-31", "ends_on": "2026-12-31"}, "cycle_days", 400),
        ({"cycle": 3, "starts_on": "2024-12-31", "ends_on": "2031-12-31"}, "cycle_overlaps", 409),
        ({"cycle": 3, "starts_on": "2021-01-01", "ends_on": "2024-01-01"}, "cycle_overlaps", 409),
        ({"cycle": 3, "starts_on": "0001-01-01", "ends_on": "2020-12-31"}, "cycle_days", 400),
        ({"cycle": 9000, "starts_on": "2033-01-01", "ends_on": "2035-12-31"}, "cycle_number", 400),
        ({"cycle": 0, "starts_on": "2033-01-01", "ends_on": "2035-12-31"}, "cycle_number", 400),
        ({"cycle": 3, "name": " x ", "starts_on": "2033-01-01", "ends_on": "2035-12-31"}, "text_short", 400),
        ({"cycle": 3, "name": "a\0b", "starts_on": "2033-01-01", "ends_on": "2035-12-31"}, "text_wrong", 400),
    ],
)
async def test_a_cycle_that_can_not_be_is_refused(
    server: Server, cast: Deciders, changed: dict[str, Any], code: str, status: int
) -> None:
    async with refused(server, code, status):
        await cast.nation.post("/api/desk/cycles", NEXT | changed)


async def test_a_province_opens_no_cycle(server: Server, cast: Deciders) -> None:
    async with refused(server, "wrong_role", 403):
        await cast.province.post("/api/desk/cycles", NEXT)


async def test_of_two_overlapping_cycles_at_once_one_is_opened(server: Server, cast: Deciders) -> None:
    asked = [
        {"cycle": number, "name": "同时开启", "starts_on": "2041-01-01", "ends_on": "2043-12-31"} for number in (41, 42)
    ]
    came = await asyncio.gather(*(cast.nation.post("/api/desk/cycles", body) for body in asked), return_exceptions=True)

    lost = [each for each in came if isinstance(each, Refusal)]
    assert [each.code for each in lost] == ["cycle_overlaps"]
    assert await server.house.pool.fetchval("SELECT count(*) FROM exam.cycles WHERE cycle IN (41, 42)") == 1


async def test_the_current_cycle_is_the_newest_that_has_begun(server: Server) -> None:
    found = await current_cycle(server.house.pool)

    assert (found.cycle, found.starts_on.year, found.ends_on.year) == (1, 2024, 2026)


# --- policies ----------------------------------------------------------------------------------------------------


async def test_a_policy_nobody_set_is_the_defaults_with_the_exams_of_the_province(
    server: Server, cast: Deciders
) -> None:
    view = await cast.nation.get("/api/desk/policies/1?province=51")

    assert (view["version"], view["province"], view["sittings"]) == (0, "51", [])
    assert msgspec.convert(view["policy"], ProvincePolicy) == ProvincePolicy()
    kinds = {sitting["kind"] for sitting in (await cast.province.get("/api/desk/policies/1"))["sittings"]}
    assert kinds == {"humanities", "professional"}  # and no practice


async def test_a_province_decides_and_the_change_is_on_record(server: Server, cast: Deciders) -> None:
    registration = window("2026-03-01", "2026-04-01")
    first = await put(cast.other, "/api/desk/policies/1", decision(0, registration=registration))
    second = await put(cast.other, "/api/desk/policies/1", decision(1, registration=registration, correction_days=9))

    assert (first["version"], second["version"], second["province"]) == (1, 2, ELSEWHERE)
    assert second["policy"]["registration"] == registration
    assert await cast.other.get("/api/desk/policies/1") == second
    act, subject, facts = await last_record(server)
    assert (act, subject) == ("policy_set", "cycle 1")
    told = json.loads(facts)
    assert (told["from"], told["to"]) == ({"correction_days": 5}, {"correction_days": 9})


async def test_the_nation_decides_for_the_province_it_names(server: Server, cast: Deciders) -> None:
    async with refused(server, "province_missing", 400):
        await cast.nation.get("/api/desk/policies/1")
    async with refused(server, "province_missing", 400):
        await put(cast.nation, "/api/desk/policies/1", decision(0))
    async with refused(server, "no_such_province", 404):
        await put(cast.nation, "/api/desk/policies/1", decision(0) | {"province": "99"})

    set_ = await put(cast.nation, "/api/desk/policies/1", decision(0, deferral=True) | {"province": "42"})

    assert (set_["province"], set_["policy"]["deferral"]) == ("42", True)
    assert await cast.nation.get("/api/desk/policies/1?province=42") == set_


async def test_a_province_neither_sees_nor_sets_what_is_anothers(server: Server, cast: Deciders) -> None:
    async with refused(server, "no_such_province", 404):
        await cast.province.get(f"/api/desk/policies/1?province={ELSEWHERE}")
    async with refused(server, "no_such_province", 404):
        await put(cast.province, "/api/desk/policies/1", decision(0) | {"province": ELSEWHERE})
    async with refused(server, "no_such_cycle", 404):
        await cast.province.get("/api/desk/policies/777")
    async with refused(server, "no_such_cycle", 404):
        await put(cast.province, "/api/desk/policies/9007199254740991", decision(0))


@pytest.mark.parametrize(
    ("opens", "closes"), [("2021-01-01", "2026-01-01"), ("2026-01-01", "2030-01-01"), ("0001-01-01", "9999-12-31")]
)
async def test_a_window_far_from_its_cycle_is_refused(server: Server, cast: Deciders, opens: str, closes: str) -> None:
    async with refused(server, "window_outside"):
        await put(cast.province, "/api/desk/policies/1", decision(0, evaluation=window(opens, closes)))


async def test_a_window_that_closes_before_it_opens_is_no_window(server: Server, cast: Deciders) -> None:
    async with refused(server, "wrong_shape", 400):
        await put(cast.province, "/api/desk/policies/1", decision(0, exemption=window("2026-02-01", "2026-01-01")))


async def test_who_decides_on_what_was_changed_meanwhile_is_told(server: Server, cast: Deciders) -> None:
    path = "/api/desk/policies/2"
    came = await asyncio.gather(
        *(put(cast.province, path, decision(0, min_registered_months=months)) for months in (24, 12)),
        return_exceptions=True,
    )
    assert [each.code for each in came if isinstance(each, Refusal)] == ["changed_meanwhile"]
    came = await asyncio.gather(
        *(put(cast.province, path, decision(1, min_registered_months=months)) for months in (30, 31, 32)),
        return_exceptions=True,
    )
    assert [each.code for each in came if isinstance(each, Refusal)] == ["changed_meanwhile"] * 2
    async with refused(server, "changed_meanwhile"):
        await put(cast.province, path, decision(0))
    async with refused(server, "changed_meanwhile"):
        await put(cast.province, path, decision(3))

    assert (await cast.province.get(path))["version"] == 2


async def test_another_order_of_exams_has_everybody_of_the_province_looked_at_again(
    server: Server, cast: Deciders
) -> None:
    pool = server.house.pool
    institution = await server.add_organisation("institution", "测试顺序医院", "44")
    theirs = await physician(server, institution, province="44", profile="approved")
    await physician(
        server, await server.add_organisation("institution", "测试别处医院", "45"), province="45", profile="draft"
    )
    asked = {"province": "44"}
    await put(cast.nation, "/api/desk/policies/1", decision(0, correction_days=3) | asked)
    assert await pool.fetch("SELECT person_id FROM exam.unsettled WHERE person_id = $1", theirs) == []

    await put(cast.nation, "/api/desk/policies/1", decision(1, exam_order="humanities_first") | asked)

    unsettled = await pool.fetch("SELECT person_id, cycle FROM exam.unsettled")
    assert [tuple(row) for row in unsettled] == [(theirs, 1)]
    await pool.execute("DELETE FROM exam.unsettled")


# --- windows of exams --------------------------------------------------------------------------------------------


async def test_a_province_moves_the_window_of_its_exam(server: Server, cast: Deciders) -> None:
    pool = server.house.pool
    sitting_id = await server.five_items(kind="professional")
    person = await physician(server, await server.add_organisation("institution", "测试窗口医院"), profile="approved")
    asked = {"opens_at": "2026-05-01T01:00:00Z", "closes_at": "2027-05-11T15:00:00Z", "reason": REASON}

    moved = await put(
        cast.province,
        f"/api/desk/sittings/{sitting_id}/window",
        asked | {"audience": ["surgery", "internal", "surgery"]},
    )

    assert (moved["opens_at"], moved["closes_at"]) == (asked["opens_at"], asked["closes_at"])
    assert (moved["audience"], moved["entered"]) == (["internal", "surgery"], 0)
    view = await cast.province.get("/api/desk/policies/1")
    assert moved in view["sittings"]
    assert await pool.fetchval("SELECT cycle FROM exam.unsettled WHERE person_id = $1", person) == 1
    act, subject, facts = await last_record(server)
    assert (act, subject, json.loads(facts)["to"]["audience"]) == (
        "window_moved", f"sitting {sitting_id}", ["internal", "surgery"]
    )  # fmt: skip
    assert json.loads(facts)["from"]["audience"] == []
    await pool.execute("DELETE FROM exam.unsettled")


async def test_an_exam_of_another_province_and_a_practice_are_not_there(server: Server, cast: Deciders) -> None:
    sitting_id = await server.five_items()
    asked = {"opens_at": "2026-05-01T01:00:00Z", "closes_at": "2026-05-11T15:00:00Z", "reason": REASON}
    for number in (sitting_id, 987654321):
        async with refused(server, "no_such_sitting", 404):
            await put(cast.other, f"/api/desk/sittings/{number}/window", asked)
    async with refused(server, "no_such_sitting", 404):
        await put(cast.nation, f"/api/desk/sittings/{server.sitting('practice')}/window", asked)


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({"audience": ["internal", "astrology"]}, "no_such_specialty", 400),
        ({"opens_at": "2026-06-01T00:00:00Z"}, "window_wrong", 400),
        ({"opens_at": "2026-05-01T00:00:00"}, "window_wrong", 400),
        ({"opens_at": "2019-05-01T00:00:00Z"}, "window_outside", 409),
        ({"closes_at": "9999-12-31T23:59:59-14:00"}, "window_outside", 409),
        ({"reason": "     "}, "reason_missing", 400),
        ({"reason": "因为\0因为因为"}, "reason_missing", 400),
    ],
)
async def test_a_window_that_can_not_be_is_refused(
    server: Server, cast: Deciders, changed: dict[str, Any], code: str, status: int
) -> None:
    sitting_id = server.sitting("professional")
    asked = {"opens_at": "2026-05-01T01:00:00Z", "closes_at": "2026-05-11T15:00:00Z", "reason": REASON}
    async with refused(server, code, status):
        await put(cast.province, f"/api/desk/sittings/{sitting_id}/window", asked | changed)


async def test_an_exam_with_running_attempts_is_not_closed_over_them(server: Server, cast: Deciders) -> None:
    sitting_id = await server.five_items()
    path, now = f"/api/desk/sittings/{sitting_id}/window", server.house.clock.now()

    def until(closes_at: datetime) -> dict[str, Any]:
        opens_at = now - timedelta(days=2)
        return {"opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat(), "reason": REASON}

    async with server.candidate() as candidate:
        await candidate.begin(sitting_id)
        async with refused(server, "exam_running"):
            await put(cast.province, path, until(now - timedelta(minutes=1)))
        moved = await put(cast.province, path, until(now + timedelta(hours=3)))
        assert moved["entered"] == 1
        await candidate.commands(candidate.hand_in())

    assert (
        datetime.fromisoformat((await put(cast.province, path, until(now - timedelta(minutes=1))))["closes_at"]) < now
    )


# --- 用户告知书 --------------------------------------------------------------------------------------------------


async def test_the_nations_text_counts_until_a_province_has_its_own(server: Server, cast: Deciders) -> None:
    async def in_force(province: str) -> tuple[str, int]:
        row = await server.house.pool.fetchrow(NOTICE_IN_FORCE, province)
        assert row is not None
        return row["province"], row["version"]

    nations = await cast.nation.post("/api/desk/notices", {"title": "用户告知书", "body": TEXT})
    assert nations["province"] == "00"
    assert await in_force(HERE) == await in_force(ELSEWHERE) == ("00", nations["version"])

    own = await cast.province.post("/api/desk/notices", {"title": " 本省用户告知书 ", "body": TEXT})

    assert own["digest"] == sha256(f"本省用户告知书\n{TEXT}".encode()).hexdigest()
    assert (await last_record(server))[:2] == ("notice_published", f"notice {own['notice_id']}")
    newer = await cast.nation.post("/api/desk/notices", {"title": "用户告知书（修订）", "body": TEXT})
    assert newer["version"] == nations["version"] + 1
    assert (await in_force(HERE), await in_force(ELSEWHERE)) == ((HERE, 1), ("00", newer["version"]))
    shown = (await cast.province.get("/api/desk/notices"))["notices"]
    assert [each["notice_id"] for each in shown[:3]] == [each["notice_id"] for each in (newer, own, nations)]
    others = (await cast.other.get("/api/desk/notices"))["notices"]
    assert {each["province"] for each in others} == {"00"}


async def test_who_agreed_to_a_text_is_counted_once(server: Server, cast: Deciders) -> None:
    notice = await cast.other.post("/api/desk/notices", {"title": "用户告知书", "body": TEXT})
    person = await server.person_id("physician01")
    for _ in range(2):
        await server.house.pool.execute(
            "INSERT INTO reg.agreements (person_id, notice_id, face) VALUES ($1, $2, true)", person, notice["notice_id"]
        )

    shown = (await cast.other.get("/api/desk/notices"))["notices"]

    assert next(each["agreed"] for each in shown if each["notice_id"] == notice["notice_id"]) == 1
    assert shown[0]["by"] == "测试province-two"


async def test_a_text_without_words_is_not_published(server: Server, cast: Deciders) -> None:
    async with refused(server, "text_short", 400):
        await cast.province.post("/api/desk/notices", {"title": "  ", "body": TEXT})
    async with refused(server, "text_short", 400):
        await cast.province.post("/api/desk/notices", {"title": "告知书", "body": " " * 30})
    async with refused(server, "text_wrong", 400):
        await cast.province.post("/api/desk/notices", {"title": "告知书", "body": TEXT + "\0" + TEXT})


async def test_of_two_texts_at_once_each_has_a_version_of_its_own_or_is_told(server: Server, cast: Deciders) -> None:
    body = {"title": "同时发布", "body": TEXT}
    before = len((await cast.other.get("/api/desk/notices"))["notices"])
    came = await asyncio.gather(*(cast.other.post("/api/desk/notices", body) for _ in range(4)), return_exceptions=True)

    published = [each["version"] for each in came if not isinstance(each, BaseException)]
    assert published
    assert len(set(published)) == len(published)
    assert {each.code for each in came if isinstance(each, Refusal)} <= {"changed_meanwhile"}
    assert len((await cast.other.get("/api/desk/notices"))["notices"]) == before + len(published)
