"""定考账号 over HTTP: who keeps whose, made and imported, reset and moved, also by two at once."""

import asyncio
import io
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from exam_engine import store
from exam_engine.registration import account_store, filing, province_store, roster, roster_store
from exam_engine.registration.sheets import Sheet
from tests.candidate import Person, Refusal, Staff
from tests.exam_engine.edge.server import Server
from tests.exam_engine.registration.sheet_samples import as_csv, as_xlsx, number

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHYSICIANS, INSTITUTIONS = "/api/desk/physicians", "/api/desk/institutions"
HEAD = ("姓名", "身份证号", "科室")
REASON = {"reason": "测试理由够长"}
SERIALS = itertools.count(100)


@dataclass
class Keepers:
    """Institutions of two provinces and the provinces' own people."""

    one: Person
    two: Person
    far: Person
    beijing: Staff
    one_id: int
    two_id: int
    far_id: int


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def keepers(server: Server) -> AsyncIterator[Keepers]:
    one, two, far = [
        await server.add_organisation("institution", name, province)
        for name, province in (("测试第一医院", "11"), ("测试第二医院", "11"), ("测试福建医院", "35"))
    ]
    for login, place in (("keeper-one", one), ("keeper-two", two), ("keeper-far", far)):
        await server.add_staff(login, "institution", place)
    async with (
        server.person("keeper-one") as first,
        server.person("keeper-two") as second,
        server.person("keeper-far") as third,
        server.staff("province") as beijing,
    ):
        yield Keepers(first, second, third, beijing, one, two, far)


async def refusal(work: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.status, caught.value.code


async def added(person: Person, name: str = "测试甲", **rest: object) -> Any:
    body = {"name": name, "id_number": number(next(SERIALS)), "department": "内科"} | rest
    return await person.post(PHYSICIANS, body)


async def bound(server: Server, row: Any) -> tuple[int, int]:
    """Somebody's app account bound to this assessment account; its number and its stand-in's."""
    pool, login = server.house.pool, f"app-{row['assessment_id']}"
    stand_in = await pool.fetchval(store.ADD_PERSON, "测试替身", None, None, True)
    known_hash = await pool.fetchval("SELECT password_hash FROM people.accounts WHERE login = 'invigilator'")
    account = await pool.fetchval(store.ADD_ACCOUNT, stand_in, login, known_hash, "physician", None)
    phone = f"139{row['assessment_id']:08}"
    await pool.execute(account_store.ADD_APP_ACCOUNT, account, phone, stand_in, "1")
    await pool.execute(account_store.BIND, row["assessment_id"], account, datetime.now(UTC))
    await pool.execute(account_store.BECOME, account, row["person_id"], row["institution_id"])
    await pool.execute(account_store.SET_ASSESSMENT_HASH, row["assessment_id"], "hash")
    return int(account), int(stand_in)


async def file_of(server: Server, row: Any, province: str, state: str = "draft") -> int:
    """This cycle's file, its profile in a state."""
    async with server.house.pool.acquire() as connection, connection.transaction():
        cycle = (await province_store.current_cycle(connection)).cycle
        now = datetime.now(UTC)
        await filing.begin(connection, row["person_id"], cycle, province, row["institution_id"], now, faceless=False)
        await connection.execute("UPDATE reg.files SET state = $2 WHERE person_id = $1", row["person_id"], state)
        found = await connection.fetchval(
            "SELECT application_id FROM reg.applications WHERE person_id = $1", row["person_id"]
        )
        return int(found)


async def audits(server: Server, act: str, row: Any) -> list[Any]:
    rows = await server.house.pool.fetch(
        "SELECT facts FROM people.audit WHERE act = $1 AND subject = $2 ORDER BY audit_id",
        act, f"assessment {row['assessment_id']}",
    )  # fmt: skip
    return [msgspec.json.decode(each["facts"]) for each in rows]


# --- making and listing ------------------------------------------------------------------------------------------


async def test_an_institution_makes_an_account_and_only_its_own_scope_sees_it(server: Server, keepers: Keepers) -> None:
    row = await added(keepers.one, "测试．甲")
    assert (row["name"], row["state"], row["initial"], row["institution"], row["file_state"]) == (
        "测试·甲", "unbound", True, "测试第一医院", "",
    )  # fmt: skip
    assert row["id_number"].startswith("110105********"), "masked"
    for person, seen in ((keepers.one, 1), (keepers.two, 0), (keepers.far, 0), (keepers.beijing, 1)):
        page = await person.get(f"{PHYSICIANS}?q={row['id_number'][-4:]}")
        assert len([each for each in page["rows"] if each["assessment_id"] == row["assessment_id"]]) == seen
    place = await server.house.pool.fetchval(
        "SELECT organisation_id FROM people.persons WHERE person_id = $1", row["person_id"]
    )
    assert place == keepers.one_id
    assert await audits(server, "assessment_added", row) == [{"institution": keepers.one_id}]


async def test_a_person_has_one_live_account_and_one_name(server: Server, keepers: Keepers) -> None:
    id_number = number(next(SERIALS))
    await added(keepers.one, id_number=id_number)
    for person in (keepers.one, keepers.two, keepers.far):
        assert await refusal(added(person, id_number=id_number.lower())) == (409, "account_exists")
        assert await refusal(added(person, "测试乙", id_number=id_number)) == (409, "name_differs")
    known = number(next(SERIALS))
    person_id = await server.house.pool.fetchval(store.ADD_PERSON, "测试丙", known, None, False)
    assert (await added(keepers.two, "测试丙", id_number=known))["person_id"] == person_id


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"id_number": "110105194912310021"}, (400, "id_check")),
        ({"id_number": "440524188001010014"}, (400, "id_age")),
        ({"name": "测"}, (400, "name_length")),
        ({"name": "测试1"}, (400, "name_signs")),
        ({"department": "科" * 41}, (400, "wrong_shape")),
        ({"department": "内\0科"}, (400, "text_wrong")),
    ],
)
async def test_a_wrong_physician_is_refused(keepers: Keepers, changed: dict[str, str], answer: tuple[int, str]) -> None:
    assert await refusal(added(keepers.one, **changed)) == answer


