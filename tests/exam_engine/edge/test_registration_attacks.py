"""What somebody would try against the road to the exam: others' rows, bad input, races, lost services, odd orders."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from exam_engine.demo import CYCLE, seed
from exam_engine.journal import DATABASE_AWAY
from exam_engine.registration import store, tending
from exam_engine.registration.settling import settle
from exam_engine.store import Runner
from tests.applicant import Applicant
from tests.candidate import Refusal
from tests.exam_engine.edge.people import (
    REASON,
    Desks,
    choose_general,
    desks_of,
    enrolled,
    exempted_from,
    newcomer,
    passed,
    rated,
    reviewer,
)
from tests.exam_engine.edge.server import WAIT_S, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(server: Server) -> AsyncIterator[Desks]:
    async with desks_of(server) as people:
        yield people


async def refused(work: Awaitable[Any]) -> tuple[int, str]:
    """The status and code of the refusal."""
    with pytest.raises(Refusal) as refusal:
        await work
    return refusal.value.status, refusal.value.code


async def outcomes(*work: Awaitable[Any]) -> list[str]:
    """All at once: the code of each refusal, "" for what went through, in ascending order."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for each in done:
        assert isinstance(each, Refusal) or not isinstance(each, BaseException), each
    return sorted(each.code if isinstance(each, Refusal) else "" for each in done)


async def row_of(server: Server, somebody: Applicant, subject: str = "profile") -> asyncpg.Record:
    row = await server.house.pool.fetchrow(
        "SELECT * FROM reg.files WHERE id_number = $1 AND subject = $2", somebody.number, subject
    )
    assert row is not None
    return row


@contextlib.asynccontextmanager
async def held(server: Server, application_id: int) -> AsyncIterator[Runner]:
    """Somebody else has the lock of this file; what he does with it is committed at the end."""
    async with server.house.pool.acquire() as connection, connection.transaction():
        await store.load(connection, application_id, lock=True)
        yield connection


