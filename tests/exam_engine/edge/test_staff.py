"""Members of staff and app accounts: who adds and disables whom, and what becomes of sessions and identities."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from tests.candidate import Person, Refusal
from tests.exam_engine.edge.deciders import (
    ELSEWHERE,
    REASON,
    Deciders,
    app_account,
    deciders,
    last_record,
    physician,
    refused,
)
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/desk/staff"
APP = "/api/desk/app-accounts"
ID_NUMBER = "110105191810227774"
PHONES: Iterator[str] = (f"139{number:08d}" for number in count(10_000_001))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Deciders]:
    async with deciders(server) as made:
        yield made


async def place(server: Server, kind: str) -> int:
    """The demonstration's organisation of this kind."""
    found = await server.house.pool.fetchval(
        "SELECT min(organisation_id) FROM people.organisations WHERE kind = $1 AND province = '11'", kind
    )
    return int(found)


async def asked(server: Server, login: str, role: str = "agency", kind: str = "") -> dict[str, Any]:
    number = await place(server, kind or role)
    return {"name": "测试新员工", "login": login, "role": role, "organisation_id": number}


async def account_id(server: Server, login: str) -> int:
    return int(await server.house.pool.fetchval("SELECT account_id FROM people.accounts WHERE login = $1", login))


# --- staff -------------------------------------------------------------------------------------------------------


async def test_a_member_of_staff_logs_in_with_the_password_handed_over(server: Server, cast: Deciders) -> None:
    added = await cast.province.post(PATH, await asked(server, " Fresh.Reviewer "))

    assert added["login"] == "fresh.reviewer"
    assert re.fullmatch(r"[A-Za-z2-9]{12}", added["password"])
    async with Person(server.base_url, added["login"], added["password"]) as member:
        assert (await member.get("/api/session"))["role"] == "agency"
    record = await server.house.pool.fetchrow("SELECT * FROM people.audit WHERE act = 'staff_added'")
    assert record is not None
    assert added["password"] not in str(dict(record))
    assert json.loads(record["facts"])["login"] == "fresh.reviewer"


async def test_two_first_passwords_are_never_the_same(server: Server, cast: Deciders) -> None:
    one = await cast.province.post(PATH, await asked(server, "first-of-two"))
    other = await cast.province.post(PATH, await asked(server, "second-of-two"))

    assert one["password"] != other["password"]


@pytest.mark.parametrize("role", ["institution", "agency", "invigilator", "chief"])
async def test_a_province_adds_the_people_of_its_exams(server: Server, cast: Deciders, role: str) -> None:
    kind = role if role in ("institution", "agency") else "agency"
    added = await cast.province.post(PATH, await asked(server, f"new-{role}", role, kind))

    rows = (await cast.province.get(f"{PATH}?q=new-{role}"))["rows"]
    assert [(row["account_id"], row["role"]) for row in rows] == [(added["account_id"], role)]


@pytest.mark.parametrize("role", ["author", "province", "nation", "auditor"])
async def test_a_province_adds_nobody_of_its_own_rank(server: Server, cast: Deciders, role: str) -> None:
    async with refused(server, "wrong_role", 403):
        await cast.province.post(PATH, await asked(server, "climber", role, "province"))
    kind = "nation" if role in ("author", "nation") else "province"
    added = await cast.nation.post(PATH, await asked(server, f"nations-{role}", role, kind))
    assert added["login"] == f"nations-{role}"


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({"login": "AGENCY"}, "login_taken", 409),
        ({"login": "13812345678"}, "login_wrong", 400),
        ({"login": "ab"}, "login_wrong", 400),
        ({"login": "has blank"}, "login_wrong", 400),
        ({"role": "physician"}, "no_such_role", 400),
        ({"role": "institution"}, "organisation_unfit", 409),
        ({"organisation_id": 987654321}, "no_such_organisation", 404),
        ({"name": "  "}, "text_short", 400),
        ({"id_number": "11010519020203001X"}, "id_number_wrong", 400),
    ],
)
async def test_somebody_who_can_not_be_added_is_refused(
    server: Server, cast: Deciders, changed: dict[str, Any], code: str, status: int
) -> None:
    async with refused(server, code, status):
        await cast.province.post(PATH, await asked(server, "not-added") | changed)


