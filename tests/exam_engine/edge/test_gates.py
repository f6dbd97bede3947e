"""What follows from a file, and from time: windows, escalation, deferral, changes, and the gates of the exams."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from exam_engine.registration import tending
from tests.applicant import APP_PASSWORD, Applicant
from tests.candidate import Candidate, Refusal
from tests.exam_engine.edge.people import (
    REASON,
    Desks,
    choose_general,
    decided,
    desks_of,
    enrolled,
    exempted_from,
    newcomer,
    passed,
    rated,
    rows_of,
    until,
)
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(server: Server) -> AsyncIterator[Desks]:
    await server.house.pool.execute("UPDATE exam.sittings SET by_invitation = true")  # these tests make their own
    async with desks_of(server) as people:
        yield people


class Exams:
    """A sitting of each kind and round, for one test's physicians; closed to those of other tests by its audience."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.made: dict[str, int] = {}

    async def add(self, kind: str, round_: str = "first", closes: timedelta = timedelta(days=1)) -> None:
        pool = self.server.house.pool
        sitting_id = await self.server.five_items(kind=kind, closes=closes)
        await pool.execute("UPDATE exam.sittings SET round = $2 WHERE sitting_id = $1", sitting_id, round_)
        await pool.execute("DELETE FROM exam.entitlements WHERE sitting_id = $1", sitting_id)
        self.made[f"{kind} {round_}"] = sitting_id

    async def close(self) -> None:
        """No later test has to do with them."""
        await self.server.house.pool.execute(
            "UPDATE exam.sittings SET by_invitation = true WHERE sitting_id = ANY ($1)", list(self.made.values())
        )


@pytest_asyncio.fixture(loop_scope="module")
async def exams(server: Server, desks: Desks) -> AsyncIterator[Exams]:
    found = Exams(server)
    await found.add("humanities")
    await found.add("professional")
    yield found
    await found.close()
    await decided(desks.province, exam_order="any", makeup=True)


async def gates(somebody: Applicant, exams: Exams) -> dict[str, str]:
    """The status of each exam on his paper list."""
    names = {number: name for name, number in exams.made.items()}
    papers = (await somebody.get("/api/papers"))["papers"]
    return {names[paper["sitting_id"]]: paper["status"] for paper in papers if paper["sitting_id"] in names}


async def sat(server: Server, somebody: Applicant, exams: Exams, name: str) -> None:
    """He sits this exam and hands in a blank paper, which is marked."""
    async with Candidate(server.base_url, somebody.phone, APP_PASSWORD) as candidate:
        await candidate.begin(exams.made[name])
        await candidate.commands(candidate.hand_in())
        await server.written(candidate.attempt_id, "marked")


async def released(server: Server, desks: Desks, somebody: Applicant, exams: Exams, name: str, line: int) -> None:
    """The result is out, at a pass line that makes a blank paper pass (0) or fail."""
    before = (await somebody.codes()).count("M31")
    await desks.agency.post(f"/api/desk/sittings/{exams.made[name]}/release", {"pass_points": line})

    async def is_told() -> bool:  # in the transaction that settles his entitlements
        return (await somebody.codes()).count("M31") > before

    await until(server, await server.person_id(somebody.phone), is_told)
    assert (await gates(somebody, exams))[name] == "released"


async def file_id_of(server: Server, somebody: Applicant, subject: str = "profile") -> int:
    return int(
        await server.house.pool.fetchval(
            "SELECT file_id FROM reg.files WHERE person_id = $1 AND subject = $2",
            await server.person_id(somebody.phone),
            subject,
        )
    )


async def refused(somebody: Any, path: str, body: object = None) -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        await somebody.post(path, body)
    return refusal.value.status, refusal.value.code


# --- windows -----------------------------------------------------------------------------------------------------


