"""From the phone to the assessment account over the API: codes, certification, binding, and what is refused then."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest
import pytest_asyncio

from exam_engine.demo_registration import id_number
from exam_engine.edge.homes import CERTIFICATIONS_MAX
from exam_engine.registration.phone import CODE_TRIES, CODES_A_DAY, INITIAL_PASSWORD, TERMS_VERSION
from tests.applicant import APP_PASSWORD, NEW_PASSWORD, Applicant
from tests.candidate import Refusal
from tests.exam_engine.edge.people import REASON, Desks, desks_of, newcomer
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(server: Server) -> AsyncIterator[Desks]:
    async with desks_of(server) as people:
        yield people


async def code_for(somebody: Applicant, purpose: str = "register") -> str:
    await somebody.post("/api/sign-up/code", {"phone": somebody.phone, "purpose": purpose})
    return somebody.code()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def form(somebody: Applicant, code: str, **changed: str) -> dict[str, str]:
    return {"phone": somebody.phone, "code": code, "password": APP_PASSWORD, "terms": TERMS_VERSION} | changed


async def refused(somebody: Applicant, path: str, body: object) -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        await somebody.post(path, body)
    return refusal.value.status, refusal.value.code


async def accounts(server: Server, phone: str) -> int:
    return int(await server.house.pool.fetchval("SELECT count(*) FROM people.accounts WHERE login = $1", phone))


# --- codes -------------------------------------------------------------------------------------------------------


async def test_a_code_counts_once_for_five_minutes_and_five_tries(server: Server) -> None:
    async with await newcomer(server) as somebody:
        code = await code_for(somebody)
        for _ in range(CODE_TRIES):
            assert await refused(somebody, "/api/sign-up", form(somebody, wrong(code))) == (409, "code_wrong")
        assert await refused(somebody, "/api/sign-up", form(somebody, code)) == (409, "code_wrong"), "tried too often"
        with server.later(seconds=61):
            code = await code_for(somebody)
        with server.later(minutes=6, seconds=2):
            assert await refused(somebody, "/api/sign-up", form(somebody, code)) == (409, "code_wrong"), "too old"
            code = await code_for(somebody)
            await somebody.post("/api/sign-up", form(somebody, code))
            reset = {"phone": somebody.phone, "code": code, "password": "Other-2026"}
            assert await refused(somebody, "/api/sign-up/password", reset) == (409, "code_wrong"), "of another purpose"
        assert await accounts(server, somebody.phone) == 1


async def test_the_used_code_is_used(server: Server) -> None:
    async with await newcomer(server) as somebody:
        code = await code_for(somebody)
        await somebody.post("/api/sign-up", form(somebody, code))
        await somebody.post("/api/session", {"login": somebody.phone, "password": APP_PASSWORD})
        new = await code_for(somebody, "reset")
        again = {"phone": somebody.phone, "code": new, "password": "Second-2026"}
        await somebody.post("/api/sign-up/password", again)
        assert await refused(somebody, "/api/sign-up/password", again) == (409, "code_wrong")


async def test_a_phone_gets_a_code_a_minute_and_five_a_day(server: Server) -> None:
    async with await newcomer(server) as somebody:
        await code_for(somebody)
        asked = {"phone": somebody.phone, "purpose": "register"}
        assert await refused(somebody, "/api/sign-up/code", asked) == (409, "code_sent_already")
        for minutes in range(1, CODES_A_DAY):
            with server.later(minutes=minutes, seconds=5):
                await code_for(somebody)
        with server.later(minutes=CODES_A_DAY, seconds=5):
            assert await refused(somebody, "/api/sign-up/code", asked) == (429, "too_many_tries")


async def test_of_two_who_sign_up_with_one_phone_at_once_one_has_the_account(server: Server) -> None:
    async with await newcomer(server) as somebody:
        body = form(somebody, await code_for(somebody))
        outcomes = await asyncio.gather(
            *(somebody.post("/api/sign-up", body) for _ in range(4)), return_exceptions=True
        )
        lost = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert len(lost) == 3
        assert {(each.status, each.code) for each in lost} <= {(409, "code_wrong"), (409, "phone_taken")}
        assert await accounts(server, somebody.phone) == 1
        assert await refused(somebody, "/api/sign-up/code", {"phone": somebody.phone, "purpose": "register"}) == (
            409,
            "phone_taken",
        )


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"terms": "2019-01"}, (409, "terms_missing")),
        ({"password": "short1"}, (400, "password_length")),
        ({"password": "onlyletters"}, (400, "password_kinds")),
        ({"phone": "12345678901"}, (400, "phone_wrong")),
        ({"code": "12345"}, (400, "wrong_shape")),
    ],
)
async def test_a_wrong_form_makes_no_account_and_costs_no_code(
    server: Server, changed: dict[str, str], answer: tuple[int, str]
) -> None:
    async with await newcomer(server) as somebody:
        body = form(somebody, await code_for(somebody))
        assert await refused(somebody, "/api/sign-up", body | changed) == answer
        await somebody.post("/api/sign-up", body)


async def test_a_new_password_ends_every_session_and_unlocks_the_account(server: Server) -> None:
    async with await newcomer(server) as somebody:
        await somebody.sign_up()
        for _ in range(5):
            wrong_one = {"login": somebody.phone, "password": "not-it-2026"}
            assert (await refused(somebody, "/api/session", wrong_one))[0] == 401
        right = {"login": somebody.phone, "password": APP_PASSWORD}
        assert await refused(somebody, "/api/session", right) == (429, "too_many_tries")
        async with somebody.http.get(f"{somebody.base_url}/api/inbox/live") as stream:
            assert stream.status == 200
            code = await code_for(somebody, "reset")
            body = {"phone": somebody.phone, "code": code, "password": "Second-2026"}
            await somebody.post("/api/sign-up/password", body)
            async with asyncio.timeout(30):
                await stream.read()  # it ends with its session
        with pytest.raises(Refusal) as refusal:
            await somebody.get("/api/home")
        assert refusal.value.status == 401
        assert (await refused(somebody, "/api/session", right)) == (401, "wrong_login")
        await somebody.post("/api/session", {"login": somebody.phone, "password": "Second-2026"})
        assert (await somebody.get("/api/home"))["place"] == "certify"


async def test_whether_a_phone_has_an_account_is_not_told_by_a_new_password(server: Server) -> None:
    async with await newcomer(server) as known, await newcomer(server) as unknown:
        await known.sign_up()
        asked = [
            await each.post("/api/sign-up/code", {"phone": each.phone, "purpose": "reset"}) for each in (known, unknown)
        ]
        assert asked[0] == asked[1]
        lines = known.outbox.read_text()
        assert lines.count(known.phone) == 2, "one to sign up, one now"
        assert unknown.phone not in lines
        body = {"phone": unknown.phone, "code": "123456", "password": "Second-2026"}
        assert await refused(unknown, "/api/sign-up/password", body) == (409, "code_wrong")


async def test_the_code_is_not_in_the_answer_nor_in_the_table(server: Server) -> None:
    async with await newcomer(server) as somebody:
        answer = await somebody.post("/api/sign-up/code", {"phone": somebody.phone, "purpose": "register"})
        assert (answer["shown"], answer["retry_after_s"], answer["valid_s"]) == (None, 60, 300)
        kept = await server.house.pool.fetchval("SELECT code_hash FROM reg.codes WHERE phone = $1", somebody.phone)
        assert somebody.code().encode() not in bytes(kept)


# --- certification -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({"name": "测试别人"}, ["name"]),
        ({"practice_place": "别的医院"}, ["practice_place"]),
        ({"title": "chief"}, ["title"]),
        ({"practice_place": "别的医院", "title": "chief"}, ["practice_place", "title"]),
        ({"name": "测试别人", "title": "chief"}, ["name"]),  # of somebody else no more is said
        ({"id_number": id_number(899)}, ["id_number"]),
    ],
)
async def test_certification_says_which_field_differs_and_never_what_is_stored(
    server: Server, changed: dict[str, str], failed: list[str]
) -> None:
    async with await newcomer(server) as somebody:
        await somebody.sign_up()
        answer = await somebody.post("/api/certification", somebody.claim(**changed))
        assert (answer["state"], answer["failed_fields"]) == ("cert_failed", failed)
        said = str(answer) + str(await somebody.get("/api/inbox"))
        assert somebody.number not in said
        assert "name" not in failed or somebody.walker.name not in said
        assert (await somebody.codes())[0] == "M04"
        assert await refused(somebody, "/api/binding", somebody.binding()) == (409, "not_certified")
        answer = await somebody.post("/api/certification", somebody.claim())
        assert (answer["state"], answer["failed_fields"]) == ("certified", [])


async def test_certification_is_tried_five_times_a_day(server: Server) -> None:
    async with await newcomer(server) as somebody:
        await somebody.sign_up()
        for left in reversed(range(CERTIFICATIONS_MAX)):
            answer = await somebody.post("/api/certification", somebody.claim(title="chief"))
            assert answer["tries_left"] == left
        assert await refused(somebody, "/api/certification", somebody.claim()) == (429, "too_many_tries")


async def test_an_identity_somebody_else_holds_is_taken(server: Server) -> None:
    async with await newcomer(server) as owner, await newcomer(server) as thief:
        await owner.sign_up()
        await owner.post("/api/certification", owner.claim())
        await thief.sign_up()
        assert await refused(thief, "/api/certification", owner.claim()) == (409, "identity_taken")
        assert (await thief.get("/api/certification"))["state"] == "registered"
        assert await refused(owner, "/api/certification", owner.claim()) == (409, "certified_already")


async def test_of_two_who_certify_as_one_at_once_one_is_it(server: Server) -> None:
    async with await newcomer(server) as one, await newcomer(server) as two:
        await one.sign_up()
        await two.sign_up()
        outcomes = await asyncio.gather(
            *(each.post("/api/certification", one.claim()) for each in (one, two)), return_exceptions=True
        )
        (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert (lost.status, lost.code) == (409, "identity_taken")


# --- binding -----------------------------------------------------------------------------------------------------


async def test_a_right_password_binds_nobody_to_anothers_account(server: Server) -> None:
    async with await newcomer(server) as owner, await newcomer(server) as thief:
        await thief.sign_up()
        await thief.post("/api/certification", thief.claim())
        assert await refused(thief, "/api/binding", owner.binding()) == (409, "wrong_binding")
        state = await server.house.pool.fetchval(
            "SELECT state FROM reg.assessment_accounts WHERE id_number = $1", owner.number
        )
        assert state == "unbound"


async def test_which_part_of_a_binding_is_wrong_is_never_said_and_five_tries_are_enough(server: Server) -> None:
    async with await newcomer(server) as somebody:
        await somebody.sign_up()
        await somebody.post("/api/certification", somebody.claim())
        answers = []
        for changed in (
            {"province": "35"},
            {"id_number": id_number(899)},
            {"name": "测试别人"},
            {"password": "000000"},
            {"password": "x" * 20},
        ):
            with pytest.raises(Refusal) as refusal:
                await somebody.post("/api/binding", somebody.binding(**changed))
            answers.append((refusal.value.status, refusal.value.code, refusal.value.facts))
        assert answers == [(409, "wrong_binding", {})] * 5
        assert await refused(somebody, "/api/binding", somebody.binding()) == (429, "too_many_tries")
        assert await refused(somebody, "/api/binding", somebody.binding()) == (429, "too_many_tries")
        assert (await somebody.codes()).count("M07") == 1


async def test_nobody_else_uses_up_the_tries_of_a_number(server: Server) -> None:
    async with await newcomer(server) as owner:
        async with await newcomer(server, bound=False) as thief:
            await thief.sign_up()
            await thief.post("/api/certification", thief.claim())
            for _ in range(5):
                assert await refused(thief, "/api/binding", owner.binding()) == (409, "wrong_binding")
            assert await refused(thief, "/api/binding", owner.binding()) == (429, "too_many_tries")
        await owner.sign_up()
        await owner.post("/api/certification", owner.claim())
        assert (await owner.post("/api/binding", owner.binding()))["place"] == "password"


async def test_the_initial_password_has_to_be_changed_before_anything_else(server: Server) -> None:
    async with await newcomer(server) as somebody:
        await somebody.sign_up()
        await somebody.post("/api/certification", somebody.claim())
        home = await somebody.post("/api/binding", somebody.binding())
        assert (home["place"], home["button"]) == ("password", "change_password")
        for new, code in (
            ("666666", "password_length"),
            ("66666666", "password_kinds"),
            ("a666666b", "password_known"),
        ):
            body = {"old": INITIAL_PASSWORD, "new": new}
            assert await refused(somebody, "/api/binding/password", body) == (400, code)
        body = {"old": "111111", "new": NEW_PASSWORD}
        assert await refused(somebody, "/api/binding/password", body) == (409, "wrong_old_password")
        home = await somebody.post("/api/binding/password", {"old": INITIAL_PASSWORD, "new": NEW_PASSWORD})
        assert (home["place"], home["button"]) == ("notice", "read_notice")
        assert (await somebody.codes())[:1] == ["M06"]


async def test_after_a_reset_by_the_institution_he_binds_anew_with_the_initial_password(
    server: Server, desks: Desks
) -> None:
    async with await newcomer(server, licensed_on=date(2010, 5, 1)) as somebody:
        await somebody.arrive()
        saved = await somebody.save("profile", {"department": "急诊科"})
        (row,) = (await desks.institution.get(f"/api/desk/physicians?q={somebody.number[-8:]}"))["rows"]
        assert (row["state"], row["initial"], row["file_state"]) == ("bound", False, "draft")
        await desks.institution.post(f"/api/desk/physicians/{row['assessment_id']}/reset", {"reason": REASON})
        with pytest.raises(Refusal) as refusal:
            await somebody.get("/api/home")
        assert refusal.value.status == 401
        await somebody.post("/api/session", {"login": somebody.phone, "password": APP_PASSWORD})
        assert (await somebody.get("/api/home"))["place"] == "bind"
        assert (await somebody.codes())[0] == "M08"
        with pytest.raises(Refusal) as refusal:
            await somebody.get("/api/application/profile")
        assert refusal.value.code == "not_bound"
        assert await refused(somebody, "/api/binding", somebody.binding(password=NEW_PASSWORD)) == (
            409,
            "wrong_binding",
        )
        assert (await somebody.post("/api/binding", somebody.binding()))["place"] == "password"
        await somebody.post("/api/binding/password", {"old": INITIAL_PASSWORD, "new": NEW_PASSWORD})
        view = await somebody.get("/api/application/profile")
        assert (view["values"]["department"], view["version"]) == ("急诊科", saved["version"]), (
            "his file is as he left it"
        )


async def test_an_account_made_for_exams_alone_has_no_part_in_registration(server: Server) -> None:
    async with server.candidate() as somebody:
        assert (await somebody.get("/api/home"))["place"] == "exams_only"
        for path, answer in (
            ("/api/certification", (404, "no_app_account")),
            ("/api/notice", (409, "not_bound")),
            ("/api/application/profile", (409, "not_bound")),
            ("/api/procedure", (409, "not_bound")),
        ):
            with pytest.raises(Refusal) as refusal:
                await somebody.get(path)
            assert (refusal.value.status, refusal.value.code) == answer, path


async def test_who_signed_up_is_not_logged_in_by_it(server: Server) -> None:
    async with await newcomer(server) as somebody:
        await somebody.post("/api/sign-up", form(somebody, await code_for(somebody)))
        assert list(somebody.http.cookie_jar) == []
        with pytest.raises(Refusal) as refusal:
            await somebody.get("/api/home")
        assert refusal.value.status == 401
