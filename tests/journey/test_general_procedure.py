"""The general procedure in English: a self-evaluation each level returns, an exemption refused and then approved.

What the simple procedure has shown by hand goes by the API here; each of its pages is looked at on the way.
"""

import pytest
from playwright.async_api import expect

from exam_engine.demo import CHECKED, PASSWORD
from exam_engine.demo_registration import WALKERS
from exam_engine.registration.phone import INITIAL_PASSWORD
from tests.applicant import NEW_PASSWORD, Applicant, Reviewer
from tests.journey.album import Album
from tests.journey.conftest import DESK, PHONE, NewPage
from tests.journey.exam_server import ExamServer
from tests.journey.registrant import ETHICS, RATED, Registrant, document, picture
from tests.journey.review_desk import ReviewDesk

NAME = WALKERS[1].name
NUMBER = "19900000902"
PROFESSIONAL = "业务水平测评（演示·临床内科）"


class Walk:
    """The physician by browser and by API, the desks that review him, and the album for all."""

    def __init__(
        self, server: ExamServer, phone: Registrant, desks: tuple[ReviewDesk, ReviewDesk], album: Album
    ) -> None:
        outbox = server.folder / "sms" / "outbox.jsonl"
        self.api = Applicant(server.base_url, WALKERS[1], NUMBER, outbox)
        self.phone, self.album = phone, album
        self.institution, self.agency = desks
        self.humanities, self.professional = server.titles[CHECKED], server.titles[PROFESSIONAL]

    async def look(self, path: str, shows: str) -> None:
        """Open a page, wait for a part of it, and take its picture."""
        await self.phone.see(path)
        await expect(self.phone.part(shows)).to_be_visible()
        await self.shoot(path.partition("?")[0].strip("/").replace("/", "-") or "home")

    async def shoot(self, what: str) -> None:
        """A picture of the phone; its page may not be wider than it."""
        await self.phone.fits()
        await self.album.take(self.phone.page, what)

    async def standing(self, sitting_id: int, status: str) -> None:
        """How a paper of the list stands, in words."""
        await expect(self.phone.part(f"paper-{sitting_id}").get_by_test_id("status")).to_have_text(status)


@pytest.mark.timeout(240)
async def test_a_physician_takes_the_general_procedure_and_is_exempt_at_the_second_try(
    server: ExamServer, new_page: NewPage, album: Album
) -> None:
    phone = Registrant(await new_page(PHONE, "en"), server.base_url, WALKERS[1], NUMBER)
    desks = (
        ReviewDesk(await new_page(DESK, "en"), server.base_url),
        ReviewDesk(await new_page(DESK, "en"), server.base_url),
    )
    walk = Walk(server, phone, desks, album)
    async with (
        walk.api,
        Reviewer(server.base_url, "institution", PASSWORD) as institution,
        Reviewer(server.base_url, "agency", PASSWORD) as agency,
    ):
        await arrive(walk)
        await enrol(walk, institution, agency)
    await walk.institution.log_in("institution", "en")
    await walk.agency.log_in("agency", "en")
    await take_the_general_procedure(walk)
    await evaluate(walk)
    await each_level_returns_it_once(walk)
    await look_at_the_papers(walk)
    await apply_for_exemption(walk)
    await the_agency_refuses_it(walk)
    await the_second_try_is_approved(walk)
    await look_around(walk)


async def arrive(walk: Walk) -> None:
    """From sign-up to 定考个人首页."""
    api = walk.api
    await walk.phone.see("/login")
    await walk.phone.speak_english()
    await walk.look("/login", "submit")
    await walk.look("/sign-up", "sign-up")
    await walk.look("/forgot", "set-password")
    await api.sign_up()
    await walk.phone.sign_in()
    await walk.look("/", "assessment")
    await walk.look("/certify", "certify")
    await api.post("/api/certification", api.claim())
    await walk.look("/province", "provinces")
    await walk.look("/bind?province=11", "bind")
    await api.post("/api/binding", api.binding())
    await walk.look("/assessment-password", "change-password")
    await api.post("/api/binding/password", {"old": INITIAL_PASSWORD, "new": NEW_PASSWORD})
    await walk.look("/notice", "notice-text")
    await api.agree()
    await walk.look("/", "cycle")


async def enrol(walk: Walk, institution: Reviewer, agency: Reviewer) -> None:
    """报名 with nothing returned."""
    phone = walk.phone
    await walk.look("/profile", "section-basic")
    await walk.api.save("profile", await walk.api.profile())
    await phone.page.reload()
    for section in ("practice", "personal", "overview"):
        await phone.tap("next")
        await walk.shoot(f"profile-{section}")
    await phone.submit()
    await walk.shoot("profile-submitted")
    await institution.decide(NAME, "profile")
    await agency.decide(NAME, "profile")


async def take_the_general_procedure(walk: Walk) -> None:
    """Too few years for the simple one, and the page says how few; the general one cannot be taken back."""
    phone = walk.phone
    await phone.see("/")
    await phone.tap("main-button")
    for condition in ("years_good", "years_clean"):
        await expect(phone.field(condition)).to_be_disabled()
        await expect(phone.part(f"why-{condition}")).to_contain_text("3 years and")
    await walk.shoot("procedure")
    await phone.tap("take-general")
    await walk.shoot("procedure-general")
    await phone.tap("confirm")
    await phone.arrives("/evaluation")