async def test_a_province_names_an_institution_of_its_own(keepers: Keepers) -> None:
    assert (await added(keepers.beijing, institution_id=keepers.two_id))["institution_id"] == keepers.two_id
    assert await refusal(added(keepers.beijing)) == (400, "institution_missing")
    assert await refusal(added(keepers.beijing, institution_id=keepers.far_id)) == (404, "no_such_institution")
    assert await refusal(added(keepers.beijing, institution_id=10**9)) == (404, "no_such_institution")
    row = await added(keepers.one, institution_id=keepers.two_id)
    assert row["institution_id"] == keepers.one_id, "an institution adds its own, whatever it names"


async def test_who_keeps_no_accounts_may_not_see_or_make_any(server: Server) -> None:
    for role in ("agency", "invigilator"):
        async with server.staff(role) as staff:
            assert await refusal(staff.get(PHYSICIANS)) == (403, "wrong_role")
            assert await refusal(added(staff)) == (403, "wrong_role")
            assert await refusal(staff.post(f"{PHYSICIANS}/import", b"")) == (403, "wrong_role")


async def test_a_list_pages_by_key_and_is_searched_by_name_and_last_signs(server: Server) -> None:
    place = await server.add_organisation("institution", "测试大医院")
    await server.add_staff("keeper-large", "institution", place)
    numbers = [number(serial, day="19020304") for serial in range(120)]
    rows = [("测试" + "甲乙丙"[serial % 3], numbers[serial], "") for serial in range(120)]
    async with server.person("keeper-large") as keeper:
        report = await keeper.post(f"{PHYSICIANS}/import", as_csv([HEAD, *rows]))
        assert (report["total"], report["added"], report["wrong"]) == (120, 120, 0)
        seen, query = [], ""
        while True:
            page = await keeper.get(PHYSICIANS + query)
            assert len(page["rows"]) <= roster_store.PAGE
            seen += [row["assessment_id"] for row in page["rows"]]
            if page["next"] is None:
                break
            query = f"?before={page['next']}"
        assert len(seen) == len(set(seen)) == 120
        assert seen == sorted(seen, reverse=True)
        named = await keeper.get(f"{PHYSICIANS}?q=测试乙")
        assert {row["name"] for row in named["rows"]} == {"测试乙"}
        assert len(named["rows"]) == 40
        assert len((await keeper.get(f"{PHYSICIANS}?q=测试%"))["rows"]) == 0
        for tail in (numbers[7], numbers[7][-4:], numbers[7][-4:].lower()):
            found = await keeper.get(f"{PHYSICIANS}?q={tail}")
            assert found["rows"]
            assert {row["id_number"][-4:] for row in found["rows"]} == {numbers[7][-4:]}
        assert await refusal(keeper.get(f"{PHYSICIANS}?q=12")) == (400, "query_too_short")
        for wrong in ("state=x", "before=x", "before=-1", "q=%00"):
            assert await refusal(keeper.get(f"{PHYSICIANS}?{wrong}")) == (400, "wrong_shape")


