"""From sign-up to 待测评 by the simple procedure, in Chinese: each level returns the file once."""

import pytest
from playwright.async_api import expect

from exam_engine.demo import CHECKED
from exam_engine.demo_registration import WALKERS
from tests.applicant import APP_PASSWORD
from tests.journey.album import Album
from tests.journey.conftest import DESK, PHONE, NewPage
from tests.journey.exam_server import ExamServer
from tests.journey.face import portrait
from tests.journey.registrant import ETHICS, RATED, Registrant, document, picture, profile
from tests.journey.review_desk import ReviewDesk

REPORT = "本人在考核周期内认真履行医师职责，遵守法律法规和诊疗规范，完成各项工作任务。" * 10
NAME = WALKERS[0].name


class Walk:
    """The physician's phone, the two desks that review him, and the album for all three."""

    def __init__(self, phone: Registrant, institution: ReviewDesk, agency: ReviewDesk, album: Album) -> None:
        self.phone, self.institution, self.agency, self.album = phone, institution, agency, album

    async def shoot(self, what: str) -> None:
        """A picture of the phone; its page may not be wider than it."""
        await self.phone.fits()
        await self.album.take(self.phone.page, what)


@pytest.mark.timeout(240)
async def test_a_physician_goes_from_sign_up_to_the_paper_list_by_the_simple_procedure(
    server: ExamServer, new_page: NewPage, album: Album
) -> None:
    walk = Walk(
        Registrant(await new_page(PHONE), server.base_url, WALKERS[0], "19900000901"),
        ReviewDesk(await new_page(DESK), server.base_url),
        ReviewDesk(await new_page(DESK), server.base_url),
        album,
    )
    await walk.institution.log_in("institution")
    await walk.agency.log_in("agency")
    await sign_up(walk)
    await certify(walk)
    await bind(walk)
    await agree(walk)
    await fill_in_the_profile(walk)
    await the_institution_returns_it(walk)
    await the_institution_passes_it_after_a_slip(walk)
    await the_agency_returns_it(walk)
    await both_pass_it(walk)
    await choose_the_simple_procedure(walk)
    await evaluate(walk)
    await both_rate(walk)
    await look_at_the_papers(walk, server.titles[CHECKED])


async def sign_up(walk: Walk) -> None:
    """手机号码, 验证码, 密码, 服务协议 → 立即注册 → 立即登录."""
    phone = walk.phone
    await phone.see("/login")
    await walk.shoot("login")
    await phone.tap("to-sign-up")
    await phone.ask_code()
    await phone.tap("read-terms")
    await walk.shoot("terms")
    await phone.tap("terms-agree")
    await expect(phone.part("terms")).to_be_checked()
    await walk.shoot("sign-up")
    await phone.tap("sign-up")
    await expect(phone.part("said")).to_be_visible()
    await expect(phone.part("login")).to_have_value(phone.mobile)
    await walk.shoot("signed-up")
    await phone.sign_in()


async def certify(walk: Walk) -> None:
    """医师认证, once with a title the registry does not have: which field differs is said, not what it holds."""
    phone = walk.phone
    await expect(phone.part("station-certify")).to_have_attribute("data-state", "current")
    await walk.shoot("road")
    await phone.tap("assessment")
    await phone.certify(title="resident")
    await expect(phone.part("failed-fields")).to_have_text("职称")
    await expect(phone.part("wrong-title")).not_to_be_empty()
    await expect(phone.part("wrong-name")).to_be_empty()
    await expect(phone.part("cert-failed")).not_to_contain_text("主任医师")
    await walk.shoot("certify-failed")
    await phone.part("title").select_option(phone.walker.title)
    await phone.tap("certify")
    await expect(phone.part("certified")).to_contain_text(NAME)
    await walk.shoot("certified")
    await phone.tap("go-on")


async def bind(walk: Walk) -> None:
    """所属省份, 定考账号绑定 with the initial password, and the change it forces."""
    phone = walk.phone
    await expect(phone.part("provinces")).to_be_visible()
    await walk.shoot("province")
    await phone.tap("province-11")
    await expect(phone.part("name")).to_have_value(NAME)
    await walk.shoot("bind")
    await phone.bind()
    await phone.arrives("/assessment-password")
    await walk.shoot("assessment-password")
    await phone.change_password()
    await phone.arrives("/notice")


