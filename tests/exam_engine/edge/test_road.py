"""The road from sign-up to 待测评 over the API, by both procedures, with everybody who reviews."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.applicant import Applicant
from tests.candidate import Refusal
from tests.exam_engine.edge.cast import walker
from tests.exam_engine.edge.people import Desks, desks_of
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(server: Server) -> AsyncIterator[Desks]:
    async with desks_of(server) as people:
        yield people


async def test_the_simple_procedure_leads_to_the_humanities_exam(server: Server, desks: Desks) -> None:
    async with walker(server, 0) as somebody:
        await somebody.arrive()
        home = await somebody.get("/api/home")
        assert (home["place"], home["button"]) == ("home", "confirm_profile")

        await somebody.hand_in("profile", await somebody.profile())
        await desks.institution.decide("测试报名甲", "profile")
        await desks.agency.decide("测试报名甲", "profile")
        assert "M13" in await somebody.codes()

        view = await somebody.get("/api/procedure")
        values = {"years_clean": True, "clean_declared": True, "licence": [await somebody.upload(95)]}
        await somebody.post("/api/procedure", {"version": view["version"], "choice": "simple", "values": values})
        await somebody.hand_in("evaluation", somebody.evaluation(report=True))
        await desks.institution.decide("测试报名甲", "evaluation", conditions_met=True)
        await desks.agency.decide("测试报名甲", "evaluation", conditions_met=True)

        home = await somebody.get("/api/home")
        assert (home["procedure"], home["button"]) == ("simple", "details")
        papers = (await somebody.get("/api/papers"))["papers"]
        assert {paper["kind"]: paper["status"] for paper in papers} == {"humanities": "ready", "practice": "ready"}
        assert {"M21", "M26"} <= set(await somebody.codes())


async def test_the_general_procedure_with_a_refused_and_an_approved_exemption(server: Server, desks: Desks) -> None:
    async with walker(server, 1) as somebody:
        await somebody.arrive()
        await somebody.hand_in("profile", await somebody.profile(department="外科"))
        await desks.institution.decide("测试报名乙", "profile", "return", "科室与登记不一致")
        returned = await somebody.hand_in("profile", {"department": "内科"})
        assert returned["state"] == "org_review"
        detail = await desks.institution.open((await desks.institution.file_of("测试报名乙", "profile"))["file_id"])
        assert detail["changes"] == [{"field": "department", "before": "外科", "after": "内科"}]
        await desks.institution.decide("测试报名乙", "profile")
        await desks.agency.decide("测试报名乙", "profile", "return", "毕业时间请核对")
        await somebody.hand_in("profile", {"graduated_on": "1986-07-01"})
        await desks.institution.decide("测试报名乙", "profile")
        await desks.agency.decide("测试报名乙", "profile")

        view = await somebody.get("/api/procedure")
        await somebody.post("/api/procedure", {"version": view["version"], "choice": "general"})
        await somebody.hand_in("evaluation", somebody.evaluation(report=False))
        await desks.institution.decide("测试报名乙", "evaluation", comment="同意评定合格")
        await desks.agency.decide("测试报名乙", "evaluation", comment="同意评定合格")
        statuses = await kinds(somebody)
        assert statuses["professional"] == statuses["humanities"] == "ready"

        reason = {
            "reason": "residency",
            "certificate": "住培合格证",
            "certificate_no": "T-1",
            "obtained_on": "2025-06-01",
        }
        files = {"evidence": [await somebody.upload(96)], "licence": [await somebody.upload(97)]}
        await somebody.hand_in("exemption", reason | files)
        assert (await kinds(somebody))["professional"] == "held"
        await desks.institution.decide("测试报名乙", "exemption")
        await desks.agency.decide("测试报名乙", "exemption", "refuse", "证书不在本周期内")
        assert (await kinds(somebody))["professional"] == "ready"

        await somebody.hand_in("exemption", {"certificate_no": "T-2"})
        await desks.institution.decide("测试报名乙", "exemption")
        await desks.agency.decide("测试报名乙", "exemption")
        statuses = await kinds(somebody)
        assert (statuses["professional"], statuses["humanities"]) == ("exempt", "ready")
        assert {"M12", "M14", "M13", "M21", "M24", "M23"} <= set(await somebody.codes())


async def kinds(somebody: Applicant) -> dict[str, str]:
    return {paper["kind"]: paper["status"] for paper in (await somebody.get("/api/papers"))["papers"]}


async def test_what_is_locked_can_not_be_entered(server: Server) -> None:
    async with walker(server, 2) as somebody:
        await somebody.arrive()
        sitting = server.sitting("professional")
        with pytest.raises(Refusal) as refusal:
            await somebody.post(f"/api/sittings/{sitting}/enter")

        assert refusal.value.code == "no_such_sitting"