# --- importing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
async def test_an_import_names_wrong_rows_and_the_same_again_changes_nothing(keepers: Keepers, write: Any) -> None:
    mine, other, differs = (number(next(SERIALS)) for _ in range(3))
    await added(keepers.two, id_number=other)
    await added(keepers.one, "测试乙", id_number=differs)
    rows = [
        ("测试甲", mine, "内科"),
        ("测试甲", other, ""),
        ("测试甲", differs, ""),
        ("测试甲", "110105194912310021", ""),
    ]
    report = await keepers.one.post(f"{PHYSICIANS}/import", write([HEAD, *rows]))
    problems = [
        {"row": 3, "column": "身份证号", "code": "at_other_institution"},
        {"row": 4, "column": "姓名", "code": "name_differs"},
        {"row": 5, "column": "身份证号", "code": "id_check"},
    ]
    assert report == {"total": 4, "added": 1, "changed": 0, "same": 0, "wrong": 3, "problems": problems}
    report = await keepers.one.post(f"{PHYSICIANS}/import", write([HEAD, *rows]))
    assert report == {"total": 4, "added": 0, "changed": 0, "same": 1, "wrong": 3, "problems": problems}
    report = await keepers.one.post(f"{PHYSICIANS}/import", write([HEAD, ("测试甲", mine, "外科")]))
    assert (report["changed"], report["same"]) == (1, 0)
    page = await keepers.one.get(f"{PHYSICIANS}?q={mine}")
    assert [row["department"] for row in page["rows"]] == ["外科"]


async def test_a_province_imports_for_the_institution_it_names(keepers: Keepers) -> None:
    data = as_csv([HEAD, ("测试甲", number(next(SERIALS)), "")])
    path = f"{PHYSICIANS}/import"
    assert await refusal(keepers.beijing.post(path, data)) == (400, "institution_missing")
    assert await refusal(keepers.beijing.post(f"{path}?institution=x", data)) == (400, "wrong_shape")
    assert await refusal(keepers.beijing.post(f"{path}?institution={keepers.far_id}", data)) == (
        404,
        "no_such_institution",
    )
    assert (await keepers.beijing.post(f"{path}?institution={keepers.two_id}", data))["added"] == 1


async def test_a_file_that_is_none_is_refused(keepers: Keepers) -> None:
    for data, code in (
        (b"", "sheet_empty"),
        (b"PK\x03\x04", "sheet_unreadable"),
        (as_csv([("姓名",)]), "sheet_heading_missing"),
    ):
        assert await refusal(keepers.one.post(f"{PHYSICIANS}/import", data)) == (400, code)


async def test_two_institutions_that_import_the_same_person_at_once_do_not_both_get_him(
    server: Server, keepers: Keepers
) -> None:
    numbers = [number(next(SERIALS)) for _ in range(30)]
    reports = await asyncio.gather(
        keepers.one.post(f"{PHYSICIANS}/import", as_csv([HEAD, *(("测试甲", each, "") for each in numbers)])),
        keepers.two.post(f"{PHYSICIANS}/import", as_csv([HEAD, *(("测试甲", each, "") for each in reversed(numbers))])),
    )
    assert sorted(report["added"] for report in reports) == [0, 30]
    live = await server.house.pool.fetchval(
        "SELECT count(*) FROM reg.assessment_accounts WHERE id_number = ANY ($1::text[])", numbers
    )
    assert live == 30