async def test_nobody_is_added_to_another_province_or_a_closed_organisation(server: Server, cast: Deciders) -> None:
    elsewhere = await server.add_organisation("agency", "测试他省机构", ELSEWHERE)
    closed = await server.add_organisation("agency", "测试关闭机构")
    await server.house.pool.execute(
        "UPDATE people.organisations SET disabled = true WHERE organisation_id = $1", closed
    )
    nation = await place(server, "nation")
    for number in (elsewhere, nation):
        async with refused(server, "no_such_organisation", 404):
            await cast.province.post(PATH, await asked(server, "not-there") | {"organisation_id": number})
    async with refused(server, "organisation_closed"):
        await cast.province.post(PATH, await asked(server, "not-there") | {"organisation_id": closed})


async def test_of_two_who_take_a_login_at_once_one_has_it(server: Server, cast: Deciders) -> None:
    body = await asked(server, "wanted-by-two")
    came = await asyncio.gather(*(cast.province.post(PATH, body) for _ in range(2)), return_exceptions=True)

    assert [each.code for each in came if isinstance(each, Refusal)] == ["login_taken"]
    assert await server.house.pool.fetchval("SELECT count(*) FROM people.accounts WHERE login = 'wanted-by-two'") == 1


async def test_a_reviewer_who_is_a_physician_is_the_same_person(server: Server, cast: Deciders) -> None:
    pool = server.house.pool
    person = await pool.fetchval(
        "INSERT INTO people.persons (name, id_number, is_test) VALUES ('测试两任', $1, true) RETURNING person_id",
        ID_NUMBER,
    )
    async with refused(server, "identity_differs"):
        await cast.province.post(PATH, await asked(server, "somebody-else") | {"id_number": ID_NUMBER})

    body = await asked(server, "both-at-once") | {"name": "测试两任", "id_number": ID_NUMBER}
    added = await cast.province.post(PATH, body)

    assert (
        await pool.fetchval("SELECT person_id FROM people.accounts WHERE account_id = $1", added["account_id"])
        == person
    )


async def test_who_is_disabled_is_out_at_once_and_comes_back_by_logging_in(server: Server, cast: Deciders) -> None:
    added = await cast.province.post(PATH, await asked(server, "soon-out"))
    path = f"{PATH}/{added['account_id']}/disabled"
    ended: list[str] = []
    server.house.bus.session_ended.append(ended.append)
    async with Person(server.base_url, "soon-out", added["password"]) as member:
        row = await cast.province.post(path, {"disabled": True, "reason": REASON})
        assert (row["disabled"], row["login"]) == (True, "soon-out")
        with pytest.raises(Refusal, match="not_logged_in"):
            await member.get("/api/session")
        assert len(ended) == 1
        with pytest.raises(Refusal, match="wrong_login"):
            await member.__aenter__()
        act, subject, facts = await last_record(server)
        assert act == "log_in_failed"
        assert await cast.province.post(path, {"disabled": True, "reason": REASON}) == row
        assert (await last_record(server))[0] == "log_in_failed"  # it was disabled already: nothing to put on record

        await cast.province.post(path, {"disabled": False, "reason": REASON})
        act, subject, facts = await last_record(server)
        assert (act, subject) == ("staff_enabled", f"account {added['account_id']}")
        assert json.loads(facts) == {"from": True, "to": False, "reason": REASON}
        await member.__aenter__()
        assert (await member.get("/api/session"))["account_id"] == added["account_id"]
    server.house.bus.session_ended.remove(ended.append)