async def somebody_waits(server: Server, number: int = 1, done: asyncio.Task[Any] | None = None) -> None:
    """Until so many statements of this database wait for locks, or this task is done."""
    query = """SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    async with asyncio.timeout(WAIT_S):
        while await server.house.pool.fetchval(query) < number and not (done and done.done()):
            pass


# --- others' rows ------------------------------------------------------------------------------------------------


async def test_what_was_never_handed_in_is_seen_by_nobody_else(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        values = await somebody.profile()
        await somebody.save("profile", values)
        file_id = (await row_of(server, somebody))["file_id"]
        for desk in desks:
            detail = await desk.open(file_id)
            assert (detail["row"]["state"], detail["row"]["name"]) == ("draft", somebody.walker.name)
            assert (detail["values"], detail["documents"], detail["phone"], detail["problems"]) == ({}, [], "", [])

        await somebody.hand_in("profile", {})
        detail = await desks.institution.open(file_id)
        assert (detail["values"]["department"], detail["phone"]) == ("内科", somebody.phone)
        assert {each["document_id"] for each in detail["documents"]} == {values["photo"], *values["licence_scan"]}


async def test_an_agency_that_loses_a_file_while_it_waits_for_it_does_not_decide_it(
    server: Server, desks: Desks
) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        await somebody.hand_in("profile", await somebody.profile())
        await desks.institution.decide(somebody.walker.name, "profile")
        row = await row_of(server, somebody)
        other = await server.add_organisation("agency", "测试接手考核机构")
        path = f"/api/desk/reviews/{row['file_id']}/decide"
        async with held(server, row["application_id"]) as connection:
            deciding = asyncio.create_task(desks.agency.post(path, {"version": row["version"], "act": "approve"}))
            await somebody_waits(server)
            for table in ("applications", "files"):
                await connection.execute(
                    f"UPDATE reg.{table} SET agency_id = $2 WHERE application_id = $1", row["application_id"], other
                )

        assert await refused(deciding) == (404, "no_such_file")
        assert (await row_of(server, somebody))["state"] == "agy_review"


async def test_the_tries_of_a_number_are_used_up_by_nobody_else(server: Server) -> None:
    async with await newcomer(server) as victim, await newcomer(server) as attacker:
        for each in (victim, attacker):
            await each.sign_up()
            await each.post("/api/certification", each.claim())
        wanted = victim.binding()
        for _ in range(5):
            assert await refused(attacker.post("/api/binding", wanted)) == (409, "wrong_binding")
        assert await refused(attacker.post("/api/binding", wanted)) == (429, "too_many_tries")

        assert (await victim.post("/api/binding", wanted))["place"] == "password"


async def test_the_initial_password_opens_nothing(server: Server) -> None:
    """666666 is public: the password is changed before anything else, also by who does not use our page."""
    async with await newcomer(server) as somebody:
        await somebody.sign_up()
        await somebody.post("/api/certification", somebody.claim())
        await somebody.post("/api/binding", somebody.binding())

        assert await refused(somebody.agree()) == (409, "password_initial")


# --- bad input ---------------------------------------------------------------------------------------------------


async def test_a_key_of_a_page_that_nobody_gave_out_is_refused(desks: Desks) -> None:
    day = "2026-01-01T00:00:00+00:00"
    keys = ("0001-01-01T00:00:00+14:00|1", "9999-12-31T23:59:59-14:00|1", f"{day}|{10**20}", f"{day}|{2**63}",
            f"{day}|-1", f"{day}|", "|", "", "today|1", "\0|1")  # fmt: skip
    for key in keys:
        text = base64.urlsafe_b64encode(key.encode()).decode() or "=="
        assert await refused(desks.institution.get(f"/api/desk/reviews?after={text}")) == (400, "no_such_page"), key


async def test_words_of_a_reviewer_hold_no_sign_that_can_not_be_kept(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await enrolled(server, desks, somebody)
        await choose_general(somebody)
        await somebody.hand_in("evaluation", somebody.evaluation(report=False))
        name = somebody.walker.name
        for sign in "\0\x1b":
            words = f"材料需要{sign}补充完整"
            returning = desks.institution.decide(name, "evaluation", "return", words)
            assert await refused(returning) == (400, "wrong_shape")
            assert await refused(desks.institution.decide(name, "evaluation", comment=words)) == (400, "wrong_shape")
        await desks.institution.decide(name, "evaluation", comment="同意🩺评定\n合格")
        version = (await row_of(server, somebody, "evaluation"))["version"]
        file_id = (await row_of(server, somebody, "evaluation"))["file_id"]
        undo = {"version": version, "reason": "撤销\0本次操作"}
        assert await refused(desks.institution.post(f"/api/desk/reviews/{file_id}/undo", undo)) == (400, "wrong_shape")


async def test_digits_of_other_scripts_are_no_phone(server: Server) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        saved = await somebody.save("profile", {"phone": "13٩٩٩٩٩٩٩٩٩"})

        assert {"field": "phone", "code": "wrong_format"} in saved["problems"]


async def test_a_demonstration_that_starts_again_prints_nobodys_phone(server: Server, database_url: str) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        shown = {account.login for account in (await seed(database_url, None)).accounts}

        assert somebody.phone not in shown
        assert {"physician01", "institution"} <= shown


# --- at the same time --------------------------------------------------------------------------------------------


async def test_one_identity_is_certified_for_one_account_however_many_ask_at_once(server: Server) -> None:
    async with await newcomer(server) as one:
        others = [Applicant(server.base_url, one.walker, f"1981000000{n}", one.outbox) for n in range(3)]
        try:
            everybody = [one, *others]
            for each in everybody:
                await each.sign_up()
            done = await outcomes(*(each.post("/api/certification", each.claim()) for each in everybody))
            bound = await outcomes(*(each.post("/api/binding", each.binding()) for each in everybody))
        finally:
            for each in others:
                await each.http.close()

        assert done == ["", *["identity_taken"] * 3]
        assert bound == ["", *["not_certified"] * 3]


async def test_of_everything_a_physician_does_twice_at_once_one_counts(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.sign_up()
        await somebody.post("/api/certification", somebody.claim())
        binding = await outcomes(*(somebody.post("/api/binding", somebody.binding()) for _ in range(4)))
        assert binding == ["", *["bound_already"] * 3]
        await somebody.post("/api/binding/password", {"old": "666666", "new": "Kaohe-99-new"})
        assert await outcomes(*(somebody.agree() for _ in range(4))) == [""] * 4
        values = (await somebody.get("/api/application/profile"))["values"] | await somebody.profile()
        drafts = [somebody.put("/api/application/profile", {"version": 1, "values": values}) for _ in range(4)]
        assert await outcomes(*drafts) == ["", *["changed_meanwhile"] * 3]
        submit = "/api/application/profile/submit"
        handing_in = await outcomes(*(somebody.post(submit, {"version": 2}) for _ in range(4)))
        assert handing_in == ["", *["changed_meanwhile"] * 3]
        await passed(desks, somebody, "profile")
        choices = [somebody.post("/api/procedure", {"version": 1, "choice": "general"}) for _ in range(4)]
        assert await outcomes(*choices) == ["", *["changed_meanwhile"] * 3]
        first = [somebody.put("/api/application/deferral", {"version": 1, "values": {}}) for _ in range(4)]
        assert await outcomes(*first) == ["", *["changed_meanwhile"] * 3]


async def test_a_file_is_begun_where_its_physician_is_by_then(server: Server) -> None:
    """Moved between reading the notice and agreeing to it: no file is left behind at the old institution."""
    pool = server.house.pool
    async with await newcomer(server) as somebody, reviewer(server, "institution") as hospital:
        await somebody.sign_up()
        await somebody.post("/api/certification", somebody.claim())
        await somebody.post("/api/binding", somebody.binding())
        await somebody.post("/api/binding/password", {"old": "666666", "new": "Kaohe-99-new"})
        there = await server.add_organisation("institution", "测试转入医院")
        query = "SELECT assessment_id FROM reg.assessment_accounts WHERE id_number = $1 AND state = 'bound'"
        assessment_id = await pool.fetchval(query, somebody.number)
        path = f"/api/desk/physicians/{assessment_id}/transfer"
        async with pool.acquire() as connection, connection.transaction():
            # What a transfer writes last: all else of it is done, and seen by nobody.
            await connection.execute("SELECT FROM people.accounts WHERE login = $1 FOR NO KEY UPDATE", somebody.phone)
            moving = asyncio.create_task(hospital.post(path, {"institution_id": there, "reason": REASON}))
            await somebody_waits(server)
            agreeing = asyncio.create_task(somebody.agree())
            await somebody_waits(server, 2, agreeing)
        await moving
        with contextlib.suppress(Refusal):
            await agreeing
        await somebody.agree()

        row = await row_of(server, somebody)
        assert row["institution_id"] == there


async def test_what_is_computed_of_a_file_waits_until_its_move_is_done(server: Server, desks: Desks) -> None:
    """Or a result that is released while an exemption is approved would open the exam again."""
    pool, house = server.house.pool, server.house
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        await exempted_from(somebody)
        row = await row_of(server, somebody, "exemption")
        key = row["person_id"], CYCLE
        count = "SELECT count(*) FROM exam.unsettled WHERE person_id = $1 AND cycle = $2"
        gate = """SELECT state FROM exam.entitlements JOIN exam.sittings s USING (sitting_id)
            WHERE person_id = $1 AND s.kind = 'professional' AND s.round = 'first'"""
        async with held(server, row["application_id"]) as connection:
            await pool.execute("INSERT INTO exam.unsettled VALUES ($1, $2)", *key)
            await tending.settle_some(house)
            assert await pool.fetchval(count, *key) == 1
            await connection.execute("UPDATE reg.files SET state = 'approved' WHERE file_id = $1", row["file_id"])
            await settle(connection, *key, house.clock.now())
        while await pool.fetchval(count, *key):
            await tending.settle_some(house)

        assert await pool.fetchval(gate, key[0]) == "exempt"


async def test_who_has_no_file_is_not_looked_at_for_ever(server: Server) -> None:
    pool, person_id = server.house.pool, await server.person_id(server.login())
    await pool.execute("INSERT INTO exam.unsettled VALUES ($1, $2) ON CONFLICT DO NOTHING", person_id, CYCLE)

    async with asyncio.timeout(WAIT_S):
        while await pool.fetchval("SELECT count(*) FROM exam.unsettled WHERE person_id = $1", person_id):
            await tending.settle_some(server.house)


# --- time --------------------------------------------------------------------------------------------------------


async def test_nobody_takes_back_what_he_could_not_hand_in_again(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        view = await somebody.hand_in("profile", await somebody.profile())
        with server.later(days=31):
            assert not (await somebody.get("/api/application/profile"))["may_withdraw"]
            withdrawing = somebody.post("/api/application/profile/withdraw", {"version": view["version"]})
            assert await refused(withdrawing) == (409, "window_closed")

        assert (await somebody.get("/api/application/profile"))["may_withdraw"]


async def test_an_exemption_may_be_given_up_at_any_time(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        view = await exempted_from(somebody)
        with server.later(days=10):
            view = await somebody.post("/api/application/exemption/withdraw", {"version": view["version"]})

        assert view["state"] == "draft"


async def test_a_refused_simple_procedure_leaves_time_for_the_general_one(server: Server, desks: Desks) -> None:
    """The conditions may be found unmet after the window has closed: the days of a correction count from then."""
    async with await newcomer(server) as somebody:
        await enrolled(server, desks, somebody)
        await server.house.pool.execute(
            "UPDATE reg.applications SET procedure = 'simple_applied', procedure_version = 2 WHERE application_id = $1",
            (await row_of(server, somebody))["application_id"],
        )
        await somebody.save("evaluation", {})
        await somebody.hand_in("evaluation", somebody.evaluation(report=True))
        with server.later(days=31):
            await desks.institution.decide(somebody.walker.name, "evaluation", conditions_met=False)
            assert (await somebody.get("/api/home"))["button"] == "choose_procedure"
            await choose_general(somebody)
            assert (await somebody.hand_in("evaluation", {}))["state"] == "org_review"
        with server.later(days=31 + 6):
            await desks.institution.decide(somebody.walker.name, "evaluation", "return", REASON)


# --- services that are away --------------------------------------------------------------------------------------


async def test_a_code_that_did_not_go_out_may_be_asked_for_again_at_once(server: Server) -> None:
    async with await newcomer(server) as somebody:
        folder, asked = server.house.settings.data / "sms", {"phone": somebody.phone, "purpose": "register"}
        folder.mkdir(exist_ok=True)
        aside = folder.rename(folder.with_name("sms-aside"))
        folder.write_text("no folder any more")
        try:
            for _ in range(7):  # more than a phone gets in a day
                assert await refused(somebody.post("/api/sign-up/code", asked)) == (503, "sms_away")
        finally:
            folder.unlink()
            aside.rename(folder)

        assert (await somebody.post("/api/sign-up/code", asked))["retry_after_s"] == 60


async def test_connections_that_the_database_ends_break_nothing(server: Server) -> None:
    """It is restarted, or a proxy before it: whoever asks just then is told to try again, which then works."""
    ending = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        found = set()
        for _ in range(6):
            with contextlib.suppress(*DATABASE_AWAY):
                await server.house.pool.fetchval(ending)
            found |= set(await outcomes(*(somebody.get("/api/home") for _ in range(12))))
            found |= set(await outcomes(*(somebody.get("/api/application/profile") for _ in range(12))))
        assert found <= {"", "try_again"}
        async with asyncio.timeout(WAIT_S):
            while await outcomes(somebody.save("profile", {"department": "内科"})) != [""]:
                pass


async def test_a_folder_that_is_gone_costs_a_physician_one_more_try(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        await somebody.upload(41)
        folder = server.house.settings.data / "documents"
        aside = folder.rename(folder.with_name("documents-aside"))
        folder.write_text("no folder any more")
        try:
            assert await refused(somebody.upload(42)) == (503, "try_again")
            assert await refused(somebody.photo(43)) == (503, "try_again")
            kept = await row_count(server, somebody)
        finally:
            folder.unlink()
            aside.rename(folder)

        assert kept == 1  # a row without its file would be a document nobody can open
        await somebody.upload(42)
        assert await somebody.hand_in("profile", await somebody.profile(licence_scan=[await somebody.upload(42)]))


async def row_count(server: Server, somebody: Applicant) -> int:
    """How many documents are on record of him."""
    person_id = await server.person_id(somebody.phone)
    return int(await server.house.pool.fetchval("SELECT count(*) FROM reg.documents WHERE person_id = $1", person_id))


async def test_a_lost_photo_holds_up_nobody_elses(server: Server, desks: Desks) -> None:
    pool = server.house.pool
    due = "SELECT photo_due FROM reg.applications WHERE application_id = $1"
    async with await newcomer(server) as one, await newcomer(server) as other:
        for each in (one, other):
            await enrolled(server, desks, each)
        lost, kept = [(await row_of(server, each))["application_id"] for each in (one, other)]
        await pool.execute(
            "UPDATE reg.applications SET photo_id = 2^52, photo_due = true WHERE application_id = $1", lost
        )
        await pool.execute("UPDATE reg.applications SET photo_due = true WHERE application_id = $1", kept)
        await tending.enrol_photos(server.house)

        assert (await pool.fetchval(due, lost), await pool.fetchval(due, kept)) == (False, False)


async def test_a_photo_is_put_to_use_only_while_its_owner_agrees(server: Server, desks: Desks) -> None:
    pool = server.house.pool
    async with await newcomer(server) as somebody:
        await somebody.arrive(face=False)
        await somebody.hand_in("profile", await somebody.profile())
        await passed(desks, somebody, "profile")
        number = (await row_of(server, somebody))["application_id"]
        query = "SELECT faceless, photo_due FROM reg.applications WHERE application_id = $1"
        assert [tuple(row) for row in await pool.fetch(query, number)] == [(True, False)]
        async with pool.acquire() as connection, connection.transaction():
            for face, expected in ((True, (False, True)), (True, (False, True)), (False, (True, False))):
                await connection.execute(
                    store.SET_FACELESS, (await row_of(server, somebody))["person_id"], CYCLE, not face
                )
                assert [tuple(row) for row in await connection.fetch(query, number)] == [expected]


# --- odd orders --------------------------------------------------------------------------------------------------


async def deferral(somebody: Applicant) -> Any:
    """延考申请, handed in."""
    values = {"reason": "illness", "explanation": "住院治疗期间无法参加", "evidence": [await somebody.upload(98)]}
    return await somebody.hand_in("deferral", values)


async def change(somebody: Applicant) -> Any:
    """变更申请 of the department, handed in."""
    view = await somebody.get("/api/application/change")
    values = view["values"] | {"department": "急诊科", "explanation": "科室调整，申请变更"}
    return await somebody.hand_in("change", values | {"evidence": [await somebody.upload(99)]})


async def test_a_deferral_comes_too_late_once_an_exam_has_begun(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        await deferral(somebody)
        await desks.institution.decide(somebody.walker.name, "deferral")
        sitting = server.sitting("humanities")
        await begin(server, somebody, sitting)

        assert await refused(desks.agency.decide(somebody.walker.name, "deferral")) == (409, "exam_begun")
        file_id = (await row_of(server, somebody, "deferral"))["file_id"]
        assert (await desks.agency.open(file_id))["acts"] == ["return", "refuse"]


async def begin(server: Server, somebody: Applicant, sitting_id: int) -> None:
    """His exam runs, as its row has it."""
    await server.house.pool.execute(
        """INSERT INTO exam.attempts (attempt_id, sitting_id, person_id, phase, entered_at, deadline_at, next_check_at)
           VALUES (2^52, $1, $2, 'running', now(), now() + interval '1 day', now() + interval '1 day')""",
        sitting_id,
        await server.person_id(somebody.phone),
    )


async def test_what_would_change_a_profile_waits_for_it_to_be_enrolled(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await enrolled(server, desks, somebody)
        await change(somebody)
        name, own = somebody.walker.name, await row_of(server, somebody)
        undo = {"version": own["version"], "reason": REASON}
        # A profile can't be taken back below a change that is under review, by whoever passed it or the province.
        path = f"/api/desk/reviews/{own['file_id']}"
        assert await refused(desks.agency.post(f"{path}/undo", undo)) == (409, "gone_on")
        assert await refused(desks.province.post(f"{path}/reopen", undo)) == (409, "built_upon")

        await desks.institution.decide(name, "change")
        await desks.institution.post(f"{path}/close", undo)
        before = await row_of(server, somebody)
        assert await refused(desks.agency.decide(name, "change")) == (409, "not_enrolled")
        assert (await row_of(server, somebody))["body"] == before["body"]
        await desks.agency.decide(name, "change", "refuse", REASON)  # so that it leaves the queue


async def test_a_new_cycle_is_begun_anew_and_the_old_one_stays_as_it_was(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody, reviewer(server, "nation") as nation:
        await somebody.arrive()
        await somebody.hand_in("profile", await somebody.profile())
        before = await row_of(server, somebody)
        today = server.house.clock.now().date()
        old = await server.house.pool.fetchrow("SELECT starts_on, ends_on FROM exam.cycles WHERE cycle = $1", CYCLE)
        assert old is not None
        shorten = "UPDATE exam.cycles SET starts_on = $2, ends_on = $3 WHERE cycle = $1"
        await server.house.pool.execute(shorten, CYCLE, old["starts_on"], today - timedelta(days=2))
        new = {"cycle": 77, "name": "测试新周期", "starts_on": f"{today - timedelta(days=1)}"}
        await nation.post("/api/desk/cycles", new | {"ends_on": f"{today + timedelta(days=1000)}"})
        try:
            assert (await somebody.get("/api/home"))["place"] == "notice"
            assert await refused(somebody.get("/api/application/profile")) == (409, "notice_missing")
            home = await somebody.agree()
            assert (home["place"], home["cycle"], home["files"][0]["state"]) == ("home", "测试新周期", "draft")
            past = (await somebody.get("/api/home/cycles"))["cycles"]
            assert [(each["files"][0]["state"]) for each in past] == ["org_review"]
            # Who reviews goes on with the old one, and its physician still can't change it.
            path = f"/api/desk/reviews/{before['file_id']}"
            version = (await desks.institution.post(f"{path}/open"))["row"]["version"]
            assert (await desks.institution.post(f"{path}/decide", {"version": version, "act": "approve"}))[
                "state"
            ] == ("agy_review")
        finally:
            await server.house.pool.execute(
                "UPDATE exam.cycles SET starts_on = $2 WHERE cycle = $1", 77, date(2000, 1, 1)
            )
            await server.house.pool.execute(shorten, CYCLE, old["starts_on"], old["ends_on"])

        assert (await somebody.get("/api/home"))["cycle"] != "测试新周期"
