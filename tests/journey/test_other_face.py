"""Somebody whose face is not that of his photo: the model asks a person, and the person decides."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journey import proctored
from tests.journey.album import Album
from tests.journey.conftest import DESK, PHONE, NewPage
from tests.journey.desk import Desk
from tests.journey.exam_server import ExamServer
from tests.journey.phone import Phone
from tests.journey.test_proctored_exam import QUICK


@pytest.mark.timeout(180)
async def test_another_face_is_refused_by_the_model_and_admitted_by_a_person(
    server: ExamServer, new_page: NewPage, album: Album, tmp_path: Path
) -> None:
    sitting_id = await proctored.sitting(server, "人脸核验（照片不符）", QUICK)
    await proctored.enrol(server, "physician22", tmp_path)
    await proctored.approve(server)
    await proctored.becomes_somebody_else(server, "physician22")
    phone = Phone(await new_page(PHONE), server.base_url)
    await phone.log_in("physician22")
    await phone.enter(sitting_id)
    await phone.agree_and_check()
    await expect(phone.part("entry-start")).to_be_enabled()
    await phone.tap("entry-start")
    await expect(phone.part("entry")).to_have_attribute("data-stage", "retry")
    await album.take(phone.page, "retry")
    await phone.tap("entry-start")
    await expect(phone.part("portrait-waiting")).to_be_visible()
    await expect(phone.part("waiting-why")).to_be_visible()
    await album.take(phone.page, "a-person-is-asked")

    desk = Desk(await new_page(DESK), server.base_url)
    await desk.log_in("invigilator")
    await desk.watch(sitting_id)
    await expect(desk.tile(phone.attempt_id).get_by_test_id("tile-why")).to_be_visible()
    await album.take(desk.page, "desk-waiting")
    await desk.part("judge-waiting").click()
    await expect(desk.part("act-dialog").locator("img").nth(1)).to_be_visible()
    await album.take(desk.page, "desk-judge")
    await desk.part("act-send").click()
    await expect(phone.part("go-exam")).to_be_visible()
