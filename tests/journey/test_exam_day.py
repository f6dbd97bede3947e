"""One exam day as a physician, an invigilator and the agency live it."""

import asyncio
import os
import re

import pytest
from playwright.async_api import expect

from tests.journey.album import Album
from tests.journey.conftest import DESK, PHONE, NewPage
from tests.journey.desk import Desk
from tests.journey.exam_server import ExamServer
from tests.journey.phone import Phone

OFFLINE_S = 60 if "JOURNEY_LONG" in os.environ else 20
UNHEARD_MS = 90_000


@pytest.mark.timeout(300)
async def test_an_exam_day_from_log_in_to_the_score(server: ExamServer, new_page: NewPage, album: Album) -> None:
    await server.give_minutes("humanities", "测试医师01", 19)
    phone = Phone(await new_page(PHONE), server.base_url)
    desk = Desk(await new_page(DESK), server.base_url)
    await he_comes_to_the_first_item(phone, server, album)
    await he_answers(phone, album)
    await the_desk_sees_him(desk, phone, server, album)
    await the_desk_warns_him(desk, phone, album)
    await the_desk_extends_his_time(desk, phone, album)
    await the_desk_pauses_him(desk, phone, album)
    await the_network_is_cut(desk, phone, album)
    await the_server_is_killed(phone, server)
    await he_loads_the_page_again(phone)
    phone = await he_goes_on_with_another_phone(phone, new_page, server, album)
    await he_hands_in(phone, album)
    await he_gets_his_receipt(phone, new_page, album)
    await the_agency_releases(desk, phone, server, album)
    await he_sees_his_score(phone, server, album)
    assert server.verdict_on(phone.attempt_id)["broken"] == []


async def he_comes_to_the_first_item(phone: Phone, server: ExamServer, album: Album) -> None:
    await phone.page.goto(server.base_url)
    await expect(phone.part("login")).to_be_visible()
    await album.take(phone.page, "log-in")
    await phone.log_in("physician01")
    await album.take(phone.page, "papers")
    await phone.enter(server.sittings["humanities"])
    await expect(phone.part("rules-tick")).to_be_visible()
    await album.take(phone.page, "rules")
    await phone.part("rules-tick").check()
    await phone.tap("next-step")
    await expect(phone.part("consent")).to_be_visible()
    await album.take(phone.page, "consent")
    await phone.tap("consent-yes")
    await expect(phone.part("check-camera")).to_have_class("ok")
    await album.take(phone.page, "check")
    await phone.tap("next-step")
    await expect(phone.part("capture")).to_be_enabled()
    await album.take(phone.page, "camera")
    await phone.tap("capture")
    await expect(phone.part("confirm-portrait")).to_be_visible()
    await album.take(phone.page, "portrait")
    await phone.tap("retake")
    await phone.take_portrait()
    await expect(phone.part("go-exam")).to_be_visible()
    await album.take(phone.page, "go")
    await phone.go()
    await album.take(phone.page, "first-item")


async def he_answers(phone: Phone, album: Album) -> None:
    await phone.answer_on(3)
    await phone.choose(0)
    await phone.choose(2)  # another opinion
    await album.take(phone.page, "answered")
    await phone.tap("mark")
    await expect(phone.part("mark")).to_have_attribute("aria-pressed", "true")
    await phone.tap("prev")
    await phone.tap("clear")
    await expect(phone.page.locator('[data-test^="option-"] input:checked')).to_have_count(0)
    del phone.given[await phone.number()]
    several = await first_with_several_options(phone)
    await phone.turn_to(several)
    await phone.choose(0, 2, 3)
    await phone.tap("font-size")
    await phone.tap("font-size")
    await album.take(phone.page, "several-large")
    await phone.tap("card")
    await expect(phone.part("card-counts")).to_have_text("已答 4 · 未答 46 · 标记 1")
    await album.take(phone.page, "card")
    await phone.tap("card-5")
    await phone.saved()
    assert await phone.stored_answers() == phone.given


async def first_with_several_options(phone: Phone) -> int:
    """Where the items with several right options begin: the paper says it."""
    device = await phone.page.evaluate(f"sessionStorage.getItem('device-{phone.attempt_id}')")
    url = f"{phone.base_url}/api/attempts/{phone.attempt_id}/paper?device={device}"
    paper = await (await phone.context.request.get(url)).json()
    return int(next(item["no"] for item in paper["items"] if item["multiple"]))


