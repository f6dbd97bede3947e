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
TURNING = Proctoring(turn=True, frames=3, span_s=1.0, wait_s=30.0)


async def to_the_entry_check(phone: Phone, login: str, sitting_id: int) -> None:
    await phone.log_in(login)
    await phone.enter(sitting_id)
    await phone.agree_and_check()
    await expect(phone.part("entry-start")).to_be_enabled()


@pytest.mark.timeout(300)
async def test_the_right_face_is_admitted_and_a_covered_camera_becomes_a_case_that_another_person_dismisses(
    server: ExamServer, new_page: NewPage, album: Album, feed: Feed, tmp_path: Path
) -> None:
    sitting_id = await proctored.sitting(server, "人脸核验（无转头）", QUICK)
    assert (await proctored.enrol(server, "physician21", tmp_path))["kept"] == 1
    phone = Phone(await new_page(PHONE), server.base_url)
    await to_the_entry_check(phone, "physician21", sitting_id)
    await album.take(phone.page, "entry")
    await phone.tap("entry-start")
    await expect(phone.part("go-exam")).to_be_visible()
    await phone.go()
    await expect(phone.part("self-view")).to_be_visible()
    await album.take(phone.page, "watched")

    desk = Desk(await new_page(DESK), server.base_url)
    await desk.log_in("invigilator")
    await desk.watch(sitting_id)
    await expect(desk.tile(phone.attempt_id)).to_contain_text("测试医师21")

    feed.show_nothing()
    await expect(phone.part("camera-banner")).to_be_visible()
    await album.take(phone.page, "covered")
    await expect(phone.part("notice-text")).to_be_visible()
    await album.take(phone.page, "covered-notice")
    feed.show_face()
    await phone.tap("notice-ok")
    await expect(phone.part("camera-banner")).to_be_hidden()
    await phone.choose(0)
    await phone.saved()
    await album.take(desk.page, "wall-incident")


@pytest.mark.timeout(180)
async def test_another_face_is_refused_by_the_model_and_admitted_by_a_person(
    server: ExamServer, new_page: NewPage, album: Album, tmp_path: Path
) -> None:
    sitting_id = await proctored.sitting(server, "人脸核验（他人照片）", QUICK)
    assert (await proctored.enrol(server, "physician22", tmp_path)) is not None
    await proctored.becomes_somebody_else(server, "physician22")
    phone = Phone(await new_page(PHONE), server.base_url)
    await to_the_entry_check(phone, "physician22", sitting_id)
    await phone.tap("entry-start")
    await expect(phone.part("portrait-refused").or_(phone.part("entry-start")).first).to_be_visible()
    await album.take(phone.page, "other-face")


@pytest.mark.timeout(180)
async def test_a_photograph_before_the_camera_does_not_pass_the_turn(
    server: ExamServer, new_page: NewPage, album: Album, feed: Feed, tmp_path: Path
) -> None:
    sitting_id = await proctored.sitting(server, "人脸核验（转头）", TURNING)
    await proctored.enrol(server, "physician23", tmp_path)
    phone = Phone(await new_page(PHONE), server.base_url)
    feed.show_photo()
    await to_the_entry_check(phone, "physician23", sitting_id)
    await phone.tap("entry-start")
    await expect(phone.part("entry")).to_have_attribute("data-step", "0")
    await album.take(phone.page, "turn")
    await expect(phone.part("entry")).to_have_attribute("data-stage", "retry")
    await album.take(phone.page, "turn-failed")
