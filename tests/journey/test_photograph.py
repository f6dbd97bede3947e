"""A photograph before the camera: it does not turn its head."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from proctor.policy import Proctoring
from tests.journey import proctored
from tests.journey.album import Album
from tests.journey.conftest import PHONE, NewPage
from tests.journey.exam_server import ExamServer
from tests.journey.face import Feed
from tests.journey.phone import Phone

TURNING = Proctoring(turn=True, frames=3, span_s=1.0, wait_s=30.0)


@pytest.mark.timeout(180)
async def test_a_photograph_of_the_right_face_does_not_pass_the_turn(
    server: ExamServer, new_page: NewPage, album: Album, feed: Feed, tmp_path: Path
) -> None:
    sitting_id = await proctored.sitting(server, "人脸核验（转头）", TURNING)
    await proctored.enrol(server, "physician23", tmp_path)
    await proctored.approve(server)
    phone = Phone(await new_page(PHONE), server.base_url)
    feed.show_photo()
    await phone.log_in("physician23")
    await phone.enter(sitting_id)
    await phone.agree_and_check()
    await expect(phone.part("entry-start")).to_be_enabled()
    await phone.tap("entry-start")
    await expect(phone.part("entry")).to_have_attribute("data-step", "0")  # the look ahead was good
    await album.take(phone.page, "turn")
    await expect(phone.part("entry")).to_have_attribute("data-stage", "retry")
    await album.take(phone.page, "not-turned")