async def the_desk_sees_him(desk: Desk, phone: Phone, server: ExamServer, album: Album) -> None:
    await desk.page.goto(f"{server.base_url}/desk/")
    await expect(desk.part("login")).to_be_visible()
    await album.take(desk.page, "desk-log-in")
    await desk.log_in("invigilator")
    await album.take(desk.page, "desk-sittings")
    await desk.watch(server.sittings["humanities"])
    tile = desk.tile(phone.attempt_id)
    await expect(tile).to_contain_text("测试医师01")
    await expect(tile).to_contain_text(f"{len(phone.given)}/50")
    await desk.shows(tile.locator("img"))
    await album.take(desk.page, "desk-board")


async def the_desk_warns_him(desk: Desk, phone: Phone, album: Album) -> None:
    await desk.tile(phone.attempt_id).get_by_test_id("act-warn").click()
    await expect(desk.part("act-text")).to_be_visible()
    await album.take(desk.page, "desk-act")
    await desk.part("act-cancel").click()
    await desk.act("warn", phone.attempt_id, "请正对摄像头，不要离开座位。")
    await expect(phone.part("notice-text")).to_have_text("请正对摄像头，不要离开座位。")
    await album.take(phone.page, "warned")
    await expect(desk.newest_act.get_by_test_id("act-received")).to_contain_text("…")
    await album.take(desk.page, "desk-sent")
    await phone.tap("notice-ok")
    await expect(phone.part("notice-text")).to_be_hidden()
    await desk.received()
    await album.take(desk.page, "desk-received")


async def the_desk_extends_his_time(desk: Desk, phone: Phone, album: Album) -> None:
    left = await phone.seconds_left()
    await desk.act("extend", phone.attempt_id, "考场停电补时", minutes=10)
    await expect(phone.part("saying")).to_have_text("监考人员已为您延长10分钟")
    await expect(phone.part("countdown")).to_contain_text(re.compile("2[5-9]:"))
    assert left < await phone.seconds_left() <= left + 600
    await album.take(phone.page, "extended")
    await desk.received()


async def the_desk_pauses_him(desk: Desk, phone: Phone, album: Album) -> None:
    await desk.act("pause", phone.attempt_id, "核对考场秩序")
    await expect(phone.part("paused")).to_contain_text("核对考场秩序")
    await album.take(phone.page, "paused")
    left = await phone.seconds_left()
    await desk.seconds_pass(3)
    assert await phone.seconds_left() == left
    await desk.received()
    await desk.act("resume", phone.attempt_id)
    await expect(phone.part("paused")).to_be_hidden()
    await phone.until_seconds_left(left - 1)
    await desk.received()


async def the_network_is_cut(desk: Desk, phone: Phone, album: Album) -> None:
    before = await phone.stored_answers()
    left = await phone.seconds_left()
    await phone.context.set_offline(True)
    await expect(phone.part("connection")).to_have_text("离线")
    await phone.answer_on(6)
    await expect(phone.part("save-sign")).to_have_attribute("data-sign", "offline")
    await expect(phone.part("save-sign")).to_contain_text("已存本机（6）")
    await album.take(phone.page, "offline")
    # Whether the browser still gets its goodbye out is a matter of luck; if not, the server waits for a missing ping.
    await expect(desk.tile(phone.attempt_id)).to_contain_text("离线", timeout=UNHEARD_MS)
    await phone.until_seconds_left(left - OFFLINE_S)
    await album.take(desk.page, "desk-offline")
    await phone.context.set_offline(False)
    await phone.saved()
    assert await phone.stored_answers() == phone.given
    assert len(phone.given) == len(before) + 6
    await expect(desk.tile(phone.attempt_id)).to_contain_text(f"{len(phone.given)}/50")


async def the_server_is_killed(phone: Phone, server: ExamServer) -> None:
    before = await phone.stored()
    server.kill()
    async with asyncio.TaskGroup() as both:
        both.create_task(asyncio.to_thread(server.start))
        both.create_task(phone.answer_on(8))
    await phone.saved()
    after = await phone.stored()
    assert await phone.stored_answers() == phone.given
    assert (after["deadline_at"], len(after["answers"])) == (before["deadline_at"], len(before["answers"]) + 8)


async def he_loads_the_page_again(phone: Phone) -> None:
    number = await phone.number()
    await phone.page.reload()
    await expect(phone.part("stem")).to_be_visible()
    assert await phone.number() == number
    await phone.answer_on(1)
    await phone.saved()
    assert await phone.stored_answers() == phone.given