async def agree(walk: Walk) -> None:
    """用户告知书 to its end, and the separate consent."""
    phone = walk.phone
    await expect(phone.part("notice-text")).to_contain_text("用户告知书")
    await walk.shoot("notice")
    await phone.part("face-tick").check()
    await walk.shoot("face-consent")
    await phone.tap("agree-notice")
    await expect(phone.part("cycle")).to_be_visible()
    await expect(phone.part("main-button")).to_have_attribute("data-button", "confirm_profile")
    await walk.shoot("home")


async def fill_in_the_profile(walk: Walk) -> None:
    """确认个人信息 in three parts, with a photo of a real face, a JPEG and a PDF."""
    phone, parts = walk.phone, profile(walk.phone)
    await phone.tap("main-button")
    await phone.fill_in(parts["basic"])
    await phone.part("upload-photo").set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": portrait()}
    )
    await expect(phone.part("photo-hints")).to_have_text("照片符合要求。")
    await walk.shoot("profile-basic")
    await phone.tap("next")
    await phone.fill_in(parts["practice"])
    await walk.shoot("profile-practice")
    await phone.tap("next")
    await phone.fill_in(parts["personal"])
    await phone.attach("licence_scan", picture("licence", 1), document("licence-pages", 2))
    await walk.shoot("profile-personal")
    await phone.tap("next")
    await expect(phone.part("all-right")).to_be_visible()
    await expect(phone.part("computed-years")).to_contain_text("年")
    await walk.shoot("profile-overview")
    await phone.submit()
    await walk.shoot("profile-submitted")
    await phone.tap("back")
    await expect(phone.part("waiting")).to_have_attribute("data-waiting", "institution")


async def the_institution_returns_it(walk: Walk) -> None:
    """卫生机构退回, by keys; the phone hears of it where it is, and hands in again."""
    phone, desk = walk.phone, walk.institution
    await desk.open(NAME, "profile")
    await desk.shows_picture()
    await walk.album.take(desk.page, "desk-file")
    await desk.part("evidence").get_by_role("button", name="PDF").click()
    await desk.shows_pdf(1)
    await desk.press("PageDown")
    await desk.shows_pdf(2)
    await walk.album.take(desk.page, "desk-pdf")
    await desk.press("Escape")
    await desk.returns(NAME, "profile", "科室与登记不一致，请核对")
    await walk.album.take(desk.page, "desk-returned")
    await expect(phone.part("inbox-banner")).to_contain_text("科室与登记不一致")
    await expect(phone.part("returned-profile")).to_contain_text("科室与登记不一致")
    await walk.shoot("home-returned")
    await phone.tap("mend-profile")
    await expect(phone.part("reason")).to_contain_text("科室与登记不一致")
    await phone.tap("step-practice")
    await phone.fill_in({"department": "心内科"})
    await walk.shoot("profile-mended")
    await hand_in_again(walk)


async def hand_in_again(walk: Walk) -> None:
    """From a returned form to the home, by way of its overview."""
    phone = walk.phone
    await phone.tap("step-overview")
    await expect(phone.part("all-right")).to_be_visible()
    await phone.submit()
    await phone.tap("back")
    await expect(phone.part("waiting")).to_have_attribute("data-waiting", "institution")


async def the_institution_passes_it_after_a_slip(walk: Walk) -> None:
    """The desk shows what was changed; a pass is taken back, and given again."""
    desk = walk.institution
    await desk.open(NAME, "profile")
    await expect(desk.part("changed-count")).to_contain_text("1")
    department = desk.part("value-department")
    await expect(department.locator("del")).to_contain_text("内科")
    await expect(department.locator("ins")).to_contain_text("心内科")
    await walk.album.take(desk.page, "desk-changed")
    await desk.approves(NAME, "profile")
    await desk.press("u")
    await expect(desk.part("undone")).to_contain_text(NAME)
    await walk.album.take(desk.page, "desk-undone")
    await walk.agency.go("reviews", q=NAME)
    await expect(walk.agency.part("reviews-empty")).to_be_visible()
    await desk.approves(NAME, "profile")


async def the_agency_returns_it(walk: Walk) -> None:
    """考核机构退回: corrected, it goes through the institution again."""
    phone, desk = walk.phone, walk.agency
    await phone.see("/")
    await expect(phone.part("waiting")).to_have_attribute("data-waiting", "agency")
    await desk.returns(NAME, "profile", "毕业时间请核对")
    await expect(phone.part("returned-profile")).to_have_attribute("data-state", "agy_returned")
    await phone.tap("mend-profile")
    await phone.fill_in({"graduated_on": "1986-07-01"})
    await hand_in_again(walk)