async def evaluate(walk: Walk) -> None:
    """自评 without a report."""
    phone = walk.phone
    await phone.fill_in({"no_bad": True})
    await walk.shoot("evaluation-conduct")
    await phone.tap("next")
    await phone.fill_in(dict.fromkeys(RATED, "qualified") | {"credits_reached": True, "disputes": False})
    await walk.shoot("evaluation-work")
    await phone.tap("next")
    await phone.fill_in(dict.fromkeys(ETHICS, "qualified"))
    await phone.grade_every_year("good")
    await expect(phone.part("add-report")).to_be_visible()
    await walk.shoot("evaluation-ethics")
    await phone.submit()
    await phone.tap("back")


async def each_level_returns_it_once(walk: Walk) -> None:
    """卫生机构退回, 考核机构退回, and 评定 by both; each correction is seen at the desk."""
    phone = walk.phone
    await walk.institution.returns(NAME, "evaluation", "请补充工作量说明")
    await expect(phone.part("inbox-banner")).to_contain_text("请补充工作量说明")
    await phone.tap("mend-evaluation")
    await phone.tap("step-work")
    await phone.tap("note-workload_note")
    await phone.fill_in({"workload_note": "门诊工作量已完成"})
    await hand_in_again(walk)
    await walk.institution.open(NAME, "evaluation")
    await expect(walk.institution.part("value-workload_note")).to_contain_text("门诊工作量已完成")
    await walk.album.take(walk.institution.page, "desk-changed")
    await walk.institution.rates(NAME, preset=False)
    await walk.agency.returns(NAME, "evaluation", "请核对服务态度自评")
    await expect(phone.part("returned-evaluation")).to_have_attribute("data-state", "agy_returned")
    await walk.shoot("home-returned")
    await phone.tap("mend-evaluation")
    await phone.tap("step-ethics")
    await phone.grade_every_year("excellent")
    await hand_in_again(walk)
    await walk.institution.rates(NAME, preset=False)
    await walk.agency.rates(NAME, preset=False)
    await expect(phone.part("main-button")).to_have_attribute("data-button", "details")


async def hand_in_again(walk: Walk) -> None:
    """The last step of the self-evaluation has its 【提交】."""
    await walk.phone.tap("step-ethics")
    await walk.phone.submit()
    await walk.phone.tap("back")


async def look_at_the_papers(walk: Walk) -> None:
    """Both exams can be entered, whatever comes of an exemption."""
    await walk.look("/papers", "papers")
    await walk.standing(walk.professional, "Waiting for you")
    await walk.standing(walk.humanities, "Waiting for you")


async def apply_for_exemption(walk: Walk) -> None:
    """免考申请 from the details: until it is decided 业务水平 is held."""
    phone = walk.phone
    await walk.look("/details", "exemption")
    await phone.tap("exemption")
    certificate = {"certificate": "住院医师规范化培训合格证书", "certificate_no": "T-1", "obtained_on": "2025-06-01"}
    await phone.fill_in({"reason": "residency"} | certificate)
    await phone.attach("evidence", document("residency", 7))
    await phone.attach("licence", picture("licence-complete", 8))
    await walk.shoot("exemption")
    await phone.submit()
    await walk.shoot("exemption-submitted")
    await phone.see("/papers")
    await walk.standing(walk.professional, "Exemption under review")
    await expect(phone.part(f"enter-{walk.professional}")).to_be_hidden()
    await walk.shoot("papers-held")


async def the_agency_refuses_it(walk: Walk) -> None:
    """免考不通过: the reason comes as a message, and the exam is there again."""
    phone = walk.phone
    await phone.see("/inbox")
    await walk.institution.approves(NAME, "exemption")
    await walk.agency.returns(NAME, "exemption", "证书信息无法核实", act="refuse")
    await walk.album.take(walk.agency.page, "desk-refused")
    refusal = phone.page.locator('[data-test=message][data-code="M24"]')
    await expect(refusal).to_contain_text("证书信息无法核实")
    await walk.shoot("inbox")
    await refusal.tap()
    await phone.arrives("/papers")
    await walk.standing(walk.professional, "Waiting for you")


async def the_second_try_is_approved(walk: Walk) -> None:
    """Applied for anew with a correction, and approved: the paper counts as passed."""
    phone = walk.phone
    await walk.look("/exemption", "apply-again")
    await phone.tap("apply-again")
    await phone.fill_in({"certificate_no": "T-2"})
    await phone.submit()
    await walk.institution.approves(NAME, "exemption")
    await walk.agency.open(NAME, "exemption")
    await expect(walk.agency.part("value-certificate_no")).to_contain_text("T-2")
    await walk.agency.part("evidence").get_by_role("button", name="PDF").click()
    await walk.agency.shows_pdf(1)
    await walk.album.take(walk.agency.page, "desk-exemption")
    await walk.agency.press("a")
    await walk.agency.decided(NAME)
    await phone.see("/papers")
    await walk.standing(walk.professional, "Exempt")
    await expect(phone.part(f"enter-{walk.professional}")).to_be_hidden()
    await walk.standing(walk.humanities, "Waiting for you")
    await expect(phone.part(f"enter-{walk.humanities}")).to_have_text("Enter")
    await walk.shoot("papers-exempt")


async def look_around(walk: Walk) -> None:
    """The pages beside the road."""
    await walk.look("/", "steps")
    await expect(walk.phone.part("step-exemption")).to_have_attribute("data-state", "done")
    await walk.look("/exemption", "read-reason")
    await walk.look("/result", "final-result")
    await walk.look("/history", "history-empty")
    await walk.look("/me", "account")
    await walk.look("/file/change", "save-sign")
    await walk.look("/file/deferral", "save-sign")