async def he_goes_on_with_another_phone(old: Phone, new_page: NewPage, server: ExamServer, album: Album) -> Phone:
    before = await old.stored()
    await old.turn_to(1)
    stem = await old.part("stem").inner_text()
    new = Phone(await new_page(PHONE), server.base_url)
    new.given = dict(old.given)
    await new.log_in("physician01")
    await expect(new.part(f"paper-{server.sittings['humanities']}")).to_contain_text("测评中")
    await new.enter(server.sittings["humanities"])
    assert new.attempt_id == old.attempt_id
    await expect(new.part("capture")).to_be_enabled()
    await album.take(new.page, "other-phone")
    await new.take_portrait()
    await expect(new.part("stem")).to_have_text(stem)
    await expect(old.part("superseded")).to_be_visible()
    await album.take(old.page, "superseded")
    await new.tap("card")
    await expect(new.part("card-counts")).to_contain_text(f"已答 {len(new.given)} · 未答 {50 - len(new.given)}")
    await new.tap("close-card")
    await new.turn_to(3)
    await new.choose(3)
    await new.saved()
    assert await new.stored_answers() == new.given
    assert (await new.stored())["deadline_at"] == before["deadline_at"]
    return new


async def he_hands_in(phone: Phone, album: Album) -> None:
    await phone.tap("hand-in")
    await expect(phone.part("hand-in-text")).to_contain_text(f"还有{50 - len(phone.given)}题未作答")
    await album.take(phone.page, "hand-in")
    await phone.tap("confirm-hand-in")
    await expect(phone.part("submitted")).to_contain_text("成绩待公布")
    await expect(phone.part("ending")).to_contain_text("您已主动交卷")
    await expect(phone.part("unanswered")).to_contain_text(str(50 - len(phone.given)))
    await album.take(phone.page, "submitted")
    assert await phone.stored_answers() == phone.given


async def he_gets_his_receipt(phone: Phone, new_page: NewPage, album: Album) -> None:
    """Signed at once, kept by the phone, and good for anybody who is shown its code; his log says what was saved."""
    await expect(phone.part("receipt-answered")).to_contain_text(str(len(phone.given)))
    code = await phone.part("receipt-code").inner_text()
    await album.take(phone.page, "receipt")
    somebody = await new_page(PHONE)
    await somebody.goto(f"{phone.base_url}/verify/receipt/{code.lower()}")
    await expect(somebody.get_by_test_id("receipt-verdict")).to_have_attribute("data-verdict", "valid")
    await expect(somebody.get_by_test_id("receipt-answered")).to_contain_text(str(len(phone.given)))
    await album.take(somebody, "receipt-verified")
    await somebody.close()
    await phone.tap("to-log")
    await phone.tap("log-filter-counted")
    await expect(phone.part("log-counted").locator("tbody tr")).to_have_count(len(phone.given))
    await album.take(phone.page, "log")
    await phone.page.go_back()
    await expect(phone.part("submitted")).to_contain_text("成绩待公布")


async def the_agency_releases(desk: Desk, phone: Phone, server: ExamServer, album: Album) -> None:
    await expect(desk.tile(phone.attempt_id)).to_contain_text("已评分")
    await desk.part(f"open-timeline-{phone.attempt_id}").click()
    await desk.shows(desk.part("timeline").locator("img").first)
    await album.take(desk.page, "desk-timeline")
    await desk.page.keyboard.press("Escape")
    await desk.part("tab-acts").click()
    await expect(desk.page.locator('[data-test^="past-act-"]')).to_have_count(4)
    await album.take(desk.page, "desk-acts")
    await desk.part("logout").click()
    await desk.log_in("agency")
    await desk.part(f"sitting-{server.sittings['humanities']}").click()
    await desk.part("tab-results").click()
    preview = desk.part("release-preview")
    await desk.part("release-points").get_by_role("spinbutton").fill("0")
    await desk.part("release-points").get_by_role("spinbutton").press("Tab")
    await expect(preview).to_contain_text(re.compile(r"[01]\s*/ 1"))
    await album.take(desk.page, "desk-results")
    await desk.part("release-points").get_by_role("spinbutton").fill("60")
    await desk.part("release-points").get_by_role("spinbutton").press("Tab")
    await expect(preview).to_contain_text(re.compile(r"0\s*/ 1"))
    await desk.part("release-button").click()
    await album.take(desk.page, "desk-release")
    await desk.part("release-confirm").click()
    await expect(desk.part("released")).to_be_visible()
    await album.take(desk.page, "desk-released")


async def he_sees_his_score(phone: Phone, server: ExamServer, album: Album) -> None:
    await expect(phone.part("score")).to_contain_text("分数线 60 分")
    await expect(phone.part("score")).to_contain_text("不及格")
    await album.take(phone.page, "score")
    await phone.tap("home")
    await expect(phone.part("list-score")).to_be_visible()
    await album.take(phone.page, "papers-at-the-end")
    score = (await phone.stored())["score"]
    await expect(phone.part("list-score")).to_contain_text(f"{score['points']} / 100")
    await phone.enter(server.sittings["humanities"])
    await expect(phone.part("score")).to_contain_text(str(score["points"]))