async def test_the_template_is_a_spreadsheet_that_imports_nothing(keepers: Keepers) -> None:
    data = await keepers.one.get_bytes(f"{PHYSICIANS}/template")
    assert list(Sheet(io.BytesIO(data), roster.COLUMNS, 10).headings.values()) == list(HEAD)
    report = await keepers.one.post(f"{PHYSICIANS}/import", data)
    assert (report["total"], report["wrong"]) == (0, 0)


# --- resetting ---------------------------------------------------------------------------------------------------


async def test_a_reset_gives_the_app_account_back_to_its_stand_in_and_ends_its_sessions(
    server: Server, keepers: Keepers
) -> None:
    row = await added(keepers.one)
    account, stand_in = await bound(server, row)
    async with server.person(f"app-{row['assessment_id']}") as physician:
        assert (await physician.get("/api/session"))["name"] == "测试甲"
        listed = (await keepers.one.get(f"{PHYSICIANS}?state=bound"))["rows"]
        assert row["assessment_id"] in {each["assessment_id"] for each in listed}
        after = await keepers.one.post(f"{PHYSICIANS}/{row['assessment_id']}/reset", REASON)
        assert (after["state"], after["initial"], after["bound_at"], after["version"]) == ("unbound", True, None, 4)
        assert await refusal(physician.get("/api/session")) == (401, "not_logged_in")
    kept = await server.house.pool.fetchrow("SELECT * FROM people.accounts WHERE account_id = $1", account)
    assert kept is not None
    assert (kept["person_id"], kept["organisation_id"]) == (stand_in, None)
    told = await server.house.pool.fetch("SELECT code, facts FROM reg.messages WHERE person_id = $1", stand_in)
    assert [(each["code"], msgspec.json.decode(each["facts"])) for each in told] == [
        ("M08", {"organisation": "测试第一医院"})
    ]
    facts = {"reason": REASON["reason"], "account_id": account, "person_id": row["person_id"]}
    assert await audits(server, "assessment_reset", row) == [facts]


async def test_of_two_resets_at_once_one_wins_and_the_other_is_told(server: Server, keepers: Keepers) -> None:
    row = await added(keepers.one)
    await bound(server, row)
    path = f"{PHYSICIANS}/{row['assessment_id']}/reset"
    answers = await asyncio.gather(
        keepers.one.post(path, REASON), keepers.beijing.post(path, REASON), return_exceptions=True
    )
    assert sorted(each.code if isinstance(each, Refusal) else "" for each in answers) == ["", "reset_already"]
    assert len(await audits(server, "assessment_reset", row)) == 1


async def test_nobody_else_may_reset_and_a_reason_is_asked_for(keepers: Keepers) -> None:
    row = await added(keepers.one)
    path = f"{PHYSICIANS}/{row['assessment_id']}/reset"
    for person in (keepers.two, keepers.far):
        assert await refusal(person.post(path, REASON)) == (404, "no_such_physician")
    assert await refusal(keepers.one.post(f"{PHYSICIANS}/{10**9}/reset", REASON)) == (404, "no_such_physician")
    assert await refusal(keepers.one.post(path, {"reason": "短"})) == (400, "wrong_shape")
    assert await refusal(keepers.one.post(path, {"reason": "      "})) == (400, "reason_missing")
    assert await refusal(keepers.one.post(path, REASON)) == (409, "reset_already")


async def test_a_running_exam_is_not_pulled_away_from_under_anybody(server: Server, keepers: Keepers) -> None:
    sitting_id = await server.five_items()
    async with server.candidate() as candidate:
        person = await server.person_id(candidate.login)
        pool = server.house.pool
        id_number = await pool.fetchval("SELECT id_number FROM people.persons WHERE person_id = $1", person)
        adding = (["测试甲"], [id_number], ["内科"], "11", keepers.one_id)
        await pool.execute(roster_store.ADD_ASSESSMENTS, [person], *adding)
        row = (await keepers.one.get(f"{PHYSICIANS}?q={id_number}"))["rows"][0]
        await bound(server, row)
        await candidate.begin(sitting_id)
        path = f"{PHYSICIANS}/{row['assessment_id']}"
        transfer = REASON | {"institution_id": keepers.two_id}
        assert await refusal(keepers.one.post(f"{path}/reset", REASON)) == (409, "exam_running")
        assert await refusal(keepers.one.post(f"{path}/transfer", transfer)) == (409, "exam_running")
        await candidate.commands(candidate.hand_in())
        assert (await keepers.one.post(f"{path}/reset", REASON))["state"] == "unbound"