async def test_a_renewed_password_replaces_the_old_one_and_ends_its_sessions(server: Server, cast: Deciders) -> None:
    added = await cast.province.post(PATH, await asked(server, "forgetful"))
    async with Person(server.base_url, "forgetful", added["password"]) as member:
        renewed = await cast.province.post(f"{PATH}/{added['account_id']}/password", {"reason": REASON})

        assert renewed["login"] == "forgetful"
        assert renewed["password"] != added["password"]
        with pytest.raises(Refusal, match="not_logged_in"):
            await member.get("/api/session")
        with pytest.raises(Refusal, match="wrong_login"):
            await member.__aenter__()
    act, _, facts = await last_record(server)
    async with Person(server.base_url, "forgetful", renewed["password"]):
        pass
    record = await server.house.pool.fetchval("SELECT facts::text FROM people.audit WHERE act = 'password_renewed'")
    assert json.loads(record) == {"reason": REASON, "sessions_ended": 1}
    assert renewed["password"] not in record + act + facts


async def test_staff_out_of_scope_is_not_there(server: Server, cast: Deciders) -> None:
    elsewhere = await server.add_organisation("agency", "测试他省员工机构", ELSEWHERE)
    await server.add_staff("strange-agency", "agency", elsewhere)
    strangers = ("strange-agency", "province", "province-two", "nation-two", "author", "physician01")
    for login in strangers:
        number = await account_id(server, login)
        async with refused(server, "no_such_account", 404):
            await cast.province.post(f"{PATH}/{number}/disabled", {"disabled": True, "reason": REASON})
        async with refused(server, "no_such_account", 404):
            await cast.province.post(f"{PATH}/{number}/password", {"reason": REASON})
    async with refused(server, "no_such_account", 404):
        await cast.nation.post(
            f"{PATH}/{await account_id(server, 'physician01')}/disabled", {"disabled": True, "reason": REASON}
        )
    shown = {row["login"] for row in (await cast.province.get(PATH))["rows"]}
    assert shown.isdisjoint(strangers)
    assert {"agency", "institution"} <= shown
    assert {"strange-agency"} == {row["login"] for row in (await cast.other.get(PATH))["rows"]}


async def test_nobody_disables_himself(server: Server, cast: Deciders) -> None:
    number = await account_id(server, "nation-two")
    async with refused(server, "own_account"):
        await cast.nation.post(f"{PATH}/{number}/disabled", {"disabled": True, "reason": REASON})
    async with refused(server, "own_account"):
        await cast.nation.post(f"{PATH}/{number}/password", {"reason": REASON})


async def test_a_list_of_staff_pages_by_key_and_by_role(server: Server, cast: Deciders) -> None:
    agency = await server.add_organisation("agency", "测试多人机构", "42")
    for number in range(55):
        await server.add_staff(f"many-{number:02d}", "invigilator" if number else "chief", agency)

    first = await cast.nation.get(f"{PATH}?q=MANY-")
    second = await cast.nation.get(f"{PATH}?q=MANY-&before={first['next']}")

    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (50, 5, None)
    assert [row["login"] for row in (await cast.nation.get(f"{PATH}?q=many-&role=chief"))["rows"]] == ["many-00"]
    assert (await cast.nation.get(f"{PATH}?q=m%25"))["rows"] == []
    async with refused(server, "wrong_shape", 400):
        await cast.nation.get(f"{PATH}?role=physician")


# --- app accounts ------------------------------------------------------------------------------------------------


async def bound(server: Server, *, province: str = "11") -> tuple[int, int, str]:
    """Somebody whose app account is bound: person, account and phone."""
    institution = await server.add_organisation("institution", f"测试绑定医院{province}", province)
    person, phone = await physician(server, institution, province=province), next(PHONES)
    return person, await app_account(server, phone, person=person), phone


async def test_an_app_account_is_found_by_phone_last_digits_or_name_and_shown_masked(
    server: Server, cast: Deciders
) -> None:
    person, account, phone = await bound(server)
    name = await server.house.pool.fetchval("SELECT name FROM people.persons WHERE person_id = $1", person)

    for sought in (phone, phone[-4:], name):
        rows = (await cast.province.get(f"{APP}?q={sought}"))["rows"]
        row = next(row for row in rows if row["account_id"] == account)
        assert row["phone"] == f"{phone[:3]}****{phone[-4:]}"
        assert (row["name"], row["state"], row["bound"]) == (name, "certified", True)
        assert row["id_number"][6:14] == "********"
    assert (await cast.province.get(f"{APP}?q={phone[:10]}"))["rows"] == []


