"""The bell, for a candidate who waits for it and for one who is gone."""

import pytest
from playwright.async_api import expect

from tests.candidate import Staff
from tests.journey.album import Album
from tests.journey.conftest import DESK, PHONE, NewPage
from tests.journey.desk import Desk
from tests.journey.exam_server import PASSWORD, ExamServer
from tests.journey.phone import Phone

AFTER_THE_BELL_MS = 100_000


@pytest.mark.timeout(240)
async def test_at_the_bell_an_open_page_is_handed_in_and_so_is_a_closed_one(
    server: ExamServer, new_page: NewPage, album: Album
) -> None:
    sitting_id = server.sittings["professional"]
    gone, waiting = [Phone(await new_page(PHONE), server.base_url) for _ in range(2)]
    await gone.log_in("physician02")
    await waiting.log_in("physician03")
    await gone.begin(sitting_id)
    await gone.answer_on(3)
    await gone.saved()
    await gone.context.close()
    await waiting.begin(sitting_id)
    await waiting.answer_on(2)
    await waiting.saved()
    await album.take(waiting.page, "last-minute")
    desk = Desk(await new_page(DESK), server.base_url)
    await desk.log_in("invigilator")
    await desk.watch(sitting_id)

    await the_desk_is_for_everybody(desk, waiting, album)
    ending = waiting.part("ending")
    await expect(ending).to_contain_text("考试时间到，系统自动交卷", timeout=AFTER_THE_BELL_MS)
    await expect(waiting.part("unanswered")).to_have_text("98 题")
    await album.take(waiting.page, "time-is-up")
    for phone in (gone, waiting):
        await expect(desk.tile(phone.attempt_id)).to_contain_text("到时自动交卷")
        await expect(desk.tile(phone.attempt_id)).to_contain_text("已评分")
    await album.take(desk.page, "desk-after")

    async with Staff(server.base_url, "agency", PASSWORD) as agency:
        rows = (await agency.get(f"/api/desk/sittings/{sitting_id}/results"))["rows"]
    found = {row["attempt_id"]: (row["ending"], row["unanswered"], row["phase"]) for row in rows}
    assert found == {gone.attempt_id: ("time", 97, "marked"), waiting.attempt_id: ("time", 98, "marked")}
    for phone in (gone, waiting):
        assert server.verdict_on(phone.attempt_id)["broken"] == []


async def the_desk_is_for_everybody(desk: Desk, phone: Phone, album: Album) -> None:
    """A walk through the desk in English, while the minute passes."""
    await desk.part("locale-en").click()
    await expect(desk.part("tab-acts")).to_have_text("Acts")
    await desk.part("everybody").click()
    await desk.part("everybody-message").click()
    await desk.part("act-text").fill("One minute left.")
    await desk.part("act-send").click()
    await album.take(desk.page, "desk-confirm")
    await desk.part("act-send").click()
    await expect(phone.part("notice-text")).to_have_text("One minute left.")
    await phone.tap("notice-ok")
    await expect(desk.newest_act.get_by_test_id("act-received")).to_contain_text("1/2")  # the other one is gone
    await album.take(desk.page, "desk-sent")
    await album.take(desk.page, "desk-tiles")
    await desk.part("layout-table").click()
    await desk.part(f"choose-{phone.attempt_id}").check()
    await expect(desk.part("bulk-bar")).to_be_visible()
    await album.take(desk.page, "desk-table")
    await desk.part("bulk-bar").get_by_test_id("act-force").click()
    await expect(desk.part("act-reason")).to_be_visible()
    await album.take(desk.page, "desk-force")
    await desk.part("act-cancel").click()
    await desk.part("help-open").click()
    await expect(desk.part("help")).to_be_visible()
    await album.take(desk.page, "desk-keys")
    await desk.page.keyboard.press("Escape")
    await expect(desk.part("help")).to_be_hidden()
    await desk.part("layout-grid").click()
    await desk.part(f"open-timeline-{phone.attempt_id}").click()
    await desk.shows(desk.part("timeline").locator("img").first)
    await album.take(desk.page, "desk-timeline")
    await desk.page.keyboard.press("Escape")
    await expect(desk.part("timeline")).to_be_hidden()
    await desk.part("locale-zh").click()
