"""A watched exam as the physician, the invigilator and the chief live it, with real face models and a real camera."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from proctor.policy import Proctoring
from tests.journey import proctored
from tests.journey.album import Album
from tests.journey.conftest import DESK, PHONE, NewPage
from tests.journey.desk import Desk
from tests.journey.exam_server import ExamServer
from tests.journey.face import Feed
from tests.journey.phone import Phone

# The customary numbers are minutes; a journey has seconds.
QUICK = Proctoring(
    turn=False, frames=3, span_s=1.0, tries_max=2, wait_s=30.0, every_min_s=4, every_max_s=6, camera_warn_s=5
)


@pytest.mark.timeout(300)
async def test_a_covered_camera_becomes_a_warning_and_a_case_that_a_second_person_dismisses(
    server: ExamServer, new_page: NewPage, album: Album, feed: Feed, tmp_path: Path
) -> None:
    sitting_id = await proctored.sitting(server, "人脸核验（无转头）", QUICK)
    await proctored.enrol(server, "physician21", tmp_path)
    await proctored.approve(server)
    phone = Phone(await new_page(PHONE), server.base_url)
    desk = Desk(await new_page(DESK), server.base_url)
    chief = Desk(await new_page(DESK), server.base_url)
    await he_is_admitted_by_his_face(phone, sitting_id, album)
    await the_wall_shows_him(desk, phone, sitting_id, album)
    await something_covers_the_camera(phone, desk, feed, album)
    await the_invigilator_opens_a_case(desk, phone, album)
    await he_hands_in_and_reads_what_was_recorded(phone, album)
    await the_invigilator_may_not_decide(desk, album)
    await the_chief_dismisses_it(chief, server, album)
    await he_reads_that_nothing_came_of_it(phone, album)
    assert server.verdict_on(phone.attempt_id)["broken"] == []


async def he_is_admitted_by_his_face(phone: Phone, sitting_id: int, album: Album) -> None:
    await phone.log_in("physician21")
    await phone.enter(sitting_id)
    await phone.agree_and_check()
    await expect(phone.part("entry-start")).to_be_enabled()
    await album.take(phone.page, "entry")
    await phone.tap("entry-start")
    await expect(phone.part("go-exam")).to_be_visible()
    await phone.go()
    await expect(phone.part("self-view")).to_be_visible()
    await album.take(phone.page, "watched")


async def the_wall_shows_him(desk: Desk, phone: Phone, sitting_id: int, album: Album) -> None:
    await desk.log_in("invigilator")
    await desk.watch(sitting_id)
    tile = desk.tile(phone.attempt_id)
    await expect(tile).to_contain_text("测试医师21")
    await expect(tile).to_contain_text("本人")  # of the first pictures, by the model
    await album.take(desk.page, "desk-wall")


async def something_covers_the_camera(phone: Phone, desk: Desk, feed: Feed, album: Album) -> None:
    feed.show_nothing()
    await expect(phone.part("camera-banner")).to_be_visible()
    await album.take(phone.page, "covered")
    await expect(phone.part("notice-text")).to_be_visible()
    await album.take(phone.page, "covered-notice")
    await expect(desk.tile(phone.attempt_id).get_by_test_id("tile-incidents")).to_contain_text("L2")
    await album.take(desk.page, "desk-incident")
    feed.show_face()
    await phone.tap("notice-ok")
    await expect(phone.part("camera-banner")).to_be_hidden()
    await phone.choose(0)
    await phone.saved()


async def the_invigilator_opens_a_case(desk: Desk, phone: Phone, album: Album) -> None:
    await desk.part(f"open-timeline-{phone.attempt_id}").click()
    await expect(desk.part("timeline")).to_be_visible()
    await expect(desk.part("filmstrip")).to_be_visible()
    await desk.page.locator('[data-test^="choose-incident-"]').first.check()
    await album.take(desk.page, "desk-candidate")
    await desk.part("case-open").click()
    await desk.part("case-text").fill("考试中摄像头被遮挡，请核实。")
    await album.take(desk.page, "desk-case-dialog")
    await desk.part("case-send").click()
    await expect(desk.part("case-opened")).to_be_visible()


async def he_hands_in_and_reads_what_was_recorded(phone: Phone, album: Album) -> None:
    await phone.hand_in()
    await phone.tap("my-record")
    await expect(phone.part("record")).to_be_visible()
    await album.take(phone.page, "record")
    while not await phone.part("cases").is_visible():  # he is told of a case when his exam is over, a moment later
        await phone.page.reload()
        await expect(phone.part("record")).to_be_visible()
    await expect(phone.part("case-phase")).to_have_text("待您说明")
    await phone.part("speech").fill("当时手臂碰到了手机支架，马上扶正了。")
    await album.take(phone.page, "case")
    await phone.tap("send-speech")
    await expect(phone.part("case-reply")).to_contain_text("手机支架")


async def the_invigilator_may_not_decide(desk: Desk, album: Album) -> None:
    await desk.part("case-show").click()
    await expect(desk.part("why-not")).to_be_visible()
    await expect(desk.part("case-reply")).to_contain_text("手机支架")
    await desk.shows(desk.part("reference-photo").locator("img"))
    await album.take(desk.page, "desk-case-own")


async def the_chief_dismisses_it(chief: Desk, server: ExamServer, album: Album) -> None:
    await chief.log_in("chief")
    await chief.page.goto(f"{server.base_url}/desk/cases")
    await chief.page.locator('[data-test^="case-row-"] a').first.click()
    await expect(chief.part("decide-panel")).to_be_visible()
    await chief.shows(chief.part("reference-photo").locator("img"))
    await chief.part("verdict-dismiss").click()
    await chief.page.locator("#decision-reason").fill("支架碰倒，很快扶正，不属违规。")
    await album.take(chief.page, "desk-case-decide")
    await chief.part("decision-send").click()
    await expect(chief.part("case-phase")).to_have_attribute("data-phase", "dismissed")
    await album.take(chief.page, "desk-case-dismissed")


async def he_reads_that_nothing_came_of_it(phone: Phone, album: Album) -> None:
    await phone.page.reload()
    await expect(phone.part("case-phase")).to_have_text("不予认定")
    await album.take(phone.page, "record-dismissed")