async def both_pass_it(walk: Walk) -> None:
    """报名成功 reaches the phone while its home is open."""
    phone = walk.phone
    await walk.institution.approves(NAME, "profile")
    await walk.agency.approves(NAME, "profile")
    await expect(phone.part("inbox-banner")).to_contain_text("报名成功")
    await expect(phone.part("step-registration")).to_have_attribute("data-state", "done")
    await walk.shoot("home-enrolled")


async def choose_the_simple_procedure(walk: Walk) -> None:
    """A condition that cannot be met is explained and cannot be ticked; another is, with its evidence."""
    phone = walk.phone
    await phone.tap("main-button")
    await expect(phone.part("computed-years")).to_contain_text("执业年限")
    await expect(phone.field("other")).to_be_disabled()
    await expect(phone.part("why-other")).to_contain_text("不能勾选")
    await phone.fill_in({"years_clean": True, "clean_declared": True})
    await phone.attach("licence", picture("licence-whole", 3))
    await walk.shoot("procedure")
    await phone.tap("apply-simple")
    await phone.tap("confirm")
    await phone.arrives("/evaluation")


async def evaluate(walk: Walk) -> None:
    """自评 → 下一步 → 述职报告, whose draft survives a reload of the page at once after it was typed."""
    phone = walk.phone
    await phone.fill_in({"no_bad": True})
    await walk.shoot("evaluation-conduct")
    await phone.tap("next")
    await phone.fill_in(dict.fromkeys(RATED, "qualified") | {"credits_reached": True, "disputes": False})
    await walk.shoot("evaluation-work")
    await phone.tap("next")
    await phone.fill_in(dict.fromkeys(ETHICS, "qualified"))
    await phone.grade_every_year("good")
    await walk.shoot("evaluation-ethics")
    await phone.tap("next")
    await phone.field("report").fill(REPORT)
    await phone.page.reload()
    await phone.tap("step-report")
    await expect(phone.field("report")).to_have_value(REPORT)
    await phone.kept()
    await walk.shoot("evaluation-report")
    await the_session_ends(walk, "/evaluation")
    await phone.tap("step-report")
    await expect(phone.field("report")).to_have_value(REPORT + "又及。")
    await phone.kept()
    await phone.submit()
    await phone.tap("back")


async def the_session_ends(walk: Walk, path: str) -> None:
    """In the middle of a form: the log-in says so and leads back to the form, with what was typed meanwhile."""
    phone = walk.phone
    await phone.context.clear_cookies()
    await phone.field("report").fill(REPORT + "又及。")
    await phone.page.wait_for_url(f"**/login?to={path}")
    await expect(phone.part("said")).to_contain_text("登录已失效")
    await walk.shoot("session-ended")
    await phone.write(login=phone.mobile, password=APP_PASSWORD)
    await phone.tap("submit")
    await phone.arrives(path)


async def both_rate(walk: Walk) -> None:
    """评定: procedure, work and ethics, presets confirmed by keys."""
    phone = walk.phone
    await walk.institution.rates(NAME)
    await walk.agency.open(NAME, "evaluation")
    await walk.album.take(walk.agency.page, "desk-evaluation")
    await walk.agency.rates(NAME)
    await expect(phone.part("inbox-banner")).to_contain_text("评定合格")
    await expect(phone.part("main-button")).to_have_attribute("data-button", "details")
    await walk.shoot("home-rated")


async def look_at_the_papers(walk: Walk, humanities: int) -> None:
    """【考核详情】 → 试卷列表 → 【进入】."""
    phone = walk.phone
    await phone.tap("main-button")
    await expect(phone.part("papers-list")).to_be_visible()
    await walk.shoot("details")
    await phone.tap("papers-list")
    await expect(phone.part(f"paper-{humanities}").get_by_test_id("status")).to_have_text("待测评")
    await expect(phone.part(f"enter-{humanities}")).to_have_text("进入")
    await walk.shoot("papers")
    await phone.see("/inbox")
    await expect(phone.page.locator('[data-test=message][data-code="M13"]')).to_be_visible()
    await walk.shoot("inbox")