# --- moving ------------------------------------------------------------------------------------------------------


async def test_a_transfer_takes_account_person_and_draft_along(server: Server, keepers: Keepers) -> None:
    agency = await server.add_organisation("agency", "测试福建考核机构", "35")
    pool = server.house.pool
    await pool.execute("INSERT INTO reg.assignments VALUES ($1, $2) ON CONFLICT DO NOTHING", keepers.far_id, agency)
    row = await added(keepers.one)
    account, _ = await bound(server, row)
    application = await file_of(server, row, "11")
    body = REASON | {"institution_id": keepers.far_id}
    after = await keepers.one.post(f"{PHYSICIANS}/{row['assessment_id']}/transfer", body)
    assert (after["assessment_id"], after["state"], after["institution_id"]) == (
        row["assessment_id"], "transferred", keepers.one_id,
    )  # fmt: skip
    there = (await keepers.far.get(PHYSICIANS))["rows"][0]
    assert (there["person_id"], there["state"], there["initial"]) == (row["person_id"], "bound", False)
    assert there["file_state"] == "draft"
    kept = await pool.fetchrow(
        "SELECT account_id, password_hash, province FROM reg.assessment_accounts WHERE assessment_id = $1",
        there["assessment_id"],
    )
    assert kept is not None
    assert tuple(kept) == (account, "hash", "35")
    for table in ("reg.applications", "reg.files"):
        moved = await pool.fetchrow(
            f"SELECT province, institution_id, agency_id FROM {table} WHERE application_id = $1", application
        )
        assert moved is not None
        assert tuple(moved) == ("35", keepers.far_id, agency)
    places = await pool.fetchrow(
        """SELECT a.organisation_id AS account, p.organisation_id AS person FROM people.accounts a
           JOIN people.persons p USING (person_id) WHERE a.account_id = $1""",
        account,
    )
    assert places is not None
    assert tuple(places) == (keepers.far_id, keepers.far_id)
    told = await pool.fetchval("SELECT facts FROM reg.messages WHERE person_id = $1 AND code = 'M09'", row["person_id"])
    assert msgspec.json.decode(told) == {"organisation": "测试福建医院"}
    facts = {"reason": REASON["reason"], "to": keepers.far_id, "as": there["assessment_id"]}
    assert await audits(server, "assessment_transferred", row) == [facts]
    gone = {each["assessment_id"] for each in (await keepers.one.get(f"{PHYSICIANS}?state=transferred"))["rows"]}
    assert row["assessment_id"] in gone
    assert row["assessment_id"] not in {each["assessment_id"] for each in (await keepers.one.get(PHYSICIANS))["rows"]}
    assert await refusal(keepers.one.post(f"{PHYSICIANS}/{row['assessment_id']}/reset", REASON)) == (
        409, "transferred_already",
    )  # fmt: skip
    back = await keepers.far.post(
        f"{PHYSICIANS}/{there['assessment_id']}/transfer", REASON | {"institution_id": keepers.one_id}
    )
    assert back["state"] == "transferred"


@pytest.mark.parametrize(
    "state", ["org_review", "agy_review", "escalated", "approved", "rejected", "deferred", "closed"]
)
async def test_who_is_in_review_or_enrolled_stays(server: Server, keepers: Keepers, state: str) -> None:
    row = await added(keepers.one)
    application = await file_of(server, row, "11", state)
    body = REASON | {"institution_id": keepers.two_id}
    path = f"{PHYSICIANS}/{row['assessment_id']}/transfer"
    assert await refusal(keepers.one.post(path, body)) == (409, "enrolled_stays")
    kept = await server.house.pool.fetchval(
        "SELECT institution_id FROM reg.applications WHERE application_id = $1", application
    )
    assert kept == keepers.one_id


