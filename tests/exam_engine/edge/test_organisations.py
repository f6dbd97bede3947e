"""Organisations: who adds, renames and closes them, and what follows when another agency reviews."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.candidate import Refusal
from tests.exam_engine.edge.deciders import ELSEWHERE, HERE, Deciders, deciders, last_record, physician, put, refused
from tests.exam_engine.edge.server import Server
from tests.exam_engine.registration.sheet_samples import number as id_number

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/desk/organisations"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Deciders]:
    async with deciders(server) as made:
        yield made


def named(name: str, kind: str = "institution", **more: str) -> dict[str, str]:
    return {"kind": kind, "name": name, **more}


async def test_a_province_adds_institutions_and_agencies_of_its_own(server: Server, cast: Deciders) -> None:
    added = await cast.province.post(PATH, named(" 测试新医院 ", area="110105"))

    assert (added["name"], added["province"], added["area"], added["kind"]) == (
        "测试新医院",
        HERE,
        "110105",
        "institution",
    )
    assert (added["agency_id"], added["physicians"], added["staff"], added["disabled"]) == (None, 0, 0, False)
    act, subject, facts = await last_record(server)
    assert (act, subject) == ("organisation_added", f"organisation {added['organisation_id']}")
    assert json.loads(facts)["name"] == "测试新医院"


async def test_the_nation_adds_anything_in_the_province_it_names(server: Server, cast: Deciders) -> None:
    added = await cast.nation.post(PATH, named("测试四川定考办", "province", province="51"))

    assert (added["kind"], added["province"]) == ("province", "51")
    async with refused(server, "province_missing", 400):
        await cast.nation.post(PATH, named("测试无省份医院"))


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (named("测试医院"), "organisation_exists", 409),
        (named("测试某定考办", "province"), "organisation_kind", 400),
        (named("测试某办公室", "nation"), "organisation_kind", 400),
        (named("测试某地医院", province=ELSEWHERE), "no_such_province", 404),
        (named("测试某地医院", area="350100"), "area_wrong", 400),
        (named("测试某地医院", area="1101"), "area_wrong", 400),
        (named("   "), "text_short", 400),
        (named("测试\0医院"), "text_wrong", 400),
    ],
)
async def test_an_organisation_that_can_not_be_is_refused(
    server: Server, cast: Deciders, asked: dict[str, str], code: str, status: int
) -> None:
    async with refused(server, code, status):
        await cast.province.post(PATH, asked)


async def test_a_list_holds_the_scope_and_pages_by_key(server: Server, cast: Deciders) -> None:
    for number in range(60):
        await server.add_organisation("institution", f"测试100%_分院{number:02d}", ELSEWHERE)

    first = await cast.other.get(f"{PATH}?kind=institution&q=100%25_")
    second = await cast.other.get(f"{PATH}?kind=institution&q=100%25_&before={first['next']}")

    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (50, 10, None)
    numbers = [row["organisation_id"] for row in first["rows"] + second["rows"]]
    assert numbers == sorted(set(numbers), reverse=True)
    assert (await cast.other.get(f"{PATH}?q=100_%25"))["rows"] == []
    assert (await cast.province.get(f"{PATH}?q=100%25_"))["rows"] == []
    assert len((await cast.nation.get(f"{PATH}?q=%E5%88%86%E9%99%A207"))["rows"]) == 1
    own = (await cast.province.get(PATH))["rows"]
    assert {row["province"] for row in own} == {HERE}
    assert "nation" not in {row["kind"] for row in own}
    for wrong in ("before=x", "before=-1", "kind=hotel", "q=" + "x" * 101):
        async with refused(server, "wrong_shape", 400):
            await cast.province.get(f"{PATH}?{wrong}")


async def test_a_renamed_organisation_keeps_its_number(server: Server, cast: Deciders) -> None:
    number = await server.add_organisation("institution", "测试旧名医院")

    changed = await put(cast.province, f"{PATH}/{number}", {"name": "测试新名医院", "area": "110101"})

    assert (changed["organisation_id"], changed["name"], changed["area"]) == (number, "测试新名医院", "110101")
    act, _, facts = await last_record(server)
    assert act == "organisation_changed"
    assert json.loads(facts)["from"] == {"name": "测试旧名医院", "area": "", "disabled": False}
    async with refused(server, "organisation_exists"):
        await put(cast.province, f"{PATH}/{number}", {"name": "测试医院"})


async def test_what_is_anothers_is_not_there(server: Server, cast: Deciders) -> None:
    number = await server.add_organisation("institution", "测试他省医院", ELSEWHERE)
    agency = await server.add_organisation("agency", "测试他省机构", ELSEWHERE)
    own = await server.add_organisation("institution", "测试本省医院")
    office = await server.house.pool.fetchval(
        "SELECT organisation_id FROM people.organisations WHERE kind = 'province' AND province = $1", HERE
    )
    for strange in (number, office, 987654321):
        async with refused(server, "no_such_organisation", 404):
            await put(cast.province, f"{PATH}/{strange}", {"name": "测试夺走"})
    async with refused(server, "no_such_organisation", 404):
        await put(cast.province, f"{PATH}/{number}/agency", {"agency_id": agency})
    for strange in (agency, own, 987654321):
        async with refused(server, "no_such_agency", 404):
            await put(cast.province, f"{PATH}/{own}/agency", {"agency_id": strange})
    async with refused(server, "no_such_agency", 404):
        await put(cast.nation, f"{PATH}/{own}/agency", {"agency_id": agency})


async def test_what_is_in_use_is_not_closed(server: Server, cast: Deciders) -> None:
    pool = server.house.pool
    institution = await server.add_organisation("institution", "测试有人医院")
    person = await physician(server, institution)
    agency = await server.add_organisation("agency", "测试在用机构")
    other = await server.add_organisation("institution", "测试被审医院")
    busy = await server.add_organisation("agency", "测试有考机构")
    await server.five_items(agency_id=busy)
    await put(cast.province, f"{PATH}/{other}/agency", {"agency_id": agency})

    for number, name in ((institution, "测试有人医院"), (agency, "测试在用机构"), (busy, "测试有考机构")):
        async with refused(server, "organisation_in_use"):
            await put(cast.province, f"{PATH}/{number}", {"name": name, "disabled": True})

    await pool.execute("UPDATE reg.assessment_accounts SET state = 'transferred' WHERE person_id = $1", person)
    closed = await put(cast.province, f"{PATH}/{institution}", {"name": "测试有人医院", "disabled": True})
    assert closed["disabled"]
    async with refused(server, "organisation_closed"):
        await put(cast.province, f"{PATH}/{institution}/agency", {"agency_id": agency})
    open_again = await put(cast.province, f"{PATH}/{institution}", {"name": "测试有人医院"})
    assert not open_again["disabled"]


async def test_where_somebody_works_is_not_closed(server: Server, cast: Deciders) -> None:
    institution = await server.add_organisation("institution", "测试有员工医院")
    await server.add_staff("still-here", "institution", institution)
    closing = {"name": "测试有员工医院", "disabled": True}

    async with refused(server, "organisation_staffed"):
        await put(cast.province, f"{PATH}/{institution}", closing)

    member = await server.house.pool.fetchval("SELECT account_id FROM people.accounts WHERE login = 'still-here'")
    reason = {"disabled": True, "reason": "机构停用前停用账号"}
    await cast.province.post(f"/api/desk/staff/{member}/disabled", reason)
    assert (await put(cast.province, f"{PATH}/{institution}", closing))["disabled"]


async def test_an_institution_is_either_closed_or_somebodys(server: Server, cast: Deciders) -> None:
    for round_ in range(5):
        name = f"测试抢人医院{round_}"
        institution = await server.add_organisation("institution", name)
        somebody = {"name": "测试甲", "id_number": id_number(900 + round_), "institution_id": institution}
        came = await asyncio.gather(
            put(cast.province, f"{PATH}/{institution}", {"name": name, "disabled": True}),
            cast.province.post("/api/desk/physicians", somebody),
            return_exceptions=True,
        )

        lost = [each.code for each in came if isinstance(each, Refusal)]
        assert lost in (["organisation_in_use"], ["no_such_institution"])


async def test_nobody_is_brought_to_a_closed_institution(server: Server, cast: Deciders) -> None:
    closed = await server.add_organisation("institution", "测试已停用医院")
    open_one = await server.add_organisation("institution", "测试开放医院")
    await put(cast.province, f"{PATH}/{closed}", {"name": "测试已停用医院", "disabled": True})
    somebody = {"name": "测试甲", "id_number": id_number(950)}
    made = await cast.province.post("/api/desk/physicians", somebody | {"institution_id": open_one})

    async with refused(server, "no_such_institution", 404):
        await cast.province.post("/api/desk/physicians", somebody | {"institution_id": closed})
    async with refused(server, "no_such_institution", 404):
        await cast.province.post(
            f"/api/desk/physicians/{made['assessment_id']}/transfer",
            {"institution_id": closed, "reason": "执业地点变更"},
        )


async def test_institutions_nobody_reviews_for_are_counted_and_listed(server: Server, cast: Deciders) -> None:
    async def unassigned() -> tuple[int, set[str]]:
        page = await cast.other.get(f"{PATH}?unassigned=1&q=%E6%97%A0%E4%BA%BA%E5%AE%A1")
        return page["unassigned"], {row["name"] for row in page["rows"]}

    count, names = await unassigned()
    first, second = [
        await server.add_organisation("institution", name, ELSEWHERE) for name in ("测试无人审甲", "测试无人审乙")
    ]
    agency = await server.add_organisation("agency", "测试审者机构", ELSEWHERE)
    assert await unassigned() == (count + 2, names | {"测试无人审甲", "测试无人审乙"})

    await put(cast.other, f"{PATH}/{first}/agency", {"agency_id": agency})
    await put(cast.other, f"{PATH}/{second}", {"name": "测试无人审乙", "disabled": True})

    assert await unassigned() == (count, names)
    assert (await cast.other.get(PATH))["unassigned"] == count
    whole = (await cast.nation.get(PATH))["unassigned"]
    assert whole >= count + (await cast.province.get(PATH))["unassigned"]


async def test_an_office_is_not_closed_over_its_province(server: Server, cast: Deciders) -> None:
    office = await server.house.pool.fetchval(
        "SELECT organisation_id FROM people.organisations WHERE kind = 'province' AND province = $1", HERE
    )
    async with refused(server, "organisation_in_use"):
        await put(cast.nation, f"{PATH}/{office}", {"name": "测试省定考办", "disabled": True})


async def test_what_is_not_past_its_agency_follows_to_the_new_one(server: Server, cast: Deciders) -> None:
    pool = server.house.pool
    old = await server.add_organisation("agency", "测试原机构")
    new = await server.add_organisation("agency", "测试新机构")
    institution = await server.add_organisation("institution", "测试换审医院")
    states = (
        "draft", "org_review", "org_returned", "agy_returned", "agy_review", "approved", "rejected", "not_enrolled"
    )  # fmt: skip
    people = {state: await physician(server, institution, agency_id=old, profile=state) for state in states}
    rated = await physician(server, institution, agency_id=old, profile="approved", evaluation="agy_review")
    await pool.execute("UPDATE reg.files SET opened_by = 1, opened_at = now() WHERE person_id = $1", rated)

    answer = await put(cast.province, f"{PATH}/{institution}/agency", {"agency_id": new})

    assert (answer["agency_id"], answer["agency"], answer["physicians"]) == (new, "测试新机构", 9)
    agencies = {
        state: await pool.fetchrow(
            "SELECT p.agency_id, f.agency_id FROM reg.applications p JOIN reg.files f USING (application_id) "
            "WHERE p.person_id = $1",
            person,
        )
        for state, person in people.items()
    }
    moved, stayed = (new, new), (old, old)
    assert {state: tuple(row or ()) for state, row in agencies.items()} == {
        **dict.fromkeys(states[:5], moved), "approved": (new, old), "rejected": stayed, "not_enrolled": stayed,
    }  # fmt: skip
    parts = await pool.fetch(
        "SELECT subject, agency_id, opened_by FROM reg.files WHERE person_id = $1 ORDER BY subject", rated
    )
    assert [tuple(row) for row in parts] == [("evaluation", new, None), ("profile", old, 1)]
    act, subject, facts = await last_record(server)
    assert (act, subject) == ("agency_assigned", f"organisation {institution}")
    assert json.loads(facts) == {"province": HERE, "from": None, "to": new, "applications": 7, "files": 6}

    again = await put(cast.province, f"{PATH}/{institution}/agency", {"agency_id": new})
    assert again == answer
    assert await last_record(server) == (act, subject, facts)  # nothing happened, nothing is on record


async def test_a_file_of_an_earlier_cycle_stays_with_its_agency(server: Server, cast: Deciders) -> None:
    pool = server.house.pool
    await pool.execute("SELECT exam.open_cycle(900, '很早的周期')")
    await pool.execute("UPDATE exam.cycles SET starts_on = '2021-01-01', ends_on = '2023-12-31' WHERE cycle = 900")
    old = await server.add_organisation("agency", "测试早先机构")
    new = await server.add_organisation("agency", "测试现在机构")
    institution = await server.add_organisation("institution", "测试早先医院")
    person = await physician(server, institution, agency_id=old, profile="draft")
    await pool.execute("UPDATE reg.applications SET cycle = 900 WHERE person_id = $1", person)

    await put(cast.province, f"{PATH}/{institution}/agency", {"agency_id": new})

    assert await pool.fetchval("SELECT agency_id FROM reg.applications WHERE person_id = $1", person) == old
    assert await pool.fetchval("SELECT agency_id FROM reg.files WHERE person_id = $1", person) == old


async def test_an_agency_is_either_closed_or_assigned(server: Server, cast: Deciders) -> None:
    for round_ in range(5):
        agency = await server.add_organisation("agency", f"测试抢机构{round_}")
        institution = await server.add_organisation("institution", f"测试抢医院{round_}")
        came = await asyncio.gather(
            put(cast.province, f"{PATH}/{agency}", {"name": f"测试抢机构{round_}", "disabled": True}),
            put(cast.province, f"{PATH}/{institution}/agency", {"agency_id": agency}),
            return_exceptions=True,
        )

        lost = [each.code for each in came if isinstance(each, Refusal)]
        assert lost in (["organisation_in_use"], ["organisation_closed"])


async def test_numbers_of_people_are_counted(server: Server, cast: Deciders) -> None:
    agency = await server.add_organisation("agency", "测试数人机构", ELSEWHERE)
    institution = await server.add_organisation("institution", "测试数人医院", ELSEWHERE)
    for _ in range(3):
        await physician(server, institution, province=ELSEWHERE)
    await server.add_staff("counted", "institution", institution)
    await put(cast.other, f"{PATH}/{institution}/agency", {"agency_id": agency})

    rows = {row["organisation_id"]: row for row in (await cast.other.get(PATH))["rows"]}

    assert (rows[institution]["physicians"], rows[institution]["staff"]) == (3, 1)
    assert (rows[agency]["physicians"], rows[agency]["staff"]) == (3, 0)