async def test_who_never_handed_in_is_not_enrolled_when_the_window_closes(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as late, await newcomer(server) as returned, await newcomer(server) as waiting:
        for somebody in (late, returned, waiting):
            await somebody.arrive()
        saved = await late.save("profile", await late.profile())
        for somebody in (returned, waiting):
            await somebody.hand_in("profile", await somebody.profile())
        with server.later(days=29):
            await desks.institution.decide(returned.walker.name, "profile", "return", REASON)
        with server.later(days=31):
            await tending.close_windows(server.house)
            states = {each: (await each.get("/api/application/profile"))["state"] for each in (late, returned, waiting)}
            assert states == {late: "not_enrolled", returned: "org_returned", waiting: "org_review"}
            assert await refused(late, "/api/application/profile/submit", {"version": saved["version"] + 1}) == (
                409,
                "illegal_move",
            )
            assert (await late.codes())[0] == "M17"
            assert (await late.get("/api/home"))["button"] == "none"
            await returned.hand_in("profile", {"department": "外科"})  # five days to put it right, also afterwards
            await passed(desks, waiting, "profile")  # who handed in in time is reviewed whenever that is
            await tending.close_windows(server.house)
            assert (await late.codes()).count("M17") == 1
            body = {"version": saved["version"] + 1, "reason": REASON}
            reopened = await desks.province.post(f"/api/desk/reviews/{await file_id_of(server, late)}/reopen", body)
            assert reopened["state"] == "draft"
            assert (await late.hand_in("profile", {}))["state"] == "org_review"


async def test_before_the_window_nothing_is_handed_in(server: Server, desks: Desks) -> None:
    policy = (await desks.province.get("/api/desk/policies/1"))["policy"]
    later = {"opens_at": "2026-12-30T00:00:00Z", "closes_at": "2026-12-31T00:00:00Z"}
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        try:
            for window, code in ((None, "window_not_announced"), (later, "window_not_open")):
                await decided(desks.province, registration=window)
                view = await somebody.get("/api/application/profile")
                assert (view["refused_by"], view["may_submit"]) == (code, False)
                home = await somebody.get("/api/home")
                assert (home["button"], home["waiting"]) == ("none", "window")
                before = await rows_of(server, await file_id_of(server, somebody))
                path = "/api/application/profile/submit"
                assert await refused(somebody, path, {"version": view["version"]}) == (409, code)
                assert await rows_of(server, await file_id_of(server, somebody)) == before
        finally:
            await decided(desks.province, registration=policy["registration"])
        assert (await somebody.get("/api/home"))["button"] == "confirm_profile"


async def test_silence_never_costs_the_exam(server: Server, desks: Desks, exams: Exams) -> None:
    await exams.close()
    await exams.add("professional", closes=timedelta(days=10))
    async with await newcomer(server) as somebody, await newcomer(server) as other:
        for each in (somebody, other):
            await rated(server, desks, each)
            await exempted_from(each)
        await desks.institution.decide(other.walker.name, "exemption")
        await tending.escalate(server.house)
        assert await gates(somebody, exams) == {"professional first": "held"}, "there is time to decide"
        assert await refused(somebody, f"/api/sittings/{exams.made['professional first']}/enter") == (
            409,
            "not_entitled",
        )
        with server.later(days=9, hours=1):
            await tending.escalate(server.house)
            for each in (somebody, other):
                assert await gates(each, exams) == {"professional first": "ready"}
                assert "M25" in await each.codes()
            row = await desks.province.file_of(somebody.walker.name, "exemption")
            assert (row["state"], row["mine"]) == ("escalated", True)
            body = {"version": row["version"], "act": "approve"}
            assert await refused(desks.institution, f"/api/desk/reviews/{row['file_id']}/decide", body) == (
                409,
                "illegal_move",
            )
            assert "M25" in [message["code"] for message in (await desks.province.get("/api/inbox"))["messages"]]
            await desks.province.decide(somebody.walker.name, "exemption")
            assert await gates(somebody, exams) == {"professional first": "exempt"}
            await desks.province.decide(other.walker.name, "exemption", "refuse", REASON)
            assert await gates(other, exams) == {"professional first": "ready"}
            assert ((await somebody.codes())[0], (await other.codes())[0]) == ("M23", "M24")


# --- deferral and change -----------------------------------------------------------------------------------------


async def test_who_is_deferred_sits_nothing_in_this_cycle(server: Server, desks: Desks, exams: Exams) -> None:
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        assert await gates(somebody, exams) == {"humanities first": "ready", "professional first": "ready"}
        values = {"reason": "illness", "explanation": "因病住院治疗中", "evidence": [await somebody.upload(98)]}
        await somebody.hand_in("deferral", values)
        await passed(desks, somebody, "deferral")
        home = await somebody.get("/api/home")
        files = {each["subject"]: each["state"] for each in home["files"]}
        assert (files["profile"], files["deferral"]) == ("deferred", "approved")
        assert (home["button"], home["may_change"]) == ("none", False)
        assert await gates(somebody, exams) == {}
        assert (await somebody.codes())[0] == "M16"
        assert await refused(somebody, f"/api/sittings/{exams.made['humanities first']}/enter") == (
            404,
            "no_such_sitting",
        )
        row = await desks.agency.file_of(somebody.walker.name, "deferral")
        body = {"version": row["version"], "reason": REASON}
        assert await refused(desks.agency, f"/api/desk/reviews/{row['file_id']}/undo", body) == (409, "gone_on")


async def test_a_deferral_that_is_refused_leaves_everything_and_may_be_asked_for_again(
    server: Server, desks: Desks, exams: Exams
) -> None:
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        values = {"reason": "abroad", "explanation": "出国进修半年", "evidence": [await somebody.upload(99)]}
        await somebody.hand_in("deferral", values)
        await desks.institution.decide(somebody.walker.name, "deferral", "refuse", REASON)
        assert (await somebody.codes())[0] == "C02"
        assert (await gates(somebody, exams))["humanities first"] == "ready"
        assert (await somebody.hand_in("deferral", {}))["state"] == "org_review"


async def test_an_approved_change_becomes_the_profile(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await enrolled(server, desks, somebody)
        name = somebody.walker.name
        view = await somebody.get("/api/application/change")
        assert view["values"]["department"] == "内科", "it begins with the profile as it is"
        why = {"explanation": "轮转至急诊科", "evidence": [await somebody.upload(94)]}
        changed = await somebody.hand_in("change", {"department": "急诊科"} | why)
        assert changed["state"] == "org_review"
        detail = await desks.institution.open((await desks.institution.file_of(name, "change"))["file_id"])
        assert {"field": "department", "before": "内科", "after": "急诊科"} in detail["changes"]
        assert (await desks.institution.file_of(name, "profile"))["department"] == "内科"
        await passed(desks, somebody, "change")
        assert (await somebody.get("/api/application/profile"))["values"]["department"] == "急诊科"
        for subject in ("profile", "change"):
            row = await desks.agency.file_of(name, subject)
            assert (row["department"], row["state"]) == ("急诊科", "approved")
        assert (await somebody.codes())[0] == "C03"
        row = await desks.agency.file_of(name, "change")
        body = {"version": row["version"], "reason": REASON}
        assert await refused(desks.agency, f"/api/desk/reviews/{row['file_id']}/undo", body) == (409, "gone_on")
        assert (await somebody.hand_in("change", {"department": "外科"} | why))["state"] == "org_review"
        await desks.institution.decide(name, "change", "refuse", REASON)
        assert (await somebody.get("/api/application/profile"))["values"]["department"] == "急诊科"


async def test_what_an_agency_decided_is_not_opened_again_once_something_was_built_on_it(
    server: Server, desks: Desks
) -> None:
    async with await newcomer(server) as somebody:
        await enrolled(server, desks, somebody)
        await choose_general(somebody)
        row = await desks.province.file_of(somebody.walker.name, "profile")
        body = {"version": row["version"], "reason": REASON}
        before = await rows_of(server, row["file_id"])
        assert await refused(desks.province, f"/api/desk/reviews/{row['file_id']}/reopen", body) == (409, "built_upon")
        assert await refused(desks.agency, f"/api/desk/reviews/{row['file_id']}/undo", body) == (409, "gone_on")
        assert await rows_of(server, row["file_id"]) == before


# --- the notice and the face -------------------------------------------------------------------------------------


async def test_a_new_text_of_the_notice_asks_everybody_again(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        old = await somebody.get("/api/notice")
        view = await somebody.get("/api/application/profile")
        text = {"title": "用户告知书", "body": "一、本系统用于医师定期考核的报名与测评，请如实填写（新版演示文本）。"}
        await desks.province.post("/api/desk/notices", text)
        home = await somebody.get("/api/home")
        assert (home["place"], home["button"]) == ("notice", "read_notice")
        before = await rows_of(server, await file_id_of(server, somebody))
        with pytest.raises(Refusal) as refusal:
            await somebody.put("/api/application/profile", {"version": view["version"], "values": {}})
        assert refusal.value.code == "notice_missing"
        path, body = "/api/application/profile/submit", {"version": view["version"]}
        assert await refused(somebody, path, body) == (409, "notice_missing")
        agreed = {name: old[name] for name in ("notice_id", "digest", "face_version")} | {"face": True}
        assert await refused(somebody, "/api/notice", agreed) == (409, "notice_changed")
        assert await rows_of(server, await file_id_of(server, somebody)) == before
        assert (await somebody.agree())["place"] == "home"
        assert (await somebody.hand_in("profile", await somebody.profile()))["state"] == "org_review"


async def test_who_refuses_his_face_goes_the_way_without_one(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive(face=False)
        assert (await somebody.get("/api/home"))["faceless"]
        await somebody.hand_in("profile", await somebody.profile())
        assert "faceless" in (await desks.institution.file_of(somebody.walker.name, "profile"))["flags"]
        await passed(desks, somebody, "profile")
        await tending.enrol_photos(server.house)
        assert await reference(server, somebody) == []
        assert not (await somebody.agree(face=True))["faceless"]


async def test_the_photo_of_an_enrolled_profile_becomes_the_reference_of_the_exam(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        looked = await somebody.photo_answer()
        assert (looked["looked"], looked["hints"]) == (False, []), "there is no face model here"
        await somebody.hand_in("profile", await somebody.profile())
        await tending.enrol_photos(server.house)
        assert await reference(server, somebody) == [], "not before he is enrolled"
        await passed(desks, somebody, "profile")
        await tending.enrol_photos(server.house)
        await tending.enrol_photos(server.house)
        assert [(row["source"], row["status"]) for row in await reference(server, somebody)] == [
            ("registration", "pending")
        ], "a person looks at what no model has seen, once"


async def reference(server: Server, somebody: Applicant) -> list[Any]:
    return await server.house.pool.fetch(
        "SELECT source, status FROM proctor.photos WHERE person_id = $1", await server.person_id(somebody.phone)
    )


# --- the gates of the exams --------------------------------------------------------------------------------------


async def test_humanities_first_opens_the_professional_paper_with_a_released_pass(
    server: Server, desks: Desks, exams: Exams
) -> None:
    await decided(desks.province, exam_order="humanities_first")
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        assert await gates(somebody, exams) == {"humanities first": "ready", "professional first": "locked"}
        assert await refused(somebody, f"/api/sittings/{exams.made['professional first']}/enter") == (
            409,
            "not_entitled",
        )
        await sat(server, somebody, exams, "humanities first")
        assert (await gates(somebody, exams))["professional first"] == "locked", "handed in is not passed"
        await released(server, desks, somebody, exams, "humanities first", 0)
        assert (await gates(somebody, exams))["professional first"] == "ready"
        assert {"M26", "M27", "M31"} <= set(await somebody.codes())
        await sat(server, somebody, exams, "professional first")


async def test_professional_first_opens_the_humanities_with_a_pass_or_an_exemption(
    server: Server, desks: Desks, exams: Exams
) -> None:
    await decided(desks.province, exam_order="professional_first")
    async with await newcomer(server) as sits, await newcomer(server) as exempt:
        for each in (sits, exempt):
            await rated(server, desks, each)
            assert await gates(each, exams) == {"humanities first": "locked", "professional first": "ready"}
        await exempted_from(exempt)
        assert await gates(exempt, exams) == {"humanities first": "locked", "professional first": "held"}
        await passed(desks, exempt, "exemption")
        assert await gates(exempt, exams) == {"humanities first": "ready", "professional first": "exempt"}
        await sat(server, sits, exams, "professional first")
        await released(server, desks, sits, exams, "professional first", 0)
        assert (await gates(sits, exams))["humanities first"] == "ready"
        view = await sits.get("/api/application/exemption")
        assert view["refused_by"] == "exam_begun"


async def test_another_order_is_applied_to_who_is_there_already(server: Server, desks: Desks, exams: Exams) -> None:
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        person_id = await server.person_id(somebody.phone)
        for order, expected in (
            ("professional_first", {"humanities first": "locked", "professional first": "ready"}),
            ("humanities_first", {"humanities first": "ready", "professional first": "locked"}),
        ):
            await decided(desks.province, exam_order=order)
            while await server.house.pool.fetchval(
                "SELECT count(*) FROM exam.unsettled WHERE person_id = $1", person_id
            ):
                await tending.settle_some(server.house)
            assert await gates(somebody, exams) == expected


async def test_a_released_failure_opens_the_make_up_and_its_pass_the_next_paper(
    server: Server, desks: Desks, exams: Exams
) -> None:
    await exams.add("humanities", "makeup")
    await decided(desks.province, exam_order="humanities_first")
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        assert await gates(somebody, exams) == {"humanities first": "ready", "professional first": "locked"}
        await sat(server, somebody, exams, "humanities first")
        assert "humanities makeup" not in await gates(somebody, exams)
        await released(server, desks, somebody, exams, "humanities first", 100)
        assert await gates(somebody, exams) == {
            "humanities first": "released",
            "humanities makeup": "ready",
            "professional first": "locked",
        }
        assert "M32" in await somebody.codes()
        await sat(server, somebody, exams, "humanities makeup")
        await released(server, desks, somebody, exams, "humanities makeup", 0)
        assert (await gates(somebody, exams))["professional first"] == "ready"
        assert (await somebody.codes()).count("M31") == 2


async def test_where_a_province_has_no_make_up_a_failure_opens_none(server: Server, desks: Desks, exams: Exams) -> None:
    await exams.add("humanities", "makeup")
    await decided(desks.province, makeup=False)
    async with await newcomer(server) as somebody:
        await rated(server, desks, somebody)
        await sat(server, somebody, exams, "humanities first")
        await released(server, desks, somebody, exams, "humanities first", 100)
        assert "humanities makeup" not in await gates(somebody, exams)
        assert "M32" not in await somebody.codes()