@pytest.mark.parametrize("state", ["org_returned", "agy_returned"])
async def test_who_was_given_his_file_back_may_move(server: Server, keepers: Keepers, state: str) -> None:
    row = await added(keepers.one)
    await file_of(server, row, "11", state)
    body = REASON | {"institution_id": keepers.two_id}
    after = await keepers.one.post(f"{PHYSICIANS}/{row['assessment_id']}/transfer", body)
    assert after["state"] == "transferred"


async def test_a_transfer_keeps_to_scopes(server: Server, keepers: Keepers) -> None:
    row = await added(keepers.one)
    path = f"{PHYSICIANS}/{row['assessment_id']}/transfer"
    to_two, to_far = REASON | {"institution_id": keepers.two_id}, REASON | {"institution_id": keepers.far_id}
    for person in (keepers.two, keepers.far):
        assert await refusal(person.post(path, to_two)) == (404, "no_such_physician")
    assert await refusal(keepers.beijing.post(path, to_far)) == (404, "no_such_institution")
    agency = await server.add_organisation("agency", "测试别的机构")
    for place in (agency, 10**9):
        assert await refusal(keepers.one.post(path, REASON | {"institution_id": place})) == (404, "no_such_institution")
    assert await refusal(keepers.one.post(path, REASON | {"institution_id": keepers.one_id})) == (
        409,
        "same_institution",
    )
    assert (await keepers.beijing.post(path, to_two))["state"] == "transferred"
    moved = (await keepers.two.get(PHYSICIANS))["rows"][0]
    assert (moved["person_id"], moved["state"], moved["initial"]) == (row["person_id"], "unbound", True)


async def test_an_open_institution_of_the_own_province_is_found_by_a_part_of_its_name(
    server: Server, keepers: Keepers
) -> None:
    agency = await server.add_organisation("agency", "测试寻找机构")
    names = ("测试乙寻%_院", "寻%_甲院", "寻%_停用院")
    places = [await server.add_organisation("institution", name) for name in names]
    await server.add_organisation("institution", "寻%_福建院", "35")
    await server.house.pool.execute("INSERT INTO reg.assignments VALUES ($1, $2)", places[0], agency)
    await server.house.pool.execute("UPDATE people.organisations SET disabled = true WHERE name = $1", names[2])

    for person in (keepers.one, keepers.beijing):
        found = (await person.get(f"{INSTITUTIONS}?q=%E5%AF%BB%25_"))["rows"]
        assert found == [
            {"organisation_id": places[1], "name": "寻%_甲院", "agency": ""},
            {"organisation_id": places[0], "name": "测试乙寻%_院", "agency": "测试寻找机构"},
        ]
    assert [row["name"] for row in (await keepers.far.get(f"{INSTITUTIONS}?q=%E5%AF%BB"))["rows"]] == ["寻%_福建院"]
    assert (await keepers.one.get(f"{INSTITUTIONS}?q=_%25"))["rows"] == []
    assert await refusal(keepers.one.get(f"{INSTITUTIONS}?q={'x' * 101}")) == (400, "wrong_shape")


async def test_no_more_institutions_are_named_than_somebody_reads(server: Server, keepers: Keepers) -> None:
    for n in range(25):
        await server.add_organisation("institution", f"测试众多医院{n:02}", "35")

    found = (await keepers.far.get(f"{INSTITUTIONS}?q=%E4%BC%97%E5%A4%9A"))["rows"]

    assert [row["name"] for row in found] == [f"测试众多医院{n:02}" for n in range(20)]
    assert len((await keepers.far.get(INSTITUTIONS))["rows"]) == 20


async def test_of_two_transfers_at_once_one_wins(server: Server, keepers: Keepers) -> None:
    row = await added(keepers.one)
    path = f"{PHYSICIANS}/{row['assessment_id']}/transfer"
    answers = await asyncio.gather(
        keepers.one.post(path, REASON | {"institution_id": keepers.two_id}),
        keepers.one.post(path, REASON | {"institution_id": keepers.far_id}),
        return_exceptions=True,
    )
    assert sorted(each.code if isinstance(each, Refusal) else "" for each in answers) == ["", "transferred_already"]
    live = await server.house.pool.fetchval(
        "SELECT count(*) FROM reg.assessment_accounts WHERE person_id = $1 AND state <> 'transferred'", row["person_id"]
    )
    assert live == 1