async def test_a_province_sees_who_is_bound_in_it_or_registered_in_it(server: Server, cast: Deciders) -> None:
    _, here, _ = await bound(server)
    _, there, _ = await bound(server, province=ELSEWHERE)
    await server.house.pool.execute(
        "INSERT INTO reg.registry (id_number, name, province, practice_place) "
        "VALUES ('110105190303030017', '测试', $1, '测试')",
        ELSEWHERE,
    )
    registered = await app_account(server, next(PHONES), certified="110105190303030017")
    nobody = await app_account(server, next(PHONES))

    async def seen(person: Person) -> set[int]:
        return {row["account_id"] for row in (await person.get(APP))["rows"]}

    assert {here} <= await seen(cast.province)
    assert {there, registered} <= await seen(cast.other)
    assert (await seen(cast.province)).isdisjoint({there, registered, nobody})
    assert (await seen(cast.other)).isdisjoint({here, nobody})
    assert {here, there, registered, nobody} <= await seen(cast.nation)
    for number in (there, registered, nobody, await account_id(server, "agency"), 987654321):
        async with refused(server, "no_such_account", 404):
            await cast.province.post(f"{APP}/{number}/disabled", {"reason": REASON})


async def test_a_disabled_app_account_gives_its_identity_back(server: Server, cast: Deciders) -> None:
    pool = server.house.pool
    person, account, phone = await bound(server)
    async with server.person(phone) as owner:
        await cast.province.post(f"{APP}/{account}/disabled", {"reason": REASON})
        with pytest.raises(Refusal, match="not_logged_in"):
            await owner.get("/api/session")

    row = await pool.fetchrow("SELECT * FROM reg.app_accounts WHERE account_id = $1", account)
    assert row is not None
    assert (row["state"], row["name"], row["id_number"], row["certified_at"]) == ("disabled", None, None, None)
    found = await pool.fetchrow("SELECT disabled, person_id FROM people.accounts WHERE account_id = $1", account)
    assert found is not None
    assert tuple(found) == (True, row["stand_in_id"])
    assessment = await pool.fetchrow(
        "SELECT state, account_id, password_hash, version FROM reg.assessment_accounts WHERE person_id = $1", person
    )
    assert assessment is not None
    assert tuple(assessment) == ("unbound", None, None, 2)
    told = await pool.fetch("SELECT person_id, code FROM reg.messages WHERE person_id = $1", person)
    assert [tuple(each) for each in told] == [(person, "M05")]
    act, subject, facts = await last_record(server)
    assert (act, subject) == ("app_account_disabled", f"account {account}")
    assert json.loads(facts)["person"] == person
    again = await app_account(server, next(PHONES), person=person)  # its owner can be certified and bound anew
    assert again != account


async def test_an_enabled_app_account_is_nobody_until_it_is_certified_anew(server: Server, cast: Deciders) -> None:
    _, account, phone = await bound(server)
    await cast.province.post(f"{APP}/{account}/disabled", {"reason": REASON})
    async with refused(server, "no_such_account", 404):  # it is of no province any more
        await cast.province.post(f"{APP}/{account}/disabled", {"reason": REASON, "disabled": False})

    await cast.nation.post(f"{APP}/{account}/disabled", {"reason": REASON, "disabled": False})

    row = (await cast.nation.get(f"{APP}?q={phone}"))["rows"][0]
    assert (row["state"], row["name"], row["bound"]) == ("registered", "", False)
    async with server.person(phone) as owner:
        assert (await owner.get("/api/session"))["account_id"] == account


async def test_disabling_an_app_account_twice_at_once_happens_once(server: Server, cast: Deciders) -> None:
    _, account, _ = await bound(server)
    came = await asyncio.gather(
        *(cast.nation.post(f"{APP}/{account}/disabled", {"reason": REASON}) for _ in range(3)), return_exceptions=True
    )

    assert not [each for each in came if isinstance(each, BaseException)]
    records = await server.house.pool.fetchval(
        "SELECT count(*) FROM people.audit WHERE act = 'app_account_disabled' AND subject = $1", f"account {account}"
    )
    assert records == 1
